/* Four streams of one clip with one clock: joints, bones as arrows from the parent, and how both change. Data from streams.py. */
gim.define("streams", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, range = (n) => [...Array(n).keys()], { clip, layout, parents } = data, V = layout.joints.length, T = clip.frames, C = clip.axes;
  const steps = new Int16Array(Uint8Array.from(atob(clip.xyz), (letter) => letter.charCodeAt(0)).buffer), xyz = new Float64Array(T * V * C);
  for (let v = 0; v < V; v++) for (let c = 0; c < C; c++) for (let t = 0, sum = 0; t < T; t++) {
    sum += steps[(v * C + c) * T + t];
    xyz[(t * V + v) * C + c] = sum * clip.unit + clip.offset[c];
  }
  const place = (t, v) => range(C).map((c) => xyz[(t * V + v) * C + c]), minus = (a, b) => a.map((x, c) => x - b[c]);
  const bone = (t, v) => (parents[v] < 0 ? Array(C).fill(0) : minus(place(t, v), place(t, parents[v])));
  const change = (of) => (t, v) => (t < T - 1 ? minus(of(t + 1, v), of(t, v)) : Array(C).fill(0));
  const STREAM = { joint: place, bone, "joint motion": change(place), "bone motion": change(bone) };
  const [turn, tilt] = data.view.map((degrees) => (degrees * Math.PI) / 180);
  /* a vector on the paper, y down */
  const flat = ([x, y, z]) => (C === 2 ? [x, -y] : [x * Math.cos(turn) + z * Math.sin(turn), (-x * Math.sin(turn) + z * Math.cos(turn)) * Math.sin(tilt) - y * Math.cos(tilt)]);
  let position = data.start, chosen = -1;

  // ---- where the body stands: in the middle, over its own place ------------------------------------------------------------------
  const middle = (t) => { const sum = Array(C).fill(0); for (let v = 0; v < V; v++) place(t, v).forEach((x, c) => { sum[c] += x / V; }); sum[1] = 0; return sum; };
  const frames = range(T).map((t) => { const m = middle(t); return range(V).map((v) => flat(minus(place(t, v), m))); });
  const all = frames.flat(), xs = all.map((p) => p[0]), ys = all.map((p) => p[1]), low = [Math.min(...xs), Math.min(...ys)], size = [Math.max(...xs) - low[0] || 1e-9, Math.max(...ys) - low[1] || 1e-9];
  const W = 220, H = 270, k = Math.min((W - 56) / size[0], (H - 56) / size[1]), left = (W - k * size[0]) / 2, top = (H - k * size[1]) / 2;
  const paper = ([x, y]) => [left + k * (x - low[0]), top + k * (y - low[1])];
  const one = (x) => x.toFixed(1);
  function arrow([x, y], [dx, dy], cls) {
    const long = Math.hypot(dx, dy);
    if (long < 1.2) return "";
    const h = Math.min(6.5, 0.55 * long), ux = dx / long, uy = dy / long, bx = x + dx - h * ux, by = y + dy - h * uy;
    return svg("g", { class: cls }, svg("path", { class: "shaft", d: `M${one(x)} ${one(y)}L${one(bx)} ${one(by)}` }),
      svg("path", { class: "head", d: `M${one(x + dx)} ${one(y + dy)}L${one(bx - 0.5 * h * uy)} ${one(by + 0.5 * h * ux)}L${one(bx + 0.5 * h * uy)} ${one(by - 0.5 * h * ux)}Z` }));
  }
  const panels = data.streams.map((name) => {
    const ink = svg("g", {}), hands = svg("g", {}), motion = name.endsWith("motion");
    const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${name} stream` }, ink, hands);
    picture.addEventListener("pointermove", (event) => event.pointerType === "mouse" && choose(nearest(event)));
    picture.addEventListener("pointerdown", (event) => choose(nearest(event)));
    picture.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && choose(-1));
    function nearest(event) {
      const box = picture.getBoundingClientRect(), x = ((event.clientX - box.left) * W) / box.width, y = ((event.clientY - box.top) * H) / box.height;
      let best = -1, far = event.pointerType === "touch" ? 26 : 16;
      now.forEach(([px, py], v) => { const d = Math.hypot(px - x, py - y); if (d < far) { far = d; best = v; } });
      return best;
    }
    return { name, ink, motion, node: el("div", { class: "panel" }, el("div", { class: "title" }, name), picture) };
  });
  let now = [];
  const side = (v) => layout.sides[v];
  function show() {
    const a = Math.floor(position), b = Math.min(T - 1, a + 1), part = position - a;
    const mix = (of, v) => { const p = of(a, v), q = of(b, v); return p.map((x, c) => x + part * (q[c] - x)); };
    now = frames[a].map((p, v) => paper(p.map((x, c) => x + part * (frames[b][v][c] - x))));
    for (const { name, ink, motion } of panels) {
      const still = layout.edges.map(([u, v]) => `M${now[u].map(one).join(" ")}L${now[v].map(one).join(" ")}`).join("");
      const parts = [];
      if (name === "joint") parts.push(svg("path", { class: "ghost", d: still }), now.map(([x, y], v) => svg("path", { class: `dot ${side(v)}`,
        d: gim.mark({ left: "circle", right: "square", trunk: "diamond" }[side(v)], 4.2), transform: `translate(${one(x)} ${one(y)})` })));
      else if (name === "bone") parts.push(now.map((p, v) => parents[v] >= 0 && arrow(now[parents[v]], [p[0] - now[parents[v]][0], p[1] - now[parents[v]][1]], `bone ${side(v)}`)));
      else parts.push(svg("path", { class: "ghost", d: still }), now.map((p, v) => arrow(p, flat(mix(STREAM[name], v)).map((x) => x * k * data.longer), `move ${side(v)}`)));
      if (chosen >= 0) parts.push(svg("circle", { class: "ring", cx: one(now[chosen][0]), cy: one(now[chosen][1]), r: 8 }));
      ink.replaceChildren(...parts.flat().filter(Boolean));
    }
    tell(Math.min(T - 1, Math.round(position)));
    figure.dataset.joint = chosen < 0 ? "" : chosen;
  }
  const says = el("p", { class: "says" }), cells = {}, digits = clip.unit > 0.01 ? 0 : 3;
  const table = el("table", { class: "readings" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "stream"), range(C).map((c) => el("th", { scope: "col" }, "xyz"[c])))),
    el("tbody", {}, data.streams.map((name) => el("tr", {}, el("th", { scope: "row" }, name), cells[name] = range(C).map(() => el("td", {}))))));
  function tell(t) {
    const v = chosen;
    says.replaceChildren(v < 0 ? "Touch a joint, or press J, for its numbers in all four." : el("b", {}, layout.joints[v]),
      v < 0 ? "" : parents[v] < 0 ? ", the centre: its bone is zero." : `, child of ${layout.joints[parents[v]]}.`);
    says.classList.toggle("gim-hint", v < 0);
    for (const name of data.streams) {
      const row = v < 0 ? null : STREAM[name](t, v);
      cells[name].forEach((cell, c) => { cell.textContent = row ? row[c].toFixed(digits).replace("-", "\u2212") : "\u00b7"; });
    }
  }
  function choose(v, speak) {
    if (v === chosen) return;
    chosen = v;
    show();
    if (speak) clock.voice(v < 0 ? "no joint" : `joint ${v}, ${layout.joints[v]}`);
  }
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    if (event.key.toLowerCase() === "j") choose(event.shiftKey ? (chosen <= 0 ? V : chosen) - 1 : (chosen + 1) % V, true);
    else if (event.key === "Escape" && chosen >= 0) choose(-1, true);
    else return;
    event.preventDefault();
  });
  const clock = gim.controls(figure, { last: T - 1, fps: data.fps, frame: data.start, name: (i) => i * data.stride, draw(p) { position = p; show(); } });
  const sides = [...new Set(layout.sides)];  // a hand has one: nothing to tell apart
  const signs = sides.length < 2 ? [] : sides.map((name) => el("span", { class: name }, svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
    svg("path", { class: `dot ${name}`, d: gim.mark({ left: "circle", right: "square", trunk: "diamond" }[name], 4.2), transform: "translate(6 6)" })), name));
  const note = el("div", { class: "gim-note" }, (data.longer > 1 ? `Motion arrows are drawn ${data.longer} times as long as the change` : "Motion arrows are as long as the change")
    + (data.stride > 1 ? `, from each shown frame to the next (every ${data.stride}).` : " to the next frame."));
  const keys = gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one frame back or on"], ["J, Shift + J", "next or previous joint"], ["Escape", "no joint"], ["Home, End", "first or last frame"]]);
  stage.replaceChildren(el("div", { class: "panels" }, panels.map((one) => one.node)), note, clock.node, says, table, el("div", { class: "gim-below" }, el("div", { class: "gim-legend" }, signs), keys));
  show();
});
