"""Whole networks: from a clip to its classes, and from an hour of traffic to the next one."""

from .multistream import MultiStream
from .presets import PRESETS, preset
from .skeleton import REFERENCE, SMALL, STGCN
from .traffic import TrafficConvSTGCN, TrafficSTGCN, roll_out

__all__ = ["MultiStream", "PRESETS", "REFERENCE", "SMALL", "STGCN", "TrafficConvSTGCN", "TrafficSTGCN", "preset", "roll_out"]
