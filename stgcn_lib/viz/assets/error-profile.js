/* Errors of several models along horizons, hours or sensors: means as lines or bars, seeds as a band or bracket, and a cursor that reads
   them all. */
gim.define("error-profile", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim, { roads } = gim, { ticks, wide, cut, apart } = gim.scores, n = data.labels.length, bars = data.form === "bars", TALL = 260, TOP = 12;
  const rows = data.rows.map((row) => ({ ...row, tone: `stroke:var(--gim-${row.look[0]});stroke-dasharray:${row.look[2] || "none"}`, plain: `stroke:var(--gim-${row.look[0]})`, fill: `fill:var(--gim-${row.look[0]})`, on: true }));
  const gaps = (list) => list.map((x) => (x === null ? NaN : x)), known = (list) => list.filter((x) => x !== null), number = (x) => (x === null ? "\u2013" : x < 0.1 ? gim.digits(x, 4) : x.toFixed(2));
  const values = rows.flatMap((row) => known([...row.mean, ...(row.low || []), ...(row.high || [])])), most = values.length ? Math.max(...values) : 1, least = values.length ? Math.min(...values) : 0;
  const high = most * 1.04 || 1, low = bars || least < 0.5 * most ? 0 : least - 0.15 * (most - least || most);
  let order = roads.range(n), sorted = "", at = 0, w = 0, x = null, left = 0, right = 0, cell = 1;

  const ground = svg("g", {}), marks = svg("g", {}), cursor = svg("g", { class: "reading" });
  const picture = svg("svg", { class: "profile", "aria-hidden": "true", onpointerdown: point, onpointermove: (event) => (event.pointerType === "mouse" || event.buttons) && point(event) }, ground, bars ? cursor : marks, bars ? marks : cursor);
  const y = (value) => TOP + (TALL - TOP) * (1 - (value - low) / (high - low));
  const shown = () => rows.filter((row) => row.on);
  function paint() {
    if (!w) return;
    const own = shown(), scale = ticks(low, high, 5).filter((value) => value >= low && value <= high), names = bars ? [] : own.map((row) => cut(row.name, Math.min(150, w * 0.3)));
    left = Math.max(...scale.map((value) => wide(gim.digits(value, 3), 11))) + 10;
    right = Math.max(12, ...names.map((text) => wide(text, 12, 600) + 24));
    const room = w - left - right;
    cell = room / n;
    x = (i) => (bars ? left + (i + 0.5) * cell : left + (n > 1 ? 6 + (i / (n - 1)) * (room - 12) : room / 2));
    const gap = Math.max(...data.labels.map((text) => wide(text, 11))) + 10, every = Math.max(1, Math.ceil((gap * n) / room)), texts = order.map((i) => data.labels[i]);
    picture.setAttribute("viewBox", `0 0 ${w} ${TALL + (data.along ? 38 : 22)}`);
    ground.replaceChildren(...[...scale.flatMap((value) => [svg("line", { class: "rule", x1: left, x2: w - right, y1: y(value), y2: y(value) }), svg("text", { class: "tick", x: left - 6, y: y(value) + 4, "text-anchor": "end" }, gim.digits(value, 3))]),
      ...texts.map((text, k) => (k % every ? null : svg("text", { class: "tick", x: x(k), y: TALL + 16, "text-anchor": "middle" }, text))),
      data.along ? svg("text", { class: "tick", x: left + room / 2, y: TALL + 33, "text-anchor": "middle" }, data.along + sorted) : null].filter(Boolean));
    const wideBar = (cell - 2) / own.length, drawn = bars && wideBar >= 3;
    marks.replaceChildren(...own.flatMap((row, r) => {
      const list = order.map((i) => row.mean[i]), lows = row.low && order.map((i) => row.low[i]), highs = row.high && order.map((i) => row.high[i]);
      if (!bars) {
        const pieces = row.low ? runs(lows, highs).map((run) => svg("path", { class: "band", style: row.fill, d: `M${run.map((k) => `${x(k)} ${y(highs[k])}`).join("L")}L${run.slice().reverse().map((k) => `${x(k)} ${y(lows[k])}`).join("L")}Z` })) : [];
        return [...pieces, svg("path", { class: "curve", style: row.tone, d: roads.path(gaps(list), x, y) }), ...(n <= 30 ? list.map((value, k) => value !== null && svg("path", { class: "dot", style: row.fill, d: gim.mark(row.look[1], 3.6), transform: `translate(${x(k)} ${y(value)})` })).filter(Boolean) : [])];
      }
      return list.flatMap((value, k) => {
        if (value === null) return [];
        const middle = drawn ? x(k) + (r - (own.length - 1) / 2) * wideBar : x(k);
        return drawn ? [svg("rect", { class: "bar", style: row.fill, x: middle - wideBar / 2 + 0.4, y: y(value), width: wideBar - 0.8, height: TALL - y(value) }),
          lows ? svg("path", { class: "bracket", d: `M${middle} ${y(lows[k])}V${y(highs[k])}` }) : null,
          wideBar >= 9 ? svg("path", { class: "dot", style: row.fill, d: gim.mark(row.look[1], 3.4), transform: `translate(${middle} ${y(value)})` }) : null].filter(Boolean)
          : [lows ? svg("path", { class: "bracket thin", style: row.plain, d: `M${middle} ${y(lows[k])}V${y(highs[k])}` }) : null,
            svg("path", { class: "dot small", style: row.fill, d: gim.mark(row.look[1], 2.6), transform: `translate(${middle} ${y(value)})` })].filter(Boolean);
      });
    }));
    if (!bars && right > 20) {
      const ends = own.map((row) => { const k = row.mean.reduce((found, value, i) => (value === null ? found : i), 0); return y(row.mean[k] ?? low); }), spread = apart(ends, 15, TOP, TALL);
      marks.append(...own.map((row, r) => svg("g", { class: "end" }, svg("path", { class: "tie", d: `M${w - right - 2} ${ends[r]}L${w - right + 6} ${spread[r]}` }), svg("path", { d: gim.mark(row.look[1], 4), style: row.fill, transform: `translate(${w - right + 11} ${spread[r]})` }), svg("text", { class: "name", x: w - right + 19, y: spread[r] + 4 }, names[r]))));
    }
    go(at);
  }
  /* Stretches without a gap. */
  function runs(lows) {
    const found = [];
    lows.forEach((value, k) => { if (value !== null) (k && lows[k - 1] !== null ? found[found.length - 1] : found[found.push([]) - 1]).push(k); });
    return found;
  }
  function point(event) {
    const box = picture.getBoundingClientRect(), px = ((event.clientX - box.left) * w) / box.width;
    go(roads.range(n).reduce((a, b) => (Math.abs(x(a) - px) <= Math.abs(x(b) - px) ? a : b)));
  }
  const now = el("b", {}), table = el("tbody", {});
  function go(to) {
    at = Math.max(0, Math.min(n - 1, to));
    const i = order[at], best = Math.min(...shown().map((row) => row.mean[i] ?? Infinity));
    cursor.replaceChildren(bars ? svg("rect", { class: "lit", x: x(at) - Math.max(2, cell / 2), y: TOP - 6, width: Math.max(4, cell), height: TALL - TOP + 6 }) : svg("line", { class: "line", x1: x(at), x2: x(at), y1: TOP - 6, y2: TALL }), ...(bars ? [] : shown().filter((row) => row.mean[i] !== null).map((row) => svg("path", { class: "dot", style: row.fill, d: gim.mark(row.look[1], 5), transform: `translate(${x(at)} ${y(row.mean[i])})` }))));
    now.textContent = data.labels[i];
    scrub.value = at;
    scrub.setAttribute("aria-valuetext", `${data.labels[i]} ${data.along}: ${shown().map((row) => `${row.name} ${number(row.mean[i])}`).join(", ")}`);
    Object.assign(figure.dataset, { label: data.labels[i], at });
    table.replaceChildren(...rows.map((row) => el("tr", { class: row.on ? null : "off" }, el("th", { scope: "row" }, sign(row), row.name), el("td", {}, el("b", { class: row.on && row.mean[i] === best ? "best" : null }, number(row.mean[i])), ` ${data.units}`),
      el("td", {}, row.low && row.low[i] !== null ? `${number(row.low[i])} to ${number(row.high[i])} over ${row.seeds} seeds` : ""))));
  }

  const sign = (row) => svg("svg", { viewBox: "0 0 30 14", width: 30, height: 14, "aria-hidden": "true", class: "sign" }, bars ? null : svg("path", { class: "curve", style: row.tone, d: "M1 7H29" }), svg("path", { class: "dot", style: row.fill, d: gim.mark(row.look[1], 4.4), transform: "translate(15 7)" }));
  const legend = el("div", { class: "chips", role: "group", "aria-label": "Show or hide a model" }, rows.map((row) => {
    const button = gim.toggle("", true, (on) => { row.on = on; paint(); });
    button.classList.add("chip", "gim-shown");
    button.append(sign(row), row.name);
    return button;
  }));
  const sort = bars ? el("label", { class: "which gim-settings" }, "Order ", el("select", { onchange(event) {
    const by = +event.target.value;
    order = roads.range(n);
    if (by >= 0) order.sort((a, b) => (rows[by].mean[b] ?? -1) - (rows[by].mean[a] ?? -1) || a - b);
    sorted = by >= 0 ? `, largest of ${rows[by].name} first` : "";
    at = 0;
    paint();
  } }, el("option", { value: -1 }, "as given"), rows.map((row, r) => el("option", { value: r }, `largest of ${row.name} first`)))) : null;
  const scrub = el("input", { type: "range", min: 0, max: n - 1, step: 1, value: 0, "aria-label": data.along || "Place on the axis", oninput: () => go(+scrub.value) });
  const numbers = el("details", { class: "gim-keys numbers-all" }, el("summary", {}, "All numbers"), el("div", { class: "gim-table", tabindex: 0, role: "group", "aria-label": "All numbers" }, el("table", { class: "readings" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, data.along || " "), rows.map((row) => el("th", { scope: "col" }, row.name)))),
    el("tbody", {}, data.labels.map((label, i) => el("tr", {}, el("th", { scope: "row" }, label), rows.map((row) => el("td", {}, number(row.mean[i]), row.low && row.low[i] !== null ? el("small", {}, `${number(row.low[i])} to ${number(row.high[i])}`) : ""))))))));
  const place = el("div", { class: "place" }, picture), seeds = rows.some((row) => row.seeds > 1);
  const note = [seeds ? `${bars ? "Bracket" : "Band"}: lowest to highest seed; ${bars ? "bar" : "line"}: their mean.` : "", low > 0 ? `The axis starts at ${gim.digits(low, 2)}, not at 0.` : ""].filter(Boolean).join(" ");
  stage.replaceChildren(...[el("div", { class: "head" }, el("div", { class: "when" }, `${data.measure} (${data.units})`), sort), legend, place, el("div", { class: "gim-controls" }, scrub, el("span", { class: "gim-readout" }, now, data.along ? ` ${data.along}` : "")),
    el("div", { class: "gim-table" }, el("table", { class: "readings" }, el("thead", { class: "gim-voice" }, el("tr", {}, ["model", data.measure, "spread"].map((text) => el("th", { scope: "col" }, text)))), table)), note ? el("p", { class: "note" }, note) : null, numbers].filter(Boolean));
  gim.scores.fit(place, (to) => { w = to; paint(); });
});
