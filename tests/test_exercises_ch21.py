"""The checks of chapter 21: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from stgcn_lib.exercises import ch21
from stgcn_lib.exercises.checker import assert_checker


def stub(*inputs):
    ...


def told(check, answer):
    """All that a check says about a wrong answer, without the names of its properties."""
    return "\n".join(message for _, _, message in check.run(answer).lines)


# ---- pieces -------------------------------------------------------------------------------------------------------------------

def pieces(length, frames, u):
    start = np.arange(frames) + u
    return np.floor(start * length / frames).astype(int)


PIECES = {
    "the first ones": lambda T, n, u: np.arange(n) % T,
    "resampling": lambda T, n, u: np.round(np.linspace(0, T - 1, n)),
    "random in order": lambda T, n, u: np.sort(np.floor(u * T)),
    "random": lambda T, n, u: np.floor(u * T),
    "no draw": lambda T, n, u: np.arange(n) * T // n,
    "middles": lambda T, n, u: np.floor((np.arange(n) + 0.5) * T / n),
    "one draw": lambda T, n, u: np.floor((np.arange(n) + u[0]) * T / n),
    "whole pieces": lambda T, n, u: np.floor(np.arange(n) * (T // n) + u * (T // n)),
    "times": lambda T, n, u: (np.arange(n) + u) * T / n,
    "rounded": lambda T, n, u: np.round((np.arange(n) + u) * T / n),
    "up": lambda T, n, u: np.ceil((np.arange(n) + u) * T / n),
    "one more": lambda T, n, u: pieces(T, n + 1, np.append(u, 0)),
    "from 1": lambda T, n, u: pieces(T, n, u) + 1,
    "a frame short": lambda T, n, u: np.floor((np.arange(n) + u) * (T - 1) / n),
    "rounded inside": lambda T, n, u: np.round((np.arange(n) + u) * T / n).clip(0, T - 1),
    "own draws": lambda T, n, u: pieces(T, n, np.random.default_rng().random(n)),
    "draws of a frame": lambda T, n, u: np.floor(np.arange(n) * T / n + u),
    "two floors": lambda T, n, u: np.floor(np.arange(n) * T / n) + np.floor(u * T / n),
}


def test_pieces():
    assert_checker(ch21.pieces, stub, pieces, PIECES, breaks={
        "the first ones": "every piece", "resampling": "every piece", "random in order": "every piece", "no draw": "each draw",
        "one draw": "each draw", "whole pieces": "every piece", "times": "whole", "up": "whole", "one more": "as many"})


@pytest.mark.parametrize(("name", "words"), [
    ("resampling", "plain resampling"), ("no draw", "change nothing"), ("middles", "change nothing"), ("one draw", "a shift"),
    ("whole pieces", "cuts the rest off"), ("times", "whole numbers"), ("up", "has frames 0 to"), ("random in order", "none"),
    ("one more", "shape"), ("from 1", "numbered from 0"), ("a frame short", "end a frame early"), ("rounded inside", "rounded"),
    ("own draws", "draw none of your own"), ("draws of a frame", "share of a piece"), ("two floors", "add first")])
def test_pieces_names_the_slip(name, words):
    assert words in told(ch21.pieces, PIECES[name])


# ---- report -------------------------------------------------------------------------------------------------------------------

def report(validation, test):
    chosen = validation.mean(1).argmax()
    return test[chosen].mean()


REPORT = {
    "best on test": lambda v, t: t.mean(1).max(),
    "best run on test": lambda v, t: t.max(),
    "validation itself": lambda v, t: v.mean(1).max(),
    "luckiest run": lambda v, t: t[v.max(1).argmax()].mean(),
    "luckiest run alone": lambda v, t: t.flatten()[v.argmax()],
    "best seed of it": lambda v, t: t[v.mean(1).argmax()].max(),
    "its favourite seed": lambda v, t: t[v.mean(1).argmax(), v[v.mean(1).argmax()].argmax()],
    "mean of all": lambda v, t: t.mean(),
    "both": lambda v, t: (v + t).mean(1).max() / 2,
    "the row": lambda v, t: t[v.mean(1).argmax()],
    "its worst seed": lambda v, t: t[v.mean(1).argmax()].min(),
    "its median": lambda v, t: np.median(t[v.mean(1).argmax()]),
    "best median": lambda v, t: t[np.median(v, 1).argmax()].mean(),
    "steadiest": lambda v, t: t[v.min(1).argmax()].mean(),
    "mean of the two": lambda v, t: (v + t)[v.mean(1).argmax()].mean() / 2,
    "a fraction": lambda v, t: t[v.mean(1).argmax()].mean() / 100,
}


def test_report():
    assert_checker(ch21.report, stub, report, REPORT, breaks={
        "best on test": "does not choose", "best run on test": "does not choose", "validation itself": "on the test people",
        "luckiest run": "mean of its seeds", "best seed of it": "mean of its seeds", "mean of all": "does not choose",
        "the row": "one number"})


@pytest.mark.parametrize(("name", "words"), [
    ("best on test", "the test people chose"), ("validation itself", "flattered"), ("luckiest run", "single best run"),
    ("luckiest run alone", "single best run"), ("best seed of it", "the best seed was reported"),
    ("its favourite seed", "one seed was reported"), ("the row", "shape"),
    ("its worst seed", "one seed was reported"), ("its median", "the median was reported"),
    ("best median", "was reported. The val"),
    ("steadiest", "was reported. The val"), ("mean of the two", "something else"), ("a fraction", "are in %"),
    ("mean of all", "all variants go in")])
def test_report_names_the_slip(name, words):
    assert words in told(ch21.report, REPORT[name])


@pytest.mark.parametrize("name", ["luckiest run", "best median", "steadiest"])
def test_another_choice_by_validation_is_not_called_a_choice_by_the_test(name):
    assert "the test people chose" not in told(ch21.report, REPORT[name])


# ---- score --------------------------------------------------------------------------------------------------------------------

def score(logits, y, axis=-1, surest=False, views=False):
    """The solution, and with `axis`, `surest` and `views` the three faults of the exercise."""
    chances = logits.softmax(axis)
    chances = chances.max(0).values if surest else chances.mean(0)
    return (chances.argmax(1) == y).double().sum() / len(logits if views else y)


FAULTS = {"axis": {"axis": 1}, "surest": {"surest": True}, "views": {"views": True}}
SCORE = {
    "scores averaged": lambda z, y: (z.mean(0).argmax(1) == y).double().mean(),
    "one view": lambda z, y: (z[0].argmax(1) == y).double().mean(),
    "votes": lambda z, y: (torch.nn.functional.one_hot(z.argmax(2), z.shape[2]).double().mean(0).argmax(1) == y).double().mean(),
    "each alone": lambda z, y: (z.argmax(2) == y).double().mean(),
    "a count": lambda z, y: (z.softmax(2).mean(0).argmax(1) == y).sum(),
    "each clip": lambda z, y: (z.softmax(2).mean(0).argmax(1) == y),
    "per cent": lambda z, y: 100 * score(z, y),
    "least sure": lambda z, y: (z.softmax(2).min(0).values.argmax(1) == y).double().mean(),
    "the middle": lambda z, y: (z.softmax(2).median(0).values.argmax(1) == y).double().mean(),
    "logarithms": lambda z, y: (z.log_softmax(2).mean(0).argmax(1) == y).double().mean(),
    "any view": lambda z, y: (z.argmax(2) == y).any(0).double().mean(),
    "all views": lambda z, y: (z.argmax(2) == y).all(0).double().mean(),
}


def test_score():
    def broken(left):
        keep = {key: value for fault in left for key, value in FAULTS[fault].items()}
        return lambda z, y: score(z, y, **keep)

    partly = {f"still {' and '.join(left)}": broken(left) for count in (1, 2, 3) for left in itertools.combinations(FAULTS, count)}
    assert_checker(ch21.score, stub, score, SCORE | partly, breaks={
        "still axis": "nothing new", "still surest": "count alike", "still views": "sure of the truth",
        "a count": "sure of the truth", "scores averaged": "count alike", "each clip": "one number"})


@pytest.mark.parametrize(("fault", "words"), [
    ("axis", "run over the classes"), ("surest", "surest view was heard"), ("views", "number of views")])
def test_a_fault_is_told(fault, words):
    assert words in told(ch21.score, lambda z, y: score(z, y, **FAULTS[fault]))


@pytest.mark.parametrize(("name", "words"), [
    ("scores averaged", "were averaged, not probabilities"), ("one view", "first view"), ("votes", "voted"),
    ("each alone", "scored alone"),
    ("a count", "a count"), ("each clip", "shape"), ("per cent", "per cent"), ("least sure", "least sure view"),
    ("the middle", "in the middle"), ("logarithms", "or logarithms"), ("any view", "as soon as"), ("all views", "only if all")])
def test_score_names_the_slip(name, words):
    assert words in told(ch21.score, SCORE[name])


# ---- by hand and in the notebook ------------------------------------------------------------------------------------------------

def test_boxes_by_another_way():
    answer = {name: spec["answer"] for name, spec in ch21.BOXES.items()}
    np.testing.assert_allclose(answer["frames"], np.linspace(0, 8, 5))
    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=8.0)
    law = torch.optim.lr_scheduler.LambdaLR(sgd, lambda e: min((e + 1) / 4, (1 + np.cos(np.pi * max(0, e - 4) / 6)) / 2))
    rates = []
    for _ in range(9):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step(), law.step()
    np.testing.assert_allclose(answer["rate"], [rates[0], rates[6], rates[8]])
    # the gradient of the loss with respect to log-probabilities is minus the target
    z = torch.zeros(1, 4, requires_grad=True)
    torch.nn.functional.cross_entropy(z, torch.tensor([0]), label_smoothing=0.2).backward()
    np.testing.assert_allclose(answer["smooth"], 0.25 - z.grad[0], atol=1e-6)
    lead = torch.tensor([4.0, -2, -1])
    np.testing.assert_allclose(answer["views"], [lead.mean(), lead.sigmoid().mean()], atol=2e-3)
    np.testing.assert_allclose(answer["gap"], np.log(0.85 / 0.05), atol=1e-3)
    np.testing.assert_allclose(answer["order"], [86.6 - 81.5, 90.7 - 87.8])


def cells():
    path = next((Path(__file__).parents[1] / "book").glob("part5-*/21-*.ipynb"))
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def test_the_debug_exercise_has_its_three_faults():
    space = {"np": np, "torch": torch}
    exec(cells()["ex7"].split("check.")[0], space)
    said = told(ch21.score, space["score"])
    assert "number of views" in said and "run over the classes" in said


def test_every_question_is_asked_and_every_solution_is_in_the_chapter():
    text = "\n".join(cells().values())
    for kind, specs in (("box", ch21.BOXES), ("quiz", ch21.QUIZZES), ("predict", ch21.PREDICTIONS)):
        assert set(re.findall(rf'check\.{kind}\("(\w+)"\)', text)) == set(specs)
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    for name in ("pieces", "report", "score"):
        assert f"check.{name}({name})" in text
        space = {"np": np, "torch": torch}
        exec(next(block for block in blocks if f"def {name}(" in block), space)
        assert getattr(ch21, name).run(space[name]), name
