"""Networks that forecast: an hour at every sensor goes in, the next one comes out."""

import numpy as np
import torch
from torch import nn

from ..graphs import normalize_adjacency, scaled_laplacian
from ..layers import GatedTemporalConv, SandwichBlock, STGCNBlock


class TrafficSTGCN(nn.Module):
    """The skeleton's ST-GCN on a road: the same blocks, and a head that forecasts instead of naming an action.

    The adjacency has two subsets, a sensor itself and its neighbours. There is no stride, because every step counts.

    Args:
        adjacency: (V, V) weights of the roads; ``adjacency[v, u]`` is receiver, sender.
        horizon: H, how many steps are forecast, all at once.
        inputs: T, how many steps are seen.
        in_channels: C.
        plan: channels of each block.
        kernel_size: frames in each temporal kernel.
        dropout: probability in each block.
        head: "time", a linear map of all steps of a sensor to its forecasts, or "mean", which averages the steps first, as
            tutorials do: it forgets their order, and so whether the speed rises or falls.

    Paper: Yan, Xiong and Lin, AAAI 2018, for the blocks.
    """

    def __init__(self, adjacency, horizon=12, inputs=12, in_channels=1, plan=(32, 32, 32), kernel_size=3, dropout=0.0, head="time"):
        super().__init__()
        if head not in ("time", "mean"):
            raise ValueError(f"head is {head!r}, expected 'time' or 'mean'")
        check_steps(horizon, inputs)
        check_dense(adjacency, "these blocks")
        A = normalize_adjacency(adjacency, "row")
        A = torch.stack([torch.eye(len(A), dtype=A.dtype), A])  # (2, V, V)
        self.inputs, self.in_channels, self.num_nodes = inputs, in_channels, A.shape[1]
        widths = [in_channels, *plan]
        self.blocks = nn.Sequential(*(STGCNBlock(widths[i], width, A, kernel_size, residual=i > 0, dropout=dropout)
                                      for i, width in enumerate(plan)))
        self.head_kind = head
        self.head = nn.Linear(plan[-1] * (inputs if head == "time" else 1), horizon)

    def forward(self, x):
        """(N, T, V, C) -> (N, H, V)"""
        check_windows(x, self.inputs, self.in_channels, self.num_nodes)
        x = self.blocks(x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last))  # (N, C', T, V)
        x = x.mean(dim=2, keepdim=True) if self.head_kind == "mean" else x
        return self.head(x.permute(0, 3, 1, 2).flatten(2)).transpose(1, 2)  # (N, V, C' T) -> (N, H, V)


class TrafficConvSTGCN(nn.Module):
    """STGCN of Yu et al.: sandwich blocks, and a last gated convolution over what is left of time.

    Nothing in it depends on the number of sensors with ``norm="channel"`` and no adaptive graph: trained weights fit another road.

    Args:
        adjacency: (V, V) weights of the roads, symmetric; None for no graph. With "chebyshev" it may be sparse.
        horizon: H, how many steps are forecast, all at once; 1 for one step at a time with `roll_out`, as in the paper.
        inputs: T, how many steps are seen.
        in_channels: C; channel 0 is the speed.
        channels: three numbers for each block, see `SandwichBlock`.
        order: number of Chebyshev polynomials.
        kind: "chebyshev" or "first", see `SandwichBlock`.
        kernel_size: frames in each temporal kernel.
        norm: "channel" or "layer", see `SandwichBlock`.
        dropout: probability after each block and before the head.
        adaptive: numbers in each sensor's embedding for a graph that is learned, ``softmax(ReLU(E1 E2^T))``, whose rows sum to
            1; 0 for none.
        num_nodes: V, needed with ``adjacency=None`` if the graph is learned or ``norm="layer"``.
        from_last: whether forecasts are the last speed plus what the network says. The head starts at zero, so that before any
            training the network is the last-value baseline; without the last speed it says 0.

    Paper: Yu, Yin and Zhu, Spatio-temporal graph convolutional networks: a deep learning framework for traffic forecasting,
    IJCAI 2018. Learned graph: Wu et al., Graph WaveNet for deep spatial-temporal graph modeling, IJCAI 2019.
    """

    def __init__(self, adjacency, horizon=12, inputs=12, in_channels=1, channels=((64, 16, 64), (64, 16, 64)), order=3,
                 kind="chebyshev", kernel_size=3, norm="channel", dropout=0.0, adaptive=0, num_nodes=None, from_last=True):
        super().__init__()
        check_steps(horizon, inputs)
        if adaptive < 0:
            raise ValueError(f"adaptive is {adaptive}, expected the numbers in an embedding, or 0 for no learned graph")
        if adjacency is None:
            matrix = None
        elif kind == "first":
            check_dense(adjacency, "kind 'first'")
            matrix = normalize_adjacency(adjacency, "symmetric", self_loops=True)
        else:
            matrix = scaled_laplacian(adjacency)
        self.num_nodes = num_nodes if adjacency is None else len(matrix)
        if num_nodes not in (None, self.num_nodes):
            raise ValueError(f"num_nodes is {num_nodes}, the adjacency has {self.num_nodes}: leave num_nodes out")
        if adaptive and self.num_nodes is None:
            raise ValueError(f"adaptive is {adaptive} and adjacency is None, so the number of sensors is not known: give num_nodes")
        left = inputs - 2 * len(channels) * (kernel_size - 1)
        if left < 1:
            raise ValueError(f"inputs is {inputs}, expected more than {inputs - left}: each of the {len(channels)} blocks takes "
                             f"{2 * (kernel_size - 1)} steps; give more input steps, fewer blocks, or a shorter kernel")
        self.inputs, self.in_channels, self.from_last = inputs, in_channels, from_last
        widths = [in_channels, *(three[-1] for three in channels)]
        self.blocks = nn.ModuleList(
            SandwichBlock(widths[i], three, matrix, order, kind, kernel_size, norm, self.num_nodes, dropout, bool(adaptive))
            for i, three in enumerate(channels))
        if adaptive:
            self.receivers, self.senders = (nn.Parameter(torch.randn(self.num_nodes, adaptive)) for _ in range(2))
        self.adaptive = adaptive
        self.out = GatedTemporalConv(widths[-1], 2 * widths[-1], left)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1], horizon)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def learned_graph(self):
        """(V, V) the graph that is learned; rows are receivers and sum to 1."""
        return torch.softmax(torch.relu(self.receivers @ self.senders.T), dim=1)

    def forward(self, x):
        """(N, T, V, C) -> (N, H, V)"""
        check_windows(x, self.inputs, self.in_channels, self.num_nodes)
        last = x[:, -1:, :, 0]  # (N, 1, V)
        graph = self.learned_graph() if self.adaptive else None
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)  # (N, C, T, V)
        for block in self.blocks:
            x = block(x, graph)
        x = self.dropout(self.out(x)).squeeze(2).transpose(1, 2)  # (N, C', 1, V) -> (N, V, C')
        x = self.head(x).transpose(1, 2)  # (N, H, V)
        return x + last if self.from_last else x


def roll_out(model, x, horizon):
    """Forecast one step at a time: each forecast is fed back as if it had been measured.

    Args:
        model: a network with horizon 1 whose only channel is the speed.
        x: (N, T, V, 1).
        horizon: H, how many steps.

    Returns:
        (N, H, V)

    Raises:
        ValueError: `horizon` is below 1, there are other channels than the speed, or the network says more than one step.
    """
    check_steps(horizon)
    if x.dim() != 4 or x.shape[3] != 1:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, T, V, 1): a forecast can be fed back as a speed, but what "
                         "would the other channels be? Take a network that sees the speed alone")
    steps = []
    for _ in range(horizon):
        steps.append(model(x))  # (N, 1, V)
        if steps[-1].shape[1] != 1:
            raise ValueError(f"the network forecasts {steps[-1].shape[1]} steps at once, expected 1: build it with horizon=1")
        x = torch.cat([x[:, 1:], steps[-1][..., None]], dim=1)
    return torch.cat(steps, dim=1)


def check_steps(horizon, inputs=1):
    """Raise a ValueError unless both are whole numbers from 1."""
    for name, value in (("horizon", horizon), ("inputs", inputs)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} is {value!r}, expected a whole number of steps, 1 or more; 12 steps of 5 minutes are an hour")


def check_dense(adjacency, what):
    """Raise a ValueError if the adjacency is sparse."""
    if hasattr(adjacency, "tocsr") or torch.is_tensor(adjacency) and adjacency.layout != torch.strided:
        raise ValueError(f"adjacency is sparse, expected a dense one for {what}: give adjacency.to_dense() (.toarray() in SciPy), "
                         "or for a large road network take TrafficConvSTGCN with kind='chebyshev'")


def check_windows(x, inputs, channels, nodes):
    """Raise a ValueError that says what is wrong with a batch of windows."""
    if x.dim() != 4 or x.shape[1] != inputs or x.shape[3] != channels or (nodes and x.shape[2] != nodes):
        raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, {inputs}, {nodes or 'V'}, {channels}): batch, input steps, "
                         "sensors, channels")
    if not torch.compiler.is_compiling() and not torch.isfinite(x).all():
        raise ValueError("x holds a NaN or an infinite number, expected finite ones: fill gaps before, as Windows does")
