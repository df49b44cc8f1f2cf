"""The block of ST-GCN: space, then time, then what was there before."""

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .adaptive import AdaptiveGraphConv
from .attention import SpatialTemporalAttention
from .channelwise import ChannelwiseGraphConv
from .graph import SpatialGraphConv
from .multiscale import MSTCN, MultiScaleTemporalConv
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
        spatial: what gathers in space: "fixed", a `SpatialGraphConv`; a form of `AdaptiveGraphConv`, such as "residual"; or
            "channelwise", a `ChannelwiseGraphConv`.
        temporal: what gathers in time: "single", a `TemporalConv`; "multi", a `MultiScaleTemporalConv` with kernels of 3, 5 and 7
            frames; or "dilated", one with the branches `MSTCN`.
        attention: a form of `SpatialTemporalAttention` between space and time, such as "sequential", or None.

    Raises:
        ValueError: for an unknown name, or if a causal block is given a part that looks at the whole clip.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018. Attention in this place: Shi, Zhang, Cheng and Lu, Skeleton-based action recognition with multi-stream adaptive
    graph convolutional networks, IEEE TIP 2020.
    """

    def __init__(self, in_channels, out_channels, adjacency, kernel_size=9, stride=1, dilation=1, causal=False, residual=True,
                 dropout=0.0, edge_importance=True, spatial="fixed", temporal="single", attention=None):
        super().__init__()
        if causal and (spatial in ("sample", "channelwise") or attention not in (None, "joint")):
            part = f"spatial={spatial!r}" if spatial in ("sample", "channelwise") else f"attention={attention!r}"
            raise ValueError(f"causal is True and {part}, which looks at later frames too: expected a graph that does not depend "
                             "on the clip, and no attention or \"joint\"")
        self.spatial = _spatial(spatial, in_channels, out_channels, adjacency, edge_importance)
        self.spatial_norm = nn.BatchNorm2d(out_channels)
        self.attention = nn.Identity() if attention is None else SpatialTemporalAttention(
            out_channels, attention, num_joints=self.spatial.adjacency.shape[-1])
        self.temporal = _temporal(temporal, out_channels, kernel_size, stride, dilation, causal)
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
        y = self.attention(torch.relu(self.spatial_norm(self.spatial(x))))
        y = self.dropout(self.temporal_norm(self.temporal(y)))
        return torch.relu(y if self.residual is None else y + self.residual(x))

    def fuse(self):
        """A copy for inference that gives the same numbers, with each batch norm multiplied into the layer before it where that is
        possible: behind a graph that depends on the clip, and behind several temporal kernels, it stays."""
        fused = copy.deepcopy(self).eval()
        if fused.spatial.fusible:
            fused.spatial, fused.spatial_norm = fused.spatial.fuse(fused.spatial_norm), nn.Identity()
        if isinstance(fused.temporal, TemporalConv):
            fused.temporal.conv = fuse_conv_bn_eval(fused.temporal.conv, fused.temporal_norm)
            fused.temporal_norm = nn.Identity()
        if isinstance(fused.residual, nn.Sequential):
            fused.residual = fuse_conv_bn_eval(*fused.residual)
        return fused


def _spatial(kind, in_channels, out_channels, adjacency, edge_importance):
    if kind == "fixed":
        return SpatialGraphConv(in_channels, out_channels, adjacency, edge_importance)
    if kind == "channelwise":
        return ChannelwiseGraphConv(in_channels, out_channels, adjacency)
    return AdaptiveGraphConv(in_channels, out_channels, adjacency, kind)


def _temporal(kind, channels, kernel_size, stride, dilation, causal):
    if kind == "single":
        return TemporalConv(channels, channels, kernel_size, stride, dilation, causal)
    if kind not in ("multi", "dilated"):
        raise ValueError(f"temporal is {kind!r}, expected 'single', 'multi' or 'dilated'")
    return MultiScaleTemporalConv(channels, channels, (3, 5, 7) if kind == "multi" else MSTCN, stride, causal=causal)
