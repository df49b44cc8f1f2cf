/* A quiz with a reason for every choice; a prediction that the page keeps; and the reply that shows it again. */
gim.define("quiz", (figure, stage, data, gim) => {
  "use strict";
  const { el } = gim;
  const kept = (gim.kept = gim.kept || {});              // predictions of this page, where the browser keeps none
  const store = {
    get() { try { return localStorage.getItem("gim:" + data.key) ?? kept[data.key]; } catch { return kept[data.key]; } },
    set(value) { kept[data.key] = value; try { localStorage.setItem("gim:" + data.key, value); } catch { /* kept in the page */ } },
  };
  const html = (tag, attributes, text) => { const node = el(tag, attributes); node.innerHTML = text; return node; };

  if (data.mode === "reply") {
    const line = el("p", { class: "gim-said", role: "status" });
    stage.querySelector(".gim-question").after(line);
    const show = () => {
      const said = store.get();
      line.hidden = said === undefined || said === null;
      if (line.hidden) return;
      const choice = data.choices[said];
      line.innerHTML = "<b>You said:</b> ";
      line.append(choice ? html("span", {}, choice.text) : `\u201c${said}\u201d`);
      if (choice && data.truth !== null) {
        figure.dataset.state = +said === data.truth ? "right" : "wrong";
        line.append(+said === data.truth ? " You saw it coming." : "");
      }
    };
    document.addEventListener("gim-predicted", show);
    return show();
  }

  const question = stage.querySelector(".gim-question"), list = stage.querySelector(".gim-choices");
  const name = `gim-quiz-${(gim.quizzes = (gim.quizzes || 0) + 1)}`;
  const verdict = el("div", { class: "gim-verdict", role: "status" });
  const options = data.choices.map((choice, i) => {
    const input = el("input", { type: data.several ? "checkbox" : "radio", name, value: i, id: `${name}-${i}` });
    const reason = el("div", { class: "gim-reason", hidden: true });
    return { choice, input, reason, node: el("div", { class: "gim-choice" }, input, html("label", { for: `${name}-${i}` }, choice.text), reason) };
  });
  const chosen = () => options.filter((option) => option.input.checked);
  const text = options.length ? null : el("input", { type: "text", id: `${name}-text`, autocomplete: "off" });

  function tell(state, word, more) {
    figure.dataset.state = state;
    verdict.replaceChildren(el("b", {}, word), " ");
    verdict.insertAdjacentHTML("beforeend", more);
  }
  function explain(option) {
    option.reason.innerHTML = `<b>${option.choice.right ? "Right." : "No."}</b> ${option.choice.reason}`;
    option.reason.hidden = false;
    option.node.dataset.right = String(option.choice.right);
  }
  function check(event) {
    event.preventDefault();
    if (data.mode === "predict") {
      const said = text ? text.value.trim() : chosen().map((option) => option.input.value)[0];
      if (!said) return tell("open", "Commit first.", "A guess is enough: it costs nothing to be wrong here.");
      store.set(said);
      document.dispatchEvent(new Event("gim-predicted"));
      return tell("kept", "Kept.", data.later);
    }
    const picked = chosen();
    if (!picked.length) return tell("open", "Choose first.", "");
    options.forEach((option) => { option.reason.hidden = true; delete option.node.dataset.right; });
    picked.forEach(explain);
    const wrong = picked.filter((option) => !option.choice.right).length;
    const missing = options.filter((option) => option.choice.right && !option.input.checked).length;
    if (!wrong && !missing) {
      options.forEach(explain);                           // once it is right, every other reason is worth reading
      return tell("right", "Right.", data.several ? "All of them, and no other." : "");
    }
    tell("wrong", "Not yet.", wrong ? "Read the reason and choose again." : "What you chose is right, and there is more.");
  }

  const before = data.mode === "predict" ? store.get() : null;
  if (before != null) {
    if (text) text.value = before; else if (options[before]) options[before].input.checked = true;
    tell("kept", "Kept from before.", data.later);
  }
  const choices = options.length
    ? el("fieldset", { class: "gim-choices" }, html("legend", { class: "gim-question" }, question.innerHTML), options.map((option) => option.node))
    : el("div", {}, el("label", { for: text.id, class: "gim-label" }, data.label), text);
  if (options.length) question.remove();
  if (list) list.remove();
  stage.append(el("form", { class: "gim-form gim-form-quiz", onsubmit: check, novalidate: true }, choices,
    el("span", { class: "gim-buttons" }, el("button", { type: "submit", class: "gim-check" }, data.mode === "predict" ? "Commit" : "Check"))), verdict);
});
