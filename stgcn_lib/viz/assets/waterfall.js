/* What each ingredient added: a bar from the last level to the new one, a row for each. The clock adds them in turn; a touched row is read in words. */
gim.define("waterfall", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { ticks, wide } = gim.scores, { rows, goal } = data, last = rows.length - 1, share = data.unit === "%", k = share ? 100 : 1, minus = (text) => text.replace("-", "\u2212");
  const all = rows.flatMap((row) => row.seeds).concat(goal ? goal[0] : []), span = (Math.max(...all) - Math.min(...all)) * k || 1, places = span > 3 ? 1 : Math.min(4, Math.max(1, 1 - Math.floor(Math.log10(span / 3))));
  const number = (x) => minus((k * x).toFixed(places)), unit = share ? " %" : data.unit ? ` ${data.unit}` : "", level = (x) => number(x) + unit, gap = share ? " points" : unit;
  const gain = (n) => rows[n].mean - rows[n - 1].mean, flat = (x) => Math.abs(k * x) < 0.5 * 10 ** -places, signed = (x) => (flat(x) ? "0" : (x > 0 ? "+" : "\u2212") + (k * Math.abs(x)).toFixed(places));
  const low = Math.min(...all), high = Math.max(...all), room = 0.06 * (high - low || Math.abs(high) || 1), from = share ? Math.max(0, low - 2 * room) : low - 2 * room, to = share ? Math.min(1, high + room) : high + room;
  let position = last, chosen = -1, kept = false, shape = null;

  function words(n) {
    const row = rows[n], many = row.seeds.length, seeds = many > 1 ? ` (${many} seeds from ${number(Math.min(...row.seeds))} to ${number(Math.max(...row.seeds))})` : " (one seed)", cost = row.cost ? ` Cost: ${row.cost}.` : "";
    if (!n) return `${row.name}, the start: ${level(row.mean)}${seeds}.${cost}`;
    const by = gain(n), enough = Math.min(many, rows[n - 1].seeds.length) > 1;
    const doubt = !enough ? "a single seed does not tell how far luck reaches" : row.within ? "within the spread: the seeds before and after overlap" : "outside the spread: no seed before reaches one after";
    return `${row.name}: ${flat(by) ? "no change" : `${signed(by)}${gap}`}, to ${level(row.mean)}${seeds}; ${doubt}.${cost}`;
  }
  function summary() {
    const by = rows[last].mean - rows[0].mean, sure = rows.filter((row, n) => n && !row.within).length;
    return `All together: from ${level(rows[0].mean)} to ${level(rows[last].mean)}, ${flat(by) ? "no change" : signed(by) + gap}. ${sure} of ${last} steps change it by more than the spread over seeds.${goal ? ` The ${goal[1]}, ${level(goal[0])}, is ${rows[last].mean >= goal[0] ? "reached" : "missed"}.` : ""}`;
  }

  // ---- the drawing --------------------------------------------------------------------------------------------------------------
  const id = `gim-falls-${Math.random().toString(36).slice(2, 8)}`;
  const hatch = svg("defs", {}, ["up", "down"].map((way) => svg("pattern", { id: `${id}-${way}`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { class: `stripe ${way}`, width: 2.2, height: 6 }))));
  const ground = svg("g", { "aria-hidden": "true" });
  const lines = rows.map((row, n) => svg("g", { class: "step", role: "img", tabindex: n ? -1 : 0, "aria-label": words(n), onfocus: () => choose(n), onkeydown: (event) => roam(event, n) }));
  const picture = svg("svg", { class: "falls", role: "group", "aria-label": "Steps: up and down keys go from step to step", onpointermove: (event) => { if (!kept && event.pointerType === "mouse") point(event, false); },
    onclick: (event) => point(event, true), onpointerleave: (event) => { if (event.pointerType === "mouse" && !kept) choose(-1); } }, hatch, ground, ...lines);
  function paint(w) {
    const longest = Math.max(...rows.map((row) => wide(row.name, 13, 600))), stacked = w < 560 || longest > 0.34 * w, left = stacked ? 8 : longest + 22, right = stacked ? 12 : wide(level(high), 13, 600) + 26;
    const tall = stacked ? 58 : 44, top = goal ? 26 : 8, bottom = top + rows.length * tall;
    shape = { w, left, right, tall, top, bottom, stacked, x: (v) => left + ((v - from) / (to - from)) * (w - left - right), y: (n) => top + n * tall + (stacked ? 38 : 22) };
    const { x } = shape, label = goal && `${goal[1]} ${level(goal[0])}`, marks = ticks(k * from, k * to, Math.max(3, (w - left - right) / 80));
    picture.setAttribute("viewBox", `0 0 ${w} ${bottom + 36}`);
    ground.replaceChildren(...marks.flatMap((v) => [svg("path", { class: "rule", d: `M${x(v / k)} ${top}V${bottom}` }), svg("text", { class: "tick", x: x(v / k), y: bottom + 15, "text-anchor": "middle" }, gim.digits(v, 4))]),
      svg("text", { class: "tick", x: (left + w - right) / 2, y: bottom + 31, "text-anchor": "middle" }, `${share ? "accuracy, in %" : data.unit}${from > 0 ? ` (the axis starts at ${gim.digits(k * from, places)})` : ""}`),
      ...(goal ? [svg("path", { class: "goal", d: `M${x(goal[0])} ${top - 5}V${bottom}` }), svg("text", { class: "goal-name", "text-anchor": "middle", y: top - 11, x: Math.max(wide(label, 11.5, 600) / 2 + 2, Math.min(w - 4 - wide(label, 11.5, 600) / 2, x(goal[0]))) }, label)] : []));
    show();
  }
  const one = (v) => v.toFixed(1);
  function show() {
    const { w, left, right, tall, top, x, y, stacked } = shape;
    rows.forEach((row, n) => {
      const grown = Math.max(0, Math.min(1, position - n + 1)), before = n ? rows[n - 1].mean : from, now = before + grown * (row.mean - before), up = row.mean >= before, here = grown >= 1, mid = y(n);
      const a = x(Math.min(before, now)), b = x(Math.max(before, now)), many = row.seeds.length > 1, [s0, s1] = [Math.min(...row.seeds), Math.max(...row.seeds)].map(x), way = up ? "up" : "down";
      const bar = svg("rect", { class: n ? `bar ${way}` : "bar start", x: one(a), y: mid - 9, width: one(Math.max(n ? 1.5 : 0, b - a)), height: 18, rx: 2 });
      if (n && row.within) { bar.classList.add("within"); bar.style.fill = `url(#${id}-${way})`; }
      // the number stands beside the bar and its seeds, where there is room
      const text = n ? signed(gain(n)) : level(row.mean), long = wide(text, 12, 600), outer = Math.max(x(row.mean), a, b, ...(many ? [s1] : [])) + 9, inner = Math.min(a, b, ...(many ? [s0] : [])) - 9;
      const place = outer + long < w - (stacked ? 4 : right - 22) || inner - long < left ? { x: outer } : { x: inner, "text-anchor": "end" };
      lines[n].classList.toggle("later", grown === 0);
      lines[n].replaceChildren(...[svg("rect", { class: "touch", x: 0, y: top + n * tall, width: w, height: tall, rx: 6 }),
        svg("text", stacked ? { class: "name", x: left, y: mid - 18 } : { class: "name", x: left - 14, y: mid + 4, "text-anchor": "end" }, stacked ? gim.scores.cut(row.name, w - 90, 13) : row.name),
        here && n ? svg("text", { class: "mean", x: w - 8, y: stacked ? mid - 18 : mid + 4, "text-anchor": "end" }, level(row.mean)) : null,
        grown > 0 ? bar : null,
        grown > 0 && !n && from > 0 ? svg("path", { class: "break", d: `M${left + 12} ${mid - 11}l-4 11l4 0l-4 11` }) : null,
        here && many ? svg("path", { class: "whisker", d: `M${one(s0)} ${mid}H${one(s1)}M${one(s0)} ${mid - 5}v10M${one(s1)} ${mid - 5}v10` }) : null,
        ...(here ? row.seeds.map((v) => svg("circle", { class: "seed", cx: one(x(v)), cy: mid, r: 3 })) : []),
        here && n < last ? svg("path", { class: "tie", d: `M${one(x(row.mean))} ${mid + 9}V${y(n + 1) - 9}` }) : null,
        here ? svg("text", { class: `gain ${!n ? "" : flat(gain(n)) ? "" : way}`, y: mid + 4, ...place }, text) : null].filter(Boolean));
    });
    tell();
  }
  function tell() {
    const n = Math.min(last, Math.floor(position));
    says.textContent = chosen >= 0 ? words(chosen) : n >= last && !(clock && clock.playing()) ? summary() : words(n);
    figure.dataset.row = chosen < 0 ? "" : chosen;
  }
  function point(event, keep) {
    const box = picture.getBoundingClientRect(), n = Math.floor((((event.clientY - box.top) * shape.w) / box.width - shape.top) / shape.tall), there = n >= 0 && n <= last ? n : -1;
    if (keep) kept = there >= 0 && !(kept && there === chosen);
    choose(there);
  }
  function roam(event, n) {
    const next = { ArrowDown: n + 1, ArrowUp: n - 1 }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || (next === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (next === undefined) { kept = false; choose(-1); return; }
    if (!rows[next]) return;
    kept = true;
    lines[next].focus();
  }
  function choose(n) {
    if (n === chosen) return;
    chosen = n;
    lines.forEach((line, i) => { line.classList.toggle("chosen", i === n); if (n >= 0) line.setAttribute("tabindex", i === n ? 0 : -1); });
    tell();
  }

  const says = el("p", { class: "says" }), place = el("div", {}, picture);
  let clock = null;
  clock = gim.controls(figure, { last, fps: 0.8, frame: last, word: "step", smooth: !gim.reducedMotion(), draw(p) {
    position = Math.max(0, p);
    if (shape && clock) { if (chosen >= 0) { kept = false; choose(-1); } show(); }
  } });
  const icon = (...inside) => svg("svg", { viewBox: "0 0 26 14", width: 26, height: 14, "aria-hidden": "true" }, inside), bar = (cls, fill) => svg("rect", { class: `bar ${cls}`, x: 2, y: 1, width: 22, height: 12, rx: 2, style: fill || null });
  const some = (way, within) => rows.some((row, n) => n && row.within === within && (gain(n) >= 0) === (way === "up"));
  const legend = el("div", { class: "gim-legend" }, [some("up", false) && [icon(bar("up")), "gain"], some("down", false) && [icon(bar("down")), "loss"],
    (some("up", true) || some("down", true)) && [icon(bar(`within ${some("up", true) ? "up" : "down"}`, `fill:url(#${id}-${some("up", true) ? "up" : "down"})`)), "within the spread over seeds"],
    [icon(svg("path", { class: "whisker", d: "M3 7H23M3 2v10M23 2v10" }), ...[3, 11, 23].map((cx) => svg("circle", { class: "seed", cx, cy: 7, r: 3 }))), "a dot a seed"]].filter(Boolean).map((pair) => el("span", {}, pair)));
  const keys = gim.keys([["Space", "add them in turn"], ["\u2190 \u2192", "one step back or on"], ["Home, End", "the start, or all"], ["Up, Down on a row", "row to row"], ["Escape", "no row"]]);
  stage.replaceChildren(legend, place, says, clock.node, el("div", { class: "gim-below" }, el("span", {}), keys));
  gim.scores.fit(place, paint);
});
