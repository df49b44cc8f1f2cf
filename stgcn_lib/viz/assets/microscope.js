/* The receptive-field microscope. The numbers come from microscope-math.js, the body from partition-body.js; here are the reader's
   choices, the picture of rows (input below, output on top) and what is said about it. */
gim.define("microscope", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim, math = gim.microscope, range = (n) => [...Array(n).keys()], { choices } = data;
  const state = { ...data.state };
  const hatch = `gim-zeros-${Math.random().toString(36).slice(2, 8)}`;     // ids of one page must differ
  const HEARD = { mark: "dot", dash: "", color: "var(--gim-sender)" };

  // ---- the body ---------------------------------------------------------------------------------------------------------------
  const pairs = (flat, unit) => range(flat.length / 2).map((i) => [flat[2 * i] / unit, flat[2 * i + 1] / unit]);
  const names = data.graph.names.split(","), edges = pairs(data.graph.edges, 1), { center } = data.graph;
  const hop = gim.partition.hopDistance(names.length, edges);
  const places = data.graph.places.length ? pairs(data.graph.places, 100) : gim.partition.hang(names.length, edges, center);
  const body = gim.partitionBody({ V: names.length, names, edges, center, places }, { choose(v) { state.joint = v; show(); }, pick() {} });

  // ---- what follows from the choices ------------------------------------------------------------------------------------------
  let layers, steps, lengths, rows, sides, last, controls;
  const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const number = (n) => String(n).replace("-", "\u2212");
  const seconds = (n) => `${digits(n / data.fps, n < data.fps ? 2 : 1)} s`;
  const output = () => state.frame * steps[last];                  // the input frame that stands below the output
  const rowName = (l) => (l === 0 ? "input" : `block ${l}`);

  function compute() {
    layers = data.networks[state.network].map((stride) => ({ kernel: state.kernel, stride, dilation: state.dilation }));
    last = layers.length;
    steps = math.steps(layers);
    lengths = math.lengths(layers, state.frames);
    sides = math.sides(layers, state.causal);
    state.frame = Math.min(state.frame, lengths[last] - 1);
  }
  /* Take over a choice; the output stays as far along the clip as it was, and what is lit stays lit to the same depth. */
  function change(what) {
    const share = lengths[last] > 1 ? state.frame / (lengths[last] - 1) : 0.5, all = state.step === last, depth = last;
    Object.assign(state, what);
    remark.textContent = "";
    if (!state.causal && state.kernel % 2 === 0) {
      state.kernel = choices.kernel.find((k) => k > state.kernel && k % 2) ?? 3;
      remark.textContent = `A kernel that looks both ways needs a frame in the middle: it has ${state.kernel} frames now.`;
    }
    compute();
    state.frame = Math.round(share * (lengths[last] - 1));
    state.step = all ? last : Math.min(state.step, last);
    if (last !== depth) makeControls();
    else controls.seek(state.step);
    show();
  }

  // ---- the picture ------------------------------------------------------------------------------------------------------------
  const picture = svg("svg", { class: "cone", role: "slider", tabindex: 0, "aria-label": "Output frame", onkeydown: keyed,
    onpointerdown(event) { picture.setPointerCapture(event.pointerId); dragged(event); },
    onpointermove(event) { if (picture.hasPointerCapture(event.pointerId)) dragged(event); } });
  let scale = null;                                                 // from input frames to the x of the picture, and back
  /* One path for many frames of a row; neighbours that would be thinner than a hair apart become one bar. */
  function cells(frames, l, y, height) {
    const wide = steps[l] * scale.unit, w = Math.max(1.2, Math.min(13, wide * 0.76)), left = (t) => scale.x(t * steps[l]) - w / 2;
    let path = "";
    for (let i = 0, from = 0; i < frames.length; i++) {
      if (wide < 3.2 && frames[i + 1] === frames[i] + 1) continue;
      path += `M${left(frames[from]).toFixed(1)} ${y - height / 2}H${(left(frames[i]) + w).toFixed(1)}v${height}H${left(frames[from]).toFixed(1)}Z`;
      from = i + 1;
    }
    return path;
  }
  function draw() {
    const width = Math.max(280, Math.round(picturePlace.clientWidth) || 600), narrow = width < 440;
    const gap = Math.max(24, Math.min(84, 270 / last)), top = 30, H = top + last * gap + 56, labels = narrow ? 30 : 66, counts = 40;
    const from = Math.min(-sides.past, 0), to = state.frames - 1 + sides.future;
    const unit = (width - labels - counts - 16) / Math.max(8, to - from), x = (t) => labels + 8 + (t - from) * unit, y = (l) => top + (last - l) * gap;
    scale = { unit, x, frame: (px) => Math.round(((px - labels - 8) / unit + from) / steps[last]) };
    const nodes = [svg("defs", {}, svg("pattern", { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("path", { d: "M0 0V6", class: "hatch" })))];
    const edge = Math.max(1, unit / 2), ends = [[x(from) - 6, x(0) - edge], [x(state.frames - 1) + edge, x(to) + 6]];
    for (const [a, b] of ends) if (b - a > 1) nodes.push(svg("rect", { class: "outside", x: a, width: b - a, y: top - 14, height: last * gap + 28, fill: `url(#${hatch})` }));
    const words = ends.map(([a, b]) => (b - a > 42 ? svg("text", { class: "zeros", x: (a + b) / 2, y: y(0) + 32, "text-anchor": "middle" }, "zeros") : null));
    const height = Math.min(12, gap * 0.48), spans = rows.map(({ heard, zeros }, l) => [Math.min(...heard, ...zeros), Math.max(...heard, ...zeros)].map((t) => x(t * steps[l])));
    for (let l = last; l > 0; l--) {
      const lit = last - l < state.step, [a, b] = spans[l], [c, d] = spans[l - 1];
      if (!lit) continue;
      nodes.push(svg("path", { class: "beam", d: `M${a} ${y(l)}H${b}L${d} ${y(l - 1)}H${c}Z` }));
      const all = rows[l].heard;                                     // few enough to follow one by one
      if (all.length * state.kernel <= 150 && gap > 40) nodes.push(svg("path", { class: "reads", d: all.flatMap((t) => math.reads(layers[l - 1], t, state.causal)
        .map((s) => `M${x(t * steps[l]).toFixed(1)} ${y(l)}L${x(s * steps[l - 1]).toFixed(1)} ${y(l - 1)}`)).join("") }));
    }
    rows.forEach(({ heard, zeros }, l) => {
      const lit = last - l <= state.step;
      nodes.push(svg("path", { class: "cell", d: cells(range(lengths[l]), l, y(l), height) }));
      if (lit) nodes.push(svg("path", { class: "padding", d: cells(zeros, l, y(l), height) }), svg("path", { class: "heard", d: cells(heard, l, y(l), height) }),
        svg("text", { class: "count", x: width - 4, y: y(l) + 4, "text-anchor": "end" }, heard.length + zeros.length));
      const stride = l && layers[l - 1].stride > 1 ? ` \u00f7${layers[l - 1].stride}` : "";
      nodes.push(svg("text", { class: "row", x: 0, y: y(l) + 4 }, narrow ? (l ? String(l) : "in") : rowName(l), stride ? svg("tspan", { class: "stride" }, stride) : null));
    });
    nodes.push(svg("text", { class: "head", x: width - 4, y: 11, "text-anchor": "end" }, "reads"));
    const base = y(0) + 18, ticks = [0, state.frames - 1];
    nodes.push(svg("path", { class: "axis", d: `M${x(0)} ${base - 4}v4H${x(state.frames - 1)}v-4` }),
      ticks.map((t, i) => svg("text", { class: "tick", x: x(t), y: base + 14, "text-anchor": i ? "end" : "start" }, t)), words);
    if (state.step === last) {
      const [a, b] = spans[0];
      nodes.push(svg("path", { class: "span", d: `M${a} ${base + 18}v6H${b}v-6` }));
    }
    const ox = x(output());
    nodes.push(svg("path", { class: "plumb", d: `M${ox} ${y(last) + 8}V${y(0) + 8}` }), svg("circle", { class: "output", cx: ox, cy: y(last), r: 7.5 }),
      svg("text", { class: "output-name", x: Math.max(labels + 24, Math.min(width - 90, ox)), y: 12, "text-anchor": "middle" }, narrow ? "output" : `output ${state.frame}`));
    picture.replaceChildren(...nodes.flat().filter(Boolean));
    picture.setAttribute("viewBox", `0 0 ${width} ${H}`);
    picture.setAttribute("aria-valuemin", 0);
    picture.setAttribute("aria-valuemax", lengths[last] - 1);
    picture.setAttribute("aria-valuenow", state.frame);
    picture.setAttribute("aria-valuetext", `output ${state.frame} of ${lengths[last]}, above frame ${output()} of the clip`);
  }
  function move(t) {
    state.frame = Math.max(0, Math.min(lengths[last] - 1, t));
    show();
  }
  function dragged(event) {
    const box = picture.getBoundingClientRect();
    move(scale.frame((event.clientX - box.left) * (picture.viewBox.baseVal.width / box.width)));
  }
  function keyed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const far = Math.max(1, Math.round(lengths[last] / 10));
    const act = { ArrowLeft: () => move(state.frame - 1), ArrowRight: () => move(state.frame + 1), PageUp: () => move(state.frame + far), PageDown: () => move(state.frame - far),
      Home: () => move(0), End: () => move(lengths[last] - 1), ArrowDown: () => controls.step(1), ArrowUp: () => controls.step(-1),
      " ": () => (controls.playing() ? controls.pause() : controls.play()) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  // ---- what is said -----------------------------------------------------------------------------------------------------------
  function facts() {
    const field = sides.past + sides.future + 1, out = math.outside(layers, state.frames, state.frame, state.causal), inside = rows[0].heard, visited = inside.length + rows[0].zeros.length;
    const reached = math.joints(hop, state.joint, last * state.hops);
    const terms = layers.map((_, l) => steps[l]).join("+");
    figure.dataset.field = field;
    figure.dataset.outside = out;
    return [
      ["Receptive field", `${count(field, "frame")}, ${seconds(field)}`, state.kernel === 1 ? "a kernel of 1 hears its own frame only"
        : `1 + ${state.kernel - 1}${state.dilation > 1 ? `\u00b7${state.dilation}` : ""} \u00b7 ${last > 1 ? `(${terms})` : terms}${visited < field ? `; ${visited} of them are read` : ""}`],
      ["Outside the clip", `${Math.round((100 * out) / field)} %`, out ? `${out} of ${count(field, "place")}: zeros` : "nothing: the clip covers it"],
      ["Heard in the clip", inside.length ? `${count(inside.length, "frame")}` : "no frame", inside.length ? `${inside.length > 1 ? `${inside[0]} to ${inside.at(-1)}` : `number ${inside[0]}`}; ${reached.length} of ${names.length} joints` : ""],
      ["Must wait for", count(sides.future, "frame"), sides.future ? `${seconds(sides.future)} of the future` : "nothing of the future"],
    ];
  }
  function sentence() {
    const l = last - state.step, { heard, zeros } = rows[l], reached = math.joints(hop, state.joint, state.step * state.hops);
    if (!state.step) return `The output: ${names[state.joint]}, output frame ${state.frame}, above frame ${output()} of the clip. Press Play or Step to see what can change it.`;
    const read = heard.length + zeros.length;
    return `${count(state.step, "block")} down, at the ${l ? `output of block ${l}` : "input"}: ${count(read, zeros.length ? "place" : "frame")}${zeros.length ? `, ${zeros.length} of them outside the clip` : ""}; ${
      reached.length === names.length ? `all ${names.length} joints` : count(reached.length, "joint")}, up to ${count(Math.max(...reached.map((u) => hop[state.joint][u])), "hop")} from ${names[state.joint]}.`;
  }
  function show() {
    rows = math.cone(layers, state.frames, state.frame, state.causal);
    draw();
    const reach = state.step * state.hops, inside = math.joints(hop, state.joint, reach);
    body.draw({ whole: false, receiver: state.joint, stop: state.joint, messages: [], labels: [{ v: state.joint, kind: "receiver" }],
      discs: names.map((name, v) => ({ style: inside.includes(v) ? HEARD : null, digit: number(hop[state.joint][v]),
        label: `${name}, ${count(hop[state.joint][v], "hop")} from the output joint${inside.includes(v) ? ", inside" : ""}` })) });
    factPlace.replaceChildren(...facts().map(([label, value, why]) => el("div", {}, el("dt", {}, label), el("dd", {}, el("b", {}, value), el("small", {}, why)))));
    says.textContent = sentence();
    if (figure.dataset.playing !== "true") voice(says.textContent);
    Object.assign(figure.dataset, { output: state.frame, joint: state.joint, step: state.step, inside: inside.length, heard: rows[0].heard.length });
    syncs.forEach((sync) => sync());
  }

  // ---- controls ---------------------------------------------------------------------------------------------------------------
  const syncs = [];
  function menu(label, options, key) {
    const select = el("select", { onchange: () => change({ [key]: options[select.selectedIndex][0] }) }, options.map(([, text]) => el("option", {}, text)));
    syncs.push(() => { select.selectedIndex = options.findIndex(([value]) => value === state[key]); });
    return el("label", { class: "field" }, el("span", { class: "label" }, label), select);
  }
  function group(label, options, key) {
    const buttons = options.map(([value, text]) => el("button", { type: "button", onclick: () => change({ [key]: value }) }, text));
    syncs.push(() => buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(options[i][0] === state[key]))));
    return el("div", { class: "field" }, el("span", { class: "label", "aria-hidden": "true" }, label), el("div", { class: "gim-group", role: "group", "aria-label": label }, buttons));
  }
  const numbers = (list) => list.map((n) => [n, String(n)]);
  const toolbar = el("div", { class: "toolbar gim-settings" },
    menu("Network", Object.keys(data.networks).map((name) => [name, name]), "network"),
    menu("Kernel", numbers(choices.kernel), "kernel"), menu("Dilation", numbers(choices.dilation), "dilation"),
    group("Kernels look", [[false, "both ways"], [true, "back only"]], "causal"),
    group("Clip, frames", numbers(choices.frames), "frames"), menu("Hops a block", numbers(choices.hops), "hops"));

  const remark = el("p", { class: "remark", role: "status" }), factPlace = el("dl", { class: "facts" }), says = el("p", { class: "says" });
  const picturePlace = el("div", { class: "picture-place" }, picture), controlPlace = el("div", {}), voice = gim.voice(figure);
  /* Each network has its own number of blocks. The controls listen on the node that they are given: a fresh one for each network. */
  function makeControls() {
    const place = el("div", {});
    controls = gim.controls(place, { last, fps: 1.6, smooth: false, frame: state.step, word: "step", draw(step) {
      figure.dataset.playing = place.dataset.playing ?? "false";
      if (step !== state.step) { state.step = step; show(); }
    } });
    place.prepend(controls.node);
    controlPlace.replaceChildren(place);
  }
  const keys = gim.keys([["Left, Right, on the cone", "the output, a frame earlier or later"], ["Page Up, Page Down", "a tenth of the clip"], ["Home, End", "first, last output"],
    ["Down, Up, on the cone", "one block further down, or back"], ["Space", "play or pause"], ["Arrows, on the body", "another joint"]]);
  stage.replaceChildren(toolbar, remark,
    // the body brings the look that it has in the partition explorer
    el("div", { class: "views" }, picturePlace, el("div", { class: "body-place gim-partition" }, body.node, el("p", { class: "legend" }, "Digit in a joint: its hops from the output joint."))),
    controlPlace, says, factPlace, el("div", { class: "gim-below" }, el("p", { class: "legend" }, "Filled: heard. On the hatching: read, but zeros beyond the clip. Hollow, in the clip: cannot change the output. Reads: how many places of that row, zeros included. \u00f72: that block has stride 2."), keys));
  compute();
  rows = math.cone(layers, state.frames, state.frame, state.causal);
  makeControls();
  show();
  new ResizeObserver(() => draw()).observe(picturePlace);
});
