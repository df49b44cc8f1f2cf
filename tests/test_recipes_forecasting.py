"""Experiments on traffic: what trains, what is scored, and what is kept."""

import dataclasses

import numpy as np
import pytest
import torch

from stgcn_lib import recipes
from stgcn_lib.__main__ import main
from stgcn_lib.data.traffic import Scaler, TrafficSeries, Windows, baselines
from stgcn_lib.graphs import RoadGraph
from stgcn_lib.metrics import masked_rmse
from stgcn_lib.recipes import FORECASTS, forecasting
from stgcn_lib.recipes.roads import Forecaster, Forecasting
from stgcn_lib.training import forecast

TINY = Forecaster(channels=((4, 4, 4),), epochs=2)
SMALL = Forecasting("Does it run?", "los_loop", "most train, the rest tests", {
    "last value": Forecaster("last value"), "table": Forecaster("daily table"),
    "linear": Forecaster("linear", linear={"hops": 1, "table": "others"}), "sandwich": TINY,
    "beyond": dataclasses.replace(TINY, beyond_linear=True, linear={"hops": 1, "table": "others"}),
    "no graph": dataclasses.replace(TINY, graph="none", adaptive=2), "shuffled": dataclasses.replace(TINY, graph="shuffled"),
    "skeleton": dataclasses.replace(TINY, model="skeleton"),
    "mean": dataclasses.replace(TINY, model="skeleton, time averaged")}, windows=(6, 3), checkpoint="sandwich")


def series(days=4, null_value=None):
    rng = np.random.default_rng(0)
    t = np.arange(days * 48)
    values = 50 + 10 * np.sin(2 * np.pi * t / 48)[:, None] * rng.uniform(0.5, 1.5, 5) + rng.normal(0, 1, (len(t), 5))
    return TrafficSeries("crossings", values, RoadGraph.from_edges([(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)]), step_minutes=30,
                         null_value=null_value, start="2024-01-01T00:00", licence="ours")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(FORECASTS, "small", SMALL)
    monkeypatch.setattr(forecasting, "load", lambda name: series())
    torch.set_num_threads(1)


def test_every_variant_runs_and_is_written(small, tmp_path):
    path = recipes.reproduce("small", 2, "cpu", tmp_path, progress=False)
    results = recipes.load_results(path)
    keys = [(row["variant"], row["seed"]) for row in results["runs"]]
    assert keys == [(name, seed) for name, setup in SMALL.variants.items()
                    for seed in range(2 if setup.model in ("sandwich", "skeleton", "skeleton, time averaged") else 1)]
    for row in results["runs"]:
        for how in ("step", "cumulative"):
            assert {name: len(values) for name, values in row[how].items()} == {"mae": 3, "rmse": 3, "mape": 3}
        assert row["step"]["rmse"][0] == row["cumulative"]["rmse"][0]
        assert row["made"]["torch"] == torch.__version__
    table = recipes.forecast_summary(results, "cumulative", "mae")
    rows = [row["cumulative"]["mae"] for row in results["runs"] if row["variant"] == "sandwich"]
    assert table["sandwich"]["mean"] == pytest.approx(np.mean(rows, axis=0))
    assert table["sandwich"]["std"] == pytest.approx(np.std(rows, axis=0, ddof=1)) and table["linear"]["std"].tolist() == [0, 0, 0]


def test_an_interrupted_run_goes_on_and_ends_the_same(small, tmp_path, monkeypatch):
    whole = recipes.load_results(recipes.reproduce("small", 2, "cpu", tmp_path / "whole", progress=False))
    real, count = forecasting.run, iter(range(100))

    def interrupted(*args):
        if next(count) in (2, 5):
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(forecasting, "run", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            recipes.reproduce("small", 2, "cpu", tmp_path / "parts", progress=False)
    parts = recipes.load_results(recipes.reproduce("small", 2, "cpu", tmp_path / "parts", progress=False))
    for row in whole["runs"] + parts["runs"]:
        del row["seconds"], row["made"]
    assert parts == whole


def test_the_scores_are_those_of_the_forecasts(small):
    road = series()
    test = forecasting.folds(SMALL, road)[0][1]
    result, forecasts, model = forecasting.run(SMALL.variants["last value"], SMALL, road, 0)
    targets = Windows(road, test, 6, 3).tensors()[1]
    assert model is None and np.array_equal(forecasts, baselines.last_value(road, test, 6, 3))
    assert result["step"]["rmse"][2] == pytest.approx(float(masked_rmse(forecasts[:, 2], targets[:, 2], None)), abs=1e-5)
    assert result["windows"] == len(test)


def test_the_checkpoint_forecasts_as_it_was_scored(small, tmp_path):
    results = recipes.load_results(recipes.reproduce("small", 1, "cpu", tmp_path, progress=False))
    model, card = recipes.load_forecaster(tmp_path / "checkpoints" / "small.safetensors")
    assert not model.training and card["windows"] == [6, 3] and card["setup"]["channels"] == [[4, 4, 4]]
    road = series()
    train, test = forecasting.folds(SMALL, road)[0]
    _, asked, scaler = forecasting.windows(TINY, SMALL, road, train, test)
    assert card["scaler"] == {"mean": scaler.mean, "std": scaler.std}
    forecasts = scaler.inverse(forecast(model, asked)["forecasts"])
    row = next(row for row in results["runs"] if row["variant"] == "sandwich")
    assert [float(masked_rmse(forecasts[:, h], Windows(road, test, 6, 3).tensors()[1][:, h], None)) for h in range(3)] == \
        pytest.approx(row["step"]["rmse"], abs=1e-4)
    page = (tmp_path / "checkpoints" / "small.md").read_text()
    assert "5 sensors" in page and "value, table, table ahead" in page
    with pytest.raises(ValueError, match="forecasts traffic.*load_forecaster"):
        recipes.load_checkpoint(tmp_path / "checkpoints" / "small.safetensors")
    with pytest.raises(ValueError, match="tells actions apart.*load_checkpoint"):
        recipes.load_forecaster("utkinect")
    assert not set(recipes.checkpoint_names()) & set(recipes.forecaster_names())


def test_what_trains_never_holds_what_is_scored():
    road, length = series(8), sum(SMALL.windows)
    rows = lambda part: set((part[:, None] + np.arange(length)).ravel())  # noqa: E731
    [(train, test)] = forecasting.folds(SMALL, road)
    assert not rows(train) & rows(test) and max(rows(train)) + 1 == min(rows(test))
    choice = dataclasses.replace(SMALL, scored_on="workdays")
    days = road.times.astype("datetime64[D]")
    held = forecasting.folds(choice, road)
    assert len(held) == 5  # Monday to Friday; the second Monday is in the test
    for train, test in held:
        assert not rows(train) & rows(test) and len({days[row] for row in rows(test)}) == 1 and max(rows(test)) < min(rows(
            forecasting.folds(SMALL, road)[0][1]))
        assert not {days[row] for row in rows(train)} & {days[row] for row in rows(test)}


def test_nothing_that_is_fitted_knows_what_is_scored(small):
    road = series(8)
    for recipe in (SMALL, dataclasses.replace(SMALL, scored_on="workdays")):
        train, test = forecasting.folds(recipe, road)[0]
        changed = np.isin(np.arange(len(road)), test[:, None] + np.arange(sum(recipe.windows)))
        other = dataclasses.replace(road, values=np.where(changed[:, None], 7.0, road.values))
        for setup in (TINY, dataclasses.replace(TINY, weekdays=(0, 1, 2))):
            (a, _, first), (b, _, second) = (forecasting.windows(setup, recipe, one, train, test) for one in (road, other))
            assert first == second and all(torch.equal(p, q) for p, q in zip(a.tensors(), b.tensors(), strict=True))
            a, b = (forecasting.before(SMALL.variants["linear"], recipe, one, train, train[:9]) for one in (road, other))
            assert np.array_equal(a, b)


def test_looks_change_nothing_and_end_at_the_score(small):
    plain, looking = (forecasting.run(TINY, dataclasses.replace(SMALL, looks=looks), series(), 0)[0] for looks in (False, True))
    assert plain["step"] == looking["step"] and len(looking["looks"]) == TINY.epochs
    assert looking["looks"][-1] == pytest.approx(looking["cumulative"]["rmse"][2], abs=1e-3)


def test_beyond_linear_starts_at_the_linear_forecast_and_leaves_it(small):
    road, setup = series(), SMALL.variants["beyond"]
    still = dataclasses.replace(setup, learning_rate=0.0)
    linear = forecasting.run(SMALL.variants["linear"], SMALL, road, 0)[1]
    assert forecasting.run(still, SMALL, road, 0)[1] == pytest.approx(linear, abs=1e-3)
    result, forecasts, _ = forecasting.run(dataclasses.replace(setup, epochs=30), SMALL, road, 0)
    assert np.abs(forecasts - linear).max() > 0.01 and result["step"]["rmse"][0] < 3


def test_only_windows_wholly_on_the_chosen_days_train():
    road = series(8)
    setup = dataclasses.replace(TINY, weekdays=(1, 2))
    known, _, _ = forecasting.windows(setup, SMALL, road, *forecasting.folds(SMALL, road)[0])
    days = road.weekday()[known.starts[:, None] + np.arange(9)]
    assert set(days.ravel()) == {1, 2} and len(known) == 2 * 48 - 8


def test_the_loss_is_hubers_over_what_is_known():
    scaler = Scaler("global", np.float64(50), np.float64(10))
    loss = forecasting.masked_huber(scaler, 0.0)
    targets = torch.tensor([[[60.0, 0.0], [float("nan"), 20.0]]])
    forecasts = torch.tensor([[[0.5, 9.0], [9.0, 0.0]]], requires_grad=True)
    value = loss(forecasts, targets)
    assert value.item() == pytest.approx((0.5 * 0.5**2 + (3 - 0.5)) / 2)  # misses of 0.5 and 3; 0 and NaN are not known
    value.backward()
    assert forecasts.grad.flatten().tolist() == pytest.approx([-0.25, 0, 0, 0.5])
    assert loss(forecasts[:, :0], targets[:, :0]).item() == 0


def test_a_shuffled_graph_has_the_same_weights_elsewhere(small):
    road = series()
    plain, other = (forecasting.build(dataclasses.replace(TINY, graph=graph), SMALL, road, seed=1).state_dict()
                    ["blocks.0.spatial.basis"] for graph in ("road", "shuffled"))
    assert torch.allclose(plain.flatten().sort().values, other.flatten().sort().values, atol=1e-6) and not torch.equal(plain, other)


@pytest.mark.parametrize(("name", "split"), [("pemsd7m", "days"), ("metr_la", "windows")])
def test_the_published_recipes_run_in_their_protocol(monkeypatch, tmp_path, name, split):
    road = series(10)
    dead = np.random.default_rng(0).random(road.values.shape) < (0.1 if name == "metr_la" else 0)
    values = np.where(dead, 0, road.values)
    road = dataclasses.replace(road, values=values, split=split, null_value=0.0 if name == "metr_la" else None)
    recipe = FORECASTS[name]
    brief = {variant: dataclasses.replace(setup, epochs=1, channels=((4, 4, 4),)) for variant, setup in recipe.variants.items()}
    monkeypatch.setitem(FORECASTS, name, dataclasses.replace(recipe, variants=brief))
    monkeypatch.setattr(forecasting, "load", lambda name: road)
    results = recipes.load_results(recipes.reproduce(name, 1, "cpu", tmp_path, progress=False))
    assert [row["variant"] for row in results["runs"]] == ["last value", "linear, two hops", "sandwich"]
    [(train, test)] = forecasting.folds(recipe, road)
    assert np.array_equal(train, road.starts(*recipe.windows)["train"]) and results["runs"][0]["windows"] == len(test)
    for row in results["runs"]:
        assert np.isfinite(row["step"]["mae"] + row["step"]["mape"]).all() and len(row["step"]["mae"]) == recipe.windows[1]
    table = recipes.beside(name, tmp_path / "results")
    assert "not run here" not in table and table.count(", us |") == 3


def test_the_published_rows_stand_beside_an_empty_one(tmp_path, small, monkeypatch):
    for name, found in recipes.PUBLISHED.items():
        text = recipes.beside(name, tmp_path)
        assert text.count("not run here") == 3 and f"reproduce {name}" in text
        assert all(len(row) == 4 and all(len(triple) == 3 for triple in row[1:]) for row in found["rows"].values())
    path = recipes.reproduce("small", 1, "cpu", tmp_path, progress=False)
    path.rename(tmp_path / "metr_la.json")
    monkeypatch.setitem(recipes.PUBLISHED, "metr_la", recipes.PUBLISHED["metr_la"] | {"minutes": (30, 60)})
    text = recipes.beside("metr_la", tmp_path)
    assert "not run here" not in text and "| sandwich, us | mean of 1 |" in text
    with pytest.raises(ValueError, match="'pemsd7m', 'metr_la'|pemsd7m, metr_la"):
        recipes.beside("los_loop")


def test_the_command_prints_a_table(small, tmp_path, capsys):
    assert main(["reproduce", "small", "--seeds", "1", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "RMSE and MAE in mph at the step, scored on the test windows" in out and "90 min" in out and "sandwich" in out
    assert main(["reproduce"]) == 0 and "los_loop_graphs" in capsys.readouterr().out
