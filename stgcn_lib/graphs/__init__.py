"""Graphs as numbers: skeletons, how neighbours are sorted into subsets, and how adjacencies are normalised.

Directions everywhere: ``A[k, v, u]`` is the weight with which the receiver ``v`` takes from the sender ``u`` in subset
``k``, so one step of aggregation is ``A @ x``.
"""

from .normalize import normalize_adjacency
from .skeletons import LAYOUTS, SkeletonGraph, skeleton

__all__ = ["LAYOUTS", "SkeletonGraph", "normalize_adjacency", "skeleton"]
