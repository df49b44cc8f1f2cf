"""Attention: gates that say which joints, which frames and which channels count in this clip."""

import torch
from torch import nn

FORMS = ("spatial", "temporal", "channel", "joint", "sequential")


class SpatialTemporalAttention(nn.Module):
    """Gates between 0 and 1 that are computed from the clip itself, ``x' = x (1 + gate)``.

    The means say over which axis each gate pools, and so what it cannot see::

        "spatial"      sigmoid(conv over joints of  mean_t x)         (N, 1, 1, V)   which joints
        "temporal"     sigmoid(conv over frames of  mean_v x)         (N, 1, T, 1)   which frames
        "channel"      sigmoid(W2 ReLU(W1 mean_tv x))                 (N, C, 1, 1)   which channels
        "joint"        sigmoid(W2 ReLU(W1 x))                         (N, 1, T, V)   which joint at which moment
        "sequential"   spatial, then temporal, then channel, each on what the one before left

    These are gates, not distributions: each is a number between 0 and 1, and they need not sum to one. All last weights start at
    zero, so that every gate is 0.5 and nothing counts more than anything else. A temporal gate hears `kernel_size` frames around
    its own.

    Args:
        channels: C.
        form: see above.
        kernel_size: frames that a temporal gate hears, odd.
        num_joints: V; the forms "spatial" and "sequential" need it. Their convolution over joints is as long as V, or one less
            if V is even, so the order of the joints matters to it.

    Attributes:
        strength: buffer, 1; ``x' = x (1 + strength gate)``, so 0 turns attention off: then ``x' = x``.

    Raises:
        ValueError: for an unknown form, an even kernel, or `num_joints` missing or below one.

    Paper: Shi, Zhang, Cheng and Lu, Skeleton-based action recognition with multi-stream adaptive graph convolutional networks,
    IEEE TIP 2020 (spatial, temporal, channel, in this order).
    """

    def __init__(self, channels, form="sequential", kernel_size=9, num_joints=None):
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form is {form!r}, expected one of {', '.join(map(repr, FORMS))}")
        if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"kernel_size is {kernel_size!r}, expected an odd number of frames so that one is in the middle")
        parts = ("spatial", "temporal", "channel") if form == "sequential" else (form,)
        if "spatial" in parts and num_joints is None:
            raise ValueError(f"num_joints is missing, expected the number of joints: the form {form!r} weighs joints")
        if num_joints is not None and (not isinstance(num_joints, int) or num_joints < 1):
            raise ValueError(f"num_joints is {num_joints!r}, expected a whole number, 1 or more: graph.num_joints")
        self.channels, self.num_joints = channels, num_joints
        self.register_buffer("strength", torch.ones(()))
        self.parts = nn.ModuleDict()
        hidden = max(channels // 8, 1)
        for part in parts:
            if part == "spatial":
                size = num_joints - (num_joints % 2 == 0)
                gate = nn.Conv1d(channels, 1, size, padding=size // 2)
            elif part == "temporal":
                gate = nn.Conv1d(channels, 1, kernel_size, padding=kernel_size // 2)
            elif part == "channel":
                half = max(channels // 2, 1)
                gate = nn.Sequential(nn.Linear(channels, half), nn.ReLU(), nn.Linear(half, channels))
            else:
                gate = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, 1, 1))
            last = gate[-1] if isinstance(gate, nn.Sequential) else gate
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.parts[part] = gate

    def forward(self, x):
        """(N, C, T, V) -> (N, C, T, V), every number times one plus its gates.

        Raises:
            ValueError: `x` has another number of dimensions, channels or joints.
        """
        return self._gated(x)[0]

    def gates(self, x):
        """The gates of a batch, for a picture.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            {part: gate}, the shapes as in the table above; with "sequential" each is computed from what the one before left.
        """
        return self._gated(x)[1]

    def _gated(self, x):
        if x.dim() != 4 or x.shape[1] != self.channels or (self.num_joints or x.shape[3]) != x.shape[3]:
            joints = "V" if self.num_joints is None else f"V = {self.num_joints}"
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.channels} and {joints}: with "
                             "time and joints in each other's place a gate would pool over the wrong axis")
        gates = {}
        for part, layer in self.parts.items():
            if part == "spatial":
                value = layer(x.mean(dim=2))[:, :, None]  # (N, C, V) -> (N, 1, 1, V)
            elif part == "temporal":
                value = layer(x.mean(dim=3))[..., None]  # (N, C, T) -> (N, 1, T, 1)
            elif part == "channel":
                value = layer(x.mean(dim=(2, 3)))[..., None, None]  # (N, C) -> (N, C, 1, 1)
            else:
                value = layer(x)  # (N, 1, T, V)
            gates[part] = torch.sigmoid(value)
            x = x * (1 + self.strength * gates[part])
        return x, gates
