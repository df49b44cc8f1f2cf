/* The ring road, its forecasts and their scores, number for number as data/traffic/simulate.py and recipes/ring.py have them.
   A further kind of forecaster joins by adding a function to `gim.sandbox.kinds` and an entry to the list in the data. */
gim.sandbox = gim.sandbox || (() => {
  "use strict";
  const STEP = 30, RECORD = 300, STEPS = RECORD / STEP, HORIZON = 6, LAGS = 3, PAST = 24, SCORED = 12, HOURS = STEP / 3600;
  const range = (n) => [...Array(n).keys()], zeros = (n) => Array(n).fill(0), near = (i, n) => ((i % n) + n) % n;

  /* A ring road that opens at an hour, or goes on from `state`. Vehicles an hour, vehicles a km, km/h, seconds since midnight. */
  function ring(road, hour, state) {
    const n = road.cells, wave = road.capacity / (road.jam_density - road.capacity / road.free_speed), most = zeros(n), stay = Array(n).fill(1);
    for (const [cell, demand] of road.entries) most[cell] = demand;
    for (const [cell, share] of road.exits) stay[cell] = 1 - share;
    const profile = [...road.profile, road.profile[0]];
    const self = state || { density: zeros(n), waiting: zeros(n), until: zeros(n), closed: Array(n).fill(false), time: hour * 3600 - 3 * 3600 };
    const limit = (i) => Math.min(self.closed[i] ? road.lane_closed : 1, self.time < self.until[i] ? road.accident : 1);
    function demand() {
      const x = near(self.time / 3600, 24), k = Math.floor(x);
      return (profile[k + 1] - profile[k]) * (x - k) + profile[k];
    }
    /* Thirty seconds on; gives the vehicles an hour that left each cell. */
    function step() {
      const { density, waiting } = self, wish = demand();
      const sending = density.map((k, i) => Math.min(road.free_speed * k, road.capacity * limit(i)));
      const receiving = density.map((k) => Math.max(0, Math.min(road.capacity, wave * (road.jam_density - k))));
      waiting.forEach((_, i) => { waiting[i] += most[i] * wish * HOURS; });
      const entering = waiting.map((w) => Math.min(w / HOURS, road.ramp)), before = (list, i) => list[near(i - 1, n)];
      const room = receiving.map((r, i) => Math.min(1, r / Math.max(entering[i] + before(sending, i) * before(stay, i), 1e-12)));
      const leaving = sending.map((s, i) => s * room[(i + 1) % n]);
      for (let i = 0; i < n; i++) {
        const entered = entering[i] * room[i];
        density[i] += (HOURS / road.length) * (before(leaving, i) * before(stay, i) + entered - leaving[i]);
        waiting[i] -= HOURS * entered;
      }
      self.time += STEP;
      return leaving;
    }
    if (!state) for (let i = 0; i < (3 * 3600) / STEP; i++) step();
    return {
      state: self, step, limit,
      accident(cell, minutes) { self.until[cell] = self.time + 60 * minutes; },
      closeLane(cell, closed) { self.closed[cell] = closed; },
      copy: () => ring(road, 0, { ...self, density: [...self.density], waiting: [...self.waiting], until: [...self.until], closed: [...self.closed] }),
    };
  }
  const pace = (flow, density, free) => (density > 1e-9 ? flow / density : free);

  /* Five minutes as they pass: `add` each step; after ten of them `done` gives means. */
  function meter(n, free, [flow, density, steps] = [zeros(n), zeros(n), 0]) {
    return {
      add(before, leaving) {
        for (let i = 0; i < n; i++) { density[i] += before[i] / STEPS; flow[i] += leaving[i] / STEPS; }
        steps++;
      },
      full: () => steps === STEPS,
      copy: () => meter(n, free, [[...flow], [...density], steps]),
      done() {
        const made = { speed: flow.map((q, i) => pace(q, density[i], free)), flow, density };
        [flow, density, steps] = [zeros(n), zeros(n), 0];
        return made;
      },
    };
  }

  // ---- forecasters: (model, table, history, row) -> [HORIZON][cells]; history newest last, row: which record of the day that is -----
  const usual = (table, row) => table[Math.floor(near(row, 3 * table.length) / 3)];
  const kinds = {
    last: (model, table, history) => range(HORIZON).map(() => [...history.at(-1)]),
    daily: (model, table, history, row) => range(HORIZON).map((h) => [...usual(table, row + 1 + h)]),
    linear(model, table, history, row, free) {
      const n = history[0].length, below = range(model.weights[0].length).map((lag) => history.at(-1 - lag).map((x) => x - free));
      return range(HORIZON).map((h) => range(n).map((v) => {
        let sum = free + model.bias[h] + model.mean[h] * (usual(table, row + 1 + h)[v] - free);
        below.forEach((list, lag) => model.hops.forEach((k, i) => { sum += model.weights[h][lag][i] * list[near(v + k, n)]; }));
        return Math.max(0, Math.min(free, sum));
      }));
    },
  };

  /* A road with sensors, records every five minutes, forecasts after each record, and scores over the last hour. */
  function session(data, hour) {
    const { road, table, forecasters } = data, n = road.cells, live = ring(road, hour - (PAST * RECORD) / 3600), off = Array(n).fill(false), records = [];
    const gauge = meter(n, road.free_speed), self = { road: live, off, records, filled: false, flow: zeros(n), before: [...live.state.density] };
    for (const { kind } of forecasters) if (!kinds[kind]) throw new Error(`no forecaster of the kind "${kind}" in this page`);
    function keep(made) {
      const row = Math.round(live.state.time / RECORD) - 1, last = records.at(-1);
      const record = { ...made, row, recorded: made.speed.map((x, i) => (off[i] ? 0 : x)), known: made.speed.map((x, i) => (off[i] && last ? last.known[i] : x)) };
      records.push(record);
      const history = records.slice(-LAGS).map((one) => (self.filled ? one.known : one.recorded));
      record.forecasts = history.length < LAGS ? null : Object.fromEntries(forecasters.map((model) => [model.name, kinds[model.kind](model, table, history, row, road.free_speed)]));
    }
    /* Thirty seconds on; true if a record was completed. */
    self.step = () => {
      self.before = [...live.state.density];
      self.flow = live.step();
      gauge.add(self.before, self.flow);
      if (!gauge.full()) return false;
      keep(gauge.done());
      return true;
    };
    self.speeds = () => self.flow.map((q, i) => pace(q, self.before[i], road.free_speed));
    /* Speeds of the next records if nothing else happens, from the one that has begun on. */
    self.ahead = () => {
      const copy = live.copy(), count = gauge.copy(), found = [];
      while (found.length < HORIZON) {
        const before = [...copy.state.density];
        count.add(before, copy.step());
        if (count.full()) found.push(count.done().speed);
      }
      return found;
    };
    /* |forecast made h records before - truth| of record i (the last one if left out). */
    self.error = (name, h, i = records.length - 1) => {
      const made = i >= h && records[i - h].forecasts;
      return made ? records[i].speed.map((x, v) => Math.abs(made[name][h - 1][v] - x)) : null;
    };
    /* Mean absolute errors over the last hour at 1 ... HORIZON records ahead: [masked, unmasked]. */
    self.scores = (name) => [true, false].map((masked) => range(HORIZON).map((k) => {
      let sum = 0, count = 0;
      for (let i = records.length - SCORED; i < records.length; i++) records[i].recorded.forEach((x, v) => {
        if (masked && x === 0) return;
        sum += Math.abs(records[i - k - 1].forecasts[name][k][v] - x);
        count++;
      });
      return count ? sum / count : 0;
    }));
    for (let i = 0; i < PAST * STEPS; i++) self.step();
    return self;
  }

  return { STEP, RECORD, STEPS, HORIZON, PAST, SCORED, kinds, ring, session, range };
})();
