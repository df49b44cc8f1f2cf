"""Chapter 21, The modern recipe: what the page and the notebook check."""

import numpy as np
import torch

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

pieces = Check("pieces", asks="a function of length, frames and draws u (frames,) from 0 to 1: frame numbers (frames,)", hints=(
    "Cut the line from 0 to length into as many equal pieces as frames are wanted. Where does piece number i begin?",
    "Piece i begins at i * length / frames, and u[i] says how far into it you go.",
    "np.floor((i + u[i]) * length / frames), for all i at once with np.arange(frames)."))


def _cut(length, frames, u):
    return np.floor((np.arange(frames) + u) * length / frames)


def _taken(answer, length, frames, u):
    return call(answer, length, frames, u, shape=(frames,)).numpy()


@pieces.property("gives as many numbers as frames are wanted")
def _(answer, rng):
    for length, frames in ((23, 5), (9, 9), (4, 7)):
        _taken(answer, length, frames, rng.random(frames))
    return True


@pieces.property("they are numbers of frames: whole, from 0 to length - 1")
def _(answer, rng):
    for length, frames in ((23, 5), (12, 4), (4, 7)):
        for u in (rng.random(frames), np.full(frames, 0.999)):
            got = _taken(answer, length, frames, u)
            if not close(got, np.round(got)):
                return (f"for {length} frames in {frames} there is a {digits(got[got != np.round(got)][0])}: frames have whole "
                        "numbers")
            if got.min() < 0 or got.max() > length - 1:
                return (f"a clip of {length} frames has frames 0 to {length - 1}; with draws up to {digits(u.max())} the answer "
                        f"takes frame {got.max() if got.max() > length - 1 else got.min():.0f}")
    return True


@pieces.property("every piece of the clip gives one, in order, up to the end")
def _(answer, rng):
    for length, frames in ((23, 5), (50, 8), (4, 7)):
        u = np.full(frames, 0.02)
        got, law = _taken(answer, length, frames, u), _cut(length, frames, u)
        if close(got, law):
            continue
        what = f"{length} frames in {frames}, all draws 0.02: the answer takes {digits(got)}"
        if close(got, np.arange(frames)):
            return f"these are the first {frames} frames, whatever comes after them"
        if close(got, np.floor(np.arange(frames) * (length // frames) + u * (length // frames))):
            return f"{what}. length // frames cuts the rest off: the end of the clip is never seen, and a short clip stands still"
        if close(got, np.round(np.linspace(0, length - 1, frames))) or close(got, np.floor(np.linspace(0, length - 1, frames))):
            return f"{what}: that is the plain resampling, from the first frame to the last. A piece begins at i * length / frames"
        if not close(got, _taken(answer, length, frames, u)):
            return "the same draws gave other frames the second time: u holds the draws, draw none of your own"
        if close(got, law + 1):
            return f"{what}: one too many each, frames are numbered from 0"
        if close(got, np.floor((np.arange(frames) + u) * (length - 1) / frames)):
            return f"{what}. With length - 1 the pieces end a frame early: the line goes from 0 to length"
        if close(got, np.round((np.arange(frames) + u) * length / frames).clip(0, length - 1)):
            return f"{what}: rounded, some frames come from the next piece. np.floor stays in its own"
        if (np.diff(got) < 0).any():
            return f"{what}: it runs back in time"
        return what
    return True


@pieces.property("each draw moves the frame of its own piece")
def _(answer, rng):
    length, frames = 80, 6
    u = rng.random(frames)
    got, law = _taken(answer, length, frames, u), _cut(length, frames, u)
    if close(got, law):
        return True
    if close(got, _cut(length, frames, np.zeros(frames))) or close(got, _cut(length, frames, np.full(frames, 0.5))):
        return "the draws change nothing: every epoch would see the same frames"
    if close(got, _cut(length, frames, u[0])):
        return "the first draw moves all pieces: a shift. Each piece has a draw of its own"
    if close(got, np.floor(np.arange(frames) * length / frames + u)):
        return "each draw moves its frame by less than one: u[i] is a share of a piece, and a piece is length / frames long"
    if close(got, np.floor(np.arange(frames) * length / frames) + np.floor(u * length / frames)):
        return "two floors lose up to a frame each: add first, then floor"
    if close(got, np.sort(np.floor(u * length))):
        return "these are random frames in order: some pieces give two and others none"
    return f"{length} frames in {frames} with draws {digits(u)}: the answer takes {digits(got)}"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

report = Check("report", asks="a function of validation and test accuracies, both (variants, seeds): one number", hints=(
    "Two questions, two tables: which variant? and: how good is it? Which table answers which?",
    "A variant is judged by its mean over seeds. The best single run is luck.",
    "validation.mean(1).argmax() is the row; of that row of test take the mean."))


def _tables(rng, variants=5, seeds=4):
    """Accuracies in which every short cut leads to another number."""
    while True:
        validation, test = rng.uniform(70, 95, (2, variants, seeds))  # not rounded: no two numbers agree by chance
        row = validation.mean(1).argmax()
        seeds_of = {test[row].argmax(), test[row].argmin(), validation[row].argmax()}
        lucky, others = validation.max(1).argmax(), (np.median(validation, 1).argmax(), validation.min(1).argmax())
        if len({row, lucky, test.mean(1).argmax()}) == len(seeds_of) == 3 and not {row, lucky} & set(others):
            return validation, test, row


def _said(answer, validation, test):
    return call(answer, validation, test, shape=()).item()


@report.property("gives one number")
def _(answer, rng):
    for variants, seeds in ((4, 3), (3, 5)):
        _said(answer, *_tables(rng, variants, seeds)[:2])
    return True


@report.property("the test does not choose: what other variants reach there changes nothing")
def _(answer, rng):
    validation, test, row = _tables(rng)
    before, raised = _said(answer, validation, test), 30 * np.eye(len(test))[:, :, None]
    moved = np.array([_said(answer, validation, test + more) for more in raised]) - before
    felt = np.flatnonzero(np.abs(moved) > 1e-6)
    if len(felt) < 2:  # one variant is reported, whatever the test says; whether it is the right one is asked below
        return True
    if close(moved, np.full(len(test), moved.mean())):
        return "all variants go into the number alike: choose one, by the validation people"
    other = felt[felt != row][0]
    return (f"the best variant on validation people is number {row}. Number {other} was given 30 points more on the test, and the "
            f"report rose from {digits(before)} to {digits(before + moved[other])}: the test people chose")


@report.property("what is reported was measured on the test people")
def _(answer, rng):
    validation, test, _ = _tables(rng)
    moved = _said(answer, validation, test - 10) - _said(answer, validation, test)
    return close(moved, -10) or (
        "all test numbers were lowered by 10, and the report did not move: the validation people chose, so their own number is "
        "flattered" if close(moved, 0) else f"all test numbers were lowered by 10, the report moved by {digits(moved)}"
        + (": the accuracies are in %, and so is the report" if close(moved, -0.1) else ": something else goes into it"))


@report.property("a variant is judged by the mean of its seeds, not by its luckiest run")
def _(answer, rng):
    validation, test, row = _tables(rng)
    got, lucky = _said(answer, validation, test), validation.max(1).argmax()
    if close(got, test[row].mean()):
        return True
    best = np.unravel_index(validation.argmax(), validation.shape)
    if close(got, test[lucky].mean()) or close(got, test[best]):
        return f"variant {lucky} was taken for its single best run; over its seeds variant {row} has the better mean"
    if close(got, test[row].max()):
        return f"of variant {row} the best seed was reported: the others are results, too"
    if close(got, test[row, validation[row].argmax()]):
        return f"of variant {row} one seed was reported, the one that validation liked: report the mean of its seeds"
    if close(got, np.median(test[row])):
        return f"of variant {row} the median was reported: the tables of this book give the mean of the seeds"
    if np.isclose(test[row], got).any():
        return f"of variant {row} one seed was reported: the others are results, too"
    taken = np.flatnonzero(np.isclose(test.mean(1), got))
    if len(taken) == 1:
        return (f"variant {taken[0]} was reported. The validation means are {digits(validation.mean(1), 1)}: variant {row} has the "
                "highest")
    return (f"validation means are {digits(validation.mean(1), 1)}, the test rows are {digits(test, 1)}, the report says "
            f"{digits(got)}")


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

score = Check("score", asks="a function of logits (views, N, classes) and labels (N,): the share of clips named rightly", hints=(
    "Try it on answers that are all right, on one view alone, and with 100 added to all scores of one clip.",
    "Which axis are the classes? Should the surest view decide? How many clips are there?",
    "softmax over the last axis, mean over the first, and divide by len(y)."))


def _heard(rng, views=3, clips=200, classes=5):
    logits = torch.from_numpy(2.5 * rng.normal(size=(views, clips, classes)))
    return logits, torch.from_numpy(rng.integers(0, classes, clips))


def _share(logits, y):
    return (logits.argmax(1) == y).double().mean().item()


def _right(answer, logits, y):
    return call(answer, logits, y, shape=()).item()


@score.property("gives one number")
def _(answer, rng):
    for views, clips, classes in ((3, 7, 5), (1, 4, 3)):
        _right(answer, *_heard(rng, views, clips, classes))
    return True


@score.property("if every view is sure of the truth, the share is 1")
def _(answer, rng):
    _, y = _heard(rng, clips=40)
    sure = 9 * torch.nn.functional.one_hot(y, 5).double() - 3
    for views in (2, 4):
        got = _right(answer, sure.expand(views, -1, -1), y)
        if close(got, 40 / views):
            return f"40 clips in {views} views, all right, and the score is {digits(got)}: it was divided by the number of views"
        if close(got, 40):
            return "40 clips, all right, and the score is 40: a count, not a share"
        if close(got, 100):
            return "40 clips, all right, and the score is 100: per cent. A share lies between 0 and 1"
        if not close(got, 1):
            return f"40 clips in {views} views, all right, and the score is {digits(got)}"
    return True


@score.property("a view that adds the same to all its scores of a clip has said nothing new")
def _(answer, rng):
    logits, y = _heard(rng)
    louder = logits + torch.from_numpy(rng.uniform(-4, 4, (*logits.shape[:2], 1)))
    before, after = _right(answer, logits, y), _right(answer, louder, y)
    return close(before, after) or (
        "other numbers were added to the scores of each clip, the same for all its classes; the share went from "
        f"{digits(before)} to {digits(after)}. Does softmax run over the classes?")


def _rules(logits, y):
    """Other ways to put views together: the share that each gives, with a sentence."""
    said, hits = logits.softmax(2), logits.argmax(2) == y
    votes = torch.nn.functional.one_hot(logits.argmax(2), logits.shape[2]).double().mean(0)
    put = ((said.max(0).values, "for each class the surest view was heard and the others were not"),
           (said.min(0).values, "for each class the least sure view was heard and the others were not"),
           (said.median(0).values, "the view in the middle was heard, for each class another one: take the mean"),
           (logits[0], "only the first view was heard"), (logits[-1], "only the last view was heard"),
           (logits.mean(0), "scores (or logarithms) were averaged, not probabilities: another rule, in which one loud view drowns "
                            "two"),
           (votes, "views voted: how sure they were is lost"),
           (logits.softmax(1).mean(0), "softmax ran over the clips: each class shares itself out among them"))
    return (*((_share(chances, y), why) for chances, why in put),
            (hits.double().mean().item(), "each view was scored alone, and the scores were averaged"),
            (hits.any(0).double().mean().item(), "a clip counted as right as soon as one view was right"),
            (hits.all(0).double().mean().item(), "a clip counted as right only if all views were right"))


@score.property("all views count alike, by their probabilities")
def _(answer, rng):
    shares = [0, 0]
    while len(set(shares)) < len(shares):  # every rule has another share, so that none is taken for another
        logits, y = _heard(rng, clips=1000)
        rules = _rules(logits, y)
        shares = [_share(logits.softmax(2).mean(0), y), *(share for share, _ in rules)]
    got = _right(answer, logits, y)
    if close(got, shares[0]):
        return True
    return next((why for share, why in rules if close(got, share)),
                f"three views of 1000 clips, {digits(shares[0])} of them right by the mean of probabilities: the share came out as "
                f"{digits(got)}")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "frames": dict(
        question="A clip has <b>9</b> frames, numbered 0 to 8. The network wants <b>5</b>. Equal steps, first frame to last: which "
                 "five are taken?",
        answer=[0, 2, 4, 6, 8], rows=("1st", "2nd", "3rd", "4th", "5th"), label="frames",
        slips=[([0, 1, 2, 3, 4], "These are the first five. The second half of the gesture is never seen."),
               ([1, 3, 5, 7, 9], "Frames are numbered from 0, and the last is 8."),
               ([0, 1.6, 3.2, 4.8, 6.4], "You divided 8 by 5. Between five frames there are four steps."),
               ([0, 2.25, 4.5, 6.75, 9], "The last frame is number 8, not 9."),
               ([0, 8, 16, 24, 32], "That is the padded clip of the next paragraph: this one ends at 8."),
               ([0, 1.8, 3.6, 5.4, 7.2], "You divided 9 by 5. From the first frame to the last there are 8 frames of time.")],
        hints=("The first is 0 and the last is 8.", "How many steps lie between five frames?", "Four steps share the 8."),
        right="Every second frame. Of a clip of 33 frames the same five would be 0, 8, 16, 24 and 32."),
    "rate": dict(
        question="Peak <b>8</b> (thousandths), warm-up of <b>4</b> epochs, <b>10</b> epochs in all. What is the learning rate in "
                 "epochs <b>0</b>, <b>6</b> and <b>8</b>, in thousandths? (cos 60&deg; is 1/2, cos 120&deg; is &minus;1/2.)",
        answer=[2, 6, 2], rows=("epoch 0", "epoch 6", "epoch 8"), label="rates",
        slips=[([0, 6, 2], "An epoch with rate 0 learns nothing: the first one already has a quarter of the peak."),
               ([8, 6, 2], "Epoch 0 is in the warm-up."),
               ([2, 2.764, 0.764], "You let the cosine begin at epoch 0. It begins where the warm-up ends."),
               ([2, 5.333, 2.667], "That is a straight line from 8 to 0. A cosine stays high first and falls later."),
               ([2, 4, -4], "You left out the 1 +: no rate is negative, it would climb uphill."),
               ([2, 12, 4], "You left out the half: at the top 1 + cos is 2."),
               ([2, 6, 6], "At epoch 8 two thirds of the fall are over: the cosine of 120&deg; is negative.")],
        hints=("Epoch 0: one of four steps of warm-up. The fall has 6 epochs, from 4 to 10.",
               "Epoch 6 is a third of the way: 60&deg;. Epoch 8 is two thirds: 120&deg;.",
               "8 times (1 + 1/2) / 2, and 8 times (1 &minus; 1/2) / 2."),
        right="Up a ramp, then high for a while, then down, and slowly again at the end. Nothing jumps."),
    "smooth": dict(
        question="Four classes, the first is true, &epsilon; = <b>0.2</b>. What target does the loss compare with?",
        answer=[0.85, 0.05, 0.05, 0.05], rows=("true", "2nd", "3rd", "4th"), label="target",
        slips=[([0.8, 0.2, 0.2, 0.2], "That sums to 1.4. The 0.2 are shared out."),
               ([0.8, 0.067, 0.067, 0.067], "You shared 0.2 among three classes. All four get a part of it."),
               ([0.8, 0.05, 0.05, 0.05], "That sums to 0.95: the true class gets its share of the 0.2 as well."),
               ([1, 0, 0, 0], "That is the target without smoothing."),
               ([0.25, 0.25, 0.25, 0.25], "That is &epsilon; = 1: nothing is left of the label."),
               ([0.2, 0.267, 0.267, 0.267], "The parts have changed places: 1 &minus; &epsilon; stays with the truth.")],
        hints=("0.8 stay with the true class. 0.2 are shared out.", "Among all four classes, equally.", "0.8 + 0.05, and 0.05."),
        right="They sum to 1. The best answer is no longer certainty."),
    "views": dict(
        question="Two classes, three views of one clip. The score of A minus that of B is <b>4</b> in one view, <b>&minus;2</b> "
                 "and <b>&minus;1</b> in the others. That is a probability of A of <b>0.98</b>, <b>0.12</b> and <b>0.27</b>. What "
                 "is the <b>mean score</b>, and the <b>mean probability</b>?",
        answer=[0.333, 0.457], tolerance=0.006, rows=("mean score, A minus B", "mean probability of A"), label="means",
        slips=[([1, 1.37], "These are sums. There are three views."),
               ([0.333, 0.582], "That is the probability that belongs to the mean score. Average the three probabilities."),
               ([0.333, 0.333], "That is the share of views that vote for A. A mean also hears how sure they are."),
               ([2.333, 0.457], "Two of the three scores are negative."),
               ([-1, 0.27], "That is the median: the view in the middle."),
               ([0.457, 0.333], "The two have changed places.")],
        hints=("4 &minus; 2 &minus; 1, shared by three.", "0.98 + 0.12 + 0.27 is 1.37.", "1/3, and 1.37 divided by 3."),
        right="The mean score says A, the mean probability says B. One loud view is enough for a mean of scores."),
    "gap": dict(
        question="The loss with the target <b>0.85, 0.05, 0.05, 0.05</b> is smallest where softmax gives exactly these numbers. By "
                 "how much does the score of the true class then lead the others? (The ratio of two probabilities is e to the "
                 "difference of their scores.)",
        answer=2.833, tolerance=0.006, label="lead",
        slips={17: "That is the ratio. The scores differ by its logarithm.",
               1.23: "That is the logarithm to the base of 10.",
               3.0: "That is the logarithm of 1/0.05. The true class has 0.85, not 1.",
               1.735: "You divided by 0.15, all three others together. The lead is over each of them.",
               0.8: "That is the difference of the probabilities."},
        hints=("Divide 0.85 by 0.05.", "Softmax turns differences of scores into ratios. Which function turns them back?",
               "The natural logarithm of 17."),
        right="Without smoothing the best lead is infinite, and the network never stops pushing."),
    "order": dict(
        question="From the table: on joints ST-GCN has <b>81.5</b> with the old training and <b>87.8</b> with the new; with four "
                 "streams it has <b>86.6</b> and <b>90.7</b>. How many points do the <b>streams</b> add if they come before the "
                 "training is changed, and how many if they come after?",
        answer=[5.1, 2.9], rows=("streams first", "streams last"), label="points",
        slips=[([2.9, 5.1], "The two have changed places."),
               ([6.3, 4.1], "That is what the training adds, without and with streams."),
               ([5.1, 5.1], "With the new training there is less left to gain: take the second pair."),
               ([9.2, 9.2], "That is both changes together."),
               ([5.1, 9.2], "The second is measured from 87.8, the level without streams.")],
        hints=("First: from 81.5, old training without streams.", "Last: from 87.8, new training without streams.",
               "86.6 minus 81.5, and 90.7 minus 87.8."),
        right="The same ingredient, nearly twice the bar. Both orders end at 90.7."),
}

QUIZZES = {
    "fair": dict(
        question="A paper adds a new kind of attention. Its network has 89.6 %, and beside it stands ST-GCN with 81.5 %, copied "
                 "from an older table. What do the 8.1 points measure?",
        choices=[
            ("The attention.", False, "Also the sampling, the schedule, the augmentation and the epochs that changed since."),
            ("Everything that differs between the two trainings, attention among it.", True,
             "With another training alone, ST-GCN has 87.8 on the same data. Only a run that differs in one thing measures it."),
            ("Nothing: numbers of two papers can never be compared.", False,
             "They can, as whole packages. They cannot say which part of the package did it."),
            ("The spread over seeds.", False, "Differences of eight points are no luck. They are just not due to one cause."),
        ]),
    "last": dict(
        question="The test accuracy was printed after every epoch. It was best in epoch 23, with 93.1 %; after the last epoch, "
                 "number 30, it is 92.0 %. Nobody was held out for choosing. What do you report?",
        choices=[
            ("93.1 %: that network exists, I have its weights.", False,
             "It was found by asking the test thirty times. New people would not know that epoch 23 was theirs."),
            ("92.0 %.", True, "The last epoch was settled before anybody looked. You may print the looks beside it."),
            ("The mean of all epochs.", False, "Most of these networks were not trained to the end; nobody would use them."),
            ("Train again and stop at epoch 23.", False, "The number 23 was read off the test people: a setting chosen on them."),
        ]),
}

PREDICTIONS = {
    "step": dict(
        key="ch21-step",
        question="Recorded hands, 28 gestures, one network. It starts with the training of 2018 and then gets, one on top of the "
                 "other, six changes. Which adds most?",
        choices=("The whole clip in 32 frames, instead of zeros up to the longest", "Every hand from the origin, instead of where "
                 "it was", "AdamW with warm-up and cosine, instead of SGD with two steps", "Dropout of 0.1 instead of 0.5",
                 "Augmentation: turns, sizes, crops", "Label smoothing"),
        truth=0,
        reply="The waterfall above has the numbers. The step that adds most is in no formula of the network, and in most papers "
              "it is one line. It comes first in this order, too; what another order would give was measured on synthetic hands "
              "only.",
        later="It is measured at the end of this chapter."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
