"""Chapter 2, Skeletons as graphs: what the page and the notebook check."""

import numpy as np
import torch

from . import boxes
from .checker import Check, call, digits

# ---- in code ------------------------------------------------------------------------------------------------------------------


def _tree(rng, joints):
    """(V,) parents of a random tree, and its centre: any joint may be the centre, a parent may have the higher number."""
    order = rng.permutation(joints)
    parents = np.full(joints, -1)
    for i in range(1, joints):
        parents[order[i]] = order[rng.integers(i)]
    return torch.from_numpy(parents), int(order[0])


def _clip(rng, *shape):
    """Different whole numbers as floats, so that no two places are the same."""
    return torch.from_numpy(rng.permutation(int(np.prod(shape)))).float().reshape(shape)


def _unchanged(answer, x, *rest):
    """True if the reader's function leaves its input as it was, else what it did."""
    own = x.clone()
    call(answer, x, *rest)
    answer(own, *rest)
    return torch.equal(own, x) or "x itself is another after the call: whoever passed it in has lost the joints"


bones = Check("bones", asks="a function of x (C, T, V) and parents (V,), -1 at the centre", hints=(
    "Bones answer one question for each joint: how do I get here from my parent? Which of the two do you subtract?",
    "x[..., parents] picks for every joint the place of its parent. What does the number -1 pick for the centre?",
    "Take all differences at once, in a new tensor. Then put the one joint right whose parent is -1."))


@bones.property("has one vector for every joint, the centre too: (C, T, V)")
def _(answer, rng):
    for shape in ((3, 4, 6), (2, 5, 3)):
        x, (parents, _) = _clip(rng, *shape), _tree(rng, shape[-1])
        call(answer, x, parents, shape=shape)
    return True


@bones.property("points from the parent to the joint")
def _(answer, rng):
    x, (parents, center) = _clip(rng, 3, 4, 6), _tree(rng, 6)
    got = call(answer, x, parents, shape=x.shape)
    for v in range(6):
        if v != center:
            bone = (x[..., v] - x[..., parents[v]]).double()
            if torch.equal(got[..., v], -bone):
                return f"the bone of joint {v} points from the joint to its parent {parents[v]}"
            if not torch.equal(got[..., v], bone):
                return (f"walk from joint {parents[v]}, the parent, along your bone of joint {v}: in frame 0 you arrive at "
                        f"{digits(x[:, 0, parents[v]] + got[:, 0, v])}, and joint {v} is somewhere else")
    return True


@bones.property("gives the centre, which has no parent, a bone of length zero")
def _(answer, rng):
    x, (parents, center) = _clip(rng, 3, 4, 6), _tree(rng, 6)
    got = call(answer, x, parents, shape=x.shape)[..., center]
    return bool((got == 0).all()) or f"the centre is joint {center} here, and its bone in frame 0 is {digits(got[:, 0])}"


@bones.property("leaves x as it was")
def _(answer, rng):
    return _unchanged(answer, _clip(rng, 3, 4, 6), _tree(rng, 6)[0])


mirror = Check("mirror", asks="a function of x (C, T, V) and pairs, a list of (left, right)", hints=(
    "Stand before a mirror and lift your left hand. Which hand does the person in the glass lift, and on which side is it?",
    "Two things happen: the numbers of the joints change places, and one channel changes its sign. You need both.",
    "Make a list with the new order of all joints: each joint stands for itself, but the two of a pair for each other. Index "
    "with it, then negate channel 0 of the result."))


def _body(rng):
    """x (3, 4, 5) with the pairs (3, 1) and (0, 2); joint 4 is on the trunk."""
    return _clip(rng, 3, 4, 5) + 1, [(3, 1), (0, 2)]


@mirror.property("keeps the shape (C, T, V)")
def _(answer, rng):
    for channels in (3, 2):
        x = _clip(rng, channels, 4, 5)
        call(answer, x, [(3, 1), (0, 2)], shape=x.shape)
    return True


@mirror.property("gives each joint of a pair what the other one had")
def _(answer, rng):
    x, pairs = _body(rng)
    got = call(answer, x, pairs, shape=x.shape).abs()
    for left, right in pairs:
        for a, b in ((left, right), (right, left)):
            if not torch.equal(got[:, :, a], x[:, :, b].double()):
                return (f"({left}, {right}) is a pair: up to signs, joint {a} should stand where joint {b} stood, "
                        f"{digits(x[:, 0, b])} in frame 0, but is at {digits(got[:, 0, a])}")
    return True


@mirror.property("turns x to the other side, for the trunk as well")
def _(answer, rng):
    x, pairs = _body(rng)
    got = call(answer, x, pairs, shape=x.shape)[0]
    if torch.equal(got.abs()[:, 4], x[0, :, 4].double()) and (got < 0).all():
        return True
    return f"joint 4 is in no pair and had x = {digits(x[0, 0, 4])} in frame 0; in the mirror you put it at x = {digits(got[0, 4])}"


@mirror.property("leaves the other channels of the trunk alone")
def _(answer, rng):
    x, pairs = _body(rng)
    got = call(answer, x, pairs, shape=x.shape)[1:, :, 4]
    return torch.equal(got, x[1:, :, 4].double()) or (
        f"joint 4 had y, z = {digits(x[1:, 0, 4])} in frame 0 and now has {digits(got[:, 0])}: does a mirror on the wall do that?")


@mirror.property("leaves x as it was")
def _(answer, rng):
    return _unchanged(answer, *_body(rng))


fold = Check("fold", asks="a function of x (N, C, T, V, M)", hints=(
    "A reshape reads the numbers in the order of the axes, the last one fastest. Which two axes have to become neighbours before "
    "they can become one?",
    "N and M are to be merged, with N outside. So M has to stand right behind N first.",
    "One permute that puts M behind N and leaves C, T, V in their order, then one reshape."))


@fold.property("returns (N·M, C, T, V)")
def _(answer, rng):
    for N, C, T, V, M in ((2, 3, 4, 5, 2), (3, 2, 6, 4, 1)):
        call(answer, _clip(rng, N, C, T, V, M), shape=(N * M, C, T, V))
    return True


def _rows(answer, rng):
    """What comes back for two clips of three people, and the people as {(n, m): their (C, T, V)}. C equals T on purpose."""
    x = _clip(rng, 2, 3, 3, 4, 3)
    return call(answer, x, shape=(6, 3, 3, 4)), {(n, m): x[n, ..., m].double() for n in range(2) for m in range(3)}


@fold.property("keeps bodies whole: every row is one person of one clip")
def _(answer, rng):
    rows, people = _rows(answer, rng)
    for i, row in enumerate(rows):
        if not any(torch.equal(row, person) for person in people.values()):
            owners = {key for key, person in people.items() if torch.isin(row, person).any()}
            return f"row {i} is nobody: it mixes numbers of {len(owners)} people, or their axes" if len(owners) > 1 else (
                f"row {i} has the numbers of one person in the wrong places, or numbers that nobody had")
    return True


@fold.property("keeps the people of a clip together: row n·M + m is person m of clip n")
def _(answer, rng):
    rows, people = _rows(answer, rng)
    owner = [next((key for key, person in people.items() if torch.equal(row, person)), None) for row in rows]
    if None in owner:
        return "there is no telling while rows are not whole people"
    return owner == sorted(people) or f"the rows belong to (clip, person) {owner}: the labels of the clips would no longer fit"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "view": dict(
        question="The head is joint 2. After <code>frame.view(5, 2)</code>, what is its x?",
        answer=-3, label="x of the head",
        slips={0: "0 is where the head really is, and what <code>permute</code> gives. <code>view</code> leaves the ten numbers in "
                  "their order.",
               3: "Rows count from 0: joint 0 gets the first two numbers, joint 2 the fifth and the sixth.",
               6: "6 is the true y of the head. Count along the ten numbers instead, two for each joint."},
        hints=("Write the ten numbers in a row and draw a line after every second one.",
               "Joint 0 gets the first two numbers, joint 1 the next two.",
               "Joint 2 gets the fifth and the sixth number, as its x and its y."),
        right="Rows after view: (0, 0), (0, 3), (&minus;3, 0), (4, 6), (4, 4). The head has the right hand's x and the hip's y."),
    "hand": dict(
        question="The hip a quarter clockwise, then the chest a quarter back: where is the left hand?",
        answer=[7, 0], rows=("x", "y"), label="left hand",
        slips=[([4, 3], "The chest's own turn alone points the arm up. But the chest hangs from a hip that has turned: the "
                        "two turns add up."),
               ([4, -3], "That is the hand before the chest turned back."),
               ([3, 0], "3 along and 0 up is the arm as seen from the chest. Where is the chest?"),
               ([-1, 0], "The hip turned the other way: clockwise sends (0, 4) to (4, 0)."),
               ([1, 0], "Clockwise and then anticlockwise: the turns cancel, so the arm points where it pointed at rest."),
               ([3, 4], "That is the hand at rest. The chest has moved with the hip.")],
        hints=("Where is the chest? The hip has moved it, and its own turn does not.",
               "Add up the turns on the way to the arm: a quarter clockwise and a quarter back.",
               "The arm's offset is (3, 0) at rest. Turn it by the sum of the turns and add it to the place of the chest."),
        right="The chest is at (4, 0). The two turns cancel, so the arm points as at rest: (4, 0) + (3, 0)."),
    "scale": dict(
        question="In the first frame the hip, which is the centre, stands at (10, 2). The size of the body is 4. In a later "
                 "frame the hip is at (10, 0) and the left hand at (16, 14). Centre on the first frame, then scale: where is that "
                 "hand?",
        answer=[1.5, 3], rows=("x", "y"), label="left hand",
        slips=[([6, 12], "Centred, but not yet scaled."),
               ([1.5, 3.5], "That takes off the hip of the same frame. Then nobody would see the body sink."),
               ([4, 3.5], "Scaled, but not centred."),
               ([-6, 1.5], "First the origin, then the unit: what you took off was not scaled."),
               ([24, 48], "A body of size 4 should become one of size 1. Divide.")],
        hints=("Which frame's hip becomes the origin?", "Take (10, 2) off the place of the hand.", "Divide both numbers by 4."),
        right="(16 &minus; 10) / 4 and (14 &minus; 2) / 4. The hip of the later frame lands at (0, &minus;0.5): it sank, and the "
              "network can see it."),
    "ankle_to_wrist": dict(
        question="In <code>openpose-18</code> as released, where each hip hangs from the shoulder of its side: how many bones from "
                 "the right ankle to the left wrist?",
        answer=7, label="hops",
        slips={8: "8 is the number of joints on the way. Count the bones between them.",
               6: "6 would be right if the hips hung from the neck, as in OpenPose itself. Here they hang from the shoulders.",
               5: "There is no bone from one hip to the other. The way leads over the neck."},
        hints=("Write down the joints on the way, starting at the ankle.",
               "Up the right side to the shoulder, over the neck, down the left arm.",
               "Ankle, knee, hip, shoulder, neck, shoulder, elbow, wrist: how many steps between them?"),
        right="Ankle, knee, hip, right shoulder, neck, left shoulder, elbow, wrist: eight joints, seven steps."),
}

QUIZZES = {
    "every_frame": dict(
        question="You subtract the place of the hips in <b>every</b> frame, not only the first. What can the network no "
                 "longer see?",
        choices=[
            ("How the knees bend.", False, "Knees against hips are all still there: both lost the same amount."),
            ("That a jump leaves the ground.", True, "In every frame the hips are at the origin, in the air as on the floor. A "
             "jump with straight legs now looks like standing still."),
            ("Who is tall.", False, "Subtracting changes no distance. Dividing by the size of the body would hide that."),
            ("Left from right.", False, "Moving the origin turns nothing round. A mirror would."),
        ]),
    "zero": dict(
        question="A pose estimator returns (0, 0, 0) for the left wrist: x, y, confidence. What do you do first?",
        choices=[
            ("Nothing: the wrist is in the corner of the image.", False, "Confidence 0 says that the wrist was not found. The "
             "corner is where missing joints are put, not where the hand is."),
            ("Subtract the hips from x and y like everywhere else.", False, "Then the absent wrist gets a place that moves with "
             "the hips, and no zero is left to tell it by."),
            ("Read the confidence, keep it as a channel, and fill or mask the place before any arithmetic on x and y.", True,
             "What is missing has to be known as missing before it takes part in a mean, a bone or a difference of frames."),
            ("Delete the frame.", False, "The other joints of this frame were seen. One hidden wrist is no reason to lose them, "
             "and a hole in time is a new problem."),
        ]),
}

PREDICTIONS = {
    "step": dict(
        key="ch02-one-metre",
        question="A classifier learns a set of movements from the coordinates of some people and is tested on people it has never "
                 "seen. It does well. Now the test people repeat everything exactly, <b>one metre to their left</b>. How many of "
                 "their clips does it still name correctly?",
        choices=("As many as before", "A few fewer", "Far fewer: a fifth of them is lost, or much more"),
        truth=2,
        reply="A number that says where a person stands was as good as any other for telling the movements apart, until everybody "
              "stood somewhere else. Putting the first frame's centre at the origin takes that number away, and the step costs "
              "nothing.",
        later="The answer comes once the array is built that the classifier reads."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
