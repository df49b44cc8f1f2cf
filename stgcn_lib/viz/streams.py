"""Four ways to write down one movement, side by side: joints, bones, and how both change from frame to frame."""

import math

import numpy as np

from ..graphs.streams import STREAMS
from . import theme
from .html import Component
from .player import MAX_FPS, _array, _check, _describe, _encode, _graph, _project, _view

MOST_NUMBERS = 7_500  # a coordinate costs two bytes and two thirds; more would cost a page too much


def four_streams(clip, layout, *, alt, see="", fps=30, view="corner"):
    """Joint, bone, joint motion and bone motion of one clip, moving together; touch a joint for its numbers in all four.

    Bones are arrows from the parent to the joint, motion is an arrow at the joint towards the next shown frame, drawn longer by a
    factor that the figure says. Motion in the last frame is zero.

    Args:
        clip: (T, V, 2|3); y up. Above 7,500 numbers, or 30 frames a second, only every second (third, ...) frame is shown, and
            motion is then the change from one shown frame to the next.
        layout: name of a skeleton or a `SkeletonGraph`.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        fps: frames a second of the clip.
        view: "corner", "front", "side", "top", or (turn, tilt) in degrees.

    Returns:
        Component of kind "streams".

    Raises:
        ValueError: the clip does not fit the layout, holds a value that is not finite, or an unknown view.
    """
    graph = _graph(layout)
    clip = _array(clip)
    xyz = _check(clip, graph, {2: ("x", "y"), 3: ("x", "y", "z")}.get(clip.shape[-1] if clip.ndim == 3 else 0), "clip")[0]
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}: expected a positive number of frames a second")
    stride = max(1, math.ceil(fps / MAX_FPS - 1e-6), math.ceil(xyz.size / MOST_NUMBERS))
    shown, (turn, tilt) = xyz[::stride], _view(view)
    flat = _project(shown, np.deg2rad(turn), np.deg2rad(tilt))
    tall = max(np.ptp(flat, axis=1).max(), 1e-9)
    steps = np.linalg.norm(np.diff(shown, axis=0), axis=2)  # (T - 1, V)
    quick = np.quantile(steps, 0.98) if steps.size else 0
    longer = int(np.clip(np.floor(0.16 * tall / quick), 1, 50)) if quick > 1e-6 * tall else 1
    start = int(steps.sum(1).argmax()) if steps.size else 0
    data = {"fps": round(fps / stride, 3), "stride": stride, "view": [turn, tilt], "longer": longer, "start": start,
            "streams": list(STREAMS), "layout": _describe(graph), "parents": graph.parents.tolist(),
            "clip": _encode(shown, None, "", 0, None, 1, 1)}
    return Component("streams", data, alt=alt, see=see, still=_still(flat, graph, data))


def _still(flat, graph, data):
    """The four streams of one frame."""
    t, parents = data["start"], graph.parents
    parents = np.where(parents < 0, np.arange(len(parents)), parents)
    now, after = flat[t] * [1, -1], flat[min(t + 1, len(flat) - 1)] * [1, -1]
    scale = min(150 / max(np.ptp(now[:, 0]), 1e-9), 180 / max(np.ptp(now[:, 1]), 1e-9))
    at, step = (now - now.min(0)) * scale, (after - now) * scale * data["longer"]
    out, body = [], "".join(f"M{at[a, 0]:.0f} {at[a, 1]:.0f}L{at[b, 0]:.0f} {at[b, 1]:.0f}" for a, b in graph.edges)
    for n, name in enumerate(data["streams"]):
        move = step - step[parents] if name.startswith("bone") else step
        lines = "".join(f"M{x:.0f} {y:.0f}l{dx:.0f} {dy:.0f}" for (x, y), (dx, dy) in zip(at, move, strict=True))
        dots = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in at)
        path = f'<path d="{body}" stroke="{theme.color("trunk" if name == "bone" else "line")}" stroke-width="3"/>'
        if name == "joint":
            path += f'<path d="{dots}" stroke="{theme.color("trunk")}" stroke-width="7"/>'
        elif name.endswith("motion"):
            path += f'<path d="{lines}" stroke="{theme.color("learned")}" stroke-width="2"/>'
        out.append(f'<g transform="translate({n * 180 + 15} 40)">{path}</g><text x="{n * 180 + 90}" y="16" '
                   f'text-anchor="middle">{name}</text>')
    return ('<svg class="gim-still" viewBox="0 0 720 240" aria-hidden="true" fill="none" font-size="13" stroke-linecap="round">'
            f'{"".join(out)}</svg>')
