"""The checks of chapter 5: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from stgcn_lib.exercises import ch05
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph
from stgcn_lib.layers import STGCNBlock
from stgcn_lib.models import STGCN

STICK = SkeletonGraph.from_edges([(1, 0), (2, 1), (3, 1), (4, 1)], center=0)


def stub(*inputs):
    ...


# ---- block --------------------------------------------------------------------------------------------------------------------

def block(x, spatial, norm1, temporal, norm2, skip):
    y = norm1(spatial(x)).relu()
    y = norm2(temporal(y))
    return (y + skip(x)).relu()


BLOCKS = {
    "residual after the last ReLU": lambda x, s, n1, t, n2, r: n2(t(n1(s(x)).relu())).relu() + r(x),
    "the same, ReLU once more": lambda x, s, n1, t, n2, r: (n2(t(n1(s(x)).relu())).relu() + r(x)).relu(),
    "no last ReLU": lambda x, s, n1, t, n2, r: n2(t(n1(s(x)).relu())) + r(x),
    "no ReLU between space and time": lambda x, s, n1, t, n2, r: (n2(t(n1(s(x)))) + r(x)).relu(),
    "ReLU before the norm": lambda x, s, n1, t, n2, r: (n2(t(n1(s(x).relu()))) + r(x)).relu(),
    "time before space": lambda x, s, n1, t, n2, r: (n2(s(n1(t(x)).relu())) + r(x)).relu(),
    "norms exchanged": lambda x, s, n1, t, n2, r: (n1(t(n2(s(x)).relu())) + r(x)).relu(),
    "norms before their layers": lambda x, s, n1, t, n2, r: (t(n2(s(n1(x)).relu())) + r(x)).relu(),
    "no residual": lambda x, s, n1, t, n2, r: n2(t(n1(s(x)).relu())).relu(),
    "x instead of skip(x)": lambda x, s, n1, t, n2, r: (n2(t(n1(s(x)).relu())) + x).relu(),
    "skip of what space made": lambda x, s, n1, t, n2, r: (n2(t(n1(s(x)).relu())) + r(n1(s(x)).relu())).relu(),
    "residual inside": lambda x, s, n1, t, n2, r: n2(t((n1(s(x)) + r(x)).relu())).relu(),
    "second norm over the sum": lambda x, s, n1, t, n2, r: n2(t(n1(s(x)).relu()) + r(x)).relu(),
    "a mean over frames": lambda x, s, n1, t, n2, r: block(x, s, n1, t, n2, r).mean(2),
}


def test_block():
    assert_checker(ch05.block, stub, block, BLOCKS, breaks={
        "residual after the last ReLU": "after the sum", "the same, ReLU once more": "after the sum", "no last ReLU": "after "
            "the sum",
        "no ReLU between space and time": "becomes zero", "ReLU before the norm": "becomes zero", "time before space": "space "
            "comes",
        "norms exchanged": "space comes", "no residual": "residual", "x instead of skip(x)": "residual",
        "a mean over frames": "returns"})


def test_block_is_the_block_of_the_library():
    theirs = STGCNBlock(3, 4, STICK.partition(), kernel_size=3, stride=2).eval()
    x = torch.randn(2, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    parts = theirs.spatial, theirs.spatial_norm, theirs.temporal, theirs.temporal_norm, theirs.residual
    assert torch.allclose(block(x, *parts), theirs(x))


# ---- scores -------------------------------------------------------------------------------------------------------------------

def folded(x, norm, body):
    """Features of every place, (N, M, D)."""
    N, C, T, V, M = x.shape
    z = norm(x.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T))
    z = body(z.reshape(N * M, V, C, T).permute(0, 2, 3, 1))
    return z.mean((2, 3)).reshape(N, M, -1)


def here(x):
    return (x != 0).flatten(1, 3).any(1).float()[..., None]


def scores(x, norm, body, head):
    weight = here(x) / here(x).sum(1, keepdim=True).clamp(min=1)
    return head((folded(x, norm, body) * weight).sum(1))


def only_present(x, norm, body, head):
    """As the library does it: empty places never reach the network."""
    N, C, T, V, M = x.shape
    rows = []
    for clip in x:
        people = [clip[..., m] for m in range(M) if clip[..., m].any()] or [clip[..., 0]]
        z = norm(torch.stack(people).permute(0, 3, 1, 2).reshape(len(people), V * C, T))
        rows.append(body(z.reshape(-1, V, C, T).permute(0, 2, 3, 1)).mean((2, 3)).mean(0))
    return head(torch.stack(rows))


def test_a_solution_without_the_empty_places_passes_too():
    assert ch05.scores.run(only_present)


def by_view(x, norm, body, head):
    N, C, T, V, M = x.shape
    z = body(norm(x.reshape(N * M, V * C, T)).reshape(N * M, C, T, V))
    return head(z.mean((2, 3)).reshape(N, M, -1).mean(1))


def channels_outermost(x, norm, body, head):
    N, C, T, V, M = x.shape
    z = norm(x.permute(0, 4, 1, 3, 2).reshape(N * M, C * V, T))
    z = body(z.reshape(N * M, C, V, T).transpose(2, 3))
    return head(z.mean((2, 3)).reshape(N, M, -1).mean(1))


def never_back(x, norm, body, head):
    N, C, T, V, M = x.shape
    z = norm(x.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T))
    return head(body(z.reshape(N * M, C, T, V)).mean((2, 3)).reshape(N, M, -1).mean(1))


def clips_and_people_exchanged(x, norm, body, head):
    N, M = x.shape[0], x.shape[-1]
    z = folded(x, norm, body).reshape(N * M, -1)
    return head(z.reshape(M, N, -1).mean(0))


def over(how):
    def answer(x, norm, body, head):
        N, C, T, V, M = x.shape
        z = norm(x.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T))
        z = body(z.reshape(N * M, V, C, T).permute(0, 2, 3, 1))
        z = how(z).reshape(N, M, -1) * here(x)
        return head(z.sum(1) / here(x).sum(1).clamp(min=1))
    return answer


SCORES = {
    "empties averaged in": lambda x, n, b, h: h(folded(x, n, b).mean(1)),
    "view instead of permute": by_view,
    "channels outermost": channels_outermost,
    "no way back from the norm": never_back,
    "clips and people exchanged": clips_and_people_exchanged,
    "people added up": lambda x, n, b, h: h((folded(x, n, b) * here(x)).sum(1)),
    "the largest of the people": lambda x, n, b, h: h(folded(x, n, b).amax(1)),
    "the first person only": lambda x, n, b, h: h(folded(x, n, b)[:, 0]),
    "divided by M": lambda x, n, b, h: h((folded(x, n, b) * here(x)).sum(1) / x.shape[-1]),
    "sum over frames": over(lambda z: z.sum(2).mean(2)),
    "maximum over joints": over(lambda z: z.amax(3).mean(2)),
    "the last frame": over(lambda z: z[:, :, -1].mean(2)),
    "nobody divides by zero": lambda x, n, b, h: h((folded(x, n, b) * here(x)).sum(1) / here(x).sum(1)),
    "head forgotten": lambda x, n, b, h: (folded(x, n, b) * here(x)).sum(1),
    "head for each person": lambda x, n, b, h: h(folded(x, n, b)),
    "norm forgotten": lambda x, n, b, h: scores(x, lambda z: z, b, h),
}


def test_scores():
    assert_checker(ch05.scores, stub, scores, SCORES, breaks={
        "empties averaged in": "empty place", "view instead of permute": "joints outermost", "channels outermost": "joints "
            "outermost",
        "no way back from the norm": "body gets", "clips and people exchanged": "do not mix", "people added up": "averaged",
        "the largest of the people": "averaged", "sum over frames": "mean over frames", "maximum over joints": "mean over frames",
        "nobody divides by zero": "nobody", "divided by M": "empty place", "head for each person": "returns", "norm "
            "forgotten": "joints outermost"})


def test_scores_is_the_network_of_the_library():
    model = STGCN(STICK, 4, plan=((6, 1), (8, 2)), kernel_size=3).eval()
    x = torch.randn(3, 3, 8, 5, 2, generator=torch.Generator().manual_seed(0))
    x[1, ..., 1] = 0
    assert torch.allclose(scores(x, model.input_norm, model.blocks, model.head), model(x), atol=1e-5)


@pytest.mark.parametrize("check, wrong, said", [
    ("block", "x instead of skip(x)", "skip was never used"), ("block", "second norm over the sum", "norm2 was given the sum"),
    ("block", "the same, ReLU once more", "cut at zero on its own"), ("scores", "empties averaged in", "averaged in"),
    ("scores", "divided by M", "still counted"), ("scores", "clips and people exchanged", "those of other clips")])
def test_a_message_names_the_mistake(check, wrong, said):
    answer = {"block": BLOCKS, "scores": SCORES}[check][wrong]
    report = str(getattr(ch05, check).run(answer))
    assert said in report and "a method" not in report


# ---- probabilities ------------------------------------------------------------------------------------------------------------

def probabilities(model, x):
    was = model.training
    model.eval()
    with torch.no_grad():
        out = model(x).softmax(1)
    model.train(was)
    return out


def quietly(model, x, last):
    """Evaluation mode, no gradients, everything put back: only the last step differs."""
    was = model.training
    model.eval()
    with torch.no_grad():
        out = last(model(x))
    model.train(was)
    return out


def left_in_evaluation(model, x):
    with torch.no_grad():
        return model.eval()(x).softmax(1)


def eval_too_late(model, x):
    with torch.no_grad():
        out = model(x).softmax(1)
    model.eval()
    return out


def always_back_to_training(model, x):
    out = left_in_evaluation(model, x)
    model.train()
    return out


def with_gradients(model, x):
    was = model.training
    out = model.eval()(x).softmax(1).detach()
    model.train(was)
    return out


@torch.no_grad()
def never_eval(model, x):
    return model(x).softmax(1)


PROBABILITIES = {
    "the broken cell": lambda model, x: model(x).softmax(0),
    "softmax over the clips": lambda model, x: quietly(model, x, lambda z: z.softmax(0)),
    "batch norm in training mode": never_eval,
    "eval after the pass": eval_too_late,
    "left in evaluation mode": left_in_evaluation,
    "always back to training": always_back_to_training,
    "gradients recorded": with_gradients,
    "sigmoid": lambda model, x: quietly(model, x, torch.sigmoid),
    "logits": lambda model, x: quietly(model, x, lambda z: z),
    "logarithms": lambda model, x: quietly(model, x, lambda z: z.log_softmax(1)),
    "softmax twice": lambda model, x: quietly(model, x, lambda z: z.softmax(1).softmax(1)),
    "the class": lambda model, x: quietly(model, x, lambda z: z.argmax(1)),
}


def test_probabilities():
    def as_stub(model, x):
        raise NotImplementedError

    assert_checker(ch05.probabilities, as_stub, probabilities, PROBABILITIES, breaks={
        "the broken cell": "alone and in company", "softmax over the clips": "add up to 1", "batch norm in training "
            "mode": "alone and in company",
        "eval after the pass": "as it was found", "left in evaluation mode": "as it was found", "always back to training": "as "
            "it was found",
        "gradients recorded": "no gradient", "sigmoid": "add up to 1", "softmax twice": "evaluation mode", "the class": "returns"})


# ---- the chapter --------------------------------------------------------------------------------------------------------------

CHAPTER = Path(__file__).parents[1] / "book" / "part2-stgcn" / "05-the-st-gcn-model.ipynb"


def cells(kind):
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", ["block", "scores", "probabilities"])
def test_the_solution_printed_in_the_chapter_passes(name):
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(cells("markdown")), flags=re.S)
    printed = [one for one in blocks if f"def {name}(" in one]
    assert len(printed) == 1
    space = {"torch": torch}
    exec(printed[0], space)
    assert getattr(ch05, name).run(space[name])


def test_the_broken_cell_of_the_chapter_is_the_one_refused_here():
    source = next(cell for cell in cells("code") if "def probabilities(" in cell).split("check.")[0]
    space = {}
    exec(source, space)
    model, x = nn.Sequential(nn.Flatten(), nn.Linear(6, 4)), torch.randn(3, 6)
    assert torch.equal(space["probabilities"](model, x), PROBABILITIES["the broken cell"](model, x))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch05.box, ch05.BOXES), (ch05.quiz, ch05.QUIZZES), (ch05.predict, ch05.PREDICTIONS),
                                         (ch05.predict_reply, ch05.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


def test_the_block_on_paper():
    heights = torch.tensor([[0.0, 4, 6, 1, 2], [0, 4, 6, 4, 4], [0, 4, 6, 7, 6]])
    space = torch.einsum("k,kvu,tu->tv", torch.tensor([3.0, -1, 2]), STICK.partition(), heights)
    assert space[:, 1].tolist() == pytest.approx([6, 8, 10])
    norm = (space[:, 1].round() - 8) / 2

    def rest(y, frame=1):
        padded = torch.cat([torch.zeros(1), y, torch.zeros(1)])
        return (padded[frame:frame + 3] @ torch.tensor([-1.0, 2, 3]) - 9) / 2

    box = ch05.BOXES["block"]
    assert (rest(norm.relu()) + 4).relu() == box["answer"]
    for value, slip in ((rest(norm.relu()).relu() + 4, 4), (rest(norm.relu()).relu(), 0), (rest(norm.relu()), -3),
        (rest(norm) + 4, 1.5),
                        (rest(norm.relu()) + 8, 5), (2 * rest(norm.relu()) + 9 + 4, 7), (rest(norm.relu(), 2) + 4, 0.5)):
        assert value == slip and slip in box["slips"]


def test_other_box_answers_are_the_numbers_that_code_gives():
    conv, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0).eval()
    for parameter, value in ((conv.weight, 3), (conv.bias, 2), (norm.weight, 4), (norm.bias, 1), (norm.running_mean, 5),
        (norm.running_var, 4)):
        nn.init.constant_(parameter, value)
    fused = nn.utils.fusion.fuse_conv_bn_eval(conv.eval(), norm)
    assert [fused.weight.item(), fused.bias.item()] == ch05.BOXES["fold"]["answer"]
    model = STGCN(STICK, 4)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert f"{len(norms)} times" in ch05.BOXES["fold"]["right"]

    block = STGCNBlock(128, 128, STICK.partition())
    assert block.temporal.conv.weight.numel() / block.spatial.conv.weight.numel() == ch05.BOXES["ratio"]["answer"]

    small, frames = STGCN(STICK, 4, plan=((32, 1), (64, 2), (64, 1), (128, 2))), []
    for part in small.blocks:
        part.register_forward_hook(lambda _, given, got: frames.append(got.shape[2]))
    small(torch.randn(1, 3, 50, 5, 1))
    assert frames == ch05.BOXES["frames"]["answer"]


def test_a_bias_before_a_norm_does_nothing_in_training():
    block = STGCNBlock(3, 4, STICK.partition()).train()
    x = torch.randn(2, 3, 10, 5, generator=torch.Generator().manual_seed(0))
    before = block(x)
    nn.init.constant_(block.temporal.conv.bias, 100.0)
    assert torch.allclose(block(x), before, atol=1e-3)
    assert not torch.allclose(block.eval()(x), before, atol=1)
