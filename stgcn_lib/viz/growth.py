"""A learned graph that grows: the strongest edges between joints that no bone connects, step by step of training."""

import html

import numpy as np

from . import theme
from .html import Component
from .player import _array, _base64
from .series import short

MOST_WEIGHTS, SHOWN = 15_000, 12  # a weight costs a byte and a third; more edges than that are a hairball


def growing_edges(places, bones, steps, *, joints, alt, see="", names=None):
    """Play a learned adjacency as it grows in training; touch a joint for what it sends and hears; the matrix stands beside it.

    Drawn are the 12 strongest edges, by size, between two joints that no bone connects. The matrix shows all weights, with
    the given bones and self-loops framed; its colour is full from the strongest of the edges without a bone on.

    Args:
        places: (V, 2) of the joints in the picture, y up.
        bones: pairs of joint indices.
        steps: list of (label, (V, V) learned weights beyond the physical ones) in order of training; ``[v, u]``: receiver v,
            sender u. Above 15,000 weights, steps are left out evenly; the first and the last stay.
        joints: V names.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        names: joints (name or index) whose names are always written; left out, those of the strongest edge at the end.

    Returns:
        Component of kind "growth".

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than one pair of joints without a bone.
    """
    at, joints = _array(places), [str(joint) for joint in joints]
    V = len(at)
    if at.ndim != 2 or at.shape[1] != 2 or not np.isfinite(at).all():
        raise ValueError(f"places has shape {at.shape}, expected (V, 2) finite numbers: choose two of the axes of a pose")
    if len(joints) != V:
        raise ValueError(f"joints has {len(joints)} names, places has {V} joints: give one for each")
    bones = [(int(a), int(b)) for a, b in bones]
    if any(not 0 <= v < V for bone in bones for v in bone):
        raise ValueError(f"bones holds a joint outside 0 to {V - 1}: expected pairs of indices into places")
    if not len(steps):
        raise ValueError("steps is empty, expected at least one (label, (V, V) weights)")
    weights = [_array(one) for _, one in steps]
    for n, one in enumerate(weights):
        if one.shape != (V, V) or not np.isfinite(one).all():
            raise ValueError(f"steps[{n}] has weights of shape {one.shape}, expected ({V}, {V}) finite numbers: sum or choose one "
                             "of the subsets of a (K, V, V) adjacency")
    free = ~np.eye(V, dtype=bool)  # neither a joint itself nor a bone
    for a, b in bones:
        free[a, b] = free[b, a] = False
    if not free.any():
        raise ValueError("bones connects every pair of joints, expected at least one pair without a bone")
    kept = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), max(2, MOST_WEIGHTS // V ** 2))).round().astype(int))
    weights = np.stack([weights[n] for n in kept])  # (S, V, V)
    peak, full = float(np.abs(weights).max()) or 1.0, float(np.abs(weights[:, free]).max()) or 1.0
    v, u = np.unravel_index(np.where(free, np.abs(weights[-1]), -1).argmax(), (V, V))
    named = [v, u] if names is None else [_index(one, joints) for one in names]
    span = max(np.ptp(at, axis=0).max(), 1e-9)
    data = {"joints": joints, "places": np.round((at - at.min(0)) * [1, -1] / span * 1000 + [0, np.ptp(at[:, 1]) / span * 1000])
            .astype(int).ravel().tolist(), "bones": bones, "labels": [str(steps[n][0]) for n in kept], "shown": SHOWN,
            "named": sorted({int(one) for one in named}), "peak": short(peak), "full": short(full),
            "weights": _base64(np.round(weights / peak * 127).astype("i1"))}
    return Component("growth", data, alt=alt, see=see, still=_still(data, weights[-1], free))


def _index(joint, joints):
    if joint in joints:
        return joints.index(joint)
    if isinstance(joint, (int, np.integer)) and 0 <= joint < len(joints):
        return int(joint)
    raise ValueError(f"names has {joint!r}, expected a joint by name or by index 0 to {len(joints) - 1}")


def _still(data, weights, free):
    """The body with the strongest edges at the end of training."""
    at = np.reshape(data["places"], (-1, 2)) * 0.36 + 60
    out = [f'<path d="{"".join(f"M{at[a, 0]:.0f} {at[a, 1]:.0f}L{at[b, 0]:.0f} {at[b, 1]:.0f}" for a, b in data["bones"])}" '
           f'stroke="{theme.color("given")}" stroke-width="3"/>']
    for n in np.argsort(-np.where(free, np.abs(weights), 0), axis=None, kind="stable")[:data["shown"]]:
        v, u = divmod(int(n), len(at))
        w = weights[v, u]
        if free[v, u] and w:
            (x, y), (a, b) = at[v], at[u]
            dash = ' stroke-dasharray="2 3"' if w < 0 else ""
            bend = f"{(a + x) / 2 + 0.2 * (y - b):.0f} {(b + y) / 2 - 0.2 * (x - a):.0f}"
            out.append(f'<path d="M{a:.0f} {b:.0f}Q{bend} {x:.0f} {y:.0f}" '
                       f'stroke="{theme.color("cell-negative" if w < 0 else "learned")}" '
                       f'stroke-width="{1 + 4 * abs(w) / data["full"]:.1f}"{dash}/>')
    out += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5" fill="{theme.color("given")}"/>' for x, y in at]
    out += [f'<text x="{at[v, 0] + 8:.0f}" y="{at[v, 1] - 6:.0f}" fill="{theme.color("ink")}">'
            f'{html.escape(data["joints"][v])}</text>'
            for v in data["named"]]
    width, height = at.max(0) + 60
    return (f'<svg class="gim-still" viewBox="0 0 {width:.0f} {height:.0f}" aria-hidden="true" fill="none" font-size="13" '
            f'style="max-width:30rem">{"".join(out)}</svg>')
