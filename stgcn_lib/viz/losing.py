"""A skeleton loses its joints, level by level, while the accuracy of several networks is drawn up to that level."""

import html
import math

import numpy as np

from . import theme
from .html import Component
from .player import (
    MAX_FPS,
    _array,
    _base64,
    _check,
    _describe,
    _encode,
    _graph,
    _marks,
    _most_telling,
    _project,
    _view,
)
from .scores import _short, _table

LOOKS = ("last-value", "forecast", "linear", "daily", "forecast-2")  # colour, dash and mark of each curve
MOST_BYTES = 16_000  # of clip and holes before they become text, which is a third longer


def losing_joints(clip, seen, curves, *, layout, alt, see="", fps=30, label="joints missing", unit="%", view="corner"):
    """A slider over levels of damage: the skeleton loses its joints, the accuracy curves are drawn up to that level.

    A joint that is missing is hollow and its bones are pale: it stands where it really was, which the network is not told. Play
    runs through the clip once from each level to the next. The first curve is the one that the others are compared with.

    Args:
        clip: (T, V, 2|3) as recorded, without holes; y up. A long clip is thinned: every second (third, ...) frame is shown.
        seen: {level: (T, V) boolean}, what was seen at each level, two levels or more. Levels are numbers, such as the share 0.3.
        curves: {name: (levels, mean, std)}, up to five: accuracies from 0 to 1 over seeds, at every level of `seen` and perhaps at
            others. std None: no band.
        layout: name of a skeleton or a `SkeletonGraph`.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        fps: frames a second of the clip.
        label: what a level counts, the title of the axis.
        unit: "%" writes the level 0.3 as "30 %"; any other text is put behind the number, "" nothing.
        view: "corner", "front", "side", "top", or (turn, tilt) in degrees.

    Returns:
        Component of kind "losing".

    Raises:
        ValueError: clip, holes and layout do not fit each other; a curve lacks a level, or holds no accuracies.
    """
    graph, clip = _graph(layout), _array(clip)
    xyz = _check(clip, graph, {2: ("x", "y"), 3: ("x", "y", "z")}.get(clip.shape[-1] if clip.ndim == 3 else 0), "clip")[0]
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}: expected a positive number of frames a second")
    levels, holes = _holes(seen, xyz.shape[:2])
    bytes_a_frame = xyz[0].size * 2 + len(levels) * graph.num_joints / 8
    stride = max(1, math.ceil(fps / MAX_FPS - 1e-6), math.ceil(len(xyz) * bytes_a_frame / MOST_BYTES))
    shown, holes = xyz[::stride], holes[:, ::stride]
    rows = _curves(curves, levels)
    data = {"fps": round(fps / stride, 3), "stride": stride, "view": list(_view(view)), "start": _most_telling([shown]),
            "layouts": [_describe(graph)], "marks": _marks([graph], [None]), "clips": [_encode(shown, None, "", 0, None, 1, 1)],
            "levels": levels, "label": str(label), "unit": str(unit), "missing": _base64(np.packbits(~holes)), "curves": rows}
    return Component("losing", data, alt=alt, see=see, still=_still(shown, holes, graph, data))


def name_of(level, unit):
    """A level as the page writes it."""
    return f"{100 * level:.3g} %" if unit == "%" else f"{level:.3g} {unit}".strip()


def _holes(seen, shape):
    """Levels in rising order, and (levels, T, V) boolean."""
    levels = sorted(float(level) for level in seen)
    if len(levels) < 2 or not np.isfinite(levels).all():
        raise ValueError(f"seen has the levels {levels}, expected two or more finite numbers: {{level: (T, V) boolean}}")
    holes = [np.asarray(one.detach().cpu() if hasattr(one, "detach") else one) for _, one in sorted(seen.items())]
    for level, one in zip(levels, holes, strict=True):
        if one.shape != shape or one.dtype != bool:
            raise ValueError(f"seen[{level:g}] has shape {one.shape} and holds {one.dtype}, expected {shape} booleans: one for "
                             "each frame and joint of the clip; from corrupt() take seen[n, :, :, 0]")
    return levels, np.stack(holes)


def _curves(curves, levels):
    if not 1 <= len(curves) <= len(LOOKS):
        raise ValueError(f"curves has {len(curves)} entries, expected one to {len(LOOKS)}")
    rows = []
    for (name, (at, mean, std)), look in zip(curves.items(), LOOKS, strict=False):
        at, mean, std = _array(at), _array(mean), None if std is None else _array(std)
        if at.ndim != 1 or mean.shape != at.shape or (std is not None and std.shape != at.shape):
            raise ValueError(f"curves[{name!r}] has levels, mean, std of shapes {at.shape}, {mean.shape}, "
                             f"{None if std is None else std.shape}: expected one mean and one std for each level")
        if not ((mean >= 0) & (mean <= 1)).all() or (std is not None and not ((std >= 0) & (std <= 1)).all()):
            raise ValueError(f"curves[{name!r}] holds a value outside 0 to 1, expected shares (are these percent? divide by 100)")
        order = np.argsort(at, kind="stable")
        lacking = [level for level in levels if not np.isclose(at, level, rtol=0, atol=1e-6).any()]
        if lacking or not np.isfinite(at).all() or (np.diff(at[order]) <= 0).any():
            raise ValueError(f"curves[{name!r}] has the levels {at.tolist()}, expected different numbers, among them those of seen"
                             + (f": {lacking[0]:g} is missing" if lacking else ""))
        rows.append({"name": str(name), "look": [look, theme.DASH[look], theme.MARK[look]],
                     "levels": [_short(x) for x in at[order]], "mean": [_short(x) for x in mean[order]],
                     "std": None if std is None else [_short(x) for x in std[order]]})
    return rows


def _still(xyz, holes, graph, data):
    """The same pose at up to five levels, missing joints hollow; below it all accuracies as a table."""
    turn, tilt = np.deg2rad(data["view"])
    pose, t = _project(xyz, turn, tilt)[data["start"]] * [1, -1], data["start"]
    picked = np.unique(np.linspace(0, len(holes) - 1, min(5, len(holes))).round().astype(int))
    scale = min(170 / max(np.ptp(pose[:, 1]), 1e-9), 110 / max(np.ptp(pose[:, 0]), 1e-9))
    out, ink, paper = [], theme.color("trunk"), theme.color("surface")
    for n, level in enumerate(picked):
        there = holes[level, t]
        at = (pose - (pose.min(0) + pose.max(0)) / 2) * scale + [(n + 0.5) * 720 / len(picked), 118]
        for whole in (False, True):
            bones = "".join(f"M{at[a, 0]:.0f} {at[a, 1]:.0f}L{at[b, 0]:.0f} {at[b, 1]:.0f}" for a, b in graph.edges
                            if (there[a] and there[b]) == whole)
            out.append(f'<path d="{bones}" stroke="{ink if whole else theme.color("line")}" stroke-width="{3 if whole else 1.5}"/>')
        out += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="3.4" fill="{ink if ok else paper}" stroke="{ink}"/>'
                for (x, y), ok in zip(at, there, strict=True)]
        out.append(f'<text x="{(n + 0.5) * 720 / len(picked):.0f}" y="16" text-anchor="middle">'
                   f'{html.escape(name_of(data["levels"][level], data["unit"]))}</text>')
    names = [name_of(level, data["unit"]) for level in data["levels"]]
    rows = [[row["name"], *(f"{100 * row['mean'][int(np.abs(np.array(row['levels']) - level).argmin())]:.1f} %"
                            for level in data["levels"])] for row in data["curves"]]
    return (f'<svg class="gim-still" viewBox="0 0 720 220" aria-hidden="true" fill="none" font-size="13" stroke-linecap="round">'
            f'{"".join(out)}</svg>' + _table([f"accuracy at {data['label']}", *names], rows))
