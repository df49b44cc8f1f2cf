"""Partition strategies: which neighbour speaks through which weight matrix.

A convolution over an image has a weight for "left of me" and another for "above me". A joint has no left neighbour, so
ST-GCN sorts the neighbours into K subsets and gives each subset a weight matrix of its own.
"""

import numpy as np
import torch

from .normalize import normalize_adjacency


def partition(hop_distance, center, strategy="spatial", max_hop=1, dilation=1, normalization="row", reference=False):
    """The K adjacencies of a partition strategy; see `SkeletonGraph.partition`, which calls this.

    Args:
        hop_distance: (V, V) integer array of hop distances.
        center: index of the centre.

    Returns:
        (K, V, V) float32 tensor.
    """
    for argument, value, least in (("max_hop", max_hop, 0), ("dilation", dilation, 1)):
        if not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{argument} is {value!r}, expected a whole number of hops, {least} or more")
    if normalization not in ("row", "symmetric", None):
        raise ValueError(f"normalization is {normalization!r}, expected 'row', 'symmetric' or None")
    if reference and normalization != "row":
        raise ValueError(f"normalization is {normalization!r} with reference=True, expected 'row': the released code "
                         "knows no other; leave one of the two out")

    hops = range(0, max_hop + 1, dilation)
    union = np.isin(hop_distance, hops)  # (V, V): who speaks to whom at all
    to_center = hop_distance[center].astype(float)  # (V,)
    if reference:
        # The released code stops counting at max_hop. Every joint beyond is "infinitely far", so two neighbours out
        # there look equally far, and messages in both directions fall into the same subset. Trained weights rely on it.
        to_center[to_center > max_hop] = np.inf
    receiver, sender = to_center[:, None], to_center[None, :]

    if strategy == "uniform":
        subsets = [union]
    elif strategy == "distance":
        subsets = [hop_distance == hop for hop in hops]
    elif strategy == "spatial" and reference:
        subsets = [hop_distance == 0]
        for hop in hops[1:]:
            subsets += [(hop_distance == hop) & (sender >= receiver), (hop_distance == hop) & (sender < receiver)]
    elif strategy == "spatial":
        subsets = [union & (sender == receiver), union & (sender < receiver), union & (sender > receiver)]
    else:
        raise ValueError(f"strategy is {strategy!r}, expected 'uniform', 'distance' or 'spatial'")

    # Normalised over the union: a receiver divides by all of its senders, not by those of one subset.
    union = torch.from_numpy(union).float()
    weights = union if normalization is None else normalize_adjacency(union, normalization)
    return torch.from_numpy(np.stack(subsets)) * weights  # (K, V, V)
