/* The skeleton player: clips side by side on canvas, one clock, one camera. Data: see player.py. */
gim.define("player", function (figure, stage, data, gim) {
  "use strict";
  const { el } = gim;
  const HOME = data.view.map((degrees) => (degrees * Math.PI) / 180);
  const QUARTER = Math.PI / 2;
  const camera = { turn: HOME[0], tilt: HOME[1] };
  const solid = data.clips.some((clip) => clip.axes === 3);
  const trails = new Set(data.trails);
  let labels = data.labels, trailsOn = data.trails.length > 0, hovered = -1, position = data.start, dirty = 0;

  // ---- data -------------------------------------------------------------------------------------------------------------
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  /* int16 steps along time, joint by joint and axis by axis, back to coordinates xyz[(t V + v) 3 + axis] */
  function decode(clip, V) {
    const steps = new Int16Array(bytes(clip.xyz).buffer), T = clip.frames, xyz = new Float32Array(T * V * 3);
    for (let v = 0, at = 0; v < V; v++)
      for (let axis = 0; axis < clip.axes; axis++)
        for (let t = 0, sum = 0; t < T; t++) {
          sum += steps[at++];
          xyz[(t * V + v) * 3 + axis] = clip.offset[axis] + clip.unit * sum;
        }
    return xyz;
  }

  const scenes = data.clips.map((clip) => {
    const layout = data.layouts[clip.layout], V = layout.joints.length, T = clip.frames;
    const xyz = decode(clip, V), sure = clip.sure ? bytes(clip.sure) : null;
    const level = (axis, pick) => { let best = xyz[axis]; for (let i = axis; i < xyz.length; i += 3) best = pick(best, xyz[i]); return best; };
    const low = [0, 1, 2].map((axis) => level(axis, Math.min)), high = [0, 1, 2].map((axis) => level(axis, Math.max));

    // The camera follows a body that travels (the ground moves instead), smoothly, so that a walk does not shrink the figure.
    const mean = new Float32Array(T * 2), track = new Float32Array(T * 2);
    for (let t = 0; t < T; t++)
      for (let v = 0; v < V; v++) { mean[2 * t] += xyz[(t * V + v) * 3] / V; mean[2 * t + 1] += xyz[(t * V + v) * 3 + 2] / V; }
    const spread = (axis) => { let a = Infinity, b = -Infinity; for (let t = 0; t < T; t++) { a = Math.min(a, mean[2 * t + axis]); b = Math.max(b, mean[2 * t + axis]); } return b - a; };
    const tall = high[1] - low[1], follows = clip.axes === 3 && Math.max(spread(0), spread(1)) > 0.5 * tall;
    const window = Math.round(0.4 * data.fps);
    for (let t = 0; t < T; t++)
      for (let axis = 0; axis < 2; axis++) {
        if (!follows) { track[2 * t + axis] = (low[2 * axis] + high[2 * axis]) / 2; continue; }
        let sum = 0, n = 0;
        for (let s = Math.max(0, t - window); s <= Math.min(T - 1, t + window); s++) { sum += mean[2 * s + axis]; n++; }
        track[2 * t + axis] = sum / n;
      }
    const heights = [], reach = [];                                             // how far joints get from the vertical axis; the last 1 % may touch the rim
    for (let t = 0; t < T; t++) {
      let most = 0, up = -Infinity, down = Infinity;
      for (let v = 0; v < V; v++) {
        const i = (t * V + v) * 3, dx = xyz[i] - track[2 * t], dz = xyz[i + 2] - track[2 * t + 1];
        up = Math.max(up, xyz[i + 1]); down = Math.min(down, xyz[i + 1]);
        most = Math.max(most, clip.axes === 3 ? Math.hypot(dx, dz) : Math.abs(dx));
      }
      reach.push(most);
      heights.push(up - down);
    }
    const sorted = (list, share) => list.sort((a, b) => a - b)[Math.floor(share * (T - 1))];
    const wide = Math.max(1e-6, sorted(reach, 0.99)), size = Math.max(1e-6, sorted(heights, 0.5));   // size: the usual height of the pose, for widths
    const bone = layout.edges.map(([a, b]) => {                     // its usual length, for its width
      let sum = 0;
      for (let t = 0; t < T; t += 4) sum += Math.hypot(...[0, 1, 2].map((k) => xyz[(t * V + a) * 3 + k] - xyz[(t * V + b) * 3 + k]));
      return sum / Math.ceil(T / 4);
    });
    const names = (clip.colors && clip.colors.names) || layout.sides;
    const heat = clip.colors && clip.colors.values ? new Int8Array(bytes(clip.colors.values).buffer) : null;
    layout.near = layout.near || layout.joints.map((_, v) => layout.edges.filter((e) => e.includes(v)).map(([a, b]) => (a === v ? b : a)));
    return { clip, layout, V, T, xyz, sure, low, high, tall, wide, size, track, bone, names, heat, heatFrames: heat && heat.length > V,
      axes: clip.axes, now: new Float32Array(V * 3), trust: new Float32Array(V).fill(1),
      screen: new Float32Array(V * 3), center: [0, 0], soft: document.createElement("canvas"), spots: [] };
  });
  // Bodies of about one size share one scale, so that a child beside an adult looks like a child.
  const height = Math.max(...scenes.map((s) => s.tall)), shared = scenes.every((s) => s.tall > 0.5 * height && s.axes === scenes[0].axes);
  for (const s of scenes) s.room = shared ? { tall: height, wide: Math.max(...scenes.map((o) => o.wide)) } : { tall: s.tall, wide: s.wide };

  /* The pose at position p (between two frames: straight between both) into scene.now and scene.trust. */
  function pose(s, p) {
    const a = Math.min(s.T - 1, Math.floor(p)), b = Math.min(s.T - 1, a + 1), f = Math.min(1, p - a), V3 = s.V * 3;
    for (let i = 0; i < V3; i++) s.now[i] = s.xyz[a * V3 + i] * (1 - f) + s.xyz[b * V3 + i] * f;
    if (s.sure)
      for (let v = 0; v < s.V; v++) {
        const x = s.sure[a * s.V + v], y = s.sure[b * s.V + v];
        s.trust[v] = Math.min(x, y) === 0 ? (f < 0.5 ? x : 0) / 255 : (x * (1 - f) + y * f) / 255;   // nothing is drawn on the way to a missing joint
        if (y === 0) for (let k = 0; k < 3; k++) s.now[3 * v + k] = s.xyz[(a * s.V + v) * 3 + k];
      }
    for (let k = 0; k < 2; k++) s.center[k] = s.track[2 * a + k] * (1 - f) + s.track[2 * b + k] * f;
    s.frame = Math.min(s.T - 1, Math.round(p));
  }

  // ---- colour -----------------------------------------------------------------------------------------------------------
  let palette;
  const rgb = (text) => [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  const mix = (a, b, t) => `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * t)).join(",")})`;
  const FOG = 8;                                                     // shades from near to far
  function readPalette() {
    palette = { fog: {} };
    for (const name of ["surface", "raised", "ink", "muted", "line", "soft", "accent", "cell", "cell-negative", "shadow", "time-0", "time-1", "time-2", "time-3", "time-4"])
      palette[name] = rgb(gim.color(figure, name));
    palette.shade = palette.surface[0] > 127 ? 0.24 : 0.7;           // black on a dark floor needs more of it
    const used = new Set(["line", "muted", ...scenes.flatMap((s) => s.names)]);
    for (const name of used) {
      const own = rgb(gim.color(figure, name));
      palette.fog[name] = Array.from({ length: FOG }, (_, i) => mix(own, palette.surface, (0.5 * i) / (FOG - 1)));
    }
    palette.css = Object.fromEntries(Object.entries(palette).filter(([, v]) => Array.isArray(v)).map(([k, v]) => [k, mix(v, v, 0)]));
  }
  const ramp = (t) => { const x = Math.max(0, Math.min(3.999, t * 4)), i = Math.floor(x); return mix(palette["time-" + i], palette["time-" + (i + 1)], x - i); };
  const heatOf = (s, v) => s.heat[(s.heatFrames ? s.frame * s.V : 0) + v] / 127;
  const heatColor = (value) => mix(palette.line, palette[value < 0 ? "cell-negative" : "cell"], Math.min(1, Math.abs(value)));

  // ---- drawing ----------------------------------------------------------------------------------------------------------
  const unit = {}, plain = new Set(["muted", "line", "ink"]);        // names that only say "not the point here"
  const markOf = (name) => (data.marks[name] || ["circle", ""])[0];
  const dashOf = (name) => (data.marks[name] || ["", ""])[1];
  function mark(ctx, shape, x, y, r, fillStyle, edge, hollow) {
    const path = (unit[shape] = unit[shape] || new Path2D(gim.mark(shape, 1)));
    ctx.save();
    ctx.translate(x, y);
    ctx.scale(r, r);
    ctx.fillStyle = hollow ? palette.css.surface : fillStyle;
    ctx.strokeStyle = hollow ? fillStyle : edge;
    ctx.lineWidth = (hollow ? 1.6 : 1.3) / r;
    ctx.fill(path);
    ctx.stroke(path);
    ctx.restore();
  }

  /* A projector for this scene and camera: (x, y, z) in the world to px, py and depth (positive is nearer). */
  function lens(s, w, h) {
    const flat = s.axes === 2, turn = flat ? 0 : camera.turn, tilt = flat ? 0 : camera.tilt;
    const ct = Math.cos(turn), st = Math.sin(turn), cl = Math.cos(tilt), sl = Math.sin(tilt);
    const reach = Math.max(s.room.tall, 2 * s.room.wide), far = flat ? Infinity : 3.2 * reach;
    const scale = Math.min((w - 18) / (2.04 * s.room.wide), (h - (flat ? 26 : 40)) / (1.04 * s.room.tall + (flat ? 0 : 0.25 * s.room.wide)));
    const cx = s.center[0], cz = s.center[1], cy = s.low[1] + s.room.tall / 2, ox = w / 2, oy = h / 2 - (flat ? 0 : 4);
    const out = [0, 0, 0];
    return { scale, flat, reach, put(x, y, z) {
      const dx = x - cx, dy = y - cy, dz = z - cz;
      const side = dx * ct + dz * st, front = -dx * st + dz * ct, depth = dy * sl + front * cl;
      const near = flat ? 1 : far / (far - depth);
      out[0] = ox + scale * side * near;
      out[1] = oy - scale * (dy * cl - front * sl) * near;
      out[2] = depth;
      return out;
    } };
  }

  function ground(ctx, s, eye) {
    const floor = s.low[1], radius = 1.25 * Math.max(s.room.wide, 0.45 * s.room.tall);
    const nice = 10 ** Math.floor(Math.log10(s.room.tall)), cell = s.room.tall / nice > 4 ? nice : s.room.tall / nice > 1.5 ? nice / 2 : nice / 4;
    const first = (center) => Math.ceil((center - radius) / cell) * cell;
    const fade = [[], [], [], []], pieces = 10;                      // lines in pieces, fainter with the distance from the body
    for (const along of [0, 1]) {
      const across = 1 - along, c = s.center;
      for (let at = first(c[across]); at <= c[across] + radius; at += cell) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (at - c[across]) ** 2));
        for (let k = 0; k < pieces; k++) {
          const a = c[along] - half + (2 * half * k) / pieces, b = a + (2 * half) / pieces, m = (a + b) / 2 - c[along];
          const r = Math.hypot(m, at - c[across]) / radius;
          fade[Math.min(3, Math.floor(r * 4))].push(along ? [at, a, at, b] : [a, at, b, at]);
        }
      }
    }
    ctx.strokeStyle = palette.css.line;
    ctx.lineWidth = 1;
    fade.forEach((lines, i) => {
      ctx.globalAlpha = [0.9, 0.65, 0.4, 0.18][i];
      ctx.beginPath();
      for (const [x0, z0, x1, z1] of lines) {
        let q = eye.put(x0, floor, z0); ctx.moveTo(q[0], q[1]);
        q = eye.put(x1, floor, z1); ctx.lineTo(q[0], q[1]);
      }
      ctx.stroke();
    });
    ctx.globalAlpha = 1;
    shadow(ctx, s, eye, floor);
  }

  /* The bones dropped on the floor, drawn small and stretched: that blurs at no cost. Feet that touch make it darker. */
  function shadow(ctx, s, eye, floor) {
    const small = 7, { soft } = s, pen = soft.getContext("2d");
    soft.width = Math.ceil(s.w / small);
    soft.height = Math.ceil(s.h / small);
    pen.scale(1 / small, 1 / small);
    pen.strokeStyle = pen.fillStyle = palette.css.shadow;
    pen.lineCap = pen.lineJoin = "round";
    pen.globalAlpha = 0.55;
    pen.lineWidth = Math.max(2, 0.06 * s.size * eye.scale);
    pen.beginPath();
    for (const [a, b] of s.layout.edges) {
      let q = eye.put(s.now[3 * a], floor, s.now[3 * a + 2]); pen.moveTo(q[0], q[1]);
      q = eye.put(s.now[3 * b], floor, s.now[3 * b + 2]); pen.lineTo(q[0], q[1]);
    }
    pen.stroke();
    for (let v = 0; v < s.V; v++) {
      const up = (s.now[3 * v + 1] - floor) / s.size, r = 0.05 * s.size * eye.scale;
      if (up > 0.08) continue;
      const q = eye.put(s.now[3 * v], floor, s.now[3 * v + 2]);
      pen.globalAlpha = 0.8 * (1 - up / 0.08);
      pen.beginPath();
      pen.ellipse(q[0], q[1], r, r * Math.max(0.25, Math.abs(Math.sin(camera.tilt))), 0, 0, 7);
      pen.fill();
    }
    ctx.globalAlpha = palette.shade;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(soft, 0, 0, soft.width * small, soft.height * small);
    ctx.globalAlpha = 1;
  }

  function trail(ctx, s, eye, v, width) {
    const length = Math.round(data.fps), end = s.frame, start = Math.max(0, end - length);
    let last = null;
    for (let t = start; t <= end; t++) {
      if (s.sure && s.sure[t * s.V + v] === 0) { last = null; continue; }
      const i = (t * s.V + v) * 3, head = t === end;
      const q = head ? eye.put(s.now[3 * v], s.now[3 * v + 1], s.now[3 * v + 2]) : eye.put(s.xyz[i], s.xyz[i + 1], s.xyz[i + 2]);
      const here = [q[0], q[1]], age = (t - end + length) / length;  // 1 is now
      ctx.strokeStyle = ctx.fillStyle = ramp(age);
      ctx.globalAlpha = 0.15 + 0.85 * age;
      if (last) {
        ctx.lineWidth = width * (0.3 + 0.5 * age);
        ctx.beginPath(); ctx.moveTo(...last); ctx.lineTo(...here); ctx.stroke();
      }
      if (!head && (end - t) % 3 === 0) {                            // a bead every third frame: far apart means fast
        ctx.beginPath(); ctx.arc(...here, width * (0.35 + 0.35 * age), 0, 7); ctx.fill();
      }
      last = here;
    }
    ctx.globalAlpha = 1;
  }

  function text(ctx, words, x, y, strong) {
    ctx.font = `${strong ? 600 : 400} ${ctx.canvas.clientWidth < 240 ? 11 : 12}px ${fontFamily}`;
    ctx.lineWidth = 3.5; ctx.lineJoin = "round";
    ctx.strokeStyle = palette.css.surface; ctx.fillStyle = palette.css[strong ? "ink" : "muted"];
    ctx.strokeText(words, x, y);
    ctx.fillText(words, x, y);
  }
  /* Names beside the joints: away from the body's middle first, then the other side, above, below; what finds no room is left out. */
  function names(ctx, s, w, h) {
    const taken = [], order = [...s.layout.joints.keys()].sort((a, b) => marked(b) - marked(a));
    let middle = 0;
    for (let v = 0; v < s.V; v++) middle += s.screen[3 * v] / s.V;
    ctx.textBaseline = "middle";
    for (const v of order) {
      const strong = marked(v);
      if ((!labels && !strong) || s.trust[v] < 0.03) continue;
      const words = s.layout.joints[v], x = s.screen[3 * v], y = s.screen[3 * v + 1];
      ctx.font = `${strong ? 600 : 400} ${ctx.canvas.clientWidth < 240 ? 11 : 12}px ${fontFamily}`;
      const long = ctx.measureText(words).width, right = [x + 9, y], left = [x - 9 - long, y];
      const places = [right, left, [x - long / 2, y - 14], [x - long / 2, y + 14]];
      const wish = [s.spots[v] ?? 0, ...(x >= middle ? [0, 1] : [1, 0]), 2, 3].slice(s.spots[v] == null ? 1 : 0);   // where it was, while it can
      const fits = ([px, py]) => px >= 1 && px + long <= w - 1 && py >= 8 && py <= h - 8 &&
        taken.every(([a, b, c, d]) => px > c || px + long < a || py - 7 > d || py + 7 < b);
      s.spots[v] = wish.find((k) => fits(places[k]));
      if (s.spots[v] == null && !strong) continue;
      const spot = places[s.spots[v] ?? wish[0]];
      if (strong) spot[0] = Math.max(1, Math.min(w - long - 1, spot[0]));
      taken.push([spot[0], spot[1] - 7, spot[0] + long, spot[1] + 7]);
      text(ctx, words, spot[0], spot[1], strong);
    }
  }
  const marked = (v) => +(v === hovered || (trailsOn && trails.has(v) && !data.trails.includes(v)));

  const order = [];
  function paint(s) {
    const { ctx, w, h } = s;
    if (!w) return;
    ctx.setTransform(s.ratio, 0, 0, s.ratio, 0, 0);
    ctx.clearRect(0, 0, w, h);
    pose(s, position);
    const eye = lens(s, w, h), width = Math.max(2.6, Math.min(7, 0.026 * s.size * eye.scale));
    for (let v = 0; v < s.V; v++) s.screen.set(eye.put(s.now[3 * v], s.now[3 * v + 1], s.now[3 * v + 2]), 3 * v);
    if (s.layout.ground && !eye.flat) ground(ctx, s, eye);
    ctx.lineCap = ctx.lineJoin = "round";
    const face = s.layout.head.filter((v) => s.trust[v] > 0.03);
    if (face.length) {                                               // a pale disc says at a glance which end is up
      const at = (k) => face.reduce((sum, v) => sum + s.screen[3 * v + k], 0) / face.length;
      ctx.fillStyle = palette.css.soft; ctx.strokeStyle = palette.css.line; ctx.lineWidth = 1;
      ctx.beginPath(); ctx.arc(at(0), at(1), 0.066 * s.size * eye.scale, 0, 7); ctx.fill(); ctx.stroke();
    }
    if (trailsOn) for (const v of trails) if (v < s.V) trail(ctx, s, eye, v, width);

    // Far things first; what is nearer is a shade stronger, a touch wider and cut out of what it crosses.
    const z = (v) => s.screen[3 * v + 2], deep = (depth) => Math.max(0, Math.min(1, 0.5 - depth / Math.max(eye.reach * 0.6, 1e-9)));
    order.length = 0;
    s.layout.edges.forEach(([a, b], e) => order.push([(z(a) + z(b)) / 2, e, -1]));
    for (let v = 0; v < s.V; v++) order.push([Math.max(z(v), ...s.layout.near[v].map((u) => (z(u) + z(v)) / 2)) + 1e-4 * s.tall, -1, v]);   // on top of its own bones
    if (!eye.flat) order.sort((p, q) => p[0] - q[0]);
    for (const [depth, e, v] of order) {
      const fog = eye.flat ? 0 : deep(depth), shade = Math.round(fog * (FOG - 1)), grow = eye.flat ? 1 : 1.14 - 0.28 * fog;
      if (v < 0) {
        const [a, b] = s.layout.edges[e], trust = Math.min(s.trust[a], s.trust[b]);
        if (trust < 0.03) continue;
        const name = s.names[a] === s.names[b] || s.layout.sides === s.names ? (s.names[a] === "trunk" ? s.names[b] : s.names[a]) : "muted";
        const x0 = s.screen[3 * a], y0 = s.screen[3 * a + 1], x1 = s.screen[3 * b], y1 = s.screen[3 * b + 1];
        const wide = width * grow * Math.max(0.55, Math.min(1, s.bone[e] / (0.1 * s.size)));
        const ink = s.heat ? heatColor((heatOf(s, a) + heatOf(s, b)) / 2) : (palette.fog[name] || palette.fog.muted)[shade];
        const line = (stroke, thick) => { ctx.strokeStyle = stroke; ctx.lineWidth = thick; ctx.beginPath(); ctx.moveTo(x0, y0); ctx.lineTo(x1, y1); ctx.stroke(); };
        ctx.globalAlpha = 1;
        if (!eye.flat) line(palette.css.surface, wide + 2.5);
        ctx.globalAlpha = 0.2 + 0.8 * trust;
        const dash = s.heat ? "" : dashOf(name);
        if (dash) {                                                  // bands on a paler limb: it stays one piece and reads without colour
          ctx.globalAlpha *= 0.55;
          line(ink, wide);
          ctx.globalAlpha = 0.2 + 0.8 * trust;
          ctx.setLineDash(dash.split(" ").map((n) => (+n * wide) / 4.5));
          ctx.lineCap = "butt";
          line(ink, wide);
          ctx.setLineDash([]);
          ctx.lineCap = "round";
        } else line(ink, wide);
      } else {
        if (s.trust[v] < 0.03) continue;
        const value = s.heat ? heatOf(s, v) : 0, name = s.names[v];
        const r = width * grow * (s.heat ? 0.55 + 0.75 * Math.abs(value) : s.names === s.layout.sides ? 0.82 : plain.has(name) ? 0.65 : 1.35);
        ctx.globalAlpha = 0.35 + 0.65 * s.trust[v];
        const shape = s.heat ? (value < 0 ? "square" : "circle") : markOf(name);
        mark(ctx, shape, s.screen[3 * v], s.screen[3 * v + 1], r, s.heat ? heatColor(value) : (palette.fog[name] || palette.fog.muted)[shade], palette.css.surface, s.trust[v] < 0.5);
        if (marked(v)) {
          ctx.globalAlpha = 1; ctx.strokeStyle = palette.css[v === hovered ? "accent" : "time-4"]; ctx.lineWidth = 1.5;
          ctx.beginPath(); ctx.arc(s.screen[3 * v], s.screen[3 * v + 1], r + 2.8, 0, 7); ctx.stroke();
        }
      }
    }
    ctx.globalAlpha = 1;
    names(ctx, s, w, h);
  }
  function redraw() { if (!dirty) dirty = requestAnimationFrame(() => { dirty = 0; scenes.forEach(paint); note(); }); }

  // ---- the page ---------------------------------------------------------------------------------------------------------
  const fontFamily = getComputedStyle(figure).fontFamily || "sans-serif";
  const views = el("div", { class: "gim-views", tabindex: 0, role: "group", "aria-label": "Clips. Space plays, arrow keys step" + (solid ? ", Shift and arrow keys turn the view" : "") });
  for (const s of scenes) {
    s.canvas = el("canvas", { role: "img", "aria-label": `${s.clip.title || "clip"}: skeleton ${s.layout.name}, ${s.V} joints, ${s.T} frames shown` });
    s.ctx = s.canvas.getContext("2d");
    views.append(el("div", { class: "gim-view" }, s.clip.title ? el("div", { class: "gim-view-title" }, s.clip.title) : null, s.canvas));
  }
  views.style.setProperty("--gim-clips", scenes.length);
  const noteNode = el("div", { class: "gim-note" });
  const last = Math.max(...scenes.map((s) => s.T)) - 1;
  const clock = gim.controls(figure, { last, fps: data.fps, frame: data.start, autoplay: data.autoplay, name: (i) => i * data.stride,
    draw(p) { position = p; redraw(); } });

  /* One line of words under the clips: the joint that is looked at, with its coordinates. */
  function note() {
    const s = scenes.find((o) => hovered >= 0 && hovered < o.V);
    let words = solid ? "Drag to turn. Tap a joint for its name and trail." : "Tap a joint for its name and trail.";
    if (s) {
      const at = Array.from(s.now.slice(3 * hovered, 3 * hovered + s.axes), (value) => gim.digits(value, s.tall > 20 ? 0 : 2)).join(", ");
      words = `joint ${hovered}: ${s.layout.joints[hovered]}   (${at})`;
      if (s.sure) words += `   confidence ${gim.digits(s.trust[hovered])}`;
    }
    if (noteNode.textContent !== words) noteNode.textContent = words;
  }
  function hover(v, speak) {
    if (v === hovered) return;
    hovered = v;
    figure.dataset.joint = v < 0 ? "" : v;
    if (speak && v >= 0) clock.voice(`joint ${v}, ${scenes[0].layout.joints[v] || ""}`);
    redraw();
  }
  function pin(v) {
    if (!trailsOn) { trails.clear(); trailsOn = true; trailToggle.setAttribute("aria-pressed", "true"); trails.add(v); }
    else if (!trails.delete(v)) trails.add(v);
    redraw();
  }

  function aim(turn, tilt) {
    camera.turn = Math.atan2(Math.sin(turn), Math.cos(turn));
    camera.tilt = Math.max(-0.2, Math.min(QUARTER, tilt));
    figure.dataset.view = [camera.turn, camera.tilt].map((angle) => Math.round((angle * 180) / Math.PI)).join(" ");
    redraw();
  }
  let glideHandle = 0;
  function glide(turn, tilt) {                                       // to a named view, in a quarter of a second
    cancelAnimationFrame(glideHandle);
    if (gim.reducedMotion()) return aim(turn, tilt);
    const from = { ...camera }, by = Math.atan2(Math.sin(turn - from.turn), Math.cos(turn - from.turn)), begin = performance.now();
    (function move(time) {
      const t = Math.max(0, Math.min(1, (time - begin) / 250)), ease = t * t * (3 - 2 * t);
      aim(from.turn + by * ease, from.tilt + (tilt - from.tilt) * ease);
      if (t < 1) glideHandle = requestAnimationFrame(move);
    })(begin);
  }
  const nudge = (turn, tilt) => glide(camera.turn + turn * Math.PI / 12, camera.tilt + tilt * Math.PI / 18);

  for (const s of scenes) {
    const nearest = (event) => {
      const box = s.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      let best = -1, distance = event.pointerType === "touch" ? 26 : 14;
      for (let v = 0; v < s.V; v++) {
        const d = Math.hypot(s.screen[3 * v] - x, s.screen[3 * v + 1] - y);
        if (d < distance && s.trust[v] > 0.03) { best = v; distance = d; }
      }
      return best;
    };
    let drag = null;
    s.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      cancelAnimationFrame(glideHandle);
      drag = { x: event.clientX, y: event.clientY, turn: camera.turn, tilt: camera.tilt, moved: false };
      if (event.pointerType !== "touch") s.canvas.setPointerCapture(event.pointerId);
    });
    s.canvas.addEventListener("pointermove", (event) => {
      if (!drag) { if (event.pointerType !== "touch") hover(nearest(event)); return; }
      const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
      drag.moved = drag.moved || Math.hypot(dx, dy) > 4;
      // a finger turns sideways only: up and down stays with the page, which must scroll
      if (drag.moved && s.axes === 3) aim(drag.turn - dx * 0.011, event.pointerType === "touch" ? drag.tilt : drag.tilt + dy * 0.009);
    });
    s.canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) { const v = nearest(event); hover(v, true); if (v >= 0) pin(v); }
      drag = null;
    });
    s.canvas.addEventListener("pointercancel", () => { drag = null; });
    s.canvas.addEventListener("pointerleave", (event) => { if (!drag && event.pointerType !== "touch") hover(-1); });
  }
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    const turn = event.shiftKey && solid && { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const V = Math.max(...scenes.map((s) => s.V)), key = event.key.toLowerCase();
    if (turn) nudge(...turn);
    else if (key === "l") labelToggle.click();
    else if (key === "j") hover(event.shiftKey ? (hovered <= 0 ? V : hovered) - 1 : (hovered + 1) % V, true);
    else if (key === "t" && hovered >= 0) pin(hovered);
    else if (key === "r" && solid) glide(...HOME);
    else return;
    event.preventDefault();
  });

  const button = (words, press, name) => el("button", { type: "button", onclick: press, "aria-label": name, title: name }, words);
  const labelToggle = gim.toggle("Labels", labels, (on) => { labels = on; redraw(); });
  const trailToggle = gim.toggle("Trails", trailsOn, (on) => {
    trailsOn = on;
    if (on && !trails.size) {                                        // nothing chosen: the joints that move most
      const s = scenes[0], path = [...Array(s.V).keys()].map((v) => {
        let sum = 0;
        for (let t = 1; t < s.T; t++) sum += Math.hypot(...[0, 1, 2].map((k) => s.xyz[(t * s.V + v) * 3 + k] - s.xyz[((t - 1) * s.V + v) * 3 + k]));
        return [sum, v];
      });
      path.sort((a, b) => b[0] - a[0]).slice(0, 2).forEach(([, v]) => trails.add(v));
    }
    redraw();
  });
  const arrow = (d) => gim.svg("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
    gim.svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }));
  const tools = el("div", { class: "gim-tools" },
    solid ? el("div", { class: "gim-group", role: "group", "aria-label": "View" },
      button("Front", () => glide(0, 0.12)), button("Side", () => glide(-QUARTER, 0.12)), button("Top", () => glide(0, QUARTER)), button("Reset", () => glide(...HOME))) : null,
    solid ? el("div", { class: "gim-group", role: "group", "aria-label": "Turn" },
      button(arrow("M8 1L3 6L8 11"), () => nudge(-1, 0), "Turn left"), button(arrow("M4 1L9 6L4 11"), () => nudge(1, 0), "Turn right"),
      button(arrow("M1 8L6 3L11 8"), () => nudge(0, 1), "Tilt up"), button(arrow("M1 4L6 9L11 4"), () => nudge(0, -1), "Tilt down")) : null,
    el("div", { class: "gim-group", role: "group", "aria-label": "Show" }, labelToggle, trailToggle));

  const legend = el("div", { class: "gim-legend" });
  if (data.heat) {
    const stops = data.heat.low < 0 ? "var(--gim-cell-negative),var(--gim-line),var(--gim-cell)" : "var(--gim-line),var(--gim-cell)";
    legend.append(el("span", {}, gim.digits(data.heat.low)), el("i", { style: `background:linear-gradient(90deg,${stops})` }), el("span", {}, gim.digits(data.heat.high)));
  } else {
    for (const name of Object.keys(data.marks).filter((one) => !plain.has(one)))
      legend.append(el("span", { style: `color:var(--gim-${name})` }, gim.svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" },
        gim.svg("path", { d: "M1 6H25", stroke: "currentColor", "stroke-width": 3, "stroke-dasharray": dashOf(name) || null }),
        gim.svg("path", { d: gim.mark(markOf(name), 4), transform: "translate(13 6)", fill: "currentColor", stroke: "var(--gim-surface)" })), name));
  }
  const keys = gim.keys([["Space", "play or pause"], ["\u2190 \u2192", "one frame back or on"], ["Home, End", "first or last frame"], ["[ ]", "slower or faster"],
    ...(solid ? [["Shift + arrows", "turn and tilt"], ["R", "reset the view"]] : []), ["J, Shift + J", "next or previous joint"], ["T", "trail of that joint"], ["L", "labels"]]);
  stage.replaceChildren(views, el("div", { class: "gim-below" }, noteNode, legend), clock.node, el("div", { class: "gim-below" }, tools, keys));

  new ResizeObserver(() => {
    const many = scenes.length > 1;
    for (const s of scenes) {
      const w = s.canvas.clientWidth, ratio = Math.min(3, window.devicePixelRatio || 1);
      if (w === s.w && ratio === s.ratio) continue;
      const h = Math.round(Math.max(200, Math.min(many ? 320 : 400, (many ? 1.3 : 1) * w)));
      Object.assign(s, { w, h, ratio });
      s.canvas.style.height = h + "px";
      s.canvas.width = Math.round(w * ratio);
      s.canvas.height = Math.round(h * ratio);
    }
    redraw();
  }).observe(views);
  const recolor = () => { readPalette(); redraw(); };
  gim.onTheme(recolor);
  readPalette();
  aim(...HOME);
});
