/* What the figures of scores share: axes, labels that keep apart, drawing at the width there is. */
gim.scores = gim.scores || {
  percent: (share, places = 0) => `${(100 * share).toFixed(places)} %`,
  clips: (n) => (n === 1 ? "1 clip" : `${n} clips`),
  /* Round numbers from low to high, about `count` of them. */
  ticks(low, high, count) {
    const raw = (high - low) / Math.max(1, count) || 1, ten = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].find((k) => k * ten >= raw * 0.999) * ten;
    const found = [];
    for (let k = Math.ceil(low / step - 1e-6); k * step <= high + step * 1e-6; k++) found.push(+(k * step).toPrecision(12));
    return found;
  },
  /* Places as near as possible to those wanted, at least `gap` apart, from low to high: neighbours that collide move as one block. */
  apart(wanted, gap, low, high) {
    const blocks = [], order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b), places = [];
    const top = (block) => Math.max(low, Math.min(high - (block.own.length - 1) * gap, block.sum / block.own.length));
    for (const i of order) {
      blocks.push({ own: [i], sum: wanted[i] });
      for (let last = blocks.length - 1; last > 0 && top(blocks[last - 1]) + blocks[last - 1].own.length * gap > top(blocks[last]); last--) {
        const [a, b] = blocks.splice(last - 1, 2);
        blocks.push({ own: a.own.concat(b.own), sum: a.sum + b.sum - b.own.length * a.own.length * gap });
      }
    }
    for (const block of blocks) block.own.forEach((i, k) => { places[i] = top(block) + k * gap; });
    return places;
  },
  /* Width of words in pixels: measured, for names are the reader's own. */
  wide: (() => {
    const pen = document.createElement("canvas").getContext("2d");
    return (words, size = 12, weight = 400) => { pen.font = `${weight} ${size}px system-ui, sans-serif`; return pen.measureText(words).width; };
  })(),
  /* Words cut to fit into `room` pixels. */
  cut(words, room, size = 12, weight = 600) {
    const wide = (end) => gim.scores.wide(words.slice(0, end) + "\u2026", size, weight);
    if (!words || gim.scores.wide(words, size, weight) <= room) return words;
    let end = words.length;
    while (end > 1 && wide(end) > room) end--;
    return words.slice(0, end).trimEnd() + "\u2026";
  },
  /* Paint now, and whenever the width of `node` changes. */
  fit(node, paint) {
    let width = 0;
    const look = () => { if (Math.abs(node.clientWidth - width) > 1) { width = node.clientWidth; paint(Math.max(250, width || 640)); } };
    new ResizeObserver(look).observe(node);
    look();
    if (!width) paint(640);
  },
};
