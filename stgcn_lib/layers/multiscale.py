"""Several convolutions along time side by side: short kernels for quick movements, long ones for slow movements."""

import torch
from torch import nn

from .temporal import TemporalConv

# Branches of (kernel, dilation): the receptive fields are 3, 5, 7 and 9 frames at the price of four kernels of 3.
MSTCN = ((3, 1), (3, 2), (3, 3), (3, 4), "max", "point")


class MultiScaleTemporalConv(nn.Module):
    """Convolutions along time with several kernels in parallel, each on a share of the channels.

    Each branch ``i`` first mixes the C channels down to its share, then looks at time in its own way; the answers stand side by
    side, and a 1x1 convolution mixes them if `fusion` says so::

        x' = Fuse( [ Time_1(ReLU(BN(R_1 x))), ..., Time_n(ReLU(BN(R_n x))) ] )

    With a single kernel there is nothing to share out: no ``R``, just its `TemporalConv`. "max" cannot mix channels, so it keeps
    its ``R`` also when alone.

    Args:
        in_channels: C.
        out_channels: C', shared out evenly; the first branches take what is left over.
        branches: one entry for each: a kernel size such as 3, a pair (kernel size, dilation), "max", the largest of three
            frames, or "point", the frame alone. ``(3, 5, 7)`` are parallel kernels, `MSTCN` are dilated ones.
        stride: every how many frames there is an output.
        fusion: whether a 1x1 convolution from C' to C' channels mixes the branches.
        causal: whether no frame hears the future.

    Attributes:
        span: frames from the first to the last that an output hears.
        stride: as given.

    Raises:
        ValueError: there is no branch or an unknown one, more branches than channels, or what `TemporalConv` finds wrong.

    Papers: Liu, Zhang, Chen, Wang and Ouyang, Disentangling and unifying graph convolutions for skeleton-based action recognition,
    CVPR 2020 (MS-TCN, dilated branches). Duan, Wang, Chen and Lin, PYSKL, ACM Multimedia 2022 (ST-GCN++, these six branches).
    Parallel kernels: Szegedy et al., Going deeper with convolutions, CVPR 2015.
    """

    def __init__(self, in_channels, out_channels, branches=(3, 5, 7), stride=1, fusion=True, causal=False):
        super().__init__()
        branches = tuple(branches) if isinstance(branches, (tuple, list)) else (branches,)
        if not 1 <= len(branches) <= out_channels:
            raise ValueError(f"branches has {len(branches)} entries, expected 1 to {out_channels}, a channel for each at least")
        share, more = divmod(out_channels, len(branches))
        widths = [share + (i < more) for i in range(len(branches))]
        self.in_channels, self.stride, self.span = in_channels, stride, 1
        self.branches = nn.ModuleList()
        for kind, width in zip(branches, widths, strict=True):
            alone = len(branches) == 1 and kind != "max"
            time, span = _branch(kind, in_channels if alone else width, width, stride, causal)
            self.span = max(self.span, span)
            mix = [] if alone else [nn.Conv2d(in_channels, width, 1), nn.BatchNorm2d(width), nn.ReLU()]
            self.branches.append(nn.Sequential(*mix, time))
        self.fusion = nn.Conv2d(out_channels, out_channels, 1) if fusion else nn.Identity()

    def forward(self, x):
        """Every branch on its own, then all of them together.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            (N, C', T', V) tensor with T' = T / stride, rounded up.

        Raises:
            ValueError: `x` is not (N, C, T, V) or has another number of channels.
        """
        if x.dim() != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.in_channels}: are the axes in "
                             "this order?")
        return self.fusion(torch.cat([branch(x) for branch in self.branches], dim=1))  # (N, C', T', V)


def _branch(kind, in_channels, out_channels, stride, causal):
    """What a branch does along time, and how many frames it spans."""
    if kind == "max":
        pad = nn.ZeroPad2d((0, 0, 2, 0) if causal else (0, 0, 1, 1))  # behind a ReLU nothing is below zero
        return nn.Sequential(pad, nn.MaxPool2d((3, 1), stride=(stride, 1))), 3
    kernel, dilation = (1, 1) if kind == "point" else kind if isinstance(kind, (tuple, list)) and len(kind) == 2 else (kind, 1)
    if not isinstance(kernel, int):
        raise ValueError(f"branches holds {kind!r}, expected a kernel size, a pair (kernel size, dilation), 'max' or 'point'")
    conv = TemporalConv(in_channels, out_channels, kernel, stride, dilation, causal)
    return conv, conv.span
