/* Edge importance: each message between two joints as an arrow whose width says what training made of it, and the same in a matrix. */
gim.define("edges", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, range = (n) => [...Array(n).keys()], triples = (flat) => range(flat.length / 3).map((i) => flat.slice(3 * i, 3 * i + 3));
  const names = data.graph.names.split(","), V = names.length, K = data.subsets.length, blocks = data.learned.length;
  const messages = triples(data.messages).map(([k, v, u], i) => ({ i, k, v, u, given: data.given[i] }));
  const most = Math.max(...data.learned.flat().map((m) => Math.abs(m - 1)), 1e-6), all = data.learned.flat();
  const state = { block: data.block, subset: -1, after: true, chosen: -1 };
  const value = (i) => (state.after ? data.learned[state.block][i] : 1), shown = ({ k }) => state.subset < 0 || k === state.subset;
  const grew = (m) => (m > 1.005 ? "grew" : m < 0.995 ? "shrank" : "same"), width = (m) => Math.max(0.7, 3.4 + (3.8 * (m - 1)) / most);

  // ---- the body ---------------------------------------------------------------------------------------------------------------
  const W = 330, SIDE = 30, TALL = 400, R = V > 30 ? 6 : 7, flat = data.graph.places;
  const xs = range(V).map((v) => flat[2 * v] / 100), ys = range(V).map((v) => flat[2 * v + 1] / 100), wide = Math.max(...xs), tall = Math.max(...ys);
  const S = Math.min(wide ? (W - 2 * SIDE) / wide : 1e9, tall ? TALL / tall : 1e9), stretch = wide ? Math.min(1.3, (W - 2 * SIDE) / (wide * S)) : 1, H = tall * S + 60;
  const at = range(V).map((v) => [W / 2 + (xs[v] - wide / 2) * S * stretch, 30 + ys[v] * S]);
  const arrows = messages.map((one) => {
    const { v, u, i } = one, touch = svg("path", { class: "touch" }), shaft = svg("path", { class: "shaft" }), head = svg("path", { class: "head" });
    return svg("g", { class: "arrow", onclick: () => choose(i), onpointerenter: (event) => event.pointerType === "mouse" && choose(i), "data-v": v, "data-u": u }, touch, shaft, head);
  });
  /* Two lanes on a bone, one for each direction; a message to oneself is a ring. The head is as wide as the shaft asks for. */
  function shape({ v, u }, w) {
    const [vx, vy] = at[v], [ux, uy] = at[u];
    if (v === u) return [`M${vx - R - 1} ${vy}a${R + 1} ${R + 1} 0 1 0 ${2 * R + 2} 0a${R + 1} ${R + 1} 0 1 0 ${-2 * R - 2} 0`, ""];
    const l = Math.hypot(vx - ux, vy - uy) || 1, dx = (vx - ux) / l, dy = (vy - uy) / l, lane = 4.6, size = 5 + 0.8 * w, wing = 2.4 + 0.5 * w;
    const p = (t, side) => `${(ux + dx * t - dy * side).toFixed(1)} ${(uy + dy * t + dx * side).toFixed(1)}`, tip = Math.max(l - R - 2, 0.62 * l), start = Math.min(R + 2, 0.3 * l);
    return [`M${p(start, lane)}L${p(tip - size, lane)}`, `M${p(tip, lane)}L${p(tip - size, lane - wing)}L${p(tip - size, lane + wing)}Z`];
  }
  const label = svg("g", { class: "words", "aria-hidden": "true" });
  const body = svg("svg", { class: "body", viewBox: `0 0 ${W} ${H.toFixed(0)}`, "aria-hidden": "true" },
    range(V).map((v) => svg("circle", { class: "joint", cx: at[v][0], cy: at[v][1], r: R - 2.5 })), arrows, label);

  // ---- the matrix -------------------------------------------------------------------------------------------------------------
  const side = 300 / V, LEFT = 20, TOP = 16;
  const cells = messages.map((one) => {
    const { v, u, i } = one, c = side * 0.5;
    return svg("g", { class: "cell", role: "button", tabindex: -1, transform: `translate(${(LEFT + (u + 0.5) * side).toFixed(2)} ${(TOP + (v + 0.5) * side).toFixed(2)})`,
      onclick: () => choose(i), onpointerenter: (event) => event.pointerType === "mouse" && choose(i), onfocus: () => choose(i), onkeydown: (event) => walk(event, i) },
    svg("rect", { class: "tile", x: -c + 0.4, y: -c + 0.4, width: side - 0.8, height: side - 0.8, rx: Math.min(2, side / 6) }), svg("path", { class: "sign" }));
  });
  const bands = ["row", "column"].map((cls) => svg("rect", { class: `band ${cls}` }));
  const indices = ["row", "column"].map((cls) => svg("text", { class: `index ${cls}` }));
  const matrix = svg("svg", { class: "matrix", viewBox: `0 0 ${LEFT + 302} ${TOP + 302}`, role: "group", "aria-label": "Matrix: a row for each receiver, a column for each sender; arrow keys go from message to message" },
    svg("rect", { class: "sheet", x: LEFT, y: TOP, width: 300, height: 300 }), bands, cells, indices);
  function walk(event, i) {
    const { v, u } = messages[i], [dv, du] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
    if (!(dv || du) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const ahead = messages.filter((m) => shown(m) && (dv ? (m.v - v) * dv > 0 : m.v === v && (m.u - u) * du > 0));
    const far = (m) => (dv ? V * Math.abs(m.v - v) + Math.abs(m.u - u) : Math.abs(m.u - u));
    const next = du && !ahead.length ? null : ahead.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
    if (next) { stop(next.i); cells[next.i].focus(); }
  }
  const stop = (i) => cells.forEach((cell, k) => cell.setAttribute("tabindex", k === i ? 0 : -1));

  // ---- each block at a glance: one mark for each message ------------------------------------------------------------------------
  const low = Math.min(...all, 1), high = Math.max(...all, 1);
  const overview = svg("svg", { class: "overview", role: "img", "aria-label": "Importance of every message, block by block" });
  function survey() {
    const w = Math.max(260, Math.round(overviewPlace.clientWidth) || 600), h = 96, left = 34, step = (w - left - 6) / blocks, y = (m) => 8 + ((high - m) / (high - low || 1)) * (h - 30);
    const jitter = (i) => (((i * 0.618034) % 1) - 0.5) * Math.min(0.72 * step, 60);
    const of = (b, i) => (state.after ? data.learned[b][i] : 1);
    const column = (b) => left + (b + 0.5) * step;
    overview.replaceChildren(...[
      svg("rect", { class: "now", x: left + state.block * step + 1, y: 1, width: step - 2, height: h - 2, rx: 4 }),
      svg("path", { class: "one", d: `M${left} ${y(1)}H${w - 6}` }), svg("text", { x: left - 5, y: y(1) + 4, "text-anchor": "end" }, "1"),
      [high, low].filter((m) => Math.abs(y(m) - y(1)) > 11).map((m) => svg("text", { x: left - 5, y: y(m) + 4, "text-anchor": "end" }, digits(m))),
      ["grew", "shrank", "same"].map((kind) => svg("path", { class: `dots ${kind}`, d: range(blocks).flatMap((b) => messages.filter((m) => shown(m) && grew(of(b, m.i)) === kind)
        .map((m) => `M${(column(b) + jitter(m.i)).toFixed(1)} ${y(of(b, m.i)).toFixed(1)}${kind === "shrank" ? "m-2 0h4" : "h0"}`)).join("") })),
      state.chosen >= 0 ? svg("path", { class: "trace", d: range(blocks).map((b) => `${b ? "L" : "M"}${(column(b) + jitter(state.chosen)).toFixed(1)} ${y(of(b, state.chosen)).toFixed(1)}`).join("") }) : null,
      state.chosen >= 0 ? range(blocks).map((b) => svg("circle", { class: "trace", cx: column(b) + jitter(state.chosen), cy: y(of(b, state.chosen)), r: 3.5 })) : null,
      range(blocks).map((b) => svg("text", { class: b === state.block ? "number lit" : "number", x: column(b), y: h - 6, "text-anchor": "middle" }, step > 52 ? `block ${b + 1}` : b + 1)),
      range(blocks).map((b) => svg("rect", { class: "hit", x: left + b * step, y: 0, width: step, height: h, onclick: () => clock.seek(b) })),
    ].flat(2).filter(Boolean));
    overview.setAttribute("viewBox", `0 0 ${w} ${h}`);
  }

  // ---- what is said -------------------------------------------------------------------------------------------------------------
  const says = el("p", { class: "says" }), lists = el("div", { class: "lists" });
  const two = (m) => m.toFixed(2).replace("-", "\u2212");
  function sentence() {
    if (state.chosen < 0) return [state.after ? "Touch an arrow or a cell." : "Before training every message has importance 1: only the skeleton speaks."];
    const { k, v, u, given, i } = messages[state.chosen], m = value(i);
    return [el("b", { class: "of-receiver" }, names[v]), v === u ? " hears itself" : " hears ", v === u ? null : el("b", { class: "of-sender" }, names[u]),
      K > 1 ? ` (${data.subsets[k]})` : "", ` with importance ${two(m)}: ${two(given)} \u00b7 ${two(m)} = ${two(given * m)} in place of ${two(given)}.`].filter(Boolean);
  }
  function ranking() {
    const order = messages.filter(shown).sort((a, b) => value(b.i) - value(a.i)), here = lists.contains(document.activeElement);
    const some = (kind, list) => list.filter((one) => grew(value(one.i)) === kind).slice(0, 4);
    const part = (title, list) => el("div", {}, el("div", { class: "label" }, title), list.map((one) => el("button", { type: "button", class: grew(value(one.i)) + " gim-shown", "aria-pressed": String(one.i === state.chosen),
      onclick: () => choose(one.i) }, el("b", {}, two(value(one.i))), ` ${names[one.v]} \u2190 ${one.u === one.v ? "itself" : names[one.u]}`)));
    lists.style.visibility = state.after ? "" : "hidden";             // it keeps its place
    if (state.after) lists.replaceChildren(part("Grew most", some("grew", order)), part("Shrank most", some("shrank", order.reverse())));
    if (here) lists.querySelector("[aria-pressed=true]")?.focus();   // the button that was pressed stands there anew
  }

  function show() {
    const m = (i) => value(i);
    messages.forEach((one, i) => {
      const w = width(m(i)), kind = grew(m(i)), [line, tip] = shape(one, w), [touch, shaft, head] = arrows[i].children, [tile, sign] = cells[i].children;
      arrows[i].setAttribute("class", `arrow ${kind}${i === state.chosen ? " lit" : ""}`);
      arrows[i].style.display = cells[i].style.display = shown(one) ? "" : "none";
      touch.setAttribute("d", line);
      shaft.setAttribute("d", line);
      shaft.style.strokeWidth = w;
      head.setAttribute("d", tip);
      cells[i].setAttribute("class", `cell ${kind}${i === state.chosen ? " lit" : ""}`);
      cells[i].setAttribute("aria-label", `${names[one.v]} from ${names[one.u]}: importance ${two(m(i))}`);
      tile.style.fill = `color-mix(in srgb, var(--gim-cell${kind === "shrank" ? "-negative" : ""}) ${Math.round(10 + (80 * Math.abs(m(i) - 1)) / most)}%, var(--gim-surface))`;
      sign.setAttribute("d", kind === "shrank" && side > 5 ? `M${-side * 0.25} 0h${side * 0.5}` : "");
    });
    const one = messages[state.chosen];
    stop(one && shown(one) ? one.i : messages.find(shown).i);
    bands[0].setAttribute("visibility", one ? "visible" : "hidden");
    bands[1].setAttribute("visibility", one ? "visible" : "hidden");
    label.replaceChildren();
    indices.forEach((node) => { node.textContent = ""; });
    if (one) {
      for (const [name, x] of Object.entries({ x: LEFT, y: TOP + one.v * side, width: 300, height: side })) bands[0].setAttribute(name, x);
      for (const [name, x] of Object.entries({ x: LEFT + one.u * side, y: TOP, width: side, height: 300 })) bands[1].setAttribute(name, x);
      indices.forEach((node, n) => {
        node.textContent = n ? one.u : one.v;
        for (const [name, x] of Object.entries(n ? { x: LEFT + (one.u + 0.5) * side, y: TOP - 4, "text-anchor": "middle" } : { x: LEFT - 3, y: TOP + (one.v + 0.5) * side + 4, "text-anchor": "end" })) node.setAttribute(name, x);
      });
      write([[one.v, "receiver"], ...(one.u === one.v ? [] : [[one.u, "sender"]])]);
    }
    says.classList.toggle("gim-hint", !one && state.after);
    says.replaceChildren(...sentence());
    ranking();
    survey();
    Object.assign(figure.dataset, { block: state.block, subset: state.subset, after: state.after, message: one ? `${one.k} ${one.v} ${one.u}` : "" });
  }
  /* Names beside their joints, outwards, and apart from each other. */
  function write(list) {
    const mean = list.reduce((sum, [v]) => sum + at[v][1], 0) / list.length;
    label.replaceChildren(...list.map(([v, kind], n) => {
      const long = names[v].length * 6.9 + 4, right = at[v][0] >= W / 2, x = Math.max(2, Math.min(W - long, right ? at[v][0] + R + 6 : at[v][0] - R - 6 - long));
      const close = list.length > 1 && Math.abs(at[list[0][0]][1] - at[list[1][0]][1]) < 16, up = at[v][1] < mean || (at[v][1] === mean && n);
      return svg("text", { class: `name ${kind}`, x, y: at[v][1] + 4 + (close ? (up ? -11 : 11) : 0) }, names[v]);
    }));
  }
  function choose(i) {
    if (i === state.chosen) return;
    state.chosen = i;
    show();
    clock.voice(says.textContent);
  }

  // ---- controls -----------------------------------------------------------------------------------------------------------------
  const choice = (name, words, now, act) => {
    const buttons = words.map((word, n) => el("button", { type: "button", "aria-pressed": String(n === now), onclick() {
      buttons.forEach((one, k) => one.setAttribute("aria-pressed", String(k === n)));
      act(n);
      show();
    } }, word));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, name), el("div", { class: "gim-group", role: "group", "aria-label": name }, buttons));
  };
  const toolbar = el("div", { class: "toolbar gim-settings" }, choice("Training", ["before", "after"], 1, (n) => { state.after = n === 1; }),
    K > 1 ? choice("Messages", ["all", ...data.subsets], 0, (n) => {
      state.subset = n - 1;
      if (state.chosen >= 0 && !shown(messages[state.chosen])) state.chosen = -1;
    }) : null);
  const overviewPlace = el("div", { class: "overview-place" }, overview);
  const clock = gim.controls(figure, { last: blocks - 1, fps: 1.2, frame: state.block, smooth: false, word: "block", name: (b) => b + 1, draw(b) {
    if (b !== state.block) { state.block = b; show(); }
  } });
  const key = (kind, words) => el("span", {}, svg("svg", { viewBox: "0 0 40 14", width: 40, height: 14, "aria-hidden": "true" },
    svg("g", { class: `arrow ${kind}` }, svg("path", { class: "shaft", d: "M1 7H28", style: `stroke-width:${kind === "grew" ? 6 : kind === "shrank" ? 1.6 : 3.4}` }),
      svg("path", { class: "head", d: kind === "grew" ? "M39 7L28 1V13Z" : "M37 7L29 3V11Z" }))), words);
  const legend = el("div", { class: "gim-legend" }, key("grew", `grew, up to ${two(high)}`), key("same", "about 1, as before"), key("shrank", `shrank, down to ${two(low)}`));
  const keys = gim.keys([["Space", "play through the blocks"], ["\u2190 \u2192", "one block back or on"], ["Arrows, in the matrix", "another message"], ["Home, End", "first or last block"]]);
  stage.replaceChildren(toolbar, el("div", { class: "panels" }, body, el("div", {}, matrix, el("p", { class: "caption" }, "row: who hears, column: who speaks"))), says,
    overviewPlace, clock.node, lists, el("div", { class: "gim-below" }, legend, keys));
  show();
  new ResizeObserver(survey).observe(overviewPlace);
});
