"""Attribution against finite differences, closed forms and what must not change."""

import numpy as np
import pytest
import torch
from torch import nn

from stgcn_lib import attribution
from stgcn_lib.graphs import skeleton
from stgcn_lib.models import STGCN

N, C, T, V, M, CLASSES = 2, 3, 10, 5, 2, 4
STICK = skeleton("hand-21")


class Linear(nn.Module):
    """logits = weight . x + bias: everything about it is known in closed form."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(C * T * V * M, CLASSES).double()

    def forward(self, x):
        return self.layer(x.flatten(1))

    @property
    def weight(self):
        return self.layer.weight.detach().view(CLASSES, C, T, V, M)


class Smooth(nn.Module):
    """A small network without corners, in which joint 0 and frame 3 are never read."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(C * T * V * M, 16).double(), nn.Linear(16, CLASSES).double()
        self.register_buffer("read", torch.ones(1, 1, T, V, 1, dtype=torch.double))
        self.read[:, :, 3], self.read[:, :, :, 0] = 0, 0

    def forward(self, x):
        return self.last(torch.tanh(self.first((x * self.read).flatten(1))))


class Detached(Smooth):
    def forward(self, x):
        return super().forward(x).detach()


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def clips():
    return torch.randn(N, C, T, V, M, dtype=torch.double)


def network(**arguments):
    """A small STGCN whose batch norms have seen something, so that evaluation differs from training."""
    model = STGCN(STICK, CLASSES, plan=((8, 1), (8, 2)), kernel_size=3, **arguments).double()
    for _ in range(3):
        model(3 * torch.randn(4, 3, 12, 21, 2, dtype=torch.double) + 1)
    return model.train()


def hands(people=2):
    return torch.randn(N, 3, 12, 21, people, dtype=torch.double)


# ---- saliency ---------------------------------------------------------------------------------------------------------------

def test_saliency_of_a_linear_model_is_its_weights(clips):
    model = Linear()
    for n, c in enumerate(model(clips).argmax(1)):
        torch.testing.assert_close(attribution.saliency(model, clips)[n], model.weight[c].abs().sum(0))
    torch.testing.assert_close(attribution.saliency(model, clips, [1, 3])[1], model.weight[3].abs().sum(0))


def test_saliency_is_what_a_small_change_does():
    model, x, step = network().eval(), hands(), 1e-6
    got, slope = attribution.saliency(model, x, 2), torch.zeros(N, 12, 21, 2, dtype=torch.double)
    for place in ((0, 4, 9, 0), (1, 0, 0, 1), (1, 11, 20, 0), (0, 5, 3, 1)):
        n, t, v, m = place
        for c in range(3):
            up, down = x.clone(), x.clone()
            up[n, c, t, v, m] += step
            down[n, c, t, v, m] -= step
            slope[place] += ((model(up) - model(down))[n, 2] / (2 * step)).abs().detach()
        assert got[place] == pytest.approx(slope[place].item(), rel=1e-5) and got[place] > 0


def test_what_is_not_read_has_no_saliency_no_share_and_no_drop(clips):
    model = Smooth()
    for heat in (attribution.saliency(model, clips), attribution.integrated_gradients(model, clips)):
        assert heat.shape == (N, T, V, M) and (heat[:, :, 0] == 0).all() and (heat[:, 3] == 0).all() and (heat[:, 4, 1:] != 0).all()
    drop = attribution.occlusion(model, clips, window=1).abs()  # batches of two sizes round the last digit differently
    assert drop.shape == (N, T, V) and drop[:, :, 0].max() < 1e-14 and drop[:, 3].max() < 1e-14 and drop[:, 4, 1:].min() > 1e-6


# ---- integrated gradients ---------------------------------------------------------------------------------------------------

def test_shares_add_up_to_the_difference_of_the_scores(clips):
    model = Smooth()
    for baseline in (None, torch.zeros(()), torch.randn_like(clips)):
        start = clips.mean(2, keepdim=True).expand_as(clips) if baseline is None else baseline.expand_as(clips).double()
        share = attribution.integrated_gradients(model, clips, 1, baseline, steps=400)
        torch.testing.assert_close(share.sum((1, 2, 3)), (model(clips) - model(start))[:, 1].detach(), rtol=1e-4, atol=1e-4)
    model = network()  # it has corners: the midpoint rule meets them between its points
    x = hands()
    share = attribution.integrated_gradients(model, x, 1, torch.zeros(()), steps=600)
    whole = (model.eval()(x) - model(0 * x))[:, 1].detach()
    torch.testing.assert_close(share.sum((1, 2, 3)), whole, rtol=0.01, atol=0.01)


def test_shares_of_a_linear_model_need_one_step(clips):
    model = Linear()
    share = attribution.integrated_gradients(model, clips, 2, torch.zeros(()), steps=1)
    torch.testing.assert_close(share, (model.weight[2] * clips).sum(1))


# ---- occlusion --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fill", attribution.FILLS)
def test_occlusion_is_a_loop_over_changed_clips(clips, fill):
    model, groups, window = Smooth(), [[1], [2, 4], [0, 1, 2, 3, 4]], 4
    got = attribution.occlusion(model, clips, 3, groups, window, fill)
    assert got.shape == (N, 3, 3)
    for n in range(N):
        for w, (start, end) in enumerate([(0, 4), (4, 8), (8, 10)]):
            for g, group in enumerate(groups):
                hidden = clips[n].clone()
                for v in group:
                    for t in range(start, end):
                        hidden[:, t, v] = {"mean": clips[n, :, :, v].mean(1), "freeze": clips[n, :, start, v],
                                           "zero": torch.zeros(C, M)}[fill]
                wanted = model(clips[n:n + 1]).softmax(1)[0, 3] - model(hidden[None]).softmax(1)[0, 3]
                assert got[n, w, g].item() == pytest.approx(wanted.item(), abs=1e-12)


def test_occlusion_of_many_windows_does_not_depend_on_how_they_are_batched(clips, monkeypatch):
    model = Smooth()
    whole = attribution.occlusion(model, clips, window=1)
    monkeypatch.setattr(attribution, "_AT_ONCE", 3)
    torch.testing.assert_close(attribution.occlusion(model, clips, window=1), whole)


def test_a_still_clip_has_nothing_to_lose(clips):
    still = clips[:, :, :1].expand_as(clips)
    for fill in ("mean", "freeze"):
        assert attribution.occlusion(Smooth(), still, fill=fill).abs().max() < 1e-14
    assert attribution.occlusion(Smooth(), still, fill="zero").abs().max() > 1e-3


def test_spread_puts_each_drop_on_its_frames_and_joints():
    drop = torch.tensor([[[1.0, 2.0], [3.0, 5.0]]])  # one clip, two windows, two groups
    heat = attribution.spread(drop, 5, 4, joints=[[0, 2], [2, 3]], window=3)
    assert heat.tolist() == [[[1.0, 0.0, 1.5, 2.0]] * 3 + [[3.0, 0.0, 4.0, 5.0]] * 2]
    assert attribution.spread(torch.ones(2, 1, 4), 3, 4).shape == (2, 3, 4)
    with pytest.raises(ValueError, match=r"expected \(N, 1, 4\)"):
        attribution.spread(drop, 5, 4)


def test_renaming_the_joints_renames_the_heat():
    """STGCN with the joints of graph and clip in another order gives the same heat in that order."""
    order = torch.randperm(21)
    A = STICK.partition()
    model = network(strategy=A, edge_importance=False).eval()
    other = network(strategy=A[:, order][:, :, order], edge_importance=False)
    weights = model.state_dict()
    for name in weights:
        if name.endswith("adjacency"):
            weights[name] = weights[name][:, order][:, :, order]
        elif name.startswith("input_norm") and weights[name].dim():
            weights[name] = weights[name].unflatten(0, (21, 3))[order].flatten()
    other.load_state_dict(weights)
    x = hands()
    for look in (attribution.saliency, attribution.integrated_gradients):
        torch.testing.assert_close(look(other, x[:, :, :, order]), look(model, x)[:, :, order])
    torch.testing.assert_close(attribution.occlusion(other, x[:, :, :, order], window=5),
                               attribution.occlusion(model, x, window=5)[:, :, order])


# ---- embeddings -------------------------------------------------------------------------------------------------------------

def test_the_head_of_the_embedding_is_the_logits(clips):
    model, x = network(), hands()
    x[1, ..., 1] = 0  # nobody there
    points = attribution.embed(model, x)
    torch.testing.assert_close(model.head(points), model.eval()(x))
    torch.testing.assert_close(points, model.features(x)[1:].mean((2, 3))[..., 0].expand(2, -1).where(
        torch.tensor([[False], [True]]), model.features(x).mean((2, 3, 4))))
    other = Smooth()
    torch.testing.assert_close(other.last(attribution.embed(other, clips)), other(clips))
    assert not any(module._forward_pre_hooks for module in other.modules())


def test_neighbours_are_those_of_a_sorted_list():
    points = np.random.default_rng(0).normal(size=(30, 4))
    points[7] = points[3]  # a copy is a neighbour at distance 0, the point itself is not
    for i in range(30):
        distances = [np.linalg.norm(points[i] - one) for one in points]
        wanted = sorted((j for j in range(30) if j != i), key=lambda j: (distances[j], j))[:6]
        indices, far = attribution.neighbours(points, i, 6)
        assert indices.tolist() == wanted
        np.testing.assert_allclose(far, [distances[j] for j in wanted])


# ---- randomisation ----------------------------------------------------------------------------------------------------------

def test_randomisation_goes_from_the_head_downwards():
    model = network()
    for block in model.blocks:
        nn.init.normal_(block.spatial.edge_importance)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    kept = [("head", "blocks.1", "blocks.0", "input_norm")[depth:] for depth in range(5)]
    for depth in range(5):
        copy = attribution.randomized(model, depth, seed=1)
        for name, value in copy.state_dict().items():
            fixed = name.startswith(kept[depth]) if kept[depth] else False
            if fixed or name.endswith("adjacency"):
                assert torch.equal(value, before[name]), name
            elif name.endswith(("conv.weight", "head.weight", "edge_importance", "running_mean")):
                assert not torch.equal(value, before[name]), name
        assert copy.training
    again, other = attribution.randomized(model, 2, seed=1), attribution.randomized(model, 2, seed=2)
    assert torch.equal(attribution.randomized(model, 2, seed=1).head.weight, again.head.weight)
    assert not torch.equal(again.head.weight, other.head.weight)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    shuffled = again.blocks[1].spatial.edge_importance.flatten().sort().values
    torch.testing.assert_close(shuffled, model.blocks[1].spatial.edge_importance.flatten().sort().values)


def test_randomisation_leaves_the_random_numbers_of_the_caller_alone():
    model, state = Smooth(), torch.get_rng_state()
    attribution.randomized(model, 2)
    assert torch.equal(torch.get_rng_state(), state)


# ---- the model afterwards ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("look", [
    attribution.saliency, attribution.occlusion, attribution.embed,
    lambda model, x: attribution.integrated_gradients(model, x, steps=2), lambda model, x: attribution.randomized(model, 2)])
def test_the_model_comes_back_as_it_was(look):
    model, x = network(dropout=0.5), hands()
    model.blocks[0].eval()  # a frozen part stays frozen
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    with torch.no_grad():  # gradients are found here, too
        look(model, x)
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_model_comes_back_after_an_error_too():
    model = network()
    for look in (attribution.saliency, attribution.occlusion, attribution.embed):
        with pytest.raises(ValueError, match="channels"):
            look(model, hands()[:, :2])
        assert all(module.training and not module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize(("call", "word"), [
    (lambda m, x: attribution.saliency(m, x[0]), "x has shape"), (lambda m, x: attribution.saliency(m, x.numpy()), "ndarray"),
    (lambda m, x: attribution.saliency(m, x.long()), "floating"), (lambda m, x: attribution.saliency(m, x / 0), "NaN"),
    (lambda m, x: attribution.saliency(m, x, 4), "0 to 3"), (lambda m, x: attribution.saliency(m, x, [0, 1, 2]), "target has"),
    (lambda m, x: attribution.saliency(m, x, 0.5), "target has"), (lambda m, x: attribution.saliency(nn.Flatten(2), x), "logits"),
    (lambda m, x: attribution.saliency(Detached(), x), "without a gradient"),
    (lambda m, x: attribution.integrated_gradients(m, x, steps=0), "steps"),
    (lambda m, x: attribution.integrated_gradients(m, x, baseline=torch.zeros(7)), "baseline"),
    (lambda m, x: attribution.occlusion(m, x, fill="noise"), "fill"),
    (lambda m, x: attribution.occlusion(m, x, window=0), "window"),
    (lambda m, x: attribution.occlusion(m, x, joints=[[0], [9]]), r"\[9\]"),
    (lambda m, x: attribution.occlusion(m, x, joints=[[]]), "group"),
    (lambda m, x: attribution.embed(nn.Flatten(), x), "linear"), (lambda m, x: attribution.neighbours(x, 0, 1), "embeddings"),
    (lambda m, x: attribution.neighbours(x[0, 0, :, :, 0], 0, 10), "k is 10"),
    (lambda m, x: attribution.neighbours(x[0, 0, :, :, 0], 10, 2), "i is 10"),
    (lambda m, x: attribution.randomized(m, 3), "0 to 2"), (lambda m, x: attribution.randomized(m, -1), "depth")])
def test_what_makes_no_sense_is_named(clips, call, word):
    with pytest.raises(ValueError, match=word):
        call(Smooth(), clips)

