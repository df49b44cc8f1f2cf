"""Speeds on roads: on a map, over time and road, ahead of time, and where forecasts fail. Arrays come in, figures go out.

Speeds go to the page as letters, one each, rounded to whole units where their range allows it: a day of 207 sensors costs less
than 80 KB. NaN means that there is no reading, and is drawn as such.
"""

import html
import zlib

import numpy as np

from . import theme
from .html import Component
from .player import _array, _base64
from .scores import _table

MOST_FRAMES, MOST_CELLS, MOST_FORECASTS, MOST_SENSORS = 40_000, 60_000, 50_000, 1_000  # a page has a byte budget
_LETTERS = "".join(letter for letter in map(chr, range(33, 127)) if letter not in '"<\\')  # what JSON and HTML leave as it is
_WHOLE_HOURS = (1, 2, 3, 4, 6, 12, 24, 48, 72, 144, 288)  # how many steps of five minutes can be told as one

# ---- the map ----------------------------------------------------------------------------------------------------------------

def road_map(positions, values=None, edges=(), sensors=None, times=None, units="mph", limits=None, *, alt, see="", slow=None,
             start=None, coordinates="degrees", emphasis="low", fps=12):
    """Sensors at their places; Play moves their values over the network. Touch a sensor to see its curve.

    The map is equirectangular, ``x = 111.32 km * longitude * cos(middle latitude)``, ``y = 110.57 km * latitude``, true to scale
    over a city, and asks no map server. Slow sensors are darker (on a dark page: brighter), larger, and diamonds below `slow`.

    Args:
        positions: (V, 2) longitude and latitude of each sensor in degrees (see `coordinates`).
        values: (T, V) speeds, or (V,) for one moment; NaN: no reading. Left out: only the network. More than 40,000 are averaged
            over neighbouring steps, and the page says so.
        edges: pairs (sender, receiver) of indices, such as `RoadGraph.edges`. Self-loops are not drawn.
        sensors: V names; left out, their indices.
        times: T moments, numpy datetime64 or labels; left out, steps.
        units: of the values.
        limits: (low, high) values at the ends of the colours; left out, 0 or the lowest, and a round number above the highest.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        slow: below this a sensor counts as slow; left out, the middle of `limits`.
        start: row of `values` shown first; left out, the one with most slow sensors.
        coordinates: "degrees", "km" (a plane in kilometres, y to the north) or "plane" (any unit: no scale).
        emphasis: "low" where low values matter, as of speeds, "high" where high ones do, as of errors.
        fps: steps a second at speed 1.

    Returns:
        Component of kind "road-map".

    Raises:
        ValueError: an argument does not fit the others, or holds a value it cannot hold.
    """
    plane = _plane(positions, coordinates)
    V = len(plane)
    links = _links(edges, V)
    data = {"sensors": _names(sensors, V, "sensors"), "km": coordinates != "plane", "units": str(units),
            "places": _digits(_on_grid(plane)[0].ravel()), "span": _on_grid(plane)[1],
            "both": _digits(links[2].ravel()), "single": _digits(np.concatenate([links[0], links[1][:, ::-1]]).ravel()),
            "count": V, "emphasis": _one_of(emphasis, ("low", "high"), "emphasis"), "fps": _positive(fps, "fps")}
    if values is None:
        return Component("road-map", data | {"values": None}, alt=alt, see=see, still=_map_still(plane, links, None, None, data))
    values = _known(values, "values")
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] != V or not len(values):
        hint = ": is this (V, T)? transpose it" if values.ndim == 2 and values.shape[0] == V else ""
        raise ValueError(f"values has shape {values.shape}, positions has {V} sensors: expected (T, {V}){hint}")
    low, high = _limits(limits, values)
    slow = (low + high) / 2 if slow is None else float(slow)
    if not low < slow < high:
        raise ValueError(f"slow is {slow:g}, the limits are {low:g} and {high:g}: expected a value between them")
    shown, stride = _thin(values, MOST_FRAMES)
    hit = (shown < slow) if emphasis == "low" else (shown > slow)  # NaN is neither
    first = int(hit.sum(1).argmax()) if start is None else _row(start, len(values)) // stride
    data |= {"values": _pack(shown.T), "limits": [low, high], "slow": slow, "start": first, "times": _clock(times, len(values), stride)}
    return Component("road-map", data, alt=alt, see=see, still=_map_still(plane, links, shown[first], slow, data))


def _plane(positions, coordinates):
    """(V, 2) places in kilometres, or in the unit that they came in; x to the east, y to the north."""
    at = _array(positions)
    _one_of(coordinates, ("degrees", "km", "plane"), "coordinates")
    if at.ndim != 2 or at.shape[1] != 2 or not 1 <= len(at) <= MOST_SENSORS:
        raise ValueError(f"positions has shape {at.shape}, expected (V, 2) with 1 to {MOST_SENSORS} sensors: choose some of them")
    if not np.isfinite(at).all():
        v = int(np.argwhere(~np.isfinite(at))[0, 0])
        raise ValueError(f"positions is {at[v].tolist()} for sensor {v}, expected finite numbers: leave sensors without a place out")
    if coordinates != "degrees":
        return at
    if np.abs(at[:, 1]).max() > 90 or np.abs(at[:, 0]).max() > 180:
        raise ValueError(f"positions reaches {np.abs(at).max(0).tolist()} degrees, expected longitude within 180 and latitude within 90: "
                         "are these latitude, longitude? swap the columns; a plane needs coordinates='km' or 'plane'")
    return at * [111.32 * np.cos(np.deg2rad(at[:, 1].mean())), 110.57]


def _on_grid(plane):
    """Places as whole numbers from 0 to 8190 on both axes alike, and the size of one step."""
    span = float(np.ptp(plane, axis=0).max()) or 1.0
    return np.round((plane - plane.min(0)) / span * 8190).astype(int), float(f"{span / 8190:.6g}")


def _links(edges, V):
    """Edges without self-loops as three (n, 2) arrays: from a lower to a higher index, from a higher to a lower, both ways."""
    pairs = np.array([tuple(edge) for edge in edges], dtype=float).reshape(-1, 2) if len(edges) else np.zeros((0, 2))
    if (pairs != np.round(pairs)).any() or (pairs < 0).any() or (pairs >= V).any():
        bad = pairs[((pairs != np.round(pairs)) | (pairs < 0) | (pairs >= V)).any(1)][0]
        raise ValueError(f"edges holds ({bad[0]:g}, {bad[1]:g}), positions has {V} sensors: expected pairs (sender, receiver) of "
                         f"indices 0 to {V - 1}")
    there = {(int(a), int(b)) for a, b in pairs if a != b}
    parts = ({(a, b) for a, b in there if a < b and (b, a) not in there}, {(a, b) for a, b in there if a > b and (b, a) not in there},
             {(a, b) for a, b in there if a < b and (b, a) in there})
    parts = tuple(np.array(sorted(part), dtype=int).reshape(-1, 2) for part in parts)
    return parts[0], parts[1][:, ::-1], parts[2]  # the second with the lower index first, like the others


def _map_still(plane, links, values, slow, data):
    """One moment of the map: large and diamond where slow."""
    at, _ = _on_grid(plane)
    width = 640
    at = 14 + (at * [1, -1] + [0, at[:, 1].max()]) / 8190 * (width - 28)
    roads = "".join(f"M{at[a, 0]:.0f} {at[a, 1]:.0f}L{at[b, 0]:.0f} {at[b, 1]:.0f}" for part in links for a, b in part[:600])
    out, size = [f'<path d="{roads}" stroke="{theme.color("line")}" fill="none"/>'], 3.2 if len(at) > 40 else 7
    if values is None:
        out += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{size}" fill="{theme.color("muted")}"/>' for x, y in at]
    else:
        low, high = data["limits"]
        share = np.clip((values - low) / (high - low), 0, 1)
        share = share if data["emphasis"] == "low" else 1 - share
        marks = {}
        for v, (x, y) in enumerate(at):
            if np.isfinite(values[v]):
                r, diamond = size * (1.7 - share[v]), (values[v] < slow) == (data["emphasis"] == "low") and values[v] != slow
                mark = f"M{x - r:.0f} {y:.0f}l{r:.0f} {-r:.0f} {r:.0f} {r:.0f} {-r:.0f} {r:.0f}Z" if diamond else (
                    f"M{x - r:.0f} {y:.0f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0Z")
                k = round(4 * share[v])
                marks[k] = marks.get(k, "") + mark
        out += [f'<path d="{d}" fill="{theme.color(f"speed-{k}")}" stroke="{theme.color("muted")}" stroke-width="0.6"/>'
                for k, d in sorted(marks.items(), reverse=True)]
    return (f'<svg class="gim-still" viewBox="0 0 {width} {at[:, 1].max() + 14:.0f}" aria-hidden="true">{"".join(out)}</svg>')


# ---- time and road ----------------------------------------------------------------------------------------------------------

def space_time(values, times=None, sensors=None, *, alt, see="", units="mph", limits=None, kilometres=None):
    """Heat map of speed: time to the right, the road upwards. A cursor reads any place; below, the day of the sensor it is on.

    A jam is a dark band (on a dark page: a bright one); its slope is the speed at which it moves along the road.

    Args:
        values: (T, V) speeds, first sensor at the bottom; NaN: no reading, hatched. More than 60,000 are averaged over neighbouring
            steps, and the page says so.
        times: T moments, numpy datetime64 or labels; left out, steps.
        sensors: V names; left out, their indices.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        units: of the values.
        limits: (low, high) values at the ends of the colours; left out, 0 or the lowest, and a round number above the highest.
        kilometres: (V,) place of each sensor along the road, rising; the axis is then true to scale.

    Returns:
        Component of kind "space-time".

    Raises:
        ValueError: an argument does not fit the others, or holds a value it cannot hold.
    """
    values = _known(values, "values")
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values has shape {values.shape}, expected (T, V): moments and sensors, at least one of each")
    T, V = values.shape
    if V > MOST_SENSORS:
        raise ValueError(f"values has {V} sensors, expected at most {MOST_SENSORS}: choose some of them")
    if kilometres is not None:
        kilometres = _array(kilometres)
        if kilometres.shape != (V,) or not np.isfinite(kilometres).all() or (np.diff(kilometres) <= 0).any():
            raise ValueError(f"kilometres has shape {kilometres.shape}, expected ({V},) finite numbers that rise: sort the sensors along "
                             "the road, values too")
    shown, stride = _thin(values, MOST_CELLS)
    limits = _limits(limits, values)
    data = {"sensors": _names(sensors, V, "sensors"), "count": V, "units": str(units), "limits": list(limits),
            "values": _pack(shown.T), "times": _clock(times, T, stride),
            "km": None if kilometres is None else [float(f"{x:.4g}") for x in kilometres]}
    return Component("space-time", data, alt=alt, see=see, still=_heat_still(shown, limits, data))


def _heat_still(shown, limits, data):
    """The heat map with fewer cells, as a small picture in the light colours."""
    T, V = shown.shape
    steps, rows = np.linspace(0, T, min(T, 96) + 1).astype(int), np.linspace(0, V, min(V, 60) + 1).astype(int)
    cells = np.array([[_mean(shown[a:b, c:d]) for a, b in zip(steps, steps[1:], strict=False)]
                      for c, d in zip(rows, rows[1:], strict=False)])[::-1]  # first sensor at the bottom
    share = np.clip((cells - limits[0]) / (limits[1] - limits[0]), 0, 1)
    level = np.where(np.isnan(share), 17, np.round(np.nan_to_num(share) * 16)).astype(np.uint8)
    stops = np.array([[int(theme.color(f"speed-{k}")[i:i + 2], 16) for i in (1, 3, 5)] for k in range(5)])
    ramp = [np.round(stops[k // 4] + (stops[min(4, k // 4 + 1)] - stops[k // 4]) * (k % 4) / 4) for k in range(17)]
    picture = _png(level, np.array([*ramp, [255, 255, 255]], dtype=np.uint8))
    start, end = (_moment(data["times"], t) for t in (0, T - 1))
    return (f'<svg class="gim-still" viewBox="0 0 700 330" aria-hidden="true" font-size="13"><image href="data:image/png;base64,{picture}" '
            f'x="10" y="4" width="680" height="300" preserveAspectRatio="none"/><text x="10" y="322">{html.escape(start)}</text>'
            f'<text x="690" y="322" text-anchor="end">{html.escape(end)}</text></svg>')


def _png(level, palette):
    """A PNG with a palette, in base64: few lines, so that a still picture needs no library for pictures."""
    def chunk(name, body):
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    height, width = level.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), level]).tobytes()  # each row after its filter, 0: none
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 3, 0, 0, 0])
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"PLTE", palette.tobytes()) + chunk(b"IDAT", zlib.compress(rows, 9))
    return _base64(np.frombuffer(file + chunk(b"IEND", b""), np.uint8))


# ---- forecasts --------------------------------------------------------------------------------------------------------------

def forecast_fan(truth, forecasts, starts, times=None, spread=None, *, alt, see="", units="mph", names=None, step_minutes=None,
                 start=None):
    """Truth as a line, and from each moment the forecasts of several models; a slider goes through the moments.

    The table says how far each forecast of this moment was off, horizon by horizon, and beside it the mean over all moments shown.

    Args:
        truth: (T,) what came, or (T, V) for several sensors, of which the reader chooses one; NaN: no reading.
        forecasts: {model: (N, H)}, or (N, H, V), in the units of the truth; NaN: no forecast. 50,000 numbers at most: choose sensors
            and moments.
        starts: (N,) rows of `truth`, rising: ``forecasts[model][n, h]`` is for row ``starts[n] + h``. For the windows of a series that
            is the first row of a window plus the number of its inputs.
        times: T moments, numpy datetime64 or labels; left out, steps.
        spread: {model: (low, high)}, both of the shape of its forecasts, drawn as a band.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        units: of the values.
        names: V names of the sensors; left out, their indices.
        step_minutes: length of a step, for the heads of the table; left out, that of `times`, or steps if there are none.
        start: which forecast is shown first; left out, the one with the largest fall or rise of the truth.

    Returns:
        Component of kind "forecast-fan".

    Raises:
        ValueError: an argument does not fit the others, or holds a value it cannot hold.
    """
    truth = _known(truth, "truth")
    truth = truth[:, None] if truth.ndim == 1 else truth
    if truth.ndim != 2 or not truth.size:
        raise ValueError(f"truth has shape {truth.shape}, expected (T,) or (T, V)")
    if not isinstance(forecasts, dict) or not forecasts:
        raise ValueError(f"forecasts is {type(forecasts).__name__}, expected a dict from the name of a model to (N, H) or (N, H, V), "
                         "at least one")
    (T, V), rows = truth.shape, _array(starts)
    N = len(rows) if rows.ndim == 1 else 0
    first = _array(next(iter(forecasts.values())))
    H = first.shape[1] if first.ndim > 1 else 0
    parts = {str(model): _ahead(one, (N, H, V), f"forecasts[{model!r}]") for model, one in forecasts.items()}
    bands = {str(model): [_ahead(edge, (N, H, V), f"spread[{model!r}]") for edge in pair] for model, pair in (spread or {}).items()}
    if bands.keys() - parts.keys() or any(len(pair) != 2 for pair in bands.values()):
        raise ValueError(f"spread is for {', '.join(bands)}, expected a pair (low, high) for some of {', '.join(parts)}")
    if not N or (rows != np.round(rows)).any() or rows[0] < 1 or (np.diff(rows) <= 0).any() or rows[-1] + H > T:
        raise ValueError(f"starts has shape {rows.shape} and goes from {rows.min() if rows.size else '-'} to "
                         f"{rows.max() if rows.size else '-'}: expected rising rows of truth from 1 to T - H = {T - H}, where a forecast begins "
                         "(first row of the window plus the number of inputs)")
    count = truth.size + N * H * V * (len(parts) + 2 * len(bands))
    if count > MOST_FORECASTS:
        raise ValueError(f"forecasts and truth hold {count:,} numbers, expected at most {MOST_FORECASTS:,} for a page: choose sensors "
                         "([..., :3]) or moments (every third: [::3], starts too)")
    rows = rows.astype(int)
    if start is None:
        ahead = np.stack([truth[row - 1:row + H] for row in rows])  # (N, H + 1, V)
        start = int(np.nanmax([np.zeros(N), *np.nan_to_num(np.abs(ahead[:, -1] - ahead[:, 0])).T[:1]], axis=0).argmax())
    clock = _clock(times, T)
    data = {"truth": _pack(truth.T, 2), "horizon": H, "starts": rows.tolist(), "sensors": _names(names, V, "names"), "count": V,
            "units": str(units), "times": clock, "minutes": clock.get("step") if step_minutes is None else _positive(step_minutes, "step_minutes"),
            "start": _row(start, N), "models": [
                {"name": model, "look": look, "values": _pack(one.transpose(2, 0, 1).reshape(V * N, H), 2)}  # (V * N, H)
                | ({"band": [_pack(edge.transpose(2, 0, 1).reshape(V * N, H), 2) for edge in bands[model]]} if model in bands else {})
                for (model, one), look in zip(parts.items(), _model_looks(parts), strict=True)]}
    target = np.stack([truth[row:row + H] for row in rows])  # (N, H, V)
    error = {model: [_mean(np.abs(one[:, h] - target[:, h])) for h in range(H)] for model, one in parts.items()}
    some = sorted({0, (H - 1) // 2, H - 1})
    still = _table(["mean absolute error", *(f"step {h + 1}" for h in some)],
                   [[model, *(f"{row[h]:.2f} {units}" for h in some)] for model, row in error.items()])
    return Component("forecast-fan", data, alt=alt, see=see, still=still)


def _ahead(values, shape, name):
    values = _known(values, name)
    values = values[..., None] if values.ndim == 2 else values
    if values.shape != shape or 0 in shape:
        raise ValueError(f"{name} has shape {values.shape}, expected (N, H, V) = {shape}: as many forecasts as starts, as many steps as "
                         "the other models, as many sensors as truth")
    return values


# ---- errors -----------------------------------------------------------------------------------------------------------------

def error_profile(profiles, axis, *, alt, see="", measure="MAE", units="mph", along="", form="lines"):
    """Errors of several models by horizon, by hour or by sensor: mean of the seeds, and their spread from lowest to highest.

    Args:
        profiles: {model: (n,)} errors, or (seeds, n). NaN: nothing to measure there, such as an hour without a reading.
        axis: n labels: minutes ahead, hours of the day, sensors.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        measure: what the numbers are, such as "MAE" or "RMSE".
        units: of the numbers.
        along: what the axis is, such as "minutes ahead".
        form: "lines" where the axis has an order, "bars" where it has none, as sensors: the reader can then sort by a model.

    Returns:
        Component of kind "error-profile".

    Raises:
        ValueError: an argument does not fit the others, or holds a value it cannot hold.
    """
    if not isinstance(profiles, dict) or not profiles:
        raise ValueError(f"profiles is {type(profiles).__name__}, expected a dict from the name of a model to (n,) or (seeds, n), at "
                         "least one")
    labels = [str(label) for label in axis]
    rows = []
    for (model, values), look in zip(profiles.items(), _model_looks(profiles), strict=True):
        values = _known(values, f"profiles[{model!r}]")
        values = values[None] if values.ndim == 1 else values
        if values.ndim != 2 or not values.size or values.shape[1] != len(labels):
            raise ValueError(f"profiles[{model!r}] has shape {values.shape}, axis has {len(labels)} labels: expected ({len(labels)},) or "
                             f"(seeds, {len(labels)})")
        if (values < 0).any():
            raise ValueError(f"profiles[{model!r}] holds {np.nanmin(values):g}, expected errors from 0: is this a difference? take its "
                             "absolute value")
        row = {"name": str(model), "look": look, "seeds": len(values), "mean": [_short(_mean(column)) for column in values.T]}
        if len(values) > 1:
            row |= {key: [_short(of(column[~np.isnan(column)], initial=edge)) if not np.isnan(column).all() else None for column in values.T]
                    for key, of, edge in (("low", np.min, np.inf), ("high", np.max, -np.inf))}
        rows.append(row)
    data = {"rows": rows, "labels": labels, "measure": str(measure), "units": str(units), "along": str(along),
            "form": _one_of(form, ("lines", "bars"), "form")}
    some = range(len(labels)) if len(labels) <= 12 else np.linspace(0, len(labels) - 1, 8).astype(int)
    still = _table([f"{measure} ({units})", *(labels[i] for i in some)],
                   [[row["name"], *("-" if row["mean"][i] is None else f"{row['mean'][i]:g}" for i in some)] for row in rows])
    return Component("error-profile", data, alt=alt, see=see, still=still)


# ---- what all of them need --------------------------------------------------------------------------------------------------

_KNOWN_MODELS = {"last-value": ("last", "naive"), "daily": ("time of day", "time-of-day", "daily", "historical", "mean"),
                 "linear": ("linear", "ridge")}


def _model_looks(models):
    """(colour name, mark, dash) of each model: the known ones always the same, others in the order of the palette.

    From the sixth model on colours come again, with other marks and dashes.
    """
    order = ("forecast", "forecast-2", "linear", "daily", "last-value")
    known = {}
    for model in map(str, models):
        name = next((name for name, words in _KNOWN_MODELS.items() if model.lower().startswith(words)), None)
        if name and name not in known.values():
            known[model] = name
    free, looks = [name for name in order if name not in known.values()], []
    for model in map(str, models):
        again = len(looks) >= len(order)
        name = known.get(model) or (free.pop(0) if free else order[len(looks) % len(order)])
        looks.append([name, order[(order.index(name) + 2 * again) % len(order)], order[(order.index(name) + again) % len(order)]])
    return [[name, theme.MARK[mark], theme.DASH[dash]] for name, mark, dash in looks]


def _known(values, name):
    """Array of floats; NaN is a value that nobody read, infinity an error."""
    values = _array(values)
    if np.isinf(values).any():
        where = tuple(np.argwhere(np.isinf(values))[0].tolist())
        raise ValueError(f"{name} is infinite at {where}, expected finite numbers, or NaN where there is no reading")
    return values


def _names(names, count, argument):
    if names is None:
        return None
    names = [str(name) for name in names]
    if len(names) != count:
        raise ValueError(f"{argument} has {len(names)} names, there are {count} sensors: give one for each")
    return names


def _one_of(value, choices, name):
    if value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of {', '.join(map(repr, choices))}")
    return value


def _positive(value, name):
    if not value > 0:
        raise ValueError(f"{name} is {value!r}, expected a number above 0")
    return value


def _row(start, count):
    if not 0 <= start < count:
        raise ValueError(f"start is {start}, expected 0 to {count - 1}")
    return int(start)


def _limits(limits, values):
    """(low, high) of the colours."""
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


def _mean(values):
    """Mean of the known values, NaN if there is none."""
    known = ~np.isnan(values)
    return float(values[known].mean()) if known.any() else np.nan


def _short(x):
    return None if np.isnan(x) or np.isinf(x) else float(f"{x:.4g}")


def _thin(values, most):
    """(T', V) with at most `most` numbers: means over the known values of neighbouring steps; and how many steps make one."""
    need = values.size / most
    stride = next((k for k in _WHOLE_HOURS if k >= need), int(np.ceil(need)))
    if stride == 1:
        return values, 1
    starts, known = np.arange(0, len(values), stride), ~np.isnan(values)
    total, count = np.add.reduceat(np.where(known, values, 0), starts), np.add.reduceat(known.astype(int), starts)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), stride


def _clock(times, count, stride=1):
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


def _moment(clock, t):
    """A moment in words, for still pictures."""
    if "start" in clock:
        return str(np.datetime64(clock["start"] + t * clock["step"], "m")).replace("T", " ")
    return clock["labels"][t] if "labels" in clock else f"step {t * clock['stride']}"


def _pack(values, digits=1):
    """(rows, n) numbers as text: each is rounded to a unit and written as its step from the one before, in `digits` letters.

    Steps are taken modulo the number of levels, 91 for one letter, 8281 for two; the last level stands for NaN. The unit is the
    smallest 1, 2 or 5 times a power of ten with which all levels are enough. Small steps are frequent, so a page that is
    compressed shrinks to about half.
    """
    levels, known = len(_LETTERS) ** digits, ~np.isnan(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    finest = 10.0 ** (np.floor(np.log10(max(abs(low), abs(high)) or 1)) - 3)  # four digits are enough
    need = max((high - low) / (levels - 3), finest)
    ten = 10.0 ** np.floor(np.log10(need))
    unit = float(f"{next(k for k in (1, 2, 5, 10) if k * ten >= need * (1 - 1e-9)) * ten:.6g}")
    base = int(np.floor(low / unit))
    level = np.where(known, np.round(np.nan_to_num(values) / unit) - base, levels - 1).astype(int)
    return {"unit": unit, "low": base, "digits": digits, "text": _digits(np.diff(level, axis=1, prepend=0) % levels, digits)}


def _digits(numbers, digits=2):
    """Whole numbers as text, `digits` letters each, the highest first."""
    numbers = np.ravel(numbers)
    table = np.array(list(_LETTERS))
    return "".join(np.stack([table[numbers // len(_LETTERS) ** k % len(_LETTERS)] for k in reversed(range(digits))], 1).ravel())
