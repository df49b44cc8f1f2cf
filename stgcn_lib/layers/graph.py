"""Graph convolutions: what a joint takes from its neighbours."""

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
        fusible: that `fuse` can multiply the batch norm in; not so for a layer whose graph depends on the clip.

    Raises:
        ValueError: the adjacency is not (K, V, V) or holds a NaN.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018.
    """

    fusible = True

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
        A = self.adjacency * self.edge_importance  # (K, V, V)
        W = self.conv.weight.flatten(1).unflatten(0, (len(A), -1))  # (K C', C, 1, 1) -> (K, C', C)
        return _mix_and_gather(x, A, W, self._bias(A))

    def _bias(self, A):
        """What the biases add up to at each joint, (V, C'), or None."""
        if self.conv.bias is None:
            return None
        return torch.einsum("kvu,kc->vc", A, self.conv.bias.unflatten(0, (len(A), -1)))

    def fuse(self, norm):
        """This layer and the batch norm behind it as one `FusedSpatialGraphConv`, for inference."""
        with torch.no_grad():
            A = self.adjacency * self.edge_importance
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)  # (C',)
            W = self.conv.weight.flatten(1).unflatten(0, (len(A), -1)) * scale[:, None]
            bias = norm.bias - norm.running_mean * scale  # (C',)
            if self.conv.bias is not None:
                bias = bias + self._bias(A) * scale
            return FusedSpatialGraphConv(A, W, bias.expand(A.shape[-1], -1))  # (V, C')

    def extra_repr(self):
        return f"subsets={len(self.adjacency)}, joints={self.adjacency.shape[1]}"


class FusedSpatialGraphConv(nn.Module):
    """A `SpatialGraphConv` with everything that is constant after training multiplied out: edge importance, batch norm, and
    a bias of its own for each joint.

    Args:
        adjacency: (K, V, V) tensor, edge importance included.
        weight: (K, C', C) tensor.
        bias: (V, C') tensor.
    """

    def __init__(self, adjacency, weight, bias):
        super().__init__()
        for name, value in (("adjacency", adjacency), ("weight", weight), ("bias", bias)):
            self.register_buffer(name, value.detach().clone())

    def forward(self, x):
        """(N, C, T, V) -> (N, C', T, V)"""
        return _mix_and_gather(x, self.adjacency, self.weight, self.bias)


def _mix_and_gather(x, A, W, bias):
    """``x'_v = sum_k sum_u A[k, v, u] W_k x_u + bias_v`` with two matrix products.

    In memory the channels stay last, so that one product mixes the channels of all subsets and another one gathers over all
    subsets and joints at once; an einsum would copy its K times larger middle. Whoever has fewer channels gathers.

    Args:
        x: (N, C, T, V), fastest if its memory is channels-last.
        A: (K, V, V).  W: (K, C', C).  bias: (V, C') or None.

    Returns:
        (N, C', T, V), channels-last in memory.
    """
    (N, _, T, V), (K, out_channels, in_channels) = x.shape, W.shape
    x = x.permute(0, 2, 3, 1).flatten(0, 1)  # (N T, V, C)
    if in_channels < out_channels:
        A = A.transpose(0, 1).flatten(0, 1)  # (V K, V), row v K + k
        x = torch.bmm(A.expand(N * T, -1, -1), x)  # (N T, V K, C): gather
        x = x.unflatten(1, (V, K)).flatten(2)  # (N T, V, K C)
        x = x @ W.transpose(1, 2).flatten(0, 1)  # (N T, V, C'): mix
        x = x if bias is None else x + bias
    else:
        x = nn.functional.linear(x, W.flatten(0, 1))  # (N T, V, K C'): mix
        x = x.unflatten(2, (K, out_channels)).flatten(1, 2)  # (N T, V K, C')
        A = A.permute(1, 2, 0).flatten(1).expand(N * T, -1, -1)  # (N T, V, V K), column u K + k
        x = torch.bmm(A, x) if bias is None else torch.baddbmm(bias, A, x)  # (N T, V, C'): gather
    return x.unflatten(0, (N, T)).permute(0, 3, 1, 2)  # (N, C', T, V)


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
