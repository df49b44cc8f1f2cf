"""What each ingredient added: gains one on the other, with their spread over seeds."""

import numpy as np

from .html import Component
from .player import _array
from .scores import _short, _table


def waterfall(steps, *, alt, see="", unit="%", goal=None):
    """Each ingredient's gain as a bar from the last level, one below the other; Play adds them in turn.

    Dots are seeds, the whisker reaches from the lowest to the highest. A bar is hatched where the gain lies within the spread: the
    seeds with the ingredient overlap with those before it, or there are too few to tell.

    Args:
        steps: list of (name, accuracies), or (name, accuracies, cost), in the order in which the ingredients were added, each on
            top of all before; the first is the start. Accuracies are one number for each seed, cost is a text such as
            "271 k parameters, 3 ms a clip".
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        unit: "%" takes shares from 0 to 1 and writes them in %; any other unit takes numbers as they are.
        goal: a level to reach, drawn as a line: a number like the accuracies, or a pair (number, name).

    Returns:
        Component of kind "waterfall".

    Raises:
        ValueError: fewer than two steps, a step without numbers, or values that do not fit the unit.
    """
    if len(steps) < 2:
        raise ValueError(f"steps has {len(steps)} entries, expected a start and at least one ingredient: [(name, accuracies), ...]")
    rows, share = [], unit == "%"
    for n, (name, values, *cost) in enumerate(steps):
        values = _array(values)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError(f"steps[{n}] ({name!r}) has accuracies of shape {values.shape}, expected (seeds,) finite numbers")
        if share and not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"steps[{n}] ({name!r}) holds {values.tolist()}, expected shares from 0 to 1 (are these percent? "
                             "divide by 100)")
        if len(cost) > 1 or any(not isinstance(one, str) for one in cost):
            raise ValueError(f"steps[{n}] ({name!r}) has {cost} after the accuracies, expected one text: what it costs")
        rows.append({"name": str(name), "seeds": [_short(x) for x in values], "mean": _short(values.mean()),
                     "cost": cost[0] if cost else "", "within": bool(n) and within_spread(_array(steps[n - 1][1]), values)})
    level, word = goal if isinstance(goal, (tuple, list)) else (goal, "goal")
    if level is not None and not (np.isfinite(level) and (not share or 0 <= level <= 1)):
        raise ValueError(f"goal is {level!r}, expected a number like the accuracies")
    data = {"rows": rows, "unit": str(unit), "goal": None if level is None else [_short(level), str(word)]}
    return Component("waterfall", data, alt=alt, see=see, still=_still(rows, share))


def within_spread(before, after):
    """True where the seeds of both overlap, or either has fewer than two."""
    return bool(min(len(before), len(after)) < 2 or (before.min() <= after.max() and after.min() <= before.max()))


def _still(rows, share):
    """A table of levels, seeds, gains, and costs where there are any."""
    k, end = (100, " %") if share else (1, "")
    head, table = ["", "mean", "seeds", "gain", "cost"], []
    for n, row in enumerate(rows):
        gain = f"{k * (row['mean'] - rows[n - 1]['mean']):+.2g}".replace("-", "\u2212") if n else ""
        seeds = f"{k * min(row['seeds']):.4g} to {k * max(row['seeds']):.4g}{end}"
        table.append([row["name"], f"{k * row['mean']:.4g}{end}", seeds,
                      gain + (", within the spread" if row["within"] else ""), row["cost"]])
    if not any(row["cost"] for row in rows):
        head, table = head[:-1], [one[:-1] for one in table]
    return _table(head, table)
