/* Accuracies with both doubts, a row a variant: above the line the seeds (dots, bracket from lowest to highest), on it the mean,
   below it the interval for so few test clips. */
gim.define("intervals", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { ticks, wide } = gim.scores, { rows, goal } = data, base = data.baseline === null ? null : rows[data.baseline];
  const one = (x) => (100 * x).toFixed(1), points = (x) => `${Math.abs(100 * x).toFixed(1)} points`;
  const values = rows.flatMap((row) => [...row.interval, ...row.spread, row.mean]).concat(goal ? goal[0] : []);
  const low = Math.max(0, Math.floor(20 * Math.min(...values) - 0.2) / 20), high = Math.min(1, Math.ceil(20 * Math.max(...values) + 0.2) / 20);
  let chosen = -1, kept = false, layout = null;

  const overlap = (a, b) => a.spread[0] <= b.spread[1] && b.spread[0] <= a.spread[1];
  function compared(row) {
    if (!base || row === base) return "";
    const by = row.mean - base.mean, side = Math.abs(by) < 5e-4 ? `The mean equals that of ${base.name}` : `The mean is ${points(by)} ${by > 0 ? "above" : "below"} ${base.name}`;
    if (row.seeds < 2 || base.seeds < 2) return `${side}; a single seed does not tell how far luck reaches.`;
    return `${side}, ${overlap(row, base) ? "within the spread: their seeds overlap" : "outside the spread: no seed of one reaches the other"}.`;
  }
  function words(i) {
    const row = rows[i], many = row.seeds > 1, reach = row.dots.length ? `seeds from ${one(row.spread[0])} to ${one(row.spread[1])} %, standard deviation ${one(row.std)}` : `standard deviation ${one(row.std)} over ${row.seeds} seeds`;
    return `${row.name}: mean ${one(row.mean)} %${many ? ` (${reach})` : " of one seed"}. With ${row.clips} test clips the 95 % interval is ${one(row.interval[0])} to ${one(row.interval[1])} %. ${compared(row)}${goal ? ` The ${goal[1]}, ${one(goal[0])} %, is ${row.mean >= goal[0] ? "reached" : "missed"} by the mean.` : ""}`.replace(/\s+/g, " ").trim();
  }

  const ground = svg("g", { "aria-hidden": "true" });
  const lines = rows.map((row, i) => svg("g", { class: row === base ? "variant base" : "variant", role: "img", tabindex: i ? -1 : 0, "aria-label": words(i), onfocus: () => choose(i), onkeydown: (event) => roam(event, i) }));
  const picture = svg("svg", { class: "plot", role: "group", "aria-label": "Rows: up and down keys go from variant to variant", onpointermove: (event) => { if (!kept && event.pointerType === "mouse") point(event, false); }, onclick: (event) => point(event, true),
    onpointerleave: (event) => { if (event.pointerType === "mouse" && !kept) choose(-1); } }, ground, ...lines);

  function paint(w) {
    const longest = Math.max(...rows.map((row) => wide(row.name, 13, 600))), stacked = w < 560 || longest > w * 0.34, number = 96;
    const left = stacked ? 8 : longest + 22, right = stacked ? 10 : number, high_ = stacked ? 62 : 46, top = goal || base ? 24 : 8;
    const x = (v) => left + ((v - low) / (high - low)) * (w - left - right), middle = (i) => top + i * high_ + (stacked ? 40 : 23), bottom = top + rows.length * high_;
    layout = { w, top, step: high_ };
    picture.setAttribute("viewBox", `0 0 ${w} ${bottom + 34}`);
    const band = base ? [svg("rect", { class: "base-band", x: x(base.spread[0]), y: top, width: Math.max(1, x(base.spread[1]) - x(base.spread[0])), height: bottom - top }), svg("line", { class: "base-line", x1: x(base.mean), x2: x(base.mean), y1: top, y2: bottom })] : [];
    const target = goal ? [svg("line", { class: "goal", x1: x(goal[0]), x2: x(goal[0]), y1: top - 4, y2: bottom }), svg("text", { class: "goal-name", x: Math.max(left, Math.min(w - 4 - wide(`${goal[1]} ${one(goal[0])} %`, 11.5, 600) / 2, x(goal[0]))), y: top - 9, "text-anchor": "middle" }, `${goal[1]} ${one(goal[0])} %`)] : [];
    ground.replaceChildren(...band, ...ticks(low, high, Math.max(3, (w - left - right) / 70)).flatMap((v) => [svg("line", { class: "rule", x1: x(v), x2: x(v), y1: top, y2: bottom }), svg("text", { class: "tick", x: x(v), y: bottom + 15, "text-anchor": "middle" }, gim.digits(100 * v, 1))]),
      svg("text", { class: "axis", x: (left + w - right) / 2, y: bottom + 30, "text-anchor": "middle" }, "accuracy on the test clips, in %"), ...target);
    rows.forEach((row, i) => {
      const y = middle(i), [a, b] = row.interval.map(x), [c, d] = row.spread.map(x), piled = [];
      const dots = row.dots.slice().sort((p, q) => p - q).map((v) => {
        let level = 0;                                                            // dots at one place stand on each other
        while (piled.some(([u, k]) => k === level && Math.abs(x(u) - x(v)) < 7)) level++;
        piled.push([v, level]);
        return svg("circle", { class: "seed", cx: x(v), cy: y - 7 - Math.min(level, 2) * 5, r: 3.4 });
      });
      lines[i].replaceChildren(...[svg("rect", { class: "touch", x: 0, y: top + i * high_, width: w, height: high_, rx: 6 }),
        svg("text", stacked ? { class: "name", x: left, y: y - 22 } : { class: "name", x: left - 14, y: y + 4, "text-anchor": "end" }, row.name),
        svg("text", { class: "number", x: w - 8, y: stacked ? y - 22 : y + 4, "text-anchor": "end" }, svg("tspan", { class: "mean-number" }, `${one(row.mean)} %`), row.seeds > 1 ? ` \u00b1 ${one(row.std)}` : ""),
        svg("rect", { class: "interval", x: a, y: y + 1, width: Math.max(1, b - a), height: 9, rx: 4.5 }),
        row.seeds > 1 && !row.dots.length ? svg("path", { class: "spread", d: `M${c} ${y - 11}v8M${c} ${y - 7}H${d}M${d} ${y - 11}v8` }) : null,
        row.seeds > 1 && row.dots.length ? svg("path", { class: "spread", d: `M${c} ${y - 7}H${d}` }) : null, ...dots,
        svg("path", { class: "mean", d: `M${x(row.mean)} ${y - 13}V${y + 13}` })].filter(Boolean));
    });
  }
  function point(event, keep) {
    const box = picture.getBoundingClientRect(), y = ((event.clientY - box.top) * layout.w) / box.width, i = Math.floor((y - layout.top) / layout.step), there = i >= 0 && i < rows.length ? i : -1;
    if (keep) kept = there >= 0 && !(kept && there === chosen);
    choose(there);
  }
  function roam(event, i) {
    const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || (to === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (to === undefined) { kept = false; choose(-1); return; }
    if (!rows[to]) return;
    kept = true;
    lines[to].focus();
  }
  function choose(i) {
    chosen = i;
    lines.forEach((line, k) => { line.classList.toggle("chosen", k === i); if (i >= 0) line.setAttribute("tabindex", k === i ? 0 : -1); });
    figure.dataset.row = i < 0 ? "" : i;
    const all = base ? rows.filter((row) => row !== base && row.seeds > 1 && base.seeds > 1) : [], far = all.filter((row) => !overlap(row, base));
    says.classList.toggle("gim-hint", i < 0 && !all.length);
    says.textContent = i >= 0 ? words(i) : all.length ? `${all.length - far.length} of ${all.length} variants lie within the spread of ${base.name}${far.length ? `; outside: ${far.map((row) => row.name).join(", ")}.` : "."}` : "Point at a row, or tap it, to read it in words.";
  }

  const says = el("p", { class: "says", "aria-live": "off" }), seeds = rows.some((row) => row.dots.length);
  const icon = (...inside) => svg("svg", { viewBox: "0 0 26 14", width: 26, height: 14, "aria-hidden": "true" }, inside);
  const legend = el("div", { class: "gim-legend" }, [[icon(svg("path", { class: "spread", d: seeds ? "M4 7H22" : "M4 3v8M4 7H22M22 3v8" }), ...(seeds ? [4, 14, 22].map((cx) => svg("circle", { class: "seed", cx, cy: 7, r: 3.4 })) : [])), seeds ? "a dot a seed: luck in training" : "plus and minus one standard deviation over seeds: luck in training"],
    [icon(svg("path", { class: "mean", d: "M13 0V14" })), "mean"], [icon(svg("rect", { class: "interval", x: 2, y: 3, width: 22, height: 9, rx: 4.5 })), "95 % interval: so few test clips"],
    base && [icon(svg("rect", { class: "base-band", x: 4, y: 0, width: 18, height: 14 }), svg("line", { class: "base-line", x1: 13, x2: 13, y1: 0, y2: 14 })), `spread and mean of ${base.name}`]].filter(Boolean).map((pair) => el("span", {}, pair)));
  const place = el("div", {}, picture);
  stage.replaceChildren(legend, place, says, el("div", { class: "gim-below" }, el("span", {}), gim.keys([["Up, Down", "row to row"], ["Escape", "all rows"]])));
  gim.scores.fit(place, paint);
  choose(-1);
});
