/* A ring road from above. The reader places accidents, closes lanes and switches sensors off; every five minutes the forecasters
   say what they expect, and are told how wrong they were. The numbers come from sandbox-math.js. */
gim.define("sandbox", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, { roads, sandbox } = gim, { range, STEP, HORIZON, SCORED, PAST } = sandbox, { road } = data;
  const n = road.cells, MINUTES = sandbox.RECORD / 60, ACCIDENT = 30, SHOWN = 12, SLOW = 0.7 * road.free_speed;
  const models = data.forecasters.map((one) => ({ ...one, on: true, tone: `stroke:var(--gim-${one.look[0]});stroke-dasharray:${one.look[2] || "none"}`, fill: `fill:var(--gim-${one.look[0]})` }));
  const two = (x) => String(x).padStart(2, "0"), clock = (seconds) => `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}`;
  const ends = (record) => (record.row + 1) * sandbox.RECORD, list = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);
  let { hour, cell } = data.state, tool = "accident", judged = models.at(-1), lead = 3, run = null, placed = [], playing = false, pace = 1, seen = false, handle = 0, before = 0, owed = 0;

  // ---- the road from above --------------------------------------------------------------------------------------------------------
  const at = (i, r) => { const a = (2 * Math.PI * i) / n; return [r * Math.sin(a), -r * Math.cos(a)]; };
  const point = (i, r) => at(i, r).map((x) => x.toFixed(1)).join(" ");
  const arc = (i, from, to, gap = 0.035) => `M${point(i + gap, to)}A${to} ${to} 0 0 1 ${point(i + 1 - gap, to)}L${point(i + 1 - gap, from)}A${from} ${from} 0 0 0 ${point(i + gap, from)}Z`;
  const INNER = 124, OUTER = 166, signs = range(n).map(() => svg("g", { class: "signs" })), bars = range(n).map(() => svg("path", { class: "bar" })), tints = Array(n).fill(-1);
  const skins = range(n).map((i) => svg("path", { class: "skin", d: arc(i, INNER, OUTER) }));
  const cells = range(n).map((i) => svg("g", { class: "cell", role: "button", tabindex: -1, onclick: () => touch(i), onkeydown: (event) => keyed(event, i), onfocus: () => { if (i !== cell) choose(i); } },
    skins[i], signs[i], svg("path", { class: "halo", d: arc(i, INNER, OUTER, 0.02) })));
  const cars = range(44).map((i) => ({ at: (i * n) / 44, lane: [INNER + 9, INNER + 21, INNER + 33][i % 3], node: svg("circle", { class: "car", r: 2.4 }) }));
  const wedge = (i, r, out) => { const [x, y] = at(i + 0.5, r), turn = ((i + 0.5) * 360) / n; return svg("path", { class: "ramp", d: "M-4 -5L4 -5L0 4Z", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${(turn + (out ? 180 : 0)).toFixed(1)})` }); };
  const time = svg("text", { class: "clock", y: -6, "text-anchor": "middle" }), middle = svg("text", { class: "small", y: 16, "text-anchor": "middle" }), judge = svg("text", { class: "small", y: 34, "text-anchor": "middle" });
  const picture = svg("svg", { class: "ring", viewBox: "-200 -200 400 400", role: "group", "aria-label": "The ring road: arrow keys go from cell to cell, Enter does what is chosen above" },
    svg("path", { class: "way", d: `M${point(-1.6, 184)}A184 184 0 0 1 ${point(1.2, 184)}` }), svg("path", { class: "head", d: "M-6 -4L4 0L-6 4Z", transform: `translate(${point(1.4, 184)}) rotate(${(1.4 * 360) / n})` }),
    cells, range(n).filter((i) => i % 5 === 0 && i).map((i) => { const [x, y] = at(i + 0.5, 188); return svg("text", { class: "number", x, y: y + 4, "text-anchor": "middle" }, i); }),
    road.entries.filter(([, most]) => most).map(([i]) => wedge(i, 174, true)), road.exits.filter(([, share]) => share).map(([i]) => wedge(i, 174, false)),
    svg("circle", { class: "inner", r: INNER - 4 }), bars, svg("g", { class: "cars", "aria-hidden": "true" }, cars.map((car) => car.node)), time, middle, judge);

  function paintRoad() {
    run.speeds().forEach((x, i) => {
      const level = roads.level(x / road.free_speed);
      if (level !== tints[i]) { tints[i] = level; skins[i].style.fill = roads.tones[level]; }
    });
    time.textContent = clock(run.road.state.time);
  }
  function paintSigns() {
    const { state } = run.road;
    range(n).forEach((i) => signs[i].replaceChildren(...[
      ...(run.off[i] ? ["under", "over"].map((layer) => svg("path", { class: `off ${layer}`, d: cross(...at(i + 0.5, INNER + 9)) })) : []),
      state.closed[i] ? svg("path", { class: "lane", d: `M${point(i + 0.15, OUTER - 4)}L${point(i + 0.85, OUTER - 4)}M${point(i + 0.15, OUTER - 10)}L${point(i + 0.85, OUTER - 10)}` }) : null,
      state.time < state.until[i] ? svg("g", { class: "crash", transform: `translate(${point(i + 0.5, INNER + 24)})` }, svg("path", { d: "M0 -9L9 7L-9 7Z" }), svg("path", { class: "mark", d: "M0 -4V2M0 4V5.4" })) : null].filter(Boolean)));
    cells.forEach((node, i) => {
      node.setAttribute("aria-label", `cell ${i}: ${told(i)}`);
      node.setAttribute("tabindex", i === cell ? 0 : -1);
      node.classList.toggle("chosen", i === cell);
    });
  }
  const cross = (x, y) => `M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`;
  const told = (i) => [`${digits(run.records.at(-1).speed[i], 0)} km/h`, run.road.state.time < run.road.state.until[i] ? `accident until ${clock(run.road.state.until[i])}` : "",
    run.road.state.closed[i] ? "a lane is closed" : "", run.off[i] ? "sensor off" : ""].filter(Boolean).join(", ");
  function moveCars(seconds) {
    const speeds = run.speeds();
    for (const car of cars) {
      car.at = (car.at + (speeds[Math.floor(car.at) % n] * seconds) / 3600 / road.length) % n;
      const [x, y] = at(car.at, car.lane);
      car.node.setAttribute("cx", x.toFixed(1));
      car.node.setAttribute("cy", y.toFixed(1));
    }
  }

  // ---- what the reader does -------------------------------------------------------------------------------------------------------
  const tools = { accident: ["Accident", crash], lane: ["Lane", lane], sensor: ["Sensor", sensor], look: ["Nothing", () => ""] };
  function crash(i) {
    const on = run.road.state.time >= run.road.state.until[i];
    run.road.accident(i, on ? ACCIDENT : 0);
    if (on) placed.push([run.road.state.time, i]);
    return on ? `Accident in cell ${i}: a third of the capacity is left until ${clock(run.road.state.until[i])}.` : `Cell ${i} is cleared.`;
  }
  function lane(i) {
    const on = !run.road.state.closed[i];
    run.road.closeLane(i, on);
    return on ? `Cell ${i}: one lane of three is closed.` : `Cell ${i}: all three lanes are open.`;
  }
  function sensor(i) {
    run.off[i] = !run.off[i];
    return run.off[i] ? `The sensor of cell ${i} is off: from now on it sends 0.` : `The sensor of cell ${i} works again.`;
  }
  function act(what, i) {
    const words = tools[what][1](i);
    choose(i);
    if (words) { remark.textContent = words; paintNow(); }
  }
  const touch = (i) => { act(tool, i); cells[i].focus(); };
  function choose(i) {
    cell = (i + n) % n;
    paintSigns();
    paintFan();
    tell();
  }
  function keyed(event, i) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const go = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, PageDown: i + 5, PageUp: i - 5, Home: 0, End: n - 1 }[event.key];
    const does = { Enter: tool, " ": tool, a: "accident", l: "lane", s: "sensor" }[event.key];
    if (go === undefined && !does) return;
    event.preventDefault();
    if (does) act(does, i); else { choose(go); cells[cell].focus(); }
  }

  // ---- forecasts of one cell --------------------------------------------------------------------------------------------------------
  const fan = svg("svg", { class: "fan", role: "img" }), fanTitle = el("div", { class: "title" }), TALL = 230, TOP = 18;
  let ahead = [], wide = 0;
  function paintFan() {
    if (!wide) return;
    const { records } = run, last = records.length - 1, left = 34, right = 10, high = 1.1 * road.free_speed, past = range(SHOWN + 1).map((i) => records[last - SHOWN + i]);
    const x = (k) => left + ((k + SHOWN) / (SHOWN + HORIZON)) * (wide - left - right), y = (v) => TOP + (TALL - TOP) * (1 - Math.max(0, Math.min(high, v)) / high);
    const now = records[last], line = (list, from) => roads.path(list, (i) => x(from + i), y), stands = now.speed[cell], given = (r) => (run.filled ? r.known : r.recorded)[cell];
    fan.setAttribute("viewBox", `0 0 ${wide} ${TALL + 24}`);
    fan.setAttribute("aria-label", `Cell ${cell}: ${models.filter((one) => one.on).map((one) => `${one.name} ${digits(now.forecasts[one.name][lead - 1][cell], 0)}`).join(", ")} km/h ${lead * MINUTES} minutes ahead; if nothing else happens it will be ${digits(ahead[lead - 1][cell], 0)}`);
    fan.replaceChildren(...[svg("rect", { class: "unseen", x: x(0), y: TOP, width: x(HORIZON) - x(0) + right - 4, height: TALL - TOP }),
      ...[0, 25, 50, 75, 100].flatMap((v) => [svg("line", { class: "rule", x1: left, x2: wide - right, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v)]),
      ...[-12, -6, 0, 6].map((k) => svg("text", { class: "tick", x: k === HORIZON ? wide - 2 : x(k), y: TALL + 17, "text-anchor": k === HORIZON ? "end" : "middle" }, clock(ends(now) + k * sandbox.RECORD))),
      svg("text", { class: "tick", x: x(0) - 5, y: 12, "text-anchor": "end" }, "measured"), svg("text", { class: "tick", x: x(0) + 5, y: 12 }, "to come"),
      svg("line", { class: "now", x1: x(0), x2: x(0), y1: TOP - 4, y2: TALL }), svg("line", { class: "lead", x1: x(lead), x2: x(lead), y1: TOP, y2: TALL }),
      svg("path", { class: "came", d: line([stands, ...ahead.map((speeds) => speeds[cell])], 0) }),
      ...models.filter((one) => one.on).flatMap((one) => { const made = now.forecasts[one.name].map((speeds) => speeds[cell]);
        return [svg("path", { class: "forecast", style: one.tone, d: line(made, 1) }), ...made.map((v, k) => svg("path", { class: "mark", style: one.fill, d: gim.mark(one.look[1], k + 1 === lead ? 5 : 3), transform: `translate(${x(k + 1).toFixed(1)} ${y(v).toFixed(1)})` }))]; }),
      svg("path", { class: "truth", d: line(past.map((r) => r.speed[cell]), -SHOWN) }),
      ...past.map((r, i) => (r.recorded[cell] === r.speed[cell] ? null : svg("circle", { class: "zero", r: 2.6, cx: x(i - SHOWN), cy: y(given(r)) })))].filter(Boolean));
    fanTitle.textContent = `Cell ${cell}: the last hour and the next half`;
  }

  // ---- the whole ring over time -----------------------------------------------------------------------------------------------------
  const strips = [svg("svg", { class: "strip", role: "img" }), svg("svg", { class: "strip", role: "img" })], stripTitles = [el("div", { class: "title" }, "Speed of every cell, the last two hours"), el("div", { class: "title" })], ROW = 4;
  const errorTones = range(roads.LEVELS + 1).map((k) => `color-mix(in srgb, var(--gim-bad) ${Math.round((100 * k) / roads.LEVELS)}%, var(--gim-surface))`);
  let stripWide = 0;
  function paintStrips() {
    if (!stripWide) return;
    const { records } = run, first = records.length - PAST, left = 26, right = 8, step = (stripWide - left - right) / PAST, x = (i) => left + i * step, y = (i) => 4 + (n - i) * ROW;
    const sheets = [records.slice(first).map((r) => r.speed.map((v) => v / road.free_speed)), range(PAST).map((i) => (run.error(judged.name, lead, first + i) || []).map((e) => e / 60))];
    strips.forEach((strip, k) => {
      const tones = k ? errorTones : roads.tones, shapes = tones.map(() => "");
      sheets[k].forEach((column, i) => column.forEach((share, v) => { shapes[roads.level(share)] += `M${x(i).toFixed(1)} ${y(v + 1)}h${step.toFixed(1)}v${ROW}h-${step.toFixed(1)}Z`; }));
      strip.setAttribute("viewBox", `0 0 ${stripWide} ${n * ROW + 26}`);
      strip.replaceChildren(...shapes.map((d, level) => (d ? svg("path", { d, style: `fill:${tones[level]}` }) : null)).filter(Boolean),
        svg("rect", { class: "frame", x: left, y: y(n), width: step * PAST, height: n * ROW }), svg("line", { class: "row", x1: left, x2: left + step * PAST, y1: y(cell + 0.5), y2: y(cell + 0.5) }),
        ...range(n / 10).map((i) => svg("text", { class: "tick", x: left - 5, y: y(10 * i + 0.5) + 4, "text-anchor": "end" }, 10 * i)),
        ...[0, PAST / 2, PAST].map((i) => svg("text", { class: "tick", x: x(i), y: n * ROW + 20, "text-anchor": i ? (i < PAST ? "middle" : "end") : "start" }, clock(ends(records.at(-1)) + (i - PAST) * sandbox.RECORD))),
        ...placed.map(([when, i]) => [(when - ends(records.at(-1))) / sandbox.RECORD + PAST, i]).filter(([i]) => i >= 0 && i <= PAST).map(([i, v]) => svg("path", { class: "event", d: "M0 -5L5 4L-5 4Z", transform: `translate(${x(i).toFixed(1)} ${y(v + 0.5)})` })));
    });
    strips[0].setAttribute("aria-label", "Speed over time (to the right) and along the ring (upwards): jams lean to the right and downwards, against the driving direction");
    strips[1].setAttribute("aria-label", `Absolute error of ${judged.name}, ${lead * MINUTES} minutes ahead, over time and along the ring`);
    stripTitles[1].textContent = `Error of \u201c${judged.name}\u201d, ${lead * MINUTES} minutes ahead`;
  }

  // ---- scores and words -------------------------------------------------------------------------------------------------------------
  const LEADS = [1, 3, 6], table = el("table", { class: "scores" }), says = el("p", { class: "says" }), remark = el("p", { class: "remark" }), voice = gim.voice(figure);
  const sign = (one) => svg("svg", { viewBox: "0 0 30 14", width: 30, height: 14, "aria-hidden": "true", class: "sign" }, svg("path", { class: "forecast", style: one.tone, d: "M1 7H29" }), svg("path", { style: one.fill, d: gim.mark(one.look[1], 4), transform: "translate(15 7)" }));
  function paintScores() {
    const rows = models.map((one) => run.scores(one.name)), best = [0, 1].map((m) => LEADS.map((k) => Math.min(...rows.map((row) => +row[m][k - 1].toFixed(1)))));
    table.replaceChildren(el("thead", {}, el("tr", {}, el("td", {}), ["masked", "unmasked"].map((word) => el("th", { scope: "colgroup", colspan: 3 }, word))),
      el("tr", {}, el("th", { scope: "col" }, "minutes ahead"), [0, 1].flatMap(() => LEADS.map((k) => el("th", { scope: "col" }, String(k * MINUTES)))))),
    el("tbody", {}, models.map((one, r) => el("tr", {}, el("th", { scope: "row" }, sign(one), el("span", {}, one.name)),
      [0, 1].flatMap((m) => LEADS.map((k, c) => { const value = rows[r][m][k - 1]; return el("td", {}, el("b", { class: +value.toFixed(1) === best[m][c] ? "best" : null }, value.toFixed(1))); }))))));
  }
  function tell() {
    const { speed } = run.records.at(-1), slow = speed.filter((x) => x < SLOW).length, least = speed.indexOf(Math.min(...speed)), mean = speed.reduce((a, b) => a + b, 0) / n;
    middle.textContent = `mean ${digits(mean, 0)} km/h`;
    judge.textContent = `bars: error, ${lead * MINUTES} min`;
    says.textContent = `${clock(ends(run.records.at(-1)))}. ${slow ? `${slow} of ${n} cells below ${SLOW} km/h, slowest is cell ${least} with ${digits(speed[least], 0)}.` : "Traffic flows everywhere."} Cell ${cell}: ${told(cell)}.`;
    Object.assign(figure.dataset, { cell, records: run.records.length - PAST, time: clock(run.road.state.time), slow });
    if (!playing) voice(`${remark.textContent} ${says.textContent}`);
  }
  function paintBars() {
    const error = run.error(judged.name, lead);
    bars.forEach((bar, i) => {
      bar.setAttribute("d", arc(i, INNER - 6 - Math.min(38, error[i] * 0.5), INNER - 6, 0.08));
      bar.style.fill = `var(--gim-${judged.look[0]})`;
    });
  }
  /* After an event: the road, its signs and what will come. After a record: everything. */
  function paintNow() {
    ahead = run.ahead();
    paintRoad();
    paintSigns();
    paintFan();
    tell();
  }
  function paintAll() {
    paintNow();
    paintBars();
    paintStrips();
    paintScores();
  }

  // ---- the clock --------------------------------------------------------------------------------------------------------------------
  const icon = svg("path", {}), word = el("span", {}), STEPS_A_SECOND = 5;
  const toggle = el("button", { type: "button", class: "gim-play", onclick: () => (playing ? pause() : play()) }, svg("svg", { viewBox: "0 0 10 10", width: 10, height: 10, "aria-hidden": "true" }, icon), word);
  const ahead5 = el("button", { type: "button", onclick: () => { pause(); five(); } }, "5 minutes"), anew = el("button", { type: "button", onclick: () => { pause(); open(); } }, "Start again");
  const speed = el("select", { "aria-label": "Speed", onchange: () => { pace = +speed.value; } }, [0.5, 1, 2, 4].map((p) => el("option", { value: p, selected: p === 1 }, `${p}\u00d7`)));
  function five() {
    while (!run.step());
    moveCars(sandbox.RECORD);
    paintAll();
  }
  function tick(now) {
    handle = 0;
    if (!playing || !seen || document.hidden) return;
    const passed = (Math.max(0, Math.min(now - before, 100)) / 1000) * STEPS_A_SECOND * pace;   // steps; a first frame can be older than its start
    before = now;
    owed += passed;
    let made = false;
    while (owed >= 1) { made = run.step() || made; owed--; }
    if (made) paintAll(); else paintRoad();
    if (!gim.reducedMotion()) moveCars(passed * STEP);
    handle = requestAnimationFrame(tick);
  }
  function start() { if (playing && seen && !document.hidden && !handle) { before = performance.now(); handle = requestAnimationFrame(tick); } }
  function state(on) {
    playing = on;
    figure.dataset.playing = String(on);
    word.textContent = on ? "Pause" : "Play";
    icon.setAttribute("d", on ? "M1 0h3v10h-3zM6 0h3v10h-3z" : "M1 0L10 5L1 10Z");
  }
  function play() { state(true); start(); voice("Playing"); }
  function pause() { if (playing) { state(false); tell(); } }
  figure.addEventListener("keydown", (event) => {
    const field = ["SELECT", "INPUT", "TEXTAREA"].includes(event.target.tagName);
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || field) return;
    const does = { p: () => (playing ? pause() : play()), n: () => { pause(); five(); } }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
  new IntersectionObserver((entries) => { seen = entries.at(-1).isIntersecting; start(); }).observe(figure);
  document.addEventListener("visibilitychange", start);

  // ---- controls ---------------------------------------------------------------------------------------------------------------------
  const syncs = [];
  function group(label, choices, get, set) {
    const buttons = choices.map(([value, words]) => el("button", { type: "button", onclick: () => { set(value); syncs.forEach((sync) => sync()); } }, words));
    syncs.push(() => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === get()))));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, label), el("div", { class: "gim-group", role: "group", "aria-label": label }, buttons));
  }
  function menu(label, choices, start, set) {
    const select = el("select", { onchange: () => set(choices[select.selectedIndex][0]) }, choices.map(([, words]) => el("option", {}, words)));
    select.selectedIndex = choices.findIndex(([value]) => value === start);
    return el("label", { class: "field" }, el("span", { class: "label" }, label), select);
  }
  const toolbar = el("div", { class: "toolbar gim-settings" },
    group("A touch on the road changes", Object.entries(tools).map(([name, [words]]) => [name, words]), () => tool, (to) => { tool = to; }),
    group("A sensor that is off hands on", [[false, "its 0"], [true, "its last speed"]], () => run.filled, (to) => { run.filled = to; remark.textContent = to ? "From now on the forecasters are given the last speed that the sensor knew." : "From now on the forecasters are given the zeros."; tell(); }),
    menu("Start at", data.openings, hour, (to) => { hour = to; pause(); open(); }));
  const judging = el("div", { class: "toolbar gim-settings" },
    menu("Bars and errors of", models.map((one) => [one, one.name]), judged, (to) => { judged = to; again(); }),
    group("Minutes ahead", LEADS.map((k) => [k, String(k * MINUTES)]), () => lead, (to) => { lead = to; again(); }));
  function again() { paintFan(); paintBars(); paintStrips(); tell(); }
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Show or hide a forecaster" }, el("span", { class: "key" }, roads.icon("M1 7H25", "truth"), "truth"), el("span", { class: "key" }, roads.icon("M1 7H25", "came"), "if nothing else happens"),
    models.map((one) => {
      const button = gim.toggle("", true, (on) => { one.on = on; paintFan(); });
      button.classList.add("chip", "gim-shown");
      button.append(sign(one), one.name);
      return button;
    }));
  const scale = el("div", { class: "scale" }, el("span", {}, "0"), svg("svg", { viewBox: "0 0 105 10", width: 105, height: 10, "aria-hidden": "true" }, roads.tones.map((tone, i) => svg("rect", { x: 5 * i, width: 5, height: 10, style: `fill:${tone}` }))), el("span", {}, `${road.free_speed} km/h`));
  const fanPlace = el("div", {}, fan), stripPlaces = strips.map((strip, k) => el("div", {}, stripTitles[k], strip));
  stage.replaceChildren(el("div", { class: "bench" }, toolbar,
    el("div", { class: "views" }, el("div", {}, picture, scale, el("div", { class: "gim-controls" }, toggle, ahead5, anew, speed), remark, says,
      el("p", { class: "legend" }, "Triangles that point to the road: entries; away from it: exits. Dots: some drivers who go round and round. Inner bars: the error of now.")),
      el("div", { class: "side" }, fanTitle, fanPlace, chips)), el("div", { class: "title" }, "Mean absolute error of the last hour, km/h"), el("div", { class: "gim-table" }, table),
    judging, el("div", { class: "strips" }, stripPlaces),
    el("p", { class: "legend" }, "Time to the right, cells upwards, drivers go up. A triangle: an accident of yours. Line: the chosen cell."),
    el("div", { class: "gim-below" }, el("span", {}), gim.keys([["Arrows, on the road", "from cell to cell"], ["Page Up, Page Down", "five cells back, on"], ["Enter, Space", "do what is chosen above"], ["A, L, S", "accident, closed lane, sensor off"],
      ["P", "play or pause"], ["N", "the next five minutes"]]))));
  function open() {
    run = sandbox.session(data, hour);
    placed = [];
    owed = 0;
    remark.textContent = "";
    cars.forEach((car, i) => { car.at = (i * n) / cars.length; });
    moveCars(0);
    paintAll();
    syncs.forEach((sync) => sync());
  }
  state(false);
  open();
  gim.scores.fit(fanPlace, (to) => { wide = to; paintFan(); });
  gim.scores.fit(stripPlaces[0], (to) => { stripWide = to; paintStrips(); });
});
