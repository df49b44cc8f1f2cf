import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.nn.conv.gcn_conv import gcn_norm

from stgcn_lib.graphs import normalize_adjacency

from .graph_examples import properties

KINDS = ("symmetric", "row", "column")
weights = st.one_of(st.just(0.0), st.floats(0, 8, width=32))


@st.composite
def matrices(draw):
    """Directed, weighted, with isolated nodes and self-loops now and then."""
    count = draw(st.integers(1, 6))
    return draw(st.lists(st.lists(weights, min_size=count, max_size=count), min_size=count, max_size=count))


def by_loops(A, kind, self_loops):
    nodes = range(len(A))
    A = [[1.0 if self_loops and v == u and A[v][u] == 0 else A[v][u] for u in nodes] for v in nodes]
    received, sent = [sum(A[v]) for v in nodes], [sum(A[v][u] for v in nodes) for u in nodes]

    def weight(v, u):
        if A[v][u] == 0 or kind == "symmetric" and received[u] == 0:
            return 0.0
        if kind == "symmetric":
            return A[v][u] / math.sqrt(received[v]) / math.sqrt(received[u])
        return A[v][u] / (received[v] if kind == "row" else sent[u])

    return [[weight(v, u) for u in nodes] for v in nodes]


@given(matrices(), st.sampled_from(KINDS), st.booleans())
@properties
def test_equals_the_loops(A, kind, self_loops):
    result = normalize_adjacency(torch.tensor(A, dtype=torch.float64), kind, self_loops)
    assert torch.allclose(result, torch.tensor(by_loops(A, kind, self_loops), dtype=torch.float64))


@given(matrices(), st.sampled_from(KINDS), st.booleans())
@properties
def test_finite_in_finite_out_and_an_isolated_node_stays_zero(A, kind, self_loops):
    result = normalize_adjacency(np.array(A), kind, self_loops)
    assert torch.isfinite(result).all()
    silent = torch.tensor(A).sum(dim=1) == 0
    assert (result[silent].sum(dim=1) > 0).all() if self_loops else (result[silent] == 0).all()


@given(matrices())
@properties
def test_rows_or_columns_sum_to_one(A):
    A = torch.tensor(A, dtype=torch.float64)
    assert torch.allclose(normalize_adjacency(A, "row").sum(dim=1), (A.sum(dim=1) > 0).double())
    assert torch.allclose(normalize_adjacency(A, "column").sum(dim=0), (A.sum(dim=0) > 0).double())
    assert torch.allclose(normalize_adjacency(A, "column"), normalize_adjacency(A.T, "row").T)


@given(matrices())
@properties
def test_symmetric_stays_symmetric_with_eigenvalues_of_at_most_one(A):
    A = torch.tensor(A, dtype=torch.float64)
    result = normalize_adjacency(A + A.T, "symmetric")
    assert torch.equal(result, result.T)
    assert torch.linalg.eigvalsh(result).abs().max() <= 1 + 1e-9


@given(matrices(), st.booleans())
@properties
def test_symmetric_equals_pytorch_geometric(A, self_loops):
    A = torch.tensor(A)
    receiver, sender = A.nonzero(as_tuple=True)
    edge_index, weight = gcn_norm(torch.stack([sender, receiver]), A[receiver, sender], num_nodes=len(A),
                                  add_self_loops=self_loops)
    expected = torch.zeros_like(A).index_put((edge_index[1], edge_index[0]), weight, accumulate=True)
    assert torch.allclose(normalize_adjacency(A, "symmetric", self_loops), expected)


def test_a_self_loop_that_is_there_keeps_its_weight():
    A = torch.tensor([[3.0, 1.0], [1.0, 0.0]])
    assert normalize_adjacency(A, "row", self_loops=True).tolist() == [[0.75, 0.25], [0.5, 0.5]]


def test_path_of_three_by_hand():
    A = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert normalize_adjacency(A, "row").tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]
    assert normalize_adjacency(A, "column").tolist() == [[0, 0.5, 0], [1, 0, 1], [0, 0.5, 0]]
    symmetric = normalize_adjacency(A, self_loops=True)
    assert torch.allclose(symmetric, torch.tensor([[1 / 2, 1 / 6**0.5, 0], [1 / 6**0.5, 1 / 3, 1 / 6**0.5],
                                                   [0, 1 / 6**0.5, 1 / 2]]))


def test_types_and_the_given_array_stay():
    A = np.array([[0, 2], [2, 0]])
    assert normalize_adjacency(A, self_loops=True).dtype == torch.float32
    assert normalize_adjacency(torch.tensor(A)).dtype == torch.float32
    kept = torch.tensor(A, dtype=torch.float64)
    assert normalize_adjacency(kept, self_loops=True).dtype == torch.float64
    assert A.tolist() == kept.tolist() == [[0, 2], [2, 0]]


def test_gradients_pass_and_stay_finite_at_an_isolated_node():
    A = torch.zeros(3, 3, requires_grad=True)
    normalize_adjacency(A).sum().backward()
    assert torch.isfinite(A.grad).all()


@pytest.mark.parametrize(("A", "kind", "parts"), [
    (torch.ones(2, 3), "row", ["A has shape (2, 3)", "(V, V)"]),
    (torch.ones(3, 2, 2), "row", ["A has shape (3, 2, 2)", "partition(normalization"]),
    (torch.tensor([[0.0, -1.0], [1.0, 0.0]]), "row", ["negative", "positive number"]),
    (torch.tensor([[0.0, math.nan], [1.0, 0.0]]), "symmetric", ["non-finite"]),
    (torch.tensor([[0.0, math.inf], [1.0, 0.0]]), "symmetric", ["non-finite"]),
    (torch.eye(2), "rows", ["kind is 'rows'", "'row'", "'column'"]),
])
def test_bad_arguments_are_named(A, kind, parts):
    with pytest.raises(ValueError) as caught:
        normalize_adjacency(A, kind)
    for part in parts:
        assert part in str(caught.value)
