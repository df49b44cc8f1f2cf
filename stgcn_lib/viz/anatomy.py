"""The anatomy of a network of blocks: what each block makes of a clip, measured by running it."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from .html import Component

PARTS = ("spatial", "temporal", "residual")


def measure(model, frames, people=1):
    """What a clip goes through, stage by stage: the input, every block, the head.

    Shapes come from forward hooks, multiplications and additions from PyTorch's own counter, during one run on a clip of zeros.

    Args:
        model: a network with `input_norm`, `blocks` (each with the parts "spatial", "temporal", "residual") and `head`, such as
            `stgcn_lib.models.STGCN`; it is left as it was.
        frames: T of the clip.
        people: M of the clip.

    Returns:
        list of dicts with "name", "shape" (C, T, V) of one person after the stage, "field" (frames of the clip that one number
        depends on), "parameters", and "flops": a dict from each of the parts to floating-point operations, two for a
        multiplication with its addition. The head's shape is (classes, 1, 1).
    """
    stages, was = [], model.training
    conv = model.blocks[0].spatial.conv
    clip = torch.zeros(1, conv.in_channels, frames, model.num_joints, people, device=conv.weight.device, dtype=conv.weight.dtype)

    def note(name, module, shape, field):
        stages.append({"name": name, "shape": list(shape), "field": field,
                       "parameters": sum(p.numel() for p in module.parameters()), "flops": dict.fromkeys(PARTS, 0)})

    note("the clip", model.input_norm, clip.shape[1:4], 1)
    shapes = []
    hooks = [block.register_forward_hook(lambda _, given, got: shapes.append(got.shape[1:])) for block in model.blocks]
    try:
        with FlopCounterMode(display=False, depth=4) as counter, torch.no_grad():
            model.eval()(clip)
    finally:
        model.train(was)
        for hook in hooks:
            hook.remove()
    flops = {name: sum(kinds.values()) for name, kinds in counter.get_flop_counts().items()}
    field, step, root = 1, 1, type(model).__name__
    for i, (block, shape) in enumerate(zip(model.blocks, shapes, strict=True)):
        time = block.temporal.conv
        field += (time.kernel_size[0] - 1) * time.dilation[0] * step
        step *= time.stride[0]
        note(f"block {i + 1}", block, shape, field)
        stages[-1]["flops"] = {part: flops.get(f"{root}.blocks.{i}.{part}", 0) for part in PARTS}
    note("mean and head", model.head, (model.head.out_features, 1, 1), max(field, frames))
    return stages


def anatomy(model, frames=150, *, alt, see=""):
    """A network as boxes, as high as there are frames and as wide as there are channels, to be stepped through.

    For each stage it tells shape, parameters, share of the arithmetic, and how many frames of the clip one of its numbers hears.

    Args:
        model: see `measure`. frames: T of the clip.
        alt: text alternative. see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "anatomy".
    """
    stages = measure(model, frames)
    data = {"frames": frames, "stages": stages, "total": sum(sum(stage["flops"].values()) for stage in stages),
            "parameters": sum(p.numel() for p in model.parameters())}
    return Component("anatomy", data, alt=alt, see=see, still=_still(stages, frames))


def _still(stages, frames):
    """The boxes alone, for where no script runs."""
    x, boxes = 4.0, ""
    for stage in stages[:-1]:
        channels, steps, _ = stage["shape"]
        width, height = max(4, 0.36 * channels), 130 * steps / frames
        boxes += f'<rect x="{x:.0f}" y="{75 - height / 2:.0f}" width="{width:.0f}" height="{height:.0f}"/>'
        x += width + 6
    return f'<svg viewBox="0 0 {x:.0f} 150" aria-hidden="true"><g fill="#e7ebf0" stroke="#56606e">{boxes}</g></svg>'
