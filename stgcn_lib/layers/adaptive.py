"""Graphs that are learned: edges beside the bones, the same for every clip or one graph for each."""

import torch
from torch import nn

from .graph import FusedSpatialGraphConv, _adjacency_buffer, _check_joints, _mix_and_gather

FORMS = ("sum", "mix", "directed", "residual")


class AdaptiveAdjacency(nn.Module):
    """The physical adjacency ``A`` and a learned one, put together in one of four ways.

    With ``L_k = softmax(E_k E_k^T)``, each row over its senders, and ``E_k`` a learned (V, dim) matrix, a row for each joint::

        "sum"        A_k + L_k
        "mix"        (1 - g_k) A_k + g_k L_k        g_k = sigmoid(a learned number that starts at -4): 0.018
        "directed"   A_1, ..., A_K, softmax(ReLU(R S^T))
        "residual"   A_k + B_k                      B_k free, starts at zero

    **Sums of rows.** Where those of ``A`` are 1, as with one subset and row normalisation, "sum" has 2, so that ten layers
    multiply a constant by 1024; "mix" keeps 1; the further subset of "directed" has 1 of its own; "residual" starts with those
    of ``A``. Several subsets share one neighbourhood, so a row of ``A_k`` may have a smaller sum ``s``: "sum" makes it ``s + 1``,
    "mix" ``(1 - g_k) s + g_k``.

    **Symmetry.** ``E E^T`` is symmetric: before the softmax, "sum" and "mix" cannot say that the foot should hear the hand and
    the hand not the foot. And ``E_v . E_v`` is the largest number of its row as a rule, so a joint mostly hears itself.
    "directed" has one matrix for receivers and one for senders.

    **Start.** "residual" starts at the physical graph, "mix" 1.8 % away from it. "directed" does if the layer that uses it starts
    the weights of the further subset at zero, as `AdaptiveGraphConv` does. "sum" does not.

    Args:
        adjacency: (K, V, V) tensor or array.
        form: "sum", "mix", "directed" or "residual".
        dim: numbers for each joint in ``E``, ``R`` and ``S``.

    Raises:
        ValueError: for an unknown form, a `dim` below one, or an adjacency that is not (K, V, V).

    Papers: Wu, Pan, Long, Jiang and Zhang, Graph WaveNet for deep spatial-temporal graph modeling, IJCAI 2019 ("directed").
    Shi, Zhang, Cheng and Lu, Two-stream adaptive graph convolutional networks for skeleton-based action recognition, CVPR 2019
    ("residual").
    """

    def __init__(self, adjacency, form="residual", dim=10):
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form is {form!r}, expected one of {', '.join(map(repr, FORMS))}")
        if not isinstance(dim, int) or dim < 1:
            raise ValueError(f"dim is {dim!r}, expected a whole number, 1 or more")
        self.form = form
        self.register_buffer("adjacency", _adjacency_buffer(adjacency, "(K, V, V)"))
        K, V, _ = self.adjacency.shape
        if form == "residual":
            self.residual = nn.Parameter(torch.zeros_like(self.adjacency))
        elif form == "directed":
            self.receivers, self.senders = nn.Parameter(torch.randn(V, dim)), nn.Parameter(torch.randn(V, dim))
        else:
            self.embedding = nn.Parameter(torch.randn(K, V, dim))
            if form == "mix":
                self.gate = nn.Parameter(torch.full((K, 1, 1), -4.0))

    def forward(self):
        """The adjacency of the moment.

        Returns:
            (K, V, V) tensor, receiver first; (K + 1, V, V) for "directed".
        """
        if self.form == "residual":
            return self.adjacency + self.residual
        if self.form == "directed":
            learned = torch.softmax(torch.relu(self.receivers @ self.senders.T), dim=1)
            return torch.cat([self.adjacency, learned[None]])
        learned = torch.softmax(self.embedding @ self.embedding.mT, dim=2)  # (K, V, V)
        if self.form == "sum":
            return self.adjacency + learned
        gate = torch.sigmoid(self.gate)  # (K, 1, 1)
        return (1 - gate) * self.adjacency + gate * learned

    def extra_repr(self):
        return f"{self.form!r}, subsets={len(self.adjacency)}, joints={self.adjacency.shape[1]}"


class AdaptiveGraphConv(nn.Module):
    """`SpatialGraphConv` over a learned graph: ``x'_v = sum_k sum_u A'[k, v, u] (W_k x_u + b_k)``.

    ``A'`` is an `AdaptiveAdjacency`, or with the form "sample" a graph of its own for each clip::

        A'_k = A_k + B_k + alpha_k C_k(x),   C_k[v, u] = softmax over u of  theta_k(x_v) . phi_k(x_u) / (R T)

    where ``theta`` and ``phi`` are 1x1 convolutions to R channels and the product runs over channels and frames. ``B`` and
    ``alpha`` start at zero, so training starts at the physical graph.

    Args:
        in_channels: C.
        out_channels: C'.
        adjacency: (K, V, V) tensor or array, see `SpatialGraphConv`.
        form: a form of `AdaptiveAdjacency`, or "sample".
        dim: see `AdaptiveAdjacency`.

    Attributes:
        conv: 1x1 convolution from C to K' C' channels, all ``W_k`` and ``b_k``.
        fusible: whether `fuse` can multiply the batch norm in; not if the graph depends on the clip.

    Raises:
        ValueError: for an unknown form, a `dim` below one, or an adjacency that is not (K, V, V).

    Papers: see `AdaptiveAdjacency`. "sample": Shi, Zhang, Cheng and Lu, CVPR 2019; with ``alpha`` their later Skeleton-based action
    recognition with multi-stream adaptive graph convolutional networks, IEEE TIP 2020.
    """

    def __init__(self, in_channels, out_channels, adjacency, form="residual", dim=10):
        super().__init__()
        if form not in (*FORMS, "sample"):
            raise ValueError(f"form is {form!r}, expected one of {', '.join(map(repr, (*FORMS, 'sample')))}")
        self.fusible = form != "sample"
        self.graph = AdaptiveAdjacency(adjacency, form if self.fusible else "residual", dim)
        K = len(self.adjacency)
        self.conv = nn.Conv2d(in_channels, (K + (form == "directed")) * out_channels, 1)
        if form == "directed":
            with torch.no_grad():
                self.conv.weight[-out_channels:] = 0
                self.conv.bias[-out_channels:] = 0
        if not self.fusible:
            self.hidden = max(out_channels // 4, 4)  # R
            self.theta, self.phi = (nn.Conv2d(in_channels, K * self.hidden, 1) for _ in range(2))
            self.alpha = nn.Parameter(torch.zeros(K, 1, 1))

    @property
    def adjacency(self):
        """The physical adjacency, (K, V, V)."""
        return self.graph.adjacency

    def adjacency_of(self, x=None):
        """The graph that the layer gathers over.

        Args:
            x: (N, C, T, V) tensor; only "sample" looks at it.

        Returns:
            (K', V, V) tensor, or (N, K, V, V) with the form "sample".

        Raises:
            ValueError: the form is "sample" and there is no `x`, or one of another shape than `forward` takes.
        """
        A = self.graph()
        if self.fusible:
            return A
        if x is None:
            raise ValueError("x is None and the form \"sample\", expected (N, C, T, V): this graph depends on the clip, "
                             "so give it one, adjacency_of(x)")
        self._check(x)
        theta, phi = (layer(x).unflatten(1, (-1, self.hidden)) for layer in (self.theta, self.phi))  # (N, K, R, T, V)
        theta, phi = (part.permute(0, 1, 4, 2, 3).flatten(3) for part in (theta, phi))  # (N, K, V, R T)
        return A + self.alpha * torch.softmax(theta @ phi.mT / phi.shape[3], dim=3)  # (N, K, V, V)

    def forward(self, x):
        """Mix channels, then gather over the learned graph.

        Args:
            x: (N, C, T, V) tensor.

        Returns:
            (N, C', T, V) tensor.

        Raises:
            ValueError: `x` has another number of dimensions, channels or joints.
        """
        self._check(x)
        A = self.adjacency_of(x)
        W, b = self._weights(A.shape[-3])
        if self.fusible:
            return _mix_and_gather(x, A, W, torch.einsum("kvu,kc->vc", A, b))
        (N, _, T, V), (K, out_channels, _) = x.shape, W.shape
        x = nn.functional.linear(x.permute(0, 3, 2, 1), W.flatten(0, 1), b.flatten())  # (N, V, T, K C'): mix
        x = x.unflatten(3, (K, out_channels)).transpose(2, 3).reshape(N, V * K, T * out_channels)  # row u K + k
        x = A.permute(0, 2, 3, 1).flatten(2).to(x.dtype) @ x  # (N, V, V K) @ (N, V K, T C') -> (N, V, T C'): gather
        return x.unflatten(2, (T, out_channels)).permute(0, 3, 2, 1)  # (N, C', T, V)

    def fuse(self, norm):
        """This layer and the batch norm behind it as one `FusedSpatialGraphConv`, for inference.

        Raises:
            ValueError: the form is "sample", whose graph is not known before the clip.
        """
        if not self.fusible:
            raise ValueError("form is \"sample\", expected one whose graph is the same for every clip: ask fusible before fuse")
        with torch.no_grad():
            A = self.graph()
            W, b = self._weights(len(A))
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)  # (C',)
            bias = (torch.einsum("kvu,kc->vc", A, b) - norm.running_mean) * scale + norm.bias  # (V, C')
            return FusedSpatialGraphConv(A, W * scale[:, None], bias)

    def _check(self, x):
        if x.dim() != 4 or x.shape[1] != self.conv.in_channels:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {self.conv.in_channels}: are the axes "
                             "in this order, and is in_channels that of the data?")
        _check_joints(x.shape[3], self.adjacency)

    def _weights(self, K):
        """``W`` (K', C', C) and ``b`` (K', C')."""
        return self.conv.weight.flatten(1).unflatten(0, (K, -1)), self.conv.bias.unflatten(0, (K, -1))
