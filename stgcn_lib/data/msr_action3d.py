"""Actions of games before a Kinect (data set ``msr_action3d``).

MSR-Action3D: ten people do twenty actions, two or three times each (Li, Zhang & Liu 2010, "Action recognition based
on a bag of 3D points", CVPR workshops). The tracker lost people now and then, and wrote zeros for every joint of such
a frame. A body at the origin of the room is no body: these frames are removed. Published results leave out ten of the
567 sequences, in which more is wrong; the list of the other 557 comes with the set (Wang, Liu, Wu & Yuan 2012,
"Mining actionlet ensemble for action recognition with depth cameras", CVPR).
"""

import numpy as np

from . import cache
from .dataset import Dataset

ACTIONS = ("high arm wave", "horizontal arm wave", "hammer", "hand catch", "forward punch", "high throw", "draw x",
           "draw tick", "draw circle", "hand clap", "two hand wave", "side boxing", "bend", "forward kick",
           "side kick", "jogging", "tennis swing", "tennis serve", "golf swing", "pick up and throw")
SUBJECTS = tuple(range(1, 11))
# The three sets of eight actions on which most results are reported, by the numbers of the files (1 to 20). AS1 and AS2 hold
# actions that look alike, AS3 longer and more complex ones.
SUBSETS = {"AS1": (2, 3, 5, 6, 10, 13, 18, 20), "AS2": (1, 4, 7, 8, 9, 11, 12, 14), "AS3": (6, 14, 15, 16, 17, 18, 19, 20)}


def load(split="all", root=None, subset=None, subjects=None):
    """The 557 sequences that published results are about.

    Args:
        split: "all", "train" (subjects 1, 3, 5, 7, 9) or "test" (2, 4, 6, 8, 10), the usual cross-subject protocol.
        root: the folder of the data sets, `cache.data_root` unless given.
        subset: "AS1", "AS2" or "AS3" for the eight actions of `SUBSETS`, which are then the classes; None for all twenty.
        subjects: numbers from 1 to 10, all ten unless given; combined with `split`.

    Returns:
        a `Dataset` with layout "msr-20": metres, y up, z away from the sensor, nominally 15 frames a second. ``d.tags["file"]``
        says which file a clip is from, ``d.tags["removed"]`` how many empty frames it had.

    Raises:
        ValueError: for an unknown split, subset or subject, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    subjects = cache.people(split, subjects, SUBJECTS)
    if subset is not None and subset not in SUBSETS:
        raise ValueError(f"subset is {subset!r}, expected one of {', '.join(SUBSETS)}, or None for all actions")
    actions = SUBSETS[subset] if subset else tuple(range(1, len(ACTIONS) + 1))
    folder = cache.folder("msr_action3d", root) / "real_world_coordinates"
    used = cache.file(folder / "files_used_in_cvpr12_paper.txt", "msr_action3d")
    clips, labels, who, files, removed = [], [], [], [], []
    for code in used.read_text(encoding="ascii", errors="replace").split():
        try:
            action, s = int(code[1:3]), int(code[5:7])  # such as a01_s01_e01
        except ValueError:
            raise ValueError(f"{used} holds {code!r}, expected names such as a01_s01_e01") from None
        if action in actions and s in subjects:
            path = cache.file(folder / f"{code}_skeleton3D.txt", "msr_action3d")
            joints = _sequence(path)
            seen = joints.any(axis=(1, 2))
            if not seen.any():
                raise ValueError(f"{path} has zeros only: nobody was seen")
            clips.append(joints[seen])
            labels.append(actions.index(action))
            who.append(s)
            files.append(code)
            removed.append(int((~seen).sum()))
    return Dataset(
        name="msr_action3d", layout="msr-20", classes=[ACTIONS[a - 1] for a in actions], clips=clips, labels=labels, subjects=who,
        fps=15, licence="none stated; research use", source="MSR-Action3D, Kinect v1, Microsoft Research (Li, Zhang & Liu 2010).",
        tags={"file": files, "removed": np.array(removed, dtype=np.int64)})


def _sequence(path):
    """Joints (T, 20, 3) in metres of one file: 20 lines a frame, each with x, y, z and a confidence."""
    table = cache.read_numbers(path, 4, separator=None)
    if len(table) % 20:
        raise ValueError(f"{path} has {len(table)} lines, expected 20 for each frame: is it cut off? fetch it again")
    return table[:, :3].reshape(-1, 20, 3)  # (20 T, 3) -> (T, 20, 3)
