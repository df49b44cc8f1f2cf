"""Rotations, and the walk down a skeleton that turns joint rotations into joint positions.

One convention throughout. Vectors are columns, a rotation acts from the left, and a joint's rotation is relative to its
parent. A format with another convention is converted where it is read, with the reason beside it.
"""

import numpy as np


def exponential_map(vectors):
    """Rotation matrices of exponential maps (axis times angle), by Rodrigues' formula.

    With theta the length of ``e`` and ``K`` the cross-product matrix of ``e`` (so ``K x = e x x``)::

        R = I + (sin theta / theta) K + ((1 - cos theta) / theta^2) K K

    Args:
        vectors: (..., 3), radians.

    Returns:
        (..., 3, 3) float64.

    Raises:
        ValueError: if the last axis is not 3 long.
    """
    e = _triples(vectors, "vectors")
    theta = np.linalg.norm(e, axis=-1)[..., None, None]  # (..., 1, 1)
    x, y, z, zero = e[..., 0], e[..., 1], e[..., 2], np.zeros(e.shape[:-1])
    K = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*e.shape[:-1], 3, 3)  # (..., 3, 3)
    # Both factors as sinc, which numpy keeps exact at zero: no division by a small angle, no special case.
    return np.eye(3) + np.sinc(theta / np.pi) * K + 0.5 * np.sinc(theta / (2 * np.pi)) ** 2 * (K @ K)


def euler(angles, order):
    """Rotation matrices of Euler angles: a product of turns about the axes named in `order`.

    ``order="ZXY"`` gives ``R = Rz(a0) Rx(a1) Ry(a2)``: each turn is about an axis that the turns before it have moved
    (intrinsic angles, which SciPy writes in capitals).

    Args:
        angles: (..., n), radians, one for each letter of `order`.
        order: n letters out of "XYZ", such as "ZYX".

    Returns:
        (..., 3, 3) float64.

    Raises:
        ValueError: if `order` has another letter, or not as many letters as there are angles.
    """
    a = np.asarray(angles, dtype=np.float64)
    if not set(order) <= set("XYZ"):
        raise ValueError(f"order is {order!r}, expected letters out of 'XYZ' in capitals, such as 'ZYX'")
    if a.ndim == 0 or a.shape[-1] != len(order):
        raise ValueError(f"angles has shape {a.shape}, expected (..., {len(order)}): one angle for each letter of {order!r}")
    R = np.broadcast_to(np.eye(3), (*a.shape[:-1], 3, 3))
    for k, letter in enumerate(order):
        i = "XYZ".index(letter)
        j, l = (i + 1) % 3, (i + 2) % 3
        turn = np.zeros((*a.shape[:-1], 3, 3))
        turn[..., i, i] = 1
        turn[..., j, j] = turn[..., l, l] = np.cos(a[..., k])
        turn[..., l, j] = np.sin(a[..., k])
        turn[..., j, l] = -turn[..., l, j]
        R = R @ turn
    return R


def forward(parents, offsets, rotations, root=None):
    """Forward kinematics: joint positions from joint rotations.

    From the root outwards, with ``p_j`` the offset of joint j in its parent's frame and ``R_j`` its own rotation::

        G_root = R_root              X_root = root + p_root
        G_j    = G_parent(j) R_j     X_j    = X_parent(j) + G_parent(j) p_j

    A joint's own rotation therefore moves its children, never the joint itself.

    Args:
        parents: (V,) integers, the parent of each joint, -1 for the one root; any order.
        offsets: (V, 3), or (..., V, 3) when they change in time; the unit of the result.
        rotations: (..., V, 3, 3) rotations relative to the parent; the leading axes are usually the frames.
        root: (..., 3) position of the root, zero unless given.

    Returns:
        (..., V, 3) float64 positions.

    Raises:
        ValueError: if a shape does not fit, or if the parents are not one tree.
    """
    parents = np.asarray(parents)
    V = len(parents)
    p, R = np.asarray(offsets, dtype=np.float64), np.asarray(rotations, dtype=np.float64)
    if p.shape[-2:] != (V, 3):
        raise ValueError(f"offsets has shape {p.shape}, expected (..., {V}, 3): one offset for each of the {V} parents")
    if R.shape[-3:] != (V, 3, 3):
        raise ValueError(f"rotations has shape {R.shape}, expected (..., {V}, 3, 3): one matrix for each of the {V} parents")
    shape = np.broadcast_shapes(p.shape[:-2], R.shape[:-3], () if root is None else np.shape(root)[:-1])
    p, R = np.broadcast_to(p, (*shape, V, 3)), np.broadcast_to(R, (*shape, V, 3, 3))
    X, G = np.empty((*shape, V, 3)), np.empty((*shape, V, 3, 3))
    for j in _root_first(parents):
        u = parents[j]
        if u == -1:
            G[..., j, :, :] = R[..., j, :, :]
            X[..., j, :] = p[..., j, :] + (0 if root is None else np.asarray(root, dtype=np.float64))
        else:
            G[..., j, :, :] = G[..., u, :, :] @ R[..., j, :, :]
            X[..., j, :] = X[..., u, :] + (G[..., u, :, :] @ p[..., j, :, None])[..., 0]
    return X


def _root_first(parents):
    """The joints in an order in which every parent comes before its children."""
    roots = np.flatnonzero(parents == -1)
    if len(roots) != 1:
        raise ValueError(f"parents has {len(roots)} roots (entries equal to -1), expected exactly one")
    if parents.min() < -1 or parents.max() >= len(parents):
        raise ValueError(f"parents holds {parents.min()} to {parents.max()}, expected -1 to {len(parents) - 1}")
    order = [int(roots[0])]
    for joint in order:  # grows while we walk it: breadth first
        order.extend(int(child) for child in np.flatnonzero(parents == joint))
    if len(order) != len(parents):
        lost = sorted(set(range(len(parents))) - set(order))
        raise ValueError(f"parents is not a tree: joints {lost} never reach the root")
    return order


def _triples(values, name):
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != 3:
        raise ValueError(f"{name} has shape {array.shape}, expected (..., 3)")
    return array
