"""Motion capture of five sports from the CMU database, stored as exponential maps (data set ``cmu_expmap``).

Each file holds one clip at 120 frames a second. A line is 117 numbers: where the root is, then the exponential map of each
of the 38 joints, which is the selection and the format of Li, Zhang, Lee & Lee (2018), "Convolutional sequence to sequence
model for human dynamics". The movements are from mocap.cs.cmu.edu.
"""

import numpy as np

from . import cache, kinematics
from .dataset import Dataset

ACTIONS = ("basketball", "jumping", "running", "soccer", "walking")
SOURCE_FPS = 120
# One unit of the BVH conversion is 1 / 0.45 inch, as in CMU's own skeleton files: the "length 0.45" of their header.
METRES_PER_UNIT = 0.0254 / 0.45

# The skeleton all clips were put on: for each joint its parent and its offset from it, in units. Offsets of zero are joints
# of the capture software's skeleton that coincide with their parent. In a T-pose left is +x, up is +y and front is +z.
SKELETON = (
    (-1, 0, 0, 0),  # 0 hips
    (0, 0, 0, 0), (1, 1.65674, -1.80282, 0.62477), (2, 2.5972, -7.13576, 0),  # 1 to 6, left leg
    (3, 2.49236, -6.8477, 0), (4, 0.19704, -0.54136, 2.14581), (5, 0, 0, 1.11249),
    (0, 0, 0, 0), (7, -1.6107, -1.80282, 0.62476), (8, -2.59502, -7.12977, 0),  # 7 to 12, right leg
    (9, -2.4678, -6.78024, 0), (10, -0.23024, -0.63258, 2.13368), (11, 0, 0, 1.11569),
    (0, 0, 0, 0), (13, 0.01961, 2.0545, -0.14112), (14, 0.01021, 2.06436, -0.05921),  # 13 to 15, back
    (15, 0, 0, 0), (16, 0.00713, 1.56711, 0.14968), (17, 0.03429, 1.56041, -0.10006),  # 16 to 19, neck and head
    (18, 0.01305, 1.6256, -0.05265),
    (15, 0, 0, 0), (20, 3.54205, 0.90436, -0.17364), (21, 4.86513, 0, 0), (22, 3.35554, 0, 0),  # 20 to 28, left arm
    (23, 0, 0, 0), (24, 0.66117, 0, 0), (25, 0.53306, 0, 0), (23, 0, 0, 0), (27, 0.5412, 0, 0.5412),
    (15, 0, 0, 0), (29, -3.49802, 0.75994, -0.32616), (30, -5.02649, 0, 0), (31, -3.36431, 0, 0),  # 29 to 37, right arm
    (32, 0, 0, 0), (33, -0.73041, 0, 0), (34, -0.58887, 0, 0), (32, 0, 0, 0), (36, -0.59786, 0, 0.59786),
)
PARENTS = np.array([row[0] for row in SKELETON])
OFFSETS = np.array([row[1:] for row in SKELETON]) * METRES_PER_UNIT  # (38, 3) metres


def positions(table):
    """Joint positions of one clip from its file's numbers.

    The source multiplies row vectors from the left, ``G_j = R_j G_parent`` and ``X_j = X_parent + p_j G_parent``. Transposed,
    that is the column form of `kinematics.forward` with every ``R_j`` transposed, and the transpose of a rotation is the
    exponential map of the opposite vector.

    Args:
        table: (T, 117), root position in units and 38 exponential maps in radians.

    Returns:
        (T, 38, 3) metres, y up.
    """
    maps = table[:, 3:].reshape(len(table), 38, 3)  # (T, 114) -> (T, 38, 3)
    return kinematics.forward(PARENTS, OFFSETS, kinematics.exponential_map(-maps), table[:, :3] * METRES_PER_UNIT)


def load(split="all", root=None, fps=30):
    """The 30 clips: five to train on and one to test on for each of basketball, jumping, running, soccer and walking.

    The split is that of the source, which predicts motion. Nobody reports recognition on it, and the source does not say who
    moved, so all subjects are -1 and a person may be in both parts: good for looking, not for comparing methods. Finger and
    thumb joints carry no measured data. Row 0 of each file is a T-pose that was never performed, and is dropped.

    Args:
        split: "all", "train" (25 clips) or "test" (5 clips), the folders of the source.
        root: the folder of the data sets, `cache.data_root` unless given.
        fps: 120 or one of its divisors; every (120 / fps)-th frame is kept.

    Returns:
        a `Dataset` with layout "cmu-38": metres, y up, a root that travels.

    Raises:
        ValueError: for another split or frame rate, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    counts = {"train": 5, "test": 1}
    if split not in ("all", *counts):
        raise ValueError(f"split is {split!r}, expected 'all', 'train' or 'test'")
    if fps <= 0 or SOURCE_FPS % fps:
        raise ValueError(f"fps is {fps}, expected {SOURCE_FPS} or a divisor of it, such as 60, 30 or 24")
    stride = int(SOURCE_FPS // fps)
    folder = cache.folder("cmu_expmap", root)
    clips, labels, files = [], [], []
    for part in counts if split == "all" else (split,):
        for label, action in enumerate(ACTIONS):
            for k in range(1, counts[part] + 1):
                path = cache.file(folder / part / action / f"{action}_{k}.txt", "cmu_expmap", root)
                table = cache.read_numbers(path, 117)[1::stride]  # row 0 is the T-pose
                clips.append(positions(table) if len(table) else np.zeros((0, 38, 3)))
                labels.append(label)
                files.append(f"{part}/{action}/{action}_{k}")
    return Dataset(
        name="cmu_expmap", layout="cmu-38", classes=ACTIONS, clips=clips, labels=labels, subjects=[-1] * len(clips), fps=fps,
        licence="free for research and commercial projects (CMU)",
        source="Motion capture from mocap.cs.cmu.edu, created with funding from NSF EIA-0196217, "
               "as exponential maps prepared by Li et al. (2018).",
        tags={"file": files, "split": [file.split("/")[0] for file in files]})
