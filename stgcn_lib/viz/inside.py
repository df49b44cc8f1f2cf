"""Inside a network: what it looked at, what its edges learned, and where it puts each clip. Arrays come in, figures go out."""

import colorsys
import html

import numpy as np

from ..graphs import LAYOUTS, SkeletonGraph, skeleton
from . import theme
from .html import Component
from .partition import _layout, _on_paper, _roomy
from .player import (
    MAX_FPS,
    _array,
    _base64,
    _check,
    _describe,
    _each,
    _encode,
    _frame,
    _graph,
    _marks,
    _project,
    _stick_figure,
    _view,
)

# ---- heat on the moving skeleton --------------------------------------------------------------------------------------------

def heat_player(clips, heats, layout, titles=None, fps=30, *, alt, see="", view="corner", channels=None, start=None,
                signs=("speaks for the class", "speaks against it")):
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
        signs: what values above and below 0 mean, for the key of a map that has both.

    Returns:
        Component of kind "heat".

    Raises:
        ValueError: clips and heats do not fit each other or the layout, a value is not finite, or signs are not two.
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
    if isinstance(signs, str) or len(signs) != 2:
        raise ValueError(f"signs is {signs!r}: expected two texts, what values above 0 mean and what values below 0 mean")
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
        "marks": _marks([graph], [None]), "maps": list(maps[0]), "signs": list(signs),
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
    span = max(np.ptp(flat[frames][..., 0], axis=1).max(), 1e-9)
    scale = min((row - 40) / max(np.ptp(flat[..., 1]), 1e-9), 0.8 * width / 6 / span)
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


# ---- edge importance on the body --------------------------------------------------------------------------------------------

def edge_importance(importance, graph, adjacency=None, *, subsets=None, block=0, positions=None, alt=None, see=""):
    """Which messages between joints grew or shrank in training, drawn on the body and in the matrix, block by block.

    Importance starts at 1 and multiplies the adjacency, ``A * M``; where `adjacency` is 0 it has no effect and is not shown.

    Args:
        importance: (blocks, K, V, V) array, or a list of (K, V, V), one for each block, ``[k, v, u]`` with receiver v and sender u,
            such as ``[b.spatial.edge_importance for b in model.blocks]``.
        graph: a `SkeletonGraph` or the name of a layout.
        adjacency: (K, V, V) array that it multiplies; left out, ``graph.partition()``.
        subsets: K names; left out, those of the spatial partition for K = 3.
        block: block shown first.
        positions: (V, 2) places of the joints of your own skeleton, any unit, y up.
        alt: text alternative; left out, a sentence made of the numbers.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "edges".

    Raises:
        ValueError: shapes do not fit each other, a value is not finite, or a skeleton of your own comes without positions.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition, AAAI 2018.
    """
    graph = _graph(graph)
    if not isinstance(graph, SkeletonGraph):
        raise ValueError(f"graph is {graph!r}, expected a SkeletonGraph or the name of a layout")
    A, V = _array(graph.partition() if adjacency is None else adjacency), graph.num_joints
    M = np.stack([_array(one) for one in importance])
    if A.ndim != 3 or A.shape[1:] != (V, V):
        raise ValueError(f"adjacency has shape {A.shape}, expected (K, {V}, {V}) for {graph.name!r}")
    if M.ndim != 4 or M.shape[1:] != A.shape:
        raise ValueError(f"importance has shape {M.shape}, expected (blocks, {', '.join(map(str, A.shape))}): one matrix for each "
                         "subset of each block")
    if not (np.isfinite(M).all() and np.isfinite(A).all()):
        raise ValueError("importance or adjacency has a value that is not finite")
    if not 0 <= block < len(M):
        raise ValueError(f"block is {block}, expected 0 to {len(M) - 1}")
    if subsets is None:
        subsets = ["root", "centripetal", "centrifugal"] if len(A) == 3 else [f"subset {k}" for k in range(len(A))]
    if len(subsets) != len(A):
        raise ValueError(f"subsets has {len(subsets)} names, the adjacency has {len(A)} subsets")
    own = graph.name not in LAYOUTS or graph != skeleton(graph.name)
    if own and positions is None:
        raise ValueError(f"positions is missing: {graph.name!r} is a skeleton of your own, give (V, 2) places of its joints")
    there = np.argwhere(A != 0)
    order = np.lexsort((there[:, 2], there[:, 1], there[:, 0]))
    k, v, u = there[order].T
    data = {
        "graph": _layout(graph, _on_paper(positions, V) if positions is not None else _roomy(graph.name)),
        "subsets": list(subsets), "block": int(block), "messages": there[order].ravel().tolist(),
        "given": np.round(A[k, v, u], 4).tolist(), "learned": [np.round(one[k, v, u], 3).tolist() for one in M],
    }
    away = np.abs(M[:, k, v, u] - 1)  # (blocks, messages)
    at, e = np.unravel_index(away.argmax(), away.shape)
    alt = alt or (f"Edge importance of {len(M)} blocks on the skeleton {graph.name}. Furthest from 1, with "
                  f"{M[at, k[e], v[e], u[e]]:.2f}, is the message from {graph.joints[u[e]]} to {graph.joints[v[e]]} in block "
                  f"{at + 1}; on average messages are {away.mean():.2f} away from 1.")
    return Component("edges", data, alt=alt, see=see, still=_edges_still(data, M[block][k, v, u], graph))


def _edges_still(data, learned, graph):
    """The body with its messages of one block, thick where they grew and dashed where they shrank."""
    at = 20 + 3.6 * np.reshape(data["graph"]["places"], (-1, 2))
    most = max(np.abs(np.subtract(data["learned"], 1)).max(), 1e-6)
    lines = []
    for (_, v, u), m in zip(np.reshape(data["messages"], (-1, 3)), learned, strict=True):
        width, name = max(0.6, 3 + 4 * (m - 1) / most), "cell" if m >= 1 else "cell-negative"
        paint = f'stroke="{theme.color(name)}" stroke-width="{width:.1f}"' + ("" if m >= 1 else ' stroke-dasharray="4 3"')
        (vx, vy), (ux, uy) = at[v], at[u]
        if v == u:
            lines.append(f'<circle cx="{vx:.0f}" cy="{vy:.0f}" r="8" {paint}/>')
            continue
        dx, dy = np.array([-(vy - uy), vx - ux]) / max(np.hypot(vx - ux, vy - uy), 1e-9) * 3.5  # two lanes on each bone
        lines.append(f'<path d="M{ux + dx:.0f} {uy + dy:.0f}L{vx + dx:.0f} {vy + dy:.0f}" {paint}/>')
    return (f'<svg viewBox="0 0 {at[:, 0].max() + 20:.0f} {at[:, 1].max() + 20:.0f}" aria-hidden="true" fill="none" '
            f'style="max-width:20rem;margin:0 auto">{"".join(lines)}</svg>')


# ---- a map of clips ---------------------------------------------------------------------------------------------------------

MOST_CLIPS = 200  # a page has a byte budget
_SHAPES = ("circle", "square", "triangle-out", "diamond", "plus", "triangle-in", "cross")  # the last two of its own script


def embedding_map(points, labels, classes, clips, layout, *, predicted=None, neighbours=None, view="corner", channels=None,
                  frames=16, fps=8, alt, see=""):
    """Where a network puts each clip: a point each, with a mark and a colour for its class; choose one and its clip plays.

    The clips are kept small, 350 to 500 bytes each over the wire: resampled to `frames` frames, true to about a centimetre, and a
    body that travels stays in place. A hundred clips make a good page.

    Args:
        points: (n, 2) places of the clips, such as two principal components of ``attribution.embed(model, x)``.
        labels: (n,) true classes.
        classes: names of the classes.
        clips: n arrays (T, V, C), as for `player`.
        layout: name of a skeleton or a `SkeletonGraph`.
        predicted: (n,) classes that the network gives; wrong ones are ringed.
        neighbours: (n, k) indices of the nearest clips, such as those that `attribution.neighbours` finds in all dimensions; left
            out, the 3 nearest in the plane, which may be others.
        view, channels: as for `player`; confidences fill gaps and are left out.
        frames, fps: length of the small clips and their speed.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "embedding".

    Raises:
        ValueError: an argument does not fit the others, or there are too many clips for a page.
    """
    graph, clips, classes = _graph(layout), [_array(clip) for clip in clips], [str(name) for name in classes]
    points, n = _array(points), len(clips)
    if points.shape != (n, 2) or not np.isfinite(points).all():
        raise ValueError(f"points has shape {points.shape}, expected ({n}, 2) finite numbers, a place for each of the {n} clips")
    if not 2 <= n <= MOST_CLIPS:
        raise ValueError(f"clips has {n} entries, expected 2 to {MOST_CLIPS}: choose some of each class")
    labels, predicted = (None if some is None else _classes(some, n, len(classes), name)
                         for some, name in ((labels, "labels"), (predicted, "predicted")))
    if labels is None:
        raise ValueError("labels is None, expected the true class of each clip")
    if neighbours is None:
        apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(np.full(n, np.inf))  # (n, n)
        neighbours = apart.argsort(1, kind="stable")[:, :min(3, n - 1)]
    neighbours = _array(neighbours).astype(int)
    if neighbours.ndim != 2 or len(neighbours) != n or not neighbours.size or not ((neighbours >= 0) & (neighbours < n)).all():
        raise ValueError(f"neighbours has shape {neighbours.shape}, expected ({n}, k) indices from 0 to {n - 1}")
    names = _each(channels, n, "channels", channels is not None and not isinstance(channels[0], str))
    bodies = [_check(clip, graph, axes, f"clips[{i}]")[0] for i, (clip, axes) in enumerate(zip(clips, names, strict=True))]
    if len({body.shape[2] for body in bodies}) > 1:
        raise ValueError("clips has flat and solid ones, expected the same coordinates in all")
    places = (points - points.min(0)) / max(np.ptp(points, axis=0).max(), 1e-9)  # one scale for both axes: distances stay
    unit, mean, texts = _small([_in_place(_resample(body, frames)) for body in bodies])
    data = {
        "layouts": [_describe(graph)], "marks": _marks([graph], [None]), "view": list(_view(view)), "fps": fps, "frames": frames,
        "points": np.round(places * 1000).astype(int).ravel().tolist(), "labels": labels, "predicted": predicted,
        "neighbours": neighbours.tolist(), "classes": classes, "axes": bodies[0].shape[2], "unit": unit, "mean": mean,
        "clips": texts, "looks": [[_SHAPES[shape], color] for shape, color in _looks(len(classes))],
    }
    return Component("embedding", data, alt=alt, see=see, still=_map_still(data))


def _classes(values, n, count, name):
    values = _array(values)
    if values.shape != (n,) or not ((values >= 0) & (values < count) & (values == np.round(values))).all():
        raise ValueError(f"{name} has shape {values.shape}, expected ({n},) class indices from 0 to {count - 1}")
    return values.astype(int).tolist()


def _resample(xyz, frames):
    """(T, V, C) -> (frames, V, C), straight between the frames of the clip."""
    at = np.linspace(0, len(xyz) - 1, frames)
    low = np.floor(at).astype(int)
    high, part = np.minimum(low + 1, len(xyz) - 1), (at - low)[:, None, None]
    return xyz[low] * (1 - part) + xyz[high] * part


def _in_place(xyz):
    """The clip with its middle over the origin, in every frame if the body travels; it keeps its height."""
    flat = [0] if xyz.shape[2] == 2 else [0, 2]
    middle = xyz[..., flat].mean(1, keepdims=True)  # (T, 1, 1|2)
    travels = np.ptp(middle, axis=0).max() > 0.5 * np.ptp(xyz[..., 1])
    xyz = xyz.copy()
    xyz[..., flat] -= middle if travels else middle.mean(0)
    return xyz


def _small(bodies):
    """Clips as text, one letter for each step of a coordinate in time: pages are compressed, and small steps are most frequent.

    Letter 65 stands for 0, then +1, -1, +2, -2 and so on; the first step starts from the mean pose of all clips. A coordinate
    stays where it is until it is 0.8 units away, so that most letters are "A".
    """
    whole = np.stack(bodies)  # (n, T, V, C)
    unit = float(f"{max(np.ptp(whole, axis=(1, 2)).max(), 1e-9) / 140:.4g}")
    mean, steps = np.round(whole.mean((0, 1)) / unit).astype(int), []  # (V, C)
    here = np.broadcast_to(mean, whole[:, 0].shape)  # (n, V, C)
    for t in range(whole.shape[1]):
        away = whole[:, t] / unit - here
        steps.append(np.where(np.abs(away) < 0.8, 0, np.round(away)).astype(int))
        here = here + steps[-1]
    steps = np.stack(steps, axis=3)  # (n, V, C, T)
    folded = np.where(steps > 0, 2 * steps - 1, -2 * steps)
    return unit, mean.ravel().tolist(), ["".join(map(chr, 65 + one.ravel())) for one in folded]


def _looks(count):
    """(shape, colour) of each class. Neighbouring hues get different shapes, neighbouring classes hues far apart.

    All colours have relative luminance 0.2, which is more than 4 to 1 against the surface, light or dark.
    """
    stride = next(s for s in range(max(1, round(0.382 * count)), count + 2) if np.gcd(s, count) == 1)
    for c in range(count):
        rank = c * stride % count
        low, high = 0.0, 1.0
        for _ in range(20):
            light = (low + high) / 2
            rgb = np.array(colorsys.hls_to_rgb((0.58 + rank / count) % 1, light, 0.72))
            linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
            low, high = (low, light) if linear @ (0.2126, 0.7152, 0.0722) > 0.2 else (light, high)
        yield rank % len(_SHAPES), "#" + "".join(f"{round(255 * x):02x}" for x in rgb)


def _map_still(data):
    """The points, and the name of each class in the middle of its points."""
    at, labels, out = 30 + 0.5 * np.reshape(data["points"], (-1, 2)) * [1.2, -0.8] + [0, 400], np.array(data["labels"]), []
    for c, (_, color) in enumerate(data["looks"]):
        own = at[labels == c]
        out += [f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{color}"/>' for x, y in own]
    for c, name in enumerate(data["classes"]):
        if (labels == c).any():
            x, y = np.median(at[labels == c], axis=0)
            out.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle" fill="#1c2430" stroke="#fff" stroke-width="3" '
                       f'paint-order="stroke">{html.escape(name)}</text>')
    return (f'<svg viewBox="0 0 {at[:, 0].max() + 40:.0f} 450" aria-hidden="true" font-family="system-ui,sans-serif" '
            f'font-size="13">{"".join(out)}</svg>')
