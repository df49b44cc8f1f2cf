"""Series of speeds: what is read from files, which window belongs to which part, and that nothing fitted sees the future."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from stgcn_lib import data
from stgcn_lib.data import DataNotFound, load, traffic
from stgcn_lib.data.traffic import Scaler, TrafficSeries, Windows, daily_table, readers, table_by_row
from stgcn_lib.graphs import RoadGraph, ring_road

PARTS = ("train", "validation", "test")


def series(T=96, V=3, seed=0, missing=0.0, null_value=None, step_minutes=60, split="rows", **more):
    """Speeds with a daily course, of which a part is missing."""
    random = np.random.default_rng(seed)
    hour = np.arange(T)[:, None] * step_minutes / 60
    values = 50 + 10 * np.sin(hour * np.pi / 12) + 5 * np.arange(V) + random.normal(0, 2, (T, V))
    values[random.random((T, V)) < missing] = np.nan if null_value is None else null_value
    return TrafficSeries("made up", values, step_minutes=step_minutes, split=split, null_value=null_value, **more)


# ---- the real sets


def test_los_loop(real_data):
    one = load("los_loop", root=real_data("los_loop"))
    assert one.values.shape == (2016, 207) and one.values.dtype == np.float32 and one.mask.all()
    assert (one.values.min(), one.values.max()) == (1, 70) and one.units == "mph" and one.null_value is None
    assert [str(one.times[i]) for i in (0, 1, -1)] == ["2012-03-01T00:00", "2012-03-01T00:05", "2012-03-07T23:55"]
    assert one.weekday()[::288].tolist() == [3, 4, 5, 6, 0, 1, 2], "a Thursday first"
    starts = one.starts()
    assert {part: (len(starts[part]), starts[part][0], starts[part][-1] + 24) for part in PARTS} == {
        "train": (1428, 0, 1451), "validation": (138, 1451, 1612), "test": (381, 1612, 2016)}
    means = one.values.reshape(7, 288, 207).mean((1, 2))  # (T, V) -> (days, steps, V)
    assert set(np.argsort(means)[-2:]) == {2, 3}, "the week-end is the fastest"
    assert (one.graph.weights > 0).sum() == 2833 and (np.diagonal(one.graph.weights) == 1).all()
    assert np.array_equal(one.graph.weights, one.graph.weights.T)
    assert one.graph.sensors[0] == "773869" and np.allclose(one.graph.positions[0], (-118.31829, 34.15497))


def test_pemsd7m_graph(real_data):
    root = real_data("pemsd7m")
    paper, dense = (traffic.pemsd7m_graph(root, graph) for graph in ("paper", "dense"))
    assert (paper.weights > 0).sum() == 1664 and not np.diagonal(paper.weights).any()
    assert (dense.weights > 0).sum() == 19118 and (np.diagonal(dense.weights) == 1).all()
    expected = np.exp(-(paper.distances / paper.distances.std()) ** 2)
    assert np.allclose(dense.weights, np.where(expected >= 0.1, expected, 0), atol=1e-9)
    assert np.array_equal(paper.distances, paper.distances.T) and paper.distances.max() == pytest.approx(45230, abs=1)
    longitude, latitude = np.radians(paper.positions).T  # the order of stations: straight distances agree with the roads
    straight = 2 * np.arcsin(np.sqrt(np.sin(np.subtract.outer(latitude, latitude) / 2) ** 2 + np.outer(
        np.cos(latitude), np.cos(latitude)) * np.sin(np.subtract.outer(longitude, longitude) / 2) ** 2))
    assert np.corrcoef(straight.ravel(), paper.distances.ravel())[0, 1] > 0.99
    if not data.available("pemsd7m_speeds", root):
        for name in ("pemsd7m", "pemsd7m_speeds"):
            with pytest.raises(DataNotFound, match="'pemsd7m_speeds' is incomplete: .*PeMSD7_V_228.csv is missing; get it with "
                               "python -m stgcn_lib download pemsd7m_speeds"):
                load(name, root=root)


# ---- small files in the published formats


def write_table(path, table, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, table, delimiter=",", **{"fmt": "%.18e", **how})


LA = ("773869", "767541", "717447")
BAY = ("400001", "400017", "400030", "400040")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """All four sets in the published formats, of few sensors and short; the speeds as {name: (T, V)}."""
    random = np.random.default_rng(1)
    speeds = {"los_loop": (80, 3), "pemsd7m": (11 * 288, 4), "metr_la": (3 * 288, 3), "pems_bay": (70 * 288 + 48, 4)}
    monkeypatch.setattr(readers, "SHAPES", speeds)
    speeds = {name: random.integers(0, 70, shape).astype(float) for name, shape in speeds.items()}
    speeds["los_loop"] += 1
    speeds["metr_la"][5:90, 1] = 0

    weights = np.array([[1, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 1]])
    places = "index,sensor_id,latitude,longitude\n" + "".join(f"{i},{name},34.{i},-118.{i}\n" for i, name in enumerate(LA))
    for name in ("los_loop", "metr_la"):
        write_table(tmp_path / name / "los_adj.csv", weights, fmt="%g")
        (tmp_path / name / "graph_sensor_locations.csv").write_text(places)
    write_table(tmp_path / "los_loop" / "los_speed.csv", speeds["los_loop"], fmt="%g", header=",".join(LA), comments="")
    write_table(tmp_path / "metr_la" / "vel.csv", speeds["metr_la"], fmt="%g")

    line = np.array([0, 1000, 2000, 9000.0])
    write_table(tmp_path / "pemsd7m" / "PeMSD7_W_228.csv", abs(np.subtract.outer(line, line)))
    write_table(tmp_path / "pemsd7m" / "PeMSD7_V_228.csv", speeds["pemsd7m"])
    (tmp_path / "pemsd7m" / "PeMSD7_M_Station_Info.csv").write_text(",ID,Fwy,Dir,District,Latitude,Longitude\n" + "".join(
        f"{i},{716939 + i},5,S,7,34.{i},-118.{i}\n" for i in range(4)))
    scipy.sparse.save_npz(tmp_path / "pemsd7m" / "adj.npz", scipy.sparse.csc_matrix(np.tri(4)))

    write_table(tmp_path / "pems_bay" / "vel.csv", speeds["pems_bay"], fmt="%g")
    (tmp_path / "pems_bay" / "graph_sensor_locations_bay.csv").write_text("".join(
        f"{name},37.3,-121.{i}\n" for i, name in enumerate(BAY)))
    (tmp_path / "pems_bay" / "distances_bay_2017.csv").write_text("".join(f"{name},{name},0.0\n" for name in BAY) + (
        "400001,400017,1000.0\n400017,400030,2000.0\n400030,400001,3000.0\n"))
    return tmp_path, speeds


@pytest.mark.parametrize("name", ["los_loop", "pemsd7m", "metr_la", "pems_bay"])
def test_a_small_file_in_the_published_format(name, small):
    root, speeds = small
    one = load(name, root=root)
    assert np.array_equal(one.values, speeds[name]) and one.name == name and one.units == "mph" and not one.synthetic
    assert one.graph.num_nodes == speeds[name].shape[1] and one.graph.positions.shape == (len(one.graph.sensors), 2)
    assert (one.graph.positions[:, 0] < -100).all() and (one.graph.positions[:, 1] > 30).all(), "longitude first"
    assert np.array_equal(one.mask, speeds[name] != 0 if name in ("metr_la", "pems_bay") else np.ones_like(speeds[name], bool))
    with pytest.raises(ValueError, match="split is 'train', expected 'all'"):
        load(name, "train", root=root)


def test_the_days_of_pemsd7m_are_weekdays(small):
    one = load("pemsd7m", root=small[0])
    assert str(one.times[0]) == "2012-05-01T00:00" and str(one.times[-1]) == "2012-05-15T23:55", "eleven of them"
    assert one.weekday()[::288].tolist() == [1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1] and one.split == "days"
    assert one.rows(4 * 288, 5 * 288).start == "2012-05-07T00:00"
    w = np.exp(-np.array([0.1, 0.2, 0.9]) ** 2 / 0.1)
    assert np.allclose(one.graph.weights[0], [0, w[0], w[1], 0])
    dense = load("pemsd7m", root=small[0], graph="dense").graph
    assert np.array_equal(dense.weights, np.tri(4)) and dense.name == "pemsd7m-dense"
    with pytest.raises(ValueError, match="graph is 'thick', expected 'paper' or 'dense'"):
        load("pemsd7m", root=small[0], graph="thick")


def test_pems_bay_skips_the_hour_of_summer_time(small):
    one = load("pems_bay", root=small[0])
    assert [str(one.times[i]) for i in (0, 70 * 288 + 23, 70 * 288 + 24, -1)] == [
        "2017-01-01T00:00", "2017-03-12T01:55", "2017-03-12T03:00", "2017-03-12T04:55"]
    assert one.weekday()[0] == 6, "a Sunday"


def test_pems_bay_distances_go_from_sender_to_receiver(small):
    graph = load("pems_bay", root=small[0]).graph
    assert graph.distances[1, 0] == 1000 and np.isinf(graph.distances[0, 1]) and np.isinf(graph.distances[3, :3]).all()
    std = np.array([0, 0, 0, 0, 1000, 2000, 3000]).std()
    assert graph.weights[0, 1] == graph.weights[1, 0] == pytest.approx(np.exp(-(1000 / std) ** 2)) and graph.weights[3, 3] == 1


@pytest.mark.parametrize("name, sensors", [("metr_la", LA), ("pems_bay", BAY)])
def test_speeds_may_come_with_the_names_of_their_sensors(name, sensors, small):
    root, speeds = small
    write_table(root / name / "vel.csv", speeds[name], fmt="%g", header=",".join(sensors), comments="")
    assert np.array_equal(load(name, root=root).values, speeds[name])
    write_table(root / name / "vel.csv", speeds[name], fmt="%g", header=",".join(reversed(sensors)), comments="")
    with pytest.raises(ValueError, match="vel.csv names other sensors than the roads, or in another order"):
        load(name, root=root)


def edit(path, change):
    path.write_text(change(path.read_text()))


FAULTS = [
    ("los_loop", "los_speed.csv", lambda s: s[:-len(s.splitlines()[-1]) // 2], "los_speed.csv is damaged"),  # cut in a line
    ("los_loop", "los_speed.csv", lambda s: s[:s.rindex("\n", 0, -1) + 1], "holds 79 rows of 3 numbers, expected 80"),
    ("los_loop", "los_speed.csv", lambda s: s.replace("\n", ",7\n", 5).replace(",7\n", "\n", 1), "speed.csv is damaged"),  # ragged
    ("los_loop", "los_speed.csv", lambda s: s.replace("\n", ",7\n"), "holds 80 rows of 4 numbers, expected 80 of 3"),
    ("los_loop", "los_speed.csv", lambda s: s + "a,b,c\n", "damaged .*could not convert string 'a' to float"),
    ("los_loop", "los_speed.csv", lambda s: s.replace("\n", "\ninf,", 1).replace(",", "", 3), "damaged"),
    ("metr_la", "vel.csv", lambda s: "inf" + s[s.index(","):], "values holds inf at row 0, sensor 0"),
    ("los_loop", "los_speed.csv", lambda s: s.partition("\n")[0], "los_speed.csv holds 0 rows"),
    ("los_loop", "los_speed.csv", lambda s: "767541,773869" + s[13:], "lists 3 sensors, .* number 0 is the first"),
    ("los_loop", "los_adj.csv", lambda s: s.partition("\n")[2], "holds 2 rows of 3 numbers, expected 3 of 3"),
    ("los_loop", "los_adj.csv", lambda s: s.replace("0.25", "-1"), r"weights\[1, 2\] is -1"),
    ("los_loop", "graph_sensor_locations.csv", lambda s: s[:s.index("2,717447")], "lists 2 sensors, .* number 2 is"),
    ("los_loop", "graph_sensor_locations.csv", lambda s: s.replace("-118.1", "west"), "locations.csv is damaged"),
    ("metr_la", "vel.csv", lambda s: s[:s.index("\n") + 1] * 700, "holds 700 rows of 3 numbers, expected 864 of 3: it is"),
    ("metr_la", "vel.csv", lambda s: s.replace(",", ";"), "vel.csv is damaged"),
    ("pems_bay", "distances_bay_2017.csv", lambda s: s + "400001,1,5\n", "line 8: '400001,1,5', expected two sensors"),
    ("pems_bay", "distances_bay_2017.csv", lambda s: s + "400001,400017", "line 8: '400001,400017', expected"),
    ("pems_bay", "distances_bay_2017.csv", lambda s: s.replace("1000.0", "-1000.0"), r"distances\[1, 0\] is -1000"),
    ("pemsd7m", "PeMSD7_W_228.csv", lambda s: s.partition("\n")[2], "holds 3 rows of 4 numbers, expected 4 of 4"),
    ("pemsd7m", "PeMSD7_V_228.csv", lambda s: s.partition("\n")[2], "holds 3,167 rows of 4 numbers, expected 3,168"),
    ("pemsd7m", "PeMSD7_M_Station_Info.csv", lambda s: s[:s.rindex("\n", 0, -1)], "Info.csv lists 3 stations, expected 4"),
]


@pytest.mark.parametrize("name, file, change, says", FAULTS)
def test_a_damaged_file_is_refused(name, file, change, says, small):
    root, _ = small
    before = (root / name / file).read_text()
    edit(root / name / file, change)
    assert (root / name / file).read_text() != before
    with pytest.raises(ValueError, match=says):
        load(name, root=root)


def test_a_dense_graph_of_other_size_is_refused(small):
    scipy.sparse.save_npz(small[0] / "pemsd7m" / "adj.npz", scipy.sparse.csr_matrix(np.tri(5)))
    with pytest.raises(ValueError, match="adj.npz holds a b'csr' matrix of 5 lines, expected csc or csr of 4"):
        load("pemsd7m", root=small[0], graph="dense")
    scipy.sparse.save_npz(small[0] / "pemsd7m" / "adj.npz", scipy.sparse.csr_matrix(np.tri(4)))
    assert np.array_equal(load("pemsd7m", root=small[0], graph="dense").graph.weights, np.tri(4))


def test_a_missing_file_says_how_to_get_it(small):
    root, _ = small
    for name, file in (("los_loop", "los_adj.csv"), ("metr_la", "vel.csv"), ("pems_bay", "vel.csv")):
        (root / name / file).unlink()
        with pytest.raises(DataNotFound, match=f"{name}' is incomplete: .*{file} is missing; get it .*download {name} "):
            load(name, root=root)
    with pytest.raises(ValueError, match="name is 'metr-la', expected one of .*los_loop, pemsd7m, .*metr_la, pems_bay"):
        load("metr-la")


def test_pemsd7m_comes_in_two_downloads(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("stgcn_lib.data.fetch", lambda name, root: asked.append(name))
    monkeypatch.delenv("STGCN_OFFLINE")
    for name in ("pemsd7m", "pemsd7m_speeds", "metr_la"):
        with pytest.raises(DataNotFound):
            load(name, root=tmp_path)
    assert asked == ["pemsd7m", "pemsd7m_speeds"] * 2 + ["metr_la"]


# ---- which window belongs to which part


def counted(T, split, step_minutes=5, inputs=12, outputs=12):
    one = TrafficSeries("long", np.ones((T, 1)), split=split, step_minutes=step_minutes)
    return {part: len(starts) for part, starts in one.starts(inputs, outputs).items()}


def test_published_numbers_of_windows():
    assert counted(34272, "windows") == {"train": 23974, "validation": 3425, "test": 6850}, "METR-LA, DCRNN"
    assert counted(52116, "windows") == {"train": 36465, "validation": 5209, "test": 10419}, "PEMS-BAY, DCRNN"
    assert counted(12672, "days", outputs=9) == {"train": 34 * 268, "validation": 5 * 268, "test": 5 * 268}, "PeMSD7(M), STGCN"


lengths = st.integers(1, 9)


@settings(max_examples=60, deadline=None)
@given(T=st.integers(40, 900), inputs=lengths, outputs=lengths)
def test_windows_do_not_leave_their_rows(T, inputs, outputs):
    shortest = int(0.8 * T) // 10  # rows of the validation part
    if shortest < inputs + outputs:
        with pytest.raises(ValueError, match="too few for one window"):
            series(T, 1).starts(inputs, outputs)
        return
    starts = series(T, 1).starts(inputs, outputs)
    end = 0
    for part in PARTS:
        rows = starts[part][:, None] + np.arange(inputs + outputs)
        assert rows[0, 0] == end, "the first window of a part begins where the part before it ended"
        assert np.array_equal(np.diff(starts[part]), np.ones(len(rows) - 1)), "and none is left out"
        end = rows[-1, -1] + 1
    assert end == T, "the last window is not dropped"
    assert starts["test"][0] == int(0.8 * T) and starts["validation"][0] == int(0.8 * T) - int(0.8 * T) // 10


@settings(max_examples=60, deadline=None)
@given(days=st.integers(3, 50), step=st.sampled_from([30, 60, 120]), inputs=st.integers(1, 6), outputs=st.integers(1, 6))
def test_windows_do_not_cross_midnight(days, step, inputs, outputs):
    one = series(days * 1440 // step, 1, step_minutes=step, split="days")
    starts, days_of = one.starts(inputs, outputs), {}
    for part in PARTS:
        rows = starts[part][:, None] + np.arange(inputs + outputs)
        dates = one.times[rows].astype("datetime64[D]")
        assert (dates == dates[:, :1]).all(), "one day each"
        days_of[part], per_day = np.unique(dates[:, 0], return_counts=True)
        assert (per_day == one.steps_per_day - inputs - outputs + 1).all(), "all of a day, the last one too"
    assert days_of["train"].max() < days_of["validation"].min() and days_of["validation"].max() < days_of["test"].min()
    assert sum(map(len, days_of.values())) == days and len(days_of["validation"]) == len(days_of["test"])
    assert rows[-1, -1] == len(one) - 1


@settings(max_examples=60, deadline=None)
@given(T=st.integers(60, 600), inputs=lengths, outputs=lengths)
def test_windows_by_their_number(T, inputs, outputs):
    starts = series(T, 1, split="windows").starts(inputs, outputs)
    n = T - inputs - outputs + 1
    assert np.array_equal(np.concatenate([starts[part] for part in PARTS]), np.arange(n))
    assert len(starts["test"]) == round(n * 0.2) and len(starts["train"]) == round(n * 0.7)
    assert starts["train"][-1] + inputs + outputs <= starts["test"][0] + inputs + outputs, "only neighbours share rows"


@pytest.mark.parametrize("split, T, says", [
    ("rows", 30, "too few for one window of 12 \\+ 12 rows in its"), ("windows", 23, "too few for one window"),
    ("windows", 26, "validation"), ("days", 48, "too few for one window of 12 \\+ 12 rows in its train part"),
    ("days", 50, "has 50 rows from .*, expected whole days of 24")])
def test_too_short_a_series(split, T, says):
    with pytest.raises(ValueError, match=says):
        series(T, split=split).starts()


@pytest.mark.parametrize("inputs, outputs", [(0, 12), (12, 0), (-1, 3), (1.5, 2)])
def test_lengths_that_are_none(inputs, outputs):
    for call in (lambda: series().starts(inputs, outputs), lambda: Windows(series(), [0], inputs, outputs)):
        with pytest.raises(ValueError, match="expected a whole number of rows, 1 or more"):
            call()


def test_a_day_that_does_not_begin_at_midnight_is_no_whole_day():
    with pytest.raises(ValueError, match="expected whole days"):
        series(96, split="days", start="2012-03-01T05:00").starts(2, 2)


# ---- nothing that is fitted sees the future


@pytest.mark.parametrize("split", ["rows", "days", "windows"])
@pytest.mark.parametrize("null_value", [None, 0.0])
def test_later_rows_change_nothing_that_is_fitted(split, null_value):
    one = series(24 * 12, 4, missing=0.2, null_value=null_value, split=split)
    rows, starts = one.training_rows(4, 3), one.starts(4, 3)
    assert rows.stop == starts["train"][-1] + 7 and rows.stop < len(one)
    values = one.values.copy()
    values[rows.stop:] = np.random.default_rng(9).uniform(500, 900, values[rows.stop:].shape)
    other = replace(one, values=values)

    def fitted(series):
        scaler, table = Scaler.fit(series.values[rows], "sensor", null_value), table_by_row(series, rows)
        windows = Windows(series, starts["train"], 4, 3, ("value", "known", "table", "table ahead"), scaler, table)
        return scaler.mean, scaler.std, daily_table(series, rows), table, daily_table(series, rows, range(5)), *windows.tensors()
    for name, a, b in zip("mean std table by-row weekdays x y".split(), fitted(one), fitted(other), strict=True):
        assert np.array_equal(a, b, equal_nan=True), name
    assert not np.array_equal(Scaler.fit(one.values).mean, Scaler.fit(values).mean), "all rows together would have shown it"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), row=st.integers(1, 59), missing=st.sampled_from([0, 0.3, 0.95]))
def test_a_gap_is_filled_from_before_it(seed, row, missing):
    one = series(60, 4, seed, missing)
    values = one.values.copy()
    values[row:] = np.random.default_rng(seed).choice([np.nan, 900], values[row:].shape)
    if not np.isfinite(values).any() or not row:
        return
    try:
        other = replace(one, values=values)
    except ValueError:
        return
    assert np.array_equal(one.filled()[:row], other.filled()[:row])
    assert np.isfinite(one.filled()).all() and np.array_equal(one.filled()[one.mask], one.values[one.mask])


def test_how_gaps_are_filled():
    n = np.nan
    one = TrafficSeries("gaps", [[n, n, n], [10, n, 20], [n, n, 30], [n, n, n], [50, n, n]])
    assert one.filled().tolist() == [[0, 0, 0], [10, 15, 20], [10, 30, 30], [10, 30, 30], [50, 50, 30]]


# ---- windows


def test_windows_are_what_a_loop_would_cut_out():
    one = series(24 * 8, 3, missing=0.2)
    rows = one.training_rows(5, 4)
    scaler, by_row, table = Scaler.fit(one.values[rows]), table_by_row(one, rows), daily_table(one, rows)
    features = ("known", "value", "time of day", "day of week", "table", "table ahead")
    windows = Windows(one, one.starts(5, 4)["test"], 5, 4, features, scaler, by_row)
    x, y = windows.tensors()
    assert x.shape == (len(windows), 5, 3, 6) and y.shape == (len(windows), 4, 3) and x.dtype == y.dtype == torch.float32
    for i, start in enumerate(one.starts(5, 4)["test"]):
        assert torch.equal(windows[i][0], x[i]) and torch.equal(windows[i][1].nan_to_num(-1), y[i].nan_to_num(-1))
        for t in range(5):
            time = datetime(2012, 3, 1) + timedelta(hours=int(start) + t)
            for v in range(3):
                seen = [*one.filled()[start + t, v:v + 1], by_row[start + t, v], by_row[start + t + 4, v]]
                seen = [(value - scaler.mean) / scaler.std for value in seen]
                expected = [one.mask[start + t, v], seen[0], time.hour / 24, time.weekday() / 7, *seen[1:]]
                assert np.allclose(x[i, t, v], expected, atol=1e-5)
        assert np.array_equal(y[i], one.values[start + 5:start + 9], equal_nan=True)
    test = one.starts(5, 4)["test"]
    assert torch.equal(Windows(one, test, 5, 4, features, scaler, table).tensors()[0], x), "no test day is in the table"


def test_windows_feed_a_loader_and_keep_what_is_not_known():
    for null_value in (None, 0.0):
        one = series(300, 3, missing=0.3, null_value=null_value)
        if null_value == 0:
            one = replace(one, values=np.where(np.arange(3) == 1, np.nan, one.values))  # a dead sensor, by the other sign
        loader = torch.utils.data.DataLoader(Windows(one, one.starts()["train"], features=("value", "known")), batch_size=16)
        x, y = next(iter(loader))
        assert x.shape == (16, 12, 3, 2) and torch.isfinite(x).all() and set(x[..., 1].unique().tolist()) == {0, 1}
        unknown = y[0].isnan() if null_value is None else y[0] == 0
        assert np.array_equal(unknown.numpy(), ~one.mask[12:24])


@pytest.mark.parametrize("arguments, says", [
    (dict(starts=[73]), "the window that starts at row 73 needs 12 \\+ 12 rows, the series 'made up' has rows 0 to 96"),
    (dict(starts=[0, -1]), "starts at row -1"), (dict(starts=[[0]]), r"starts has shape \(1, 1\)"),
    (dict(outputs=200), "needs 12 \\+ 200"),
    (dict(features=("speed",)), "expected some of value, time of day, day of week, known, table, table ahead"),
    (dict(features=()), r"features is \(\)"),
    (dict(features=("table",)), r"table has shape \(\), expected \(24, 3\) from daily_table"),
    (dict(features=("value", "table ahead"), table=np.zeros((24, 2))), r"table has shape \(24, 2\)")])
def test_windows_that_are_none(arguments, says):
    with pytest.raises(ValueError, match=says):
        Windows(series(), **{"starts": [0], **arguments})


# ---- scalers


def test_scalers_are_numpy_s_means_of_known_values():
    one = series(50, 4, missing=0.3)
    values = one.values.astype(np.float64)
    for kind, mean, std in (("global", np.nanmean(values), np.nanstd(values)), ("max", 0, np.nanmax(values)),
                            ("sensor", np.nanmean(values, 0), np.nanstd(values, 0))):
        scaler = Scaler.fit(one.values, kind)
        assert np.allclose(scaler.mean, mean) and np.allclose(scaler.std, std) and scaler.kind == kind
        tensor = torch.tensor(one.filled())[None]
        assert torch.allclose(scaler.inverse(scaler.transform(tensor)), tensor, atol=1e-4)
        assert scaler.transform(tensor).dtype == torch.float32
        assert np.allclose(scaler.transform(tensor).numpy(), scaler.transform(one.filled())[None], atol=1e-5)


def test_a_null_value_is_left_out_of_a_scaler_and_only_if_it_is_named():
    values = np.array([[0, 10], [20, 0], [40, 30.0]])
    assert Scaler.fit(values, null_value=0.0).mean == 25 and Scaler.fit(values).mean == pytest.approx(100 / 6)
    assert np.allclose(Scaler.fit(values, "sensor", 0.0).mean, [30, 20])
    assert values[0, 0] == 0, "the caller's array is as it was"


def test_dead_and_constant_sensors_get_the_spread_of_all():
    values = np.array([[np.nan, 7, 10], [np.nan, 7, 20.0]])
    scaler = Scaler.fit(values, "sensor")
    assert np.allclose(scaler.mean, [11, 7, 15]) and np.allclose(scaler.std, [np.std([7, 7, 10, 20])] * 2 + [5])
    assert Scaler.fit(np.full((3, 2), 9.0)).std == 1 and Scaler.fit(np.zeros((3, 2)), "max").std == 1


@pytest.mark.parametrize("arguments, says", [
    ((np.ones((3, 2)), "minmax"), "kind is 'minmax', expected"), ((np.ones(3),), r"values has shape \(3,\)"),
    ((np.full((3, 2), np.nan),), "no known value"), ((np.zeros((3, 2)), "global", 0), "no known value")])
def test_scalers_that_are_none(arguments, says):
    with pytest.raises(ValueError, match=says):
        Scaler.fit(*arguments)


# ---- the daily table


def table_by_loop(one, rows, weekdays=None):
    """A dict of lists, as one would write it first."""
    seen = {}
    for row in rows:
        if weekdays is None or one.weekday()[row] in weekdays:
            for v in np.flatnonzero(one.mask[row]):
                seen.setdefault((one.step_of_day[row], v), []).append(one.values[row, v])
    table = np.empty((one.steps_per_day, one.values.shape[1]))
    for step, v in np.ndindex(table.shape):
        # at this time; else of this sensor at any time; else of any sensor at this time; else of all
        for keys in ([(step, v)], [key for key in seen if key[1] == v], [key for key in seen if key[0] == step], list(seen)):
            found = [value for key in keys for value in seen.get(key, ())]
            if found:
                table[step, v] = np.mean(np.array(found, dtype=np.float64))
                break
    return table


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), T=st.integers(6, 70), missing=st.sampled_from([0, 0.4, 0.9]), dead=st.booleans(),
       weekdays=st.sampled_from([None, range(5), (5, 6)]))
def test_a_daily_table_is_what_a_loop_finds(seed, T, missing, dead, weekdays):
    one = series(T, 3, seed, missing, step_minutes=240, start="2012-03-02T08:00")
    values = one.values.copy()
    values[:, 1] = np.nan if dead else values[:, 1]
    try:
        one = replace(one, values=values)
        table = daily_table(one, slice(2, None), weekdays)
    except ValueError as error:
        assert "no known value" in str(error)
        return
    assert table.shape == (6, 3) and np.allclose(table, table_by_loop(one, range(2, T), weekdays), atol=1e-4)
    by_row, day = table_by_row(one, slice(2, None), weekdays), one.times.astype("datetime64[D]")
    counts = [row for row in range(2, T) if weekdays is None or one.weekday()[row] in weekdays]
    for row in range(T):
        others = [r for r in counts if day[r] != day[row]]
        expected = table_by_loop(one, others) if one.mask[others].any() else table_by_loop(one, counts)
        assert np.allclose(by_row[row], expected[one.step_of_day[row]], atol=1e-4)


def test_no_row_is_told_about_its_own_day():
    one = series(24 * 5, 2)
    values = one.values.copy()
    values[30] += 1000  # second day, sixth hour
    before, after = (table_by_row(s, slice(0, 96)) for s in (one, replace(one, values=values)))
    changed = np.flatnonzero(abs(after - before).max(1) > 1e-6)
    assert changed.tolist() == [6, 54, 78, 102], "the other days at six, and the test day, not the day itself"
    assert np.array_equal(table_by_row(one, slice(0, 96))[96:], daily_table(one, slice(0, 96)))


def test_a_table_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no known value for a daily table"):
        daily_table(series(48), slice(0, 48), weekdays=[6])
    with pytest.raises(ValueError, match="no known value for a daily table"):
        daily_table(series(48), [])


# ---- the series itself


def test_times_of_a_series():
    one = series(1000, 1, step_minutes=15, start="2024-02-28T22:30")
    for i in (0, 7, 500, 999):
        time = datetime(2024, 2, 28, 22, 30) + timedelta(minutes=15 * i)
        assert one.times[i] == np.datetime64(time) and one.weekday()[i] == time.weekday()
        assert one.time_of_day()[i] == (time.hour * 60 + time.minute) / 1440 and one.step_of_day[i] == one.time_of_day()[i] * 96
    assert one.steps_per_day == 96 and len(one) == 1000 and series().start == "2012-03-01T00:00"
    assert date.fromisoformat(one.start[:10]) == date(2024, 2, 28)


def test_rows_and_sensors_of_a_series():
    graph = ring_road(5)
    one = series(50, 5, graph=graph, tags={"flow": np.arange(250).reshape(50, 5), "rain": np.arange(50)})
    part = one.rows(10, 30)
    assert np.array_equal(part.values, one.values[10:30]) and np.array_equal(part.times, one.times[10:30]) and part.graph is graph
    assert part.tags["rain"][0] == 10 and part.tags["flow"].shape == (20, 5)
    few = one.select([4, 0])
    assert np.array_equal(few.values, one.values[:, [4, 0]]) and np.array_equal(few.tags["flow"], one.tags["flow"][:, [4, 0]])
    assert np.array_equal(few.graph.weights, graph.weights[np.ix_([4, 0], [4, 0])]) and len(few.tags["rain"]) == 50
    assert np.array_equal(one.select([graph.sensors[4], graph.sensors[0]]).values, few.values)
    for wrong in (lambda: one.rows(30, 30), lambda: one.rows(0, 51), lambda: one.rows(-1, 5)):
        with pytest.raises(ValueError, match="were asked for, the series 'made up' has rows 0 to 50"):
            wrong()
    for wrong in ([5], [-1], [], ["sensor of nowhere"]):
        with pytest.raises(ValueError, match="sensors"):
            one.select(wrong)


def test_a_series_keeps_its_own_copy():
    values = np.ones((3, 2), dtype=np.float32)
    one = TrafficSeries("copy", values)
    values[:] = 5
    assert (one.values == 1).all()


@pytest.mark.parametrize("arguments, says", [
    (dict(values=np.ones(3)), r"shape \(3,\), expected real numbers \(steps, sensors\)"),
    (dict(values=np.ones((0, 3))), "expected real"), (dict(values=[["a"]]), "expected real numbers"),
    (dict(values=[[1, np.inf]]), "values holds inf at row 0, sensor 1: expected finite"),
    (dict(values=np.full((3, 2), np.nan)), "no known value: all 6 are NaN"),
    (dict(values=np.zeros((3, 2)), null_value=0), "no known value"),
    (dict(graph=RoadGraph(np.zeros((3, 3)))), "values has 2 sensors, the graph 'custom' has 3"),
    (dict(step_minutes=7), "divide a day"), (dict(step_minutes=0), "divide a day"),
    (dict(start="tomorrow"), "expected a time such as"), (dict(start=""), "expected a time such as"),
    (dict(split="weeks"), "split is 'weeks', expected one of rows, days, windows"),
    (dict(tags={"flow": np.ones(2)}), "tags\\['flow'\\]"),
    (dict(times=np.arange(2).astype("datetime64[D]")), r"times has shape \(2,\), values has 3 rows"),
    (dict(times=["2020-01-01T00:00"] * 3), "times must rise"),
    (dict(times=["2020-01-01T00:00", "2020-01-01T00:05", "2020-01-01T00:07"]), "times must rise from row to row by 5 minutes"),
    (dict(times=["2020-01-01T00:00", "2020-01-01T00:05", "2020-01-01T00:10"], start="2021-01-01"), "give one of them"),
])
def test_series_that_are_none(arguments, says):
    with pytest.raises(ValueError, match=says):
        TrafficSeries(**{"name": "wrong", "values": np.ones((3, 2)), **arguments})


def test_dead_sensors_and_gaps_never_reach_a_network():
    one = series(300, 4, missing=0.1, null_value=0.0)
    values = one.values.copy()
    values[:, 0], values[50:120, 1], values[:, 2] = 0, np.nan, np.nan  # all zero, dead for hours, never alive
    one = replace(one, values=values)
    rows = one.training_rows()
    for kind in ("global", "sensor", "max"):
        scaler = Scaler.fit(one.values[rows], kind, one.null_value)
        x, y = Windows(one, one.starts()["test"], features=("value", "known", "table", "table ahead"), scaler=scaler,
                       table=table_by_row(one, rows)).tensors()
        assert torch.isfinite(x).all() and torch.isfinite(y).all() and x.abs().max() < 10
        assert not x[..., 0, 1].any() and not x[..., 2, 1].any() and not y[..., [0, 2]].any()


def test_a_smooth_table_is_what_a_loop_finds():
    one = series(24 * 6, missing=0.2)
    table, by_row = daily_table(one, slice(0, 120), smooth=2), table_by_row(one, slice(0, 120), smooth=2)
    day, step = np.arange(len(one)) // 24, one.step_of_day
    for at in (0, 1, 12, 23):
        near = (step[:120] - at + 2) % 24 <= 4  # two steps to either side, over midnight
        for v in range(3):
            assert table[at, v] == pytest.approx(np.nanmean(one.values[:120][near][:, v]), abs=1e-4)
            others = near & (day[:120] != 2)
            assert by_row[48 + at, v] == pytest.approx(np.nanmean(one.values[:120][others][:, v]), abs=1e-4)
            assert by_row[120 + at, v] == table[at, v]
    for wrong in (-1, 0.5, 12):
        with pytest.raises(ValueError, match=f"smooth is {wrong}"):
            daily_table(one, slice(0, 120), smooth=wrong)
    assert np.array_equal(daily_table(one, slice(0, 120), smooth=0), daily_table(one, slice(0, 120)))


def test_a_smooth_linear_row_is_told_nothing_about_itself():
    one = series(24 * 8)
    train, test = np.arange(60), np.arange(120, 140)
    changed = replace(one, values=np.where(np.arange(len(one))[:, None] >= 120, 7, one.values))
    a, b = (traffic.baselines.linear(s, train[:9], train, 6, 3, table="others", smooth=2) for s in (one, changed))
    assert np.array_equal(a, b)
    assert not np.array_equal(*(traffic.baselines.linear(one, test, train, 6, 3, table="others", smooth=n) for n in (0, 2)))
