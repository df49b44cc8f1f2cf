"""The checks of chapter 4: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from stgcn_lib.exercises import ch04
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.layers import TemporalConv
from stgcn_lib.models import REFERENCE, SMALL, STGCN


def stub(*inputs):
    ...


# ---- temporal -----------------------------------------------------------------------------------------------------------------

def padded(x, before, after, mode="constant"):
    """More frames before and after (C, T, V)."""
    return F.pad(x, (0, 0, before, after), mode=mode) if mode == "constant" else F.pad(x[None], (0, 0, before, after), mode=mode)[0]


def slide(x, W, stride, dilation, outputs):
    """Output t reads x at t s, t s + d, ...; x is padded already, or frames are missing at the end."""
    x = padded(x, 0, (W.shape[2] - 1) * dilation + stride * outputs)
    return torch.stack([sum(torch.einsum("oc,cv->ov", W[..., i], x[:, t * stride + i * dilation]) for i in range(W.shape[2]))
                        for t in range(outputs)], 1)


def temporal(x, W, stride, dilation, causal, shift=0, mode="constant"):
    reach = (W.shape[2] - 1) * dilation
    before = (reach if causal else reach // 2) + shift
    after = reach if mode != "constant" and not causal else 0
    return slide(padded(x, before, after, mode), W, stride, dilation, -(-x.shape[1] // stride))


def across_joints(x, W, stride, dilation, causal):
    """T and V exchanged: the kernel runs over the joints, and the shape is right as long as there is no stride."""
    return temporal(x.mT, W, 1, dilation, causal).mT[:, ::stride]


TEMPORAL = {
    "kernel flipped": lambda x, W, s, d, c: temporal(x, W.flip(-1), s, d, c),
    "T and V exchanged": across_joints,
    "padding off by one": lambda x, W, s, d, c: temporal(x, W, s, d, c, shift=1 if W.shape[2] > 1 else 0),
    "causal that leaks": lambda x, W, s, d, c: temporal(x, W, s, d, False),
    "causal ends a frame ago": lambda x, W, s, d, c: temporal(x, W, s, d, c, shift=int(c)),
    "causal forgets the dilation": lambda x, W, s, d, c: temporal(x, W, s, d, c, shift=-(W.shape[2] - 1) * (d - 1) if c else 0),
    "dilation ignored": lambda x, W, s, d, c: temporal(x, W, s, 1, c),
    "stride ignored but for the number": lambda x, W, s, d, c: temporal(x, W, 1, d, c)[:, :-(-x.shape[1] // s)],
    "stride before the kernel": lambda x, W, s, d, c: temporal(x[:, ::s], W, 1, d, c),
    "stride from frame 1": lambda x, W, s, d, c: temporal(padded(x, 0, s), W, 1, d, c)[:, s - 1::s][:, :-(-x.shape[1] // s)],
    "no padding": lambda x, W, s, d, c: F.conv2d(x[None], W[..., None], stride=(s, 1), dilation=(d, 1))[0],
    "all padding at the end": lambda x, W, s, d, c: slide(x, W, s, d, -(-x.shape[1] // s)),
    "the ends go round": lambda x, W, s, d, c: temporal(x, W, s, d, c, mode="circular"),
    "the end frames repeat": lambda x, W, s, d, c: temporal(x, W, s, d, c, mode="replicate"),
    "channels by themselves": lambda x, W, s, d, c: temporal(x.mean(0, keepdim=True).expand_as(x), W, s, d, c),
    "W transposed": lambda x, W, s, d, c: temporal(x, W.mT.reshape(W.shape) if W.shape[1] > 1 else W, s, d, c),
    "a mean, not a sum": lambda x, W, s, d, c: temporal(x, W, s, d, c) / W.shape[2],
}


def test_temporal():
    assert_checker(ch04.temporal, stub, lambda *a: temporal(*a), TEMPORAL, breaks={
        "kernel flipped": "earliest", "T and V exchanged": "no other joint", "padding off by one": "middle weight",
        "causal that leaks": "causal", "causal forgets the dilation": "causal", "dilation ignored": "dilation",
        "stride ignored but for the number": "stride", "stride before the kernel": "stride", "stride from frame 1": "stride",
        "no padding": "returns", "all padding at the end": "middle weight", "the ends go round": "beyond the ends",
        "the end frames repeat": "beyond the ends", "channels by themselves": "channels", "a mean, not a sum": "middle weight"})


def test_a_kernel_read_backwards_is_not_blamed_on_the_channels(capsys):
    ch04.temporal(TEMPORAL["kernel flipped"])
    said = capsys.readouterr().out
    assert "8 of 9" in said and "the kernel is read backwards" in said


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("k", "stride", "dilation"), [(1, 1, 1), (3, 2, 1), (5, 1, 2), (9, 3, 2)])
def test_temporal_is_the_layer_of_the_library(k, stride, dilation, causal):
    x, W = (ch04.normal(np.random.default_rng(0), *shape) for shape in ((2, 23, 4), (3, 2, k)))
    layer = TemporalConv(2, 3, k, stride, dilation, causal, bias=False)
    layer.conv.weight.data = W[..., None]
    assert torch.allclose(layer(x[None])[0], temporal(x, W, stride, dilation, causal), atol=1e-5)


# ---- receptive_field ----------------------------------------------------------------------------------------------------------

def field(kernels, strides, dilations, start=1, own=False, width=-1, add=False, dilate=True):
    frames, step = start, 1
    for k, s, d in zip(kernels, strides, dilations, strict=True):
        if own:
            step = step + s - 1 if add else step * s
        frames += (k + width) * (d if dilate else 1) * step
        if not own:
            step = step + s - 1 if add else step * s
    return frames


FIELDS = {
    "strides ignored": lambda k, s, d: field(k, [1] * len(k), d),
    "a stride counts for its own layer": lambda k, s, d: field(k, s, d, own=True),
    "strides add up": lambda k, s, d: field(k, s, d, add=True),
    "the output's own frame forgotten": lambda k, s, d: field(k, s, d, start=0),
    "k instead of k - 1": lambda k, s, d: field(k, s, d, width=0),
    "dilation ignored": lambda k, s, d: field(k, s, d, dilate=False),
    "only the layer before counts": lambda k, s, d: 1 + sum((a - 1) * c * b for a, b, c in zip(k, [1, *s], d, strict=False)),
    "from the output to the input": lambda k, s, d: field(k[::-1], s[::-1], d[::-1]),
    "kernels multiplied": lambda k, s, d: int(np.prod(k)),
    "kernels added": lambda k, s, d: sum(k),
    "the largest kernel": lambda k, s, d: max((a - 1) * c + 1 for a, c in zip(k, d, strict=True)),
    "one side only": lambda k, s, d: (field(k, s, d) - 1) // 2,
}


def test_receptive_field():
    assert_checker(ch04.receptive_field, stub, lambda *a: field(*a), FIELDS, breaks={
        "strides ignored": "layers behind it", "a stride counts for its own layer": "layers behind it",
        "strides add up": "multiply",
        "the output's own frame forgotten": "returns", "k instead of k - 1": "returns", "dilation ignored": "one layer",
        "only the layer before counts": "multiply", "from the output to the input": "layers behind it",
        "kernels multiplied": "each adds its own reach", "kernels added": "returns"})


@pytest.mark.parametrize("plan", [REFERENCE, SMALL, ((4, 3), (4, 1), (4, 2))])
def test_receptive_field_is_that_of_the_model(plan):
    model = STGCN("coco-17", 2, plan=[(2, stride) for _, stride in plan], kernel_size=5)
    strides = [stride for _, stride in plan]
    kernels, ones = [5] * len(plan), [1] * len(plan)
    assert field(kernels, strides, ones) == model.receptive_field == ch04._reach(kernels, strides, ones)


# ---- velocity -----------------------------------------------------------------------------------------------------------------

def as_printed(clip):
    x = clip.permute(2, 1, 0)[:, None]
    w = torch.tensor([1.0, 0, -1])[None, None, :, None] / 2
    return F.conv2d(x, w, padding=(1, 0))[:, 0].permute(2, 1, 0)


def velocity(clip, kernel=(-1.0, 0, 1), mode="replicate", halved=True):
    x = F.pad(clip.permute(2, 0, 1)[:, None], (0, 0, 1, 1), mode=mode)
    return F.conv2d(x, torch.tensor(kernel)[None, None, :, None] / (2 if halved else 1))[:, 0].permute(1, 2, 0)


VELOCITIES = {
    "the broken cell": as_printed,
    "axes mended, the rest not": lambda x: velocity(x, (1.0, 0, -1), "constant"),
    "axes and kernel mended": lambda x: velocity(x, mode="constant"),
    "axes and ends mended": lambda x: velocity(x, (1.0, 0, -1)),
    "kernel and ends mended": lambda x: velocity(x.transpose(0, 1)).transpose(0, 1),
    "not halved": lambda x: velocity(x, halved=False),
    "the step from the frame before": lambda x: torch.diff(x, dim=0, prepend=x[:1]),
    "the ends go round": lambda x: velocity(x, mode="circular"),
    "the ends are mirrored": lambda x: velocity(x, mode="reflect"),
    "without the ends": lambda x: velocity(x)[1:-1],
    "torch.gradient": lambda x: torch.gradient(x, dim=0)[0],  # its ends are one-sided and not halved
}


def test_velocity():
    assert_checker(ch04.velocity, stub, lambda *a: velocity(*a), VELOCITIES, breaks={
        "the broken cell": "stands still", "axes mended, the rest not": "goes up by h", "axes and kernel mended": "at the ends",
        "axes and ends mended": "goes up by h", "kernel and ends mended": "stands still", "without the ends": "returns",
        "the step from the frame before": "goes up by h", "not halved": "goes up by h", "the ends are mirrored": "at the ends"})


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch04.box, ch04.BOXES), (ch04.quiz, ch04.QUIZZES), (ch04.predict, ch04.PREDICTIONS),
                                         (ch04.predict_reply, ch04.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


def test_box_answers_are_the_numbers_that_code_gives():
    x, W = torch.tensor(ch04.HEIGHTS).float().reshape(1, 6, 1), torch.tensor([[[-1.0, 0, 1]]])
    centred, causal = (temporal(x, W, 1, 1, causal).flatten().tolist() for causal in (False, True))
    assert (centred[3], centred[5]) == (ch04.BOXES["speed"]["answer"], ch04.BOXES["ends"]["answer"])
    assert causal == ch04.BOXES["causal"]["answer"] and causal[1:] == centred[:-1]
    slips = [slip for slip, _ in ch04.BOXES["causal"]["slips"]]
    assert centred in slips and temporal(x, W.flip(-1), 1, 1, True).flatten().tolist() in slips

    strides = [stride for _, stride in SMALL]
    assert strides == [1, 1, 2, 1, 2]
    five = ([5] * 5, strides, [1] * 5)
    assert field(*five) == ch04.BOXES["field"]["answer"]
    for slip in (field(*five, own=True), field(*five, start=0), field(*five, width=0), field([5] * 5, [1] * 5, [1] * 5)):
        assert slip in ch04.BOXES["field"]["slips"]

    past = future = (field([9] * 10, [stride for _, stride in REFERENCE], [1] * 10) - 1) // 2
    heard = range(8 - past, 8 + future + 1)
    assert (past, len([t for t in heard if not 0 <= t < 20])) == (76, ch04.BOXES["zeros"]["answer"])
    assert {len([t for t in heard if t < 0]), len([t for t in heard if t > 19]), len(heard)} <= set(ch04.BOXES["zeros"]["slips"])


CHAPTER = Path(__file__).parents[1] / "book" / "part2-stgcn" / "04-time-as-a-dimension.ipynb"


def cells(kind):
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", ["temporal", "receptive_field", "velocity"])
def test_the_solution_printed_in_the_chapter_passes(name):
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(cells("markdown")), flags=re.S)
    printed = [block for block in blocks if f"def {name}(" in block]
    assert len(printed) == 1
    space = {"torch": torch}
    exec(printed[0], space)
    assert getattr(ch04, name).run(space[name])


def test_the_broken_cell_of_the_chapter_is_the_one_refused_here():
    source = next(cell for cell in cells("code") if "def velocity(" in cell).split("check.")[0]
    space = {"torch": torch}
    exec(source, space)
    clip = ch04.normal(np.random.default_rng(0), 8, 5, 3)
    assert torch.equal(space["velocity"](clip), as_printed(clip))
