"""Scores of forecasts: by which mask, at which horizon, in which unit."""

import operator
from dataclasses import dataclass

import torch

HOW = ("step", "cumulative", "average")


def masked_mae(prediction, target, null_value=0.0):
    """Mean absolute error over the entries whose target is known.

    ``sum m |prediction - target| / sum m`` with ``m = 0`` where the target is missing and 1 elsewhere. The code of DCRNN
    writes the same as the mean of ``m / mean(m) |prediction - target|``. With every target missing the score is 0.
    Scale predictions and targets back to their units first: a missing 0 is no longer 0 once it is scaled.

    Args:
        prediction: tensor or array, in the units of `target`.
        target: tensor or array of the same shape.
        null_value: the number that means "no measurement". NaN in `target` always does. None: no number does, the
            unmasked score of the STGCN authors, in which a dead sensor counts as a car that stands still.

    Returns:
        tensor without axes, differentiable in `prediction`.

    Raises:
        ValueError: the shapes differ, the target is empty, or a prediction is not finite where its target is known.

    Paper: Li, Yu, Shahabi and Liu, Diffusion convolutional recurrent neural network, ICLR 2018, appendix E.2.
    """
    error, _, known = _errors(prediction, target, null_value)
    return error.abs().sum() / known.sum().clamp(min=1)


def masked_rmse(prediction, target, null_value=0.0):
    """Root of the mean squared error over the entries whose target is known: large misses weigh more than in the MAE.

    ``sqrt(sum m (prediction - target)^2 / sum m)``; arguments, result and errors as in `masked_mae`.
    """
    error, _, known = _errors(prediction, target, null_value)
    square = error.square().sum() / known.sum().clamp(min=1)
    return square.sqrt() if square > 0 else square  # the root has no finite slope at 0


def masked_mape(prediction, target, null_value=0.0):
    """Mean absolute error in parts of the target, a fraction: 0.05 is 5 per cent.

    ``sum m |prediction - target| / |target| / sum m``; arguments and result as in `masked_mae`. Unmasked
    (`null_value` None) the divisor is ``|target| + 1e-5`` as in the code of the STGCN authors, so that a single target
    of 0 outweighs all others: the reason why this score wants a mask.

    Raises:
        ValueError: as in `masked_mae`; or a known target is 0 and `null_value` is a number other than 0.
    """
    error, target, known = _errors(prediction, target, null_value)
    size = target.abs()
    if null_value is None:
        size = size + 1e-5
    elif (known & (size == 0)).any():
        raise ValueError(f"target holds 0 at {int((known & (size == 0)).sum())} of its entries and null_value is "
                         f"{null_value}, expected no known target of 0, of which no error is a fraction: pass "
                         "null_value=0.0 if 0 means missing, or use masked_mae")
    return (error.abs() / size.masked_fill(~known, 1.0)).sum() / known.sum().clamp(min=1)


def forecast_table(forecasts, target, steps=(3, 6, 9, 12), how="step", null_value=0.0, step_minutes=5,
                   units="the units of the target"):
    """MAE, RMSE and MAPE of several forecasts of the same target, with the convention in the first line.

    Three conventions of the field give three numbers for one forecast of H steps:

    * ``"step"``: the entries of step h alone, ``forecast[:, h - 1]`` (the tables of DCRNN and its descendants).
    * ``"cumulative"``: the entries of steps 1 to h in one pool, ``forecast[:, :h]``.
    * ``"average"``: the scores of the steps 1 to h, each taken alone, then their mean.

    Errors grow with the horizon, so the last two are lower than the first. The last two differ in the RMSE, because
    the mean of roots is not the root of the mean, and where the mask takes more from one step than from another.

    Args:
        forecasts: ``{name: (N, H, V) tensor or array}``: N moments, H steps ahead, V sensors; in units, not scaled.
        target: (N, H, V) what was measured.
        steps: which h to score, counted from 1.
        how: ``"step"``, ``"cumulative"`` or ``"average"``.
        null_value: what marks a missing target, None for no mask; see `masked_mae`.
        step_minutes: minutes from one step to the next.
        units: what to call the units of MAE and RMSE, such as ``"mph"``.

    Returns:
        ForecastTable

    Raises:
        ValueError: a forecast has another shape than the target, a step is beyond H, or `how` is unknown.
    """
    if how not in HOW:
        raise ValueError(f"how is {how!r}, expected one of {', '.join(map(repr, HOW))}")
    if not hasattr(forecasts, "items") or not forecasts:
        raise ValueError(f"forecasts is {_short(forecasts)}, expected a dictionary {{name: (N, H, V) forecast}} with at "
                         "least one entry")
    if not step_minutes > 0:
        raise ValueError(f"step_minutes is {step_minutes!r}, expected a positive number of minutes")
    target = _tensor(target)
    if target.dim() != 3 or target.numel() == 0:
        raise ValueError(f"target has shape {tuple(target.shape)}, expected (N, H, V): moments, steps ahead, sensors, "
                         "none of them 0; one forecast alone is target[None]")
    steps = _steps(steps, target.shape[1])
    rows = []
    for name, forecast in forecasts.items():
        forecast = _tensor(forecast)
        if forecast.shape != target.shape:
            raise ValueError(f"forecasts[{name!r}] has shape {tuple(forecast.shape)}, the target {tuple(target.shape)}: "
                             "expected the same (N, H, V); was an axis squeezed, or does the horizon differ?")
        for step in steps:
            if how == "average":
                parts = [slice(h, h + 1) for h in range(step)]
            else:
                parts = [slice(0 if how == "cumulative" else step - 1, step)]
            scores = {key: sum(float(score(forecast[:, part], target[:, part], null_value)) for part in parts) / len(parts)
                      for key, score in (("mae", masked_mae), ("rmse", masked_rmse), ("mape", masked_mape))}
            rows.append({"name": str(name), "step": step, "minutes": step * step_minutes, **scores})
    missing = 1 - float(_known(target, null_value).double().mean())
    return ForecastTable(rows, how, null_value, missing, str(units))


@dataclass(frozen=True, repr=False)
class ForecastTable:
    """Scores of forecasts as `forecast_table` makes them. Printed, its first line says what the numbers mean.

    Attributes:
        rows: one dictionary for each forecast and step: name, step, minutes, mae, rmse, mape (a fraction).
        how: ``"step"``, ``"cumulative"`` or ``"average"``.
        null_value: the number that marks a missing target, or None.
        missing: the fraction of targets that no score counts.
        units: of MAE and RMSE.
    """

    rows: list
    how: str
    null_value: float | None
    missing: float
    units: str

    @property
    def heading(self):
        """Horizon, mask and units in one sentence."""
        horizon = {"step": "At the step alone", "cumulative": "All steps up to the one named, pooled",
                   "average": "Mean of the scores of all steps up to the one named"}[self.how]
        if self.null_value is None:
            mask = "not masked" + f", but for {self.missing:.1%} of targets that are NaN" * (self.missing > 0)
        else:
            mask = f"targets that are {self.null_value:g} or NaN left out ({self.missing:.1%} of them)"
        return f"{horizon}; {mask}; MAE and RMSE in {self.units}, MAPE in per cent."

    def _cells(self):
        """Rows of strings, one horizon after the other, under their header."""
        yield ["minutes", "step", "forecast", "MAE", "RMSE", "MAPE"]
        for row in sorted(self.rows, key=lambda row: row["step"]):  # stable: forecasts stay in the order given
            yield [f"{row['minutes']:g}", str(row["step"]), row["name"], f"{row['mae']:.2f}", f"{row['rmse']:.2f}",
                   f"{100 * row['mape']:.2f}"]

    def __str__(self):
        cells = list(self._cells())
        width = [max(len(line[i]) for line in cells) for i in range(6)]
        lines = ["  ".join(cell.ljust(w) if i == 2 else cell.rjust(w)
                           for i, (cell, w) in enumerate(zip(line, width, strict=True))) for line in cells]
        return "\n".join([self.heading, "", *lines])

    __repr__ = __str__

    def _repr_markdown_(self):
        header, *body = (["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in self._cells()])
        return "\n".join([self.heading, "", header, "|---:|---:|:---|---:|---:|---:|", *body])


def _tensor(values):
    return values if isinstance(values, torch.Tensor) else torch.tensor(values)  # a copy: arrays may be read-only


def _known(target, null_value):
    known = ~torch.isnan(target)
    return known if null_value is None else known & (target != null_value)


def _errors(prediction, target, null_value):
    """Errors (0 where the target is missing), targets, and where they are known."""
    prediction, target = _tensor(prediction), _tensor(target)
    if prediction.shape != target.shape:
        raise ValueError(f"prediction has shape {tuple(prediction.shape)}, target {tuple(target.shape)}: expected the "
                         "same; an axis of length 1 would otherwise be spread over all sensors without a word")
    if target.numel() == 0:
        raise ValueError(f"target has shape {tuple(target.shape)} and no entry, expected at least one: is the series "
                         "shorter than one window?")
    dtype = torch.promote_types(torch.promote_types(prediction.dtype, target.dtype), torch.float32)
    prediction, target = prediction.to(dtype), target.to(dtype)
    known = _known(target, null_value)
    bad = known & ~(torch.isfinite(prediction) & torch.isfinite(target))
    if bad.any():
        which = "prediction" if not torch.isfinite(prediction[bad]).all() else "target"
        raise ValueError(f"{which} is NaN or infinite at {int(bad.sum())} of {int(known.sum())} known targets, the first "
                         f"at {tuple(bad.nonzero()[0].tolist())}, expected finite numbers: did training diverge, or a "
                         "scaler divide by 0?")
    # chosen before anything is done with it: the slope of a NaN times 0 would be NaN
    return torch.where(known, prediction - target, torch.zeros((), dtype=dtype, device=target.device)), target, known


def _steps(steps, horizon):
    try:
        steps = [operator.index(step) for step in steps]
    except TypeError:
        raise ValueError(f"steps is {steps!r}, expected whole numbers of steps such as (3, 6, 9, 12)") from None
    if not steps or len(set(steps)) < len(steps):
        raise ValueError(f"steps is {steps}, expected at least one step, each once")
    for step in steps:
        if not 1 <= step <= horizon:
            raise ValueError(f"steps holds {step}, expected 1 to {horizon} because the forecasts reach {horizon} steps "
                             "ahead; steps count from 1")
    return steps


def _short(value):
    text = repr(value)
    return text if len(text) < 60 else f"{type(value).__name__}"
