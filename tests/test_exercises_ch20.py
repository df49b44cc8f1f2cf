"""The checks of chapter 20: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from stgcn_lib.data import corruptions
from stgcn_lib.exercises import ch20
from stgcn_lib.exercises.checker import assert_checker


def stub(*inputs):
    ...


def told(check, answer):
    """All that a check says about a wrong answer, without the names of its properties."""
    return "\n".join(message for _, _, message in check.run(answer).lines)


# ---- mend ---------------------------------------------------------------------------------------------------------------------

def mend(x, seen):
    if not seen.any():
        return np.zeros(len(x))
    return np.interp(np.arange(len(x)), np.flatnonzero(seen), x[seen])


def inside(make):
    """A wrong rule between seen frames only; ends and empty joints as they should be."""
    def answer(x, seen):
        out = mend(x, seen)
        if seen.any():
            first, last = np.flatnonzero(seen)[[0, -1]]
            hole = ~seen & (np.arange(len(x)) > first) & (np.arange(len(x)) < last)
            out[hole] = make(x, seen)[hole]
        return out
    return answer


def halfway(x, seen):
    there, out = np.flatnonzero(seen), x.copy()
    for t in np.flatnonzero(~seen):
        before, after = there[there < t], there[there > t]
        if len(before) and len(after):
            out[t] = (x[before[-1]] + x[after[0]]) / 2
    return out


def ends(make):
    """A wrong rule at the ends only."""
    def answer(x, seen):
        out = mend(x, seen)
        if seen.any():
            first, last = np.flatnonzero(seen)[[0, -1]]
            out[:first], out[last + 1:] = make(x)[:first], make(x)[last + 1:]
        return out
    return answer


def smoothed(x, seen):
    out = mend(x, seen)
    return np.convolve(np.pad(out, 1, mode="edge"), np.ones(3) / 3, "valid")


MEND = {
    "as it came": lambda x, s: x,
    "zeros": lambda x, s: np.where(s, x, 0),
    "last": inside(lambda x, s: ch20._held(x, s)),
    "mean": inside(lambda x, s: np.full(len(x), x[s].mean())),
    "halfway": inside(halfway),
    "nearest": inside(lambda x, s: np.array([x[min(np.flatnonzero(s), key=lambda u: abs(u - t))] for t in range(len(x))])),
    "next": inside(lambda x, s: ch20._held(x[::-1], s[::-1])[::-1]),
    "ends zero": ends(lambda x: 0 * x),
    "ends as they came": ends(lambda x: x),
    "smoothed": smoothed,
    "never seen": lambda x, s: np.interp(np.arange(len(x)), np.flatnonzero(s), x[s]),
    "never seen kept": lambda x, s: mend(x, s) if s.any() else x,
    "cut out": lambda x, s: x[s],
    "seen and unseen exchanged": lambda x, s: mend(x, ~s),
}


def test_mend():
    assert_checker(ch20.mend, stub, mend, MEND, breaks={
        "as it came": "straight line", "zeros": "straight line", "ends zero": "end is repeated", "smoothed": "was seen stays",
        "never seen": "never seen", "cut out": "as many", "seen and unseen exchanged": "was seen stays"})


@pytest.mark.parametrize(("name", "words"), [
    ("as it came", "still there"), ("zeros", "filled with 0"), ("last", "then it jumps"),
    ("mean", "mean of the clip"), ("halfway", "halfway"), ("nearest", "jumps in the middle"),
    ("next", "before its time"), ("ends zero", "0 was made up"),
    ("ends as they came", "ends still hold"), ("smoothed", "was seen at"),
    ("cut out", "shape"), ("never seen kept", "nothing seen at all")])
def test_mend_names_the_slip(name, words):
    assert words in told(ch20.mend, MEND[name])


def test_mend_is_the_library():
    x, seen = ch20._joint(np.random.default_rng(0))
    batch = torch.from_numpy(x).view(1, 1, -1, 1, 1)
    filled = corruptions.fill(batch, torch.from_numpy(seen).view(1, -1, 1, 1), "interpolate")
    np.testing.assert_allclose(mend(x, seen), filled.flatten().numpy())
    np.testing.assert_allclose(mend(x, seen), ch20._mended(x, seen))


# ---- hear ---------------------------------------------------------------------------------------------------------------------

def hear(x, A, w):
    B = A * w
    total = B.sum(1, keepdims=True)
    return B @ x / np.where(total > 0, total, 1)


def rows(A):
    return A.sum(1, keepdims=True)


HEAR = {
    "confidence not used": lambda x, A, w: A @ x / rows(A),
    "sum": lambda x, A, w: (A * w) @ x,
    "all counted": lambda x, A, w: (A * w) @ x / rows(A),
    "seen counted": lambda x, A, w: (A * w) @ x / np.maximum((A @ (w > 0))[:, None], 1e-9),
    "receivers": lambda x, A, w: w[:, None] * (A @ x) / rows(A),
    "receivers in both sums": lambda x, A, w: (A * w[:, None]) @ x / np.where(w > 0, rows(A)[:, 0] * w, 1)[:, None],
    "transposed": lambda x, A, w: hear(x, A.T, w),
    "seen or not": lambda x, A, w: hear(x, A, (w > 0).astype(float)),
    "NaN": lambda x, A, w: (A * w) @ x / rows(A * w),
    "one joint": lambda x, A, w: hear(x, A, w)[0],
    "a little is added": lambda x, A, w: (A * w) @ x / (rows(A * w) + 1e-2),
}


def test_hear():
    assert_checker(ch20.hear, stub, hear, HEAR, breaks={
        "confidence not used": "does not matter", "sum": "half sure", "all counted": "half sure", "receivers": "does not matter",
        "transposed": "plain mean", "seen or not": "as heavy", "NaN": "not NaN", "one joint": "as many"})


@pytest.mark.parametrize(("name", "words"), [
    ("confidence not used", "like any other"), ("sum", "weighted sum"), ("all counted", "still counted"),
    ("seen counted", "counted whole"), ("receivers", "receivers were weighed"),
    ("receivers in both sums", "cancels"), ("transposed", "changed places"),
    ("seen or not", "how sure"), ("one joint", "shape")])
def test_hear_names_the_slip(name, words):
    assert words in told(ch20.hear, HEAR[name])


def test_the_mean_of_weigh_is_the_solution():
    x, _, w = ch20._heard(np.random.default_rng(0))
    batch = torch.from_numpy(x.T.copy())[None, :, None, :, None]
    weighed = corruptions.weigh(batch, torch.from_numpy(w).view(1, 1, -1, 1)).mean(3).flatten()
    np.testing.assert_allclose(hear(x, np.ones((len(w), len(w))), w)[0], weighed.numpy())


# ---- lose ---------------------------------------------------------------------------------------------------------------------

def lose(x, share, rng, turned=False, coordinates=False, inplace=False):
    """The solution, and with `turned`, `coordinates` and `inplace` the three faults of the exercise."""
    draws = rng.random(x.shape if coordinates else x.shape[:2])
    out = x if inplace else x.copy()
    out[draws > share if turned else draws < share] = 0
    return out


def scaled(x, share, rng):
    return lose(x, share, rng) / (1 - share if share < 1 else 1)


LOSE = {
    "scaled as dropout": scaled,
    "same joints in every frame": lambda x, share, rng: x * (rng.random(x.shape[1]) >= share)[None, :, None],
    "whole frames": lambda x, share, rng: x * (rng.random(len(x)) >= share)[:, None, None],
    "half of it": lambda x, share, rng: lose(x, share if share in (0, 1) else share / 4, rng),
    "nothing": lambda x, share, rng: x.copy(),
    "flat": lambda x, share, rng: lose(x, share, rng).reshape(len(x), -1),
}
FAULTS = ("turned", "coordinates", "inplace")


def test_lose():
    partly = {f"still {' and '.join(left)}": (lambda x, share, rng, left=left: lose(x, share, rng, **dict.fromkeys(left, True)))
              for count in (1, 2, 3) for left in itertools.combinations(FAULTS, count)}
    assert_checker(ch20.lose, stub, lose, LOSE | partly, breaks={
        "scaled as dropout": "stays where it was", "same joints in every frame": "own luck", "whole frames": "own luck",
        "half of it": "about that share", "nothing": "share 1", "still turned": "share 0", "still coordinates": "whole",
        "still inplace": "not damaged"})


@pytest.mark.parametrize(("fault", "words"), [("turned", "other way round"), ("coordinates", "one coordinate"),
                                              ("inplace", "in every epoch")])
def test_a_fault_is_told_alone(fault, words):
    assert words in told(ch20.lose, lambda x, share, rng: lose(x, share, rng, **{fault: True}))


@pytest.mark.parametrize(("name", "words"), [
    ("scaled as dropout", "dropout"), ("same joints in every frame", "same joints"), ("whole frames", "whole frames"),
    ("half of it", "asked to lose"), ("nothing", "still there"), ("flat", "shape")])
def test_lose_names_the_slip(name, words):
    assert words in told(ch20.lose, LOSE[name])


# ---- by hand and in the notebook ------------------------------------------------------------------------------------------------

def test_boxes_by_another_way():
    assert ch20.BOXES["hole"]["answer"] == np.linspace(4, 10, 4)[1:3].tolist()
    assert ch20.BOXES["mean"]["answer"] == np.average([6, 9, 0], weights=[1, 0.5, 0])
    assert ch20.BOXES["won"]["answer"] == (71 - 50) / (80 - 50)
    assert ch20.BOXES["long"]["answer"] == np.hypot(30, 40)


def test_every_question_is_asked_and_every_solution_is_in_the_chapter():
    path = next((Path(__file__).parents[1] / "book").glob("part5-*/20-*.ipynb"))
    text = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    for kind, specs in (("box", ch20.BOXES), ("quiz", ch20.QUIZZES), ("predict", ch20.PREDICTIONS)):
        assert set(re.findall(rf'check\.{kind}\("(\w+)"\)', text)) == set(specs)
    for check in (ch20.mend, ch20.hear, ch20.lose):
        assert f"check.{check.name}({check.name})" in text
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    for name in ("mend", "hear", "lose"):
        space = {"np": np, "torch": torch}
        exec(next(block for block in blocks if f"def {name}(" in block), space)
        assert getattr(ch20, name).run(space[name]), name
