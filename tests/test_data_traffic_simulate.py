"""The traffic simulator against what the theory says: vehicles are kept, waves and jams move at their speeds."""

import numpy as np
import pytest

from stgcn_lib.data.traffic.simulate import WEEKDAY, CellNetwork, FundamentalDiagram, RingRoad, _lost, simulate

ROAD = FundamentalDiagram()  # 100 km/h, 6000 vehicles an hour, 360 vehicles a km; full at 60, waves run back at 20 km/h


def closed_ring(density):
    return RingRoad(len(density), density=density, entries={}, exits={})


def inside(network):
    return network.density.sum() * network.length + network.waiting.sum()


def tree():
    """Cells 0 and 1 join in 2; a fifth of the drivers leave after 2, the others go to 3 or, twice as many, to 4."""
    following = np.array([[2, -1], [2, -1], [3, 4], [-1, -1], [-1, -1]])
    shares = np.array([[1, 0], [1, 0], [0.8 / 3, 1.6 / 3], [0, 0], [0, 0]])
    return CellNetwork(ROAD, following, shares, 1.0)


# ---- the diagram ------------------------------------------------------------------------------------------------------------

def test_the_diagram_is_a_triangle():
    assert (ROAD.critical_density, ROAD.wave_speed) == (60, 20)
    assert ROAD.flow([0, 30, 60, 160, 360]).tolist() == [0, 3000, 6000, 4000, 0]
    assert ROAD.speed([0, 30, 60, 160, 360]).tolist() == [100, 100, 100, 25, 0]


@pytest.mark.parametrize("wrong", [dict(free_speed=0), dict(capacity=-1), dict(jam_density=np.inf), dict(jam_density=np.nan),
                                   dict(jam_density=60)])
def test_no_diagram(wrong):
    with pytest.raises(ValueError, match="expected"):
        FundamentalDiagram(**wrong)


# ---- vehicles are kept, cells hold what they can ----------------------------------------------------------------------------

def test_a_step_is_the_smaller_of_what_is_sent_and_what_is_taken():
    chance = np.random.default_rng(0)
    density = chance.uniform(0, 360, 30)
    road = closed_ring(density)
    for _ in range(50):
        sent = [min(100 * k, 6000) for k in density]
        taken = [min(6000, 20 * (360 - k)) for k in density]
        flow = [min(sent[i], taken[(i + 1) % 30]) for i in range(30)]
        density = [density[i] + (flow[i - 1] - flow[i]) * 30 / 3600 for i in range(30)]
        assert road.step() == pytest.approx(flow, abs=1e-8)
        assert road.density == pytest.approx(density, abs=1e-8)


def test_vehicles_are_kept_and_cells_never_overflow():
    chance = np.random.default_rng(1)
    ring, net = RingRoad(hour=7), tree()
    came, start = ring.arrived, inside(ring) + ring.left
    assert came == pytest.approx(start)
    for t in range(3000):
        if t % 40 == 0:
            ring.accident(int(chance.integers(40)), minutes=float(chance.uniform(0, 60)))
            ring.close_lane(int(chance.integers(40)), bool(chance.integers(2)))
        limits = np.where(chance.random(5) < 0.3, chance.random(5), 1)
        for road, flow in ((ring, ring.step()), (net, net.step(chance.uniform(0, 6000, 5), limits))):
            assert (flow >= 0).all() and (flow <= 6000 + 1e-9).all()
            assert (road.density > -1e-9).all() and (road.density < 360 + 1e-9).all() and (road.waiting > -1e-9).all()
    for road in (ring, net):
        assert road.arrived > 5000 and inside(road) + road.left == pytest.approx(road.arrived, rel=1e-10)


def test_a_closed_ring_keeps_its_vehicles():
    road = closed_ring(np.random.default_rng(2).uniform(0, 360, 40))
    before = road.density.sum()
    road.accident(3)
    for _ in range(100):
        road.record()
    assert road.density.sum() == pytest.approx(before, rel=1e-12) and road.left == 0


def test_where_roads_join_room_is_shared_and_where_they_part_drivers_stay_in_line():
    net = tree()
    net.density[:] = 40, 20, 300, 0, 0  # 4000 and 2000 want into a cell that takes 20 (360 - 300) = 1200
    assert net.step().tolist() == pytest.approx([800, 400, 6000, 0, 0])
    net.density[:] = 0, 0, 60, 0, 310  # of 6000 vehicles 3200 want to 4, which takes 1000: all of them wait in the same line
    left = net.left
    assert net.step()[2] == pytest.approx(6000 * 1000 / 3200)
    assert net.density[3:].tolist() == pytest.approx([1875 * 0.8 / 3 / 120, 310 + (1000 - 6000) / 120])
    assert net.left - left == pytest.approx((0.2 * 1875 + 6000) / 120)


def test_whoever_finds_no_room_waits_at_the_entry():
    net = tree()
    net.density[3] = 360
    net.step(demand=[0, 0, 0, 1200, 0])
    assert net.waiting[3] == pytest.approx(10) and net.arrived == pytest.approx(10)
    net.step(demand=[2400, 0, 0, 0, 0])  # 20 vehicles, but the ramp lets 2000 an hour pass
    assert net.waiting[0] == pytest.approx(20 - 2000 / 120)


def test_other_names_for_the_cells_change_nothing():
    chance = np.random.default_rng(3)
    plain, order = tree(), np.array([3, 0, 4, 1, 2])  # cell i is called order[i]
    following, shares = np.full((5, 2), -1), np.zeros((5, 2))
    for i, (to, share) in enumerate(zip([[2, -1], [2, -1], [3, 4], [-1, -1], [-1, -1]], plain._shares, strict=True)):
        following[order[i]], shares[order[i]] = [order[j] if j >= 0 else -1 for j in to], share
    other = CellNetwork(ROAD, following, shares, 1.0)
    for _ in range(200):
        demand = chance.uniform(0, 3000, 5)
        renamed = np.empty(5)
        renamed[order] = demand
        assert other.step(renamed)[order] == pytest.approx(plain.step(demand), abs=1e-8)


# ---- how fast things move ---------------------------------------------------------------------------------------------------

def front(density, ahead, behind, first, last):
    """Where a front stands between two cells: behind it one density, ahead of it another, told by how many vehicles there are."""
    return first + (density[first:last] - ahead).sum() / (behind - ahead)


@pytest.mark.parametrize(("free", "jammed"), [(20, 120), (50, 240), (30, 210), (5, 340), (55, 300)])
def test_the_tail_of_a_jam_moves_as_rankine_and_hugoniot_say(free, jammed):
    wanted = (ROAD.flow(jammed) - ROAD.flow(free)) / (jammed - free)  # km/h, positive with the traffic
    road = closed_ring(np.where((np.arange(300) >= 100) & (np.arange(300) < 250), float(jammed), float(free)))
    for _ in range(60):
        road.step()
    assert front(road.density, jammed, free, 50, 200) == pytest.approx(100 + wanted / 2, abs=0.001)  # after half an hour
    sharp = np.abs(road.density[50:200] - (free + jammed) / 2) < 0.4 * (jammed - free)
    assert sharp.sum() <= 5  # it stays a front: no more than some cells are in between


def test_the_head_of_a_jam_moves_back_at_the_wave_speed():
    density = np.full(200, 30.0)
    density[60:140] = 200
    road = closed_ring(density)
    for _ in range(60):
        road.step()
    assert front(road.density, 60, 200, 100, 160) == pytest.approx(140 - 10, abs=0.02)  # 20 km/h for half an hour


def test_free_flow_stays_free_flow_and_its_pattern_drives_along():
    x = np.arange(120)
    bump = lambda at: 30 + 25 * np.exp(-((x - at) ** 2) / 50)  # noqa: E731
    road = closed_ring(bump(30))
    for _ in range(6):
        speed, flow, density = road.record()
        assert speed == pytest.approx(100) and flow == pytest.approx(100 * density)
    weight = road.density - 30
    assert (x * weight).sum() / weight.sum() == pytest.approx(80, abs=0.01)  # 100 km/h for half an hour
    still = closed_ring(np.full(20, 60.0))
    assert still.record()[0] == pytest.approx(100) and still.density == pytest.approx(60)


def test_behind_an_accident_stands_a_jam_with_the_density_that_the_diagram_gives():
    road = closed_ring(np.full(200, 50.0))
    road.accident(150, minutes=60)
    for _ in range(12):
        speed, flow, _ = road.record()
    least = RingRoad.ACCIDENT * 6000
    jam = 360 - least / 20
    assert flow[150] == pytest.approx(least) and road.density[145:151] == pytest.approx(jam, rel=1e-3)
    assert speed[148] == pytest.approx(least / jam, rel=1e-3)
    assert speed[151] == pytest.approx(100)  # who is past it drives freely
    assert (road.density > 150).sum() == pytest.approx((5000 - least) / (jam - 50), abs=1.1)  # km in one hour
    for _ in range(2):
        road.record()
    assert road.density[151:160].max() == pytest.approx(60, rel=0.02)  # cleared: it goes off at capacity


# ---- the ring road of the sandbox -------------------------------------------------------------------------------------------

def test_the_ring_road_is_the_same_every_time():
    def drive():
        road = RingRoad(hour=7)
        rows = []
        for t in range(30):
            if t == 3:
                road.accident(12)
            if t == 8:
                road.close_lane(30)
            rows.append(np.stack(road.record()))
        return np.array(rows), road

    (first, road), (second, _) = drive(), drive()
    assert (first == second).all() and np.isfinite(first).all()
    assert road.time == 7 * 3600 + 30 * 300 and road.limits[30] == RingRoad.LANE_CLOSED and road.limits[12] == 1
    quiet = RingRoad(hour=7)
    assert all((quiet.record()[0] == row[0]).all() for row in first[:3])
    assert first[6, 0, 11] < 30 and quiet.record()[0][11] > 90


def test_an_accident_ends_and_can_be_cleared():
    road = RingRoad(hour=12)
    road.accident(5, minutes=10)
    road.accident(6, minutes=10)
    assert road.limits[5] == RingRoad.ACCIDENT
    road.accident(5, minutes=0)
    road.record()
    assert road.limits[5] == 1 and road.limits[6] == RingRoad.ACCIDENT
    road.record()
    assert (road.limits == 1).all()
    road.close_lane(5)
    road.accident(5)
    assert road.limits[5] == RingRoad.ACCIDENT  # the smaller share counts
    road.accident(5, 0)
    assert road.limits[5] == RingRoad.LANE_CLOSED
    road.close_lane(5, closed=False)
    assert (road.limits == 1).all()


@pytest.mark.parametrize("network", ["crossings", "ring"])
def test_jams_of_a_busy_day_are_gone_before_the_next(network):
    """Exits that are blocked by drivers who want to go on can lock a ring for ever: the demand must leave room."""
    speed = simulate(network, days=5, seed=4, accidents=4).tags["speed"].reshape(5, 288, -1)
    assert speed.min() < 15 and speed[1:, 48:60].min() > 0.99 * speed.max()  # 4 to 5 in the morning


@pytest.mark.parametrize("wrong", [dict(cells=2), dict(cells=10.5), dict(hour=-1), dict(hour=25), dict(density=[1, 2]),
                                   dict(density=np.full(40, 400)), dict(density=np.full(40, np.nan)), dict(entries={40: 5}),
                                   dict(entries={3: -5}), dict(exits={3: 1.5}), dict(exits={-1: 0.5}), dict(profile=(1, 2))])
def test_no_ring(wrong):
    with pytest.raises(ValueError):
        RingRoad(**wrong)


def test_no_event():
    road = RingRoad()
    for call in (lambda: road.accident(40), lambda: road.accident(-1), lambda: road.accident(1.5), lambda: road.close_lane(99),
                 lambda: road.accident(3, -1), lambda: road.accident(3, np.nan)):
        with pytest.raises(ValueError, match="expected"):
            call()


@pytest.mark.parametrize("wrong", [dict(following=[[1]], shares=[[0.5], [0.5]]), dict(following=[[2], [-1]], shares=[[1], [0]]),
                                   dict(following=[[1], [-1]], shares=[[1.2], [0]]),
                                   dict(following=[[1], [-1]], shares=[[-1], [0]]), dict(following=[[0.5]], shares=[[1]]),
                                   dict(following=[[-1]], shares=[[0]], length=0.5)])
def test_no_network(wrong):
    with pytest.raises(ValueError):
        CellNetwork(**{"diagram": ROAD, "length": 1.0} | wrong)


# ---- whole days -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("network", "sensors", "free"), [("crossings", 5, 60), ("ring", 40, 100)])
def test_a_simulated_day(network, sensors, free):
    series = simulate(network, days=2, seed=3)
    assert series.values.shape == (576, sensors) and series.values.dtype == np.float32
    assert series.graph.num_nodes == sensors and series.synthetic and series.units == "km/h" and series.null_value == 0
    speed, flow, density = (series.tags[name] for name in ("speed", "flow", "density"))
    assert speed.shape == flow.shape == density.shape == series.tags["accident"].shape == series.values.shape
    assert speed.min() > 0 and speed.max() <= free * (1 + 1e-6) and density.max() <= (360 if network == "ring" else 150)
    assert flow == pytest.approx(speed * density, rel=1e-3)
    known = series.mask
    error = series.values[known] - speed[known]
    assert abs(error.mean()) < 0.1 and error.std() == pytest.approx(1.5, rel=0.05)
    night, peak = flow.reshape(2, 24, 12, sensors)[:, 3].mean(), flow.reshape(2, 24, 12, sensors)[:, 8].mean()
    assert peak > 5 * night


def test_one_seed_is_one_week():
    one, same, other = (simulate("crossings", days=1, seed=seed) for seed in (5, 5, 6))
    assert (one.values == same.values).all() and (one.tags["accident"] == same.tags["accident"]).all()
    assert (one.values != other.values).any()


def test_without_noise_and_faults_the_record_is_the_truth():
    series = simulate("ring", days=1, seed=1, noise=0, faults=0, accidents=0)
    assert (series.values == np.maximum(series.tags["speed"], 1)).all() and series.mask.all()
    assert not series.tags["accident"].any()


def test_faults_come_in_spells_and_as_often_as_asked():
    dead = _lost(np.random.default_rng(0), 20000, 10, 0.05)
    assert dead.mean() == pytest.approx(0.05, rel=0.1)
    lengths = [len(run) for column in dead.T for run in "".join(map(str, column.astype(int))).split("0") if run]
    assert lengths.count(1) > 100 and 35 < np.mean([n for n in lengths if n > 3]) < 55
    assert not _lost(np.random.default_rng(0), 288, 5, 0).any()


def test_accidents_slow_the_sensors_and_peaks_the_working_days():
    friday = dict(network="ring", days=2, seed=2, noise=0, faults=0, start="2024-01-05T00:00")
    quiet, busy = simulate(accidents=0, **friday), simulate(accidents=20, **friday)
    assert busy.tags["speed"].mean() < quiet.tags["speed"].mean() - 2 and busy.tags["accident"].mean() > 0.005
    flow = quiet.tags["flow"].reshape(2, 24, 12, 40).mean((2, 3))  # (days, hours)
    assert flow[0, 8] > 1.5 * flow[1, 8] and flow[1, 12] > flow[1, 8]


def test_congestion_travels_upstream():
    """What a cell does now, the cell behind it does later."""
    speed = simulate("ring", days=3, seed=0, noise=0, faults=0).tags["speed"]
    slow = (speed < 50).astype(float)
    slow -= slow.mean(0)
    upstream, downstream = ((slow[:-3] * np.roll(slow, hops, axis=1)[3:]).mean() for hops in (5, -5))  # 5 km in 15 minutes
    assert upstream > 2 * downstream


@pytest.mark.parametrize("wrong", [dict(network="star"), dict(days=0), dict(days=1.5), dict(seed=-1), dict(seed=0.5),
                                   dict(accidents=-1), dict(accidents=np.nan), dict(noise=-1), dict(faults=1.0), dict(faults=-0.1),
                                   dict(start="2024-01-01T07:00")])
def test_no_simulation(wrong):
    with pytest.raises(ValueError, match="expected"):
        simulate(**{"days": 1} | wrong)


def test_the_profiles_are_shares():
    assert max(WEEKDAY) == 1 and min(WEEKDAY) > 0
