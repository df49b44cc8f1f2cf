"""Questions that the page itself checks: numbers by hand, quizzes, and predictions kept until the chapter answers them.

The specifications live in the chapter's module, so that the notebook shows the question and not the answer:

    BOXES = {
        "mean_at_b": dict(
            question="Node b takes the mean of itself (6), a (2) and c (4). What is its new number?",
            answer=4,
            label="new b",
            slips={12: "12 is the sum. The mean divides it by the number of terms.",
                   3: "3 is the mean of a and c alone: did you forget the self-loop of b?"},
            hints=("List every number that b takes: how many are there?", "Add them up first.", "Divide the sum by three."),
            right="(6 + 2 + 4) / 3. The node itself counts as one of its own senders."),
    }
    box = by_name(boxes.box, BOXES)  # then check.box("mean_at_b") in the chapter

All texts are HTML fragments: write ``<i>h</i><sub>b</sub>`` for a symbol and ``&lt;`` for "less than"; no TeX, which a notebook
does not set inside a figure. Answers stand in the page in plain text: these questions teach, they do not examine.
"""

import html
import re

import numpy as np

from ..viz.html import Component

LEVELS = 3


def by_name(make, specs):
    """A function that makes the Component of a named specification: ``by_name(box, BOXES)("mean_at_b")``."""
    def component(name):
        if name not in specs:
            raise ValueError(f"{make.__name__} has no {name!r}, expected one of {', '.join(map(repr, specs))}")
        return make(**specs[name])
    return component


def box(question, answer, *, hints, slips=(), right="", label="Your answer", rows=None, columns=None, tolerance=0.005, places=2):
    """A question by hand: type a number (or a vector, a matrix), the page says right or wrong and names the usual slip.

    The reader may type ``4``, ``-0.5``, ``0,5``, ``1/3``, ``1/√6`` or ``2/sqrt(6)``. A wrong number that is a slip gets the
    sentence of that slip; any other wrong number is pointed to the three hints.

    Args:
        question: HTML fragment.
        answer: number, list of numbers, or list of rows.
        hints: three HTML fragments, from a nudge to nearly there; none of them says the answer.
        slips: dict ``{wrong number: sentence}``, or for vectors and matrices a list of ``(wrong answer, sentence)``.
        right: HTML fragment shown once the answer is right: why it is.
        label: what stands before the field, such as "new b".
        rows: names of the rows of a matrix or the entries of a vector (default: 1, 2, ...).
        columns: names of the columns of a matrix.
        tolerance: how far a typed number may be off.
        places: decimals asked for; a number that is only rounded too much is told so.

    Returns:
        Component of kind "box".

    Raises:
        ValueError: not three hints, a slip that is right or has another shape, a name too many or too few.
    """
    answer, table = _table(answer, "answer")
    if isinstance(hints, str) or len(hints) != LEVELS:
        raise ValueError(f"hints of {_plain(question)!r} has {len(hints)} levels, expected {LEVELS}")
    told = []
    for value, sentence in (slips.items() if isinstance(slips, dict) else slips):
        slip, _ = _table(value, "slip")
        if slip.shape != answer.shape:
            raise ValueError(f"slip {value} has shape {slip.shape}, expected {answer.shape} as the answer")
        if np.abs(slip - answer).max() <= tolerance:
            raise ValueError(f"slip {value} is within {tolerance} of the right answer")
        told.append([slip.tolist(), sentence])
    for axis, (argument, given) in enumerate((("rows", rows), ("columns", columns))):
        wanted = answer.shape[axis] if axis < table else 0  # a number has no rows, a vector no columns
        if given is not None and len(given) != wanted:
            raise ValueError(f"{argument} has {len(given)} names, the answer has {wanted} {argument}")
    numbered = [range(1, size + 1) for size in answer.shape]
    data = {"answer": answer.tolist(), "slips": told, "hints": list(hints), "right": right, "label": label, "places": places,
            "tolerance": tolerance, "rows": list(map(str, numbered[0] if rows is None else rows)) if table else [],
            "columns": list(map(str, numbered[1] if columns is None else columns)) if table == 2 else []}
    return Component("box", data, alt=f"By hand: {_plain(question)}", still=f'<p class="gim-question">{question}</p>')


def quiz(question, choices, *, several=False):
    """A question with choices and a reason for each of them, shown once it is chosen and checked.

    Args:
        question: HTML fragment.
        choices: list of (HTML fragment, True or False, reason); the reason says why this choice is right or wrong.
        several: any number of choices may be right (checkboxes instead of radio buttons).

    Returns:
        Component of kind "quiz".

    Raises:
        ValueError: fewer than two choices, a choice without a reason, no right choice, or several without `several`.
    """
    if len(choices) < 2 or any(len(choice) != 3 or not choice[0] or not choice[2] for choice in choices):
        raise ValueError(f"choices of {_plain(question)!r}: expected two or more of (text, True or False, reason), "
                         "each with a reason")
    count = sum(bool(right) for _, right, _ in choices)
    if count == 0 or (count > 1 and not several):
        raise ValueError(f"choices of {_plain(question)!r} holds {count} right ones, "
                         f"expected {'one or more' if several else 'one'}")
    data = {"mode": "quiz", "several": several,
            "choices": [{"text": text, "right": bool(right), "reason": reason} for text, right, reason in choices]}
    return Component("quiz", data, alt=f"Quiz: {_plain(question)}", still=_question(question, [text for text, _, _ in choices]))


def predict(key, question, *, reply, choices=(), truth=None, label="Your guess", later="The chapter answers it at its end."):
    """Predict first: the reader commits to an answer before reading; `predict_reply` shows it again beside the truth.

    The answer is kept in the page, and in the browser's own storage where it allows that; nothing is sent anywhere.

    Args:
        key: name under which the browser keeps it, unique in the book: "ch01-karate".
        question: HTML fragment.
        reply: HTML fragment for `predict_reply`: what happened, and why.
        choices: HTML fragments; left out, the reader types a line of text.
        truth: index of the right choice, for `predict_reply`; None where no choice is simply right.
        label: what stands before the field of a typed answer.
        later: where the answer comes.

    Returns:
        Component of kind "quiz".

    Raises:
        ValueError: one choice only, or `truth` that is no choice.
    """
    _check_prediction(key, choices, truth)
    data = {"mode": "predict", "key": key, "choices": [{"text": text} for text in choices], "label": label, "later": later}
    return Component("quiz", data, alt=f"Predict first: {_plain(question)}", still=_question(question, choices))


def predict_reply(key, question, *, reply, choices=(), truth=None, label="", later=""):
    """What the reader predicted, beside what happened. Takes the same specification as `predict`.

    Where the prediction is not known (none was made, or the page may not remember), it shows the answer alone.
    """
    _check_prediction(key, choices, truth)
    data = {"mode": "reply", "key": key, "choices": [{"text": text} for text in choices], "truth": truth}
    known = f'<p class="gim-truth"><b>Answer:</b> {choices[truth]}</p>' if truth is not None else ""
    return Component("quiz", data, alt=f"Reply to the prediction: {_plain(question)}",
                     still=f'<p class="gim-question">{question}</p>{known}<p class="gim-reply">{reply}</p>')


def _table(value, argument):
    """A number, vector or matrix as a (rows, columns) array, and its dimension 0, 1 or 2."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):  # words, or rows of different lengths
        array = np.empty(0)
    if array.ndim > 2 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{argument} is {value!r}, expected a finite number, a list of numbers or a list of equally long rows")
    return array.reshape(array.shape[0] if array.ndim else 1, -1), array.ndim


def _check_prediction(key, choices, truth):
    if len(choices) == 1:
        raise ValueError(f"choices of {key!r} has one entry, expected two or more, or none for a typed answer")
    if truth is not None and truth not in range(len(choices)):
        raise ValueError(f"truth of {key!r} is {truth!r}, expected the index of one of {len(choices)} choices")


def _question(question, choices):
    """The question as it stands where no script runs."""
    items = "".join(f"<li>{text}</li>" for text in choices)
    return f'<p class="gim-question">{question}</p>' + (f'<ul class="gim-choices">{items}</ul>' if items else "")


def _plain(fragment):
    """The text of an HTML fragment."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))
