/* Learning curves: a panel for each measure, one cursor for all of them, and what it reads below. Training is a full line, validation a dashed one. */
gim.define("curves", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { ticks, apart, wide, cut } = gim.scores, { series } = data, keys = Object.keys(data.measures), single = series.length === 1;
  const last = Math.max(...series.map((one) => one.epochs)), HIGH = 210, LOW = 28, TOP = 26, loss = (key) => key !== "validation_accuracy";
  // one name: both losses in one panel, told apart by dash and word; several: a panel for each measure
  const panels = (single ? [keys.filter(loss), keys.filter((key) => !loss(key))].filter((own) => own.length) : keys.map((key) => [key])).map((own) => ({ keys: own, loss: loss(own[0]) }));
  const value = (one, key, t, what = "mean") => { const list = one.measures[key][what]; return list ? list[t - 1] : undefined; };
  const number = (x) => (x === undefined ? "\u2013" : Math.abs(x) < 1e-3 && x ? x.toExponential(1).replace("-", "\u2212") : gim.digits(x, Math.abs(x) < 0.1 ? 4 : 3));
  const shown = (key, x) => (x === undefined ? "\u2013" : loss(key) ? number(x) : `${(100 * x).toFixed(1)} %`);
  const positive = series.every((one) => keys.filter(loss).every((key) => one.measures[key].mean.concat(one.measures[key].low || []).every((x) => x > 0)));
  const best = keys.includes("validation_loss") ? series.map((one) => one.measures.validation_loss.mean.reduce((b, x, i, all) => (x < all[b] ? i : b), 0) + 1) : null;
  const dashed = (key) => (single && key === "validation_loss" ? " dashed" : "");
  const tone = (one, key) => (single ? (key === "loss" ? "var(--gim-ink)" : "var(--gim-accent)") : one.look[1]);
  const shape = (one, key) => (single ? (key === "loss" ? "circle" : "diamond") : one.look[0]);
  let epoch = best ? best[0] : last, log = false, width = 0;

  for (const panel of panels) {
    panel.title = panel.keys.length > 1 ? "loss" : data.measures[panel.keys[0]];
    panel.node = svg("svg", { class: "panel", "aria-hidden": "true", onpointermove: (event) => (event.pointerType === "mouse" || event.pressure > 0) && point(event, panel), onpointerdown: (event) => point(event, panel) });
    panel.cursor = svg("g", { class: "reading" });
    panel.box = el("div", {}, el("div", { class: "title" }, panel.title[0].toUpperCase() + panel.title.slice(1)), panel.node);
  }

  function paint() {
    for (const panel of panels) draw(panel, Math.max(250, panel.box.clientWidth || 600));
    read();
  }
  function draw(panel, w) {
    const runs = series.flatMap((one) => panel.keys.map((key) => ({ one, key, band: one.measures[key], name: single ? (panel.loss ? data.measures[key].replace(" loss", "") : "") : one.name })));
    const all = runs.flatMap(({ band }) => [...band.mean, ...(band.low || []), ...(band.high || [])]), logarithmic = log && panel.loss;
    let low = Math.min(...all), high = Math.max(...all);
    if (!panel.loss) [low, high] = [low > 0.6 ? 0.5 : 0, 1];
    else if (!logarithmic) low = Math.min(0, low);
    if (high <= low) high = low + 1;
    const f = logarithmic ? Math.log10 : (x) => x, a = f(low), b = f(high), span = b - a || 1;
    const marks = logarithmic ? decades(low, high) : ticks(low, high, 4), label = (x) => (panel.loss ? number(x) : `${Math.round(100 * x)} %`);
    const left = Math.max(...marks.map((x) => wide(label(x), 11))) + 10, names = runs.map((run) => cut(run.name, Math.min(150, w * 0.32)));
    const right = Math.max(8, ...names.map((name) => (name ? wide(name, 12, 600) + 24 : 0)));
    const x = (t) => left + (last > 1 ? (t - 1) / (last - 1) : 0.5) * (w - left - right), y = (v) => TOP - 12 + (HIGH - TOP + 12) * (1 - (f(v) - a) / span);
    Object.assign(panel, { w, left, right, x, y, runs });
    panel.node.setAttribute("viewBox", `0 0 ${w} ${HIGH + LOW}`);
    const ground = svg("g", {}, marks.flatMap((v) => [svg("line", { class: "rule", x1: left, x2: w - right, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 6, y: y(v) + 4, "text-anchor": "end" }, label(v))]),
      [...new Set([1, ...ticks(1, last, Math.max(2, (w - left - right) / 80)), last])].filter((t, i, list) => Number.isInteger(t) && t > 0 && !list.some((u) => u !== t && Math.abs(x(u) - x(t)) < 26 && (u === 1 || (u === last && t !== 1))))
        .map((t) => svg("text", { class: "tick", x: x(t), y: HIGH + 16, "text-anchor": "middle" }, String(t))),
      right > 60 ? svg("text", { class: "tick", x: w - right + 19, y: HIGH + 16 }, "epoch") : null);
    const path = (list) => list.map((v, i) => `${i ? "L" : "M"}${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}`).join("");
    const bands = runs.filter(({ band }) => band.low).map(({ one, key, band }) => svg("path", { class: "spread", style: `fill:${tone(one, key)}`, d: path(band.high) + "L" + band.low.map((v, i) => `${x(i + 1).toFixed(1)} ${y(v).toFixed(1)}`).reverse().join("L") + "Z" }));
    const curves = runs.map(({ one, key, band }) => svg("path", { class: "curve" + dashed(key), style: `stroke:${tone(one, key)}`, d: path(band.mean) }));
    const ends = runs.map(({ band }) => y(band.mean[band.mean.length - 1])), places = apart(ends, 15, TOP - 12, HIGH);
    const words = runs.map(({ one, key, band }, i) => names[i] && svg("g", { class: "end" }, svg("path", { class: "tie", d: `M${x(band.mean.length) + 3} ${ends[i]}L${w - right + 6} ${places[i]}` }),
      svg("path", { d: gim.mark(shape(one, key), 4), style: `fill:${tone(one, key)}`, transform: `translate(${w - right + 11} ${places[i]})` }), svg("text", { class: "name", x: w - right + 19, y: places[i] + 4 }, names[i])));
    const bests = best && panel.keys.includes("validation_loss") ? series.map((one, i) => {
      const [bx, by] = [x(best[i]), y(one.measures.validation_loss.mean[best[i] - 1])];
      return svg("g", { class: "best" }, svg("path", { class: "stem", d: `M${bx} ${by + 7}V${HIGH}` }), svg("circle", { cx: bx, cy: by, r: 6.5, style: single ? null : `stroke:${one.look[1]}` }));
    }) : [];
    panel.node.replaceChildren(ground, ...bands, ...curves, ...words.filter(Boolean), ...bests, panel.cursor);
  }
  function decades(low, high) {
    const found = [];
    for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++)
      for (const m of Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5]) { const v = +(m * 10 ** k).toPrecision(6); if (v >= low && v <= high) found.push(v); }
    return found.length > 1 ? found : [low, high];
  }

  // ---- the cursor ---------------------------------------------------------------------------------------------------------------
  function point(event, panel) {
    const box = panel.node.getBoundingClientRect(), at = ((event.clientX - box.left) * panel.w) / box.width;
    go(Math.round(1 + ((at - panel.left) / (panel.w - panel.left - panel.right)) * (last - 1)));
  }
  function go(to) {
    epoch = Math.max(1, Math.min(last, to));
    read();
  }
  function read() {
    scrub.value = epoch;
    now.textContent = epoch;
    figure.dataset.epoch = epoch;
    for (const panel of panels) {
      const at = panel.x(epoch);
      panel.cursor.replaceChildren(svg("line", { class: "line", x1: at, x2: at, y1: TOP - 14, y2: HIGH }), ...panel.runs.filter(({ one, key }) => value(one, key, epoch) !== undefined)
        .map(({ one, key }) => svg("path", { class: "dot", d: gim.mark(shape(one, key), 4.2), style: `fill:${tone(one, key)}`, transform: `translate(${at} ${panel.y(value(one, key, epoch))})` })));
    }
    series.forEach((one, i) => keys.forEach((key, k) => {
      const low = value(one, key, epoch, "low"), high = value(one, key, epoch, "high"), running = value(one, key, epoch, "runs");
      rows[i].cells[k + 1].replaceChildren(el("b", {}, shown(key, value(one, key, epoch))), low === undefined || running === 1 ? "" : el("small", {}, `${loss(key) ? number(low) : (100 * low).toFixed(1)} to ${shown(key, high)}`),
        running !== undefined && running < one.runs ? el("small", {}, ` ${running} of ${one.runs} runs`) : "");
    }));
    scrub.setAttribute("aria-valuetext", `epoch ${epoch}: ` + series.map((one) => `${single ? "" : one.name + ", "}${keys.map((key) => `${data.measures[key]} ${shown(key, value(one, key, epoch))}`).join(", ")}`).join("; "));
  }

  const scrub = el("input", { type: "range", min: 1, max: last, step: 1, value: epoch, "aria-label": "Epoch", oninput: () => go(+scrub.value) }), now = el("b", {});
  const rows = series.map((one) => el("tr", {}, el("th", { scope: "row" }, single ? null : svg("svg", { viewBox: "-7 -7 14 14", width: 13, height: 13, "aria-hidden": "true" }, svg("path", { d: gim.mark(one.look[0], 5), style: `fill:${one.look[1]}` })), one.name), keys.map(() => el("td", {}))));
  const table = el("table", { class: "readings" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "gim-voice" }, "name")), keys.map((key) => el("th", { scope: "col" }, data.measures[key])))), el("tbody", {}, rows));
  const places = best ? el("p", { class: "best-note" }, svg("svg", { viewBox: "-8 -8 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("g", { class: "best" }, svg("circle", { r: 6 }))), " Smallest validation loss: ",
    series.map((one, i) => el("button", { type: "button", class: "gim-shown", onclick: () => go(best[i]) }, `${single ? "" : one.name + ", "}epoch ${best[i]}`))) : null;
  const scale = positive ? el("div", { class: "gim-group gim-tools", role: "group", "aria-label": "Scale of the loss" }, ["linear", "logarithmic"].map((word, k) => el("button", { type: "button", "aria-pressed": String(!k), onclick() {
    log = !!k;
    figure.dataset.scale = word;
    [...scale.children].forEach((button, j) => button.setAttribute("aria-pressed", String(j === k)));
    paint();
  } }, word))) : null;
  const runs = series.map((one) => one.runs), many = Math.max(...runs) > 1;
  const note = many ? el("p", { class: "note" }, `Line: mean of ${Math.min(...runs) === Math.max(...runs) ? runs[0] : "the"} runs. Band: lowest to highest.`) : null;
  const views = el("div", { class: "panels" }, panels.map((panel) => panel.box));
  stage.replaceChildren(...[el("div", { class: "toolbar" }, scale, note), views, el("div", { class: "gim-controls" }, el("span", { class: "gim-readout" }, "epoch ", now, ` / ${last}`), scrub), table, places].filter(Boolean));
  figure.dataset.scale = "linear";
  gim.scores.fit(views, (w) => { width = w; paint(); });
});
