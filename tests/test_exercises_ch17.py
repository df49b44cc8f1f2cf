"""The checks of chapter 17: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import pytest
import torch
from torch.nn import functional

from stgcn_lib.exercises import ch17
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.layers import MultiScaleTemporalConv


def stub(*inputs):
    ...


# ---- merge --------------------------------------------------------------------------------------------------------------------

def laid(kernels, before):
    """All kernels as long as the longest, below each other; `before` of the gap comes first."""
    longest = max(k.shape[2] for k in kernels)
    return torch.cat([functional.pad(k, (before(longest - k.shape[2]), longest - k.shape[2] - before(longest - k.shape[2])))
                      for k in kernels])


def through(F, stacked):
    return torch.einsum("oj,jck->ock", F, stacked)


def middle(gap):
    return gap // 2


def merge(kernels, F):
    return through(F, laid(kernels, middle))


def per_branch(kernels, F):
    """One weight for each branch, as if every branch had a single channel."""
    longest = max(k.shape[2] for k in kernels)
    out = torch.zeros(len(F), kernels[0].shape[1], longest, dtype=F.dtype)
    for share, k in zip(F.T, kernels, strict=False):
        out += share[:, None, None] * functional.pad(k, (middle(longest - k.shape[2]),) * 2).sum(0)
    return out


MERGE = {
    "laid on the first frame": lambda kernels, F: through(F, laid(kernels, lambda gap: 0)),
    "laid on the last frame": lambda kernels, F: through(F, laid(kernels, lambda gap: gap)),
    "turned round": lambda kernels, F: merge(kernels, F).flip(2),
    "each turned round": lambda kernels, F: merge([k.flip(2) for k in kernels], F),
    "without F": lambda kernels, F: laid(kernels, middle).sum(0, keepdim=True).expand(len(F), -1, -1),
    "mean without F": lambda kernels, F: laid(kernels, middle).mean(0, keepdim=True).expand(len(F), -1, -1),
    "F in reverse": lambda kernels, F: through(F.flip(1), laid(kernels, middle)),
    "sizes of F": lambda kernels, F: through(F.abs(), laid(kernels, middle)),
    "one weight a branch": per_branch,
    "transposed": lambda kernels, F: merge(kernels, F).transpose(0, 1),
    "cut to the shortest": lambda kernels, F: merge(kernels, F)[..., 2:-2],
    "chained": lambda kernels, F: through(F, laid(kernels, middle)).cumsum(2),
    "the longest alone": lambda kernels, F: merge([k * (k.shape[2] == max(j.shape[2] for j in kernels)) for k in kernels], F),
    "sorted by length": lambda kernels, F: merge(sorted(kernels, key=lambda k: k.shape[2]), F),
}


def test_merge():
    assert_checker(ch17.merge, stub, merge, MERGE, breaks={
        "laid on the first frame": "in the middle", "turned round": "in the middle", "without F": "F weighs",
        "transposed": "one kernel", "F in reverse": "F weighs",
        "sorted by length": "answers as all branches", "one weight a branch": "answers as all branches"})


@pytest.mark.parametrize("name, words", [
    ("laid on the first frame", "three frames too early"), ("laid on the last frame", "hears the future"),
    ("turned round", "turned round in time"), ("without F", "F was not asked"), ("mean without F", "F was not asked"),
    ("F in reverse", "reverse order"), ("sizes of F", "minus sign"), ("one weight a branch", "on a random film"),
    ("transposed", "shape")])
def test_a_slip_in_the_merged_kernel_is_named(name, words):
    assert words in str(ch17.merge.run(MERGE[name]))


def test_merge_is_what_the_layer_does():
    torch.manual_seed(0)
    layer, h = MultiScaleTemporalConv(6, 6, (3, 5, 7)).eval(), torch.randn(2, 6, 20, 4)
    torch.nn.init.zeros_(layer.fusion.bias)
    kernels, answers = [], []
    for n, branch in enumerate(layer.branches):
        torch.nn.init.zeros_(branch[3].conv.bias)
        own = branch[3].conv.weight[..., 0]                             # (2, 2, k)
        kernels.append(functional.pad(own, (0, 0, 2 * n, 4 - 2 * n)))   # (2, 6, k): deaf to the channels of the others
        answers.append(branch[3](h[:, 2 * n:2 * n + 2]))
    one = merge(kernels, layer.fusion.weight[:, :, 0, 0])
    law = layer.fusion(torch.cat(answers, 1))
    assert torch.allclose(functional.conv2d(h, one[..., None], padding=(3, 0)), law, atol=1e-5)


# ---- cost ---------------------------------------------------------------------------------------------------------------------

def bill(reach=lambda k, d: (k - 1) * d + 1, over=max, weights=None):
    """A `cost` with one thing changed: the reach of a branch, how reaches join, or the weights (w, C, branches)."""
    def answer(branches, C):
        w = C // len(branches)
        count = weights or (lambda w, C, branches: sum(C * w + k * w * w for k, d in branches) + C * C)
        return over([reach(k, d) for k, d in branches]), count(w, C, branches)
    return answer


cost = bill()
COST = {
    "k gaps": bill(reach=lambda k, d: k * d),
    "gaps alone": bill(reach=lambda k, d: (k - 1) * d),
    "no dilation": bill(reach=lambda k, d: k),
    "reaches added": bill(over=sum),
    "the first branch": bill(over=lambda reaches: reaches[0]),
    "the last branch": bill(over=lambda reaches: reaches[-1]),
    "dilation adds weights": bill(weights=lambda w, C, b: sum(C * w + ((k - 1) * d + 1) * w * w for k, d in b) + C * C),
    "no reductions": bill(weights=lambda w, C, b: sum(k * w * w for k, d in b) + C * C),
    "no fusion": bill(weights=lambda w, C, b: sum(C * w + k * w * w for k, d in b)),
    "fusion of one share": bill(weights=lambda w, C, b: sum(C * w + k * w * w for k, d in b) + w * C),
    "kernels alone": bill(weights=lambda w, C, b: sum(k * w * w for k, d in b)),
    "as printed": bill(weights=lambda w, C, b: sum(k * C * C for k, d in b) + len(b) * C * C),
    "all channels": bill(weights=lambda w, C, b: sum(C * C + k * C * C for k, d in b) + C * C),
    "kernel on all channels": bill(weights=lambda w, C, b: sum(C * w + k * C * w for k, d in b) + C * C),
    "kernel channel by channel": bill(weights=lambda w, C, b: sum(C * w + k * w for k, d in b) + C * C),
    "weights alone": lambda branches, C: cost(branches, C)[1],
    "exchanged": lambda branches, C: cost(branches, C)[::-1],
}


def test_cost():
    assert_checker(ch17.cost, stub, cost, COST, breaks={
        "k gaps": "reaches furthest", "dilation adds weights": "costs no weight", "no fusion": "one fusion",
        "weights alone": "two numbers", "as printed": "a reduction and a kernel", "reaches added": "reaches furthest"})


@pytest.mark.parametrize("name, words", [
    ("k gaps", "k - 1 gaps"), ("gaps alone", "one frame more"), ("no dilation", "lays the weights apart"),
    ("reaches added", "side by side"), ("the first branch", "that is the first branch"),
    ("dilation adds weights", "every dilation doubled"),
    ("no reductions", "all the reductions"), ("no fusion", "or the fusion"), ("fusion of one share", "mixes all channels"),
    ("kernels alone", "only the kernels"), ("as printed", "as in the article"), ("all channels", "given all channels"),
    ("kernel on all channels", "behind the reduction"), ("kernel channel by channel", "every channel of its branch")])
def test_a_slip_in_the_bill_is_named(name, words):
    assert words in str(ch17.cost.run(COST[name]))


def test_cost_is_the_librarys():
    for branches, C in (([(3, 1), (5, 1), (7, 1)], 60), ([(5, 1), (5, 4), (5, 12)], 24), ([(3, 2), (9, 1)], 8)):
        layer = MultiScaleTemporalConv(C, C, tuple(branches))
        matrices = sum(p.numel() for p in layer.parameters() if p.ndim == 4)
        assert cost(branches, C) == (layer.span, matrices)


# ---- live ---------------------------------------------------------------------------------------------------------------------

def branches_of(before=lambda reach: reach, largest=(2, 0), value=-torch.inf, turn=False, dilated=True):
    """A `live` with one thing changed."""
    def answer(x, kernels, dilations):
        rows = []
        for W, d in zip(kernels, dilations, strict=True):
            d, W = d if dilated else 1, W.flip(0) if turn else W
            reach = (len(W) - 1) * d
            film = functional.pad(x, (before(reach), reach - before(reach)))[None, None]
            rows.append(torch.conv1d(film, W[None, None], dilation=d)[0, 0])
        rows.append(functional.pad(x, largest, value=value).unfold(0, 3, 1).amax(1))
        return torch.stack(rows)
    return answer


def half(reach):
    return reach // 2


live = branches_of()


def first_repeated(x, kernels, dilations):
    """Before the film its first frame stands still, for the kernels as well."""
    rows = []
    for W, d in zip(kernels, dilations, strict=True):
        film = torch.cat([x[:1].expand((len(W) - 1) * d), x])[None, None]
        rows.append(torch.conv1d(film, W[None, None], dilation=d)[0, 0])
    rows.append(live(x, kernels, dilations)[-1])
    return torch.stack(rows)


def shifted(x, kernels, dilations):
    """Everything padded once more: yesterday's answer."""
    return functional.pad(live(x, kernels, dilations), (1, 0))[:, :-1]


LIVE = {
    "as given": branches_of(half, (1, 1), 0.0),
    "largest still around now, with zeros": branches_of(largest=(1, 1), value=0.0),
    "largest still around now": branches_of(largest=(1, 1)),
    "kernels still around now": branches_of(half),
    "zeros still win": branches_of(value=0.0),
    "only the future": branches_of(lambda reach: 0),
    "turned round": branches_of(turn=True),
    "no dilation": branches_of(dilated=False),
    "the first frame repeated": first_repeated,
    "one frame late": shifted,
    "no largest": lambda x, kernels, dilations: live(x, kernels, dilations)[:-1],
    "unpadded": lambda x, kernels, dilations: live(x, kernels, dilations)[:, 2:],
    "largest of two": lambda x, kernels, dilations: torch.cat(
        [live(x, kernels, dilations)[:-1], functional.pad(x, (1, 0), value=-torch.inf).unfold(0, 2, 1).amax(1)[None]]),
}


def test_live():
    assert_checker(ch17.live, stub, live, LIVE, breaks={
        "as given": "no kernel hears", "largest still around now": "the largest of three", "zeros still win": "nothing at all",
        "turned round": "earliest frame", "no largest": "gives a row", "no dilation": "earliest frame",
        "the first frame repeated": "before the film"})


@pytest.mark.parametrize("name, words", [
    ("kernels still around now", "answered otherwise from frame"), ("largest still around now", "the last row answered otherwise"),
    ("zeros still win", "a zero from the padding won"), ("turned round", "the kernels are turned round"),
    ("no dilation", "dilation was forgotten"), ("the first frame repeated", "came out as"), ("no largest", "shape"),
    ("largest of two", "the last row holds"), ("one frame late", "in frame 12")])
def test_a_slip_in_the_live_branches_is_named(name, words):
    assert words in str(ch17.live.run(LIVE[name]))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_the_boxes_are_right():
    film = torch.tensor([4.0, 4, 4, 5, 7, 8, 8], dtype=torch.float64)
    kernels = [torch.tensor([one], dtype=torch.float64)[None] for one in ([-1, 0, 1], [-1, -1, 0, 1, 1], [-1, -1, -1, 0, 1, 1, 1])]
    F = torch.tensor([[2.0, -1, 1]], dtype=torch.float64)
    each = [float(functional.conv1d(film[None, None], k, padding=k.shape[2] // 2)[0, 0, 3]) for k in kernels]
    one = merge(kernels, F)[0, 0]
    assert [*each, float(F[0] @ torch.tensor(each, dtype=torch.float64))] == ch17.BOXES["three"]["answer"]
    assert one.tolist() == ch17.BOXES["merged"]["answer"] and float(one @ film) == 10
    layer = torch.nn.Conv1d(1, 1, 7, dilation=8, bias=False)
    for layers, at in ((1, 0), (2, 2)):
        x = torch.zeros(1, 1, 301, requires_grad=True)
        y = x
        for _ in range(layers):
            y = layer(y)
        y[0, 0, 0].backward()
        heard = x.grad[0, 0].nonzero().flatten()
        assert heard[-1] - heard[0] + 1 == ch17.BOXES["reach"]["answer"][at]
        assert layers == 2 or len(heard) == ch17.BOXES["reach"]["answer"][1]
    branches, C = [(5, 1), (5, 4), (5, 12)], 60
    assert sum(ch17.BOXES["count"]["answer"]) == cost(branches, C)[1] == 13_200 and 49 * C * C == 176_400
    layer = MultiScaleTemporalConv(C, C, tuple(branches))
    parts = [sum(b[i].weight.numel() if i == 0 else b[i].conv.weight.numel() for b in layer.branches) for i in (0, 3)]
    assert [*parts, layer.fusion.weight.numel()] == ch17.BOXES["count"]["answer"]


def test_every_question_can_be_shown():
    for make, specs in ((ch17.box, ch17.BOXES), (ch17.quiz, ch17.QUIZZES), (ch17.predict, ch17.PREDICTIONS),
                        (ch17.predict_reply, ch17.PREDICTIONS)):
        for name in specs:
            assert make(name).kind
