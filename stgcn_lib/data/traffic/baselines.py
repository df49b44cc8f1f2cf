"""Forecasts without a network. What a network adds is what it does better than the best of these.

Each function returns forecasts (N, H, V) in the units of the series, for windows that start at the rows `starts`: `inputs` rows are
seen, the `outputs` rows after them are forecast. Whatever is fitted is fitted on the windows that start at the rows `train` alone.
Plain numpy in float64, so that a number does not hang on a solver's last digit.
"""

import numpy as np

from .series import check_lengths, daily_table, table_by_row

CHUNK = 64  # windows at a time: all features of all windows at once would fill the memory


def last_value(series, starts, inputs=12, outputs=12):
    """It stays as it is: the last speed that is seen is the forecast for every step.

    A speed that is not known is replaced as in `TrafficSeries.filled`.
    """
    seen = series.filled()[_rows(series, starts, inputs, outputs)[:, inputs - 1]]  # (N, V)
    return np.repeat(seen[:, None].astype(np.float64), outputs, axis=1)  # (N, V) -> (N, H, V)


def historical_mean(series, starts, train, inputs=12, outputs=12, weekdays=None):
    """It is as always at this time of day: the mean of the training rows, whatever is seen.

    Args:
        weekdays: which days of the week the mean is taken over, Monday 0; None: all.
    """
    table = daily_table(series, np.unique(_rows(series, train, inputs, outputs)), weekdays)
    return table[series.step_of_day[_rows(series, starts, inputs, outputs)[:, inputs:]]]


def linear(series, starts, train, inputs=12, outputs=12, strength=1e-3, hops=0, harmonics=0, table=None, smooth=0,
           weekdays=None, per_sensor=False):
    r"""Ridge regression: each forecast is a weighted sum of what is known at the time.

    For standardised features f and n training samples, the weights of the forecast h steps ahead are

    .. math:: w_h = (F^T F / n + \text{strength} \cdot I)^{-1} F^T y_h / n

    A sample is one sensor in one window; one with an unknown target is left out. An unknown input is replaced as in
    `TrafficSeries.filled`.

    Args:
        strength: of the ridge, above 0; `choose_strength` picks one on the validation windows.
        hops: how many times the speeds are passed along the roads: 1 adds the weighted mean of the senders, 2 also the mean of
            their means, each at all input rows. The weights are those of ``series.graph``, each row divided by its sum.
        harmonics: adds sines and cosines of the time of day, up to this many periods a day.
        table: "daily" adds `daily_table` at all input rows and all target rows; "others" adds `table_by_row`, in which no training
            row is told about itself. Both are fitted on the rows of the training windows.
        smooth: of the table, see `daily_table`.
        weekdays: days of the week, Monday 0; only training windows wholly on these days count, and only these days make up the
            table. None: all.
        per_sensor: True for own weights for each sensor, else all sensors share theirs.

    Returns:
        (N, H, V) forecasts.

    Raises:
        ValueError: for a strength that is not positive, an unknown table, hops without a graph, or no training sample.
    """
    if not strength > 0:
        raise ValueError(f"strength is {strength}, expected a number above 0: features that say the same need it")
    if table not in (None, "daily", "others"):
        raise ValueError(f"table is {table!r}, expected None, 'daily' or 'others'")
    if hops and series.graph is None:
        raise ValueError(f"hops is {hops}, but the series {series.name!r} has no graph to pass speeds along")
    rows, windows = _rows(series, starts, inputs, outputs), _rows(series, train, inputs, outputs)
    if weekdays is not None:
        windows = windows[np.isin(series.weekday()[windows], list(weekdays)).all(1)]
    targets, known = series.filled().astype(np.float64), series.mask
    seen = np.unique(windows)
    if not known[seen].any():
        raise ValueError("no known value is in the training windows" + " on these weekdays" * (weekdays is not None))
    mean, std = targets[seen][known[seen]].mean(), targets[seen][known[seen]].std() or 1.0
    targets = (targets - mean) / std

    columns = [(part, inputs) for part in _passed_on(series, targets, hops)]  # each (T, V), and how many rows of a window count
    if table:
        if table == "daily":
            expected = daily_table(series, seen, weekdays, smooth)[series.step_of_day]
        else:
            expected = table_by_row(series, seen, weekdays, smooth)
        columns.append(((expected - mean) / std, inputs + outputs))
    angle = 2 * np.pi * series.time_of_day()[:, None] * np.arange(1, harmonics + 1)
    clock = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)  # (T, 2 harmonics)

    def features(rows):
        """(n, V, F) of n windows."""
        parts = [part[rows[:, :length]].transpose(0, 2, 1) for part, length in columns]  # (n, rows, V) -> (n, V, rows)
        now = np.repeat(clock[rows[:, inputs]][:, None], targets.shape[1], axis=1)  # (n, 2 harmonics) -> (n, V, 2 harmonics)
        return np.concatenate([*parts, now], axis=2)

    weights, offset = _ridge(features, windows, targets, known, inputs, strength, per_sensor)
    forecasts = np.empty((len(rows), outputs, targets.shape[1]))
    for i in range(0, len(rows), CHUNK):
        scaled = np.matmul(features(rows[i:i + CHUNK])[:, :, None], weights)[:, :, 0] + offset  # (n, V, F) -> (n, V, H)
        forecasts[i:i + CHUNK] = scaled.transpose(0, 2, 1) * std + mean  # (n, V, H) -> (n, H, V)
    return forecasts


def choose_strength(series, strengths=(1e-4, 1e-3, 1e-2, 1e-1), inputs=12, outputs=12, **recipe):
    """The ridge strength with the smallest error on the validation windows; the test is not looked at.

    Args:
        strengths: to choose from.
        recipe: the other arguments of `linear`.

    Returns:
        the strength, and a dict of the RMSE over all steps and sensors for each.
    """
    parts = series.starts(inputs, outputs)
    rows = _rows(series, parts["validation"], inputs, outputs)[:, inputs:]
    known, errors = series.mask[rows], {}
    for strength in strengths:
        forecasts = linear(series, parts["validation"], parts["train"], inputs, outputs, strength, **recipe)
        errors[strength] = float(np.sqrt(np.mean((forecasts - series.values[rows])[known] ** 2)))
    return min(errors, key=errors.get), errors


def _rows(series, starts, inputs, outputs):
    """(N, inputs + outputs) the rows of windows."""
    check_lengths(inputs, outputs)
    starts = np.asarray(starts, dtype=np.int64)
    if starts.ndim != 1 or not len(starts):
        raise ValueError(f"starts has shape {starts.shape}, expected (windows,), at least one")
    if starts.min() < 0 or starts.max() + inputs + outputs > len(series):
        raise ValueError(f"windows of {inputs} + {outputs} rows that start at {starts.min()} to {starts.max()} are not inside the "
                         f"series {series.name!r} with rows 0 to {len(series)}")
    return starts[:, None] + np.arange(inputs + outputs)


def _passed_on(series, values, hops):
    """The values (T, V), and after each hop the weighted mean of what the senders had."""
    yield values
    if hops:
        weights = np.asarray(series.graph.weights, dtype=np.float64)
        total = weights.sum(1, keepdims=True)
        weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)  # nobody sends: 0, the mean of all
        for _ in range(hops):
            values = values @ weights.T  # (T, V): row v of the weights is receiver v
            yield values


def _ridge(features, windows, targets, known, inputs, strength, per_sensor):
    """Weights (1 or V, F, H) and offsets (1 or V, H) of the ridge regression, features as they are."""
    sums = 0
    for i in range(0, len(windows), CHUNK):
        rows = windows[i:i + CHUNK]
        ahead = rows[:, inputs:]
        f, y = features(rows), targets[ahead].transpose(0, 2, 1)  # (n, V, F) and (n, H, V) -> (n, V, H)
        counts = known[ahead].all(1)[..., None]  # (n, V, 1)
        # ones, features and targets side by side: the product with itself holds every sum that is needed
        joint = np.concatenate([np.ones_like(f[..., :1]), f, y], axis=2) * counts
        joint = joint.transpose(1, 0, 2) if per_sensor else joint.reshape(1, -1, joint.shape[2])  # (V, n, .) or (1, n V, .)
        sums = sums + joint.transpose(0, 2, 1) @ joint
    F = f.shape[2]
    count = sums[:, :1, :1]
    if not count.any():
        raise ValueError("no training window has a sensor with all its targets known")
    # a sensor without samples gets the means of all and weights of 0
    means = np.where(count > 0, sums[:, :1, 1:] / np.maximum(count, 1), sums[:, :1, 1:].sum(0) / count.sum())  # (., 1, F + H)
    moments = np.where(count > 0, sums[:, 1:, 1:] / np.maximum(count, 1) - means.transpose(0, 2, 1) * means, 0)
    std = np.sqrt(np.maximum(np.diagonal(moments, axis1=1, axis2=2)[:, :F], 0))
    std = np.where(std > 1e-9, std, 1)[..., None]  # (., F, 1): a feature that never changes has no weight
    gram = moments[:, :F, :F] / (std * std.transpose(0, 2, 1)) + strength * np.eye(F)
    weights = np.linalg.solve(gram, moments[:, :F, F:] / std) / std
    return weights, (means[:, :, F:] - means[:, :, :F] @ weights)[:, 0]
