/* Calibration: a reliability diagram above, every clip at its confidence below, and a temperature that moves them. What is sent are the gaps
   between the winner's log-probability and the others', in steps: softmax(z / T) of the winner is 1 / (1 + sum exp(-gap / T)). */
gim.define("calibration", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { percent, clips } = gim.scores, { n, bins, classes } = data, K = classes - 1, all = [...Array(n).keys()];
  const gaps = new Int16Array(Uint8Array.from(atob(data.gaps), (c) => c.charCodeAt(0)).buffer), right = [...data.right].map(Number), accuracy = right.reduce((a, b) => a + b, 0) / n;
  const LOW = -2, HIGH = 5;                                                        // of log2 T: from 1/4 to 32, as far as few clips ask for
  let T = 1, chosen = -1, kept = false, rows = [], sure = [], shape = null;

  /* Sum of exp(-gap / T) over all classes, the winner with 1 among them. */
  const mass = (i, t) => { let sum = 1; for (let k = 0; k < K; k++) sum += Math.exp((-gaps[i * K + k] * data.step) / t); return sum; };
  const logLoss = (t) => all.reduce((sum, i) => sum + Math.log(mass(i, t)) + (data.truth[i] * data.step) / t, 0) / n;
  function measure() {
    sure = all.map((i) => 1 / mass(i, T));
    rows = Array.from({ length: bins }, () => ({ n: 0, right: 0, sure: 0 }));
    sure.forEach((p, i) => { const row = rows[Math.max(0, Math.min(bins - 1, Math.ceil(p * bins - 1e-12) - 1))]; row.n++; row.right += right[i]; row.sure += p; });
    return { error: rows.reduce((sum, row) => sum + Math.abs(row.right - row.sure), 0) / n, mean: sure.reduce((a, b) => a + b, 0) / n, loss: logLoss(T) };
  }
  function wilson(hits, m) {
    const z = 1.96, p = hits / m, middle = p + (z * z) / (2 * m), half = z * Math.sqrt((p * (1 - p)) / m + (z * z) / (4 * m * m));
    return [(middle - half) / (1 + (z * z) / m), (middle + half) / (1 + (z * z) / m)];
  }

  // ---- the drawing --------------------------------------------------------------------------------------------------------------
  const id = `gim-hatch-${Math.random().toString(36).slice(2, 8)}`;
  const hatch = svg("defs", {}, svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { class: "hatch-line", width: 2, height: 6 })));
  const ground = svg("g", { "aria-hidden": "true" }), ticks = svg("g", { class: "ticks", "aria-hidden": "true" });
  const columns = Array.from({ length: bins }, (_, b) => svg("g", { class: "bin", role: "img", tabindex: -1, onfocus: () => choose(b), onkeydown: (event) => roam(event, b) },
    svg("rect", { class: "touch" }), svg("rect", { class: "bar" }), svg("rect", { class: "gap" }), svg("path", { class: "doubt" }), svg("path", { class: "dot" }), svg("text", { class: "count", "text-anchor": "middle" })));
  const picture = svg("svg", { class: "diagram", role: "group", "aria-label": "Reliability diagram: arrow keys go from bin to bin", onpointermove: (event) => { if (!kept && (event.pointerType === "mouse" || event.pressure > 0)) point(event, false); }, onclick: (event) => point(event, true),
    onpointerleave: (event) => { if (event.pointerType === "mouse" && !kept) choose(-1); } }, hatch, ground, ...columns, ticks);

  function paint(w) {
    const left = 42, side = Math.min(w - left - 10, 440), high = Math.round(side * 0.86), top = 12, x0 = left + Math.max(0, (w - left - side - 10) / 2), strip = top + high + 62;
    shape = { w, side, high, top, x0, strip, x: (p) => x0 + p * side, y: (p) => top + (1 - p) * high };
    const { x, y } = shape, fifths = [0, 0.2, 0.4, 0.6, 0.8, 1];
    picture.setAttribute("viewBox", `0 0 ${w} ${strip + 36}`);
    ground.replaceChildren(...[svg("rect", { class: "sheet", x: x0, y: top, width: side, height: high }),
      fifths.map((p) => [svg("path", { class: "rule", d: `M${x(p)} ${top}V${y(0)}M${x0} ${y(p)}H${x(1)}` }), svg("text", { class: "tick", x: x0 - 6, y: y(p) + (p ? 4 : 0), "text-anchor": "end" }, String(Math.round(100 * p))), svg("text", { class: "tick", x: x(p), y: y(0) + 34, "text-anchor": "middle" }, String(Math.round(100 * p)))]),
      svg("path", { class: "ideal", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` }),
      svg("text", { class: "axis", transform: `translate(${x0 - 32} ${top + high / 2}) rotate(-90)`, "text-anchor": "middle" }, "right, in %"), svg("text", { class: "axis", x: x(0.5), y: y(0) + 49, "text-anchor": "middle" }, "confidence, in %"),
      svg("text", { class: "tick", x: x0 - 6, y: y(0) + 14, "text-anchor": "end" }, "clips"), svg("text", { class: "tick", x: x0 - 6, y: strip + 9, "text-anchor": "end" }, "right"), svg("text", { class: "tick", x: x0 - 6, y: strip + 27, "text-anchor": "end" }, "wrong"), svg("line", { class: "middle", x1: x0, x2: x(1), y1: strip + 14, y2: strip + 14 })].flat(3));
    show();
  }
  const put = (node, where) => { for (const key in where) node.setAttribute(key, where[key]); };
  function show() {
    const got = measure(), { x, y } = shape, wide = shape.side / bins;
    rows.forEach((row, b) => {
      const [touch, bar, gap, doubt, dot, count] = columns[b].children, p = row.n ? row.right / row.n : 0, mean = row.n ? row.sure / row.n : 0, at = x(b / bins), over = mean > p;
      columns[b].setAttribute("aria-label", words(b));
      columns[b].classList.toggle("empty", !row.n);
      columns[b].classList.toggle("over", over);
      put(touch, { x: at, y: shape.top, width: wide, height: shape.high + 20 });
      put(bar, { x: at + 1.5, y: y(p), width: wide - 3, height: y(0) - y(p), rx: 1.5 });
      put(gap, { x: at + 1.5, y: y(Math.max(p, mean)), width: wide - 3, height: Math.max(0, y(Math.min(p, mean)) - y(Math.max(p, mean))), rx: 1.5 });
      gap.style.fill = `url(#${id})`;
      const [low, high] = row.n ? wilson(row.right, row.n) : [0, 0], c = x(mean);
      put(doubt, { d: row.n ? `M${c} ${y(low)}V${y(high)}M${c - 4} ${y(low)}h8M${c - 4} ${y(high)}h8` : "" });
      put(dot, { d: row.n ? gim.mark("circle", 4.5) : "", transform: `translate(${c} ${y(p)})` });
      put(count, { x: at + wide / 2, y: y(0) + 14 });
      count.textContent = row.n || "";
    });
    const comb = (hit) => all.filter((i) => right[i] === hit).map((i) => `M${x(sure[i]).toFixed(1)} ${shape.strip + (hit ? 1 : 16)}v11`).join("");
    ticks.replaceChildren(svg("path", { class: "hit", d: comb(1) }), svg("path", { class: "miss", d: comb(0) }));
    for (const [name, text] of [["accuracy", percent(accuracy, 1)], ["confidence", percent(got.mean, 1)], ["error", percent(got.error, 1)], ["loss", got.loss.toFixed(3)]]) facts[name].textContent = text;
    const label = T.toFixed(2);
    Object.assign(figure.dataset, { temperature: label, error: got.error.toFixed(4), mean: got.mean.toFixed(4), accuracy: accuracy.toFixed(4), loss: got.loss.toFixed(4) });
    now.textContent = label;
    at.textContent = `at T = ${label}`;                                            // a saved drawing has no slider
    scrub.setAttribute("aria-valuetext", `temperature ${label}: mean confidence ${percent(got.mean, 1)}, accuracy stays ${percent(accuracy, 1)}, expected calibration error ${percent(got.error, 1)}`);
    tell(got);
  }
  function words(b) {
    const row = rows[b], from = `Confidence ${gim.digits((100 * b) / bins, 1)} to ${gim.digits((100 * (b + 1)) / bins, 1)} %`;
    if (!row.n) return `${from}: no clip.`;
    const by = 100 * (row.sure / row.n - row.right / row.n), [low, high] = wilson(row.right, row.n), inside = row.sure / row.n >= low && row.sure / row.n <= high;
    return `${from}: ${clips(row.n)}, ${row.right} right (${percent(row.right / row.n)}), mean confidence ${percent(row.sure / row.n)}. ${Math.abs(by) < 0.5 ? "As sure as it is right." : `${by > 0 ? "Too sure" : "Not sure enough"} by ${Math.abs(by).toFixed(0)} points${inside ? ", which chance alone may do with so few" : ""}.`}`;
  }
  function tell(got) {
    const by = got.mean - accuracy;
    says.textContent = chosen >= 0 ? words(chosen) : Math.abs(by) < 0.005 ? "On the whole it is as sure as it is right." : `On the whole it is ${by > 0 ? "surer than it is right" : "right more often than it is sure"}: ${percent(got.mean, 1)} confident, ${percent(accuracy, 1)} right.`;
  }

  // ---- hands and keys -----------------------------------------------------------------------------------------------------------
  function point(event, keep) {
    const box = picture.getBoundingClientRect(), k = shape.w / box.width, x = ((event.clientX - box.left) * k - shape.x0) / shape.side, y = (event.clientY - box.top) * k;
    const b = x >= 0 && x < 1 && y < shape.strip - 24 ? Math.floor(x * bins) : -1;
    if (keep) kept = b >= 0 && !(kept && b === chosen);
    choose(b);
  }
  function roam(event, b) {
    const to = { ArrowRight: b + 1, ArrowLeft: b - 1, Home: 0, End: bins - 1 }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || (to === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (to === undefined) { kept = false; choose(-1); return; }
    if (to < 0 || to >= bins) return;
    kept = true;
    columns[to].focus();
  }
  function choose(b) {
    chosen = b;
    columns.forEach((column, k) => { column.classList.toggle("chosen", k === b); if (b >= 0) column.setAttribute("tabindex", k === b ? 0 : -1); });
    figure.dataset.bin = b < 0 ? "" : b;
    tell({ mean: sure.reduce((a, c) => a + c, 0) / n });
    if (b >= 0) say(words(b));
  }

  const facts = {}, say = gim.voice(figure), says = el("p", { class: "says" }), now = el("b", {}), at = el("small", {});
  const cards = el("dl", { class: "facts" }, [["accuracy", "accuracy", "stays"], ["confidence", "mean confidence", ""], ["error", "calibration error", "0 is best"], ["loss", "log loss", "less is better"]].map(([name, title, hint]) =>
    el("div", { class: name }, el("dt", {}, title), el("dd", {}, (facts[name] = el("b", {})), name === "confidence" ? at : el("small", {}, hint)))));
  function turn(t) { T = t; scrub.value = Math.log2(t); if (shape) show(); }
  const scrub = el("input", { type: "range", min: LOW, max: HIGH, step: 0.05, value: 0, "aria-label": "Temperature", oninput: () => { T = 2 ** +scrub.value; show(); } });
  /* The smallest log loss by golden section: in log T it falls once and rises once. */
  function bestTemperature() {
    let [a, b] = [LOW, HIGH];
    const g = (Math.sqrt(5) - 1) / 2;
    while (b - a > 1e-3) { const c = b - g * (b - a), d = a + g * (b - a); if (logLoss(2 ** c) < logLoss(2 ** d)) b = d; else a = c; }
    return 2 ** ((a + b) / 2);
  }
  const controls = el("div", { class: "gim-controls" }, el("span", { class: "gim-readout" }, "temperature T = ", now), scrub, el("button", { type: "button", onclick: () => turn(1) }, "T = 1"), el("button", { type: "button", onclick: () => turn(bestTemperature()) }, "Smallest log loss"));
  const legend = el("div", { class: "gim-legend" }, [["bar", "share right"], ["gap", "gap to the confidence"], ["doubt", "95 % interval"], ["ideal", "right as often as sure"]].map(([cls, word]) => el("span", {}, svg("svg", { viewBox: "0 0 18 14", width: 18, height: 14, "aria-hidden": "true" },
    cls === "bar" ? svg("rect", { class: "bar", x: 2, y: 1, width: 14, height: 12 }) : cls === "gap" ? svg("rect", { class: "gap", x: 2, y: 1, width: 14, height: 12, style: `fill:url(#${id})` }) : cls === "doubt" ? [svg("path", { class: "doubt", d: "M9 1V13M5 1h8M5 13h8" }), svg("circle", { class: "dot", cx: 9, cy: 7, r: 3.5 })] : svg("path", { class: "ideal", d: "M1 13L17 1" })), word)));
  const place = el("div", { class: "place" }, picture), body = el("div", { class: "panels" }, place, el("div", {}, cards, says, controls, legend));
  stage.replaceChildren(body, el("div", { class: "gim-below" }, el("p", { class: "note" }, `${clips(n)}. Each stroke below the diagram is one.`), gim.keys([["Arrows, on the diagram", "bin to bin"], ["Arrows, on the slider", "temperature"], ["Escape", "no bin"]])));
  columns[bins - 1].setAttribute("tabindex", 0);
  gim.scores.fit(place, paint);
});
