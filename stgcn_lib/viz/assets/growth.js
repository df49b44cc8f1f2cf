/* A learned graph grows in training: the strongest edges between joints without a bone, as arcs, and all weights as a matrix. */
gim.define("growth", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, range = (n) => [...Array(n).keys()], V = data.joints.length, S = data.labels.length;
  const bytes = Int8Array.from(atob(data.weights), (letter) => letter.charCodeAt(0)), unit = data.peak / 127;
  const given = new Set(data.bones.flatMap(([a, b]) => [a * V + b, b * V + a]).concat(range(V).map((v) => v * V + v)));
  const free = range(V * V).filter((i) => !given.has(i));
  let position = S - 1, chosen = -1, drawn = -1;
  /* weight i = v V + u at a moment between two steps */
  const weight = (i, p = position) => {
    const a = Math.floor(p), b = Math.min(S - 1, a + 1), one = bytes[a * V * V + i];
    return unit * (one + (p - a) * (bytes[b * V * V + i] - one));
  };
  const two = (w) => (Math.abs(w) < 5e-4 ? "0" : gim.digits(w, Math.abs(w) < 0.1 ? 3 : 2));

  // ---- the body ---------------------------------------------------------------------------------------------------------------
  const W = 340, SIDE = 46, flat = data.places, wide = Math.max(...flat.filter((_, i) => i % 2 === 0)) || 1, tall = Math.max(...flat.filter((_, i) => i % 2)) || 1;
  const k = Math.min((W - 2 * SIDE) / wide, 380 / tall), H = Math.round(tall * k + 64);
  const at = range(V).map((v) => [W / 2 + (flat[2 * v] - wide / 2) * k, 32 + flat[2 * v + 1] * k]);
  const arcs = svg("g", {}), words = svg("g", {});
  const dots = at.map(([x, y]) => svg("circle", { class: "joint", cx: x, cy: y, r: 5.5 }));
  const hands = at.map(([x, y], v) => svg("circle", { class: "touch", cx: x, cy: y, r: 13, onclick: () => choose(chosen === v ? -1 : v),
    onpointerenter: (event) => event.pointerType === "mouse" && choose(v) }));
  const body = svg("svg", { class: "body", viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" },
    svg("path", { class: "bones", d: data.bones.map(([a, b]) => `M${at[a].join(" ")}L${at[b].join(" ")}`).join("") }), arcs, dots, words, hands);
  /* An arc to the left of its way, so that the way back lies beside it. */
  function arc(i) {
    const v = Math.floor(i / V), u = i % V, w = weight(i), share = Math.min(1, Math.abs(w) / data.full), thick = 0.8 + 4.2 * share;
    const [ux, uy] = at[u], [vx, vy] = at[v], bend = 0.2, cx = (ux + vx) / 2 + bend * (vy - uy), cy = (uy + vy) / 2 - bend * (vx - ux);
    const far = Math.hypot(vx - cx, vy - cy) || 1, dx = (vx - cx) / far, dy = (vy - cy) / far, tip = [vx - 7 * dx, vy - 7 * dy], long = 5 + 1.3 * thick, wing = 2.4 + 0.7 * thick;
    const end = [tip[0] - long * dx, tip[1] - long * dy], put = (pair) => pair.map((x) => x.toFixed(1)).join(" ");
    return svg("g", { class: `arc${w < 0 ? " minus" : ""}${v === chosen ? " hears" : u === chosen ? " sends" : chosen >= 0 ? " quiet" : ""}` },
      svg("path", { class: "shaft", d: `M${put([ux, uy])}Q${put([cx, cy])} ${put(end)}`, "stroke-width": thick.toFixed(2) }),
      svg("path", { class: "head", d: `M${put(tip)}L${put([end[0] - wing * dy, end[1] + wing * dx])}L${put([end[0] + wing * dy, end[1] - wing * dx])}Z` }));
  }
  const strongest = (list, many) => list.map((i) => [Math.abs(weight(i)), i]).filter(([w]) => w > 0.03 * data.full)
    .sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, many).map(([, i]) => i);

  // ---- the matrix -------------------------------------------------------------------------------------------------------------
  const side = 300 / V;
  const cells = range(V * V).map((i) => svg("rect", { class: given.has(i) ? "cell given" : "cell", x: (2 + (i % V) * side).toFixed(2), y: (2 + Math.floor(i / V) * side).toFixed(2),
    width: (side - 0.6).toFixed(2), height: (side - 0.6).toFixed(2), onclick: () => choose(Math.floor(i / V)) }));
  const row = svg("rect", { class: "band row", x: 2, width: 300, height: side }), column = svg("rect", { class: "band column", y: 2, width: side, height: 300 });
  const matrix = svg("svg", { class: "matrix", viewBox: "0 0 304 304", "aria-hidden": "true" }, svg("rect", { class: "sheet", x: 2, y: 2, width: 300, height: 300 }), cells, row, column);

  const says = el("p", { class: "says" }), when = el("div", { class: "when" });
  function tell() {
    const name = (i, part) => `${data.joints[part ? i % V : Math.floor(i / V)]} (${two(weight(i))})`;
    if (chosen >= 0) {
      const hears = strongest(free.filter((i) => Math.floor(i / V) === chosen), 3), sends = strongest(free.filter((i) => i % V === chosen), 3);
      says.replaceChildren(el("b", {}, data.joints[chosen]), hears.length ? ` hears ${hears.map((i) => name(i, true)).join(", ")}` : " hears nobody without a bone yet",
        "; ", sends.length ? `is heard by ${sends.map((i) => name(i)).join(", ")}.` : "nobody without a bone hears it yet.");
    } else {
      const [best] = strongest(free, 1);
      says.replaceChildren(best == null ? "No edge without a bone yet: only the skeleton speaks."
        : `Strongest edge without a bone: ${data.joints[Math.floor(best / V)]} hears ${data.joints[best % V]}, weight ${two(weight(best))}.`);
    }
  }
  function show() {
    const near = chosen < 0 ? free : free.filter((i) => i % V === chosen || Math.floor(i / V) === chosen);
    const list = strongest(near, data.shown).reverse(), index = Math.min(S - 1, Math.round(position));
    arcs.replaceChildren(...list.map(arc));
    if (index !== drawn) {
      drawn = index;
      when.textContent = data.labels[index];
      cells.forEach((cell, i) => {
        const w = weight(i, index), share = Math.min(1, Math.abs(w) / data.full);
        cell.style.fill = `color-mix(in srgb, var(--gim-cell${w < 0 ? "-negative" : ""}) ${Math.round(92 * share)}%, var(--gim-surface))`;
      });
    }
    row.style.display = column.style.display = chosen < 0 ? "none" : "";
    row.setAttribute("y", 2 + Math.max(0, chosen) * side);
    column.setAttribute("x", 2 + Math.max(0, chosen) * side);
    dots.forEach((dot, v) => dot.setAttribute("class", `joint${v === chosen ? " chosen" : ""}`));
    const labelled = (chosen >= 0 ? [chosen] : data.named).slice().sort((a, b) => at[a][1] - at[b][1]);
    const heights = gim.scores.apart(labelled.map((v) => at[v][1] - 9), 14, 12, H - 4);
    words.replaceChildren(...labelled.map((v, n) => {
      const long = gim.scores.wide(data.joints[v], 12, 600), x = Math.max(2, Math.min(W - long - 2, at[v][0] - long / 2));
      return svg("text", { class: "name", x: x.toFixed(1), y: heights[n].toFixed(1) }, data.joints[v]);
    }));
    tell();
    Object.assign(figure.dataset, { joint: chosen < 0 ? "" : chosen, edges: list.length });
  }
  function choose(v) {
    if (v === chosen) return;
    chosen = v;
    show();
    if (clock) clock.voice(says.textContent);
  }
  body.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && choose(-1));
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const key = event.key.toLowerCase();
    if (key === "j") choose(event.shiftKey ? (chosen <= 0 ? V : chosen) - 1 : (chosen + 1) % V);
    else if (key === "escape" && chosen >= 0) choose(-1);
    else return;
    event.preventDefault();
  });
  let clock = null;
  clock = gim.controls(figure, { last: S - 1, fps: Math.max(1.5, S / 8), frame: S - 1, word: "step", smooth: !gim.reducedMotion(), name: (i) => i + 1,
    draw(p) { position = p; show(); } });
  const sample = (kind, words) => el("span", {}, svg("svg", { viewBox: "0 0 34 12", width: 34, height: 12, "aria-hidden": "true" },
    kind === "bone" ? svg("path", { class: "bones", d: "M1 6H33" }) : svg("g", { class: `arc ${kind}` }, svg("path", { class: "shaft", d: "M1 6H25", "stroke-width": 3 }), svg("path", { class: "head", d: "M33 6L25 1V11Z" }))), words);
  const legend = el("div", { class: "gim-legend" }, sample("bone", "bone"), sample("plus", "learned"), bytes.some((w, i) => w < 0 && !given.has(i % (V * V))) ? sample("minus", "learned, negative") : null);
  const keys = gim.keys([["Space", "play the training"], ["\u2190 \u2192", "one step back or on"], ["J, Shift + J", "next or previous joint"], ["Escape", "all joints"], ["Home, End", "first or last step"]]);
  stage.replaceChildren(when, el("div", { class: "panels" }, body, el("div", {}, matrix, el("p", { class: "caption" }, "row: who hears, column: who speaks; framed: bones and self-loops"))),
    says, clock.node, el("div", { class: "gim-below" }, legend, keys));
  show();
});
