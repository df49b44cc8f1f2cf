"""A graph for every channel: the topology of a clip refined channel by channel."""

import torch
from torch import nn

from .graph import _adjacency_buffer, _check_joints


class ChannelwiseGraphConv(nn.Module):
    """Channel-wise topology refinement: each output channel gathers over a graph of its own.

    For each subset ``k`` and channel ``c``, with the means over time ``p_v = psi_k(mean_t x_v)`` and ``q_u = phi_k(mean_t x_u)``::

        A'[k, c, v, u] = A[k, v, u] + B[k, v, u] + alpha (expand_k tanh(p_v - q_u))[c]
        x'_v[c]        = sum_k sum_u A'[k, c, v, u] (W_k x_u + b_k)[c]

    ``psi`` and ``phi`` are linear maps to R channels, ``expand`` one from R to C' channels. ``B`` and ``alpha`` start at zero:
    training starts at one physical graph for all channels.

    Args:
        in_channels: C.
        out_channels: C'.
        adjacency: (K, V, V) tensor or array, see `SpatialGraphConv`.
        reduction: R is C' divided by this, but at least 4.

    Raises:
        ValueError: the adjacency is not (K, V, V), or `reduction` is below one.

    Paper: Chen, Zhang, Yuan, Li, Deng and Hu, Channel-wise topology refinement graph convolution for skeleton-based action
    recognition, ICCV 2021.
    """

    fusible = False  # the graph depends on the clip, so no batch norm can be multiplied in

    def __init__(self, in_channels, out_channels, adjacency, reduction=8):
        super().__init__()
        if not isinstance(reduction, int) or reduction < 1:
            raise ValueError(f"reduction is {reduction!r}, expected a whole number, 1 or more")
        self.register_buffer("adjacency", _adjacency_buffer(adjacency, "(K, V, V)"))
        K, R = len(self.adjacency), max(out_channels // reduction, 4)
        self.residual = nn.Parameter(torch.zeros_like(self.adjacency))
        self.conv = nn.Conv2d(in_channels, K * out_channels, 1)
        self.psi, self.phi = nn.Linear(in_channels, K * R), nn.Linear(in_channels, K * R)
        self.expand = nn.Conv2d(K * R, K * out_channels, 1, groups=K)
        self.alpha = nn.Parameter(torch.zeros(()))

    def adjacency_of(self, x):
        """The graphs of each clip: (N, C, T, V) -> (N, K, C', V, V), receiver before sender. Raises what `forward` raises."""
        if x.dim() != 4 or x.shape[1] != self.conv.in_channels:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.conv.in_channels}: are the axes "
                             "in this order, and is in_channels that of the data?")
        _check_joints(x.shape[3], self.adjacency)
        mean = x.mean(dim=2).transpose(1, 2)  # (N, V, C)
        p, q = self.psi(mean).transpose(1, 2), self.phi(mean).transpose(1, 2)  # (N, K R, V)
        refined = self.expand(torch.tanh(p[..., :, None] - q[..., None, :]))  # (N, K C', V, V)
        shared = self.adjacency + self.residual  # (K, V, V)
        return shared[:, None] + self.alpha * refined.unflatten(1, (len(shared), -1))

    def forward(self, x):
        """Mix channels, then let each channel gather over its graph.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            (N, C', T, V) tensor.

        Raises:
            ValueError: `x` has another number of dimensions, channels or joints.
        """
        A = self.adjacency_of(x).permute(0, 2, 3, 1, 4).flatten(3)  # (N, C', V, K V)
        x = self.conv(x).unflatten(1, (len(self.adjacency), -1))  # (N, K, C', T, V)
        x = x.permute(0, 2, 1, 4, 3).flatten(2, 3)  # (N, C', K V, T)
        return (A.to(x.dtype) @ x).transpose(2, 3)  # (N, C', T, V)

    def extra_repr(self):
        return f"subsets={len(self.adjacency)}, joints={self.adjacency.shape[1]}"
