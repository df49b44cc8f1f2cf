"""The block of the traffic ST-GCN: time, space, time."""

import torch
from torch import nn

from .cheb import ChebConv
from .gated import GatedTemporalConv
from .graph import GraphConv


class SandwichBlock(nn.Module):
    """Space between two slices of time, as in the STGCN of Yu et al.::

        x' = Dropout( LayerNorm( Gated_2( ReLU( Cheb(h) + h ) ) ) )       h = Gated_1(x)

    Args:
        in_channels: C.
        channels: three numbers: after the first gated convolution, after the graph convolution, after the second gated one.
        laplacian: (V, V) scaled Laplacian; None for no graph. For "first" the normalised adjacency with self-loops instead.
        order: number of polynomials of the graph convolution.
        kind: "chebyshev", or "first" for the first-order approximation, one weight matrix for a node and its neighbours together
            (`GraphConv`).
        kernel_size: frames in each temporal kernel, k; the block loses 2 (k - 1) frames.
        norm: "channel" normalises the channels of each node, so that nothing depends on the number of nodes; "layer", as in the
            paper, nodes and channels of a frame together, with a weight for each pair of them.
        num_nodes: V, needed by "layer".
        dropout: probability with which a number is set to zero in training.
        learned: whether there is a second graph, given with each call, with a weight matrix of its own.
    """

    def __init__(self, in_channels, channels, laplacian, order=3, kind="chebyshev", kernel_size=3, norm="channel", num_nodes=None,
                 dropout=0.0, learned=False):
        super().__init__()
        if kind not in ("chebyshev", "first") or norm not in ("channel", "layer"):
            raise ValueError(f"kind is {kind!r} and norm {norm!r}, expected 'chebyshev' or 'first', and 'channel' or 'layer'")
        if norm == "layer" and num_nodes is None:
            raise ValueError("norm is 'layer', which has a weight for each node: give num_nodes, or take norm='channel'")
        first, middle, last = channels
        self.before = GatedTemporalConv(in_channels, first, kernel_size)
        if laplacian is None:
            self.spatial = ChebConv(first, middle, torch.zeros(1, 1), 1)  # each node by itself
        elif kind == "chebyshev":
            self.spatial = ChebConv(first, middle, laplacian, order)
        else:
            self.spatial = GraphConv(first, middle, laplacian)
        self.learned = nn.Linear(first, middle, bias=False) if learned else None
        self.residual = nn.Identity() if first == middle else nn.Conv2d(first, middle, 1)
        self.after = GatedTemporalConv(middle, last, kernel_size)
        self.norm = nn.LayerNorm(last if norm == "channel" else (num_nodes, last))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, graph=None):
        """(N, C, T, V) -> (N, C', T - 2 (k - 1), V); graph: (V, V), if one is learned"""
        h = self.before(x)
        if isinstance(self.spatial, GraphConv):
            space = self.spatial(h.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # channels last and back
        else:
            space = self.spatial(h)
        space = space + self.residual(h)
        if self.learned is not None:
            space = space + self.learned(graph @ h.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = self.after(torch.relu(space))
        return self.dropout(self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
