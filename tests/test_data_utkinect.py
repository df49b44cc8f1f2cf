"""UTKinect: repeated frame numbers, the corrected labels, the action without times, people on one side of the split only."""

import numpy as np
import pytest

from stgcn_lib.data import DataNotFound, load, utkinect

LABELS = """s01_e01
walk: 4 10
sitDown: 12 14
s01_e02
walk: 4 8
carry:  NaN NaN
s02_e01
standUp: 2 6 
s02_e02
clapHands: 2 4
"""


def pose(number):
    """The 60 coordinates of a frame, all different, made of its number."""
    return number + np.arange(60) / 100


def write(root, run, rows):
    """One run in the original format: rows of (frame number, coordinates)."""
    folder = root / "utkinect" / "joints"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{number}   " + "  ".join(f"{v:.6f}" for v in values) + "\n" for number, values in rows)
    (folder / f"joints_{run}.txt").write_text(text)


@pytest.fixture
def files(tmp_path):
    """Runs of subjects 1 and 2. In s01_e01 frame 6 comes three times, each time with another pose."""
    for run in ("s01_e01", "s01_e02", "s02_e01", "s02_e02"):
        rows = [(n, pose(n)) for n in range(2, 17, 2)]
        if run == "s01_e01":
            rows[3:3] = [(6, pose(60)), (6, pose(70))]
        write(tmp_path, run, rows)
    (tmp_path / "utkinect/joints/actionLabel_modified.txt").write_text(LABELS)
    return tmp_path


def read(root, **only):
    return load("utkinect", root=root, download=False, **({"subjects": (1, 2)} | only))


def test_segments_are_cut_by_frame_number_and_repeated_frames_come_once(files):
    d = read(files)
    assert [d.classes[label] for label in d.labels] == ["walk", "sit down", "walk", "stand up", "clap hands"]
    assert d.subjects.tolist() == [1, 1, 1, 2, 2] and d.layout == "kinect-20" and len(d.classes) == 10
    assert [len(clip) for clip in d.clips] == [4, 2, 3, 3, 2]
    expected = np.stack([pose(n) for n in (4, 6, 8, 10)]).reshape(4, 20, 3)
    np.testing.assert_allclose(d.clips[0], expected, atol=1e-5)  # the first of the three poses of frame 6
    assert d.tags["file"].tolist() == ["s01_e01", "s01_e01", "s01_e02", "s02_e01", "s02_e02"]


def test_split_is_by_person_and_choosing_reads_only_those_files(files):
    assert set(read(files, subjects=(1,), split="train").subjects) == {1}
    assert len(read(files, subjects=(1, 2), split="test")) == 2
    assert len(read(files, subjects=1, split="test")) == 0
    with pytest.raises(DataNotFound, match="joints_s03_e01"):
        read(files, subjects=3)


@pytest.mark.parametrize("only, message", [
    (dict(split="validation"), "split is 'validation'"),
    (dict(subjects=(1, 11)), "subjects holds 11"),
])
def test_a_wrong_choice_is_named(files, only, message):
    with pytest.raises(ValueError, match=message):
        read(files, **only)


def test_damaged_files_are_named(files):
    folder = files / "utkinect" / "joints"
    run = folder / "joints_s02_e02.txt"
    whole = run.read_text()
    run.write_text(whole[:700])
    with pytest.raises(ValueError, match=r"joints_s02_e02.txt, line 2: \d+ numbers, expected 61"):
        read(files)
    run.write_text("".join(line for line in whole.splitlines(True) if int(line.split()[0]) > 4))
    with pytest.raises(ValueError, match="no frame from 2 to 4, which should show 'clapHands'"):
        read(files)
    run.unlink()
    with pytest.raises(DataNotFound, match="joints_s02_e02"):
        read(files)
    (folder / "actionLabel_modified.txt").write_text("s01_e01\ndance: 4 10\n")
    with pytest.raises(ValueError, match="line 2: 'dance: 4 10', expected"):
        read(files)


def test_not_there():
    with pytest.raises(DataNotFound, match="'utkinect' is not in"):
        load("utkinect", root="/nowhere", download=False)


def test_the_recordings(real_data):
    real_data("utkinect")
    d = load("utkinect", download=False)
    assert len(d) == 199 and np.bincount(d.labels).tolist() == [20, 20, 20, 20, 19, 20, 20, 20, 20, 20]
    train, test = load("utkinect", "train", download=False), load("utkinect", "test", download=False)
    assert len(train) + len(test) == 199 and not set(train.subjects) & set(test.subjects)
    # upright people: the head is above the hips and the feet below, and joints 4 and 8 are two different shoulders
    middle = np.stack([clip[len(clip) // 2] for clip in d.clips])[d.labels != utkinect_label("pick up")]
    assert (middle[:, 3, 1] > middle[:, 0, 1]).all() and (middle[:, 0, 1] > middle[:, 15, 1]).mean() > 0.98
    waves = [clip for clip, label in zip(d.clips, d.labels, strict=True) if label == utkinect_label("wave hands")]
    assert np.mean([clip[:, [7, 11], 1].max() > clip[:, 2, 1].mean() for clip in waves]) > 0.9
    longest = max((clip for clip, label in zip(d.clips, d.labels, strict=True) if label == 0), key=len)
    assert np.linalg.norm(np.ptp(longest[:, 0], axis=0)) > 0.5  # who walks gets somewhere


def utkinect_label(name):
    return list(utkinect.ACTIONS.values()).index(name)
