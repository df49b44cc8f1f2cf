/* Three linked views of one graph: drawing, matrix, numbers. What is chosen is a receiver, a message (receiver and sender), or a sender. */
gim.define("linked", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg, digits } = gim;
  const V = data.names.length, names = data.names, x = data.tensor;
  const all = [...names.keys()];
  let A = data.matrix, receiver = null, sender = null, loops = all.some((v) => A[v][v] !== 0), kind = "none";

  /* The matrix after the reader's choices; the same numbers as normalize_adjacency in Python (tested in the browser). */
  function divided() {
    const plain = data.matrix.map((row, v) => row.map((w, u) => (u !== v ? w : loops ? w || 1 : 0)));
    const share = plain.map((row) => row.reduce((sum, w) => sum + w, 0)).map((degree) => (degree ? 1 / degree : 0));
    return plain.map((row, v) => row.map((w, u) => ({ none: w, row: w * share[v], symmetric: w * Math.sqrt(share[v] * share[u]) }[kind])));
  }

  /* ---- the drawing ---- */
  const W = 250, R = data.digits ? 15 : 6, reach = Math.max(...data.places.map(([, y]) => y)), wide = Math.max(...data.places.map(([px]) => px));
  const S = (W - (data.digits ? 88 : 40)) / Math.max(wide, 0.7 * reach), H = Math.max(90, S * reach + 84);
  const at = data.places.map(([px, py]) => [W / 2 + (px - wide / 2) * S, 44 + py * S]);
  const center = [0, 1].map((i) => at.reduce((sum, p) => sum + p[i], 0) / V);
  const pairs = all.flatMap((v) => all.filter((u) => u < v && (data.matrix[v][u] || data.matrix[u][v])).map((u) => [v, u]));
  const bones = pairs.map(([v, u]) => svg("line", { x1: at[v][0], y1: at[v][1], x2: at[u][0], y2: at[u][1], class: "bone" }));
  const hits = pairs.map(([v, u]) => svg("line", { x1: at[v][0], y1: at[v][1], x2: at[u][0], y2: at[u][1], class: "hit",
    onclick(event) {                                      // the end that was touched listens, the other one speaks
      const box = drawing.getBoundingClientRect(), k = W / box.width;
      const far = (n) => Math.hypot((event.clientX - box.left) * k - at[n][0], (event.clientY - box.top) * k - at[n][1]);
      const [near, other] = far(v) < far(u) ? [v, u] : [u, v];
      choose(A[near][other] ? near : other, A[near][other] ? other : near);
    } }));
  const arrows = svg("g", { class: "arrows" });
  /* The middle of the widest gap between a node's bones (rank 0), where its loop has room, or of the next one (rank 1). */
  function gap(v, rank) {
    const turns = pairs.filter((pair) => pair.includes(v)).map(([a, b]) => a + b - v)
      .map((u) => Math.atan2(at[u][1] - at[v][1], at[u][0] - at[v][0])).sort((a, b) => a - b);
    if (!turns.length) return [0.8, 0.6];
    const gaps = turns.map((turn, i) => ({ turn, width: (turns[i + 1] ?? turns[0] + 2 * Math.PI) - turn })).sort((a, b) => b.width - a.width);
    const middle = gaps[Math.min(rank, gaps.length - 1)].turn + gaps[Math.min(rank, gaps.length - 1)].width / 2;
    return [Math.cos(middle), Math.sin(middle)];
  }
  const nodes = all.map((v) => {
    // a name stands above or below its node; at a crossing, where bones leave to all sides, in a gap between them
    const crossing = pairs.filter((pair) => pair.includes(v)).length > 2, [dx, dy] = gap(v, 1), below = at[v][1] > center[1] + 1;
    const spot = crossing ? { x: dx * (R + 5), y: dy * (R + 5) + 5, "text-anchor": dx < 0 ? "end" : "start" }
      : { x: 0, y: below ? R + 15 : -R - 7, "text-anchor": "middle" };
    return svg("g", { class: "node", transform: `translate(${at[v][0]} ${at[v][1]})`, role: "button", tabindex: v ? -1 : 0,
      "aria-label": `${names[v]}, as receiver`, onclick: () => choose(v, null), onkeydown: (event) => roam(event, nodes, v, 1, () => choose(v, null)) },
    svg("circle", { r: R, class: "disc" }),
    data.digits ? svg("text", { class: "value", y: 4.5, "text-anchor": "middle" }, x && x[v].length === 1 ? digits(x[v][0]) : v) : null,
    svg("text", { class: data.digits ? "name" : "name quiet", ...spot }, names[v]));
  });
  const drawing = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "group", "aria-label": "Drawing: arrow keys go from node to node" },
    bones, hits, arrows, nodes);

  /* From u to v: a straight arrow that stops at the disc; a loop for a message to oneself. */
  function arrow(v, u, strong) {
    const [vx, vy] = at[v], [ux, uy] = at[u];
    if (u === v) {
      const [dx, dy] = gap(v, 0), side = [-dy, dx], p = (a, b) => `${vx + dx * a + side[0] * b} ${vy + dy * a + side[1] * b}`;
      arrows.append(svg("path", { class: strong ? "arrow strong" : "arrow", d: `M${p(R, 5)}C${p(R + 24, 18)} ${p(R + 24, -18)} ${p(R + 3, -6)}` }),
        head(vx + dx * (R + 2) - side[0] * 5.5, vy + dy * (R + 2) - side[1] * 5.5, -dx * 0.9 + side[0] * 0.4, -dy * 0.9 + side[1] * 0.4));
      return;
    }
    const l = Math.hypot(vx - ux, vy - uy), dx = (vx - ux) / l, dy = (vy - uy) / l;
    arrows.append(svg("line", { class: strong ? "arrow strong" : "arrow", x1: ux + dx * R, y1: uy + dy * R, x2: vx - dx * (R + 8), y2: vy - dy * (R + 8) }),
      head(vx - dx * (R + 1), vy - dy * (R + 1), dx, dy));
  }
  function head(px, py, dx, dy) {
    return svg("path", { class: "head", d: `M${px} ${py}L${px - dx * 9 - dy * 5} ${py - dy * 9 + dx * 5}L${px - dx * 9 + dy * 5} ${py - dy * 9 - dx * 5}Z` });
  }

  /* ---- the matrix ---- */
  const side = data.digits ? Math.min(44, 240 / V) : 240 / V, margin = data.digits ? Math.min(86, 12 + 6.3 * Math.max(...names.map((n) => n.length))) : 6;
  const cells = all.map((v) => all.map((u) => svg("g", { class: "cell", transform: `translate(${margin + u * side} ${margin + v * side})`, role: "button",
    tabindex: v || u ? -1 : 0, onclick: () => choose(v, u), onkeydown: (event) => roam(event, cells.flat(), v * V + u, V, () => choose(v, u)) },
  svg("rect", { width: side - 1.5, height: side - 1.5, rx: Math.min(3, side / 5) }),
  data.digits ? svg("text", { x: side / 2 - 0.75, y: side / 2 + 4, "text-anchor": "middle" }) : null)));
  const rowNames = data.digits ? all.map((v) => svg("text", { class: "name", x: margin - 6, y: margin + v * side + side / 2 + 4, "text-anchor": "end" }, names[v])) : [];
  const columnNames = data.digits ? all.map((u) => svg("text", { class: "name", transform: `translate(${margin + u * side + side / 2 + 4} ${margin - 6}) rotate(-90)` }, names[u])) : [];
  const extent = margin + V * side;
  const matrix = svg("svg", { viewBox: `0 0 ${extent} ${extent}`, role: "group", style: `max-width:${Math.round(extent * 1.15)}px`,
    "aria-label": "Matrix: a row is a receiver, a column a sender; arrow keys go from cell to cell" }, rowNames, columnNames, cells.flat());

  /* ---- the numbers ---- */
  const rows = x && all.map((u) => el("tr", { tabindex: u ? -1 : 0, "aria-label": `${names[u]}, as sender`, onclick: () => choose(null, u),
    onkeydown: (event) => roam(event, rows, u, 1, () => choose(null, u)) },
  el("th", { scope: "row" }, names[u]), x[u].map((value) => el("td", {}, digits(value)))));
  const says = el("p", { class: "says", role: "status" });

  /* Arrow keys move the focus within one view; Enter or Space chooses, and so does arriving. */
  function roam(event, list, index, stride, act) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: stride, ArrowUp: -stride }[event.key];
    if (step) {
      const next = index + step;
      if (next >= 0 && next < list.length) {
        list.forEach((node) => node.setAttribute("tabindex", -1));
        list[next].setAttribute("tabindex", 0);
        list[next].focus();
        list[next].dispatchEvent(new Event("click"));
      }
    } else if (event.key === "Enter" || event.key === " ") act();
    else return;
    event.preventDefault();
  }

  const vector = (values) => (values.length === 1 ? (values[0] < 0 ? `(${digits(values[0])})` : digits(values[0])) : `(${values.map((n) => digits(n)).join(", ")})`);
  const weight = (w) => (w < 0 ? `(${digits(w)})` : digits(w));
  const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

  function choose(v, u) {
    if (v !== null && v === receiver && u === sender) v = u = null;                 // the same again: nothing is chosen
    receiver = v;
    sender = u;
    show();
  }
  function sentence() {
    if (receiver === null && sender === null) return [x ? "Choose a node, a cell, or a row of numbers." : "Choose a node or a cell."];
    if (receiver === null) {
      const hear = all.filter((v) => A[v][sender] !== 0);
      return [el("b", { class: "of-sender" }, names[sender]), ` speaks: column ${sender} of the matrix. ` + (hear.length
        ? `It is heard by ${list(hear.map((v) => (v === sender ? "itself" : names[v])))}.` : "Nobody hears it.")];
    }
    if (sender !== null) {
      const w = A[receiver][sender], who = sender === receiver ? "itself" : names[sender];
      return [`A[${receiver}, ${sender}] = ${digits(w)}: `, el("b", { class: "of-receiver" }, names[receiver]),
        w ? ` takes ${digits(w)} times the number${x && x[0].length > 1 ? "s" : ""} of ` : " does not hear ", el("b", { class: "of-sender" }, who),
        w && x ? `, ${weight(w)} \u00b7 ${vector(x[sender])}.` : "."];
    }
    const from = all.filter((u) => A[receiver][u] !== 0);
    if (!from.length) return [el("b", { class: "of-receiver" }, names[receiver]), " hears nobody: its row holds only zeros."];
    if (!x) return [el("b", { class: "of-receiver" }, names[receiver]), ` hears ${list(from.map((u) => (u === receiver ? "itself" : names[u])))}: row ${receiver} of the matrix.`];
    const total = x[0].map((_, c) => from.reduce((sum, u) => sum + A[receiver][u] * x[u][c], 0));
    return [el("b", { class: "of-receiver" }, `new ${names[receiver]}`), " = ",
      from.flatMap((u, i) => [i ? " + " : "", el("span", { class: "term", title: names[u] }, `${weight(A[receiver][u])} \u00b7 ${vector(x[u])}`)]),
      ` = ${vector(total)}`];
  }

  function show() {
    A = data.normalize ? divided() : data.matrix;
    const most = Math.max(...A.flat().map(Math.abs)) || 1;
    figure.dataset.receiver = receiver ?? "";
    figure.dataset.sender = sender ?? "";
    const speaks = (u) => (sender === null ? receiver !== null && A[receiver][u] !== 0 : u === sender);
    const hears = (v) => (receiver === null ? sender !== null && A[v][sender] !== 0 : v === receiver);
    nodes.forEach((node, v) => { node.classList.toggle("receiver", hears(v)); node.classList.toggle("sender", speaks(v)); });
    cells.forEach((row, v) => row.forEach((cell, u) => {
      const w = A[v][u];
      cell.dataset.value = w;
      cell.setAttribute("aria-label", `${names[v]} from ${names[u]}: ${digits(w)}`);
      cell.firstChild.style.fill = w ? `color-mix(in srgb, var(--gim-cell${w < 0 ? "-negative" : ""}) ${Math.round(12 + 33 * Math.abs(w) / most)}%, var(--gim-surface))` : "";
      if (data.digits) cell.lastChild.textContent = digits(w);
      cell.classList.toggle("empty", !w);
      cell.classList.toggle("lit", sender === null ? v === receiver : receiver === null ? u === sender : v === receiver && u === sender);
    }));
    rowNames.forEach((name, v) => name.classList.toggle("receiver", hears(v)));
    columnNames.forEach((name, u) => name.classList.toggle("sender", speaks(u)));
    if (rows) rows.forEach((row, u) => { row.classList.toggle("sender", speaks(u)); row.classList.toggle("receiver", u === receiver); });
    arrows.replaceChildren();
    all.forEach((v) => all.forEach((u) => { if (hears(v) && speaks(u) && A[v][u] !== 0) arrow(v, u, sender !== null && receiver !== null); }));
    says.replaceChildren(...sentence().flat());
    says.classList.toggle("gim-hint", receiver === null && sender === null);
  }

  const panel = (title, ...content) => el("div", { class: "panel" }, el("div", { class: "title" }, title), ...content);
  const settings = data.normalize ? el("div", { class: "settings gim-settings" },
    gim.toggle("Self-loops", loops, (on) => { loops = on; show(); }),
    el("label", {}, "Divide by ", el("select", { onchange(event) { kind = event.target.value; show(); } },
      [["none", "nothing"], ["row", "degree (mean)"], ["symmetric", "root of both degrees"]].map(([value, words]) => el("option", { value }, words))))) : "";
  stage.replaceChildren(settings, el("div", { class: x ? "panels three" : "panels" },
    panel("graph", drawing), panel(el("span", {}, "matrix ", el("i", {}, "A")), matrix),
    x ? panel(el("span", {}, "tensor ", el("i", {}, "x")), el("table", { class: "numbers" }, el("tbody", {}, rows))) : ""), says);
  show();
});
