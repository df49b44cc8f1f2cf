/* Heat on the moving skeleton: joints glow, and beside them the heat as joints over time. skeleton.js draws the body. */
gim.define("heat", function (figure, stage, data, gim) {
  "use strict";
  const { el, svg, digits } = gim, range = (n) => [...Array(n).keys()], LEVELS = 10;
  const HOME = data.view.map((degrees) => (degrees * Math.PI) / 180);
  const painter = gim.skeleton(figure, data), { scenes, camera } = painter, layout = data.layouts[0], V = layout.joints.length;
  const solid = scenes.some((s) => s.axes === 3);
  let clip = 0, map = 0, summed = false, focus = -1, position = data.start, dirty = 0;
  Object.assign(camera, { turn: HOME[0], tilt: HOME[1] });

  // ---- numbers ----------------------------------------------------------------------------------------------------------------
  const bytes = (text) => new Int8Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  function read(one, T) {
    const values = Float32Array.from(bytes(one.values), (n) => n / 127), joints = new Float32Array(V), frames = new Float32Array(T);
    values.forEach((value, i) => { joints[i % V] += value; frames[Math.floor(i / V)] += value; });
    const share = new Float32Array(V);
    values.forEach((value, i) => { share[i % V] += Math.abs(value); });
    const all = share.reduce((a, b) => a + b) || 1, most = Math.max(...joints.map(Math.abs)) || 1;
    return { ...one, values, share: share.map((x) => x / all), joints: joints.map((x) => x / most), frames };
  }
  const heats = scenes.map((s) => s.clip.heats.map((one) => read(one, s.T)));
  const scene = () => scenes[clip], heat = () => heats[clip][map], frame = () => Math.min(scene().T - 1, Math.round(position));
  const strength = (v) => (summed ? heat().joints[v] : heat().values[frame() * V + v]);
  const percent = (share) => `${Math.round(100 * share)} %`;

  // ---- the body ---------------------------------------------------------------------------------------------------------------
  const canvas = el("canvas", { role: "img" }), views = el("div", { class: "gim-views", tabindex: 0, role: "group",
    "aria-label": "Skeleton. Space plays, arrow keys step, J goes to the next joint" + (solid ? ", Shift and arrow keys turn the view" : "") },
  el("div", { class: "gim-view" }, canvas));
  views.style.setProperty("--gim-clips", 1);
  const ctx = canvas.getContext("2d");
  function draw(pen) {
    const s = scene();
    painter.paint(s, position, { labels: false, focus, named: new Set(), trails: [] }, pen);
    if (!s.w) return;
    const unit = Math.min(s.w, s.h) / 300;
    for (const v of range(V)) {                                      // a ring that grows: strength without colour
      const value = strength(v), size = Math.abs(value);
      if (size < 0.12 || s.trust[v] < 0.03) continue;
      const x = s.screen[3 * v], y = s.screen[3 * v + 1], r = (5 + 13 * size) * unit;
      const color = gim.color(figure, value < 0 ? "cell-negative" : "cell");
      const outline = () => {
        pen.beginPath();
        if (value > 0) { pen.arc(x, y, r, 0, 7); return; }
        [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]].forEach(([a, b], i) => pen[i ? "lineTo" : "moveTo"](x + 0.9 * a * r, y + 0.9 * b * r));
      };
      pen.fillStyle = pen.strokeStyle = color;
      pen.globalAlpha = 0.1 + 0.25 * size;
      outline();
      pen.fill();
      pen.globalAlpha = 0.35 + 0.65 * size;
      pen.lineWidth = 1 + 1.6 * size;
      outline();
      pen.stroke();
      pen.globalAlpha = 1;
    }
  }
  canvas.draw = draw;
  function redraw() {
    dirty = dirty || requestAnimationFrame(() => { dirty = 0; draw(ctx); follow(); tell(); });
  }
  function turn(by, tilt) {
    camera.turn += by;
    camera.tilt = Math.max(-0.2, Math.min(Math.PI / 2, camera.tilt + tilt));
    redraw();
  }
  let drag = null;
  const nearest = (event) => {
    const box = canvas.getBoundingClientRect(), s = scene(), x = event.clientX - box.left, y = event.clientY - box.top;
    const far = range(V).map((v) => (s.trust[v] > 0 ? Math.hypot(s.screen[3 * v] - x, s.screen[3 * v + 1] - y) : Infinity));
    const best = far.indexOf(Math.min(...far));
    return far[best] < (event.pointerType === "touch" ? 26 : 14) ? best : -1;
  };
  const on = (name, react) => canvas.addEventListener(name, react);
  on("pointerdown", (event) => {
    drag = { x: event.clientX, y: event.clientY, moved: false };
    if (event.pointerType !== "touch") canvas.setPointerCapture(event.pointerId);
  });
  on("pointermove", (event) => {
    if (!drag) { if (event.pointerType !== "touch" && nearest(event) >= 0) look(nearest(event)); return; }
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!solid || (!drag.moved && Math.hypot(dx, dy) < 4)) return;
    Object.assign(drag, { x: event.clientX, y: event.clientY, moved: true });
    turn(-dx * 0.011, event.pointerType === "touch" ? 0 : dy * 0.009);                // a finger that goes up or down scrolls the page
  });
  on("pointerup", (event) => { if (drag && !drag.moved) look(nearest(event), true); drag = null; });
  on("pointercancel", () => { drag = null; });

  // ---- the strip: a row for each joint, a column for each frame -----------------------------------------------------------------
  const strip = svg("svg", { class: "strip", role: "slider", tabindex: 0, "aria-label": "Heat of each joint over time: left and right go through time, up and down through the joints",
    onkeydown(event) {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      look(focus < 0 ? (step > 0 ? 0 : V - 1) : (focus + step + V) % V, true);
    },
    onpointerdown(event) { strip.setPointerCapture(event.pointerId); touched(event); },
    onpointermove(event) { if (strip.hasPointerCapture(event.pointerId)) touched(event); } });
  let place = null;                                                  // where the cells are
  function touched(event) {
    const box = strip.getBoundingClientRect(), k = strip.viewBox.baseVal.width / box.width;
    const t = Math.floor(((event.clientX - box.left) * k - place.left) / place.cell), v = Math.floor(((event.clientY - box.top) * k - place.top) / place.row);
    look(Math.max(0, Math.min(V - 1, v)), true);
    clock.pause();
    clock.seek(Math.max(0, Math.min(scene().T - 1, t)));
  }
  const cursor = svg("rect", { class: "cursor" }), band = svg("rect", { class: "band" }), rows = [];
  function lay() {
    const s = scene(), T = s.T, { values, joints, frames, signed } = heat(), width = Math.max(260, Math.round(stripPlace.clientWidth) || 420);
    const letter = V > 30 ? 10 : 11.5, left = Math.ceil(Math.max(...layout.joints.map((name) => name.length)) * letter * 0.53) + 8, bars = width < 330 ? 26 : 44, top = 40;
    const row = Math.max(V > 30 ? 11 : 12.5, Math.min(17, 330 / V)), cell = (width - left - bars - 6) / T, bottom = top + V * row;
    place = { left, top, row, cell, bottom };
    const paths = new Map();                                         // runs of one level become one piece
    for (const v of range(V))
      for (let t = 0, from = 0; t < T; t++) {
        const level = (at) => Math.round(values[at * V + v] * LEVELS);
        if (t + 1 < T && level(t + 1) === level(from)) continue;
        if (level(from)) paths.set(level(from), (paths.get(level(from)) || "") +
          `M${(left + from * cell).toFixed(1)} ${(top + v * row + 0.5).toFixed(1)}H${(left + (t + 1) * cell).toFixed(1)}v${(row - 1).toFixed(1)}H${(left + from * cell).toFixed(1)}Z`);
        from = t + 1;
      }
    const tone = (level) => `fill:color-mix(in srgb, var(--gim-cell${level < 0 ? "-negative" : ""}) ${Math.round((100 * Math.abs(level)) / LEVELS)}%, var(--gim-raised))`;
    const most = Math.max(...frames.map(Math.abs)) || 1, up = (t) => top - 7 - 24 * Math.max(0, frames[t] / most);
    const hill = `M${left} ${top - 7}` + range(T).map((t) => `L${(left + (t + 0.5) * cell).toFixed(1)} ${up(t).toFixed(1)}`).join("") + `L${left + T * cell} ${top - 7}Z`;
    rows.length = 0;
    for (const v of range(V)) rows.push(svg("text", { class: "name", x: left - 5, y: top + (v + 0.5) * row + letter * 0.34, "text-anchor": "end", "font-size": letter }, layout.joints[v]));
    const bar = (v) => Math.abs(joints[v]) * (bars - 4);
    strip.replaceChildren(...[svg("rect", { class: "sheet", x: left, y: top, width: T * cell, height: V * row }),
      svg("path", { class: "hill", d: hill }), svg("path", { class: "base", d: `M${left} ${top - 7}H${left + T * cell}` }),
      svg("text", { class: "tick", x: left - 5, y: top - 9, "text-anchor": "end" }, "all joints"),
      [...paths].map(([level, d]) => svg("path", { d, style: tone(level) })),
      // what spoke against the class has a line through it
      signed ? svg("path", { class: "minus", d: range(V).flatMap((v) => range(T).filter((t) => values[t * V + v] < -0.15)
        .map((t) => `M${(left + t * cell).toFixed(1)} ${(top + (v + 0.5) * row).toFixed(1)}h${cell.toFixed(1)}`)).join("") }) : null,
      range(V).map((v) => svg("rect", { class: joints[v] < 0 ? "bar negative" : "bar", x: left + T * cell + 5, y: top + v * row + 2, width: bar(v), height: row - 4 })),
      svg("text", { class: "tick", x: width - 1, y: top - 9, "text-anchor": "end" }, bars > 30 ? "all time" : "sum"), band, cursor, rows,
      svg("text", { class: "tick", x: left, y: bottom + 13 }, "0"), svg("text", { class: "tick", x: left + T * cell, y: bottom + 13, "text-anchor": "end" }, (T - 1) * data.stride),
      svg("text", { class: "tick", x: left + (T * cell) / 2, y: bottom + 13, "text-anchor": "middle" }, "frame")].flat().filter(Boolean));
    strip.setAttribute("viewBox", `0 0 ${width} ${Math.ceil(bottom + 18)}`);
    strip.setAttribute("aria-valuemin", 0);
    strip.setAttribute("aria-valuemax", (T - 1) * data.stride);
    follow();
  }
  function follow() {                                                // the cursor and the row
    if (!place) return;
    const t = frame();
    for (const [name, value] of Object.entries({ x: place.left + t * place.cell - 1, y: place.top - 4, width: place.cell + 2, height: place.bottom - place.top + 8 })) cursor.setAttribute(name, value);
    for (const [name, value] of Object.entries({ x: 1, y: place.top + Math.max(0, focus) * place.row, width: strip.viewBox.baseVal.width - 2, height: place.row })) band.setAttribute(name, value);
    band.setAttribute("visibility", focus < 0 ? "hidden" : "visible");
    rows.forEach((name, v) => name.classList.toggle("lit", v === focus));
    strip.setAttribute("aria-valuenow", t * data.stride);
    strip.setAttribute("aria-valuetext", `frame ${t * data.stride}` + (focus < 0 ? "" : `, ${layout.joints[focus]}: ${percent(heat().values[t * V + focus])} of the largest value`));
  }

  // ---- what is said -------------------------------------------------------------------------------------------------------------
  const note = el("p", { class: "note" }), sum = el("p", { class: "sum" });
  function tell() {
    const t = frame(), value = focus < 0 ? 0 : heat().values[t * V + focus];
    const words = focus < 0 ? "Touch a joint or a place in the strip." + (solid ? " Drag the body to turn it." : "")
      : `${layout.joints[focus]}, frame ${t * data.stride}: ${percent(value).replace("-", "\u2212")} of the largest value. Over the whole clip this joint holds ${percent(heat().share[focus])} of the heat.`;
    note.classList.toggle("gim-hint", focus < 0);
    if (note.textContent !== words) note.textContent = words;
  }
  function total() {
    const { share, frames, peak } = heat(), s = scene(), order = range(V).filter((v) => share[v] >= 0.005).sort((a, b) => share[b] - share[a]).slice(0, 3);
    const weight = frames.map(Math.abs), all = weight.reduce((a, b) => a + b) || 1;
    let best = [0, s.T - 1];                                         // the shortest stretch with half of the heat
    for (let a = 0, b = 0, held = 0; a < s.T; held -= weight[a++]) {
      while (b < s.T && held < all / 2) held += weight[b++];
      if (held >= all / 2 && b - 1 - a < best[1] - best[0]) best = [a, b - 1];
    }
    const none = !share.some((x) => x > 0);
    sum.textContent = none ? "No heat at all: nothing counted." : `Most heat: ${order.map((v) => `${layout.joints[v]} (${percent(share[v])})`).join(", ")}. `
      + `Half of it lies in ${best[0] < best[1] ? `frames ${best[0] * data.stride} to` : "frame"} ${best[1] * data.stride}. Largest value: ${digits(peak, peak < 0.1 ? 4 : 2)}.`;
    canvas.setAttribute("aria-label", `${s.clip.title || "clip"}, ${data.maps[map]}. ${sum.textContent}`);
  }
  function look(v, speak) {
    if (v === focus) return;
    focus = v;
    figure.dataset.joint = v < 0 ? "" : v;
    redraw();
    if (speak && v >= 0) clock.voice(`${layout.joints[v]}: ${percent(heat().share[v])} of the heat`);
  }

  // ---- controls -----------------------------------------------------------------------------------------------------------------
  const choice = (label, names, now, act) => {
    const buttons = names.map((name, i) => el("button", { type: "button", "aria-pressed": String(i === now), onclick() {
      buttons.forEach((one, k) => one.setAttribute("aria-pressed", String(k === i)));
      act(i);
    } }, name));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, label), el("div", { class: "gim-group", role: "group", "aria-label": label }, buttons));
  };
  function change() {
    Object.assign(figure.dataset, { clip, map: data.maps[map], summed });
    scene().heat = Int8Array.from(summed ? heat().joints : heat().values, (value) => Math.round(127 * value));   // for skeleton.js
    title.textContent = [scene().clip.title, data.maps.length > 1 ? data.maps[map] : ""].filter(Boolean).join(": ");
    plus.lastChild.textContent = heat().signed ? data.signs[0] : "the larger, the more heat";
    minus.lastChild.textContent = heat().signed ? data.signs[1] : "";
    minus.style.display = heat().signed ? "" : "none";
    lay();
    total();
    redraw();
  }
  // one clock for all clips: a shorter one waits in its last frame
  const clock = gim.controls(figure, { last: Math.max(...scenes.map((s) => s.T)) - 1, fps: data.fps, frame: data.start, name: (i) => i * data.stride,
    draw(p) { position = p; redraw(); } });
  const title = el("div", { class: "gim-view-title" });
  const toolbar = el("div", { class: "toolbar gim-settings" },
    scenes.length > 1 ? choice("Clip", scenes.map((s, i) => s.clip.title || `clip ${i}`), 0, (i) => { clip = i; change(); }) : null,
    data.maps.length > 1 ? choice("Heat", data.maps, 0, (i) => { map = i; change(); }) : null,
    choice("Joints glow with", ["this frame", "the whole clip"], 0, (i) => { summed = i === 1; change(); }));
  const stripPlace = el("div", { class: "strip-place" }, strip);
  const key = (cls, shape) => el("span", {}, svg("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { class: cls, d: gim.mark(shape, 5.5) })), el("span", {}));
  const plus = key("for", "circle"), minus = key("against", "square"), legend = el("div", { class: "gim-legend" }, plus, minus);
  const keys = gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one frame back or on"], ["\u2191 \u2193, on the strip", "another joint"],
    ["J, Shift + J", "next or previous joint"], ["Home, End", "first or last frame"], ...(solid ? [["Shift + arrows", "turn and tilt"], ["R", "reset the view"]] : [])]);
  stage.replaceChildren(toolbar, el("div", { class: "panels" }, el("div", {}, title, views), stripPlace),
    clock.node, note, sum, el("div", { class: "gim-below" }, legend, keys));

  figure.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const way = solid && event.shiftKey && { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way) turn((way[0] * Math.PI) / 12, (way[1] * Math.PI) / 18);
    else if (event.key.toLowerCase() === "j") look(event.shiftKey ? (focus <= 0 ? V : focus) - 1 : (focus + 1) % V, true);
    else if (event.key === "r" && solid) turn(HOME[0] - camera.turn, HOME[1] - camera.tilt);
    else return;
    event.preventDefault();
  });

  function size() {
    const w = canvas.clientWidth, ratio = Math.min(2, window.devicePixelRatio || 1), h = Math.round(Math.max(250, Math.min(400, 0.95 * w)));
    canvas.style.height = h + "px";
    if (canvas.width !== Math.round(w * ratio)) Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
    for (const s of scenes) Object.assign(s, { w, h, ratio, ctx });
  }
  new ResizeObserver(() => { size(); change(); }).observe(stripPlace);
  gim.onTheme(() => { painter.recolor(); redraw(); });
});
