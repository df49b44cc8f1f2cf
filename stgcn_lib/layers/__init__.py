"""Layers for signals on graphs and in time. A layer knows its graph only as an adjacency: receiver first, sender second."""

from .adaptive import AdaptiveAdjacency, AdaptiveGraphConv
from .attention import SpatialTemporalAttention
from .block import STGCNBlock
from .channelwise import ChannelwiseGraphConv
from .cheb import ChebConv
from .gated import GatedTemporalConv
from .graph import FusedSpatialGraphConv, GraphConv, SpatialGraphConv
from .multiscale import MSTCN, MultiScaleTemporalConv
from .propagate import propagate, sparse_pair
from .sandwich import SandwichBlock
from .temporal import TemporalConv

__all__ = ["MSTCN", "AdaptiveAdjacency", "AdaptiveGraphConv", "ChannelwiseGraphConv", "ChebConv", "FusedSpatialGraphConv",
           "GatedTemporalConv", "GraphConv", "MultiScaleTemporalConv", "STGCNBlock", "SandwichBlock", "SpatialGraphConv",
           "SpatialTemporalAttention", "TemporalConv", "propagate", "sparse_pair"]
