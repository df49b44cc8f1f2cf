"""What goes wrong in levels, and what fills the holes: loops, closed forms, and the step for single clips."""

import numpy as np
import pytest
import torch

from stgcn_lib.data import transforms
from stgcn_lib.data.corruptions import CORRUPTIONS, confidence, corrupt, drop_joints_in_training, fill, limbs, present, weigh
from stgcn_lib.graphs import SkeletonGraph, skeleton

HAND = skeleton("hand-22")
HOLES = [kind for kind in CORRUPTIONS if kind != "noise"]


def batch(n=6, channels=3, frames=32, people=1, dtype=torch.float32):
    return torch.randn(n, channels, frames, 22, people, generator=torch.Generator().manual_seed(0), dtype=dtype)


def holes(x, seed=0, share=0.6):
    return torch.rand(len(x), *x.shape[2:], generator=torch.Generator().manual_seed(seed)) >= share


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_the_same_seed_gives_the_same_holes_in_any_order_and_batch(kind):
    x, level = batch(people=2), CORRUPTIONS[kind][1][-2]
    whole, seen = corrupt(x, kind, level, HAND, seed=3)
    order = [4, 0, 5]
    part, part_seen = corrupt(x[order], kind, level, HAND, seed=3, clips=order)
    assert torch.equal(part, whole[order]) and torch.equal(part_seen, seen[order])
    torch.manual_seed(99)
    assert torch.equal(corrupt(x, kind, level, "hand-22", seed=3)[0], whole)  # nothing global is asked
    assert torch.equal(x, batch(people=2))
    if kind != "left half":  # whose place follows from the clip too
        assert torch.equal(corrupt(2 * x, kind, level, HAND, seed=3)[1], seen)  # nor what the network is given
    assert not torch.equal(corrupt(x, kind, level, HAND, seed=4)[0], whole)
    assert not torch.equal(seen[0] if kind != "noise" else whole[0], seen[1] if kind != "noise" else whole[1])


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_level_zero_is_the_identity_and_holes_are_zero(kind):
    x = batch()
    same, seen = corrupt(x, kind, 0, HAND, seed=0)
    assert torch.equal(same, x) and seen.all() and same.data_ptr() != x.data_ptr()
    y, seen = corrupt(x, kind, CORRUPTIONS[kind][1][-1], HAND, seed=0)
    if kind in HOLES:
        kept = seen[:, None].expand_as(x)
        assert torch.equal(y[kept], x[kept]) and not y[~kept].any() and not seen.all()


@pytest.mark.parametrize("kind", HOLES)
def test_a_higher_level_adds_to_the_holes_of_a_lower_one(kind):
    x, levels = batch(people=2), CORRUPTIONS[kind][1]
    fine = levels if kind == "limb" else np.linspace(0, 1, 33)
    seen = [corrupt(x, kind, level, HAND, seed=1)[1] for level in fine]
    for lower, higher in zip(seen, seen[1:], strict=False):
        assert not (higher & ~lower).any()
    assert list(levels) == sorted(levels) and seen[-1].sum() < seen[0].sum()


def test_shares_hit_their_level():
    x = batch(400)
    for level in (0.1, 0.3, 0.7):
        lost = ~corrupt(x, "joints", level, HAND, seed=0)[1]
        # runs of 8 of 32 frames: about 4 windows a joint, 400 * 22 * 4 draws
        assert abs(lost.float().mean().item() - level) < 4 * (level * (1 - level) / (400 * 22 * 4)) ** 0.5
        per_joint = lost.float().mean((0, 1, 3))
        assert (per_joint - level).abs().max() < 5 * (level * (1 - level) / (400 * 4)) ** 0.5
    for kind in ("frames", "body"):
        lost = ~corrupt(x, kind, 0.25, HAND, seed=0)[1]
        assert (lost.float().mean((1, 2, 3)) == 0.25).all() and (lost.all(2) | ~lost.any(2)).all()  # whole frames
    assert not corrupt(x, "joints", 1, HAND, seed=0)[1].any()


def test_joints_are_lost_for_runs_and_a_body_for_one():
    lost = ~corrupt(batch(200), "joints", 0.2, HAND, seed=0)[1]
    inside = lost[:, 8:-8] & ~lost[:, 7:-9]  # a hole that begins here goes on for 8 frames
    n, t, v, m = inside.nonzero(as_tuple=True)
    assert len(n) > 100 and all(lost[n, t + 8 + i, v, m].all() for i in range(8))
    body = (~corrupt(batch(200), "body", 0.3, HAND, seed=0)[1])[:, :, 0, 0].int()
    assert (body.diff(dim=1).abs().sum(1) <= 2).all() and body[:, 0].any() and body[:, -1].any() and not body[:, 0].all()
    frames = (~corrupt(batch(200), "frames", 0.3, HAND, seed=0)[1])[:, :, 0, 0].int()
    assert (frames.diff(dim=1).abs().sum(1) > 4).float().mean() > 0.9  # scattered


def test_limbs_are_fingers_arms_legs_and_head():
    names = [[HAND.joints[v] for v in limb] for limb in limbs(HAND)]
    assert names[1] == ["index 4", "index 3", "index 2", "index 1"] and len(names) == 5 and names[0][-1] == "wrist"
    ntu = skeleton("ntu-25")
    roots = sorted(ntu.joints[limb[-1]] for limb in limbs(ntu))
    assert roots == ["left hip", "left shoulder", "neck", "right hip", "right shoulder"]
    parts = [set(limb) for limb in limbs(HAND)]
    for level in (1, 2, 3):
        lost = ~corrupt(batch(50), "limb", level, HAND, seed=0)[1]
        for clip in lost[..., 0]:
            gone = {v for v in range(22) if clip[:, v].all()}
            assert clip.any(0).sum() == len(gone) and sum(part <= gone for part in parts) == level
            assert gone == set().union(*(part for part in parts if part <= gone))


def test_the_left_half_is_left_of_the_middle():
    x = batch(5)
    seen = corrupt(x, "left half", 1, HAND, seed=0)[1]
    for n in range(5):
        for t in range(32):
            middle = x[n, 0, t].mean()
            assert seen[n, t, :, 0].tolist() == [bool(x[n, 0, t, v, 0] >= middle) for v in range(22)]


def test_noise_has_its_size_and_leaves_confidence_alone():
    x = batch(200)
    y, seen = corrupt(x, "noise", 0.02, HAND, seed=0, coordinates=2)
    error = y - x
    assert error[:, :2].std().item() == pytest.approx(0.02, rel=0.02) and abs(error[:, :2].mean()) < 1e-3
    assert torch.equal(y[:, 2], x[:, 2]) and seen.all()
    twice = corrupt(x, "noise", 0.04, HAND, seed=0, coordinates=2)[0] - x
    assert torch.allclose(twice, 2 * error, atol=1e-5)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_an_empty_place_stays_empty(kind):
    x = batch(people=2)
    x[2:, ..., 1] = 0
    assert present(x).tolist() == [[True, True]] * 2 + [[True, False]] * 4
    y, seen = corrupt(x, kind, CORRUPTIONS[kind][1][-1], HAND, seed=0)
    assert not y[2:, ..., 1].any() and not seen[2:, ..., 1].any()
    for out in (fill(y, seen, "interpolate", graph=HAND), confidence(y, seen), weigh(y, seen)):
        assert not out[2:, ..., 1].any() and torch.isfinite(out).all()


@pytest.mark.parametrize("graph", [None, "hand-22"])
@pytest.mark.parametrize("coordinates", [None, 2])
def test_interpolation_by_a_loop(graph, coordinates):
    x = batch(4, people=2, frames=9, dtype=torch.float64)
    seen = holes(x)
    seen[0, :, [3, 7]] = False  # never seen
    seen[1] = False  # nothing seen
    got, count = fill(x, seen, "interpolate", coordinates, graph), coordinates or 3
    times, hops = np.arange(9), HAND.hop_distance()
    for n in range(4):
        for m in range(2):
            expected, mask = np.zeros((3, 9, 22)), seen[n, ..., m].numpy()
            for v in range(22):
                if mask[:, v].any():
                    for c in range(count):
                        expected[c, :, v] = np.interp(times, times[mask[:, v]], x[n, c, mask[:, v], v, m])
                    expected[count:, mask[:, v], v] = x[n, count:, mask[:, v], v, m]
            known = [v for v in range(22) if mask[:, v].any()]
            for v in set(range(22)) - set(known):
                if graph and known:
                    expected[:count, :, v] = expected[:count, :, min(known, key=lambda u: (hops[v, u], u))]
            np.testing.assert_allclose(got[n, ..., m], expected, atol=1e-12)
            clip, mine = x[n, ..., m].permute(1, 2, 0).numpy(), got[n, ..., m].permute(1, 2, 0).numpy()
            np.testing.assert_array_equal(mine, transforms.interpolate_missing(clip, ~mask, coordinates, graph))


def test_a_straight_line_is_filled_exactly():
    t = torch.arange(32.0)[None, None, :, None, None]
    line = (batch(5)[:, :, :1].mul(8).round() * t + 5).contiguous()
    seen = holes(line)
    seen[:, 0] = seen[:, -1] = True
    assert torch.equal(fill(line, seen, "interpolate"), line)
    assert not torch.equal(fill(line, seen, "last"), line)


def test_last_by_a_loop():
    x = batch(4)
    seen = holes(x, share=0.8)
    got = fill(x, seen, "last")
    for n in range(4):
        for v in range(22):
            there = seen[n, :, v, 0].nonzero().flatten().tolist()
            for t in range(32):
                take = max((s for s in there if s <= t), default=min(there, default=None))
                assert torch.equal(got[n, :, t, v, 0], torch.zeros(3) if take is None else x[n, :, take, v, 0])


@pytest.mark.parametrize("how", ["zero", "last", "interpolate"])
def test_what_was_seen_stays_and_a_hole_may_hold_anything(how):
    x = batch()
    seen = holes(x)
    seen[0] = False
    dirty = torch.where(seen[:, None], x, torch.tensor(float("nan")))
    out = fill(dirty, seen, how)
    kept = seen[:, None].expand_as(x)
    assert torch.isfinite(out).all() and torch.equal(out[kept], x[kept]) and not out[0].any()
    assert torch.equal(out, fill(x, seen, how)) and torch.equal(fill(x, torch.ones_like(seen), how), x)
    if how == "zero":
        assert not out[~kept].any()


def test_confidence_is_a_channel():
    x, seen = batch(), holes(batch())
    y = confidence(x, seen)
    assert torch.equal(y[:, :3], x) and torch.equal(y[:, 3], seen.float())


def test_the_mean_of_weighed_joints_is_the_weighted_mean():
    x = batch(dtype=torch.float64)
    weight = torch.rand(6, 32, 22, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weight[0, 3] = 0  # a frame of which nothing was seen
    y = weigh(x, weight)
    for n, t in ((0, 0), (1, 5), (5, 31)):
        w = weight[n, t, :, 0]
        for c in range(3):
            expected = sum(w[v] * x[n, c, t, v, 0] for v in range(22)) / sum(w)
            assert y[n, c, t].mean().item() == pytest.approx(expected.item())
    assert not y[0, :, 3].any() and torch.allclose(weigh(x, torch.full_like(weight, 0.4)), x)
    seen = holes(x)
    assert torch.equal(weigh(x, seen), weigh(fill(x, seen, "last"), seen))  # what was filled in counts nothing


def test_joints_are_dropped_in_training_from_torch_s_generator():
    x = batch(300, people=2)
    x[:5, ..., 1] = 0
    torch.manual_seed(1)
    y = drop_joints_in_training(x, 0.3)
    torch.manual_seed(1)
    assert torch.equal(drop_joints_in_training(x, 0.3), y)
    assert torch.equal(drop_joints_in_training(x, 0.3, torch.Generator().manual_seed(1)), y)
    assert not torch.equal(drop_joints_in_training(x, 0.3), y)
    lost = (y == 0).all(1)[5:]
    assert lost.float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(drop_joints_in_training(x, 0.0), x) and not drop_joints_in_training(x, 1).any()
    shares = torch.linspace(0, 1, 300)
    each = (drop_joints_in_training(x, shares)[..., 0] == 0).all(1).float().mean((1, 2))
    assert (each - shares).abs().max() < 0.25 and (each - shares).abs().mean() < 0.06
    whole = drop_joints_in_training(x, 0.3, how="interpolate", graph="hand-22")
    assert (whole[5:] != 0).all() and not whole[:5, ..., 1].any()


def test_one_frame_and_no_clip_are_batches_too():
    for kind in CORRUPTIONS:
        y, seen = corrupt(batch(frames=1), kind, CORRUPTIONS[kind][1][-1], HAND, seed=0)
        assert torch.isfinite(fill(y, seen, "interpolate", graph=HAND)).all()
        assert corrupt(batch(0), kind, CORRUPTIONS[kind][1][-1], HAND, seed=0)[0].shape == (0, 3, 32, 22, 1)


def test_what_is_wrong_is_named():
    x, seen = batch(), holes(batch())
    for change, message in (({"kind": "fog"}, "kind is 'fog'"), ({"level": -0.1}, "level is -0.1"),
                            ({"level": 1.1}, "level is 1.1"),
                            ({"level": float("nan")}, "level is nan"), ({"kind": "noise", "level": float("inf")}, "level is inf"),
                            ({"kind": "limb", "level": 6}, "expected 0 to 5"), ({"kind": "limb", "level": 1.5}, "level is 1.5"),
                            ({"seed": -1}, "seed is -1"), ({"seed": None}, "seed is None"), ({"clips": [0]}, "clips has shape"),
                            ({"clips": np.arange(6) - 1}, "clips has shape"), ({"graph": "ntu-25"}, "22 joints")):
        with pytest.raises(ValueError, match=message):
            corrupt(**({"x": x, "kind": "joints", "level": 0.1, "graph": HAND, "seed": 0} | change))
    for arguments, message in (((x, seen, "mean"), "how is 'mean'"), ((x, seen[:2]), "seen has shape"), ((x, seen.float()), "bool"),
                               ((x, seen, "last", 4), "coordinates is 4"), ((x[0], seen), "x is"),
                               ((x, seen, "last", None, SkeletonGraph.from_edges([(0, 1)], center=0)), "x has 22 joints")):
        with pytest.raises(ValueError, match=message):
            fill(*arguments)
    for share in (-0.1, 1.5, torch.zeros(2)):
        with pytest.raises(ValueError, match="share is"):
            drop_joints_in_training(x, share)
    for function in (confidence, weigh):
        with pytest.raises(ValueError, match="seen has shape"):
            function(x, seen[:, :5])
