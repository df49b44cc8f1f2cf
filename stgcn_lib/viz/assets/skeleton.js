/* Skeletons on canvas: clips decoded, one camera, one way to draw. gim.skeleton(figure, data) gives a painter; player.js uses it.
     painter.scenes               one for each clip: layout, V, T, and after a paint the pose `now` and its places on the `screen`
     painter.camera               { turn, tilt } in radians
     painter.paint(s, p, marks, ctx)   draw scene s at position p; marks = { labels, trails (joints), focus (a joint or -1), named
                                  (joints) }; ctx: the canvas of the scene, or a pen of save.js for SVG
     painter.recolor()            read the palette again                                                                        */
gim.skeleton = function (figure, data) {
  "use strict";
  const SHADES = 8;                                                  // from near to far
  const SEEN = 0.03;                                                 // a confidence below it is not drawn
  const plain = new Set(["muted", "line", "ink"]);                   // names that only say "not the point here"
  const camera = { turn: 0, tilt: 0 };
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const fontFamily = getComputedStyle(figure).fontFamily || "sans-serif";

  // ---- clips ------------------------------------------------------------------------------------------------------------
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

  /* The point on the floor that the camera looks at, (x, z) for each frame. It follows a body that travels (the ground moves
     instead), smoothly, so that a long walk does not make a small figure. */
  function follow(clip, xyz, V, low, high) {
    const T = clip.frames, mean = [new Float32Array(T), new Float32Array(T)];
    for (let t = 0; t < T; t++)
      for (let v = 0; v < V; v++) {
        mean[0][t] += xyz[(t * V + v) * 3] / V;
        mean[1][t] += xyz[(t * V + v) * 3 + 2] / V;
      }
    const travel = Math.max(...mean.map((m) => Math.max(...m) - Math.min(...m)));
    const around = Math.round(0.4 * data.fps), track = new Float32Array(T * 2);
    for (let t = 0; t < T; t++)
      for (let k = 0; k < 2; k++) {
        const near = mean[k].subarray(Math.max(0, t - around), t + around + 1);
        const moves = clip.axes === 3 && travel > 0.5 * (high[1] - low[1]);
        track[2 * t + k] = moves ? near.reduce((a, b) => a + b) / near.length : (low[2 * k] + high[2 * k]) / 2;
      }
    return track;
  }

  function read(clip) {
    const layout = data.layouts[clip.layout], V = layout.joints.length, T = clip.frames, xyz = decode(clip, V);
    const low = [0, 1, 2].map(() => Infinity), high = [0, 1, 2].map(() => -Infinity);
    xyz.forEach((value, i) => { low[i % 3] = Math.min(low[i % 3], value); high[i % 3] = Math.max(high[i % 3], value); });
    const track = follow(clip, xyz, V, low, high), heights = [], widths = [];
    for (let t = 0; t < T; t++) {
      let up = -Infinity, down = Infinity, out = 0;
      for (let v = 0; v < V; v++) {
        const i = (t * V + v) * 3, dx = xyz[i] - track[2 * t], dz = xyz[i + 2] - track[2 * t + 1];
        up = Math.max(up, xyz[i + 1]);
        down = Math.min(down, xyz[i + 1]);
        out = Math.max(out, clip.axes === 3 ? Math.hypot(dx, dz) : Math.abs(dx));
      }
      heights.push(up - down);
      widths.push(out);
    }
    const share = (list, part) => Math.max(1e-6, list.sort((a, b) => a - b)[Math.floor(part * (T - 1))]);
    const bones = layout.edges.map(([a, b]) => {                     // usual length, for the width of the bone
      const t = Math.floor(T / 2) * V * 3;
      return Math.hypot(...[0, 1, 2].map((k) => xyz[t + 3 * a + k] - xyz[t + 3 * b + k]));
    });
    const near = layout.joints.map((_, v) => layout.edges.filter((e) => e.includes(v)).map(([a, b]) => (a === v ? b : a)));
    const heat = clip.colors && clip.colors.values ? new Int8Array(bytes(clip.colors.values).buffer) : null;
    return {
      clip, layout, V, T, xyz, track, bones, near, heat, axes: clip.axes, floor: low[1], tall: Math.max(1e-6, high[1] - low[1]),
      wide: share(widths, 0.99), size: share(heights, 0.5),          // size: the usual height of the pose; all widths follow it
      sure: clip.sure ? bytes(clip.sure) : null, names: (clip.colors && clip.colors.names) || layout.sides,
      now: new Float32Array(V * 3), trust: new Float32Array(V).fill(1), screen: new Float32Array(V * 3), center: [0, 0], frame: 0,
      soft: document.createElement("canvas"), spots: [],
    };
  }
  const scenes = data.clips.map(read);
  // Bodies of about one size share one scale, so that a child beside an adult looks like a child.
  const height = Math.max(...scenes.map((s) => s.tall)), width = Math.max(...scenes.map((s) => s.wide));
  const alike = scenes.every((s) => s.tall > 0.5 * height && s.axes === scenes[0].axes);
  for (const s of scenes) s.room = alike ? { tall: height, wide: width } : { tall: s.tall, wide: s.wide };

  /* The pose at position p (between two frames: straight between both) into s.now, s.trust, s.center. */
  function pose(s, p) {
    const a = Math.min(s.T - 1, Math.floor(p)), b = Math.min(s.T - 1, a + 1), f = Math.min(1, p - a), n = s.V * 3;
    for (let i = 0; i < n; i++) s.now[i] = s.xyz[a * n + i] * (1 - f) + s.xyz[b * n + i] * f;
    for (let k = 0; k < 2; k++) s.center[k] = s.track[2 * a + k] * (1 - f) + s.track[2 * b + k] * f;
    s.frame = Math.min(s.T - 1, Math.round(p));
    if (s.sure)                                                      // a joint is there or missing, never on its way
      for (let v = 0; v < s.V; v++) s.trust[v] = s.sure[s.frame * s.V + v] / 255;
  }

  // ---- colour -----------------------------------------------------------------------------------------------------------
  const rgb = (text) => [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
  const mix = (a, b, t) => `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * t)).join(",")})`;
  let raw, css, shades, shadowStrength;
  function recolor() {
    raw = {}; css = {}; shades = {};
    for (const name of ["surface", "ink", "muted", "line", "soft", "accent", "cell", "cell-negative", "shadow",
      "time-0", "time-1", "time-2", "time-3", "time-4", ...scenes.flatMap((s) => s.names)]) {
      if (raw[name]) continue;
      css[name] = gim.color(figure, name);
      raw[name] = rgb(css[name]);
    }
    for (const name of Object.keys(raw))
      shades[name] = Array.from({ length: SHADES }, (_, i) => mix(raw[name], raw.surface, (0.42 * i) / (SHADES - 1)));
    shadowStrength = raw.surface[0] > 127 ? 0.24 : 0.7;              // black on a dark floor needs more of it
  }
  function timeColor(age) {                                          // 0 long ago, 1 now
    const x = clamp(age * 4, 0, 3.999), i = Math.floor(x);
    return mix(raw["time-" + i], raw["time-" + (i + 1)], x - i);
  }
  const heatOf = (s, v) => s.heat[(s.heat.length > s.V ? s.frame * s.V : 0) + v] / 127;
  const heatColor = (value) => mix(raw.line, raw[value < 0 ? "cell-negative" : "cell"], Math.min(1, Math.abs(value)));
  const markOf = (name) => (data.marks[name] || ["circle", ""])[0], dashOf = (name) => (data.marks[name] || ["", ""])[1];

  // ---- space ------------------------------------------------------------------------------------------------------------
  /* A projector: put(x, y, z) gives px, py and the depth (greater is nearer). Turning never changes the scale. */
  function lens(s) {
    const flat = s.axes === 2, { w, h, room } = s, turn = flat ? 0 : camera.turn, tilt = flat ? 0 : camera.tilt;
    const ct = Math.cos(turn), st = Math.sin(turn), cl = Math.cos(tilt), sl = Math.sin(tilt);
    const reach = Math.max(room.tall, 2 * room.wide), far = 3.2 * reach;
    const scale = Math.min((w - 18) / (2.04 * room.wide), (h - (flat ? 26 : 40)) / (1.04 * room.tall + (flat ? 0 : 0.25 * room.wide)));
    const [cx, cz] = s.center, cy = s.floor + room.tall / 2, ox = w / 2, oy = h / 2 - (flat ? 0 : 4);
    const out = [0, 0, 0];
    const put = (x, y, z) => {
      const dx = x - cx, dy = y - cy, dz = z - cz, side = dx * ct + dz * st, front = -dx * st + dz * ct;
      out[2] = dy * sl + front * cl;
      const near = flat ? 1 : far / (far - out[2]);
      out[0] = ox + scale * side * near;
      out[1] = oy - scale * (dy * cl - front * sl) * near;
      return out;
    };
    return { scale, flat, reach, put, joint: (v) => put(s.now[3 * v], s.now[3 * v + 1], s.now[3 * v + 2]),
      below: (v) => put(s.now[3 * v], s.floor, s.now[3 * v + 2]) };
  }
  function segment(pen, from, to) {                                  // each is a function: the projector hands out one array
    let q = from();
    pen.moveTo(q[0], q[1]);
    q = to();
    pen.lineTo(q[0], q[1]);
  }

  /* A grid on the floor, its lines in pieces that get fainter with the distance from the body. */
  function ground(ctx, s, eye) {
    const { center: c, floor, room } = s, radius = 1.25 * Math.max(room.wide, 0.45 * room.tall), pieces = 10;
    const nice = 10 ** Math.floor(Math.log10(room.tall)), cells = room.tall / nice;
    const cell = cells > 4 ? nice : cells > 1.5 ? nice / 2 : nice / 4, rings = [[], [], [], []];
    for (const along of [0, 1]) {
      const across = 1 - along, place = (a, b) => (along ? [b, a] : [a, b]);
      for (let at = Math.ceil((c[across] - radius) / cell) * cell; at <= c[across] + radius; at += cell) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (at - c[across]) ** 2));
        for (let k = 0; k < pieces; k++) {
          const a = c[along] - half + (2 * half * k) / pieces, b = a + (2 * half) / pieces;
          const ring = Math.hypot((a + b) / 2 - c[along], at - c[across]) / radius;
          rings[Math.min(3, Math.floor(ring * 4))].push([place(a, at), place(b, at)]);
        }
      }
    }
    ctx.strokeStyle = css.line;
    ctx.lineWidth = 1;
    rings.forEach((lines, i) => {
      ctx.globalAlpha = [0.9, 0.65, 0.4, 0.18][i];
      ctx.beginPath();
      for (const [[x0, z0], [x1, z1]] of lines) segment(ctx, () => eye.put(x0, floor, z0), () => eye.put(x1, floor, z1));
      ctx.stroke();
    });
    ctx.globalAlpha = 1;
  }

  /* The bones dropped on the floor, drawn small and stretched: that blurs at no cost. Feet that touch make it darker. */
  function shadow(ctx, s, eye) {
    const small = 7, { soft } = s, pen = ctx.soft ? ctx.soft(small / 2, shadowStrength) : soft.getContext("2d");
    if (!ctx.soft) {
      const wide = Math.ceil(s.w / small), tall = Math.ceil(s.h / small);
      if (soft.width !== wide || soft.height !== tall) Object.assign(soft, { width: wide, height: tall });
      pen.setTransform(1 / small, 0, 0, 1 / small, 0, 0);
      pen.clearRect(0, 0, s.w + small, s.h + small);
    }
    pen.strokeStyle = pen.fillStyle = css.shadow;
    pen.lineCap = pen.lineJoin = "round";
    pen.globalAlpha = 0.55;
    pen.lineWidth = Math.max(2, 0.06 * s.size * eye.scale);
    pen.beginPath();
    for (const [a, b] of s.layout.edges) segment(pen, () => eye.below(a), () => eye.below(b));
    pen.stroke();
    for (let v = 0; v < s.V; v++) {
      const up = (s.now[3 * v + 1] - s.floor) / s.size, r = 0.05 * s.size * eye.scale;
      if (up > 0.08) continue;
      const q = eye.below(v);
      pen.globalAlpha = 0.8 * (1 - up / 0.08);
      pen.beginPath();
      pen.ellipse(q[0], q[1], r, r * Math.max(0.25, Math.abs(Math.sin(camera.tilt))), 0, 0, 7);
      pen.fill();
    }
    if (ctx.soft) return;
    ctx.globalAlpha = shadowStrength;
    ctx.drawImage(soft, 0, 0, soft.width * small, soft.height * small);
    ctx.globalAlpha = 1;
  }

  // ---- the body ---------------------------------------------------------------------------------------------------------
  function circle(ctx, x, y, r) { ctx.beginPath(); ctx.arc(x, y, r, 0, 7); }

  /* The path of joint v over the last second: older is fainter and thinner; a bead every third frame, far apart means fast. */
  function trail(ctx, s, eye, v, thick) {
    const length = Math.round(data.fps), end = s.frame;
    let before = null;
    for (let t = Math.max(0, end - length); t <= end; t++) {
      if (s.sure && s.sure[t * s.V + v] === 0) { before = null; continue; }
      const i = (t * s.V + v) * 3, q = t === end ? eye.joint(v) : eye.put(s.xyz[i], s.xyz[i + 1], s.xyz[i + 2]);
      const here = [q[0], q[1]], age = (t - end + length) / length;
      ctx.strokeStyle = ctx.fillStyle = timeColor(age);
      ctx.globalAlpha = 0.15 + 0.85 * age;
      if (before) {
        ctx.lineWidth = thick * (0.3 + 0.5 * age);
        ctx.beginPath();
        ctx.moveTo(...before);
        ctx.lineTo(...here);
        ctx.stroke();
      }
      if (t < end && (end - t) % 3 === 0) { circle(ctx, ...here, thick * (0.35 + 0.35 * age)); ctx.fill(); }
      before = here;
    }
    ctx.globalAlpha = 1;
  }

  function bone(ctx, s, e, thick, shade, flat) {
    const [a, b] = s.layout.edges[e], trust = Math.min(s.trust[a], s.trust[b]);
    if (trust < SEEN) return;
    const [first, other] = [s.names[a], s.names[b]], bySide = s.names === s.layout.sides;
    const name = bySide ? (first === "trunk" ? other : first) : first === other ? first : "muted";
    const ink = s.heat ? heatColor((heatOf(s, a) + heatOf(s, b)) / 2) : shades[name][shade];
    const dash = s.heat ? "" : dashOf(name);
    const line = (stroke, width) => { ctx.strokeStyle = stroke; ctx.lineWidth = width; ctx.stroke(); };
    thick *= clamp(s.bones[e] / (0.1 * s.size), 0.55, 1);            // fingers are thinner than legs
    ctx.beginPath();
    ctx.moveTo(s.screen[3 * a], s.screen[3 * a + 1]);
    ctx.lineTo(s.screen[3 * b], s.screen[3 * b + 1]);
    if (!flat) line(css.surface, thick + 2.5);                       // cuts the bone out of what it crosses
    ctx.globalAlpha = (0.2 + 0.8 * trust) * (dash ? 0.55 : 1);
    line(ink, thick);
    if (dash) {                                                      // bands on a paler limb: one piece, and it reads without colour
      ctx.globalAlpha = 0.2 + 0.8 * trust;
      ctx.setLineDash(dash.split(" ").map((n) => (+n * thick) / 4.5));
      ctx.lineCap = "butt";
      line(ink, thick);
      ctx.setLineDash([]);
      ctx.lineCap = "round";
    }
    ctx.globalAlpha = 1;
  }

  const outlines = {};
  function joint(ctx, s, v, thick, shade, marks) {
    if (s.trust[v] < SEEN) return;
    const value = s.heat ? heatOf(s, v) : 0, name = s.names[v], hollow = s.trust[v] < 0.5;
    const shape = s.heat ? (value < 0 ? "square" : "circle") : markOf(name);
    const d = gim.mark(shape, 1), path = (outlines[shape] = outlines[shape] || Object.assign(new Path2D(d), { d }));
    const ink = s.heat ? heatColor(value) : shades[name][shade];
    const r = thick * (s.heat ? 0.55 + 0.75 * Math.abs(value) : s.names === s.layout.sides ? 0.82 : plain.has(name) ? 0.65 : 1.35);
    const x = s.screen[3 * v], y = s.screen[3 * v + 1];
    ctx.save();
    ctx.globalAlpha = 0.35 + 0.65 * s.trust[v];
    ctx.translate(x, y);
    ctx.scale(r, r);
    ctx.fillStyle = hollow ? css.surface : ink;
    ctx.strokeStyle = hollow ? ink : css.surface;
    ctx.lineWidth = (hollow ? 1.6 : 1.3) / r;
    ctx.fill(path);
    ctx.stroke(path);
    ctx.restore();
    if (v === marks.focus || marks.named.has(v)) {
      ctx.strokeStyle = css[v === marks.focus ? "accent" : "time-4"];
      ctx.lineWidth = 1.5;
      circle(ctx, x, y, r + 2.8);
      ctx.stroke();
    }
  }

  /* Names beside the joints, away from the body's middle; a name stays on its side while it can; without room it is left out. */
  function words(ctx, s, marks) {
    const taken = [], strong = (v) => v === marks.focus || marks.named.has(v);
    const order = [...s.layout.joints.keys()].sort((a, b) => strong(b) - strong(a));
    let middle = 0;
    for (let v = 0; v < s.V; v++) middle += s.screen[3 * v] / s.V;
    ctx.textBaseline = "middle";
    ctx.strokeStyle = css.surface;
    ctx.lineWidth = 3.5;
    for (const v of order) {
      if ((!marks.labels && !strong(v)) || s.trust[v] < SEEN) continue;
      const name = s.layout.joints[v], x = s.screen[3 * v], y = s.screen[3 * v + 1];
      ctx.font = s.ctx.font = `${strong(v) ? 600 : 400} ${s.w < 240 ? 11 : 12}px ${fontFamily}`;
      const long = s.ctx.measureText(name).width;
      const places = [[x + 9, y], [x - 9 - long, y], [x - long / 2, y - 14], [x - long / 2, y + 14]];
      const wish = [...(x >= middle ? [0, 1] : [1, 0]), 2, 3];
      if (s.spots[v] != null) wish.unshift(s.spots[v]);
      const free = ([px, py]) => px >= 1 && px + long <= s.w - 1 && py >= 8 && py <= s.h - 8 &&
        taken.every(([a, b, c, d]) => px > c || px + long < a || py - 7 > d || py + 7 < b);
      s.spots[v] = wish.find((k) => free(places[k]));
      if (s.spots[v] == null && !strong(v)) continue;
      const [px, py] = places[s.spots[v] ?? wish[0]], left = strong(v) ? clamp(px, 1, s.w - long - 1) : px;
      taken.push([left, py - 7, left + long, py + 7]);
      ctx.fillStyle = css[strong(v) ? "ink" : "muted"];
      ctx.strokeText(name, left, py);
      ctx.fillText(name, left, py);
    }
  }

  function paint(s, p, marks, ctx = s.ctx) {
    const { w, h } = s;
    if (!w) return;
    pose(s, p);
    ctx.setTransform(s.ratio, 0, 0, s.ratio, 0, 0);
    ctx.clearRect(0, 0, w, h);
    ctx.lineCap = ctx.lineJoin = "round";
    const eye = lens(s), thick = clamp(0.026 * s.size * eye.scale, 2.6, 7), z = (v) => s.screen[3 * v + 2];
    for (let v = 0; v < s.V; v++) s.screen.set(eye.joint(v), 3 * v);
    if (s.layout.ground && !eye.flat) { ground(ctx, s, eye); shadow(ctx, s, eye); }
    const face = s.layout.head.filter((v) => s.trust[v] >= SEEN);
    if (face.length) {                                               // a pale disc says at a glance which end is up
      const at = (k) => face.reduce((sum, v) => sum + s.screen[3 * v + k], 0) / face.length;
      circle(ctx, at(0), at(1), 0.066 * s.size * eye.scale);
      ctx.fillStyle = css.soft;
      ctx.strokeStyle = css.line;
      ctx.lineWidth = 1;
      ctx.fill();
      ctx.stroke();
    }
    for (const v of marks.trails) if (v < s.V) trail(ctx, s, eye, v, thick);

    // Far things first, each joint on top of its own bones; what is nearer is a shade stronger and a touch wider.
    const order = s.layout.edges.map(([a, b], e) => [(z(a) + z(b)) / 2, e, -1]);
    for (let v = 0; v < s.V; v++) order.push([Math.max(z(v), ...s.near[v].map((u) => (z(u) + z(v)) / 2)) + 1e-4 * s.tall, -1, v]);
    if (!eye.flat) order.sort((a, b) => a[0] - b[0]);
    for (const [depth, e, v] of order) {
      const fog = eye.flat ? 0 : clamp(0.5 - depth / (0.6 * eye.reach), 0, 1), shade = Math.round(fog * (SHADES - 1));
      const grown = thick * (eye.flat ? 1 : 1.14 - 0.28 * fog);
      if (v < 0) bone(ctx, s, e, grown, shade, eye.flat);
      else joint(ctx, s, v, grown, shade, marks);
    }
    words(ctx, s, marks);
  }

  recolor();
  return { scenes, camera, paint, recolor, plain, markOf, dashOf };
};
