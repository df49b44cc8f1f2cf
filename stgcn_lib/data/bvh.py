"""BVH files, the plain text in which motion capture travels, and four of them (data set ``animated_drawings_bvh``).

A BVH file has two parts. HIERARCHY is a tree: each joint has a name, an OFFSET from its parent and a list of CHANNELS. MOTION
has one line a frame with a number for each channel, in the order of the tree: positions, and angles in degrees.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..graphs import SkeletonGraph
from . import cache, kinematics
from .dataset import Dataset

_CHANNELS = {f"{axis.lower()}{kind}": (kind, axis) for kind in ("position", "rotation") for axis in "XYZ"}
_LARGEST = 1e9  # no honest file holds a larger number, and arithmetic with a much larger one overflows

CLASSES = ("dab", "jumping", "jumping jacks", "wave hello")
CLIPS = {"fair1": ("dab", "jumping", "wave hello"), "cmu1": ("jumping jacks",)}
# The cmu1 file has the offsets of the CMU conversion: 1 / 0.45 inch. The fair1 files state no unit. 3.8 cm is our estimate; it puts
# the hips of the two people 0.95 and 0.90 m above the floor.
METRES_PER_UNIT = {"fair1": 0.038, "cmu1": 0.0254 / 0.45}


@dataclass(frozen=True)
class Bvh:
    """What a BVH file says.

    Attributes:
        joints: names of the V joints in the order of the file. An End Site counts as a joint, "Head End" under "Head".
        parents: (V,) int64, the parent of each joint, -1 for the root.
        offsets: (V, 3) float64, from the parent, in the unit of the file (which no BVH file states).
        channels: for each joint its channels as pairs such as ``("rotation", "Z")``, in the order of the file.
        frames: (T, number of channels) float64, the MOTION part.
        frame_time: seconds between frames.
    """

    joints: tuple
    parents: np.ndarray
    offsets: np.ndarray
    channels: tuple
    frames: np.ndarray
    frame_time: float

    @property
    def fps(self):
        """Frames a second."""
        return 1 / self.frame_time

    def positions(self):
        """Joint positions, (T, V, 3) float64 in the unit and the axes of the file, by `kinematics.forward`.

        A joint's rotation is the product of its rotation channels in the order of the file, ``Zrotation Xrotation Yrotation`` is
        ``Rz Rx Ry``. A position channel takes the place of that part of the OFFSET.
        """
        T, V = len(self.frames), len(self.joints)
        offsets = np.tile(self.offsets, (T, 1, 1))  # (T, V, 3)
        rotations = np.tile(np.eye(3), (T, V, 1, 1))  # (T, V, 3, 3)
        start = 0
        for j, channels in enumerate(self.channels):
            columns = self.frames[:, start:start + len(channels)]
            start += len(channels)
            turns = [i for i, (kind, _) in enumerate(channels) if kind == "rotation"]
            order = "".join(channels[i][1] for i in turns)
            rotations[:, j] = kinematics.euler(np.deg2rad(columns[:, turns]), order)
            for i, (kind, axis) in enumerate(channels):
                if kind == "position":
                    offsets[:, j, "XYZ".index(axis)] = columns[:, i]
        return kinematics.forward(self.parents, offsets, rotations)

    def graph(self, center=0, name="bvh"):
        """The skeleton of the file as a `SkeletonGraph`; joints named alike but for Left and Right (or L and R) are pairs.

        Args:
            center: index or name of the centre; the root unless given.
            name: what messages call it.
        """
        edges = [(j, int(parent)) for j, parent in enumerate(self.parents) if parent >= 0]
        twins = {(left, left.replace(a, b, 1)) for left in self.joints for a, b in (("Left", "Right"), ("left", "right"))}
        twins |= {(left, "R" + left[1:]) for left in self.joints if left[:1] == "L"}
        pairs = [(left, right) for left, right in sorted(twins) if left != right and right in self.joints]
        return SkeletonGraph.from_edges(edges, self.joints, center, pairs, name)


def read_bvh(path):
    """Read a BVH file.

    Returns:
        a `Bvh`.

    Raises:
        ValueError: if the file is damaged; the message names the file, the line and what was expected there.
        FileNotFoundError: if there is no such file.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file ({error}), expected BVH") from error
    return parse_bvh(text, str(path))


def parse_bvh(text, name="BVH text"):
    """The same for text that is already in memory; `name` is what messages call it."""
    reader = _Reader(text, name)
    joints, parents, offsets, channels = _hierarchy(reader)
    width = sum(map(len, channels))
    reader.expect("MOTION")
    reader.expect("Frames:")
    count = reader.number("the number of frames")
    if count != int(count) or count < 1:
        reader.fail(f"expected a whole number of frames, 1 or more, found {count:g}")
    reader.expect("Frame")
    reader.expect("Time:")
    frame_time = reader.number("the seconds between frames")
    if frame_time < 1e-6:  # nothing records a million frames a second, and 1 / 1e-310 is no finite number
        reader.fail(f"expected a frame time of a millionth of a second or more, found {frame_time:g}")
    rows = []
    while (tokens := reader.rest_of_line()) is not None:
        if len(tokens) != width:
            reader.fail(f"expected {width} numbers, one for each channel, found {len(tokens)}")
        rows.append([reader.as_number(token, "a number") for token in tokens])
    if len(rows) != count:
        reader.fail(f"expected {count:.0f} frames, as 'Frames:' says, found {len(rows)}")
    return Bvh(tuple(joints), np.array(parents), np.array(offsets), tuple(channels), np.array(rows).reshape(-1, width), frame_time)


def load(split="all", root=None, skeleton="fair1"):
    """The BVH clips that come with Animated Drawings, one skeleton at a time.

    The four clips have two skeletons, and one `Dataset` has one: "fair1" (34 joints: a dab, jumping, waving; two people with the
    same joints and other bone lengths) and "cmu1" (jumping jacks, from CMU, in the layout "cmu-38"). Far too few to learn from;
    they show that the reader reads. For any other BVH file use `read_bvh`.

    Args:
        split: "all"; the set has no other.
        root: the folder of the data sets, `cache.data_root` unless given.
        skeleton: "fair1" or "cmu1".

    Returns:
        a `Dataset` in metres (for fair1 an estimate), y up, facing +z at first, 30 frames a second; subjects are not known: -1.

    Raises:
        ValueError: for another split or skeleton, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    if split != "all":
        raise ValueError(f"split is {split!r}, expected 'all': four clips are not split")
    if skeleton not in CLIPS:
        raise ValueError(f"skeleton is {skeleton!r}, expected 'fair1' or 'cmu1'")
    folder, clips, layout = cache.folder("animated_drawings_bvh", root), [], "cmu-38"
    files = [f"{skeleton}/{clip.replace(' ', '_')}.bvh" for clip in CLIPS[skeleton]]
    for file in files:
        motion = read_bvh(cache.file(folder / file, "animated_drawings_bvh", root))
        stride = max(1, round(motion.fps / 30))
        if not 29 < motion.fps / stride < 31:
            raise ValueError(f"{folder / file} has {motion.fps:g} frames a second, expected 30 or a multiple of it: fetch it again")
        x = motion.positions()[::stride] * METRES_PER_UNIT[skeleton]
        if skeleton == "fair1":
            layout = motion.graph("Spine3", "fair1-34")  # both shoulders hang from Spine3
            x = x[..., [0, 2, 1]] * [-1, 1, 1]  # z is up and y in front: turned, not mirrored
        clips.append(x)
    return Dataset(
        name="animated_drawings_bvh", layout=layout, classes=CLASSES, clips=clips,
        labels=[CLASSES.index(clip) for clip in CLIPS[skeleton]], subjects=[-1] * len(clips), fps=30, licence="MIT",
        source="BVH clips of Animated Drawings (Smith et al. 2023, Meta Platforms); cmu1 is from mocap.cs.cmu.edu.",
        tags={"file": files})


def _hierarchy(reader):
    """Names, parents, offsets and channels from the HIERARCHY part."""
    joints, parents, offsets, channels = [], [], [], []
    reader.expect("HIERARCHY")
    reader.expect("ROOT")
    open_joints = []  # from the root to the joint whose block is open
    keyword = "ROOT"
    while True:
        if keyword == "End":
            reader.expect("Site")
            joint = f"{joints[open_joints[-1]]} End"
        else:
            joint = reader.token("the name of a joint")
        if joint in joints:
            reader.fail(f"expected a name of its own for each joint, found {joint!r} again")
        joints.append(joint)
        parents.append(open_joints[-1] if open_joints else -1)
        open_joints.append(len(joints) - 1)
        reader.expect("{")
        reader.expect("OFFSET")
        offsets.append([reader.number("an offset") for _ in range(3)])
        channels.append(() if keyword == "End" else _channels(reader))
        inside = ("}",) if keyword == "End" else ("JOINT", "End", "}")
        while (keyword := reader.expect(*inside)) == "}":
            open_joints.pop()
            inside = ("JOINT", "End", "}")
            if not open_joints:
                return joints, parents, offsets, channels


def _channels(reader):
    """The channels of one joint, as pairs (kind, axis)."""
    reader.expect("CHANNELS")
    count = reader.number("the number of channels")
    if count not in range(7):
        reader.fail(f"expected 0 to 6 channels, found {count:g}")
    found = []
    for _ in range(int(count)):
        token = reader.token("a channel")
        channel = _CHANNELS.get(token.lower())
        if channel is None or channel in found:
            reader.fail(f"expected a channel such as Xposition or Zrotation, each once, found {token!r}")
        found.append(channel)
    return tuple(found)


class _Reader:
    """Walks through the words of a text and knows on which line it is."""

    def __init__(self, text, name):
        self.name, self.place = name, 0
        self.words = [(number, word) for number, line in enumerate(text.splitlines(), 1) for word in line.split()]

    def fail(self, message):
        line = self.words[max(self.place - 1, 0)][0] if self.words else 1
        raise ValueError(f"{self.name}, line {line}: {message}")

    def token(self, what):
        if self.place == len(self.words):
            self.fail(f"expected {what}, found the end of the file")
        self.place += 1
        return self.words[self.place - 1][1]

    def expect(self, *keywords):
        what = " or ".join(keywords)
        token = self.token(what)
        if token not in keywords:
            self.fail(f"expected {what}, found {token!r}")
        return token

    def number(self, what):
        return self.as_number(self.token(what), what)

    def as_number(self, token, what):
        try:
            value = math.nan if "_" in token else float(token)  # Python alone reads 1_000 as a number
        except ValueError:
            value = math.nan
        if not abs(value) <= _LARGEST:
            self.fail(f"expected {what}, found {token!r}")
        return value

    def rest_of_line(self):
        """The words up to the end of the line of the next word, None at the end of the file."""
        if self.place == len(self.words):
            return None
        line, start = self.words[self.place][0], self.place
        while self.place < len(self.words) and self.words[self.place][0] == line:
            self.place += 1
        return [word for _, word in self.words[start:self.place]]
