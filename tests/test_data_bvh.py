"""BVH: positions by hand and by loops with SciPy's rotations, every kind of damage named, the clips themselves."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from stgcn_lib.data import DataNotFound, load
from stgcn_lib.data.bvh import parse_bvh, read_bvh
from stgcn_lib.graphs import skeleton

ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT LeftArm
  {
    OFFSET 2 0 0
    CHANNELS 3 Xrotation Yrotation Zrotation
    End Site
    {
      OFFSET 3 0 0
    }
  }
  JOINT RightArm
  {
    OFFSET -2 0 0
    CHANNELS 1 Zrotation
    End Site
    {
      OFFSET -3 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.05
1 2 3 0 0 0 0 0 0 0
1 2 3 90 0 0 0 0 90 -90
"""
LINES = ARM.splitlines()


def test_the_arm_by_hand():
    arm = parse_bvh(ARM)
    assert arm.joints == ("Hips", "LeftArm", "LeftArm End", "RightArm", "RightArm End")
    assert arm.parents.tolist() == [-1, 0, 1, 0, 3] and arm.fps == 20 and arm.frames.shape == (2, 10)
    still, turned = arm.positions()
    assert still.tolist() == [[1, 2, 3], [3, 2, 3], [6, 2, 3], [-1, 2, 3], [-4, 2, 3]]
    # the hips turn a quarter about z: the left arm, at +x before, now points up; its own quarter turns its tip on to -x,
    # and the right arm's quarter the other way takes its tip back to -x
    np.testing.assert_allclose(turned, [[1, 2, 3], [1, 4, 3], [-2, 4, 3], [1, 0, 3], [-2, 0, 3]], atol=1e-12)


def test_left_and_right_are_found():
    graph = parse_bvh(ARM).graph("LeftArm", "arm")
    assert graph.name == "arm" and graph.center == 1 and graph.symmetric_pairs == ((1, 3), (2, 4))
    assert graph.edges == ((1, 0), (2, 1), (3, 0), (4, 3))
    assert parse_bvh(ARM.replace("LeftArm", "LArm").replace("RightArm", "RArm")).graph().symmetric_pairs == ((1, 3), (2, 4))
    assert parse_bvh(ARM.replace("RightArm", "Other")).graph().symmetric_pairs == ()


def by_loops(motion):
    """Frame after frame and joint after joint."""
    out = np.zeros((len(motion.frames), len(motion.joints), 3))
    for t, row in enumerate(motion.frames):
        G, values = [None] * len(motion.joints), list(row)
        for j, parent in enumerate(motion.parents):
            R, offset = Rotation.identity(), motion.offsets[j].copy()
            for kind, axis in motion.channels[j]:
                value = values.pop(0)
                if kind == "rotation":
                    R = R * Rotation.from_euler(axis, value, degrees=True)
                else:
                    offset["XYZ".index(axis)] = value
            G[j] = R if parent < 0 else G[parent] * R
            out[t, j] = offset if parent < 0 else out[t, parent] + G[parent].apply(offset)
        assert not values
    return out


@st.composite
def trees(draw):
    """A random BVH text: any tree, any channels in any order."""
    number = st.floats(-180, 180).map(lambda x: f"{x:.4f}")
    lines, width = ["HIERARCHY"], 0
    channel = [f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation")]

    def joint(keyword, depth):
        nonlocal width
        channels = draw(st.lists(st.sampled_from(channel), unique=True, max_size=6))
        width += len(channels)
        lines.extend([f"{keyword} j{len(lines)}", "{", "OFFSET " + " ".join(draw(number) for _ in range(3)),
                      f"CHANNELS {len(channels)} {' '.join(channels)}"])
        for _ in range(draw(st.integers(0, 2 if depth < 3 else 0))):
            joint("JOINT", depth + 1)
        if draw(st.booleans()):
            lines.extend(["End Site", "{", "OFFSET 1 2 3", "}"])
        lines.append("}")

    joint("ROOT", 0)
    frames = draw(st.integers(1, 3)) if width else 0
    lines += ["MOTION", f"Frames: {frames}", "Frame Time: 0.04"]
    lines += [" ".join(draw(number) for _ in range(width)) for _ in range(frames)]
    return "\n".join(lines), frames


@settings(max_examples=60, deadline=None)
@given(trees())
def test_any_tree_is_what_the_loops_say(tree):
    text, frames = tree
    if not frames:
        with pytest.raises(ValueError, match="whole number of frames, 1 or more"):
            parse_bvh(text)
        return
    motion = parse_bvh(text)
    np.testing.assert_allclose(motion.positions(), by_loops(motion), atol=1e-9)
    assert motion.graph().num_joints == len(motion.joints)


def changed(line, to):
    """The arm with one line (counted from 1) replaced."""
    return "\n".join(LINES[:line - 1] + [to] + LINES[line:])


@pytest.mark.parametrize("text, says", [
    ("", "line 1: expected HIERARCHY, found the end of the file"),
    ("\n".join(LINES[1:]), "line 1: expected HIERARCHY, found 'ROOT'"),
    (changed(2, "JOINT Hips"), "line 2: expected ROOT, found 'JOINT'"),
    (changed(3, ""), "line 4: expected {, found 'OFFSET'"),
    (changed(4, "OFFSET 0 0"), "line 5: expected an offset, found 'CHANNELS'"),
    (changed(4, "OFFSET 0 zero 0"), "line 4: expected an offset, found 'zero'"),
    (changed(4, "OFFSET 0 1_0 0"), "line 4: expected an offset, found '1_0'"),
    (changed(8, "OFFSET 2 nan 0"), "line 8: expected an offset, found 'nan'"),
    (changed(8, "OFFSET 2 1e300 0"), "line 8: expected an offset, found '1e300'"),
    (changed(9, "CHANNELS 2 Xrotation Yrotation Zrotation"), "line 9: expected JOINT or End or }, found 'Zrotation'"),
    (changed(9, "CHANNELS 4 Xrotation Yrotation Zrotation"), "line 10: expected a channel .* found 'End'"),
    (changed(9, "CHANNELS 2.5 Xrotation Yrotation"), "line 9: expected 0 to 6 channels, found 2.5"),
    (changed(9, "CHANNELS 7 Xrotation Yrotation"), "line 9: expected 0 to 6 channels, found 7"),
    (changed(9, "CHANNELS 2 Xrotation Xrotation"), "line 9: expected a channel .* each once, found 'Xrotation'"),
    (changed(9, "CHANNELS 1 Wrotation"), "line 9: expected a channel such as Xposition or Zrotation, .* found 'Wrotation'"),
    (changed(13, "JOINT More"), "line 13: expected }, found 'JOINT'"),  # an End Site has no children
    (changed(15, "JOINT LeftArm"), "line 15: expected a name of its own for each joint, found 'LeftArm' again"),
    (changed(24, ""), "line 25: expected JOINT or End or }, found 'MOTION'"),  # one brace too few
    (changed(24, "} }"), "line 24: expected MOTION, found '}'"),  # one too many
    ("\n".join(LINES[:12]), "line 12: expected }, found the end of the file"),
    ("\n".join(LINES[:24]), "line 24: expected MOTION, found the end of the file"),
    (changed(26, "Frames: two"), "line 26: expected the number of frames, found 'two'"),
    (changed(26, "Frames: 0"), "line 26: expected a whole number of frames, 1 or more, found 0"),
    (changed(26, "Frames: -2"), "line 26: expected a whole number of frames, 1 or more, found -2"),
    (changed(26, "Frames: 1.5"), "line 26: expected a whole number of frames, 1 or more, found 1.5"),
    (changed(26, "Frames: 3"), "line 29: expected 3 frames, as 'Frames:' says, found 2"),
    (changed(26, "Frames: 1"), "line 29: expected 1 frames, as 'Frames:' says, found 2"),
    (changed(27, "Frame Time: 0"), "line 27: expected a frame time of a millionth of a second or more, found 0"),
    (changed(27, "Frame Time: 1e-310"), "line 27: expected a frame time of a millionth .* found 1e-310"),
    (changed(27, "Frame Time: soon"), "line 27: expected the seconds between frames, found 'soon'"),
    (changed(28, "1 2 3 0 0 0 0 0 0"), "line 28: expected 10 numbers, one for each channel, found 9"),
    (changed(29, LINES[28] + " 7"), "line 29: expected 10 numbers, one for each channel, found 11"),
    (changed(29, "1 2 3 90 x 0 0 0 90 -90"), "line 29: expected a number, found 'x'"),
    (changed(29, "1 2 3 90 nan 0 0 0 90 -90"), "line 29: expected a number, found 'nan'"),
    (changed(29, "1 2 3 90 inf 0 0 0 90 -90"), "line 29: expected a number, found 'inf'"),
])
def test_damage_is_named_with_its_line(text, says, tmp_path):
    (tmp_path / "arm.bvh").write_text(text)
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / "arm.bvh")) + ", " + says):
        read_bvh(tmp_path / "arm.bvh")


def test_files_that_are_not_text_and_not_there(tmp_path):
    (tmp_path / "arm.bvh").write_bytes(b"HIERARCHY\n\xff\xfe\x00")
    with pytest.raises(ValueError, match="arm.bvh is not a text file"):
        read_bvh(tmp_path / "arm.bvh")
    with pytest.raises(FileNotFoundError):
        read_bvh(tmp_path / "other.bvh")
    (tmp_path / "arm.bvh").write_bytes(b"\xef\xbb\xbf" + ARM.replace("\n", "\r\n").encode())  # as Windows writes it
    np.testing.assert_array_equal(read_bvh(tmp_path / "arm.bvh").positions(), parse_bvh(ARM).positions())


WORDS = re.findall(r"\S+|\s+", ARM)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["cut", "drop", "swap", "write"]), st.integers(0, len(WORDS) - 1),
                          st.one_of(st.sampled_from(WORDS + ["1e999", "-0", "9e8", "{" * 50]), st.text(max_size=4))),
                min_size=1, max_size=4))
def test_whatever_the_damage_it_is_a_value_error(damages):
    words = list(WORDS)
    for kind, at, word in damages:
        at %= max(len(words), 1)
        if kind == "cut":
            words = words[:at]
        elif kind == "drop":
            words[at:at + 1] = []
        elif kind == "swap":
            words[at:at + 2] = reversed(words[at:at + 2])
        else:
            words[at:at + 1] = [word]
    try:
        motion = parse_bvh("".join(words))
    except ValueError as error:
        assert re.match(r"BVH text, line \d+: expected ", str(error))
    else:  # not every change is damage, but then the result is whole
        assert np.isfinite(motion.positions()).all()
        assert motion.positions().shape == (len(motion.frames), motion.graph().num_joints, 3)


def test_a_tree_a_thousand_joints_deep_is_read():
    deep = ["HIERARCHY"]
    for i in range(1000):
        deep += [f"{'JOINT' if i else 'ROOT'} j{i}", "{", "OFFSET 0 1 0", f"CHANNELS {0 if i else '1 Xposition'}"]
    deep += ["}"] * 1000 + ["MOTION", "Frames: 1", "Frame Time: 1", "5"]
    assert parse_bvh("\n".join(deep)).positions()[0, -1].tolist() == [5, 1000, 0]


@pytest.fixture
def files(tmp_path):
    """The set with the arm in place of people: fair1's centre is called Spine3."""
    for file in ("fair1/dab", "fair1/jumping", "fair1/wave_hello", "cmu1/jumping_jacks"):
        path = tmp_path / "animated_drawings_bvh" / f"{file}.bvh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ARM.replace("Hips", "Spine3").replace("0.05", ".03333"))
    return tmp_path


def test_load_turns_z_up_into_y_up(files):
    path = files / "animated_drawings_bvh" / "fair1" / "jumping.bvh"
    rows = [f"{t} 2 3 0 0 0 0 0 0 0" for t in range(8)]
    path.write_text("\n".join(LINES[:25] + ["Frames: 8", "Frame Time: 0.008342"] + rows).replace("Hips", "Spine3"))
    d = load("animated_drawings_bvh", root=files)
    assert [d.classes[i] for i in d.labels] == ["dab", "jumping", "wave hello"] and d.fps == 30
    # (x, y, z) with z up becomes (-x, z, y) with y up: what was in front (y) is in front (z), and left stays left
    np.testing.assert_allclose(d.clips[1][:, 0], 0.038 * np.array([[0, 3, 2], [-4, 3, 2]]), atol=1e-6)  # 119.9 to 30 a second
    np.testing.assert_allclose(d.clips[0][0, 1], 0.038 * np.array([-3, 3, 2]), atol=1e-6)
    assert d.graph.joints[d.graph.center] == "Spine3"


def test_what_cannot_be_loaded_is_named(files):
    with pytest.raises(ValueError, match="split is 'train', expected 'all'"):
        load("animated_drawings_bvh", "train", root=files)
    with pytest.raises(ValueError, match="skeleton is 'ntu-25', expected 'fair1' or 'cmu1'"):
        load("animated_drawings_bvh", root=files, skeleton="ntu-25")
    with pytest.raises(ValueError, match="clip 0 .*jumping_jacks.* has 5 joints, the layout 'cmu-38' has 38"):
        load("animated_drawings_bvh", root=files, skeleton="cmu1")
    path = files / "animated_drawings_bvh" / "fair1" / "dab.bvh"
    for time, fps in ((".02", 50), (".1", 10)):
        path.write_text(ARM.replace("0.05", time))
        with pytest.raises(ValueError, match=f"dab.bvh has {fps} frames a second, expected 30 or a multiple"):
            load("animated_drawings_bvh", root=files)
    path.unlink()
    with pytest.raises(DataNotFound, match="incomplete: .*dab.bvh is missing"):
        load("animated_drawings_bvh", root=files)


@pytest.mark.parametrize("group, count", [("fair1", 3), ("cmu1", 1)])
def test_the_recordings_are_people(group, count, real_data):
    root = real_data("animated_drawings_bvh")
    d = load("animated_drawings_bvh", root=root, skeleton=group)
    names = d.graph.joints
    assert len(d) == count and d.graph.num_joints == {"fair1": 34, "cmu1": 38}[group]
    for file, clip in zip(d.tags["file"], d.clips, strict=True):
        motion = read_bvh(root / "animated_drawings_bvh" / file)
        few = replace(motion, frames=motion.frames[::50])
        np.testing.assert_allclose(few.positions(), by_loops(few), atol=1e-9)
        if group == "cmu1":  # the layout's bones are the file's
            file_bones = {frozenset((j, int(p))) for j, p in enumerate(motion.parents) if p >= 0}
            assert file_bones == {frozenset(edge) for edge in skeleton("cmu-38").edges}
        head = [i for i, n in enumerate(names) if n in ("Head End", "HeadEnd")][0]
        toes = [i for i, n in enumerate(names) if "ToeBase" in n and "End" not in n]
        left, right = (names.index(f"{side}Leg") for side in ("Left", "Right"))
        x = clip[0]
        assert 1.3 < x[head, 1] - x[:, 1].min() < 1.9 and abs(clip[..., 1].min()) < 0.1, f"{file} stands on the floor"
        assert x[left, 0] > x[right, 0], f"{file} faces +z, so its left leg is at the larger x"
        assert x[toes, 2].mean() > x[left, 2] - 0.05, f"{file}: its toes point to the front"
