"""Experiments on traffic: train or fit one variant, score its forecasts of the days that come after."""

import dataclasses
import time
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from ..data import load, manifest
from ..data.traffic import Scaler, Windows, baselines, table_by_row
from ..metrics import forecast_table, masked_rmse
from ..models import TrafficConvSTGCN, TrafficSTGCN
from ..training import fit, forecast
from .checkpoints import save_forecaster
from .roads import NETWORKS


def folds(recipe, series):
    """What trains and what is scored, as a list of pairs: first rows of windows.

    "test": one pair. Where a series is split by rows, everything before the test trains: the last day before it is worth too much
    to be thrown away once all is chosen. Published protocols keep validation windows out of training, and so do we on those sets.

    "workdays": for choosing without a look at the test. Each workday before the test is held out once, and no window that trains
    touches it.
    """
    found, length = series.starts(*recipe.windows), sum(recipe.windows)
    if recipe.scored_on == "test" and series.split != "rows":
        return [(found["train"], found["test"])]
    before = np.arange(found["test"][0] - length + 1)
    if recipe.scored_on == "test":
        return [(before, found["test"])]
    dates = series.times.astype("datetime64[D]")[before[:, None] + np.arange(length)]  # (windows, rows)
    workdays = [date for date in np.unique(dates) if np.is_busday(date)]
    return [(before[(dates != date).all(axis=1)], before[(dates == date).all(axis=1)]) for date in workdays]


def windows(setup, recipe, series, train, test):
    """What a network trains on and is scored on, as two `Windows`, and the `Scaler` that the training rows gave."""
    rows, day = train[:, None] + np.arange(sum(recipe.windows)), series.weekday()  # (windows, rows)
    seen = np.unique(rows)
    table = None
    if any(name.startswith("table") for name in setup.features):  # as smooth as that of the linear row, if there is one
        table = table_by_row(series, seen, setup.weekdays, setup.linear.get("smooth", 0))
    scaler = Scaler.fit(series.values[seen], null_value=series.null_value)
    train = train[np.isin(day[rows], setup.weekdays).all(axis=1)]
    return *(Windows(series, part, *recipe.windows, setup.features, scaler, table) for part in (train, test)), scaler


def build(setup, recipe, series, seed=0):
    """The network of a `Forecaster`; it takes and gives scaled numbers."""
    weights, (inputs, outputs) = series.graph.adjacency(self_loops=False), recipe.windows
    if setup.graph == "shuffled":  # as many roads, and of the same weights, but between other sensors
        order = torch.from_numpy(np.random.default_rng(seed).permutation(len(weights)))
        weights = weights[order][:, order]
    if setup.model != "sandwich":
        return TrafficSTGCN(weights, outputs, inputs, len(setup.features), dropout=setup.dropout,
                            head="mean" if setup.model.endswith("averaged") else "time")
    return TrafficConvSTGCN(None if setup.graph == "none" else weights, outputs, inputs, len(setup.features), setup.channels,
                            adaptive=setup.adaptive, dropout=setup.dropout, num_nodes=len(weights),
                            from_last=not setup.beyond_linear)


def masked_huber(scaler, null_value=None):
    """Huber's loss on the scaled scale over the targets that are known: squared for small misses, linear for large ones.

    Args:
        scaler: the `Scaler` of the forecasts; targets come in units.
        null_value: the number that means "not known"; NaN always does.

    Returns:
        function of (forecasts, targets), both (N, H, V).

    Paper: Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 1964.
    """
    def loss(forecasts, targets):
        known = ~torch.isnan(targets) if null_value is None else ~torch.isnan(targets) & (targets != null_value)
        scaled = scaler.transform(torch.where(known, targets, 0.0))
        return (nn.functional.huber_loss(forecasts, scaled, reduction="none") * known).sum() / known.sum().clamp(min=1)

    return loss


def run(setup, recipe, series, seed, device="cpu", progress=False):
    """Fit one variant and score its forecasts.

    Args:
        setup: a `Forecaster`.
        recipe: the `Forecasting` it belongs to, for the lengths of a window and for what is scored.
        series: a `TrafficSeries`.
        seed: whole number; the same seed gives the same numbers on the same machine.
        device: where to compute.
        progress: whether to show a bar.

    Returns:
        (dict as in the "runs" of `load_results`, forecasts (N, H, V) in the units of the series, the network on the CPU or None)
    """
    began, model, more, made, targets = time.perf_counter(), None, {}, [], []
    for train, test in folds(recipe, series):
        if setup.model in NETWORKS:
            forecasts, model, more = _network(setup, recipe, series, train, test, seed, device, progress)
        else:
            forecasts = before(setup, recipe, series, train, test)
        made.append(forecasts)
        targets.append(Windows(series, test, *recipe.windows).tensors()[1].numpy())
    made, targets = np.concatenate(made), np.concatenate(targets)  # of all folds together
    scores = {how: _scores(made, targets, how, series.null_value) for how in ("step", "cumulative")}
    return {"windows": len(made), **scores, **more, "seconds": round(time.perf_counter() - began, 1)}, made, model


def before(setup, recipe, series, train, test):
    """Forecasts (N, H, V) of the windows `test` by what needs no network."""
    if setup.model == "last value":
        return baselines.last_value(series, test, *recipe.windows)
    if setup.model == "daily table":
        return baselines.historical_mean(series, test, train, *recipe.windows, weekdays=setup.weekdays)
    return baselines.linear(series, test, train, *recipe.windows, weekdays=setup.weekdays, **setup.linear)


def _network(setup, recipe, series, train, test, seed, device, progress):
    """Forecasts in units, the trained network on the CPU, and what the results hold of it."""
    known, asked, scaler = windows(setup, recipe, series, train, test)
    loss, null = masked_huber(scaler, series.null_value), series.null_value
    torch.manual_seed(seed)
    model = build(setup, recipe, series, seed).to(device)
    if setup.beyond_linear:  # the network is trained on what the best linear row leaves, and its forecasts are added to that row's
        left, base = (torch.from_numpy(before(setup, recipe, series, train, part.starts)).float() for part in (known, asked))
        x, y = known.tensors()
        y = torch.where(y == null, torch.nan, y) if null is not None else y
        known, loss = TensorDataset(x, y - left + float(scaler.mean)), masked_huber(scaler)
    history = _train(model, setup, known, loss, seed, progress, asked if recipe.looks else None, scaler)
    forecasts = scaler.inverse(forecast(model, asked, loss=loss)["forecasts"])
    forecasts = forecasts + base - float(scaler.mean) if setup.beyond_linear else forecasts
    more = {"parameters": sum(p.numel() for p in model.parameters()), "trained_on": len(known),
            "training_loss": [round(row["loss"], 4) for row in history]}
    if recipe.looks:
        more["looks"] = [round(row["validation_loss"], 4) for row in history]
    return forecasts.numpy(), model.cpu(), more


def _scores(forecasts, targets, how, null_value):
    """{"mae": one number a step, "rmse": ..., "mape": ...}"""
    rows = forecast_table({"": forecasts}, targets, range(1, targets.shape[1] + 1), how, null_value).rows
    return {name: [round(row[name], 5) for row in rows] for name in ("mae", "rmse", "mape")}


def _train(model, setup, known, loss, seed, progress, looked_at, scaler):
    """The history of training all epochs of the setup; with `looked_at`, "validation_loss" is the RMSE of its first three steps."""
    def rmse(model, data, loss, batch_size):
        found = forecast(model, data, batch_size=batch_size)
        return {"loss": float(masked_rmse(scaler.inverse(found["forecasts"][:, :3]), found["targets"][:, :3], None))}

    optimizer = torch.optim.AdamW(model.parameters(), setup.learning_rate, weight_decay=setup.weight_decay)
    warm = min(2, setup.epochs - 1)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warm),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setup.epochs - warm)], [warm])
    return fit(model, known, optimizer, setup.epochs, schedule=schedule, loss=loss, batch_size=setup.batch_size, clip_norm=1.0,
               validation=looked_at, judge=rmse, seed=seed, progress=progress)


def plan(recipe, name, seeds, device, folder, progress):
    """What `reproduce` needs to know of an experiment on traffic; the counterpart of `experiment.plan`."""
    series = load(recipe.data)
    head = {"name": name, "what": recipe.what, "split": recipe.split, "scored_on": recipe.scored_on, "windows": recipe.windows,
            "units": series.units, "step_minutes": series.step_minutes, "null_value": series.null_value,
            "data": {"name": recipe.data, "digest": manifest.digest(recipe.data) if recipe.data in manifest.NAMES else None,
                     "licence": series.licence},
            "setups": {variant: dataclasses.asdict(setup) for variant, setup in recipe.variants.items()}}

    def work(made, setup, which):
        result, _, model = run(setup, recipe, series, which["seed"], device, progress)
        result = {**which, **result, "made": made}
        if which == {"variant": recipe.checkpoint, "seed": 0}:
            scaler = windows(setup, recipe, series, *folds(recipe, series)[0])[2]
            save_forecaster(model, folder / "checkpoints" / f"{name}.safetensors", head | {
                "setup": dataclasses.asdict(setup), "scaler": {"mean": float(scaler.mean), "std": float(scaler.std)},
                "sensors": list(series.graph.sensors), "seed": which["seed"], "step": result["step"], "made": made})
        rmse = result["step"]["rmse"]
        return result, "RMSE " + " ".join(f"{rmse[i]:.2f}" for i in range(2, len(rmse), 3)) + f" at every third step of {len(rmse)}"

    return head, [({"variant": variant, "seed": seed}, partial(work, setup=setup, which={"variant": variant, "seed": seed}))
                  for variant, setup in recipe.variants.items() for seed in range(seeds if setup.model in NETWORKS else 1)]
