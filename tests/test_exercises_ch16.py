"""The checks of chapter 16: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import pytest
import torch

from stgcn_lib.exercises import ch16
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.layers import AdaptiveAdjacency, AdaptiveGraphConv


def stub(*inputs):
    ...


# ---- directed -----------------------------------------------------------------------------------------------------------------

def directed(R, S):
    return torch.softmax(torch.relu(R @ S.T), dim=1)


DIRECTED = {
    "softmax over columns": lambda R, S: torch.softmax(torch.relu(R @ S.T), dim=0),
    "softmax over everything": lambda R, S: torch.softmax(torch.relu(R @ S.T).flatten(), 0).view(len(R), -1),
    "transposed": lambda R, S: directed(R, S).T,
    "exchanged": lambda R, S: directed(S, R),
    "no softmax": lambda R, S: torch.relu(R @ S.T),
    "sigmoid": lambda R, S: torch.sigmoid(R @ S.T),
    "no relu": lambda R, S: torch.softmax(R @ S.T, dim=1),
    "relu behind": lambda R, S: torch.relu(torch.softmax(R @ S.T, dim=1)),
    "scaled as attention": lambda R, S: torch.softmax(torch.relu(R @ S.T) / R.shape[1] ** 0.5, dim=1),
    "sizes": lambda R, S: torch.softmax((R @ S.T).abs(), dim=1),
    "no diagonal": lambda R, S: torch.softmax(torch.relu(R @ S.T).fill_diagonal_(-torch.inf), dim=1),
    "receivers alone": lambda R, S: directed(R, R),
    "senders alone": lambda R, S: directed(S, S),
    "relu of the vectors": lambda R, S: torch.softmax(torch.relu(R) @ torch.relu(S).T, dim=1),
    "d by d": lambda R, S: torch.softmax(torch.relu(R.T @ S), dim=1),
    "plus the identity": lambda R, S: directed(R, S) + torch.eye(len(R)),
}


def test_directed():
    assert_checker(ch16.directed, stub, directed, DIRECTED, breaks={
        "softmax over columns": "every row sums", "d by d": "for each receiver", "exchanged": "changes its column",
        "no diagonal": "heard equally", "no relu": "softmax(ReLU", "receivers alone": "changes its column"})


@pytest.mark.parametrize("name, words", [
    ("softmax over columns", "along the wrong axis"), ("softmax over everything", "all numbers together"),
    ("exchanged", "R and S are exchanged"), ("no relu", "were not cut"), ("scaled as attention", "root of d"),
    ("sizes", "became a strong edge"), ("no diagonal", "the diagonal was taken out"), ("receivers alone", "R times itself"),
    ("senders alone", "S times itself"), ("relu of the vectors", "not of their products")])
def test_a_slip_in_the_directed_graph_is_named(name, words):
    assert words in str(ch16.directed.run(DIRECTED[name]))


def test_directed_is_the_librarys():
    layer = AdaptiveAdjacency(torch.eye(5)[None], "directed", dim=3)
    assert torch.allclose(directed(layer.receivers, layer.senders), layer()[-1], atol=1e-6)


# ---- new_edge -----------------------------------------------------------------------------------------------------------------

def masked(weights, bones, both=True, diagonal=True):
    size = weights.abs().clone()
    for a, b in bones:
        size[a, b] = 0
        if both:
            size[b, a] = 0
    if diagonal:
        size.fill_diagonal_(0)
    return size


def at(matrix):
    return divmod(int(matrix.argmax()), len(matrix))


def new_edge(weights, bones):
    return at(masked(weights, bones))


def in_place(weights, bones):
    keep = masked(torch.ones_like(weights), bones)
    weights *= keep
    return at(weights.abs())


NEW_EDGE = {
    "all cells": lambda weights, bones: at(weights.abs()),
    "diagonal kept": lambda weights, bones: at(masked(weights, bones, diagonal=False)),
    "one direction of a bone": lambda weights, bones: at(masked(weights, bones, both=False)),
    "the other direction": lambda weights, bones: at(masked(weights, [(b, a) for a, b in bones], both=False)),
    "signed": lambda weights, bones: at(weights * (masked(torch.ones_like(weights), bones) > 0)),
    "sender first": lambda weights, bones: new_edge(weights, bones)[::-1],
    "upper half": lambda weights, bones: at(masked(weights, bones).triu()),
    "lower half": lambda weights, bones: at(masked(weights, bones).tril()),
    "both directions added": lambda weights, bones: at(masked(weights, bones) + masked(weights, bones).T),
    "flat index": lambda weights, bones: int(masked(weights, bones).argmax()),
    "bones of the lesson": lambda weights, bones: new_edge(weights, ch16.BONES),
    "in place": in_place,
}


def test_new_edge():
    assert_checker(ch16.new_edge, stub, new_edge, NEW_EDGE, breaks={
        "diagonal kept": "hears itself", "one direction of a bone": "both directions", "the other direction": "both directions",
        "signed": "strong negative", "upper half": "both halves", "lower half": "in this order", "in place": "stay as they were",
        "both directions added": "both halves", "bones of the lesson": "other bones"})


@pytest.mark.parametrize("name, words", [
    ("sender first", "exchanged"), ("diagonal kept", "heard itself"), ("one direction of a bone", "the bone (0, 1)"),
    ("signed", "compare sizes"), ("both directions added", "has directions"), ("in place", "work on a copy"),
    ("flat index", "shape")])
def test_a_slip_in_the_new_edge_is_named(name, words):
    assert words in str(ch16.new_edge.run(NEW_EDGE[name]))


# ---- sample_graph -------------------------------------------------------------------------------------------------------------

def scores(theta, phi):
    return torch.einsum("rtv,rtu->vu", theta, phi)


def sample_graph(A, theta, phi, alpha):
    return A + alpha * torch.softmax(scores(theta, phi) / theta[..., 0].numel(), dim=1)


def as_given(A, theta, phi, alpha):
    return A * alpha * torch.softmax(scores(theta, phi), dim=0)


def half_mended(joins, dim, scale):
    def answer(A, theta, phi, alpha):
        own = torch.softmax(scores(theta, phi) / scale(*theta.shape[:2]), dim=dim)
        return A + alpha * own if joins == "+" else A * alpha * own
    return answer


SAMPLE = {
    "as given": as_given,
    "still multiplied": half_mended("*", 1, lambda R, T: R * T),
    "still over columns": half_mended("+", 0, lambda R, T: R * T),
    "still not divided": half_mended("+", 1, lambda R, T: 1),
    "root": half_mended("+", 1, lambda R, T: (R * T) ** 0.5),
    "divided by R": half_mended("+", 1, lambda R, T: R),
    "divided by T": half_mended("+", 1, lambda R, T: T),
    "exchanged": lambda A, theta, phi, alpha: sample_graph(A, phi, theta, alpha),
    "theta twice": lambda A, theta, phi, alpha: sample_graph(A, theta, theta, alpha),
    "means over time": lambda A, theta, phi, alpha: sample_graph(A, theta.mean(1, keepdim=True), phi.mean(1, keepdim=True), alpha),
    "mixed": lambda A, theta, phi, alpha: (1 - alpha) * A + alpha * (sample_graph(A, theta, phi, 1.0) - A),
    "alpha forgotten": lambda A, theta, phi, alpha: sample_graph(A, theta, phi, 1.0),
    "divided behind": lambda A, theta, phi, alpha: A + alpha * torch.softmax(scores(theta, phi), 1) / theta[..., 0].numel(),
}


def test_sample_graph():
    assert_checker(ch16.sample_graph, stub, sample_graph, SAMPLE, breaks={
        "as given": "alpha 0", "still over columns": "sum of every row", "still not divided": "long clip",
        "exchanged": "theta asks", "alpha forgotten": "alpha 0", "mixed": "sum of every row"})


@pytest.mark.parametrize("name, words", [
    ("still multiplied", "to be added to, not multiplied"), ("still over columns", "runs over receivers"),
    ("still not divided", "divide the sum by r T"), ("root", "the root of r T"), ("divided by R", "divide the sum by r T"),
    ("divided by T", "divided by T alone"), ("exchanged", "theta and phi are exchanged"), ("theta twice", "phi is not used"),
    ("means over time", "the order of frames is lost")])
def test_a_slip_in_the_sample_graph_is_named(name, words):
    assert words in str(ch16.sample_graph.run(SAMPLE[name]))


def test_sample_graph_is_the_librarys():
    torch.manual_seed(0)
    layer, x = AdaptiveGraphConv(3, 8, torch.eye(5)[None], "sample"), torch.randn(1, 3, 7, 5)
    with torch.no_grad():
        layer.alpha.fill_(0.7)
        mine = sample_graph(torch.eye(5), layer.theta(x)[0], layer.phi(x)[0], 0.7)
        assert torch.allclose(mine, layer.adjacency_of(x)[0, 0], atol=1e-6)


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_the_boxes_are_right():
    A = torch.tensor([[1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3], [0, 1 / 2, 1 / 2]])
    e = torch.tensor([[1.0], [0.0], [-1.0]]) * torch.tensor(2.0).log().sqrt()
    both = A + torch.softmax(e @ e.T, 1)
    assert torch.allclose(both @ torch.tensor([42.0, 0, 0]), torch.tensor(ch16.BOXES["sum"]["answer"]).float())
    assert abs(torch.linalg.matrix_power(both, 10).sum(1) - ch16.BOXES["ten"]["answer"]).max() < 0.01
    assert abs(torch.softmax(torch.tensor([16.0] + 8 * [1.0]).log(), 0)[0] - ch16.BOXES["heavy"]["answer"]) < 1e-3
    K = 3
    layer = AdaptiveAdjacency(torch.stack(K * [A / K]), "sum")
    assert torch.allclose(layer().sum((0, 2)), torch.full((3,), float(ch16.BOXES["subsets"]["answer"])))


def test_every_question_can_be_shown():
    for make, specs in ((ch16.box, ch16.BOXES), (ch16.quiz, ch16.QUIZZES), (ch16.predict, ch16.PREDICTIONS),
                        (ch16.predict_reply, ch16.PREDICTIONS)):
        for name in specs:
            assert make(name).kind
