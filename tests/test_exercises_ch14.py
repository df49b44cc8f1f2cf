"""The checks of chapter 14: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import pytest
import torch

from stgcn_lib.exercises import ch14
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import chebyshev_basis
from stgcn_lib.layers import GatedTemporalConv


def stub(*inputs):
    ...


# ---- gated --------------------------------------------------------------------------------------------------------------------

def both(x, W, b):
    return torch.einsum("tck,kcd->td", x.unfold(0, len(W), 1), W) + b


def gated(x, W, b):
    y, C = both(x, W, b), x.shape[1]
    return (y[:, :C] + x[len(W) - 1:]) * torch.sigmoid(y[:, C:])


def variant(mix, frame=lambda x, k: x[k - 1:]):
    """Another way to put signal, gate and frame together."""
    def answer(x, W, b):
        y, C = both(x, W, b), x.shape[1]
        return mix(y[:, :C], y[:, C:], frame(x, len(W)))
    return answer


GATED = {
    "no residual": variant(lambda p, q, x: p * torch.sigmoid(q)),
    "residual behind the gate": variant(lambda p, q, x: p * torch.sigmoid(q) + x),
    "gate and signal swapped": variant(lambda p, q, x: (q + x) * torch.sigmoid(p)),
    "sigmoid of the sum": variant(lambda p, q, x: torch.sigmoid(p + x) * torch.sigmoid(q)),
    "tanh of the signal": variant(lambda p, q, x: (torch.tanh(p) + x) * torch.sigmoid(q)),
    "sigmoid of the signal": variant(lambda p, q, x: (torch.sigmoid(p) + x) * torch.sigmoid(q)),
    "the frame alone": variant(lambda p, q, x: x * torch.sigmoid(q)),
    "the first frame as residual": variant(lambda p, q, x: (p + x) * torch.sigmoid(q), lambda x, k: x[:len(x) - k + 1]),
    "relu behind the gate": lambda x, W, b: torch.relu(gated(x, W, b)),
    "bias for every frame": lambda x, W, b: gated(x, W, len(W) * b),
    "no gate": variant(lambda p, q, x: p + x),
    "tanh for the gate": variant(lambda p, q, x: (p + x) * torch.tanh(q)),
    "softmax for the gate": variant(lambda p, q, x: (p + x) * torch.softmax(q, 1)),
    "a mean gate for all frames": variant(lambda p, q, x: (p + x) * torch.sigmoid(q.mean(0))),
    "kernel backwards": lambda x, W, b: gated(x, W.flip(0), b),
    "hears the future": lambda x, W, b: gated(torch.cat([x[1:], x[-1:]]), W, b),
    "padded": lambda x, W, b: gated(torch.cat([x[:1].expand(len(W) - 1, -1) * 0, x]), W, b),
}


def test_gated():
    assert_checker(ch14.gated, stub, gated, GATED, breaks={
        "no residual": "open gate", "residual behind the gate": "half open", "gate and signal swapped": "shut gate",
        "padded": "T - k + 1", "hears the future": "after its own", "tanh for the gate": "half open", "no gate": "shut gate",
        "a mean gate for all frames": "second half"})


@pytest.mark.parametrize("name, words", [
    ("no residual", "the residual is missing"), ("kernel backwards", "the kernel runs backwards"),
    ("the first frame as residual", "the first frame of the window"), ("residual behind the gate", "behind the gate"),
    ("gate and signal swapped", "shutting the first half"), ("tanh of the signal", "went through tanh"),
    ("sigmoid of the sum", "the sigmoid is taken of the sum"), ("the frame alone", "only the frame passed"),
    ("relu behind the gate", "a ReLU came after the gate"), ("bias for every frame", "b was added for every frame")])
def test_a_slip_in_the_gate_is_named(name, words):
    assert words in str(ch14.gated.run(GATED[name]))


def test_gated_is_the_librarys():
    layer = GatedTemporalConv(2, 2, 3)
    x, W = torch.randn(7, 2), layer.conv.weight[..., 0].permute(2, 1, 0)
    assert torch.allclose(gated(x, W, layer.conv.bias), layer(x.T[None, :, :, None])[0, :, :, 0].T, atol=1e-6)


# ---- chebyshev ----------------------------------------------------------------------------------------------------------------

def recurrence(step, first=lambda L, x: L @ x, start=lambda x: x):
    def answer(L, x, order):
        terms = [start(x), first(L, x)]
        while len(terms) < order:
            terms.append(step(L, terms[-1], terms[-2]))
        return torch.stack(terms[:order])
    return answer


chebyshev = recurrence(lambda L, a, b: 2 * L @ a - b)
CHEBYSHEV = {
    "powers": recurrence(lambda L, a, b: L @ a),
    "no 2": recurrence(lambda L, a, b: L @ a - b),
    "nothing taken off": recurrence(lambda L, a, b: 2 * L @ a),
    "added": recurrence(lambda L, a, b: 2 * L @ a + b),
    "the second taken off": recurrence(lambda L, a, b: 2 * L @ a - a),
    "transposed": lambda L, x, order: chebyshev(L.T, x, order),
    "doubled from the start": recurrence(lambda L, a, b: 2 * L @ a - b, lambda L, x: 2 * L @ x),
    "starts at L x": lambda L, x, order: chebyshev(L, x, order + 1)[1:],
    "the signal twice": recurrence(lambda L, a, b: 2 * L @ a - b, lambda L, x: x),
    "one too many": lambda L, x, order: chebyshev(L, x, order + 1),
    "order 1 gives two": lambda L, x, order: chebyshev(L, x, max(order, 2)),
    "entry by entry": recurrence(lambda L, a, b: 2 * L @ a - b, lambda L, x: L.sum(1) * x),
    "always from the first": lambda L, x, order: torch.stack(
        [x, L @ x, *(2 * L @ (L @ x) - x for _ in range(order - 2))][:order]),
}


def test_chebyshev():
    assert_checker(ch14.chebyshev, stub, chebyshev, CHEBYSHEV, breaks={
        "powers": "third term", "no 2": "third term", "transposed": "second term", "starts at L x": "first term",
        "one too many": "as many terms", "order 1 gives two": "also if it is the only one", "always from the first": "cos(k a)"})


def test_what_hears_no_future_is_not_told_that_it_does():
    assert "FAILS   no output hears" not in str(ch14.gated.run(GATED["relu behind the gate"]))
    assert "FAILS   no output hears" in str(ch14.gated.run(GATED["hears the future"]))


@pytest.mark.parametrize("name, words", [
    ("powers", "a power of L"), ("no 2", "the 2 is missing"), ("nothing taken off", "nothing was taken off"),
    ("added", "was added"), ("the second taken off", "the second term was taken off"), ("transposed", "L is transposed"),
    ("doubled from the start", "doubled already"), ("the signal twice", "that is the signal again")])
def test_a_slip_in_the_recurrence_is_named(name, words):
    assert words in str(ch14.chebyshev.run(CHEBYSHEV[name]))


def test_chebyshev_is_the_librarys():
    L, x = torch.rand(5, 5), torch.rand(5)
    assert torch.allclose(chebyshev(L, x, 4), chebyshev_basis(L, 4) @ x, atol=1e-5)


# ---- the broken cell ----------------------------------------------------------------------------------------------------------

def broken(head, features, target):
    z = features.reshape(features.shape[2], -1)
    return (head(z) - target).square().mean()


def mended(head, features, target):
    z = features.permute(2, 0, 1).flatten(1)
    return (head(z)[:, 0] - target).square().mean()


def error(cut=lambda f: f.permute(2, 0, 1).flatten(1), score=lambda e: e.square().mean(), given=lambda p: p[:, 0]):
    return lambda head, features, target: score(given(head(cut(features))) - target)


ERRORS = {
    "as it came": broken,
    "only the broadcast mended": error(lambda f: f.reshape(f.shape[2], -1)),
    "only the cut mended": error(given=lambda p: p),
    "target turned": lambda head, f, target: (head(f.permute(2, 0, 1).flatten(1)) - target[:, None].T).square().mean(),
    "steps before channels": error(lambda f: f.permute(2, 1, 0).flatten(1)),
    "time averaged": error(lambda f: f.mean(1, keepdim=True).expand(f.shape).permute(2, 0, 1).flatten(1)),
    "absolute": error(score=lambda e: e.abs().mean()),
    "a sum": error(score=lambda e: e.square().sum()),
    "a root": error(score=lambda e: e.square().mean().sqrt()),
    "no reduction": error(score=lambda e: e.square()),
}


def test_forecast_error():
    assert_checker(ch14.forecast_error, stub, mended, ERRORS, breaks={
        "as it came": "each forecast meets", "only the broadcast mended": "one sensor's own",
        "only the cut mended": "each forecast meets", "steps before channels": "in their order", "no reduction": "one number",
        "a root": "the same for all sensors"})


@pytest.mark.parametrize("name, words", [
    ("only the cut mended", "every forecast was compared with every target"), ("a root", "a root was taken"),
    ("only the broadcast mended", "pieces of several sensors"), ("a sum", "that is the sum"), ("absolute", "to be squared"),
    ("as it came", "several sensors, and (V, 1) minus (V,)"), ("only the cut mended", "the rows are right now"),
    ("steps before channels", "steps come before channels")])
def test_a_fault_that_is_left_is_named(name, words):
    assert words in str(ch14.forecast_error.run(ERRORS[name]))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_the_boxes_are_right():
    assert sum((40, 50, 60)) / 3 == ch14.BOXES["mean"]["answer"][0]
    assert min((abs(70 - say) + abs(30 - say)) / 2 for say in range(0, 101)) == ch14.BOXES["mean"]["answer"][1]
    open_to = torch.sigmoid(torch.tensor([3.0, 1.0]).log())
    assert torch.allclose((2 + 4) * open_to, torch.tensor(ch14.BOXES["gate"]["answer"]))
    L = -torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0.0]]) / 2
    assert (chebyshev_basis(L, 3)[2] @ torch.tensor([8.0, 0, 0, 0])).tolist() == ch14.BOXES["hops"]["answer"]
    assert 12 - 4 * 3 == ch14.BOXES["left"]["answer"] and 60 * 0.8**3 - 30 == pytest.approx(ch14.BOXES["feed"]["answer"])
