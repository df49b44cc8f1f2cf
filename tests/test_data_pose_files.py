"""Pose files: what was written is what is read, whoever wrote it; and damage is named."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib.data import camera, motions
from stgcn_lib.data.pose_files import IMAGE, SPACE, coco_to_openpose, read_poses
from stgcn_lib.data.transforms import drop_joints
from stgcn_lib.graphs import LAYOUTS, skeleton

from .graph_examples import properties

# The key points of OpenPose's BODY_25, in its own order, as its documentation lists them.
BODY_25 = ("nose, neck, right shoulder, right elbow, right wrist, left shoulder, left elbow, left wrist, mid hip, right hip, "
           "right knee, right ankle, left hip, left knee, left ankle, right eye, left eye, right ear, left ear, left big toe, "
           "left small toe, left heel, right big toe, right small toe, right heel").split(", ")


def random_clip(seed=0, joints=18, frames=4, at=(0.5, 0.5)):
    """x, y, confidence of one person, all joints seen."""
    rng = np.random.default_rng(seed)
    return np.concatenate([at + 0.05 * rng.standard_normal((frames, joints, 2)), rng.uniform(0.1, 1, (frames, joints, 1))], -1)


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def own(clip, layout="openpose-18", **more):
    return {"layout": layout, "frames": np.asarray(clip).tolist(), **more}


def openpose(folder, clips, names=None, digits=12, name="walk"):
    """What OpenPose writes: a file for each frame."""
    folder.mkdir(exist_ok=True)
    for t in range(max(map(len, clips))):
        people = [{"person_id": [-1], "pose_keypoints_2d": clip[t].ravel().tolist(), "face_keypoints_2d": []} for clip in clips]
        written(folder / f"{name}_{t:0{digits}d}_keypoints.json", {"version": 1.3, "people": people})
    return folder


def coco(clips, ids=None):
    return [{"image_id": t if ids is None else ids[t], "category_id": 1, "keypoints": clip[t].ravel().tolist(), "score": 0.9}
            for t in range(len(clips[0])) for clip in clips]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_our_format_goes_around(layout, tmp_path):
    clip = random_clip(joints=skeleton(layout).num_joints)
    poses = read_poses(written(tmp_path / "clip.json", own(clip, layout, fps=15)))
    assert (poses.layout, poses.fps, len(poses.people)) == (layout, 15.0, 1)
    assert poses.channels == (IMAGE if layout in ("openpose-18", "coco-17", "hand-21") else SPACE)
    assert poses.people[0].dtype == np.float32
    np.testing.assert_array_equal(poses.people[0], clip.astype(np.float32))
    for channels in (IMAGE, SPACE):
        said = read_poses(written(tmp_path / "clip.json", own(clip, layout, channels=channels)))
        assert said.channels == channels and said.fps == 30
        np.testing.assert_array_equal(said.people[0], clip.astype(np.float32))


def test_a_frame_by_hand(tmp_path):
    """Joints without a confidence, not seen, and with confidence 0; a frame with nobody; a person in a list of people."""
    person = [[1, 2], None, [3, 4, 0], *[[0.5, 0.25, 0.75]] * 15]
    frames = [person, [], [person], [[None] * 18]]
    poses = read_poses(written(tmp_path / "clip.json", {"layout": "openpose-18", "frames": frames, "licence": "mine"}))
    clip, = poses.people
    assert clip.shape == (4, 18, 3)
    for t in (0, 2):
        assert clip[t, :4].tolist() == [[1, 2, 1], [0, 0, 0], [0, 0, 0], [0.5, 0.25, 0.75]]
    assert not clip[[1, 3]].any()


@given(st.permutations(range(18)))
@properties
def test_joints_may_come_in_any_order(tmp_path_factory, order):
    clip, names = random_clip(), skeleton("openpose-18").joints
    path = tmp_path_factory.mktemp("order") / "clip.json"
    poses = read_poses(written(path, own(clip[:, order], joints=[names[v] for v in order])))
    np.testing.assert_array_equal(poses.people[0], clip.astype(np.float32))


@pytest.mark.parametrize("digits", [12, 1])
def test_a_folder_of_openpose_is_read_in_the_order_of_time(tmp_path, digits):
    clip = random_clip(frames=12)
    poses = read_poses(openpose(tmp_path / "out", [clip], digits=digits))
    assert (poses.layout, poses.channels, poses.fps) == ("openpose-18", IMAGE, 30)
    np.testing.assert_array_equal(poses.people[0], clip.astype(np.float32))
    one = read_poses(tmp_path / "out" / f"walk_{3:0{digits}d}_keypoints.json")
    np.testing.assert_array_equal(one.people[0], clip[3:4].astype(np.float32))


def test_body_25_is_brought_to_18_joints_by_name(tmp_path):
    clip = random_clip(joints=25)
    poses = read_poses(openpose(tmp_path, [clip]))
    expected = clip[:, [BODY_25.index(name) for name in skeleton("openpose-18").joints]]
    np.testing.assert_array_equal(poses.people[0], expected.astype(np.float32))


def test_frames_of_openpose_with_nobody_stay_frames(tmp_path):
    clip = random_clip(frames=5)
    folder = openpose(tmp_path, [clip])
    written(folder / "walk_000000000002_keypoints.json", {"version": 1.3, "people": []})
    clip[2] = 0
    np.testing.assert_array_equal(read_poses(folder).people[0], clip.astype(np.float32))


@pytest.mark.parametrize("ids", [None, [3, 30, 100, 1000], ["9.jpg", "10.jpg", "11.jpg", "100.jpg"]])
def test_coco_results_are_ordered_by_image(tmp_path, ids):
    clip = random_clip(joints=17)
    results = coco([clip], ids)
    poses = read_poses(written(tmp_path / "results.json", results[::-1]))
    assert (poses.layout, poses.channels, poses.fps) == ("coco-17", IMAGE, 30)
    np.testing.assert_array_equal(poses.people[0], clip.astype(np.float32))


def test_confidences_of_estimators_end_at_1(tmp_path):
    clip = random_clip(joints=17)
    clip[1, 3, 2] = 2  # as in annotations, where 2 says visible
    assert read_poses(written(tmp_path / "results.json", coco([clip]))).people[0][1, 3, 2] == 1


@given(st.integers(0, 2**31))
@properties
def test_people_are_followed_whatever_their_order_in_a_frame(tmp_path_factory, seed):
    """Three people who walk at a distance, listed in another order in each frame, some hidden for some frames, joints missed."""
    rng = np.random.default_rng(seed)
    shape = 0.1 * rng.standard_normal((3, 1, 18, 2)) + [[[[1, 1]]], [[[2, 1]]], [[[3, 1]]]]
    walk = 0.02 * np.arange(10)[:, None, None]
    clips = [np.concatenate([shape[i] + walk * direction, np.full((10, 18, 1), 0.9)], -1) for i, direction in enumerate((1, -1, 0))]
    clips = [drop_joints(clip, 0.4, rng) for clip in clips]
    hidden = {(2, 3), (2, 4), (1, 0)}
    frames = [[clips[i][t].tolist() for i in rng.permutation(3) if (i, t) not in hidden] for t in range(10)]
    path = written(tmp_path_factory.mktemp("people") / "clip.json", {"layout": "openpose-18", "frames": frames})
    for i, t in hidden:
        clips[i][t] = 0
    found = read_poses(path).people
    assert len(found) == 3
    for clip, person in zip(clips, found, strict=True):  # the first in all ten frames, the second in nine, the third in eight
        np.testing.assert_array_equal(person, clip.astype(np.float32))


def test_who_appears_far_away_is_someone_else(tmp_path):
    frames = np.concatenate([random_clip(0, frames=3, at=(0, 0)), random_clip(1, frames=5, at=(4, 0))])
    long, short = read_poses(written(tmp_path / "clip.json", own(frames))).people
    np.testing.assert_array_equal(long[3:], frames[3:].astype(np.float32))
    np.testing.assert_array_equal(short[:3], frames[:3].astype(np.float32))
    assert not long[:3].any() and not short[3:].any()


def test_the_shortest_way_is_taken_first(tmp_path):
    """One person stays, one comes near: neither is taken for the other, although both are in reach of both."""
    a, b = random_clip(0, frames=1), random_clip(1, frames=1)
    b[..., 0] += 0.1
    later = b.copy()
    later[..., 0] -= 0.06
    frames = [[a[0].tolist(), b[0].tolist()], [later[0].tolist(), a[0].tolist()]]
    first, second = read_poses(written(tmp_path / "clip.json", {"layout": "openpose-18", "frames": frames})).people
    np.testing.assert_array_equal(first, np.concatenate([a, a]).astype(np.float32))
    np.testing.assert_array_equal(second, np.concatenate([b, later]).astype(np.float32))
    # The one who stays is nearer to both places than the other, who takes a large step away, and still has one place only.
    away = b.copy()
    away[..., 0] += 0.12
    frames[1] = [a[0].tolist(), away[0].tolist()]
    people = read_poses(written(tmp_path / "clip.json", {"layout": "openpose-18", "frames": frames})).people
    assert len(people) == 2
    np.testing.assert_array_equal(people[1], np.concatenate([b, away]).astype(np.float32))


def test_who_walks_far_step_by_step_stays_the_same_person(tmp_path):
    clip = random_clip(frames=1).repeat(40, axis=0)
    clip[..., 0] += 0.1 * np.arange(40)[:, None]
    person, = read_poses(written(tmp_path / "clip.json", own(clip))).people
    np.testing.assert_array_equal(person, clip.astype(np.float32))


def test_y_points_as_the_camera_has_it(tmp_path):
    """The head of a standing person is above the feet: at the smaller y, in the file, in `camera.project` and after reading."""
    seen = camera.project(motions.clip("bow", layout="openpose-18", frames=8), layout="openpose-18", dropout=0)
    clip = read_poses(openpose(tmp_path, [seen])).people[0]
    np.testing.assert_array_equal(clip, seen)
    assert clip[0, 0, 1] < clip[0, [10, 13], 1].min()


def test_coco_becomes_openpose_joint_by_joint():
    clip = random_clip(joints=17).astype(np.float32)
    clip[2, 5] = 0  # a shoulder that was not seen
    out = coco_to_openpose(clip)
    assert out.shape == (4, 18, 3) and out.dtype == np.float32
    coco_names, names = skeleton("coco-17").joints, skeleton("openpose-18").joints
    for v, name in enumerate(names):
        if name != "neck":
            np.testing.assert_array_equal(out[:, v], clip[:, coco_names.index(name)])
    for t in range(4):
        (x, y, c), (i, j, d) = clip[t, 5], clip[t, 6]
        np.testing.assert_allclose(out[t, 1], [(x + i) / 2, (y + j) / 2, min(c, d)] if t != 2 else [0, 0, 0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"shape \(4, 18, 3\), expected \(T, 17, 3\)"):
        coco_to_openpose(out)


JOINT, PERSON = [0.5, 0.5, 0.9], [[0.5, 0.5, 0.9]] * 18


def broken(joint, at=3):
    return {"layout": "openpose-18", "frames": [PERSON, PERSON[:at] + [joint] + PERSON[at + 1:]]}


@pytest.mark.parametrize("content, says", [
    ("", "cannot be read as JSON .line 1, column 1.: is it another kind of file, or was it cut off"),
    ('{"layout": "openpose-18", "frames": [[[1, 2', r"cannot be read as JSON \(line 1, column 44\).*cut off"),
    ("[" * 100000, "cannot be read as JSON"), ("1" * 5000, "cannot be read as JSON"),
    ("3", "is JSON, but no pose file"), ({"layout": "openpose-18"}, "is JSON, but no pose file.*\"layout\" and \"frames\""),
    ({"frames": [PERSON]}, "layout is None, expected one of openpose-18, coco-17"),
    ({"layout": "openpose-25", "frames": [PERSON]}, "layout is 'openpose-25', expected one of openpose-18, coco-17"),
    ({"layout": ["coco-17"], "frames": []}, "layout is a list of 1"),
    ({"layout": "coco-17", "frames": [PERSON]}, "frame 0 has 18 joints, expected the 17 of 'coco-17': is the layout the right one"),
    ({"layout": "openpose-18", "frames": [[PERSON], [PERSON, PERSON[1:]]]}, "frame 1, person 1 has 17 joints"),
    ({"layout": "openpose-18", "frames": [[[]]]}, "frame 0, person 0 has 0 joints"),
    ({"layout": "openpose-18", "frames": []}, "shows nobody: no joint was seen in its 0 frames"),
    ({"layout": "openpose-18", "frames": [[], [[None] * 18]]}, "shows nobody: no joint was seen in its 2 frames"),
    ({"layout": "openpose-18", "frames": {"0": PERSON}}, "frames is an object of 1, expected a list"),
    ({"layout": "openpose-18", "frames": [PERSON, 7]}, "frames is a list of 2, expected a list that holds"),
    (broken([1]), r"frame 1, joint 3 is a list of 1, expected \[x, y, confidence\], or null"),
    (broken([1, 2, 0.5, 4]), "frame 1, joint 3 is a list of 4"), (broken("a"), "frame 1, joint 3 is 'a'"),
    (broken([]), "frame 1, joint 3 is a list of 0"), (broken({}), "frame 1, joint 3 is an object of 0"),
    (broken([float("nan"), 1, 1]), "frame 1, joint 3 holds nan, expected a finite number"),
    (broken([1, float("inf"), 1]), "frame 1, joint 3 holds inf"), (broken([1, 1e300, 1]), r"joint 3 holds 1e\+300"),
    (broken([1, 10**400, 1]), "joint 3 holds 1000.*0[.][.][.], expected"), (broken([1, "2", 1]), "joint 3 holds '2'"),
    (broken([1, True, 1]), "joint 3 holds True"), (broken([1, None, 1]), "joint 3 holds None"),
    (broken([1, [2], 1]), "joint 3 holds a list of 1"),
    (broken([1, 2, 3]), "frame 1 has a confidence of 3, expected 0 to 1; for places in space add \"channels\""),
    (broken([1, 2, -0.5]), "frame 1 has a confidence of -0.5, expected 0 to 1"),
    (own([PERSON], fps=0), "fps is 0, expected a positive number"), (own([PERSON], fps="30"), "fps is '30'"),
    (own([PERSON], fps=float("nan")), "fps is nan"), (own([PERSON], fps=None), "fps is None"),
    (own([PERSON], channels=["x", "y"]), r"channels is a list of 2, expected \['x', 'y', 'confidence'\] or \['x', 'y', 'z'\]"),
    (own([PERSON], channels="xyz"), "channels is 'xyz'"),
    (own([PERSON], joints=["nose"]), "joints is a list of 1, expected the 18 joints of 'openpose-18' in any order: nose, neck"),
    (own([PERSON], joints=list(range(18))), "joints is a list of 18, expected"),
    (own([[[1, 2]] * 25], "ntu-25"), r"frame 0, joint 0 is a list of 2, expected \[x, y, z\]"),
    ({"people": 3}, "is no frame of OpenPose: expected an object with a list of \"people\""),
    ({"people": []}, "shows nobody: no joint was seen in its 1 frames"),
    ({"people": [7]}, "person 0: pose_keypoints_2d is missing"),
    ({"people": [{"pose_keypoints_2d": [1.0] * 45}]}, "person 0: pose_keypoints_2d holds 45 numbers, expected 54 .* or 75"),
    ({"people": [{"pose_keypoints_2d": [1.0] * 53 + [None]}]}, "person 0, joint 17 holds None"),
    ({"people": [{"pose_keypoints_2d": [-1.0] * 54}]}, "frame 0 has a confidence of -1"),
    ([], "shows nobody"), ([3], "result 0 has no image_id"), ([{"image_id": 1.5}], "result 0 has no image_id"),
    ([{"image_id": 1}], "result 0: keypoints is missing, expected 51"),
    ([{"image_id": 1, "keypoints": [1] * 54}], "result 0: keypoints holds 54 numbers, expected 51"),
    ([{"image_id": 1, "keypoints": [1] * 51, "category_id": 18}], "result 0: category_id is 18, expected 1, a person"),
    ([{"image_id": 1, "keypoints": [1] * 50 + [float("nan")]}], "result 0, joint 16 holds nan")])
def test_damage_is_named(tmp_path, content, says):
    path = written(tmp_path / "clip.json", content)
    with pytest.raises(ValueError, match=says) as error:
        read_poses(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 600


def test_files_that_are_no_text_or_not_there(tmp_path):
    (tmp_path / "video.mp4").write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="video.mp4 cannot be read as JSON.*: is it another kind of file"):
        read_poses(tmp_path / "video.mp4")
    with pytest.raises(FileNotFoundError, match="nothing.json does not exist: expected a pose file, or a folder"):
        read_poses(tmp_path / "nothing.json")
    with pytest.raises(ValueError, match=r"holds no \.\.\._keypoints\.json"):
        read_poses(tmp_path)


def test_folders_of_openpose_that_do_not_fit(tmp_path):
    folder = openpose(tmp_path / "out", [random_clip()])
    bad = written(folder / "walk_000000000002_keypoints.json", "{")
    with pytest.raises(ValueError, match=f"{bad.name} cannot be read as JSON"):
        read_poses(folder)
    written(bad, [1])
    with pytest.raises(ValueError, match=f"{bad.name} is no frame of OpenPose"):
        read_poses(folder)
    written(bad, {"people": [{"pose_keypoints_2d": [1] * 3}]})
    with pytest.raises(ValueError, match=f"{bad.name}, person 0: pose_keypoints_2d holds 3 numbers"):
        read_poses(folder)
    openpose(folder, [random_clip()], name="run")
    with pytest.raises(ValueError, match=r"frames of 2 recordings \(run, walk\): expected one"):
        read_poses(folder)


anything = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
                        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
                            st.sampled_from(["layout", "frames", "people", "pose_keypoints_2d", "image_id", "keypoints", "fps",
                                             "joints", "channels", "category_id"]), inner, max_size=4), max_leaves=12)


@given(anything | st.builds(lambda frames, more: {"layout": "openpose-18", "frames": frames, **more},
                            st.lists(anything, max_size=3),
                            st.dictionaries(st.sampled_from(["fps", "joints", "channels"]), anything, max_size=2)))
@properties
def test_no_content_does_more_than_raise_a_value_error(tmp_path_factory, content):
    path = written(tmp_path_factory.mktemp("anything") / "clip.json", content)
    with pytest.raises(ValueError, match="clip.json"):  # nothing drawn here shows a whole person
        read_poses(path)


@given(st.data())
@properties
def test_a_file_cut_off_anywhere_is_told(tmp_path_factory, data):
    text = json.dumps(own(random_clip(frames=2)))
    path = tmp_path_factory.mktemp("cut") / "clip.json"
    written(path, text[:data.draw(st.integers(0, len(text) - 1))])
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        read_poses(path)
