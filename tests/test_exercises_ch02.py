"""The checks of chapter 2: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from stgcn_lib.data import kinematics
from stgcn_lib.exercises import ch02
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph, skeleton


def stub(*inputs):
    ...


# ---- bones --------------------------------------------------------------------------------------------------------------------

def bones(x, parents):
    out = x - x[..., parents]
    out[..., parents < 0] = 0
    return out


def bones_in_place(x, parents):
    x -= x[..., parents].clone()
    x[..., parents < 0] = 0
    return x


def bones_one_by_one(x, parents):
    out = x.clone()  # the parent may have become a bone already when its child is reached
    for v in range(x.shape[-1]):
        out[..., v] = out[..., v] - out[..., parents[v]] if parents[v] >= 0 else 0
    return out


def bones_centre_is_joint_0(x, parents):
    out = x - x[..., parents]
    out[..., 0] = 0
    return out


def bones_in_time(x, parents):
    out = torch.zeros_like(x)
    out[:, 1:] = x[:, 1:] - x[:, :-1]
    return out


def centre_of(parents):
    return int((parents < 0).nonzero())


BONES = {
    "parent minus child": lambda x, p: -bones(x, p),
    "the centre takes the last joint": lambda x, p: x - x[..., p],
    "the centre keeps its place": lambda x, p: torch.where(p < 0, x, x - x[..., p]),
    "in place": bones_in_place,
    "one by one over its own results": bones_one_by_one,
    "the centre is taken to be joint 0": bones_centre_is_joint_0,
    "the centre is left out": lambda x, p: bones(x, p)[..., p >= 0],
    "from the centre instead of the parent": lambda x, p: x - x[..., [centre_of(p)]],
    "from the joint before in the list": lambda x, p: x - x.roll(1, -1),
    "a difference in time": bones_in_time,
    "lengths instead of vectors": lambda x, p: bones(x, p).norm(dim=0),
    "joints and frames mixed up": lambda x, p: x - x[:, p],
}


def test_bones():
    assert_checker(ch02.bones, stub, bones, BONES, breaks={
        "parent minus child": "from the parent", "the centre takes the last joint": "centre", "in place": "leaves x",
        "the centre is left out": "one vector", "from the centre instead of the parent": "from the parent"})


# ---- mirror -------------------------------------------------------------------------------------------------------------------

def swapped(x, pairs):
    order = list(range(x.shape[-1]))
    for left, right in pairs:
        order[left], order[right] = right, left
    return x[..., order]


def negated(x, channel=0):
    x = x.clone()
    x[channel] = -x[channel]
    return x


def mirror_one_way(x, pairs):
    out = negated(x)
    for left, right in pairs:
        out[..., left] = out[..., right]
        out[..., right] = out[..., left]  # already overwritten
    return out


def mirror_in_place(x, pairs):
    x[0] *= -1
    for left, right in pairs:
        x[..., left], x[..., right] = x[..., right].clone(), x[..., left].clone()
    return x


def mirror_pairs_only(x, pairs):
    out = x.clone()
    for left, right in pairs:
        out[..., left], out[..., right] = negated(x)[..., right], negated(x)[..., left]
    return out


MIRRORS = {
    "swaps without negating": swapped,
    "negates without swapping": lambda x, pairs: negated(x),
    "negates every channel": lambda x, pairs: -swapped(x, pairs),
    "negates y": lambda x, pairs: negated(swapped(x, pairs), 1),
    "copies one way": mirror_one_way,
    "in place": mirror_in_place,
    "negates the limbs only": mirror_pairs_only,
    "swaps the first pair only": lambda x, pairs: negated(swapped(x, pairs[:1])),
    "as pixels of an image of width 1": lambda x, pairs: torch.cat([1 - swapped(x, pairs)[:1], swapped(x, pairs)[1:]]),
    "turns the list of joints round": lambda x, pairs: negated(x.flip(-1)),
    "turns time round": lambda x, pairs: negated(swapped(x, pairs)).flip(1),
    "keeps the coordinate x alone": lambda x, pairs: negated(swapped(x, pairs))[:1],
}


def test_mirror():
    assert_checker(ch02.mirror, stub, lambda x, pairs: negated(swapped(x, pairs)), MIRRORS, breaks={
        "swaps without negating": "turns x", "negates without swapping": "pair", "negates every channel": "other channels",
        "copies one way": "pair", "in place": "leaves x", "negates the limbs only": "trunk"})


# ---- fold ---------------------------------------------------------------------------------------------------------------------

def fold(x):
    N, C, T, V, M = x.shape
    return x.permute(0, 4, 1, 2, 3).reshape(N * M, C, T, V)  # (N, M, C, T, V) -> (N*M, C, T, V)


def folded_from(*axes):
    def answer(x):
        N, C, T, V, M = x.shape
        return x.permute(*axes).reshape(N * M, C, T, V)
    return answer


FOLDS = {
    "reshape alone": folded_from(0, 1, 2, 3, 4),  # the broken cell of the chapter
    "person by person": folded_from(4, 0, 1, 2, 3),
    "frames and channels mixed up": folded_from(0, 4, 2, 1, 3),
    "joints and frames mixed up": folded_from(0, 4, 1, 3, 2),
    "people before joints": folded_from(0, 1, 2, 4, 3),
    "the first person only": lambda x: x[..., 0],
    "the mean person": lambda x: x.mean(-1),
    "people as more joints": lambda x: x.flatten(3),
    "the first person twice": lambda x: x[..., 0].repeat_interleave(x.shape[-1], 0),
    "empty rows": lambda x: torch.zeros(x.shape[0] * x.shape[4], *x.shape[1:4]),
}


def test_fold():
    assert_checker(ch02.fold, stub, fold, FOLDS, breaks={
        "reshape alone": "keeps bodies whole", "person by person": "together", "the first person only": "returns"})


def test_numpy_answers_pass_too():
    assert ch02.bones.run(lambda x, p: bones(x, p).numpy()) and ch02.fold.run(lambda x: fold(x).numpy())


CHAPTER = Path(__file__).parents[1] / "book" / "part1-graphs" / "02-skeletons-as-graphs.ipynb"


@pytest.mark.parametrize("name", ["bones", "mirror", "fold"])
def test_the_solution_printed_in_the_chapter_passes(name):
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    printed = [block for block in re.findall(r"```python\n(.*?)```", prose, flags=re.S) if f"def {name}(" in block]
    assert len(printed) == 1
    space = {}
    exec(printed[0], space)
    assert getattr(ch02, name).run(space[name])


# ---- by hand ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make, names", [(ch02.box, ch02.BOXES), (ch02.quiz, ch02.QUIZZES), (ch02.predict, ch02.PREDICTIONS),
                                         (ch02.predict_reply, ch02.PREDICTIONS)])
def test_every_question_can_be_shown(make, names):
    for name in names:
        assert make(name).to_html(standalone=False)


def test_box_answers_are_the_numbers_that_code_gives():
    frame = torch.tensor([[0, 0, 0, 3, -3], [0, 4, 6, 4, 4]])  # (C, V)
    assert frame.view(5, 2)[2, 0] == ch02.BOXES["view"]["answer"]

    stick = SkeletonGraph.from_edges([(1, 0), (2, 1), (3, 1), (4, 1)], center=0)
    offsets = np.array([[0, 0, 0], [0, 4, 0], [0, 2, 0], [3, 0, 0], [-3, 0, 0]])
    turns = np.radians([[-90.0], [90.0], [0.0], [0.0], [0.0]])
    hand = kinematics.forward(stick.parents, offsets, kinematics.euler(turns, "Z"))[3]
    assert np.allclose(hand[:2], ch02.BOXES["hand"]["answer"])

    released = skeleton("openpose-18")
    ankle, wrist = released.joints.index("right ankle"), released.joints.index("left wrist")
    assert released.hop_distance()[ankle, wrist] == ch02.BOXES["ankle_to_wrist"]["answer"]
    edges = [(a, 1 if b in (2, 5) and a in (8, 11) else b) for a, b in released.edges]
    at_the_neck = SkeletonGraph.from_edges(edges, released.joints, center="neck")
    assert at_the_neck.hop_distance()[ankle, wrist] in ch02.BOXES["ankle_to_wrist"]["slips"]
