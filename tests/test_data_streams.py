"""The four streams, against the steps for single clips, loops, and what they must leave alone."""

import numpy as np
import pytest
import torch

from stgcn_lib.data import transforms
from stgcn_lib.data.streams import STREAMS, fitting, stream, streams
from stgcn_lib.graphs import SkeletonGraph, skeleton

CHAIN = SkeletonGraph.from_edges([(0, 1), (1, 2)], ["hand", "elbow", "shoulder"], "shoulder")


def batch(n=3, channels=3, joints=22, people=2, frames=7):
    return torch.randn(n, channels, frames, joints, people, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def clips(x):
    """Every person of every clip as (T, V, C) arrays."""
    return [x[n, ..., m].permute(1, 2, 0).numpy() for n in range(len(x)) for m in range(x.shape[-1])]


@pytest.mark.parametrize("layout", ["hand-22", "ntu-25", "coco-17"])
@pytest.mark.parametrize("coordinates", [None, 2])
def test_streams_are_the_steps_for_single_clips(layout, coordinates):
    x = batch(joints=skeleton(layout).num_joints)
    got = {name: clips(stream(x, layout, name, coordinates)) for name in STREAMS}
    for i, clip in enumerate(clips(x)):
        bone = transforms.bones(clip, layout, coordinates)
        np.testing.assert_array_equal(got["joint"][i], clip)
        np.testing.assert_array_equal(got["bone"][i], bone)
        for name, base in (("joint motion", clip), ("bone motion", bone)):
            count = coordinates or 3
            expected = transforms.motion(base, coordinates)[1:, :, :count]  # the change since the frame before, one frame later
            np.testing.assert_array_equal(got[name][i][:-1, :, :count], expected)
            np.testing.assert_array_equal(got[name][i][-1, :, :count], 0)
            np.testing.assert_array_equal(got[name][i][..., count:], clip[..., count:])


def test_streams_by_a_loop():
    x, graph = batch(), skeleton("hand-22")
    bone, moved = torch.zeros_like(x), torch.zeros_like(x)
    for v in range(22):
        if graph.parents[v] >= 0:
            bone[:, :, :, v] = x[:, :, :, v] - x[:, :, :, graph.parents[v]]
    for t in range(6):
        moved[:, :, t] = bone[:, :, t + 1] - bone[:, :, t]
    assert torch.equal(stream(x, graph, "bone"), bone) and torch.equal(stream(x, graph, "bone motion"), moved)


def test_three_joints_by_hand():
    x = torch.tensor([[5.0, 3.0, 1.0], [6.0, 3.0, 2.0]])[None, None, ..., None]  # hand, elbow, shoulder at two times
    by_hand = {"bone": [[2, 2, 0], [3, 1, 0]], "joint motion": [[1, 0, 1], [0, 0, 0]], "bone motion": [[1, -1, 0], [0, 0, 0]]}
    for name, expected in by_hand.items():
        assert stream(x, CHAIN, name)[0, 0, ..., 0].tolist() == expected
    assert not stream(x[:, :, :1], CHAIN, "joint motion").any()  # one frame does not move


def test_bones_add_up_to_joints_and_motion_adds_up_to_the_way():
    x, graph = batch(), skeleton("hand-22")
    bone, way = stream(x, graph, "bone"), stream(x, graph, "joint motion").cumsum(2)
    for v in range(22):
        total, u = x[:, :, :, graph.center].clone(), v
        while graph.parents[u] >= 0:
            total, u = total + bone[:, :, :, u], graph.parents[u]
        torch.testing.assert_close(total, x[:, :, :, v])
    torch.testing.assert_close(way[:, :, :-1], x[:, :, 1:] - x[:, :, :1])


def test_where_somebody_stands_is_seen_by_the_joints_alone():
    x = batch()
    for name in STREAMS[1:]:
        torch.testing.assert_close(stream(x + 7, "hand-22", name), stream(x, "hand-22", name))


def test_streams_are_concatenated_and_the_confidence_comes_once():
    x, names = batch(channels=3), ("bone", "joint", "bone motion")
    got = streams(x, "hand-22", names, coordinates=2)
    assert got.shape == (3, 7, 7, 22, 2) and torch.equal(got[:, 6], x[:, 2])
    for i, name in enumerate(names):
        assert torch.equal(got[:, 2 * i:2 * i + 2], stream(x, "hand-22", name, 2)[:, :2])
    assert streams(x, "hand-22").shape[1] == 12


@pytest.mark.parametrize("name", STREAMS)
def test_the_batch_stays_and_nobody_stays_nobody(name):
    x = batch()
    x[:, ..., 1] = 0
    before = x.clone()
    y = stream(x, "hand-22", name)
    assert not y[..., 1].any() and y.dtype == x.dtype
    y.fill_(9)
    assert torch.equal(x, before)


def test_what_is_wrong_is_named():
    x = batch()
    for arguments, message in (((x, "hand-22", "bones"), "name is 'bones'"), ((x, "ntu-25", "bone"), "x has 22 joints"),
                               ((x[0], "hand-22", "bone"), "shape"), ((x.long(), "hand-22", "bone"), "int64"),
                               ((x[:, :, :0], "hand-22", "joint"), "a frame or more"), ((x, 22, "bone"), "graph is 22"),
                               ((x, "hand-22", "bone", 4), "coordinates is 4"), ((x, "hand-22", "bone", 0), "coordinates is 0")):
        with pytest.raises(ValueError, match=message):
            stream(*arguments)
    for names in ((), "bone"):
        with pytest.raises(ValueError, match="names is"):
            streams(x, "hand-22", names)
    assert fitting(x, "hand-22", 2)[1] == 2
