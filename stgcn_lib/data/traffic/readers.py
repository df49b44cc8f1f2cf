"""Readers of the road networks on which traffic forecasts are compared."""

import csv
import warnings

import numpy as np

from ...graphs import RoadGraph, gaussian_adjacency
from .. import cache
from .series import TrafficSeries

# rows and sensors of each published table: a file that was cut off, or another file, is not read in silence
SHAPES = {"los_loop": (2016, 207), "pemsd7m": (12672, 228), "metr_la": (34272, 207), "pems_bay": (52116, 325)}
SPRING = (np.datetime64("2017-03-12T02:00"), np.timedelta64(60, "m"))  # PEMS-BAY lacks the hour that summer time skips


def los_loop(split="all", root=None):
    """One week of the Los Angeles loop detectors, 1 to 7 March 2012, a Thursday to a Wednesday, every 5 minutes.

    The first week of METR-LA (Li et al. 2018, DCRNN) with its gaps filled in by the authors of T-GCN (Zhao et al. 2019): no
    value is missing. Scores on it are not scores on METR-LA.

    Args:
        split: "all"; `TrafficSeries.starts` divides the windows.
        root: the folder of the data sets, `cache.data_root` unless given.

    Returns:
        a `TrafficSeries` of 2016 rows and 207 sensors, in miles an hour. The weights of its graph are those of the published
        file: DCRNN's Gaussian kernel on road distances, made symmetric, 1 on the diagonal. Positions are longitude and latitude.

    Raises:
        ValueError: for another split, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    _whole(split)
    folder = cache.folder("los_loop", root)
    speeds, adjacency, places = (cache.file(folder / name, "los_loop", root) for name in
                                 ("los_speed.csv", "los_adj.csv", "graph_sensor_locations.csv"))
    sensors = _first_line(speeds)
    values = _table(speeds, SHAPES["los_loop"], skip=1)
    weights = _table(adjacency, (len(sensors), len(sensors)))
    graph = RoadGraph(weights, sensors=sensors, positions=_places(places, sensors, "sensor_id", "longitude", "latitude"),
                      name="los_loop")
    return TrafficSeries("los_loop", values, graph, licence="MIT",
                         source="METR-LA, 1 to 7 March 2012 (Li et al. 2018), gaps filled in by Zhao et al. (2019), T-GCN.")


def pemsd7m(split="all", root=None, graph="paper"):
    """Speeds at 228 stations of Caltrans District 7 on the 44 weekdays of May and June 2012, every 5 minutes (Yu et al. 2018).

    The speeds are a set of their own, ``pemsd7m_speeds``. Nothing is missing, and windows must not cross midnight, as the row
    after Friday's last is Monday's first.

    Args:
        split: "all"; `TrafficSeries.starts` divides the windows, 34, 5 and 5 days.
        root: the folder of the data sets, `cache.data_root` unless given.
        graph: "paper", the graph of the authors' code: `gaussian_adjacency` of the road distances with its defaults, 1,664 weights
            and no self-loops. "dense": the graph that a widely used re-implementation publishes instead, eleven times as many
            weights, 1 on the diagonal.

    Returns:
        a `TrafficSeries` of 12672 rows and 228 sensors, in miles an hour, whose graph has road distances in metres.

    Raises:
        ValueError: for another split or graph, or a damaged file.
        DataNotFound: if the speeds, or another file, are missing. `pemsd7m_graph` reads the graph without them.
    """
    _whole(split)
    roads = pemsd7m_graph(root, graph)
    speeds = cache.file(cache.data_root(root) / "pemsd7m" / "PeMSD7_V_228.csv", "pemsd7m_speeds", root)
    values = _table(speeds, SHAPES["pemsd7m"])
    days = np.busday_offset("2012-05-01", np.arange(-(-len(values) // 288))).astype("datetime64[m]")
    times = (days[:, None] + np.arange(0, 1440, 5)).reshape(-1)[:len(values)]  # (days, 288) -> (T,)
    return TrafficSeries("pemsd7m", values, roads, times=times, split="days", licence="BSD-2-Clause, the authors' repository",
                         source="Caltrans PeMS, District 7, weekdays of May and June 2012 (Yu et al. 2018).")


def pemsd7m_graph(root=None, graph="paper"):
    """The roads of `pemsd7m` without the speeds, as a `RoadGraph`; arguments and errors as there."""
    if graph not in ("paper", "dense"):
        raise ValueError(f"graph is {graph!r}, expected 'paper' or 'dense'")
    folder, V = cache.folder("pemsd7m", root), SHAPES["pemsd7m"][1]
    distances = _table(cache.file(folder / "PeMSD7_W_228.csv", "pemsd7m", root), (V, V))
    stations = cache.file(folder / "PeMSD7_M_Station_Info.csv", "pemsd7m", root)
    with stations.open(encoding="utf-8", newline="") as stream:
        sensors = tuple(row.get("ID") for row in csv.DictReader(stream))
    if len(sensors) != V:
        raise ValueError(f"{stations} lists {len(sensors)} stations, expected {V}: fetch it again")
    weights = gaussian_adjacency(distances) if graph == "paper" else _sparse(cache.file(folder / "adj.npz", "pemsd7m", root), V)
    return RoadGraph(weights, sensors=sensors, positions=_places(stations, sensors, "ID", "Longitude", "Latitude"),
                     distances=distances, name="pemsd7m" if graph == "paper" else "pemsd7m-dense")


def metr_la(split="all", root=None):
    """Four months of the Los Angeles loop detectors, from 1 March 2012, every 5 minutes (Li et al. 2018, DCRNN).

    A zero means that nothing was measured. The file of speeds has no times: they follow from the first day.

    Args:
        split: "all"; `TrafficSeries.starts` divides the windows by DCRNN's rule.
        root: the folder of the data sets, `cache.data_root` unless given.

    Returns:
        a `TrafficSeries` of 34272 rows and 207 sensors, in miles an hour, with the graph of `los_loop`: the same sensors.

    Raises:
        ValueError: for another split, or a damaged file.
        DataNotFound: if the set or one of its files is missing.
    """
    _whole(split)
    folder = cache.folder("metr_la", root)
    speeds, adjacency, places = (cache.file(folder / name, "metr_la", root) for name in
                                 ("vel.csv", "los_adj.csv", "graph_sensor_locations.csv"))
    with places.open(encoding="utf-8", newline="") as stream:
        sensors = tuple(row["sensor_id"] for row in csv.DictReader(stream))
    graph = RoadGraph(_table(adjacency, (len(sensors), len(sensors))), sensors=sensors,
                      positions=_places(places, sensors, "sensor_id", "longitude", "latitude"), name="metr_la")
    return TrafficSeries("metr_la", _speeds(speeds, SHAPES["metr_la"], sensors), graph, start="2012-03-01T00:00", null_value=0.0,
                         split="windows", licence="not stated with the speeds; roads MIT, of DCRNN and T-GCN",
                         source="METR-LA, loop detectors of Los Angeles County (Li et al. 2018).")


def pems_bay(split="all", root=None):
    """Six months of the San Francisco Bay Area, from 1 January 2017, every 5 minutes (Li et al. 2018, DCRNN).

    A zero means that nothing was measured. The file of speeds has no times: they follow from the first day. It is 12 rows short of
    181 days, by the hour that summer time skipped on 12 March, so later rows are an hour later.

    Args:
        split, root: as in `metr_la`.

    Returns:
        a `TrafficSeries` of 52116 rows and 325 sensors, in miles an hour. The weights of its graph are DCRNN's kernel of the
        published road distances, made symmetric as those of `los_loop` are; its distances keep their direction.

    Raises:
        ValueError, DataNotFound: as in `metr_la`.
    """
    _whole(split)
    folder = cache.folder("pems_bay", root)
    speeds, roads, places = (cache.file(folder / name, "pems_bay", root) for name in
                             ("vel.csv", "distances_bay_2017.csv", "graph_sensor_locations_bay.csv"))
    with places.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    sensors = tuple(row[0] for row in rows)
    distances = _pairs(roads, sensors)
    weights = gaussian_adjacency(distances, sigma2=1, epsilon=0.1, scale="std", self_loops=True)
    graph = RoadGraph(np.maximum(weights, weights.T), sensors=sensors, distances=distances, name="pems_bay",
                      positions=[(float(longitude), float(latitude)) for _, latitude, longitude in rows])
    values = _speeds(speeds, SHAPES["pems_bay"], sensors)
    times = np.datetime64("2017-01-01T00:00") + 5 * np.arange(len(values))
    return TrafficSeries("pems_bay", values, graph, times=np.where(times < SPRING[0], times, times + SPRING[1]), null_value=0.0,
                         split="windows", licence="not stated with the speeds; roads MIT, of DCRNN",
                         source="PEMS-BAY, Caltrans PeMS (Li et al. 2018).")


def _whole(split):
    if split != "all":
        raise ValueError(f"split is {split!r}, expected 'all': a forecast needs the rows in order, and series.starts() says which "
                         "windows train, validate and test")


def _table(path, shape, skip=0):
    """Comma-separated numbers of the given (rows, columns), "nan" allowed.

    Raises:
        ValueError: naming the file and the fault.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a file without any row, which is refused below
            values = np.loadtxt(path, delimiter=",", skiprows=skip, ndmin=2, encoding="utf-8")
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): fetch it again") from error
    if values.shape != shape:
        raise ValueError(f"{path} holds {values.shape[0]:,} rows of {values.shape[1]} numbers, expected {shape[0]:,} of "
                         f"{shape[1]}: it is not whole, or another file; fetch it again")
    return values


def _speeds(path, shape, sensors):
    """The speeds (T, V) of a table that may name its sensors in a first line."""
    first = _first_line(path)
    named = max((float(name) for name in first if name.isdecimal()), default=0) > 1000  # a sensor's number, and no speed
    if named and first != sensors:
        raise ValueError(f"{path} names other sensors than the roads, or in another order: is it the published file?")
    return _table(path, shape, skip=int(named))


def _first_line(path):
    """What stands between the commas of the first line."""
    with path.open(encoding="utf-8") as stream:
        return tuple(part.strip() for part in stream.readline().split(","))


def _pairs(path, sensors):
    """Distances (V, V), receiver by sender, from lines "sender,receiver,metres"; infinite where no line tells one."""
    index, distances = {name: i for i, name in enumerate(sensors)}, np.full((len(sensors),) * 2, np.inf)
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream), 1):
            try:
                sender, receiver, metres = row
                distances[index[receiver], index[sender]] = float(metres)
            except (KeyError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {','.join(row)!r}, expected two sensors and a distance") from error
    return distances


def _places(path, sensors, name, x, y):
    """Positions (V, 2) from a table with headings; its sensors must be these, in this order."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = tuple(row.get(name) for row in rows)
    if found != sensors:
        same = [a == b for a, b in zip(found, sensors, strict=False)]
        raise ValueError(f"{path} lists {len(found)} sensors, expected {len(sensors)} in the order of the speeds; number "
                         f"{(same + [False]).index(False)} is the first that differs")
    try:
        return np.array([(row[x], row[y]) for row in rows], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}): fetch it again") from error


def _sparse(path, V):
    """A (V, V) matrix from the compressed sparse columns or rows that scipy.sparse.save_npz writes."""
    with np.load(path, allow_pickle=False) as parts:
        kind, data, indices, indptr = parts["format"].item(), parts["data"], parts["indices"], parts["indptr"]
    if kind not in (b"csc", b"csr") or len(indptr) != V + 1:
        raise ValueError(f"{path} holds a {kind!r} matrix of {len(indptr) - 1} lines, expected csc or csr of {V}")
    dense, line = np.zeros((V, V)), np.repeat(np.arange(V), np.diff(indptr))
    dense[line, indices] = data
    return dense if kind == b"csr" else dense.T
