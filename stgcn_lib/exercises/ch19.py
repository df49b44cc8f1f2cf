"""Chapter 19, Bones and motion: what the page and the notebook check."""

import numpy as np
import torch

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

bones = Check("bones", asks="a function of joints (T, V, C) and parents (V,): (T, V, C)", hints=(
    "x[:, parents] puts beside each joint its parent. One joint has none, and its number is -1: what does Python take for -1?",
    "Let the centre be its own parent: a joint minus itself is 0.",
    "np.where(parents < 0, np.arange(len(parents)), parents) is a list of parents in which nobody is missing."))


def _hand(rng, joints=6, frames=4, channels=2):
    """Whole numbers for joints (T, V, C), and parents of a tree whose centre is neither the first joint nor the last."""
    order = rng.permutation(joints)
    while order[0] in (0, joints - 1):
        order = rng.permutation(joints)
    parents = np.full(joints, -1)
    for place in range(1, joints):
        # the first two hang from the centre, the others anywhere further out, so that some joint has a grandparent
        parents[order[place]] = order[0] if place < 3 else order[rng.integers(1, place)]
    return rng.integers(-20, 20, (frames, joints, channels)).astype(float), parents


def _parts(x, parents):
    """Bones by the definition, joint by joint, and the centre."""
    centre = int(np.flatnonzero(parents < 0)[0])
    law = np.zeros_like(x)
    for v, parent in enumerate(parents):
        if parent >= 0:
            law[:, v] = x[:, v] - x[:, parent]
    return law, centre


def _overwritten(x, parents, kept):
    """What a loop makes that subtracts parents in the array it reads from; in its turn the centre is kept (1) or set to 0."""
    x = x.copy()
    for v, parent in enumerate(parents):
        x[:, v] = x[:, v] - x[:, parent] if parent >= 0 else kept * x[:, v]
    return x


@bones.property("gives as many numbers as came")
def _(answer, rng):
    for joints, frames, channels in ((6, 4, 2), (5, 1, 3)):
        x, parents = _hand(rng, joints, frames, channels)
        call(answer, x, parents, shape=x.shape)
    return True


@bones.property("a bone leads from the parent to the joint")
def _(answer, rng):
    x, parents = _hand(rng)
    law, centre = _parts(x, parents)
    got = call(answer, x, parents, shape=x.shape).numpy()
    limbs = [v for v in range(len(parents)) if v != centre]
    if close(got[:, limbs], law[:, limbs]):
        return True
    if close(got[:, limbs], -law[:, limbs]):
        return "every bone is turned round: it leads from the joint to its parent"
    if close(got[:, limbs], (x - x[:, [centre]])[:, limbs]):
        return f"joints were compared with the centre, joint {centre}, instead of their own parents"
    if close(got[1:, limbs], np.diff(x, axis=0)[:, limbs]) or close(got[:-1, limbs], np.diff(x, axis=0)[:, limbs]):
        return "these are steps from frame to frame: that is motion. A bone is a difference between two joints of one frame"
    if close(got[:, limbs], np.abs(law[:, limbs])):
        return "the signs are gone: a bone has a direction"
    if any(close(got[:, limbs], _overwritten(x, parents, kept)[:, limbs]) for kept in (0, 1)):
        return ("places were overwritten on the way: joint after joint became a bone, and later bones were measured from bones. "
                "Read from x, write into a copy")
    length = np.linalg.norm(law, axis=2, keepdims=True)
    if close(got[:, limbs], (law / np.where(length > 0, length, 1))[:, limbs]):
        return "every bone has length 1: the direction is right, the length was divided away"
    v = next(v for v in limbs if not close(got[:, v], law[:, v]))
    return (f"joint {v} has the parent {parents[v]}; in frame 0 they are at {digits(x[0, v])} and {digits(x[0, parents[v]])}, the "
            f"bone came out as {digits(got[0, v])}")


@bones.property("the centre, wherever it stands in the list, has no parent: its bone is 0")
def _(answer, rng):
    x, parents = _hand(rng)
    _, centre = _parts(x, parents)
    got = call(answer, x, parents, shape=x.shape).numpy()[:, centre]
    if not got.any():
        return True
    if close(got, x[:, centre] - x[:, -1]) or close(got, x[:, -1] - x[:, centre]):
        return f"the centre, joint {centre}, was compared with the last joint: that is what index -1 means in Python"
    if close(got, x[:, centre] - x[:, 0]):
        return f"the centre, joint {centre}, was compared with joint 0: -1 became 0, which is a joint like any other"
    if close(got, x[:, centre]):
        return f"the centre, joint {centre}, kept its place; a place is no bone"
    return f"the bone of the centre, joint {centre}, came out as {digits(got[0])}"


@bones.property("moving the whole body changes no bone")
def _(answer, rng):
    x, parents = _hand(rng)
    away = x + np.array([100.0, -40.0])
    before, after = (call(answer, places, parents, shape=x.shape).numpy() for places in (x, away))
    changed = np.flatnonzero(np.abs(after - before).max((0, 2)) > 1e-6)
    return not len(changed) or f"with everything moved by (100, -40) the bone of joint {changed[0]} changed"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

fuse = Check("fuse", asks="a function of logits (S, N, classes) and weights (S,): probabilities (N, classes)", hints=(
    "Scores of two networks are in no common unit. What makes numbers of them that are?",
    "Softmax over classes first, one network at a time. Then the weighted sum over networks.",
    "Divide the weights by their sum; softmax is logits.softmax(-1); the sum runs over axis 0."))


def _said(rng, networks=3, clips=4, classes=5):
    """Logits and weights that do not sum to 1."""
    return torch.from_numpy(3 * rng.normal(size=(networks, clips, classes))), torch.from_numpy(rng.integers(1, 5, networks) + 0.5)


def _fused(logits, weights):
    return sum(w * each.softmax(1) for w, each in zip(weights, logits, strict=True)) / weights.sum()


def _own(answer, *inputs):
    logits = inputs[0]
    return call(answer, *inputs, shape=logits.shape[1:])


@fuse.property("gives a number for each clip and class")
def _(answer, rng):
    for networks, clips, classes in ((3, 4, 5), (2, 1, 3)):
        _own(answer, *_said(rng, networks, clips, classes))
    return True


@fuse.property("the probabilities of a clip sum to 1, whatever the weights sum to")
def _(answer, rng):
    logits, weights = _said(rng)
    sums = _own(answer, logits, weights).sum(1)
    if close(sums, torch.ones(len(sums))):
        return True
    if close(sums, weights.sum().expand(len(sums))):
        return f"they sum to {digits(sums[0])}, which is what the weights sum to"
    return f"for the first clip they sum to {digits(sums[0])}"


@fuse.property("a network alone is heard as it is: its softmax")
def _(answer, rng):
    logits, _ = _said(rng, networks=1)
    got, law = _own(answer, logits, torch.ones(1).to(logits)), logits[0].softmax(1)
    if close(got, law):
        return True
    if close(got, logits[0]):
        return "its logits came back: no softmax was taken"
    if close(got, law.log()):
        return "these are logarithms of probabilities"
    if close(got.sum(0), torch.ones(got.shape[1])):
        return "its numbers sum to 1 over clips: the softmax ran over the wrong axis"
    return "with one network and weight 1 the answer differs from that network's probabilities"


@fuse.property("a network with weight 0 is not heard, a heavier one is heard more")
def _(answer, rng):
    logits, _ = _said(rng, networks=2)
    other = logits.clone()
    other[1] = -logits[1]
    first, second = (torch.tensor([1.0, w]).to(logits) for w in (0.0, 9.0))  # as exact as the logits, or einsum refuses them
    if not close(_own(answer, logits, first), _own(answer, other, first)):
        return "the second of two networks has weight 0, and yet other logits of it changed the answer"
    heavy, light = (_own(answer, logits, weights) for weights in (second, torch.ones(2).to(logits)))
    return (heavy - logits[1].softmax(1)).abs().sum() < (light - logits[1].softmax(1)).abs().sum() or (
        "with weights 1 and 9 the answer is no nearer to the second network than with 1 and 1")


@fuse.property("it is the mean of probabilities, not of scores")
def _(answer, rng):
    logits, weights = _said(rng)
    got, law = _own(answer, logits, weights), _fused(logits, weights)
    if close(got, law):
        return True
    share = weights / weights.sum()
    if close(got, (share[:, None, None] * logits).sum(0).softmax(1)):
        return "the scores were averaged and softmax came last: one network that shouts drowns the others"
    if close(got, (weights[:, None, None] * logits).sum(0).softmax(1)):
        return "the scores were added and softmax came last: a product of probabilities, not their mean"
    if close(got, logits.softmax(2).mean(0)):
        return f"the networks count alike, though the weights are {digits(weights)}"
    votes = torch.nn.functional.one_hot(logits.argmax(2), logits.shape[2]).double()
    if close(got, (share[:, None, None] * votes).sum(0)):
        return "only the likeliest class of each network was counted: how sure it was is lost"
    return (f"the first clip came out as {digits(got[0])}, from networks that say {digits(logits.softmax(2)[:, 0])} with weights "
            f"{digits(weights)}")


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

bone_motion = Check("bone_motion", asks="a function of x (T, V, 3), the third a confidence, and parents (V,): (T, V, 3)", hints=(
    "Try it on a body that stands still, on its centre, and on the last frame. Which of the three gives what you expect?",
    "np.roll is a circle. -1 is a joint. A confidence is no place.",
    "Difference of the first two channels only; the centre is its own parent; np.diff along time, then one frame of zeros at the "
    "end."))


def _seen(rng, frames=5):
    x, parents = _hand(rng, 6, frames, 3)
    x[:, :, 2] = rng.integers(1, 9, x.shape[:2]) / 10
    return x, parents


def _moved(answer, x, parents):
    return call(answer, x, parents, shape=x.shape).numpy()


@bone_motion.property("gives as many numbers as came")
def _(answer, rng):
    for frames in (5, 1):
        x, parents = _seen(rng, frames)
        _moved(answer, x, parents)
    return True


@bone_motion.property("the confidence stays what it was")
def _(answer, rng):
    x, parents = _seen(rng)
    got = _moved(answer, x, parents)[..., 2]
    if close(got, x[..., 2]):
        return True
    return "the confidence came back as a difference: it has no place, and it does not move" if (got < 0).any() else (
        f"the confidence of joint 0 in frame 0 was {digits(x[0, 0, 2])} and came back as {digits(got[0, 0])}")


@bone_motion.property("the centre has no bone, so its bone does not move")
def _(answer, rng):
    x, parents = _seen(rng)
    _, centre = _parts(x, parents)
    got = _moved(answer, x, parents)[:-1, centre, :2]
    if not got.any():
        return True
    step = np.diff(x[..., :2], axis=0)
    for other, why in ((-1, "the last joint: index -1 is the last one"), (0, "joint 0: -1 became 0, a joint like any other")):
        if close(got, step[:, centre] - step[:, other]):
            return f"the bone of the centre, joint {centre}, follows {why}"
    if close(got, step[:, centre]):
        return f"the centre, joint {centre}, kept its own motion"
    return f"the bone of the centre, joint {centre}, moves by {digits(got[0])}"


@bone_motion.property("in the last frame nothing comes after: 0")
def _(answer, rng):
    x, parents = _seen(rng)
    got = _moved(answer, x, parents)[-1, :, :2]
    if not got.any():
        return True
    law, centre = _parts(x[..., :2], parents)
    limbs = [v for v in range(len(parents)) if v != centre]
    if close(got[limbs], (law[0] - law[-1])[limbs]):
        return "the last frame was compared with the first one: time is no circle"
    if close(got[limbs], (law[-1] - law[-2])[limbs]):
        return "the last frame holds the step that led to it: this motion looks back, ours looks forward"
    return f"the last frame holds {digits(got[limbs[0]])} for joint {limbs[0]}"


@bone_motion.property("in all other frames it is the bone of the next frame minus that of this one")
def _(answer, rng):
    x, parents = _seen(rng)
    law, centre = _parts(x[..., :2], parents)
    limbs = [v for v in range(len(parents)) if v != centre]
    got = _moved(answer, x, parents)[:-1][:, limbs][..., :2]
    step = np.diff(law, axis=0)[:, limbs]
    if close(got, step):
        return True
    if close(got, -step):
        return "the sign is turned round: what comes next, minus what is now"
    if close(got[1:], step[:-1]) and not close(got[:1], step[:1]):
        return "all steps stand one frame late: this motion looks back, ours looks forward"
    if close(got, np.diff(x[..., :2], axis=0)[:, limbs]):
        return "these are steps of the joints; their bones were asked for"
    if close(got, law[:-1][:, limbs]):
        return "these are the bones themselves, without their motion"
    return (f"joint {limbs[0]}: its bone is {digits(law[0, limbs[0]])} in frame 0 and {digits(law[1, limbs[0]])} in frame 1, the "
            f"motion came out as {digits(got[0, 0])}")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "finger": dict(
        question="A finger on a ruler, in centimetres. In one frame the <b>palm</b> is at 2, the <b>knuckle</b> at 5, the "
                 "<b>tip</b> at 9; in the next frame at 3, 7 and 12. The palm is the centre. What are <b>bone</b>, <b>motion</b> "
                 "and <b>bone motion</b> of the <b>tip</b> in the first of the two frames?",
        answer=[4, 3, 1], rows=("bone", "motion", "bone motion"), label="the tip",
        slips=[([-4, 3, -1], "The bone is turned round: the joint minus its parent, not the parent minus the joint."),
               ([7, 3, 2], "You went to the palm. The parent of the tip is the knuckle."),
               ([4, -3, -1], "The frames are turned round: what comes next, minus what is now."),
               ([4, 3, -1], "The tip&rsquo;s bone grows from one frame to the next: later minus now."),
               ([5, 3, 1], "The bone is that of the second frame."),
               ([4, 3, 3], "The third number is how the <i>bone</i> changes, from 4 to something, not how the tip moves."),
               ([3, 2, 1], "These are the numbers of the knuckle.")],
        hints=("The bone of the tip is the tip minus the knuckle, in one and the same frame.",
               "In the second frame that bone is 12 &minus; 7.",
               "Motion: 12 &minus; 9. Bone motion: the second bone minus the first."),
        right="The tip moved by 3, but 2 of them it was carried by the knuckle. What the last bone did itself is 1."),
    "fusion": dict(
        question="Two networks look at one clip. One says <b>0.5, 0.4, 0.1</b> for three classes, the other <b>0.1, 0.6, 0.3</b>. "
                 "The first has weight <b>3/4</b>, the second <b>1/4</b>. What do they say together?",
        answer=[0.4, 0.45, 0.15], rows=("class 1", "class 2", "class 3"), label="together",
        slips=[([0.3, 0.5, 0.2], "That is the plain mean. The first counts three times as much."),
               ([0.2, 0.55, 0.25], "The weights have changed places."),
               ([0.6, 1.0, 0.4], "That is the sum. Probabilities add up to 1."),
               ([0.156, 0.75, 0.094], "That is the product, divided by its sum: a mean of logarithms with equal weights."),
               ([1, 0, 0], "That is the vote of the first. A mean also hears how sure the second is.")],
        hints=("Class by class: three quarters of the first number plus one quarter of the second.",
               "Class 1: three quarters of 0.5, and a quarter of 0.1.",
               "Class 2: 0.3 and 0.15. Class 3: 0.075 and 0.075."),
        right="Class 2 wins, although the heavier network prefers class 1: it was nearly undecided, the other was not."),
    "chain": dict(
        question="The way back. The centre stands at <b>10</b>. Along a finger the bones are <b>3</b>, <b>&minus;2</b> and "
                 "<b>4</b>, from the palm outwards. Where is the tip?",
        answer=15, label="the tip",
        slips={5: "That is the tip seen from the centre. Bones alone do not know where the centre stands.",
               14: "Only the last bone was added. The finger has three.",
               19: "A bone of &minus;2 leads back.",
               -5: "Bones are added to the centre: they lead outwards."},
        hints=("Start at the centre and walk.", "After the first bone you stand at 13.", "Then at 11, and one bone is left."),
        right="Bones and one place give all joints. Bones alone give the shape, wherever it is."),
    "steps": dict(
        question="A fingertip moves steadily, 30 cm in a second, for two seconds. The clip has 61 frames, so a step is 1 cm. Every "
                 "clip of this book is brought to one length: here <b>31</b> frames. How long is a step of the stream <i>joint "
                 "motion</i> now, in cm?",
        answer=2, label="one step, cm",
        slips={1: "The finger is as fast as before, but a step takes twice as long.",
               0.5: "Fewer frames for the same way: steps become longer.",
               60: "That is the whole way. It is now made in 30 steps.",
               1.94: "There are 30 steps between 31 frames, not 31.",
               30: "That is centimetres a second. The stream counts a frame, whatever a frame lasts."},
        hints=("How long is the whole way?", "60 cm. How many steps lie between 31 frames?", "60 divided by 30."),
        right="The stream knows centimetres a frame, not a second. Clips of different length, brought to one, lose their tempo."),
}

QUIZZES = {
    "blind": dict(
        question="A hand is held still for the whole clip, thumb up or thumb down. It may be anywhere within a metre, and nothing "
                 "was subtracted from its place. There are few clips to learn from. Which stream alone would you choose?",
        choices=[
            ("Joint motion.", False, "Nothing moves: the stream is 0 in every frame, up or down."),
            ("Bone.", True, "The thumb's bones point up or down, wherever the hand is. Nothing else is left to be learned."),
            ("Joint.", False,
             "The answer is in there, but so is the place of the hand, which has nothing to do with it. From few clips a network "
             "may learn the place. Take the wrist off first, as this book does, and joints come close to bones here."),
            ("Bone motion.", False, "Bones that do not turn have no motion: 0 in every frame."),
        ]),
    "choose": dict(
        question="Four networks are trained. On the test clips equal weights get 94.6 % right, the weights 2, 2, 1, 1 that a known "
                 "library uses 95.0 %, and the best of 286 mixtures 95.6 %. Before the test you had written down: equal weights. "
                 "What do you report?",
        choices=[
            ("95.6 %: the networks can evidently do it.", False,
             "With 286 tries on the same clips something must come out above. On new clips it would not stay."),
            ("95.0 %: these weights are published, so they were not chosen on my test.", False,
             "They were not; but to prefer them <i>now</i> is your choice among three, made on the test clips."),
            ("94.6 %.", True,
             "It was decided before. You may print the others beside it, if you say how they came about."),
            ("The mean of the three.", False, "A mean of one honest number and two chosen ones is two thirds chosen."),
        ]),
}

PREDICTIONS = {
    "four": dict(
        key="ch19-four",
        question="Bone, joint motion and bone motion are computed from the joints. They hold nothing that the joints do not hold, "
                 "and convolutions could compute them. Recorded hands, 28 gestures, people whom the network never saw: what "
                 "happens to the accuracy if one and the same network is given all four streams instead of the joints alone?",
        choices=("It falls: four times as many inputs, and nothing new", "It stays within the spread of the seeds",
                 "It rises by more than the spread"),
        truth=1,
        reply="The lines above say by how much. A network can make these streams itself if it has clips and epochs "
              "enough to find out how. From the few clips of the synthetic hands it had not: there much was gained by being told. "
              "What becomes of that lead on the recorded hands, epoch by epoch, is drawn further down.",
        later="It is measured at the end of this chapter."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
