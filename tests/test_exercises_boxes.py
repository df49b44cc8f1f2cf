"""Questions by hand, quizzes and predictions: what is refused, what the page shows, and that no chapter gives answers away."""

import importlib
import inspect
import itertools
import json
import pkgutil
import re

import numpy as np
import pytest

from stgcn_lib import exercises
from stgcn_lib.exercises import boxes

HINTS = ("Count first.", "Then add.", "Then divide.")
CHOICES = [("one", False, "too few"), ("two", True, "as many as hands"), ("three", False, "too many")]


def box(**changes):
    return boxes.box(**{"question": "How many?", "answer": 4, "hints": HINTS, **changes})


# ---- box ---------------------------------------------------------------------------------------------------------------------

def test_a_number():
    data = box(slips={12: "the sum"}, right="12 / 3", label="new b").data
    assert data["answer"] == [[4]] and data["rows"] == data["columns"] == []
    assert data["slips"] == [[[[12]], "the sum"]]
    assert data["hints"] == list(HINTS) and data["right"] == "12 / 3" and data["label"] == "new b"


def test_a_vector_has_one_field_a_row():
    data = box(answer=[1, 2, 3], slips=[((3, 2, 1), "turned round")]).data
    assert data["answer"] == [[1], [2], [3]] and data["rows"] == ["1", "2", "3"] and data["columns"] == []
    assert data["slips"] == [[[[3], [2], [1]], "turned round"]]
    assert box(answer=[1, 2], rows="xy").data["rows"] == ["x", "y"]


def test_a_matrix_has_rows_and_columns():
    data = box(answer=[[1, 2, 3], [4, 5, 6]], rows=("a", "b"), slips=[(np.ones((2, 3)), "all ones")]).data
    assert data["answer"] == [[1, 2, 3], [4, 5, 6]]
    assert data["rows"] == ["a", "b"] and data["columns"] == ["1", "2", "3"]


def test_a_component_is_ready_for_the_page():
    for answer in (4, 1 / 3, [1, 2], np.eye(2), np.float32(0.5), np.int64(3)):
        component = box(answer=answer)
        assert component.kind == "box"
        text = component.to_html(standalone=False)
        data = json.loads(re.search(r'class="gim-data">(.*?)</script>', text).group(1))
        np.testing.assert_allclose(np.ravel(data["answer"]), np.ravel(answer))


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), "four", None, [], [[1, 2], [3]], np.ones((1, 1, 1)), [1, None]],
                         ids=["nan", "inf", "word", "None", "empty", "ragged", "three axes", "hole"])
def test_no_other_answers(answer):
    with pytest.raises(ValueError, match="answer is .*expected a finite number"):
        box(answer=answer)


@pytest.mark.parametrize("answer, slips, words", [
    (4, {4: "right, really"}, "slip 4 is within 0.005 of the right answer"),
    (1 / 3, {0.3333: "rounded"}, "slip 0.3333 is within"),
    ([1, 2], [((1, 2), "the same")], "is within"),
    ([1, 2], {3: "their sum"}, r"slip 3 has shape \(1, 1\), expected \(2, 1\)"),
    ([[1, 2]], [([1, 2], "a vector")], r"has shape \(2, 1\), expected \(1, 2\)"),
    (4, {float("nan"): "no number"}, "slip is nan"),
    (4, {"five": "a word"}, "slip is 'five'"),
])
def test_slips_are_held_against_the_answer(answer, slips, words):
    with pytest.raises(ValueError, match=words):
        box(answer=answer, slips=slips)


def test_a_slip_may_share_entries_with_the_answer():
    assert len(box(answer=[1, 2], slips=[((1, 3), "one off")]).data["slips"]) == 1


def test_the_tolerance_decides_what_a_slip_is():
    assert box(answer=0.3333, slips={0.333: "too short"}, tolerance=1e-5).data["tolerance"] == 1e-5


@pytest.mark.parametrize("hints", [(), ("a", "b"), ("a", "b", "c", "d"), "abc"])
def test_three_hints_are_wanted(hints):
    with pytest.raises(ValueError, match=f"hints of 'How many[?]' has {len(hints)} levels, expected 3"):
        box(hints=hints)


@pytest.mark.parametrize("answer, names, words", [
    ([1, 2], dict(rows=("x",)), "rows has 1 names, the answer has 2 rows"),
    ([1, 2], dict(rows=("x", "y", "z")), "rows has 3 names, the answer has 2 rows"),
    ([[1, 2]], dict(columns=("x",)), "columns has 1 names, the answer has 2 columns"),
    (4, dict(rows=("x",)), "rows has 1 names, the answer has 0 rows"),
    ([1, 2], dict(columns=("x",)), "columns has 1 names, the answer has 0 columns"),
])
def test_names_are_counted(answer, names, words):
    with pytest.raises(ValueError, match=words):
        box(answer=answer, **names)


# ---- quiz --------------------------------------------------------------------------------------------------------------------

def test_a_quiz_keeps_choices_and_reasons():
    component = boxes.quiz("How many hands?", CHOICES)
    assert component.kind == "quiz" and component.data["mode"] == "quiz" and not component.data["several"]
    assert component.data["choices"] == [{"text": text, "right": right, "reason": reason} for text, right, reason in CHOICES]


@pytest.mark.parametrize("choices, several, words", [
    (CHOICES[:1], False, "expected two or more"),
    ([], False, "expected two or more"),
    ([*CHOICES, ("four", False, "")], False, "each with a reason"),
    ([*CHOICES, ("", False, "nothing")], False, "each with a reason"),
    ([*CHOICES, ("four", False)], False, "each with a reason"),
    ([CHOICES[0], CHOICES[2]], False, "holds 0 right ones, expected one"),
    ([CHOICES[0], CHOICES[2]], True, "holds 0 right ones, expected one or more"),
    ([CHOICES[1], ("2", True, "the same")], False, "holds 2 right ones, expected one"),
])
def test_quizzes_without_sense_are_refused(choices, several, words):
    with pytest.raises(ValueError, match=f"choices of 'How many hands[?]'.*{words}"):
        boxes.quiz("How many <b>hands</b>?", choices, several=several)


def test_several_may_be_right():
    data = boxes.quiz("Which are even?", [("2", True, "2 = 2 * 1"), ("4", True, "4 = 2 * 2")], several=True).data
    assert data["several"] and [choice["right"] for choice in data["choices"]] == [True, True]


# ---- predict -----------------------------------------------------------------------------------------------------------------

PREDICTION = dict(key="k", question="Up or <b>down</b>?", choices=("up", "down"), truth=1, reply="It fell.")


def test_a_prediction_does_not_hold_the_answer():
    component = boxes.predict(**PREDICTION)
    assert component.data["mode"] == "predict" and component.data["key"] == "k"
    assert "truth" not in component.data and "It fell" not in component.to_html(standalone=False)


def test_the_reply_shows_the_answer_without_scripts_too():
    component = boxes.predict_reply(**PREDICTION)
    assert component.data["mode"] == "reply" and component.data["truth"] == 1 and component.data["key"] == "k"
    assert "<b>Answer:</b> down" in component.still and "It fell." in component.still and "<b>down</b>?" in component.still


def test_a_typed_prediction_has_no_choices():
    spec = {**PREDICTION, "choices": (), "truth": None}
    assert boxes.predict(**spec).data["choices"] == []
    assert "Answer" not in boxes.predict_reply(**spec).still


@pytest.mark.parametrize("make", [boxes.predict, boxes.predict_reply])
@pytest.mark.parametrize("changes, words", [
    (dict(choices=("up",), truth=0), "choices of 'k' has one entry"),
    (dict(truth=2), "truth of 'k' is 2, expected the index of one of 2 choices"),
    (dict(truth=-1), "truth of 'k' is -1"),
    (dict(truth="down"), "truth of 'k' is 'down'"),
    (dict(choices=(), truth=0), "truth of 'k' is 0"),
])
def test_predictions_without_sense_are_refused(make, changes, words):
    with pytest.raises(ValueError, match=words):
        make(**{**PREDICTION, **changes})


def test_both_take_the_same_specification():
    assert list(inspect.signature(boxes.predict).parameters) == list(inspect.signature(boxes.predict_reply).parameters)


# ---- what stands in the page -------------------------------------------------------------------------------------------------

def test_the_still_shows_the_question_and_the_choices():
    assert box(question="Is <i>a</i> &lt; 3?").still == '<p class="gim-question">Is <i>a</i> &lt; 3?</p>'
    prediction = boxes.predict("k", "How <b>many</b>?", reply="", choices=("one", "two", "three"))
    for still in (boxes.quiz("How <b>many</b>?", CHOICES).still, prediction.still):
        assert still == ('<p class="gim-question">How <b>many</b>?</p>'
                         '<ul class="gim-choices"><li>one</li><li>two</li><li>three</li></ul>')


def test_the_text_alternative_is_plain():
    assert box(question="Is <i>a</i> &lt; 3 &amp; 4?").alt == "By hand: Is a < 3 & 4?"
    assert boxes.quiz("How <b>many</b>?", CHOICES).alt == "Quiz: How many?"
    assert boxes.predict(**PREDICTION).alt == "Predict first: Up or down?"
    assert boxes.predict_reply(**PREDICTION).alt == "Reply to the prediction: Up or down?"


def test_an_unknown_name_lists_the_known_ones():
    make = boxes.by_name(boxes.quiz, {name: dict(question=f"How many {name}?", choices=CHOICES) for name in ("hands", "feet")})
    assert make("hands").alt == "Quiz: How many hands?"
    with pytest.raises(ValueError, match="quiz has no 'hand', expected one of 'hands', 'feet'"):
        make("hand")


# ---- every chapter -----------------------------------------------------------------------------------------------------------

CHAPTERS = [importlib.import_module(f"stgcn_lib.exercises.{module.name}") for module in pkgutil.iter_modules(exercises.__path__)
            if re.fullmatch(r"ch\d\d", module.name)]


def every(kind):
    return [pytest.param(spec, id=f"{module.__name__[-4:]}-{name}") for module in CHAPTERS
            for name, spec in getattr(module, kind).items()]


WORDS = dict(zip("zero one two three four five six seven eight nine ten eleven twelve".split(), range(13), strict=True))
NUMBER = re.compile(r"-?\b\d+(?:\.\d+)?(?:/\d+)?\b|\b(?:" + "|".join(WORDS) + r")\b")


def plain(fragment):
    return boxes._plain(fragment).replace("\u2212", "-").lower()


def numbers(fragment):
    """The numbers of a text in their order: 4, -0.5, 1/3, seven."""
    def value(found):
        over, _, under = found.partition("/")
        return WORDS[found] if found in WORDS else float(over) / (float(under) if under else 1)
    return [value(found) for found in NUMBER.findall(plain(fragment)) if not re.search(r"/0+$", found)]


def says(fragment, answer):
    """True if the numbers of the answer stand in the text, one after the other; rounded ones count."""
    told, wanted = numbers(fragment), np.ravel(answer)
    return any(np.allclose(told[i:i + len(wanted)], wanted, rtol=0, atol=0.005) for i in range(len(told) - len(wanted) + 1))


def test_numbers_are_found_in_texts():
    assert numbers("&minus;3, 0.5 or 1/4; <i>seven</i> of x2") == [-3, 0.5, 0.25, 7]
    assert says("it is 0.32, say", 10 ** -0.5) and says("(7, 0)", [7, 0]) and says("a third is 1/3", 1 / 3)
    assert not says("17 or 71", 7) and not says("(0, 7)", [7, 0]) and not says("0.5", 5) and not says("someone", 1)


@pytest.mark.parametrize("spec", every("BOXES"))
def test_no_hint_says_the_answer(spec):
    for hint in spec["hints"]:
        for factor in re.findall(r"\d+", plain(spec["question"])):
            hint = hint.replace(f"{factor} times", "")  # a W of the question may be multiplied by, even if it equals the answer
        assert not says(hint, spec["answer"]), hint


@pytest.mark.parametrize("spec", every("BOXES"))
def test_boxes_show_the_question_and_nothing_that_answers_it(spec):
    component = boxes.box(**spec)
    shown = component.still + component.alt
    assert spec["question"] in shown and plain(spec["question"]) in component.alt.replace("\u2212", "-").lower()
    slips = spec["slips"].values() if isinstance(spec["slips"], dict) else [sentence for _, sentence in spec["slips"]]
    for text in (spec["right"], *spec["hints"], *slips):
        assert text and text not in shown


@pytest.mark.parametrize("spec", every("BOXES"))
def test_slips_are_wrong_and_can_be_told_apart(spec):
    slips = [(np.asarray(value, dtype=float), sentence) for value, sentence in
             (spec["slips"].items() if isinstance(spec["slips"], dict) else spec["slips"])]
    assert len(slips) >= 2 and all(len(sentence) > 20 for _, sentence in slips)
    tolerance = spec.get("tolerance", inspect.signature(boxes.box).parameters["tolerance"].default)
    values = [np.asarray(spec["answer"], dtype=float), *(value for value, _ in slips)]
    for i, value in enumerate(values):
        for other in values[:i]:
            # twice the tolerance: no typed number belongs to both
            assert value.shape == other.shape and np.abs(value - other).max() > 2 * tolerance, (value, other)


@pytest.mark.parametrize("spec", every("BOXES"))
def test_the_answer_is_one_that_can_be_typed(spec):
    assert len(set(spec["hints"])) == 3 and spec["label"] and spec["right"]
    answer = np.asarray(spec["answer"], dtype=float)
    assert np.abs(answer - np.round(answer, spec.get("places", 2))).max() <= spec.get("tolerance", 0.005)


@pytest.mark.parametrize("spec", every("QUIZZES"))
def test_quizzes_give_nothing_away(spec):
    component = boxes.quiz(**spec)
    shown = component.still + component.alt
    assert spec["question"] in shown and all(text in shown for text, _, _ in spec["choices"])
    assert not any(reason in shown for _, _, reason in spec["choices"])
    texts = [text for text, _, _ in spec["choices"]]
    assert len(set(texts)) == len(texts) >= 3


@pytest.mark.parametrize("spec", every("PREDICTIONS"))
def test_predictions_give_nothing_away(spec):
    page = boxes.predict(**spec).to_html(standalone=False)
    assert spec["reply"] not in page and "truth" not in page
    assert spec["reply"] in boxes.predict_reply(**spec).still


@pytest.mark.parametrize("spec", every("BOXES"))
def test_slips_are_told_apart(spec):
    """By more than twice the tolerance, from one another and from the answer: no number gets two replies."""
    slips = list(spec["slips"]) if isinstance(spec["slips"], dict) else [slip for slip, _ in spec["slips"]]
    values = [np.atleast_1d(np.asarray(value, dtype=float)) for value in (spec["answer"], *slips)]
    assert len(values) >= 4
    for one, other in itertools.combinations(values, 2):
        assert np.abs(one - other).max() > 2 * spec.get("tolerance", 0.005), (one, other)


def test_right_choices_do_not_always_stand_in_the_same_place():
    places = {[right for _, right, _ in spec.values[0]["choices"]].index(True) for spec in every("QUIZZES")}
    assert len(places) > 1


def test_chapters_have_what_the_plan_promises():
    assert CHAPTERS
    for module in CHAPTERS:
        assert len(module.QUIZZES) == 2, module.__name__
        assert len(module.BOXES) >= 3, f"{module.__name__}: one by hand, two among the exercises"
        assert len(module.PREDICTIONS) >= 1, module.__name__
        for make, specs in ((module.box, module.BOXES), (module.quiz, module.QUIZZES), (module.predict, module.PREDICTIONS),
                            (module.predict_reply, module.PREDICTIONS)):
            for name in specs:
                assert make(name).alt
            with pytest.raises(ValueError, match="has no 'no such name'"):
                make("no such name")


def test_keys_and_questions_are_unique_in_the_book():
    keys = [spec.values[0]["key"] for spec in every("PREDICTIONS")]
    questions = [spec.values[0]["question"] for kind in ("BOXES", "QUIZZES", "PREDICTIONS") for spec in every(kind)]
    assert len(set(keys)) == len(keys) and len(set(questions)) == len(questions)
    for module in CHAPTERS:
        assert all(spec["key"].startswith(f"{module.__name__[-4:]}-") for spec in module.PREDICTIONS.values())
