"""Traffic as tables: speeds of road networks, their windows, and forecasts that need no network."""

from . import baselines
from .readers import los_loop, metr_la, pems_bay, pemsd7m, pemsd7m_graph
from .series import Scaler, TrafficSeries, Windows, daily_table, table_by_row
from .simulate import FundamentalDiagram, RingRoad, simulate

__all__ = ["FundamentalDiagram", "RingRoad", "Scaler", "TrafficSeries", "Windows", "baselines", "daily_table", "los_loop",
           "metr_la", "pems_bay", "pemsd7m", "pemsd7m_graph", "simulate", "table_by_row"]
