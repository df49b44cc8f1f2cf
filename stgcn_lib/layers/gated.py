"""Gated convolution along time."""

import torch
from torch import nn


class GatedTemporalConv(nn.Module):
    """Convolution along time with a gate, for every node by itself and with the same weights.

    One convolution makes two signals ``P`` and ``Q`` of the last ``k`` frames; ``Q`` says how much of ``P`` may pass::

        x'[v, t] = (P[v, t] + x[v, t]) * sigmoid(Q[v, t])

    No frame is invented before the first: ``k - 1`` frames are lost, and none hears the future. Where channels differ, ``x`` is
    filled up with zeros or goes through a 1x1 convolution.

    Args:
        in_channels: C.
        out_channels: C'.
        kernel_size: frames in the kernel, k.

    Paper: Yu, Yin and Zhu, Spatio-temporal graph convolutional networks: a deep learning framework for traffic forecasting,
    IJCAI 2018; Dauphin et al., Language modeling with gated convolutional networks, ICML 2017.
    """

    def __init__(self, in_channels, out_channels, kernel_size=3):
        super().__init__()
        if not isinstance(kernel_size, int) or kernel_size < 1:
            raise ValueError(f"kernel_size is {kernel_size!r}, expected a whole number, 1 or more")
        self.out_channels, self.kernel_size = out_channels, kernel_size
        self.conv = nn.Conv2d(in_channels, 2 * out_channels, (kernel_size, 1))
        self.residual = nn.Conv2d(in_channels, out_channels, 1) if in_channels > out_channels else nn.Identity()

    def forward(self, x):
        """(N, C, T, V) -> (N, C', T - k + 1, V)"""
        if x.dim() != 4 or x.shape[1] != self.conv.in_channels:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.conv.in_channels}: are the "
                             "axes in this order?")
        if x.shape[2] < self.kernel_size:
            raise ValueError(f"x has {x.shape[2]} frames, the kernel needs {self.kernel_size}: give more input steps, or a shorter "
                             "kernel")
        kept = self.residual(x[:, :, self.kernel_size - 1:])
        kept = nn.functional.pad(kept, (0, 0, 0, 0, 0, self.out_channels - kept.shape[1]))
        signal, gate = self.conv(x).chunk(2, dim=1)
        return (signal + kept) * torch.sigmoid(gate)
