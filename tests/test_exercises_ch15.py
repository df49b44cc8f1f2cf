"""The checks of chapter 15: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from stgcn_lib.exercises import ch15
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.metrics import HOW, forecast_table


def stub(*inputs):
    ...


def told(check, answer):
    """All that a check says about a wrong answer, without the names of its properties."""
    return "\n".join(message for _, _, message in check.run(answer).lines)


# ---- rmse ---------------------------------------------------------------------------------------------------------------------

def rmse_until(forecast, target, step, how):
    squares = (forecast - target)[:, :step] ** 2
    if how == "step":
        return squares[:, -1].mean() ** 0.5
    if how == "cumulative":
        return squares.mean() ** 0.5
    return (squares.mean(axis=(0, 2)) ** 0.5).mean()


def with_squares(change):
    """The solution with something done to its forecasts, targets, step or convention."""
    return lambda f, t, step, how: rmse_until(*change(f, t, step, how))


RMSE = {
    "steps from 0": lambda f, t, step, how: rmse_until(f, t, min(step + 1, f.shape[1]), how),
    "always at the step": with_squares(lambda f, t, step, how: (f, t, step, "step")),
    "always pooled": with_squares(lambda f, t, step, how: (f, t, step, "cumulative")),
    "average is pooled": with_squares(lambda f, t, step, how: (f, t, step, "cumulative" if how == "average" else how)),
    "pooled is averaged": with_squares(lambda f, t, step, how: (f, t, step, "average" if how == "cumulative" else how)),
    "over all steps": lambda f, t, step, how: rmse_until(f, t, step if how == "step" else f.shape[1], how),
    "absolute errors": lambda f, t, step, how: abs((f - t)[:, step - 1 if how == "step" else slice(step)]).mean(),
    "no root": lambda f, t, step, how: rmse_until(f, t, step, how) ** 2,
    "signed errors": lambda f, t, step, how: abs((f - t)[:, step - 1 if how == "step" else slice(step)].mean()),
    "the spread": lambda f, t, step, how: (f - t)[:, step - 1 if how == "step" else slice(step)].std(),
    "steps along the sensors": lambda f, t, step, how: rmse_until(
        f.transpose(0, 2, 1), t.transpose(0, 2, 1), min(step, f.shape[2]), how),
    "a sum of squares": lambda f, t, step, how: ((f - t)[:, step - 1 if how == "step" else slice(step)] ** 2).sum() ** 0.5,
    "a number for each sensor": lambda f, t, step, how: ((f - t)[:, step - 1] ** 2).mean(0) ** 0.5,
    "average of each window": lambda f, t, step, how: (
        (((f - t)[:, :step] ** 2).mean(1) ** 0.5).mean() if how == "average" else rmse_until(f, t, step, how)),
}


def test_rmse():
    assert_checker(ch15.rmse, stub, rmse_until, RMSE, breaks={
        "steps from 0": "counted from 1", "always at the step": "one pool", "always pooled": "counted from 1",
        "average is pooled": "own root first", "pooled is averaged": "one pool", "over all steps": "later steps",
        "absolute errors": "root of a mean", "no root": "counted from 1", "the spread": "root of a mean",
        "steps along the sensors": "along the second axis", "a number for each sensor": "gives one number"})


def test_rmse_names_the_slip():
    for name, words in {"average is pooled": "that is the pool", "pooled is averaged": "mean of the roots",
                        "absolute errors": "mean absolute error", "average of each window": "for each window",
                        "no root": "the root is missing", "the spread": "a bias"}.items():
        assert words in told(ch15.rmse, RMSE[name]), told(ch15.rmse, RMSE[name])


def test_the_solution_is_the_library_s_table():
    rng = np.random.default_rng(0)
    forecast, target = rng.uniform(20, 70, (2, 7, 5, 3))
    for how, step in itertools.product(HOW, (1, 3, 5)):
        row = forecast_table({"": forecast}, target, (step,), how, None).rows[0]
        assert row["rmse"] == pytest.approx(rmse_until(forecast, target, step, how))


# ---- honest -------------------------------------------------------------------------------------------------------------------

def honest(validation, test):
    best = int(np.nanargmin(validation))
    return best + 1, float(test[best])


HONEST = {
    "the best look": lambda v, t: (int(t.argmin()) + 1, t.min()),
    "the best look of a chosen epoch": lambda v, t: (int(np.nanargmin(v)) + 1, t.min()),
    "the validation error": lambda v, t: (int(np.nanargmin(v)) + 1, np.nanmin(v)),
    "epochs from 0": lambda v, t: (int(np.nanargmin(v)), t[np.nanargmin(v)]),
    "the last epoch": lambda v, t: (len(t), t[-1]),
    "the worst": lambda v, t: (int(np.nanargmax(v)) + 1, t[np.nanargmax(v)]),
    "NaN counts as the smallest": lambda v, t: (int(np.argmin(v)) + 1, t[np.argmin(v)]),
    "both columns together": lambda v, t: (int(np.nanargmin(v + t)) + 1, t[np.nanargmin(v + t)]),
    "one epoch later": lambda v, t: (int(np.nanargmin(v)) + 1, t[np.nanargmin(v) + 1]),
    "error first": lambda v, t: honest(v, t)[::-1],
    "the error alone": lambda v, t: honest(v, t)[1],
    "the mean of the test": lambda v, t: (int(np.nanargmin(v)) + 1, t.mean()),
}


def test_honest():
    assert_checker(ch15.honest, stub, honest, HONEST, breaks={
        "the best look": "no say", "the best look of a chosen epoch": "the test's, at that epoch",
        "the validation error": "the test's, at that epoch", "epochs from 0": "counted from 1",
        "the last epoch": "validation days choose",
        "NaN counts as the smallest": "without a number", "both columns together": "no say", "one epoch later": "at that epoch",
        "error first": "a whole number", "the error alone": "a whole number"})


def test_honest_names_the_slip():
    for name, words in {"the validation error": "which was minimised", "the best look of a chosen epoch": "a best look",
                        "epochs from 0": "arrays from 0", "the last epoch": "the last one",
                        "the best look": "the test was missed by least", "one epoch later": "one epoch later",
                        "NaN counts as the smallest": "the choice went from epoch"}.items():
        assert words in told(ch15.honest, HONEST[name]), told(ch15.honest, HONEST[name])
    for name in ("epochs from 0", "the best look", "one epoch later"):  # NaN moves none of them
        assert "NaN" not in told(ch15.honest, HONEST[name]), told(ch15.honest, HONEST[name])


# ---- error_at -----------------------------------------------------------------------------------------------------------------

def error_at(speeds, starts, forecasts, inputs, step):
    target = speeds[np.asarray(starts) + inputs + step - 1]
    known = target > 0
    return float(np.abs(forecasts[:, step - 1] - target)[known].mean())


def with_faults(late=0, last=None, first=0, pooled=True, masked=True, size=np.abs):
    """The cell with some of its faults: rows late, windows left out, a mean of means, no mask, another error."""
    def answer(speeds, starts, forecasts, inputs, step):
        rows = np.asarray(starts)[first:last] + inputs + step - 1 + late
        target, guess = speeds[rows], forecasts[first:last, step - 1]
        known = target > 0 if masked else np.ones(target.shape, bool)
        miss = size(guess - target)
        return miss[known].mean() if pooled else np.mean([m[k].mean() for m, k in zip(miss, known, strict=True)])
    return answer


ERRORS = {
    "as the cell comes": with_faults(late=1, last=-1, pooled=False),
    "the row alone is mended": with_faults(last=-1, pooled=False),
    "the window alone is mended": with_faults(late=1, pooled=False),
    "the pool alone is mended": with_faults(late=1, last=-1),
    "a row late": with_faults(late=1),
    "a row early": with_faults(late=-1),
    "the last window is lost": with_faults(last=-1),
    "the first window is lost": with_faults(first=1),
    "a mean of means": with_faults(pooled=False),
    "a mean of means without empty windows": lambda speeds, starts, forecasts, inputs, step: np.nanmean(
        [np.abs(f[step - 1] - t)[t > 0].mean() if (t > 0).any() else np.nan
         for f, t in zip(forecasts, speeds[starts + inputs + step - 1], strict=True)]),
    "unmasked": with_faults(masked=False),
    "zeros in the count": lambda speeds, starts, forecasts, inputs, step: np.where(
        (t := speeds[starts + inputs + step - 1]) > 0, np.abs(forecasts[:, step - 1] - t), 0).mean(),
    "signed": with_faults(size=lambda e: e),
    "inputs forgotten": lambda speeds, starts, forecasts, inputs, step: error_at(speeds, starts, forecasts, 0, step),
    "a number for each sensor": lambda speeds, starts, forecasts, inputs, step: np.abs(
        forecasts[:, step - 1] - speeds[starts + inputs + step - 1]).mean(0),
}


def test_error_at():
    assert_checker(ch15.error_at, stub, error_at, ERRORS, breaks={
        "as the cell comes": "error of 0", "the row alone is mended": "first and the last", "a row late": "error of 0",
        "a row early": "error of 0", "the last window is lost": "first and the last",
        "the first window is lost": "first and the last",
        "a mean of means": "weighs the same", "a mean of means without empty windows": "weighs the same",
        "unmasked": "leaves the sum",
        "zeros in the count": "leaves the sum", "signed": "absolute", "a number for each sensor": "gives one number"})


def test_each_of_the_three_faults_is_told_by_itself():
    only = {"a row late": "error of 0", "the last window is lost": "first and the last", "a mean of means": "weighs the same"}
    for name, words in only.items():
        failed = ch15.error_at.run(ERRORS[name]).failed
        assert [words in one for one in failed] == [True], (name, failed)
    assert "NaN" in told(ch15.error_at, ERRORS["a mean of means"])
    assert "one living sensor" in told(ch15.error_at, ERRORS["a mean of means without empty windows"])
    assert "still counted" in told(ch15.error_at, ERRORS["zeros in the count"])


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_horizon():
    errors = np.array([1.0, 5.0, 7.0]).reshape(1, 3, 1)
    assert np.allclose(ch15.BOXES["horizon"]["answer"], [rmse_until(errors, 0 * errors, 3, how) for how in HOW])


def test_memory():
    assert ch15.BOXES["memory"]["answer"] == [20_000**2 * 4 / 1e6, 20_000 * 7 * 12 / 1e6]


def test_epoch():
    numbers = [[float(n) for n in re.findall(r"\d\.\d", part)] for part in ch15.BOXES["epoch"]["question"].split("test")]
    epoch, error = honest(*map(np.array, numbers))
    assert (epoch, error) == (3, 5.5) and ch15.BOXES["epoch"]["answer"] == [error, pytest.approx(error - min(numbers[1]))]


# ---- the notebook's own cells -------------------------------------------------------------------------------------------------

NOTEBOOK = Path(__file__).parents[1] / "book" / "part4-traffic" / "15-forecasting-for-real.ipynb"


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, 4).cells


@pytest.mark.parametrize("name, function", [("rmse", "rmse_until"), ("honest", "honest"), ("error_at", "error_at")])
def test_stubs_and_solutions_of_the_notebook(cells, name, function):
    check = getattr(ch15, name)
    source = next(cell.source for cell in cells if cell.cell_type == "code" and f"check.{name}({function})" in cell.source)
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    solution = next(block for block in re.findall(r"```python\n(.*?)```", text, flags=re.S) if f"def {function}(" in block)
    found = []
    for code in (source.replace(f"check.{name}({function})", ""), solution):
        space = {"np": np}
        exec(code, space)
        found.append(check.run(space[function]))
    assert not found[0] and found[1], f"{found[0]}\n{found[1]}"
