/* The partition strategies of stgcn_lib.graphs, number for number and error for error: pure functions of an edge list.
   Options bear the names of SkeletonGraph.partition: { strategy, max_hop, dilation, normalization, reference }. */
gim.partition = (() => {
  "use strict";
  const MOST = 60;                                          // joints that a drawing of this size can hold
  const range = (n) => [...Array(n).keys()];
  const repr = (value) => (value == null ? "None" : typeof value === "string" ? `'${value}'` : String(value));
  const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

  /* Bones on the shortest path between two joints, V x V; -1 where no path leads. */
  function hopDistance(V, edges) {
    const near = range(V).map(() => []);
    for (const [a, b] of edges) { near[a].push(b); near[b].push(a); }
    return range(V).map((start) => {
      const hops = Array(V).fill(-1), queue = [start];
      hops[start] = 0;
      for (const v of queue)
        for (const u of near[v]) if (hops[u] < 0) { hops[u] = hops[v] + 1; queue.push(u); }
      return hops;
    });
  }

  /* D^-1 A ("row") or D^-1/2 A D^-1/2 ("symmetric") with the sums of the rows as degrees; null leaves A as it is. */
  function normalize(A, kind) {
    const degree = A.map((row) => row.reduce((sum, w) => sum + w, 0) || 1);
    return A.map((row, v) => row.map((w, u) => ({ row: w / degree[v], symmetric: w / Math.sqrt(degree[v] * degree[u]) }[kind] ?? w)));
  }

  /* Hop distances to the centre as the strategy sees them: the released code stops counting at max_hop. */
  function toCenter(hop, center, { max_hop, reference }) {
    return hop[center].map((hops) => (reference && hops > max_hop ? Infinity : hops));
  }

  /* The K adjacencies, K x V x V: A[k][v][u] is what receiver v takes from sender u in subset k. */
  function partition(hop, center, options) {
    const { strategy = "spatial", max_hop = 1, dilation = 1, normalization = "row", reference = false } = options;
    for (const [argument, value, least] of [["max_hop", max_hop, 0], ["dilation", dilation, 1]])
      if (!Number.isInteger(value) || value < least)
        throw new Error(`${argument} is ${repr(value)}, expected a whole number of hops, ${least} or more`);
    if (!["row", "symmetric", null].includes(normalization))
      throw new Error(`normalization is ${repr(normalization)}, expected 'row', 'symmetric' or None`);
    if (reference && normalization !== "row")
      throw new Error(`normalization is ${repr(normalization)} with reference=True, expected 'row': the released code `
        + "knows no other; leave one of the two out");
    const hops = range(max_hop + 1).filter((h) => h % dilation === 0), d = toCenter(hop, center, { max_hop, reference });
    const heard = (v, u) => hops.includes(hop[v][u]);
    const tests = {
      uniform: () => [heard],
      distance: () => hops.map((h) => (v, u) => hop[v][u] === h),
      spatial: () => (reference
        ? [(v, u) => v === u, ...hops.slice(1).flatMap((h) => [(v, u) => hop[v][u] === h && d[u] >= d[v], (v, u) => hop[v][u] === h && d[u] < d[v]])]
        : [(v, u) => heard(v, u) && d[u] === d[v], (v, u) => heard(v, u) && d[u] < d[v], (v, u) => heard(v, u) && d[u] > d[v]]),
    }[strategy];
    if (!tests) throw new Error(`strategy is ${repr(strategy)}, expected 'uniform', 'distance' or 'spatial'`);
    const all = range(hop.length), weights = normalize(all.map((v) => all.map((u) => +heard(v, u))), normalization);
    return tests().map((test) => all.map((v) => all.map((u) => (test(v, u) ? weights[v][u] : 0))));
  }

  /* What each subset is: its name, what it means, the tone of the palette, and the hops where that tells two apart. */
  function subsets({ strategy, max_hop, dilation, reference }) {
    const hops = range(max_hop + 1).filter((h) => h % dilation === 0), far = hops.slice(1), steps = (h) => `${h} hop${h === 1 ? "" : "s"}`;
    if (strategy === "uniform") return [{ name: "all", means: "all that are heard", tone: "sender", hop: 1 }];
    if (strategy === "distance")
      return hops.map((h) => (h ? { name: steps(h), means: `${steps(h)} away`, tone: "sender", hop: h }
        : { name: "0 hops", means: "the joint itself", tone: "root", hop: 0 }));
    if (!reference)
      return [{ name: "root", means: "itself, or equally far", tone: "root", hop: 0 },
        { name: "centripetal", means: "nearer the centre", tone: "centripetal", hop: 1 },
        { name: "centrifugal", means: "farther out", tone: "centrifugal", hop: 1 }];
    const means = (h, words) => (far.length > 1 ? `${steps(h)} away` : words);
    return [{ name: "itself", means: "the joint itself", tone: "root", hop: 0 }, ...far.flatMap((h) => [
      { name: "not nearer", means: means(h, "equally far or farther"), tone: "centrifugal", hop: h },
      { name: "nearer", means: means(h, "nearer the centre"), tone: "centripetal", hop: h }])];
  }

  /* Messages [v, u] that the released code files under "equally far or farther" although the sender is nearer the centre. */
  function misplaced(hop, center, options) {
    if (!options.reference || options.strategy !== "spatial") return [];
    const seen = toCenter(hop, center, options), d = hop[center], all = range(hop.length);
    return all.flatMap((v) => all.filter((u) => hop[v][u] > 0 && hop[v][u] <= options.max_hop && hop[v][u] % options.dilation === 0
      && d[u] < d[v] && !(seen[u] < seen[v])).map((u) => [v, u]));
  }

  /* "0-1 1-2" or "(0, 1), (1, 2)" and a centre as a graph, or an Error that names what is wrong, as from_edges does. */
  function readEdges(text, centerText) {
    const words = text.replace(/[([]\s*(-?\d+)\s*,\s*(-?\d+)\s*[)\]]/g, " $1-$2 ").replace(/(\d)\s*[-\u2013]\s*(\d)/g, "$1-$2")
      .split(/[\s,;[\]]+/).filter(Boolean);
    if (!words.length) throw new Error("No bone is here yet: write at least one, such as 0-1.");
    const edges = words.map((word) => {
      const pair = /^(\d+)-(\d+)$/.exec(word);
      if (pair) return [+pair[1], +pair[2]];
      if (/^-\d|--/.test(word)) throw new Error(`\u201c${word}\u201d holds a joint below 0: joints are counted from 0.`);
      throw new Error(`\u201c${word}\u201d is not a bone: write the numbers of two joints with a hyphen between them, such as 0-1.`);
    });
    const V = Math.max(...edges.flat()) + 1, first = new Map();
    if (V > MOST) throw new Error(`Joint ${V - 1} is too many for this drawing: it holds up to ${MOST} joints, 0 to ${MOST - 1}.`);
    edges.forEach(([a, b], i) => {
      const key = `${Math.min(a, b)}-${Math.max(a, b)}`;
      if (a === b) throw new Error(`${words[i]} joins joint ${a} to itself: leave it out, every joint hears itself anyway.`);
      if (first.has(key)) throw new Error(`${words[i]} is the bone ${first.get(key)} again: write each bone once, a bone joins both ways.`);
      first.set(key, words[i]);
    });
    if (!/^\s*\d+\s*$/.test(centerText))
      throw new Error(`The centre is \u201c${centerText.trim()}\u201d: write the number of one joint, 0 to ${V - 1}.`);
    const center = +centerText, hop = hopDistance(V, edges);
    if (center >= V) throw new Error(`The centre is joint ${center}, but the bones name the joints 0 to ${V - 1} only.`);
    const lost = range(V).filter((v) => hop[center][v] < 0);
    const named = `joint${lost.length > 1 ? "s" : ""} ${list(lost.slice(0, 6).map(String))}${lost.length > 6 ? " and more" : ""}`;
    if (lost.length) throw new Error(`No path leads from the centre ${center} to ${named}: add the missing bone, or subtract 1 from all numbers `
      + "if you count from 1.");
    return { V, edges, center };
  }

  /* A weight as people write it. d and e are the degrees of receiver and sender. */
  function fraction(kind, d, e) {
    const n = kind === "row" ? d * d : kind === "symmetric" ? d * e : 1, root = Math.round(Math.sqrt(n));
    return n === 1 ? "1" : root * root === n ? `1/${root}` : `1/\u221a${n}`;
  }

  /* Places of a graph without a body, 0 to 1, y down: the centre on top, a row for each hop, bowed so that bones in a row show. */
  function hang(V, edges, center) {
    const d = hopDistance(V, edges)[center];
    const near = (v) => edges.filter((e) => e.includes(v)).map(([a, b]) => (a === v ? b : a)).sort((a, b) => a - b);
    const parent = d.map((hops, v) => (hops ? near(v).find((u) => d[u] === hops - 1) : -1));
    const x = Array(V), deepest = Math.max(1, ...d);
    let leaf = 0;
    (function walk(v) {
      const below = range(V).filter((u) => parent[u] === v);
      below.forEach(walk);
      x[v] = below.length ? (x[below[0]] + x[below.at(-1)]) / 2 : leaf++;
    })(center);
    const wide = Math.max(1, leaf - 1), scale = Math.max(wide, deepest);
    return range(V).map((v) => [x[v] / scale, (d[v] - (leaf > 1 ? 0.5 * ((2 * x[v]) / wide - 1) ** 2 * Math.min(1, d[v]) : 0)) / scale]);
  }

  return { hopDistance, normalize, toCenter, partition, subsets, misplaced, readEdges, fraction, hang, list };
})();
