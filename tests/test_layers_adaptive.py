"""Learned graphs: every form against loops written from its formula, sums of rows, symmetry, and the start of training."""

import pytest
import torch
from torch import nn

from stgcn_lib.graphs import skeleton
from stgcn_lib.layers import AdaptiveAdjacency, AdaptiveGraphConv, SpatialGraphConv

GRAPH = skeleton("coco-17")
A = GRAPH.partition().double()
K, V = A.shape[:2]
STATIC = ("sum", "mix", "directed", "residual")
FORMS = (*STATIC, "sample")


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


def softmax_row(numbers):
    weights = [torch.exp(n) for n in numbers]
    return [w / sum(weights) for w in weights]


def softmax_rows(E):
    """softmax(E E^T) of each subset, row by row."""
    return torch.stack([torch.stack([torch.stack(softmax_row([(e[v] * e[u]).sum() for u in range(V)])) for v in range(V)])
                        for e in E])


def learned_by_loops(layer):
    """A'[k, v, u] of an `AdaptiveAdjacency`, number by number."""
    rows = []
    if layer.form == "directed":
        R, S = layer.receivers, layer.senders
        rows = [softmax_row([torch.relu((R[v] * S[u]).sum()) for u in range(V)]) for v in range(V)]
        return torch.cat([A, torch.tensor(rows)[None]])
    result = torch.zeros(K, V, V)
    for k in range(K):
        for v in range(V):
            if layer.form == "residual":
                result[k, v] = A[k, v] + layer.residual[k, v]
                continue
            E = layer.embedding[k]
            row = torch.stack(softmax_row([(E[v] * E[u]).sum() for u in range(V)]))
            g = 1 / (1 + torch.exp(-layer.gate[k, 0, 0])) if layer.form == "mix" else None
            result[k, v] = A[k, v] + row if g is None else (1 - g) * A[k, v] + g * row
    return result


def gathered_by_loops(x, graphs, conv):
    """x'_v = sum_k sum_u A'[k, v, u] (W_k x_u + b_k), clip by clip and joint by joint; graphs (N, K', V, V)."""
    N, _, T, _ = x.shape
    out = conv.out_channels // graphs.shape[1]
    result = torch.zeros(N, out, T, V)
    for n in range(N):
        for k in range(graphs.shape[1]):
            W, b = conv.weight[k * out:(k + 1) * out, :, 0, 0], conv.bias[k * out:(k + 1) * out]
            for v in range(V):
                for u in range(V):
                    message = W @ x[n, :, :, u] + b[:, None]  # (C', T)
                    result[n, :, :, v] += graphs[n, k, v, u] * message
    return result


@pytest.mark.parametrize("form", STATIC)
def test_the_adjacency_is_that_of_the_formula(form):
    layer = shaken(AdaptiveAdjacency(A, form, dim=4))
    with torch.no_grad():
        torch.testing.assert_close(layer(), learned_by_loops(layer))


def test_sums_of_rows_symmetry_and_diagonal():
    uniform = GRAPH.partition("uniform").double()  # one subset, and all rows sum to 1
    sums = {form: AdaptiveAdjacency(uniform, form)().sum(2) for form in STATIC}
    for form, expected in (("sum", 2), ("mix", 1), ("residual", 1)):
        torch.testing.assert_close(sums[form], torch.full((1, V), float(expected)))
    torch.testing.assert_close(sums["directed"], torch.ones(2, V))
    x = torch.ones(V)
    for _ in range(10):
        x = AdaptiveAdjacency(uniform, "sum")()[0] @ x
    torch.testing.assert_close(x, torch.full((V,), 1024.0), rtol=1e-5, atol=0)  # 2 to the power of 10
    layer = AdaptiveAdjacency(A, "sum")
    product = layer.embedding @ layer.embedding.mT
    torch.testing.assert_close(product, product.mT)
    learned = layer() - A
    assert learned.diagonal(dim1=1, dim2=2).mean() > 0.7  # a joint mostly hears itself
    directed = AdaptiveAdjacency(A, "directed")()[-1]
    assert directed.diagonal().mean() < 0.25 and (directed - directed.T).abs().max() > 0.1
    assert (AdaptiveAdjacency(A, "mix")() - A).abs().max() < 0.018
    mix, before = shaken(AdaptiveAdjacency(A, "mix")), A.sum(2, keepdim=True)  # three subsets share a neighbourhood: sums below 1
    g = torch.sigmoid(mix.gate)
    torch.testing.assert_close(mix().sum(2, keepdim=True), (1 - g) * before + g)
    torch.testing.assert_close(AdaptiveAdjacency(A, "sum")().sum(2, keepdim=True), before + 1)


def test_the_start_is_the_physical_graph():
    x = torch.randn(2, 5, 4, V)
    plain = SpatialGraphConv(5, 6, A, edge_importance=False)
    for form in ("residual", "directed", "sample"):
        layer = AdaptiveGraphConv(5, 6, A, form)
        with torch.no_grad():
            layer.conv.weight[:18], layer.conv.bias[:18] = plain.conv.weight, plain.conv.bias
        torch.testing.assert_close(layer(x), plain(x))
        shaken(layer)
        assert (layer(x) - plain(x)).abs().max() > 0.1, form


def test_where_the_forms_meet():
    layer = AdaptiveAdjacency(A, "mix")
    equal = AdaptiveAdjacency(A, "sum")
    with torch.no_grad():
        learned = softmax_rows(layer.embedding)
        layer.gate[:] = torch.tensor([-800.0, 0, 800]).reshape(3, 1, 1)  # shut, half open, open
        torch.testing.assert_close(layer(), torch.stack([A[0], (A[1] + learned[1]) / 2, learned[2]]))
        equal.embedding.zero_()  # all joints alike: every sender weighs the same
        torch.testing.assert_close(equal(), A + 1 / V)
    x = torch.randn(2, 5, 4, V)
    sample, residual = shaken(AdaptiveGraphConv(5, 6, A, "sample")), AdaptiveGraphConv(5, 6, A)
    residual.load_state_dict({name: sample.state_dict()[name] for name in residual.state_dict()})
    with torch.no_grad():
        sample.alpha.zero_()
    torch.testing.assert_close(sample(x), residual(x))  # alpha zero: one graph for all clips
    torch.testing.assert_close(sample.adjacency_of(x), residual.adjacency_of().expand(2, -1, -1, -1))
    plain = SpatialGraphConv(5, 6, residual.adjacency_of(), edge_importance=False)
    plain.conv.load_state_dict(residual.conv.state_dict())
    torch.testing.assert_close(plain(x), residual(x))


@pytest.mark.parametrize("form", ["residual", "directed", "sample"])
def test_training_can_leave_its_start(form):
    layer = AdaptiveGraphConv(5, 6, A, form)
    before = layer.adjacency_of(torch.ones(1, 5, 4, V)).detach()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):  # what starts at zero moves first, and lets the rest move behind it
        optimizer.zero_grad()
        (layer(torch.randn(2, 5, 4, V)) * torch.randn(2, 6, 4, V)).sum().backward()
        optimizer.step()
    assert (layer.adjacency_of(torch.ones(1, 5, 4, V)) - before).abs().max() > 1e-4
    for name, parameter in layer.named_parameters():
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("form", FORMS)
def test_a_saved_layer_comes_back_and_moves_whole(form):
    layer, x = shaken(AdaptiveGraphConv(3, 8, A, form)), torch.randn(2, 3, 4, V)
    other = AdaptiveGraphConv(3, 8, torch.zeros_like(A), form)  # the physical graph is saved too
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x), layer(x))
    single = layer(x).float()
    layer.float()
    assert layer(x.float()).dtype == torch.float32
    torch.testing.assert_close(layer(x.float()), single, rtol=1e-4, atol=1e-4)
    elsewhere = layer.to("meta")(x.float().to("meta"))  # a tensor left behind on the CPU would be refused
    assert elsewhere.device.type == "meta" and elsewhere.shape == (2, 8, 4, V)


@pytest.mark.parametrize("form", STATIC)
@pytest.mark.parametrize("out_channels", [3, 7])  # fewer and more than come in: another order of the products
def test_static_forms_gather_as_the_formula_says_and_can_be_fused(form, out_channels):
    layer, norm = shaken(AdaptiveGraphConv(5, out_channels, A, form)), shaken(nn.BatchNorm2d(out_channels)).eval()
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 5, 3, V)
    with torch.no_grad():
        expected = gathered_by_loops(x, layer.adjacency_of()[None].expand(2, -1, -1, -1), layer.conv)
        torch.testing.assert_close(layer(x), expected)
        torch.testing.assert_close(layer.fuse(norm)(x), norm(layer(x)))


def test_the_graph_of_a_clip_is_that_of_the_formula():
    layer, x = shaken(AdaptiveGraphConv(5, 16, A, "sample")), torch.randn(2, 5, 3, V)
    R = layer.hidden
    with torch.no_grad():
        theta, phi = layer.theta(x), layer.phi(x)  # (N, K R, T, V)
        for n in range(2):
            for k in range(K):
                part = slice(k * R, (k + 1) * R)
                for v in range(V):
                    row = softmax_row([(theta[n, part, :, v] * phi[n, part, :, u]).sum() / (R * 3) for u in range(V)])
                    expected = A[k, v] + layer.graph.residual[k, v] + layer.alpha[k] * torch.stack(row)
                    torch.testing.assert_close(layer.adjacency_of(x)[n, k, v], expected.flatten())
        torch.testing.assert_close(layer(x), gathered_by_loops(x, layer.adjacency_of(x), layer.conv))
        assert (layer.adjacency_of(x)[0] - layer.adjacency_of(x)[1]).abs().max() > 1e-3  # two clips, two graphs


@pytest.mark.parametrize("form", FORMS)
def test_renaming_joints_renames_the_answer(form):
    order = torch.randperm(V)
    layer, other = shaken(AdaptiveGraphConv(3, 4, A, form)), AdaptiveGraphConv(3, 4, A[:, order][:, :, order], form)
    weights = layer.state_dict()
    for name in weights:
        if name.endswith(("adjacency", "residual")):
            weights[name] = weights[name][:, order][:, :, order]
        elif name.endswith("embedding"):
            weights[name] = weights[name][:, order]
        elif name.endswith(("receivers", "senders")):
            weights[name] = weights[name][order]
    other.load_state_dict(weights)
    x = torch.randn(2, 3, 4, V)
    torch.testing.assert_close(other(x[..., order]), layer(x)[..., order])


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_those_of_the_numbers(form):
    small = skeleton("coco-17").partition().double()[:2, :5, :5]
    layer = shaken(AdaptiveGraphConv(2, 4, small, form, dim=3))
    names, values = zip(*layer.named_parameters(), strict=True)
    values = [value.detach().clone().requires_grad_() for value in values]
    x = torch.randn(2, 2, 3, 5, requires_grad=True)
    function = lambda x, *values: torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)  # noqa: E731
    assert torch.autograd.gradcheck(function, (x, *values))


@pytest.mark.parametrize(("make", "words"), [
    (lambda: AdaptiveAdjacency(A, "free"), "form is 'free', expected one of 'sum', 'mix', 'directed', 'residual'"),
    (lambda: AdaptiveAdjacency(A, "sample"), "form is 'sample', expected"),
    (lambda: AdaptiveGraphConv(3, 4, A, "free"), "form is 'free', expected one of .* 'sample'"),
    (lambda: AdaptiveAdjacency(A, "sum", dim=0), "dim is 0, expected a whole number"),
    (lambda: AdaptiveAdjacency(A[0]), r"adjacency has shape \(17, 17\), expected \(K, V, V\)"),
    (lambda: AdaptiveGraphConv(3, 4, A)(torch.zeros(1, 5, 2, V)), r"x has shape \(1, 5, 2, 17\), expected .* C = 3"),
    (lambda: AdaptiveGraphConv(3, 4, A, "sum")(torch.zeros(1, 3, 2, 18)), "x has 18 joints, the adjacency has 17"),
    (lambda: AdaptiveGraphConv(3, 4, A)(torch.zeros(3, 2, V)), r"x has shape \(3, 2, 17\), expected \(N, C, T, V\)"),
    (lambda: AdaptiveGraphConv(3, 4, A * torch.nan, "mix"), "adjacency holds a NaN"),
    (lambda: AdaptiveGraphConv(3, 4, A, dim=2.5), "dim is 2.5, expected a whole number"),
    (lambda: AdaptiveGraphConv(3, 4, A, "sample")(torch.zeros(1, 3, 2, 18)), "x has 18 joints, the adjacency has 17"),
    (lambda: AdaptiveGraphConv(3, 4, A, "sample").adjacency_of(torch.zeros(1, 3, 2, 18)), "x has 18 joints"),
    (lambda: AdaptiveGraphConv(3, 4, A, "sample").adjacency_of(), "x is None .* depends on the clip"),
    (lambda: AdaptiveGraphConv(3, 4, A, "sample").fuse(nn.BatchNorm2d(4)), "form is \"sample\", expected .* fusible"),
])
def test_what_does_not_fit_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
