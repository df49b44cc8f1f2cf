"""Layers for signals on graphs and in time. A layer knows its graph only as an adjacency: receiver first, sender second."""

from .block import STGCNBlock
from .graph import FusedSpatialGraphConv, GraphConv, SpatialGraphConv
from .temporal import TemporalConv

__all__ = ["FusedSpatialGraphConv", "GraphConv", "STGCNBlock", "SpatialGraphConv", "TemporalConv"]
