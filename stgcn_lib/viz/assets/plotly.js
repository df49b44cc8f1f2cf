/* A plotly chart: plotly comes from the site's own files when the chart comes near the screen, and follows light and dark. */
gim.define("plotly", function (figure, stage, data, gim) {
  "use strict";
  const load = () => (gim.plotly = gim.plotly || new Promise((done, fail) => {
    const node = gim.el("script", { src: gim.base + "vendor/plotly-cartesian.min.js", onload: () => done(window.Plotly), onerror: fail });
    document.head.append(node);
  }));
  /* palette names, written by plots.py as "--gim-NAME", become the colours of the moment */
  function paint(value) {
    if (typeof value === "string") return value.startsWith("--gim-") ? gim.color(figure, value.slice(6)) : value;
    if (Array.isArray(value)) return value.map(paint);
    if (!value || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, paint(inner)]));
  }

  function look() {
    const color = (name) => gim.color(figure, name);
    const axis = { gridcolor: color("line"), zerolinecolor: color("line"), linecolor: color("muted"), automargin: true };
    const [none, most, least] = ["soft", "cell", "cell-negative"].map(color);
    return {
      paper_bgcolor: color("surface"), plot_bgcolor: color("surface"), dragmode: false, xaxis: axis, yaxis: axis,
      font: { color: color("ink"), family: getComputedStyle(figure).fontFamily, size: 13 },
      margin: { l: 56, r: 16, t: data.layout.title ? 44 : 16, b: 48 }, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
      hoverlabel: { bgcolor: color("raised"), bordercolor: color("muted"), font: { color: color("ink") } },
      colorway: ["accent", "sender", "right", "left", "receiver", "root"].map(color),
      colorscale: { sequential: [[0, none], [1, most]], sequentialminus: [[0, least], [1, none]],
        diverging: [[0, least], [0.5, none], [1, most]] },
    };
  }
  function layout() {
    const own = paint(data.layout);
    const { xaxis, yaxis, ...base } = look(), axes = { xaxis, yaxis };
    for (const key of Object.keys(own)) if (/^[xy]axis\d+$/.test(key)) axes[key] = xaxis;
    for (const key of Object.keys(axes)) axes[key] = { ...axes[key], ...own[key] };
    return { ...base, ...own, ...axes, font: { ...base.font, ...own.font }, autosize: true };
  }

  const chart = gim.el("div", { tabindex: 0, role: "img",
    "aria-label": "Chart. Left and right arrow keys read its points, up and down its lines" });
  const frames = data.frames || [];
  const draw = () => {
    const config = { displayModeBar: false, responsive: true };
    return window.Plotly.react(chart, { data: paint(data.data), layout: layout(), frames: paint(frames), config })
      .then(() => { if (clock) show(Math.round(clock.position())); });
  };
  const show = (i) => window.Plotly.animate(chart, [frames[i].name],
    { mode: "immediate", frame: { duration: 0, redraw: true }, transition: { duration: 0 } });
  let clock = null, say = null, curve = 0, point = -1;

  function read(event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const lines = (chart._fullData || []).filter((trace) => trace.visible === true && trace.x && trace.y && !trace.z);
    if (!lines.length) return;
    event.preventDefault();
    curve = (curve + step[0] + lines.length) % lines.length;
    const trace = lines[curve], x = trace.x, y = trace.y;
    point = Math.max(0, Math.min(y.length - 1, point + step[1]));
    window.Plotly.Fx.hover(chart, [{ curveNumber: trace.index, pointNumber: point }]);
    const word = (value) => (typeof value === "number" ? gim.digits(value, 3) : value);
    say(`${trace.name}: ${word(x[point])}, ${word(y[point])}`);
  }

  gim.whenNear(figure, () => load().then(() => {
    stage.replaceChildren(chart);
    if (frames.length) {
      clock = gim.controls(figure, { last: frames.length - 1, fps: 10, smooth: false, name: (i) => frames[i].name,
        draw: (i) => { if (clock) show(i); } });
      stage.append(clock.node);
      say = clock.voice;
    } else say = gim.voice(figure);
    chart.addEventListener("keydown", read);
    gim.onTheme(draw);
    return draw();
  }).catch(() => { stage.firstChild.append(" (The drawing could not be loaded.)"); }));
});
