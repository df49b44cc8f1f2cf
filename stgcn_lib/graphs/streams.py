"""Four ways to write down one movement: where the joints are, how the bones point, and how both change.

Every function takes a batch (N, C, T, V, M) and returns a new one on the same device. They are `data.transforms.bones` and
`data.transforms.motion` for whole batches, cheap enough for every step of training, with one difference: motion here looks
forward, as in the papers, so its zero is in the last frame.
"""

import torch

from .skeletons import SkeletonGraph, skeleton

STREAMS = ("joint", "bone", "joint motion", "bone motion")


def stream(x, graph, name, coordinates=None):
    """One stream of a batch.

    - "joint": ``X_v``, the batch as it is.
    - "bone": ``B_v = X_v - X_parent(v)``, each joint minus its neighbour nearer the centre; zero at the centre.
    - "joint motion": ``X_v[t + 1] - X_v[t]``; zero in the last frame.
    - "bone motion": ``B_v[t + 1] - B_v[t]``; zero in the last frame.

    Args:
        x: (N, C, T, V, M) tensor. Fill missing joints first: their zeros would make long bones and wild motion.
        graph: a `SkeletonGraph` or the name of a layout.
        name: one of `STREAMS`.
        coordinates: how many of the first channels are coordinates, all of them unless given. The others, a confidence, stay as
            they are.

    Returns:
        (N, C, T, V, M); coordinates in the unit of `x`, for motion in that unit a frame.

    Raises:
        ValueError: if the stream is unknown or `x` does not fit the graph.

    Paper: Shi, Zhang, Cheng and Lu, Two-stream adaptive graph convolutional networks for skeleton-based action recognition,
    CVPR 2019, for bones; the same authors, Skeleton-based action recognition with multi-stream adaptive graph convolutional
    networks, IEEE TIP 2020, for motion.
    """
    if name not in STREAMS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(map(repr, STREAMS))}")
    graph, count = fitting(x, graph, coordinates)
    place = x[:, :count]
    if name.startswith("bone"):
        parents = torch.where(torch.as_tensor(graph.parents) >= 0, torch.as_tensor(graph.parents), torch.arange(x.shape[3]))
        place = place - place[:, :, :, parents.to(x.device)]  # the centre minus itself is zero
    if name.endswith("motion"):
        place = torch.cat([place.diff(dim=2), torch.zeros_like(place[:, :, :1])], dim=2)
    return torch.cat([place, x[:, count:]], dim=1)  # (N, C, T, V, M)


def streams(x, graph, names=STREAMS, coordinates=None):
    """Several streams one behind the other as the channels of one network.

    Args:
        x: (N, C, T, V, M) tensor.
        graph: a `SkeletonGraph` or the name of a layout.
        names: some of `STREAMS`, in the order wanted.
        coordinates: how many of the first channels are coordinates, all of them unless given. The others, a confidence, come once,
            at the end.

    Returns:
        (N, S coordinates + rest, T, V, M) for S streams.

    Raises:
        ValueError: without a stream, if one is unknown, or `x` does not fit the graph.
    """
    if isinstance(names, str) or not len(names):
        raise ValueError(f"names is {names!r}, expected a list of one or more of {', '.join(map(repr, STREAMS))}")
    graph, count = fitting(x, graph, coordinates)
    return torch.cat([*(stream(x[:, :count], graph, name) for name in names), x[:, count:]], dim=1)


def fitting(x, graph, coordinates=None):
    """The graph of a batch and its number of coordinates, once they are known to fit.

    Args:
        x: (N, C, T, V, M) tensor of floats.
        graph: a `SkeletonGraph` or the name of a layout.
        coordinates: how many of the first channels are coordinates, all of them unless given.

    Returns:
        the `SkeletonGraph`, and how many channels are coordinates.

    Raises:
        ValueError: naming the argument that is wrong.
    """
    if x.dim() != 5 or x.shape[2] == 0 or not x.is_floating_point():
        raise ValueError(f"x is {x.dtype} of shape {tuple(x.shape)}, expected floats (N, C, T, V, M) with a frame or more: give "
                         "a single clip its axes with x[None], and a single person with x[..., None]")
    graph = skeleton(graph) if isinstance(graph, str) else graph
    if not isinstance(graph, SkeletonGraph):
        raise ValueError(f"graph is {graph!r}, expected a SkeletonGraph or the name of a layout, such as 'ntu-25'")
    if x.shape[3] != graph.num_joints:
        raise ValueError(f"x has {x.shape[3]} joints in shape {tuple(x.shape)}, the graph {graph.name!r} has {graph.num_joints}: "
                         "is the layout the right one?")
    count = x.shape[1] if coordinates is None else coordinates
    if not 1 <= count <= x.shape[1]:
        raise ValueError(f"coordinates is {coordinates}, x has {x.shape[1]} channels: expected 1 to {x.shape[1]}")
    return graph, count
