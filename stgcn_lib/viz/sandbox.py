"""The traffic sandbox: a ring road that the reader disturbs, and forecasts that must cope with it."""

import json
from functools import cache
from math import cos, pi, sin
from pathlib import Path

from . import theme
from .html import Component

STORED = Path(__file__).parents[1] / "results" / "ring.json"
OPENINGS = {3: "night, 03:00", 6.5: "morning, 06:30", 12: "noon, 12:00", 15.5: "afternoon, 15:30"}
# what each forecaster looks like: a colour of theme.py and, for those without a colour of their own, the networks
LOOKS = {"last value": "last-value", "historical mean": "daily", "linear on the graph": "linear"}
NETWORKS = ("forecast", "forecast-2")


@cache
def _stored():
    return json.loads(STORED.read_text(encoding="utf-8"))


def traffic_sandbox(run=None, *, forecasters=tuple(LOOKS), hour=12, cell=20, alt=None, see=""):
    """A ring road seen from above: place an accident, close a lane, switch a sensor off, and watch the forecasts cope.

    The page simulates the road itself, as `data.traffic.RingRoad` does, and forecasts it every five minutes, as
    `recipes.ring.forecast` does. Everything that happens is the reader's doing.

    Args:
        run: what `recipes.ring.load` gives: road, table and forecasters; left out, the run that comes with the library.
        forecasters: names of those that take part, out of ``run["forecasters"]``.
        hour: time of day when the sandbox opens, 2 to 22; two hours have been driven before.
        cell: the cell that is chosen at first.
        alt: text alternative; left out, a sentence made of the arguments.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "sandbox".

    Raises:
        ValueError: an unknown forecaster, a cell that is not on the road, or an hour out of reach.
    """
    run = _stored() if run is None else run
    known = {model["name"]: model for model in run["forecasters"]}
    if not forecasters or any(name not in known for name in forecasters):
        raise ValueError(f"forecasters is {forecasters!r}, expected one or more of {', '.join(known)}")
    if not 2 <= hour <= 22:
        raise ValueError(f"hour is {hour!r}, expected 2 to 22: two hours are driven before the sandbox opens")
    cells = run["road"]["cells"]
    if cell not in range(cells):
        raise ValueError(f"cell is {cell!r}, expected 0 to {cells - 1}")
    networks = iter(NETWORKS * len(known))
    looks = [LOOKS.get(name) or next(networks) for name in forecasters]
    data = {
        "road": run["road"], "table": run["table"],
        "forecasters": [known[name] | {"look": [look, theme.MARK[look], theme.DASH[look]]}
                        for name, look in zip(forecasters, looks, strict=True)],
        "openings": sorted({**OPENINGS, hour: OPENINGS.get(hour, f"{int(hour):02}:{round(hour % 1 * 60):02}")}.items()),
        "state": {"hour": hour, "cell": int(cell)},
    }
    alt = alt or (f"Traffic sandbox: a ring road of {cells} cells of one kilometre. Place accidents, close lanes and switch "
                  f"sensors off; jams travel against the driving direction, and {', '.join(forecasters)} forecast the speeds of "
                  "the next 30 minutes.")
    return Component("sandbox", data, alt=alt, see=see, still=_still(run["road"]))


def _still(road):
    """The ring with its entries and exits, where no script runs."""
    n, parts = road["cells"], []
    at = lambda i, r: (180 + r * sin(2 * pi * i / n), 180 - r * cos(2 * pi * i / n))  # noqa: E731
    for i in range(n):
        (ax, ay), (bx, by) = at(i + 0.04, 130), at(i + 0.96, 130)
        parts.append(f'<path d="M{ax:.0f} {ay:.0f}A130 130 0 0 1 {bx:.0f} {by:.0f}"/>')
        if i % 5 == 0:
            x, y = at(i + 0.5, 96)
            parts.append(f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" fill="#56606e" stroke="none">{i}</text>')
    return (f'<svg viewBox="0 0 360 360" aria-hidden="true" style="max-width:22rem;margin:0 auto" fill="none" stroke-width="40" '
            f'stroke="{theme.color("speed-4")}" font-family="system-ui,sans-serif" font-size="12"><g>{"".join(parts)}</g></svg>')
