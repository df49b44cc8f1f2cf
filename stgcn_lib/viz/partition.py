"""The partition explorer: whose message falls into which subset, on the body, in the matrices and as digits."""

import numpy as np

from ..graphs import LAYOUTS, SkeletonGraph, skeleton
from . import theme
from .html import Component
from .poses import pose

MOST_HOPS, MOST_DILATION = 4, 4  # what the buttons of the page offer
MOST_JOINTS = 60  # what its drawing can hold
_TONES = ("root", "centripetal", "centrifugal")


def partition_explorer(layout="openpose-18", *, joint=None, strategy="spatial", max_hop=1, dilation=1, normalization="row",
                       reference=False, whole=False, positions=None, alt=None, see="", address=False):
    """Choose a joint and watch its neighbours fall into subsets; change strategy, hops, dilation and normalisation.

    The page computes everything itself from the edges, as `SkeletonGraph.partition` does, so the reader can change the layout
    or type own edges. The arguments say where the reader starts.

    Args:
        layout: name of one of the ten layouts, or a small `SkeletonGraph` of your own.
        joint: index or name of the joint that is chosen at first; left out, one in the middle of a limb.
        strategy, max_hop, dilation, normalization, reference: as in `SkeletonGraph.partition`; `max_hop` and `dilation` up to 4.
        positions: (V, 2) places of the joints of your own skeleton, any unit, y up; left out, it hangs from its centre.
        whole: start with the messages of the whole body and how many fall into each subset.
        alt: text alternative; left out, a sentence made of the arguments.
        see: one sentence under the figure, "what to see".
        address: keep the state in the address of the page, for a page that holds nothing else.

    Returns:
        Component of kind "partition".

    Raises:
        ValueError: the layout, the joint or an argument of the partition is unknown, positions do not fit, or your skeleton is
            too large to draw.
    """
    graph = layout if isinstance(layout, SkeletonGraph) else skeleton(layout)
    A = graph.partition(strategy, max_hop, dilation, normalization, reference)  # raises what the page could not draw
    for argument, value, most in (("max_hop", max_hop, MOST_HOPS), ("dilation", dilation, MOST_DILATION)):
        if value > most:
            raise ValueError(f"{argument} is {value}, expected {most} at most in the explorer")
    if joint is None:
        joint = _first_joint(graph)
    elif isinstance(joint, str) and joint in graph.joints:
        joint = graph.joints.index(joint)
    if isinstance(joint, str) or not 0 <= joint < graph.num_joints:
        raise ValueError(f"joint is {joint!r}, expected 0 to {graph.num_joints - 1} or a name of {graph.name!r}: "
                         f"{', '.join(graph.joints)}")
    own = graph.name not in LAYOUTS or graph != skeleton(graph.name)
    if own and not (graph.edges and graph.num_joints <= MOST_JOINTS):
        raise ValueError(f"layout has {graph.num_joints} joints and {len(graph.edges)} edges, expected at least one edge and at "
                         f"most {MOST_JOINTS} joints in the explorer")
    data = {
        "layouts": {name: _layout(skeleton(name), _roomy(name)) for name in LAYOUTS},
        "marks": {tone: [theme.MARK[tone], theme.DASH[tone]] for tone in _TONES},
        "state": {"layout": "own" if own else graph.name, "joint": int(joint), "strategy": strategy, "max_hop": int(max_hop),
                  "dilation": int(dilation), "normalization": normalization, "reference": bool(reference), "whole": bool(whole)},
        "address": bool(address),
    }
    if own:
        data["own"] = {"edges": " ".join(f"{a}-{b}" for a, b in graph.edges), "center": graph.center, "names": graph.joints,
                       "places": None if positions is None else _on_paper(positions, graph.num_joints).round(3).tolist()}
    elif positions is not None:
        raise ValueError(f"positions comes with layout {graph.name!r}, expected it with a SkeletonGraph of your own only")
    alt = alt or (f"Partition explorer: the skeleton {graph.name} with its {graph.num_joints} joints. Choose a joint, and the "
                  f"joints that it hears are sorted into the subsets of the {strategy} strategy, on the body, in the matrices and "
                  "as digits.")
    return Component("partition", data, alt=alt, see=see, still="" if own else _still(graph, A, int(joint), strategy, reference))


def _first_joint(graph):
    """A joint two hops from the centre that has neighbours on both sides of it, or the centre."""
    to_center, neighbours = graph.hop_distance()[graph.center], graph.adjacency(self_loops=False).sum(1)
    return next((v for v in range(graph.num_joints) if to_center[v] == 2 and neighbours[v] > 1), graph.center)


def _layout(graph, places):
    return {"names": ",".join(graph.joints), "edges": [x for edge in graph.edges for x in edge], "center": graph.center,
            "places": np.round(places * 100).astype(int).ravel().tolist()}


def _roomy(name):
    """The flat pose of a layout with crowded joints pushed apart, so that arrows fit between them; (V, 2), y down, 0 to 1."""
    places = pose(name)
    bone = skeleton(name).adjacency(self_loops=False).numpy()  # (V, V)
    least = np.ptp(places[:, 1]) * np.where(bone > 0, 0.125, 0.1) * (1 - np.eye(len(places)))
    for _ in range(80):  # all at once, so that left and right stay mirrored
        apart = places[:, None] - places[None, :]  # (V, V, 2)
        length = np.maximum(np.hypot(apart[..., 0], apart[..., 1]), 1e-9)
        push = 0.2 * np.maximum(least - length, 0) / length
        places = places + (push[..., None] * apart).sum(1)
    return _on_paper(places, len(places))


def _on_paper(places, joints):
    """Places moved and scaled to 0 ... 1, y down."""
    places = np.asarray(places, dtype=float)
    if places.shape != (joints, 2) or not np.isfinite(places).all():
        raise ValueError(f"positions has shape {places.shape}, expected ({joints}, 2) finite numbers: x and y of each joint")
    places = places - places.min(0)
    places[:, 1] = places[:, 1].max() - places[:, 1]  # y up in the data, down on the screen
    return places / max(places.max(), 1e-9)


def _still(graph, A, joint, strategy, reference):
    """One joint and its senders as they stand where no script runs."""
    at = 20 + 360 * _roomy(graph.name)
    tones = {"uniform": ["root"], "distance": ["root"] + ["centripetal"] * len(A)}.get(
        strategy, ["root"] + ["centrifugal", "centripetal"] * len(A) if reference else _TONES)
    lines = "".join(f'<path d="M{at[a][0]:.0f} {at[a][1]:.0f}L{at[b][0]:.0f} {at[b][1]:.0f}"/>' for a, b in graph.edges)
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5"/>' for x, y in at)
    senders = "".join(
        f'<circle cx="{at[u][0]:.0f}" cy="{at[u][1]:.0f}" r="9" fill="{theme.color(tones[k])}"/>'
        f'<text x="{at[u][0] + 14:.0f}" y="{at[u][1] + 4:.0f}" fill="{theme.color(tones[k])}">A[{k}]</text>'
        for k in range(len(A)) for u in range(graph.num_joints) if A[k, joint, u] and u != joint)
    x, y = at[joint]
    return (f'<svg viewBox="0 0 {at[:, 0].max() + 60:.0f} {at[:, 1].max() + 20:.0f}" aria-hidden="true" '
            f'style="max-width:22rem;margin:0 auto" font-family="system-ui,sans-serif" font-size="12"><g stroke="#8a94a1" '
            f'stroke-width="3">{lines}</g><g fill="#fff" stroke="#56606e">{dots}</g>{senders}'
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="9" fill="#fff" stroke="{theme.color("receiver")}" stroke-width="4"/></svg>')
