import numpy as np
import pytest
import torch

from stgcn_lib.data import augment, motions
from stgcn_lib.graphs import skeleton


def batch(n=6, seed=0):
    return torch.randn(n, 3, 10, 17, 2, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("axis", "kept"), [("x", 0), ("y", 1), ("z", 2)])
def test_rotation_keeps_distances_and_the_axis(axis, kept):
    x, y = batch(), augment.rotate(batch(), 90, axis)
    assert torch.allclose(x.norm(dim=1), y.norm(dim=1), atol=1e-5)
    assert torch.allclose(x[:, kept], y[:, kept], atol=1e-6)
    assert not torch.allclose(x, y)
    right_handed = torch.linalg.det(torch.stack([y[0, :, 0, v, 0] for v in range(3)])) / torch.linalg.det(
        torch.stack([x[0, :, 0, v, 0] for v in range(3)]))
    assert right_handed == pytest.approx(1, abs=1e-3)  # a turn, not a mirror


def test_rotation_leaves_confidence_alone_and_stays_within_its_angle():
    x = torch.zeros(200, 4, 1, 1, 1)
    x[:, 0], x[:, 3] = 1.0, 0.7
    y = augment.rotate(x, 30)
    angles = torch.rad2deg(torch.atan2(-y[:, 2], y[:, 0])).flatten()
    assert angles.abs().max() <= 30.001 and angles.max() > 20 and angles.min() < -20
    assert torch.equal(y[:, 3], x[:, 3])


def test_rescaling_keeps_the_shape_of_a_body_and_the_confidence():
    x = torch.cat([batch(50)[:, :2], torch.ones(50, 1, 10, 17, 2)], 1)
    y = augment.rescale(x, 0.2, coordinates=2)
    factor = (y / x)[:, :2].flatten(1)
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), atol=1e-4)
    assert factor.min() >= 0.7999 and factor.max() <= 1.2001 and factor[:, 0].std() > 0.05
    assert torch.equal(y[:, 2], x[:, 2])


def test_a_crop_is_a_stretch_of_the_clip():
    ramp = torch.arange(20.0)[None, None, :, None, None].expand(100, 3, 20, 17, 1)
    y = augment.crop_in_time(ramp, 0.5)[:, 0, :, 0, 0]
    steps = y.diff(dim=1)
    assert torch.allclose(steps, steps[:, :1].expand_as(steps), atol=1e-4)  # evenly played
    assert y.min() >= 0 and y.max() <= 19
    assert steps.min() >= 0.4999 and steps.max() <= 1.0001 and steps[:, 0].std() > 0.05
    assert torch.allclose(augment.crop_in_time(batch(), 1.0), batch(), atol=1e-5)
    assert torch.equal(augment.crop_in_time(batch()[:, :, :1], 0.5), batch()[:, :, :1])


def test_a_flip_is_the_mirror_of_transforms_by_hand():
    graph, clip = skeleton("ntu-25"), motions.clip("wave", seed=1)
    x = torch.from_numpy(clip).permute(2, 0, 1)[None, ..., None]  # (1, C, T, V, 1)
    expected = clip.copy()
    for left, right in graph.symmetric_pairs:
        expected[:, [left, right]] = clip[:, [right, left]]
    expected[..., 0] *= -1
    y = augment.flip(x, graph.symmetric_pairs, share=1.0)
    assert np.allclose(y[0, ..., 0].permute(1, 2, 0).numpy(), expected)
    assert torch.equal(augment.flip(y, graph.symmetric_pairs, share=1.0), x)


def test_a_share_of_the_clips_is_flipped():
    x, pairs = batch(200), skeleton("coco-17").symmetric_pairs
    torch.manual_seed(0)
    moved = (augment.flip(x, pairs, 0.3) != x).flatten(1).any(1)
    assert 0.2 < moved.float().mean() < 0.4


@pytest.mark.parametrize("change", [lambda x: augment.rotate(x, 30), lambda x: augment.rescale(x, 0.1),
                                    lambda x: augment.crop_in_time(x, 0.8), lambda x: augment.flip(x, [(1, 2)])])
def test_the_same_seed_gives_the_same_change_and_the_batch_stays(change):
    x = batch()
    torch.manual_seed(5)
    first = change(x)
    torch.manual_seed(5)
    assert torch.equal(change(x), first) and torch.equal(x, batch()) and first.shape == x.shape
    torch.manual_seed(6)
    assert not torch.equal(change(x), first)


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="axis is 'up'"):
        augment.rotate(batch(), 30, "up")
    with pytest.raises(ValueError, match="2 channels"):
        augment.rotate(batch()[:, :2], 30)
    with pytest.raises(ValueError, match="shortest is 0"):
        augment.crop_in_time(batch(), 0)
