"""Traffic as tables: speeds of road networks, their windows, and forecasts that need no network."""

from .readers import los_loop, metr_la, pems_bay, pemsd7m, pemsd7m_graph
from .series import Scaler, TrafficSeries, Windows, daily_table

__all__ = ["Scaler", "TrafficSeries", "Windows", "daily_table", "los_loop", "metr_la", "pems_bay", "pemsd7m", "pemsd7m_graph"]
