/* A graph over rounds of messages. Colour and sign are relative to the largest value of the round; the line below is on one scale. */
gim.define("rounds", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim;
  const W = 400, H = 292, LINE = 46;
  const last = data.values.length - 1;
  const at = data.places.map(([x, y]) => [26 + (W - 52) * x, 22 + (H - 44) * y]);
  const scale = Math.max(...data.values[0].map(Math.abs)) || 1;
  const friends = at.map((_, v) => data.edges.filter((e) => e.includes(v)).map((e) => e[0] === v ? e[1] : e[0]).sort((a, b) => a - b));
  let round = 0, chosen = null;

  const name = (v) => data.marked[v] ? `${v} (${data.marked[v]})` : String(v);
  const number = (x) => x === 0 ? "0" : digits(x, Math.abs(x) < 0.1 ? 4 : 2);
  const edges = data.edges.map(([v, u]) => svg("line", { x1: at[v][0], y1: at[v][1], x2: at[u][0], y2: at[u][1], class: "edge" }));
  const shape = (v, r) => data.groups[v]
    ? svg("rect", { x: -r, y: -r, width: 2 * r, height: 2 * r, rx: 1.5, class: "body" })
    : svg("circle", { r: r * 1.12, class: "body" });
  const nodes = at.map(([x, y], v) => svg("g", {
    transform: `translate(${x} ${y})`, class: "node", role: "button", tabindex: v ? -1 : 0, "aria-label": `node ${name(v)}`,
    onclick: () => choose(v), onkeydown: (event) => move(event, v),
  }, data.marked[v] ? svg("circle", { r: 13, class: "mark" }) : null, shape(v, 8),
  svg("text", { class: "sign", y: 3.6, "text-anchor": "middle" })));
  const labels = Object.keys(data.marked).map((v) =>
    svg("text", { x: Math.min(Math.max(at[v][0], 34), W - 34), y: at[v][1] + (at[v][1] < 40 ? 26 : -17), class: "name", "text-anchor": "middle" }, data.marked[v]));

  const x = (value) => W / 2 + (value / scale) * (W / 2 - 18);
  const ticks = [-scale, 0, scale].map((t) => svg("g", {}, svg("line", { x1: x(t), x2: x(t), y1: 26, y2: 32, class: "axis" }),
    svg("text", { x: x(t), y: 43, class: "tick", "text-anchor": "middle" }, digits(t))));
  const dots = at.map((_, v) => svg("circle", { cy: 8 + (v * 7) % 15, r: 3.2, class: "dot" }));

  const told = el("p", { class: "told" });
  const detail = el("p", { class: "detail" });
  const controls = gim.controls(figure, { last, fps: 3, smooth: false, word: "round", draw: show });

  stage.replaceChildren(
    svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "group", "aria-label": "Graph: arrow keys go from node to node, Enter tells about one" }, edges, nodes, labels),
    svg("svg", { viewBox: `0 0 ${W} ${LINE}`, class: "line", role: "img", "aria-label": "All values of this round on one fixed scale" },
      svg("line", { x1: x(-scale), x2: x(scale), y1: 29, y2: 29, class: "axis" }), ticks, dots),
    controls.node,
    told, detail,
    data.groupNames.length ? el("p", { class: "key" }, `Circle: ${data.groupNames[0]}. Square: ${data.groupNames[1]}.`) : "");

  function show(next) {
    round = next;
    const row = data.values[round], largest = Math.max(...row.map(Math.abs)) || 1;
    told.setAttribute("aria-live", figure.dataset.playing === "true" ? "off" : "polite");
    told.textContent = data.captions[round];
    nodes.forEach((node, v) => {
      const strength = Math.round(15 + 70 * Math.abs(row[v]) / largest);
      const tone = row[v] > 0 ? "--gim-cell" : "--gim-cell-negative";
      node.querySelector(".body").style.fill = row[v] === 0 ? "var(--gim-surface)" : `color-mix(in srgb, var(${tone}) ${strength}%, var(--gim-surface))`;
      node.querySelector(".sign").textContent = row[v] === 0 ? "" : row[v] > 0 ? "+" : "\u2212";
      node.classList.toggle("strong", strength > 50);
      dots[v].setAttribute("cx", x(row[v]));
      dots[v].style.fill = row[v] === 0 ? "var(--gim-muted)" : `var(${tone})`;
    });
    tell();
  }
  function tell() {
    const near = chosen === null ? [] : friends[chosen];
    edges.forEach((line, i) => line.classList.toggle("near", chosen !== null && data.edges[i].includes(chosen)));
    nodes.forEach((node, v) => { node.classList.toggle("chosen", v === chosen); node.classList.toggle("friend", near.includes(v)); });
    dots.forEach((dot, v) => dot.classList.toggle("chosen", v === chosen));
    detail.classList.toggle("gim-hint", chosen === null);
    detail.textContent = chosen === null ? "Touch a node to see its number and whom it hears."
      : `Node ${name(chosen)} now has ${number(data.values[round][chosen])}. It hears ${near.join(", ") || "nobody"}.`;
  }
  function choose(v) {
    nodes[chosen === null ? 0 : chosen].setAttribute("tabindex", -1);
    chosen = v;
    nodes[v].setAttribute("tabindex", 0);
    tell();
  }
  function move(event, v) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) { const next = (v + step + nodes.length) % nodes.length; choose(next); nodes[next].focus(); }
    else if (event.key === "Enter" || event.key === " ") choose(v);
    else return;
    event.preventDefault();
  }
});
