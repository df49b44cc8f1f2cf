"""Normalised adjacencies: how much a receiver takes from each of its senders."""

import warnings

import torch

KINDS = ("symmetric", "row", "column")


def normalize_adjacency(A, kind="symmetric", self_loops=False):
    """Divide the weights of an adjacency by the degrees of its nodes.

    The degree of a receiver is the sum of its row, ``d_v = sum_u A[v, u]``; ``D`` has the degrees on its diagonal.

    * ``"symmetric"``: ``D^-1/2 A D^-1/2``, node by node ``A[v, u] / sqrt(d_v d_u)``. Symmetric stays symmetric.
    * ``"row"``: ``D^-1 A``, node by node ``A[v, u] / d_v``. A receiver takes the mean: its weights sum to 1. These are
      the steps of a random walk.
    * ``"column"``: ``A[v, u] / sum_w A[w, u]``. A sender shares itself out: what it gives sums to 1.

    A node of degree 0 has nothing to divide: its weights are 0, never NaN. Under ``"symmetric"`` that holds for what it
    sends as well; in a directed graph, self-loops keep such a sender heard.

    Args:
        A: (V, V) tensor or array of weights, none of them negative; ``A[v, u]`` is receiver, sender. Or the same
            sparse: a tensor of torch or a matrix of SciPy, for graphs of thousands of nodes.
        kind: ``"symmetric"``, ``"row"`` or ``"column"``.
        self_loops: first give each node without a self-loop one of weight 1 (the ``A + I`` of the paper). A self-loop
            that is there keeps its weight, as in PyTorch Geometric, so asking twice does not count it twice.

    Returns:
        (V, V) tensor on the device of `A`, CSR if `A` is sparse; its type is that of `A` if that is a floating-point
        tensor, else torch's default, float32.

    Raises:
        ValueError: `A` is not square or holds a negative or non-finite weight, or `kind` is unknown.

    Paper: Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, KINDS))}")
    keeps_type = isinstance(A, torch.Tensor) and A.is_floating_point()
    sparse = is_sparse(A)
    A = to_csr(A) if sparse else A if isinstance(A, torch.Tensor) else torch.tensor(A)  # a copy: arrays may be read-only
    A = A if keeps_type else A.to(torch.get_default_dtype())
    if A.dim() != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"A has shape {tuple(A.shape)}, expected (V, V), a row per receiver and a column per sender; "
                         "the subsets of a skeleton are normalised by partition(normalization=...)")
    weights = A.values() if sparse else A
    if not torch.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("A holds a negative or non-finite weight, expected a positive number where there is an edge "
                         "and 0 where there is none; distances must first become weights that shrink as they grow")
    if sparse:
        return _normalize_entries(*entries(A), len(A), kind, self_loops)
    if self_loops:
        missing = torch.eye(len(A), dtype=torch.bool, device=A.device) & (A == 0)
        A = A.masked_fill(missing, 1.0)
    degree = A.sum(dim=0 if kind == "column" else 1)  # (V,)
    empty = degree == 0
    degree = degree.masked_fill(empty, 1.0)  # an isolated node divides 0 by 1 instead of 0 by 0
    if kind == "row":
        return A / degree[:, None]
    if kind == "column":
        return A / degree[None, :]
    root = degree.sqrt()
    return (A / (root[:, None] * root[None, :])).masked_fill(empty[None, :], 0.0)


def _normalize_entries(row, column, value, count, kind, self_loops):
    """`normalize_adjacency` on the non-zero entries alone."""
    if self_loops:
        missing = torch.ones(count, dtype=torch.bool, device=value.device)
        missing[row[row == column]] = False
        loops = missing.nonzero()[:, 0]
        row, column = torch.cat([row, loops]), torch.cat([column, loops])
        value = torch.cat([value, value.new_ones(len(loops))])
    degree = value.new_zeros(count).index_add(0, column if kind == "column" else row, value)  # (V,)
    if kind == "row":
        value = value / degree[row]
    elif kind == "column":
        value = value / degree[column]
    else:
        root = degree.sqrt()
        heard = degree[column] > 0  # a sender of degree 0 gives 0, as above
        value = torch.where(heard, value / (root[row] * torch.where(heard, root[column], 1.0)), 0.0)
    return csr(row, column, value, count)


def is_sparse(A):
    """Whether `A` is a sparse tensor of torch or a sparse matrix of SciPy."""
    return A.layout != torch.strided if isinstance(A, torch.Tensor) else hasattr(A, "tocsr")


def to_csr(A):
    """A sparse tensor of torch (any layout) or matrix of SciPy as a CSR tensor; stored zeros are dropped."""
    if isinstance(A, torch.Tensor):
        A = A if A.layout == torch.sparse_coo else A.to_sparse_coo()
        A = A.coalesce()
        return csr(*A.indices(), A.values(), A.shape)
    A = A.tocoo()
    return csr(torch.as_tensor(A.row, dtype=torch.int64), torch.as_tensor(A.col, dtype=torch.int64),
               torch.tensor(A.data), A.shape)


def entries(A):
    """Row, column and value of each entry of a CSR tensor."""
    crow = A.crow_indices()
    row = torch.repeat_interleave(torch.arange(len(A), device=crow.device), crow.diff())
    return row, A.col_indices(), A.values()


def csr(row, column, value, shape):
    """A CSR tensor from its entries; those of the same place are added up, zeros dropped."""
    shape = (shape, shape) if isinstance(shape, int) else tuple(shape)
    A = torch.sparse_coo_tensor(torch.stack([row, column]), value, shape, check_invariants=True).coalesce()
    kept = A.values() != 0
    A = torch.sparse_coo_tensor(A.indices()[:, kept], A.values()[kept], shape, is_coalesced=True,
                                check_invariants=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        return A.to_sparse_csr()
