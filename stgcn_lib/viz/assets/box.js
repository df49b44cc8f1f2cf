/* A question by hand: the reader types a number, a vector or a matrix; the page says right or wrong and names the usual slip. */
gim.define("box", (figure, stage, data, gim) => {
  "use strict";
  const { el } = gim;

  /* "4", "-0.5", "0,5", "1/3", "1/√(2·5)", "(6 + 2)/sqrt(3)" as a number; null for what is none of these. */
  function read(text) {
    const plain = text.replace(/[\u2212\u2013]/g, "-").replace(/,/g, ".").replace(/\u221a/g, "sqrt").replace(/[\u00b7\u00d7]/g, "*");
    const tokens = plain.match(/\d+\.?\d*|\.\d+|sqrt|\S/g) || [];
    const next = (...words) => (words.includes(tokens[0]) ? tokens.shift() : null);
    function factor() {
      if (next("-")) return -factor();
      if (next("+")) return factor();
      if (next("sqrt")) return Math.sqrt(factor());
      if (!next("(")) return Number(tokens.shift());        // NaN for a word, and for nothing at all
      const value = sum();
      return next(")") ? value : NaN;
    }
    function product() {
      let value = factor();
      while (["*", "/", "sqrt", "("].includes(tokens[0])) value = next("/") ? value / factor() : (next("*"), value * factor());
      return value;
    }
    function sum() {
      let value = product();
      while (["+", "-"].includes(tokens[0])) value = next("-") ? value - product() : (next("+"), value + product());
      return value;
    }
    const value = sum();
    return tokens.length === 0 && Number.isFinite(value) ? value : null;  // "1 1/2" leaves tokens over
  }
  /* Half a unit of the last decimal that was typed; an expression such as 1/3 is exact. */
  const rounding = (text) => (/^[\s+\u2212\u2013-]*[\d.,]+\s*$/.test(text) ? 0.5 * 10 ** -(text.trim().split(/[.,]/)[1] || "").length : 0);

  const rows = data.answer.length, columns = data.answer[0].length, table = data.rows.length > 0;
  const id = (gim.boxes = (gim.boxes || 0) + 1);
  const fields = data.answer.map((row, i) => row.map((_, j) => el("input", {
    type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", id: `gim-box-${id}-${i}-${j}`,
    "aria-label": table ? [data.label, data.rows[i], data.columns[j]].filter(Boolean).join(", ") : null })));
  const every = (test) => fields.every((row, i) => row.every((_, j) => test(i, j)));
  const count = (test) => fields.flatMap((row, i) => row.map((_, j) => test(i, j))).filter(Boolean).length;

  const verdict = el("div", { class: "gim-verdict", role: "status" });
  const hintButton = el("button", { type: "button", onclick: hint }, "Hint");
  const hints = el("ol", { class: "gim-hints", hidden: true, "aria-live": "polite" });
  let given = 0;

  function tell(state, word, text) {
    figure.dataset.state = state;
    verdict.replaceChildren(el("b", {}, word), " ");
    verdict.insertAdjacentHTML("beforeend", text);
  }
  function hint() {
    if (given < data.hints.length) {
      const item = el("li", {});
      item.innerHTML = data.hints[given++];
      hints.append(item);
      hints.hidden = false;
    }
    hintButton.textContent = given < data.hints.length ? `Hint (${data.hints.length - given} left)` : "No more hints";
    hintButton.disabled = given >= data.hints.length;
  }
  function check(event) {
    event.preventDefault();
    const typed = fields.map((row) => row.map((field) => read(field.value)));
    const far = (target, i, j) => Math.abs(typed[i][j] - target[i][j]);
    const lost = fields.flat().find((field) => read(field.value) === null);
    if (lost) {
      tell("unclear", "Not a number yet.", "Type something like 4, \u22120.5, 0,5 or 1/3" + (table ? " in every field." : "."));
      return lost.focus();
    }
    if (every((i, j) => far(data.answer, i, j) <= data.tolerance)) {
      return tell("right", "Right.", data.right);
    }
    const slip = data.slips.find(([value]) => every((i, j) => far(value, i, j) <= data.tolerance));
    if (slip) return tell("slip", "Not yet.", slip[1]);
    if (every((i, j) => far(data.answer, i, j) <= Math.max(data.tolerance, rounding(fields[i][j].value)) + 1e-9)) {
      return tell("unclear", "Nearly.", `That is the right number, rounded too much: give ${data.places} decimals, or a fraction.`);
    }
    const good = count((i, j) => far(data.answer, i, j) <= data.tolerance);
    tell("wrong", "Not yet.", (table && good ? `${good} of ${rows * columns} entries are right. ` : "")
      + (given < data.hints.length ? "The hints go one step at a time." : "Go back to the hints and do them on paper."));
  }

  const label = table ? el("span", { class: "gim-label" }, data.label) : el("label", { class: "gim-label", for: fields[0][0].id }, data.label);
  const named = (text, field) => [el("label", { class: "gim-label", for: field.id }, text), field];
  const entry = !table ? fields[0][0]
    : !data.columns.length ? el("span", { class: "gim-entry" }, fields.map(([field], i) => el("span", {}, named(data.rows[i], field))))
      : el("table", { class: "gim-entry" }, el("tr", {}, el("td", {}), data.columns.map((name) => el("th", { scope: "col" }, name))),
        fields.map((row, i) => el("tr", {}, el("th", { scope: "row" }, data.rows[i]), row.map((field) => el("td", {}, field)))));
  stage.append(el("form", { class: data.columns.length ? "gim-form gim-form-table" : "gim-form", onsubmit: check, novalidate: true }, label, entry,
    el("span", { class: "gim-buttons" }, el("button", { type: "submit", class: "gim-check" }, "Check"), hintButton)), verdict, hints);
});
