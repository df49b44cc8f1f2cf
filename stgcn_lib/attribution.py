"""What a network looked at: gradients, occlusion, embeddings, and the check that they say something about the network.

All functions take any module that turns clips (N, C, T, V, M) into logits (N, classes). They look at it in evaluation mode and
give it back as it was: each part in its own mode, no gradients in its parameters.
"""

import copy
from contextlib import contextmanager

import torch
from torch import nn

FILLS = ("mean", "freeze", "zero")
_AT_ONCE = 32  # clips in one forward pass of `occlusion`


def saliency(model, x, target=None):
    """How strongly the score of a class reacts to a small change of each joint in each frame.

    ``s[n, t, v, m] = sum_c |d logit[n, target] / d x[n, c, t, v, m]|``

    It says what would change the score, not what the score is made of, and only for small changes.

    Args:
        model: module from (N, C, T, V, M) to logits (N, classes).
        x: (N, C, T, V, M) tensor.
        target: class, one for all clips or (N,) of them; left out, the winning class of each clip.

    Returns:
        (N, T, V, M) tensor, 0 or more.

    Raises:
        ValueError: `x` or `target` does not fit, or the logits have no gradient.

    Paper: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks: visualising image classification models and
    saliency maps, ICLR workshop 2014.
    """
    with _at_rest(model):
        target = _target(model, x, target)
        return _gradient(model, x, target).abs().sum(1)  # (N, C, T, V, M) -> (N, T, V, M)


def integrated_gradients(model, x, target=None, baseline=None, steps=64):
    """Share out the score of a class among joints and frames: gradients collected on the way from a baseline to the clip.

    ``a[n, t, v, m] = sum_c (x - x') * mean over alpha of d logit / d x (x' + alpha (x - x'))``

    The shares add up to ``logit(x) - logit(baseline)`` (completeness), up to the error of the midpoint rule with `steps` points.

    Args:
        model, x, target: as for `saliency`.
        baseline: x', the clip in which nothing happens, (N, C, T, V, M) or what can be expanded to it; left out, each joint
            stays at its mean place.
        steps: points on the way.

    Returns:
        (N, T, V, M) tensor; below 0 where a joint spoke against the class.

    Raises:
        ValueError: an argument does not fit, or the logits have no gradient.

    Paper: Sundararajan, Taly and Yan, Axiomatic attribution for deep networks, ICML 2017.
    """
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps is {steps!r}, expected a whole number, 1 or more")
    with _at_rest(model):
        target = _target(model, x, target)
        x = x.detach()
        try:
            baseline = x.mean(2, keepdim=True).expand_as(x) if baseline is None else baseline.detach().to(x).expand_as(x)
        except RuntimeError:
            raise ValueError(f"baseline has shape {tuple(baseline.shape)}, expected that of x, {tuple(x.shape)}") from None
        way = x - baseline
        total = sum(_gradient(model, baseline + (i + 0.5) / steps * way, target) for i in range(steps))
        return (way * total / steps).sum(1)  # (N, C, T, V, M) -> (N, T, V, M)


@torch.no_grad()
def occlusion(model, x, target=None, joints=None, window=None, fill="mean"):
    """How much of the class's probability is lost when some joints do not move for some frames.

    ``drop[n, w, g] = p(target | x[n]) - p(target | x[n] with the joints of group g filled in the frames of window w)``

    Args:
        model, x, target: as for `saliency`.
        joints: list of groups, each a list of joints (indices); left out, each joint alone.
        window: frames in each window; they follow each other without overlap, and the last one may be shorter. Left out, the
            whole clip is one window.
        fill: what the joints of a group do in the window: "mean", stay at their mean place over the clip; "freeze", stay
            where they were in its first frame; "zero", all channels 0, a confidence as well, as estimators write missing joints.

    Returns:
        (N, windows, groups) tensor between -1 and 1; below 0 where the class is more likely without them. `spread` lays it out
        over frames and joints.

    Raises:
        ValueError: an argument does not fit.

    Paper: Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014 (there, patches of an image).
    """
    if fill not in FILLS:
        raise ValueError(f"fill is {fill!r}, expected one of {', '.join(map(repr, FILLS))}")
    with _at_rest(model):
        target = _target(model, x, target)
        groups, windows = _groups(joints, x.shape[3]), _windows(window, x.shape[2])
        before = _probability(model(x), target)  # (N,)
        cases = [(w, g) for w in windows for g in groups]
        size = max(1, _AT_ONCE // len(x))
        drops = []
        for i in range(0, len(cases), size):
            hidden = torch.cat([_fill(x, slice(*w), g, fill) for w, g in cases[i:i + size]])  # (cases N, C, T, V, M)
            count = len(hidden) // len(x)
            after = _probability(model(hidden), target.repeat(count)).unflatten(0, (count, len(x)))  # (cases, N)
            drops.append(before - after)
        return torch.cat(drops).unflatten(0, (len(windows), len(groups))).permute(2, 0, 1)  # (W G, N) -> (N, W, G)


def spread(drop, frames, num_joints, joints=None, window=None):
    """Lay the drops of `occlusion` out over frames and joints, for `viz.heat_player`.

    A joint in several groups gets the mean of their drops, a joint in none gets 0.

    Args:
        drop: (N, windows, groups) tensor.
        frames, num_joints: T and V of the clips.
        joints, window: as given to `occlusion`.

    Returns:
        (N, T, V) tensor.

    Raises:
        ValueError: `drop` does not come from such windows and groups.
    """
    groups, windows = _groups(joints, num_joints), _windows(window, frames)
    if drop.dim() != 3 or drop.shape[1:] != (len(windows), len(groups)):
        raise ValueError(f"drop has shape {tuple(drop.shape)}, expected (N, {len(windows)}, {len(groups)}): give the joints and "
                         "the window that occlusion was given")
    member = drop.new_zeros(len(groups), num_joints)
    for row, group in zip(member, groups, strict=True):
        row[group] = 1
    heat = drop @ (member / member.sum(0).clamp(min=1))  # (N, W, G) @ (G, V) -> (N, W, V)
    lengths = torch.tensor([end - start for start, end in windows], device=drop.device)
    return heat.repeat_interleave(lengths, dim=1)  # (N, T, V)


@torch.no_grad()
def embed(model, x):
    """What the last linear layer hears of each clip: the point in the space in which the classes are told apart.

    Args:
        model: module with at least one `nn.Linear`.
        x: (N, C, T, V, M) tensor.

    Returns:
        (N, F) tensor; for `models.STGCN` the mean over people, frames and joints, and ``model.head`` of it is ``model(x)``.

    Raises:
        ValueError: `x` does not fit, or no linear layer ran.
    """
    _check(x)
    heard = []
    hooks = [layer.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
             for layer in model.modules() if isinstance(layer, nn.Linear)]
    try:
        with _at_rest(model):
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    if not heard or heard[-1].shape[0] != len(x):
        raise ValueError("model has no linear layer that hears one row for each clip, expected a network that ends in nn.Linear")
    return heard[-1].flatten(1)  # (N, F)


def neighbours(embeddings, i, k):
    """The k points nearest to point i, by Euclidean distance.

    Args:
        embeddings: (n, F) tensor or array.
        i: index of the point.
        k: how many neighbours; the point itself is none.

    Returns:
        (indices, distances): (k,) int64 and (k,) tensors, nearest first; equal distances in the order of the points.

    Raises:
        ValueError: `i` or `k` does not fit.
    """
    points = torch.as_tensor(embeddings)
    if points.dim() != 2:
        raise ValueError(f"embeddings has shape {tuple(points.shape)}, expected (points, numbers of each)")
    for name, value, low, high in (("i", i, 0, len(points) - 1), ("k", k, 1, len(points) - 1)):
        if not low <= value <= high:
            raise ValueError(f"{name} is {value}, expected {low} to {high} for {len(points)} points")
    distances = torch.linalg.vector_norm(points - points[i], dim=1)  # (n,)
    distances[i] = -1  # itself first, whatever lies on the same spot
    order = distances.argsort(stable=True)[1:k + 1]
    return order, distances[order]


def randomized(model, depth, seed=0):
    """A copy that has forgotten its last `depth` stages: their weights are drawn anew, from the head downwards.

    If a map of the trained network and a map of this copy look alike, the map does not show what was learned.

    Stages are the direct parts of the model, a sequence of parts counted one by one; in `models.STGCN` the head is the last one,
    then come the blocks from the last to the first and the batch norm of the input. Parts with `reset_parameters` start anew;
    the entries of other parameters, such as edge importance, are shuffled.

    Args:
        model: any module.
        depth: how many stages; 0 gives a plain copy.
        seed: of the new weights.

    Returns:
        a module in the mode of `model`, without gradients.

    Raises:
        ValueError: `depth` is not between 0 and the number of stages.

    Paper: Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018 (cascading randomisation).
    """
    model = copy.deepcopy(model)
    model.zero_grad(set_to_none=True)
    parts = [stage for part in model.children() for stage in (part if isinstance(part, nn.Sequential | nn.ModuleList) else [part])]
    stages = [stage for stage in parts if next(stage.parameters(), None) is not None]
    if not isinstance(depth, int) or not 0 <= depth <= len(stages):
        raise ValueError(f"depth is {depth!r}, expected a whole number from 0 to {len(stages)}, the stages with weights")
    devices = {p.device for p in model.parameters() if p.is_cuda}
    with torch.no_grad(), torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for stage in stages[len(stages) - depth:]:
            for module in stage.modules():
                if hasattr(module, "reset_parameters"):
                    module.reset_parameters()
                    continue
                for parameter in module.parameters(recurse=False):
                    parameter.copy_(parameter.flatten()[torch.randperm(parameter.numel())].view_as(parameter))
    return model


# ---- what all of them need --------------------------------------------------------------------------------------------------

@contextmanager
def _at_rest(model):
    """The model in evaluation mode; afterwards each part is in the mode that it was in."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _check(x):
    if not torch.is_tensor(x) or x.dim() != 5 or 0 in x.shape or not x.is_floating_point():
        came = f"has shape {tuple(x.shape)} and type {x.dtype}" if torch.is_tensor(x) else f"is a {type(x).__name__}"
        raise ValueError(f"x {came}, expected a tensor (N, C, T, V, M) of floating-point numbers: give a single clip its axis with "
                         "x[None]")
    if not torch.isfinite(x).all():
        raise ValueError("x holds a NaN or an infinite number, expected finite ones")


def _target(model, x, target):
    """(N,) classes on the device of x."""
    _check(x)
    with torch.no_grad():
        logits = model(x)
    if logits.dim() != 2 or len(logits) != len(x):
        raise ValueError(f"model gives shape {tuple(logits.shape)} for {len(x)} clips, expected logits (N, classes)")
    if target is None:
        return logits.argmax(1)
    target = torch.as_tensor(target, device=logits.device)
    if target.shape not in ((), (len(x),)) or target.is_floating_point():
        raise ValueError(f"target has shape {tuple(target.shape)} and type {target.dtype}, expected one class or {len(x)} of them")
    if not ((target >= 0) & (target < logits.shape[1])).all():
        raise ValueError(f"target is {target.tolist()}, expected classes from 0 to {logits.shape[1] - 1}")
    return target.long().expand(len(x))


def _gradient(model, x, target):
    """d logit[n, target[n]] / d x[n] with the shape of x; clips do not mix in evaluation mode, so one sum does all of them."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        score = model(x).gather(1, target[:, None]).sum()
        if not score.requires_grad:
            raise ValueError("model gives logits without a gradient: is there a detach() or no_grad() in its forward?")
        return torch.autograd.grad(score, x)[0]


def _probability(logits, target):
    return logits.softmax(1).gather(1, target[:, None])[:, 0]  # (N, classes) -> (N,)


def _groups(joints, V):
    groups = [[v] for v in range(V)] if joints is None else [list(map(int, group)) for group in joints]
    for group in groups:
        if not group or not all(0 <= v < V for v in group):
            raise ValueError(f"joints has the group {group}, expected joints from 0 to {V - 1}, at least one in each group")
    return groups


def _windows(window, T):
    """(start, end) of each window."""
    window = T if window is None else window
    if not isinstance(window, int) or window < 1:
        raise ValueError(f"window is {window!r}, expected a whole number of frames, 1 or more")
    return [(start, min(T, start + window)) for start in range(0, T, window)]


def _fill(x, frames, group, fill):
    """A copy of the clips in which the joints of a group stand still in some frames."""
    part = x[:, :, :, group]  # (N, C, T, G, M)
    still = {"mean": lambda: part.mean(2, keepdim=True), "freeze": lambda: part[:, :, frames][:, :, :1],
             "zero": lambda: torch.zeros_like(part[:, :, :1])}[fill]()  # (N, C, 1, G, M)
    x = x.clone()
    x[:, :, frames, group] = still.expand(-1, -1, frames.stop - frames.start, -1, -1)
    return x
