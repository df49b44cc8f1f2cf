/* Sensors on a map without tiles. Play moves the speeds over the network: slow is dark (or bright), large and, below a limit, a
   diamond. One sensor can be chosen: its curve, and whom it takes from. */
gim.define("road-map", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { roads } = gim, V = data.count, all = roads.range(V), moving = !!data.values;
  const places = roads.numbers(data.places), px = all.map((v) => places[2 * v]), py = all.map((v) => places[2 * v + 1]);
  const pairs = (text) => { const flat = roads.numbers(text); return roads.range(flat.length / 2).map((i) => [flat[2 * i], flat[2 * i + 1]]); };
  const both = pairs(data.both), single = pairs(data.single), senders = all.map(() => []), receivers = all.map(() => []);
  for (const [u, v] of [...both, ...both.map(([a, b]) => [b, a]), ...single]) { senders[v].push(u); receivers[u].push(v); }
  const rows = moving ? roads.unpack(data.values, V) : null, T = moving ? rows[0].length : 1, [low, high] = moving ? data.limits : [0, 1];
  const clock = moving ? roads.clock(data.times, T) : null, fine = moving ? roads.places(data.values.unit) : 0, say = (x) => `${gim.digits(x, fine)} ${data.units}`;
  const name = (v) => roads.named(data.sensors, v), up = data.emphasis === "high";
  const share = (x) => { const s = (x - low) / (high - low); return up ? 1 - s : s; }, slow = (x) => (up ? x > data.slow : x < data.slow);
  const mean = moving ? Float64Array.from({ length: T }, (_, t) => { const there = rows.map((row) => row[t]).filter((x) => !Number.isNaN(x)); return there.reduce((a, b) => a + b, 0) / there.length; }) : null;
  const word = up ? "above" : "below";
  let chosen = -1, kept = false, before = {}, position = data.start || 0, unit = 4, at = [], shown = -1;

  // ---- the map ------------------------------------------------------------------------------------------------------------------
  const lines = svg("path", { class: "roads" }), ties = svg("g", { class: "ties" }), scale = svg("g", { class: "scale" }), label = svg("text", { class: "label" }), few = V <= 12 && data.sensors, words = svg("g", { class: "words", "aria-hidden": "true" });
  const spots = all.map((v) => svg("g", { class: "sensor", role: "button", tabindex: v ? -1 : 0, "aria-label": name(v), onfocus: () => { kept = true; choose(v, true); }, onkeydown: (event) => roam(event, v) }, svg("circle", { class: "halo" }), svg("path", { class: "dot" })));
  const dots = spots.map((spot) => spot.lastChild), looks = Array(V).fill("");
  const map = svg("svg", { class: "map", role: "group", "aria-label": "Map of sensors: arrow keys go from sensor to sensor" + (moving ? ", Space plays" : ""),
    onpointermove: (event) => { if (event.pointerType === "mouse" && !kept) point(event, 12, false); }, onpointerdown: () => { before = { kept, chosen }; }, onclick: (event) => point(event, 26, true),
    onpointerleave: (event) => { if (event.pointerType === "mouse" && !kept) choose(-1, false); } }, lines, ties, spots, scale, few ? words : label);
  const cross = (r) => `M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}`;
  /* How a value looks: [key, d, fill]; the key changes only when the look does. */
  function look(x) {
    if (Number.isNaN(x)) return ["missing", cross(unit * 0.75), "none"];
    const n = roads.level(share(x)), shape = slow(x) ? "diamond" : "circle";
    return [shape + n, gim.mark(shape, unit * (1.8 - n / roads.LEVELS)), roads.tones[n]];
  }
  function lay() {
    const w = Math.max(250, Math.round(mapPlace.clientWidth) || 480), wide = Math.max(...px, 1), tall = Math.max(...py, 1), pad = few ? 28 : 20;
    const h = Math.round(Math.max(150, Math.min(w < 500 ? 420 : 520, (w - 2 * pad) * (tall / wide) + 2 * pad + 14))), S = Math.min((w - 2 * pad) / wide, (h - 2 * pad - 14) / tall);
    const left = (w - S * wide) / 2, bottom = h - pad - 14 - (h - 2 * pad - 14 - S * tall) / 2;
    unit = Math.max(2.6, Math.min(8, 0.115 * Math.sqrt((w * h) / V)));
    at = all.map((v) => [left + S * px[v], bottom - S * py[v]]);
    map.setAttribute("viewBox", `0 0 ${w} ${h}`);
    lines.setAttribute("d", [...both, ...single].map(([a, b]) => `M${at[a].map((x) => x.toFixed(1)).join(" ")}L${at[b].map((x) => x.toFixed(1)).join(" ")}`).join(""));
    lines.style.strokeOpacity = Math.min(1, Math.max(0.3, (3 * V) / (both.length + single.length + 1)));
    spots.forEach((spot, v) => {
      spot.setAttribute("transform", `translate(${at[v].map((x) => x.toFixed(1))})`);
      spot.firstChild.setAttribute("r", unit * 1.8 + 3);
    });
    if (few) words.replaceChildren(...all.map((v) => placed(svg("text", { class: "label" }), v, w)));
    scale.replaceChildren();
    if (data.km) {
      const per = S / data.span, ten = 10 ** Math.floor(Math.log10(w / 4 / per)), km = [5, 2, 1].find((k) => k * ten * per <= w / 4) * ten;
      scale.append(svg("path", { d: `M${pad} ${h - 13}v5h${(km * per).toFixed(1)}v-5` }), svg("text", { x: pad + km * per + 8, y: h - 7 }, `${gim.digits(km, 3)} km, north is up`));
    }
    looks.fill("");
    draw(position);
    tie();
  }
  /* The name of a sensor over its place, or under it where there is no room. */
  function placed(text, v, w) {
    const half = gim.scores.wide(name(v), 12, 600) / 2 + 4, [x, y] = at[v];
    text.textContent = name(v);
    text.setAttribute("x", Math.max(half, Math.min(w - half, x)));
    text.setAttribute("y", y < 34 ? y + unit * 1.8 + 18 : y - unit * 1.8 - 7);
    return text;
  }
  function draw(p) {
    position = p;
    if (!moving) { if (!looks[0]) dots.forEach((dot, v) => { looks[v] = "plain"; dot.setAttribute("d", gim.mark("circle", unit * 1.2)); }); return; }
    const t = Math.min(T - 1, Math.floor(p)), part = p - t;
    for (const v of all) {
      const a = rows[v][t], b = part && t + 1 < T ? rows[v][t + 1] : a, [key, d, fill] = look(Number.isNaN(b) ? a : a + (b - a) * part);
      if (looks[v] === key) continue;
      looks[v] = key;
      dots[v].setAttribute("d", d);
      dots[v].style.fill = fill;
      spots[v].classList.toggle("missing", key === "missing");
    }
    const now = Math.round(p);
    if (now !== shown) { shown = now; tell(); }
  }
  function tie() {
    spots.forEach((spot, v) => { spot.classList.toggle("chosen", v === chosen); spot.classList.toggle("sender", chosen >= 0 && senders[chosen].includes(v)); });
    if (chosen < 0) { ties.replaceChildren(); label.textContent = ""; return; }
    const [x, y] = at[chosen];
    ties.replaceChildren(...[...new Set([...senders[chosen], ...receivers[chosen]])].map((u) => svg("path", { class: senders[chosen].includes(u) ? "tie" : "tie out", d: `M${x} ${y}L${at[u].join(" ")}` })));
    placed(label, chosen, map.viewBox.baseVal.width);
  }
  function point(event, reach, keep) {
    const box = map.getBoundingClientRect(), k = map.viewBox.baseVal.width / box.width, x = (event.clientX - box.left) * k, y = (event.clientY - box.top) * k;
    const far = (v) => Math.hypot(at[v][0] - x, at[v][1] - y), best = all.reduce((a, b) => (far(a) <= far(b) ? a : b)), hit = far(best) <= reach * k ? best : -1;
    if (keep) kept = hit >= 0 && !(before.kept && hit === before.chosen);   // the press itself has already put the focus on a sensor
    choose(keep && !kept && event.pointerType !== "mouse" ? -1 : hit, keep);
  }
  function roam(event, v) {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Escape") { kept = false; choose(-1, false); return; }
    if (!way) return;
    event.preventDefault();
    const score = (u) => {
      const dx = at[u][0] - at[v][0], dy = at[u][1] - at[v][1], l = Math.hypot(dx, dy) || 1e-3, aim = (dx * way[0] + dy * way[1]) / l;
      return aim > 0.35 ? l * (2 - aim) : Infinity;
    };
    const best = all.filter((u) => u !== v).reduce((a, b) => (a >= 0 && score(a) <= score(b) ? a : b), -1);
    if (best < 0 || score(best) === Infinity) return;
    spots[best].focus();
  }
  function choose(v, aloud) {
    if (v === chosen) return;
    chosen = v;
    figure.dataset.sensor = v < 0 ? "" : v;
    if (v >= 0) spots.forEach((spot, u) => spot.setAttribute("tabindex", u === v ? 0 : -1));
    tie();
    curve();
    tell();
    which.value = v;
    if (aloud && v >= 0) voice(`${name(v)}${moving ? `, ${reading(v)}` : ""}`);
  }

  // ---- what is said -------------------------------------------------------------------------------------------------------------
  const when = el("div", { class: "when" }), facts = el("p", { class: "facts" }), title = el("div", { class: "title" }), detail = el("p", { class: "detail" });
  const reading = (v) => (Number.isNaN(rows[v][shown]) ? "no reading" : say(rows[v][shown]));
  function tell() {
    const ties = chosen < 0 ? "" : senders[chosen].length || receivers[chosen].length ? ` Takes from ${senders[chosen].length} sensor${senders[chosen].length === 1 ? "" : "s"}, gives to ${receivers[chosen].length}.` : " No edge.";
    if (!moving) {
      title.textContent = chosen < 0 ? `${V} sensors` : name(chosen);
      detail.textContent = chosen < 0 ? `${2 * both.length + single.length} edges. Touch a sensor.` : ties.trim();
      return;
    }
    const there = rows.map((row) => row[shown]).filter((x) => !Number.isNaN(x)), hit = there.filter(slow).length;
    when.textContent = T > 1 || data.times.start !== undefined ? clock.whole(shown) : "";
    facts.textContent = `${hit} of ${V} sensors ${word} ${gim.digits(data.slow)} ${data.units}` + (there.length < V ? `, ${V - there.length} without a reading` : "") + (there.length ? `; mean ${say(mean[shown])}.` : ".");
    title.textContent = chosen < 0 ? "Mean of all sensors" : name(chosen)[0].toUpperCase() + name(chosen).slice(1);
    detail.textContent = chosen < 0 ? "Touch a sensor to see its own curve." : `Now ${reading(chosen)}.${both.length + single.length ? ties : ""}`;
    detail.classList.toggle("gim-hint", chosen < 0);
    if (controls) controls.node.querySelector("input").setAttribute("aria-valuetext", `${clock.label(shown)}: ${facts.textContent}`);
    if (plotted) cursor();
  }
  const plot = moving && T > 1 ? roads.plot({ tall: 150, low, high, T, clock, seek: (t) => { controls.pause(); controls.seek(t); } }) : null;
  let plotted = false, controls = null;
  function curve() {
    if (!plot || !at.length) return;
    const own = chosen < 0 ? [] : [{ list: rows[chosen], cls: "own" }];
    plot.paint(Math.max(230, side.clientWidth || 300), [{ list: mean, cls: own.length ? "mean" : "own" }, ...own]);
    plotted = true;
    cursor();
  }
  const cursor = () => plot.cursor(shown, [{ value: chosen < 0 ? mean[shown] : rows[chosen][shown], cls: "now", shape: chosen >= 0 && slow(rows[chosen][shown]) ? "diamond" : "circle" }]);

  // ---- together -----------------------------------------------------------------------------------------------------------------
  const mapPlace = el("div", { class: "map-place" }, map), side = el("div", { class: "side" });
  const ramp = moving ? roads.range(5).map((k) => low + ((high - low) * k) / 4) : [];
  const swatch = (x) => {
    const n = roads.level(share(x)), r = 6.6 - (3 * n) / roads.LEVELS;
    return el("span", {}, svg("svg", { viewBox: "-9 -9 18 18", width: 18, height: 18, "aria-hidden": "true" }, svg("path", { class: "dot", style: `fill:${roads.tones[n]}`, d: gim.mark(slow(x) ? "diamond" : "circle", r) })), gim.digits(x));
  };
  const gaps = moving && rows.some((row) => row.some(Number.isNaN));
  const legend = moving ? el("div", { class: "gim-legend" }, ramp.map(swatch), el("span", {}, data.units), el("span", {}, `diamond: ${word} ${gim.digits(data.slow)}`),
    gaps ? el("span", { class: "missing" }, svg("svg", { viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" }, svg("path", { class: "dot", d: cross(4) })), "no reading") : null) : null;
  const note = moving && data.times.stride > 1 ? el("p", { class: "note" }, `Each moment is the mean of ${data.times.stride} steps` + (data.times.step ? ` (${data.times.step} minutes).` : ".")) : null;
  if (moving && T > 1) controls = gim.controls(figure, { last: T - 1, fps: data.fps, frame: position, word: clock.word, name: clock.label, draw: (p) => { if (at.length) draw(p); else position = p; } });
  const voice = controls ? controls.voice : gim.voice(figure);
  const keys = gim.keys([...(controls ? [["Space", "play or pause"], ["\u2190 \u2192", "one step back or on"], ["Home, End", "first or last step"], ["[ ]", "slower, faster"]] : []), ["Arrows, on the map", "the next sensor that way"], ["Escape, on the map", "no sensor"]]);
  const which = el("select", { "aria-label": "Sensor", onchange: () => { kept = +which.value >= 0; choose(+which.value, kept); } }, el("option", { value: -1 }, moving ? "mean of all sensors" : "no sensor"), all.map((v) => el("option", { value: v }, name(v))));
  side.append(...[el("div", { class: "gim-settings" }, which), title, plot && plot.node, detail].filter(Boolean));
  stage.replaceChildren(...[moving ? el("div", { class: "head" }, when, facts) : null, el("div", { class: "panels" }, mapPlace, side), controls && controls.node, el("div", { class: "gim-below" }, legend, keys), note].filter(Boolean));
  new ResizeObserver(() => { lay(); curve(); }).observe(mapPlace);
  lay();
  curve();
  tell();
});
