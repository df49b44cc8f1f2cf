"""Partition strategies of ST-GCN: which neighbour speaks through which weight matrix."""

import numpy as np


def partition(hop_distance, center, strategy, max_hop, dilation, normalization, reference):
    distance = hop_distance.astype(float)
    to_center = hop_distance[center]
    hops = range(0, max_hop + 1, dilation)
    if reference:
        # the released code knows no distance beyond max_hop: from there on every joint is equally far, namely infinitely
        to_center = np.where(to_center > max_hop, np.inf, to_center)
    union = np.isin(distance, hops)
    receiver, sender = to_center[:, None], to_center[None, :]
    if strategy == "uniform":
        masks = [union]
    elif strategy == "distance":
        masks = [distance == hop for hop in hops]
    elif strategy == "spatial" and not reference:
        masks = [union & (sender == receiver), union & (sender < receiver), union & (sender > receiver)]
    elif strategy == "spatial":
        masks = [distance == 0]
        for hop in hops[1:]:
            masks += [(distance == hop) & (sender >= receiver), (distance == hop) & (sender < receiver)]
    else:
        raise ValueError(f"strategy is {strategy!r}")
    degree = union.sum(axis=1)
    if normalization == "row":
        weights = union / degree[:, None]
    elif normalization == "symmetric":
        weights = union / np.sqrt(degree[:, None] * degree[None, :])
    else:
        weights = union.astype(float)
    return np.stack(masks) * weights
