"""The checks of chapter 18: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import math

import pytest
import torch

from stgcn_lib.exercises import ch18
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.layers import SpatialTemporalAttention


def stub(*inputs):
    ...


# ---- temporal_gate ------------------------------------------------------------------------------------------------------------

def slide(means, kernel):
    return torch.conv1d(means[None], kernel[None], padding=kernel.shape[1] // 2)[0, 0]


def temporal_gate(x, kernel, bias):
    return torch.sigmoid(slide(x.mean(2), kernel) + bias)


def padded(mode, left=None):
    def answer(x, kernel, bias):
        K = kernel.shape[1]
        first = K // 2 if left is None else K - 1
        wide = torch.nn.functional.pad(x.mean(2)[None], (first, K - 1 - first), mode=mode)
        return torch.sigmoid(torch.conv1d(wide, kernel[None])[0, 0] + bias)
    return answer


TEMPORAL = {
    "pooled over time": lambda x, kernel, bias: torch.sigmoid(slide(x.mean(1), kernel) + bias),
    "sum": lambda x, kernel, bias: torch.sigmoid(slide(x.sum(2), kernel) + bias),
    "largest joint": lambda x, kernel, bias: torch.sigmoid(slide(x.amax(2), kernel) + bias),
    "first joint": lambda x, kernel, bias: torch.sigmoid(slide(x[..., 0], kernel) + bias),
    "softmax": lambda x, kernel, bias: torch.softmax(slide(x.mean(2), kernel) + bias, 0),
    "backwards": lambda x, kernel, bias: temporal_gate(x, kernel.flip(1), bias),
    "no padding": lambda x, kernel, bias: torch.sigmoid(torch.conv1d(x.mean(2)[None], kernel[None])[0, 0] + bias),
    "causal": padded("constant", left=True),
    "circular": padded("circular"),
    "edges repeated": padded("replicate"),
    "no bias": lambda x, kernel, bias: temporal_gate(x, kernel, 0.0),
    "first channel": lambda x, kernel, bias: temporal_gate(x[:1], kernel[:1], bias),
    "mean of channels": lambda x, kernel, bias: temporal_gate(x, kernel / len(kernel), bias),
    "mean of channels first": lambda x, kernel, bias: temporal_gate(x.mean(0, keepdim=True), kernel.mean(0, keepdim=True), bias),
    "over time": lambda x, kernel, bias: torch.sigmoid(slide(x.mean(1), kernel) + bias)[None, None],
    "x gated": lambda x, kernel, bias: x * (1 + temporal_gate(x, kernel, bias)[:, None]),
    "each channel": lambda x, kernel, bias: torch.sigmoid(torch.stack(
        [slide(x[c:c + 1].mean(2), kernel[c:c + 1]) for c in range(len(x))]) + bias),
    "one plus": lambda x, kernel, bias: 1 + temporal_gate(x, kernel, bias),
    "no sigmoid": lambda x, kernel, bias: slide(x.mean(2), kernel) + bias,
    "tanh": lambda x, kernel, bias: torch.tanh(slide(x.mean(2), kernel) + bias),
    "kept dimensions": lambda x, kernel, bias: temporal_gate(x, kernel, bias)[None, :, None],
}


def test_temporal_gate():
    assert_checker(ch18.temporal_gate, stub, temporal_gate, TEMPORAL, breaks={
        "pooled over time": "for each frame", "sum": "pooled by their mean", "first joint": "pooled by their mean",
        "softmax": "kernel of zeros", "circular": "free of each other", "backwards": "the numbers", "no padding": "for each frame"})


@pytest.mark.parametrize("name, words", [
    ("sum", "a sum is no mean"), ("softmax", "it sums to 1"), ("largest joint", "the largest joint"), ("backwards", "runs "
    "backwards"),
    ("causal", "only the frames before"), ("circular", "is time a circle"), ("edges repeated", "were repeated"),
    ("no bias", "is the bias in it"), ("first channel", "only the first channel"), ("mean of channels", "averaged, not added"),
    ("mean of channels first", "before the kernel"), ("pooled over time", "time was pooled away"),
    ("over time", "time was pooled away"), ("no padding", "the ends are missing"), ("x gated", "asked for is the gate"),
    ("each channel", "for each channel"),
    ("one plus", "is 1 + gate"), ("no sigmoid", "before the sigmoid"), ("first joint", "in another order")])
def test_a_slip_in_the_temporal_gate_is_named(name, words):
    assert words in str(ch18.temporal_gate.run(TEMPORAL[name]))


def test_temporal_gate_is_the_librarys():
    layer, x = SpatialTemporalAttention(3, "temporal", kernel_size=5), torch.randn(1, 3, 9, 4)
    conv = layer.parts["temporal"]
    torch.nn.init.normal_(conv.weight)
    with torch.no_grad():
        mine = temporal_gate(x[0], conv.weight[0], conv.bias)
        assert torch.allclose(mine, layer.gates(x)["temporal"][0, 0, :, 0], atol=1e-6)


# ---- spreads ------------------------------------------------------------------------------------------------------------------

def spreads(gate):
    within = gate.std(1, correction=0).mean()
    between = gate.std(0, correction=0).mean()
    return within, between


SPREADS = {
    "exchanged": lambda gate: spreads(gate)[::-1],
    "transposed": lambda gate: spreads(gate.T),
    "one less": lambda gate: (gate.std(1).mean(), gate.std(0).mean()),
    "variance": lambda gate: (gate.var(1, correction=0).mean(), gate.var(0, correction=0).mean()),
    "range": lambda gate: ((gate.amax(1) - gate.amin(1)).mean(), (gate.amax(0) - gate.amin(0)).mean()),
    "of everything": lambda gate: 2 * (gate.std(correction=0),),
    "means of clips": lambda gate: (spreads(gate)[0], gate.mean(1).std(correction=0)),
    "mean gate": lambda gate: (gate.mean(0).std(correction=0), spreads(gate)[1]),
    "largest": lambda gate: (gate.std(1, correction=0).max(), gate.std(0, correction=0).max()),
    "root of the mean": lambda gate: (gate.var(1, correction=0).mean().sqrt(), gate.var(0, correction=0).mean().sqrt()),
    "first ones": lambda gate: (gate[0].std(correction=0), gate[:, 0].std(correction=0)),
    "centred": lambda gate: (spreads(gate)[0], spreads(gate - gate.mean(1, keepdim=True))[1]),
    "from a half": lambda gate: ((gate - 0.5).abs().mean(), spreads(gate)[1]),
    "a flag": lambda gate: float(gate.std() > 0),
    "sizes": lambda gate: (gate.mean(), gate.mean()),
}


def test_spreads():
    assert_checker(ch18.spreads, stub, spreads, SPREADS, breaks={
        "exchanged": "one pattern", "one less": "one pattern", "means of clips": "another order", "mean gate": "on any gate",
        "of everything": "one pattern", "a flag": "two numbers", "sizes": "constant gate"})


@pytest.mark.parametrize("name, words", [
    ("exchanged", "are exchanged"), ("transposed", "are exchanged"), ("one less", "one less than the number"),
    ("variance", "the square of it"), ("range", "that is the range"), ("of everything", "the spread of everything"),
    ("centred", "0 within and 0.3 between"),
    ("means of clips", "means of clips were compared"), ("mean gate", "blurs clips"), ("largest", "the largest was taken"),
    ("root of the mean", "before the root"), ("first ones", "only the first clip")])
def test_a_slip_in_the_spreads_is_named(name, words):
    assert words in str(ch18.spreads.run(SPREADS[name]))


# ---- attend -------------------------------------------------------------------------------------------------------------------

def score(x, w):
    return (x * w[:, None, None]).sum(1, keepdim=True)  # (N, 1, T, V)


def attend(x, w):
    return x * x.shape[2] * torch.softmax(score(x, w).mean(3, keepdim=True), dim=2)


def half_mended(pool, dim, scale):
    def answer(x, w):
        return x * scale(x) * torch.softmax(score(x, w).mean(pool, keepdim=True), dim=dim)
    return answer


def frames(x):
    return x.shape[2]


def one(x):
    return 1


ATTEND = {
    "as given": half_mended(2, 1, one),
    "axis of the mean": half_mended(3, 1, one),
    "axis of the softmax, over time": half_mended(2, 2, one),
    "axis of the softmax, over joints": half_mended(2, 3, one),
    "still not scaled": half_mended(3, 2, one),
    "scaled, off": half_mended(3, 1, frames),
    "scaled by joints": half_mended(3, 2, lambda x: x.shape[3]),
    "no mean": lambda x, w: x * x.shape[2] * torch.softmax(score(x, w), 2),
    "sum": lambda x, w: x * x.shape[2] * torch.softmax(score(x, w).sum(3, keepdim=True), 2),
    "largest joint": lambda x, w: x * x.shape[2] * torch.softmax(score(x, w).amax(3, keepdim=True), 2),
    "over clips": lambda x, w: x * len(x) * torch.softmax(score(x, w).mean(3, keepdim=True), 0),
    "w forgotten": lambda x, w: x * x.shape[2] * torch.softmax(x.mean((1, 3), keepdim=True), 2),
    "sign": lambda x, w: attend(x, -w),
    "one plus": lambda x, w: x * (1 + torch.softmax(score(x, w).mean(3, keepdim=True), 2)),
    "mean of channels": lambda x, w: attend(x, w / len(w)),
    "sigmoid": lambda x, w: x * torch.sigmoid(score(x, w).mean(3, keepdim=True)),
    "summed up": lambda x, w: (x * torch.softmax(score(x, w).mean(3, keepdim=True), 2)).sum(2),
    "shared by a batch": lambda x, w: x * x.shape[2] * torch.softmax(score(x, w).mean((0, 3), keepdim=True), 2),
}


def test_attend():
    assert_checker(ch18.attend, stub, attend, ATTEND, breaks={
        "as given": "frames differ", "axis of the softmax, over joints": "same weight", "still not scaled": "1 on average",
        "no mean": "same weight", "summed up": "keeps the shape", "shared by a batch": "the company", "w forgotten": "louder "
        "frame"})


@pytest.mark.parametrize("name, words", [
    ("as given", "a softmax over one number"), ("axis of the mean", "a softmax over one number"),
    ("axis of the softmax, over joints", "time was pooled away"), ("still not scaled", "times smaller"),
    ("no mean", "more than one number a frame"), ("sum", "joints were summed"), ("largest joint", "the loudest joint"),
    ("w forgotten", "w is not used"), ("sign", "turned round"), ("one plus", "1 + share"),
    ("mean of channels", "averaged, not added"), ("shared by a batch", "alone than together")])
def test_a_slip_in_attend_is_named(name, words):
    assert words in str(ch18.attend.run(ATTEND[name]))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_the_boxes_are_right():
    moved = torch.tensor([[0.0, 1, 2], [0, 0, 0], [0, 3, 6], [0, 0, 0]])
    gate = torch.sigmoid(math.log(3) * (moved.mean(1) - 1))
    assert torch.allclose(gate, torch.tensor(ch18.BOXES["frames"]["answer"]))
    scores = torch.full((6,), math.log(3.0))
    law = torch.stack([torch.sigmoid(scores)[0], torch.softmax(scores, 0)[0]])
    assert torch.allclose(law, torch.tensor(ch18.BOXES["crowd"]["answer"]), atol=1e-3)
    assert (0.5 * 0.5) ** -5 == ch18.BOXES["quarter"]["answer"]
    x = torch.ones(1, 4, 3, 5)
    factor = SpatialTemporalAttention(4, "sequential", num_joints=5)(x)
    assert torch.allclose(factor, torch.full_like(x, ch18.BOXES["starts"]["answer"]))


def test_every_question_can_be_shown():
    for make, specs in ((ch18.box, ch18.BOXES), (ch18.quiz, ch18.QUIZZES), (ch18.predict, ch18.PREDICTIONS),
                        (ch18.predict_reply, ch18.PREDICTIONS)):
        for name in specs:
            assert make(name).kind
