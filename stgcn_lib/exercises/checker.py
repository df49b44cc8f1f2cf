"""How an answer in code is checked: its properties one by one on seeded inputs, each with a sentence, never the answer.

A check is a `Check` to which properties are added. The first property is the plain one (it runs, the shape is right): if it
fails, the others wait, so that one mistake is told once. A property that only repeats another finds nothing new and goes.

    neighbour_sum = Check("neighbour_sum", asks="a function of A (V, V) and x (V, C)", hints=(
        "Read A[v, u] aloud: v receives, u sends. Over which of the two do you sum?",
        "Row v of A holds what v takes from everybody. Which product multiplies rows of A with columns of x?",
        "A matrix product sums over the inner index: the second of A, the first of x. No transpose is needed."))

    @neighbour_sum.property("gives one row per node and one column per feature")
    def _(answer, rng):
        for nodes, features in ((3, 2), (5, 1)):
            call(answer, random_adjacency(rng, nodes), rng.random((nodes, features)), shape=(nodes, features))
        return True

    @neighbour_sum.property("takes from the neighbours, not to them")
    def _(answer, rng):
        A = torch.zeros(3, 3)
        A[0, 1] = 1  # node 0 listens to node 1, nobody listens to node 0
        got = call(answer, A, torch.tensor([[1.0], [5.0], [0.0]]), shape=(3, 1))
        return got[1, 0] == 0 or f"node 1 listens to nobody, yet it received {digits(got[1, 0])}"

The reader calls ``check.neighbour_sum(answer)``, and ``check.neighbour_sum(answer, hint=1)`` up to 3. A message says what law
is broken, on which input and by which number of theirs; it never says the number that belongs there.
"""

import html
import linecache
import sys
import traceback

import numpy as np
import torch

from ..viz.html import in_book, stylesheet

LEVELS = 3
TRIALS = 5  # seeds tried for each property


class Wrong(Exception):
    """A property is broken; the message says how. Raised by `call` and `tensor`, or by a property itself."""


class Stub(Exception):
    """The answer is still what the exercise cell came with."""


class Check:
    """Properties of a right answer, with hints.

    Args:
        name: name under which the chapter's module keeps it, for the line "check.NAME(answer, hint=1)".
        asks: what kind of thing the answer is, such as "a function of A (V, V) and x (V, C)".
        hints: three sentences, from a nudge to nearly there.

    Raises:
        ValueError: not three hints.
    """

    def __init__(self, name, *, asks, hints):
        if isinstance(hints, str) or len(hints) != LEVELS:
            raise ValueError(f"hints of {name!r} has {len(hints)} levels, expected {LEVELS}")
        self.name, self.asks, self.hints, self.properties = name, asks, tuple(hints), []

    def property(self, name):
        """Decorator: add a test ``(answer, rng) -> True or message``; `rng` is a seeded numpy Generator.

        The test runs on several seeds and should call the answer through `call`, so that an answer that raises, or
        returns None or NaN, is told kindly.
        """
        def add(test):
            self.properties.append((name, test))
            return test
        return add

    def __call__(self, answer, hint=0):
        """Check an answer and show the report; `hint` from 1 to 3 adds so many hints.

        Returns:
            Result: true if all properties hold.

        Raises:
            ValueError: `hint` is no whole number from 0 to 3.
        """
        result = self.run(answer, hint)
        result.show()
        return result

    def run(self, answer, hint=0):
        """As calling it, without showing anything: for graders and tests."""
        if hint not in range(LEVELS + 1):
            raise ValueError(f"hint is {hint!r}, expected a whole number from 0 (none) to {LEVELS}")
        hint = int(hint)
        with torch.random.fork_rng(devices=[]):  # the reader's own random numbers go on as if nothing had happened
            lines = self._lines(answer)
        name = getattr(answer, "__name__", "")
        return Result(self, lines, hint, name if name.isidentifier() else "answer")

    def _lines(self, answer):
        """One (state, property, message) each; the state is "holds", "fails", "waits" or "stub"."""
        lines = []
        try:
            for number, (name, test) in enumerate(self.properties):
                broken = _first_failure(test, answer)
                if isinstance(broken, Stub):
                    if number == 0:
                        raise broken
                    broken = str(broken)
                lines.append(("holds", name, "") if broken is None else ("fails", name, broken))
                if broken is not None and number == 0:
                    return lines + [("waits", later, "") for later, _ in self.properties[1:]]
        except Stub as stub:
            return [("stub", f"asked for: {self.asks}", str(stub))]
        return lines


def _first_failure(test, answer):
    """None if the test holds on all seeds, else the message, or the Stub that was met."""
    if answer is None or answer is Ellipsis:
        return Stub(f"the answer is {'None' if answer is None else '...'}")
    for seed in range(TRIALS):
        torch.manual_seed(seed)
        try:
            outcome = test(answer, np.random.default_rng(seed))
        except Wrong as wrong:
            return str(wrong)
        except Stub as stub:
            return stub
        # a test that forgets to return would pass everything: that is a mistake in the check, not in the answer
        if isinstance(outcome, str):
            return outcome
        if not isinstance(outcome, (bool, np.bool_, torch.Tensor)) or not outcome:
            raise TypeError(f"a property returned {outcome!r}, expected True or a message")
    return None


class Result:
    """What came of a check. True if the answer passed.

    Attributes:
        passed: all properties hold.
        report: the lines of the report, plain text.
        headline: its first line; "still the stub" if nothing was filled in.
        failed: names of the properties that do not hold.
    """

    def __init__(self, check, lines, hint, called):
        self.lines, self.check = lines, check
        self.passed = bool(lines) and all(state == "holds" for state, _, _ in lines)
        self.failed = [name for state, name, _ in lines if state == "fails"]
        self.hints = [] if self.passed else [f"Hint {i} of {LEVELS}: {text}" for i, text in enumerate(check.hints[:hint], 1)]
        count = sum(state == "holds" for state, _, _ in lines)
        if self.passed:
            self.headline = f"{check.name}: right, all {count} properties hold."
        elif lines and lines[0][0] == "stub":
            self.headline = f"{check.name}: still the stub."
        else:
            self.headline = f"{check.name}: not yet, {count} of {len(lines)} properties hold."
        self.footer = ""
        if not self.passed and hint < LEVELS:
            self.footer = f"For {'another' if hint else 'a'} hint: check.{check.name}({called}, hint={hint + 1})"
        self._cell = _cell()

    def __bool__(self):
        return self.passed

    @property
    def report(self):
        told = [f"  {_WORD[state]:8}{name}" + (f"\n          {message}" if message else "") for state, name, message in self.lines]
        return "\n".join([self.headline, *told, *self.hints, *([self.footer] if self.footer else [])]).split("\n")

    def __str__(self):
        return "\n".join(self.report)

    def __repr__(self):
        return f"<Result {self.headline}>"

    def _repr_html_(self):
        rows = "".join(f'<li class="gim-{state}"><b>{_WORD[state]}</b> <span>{html.escape(name)}'
                       + (f"<br><em>{html.escape(message)}</em>" if message else "") + "</span></li>"
                       for state, name, message in self.lines)
        rest = "".join(f"<p>{html.escape(line)}</p>" for line in self.hints)
        rest += f"<p><code>{html.escape(self.footer)}</code></p>" if self.footer else ""
        style = "" if in_book() else f"<style>{stylesheet()}</style>"
        state = "holds" if self.passed else "fails"
        return (f'<div class="gim gim-check"><p class="gim-{state}"><b>{html.escape(self.headline)}</b></p>'
                f"<ul>{rows}</ul>{rest}{style}</div>")

    def show(self):
        """Show the report: as HTML in a notebook, as text elsewhere."""
        if _cell() is None:
            print(self)
        else:
            from IPython.display import display
            display({"text/html": self._repr_html_(), "text/plain": str(self)}, raw=True)

    def _ipython_display_(self):
        # the call has shown it already; as the last value of the same cell it would come twice
        if self._cell != _cell():
            self.show()


_WORD = {"holds": "holds", "fails": "FAILS", "waits": "waits", "stub": "stub"}


def _cell():
    """Number of the notebook cell that runs now; None outside IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell.execution_count if shell else None


# ---- what properties are written with -----------------------------------------------------------------------------------------

def call(answer, *inputs, shape=None, kind=None, finite=True):
    """Call the reader's function on copies of `inputs` and give back what it returned as a float64 tensor.

    Args:
        answer: the reader's function.
        inputs: tensors, arrays, numbers.
        shape: the shape that must come back.
        kind: the type that must come back, such as ``torch.Tensor``; None takes all that holds numbers.
        finite: refuse NaN and infinity.

    Returns:
        float64 tensor, detached.

    Raises:
        Wrong: it raised, or returned the wrong thing; the message says on what input.
        Stub: it raised NotImplementedError or returned None or ``...``.
    """
    named = [_describe(x) for x in inputs if not callable(x)]  # functions that come along say nothing about the mistake
    given = f", given {' and '.join(named)}" if named else ""
    if not callable(answer):
        raise Wrong(f"expected something to call, got {_describe(answer)}: give the function itself, without ()")
    copies = [x.clone() if isinstance(x, torch.Tensor) else x.copy() if hasattr(x, "copy") else x for x in inputs]
    try:
        got = answer(*copies)
    except Exception as error:  # whatever the reader's code raises is a finding about the answer
        line = _line(error, answer)
        # PyTorch has this error too, for a type that an operation does not know (bool @ bool): then the code is no stub
        if isinstance(error, NotImplementedError) and (not str(error) or line.startswith("raise ") or ": raise " in line):
            raise Stub("it raises NotImplementedError") from None
        where = f' at the line "{line}"' if line else ""
        raise Wrong(f"raised {type(error).__name__}: {_brief(error)}{where}{given}") from None
    if got is None or got is Ellipsis:
        raise Stub("it returns None: if you have filled it in, the return line is missing" if got is None else "it returns ...")
    return tensor(got, shape=shape, kind=kind, finite=finite, given=given, what="returned")


def tensor(value, shape=None, kind=None, finite=True, given="", what="got"):
    """The reader's value as a float64 tensor, or a kind word on why it is none. Arguments as in `call`."""
    if value is None or value is Ellipsis:
        raise Stub(f"a value is {'None' if value is None else '...'}")
    if kind is not None and not isinstance(value, kind):
        raise Wrong(f"{what} {_describe(value)}{given}, expected a {kind.__name__}")
    try:
        numbers = value.detach() if isinstance(value, torch.Tensor) else torch.as_tensor(np.asarray(value))
        if numbers.is_complex():
            raise Wrong(f"{what} complex numbers{given}, expected real ones")
        numbers = numbers.to("cpu", torch.float64).to_dense()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"{what} {_describe(value)}{given}, expected numbers") from None
    if shape is not None and tuple(numbers.shape) != tuple(shape):
        raise Wrong(f"{what} shape {tuple(numbers.shape)}{given}, expected {tuple(shape)}")
    if finite and not torch.isfinite(numbers).all():
        bad = "NaN" if torch.isnan(numbers).any() else "infinity"
        raise Wrong(f"{what} {bad}{given}: is there a division by zero?")
    return numbers


def close(got, law, tolerance=1e-5):
    """True if two tensors agree within `tolerance`, relative to the size of the numbers."""
    got, law = torch.as_tensor(got, dtype=torch.float64), torch.as_tensor(law, dtype=torch.float64)
    return got.shape == law.shape and bool((got - law).abs().max() <= tolerance * max(1.0, law.abs().max().item()))


def digits(value, places=3):
    """A number, or a small tensor row by row, short enough for a sentence."""
    return str(np.round(np.asarray(value, dtype=float), places).tolist())


def random_adjacency(rng, nodes, directed=True, isolated=False):
    """(V, V) float32 tensor of 0 and 1 without self-loops, at least one sender a node; `isolated` cuts node 0 off.

    A directed graph has no two-way edge, so that A and A.T are never mistaken for each other. It needs three nodes.
    """
    if isolated:
        A = torch.zeros(nodes, nodes)
        A[1:, 1:] = random_adjacency(rng, nodes - 1, directed)
        return A
    A = np.triu(rng.random((nodes, nodes)) < 0.5, 1)
    A[np.arange(nodes - 1), np.arange(1, nodes)] = True  # each takes from the next
    if directed:
        A[-1, 0], A[0, -1] = True, False  # and the last from the first: nobody is without a sender
    else:
        A |= A.T
    return torch.from_numpy(A).float()


def _describe(value):
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return f"{'a tensor' if isinstance(value, torch.Tensor) else 'an array'} of shape {tuple(value.shape)}"
    if isinstance(value, (bool, int, float, str)):
        return repr(value)
    return f"a {type(value).__name__}"


def _brief(error):
    """The first line of an error's text, cut where it gets long: some of PyTorch's fill a page."""
    first = str(error).partition("\n")[0]
    return first if len(first) <= 160 else f"{first[:150].rstrip()} ..."


def _line(error, answer):
    """The reader's own line that raised, or "" if it cannot be found."""
    code = getattr(answer, "__code__", None) or getattr(getattr(answer, "forward", None), "__code__", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename]
    return linecache.getline(lines[-1].filename, lines[-1].lineno).strip() if lines else ""


# ---- what tests of a check are written with -------------------------------------------------------------------------------------

def assert_checker(check, stub, solution, wrong, breaks=None, least=5):
    """Hold a check to its promise; for the tests of a chapter's exercises.

    * The stub is called a stub, the solution passes.
    * Each wrong answer fails with a message about a property, `breaks[name]` where that is given.
    * Every property is broken by some wrong answer: one that nothing breaks tests nothing.

    Args:
        check: Check.
        stub: the answer as the exercise cell comes.
        solution: a right answer.
        wrong: dict of name to wrong answer, of the kinds people really give.
        breaks: dict of some of these names to words of the property that must be among the broken ones.
        least: how many wrong answers there must be.

    Raises:
        AssertionError: it does not keep the promise; the message says with which answer.
    """
    first = check.run(stub)
    assert not first and "stub" in first.headline, f"the stub is not recognised:\n{first}"
    assert check.run(solution), f"the solution fails:\n{check.run(solution)}"
    assert len(wrong) >= least, f"{len(wrong)} wrong answers, expected {least} or more"
    assert not set(breaks or {}) - set(wrong), f"breaks names unknown answers: {sorted(set(breaks) - set(wrong))}"
    broken = set()
    for name, answer in wrong.items():
        result = check.run(answer)
        assert not result, f"the wrong answer {name!r} passes:\n{result}"
        assert result.failed, f"the wrong answer {name!r} fails without a property:\n{result}"
        expected = (breaks or {}).get(name, "")
        assert any(expected in failed for failed in result.failed), f"{name!r} should break {expected!r}:\n{result}"
        broken |= set(result.failed)
    idle = [name for name, _ in check.properties if name not in broken]
    assert not idle, f"no wrong answer breaks {idle}: add one, or the property says nothing new"
