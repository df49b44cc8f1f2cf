/* What the figures of roads share: packed numbers (series.py packs them), the clock, the ramp of speed, curves over time. */
gim.roads = gim.roads || (() => {
  "use strict";
  const { el, svg } = gim, LEVELS = 20;
  const letters = [...Array(94).keys()].map((i) => String.fromCharCode(33 + i)).filter((letter) => !'"<\\'.includes(letter));
  const worth = Object.fromEntries(letters.map((letter, i) => [letter, i])), range = (n) => [...Array(n).keys()];
  const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

  /* Whole numbers from text, `digits` letters each: the inverse of digits_of in series.py. */
  function numbers(text, digits = 2) {
    return range(text.length / digits).map((i) => range(digits).reduce((sum, k) => sum * letters.length + worth[text[i * digits + k]], 0));
  }
  /* Rows of numbers, NaN where there is none: the inverse of pack in series.py. */
  function unpack({ unit, low, digits, text }, rows) {
    const steps = numbers(text, digits), levels = letters.length ** digits, n = steps.length / rows;
    return range(rows).map((r) => {
      let level = 0;
      return Float64Array.from({ length: n }, (_, t) => { level = (level + steps[r * n + t]) % levels; return level === levels - 1 ? NaN : (level + low) * unit; });
    });
  }
  const places = (unit) => Math.max(0, -Math.floor(Math.log10(unit) + 1e-9));

  /* Moments in words: label "08:15", whole "Tuesday 6 March 2012, 08:15", ticks for an axis. */
  function clock({ start, step, labels, stride }, T) {
    const two = (n) => String(n).padStart(2, "0"), date = (i) => new Date((start + i * step) * 60000);
    if (labels) return { word: "time", label: (i) => labels[i], whole: (i) => labels[i], ticks: (most) => gim.scores.ticks(0, T - 1, Math.max(2, Math.min(most, 6))).filter(Number.isInteger).map((i) => [i, labels[i]]) };
    if (start === undefined) return { word: "step", label: (i) => String(i * stride), whole: (i) => `step ${i * stride}`, ticks: (most) => gim.scores.ticks(0, (T - 1) * stride, Math.min(most, 10)).filter(Number.isInteger).map((i) => [i / stride, String(i)]) };
    const hours = (d) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`, day = (d) => `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()].slice(0, 3)}`;
    const span = (T - 1) * step, many = new Set([0, T - 1].map((i) => date(i).toISOString().slice(0, 10))).size > 1;
    return {
      word: "time",
      label: (i) => (many ? (span < 7 * 1440 ? DAYS[date(i).getUTCDay()].slice(0, 3) : day(date(i))) + " " : "") + hours(date(i)),
      whole: (i) => `${DAYS[date(i).getUTCDay()]} ${date(i).getUTCDate()} ${MONTHS[date(i).getUTCMonth()]} ${date(i).getUTCFullYear()}, ${hours(date(i))}`,
      ticks(most) {
        const every = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7 * 1440].find((m) => span / m <= most) || 14 * 1440, found = [];
        for (let m = Math.ceil(start / every) * every; m <= start + span; m += every) {
          const d = new Date(m * 60000);
          found.push([(m - start) / step, m % 1440 || !many ? hours(d) : span < 8 * 1440 ? DAYS[d.getUTCDay()].slice(0, 3) : day(d)]);
        }
        return found;
      },
    };
  }

  /* The ramp: share 0 is standing, 1 free. As a colour of CSS, and as numbers for a canvas. */
  const tones = range(LEVELS + 1).map((n) => {
    const p = (4 * n) / LEVELS, k = Math.min(3, Math.floor(p));
    return `color-mix(in srgb, var(--gim-speed-${k + 1}) ${Math.round(100 * (p - k))}%, var(--gim-speed-${k}))`;
  });
  const level = (share) => Math.round(LEVELS * Math.max(0, Math.min(1, share)));
  function rgb(figure) {
    const stops = range(5).map((k) => gim.color(figure, `speed-${k}`)).map((hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
    return (share) => {
      const p = 4 * Math.max(0, Math.min(1, share)), k = Math.min(3, Math.floor(p));
      return stops[k].map((c, i) => Math.round(c + (stops[k + 1][i] - c) * (p - k)));
    };
  }

  /* A line through numbers, broken where one is missing; a number that stands alone is a short stroke. */
  function path(list, x, y) {
    let d = "";
    for (let i = 0; i < list.length; i++) {
      if (Number.isNaN(list[i])) continue;
      const first = i === 0 || Number.isNaN(list[i - 1]), alone = first && (i + 1 === list.length || Number.isNaN(list[i + 1]));
      d += `${first ? "M" : "L"}${x(i).toFixed(1)} ${y(list[i]).toFixed(1)}` + (alone ? "h1.5" : "");
    }
    return d;
  }

  /* Curves over time with a cursor: { node, paint(w, lines), cursor(t, dots) }. A line is { list, cls, style }. */
  function plot({ tall, low, high, T, clock, seek, left: given }) {
    const ground = svg("g", {}), curves = svg("g", {}), line = svg("line", { class: "line" }), dots = svg("g", {});
    const node = svg("svg", { class: "curve-plot", "aria-hidden": "true", onpointerdown: point, onpointermove: (event) => event.buttons && point(event) }, ground, curves, line, dots);
    let x = null, y = null, at = null;
    function point(event) {
      const box = node.getBoundingClientRect(), px = ((event.clientX - box.left) * at.w) / box.width;
      if (seek) seek(Math.max(0, Math.min(T - 1, Math.round(((px - at.left) / (at.w - at.left - at.right)) * (T - 1)))));
    }
    return {
      node,
      paint(w, lines) {
        const marks = gim.scores.ticks(low, high, 4), left = given ? given() : Math.max(...marks.map((v) => gim.scores.wide(gim.digits(v), 11))) + 10, right = 10;
        at = { w, left, right };
        x = (t) => left + (T > 1 ? t / (T - 1) : 0.5) * (w - left - right);
        y = (v) => 8 + (tall - 8) * (1 - (Math.max(low, Math.min(high, v)) - low) / (high - low));
        node.setAttribute("viewBox", `0 0 ${w} ${tall + 22}`);
        ground.replaceChildren(...marks.flatMap((v) => [svg("line", { class: "rule", x1: left, x2: w - right, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 6, y: y(v) + 4, "text-anchor": "end" }, gim.digits(v))]), ...axis(clock, x, tall + 16, (w - left - right) / 62, [left, w]));
        curves.replaceChildren(...lines.map(({ list, cls, style }) => svg("path", { class: "curve " + cls, style, d: path(list, x, y) })));
      },
      cursor(t, values) {
        for (const [name, value] of Object.entries({ x1: x(t), x2: x(t), y1: 4, y2: tall })) line.setAttribute(name, value);
        dots.replaceChildren(...values.filter(({ value }) => !Number.isNaN(value)).map(({ value, cls, style, shape }) => svg("path", { class: "dot " + cls, style, d: gim.mark(shape || "circle", 4.2), transform: `translate(${x(t)} ${y(value)})` })));
      },
    };
  }
  /* Texts under an axis of time that keep inside [from, to]. */
  function axis(clock, x, y, most, [from, to]) {
    return clock.ticks(Math.max(2, most)).map(([t, text]) => {
      const half = gim.scores.wide(text, 11) / 2;
      return svg("text", { class: "tick", x: Math.max(from + half - 8, Math.min(to - half, x(t))), y, "text-anchor": "middle" }, text);
    });
  }
  /* The name of a sensor; a bare number is one that says nothing without the word. */
  const named = (names, v) => (!names ? `sensor ${v}` : /^\d+$/.test(names[v]) ? `sensor ${names[v]}` : names[v]);
  /* A picture of a line for a legend. */
  const icon = (d, cls, style, width = 26) => svg("svg", { viewBox: `0 0 ${width} 14`, width, height: 14, "aria-hidden": "true" }, svg("path", { class: cls, style, d }));

  return { LEVELS, numbers, unpack, places, clock, tones, level, rgb, path, plot, axis, named, icon, range };
})();
