/* One matrix of the partition explorer: a row for each receiver, a column for each sender, a mark for each message.
     gim.partitionMatrix(k, title, see) -> { k, node, lit(v, u) }      k: a subset, or null for all of them in one
   see: { V, styles, subsetOf(v, u), weight(v, u), isWrong(v, u), says(v, u), pick(v, u), roam(v, u) } */
gim.partitionMatrix = function (k, title, see) {
  "use strict";
  const { svg } = gim, SIZE = 200, LEFT = 20, TOP = 14;
  const all = [...Array(see.V).keys()], side = SIZE / see.V, r = side * 0.4, middle = (i) => (i + 0.5) * side;

  function glyph(v, u, own) {
    const c = side * 0.42, { mark, color } = see.styles[own];
    return [svg("path", { class: "glyph", d: gim.mark(mark, r), style: `--tone:${color}`,
      "fill-opacity": (0.45 + 0.55 * Math.min(1, see.weight(v, u) * 2)).toFixed(2) }),
    see.isWrong(v, u) ? svg("path", { class: "cross", d: `M${-c} ${-c}L${c} ${c}M${c} ${-c}L${-c} ${c}`, "stroke-width": Math.min(2, side / 5) }) : null];
  }
  const spots = all.flatMap((v) => all.flatMap((u) => {
    const own = see.subsetOf(v, u);
    if (own < 0 || (k !== null && own !== k)) return [];
    const transform = `translate(${(LEFT + middle(u)).toFixed(2)} ${(TOP + middle(v)).toFixed(2)})`;
    const node = k === null ? svg("g", { transform }, glyph(v, u, own))
      : svg("g", { class: "cell", transform, role: "button", tabindex: -1, "aria-label": see.says(v, u), "data-v": v, "data-u": u,
        onkeydown: (event) => walk(event, node) }, svg("rect", { x: -side / 2, y: -side / 2, width: side, height: side }), glyph(v, u, own));
    return [{ v, u, node }];
  }));
  const row = svg("rect", { class: "band", x: LEFT, width: SIZE, height: side });
  const column = svg("rect", { class: "band column", y: TOP, width: side, height: SIZE });
  const rowName = svg("text", { class: "index", x: LEFT - 4, "text-anchor": "end" });
  const columnName = svg("text", { class: "index column", y: TOP - 3, "text-anchor": "middle" });
  const grid = see.V > 30 ? [] : all.slice(1).map((i) => svg("path", { class: "grid", d: `M${LEFT} ${TOP + i * side}h${SIZE}M${LEFT + i * side} ${TOP}v${SIZE}` }));
  const spoken = k === null ? { "aria-hidden": "true" }
    : { role: "group", "aria-label": `${title}: a row for each receiver, a column for each sender; arrow keys go from message to message` };
  const node = svg("svg", { class: "matrix", viewBox: `0 0 ${SIZE + LEFT + 1} ${SIZE + TOP + 1}`, ...spoken, onclick: touch },
    svg("rect", { class: "sheet", x: LEFT, y: TOP, width: SIZE, height: SIZE }), grid, row, column, rowName, columnName, spots.map((s) => s.node));

  /* Fingers are wider than cells: the nearest message is taken. */
  function touch(event) {
    const box = node.getBoundingClientRect(), scale = (SIZE + LEFT + 1) / box.width;
    const x = (event.clientX - box.left) * scale - LEFT, y = (event.clientY - box.top) * scale - TOP;
    const miss = ({ v, u }) => Math.hypot(middle(u) - x, middle(v) - y);
    const best = spots.reduce((a, b) => (a && miss(a) <= miss(b) ? a : b), null);
    if (best && miss(best) < Math.max(side, 12 * scale)) see.pick(best.v, best.u);
  }

  /* Arrow keys: to the next message in reading order, or to the nearest one of the next row that has any. */
  function walk(event, node) {
    const i = spots.findIndex((s) => s.node === node), { v, u } = spots[i];
    const down = { ArrowDown: 1, ArrowUp: -1 }[event.key], right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const enter = event.key === "Enter" || event.key === " ";
    if (event.ctrlKey || event.altKey || event.metaKey || !(down || right || enter)) return;
    event.preventDefault();
    if (enter) { see.pick(v, u); return; }
    let next = right ? spots[i + right] : null;
    if (down) {
      const rows = spots.filter((s) => (s.v - v) * down > 0).map((s) => s.v), nearest = down > 0 ? Math.min(...rows) : Math.max(...rows);
      next = spots.filter((s) => s.v === nearest).sort((a, b) => Math.abs(a.u - u) - Math.abs(b.u - u))[0];
    }
    if (!next) return;
    see.roam(next.v, next.u);
    next.node.focus();
  }

  /* Light the row of receiver v and the column of sender u; null: none. */
  function lit(v, u) {
    row.setAttribute("visibility", v === null ? "hidden" : "visible");
    row.setAttribute("y", TOP + (v ?? 0) * side);
    rowName.textContent = v ?? "";
    rowName.setAttribute("y", TOP + middle(v ?? 0) + 3.5);
    column.setAttribute("visibility", u === null ? "hidden" : "visible");
    column.setAttribute("x", LEFT + (u ?? 0) * side);
    columnName.textContent = u ?? "";
    columnName.setAttribute("x", LEFT + middle(u ?? 0));
    if (k === null) return;
    const stop = spots.find((s) => s.v === v && (u === null || s.u === u)) || spots[0];
    for (const s of spots) {
      s.node.setAttribute("tabindex", s === stop ? 0 : -1);
      s.node.classList.toggle("lit", s.v === v && s.u === u);
    }
  }
  return { k, node, lit };
};
