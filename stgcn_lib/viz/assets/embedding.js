/* A map of clips: a point for each, its class as mark and colour; choose one and its clip plays beside that of its nearest neighbour. */
gim.define("embedding", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { classes, labels, predicted, neighbours, looks } = data, n = labels.length, all = [...Array(n).keys()];
  const V = data.layouts[0].joints.length, T = data.frames, axes = data.axes;
  const wrong = (i) => !!predicted && predicted[i] !== labels[i], mistakes = all.filter(wrong);
  const state = { chosen: mistakes[0] ?? 0, kept: false, cls: -1, only: false };

  // ---- marks --------------------------------------------------------------------------------------------------------------------
  function mark(shape, r) {
    const a = r * 1.15, b = r * 0.42, plus = [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b], [-a, -b], [-b, -b]];
    const turned = plus.map(([x, y]) => [(x - y) * 0.707, (x + y) * 0.707]), path = (corners) => "M" + corners.map((p) => p.map((x) => x.toFixed(2)).join(" ")).join("L") + "Z";
    return shape === "plus" ? path(plus) : shape === "cross" ? path(turned) : gim.mark(shape, r);
  }
  const icon = (c, size = 14) => svg("svg", { viewBox: "-8 -8 16 16", width: size, height: size, "aria-hidden": "true", class: "icon" }, svg("path", { d: mark(looks[c][0], 5.6), fill: looks[c][1] }));
  const title = (i) => `${classes[labels[i]]}, clip ${i}`;
  const spoken = (i) => `${title(i)}${predicted ? (wrong(i) ? `, taken for ${classes[predicted[i]]}` : ", recognised") : ""}`;

  // ---- the map ------------------------------------------------------------------------------------------------------------------
  const px = all.map((i) => data.points[2 * i] / 1000), py = all.map((i) => data.points[2 * i + 1] / 1000);
  const spots = all.map((i) => svg("g", { class: wrong(i) ? "spot wrong" : "spot", role: "button", tabindex: -1, "aria-label": spoken(i), onkeydown: (event) => roam(event, i), onfocus: () => choose(i, true) },
    wrong(i) ? svg("circle", { class: "ring", r: 9 }) : null, svg("circle", { class: "halo", r: 12 }), svg("path", { d: mark(looks[labels[i]][0], 5.4), fill: looks[labels[i]][1] })));
  const ties = svg("g", { class: "ties", "aria-hidden": "true" }), words = svg("g", { class: "words", "aria-hidden": "true" });
  const light = svg("g", { class: "spot chosen light", "aria-hidden": "true" }, svg("circle", { class: "halo", r: 12 }), svg("path", {}));   // over all others
  const map = svg("svg", { class: "map", role: "group", "aria-label": "Map of clips: arrow keys go from point to point, Enter plays the clip",
    onpointermove: (event) => event.pointerType === "mouse" && !state.kept && point(event, 14, false), onclick: (event) => point(event, 26, true) }, ties, spots, words, light);
  let at = [];
  function lay() {
    const w = Math.max(260, Math.round(mapPlace.clientWidth) || 480), aspect = Math.max(...py) / Math.max(0.02, Math.max(...px)), pad = 26;
    const h = Math.round(Math.max(260, Math.min(440, w * Math.max(0.7, Math.min(1.05, aspect))))), S = Math.min((w - 2 * pad) / Math.max(...px, 0.02), (h - 2 * pad) / Math.max(...py, 0.02));
    const left = (w - S * Math.max(...px)) / 2, top = (h - S * Math.max(...py)) / 2;
    at = all.map((i) => [left + S * px[i], h - top - S * py[i]]);
    spots.forEach((spot, i) => spot.setAttribute("transform", `translate(${at[i].map((x) => x.toFixed(1))})`));
    map.setAttribute("viewBox", `0 0 ${w} ${h}`);
    write(w, h);
    tie();
  }
  /* The name of a class stands in the middle of its points; names push each other up and down until none covers another. */
  function write(w, h) {
    const middle = (list) => list.sort((a, b) => a - b)[list.length >> 1], size = w < 420 ? 10.5 : 12;
    const boxes = classes.map((name, c) => ({ c, name, own: all.filter((i) => labels[i] === c) })).filter(({ own }) => own.length).map(({ c, name, own }) => {
      const lines = name.split(" ").reduce((list, word) => (list.length && (list.at(-1) + word).length < 17 ? [...list.slice(0, -1), `${list.at(-1)} ${word}`] : [...list, word]), []);
      const half = Math.max(...lines.map((line) => line.length)) * size * 0.29 + 3;
      return { c, lines, half, tall: (lines.length * size * 1.05) / 2 + 2, x: Math.max(half, Math.min(w - half, middle(own.map((i) => at[i][0])))), y: middle(own.map((i) => at[i][1])) };
    });
    for (let round = 0; round < 60; round++)
      for (const a of boxes) for (const b of boxes) {
        const over = a.half + b.half - Math.abs(a.x - b.x), gap = a.tall + b.tall - Math.abs(a.y - b.y);
        if (a.c >= b.c || over <= 0 || gap <= 0) continue;
        const push = (a.y < b.y || (a.y === b.y && a.c < b.c) ? -0.5 : 0.5) * Math.min(gap, 3);
        a.y = Math.max(a.tall, Math.min(h - a.tall, a.y + push));
        b.y = Math.max(b.tall, Math.min(h - b.tall, b.y - push));
      }
    words.replaceChildren(...boxes.map(({ c, lines, x, y }) => svg("text", { class: state.cls >= 0 && state.cls !== c ? "faint" : "", "text-anchor": "middle", "font-size": size },
      lines.map((line, k) => svg("tspan", { x, y: y + (k - (lines.length - 1) / 2) * size * 1.05 + size * 0.35 }, line)))));
  }
  function tie() {
    const [x, y] = at[state.chosen];
    light.setAttribute("transform", `translate(${x} ${y})`);
    light.lastChild.setAttribute("d", mark(looks[labels[state.chosen]][0], 6.4));
    light.lastChild.setAttribute("fill", looks[labels[state.chosen]][1]);
    ties.replaceChildren(...neighbours[state.chosen].map((j, k) => svg("path", { class: k ? "tie" : "tie first", d: `M${x} ${y}L${at[j][0]} ${at[j][1]}` })));
  }
  function point(event, reach, keep) {
    const box = map.getBoundingClientRect(), k = map.viewBox.baseVal.width / box.width, x = (event.clientX - box.left) * k, y = (event.clientY - box.top) * k;
    const live = all.filter(visible), far = (i) => Math.hypot(at[i][0] - x, at[i][1] - y), best = live.reduce((a, b) => (a >= 0 && far(a) <= far(b) ? a : b), -1);
    if (best < 0 || far(best) > reach * k) { if (keep) { state.kept = false; show(); } return; }
    if (keep) state.kept = !(state.kept && best === state.chosen);
    choose(best, true);
    show();
  }
  function roam(event, i) {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !(way || event.key === "Enter")) return;
    event.preventDefault();
    if (!way) { clock.play(); return; }
    const score = (j) => {
      const dx = at[j][0] - at[i][0], dy = at[j][1] - at[i][1], l = Math.hypot(dx, dy) || 1e-3, aim = (dx * way[0] + dy * way[1]) / l;
      return aim > 0.35 ? l * (2 - aim) : Infinity;
    };
    const best = all.filter((j) => j !== i && visible(j)).reduce((a, b) => (a >= 0 && score(a) <= score(b) ? a : b), -1);
    if (best < 0 || score(best) === Infinity) return;
    state.kept = true;
    spots[best].setAttribute("tabindex", 0);
    spots[best].focus();
  }
  const visible = (i) => (state.cls < 0 || labels[i] === state.cls || (predicted && predicted[i] === state.cls)) && (!state.only || wrong(i));

  // ---- the clips ----------------------------------------------------------------------------------------------------------------
  /* Letter 65 is no step, then +1, -1, +2, -2, ...; skeleton.js takes 16-bit steps from zero. */
  function unpack(i) {
    const text = data.clips[i], steps = new Int16Array(text.length);
    for (let at = 0; at < text.length; at++) {
      const z = text.charCodeAt(at) - 65;
      steps[at] = (z & 1 ? (z + 1) / 2 : -z / 2) + (at % T ? 0 : data.mean[at / T]);
    }
    return { title: title(i), layout: 0, frames: T, axes, unit: data.unit, offset: [0, 0, 0], xyz: btoa(String.fromCharCode(...new Uint8Array(steps.buffer))) };
  }
  let painter = null, position = T >> 1, dirty = 0;
  const canvases = ["chosen", "nearest"].map((cls) => el("canvas", { role: "img", class: cls })), heads = canvases.map(() => el("div", { class: "head" }));
  canvases.forEach((canvas, k) => { canvas.draw = (pen) => draw(k, pen); });
  function draw(k, pen) {
    if (painter && painter.scenes[k].w) painter.paint(painter.scenes[k], position, { labels: false, focus: -1, named: new Set(), trails: [] }, pen);
  }
  const redraw = () => { dirty = dirty || requestAnimationFrame(() => { dirty = 0; canvases.forEach((canvas, k) => draw(k, canvas.getContext("2d"))); }); };
  function load() {
    painter = gim.skeleton(figure, { ...data, clips: [state.chosen, neighbours[state.chosen][0]].map(unpack) });
    Object.assign(painter.camera, { turn: (data.view[0] * Math.PI) / 180, tilt: (data.view[1] * Math.PI) / 180 });
    size();
  }
  function size() {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvases.forEach((canvas, k) => {
      const w = canvas.clientWidth, h = Math.round(Math.max(170, Math.min(260, 1.35 * w)));
      canvas.style.height = h + "px";
      Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
      Object.assign(painter.scenes[k], { w, h, ratio, ctx: canvas.getContext("2d") });
    });
    redraw();
  }

  // ---- what is said -------------------------------------------------------------------------------------------------------------
  const verdict = el("p", { class: "verdict" }), near = el("div", { class: "near" });
  function show() {
    const i = state.chosen, first = neighbours[i][0];
    spots.forEach((spot, j) => {
      spot.setAttribute("tabindex", j === i ? 0 : -1);
      spot.classList.toggle("chosen", j === i);
      spot.classList.toggle("near", neighbours[i].includes(j));
      spot.classList.toggle("faint", !visible(j));
    });
    tie();
    heads.forEach((head, k) => head.replaceChildren(el("small", {}, k ? "nearest neighbour" : state.kept ? "chosen, kept" : "chosen"), el("b", {}, icon(labels[k ? first : i]), classes[labels[k ? first : i]])));
    canvases.forEach((canvas, k) => canvas.setAttribute("aria-label", spoken(k ? first : i)));
    verdict.replaceChildren(...(predicted ? ["The network says ", el("b", { class: wrong(i) ? "bad" : "good" }, classes[predicted[i]]), wrong(i) ? `: wrong, clip ${i} is ${classes[labels[i]]}.` : `: right, clip ${i}.`] : [`Clip ${i}.`]));
    const here = near.contains(document.activeElement);
    near.replaceChildren(el("span", { class: "label" }, "Nearest:"), ...neighbours[i].map((j) => el("button", { type: "button", class: "gim-shown", onclick: () => { state.kept = true; choose(j, true); } }, icon(labels[j], 12), `${classes[labels[j]]}, clip ${j}`)));
    if (here) near.querySelector("button").focus();
    chips.forEach((chip, c) => chip.setAttribute("aria-pressed", String(c === state.cls)));
    const count = all.filter((j) => labels[j] === state.cls);
    classNote.textContent = state.cls < 0 ? (mistakes.length || predicted ? `${n} clips, ${mistakes.length} of them taken for another class (ringed).` : `${n} clips.`)
      : `${classes[state.cls]}: ${count.length} clips` + (predicted ? `, ${count.filter(wrong).length} of them missed; ${mistakes.filter((j) => predicted[j] === state.cls).length} others taken for it.` : ".");
    Object.assign(figure.dataset, { chosen: i, cls: state.cls, kept: state.kept });
  }
  function choose(i, play) {
    if (i === state.chosen) return;
    state.chosen = i;
    load();
    show();
    clock.voice(spoken(i));
    if (play && !gim.reducedMotion()) clock.play();
  }

  // ---- controls -----------------------------------------------------------------------------------------------------------------
  const clock = gim.controls(figure, { last: T - 1, fps: data.fps, frame: position, draw(p) { position = p; redraw(); } });
  const chips = classes.map((name, c) => el("button", { type: "button", class: "chip gim-shown", "aria-pressed": "false", onclick() { state.cls = state.cls === c ? -1 : c; show(); lay(); } }, icon(c), name));
  const classNote = el("p", { class: "class-note" });
  const toolbar = mistakes.length ? el("div", { class: "toolbar gim-tools" }, gim.toggle("Mistakes only", false, (on) => { state.only = on; show(); }),
    el("button", { type: "button", onclick() { state.kept = true; choose(mistakes[(mistakes.indexOf(state.chosen) + 1) % mistakes.length], true); show(); } }, "Next mistake")) : null;
  const mapPlace = el("div", { class: "map-place" }, map);
  const keys = gim.keys([["Arrows, on the map", "the next point that way"], ["Enter, on the map", "play its clip"], ["Space", "play or pause"], ["Home, End", "first or last frame"]]);
  stage.replaceChildren(...[toolbar, el("div", { class: "panels" }, mapPlace, el("div", { class: "side" },
    el("div", { class: "pair" }, canvases.map((canvas, k) => el("div", { class: "gim-view" }, heads[k], canvas))), verdict, near, clock.node)),
  el("div", { class: "chips", role: "group", "aria-label": "Show one class" }, chips), classNote, el("div", { class: "gim-below" },
    el("p", { class: "gim-note gim-hint" }, "Point at a clip to see it; tap or click to keep it."), keys)].filter(Boolean));
  load();
  lay();
  show();
  new ResizeObserver(() => { lay(); size(); }).observe(mapPlace);
  gim.onTheme(() => { painter.recolor(); redraw(); });
});
