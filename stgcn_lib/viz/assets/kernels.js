/* Kernels of several lengths slide over signals: their windows above, what each has answered so far below. */
gim.define("kernels", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, range = (n) => [...Array(n).keys()], { kernels, signals, names } = data, last = Math.max(...signals.map((one) => one.length)) - 1;
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const answer = (x, k, t) => { const h = (k - 1) / 2; return t < h || t + h >= x.length ? null : mean(x.slice(t + 1, t + 1 + h)) - mean(x.slice(t - h, t)); };
  const replies = signals.map((x) => kernels.map((k) => x.map((_, t) => answer(x, k, t))));
  // one scale for all signals, each around its own middle: a head is higher than a hand
  const ends = signals.map((x) => [Math.min(...x), Math.max(...x)]), span = Math.max(...ends.map(([a, b]) => b - a)) || 1;
  const most = Math.max(1e-9, ...replies.flat(2).map((y) => Math.abs(y || 0)));
  const on = kernels.map(() => true);
  let now = 0, width = 0;
  const paint = (n) => `--tone:var(--gim-${data.looks[n][0]})`;
  const panels = signals.map((x, s) => {
    const picture = svg("svg", { class: "slide", role: "img", "aria-label": `${names[s]}: the signal, the windows of the kernels, and their answers` });
    const says = el("p", { class: "says" }), node = el("div", { class: "panel" }, el("div", { class: "title" }, names[s]), picture, says);
    let held = false;
    const seek = (event) => {
      const box = picture.getBoundingClientRect(), share = (((event.clientX - box.left) / box.width) * width - 10) / (width - 20);
      clock.pause();
      clock.seek(Math.round(Math.max(0, Math.min(1, share)) * last));
    };
    picture.addEventListener("pointerdown", (event) => { held = true; if (event.pointerType !== "touch") picture.setPointerCapture(event.pointerId); seek(event); });
    picture.addEventListener("pointermove", (event) => held && seek(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) picture.addEventListener(end, () => { held = false; });
    return { x, s, picture, says, node };
  });
  function draw({ x, s, picture, says }) {
    const W = width, X = (t) => 10 + (t / (last || 1)) * (W - 20), Y = (v) => 68 - ((v - (ends[s][0] + ends[s][1]) / 2) / span) * 100, base = 132, mid = base + 14 * kernels.length + 76, Z = (v) => mid - (v / most) * 62, H = mid + 70;
    const t = now, here = t < x.length, line = (list) => list.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
    const parts = [svg("path", { class: "rule", d: `M10 ${mid}H${W - 10}` }), svg("text", { class: "tick", x: 10, y: mid - 64 }, "answer"), svg("path", { class: "signal", d: line(x.map((v, i) => [X(i), Y(v)])) })];
    if (x.length < 200) parts.push(x.map((v, i) => svg("circle", { class: "sample", cx: X(i).toFixed(1), cy: Y(v).toFixed(1), r: 1.8 })));
    kernels.forEach((k, n) => {
      if (!on[n]) return;
      const h = (k - 1) / 2, y = base + 14 * n, fits = replies[s][n][t] != null, a = Math.max(0, t - h), b = Math.min(x.length - 1, t + h);
      if (here) parts.push(svg("g", { class: fits ? "window" : "window out", style: paint(n) },
        svg("path", { class: "bar", d: `M${X(a).toFixed(1)} ${y}H${X(b).toFixed(1)}` }),
        svg("path", { class: "stop", d: `M${X(a).toFixed(1)} ${y - 4}v8M${X(b).toFixed(1)} ${y - 4}v8M${X(t).toFixed(1)} ${y - 3}v6` })));
      const known = replies[s][n].map((v, i) => [X(i), v, i]).filter(([, v]) => v != null), to = (list) => list.map(([a1, v]) => [a1, Z(v)]);
      parts.push(svg("g", { style: paint(n) }, svg("path", { class: "ahead", d: line(to(known)) }),
        svg("path", { class: "reply", d: line(to(known.filter(([, , i]) => i <= t))), "stroke-dasharray": data.looks[n][1] || null }),
        fits ? svg("circle", { class: "dot", cx: X(t).toFixed(1), cy: Z(replies[s][n][t]).toFixed(1), r: 4 }) : null));
    });
    if (here) parts.push(svg("path", { class: "cursor", d: `M${X(t).toFixed(1)} 12V${H - 6}` }), svg("circle", { class: "dot now", cx: X(t).toFixed(1), cy: Y(x[t]).toFixed(1), r: 4 }));
    picture.setAttribute("viewBox", `0 0 ${W} ${H}`);
    picture.replaceChildren(...parts.flat());
    const told = kernels.map((k, n) => on[n] && `${k} frames ${!here || replies[s][n][t] == null ? "\u2013" : digits(replies[s][n][t], 3)}`).filter(Boolean);
    says.replaceChildren(here ? `Answers at frame ${t}: ` : "The signal has ended: ", el("b", {}, told.join(", ")));
  }
  const show = () => { if (width) panels.forEach(draw); };
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Kernels" }, kernels.map((k, n) => {
    const button = el("button", { type: "button", class: "chip gim-shown", "aria-pressed": "true", onclick() {
      on[n] = !on[n];
      button.setAttribute("aria-pressed", String(on[n]));
      show();
    } }, svg("svg", { viewBox: "0 0 26 8", width: 26, height: 8, "aria-hidden": "true", style: paint(n) }, svg("path", { class: "reply", d: "M0 4H26", "stroke-dasharray": data.looks[n][1] || null })), `${k} frames`);
    return button;
  }));
  const clock = gim.controls(figure, { last, fps: data.fps, frame: Math.round(0.5 * last), smooth: false, draw(t) { if (t !== now) { now = t; show(); } } });
  now = clock.position();
  const keys = gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one frame back or on"], ["Home, End", "first or last frame"], ["[ ]", "slower or faster"]]);
  const place = el("div", { class: "panels" }, panels.map((one) => one.node));
  stage.replaceChildren(chips, place, clock.node, el("div", { class: "gim-below" }, keys));
  gim.scores.fit(panels[0].picture, (wide) => { width = Math.round(wide); show(); });
});
