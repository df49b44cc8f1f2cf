"""Rehabilitation exercises, done well and done badly, seen by a Kinect (data set ``ui_prmd``).

UI-PRMD: ten people, ten exercises, ten repetitions each, once as prescribed and once with a simulated mistake (Vakanski, Jun,
Paul & Baker 2018, "A data set of human body movements for physical rehabilitation exercises", doi 10.3390/data3010002).
Two files belong to a repetition: positions and angles of 22 joints. **The positions are not coordinates**: only the waist's is. Any
other joint's is given relative to its parent, in the parent's own rotated frame. Forward kinematics puts them together.
"""

import numpy as np

from . import cache, kinematics
from .dataset import Dataset

EXERCISES = {
    "m01": "deep squat", "m02": "hurdle step", "m03": "inline lunge", "m04": "side lunge", "m05": "sit to stand",
    "m06": "standing active straight-leg raise", "m07": "standing shoulder abduction", "m08": "standing shoulder extension",
    "m09": "standing shoulder internal-external rotation", "m10": "standing shoulder scaption",
}
TRAIN_SUBJECTS, TEST_SUBJECTS = (1, 2, 3, 4, 5, 6, 7), (8, 9, 10)
PARENTS = np.array([-1, 0, 1, 2, 3, 4, 2, 6, 7, 8, 2, 10, 11, 12, 0, 14, 15, 16, 0, 18, 19, 20])


def positions(local, angles):
    """Joint positions of one repetition.

    ``R_j = Rz(a_j2) Rx(a_j0) Ry(a_j1)``, then `kinematics.forward` with the local positions as offsets. The source does not
    state the order of the three turns. Of all six this is the one whose feet stand still in a deep squat: over the hundred
    correct ones they wander by 2 cm (standard deviation), and by 14 cm in the more common order z, y, x.

    Args:
        local: (T, 66) positions relative to the parent in the parent's frame (the waist's: absolute), centimetres.
        angles: (T, 66) Euler angles relative to the parent, degrees.

    Returns:
        (T, 22, 3) metres, y up.
    """
    local, angles = local.reshape(-1, 22, 3), np.deg2rad(angles.reshape(-1, 22, 3))  # (T, 66) -> (T, 22, 3)
    return kinematics.forward(PARENTS, local, kinematics.euler(angles[..., [2, 0, 1]], "ZXY")) / 100  # cm -> m


def load(split="all", root=None, exercises=None, correct=None, subjects=None):
    """Repetitions of the exercises, read from only those files that are asked for.

    The split is by person: 1 to 7 train, 8 to 10 test. The source prescribes none. All people are healthy, and the mistakes are
    acted. Published work mostly predicts a quality score from the optical recordings, which is another task.

    Args:
        split: "all", "train" (subjects 1 to 7) or "test" (subjects 8 to 10).
        root: the folder of the data sets, `cache.data_root` unless given.
        exercises: codes such as ``("m01", "m05")``, all ten unless given.
        correct: True for the prescribed movements only, False for the mistaken ones only, None for both.
        subjects: numbers from 1 to 10, all ten unless given; combined with `split`.

    Returns:
        a `Dataset` with layout "rehab-22": metres, y up, 30 frames a second; people stand some 2.5 metres before the sensor, at
        negative z, and face it, so to +z. Labels are the exercise (all ten classes are listed, whichever are loaded);
        ``d.tags["correct"]`` says which repetitions are correct.

    Raises:
        ValueError: for an unknown split, exercise or subject, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    people = {"all": TRAIN_SUBJECTS + TEST_SUBJECTS, "train": TRAIN_SUBJECTS, "test": TEST_SUBJECTS}
    if split not in people:
        raise ValueError(f"split is {split!r}, expected 'all', 'train' or 'test'")
    exercises = cache.chosen(exercises, tuple(EXERCISES), "exercises")
    subjects = [s for s in cache.chosen(subjects, people["all"], "subjects") if s in people[split]]
    if correct not in (None, True, False):
        raise ValueError(f"correct is {correct!r}, expected True, False or None for both")
    folder = cache.folder("ui_prmd", root)
    clips, labels, who, good, files = [], [], [], [], []
    for is_correct in (True, False) if correct is None else (bool(correct),):
        part = folder / ("Segmented Movements" if is_correct else "Incorrect Segmented Movements") / "Kinect"
        for exercise in exercises:
            for s in subjects:
                for e in range(1, 11):
                    code = f"{exercise}_s{s:02d}_e{e:02d}"
                    clips.append(_repetition(part, code, "" if is_correct else "_inc", root))
                    labels.append(list(EXERCISES).index(exercise))
                    who.append(s)
                    good.append(is_correct)
                    files.append(code + ("" if is_correct else "_inc"))
    return Dataset(
        name="ui_prmd", layout="rehab-22", classes=tuple(EXERCISES.values()), clips=clips, labels=labels, subjects=who, fps=30,
        licence="ODC PDDL 1.0 (public domain)",
        source="UI-PRMD, Kinect v2, University of Idaho (Vakanski et al. 2018, doi 10.3390/data3010002).",
        tags={"correct": np.array(good, dtype=bool), "file": files})


def _repetition(folder, code, ending, root):
    """(T, 22, 3) metres from the two files of one repetition."""
    paths = [cache.file(folder / kind / f"{code}_{kind.lower()}{ending}.txt.gz", "ui_prmd", root)
             for kind in ("Positions", "Angles")]
    local, angles = (cache.read_numbers(path, 66) for path in paths)
    if len(local) != len(angles):
        raise ValueError(f"{paths[0]} has {len(local)} frames, {paths[1].name} has {len(angles)}: expected as many")
    return positions(local, angles)
