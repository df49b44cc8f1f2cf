"""The steps from a clip to a network, against loops, and what they must leave alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib.data.transforms import add_noise, bones, center_and_scale, drop_joints, motion, resample
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
}
FIVE = SkeletonGraph.from_edges([(0, 2), (1, 2), (2, 3), (3, 4)], center=2)


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


CLIP, RNG = np.ones((2, 3, 3)), np.random.default_rng(0)


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
    (lambda: drop_joints(CLIP, np.nan, RNG), "share is nan")])
def test_input_that_does_not_fit(call, says):
    with pytest.raises(ValueError, match=says):
        call()
