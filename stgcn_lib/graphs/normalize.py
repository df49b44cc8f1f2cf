"""Normalised adjacencies: how much a receiver takes from each of its senders."""

import torch

KINDS = ("symmetric", "row", "column")


def normalize_adjacency(A, kind="symmetric", self_loops=False):
    """Divide the weights of an adjacency by the degrees of its nodes.

    The degree of a receiver is the sum of its row, ``d_v = sum_u A[v, u]``; ``D`` has the degrees on its diagonal.

    * ``"symmetric"``: ``D^-1/2 A D^-1/2``, node by node ``A[v, u] / sqrt(d_v d_u)``. Symmetric stays symmetric.
    * ``"row"``: ``D^-1 A``, node by node ``A[v, u] / d_v``. A receiver takes the mean: its weights sum to 1.
    * ``"column"``: ``A[v, u] / sum_w A[w, u]``. A sender shares itself out: what it gives sums to 1.

    A node of degree 0 has nothing to divide: its weights are 0, never NaN. Under ``"symmetric"`` that holds for what it
    sends as well; in a directed graph, self-loops keep such a sender heard.

    Args:
        A: (V, V) tensor or array of weights, none of them negative; ``A[v, u]`` is receiver, sender.
        kind: ``"symmetric"``, ``"row"`` or ``"column"``.
        self_loops: first give each node without a self-loop one of weight 1 (the ``A + I`` of the paper). A self-loop
            that is there keeps its weight, as in PyTorch Geometric, so asking twice does not count it twice.

    Returns:
        (V, V) tensor on the device of `A`; its type is that of `A` if that is a floating-point tensor, else torch's
        default, float32.

    Raises:
        ValueError: `A` is not square or holds a negative or non-finite weight, or `kind` is unknown.

    Paper: Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, KINDS))}")
    keeps_type = isinstance(A, torch.Tensor) and A.is_floating_point()
    A = torch.as_tensor(A, dtype=None if keeps_type else torch.get_default_dtype())
    if A.dim() != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"A has shape {tuple(A.shape)}, expected (V, V), a row per receiver and a column per sender; "
                         "the subsets of a skeleton are normalised by partition(normalization=...)")
    if not torch.isfinite(A).all() or (A < 0).any():
        raise ValueError("A holds a negative or non-finite weight, expected a positive number where there is an edge "
                         "and 0 where there is none; distances must first become weights that shrink as they grow")
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
