"""Layers for signals on graphs. A layer knows its graph only as an adjacency: receiver first, sender second."""

import torch
from torch import nn


class GraphConv(nn.Module):
    """Graph convolution: each node gathers from its senders, then mixes channels.

    In matrices ``X' = A X W + b``; node by node ``x'_v = sum_u A[v, u] x_u W + b``. With the adjacency
    ``normalize_adjacency(A, "symmetric", self_loops=True)`` this is the layer of Kipf and Welling.

    Args:
        in_channels: C, how many numbers each node holds.
        out_channels: C', how many numbers each node holds afterwards.
        adjacency: (V, V) tensor or array; ``adjacency[v, u]`` is the weight with which ``v`` takes from ``u``. It is
            used as it is, so normalise it first. It is kept as a buffer: saved and moved with the layer, not trained.
        bias: whether to add a learned number to each output channel.

    Attributes:
        weight: (C, C') parameter W.
        bias: (C',) parameter b, or None.

    Raises:
        ValueError: the adjacency is not square or holds a NaN.

    Paper: Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017.
    """

    def __init__(self, in_channels, out_channels, adjacency, bias=True):
        super().__init__()
        self.register_buffer("adjacency", _adjacency_buffer(adjacency, "(V, V)"))
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x):
        """Gather, then mix.

        Args:
            x: (..., V, C) tensor.

        Returns:
            (..., V, C') tensor.

        Raises:
            ValueError: `x` has another number of nodes or channels.
        """
        if x.dim() < 2 or x.shape[-1] != len(self.weight):
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (..., V, C) with C = {len(self.weight)}: are "
                             "the channels last, and is in_channels that of the data?")
        _check_joints(x.shape[-2], self.adjacency)
        x = self.adjacency @ x @ self.weight  # (..., V, C) -> (..., V, C')
        return x if self.bias is None else x + self.bias

    def extra_repr(self):
        return "{}, {}, joints={}, bias={}".format(*self.weight.shape, len(self.adjacency), self.bias is not None)


class SpatialGraphConv(nn.Module):
    """Spatial graph convolution of ST-GCN: a weight matrix for each subset of the neighbours.

    In every frame, with ``A`` the subsets of a partition and ``M`` the importance that is learned for each edge::

        x'_v = sum_k sum_u  A[k, v, u] M[k, v, u] (W_k x_u + b_k)

    The bias ``b_k`` travels along the edges, as in the released ST-GCN: a joint gets it times the sum of its weights.

    Args:
        in_channels: C, how many numbers each joint holds.
        out_channels: C', how many numbers each joint holds afterwards.
        adjacency: (K, V, V) tensor or array, such as ``skeleton("ntu-25").partition()``; ``adjacency[k, v, u]`` is the
            weight with which ``v`` takes from ``u`` in subset ``k``. It is kept as a buffer: saved and moved with the
            layer, not trained.
        edge_importance: whether ``M`` is learned, starting from ones, or stays one. No new edge can appear: 0 times
            anything is 0.
        bias: whether there is a ``b_k``.

    Attributes:
        conv: 1x1 convolution from C to K C' channels: all ``W_k`` and ``b_k``, one below the other.
        edge_importance: (K, V, V) parameter or, if it is not learned, buffer of ones.

    Raises:
        ValueError: the adjacency is not (K, V, V) or holds a NaN.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018.
    """

    def __init__(self, in_channels, out_channels, adjacency, edge_importance=True, bias=True):
        super().__init__()
        self.register_buffer("adjacency", _adjacency_buffer(adjacency, "(K, V, V)"))
        self.conv = nn.Conv2d(in_channels, len(self.adjacency) * out_channels, kernel_size=1, bias=bias)
        ones = torch.ones_like(self.adjacency)
        if edge_importance:
            self.edge_importance = nn.Parameter(ones)
        else:
            self.register_buffer("edge_importance", ones, persistent=False)  # a constant need not be saved

    def forward(self, x):
        """Mix channels K times, then gather over the edges of each subset.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            (N, C', T, V) tensor.

        Raises:
            ValueError: `x` has another number of dimensions, channels or joints.
        """
        if x.dim() != 4:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V): fold the people of (N, C, T, V, M) "
                             "into the batch, or give a single clip its axis with x[None]")
        if x.shape[1] != self.conv.in_channels:
            raise ValueError(f"x has {x.shape[1]} channels in shape {tuple(x.shape)}, expected {self.conv.in_channels} "
                             "in (N, C, T, V): are the axes in this order, and is in_channels that of the data?")
        _check_joints(x.shape[3], self.adjacency)
        x = self.conv(x)  # (N, C, T, V) -> (N, K C', T, V)
        x = x.unflatten(1, (len(self.adjacency), -1))  # (N, K, C', T, V)
        return torch.einsum("kvu,nkctu->nctv", self.adjacency * self.edge_importance, x)  # (N, C', T, V)

    def extra_repr(self):
        return f"subsets={len(self.adjacency)}, joints={self.adjacency.shape[1]}"


def _adjacency_buffer(adjacency, form):
    """A copy of an adjacency in torch's default type; `form` is ``"(V, V)"`` or ``"(K, V, V)"``."""
    fix = "for one matrix a subset use graph.partition()" if "K" in form else "for subsets use SpatialGraphConv"
    try:
        buffer = torch.as_tensor(adjacency, dtype=torch.get_default_dtype()).detach().clone()
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"adjacency is {adjacency!r}, expected a tensor {form}: pass graph.adjacency() or "
                         "graph.partition(), not the graph") from None
    if buffer.dim() != len(form.split(",")) or buffer.shape[-1] != buffer.shape[-2] or not buffer.numel():
        raise ValueError(f"adjacency has shape {tuple(buffer.shape)}, expected {form}: {fix}")
    if not torch.isfinite(buffer).all():
        raise ValueError("adjacency holds a NaN or an infinite weight, expected finite ones: was it divided by "
                         "the degree 0 of a node without edges? normalize_adjacency leaves such a node at 0")
    return buffer


def _check_joints(count, adjacency):
    if count != adjacency.shape[-1]:
        raise ValueError(f"x has {count} joints, the adjacency has {adjacency.shape[-1]}, expected the same: build the "
                         "adjacency from the layout of the data, such as skeleton('coco-17') for 17 joints")
