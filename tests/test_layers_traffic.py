"""Layers of the traffic networks: against loops, PyTorch Geometric, closed forms and finite differences."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from stgcn_lib.graphs import chebyshev_basis, normalize_adjacency, ring_road, scaled_laplacian
from stgcn_lib.layers import ChebConv, GatedTemporalConv, SandwichBlock, propagate, sparse_pair


def weights(V=7, seed=0, share=0.5):
    """Symmetric positive weights of about that share of the pairs; nobody is alone."""
    rng = np.random.default_rng(seed)
    W = np.triu(rng.uniform(0.2, 1, (V, V)) * (rng.random((V, V)) < share), 1)
    W[np.arange(V - 1), np.arange(1, V)] += 0.3
    return torch.tensor(W + W.T, dtype=torch.float32)


def pair(C=3, D=4, V=7, order=3, seed=0):
    """The same layer, dense and sparse."""
    L = scaled_laplacian(weights(V, seed))
    dense = ChebConv(C, D, L, order)
    sparse = ChebConv(C, D, L.to_sparse_csr(), order)
    with torch.no_grad():
        sparse.weight.copy_(dense.weight)
        dense.bias.copy_(torch.randn(D, generator=torch.Generator().manual_seed(seed)))
        sparse.bias.copy_(dense.bias)
    assert not dense.sparse and sparse.sparse
    return dense, sparse, L


@pytest.mark.parametrize(("C", "D"), [(3, 4), (5, 2)])  # to fewer channels the dense form mixes first
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_chebyshev_is_what_loops_give(order, C, D):
    dense, sparse, L = pair(C, D, order=order)
    x = torch.randn(2, C, 4, 7)
    T = chebyshev_basis(L, order) if order > 1 else torch.eye(7)[None]
    expected = torch.zeros(2, D, 4, 7)
    for n in range(2):
        for t in range(4):
            for v in range(7):
                expected[n, :, t, v] = dense.bias
                for k in range(order):
                    for u in range(7):
                        expected[n, :, t, v] += T[k, v, u] * (x[n, :, t, u] @ dense.weight[k])
    assert torch.allclose(dense(x), expected, atol=1e-5) and torch.allclose(sparse(x), expected, atol=1e-5)


def test_chebyshev_is_that_of_pytorch_geometric():
    geometric = pytest.importorskip("torch_geometric.nn")
    W = weights(9)
    receiver, sender = W.nonzero(as_tuple=True)
    theirs = geometric.ChebConv(3, 5, 4, normalization="sym")
    ours = ChebConv(3, 5, scaled_laplacian(W, lambda_max=1.7), 4)
    with torch.no_grad():
        for k, line in enumerate(theirs.lins):
            ours.weight[k] = line.weight.T
        ours.bias.copy_(nn.init.normal_(theirs.bias))
    x = torch.randn(2, 3, 4, 9)
    expected = torch.stack([torch.stack([theirs(x[n, :, t].T, torch.stack([sender, receiver]), W[receiver, sender],
                                                lambda_max=torch.tensor(1.7)).T for t in range(4)], 1) for n in range(2)])
    assert torch.allclose(ours(x), expected, atol=1e-5)


def test_a_wave_on_a_ring_is_scaled_and_nothing_else():
    V, wave = 12, 2  # cos(2 pi w v / V) is an eigenvector: L times it is (1 - cos(2 pi w / V)) times it, and lambda_max is 2
    ring = ring_road(V)
    L = scaled_laplacian(ring.adjacency())
    x = torch.cos(2 * torch.pi * wave * torch.arange(V) / V)[None, None, None]
    layer = ChebConv(1, 1, L, 4, bias=False)
    eigenvalue = -np.cos(2 * np.pi * wave / V)  # of the scaled Laplacian
    factor = sum(layer.weight[k].item() * np.cos(k * np.arccos(eigenvalue)) for k in range(4))
    assert torch.allclose(layer(x), factor * x, atol=1e-5)


def test_gradients_are_those_of_finite_differences():
    for layer in (*pair(C=2, D=2, V=5)[:2], *pair(C=2, D=1, V=5)[:2]):
        layer.double()
        x = torch.randn(2, 2, 3, 5, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(layer, (x,))
        names = [name for name, _ in layer.named_parameters()]
        assert torch.autograd.gradcheck(lambda *p, names=names, layer=layer, x=x: torch.func.functional_call(
            layer, dict(zip(names, p, strict=True)), (x.detach(),)), tuple(layer.parameters()))


def test_a_sparse_product_knows_receivers_from_senders():
    A = torch.tensor([[0.0, 2, 0], [0, 0, 3], [0, 0, 0]])
    row, column = A.nonzero(as_tuple=True)
    sparse = sparse_pair(row, column, A[row, column], 3)
    x = torch.tensor([[1.0], [10], [100]], requires_grad=True)
    assert propagate(sparse, x).flatten().tolist() == propagate(A, x).flatten().tolist() == [20, 300, 0]
    propagate(sparse, x).sum().backward()
    assert x.grad.flatten().tolist() == [0, 2, 3]  # what each sends in all


def test_large_and_thin_is_sparse_small_or_dense_is_not():
    L = scaled_laplacian(ring_road(400).adjacency())
    assert ChebConv(1, 1, L).sparse and not ChebConv(1, 1, L[:200, :200]).sparse
    assert not ChebConv(1, 1, torch.ones(400, 400) / 400).sparse
    a, b = ChebConv(2, 3, L), ChebConv(2, 3, L)
    assert "basis" not in a.state_dict() and "values" in a.state_dict()
    b.load_state_dict(a.state_dict())
    x = torch.randn(1, 2, 3, 400)
    assert torch.equal(a(x), b(x)) and a.double()(x.double()).dtype == torch.float64


def test_order_one_hears_nobody_and_order_k_hears_k_minus_1_hops():
    hops = torch.tensor(ring_road(20).hop_distance())
    for order in (1, 2, 4):
        layer = ChebConv(1, 1, scaled_laplacian(ring_road(20).adjacency()), order)
        with torch.no_grad():
            layer.weight.fill_(1)
        x = torch.zeros(1, 1, 1, 20)
        x[..., 5] = 1
        heard = layer(x)[0, 0, 0] != 0
        assert not heard[hops[5] >= order].any() and heard[5] | (order == 2)


def test_gated_convolution_is_what_loops_give():
    for C, D in ((2, 5), (5, 2), (3, 3)):
        layer = GatedTemporalConv(C, D, 3)
        x = torch.randn(2, C, 6, 4)
        W, b = layer.conv.weight[..., 0], layer.conv.bias
        expected = torch.zeros(2, D, 4, 4)
        for t in range(4):
            both = torch.einsum("oci,nciv->nov", W, x[:, :, t:t + 3]) + b[:, None]
            now = x[:, :, t + 2]
            if C > D:
                now = torch.einsum("oc,ncv->nov", layer.residual.weight[..., 0, 0], now) + layer.residual.bias[:, None]
            else:
                now = torch.cat([now, torch.zeros(2, D - C, 4)], 1)
            expected[:, :, t] = (both[:, :D] + now) * torch.sigmoid(both[:, D:])
        assert torch.allclose(layer(x), expected, atol=1e-5)


def test_no_frame_hears_the_future_and_none_is_invented():
    layer, x = GatedTemporalConv(2, 3, 3), torch.randn(1, 2, 8, 4)
    y = x.clone()
    y[:, :, 5] += 1
    same = (layer(x) == layer(y)).all(dim=(0, 1, 3))  # output t has seen inputs t, t + 1, t + 2
    assert same.tolist() == [True, True, True, False, False, False]
    with pytest.raises(ValueError, match="2 frames, the kernel needs 3"):
        layer(x[:, :, :2])


def test_the_sandwich_is_its_parts():
    W = weights()
    for kind, norm, channels in (("chebyshev", "channel", (4, 4, 6)), ("chebyshev", "layer", (4, 5, 6)),
                                 ("first", "channel", (4, 4, 4))):
        matrix = scaled_laplacian(W) if kind == "chebyshev" else normalize_adjacency(W, "symmetric", self_loops=True)
        block = SandwichBlock(2, channels, matrix, kind=kind, norm=norm, num_nodes=7).eval()
        x = torch.randn(2, 2, 9, 7)
        h = block.before(x)
        if kind == "first":
            space = torch.einsum("vu,nctu,cd->ndtv", matrix, h, block.spatial.weight) + block.spatial.bias[:, None, None]
        else:
            space = block.spatial(h)
        z = block.after(torch.relu(space + block.residual(h)))
        over = (1,) if norm == "channel" else (1, 3)
        centred = z - z.mean(over, keepdim=True)
        assert torch.allclose(block(x), centred / (z.var(over, unbiased=False, keepdim=True) + 1e-5).sqrt(), atol=1e-4)
        assert block(x).shape == (2, channels[2], 5, 7)
    count = lambda norm, V: sum(p.numel() for p in SandwichBlock(  # noqa: E731
        2, (4, 4, 6), scaled_laplacian(weights(V)), norm=norm, num_nodes=V).parameters())
    assert count("channel", 7) == count("channel", 9) and count("layer", 9) - count("layer", 7) == 2 * 2 * 6


def test_a_learned_graph_has_a_weight_of_its_own():
    block = SandwichBlock(2, (4, 4, 4), None, learned=True).eval()
    x, graph = torch.randn(1, 2, 6, 7), torch.rand(7, 7)
    changed = x.clone()
    changed[..., 3] += 1
    alone = (block(x, torch.eye(7)) == block(changed, torch.eye(7))).all(dim=(0, 1, 2))
    assert alone.sum() == 6 and not alone[3]
    assert not (block(x, graph) == block(changed, graph)).all(dim=(0, 1, 2)).any()
    graph = torch.zeros(7, 7)
    graph[2, 3], graph[3, 5] = 1, 1  # 2 receives from 3
    heard = (block(x, graph) != block(changed, graph)).any(dim=2).any(dim=1).any(dim=0)
    assert heard.nonzero().flatten().tolist() == [2, 3]


def test_first_order_hears_its_neighbours_whatever_the_order():
    matrix = normalize_adjacency(ring_road(8).adjacency(), "symmetric", self_loops=True)
    for order in (1, 3):
        block, x = SandwichBlock(1, (4, 4, 4), matrix, order, kind="first").eval(), torch.randn(1, 1, 5, 8)
        changed = x.clone()
        changed[..., 3] += 1
        assert (block(x) != block(changed)).any(dim=(0, 1, 2)).nonzero().flatten().tolist() == [2, 3, 4]


def test_a_sparse_layer_takes_the_graph_that_is_loaded():
    """Also one with more edges, and also after it has worked: nothing that was made of the old graph may be left."""
    few, many = (ChebConv(2, 3, scaled_laplacian(weights(9, share=share)).to_sparse_csr()) for share in (0.1, 0.7))
    x = torch.randn(2, 2, 3, 9)
    old = few(x)
    assert len(few.values) < len(many.values)
    few.load_state_dict(many.state_dict())
    assert torch.equal(few(x), many(x)) and not torch.allclose(few(x), old, atol=1e-2)
    swapped = ChebConv(2, 3, scaled_laplacian(weights(9, seed=5, share=0.7)).to_sparse_csr())
    swapped(x)
    swapped.load_state_dict(many.state_dict())
    assert torch.equal(swapped(x), many(x))
    with pytest.raises(ValueError, match="edge at node 8, this layer has 5 nodes"):
        ChebConv(2, 3, scaled_laplacian(weights(5)).to_sparse_csr()).load_state_dict(many.state_dict())


def test_a_sparse_layer_can_be_copied_after_it_has_worked():
    layer, x = pair()[1], torch.randn(2, 3, 4, 7)
    expected = layer(x)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(x), expected)
    assert layer._pair is not None  # the layer itself keeps what it made


def test_half_precision_is_the_same_number_shorter():
    x = torch.randn(2, 3, 4, 7)
    for layer in pair()[:2]:
        expected = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x.clone().requires_grad_())
        y.float().sum().backward()
        assert torch.allclose(y.float(), expected, atol=0.1, rtol=0.05)
        y = copy.deepcopy(layer).to(torch.bfloat16)(x.to(torch.bfloat16))
        assert y.dtype == torch.bfloat16 and torch.allclose(y.float(), expected, atol=0.1, rtol=0.05)


@pytest.mark.parametrize(("build", "words"), [
    (lambda: ChebConv(1, 1, torch.eye(3), 0), "order is 0"),
    (lambda: ChebConv(1, 1, torch.zeros(3, 4)), r"shape \(3, 4\), expected \(V, V\)"),
    (lambda: ChebConv(1, 1, torch.full((3, 3), torch.nan)), "degree 0"),
    (lambda: ChebConv(1, 1, torch.eye(3))(torch.zeros(1, 1, 2, 4)), "x has 4 sensors, the Laplacian has 3"),
    (lambda: ChebConv(1, 1, torch.eye(3))(torch.zeros(1, 2, 2, 3)), "with C = 1"),
    (lambda: GatedTemporalConv(1, 1, 0), "kernel_size is 0"),
    (lambda: GatedTemporalConv(1, 1)(torch.zeros(1, 2, 5, 3)), "with C = 1"),
    (lambda: SandwichBlock(1, (2, 2, 2), torch.eye(3), kind="second"), "kind is 'second'"),
    (lambda: SandwichBlock(1, (2, 2, 2), torch.eye(3), norm="layer"), "give num_nodes"),
])
def test_what_is_wrong_is_named(build, words):
    with pytest.raises(ValueError, match=words):
        build()
