"""The checks of chapter 6: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from stgcn_lib.exercises import ch06
from stgcn_lib.exercises.checker import assert_checker


def stub(*inputs):
    ...


def told(check, answer):
    """All that a check says about a wrong answer, without the names of its properties."""
    return "\n".join(message for _, _, message in check.run(answer).lines)


# ---- split_by_person ----------------------------------------------------------------------------------------------------------

def split_by_person(persons, test, seed):
    people = np.random.default_rng(seed).permutation(np.unique(persons))
    return np.isin(persons, people[:test])


def at_random(persons, test, seed):
    mask = np.zeros(len(persons), bool)
    share = round(len(persons) * test / len(np.unique(persons)))
    mask[np.random.default_rng(seed).permutation(len(persons))[:share]] = True
    return mask


SPLITS = {
    "clips at random": at_random,
    "the last clips": lambda p, test, seed: np.arange(len(p)) >= len(p) - test * 4,
    "the first people, no shuffle": lambda p, test, seed: np.isin(p, np.unique(p)[:test]),
    "persons below a number": lambda p, test, seed: p < test,
    "odd and even": lambda p, test, seed: p % 2 == 0,
    "the seed forgotten": lambda p, test, seed: np.isin(p, np.random.default_rng().permutation(np.unique(p))[:test]),
    "one seed for all": lambda p, test, seed: split_by_person(p, test, 0),
    "with replacement": lambda p, test, seed: np.isin(p, np.random.default_rng(seed).choice(np.unique(p), test)),
    "people repeated": lambda p, test, seed: np.isin(p, np.random.default_rng(seed).permutation(p)[:test]),
    "everybody is numbered from 0": lambda p, test, seed: np.isin(p, np.random.default_rng(seed).permutation(len(set(p)))[:test]),
    "those who train": lambda p, test, seed: ~split_by_person(p, test, seed),
    "the people, not the clips": lambda p, test, seed: np.random.default_rng(seed).permutation(np.unique(p))[:test],
}


def test_split_by_person():
    assert_checker(ch06.split_by_person, stub, split_by_person, SPLITS, breaks={
        "clips at random": "on one side", "the first people, no shuffle": "everybody", "the seed forgotten": "same seed",
        "one seed for all": "everybody", "with replacement": "as many", "people repeated": "as many", "those who train": "as many",
        "the people, not the clips": "True or False", "odd and even": "as many"})


def test_split_by_person_names_the_slip():
    assert "turned round" in told(ch06.split_by_person, SPLITS["those who train"])
    for name in ("clips at random", "the last clips", "the first people, no shuffle", "everybody is numbered from 0"):
        said = told(ch06.split_by_person, SPLITS[name])
        assert "turned round" not in said and ".0" not in said, said  # persons are whole numbers
    assert ".0" not in told(ch06.split_by_person, lambda p, test, seed: p)


# ---- wilson -------------------------------------------------------------------------------------------------------------------

def wilson(right, n, z=1.96):
    p = right / n
    middle = p + z ** 2 / (2 * n)
    half = z * (p * (1 - p) / n + z ** 2 / (4 * n ** 2)) ** 0.5
    return (middle - half) / (1 + z ** 2 / n), (middle + half) / (1 + z ** 2 / n)


def normal(right, n, z=1.96):
    p = right / n
    half = z * (p * (1 - p) / n) ** 0.5
    return p - half, p + half


def undivided(right, n, z=1.96):
    p = right / n
    half = z * (p * (1 - p) / n + z ** 2 / (4 * n ** 2)) ** 0.5
    return p + z ** 2 / (2 * n) - half, p + z ** 2 / (2 * n) + half


def not_moved(right, n, z=1.96):
    p = right / n
    half = z * (p * (1 - p) / n + z ** 2 / (4 * n ** 2)) ** 0.5 / (1 + z ** 2 / n)
    return p - half, p + half


WILSON = {
    "plus and minus two standard errors": normal,
    "the same, cut at 0 and 1": lambda right, n: tuple(np.clip(normal(right, n), 0, 1)),
    "never divided by 1 + z^2/n": undivided,
    "round the share itself": not_moved,
    "one standard error": lambda right, n: wilson(right, n, 1.0),
    "99 %": lambda right, n: wilson(right, n, 2.576),
    "per cent": lambda right, n: tuple(100 * end for end in wilson(right, n)),
    "upper end first": lambda right, n: wilson(right, n)[::-1],
    "half and middle": lambda right, n: (sum(wilson(right, n)) / 2, (wilson(right, n)[1] - wilson(right, n)[0]) / 2),
    "only the lower end": lambda right, n: wilson(right, n)[0],
    "the root forgotten": lambda right, n: (right / n - 0.5 / n, right / n + 0.5 / n),
}


def test_wilson():
    assert_checker(ch06.wilson, stub, wilson, WILSON, breaks={
        "plus and minus two standard errors": "no proof", "the same, cut at 0 and 1": "no proof", "99 %": "it is Wilson",
        "one standard error": "it is Wilson", "per cent": "two shares", "upper end first": "lower end first",
        "only the lower end": "two shares", "round the share itself": "between 0 and 1",
        "never divided by 1 + z^2/n": "between 0 and 1"})


@pytest.mark.parametrize("name, said", [
    ("plus and minus two standard errors", "1.96 standard errors"), ("the same, cut at 0 and 1", "1.96 standard errors"),
    ("per cent", "in per cent"), ("never divided by 1 + z^2/n", "division by 1 + k\u00b2/n is missing"),
    ("round the share itself", "middle is the share itself"), ("99 %", "k = 2.58"), ("one standard error", "k = 1.00")])
def test_wilson_names_the_slip(name, said):
    names = ["1.96 standard errors", "per cent", "is missing", "share itself", "interval for k"]
    found = told(ch06.wilson, WILSON[name])
    assert said in found and sum(other in found for other in names) <= 1 + ("k =" in said), found
    assert "elsewhere" not in found


def test_wilson_says_where_a_nameless_interval_lies():
    def moved(right, n):
        return tuple(end + 0.01 * (right % n > 0) for end in wilson(right, n))

    def widened(right, n):
        low, high = wilson(right, n)
        return low - 0.3 * low * (1 - high), high + 0.1 * low * (1 - high)

    assert "too high" in told(ch06.wilson, moved) and "too wide" in told(ch06.wilson, widened)


def test_wilson_is_the_interval_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for right, n in ((95, 99), (0, 10), (10, 10), (62, 273)):
        law = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
        assert ch06._wilson(right, n) == pytest.approx([law.low, law.high], abs=1e-4)
        assert wilson(right, n) == pytest.approx(ch06._wilson(right, n), abs=1e-12)


# ---- one_epoch ----------------------------------------------------------------------------------------------------------------

def epoch(model, loader, optimizer, mode=True, forget=True, weigh=True, step=True, number=lambda loss: loss.item()):
    """One epoch, with things left out."""
    if mode is not None:
        model.train(mode)
    total, count = 0.0, 0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        if forget:
            optimizer.zero_grad()
        loss.backward()
        if step:
            optimizer.step()
        total, count = total + number(loss) * (len(y) if weigh else 1), count + (len(y) if weigh else 1)
    return total / count


def one_epoch(model, loader, optimizer):
    return epoch(model, loader, optimizer)


def stepped_before_backward(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        total += loss.item() * len(y)
    return total / sum(len(y) for _, y in loader)


def forgets_once(model, loader, optimizer):
    optimizer.zero_grad()
    return epoch(model, loader, optimizer, forget=False)


EPOCHS = {
    "the broken cell": lambda m, d, o: epoch(m, d, o, mode=None, forget=False, weigh=False, number=lambda loss: loss),
    "never train()": lambda m, d, o: epoch(m, d, o, mode=None),
    "eval() instead": lambda m, d, o: epoch(m, d, o, mode=False),
    "gradients never forgotten": lambda m, d, o: epoch(m, d, o, forget=False),
    "gradients forgotten once an epoch": forgets_once,
    "a mean over batches": lambda m, d, o: epoch(m, d, o, weigh=False),
    "the sum": lambda m, d, o: epoch(m, d, o) * sum(len(y) for _, y in d),
    "no step": lambda m, d, o: epoch(m, d, o, step=False),
    "step before backward": stepped_before_backward,
    "the graph kept": lambda m, d, o: epoch(m, d, o, number=lambda loss: loss),
    "the first batch only": lambda m, d, o: epoch(m, d[:1], o),
    "twice through": lambda m, d, o: (epoch(m, d, o) + epoch(m, d, o)) / 2,
}


def test_one_epoch():
    def as_stub(model, loader, optimizer):
        raise NotImplementedError

    assert_checker(ch06.one_epoch, as_stub, one_epoch, EPOCHS, breaks={
        "the broken cell": "training mode", "never train()": "training mode", "eval() instead": "training mode",
        "gradients never forgotten": "its own batch", "gradients forgotten once an epoch": "its own batch",
        "a mean over batches": "mean over clips", "the sum": "mean over clips", "no step": "its own batch",
        "step before backward": "every batch", "the graph kept": "no graph", "the first batch only": "every batch",
        "twice through": "every batch"})


@pytest.mark.parametrize("name, failed, said", [
    ("never train()", "training mode", "running statistics"), ("eval() instead", "training mode", "running statistics"),
    ("gradients never forgotten", "its own batch", "left over"),
    ("gradients forgotten once an epoch", "its own batch", "left over"),
    ("no step", "its own batch", "where one step leads"), ("a mean over batches", "mean over clips", "small batch"),
    ("the sum", "mean over clips", "not the mean loss"), ("the graph kept", "no graph", "whole history")])
def test_one_fault_of_an_epoch_is_told_once(name, failed, said):
    result = ch06.one_epoch.run(EPOCHS[name])
    assert len(result.failed) == 1 and failed in result.failed[0] and said in told(ch06.one_epoch, EPOCHS[name]), str(result)


# ---- the chapter --------------------------------------------------------------------------------------------------------------

CHAPTER = Path(__file__).parents[1] / "book" / "part2-stgcn" / "06-training.ipynb"


def cells(kind):
    notebook = json.loads(CHAPTER.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("name", ["split_by_person", "wilson", "one_epoch"])
def test_the_solution_printed_in_the_chapter_passes(name):
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(cells("markdown")), flags=re.S)
    printed = [one for one in blocks if f"def {name}(" in one]
    assert len(printed) == 1
    space = {"np": np, "F": F}
    exec(printed[0], space)
    assert getattr(ch06, name).run(space[name])


def test_the_broken_cell_of_the_chapter_is_the_one_refused_here():
    source = next(cell for cell in cells("code") if "def one_epoch(" in cell).split("check.")[0]
    space = {"F": F}
    exec(source, space)
    ended = []
    for answer in (space["one_epoch"], EPOCHS["the broken cell"]):
        model, loader, optimizer = ch06._lesson(np.random.default_rng(1))
        ended.append((answer(model, loader, optimizer).item(), model.head.weight.tolist()))
    assert ended[0] == ended[1]


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch06.box, ch06.BOXES), (ch06.quiz, ch06.QUIZZES), (ch06.predict, ch06.PREDICTIONS),
                                         (ch06.predict_reply, ch06.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


def walk(momentum=0.5, rate=0.5, w=8.0, v=0.0):
    """Weights after one, two, three steps on w^2 / 2."""
    path = []
    for _ in range(3):
        v = momentum * v + w
        w -= rate * v
        path.append(w)
    return path


def test_momentum_on_paper():
    box = ch06.BOXES["momentum"]
    assert walk() == [4, 0, box["answer"]]
    assert walk(momentum=0.0) == [4, 2, 1] and 1 in box["slips"]
    v = 8.0  # after two steps, at w = 0
    assert {-v / 2, v / 4, -v, 0.0} == set(box["slips"]) - {1}  # one half missing, wrong sign, both missing, no velocity
    weight = torch.nn.Parameter(torch.tensor(8.0))
    sgd = torch.optim.SGD([weight], lr=0.5, momentum=0.5)
    for _ in range(3):
        sgd.zero_grad()
        (weight ** 2 / 2).backward()
        sgd.step()
    assert weight.item() == box["answer"]


def test_cross_entropy_on_paper():
    z = torch.tensor([[0.5, 0.25, 0.25]]).log().requires_grad_()
    F.cross_entropy(z, torch.tensor([1])).backward()
    assert z.grad[0].tolist() == pytest.approx(ch06.BOXES["entropy"]["answer"])
    p = torch.tensor([0.5, 0.25, 0.25], requires_grad=True)
    (-p[1].log()).backward()
    assert p.grad.tolist() in [slip for slip, _ in ch06.BOXES["entropy"]["slips"]]


def test_other_box_answers_are_the_numbers_that_code_gives():
    assert 100 * math.sqrt(0.9 * 0.1 / 100) == pytest.approx(ch06.BOXES["error"]["answer"])
    confusion = np.array([[18, 1, 1], [1, 8, 1], [3, 3, 4]])
    assert all(", ".join(map(str, row)) in ch06.BOXES["perclass"]["question"] for row in confusion)
    share = 100 * confusion.diagonal() / confusion.sum(1)
    assert [100 * np.trace(confusion) / confusion.sum(), share.mean()] == pytest.approx(ch06.BOXES["perclass"]["answer"])
    columns = 100 * confusion.diagonal() / confusion.sum(0)
    assert any(slip[1] == pytest.approx(columns.mean(), abs=0.01) for slip, _ in ch06.BOXES["perclass"]["slips"])
