/* The body of the partition explorer: joints that can be chosen, arrows from senders to receivers, names that find room.
     gim.partitionBody(graph, { choose(v), pick(v, u), hover() }) -> { node, draw(look), focus(v) }
   graph: { V, edges, names, places (0 to 1, y down), center }. look: see draw. */
gim.partitionBody = function (graph, act) {
  "use strict";
  const { svg } = gim, { V, edges, names } = graph, all = [...Array(V).keys()];
  const W = 330, SIDE = 26, TALL = 400, R = V > 30 ? 6.8 : 7.6;
  const wide = Math.max(...graph.places.map(([x]) => x)), tall = Math.max(...graph.places.map(([, y]) => y));
  const S = Math.min(wide ? (W - 2 * SIDE) / wide : 1e9, tall ? TALL / tall : 1e9, 300), H = Math.max(130, tall * S + 58);
  const stretch = wide ? Math.min(1.3, (W - 2 * SIDE) / (wide * S)) : 1;              // narrow bodies spread their arms a little
  const at = graph.places.map(([x, y]) => [W / 2 + (x - wide / 2) * S * stretch, H / 2 + (y - tall / 2) * S]);
  const near = all.map((v) => edges.filter((e) => e.includes(v)).map(([a, b]) => (a === v ? b : a)));
  let hovered = -1, look = null;

  const bones = edges.map(([a, b]) => svg("line", { class: "bone", x1: at[a][0], y1: at[a][1], x2: at[b][0], y2: at[b][1] }));
  const arrows = svg("g", { class: "arrows" }), ghosts = svg("g", { class: "ghosts", "aria-hidden": "true" });
  const words = svg("g", { class: "words", "aria-hidden": "true" });
  const joints = all.map((v) => svg("g", { class: "joint", transform: `translate(${at[v].map((x) => x.toFixed(1))})`, role: "button", tabindex: -1,
    onclick: () => act.choose(v), onkeydown: (event) => roam(event, v), onfocus: () => show(v), onblur: () => show(-1),
    onpointerenter: () => show(v), onpointerleave: () => show(-1) },
  svg("circle", { class: "touch", r: 15 }), svg("circle", { class: "ring", r: R + 5 }), svg("path", { class: "disc" }),
  svg("text", { class: "digit", y: 3.6, "text-anchor": "middle" })));
  const [cx, cy] = at[graph.center];
  const ray = (i, r) => [cx + r * Math.cos((i + 0.5) * Math.PI / 2), cy + r * Math.sin((i + 0.5) * Math.PI / 2)];
  const cross = svg("path", { class: "centre", d: [0, 1, 2, 3].map((i) => `M${ray(i, R + 3)}L${ray(i, R + 9)}`).join("") });
  const node = svg("svg", { class: "body", viewBox: `0 0 ${W} ${H.toFixed(0)}`, role: "group",
    "aria-label": "Body: arrow keys go along the bones from joint to joint" }, bones, cross, arrows, joints, ghosts, words);

  // ---- keys: along a bone if one leads that way, else to the nearest joint there --------------------------------------------
  function towards(v, [dx, dy]) {
    const far = (u) => Math.hypot(at[u][0] - at[v][0], at[u][1] - at[v][1]) || 1;
    const aim = (u) => ((at[u][0] - at[v][0]) * dx + (at[u][1] - at[v][1]) * dy) / far(u);    // 1 straight ahead, 0 aside
    const along = near[v].filter((u) => aim(u) > 0.6).sort((a, b) => aim(b) - aim(a));
    const ahead = all.filter((u) => u !== v && aim(u) > 0.35).sort((a, b) => far(a) * (2 - aim(a)) - far(b) * (2 - aim(b)));
    return along[0] ?? ahead[0] ?? v;
  }
  function roam(event, v) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
    const next = event.key in ways ? towards(v, ways[event.key]) : { PageDown: (v + 1) % V, PageUp: (v + V - 1) % V, Home: graph.center,
      Enter: v, " ": v }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    joints[next].focus();
    if (!look.whole || event.key === "Enter" || event.key === " ") act.choose(next);
    else stop(next);
  }
  const stop = (v) => joints.forEach((joint, u) => joint.setAttribute("tabindex", u === v ? 0 : -1));

  // ---- arrows -----------------------------------------------------------------------------------------------------------------
  function arrow({ v, u, style, number, wrong, strong, bent, lane }) {
    const [vx, vy] = at[v], [ux, uy] = at[u], l = Math.hypot(vx - ux, vy - uy) || 1, dx = (vx - ux) / l, dy = (vy - uy) / l;
    const off = lane ? 3.8 : 0, bend = bent ? Math.min(0.22 * l, 30) : 0, R1 = R + (look.whole ? -1 : 2.5), gap = R + (look.whole ? 0 : 5);
    const p = (t, side) => [ux + dx * t - dy * side, uy + dy * t + dx * side];
    const start = p(Math.min(R1, l / 3), off + bend * 0.2), mid = p(l / 2, off + 2 * bend), tip = p(Math.max(l - gap, l * 0.6), off + bend * 0.2);
    const k = Math.hypot(tip[0] - mid[0], tip[1] - mid[1]) || 1, hx = bend ? (tip[0] - mid[0]) / k : dx, hy = bend ? (tip[1] - mid[1]) / k : dy;
    const size = strong ? 9.5 : look.whole ? 6.5 : 8.5, wing = size * 0.55, neck = [tip[0] - hx * size, tip[1] - hy * size];
    const d = bend ? `M${start}Q${mid} ${neck}` : `M${start}L${neck}`;
    const spot = bend ? [(start[0] + 2 * mid[0] + neck[0]) / 4, (start[1] + 2 * mid[1] + neck[1]) / 4] : p(l * (number ? 0.3 : 0.46), off + (lane ? 1 : 0));   // numbers of both lanes keep apart
    return svg("g", { class: `arrow${strong ? " strong" : ""}${wrong ? " wrong" : ""}`, style: `--tone:${style.color}`, "data-v": v, "data-u": u,
      onclick: () => act.pick(v, u) },
      svg("path", { class: "touch", d }), svg("path", { class: "shaft", d, "stroke-dasharray": style.dash || null }),
      svg("path", { class: "head", d: `M${tip}L${neck[0] - hy * wing} ${neck[1] + hx * wing}L${neck[0] + hy * wing} ${neck[1] - hx * wing}Z` }),
      number ? svg("g", { class: "count", transform: `translate(${spot})` }, svg("circle", { r: 6.2 }), svg("text", { y: 3, "text-anchor": "middle" }, number))
        : wrong ? svg("path", { class: "cross", transform: `translate(${spot})`, d: "M-3.6 -3.6L3.6 3.6M3.6 -3.6L-3.6 3.6" }) : null);
  }

  // ---- names: each takes the first place beside its joint that is inside and covers nothing -----------------------------------
  function write(list) {
    const taken = at.map(([x, y]) => [x - R, y - R, x + R, y + R]), out = [];
    for (const { v, u, bent } of look.whole ? [] : look.messages)                     // straight arrows want to be seen, too
      for (const t of bent || u === v ? [] : [0.25, 0.5, 0.75]) {
        const [x, y] = [0, 1].map((i) => at[u][i] + t * (at[v][i] - at[u][i]));
        taken.push([x - 4, y - 4, x + 4, y + 4]);
      }
    for (const { v, kind, style } of list) {
      const w = names[v].length * 6.7 + 3, [x, y] = at[v], r = R + (kind === "receiver" ? 10 : 7), right = x >= W / 2 - 1;
      const places = [[right ? r : -r - w, 4], [-w / 2, r + 9], [-w / 2, -r - 1], [right ? -r - w : r, 4], [right ? 4 : -w - 4, r + 8],
        [right ? 4 : -w - 4, -r + 2], [right ? -w - 2 : 2, r + 8]];              // left ends and base lines, seen from the joint
      const cost = places.map(([px, py], i) => {
        const box = [x + px, y + py - 10, x + px + w, y + py + 3];
        const shared = (t, i) => Math.max(0, Math.min(box[i + 2], t[i + 2]) - Math.max(box[i], t[i]));
        const over = taken.reduce((sum, t) => sum + shared(t, 0) * shared(t, 1), 0);
        return over + 40 * (Math.max(0, 2 - box[0]) + Math.max(0, box[2] - W + 2) + Math.max(0, -box[1]) + Math.max(0, box[3] - H)) + i * 3;
      });
      const [px, py] = places[cost.indexOf(Math.min(...cost))];
      const left = Math.max(2, Math.min(W - w - 2, x + px));
      taken.push([left, y + py - 10, left + w, y + py + 3]);
      out.push(svg("text", { class: `name ${kind}`, x: left, y: y + py, style: style ? `--tone:${style.ink}` : null }, names[v]));
    }
    words.replaceChildren(...out);
  }
  function show(v) {
    hovered = v;
    if (look) write(look.labels.concat(v >= 0 && !look.labels.some((label) => label.v === v) ? [{ v, kind: "hover" }] : []));
  }

  /* Small copies of the senders' marks travel to the receiver, once. */
  function fly(messages) {
    ghosts.replaceChildren();
    if (gim.reducedMotion()) return;
    messages.filter(({ v, u }) => v !== u).slice(0, 40).forEach(({ v, u, style }) => {
      const ghost = svg("path", { d: gim.mark(style.mark, 5), style: `--tone:${style.color}` });
      const [from, to] = [u, v].map((i) => `translate(${at[i][0]}px, ${at[i][1]}px)`);
      ghosts.append(ghost);
      ghost.animate([{ transform: from, opacity: 0 }, { transform: from, opacity: 1, offset: 0.15 }, { transform: to, opacity: 0.2 }],
        { duration: 650, easing: "ease-in-out" }).onfinish = () => ghost.remove();
    });
  }

  /* look: { whole, receiver, stop (who has the tab stop), discs: V of { style or null, digit, label }, messages: list for arrow(),
             labels: list of { v, kind, style }, fly } */
  function draw(next) {
    look = next;
    stop(look.stop);
    joints.forEach((joint, v) => {
      const { style, digit, label } = look.discs[v], [, ring, disc, text] = joint.children;
      joint.classList.toggle("receiver", v === look.receiver);
      joint.classList.toggle("sender", !!style);
      joint.classList.toggle("pale", !!(style && style.pale));
      joint.style.setProperty("--tone", style ? style.color : "var(--gim-muted)");
      joint.setAttribute("aria-label", label);
      joint.setAttribute("aria-pressed", String(v === look.receiver));
      ring.setAttribute("visibility", v === look.receiver ? "visible" : "hidden");
      disc.setAttribute("d", gim.mark(style ? style.mark : "circle", style ? (look.whole ? R * 0.92 : R + 1) : R * 0.9));
      text.textContent = digit;
      text.setAttribute("y", style && style.mark === "triangle-in" ? 2 : style && style.mark === "triangle-out" ? 6 : 3.6);
    });
    arrows.replaceChildren(...look.messages.filter(({ v, u }) => v !== u).map(arrow));
    write(look.labels);
    if (look.fly) fly(look.messages);
  }
  return { node, draw, focus: (v) => joints[v].focus(), R };
};
