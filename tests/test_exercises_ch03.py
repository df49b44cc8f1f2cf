"""The checks of chapter 3: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from stgcn_lib.exercises import ch03
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph, skeleton
from stgcn_lib.layers import SpatialGraphConv

STICK = SkeletonGraph.from_edges([(1, 0), (2, 1), (3, 1), (4, 1)], ["hip", "chest", "head", "left hand", "right hand"],
                                 center="hip", name="stick-5")


def stub(*inputs):
    ...


@pytest.mark.parametrize("seed", range(5))
def test_hop_distances_are_a_connected_graph_with_an_edge_between_equals(seed):
    d, center = ch03.hop_distances(np.random.default_rng(seed), 7, extra=1)
    graph = SkeletonGraph.from_edges([(v, u) for v, u in (d == 1).nonzero().tolist() if v < u], center=center)
    assert (graph.hop_distance() == d.numpy()).all()
    assert ((d == 1) & (d[center][:, None] == d[center][None])).any() and d.max() > 2


# ---- spatial_subsets ----------------------------------------------------------------------------------------------------------

def masks(d, to):
    near, receiver, sender = d <= 1, to[:, None], to[None, :]
    return torch.stack([near & (sender == receiver), near & (sender < receiver), near & (sender > receiver)]).float()


def spatial_subsets(d, center):
    A = masks(d, d[center])
    return A / A.sum((0, 2))[:, None]


def capped(d, center):
    """The released code: what is farther from the centre than one hop is infinitely far; the joint itself alone in subset 0."""
    to = d[center].float()
    to[to > 1] = torch.inf
    near, receiver, sender = d == 1, to[:, None], to[None, :]
    A = torch.stack([d == 0, near & (sender >= receiver), near & (sender < receiver)]).float()
    return A / A.sum((0, 2))[:, None]


def one_by_one(d, center):
    A = masks(d, d[center])
    return A / A.sum(2, keepdim=True).clamp(min=1)


def root_is_the_joint_alone(d, center):
    A = spatial_subsets(d, center)
    return torch.stack([A[0] * torch.eye(len(d)), A[1] + A[0] * (1 - torch.eye(len(d))), A[2]])


def over_all(A):
    """Divided by the size of the whole neighbourhood."""
    return A / A.sum((0, 2))[:, None].clamp(min=1)


def without_equals(d, center):
    to = d[center]
    return over_all(masks(d, to) * (torch.eye(len(d)) + (to[:, None] != to[None])))


SPATIAL = {
    "columns receive": lambda d, c: spatial_subsets(d, c).mT,
    "nearer and farther exchanged": lambda d, c: spatial_subsets(d, c)[[0, 2, 1]],
    "capped hop distances": capped,
    "each subset divided by its own size": one_by_one,
    "equals are among the nearer": root_is_the_joint_alone,
    "equals are lost": without_equals,
    "no self-loops": lambda d, c: over_all(masks(d, d[c]) * (d > 0)),
    "not divided": lambda d, c: masks(d, d[c]),
    "columns divided": lambda d, c: masks(d, d[c]) / masks(d, d[c]).sum((0, 1)),
    "the centre is taken to be joint 0": lambda d, c: spatial_subsets(d, 0),
    "everybody, however far": lambda d, c: over_all(masks(d.clamp(max=1), d[c])),
    "by distance instead": lambda d, c: over_all(torch.stack([d == 0, d == 1, d == 9]).float()),
    "equals also among the nearer": lambda d, c: masks(d, d[c]) + torch.stack([0 * d, masks(d, d[c])[0] * (d == 1), 0 * d]),
    "one matrix": lambda d, c: spatial_subsets(d, c).sum(0),
}


def test_spatial_subsets():
    assert_checker(ch03.spatial_subsets, stub, spatial_subsets, SPATIAL, breaks={
        "columns receive": "centripetal", "nearer and farther exchanged": "centripetal", "capped hop distances": "centripetal",
        "each subset divided by its own size": "ones in, ones out", "equals are among the nearer": "root",
        "equals are lost": "hears itself", "no self-loops": "hears itself", "columns divided": "ones in, ones out",
        "everybody, however far": "nobody else", "one matrix": "returns"})


def failures(check, answer):
    """Dict of property to message, of those that fail."""
    return {name: message for state, name, message in check.run(answer).lines if state == "fails"}


def message_of(check, answer, words):
    return next(message for name, message in failures(check, answer).items() if words in name)


def test_centrifugal_names_both_joints_and_the_subset_it_found():
    told = message_of(ch03.spatial_subsets, SPATIAL["nearer and farther exchanged"], "centrifugal")
    found = re.fullmatch(r"joint (\d) is farther out than joint (\d); what joint (\d) hears from joint (\d) is in "
                         r"subset 1 \(centripetal\), not in subset 2 \(centrifugal\)", told)
    assert found and found[1] == found[4] and found[2] == found[3]
    assert "is in no subset, not in subset 2" in message_of(
        ch03.spatial_subsets, lambda d, c: spatial_subsets(d, c) * torch.tensor([1, 1, 0])[:, None, None], "centrifugal")


# ---- conv ---------------------------------------------------------------------------------------------------------------------

def conv(A, M, x, W):
    return sum((A[k] * M[k]) @ x @ W[k] for k in range(len(A)))


CONVS = {
    "transposed A": lambda A, M, x, W: conv(A.mT, M.mT, x, W),
    "transposed A, M as it is": lambda A, M, x, W: conv(A.mT, M, x, W),
    "M transposed": lambda A, M, x, W: conv(A, M.mT, x, W),
    "M forgotten": lambda A, M, x, W: conv(A, torch.ones_like(M), x, W),
    "M by matrix product": lambda A, M, x, W: conv(A @ M, torch.ones_like(M), x, W),
    "M added": lambda A, M, x, W: conv(A + M, torch.ones_like(M), x, W),
    "M divided by its rows": lambda A, M, x, W: conv(A, M / M.sum(-1, keepdim=True), x, W),
    "one W for all": lambda A, M, x, W: conv(A, M, x, W[:1].expand_as(W)),
    "one M for all": lambda A, M, x, W: conv(A, M[:1].expand_as(M), x, W),
    "all matrices added": lambda A, M, x, W: (A * M).sum(0) @ x @ W.sum(0),
    "subsets in the wrong order": lambda A, M, x, W: conv(A, M, x, W.flip(0)),
    "only the last subset": lambda A, M, x, W: (A[-1] * M[-1]) @ x @ W[-1],
    "the mean over subsets": lambda A, M, x, W: conv(A, M, x, W) / len(A),
    "subsets side by side": lambda A, M, x, W: torch.cat([(A[k] * M[k]) @ x @ W[k] for k in range(len(A))], 1),
    "ReLU for each subset": lambda A, M, x, W: sum(((A[k] * M[k]) @ x @ W[k]).relu() for k in range(len(A))),
    "the largest subset": lambda A, M, x, W: torch.stack([(A[k] * M[k]) @ x @ W[k] for k in range(len(A))]).amax(0),
}


def test_conv():
    assert_checker(ch03.conv, stub, conv, CONVS, breaks={
        "transposed A": "rows receive", "M transposed": "its own M", "M forgotten": "its own M", "M by matrix product": "W[k]",
        "one W for all": "W[k]", "subsets side by side": "returns", "the largest subset": "add up", "only the last subset": "W[k]"})


def test_conv_says_what_arrived():
    def told(name, words="W[k]"):
        return message_of(ch03.conv, CONVS[name], words)

    assert told("all matrices added").endswith("the message went through W.sum(0), the sum of all matrices")
    assert told("one W for all").endswith("the message went through W[0]")
    mean = told("the mean over subsets")
    wanted, arrived = (np.array(json.loads(row)) for row in re.findall(r"\[[^\[\]]*,[^\[\]]*\]", mean))
    assert "the edge weighs 1" in mean and np.allclose(wanted, 3 * arrived, atol=0.005)
    assert "the message along that edge did not change, it is [" in told("M forgotten", "its own M")
    assert re.search(r"that edge went from \[.*\] to \[", told("M added", "its own M"))


def test_conv_is_the_layer_of_the_library():
    A, M, x, W = ch03._layer(np.random.default_rng(0))
    layer = SpatialGraphConv(2, 4, A, bias=False)
    layer.conv.weight.data, layer.edge_importance.data = W.mT.reshape(-1, 2, 1, 1), M
    assert torch.allclose(layer(x.T[None, :, None])[0, :, 0].T, conv(A, M, x, W), atol=1e-5)


# ---- distance_subsets ---------------------------------------------------------------------------------------------------------

def by_hops(d, hops):
    return torch.stack([(d == hop).float() for hop in hops])


def distance_subsets(d, max_hop, dilation):
    A = by_hops(d, range(0, max_hop + 1, dilation))
    return A / A.sum((0, 2))[:, None]


def as_printed(d, max_hop, dilation):
    A = torch.stack([(d == hop).float() for hop in range(max_hop + 1)])
    return A / A.sum(1, keepdim=True)


def hops(max_hop, dilation):
    return range(0, max_hop + 1, dilation)


def alone(A, least):
    return A / A.sum(2, keepdim=True).clamp(min=least)


DISTANCES = {
    "the broken cell": as_printed,
    "dilation ignored": lambda d, m, n: distance_subsets(d, m, 1),
    "each subset divided by its own size": lambda d, m, n: alone(by_hops(d, hops(m, n)), least=1),
    "the same, empty rows too": lambda d, m, n: alone(by_hops(d, hops(m, n)), least=0),
    "columns divided": lambda d, m, n: by_hops(d, hops(m, n)) / by_hops(d, hops(m, n)).sum((0, 1)),
    "not divided": lambda d, m, n: by_hops(d, hops(m, n)),
    "max_hop left out": lambda d, m, n: distance_subsets(d, max(m - 1, 0), n),
    "up to each distance": lambda d, m, n: over_all(torch.stack([(d <= hop).float() for hop in hops(m, n)])),
    "farthest first": lambda d, m, n: over_all(by_hops(d, hops(m, n)[::-1])),
    "no self-loops": lambda d, m, n: over_all(by_hops(d, range(n, m + 1, n))),
    "one matrix": lambda d, m, n: distance_subsets(d, m, n).sum(0),
}


def test_distance_subsets():
    assert_checker(ch03.distance_subsets, as_stub, distance_subsets, DISTANCES, breaks={
        "the broken cell": "one subset for each hop", "dilation ignored": "one subset for each hop",
        "each subset divided by its own size": "ones in, ones out", "columns divided": "ones in, ones out",
        "the same, empty rows too": "not NaN", "up to each distance": "exactly the pairs",
        "max_hop left out": "one subset for each hop"})


def test_a_wrong_division_is_not_called_a_wrong_pair():
    pairs, division, nan = "exactly the pairs", "ones in, ones out", "not NaN"
    failed = failures(ch03.distance_subsets, DISTANCES["the same, empty rows too"])
    assert not any(pairs in name for name in failed)
    assert any(division in name for name in failed) and any(nan in name for name in failed)


def test_a_wrong_number_of_subsets_is_told_with_its_arguments():
    assert message_of(ch03.distance_subsets, as_printed, "one subset for each hop") == (
        "returned shape (3, 7, 7) for d of shape (7, 7), max_hop=2, dilation=2; expected (2, 7, 7), one subset for each of the "
        "hops 0, 2")


def as_stub(d, max_hop, dilation):
    raise NotImplementedError


@pytest.mark.parametrize("name", ["openpose-18", "ntu-25", "hand-22"])
def test_solutions_are_the_partitions_of_the_library(name):
    graph = skeleton(name)
    d = torch.from_numpy(graph.hop_distance())
    assert torch.allclose(spatial_subsets(d, graph.center), graph.partition("spatial"))
    assert torch.allclose(distance_subsets(d, 3, 2), graph.partition("distance", max_hop=3, dilation=2))
    assert torch.allclose(capped(d, graph.center), graph.partition("spatial", reference=True))


CHAPTER = Path(__file__).parents[1] / "book" / "part2-stgcn" / "03-partition-strategies.ipynb"


def cells(kind):
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", ["spatial_subsets", "conv", "distance_subsets"])
def test_the_solution_printed_in_the_chapter_passes(name):
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(cells("markdown")), flags=re.S)
    printed = [block for block in blocks if f"def {name}(" in block]
    assert len(printed) == 1
    space = {"torch": torch}
    exec(printed[0], space)
    assert getattr(ch03, name).run(space[name])


def test_the_broken_cell_of_the_chapter_is_the_one_refused_here():
    source = next(cell for cell in cells("code") if "def distance_subsets(" in cell).split("check.")[0]
    space = {"torch": torch}
    exec(source, space)
    d = torch.from_numpy(STICK.hop_distance())
    assert torch.equal(space["distance_subsets"](d, 2, 1).nan_to_num(), as_printed(d, 2, 1).nan_to_num())


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch03.box, ch03.BOXES), (ch03.quiz, ch03.QUIZZES), (ch03.predict, ch03.PREDICTIONS),
                                         (ch03.predict_reply, ch03.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


def test_box_answers_are_the_numbers_that_code_gives():
    height, W = torch.tensor([0.0, 4, 6, 4, 4]), torch.tensor([3.0, -1, 2])
    A, box = STICK.partition("spatial"), ch03.BOXES["chest"]
    new = torch.einsum("kvu,u,k->v", A, height, W)
    assert new.tolist() == [4, 8, 7, 4, 4] and new[1] == box["answer"]  # the text has worked the others
    own = one_by_one(torch.from_numpy(STICK.hop_distance()), 0)
    for value, slip in ((torch.einsum("kvu,u,k->v", A, height, W[[0, 2, 1]])[1], -0.4),
                        (torch.einsum("kvu,u,k->v", own, height, W)[1], 21.3333), (3 * A.sum(0)[1] @ height, 10.8)):
        assert value == pytest.approx(slip, abs=1e-3) and slip in box["slips"]
    head_down = height[[2, 1, 0, 3, 4]]
    assert torch.einsum("kvu,u,k->v", A, head_down, W)[1] == pytest.approx(4.4)

    two = own.sum(0) @ own.sum(0) @ torch.ones(5)
    assert two[1] == ch03.BOXES["two_layers"]["answer"] and (own.sum(0) @ torch.ones(5)).tolist() == [2, 3, 2, 2, 2]

    released = skeleton("openpose-18")
    shoulder = released.joints.index("right shoulder")
    assert released.partition("spatial").sum(2)[:, shoulder].tolist() == [0.25, 0.25, ch03.BOXES["shoulder"]["answer"]]

    far = STICK.partition("spatial", max_hop=2, dilation=2, normalization=None)
    assert far.sum(2)[:, 3].tolist() == ch03.BOXES["dilated"]["answer"]
