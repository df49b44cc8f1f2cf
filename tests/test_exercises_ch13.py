"""The checks of chapter 13: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import itertools
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from stgcn_lib.data.traffic import TrafficSeries
from stgcn_lib.exercises import ch13
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import gaussian_adjacency
from stgcn_lib.metrics import masked_mae


def stub(*inputs):
    ...


# ---- kernel -------------------------------------------------------------------------------------------------------------------

def gaussian(distances, sigma, epsilon, power=2, width=2, factor=1.0, loops=False):
    weights = np.exp(-distances ** power / sigma ** width / factor)
    weights[weights < epsilon] = 0
    if not loops:
        np.fill_diagonal(weights, 0)
    return weights


def cut_by_distance(distances, sigma, epsilon):
    weights = gaussian(distances, sigma, 0)
    weights[distances > epsilon] = 0
    return weights


def turned_threshold(distances, sigma, epsilon):
    weights = gaussian(distances, sigma, 0)
    weights[weights > epsilon] = 0
    return weights


KERNELS = {
    "self-loops": lambda d, s, e: gaussian(d, s, e, loops=True),
    "transposed": lambda d, s, e: gaussian(d, s, e).T,
    "the smaller distance of both ways": lambda d, s, e: gaussian(np.minimum(d, d.T), s, e),
    "2 sigma squared, as statisticians write it": lambda d, s, e: gaussian(d, s, e, factor=2.0),
    "distance not squared": lambda d, s, e: gaussian(d, s, e, power=1, width=1),
    "sigma not squared": lambda d, s, e: gaussian(d, s, e, width=1),
    "plus in the exponent": lambda d, s, e: np.nan_to_num(np.exp((np.minimum(d, 9) / s) ** 2)) * ~np.eye(len(d), dtype=bool),
    "no threshold": lambda d, s, e: gaussian(d, s, 0),
    "threshold on the distance": cut_by_distance,
    "the strong ones cut": turned_threshold,
    "ones and zeros": lambda d, s, e: (gaussian(d, s, e) > 0) * 1.0,
    "epsilon taken off": lambda d, s, e: np.maximum(gaussian(d, s, 0) - e, 0),
    "rows divided by their sum": lambda d, s, e: gaussian(d, s, e) / np.maximum(gaussian(d, s, e).sum(1, keepdims=True), 1e-9),
    "infinity times zero": lambda d, s, e: np.where(np.isinf(d), np.nan, gaussian(d, s, e)),
    "a vector": lambda d, s, e: gaussian(d, s, e)[0],
    "turned rows": lambda d, s, e: gaussian(d[::-1], s, e),
}


def test_kernel():
    assert_checker(ch13.kernel, stub, gaussian, KERNELS, breaks={
        "self-loops": "own neighbour", "transposed": "row v", "the smaller distance of both ways": "row v",
        "2 sigma squared, as statisticians write it": "1/e", "distance not squared": "1/e", "sigma not squared": "1/e",
        "no threshold": "epsilon cuts", "threshold on the distance": "epsilon cuts", "the strong ones cut": "epsilon cuts",
        "ones and zeros": "1/e", "epsilon taken off": "epsilon cuts", "infinity times zero": "finite weight"})


@pytest.mark.parametrize("name, failed", [
    ("2 sigma squared, as statisticians write it", 1), ("epsilon taken off", 1), ("self-loops", 1), ("transposed", 1)])
def test_one_slip_in_the_kernel_fails_one_property(name, failed):
    assert len(ch13.kernel.run(KERNELS[name]).failed) == failed


def test_kernel_is_the_librarys():
    distances = ch13._towns(np.random.default_rng(1), 7)
    law = gaussian_adjacency(1000 * distances, 1, 0.2, scale=1500)
    assert gaussian(distances, 1.5, 0.2) == pytest.approx(law)


@pytest.mark.parametrize("name, words", [
    ("transposed", "receiver and sender have changed places"), ("distance not squared", "the distance is not squared"),
    ("2 sigma squared, as statisticians write it", "there is a 2 in the exponent"), ("sigma not squared", "sigma is not squared"),
    ("the smaller distance of both ways", "it made both directions equal"), ("turned rows", "the farther one weighs more"),
    ("threshold on the distance", "compare epsilon with the weight")])
def test_a_slip_in_the_kernel_is_named(name, words):
    assert words in str(ch13.kernel.run(KERNELS[name]))


# ---- starts -------------------------------------------------------------------------------------------------------------------

def window_starts(first, stop, inputs, outputs):
    return np.arange(first, stop - inputs - outputs + 1)


STARTS = {
    "the last window lost": lambda a, b, i, o: np.arange(a, b - i - o),
    "one too many": lambda a, b, i, o: np.arange(a, b - i - o + 2),
    "outputs outside": lambda a, b, i, o: np.arange(a, b - i + 1),
    "every row": lambda a, b, i, o: np.arange(a, b),
    "from row 0": lambda a, b, i, o: np.arange(0, b - i - o + 1),
    "counted from the part": lambda a, b, i, o: np.arange(b - a - i - o + 1),
    "first after the inputs": lambda a, b, i, o: np.arange(a + i, b - o + 1),
    "no overlap": lambda a, b, i, o: np.arange(a, b - i - o + 1, i + o),
    "the first window lost": lambda a, b, i, o: np.arange(a + 1, b - i - o + 1),
    "how many": lambda a, b, i, o: b - a - i - o + 1,
    "halves": lambda a, b, i, o: np.linspace(a, b - i - o, 2 * (b - a - i - o) + 1),
}


def test_starts():
    assert_checker(ch13.starts, stub, window_starts, STARTS, breaks={
        "the last window lost": "the last window is there", "one too many": "over the end", "outputs outside": "over the end",
        "from row 0": "before the first row", "no overlap": "every window", "how many": "whole numbers", "halves": "whole numbers"})
    assert "cross the cut" in str(ch13.starts.run(STARTS["outputs outside"]))


def test_starts_are_those_of_a_series():
    series = TrafficSeries("a week", np.full((2016, 1), 50.0))
    for (name, got), (first, stop) in zip(series.starts().items(), ((0, 1451), (1451, 1612), (1612, 2016)), strict=True):
        assert np.array_equal(got, window_starts(first, stop, 12, 12)), name


# ---- masked -------------------------------------------------------------------------------------------------------------------

def masked_error(forecast, target):
    known = ~np.isnan(target) & (target != 0)
    return float(np.abs(forecast[known] - target[known]).mean()) if known.any() else 0.0


def with_mask(known, divide=None, root=False, signed=False):
    """A masked error, done in another way."""
    def score(forecast, target):
        mask = known(forecast, target)
        errors = np.where(mask, forecast - target, 0)
        errors = errors if signed else errors ** 2 if root else np.abs(errors)
        total = errors.sum() / (max(mask.sum(), 1) if divide is None else divide(target))
        return float(total ** 0.5 if root else total)
    return score


def alive(forecast, target):
    return ~np.isnan(target) & (target != 0)


MASKED = {
    "unmasked": lambda f, y: float(np.abs(f - y).mean()),
    "zeros left in the count": with_mask(alive, divide=lambda y: y.size),
    "RMSE": with_mask(alive, root=True),
    "signed errors": with_mask(alive, signed=True),
    "the sum": with_mask(alive, divide=lambda y: 1),
    "the mask of the forecast": with_mask(lambda f, y: f != 0),
    "both masks": with_mask(lambda f, y: alive(f, y) & (f != 0)),
    "NaN forgotten": with_mask(lambda f, y: y != 0),
    "NaN only": with_mask(lambda f, y: ~np.isnan(y)),
    "nothing known": lambda f, y: float(np.abs(f - y)[alive(f, y)].sum() / np.float64(alive(f, y).sum())),
    "a mean of means": lambda f, y: float(np.mean([masked_error(a, b) for a, b in zip(f, y, strict=True)]) + 1e-3 * (y == 0).any()),
    "one error a step": lambda f, y: np.abs(f - y).mean((0, 2)),
    "NaN times a mask": lambda f, y: float((np.abs(f - y) * alive(f, y)).sum() / max(alive(f, y).sum(), 1)),
    "zeros as very good": lambda f, y: float(np.abs(np.where(alive(f, y), f - y, 0)).mean()),
}


@pytest.mark.filterwarnings("ignore:invalid value")
def test_masked():
    assert_checker(ch13.masked, stub, masked_error, MASKED, breaks={
        "unmasked": "does not matter", "zeros left in the count": "leaves the count", "RMSE": "mean absolute error",
        "signed errors": "mean absolute error", "the sum": "mean absolute error", "both masks": "a forecast of 0",
        "NaN forgotten": "NaN is missing", "NaN only": "does not matter", "nothing known": "nothing known",
        "one error a step": "one number", "zeros as very good": "leaves the count"})


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_slip_in_the_mask_is_not_taken_for_another():
    assert "a forecast of 0 is" not in "; ".join(ch13.masked.run(MASKED["zeros as very good"]).failed)
    assert "NaN minus a number is NaN" in str(ch13.masked.run(MASKED["NaN times a mask"]))


def test_masked_is_the_librarys():
    for seed in range(3):
        forecast, target = ch13._hour(np.random.default_rng(seed))
        assert masked_error(forecast, target) == pytest.approx(float(masked_mae(forecast, target)))


# ---- prepare ------------------------------------------------------------------------------------------------------------------

def prepare(speeds, cut, scaler=True, table=True, zeros=True, days=None, part=slice(None)):
    """The solution, with things left out."""
    def seen(rows):
        return np.where(rows == 0, np.nan, rows) if zeros else rows
    of = seen(speeds[:cut] if scaler else speeds)[part]
    rows = seen(speeds[:cut] if table else speeds)
    whole = len(rows) // 288 if days is None else days
    with np.errstate(invalid="ignore"):
        return ((speeds - np.nanmean(of)) / np.nanstd(of), np.nanmean(rows[:288 * whole].reshape(whole, 288, -1), axis=0))


def as_it_comes(speeds, cut):
    mean, std = speeds.mean(), speeds.std()
    days = len(speeds) // 288
    return (speeds - mean) / std, speeds[:288 * days].reshape(days, 288, -1).mean(0)


PREPARED = {
    "as it comes": as_it_comes,
    "the scaler sees the test": lambda s, c: prepare(s, c, scaler=False),
    "the table sees the test": lambda s, c: prepare(s, c, table=False),
    "zeros counted": lambda s, c: prepare(s, c, zeros=False),
    "zeros counted in the table": lambda s, c: (prepare(s, c)[0], prepare(s, c, zeros=False)[1]),
    "zeros counted in the scaler": lambda s, c: (prepare(s, c, zeros=False)[0], prepare(s, c)[1]),
    "fitted on the test alone": lambda s, c: (prepare(s[c:], len(s) - c)[0], prepare(s, c)[1]),
    "the test rows of the day of the cut": lambda s, c: (prepare(s, c)[0], prepare(s, 288 * (c // 288 + 1))[1]),
    "one day is enough": lambda s, c: prepare(s, c, days=1),
    "the scaler of the first day": lambda s, c: prepare(s, c, part=slice(100)),
    "a table that begins at the cut": lambda s, c: (prepare(s, c)[0], np.roll(prepare(s, c)[1], 40, axis=0)),
    "the table scaled": lambda s, c: (prepare(s, c)[0], prepare(prepare(s, c)[0], c, zeros=False)[1]),
    "only training rows come back": lambda s, c: (prepare(s, c)[0][:c], prepare(s, c)[1]),
    "no table": lambda s, c: prepare(s, c)[0],
}


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
def test_prepare():
    assert_checker(ch13.prepare, stub, prepare, PREPARED, breaks={
        "as it comes": "the scaler has not seen", "the scaler sees the test": "the scaler has not seen",
        "the table sees the test": "the table has not seen", "zeros counted": "dead sensor",
        "zeros counted in the table": "dead sensor", "zeros counted in the scaler": "dead sensor",
        "one day is enough": "all training rows",
        "a table that begins at the cut": "all training rows", "the scaler of the first day": "all training rows",
        "the test rows of the day of the cut": "the table has not seen", "only training rows come back": "gives scaled",
        "no table": "gives scaled"})


def test_prepare_may_count_the_day_of_the_cut():
    """Both are right: whole days before the cut, or every training row."""
    def every_row(speeds, cut):
        seen = np.where(speeds[:cut] == 0, np.nan, speeds[:cut])
        table = np.array([np.nanmean(seen[t::288], axis=0) for t in range(288)])
        return prepare(speeds, cut)[0], table
    assert ch13.prepare.run(every_row), ch13.prepare.run(every_row)


def test_prepare_may_leave_dead_sensors_missing():
    assert ch13.prepare.run(lambda s, c: (np.where(s == 0, np.nan, prepare(s, c)[0]), prepare(s, c)[1]))


def test_the_broken_cell_fails_three_times():
    failed = "; ".join(ch13.prepare.run(as_it_comes).failed)
    assert all(words in failed for words in ("the scaler has not", "the table has not", "dead sensor"))


# ---- by hand ------------------------------------------------------------------------------------------------------------------

def test_pairs():
    km = np.array([[0, 1, 3, 2, 5], [1, 0, 2, 3, 6], [3, 2, 0, 1, 4], [2, 3, 1, 0, 3], [5, 6, 4, 3, 0]], dtype=float)
    counts = [np.count_nonzero(gaussian(km, 2, e)) // 2 for e in (0.1, 0.5)]
    assert counts == ch13.BOXES["pairs"]["answer"]
    said = {int(a + b): int(d) for a, b, d in re.findall(r"(\d)\u2013(\d): (\d)", ch13.BOXES["pairs"]["question"])}
    assert said == {10 * u + v: km[u, v] for u, v in itertools.combinations(range(5), 2)}


def test_mask():
    target, forecast = np.array([60., 0, 50, 40, 0]), np.array([58., 50, 54, 43, 47])
    assert ch13.BOXES["mask"]["answer"] == pytest.approx([float(masked_mae(forecast, target, null)) for null in (0.0, None)])


def test_wave_and_count():
    from stgcn_lib.data.traffic import FundamentalDiagram

    law = FundamentalDiagram()
    assert law.flow(30) == 3000 and law.flow(255) == pytest.approx(2100)
    assert (3000 - 2100) / (30 - 255) == ch13.BOXES["wave"]["answer"] and (5500 - 2100) / (255 - 55) == 17
    assert len(window_starts(0, 100, 12, 12)) == ch13.BOXES["count"]["answer"]


# ---- the notebook's own cells -------------------------------------------------------------------------------------------------

NOTEBOOK = Path(__file__).parents[1] / "book" / "part4-traffic" / "13-roads-as-graphs.ipynb"


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, 4).cells


@pytest.mark.parametrize("name, function", [("kernel", "gaussian"), ("starts", "window_starts"), ("masked", "masked_error"),
                                            ("prepare", "prepare")])
def test_stubs_and_solutions_of_the_notebook(cells, name, function):
    check = getattr(ch13, name)
    source = next(cell.source for cell in cells if cell.cell_type == "code" and f"check.{name}({function})" in cell.source)
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    solution = next(block for block in re.findall(r"```python\n(.*?)```", text, flags=re.S) if f"def {function}(" in block)
    found = []
    for code in (source.replace(f"check.{name}({function})", ""), solution):
        space = {"np": np}
        exec(code, space)
        found.append(check.run(space[function]))
    assert not found[0] and found[1], f"{found[0]}\n{found[1]}"
