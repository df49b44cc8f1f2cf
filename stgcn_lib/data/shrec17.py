"""Hand gestures before a depth camera (data set ``shrec17``).

SHREC'17 track: 28 people do 14 gestures, each with one finger and with the whole hand, one to five times; a tracker gives 22
joints of the hand (De Smedt, Wannous, Vandeborre, Guerry, Le Saux & Filliat 2017, "SHREC'17 track: 3D hand gesture recognition
using a depth and skeletal dataset", 3DOR). Two lists say which of the 2,800 sequences train and which test, 1,960 of 20 people
and 840 of the other eight. With 14 classes the fingers do not count, with 28 they do.
"""

import numpy as np

from . import cache
from .dataset import Dataset

GESTURES = ("grab", "tap", "expand", "pinch", "rotate clockwise", "rotate counter-clockwise", "swipe right", "swipe left",
            "swipe up", "swipe down", "swipe X", "swipe +", "swipe V", "shake")
FINGERS = ("one finger", "hand")
SUBJECTS = tuple(range(1, 29))
PALM = 1  # the joint that hand-22 has and hand-21, the layout of MediaPipe, has not


def load(split="all", root=None, num_classes=14, layout="hand-22", subjects=None):
    """The sequences of the two official lists.

    Args:
        split: "all", "train" (20 people) or "test" (the other eight), the official split.
        root: the folder of the data sets, `cache.data_root` unless given.
        num_classes: 14, or 28 to tell one finger from the whole hand. The label of 28 classes, halved and rounded down, is that of
            14, so the sums of neighbouring pairs of 28 probabilities are the 14.
        layout: "hand-22", as recorded, or "hand-21", without the palm: the joints of MediaPipe in their order.
        subjects: numbers from 1 to 28, all unless given; combined with `split`.

    Returns:
        a `Dataset`: metres, x to the right, y up, 30 frames a second. ``d.tags["file"]`` says which sequence a clip is,
        ``d.tags["test"]`` whether it belongs to the official test set.

    Raises:
        ValueError: for an unknown split, subject, layout or number of classes, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    for name, value, known in (("split", split, ("all", "train", "test")), ("num_classes", num_classes, (14, 28)),
                               ("layout", layout, ("hand-22", "hand-21"))):
        if value not in known:
            raise ValueError(f"{name} is {value!r}, expected one of {', '.join(map(repr, known))}")
    wanted = set(cache.chosen(subjects, SUBJECTS, "subjects"))
    folder = cache.folder("shrec17", root)
    clips, labels, who, files, test = [], [], [], [], []
    for part in ("train", "test"):
        if split not in ("all", part):
            continue
        path = cache.file(folder / f"{part}_gestures.txt", "shrec17")
        table = cache.read_numbers(path, 7, separator=None).astype(np.int64)
        for line, (gesture, finger, subject, trial, coarse, fine, length) in enumerate(table, 1):
            if not (1 <= gesture <= 14 and finger in (1, 2) and coarse == gesture and fine == 2 * gesture - 2 + finger):
                raise ValueError(f"{path}, line {line}: the labels contradict each other, expected gesture, finger, subject, "
                                 "trial, label of 14, label of 28, frames: fetch it again")
            if subject not in wanted:
                continue
            name = f"gesture_{gesture}/finger_{finger}/subject_{subject}/essai_{trial}"
            source = cache.file(folder / name / "skeletons_world.txt", "shrec17")
            numbers = cache.read_numbers(source, 66, separator=None)
            if len(numbers) != length:
                raise ValueError(f"{source} has {len(numbers)} frames, the list says {length}: is it cut off? fetch it again")
            joints = numbers.reshape(-1, 22, 3)  # (T, 66) -> (T, 22, 3)
            clips.append(joints if layout == "hand-22" else np.delete(joints, PALM, axis=1))
            labels.append(fine - 1 if num_classes == 28 else gesture - 1)
            who.append(subject)
            files.append(name)
            test.append(part == "test")
    classes = GESTURES if num_classes == 14 else [f"{gesture}, {finger}" for gesture in GESTURES for finger in FINGERS]
    return Dataset(name="shrec17", layout=layout, classes=classes, clips=clips, labels=labels, subjects=who, fps=30,
                   licence="none stated; research use", source="SHREC'17 hand gestures, Intel RealSense (De Smedt et al. 2017).",
                   tags={"file": files, "test": np.array(test, dtype=bool)})
