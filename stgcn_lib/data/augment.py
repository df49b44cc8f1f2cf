"""Small random changes to a batch in training: what a person could have done, or a camera seen, just as well.

Every function takes a batch (N, C, T, V, M) and returns a new one on the same device; each clip draws its own change from
torch's global generator, which `training.fit` seeds for every epoch.
"""

import math

import torch


def rotate(x, degrees, axis="y"):
    """Turn each clip about the upright axis by an angle drawn evenly from -degrees to degrees.

    Args:
        x: (N, C, T, V, M) with x, y, z in the first three channels.
        degrees: largest angle.
        axis: "x", "y" (upright in all data sets of this library) or "z".

    Returns:
        (N, C, T, V, M).
    """
    if axis not in ("x", "y", "z"):
        raise ValueError(f"axis is {axis!r}, expected 'x', 'y' or 'z'")
    if x.shape[1] < 3:
        raise ValueError(f"x has {x.shape[1]} channels, expected x, y and z in the first three")
    angle = math.radians(degrees) * (2 * torch.rand(len(x)) - 1)  # (N,)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = torch.eye(x.shape[1]).repeat(len(x), 1, 1)  # (N, C, C)
    turn[:, i, i] = turn[:, j, j] = angle.cos()
    turn[:, j, i], turn[:, i, j] = angle.sin(), -angle.sin()
    return torch.einsum("nij,njtvm->nitvm", turn.to(x), x)


def rescale(x, spread, coordinates=3):
    """Make each person larger or smaller, by a factor drawn evenly from 1 - spread to 1 + spread.

    Args:
        x: (N, C, T, V, M).
        spread: largest change, from 0 to 1.
        coordinates: how many of the channels are coordinates.
    """
    factor = 1 + spread * (2 * torch.rand(len(x)) - 1)  # (N,)
    factor = torch.where(torch.arange(x.shape[1]) < coordinates, factor[:, None], 1.0)  # (N, C)
    return x * factor[:, :, None, None, None].to(x)


def crop_in_time(x, shortest):
    """Play a random stretch of each clip at the length of the whole, so that it starts, ends and runs differently.

    Args:
        x: (N, C, T, V, M).
        shortest: smallest share of the clip that is left, above 0 and up to 1.

    Returns:
        (N, C, T, V, M), linear between frames.
    """
    if not 0 < shortest <= 1:
        raise ValueError(f"shortest is {shortest}, expected a share above 0 and up to 1")
    N, C, T, V, M = x.shape
    length = (T - 1) * (shortest + (1 - shortest) * torch.rand(N, 1))
    times = torch.rand(N, 1) * (T - 1 - length) + length * torch.linspace(0, 1, T)  # (N, T)
    before = times.floor().long().clamp(0, max(T - 2, 0))
    weight = (times - before)[:, None, :, None, None].to(x)
    pick = [index.to(x.device)[:, None, :, None, None].expand(N, C, T, V, M) for index in (before, (before + 1).clamp(max=T - 1))]
    return (1 - weight) * x.gather(2, pick[0]) + weight * x.gather(2, pick[1])


def flip(x, pairs, share=0.5):
    """Mirror a share of the clips: left and right joints change places and the first channel its sign.

    Args:
        x: (N, C, T, V, M), the sideways coordinate in channel 0, zero in the middle.
        pairs: the (left, right) joints, such as ``graph.symmetric_pairs``.
        share: probability of a clip to be mirrored. Leave this function out where left and right are different classes.
    """
    order = torch.arange(x.shape[3])
    for left, right in pairs:
        order[left], order[right] = right, left
    mirrored = x[:, :, :, order.to(x.device)].clone()
    mirrored[:, 0] *= -1
    chosen = (torch.rand(len(x)) < share).to(x.device)[:, None, None, None, None]
    return torch.where(chosen, mirrored, x)
