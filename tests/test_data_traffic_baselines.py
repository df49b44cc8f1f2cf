"""Forecasts without a network: against loops, scikit-learn and numbers on record; fitted on training windows alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from stgcn_lib.data import load
from stgcn_lib.data.traffic import TrafficSeries, baselines, daily_table, table_by_row
from stgcn_lib.graphs import RoadGraph, ring_road

from .test_data_traffic import series

STEPS = [2, 5, 8, 11]  # 15, 30, 45 and 60 minutes


def errors(forecasts, targets, axis=(0, 2)):
    """RMSE and MAE, over windows and sensors."""
    error = np.asarray(forecasts, dtype=np.float64) - targets
    return np.sqrt((error ** 2).mean(axis)), abs(error).mean(axis)


def targets_of(one, starts, inputs=12, outputs=12):
    return one.values[np.asarray(starts)[:, None] + inputs + np.arange(outputs)].astype(np.float64)


# ---- numbers on record, Los-loop


@pytest.fixture(scope="module")
def los_loop(real_data):
    return load("los_loop", root=real_data("los_loop"))


def printed(values):
    return [f"{value:.2f}" for value in values]


def test_last_value_of_los_loop(los_loop):
    test = los_loop.starts()["test"]
    forecasts, targets = baselines.last_value(los_loop, test), targets_of(los_loop, test)
    rmse, mae = errors(forecasts, targets)
    assert forecasts.shape == (381, 12, 207)
    assert printed(rmse[STEPS]) == ["6.47", "8.24", "9.65", "10.90"] and printed(mae[STEPS]) == ["3.58", "4.38", "5.09", "5.80"]
    assert f"{errors(forecasts[:, :3], targets[:, :3], None)[0]:.3f}" == "5.571", "pooled over the first three steps"


def test_the_same_last_value_gets_three_scores(los_loop):
    """Three sources, three ways to say what a window is and over what one averages; all three are right."""
    values, T = los_loop.values.astype(np.float64), 2016
    cut = int(0.8 * T)

    # 1. This project: windows of 12 and 12 rows wholly inside the last 20 %, at the step.
    ours = errors(baselines.last_value(los_loop, np.arange(cut, T - 23)), targets_of(los_loop, np.arange(cut, T - 23)))

    # 2. T-GCN: windows of 12 and h rows for each horizon h, the last of them dropped, and the mean over the steps 1 to h.
    def tgcn(h):
        starts = np.arange(cut, T - 12 - h)
        return baselines.last_value(los_loop, starts, 12, h), targets_of(los_loop, starts, 12, h)
    theirs = [errors(*tgcn(step + 1), axis=None) for step in STEPS]
    at_the_step = [errors(*(each[:, -1] for each in tgcn(step + 1)), axis=None) for step in STEPS]

    # 3. Every pair of rows h apart inside the last 20 %, which begin at row 1613 if 1612.8 is rounded and not cut.
    cut = round(0.8 * T)
    pairs = [errors(values[cut:T - step - 1], values[cut + step + 1:], axis=None) for step in STEPS]

    assert printed(ours[0][STEPS]) == ["6.47", "8.24", "9.65", "10.90"]
    assert [f"{rmse:.3f} {mae:.3f}" for rmse, mae in theirs] == ["5.543 3.156", "6.699 3.632", "7.628 4.042", "8.456 4.433"]
    assert [f"{rmse:.2f} {mae:.2f}" for rmse, mae in at_the_step] == ["6.43 3.56", "8.20 4.36", "9.63 5.08", "10.91 5.80"]
    assert [f"{rmse:.2f} {mae:.2f}" for rmse, mae in pairs] == ["6.40 3.54", "8.17 4.34", "9.60 5.06", "10.86 5.77"]


WEEK = range(5)
RECIPES = [  # arguments, the strength that validation chooses, RMSE and MAE at 15, 30, 45 and 60 minutes on the test
    ({}, 1e-4, "6.22 7.84 9.05 10.04", "3.50 4.40 5.16 5.87"),
    ({"hops": 2}, 1e-3, "6.03 7.56 8.71 9.68", "3.50 4.37 5.10 5.77"),
    ({"hops": 2, "harmonics": 3}, 1e-4, "6.01 7.49 8.57 9.45", "3.51 4.38 5.10 5.75"),
    ({"hops": 2, "harmonics": 3, "per_sensor": True}, 1e-3, "5.81 7.03 7.80 8.36", "3.52 4.24 4.73 5.10"),
    ({"hops": 2, "table": "daily"}, 0.1, "5.80 6.84 7.50 8.05", "3.44 4.02 4.43 4.79"),
    ({"hops": 2, "table": "daily", "weekdays": WEEK}, 0.1, "5.81 6.67 7.11 7.45", "3.45 3.89 4.12 4.32"),
    ({"hops": 2, "table": "others", "weekdays": WEEK}, 1e-2, "5.62 6.57 7.12 7.61", "3.32 3.86 4.22 4.56"),
]


@pytest.mark.parametrize("recipe, strength, rmse, mae", RECIPES)
def test_linear_rows_of_los_loop(recipe, strength, rmse, mae, los_loop):
    starts = los_loop.starts()
    assert baselines.choose_strength(los_loop, **recipe)[0] == strength
    forecasts = baselines.linear(los_loop, starts["test"], starts["train"], strength=strength, **recipe)
    found = errors(forecasts, targets_of(los_loop, starts["test"]))
    assert np.allclose(found[0][STEPS], [float(x) for x in rmse.split()], atol=0.011)
    assert np.allclose(found[1][STEPS], [float(x) for x in mae.split()], atol=0.011)


@pytest.mark.parametrize("weekdays, rmse", [(None, "9.20 9.18 9.15 9.12"), (WEEK, "8.16 8.12 8.07 8.02")])
def test_historical_mean_of_los_loop(weekdays, rmse, los_loop):
    starts = los_loop.starts()
    forecasts = baselines.historical_mean(los_loop, starts["test"], starts["train"], weekdays=weekdays)
    assert printed(errors(forecasts, targets_of(los_loop, starts["test"]))[0][STEPS]) == rmse.split()


# ---- against loops and scikit-learn


def test_last_value_and_mean_are_what_a_loop_says():
    one = series(24 * 10, 3, missing=0.3, null_value=0.0)
    starts = one.starts(5, 4)
    last = baselines.last_value(one, starts["test"], 5, 4)
    mean = baselines.historical_mean(one, starts["test"], starts["train"], 5, 4)
    table = daily_table(one, slice(0, starts["train"][-1] + 9))
    for i, start in enumerate(starts["test"]):
        for v in range(3):
            known = [row for row in range(start + 5) if one.mask[row, v]]
            assert (last[i, :, v] == one.values[known[-1], v]).all()
            for h in range(4):
                assert mean[i, h, v] == pytest.approx(table[one.step_of_day[start + 5 + h], v])
    assert last.dtype == mean.dtype == np.float64


def by_scikit(one, starts, train, inputs, outputs, strength, hops, harmonics, table, weekdays, per_sensor):
    """The same regression with its features put together one by one."""
    if weekdays is not None:
        train = [s for s in train if all(one.weekday()[s + k] in weekdays for k in range(inputs + outputs))]
    rows = sorted({s + k for s in train for k in range(inputs + outputs)})
    weights = one.graph.weights / np.maximum(one.graph.weights.sum(1, keepdims=True), 1e-300)
    seen = [one.filled().astype(np.float64)]
    middle = seen[0][rows][one.mask[rows]].mean()  # where nobody sends there is the mean of all
    for _ in range(hops):
        seen.append((seen[-1] - middle) @ weights.T + middle)
    if table:
        expected = daily_table(one, rows, weekdays)[one.step_of_day] if table == "daily" else table_by_row(one, rows, weekdays)

    def features(s, v):
        found = [part[s + k, v] for part in seen for k in range(inputs)]
        found += [expected[s + k, v] for k in range(inputs + outputs)] if table else []
        now = 2 * np.pi * one.time_of_day()[s + inputs]
        return found + [f(k * now) for f in (np.sin, np.cos) for k in range(1, harmonics + 1)]
    V = one.values.shape[1]
    forecasts = np.empty((len(starts), outputs, V))
    for group in [[v] for v in range(V)] if per_sensor else [range(V)]:
        samples = [(s, v) for s in train for v in group if one.mask[s + inputs:s + inputs + outputs, v].all()]
        scale = StandardScaler().fit([features(s, v) for s, v in samples])
        targets = [one.values[s + inputs:s + inputs + outputs, v].astype(np.float64) for s, v in samples]
        model = Ridge(alpha=strength * len(samples), solver="cholesky")
        model.fit(scale.transform([features(s, v) for s, v in samples]), targets)
        for v in group:
            forecasts[:, :, v] = model.predict(scale.transform([features(s, v) for s in starts]))
    return forecasts


@pytest.mark.parametrize("options", [
    dict(), dict(hops=2), dict(hops=1, table="daily"), dict(table="others", weekdays=range(5)), dict(harmonics=2, per_sensor=True),
    dict(hops=2, harmonics=1, table="others", per_sensor=True), dict(hops=2, harmonics=3, table="daily", weekdays=(0, 3, 4))])
@pytest.mark.parametrize("strength", [1e-3, 0.3])
def test_linear_is_scikit_learn_s_ridge(options, strength):
    weights = np.array([[1, 2, 0], [0.5, 0, 3], [0, 0, 0]])  # the third sensor hears nobody
    one = series(24 * 14, 3, missing=0.15, graph=RoadGraph(weights))
    starts = one.starts(4, 3)
    options = {"hops": 0, "harmonics": 0, "table": None, "weekdays": None, "per_sensor": False, **options}
    found = baselines.linear(one, starts["test"], starts["train"], 4, 3, strength, **options)
    expected = by_scikit(one, starts["test"], starts["train"], 4, 3, strength, **options)
    assert len(starts["train"]) > 3 * baselines.CHUNK and np.allclose(found, expected, atol=1e-5)


def travelling(T=600, V=6):
    """A jam that moves one sensor further each step: sensor v has what sensor v + 1 had."""
    first = np.random.default_rng(3).normal(50, 10, T + V)
    values = np.stack([first[V - v:V - v + T] for v in range(V)][::-1], axis=1)
    weights = np.eye(V, k=1)
    return TrafficSeries("travelling", values, RoadGraph(weights), step_minutes=60)


def test_a_hop_brings_what_only_the_neighbour_knows():
    one = travelling()
    starts = one.starts(2, 1)
    for hops, above, below in ((0, 5, np.inf), (1, 0, 1e-3)):
        forecasts = baselines.linear(one, starts["test"], starts["train"], 2, 1, 1e-9, hops=hops, per_sensor=True)
        rmse, _ = errors(forecasts, targets_of(one, starts["test"], 2, 1), (0, 1))
        assert (above <= rmse[:5]).all() and (rmse[:5] < below).all() and rmse[5] > 5, "the last one hears nobody"


# ---- properties


@pytest.mark.parametrize("recipe", [
    {}, {"hops": 2, "table": "others"}, {"table": "daily", "per_sensor": True, "weekdays": range(5)}])
def test_nothing_is_fitted_on_later_rows(recipe):
    one = series(24 * 12, 4, missing=0.1, graph=ring_road(4))
    starts = one.starts(4, 3)
    values = one.values.copy()
    values[starts["test"][0]:] = np.random.default_rng(0).uniform(500, 900, values[starts["test"][0]:].shape)
    other = replace(one, values=values)
    for part in ("train", "validation"):
        a, b = (baselines.linear(s, starts[part], starts["train"], 4, 3, **recipe) for s in (one, other))
        assert np.array_equal(a, b), "the test changed what was fitted"
    assert baselines.choose_strength(one, inputs=4, outputs=3, **recipe) == baselines.choose_strength(
        other, inputs=4, outputs=3, **recipe)
    means = [baselines.historical_mean(s, starts["test"], starts["train"], 4, 3) for s in (one, other)]
    assert np.array_equal(*means)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), order=st.permutations(range(4)), per_sensor=st.booleans())
def test_another_order_of_sensors_is_another_order_of_forecasts(seed, order, per_sensor):
    weights = np.random.default_rng(seed).uniform(0, 1, (4, 4))
    one = series(24 * 6, 4, seed, missing=0.1, graph=RoadGraph(weights))
    starts = one.starts(4, 3)
    forecast = lambda s: (baselines.last_value(s, starts["test"], 4, 3), baselines.historical_mean(  # noqa: E731
        s, starts["test"], starts["train"], 4, 3), baselines.linear(
        s, starts["test"], starts["train"], 4, 3, hops=2, table="others", per_sensor=per_sensor))
    for a, b in zip(forecast(one), forecast(one.select(list(order))), strict=True):
        assert np.allclose(a[:, :, list(order)], b, atol=1e-6)


def test_a_forecast_hangs_on_its_window_alone():
    one = series(24 * 8, 3, graph=ring_road(3))
    starts = one.starts(4, 3)
    values = one.values.copy()
    values[starts["test"][0] + 4:] += 100  # what the first test window is to forecast
    other = replace(one, values=values)
    for recipe in ({"hops": 2}, {"table": "others", "harmonics": 1}):
        a, b = (baselines.linear(s, starts["test"][:1], starts["train"], 4, 3, **recipe) for s in (one, other))
        assert np.array_equal(a, b)
    assert np.array_equal(*(baselines.last_value(s, starts["test"][:1], 4, 3) for s in (one, other)))


@pytest.mark.parametrize("null_value", [None, 0.0])
@pytest.mark.parametrize("recipe", [{}, {"hops": 2, "harmonics": 1, "table": "others"}, {"table": "daily", "per_sensor": True}])
def test_faulty_sensors_never_make_a_forecast_that_is_none(recipe, null_value):
    one = series(24 * 10, 5, graph=ring_road(5))
    values = one.values.copy()
    values[:, 0] = 0  # all zero: missing under the one convention, a standstill under the other
    values[:, 1] = np.nan  # dead
    values[30:80, 2] = np.nan  # dead for hours
    values[:, 3] = 42  # stuck
    one = replace(one, values=values, null_value=null_value)
    starts = one.starts(4, 3)
    for forecasts in (baselines.linear(one, starts["test"], starts["train"], 4, 3, **recipe),
                      baselines.last_value(one, starts["test"], 4, 3),
                      baselines.historical_mean(one, starts["test"], starts["train"], 4, 3)):
        assert np.isfinite(forecasts).all() and (abs(forecasts) < 200).all()


def test_the_strength_with_the_least_error_on_validation_is_chosen():
    one = series(24 * 10, 3)
    best, found = baselines.choose_strength(one, (1e-3, 1.0, 100.0), 4, 3)
    starts = one.starts(4, 3)
    assert list(found) == [1e-3, 1.0, 100.0] and found[best] == min(found.values())
    for strength, rmse in found.items():
        forecasts = baselines.linear(one, starts["validation"], starts["train"], 4, 3, strength)
        assert rmse == pytest.approx(errors(forecasts, targets_of(one, starts["validation"], 4, 3), None)[0])
    mean = one.values[one.training_rows(4, 3)].mean()
    far = baselines.linear(one, starts["test"], starts["train"], 4, 3, 1e9)
    assert np.allclose(far, mean, atol=1), "a ridge without end leaves the mean of all"


# ---- what is refused


@pytest.mark.parametrize("options, says", [
    (dict(strength=0), "strength is 0, expected a number above 0"), (dict(strength=float("nan")), "strength is nan"),
    (dict(table="weekly"), "table is 'weekly', expected None, 'daily' or 'others'"),
    (dict(hops=1), "series 'made up' has no graph"), (dict(outputs=0), "outputs is 0, expected"),
    (dict(weekdays=[6]), "no known value is in the training windows on these weekdays"),
    (dict(inputs=90), "windows of 90 \\+ 3 rows that start at 0 to 9 are not inside")])
def test_regressions_that_are_none(options, says):
    with pytest.raises(ValueError, match=says):
        baselines.linear(series(72), **{"starts": range(10), "train": range(10), "inputs": 4, "outputs": 3, **options})


def test_windows_without_known_targets():
    one = series(72)
    values = one.values.copy()
    values[::2] = np.nan
    with pytest.raises(ValueError, match="no training window has a sensor with all its targets known"):
        baselines.linear(replace(one, values=values), [0], range(10), 4, 3)
    for starts, says in (([], "at least one"), ([-1], "start at -1"), ([70], "start at 70 to 70 are not inside"), ([[1]], "shape")):
        with pytest.raises(ValueError, match=says):
            baselines.last_value(one, starts, 4, 3)
