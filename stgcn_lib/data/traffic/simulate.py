"""Simulated traffic: a cell transmission model on a road network, with demand by hour, accidents and sensors that fail.

>>> series = simulate("ring", days=1, seed=3)
>>> series.values.shape
(288, 40)

Roads are cut into cells. In each step of 30 seconds a cell sends what it can and the next one takes what it can (Daganzo, 1994):

    sending   S_i = min(v k_i, Q)          k_i: vehicles a km in cell i, v: free speed, Q: capacity
    receiving R_i = min(Q, w (K - k_i))    K: jam density, w: speed of the wave that runs backwards
    flow from i to j: min(S_i, R_j); where roads join, what a cell can take is shared in proportion to what is sent

No vehicle is lost, no cell holds more than the jam density, and a jam grows against the driving direction at the speed that its
front has in theory. What the model leaves out: lights, overtaking, drivers who slow down to look, routes that change in a jam.

Paper: Daganzo, The cell transmission model: a dynamic representation of highway traffic consistent with the hydrodynamic
theory, Transportation Research Part B, 1994; part II: network traffic, 1995.
"""

from dataclasses import dataclass

import numpy as np

from ...graphs import five_crossings, ring_road
from .series import TrafficSeries

STEP = 30.0  # seconds of one step of the simulation
RECORD = 300.0  # seconds of one record: speeds, flows and densities are means over five minutes
# Demand at the full hours, as a share of the largest; between two hours it changes evenly.
WEEKDAY = (.12, .08, .06, .06, .1, .25, .6, .95, 1., .8, .65, .62, .65, .66, .7, .82, .97, 1., .85, .6, .45, .35, .28, .2)
WEEKEND = (.2, .15, .1, .08, .07, .08, .12, .2, .32, .45, .58, .66, .7, .7, .68, .66, .65, .62, .58, .5, .42, .36, .3, .25)


@dataclass(frozen=True)
class FundamentalDiagram:
    """How many vehicles pass at which density: up along the free speed, down along the backward wave, a triangle.

    Args:
        free_speed: km/h on an empty road.
        capacity: vehicles an hour, the top of the triangle.
        jam_density: vehicles a km when nobody moves.

    Raises:
        ValueError: a number is not positive, or the jam comes before the road is full.
    """

    free_speed: float = 100.0
    capacity: float = 6000.0
    jam_density: float = 360.0

    def __post_init__(self):
        for name in ("free_speed", "capacity", "jam_density"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected a positive number")
        if self.jam_density <= self.critical_density:
            raise ValueError(f"jam_density is {self.jam_density:g}, expected more than capacity / free_speed = "
                             f"{self.critical_density:g} vehicles a km, where the road is just full")

    @property
    def critical_density(self):
        """Vehicles a km at the top: below it traffic is free, above it is jammed."""
        return self.capacity / self.free_speed

    @property
    def wave_speed(self):
        """Speed in km/h, against the driving direction, of every change within a jam."""
        return self.capacity / (self.jam_density - self.critical_density)

    def flow(self, density):
        """Vehicles an hour that pass at a density (vehicles a km) that stays as it is."""
        density = np.asarray(density, dtype=float)
        return np.minimum(self.free_speed * density, self.wave_speed * (self.jam_density - density))

    def speed(self, density):
        """Mean speed in km/h at that density: flow / density, the free speed on an empty road."""
        density = np.asarray(density, dtype=float)
        return self.flow(density) / np.where(density > 0, density, 1) + np.where(density > 0, 0, self.free_speed)


class CellNetwork:
    """Cells of roads in any arrangement; `step` moves the vehicles on by 30 seconds.

    Args:
        diagram: `FundamentalDiagram` of every cell.
        following: (n, k) whole numbers: the cells that each cell leads to, -1 for none.
        shares: (n, k) share of the drivers who go there; the rest of each row leaves the network.
        length: length of each cell in km; a driver at free speed may not cross more than one cell in a step.
        ramp: the most vehicles an hour that one entry lets through.

    Attributes:
        density: (n,) vehicles a km.
        waiting: (n,) vehicles that want to enter at each cell and have found no room yet.
        arrived, left: how many vehicles have come to the entries and have left the network so far.

    Raises:
        ValueError: the arguments do not describe a network, or a step would cross more than a cell.
    """

    def __init__(self, diagram, following, shares, length, ramp=2000.0):
        following, shares = np.asarray(following), np.asarray(shares, dtype=float)
        if following.ndim != 2 or following.shape != shares.shape or not np.issubdtype(following.dtype, np.integer):
            raise ValueError(f"following has shape {following.shape}, shares {shares.shape}, expected both (cells, most that "
                             "follow one), following in whole numbers")
        n = len(following)
        if following.min() < -1 or following.max() >= n:
            raise ValueError(f"following names cells {following.min()} to {following.max()}, expected 0 to {n - 1}, or -1 for none")
        if shares.min() < 0 or shares.sum(1).max() > 1 + 1e-9:
            raise ValueError("shares must not be negative, and each row at most 1: the rest of a row leaves the network")
        if not length >= diagram.free_speed * STEP / 3600:
            raise ValueError(f"length is {length!r} km, expected at least {diagram.free_speed * STEP / 3600:.3f}: at free speed a "
                             "driver would cross more than one cell in a step")
        self.diagram, self.length, self.ramp = diagram, float(length), float(ramp)
        self._shares = np.where(following < 0, 0, shares)
        self._following = np.where(following < 0, n, following)  # one more cell, where nobody goes, stands for "none"
        self.density, self.waiting = np.zeros(n), np.zeros(n)
        self.arrived = self.left = 0.0

    def step(self, demand=0.0, limits=1.0):
        """Move on by 30 seconds.

        Args:
            demand: (n,) vehicles an hour that come to the entry of each cell.
            limits: (n,) share of its capacity that the end of each cell has just now: below 1 after an accident.

        Returns:
            (n,) vehicles an hour that left each cell.
        """
        n, d, hours = len(self.density), self.diagram, STEP / 3600
        demand = np.broadcast_to(np.asarray(demand, dtype=float), n)
        self.arrived += demand.sum() * hours
        self.waiting += demand * hours
        sending = np.minimum(d.free_speed * self.density, d.capacity * np.broadcast_to(limits, n))
        receiving = np.clip(d.wave_speed * (d.jam_density - self.density), 0, d.capacity)
        entering = np.minimum(self.waiting / hours, self.ramp)
        wanted = entering + self._gather(sending)
        room = np.append(np.minimum(1, receiving / np.maximum(wanted, 1e-12)), 1.0)  # share of the wish that each cell grants
        # drivers stay in line: one way that is blocked holds up those behind who want to go another
        leaving = sending * room[self._following].min(1)
        entering = entering * room[:n]
        self.density += hours / self.length * (self._gather(leaving) + entering - leaving)
        self.waiting -= hours * entering
        self.left += hours * (leaving * (1 - self._shares.sum(1))).sum()
        return leaving

    def _gather(self, flow):
        """What arrives at each cell if each cell sends that flow."""
        n = len(flow)
        return np.bincount(self._following.ravel(), (flow[:, None] * self._shares).ravel(), n + 1)[:n]

    def record(self, demand=0.0, limits=1.0):
        """Move on by five minutes; returns speed (km/h), flow (vehicles an hour) and density (vehicles a km), each (n,), as means.

        The speed is that of all the vehicles in the cell: mean flow over mean density.
        """
        steps = round(RECORD / STEP)
        flow, density = np.zeros((2, len(self.density)))
        for _ in range(steps):
            density += self.density / steps
            flow += self.step(demand, limits) / steps
        return _speed(flow, density, self.diagram), flow, density


def _speed(flow, density, diagram):
    """Mean speed in km/h; on an empty road the free speed."""
    driven = density > 1e-9
    return np.where(driven, flow / np.where(driven, density, 1), diagram.free_speed)


class RingRoad(CellNetwork):
    """A ring road of cells of one km, step by step: nothing in it is left to chance.

    The traffic sandbox of the book repeats it in the page, number for number.

    Args:
        cells: how many; drivers go from cell i to cell i + 1 and from the last one to cell 0.
        hour: time of day at the start, 0 to 24. The road starts empty three hours earlier and is driven up to that hour.
        density: (cells,) vehicles a km at the start; the three hours are left out then.
        entries: {cell: vehicles an hour that come to its ramp when demand is largest}; None: five of them.
        exits: {cell: share of its drivers who leave after it}; None: five of them. A ring without entries and exits
            (`entries={}, exits={}`) keeps its vehicles for ever.
        profile: 24 shares of the demand, one for each full hour.
        diagram: `FundamentalDiagram`; three lanes.

    Attributes:
        time: seconds since midnight.
        limits: (cells,) share of its capacity that each cell has now.

    Raises:
        ValueError: an argument makes no ring.
    """

    LANE_CLOSED, ACCIDENT = 2 / 3, 0.35  # shares of the capacity that stay: two lanes of three; drivers slow down to look

    def __init__(self, cells=40, hour=6.0, density=None, entries=None, exits=None, profile=WEEKDAY, diagram=FundamentalDiagram()):
        if not isinstance(cells, int | np.integer) or cells < 3:
            raise ValueError(f"cells is {cells!r}, expected a whole number, 3 or more")
        if not 0 <= hour <= 24:
            raise ValueError(f"hour is {hour!r}, expected 0 to 24")
        if np.shape(profile) != (24,) or min(profile) < 0:
            raise ValueError(f"profile has shape {np.shape(profile)}, expected 24 shares of the demand, none negative")
        self.entries = {round(i * cells / 5): most for i, most in enumerate((1800., 1700., 2150., 1800., 2150.))} \
            if entries is None else dict(entries)
        self.exits = {round((i + 0.75) * cells / 5): share for i, share in enumerate((0.3, 0.12, 0.36, 0.12, 0.36))} \
            if exits is None else dict(exits)
        for name, places in (("entries", self.entries), ("exits", self.exits)):
            if any(place not in range(cells) or not value >= 0 for place, value in places.items()):
                raise ValueError(f"{name} is {places}, expected numbers that are not negative, at cells 0 to {cells - 1}")
        share = 1 - np.array([self.exits.get(i, 0.0) for i in range(cells)])
        super().__init__(diagram, (np.arange(cells)[:, None] + 1) % cells, share[:, None], 1.0, ramp=1600.0)
        self.profile = tuple(profile)
        self._most = np.array([float(self.entries.get(i, 0)) for i in range(cells)])
        self._until = np.zeros(cells)  # when the accident of each cell is cleared, in seconds since midnight
        self._closed = np.zeros(cells, dtype=bool)
        self.time = 3600.0 * hour
        if density is None:
            self.time -= 3 * 3600.0
            for _ in range(round(3 * 3600 / STEP)):
                self.step()
        else:
            density = np.array(density, dtype=float)
            if density.shape != (cells,) or not ((density >= 0) & (density <= diagram.jam_density)).all():
                raise ValueError(f"density has shape {density.shape}, expected ({cells},) vehicles a km from 0 to "
                                 f"{diagram.jam_density:g}")
            self.density = density

    @property
    def limits(self):
        return np.minimum(np.where(self._closed, self.LANE_CLOSED, 1), np.where(self.time < self._until, self.ACCIDENT, 1))

    def accident(self, cell, minutes=30):
        """From now on, for so many minutes, 35 % of the capacity is left at the end of the cell. 0 minutes clears it at once."""
        if not 0 <= minutes < np.inf:
            raise ValueError(f"minutes is {minutes!r}, expected 0 or more")
        self._until[self._cell(cell)] = self.time + 60 * minutes

    def close_lane(self, cell, closed=True):
        """From now on the cell has two lanes of three; `closed=False` opens the third again."""
        self._closed[self._cell(cell)] = closed

    def _cell(self, cell):
        if not isinstance(cell, int | np.integer) or not 0 <= cell < len(self.density):
            raise ValueError(f"cell is {cell!r}, expected 0 to {len(self.density) - 1}")
        return cell

    def step(self, demand=None, limits=None):
        """Move on by 30 seconds with the demand of this hour; returns (cells,) vehicles an hour that left each cell."""
        if demand is None:
            demand = self._most * np.interp(self.time / 3600 % 24, range(25), (*self.profile, self.profile[0]))
        flow = super().step(demand, self.limits if limits is None else limits)
        self.time += STEP
        return flow

    def record(self, demand=None, limits=None):
        """Move on by five minutes; returns speed (km/h), flow and density, each (cells,), as means over them."""
        return super().record(demand, limits)


def _crossings():
    """The streets of the five-crossing network, their largest demand, the cells of each sensor, the sensor of each cell."""
    pairs = [pair for a, b in ((0, 1), (1, 2), (2, 3), (3, 4), (0, 3)) for pair in ((a, b), (b, a))]
    cells = 4  # of half a km on each street
    streets = np.arange(cells * len(pairs)).reshape(len(pairs), cells)
    following = np.full((streets.size, 3), -1)
    following[:, 0] = np.arange(streets.size) + 1
    shares = np.zeros(following.shape)
    shares[:, 0] = 1
    for (u, v), end in zip(pairs, streets[:, -1], strict=True):
        onward = [(first, 2.0 if w == 4 else 1.0) for (a, w), first in zip(pairs, streets[:, 0], strict=True) if a == v and w != u]
        following[end], shares[end] = -1, 0  # nobody turns round
        for i, (first, weight) in enumerate(onward):
            following[end, i], shares[end, i] = first, 0.65 * weight / sum(w for _, w in onward)  # the others have arrived
    # vehicles an hour that start in each cell of a street when demand is largest
    most = np.repeat(np.array([109., 86., 109., 94., 98., 86., 109., 98., 94., 109.]), cells)
    sensors = [streets[[v == crossing for _, v in pairs]].ravel() for crossing in range(5)]
    ahead = np.repeat([v for _, v in pairs], cells)
    return CellNetwork(FundamentalDiagram(60.0, 1200.0, 150.0), following, shares, 0.5, ramp=140.0), most, sensors, ahead


def simulate(network="crossings", days=7, seed=0, accidents=2.0, noise=1.5, faults=0.02, start="2024-01-01T00:00"):
    """Days of simulated traffic as sensors would record them, every five minutes.

    Args:
        network: "crossings", five crossings and ten streets (`graphs.five_crossings`), a sensor for the streets that lead
            to each crossing; or "ring", a ring road of 40 km (`graphs.ring_road`), a sensor in each cell of one km.
        days: how many, from midnight to midnight.
        seed: whole number, 0 or more; the same seed gives the same numbers.
        accidents: how many happen in a day on average. Each takes away 50 to 80 per cent of the capacity of one cell for 20 to 60
            minutes.
        noise: standard deviation of the measured speeds, km/h.
        faults: share of the records that are lost on average, most of them in dead spells of 1 to 6 hours, some alone. A lost
            record is 0, as in many published data sets.
        start: first day, "YYYY-MM-DDT00:00"; on Saturdays and Sundays demand has one low peak instead of two high ones.

    Returns:
        TrafficSeries: `values` (288 days, V) in km/h with `null_value=0`; in `tags` what happened in truth, without noise and
        faults, each (288 days, V): "speed", "flow" (vehicles an hour on each road), "density" (vehicles a km on each road), and
        "accident", True while there is one at the sensor or on the street that leads to it.

    Raises:
        ValueError: an argument makes no sense.
    """
    if network not in ("crossings", "ring"):
        raise ValueError(f"network is {network!r}, expected 'crossings' or 'ring'")
    if not isinstance(days, int | np.integer) or days < 1:
        raise ValueError(f"days is {days!r}, expected a whole number, 1 or more")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}, expected a whole number, 0 or more")
    for name, value, most in (("accidents", accidents, 1000), ("noise", noise, 1000), ("faults", faults, 0.9)):
        if not 0 <= value <= most:
            raise ValueError(f"{name} is {value!r}, expected 0 to {most}")
    midnight = np.datetime64(start, "m")
    if midnight != midnight.astype("datetime64[D]"):
        raise ValueError(f"start is {start!r}, expected midnight of a day, such as '2024-01-01T00:00'")

    chance, per_day = np.random.default_rng(seed), round(86400 / RECORD)
    if network == "ring":
        road = RingRoad(hour=0)
        ahead = np.arange(len(road.density))
        graph, most, sensors = ring_road(), road._most, ahead[:, None]
    else:
        road, most, sensors, ahead = _crossings()
        graph = five_crossings()
    limits, accident = _accidents(chance, days * per_day, ahead, accidents)
    monday = (midnight.astype("datetime64[D]").astype(int) + 3) % 7  # 1 January 1970 was a Thursday
    drift, records = np.zeros(len(most)), []
    for t in range(days * per_day):
        profile = WEEKEND if (monday + t // per_day) % 7 >= 5 else WEEKDAY
        hour = t % per_day * 24 / per_day
        drift = 0.9 * drift + chance.normal(0, 0.04, len(most))  # demand swings by about 9 %, and keeps it up for some time
        demand = most * np.interp(hour, range(25), (*profile, profile[0])) * np.maximum(0, 1 + drift)
        _, flow, density = road.record(demand, limits[t])
        records.append([[of[cells].mean() for cells in sensors] for of in (flow, density)])
    flow, density = np.array(records).transpose(1, 0, 2)  # each (T, V)
    speed = _speed(flow, density, road.diagram)
    values = np.maximum(speed + noise * chance.normal(size=speed.shape), 1.0)  # a sensor that works never says 0
    values[_lost(chance, *speed.shape, faults)] = 0
    tags = {"speed": speed.astype(np.float32), "flow": flow.astype(np.float32), "density": density.astype(np.float32),
            "accident": accident}
    return TrafficSeries(f"simulated {network}", values.astype(np.float32), graph, 5, start, "km/h", 0.0, "CC0-1.0",
                         f"cell transmission model, seed {seed}", True, tags)


def _accidents(chance, records, ahead, per_day):
    """Share of the capacity that each cell has, (records, cells), and where an accident is, (records, sensors)."""
    limits, accident = np.ones((records, len(ahead))), np.zeros((records, ahead.max() + 1), dtype=bool)
    for _ in range(chance.poisson(per_day * records * RECORD / 86400)):
        first = int(chance.integers(records // 288) * 288 + chance.uniform(6, 21) * 12)  # by day, when there is traffic
        cell, rows = chance.integers(len(ahead)), slice(first, first + chance.integers(4, 13))
        limits[rows, cell] = np.minimum(limits[rows, cell], chance.uniform(0.2, 0.5))
        accident[rows, ahead[cell]] = True
    return limits, accident


def _lost(chance, records, sensors, share):
    """(records, sensors) True where nothing was recorded."""
    lost = chance.random((records, sensors)) < share / 10
    for sensor in range(sensors):
        for _ in range(chance.poisson(0.9 * share * records / 42)):  # spells of 42 records on average
            first = chance.integers(records)
            lost[first:first + chance.integers(12, 73), sensor] = True
    return lost
