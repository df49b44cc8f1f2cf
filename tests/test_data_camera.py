"""The camera against a projection written out by hand, and the habits of a pose estimator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stgcn_lib.data import motions
from stgcn_lib.data.camera import project
from stgcn_lib.graphs import skeleton

CLIP = motions.clip("wave", 2, layout="openpose-18")
OPENPOSE = dict(layout="openpose-18")
EXACT = dict(noise=0, dropout=0, **OPENPOSE)


def by_hand(point, centre, azimuth, elevation, distance, focal):
    """One point, by placing the camera in the room and taking components along its axes."""
    a, e = np.radians(azimuth), np.radians(elevation)
    camera = centre + distance * np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
    ahead = (centre - camera) / distance
    right = np.cross(ahead, [0, 1, 0])
    right = right / np.linalg.norm(right)
    up = np.cross(right, ahead)
    ray = point - camera
    return 0.5 + focal * (ray @ right) / (ray @ ahead), 0.5 - focal * (ray @ up) / (ray @ ahead)


@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(3, 8), st.floats(0.5, 3))
@settings(max_examples=30, deadline=None)
def test_projection_is_the_pinhole_projection(azimuth, elevation, distance, focal):
    out = project(CLIP, azimuth, elevation, distance, focal, **EXACT)
    centre = (CLIP.min(axis=(0, 1)) + CLIP.max(axis=(0, 1))).astype(np.float64) / 2
    for t, v in ((0, 0), (20, 4), (63, 13)):
        expected = by_hand(CLIP[t, v], centre, azimuth, elevation, distance, focal)
        np.testing.assert_allclose(out[t, v, :2], expected, atol=2e-6)


def test_from_the_front_the_left_is_on_the_right_and_the_head_is_up():
    out = project(CLIP, **EXACT)
    names = skeleton("openpose-18").joints
    x, y = out[0, :, 0], out[0, :, 1]
    assert x[names.index("left shoulder")] > x[names.index("right shoulder")]
    assert y[names.index("nose")] < y[names.index("left ankle")]  # y points down
    assert (out[..., :2] > 0).all() and (out[..., :2] < 1).all()
    behind = project(CLIP, azimuth=180, **EXACT)[0, :, 0]
    assert behind[names.index("left shoulder")] < behind[names.index("right shoulder")]


def test_confidence_falls_where_a_joint_is_hidden():
    rest = np.repeat(motions.clip("bow", 0, layout="openpose-18")[:1], 40, axis=0)  # stands still
    names = skeleton("openpose-18").joints
    yaw = np.degrees(np.arctan2(*(rest[0, names.index("nose")] - rest[0, [16, 17]].mean(axis=0))[[0, 2]]))
    confidence = {a: project(rest, azimuth=yaw + a, dropout=0, **OPENPOSE)[..., 2].mean(axis=0) for a in (0, 90, 180)}
    nose, left_ear, right_ear = (names.index(n) for n in ("nose", "left ear", "right ear"))
    assert confidence[0][nose] > 0.85 and confidence[180][nose] < 0.6
    assert confidence[90][left_ear] > 0.85 and confidence[90][right_ear] < 0.6
    assert confidence[90].mean() < confidence[0].mean()


def test_confidence_falls_where_a_joint_moves_fast():
    clip = motions.clip("punch", 3, side="right", layout="coco-17")
    out = project(clip, azimuth=90, noise=0, dropout=0, layout="coco-17")
    wrist = skeleton("coco-17").joints.index("right wrist")
    speed = np.linalg.norm(np.gradient(out[:, wrist, :2], axis=0), axis=-1)
    assert out[speed > 0.02, wrist, 2].mean() < out[speed < 0.002, wrist, 2].mean() - 0.05


def test_noise_has_the_asked_size_and_grows_as_confidence_falls():
    rest = np.repeat(CLIP[:1], 600, axis=0)
    exact, noisy = project(rest, **EXACT), project(rest, noise=0.01, dropout=0, **OPENPOSE)
    error = (noisy - exact)[..., :2].std(axis=(0, 2))  # (V,)
    seen = exact[..., 2].mean(axis=0)
    assert abs(error[seen > 0.88].mean() - 0.01) < 0.001
    assert (error[seen < 0.6] > 0.025).all() or (seen >= 0.6).all()
    side = project(rest, azimuth=90, noise=0.01, dropout=0, **OPENPOSE)
    assert (side[..., 2].mean(axis=0) < 0.6).any()


def test_missed_joints_are_zero_for_some_frames():
    rest = np.repeat(CLIP[:1], 3000, axis=0)
    out = project(rest, dropout=0.05, noise=0, **OPENPOSE)
    missed = out[..., 2] == 0
    assert (out[missed] == 0).all() and (out[~missed] > 0).all()
    rate = missed.mean(axis=0)
    assert abs(np.median(rate) - 0.05) < 0.015
    starts = (missed[1:] & ~missed[:-1]).sum()
    assert 3 < missed.sum() / starts < 8  # a miss lasts about five frames
    assert (project(CLIP, dropout=1, **OPENPOSE) == 0).all()


def test_the_seed_decides():
    first = project(CLIP, seed=4, **OPENPOSE)
    np.testing.assert_array_equal(first, project(CLIP, seed=4, **OPENPOSE))
    np.testing.assert_array_equal(first, project(CLIP, rng=np.random.default_rng(4), **OPENPOSE))
    assert not np.array_equal(first, project(CLIP, seed=5, **OPENPOSE))
    assert first.dtype == np.float32 and first[..., 2].min() >= 0 and first[..., 2].max() <= 1


@pytest.mark.parametrize("layout", motions.LAYOUTS)
def test_every_layout_of_the_body_can_be_filmed(layout):
    clip = motions.clip("run", 1, frames=12, layout=layout)
    assert np.isfinite(project(clip, azimuth=30, layout=layout)).all()
    assert project(clip[:1], layout=layout).shape == (1, clip.shape[1], 3)


def test_a_graph_of_ones_own_will_do():
    np.testing.assert_array_equal(project(CLIP, layout=skeleton("openpose-18")), project(CLIP, **OPENPOSE))


@pytest.mark.parametrize("change, message", [
    (dict(clip=CLIP[0]), r"clip has shape \(18, 3\)"),
    (dict(clip=CLIP[:0]), r"clip has shape \(0, 18, 3\)"),
    (dict(clip=CLIP[..., :2]), "frames, joints, metres"),
    (dict(layout="ntu-25"), "clip has 18 joints, the layout 'ntu-25' has 25"),
    (dict(clip=np.where(np.arange(18)[:, None] == 3, np.nan, CLIP)), "not finite"),
    (dict(distance=0.3), "behind the camera: give at least"),
    (dict(distance=-1), "distance is -1"),
    (dict(focal=0), "focal is 0"),
    (dict(noise=-0.1), "noise is -0.1"),
    (dict(dropout=1.5), "dropout is 1.5, expected a number from 0 to 1"),
    (dict(elevation=90), "elevation is 90"),
    (dict(azimuth=float("nan")), "azimuth is nan"),
])
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        project(**(dict(clip=CLIP, layout="openpose-18") | change))
