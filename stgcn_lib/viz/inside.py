"""Inside a network: what it looked at, what its edges learned, and where it puts each clip. Arrays come in, figures go out."""

import numpy as np

from . import theme
from .html import Component
from .partition import _layout, _roomy
from .player import (MAX_FPS, _array, _base64, _check, _describe, _each, _encode, _frame, _graph, _marks, _most_telling, _project,
                     _stick_figure, _view)

SUBSETS = ("root", "centripetal", "centrifugal")


# ---- heat on the moving skeleton --------------------------------------------------------------------------------------------

def heat_player(clips, heats, layout, titles=None, fps=30, *, alt, see="", view="corner", channels=None, start=None):
    """A moving skeleton whose joints glow by their heat, beside the heat as joints over time; touch one, the other follows.

    Each heat is drawn on a scale of its own, from 0 to its largest value: maps of different methods have no common unit.

    Args:
        clips: one array (T, V, C) or a list of them, as for `player`; the reader switches between them.
        heats: for each clip a (T, V) array, or a dict from the name of a map ("saliency", "random weights") to (T, V); the
            reader switches between them. Values below 0 (a joint that speaks against the class) are drawn as squares.
        layout: name of a skeleton or a `SkeletonGraph`.
        titles: one title for each clip.
        fps, view, channels, start: as for `player`. Frames left out above 30 a second are averaged in the heat.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "heat".

    Raises:
        ValueError: clips and heats do not fit each other or the layout, or a value is not finite.
    """
    many = isinstance(clips, (list, tuple))
    clips, heats = ([_array(clip) for clip in clips], list(heats)) if many else ([_array(clips)], [heats])
    if not clips or len(heats) != len(clips):
        raise ValueError(f"heats has {len(heats)} entries, clips has {len(clips)}: give one for each clip, at least one")
    titles = [""] * len(clips) if titles is None else [titles] if isinstance(titles, str) else list(titles)
    if len(titles) != len(clips):
        raise ValueError(f"titles has {len(titles)} entries, clips has {len(clips)}: give one title for each clip")
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}: expected a positive number of frames a second")
    graph, stride = _graph(layout), max(1, int(np.ceil(fps / MAX_FPS - 1e-6)))
    axes = _each(channels, len(clips), "channels", channels is not None and not isinstance(channels[0], str))
    where = [f"[{i}]" if many else "" for i in range(len(clips))]
    parts = [_check(clip, graph, names, "clips" + at) for clip, names, at in zip(clips, axes, where, strict=True)]
    maps = [_maps(heat, xyz.shape[:2], "heats" + at) for heat, (xyz, _), at in zip(heats, parts, where, strict=True)]
    if len({tuple(one) for one in maps}) > 1:
        raise ValueError(f"heats has maps {', '.join(maps[0])} for the first clip and {', '.join(maps[-1])} for the last: give the "
                         "same names for all clips")
    shown = [(xyz[::stride], None if sure is None else sure[::stride]) for xyz, sure in parts]
    maps = [{name: _thinned(heat, stride) for name, heat in one.items()} for one in maps]
    first = next(iter(maps[0].values()))
    data = {
        "fps": round(fps / stride, 3), "stride": stride, "view": list(_view(view)), "layouts": [_describe(graph)],
        "start": int(np.abs(first).sum(1).argmax()) if start is None else _frame(start, len(clips[0])) // stride,
        "marks": _marks([graph], [None]), "maps": list(maps[0]),
        "clips": [_encode(xyz, sure, title, 0, None, 1, stride) | {"heats": [_heat_text(heat) for heat in one.values()]}
                  for (xyz, sure), title, one in zip(shown, titles, maps, strict=True)],
    }
    return Component("heat", data, alt=alt, see=see, still=_heat_still(shown[0], first, graph, data))


def _maps(heat, shape, name):
    """The maps of one clip by name, checked."""
    maps = {str(key): _array(value) for key, value in heat.items()} if isinstance(heat, dict) else {"heat": _array(heat)}
    if not maps:
        raise ValueError(f"{name} is an empty dict: expected at least one map")
    for key, value in maps.items():
        if value.shape != shape:
            hint = ": is this (V, T)? transpose it" if value.shape == shape[::-1] else ": spread() lays occlusion out over frames"
            raise ValueError(f"{name} has shape {value.shape} for {key!r}, the clip has {shape[0]} frames and {shape[1]} joints: "
                             f"expected {shape}{hint}")
        if not np.isfinite(value).all():
            raise ValueError(f"{name} has a value that is not finite in {key!r}: expected finite numbers")
    return maps


def _thinned(heat, stride):
    """Mean over the frames that stand behind each shown frame, (T', V)."""
    starts = np.arange(0, len(heat), stride)
    return np.add.reduceat(heat, starts) / np.diff(np.append(starts, len(heat)))[:, None]


def _heat_text(heat):
    """(T, V) as 8-bit shares of its largest value."""
    peak = np.abs(heat).max()
    return {"peak": float(f"{peak:.3g}"), "signed": bool(heat.min() < 0),
            "values": _base64(np.round(heat / (peak or 1) * 127).astype("i1"))}


def _heat_still(shown, heat, graph, data):
    """Six poses along time with a disc around each joint, as large as its heat."""
    (xyz, sure), width, row = shown, 720, 190
    flat = _project(xyz, *np.deg2rad(data["view"]))
    frames = np.unique(np.linspace(0, len(xyz) - 1, 6).round().astype(int))
    scale = min((row - 40) / max(np.ptp(flat[..., 1]), 1e-9), 0.8 * width / 6 / max(np.ptp(flat[frames][..., 0], axis=1).max(), 1e-9))
    strength, out = np.abs(heat) / (np.abs(heat).max() or 1), []
    for k, t in enumerate(frames):
        middle = (k + 0.5) * width / len(frames)
        x = (flat[t, :, 0] - flat[t, :, 0].mean()) * scale + middle
        y = row - 24 - (flat[t, :, 1] - flat[..., 1].min()) * scale
        there = np.ones(len(x), bool) if sure is None else sure[t] > 0
        out += [f'<circle cx="{x[v]:.0f}" cy="{y[v]:.0f}" r="{3 + 12 * strength[t, v]:.0f}" fill="{theme.color("cell")}" '
                f'fill-opacity="0.45"/>' for v in np.flatnonzero(there & (strength[t] > 0.1))]
        out += [_stick_figure(np.round(x).astype(int), np.round(y).astype(int), there, graph),
                f'<text x="{middle:.0f}" y="{row - 4}" text-anchor="middle">t = {t * data["stride"]}</text>']
    return (f'<svg class="gim-still" viewBox="0 0 {width} {row}" aria-hidden="true" fill="none" font-size="12" '
            f'stroke-linecap="round" stroke-linejoin="round">{"".join(out)}</svg>')
