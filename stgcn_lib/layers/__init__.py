"""Layers for signals on graphs and in time. A layer knows its graph only as an adjacency: receiver first, sender second."""

from .block import STGCNBlock
from .cheb import ChebConv
from .gated import GatedTemporalConv
from .graph import FusedSpatialGraphConv, GraphConv, SpatialGraphConv
from .propagate import propagate, sparse_pair
from .sandwich import SandwichBlock
from .temporal import TemporalConv

__all__ = ["ChebConv", "FusedSpatialGraphConv", "GatedTemporalConv", "GraphConv", "STGCNBlock", "SandwichBlock", "SpatialGraphConv",
           "TemporalConv", "propagate", "sparse_pair"]
