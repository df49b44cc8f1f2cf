/* "Save as SVG" at every figure, and figures on paper. What a figure shows now becomes one drawing that stands alone: its SVG
   parts with their computed style, its canvases drawn once more as paths, its words as text, each where it stands; controls
   stay behind. Always in the light colours, on nothing: such files go on slides and into papers, and paper is white.
   A canvas takes part if it has a function `canvas.draw(pen)`; what only asks for a hand has the class "gim-hint"; a button that
   also tells something has the class "gim-shown". */
if (!gim.save) (function (gim) {
  "use strict";
  const QUESTIONS = new Set(["box", "quiz"]);                        // nothing drawn there
  const SKIP = "button:not(.gim-shown), input, select, details, .gim-controls, .gim-tools, .gim-settings, .gim-voice, .gim-hint, script, style";
  // presentation attributes with their initial values: written only where they differ from what would be inherited anyway
  const INHERITED = { fill: "#000", "fill-opacity": "1", "fill-rule": "nonzero", stroke: "none", "stroke-width": "1px", "stroke-opacity": "1",
    "stroke-dasharray": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter", "font-size": "", "font-weight": "400",
    "font-style": "normal", "text-anchor": "start", "dominant-baseline": "auto", "paint-order": "normal", "image-rendering": "auto" };
  const OWN = { opacity: "1", "clip-path": "none", "stop-color": "#000", "stop-opacity": "1" }, ALL = { ...INHERITED, ...OWN };
  const STORE = "defs, clipPath, marker, mask, pattern, symbol";     // drawn only where something refers to it
  const FONT = "system-ui, sans-serif", { svg } = gim, short = (x) => +x.toFixed(2);
  let ids = 0;

  /* Any colour that getComputedStyle writes, as [#rrggbb, opacity]. */
  function color(text) {
    if (!/^(rgb|color\(srgb)/.test(text)) return [text, 1];          // none, url(#...), #rrggbb
    const [r, g, b, a = 1] = text.match(/-?[\d.]+(e-?\d+)?/g).map(Number), k = text.startsWith("color") ? 255 : 1;
    const hex = [r, g, b].map((x) => Math.round(Math.min(255, Math.max(0, x * k))).toString(16).padStart(2, "0"));
    return ["#" + hex.join(""), a];
  }

  // ---- canvas -------------------------------------------------------------------------------------------------------------
  /* A pen with the calls of a canvas context that skeleton.js makes; it keeps SVG elements in `node`, w by h units. */
  gim.pen = function (node, w, h) {
    let d = "", last = null;
    const saved = [], mark = (path) => (path ? { d: path.d, transform: `translate(${pen.at.map(short)}) scale(${short(pen.grown)})` } : { d });
    /* one element for what is filled and stroked alike, in either order */
    function put(paint, tag, where, words) {
      const key = tag + JSON.stringify(where) + words, [hex, opacity] = color(pen[paint + "Style"]);
      if (!last || last.key !== key || last[paint]) {
        last = { key, node: svg(tag, { ...where, fill: "none" }, words) };
        node.append(last.node);
      } else if (paint === "fill") last.node.setAttribute("paint-order", "stroke");
      last[paint] = true;
      const look = { [paint]: hex, [paint + "-opacity"]: opacity * pen.globalAlpha };
      if (paint === "stroke") Object.assign(look, { "stroke-width": pen.lineWidth, "stroke-dasharray": pen.dash.map(short).join(" "),
        "stroke-linecap": pen.lineCap, "stroke-linejoin": pen.lineJoin });
      for (const [name, value] of Object.entries(look))
        if (value !== "" && value !== 1) last.node.setAttribute(name, typeof value === "number" ? short(value) : value);
    }
    function text(paint, words, x, y) {
      const [weight, size] = pen.font.split(" ");
      put(paint, "text", { x: short(x), y: short(y + 0.35 * parseFloat(size)), "font-size": size, "font-weight": weight }, words);
    }
    const pen = {
      globalAlpha: 1, fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, lineCap: "butt", lineJoin: "miter", font: "400 12px sans-serif",
      dash: [], at: [0, 0], grown: 1,
      setTransform() {}, clearRect() {},
      save() { saved.push({ ...pen }); },
      restore() { Object.assign(pen, saved.pop()); },
      translate(x, y) { pen.at = [x, y]; },
      scale(k) { pen.grown = k; },
      setLineDash(list) { pen.dash = list; },
      beginPath() { d = ""; },
      moveTo(x, y) { d += `M${short(x)} ${short(y)}`; },
      lineTo(x, y) { d += `L${short(x)} ${short(y)}`; },
      ellipse(x, y, a, b) {                                          // whole ones, as all are here
        const half = (dx) => `a${short(a)} ${short(b)} 0 1 0 ${short(dx)} 0`;
        d += `M${short(x - a)} ${short(y)}${half(2 * a)}${half(-2 * a)}Z`;
      },
      arc(x, y, r) { pen.ellipse(x, y, r, r); },
      fill: (path) => put("fill", "path", mark(path), ""),
      stroke: (path) => put("stroke", "path", mark(path), ""),
      fillText: (words, x, y) => text("fill", words, x, y),
      strokeText: (words, x, y) => text("stroke", words, x, y),
      /* another pen, for what is drawn soft */
      soft(radius, opacity) {
        const id = `gim-soft-${++ids}`, inner = svg("g", { opacity, filter: `url(#${id})` });
        node.append(svg("filter", { id, filterUnits: "userSpaceOnUse", x: 0, y: 0, width: w, height: h },
          svg("feGaussianBlur", { stdDeviation: radius })), inner);
        return gim.pen(inner, w, h);
      },
    };
    return pen;
  };
  function redrawn(canvas) {
    const w = canvas.clientWidth, h = canvas.clientHeight, node = svg("g", {});
    canvas.draw(gim.pen(node, w, h));
    return [node, w, h];
  }

  // ---- the parts of a figure ----------------------------------------------------------------------------------------------
  function looks(style) {
    const found = {};
    for (const name in ALL) found[name] = style.getPropertyValue(name);
    for (const name of ["fill", "stroke", "stop-color"]) {
      const [hex, opacity] = color(found[name]), veil = name.replace("-color", "") + "-opacity";
      found[name] = opacity ? hex : "none";
      found[veil] = String(short(found[veil] * opacity));
    }
    return found;
  }
  /* An SVG element with all it looks like written into it; null for what nobody sees. */
  function copy(node, above, stored) {
    const style = getComputedStyle(node), look = looks(style), name = node.localName;
    stored = stored || node.matches(STORE);
    if (name === "style" || name === "script" || name === "foreignObject") return null;
    if (!stored && (style.display === "none" || (node instanceof SVGGeometryElement && look.fill === "none" && look.stroke === "none"))) return null;
    const made = document.createElementNS(node.namespaceURI, name === "svg" ? "g" : name);
    for (const { name: key, value, namespaceURI } of name === "svg" ? [] : node.attributes)
      if (!(key in ALL) && !/^(class|style|tabindex|role|focusable|aria-.*|data-.*|on.*)$/.test(key))
        made.setAttributeNS(namespaceURI, key, value);
    for (const [key, value] of Object.entries(look))
      if (value !== { ...above, ...OWN }[key]) made.setAttribute(key, value.replace(/"/g, ""));
    for (const child of node.childNodes) {
      const inner = child.nodeType === 1 ? copy(child, look, stored) : child.nodeType === 3 && child.data.trim() ? child.data : null;
      if (inner !== null) made.append(inner);
    }
    return made;
  }
  /* The lines of a text node, each a string with its place. */
  function lines(node) {
    const found = [], range = document.createRange();
    for (const word of node.data.matchAll(/[^\s-]+-*|-+/g)) {           // a line may break after a hyphen too
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const box = range.getBoundingClientRect(), line = found[found.length - 1];
      if (!box.width) continue;
      if (line && Math.abs(line.box.top - box.top) < 2) {
        line.words += (/\s/.test(node.data[word.index - 1]) ? " " : "") + word[0];
        line.box = new DOMRect(line.box.x, line.box.y, box.right - line.box.x, line.box.height);
      } else found.push({ words: word[0], box });
    }
    return found;
  }
  /* What the figure shows now, as one <svg>. */
  function drawing(figure) {
    const stage = figure.querySelector(".gim-stage"), { left, top } = stage.getBoundingClientRect(), parts = [], xs = [], ys = [], EDGE = 8;
    function add(part, box) {
      if (!parts.includes(part)) parts.push(part);
      xs.push(box.left - left, box.right - left);
      ys.push(box.top - top, box.bottom - top);
    }
    ids = 0;
    let before = null;                                               // the line that goes on, in another font too, with the next words
    (function walk(node) {
      if (node.nodeType === 3)
        for (const { words, box } of lines(node)) {
          const style = getComputedStyle(node.parentElement), gap = before ? box.left - before.box.right : NaN;
          const look = { fill: color(style.color)[0], "font-size": style.fontSize, "font-weight": style.fontWeight,
            "font-style": style.fontStyle, ...(style.textDecorationLine !== "none" && { "text-decoration": style.textDecorationLine }), "font-family": /mono/.test(style.fontFamily) ? "monospace" : FONT };
          if (Math.abs(gap) < 0.6 * parseFloat(style.fontSize) && Math.abs(box.bottom - before.box.bottom) < 4)
            before.text.append(svg("tspan", look, (gap > 1 ? " " : "") + words));
          else before = { text: svg("text", { x: short(box.left - left),
            // the box of a line reaches from the highest to the lowest letter; about four fifths of it stand on the line
            y: short(box.top - top + 0.79 * box.height) }, svg("tspan", look, words)) };
          before.box = box;
          add(before.text, box);
        }
      if (node.nodeType !== 1 || node.matches(SKIP) || !node.getClientRects().length) return;
      const box = node.getBoundingClientRect();
      if (node.localName === "svg") {
        const m = node.getScreenCTM(), part = copy(node, INHERITED);
        part.setAttribute("transform", `matrix(${[m.a, m.b, m.c, m.d].map((x) => +x.toFixed(5))} ${[m.e - left, m.f - top].map(short)})`);
        add(part, box);
      } else if (node.draw) {
        const [part, w, h] = redrawn(node);
        part.setAttribute("transform", `translate(${[box.left - left, box.top - top].map(short)}) scale(${short(box.width / w)} ${short(box.height / h)})`);
        add(part, box);
      } else node.childNodes.forEach(walk);
    })(stage);
    if (!parts.length) return null;
    const [x, y] = [xs, ys].map((list) => Math.floor(Math.min(...list)) - EDGE);
    const w = Math.ceil(Math.max(...xs)) + EDGE - x, h = Math.ceil(Math.max(...ys)) + EDGE - y;
    const alt = figure.getAttribute("aria-label") || "", see = figure.querySelector("figcaption");
    return svg("svg", { width: w, height: h, viewBox: `${x} ${y} ${w} ${h}`, "font-family": FONT },
      svg("title", {}, alt.split(/[.:;]\s/)[0]), svg("desc", {}, alt + (see ? " " + see.textContent : "")),
      svg("metadata", {}, "Graphs in Motion, CC BY 4.0" + (gim.base && location.protocol === "https:" ? ", " + location.href.split("#")[0] : "")), parts);
  }

  // ---- the file -----------------------------------------------------------------------------------------------------------
  const figures = () => [...document.querySelectorAll("figure[data-gim]")].filter((one) => !QUESTIONS.has(one.dataset.gim));
  function fileName(figure) {
    const page = decodeURIComponent(location.pathname).replace(/^.*\//, "").replace(/\.html$/, "");
    const at = figure.dataset.frame === undefined ? "" : "-t" + figure.dataset.frame.replace(/\D/g, "");   // a clock is 08:15
    return `${gim.base && page && page !== "index" ? page : "graphs-in-motion"}-figure-${figures().indexOf(figure) + 1}${at}.svg`;
  }
  /* The palette of light, on or off, at once: nothing may be on its way from one colour to the other. */
  function light(figure, on) {
    figure.classList.add("gim-swap");
    figure.classList.toggle("gim-light", on);
    figure.getBoundingClientRect();
    figure.classList.remove("gim-swap");
  }
  gim.save = async function (figure) {
    light(figure, true);
    await Promise.all(gim.repaint());                                // what does not follow CSS: canvases, plotly
    const made = drawing(figure);
    light(figure, false);
    gim.repaint();
    if (!made) return;
    const text = '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(made);
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    gim.el("a", { href: address, download: fileName(figure) }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  gim.saveButton = function (figure, stage) {
    if (!QUESTIONS.has(figure.dataset.gim))
      stage.after(gim.el("button", { type: "button", class: "gim-save", onclick: () => gim.save(figure) }, "Save as SVG"));
  };
  gim.define("picture", () => {});                                   // drawn by Python: there is only the button

  // ---- paper --------------------------------------------------------------------------------------------------------------
  addEventListener("beforeprint", () => {
    gim.startAll();
    for (const figure of figures()) light(figure, true);
    gim.repaint();
    for (const canvas of document.querySelectorAll("figure[data-gim] canvas"))
      if (canvas.draw && canvas.clientWidth) {                       // lines instead of pixels
        const [part, w, h] = redrawn(canvas);
        canvas.after(svg("svg", { class: "gim-paper", viewBox: `0 0 ${w} ${h}` }, part));
      }
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll(".gim-paper").forEach((node) => node.remove());
    for (const figure of figures()) light(figure, false);
    gim.repaint();
  });
})(gim);
