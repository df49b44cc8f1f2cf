/* The skeleton player: clips side by side, one clock, one camera. skeleton.js draws; the data comes from player.py. */
gim.define("player", function (figure, stage, data, gim) {
  "use strict";
  const { el } = gim, QUARTER = Math.PI / 2;
  const HOME = data.view.map((degrees) => (degrees * Math.PI) / 180);
  const painter = gim.skeleton(figure, data), { scenes, camera } = painter;
  const solid = scenes.some((s) => s.axes === 3), joints = Math.max(...scenes.map((s) => s.V));
  const last = Math.max(...scenes.map((s) => s.T)) - 1;
  const chosen = new Set(data.trails), given = new Set(data.trails);
  let labels = data.labels, trails = chosen.size > 0, focus = -1, position = data.start, dirty = 0;

  function draw(s, ctx) {
    const named = new Set(trails ? [...chosen].filter((v) => !given.has(v)) : []);
    painter.paint(s, position, { labels, focus, named, trails: trails ? chosen : [] }, ctx);
  }
  function redraw() {
    dirty = dirty || requestAnimationFrame(() => {
      dirty = 0;
      for (const s of scenes) draw(s);
      tell();
    });
  }

  // ---- clips ------------------------------------------------------------------------------------------------------------
  const help = "Clips. Space plays, arrow keys step" + (solid ? ", Shift and arrow keys turn the view" : "");
  const views = el("div", { class: "gim-views", tabindex: 0, role: "group", "aria-label": help });
  views.style.setProperty("--gim-clips", scenes.length);
  for (const s of scenes) {
    const title = s.clip.title, says = `${title || "clip"}: skeleton ${s.layout.name}, ${s.V} joints, ${s.T} frames shown`;
    s.canvas = el("canvas", { role: "img", "aria-label": says });
    s.ctx = s.canvas.getContext("2d");
    s.canvas.draw = (pen) => draw(s, pen);                           // save.js draws the same with a pen of its own
    views.append(el("div", { class: "gim-view" }, title ? el("div", { class: "gim-view-title" }, title) : null, s.canvas));
  }
  const clock = gim.controls(figure, { last, fps: data.fps, frame: data.start, autoplay: data.autoplay,
    name: (i) => i * data.stride, draw(p) { position = p; redraw(); } });

  /* One line under the clips: the joint that is looked at, with its coordinates. */
  const note = el("div", { class: "gim-note" });
  function tell() {
    const s = focus >= 0 && (scenes.find((one) => one.hovered && focus < one.V) || scenes.find((one) => focus < one.V));
    let words = (solid ? "Drag to turn. " : "") + "Tap a joint for its name and trail.";
    if (s) {
      const place = Array.from(s.now.slice(3 * focus, 3 * focus + s.axes), (value) => gim.digits(value, s.size > 20 ? 0 : 2));
      words = `joint ${focus}: ${s.layout.joints[focus]}   (${place.join(", ")})`;
      if (s.sure) words += `   confidence ${gim.digits(s.trust[focus])}`;
    }
    note.classList.toggle("gim-hint", !s);
    if (note.textContent !== words) note.textContent = words;
  }
  function look(v, speak) {
    if (v === focus) return;
    focus = v;
    figure.dataset.joint = v < 0 ? "" : v;
    const s = scenes.find((one) => v < one.V);
    if (speak && v >= 0) clock.voice(`joint ${v}, ${s.layout.joints[v]}`);
    redraw();
  }
  function pin(v) {                                                  // the trail of joint v, on or off
    given.delete(v);
    if (trails) { if (!chosen.delete(v)) chosen.add(v); redraw(); return; }
    chosen.clear();
    chosen.add(v);
    trailToggle.click();
  }

  // ---- the camera -------------------------------------------------------------------------------------------------------
  const around = (angle) => Math.atan2(Math.sin(angle), Math.cos(angle));
  const goal = { turn: 0, tilt: 0 };                                 // where the camera is or is going; `data-view` in degrees
  let gliding = 0;
  function head(turn, tilt) {
    cancelAnimationFrame(gliding);
    Object.assign(goal, { turn: around(turn), tilt: Math.max(-0.2, Math.min(QUARTER, tilt)) });
    figure.dataset.view = [goal.turn, goal.tilt].map((angle) => Math.round((angle * 180) / Math.PI)).join(" ");
  }
  function aim(turn, tilt) {                                         // at once
    head(turn, tilt);
    Object.assign(camera, goal);
    redraw();
  }
  function glide(turn, tilt) {                                       // in a quarter of a second
    if (gim.reducedMotion()) return aim(turn, tilt);
    head(turn, tilt);
    const from = { ...camera }, by = around(goal.turn - from.turn), begin = performance.now();
    gliding = requestAnimationFrame(function move(time) {
      const t = Math.max(0, Math.min(1, (time - begin) / 250)), ease = t * t * (3 - 2 * t);
      Object.assign(camera, { turn: from.turn + by * ease, tilt: from.tilt + (goal.tilt - from.tilt) * ease });
      if (t < 1) gliding = requestAnimationFrame(move);
      redraw();
    });
  }
  /* a press during a glide goes on from where the glide is going */
  const nudge = (turn, tilt) => glide(goal.turn + (turn * Math.PI) / 12, goal.tilt + (tilt * Math.PI) / 18);

  for (const s of scenes) {
    let drag = null;
    const nearest = (event) => {
      const box = s.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      let best = -1, distance = event.pointerType === "touch" ? 26 : 14;
      for (let v = 0; v < s.V; v++) {
        const d = Math.hypot(s.screen[3 * v] - x, s.screen[3 * v + 1] - y);
        if (d < distance && s.trust[v] > 0) { best = v; distance = d; }
      }
      return best;
    };
    const over = (event, speak) => { for (const one of scenes) one.hovered = one === s; look(nearest(event), speak); };
    const on = (name, react) => s.canvas.addEventListener(name, react);
    on("pointerdown", (event) => {
      if (event.button) return;
      cancelAnimationFrame(gliding);
      drag = { x: event.clientX, y: event.clientY, ...camera, moved: false };
      if (event.pointerType !== "touch") s.canvas.setPointerCapture(event.pointerId);
    });
    on("pointermove", (event) => {
      if (!drag) { if (event.pointerType !== "touch") over(event); return; }
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      drag.moved = drag.moved || Math.hypot(dx, dy) > 4;
      if (!drag.moved || s.axes === 2) return;
      // a finger only turns; up and down belongs to the page, which must scroll
      aim(drag.turn - dx * 0.011, event.pointerType === "touch" ? drag.tilt : drag.tilt + dy * 0.009);
    });
    on("pointerup", (event) => {
      if (drag && !drag.moved) { over(event, true); if (focus >= 0) pin(focus); }
      drag = null;
    });
    on("pointercancel", () => { drag = null; });
    on("pointerleave", (event) => { if (!drag && event.pointerType !== "touch") look(-1); });
  }

  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const turn = solid && event.shiftKey && turns[event.key], key = event.key.toLowerCase();
    if (turn) nudge(...turn);
    else if (key === "l") labelToggle.click();
    else if (key === "j") look(event.shiftKey ? (focus <= 0 ? joints : focus) - 1 : (focus + 1) % joints, true);
    else if (key === "t" && focus >= 0) pin(focus);
    else if (key === "r" && solid) glide(...HOME);
    else return;
    event.preventDefault();
  });

  // ---- buttons, legend, keys --------------------------------------------------------------------------------------------
  /* The two joints that move most: what Trails shows when nobody chose. */
  function busiest() {
    const s = scenes[0], far = [...Array(s.V).keys()].map((v) => {
      let sum = 0;
      for (let i = v * 3; i + s.V * 3 < s.xyz.length; i += s.V * 3)
        sum += Math.hypot(...[0, 1, 2].map((k) => s.xyz[i + s.V * 3 + k] - s.xyz[i + k]));
      return sum;
    });
    return [...far.keys()].sort((a, b) => far[b] - far[a]).slice(0, 2);
  }
  const labelToggle = gim.toggle("Labels", labels, (on) => { labels = on; redraw(); });
  const trailToggle = gim.toggle("Trails", trails, (on) => {
    trails = on;
    if (on && !chosen.size) for (const v of busiest()) { chosen.add(v); given.add(v); }
    redraw();
  });
  const group = (name, ...buttons) => el("div", { class: "gim-group", role: "group", "aria-label": name }, buttons);
  const word = (name, press) => el("button", { type: "button", onclick: press }, name);
  const arrow = (name, d, press) => el("button", { type: "button", "aria-label": name, title: name, onclick: press },
    gim.svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, class: "gim-arrow", "aria-hidden": "true" }, gim.svg("path", { d })));
  const tools = el("div", { class: "gim-tools" }, ...(solid ? [
    group("View", word("Front", () => glide(0, 0.12)), word("Side", () => glide(-QUARTER, 0.12)),
      word("Top", () => glide(0, QUARTER)), word("Reset", () => glide(...HOME))),
    group("Turn", arrow("Turn left", "M8 1L3 6L8 11", () => nudge(-1, 0)), arrow("Turn right", "M4 1L9 6L4 11", () => nudge(1, 0)),
      arrow("Tilt up", "M1 8L6 3L11 8", () => nudge(0, 1)), arrow("Tilt down", "M1 4L6 9L11 4", () => nudge(0, -1))),
  ] : []), group("Show", labelToggle, trailToggle));

  const legend = el("div", { class: "gim-legend" });
  if (data.heat) {
    const { low, high } = data.heat;
    const steps = 16, mix = (a, b, t) => `color-mix(in srgb, var(--gim-${a}), var(--gim-${b}) ${Math.round(100 * t)}%)`;
    const bar = gim.svg("svg", { viewBox: "0 0 112 11", width: 112, height: 11, "aria-hidden": "true" }, Array.from({ length: steps }, (_, i) => {
      const value = low < 0 ? (2 * i) / (steps - 1) - 1 : i / (steps - 1);
      return gim.svg("rect", { x: 7 * i, width: 7.2, height: 11, style: `fill:${mix("line", value < 0 ? "cell-negative" : "cell", Math.abs(value))}` });
    }));
    legend.append(el("span", {}, gim.digits(low)), bar, el("span", {}, gim.digits(high)));
  } else {
    for (const name of Object.keys(data.marks).filter((one) => !painter.plain.has(one))) {
      const dash = painter.dashOf(name) || null, d = gim.mark(painter.markOf(name), 4);
      legend.append(el("span", { style: `color:var(--gim-${name})` },
        gim.svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" },
          gim.svg("path", { d: "M1 6H25", stroke: "currentColor", "stroke-width": 3, "stroke-dasharray": dash }),
          gim.svg("path", { d, transform: "translate(13 6)", fill: "currentColor", stroke: "var(--gim-surface)" })), name));
    }
  }
  const keys = gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one frame back or on"], ["Home, End", "first or last frame"],
    ["[ ]", "slower or faster"], ...(solid ? [["Shift + arrows", "turn and tilt"], ["R", "reset the view"]] : []),
    ["J, Shift + J", "next or previous joint"], ["T", "trail of that joint"], ["L", "labels"]]);
  const row = (...parts) => el("div", { class: "gim-below" }, parts);
  stage.replaceChildren(views, row(note, legend), clock.node, row(tools, keys));

  new ResizeObserver(() => {
    const many = scenes.length > 1, ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const s of scenes) {
      const w = s.canvas.clientWidth;
      if (w === s.w && ratio === s.ratio) continue;
      const h = Math.round(Math.max(240, Math.min(many ? 320 : 400, (many ? 1.3 : 1) * w)));
      Object.assign(s, { w, h, ratio });
      s.canvas.style.height = h + "px";
      s.canvas.width = Math.round(w * ratio);
      s.canvas.height = Math.round(h * ratio);
    }
    redraw();
  }).observe(views);
  gim.onTheme(() => { painter.recolor(); redraw(); });
  aim(...HOME);
});
