"""Skeletons as graphs: joints, bones, a centre, and which joint mirrors which."""

import operator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from .partitions import partition


@dataclass(frozen=True, repr=False)
class SkeletonGraph:
    """Joints, the bones between them, and one joint as the centre. Made by `skeleton` or `SkeletonGraph.from_edges`.

    Attributes:
        name: name of the layout, such as ``"ntu-25"``.
        joints: names of the joints; the place of a joint in this tuple is its index.
        edges: pairs of joint indices. In the ten layouts the second joint of a pair is the one nearer the centre.
        center: index of the centre.
        symmetric_pairs: (left, right) pairs of joint indices.
    """

    name: str
    joints: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    center: int
    symmetric_pairs: tuple[tuple[int, int], ...]

    @classmethod
    def from_edges(cls, edges, joints=None, center=None, symmetric_pairs=(), name="custom"):
        """A skeleton of your own: ``from_edges([(0, 1), (1, 2)], joints=["hand", "elbow", "shoulder"], center=2)``.

        Args:
            edges: pairs of joints, each an index counted from 0 or a name. A bone joins both ways, so it comes once, in
                either direction. Cycles are allowed.
            joints: names of the joints in the order of the data. Left out, the joints that the edges mention are called
                ``"joint 0"``, ``"joint 1"``, and so on.
            center: index or name of the joint from which "nearer" and "farther" are counted.
            symmetric_pairs: (left, right) pairs of joints.
            name: what messages call this skeleton.

        Returns:
            SkeletonGraph

        Raises:
            ValueError: an edge leaves the skeleton, joins a joint to itself or comes twice; no path leads from a joint
                to the centre; the centre is missing or unknown; names or pairs do not fit. The message says which one.
        """
        edges = _list_of_pairs(edges, "edges")
        if joints is None:
            numbers = [_whole_number(joint) for edge in edges for joint in edge]
            joints = [f"joint {i}" for i in range(max((n for n in numbers if n is not None), default=-1) + 1)]
        if isinstance(joints, str) or not hasattr(joints, "__iter__"):
            raise ValueError(f"joints is {joints!r}, expected a list with the name of each joint")
        joints = tuple(str(joint) for joint in joints)
        if not joints:
            raise ValueError("edges and joints name no joint, expected at least one")
        for i, joint in enumerate(joints):
            if joint in joints[:i]:
                raise ValueError(f"joints[{i}] is {joint!r}, and so is joints[{joints.index(joint)}], expected a "
                                 "name of its own for each joint, such as 'left knee' and 'right knee'")

        edges = tuple(tuple(_joint(joint, joints, f"edges[{i}]") for joint in edge) for i, edge in enumerate(edges))
        first = {}
        for i, (a, b) in enumerate(edges):
            if a == b:
                raise ValueError(f"edges[{i}] joins joint {a} ({joints[a]!r}) to itself, expected two joints: leave it "
                                 "out, adjacency(self_loops=True) adds the self-loops")
            if first.setdefault(frozenset((a, b)), i) != i:
                raise ValueError(f"edges[{i}] is {(a, b)}, the bone of edges[{first[frozenset((a, b))]}] again, "
                                 "expected each bone once: leave one out, a bone joins both ways")
        if center is None:
            raise ValueError("center is missing, expected the index or name of the joint from which distances are "
                             "counted: the joint between the shoulders of a body, the palm or wrist of a hand")
        center = _joint(center, joints, "center")

        pairs = tuple(tuple(_joint(joint, joints, f"symmetric_pairs[{i}]") for joint in pair)
                      for i, pair in enumerate(_list_of_pairs(symmetric_pairs, "symmetric_pairs")))
        paired = [joint for pair in pairs for joint in pair]
        for i, joint in enumerate(paired):
            if joint in paired[:i]:
                raise ValueError(f"symmetric_pairs holds joint {joint} ({joints[joint]!r}) twice, expected each joint "
                                 "in one (left, right) pair at most: leave the joints of the trunk out")

        graph = cls(str(name), joints, edges, center, pairs)
        lost = np.flatnonzero(graph.hop_distance()[center] < 0)
        if len(lost):
            raise ValueError(f"edges hold no path from the center {center} ({joints[center]!r}) to "
                             f"{', '.join(f'joint {v} ({joints[v]!r})' for v in lost)}, expected a connected skeleton: "
                             "add the missing bone, or subtract 1 from all indices if they count from 1")
        return graph

    def __repr__(self):
        return (f"SkeletonGraph({self.name!r}, {self.num_joints} joints, {len(self.edges)} edges, "
                f"center {self.center} {self.joints[self.center]!r})")

    @property
    def num_joints(self):
        """Number of joints V."""
        return len(self.joints)

    @property
    def sides(self):
        """``"left"``, ``"right"`` or ``"trunk"`` for each joint: the trunk is what `symmetric_pairs` leaves out."""
        side = dict.fromkeys(range(self.num_joints), "trunk")
        for left, right in self.symmetric_pairs:
            side[left], side[right] = "left", "right"
        return tuple(side.values())

    @property
    def parents(self):
        """(V,) int64 array: for each joint its neighbour one hop nearer the centre, for the centre -1.

        This is the breadth-first tree. Where a cycle leaves a choice, it takes the neighbour of lowest index.
        """
        distance = self.hop_distance()
        to_center = distance[self.center]
        nearer = (distance == 1) & (to_center[None, :] < to_center[:, None])  # (V, V): [v, u] is "u is a parent of v"
        return np.where(nearer.any(axis=1), nearer.argmax(axis=1), -1)

    def hop_distance(self):
        """Number of bones on the shortest path between two joints, by breadth-first search from all joints at once.

        Whom ``h`` steps reach is read off the non-zero entries of ``(A + I)^h``; the distance is the first such ``h``.

        Returns:
            (V, V) int64 array.
        """
        step = self.adjacency(self_loops=True).numpy()
        reached = np.eye(self.num_joints, dtype=step.dtype)
        distance = np.where(reached > 0, 0, -1)
        for hop in range(1, self.num_joints):
            reached = np.minimum(step @ reached, 1)  # without the minimum the numbers of paths overflow
            new = (reached > 0) & (distance < 0)
            if not new.any():
                break
            distance[new] = hop
        return distance

    def adjacency(self, self_loops=True):
        """1 where two joints share a bone, in both directions, and on the diagonal if `self_loops`; else 0.

        Returns:
            (V, V) float32 tensor.
        """
        A = torch.eye(self.num_joints, dtype=torch.float32) * bool(self_loops)
        for a, b in self.edges:
            A[a, b] = A[b, a] = 1.0
        return A

    def partition(self, strategy="spatial", max_hop=1, dilation=1, normalization="row", reference=False):
        """Sort the neighbours of each joint into K subsets: one adjacency a subset, receiver first, sender second.

        A joint hears the joints at hop distance 0, `dilation`, 2 `dilation`, ... up to `max_hop`.

        * ``"uniform"``: K = 1, all of them together.
        * ``"distance"``: one subset for each of these distances.
        * ``"spatial"``: K = 3. *Root*: the joint itself and senders as far from the centre as the receiver.
          *Centripetal*: senders nearer the centre. *Centrifugal*: senders farther from it.

        The subsets are disjoint; their sum is the normalised adjacency of all of them together.

        Args:
            strategy: ``"uniform"``, ``"distance"`` or ``"spatial"``.
            max_hop: how many hops away a sender may be.
            dilation: distance between the hops that count.
            normalization: ``"row"``: the weights of a receiver over all subsets sum to 1. ``"symmetric"``:
                ``D^-1/2 A D^-1/2`` with the degrees over all subsets. None: 0 and 1.
            reference: the matrices of the released ST-GCN code, each transposed into our direction, as its trained
                weights need them. Two things differ under ``"spatial"``. Hop distances are capped at `max_hop`, so two
                neighbours that both lie farther out than that count as equally far from the centre. And the subsets
                come in another order: the joint itself, then for each hop "equally far or farther" and "nearer", which
                makes K = 1 + 2 `max_hop` without dilation.

        Returns:
            (K, V, V) float32 tensor.

        Raises:
            ValueError: an argument is unknown or out of range, or `reference` comes with a normalisation other than
                ``"row"``.

        Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
        AAAI 2018, section 3.3.
        """
        return partition(self.hop_distance(), self.center, strategy, max_hop, dilation, normalization, reference)


def _whole_number(value):
    """`value` as an int, or None if it is not a whole number."""
    try:
        return None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        return None


def _list_of_pairs(values, argument):
    try:
        pairs = [tuple(value) for value in values]
    except TypeError:
        raise ValueError(f"{argument} is {values!r}, expected a list of pairs such as [(0, 1), (1, 2)]") from None
    for i, pair in enumerate(pairs):
        if len(pair) != 2:
            raise ValueError(f"{argument}[{i}] is {pair}, expected a pair of joints such as (0, 1)")
    return pairs


def _joint(value, joints, argument):
    """The index of a joint that is given by index or by name."""
    if isinstance(value, str):
        if value not in joints:
            raise ValueError(f"{argument} names joint {value!r}, expected one of: {', '.join(joints)}")
        return joints.index(value)
    number = _whole_number(value)
    if number is None:
        raise ValueError(f"{argument} holds {value!r}, expected a joint: its index (a whole number) or its name")
    if not 0 <= number < len(joints):
        raise ValueError(f"{argument} holds joint {number}, expected 0 to {len(joints) - 1} because there are "
                         f"{len(joints)} joints: do the indices count from 1, or is a name missing from joints?")
    return number


# Each layout: the names of its joints, its centre, and its bones as chains of joints that lead away from the centre.
_LAYOUTS = {
    # OpenPose's body. The hips hang from the shoulders, as in the released ST-GCN, whose weights need it.
    "openpose-18": (
        "nose, neck, right shoulder, right elbow, right wrist, left shoulder, left elbow, left wrist, right hip, "
        "right knee, right ankle, left hip, left knee, left ankle, right eye, left eye, right ear, left ear",
        "neck", [(1, 0, 14, 16), (0, 15, 17), (1, 2, 3, 4), (1, 5, 6, 7), (2, 8, 9, 10), (5, 11, 12, 13)]),
    # COCO key points, as in pyskl. No joint lies between the shoulders; the centre is the nose.
    "coco-17": (
        "nose, left eye, right eye, left ear, right ear, left shoulder, right shoulder, left elbow, right elbow, "
        "left wrist, right wrist, left hip, right hip, left knee, right knee, left ankle, right ankle",
        "nose", [(0, 1, 3), (0, 2, 4), (0, 5, 7, 9), (0, 6, 8, 10), (5, 11, 13, 15), (6, 12, 14, 16)]),
    # Kinect v2, as in NTU RGB+D. The hand tip hangs from the thumb, as in the released ST-GCN.
    "ntu-25": (
        "spine base, spine mid, neck, head, left shoulder, left elbow, left wrist, left hand, right shoulder, "
        "right elbow, right wrist, right hand, left hip, left knee, left ankle, left foot, right hip, right knee, "
        "right ankle, right foot, spine shoulder, left hand tip, left thumb, right hand tip, right thumb",
        "spine shoulder", [(20, 2, 3), (20, 4, 5, 6, 7, 22, 21), (20, 8, 9, 10, 11, 24, 23), (20, 1, 0),
                           (0, 12, 13, 14, 15), (0, 16, 17, 18, 19)]),
    # Kinect v1 in the order of its SDK, as in UTKinect-Action3D.
    "kinect-20": (
        "hip center, spine, shoulder center, head, left shoulder, left elbow, left wrist, left hand, right shoulder, "
        "right elbow, right wrist, right hand, left hip, left knee, left ankle, left foot, right hip, right knee, "
        "right ankle, right foot",
        "shoulder center", [(2, 3), (2, 4, 5, 6, 7), (2, 8, 9, 10, 11), (2, 1, 0), (0, 12, 13, 14, 15),
                            (0, 16, 17, 18, 19)]),
    # The joints of kinect-20 in the order of MSR-Action3D.
    "msr-20": (
        "left shoulder, right shoulder, shoulder center, spine, left hip, right hip, hip center, left elbow, "
        "right elbow, left wrist, right wrist, left hand, right hand, left knee, right knee, left ankle, right ankle, "
        "left foot, right foot, head",
        "shoulder center", [(2, 19), (2, 0, 7, 9, 11), (2, 1, 8, 10, 12), (2, 3, 6), (6, 4, 13, 15, 17),
                            (6, 5, 14, 16, 18)]),
    # MediaPipe's hand: four joints a finger, from base to tip.
    "hand-21": (
        "wrist, thumb 1, thumb 2, thumb 3, thumb 4, index 1, index 2, index 3, index 4, middle 1, middle 2, middle 3, "
        "middle 4, ring 1, ring 2, ring 3, ring 4, little 1, little 2, little 3, little 4",
        "wrist", [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8), (0, 9, 10, 11, 12), (0, 13, 14, 15, 16), (0, 17, 18, 19, 20)]),
    # The hand of SHREC'17: hand-21 with a palm, from which all fingers but the thumb hang.
    "hand-22": (
        "wrist, palm, thumb 1, thumb 2, thumb 3, thumb 4, index 1, index 2, index 3, index 4, middle 1, middle 2, "
        "middle 3, middle 4, ring 1, ring 2, ring 3, ring 4, little 1, little 2, little 3, little 4",
        "palm", [(1, 0, 2, 3, 4, 5), (1, 6, 7, 8, 9), (1, 10, 11, 12, 13), (1, 14, 15, 16, 17), (1, 18, 19, 20, 21)]),
    # UI-PRMD, its Kinect v2 part. The centre is the chest, from which both collars hang. The joints are named after the
    # part of the body that begins there: the upper arm begins at the shoulder, the lower leg at the knee.
    "rehab-22": (
        "waist, spine, chest, neck, head, head tip, left collar, left upper arm, left forearm, left hand, "
        "right collar, right upper arm, right forearm, right hand, left upper leg, left lower leg, left foot, "
        "left toes, right upper leg, right lower leg, right foot, right toes",
        "chest", [(2, 3, 4, 5), (2, 6, 7, 8, 9), (2, 10, 11, 12, 13), (2, 1, 0), (0, 14, 15, 16, 17),
                  (0, 18, 19, 20, 21)]),
    # The free throws of SPL Open Data, in the order of the files (R_EYE, L_EYE, NOSE, ...; CALC is the heel bone). The
    # files name no bones. This is the tree of coco-17, centred at the nose for the same reason, with two fingers at
    # each wrist and two toes and the heel at each ankle.
    "freethrow-27": (
        "right eye, left eye, nose, right ear, left ear, right shoulder, left shoulder, right elbow, left elbow, "
        "right wrist, left wrist, right hip, left hip, right knee, left knee, right ankle, left ankle, "
        "right first finger, right fifth finger, left first finger, left fifth finger, right first toe, "
        "right fifth toe, left first toe, left fifth toe, right heel, left heel",
        "nose", [(2, 0, 3), (2, 1, 4), (2, 5, 7, 9, 17), (2, 6, 8, 10, 19), (9, 18), (10, 20), (5, 11, 13, 15, 21),
                 (6, 12, 14, 16, 23), (15, 22), (15, 25), (16, 24), (16, 26)]),
    # CMU motion capture as converted to BVH, under the names of that conversion, "End" for the tip of a chain. A joint
    # carries the name of the bone that begins there: LeftArm is the left shoulder, LeftForeArm the elbow, LeftHand the
    # wrist, LeftUpLeg the hip, LeftLeg the knee, LeftFoot the ankle. LHipJoint, LowerBack, Neck, LeftShoulder,
    # LeftFingerBase, LThumb and their right twins lie where their parent lies: bones of length 0. The centre is Spine1,
    # from which both shoulders hang.
    "cmu-38": (
        "Hips, LHipJoint, LeftUpLeg, LeftLeg, LeftFoot, LeftToeBase, LeftToeBaseEnd, RHipJoint, RightUpLeg, RightLeg, "
        "RightFoot, RightToeBase, RightToeBaseEnd, LowerBack, Spine, Spine1, Neck, Neck1, Head, HeadEnd, "
        "LeftShoulder, LeftArm, LeftForeArm, LeftHand, LeftFingerBase, LeftHandIndex1, LeftHandIndex1End, LThumb, "
        "LThumbEnd, RightShoulder, RightArm, RightForeArm, RightHand, RightFingerBase, RightHandIndex1, "
        "RightHandIndex1End, RThumb, RThumbEnd",
        "Spine1", [(15, 16, 17, 18, 19), (15, 14, 13, 0), (0, 1, 2, 3, 4, 5, 6), (0, 7, 8, 9, 10, 11, 12),
                   (15, 20, 21, 22, 23, 24, 25, 26), (23, 27, 28), (15, 29, 30, 31, 32, 33, 34, 35), (32, 36, 37)]),
}
LAYOUTS = tuple(_LAYOUTS)
_MIRRORED = (("left ", "right "), ("Left", "Right"), ("L", "R"))


@cache
def skeleton(name):
    """A skeleton whose layout is known.

    Args:
        name: ``"openpose-18"``, ``"coco-17"``, ``"ntu-25"``, ``"kinect-20"``, ``"msr-20"``, ``"hand-21"``,
            ``"hand-22"``, ``"rehab-22"``, ``"freethrow-27"`` or ``"cmu-38"``; the tuple `LAYOUTS` holds them all.

    Returns:
        SkeletonGraph

    Raises:
        ValueError: the name is unknown.
    """
    if name not in _LAYOUTS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(LAYOUTS)}; for another skeleton use "
                         "SkeletonGraph.from_edges")
    joints, center, chains = _LAYOUTS[name]
    joints = joints.split(", ")
    edges = [(outer, inner) for chain in chains for inner, outer in zip(chain, chain[1:], strict=False)]
    twins = [(joint, right + joint.removeprefix(left)) for joint in joints for left, right in _MIRRORED
             if joint.startswith(left)]
    pairs = [(joint, twin) for joint, twin in twins if twin in joints]
    return SkeletonGraph.from_edges(edges, joints, center, pairs, name)
