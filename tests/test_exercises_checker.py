"""The machinery of the checks: stubs, answers that fail in every way, hints, seeds, reports, and assert_checker itself."""

import importlib
import pkgutil
import re

import numpy as np
import pytest
import torch

from stgcn_lib import exercises
from stgcn_lib.exercises import ch01, ch02
from stgcn_lib.exercises.checker import LEVELS, TRIALS, Check, Wrong, assert_checker, call, close, digits, random_adjacency, tensor

HINTS = ("a nudge", "a push", "nearly there")


def doubling():
    """A small check: the answer doubles a vector."""
    check = Check("doubling", asks="a function of x (n,)", hints=HINTS)

    @check.property("keeps the shape")
    def _(answer, rng):
        call(answer, rng.random(4), shape=(4,))
        return True

    @check.property("doubles")
    def _(answer, rng):
        x = 1000 + 1000 * rng.random(4)
        got = call(answer, x, shape=(4,))
        return close(got, 2 * x) or f"the first of four numbers became {digits(got[0])}"

    @check.property("leaves x alone")
    def _(answer, rng):
        x = rng.random(4) + 1
        kept = x.copy()
        answer(x)
        return bool((x == kept).all()) or "x has changed"

    return check


def in_place(x):
    x *= 2
    return x


WRONG = {"three times": lambda x: 3 * x, "squared": lambda x: x ** 2, "sum": lambda x: x.sum(), "halved": lambda x: x / 2,
         "in place": in_place}


def states(result):
    return [state for state, _, _ in result.lines]


# ---- stubs ---------------------------------------------------------------------------------------------------------------------

def raises(*_):
    raise NotImplementedError


def raises_with_words(x):
    raise NotImplementedError("your turn")


@pytest.mark.parametrize("stub", [..., None, raises, raises_with_words, lambda x: None, lambda x: ...],
                         ids=["ellipsis", "None", "raises", "raises with words", "returns None", "returns ellipsis"])
def test_a_stub_is_called_a_stub_and_told_what_is_asked(stub):
    result = doubling().run(stub)
    assert not result and states(result) == ["stub"]
    assert result.headline == "doubling: still the stub."
    assert "a function of x (n,)" in str(result)
    assert result.failed == []


def test_a_function_without_return_is_told_so():
    def forgetful(x):
        2 * x

    assert "the return line is missing" in str(doubling().run(forgetful))


def test_a_stub_that_shows_only_later_is_a_broken_property():
    result = doubling().run(lambda x: None if x[0] > 100 else 2 * x)
    assert states(result) == ["holds", "fails", "holds"] and "None" in str(result)


def test_an_operation_that_torch_does_not_know_is_no_stub():
    def product_of_bools(x):
        return torch.ones(4, 4).bool() @ torch.ones(4).bool()  # NotImplementedError or RuntimeError, by version of PyTorch

    result = doubling().run(product_of_bools)
    assert states(result) == ["fails", "waits", "waits"]
    assert "raised" in str(result) and "torch.ones(4, 4).bool() @" in str(result)


# ---- wrong answers of every kind -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("answer, words", [
    (lambda x: x @ np.ones((3, 3)), "raised ValueError"),
    (lambda x: x.no_such_thing, "no_such_thing"),
    (lambda: 1, "positional argument"),
    (lambda x: x[:3], "returned shape (3,), given an array of shape (4,), expected (4,)"),
    (lambda x: 2.0, "returned shape ()"),
    (lambda x: "eight", "returned 'eight'"),
    (lambda x: {"x": x}, "returned a dict"),
    (lambda x: [x, None], "returned a list"),
    (lambda x: [[1, 2], [3]], "expected numbers"),
    (lambda x: x * np.nan, "returned NaN"),
    (lambda x: torch.tensor([np.nan, np.inf, 1, 1]), "returned NaN"),
    (lambda x: x + np.inf, "returned infinity"),
    (lambda x: 2 * x + 1j, "complex"),
    (8, "got 8: give the function itself"),
    (torch.ones(4), "got a tensor of shape (4,): give the function itself"),
])
def test_what_is_wrong_is_said_once(answer, words):
    result = doubling().run(answer)
    assert not result and states(result) == ["fails", "waits", "waits"]
    assert words in result.lines[0][2]
    assert result.headline == "doubling: not yet, 0 of 3 properties hold."


def test_the_line_that_raised_is_quoted():
    def two_lines(x):
        y = x + 1
        return y.missing  # here

    assert 'at the line "return y.missing  # here", given an array' in str(doubling().run(two_lines))


def test_a_long_error_is_cut():
    def loud(x):
        raise ValueError("much " * 1000 + "\nand more")

    message = doubling().run(loud).lines[0][2]
    assert "much ... at the line" in message and len(message) < 400


def test_the_answer_gets_copies():
    A, B = torch.ones(2), np.ones(2)

    def spoils(a, b, number):
        a.zero_()
        b[:] = 0
        return number

    assert call(spoils, A, B, 3) == 3
    assert A.sum() == B.sum() == 2


def test_everything_that_holds_numbers_is_read():
    for value in ([1, 2], (1.0, 2.0), np.array([1, 2], dtype=np.int32), torch.tensor([1, 2]),
                  torch.tensor([1.0, 2.0]).requires_grad_(), torch.tensor([1.0, 2.0]).to_sparse(),
                  torch.tensor([1.0, 2.0], dtype=torch.bfloat16)):
        got = tensor(value, shape=(2,))
        assert got.dtype == torch.float64 and not got.requires_grad and got.tolist() == [1, 2]
    assert tensor([True, False]).tolist() == [1, 0]
    assert tensor(np.nan, finite=False).isnan()


def test_a_type_may_be_asked_for():
    assert call(lambda: torch.ones(2), kind=torch.Tensor).tolist() == [1, 1]
    with pytest.raises(Wrong, match="returned a list, expected a Tensor"):
        call(lambda: [1, 1], kind=torch.Tensor)


def test_close_is_relative_to_the_numbers():
    assert close([1e6], [1e6 + 1]) and not close([1.0], [1.001])
    assert not close([1.0, 1.0], [1.0]), "broadcasting would hide a wrong shape"
    assert not close([np.nan], [np.nan]) and not close([np.nan], [1.0])


def test_digits_are_short():
    assert digits(torch.tensor([1 / 3, -2.0])) == "[0.333, -2.0]" and digits(2 / 3) == "0.667"


@pytest.mark.parametrize("seed", range(20))
def test_random_adjacency(seed):
    rng = np.random.default_rng(seed)
    for nodes in (3, 4, 7):
        A = random_adjacency(rng, nodes)
        assert A.shape == (nodes, nodes) and A.dtype == torch.float32
        assert set(A.unique().tolist()) == {0, 1}
        assert (A.diagonal() == 0).all() and (A * A.T == 0).all() and (A.sum(1) >= 1).all()
        both = random_adjacency(rng, nodes, directed=False)
        assert torch.equal(both, both.T) and (both.sum(1) >= 1).all() and (both.diagonal() == 0).all()
    alone = random_adjacency(rng, 5, isolated=True)
    assert alone[0].sum() == alone[:, 0].sum() == 0 and (alone[1:].sum(1) >= 1).all()


# ---- properties and seeds ------------------------------------------------------------------------------------------------------

def test_properties_are_tried_on_several_seeds():
    met = []
    check = Check("seeds", asks="anything", hints=HINTS)

    @check.property("first")
    def _(answer, rng):
        met.append((rng.integers(10 ** 9), torch.rand(1).item()))
        return True

    assert check.run("x") and TRIALS >= 3
    assert len(set(met)) == TRIALS, "each seed gives other numbers"
    once = list(met)
    met.clear()
    torch.manual_seed(12345)  # whatever the reader drew in between
    check.run("x")
    assert met == once, "and the same ones every time"


def test_an_answer_right_on_the_first_seed_only_fails():
    first = 1000 + 1000 * np.random.default_rng(0).random(4)
    lucky = doubling().run(lambda x: 2 * x if x[0] < 100 or np.allclose(x, first) else 3 * x)
    assert lucky.failed == ["doubles"]


def test_the_readers_random_numbers_go_on():
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    doubling().run(lambda x: 2 * x)
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("outcome", [None, False, 0, torch.tensor(False)], ids=repr)
def test_a_property_that_forgets_its_message_is_a_mistake_in_the_check(outcome):
    check = Check("mute", asks="anything", hints=HINTS)
    check.property("mute")(lambda answer, rng: outcome)
    with pytest.raises(TypeError, match="expected True or a message"):
        check.run("x")


def test_an_empty_message_does_not_pass():
    check = Check("mute", asks="anything", hints=HINTS)
    check.property("mute")(lambda answer, rng: "")
    assert check.run("x").failed == ["mute"]


def test_a_check_without_properties_passes_nothing():
    assert not Check("empty", asks="anything", hints=HINTS).run("x")


# ---- hints -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("level", range(LEVELS + 1))
@pytest.mark.parametrize("answer", [WRONG["three times"], raises], ids=["wrong", "stub"])
def test_hints_come_one_level_at_a_time(answer, level):
    text = str(doubling().run(answer, hint=level))
    assert [hint in text for hint in HINTS] == [i < level for i in range(LEVELS)]
    # the line to paste names the reader's own function
    name = getattr(answer, "__name__", "<lambda>")
    name = name if name.isidentifier() else "answer"
    assert (f"check.doubling({name}, hint={level + 1})" in text) == (level < LEVELS)
    assert ("For a hint" in text, "For another hint" in text) == (level == 0, 0 < level < LEVELS)


def test_a_right_answer_needs_no_hint():
    text = str(doubling().run(lambda x: 2 * x, hint=3))
    assert "int" not in text.replace("doubling", "")


@pytest.mark.parametrize("level", [-1, 4, 1.5, "1", None, "all"])
def test_bad_levels_are_refused(level):
    with pytest.raises(ValueError, match=f"hint is {re.escape(repr(level))}, expected a whole number from 0"):
        doubling().run(raises, hint=level)


def test_a_whole_float_is_a_level():
    assert len(doubling().run(raises, hint=2.0).hints) == 2


@pytest.mark.parametrize("hints", [(), ("a", "b"), ("a", "b", "c", "d"), "abc"])
def test_three_hints_are_wanted(hints):
    with pytest.raises(ValueError, match="hints of 'few'"):
        Check("few", asks="anything", hints=hints)


# ---- the report ------------------------------------------------------------------------------------------------------------------

def test_a_result_is_true_if_all_holds():
    right, wrong = doubling().run(lambda x: 2 * x), doubling().run(WRONG["three times"])
    assert right and right.passed and right.failed == []
    assert right.report == ["doubling: right, all 3 properties hold.", "  holds   keeps the shape", "  holds   doubles",
                            "  holds   leaves x alone"]
    assert not wrong and not wrong.passed and wrong.failed == ["doubles"]
    assert wrong.headline == "doubling: not yet, 2 of 3 properties hold." == wrong.report[0]
    assert "  FAILS   doubles" in wrong.report and "  waits" not in str(wrong)


def test_outside_a_notebook_the_report_is_printed_once(capsys):
    result = doubling()(WRONG["three times"], hint=1)
    assert capsys.readouterr().out == f"{result}\n"
    assert "a nudge" in str(result)
    assert repr(result) == "<Result doubling: not yet, 2 of 3 properties hold.>"


def test_in_a_notebook_the_report_is_shown_once(monkeypatch):
    from stgcn_lib.exercises import checker

    shown = []
    monkeypatch.setattr(checker, "_cell", lambda: 5)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    result = doubling()(WRONG["three times"])
    result._ipython_display_()  # the last value of the same cell
    assert len(shown) == 1 and set(shown[0]) == {"text/html", "text/plain"}
    monkeypatch.setattr(checker, "_cell", lambda: 6)
    result._ipython_display_()  # asked for in a later cell
    assert len(shown) == 2


def test_html_is_escaped():
    check = Check("tags", asks="a <b>", hints=("a < b", "</p><script>", "&amp;"))
    check.property("x < y & <i>")(lambda answer, rng: "<img src=x onerror=alert(1)> is < 3")
    page = check.run("x", hint=3)._repr_html_().partition("<style>")[0]
    assert "<img" not in page and "<script" not in page and "<i>" not in page
    for text in ("&lt;img src=x onerror=alert(1)&gt; is &lt; 3", "x &lt; y &amp; &lt;i&gt;", "a &lt; b", "&amp;amp;"):
        assert text in page
    assert "a &lt;b&gt;" in check.run(None)._repr_html_()


def test_html_says_the_same_as_the_text():
    page = doubling().run(WRONG["three times"], hint=1)._repr_html_()
    for word in ("not yet, 2 of 3 properties hold", "<b>FAILS</b> <span>doubles", "<b>holds</b>", "Hint 1 of 3: a nudge",
                 "check.doubling(answer, hint=2)"):
        assert word in page


# ---- no message gives the answer away --------------------------------------------------------------------------------------------

def test_a_message_holds_the_readers_number_and_not_the_right_one():
    met = []

    def tripled(x):
        met.append(x)
        return 3 * x

    message = dict((name, text) for _, name, text in doubling().run(tripled).lines)["doubles"]
    x = next(x for x in met if x[0] > 100)
    assert digits(3 * x[0]) in message and digits(2 * x[0]) not in message


def noisy(x):
    return torch.rand_like(torch.as_tensor(x, dtype=torch.float32)) + 0.125


def test_checks_of_chapter_1_do_not_say_the_number_that_belongs_there():
    from stgcn_lib.graphs import normalize_adjacency

    for answer in (lambda A: noisy(A), lambda A: normalize_adjacency(A, "row", self_loops=True)):
        met = []

        def spy(A, answer=answer, met=met):
            met.append(A)
            return answer(A)

        result = ch01.normalize.run(spy)
        right = {digits(w, 3) for A in met for w in normalize_adjacency(A, "symmetric", self_loops=True).flatten().tolist()}
        got = {digits(w, 3) for A in met for w in normalize_adjacency(A, "row", self_loops=True).flatten().tolist()}
        told = set(re.findall(r"\d+\.\d+", str(result)))
        assert not told & (right - got - {"0.0"}), result


def test_checks_of_chapter_2_do_not_say_the_place_that_belongs_there():
    # numbers of `_clip` are all different, so a right place is known by its three numbers
    met = []

    def shifted(x, parents):
        met.append(x.double())
        return x - x[..., parents] + 0.25

    told = str(ch02.bones.run(shifted))
    assert ".25" in told
    for x in met:
        assert not any(digits(x[:, 0, v]) in told for v in range(x.shape[-1]))


# ---- assert_checker --------------------------------------------------------------------------------------------------------------

def double(x):
    return 2 * x


def test_assert_checker_is_content_with_a_good_check():
    assert_checker(doubling(), raises, double, WRONG, breaks={"three times": "doubles", "in place": "leaves x", "sum": "shape"})


def test_assert_checker_fails_when_the_stub_passes():
    everything = Check("everything", asks="anything", hints=HINTS)
    everything.property("is there")(lambda answer, rng: True)
    with pytest.raises(AssertionError, match="the stub is not recognised"):
        assert_checker(everything, raises, double, WRONG)


def test_assert_checker_fails_when_the_stub_is_taken_for_an_answer():
    with pytest.raises(AssertionError, match="the stub is not recognised"):
        assert_checker(doubling(), lambda x: x, double, WRONG)


def test_assert_checker_fails_when_the_solution_fails():
    with pytest.raises(AssertionError, match="the solution fails"):
        assert_checker(doubling(), raises, WRONG["three times"], WRONG)


def test_assert_checker_fails_when_a_wrong_answer_passes():
    with pytest.raises(AssertionError, match="'twice' passes"):
        assert_checker(doubling(), raises, double, WRONG | {"twice": lambda x: x + x})


def test_assert_checker_fails_when_a_wrong_answer_is_a_stub():
    with pytest.raises(AssertionError, match="'nothing' fails without a property"):
        assert_checker(doubling(), raises, double, WRONG | {"nothing": lambda x: None})


def test_assert_checker_fails_when_another_property_breaks():
    with pytest.raises(AssertionError, match="'squared' should break 'leaves x'"):
        assert_checker(doubling(), raises, double, WRONG, breaks={"squared": "leaves x"})


def test_assert_checker_fails_on_too_few_wrong_answers_or_unknown_names():
    with pytest.raises(AssertionError, match="2 wrong answers, expected 5"):
        assert_checker(doubling(), raises, double, {name: WRONG[name] for name in ("sum", "in place")})
    with pytest.raises(AssertionError, match="unknown answers: .'trice'"):
        assert_checker(doubling(), raises, double, WRONG, breaks={"trice": "doubles"})


def test_assert_checker_fails_when_a_property_is_idle():
    check = doubling()
    check.property("is a function")(lambda answer, rng: callable(answer))
    with pytest.raises(AssertionError, match="no wrong answer breaks .'is a function'"):
        assert_checker(check, raises, double, WRONG)


# ---- every chapter ---------------------------------------------------------------------------------------------------------------

CHAPTERS = [importlib.import_module(f"stgcn_lib.exercises.{module.name}") for module in pkgutil.iter_modules(exercises.__path__)
            if re.fullmatch(r"ch\d\d", module.name)]
CHECKS = [pytest.param(module, name, check, id=f"{module.__name__[-4:]}-{name}")
          for module in CHAPTERS for name, check in vars(module).items() if isinstance(check, Check)]


def test_each_chapter_has_two_exercises_in_code_and_one_broken_cell():
    assert CHAPTERS
    for module in CHAPTERS:
        assert sum(isinstance(value, Check) for value in vars(module).values()) >= 3, module.__name__


@pytest.mark.parametrize("module, name, check", CHECKS)
def test_checks_of_the_chapters(module, name, check):
    assert check.name == name, "the report tells the reader to call check.NAME"
    names = [said for said, _ in check.properties]
    assert len(names) == len(set(names)) >= 3
    assert len(set(check.hints)) == LEVELS and all(len(hint) > 20 for hint in check.hints)
    for stub in (..., None, raises, lambda *_: None):
        assert "still the stub" in check.run(stub).headline
    for rubbish in (8, "eight", lambda *_: np.nan, lambda *_: "eight", lambda: 0, lambda *inputs: inputs[0] * np.nan):
        assert check.run(rubbish).failed == names[:1]
