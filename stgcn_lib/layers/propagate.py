"""What the nodes of a large graph gather from their neighbours: dense and sparse forms of one product."""

import torch


def propagate(A, x):
    """Gather over the edges of a graph, ``A @ x``; node by node ``x'_v = sum_u A[v, u] x_u``.

    Args:
        A: (V, V) adjacency, receiver first: a dense tensor, or a pair of CSR tensors, the adjacency and its transpose, as
            `sparse_pair` makes it. A road has a few neighbours, so most of a dense adjacency is zeros; the sparse one is faster
            from a few hundred nodes on and the only one that fits into memory with tens of thousands.
        x: (V, M) tensor.

    Returns:
        (V, M) tensor, differentiable in `x`. The sparse product of half-precision numbers is computed in float32.
    """
    return A @ x if torch.is_tensor(A) else _SparseProduct.apply(x, *A)


def sparse_pair(row, column, weight, nodes):
    """A sparse adjacency and its transpose, both in CSR form.

    Args:
        row, column: (E,) receivers and senders, whole numbers.
        weight: (E,) weights.
        nodes: V.

    Returns:
        two (V, V) sparse CSR tensors.
    """
    A = torch.sparse_coo_tensor(torch.stack([row, column]), weight, (nodes, nodes), check_invariants=False)
    return A.coalesce().to_sparse_csr(), A.T.coalesce().to_sparse_csr()


class _SparseProduct(torch.autograd.Function):
    """``A @ x`` whose backward pass is ``A^T @ gradient``; torch would make the gradient of the sparse matrix as well."""

    @staticmethod
    def forward(ctx, x, A, transposed):
        ctx.transposed = transposed
        return _product(A, x)

    @staticmethod
    def backward(ctx, gradient):
        return _product(ctx.transposed, gradient), None, None


def _product(A, x):
    with torch.autocast(x.device.type, enabled=False):  # there is no sparse product in half precision
        return (A @ x.to(A.dtype)).to(x.dtype)
