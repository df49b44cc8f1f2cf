"""Everyday actions before a Kinect (data set ``utkinect``).

UTKinect-Action3D: ten people do ten actions, twice each (Xia, Chen & Aggarwal 2012, "View invariant human action
recognition using histograms of 3D joints", CVPR workshops). A file holds one run through all ten; a list of labels
says from which frame number to which one each action lasts. Three things in the files are not as one would expect.
Some rows have the frame number of the row before them and another pose; the first of such rows is kept. Seven entries
of the first list of labels were wrong; the corrected list is used. One action has no times at all and is left out, so
there are 199 clips.
"""

import numpy as np

from . import cache
from .dataset import Dataset

ACTIONS = {"walk": "walk", "sitDown": "sit down", "standUp": "stand up", "pickUp": "pick up", "carry": "carry", "throw": "throw",
           "push": "push", "pull": "pull", "waveHands": "wave hands", "clapHands": "clap hands"}
SUBJECTS = tuple(range(1, 11))


def load(split="all", root=None, subjects=None):
    """The labelled segments of all runs.

    The authors left out one sequence at a time. Half of the people for training is another common protocol, and the one of this
    split. To leave out one person at a time::

        for one in range(1, 11):
            train, test = d.select(d.subjects != one), d.select(d.subjects == one)

    Args:
        split: "all", "train" (subjects 1, 3, 5, 7, 9) or "test" (2, 4, 6, 8, 10).
        root: the folder of the data sets, `cache.data_root` unless given.
        subjects: numbers from 1 to 10, all ten unless given; combined with `split`.

    Returns:
        a `Dataset` with layout "kinect-20": metres, y up, z away from the sensor; about 15 frames a second, unevenly, as frame
        numbers go up by two or by four. ``d.tags["file"]`` says which run a clip is from.

    Raises:
        ValueError: for an unknown split or subject, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    subjects = cache.people(split, subjects, SUBJECTS)
    folder = cache.folder("utkinect", root) / "joints"
    segments = _segments(cache.file(folder / "actionLabel_modified.txt", "utkinect"))
    clips, labels, who, files = [], [], [], []
    for s in subjects:
        for e in (1, 2):
            run = f"s{s:02d}_e{e:02d}"
            path = cache.file(folder / f"joints_{run}.txt", "utkinect")
            numbers, joints = _frames(path)
            for action, first, last in segments.get(run, ()):
                inside = (numbers >= first) & (numbers <= last)
                if not inside.any():
                    raise ValueError(f"{path} has no frame from {first} to {last}, which should show {action!r}: fetch it again")
                clips.append(joints[inside])
                labels.append(list(ACTIONS).index(action))
                who.append(s)
                files.append(run)
    return Dataset(
        name="utkinect", layout="kinect-20", classes=tuple(ACTIONS.values()), clips=clips, labels=labels, subjects=who, fps=15,
        licence="none stated; research use",
        source="UTKinect-Action3D, Kinect v1, University of Texas at Austin (Xia, Chen & Aggarwal 2012).", tags={"file": files})


def _frames(path):
    """Frame numbers (T,) of one run, each once, and joints (T, 20, 3) in metres."""
    table = cache.read_numbers(path, 61, separator=None)
    numbers, first = np.unique(table[:, 0].astype(np.int64), return_index=True)
    return numbers, table[first, 1:].reshape(-1, 20, 3)  # (T, 60) -> (T, 20, 3)


def _segments(path):
    """For each run such as "s01_e01" a list of (action, first frame number, last frame number)."""
    segments, run = {}, None
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), 1):
        words = line.replace(":", " ").split()
        if len(words) == 1:
            run = segments.setdefault(words[0], [])
        elif words and words[1:] != ["NaN", "NaN"]:
            if run is None or len(words) != 3 or words[0] not in ACTIONS or not (words[1] + words[2]).isdecimal():
                raise ValueError(f"{path}, line {number}: {line!r}, expected a run such as s01_e01 or 'walk: 252 390'")
            run.append((words[0], int(words[1]), int(words[2])))
    return segments
