/* What every component shares: a registry, small DOM helpers, theme and motion settings, the one family of controls.
   A component is  gim.define("kind", function (figure, stage, data, gim) { ... })  and draws into `stage`. */
var gim = window.gim && window.gim.version === 1 ? window.gim : (window.gim = (function () {
  "use strict";
  const kinds = {};
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

    /* Call `redraw` whenever the host switches between light and dark (only canvas and plotly need it; SVG follows CSS). */
    onTheme(redraw) {
      const watch = new MutationObserver(redraw);
      for (const node of [document.documentElement, document.body])
        watch.observe(node, { attributes: true, attributeFilter: ["data-theme", "theme", "data-jp-theme-light"] });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    },

    /* Call `start` once, when the figure comes near the screen. */
    whenNear(node, start) {
      const watch = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) { watch.disconnect(); start(); }
      }, { rootMargin: "600px" });
      watch.observe(node);
    },

    mount(figure) {
      const kind = kinds[figure.dataset.gim];
      if (!kind || figure.dataset.gimReady) return;
      figure.dataset.gimReady = "1";
      const stage = figure.querySelector(".gim-stage");
      const data = JSON.parse(figure.querySelector("script.gim-data").textContent);
      kind(figure, stage, data, api);
    },
    mountAll() { document.querySelectorAll("figure[data-gim]").forEach(api.mount); },
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", api.mountAll);
  else setTimeout(api.mountAll);
  return api;
})());
