"""Graphs as numbers: skeletons and roads, how neighbours are sorted into subsets, and how adjacencies are normalised.

Directions everywhere: ``A[k, v, u]`` is the weight with which the receiver ``v`` takes from the sender ``u`` in subset
``k``, so one step of aggregation is ``A @ x``.
"""

from .normalize import normalize_adjacency
from .roads import RoadGraph, correlation_adjacency, five_crossings, gaussian_adjacency, ring_road
from .skeletons import LAYOUTS, SkeletonGraph, skeleton
from .spectral import chebyshev_basis, scaled_laplacian

__all__ = ["LAYOUTS", "RoadGraph", "SkeletonGraph", "chebyshev_basis", "correlation_adjacency", "five_crossings",
           "gaussian_adjacency", "normalize_adjacency", "ring_road", "scaled_laplacian", "skeleton"]
