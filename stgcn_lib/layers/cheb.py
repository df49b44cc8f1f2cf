"""Graph convolution by polynomials of the Laplacian."""

import torch
from torch import nn


class ChebConv(nn.Module):
    """Chebyshev graph convolution: one hop further with every polynomial, no eigenvector needed.

    With the scaled Laplacian ``L`` and ``T_0 = I, T_1 = L, T_k = 2 L T_{k-1} - T_{k-2}``, in every frame::

        x'_v = sum_{k = 0..K-1} sum_u T_k(L)[v, u] x_u W_k + b

    Args:
        in_channels: C.
        out_channels: C'.
        laplacian: (V, V) scaled Laplacian, see `stgcn_lib.graphs.scaled_laplacian`.
        order: K, the number of polynomials; 1 mixes the channels of each node alone.
        bias: whether to add a learned number to each output channel.

    Attributes:
        weight: (K, C, C') parameter.
        bias: (C',) parameter, or None.

    Paper: Defferrard, Bresson and Vandergheynst, Convolutional neural networks on graphs with fast localized spectral filtering,
    NeurIPS 2016.
    """

    def __init__(self, in_channels, out_channels, laplacian, order=3, bias=True):
        super().__init__()
        L = torch.as_tensor(laplacian, dtype=torch.get_default_dtype())
        basis = [torch.eye(len(L), dtype=L.dtype), L]
        while len(basis) < order:
            basis.append(2 * L @ basis[-1] - basis[-2])
        self.register_buffer("basis", torch.cat([L[:0], *basis[1:order]]))  # ((K - 1) V, V): T_0 is the identity
        self.weight = nn.Parameter(torch.empty(order, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        for weight in self.weight:
            nn.init.xavier_uniform_(weight)

    def forward(self, x):
        """(N, C, T, V) -> (N, C', T, V)"""
        K, C, _ = self.weight.shape
        if x.dim() != 4 or x.shape[1] != C:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {C}: are the axes in this order?")
        x = x.permute(0, 2, 3, 1)  # (N, T, V, C)
        if K > 1:
            V = self.basis.shape[1]
            if x.shape[2] != V:
                raise ValueError(f"x has {x.shape[2]} sensors, the Laplacian has {V}: do both come from the same road graph?")
            hops = (self.basis @ x).unflatten(2, (K - 1, V)).transpose(2, 3).flatten(3)  # (N, T, V, (K - 1) C)
            x = torch.cat([x, hops], dim=3)  # (N, T, V, K C)
        x = x @ self.weight.flatten(0, 1)
        return (x if self.bias is None else x + self.bias).permute(0, 3, 1, 2)
