"""UI-PRMD: forward kinematics by loops, only the files asked for, and feet that stand still in the recorded squats."""

import gzip

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stgcn_lib.data import DataNotFound, kinematics, load, ui_prmd

HANDS, FEET, WAIST, HEAD = [9, 13], [16, 20], 0, 5


def by_loops(local, angles):
    """One frame: (66,) relative positions in centimetres and (66,) degrees to (22, 3) metres."""
    G, X = [None] * 22, np.zeros((22, 3))
    for j, parent in enumerate(ui_prmd.PARENTS):
        x, y, z = angles[3 * j:3 * j + 3]
        R = (Rotation.from_euler("z", z, degrees=True) * Rotation.from_euler("x", x, degrees=True)
             * Rotation.from_euler("y", y, degrees=True))
        p = local[3 * j:3 * j + 3]
        G[j] = R if parent < 0 else G[parent] * R
        X[j] = p if parent < 0 else X[parent] + G[parent].apply(p)
    return X / 100


def numbers(seed, rows):
    rng = np.random.default_rng(seed)
    return rng.uniform(-50, 50, (rows, 66)), rng.uniform(-180, 180, (rows, 66))


def write(root, code, rows, correct=True):
    """One repetition as two files; its numbers are those of the seed `rows`."""
    part, ending = ("Segmented Movements", "") if correct else ("Incorrect Segmented Movements", "_inc")
    for kind, table in zip(("Positions", "Angles"), numbers(rows, rows), strict=True):
        folder = root / "ui_prmd" / part / "Kinect" / kind
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join(",".join(f"{v:.9f}" for v in row) for row in table)
        (folder / f"{code}_{kind.lower()}{ending}.txt.gz").write_bytes(gzip.compress(text.encode()))


@pytest.fixture
def files(tmp_path):
    """Exercise 4 of subjects 2 and 9, well and badly done: lengths tell the clips apart."""
    for s, more in ((2, 0), (9, 10)):
        for e in range(1, 11):
            write(tmp_path, f"m04_s{s:02d}_e{e:02d}", e + more)
            write(tmp_path, f"m04_s{s:02d}_e{e:02d}", e + more + 20, correct=False)
    return tmp_path


def test_positions_are_what_the_loops_say():
    local, angles = numbers(0, 5)
    X = ui_prmd.positions(local, angles)
    for t in range(5):
        np.testing.assert_allclose(X[t], by_loops(local[t], angles[t]), atol=1e-12)


def test_a_bent_knee_by_hand():
    # a thigh of 40 cm and a shin of 42, both hanging along -y; the upper leg's turn of -90 degrees about x takes -y to +z, so
    # the knee comes forward, and the lower leg's turn of +90 degrees lets the shin hang again
    local, angles = np.zeros((1, 22, 3)), np.zeros((1, 22, 3))
    local[0, 0], local[0, 15], local[0, 16] = [0, 100, 0], [0, -40, 0], [0, -42, 0]
    angles[0, 14, 0], angles[0, 15, 0] = -90, 90
    X = ui_prmd.positions(local.reshape(1, 66), angles.reshape(1, 66))[0]
    np.testing.assert_allclose(X[[14, 15, 16]], [[0, 1, 0], [0, 1, 0.4], [0, 0.58, 0.4]], atol=1e-12)


def test_only_the_files_asked_for_are_read(files):
    d = load("ui_prmd", root=files, exercises=("m04",), subjects=[9, 2], correct=True)
    assert len(d) == 20 and d.fps == 30 and len(d.classes) == 10 and d.tags["correct"].all()
    assert set(d.labels) == {3} and d.classes[3] == "side lunge" and d.subjects.tolist() == [2] * 10 + [9] * 10
    assert [len(clip) for clip in d.clips] == list(range(1, 21))
    local, angles = numbers(8, 8)
    np.testing.assert_allclose(d.clips[7][5], by_loops(local[5], angles[5]), atol=1e-5)
    assert d.tags["file"][0] == "m04_s02_e01"


def test_correct_mistaken_or_both(files):
    badly = load("ui_prmd", root=files, exercises="m04", subjects=2, correct=False)
    assert [len(clip) for clip in badly.clips] == list(range(21, 31)) and not badly.tags["correct"].any()
    both = load("ui_prmd", root=files, exercises="m04", subjects=2)
    assert len(both) == 20 and both.tags["correct"].tolist() == [True] * 10 + [False] * 10
    assert both.tags["file"][10] == "m04_s02_e01_inc"
    assert len(both.select(~both.tags["correct"])) == 10


def test_the_split_is_by_person(files):
    train = load("ui_prmd", "train", root=files, exercises="m04", subjects=(2, 9), correct=True)
    test = load("ui_prmd", "test", root=files, exercises="m04", subjects=(2, 9), correct=True)
    assert set(train.subjects) == {2} and set(test.subjects) == {9} and len(train) == len(test) == 10
    assert ui_prmd.TRAIN_SUBJECTS + ui_prmd.TEST_SUBJECTS == tuple(range(1, 11))  # everyone, and nobody twice


@pytest.mark.parametrize("asked, says", [
    ({"split": "val"}, "split is 'val', expected 'all', 'train' or 'test'"),
    ({"exercises": "m11"}, "exercises holds 'm11', expected some of m01, m02"),
    ({"exercises": ("m01", "squat")}, "exercises holds 'squat'"),
    ({"subjects": 0}, "subjects holds 0, expected some of 1, 2"),
    ({"subjects": (1, 11)}, "subjects holds 11"),
    ({"correct": "yes"}, "correct is 'yes', expected True, False or None for both")])
def test_what_there_is_none_of_is_named(asked, says, files):
    with pytest.raises(ValueError, match=says):
        load("ui_prmd", root=files, **asked)


def test_missing_and_damaged_files_are_named(files):
    folder = files / "ui_prmd" / "Segmented Movements" / "Kinect"
    first = {"exercises": "m04", "subjects": 2, "correct": True, "root": files}
    with pytest.raises(DataNotFound, match="incomplete: .*m04_s01_e01_positions.txt.gz is missing"):
        load("ui_prmd", root=files, exercises="m04")
    path = folder / "Angles" / "m04_s02_e03_angles.txt.gz"
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    with pytest.raises(ValueError, match="m04_s02_e03_angles.txt.gz is damaged"):
        load("ui_prmd", **first)
    path.write_bytes(gzip.compress(gzip.decompress(data).replace(b"\n", b",1\n", 1)))
    with pytest.raises(ValueError, match="m04_s02_e03_angles.txt.gz, line 1: 67 numbers, expected 66"):
        load("ui_prmd", **first)
    path.write_bytes(gzip.compress(gzip.decompress(data).rsplit(b"\n", 1)[0]))
    with pytest.raises(ValueError, match="m04_s02_e03_positions.txt.gz has 3 frames, .*angles.txt.gz has 2"):
        load("ui_prmd", **first)
    path.unlink()
    with pytest.raises(DataNotFound, match="incomplete: .*m04_s02_e03_angles.txt.gz is missing"):
        load("ui_prmd", **first)


def test_in_the_recorded_squats_the_feet_stand_and_the_hands_are_in_front(real_data):
    root = real_data("ui_prmd")
    squats = load("ui_prmd", root=root, exercises="m01", correct=True)
    assert len(squats) == 100 and np.bincount(squats.subjects).tolist() == [0] + [10] * 10
    wander = np.mean([clip[:, FEET].std(axis=0).mean() for clip in squats.clips])
    assert wander < 0.03, f"feet wander by {wander:.3f} m"
    ankles = np.mean([clip[:, FEET, 1].mean() for clip in squats.clips])
    assert 0.05 < ankles < 0.15, f"ankles {ankles:.2f} m above the floor"
    # at the lowest point the hands are 48 cm in front of the pelvis; the optical recordings of the same people say 47.8
    lowest = [clip[clip[:, WAIST, 1].argmin()] for clip in squats.clips]
    front = np.mean([x[HANDS, 2].mean() - x[WAIST, 2] for x in lowest])
    assert abs(front - 0.48) < 0.02, f"hands {front:.3f} m in front of the pelvis"
    heads = [clip[0, HEAD, 1] for clip in squats.clips]
    assert 1.4 < min(heads) and max(heads) < 2.0, "people are upright, in metres"
    assert all((x[[10, 11, 12, 18], 0] < x[[6, 7, 8, 14], 0]).all() for x in (clip[0] for clip in squats.clips)), \
        "they face the sensor at +z: the right side has the smaller x"


def test_another_order_of_turns_moves_the_feet(real_data, monkeypatch):
    root = real_data("ui_prmd")
    euler = kinematics.euler
    monkeypatch.setattr(ui_prmd.kinematics, "euler", lambda angles, order: euler(angles[..., [0, 2, 1]], "ZYX"))
    squats = load("ui_prmd", root=root, exercises="m01", correct=True, subjects=(1, 4))
    assert np.mean([clip[:, FEET].std(axis=0).mean() for clip in squats.clips]) > 0.1
