"""Speeds of a road network as one table in time, and the steps from there to what a network is given."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch

DAY = 24 * 60  # minutes
SPLITS = ("rows", "days", "windows")


def check_lengths(inputs, outputs):
    """ValueError unless both are whole numbers of rows."""
    for name, value in (("inputs", inputs), ("outputs", outputs)):
        if value != int(value) or value < 1:
            raise ValueError(f"{name} is {value}, expected a whole number of rows, 1 or more")


@dataclass(frozen=True, eq=False, repr=False)
class TrafficSeries:
    """What the sensors of a road network measured, one row for each time step.

    Args:
        name: the name that `data.load` knows, or one of your own.
        values: (T, V) measurements, kept as float32. A value that is not known is NaN, or `null_value`.
        graph: a `RoadGraph` with V nodes, or None.
        step_minutes: minutes from one row to the next, a divisor of 24 hours.
        start: the time of the first row, "2012-03-01T00:00" unless given.
        units: the unit of the values.
        null_value: the number that stands for "not known", such as 0 in METR-LA; None if there is none.
        licence: the terms as the source states them.
        source: one sentence on where the values come from.
        synthetic: True if no sensor ever measured them.
        tags: further arrays (T,) or (T, V) by name, such as ``{"flow": ...}``; `rows` and `select` keep them in step.
        split: how `starts` divides the windows, see there: "rows", "days" or "windows".
        times: (T,) the time of each row as datetime64, where rows are left out, such as week-ends; else they follow from `start`.

    Raises:
        ValueError: for a wrong shape, an infinite value, no known value at all, a graph with another number of nodes, a
            step that does not divide a day, or times that are none, fall, or contradict `start`.
    """

    name: str
    values: np.ndarray
    graph: object = None
    step_minutes: int = 5
    start: str | None = None
    units: str = "mph"
    null_value: float | None = None
    licence: str = ""
    source: str = ""
    synthetic: bool = False
    tags: dict = field(default_factory=dict)
    split: str = "rows"
    times: np.ndarray | None = None

    def __post_init__(self):
        values = np.asarray(self.values)
        if values.ndim != 2 or 0 in values.shape or not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
            raise ValueError(f"values is a {values.dtype} array of shape {values.shape}, expected real numbers (steps, sensors)")
        values = values.astype(np.float32)  # a copy, and before the check: a large float64 can become infinite here
        bad = np.argwhere(np.isinf(values))
        if len(bad):
            raise ValueError(f"values holds {values[tuple(bad[0])]} at row {bad[0, 0]}, sensor {bad[0, 1]}: expected finite "
                             "numbers, or NaN where nothing was measured")
        object.__setattr__(self, "values", values)  # the class is frozen
        if not self.mask.any():
            raise ValueError(f"values holds no known value: all {values.size:,} are NaN or the null_value {self.null_value}")
        if self.graph is not None and self.graph.num_nodes != values.shape[1]:
            raise ValueError(f"values has {values.shape[1]} sensors, the graph {self.graph.name!r} has {self.graph.num_nodes}: do "
                             "both come from the same set?")
        if self.step_minutes != int(self.step_minutes) or self.step_minutes < 1 or DAY % self.step_minutes:
            raise ValueError(f"step_minutes is {self.step_minutes}, expected whole minutes that divide a day, such as 5")
        if self.split not in SPLITS:
            raise ValueError(f"split is {self.split!r}, expected one of {', '.join(SPLITS)}")
        object.__setattr__(self, "times", self._row_times())
        object.__setattr__(self, "start", str(self.times[0]))
        tags = {key: np.asarray(value) for key, value in self.tags.items()}
        for key, value in tags.items():
            if value.shape not in (values.shape, values.shape[:1]):
                raise ValueError(f"tags[{key!r}] has shape {value.shape}, expected {values.shape} or {values.shape[:1]}")
        object.__setattr__(self, "tags", tags)

    @cached_property
    def mask(self):
        """(T, V) True where the value is known: neither NaN nor the null value."""
        known = ~np.isnan(self.values)
        return known if self.null_value is None else known & (self.values != np.float32(self.null_value))

    @property
    def steps_per_day(self):
        return DAY // int(self.step_minutes)

    def _row_times(self):
        """The times of all rows, from `times` or from `start`; ValueError if they make no sense."""
        try:
            start = None if self.start is None else np.datetime64(self.start, "m")
            times = None if self.times is None else np.asarray(self.times, dtype="datetime64[m]")
        except ValueError as error:
            raise ValueError(f"start is {self.start!r}: {error}, expected a time such as '2012-03-01T00:00'") from error
        if times is None:
            start = np.datetime64("2012-03-01T00:00") if start is None else start
            if np.isnat(start):
                raise ValueError(f"start is {self.start!r}, expected a time such as '2012-03-01T00:00'")
            return start + np.arange(len(self)) * int(self.step_minutes)
        if times.shape != (len(self),):
            raise ValueError(f"times has shape {times.shape}, values has {len(self)} rows: `rows` cuts both")
        steps = np.diff(times).astype(int)
        if np.isnat(times).any() or (steps < self.step_minutes).any() or (steps % int(self.step_minutes)).any():
            raise ValueError(f"times must rise from row to row by {self.step_minutes} minutes, or a multiple")
        if start is not None and start != times[0]:
            raise ValueError(f"start is {start}, the first of times is {times[0]}: give one of them")
        return times

    @property
    def step_of_day(self):
        """(T,) how many steps after midnight, 0 to steps_per_day - 1: the row of a `daily_table`."""
        return (self.times - self.times.astype("datetime64[D]")).astype(int) // int(self.step_minutes)

    def time_of_day(self):
        """(T,) the part of the day that is over, from 0 at midnight to just below 1."""
        return (self.times - self.times.astype("datetime64[D]")).astype(int) / DAY

    def weekday(self):
        """(T,) the day of the week, Monday 0 to Sunday 6."""
        return (self.times.astype("datetime64[D]").astype(int) + 3) % 7  # day 0, 1 January 1970, was a Thursday

    def __len__(self):
        return len(self.values)

    def rows(self, start, stop):
        """The rows from `start` up to but without `stop`, as a series of their own.

        Raises:
            ValueError: if there are no such rows.
        """
        if not 0 <= start < stop <= len(self):
            raise ValueError(f"rows from {start} to {stop} were asked for, the series {self.name!r} has rows 0 to {len(self)}")
        return replace(self, values=self.values[start:stop], start=None, times=self.times[start:stop],
                       tags={key: value[start:stop] for key, value in self.tags.items()})

    def select(self, sensors):
        """Some sensors, in the order given, with the roads between them.

        Args:
            sensors: their numbers, or their names in the graph.

        Raises:
            ValueError: for a sensor that is not there, or none at all.
        """
        names = getattr(self.graph, "sensors", None) or ()
        unknown = [one for one in sensors if isinstance(one, str) and one not in names]
        if unknown:
            raise ValueError(f"sensors holds {unknown[0]!r}, which the series {self.name!r} does not have")
        nodes = np.array([names.index(one) if isinstance(one, str) else one for one in sensors], dtype=np.int64)
        V = self.values.shape[1]
        if not len(nodes) or nodes.min() < 0 or nodes.max() >= V:
            raise ValueError(f"sensors is {list(sensors)}, expected some of 0 to {V - 1}")
        graph = None if self.graph is None else self.graph.select(nodes.tolist())
        return replace(self, values=self.values[:, nodes], graph=graph,
                       tags={key: value[:, nodes] if value.ndim == 2 else value for key, value in self.tags.items()})

    def starts(self, inputs=12, outputs=12):
        """First rows of all windows, for training, validation and test.

        A window is `inputs` rows and the `outputs` rows after them. What belongs to which part depends on the set, as papers
        disagree (`split`):

        - "rows": the first 80 % of the rows train, but the last tenth of them validates; the last 20 % test. Every window lies
          wholly inside its part. This is the protocol of Los-loop in this book: 2016 rows give [0, 1451), [1451, 1612) and
          [1612, 2016), and the last one has 381 windows of 12 and 12.
        - "days": whole days in the ratio 34 : 5 : 5, and no window crosses midnight (Yu et al. 2018, PeMSD7: 268 windows of 12
          and 9 a day).
        - "windows": 70, 10 and 20 % of the *windows* in time order, rounded (Li et al. 2018, DCRNN: METR-LA and PEMS-BAY). The
          last training windows reach into rows of the first validation windows, and those into rows of the test.

        Args:
            inputs: rows that a model sees.
            outputs: rows that it forecasts.

        Returns:
            a dict of arrays, "train", "validation" and "test".

        Raises:
            ValueError: if a part is too short for one window.
        """
        check_lengths(inputs, outputs)
        length, T = inputs + outputs, len(self)
        if self.split == "rows":
            test = int(0.8 * T)
            validation = test - test // 10
            parts = [np.arange(first, end - length + 1) for first, end in ((0, validation), (validation, test), (test, T))]
        elif self.split == "windows":
            n = max(T - length + 1, 0)
            test, train = round(0.2 * n), round(0.7 * n)
            parts = np.split(np.arange(n), [train, n - test])
        else:
            steps = self.steps_per_day
            if T % steps or self.step_of_day[0]:
                raise ValueError(f"the series {self.name!r} has {T} rows from {self.start}, expected whole days of {steps} rows: "
                                 "its windows must not cross midnight")
            days, inside = T // steps, np.arange(steps - length + 1)
            held = max(round(days * 5 / 44), 1)  # days for validation, and as many for the test
            parts = [(np.arange(first, end)[:, None] * steps + inside).reshape(-1)
                     for first, end in ((0, days - 2 * held), (days - 2 * held, days - held), (days - held, days))]
        parts = dict(zip(("train", "validation", "test"), parts, strict=True))
        empty = [name for name, part in parts.items() if not len(part)]
        if empty:
            raise ValueError(f"the series {self.name!r} has {T} rows: too few for one window of {inputs} + {outputs} rows in its "
                             f"{empty[0]} part (split by {self.split}). Take a longer series, or fewer inputs or outputs")
        return parts

    def training_rows(self, inputs=12, outputs=12):
        """The rows that training windows hold, as a `slice`: all that a `Scaler` or a `daily_table` may be fitted on."""
        train = self.starts(inputs, outputs)["train"]
        return slice(int(train[0]), int(train[-1]) + inputs + outputs)

    def filled(self):
        """(T, V) float32 without gaps: the last value known before, never a later one.

        A sensor that has not measured anything yet is given the mean of the others in that row, or of the last row in which
        one was known; 0 where no sensor has measured anything yet.
        """
        known, rows = self.mask, np.arange(len(self))[:, None]
        last = np.maximum.accumulate(np.where(known, rows, -1), axis=0)  # row of the last known value, -1: none yet
        values = np.where(known, self.values, 0).astype(np.float64)
        count = known.sum(1)
        level = values.sum(1) / np.maximum(count, 1)
        level = level[np.maximum.accumulate(np.where(count > 0, rows[:, 0], 0))]
        filled = np.where(last >= 0, np.take_along_axis(values, np.maximum(last, 0), axis=0), level[:, None])
        return filled.astype(np.float32)


@dataclass(frozen=True)
class Scaler:
    """Brings values to a size that networks like, ``(x - mean) / std``, and back. Fit it on training rows, never on others.

    Attributes:
        kind: "global", "sensor" or "max".
        mean: a number, or (V,) numbers for "sensor".
        std: the same; for "max" the largest value.
    """

    kind: str
    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def fit(cls, values, kind="global", null_value=None):
        """Measure mean and spread of the known values.

        Args:
            values: (T, V), training rows only.
            kind: "global": one mean and one standard deviation for all sensors (DCRNN, STGCN); "sensor": one pair for each
                (a sensor without any known value, or always of one value, gets those of all); "max": divide by the largest
                value (T-GCN).
            null_value: the number that stands for "not known" and is left out, as NaN always is. DCRNN's own code counts its
                zeros: give None for that.

        Raises:
            ValueError: for an unknown kind, or if no value is known.
        """
        if kind not in ("global", "sensor", "max"):
            raise ValueError(f"kind is {kind!r}, expected 'global', 'sensor' or 'max'")
        values = np.array(values, dtype=np.float64)  # a copy, as float64: sums of millions of float32 would lose digits
        if values.ndim != 2:
            raise ValueError(f"values has shape {values.shape}, expected (steps, sensors)")
        if null_value is not None:
            values[values == null_value] = np.nan
        known = ~np.isnan(values)
        if not known.any():
            raise ValueError("values holds no known value to fit a scaler on")
        if kind == "max":
            return cls(kind, np.float64(0), np.float64(np.abs(values[known]).max() or 1))
        mean, std = values[known].mean(), values[known].std() or 1.0
        if kind == "sensor":
            count = np.maximum(known.sum(0), 1)
            means = np.where(known, values, 0).sum(0) / count
            stds = np.sqrt(np.where(known, (values - means) ** 2, 0).sum(0) / count)
            varies = stds > 1e-6 * np.maximum(np.abs(means), 1)
            mean, std = np.where(known.any(0), means, mean), np.where(varies, stds, std)
        return cls(kind, np.float64(mean) if kind == "global" else mean, np.float64(std) if kind == "global" else std)

    def transform(self, x):
        """``(x - mean) / std`` of an array or tensor (..., V)."""
        mean, std = self._like(x)
        return (x - mean) / std

    def inverse(self, x):
        """``x * std + mean`` of an array or tensor (..., V): back to units."""
        mean, std = self._like(x)
        return x * std + mean

    def _like(self, x):
        if torch.is_tensor(x):
            return (torch.as_tensor(part, dtype=x.dtype, device=x.device) for part in (self.mean, self.std))
        return self.mean, self.std


def daily_table(series, rows, weekdays=None, smooth=0):
    """The mean speed of each sensor at each time of day.

    Args:
        series: a `TrafficSeries`.
        rows: which rows count, a `slice` or their numbers; `series.training_rows()` for a forecast.
        weekdays: which days of the week count, Monday 0: ``range(5)`` leaves week-ends out. None: all.
        smooth: how many steps before and after a time of day count for it as well. A handful of days makes a ragged table; with
            6, an hour of each day speaks for five minutes.

    Returns:
        (steps_per_day, V) float64. A time of day at which a sensor has no known value gets that sensor's mean over all rows that
        count; a sensor that never has one gets the mean of the others at that time.

    Raises:
        ValueError: if no known value is among those rows.
    """
    return _mean_of_day(*_sums(series, _counted(series, rows, weekdays)), smooth)


def table_by_row(series, rows, weekdays=None, smooth=0):
    """What the daily table says for each row, made without the day of that row.

    What a table of five days says of a row of one of them is to a fifth that row itself. A model that is trained beside such a
    table learns to trust it more than it may on a day that the table has never seen. Here each day is told what the *other* days
    say. A day that does not count gets the whole `daily_table`, and so does the only day that counts.

    Args:
        series, rows, weekdays, smooth: as in `daily_table`.

    Returns:
        (T, V) float64.
    """
    day, step = series.times.astype("datetime64[D]"), series.step_of_day
    rows = _counted(series, rows, weekdays)
    total, count = _sums(series, rows)
    by_row = _mean_of_day(total, count, smooth)[step]
    for one in np.unique(day[rows]):
        without, left = (whole - part for whole, part in
                         zip((total, count), _sums(series, rows[day[rows] == one]), strict=True))
        if left.any():
            by_row[day == one] = _mean_of_day(without, left, smooth)[step[day == one]]
    return by_row


def _counted(series, rows, weekdays):
    """The numbers of the rows that count."""
    if not isinstance(rows, slice):
        rows = np.array(rows, dtype=None if len(rows) else int)  # numpy takes an empty list for one of floats
    rows = np.arange(len(series))[rows]
    if weekdays is not None:
        rows = rows[np.isin(series.weekday()[rows], list(weekdays))]
    if not series.mask[rows].any():
        raise ValueError("rows and weekdays leave no known value for a daily table")
    return rows


def _sums(series, rows):
    """Sum and number of the known values at each time of day, both (steps_per_day, V)."""
    total, count = np.zeros((2, series.steps_per_day, series.values.shape[1]))
    known = series.mask[rows]
    np.add.at(total, series.step_of_day[rows], np.where(known, series.values[rows], 0))
    np.add.at(count, series.step_of_day[rows], known)
    return total, count


def _mean_of_day(total, count, smooth):
    """Means from sums and numbers (steps_per_day, V), with every gap closed."""
    if smooth != int(smooth) or not 0 <= 2 * smooth < len(total):
        raise ValueError(f"smooth is {smooth}, expected a whole number of steps, 0 or more and less than half a day")
    total, count = (sum(np.roll(part, shift, axis=0) for shift in range(-smooth, smooth + 1)) for part in (total, count))
    def mean(axis):
        return total.sum(axis) / np.maximum(count.sum(axis), 1)
    others = np.where(count.sum(1) > 0, mean(1), total.sum() / count.sum())[:, None]  # (steps, 1)
    sensor = np.where(count.sum(0) > 0, mean(0), others)  # (steps, V)
    return np.where(count > 0, total / np.maximum(count, 1), sensor)


FEATURES = ("value", "time of day", "day of week", "known", "table", "table ahead")


class Windows(torch.utils.data.Dataset):
    """Pieces of a series as a network takes them: what it sees, and what it should have said.

    ``windows[i]`` is a pair ``x, y``: x (inputs, V, C) float32, the features of the first rows; y (outputs, V) float32, the speeds
    of the rows after them, in units, not scaled. Where a target is not known, y holds the null value of the series, or NaN if there
    is none.

    Args:
        series: a `TrafficSeries`.
        starts: (n,) first rows of the windows, such as ``series.starts()["train"]``.
        inputs: rows in x.
        outputs: rows in y.
        features: the channels of x, in order: "value", the scaled speed (`TrafficSeries.filled` where it is not known); "time of
            day", from 0 to 1; "day of week", from 0 to 6/7; "known", 1 or 0; "table", what the table says for this time, scaled;
            "table ahead", what it says for the time `outputs` rows later: with as many inputs as outputs these are the times that
            are forecast. That is no look into the future, as the table is fitted on training rows.
        scaler: a `Scaler`; None leaves speeds in units.
        table: for the features "table" and "table ahead", (T, V) from `table_by_row`, which is the honest one for training, or
            (steps_per_day, V) from `daily_table`.

    Raises:
        ValueError: for an unknown feature, a table of the wrong shape or none where one is needed, or a window that is not wholly
            inside the series.
    """

    def __init__(self, series, starts, inputs=12, outputs=12, features=("value",), scaler=None, table=None):
        self.series, self.inputs, self.outputs, self.features = series, inputs, outputs, tuple(features)
        self.scaler, self.starts = scaler, np.asarray(starts, dtype=np.int64)
        wrong = [name for name in self.features if name not in FEATURES]
        if wrong or not self.features:
            raise ValueError(f"features is {self.features}, expected some of {', '.join(FEATURES)}")
        check_lengths(inputs, outputs)
        if self.starts.ndim != 1:
            raise ValueError(f"starts has shape {self.starts.shape}, expected (windows,)")
        outside = self.starts[(self.starts < 0) | (self.starts + inputs + outputs > len(series))]
        if len(outside):
            raise ValueError(f"the window that starts at row {outside[0]} needs {inputs} + {outputs} rows, the series "
                             f"{series.name!r} has rows 0 to {len(series)}")
        if any(name.startswith("table") for name in self.features):
            T, V = series.values.shape
            if np.shape(table) not in ((series.steps_per_day, V), (T, V)):
                raise ValueError(f"table has shape {np.shape(table)}, expected {(series.steps_per_day, V)} from daily_table or "
                                 f"{(T, V)} from table_by_row")
            table = np.asarray(table)
            table = table if len(table) == T else table[series.step_of_day]
        self.x = torch.stack([self._channel(name, table) for name in self.features], dim=-1)  # (T, V) each -> (T, V, C)
        unknown = np.float32(np.nan if series.null_value is None else series.null_value)
        self.y = torch.from_numpy(np.where(series.mask, series.values, unknown))  # (T, V)

    def _channel(self, name, table):
        """One feature of all rows, (T, V)."""
        series = self.series
        scaled = self.scaler.transform if self.scaler else lambda x: x
        if name == "value":
            channel = scaled(series.filled())
        elif name == "time of day":
            channel = series.time_of_day()[:, None]
        elif name == "day of week":
            channel = series.weekday()[:, None] / 7
        elif name == "known":
            channel = series.mask
        else:
            ahead = self.outputs if name == "table ahead" else 0
            later = np.minimum(np.arange(len(series)) + ahead, len(series) - 1)  # no window has inputs so near the end
            channel = scaled(table[later])
        return torch.from_numpy(np.broadcast_to(channel, series.values.shape).astype(np.float32))

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, i):
        start = int(self.starts[i])
        middle = start + self.inputs
        return self.x[start:middle], self.y[middle:middle + self.outputs]

    def tensors(self):
        """All windows at once: x (N, inputs, V, C) and y (N, outputs, V)."""
        first = torch.from_numpy(self.starts)[:, None]
        return self.x[first + torch.arange(self.inputs)], self.y[first + self.inputs + torch.arange(self.outputs)]
