/* What every component shares: a registry, small DOM helpers, theme and motion settings, the one family of controls.
   A component is  gim.define("kind", function (figure, stage, data, gim) { ... })  and draws into `stage`. */
var gim = window.gim && window.gim.version === 1 ? window.gim : (window.gim = (function () {
  "use strict";
  const kinds = {}, repaints = [], waiting = new Set();
  const own = document.currentScript && document.currentScript.src;
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child != null));
    return node;
  }

  const api = {
    version: 1,
    base: own ? own.replace(/[^/]*$/, "") : null,          // where the site keeps our files; null in a notebook
    define(kind, mount) { kinds[kind] = mount; },
    el: (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children),
    svg: (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children),
    color: (node, name) => getComputedStyle(node).getPropertyValue("--gim-" + name).trim(),
    reducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
    digits: (value, places) => String(+Number(value).toFixed(places == null ? 2 : places)).replace("-", "\u2212"),

    /* Call `redraw` whenever the host switches between light and dark (only canvas and plotly need it; SVG follows CSS). It
       reads the colours at once; if the drawing comes later, it returns a promise. `repaint` does it now, for save.js. */
    repaint: () => repaints.map((redraw) => redraw()),
    onTheme(redraw) {
      repaints.push(redraw);
      const watch = new MutationObserver(redraw);
      for (const node of [document.documentElement, document.body])
        watch.observe(node, { attributes: true, attributeFilter: ["data-theme", "theme", "data-jp-theme-light"] });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    },

    /* Call `start` once, when the figure comes near the screen, or now for all that wait: before printing. */
    whenNear(node, start) {
      const go = () => { watch.disconnect(); waiting.delete(go); start(); };
      const watch = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) go(); },
        { rootMargin: "600px" });
      waiting.add(go);
      watch.observe(node);
    },
    startAll: () => waiting.forEach((go) => go()),

    /* The outline of a mark of theme.py's MARK, centred on 0, as an SVG path: for <path d> and for Path2D. */
    mark(shape, r) {
      const k = r * 1.15, h = r * 0.88;
      return {
        square: `M${-h} ${-h}H${h}V${h}H${-h}Z`,
        diamond: `M0 ${-k * 1.1}L${k * 1.1} 0L0 ${k * 1.1}L${-k * 1.1} 0Z`,
        "triangle-in": `M${-k} ${-k * 0.8}H${k}L0 ${k}Z`,
        "triangle-out": `M${-k} ${k * 0.8}H${k}L0 ${-k}Z`,
      }[shape] || `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    },

    /* A small toggle button that says its state; `change(on)` is called on every press. */
    toggle(label, on, change) {
      const button = api.el("button", { type: "button", "aria-pressed": String(!!on), onclick() {
        const now = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(now));
        change(now);
      } }, label);
      return button;
    },

    /* A polite voice for readers who cannot see: what is said last within half a second is said once. */
    voice(figure) {
      const node = api.el("div", { class: "gim-voice", "aria-live": "polite" });
      figure.append(node);
      let timer = 0;
      return (text) => { clearTimeout(timer); timer = setTimeout(() => { node.textContent = text; }, 400); };
    },

    /* A disclosure that lists keys: [["Space", "play or pause"], ...]. */
    keys: (rows) => api.el("details", { class: "gim-keys" }, api.el("summary", {}, "Keys"),
      api.el("dl", {}, rows.map(([key, does]) => api.el("div", {}, api.el("dt", {}, key), api.el("dd", {}, does))))),

    /* The one family of controls: Play, Back, Step, a scrubber, a readout, a speed. It owns the clock, the keys and the
       attributes `data-frame` and `data-playing` of the figure; the component only draws.
         last      index of the last frame or step           fps     frames a second at speed 1
         draw(p)   draw position p: whole when it stands still, between two frames while it plays (whole if smooth is false)
         name(i)   the number shown for index i (frames may have been thinned out)    word    "frame" or "step"
       Returns { node, voice, play(), pause(), seek(i), step(n), position(), playing() }. */
    controls(figure, { last, fps = 30, draw, frame = 0, smooth = true, name = (i) => i, word = "frame", autoplay = false }) {
      const speeds = [0.25, 0.5, 1, 1.5, 2], hold = 0.5;   // the last pose stays for half a second before it starts again
      let position = frame, playing = false, speed = 1, before = 0, seen = false, handle = 0;
      const say = api.voice(figure);
      const report = () => say(playing ? `Playing at speed ${speed}`
        : `Paused at ${word} ${name(Math.round(position))}, last is ${name(last)}`);

      const icon = api.svg("path", {});
      const text = api.el("span", {}, "Play");
      const toggle = api.el("button", { type: "button", class: "gim-play", onclick: () => (playing ? pause() : play()) },
        api.svg("svg", { viewBox: "0 0 10 10", width: 10, height: 10, "aria-hidden": "true" }, icon), text);
      const back = api.el("button", { type: "button", onclick: () => step(-1) }, "Back");
      const ahead = api.el("button", { type: "button", onclick: () => step(1) }, "Step");
      const title = word[0].toUpperCase() + word.slice(1), now = api.el("b", {});
      const scrub = api.el("input", { type: "range", min: 0, max: last, step: 1, value: frame, "aria-label": title,
        oninput: () => { const at = +scrub.value; pause(); seek(at); } });
      const readout = api.el("span", { class: "gim-readout" }, word === "frame" ? "t = " : word + " ", now, ` / ${name(last)}`);
      const pace = api.el("select", { "aria-label": "Speed", onchange: () => { speed = +pace.value; report(); } },
        speeds.map((s) => api.el("option", { value: s, selected: s === 1 }, `${s}\u00d7`)));

      function show() {
        const index = Math.min(last, Math.round(position)), label = String(name(index));
        if (now.textContent !== label) {
          now.textContent = label;
          scrub.value = index;
          figure.dataset.frame = label;
        }
        draw(smooth && playing ? Math.min(last, position) : index);
      }
      function tick(time) {
        handle = 0;
        if (!playing || !seen || document.hidden) return;
        position += (Math.min(time - before, 100) / 1000) * fps * speed;   // after a stall it goes on, it does not jump
        before = time;
        if (position > last + hold * fps * speed) position = 0;
        show();
        handle = requestAnimationFrame(tick);
      }
      function run() {
        if (playing && seen && !document.hidden && !handle) { before = performance.now(); handle = requestAnimationFrame(tick); }
      }
      function state(on) {
        playing = on;
        figure.dataset.playing = String(on);
        text.textContent = on ? "Pause" : "Play";
        icon.setAttribute("d", on ? "M1 0h3v10h-3zM6 0h3v10h-3z" : "M1 0L10 5L1 10Z");
        if (!on) { position = Math.min(last, Math.round(position)); show(); }
      }
      function play() {
        if (last === 0 || playing) return;
        if (position >= last) position = 0;
        state(true);
        run();
        report();
      }
      function pause() { if (playing) { state(false); report(); } }
      function seek(index) { position = Math.max(0, Math.min(last, index)); show(); if (!playing) report(); }
      function step(n) { pause(); seek(Math.round(position) + n); }
      function faster(n) {
        pace.selectedIndex = Math.max(0, Math.min(speeds.length - 1, pace.selectedIndex + n));
        speed = +pace.value;
        report();
      }

      figure.addEventListener("keydown", (event) => {
        const tag = event.target.tagName;
        const field = tag === "SELECT" || tag === "TEXTAREA" || (tag === "INPUT" && event.target.type !== "range");
        if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || field) return;
        if (event.key === " " && (tag === "BUTTON" || tag === "SUMMARY")) return;      // there, Space presses what has the focus
        const act = { " ": () => (playing ? pause() : play()), "[": () => faster(-1), "]": () => faster(1), Home: () => seek(0),
          End: () => { pause(); seek(last); }, ArrowLeft: () => step(-1), ArrowRight: () => step(1) }[event.key];
        if (!act || (event.shiftKey && event.key.startsWith("Arrow"))) return;
        event.preventDefault();
        act();
      });
      new IntersectionObserver((entries) => {
        seen = entries[entries.length - 1].isIntersecting;
        if (seen && autoplay) { autoplay = false; if (!api.reducedMotion()) play(); }
        run();
      }).observe(figure);
      document.addEventListener("visibilitychange", run);

      const node = api.el("div", { class: "gim-controls" }, toggle, back, ahead, scrub, readout, pace);
      if (last === 0) node.hidden = true;
      state(false);
      return { node, voice: say, play, pause, seek, step, position: () => position, playing: () => playing };
    },

    mount(figure) {
      const kind = kinds[figure.dataset.gim];
      if (!kind || figure.dataset.gimReady) return;
      figure.dataset.gimReady = "1";
      const stage = figure.querySelector(".gim-stage"), data = figure.querySelector("script.gim-data");
      figure.dataset.lmSuppressShortcuts = "true";   // in JupyterLab, keys pressed in a figure are not for the notebook
      try {
        kind(figure, stage, data && JSON.parse(data.textContent), api);
        api.saveButton(figure, stage);
      } catch (error) {             // one broken figure must not stop the others on the page
        console.error(`figure "${figure.dataset.gim}":`, error);
      }
      // Colab measures an output once: tell it when the figure grows (a disclosure opens, the phone turns).
      const colab = window.google && window.google.colab && window.google.colab.output;
      if (colab && colab.resizeIframeToContent) new ResizeObserver(() => colab.resizeIframeToContent()).observe(figure);
    },
    mountAll() { document.querySelectorAll("figure[data-gim]").forEach(api.mount); },
  };
  // A page of the book loads one script after the other, deferred: only after the last is every kind of figure defined.
  if (document.readyState === "complete") setTimeout(api.mountAll);
  else for (const moment of ["DOMContentLoaded", "load"]) window.addEventListener(moment, api.mountAll);
  return api;
})());
