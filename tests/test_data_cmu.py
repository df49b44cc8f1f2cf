"""CMU motion capture: the source's row vectors by loops, the files of each split, and the recordings themselves."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stgcn_lib.data import DataNotFound, cmu, load

UNIT = 0.0254 / 0.45  # metres


def by_loops(row):
    """One frame as the source computes it: row vectors, a rotation from the right, the child's rotation first."""
    G, X = [None] * 38, np.zeros((38, 3))
    for j in range(38):
        R = Rotation.from_rotvec(row[3 + 3 * j:6 + 3 * j]).as_matrix()
        parent, *offset = cmu.SKELETON[j]
        if parent == -1:
            G[j], X[j] = R, row[:3]
        else:
            G[j], X[j] = R @ G[parent], X[parent] + np.array(offset) @ G[parent]
    return X * UNIT


def table(seed, rows):
    out = np.random.default_rng(seed).uniform(-1.5, 1.5, (rows, 117))
    out[0, 3:] = 0  # a T-pose
    return out


@pytest.fixture
def files(tmp_path):
    """The set as files: k-th clip of each action, 10 k rows of numbers, so that lengths tell the clips apart."""
    for part, count in (("train", 5), ("test", 1)):
        for a, action in enumerate(cmu.ACTIONS):
            folder = tmp_path / "cmu_expmap" / part / action
            folder.mkdir(parents=True)
            for k in range(1, count + 1):
                rows = table(100 * a + 10 * k + count, 10 * k)
                np.savetxt(folder / f"{action}_{k}.txt", rows, delimiter=",", fmt="%.10f")
    return tmp_path


def test_positions_are_the_sources_row_vectors():
    rows = table(0, 4)
    X = cmu.positions(rows)
    for t in range(4):
        np.testing.assert_allclose(X[t], by_loops(rows[t]), atol=1e-12)


def test_a_quarter_turn_by_hand():
    # without turns the left elbow lies 4.86513 units to the left of the left shoulder; a turn of the shoulder by +90 degrees
    # about z takes (x, 0, 0) to (x, 0, 0) R = (0, -x, 0) in row vectors: the arm hangs down
    rows = np.zeros((2, 117))
    rows[1, 3 + 3 * 21 + 2] = np.pi / 2
    X = cmu.positions(rows)
    np.testing.assert_allclose(X[0, 22] - X[0, 21], [4.86513 * UNIT, 0, 0], atol=1e-12)
    np.testing.assert_allclose(X[1, 22] - X[1, 21], [0, -4.86513 * UNIT, 0], atol=1e-12)


def test_load_drops_the_t_pose_and_keeps_every_fourth_frame(files):
    d = load("cmu_expmap", root=files)
    assert len(d) == 30 and d.fps == 30 and d.classes == cmu.ACTIONS and (d.subjects == -1).all()
    i = d.tags["file"].tolist().index("train/running/running_3")
    assert d.labels[i] == 2
    rows = table(100 * 2 + 10 * 3 + 5, 30)
    for t, row in enumerate(range(1, 30, 4)):  # row 0 is the T-pose
        np.testing.assert_allclose(d.clips[i][t], by_loops(rows[row]), atol=1e-5)
    assert len(d.clips[i]) == 8
    everything = load("cmu_expmap", root=files, fps=120)
    np.testing.assert_array_equal(everything.clips[i][::4], d.clips[i])
    assert len(everything.clips[i]) == 29 and everything.fps == 120


def test_splits_read_only_their_files(files):
    test = load("cmu_expmap", "test", root=files)
    assert test.tags["file"].tolist() == [f"test/{a}/{a}_1" for a in cmu.ACTIONS] and test.labels.tolist() == [0, 1, 2, 3, 4]
    for path in (files / "cmu_expmap" / "test").rglob("*.txt"):
        path.write_text("damaged")
    train = load("cmu_expmap", "train", root=files)
    assert len(train) == 25 and set(train.tags["split"]) == {"train"}
    with pytest.raises(ValueError, match="basketball_1.txt, line 1: 1 numbers, expected 117"):
        load("cmu_expmap", "test", root=files)


def test_what_cannot_be_read_is_named(files):
    with pytest.raises(ValueError, match="split is 'val', expected 'all', 'train' or 'test'"):
        load("cmu_expmap", "val", root=files)
    for fps in (50, 0, -30, 240):
        with pytest.raises(ValueError, match=f"fps is {fps}, expected 120 or a divisor"):
            load("cmu_expmap", root=files, fps=fps)
    path = files / "cmu_expmap" / "train" / "jumping" / "jumping_2.txt"
    path.write_text(path.read_text().splitlines()[0])
    with pytest.raises(ValueError, match=r"\(train/jumping/jumping_2\) is empty"):  # a T-pose and nothing else
        load("cmu_expmap", root=files)
    path.unlink()
    with pytest.raises(DataNotFound, match="incomplete: .*jumping_2.txt is missing"):
        load("cmu_expmap", root=files)


def test_the_recordings_are_people(real_data):
    d = load("cmu_expmap", root=real_data("cmu_expmap"))
    names = d.graph.joints
    assert len(d) == 30 and np.bincount(d.labels).tolist() == [6] * 5
    head, hips, feet, hands = (
        [names.index(n) for n in group]
        for group in (["HeadEnd"], ["Hips"], ["LeftToeBase", "RightToeBase"], ["LeftHand", "RightHand"]))
    for file, clip in zip(d.tags["file"], d.clips, strict=True):
        for v, u in d.graph.edges:
            length = np.linalg.norm(clip[:, v] - clip[:, u], axis=-1)
            assert np.ptp(length) < 1e-4, f"{file}: the bone from {names[u]} to {names[v]} changes its length"
        y = clip[..., 1]
        stands = (y[:, head].max(axis=1) > y[:, hips].max(axis=1)) & (y[:, hips].min(axis=1) > y[:, feet].max(axis=1))
        assert stands.mean() > 0.95, file
        stature = np.quantile(y[:, head[0]] - y[:, feet].min(axis=1), 0.5)
        assert 1.3 < stature < 1.9, f"{file}: {stature} m"
        assert (np.linalg.norm(clip[:, hands] - clip[:, hips], axis=-1) < 1.3).all(), file
        assert np.abs(np.diff(clip[:, 0], axis=0)).max() < 0.35, f"{file}: the hips jump from frame to frame"
        # no clip begins in a T-pose, both arms straight out to the sides
        span = np.linalg.norm(clip[0, hands[0]] - clip[0, hands[1]])
        assert span < 1.2, f"{file}: hands {span} m apart in the first frame"
