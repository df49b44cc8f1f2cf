"""The graph as a spectrum: the scaled Laplacian and the Chebyshev polynomials of it."""

import numpy as np
import torch

from .normalize import csr, entries, is_sparse, normalize_adjacency, to_csr

_DENSE = 1000  # up to here all eigenvalues of a sparse graph are found at once: exact, and quicker than iterating


def scaled_laplacian(W, lambda_max=None):
    """The normalised Laplacian, its eigenvalues moved from [0, lambda_max] to [-1, 1], where Chebyshev polynomials live.

    ``L = I - D^-1/2 W D^-1/2`` with the degrees ``d_v = sum_u W[v, u]``, then ``2 L / lambda_max - I``. Node by node:
    ``2 / lambda_max - 1`` on the diagonal and ``-2 W[v, u] / (lambda_max sqrt(d_v d_u))`` off it.

    An isolated node has no difference to a neighbour: its row of ``L`` is 0, and -1 stands on its diagonal here. (So
    did the STGCN authors; PyTorch Geometric and others write ``2 / lambda_max - 1`` there.) Self-loops are left out, as in
    SciPy and PyTorch Geometric: a node does not differ from itself.

    Args:
        W: (V, V) weights of the edges, none negative, symmetric: tensor or array, or sparse (SciPy's or torch's).
            Sparse stays sparse: 20,000 nodes take seconds and the memory of their edges.
        lambda_max: the largest eigenvalue of ``L``. None computes it (in float64; above 1,000 sparse nodes by the
            Lanczos method, to about 1e-6). It is never above 2, and 2 is what PyTorch Geometric takes unless told.

    Returns:
        (V, V) tensor, CSR if `W` is sparse, of the floating-point type of `W`, else float32.

    Raises:
        ValueError: `W` is not square, holds a negative or non-finite weight, is not symmetric or has no edge, or
            `lambda_max` is not a positive number.

    Papers: Defferrard, Bresson and Vandergheynst, Convolutional neural networks on graphs with fast localized spectral
    filtering, NeurIPS 2016; Yu, Yin and Zhu, Spatio-temporal graph convolutional networks, IJCAI 2018.
    """
    W = _floating(W)
    _check_square(W, "W")
    sparse = is_sparse(W)
    if sparse:
        row, column, value = entries(W)
        apart = row != column
        row, column, value = row[apart], column[apart], value[apart]
        W = csr(row, column, value, len(W))
        skew = csr(torch.cat([row, column]), torch.cat([column, row]), torch.cat([value, -value]), len(W)).values()
    else:
        W = W.masked_fill(torch.eye(len(W), dtype=torch.bool, device=W.device), 0.0)
        value, skew = W, W - W.T
    if not torch.isfinite(value).all() or (value < 0).any():
        raise ValueError("W holds a negative or non-finite weight, expected a positive number where there is an edge and "
                         "0 where there is none; distances become weights by gaussian_adjacency(distances)")
    if not (value > 0).any():
        raise ValueError(f"W has shape {tuple(W.shape)} and no edge between two nodes, expected at least one: is epsilon "
                         "too high, or are the distances in another unit than the scale of the kernel?")
    if (skew.abs() > 1e-6 * value.max()).any():
        raise ValueError(f"W is not symmetric, W[v, u] and W[u, v] differ by up to {float(skew.abs().max()):.3g}, expected "
                         "a symmetric W because the eigenvalues of the Laplacian must be real: take the stronger of "
                         "both directions, torch.maximum(W, W.T) (W.maximum(W.T) in SciPy), or their mean, (W + W.T) / 2")
    S = normalize_adjacency(W, "symmetric")
    if lambda_max is None:
        lambda_max = _largest_eigenvalue(S)
    elif not (np.isfinite(lambda_max) and lambda_max > 0):
        raise ValueError(f"lambda_max is {lambda_max!r}, expected a positive number, at most 2 for this Laplacian, or "
                         "None to compute it")
    if sparse:
        row, column, value = entries(S)
        nodes = torch.arange(len(S), device=row.device)
        diagonal = torch.full_like(nodes, -1, dtype=value.dtype)  # (V,)
        diagonal[row] = 2 / lambda_max - 1  # a node with an edge has an entry in its row
        return csr(torch.cat([row, nodes]), torch.cat([column, nodes]),
                   torch.cat([value * (-2 / lambda_max), diagonal]), len(S))
    diagonal = torch.full_like(S[0], -1).masked_fill((S > 0).any(dim=1), 2 / lambda_max - 1)  # (V,)
    return torch.diag(diagonal) - S * (2 / lambda_max)


def chebyshev_basis(L, order):
    """The Chebyshev polynomials of a matrix: ``T_0 = I``, ``T_1 = L``, ``T_k = 2 L T_{k-1} - T_{k-2}``.

    Each is the cosine of a multiple of an angle: an eigenvalue ``cos(x)`` of `L` becomes ``cos(k x)`` in ``T_k``. Entry
    ``[k, v, u]`` is 0 where more than k edges lie between the nodes, so ``T_k @ x`` looks k hops far and no farther.

    Args:
        L: (V, V) scaled Laplacian: tensor or array, or sparse (SciPy's or torch's).
        order: how many polynomials, at least 1.

    Returns:
        (order, V, V) tensor; if `L` is sparse a tuple of `order` CSR tensors (V, V), each of them fuller than the last.

    Raises:
        ValueError: `L` is not square or not finite, or `order` is not a whole number from 1.
    """
    L = _floating(L)
    _check_square(L, "L")
    if isinstance(order, bool) or not isinstance(order, (int, np.integer)) or order < 1:
        raise ValueError(f"order is {order!r}, expected a whole number from 1: order 1 is the identity alone, order 3 "
                         "reaches two hops")
    if not torch.isfinite(L.values() if is_sparse(L) else L).all():
        raise ValueError("L holds a NaN or infinite entry, expected finite numbers as scaled_laplacian(W) gives them")
    if is_sparse(L):
        return _sparse_basis(L, order)
    terms = [torch.eye(len(L), dtype=L.dtype, device=L.device), L]
    while len(terms) < order:
        terms.append(2 * L @ terms[-1] - terms[-2])
    return torch.stack(terms[:order])  # (order, V, V)


def _sparse_basis(L, order):
    from scipy.sparse import eye_array

    matrix = _to_scipy(L)  # SciPy multiplies sparse by sparse everywhere, torch only where it was built with MKL
    terms = [eye_array(len(L), format="csr", dtype=matrix.dtype), matrix]
    while len(terms) < order:
        terms.append(2 * matrix @ terms[-1] - terms[-2])
    return tuple(to_csr(term).to(L.device) for term in terms[:order])


def _largest_eigenvalue(S):
    """Of ``I - S``: 1 minus the smallest eigenvalue of the symmetric `S`."""
    if not is_sparse(S) or len(S) <= _DENSE:
        return 1 - float(torch.linalg.eigvalsh(S.detach().to_dense().double())[0])
    from scipy.sparse.linalg import eigsh

    start = np.random.default_rng(0).standard_normal(len(S))  # the same graph gives the same digits
    return 1 - float(eigsh(_to_scipy(S).astype(np.float64), k=1, which="SA", tol=1e-5, v0=start,
                           return_eigenvectors=False)[0])


def _to_scipy(A):
    from scipy.sparse import csr_array

    return csr_array((A.values().detach().cpu().numpy(), A.col_indices().cpu().numpy(), A.crow_indices().cpu().numpy()),
                     shape=tuple(A.shape))


def _floating(A):
    """A tensor (CSR if sparse) of floating-point type."""
    A = to_csr(A) if is_sparse(A) else A if isinstance(A, torch.Tensor) else torch.tensor(np.asarray(A))
    return A if A.is_floating_point() else A.to(torch.get_default_dtype())


def _check_square(A, name):
    if A.dim() != 2 or A.shape[0] != A.shape[1] or not len(A):
        raise ValueError(f"{name} has shape {tuple(A.shape)}, expected (V, V) with at least one node, a row per receiver "
                         "and a column per sender")
