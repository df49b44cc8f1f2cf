import math
import pickle
from collections import deque

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import load_npz

from stgcn_lib.graphs import (
    RoadGraph,
    correlation_adjacency,
    five_crossings,
    gaussian_adjacency,
    normalize_adjacency,
    ring_road,
    scaled_laplacian,
)

from .graph_examples import properties
from .road_examples import matrices, orders

inf, nan = math.inf, math.nan


def reached_from(neighbors, start):
    """Hops from `start` by a plain queue."""
    hops, queue = {start: 0}, deque([start])
    while queue:
        u = queue.popleft()
        for v in neighbors[u]:
            if v not in hops:
                hops[v] = hops[u] + 1
                queue.append(v)
    return hops


# Construction and what a graph knows about itself

def test_an_edge_leads_from_sender_to_receiver():
    graph = RoadGraph.from_edges([(0, 2), (2, 1)], directed=True)
    assert graph.weights.tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert graph.edges == ((0, 2), (2, 1))
    assert graph.hop_distance().tolist() == [[0, inf, inf], [2, 0, 1], [1, inf, 0]]
    x = torch.tensor([[5.0], [0.0], [0.0]])
    assert (graph.adjacency() @ x)[:, 0].tolist() == [0, 0, 5]  # what 0 sends arrives at 2


def test_edges_both_ways_names_and_a_sensor_alone():
    graph = RoadGraph.from_edges([("a", "b")], sensors=["b", "c", "a"], positions=[(0, 0), (1, 0), (0, 1)], name="village")
    assert graph.weights.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert graph.edges == ((0, 2), (2, 0))
    assert (graph.name, graph.num_nodes, graph.sensors, graph.isolated) == ("village", 3, ("b", "c", "a"), (1,))
    assert graph.positions.tolist() == [[0, 0], [1, 0], [0, 1]] and graph.distances is None
    assert repr(graph) == "RoadGraph('village', 3 sensors, 2 edges, 1 isolated)"
    assert RoadGraph.from_edges([(0, 1)], num_nodes=4).isolated == (2, 3)
    assert RoadGraph.from_edges([], positions=[(0, 0), (1, 1)]).num_nodes == 2
    assert RoadGraph.from_edges([(3, 1)]).sensors == ("sensor 0", "sensor 1", "sensor 2", "sensor 3")
    assert RoadGraph.from_edges([(0, 1), (1, 0)], directed=True).edges == ((0, 1), (1, 0))


def test_five_crossings_are_those_of_the_guide():
    graph = five_crossings()
    roads = {(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)}
    assert set(graph.edges) == roads | {(b, a) for a, b in roads} and graph.isolated == ()
    # the guide's listing: D^-1/2 (A + I) D^-1/2
    A = np.zeros((5, 5))
    for i, j in roads:
        A[i, j] = A[j, i] = 1
    A = A + np.eye(5)
    D = np.diag(A.sum(axis=1)**-0.5)
    assert np.allclose(normalize_adjacency(graph.adjacency(), self_loops=True), D @ A @ D)
    assert graph.hop_distance()[1].tolist() == [1, 0, 1, 2, 3]
    length = {edge: math.dist(*graph.positions[list(edge)]) for edge in roads}
    assert max(length.values()) < 1.2 * min(length.values())  # draws well: roads of like length


def test_ring_road():
    graph = ring_road(6)
    assert set(graph.edges) == {(i, (i + 1) % 6) for i in range(6)} | {((i + 1) % 6, i) for i in range(6)}
    assert graph.hop_distance()[0].tolist() == [0, 1, 2, 3, 2, 1]
    assert np.allclose(graph.positions[[0, 3]], [[0, 1], [0, -1]])
    assert graph.positions[1][0] > 0  # clockwise from the top
    assert np.allclose(np.linalg.norm(graph.positions - np.roll(graph.positions, 1, axis=0), axis=1), 1)
    assert ring_road().num_nodes == 40 and graph.sensors[5] == "cell 5"


@given(matrices())
@properties
def test_hops_edges_parts_and_isolated_equal_a_plain_queue(W):
    graph, nodes = RoadGraph(W), range(len(W))
    hears = {u: [v for v in nodes if v != u and W[v, u] > 0] for u in nodes}
    assert set(graph.edges) == {(u, v) for u in nodes for v in hears[u]} and len(graph.edges) == len(set(graph.edges))
    hops = graph.hop_distance()
    for u in nodes:
        assert {v: hops[v, u] for v in nodes if hops[v, u] < inf} == reached_from(hears, u)
    near = {u: [v for v in nodes if v in hears[u] or u in hears[v]] for u in nodes}
    assert graph.isolated == tuple(u for u in nodes if not near[u])
    parts = []
    for u in nodes:
        if not any(u in part for part in parts):
            parts.append(set(reached_from(near, u)))
    assert graph.components.tolist() == [next(i for i, part in enumerate(parts) if u in part) for u in nodes]
    assert graph.components.dtype == np.int64


def test_self_loops_of_the_adjacency():
    graph = RoadGraph([[0.25, 0.5], [0.5, 0]])
    assert graph.adjacency().tolist() == [[0, 0.5], [0.5, 0]]
    assert graph.adjacency(self_loops=True).tolist() == [[0.25, 0.5], [0.5, 1]]
    assert graph.adjacency().dtype == torch.float32
    assert graph.weights[0, 0] == 0.25 and graph.edges == ((0, 1), (1, 0))


def test_nobody_writes_to_a_graph(recwarn):
    W = np.array([[0.0, 1.0], [1.0, 0.0]])
    graph = RoadGraph(W, positions=torch.zeros(2, 2), distances=[[0, 5], [5, 0]])
    W[0, 1] = 9
    graph.adjacency()[0, 1] = 9
    assert graph.weights[0, 1] == 1
    for array in (graph.weights, graph.positions, graph.distances):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    with pytest.raises(AttributeError):
        graph.weights = W
    assert pickle.loads(pickle.dumps(graph)).edges == graph.edges
    normalize_adjacency(graph.weights), scaled_laplacian(graph.weights), RoadGraph(graph.weights)
    assert not len(recwarn)  # PyTorch warns where a tensor could write to what is read-only


# Selecting and relabelling

def test_select_by_index_name_and_mask():
    D = np.array([[0, 100, inf], [200, 0, 300], [inf, 400, 0]])
    graph = RoadGraph.from_distances(D, sensors=[773869, 767541, 767542], positions=[(0, 0), (1, 0), (2, 0)], name="short")
    assert graph.sensors == ("773869", "767541", "767542")
    for nodes in ([2, 1], ["767542", "767541"], np.array([2, 1]), torch.tensor([2, 1]), (2, "767541")):
        part = graph.select(nodes)
        assert part.sensors == ("767542", "767541") and part.name == "short"
        assert part.distances.tolist() == [[0, 400], [300, 0]] and part.positions.tolist() == [[2, 0], [1, 0]]
        assert np.array_equal(part.weights, graph.weights[[2, 1]][:, [2, 1]]) and part.weights[0, 1] != part.weights[1, 0]
    assert graph.select([True, False, True]).sensors == graph.select(np.array([True, False, True])).sensors == (
        "773869", "767542")
    assert five_crossings().select([0, 1]).distances is None


@given(st.data())
@properties
def test_relabelling_commutes_with_everything_a_graph_says(data):
    W = data.draw(matrices())
    order = data.draw(orders(len(W)))
    graph = RoadGraph(W)
    other = graph.select(order)
    both = np.ix_(order, order)
    assert np.array_equal(other.hop_distance(), graph.hop_distance()[both])
    assert {(int(order[u]), int(order[v])) for u, v in other.edges} == set(graph.edges)
    assert sorted(int(order[v]) for v in other.isolated) == list(graph.isolated)
    same = graph.components[:, None] == graph.components[None, :]
    assert np.array_equal(other.components[:, None] == other.components[None, :], same[both])
    assert torch.equal(other.adjacency(True), graph.adjacency(True)[order][:, order])
    place = {int(v): i for i, v in enumerate(order)}
    moved = RoadGraph.from_edges([(place[u], place[v]) for u, v in graph.edges], len(W), directed=True)
    assert np.array_equal(moved.weights > 0, other.adjacency().numpy() > 0)


# Weights from distances

def by_loops(D, sigma2, epsilon, scale, self_loops):
    nodes = range(len(D))

    def weight(v, u):
        if v == u:
            return float(self_loops)
        w = 0.0 if D[v][u] == inf else math.exp(-((D[v][u] / scale) ** 2) / sigma2)
        return w if w >= epsilon else 0.0

    return [[weight(v, u) for u in nodes] for v in nodes]


lengths = st.one_of(st.just(inf), st.just(0.0), st.floats(1, 30_000))


@st.composite
def distances(draw, max_nodes=6):
    count = draw(st.integers(1, max_nodes))
    D = np.array(draw(st.lists(lengths, min_size=count**2, max_size=count**2))).reshape(count, count)
    np.fill_diagonal(D, draw(st.sampled_from([0.0, inf])))
    return D


@pytest.mark.filterwarnings("ignore:distances lie between")
@given(distances(), st.floats(0.05, 2), st.floats(0, 1), st.floats(2000, 2e4), st.booleans())
@properties
def test_gaussian_adjacency_equals_the_loops(D, sigma2, epsilon, scale, self_loops):
    expected = by_loops(D.tolist(), sigma2, epsilon, scale, self_loops)
    assert np.allclose(gaussian_adjacency(D, sigma2, epsilon, scale, self_loops), expected, rtol=1e-12, atol=0)
    graph = RoadGraph.from_distances(D, sigma2, epsilon, scale, self_loops)
    assert np.allclose(graph.weights, expected, rtol=1e-12, atol=0) and np.array_equal(graph.distances, D)


@pytest.mark.filterwarnings("ignore:distances lie between")
@given(st.data())
@properties
def test_relabelling_commutes_with_the_kernels(data):
    D = data.draw(distances())
    order = data.draw(orders(len(D)))
    both = np.ix_(order, order)
    assert np.array_equal(gaussian_adjacency(D[both]), gaussian_adjacency(D)[both])
    series = np.array(data.draw(st.lists(st.lists(st.sampled_from([nan, 0.0, 1.0, 2.0, 5.0]), min_size=len(D),
                                                  max_size=len(D)), min_size=4, max_size=8)))
    assert np.allclose(correlation_adjacency(series[:, order], 0.25), correlation_adjacency(series, 0.25)[both])


def test_the_threshold_is_kept_and_std_is_that_of_the_finite_distances():
    D = np.array([[0, 1, 3], [1, 0, inf], [3, inf, 0.0]])
    edge = math.exp(-1)
    assert gaussian_adjacency(D, sigma2=1, epsilon=edge, scale=1)[0].tolist() == [0, edge, 0]
    spread = np.std([0, 1, 3, 1, 0, 3, 0])
    assert np.allclose(gaussian_adjacency(D, 1, 0.0, "std", True),
                       [[1, math.exp(-(1 / spread) ** 2), math.exp(-(3 / spread) ** 2)],
                        [math.exp(-(1 / spread) ** 2), 1, 0], [math.exp(-(3 / spread) ** 2), 0, 1]])
    assert np.array_equal(gaussian_adjacency(torch.tensor(D), 1, 0.0, 2), gaussian_adjacency(D, 1, 0.0, 2))


def test_kilometres_given_as_metres_are_noticed():
    metres = np.array([[0, 1200.0, 45_000], [1200, 0, 9000], [45_000, 9000, 0]])
    with pytest.warns(UserWarning, match="all weights are above 0.999.*distances \\* 1000"):
        blind = gaussian_adjacency(metres / 1000)
    assert blind.min(where=~np.eye(3, dtype=bool), initial=1) > 0.999
    with pytest.warns(UserWarning, match="no two sensors are joined"):
        assert not gaussian_adjacency(metres * 1000).any()
    assert (gaussian_adjacency(metres) > 0).sum() == 2
    assert np.array_equal(gaussian_adjacency(metres / 1000, scale=10), gaussian_adjacency(metres))


@pytest.mark.parametrize("D", [[[0.0]], np.zeros((3, 3)), [[0, inf], [inf, 0]], [[0, 1e3, 3e3], [1e3, 0, 4], [3e3, 4, 0]]])
def test_no_warning_where_nothing_is_odd(D, recwarn):
    gaussian_adjacency(D)
    assert not len(recwarn)


def test_graphs_of_pemsd7m(real_data):
    folder = real_data("pemsd7m") / "pemsd7m"
    D = np.loadtxt(folder / "PeMSD7_W_228.csv", delimiter=",")
    graph = RoadGraph.from_distances(D)
    assert np.count_nonzero(graph.weights) == len(graph.edges) == 1664
    expected = np.exp(-(D / 10000) ** 2 / 0.1)  # utils/math_graph.py of the STGCN authors
    expected = expected * (expected >= 0.5) * (np.ones_like(D) - np.eye(len(D)))
    assert np.array_equal(graph.weights, expected)
    dense = gaussian_adjacency(D, sigma2=1, epsilon=0.1, scale="std", self_loops=True)
    other = load_npz(folder / "adj.npz").toarray()  # the graph of hazdzz/STGCN
    assert np.count_nonzero(dense) == np.count_nonzero(other) == 19_118
    assert np.abs(dense - other).max() < 1e-12


def test_graph_of_los_loop(real_data):
    A = np.loadtxt(real_data("los_loop") / "los_loop" / "los_adj.csv", delimiter=",")
    graph = RoadGraph(A)
    assert np.array_equal(A, A.T) and np.count_nonzero(graph.weights) == 2833
    assert len(graph.edges) == 2833 - 207 and graph.isolated == (26,) and graph.components.max() == 1


# Weights from correlation

def test_correlation_equals_numpy():
    rng = np.random.default_rng(0)
    series = 60 + rng.standard_normal((200, 3)) @ rng.standard_normal((3, 6))
    expected = np.corrcoef(series.T)
    expected[(expected < 0.3) | np.eye(6, dtype=bool)] = 0
    assert 0 < np.count_nonzero(expected) < 30
    assert np.allclose(correlation_adjacency(series, 0.3), expected, atol=1e-12)
    assert np.allclose(correlation_adjacency(torch.tensor(series), 0.3), expected, atol=1e-12)


@given(st.lists(st.lists(st.sampled_from([nan, 0.0, 0.0, 55.0, 60.0, 61.5]), min_size=4, max_size=4), min_size=2,
                max_size=9), st.sampled_from([None, 0.0]), st.sampled_from([0.01, 0.5, 1.0]))
@properties
def test_correlation_counts_only_times_at_which_both_are_known(rows, null_value, threshold):
    series = np.array(rows)
    result = correlation_adjacency(series, threshold, null_value)
    assert np.isfinite(result).all() and np.array_equal(result, result.T) and not np.diag(result).any()
    for v in range(4):
        for u in range(v):
            both = [(a, b) for a, b in series[:, [v, u]].tolist() if not math.isnan(a + b) and null_value not in (a, b)]
            a, b = np.array(both).reshape(-1, 2).T
            flat = len(both) < 2 or a.std() == 0 or b.std() == 0
            r = 0.0 if flat else np.corrcoef(a, b)[0, 1]
            if abs(r - threshold) > 1e-9:
                assert result[v, u] == pytest.approx(r if r >= threshold else 0.0, abs=1e-9)


def test_a_dead_sensor_is_isolated_and_missing_zeros_join_nobody():
    rng = np.random.default_rng(1)
    series = 60 + rng.standard_normal((100, 3))
    series[:, 2] = 55.123456789  # never changes
    series[40:60, :2] = 0  # both fail at once
    assert correlation_adjacency(series)[0, 1] > 0.9
    assert not correlation_adjacency(series, null_value=0.0).any()
    series[:, 1] = 0
    assert RoadGraph(correlation_adjacency(series, null_value=0.0)).isolated == (0, 1, 2)
    for i in range(50):  # constant wherever both are known: what is left of its variance is rounding alone
        stuck = np.r_[np.full(50, 50 + 0.137 * i), rng.uniform(20, 70, 50)]
        other = np.r_[rng.uniform(20, 70, 50), np.full(50, nan)]
        assert not correlation_adjacency(np.stack([stuck, other], axis=1), 1e-9).any()


# What is refused

two = [[0, 1], [1, 0]]


@pytest.mark.parametrize(("call", "parts"), [
    (lambda: RoadGraph(np.ones((2, 3))), ["weights has shape (2, 3)", "(V, V)"]),
    (lambda: RoadGraph(np.ones((0, 0))), ["weights has shape (0, 0)", "at least one sensor"]),
    (lambda: RoadGraph([[0, 1], [1]]), ["weights is a list", "equal length"]),
    (lambda: RoadGraph([[0, -2], [1, 0]]), ["weights[0, 1] is -2.0", "from_distances"]),
    (lambda: RoadGraph([[0, nan], [1, 0]]), ["weights[0, 1] is nan"]),
    (lambda: RoadGraph([[0, 1], [inf, 0]]), ["weights[1, 0] is inf"]),
    (lambda: RoadGraph(two, sensors=["a"]), ["sensors holds 1 names", "2 nodes"]),
    (lambda: RoadGraph(two, sensors=["a", "b", "c"]), ["sensors holds 3 names", "2 nodes"]),
    (lambda: RoadGraph(two, sensors=["a", "a"]), ["sensors[1] is 'a'", "sensors[0]"]),
    (lambda: RoadGraph(two, sensors="ab"), ["sensors is 'ab'", "a list"]),
    (lambda: RoadGraph(two, positions=[(0, 0)]), ["positions has shape (1, 2)", "(2, 2)"]),
    (lambda: RoadGraph(two, positions=[(0, 0), (0, nan)]), ["positions holds NaN"]),
    (lambda: RoadGraph(two, distances=[[0]]), ["distances has shape (1, 1)", "weights (2, 2)"]),
    (lambda: RoadGraph(two, distances=[[0, -1], [1, 0]]), ["distances[0, 1] is -1.0"]),
    (lambda: RoadGraph.from_edges(7), ["edges is 7", "[(0, 1), (1, 2)]"]),
    (lambda: RoadGraph.from_edges([(0, 1, 2)]), ["edges[0] is (0, 1, 2)", "(sender, receiver)"]),
    (lambda: RoadGraph.from_edges([(0, 5)], num_nodes=5), ["edges[0] holds sensor 5", "0 to 4", "count from 1"]),
    (lambda: RoadGraph.from_edges([(0, -1)], num_nodes=2), ["sensor -1"]),
    (lambda: RoadGraph.from_edges([(0, 1.5)], num_nodes=2), ["edges[0] holds 1.5", "whole number"]),
    (lambda: RoadGraph.from_edges([(0, "x")], sensors=["a", "b"]), ["names sensor 'x'", "'a', 'b'"]),
    (lambda: RoadGraph.from_edges([(1, 1)]), ["edges[0] joins sensor 1", "itself", "self_loops=True"]),
    (lambda: RoadGraph.from_edges([(0, 1), (1, 0)]), ["edges[1] is (1, 0)", "edges[0] again", "directed=True"]),
    (lambda: RoadGraph.from_edges([(0, 1), (0, 1)], directed=True), ["edges[1] is (0, 1)", "leave one out"]),
    (lambda: RoadGraph.from_edges([]), ["num_nodes is 0"]),
    (lambda: RoadGraph.from_edges([(0, 1)], num_nodes=2.5), ["num_nodes is 2.5"]),
    (lambda: RoadGraph.from_edges([(0, 1)], num_nodes=3, sensors=["a", "b"]), ["sensors holds 2 names", "3 nodes"]),
    (lambda: five_crossings().select(3), ["nodes is 3", "a list"]),
    (lambda: five_crossings().select("crossing 1"), ["nodes is 'crossing 1'", "a list"]),
    (lambda: five_crossings().select([5]), ["nodes holds sensor 5", "0 to 4"]),
    (lambda: five_crossings().select(["crossing 9"]), ["crossing 9", "5 sensors"]),
    (lambda: five_crossings().select([1, 1]), ["sensor 1", "twice"]),
    (lambda: five_crossings().select([]), ["no sensor"]),
    (lambda: five_crossings().select([True, False]), ["mask of 2", "5"]),
    (lambda: five_crossings().select([False] * 5), ["no sensor"]),
    (lambda: ring_road(2), ["cells is 2", "from 3"]),
    (lambda: ring_road(4.5), ["cells is 4.5"]),
    (lambda: gaussian_adjacency([[0, 5], [-5, 0]]), ["distances[1, 0] is -5.0", "metres from 0"]),
    (lambda: gaussian_adjacency([[0, nan], [5, 0]]), ["distances[0, 1] is nan", "infinity", "no road"]),
    (lambda: gaussian_adjacency([[1, 0.5], [0.5, 1]]), ["distances[0, 0] is 1.0", "weights already"]),
    (lambda: gaussian_adjacency([[0, 5, 1], [5, 0, 1]]), ["distances has shape (2, 3)"]),
    (lambda: gaussian_adjacency(two, scale=0), ["scale is 0", "positive"]),
    (lambda: gaussian_adjacency(two, scale="mean"), ["scale is 'mean'", "'std'"]),
    (lambda: gaussian_adjacency(np.zeros((2, 2)), scale="std"), ["scale is 'std'", "do not differ"]),
    (lambda: gaussian_adjacency([[inf]], scale="std"), ["scale is 'std'", "do not differ"]),
    (lambda: gaussian_adjacency(two, sigma2=-1), ["sigma2 is -1"]),
    (lambda: gaussian_adjacency(two, sigma2=nan), ["sigma2 is nan"]),
    (lambda: gaussian_adjacency(two, epsilon=2), ["epsilon is 2", "0 to 1"]),
    (lambda: RoadGraph.from_distances([[0, -5], [5, 0]]), ["distances[0, 1] is -5.0"]),
    (lambda: correlation_adjacency(np.ones(5)), ["series has shape (5,)", "(T, V)"]),
    (lambda: correlation_adjacency(np.ones((1, 5))), ["series has shape (1, 5)", "two times"]),
    (lambda: correlation_adjacency([[1, inf], [2, 3]]), ["series holds infinity"]),
    (lambda: correlation_adjacency(np.ones((4, 2)), threshold=0), ["threshold is 0"]),
    (lambda: correlation_adjacency(np.ones((4, 2)), threshold=-0.5), ["threshold is -0.5", "negative"]),
])
def test_bad_arguments_are_named(call, parts):
    with pytest.raises(ValueError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
