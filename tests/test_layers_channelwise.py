"""A graph for every channel: against loops written from its formula, the shared topology, gradients, and what is refused."""

import pytest
import torch

from stgcn_lib.graphs import skeleton
from stgcn_lib.layers import AdaptiveGraphConv, ChannelwiseGraphConv, SpatialGraphConv

A = skeleton("coco-17").partition().double()
K, V = A.shape[:2]


@pytest.fixture(autouse=True)
def doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def shaken(layer):
    """The layer with every parameter away from its start."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return layer


def by_loops(layer, x):
    """The graphs (N, K, C', V, V) and the answer (N, C', T, V), subset by subset, channel by channel, joint by joint."""
    K, V = layer.adjacency.shape[:2]
    (N, _, T, _), out = x.shape, layer.conv.out_channels // K
    R = layer.psi.out_features // K
    graphs, answer = torch.zeros(N, K, out, V, V), torch.zeros(N, out, T, V)
    for n in range(N):
        mean = [sum(x[n, :, t, v] for t in range(T)) / T for v in range(V)]
        for k in range(K):
            few, many = slice(k * R, (k + 1) * R), slice(k * out, (k + 1) * out)
            p = [layer.psi.weight[few] @ m + layer.psi.bias[few] for m in mean]
            q = [layer.phi.weight[few] @ m + layer.phi.bias[few] for m in mean]
            W, b = layer.conv.weight[many, :, 0, 0], layer.conv.bias[many]
            for v in range(V):
                for u in range(V):
                    refined = layer.expand.weight[many, :, 0, 0] @ torch.tanh(p[v] - q[u]) + layer.expand.bias[many]  # (C',)
                    weight = layer.adjacency[k, v, u] + layer.residual[k, v, u] + layer.alpha * refined
                    graphs[n, k, :, v, u] = weight
                    for t in range(T):
                        answer[n, :, t, v] += weight * (W @ x[n, :, t, u] + b)
    return graphs, answer


@pytest.mark.parametrize(("channels", "out_channels", "reduction"), [(5, 6, 2), (2, 12, 2), (3, 4, 8)])
def test_the_layer_is_that_of_the_formula(channels, out_channels, reduction):
    small = A[:, :7, :7]
    layer, x = shaken(ChannelwiseGraphConv(channels, out_channels, small, reduction)), torch.randn(2, channels, 3, 7)
    with torch.no_grad():
        graphs, answer = by_loops(layer, x)
        torch.testing.assert_close(layer.adjacency_of(x), graphs)
        torch.testing.assert_close(layer(x), answer)
    assert (graphs[0, 0, 0] - graphs[0, 0, 1]).abs().max() > 1e-3  # two channels, two graphs
    assert (graphs[0] - graphs[1]).abs().max() > 1e-3  # two clips, two graphs
    assert (graphs - graphs.mT).abs().max() > 1e-3  # what v hears from u is not what u hears from v


def test_few_channels_still_have_relations():
    for out_channels, expected in ((2, 4), (32, 4), (64, 8), (256, 32)):  # C' / 8, but never below 4
        assert ChannelwiseGraphConv(2, out_channels, A).psi.out_features == K * expected


def test_alpha_zero_is_the_shared_topology():
    x = torch.randn(2, 5, 4, V)
    layer, plain = ChannelwiseGraphConv(5, 6, A), SpatialGraphConv(5, 6, A, edge_importance=False)
    plain.conv.load_state_dict(layer.conv.state_dict())
    torch.testing.assert_close(layer(x), plain(x))  # the start: the physical graph
    torch.testing.assert_close(layer.adjacency_of(x), A[:, None].expand(2, -1, 6, -1, -1))
    shaken(layer)
    residual = AdaptiveGraphConv(5, 6, A)
    with torch.no_grad():
        residual.graph.residual.copy_(layer.residual)
        residual.conv.load_state_dict(layer.conv.state_dict())
        assert (layer(x) - residual(x)).abs().max() > 0.1
        layer.alpha.zero_()
    torch.testing.assert_close(layer(x), residual(x))  # anything else may have been learned


def test_training_can_leave_its_start():
    layer = ChannelwiseGraphConv(5, 6, A)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):  # alpha moves first, and lets psi, phi and expand move behind it
        optimizer.zero_grad()
        (layer(torch.randn(2, 5, 4, V)) * torch.randn(2, 6, 4, V)).sum().backward()
        optimizer.step()
    for name, parameter in layer.named_parameters():
        assert parameter.grad.abs().max() > 0, name
    graphs = layer.adjacency_of(torch.randn(1, 5, 4, V))
    assert (graphs[:, :, 0] - graphs[:, :, 1]).abs().max() > 1e-4


def test_the_order_of_frames_does_not_change_the_graph_and_that_of_joints_only_renames():
    layer, x = shaken(ChannelwiseGraphConv(3, 4, A)), torch.randn(2, 3, 6, V)
    torch.testing.assert_close(layer.adjacency_of(x.flip(2)), layer.adjacency_of(x))
    order = torch.randperm(V)
    other = ChannelwiseGraphConv(3, 4, A)
    weights = layer.state_dict()
    for name in ("adjacency", "residual"):
        weights[name] = weights[name][:, order][:, :, order]
    other.load_state_dict(weights)
    torch.testing.assert_close(other(x[..., order]), layer(x)[..., order])
    torch.testing.assert_close(other.adjacency_of(x[..., order]), layer.adjacency_of(x)[..., order, :][..., order])


def test_gradients_are_those_of_the_numbers():
    layer = shaken(ChannelwiseGraphConv(2, 4, A[:2, :5, :5]))
    names, values = zip(*layer.named_parameters(), strict=True)
    values = [value.detach().clone().requires_grad_() for value in values]
    x = torch.randn(2, 2, 3, 5, requires_grad=True)
    function = lambda x, *values: torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)  # noqa: E731
    assert torch.autograd.gradcheck(function, (x, *values))


def test_a_saved_layer_comes_back_and_moves_whole():
    layer, x = shaken(ChannelwiseGraphConv(3, 8, A)), torch.randn(2, 3, 4, V)
    other = ChannelwiseGraphConv(3, 8, torch.zeros_like(A))  # the physical graph is saved too
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))
    single = layer(x).float()
    layer.float()
    assert layer(x.float()).dtype == torch.float32
    torch.testing.assert_close(layer(x.float()), single, rtol=1e-4, atol=1e-4)
    elsewhere = layer.to("meta")(x.float().to("meta"))  # a tensor left behind on the CPU would be refused
    assert elsewhere.device.type == "meta" and elsewhere.shape == (2, 8, 4, V)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: ChannelwiseGraphConv(3, 4, A, reduction=0), "reduction is 0, expected a whole number"),
    (lambda: ChannelwiseGraphConv(3, 4, A, reduction=1.5), "reduction is 1.5, expected"),
    (lambda: ChannelwiseGraphConv(3, 4, A[0]), r"adjacency has shape \(17, 17\), expected \(K, V, V\)"),
    (lambda: ChannelwiseGraphConv(3, 4, A * torch.inf), "adjacency holds a NaN or an infinite weight"),
    (lambda: ChannelwiseGraphConv(3, 4, A)(torch.zeros(1, 5, 2, V)), r"x has shape \(1, 5, 2, 17\), expected .* C = 3"),
    (lambda: ChannelwiseGraphConv(3, 4, A)(torch.zeros(3, 2, V)), r"x has shape \(3, 2, 17\), expected \(N, C, T, V\)"),
    (lambda: ChannelwiseGraphConv(3, 4, A)(torch.zeros(1, 3, 2, 18)), "x has 18 joints, the adjacency has 17"),
    (lambda: ChannelwiseGraphConv(3, 4, A).adjacency_of(torch.zeros(1, 3, 2, 18)), "x has 18 joints, the adjacency has 17"),
    (lambda: ChannelwiseGraphConv(3, 4, A).adjacency_of(torch.zeros(3, 2, V)), r"x has shape \(3, 2, 17\)"),
])
def test_what_does_not_fit_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
