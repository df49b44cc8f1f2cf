/* The partition explorer: the reader's choices and what follows from them in words. The numbers come from partition-math.js, the
   body from partition-body.js, the matrices from partition-matrix.js, address and Python from partition-state.js. */
gim.define("partition", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, math = gim.partition, text = gim.partitionState, range = (n) => [...Array(n).keys()];
  const layouts = Object.keys(data.layouts);
  const spare = { edges: "0-1 1-2 0-2 2-3 3-4 3-5", center: "3" };           // own edges to begin with: a triangle and two limbs
  const typedAtFirst = data.own ? { edges: data.own.edges, center: String(data.own.center) } : spare;
  const alone = () => document.querySelectorAll('figure[data-gim="partition"]').length === 1;
  let state = { ...data.state, ...typedAtFirst, sender: null, only: null };   // only: the one subset that is shown, or null
  let graph, body, hop, A, subsets, styles, wrong, panels, chips, touched = false;

  // ---- the graph ------------------------------------------------------------------------------------------------------------
  function known(name) {
    const { names, edges, center, places } = data.layouts[name], joints = names.split(",");
    const pairs = (flat, unit) => range(flat.length / 2).map((i) => [flat[2 * i] / unit, flat[2 * i + 1] / unit]);
    return { V: joints.length, names: joints, edges: pairs(edges, 1), center, places: pairs(places, 100) };
  }
  function typed() {
    const read = math.readEdges(state.edges, state.center);
    const given = data.own && state.edges.trim() === data.own.edges;
    const places = (given && data.own.places) || math.hang(read.V, read.edges, read.center);
    return { ...read, names: given ? data.own.names : range(read.V).map((v) => `joint ${v}`), places };
  }
  /* Take the layout of the state; false if the typed edges are no graph (then the old one stays, with a sentence). */
  function take(quiet) {
    let next;
    try { next = state.layout === "own" ? typed() : known(state.layout); } catch (error) {
      if (!quiet) complain(error.message);
      return false;
    }
    complain("");
    graph = next;
    hop = math.hopDistance(graph.V, graph.edges);
    if (!Number.isInteger(state.joint) || state.joint >= graph.V) {          // as _first_joint in partition.py
      const middle = range(graph.V).find((v) => hop[graph.center][v] === 2 && hop[v].filter((h) => h === 1).length > 1);
      state.joint = middle ?? graph.center;
    }
    body = gim.partitionBody(graph, { choose, pick });
    bodyPlace.replaceChildren(body.node);
    return true;
  }

  // ---- what follows from the choices ----------------------------------------------------------------------------------------
  const spatial = () => state.strategy === "spatial", released = () => state.reference && spatial();
  const subsetOf = (v, u) => A.findIndex((a) => a[v][u] !== 0);
  const senders = (v) => range(graph.V).filter((u) => subsetOf(v, u) >= 0);
  const weight = (v, u) => A.reduce((sum, a) => sum + a[v][u], 0);
  const share = (v, u) => math.fraction(state.normalization, senders(v).length, senders(u).length);
  const isWrong = (v, u) => wrong.has(v * graph.V + u);
  const entries = (k) => A[k].flat().filter((w) => w !== 0).length;
  const shown = (k) => state.only === null || state.only === k;
  const name = (v) => graph.names[v];
  const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const far = (hops) => (hops === Infinity ? "\u221e" : String(hops));

  function compute() {
    const options = text.options(state);
    A = math.partition(hop, graph.center, options);
    subsets = math.subsets(options);
    styles = subsets.map(({ tone, hop: h }) => {
      const [mark, dash] = data.marks[tone] || ["circle", ["", "", "8 3", "5 3", "2 3"][state.strategy === "distance" ? h : 0]];
      const fade = { 2: 76, 3: 60, 4: 48 }[h] || 100;                        // farther senders are paler, where hops tell subsets apart
      return { mark, dash, pale: fade <= 60, ink: `var(--gim-${tone})`, color: `color-mix(in srgb, var(--gim-${tone}) ${fade}%, var(--gim-surface))` };
    });
    wrong = new Set(math.misplaced(hop, graph.center, options).map(([v, u]) => v * graph.V + u));
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
    if (state.reference && state.normalization !== "row") {
      if ("reference" in what) {
        state.normalization = "row";
        note("The released code knows one normalisation only, \u201crow\u201d: it is set to that.");
      } else {
        state.reference = false;
        note("The released code knows no other normalisation than \u201crow\u201d: \u201cas released\u201d is off.");
      }
    }
    compute();
    show(true);
  }

  // ---- chips: legend, tally and filter in one -------------------------------------------------------------------------------
  const icon = ({ mark, color }, r = 5.4) => svg("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    svg("path", { d: gim.mark(mark, r), style: `--tone:${color}` }));
  function makeChips() {
    const kept = [...chipPlace.children].indexOf(document.activeElement);
    const wrongIn = (k) => [...wrong].filter((i) => subsetOf(Math.floor(i / graph.V), i % graph.V) === k).length;
    chips = subsets.map((subset, k) => el("button", { type: "button", class: "chip gim-shown", style: `--tone:${styles[k].color}`,
      onclick() { state.only = state.only === k ? null : k; show(); } },
    icon(styles[k], 6), el("b", { class: "n" }), el("span", { class: "what" },
      el("span", { class: "name" }, el("code", {}, `A[${k}]`), ` ${subset.name}`),
      el("small", {}, subset.means, wrongIn(k) ? [", ", bold("of-wrong", `${wrongIn(k)} misplaced`)] : null))));
    chipPlace.replaceChildren(...chips);
    if (kept >= 0) chips[Math.min(kept, chips.length - 1)].focus();
  }

  // ---- matrices -------------------------------------------------------------------------------------------------------------
  function makeMatrices() {
    const see = { V: graph.V, styles, subsetOf, weight, isWrong, pick, roam(v, u) { Object.assign(state, { joint: v, sender: u }); show(); },
      says: (v, u) => `${name(v)} from ${name(u)}: ${share(v, u)}${isWrong(v, u) ? ", misplaced" : ""}` };
    panels = subsets.map((subset, k) => gim.partitionMatrix(k, `A[${k}], ${subset.name}`, see));
    if (A.length > 1) panels.push(gim.partitionMatrix(null, "", see));
    const caption = (k) => (k === null ? [el("code", {}, "A[0]"), A.length > 2 ? " + \u2026 + " : " + ", el("code", {}, `A[${A.length - 1}]`)]
      : [icon(styles[k], 5), el("code", {}, `A[${k}]`), ` ${subsets[k].name}`]);
    matrixPlace.replaceChildren(...panels.map(({ k, node }) =>
      el("div", { class: "panel", "data-k": k ?? "sum" }, node, el("div", { class: "caption" }, caption(k)))));
    matrixPlace.dataset.many = String(panels.length > 4);
  }

  // ---- drawing what is chosen ------------------------------------------------------------------------------------------------
  function show(fly) {
    const { whole, joint, sender } = state, d = math.toCenter(hop, graph.center, state), lit = whole && sender === null ? null : joint;
    const counts = A.map((a, k) => (whole ? entries(k) : a[joint].filter((w) => w !== 0).length));
    chips.forEach((chip, k) => {
      chip.querySelector(".n").textContent = counts[k];
      chip.setAttribute("aria-pressed", String(state.only === k));
      chip.setAttribute("aria-label", `Show only A[${k}], ${subsets[k].name}: ${count(counts[k], "message")} `
        + (whole ? "on the whole body" : `to ${name(joint)}`));
    });
    drawBody(d, lit, fly);
    panels.forEach((panel) => panel.lit(lit, sender));
    matrixPlace.querySelectorAll(".panel").forEach((panel) => panel.classList.toggle("faint", panel.dataset.k !== "sum" && !shown(+panel.dataset.k)));
    figure.dataset.joint = joint;
    figure.dataset.sender = sender ?? "";
    says.replaceChildren(...sentence(counts, d).flat(2));
    voice(says.textContent);
    rowPlace.replaceChildren(...(whole ? tally(counts) : terms(joint)));
    syncs.forEach((sync) => sync());
    if (data.address && touched && alone()) history.replaceState(null, "", `#${text.write(state)}`);
    if (labPage) lab.href = `${labPage}#${text.write(state)}`;
    code.textContent = text.python(state, graph);
    copied.textContent = "";
  }

  function drawBody(d, lit, fly) {
    const { whole, joint, sender, strategy } = state, all = range(graph.V);
    const pairs = (whole ? all : [joint]).flatMap((v) => senders(v).map((u) => ({ v, u, k: subsetOf(v, u) }))).filter(({ k }) => shown(k));
    const numbered = whole && state.only !== null && pairs.length <= 60;      // a subset alone: its arrows are counted
    let number = 0;
    const messages = pairs.map(({ v, u, k }) => ({ v, u, style: styles[k], wrong: isWrong(v, u), strong: v === joint && u === sender,
      lane: whole && hop[v][u] === 1, bent: hop[v][u] > 1, number: numbered && v !== u ? ++number : null }));
    const heard = new Map(pairs.filter(({ v, u }) => (whole ? v === u : v === joint)).map(({ u, k }) => [u, styles[k]]));
    const counted = spatial() ? d : strategy === "distance" && !whole ? hop[joint] : all;
    const away = (v) => (d[v] === Infinity ? ", beyond the hops that are counted" : `, ${count(d[v], "hop")} from the centre`);
    const discs = all.map((v) => ({ style: heard.get(v) || null, digit: far(counted[v]),
      label: name(v) + (v === graph.center ? ", the centre" : spatial() ? away(v) : "") }));
    const named = whole ? (sender === null ? [] : [sender]) : heard.size <= 7 ? [...heard.keys()] : sender === null ? [] : [sender];
    const labels = named.filter((u) => u !== joint).map((u) => ({ v: u, kind: "sender", style: heard.get(u) }));
    if (lit !== null) labels.unshift({ v: joint, kind: "receiver" });
    body.draw({ whole, receiver: lit, stop: joint, discs, messages, labels, fly: fly && !whole });
    const beyond = released() ? `; \u221e: beyond ${count(state.max_hop, "hop")}, where the released code stops counting` : "";
    legend.textContent = spatial() ? `Digit in a joint: its hops from the centre, ${name(graph.center)}${beyond}.`
      : counted === all ? "Digit in a joint: its number." : `Digit in a joint: its hops from ${name(joint)}.`;
  }

  // ---- words ----------------------------------------------------------------------------------------------------------------
  const bold = (className, words) => el("b", { class: className }, words);
  function sentence(counts, d) {
    const { joint: v, sender: u, whole } = state, R = bold("of-receiver", name(v));
    if (u !== null) return message(v, u, d);
    if (whole) {
      return [`${count(counts.reduce((a, n) => a + n, 0), "message")} on the whole body: `,
        `${math.list(counts.map((n, k) => `${n} in A[${k}]`))}. `,
        state.only === null ? "Choose a subset to see and count it alone." : `Shown: A[${state.only}] alone.`];
    }
    const from = senders(v).sort((s, t) => subsetOf(v, s) - subsetOf(v, t) || s - t), hears = ` hears ${count(from.length, "joint")}`;
    if (from.length > 6) return [R, hears, A.length > 4 ? "." : `: ${math.list(counts.map((n, k) => `${n} in ${subsets[k].name}`))}.`];
    const words = from.map((s) => `${s === v ? "itself" : name(s)} (${subsets[subsetOf(v, s)].name}${isWrong(v, s) ? ", misplaced" : ""})`);
    return [R, `${hears}: ${math.list(words)}.`];
  }
  function message(v, u, d) {
    const k = subsetOf(v, u), S = bold("of-subset", u === v ? "itself" : name(u)), true_d = hop[graph.center];
    S.style.setProperty("--tone", styles[k].color);
    const hears = [`A[${k}, ${v}, ${u}] = ${share(v, u)}: `, bold("of-receiver", name(v)), " hears ", S, ". "];
    if (u === v) return hears;
    if (!spatial()) return [...hears, `They are ${count(hop[v][u], "hop")} apart.`];
    if (isWrong(v, u)) {
      return [...hears, bold("of-wrong", "Misplaced: "), `both lie more than ${count(state.max_hop, "hop")} from the centre, so both count as \u221e `
        + `and as equally far. In truth ${name(u)} is nearer, ${true_d[u]} hops against ${true_d[v]}.`];
    }
    const relation = d[u] < d[v] ? "nearer the centre" : d[u] > d[v] ? "farther from it" : "equally far";
    const unit = d[u] === Infinity ? "" : d[u] === 1 ? " hop" : " hops";
    return [...hears, `${far(d[u])}${unit} against ${far(d[v])}: ${relation}, so it falls into ${subsets[k].name}.`];
  }
  /* The row of the chosen receiver, subset by subset. */
  function terms(v) {
    const from = senders(v), n = from.length, row = state.normalization === "row";
    const value = (u) => {
      const exact = share(v, u), short = digits(weight(v, u), 3);
      return exact === short ? exact : `${exact} ${Math.abs(+short - weight(v, u)) < 1e-9 ? "=" : "\u2248"} ${short}`;
    };
    const term = (u, k) => el("div", { class: `term${u === state.sender ? " lit" : ""}` }, el("code", {}, `A[${k}, ${name(v)}, ${name(u)}]`),
      el("span", {}, ` = ${value(u)}`), isWrong(v, u) ? el("span", { class: "of-wrong" }, " misplaced") : null);
    const bins = subsets.map((subset, k) => {
      const mine = from.filter((u) => subsetOf(v, u) === k);
      return el("li", { class: `bin${shown(k) ? "" : " faint"}`, style: `--tone:${styles[k].color}` },
        el("div", { class: "head" }, icon(styles[k]), ` ${subset.name}`),
        mine.length ? mine.map((u) => term(u, k)) : el("div", { class: "term empty" }, "nobody"));
    });
    const part = (a) => (row && n > 1 ? a[v].filter((w) => w).length : null);
    const parts = A.map((a) => { const c = part(a); return c === null ? digits(a[v].reduce((s, w) => s + w, 0), 3) : c === n ? "1" : c ? `${c}/${n}` : "0"; });
    return [el("ul", { class: "bins" }, bins), el("p", { class: "sum" }, "Sum over the subsets: ",
      A.length > 1 ? `${parts.join(" + ")} ${state.normalization === "symmetric" ? "\u2248" : "="} ` : "",
      el("b", {}, digits(from.reduce((s, u) => s + weight(v, u), 0), 3)),
      row ? "" : ". Only \u201crow\u201d makes this 1 for every receiver.")];
  }
  /* What the whole body adds up to as released, and what is misplaced: each a button that points at it. */
  function tally(counts) {
    if (!released()) return [];
    if (!wrong.size) return [el("p", { class: "tally" }, "Nothing is misplaced here: the hops that are counted tell all neighbours apart.")];
    const of = (tone) => subsets.reduce((n, subset, k) => n + (subset.tone === tone ? counts[k] : 0), 0);
    const truth = math.partition(hop, graph.center, { ...state, reference: false }).map((a) => a.flat().filter((w) => w).length);
    const equal = truth[0] > graph.V ? `, with ${truth[0] - graph.V} more at equal distance` : "";
    const button = ([v, u], i) => el("button", { type: "button", "aria-pressed": String(state.joint === v && state.sender === u), onclick() {
      pick(v, u);
      rowPlace.querySelectorAll(".wrongs button")[i].focus();               // the list is made anew
    } }, `${name(u)} \u2192 ${name(v)}`);
    return [el("p", { class: "tally" }, bold("of-wrong", `${wrong.size} misplaced. `), `The released code sorts ${of("centrifugal")} against `
      + `${of("centripetal")}; by true distances it would be ${truth[2]} and ${truth[1]}${equal}. Point at them:`),
    el("ul", { class: "wrongs" }, [...wrong].map((i) => [Math.floor(i / graph.V), i % graph.V]).map((pair, i) => el("li", {}, button(pair, i))))];
  }

  // ---- controls -------------------------------------------------------------------------------------------------------------
  const syncs = [];                                                          // each brings one control up to the state
  function group(label, choices, key, set) {
    const buttons = choices.map(([value, words]) => el("button", { type: "button", onclick: () => set(value) }, words));
    syncs.push(() => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === state[key]))));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, label),
      el("div", { class: "gim-group", role: "group", "aria-label": label }, buttons));
  }
  function menu(label, choices, key, set) {
    const select = el("select", { onchange: () => set(choices[select.selectedIndex][0]) }, choices.map(([, words]) => el("option", {}, words)));
    syncs.push(() => { select.selectedIndex = choices.findIndex(([value]) => value === state[key]); });
    return el("label", { class: "field" }, el("span", { class: "label" }, label), select);
  }
  const asReleased = el("button", { type: "button", onclick: () => change({ reference: !state.reference }) }, "as released");
  syncs.push(() => asReleased.setAttribute("aria-pressed", String(state.reference)));
  const same = (word) => [word, String(word)];
  const toolbar = el("div", { class: "toolbar gim-settings" },
    menu("Skeleton", [...layouts.map(same), ["own", "own edges"]], "layout", (layout) => { Object.assign(state, { layout, joint: null, sender: null }); start(); }),
    group("Show", [[false, "one joint"], [true, "whole body"]], "whole", (whole) => { Object.assign(state, { whole, sender: null }); show(true); }),
    group("Strategy", ["uniform", "distance", "spatial"].map(same), "strategy", (strategy) => change({ strategy })),
    el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, "Matrices"), asReleased),
    group("Hops", range(5).map(same), "max_hop", (max_hop) => change({ max_hop })),
    menu("Dilation", [1, 2, 3, 4].map(same), "dilation", (dilation) => change({ dilation })),
    menu("Divide", [["row", "row"], ["symmetric", "symmetric"], [null, "not at all"]], "normalization", (normalization) => change({ normalization })));

  const complaint = el("p", { class: "complaint", role: "alert" }), remark = el("p", { class: "remark", role: "status" });
  function note(words) { remark.textContent = words; }
  function complain(words) {
    complaint.textContent = words;
    for (const field of [edgeBox, centerBox]) field.setAttribute("aria-invalid", String(!!words));
  }
  /* Typing draws at once what can be drawn; what cannot is told when the reader has finished. */
  let drawn = "";
  function edit(quiet) {
    const typing = `${edgeBox.value}|${centerBox.value}`;
    if (typing === drawn) return;                            // a drawing that is there must not be exchanged under a finger
    Object.assign(state, { edges: edgeBox.value, center: centerBox.value });
    drawn = "";
    if (!take(quiet)) return;
    drawn = typing;
    state.sender = null;
    compute();
    show();
  }
  function box(label, className) {
    const input = el("input", { type: "text", class: className, spellcheck: "false", autocomplete: "off", oninput: () => edit(true),
      onchange: () => edit(false), onkeydown(event) { if (event.key === "Enter") edit(false); } });
    return [input, el("label", { class: "field" }, el("span", { class: "label" }, label), input)];
  }
  const [edgeBox, edgeField] = box("Bones, joints counted from 0", "edges"), [centerBox, centerField] = box("Centre", "center");
  const own = el("div", { class: "own gim-settings" }, edgeField, centerField, complaint);

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
  const bodyPlace = el("div", { class: "body-place" }), matrixPlace = el("div", { class: "matrices" }), rowPlace = el("div", { class: "digits-of-row" });
  const chipPlace = el("div", { class: "chips", role: "group", "aria-label": "Subsets: messages in each; press one to see it alone" });
  const legend = el("p", { class: "legend" }), says = el("p", { class: "says" }), voice = gim.voice(figure);
  const keys = gim.keys([["Arrows, on the body", "along a bone, or to the nearest joint there"], ["Page Up, Page Down", "previous, next joint by number"],
    ["Home", "the centre"], ["Enter", "choose this joint or message"], ["Arrows, in a matrix", "from message to message"]]);
  stage.replaceChildren(el("div", { class: "explorer" }, toolbar, own, remark, chipPlace,
    el("div", { class: "views" }, el("div", {}, bodyPlace, legend),
      el("div", {}, matrixPlace, el("p", { class: "legend" }, "Row: receiver. Column: sender. One cell: one message."))),
    says, rowPlace, el("div", { class: "gim-below" }, el("div", { class: "gim-tools" }, copy, lab, copied), keys), code));

  function start() {
    own.hidden = state.layout !== "own";
    edgeBox.value = state.edges;
    centerBox.value = state.center;
    drawn = "";
    if (!take(false)) return;
    compute();
    show();
  }
  function restore() {
    const sizes = Object.fromEntries(layouts.map((layout) => [layout, known(layout).V]));
    const { state: next, refused } = text.read(location.hash.slice(1), state, sizes, spare);
    state = { ...next, sender: null, only: null };
    note(refused.length ? `The address says something that this page does not know: ${refused.join(", ")}. It was left out.` : "");
  }
  for (const event of ["click", "input", "keydown"]) figure.addEventListener(event, () => { touched = true; }, true);
  if (data.address && alone()) {
    restore();
    addEventListener("hashchange", () => { restore(); start(); });
  }
  start();
});
