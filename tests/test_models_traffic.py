"""Networks that forecast."""

import numpy as np
import pytest
import torch

from stgcn_lib.graphs import ring_road, scaled_laplacian
from stgcn_lib.layers import cheb
from stgcn_lib.models import TrafficConvSTGCN, TrafficSTGCN, roll_out

from .test_layers_traffic import weights


def awake(model):
    """In evaluation mode, and with a head that says something: a new one is all zeros."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        model.head.weight.copy_(torch.randn(model.head.weight.shape, generator=generator))
    return model.eval()


def models(V=7, C=2, **more):
    W = weights(V)
    return {"skeleton": awake(TrafficSTGCN(W, 4, 12, C, (6, 6))), "averaged": awake(TrafficSTGCN(W, 4, 12, C, (6, 6), head="mean")),
            "chebyshev": awake(TrafficConvSTGCN(W, 4, 12, C, ((6, 4, 6), (6, 4, 6)))),
            "first": awake(TrafficConvSTGCN(W, 4, 12, C, ((6, 4, 6),), kind="first")),
            "none": awake(TrafficConvSTGCN(None, 4, 12, C, ((6, 4, 6),)))}


@pytest.mark.parametrize("name", ["skeleton", "averaged", "chebyshev", "first", "none"])
def test_hours_go_in_and_hours_come_out(name):
    model, x = models()[name], torch.randn(3, 12, 7, 2)
    assert model(x).shape == (3, 4, 7)
    assert torch.allclose(model(x)[1:2], model(x[1:2]), atol=1e-5)  # no window knows another
    assert model.double()(x.double()).dtype == torch.float64
    assert torch.isfinite(model.to(torch.bfloat16)(x.to(torch.bfloat16))).all()


@pytest.mark.parametrize("name", ["skeleton", "chebyshev", "first", "none"])
def test_renaming_the_sensors_renames_the_forecasts(name):
    order = torch.randperm(7, generator=torch.Generator().manual_seed(3))
    W, x, model = weights(), torch.randn(2, 12, 7, 2), models()[name]
    other = {"skeleton": lambda A: TrafficSTGCN(A, 4, 12, 2, (6, 6)),
             "chebyshev": lambda A: TrafficConvSTGCN(A, 4, 12, 2, ((6, 4, 6), (6, 4, 6))),
             "first": lambda A: TrafficConvSTGCN(A, 4, 12, 2, ((6, 4, 6),), kind="first"),
             "none": lambda A: TrafficConvSTGCN(None, 4, 12, 2, ((6, 4, 6),))}[name](W[order][:, order])
    buffers = dict(other.named_buffers())
    other.load_state_dict(model.state_dict() | {key: value for key, value in buffers.items() if value.dim() >= 2})  # its own graph
    assert torch.allclose(other.eval()(x[:, :, order]), model(x)[..., order], atol=1e-4)
    if name != "none":
        assert not torch.allclose(other(x[:, :, order]), model(x), atol=1e-2)


def test_renaming_the_sensors_of_sparse_and_learned_graphs_renames_the_forecasts():
    order = torch.randperm(7, generator=torch.Generator().manual_seed(3))
    W, x, plan = weights(), torch.randn(2, 12, 7, 2), ((6, 4, 6),)
    V = W[order][:, order]
    for A, again, adaptive in ((W.to_sparse_csr(), V.to_sparse_csr(), 0), (W, V, 3), (None, None, 3)):
        model, other = (awake(TrafficConvSTGCN(graph, 4, 12, 2, plan, adaptive=adaptive, num_nodes=7)) for graph in (A, again))
        other.load_state_dict(dict(model.named_parameters()) | dict(other.named_buffers()))
        if adaptive:
            assert not torch.allclose(other(x[:, :, order]), model(x)[..., order], atol=1e-3)  # embeddings belong to sensors
            with torch.no_grad():
                other.receivers.copy_(model.receivers[order])
                other.senders.copy_(model.senders[order])
        assert torch.allclose(other(x[:, :, order]), model(x)[..., order], atol=1e-4)


def test_a_checkpoint_of_a_large_road_network_brings_its_graph():
    """Whoever loads one knows the number of sensors only, so the network is built on any road."""
    V, rng = 325, np.random.default_rng(0)
    W = torch.zeros(V, V)
    W[torch.arange(V - 1), torch.arange(1, V)] = 1
    W[tuple(torch.from_numpy(rng.integers(0, V, (2, 900))))] = 0.5
    W = torch.maximum(W, W.T).fill_diagonal_(0)
    model, other = (awake(TrafficConvSTGCN(A, 2, 5, 1, ((4, 2, 4),))) for A in (W, ring_road(V).adjacency()))
    x = torch.randn(1, 5, V, 1)
    other(x)
    other.load_state_dict(model.state_dict())
    assert model.blocks[0].spatial.sparse and torch.equal(other(x), model(x))


@pytest.mark.parametrize("number", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", ["skeleton", "chebyshev", "first", "none"])
def test_one_unknown_speed_is_refused(name, number):
    x = torch.randn(2, 12, 7, 2)
    x[1, 3, 4, 0] = number
    with pytest.raises(ValueError, match="NaN or an infinite number, expected finite ones: fill gaps"):
        models()[name](x)


def test_an_isolated_sensor_and_a_standing_clock_give_finite_forecasts():
    W = weights()
    W[3], W[:, 3] = 0, 0
    for model in (awake(TrafficConvSTGCN(W, 4)), awake(TrafficConvSTGCN(W, 4, kind="first")), awake(TrafficSTGCN(W, 4))):
        assert torch.isfinite(model(torch.zeros(2, 12, 7, 1))).all() and torch.isfinite(model(torch.randn(2, 12, 7, 1))).all()


def test_trained_weights_fit_another_road():
    small, large = (TrafficConvSTGCN(ring_road(V).adjacency(), 3, 12, 1, ((6, 4, 6),)) for V in (8, 20))
    parameters = lambda model: {name: p.shape for name, p in model.named_parameters()}  # noqa: E731
    assert parameters(small) == parameters(large)
    large.load_state_dict(dict(small.named_parameters()) | dict(large.named_buffers()))
    awake(small), awake(large)
    x = torch.randn(1, 12, 1, 1).expand(1, 12, 20, 1)  # the same everywhere: on a ring every sensor then says the same
    assert torch.allclose(large(x), small(x[:, :, :8])[..., :1].expand(1, 3, 20), atol=1e-4)
    norm = [sum(p.numel() for p in TrafficConvSTGCN(ring_road(V).adjacency(), norm="layer").parameters()) for V in (8, 9)]
    assert norm[0] < norm[1]


def test_dense_and_sparse_forecast_the_same(monkeypatch):
    W, x = ring_road(40).adjacency(), torch.randn(2, 12, 40, 1)
    dense = awake(TrafficConvSTGCN(W, 3, 12, 1, ((6, 4, 6), (6, 4, 6))))
    sparse = TrafficConvSTGCN(W.to_sparse_csr(), 3, 12, 1, ((6, 4, 6), (6, 4, 6)))
    sparse.load_state_dict(dict(dense.named_parameters()) | dict(sparse.named_buffers()))
    assert not dense.blocks[0].spatial.sparse and sparse.blocks[0].spatial.sparse
    assert torch.allclose(dense(x), sparse.eval()(x), atol=1e-4)
    grads = []
    for model in (dense, sparse):
        model.zero_grad()
        model(x).square().mean().backward()
        grads.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    assert torch.allclose(*grads, atol=1e-4)
    monkeypatch.setattr(cheb, "CROSSOVER", 0)
    assert TrafficConvSTGCN(W).blocks[0].spatial.sparse


def test_before_training_it_is_the_last_value_baseline():
    x = torch.randn(2, 12, 7, 2)
    assert torch.equal(TrafficConvSTGCN(weights(), 5, 12, 2)(x), x[:, -1:, :, 0].expand(2, 5, 7))
    assert not TrafficConvSTGCN(weights(), 5, 12, 2, from_last=False)(x).any()


def test_a_mean_over_time_forgets_the_order_and_the_whole_window_does_not():
    """Only the blocks between can tell order, and with kernels of one frame they cannot: then rising and falling look the same."""
    x = torch.arange(12.0)[None, :, None, None].expand(1, 12, 7, 1)
    rise, fall = x, x.flip(1)
    mean, whole = (awake(TrafficSTGCN(weights(), 4, 12, 1, (6,), kernel_size=1, head=head)) for head in ("mean", "time"))
    assert torch.allclose(mean(rise), mean(fall), atol=1e-4) and not torch.allclose(whole(rise), whole(fall), atol=1e-1)


def test_a_learned_graph_moves_the_forecast_and_its_rows_sum_to_one():
    model = awake(TrafficConvSTGCN(None, 4, 12, 1, ((6, 4, 6),), adaptive=3, num_nodes=7))
    assert torch.allclose(model.learned_graph().sum(1), torch.ones(7)) and (model.learned_graph() > 0).all()
    scores = np.maximum(model.receivers.detach().numpy() @ model.senders.detach().numpy().T, 0)
    assert np.allclose(model.learned_graph().detach(), np.exp(scores) / np.exp(scores).sum(1, keepdims=True), atol=1e-6)
    x = torch.randn(1, 12, 7, 1)
    before = model(x)
    with torch.no_grad():
        model.senders.mul_(-2)
    assert not torch.allclose(before, model(x), atol=1e-3)
    model(x).sum().backward()
    assert model.receivers.grad.abs().max() > 0 and model.senders.grad.abs().max() > 0


def test_rolling_out_feeds_forecasts_back():
    class Next(torch.nn.Module):  # a step up each time
        def forward(self, x):
            assert x.shape == (2, 3, 5, 1)
            return x[:, -1:, :, 0] + 1

    x = torch.randn(2, 3, 5, 1)
    expected = x[:, -1:, :, 0] + torch.arange(1, 5.0)[None, :, None]
    assert torch.allclose(roll_out(Next(), x, 4), expected)


def test_it_learns_what_a_neighbour_knows():
    """The speed of a sensor is that of its sender, one step before: without the graph nobody can know it."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 5, 8, 1, generator=generator)
    y = x[:, 4:].roll(1, 2)[..., 0]  # the last step of the left neighbour
    losses = {}
    for name, W in (("ring", ring_road(8).adjacency()), ("none", None)):
        torch.manual_seed(0)
        model = TrafficConvSTGCN(W, 1, 5, 1, ((8, 8, 8),), from_last=False)
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        for _ in range(60):
            loss = (model(x[:300]) - y[:300]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses[name] = (model(x[300:]) - y[300:]).square().mean().item()
    assert losses["ring"] < 0.7 < 0.9 < losses["none"]  # both neighbours look alike to a Laplacian: half of the variance is left


@pytest.mark.parametrize(("build", "words"), [
    (lambda: TrafficConvSTGCN(weights(), inputs=8), "inputs is 8, expected more than 8: each of the 2 blocks takes 4"),
    (lambda: TrafficConvSTGCN(None, adaptive=4), "give num_nodes"),
    (lambda: TrafficSTGCN(weights(), head="last"), "head is 'last'"),
    (lambda: TrafficConvSTGCN(weights())(torch.zeros(2, 12, 5, 1)), r"shape \(2, 12, 5, 1\), expected \(N, 12, 7, 1\)"),
    (lambda: TrafficConvSTGCN(weights())(torch.zeros(2, 1, 7, 12)), "batch, input steps, sensors, channels"),
    (lambda: TrafficSTGCN(weights())(torch.full((2, 12, 7, 1), torch.nan)), "NaN or an infinite"),
    (lambda: TrafficConvSTGCN(weights().triu()), "not symmetric"),
    (lambda: TrafficConvSTGCN(weights(), horizon=0), "horizon is 0, expected a whole number of steps"),
    (lambda: TrafficSTGCN(weights(), horizon=1.5), "horizon is 1.5"),
    (lambda: TrafficSTGCN(weights(), inputs=0), "inputs is 0"),
    (lambda: TrafficConvSTGCN(weights(), adaptive=-1), "adaptive is -1"),
    (lambda: TrafficConvSTGCN(weights(), num_nodes=9), "num_nodes is 9, the adjacency has 7"),
    (lambda: TrafficConvSTGCN(weights().to_sparse_csr(), kind="first"), "for kind 'first': give adjacency.to_dense"),
    (lambda: TrafficSTGCN(weights().to_sparse_csr()), "adjacency is sparse, expected a dense one"),
    (lambda: roll_out(TrafficConvSTGCN(weights(), 3), torch.zeros(1, 12, 7, 1), 4), "forecasts 3 steps at once.*horizon=1"),
    (lambda: roll_out(TrafficConvSTGCN(weights(), 1, 12, 2), torch.zeros(1, 12, 7, 2), 4), r"expected \(N, T, V, 1\)"),
    (lambda: roll_out(TrafficConvSTGCN(weights(), 1), torch.zeros(1, 12, 7, 1), 0), "horizon is 0"),
])
def test_what_is_wrong_is_named(build, words):
    with pytest.raises(ValueError, match=words):
        build()


def test_the_graph_is_the_one_that_was_given():
    W = weights()
    assert torch.equal(TrafficConvSTGCN(W).blocks[1].spatial.basis[:7], scaled_laplacian(W))


def directed():
    """Weights of the roads that are not the same both ways, so that rows and columns can be told apart."""
    return weights() * torch.rand(7, 7, generator=torch.Generator().manual_seed(5))


def test_the_skeleton_blocks_take_a_sensor_itself_and_the_mean_of_its_senders():
    W = directed()
    expected = torch.stack([torch.eye(7), W / W.sum(1, keepdim=True)])  # rows are receivers
    for block in TrafficSTGCN(W).blocks:
        assert torch.allclose(block.spatial.adjacency, expected, atol=1e-6)


def test_the_first_order_graph_holds_self_loops_and_is_divided_on_both_sides():
    looped = weights() + torch.eye(7)
    root = looped.sum(1).sqrt()
    for block in TrafficConvSTGCN(weights(), kind="first").blocks:
        assert torch.allclose(block.spatial.adjacency, looped / root[:, None] / root, atol=1e-6)
