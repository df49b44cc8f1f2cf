r"""The forecasts of the traffic sandbox: what they are, the stored run that they come from, and the sandbox without its page.

Four ways to say how fast a cell v of the ring road will be h = 1 ... 6 records (5 to 30 minutes) from now. x is the speed, f = 100
km/h the free speed, and m the historical mean, one number for each cell and quarter of an hour of the training days:

    last value            y(t + h, v) = x(t, v)
    historical mean       y(t + h, v) = m(t + h, v)
    linear, own sensor    y(t + h, v) = f + b_h + c_h (m(t + h, v) - f) + sum_l w_hl (x(t - l, v) - f)
    linear on the graph   y(t + h, v) = f + b_h + c_h (m(t + h, v) - f) + sum_l sum_k w_hlk (x(t - l, v + k) - f)

with l = 0, 1, 2 records back, cut to what the road allows, 0 to f. Every cell has the same weights, so the last one is a filter on
the graph: k = -2 ... 10 counts hops in the driving direction, and x(t, v + k) is what A^k brings from there. The wave of a jam runs
back ten cells in half an hour: so k goes to 10.

`python -m stgcn_lib reproduce ring` fits them again, in some minutes.
"""

import json
from pathlib import Path

import numpy as np

from ..data.traffic import RingRoad, simulate
from ..data.traffic.simulate import RECORD, STEP
from ..metrics import masked_mae
from .results import LIBRARY, provenance, write

PATH = LIBRARY / "results" / "ring.json"
HORIZON, LAGS = 6, 3  # records
GRAPH, OWN = tuple(range(-2, 11)), (0,)  # hops in the driving direction
QUARTER = 3  # records in a quarter of an hour, the step of the historical mean
PAST, SCORED = 24, 12  # records before the sandbox opens; records that its scores cover
TRAINING = dict(days=26, accidents=1.0, faults=0.0)  # from a Monday to the fourth Friday
FREE = 100.0  # km/h
SEEDS, VALIDATION, TEST = (0, 1, 2), 10, 20
STRENGTHS = (1e-6, 1e-5, 1e-4, 1e-3)


def forecast(model, table, history, row):
    """What one forecaster says at one moment.

    Args:
        model: an entry of "forecasters" in `load()`: "kind" is "last", "daily" or "linear"; a linear one has "hops" (K,), "bias" b
            (H,), "mean" c (H,) and "weights" w (H, LAGS, K), the newest record first.
        table: (96, V) historical mean in km/h for each quarter of an hour.
        history: (at least LAGS, V) records in km/h, the newest last.
        row: which record of the day the newest one is, 0 to 287.

    Returns:
        (H, V) speeds in km/h, 5 to 30 minutes after the newest record.

    Raises:
        ValueError: the kind is unknown, or the history too short.
    """
    history, table = np.asarray(history, dtype=float), np.asarray(table, dtype=float)
    if len(history) < LAGS:
        raise ValueError(f"history has {len(history)} records, expected at least {LAGS}")
    if model["kind"] == "last":
        return np.repeat(history[-1:], HORIZON, axis=0)
    usual = lambda r: table[r % (QUARTER * len(table)) // QUARTER]  # noqa: E731
    ahead = usual(row + 1 + np.arange(HORIZON))  # (H, V)
    if model["kind"] == "daily":
        return ahead
    if model["kind"] != "linear":
        raise ValueError(f"kind is {model['kind']!r}, expected 'last', 'daily' or 'linear'")
    below = history[::-1][:LAGS] - FREE  # (LAGS, V)
    sent = np.stack([np.roll(below, -k, axis=1) for k in model["hops"]])  # (K, LAGS, V): v hears v + k
    forecasts = np.einsum("hlk,klv->hv", np.asarray(model["weights"]), sent)
    forecasts += FREE + np.asarray(model["bias"])[:, None] + np.asarray(model["mean"])[:, None] * (ahead - FREE)
    return np.clip(forecasts, 0, FREE)


def load(path=PATH):
    """The stored run: a dict with "road" (arguments of the ring), "table" (96, 40), "forecasters" and "runs", the scores."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def play(events=(), records=24, hour=12, filled=False, run=None):
    """The traffic sandbox without its page: the same road, the same forecasts, the same scores.

    Args:
        events: (step, what, cell, how much) in the order of the steps, 30 seconds each, from the opening on: "accident" with its
            minutes (0 clears it), "lane" with True where a lane is closed, "sensor" with True where it is switched off.
        records: how many records of five minutes after the opening.
        hour: time of day when the sandbox opens, 2 to 24. Two hours of records have been made before.
        filled: whether the forecasters are given the last known speed of a sensor that is off, instead of its 0.
        run: what `load` gives.

    Returns:
        dict: "speed", "flow", "density" and "recorded" (the speeds with a 0 where a sensor is off), each (24 + records, V);
        "forecasts" {name: (24 + records, H, V)}, made after each record, NaN for the first two; "scores" {name: (2, H)}, mean
        absolute errors in km/h over the last 12 records, masked and unmasked.
    """
    run = run or load()
    events, settings = sorted(events, key=lambda event: event[0]), run["road"]
    road = RingRoad(hour=hour - PAST * RECORD / 3600, entries=dict(settings["entries"]), exits=dict(settings["exits"]))
    off = np.zeros(len(road.density), dtype=bool)
    rows, recorded, known, forecasts = [], [], [], {model["name"]: [] for model in run["forecasters"]}
    steps = round(RECORD / STEP)
    for i in range(PAST + records):
        row = round(road.time / RECORD)  # the record that now begins
        flow, density = np.zeros((2, len(off)))
        for step in range((i - PAST) * steps, (i - PAST + 1) * steps):
            while events and events[0][0] == step:
                _, what, cell, value = events.pop(0)
                if what == "sensor":
                    off[cell] = value
                else:
                    {"accident": road.accident, "lane": road.close_lane}[what](cell, value)
            density += road.density / steps
            flow += road.step() / steps
        speed = np.where(density > 1e-9, flow / np.maximum(density, 1e-9), road.diagram.free_speed)
        rows.append((speed, flow, density))
        recorded.append(np.where(off, 0, speed))
        known.append(np.where(off, known[-1], speed) if known else recorded[-1])
        for model in run["forecasters"]:
            enough = len(recorded) >= LAGS
            forecasts[model["name"]].append(
                forecast(model, run["table"], (known if filled else recorded)[-LAGS:], row) if enough
                else np.full((HORIZON, len(off)), np.nan))
    speed, flow, density = np.array(rows).transpose(1, 0, 2)  # each (24 + records, V)
    recorded, forecasts = np.array(recorded), {name: np.array(made) for name, made in forecasts.items()}
    last = np.arange(len(recorded) - SCORED, len(recorded))
    scores = {name: np.array([[float(masked_mae(made[last - h, h - 1], recorded[last], null)) for h in range(1, HORIZON + 1)]
                              for null in (0.0, None)]) for name, made in forecasts.items()}
    return {"speed": speed, "flow": flow, "density": density, "recorded": recorded, "forecasts": forecasts, "scores": scores}


def reproduce(folder=LIBRARY):
    """Simulate the ring road, fit the linear forecasts, score all four on weeks that they have not seen, and write `ring.json`.

    Three training sets of four working weeks (seeds 0, 1, 2), one more for the strength of the ridge (seed 10), one for the test
    (seed 20).

    Args:
        folder: where "results/ring.json" goes.

    Returns:
        Path of the file.
    """
    validation, test = (_working_days(seed) for seed in (VALIDATION, TEST))
    runs, stored = [], None
    for seed in SEEDS:
        training = _working_days(seed)
        table = np.round(training[0].reshape(len(training[0]) // 288, 288 // QUARTER, QUARTER, -1).mean((0, 2)), 1)  # (96, V)
        models = [{"name": "last value", "kind": "last"}, {"name": "historical mean", "kind": "daily"}]
        for name, hops in (("linear, own sensor", OWN), ("linear on the graph", GRAPH)):
            fitted = [_fit(name, training, table, hops, strength) for strength in STRENGTHS]
            models.append(min(fitted, key=lambda model: _score(model, table, validation)["rmse"][-1]))
        runs += [{"variant": model["name"], "seed": seed, **_score(model, table, test), "strength": model.get("strength"),
                  "made": provenance("cpu")} for model in models]
        stored = stored or {"table": table.tolist(), "forecasters": models}
    road = RingRoad(hour=0)
    head = {
        "name": "ring", "what": "Speeds of a simulated ring road, 5 to 30 minutes ahead, km/h.",
        "split": f"training on the working days of four weeks each (seeds {SEEDS}), strength chosen on seed {VALIDATION}, "
                 f"test on seed {TEST}",
        "data": {"name": "simulate('ring')", "licence": "CC0-1.0", **TRAINING},
        "road": {"cells": len(road.density), "entries": [*road.entries.items()], "exits": [*road.exits.items()],
                 "profile": road.profile, "ramp": road.ramp, "length": road.length, "free_speed": road.diagram.free_speed,
                 "capacity": road.diagram.capacity, "jam_density": road.diagram.jam_density, "accident": road.ACCIDENT,
                 "lane_closed": road.LANE_CLOSED},
        **stored}
    path = Path(folder) / "results" / "ring.json"
    write(path, head, runs)
    return path


def _working_days(seed):
    """Records (T, V) of the Mondays to Fridays of four weeks, and True (T,) where a window may begin: it must not reach across a
    weekend."""
    series = simulate("ring", seed=seed, **TRAINING)
    work = series.weekday() < 5
    own = np.arange(work.sum())
    together = np.diff(np.flatnonzero(work), append=0) == 1  # to the next row
    whole = np.array([together[t:t + LAGS + HORIZON - 1].all() and t + LAGS + HORIZON <= len(own) for t in own])
    return series.values[work].astype(float), whole


def _windows(days, table):
    """Speeds less the free speed: (N, LAGS, V) seen, newest first; (N, H, V) to come; (N, H, V) their historical mean."""
    values, whole = days
    starts = np.flatnonzero(whole)
    usual = np.tile(np.repeat(table, QUARTER, axis=0), (len(values) // 288, 1))  # (T, V)
    ahead = starts[:, None] + LAGS + np.arange(HORIZON)
    return (values[starts[:, None] + LAGS - 1 - np.arange(LAGS)] - FREE, values[ahead] - FREE, usual[ahead] - FREE)


def _fit(name, days, table, hops, strength):
    """Ridge regression for each step ahead, one set of weights for all cells; rounded to what is stored."""
    seen, ahead, usual = _windows(days, table)
    sent = np.stack([np.roll(seen, -k, axis=2) for k in hops], axis=2)  # (N, LAGS, K, V)
    sent = sent.transpose(0, 3, 1, 2).reshape(-1, LAGS * len(hops))  # (N V, LAGS K)
    model = {"name": name, "kind": "linear", "hops": list(hops), "strength": strength, "bias": [], "mean": [], "weights": []}
    for h in range(HORIZON):
        f, y = np.column_stack([sent, usual[:, h].ravel()]), ahead[:, h].ravel()
        middle = f.mean(0)
        gram = (f - middle).T @ (f - middle) / len(f)
        ridge = strength * np.trace(gram) / len(gram) * np.eye(len(gram))
        weights = np.linalg.solve(gram + ridge, (f - middle).T @ (y - y.mean()) / len(f))
        model["bias"].append(round(float(y.mean() - middle @ weights), 5))
        model["mean"].append(round(float(weights[-1]), 5))
        model["weights"].append(weights[:-1].reshape(LAGS, len(hops)).round(5).tolist())
    return model


def _score(model, table, days):
    """MAE and RMSE in km/h at each step ahead, over all cells."""
    seen, ahead, usual = _windows(days, table)
    if model["kind"] == "last":
        made = np.repeat(seen[:, :1], HORIZON, axis=1)
    elif model["kind"] == "daily":
        made = usual
    else:
        sent = np.stack([np.roll(seen, -k, axis=2) for k in model["hops"]])  # (K, N, LAGS, V)
        made = np.einsum("hlk,knlv->nhv", np.asarray(model["weights"]), sent, optimize=True)  # (N, H, V)
        made = np.clip(made + np.asarray(model["bias"])[:, None] + np.asarray(model["mean"])[:, None] * usual, -FREE, 0)
    error = made - ahead
    return {"mae": np.abs(error).mean((0, 2)).round(4).tolist(), "rmse": np.sqrt((error ** 2).mean((0, 2))).round(4).tolist()}
