/* A confusion matrix: rows are the truth, columns what the network said. Squares are right answers, discs mistakes; each cell says itself in
   words. Row and column -1 are the names: they tell of a whole class. */
gim.define("confusion", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { percent, wide, cut } = gim.scores, { classes, counts, seeds } = data, n = classes.length, all = [...Array(n).keys()];
  const sum = (list) => list.reduce((a, b) => a + b, 0), rows = counts.map(sum), columns = all.map((c) => sum(counts.map((row) => row[c])));
  const right = sum(all.map((c) => counts[c][c])), total = sum(rows);
  const mistakes = all.flatMap((r) => all.filter((c) => c !== r && counts[r][c]).map((c) => [r, c])).sort(([a, b], [c, d]) => counts[c][d] - counts[a][b] || counts[c][d] / rows[c] - counts[a][b] / rows[a]);
  const state = { row: -1, column: -1, kept: false, together: false };
  let at = all.slice(), size = 20, left = 80, top = 80, moving = 0;               // at[c]: the place of class c, between two whole ones on its way

  // ---- in words -----------------------------------------------------------------------------------------------------------------
  const list = (own, of) => own.sort((a, b) => of(b) - of(a)).map((c) => `${classes[c]} ${of(c)}`).join(", ");
  function told(r, c) {
    if (r < 0 && c < 0) {
      const worst = mistakes[0];
      return [`${right} of ${total} right (${percent(right / total)}).`, worst ? `Most often ${classes[worst[0]]} is taken for ${classes[worst[1]]}: ${counts[worst[0]][worst[1]]} of ${rows[worst[0]]}.` : "No mistake at all."];
    }
    if (c < 0) {
      const lost = all.filter((k) => k !== r && counts[r][k]);
      return rows[r] ? [`${classes[r]}: ${counts[r][r]} of ${rows[r]} found (recall ${percent(counts[r][r] / rows[r])}).`, lost.length ? `Taken for ${list(lost, (k) => counts[r][k])}.` : "None is taken for anything else."]
        : [`${classes[r]}: no clip of this class was tested.`, ""];
    }
    if (r < 0) {
      const false_ = all.filter((k) => k !== c && counts[k][c]);
      return columns[c] ? [`The network said ${classes[c]} ${columns[c]} times, ${counts[c][c]} of them right (precision ${percent(counts[c][c] / columns[c])}).`, false_.length ? `The others were ${list(false_, (k) => counts[k][c])}.` : "It was never wrong about that."]
        : [`The network never said ${classes[c]}.`, ""];
    }
    const share = rows[r] ? `${counts[r][c]} of ${rows[r]}` : "no clip of this class was tested", part = counts[r][c] ? ` (${percent(counts[r][c] / rows[r])})` : "";
    if (r === c) return [`${classes[r]} recognised: ${share}${part}.`, ""];
    return [`${classes[r]} taken for ${classes[c]}: ${share}${part}.`, counts[c][r] ? `The other way round, ${classes[c]} taken for ${classes[r]}: ${counts[c][r]} of ${rows[c]}.` : counts[r][c] ? "The other way round: never." : ""];
  }
  const spoken = (r, c) => told(r, c).join(" ").trim();

  // ---- the grid -----------------------------------------------------------------------------------------------------------------
  const sheet = svg("rect", { class: "sheet" }), lines = svg("path", { class: "lines" }), band = svg("rect", { class: "band" }), band2 = svg("rect", { class: "band" });
  const one = (r, c, role, ...inside) => svg("g", { role, class: r < 0 || c < 0 ? "name" : r === c ? "cell right" : "cell wrong", tabindex: -1, "data-r": r, "data-c": c, "aria-label": spoken(r, c),
    onfocus: () => choose(r, c, true), onkeydown: (event) => roam(event, r, c) }, ...inside);
  const heads = all.map((c) => one(-1, c, "columnheader", svg("text", {}, classes[c]), svg("g", { class: "score" }, svg("rect", { class: "track" }), svg("rect", { class: "fill" }), svg("text", { class: "number", "text-anchor": "middle" }))));
  const sides = all.map((r) => one(r, -1, "rowheader", svg("text", { "text-anchor": "end" }, classes[r]), svg("g", { class: "score" }, svg("rect", { class: "track" }), svg("rect", { class: "fill" }), svg("text", { class: "number" }))));
  const cells = all.map((r) => all.map((c) => one(r, c, "gridcell", svg("rect", { class: "touch" }), counts[r][c] || r === c ? svg(r === c ? "rect" : "circle", { class: "mark" }) : null,
    counts[r][c] || r === c ? svg("text", { class: "count", "text-anchor": "middle" }, String(counts[r][c])) : null)));
  const corner = svg("text", { class: "title", "text-anchor": "end" }, "truth \u2193"), cornerSaid = svg("text", { class: "title" }, "the network said \u2192");
  const recall = svg("text", { class: "title", "text-anchor": "end" }, "recall"), precision = svg("text", { class: "title", "text-anchor": "end" }, "precision");
  const grid = svg("svg", { class: "grid", onpointermove: (event) => { if (!state.kept && (event.pointerType === "mouse" || event.pressure > 0)) point(event, false); }, onclick: (event) => point(event, true),
    onpointerleave: (event) => { if (event.pointerType === "mouse" && !state.kept) choose(-1, -1); } },
  svg("g", { "aria-hidden": "true" }, sheet, band, band2, lines, corner, cornerSaid, recall, precision),
  svg("g", { role: "grid", "aria-label": "Confusion matrix: arrow keys go from cell to cell, Escape to the whole", "aria-rowcount": n + 1, "aria-colcount": n + 1 },
    svg("g", { role: "row" }, heads), all.map((r) => svg("g", { role: "row" }, sides[r], cells[r]))));

  let box = { w: 0, side: 60, angle: -90 };
  function paint(w) {
    const small = n > 12 || w < 480, font = small ? 10.5 : 12, longest = Math.max(...classes.map((name) => wide(name, font, 600)));
    const phone = w < 480, room = phone ? Math.max(wide("precision", font), w * (n > 12 ? 0.22 : 0.27)) : w * 0.3;
    left = Math.min(room, Math.max(longest, wide("precision", font))) + 8;
    let side = phone ? (n > 12 ? 26 : 44) : 78;
    const names = classes.map((name) => cut(name, left - 8, font)), tall = Math.max(...names.map((name) => wide(name, font, 600)));
    size = Math.max(9, Math.min(46, (w - left - side - 2) / n));
    const slant = size >= 19, high = slant ? tall * 0.71 + 14 : tall + 10;
    if (slant) {                                                                  // the last name leans out to the right
      side = Math.max(side, tall * 0.71 - size / 2 + 6);
      size = Math.max(9, Math.min(46, (w - left - side - 2) / n));
    }
    top = high + 18;
    const narrow = left + n * size + side;                                        // a small matrix stands in the middle
    box = { w, side, slant, font, shift: Math.max(0, (w - narrow) / 2) };
    left += box.shift;
    const H = top + n * size + (size >= 19 ? 42 : 32);
    grid.setAttribute("viewBox", `0 0 ${w} ${H}`);
    for (const [node, where] of [[sheet, { x: left, y: top, width: n * size, height: n * size }], [lines, { d: all.slice(1).map((k) => `M${left + k * size} ${top}v${n * size}M${left} ${top + k * size}h${n * size}`).join("") }],
      [corner, { x: left - 6, y: top - 6 }], [cornerSaid, { x: left, y: 10 }], [recall, { x: Math.min(w - 1, left + n * size + Math.max(38, side - 6)), y: top + n * size + (phone && n > 12 ? 30 : 16) }], [precision, { x: left - 6, y: top + n * size + 16 }]])
      for (const key in where) node.setAttribute(key, where[key]);
    grid.style.setProperty("--font", font + "px");
    for (const r of all) {
      const bar = [sides[r].querySelector(".score"), heads[r].querySelector(".score")], score = [rows[r] ? counts[r][r] / rows[r] : null, columns[r] ? counts[r][r] / columns[r] : null];
      const [across, down] = [phone ? (n > 12 ? 0 : 14) : 34, 14];
      [sides[r], heads[r]].forEach((node) => { node.firstChild.textContent = names[r]; });
      put(sides[r].firstChild, { x: -6, y: size / 2 + font * 0.35 });
      put(bar[0].children[0], { x: n * size + 6, y: size / 2 - 3, width: across, height: 6 });
      put(bar[0].children[1], { x: n * size + 6, y: size / 2 - 3, width: across * (score[0] || 0), height: 6 });
      put(bar[0].children[2], { x: n * size + (across ? 11 : 5) + across, y: size / 2 + font * 0.35 });
      bar[0].children[2].textContent = score[0] === null ? "\u2013" : phone ? (100 * score[0]).toFixed(0) : percent(score[0]);
      put(heads[r].firstChild, { transform: `translate(${size / 2 + (slant ? 2 : font * 0.35)} -6) rotate(${slant ? -45 : -90})` });
      put(bar[1].children[0], { x: size / 2 - 3, y: n * size + 6, width: 6, height: down });
      put(bar[1].children[1], { x: size / 2 - 3, y: n * size + 6 + down * (1 - (score[1] || 0)), width: 6, height: down * (score[1] || 0) });
      put(bar[1].children[2], { x: size / 2, y: n * size + 10 + down + font * 0.8 });
      bar[1].children[2].textContent = size < 19 ? "" : score[1] === null ? "\u2013" : (100 * score[1]).toFixed(0);
      for (const c of all) {
        const cell = cells[r][c], share = rows[r] ? counts[r][c] / rows[r] : 0, mark = cell.querySelector(".mark"), text = cell.querySelector(".count");
        put(cell.firstChild, { width: size, height: size });
        if (!mark) continue;
        const pad = Math.max(0.8, size * 0.06), strength = (share ? 16 + 40 * share : 0).toFixed(0);
        if (r === c) put(mark, { x: pad, y: pad, width: size - 2 * pad, height: size - 2 * pad, rx: Math.min(5, size * 0.14) });
        else put(mark, { cx: size / 2, cy: size / 2, r: (size / 2 - pad) * (size < 15 ? 0.45 + 0.55 * Math.sqrt(share) : 0.62 + 0.38 * Math.sqrt(share)) });
        mark.style.fill = `color-mix(in srgb, var(--gim-${r === c ? "cell" : "cell-negative"}) ${strength}%, var(--gim-surface))`;
        const letters = Math.min(14, size * 0.52, (size * 1.1) / text.textContent.length);      // on a phone there may be room for marks only
        put(text, { x: size / 2, y: size / 2 + letters * 0.36, visibility: size < 15 ? "hidden" : "visible" });
        text.style.fontSize = letters + "px";
      }
    }
    move();
  }
  const put = (node, where) => { for (const key in where) node.setAttribute(key, where[key]); };
  function move() {
    for (const r of all) {
      put(heads[r], { transform: `translate(${left + at[r] * size} ${top})` });
      put(sides[r], { transform: `translate(${left} ${top + at[r] * size})` });
      for (const c of all) put(cells[r][c], { transform: `translate(${left + at[c] * size} ${top + at[r] * size})` });
    }
    light();
  }
  function light() {
    const { row, column } = state;
    put(band, { x: left, y: top + at[Math.max(0, row)] * size, width: n * size, height: size, visibility: row < 0 ? "hidden" : "visible" });
    put(band2, { x: left + at[Math.max(0, column)] * size, y: top, width: size, height: n * size, visibility: column < 0 ? "hidden" : "visible" });
  }

  // ---- hands and keys -----------------------------------------------------------------------------------------------------------
  function point(event, keep) {
    const seen = grid.getBoundingClientRect(), k = box.w / seen.width, x = (event.clientX - seen.left) * k - left, y = (event.clientY - seen.top) * k - top;
    const place = (v) => (v >= 0 && v < n * size ? order()[Math.floor(v / size)] : -1), column = place(x), row = place(y), before = [state.row, state.column];
    if (keep) state.kept = !(state.kept && before[0] === row && before[1] === column) && (row >= 0 || column >= 0);
    choose(row, column);
  }
  const order = () => (state.together ? data.order : all);
  function roam(event, r, c) {
    const way = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0], Home: [0, -n], End: [0, n] }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !(way || event.key === "Escape")) return;
    event.preventDefault();
    if (!way) { state.kept = false; choose(-1, -1); return; }
    const step = (from, by) => { const next = Math.max(-1, Math.min(n - 1, (from < 0 ? -1 : order().indexOf(from)) + by)); return next < 0 ? -1 : order()[next]; };
    const row = step(r, way[0]), column = step(c, way[1]);
    if (row < 0 && column < 0) return;
    state.kept = true;
    node(row, column).focus();
  }
  const node = (r, c) => (r < 0 ? heads[c] : c < 0 ? sides[r] : cells[r][c]);
  function choose(row, column) {
    const old = figure.querySelector(".chosen"), back = grid.querySelector("[tabindex='0']");
    if (old) old.classList.remove("chosen");
    Object.assign(state, { row, column });
    [...sides, ...heads].forEach((one) => one.classList.toggle("lit", (+one.dataset.r === row && row >= 0) || (+one.dataset.c === column && column >= 0)));
    if (row >= 0 || column >= 0) {
      if (back) back.setAttribute("tabindex", -1);
      node(row, column).classList.add("chosen");
      node(row, column).setAttribute("tabindex", 0);
    }
    const [first, second] = told(row, column);
    says.replaceChildren(el("b", {}, first), second ? " " + second : "");
    figure.dataset.cell = row < 0 && column < 0 ? "" : `${row} ${column}`;
    light();
    say(row < 0 && column < 0 ? "" : spoken(row, column));
  }
  function arrange(on) {
    const from = at.slice(), began = performance.now(), last = gim.reducedMotion() ? 0 : 600;
    state.together = on;
    figure.dataset.order = on ? "together" : "given";
    const to = on ? all.map((c) => data.order.indexOf(c)) : all;
    cancelAnimationFrame(moving);
    (function step(now) {
      const t = last ? Math.min(1, Math.max(0, (now - began) / last)) : 1, ease = t * t * (3 - 2 * t);
      at = from.map((a, c) => a + (to[c] - a) * ease);
      move();
      if (t < 1) moving = requestAnimationFrame(step);
    })(began);
  }

  const say = gim.voice(figure), says = el("p", { class: "says" });
  const sorted = data.order.every((c, k) => c === k);
  const toolbar = el("div", { class: "toolbar gim-tools" }, gim.toggle("Put side by side what is confused", false, arrange),
    mistakes.length ? el("button", { type: "button", onclick() {
      const here = mistakes.findIndex(([r, c]) => r === state.row && c === state.column), [r, c] = mistakes[(here + 1) % mistakes.length];
      state.kept = true;
      choose(r, c);
    } }, "Next mistake") : null);
  if (sorted) toolbar.firstChild.remove();
  const legend = el("div", { class: "gim-legend" }, [["right", "right"], ["wrong", "mistake"]].map(([cls, word]) => el("span", {}, svg("svg", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" },
    svg("g", { class: "cell " + cls }, svg(cls === "right" ? "rect" : "circle", cls === "right" ? { class: "mark", x: 1, y: 1, width: 12, height: 12, rx: 2 } : { class: "mark", cx: 7, cy: 7, r: 6 }))), word)),
  seeds > 1 ? el("span", { class: "sum" }, `Sum of ${seeds} runs: every clip counts ${seeds === 2 ? "twice" : seeds + " times"}.`) : null);
  const place = el("div", {}, grid), keys = gim.keys([["Arrows, on the matrix", "cell to cell; names tell of a class"], ["Home, End", "name, last cell of the row"], ["Escape", "the whole again"]]);
  stage.replaceChildren(...[toolbar.children.length ? toolbar : null, says, place, el("div", { class: "gim-below" }, legend, keys)].filter(Boolean));
  cells[0][0].setAttribute("tabindex", 0);
  figure.dataset.order = "given";
  gim.scores.fit(place, paint);
  choose(-1, -1);
});
