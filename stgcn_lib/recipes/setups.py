"""Which experiments there are: the data, how they are split, and what is compared.

Nothing in a `Setup` was chosen by looking at test clips. That of bodies was fixed by cross-validation among the training people of
UTKinect and MSR-Action3D, and serves these sets alike; that of hands (`HAND`) by cross-validation among the training people of
SHREC'17.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..data import load, motions
from ..graphs.streams import STREAMS

# Five blocks that halve the time early: on a CPU this trains faster than `models.SMALL`, which halves it later.
PLAN = ((32, 1), (32, 2), (64, 1), (64, 2), (128, 1))


@dataclass(frozen=True)
class Setup:
    """What decides a training run on skeleton clips, apart from data and seed."""

    model: str = "stgcn"  # or a baseline: "frames", "dense", "logistic"
    frames: int = 32  # every clip is brought to this length
    sampling: str = "resample"  # each clip from its first frame to its last; "pad": first filled with zeros up to the longest
    center: bool = True  # whether the place of the centre joint in the first frame is taken out
    scale: bool = False  # whether people are made equally large, too
    plan: tuple = PLAN
    kernel_size: int = 7
    strategy: str = "spatial"  # or "uniform", "distance", "released"
    edge_importance: bool = True
    spatial: str = "fixed"  # what the blocks are made of, see `layers.STGCNBlock`; the same for the next two
    temporal: str = "single"
    attention: str = ""
    streams: tuple = ("joint",)  # what the network is told of each joint, names of `graphs.STREAMS`
    apart: bool = False  # whether each stream has a network of its own, and the probabilities are averaged
    pooling: str = "mean+max"
    dropout: float = 0.1
    epochs: int = 80
    batch_size: int = 16
    optimizer: str = "adamw"  # with warm-up and cosine; "sgd": as in 2018, Nesterov's momentum and two steps down
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    precision: str = "no"  # or "bf16", half as many bits in training, which is twice as fast where the processor knows it
    turn: float = 30.0  # training clips turn about the upright axis, by up to so many degrees to either side
    tilt: float = 0.0  # and about the other two axes
    size: float = 0.1  # and are made larger or smaller by up to this share
    stretch: float = 0.8  # and start and end later or earlier: the shortest share of a clip that is kept
    hidden: float = 0.0  # training clips lose joints, each clip up to this share of them, for runs of a quarter of the clip
    fill: str = "zero"  # what stands where a joint is missing, in training and in tests, see `data.corruptions.fill`
    views: int = 1  # a test clip is judged so many times, changed in the same ways, and the probabilities are averaged
    look: bool = False  # whether the test clips are also scored after every epoch: not to choose by, but to show the gain


@dataclass(frozen=True)
class Recipe:
    """A question that is answered by running the same thing in several variants."""

    what: str  # the question, in a sentence
    data: str  # name of the data set
    split: str  # in words
    folds: Callable  # Dataset -> list of (train, test), boolean masks
    variants: dict  # name -> Setup
    only: dict = field(default_factory=dict)  # which part of the data set, as for `load`
    checkpoint: str = ""  # the variant whose first run, seed 0 of fold 0, is kept as a network
    corrupted: bool = False  # whether the test clips are also scored with everything in `data.corruptions.CORRUPTIONS`


def dataset(recipe):
    """The clips of a recipe."""
    if recipe.data == "motions":
        return motions.generate(**recipe.only)
    return load(recipe.data, **recipe.only)


def odd_even(clips):
    """Persons with odd numbers train, those with even numbers test."""
    odd = clips.subjects % 2 == 1
    return [(odd, ~odd)]


def leave_one_out(clips):
    """Every person is the test once."""
    return [(clips.subjects != person, clips.subjects == person) for person in np.unique(clips.subjects)]


def official(clips):
    """The authors' lists of training and test clips."""
    return [(~clips.tags["test"], clips.tags["test"])]


def last_persons(clips, first):
    """Persons numbered `first` and above test."""
    late = clips.subjects >= first
    return [(~late, late)]


FULL = Setup(epochs=160)
OURS = {"ST-GCN": FULL, "ST-GCN, ten views": replace(FULL, views=10)}
BASELINES = {"logistic regression": Setup("logistic"), "frames without a graph": replace(FULL, model="frames"),
             "dense": replace(FULL, model="dense")}
SHORT = {variant: replace(setup, epochs=80) for variant, setup in OURS.items()}  # where many folds or parts are trained
BRIEF = Setup(epochs=32)  # the ablation has nine variants to train, and differences are the point
ABLATION = {
    "ST-GCN": BRIEF,
    "uniform": replace(BRIEF, strategy="uniform"),
    "distance": replace(BRIEF, strategy="distance"),
    "spatial as released": replace(BRIEF, strategy="released"),
    "no edge importance": replace(BRIEF, edge_importance=False),
    "mean only": replace(BRIEF, pooling="mean"),
    "3 blocks": replace(BRIEF, plan=((32, 1), (64, 2), (128, 2))),
    "kernel 1": replace(BRIEF, kernel_size=1),
    "kernel 13": replace(BRIEF, kernel_size=13),
}
def _as_wide(width):
    """The plan with another width, so that a variant has about as many parameters as the network it is compared with."""
    return tuple((channels * width // 32, stride) for channels, stride in PLAN)


HAND = Setup(epochs=30, batch_size=32, precision="bf16", turn=10.0, tilt=10.0)
LEARNED = replace(HAND, spatial="residual", look=True)  # bones, and whatever else training adds to them
PERSONS = "persons 1, 3, 5, 7, 9 train, 2, 4, 6, 8, 10 test"
BEFORE_KINECT = "Twenty actions of games before a Kinect, 557 clips"
RECIPES = {
    "utkinect": Recipe("Ten everyday actions before a Kinect: ST-GCN on joints alone, beside three baselines.", "utkinect", PERSONS,
                       odd_even, OURS | BASELINES, checkpoint="ST-GCN"),
    "utkinect_leave_one_out": Recipe("The same, with every person as the test once.", "utkinect", "each of ten persons tests once",
                                     leave_one_out, SHORT | {"logistic regression": Setup("logistic")}),
    "msr_action3d": Recipe(f"{BEFORE_KINECT}: ST-GCN on joints alone, beside three baselines.", "msr_action3d", PERSONS, odd_even,
                           OURS | BASELINES, checkpoint="ST-GCN"),
    "ablation": Recipe(f"{BEFORE_KINECT}: what each part of ST-GCN is worth.", "msr_action3d", PERSONS, odd_even, ABLATION),
    "ui_prmd": Recipe("Ten rehabilitation exercises, done as prescribed.", "ui_prmd", "persons 1 to 7 train, 8 to 10 test",
                      lambda clips: last_persons(clips, 8),
                      {"ST-GCN": replace(FULL, epochs=15), "logistic regression": Setup("logistic")}, {"correct": True}, "ST-GCN"),
    "motions_openpose": Recipe(
        "Thirteen synthetic actions as a pose estimator would see them: 2-D joints with a confidence.", "motions",
        "synthetic bodies 0 to 19 train, 20 to 29 test", lambda clips: last_persons(clips, 20),
        {"ST-GCN": replace(FULL, scale=True, turn=0.0, epochs=30), "logistic regression": Setup("logistic", scale=True)},
        {"bodies": 30, "repeats": 2, "layout": "openpose-18", "camera": {}, "seed": 0}, "ST-GCN"),
}
GESTURES = "the official lists: 20 people train, 8 others test"
RECIPES["shrec17_robust"] = Recipe(
    "Hand gestures, 28 classes, with noise and missing joints: two ways to fill holes, with and without holes in training.",
    "shrec17", GESTURES, official, {
        "plain": HAND,
        "plain, interpolated": replace(HAND, fill="interpolate"),
        "trained with holes": replace(HAND, hidden=0.5),
        "trained with holes, interpolated": replace(HAND, hidden=0.5, fill="interpolate")}, {"num_classes": 28}, corrupted=True)
RECIPES |= {name: Recipe(what, "shrec17", GESTURES, official, variants, {"num_classes": 28}, checkpoint)
            for name, what, variants, checkpoint in (
    ("shrec17", "Hand gestures, 28 classes: joints alone, and four streams of them in one network or in four.", {
        "logistic regression": Setup("logistic"),
        "ST-GCN": replace(HAND, look=True),
        "ST-GCN, learned edges": LEARNED,
        "four streams in one network": replace(LEARNED, streams=STREAMS),
        "bone": replace(LEARNED, streams=STREAMS[1:2]),
        "joint motion": replace(LEARNED, streams=STREAMS[2:3]),
        "bone motion": replace(LEARNED, streams=STREAMS[3:]),
        "four networks": replace(LEARNED, streams=STREAMS, apart=True),
        "four networks, five views": replace(LEARNED, streams=STREAMS, apart=True, views=5)}, "ST-GCN, learned edges"),
    ("shrec17_graphs", "Hand gestures, 28 classes: what a learned graph is worth, form by form.", {
        "sum": replace(HAND, spatial="sum"), "mix": replace(HAND, spatial="mix"),
        "directed": replace(HAND, spatial="directed"),
        "sample": replace(HAND, spatial="sample", plan=_as_wide(30)),
        "channelwise": replace(HAND, spatial="channelwise", plan=_as_wide(30))}, ""),
    ("shrec17_time", "Hand gestures, 28 classes: what several kernels in time are worth.", {
        "one kernel of 3": replace(HAND, kernel_size=3, plan=_as_wide(41)),
        "one kernel of 11": replace(HAND, kernel_size=11, plan=_as_wide(27)),
        "kernels of 3, 5 and 7": replace(HAND, temporal="multi", plan=_as_wide(40)),
        "dilated branches": replace(HAND, temporal="dilated", plan=_as_wide(44))}, ""),
    ("shrec17_attention", "Hand gestures, 28 classes: what attention is worth, form by form.", {
        form: replace(HAND, attention=form, plan=_as_wide(width))
        for form, width in (("spatial", 32), ("temporal", 32), ("channel", 30), ("joint", 32), ("sequential", 30))}, ""),
)}
LATE = replace(LEARNED, plan=((32, 1), (32, 1), (64, 2), (64, 1), (128, 2)))  # as many parameters; all frames reach the third block
RECIPES["shrec17_late"] = Recipe(
    "Hand gestures, 28 classes: learned edges, with time halved later in the network.", "shrec17", GESTURES, official, {
        "ST-GCN, learned edges": LATE,
        "four streams in one network": replace(LATE, streams=STREAMS),
        "four networks": replace(LATE, streams=STREAMS, apart=True),
        "four networks, five views": replace(LATE, streams=STREAMS, apart=True, views=5)}, {"num_classes": 28})
CHANGES = {  # one after the other they lead from the training of 2018 to the "ST-GCN" of the recipe shrec17
    "as in 2018": {"sampling": "pad", "center": False, "optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 1e-4,
                   "dropout": 0.5, "turn": 0.0, "tilt": 0.0, "size": 0.0, "stretch": 1.0,
                   "label_smoothing": 0.0, "pooling": "mean"},
    "the whole clip in 32 frames": {"sampling": "resample"},
    "from the origin": {"center": True},
    "AdamW and cosine": {"optimizer": "adamw", "learning_rate": 3e-3, "weight_decay": 0.01},
    "less dropout": {"dropout": 0.1},
    "augmentation": {"turn": 10.0, "tilt": 10.0, "size": 0.1, "stretch": 0.8},
    "label smoothing": {"label_smoothing": 0.1},
}
LADDER = {}
for _name, _change in CHANGES.items():
    LADDER[_name] = replace(list(LADDER.values())[-1] if LADDER else HAND, **_change)
RECIPES["shrec17_recipe"] = Recipe(
    "Hand gestures, 28 classes: from the training of 2018 to that of today, one change after the other.", "shrec17", GESTURES,
    official, LADDER, {"num_classes": 28})
STREAMED = replace(FULL, spatial="residual", precision="bf16", look=True)
for _data, _what in (("utkinect", "Ten everyday actions before a Kinect"), ("msr_action3d", BEFORE_KINECT)):
    RECIPES[f"{_data}_streams"] = Recipe(
        f"{_what}: learned edges, and four streams in one network or in four.", _data, PERSONS, odd_even, {
            "ST-GCN, learned edges": STREAMED,
            "four streams in one network": replace(STREAMED, streams=STREAMS),
            "four networks": replace(STREAMED, streams=STREAMS, apart=True),
            "four networks, ten views": replace(STREAMED, streams=STREAMS, apart=True, views=10)})
for _part in ("AS1", "AS2", "AS3"):
    RECIPES[f"msr_action3d_{_part.lower()}"] = Recipe(
        f"The eight actions {_part} of MSR-Action3D.", "msr_action3d", PERSONS, odd_even,
        SHORT | {"logistic regression": Setup("logistic")}, {"subset": _part})
