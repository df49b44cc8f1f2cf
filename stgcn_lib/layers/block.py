"""The block of ST-GCN: space, then time, then what was there before."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .graph import SpatialGraphConv
from .temporal import TemporalConv


class STGCNBlock(nn.Module):
    """Space, then time, with a residual path around both, in the order of the released ST-GCN::

        x' = ReLU( Dropout(BN(Temporal( ReLU(BN(Spatial(x))) ))) + Residual(x) )

    The residual is ``x`` itself where the shape stays, a 1x1 convolution with batch norm where it does not. Dropout comes
    before the sum and is not in place: the backward pass still needs what it would overwrite.

    Args:
        in_channels: C.
        out_channels: C'.
        adjacency: (K, V, V) tensor or array, see `SpatialGraphConv`.
        kernel_size, stride, dilation, causal: see `TemporalConv`.
        residual: whether there is a residual path.
        dropout: probability with which a number is set to zero in training.
        edge_importance: see `SpatialGraphConv`.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018.
    """

    def __init__(self, in_channels, out_channels, adjacency, kernel_size=9, stride=1, dilation=1, causal=False, residual=True,
                 dropout=0.0, edge_importance=True):
        super().__init__()
        self.spatial = SpatialGraphConv(in_channels, out_channels, adjacency, edge_importance)
        self.spatial_norm = nn.BatchNorm2d(out_channels)
        self.temporal = TemporalConv(out_channels, out_channels, kernel_size, stride, dilation, causal)
        self.temporal_norm = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)
        if not residual:
            self.residual = None
        elif in_channels == out_channels and stride == 1:
            self.residual = nn.Identity()
        else:
            self.residual = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride=(stride, 1)),
                                          nn.BatchNorm2d(out_channels))

    def forward(self, x):
        """(N, C, T, V) -> (N, C', T', V) with T' = T / stride, rounded up."""
        y = torch.relu(self.spatial_norm(self.spatial(x)))
        y = self.dropout(self.temporal_norm(self.temporal(y)))
        return torch.relu(y if self.residual is None else y + self.residual(x))

    def fuse(self):
        """A copy for inference that gives the same numbers with every batch norm multiplied into the layer before it."""
        fused = copy.deepcopy(self).eval()
        fused.spatial = fused.spatial.fuse(fused.spatial_norm)
        fused.temporal.conv = fuse_conv_bn_eval(fused.temporal.conv, fused.temporal_norm)
        fused.spatial_norm = fused.temporal_norm = nn.Identity()
        if isinstance(fused.residual, nn.Sequential):
            fused.residual = fuse_conv_bn_eval(*fused.residual)
        return fused
