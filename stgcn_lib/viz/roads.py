"""Speeds on roads: on a map, over time and road, ahead of time, and where forecasts fail. Arrays come in, figures go out.

Speeds are rounded for the page, to whole miles an hour where they reach 70, and averaged over a few steps where there are many:
a day of 207 sensors costs less than 50 KB, 25 KB over the wire. NaN means that there is no reading, and is drawn as such.
"""

import html
import zlib

import numpy as np

from . import theme
from .html import Component
from .player import _array, _base64
from .scores import _table
from .series import (
    clock_of,
    digits_of,
    limits_of,
    mean_of,
    model_looks,
    moment,
    names_of,
    one_of,
    pack,
    positive,
    readings,
    row_of,
    short,
    thin,
)

# a page has a byte budget; a speed costs a letter, a forecast two
MOST_SPEEDS, MOST_FORECASTS, MOST_SENSORS = 40_000, 50_000, 1_000

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
    data = {"sensors": names_of(sensors, V, "sensors"), "km": coordinates != "plane", "units": str(units),
            "places": digits_of(_on_grid(plane)[0]), "span": _on_grid(plane)[1],
            "both": digits_of(links[0]), "single": digits_of(links[1]), "count": V,
            "emphasis": one_of(emphasis, ("low", "high"), "emphasis"), "fps": positive(fps, "fps")}
    if values is None:
        return Component("road-map", data | {"values": None}, alt=alt, see=see, still=_map_still(plane, links, None, None, data))
    values = readings(values, "values")
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] != V or not len(values):
        hint = ": is this (V, T)? transpose it" if values.ndim == 2 and values.shape[0] == V else ""
        raise ValueError(f"values has shape {values.shape}, positions has {V} sensors: expected (T, {V}){hint}")
    low, high = limits_of(limits, values)
    slow = (low + high) / 2 if slow is None else float(slow)
    if not low < slow < high:
        raise ValueError(f"slow is {slow:g}, the limits are {low:g} and {high:g}: expected a value between them")
    shown, stride = thin(values, MOST_SPEEDS)
    hit = (shown < slow) if emphasis == "low" else (shown > slow)  # NaN is neither
    first = int(hit.sum(1).argmax()) if start is None else row_of(start, len(values)) // stride
    data |= {"values": pack(shown.T), "limits": [low, high], "slow": slow, "start": first,
             "times": clock_of(times, len(values), stride)}
    return Component("road-map", data, alt=alt, see=see, still=_map_still(plane, links, shown[first], slow, data))


def _plane(positions, coordinates):
    """(V, 2) places in kilometres, or in the unit that they came in; x to the east, y to the north."""
    at = _array(positions)
    one_of(coordinates, ("degrees", "km", "plane"), "coordinates")
    if at.ndim != 2 or at.shape[1] != 2 or not 1 <= len(at) <= MOST_SENSORS:
        raise ValueError(f"positions has shape {at.shape}, expected (V, 2) with 1 to {MOST_SENSORS} sensors: choose some of them")
    if not np.isfinite(at).all():
        v = int(np.argwhere(~np.isfinite(at))[0, 0])
        raise ValueError(f"positions is {at[v].tolist()} for sensor {v}, expected finite numbers: leave it out")
    if coordinates != "degrees":
        return at
    if np.abs(at[:, 1]).max() > 90 or np.abs(at[:, 0]).max() > 180:
        raise ValueError(f"positions reaches {np.abs(at).max(0).tolist()}, expected longitude and latitude in degrees: "
                         "are these latitude, longitude? swap the columns; a plane needs coordinates='km' or 'plane'")
    return at * [111.32 * np.cos(np.deg2rad(at[:, 1].mean())), 110.57]


def _on_grid(plane):
    """Places as whole numbers from 0 to 8190 on both axes alike, and the size of one step."""
    span = float(np.ptp(plane, axis=0).max()) or 1.0
    return np.round((plane - plane.min(0)) / span * 8190).astype(int), float(f"{span / 8190:.6g}")


def _links(edges, V):
    """Edges without self-loops as two (n, 2) arrays: those that go both ways, once, and those that go one way."""
    pairs = np.array([tuple(edge) for edge in edges], dtype=float).reshape(-1, 2) if len(edges) else np.zeros((0, 2))
    if (pairs != np.round(pairs)).any() or (pairs < 0).any() or (pairs >= V).any():
        bad = pairs[((pairs != np.round(pairs)) | (pairs < 0) | (pairs >= V)).any(1)][0]
        raise ValueError(f"edges holds ({bad[0]:g}, {bad[1]:g}), positions has {V} sensors: expected pairs (sender, receiver) of "
                         f"indices 0 to {V - 1}")
    there = {(int(a), int(b)) for a, b in pairs if a != b}
    both = {(a, b) for a, b in there if a < b and (b, a) in there}
    single = {(a, b) for a, b in there if (b, a) not in there}
    return tuple(np.array(sorted(part), dtype=int).reshape(-1, 2) for part in (both, single))


def _map_still(plane, links, values, slow, data):
    """One moment of the map: sensors are large, and diamonds, where they are slow."""
    at, width = _on_grid(plane)[0], 640
    at = np.round(14 + (at * [1, -1] + [0, at[:, 1].max()]) / 8190 * (width - 28)).astype(int)
    roads = "".join(f"M{at[a, 0]} {at[a, 1]}L{at[b, 0]} {at[b, 1]}" for part in links for a, b in part[:300])
    size, out = 4 if len(at) > 40 else 7, [f'<path d="{roads}" stroke="{theme.color("line")}"/>']
    low, high = data.get("limits", (0, 1))
    share = np.full(len(at), 1.0) if values is None else np.clip((values - low) / (high - low), 0, 1)
    standing_out = np.zeros(len(at), bool) if values is None else values < slow if data["emphasis"] == "low" else values > slow
    share = share if data["emphasis"] == "low" else 1 - share
    for k in range(5):
        own = np.flatnonzero(np.round(4 * share) == k)  # NaN is in none
        color, r = theme.color("muted" if values is None else f"speed-{k}"), round(size * (1.5 - k / 8), 1)
        diamonds = "".join(f"M{at[v, 0] - r:g} {at[v, 1]}l{r} {-r} {r} {r} {-r} {r}Z" for v in own if standing_out[v])
        discs = "".join(f"M{at[v, 0]} {at[v, 1]}h0" for v in own if not standing_out[v])
        out += [f'<path d="{diamonds}" fill="{color}"/>' if diamonds else "",
                f'<path d="{discs}" stroke="{color}" stroke-width="{2 * r:g}" stroke-linecap="round"/>' if discs else ""]
    height = at[:, 1].max() + 14
    look = f'fill="none" style="max-width:{round(min(1, 400 / height) * width)}px"'
    return (f'<svg class="gim-still" viewBox="0 0 {width} {height}" aria-hidden="true" {look}>'
            f'{"".join(out)}</svg>')


# ---- time and road ----------------------------------------------------------------------------------------------------------

def space_time(values, times=None, sensors=None, *, alt, see="", units="mph", limits=None, kilometres=None):
    """Heat map of speed: time to the right, the road upwards. A cursor reads any place; below, the day of the sensor it is on.

    A jam is a dark band (on a dark page: a bright one); its slope is the speed at which it moves along the road.

    Args:
        values: (T, V) speeds, first sensor at the bottom; NaN: no reading, hatched. More than 40,000 are averaged over neighbouring
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
    values = readings(values, "values")
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values has shape {values.shape}, expected (T, V): moments and sensors, at least one of each")
    T, V = values.shape
    if V > MOST_SENSORS:
        raise ValueError(f"values has {V} sensors, expected at most {MOST_SENSORS}: choose some of them")
    if kilometres is not None:
        kilometres = _array(kilometres)
        if kilometres.shape != (V,) or not np.isfinite(kilometres).all() or (np.diff(kilometres) <= 0).any():
            raise ValueError(f"kilometres has shape {kilometres.shape}, expected ({V},) finite numbers that rise: sort the sensors "
                             "along the road, values too")
    shown, stride = thin(values, MOST_SPEEDS)
    limits = limits_of(limits, values)
    data = {"sensors": names_of(sensors, V, "sensors"), "count": V, "units": str(units), "limits": list(limits),
            "values": pack(shown.T), "times": clock_of(times, T, stride),
            "km": None if kilometres is None else [float(f"{x:.4g}") for x in kilometres]}
    return Component("space-time", data, alt=alt, see=see, still=_heat_still(shown, limits, data))


def _heat_still(shown, limits, data):
    """The heat map with fewer cells, as a small picture in the light colours."""
    T, V = shown.shape
    steps, rows = np.linspace(0, T, min(T, 96) + 1).astype(int), np.linspace(0, V, min(V, 60) + 1).astype(int)
    cells = np.array([[mean_of(shown[a:b, c:d]) for a, b in zip(steps, steps[1:], strict=False)]
                      for c, d in zip(rows, rows[1:], strict=False)])[::-1]  # first sensor at the bottom
    share = np.clip((cells - limits[0]) / (limits[1] - limits[0]), 0, 1)
    level = np.where(np.isnan(share), 17, np.round(np.nan_to_num(share) * 16)).astype(np.uint8)
    stops = np.array([[int(theme.color(f"speed-{k}")[i:i + 2], 16) for i in (1, 3, 5)] for k in range(5)])
    ramp = [np.round(stops[k // 4] + (stops[min(4, k // 4 + 1)] - stops[k // 4]) * (k % 4) / 4) for k in range(17)]
    picture = _png(level, np.array([*ramp, [255, 255, 255]], dtype=np.uint8))
    start, end = (moment(data["times"], t) for t in (0, T - 1))
    return ('<svg class="gim-still" viewBox="0 0 700 330" aria-hidden="true" font-size="13">'
            f'<image href="data:image/png;base64,{picture}" x="10" y="4" width="680" height="300" preserveAspectRatio="none"/>'
            f'<text x="10" y="322">{html.escape(start)}</text>'
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
        forecasts: {model: (N, H)}, or (N, H, V), in the units of the truth; NaN: no forecast. At most 50,000 numbers, truth and
            spread included: choose sensors and moments.
        starts: (N,) rows of `truth`, rising: ``forecasts[model][n, h]`` is for row ``starts[n] + h``. For the windows of a series
            that is the first row of a window plus the number of its inputs.
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
    truth = readings(truth, "truth")
    truth = truth[:, None] if truth.ndim == 1 else truth
    if truth.ndim != 2 or not truth.size:
        raise ValueError(f"truth has shape {truth.shape}, expected (T,) or (T, V)")
    if not isinstance(forecasts, dict) or not forecasts:
        raise ValueError(f"forecasts is {_what(forecasts)}, expected {{model: (N, H) or (N, H, V)}}, at least one")
    (T, V), rows = truth.shape, _array(starts)
    N = len(rows) if rows.ndim == 1 else 0
    first = _array(next(iter(forecasts.values())))
    H = first.shape[1] if first.ndim > 1 else 0
    parts = {str(model): _ahead(one, (N, H, V), f"forecasts[{model!r}]") for model, one in forecasts.items()}
    bands = {str(model): [_ahead(edge, (N, H, V), f"spread[{model!r}]") for edge in pair] for model, pair in (spread or {}).items()}
    if bands.keys() - parts.keys() or any(len(pair) != 2 for pair in bands.values()):
        raise ValueError(f"spread is for {', '.join(bands)}, expected a pair (low, high) for some of {', '.join(parts)}")
    if not N or (rows != np.round(rows)).any() or rows[0] < 1 or (np.diff(rows) <= 0).any() or rows[-1] + H > T:
        reach = f"goes from {rows.min():g} to {rows.max():g}" if rows.size else "is empty"
        raise ValueError(f"starts has shape {rows.shape} and {reach}: expected whole numbers that rise, from 1 to T - H = "
                         f"{T - H}, the row of truth where each forecast begins (first row of a window plus its inputs)")
    count = truth.size + N * H * V * (len(parts) + 2 * len(bands))
    if count > MOST_FORECASTS:
        raise ValueError(f"forecasts and truth hold {count:,} numbers, expected at most {MOST_FORECASTS:,} for a page: choose "
                         "sensors ([..., :3]) or moments (every third: [::3], starts too)")
    rows = rows.astype(int)
    if start is None:
        start = int(np.nan_to_num(np.abs(truth[rows + H - 1, 0] - truth[rows - 1, 0])).argmax())
    clock, looks = clock_of(times, T), model_looks(parts)
    models = [{"name": model, "look": look, "values": _packed(one)}
              | ({"band": [_packed(edge) for edge in bands[model]]} if model in bands else {})
              for (model, one), look in zip(parts.items(), looks, strict=True)]
    data = {"truth": pack(truth.T, 2), "horizon": H, "starts": rows.tolist(), "sensors": names_of(names, V, "names"), "count": V,
            "units": str(units), "times": clock, "start": row_of(start, N), "models": models,
            "minutes": clock.get("step") if step_minutes is None else positive(step_minutes, "step_minutes")}
    target = np.stack([truth[row:row + H] for row in rows])  # (N, H, V)
    error = {model: [mean_of(np.abs(one[:, h] - target[:, h])) for h in range(H)] for model, one in parts.items()}
    some = sorted({0, (H - 1) // 2, H - 1})
    still = _table(["mean absolute error", *(f"step {h + 1}" for h in some)],
                   [[model, *(f"{row[h]:.2f} {units}" for h in some)] for model, row in error.items()])
    return Component("forecast-fan", data, alt=alt, see=see, still=still)


def _what(value):
    return "an empty dict" if isinstance(value, dict) else type(value).__name__


def _packed(values):
    """(N, H, V), a row for each sensor and moment."""
    return pack(values.transpose(2, 0, 1).reshape(-1, values.shape[1]), 2)  # (V * N, H)


def _ahead(values, shape, name):
    """Forecasts or an edge of their spread as (N, H, V)."""
    values = readings(values, name)
    values = values[..., None] if values.ndim == 2 else values
    if values.shape != shape or 0 in shape:
        raise ValueError(f"{name} has shape {values.shape}, expected (N, H, V) = {shape}: as many forecasts as starts, as many "
                         "steps as the other models, as many sensors as truth")
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
        raise ValueError(f"profiles is {_what(profiles)}, expected {{model: (n,) or (seeds, n)}}, at least one")
    labels = [str(label) for label in axis]
    rows = []
    for (model, values), look in zip(profiles.items(), model_looks(profiles), strict=True):
        values = readings(values, f"profiles[{model!r}]")
        values = values[None] if values.ndim == 1 else values
        if values.ndim != 2 or not values.size or values.shape[1] != len(labels):
            raise ValueError(f"profiles[{model!r}] has shape {values.shape}, axis has {len(labels)} labels: expected "
                             f"({len(labels)},) or (seeds, {len(labels)})")
        if (values < 0).any():
            raise ValueError(f"profiles[{model!r}] holds {np.nanmin(values):g}, expected errors from 0: is this a difference? take "
                             "its absolute value")
        columns = [column[~np.isnan(column)] for column in values.T]  # seeds that have a number there
        row = {"name": str(model), "look": look, "seeds": len(values), "mean": [short(mean_of(column)) for column in columns]}
        if len(values) > 1:
            row |= {"low": [short(column.min(initial=np.inf)) for column in columns],
                    "high": [short(column.max(initial=-np.inf)) for column in columns]}
        rows.append(row)
    data = {"rows": rows, "labels": labels, "measure": str(measure), "units": str(units), "along": str(along),
            "form": one_of(form, ("lines", "bars"), "form")}
    some = range(len(labels)) if len(labels) <= 12 else np.linspace(0, len(labels) - 1, 8).astype(int)
    still = _table([f"{measure} ({units})", *(labels[i] for i in some)],
                   [[row["name"], *("-" if row["mean"][i] is None else f"{row['mean'][i]:g}" for i in some)] for row in rows])
    return Component("error-profile", data, alt=alt, see=see, still=still)
