"""The checks of chapter 19: stubs are known as stubs, solutions pass, the wrong answers that people give are refused."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from stgcn_lib.data.streams import STREAMS, stream
from stgcn_lib.exercises import ch19
from stgcn_lib.exercises.checker import assert_checker
from stgcn_lib.graphs import SkeletonGraph
from stgcn_lib.models.multistream import MultiStream, fuse_streams


def stub(*inputs):
    ...


def told(check, answer):
    """All that a check says about a wrong answer, without the names of its properties."""
    return "\n".join(message for _, _, message in check.run(answer).lines)


# ---- bones --------------------------------------------------------------------------------------------------------------------

def bones(x, parents):
    own = np.where(parents < 0, np.arange(len(parents)), parents)
    return x - x[:, own]


def with_centre(make):
    """The bones of `make` for all but the centre."""
    def answer(x, parents):
        out, law = np.array(make(x, parents), dtype=float), bones(x, parents)
        out[:, parents < 0] = law[:, parents < 0]
        return out
    return answer


def place_kept(x, parents):
    out = bones(x, parents)
    out[:, parents < 0] = x[:, parents < 0]
    return out


def overwritten(x, parents):
    for v, parent in enumerate(parents):
        x[:, v] = x[:, v] - x[:, parent] if parent >= 0 else 0
    return x


def first_is_centre(x, parents):
    out = x - x[:, parents]
    out[:, 0] = 0
    return out


def unit(x, parents):
    out = bones(x, parents)
    length = np.linalg.norm(out, axis=2, keepdims=True)
    return out / np.where(length > 0, length, 1)


BONES = {
    "index -1": lambda x, p: x - x[:, p],
    "turned round": lambda x, p: -bones(x, p),
    "from the centre": lambda x, p: x - x[:, p < 0],
    "joints in a row": lambda x, p: np.diff(x, axis=1),
    "motion": with_centre(lambda x, p: np.concatenate([np.diff(x, axis=0), 0 * x[:1]])),
    "place of the centre kept": place_kept,
    "the first joint as centre": first_is_centre,
    "-1 as 0": lambda x, p: x - x[:, np.maximum(p, 0)],
    "overwritten": lambda x, p: overwritten(x.copy(), p),
    "no direction": lambda x, p: np.abs(bones(x, p)),
    "length 1": unit,
    "centre cut off": lambda x, p: bones(x, p)[:, p >= 0],
}


def test_bones():
    assert_checker(ch19.bones, stub, bones, BONES, breaks={
        "index -1": "the centre", "turned round": "from the parent", "from the centre": "from the parent",
        "joints in a row": "as many", "place of the centre kept": "moving", "centre cut off": "as many"})


@pytest.mark.parametrize(("name", "words"), [
    ("index -1", "index -1"), ("turned round", "turned round"), ("from the centre", "compared with the centre"),
    ("motion", "steps from frame"), ("place of the centre kept", "kept its place"), ("no direction", "direction"),
    ("-1 as 0", "compared with joint 0"), ("overwritten", "overwritten"),
    ("length 1", "length 1"), ("joints in a row", "shape")])
def test_bones_names_the_slip(name, words):
    assert words in told(ch19.bones, BONES[name])


def test_bones_is_the_library():
    rng = np.random.default_rng(0)
    x, parents = ch19._hand(rng, channels=3)
    centre = int(np.flatnonzero(parents < 0)[0])
    graph = SkeletonGraph.from_edges([(v, int(p)) for v, p in enumerate(parents) if p >= 0], center=centre)
    batch = torch.from_numpy(x).permute(2, 0, 1)[None, ..., None]  # (1, C, T, V, 1)
    np.testing.assert_allclose(bones(x, parents), stream(batch, graph, "bone")[0, ..., 0].permute(1, 2, 0).numpy())


# ---- fuse ---------------------------------------------------------------------------------------------------------------------

def fuse(logits, weights):
    share = weights / weights.sum()
    return (share[:, None, None] * logits.softmax(-1)).sum(0)


def weighted(logits, weights):
    return ((weights / weights.sum())[:, None, None] * logits).sum(0)


FUSE = {
    "weights as they are": lambda z, w: (w[:, None, None] * z.softmax(-1)).sum(0),
    "scores averaged": lambda z, w: weighted(z, w).softmax(-1),
    "scores added": lambda z, w: (w[:, None, None] * z).sum(0).softmax(-1),
    "no softmax": weighted,
    "softmax over clips": lambda z, w: weighted(z.softmax(1), w),
    "softmax over networks": lambda z, w: weighted(z.softmax(0), w),
    "all alike": lambda z, w: z.softmax(-1).mean(0),
    "votes": lambda z, w: weighted(torch.nn.functional.one_hot(z.argmax(-1), z.shape[-1]).double(), w),
    "logarithms": lambda z, w: fuse(z, w).log(),
    "one network": lambda z, w: z[0].softmax(-1),
    "the class alone": lambda z, w: fuse(z, w).argmax(-1),
}


def test_fuse():
    assert_checker(ch19.fuse, stub, fuse, FUSE, breaks={
        "weights as they are": "sum to 1", "scores averaged": "mean of probabilities", "no softmax": "alone",
        "softmax over clips": "sum to 1", "all alike": "weight 0", "the class alone": "each clip and class"})


@pytest.mark.parametrize(("name", "words"), [
    ("weights as they are", "what the weights sum to"), ("scores averaged", "shouts"), ("scores added", "product"),
    ("no softmax", "no softmax"), ("softmax over clips", "wrong axis"), ("all alike", "count alike"), ("votes", "how sure"),
    ("logarithms", "logarithms"), ("the class alone", "shape")])
def test_fuse_names_the_slip(name, words):
    assert words in told(ch19.fuse, FUSE[name])


def test_einsum_is_no_crash():
    assert ch19.fuse.run(lambda z, w: torch.einsum("s,snc->nc", w / w.sum(), z.softmax(-1)))


def test_fuse_is_the_library():
    logits, weights = ch19._said(np.random.default_rng(0))
    torch.testing.assert_close(fuse(logits, weights), fuse_streams(list(logits), weights / weights.sum()).exp())


# ---- bone_motion --------------------------------------------------------------------------------------------------------------

def bone_motion(x, parents, circle=False, minus_one=False, confidence=False):
    """The solution, and with `circle`, `minus_one` and `confidence` the three faults of the exercise."""
    own = parents if minus_one else np.where(parents < 0, np.arange(len(parents)), parents)
    bone = x - x[:, own]
    after = np.roll(bone, -1, axis=0) if circle else np.concatenate([bone[1:], bone[-1:]])
    out = after - bone
    if not confidence:
        out[..., 2] = x[..., 2]
    return out


def like(make):
    """A wrong motion of the coordinates beside the right confidence."""
    def answer(x, parents):
        out = x.copy()
        out[..., :2] = make(x[..., :2], parents)
        return out
    return answer


def ahead(x):
    return np.concatenate([np.diff(x, axis=0), 0 * x[:1]])


BONE_MOTION = {
    "as it came": lambda x, p: np.roll(x - x[:, p], -1, axis=0) - (x - x[:, p]),
    "backward": like(lambda x, p: np.concatenate([0 * x[:1], np.diff(bones(x, p), axis=0)])),
    "sign": like(lambda x, p: -ahead(bones(x, p))),
    "of joints": like(lambda x, p: ahead(x)),
    "bones alone": like(lambda x, p: bones(x, p)),
    "-1 as 0": like(lambda x, p: ahead(x - x[:, np.maximum(p, 0)])),
    "a frame short": lambda x, p: np.diff(x, axis=0),
}
FAULTS = ("circle", "minus_one", "confidence")


def test_bone_motion():
    partly = {f"still {' and '.join(left)}": (lambda x, p, left=left: bone_motion(x, p, **dict.fromkeys(left, True)))
              for count in (1, 2) for left in itertools.combinations(FAULTS, count)}
    assert_checker(ch19.bone_motion, stub, bone_motion, BONE_MOTION | partly, breaks={
        "as it came": "the centre", "backward": "last frame", "sign": "all other frames", "of joints": "the centre",
        "a frame short": "as many", "still circle": "last frame", "still minus_one": "the centre",
        "still confidence": "the confidence"})


@pytest.mark.parametrize(("fault", "words"), [("circle", "no circle"), ("minus_one", "index -1"), ("confidence", "does not move")])
def test_a_fault_is_told_alone(fault, words):
    said = told(ch19.bone_motion, lambda x, p: bone_motion(x, p, **{fault: True}))
    assert words in said and said.count("\n") == len(ch19.bone_motion.properties) - 1 and len(said.split()) < 40


@pytest.mark.parametrize(("name", "words"), [
    ("backward", "looks back"), ("sign", "turned round"), ("of joints", "steps of the joints"),
    ("bones alone", "without their motion"), ("-1 as 0", "follows joint 0"), ("a frame short", "shape")])
def test_bone_motion_names_the_slip(name, words):
    assert words in told(ch19.bone_motion, BONE_MOTION[name])


# ---- by hand and in the notebook ------------------------------------------------------------------------------------------------

def test_boxes_by_another_way():
    frames = np.array([[2, 5, 9], [3, 7, 12]], dtype=float)[..., None]  # palm, knuckle, tip
    parents = np.array([-1, 0, 1])
    bone = bones(frames, parents)
    assert ch19.BOXES["finger"]["answer"] == [bone[0, 2, 0], np.diff(frames, axis=0)[0, 2, 0], np.diff(bone, axis=0)[0, 2, 0]]
    said = np.array([[0.5, 0.4, 0.1], [0.1, 0.6, 0.3]])
    np.testing.assert_allclose(ch19.BOXES["fusion"]["answer"], [0.75, 0.25] @ said)
    assert ch19.BOXES["chain"]["answer"] == 10 + 3 - 2 + 4
    assert ch19.BOXES["steps"]["answer"] == 30 * 2 / (31 - 1)


def cells():
    path = next((Path(__file__).parents[1] / "book").glob("part5-*/19-*.ipynb"))
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def test_the_chapter_chooses_weights_without_the_test():
    """The cell that chooses is run on small networks: other labels of the test people change no weight, other labels of the
    validation people do. The same cell with the test people in their place is caught."""
    source = cells()["c19-33"]
    torch.manual_seed(0)
    x, who = torch.randn(90, 3, 2, 21, 1), torch.arange(90) % 9
    nets = {name: nn.Sequential(nn.Flatten(), nn.Linear(126, 4)) for name in STREAMS}
    with torch.no_grad():
        logits = {name: model(stream(x, "hand-21", name)) for name, model in nets.items()}
    chances = {name: part.softmax(1) for name, part in logits.items()}
    y = (0.8 * chances["bone"] + 0.2 * chances["joint motion"] + 0.3 * torch.rand(90, 4)).argmax(1)

    def weights(cell, y):
        space = {"torch": torch, "MultiStream": MultiStream, "STREAMS": STREAMS, "models": nets, "graph": "hand-21", "x": x, "y": y,
                 "logits": logits, "mean": sum(chances.values()) / 4, "trains": who < 3, "validates": (who >= 3) & (who < 6),
                 "tests": who >= 6, "right": lambda said, part: (said.argmax(1) == y)[part].float().mean().item()}
        exec(cell, space)
        return space["late"].weights.tolist()

    joint = chances["joint"].argmax(1)  # labels that another network would have right
    other_test, other_validation = torch.where(who >= 6, joint, y), torch.where((who >= 3) & (who < 6), joint, y)
    assert weights(source, y) == weights(source, other_test) != weights(source, other_validation)
    wrong = source.replace("chosen_on(validates)", "chosen_on(tests)")
    assert wrong != source and weights(wrong, y) != weights(wrong, other_test)


def test_every_question_is_asked_and_every_solution_is_in_the_chapter():
    text = "\n".join(cells().values())
    for kind, specs in (("box", ch19.BOXES), ("quiz", ch19.QUIZZES), ("predict", ch19.PREDICTIONS)):
        assert set(re.findall(rf'check\.{kind}\("(\w+)"\)', text)) == set(specs)
    for check in (ch19.bones, ch19.fuse, ch19.bone_motion):
        assert f"check.{check.name}({check.name})" in text
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    for name in ("bones", "fuse", "bone_motion"):
        space = {"np": np, "torch": torch}
        exec(next(block for block in blocks if f"def {name}(" in block), space)
        assert getattr(ch19, name).run(space[name]), name
