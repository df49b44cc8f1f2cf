/* The choices of the partition explorer as text: in the address of the page and as lines of Python.
   A state holds layout, edges, center (as typed), joint, whole, and the options of SkeletonGraph.partition under their own names. */
gim.partitionState = (() => {
  "use strict";
  const OPTIONS = ["strategy", "max_hop", "dilation", "normalization", "reference"];
  const options = (state) => Object.fromEntries(OPTIONS.map((key) => [key, state[key]]));

  /* What stands behind the # of the address; what is as usual is left out where that is clear. */
  function write(state) {
    const own = state.layout === "own" ? { edges: state.edges.trim(), center: state.center.trim() } : {};
    return new URLSearchParams({ layout: state.layout, ...own, joint: state.joint, strategy: state.strategy, hops: state.max_hop,
      ...(state.dilation > 1 ? { dilation: state.dilation } : {}), divide: state.normalization ?? "none",
      ...(state.reference ? { released: 1 } : {}), ...(state.whole ? { show: "body" } : {}) }).toString();
  }

  /* The state that the address describes, over `state`, and a list of what it says wrongly. sizes: { layout: number of joints },
     spare: { edges, center } for edges that are none. */
  function read(hash, state, sizes, spare) {
    const refused = [];
    let next = {};
    const one = (words) => (text) => (words.includes(text) ? text : undefined);
    const flag = (no, yes) => (text) => (text === yes ? true : text === no ? false : undefined);
    const whole = (low, high) => (text) => (/^\d+$/.test(text) && +text >= low && +text <= high ? +text : undefined);
    const known = {
      layout: ["layout", one([...Object.keys(sizes), "own"])], edges: ["edges", (text) => text], center: ["center", (text) => text],
      joint: ["joint", whole(0, 999)], strategy: ["strategy", one(["uniform", "distance", "spatial"])], hops: ["max_hop", whole(0, 4)],
      dilation: ["dilation", whole(1, 4)], divide: ["normalization", (text) => (text === "none" ? null : one(["row", "symmetric"])(text))],
      released: ["reference", flag("0", "1")], show: ["whole", flag("joint", "body")],
    };
    for (const [key, text] of new URLSearchParams(hash)) {
      const value = Object.hasOwn(known, key) ? known[key][1](text) : undefined;
      if (value === undefined) refused.push(`${key}=${text.slice(0, 30)}`);
      else next[known[key][0]] = value;
    }
    if (next.layout && !("joint" in next)) next.joint = null;                  // the page chooses one
    next = { ...state, ...next };
    if (next.reference && next.normalization !== "row") {
      next.normalization = "row";
      refused.push("divide with released=1");
    }
    let V = sizes[next.layout];
    if (next.layout === "own") {
      try { V = gim.partition.readEdges(next.edges, next.center).V; } catch (error) {
        refused.push(`edges (${error.message})`);
        Object.assign(next, spare, { joint: null });
      }
    }
    if (next.joint !== null && next.joint >= V) {
      refused.push(`joint=${next.joint}`);
      next.joint = null;
    }
    return { state: next, refused };
  }

  /* The lines that make the same tensor. */
  function python(state, graph) {
    const usual = { dilation: 1, normalization: "row", reference: false };
    const value = (v) => (v === null ? "None" : typeof v === "boolean" ? (v ? "True" : "False") : typeof v === "string" ? `"${v}"` : v);
    const named = Object.entries(options(state)).filter(([key, v]) => usual[key] !== v).map(([key, v]) => `${key}=${value(v)}`).join(", ");
    const bones = graph.edges.map(([a, b]) => `(${a}, ${b})`).join(", ");
    return state.layout === "own"
      ? `from stgcn_lib.graphs import SkeletonGraph\n\ngraph = SkeletonGraph.from_edges([${bones}], center=${graph.center})\nA = graph.partition(${named})`
      : `from stgcn_lib.graphs import skeleton\n\ngraph = skeleton("${state.layout}")\nA = graph.partition(${named})`;
  }

  return { options, write, read, python };
})();
