/* A skeleton loses its joints: the body on the left, accuracies up to this level on the right. The clock runs over levels; from one level to the
   next the clip passes once, so that the body stands in the same pose wherever the clock stands still. */
gim.define("losing", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { ticks, percent, apart } = gim.scores, { levels, curves } = data, last = levels.length - 1, painter = gim.skeleton(figure, data), [s] = painter.scenes, { camera } = painter;
  const HOME = data.view.map((degrees) => (degrees * Math.PI) / 180), solid = s.axes === 3, size = s.T * s.V, HIGH = 300, LOW = 42, TOP = 26;
  [camera.turn, camera.tilt] = HOME;
  const bits = Uint8Array.from(atob(data.missing), (letter) => letter.charCodeAt(0)), missing = (k, i) => (bits[(k * size + i) >> 3] >> (7 - ((k * size + i) & 7))) & 1;
  const FAINT = 60, trust = levels.map((_, k) => Uint8Array.from({ length: size }, (_, i) => (missing(k, i) ? FAINT : 255)));   // hollow below one half
  const gone = levels.map((_, k) => trust[k].reduce((sum, one) => sum + (one === FAINT), 0) / size);
  const name = (k) => word(levels[k]), word = (x) => (data.unit === "%" ? `${gim.digits(100 * x, 1)} %` : `${gim.digits(x, 3)} ${data.unit}`.trim());
  let position = last, focus = -1, dirty = 0, shape = null;
  const index = () => Math.min(last, Math.round(position));
  /* the level, and what a curve says there: straight between two measured levels */
  const levelAt = (p) => { const k = Math.min(last - 1, Math.floor(p)); return levels[k] + (p - k) * (levels[k + 1] - levels[k]); };
  function value(curve, x, what = "mean") {
    const at = curve.levels, k = Math.max(0, Math.min(at.length - 2, at.findIndex((one) => one >= x - 1e-9) - 1));
    return curve[what][k] + Math.max(0, Math.min(1, (x - at[k]) / (at[k + 1] - at[k]))) * (curve[what][k + 1] - curve[what][k]);
  }

  // ---- the body -----------------------------------------------------------------------------------------------------------------
  const canvas = el("canvas", { role: "img" }), ctx = (s.ctx = canvas.getContext("2d"));
  s.canvas = canvas;
  function body(pen) {
    s.sure = trust[index()];
    const part = position - Math.floor(position), frame = (data.start + part * s.T) % s.T;
    painter.paint(s, s.T > 1 ? Math.min(s.T - 1, frame) : 0, { labels: false, focus, named: new Set(), trails: [] }, pen || ctx);
  }
  canvas.draw = (pen) => body(pen);
  function nearest(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, far = event.pointerType === "touch" ? 26 : 14;
    for (let v = 0; v < s.V; v++) { const d = Math.hypot(s.screen[3 * v] - x, s.screen[3 * v + 1] - y); if (d < far) { best = v; far = d; } }
    return best;
  }
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, turn: camera.turn, moved: false };
    if (event.pointerType !== "touch") canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) { if (event.pointerType === "mouse") look(nearest(event)); return; }
    drag.moved = drag.moved || Math.abs(event.clientX - drag.x) > 4;
    if (drag.moved && solid) { camera.turn = drag.turn - (event.clientX - drag.x) * 0.011; redraw(); }
  });
  canvas.addEventListener("pointerup", (event) => { if (drag && !drag.moved) look(nearest(event), true); drag = null; });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !drag && look(-1));

  // ---- the curves ---------------------------------------------------------------------------------------------------------------
  const ground = svg("g", {}), lines = svg("g", {}), cursor = svg("g", {});
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": "Accuracies up to this level" }, ground, lines, cursor);
  let held = false;
  const seek = (event) => {
    const box = chart.getBoundingClientRect(), x = ((event.clientX - box.left) * shape.w) / box.width;
    clock.pause();
    clock.seek(levels.reduce((best, level, k) => (Math.abs(shape.x(level) - x) < Math.abs(shape.x(levels[best]) - x) ? k : best), 0));
  };
  chart.addEventListener("pointerdown", (event) => { held = true; if (event.pointerType !== "touch") chart.setPointerCapture(event.pointerId); seek(event); });
  chart.addEventListener("pointermove", (event) => held && seek(event));
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) chart.addEventListener(end, () => { held = false; });

  const inside = (curve) => curve.levels.filter((level) => level >= levels[0] - 1e-9 && level <= levels[last] + 1e-9);
  const all = curves.flatMap((curve) => inside(curve).flatMap((x) => { const m = value(curve, x), d = curve.std ? value(curve, x, "std") : 0; return [m - d, m + d]; }));
  const low = Math.max(0, Math.floor(10 * Math.min(...all) - 0.2) / 10), high = Math.min(1, Math.ceil(10 * Math.max(...all) + 0.2) / 10);
  function paint(w) {
    const left = 44, right = 50, x = (level) => left + ((level - levels[0]) / (levels[last] - levels[0])) * (w - left - right), y = (v) => TOP + (1 - (v - low) / (high - low || 1)) * (HIGH - TOP);
    shape = { w, x, y };
    chart.setAttribute("viewBox", `0 0 ${w} ${HIGH + LOW}`);
    let free = -Infinity;
    const below = levels.filter((level) => { const fits = x(level) - free > 34; if (fits) free = x(level); return fits; });
    ground.replaceChildren(...ticks(low, high, 5).flatMap((v) => [svg("path", { class: "rule", d: `M${left} ${y(v)}H${w - right}` }), svg("text", { class: "tick", x: left - 6, y: y(v) + 4, "text-anchor": "end" }, percent(v))]),
      ...levels.map((level) => svg("path", { class: "stop", d: `M${x(level)} ${HIGH}v5` })), ...below.map((level) => svg("text", { class: "tick", x: x(level), y: HIGH + 18, "text-anchor": "middle" }, word(level))),
      svg("text", { class: "tick", x: (left + w - right) / 2, y: HIGH + 36, "text-anchor": "middle" }, data.label),
      svg("text", { class: "tick", x: 2, y: 9 }, "accuracy"));
    show();
  }
  const one = (x) => x.toFixed(1), tone = (curve) => `--tone:var(--gim-${curve.look[0]})`;
  function draw() {
    const { x, y, w } = shape, now = levelAt(position);
    lines.replaceChildren(...curves.flatMap((curve) => {
      const at = inside(curve).filter((level) => level < now - 1e-9).concat(now), path = (list) => list.map(([a, b], i) => `${i ? "L" : "M"}${one(a)} ${one(b)}`).join("");
      const edge = (sign) => at.map((level) => [x(level), y(Math.max(low, Math.min(high, value(curve, level) + sign * value(curve, level, "std"))))]);
      return [curve.std && at.length > 1 ? svg("path", { class: "band", style: tone(curve), d: path([...edge(1), ...edge(-1).reverse()]) + "Z" }) : null,
        at.length > 1 ? svg("path", { class: "curve", style: tone(curve), d: path(at.map((level) => [x(level), y(value(curve, level))])), "stroke-dasharray": curve.look[1] || null }) : null,
        ...at.slice(0, -1).map((level) => svg("path", { class: "mark", style: tone(curve), d: gim.mark(curve.look[2], 3.2), transform: `translate(${one(x(level))} ${one(y(value(curve, level)))})` }))].filter(Boolean);
    }));
    const places = apart(curves.map((curve) => y(value(curve, now))), 15, TOP, HIGH - 4), at = x(now);
    cursor.replaceChildren(svg("path", { class: "cursor", "shape-rendering": "crispEdges", d: `M${one(at)} ${TOP - 6}V${HIGH}` }), ...curves.flatMap((curve, n) => [
      svg("path", { class: "mark now", style: tone(curve), d: gim.mark(curve.look[2], 5), transform: `translate(${one(at)} ${one(y(value(curve, now)))})` }),
      svg("text", { class: "number", style: tone(curve), x: one(Math.min(at + 11, w - 36)), y: one(places[n] + 4) }, (100 * value(curve, now)).toFixed(1))]));
  }

  // ---- words --------------------------------------------------------------------------------------------------------------------
  const says = el("p", { class: "says" }), title = el("div", { class: "title" }), note = el("div", { class: "gim-note" });
  const cells = curves.map(() => [el("td", {}), el("td", {})]);
  const table = el("table", { class: "readings" }, el("thead", {}, el("tr", {}, ["network", "accuracy, in %", `points since ${name(0)}`].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, curves.map((curve, n) => el("tr", {}, el("th", { scope: "row" }, svg("svg", { viewBox: "0 0 30 12", width: 30, height: 12, "aria-hidden": "true", style: tone(curve) },
      svg("path", { class: "curve", d: "M1 6H29", "stroke-dasharray": curve.look[1] || null }), svg("path", { class: "mark", d: gim.mark(curve.look[2], 4), transform: "translate(15 6)" })), curve.name), cells[n]))));
  const points = (x) => `${Math.abs(100 * x).toFixed(1)} points`;
  function words(k) {
    const [plain, ...others] = curves, lost = value(plain, levels[0]) - value(plain, levels[k]);
    if (!k) return `At ${name(0)}, where the curves begin: ${curves.map((curve) => `${curve.name} ${percent(value(curve, levels[0]), 1)}`).join(", ")}.`;
    const start = `At ${name(k)}, ${plain.name} has ${Math.abs(lost) < 5e-4 ? "lost nothing" : `${lost < 0 ? "gained" : "lost"} ${points(lost)}`}`;
    if (!others.length) return start + ".";
    const best = others.reduce((a, b) => (value(b, levels[k]) > value(a, levels[k]) ? b : a)), by = value(best, levels[k]) - value(plain, levels[k]);
    return `${start}; ${best.name} stands ${Math.abs(by) < 5e-4 ? "as high" : `${points(by)} ${by > 0 ? "above" : "below"} it`}${by > 0 && lost > 0.005 ? `, ${percent(by / lost)} of what was lost` : ""}.`;
  }
  let told = -1;
  function tell() {
    const k = index();
    if (focus >= 0) {
      let there = 0;
      for (let t = 0; t < s.T; t++) there += trust[k][t * s.V + focus] === FAINT ? 0 : 1;
      note.textContent = `${s.layout.joints[focus]}: seen in ${there} of ${s.T} frames`;
    } else note.textContent = `${solid ? "Drag to turn. " : ""}Touch a joint: how often is it seen?`;
    note.classList.toggle("gim-hint", focus < 0);
    if (k === told) return;
    told = k;
    title.textContent = `${data.label}: ${name(k)}`;
    says.textContent = words(k);
    canvas.setAttribute("aria-label", `Skeleton ${s.layout.name}, ${data.label}: ${name(k)}. Hollow, in this clip: ${percent(gone[k])} of all joints in all frames.`);
    curves.forEach((curve, n) => {
      const m = value(curve, levels[k]), by = m - value(curve, levels[0]);
      cells[n][0].replaceChildren(el("b", {}, (100 * m).toFixed(1)), curve.std ? ` \u00b1 ${(100 * value(curve, levels[k], "std")).toFixed(1)}` : "");
      cells[n][1].textContent = k ? `${by < -5e-5 ? "\u2212" : by > 5e-5 ? "+" : ""}${Math.abs(100 * by).toFixed(1)}` : "\u2013";
    });
    figure.dataset.level = levels[k];
  }
  function show() { tell(); if (shape) draw(); body(); }
  function redraw() { dirty = dirty || requestAnimationFrame(() => { dirty = 0; show(); }); }
  function look(v, speak) {
    if (v === focus) return;
    focus = v;
    figure.dataset.joint = v < 0 ? "" : v;
    redraw();
    if (speak) clock.voice(v < 0 ? "no joint" : s.layout.joints[v]);
  }
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const key = event.key.toLowerCase();
    if (key === "j") look(event.shiftKey ? (focus <= 0 ? s.V : focus) - 1 : (focus + 1) % s.V, true);
    else if (key === "escape" && focus >= 0) look(-1, true);
    else return;
    event.preventDefault();
  });

  const clock = gim.controls(figure, { last, fps: Math.min(1, Math.max(0.25, data.fps / s.T)), frame: last, word: "level", name, smooth: !gim.reducedMotion(), draw(p) { position = Math.max(0, p); redraw(); } });
  const legend = el("div", { class: "gim-legend" }, [["var(--gim-trunk)", "seen"], ["var(--gim-surface)", "missing: the network does not get it"]].map(([fill, text]) =>
    el("span", {}, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, svg("circle", { class: "joint", cx: 6, cy: 6, r: 4.2, style: `fill:${fill}` })), text)));
  const keys = gim.keys([["Space", "play from level to level"], ["\u2190 \u2192", "one level back or on"], ["Home, End", "first or last level"], ["J, Shift + J", "next or previous joint"], ["Escape", "no joint"]]);
  const place = el("div", {}, chart), view = el("div", { class: "gim-view" }, title, canvas, note);
  stage.replaceChildren(el("div", { class: "panels" }, view, place), clock.node, says, el("div", { class: "gim-table" }, table), el("div", { class: "gim-below" }, legend, keys));
  gim.scores.fit(place, paint);
  new ResizeObserver(() => {
    const w = canvas.clientWidth, ratio = Math.min(2, window.devicePixelRatio || 1), h = Math.round(Math.max(240, Math.min(330, 1.05 * w)));
    if (!w || (w === s.w && ratio === s.ratio)) return;
    Object.assign(s, { w, h, ratio });
    canvas.style.height = h + "px";
    Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
    body();
  }).observe(view);
  gim.onTheme(() => { painter.recolor(); body(); });
  show();
});
