/* Truth as a line, and from each moment the forecasts of several models; below, the whole time with what was forecast for it. */
gim.define("forecast-fan", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { roads } = gim, { wide, ticks } = gim.scores, V = data.count, H = data.horizon, starts = data.starts, N = starts.length, TOP = 14, TALL = 250;
  const truths = roads.unpack(data.truth, V), T = truths[0].length, clock = roads.clock(data.times, T), PAST = Math.min(Math.max(2 * H, 6), starts[0] + 2 * H);
  const models = data.models.map((one) => ({ ...one, rows: roads.unpack(one.values, V * N), band: one.band ? one.band.map((edge) => roads.unpack(edge, V * N)) : null,
    tone: `stroke:var(--gim-${one.look[0]});stroke-dasharray:${one.look[2] || "none"}`, fill: `fill:var(--gim-${one.look[0]})`, on: true }));
  const minutes = data.minutes, ahead = (h) => (minutes ? `${gim.digits((h + 1) * minutes, 1)} min` : `step ${h + 1}`), number = (x) => (Number.isNaN(x) ? "\u2013" : Math.abs(x).toFixed(high - low > 20 ? 1 : high - low > 2 ? 2 : 3));
  let n = data.start, v = 0, h = H - 1, w = 0, low = 0, high = 1, means = [];
  const truth = () => truths[v], ahead_ = (one, m = n) => one.rows[v * N + m], shown = () => models.filter((one) => one.on);
  const mean = (list) => { const there = list.filter((x) => !Number.isNaN(x)); return there.length ? there.reduce((a, b) => a + b, 0) / there.length : NaN; };

  // ---- this moment --------------------------------------------------------------------------------------------------------------
  const picture = svg("svg", { class: "fan", "aria-hidden": "true", onpointerdown: point, onpointermove: (event) => (event.pointerType === "mouse" || event.buttons) && point(event) });
  const line = (list, x, y) => roads.path(list, x, y);
  function sensor(to) {
    v = to;
    const all = [...truth(), ...models.flatMap((one) => roads.range(N).flatMap((m) => [...ahead_(one, m)]))].filter((x) => !Number.isNaN(x)), bottom = all.reduce((a, b) => Math.min(a, b)), top = all.reduce((a, b) => Math.max(a, b));
    const room = 0.06 * (top - bottom || 1);
    low = bottom >= 0 && bottom < 0.35 * top ? 0 : bottom - room;
    high = top + room;
    means = models.map((one) => roads.range(H).map((k) => mean(starts.map((s, m) => Math.abs(ahead_(one, m)[k] - truth()[s + k])))));
    paint();
  }
  let scale = null;
  function paint() {
    if (!w) return;
    const now = starts[n] - 1, from = now - PAST, marks = ticks(low, high, 5).filter((x) => x >= low && x <= high), left = Math.max(...marks.map((x) => wide(gim.digits(x), 11))) + 10, right = 12;
    const x = (row) => left + ((row - from) / (PAST + H)) * (w - left - right), y = (value) => TOP + (TALL - TOP) * (1 - (value - low) / (high - low));
    scale = { x, left, right, now };
    const past = roads.range(PAST + 1).map((i) => (from + i >= 0 ? truth()[from + i] : NaN)), came = roads.range(H + 1).map((k) => truth()[now + k]);
    const labels = clock.ticks(6 * Math.max(1, T / (PAST + H))).filter(([i]) => i >= from && i <= now + H), gap = 60;
    const every = Math.max(1, Math.ceil((labels.length * gap) / (w - left - right)));
    picture.setAttribute("viewBox", `0 0 ${w} ${TALL + 24}`);
    picture.replaceChildren(...[svg("rect", { class: "unseen", x: x(now), y: TOP, width: x(now + H) - x(now) + right - 4, height: TALL - TOP }),
      ...marks.flatMap((value) => [svg("line", { class: "rule", x1: left, x2: w - right, y1: y(value), y2: y(value) }), svg("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, gim.digits(value))]),
      ...labels.filter((_, i) => i % every === 0).map(([i, text]) => svg("text", { class: "tick", x: Math.max(left + 8, Math.min(w - wide(text, 11) / 2, x(i))), y: TALL + 17, "text-anchor": "middle" }, text)),
      svg("line", { class: "now-line", x1: x(now), x2: x(now), y1: TOP - 4, y2: TALL }), svg("text", { class: "tick", x: x(now) - 5, y: TOP - 2, "text-anchor": "end" }, "known"), svg("text", { class: "tick", x: x(now) + 5, y: TOP - 2 }, "to come"),
      svg("line", { class: "horizon", x1: x(now + h + 1), x2: x(now + h + 1), y1: TOP, y2: TALL }),
      ...shown().filter((one) => one.band).map((one) => { const [a, b] = one.band.map((edge) => [...edge[v * N + n]]); return svg("path", { class: "band", style: one.fill, d: a.some(Number.isNaN) ? "" : `M${a.map((value, k) => `${x(now + k + 1)} ${y(value)}`).join("L")}L${b.map((value, k) => `${x(now + k + 1)} ${y(value)}`).reverse().join("L")}Z` }); }),
      svg("path", { class: "truth", d: line(past, (i) => x(from + i), y) }), svg("path", { class: "truth came", d: line(came, (i) => x(now + i), y) }),
      ...shown().flatMap((one) => [svg("path", { class: "forecast", style: one.tone, d: line([truth()[now], ...ahead_(one)], (i) => x(now + i), y) }),
        ...[...ahead_(one)].map((value, k) => (Number.isNaN(value) || (k !== h && H > 4 && (k + 1) % Math.ceil(H / 4)) ? null : svg("path", { class: k === h ? "mark lit" : "mark", style: one.fill, d: gim.mark(one.look[1], k === h ? 5 : 3.4), transform: `translate(${x(now + k + 1)} ${y(value)})` })))]),
      Number.isNaN(came[h + 1]) ? null : svg("circle", { class: "came-mark", r: 4.5, cx: x(now + h + 1), cy: y(came[h + 1]) })].filter(Boolean));
    overview();
    read();
  }
  function point(event) {
    const box = picture.getBoundingClientRect(), at = ((event.clientX - box.left) * w) / box.width, k = Math.round(((at - scale.x(scale.now)) / (scale.x(scale.now + H) - scale.x(scale.now))) * H) - 1;
    if (k >= -1 && k < H) reach(Math.max(0, k));
  }
  function reach(to) {
    if (to === h) return;
    h = to;
    far.value = h;
    paint();
  }

  // ---- the whole time -----------------------------------------------------------------------------------------------------------
  const overview_ = { tall: 90, T, clock, seek: (row) => go(starts.reduce((best, s, m) => (Math.abs(s - 1 - row) < Math.abs(starts[best] - 1 - row) ? m : best), 0)) };
  let long = null, lastOverview = "";
  function overview() {
    const key = [v, h, w, ...shown().map((one) => one.name)].join();
    if (key !== lastOverview) {
      lastOverview = key;
      long = roads.plot({ ...overview_, low, high });
      whole.replaceChildren(long.node);
      long.paint(w, [{ list: truth(), cls: "truth" }, ...shown().map((one) => {
        const list = new Float64Array(T).fill(NaN);
        starts.forEach((s, m) => { list[s + h] = ahead_(one, m)[h]; });
        return { list: N > 1 && starts[1] - starts[0] > 1 ? bridged(list) : list, cls: "forecast", style: one.tone };
      })]);
    }
    long.cursor(starts[n] - 1, [{ value: truth()[starts[n] - 1], cls: "truth" }]);
  }
  /* Straight lines between moments that were left out. */
  function bridged(list) {
    const known = [...list.keys()].filter((i) => !Number.isNaN(list[i]));
    known.slice(1).forEach((b, i) => { for (let a = known[i], k = a + 1; k < b; k++) list[k] = list[a] + ((list[b] - list[a]) * (k - a)) / (b - a); });
    return list;
  }

  // ---- numbers ------------------------------------------------------------------------------------------------------------------
  const when = el("div", { class: "when" }), rowsAt = models.map(() => []), columns = () => { const most = w > 620 ? 12 : 4, every = Math.ceil(H / most); return roads.range(H).filter((k) => (k + 1) % every === 0 || k === h); };
  const table = el("table", { class: "readings" });
  function read() {
    const own = columns(), now = starts[n] - 1, off = models.map((one) => own.map((k) => Math.abs(ahead_(one)[k] - truth()[now + 1 + k])));
    const best = own.map((_, c) => Math.min(...models.map((one, i) => (one.on && !Number.isNaN(off[i][c]) ? off[i][c] : Infinity))));
    table.replaceChildren(el("thead", {}, el("tr", {}, el("th", { scope: "col" }, `off by (${data.units})`), own.map((k) => el("th", { scope: "col", class: k === h ? "lit" : null }, ahead(k))))),
      el("tbody", {}, models.map((one, i) => el("tr", { class: one.on ? null : "off" }, el("th", { scope: "row" }, sign(one), one.name), own.map((k, c) => el("td", { class: k === h ? "lit" : null }, el("b", { class: off[i][c] === best[c] && one.on ? "best" : null }, number(off[i][c])), el("small", {}, number(means[i][k]))))))));
    when.textContent = `Forecast at ${clock.whole(now)}` + (V > 1 ? `, ${name(v)}` : "");
    wholeTitle.textContent = `The whole time: truth, and what was forecast ${ahead(h)} before`;
    Object.assign(figure.dataset, { forecast: n, sensor: v, horizon: h + 1 });
    controls.node.querySelector("input").setAttribute("aria-valuetext", `${clock.label(now)}: ` + shown().map((one) => `${one.name} off by ${number(ahead_(one)[h] - truth()[now + 1 + h])} ${data.units} ${ahead(h)} ahead`).join(", "));
  }
  const sign = (one) => svg("svg", { viewBox: "0 0 30 14", width: 30, height: 14, "aria-hidden": "true", class: "sign" }, svg("path", { class: "forecast", style: one.tone, d: "M1 7H29" }), svg("path", { class: "mark", style: one.fill, d: gim.mark(one.look[1], 4), transform: "translate(15 7)" }));

  // ---- together -----------------------------------------------------------------------------------------------------------------
  const name = (u) => roads.named(data.sensors, u);
  const go = (to) => { controls.pause(); controls.seek(to); };
  const controls = gim.controls(figure, { last: N - 1, fps: 5, frame: n, smooth: false, word: clock.word, name: (i) => clock.label(starts[i] - 1), draw(p) { n = p; paint(); } });
  const legend = el("div", { class: "chips", role: "group", "aria-label": "Show or hide a model" }, el("span", { class: "key" }, roads.icon("M1 7H25", "truth"), "truth"), models.map((one) => {
    const button = gim.toggle("", true, (on) => { one.on = on; paint(); });
    button.classList.add("chip", "gim-shown");
    button.append(sign(one), one.name);
    return button;
  }), models.some((one) => one.band) ? el("span", { class: "key" }, svg("svg", { viewBox: "0 0 22 12", width: 22, height: 12, "aria-hidden": "true" }, svg("rect", { class: "band", width: 22, height: 12, style: models.find((one) => one.band).fill })), "its spread") : null);
  const far = el("select", { "aria-label": "How far ahead", onchange: () => reach(+far.value) }, roads.range(H).map((k) => el("option", { value: k, selected: k === h }, `${ahead(k)} ahead`)));
  const which = V > 1 ? el("label", { class: "which gim-settings" }, "Sensor ", el("select", { onchange: (event) => sensor(+event.target.value) }, roads.range(V).map((u) => el("option", { value: u }, name(u))))) : null;
  const whole = el("div", { class: "whole" }), wholeTitle = el("div", { class: "title" }), place = el("div", { class: "place" }, picture);
  const rule = el("p", { class: "note" }, `Large: this moment, the smallest underlined. Small: mean over the ${N} moments here.`);
  stage.replaceChildren(...[el("div", { class: "head" }, when, which), legend, place, controls.node, el("div", { class: "gim-table" }, table), rule, el("div", { class: "head" }, wholeTitle, el("div", { class: "gim-settings" }, far)), whole,
    el("div", { class: "gim-below" }, el("span", {}), gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one forecast back or on"], ["Home, End", "first or last"], ["[ ]", "slower, faster"]]))].filter(Boolean));
  sensor(0);
  gim.scores.fit(place, (to) => { w = to; paint(); });
});
