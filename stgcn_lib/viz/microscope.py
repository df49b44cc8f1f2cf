"""The receptive-field microscope: which frames and which joints of a clip can change one number of a network."""

import numpy as np

from ..graphs import SkeletonGraph, skeleton
from . import theme
from .html import Component
from .partition import _first_joint, _layout, _roomy

# Strides of the networks that the page offers; those with a name are `models.REFERENCE` and `models.SMALL`.
NETWORKS = {"ten blocks, as released": (1, 1, 1, 1, 2, 1, 1, 2, 1, 1), "five blocks, small": (1, 1, 2, 1, 2), "one layer": (1,)}
KERNELS, DILATIONS, CLIPS, HOPS = (1, 3, 5, 7, 9, 13, 17), (1, 2, 3), (20, 64, 150, 300), (1, 2, 3)


def microscope(plan=None, layout="openpose-18", *, kernel_size=9, dilation=1, causal=False, frames=64, frame=None, joint=None,
               max_hop=1, step=None, fps=30, alt=None, see=""):
    """Choose one output of a stack of ST-GCN blocks and watch the cone of frames and joints that can change it, layer by layer.

    The page computes everything itself, so the reader can change network, kernel, dilation, clip and hops. The arguments say
    where the reader starts. The field is ``1 + sum_l (k - 1) d s_1 ... s_{l-1}`` frames, as in `models.STGCN.receptive_field`.

    Args:
        plan: (channels, stride) for each block, as for `models.STGCN`; left out, the ten released blocks.
        layout: name of a layout, or a small `SkeletonGraph` of your own.
        kernel_size: frames in each temporal kernel; odd if centred.
        dilation: frames from one weight of a kernel to the next.
        causal: whether all of each kernel lies in the past.
        frames: length of the clip.
        frame: index of the output frame; left out, the middle one.
        joint: index or name of the output joint; left out, one in the middle of a limb.
        max_hop: how many bones a message travels in one block.
        step: how many blocks the cone has been followed down at first; left out, all.
        fps: frames a second of the clip, for the numbers in seconds.
        alt: text alternative; left out, a sentence made of the arguments.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "microscope".

    Raises:
        ValueError: an argument is no network, no joint or frame of it, or too large for the picture.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition, AAAI 2018.
    """
    graph = layout if isinstance(layout, SkeletonGraph) else skeleton(layout)
    try:
        strides = NETWORKS["ten blocks, as released"] if plan is None else tuple(int(stride) for _, stride in plan)
    except (TypeError, ValueError):
        raise ValueError(f"plan is {plan!r}, expected (channels, stride) for each block, such as models.SMALL") from None
    if not 1 <= len(strides) <= 12 or min(strides) < 1:
        raise ValueError(f"plan has strides {strides}, expected one to twelve of them, each 1 or more")
    limits = (("kernel_size", kernel_size, 25), ("dilation", dilation, 8), ("frames", frames, 600), ("max_hop", max_hop, 8))
    for name, value, most in limits:
        if not isinstance(value, int | np.integer) or not 1 <= value <= most:
            raise ValueError(f"{name} is {value!r}, expected a whole number from 1 to {most}")
    if not causal and kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, expected an odd number of frames so that one is in the middle: take "
                         f"{kernel_size + 1}, or causal=True")
    outputs = frames
    for stride in strides:
        outputs = -(-outputs // stride)
    frame = outputs // 2 if frame is None else frame
    step = len(strides) if step is None else step
    for name, value, most in (("frame", frame, outputs - 1), ("step", step, len(strides))):
        if not isinstance(value, int | np.integer) or not 0 <= value <= most:
            raise ValueError(f"{name} is {value!r}, expected a whole number from 0 to {most} for {frames} frames and "
                             f"{len(strides)} blocks")
    if joint is None:
        joint = _first_joint(graph)
    elif joint in graph.joints:
        joint = graph.joints.index(joint)
    if isinstance(joint, str) or not 0 <= joint < graph.num_joints:
        raise ValueError(f"joint is {joint!r}, expected 0 to {graph.num_joints - 1} or a name of {graph.name!r}: "
                         f"{', '.join(graph.joints)}")
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}, expected a positive number of frames a second")

    networks = dict(NETWORKS)
    network = next((name for name, known in networks.items() if known == strides), "own network")
    networks.setdefault(network, strides)
    data = {  # a graph without places hangs from its centre
        "graph": _layout(graph, np.zeros((0, 2)) if layout is graph else _roomy(graph.name)),
        "networks": {name: list(known) for name, known in networks.items()}, "fps": float(fps),
        "choices": {"kernel": sorted({*KERNELS, int(kernel_size)}), "dilation": sorted({*DILATIONS, int(dilation)}),
                    "frames": sorted({*CLIPS, int(frames)}), "hops": sorted({*HOPS, int(max_hop)})},
        "state": {"network": network, "kernel": int(kernel_size), "dilation": int(dilation), "causal": bool(causal),
                  "frames": int(frames), "frame": int(frame), "joint": int(joint), "hops": int(max_hop), "step": int(step)},
    }
    past, future = _reach(strides, kernel_size, dilation, causal)
    alt = alt or (f"Receptive-field microscope: {len(strides)} {'layers' if len(strides) > 1 else 'layer'} with kernels of "
                  f"{kernel_size} frames over a clip of {frames}. Choose an output frame and joint, and the frames and joints "
                  f"that can change it light up layer by layer, {past + future + 1} frames in all.")
    return Component("microscope", data, alt=alt, see=see,
                     still=_still(strides, kernel_size, dilation, causal, frames, frame))


def _reach(strides, kernel_size, dilation, causal):
    """Frames before and after its own that an output depends on."""
    reach, step = 0, 1
    for stride in strides:
        reach += (kernel_size - 1) * dilation * step
        step *= stride
    return (reach, 0) if causal else (reach // 2, reach // 2)


def _still(strides, kernel_size, dilation, causal, frames, frame):
    """The cone from the output on top to the input, as it stands where no script runs."""
    past, future = _reach(strides, kernel_size, dilation, causal)
    x = lambda t: 40 + 620 * (t + past) / (frames - 1 + past + future or 1)  # noqa: E731
    y = lambda row: 20 + 180 * (len(strides) - row) / len(strides)  # noqa: E731
    at = frame * int(np.prod(strides))
    reach = [[at - p, at + f] for p, f in (np.subtract((past, future), _reach(strides[:row], kernel_size, dilation, causal))
                                           for row in range(len(strides) + 1))]
    outline = " ".join(f"{x(t):.0f},{y(row):.0f}" for side, rows in ((0, reversed(range(len(reach)))), (1, range(len(reach))))
                       for row in rows for t in [reach[row][side]])
    lines = "".join(f'<path d="M{x(0):.0f} {y(row):.0f}H{x(frames - 1):.0f}"/>' for row in range(len(reach)))
    return (f'<svg viewBox="0 0 700 240" aria-hidden="true" font-family="system-ui,sans-serif" font-size="12">'
            f'<polygon points="{outline}" fill="{theme.color("sender")}" fill-opacity="0.25"/>'
            f'<g stroke="#8a94a1" stroke-width="2">{lines}</g>'
            f'<circle cx="{x(at):.0f}" cy="20" r="7" fill="#fff" stroke="{theme.color("receiver")}" stroke-width="4"/>'
            f'<text x="350" y="228" text-anchor="middle" fill="#56606e">clip of {frames} frames; the cone spans '
            f'{past + future + 1}</text></svg>')
