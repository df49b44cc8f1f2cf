"""Layers that know a graph only as an adjacency tensor."""

import torch
from torch import nn


class GraphConv(nn.Module):
    """One step of message passing: ``adjacency @ x @ weight + bias``."""

    def __init__(self, in_channels, out_channels, adjacency, bias=True):
        super().__init__()
        self.register_buffer("adjacency", torch.as_tensor(adjacency, dtype=torch.get_default_dtype()).detach().clone())
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x):
        x = self.adjacency @ x @ self.weight  # (..., V, C) -> (..., V, C')
        return x if self.bias is None else x + self.bias
