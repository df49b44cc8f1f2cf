"""The checks of chapter 1 refuse the wrong answers that people give, and pass what the chapter itself gives as solutions."""

import json
import re
from pathlib import Path

import pytest
import torch

from stgcn_lib.exercises import boxes, ch01
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph, normalize_adjacency
from stgcn_lib.layers import GraphConv

NOTEBOOK = Path(__file__).parents[1] / "book" / "part1-graphs" / "01-graphs-and-messages.ipynb"


def stub(*_):
    raise NotImplementedError


def eye(A):
    return torch.eye(len(A))


# ---- exercise 5: D^-1/2 (A + I) D^-1/2 -----------------------------------------------------------------------------

def normalize(A):
    A = A + eye(A)
    d = A.sum(1)
    return A / (d[:, None] * d[None, :]).sqrt()


def no_self_loops(A):
    d = A.sum(1)
    return A / (d[:, None] * d[None, :]).sqrt()


def no_self_loops_guarded(A):
    return normalize_adjacency(A, "symmetric")


def degrees_before_the_loops(A):
    d = A.sum(1).clamp(min=1)
    return (A + eye(A)) / (d[:, None] * d[None, :]).sqrt()


def rows(A):
    return normalize_adjacency(A, "row", self_loops=True)


def columns(A):
    return normalize_adjacency(A, "column", self_loops=True)


def root_on_one_side(A):
    A = A + eye(A)
    return A / A.sum(1, keepdim=True).sqrt()


def no_root(A):
    A = A + eye(A)
    d = A.sum(1)
    return A / d[:, None] / d[None, :]


def loops_twice(A):
    return normalize_adjacency(A + 2 * eye(A), "symmetric")


def root_multiplied(A):
    A = A + eye(A)
    d = A.sum(1)
    return A * (d[:, None] * d[None, :]).sqrt()


def in_place(A):
    A.fill_diagonal_(1)
    return normalize(A - eye(A))


def not_divided(A):
    return A + eye(A)


def test_normalize():
    assert_checker(ch01.normalize, stub, normalize, wrong={f.__name__: f for f in (
        no_self_loops, no_self_loops_guarded, degrees_before_the_loops, rows, columns, root_on_one_side, no_root, loops_twice,
        root_multiplied, in_place, not_divided)} | {"only a vector": lambda A: A.sum(1)}, breaks={
        "no_self_loops_guarded": "keeps its own number", "rows": "what v takes from u", "columns": "what v takes from u",
        "root_on_one_side": "what v takes from u", "no_root": "sqrt(d)", "loops_twice": "sqrt(d)", "in_place": "leaves the caller"})


# ---- exercise 6: who hears whom ------------------------------------------------------------------------------------

def hears(A, rounds):
    return torch.linalg.matrix_power(A + eye(A), rounds) > 0


def hears_one_by_one(A, rounds):
    known = eye(A).bool()
    for _ in range(rounds):
        known = ((A + eye(A)) @ known.float()) > 0
    return known


def test_hears():
    assert ch01.hears.run(hears_one_by_one)
    assert_checker(ch01.hears, stub, hears, wrong={
        "transposed": lambda A, rounds: hears(A.T, rounds),
        "no self-loop": lambda A, rounds: torch.linalg.matrix_power(A, rounds) > 0,
        "one hop only": lambda A, rounds: (A + eye(A)) > 0,
        "one hop only, none at the start": lambda A, rounds: (A + eye(A) if rounds else eye(A)) > 0,
        "a round too many": lambda A, rounds: hears(A, rounds + 1),
        "a round too few": lambda A, rounds: hears(A, max(rounds - 1, 0)),
        "counts walks": lambda A, rounds: torch.linalg.matrix_power(A + eye(A), rounds),
        "as if undirected": lambda A, rounds: hears(((A + A.T) > 0).float(), rounds),
        "exactly so many hops": lambda A, rounds: (hears(A, rounds) & ~hears(A, rounds - 1)) if rounds else eye(A),
        "powers of the entries": lambda A, rounds: ((A + eye(A)) ** rounds) > 0,
        "in place": lambda A, rounds: torch.linalg.matrix_power(A.fill_diagonal_(1), rounds) > 0,
        "a vector": lambda A, rounds: hears(A, rounds).sum(1),
    }, breaks={"transposed": "from sender to receiver", "no self-loop": "stays known", "a round too many": "no round",
               "one hop only, none at the start": "one hop further", "counts walks": "True or False",
               "exactly so many hops": "stays known", "in place": "leaves the caller"})


# ---- exercise 7: the broken layer ----------------------------------------------------------------------------------

def mean_layer(A, x, W):
    A = A + eye(A)
    return torch.relu(A / A.sum(1, keepdim=True) @ x @ W)


def as_found(A, x, W):
    A += eye(A)
    crowd = A.sum(0)
    return torch.relu(A / crowd @ x @ W)


def only_the_name(A, x, W):
    A = A + eye(A)
    return torch.relu(A / A.sum(0) @ x @ W)


def only_the_axis(A, x, W):
    A = A + eye(A)
    return torch.relu(A / A.sum(1) @ x @ W)


def all_but_the_name(A, x, W):
    A += eye(A)
    return torch.relu(A / A.sum(1, keepdim=True) @ x @ W)


def transposed(A, x, W):
    return mean_layer(A.T, x, W)


def summed(A, x, W):
    return torch.relu((A + eye(A)) @ x @ W)


def deaf_to_itself(A, x, W):
    return torch.relu(A / A.sum(1, keepdim=True).clamp(min=1) @ x @ W)


def loops_counted_twice(A, x, W):
    A = A + 2 * eye(A)
    return torch.relu(A / A.sum(1, keepdim=True) @ x @ W)


def no_relu(A, x, W):
    A = A + eye(A)
    return A / A.sum(1, keepdim=True) @ x @ W


def mixed_the_wrong_axis(A, x, W):
    return (x @ W).T


def test_mean_layer():
    assert_checker(ch01.mean_layer, stub, mean_layer, wrong={f.__name__: f for f in (
        as_found, only_the_name, only_the_axis, all_but_the_name, transposed, summed, deaf_to_itself, loops_counted_twice, no_relu,
        mixed_the_wrong_axis)}, breaks={
        "only_the_name": "ones in, ones out", "only_the_axis": "ones in, ones out", "all_but_the_name": "asked twice",
        "transposed": "takes from its senders", "loops_counted_twice": "the same say", "no_relu": "negative"})


# ---- boxes: the answers come out of the library, not out of the file -----------------------------------------------

def spine():
    A = torch.zeros(3, 3)
    A[0, 1] = A[1, 0] = A[1, 2] = A[2, 1] = 1
    return A


def test_boxes_hold_what_the_layer_computes():
    layer = GraphConv(1, 1, normalize_adjacency(spine(), "row", self_loops=True), bias=False)
    layer.weight.data.fill_(2)
    assert layer(torch.tensor([[-5.0], [3.0], [5.0]])).relu()[1, 0].item() == pytest.approx(ch01.BOXES["chest"]["answer"], abs=1e-6)
    layer.weight.data.fill_(1)
    twice = layer(layer(torch.tensor([[12.0], [0.0], [0.0]])))
    assert twice[2, 0].item() == pytest.approx(ch01.BOXES["two_rounds"]["answer"], abs=1e-6)
    figure = SkeletonGraph.from_edges([(0, 1), (2, 1), (3, 1), (4, 1)], center=1)
    weights = normalize_adjacency(figure.adjacency(self_loops=False), "symmetric", self_loops=True)
    assert weights[3, 1].item() == pytest.approx(ch01.BOXES["hand"]["answer"], abs=1e-6)


@pytest.mark.parametrize("make, specs", [(boxes.box, ch01.BOXES), (boxes.quiz, ch01.QUIZZES), (boxes.predict, ch01.PREDICTIONS),
                                         (boxes.predict_reply, ch01.PREDICTIONS)])
def test_every_question_can_be_built(make, specs):
    for spec in specs.values():
        assert make(**spec).alt


# ---- the page: its broken cell is broken, its stubs are stubs, its solutions pass ----------------------------------

def page():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def run(source, name):
    space = {"torch": torch}
    exec(source, space)  # the chapter's own code
    return space[name]


@pytest.mark.parametrize("name", ["normalize", "hears", "mean_layer"])
def test_solution_in_the_page_passes(name):
    text = "\n".join("".join(cell["source"]) for cell in page() if cell["cell_type"] == "markdown")
    blocks = [block for block in re.findall(r"<details>.*?</details>", text, re.S) if f"def {name}(" in block]
    assert len(blocks) == 1, f"expected one folded solution of {name}"
    source = re.search(r"```python\n(.*?)```", blocks[0], re.S).group(1)
    assert getattr(ch01, name).run(run(source, name))


@pytest.mark.parametrize("name, headline", [("normalize", "still the stub"), ("hears", "still the stub"),
                                            ("mean_layer", "not yet")])
def test_cell_in_the_page_does_not_pass(name, headline):
    cells = ["".join(cell["source"]) for cell in page() if cell["cell_type"] == "code"]
    source, = [cell for cell in cells if f"def {name}(" in cell]
    source = "\n".join(line for line in source.splitlines() if not line.startswith("check."))
    assert headline in getattr(ch01, name).run(run(source, name)).headline
