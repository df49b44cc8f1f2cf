"""Skeletons as graphs: joints, bones, a centre, and who mirrors whom."""

from dataclasses import dataclass
from functools import cache
from operator import index as as_index

import numpy as np
import torch

from .partitions import partition


@dataclass(frozen=True, repr=False)
class SkeletonGraph:
    """Joints and the bones between them, with one joint as the centre. Build one with `skeleton` or `from_edges`.

    Attributes:
        name: name of the layout, such as ``"ntu-25"``.
        joints: names of the joints; a joint's place in this tuple is its index.
        edges: pairs of joint indices. In the ten layouts the second joint of a pair is the one nearer the centre.
        center: index of the centre.
        symmetric_pairs: (left, right) pairs of joint indices.
    """

    name: str
    joints: tuple
    edges: tuple
    center: int
    symmetric_pairs: tuple = ()

    @classmethod
    def from_edges(cls, edges, joints=None, center=None, symmetric_pairs=(), name="custom"):
        """A skeleton of your own.

        Args:
            edges: (joint, joint) pairs; a joint is its index, counted from 0, or its name. The direction does not matter and
                cycles are allowed.
            joints: names of the joints in the order of the data. Left out, as many as the edges mention are called
                ``"joint 0"``, ``"joint 1"``, and so on.
            center: the joint that "nearer" and "farther" are counted from, an index or a name.
            symmetric_pairs: (left, right) pairs of joints.
            name: how error messages call this skeleton.

        Returns:
            SkeletonGraph

        Raises:
            ValueError: an edge leaves the skeleton, joins a joint to itself or comes twice; a joint cannot be reached from the
                centre; there is no centre; names or pairs do not fit. The message names the entry.
        """
        edges = _pairs(edges, "edges")
        if joints is None:
            numbers = [joint for edge in edges for joint in edge if not isinstance(joint, str)]
            joints = [f"joint {i}" for i in range(max(map(_integer, numbers), default=-1) + 1)]
        if isinstance(joints, str) or not hasattr(joints, "__iter__"):
            raise ValueError(f"joints is {joints!r}, expected a list with one name per joint")
        joints = tuple(map(str, joints))
        if not joints:
            raise ValueError("joints and edges are both empty, expected at least one joint: a skeleton of one joint is "
                             "from_edges([], joints=['point'], center=0)")
        doubles = sorted({joint for joint in joints if joints.count(joint) > 1})
        if doubles:
            raise ValueError(f"joints names {doubles[0]!r} twice, expected different names: say 'left' and 'right'")

        edges = tuple((_joint(a, joints, f"edges[{i}]"), _joint(b, joints, f"edges[{i}]")) for i, (a, b) in enumerate(edges))
        seen = {}
        for i, (a, b) in enumerate(edges):
            if a == b:
                raise ValueError(f"edges[{i}] joins joint {a} ({joints[a]!r}) to itself: leave it out, self-loops are added by "
                                 "adjacency(self_loops=True)")
            first = seen.setdefault(frozenset((a, b)), i)
            if first != i:
                raise ValueError(f"edges[{i}] is ({a}, {b}), the same bone as edges[{first}]: leave one out, an edge joins "
                                 "both ways")
        if center is None:
            raise ValueError("center is missing, expected the index or the name of the joint that distances are counted from: "
                             "for a body the joint between the shoulders, for a hand the palm or the wrist")
        center = _joint(center, joints, "center")

        pairs = tuple((_joint(a, joints, f"symmetric_pairs[{i}]"), _joint(b, joints, f"symmetric_pairs[{i}]"))
                      for i, (a, b) in enumerate(_pairs(symmetric_pairs, "symmetric_pairs")))
        paired = [joint for pair in pairs for joint in pair]
        for joint in paired:
            if paired.count(joint) > 1:
                raise ValueError(f"symmetric_pairs holds joint {joint} ({joints[joint]!r}) more than once, expected each joint "
                                 "in one (left, right) pair at most; joints of the trunk are in none")

        graph = cls(str(name), joints, edges, center, pairs)
        unreachable = np.flatnonzero(graph.hop_distance()[center] < 0)
        if len(unreachable):
            lost = ", ".join(f"{joint} ({joints[joint]!r})" for joint in unreachable)
            hint = "does your list count joints from 1? Subtract 1" if list(unreachable) == [0] else "add the missing edge"
            raise ValueError(f"edges leave joint {lost} without a path to the center {center} ({joints[center]!r}), expected a "
                             f"connected skeleton: {hint}")
        return graph

    def __repr__(self):
        return (f"SkeletonGraph({self.name!r}: {self.num_joints} joints, {len(self.edges)} edges, "
                f"center {self.center} {self.joints[self.center]!r})")

    @property
    def num_joints(self):
        """Number of joints V."""
        return len(self.joints)

    @property
    def sides(self):
        """``"left"``, ``"right"`` or ``"trunk"`` for each joint, from the symmetric pairs."""
        left, right = ({pair[i] for pair in self.symmetric_pairs} for i in (0, 1))
        return tuple("left" if v in left else "right" if v in right else "trunk" for v in range(self.num_joints))

    @property
    def parents(self):
        """(V,) int64 array: the neighbour one hop nearer the centre, -1 for the centre: the breadth-first tree.

        Where a cycle leaves a choice, the neighbour of the lowest index is taken.
        """
        distance = self.hop_distance()
        nearer = (distance == 1) & (distance[self.center][None, :] < distance[self.center][:, None])  # (V, V) [v, u]
        return np.where(nearer.any(axis=1), nearer.argmax(axis=1), -1)

    def hop_distance(self):
        """(V, V) int64 array: the number of bones on the shortest way between two joints, by breadth-first search.

        Two joints are ``h`` hops apart if ``h`` is the smallest power of ``A + I`` that joins them.
        """
        step = self.adjacency(self_loops=True).numpy() > 0
        reached = np.eye(self.num_joints, dtype=bool)
        distance = np.where(reached, 0, -1)
        for hop in range(1, self.num_joints):
            reached = reached @ step
            distance[reached & (distance < 0)] = hop
        return distance

    def adjacency(self, self_loops=True):
        """(V, V) float32 tensor: 1 where two joints share a bone, both ways, and on the diagonal with `self_loops`."""
        A = torch.eye(self.num_joints) if self_loops else torch.zeros(self.num_joints, self.num_joints)
        for a, b in self.edges:
            A[a, b] = A[b, a] = 1.0
        return A

    def partition(self, strategy="spatial", max_hop=1, dilation=1, normalization="row", reference=False):
        return torch.from_numpy(partition(self.hop_distance(), self.center, strategy, max_hop, dilation, normalization,
                                          reference)).float()


def _integer(value):
    """`value` as an int, None if it is not a whole number (True is none either)."""
    try:
        return None if isinstance(value, bool) else as_index(value)
    except TypeError:
        return None


def _pairs(values, argument):
    """`values` as a list of pairs."""
    pairs = [tuple(value) for value in values]
    for i, pair in enumerate(pairs):
        if len(pair) != 2:
            raise ValueError(f"{argument}[{i}] is {pair}, expected a pair of joints")
    return pairs


def _joint(value, joints, argument):
    """The index of a joint given by index or by name."""
    if isinstance(value, str):
        if value not in joints:
            raise ValueError(f"{argument} names the joint {value!r}, expected one of {', '.join(joints)}")
        return joints.index(value)
    number = _integer(value)
    if number is None:
        raise ValueError(f"{argument} holds {value!r}, expected the index (a whole number) or the name of a joint")
    if not 0 <= number < len(joints):
        raise ValueError(f"{argument} holds joint {number}, expected 0 to {len(joints) - 1} for {len(joints)} joints: does your "
                         "list count joints from 1, or is a name missing in joints?")
    return number


# The ten layouts. Edges are (joint, its neighbour nearer the centre).
_BODY = {
    # OpenPose's body with 18 joints. The hips hang from the shoulders: so the released ST-GCN has it, and its weights need it.
    "openpose-18": (
        "nose, neck, right shoulder, right elbow, right wrist, left shoulder, left elbow, left wrist, right hip, right knee, "
        "right ankle, left hip, left knee, left ankle, right eye, left eye, right ear, left ear",
        [(4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1), (0, 1), (15, 0),
         (14, 0), (17, 15), (16, 14)], "neck"),
    # COCO has no joint between the shoulders; the nose is the centre, as in pyskl.
    "coco-17": (
        "nose, left eye, right eye, left ear, right ear, left shoulder, right shoulder, left elbow, right elbow, left wrist, "
        "right wrist, left hip, right hip, left knee, right knee, left ankle, right ankle",
        [(15, 13), (13, 11), (16, 14), (14, 12), (11, 5), (12, 6), (9, 7), (7, 5), (10, 8), (8, 6), (5, 0), (6, 0), (1, 0),
         (3, 1), (2, 0), (4, 2)], "nose"),
    # Kinect v2, as in NTU RGB+D. The hand tip hangs from the thumb, as released.
    "ntu-25": (
        "spine base, spine mid, neck, head, left shoulder, left elbow, left wrist, left hand, right shoulder, right elbow, "
        "right wrist, right hand, left hip, left knee, left ankle, left foot, right hip, right knee, right ankle, right foot, "
        "spine shoulder, left hand tip, left thumb, right hand tip, right thumb",
        [(0, 1), (1, 20), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (8, 20), (9, 8), (10, 9), (11, 10), (12, 0),
         (13, 12), (14, 13), (15, 14), (16, 0), (17, 16), (18, 17), (19, 18), (21, 22), (22, 7), (23, 24), (24, 11)],
        "spine shoulder"),
    # Kinect v1 in the order of its SDK, as in UTKinect-Action3D.
    "kinect-20": (
        "hip center, spine, shoulder center, head, left shoulder, left elbow, left wrist, left hand, right shoulder, "
        "right elbow, right wrist, right hand, left hip, left knee, left ankle, left foot, right hip, right knee, right ankle, "
        "right foot",
        [(0, 1), (1, 2), (3, 2), (4, 2), (5, 4), (6, 5), (7, 6), (8, 2), (9, 8), (10, 9), (11, 10), (12, 0), (13, 12), (14, 13),
         (15, 14), (16, 0), (17, 16), (18, 17), (19, 18)], "shoulder center"),
    # The same 20 joints in the order of MSR-Action3D.
    "msr-20": (
        "left shoulder, right shoulder, shoulder center, spine, left hip, right hip, hip center, left elbow, right elbow, "
        "left wrist, right wrist, left hand, right hand, left knee, right knee, left ankle, right ankle, left foot, right foot, "
        "head",
        [(6, 3), (3, 2), (19, 2), (0, 2), (1, 2), (7, 0), (8, 1), (9, 7), (10, 8), (11, 9), (12, 10), (4, 6), (5, 6), (13, 4),
         (14, 5), (15, 13), (16, 14), (17, 15), (18, 16)], "shoulder center"),
    # MediaPipe's hand.
    "hand-21": (
        "wrist, thumb 1, thumb 2, thumb 3, thumb 4, index 1, index 2, index 3, index 4, middle 1, middle 2, middle 3, middle 4, "
        "ring 1, ring 2, ring 3, ring 4, little 1, little 2, little 3, little 4",
        [(1, 0), (2, 1), (3, 2), (4, 3), (5, 0), (6, 5), (7, 6), (8, 7), (9, 0), (10, 9), (11, 10), (12, 11), (13, 0), (14, 13),
         (15, 14), (16, 15), (17, 0), (18, 17), (19, 18), (20, 19)], "wrist"),
    # SHREC'17: the same hand with a palm. The thumb hangs from the wrist, the other fingers from the palm.
    "hand-22": (
        "wrist, palm, thumb 1, thumb 2, thumb 3, thumb 4, index 1, index 2, index 3, index 4, middle 1, middle 2, middle 3, "
        "middle 4, ring 1, ring 2, ring 3, ring 4, little 1, little 2, little 3, little 4",
        [(0, 1), (2, 0), (3, 2), (4, 3), (5, 4), (6, 1), (7, 6), (8, 7), (9, 8), (10, 1), (11, 10), (12, 11), (13, 12), (14, 1),
         (15, 14), (16, 15), (17, 16), (18, 1), (19, 18), (20, 19), (21, 20)], "palm"),
    # UI-PRMD with Kinect v2. The centre is the chest, from which both collars hang.
    "rehab-22": (
        "waist, spine, chest, neck, head, head tip, left collar, left upper arm, left forearm, left hand, right collar, "
        "right upper arm, right forearm, right hand, left upper leg, left lower leg, left foot, left toes, right upper leg, "
        "right lower leg, right foot, right toes",
        [(0, 1), (1, 2), (3, 2), (4, 3), (5, 4), (6, 2), (7, 6), (8, 7), (9, 8), (10, 2), (11, 10), (12, 11), (13, 12), (14, 0),
         (15, 14), (16, 15), (17, 16), (18, 0), (19, 18), (20, 19), (21, 20)], "chest"),
    # The free throws of SPL Open Data, in the order of the files (R_EYE, L_EYE, NOSE, ...; CALC is the calcaneus, the heel).
    # The files give no bones: this is the tree of coco-17, centred at the nose because no joint lies between the shoulders,
    # with fingers at the wrists, toes and heels at the ankles.
    "freethrow-27": (
        "right eye, left eye, nose, right ear, left ear, right shoulder, left shoulder, right elbow, left elbow, right wrist, "
        "left wrist, right hip, left hip, right knee, left knee, right ankle, left ankle, right first finger, "
        "right fifth finger, left first finger, left fifth finger, right first toe, right fifth toe, left first toe, "
        "left fifth toe, right heel, left heel",
        [(0, 2), (1, 2), (3, 0), (4, 1), (5, 2), (6, 2), (7, 5), (8, 6), (9, 7), (10, 8), (11, 5), (12, 6), (13, 11), (14, 12),
         (15, 13), (16, 14), (17, 9), (18, 9), (19, 10), (20, 10), (21, 15), (22, 15), (23, 16), (24, 16), (25, 15), (26, 16)],
        "nose"),
    # CMU motion capture after its conversion to BVH, under the names of those files; "End" marks the tip of a chain. A joint
    # is named after the bone that starts there: LeftArm is the shoulder, LeftForeArm the elbow, LeftHand the wrist, LeftUpLeg
    # the hip, LeftLeg the knee, LeftFoot the ankle. LHipJoint, LowerBack, Neck, LeftShoulder, LeftFingerBase, LThumb (and
    # their right twins) lie at the same point as their parent. The centre is Spine1, from which both shoulders hang.
    "cmu-38": (
        "Hips, LHipJoint, LeftUpLeg, LeftLeg, LeftFoot, LeftToeBase, LeftToeBaseEnd, RHipJoint, RightUpLeg, RightLeg, "
        "RightFoot, RightToeBase, RightToeBaseEnd, LowerBack, Spine, Spine1, Neck, Neck1, Head, HeadEnd, LeftShoulder, LeftArm, "
        "LeftForeArm, LeftHand, LeftFingerBase, LeftHandIndex1, LeftHandIndex1End, LThumb, LThumbEnd, RightShoulder, RightArm, "
        "RightForeArm, RightHand, RightFingerBase, RightHandIndex1, RightHandIndex1End, RThumb, RThumbEnd",
        [(0, 13), (13, 14), (14, 15), (1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 0), (8, 7), (9, 8), (10, 9), (11, 10),
         (12, 11), (16, 15), (17, 16), (18, 17), (19, 18), (20, 15), (21, 20), (22, 21), (23, 22), (24, 23), (25, 24), (26, 25),
         (27, 23), (28, 27), (29, 15), (30, 29), (31, 30), (32, 31), (33, 32), (34, 33), (35, 34), (36, 32), (37, 36)],
        "Spine1"),
}
LAYOUTS = ("openpose-18", "coco-17", "ntu-25", "kinect-20", "msr-20", "hand-21", "hand-22", "rehab-22", "freethrow-27", "cmu-38")


@cache
def skeleton(name):
    """The skeleton of a known layout.

    Args:
        name: one of `LAYOUTS`: ``"openpose-18"``, ``"coco-17"``, ``"ntu-25"``, ``"kinect-20"``, ``"msr-20"``, ``"hand-21"``,
            ``"hand-22"``, ``"rehab-22"``, ``"freethrow-27"``, ``"cmu-38"``.

    Returns:
        SkeletonGraph

    Raises:
        ValueError: there is no such layout.
    """
    if name not in LAYOUTS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(LAYOUTS)}; bring another with SkeletonGraph.from_edges")
    joints, edges, center = _BODY[name]
    joints = joints.split(", ")
    # left-right pairs follow from the names
    pairs = [(left, right) for left in joints for a, b in (("left ", "right "), ("Left", "Right"), ("L", "R"))
             for right in joints if left.startswith(a) and right == b + left[len(a):]]
    return SkeletonGraph.from_edges(edges, joints, center, pairs, name)
