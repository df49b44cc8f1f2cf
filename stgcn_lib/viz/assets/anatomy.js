/* A network as boxes: height is time, width is channels, the joints go into the depth. Below each box its share of the arithmetic; below all,
   the clip, and how much of it one number hears. It is drawn at the width that it has, so that its words keep their size. */
gim.define("anatomy", (figure, stage, data, gim) => {
  "use strict";
  const { el, svg } = gim;
  const stages = data.stages, last = stages.length - 1, PARTS = ["temporal", "spatial", "residual"];
  const TALL = 112, TOP = 26, BARS = 64, STRIP = 20;
  const count = (n) => n.toLocaleString("en-US");
  const sum = (s) => PARTS.reduce((all, part) => all + s.flops[part], 0);
  const share = (n) => { const p = 100 * n / data.total; return n === 0 ? "0 %" : p < 0.1 ? "under 0.1 %" : `${p.toFixed(p < 10 ? 1 : 0)} %`; };
  const shape = (s, i) => i === last ? `${s.shape[0]} scores` : `${s.shape[0]} \u00d7 ${s.shape[1]} \u00d7 ${s.shape[2]}`;
  let now = 0, width = 0, boxes = [], band = null;

  const picture = svg("svg", { "aria-hidden": "true" });
  const name = el("b", { class: "name" }), facts = el("dl", { class: "facts" }), told = el("p", { class: "told" });
  const legend = el("p", { class: "legend" }, "Arithmetic, from below: ", PARTS.map((part) => el("span", {},
    svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, class: part })), ` ${part} `)));
  const controls = gim.controls(figure, { last, fps: 1, smooth: false, word: "stage", draw: show });

  stage.replaceChildren(picture, legend, controls.node, el("p", { class: "head" }, name), facts, told);
  new ResizeObserver(() => { if (Math.abs(stage.clientWidth - width) > 1) paint(); }).observe(stage);
  paint();

  function paint() {
    width = Math.max(240, stage.clientWidth || 640);
    const gap = width < 480 ? 4 : 8, deep = width < 480 ? 3 : 6, thin = width < 480 ? 7 : 12;
    const channels = stages.slice(0, -1).map((s) => s.shape[0]), all = channels.reduce((a, b) => a + b, 0);
    const room = width - (last + 1) * gap - 2 * thin - deep - 4;                  // input and head are no wider than a slit
    const wide = channels.map((c, i) => i === 0 ? thin : room * c / (all - channels[0])).concat(thin);
    const most = Math.max(...stages.map(sum)), floor = TOP + TALL + 24 + BARS, H = floor + 46 + STRIP;
    picture.setAttribute("viewBox", `0 0 ${width} ${H}`);
    picture.style.width = "100%";
    let x = 2, before = null;
    boxes = stages.map((s, i) => {
      const w = wide[i], h = i === last ? 10 : Math.max(4, TALL * s.shape[1] / data.frames), y = TOP + (TALL - h) / 2, at = x;
      x += w + gap;
      const node = svg("g", { class: "stage", onclick: () => { controls.pause(); controls.seek(i); } },
        svg("rect", { class: "touch", x: at - gap / 2, y: 0, width: w + gap, height: floor + 14 }),
        svg("path", { class: "side", d: `M${at} ${y}l${deep} ${-deep}h${w}l${-deep} ${deep}zM${at + w} ${y}l${deep} ${-deep}v${h}l${-deep} ${deep}z` }),
        svg("rect", { class: "face", x: at, y, width: w, height: h }));
      if (i && i < last && s.shape[0] !== before)
        node.append(svg("text", { class: "channels", x: at, y: 12 }, i === 1 ? `C = ${s.shape[0]}` : String(s.shape[0])));
      before = s.shape[0];
      let y2 = floor;
      const bar = Math.min(26, Math.max(6, w * 0.7));
      for (const part of PARTS) {
        const h2 = BARS * s.flops[part] / most;
        y2 -= h2;
        if (h2 > 0) node.append(svg("rect", { class: part, x: at + (w - bar) / 2, y: y2, width: bar, height: h2 }));
      }
      if (i && i < last) node.append(svg("text", { class: "number", x: at + w / 2, y: floor + 13, "text-anchor": "middle" }, String(i)));
      return node;
    });
    // the strip of frames; what one number hears may be longer than the clip
    const longest = Math.max(data.frames, ...stages.map((s) => s.field)) * 1.02, top = floor + 38;
    const scale = (width - 4) / longest, start = width / 2 - data.frames * scale / 2;
    const ticks = svg("path", { class: "ticks", d: Array.from({ length: Math.floor((data.frames - 1) / 10) },
      (_, k) => `M${(start + (k + 1) * 10 * scale).toFixed(1)} ${top}v${STRIP}`).join("") });
    band = svg("rect", { class: "band", y: top - 3, height: STRIP + 6 });
    band.scale = scale;
    picture.replaceChildren(...boxes, svg("text", { class: "label", x: start, y: top - 8 }, `what one number hears, of ${data.frames} frames`),
      svg("rect", { class: "clip", x: start, y: top, width: data.frames * scale, height: STRIP }), ticks, band);
    show(now);
  }

  function show(index) {
    now = index;
    if (!band) return;
    const s = stages[now];
    boxes.forEach((box, i) => { box.classList.toggle("chosen", i === now); box.classList.toggle("later", i > now); });
    band.setAttribute("width", Math.max(2, s.field * band.scale));
    band.setAttribute("x", width / 2 - Math.max(2, s.field * band.scale) / 2);
    name.textContent = now === 0 ? "The clip, behind the first norm" : now === last ? "Mean over joints, frames and people, then the head" : `Block ${now}`;
    const rows = [[now === last ? "gives" : "shape C \u00d7 T \u00d7 V", shape(s, now)], ["hears", now === last ? "all frames" : `${s.field} frame${s.field > 1 ? "s" : ""}`],
      ["parameters", count(s.parameters)], ["arithmetic", now && now < last ? share(sum(s)) : "hardly any"]];
    facts.replaceChildren(...rows.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
    told.textContent = !now ? `${count(data.parameters)} parameters and ${(data.total / 1e9).toFixed(2)} GFLOP for one person in ${data.frames} frames, in all.`
      : now === last ? "One row of features is left of the whole clip." : changed(s, stages[now - 1]);
    told.setAttribute("aria-live", figure.dataset.playing === "true" ? "off" : "polite");
  }
  function changed(s, before) {
    const by = PARTS.filter((part) => s.flops[part]).map((part) => `${part} ${Math.round(100 * s.flops[part] / sum(s))} %`).join(", ");
    const step = s.shape[1] < before.shape[1] ? ` Stride: ${before.shape[1]} frames become ${s.shape[1]}, ${before.shape[0]} channels ${s.shape[0]}.`
      : s.shape[0] !== before.shape[0] ? ` ${before.shape[0]} channels become ${s.shape[0]}.` : "";
    return `Its arithmetic: ${by}.${step}`;
  }
});
