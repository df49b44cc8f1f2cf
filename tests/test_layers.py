import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.nn import GCNConv

from stgcn_lib.graphs import normalize_adjacency, skeleton
from stgcn_lib.layers import GraphConv, SpatialGraphConv, STGCNBlock, TemporalConv

from .graph_examples import properties, skeletons


def random_graph(seed, nodes=6, weighted=True, directed=True):
    """Adjacency, receiver first, with an isolated node, a self-loop and a node that only sends."""
    generator = torch.Generator().manual_seed(seed)
    A = (torch.rand(nodes, nodes, generator=generator) < 0.4).float()
    if not directed:
        A = torch.maximum(A, A.T)
    if weighted:
        A = A * (0.1 + torch.rand(nodes, nodes, generator=generator))
        A = A if directed else (A + A.T) / 2
    A[0, 0] = 1.5 if weighted else 1.0
    A[4] = A[:, 4] = 0
    if directed:
        A[2], A[1, 2] = 0, 1.0
    return A


def randomize(layer, seed=0):
    """Every parameter drawn anew, so that no test leans on an initial 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return layer


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_graph_conv_equals_gcn_conv(seed, directed, weighted):
    A = random_graph(seed, weighted=weighted, directed=directed)
    ours = randomize(GraphConv(3, 5, normalize_adjacency(A, "symmetric", self_loops=True)))
    theirs = GCNConv(3, 5)
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.weight.T)
        theirs.bias.copy_(ours.bias)
    receiver, sender = A.nonzero(as_tuple=True)
    x = torch.randn(len(A), 3, generator=torch.Generator().manual_seed(seed))
    edge_index = torch.stack([sender, receiver])  # PyTorch Geometric puts the source first
    assert torch.allclose(ours(x), theirs(x, edge_index, A[receiver, sender]), atol=1e-6)


def test_graph_conv_equals_the_loops_for_any_leading_axes():
    A = random_graph(1)
    layer = randomize(GraphConv(2, 3, A))
    x = torch.randn(4, 5, 6, 2, generator=torch.Generator().manual_seed(1))
    y = layer(x)
    assert y.shape == (4, 5, 6, 3)
    for n in range(4):
        for t in range(5):
            for v in range(6):
                expected = layer.bias.clone()
                for u in range(6):
                    expected = expected + A[v, u] * (x[n, t, u] @ layer.weight)
                assert torch.allclose(y[n, t, v], expected, atol=1e-5)


def test_the_receiver_comes_first():
    one_way = torch.tensor([[0.0, 1.0], [0.0, 0.0]])  # node 0 takes from node 1, node 1 from nobody
    layer = GraphConv(1, 1, one_way, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    assert layer(torch.tensor([[10.0], [7.0]])).tolist() == [[7.0], [0.0]]
    spatial = SpatialGraphConv(1, 1, one_way[None], bias=False)
    with torch.no_grad():
        spatial.conv.weight.fill_(1.0)
    assert spatial(torch.tensor([[[[10.0, 7.0]]]])).tolist() == [[[[7.0, 0.0]]]]


def spatial_by_loops(layer, x):
    """f_out(v) = sum_k sum_u A_k[v, u] M_k[v, u] (W_k f_in(u) + b_k), one number after the other."""
    (N, C, T, V), K = x.shape, len(layer.adjacency)
    W = layer.conv.weight.detach().reshape(K, -1, C)
    b = torch.zeros(K, W.shape[1]) if layer.conv.bias is None else layer.conv.bias.detach().reshape(K, -1)
    y = torch.zeros(N, W.shape[1], T, V)
    for n in range(N):
        for t in range(T):
            for v in range(V):
                for k in range(K):
                    for u in range(V):
                        weight = layer.adjacency[k, v, u] * layer.edge_importance[k, v, u].detach()
                        y[n, :, t, v] += weight * (W[k] @ x[n, :, t, u] + b[k])
    return y


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("importance", [True, False])
def test_spatial_graph_conv_equals_the_loops(importance, bias):
    generator = torch.Generator().manual_seed(2)
    A = torch.rand(3, 5, 5, generator=generator)  # no symmetry to hide behind
    layer = randomize(SpatialGraphConv(2, 4, A, edge_importance=importance, bias=bias))
    x = torch.randn(2, 2, 3, 5, generator=generator)
    assert torch.allclose(layer(x), spatial_by_loops(layer, x), atol=1e-5)


def test_spatial_graph_conv_equals_the_loops_on_a_body():
    layer = randomize(SpatialGraphConv(3, 2, skeleton("coco-17").partition()))
    x = torch.randn(1, 3, 2, 17, generator=torch.Generator().manual_seed(4))
    assert torch.allclose(layer(x), spatial_by_loops(layer, x), atol=1e-5)


def test_one_subset_is_a_graph_conv():
    A = normalize_adjacency(skeleton("openpose-18").adjacency())
    spatial = randomize(SpatialGraphConv(3, 4, A[None], edge_importance=False, bias=False))
    plain = GraphConv(3, 4, A, bias=False)
    with torch.no_grad():
        plain.weight.copy_(spatial.conv.weight.squeeze().T)
    x = torch.randn(2, 3, 6, 18, generator=torch.Generator().manual_seed(0))
    expected = plain(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # (N, T, V, C) and back
    assert torch.allclose(spatial(x), expected, atol=1e-6)


def test_without_neighbours_the_joints_are_alone():
    alone = skeleton("coco-17").partition("uniform", max_hop=0)
    layer = randomize(SpatialGraphConv(3, 4, alone, edge_importance=False))
    x = torch.randn(2, 3, 6, 17, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(layer(x), layer.conv(x), atol=1e-6)


def test_a_frame_hears_no_other_frame():
    layer = randomize(SpatialGraphConv(3, 4, skeleton("coco-17").partition()))
    x = torch.randn(1, 3, 6, 17, generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, :, 2] += 1
    moved = (layer(x) - layer(changed)).abs().amax(dim=(0, 1, 3)) > 1e-6
    assert moved.tolist() == [False, False, True, False, False, False]


def test_the_bias_of_a_joint_is_scaled_by_what_it_receives():
    A = torch.tensor([[[0.0, 0.5], [2.0, 1.0]]])
    layer = SpatialGraphConv(1, 1, A, edge_importance=False)
    with torch.no_grad():
        layer.conv.bias.fill_(1.0)
    assert layer(torch.zeros(1, 1, 1, 2)).tolist() == [[[[0.5, 3.0]]]]


@pytest.mark.parametrize("importance", [True, False])
def test_gradients_of_spatial_graph_conv(importance):
    A = torch.rand(2, 3, 3, generator=torch.Generator().manual_seed(0))
    layer = randomize(SpatialGraphConv(2, 2, A, edge_importance=importance)).double()
    names = [name for name, _ in layer.named_parameters()]
    values = [value.detach().clone().requires_grad_() for value in layer.parameters()]
    x = torch.randn(2, 2, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)

    assert torch.autograd.gradcheck(run, (x, *values))


def test_gradients_of_graph_conv():
    layer = randomize(GraphConv(2, 3, random_graph(0))).double()
    x = torch.randn(2, 6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))
    assert torch.autograd.gradcheck(lambda w, b: torch.func.functional_call(layer, {"weight": w, "bias": b}, x),
                                    (layer.weight.detach().requires_grad_(), layer.bias.detach().requires_grad_()))


@given(skeletons(max_joints=6), st.data())
@properties
def test_permuting_the_joints_permutes_the_output(graph, data):
    order = list(data.draw(st.permutations(range(graph.num_joints))))
    generator = torch.Generator().manual_seed(0)

    A = graph.partition()
    layer = randomize(SpatialGraphConv(2, 3, A))
    twin = SpatialGraphConv(2, 3, A[:, order][:, :, order])
    twin.load_state_dict(layer.state_dict() | {"adjacency": twin.adjacency,
                                               "edge_importance": layer.edge_importance[:, order][:, :, order]})
    x = torch.randn(2, 2, 3, graph.num_joints, generator=generator)
    assert torch.allclose(twin(x[..., order]), layer(x)[..., order], atol=1e-5)

    A = normalize_adjacency(graph.adjacency())
    layer = randomize(GraphConv(2, 3, A))
    twin = GraphConv(2, 3, A[order][:, order])
    twin.load_state_dict(layer.state_dict() | {"adjacency": twin.adjacency})
    x = torch.randn(2, graph.num_joints, 2, generator=generator)
    assert torch.allclose(twin(x[:, order]), layer(x)[:, order], atol=1e-5)


def test_what_is_saved_what_is_trained_and_what_moves():
    A = skeleton("coco-17").partition()
    learned, fixed = SpatialGraphConv(3, 4, A), SpatialGraphConv(3, 4, A, edge_importance=False)
    plain = GraphConv(3, 4, A[0])
    assert set(learned.state_dict()) == {"adjacency", "edge_importance", "conv.weight", "conv.bias"}
    assert set(fixed.state_dict()) == {"adjacency", "conv.weight", "conv.bias"}
    assert set(plain.state_dict()) == {"adjacency", "weight", "bias"}
    assert {name for name, _ in learned.named_parameters()} == {"edge_importance", "conv.weight", "conv.bias"}
    assert {name for name, _ in fixed.named_parameters()} == {"conv.weight", "conv.bias"}
    clip = torch.zeros(1, 3, 2, 17)
    for layer, x in ((learned, clip), (fixed, clip), (plain, torch.zeros(17, 3))):
        assert layer.double()(x.double()).dtype == torch.float64
        meta = layer.to("meta")
        assert all(tensor.device.type == "meta" for tensor in [*meta.parameters(), *meta.buffers()])


def test_the_layer_keeps_a_copy_of_the_adjacency():
    A = torch.eye(3)
    layer = GraphConv(1, 1, A)
    A.fill_(7)
    assert torch.equal(layer.adjacency, torch.eye(3))
    assert GraphConv(1, 1, np.eye(3)).adjacency.dtype == torch.float32


def test_edge_importance_cannot_add_an_edge():
    layer = randomize(SpatialGraphConv(1, 1, torch.eye(2)[None], bias=False))
    x = torch.randn(1, 1, 1, 2, generator=torch.Generator().manual_seed(0))
    layer(x)[..., 0].sum().backward()
    assert layer.edge_importance.grad[0, 0, 1] == 0
    assert layer.edge_importance.grad[0, 0, 0] != 0


BODY = skeleton("openpose-18")


@pytest.mark.parametrize(("shape", "parts"), [
    ((2, 3, 4, 17), ["17 joints", "18", "skeleton('coco-17')"]),
    ((2, 3, 4, 1), ["1 joints", "18"]),
    ((2, 4, 3, 18), ["4 channels", "expected 3", "(N, C, T, V)"]),
    ((2, 3, 4, 18, 1), ["(2, 3, 4, 18, 1)", "(N, C, T, V)", "people"]),
    ((3, 4, 18), ["(3, 4, 18)", "x[None]"]),
])
def test_spatial_graph_conv_names_what_is_wrong_with_x(shape, parts):
    layer = SpatialGraphConv(3, 8, BODY.partition())
    with pytest.raises(ValueError) as caught:
        layer(torch.zeros(shape))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(("shape", "parts"), [
    ((2, 17, 3), ["17 joints", "18"]),
    ((2, 1, 3), ["1 joints", "18"]),
    ((2, 3, 18), ["(2, 3, 18)", "C = 3", "channels last"]),
    ((3,), ["(3,)", "(..., V, C)"]),
])
def test_graph_conv_names_what_is_wrong_with_x(shape, parts):
    layer = GraphConv(3, 8, BODY.adjacency())
    with pytest.raises(ValueError) as caught:
        layer(torch.zeros(shape))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(("layer", "adjacency", "parts"), [
    (GraphConv, BODY.partition(), ["(3, 18, 18)", "(V, V)", "SpatialGraphConv"]),
    (GraphConv, torch.ones(2, 3), ["(2, 3)", "(V, V)"]),
    (GraphConv, torch.tensor([[float("nan")]]), ["NaN", "normalize_adjacency"]),
    (GraphConv, BODY, ["SkeletonGraph('openpose-18'", "graph.adjacency()"]),
    (SpatialGraphConv, BODY.adjacency(), ["(18, 18)", "(K, V, V)", "graph.partition()"]),
    (SpatialGraphConv, torch.ones(0, 3, 3), ["(0, 3, 3)", "(K, V, V)"]),
    (SpatialGraphConv, torch.full((1, 2, 2), float("inf")), ["infinite"]),
    (SpatialGraphConv, BODY, ["SkeletonGraph('openpose-18'", "graph.partition()"]),
])
def test_layers_name_what_is_wrong_with_the_adjacency(layer, adjacency, parts):
    with pytest.raises(ValueError) as caught:
        layer(3, 8, adjacency)
    for part in ["adjacency", *parts]:
        assert part in str(caught.value)


def temporal_by_loops(layer, x, causal):
    W, b, (k, stride, d) = layer.conv.weight.detach()[..., 0], layer.conv.bias.detach(), (
        layer.conv.kernel_size[0], layer.conv.stride[0], layer.conv.dilation[0])
    first = -(k - 1) * d if causal else -(k // 2) * d
    frames = range(0, x.shape[2], stride)
    y = torch.zeros(len(x), len(b), len(frames), x.shape[3])
    for place, t in enumerate(frames):
        for v in range(x.shape[3]):
            y[:, :, place, v] = b
            for i in range(k):
                source = t + first + i * d
                if 0 <= source < x.shape[2]:
                    y[:, :, place, v] += x[:, :, source, v] @ W[..., i].T
    return y


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(1, 1, 1), (3, 1, 1), (3, 2, 1), (5, 1, 2), (5, 3, 2), (9, 2, 1)])
def test_temporal_conv_equals_the_loops(kernel, stride, dilation, causal):
    layer = randomize(TemporalConv(2, 3, kernel, stride, dilation, causal))
    for frames in (1, 7, 8):
        x = torch.randn(2, 2, frames, 4, generator=torch.Generator().manual_seed(kernel))
        assert torch.allclose(layer(x), temporal_by_loops(layer, x, causal), atol=1e-5)


def test_an_even_kernel_may_be_causal():
    layer = TemporalConv(1, 1, kernel_size=2, causal=True, bias=False)
    with torch.no_grad():
        layer.conv.weight[:] = torch.tensor([10.0, 1.0]).reshape(1, 1, 2, 1)  # ten times the frame before, once this one
    assert layer(torch.tensor([1.0, 2, 3]).reshape(1, 1, 3, 1)).flatten().tolist() == [1, 12, 23]


@pytest.mark.parametrize(("options", "parts"), [
    ({"kernel_size": 4}, ["kernel_size is 4", "odd", "5", "causal"]), ({"kernel_size": 0}, ["kernel_size is 0"]),
    ({"stride": 0}, ["stride is 0"]), ({"dilation": 1.5}, ["dilation is 1.5"]),
])
def test_temporal_conv_names_what_is_wrong(options, parts):
    with pytest.raises(ValueError) as caught:
        TemporalConv(3, 4, **options)
    for part in parts:
        assert part in str(caught.value)
    with pytest.raises(ValueError, match=r"\(2, 4, 5, 6\).*C = 3"):
        TemporalConv(3, 4)(torch.zeros(2, 4, 5, 6))


def test_a_block_is_its_parts_in_order():
    A = skeleton("coco-17").partition()
    x = torch.randn(2, 3, 8, 17, generator=torch.Generator().manual_seed(0))
    for inside, outside, stride, residual in ((3, 3, 1, True), (3, 5, 2, True), (3, 5, 1, True), (3, 5, 1, False)):
        block = STGCNBlock(inside, outside, A, 3, stride, residual=residual)
        block(x)  # batch norms move away from 0 and 1
        block.eval()
        y = torch.relu(block.spatial_norm(block.spatial(x)))
        y = block.temporal_norm(block.temporal(y))
        if residual:
            y = y + (x if inside == outside else block.residual[1](block.residual[0](x)))
        assert torch.allclose(block(x), torch.relu(y), atol=1e-6)
        assert torch.allclose(block.fuse()(x), torch.relu(y), atol=1e-5)


def test_dropout_leaves_the_residual_alone_and_the_backward_pass_whole():
    block = STGCNBlock(3, 3, skeleton("coco-17").partition(), 3, dropout=1.0)
    x = torch.randn(2, 3, 8, 17, generator=torch.Generator().manual_seed(0), requires_grad=True)
    y = block(x)
    assert torch.equal(y, torch.relu(x))
    y.sum().backward()
    assert torch.equal(x.grad, (x > 0).float())


def test_gradients_of_a_block():
    block = STGCNBlock(2, 3, skeleton("coco-17").partition(), 3, stride=2, dilation=2, causal=True).double()
    x = torch.randn(2, 2, 4, 17, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(block, (x,), fast_mode=True)
