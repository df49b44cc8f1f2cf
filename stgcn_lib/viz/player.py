"""The skeleton player: motion clips side by side, played, scrubbed, turned in space, in the page.

The data is small on purpose: coordinates are rounded to 1/4096 of the clip's size (half a millimetre for a person) and kept as
16-bit steps along time, which compress well. A clip of 64 frames and 25 joints is about 13 KB, 4 to 6 KB over the wire.
"""

import base64
import html
import math

import numpy as np

from ..graphs import LAYOUTS, skeleton
from . import theme
from .html import Component

MAX_FPS = 30
VIEWS = {"front": (0, 7), "side": (-90, 7), "top": (0, 90), "corner": (-28, 9)}  # degrees: turn about the vertical, tilt
CHANNELS = {2: ("x", "y"), 3: ("x", "y", "z"), 4: ("x", "y", "z", "confidence")}  # unless the caller says otherwise
KNOWN_CHANNELS = (*CHANNELS.values(), ("x", "y", "confidence"))


def player(clips, layout, titles=None, fps=30, *, alt, see="", colors=None, trails=(), labels=False, view="corner",
           channels=None, start=None, autoplay=False):
    """Show motion clips side by side with one clock and one camera.

    Args:
        clips: one array (T, V, C) or a list of them; y points up (image coordinates: give 1 - y). The C channels are (x, y),
            (x, y, z), or what `channels` says.
        layout: name of a skeleton or a `SkeletonGraph`; or a list, one for each clip.
        titles: one title for each clip.
        fps: frames a second of the arrays. Above 30, every second (third, ...) frame is shown; frame numbers stay those of the
            array.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        colors: None colours by side (left, right, trunk). Otherwise for all clips, or a list with one for each clip: names of
            the palette, one a joint, such as ``("root", "sender", ...)``; or numbers, (V,) or (T, V), shown as strength.
        trails: joints (index or name) whose path over the last second is drawn.
        labels: show the joints' names from the start.
        view: "corner", "front", "side", "top", or (turn, tilt) in degrees.
        channels: names of the C channels out of "x", "y", "z", "confidence"; or a list, one for each clip. A joint with
            confidence 0 is missing and is not drawn; a low confidence is drawn faint.
        start: frame shown first; without it, the frame in which the bodies are farthest from their average pose.
        autoplay: play when first seen (the home page only); never for readers who asked for reduced motion.

    Returns:
        a `Component`.

    Raises:
        ValueError: an empty clip, a wrong number of joints, a value that is not finite, an unknown layout or channel.
    """
    many = isinstance(clips, (list, tuple))
    clips = [_array(clip) for clip in clips] if many else [_array(clips)]
    if not clips:
        raise ValueError("clips is an empty list: expected at least one array (T, V, C)")
    graphs = [_graph(one) for one in _each(layout, len(clips), "layout", isinstance(layout, list))]
    names = _each(channels, len(clips), "channels", channels is not None and not isinstance(channels[0], str))
    parts = [_check(clip, graph, axes, f"clips[{i}]" if many else "clips")
             for i, (clip, graph, axes) in enumerate(zip(clips, graphs, names, strict=True))]
    titles = [""] * len(clips) if titles is None else [titles] if isinstance(titles, str) else list(titles)
    if len(titles) != len(clips):
        raise ValueError(f"titles has {len(titles)} entries, clips has {len(clips)}: give one title for each clip")
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}: expected a positive number of frames a second")
    paint = [_colors(one, graph, len(xyz)) for one, graph, (xyz, _) in
             zip(_each(colors, len(clips), "colors", _is_list_of_colors(colors)), graphs, parts, strict=True)]

    stride = max(1, math.ceil(fps / MAX_FPS - 1e-6))
    peak = max((np.abs(p).max() for p in paint if isinstance(p, np.ndarray)), default=0) or 1
    shown = [(xyz[::stride], None if sure is None else sure[::stride]) for xyz, sure in parts]
    layouts = list({id(graph): graph for graph in graphs}.values())
    data = {
        "fps": round(fps / stride, 3), "stride": stride,
        "view": list(_view(view)), "labels": bool(labels), "autoplay": bool(autoplay),
        "start": _most_telling([xyz for xyz, _ in shown]) if start is None else _frame(start, max(map(len, clips))) // stride,
        "trails": [_joint(j, graphs[0]) for j in trails],
        "layouts": [_describe(graph) for graph in layouts],
        "marks": _marks(graphs, paint),
        "heat": _heat(paint, peak),
        "clips": [_encode(xyz, sure, title, [g is graph for g in layouts].index(True), p, peak, stride)
                  for (xyz, sure), title, graph, p in zip(shown, titles, graphs, paint, strict=True)],
    }
    return Component("player", data, alt=alt, see=see, still=_still(shown, graphs, titles, data))


# ---- checking ---------------------------------------------------------------------------------------------------------------

def _array(clip):
    """numpy array of float64 from an array or a tensor on any device."""
    return np.asarray(clip.detach().cpu() if hasattr(clip, "detach") else clip, dtype=np.float64)


def _graph(layout):
    return skeleton(layout) if isinstance(layout, str) else layout


def _each(value, count, name, is_list):
    """One value for each clip: the list itself, or the same value again."""
    if not is_list:
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} is a list of {len(value)}, clips has {count}: give one for each clip, or one for all")
    return list(value)


def _check(clip, graph, channels, name):
    """Split a clip into coordinates (T, V, 2|3) and confidence (T, V) or None, or say what is wrong with it."""
    if clip.ndim != 3:
        hint = f": is this (C, T, V, M)? use {name}.permute(1, 2, 0, 3)[..., 0]" if clip.ndim == 4 else ""
        raise ValueError(f"{name} has shape {clip.shape}, expected (frames, joints, channels){hint}")
    if clip.shape[0] == 0:
        raise ValueError(f"{name} is empty (0 frames): expected at least one frame")
    if clip.shape[1] != graph.num_joints:
        like = [one for one in LAYOUTS if skeleton(one).num_joints == clip.shape[1]]
        fix = (f"is this {like[0]}? use layout={like[0]!r}" if like else "are frames and joints swapped? use .transpose(1, 0, 2)"
               if clip.shape[0] == graph.num_joints else "give the layout that the clip was recorded in")
        raise ValueError(f"{name} has {clip.shape[1]} joints, the graph '{graph.name}' has {graph.num_joints}: {fix}")
    channels = tuple(channels or CHANNELS.get(clip.shape[2], ()))
    if len(channels) != clip.shape[2] or channels not in KNOWN_CHANNELS:
        raise ValueError(f"{name} has {clip.shape[2]} channels, channels says {channels}: expected one of "
                         + ", ".join(map(str, KNOWN_CHANNELS)))
    if not np.isfinite(clip).all():
        t, v, c = np.argwhere(~np.isfinite(clip))[0]
        raise ValueError(f"{name} is {clip[t, v, c]} at frame {t}, joint {v} ({graph.joints[v]}), channel {channels[c]}: expected "
                         "finite numbers; a missing joint has confidence 0 and any finite place")
    if "confidence" not in channels:
        return clip, None
    return _bridge(clip[..., :-1], clip[..., -1] > 0), np.clip(clip[..., -1], 0, 1)


def _bridge(xyz, seen):
    """Put missing joints between the frames that saw them: files write them as 0, and the picture would make room for that."""
    xyz, times = xyz.copy(), np.arange(len(xyz))
    for v in np.flatnonzero(~seen.all(0)):
        there = seen[:, v]
        for c in range(xyz.shape[2]):
            if there.any():
                xyz[:, v, c] = np.interp(times, times[there], xyz[there, v, c])
            elif seen.any():  # never seen: anywhere inside the body, it is not drawn
                xyz[:, v, c] = xyz[..., c][seen].mean()
    return xyz


def _is_list_of_colors(colors):
    """A list whose entries are themselves lists or arrays is one entry for each clip; a (T, V) array is not a list."""
    return isinstance(colors, list) and any(one is None or (not isinstance(one, str) and np.ndim(one) > 0) for one in colors)


def _colors(colors, graph, frames):
    """None, a tuple of V palette names, or a float array (V,) or (T, V)."""
    if colors is None:
        return None
    if all(isinstance(one, str) for one in colors):
        unknown = [one for one in colors if one not in theme.COLORS]
        if unknown:
            raise ValueError(f"colors has {unknown[0]!r}: expected names of the palette, such as {', '.join(theme.MARK)}")
        if len(colors) != graph.num_joints:
            raise ValueError(f"colors has {len(colors)} names, the graph '{graph.name}' has {graph.num_joints} joints: "
                             "give one for each joint")
        return tuple(colors)
    values = _array(colors)
    if values.shape not in ((graph.num_joints,), (frames, graph.num_joints)):
        raise ValueError(f"colors has shape {values.shape}, expected ({graph.num_joints},) for the joints of '{graph.name}' or "
                         f"({frames}, {graph.num_joints}) for frames and joints")
    if not np.isfinite(values).all():
        raise ValueError("colors has a value that is not finite: expected one finite number a joint")
    return values


def _view(view):
    if isinstance(view, str):
        if view not in VIEWS:
            raise ValueError(f"view is {view!r}: expected one of {', '.join(VIEWS)}, or (turn, tilt) in degrees")
        return VIEWS[view]
    turn, tilt = view
    return float(turn), float(tilt)


def _joint(joint, graph):
    if joint in graph.joints:
        return graph.joints.index(joint)
    if isinstance(joint, (int, np.integer)) and 0 <= joint < graph.num_joints:
        return int(joint)
    raise ValueError(f"trails has {joint!r}: expected a joint of '{graph.name}', by index (0 to {graph.num_joints - 1}) or by name "
                     f"({', '.join(graph.joints[:4])}, ...)")


def _frame(start, frames):
    if not 0 <= start < frames:
        raise ValueError(f"start is {start}, the longest clip has frames 0 to {frames - 1}")
    return int(start)


# ---- encoding ---------------------------------------------------------------------------------------------------------------

def _base64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _encode(xyz, sure, title, layout, paint, peak, stride):
    """One clip as JSON-ready text; `decode` is its inverse."""
    low, high = xyz.min((0, 1)), xyz.max((0, 1))
    unit = float(f"{max((high - low).max(), 1e-6) / 4096:.6g}")
    offset = [float(f"{value:.6g}") for value in (low + high) / 2]
    whole = np.round((xyz - offset) / unit).transpose(1, 2, 0)  # (V, C, T)
    clip = {"title": title, "layout": layout, "frames": len(xyz), "axes": xyz.shape[2], "unit": unit, "offset": offset,
            "xyz": _base64(np.diff(whole, axis=2, prepend=0).astype("<i2"))}
    if sure is not None:
        clip["sure"] = _base64(np.where(sure > 0, np.clip(np.round(sure * 255), 1, 255), 0).astype("u1"))
    if isinstance(paint, tuple):
        clip["colors"] = {"names": list(paint)}
    elif paint is not None:
        clip["colors"] = {"values": _base64(np.round((paint[::stride] if paint.ndim == 2 else paint) / peak * 127).astype("i1"))}
    return clip


def decode(clip, joints):
    """Coordinates (T, V, C) of one encoded clip, as the page computes them."""
    steps = np.frombuffer(base64.b64decode(clip["xyz"]), "<i2").reshape(joints, clip["axes"], clip["frames"])
    return np.cumsum(steps, axis=2, dtype=np.int64).transpose(2, 0, 1) * clip["unit"] + clip["offset"]


def _describe(graph):
    feet = any(word in joint.lower() for joint in graph.joints for word in ("foot", "ankle", "toe"))
    return {"name": graph.name, "joints": list(graph.joints), "edges": [[int(a), int(b)] for a, b in graph.edges],
            "sides": list(graph.sides), "ground": feet,
            "head": [v for v, joint in enumerate(graph.joints) if set(joint.lower().split()) & {"head", "nose", "eye", "ear"}]}


def _marks(graphs, paint):
    """Mark and dash of every palette name in use, in a fixed order: the legend of the figure."""
    used = {name for graph, p in zip(graphs, paint, strict=True) if p is None or isinstance(p, tuple) for name in p or graph.sides}
    return {name: [theme.MARK.get(name, "circle"), theme.DASH.get(name, "")] for name in theme.COLORS if name in used}


def _heat(paint, peak):
    values = [p for p in paint if isinstance(p, np.ndarray)]
    return {"low": -peak if min(v.min() for v in values) < 0 else 0, "high": float(peak)} if values else None


def _most_telling(clips):
    """The frame with the greatest distance from each clip's average pose: a good picture to start from."""
    frames = max(map(len, clips))
    away = np.zeros(frames)
    for xyz in clips:
        body = xyz - xyz.mean(1, keepdims=True)
        score = np.linalg.norm(body - body.mean(0), axis=(1, 2))
        away[:len(xyz)] += score / (score.max() or 1)
    return int(away.argmax())


# ---- the still picture ------------------------------------------------------------------------------------------------------

def _still(shown, graphs, titles, data):
    """Several poses along time as SVG, one row a clip: what stays where no script runs, and on paper."""
    poses = {1: 7, 2: 6}.get(len(shown), 5)
    width, row = 720, 190
    turn, tilt = np.deg2rad(data["view"])
    parts = []
    for i, ((xyz, sure), graph, title) in enumerate(zip(shown, graphs, titles, strict=True)):
        flat = _project(xyz, turn, tilt)
        frames = np.unique(np.linspace(0, len(xyz) - 1, poses).round().astype(int))
        span = max(np.ptp(flat[..., 1]), 1e-9)
        scale = min((row - 50) / span, 0.9 * width / len(frames) / max(np.ptp(flat[frames][..., 0], axis=1).max(), 1e-9))
        foot = flat[..., 1].min()
        parts.append(f'<text x="4" y="{i * row + 14}" class="gim-still-title">{html.escape(title)}</text>' if title else "")
        for k, t in enumerate(frames):
            x = (flat[t, :, 0] - flat[t, :, 0].mean()) * scale + (k + 0.5) * width / len(frames)
            y = (i + 1) * row - 24 - (flat[t, :, 1] - foot) * scale
            there = np.ones(len(x), bool) if sure is None else sure[t] > 0
            parts.append(_stick_figure(np.round(x).astype(int), np.round(y).astype(int), there, graph))
            parts.append(f'<text x="{(k + 0.5) * width / len(frames):.0f}" y="{(i + 1) * row - 4}" text-anchor="middle">'
                         f't = {t * data["stride"]}</text>')
    return (f'<svg class="gim-still" viewBox="0 0 {width} {row * len(shown)}" aria-hidden="true" fill="none" font-size="12" '
            f'stroke-linecap="round" stroke-linejoin="round">{"".join(parts)}</svg>')


def _project(xyz, turn, tilt):
    """(T, V, 2) picture coordinates, y up, without perspective."""
    if xyz.shape[2] == 2:
        return xyz
    x, y, z = np.moveaxis(xyz - xyz.mean(1, keepdims=True) * [1, 0, 1], 2, 0)  # stays over one place on the floor
    side, front = x * np.cos(turn) + z * np.sin(turn), -x * np.sin(turn) + z * np.cos(turn)
    return np.stack([side, y * np.cos(tilt) - front * np.sin(tilt)], axis=2)


def _stick_figure(x, y, there, graph):
    """Bones and joints of one pose, one SVG path for each side; right limbs dashed and with square joints."""
    out = []
    for side in ("trunk", "right", "left"):
        bones = "".join(f"M{x[a]} {y[a]}L{x[b]} {y[b]}" for a, b in graph.edges if there[a] and there[b]
                        and side == (graph.sides[a] if graph.sides[a] != "trunk" else graph.sides[b]))
        dots = "".join(f"M{x[v]} {y[v]}h0" for v in range(len(x)) if there[v] and graph.sides[v] == side)
        dash = f' stroke-dasharray="{theme.DASH[side]}" stroke-linecap="butt"' if theme.DASH[side] else ""
        cap = ' stroke-linecap="square"' if side == "right" else ""
        out.append(f'<g class="gim-is-{side}" stroke="{theme.color(side)}"><path d="{bones}" stroke-width="3"{dash}/>'
                   f'<path d="{dots}" stroke-width="{4 if side == "trunk" else 5.5}"{cap}/></g>')
    return "".join(out)
