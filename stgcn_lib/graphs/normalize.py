"""Normalised adjacencies: how much a receiver takes from each of its senders."""

import torch

KINDS = ("symmetric", "row", "column")


def normalize_adjacency(A, kind="symmetric", self_loops=False):
    r"""Divide the weights of an adjacency by the degrees of its nodes.

    With the degree of a receiver, the sum of its row, :math:`d_v = \sum_u A_{vu}`, on the diagonal of :math:`D`:

    ========== ============================ ============================================== ==============================
    kind       matrix                       node by node                                   what it keeps
    ========== ============================ ============================================== ==============================
    symmetric  :math:`D^{-1/2} A D^{-1/2}`  :math:`A_{vu} / \sqrt{d_v d_u}`                symmetry; Kipf and Welling's
    row        :math:`D^{-1} A`             :math:`A_{vu} / d_v`                           a receiver's weights sum to 1
    column     :math:`A D_{col}^{-1}`       :math:`A_{vu} / \sum_w A_{wu}`                 what a sender gives sums to 1
    ========== ============================ ============================================== ==============================

    A node of degree 0 has nothing to divide: its row (and column) stays 0 and never becomes NaN.

    Args:
        A: (V, V) tensor or array of weights, none of them negative; ``A[v, u]`` is receiver, sender.
        kind: ``"symmetric"``, ``"row"`` or ``"column"``.
        self_loops: first give every node that has none a self-loop of weight 1 (the :math:`A + I` of Kipf and Welling). A
            self-loop that is there keeps its weight, so adding twice does no harm; PyTorch Geometric does the same.

    Returns:
        (V, V) tensor on the device of ``A``: of its type if ``A`` is a floating-point tensor, else of torch's default type.

    Raises:
        ValueError: ``A`` is not square, holds a negative weight or a NaN, or ``kind`` is unknown.

    Reference: Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, KINDS))}")
    keeps_type = isinstance(A, torch.Tensor) and A.is_floating_point()
    A = torch.as_tensor(A, dtype=None if keeps_type else torch.get_default_dtype())
    if A.dim() != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"A has shape {tuple(A.shape)}, expected (V, V), one row per receiver and one column per sender; "
                         "normalise the subsets of a partition with partition(normalization=...)")
    if not torch.isfinite(A).all() or (A < 0).any():
        raise ValueError("A holds a negative or non-finite weight, expected 0 where there is no edge and a positive number "
                         "where there is one")
    if self_loops:
        A = torch.where(torch.eye(len(A), dtype=torch.bool, device=A.device) & (A == 0), torch.ones_like(A), A)
    degree = A.sum(dim=0 if kind == "column" else 1)  # (V,)
    degree = torch.where(degree > 0, degree, torch.ones_like(degree))  # 0 / 1 instead of 0 / 0
    if kind == "row":
        return A / degree[:, None]
    if kind == "column":
        return A / degree[None, :]
    return A / degree[:, None].sqrt() / degree[None, :].sqrt()
