"""The stored forecasts of the ring road: scores, formula, and the sandbox without its page."""

import json
import re

import numpy as np
import pytest

from stgcn_lib.data.traffic import RingRoad
from stgcn_lib.graphs import ring_road
from stgcn_lib.recipes import ring


def model(name, run=None):
    return next(one for one in (run or ring.load())["forecasters"] if one["name"] == name)


def test_the_stored_run_is_whole():
    run = ring.load()
    road = RingRoad(hour=0)
    assert run["name"] == "ring" and run["road"]["cells"] == len(road.density) == np.shape(run["table"])[1]
    assert np.shape(run["table"]) == (96, 40) and np.min(run["table"]) > 0 and np.max(run["table"]) < 105
    assert dict(run["road"]["entries"]) == road.entries and dict(run["road"]["exits"]) == road.exits
    assert tuple(run["road"]["profile"]) == road.profile and run["road"]["ramp"] == road.ramp
    assert ring.PATH.stat().st_size < 60_000
    for row in run["runs"]:
        assert re.fullmatch(r"[0-9a-f]{12}", row["made"]["commit"]), "made from files that were not committed"
    names = [one["name"] for one in run["forecasters"]]
    assert names == ["last value", "historical mean", "linear, own sensor", "linear on the graph"]
    assert [(row["variant"], row["seed"]) for row in run["runs"]] == [(name, seed) for seed in ring.SEEDS for name in names]


def test_the_graph_is_worth_something():
    """At every step the neighbours lower the error of every seed below that of every seed without them."""
    scores = {}
    for row in ring.load()["runs"]:
        scores.setdefault(row["variant"], []).append((row["mae"], row["rmse"]))
    graph, own = np.array(scores["linear on the graph"]), np.array(scores["linear, own sensor"])  # (seeds, 2, H)
    assert (graph.max(0) < own.min(0)).all()
    assert (graph.max(0)[1] < np.array(scores["last value"]).min(0)[1]).all()


def test_a_linear_forecast_is_the_sum_that_its_formula_says():
    run, chance = ring.load(), np.random.default_rng(0)
    linear, table, history, row = model("linear on the graph", run), run["table"], chance.uniform(40, 90, (3, 40)), 286
    made = ring.forecast(linear, table, history, row)
    for h, v in ((0, 0), (2, 17), (5, 39)):
        total = 100 + linear["bias"][h] + linear["mean"][h] * (table[(row + 1 + h) % 288 // 3][v] - 100)
        for lag in range(3):
            for k, hops in enumerate(linear["hops"]):
                u = (v + hops) % 40
                total += linear["weights"][h][lag][k] * (history[2 - lag, u] - 100)
        assert made[h, v] == pytest.approx(min(100, max(0, total)), abs=1e-9)
    # the hops are steps on the graph: ring_road joins each cell to the next
    assert {(i, (i + 1) % 40) for i in range(40)} <= set(ring_road().edges)


def test_forecasts_turn_with_the_ring():
    run, chance = ring.load(), np.random.default_rng(1)
    table, history = chance.uniform(50, 100, (96, 40)), chance.uniform(5, 100, (5, 40))
    for one in run["forecasters"]:
        turned = ring.forecast(one, np.roll(table, 7, axis=1), np.roll(history, 7, axis=1), 100)
        assert turned == pytest.approx(np.roll(ring.forecast(one, table, history, 100), 7, axis=1))
    assert (ring.forecast(model("last value"), table, history, 0) == history[-1]).all()
    assert (ring.forecast(model("historical mean"), table, history, 287)[[0, 2, 3]] == table[[0, 0, 1]]).all()


def test_no_forecast():
    run = ring.load()
    with pytest.raises(ValueError, match="expected at least 3"):
        ring.forecast(model("last value"), run["table"], np.ones((2, 40)), 0)
    with pytest.raises(ValueError, match="expected 'last'"):
        ring.forecast({"kind": "oracle"}, run["table"], np.ones((3, 40)), 0)


# ---- the sandbox ------------------------------------------------------------------------------------------------------------

def test_the_sandbox_drives_the_ring_road():
    played = ring.play([(20, "accident", 12, 30), (45, "lane", 30, True)], records=8, hour=8)
    road = RingRoad(hour=6)
    speeds = []
    for i in range(32):
        if i == 26:
            road.accident(12)
        if i == 28:
            for _ in range(5):
                road.step()
            road.close_lane(30)
            for _ in range(5):
                road.step()
            speeds.append(None)
            continue
        speeds.append(road.record()[0])
    for i, speed in enumerate(speeds):
        if speed is not None:
            assert played["speed"][i] == pytest.approx(speed)
    assert played["recorded"] == pytest.approx(played["speed"])  # all sensors work


def test_what_a_dead_sensor_does_to_the_scores():
    quiet = ring.play(records=12, hour=3)
    dead = ring.play([(0, "sensor", v, True) for v in range(4)], records=18, hour=3)
    assert (dead["recorded"][24:, :4] == 0).all() and (dead["recorded"][24:, 4:] > 90).all()
    last, usual = dead["scores"]["last value"], dead["scores"]["historical mean"]
    assert quiet["scores"]["last value"] == pytest.approx(0, abs=1e-6)
    assert last[:, 5] == pytest.approx(0, abs=1e-6)  # it said 0, and 0 was written down: no error, unmasked as masked
    assert usual[0].max() < 2 and usual[1] == pytest.approx(usual[0] * 0.9 + 0.1 * 99, abs=0.6)  # who is right, pays
    linear = dead["scores"]["linear on the graph"][0].max()
    filled = ring.play([(0, "sensor", v, True) for v in range(4)], records=18, hour=3, filled=True)
    assert filled["scores"]["linear on the graph"][0].max() < 1 < linear  # zeros that are fed reach the neighbours


def test_an_accident_is_missed_first_and_then_the_error_travels_upstream():
    played = ring.play([(0, "accident", 25, 30)], records=18, hour=12)
    error = np.abs(played["forecasts"]["last value"][24 - 3:-3, 2] - played["speed"][24:])  # 15 minutes before, (records, V)
    assert error[0, 25] > 30 and error[0, :22].max() < 5
    worst = [int(row[10:26].argmax()) + 10 for row in error[:10]]
    assert worst[0] >= 24 and worst[7] < 22 and error[:6, 27:38].max() < 15


def test_reproduce_writes_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(ring, "TRAINING", dict(days=3, accidents=20.0, faults=0.0))
    monkeypatch.setattr(ring, "SEEDS", (0, 0))
    path = ring.reproduce(tmp_path)
    run = json.loads(path.read_text())
    assert path == tmp_path / "results" / "ring.json" and not list(path.parent.glob("*.part"))
    assert set(run) == set(ring.load()) and len(run["runs"]) == 8 and run["forecasters"][3]["hops"] == list(range(-2, 11))
    assert run["runs"][3]["rmse"][-1] < run["runs"][0]["rmse"][-1]
    assert run["runs"][:4] == run["runs"][4:]  # the same seed gives the same numbers


def test_windows_do_not_reach_over_a_weekend(monkeypatch):
    monkeypatch.setattr(ring, "TRAINING", dict(days=8, accidents=0, faults=0.0))
    values, whole = ring._working_days(0)
    assert values.shape == (6 * 288, 40)
    inside = ring.LAGS + ring.HORIZON
    wanted = [t + inside <= 5 * 288 or 5 * 288 <= t <= 6 * 288 - inside for t in range(6 * 288)]
    assert whole.tolist() == wanted
