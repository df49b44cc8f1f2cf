import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial.chebyshev import chebval
from scipy.sparse.csgraph import laplacian
from torch_geometric.nn import ChebConv
from torch_geometric.utils import dense_to_sparse, get_laplacian

from stgcn_lib.graphs import RoadGraph, chebyshev_basis, normalize_adjacency, ring_road, scaled_laplacian

from .graph_examples import properties
from .road_examples import edged_matrices, matrices, orders

SPARSE = {"SciPy CSR": sp.csr_array, "SciPy COO": sp.coo_array, "SciPy matrix": sp.csc_matrix,
          "torch CSR": lambda W: torch.from_numpy(W).to_sparse_csr(), "torch COO": lambda W: torch.from_numpy(W).to_sparse(),
          "torch CSC": lambda W: torch.from_numpy(W).to_sparse_csc()}


def path(count):
    return np.diag(np.ones(count - 1), 1) + np.diag(np.ones(count - 1), -1)


def ring(count):
    return ring_road(count).weights


def by_loops(W, lambda_max):
    nodes = range(len(W))
    degree = [sum(W[v][u] for u in nodes if u != v) for v in nodes]

    def entry(v, u):
        if v == u:
            return 2 / lambda_max - 1 if degree[v] > 0 else -1.0
        return -2 * W[v][u] / (lambda_max * math.sqrt(degree[v] * degree[u])) if W[v][u] else 0.0

    return np.array([[entry(v, u) for u in nodes] for v in nodes])


# The scaled Laplacian

@given(edged_matrices())
@properties
def test_equals_the_loops_and_scipy(W):
    L = laplacian(W, normed=True)  # SciPy leaves self-loops out and gives an isolated node a row of zeros
    lambda_max = np.linalg.eigvalsh(L)[-1]
    result = scaled_laplacian(W)
    assert result.dtype == torch.float64
    assert np.allclose(result, by_loops(W.tolist(), lambda_max), atol=1e-12)
    assert np.allclose(result, 2 * L / lambda_max - np.eye(len(W)), atol=1e-12)
    assert np.allclose(scaled_laplacian(W, 2.0), by_loops(W.tolist(), 2.0), atol=1e-12)


@given(edged_matrices())
@properties
def test_eigenvalues_fill_the_interval(W):
    values = np.linalg.eigvalsh(scaled_laplacian(W))
    assert values[0] == pytest.approx(-1) and values[-1] == pytest.approx(1)
    assert np.linalg.eigvalsh(scaled_laplacian(W, 2.0))[-1] <= 1 + 1e-12


@given(edged_matrices())
@properties
def test_equals_pytorch_geometric_but_for_isolated_nodes(W):
    index, weight = get_laplacian(*dense_to_sparse(torch.from_numpy(W)), normalization="sym", num_nodes=len(W))
    L = torch.zeros(len(W), len(W), dtype=torch.float64).index_put((index[0], index[1]), weight, accumulate=True)
    expected = L - torch.eye(len(W))  # 2 L / 2 - I
    for v in RoadGraph(W).isolated:
        assert expected[v, v] == 0  # where PyTorch Geometric differs
        expected[v, v] = -1
    assert torch.allclose(scaled_laplacian(W, 2.0), expected)


def test_closed_forms_of_ring_path_and_complete_graph():
    # normalised Laplacian: 1 - cos(2 pi k / n) on a ring, half of 2 - 2 cos as every degree is 2; 1 - cos(pi k / (n - 1))
    # on a path; 0 and n / (n - 1) on a complete graph
    for count in (5, 8, 12):
        k = np.arange(count)
        for W, values in ((ring(count), 1 - np.cos(2 * np.pi * k / count)), (path(count), 1 - np.cos(np.pi * k / (count - 1))),
                          (1 - np.eye(count), np.where(k == 0, 0, count / (count - 1)))):
            expected = np.sort(2 * values / values.max() - 1)
            assert np.allclose(np.linalg.eigvalsh(scaled_laplacian(W)), expected)
            assert np.allclose(np.linalg.eigvalsh(scaled_laplacian(W, 2.0)), np.sort(values - 1))


def test_path_of_three_by_hand():
    r = math.sqrt(0.5)
    assert np.allclose(scaled_laplacian(path(3)), [[0, -r, 0], [-r, 0, -r], [0, -r, 0]])


def test_isolated_node_and_self_loops():
    W = np.zeros((4, 4))
    W[0, 1] = W[1, 0] = 3
    W[2, 2] = W[0, 0] = 5
    for kind in (np.asarray, *SPARSE.values()):
        result = scaled_laplacian(kind(W))
        assert np.allclose(result.to_dense(), [[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, -1]])


@given(edged_matrices(), st.floats(0.1, 10))
@properties
def test_the_unit_of_the_weights_does_not_matter(W, factor):
    assert torch.allclose(scaled_laplacian(factor * W), scaled_laplacian(W))


def test_types_and_the_given_arrays_stay():
    W = np.array([[1, 2], [2, 0]])
    assert scaled_laplacian(W).dtype == scaled_laplacian(W.astype(np.float32)).dtype == torch.float32
    assert scaled_laplacian(sp.csr_array(W)).dtype == torch.float32
    assert scaled_laplacian(torch.tensor(W, dtype=torch.float64)).dtype == torch.float64
    assert scaled_laplacian(W.astype(np.float64).tolist()).dtype == torch.float64
    kept, stored = torch.tensor(W).float(), sp.csr_array(W.astype(float))
    scaled_laplacian(kept), scaled_laplacian(stored), scaled_laplacian(RoadGraph(W).weights)
    assert kept.tolist() == stored.toarray().tolist() == W.tolist()


# Dense and sparse are one function

@given(edged_matrices(), st.sampled_from(sorted(SPARSE)), st.sampled_from([None, 2.0]), st.integers(1, 5))
@properties
def test_sparse_equals_dense(W, kind, lambda_max, order):
    dense, sparse = scaled_laplacian(W, lambda_max), scaled_laplacian(SPARSE[kind](W), lambda_max)
    assert sparse.layout == torch.sparse_csr and sparse.dtype == torch.float64
    assert torch.allclose(sparse.to_dense(), dense, atol=1e-12)
    basis = chebyshev_basis(sparse, order)
    assert isinstance(basis, tuple) and all(term.layout == torch.sparse_csr for term in basis)
    assert torch.allclose(torch.stack([term.to_dense() for term in basis]), chebyshev_basis(dense, order), atol=1e-10)
    as_scipy = chebyshev_basis(sp.csr_array(dense.numpy()), order)
    assert torch.allclose(as_scipy[-1].to_dense(), basis[-1].to_dense(), atol=1e-10)


@given(matrices(), st.sampled_from(sorted(SPARSE)), st.sampled_from(["symmetric", "row", "column"]), st.booleans())
@properties
def test_normalised_sparse_equals_normalised_dense(W, kind, how, self_loops):
    sparse = normalize_adjacency(SPARSE[kind](W), how, self_loops)
    assert sparse.layout == torch.sparse_csr
    assert torch.allclose(sparse.to_dense().double(), normalize_adjacency(torch.from_numpy(W), how, self_loops), atol=1e-6)
    if kind.startswith("torch"):
        assert sparse.dtype == torch.float64
    x = torch.ones(len(W), 1, dtype=sparse.dtype)
    if how == "row" and self_loops:
        assert torch.allclose(sparse @ x, x)  # one step of a random walk: probabilities sum to 1


def test_entries_named_twice_are_added_and_stored_zeros_are_no_edges():
    W = sp.coo_array(([1.0, 2.0, 3.0, 0.0], ([0, 0, 1, 2], [1, 1, 0, 2])), shape=(3, 3))
    full = np.array([[0, 3.0, 0], [3, 0, 0], [0, 0, 0]])
    assert torch.equal(scaled_laplacian(W).to_dense(), scaled_laplacian(full))
    assert len(normalize_adjacency(W, "row").values()) == 2
    with pytest.raises(ValueError, match="no edge"):
        scaled_laplacian(sp.coo_array(([0.0, 0.0], ([0, 1], [1, 0])), shape=(2, 2)))


def test_twenty_thousand_nodes():
    rows, columns = 100, 200  # a city of square blocks: bipartite, so the largest eigenvalue is 2
    W = sp.csr_array(sp.kron(sp.eye_array(rows), path(columns)) + sp.kron(path(rows), sp.eye_array(columns)))
    L = scaled_laplacian(W)
    S = normalize_adjacency(W, "symmetric")
    x = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    assert L.dtype == torch.float64 and torch.allclose(L @ x.double(), -(S @ x).double(), atol=1e-5)  # 2 L / 2 - I
    basis = chebyshev_basis(L, 3)
    assert len(basis) == 3 and len(basis[2].values()) < 14 * 20_000  # two hops on a grid reach 13 crossings


def test_lanczos_finds_the_closed_form():
    count = 1501  # odd: the largest eigenvalue of the ring is 1 + cos(pi / n), not 2; it sits among close neighbours
    k = np.arange(count)
    W = sp.coo_array((np.ones(2 * count), (np.r_[k, (k + 1) % count], np.r_[(k + 1) % count, k])), shape=(count, count))
    lambda_max = 1 + math.cos(math.pi / count)
    L = scaled_laplacian(W)
    off = L.values()[L.values() < 0].double()
    assert torch.allclose(off, torch.tensor(-1 / lambda_max, dtype=torch.float64), atol=2e-6)
    assert torch.equal(L.values(), scaled_laplacian(W).values())  # the same graph, the same digits
    star = sp.coo_array((np.ones(2 * 1499), (np.r_[np.zeros(1499), 1:1500], np.r_[1:1500, np.zeros(1499)])),
                        shape=(1501, 1501))  # and a node alone
    assert scaled_laplacian(star).to_dense()[-1, -1] == -1


# Chebyshev polynomials

def test_cosines_of_multiples_of_an_angle():
    x = torch.linspace(0, math.pi, 7, dtype=torch.float64)
    basis = chebyshev_basis(torch.diag(torch.cos(x)), 6)
    assert basis.shape == (6, 7, 7)
    for k in range(6):
        assert torch.allclose(basis[k], torch.diag(torch.cos(k * x)), atol=1e-12)


def test_on_a_ring_each_polynomial_is_a_step_of_k_cells_both_ways():
    count = 12  # scaled by 2 the Laplacian is -(P + P^-1) / 2, a cosine; so T_k = (-1)^k (P^k + P^-k) / 2
    basis = chebyshev_basis(scaled_laplacian(ring(count), 2.0), 5)
    for k in range(5):
        step = np.roll(np.eye(count), k, axis=0)
        assert np.allclose(basis[k], (-1) ** k * (step + step.T) / 2)


@given(edged_matrices(), st.integers(1, 6))
@properties
def test_polynomials_of_the_eigenvalues_and_no_farther_than_k_hops(W, order):
    L = scaled_laplacian(W)
    values, vectors = np.linalg.eigh(L.numpy())
    basis = chebyshev_basis(L, order)
    assert basis.shape == (order, len(W), len(W)) and basis.dtype == torch.float64
    hops = RoadGraph(W).hop_distance()
    for k in range(order):
        assert np.allclose(basis[k].numpy(), vectors * chebval(values, np.eye(order)[k]) @ vectors.T, atol=1e-9)
        assert not basis[k].numpy()[hops > k].any()


@given(st.data())
@properties
def test_relabelling_commutes(data):
    W = data.draw(edged_matrices())
    order = data.draw(orders(len(W)))
    both = np.ix_(order, order)
    L = scaled_laplacian(W)
    assert torch.allclose(scaled_laplacian(W[both]), L[both])
    assert torch.allclose(chebyshev_basis(L[both], 4), torch.stack([term[both] for term in chebyshev_basis(L, 4)]))


def test_the_sum_over_the_basis_is_the_layer_of_pytorch_geometric():
    rng = np.random.default_rng(0)
    W = np.triu(rng.random((9, 9)) * (rng.random((9, 9)) < 0.5), 1)
    W = W + W.T
    W[1, 0] = W[0, 1] = 1
    assert not RoadGraph(W).isolated
    layer = ChebConv(3, 4, K=4, normalization="sym", bias=False).double()
    x = torch.from_numpy(rng.standard_normal((9, 3)))
    index, weight = dense_to_sparse(torch.from_numpy(W))
    basis = chebyshev_basis(scaled_laplacian(W, 2.0), 4)
    ours = sum(basis[k] @ x @ layer.lins[k].weight.T for k in range(4))
    assert torch.allclose(ours, layer(x, index, weight))


def test_on_los_loop(real_data):
    W = np.loadtxt(real_data("los_loop") / "los_loop" / "los_adj.csv", delimiter=",")
    L = scaled_laplacian(W)
    S = laplacian(W, normed=True)
    assert np.allclose(L, 2 * S / np.linalg.eigvalsh(S)[-1] - np.eye(207))
    assert L[26, 26] == -1 and np.count_nonzero(L[26]) == 1
    assert torch.allclose(scaled_laplacian(sp.csr_array(W)).to_dense(), L)


# What is refused

directed = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.0, 2.0, 0.0]])


@pytest.mark.parametrize("kind", [np.asarray, *SPARSE.values()])
@pytest.mark.parametrize(("W", "parts"), [
    (directed, ["W is not symmetric", "differ by up to 1", "torch.maximum(W, W.T)", "W.maximum(W.T)", "(W + W.T) / 2"]),
    (-path(3), ["negative", "gaussian_adjacency"]),
    (np.where(path(3) > 0, np.nan, 0), ["non-finite"]),
    (np.where(path(3) > 0, np.inf, 0), ["non-finite"]),
    (np.zeros((3, 3)), ["shape (3, 3)", "no edge", "unit"]),
    (np.eye(3), ["no edge"]),
    (np.ones((2, 3)), ["W has shape (2, 3)", "(V, V)"]),
])
def test_bad_weights_are_named(kind, W, parts):
    with pytest.raises(ValueError) as caught:
        scaled_laplacian(kind(W))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(("call", "parts"), [
    (lambda: scaled_laplacian(np.zeros((0, 0))), ["W has shape (0, 0)", "at least one node"]),
    (lambda: scaled_laplacian(path(3), 0), ["lambda_max is 0", "positive", "None"]),
    (lambda: scaled_laplacian(path(3), math.nan), ["lambda_max is nan"]),
    (lambda: chebyshev_basis(np.ones((2, 3)), 2), ["L has shape (2, 3)"]),
    (lambda: chebyshev_basis(sp.csr_array(np.ones((2, 3))), 2), ["L has shape (2, 3)"]),
    (lambda: chebyshev_basis(path(3), 0), ["order is 0", "from 1"]),
    (lambda: chebyshev_basis(path(3), 2.0), ["order is 2.0", "whole number"]),
    (lambda: chebyshev_basis(path(3), True), ["order is True"]),
    (lambda: chebyshev_basis(path(3) * math.nan, 3), ["L holds a NaN", "scaled_laplacian"]),
    (lambda: chebyshev_basis(sp.csr_array(path(3)) * math.nan, 3), ["L holds a NaN"]),
    (lambda: normalize_adjacency(sp.csr_array(-path(3))), ["A holds a negative"]),
    (lambda: normalize_adjacency(sp.csr_array(np.ones((2, 3)))), ["A has shape (2, 3)"]),
])
def test_bad_arguments_are_named(call, parts):
    with pytest.raises(ValueError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_rounding_is_not_asymmetry():
    W = path(4).astype(np.float32) * 0.3
    W[0, 1] = np.nextafter(W[1, 0], np.float32(1))
    assert torch.isfinite(scaled_laplacian(W)).all() and torch.isfinite(scaled_laplacian(sp.csr_array(W)).values()).all()
