/* Who hears whom in a stack of temporal convolutions: pure functions. A layer is { kernel, stride, dilation }; layers go from the input to
   the output. Row 0 is the input, row l what layer l gives, the last row the output. */
gim.microscope = (() => {
  "use strict";
  const range = (n) => [...Array(n).keys()];

  /* For each row: input frames from one of its frames to the next, 1, s1, s1 s2, ... */
  const steps = (layers) => layers.reduce((all, { stride }) => [...all, all.at(-1) * stride], [1]);

  /* For each row: how many frames it has, T, T / s1 rounded up, ... */
  const lengths = (layers, frames) => layers.reduce((all, { stride }) => [...all, Math.ceil(all.at(-1) / stride)], [frames]);

  /* How many frames before and after its own an output can depend on, whatever the clip. */
  function sides(layers, causal) {
    const all = steps(layers), reach = layers.reduce((sum, { kernel, dilation }, l) => sum + (kernel - 1) * dilation * all[l], 0);
    return causal ? { past: reach, future: 0 } : { past: reach / 2, future: reach / 2 };
  }
  function field(layers) {
    const { past, future } = sides(layers, true);
    return past + future + 1;
  }

  /* The frames of the row below that frame t of a layer reads; some may lie outside the clip, where zeros are. */
  function reads({ kernel, stride, dilation }, t, causal) {
    const first = causal ? kernel - 1 : (kernel - 1) / 2;
    return range(kernel).map((i) => t * stride + (i - first) * dilation);
  }

  /* For each row: `heard`, its frames in the clip that can change output t, and `zeros`, the places outside the clip that the layers
     would read in a longer one. */
  function cone(layers, frames, t, causal) {
    const length = lengths(layers, frames), sorted = (set) => [...set].sort((a, b) => a - b);
    const rows = Array(layers.length + 1);
    let real = new Set([t]), wanted = new Set([t]);
    for (let l = layers.length; ; l--) {
      const inside = (at) => at >= 0 && at < length[l];
      real = new Set([...real].filter(inside));         // a zero of the padding hears nobody
      rows[l] = { heard: sorted(real), zeros: sorted(wanted).filter((at) => !inside(at)) };
      if (l === 0) return rows;
      [real, wanted] = [real, wanted].map((set) => new Set([...set].flatMap((at) => reads(layers[l - 1], at, causal))));
    }
  }

  /* How many frames of the whole receptive field of output t lie outside the clip. */
  function outside(layers, frames, t, causal) {
    const at = t * steps(layers).at(-1), { past, future } = sides(layers, causal);
    const inside = Math.max(0, Math.min(frames - 1, at + future) - Math.max(0, at - past) + 1);
    return past + future + 1 - inside;
  }

  /* The joints that can change joint v: those within so many hops. */
  const joints = (hop, v, reach) => range(hop.length).filter((u) => hop[v][u] >= 0 && hop[v][u] <= reach);

  return { steps, lengths, sides, field, reads, cone, outside, joints };
})();
