"""A graph over rounds of messages: one number a node and round, a slider over the rounds."""

import numpy as np

from .html import Component


def rounds(matrix, values, positions, *, groups=None, group_names=("circle", "square"), marked=None, captions=None, alt, see=""):
    """Graph whose nodes change with the round: colour and sign on the graph, the numbers themselves on a line below.

    The colour of a node is its value relative to the largest of that round, so that the pattern stays visible when all
    values shrink; the line below has one fixed scale and shows the shrinking.

    Args:
        matrix: (V, V) array or tensor; `matrix[v, u] != 0` means that receiver v hears sender u. The diagonal is not drawn.
        values: (R, V) numbers, one row a round, round 0 first.
        positions: (V, 2) places of the nodes, any unit, y up.
        groups: V numbers 0 or 1: which nodes are circles and which are squares. None: all circles.
        group_names: what a circle and a square mean, for the legend.
        marked: dict of node to name, such as ``{0: "instructor"}``: drawn with a ring and its name.
        captions: R sentences, one a round.
        alt: text alternative.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "rounds".

    Raises:
        ValueError: the shapes do not fit each other.
    """
    matrix, values, positions = (np.asarray(a, dtype=float) for a in (matrix, values, positions))
    nodes = len(positions)
    if matrix.shape != (nodes, nodes) or values.ndim != 2 or values.shape[1] != nodes:
        raise ValueError(f"matrix {matrix.shape} and values {values.shape} do not fit {nodes} positions: "
                         f"expected ({nodes}, {nodes}) and (rounds, {nodes})")
    if captions is not None and len(captions) != len(values):
        raise ValueError(f"captions has {len(captions)} sentences for {len(values)} rounds: expected one a round")
    low, high = positions.min(0), positions.max(0)
    places = (positions - low) / np.where(high > low, high - low, 1)
    places[:, 1] = 1 - places[:, 1]  # y up in the data, down on the screen
    heard = (matrix != 0) | (matrix.T != 0)
    data = {
        "places": places.round(3).tolist(),
        "edges": [[int(v), int(u)] for v, u in zip(*np.nonzero(np.triu(heard, 1)), strict=True)],
        "values": [[float(f"{x:.3g}") for x in row] for row in values],
        "groups": [int(g) for g in groups] if groups is not None else [0] * nodes,
        "groupNames": list(group_names) if groups is not None else [],
        "marked": {str(v): name for v, name in (marked or {}).items()},
        "captions": list(captions or [""] * len(values)),
    }
    return Component("rounds", data, alt=alt, see=see, still=_still(data))


def _still(data):
    """The graph alone, for where no script runs."""
    at = [(40 + 320 * x, 30 + 240 * y) for x, y in data["places"]]
    lines = "".join(f'<line x1="{at[v][0]:.0f}" y1="{at[v][1]:.0f}" x2="{at[u][0]:.0f}" y2="{at[u][1]:.0f}"/>'
                    for v, u in data["edges"])
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="7"/>' if group == 0 else
                   f'<rect x="{x - 6:.0f}" y="{y - 6:.0f}" width="12" height="12"/>'
                   for (x, y), group in zip(at, data["groups"], strict=True))
    return (f'<svg viewBox="0 0 400 300" aria-hidden="true"><g stroke="#8a94a1" fill="none">{lines}</g>'
            f'<g fill="#fff" stroke="#56606e" stroke-width="1.5">{dots}</g></svg>')
