"""The checks of chapter 7: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import re
from pathlib import Path

import pytest
import torch
from scipy.stats import spearmanr

from stgcn_lib import attribution
from stgcn_lib.exercises import ch07
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph
from stgcn_lib.models import STGCN

STICK = SkeletonGraph.from_edges([(1, 0), (2, 1), (3, 1), (4, 1)], center=0)


def stub(*inputs):
    ...


def network():
    torch.manual_seed(0)
    return STGCN(STICK, 4, plan=((6, 1), (8, 2)), kernel_size=3).eval()


# ---- saliency -----------------------------------------------------------------------------------------------------------------

def gradient(model, x, target, of=lambda logits, target: logits.gather(1, target[:, None]).sum()):
    """Gradient of `of` in evaluation mode; everything put back."""
    was = model.training
    model.eval()
    x = x.detach().clone().requires_grad_()
    slope, = torch.autograd.grad(of(model(x), target), x)
    model.train(was)
    return slope


def saliency(model, x, target):
    return gradient(model, x, target).abs().sum(1)


def backward(model, x, target):
    was = model.training
    model.eval()
    x = x.clone().requires_grad_()
    model(x).gather(1, target[:, None]).sum().backward()
    model.train(was)
    return x.grad.abs().sum(1)


def gradients_wiped(model, x, target):
    slope = backward(model, x, target)
    model.zero_grad()
    return slope


def weights_frozen(model, x, target):
    model.requires_grad_(False)
    return backward(model, x, target)


def in_training_mode(model, x, target):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(model(x).gather(1, target[:, None]).sum(), x)[0].abs().sum(1)


def left_in_evaluation(model, x, target):
    return in_training_mode(model.eval(), x, target)


def loss(logits, target):
    return torch.nn.functional.cross_entropy(logits, target, reduction="sum")


SALIENCY = {
    "abs forgotten": lambda m, x, t: gradient(m, x, t).sum(1),
    "abs after the sum": lambda m, x, t: gradient(m, x, t).sum(1).abs(),
    "summed over frames": lambda m, x, t: gradient(m, x, t).abs().sum(2),
    "channels kept": lambda m, x, t: gradient(m, x, t).abs(),
    "the largest channel": lambda m, x, t: gradient(m, x, t).abs().amax(1),
    "mean over channels": lambda m, x, t: gradient(m, x, t).abs().mean(1),
    "squares": lambda m, x, t: gradient(m, x, t).square().sum(1),
    "gradient of the loss": lambda m, x, t: gradient(m, x, t, loss).abs().sum(1),
    "gradient of the probability":
        lambda m, x, t: gradient(m, x, t, lambda z, t: z.softmax(1).gather(1, t[:, None]).sum()).abs().sum(1),
    "all logits": lambda m, x, t: gradient(m, x, t, lambda z, t: z.sum()).abs().sum(1),
    "the winner": lambda m, x, t: gradient(m, x, t, lambda z, t: z.amax(1).sum()).abs().sum(1),
    "the first clip's class for all": lambda m, x, t: saliency(m, x, t[:1].expand_as(t)),
    "columns of the targets": lambda m, x, t: gradient(m, x, t, lambda z, t: z[:, t].sum()).abs().sum(1),
    "times the input": lambda m, x, t: (gradient(m, x, t) * x).abs().sum(1),
    "scaled to 1": lambda m, x, t: saliency(m, x, t) / saliency(m, x, t).amax(),
    "training mode": in_training_mode,
    "left in evaluation mode": left_in_evaluation,
    "gradients collected in the weights": backward,
    "gradients wiped out": gradients_wiped,
    "weights left frozen": weights_frozen,
    "length of the gradient": lambda m, x, t: gradient(m, x, t).norm(dim=1),
    "mean over clips": lambda m, x, t: gradient(m, x, t, lambda z, t: z.gather(1, t[:, None]).mean()).abs().sum(1),
}


def test_saliency():
    assert_checker(ch07.saliency, stub, saliency, SALIENCY, breaks={
        "abs forgotten": "size of the gradient", "abs after the sum": "cannot cancel", "summed over frames": "returns",
        "channels kept": "returns", "the largest channel": "cannot cancel", "gradient of the loss": "size of the gradient",
        "gradient of the probability": "size of the gradient", "the first clip's class for all": "own class",
        "times the input": "size of the gradient", "training mode": "alone and in company",
        "left in evaluation mode": "as it was found", "gradients collected in the weights": "as it was found",
        "gradients wiped out": "as it was found", "weights left frozen": "as it was found"})


@pytest.mark.parametrize("name, says", [
    ("mean over channels", "as a mean"), ("the largest channel", "the larger"),
    ("length of the gradient", "length of the gradient"),
    ("mean over clips", "a mean over the clips"), ("gradient of the probability", "how the probability moves"),
    ("gradient of the loss", "how the loss moves"), ("weights left frozen", "requires_grad"),
    ("gradients wiped out", "gradient of its own")])
def test_saliency_names_the_slip(name, says):
    assert says in str(ch07.saliency.run(SALIENCY[name]))


@pytest.mark.parametrize("name", ["mean over channels", "the largest channel", "length of the gradient"])
def test_how_channels_are_put_together_is_told_once(name):
    assert len(ch07.saliency.run(SALIENCY[name]).failed) == 1


def test_saliency_is_that_of_the_library():
    model, x, target = network(), torch.randn(3, 3, 12, 5, 2), torch.tensor([0, 3, 1])
    assert torch.allclose(saliency(model, x, target), attribution.saliency(model, x, target), atol=1e-6)


# ---- occlusion ----------------------------------------------------------------------------------------------------------------

def chance(model, x, target):
    return model(x).softmax(1).gather(1, target[:, None])[:, 0]


def dropping(still=lambda x: x.mean(2, keepdim=True), lost=lambda a, b: a - b, answer=chance, again=True, train=False):
    """The solution with one of its parts exchanged."""
    @torch.no_grad()
    def run(model, x, target, groups):
        was = model.training
        model.train(train and was)
        changed, out = x.clone(), []
        for group in groups:
            changed = x.clone() if again else changed
            changed[:, :, :, group] = still(x).expand_as(x)[:, :, :, group]
            out.append(lost(answer(model, x, target), answer(model, changed, target)))
        model.train(was)
        return torch.stack(out, 1)
    return run


occlusion = dropping()


@torch.no_grad()
def frames_instead(model, x, target, groups):
    out = []
    for group in groups:
        changed = x.clone()
        changed[:, :, group] = x.mean(2, keepdim=True)
        out.append(chance(model, x, target) - chance(model, changed, target))
    return torch.stack(out, 1)


@torch.no_grad()
def written_in_place(model, x, target, groups):
    was = model.training
    model.eval()
    before, out = chance(model, x, target), []
    for group in groups:
        kept = x[:, :, :, group].clone()
        x[:, :, :, group] = x.mean(2, keepdim=True)[:, :, :, group]
        out.append(before - chance(model, x, target))
        x[:, :, :, group] = kept + 1e-3
    model.train(was)
    return torch.stack(out, 1)


@torch.no_grad()
def occlusion_left_in_evaluation(model, x, target, groups):
    return occlusion(model.eval(), x, target, groups)


@torch.no_grad()
def group_in_one_place(model, x, target, groups):
    out = []
    for group in groups:
        changed = x.clone()
        changed[:, :, :, group] = x[:, :, :, group].mean((2, 3), keepdim=True)
        out.append(chance(model, x, target) - chance(model, changed, target))
    return torch.stack(out, 1)


def the_others_instead(model, x, target, groups):
    return occlusion(model, x, target, [[v for v in range(x.shape[3]) if v not in group] for group in groups])


def logit(model, x, target):
    return model(x).gather(1, target[:, None])[:, 0]


OCCLUSION = {
    "zeros": dropping(still=torch.zeros_like),
    "the first frame": dropping(still=lambda x: x[:, :, :1]),
    "mean over joints": dropping(still=lambda x: x.mean(3, keepdim=True)),
    "mean over everything": dropping(still=lambda x: x.mean().expand_as(x)),
    "mean over the clips": dropping(still=lambda x: x.mean((0, 2), keepdim=True)),
    "frames for joints": frames_instead,
    "after minus before": dropping(lost=lambda a, b: b - a),
    "the size of the drop": dropping(lost=lambda a, b: (a - b).abs()),
    "what is left": dropping(lost=lambda a, b: b),
    "logits": dropping(answer=logit),
    "the share lost": dropping(lost=lambda a, b: (a - b) / a),
    "a group in one place": group_in_one_place,
    "the others instead": the_others_instead,
    "the winner": dropping(answer=lambda m, x, t: m(x).softmax(1).amax(1)),
    "the first clip's class": dropping(answer=lambda m, x, t: m(x).softmax(1)[:, t[0]]),
    "not put back": dropping(again=False),
    "x written to": written_in_place,
    "training mode": dropping(train=True),
    "left in evaluation mode": occlusion_left_in_evaluation,
    "groups first": lambda m, x, t, g: occlusion(m, x, t, g).T,
    "joint by joint": lambda m, x, t, g: occlusion(m, x, t, [[v] for v in range(x.shape[3])]),
}


def test_occlusion():
    assert_checker(ch07.occlusion, stub, occlusion, OCCLUSION, breaks={
        "zeros": "mean place", "the first frame": "mean place", "mean over joints": "mean place",
        "mean over the clips": "mean place", "frames for joints": "mean place", "after minus before": "loses",
        "the size of the drop": "loses", "what is left": "nobody moves", "logits": "loses", "not put back": "whole clip again",
        "x written to": "not written to", "training mode": "alone and in company",
        "left in evaluation mode": "put back", "groups first": "returns"})


@pytest.mark.parametrize("name, says", [
    ("logits", "what the logit loses"), ("the share lost", "the share that"), ("a group in one place", "each has its own"),
    ("a group in one place", "group [1, 2] of clip"), ("the others instead", "all the others were held still"),
    ("the first frame", "in the first frame"), ("after minus before", "exchanged")])
def test_occlusion_names_the_slip(name, says):
    assert says in str(ch07.occlusion.run(OCCLUSION[name]))


def test_occlusion_is_that_of_the_library():
    model, x, target, groups = network(), torch.randn(3, 3, 12, 5, 2), torch.tensor([0, 3, 1]), [[0], [1, 4]]
    assert torch.allclose(occlusion(model, x, target, groups), attribution.occlusion(model, x, target, groups)[:, 0], atol=1e-6)


# ---- rank_correlation -----------------------------------------------------------------------------------------------------------

def pearson(a, b):
    a, b = (m.double() - m.double().mean(1, keepdim=True) for m in (a, b))
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))


def places(m, axis=1):
    return m.argsort(axis).argsort(axis)


def rank_correlation(a, b):
    return pearson(places(a), places(b))


def the_broken_cell(a, b):
    ra, rb = a.argsort(0).float(), b.argsort(0).float()
    ra, rb = ra - ra.mean(), rb - rb.mean()
    return (ra * rb).mean(1) / (ra.std(1) * rb.std(1))


def over_the_batch(a, b):
    ra, rb = (places(m.flatten()[None])[0].double().view_as(m) for m in (a, b))
    ra, rb = ra - ra.mean(), rb - rb.mean()
    return (ra * rb).mean(1) / (ra.std(correction=0) * rb.std(correction=0))


def centred_over_the_batch(a, b):
    ra, rb = places(a).double(), places(b).double() + torch.arange(len(b))[:, None]
    ra, rb = ra - ra.mean(), rb - rb.mean()
    return (ra * rb).sum(1) / (ra.norm(dim=1) * rb.norm(dim=1))


def divided_by_less(a, b):
    ra, rb = (places(m).double() for m in (a, b))
    ra, rb = ra - ra.mean(1, keepdim=True), rb - rb.mean(1, keepdim=True)
    return (ra * rb).mean(1) / (ra.std(1) * rb.std(1))


RANKS = {
    "the broken cell": the_broken_cell,
    "argsort once": lambda a, b: pearson(a.argsort(1), b.argsort(1)),
    "ranks over clips": lambda a, b: pearson(places(a, 0) + 0.01 * a, places(b, 0) + 0.01 * b),
    "ranks over the batch": over_the_batch,
    "mean over the batch": centred_over_the_batch,
    "std divides by V - 1": divided_by_less,
    "no ranks": pearson,
    "its size": lambda a, b: rank_correlation(a, b).abs(),
    "its square": lambda a, b: rank_correlation(a, b)**2,
    "one number for all": lambda a, b: rank_correlation(a, b).mean(),
    "one map in falling order": lambda a, b: pearson(places(a), places(-b)),
    "the formula without its 6": lambda a, b: 1 - ((places(a) - places(b))**2).sum(1) / (a.shape[1] * (a.shape[1]**2 - 1)),
    "differences not squared": lambda a, b: 1 - 3 * (places(a) - places(b)).abs().sum(1) / (a.shape[1]**2 - 1),
}


def test_rank_correlation():
    def as_stub(a, b):
        raise NotImplementedError

    assert_checker(ch07.rank_correlation, as_stub, rank_correlation, RANKS, breaks={
        "argsort once": "renaming", "ranks over the batch": "other clips", "std divides by V - 1": "itself",
        "no ranks": "only the order", "its size": "upside down", "one number for all": "returns"})


def test_rank_correlation_is_that_of_scipy():
    a, b = torch.randn(3, 9), torch.randn(3, 9)
    assert rank_correlation(a, b).tolist() == pytest.approx([spearmanr(p, q).statistic for p, q in zip(a, b, strict=True)])


# ---- the chapter --------------------------------------------------------------------------------------------------------------

CHAPTER = Path(__file__).parents[1] / "book" / "part2-stgcn" / "07-looking-inside.ipynb"


def cells(kind):
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", ["saliency", "occlusion", "rank_correlation"])
def test_the_solution_printed_in_the_chapter_passes(name):
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(cells("markdown")), flags=re.S)
    printed = [one for one in blocks if f"def {name}(" in one]
    assert len(printed) == 1
    space = {"torch": torch}
    exec(printed[0], space)
    assert getattr(ch07, name).run(space[name])


def test_the_broken_cell_of_the_chapter_is_the_one_refused_here():
    source = next(cell for cell in cells("code") if "def rank_correlation(" in cell).split("check.")[0]
    space = {}
    exec(source, space)
    a, b = torch.randn(4, 7), torch.randn(4, 7)
    assert torch.equal(space["rank_correlation"](a, b), the_broken_cell(a, b))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch07.box, ch07.BOXES), (ch07.quiz, ch07.QUIZZES), (ch07.predict, ch07.PREDICTIONS),
                                         (ch07.predict_reply, ch07.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


LAYER = torch.tensor([[3.0, 2, 0], [-1, 3, 2], [0, -1, 3]])


def test_the_layer_on_paper_is_the_spatial_partition_of_an_arm():
    arm = SkeletonGraph.from_edges([(1, 0), (2, 1)], center=0)
    root, nearer, farther = (arm.partition("spatial") > 0).float()
    assert torch.equal(3 * root - nearer + 2 * farther, LAYER)


def test_the_arm_on_paper():
    def score(h):
        return (LAYER @ h).relu().sum()

    h = torch.tensor([-4.0, 3, 2], requires_grad=True)
    assert (LAYER @ h).tolist() == [-6, 17, 3] and score(h) == 20
    slope, = torch.autograd.grad(score(h), h)
    box = ch07.BOXES["toy"]
    assert slope.abs().tolist() == box["answer"]
    slips = [value for value, _ in box["slips"]]
    assert slope.tolist() in slips and LAYER.sum(0).tolist() in slips and (slope * h).tolist() in slips
    assert (LAYER @ h).relu().tolist() in slips and LAYER.diagonal().tolist() in slips
    far = ch07.BOXES["far"]
    assert score(torch.tensor([-1.0, 3, 2])) == far["answer"] and 20 + 3 * slope[0] == 17 and 17 in far["slips"]


def test_the_ranks_on_paper():
    a, b = torch.tensor([[9.0, 1, 4, 6, 2]]), torch.tensor([[6.0, 4, 1, 30, 3]])
    box = ch07.BOXES["rank"]
    assert rank_correlation(a, b).item() == pytest.approx(box["answer"])
    assert (places(a)[0] + 1).tolist() == [5, 1, 3, 4, 2] and (places(b)[0] + 1).tolist() == [4, 3, 1, 5, 2]
    assert any(abs(pearson(a, b).item() - slip) < 0.005 for slip in box["slips"])
    d = (places(a) - places(b))[0].abs()
    assert any(abs(1 - d.square().sum().item() / 120 - slip) < 0.005 for slip in box["slips"])
    assert any(abs(1 - 6 * d.sum().item() / 120 - slip) < 0.005 for slip in box["slips"])
