"""What goes wrong between a body and a network, in levels: noise and joints that nobody saw; and what can be done about it.

Every function takes a batch (N, C, T, V, M) and returns a new one on the same device. ``seen`` (N, T, V, M) says which joints were
seen; it is false for people whose numbers are all zero, so that an empty place stays empty. Corrupt the coordinates as they were
recorded, then fill, and only then centre and scale or take `streams`.
"""

import numpy as np
import torch

from .streams import fitting

# What a level means, and the levels of a curve. Level 0 changes nothing.
CORRUPTIONS = {
    "noise": ("standard deviation of a normal error of every coordinate, in metres", (0.0, 0.005, 0.01, 0.02, 0.05)),
    "joints": ("share of the joints that are missing, each for runs of a quarter of the clip", (0.0, 0.1, 0.2, 0.3, 0.5)),
    "limb": ("number of limbs that are missing in the whole clip", (0, 1, 2, 3)),
    "frames": ("share of the frames, scattered over the clip, in which everything is missing", (0.0, 0.1, 0.3, 0.5, 0.7)),
    "left half": ("share of the frames, one run, in which the joints left of the middle are hidden", (0.0, 0.25, 0.5, 0.75, 1.0)),
    "body": ("share of the frames, one run, in which the whole body is hidden", (0.0, 0.1, 0.3, 0.5, 0.7)),
}


def corrupt(x, kind, level, graph, seed, coordinates=None, clips=None):
    """Damage a batch, the same way for whoever looks at it.

    The holes of a clip follow from `seed` and its number in `clips` alone, so neither the network nor the order of the batch
    changes them. Higher levels of one seed keep the holes of the lower ones and add to them.

    Args:
        x: (N, C, T, V, M) tensor of finite floats.
        kind: one of `CORRUPTIONS`.
        level: how much; `CORRUPTIONS` says in what. For "left half", left is where the first coordinate is below its mean over
            the joints of a frame. For "limb", see `limbs`.
        graph: a `SkeletonGraph` or the name of a layout.
        seed: whole number, 0 or more.
        coordinates: how many of the first channels are coordinates, all of them unless given. A joint that is missing loses the
            other channels too; noise leaves them alone.
        clips: (N,) numbers of the clips in their set, 0 or more; 0 to N - 1 unless given.

    Returns:
        x' (N, C, T, V, M), zero where a joint is missing, and seen (N, T, V, M), boolean.

    Raises:
        ValueError: naming the argument that is wrong.
    """
    graph, count = fitting(x, graph, coordinates)
    if kind not in CORRUPTIONS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, CORRUPTIONS))}")
    parts = limbs(graph) if kind == "limb" else ()
    most = {"noise": np.inf, "limb": len(parts)}.get(kind, 1)
    if not 0 <= level <= most or level == np.inf or kind == "limb" and level != int(level):
        raise ValueError(f"level is {level}, expected 0 to {most}: {CORRUPTIONS[kind][0]}")
    N, C, T, V, M = x.shape
    clips = np.arange(N) if clips is None else np.asarray(clips)
    if clips.shape != (N,) or N and (clips.dtype.kind not in "iu" or clips.min() < 0):
        raise ValueError(f"clips has shape {clips.shape} and holds {clips.dtype}, expected ({N},) whole numbers, 0 or more")
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed is {seed!r}, expected a whole number, 0 or more")
    seen = present(x)[:, None, None].expand(N, T, V, M).clone()
    draws = (np.random.default_rng([seed, clip]) for clip in clips.tolist())
    if kind == "noise":
        error = _stack([rng.standard_normal((count, T, V, M), dtype=np.float32) for rng in draws], (N, count, T, V, M)).to(x)
        return torch.cat([x[:, :count] + level * error * seen[:, None], x[:, count:]], dim=1), seen
    if kind == "joints":
        run, windows = _run(T)
        pairs = [(rng.random((windows, V, M)), rng.random((V, M))) for rng in draws]
        lost = _in_runs(_stack([a for a, _ in pairs], (N, windows, V, M)), _stack([b for _, b in pairs], (N, V, M)), T) < level
    elif kind == "limb":
        rank = _stack([rng.random((len(parts), M)) for rng in draws], (N, len(parts), M)).argsort(1).argsort(1)  # (N, L, M)
        member = torch.zeros(len(parts), V)
        for i, joints in enumerate(parts):
            member[i, list(joints)] = 1
        lost = torch.einsum("nlm,lv->nvm", (rank < level).float(), member)[:, None] > 0  # (N, 1, V, M)
    elif kind == "frames":
        rank = _stack([rng.random(T) for rng in draws], (N, T)).argsort(1).argsort(1)
        lost = (rank < round(level * T))[:, :, None, None]  # (N, T, 1, 1)
    else:
        length = round(level * T)
        start = (_stack([rng.random() for rng in draws], (N,)) * (T - length + 1)).floor()[:, None]  # (N, 1)
        times = torch.arange(T)
        lost = ((times >= start) & (times < start + length))[:, :, None, None]  # (N, T, 1, 1)
        if kind == "left half":
            lost = lost.to(x.device) & (x[:, 0] < x[:, 0].mean(dim=2, keepdim=True))  # (N, T, V, M)
    seen &= ~lost.to(x.device)
    return fill(x, seen, "zero"), seen


def limbs(graph):
    """The limbs of a skeleton: chains from an end of the tree of `graph.parents` inwards, to before a fork or the centre.

    On a body these are arms, legs and head, on a hand the five fingers (with the
    wrist, where the palm is the centre and the thumb hangs on the wrist).

    Args:
        graph: a `SkeletonGraph`.

    Returns:
        tuple with one tuple of joints, the end first, for each limb.
    """
    children = np.bincount(graph.parents[graph.parents >= 0], minlength=graph.num_joints)
    chains = []
    for v in np.flatnonzero((children == 0) & (graph.parents >= 0)):
        chain = [int(v)]
        while (u := int(graph.parents[chain[-1]])) != graph.center and children[u] == 1:
            chain.append(u)
        chains.append(tuple(chain))
    return tuple(chains)


def present(x):
    """Which places of a batch hold a person, (N, M) boolean: those with any number that is not zero."""
    return (x != 0).flatten(1, 3).any(1)


def fill(x, seen, how="zero", coordinates=None, graph=None):
    """Give the joints that were not seen a place.

    - "zero": all zeros, as a pose estimator writes them.
    - "last": where the joint was last seen; before that, where it was first seen.
    - "interpolate": on the straight line in time between the frames before and after; at the ends as "last".

    A joint that was never seen becomes zero. With `graph`, it takes in every frame the place of the joint fewest bones away that
    was ever seen. A person of whom nothing was seen becomes zero. The result is never NaN, even if `x` is where it was not seen.

    Args:
        x: (N, C, T, V, M) tensor.
        seen: (N, T, V, M) boolean.
        how: "zero", "last" or "interpolate".
        coordinates: how many of the first channels are coordinates, all of them unless given. The others, a confidence, become 0
            in a joint that was filled.
        graph: a `SkeletonGraph` or the name of a layout; for joints that were never seen, and not for "zero".

    Returns:
        (N, C, T, V, M).

    Raises:
        ValueError: naming the argument that is wrong.
    """
    _mask(x, seen)
    if seen.dtype != torch.bool:
        raise ValueError(f"seen holds {seen.dtype}, expected bool: true where a joint was seen")
    if how not in ("zero", "last", "interpolate"):
        raise ValueError(f"how is {how!r}, expected 'zero', 'last' or 'interpolate'")
    out = torch.where(seen[:, None], x, 0)
    if graph is not None:
        graph, count = fitting(x, graph, coordinates)
    else:
        count = x.shape[1] if coordinates is None else coordinates
        if not 1 <= count <= x.shape[1]:
            raise ValueError(f"coordinates is {coordinates}, x has {x.shape[1]} channels: expected 1 to {x.shape[1]}")
    if how == "zero":
        return out
    N, C, T, V, M = x.shape
    place = out[:, :count]
    times = torch.arange(T, device=x.device)[None, :, None, None]
    before = torch.where(seen, times, -1).cummax(1).values  # (N, T, V, M), last frame seen up to now, -1 if none
    after = torch.where(seen, times, T).flip(1).cummin(1).values.flip(1)  # first frame seen from now on, T if none
    first = torch.where(before < 0, after, before).clamp(max=T - 1)  # the ends are repeated
    second = torch.where(after == T, first, after)
    pick = lambda index: place.gather(2, index[:, None].expand_as(place))  # noqa: E731
    filled = pick(first)
    if how == "interpolate":
        way, span = (times - first).to(x)[:, None], (second - first).clamp(min=1).to(x)[:, None]  # (N, 1, T, V, M)
        filled = filled + (pick(second) - filled) * way / span  # divided last, so that whole numbers stay whole
    place = torch.where(seen[:, None], place, filled)
    never = ~seen.any(1)  # (N, V, M)
    if graph is not None and never.any():
        # ties go to the joint that comes first, which argmin alone does not promise
        order = torch.as_tensor(graph.hop_distance() * V + np.arange(V), device=x.device)  # (V, V)
        far = never[:, None] * (V + 1) * V  # (N, 1, V, M)
        nearest = (order[None, :, :, None] + far).argmin(2)  # (N, V, M)
        nearest = torch.where(never, nearest, torch.arange(V, device=x.device)[:, None])
        place = place.gather(3, nearest[:, None, None].expand_as(place))
    return torch.cat([place, out[:, count:]], dim=1)


def confidence(x, seen):
    """Say beside each joint whether it was seen: one more channel, 1 where it was and 0 where not.

    Args:
        x: (N, C, T, V, M) tensor, filled or not.
        seen: (N, T, V, M), boolean, or a confidence from 0 to 1.

    Returns:
        (N, C + 1, T, V, M).

    Raises:
        ValueError: if `seen` does not fit.
    """
    _mask(x, seen)
    return torch.cat([x, seen.to(x)[:, None]], dim=1)


def weigh(x, seen):
    """Let each joint count as much as it was seen: ``x_v w_v / mean_u w_u``, the mean over the joints of one person in one frame.

    The mean over the joints of the result is then the weighted mean of the joints. What was not seen counts nothing, whatever it
    was filled with; if all were seen alike, nothing changes; where none was, all is zero.

    Args:
        x: (N, C, T, V, M) tensor, centred, so that zero is a harmless place.
        seen: (N, T, V, M), the weights w: boolean, or a confidence from 0 to 1.

    Returns:
        (N, C, T, V, M).

    Raises:
        ValueError: if `seen` does not fit.
    """
    _mask(x, seen)
    weight = seen.to(x)
    mean = weight.mean(dim=2, keepdim=True)  # (N, T, 1, M)
    return x * (weight / torch.where(mean > 0, mean, 1))[:, None]


def drop_joints_in_training(x, share, generator=None, how="zero", coordinates=None, graph=None):
    """Lose joints of a training batch, each for runs of a quarter of the clip, as the corruption "joints" does.

    Args:
        x: (N, C, T, V, M) tensor.
        share: how likely a joint is missing in a frame, 0 to 1; or a tensor (N,), one for each clip.
        generator: a `torch.Generator` on the CPU; torch's global one, which `training.fit` seeds for every epoch, unless given.
        how: what is put into the holes, as in `fill`; `coordinates` and `graph` as there.

    Returns:
        (N, C, T, V, M).

    Raises:
        ValueError: naming the argument that is wrong.
    """
    share = torch.as_tensor(share, dtype=torch.float32, device="cpu")
    if x.dim() != 5 or x.shape[2] == 0:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V, M) with a frame or more")
    N, C, T, V, M = x.shape
    if share.shape not in ((), (N,)) or not ((share >= 0) & (share <= 1)).all():
        raise ValueError(f"share is {share.tolist()}, expected a probability from 0 to 1, or a tensor of {N} of them")
    draws = torch.rand(N, _run(T)[1], V, M, generator=generator)
    lost = _in_runs(draws, torch.rand(N, V, M, generator=generator), T) < share.view(-1, 1, 1, 1)  # (N, T, V, M)
    return fill(x, present(x)[:, None, None] & ~lost.to(x.device), how, coordinates, graph)


def _run(T):
    """How long a run is, in frames, and how many windows of that length cover T frames from any start."""
    run = max(1, T // 4)
    return run, (T + run - 2) // run + 1


def _in_runs(draws, offset, T):
    """One number for each window (N, W, V, M) -> one for each frame (N, T, V, M); windows of a joint begin anywhere, `offset`."""
    run = _run(T)[0]
    window = (torch.arange(T)[None, :, None, None] + (offset * run).long()[:, None]) // run  # (N, T, V, M)
    return draws.gather(1, window)


def _stack(arrays, shape):
    return torch.from_numpy(np.array(arrays).reshape(shape))


def _mask(x, seen):
    if x.dim() != 5 or x.shape[2] == 0 or not x.is_floating_point():
        raise ValueError(f"x is {x.dtype} of shape {tuple(x.shape)}, expected floats (N, C, T, V, M) with a frame or more")
    if seen.shape != (x.shape[0], *x.shape[2:]):
        raise ValueError(f"seen has shape {tuple(seen.shape)}, expected {(x.shape[0], *x.shape[2:])}, (N, T, V, M)")
