"""Roads as graphs: a node for each sensor or crossing, an edge where what happens at one reaches the other."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch

from .skeletons import _whole_number


@dataclass(frozen=True, repr=False, eq=False)
class RoadGraph:
    """Sensors on roads and how much each takes from each other. The arrays are copies, and nobody can write to them.

    Attributes:
        weights: (V, V) float64, none negative: ``weights[v, u]`` is how much the receiver v takes from the sender u, 0
            where there is no edge.
        sensors: names of the sensors; the place of a sensor in this tuple is its index. Left out: ``"sensor 0"`` ...
        positions: (V, 2) float64, longitude and latitude in degrees (in this order, as x and y on a map) or
            coordinates in a plane; None where they are not known.
        distances: (V, V) float64 in metres, ``distances[v, u]`` from the sender u to the receiver v, infinite where no
            road leads; None where they are not known.
        name: what messages call this graph.

    Raises:
        ValueError: a shape does not fit the others, a weight is negative or not finite, a distance negative or NaN, or a
            name comes twice. The message says which one.
    """

    weights: np.ndarray
    sensors: tuple[str, ...] | None = None
    positions: np.ndarray | None = None
    distances: np.ndarray | None = None
    name: str = "custom"

    def __post_init__(self):
        weights = _square(self.weights, "weights")
        count = len(weights)
        bad = ~(np.isfinite(weights) & (weights >= 0))
        if bad.any():
            v, u = np.argwhere(bad)[0]
            raise ValueError(f"weights[{v}, {u}] is {weights[v, u]}, expected finite numbers from 0, where 0 means no edge; "
                             "distances become weights by RoadGraph.from_distances")
        positions, distances = self.positions, self.distances
        if positions is not None:
            positions = _array(positions, "positions")
            if positions.shape != (count, 2):
                raise ValueError(f"positions has shape {positions.shape}, expected ({count}, 2), longitude and latitude of "
                                 f"each of the {count} sensors")
            if not np.isfinite(positions).all():
                raise ValueError("positions holds NaN or infinity, expected finite numbers: leave positions out if they are "
                                 "not known, or select the sensors that have one")
        if distances is not None:
            distances = _distances(distances)
            if len(distances) != count:
                raise ValueError(f"distances has shape {distances.shape}, weights {weights.shape}: expected the same sensors "
                                 "in both")
        for key, array in (("weights", weights), ("positions", positions), ("distances", distances)):
            if array is not None:
                array.flags.writeable = False
            object.__setattr__(self, key, array)
        object.__setattr__(self, "sensors", _names(self.sensors, count))
        object.__setattr__(self, "name", str(self.name))

    @classmethod
    def from_edges(cls, edges, num_nodes=None, directed=False, sensors=None, positions=None, name="custom"):
        """A graph of connections, each of weight 1: ``from_edges([(0, 1), (1, 2)])``.

        Args:
            edges: pairs (sender, receiver), each an index counted from 0 or, if `sensors` is given, a name.
            num_nodes: number of sensors V. None: as many as `sensors` or `positions` name, else as the edges mention.
            directed: True: an edge carries from its sender to its receiver only. False: both ways, and comes once.
            sensors, positions, name: as in `RoadGraph`.

        Returns:
            RoadGraph

        Raises:
            ValueError: an edge leaves the graph, joins a sensor to itself or comes twice; or as in `RoadGraph`.
        """
        try:
            edges = [tuple(edge) for edge in edges]
        except TypeError:
            raise ValueError(f"edges is {edges!r}, expected a list of pairs such as [(0, 1), (1, 2)]") from None
        for i, edge in enumerate(edges):
            if len(edge) != 2:
                raise ValueError(f"edges[{i}] is {edge}, expected a pair (sender, receiver) such as (0, 1)")
        if num_nodes is None:
            given = sensors if sensors is not None else positions
            numbers = [_whole_number(node) for edge in edges for node in edge]
            num_nodes = len(given) if given is not None else max((n for n in numbers if n is not None), default=-1) + 1
        count = _whole_number(num_nodes)
        if count is None or count < 1:
            raise ValueError(f"num_nodes is {num_nodes!r}, expected a whole number from 1: give edges, sensors or num_nodes")
        names = _names(sensors, count)
        weights, first = np.zeros((count, count)), {}
        for i, edge in enumerate(edges):
            sender, receiver = (_node(node, names, f"edges[{i}]") for node in edge)
            if sender == receiver:
                raise ValueError(f"edges[{i}] joins sensor {sender} ({names[sender]!r}) to itself, expected two sensors: "
                                 "leave it out, adjacency(self_loops=True) adds the self-loops")
            key = (sender, receiver) if directed else frozenset((sender, receiver))
            if first.setdefault(key, i) != i:
                raise ValueError(f"edges[{i}] is {edge}, the edge of edges[{first[key]}] again, expected each edge once: "
                                 + ("leave one out" if directed else "leave one out, or pass directed=True if your list "
                                    "holds both directions"))
            weights[receiver, sender] = 1.0
            if not directed:
                weights[sender, receiver] = 1.0
        return cls(weights, names, positions, None, name)

    @classmethod
    def from_distances(cls, distances, sigma2=0.1, epsilon=0.5, scale=1e4, self_loops=False, sensors=None, positions=None,
                       name="custom"):
        """A graph whose weights shrink with the distance by road; all but the last three arguments: `gaussian_adjacency`.

        Args:
            distances: (V, V) in metres, ``distances[v, u]`` from the sender u to the receiver v, infinite where no road
                leads. The graph keeps them.
            sigma2, epsilon, scale, self_loops: as in `gaussian_adjacency`.
            sensors, positions, name: as in `RoadGraph`.

        Returns:
            RoadGraph
        """
        weights = gaussian_adjacency(distances, sigma2, epsilon, scale, self_loops)
        return cls(weights, sensors, positions, distances, name)

    def __repr__(self):
        return (f"RoadGraph({self.name!r}, {self.num_nodes} sensors, {len(self.edges)} edges"
                + f", {len(self.isolated)} isolated" * bool(self.isolated) + ")")

    @property
    def num_nodes(self):
        """Number of sensors V."""
        return len(self.weights)

    @property
    def edges(self):
        """Pairs (sender, receiver) in order, self-loops left out. A road that carries both ways is two of them."""
        return tuple((int(u), int(v)) for u, v in np.argwhere(self._connected().T))

    @property
    def isolated(self):
        """Sensors that neither hear nor are heard by any other."""
        connected = self._connected()
        return tuple(np.flatnonzero(~(connected.any(axis=0) | connected.any(axis=1))).tolist())

    @property
    def components(self):
        """(V,) int64 array: the number, from 0, of the connected part of the graph in which each sensor lies.

        Direction is left aside. Nothing passes between two parts, however many layers a network has.
        """
        from scipy.sparse.csgraph import connected_components

        label = connected_components(self._connected(), directed=False)[1]
        first = np.unique(label, return_index=True)[1]  # (P,) the first sensor of each part
        return np.argsort(np.argsort(first))[label].astype(np.int64)

    def hop_distance(self):
        """Number of edges on the shortest way from a sender to a receiver, ``[v, u]`` from u to v, by breadth-first search.

        Returns:
            (V, V) float64 array, infinite where no way leads.
        """
        from scipy.sparse.csgraph import shortest_path

        return shortest_path(self._connected(), unweighted=True).astype(np.float64)

    def adjacency(self, self_loops=False):
        """The weights as a tensor, receiver first, sender second.

        Args:
            self_loops: False: 0 on the diagonal. True: a self-loop keeps its weight, and each sensor without one gets
                weight 1.

        Returns:
            (V, V) float32 tensor.
        """
        weights = self.weights.copy()
        loops = np.diag(weights)
        np.fill_diagonal(weights, np.where(loops == 0, 1.0, loops) if self_loops else 0.0)
        return torch.from_numpy(weights).float()

    def select(self, nodes):
        """The graph of some sensors, in the order given, with the edges between them.

        Args:
            nodes: indices or names of sensors, or a (V,) mask of booleans.

        Returns:
            RoadGraph

        Raises:
            ValueError: a sensor is unknown or comes twice, none is left, or a mask has the wrong length.
        """
        if isinstance(nodes, (torch.Tensor, np.ndarray)):
            nodes = nodes.tolist()
        if isinstance(nodes, str) or not hasattr(nodes, "__iter__"):
            raise ValueError(f"nodes is {nodes!r}, expected a list of sensors, such as [0, 3] or ['773869']")
        nodes = list(nodes)
        if nodes and all(isinstance(node, (bool, np.bool_)) for node in nodes):
            if len(nodes) != self.num_nodes:
                raise ValueError(f"nodes is a mask of {len(nodes)} sensors, the graph {self.name!r} has {self.num_nodes}: "
                                 "expected a True or False for each")
            nodes = np.flatnonzero(nodes).tolist()
        nodes = [_node(node, self.sensors, "nodes") for node in nodes]
        if not nodes:
            raise ValueError("nodes holds no sensor, expected at least one")
        for i, node in enumerate(nodes):
            if node in nodes[:i]:
                raise ValueError(f"nodes holds sensor {node} ({self.sensors[node]!r}) twice, expected each sensor once")
        both = np.ix_(nodes, nodes)
        return RoadGraph(self.weights[both], tuple(self.sensors[v] for v in nodes),
                         None if self.positions is None else self.positions[nodes],
                         None if self.distances is None else self.distances[both], self.name)

    def _connected(self):
        """(V, V) bool, True where an edge leads from sender (column) to receiver (row)."""
        return (self.weights > 0) & ~np.eye(self.num_nodes, dtype=bool)


def five_crossings():
    """The smallest road network of the book: five crossings, five roads, each driven both ways.

    Crossings 0 to 3 lie at the corners of a block, 4 at the end of a road that leaves it at crossing 3.

    Returns:
        RoadGraph with positions in a plane.
    """
    return RoadGraph.from_edges([(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)], sensors=[f"crossing {i}" for i in range(5)],
                                positions=[(1, 0), (0, 0), (0, 1), (1, 1), (2, 1.4)], name="five crossings")


def ring_road(cells=40):
    """A ring of road cells. Drivers go from cell i to cell i + 1; edges lead both ways, since a jam grows upstream.

    Args:
        cells: number of cells, at least 3.

    Returns:
        RoadGraph with positions on a circle of radius 1: cell 0 at the top, then clockwise.

    Raises:
        ValueError: `cells` is not a whole number from 3.
    """
    count = _whole_number(cells)
    if count is None or count < 3:
        raise ValueError(f"cells is {cells!r}, expected a whole number from 3: fewer cells make no ring")
    angle = 2 * math.pi * np.arange(count) / count
    return RoadGraph.from_edges([(i, (i + 1) % count) for i in range(count)], sensors=[f"cell {i}" for i in range(count)],
                                positions=np.stack([np.sin(angle), np.cos(angle)], axis=1), name="ring road")


def gaussian_adjacency(distances, sigma2=0.1, epsilon=0.5, scale=1e4, self_loops=False):
    """Weights from distances: near is close to 1, far fades away, and what is faint is cut.

    ``w = exp(-(d / scale)^2 / sigma2)`` where that is at least `epsilon`, else 0. The field uses one formula with
    different numbers, and the graphs differ much. State yours:

    * STGCN (the defaults): metres in units of 10 km, sigma2 0.1, epsilon 0.5, no self-loops. Two sensors are joined
      where at most 2,633 m lie between them.
    * DCRNN: ``scale="std"``, sigma2 1, epsilon 0.1, self-loops, distances in one direction.

    The defaults expect metres. Kilometres would all come out as weights of almost 1; a warning says so where all
    weights are above 0.999, and where no two sensors are joined at all.

    Args:
        distances: (V, V) in metres, ``distances[v, u]`` from the sender u to the receiver v. 0 or infinite from a
            sensor to itself; infinite where no road leads.
        sigma2: width of the kernel, squared, in units of `scale`.
        epsilon: the least weight that is kept.
        scale: what distances are divided by, in their unit; or ``"std"``: the standard deviation of all finite
            distances, zeros included.
        self_loops: True gives weight 1 on the diagonal, False 0.

    Returns:
        (V, V) float64 array.

    Raises:
        ValueError: a distance is negative or NaN, a diagonal entry is not 0 or infinite, or a number is out of range.

    Papers: Yu, Yin and Zhu, IJCAI 2018, equation 10; Li, Yu, Shahabi and Liu, ICLR 2018, section 4.
    """
    distances = _distances(distances)
    if isinstance(scale, str):
        if scale != "std":
            raise ValueError(f"scale is {scale!r}, expected a number in the unit of the distances, or 'std'")
        scale = distances[np.isfinite(distances)].std() if np.isfinite(distances).any() else 0.0
        if scale == 0:
            raise ValueError("scale is 'std' and the finite distances do not differ from each other, expected distances "
                             "with a spread: pass scale as a number")
    for key, value in (("scale", scale), ("sigma2", sigma2)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{key} is {value!r}, expected a positive number")
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon is {epsilon!r}, expected a number from 0 to 1, the least weight that is kept")
    weights = np.exp(-(distances / scale) ** 2 / sigma2)
    weights[weights < epsilon] = 0.0
    np.fill_diagonal(weights, 1.0 if self_loops else 0.0)
    apart = ~np.eye(len(weights), dtype=bool) & np.isfinite(distances) & (distances > 0)
    if apart.any():
        low, high = distances[apart].min(), distances[apart].max()
        if weights[apart].min() > 0.999:
            warnings.warn(f"distances lie between {low:.6g} and {high:.6g}, scale is {scale:.6g}: all weights are above "
                          "0.999, so near and far look the same. Are these kilometres? Then pass distances * 1000, or "
                          "scale=10", stacklevel=2)
        elif not weights[apart].any():
            warnings.warn(f"distances lie between {low:.6g} and {high:.6g}, scale is {scale:.6g}: no two sensors are joined. "
                          "Are these metres? Otherwise pass a larger scale, or a smaller epsilon", stacklevel=2)
    return weights


def correlation_adjacency(series, threshold=0.5, null_value=None):
    """Weights from what the sensors measured: Pearson's correlation where it is at least `threshold`, else 0.

    Two sensors are compared over the times at which both are known. Sensors far apart that share the morning rush
    correlate as well: such an edge says "moves alike", not "leads to". A sensor that never changes correlates with
    nothing and is isolated. Use the training rows only, or the graph has seen the future.

    Args:
        series: (T, V) measurements, tensor or array; NaN is missing.
        threshold: the least correlation that is kept, above 0 because weights are not negative.
        null_value: a number that also means missing, such as 0.

    Returns:
        (V, V) symmetric float64 array, 0 on the diagonal.

    Raises:
        ValueError: `series` is not (T, V) with at least two times, or holds infinity, or `threshold` is out of range.
    """
    series = _array(series, "series")
    if series.ndim != 2 or len(series) < 2 or not series.shape[1]:
        raise ValueError(f"series has shape {series.shape}, expected (T, V): at least two times, a column per sensor")
    if np.isinf(series).any():
        raise ValueError("series holds infinity, expected finite numbers, or NaN where nothing was measured")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold!r}, expected a number above 0, at most 1: a weight cannot be negative")
    known = ~np.isnan(series) if null_value is None else ~np.isnan(series) & (series != null_value)
    m = known.astype(np.float64)  # (T, V)
    count = m.sum(axis=0)
    center = np.where(known, series, 0.0).sum(axis=0) / np.maximum(count, 1)
    x = np.where(known, series - center, 0.0)  # centred first: sums of squares of speeds would lose digits
    pairs = m.T @ m  # (V, V) times at which both are known; the sums below run over these
    pairs[pairs == 0] = 1
    total, square, product = x.T @ m, (x * x).T @ m, x.T @ x  # [v, u]: of sensor v where u is known as well
    covariance = product - total * total.T / pairs
    variance = square - total**2 / pairs
    variance[variance <= 1e-12 * square] = 0  # rounding alone
    scale = np.sqrt(variance * variance.T)
    weights = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    weights = np.minimum((weights + weights.T) / 2, 1.0)
    weights[weights < threshold] = 0.0
    np.fill_diagonal(weights, 0.0)
    return weights


def _array(values, name):
    """A float64 array of our own."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a {type(values).__name__} that makes no array of numbers, expected rows of equal "
                         "length; a sparse matrix becomes an array by .toarray()") from None


def _square(values, name):
    array = _array(values, name)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not len(array):
        raise ValueError(f"{name} has shape {array.shape}, expected (V, V) with at least one sensor, a row per receiver and "
                         "a column per sender")
    return array


def _distances(values):
    distances = _square(values, "distances")
    bad = np.isnan(distances) | (distances < 0)
    if bad.any():
        v, u = np.argwhere(bad)[0]
        raise ValueError(f"distances[{v}, {u}] is {distances[v, u]}, expected metres from 0, and infinity (numpy.inf) where "
                         "no road leads")
    diagonal = np.diag(distances)
    wrong = (diagonal != 0) & np.isfinite(diagonal)
    if wrong.any():
        v = np.flatnonzero(wrong)[0]
        raise ValueError(f"distances[{v}, {v}] is {diagonal[v]}, expected 0 from a sensor to itself: are these weights "
                         "already? Then use RoadGraph(weights)")
    return distances


def _names(sensors, count):
    if sensors is None:
        return tuple(f"sensor {i}" for i in range(count))
    if isinstance(sensors, str) or not hasattr(sensors, "__iter__"):
        raise ValueError(f"sensors is {sensors!r}, expected a list with the name of each sensor")
    sensors = tuple(str(sensor) for sensor in sensors)
    if len(sensors) != count:
        raise ValueError(f"sensors holds {len(sensors)} names, the graph has {count} nodes: expected one name for each, in "
                         "the order of the columns")
    first = {}
    for i, sensor in enumerate(sensors):
        if first.setdefault(sensor, i) != i:
            raise ValueError(f"sensors[{i}] is {sensor!r}, and so is sensors[{first[sensor]}], expected a name of its own "
                             "for each sensor")
    return sensors


def _node(value, sensors, argument):
    """The index of a sensor that is given by index or by name."""
    if isinstance(value, str):
        if value not in sensors:
            few = ", ".join(map(repr, sensors[:5])) + ", ..." * (len(sensors) > 5)
            raise ValueError(f"{argument} names sensor {value!r}, expected one of the {len(sensors)} sensors: {few}")
        return sensors.index(value)
    number = _whole_number(value)
    if number is None:
        raise ValueError(f"{argument} holds {value!r}, expected a sensor: its index (a whole number) or its name")
    if not 0 <= number < len(sensors):
        raise ValueError(f"{argument} holds sensor {number}, expected 0 to {len(sensors) - 1} because there are "
                         f"{len(sensors)} sensors: do the indices count from 1, or is num_nodes too small?")
    return number
