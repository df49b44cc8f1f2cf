"""The steps from a clip to a network, against loops, and what they must leave alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib.data import motions
from stgcn_lib.data.transforms import (
    add_noise,
    align_view,
    bones,
    center_and_scale,
    crop,
    drop_joints,
    flip,
    interpolate_missing,
    motion,
    order_people,
    random_crop,
    random_rotation,
    resample,
)
from stgcn_lib.graphs import LAYOUTS, SkeletonGraph, skeleton

from .graph_examples import properties, skeletons

CHAIN = SkeletonGraph.from_edges([(0, 1), (1, 2)], ["hand", "elbow", "shoulder"], "shoulder")
seeds = st.integers(0, 2**31)
ALL = {  # each step as a function of the clip alone, on five joints
    "resample": lambda clip: resample(clip, 5),
    "center_and_scale": lambda clip: center_and_scale(clip, FIVE, coordinates=2),
    "bones": lambda clip: bones(clip, FIVE, coordinates=2),
    "motion": lambda clip: motion(clip, coordinates=2),
    "add_noise": lambda clip: add_noise(clip, 0.1, np.random.default_rng(0), coordinates=2),
    "drop_joints": lambda clip: drop_joints(clip, 0.3, np.random.default_rng(0)),
    "interpolate_missing": lambda clip: interpolate_missing(clip, np.eye(len(clip), 5) > 0, coordinates=2, layout=FIVE),
    "align_view": lambda clip: align_view(clip, FIVE),
    "flip": lambda clip: flip(clip, FIVE),
    "random_rotation": lambda clip: random_rotation(clip, 30, np.random.default_rng(0)),
    "crop": lambda clip: crop(clip, 1, 1),
    "random_crop": lambda clip: random_crop(clip, 2, np.random.default_rng(0)),
    "order_people": lambda clip: order_people([clip]),
}
FIVE = SkeletonGraph.from_edges([(0, 2), (1, 2), (2, 3), (3, 4)], ["left shoulder", "right shoulder", "neck", "spine", "waist"], 2,
                                [(0, 1)])
SPACE = [layout for layout in LAYOUTS if layout not in ("openpose-18", "coco-17") and not layout.startswith("hand")]


def random_clip(seed, joints, channels=3, frames=4, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal((frames, joints, channels)).astype(dtype)


@pytest.mark.parametrize("step", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_clip_that_came_in_is_never_changed(step, dtype):
    clip = random_clip(0, 5, dtype=dtype)
    before = clip.copy()
    out = ALL[step](clip)
    assert out.dtype == dtype and not np.shares_memory(out, clip)
    out[...] = 99
    np.testing.assert_array_equal(clip, before)


@pytest.mark.parametrize("step", ["center_and_scale", "bones", "motion", "add_noise"])
def test_with_two_coordinates_the_confidence_stays(step):
    clip = random_clip(1, 5)
    out = ALL[step](clip)
    np.testing.assert_array_equal(out[..., 2], clip[..., 2])
    assert (out[1:, [0, 1, 3, 4], :2] != clip[1:, [0, 1, 3, 4], :2]).all()  # frame 0 and the centre may well stay


@pytest.mark.parametrize("step", ALL)
def test_whole_numbers_become_floats(step):
    clip = np.arange(30).reshape(2, 5, 3)
    assert ALL[step](clip).dtype == np.float32


@given(st.integers(1, 9), st.integers(1, 20), seeds)
@properties
def test_resample_is_interpolation_joint_by_joint(old, new, seed):
    clip = random_clip(seed, 3, frames=old)
    out = resample(clip, new)
    assert out.shape == (new, 3, 3)
    for i in range(new):
        time = i * (old - 1) / (new - 1) if new > 1 else 0
        for v in range(3):
            for c in range(3):
                np.testing.assert_allclose(out[i, v, c], np.interp(time, range(old), clip[:, v, c]), atol=1e-12)
    np.testing.assert_array_equal(out[0], clip[0])
    if new > 1:
        np.testing.assert_array_equal(out[-1], clip[-1])


def test_resample_by_hand():
    clip = np.array([0.0, 10, 20]).reshape(3, 1, 1)
    assert resample(clip, 5).ravel().tolist() == [0, 5, 10, 15, 20]
    assert resample(clip, 2).ravel().tolist() == [0, 20]
    assert resample(clip, 3).ravel().tolist() == [0, 10, 20]


@given(skeletons(), seeds)
@properties
def test_center_and_scale_is_what_it_says(graph, seed):
    clip = random_clip(seed, graph.num_joints)
    if graph.num_joints == 1:
        with pytest.raises(ValueError, match="no bone length"):
            center_and_scale(clip + 1, graph)
        return
    out = center_and_scale(clip, graph)
    np.testing.assert_allclose(out[0, graph.center], 0, atol=1e-12)
    lengths = [np.linalg.norm(clip[t, v] - clip[t, u]) for t in range(4) for v, u in enumerate(graph.parents) if u >= 0]
    for t in range(4):
        for v in range(graph.num_joints):
            np.testing.assert_allclose(out[t, v], (clip[t, v] - clip[0, graph.center]) / np.mean(lengths), atol=1e-10)


@given(skeletons(), seeds, st.floats(0.01, 100), st.tuples(*[st.floats(-100, 100)] * 3))
@properties
def test_neither_place_nor_size_survives(graph, seed, size, place):
    if graph.num_joints > 1:
        clip = random_clip(seed, graph.num_joints)
        np.testing.assert_allclose(center_and_scale(size * clip + place, graph), center_and_scale(clip, graph), atol=1e-8)


def test_center_and_scale_by_hand():
    # a shoulder at 10, bones of 2 and 4; then the whole arm moves on by 3: that movement must stay
    clip = np.zeros((2, 3, 3))
    clip[:, :, 0] = [[4, 8, 10], [7, 11, 13]]
    assert center_and_scale(clip, CHAIN)[..., 0].tolist() == [[-2, -2 / 3, 0], [-1, 1 / 3, 1]]
    assert center_and_scale(clip, CHAIN, scale=False)[..., 0].tolist() == [[-6, -2, 0], [-3, 1, 3]]


@given(skeletons(), seeds)
@properties
def test_bones_add_up_along_the_path_from_the_centre(graph, seed):
    clip = random_clip(seed, graph.num_joints)
    out = bones(clip, graph)
    np.testing.assert_array_equal(out[:, graph.center], 0)
    for v in range(graph.num_joints):
        total, joint = np.zeros((4, 3)), v
        while joint != graph.center:
            total += out[:, joint]
            joint = graph.parents[joint]
        np.testing.assert_allclose(clip[:, graph.center] + total, clip[:, v], atol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_go_by_name(layout):
    graph = skeleton(layout)
    clip = random_clip(0, graph.num_joints)
    np.testing.assert_array_equal(bones(clip, layout), bones(clip, graph))
    np.testing.assert_array_equal(center_and_scale(clip, layout), center_and_scale(clip, graph))


@given(st.integers(1, 8), seeds)
@properties
def test_motion_adds_up_to_the_clip(frames, seed):
    clip = random_clip(seed, 3, frames=frames)
    out = motion(clip)
    np.testing.assert_array_equal(out[0], 0)
    np.testing.assert_allclose(clip[0] + np.cumsum(out, axis=0), clip, atol=1e-12)
    for t in range(1, frames):
        np.testing.assert_array_equal(out[t], clip[t] - clip[t - 1])


def test_noise_is_seeded_and_of_the_size_asked_for():
    clip = np.zeros((100, 10, 3), np.float32)
    out = add_noise(clip, 0.02, np.random.default_rng(3))
    np.testing.assert_array_equal(out, add_noise(clip, 0.02, np.random.default_rng(3)))
    assert not np.array_equal(out, add_noise(clip, 0.02, np.random.default_rng(4)))
    assert abs(out.std() - 0.02) < 0.001 and abs(out.mean()) < 0.002  # 3000 numbers: about three standard errors
    np.testing.assert_array_equal(add_noise(clip + 1, 0, np.random.default_rng(0)), clip + 1)


def test_dropped_joints_are_zero_in_all_channels():
    clip = np.ones((100, 20, 3), np.float32)
    out = drop_joints(clip, 0.25, np.random.default_rng(3))
    np.testing.assert_array_equal(out, drop_joints(clip, 0.25, np.random.default_rng(3)))
    assert not np.array_equal(out, drop_joints(clip, 0.25, np.random.default_rng(4)))
    gone = (out == 0).all(axis=-1)
    assert ((out == 1).all(axis=-1) | gone).all()
    assert abs(gone.mean() - 0.25) < 0.03  # 2000 joints: three standard errors
    np.testing.assert_array_equal(drop_joints(clip, 0, np.random.default_rng(0)), clip)
    np.testing.assert_array_equal(drop_joints(clip, 1, np.random.default_rng(0)), 0 * clip)


@given(st.integers(1, 8), st.integers(0, 2), seeds)
@properties
def test_gaps_are_filled_as_a_loop_over_frames_fills_them(frames, confidences, seed):
    rng = np.random.default_rng(seed)
    clip = rng.standard_normal((frames, 4, 3 + confidences)) + 5
    missing = rng.random((frames, 4)) < 0.5
    expected = clip.copy()
    for v in range(4):
        seen = [t for t in range(frames) if not missing[t, v]]
        for t in range(frames):
            if t not in seen:
                expected[t, v] = 0
                before, after = [s for s in seen if s < t], [s for s in seen if s > t]
                if before and after:
                    a, b = before[-1], after[0]
                    expected[t, v, :3] = ((b - t) * clip[a, v, :3] + (t - a) * clip[b, v, :3]) / (b - a)
                elif seen:
                    expected[t, v, :3] = clip[(before or after[:1])[-1], v, :3]
    np.testing.assert_allclose(interpolate_missing(clip, missing, coordinates=3), expected, atol=1e-12)
    for gap in (0, np.nan):  # what was not seen is found without a mask too
        marked = np.where(missing[..., None], gap, clip)
        np.testing.assert_allclose(interpolate_missing(marked, coordinates=3), expected, atol=1e-12)


def test_gaps_by_hand():
    clip = np.array([[np.nan, 9], [4, 1], [0, 0], [np.nan, 1], [10, 1]])[:, None]  # x and a confidence
    assert interpolate_missing(clip, coordinates=1)[:, 0].tolist() == [[4, 0], [4, 1], [6, 0], [8, 0], [10, 1]]
    at_zero = np.array([[4.0, 1], [0, 0.5], [8, 1]])[:, None]  # a joint at x = 0 with a confidence was seen
    np.testing.assert_array_equal(interpolate_missing(at_zero, coordinates=1), at_zero)


@given(skeletons(), seeds)
@properties
def test_a_joint_never_seen_lies_at_the_nearest_one_that_was(graph, seed):
    rng = np.random.default_rng(seed)
    clip = random_clip(seed, graph.num_joints) + 9
    never = rng.random(graph.num_joints) < 0.5
    clip[:, never] = 0
    out = interpolate_missing(clip, coordinates=2, layout=graph)
    assert np.isfinite(out).all()
    hops = graph.hop_distance()
    for v in np.flatnonzero(never):
        nearest = [u for u in range(graph.num_joints) if not never[u] and hops[v, u] == min(hops[v, ~never])]
        assert not nearest or any(np.array_equal(out[:, v, :2], clip[:, u, :2]) for u in nearest)
        np.testing.assert_array_equal(out[:, v, 2], 0)
    np.testing.assert_array_equal(out[:, ~never], clip[:, ~never])
    if never.any():
        np.testing.assert_array_equal(interpolate_missing(clip, coordinates=2)[:, never], 0)


@pytest.mark.parametrize("layout", SPACE)
def test_a_person_who_faced_anywhere_faces_z(layout):
    graph = skeleton(layout)
    rng = np.random.default_rng(0)
    for _ in range(5):
        clip = random_clip(rng.integers(99), graph.num_joints, channels=4)
        out = align_view(clip, layout)
        left = next(v for v, name in enumerate(graph.joints) if name in ("left shoulder", "left upper arm", "LeftArm"))
        right = dict(graph.symmetric_pairs)[left]
        across = out[0, left] - out[0, right]
        assert abs(across[2]) < 1e-12 and across[0] > 0
        np.testing.assert_array_equal(out[..., [1, 3]], clip[..., [1, 3]])
        np.testing.assert_allclose(align_view(out, layout), out, atol=1e-12)  # twice is once
        turned = random_rotation(clip, 180, rng)
        np.testing.assert_allclose(align_view(turned, layout), out, atol=1e-12)  # wherever the camera stood


def test_view_aligned_by_hand():
    clip = np.zeros((2, 5, 3))
    clip[0, 0], clip[0, 1] = (0, 7, 1), (0, 5, -1)  # left shoulder along +z: the person faces -x
    clip[1, 3] = (-3, 0, 0)  # a step ahead
    out = align_view(clip, FIVE)
    np.testing.assert_allclose(out[0, :2], [[1, 7, 0], [-1, 5, 0]], atol=1e-12)
    np.testing.assert_allclose(out[1, 3], [0, 0, 3], atol=1e-12)
    made = motions.clip("bow", seed=3)  # made facing +z
    aligned = align_view(made, "ntu-25")
    assert np.abs(aligned - made).max() < 0.2 and aligned.dtype == np.float32


def test_where_shoulders_coincide_the_hips_decide():
    graph = skeleton("ntu-25")
    clip = random_clip(4, 25)
    left, right = graph.joints.index("left shoulder"), graph.joints.index("right shoulder")
    clip[0, left, [0, 2]] = clip[0, right, [0, 2]]  # one straight above the other
    out = align_view(clip, graph)
    across = out[0, graph.joints.index("left hip")] - out[0, graph.joints.index("right hip")]
    assert abs(across[2]) < 1e-12 and across[0] > 0


@given(skeletons(), seeds)
@properties
def test_mirrored_twice_is_the_clip_and_lengths_stay(graph, seed):
    clip = random_clip(seed, graph.num_joints, channels=4)
    out = flip(clip, graph)
    np.testing.assert_allclose(flip(out, graph), clip, atol=1e-12)
    twin = list(range(graph.num_joints))
    for left, right in graph.symmetric_pairs:
        twin[left], twin[right] = right, left
    for t in range(4):
        for v in range(graph.num_joints):
            x, *others = clip[t, twin[v]]
            middle = (clip[0, graph.center, 0] + clip[0, twin[graph.center], 0]) / 2
            np.testing.assert_allclose(out[t, v], [2 * middle - x, *others], atol=1e-12)


def test_a_wave_with_the_right_hand_becomes_one_with_the_left():
    graph, clip = skeleton("ntu-25"), motions.clip("wave", seed=1)
    hands = [graph.joints.index(f"{side} hand") for side in ("left", "right")]
    moved = np.ptp(clip[:, hands], axis=0).max(axis=-1)
    np.testing.assert_allclose(np.ptp(flip(clip, graph)[:, hands], axis=0).max(axis=-1), moved[::-1], atol=1e-6)
    assert moved.max() > 2 * moved.min()


@given(seeds, st.sampled_from("xyz"))
@properties
def test_a_random_turn_leaves_lengths_the_axis_and_the_hand(seed, axis):
    clip = random_clip(seed, 6, channels=4)
    out = random_rotation(clip, 180, np.random.default_rng(seed), axis)
    kept = ["xyz".index(axis), 3]
    np.testing.assert_allclose(out[..., kept], clip[..., kept], atol=1e-12)
    between = [np.linalg.norm(x[:, :, None, :3] - x[:, None, :, :3], axis=-1) for x in (clip, out)]
    np.testing.assert_allclose(between[0], between[1], atol=1e-10)
    np.testing.assert_allclose(np.linalg.det(out[0, :3, :3]), np.linalg.det(clip[0, :3, :3]), atol=1e-10)  # a turn, not a mirror


def test_a_random_turn_is_seeded_even_and_within_its_angle():
    clip = np.array([1.0, 0, 0]).reshape(1, 1, 3)
    rng = np.random.default_rng(0)
    x, _, z = np.array([random_rotation(clip, 30, rng).ravel() for _ in range(300)]).T
    angles = np.degrees(np.arctan2(-z, x))
    assert np.abs(angles).max() <= 30 and angles.max() > 28 and angles.min() < -28 and abs(angles.mean()) < 3
    again = [random_rotation(clip, 30, np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    np.testing.assert_array_equal(random_rotation(clip, 0, rng), clip)


def test_crops():
    clip = random_clip(0, 3, frames=6)
    np.testing.assert_array_equal(crop(clip, 2, 3), clip[[2, 3, 4]])
    np.testing.assert_array_equal(crop(clip, 0, 6), clip)
    rng = np.random.default_rng(0)
    starts = [next(s for s in range(6) if np.array_equal(out[0], clip[s]) and np.array_equal(out, clip[s:s + 3]))
              for out in (random_crop(clip, 3, rng) for _ in range(400))]
    assert np.bincount(starts).tolist() == pytest.approx([100] * 4, abs=35)  # four places, about four standard errors


def test_people_are_put_in_order():
    rng = np.random.default_rng(0)
    place = rng.standard_normal((5, 4, 1))
    still, calm, wild = (size * rng.standard_normal((6, 4, 3)) + 100 * place[i] for i, size in enumerate((0, 0.1, 3)))
    out = order_people([still, calm, wild])
    assert out.shape == (3, 6, 4, 2)
    np.testing.assert_array_equal(out, np.stack([wild, calm], axis=-1).transpose(2, 0, 1, 3))
    np.testing.assert_array_equal(order_people(np.stack([still, calm, wild])), out)
    padded = order_people([calm, still, still + 1], places=4)
    np.testing.assert_array_equal(padded[..., 3], 0)
    np.testing.assert_array_equal(padded[..., 1:3].transpose(3, 1, 2, 0), [still, still + 1])  # of equals the first stays first
    calm[..., 2], wild[..., 2] = 0.9, 0.2
    np.testing.assert_array_equal(order_people([wild, calm], 1, by="confidence")[..., 0], calm.transpose(2, 0, 1))
    still[::2, :, 2] = 9  # a confidence that comes and goes is no motion
    np.testing.assert_array_equal(order_people([still, calm], 1, coordinates=2)[..., 0], calm.transpose(2, 0, 1))
    np.testing.assert_array_equal(order_people([calm, still], 1)[..., 0], still.transpose(2, 0, 1))


CLIP, RNG = np.ones((2, 3, 3)), np.random.default_rng(0)
GAP = np.array([[True, False, False]] * 2)


@pytest.mark.parametrize("call, says", [
    (lambda: resample(np.ones((0, 3, 3)), 4), r"shape \(0, 3, 3\), expected \(T, V, C\) with at least one frame"),
    (lambda: motion(np.ones((3, 3))), r"shape \(3, 3\), expected \(T, V, C\)"),
    (lambda: resample(CLIP, 0), "frames is 0, expected 1 or more"),
    (lambda: center_and_scale(CLIP, "ntu-25"), "clip has 3 joints, the layout 'ntu-25' has 25"),
    (lambda: bones(CLIP, "ntu-25"), "clip has 3 joints, the layout 'ntu-25' has 25"),
    (lambda: center_and_scale(CLIP, CHAIN), "all joints in one point.*scale=False"),
    (lambda: motion(CLIP, coordinates=4), "coordinates is 4, the clip has 3 channels: expected 1 to 3"),
    (lambda: motion(CLIP, coordinates=0), "coordinates is 0"),
    (lambda: add_noise(CLIP, -1, RNG), "std is -1, expected a finite number, 0 or more"),
    (lambda: add_noise(CLIP, np.inf, RNG), "std is inf"), (lambda: add_noise(CLIP, np.nan, RNG), "std is nan"),
    (lambda: drop_joints(CLIP, 1.5, RNG), "share is 1.5, expected a probability"),
    (lambda: drop_joints(CLIP, np.nan, RNG), "share is nan"),
    (lambda: interpolate_missing(CLIP, GAP[:1]), r"missing has shape \(1, 3\) and holds bool, expected \(2, 3\) and bool"),
    (lambda: interpolate_missing(CLIP, GAP.astype(int)), "holds int64, expected"),
    (lambda: interpolate_missing(CLIP * np.nan, GAP), "not finite in a joint that was seen"),
    (lambda: interpolate_missing(CLIP * np.inf), "not finite in a joint that was seen"),
    (lambda: interpolate_missing(CLIP, layout="ntu-25"), "clip has 3 joints, the layout 'ntu-25' has 25"),
    (lambda: interpolate_missing(CLIP, coordinates=4), "coordinates is 4"),
    (lambda: align_view(np.ones((2, 5, 3)), FIVE), "no line from right to left in its first frame.*interpolate_missing"),
    (lambda: align_view(random_clip(0, 21), "hand-21"), "'hand-21' has no line.*has neither shoulders nor hips"),
    (lambda: align_view(np.ones((2, 5, 2)), FIVE), "clip has 2 channels, expected x, y and z"),
    (lambda: align_view(CLIP, FIVE), "clip has 3 joints"), (lambda: flip(CLIP, FIVE), "clip has 3 joints"),
    (lambda: random_rotation(CLIP[..., :2], 30, RNG), "clip has 2 channels, expected x, y and z"),
    (lambda: random_rotation(CLIP, -1, RNG), "degrees is -1, expected a finite number, 0 or more"),
    (lambda: random_rotation(CLIP, np.nan, RNG), "degrees is nan"), (lambda: random_rotation(CLIP, 9, RNG, "w"), "axis is 'w'"),
    (lambda: crop(CLIP, 1, 2), "start is 1 and frames is 2, expected a stretch of 1 or more of the 2 frames"),
    (lambda: crop(CLIP, -1, 1), "start is -1"), (lambda: crop(CLIP, 0, 0), "frames is 0"),
    (lambda: random_crop(CLIP, 3, RNG), "frames is 3, expected 1 to 2"), (lambda: random_crop(CLIP, 0, RNG), "frames is 0"),
    (lambda: order_people([]), "expected one or more people"),
    (lambda: order_people([CLIP, CLIP[:1]]), "all of one shape"),
    (lambda: order_people([CLIP], 0), "places is 0, expected 1 or more"),
    (lambda: order_people([CLIP], by="size"), "by is 'size', expected 'motion' or 'confidence'")])
def test_input_that_does_not_fit(call, says):
    with pytest.raises(ValueError, match=says):
        call()
