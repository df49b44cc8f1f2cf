"""Three views of one graph: a drawing, its matrix, and the numbers that travel; touch one and the others answer."""

import numpy as np

from ..graphs import skeleton
from .html import Component
from .poses import pose

MOST_DIGITS = 8  # nodes: above that, cells are too small for digits


def adjacency_view(matrix, joints=None, positions=None, tensor=None, *, layout=None, normalize=False, alt, see=""):
    """The same digits as graph, matrix and tensor, linked.

    A node chosen in the drawing is a **receiver**: its row of the matrix lights up, and with a tensor its sum is written out,
    ``(A x)_v = sum_u A[v, u] x_u``, term by term. A cell of the matrix is one message, from the sender of its column to the
    receiver of its row. A row of the tensor is a **sender**: its column lights up.

    Args:
        matrix: (V, V) array or tensor; ``matrix[v, u]`` is the weight with which receiver v takes from sender u.
        joints: V names; those of the layout, or 0, 1, 2, ... if left out.
        positions: (V, 2) places, any unit, y up; those of the layout's standing pose if left out.
        tensor: (V, C) numbers, one row a node, or None.
        layout: name of a skeleton layout, for names and places.
        normalize: let the reader add or remove self-loops and choose how to divide, as `normalize_adjacency` does.
        alt: text alternative.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "linked".

    Raises:
        ValueError: the shapes do not fit each other, a number is not finite, or there are neither positions nor a layout.
    """
    matrix = _finite(matrix, "matrix")
    nodes = len(matrix)
    if matrix.shape != (nodes, nodes) or not nodes:
        raise ValueError(f"matrix has shape {matrix.shape}, expected (V, V): a row per receiver and a column per sender")
    if normalize and (matrix < 0).any():
        raise ValueError(f"matrix holds {matrix.min():g}, expected no negative weight when normalize=True")
    if positions is None and layout is None:
        raise ValueError("positions is missing, expected (V, 2) places, or layout= with the name of a skeleton")
    positions = _finite(pose(layout) if positions is None else positions, "positions")
    names = joints if joints is not None else skeleton(layout).joints if layout else range(nodes)
    names = [str(name) for name in names]
    if positions.shape != (nodes, 2) or len(names) != nodes:
        raise ValueError(f"matrix has {nodes} nodes, positions has shape {positions.shape} and joints {len(names)} names, "
                         f"expected ({nodes}, 2) and {nodes}")
    if tensor is not None:
        tensor = _finite(tensor, "tensor")
        if tensor.ndim != 2 or len(tensor) != nodes:
            raise ValueError(f"tensor has shape {tensor.shape}, expected ({nodes}, C): one row for each node")
    span = max(np.ptp(positions, axis=0).max(), 1e-9)
    places = (positions - positions.min(0)) / span
    places[:, 1] = places[:, 1].max() - places[:, 1]  # y up in the data, down on the screen
    data = {"matrix": _short(matrix), "names": names, "places": places.round(3).tolist(), "normalize": bool(normalize),
            "tensor": None if tensor is None else _short(tensor), "digits": nodes <= MOST_DIGITS}
    return Component("linked", data, alt=alt, see=see, still=_still(data))


def _finite(values, name):
    array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, dtype=float)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not finite, expected finite numbers only")
    return array


def _short(array):
    return [[float(f"{x:.6g}") for x in row] for row in array]


def _still(data):
    """The drawing and the matrix as they stand where no script runs."""
    V, cell = len(data["names"]), min(34, 272 / len(data["names"]))
    at = [(40 + 200 * x, 30 + 200 * y) for x, y in data["places"]]
    lines = "".join(f'<path d="M{at[u][0]:.0f} {at[u][1]:.0f}L{at[v][0]:.0f} {at[v][1]:.0f}"/>'
                    for v in range(V) for u in range(V) if u != v and data["matrix"][v][u])
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{9 if data["digits"] else 4}"/>' for x, y in at)
    cells = "".join(f'<rect x="{300 + u * cell:.1f}" y="{20 + v * cell:.1f}" width="{cell:.1f}" height="{cell:.1f}" '
                    f'fill="{"#9dbde0" if data["matrix"][v][u] else "none"}"/>' for v in range(V) for u in range(V))
    return (f'<svg viewBox="0 0 590 310" aria-hidden="true"><g stroke="#8a94a1" fill="none">{lines}{cells}</g>'
            f'<g fill="#fff" stroke="#56606e" stroke-width="1.5">{dots}</g></svg>')
