"""Graph convolution by polynomials of the Laplacian."""

import torch
from torch import nn

from .propagate import propagate, sparse_pair

CROSSOVER, SHARE = 300, 0.1  # from so many nodes on, if at most this share of the entries is not zero, the sparse form is faster


class ChebConv(nn.Module):
    """Chebyshev graph convolution: one hop further with every polynomial, no eigenvector needed.

    With the scaled Laplacian ``L`` and ``T_0 = I, T_1 = L, T_k = 2 L T_{k-1} - T_{k-2}``, in every frame::

        x'_v = sum_{k = 0..K-1} sum_u T_k(L)[v, u] x_u W_k + b

    On a small graph all polynomials are one dense matrix, made once; on a large one each is a sparse product with ``L``. Both give
    the same numbers; `CROSSOVER` is where ``benchmarks/traffic.py`` saw the second one win.

    Args:
        in_channels: C.
        out_channels: C'.
        laplacian: (V, V) scaled Laplacian, dense or sparse, see `stgcn_lib.graphs.scaled_laplacian`. Any other matrix will do: with
            an adjacency and order 2 each node mixes itself and its neighbours.
        order: K, the number of polynomials; 1 mixes the channels of each node alone.
        bias: whether to add a learned number to each output channel.

    Attributes:
        weight: (K, C, C') parameter.
        bias: (C',) parameter, or None.
        basis: ((K - 1) V, V) buffer, T_1 to T_{K-1} one below the other; in the sparse form `edges` (2, E) and `values` (E,).

    Raises:
        ValueError: the Laplacian is not square or holds a NaN, or `order` is below one.

    Paper: Defferrard, Bresson and Vandergheynst, Convolutional neural networks on graphs with fast localized spectral filtering,
    NeurIPS 2016.
    """

    def __init__(self, in_channels, out_channels, laplacian, order=3, bias=True):
        super().__init__()
        if not isinstance(order, int) or order < 1:
            raise ValueError(f"order is {order!r}, expected a whole number, 1 or more: the number of polynomials")
        L = torch.as_tensor(laplacian).detach().to(torch.get_default_dtype())
        if L.dim() != 2 or L.shape[0] != L.shape[1]:
            raise ValueError(f"laplacian has shape {tuple(L.shape)}, expected (V, V): pass scaled_laplacian(weights)")
        sparse = L.layout != torch.strided
        if not torch.isfinite(L.values() if sparse else L).all():
            raise ValueError("laplacian holds a NaN or an infinite number: was a node without edges divided by its degree 0? "
                             "scaled_laplacian leaves such a node alone")
        self.num_nodes, self._pair = len(L), None
        self.sparse = sparse or len(L) >= CROSSOVER and float((L != 0).float().mean()) <= SHARE
        if self.sparse:
            L = L.to_sparse_coo().coalesce()
            self.register_buffer("edges", L.indices())
            self.register_buffer("values", L.values())
        else:
            basis = [torch.eye(len(L), dtype=L.dtype), L]
            while len(basis) < order:
                basis.append(2 * L @ basis[-1] - basis[-2])
            self.register_buffer("basis", torch.cat([L[:0], *basis[1:order]]))  # ((K - 1) V, V): T_0 is the identity
        self.weight = nn.Parameter(torch.empty(order, in_channels, out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        for weight in self.weight:
            nn.init.xavier_uniform_(weight)

    def forward(self, x):
        """(N, C, T, V) -> (N, C', T, V)"""
        K, C, D = self.weight.shape
        if x.dim() != 4 or x.shape[1] != C:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V) with C = {C}: are the axes in this order?")
        if K > 1 and x.shape[3] != self.num_nodes:
            raise ValueError(f"x has {x.shape[3]} sensors, the Laplacian has {self.num_nodes}: do both come from the same road "
                             "graph?")
        x = x.permute(0, 2, 3, 1)  # (N, T, V, C)
        if K > 1 and D < C and not self.sparse:
            x = self._mix_then_hop(x)
        else:
            x = self._hops_sparse(x) if self.sparse and K > 1 else self._hops_dense(x)
            x = x @ self.weight.flatten(0, 1)
        return (x if self.bias is None else x + self.bias).permute(0, 3, 1, 2)

    def _mix_then_hop(self, x):
        """(N, T, V, C) -> (N, T, V, C'): the same sum the other way round, because fewer channels then travel along the edges."""
        K, _, D = self.weight.shape
        x = x @ self.weight.transpose(0, 1).flatten(1)  # (N, T, V, K C')
        hops = x[..., D:].unflatten(3, (K - 1, D)).transpose(2, 3).flatten(2, 3)  # (N, T, (K - 1) V, C')
        basis = self.basis.unflatten(0, (K - 1, -1)).transpose(0, 1).flatten(1)  # (V, (K - 1) V), side by side
        return x[..., :D] + basis @ hops

    def _hops_dense(self, x):
        """(N, T, V, C) -> (N, T, V, K C) by one product with all polynomials."""
        if len(self.weight) == 1:
            return x
        hops = (self.basis @ x).unflatten(2, (-1, self.num_nodes)).transpose(2, 3).flatten(3)  # (N, T, V, (K - 1) C)
        return torch.cat([x, hops], dim=3)

    def _hops_sparse(self, x):
        """(N, T, V, C) -> (N, T, V, K C) by a sparse product for each polynomial."""
        dtype = torch.promote_types(x.dtype, torch.float32)  # half precision has no sparse product
        if self._pair is None or self._pair[0].device != x.device or self._pair[0].dtype != dtype:
            self._pair = sparse_pair(*self.edges, self.values.to(dtype), self.num_nodes)  # made again after a move
        N, T, V, C = x.shape
        terms = [x.permute(2, 0, 1, 3).reshape(V, N * T * C)]
        terms.append(propagate(self._pair, terms[0]))
        while len(terms) < len(self.weight):
            terms.append(2 * propagate(self._pair, terms[-1]) - terms[-2])
        return torch.cat([term.view(V, N, T, C) for term in terms], dim=3).permute(1, 2, 0, 3)  # (V, N, T, K C) -> (N, T, V, K C)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        """A sparse graph that is loaded may have another number of edges, and what was made of the old one no longer holds."""
        self._pair = None
        edges, values = (state_dict.get(prefix + name) for name in ("edges", "values"))
        if self.sparse and edges is not None and values is not None:
            if edges.numel() and int(edges.max()) >= self.num_nodes:
                raise ValueError(f"the graph that is loaded has an edge at node {int(edges.max())}, this layer has "
                                 f"{self.num_nodes} nodes: load the parameters alone to take them to another road")
            self.edges, self.values = self.edges.new_empty(edges.shape), self.values.new_empty(values.shape)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def __getstate__(self):
        return self.__dict__ | {"_pair": None}  # sparse tensors cannot be copied by copy.deepcopy

    def extra_repr(self):
        return "{2}, {3}, order={0}, nodes={1}".format(len(self.weight), self.num_nodes, *self.weight.shape[1:]) + \
            (", sparse" if self.sparse else "")
