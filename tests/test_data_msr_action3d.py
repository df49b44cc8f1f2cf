"""MSR-Action3D: the list of 557, empty frames removed, three subsets, people on one side of the split only."""

import numpy as np
import pytest

from stgcn_lib.data import DataNotFound, load, msr_action3d

USED = ("a01_s01_e01", "a01_s02_e01", "a13_s03_e02", "a20_s10_e01")


def joints(seed, frames):
    return np.random.default_rng(seed).uniform(-1, 3, (frames, 20, 3))


def write(root, code, clip):
    """One sequence in the original format: 20 lines a frame, x, y, z and a confidence."""
    folder = root / "msr_action3d" / "real_world_coordinates"
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{x:.6f} {y:.6f} {z:.6f} {1 if x else 0:.6f}\n" for x, y, z in clip.reshape(-1, 3))
    (folder / f"{code}_skeleton3D.txt").write_text(text)


@pytest.fixture
def files(tmp_path):
    for i, code in enumerate(USED):
        write(tmp_path, code, joints(i, 5 + i))
    lost = joints(2, 7)
    lost[[0, 3, 6]] = 0  # nobody was seen in three frames
    lost[4, 5] = 0  # and one joint alone may well be at the origin
    write(tmp_path, "a13_s03_e02", lost)
    write(tmp_path, "a13_s09_e02", np.zeros((4, 20, 3)))  # not in the list
    (tmp_path / "msr_action3d/real_world_coordinates/files_used_in_cvpr12_paper.txt").write_text("\n".join(USED))
    return tmp_path


def read(root, **only):
    return load("msr_action3d", root=root, download=False, **only)


def test_the_listed_files_are_read_without_their_empty_frames(files):
    d = read(files)
    assert d.tags["file"].tolist() == list(USED) and d.layout == "msr-20" and len(d.classes) == 20
    assert d.labels.tolist() == [0, 0, 12, 19] and d.subjects.tolist() == [1, 2, 3, 10]
    assert [len(clip) for clip in d.clips] == [5, 6, 4, 8] and d.tags["removed"].tolist() == [0, 0, 3, 0]
    np.testing.assert_allclose(d.clips[1], joints(1, 6), atol=1e-6)
    expected = joints(2, 7)[[1, 2, 4, 5]]
    expected[2, 5] = 0
    np.testing.assert_allclose(d.clips[2], expected, atol=1e-6)


def test_subsets_have_their_own_eight_classes(files):
    d = read(files, subset="AS1")
    assert d.tags["file"].tolist() == ["a13_s03_e02", "a20_s10_e01"] and len(d.classes) == 8
    assert [d.classes[label] for label in d.labels] == ["bend", "pick up and throw"]
    d = read(files, subset="AS2")
    assert [d.classes[label] for label in d.labels] == ["high arm wave"] * 2
    assert all(len(set(numbers)) == 8 for numbers in msr_action3d.SUBSETS.values())
    assert set(sum(msr_action3d.SUBSETS.values(), ())) == set(range(1, 21))


def test_split_is_by_person(files):
    assert read(files, split="train").subjects.tolist() == [1, 3] and read(files, split="test").subjects.tolist() == [2, 10]
    assert read(files, split="test", subjects=(1, 2)).subjects.tolist() == [2]


@pytest.mark.parametrize("only, message", [
    (dict(split="validation"), "split is 'validation'"),
    (dict(subjects=(0,)), "subjects holds 0"),
    (dict(subset="AS4"), "subset is 'AS4', expected one of AS1, AS2, AS3"),
])
def test_a_wrong_choice_is_named(files, only, message):
    with pytest.raises(ValueError, match=message):
        read(files, **only)


def test_damaged_files_are_named(files):
    folder = files / "msr_action3d" / "real_world_coordinates"
    path = folder / "a01_s01_e01_skeleton3D.txt"
    lines = path.read_text().splitlines(True)
    path.write_text("".join(lines[:-3]))
    with pytest.raises(ValueError, match="a01_s01_e01_skeleton3D.txt has 97 lines, expected 20 for each frame"):
        read(files)
    path.write_text("".join(lines[:40] + ["0.1 nan 0.2 1\n"] * 20))
    with pytest.raises(ValueError, match="line 41: nan"):
        read(files)
    write(files, "a01_s01_e01", np.zeros((2, 20, 3)))
    with pytest.raises(ValueError, match="zeros only"):
        read(files)
    path.unlink()
    with pytest.raises(DataNotFound, match="a01_s01_e01"):
        read(files)
    (folder / "files_used_in_cvpr12_paper.txt").write_text("readme\n")
    with pytest.raises(ValueError, match="holds 'readme', expected names such as a01_s01_e01"):
        read(files)


def test_the_recordings(real_data):
    real_data("msr_action3d")
    d = load("msr_action3d", download=False)
    assert len(d) == 557 and np.bincount(d.labels).min() == 20 and np.bincount(d.labels).max() == 30
    assert (d.tags["removed"] > 0).sum() == 13 and all(clip.any(axis=(1, 2)).all() for clip in d.clips)
    assert set(load("msr_action3d", "train", download=False).subjects) == {1, 3, 5, 7, 9}
    names = d.graph.joints
    middle = np.stack([clip[0] for clip in d.clips])
    assert (middle[:, names.index("head"), 1] > middle[:, names.index("hip center"), 1]).mean() > 0.99
    # in a high arm wave the right hand moves and the left one hangs
    move = {side: np.mean([clip[:, names.index(f"{side} hand")].std(axis=0).max() for clip, label in
                           zip(d.clips, d.labels, strict=True) if label == 0]) for side in ("left", "right")}
    assert move["right"] > 4 * move["left"]
