"""Chapter 20, Noisy and missing joints: what the page and the notebook check."""

import numpy as np

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

mend = Check("mend", asks="a function of places (T,) and seen (T,), booleans: places (T,)", hints=(
    "A hole lies between two frames that were seen, or at an end of the clip, or it is the whole clip. Try all three by hand.",
    "np.interp(where, known_where, known) draws straight lines between known points, and repeats the ends.",
    "The known points are np.flatnonzero(seen) and x[seen]. If there are none, np.interp has nothing to draw: give zeros."))


def _joint(rng, frames=9):
    """Whole numbers, with a hole of two frames, a hole of one, and both ends missing; what stands in the holes is rubbish."""
    x = rng.permutation(np.arange(-30, 30))[:frames].astype(float)
    seen = np.ones(frames, dtype=bool)
    seen[[0, 2, 3, 6, frames - 1]] = False
    return np.where(seen, x, 77.0), seen


def _mended(x, seen):
    """By the definition, frame by frame."""
    there, out = [t for t in range(len(x)) if seen[t]], np.zeros(len(x))
    for t in range(len(x)):
        before, after = [s for s in there if s <= t], [s for s in there if s >= t]
        if before and after:
            a, b = before[-1], after[0]
            out[t] = x[a] if a == b else x[a] + (x[b] - x[a]) * (t - a) / (b - a)
        elif there:
            out[t] = x[(before or after[::-1])[-1]]
    return out


def _held(x, seen):
    at, out = int(np.flatnonzero(seen)[0]), x.copy()
    for t in range(len(x)):
        at = t if seen[t] else at
        out[t] = x[at]
    return out


@mend.property("gives as many numbers as came, whatever was seen")
def _(answer, rng):
    x, seen = _joint(rng)
    for there in (seen, np.ones_like(seen)):
        call(answer, x, there, shape=x.shape)
    return True


@mend.property("what was seen stays as it is")
def _(answer, rng):
    x, seen = _joint(rng)
    got = call(answer, x, seen, shape=x.shape).numpy()
    if close(got[seen], x[seen]):
        return True
    t = next(t for t in np.flatnonzero(seen) if not close(got[t], x[t]))
    return f"frame {t} was seen at {digits(x[t])} and came back as {digits(got[t])}"


@mend.property("a hole between two seen frames is a straight line")
def _(answer, rng):
    x, seen = _joint(rng)
    law, inner = _mended(x, seen), np.flatnonzero(~seen)[1:-1]
    got = call(answer, x, seen, shape=x.shape).numpy()
    if close(got[inner], law[inner]):
        return True
    if close(got[inner], x[inner]):
        return "the holes are still there: what the file says where nothing was seen came back"
    if not got[inner].any():
        return "the holes are filled with 0: that is a place too, and a wrong one"
    if close(got[inner], _held(x, seen)[inner]):
        return "the last place is held, then it jumps: the next place that was seen is not used"
    if close(got[inner], np.full(len(inner), x[seen].mean())):
        return "every hole got the mean of the clip: when it was does not count"
    if close(got[[2, 3]], x[[1, 4]]):
        return "each frame got the nearest seen place, and the joint jumps in the middle: draw the line between them"
    if close(got[[2, 3]], x[[4, 4]]):
        return "the next place is taken before its time: the last place that was seen is not used"
    if close(got[2:4], np.full(2, (x[1] + x[4]) / 2)):
        return "both frames of the longer hole stand halfway: the way is shared out over the frames"
    if close(got[2:4], law[2:4][::-1]):
        return "the line runs backwards: near a seen frame the place is near to that frame's"
    t = next(t for t in inner if not close(got[t], law[t]))
    return f"frame {t} came out as {digits(got[t])}, the line from neighbour to neighbour says {digits(law[t])}"


@mend.property("before the first seen frame and after the last, the end is repeated")
def _(answer, rng):
    x, seen = _joint(rng)
    got, law = call(answer, x, seen, shape=x.shape).numpy()[[0, -1]], _mended(x, seen)[[0, -1]]
    if close(got, law):
        return True
    if not got.any():
        return "the ends are 0: nothing was seen beyond them, and 0 was made up"
    if close(got, x[[0, -1]]):
        return "the ends still hold what the file said where nothing was seen"
    return f"the ends came out as {digits(got)}, the nearest seen places are {digits(law)}"


@mend.property("a joint that was never seen is 0, not NaN")
def _(answer, rng):
    x = np.full(5, 77.0)
    got = call(answer, x, np.zeros(5, dtype=bool), shape=x.shape).numpy()
    return not got.any() or f"with nothing seen at all it says {digits(got)}"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

hear = Check("hear", asks="a function of x (V, C), A (V, V) and w (V,): what each joint hears, (V, C)", hints=(
    "A sender that was not seen must neither speak nor be counted.",
    "Row v: the sum over u of A[v, u] w[u] x[u], divided by the sum over u of A[v, u] w[u].",
    "B = A * w scales the columns. Then B @ x / B.sum(1, keepdims=True), with 1 in place of a sum that is 0."))


def _heard(rng, deaf=False):
    """Places, a matrix that is not symmetric, confidences of which one is 0; with `deaf` a joint hears only that one."""
    V = 5
    A = (rng.permutation(V * V).reshape(V, V) + 1.0) * (1 - np.diag([1.0, 0, 0, 1, 0]))
    w = np.array([0.5, 1.0, 0.0, 0.25, 0.75])
    if deaf:
        A[3] = np.eye(V)[2]
    return rng.integers(-20, 20, (V, 2)).astype(float) + 0.5, A, w


def _weighted(x, A, w):
    out = np.zeros_like(x)
    for v in range(len(x)):
        total = sum(A[v, u] * w[u] for u in range(len(x)))
        if total:
            out[v] = sum(A[v, u] * w[u] * x[u] for u in range(len(x))) / total
    return out


@hear.property("gives as many numbers as came")
def _(answer, rng):
    x, A, w = _heard(rng)
    call(answer, x, A, w, shape=x.shape)
    return True


@hear.property("it is the mean of the senders, each as heavy as its edge and its confidence")
def _(answer, rng):
    x, A, w = _heard(rng)
    got, law = call(answer, x, A, w, shape=x.shape).numpy(), _weighted(x, A, w)
    if close(got, law):
        return True
    rows = A.sum(1, keepdims=True)
    if close(got, A @ x / rows):
        return "confidence was not used: a joint that nobody saw is heard like any other"
    if close(got, (A * w) @ x):
        return "this is the weighted sum. A mean is divided by the sum of its weights"
    if close(got, (A * w) @ x / rows):
        return "those who were not seen no longer speak, but they are still counted: divide by the weights that are left"
    if close(got, (A * w) @ x / (A @ (w > 0))[:, None]):
        return "a half-sure joint speaks half and is counted whole: divide by the sum of A w"
    if close(got[w > 0], (A @ x / rows)[w > 0]):
        return "the receivers were weighed, and their weight cancels in the division: A * w scales columns, the senders"
    if close(got, w[:, None] * (A @ x) / rows):
        return "the receivers were weighed; it is the senders whom one may not believe"
    if close(got, _weighted(x, A.T, w)):
        return "rows and columns have changed places: row v of A is what v hears"
    if close(got, _weighted(x, A, (w > 0).astype(float))):
        return "seen counts 1 and unseen 0; how sure the estimator was is lost"
    return f"joint 0 came out as {digits(got[0])}"


@hear.property("sure or half sure of all joints alike: the plain mean")
def _(answer, rng):
    x, A, _ = _heard(rng)
    whole, half = (call(answer, x, A, np.full(len(x), s), shape=x.shape).numpy() for s in (1.0, 0.5))
    law = A @ x / A.sum(1, keepdims=True)
    if close(whole, law) and close(half, law):
        return True
    return "with confidence 1/2 everywhere the answer is another than with 1" if close(whole, law) else (
        f"with confidence 1 everywhere joint 0 hears {digits(whole[0])}, the plain mean is {digits(law[0])}")


@hear.property("what the file says of a joint with confidence 0 does not matter")
def _(answer, rng):
    x, A, w = _heard(rng)
    other = x.copy()
    other[2] = 1000
    before, after = (call(answer, places, A, w, shape=x.shape).numpy() for places in (x, other))
    return close(before, after) or "joint 2 has confidence 0; with other numbers in it the answer changed"


@hear.property("a joint that hears only unseen joints gets 0, not NaN")
def _(answer, rng):
    x, A, w = _heard(rng, deaf=True)
    got = call(answer, x, A, w, shape=x.shape).numpy()[3]
    return not got.any() or f"joint 3 hears only joint 2, which nobody saw, and came out as {digits(got)}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

lose = Check("lose", asks="a function of x (T, V, C), a share and a numpy generator: x with missing joints, (T, V, C)", hints=(
    "Try share 0, then share 1. Then look whether a joint that is missing is missing whole. Then look at x itself.",
    "rng.random(shape) is below 0.3 in three of ten places. And what shape has a hole?",
    "One random number for a joint in a frame, shape (T, V); lost where it is below share; a copy, not x."))


def _clip(rng, frames=40, joints=12, channels=3):
    return rng.integers(1, 30, (frames, joints, channels)) + 0.5


def _lost(answer, x, share):
    return call(answer, x, share, np.random.default_rng(7), shape=x.shape).numpy()


@lose.property("share 0 loses nothing, share 1 everything")
def _(answer, rng):
    x = _clip(rng)
    none, every = _lost(answer, x, 0.0), _lost(answer, x, 1.0)
    if close(none, x) and not every.any():
        return True
    if not none.any() and close(every, x):
        return "it is the other way round: share is what is kept"
    return "with share 1 something is still there" if close(none, x) else "with share 0 something is lost"


@lose.property("about that share is missing")
def _(answer, rng):
    missing = (_lost(answer, _clip(rng), 0.2) == 0).mean()
    return 0.1 < missing < 0.3 or f"asked to lose 0.2, it lost {missing:.2f}"


@lose.property("a joint is missing whole: all its coordinates or none")
def _(answer, rng):
    gone = _lost(answer, _clip(rng), 0.3) == 0
    return bool((gone.all(2) == gone.any(2)).all()) or (
        "some joints have lost one coordinate and kept another: an estimator that does not see a joint has none of them")


@lose.property("each frame and each joint has its own luck")
def _(answer, rng):
    gone = _lost(answer, _clip(rng), 0.3).any(2)
    if (gone == gone[:1]).all():
        return "the same joints are missing in every frame"
    return not (gone == gone[:, :1]).all() or "whole frames are missing, or none of their joints"


@lose.property("what is left stays where it was")
def _(answer, rng):
    x = _clip(rng)
    got = _lost(answer, x, 0.3)
    left = got != 0
    if close(got[left], x[left]):
        return True
    return "what is left was divided by the share that is kept, as dropout does with features: a place is not a feature" if close(
        got[left] * 0.7, x[left]) else "joints that are not missing have moved"


@lose.property("the clip that came in is not damaged")
def _(answer, rng):
    x = _clip(rng)
    before = x.copy()
    call(lambda *_: answer(x, 0.5, np.random.default_rng(7)), 0.5, shape=x.shape)
    return bool((x == before).all()) or (
        "the clip itself has holes now: in every epoch it gets more of them, until nothing is left to learn from")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "hole": dict(
        question="A fingertip was seen at <b>4</b> cm, then missed for <b>two</b> frames, then seen at <b>10</b> cm. Put it on "
                 "the straight line in time. Where is it in the two frames?",
        answer=[6, 8], rows=("first", "second"), label="the hole",
        slips=[([0, 0], "That is what many files say. 0 is a place: here it is where the ruler begins."),
               ([4, 4], "That is the last place, held. Then the tip jumps by 6 at once."),
               ([7, 7], "Halfway is right for a hole of one frame. Two frames share the way."),
               ([4, 10], "Each got the nearest seen place. A line would be in between."),
               ([8, 6], "The line runs backwards."),
               ([5, 6], "From 4 to 10 it takes three steps, not six.")],
        hints=("How many steps lie between the two frames that were seen?", "Three steps for 6 cm.", "2 cm a step, from 4."),
        right="4, 6, 8, 10. If the finger moved steadily this is the truth; if it turned round in between, nobody will know."),
    "mean": dict(
        question="A knuckle hears three joints. Its palm is at <b>6</b>, the knuckle itself at <b>9</b>, its tip at <b>0</b>. The "
                 "estimator gives them the confidences <b>1</b>, <b>1/2</b> and <b>0</b>. What is the <b>weighted mean</b>?",
        answer=7, label="the knuckle hears",
        slips={5: "That is the plain mean of 6, 9 and 0. The tip was not at 0, it was not seen.",
               7.5: "That is the mean of the two that were seen. The second is only half sure.",
               3.5: "The sum of weighted places is right. Divide by the sum of the weights, not by 3.",
               10.5: "That is the weighted sum. A mean is divided by the sum of its weights.",
               5.25: "Divide by the sum of the weights, 1.5, not by the number of joints seen."},
        hints=("Multiply each place by its confidence and add.", "6 and 4.5 and 0 make 10.5.", "The weights sum to 1.5."),
        right="10.5 / 1.5. Put any other number where 0 stands: the answer does not move."),
    "won": dict(
        question="At 30 % missing joints a plain network falls from <b>80</b> % to <b>50</b> %. Trained with holes, it has "
                 "<b>78</b> % on whole clips and <b>71</b> % at 30 % missing. Which <b>share</b> of what the plain network lost "
                 "is won back?",
        answer=0.7, label="share", tolerance=0.005,
        slips={0.75: "Compared with 78 you forgive the new training what it costs on whole clips.",
               21: "That many points. Which share of the loss is it?",
               0.42: "That is 21 of the 50 that were left. The loss was 30.",
               0.23: "That is 7 of 30, what is still lost of its own 78.",
               0.89: "That is 71 of 80: how much is left, not how much was won back.",
               0.3: "That is the share that is still lost."},
        hints=("What did the plain network lose?", "30 points. How far is 71 above 50?", "21 of 30."),
        right="Measured from the plain network's own clean score, so that a training that costs on whole clips is charged for it."),
    "long": dict(
        question="A camera is at the origin. A knuckle is at <b>(30, 40)</b> cm, its fingertip, 5 cm further, is lost for one "
                 "frame, and the file says (0, 0). How long is the <b>bone</b> from knuckle to tip in that frame, in cm?",
        answer=50, label="the bone, cm",
        slips={5: "That is the true bone. The file says that the tip is at the camera.",
               0: "The place is (0, 0), the bone is a difference.",
               70: "The two sides were added: use Pythagoras.",
               55: "That is how far the true tip is from the camera. The bone leads from the knuckle.",
               45: "The file's tip is at the camera, and the knuckle is the other end."},
        hints=("A bone is a joint minus its parent.", "(0, 0) minus (30, 40).", "The root of 900 + 1600."),
        right="Ten times its length. A single rule, no bone is longer than a hand, finds such a frame in any file."),
}

QUIZZES = {
    "fair": dict(
        question="Two networks are compared at 30 % missing joints. For each, new holes are drawn. One has 74 %, the other 71 %, "
                 "on 132 clips. What do you conclude?",
        choices=[
            ("The first is more robust.", False,
             "The two answered different questions. How far one network's score moves with the holes is measured above."),
            ("Nothing yet: give both the same holes, and do it with several seeds.", True,
             "The same damage takes one kind of luck away; several trainings show the other kind."),
            ("They are equal.", False, "Nobody has shown that either."),
            ("Average the two, 72.5 %.", False, "That is an answer about no network at all."),
        ]),
    "remedy": dict(
        question="A glove hides the little finger for the whole clip, in every clip to come. You know that today, before training. "
                 "What helps most?",
        choices=[
            ("Interpolation in time.", False, "There is no frame before and none after: nothing to draw a line between."),
            ("Training with noise on all joints.", False,
             "In the table above, that training made holes no better. It mends what it has met."),
            ("Training in which fingers are missing, or leaving that finger out altogether.", True,
             "The network learns to do without, and where the hole is always the same, the joint can simply go."),
            ("Holding the last place.", False, "It was never seen, so there is no last place."),
        ]),
}

PREDICTIONS = {
    "lost": dict(
        key="ch20-lost",
        question="A network names gestures of a hand of 21 joints. It was trained on whole hands. Now in every frame "
                 "about <b>three of ten joints</b> are missing, and the file says 0, 0, 0, which is where the wrist was. "
                 "Fifteen joints are still right. What becomes of its accuracy?",
        choices=("It hardly changes: most joints are there", "It loses less than ten points",
                 "It loses more than twenty points"),
        truth=2,
        reply="It lost about a third of all clips, with most of the hand in sight, as you would still have named the gesture. "
              "Nothing was wrong with the joints that were left. The zeros were the harm.",
        later="The figure shows it."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
