/* Time to the right, the road upwards, speed as colour. The cells are one picture, made anew only when the theme changes; a cursor
   reads any of them, and below is the curve of the sensor it is on. */
gim.define("space-time", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { roads } = gim, { wide, cut, ticks } = gim.scores, V = data.count, rows = roads.unpack(data.values, V), T = rows[0].length, [low, high] = data.limits;
  const clock = roads.clock(data.times, T), fine = roads.places(data.values.unit), TOP = 18, km = data.km;
  const name = (v) => roads.named(data.sensors, v) + (km ? `, km ${gim.digits(km[v], 1)}` : "");
  const share = (x) => (x - low) / (high - low), reading = (v, t) => (Number.isNaN(rows[v][t]) ? "no reading" : `${gim.digits(rows[v][t], fine)} ${data.units}`);
  // along kilometres a cell reaches half-way to its neighbours
  const edges = km ? [km[0] - (km[1] - km[0] || 1) / 2, ...km.slice(1).map((x, i) => (x + km[i]) / 2), km[V - 1] + (km[V - 1] - km[V - 2] || 1) / 2] : roads.range(V + 1);
  const [first, last] = [edges[0], edges[V]], sensorAt = (place) => Math.max(0, Math.min(V - 1, edges.findIndex((edge) => edge > place) - 1 + (place >= last ? V + 1 : 0)));
  let t = 0, v = 0, kept = false, at = null;
  for (let u = 0, best = Infinity; u < V; u++) for (let s = 0; s < T; s++) if (rows[u][s] < best) { best = rows[u][s]; [v, t] = [u, s]; }   // the slowest place

  // ---- the picture --------------------------------------------------------------------------------------------------------------
  const id = `gim-gap-${document.querySelectorAll("[id^=gim-gap-]").length}`, gaps = rows.some((row) => row.some(Number.isNaN));
  const image = svg("image", { preserveAspectRatio: "none" }), sheet = svg("rect", { class: "sheet" }), hatched = svg("rect", { fill: `url(#${id})` }), ground = svg("g", {}), cursor = svg("g", { class: "cursor" });
  const hatch = svg("defs", {}, svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, svg("path", { class: "hatch", d: "M-1 1L1 -1M0 6L6 0M5 7L7 5" })));
  const heat = svg("svg", { class: "heat-map", role: "slider", tabindex: 0, "aria-label": "Speed over time and road: left and right go through time, up and down along the road", "aria-valuemin": 0, "aria-valuemax": T - 1,
    onkeydown: roam, onpointerdown: touched, onpointermove: (event) => { if (event.pointerType === "mouse" ? event.buttons || !kept : event.buttons) point(event); } },
  hatch, sheet, gaps ? hatched : null, image, ground, cursor);
  function paint() {
    const tall = km ? Math.max(V, 240) : V, canvas = el("canvas", { width: T, height: tall }), pen = canvas.getContext("2d"), picture = pen.createImageData(T, tall), rgb = roads.rgb(figure);
    for (let y = 0; y < tall; y++) {
      const row = rows[km ? sensorAt(first + ((last - first) * (tall - y - 0.5)) / tall) : V - 1 - y];
      for (let s = 0; s < T; s++) if (!Number.isNaN(row[s])) picture.data.set([...rgb(share(row[s])), 255], 4 * (y * T + s));
    }
    pen.putImageData(picture, 0, 0);
    image.setAttribute("href", canvas.toDataURL());
  }
  function lay() {
    const w = Math.max(250, Math.round(place.clientWidth) || 640), tall = Math.round(Math.max(150, Math.min(w < 500 ? 250 : 340, V * 14))), few = !km && V <= 18 && data.sensors;
    const marks = km ? ticks(first, last, 6).filter((x) => x >= first && x <= last).map((x) => [x, gim.digits(x, 1)]) : few ? data.sensors.map((one, u) => [u + 0.5, cut(one, w * 0.22, 11, 400)])
      : ticks(0, V - 1, Math.min(V, 7)).filter(Number.isInteger).map((u) => [u + 0.5, String(u)]);
    const left = Math.max(30, ...marks.map(([, text]) => wide(text, 11))) + 10, right = 10, cell = (w - left - right) / T;
    at = { w, left, cell, tall, right, y: (p) => TOP + tall * (1 - (p - first) / (last - first)) };
    heat.setAttribute("viewBox", `0 0 ${w} ${TOP + tall + 22}`);
    for (const one of [image, sheet, hatched]) for (const [key, value] of Object.entries({ x: left, y: TOP, width: w - left - right, height: tall })) one.setAttribute(key, value);
    image.style.imageRendering = cell >= 1.5 ? "pixelated" : "auto";
    ground.replaceChildren(svg("text", { class: "tick", x: 2, y: 11 }, km ? "km" : "sensor"), ...marks.map(([p, text]) => svg("text", { class: "tick", x: left - 6, y: at.y(p) + 4, "text-anchor": "end" }, text)),
      ...roads.axis(clock, (s) => left + (s + 0.5) * cell, TOP + tall + 16, (w - left - right) / 62, [left, w]));
    curve();
    go(t, v);
  }
  const plot = roads.plot({ tall: 110, low, high, T, clock, seek: (s) => { kept = true; go(s, v); }, left: () => at.left });
  const curve = () => plot.paint(at.w, [{ list: rows[v], cls: "own" }]);

  // ---- the cursor ---------------------------------------------------------------------------------------------------------------
  const now = el("p", { class: "now", "aria-live": "off" }), hint = el("p", { class: "gim-hint detail" }, "Point at a place to read it; click or tap to keep it.");
  function go(to, row) {
    const changed = row !== v;
    t = Math.max(0, Math.min(T - 1, to));
    v = Math.max(0, Math.min(V - 1, row));
    const x = at.left + (t + 0.5) * at.cell, [a, b] = [at.y(edges[v + 1]), at.y(edges[v])], y = (a + b) / 2, words = `${clock.whole(t)}, ${name(v)}: ${reading(v, t)}`;
    cursor.replaceChildren(...["under", "over"].map((cls) => svg("path", { class: cls, d: `M${x} ${TOP}V${y - 7}M${x} ${y + 7}V${TOP + at.tall}M${at.left} ${y}H${x - 7}M${x + 7} ${y}H${at.w - at.right}M${x - 7} ${y}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0` })));
    now.textContent = words;
    heat.setAttribute("aria-valuenow", t);
    heat.setAttribute("aria-valuetext", words);
    Object.assign(figure.dataset, { time: t * data.times.stride, sensor: v });
    if (changed) curve();
    plot.cursor(t, [{ value: rows[v][t], cls: "now" }]);
    title.textContent = name(v)[0].toUpperCase() + name(v).slice(1);
  }
  function point(event) {
    const box = heat.getBoundingClientRect(), k = at.w / box.width, x = (event.clientX - box.left) * k, y = (event.clientY - box.top) * k;
    go(Math.floor((x - at.left) / at.cell), sensorAt(first + (last - first) * (1 - (y - TOP) / at.tall)));
  }
  function touched(event) {
    const [s, u] = [t, v];
    point(event);
    kept = event.pointerType !== "mouse" || !(kept && s === t && u === v);
    figure.dataset.kept = kept;
  }
  function roam(event) {
    const far = event.shiftKey ? 12 : 1, way = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, event.shiftKey ? 10 : 1], ArrowDown: [0, event.shiftKey ? -10 : -1], PageUp: [0, 10], PageDown: [0, -10], Home: [-T, 0], End: [T, 0] }[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    kept = true;
    go(t + way[0], v + way[1]);
  }

  // ---- together -----------------------------------------------------------------------------------------------------------------
  const bar = svg("svg", { class: "ramp", viewBox: "0 0 190 30", width: 190, height: 30, "aria-hidden": "true" }, roads.tones.map((tone, n) => svg("rect", { x: 4 + n * 8.4, y: 2, width: 9, height: 11, style: `fill:${tone}` })),
    [0, 0.5, 1].map((s) => svg("text", { class: "tick", x: 4 + s * 176, y: 26, "text-anchor": ["start", "middle", "end"][2 * s] }, gim.digits(low + s * (high - low)) + (s === 1 ? ` ${data.units}` : ""))));
  const legend = el("div", { class: "gim-legend" }, bar, gaps ? el("span", {}, svg("svg", { viewBox: "0 0 18 12", width: 18, height: 12, "aria-hidden": "true" }, svg("rect", { class: "sheet", width: 18, height: 12 }), svg("rect", { width: 18, height: 12, fill: `url(#${id})` })), "no reading") : null);
  const note = data.times.stride > 1 ? el("p", { class: "note" }, `Each column is the mean of ${data.times.stride} steps` + (data.times.step ? ` (${data.times.step} minutes).` : ".")) : null;
  const place = el("div", { class: "place" }, heat), title = el("div", { class: "title" });
  stage.replaceChildren(...[now, place, title, plot.node, el("div", { class: "gim-below" }, legend, gim.keys([["\u2190 \u2192", "through time"], ["\u2191 \u2193", "along the road"], ["Shift + arrows", "in longer steps"], ["Home, End", "first or last moment"]])), hint, note].filter(Boolean));
  paint();
  new ResizeObserver(() => { if (!at || Math.abs(place.clientWidth - at.w) > 1) lay(); }).observe(place);
  lay();
  gim.onTheme(paint);
});
