/* The partition explorer. The numbers come from partition-math.js, the body from partition-body.js; here are the reader's choices,
   the matrices, the digits and the address. */
gim.define("partition", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, math = gim.partition, range = (n) => [...Array(n).keys()];
  const layouts = Object.keys(data.layouts);
  const FIRST = "0-1 1-2 0-2 2-3 3-4 3-5", FIRST_CENTER = "3";
  const alone = () => document.querySelectorAll('figure[data-gim="partition"]').length === 1;
  const state = { ...data.state, edges: data.own ? data.own.edges : FIRST, center: String(data.own ? data.own.center : FIRST_CENTER), sender: null, only: null };
  let graph, body, hop, A, subsets, styles, wrong, panels, chips, touched = false;

  // ---- the graph ------------------------------------------------------------------------------------------------------------
  function known(name) {
    const { names, edges, center, places } = data.layouts[name], joints = names.split(",");
    const pairs = (flat, unit) => range(flat.length / 2).map((i) => [flat[2 * i] / unit, flat[2 * i + 1] / unit]);
    return { V: joints.length, names: joints, edges: pairs(edges, 1), center, places: pairs(places, 100) };
  }
  function typed() {
    const read = math.readEdges(state.edges, state.center);
    const given = data.own && state.edges.trim() === data.own.edges && data.own.names.length === read.V;
    return { ...read, names: given ? data.own.names : range(read.V).map((v) => `joint ${v}`), places: math.hang(read.V, read.edges, read.center) };
  }
  /* Take the layout of the state; false if the typed edges are no graph (then the old one stays, with a sentence). */
  function take(quiet) {
    let next;
    try { next = state.layout === "own" ? typed() : known(state.layout); } catch (error) {
      if (!quiet || !graph) complain(error.message);
      return false;
    }
    complain("");
    graph = next;
    hop = math.hopDistance(graph.V, graph.edges);
    if (!(Number.isInteger(state.joint) && state.joint < graph.V)) {
      const middle = range(graph.V).find((v) => hop[graph.center][v] === 2 && hop[v].filter((h) => h === 1).length > 1);
      state.joint = middle ?? graph.center;
    }
    body = gim.partitionBody(graph, { choose, pick });
    bodyPlace.replaceChildren(body.node);
    return true;
  }

  // ---- what follows from the choices ----------------------------------------------------------------------------------------
  const options = () => ({ strategy: state.strategy, max_hop: state.max_hop, dilation: state.dilation, normalization: state.normalization, reference: state.reference });
  const spatial = () => state.strategy === "spatial", released = () => state.reference && spatial();
  const subsetOf = (v, u) => A.findIndex((a) => a[v][u] !== 0);
  const weight = (v, u) => A.reduce((sum, a) => sum + a[v][u], 0);
  const degree = (v) => range(graph.V).filter((u) => subsetOf(v, u) >= 0).length;
  const share = (v, u) => math.fraction(state.normalization, degree(v), degree(u));
  const isWrong = (v, u) => wrong.has(v * graph.V + u);
  const name = (v) => graph.names[v];
  const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const senders = (v) => range(graph.V).filter((u) => subsetOf(v, u) >= 0);
  const shown = (k) => state.only === null || state.only === k;
  const far = (hops) => (hops === Infinity ? "\u221e" : String(hops));

  function compute() {
    A = math.partition(hop, graph.center, options());
    subsets = math.subsets(options());
    styles = subsets.map(({ tone, hop: h }) => {
      const [mark, dash] = data.marks[tone] || ["circle", ["", "", "8 3", "5 3", "2 3"][state.strategy === "distance" ? h : 0]];
      const fade = h > 1 ? { 2: 76, 3: 60, 4: 48 }[h] : 100;
      return { mark, dash, color: `color-mix(in srgb, var(--gim-${tone}) ${fade}%, var(--gim-surface))` };
    });
    wrong = new Set(math.misplaced(hop, graph.center, options()).map(([v, u]) => v * graph.V + u));
    if (state.only !== null && state.only >= A.length) state.only = null;
    if (state.sender !== null && subsetOf(state.joint, state.sender) < 0) state.sender = null;
    makeChips();
    makeMatrices();
  }

  // ---- choosing -------------------------------------------------------------------------------------------------------------
  function choose(v) {
    Object.assign(state, { joint: v, sender: null, whole: false });
    show(true);
  }
  function pick(v, u) {
    const again = state.joint === v && state.sender === u;
    Object.assign(state, { joint: v, sender: again ? null : u });
    show();
  }
  function change(what) {
    Object.assign(state, what);
    note("");
    if ("reference" in what && state.reference && state.normalization !== "row") {
      state.normalization = "row";
      note("The released code knows one normalisation only, \u201crow\u201d: it is set to that.");
    }
    if ("normalization" in what && state.reference && state.normalization !== "row") {
      state.reference = false;
      note("The released code knows no other normalisation than \u201crow\u201d: \u201cas released\u201d is off.");
    }
    compute();
    show(true);
  }

  // ---- chips: legend, tally and filter in one -------------------------------------------------------------------------------
  const icon = ({ mark, color }, r = 5.4) => svg("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" }, svg("path", { d: gim.mark(mark, r), style: `--tone:${color}` }));
  function makeChips() {
    const kept = [...chipPlace.children].indexOf(document.activeElement);
    chips = subsets.map((subset, k) => el("button", { type: "button", class: "chip gim-shown", style: `--tone:${styles[k].color}`, onclick() { state.only = state.only === k ? null : k; show(); } },
      icon(styles[k], 6), el("b", { class: "n" }), el("span", { class: "what" }, el("span", { class: "name" }, el("code", {}, `A[${k}]`), ` ${subset.name}`), el("small", {}, subset.means, wrongIn(k) ? b("of-wrong", `, ${wrongIn(k)} misplaced`) : null))));
    chipPlace.replaceChildren(...chips);
    if (kept >= 0) chips[Math.min(kept, chips.length - 1)].focus();
  }
  const wrongIn = (k) => [...wrong].filter((i) => subsetOf(Math.floor(i / graph.V), i % graph.V) === k).length;
  const total = (k) => A[k].flat().filter((w) => w !== 0).length;

  // ---- matrices -------------------------------------------------------------------------------------------------------------
  const SIZE = 200, LEFT = 20, TOP = 14;
  function matrix(k) {                                       // k: one subset; null: all of them together
    const side = SIZE / graph.V, r = side * 0.4, p = (i) => (i + 0.5) * side, spots = [];
    range(graph.V).forEach((v) => range(graph.V).forEach((u) => {
      const own = subsetOf(v, u);
      if (own < 0 || (k !== null && own !== k)) return;
      const strength = 0.45 + 0.55 * Math.min(1, weight(v, u) * 2), cross = side * 0.42;
      const at = `translate(${(LEFT + p(u)).toFixed(2)} ${(TOP + p(v)).toFixed(2)})`;
      const glyph = [svg("path", { class: "glyph", d: gim.mark(styles[own].mark, r), style: `--tone:${styles[own].color}`, "fill-opacity": strength.toFixed(2) }),
        isWrong(v, u) ? svg("path", { class: "cross", d: `M${-cross} ${-cross}L${cross} ${cross}M${cross} ${-cross}L${-cross} ${cross}`, "stroke-width": Math.min(2, side / 5) }) : null];
      const spot = k === null ? svg("g", { transform: at, "data-own": own }, glyph) : svg("g", { class: "cell", transform: at, role: "button", tabindex: -1, "aria-label": `${name(v)} from ${name(u)}: ${share(v, u)}${isWrong(v, u) ? ", misplaced" : ""}`,
        "data-v": v, "data-u": u, onkeydown: (event) => walk(event, k, spot) }, svg("rect", { x: -side / 2, y: -side / 2, width: side, height: side }), glyph);
      spots.push({ v, u, node: spot });
    }));
    const row = svg("rect", { class: "band", x: LEFT, width: SIZE, height: side }), column = svg("rect", { class: "band column", y: TOP, width: side, height: SIZE });
    const rowName = svg("text", { class: "index", x: LEFT - 4, "text-anchor": "end" }), columnName = svg("text", { class: "index column", y: TOP - 3, "text-anchor": "middle" });
    const grid = graph.V > 30 ? [] : range(graph.V - 1).map((i) => svg("path", { class: "grid", d: `M${LEFT} ${TOP + (i + 1) * side}h${SIZE}M${LEFT + (i + 1) * side} ${TOP}v${SIZE}` }));
    const node = svg("svg", { class: "matrix", viewBox: `0 0 ${SIZE + LEFT + 1} ${SIZE + TOP + 1}`, ...(k === null ? { "aria-hidden": "true" } : { role: "group", "aria-label": `A[${k}], ${subsets[k].name}: a row for each receiver, a column for each sender; arrow keys go from message to message` }),
      onclick(event) {                                       // fingers are wider than cells: take the nearest message
        const box = node.getBoundingClientRect(), scale = (SIZE + LEFT + 1) / box.width;
        const x = (event.clientX - box.left) * scale - LEFT, y = (event.clientY - box.top) * scale - TOP;
        const miss = ({ v, u }) => Math.hypot(p(u) - x, p(v) - y), best = spots.reduce((a, b) => (a && miss(a) <= miss(b) ? a : b), null);
        if (best && miss(best) < Math.max(side, 12 * scale)) pick(best.v, best.u);
      } },
    svg("rect", { class: "sheet", x: LEFT, y: TOP, width: SIZE, height: SIZE }), grid, row, column, rowName, columnName, spots.map((s) => s.node));
    return { k, node, spots, lit(v, u) {
      row.setAttribute("visibility", v === null ? "hidden" : "visible");
      row.setAttribute("y", TOP + (v ?? 0) * side);
      rowName.textContent = v ?? "";
      rowName.setAttribute("y", TOP + p(v ?? 0) + 3.5);
      column.setAttribute("visibility", u === null ? "hidden" : "visible");
      column.setAttribute("x", LEFT + (u ?? 0) * side);
      columnName.textContent = u ?? "";
      columnName.setAttribute("x", LEFT + p(u ?? 0));
      const stop = spots.find((s) => s.v === v && (u === null || s.u === u)) || spots[0];
      if (k !== null) spots.forEach((s) => { s.node.setAttribute("tabindex", s === stop ? 0 : -1); s.node.classList.toggle("lit", s.v === v && s.u === u); });
    } };
  }
  function makeMatrices() {
    panels = range(A.length).map(matrix);
    const sum = A.length > 1 ? matrix(null) : null, caption = (...words) => el("figcaption", {}, words);
    if (sum) panels.push(sum);
    matrixPlace.replaceChildren(...panels.map(({ k, node }) => el("div", { class: "panel", "data-k": k ?? "sum" }, node, k === null
      ? el("div", { class: "caption" }, el("code", {}, "A[0]"), A.length > 2 ? " + \u2026 + " : " + ", el("code", {}, `A[${A.length - 1}]`))
      : el("div", { class: "caption" }, icon(styles[k], 5), el("code", {}, `A[${k}]`), ` ${subsets[k].name}`))));
    matrixPlace.dataset.many = String(panels.length > 4);
  }
  /* Arrow keys in a matrix: along the row in reading order, or to the nearest message of the next row that has one. */
  function walk(event, k, node) {
    const { spots } = panels[k], i = spots.findIndex((s) => s.node === node), { v, u } = spots[i];
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(v, u); return; }
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key], right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!down && !right) return;
    event.preventDefault();
    let next = right ? spots[i + right] : null;
    if (down) {
      const rows = spots.filter((s) => (s.v - v) * down > 0), row = rows.length ? Math[down > 0 ? "min" : "max"](...rows.map((s) => s.v)) : -1;
      next = rows.filter((s) => s.v === row).sort((a, b) => Math.abs(a.u - u) - Math.abs(b.u - u))[0];
    }
    if (!next) return;
    next.node.focus();
    Object.assign(state, { joint: next.v, sender: next.u });
    show();
  }

  // ---- drawing what is chosen ------------------------------------------------------------------------------------------------
  function show(fly) {
    const { whole, joint, sender } = state, all = range(graph.V), d = math.toCenter(hop, graph.center, options());
    const lit = whole && sender === null ? null : joint;
    const counts = A.map((a, k) => (whole ? total(k) : a[joint].filter((w) => w !== 0).length));
    chips.forEach((chip, k) => {
      chip.querySelector(".n").textContent = counts[k];
      chip.setAttribute("aria-pressed", String(state.only === k));
      chip.classList.toggle("none", counts[k] === 0);
      chip.setAttribute("aria-label", `Show only A[${k}], ${subsets[k].name}: ${count(counts[k], "message")} ${whole ? "on the whole body" : `to ${name(joint)}`}`);
    });
    const pairs = (whole ? all : [joint]).flatMap((v) => senders(v).map((u) => ({ v, u, k: subsetOf(v, u) }))).filter(({ k }) => shown(k));
    let number = 0;
    const messages = pairs.map(({ v, u, k }) => ({ v, u, style: styles[k], wrong: isWrong(v, u), strong: v === joint && u === sender, lane: whole && hop[v][u] === 1, bent: hop[v][u] > 1,
      number: whole && state.only !== null && v !== u && pairs.length <= 60 ? ++number : null }));
    const heard = new Map(pairs.filter(({ v, u }) => (whole ? v === u : v === joint)).map(({ u, k }) => [u, styles[k]]));
    const digit = (v) => (spatial() ? far(d[v]) : state.strategy === "distance" && !whole ? hop[joint][v] : v);
    const discs = all.map((v) => ({ style: heard.get(v) || null, digit: digit(v),
      label: `${name(v)}${v === graph.center ? ", the centre" : ""}${spatial() ? `, ${d[v] === Infinity ? "beyond the last hop that is counted" : `${count(d[v], "hop")} from the centre`}` : ""}` }));
    const ends = sender === null ? [] : [joint, sender];
    const labels = whole ? [...new Set(ends)].map((v) => ({ v, kind: v === joint ? "receiver" : "sender" }))
      : [{ v: joint, kind: "receiver" }, ...(heard.size <= 7 ? [...heard.keys()] : ends).filter((u) => u !== joint).map((u) => ({ v: u, kind: "sender", style: heard.get(u) }))];
    body.draw({ whole, receiver: lit, stop: joint, discs, messages, labels, fly: fly && !whole });
    panels.forEach((panel) => panel.lit(lit, sender));
    matrixPlace.querySelectorAll(".panel").forEach((panel) => panel.classList.toggle("faint", panel.dataset.k !== "sum" && !shown(+panel.dataset.k)));
    figure.dataset.joint = joint;
    figure.dataset.sender = sender ?? "";
    legend.textContent = spatial() ? `Digit in a joint: its hops from the centre, ${name(graph.center)}${released() ? `; \u221e: beyond ${count(state.max_hop, "hop")}, where the released code stops counting` : ""}.`
      : state.strategy === "distance" && !whole ? `Digit in a joint: its hops from ${name(joint)}.` : "Digit in a joint: its number.";
    says.replaceChildren(...sentence(counts, d).flat(2));
    voice(says.textContent);
    rowPlace.replaceChildren(...(whole ? tally(counts) : terms(joint)));
    syncControls();
    if (data.address && touched && alone()) history.replaceState(null, "", `#${address()}`);
    lab.href = labPage ? `${labPage}#${address()}` : "";
    code.textContent = python();
  }

  const b = (className, text) => el("b", { class: className }, text);
  function sentence(counts, d) {
    const { joint: v, sender: u, whole } = state, R = b("of-receiver", name(v));
    if (u !== null) {
      const k = subsetOf(v, u), take = `A[${k}, ${v}, ${u}] = ${share(v, u)}: `, S = b("of-subset", u === v ? "itself" : name(u));
      S.style.setProperty("--tone", styles[k].color);
      const hears = [take, R, " hears ", S, ". "];
      if (!spatial()) return [...hears, u === v ? "" : `They are ${count(hop[v][u], "hop")} apart.`];
      if (u === v) return hears;
      if (isWrong(v, u)) return [...hears, b("of-wrong", "Misplaced: "), `both lie beyond ${count(state.max_hop, "hop")} of the centre, so both count as \u221e and as equally far. In truth ${name(u)} is nearer, ${hop[graph.center][u]} hops against ${hop[graph.center][v]}.`];
      const relation = d[u] < d[v] ? "nearer the centre" : d[u] > d[v] ? "farther from it" : "equally far";
      return [...hears, `${far(d[u])} ${d[u] === Infinity ? "" : d[u] === 1 ? "hop " : "hops "}against ${far(d[v])}: ${relation}, so it falls into ${subsets[k].name}.`];
    }
    if (whole) {
      const parts = counts.map((n, k) => `${n} in A[${k}]`);
      return [`${count(counts.reduce((a, n) => a + n, 0), "message")} on the whole body: ${math.list(parts)}. `, state.only === null ? "Choose a subset to see and count it alone." : `Shown: A[${state.only}] alone.`];
    }
    const from = senders(v).sort((s, t) => subsetOf(v, s) - subsetOf(v, t) || s - t);
    if (from.length > 6) return [R, ` hears ${count(from.length, "joint")}${A.length > 4 ? "" : `: ${math.list(counts.map((n, k) => `${n} in ${subsets[k].name}`))}`}.`];
    return [R, ` hears ${count(from.length, "joint")}: `, from.map((s, i) => [i ? (i === from.length - 1 ? " and " : ", ") : "", `${s === v ? "itself" : name(s)} (${subsets[subsetOf(v, s)].name}${isWrong(v, s) ? ", misplaced" : ""})`]), "."];
  }
  /* The row of the chosen receiver, subset by subset. */
  function terms(v) {
    const value = (u) => { const text = share(v, u), short = digits(weight(v, u), 3); return text === short ? text : `${text} ${Math.abs(+short - weight(v, u)) < 1e-9 ? "=" : "\u2248"} ${short}`; };
    const bins = subsets.map((subset, k) => {
      const from = senders(v).filter((u) => subsetOf(v, u) === k);
      return el("li", { class: `bin${shown(k) ? "" : " faint"}`, style: `--tone:${styles[k].color}` }, el("div", { class: "head" }, icon(styles[k]), ` ${subset.name}`),
        from.length ? from.map((u) => el("div", { class: `term${u === state.sender ? " lit" : ""}` }, el("code", {}, `A[${k}, ${name(v)}, ${name(u)}]`), el("span", {}, ` = ${value(u)}`), isWrong(v, u) ? el("span", { class: "of-wrong" }, " misplaced") : null))
          : el("div", { class: "term empty" }, "nobody"));
    });
    const sum = senders(v).reduce((s, u) => s + weight(v, u), 0), parts = A.map((a, k) => a[v].reduce((s, w) => s + w, 0));
    const n = degree(v), text = state.normalization === "row" && n > 1 ? A.map((a) => a[v].filter((w) => w).length).map((c) => (c === n ? "1" : c ? `${c}/${n}` : "0")) : parts.map((p) => digits(p, 3));
    return [el("ul", { class: "bins" }, bins), el("p", { class: "sum" }, "Sum over the subsets: ", A.length > 1 ? `${text.join(" + ")} ${state.normalization === "symmetric" ? "\u2248" : "="} ` : "", el("b", {}, digits(sum, 3)),
      state.normalization === "row" ? "" : ". Only \u201crow\u201d makes this 1 for every receiver.")];
  }
  /* What the whole body adds up to, and what the released code misplaces: each a button that points at it. */
  function tally(counts) {
    if (!released()) return [];
    if (!wrong.size) return [el("p", { class: "tally" }, "Nothing is misplaced here: every joint that speaks lies within the hops that are counted.")];
    const list = [...wrong].map((i) => [Math.floor(i / graph.V), i % graph.V]);
    const sides = ["centripetal", "centrifugal"].map((tone) => subsets.reduce((n, s, k) => n + (s.tone === tone ? counts[k] : 0), 0));
    const truth = math.partition(hop, graph.center, { ...options(), reference: false }).map((a) => a.flat().filter((w) => w).length);
    return [el("p", { class: "tally" }, b("of-wrong", `${wrong.size} misplaced. `), `The released code sorts ${sides[1]} against ${sides[0]}; by true distances it would be ${truth[2]} and ${truth[1]}${
      truth[0] > graph.V ? `, with ${truth[0] - graph.V} more at equal distance` : ""}. Point at them:`),
    el("ul", { class: "wrongs" }, list.map(([v, u], i) => el("li", {}, el("button", { type: "button", "aria-pressed": String(state.joint === v && state.sender === u), onclick() { pick(v, u); rowPlace.querySelectorAll(".wrongs button")[i].focus(); } }, `${name(u)} \u2192 ${name(v)}`))))];
  }

  // ---- controls -------------------------------------------------------------------------------------------------------------
  const syncs = [];
  const syncControls = () => syncs.forEach((sync) => sync());
  function group(label, choices, get, set) {
    const buttons = choices.map(([value, text]) => el("button", { type: "button", onclick: () => set(value) }, text));
    syncs.push(() => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === get()))));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, label), el("div", { class: "gim-group", role: "group", "aria-label": label }, buttons));
  }
  function menu(label, choices, get, set) {
    const select = el("select", { onchange: () => set(choices[select.selectedIndex][0]) }, choices.map(([, text]) => el("option", {}, text)));
    syncs.push(() => { select.selectedIndex = choices.findIndex(([value]) => value === get()); });
    return el("label", { class: "field" }, el("span", { class: "label" }, label), select);
  }
  const number = (n) => [n, String(n)];
  const releasedToggle = el("button", { type: "button", onclick: () => change({ reference: !state.reference }) }, "as released");
  syncs.push(() => releasedToggle.setAttribute("aria-pressed", String(state.reference)));
  const toolbar = el("div", { class: "toolbar gim-settings" },
    menu("Skeleton", [...layouts.map((layout) => [layout, layout]), ["own", "own edges"]], () => state.layout, (layout) => { state.layout = layout; state.joint = state.sender = null; start(); }),
    group("Show", [[false, "one joint"], [true, "whole body"]], () => state.whole, (whole) => { Object.assign(state, { whole, sender: null }); show(true); }),
    group("Strategy", ["uniform", "distance", "spatial"].map((s) => [s, s]), () => state.strategy, (strategy) => change({ strategy })),
    el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, "Matrices"), releasedToggle),
    group("Hops", range(5).map(number), () => state.max_hop, (max_hop) => change({ max_hop })),
    menu("Dilation", range(4).map((i) => number(i + 1)), () => state.dilation, (dilation) => change({ dilation })),
    menu("Divide", [["row", "row"], ["symmetric", "symmetric"], [null, "not at all"]], () => state.normalization, (normalization) => change({ normalization })));

  const complaint = el("p", { class: "complaint", role: "alert" }), remark = el("p", { class: "remark", role: "status" });
  function complain(text) { complaint.textContent = text; for (const field of [edgeBox, centerBox]) field.setAttribute("aria-invalid", String(!!text)); }
  function note(text) { remark.textContent = text; }
  /* Typing draws at once what can be drawn; what cannot is told when the reader has finished. */
  let drawn = "";
  function edit(quiet) {
    const typing = `${edgeBox.value}|${centerBox.value}`;
    if (typing === drawn) return;                            // a drawing that is there must not be exchanged under a finger
    state.edges = edgeBox.value;
    state.center = centerBox.value;
    drawn = "";
    if (!take(quiet)) return;
    drawn = typing;
    state.sender = null;
    compute();
    show();
  }
  const box = (label, className, value) => {
    const input = el("input", { type: "text", class: className, value, spellcheck: "false", autocomplete: "off", oninput: () => edit(true), onchange: () => edit(false), onkeydown(event) { if (event.key === "Enter") edit(false); } });
    return [input, el("label", { class: "field" }, el("span", { class: "label" }, label), input)];
  };
  const [edgeBox, edgeField] = box("Bones, joints counted from 0", "edges", state.edges), [centerBox, centerField] = box("Centre", "center", state.center);
  const own = el("div", { class: "own gim-settings" }, edgeField, centerField, complaint);

  // ---- address and Python ---------------------------------------------------------------------------------------------------
  const LONG = { layout: "layout", edges: "edges", center: "center", joint: "joint", strategy: "strategy", hops: "max_hop", dilation: "dilation", divide: "normalization", released: "reference", show: "whole" };
  function address() {
    const values = { layout: state.layout, ...(state.layout === "own" ? { edges: state.edges.trim(), center: state.center.trim() } : {}), joint: state.joint, strategy: state.strategy, hops: state.max_hop,
      ...(state.dilation > 1 ? { dilation: state.dilation } : {}), divide: state.normalization ?? "none", ...(state.reference ? { released: 1 } : {}), ...(state.whole ? { show: "body" } : {}) };
    return new URLSearchParams(values).toString();
  }
  /* Take over what the address says; what it says wrongly is left out, with a sentence. */
  function restore() {
    const given = new URLSearchParams(location.hash.slice(1)), refused = [], whole = (text, low, high) => (/^\d+$/.test(text) && +text >= low && +text <= high ? +text : undefined);
    const one = (text, words) => (words.includes(text) ? text : undefined);
    const read = { layout: (t) => one(t, [...layouts, "own"]), edges: (t) => t, center: (t) => t, joint: (t) => whole(t, 0, 999), strategy: (t) => one(t, ["uniform", "distance", "spatial"]), hops: (t) => whole(t, 0, 4),
      dilation: (t) => whole(t, 1, 4), divide: (t) => (t === "none" ? null : one(t, ["row", "symmetric"])), released: (t) => ["0", "1"].includes(t) ? t === "1" : undefined, show: (t) => ["joint", "body"].includes(t) ? t === "body" : undefined };
    const next = {};
    for (const [key, text] of given) {
      const value = Object.hasOwn(read, key) ? read[key](text) : undefined;
      if (value === undefined) refused.push(`${key}=${text.slice(0, 30)}`);
      else next[LONG[key]] = value;
    }
    if (next.layout && !("joint" in next)) next.joint = null;
    Object.assign(state, next);
    if (state.reference && state.normalization !== "row") { state.normalization = "row"; refused.push("divide with released=1"); }
    if (state.layout === "own") try { math.readEdges(state.edges, state.center); } catch (error) { refused.push(`edges (${error.message})`); Object.assign(state, { edges: FIRST, center: FIRST_CENTER, joint: null }); }
    const V = state.layout === "own" ? math.readEdges(state.edges, state.center).V : known(state.layout).V;
    if (state.joint !== null && state.joint >= V) { refused.push(`joint=${state.joint}`); state.joint = null; }
    return refused.length ? `The address says something that this page does not know: ${refused.join(", ")}. It was left out.` : "";
  }
  function python() {
    const value = (v) => (v === null ? "None" : typeof v === "string" ? `"${v}"` : typeof v === "boolean" ? (v ? "True" : "False") : v), plain = { dilation: 1, normalization: "row", reference: false };
    const named = Object.entries(options()).filter(([key, v]) => plain[key] !== v).map(([key, v]) => `${key}=${value(v)}`);
    const made = state.layout === "own" ? `SkeletonGraph.from_edges([${graph.edges.map(([a, c]) => `(${a}, ${c})`).join(", ")}], center=${graph.center})` : `skeleton("${state.layout}")`;
    return `from stgcn_lib.graphs import ${state.layout === "own" ? "SkeletonGraph" : "skeleton"}\n\ngraph = ${made}\nA = graph.partition(${named.join(", ")})`;
  }
  const code = el("pre", { class: "python", hidden: true }), copied = el("span", { class: "copied", role: "status" });
  const copy = el("button", { type: "button", async onclick() {
    code.hidden = false;
    try { await navigator.clipboard.writeText(code.textContent); copied.textContent = "Copied."; } catch {
      getSelection().selectAllChildren(code);                // no right to the clipboard: leave it selected
      copied.textContent = "Selected: copy it with the usual keys.";
    }
  } }, "Copy as Python");
  const labPage = gim.base && !data.address ? new URL("../book/lab/partition-explorer.html", gim.base).href : null;
  const lab = el("a", { class: "lab", hidden: !labPage }, "Open in the lab");

  // ---- the page -------------------------------------------------------------------------------------------------------------
  const bodyPlace = el("div", { class: "body-place" }), chipPlace = el("div", { class: "chips", role: "group", "aria-label": "Subsets: messages in each; press one to see it alone" });
  const matrixPlace = el("div", { class: "matrices" }), legend = el("p", { class: "legend" }), says = el("p", { class: "says" }), rowPlace = el("div", { class: "row" }), voice = gim.voice(figure);
  const keys = gim.keys([["Arrows, on the body", "along a bone, or to the nearest joint there"], ["Page Up, Page Down", "previous, next joint by number"], ["Home", "the centre"],
    ["Enter", "choose this joint or message"], ["Arrows, in a matrix", "from message to message"]]);
  stage.replaceChildren(el("div", { class: "explorer" }, toolbar, own, remark, chipPlace,
    el("div", { class: "views" }, el("div", { class: "left" }, bodyPlace, legend), el("div", { class: "right" }, matrixPlace, el("p", { class: "legend" }, "Row: receiver. Column: sender. One cell: one message."))),
    says, rowPlace, el("div", { class: "gim-below" }, el("div", { class: "gim-tools" }, copy, lab, copied), keys), code));

  function start() {
    own.hidden = state.layout !== "own";
    edgeBox.value = state.edges;
    centerBox.value = state.center;
    if (!take(false)) return;
    compute();
    show();
  }
  for (const event of ["click", "input", "keydown"]) figure.addEventListener(event, () => { touched = true; }, true);
  if (data.address && alone()) {
    note(restore());
    addEventListener("hashchange", () => { note(restore()); start(); });
  }
  start();
});
