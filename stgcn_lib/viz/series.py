"""Numbers over time for a page: packed as letters, with their clock, their limits and the looks of the models that made them.

A number costs one letter, rounded so that 90 levels are enough (whole miles an hour for speeds), or two letters, with 8280
levels. NaN means that there is no reading, and stays that.
"""

import numpy as np

from . import theme
from .player import _array

LETTERS = "".join(letter for letter in map(chr, range(33, 127)) if letter not in '"<\\')  # what JSON and HTML leave as it is
_WHOLE_HOURS = (1, 2, 3, 4, 6, 12, 24, 48, 72, 144, 288)  # how many steps of five minutes can be told as one

_KNOWN_MODELS = {"last-value": ("last", "naive"), "daily": ("time of day", "time-of-day", "daily", "historical", "mean"),
                 "linear": ("linear", "ridge")}


def model_looks(models):
    """(colour name, mark, dash) of each model: known baselines always the same, others in the order of the palette.

    When all colours are taken they come again, with other marks and dashes.
    """
    order = ("forecast", "forecast-2", "linear", "daily", "last-value")
    known = {}
    for model in map(str, models):
        name = next((name for name, words in _KNOWN_MODELS.items() if model.lower().startswith(words)), None)
        if name and name not in known.values():
            known[model] = name
    free, looks = [k for k, name in enumerate(order) if name not in known.values()], []
    free += [k + len(order) * again for again in range(1, len(order)) for k in range(len(order))]
    for model in map(str, models):
        again, k = divmod(order.index(known[model]) if model in known else free.pop(0), len(order))
        looks.append([order[k], theme.MARK[order[(k + 2 * again) % len(order)]], theme.DASH[order[(k + again) % len(order)]]])
    return looks


def readings(values, name):
    """Array of floats; NaN is a value that nobody read, infinity an error."""
    values = _array(values)
    if np.isinf(values).any():
        where = tuple(np.argwhere(np.isinf(values))[0].tolist())
        raise ValueError(f"{name} is infinite at {where}, expected finite numbers, or NaN where there is no reading")
    return values


def names_of(names, count, argument):
    """`count` names as strings, or None."""
    if names is None:
        return None
    names = [str(name) for name in names]
    if len(names) != count:
        raise ValueError(f"{argument} has {len(names)} names, there are {count} sensors: give one for each")
    return names


def one_of(value, choices, name):
    """The value, if it is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(map(repr, choices))}")
    return value


def positive(value, name):
    """The value, if it is above 0."""
    if not value > 0:
        raise ValueError(f"{name} is {value!r}, expected a number above 0")
    return value


def row_of(start, count):
    """The row to start with, if it exists."""
    if not 0 <= start < count:
        raise ValueError(f"start is {start}, expected 0 to {count - 1}")
    return int(start)


def limits_of(limits, values):
    """(low, high) of the colours: as given, or from 0 (or lower, if there is less) to a round number above the highest."""
    if limits is None:
        low, high = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0, 1)
        low = min(0.0, float(low))
        return low, float(low + _round_up((float(high) - low) or 1.0))
    low, high = map(float, limits)
    if not low < high or not np.isfinite([low, high]).all():
        raise ValueError(f"limits is {tuple(limits)}, expected (low, high) with low below high")
    return low, high


def _round_up(x):
    """The next of 1, 2, 3, ... 10 times a power of ten."""
    ten = 10.0 ** np.floor(np.log10(x))
    return float(f"{np.ceil(x / ten - 1e-9) * ten:.6g}")


def mean_of(values):
    """Mean of the known values, NaN if there is none."""
    known = ~np.isnan(values)
    return float(values[known].mean()) if known.any() else np.nan


def short(x):
    """Four digits for a page; None for NaN, which JSON does not know."""
    return None if np.isnan(x) or np.isinf(x) else float(f"{x:.4g}")


def thin(values, most):
    """(T', V) with at most `most` numbers: means over the known values of neighbouring steps; and how many steps make one."""
    need = values.size / most
    stride = next((k for k in _WHOLE_HOURS if k >= need), int(np.ceil(need)))
    if stride == 1:
        return values, 1
    starts, known = np.arange(0, len(values), stride), ~np.isnan(values)
    total, count = np.add.reduceat(np.where(known, values, 0), starts), np.add.reduceat(known.astype(int), starts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), stride


def clock_of(times, count, stride=1):
    """Moments for the page: start and step in minutes where they are even, else labels, else nothing but the stride."""
    if times is None:
        return {"stride": stride}
    times = np.asarray(times)
    if times.shape != (count,):
        raise ValueError(f"times has shape {times.shape}, expected ({count},), one for each row of the values")
    if np.issubdtype(times.dtype, np.datetime64):
        seconds = times.astype("datetime64[s]").astype(np.int64)
        if np.isnat(times).any() or (np.diff(seconds) <= 0).any():
            raise ValueError("times does not rise from one row to the next, expected rising moments: sort the rows by time")
        steps = np.unique(np.diff(seconds)) if count > 1 else np.array([60])
        if len(steps) == 1 and steps[0] % 60 == 0 and seconds[0] % 60 == 0:
            return {"start": int(seconds[0] // 60), "step": int(steps[0] // 60) * stride, "stride": stride}
        times = np.char.replace(np.datetime_as_string(times, unit="m" if (seconds % 60 == 0).all() else "s"), "T", " ")
    return {"labels": [str(one) for one in times[::stride]], "stride": stride}


def moment(clock, t):
    """A moment in words, for still pictures."""
    if "start" in clock:
        return str(np.datetime64(clock["start"] + t * clock["step"], "m")).replace("T", " ")
    return clock["labels"][t] if "labels" in clock else f"step {t * clock['stride']}"


def pack(values, digits=1):
    """(rows, n) numbers as text: each is rounded to a unit and written as its step from the one before, in `digits` letters.

    Steps are taken modulo the number of levels, 91 for one letter, 8281 for two; the last level stands for NaN. The unit is the
    smallest 1, 2 or 5 times a power of ten with which all levels are enough. Small steps are frequent, so a page that is
    compressed shrinks to about half.
    """
    levels, known = len(LETTERS) ** digits, ~np.isnan(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    finest = 10.0 ** (np.floor(np.log10(max(abs(low), abs(high)) or 1)) - 3)  # four digits are enough
    need = max((high - low) / (levels - 3), finest)
    ten = 10.0 ** np.floor(np.log10(need))
    unit = float(f"{next(k for k in (1, 2, 5, 10) if k * ten >= need * (1 - 1e-9)) * ten:.6g}")
    base = int(np.floor(low / unit))
    level = np.where(known, np.round(np.nan_to_num(values) / unit) - base, levels - 1).astype(int)
    return {"unit": unit, "low": base, "digits": digits, "text": digits_of(np.diff(level, axis=1, prepend=0) % levels, digits)}


def digits_of(numbers, digits=2):
    """Whole numbers as text, `digits` letters each, the highest first."""
    numbers = np.ravel(numbers)
    table = np.array(list(LETTERS))
    return "".join(np.stack([table[numbers // len(LETTERS) ** k % len(LETTERS)] for k in reversed(range(digits))], 1).ravel())
