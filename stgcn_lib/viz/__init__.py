"""Figures that move: the same object in the static book, in Jupyter and in Colab.

`plots` (matplotlib, plotly) and `live` (ipywidgets) are imported by name: ``from stgcn_lib.viz import plots``.
"""

from .anatomy import anatomy
from .growth import growing_edges
from .html import Component
from .inside import edge_importance, embedding_map, heat_player
from .kernels import sliding_kernels
from .losing import losing_joints
from .microscope import microscope
from .partition import partition_explorer
from .player import player
from .roads import error_profile, forecast_fan, road_map, space_time
from .sandbox import traffic_sandbox
from .scores import calibration, calibration_error, confusion, intervals, learning_curves
from .streams import four_streams
from .views import adjacency_view
from .waterfall import waterfall

__all__ = ["Component", "adjacency_view", "anatomy", "calibration", "calibration_error", "confusion",
           "edge_importance", "embedding_map", "error_profile", "forecast_fan", "four_streams", "growing_edges",
           "heat_player", "intervals", "learning_curves", "losing_joints", "microscope", "partition_explorer",
           "player", "road_map", "sliding_kernels", "space_time", "traffic_sandbox",
           "waterfall"]
