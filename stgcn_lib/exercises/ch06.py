"""Chapter 6, Training: what the page and the notebook check."""

import itertools
import math

import numpy as np
import torch
from torch import nn

from . import boxes
from .checker import Check, Wrong, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

split_by_person = Check("split_by_person", asks="a function of the persons (n,), how many test, and a seed", hints=(
    "Clips are not dealt, people are. Which people are there at all?",
    "Shuffle the list of different people with a generator of this seed, and let the first `test` of them be the test people.",
    "numpy.unique gives each person once, default_rng(seed).permutation shuffles them, numpy.isin says whose clip it is."))


def _persons(rng, people=6):
    """Numbers of persons, one a clip: not from 0, not in a row, not equally often, in no order."""
    names = rng.choice(np.arange(3, 60), people, replace=False)
    persons = np.repeat(names, rng.integers(2, 9, people))
    return rng.permutation(persons), names


def _listed(numbers):
    """Numbers of persons for a sentence: 5, not 5.0."""
    return ", ".join(f"{number:g}" for number in numbers)


def _dealt(answer, persons, test, seed):
    got = call(answer, persons, test, seed, shape=persons.shape).numpy()
    if not np.isin(got, (0, 1)).all():
        raise Wrong(f"returned numbers such as {_listed(got[:4])}, expected True or False for each clip")
    return got.astype(bool)


@split_by_person.property("says True or False for each clip")
def _(answer, rng):
    for people, test in ((6, 2), (3, 1)):
        _dealt(answer, _persons(rng, people)[0], test, 0)
    return True


@split_by_person.property("all clips of a person are on one side")
def _(answer, rng):
    persons, names = _persons(rng)
    got = _dealt(answer, persons, 2, int(rng.integers(100)))
    torn = sorted(name for name in names if 0 < got[persons == name].mean() < 1)
    return not torn or f"of the people {_listed(np.sort(names))} these have clips on both sides: {_listed(torn)}"


@split_by_person.property("as many people test as were asked for")
def _(answer, rng):
    persons, names = _persons(rng)
    wanted, tests, trains = [], [], []
    for test, seed in itertools.product((1, 2, 4), range(5)):
        got = _dealt(answer, persons, test, seed)
        wanted.append(test)
        tests.append(len(np.unique(persons[got])))
        trains.append(len(np.unique(persons[~got])))
    if trains == wanted:
        return f"True and False are turned round: {wanted[0]} of {len(names)} people was to test, and exactly {wanted[0]} got False"
    return next((f"{test} of {len(names)} people were to test, {count} have clips in the test set"
                 for test, count in zip(wanted, tests, strict=True) if count != test), True)


@split_by_person.property("another seed chooses other people, over time everybody")
def _(answer, rng):
    persons, names = _persons(rng)
    ever = set()
    for seed in range(40):
        ever |= set(persons[_dealt(answer, persons, 2, seed)].tolist())
    left = sorted(set(names.tolist()) - ever)
    return not left or f"in 40 seeds these people never tested: {_listed(left)}. Are the people shuffled?"


@split_by_person.property("the same seed chooses the same people")
def _(answer, rng):
    persons, _ = _persons(rng, 12)
    first, again = (_dealt(answer, persons, 4, 5) for _ in range(2))
    return np.array_equal(first, again) or "two calls with seed 5 chose different people"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

wilson = Check("wilson", asks="a function of how many are right and how many there are, two shares", hints=(
    "Compute p and the three terms with k\u00b2 on paper first, for 90 of 100.",
    "Both the middle and the half width are divided by 1 + k\u00b2/n.",
    "middle = p + k\u00b2/(2n); half = k \u221a(p(1 \u2212 p)/n + k\u00b2/(4n\u00b2)); then the ends are middle \u2212 half and "
    "middle + half, both divided by 1 + k\u00b2/n."))


def _wilson(right, n, z=1.96):
    """Ends of the interval by solving |p - q| = z sqrt(q (1 - q) / n) for q: the definition, not the formula asked for."""
    p = right / n
    a, b, c = 1 + z * z / n, -(2 * p + z * z / n), p * p
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return np.array([(-b - root) / (2 * a), (-b + root) / (2 * a)])


def _ends(answer, right, n):
    return call(answer, right, n, shape=(2,)).numpy()


def _named(ends, right, n):
    """What a wrong interval is, in a reader's words."""
    p, k, law = right / n, 1.96, _wilson(right, n)
    plain = p + k * math.sqrt(p * (1 - p) / n) * np.array([-1, 1])
    if any(np.abs(ends - usual).max() < 2e-4 for usual in (plain, plain.clip(0, 1))):
        return "this is p plus and minus 1.96 standard errors, the plain interval; Wilson's has k\u00b2 in three places more"
    if np.abs(ends / (1 + k * k / n) - law).max() < 2e-4:
        return "the division by 1 + k\u00b2/n is missing"
    if abs(ends.mean() - p) < 2e-4:
        return "its middle is the share itself; Wilson's middle lies nearer to one half"
    if ((0 < ends) & (ends < 1)).all():
        low, high = np.abs(p - ends) / np.sqrt(ends * (1 - ends) / n)  # the k of each end, by the definition
        if low > 0 and abs(low - high) < 1e-3 * high:
            return f"this is Wilson's interval for k = {low:.2f}; 95 % asks for k = 1.96"
    width, wanted = ends[1] - ends[0], law[1] - law[0]
    if abs(width - wanted) < 2e-4:
        return f"the width is right, but the interval lies too {'high' if ends[0] > law[0] else 'low'}"
    return f"that is too {'narrow' if width < wanted else 'wide'}"


@wilson.property("gives two shares, the lower end first")
def _(answer, rng):
    for right, n in ((95, 99), (3, 10)):
        low, high = _ends(answer, right, n)
        if low > high:
            return f"for {right} of {n} it gave {digits(low)} to {digits(high)}"
        if high > 2:
            return f"for {right} of {n} it gave {digits(low)} to {digits(high)}: is that in per cent? A share runs from 0 to 1"
    return True


@wilson.property("both ends lie between 0 and 1, even if all or none are right")
def _(answer, rng):
    for right, n in ((10, 10), (0, 10), (99, 99)):
        low, high = _ends(answer, right, n)
        if low < -1e-9 or high > 1 + 1e-9:
            outside = "below 0" if low < -1e-9 else "above 1"
            return f"for {right} of {n} it gave {digits(low)} to {digits(high)}: no share is {outside}"
    return True


@wilson.property("all right is no proof: the interval never shrinks to a point")
def _(answer, rng):
    for right, n in ((10, 10), (0, 10)):
        low, high = _ends(answer, right, n)
        if high - low < 0.05:
            return f"for {right} of {n} it gave {digits(low)} to {digits(high)}: ten clips cannot make anybody so sure"
    return True


@wilson.property("the share itself lies inside, and right and wrong change places in a mirror")
def _(answer, rng):
    n = int(rng.integers(20, 200))
    right = int(rng.integers(2, n - 2))
    low, high = _ends(answer, right, n)
    if not low < right / n < high:
        return f"{right} of {n} is {digits(right / n)}, and the interval from {digits(low)} to {digits(high)} does not contain it"
    mirrored = 1 - _ends(answer, n - right, n)[::-1]
    return close(mirrored, [low, high]) or (
        f"{right} right of {n} gives {digits(low)} to {digits(high)}. Counting the wrong ones, {n - right} of {n}, and taking both "
        f"ends from 1, gives {digits(mirrored[0])} to {digits(mirrored[1])}: the two should be the same")


@wilson.property("it is Wilson's 95 % interval")
def _(answer, rng):
    n = int(rng.integers(20, 200))
    right = int(rng.integers(0, n + 1))
    ends = _ends(answer, right, n)
    if np.abs(ends - _wilson(right, n)).max() < 2e-4:  # 1.96 or 1.959964
        return True
    return f"for {right} of {n} it gave {digits(ends[0])} to {digits(ends[1])}: {_named(ends, right, n)}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

one_epoch = Check("one_epoch", asks="a function of a model, a loader and an optimizer: the mean loss, as a float", hints=(
    "Three lines of the loop in this chapter have no counterpart here. Lay the two side by side.",
    "Which call forgets the gradients of the batch before? In which mode are the norms? How many clips are in the last batch?",
    "model.train() first; optimizer.zero_grad() before backward; add loss.item() * len(y) and divide by the number of clips."))


class _Small(nn.Module):
    """A classifier with a batch norm that remembers the mode and the scores of each pass."""

    def __init__(self, rng):
        super().__init__()
        self.norm, self.head = nn.BatchNorm1d(4), nn.Linear(4, 3)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.from_numpy(rng.normal(size=parameter.shape)))
        self.modes, self.scores = [], []

    def forward(self, x):
        self.modes.append(self.training)
        scores = self.head(self.norm(x))
        self.scores.append(scores.detach())
        return scores


def _lesson(rng, sizes=(6, 6, 3)):
    """A model, batches of unequal size and an optimizer with momentum."""
    model = _Small(rng).eval()  # as evaluate leaves it in many a notebook
    loader = [(torch.from_numpy(rng.normal(size=(n, 4))).float(), torch.from_numpy(rng.integers(0, 3, n))) for n in sizes]
    return model, loader, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def _law(model, loader, optimizer, modes):
    """The steps as they should be, in the reader's modes: a wrong mode is told once, not as a wrong step too."""
    for (x, y), mode in zip(loader, modes, strict=True):
        loss = nn.functional.cross_entropy(model.train(mode)(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _twins(answer, rng, sizes=(6, 6, 3)):
    """The reader's model after an epoch, and its twin after the same by the law."""
    seed = int(rng.integers(1_000_000))
    mine, theirs = _lesson(np.random.default_rng(seed), sizes), _lesson(np.random.default_rng(seed), sizes)
    call(answer, *mine, shape=())
    _law(*theirs, mine[0].modes)
    return mine[0], theirs[0]


@one_epoch.property("goes through every batch once and returns one number")
def _(answer, rng):
    model, loader, optimizer = _lesson(rng)
    call(answer, model, loader, optimizer, shape=())
    return len(model.modes) == len(loader) or f"of {len(loader)} batches the model saw {len(model.modes)}"


@one_epoch.property("the model is in training mode, though it came in evaluation mode")
def _(answer, rng):
    model, loader, optimizer = _lesson(rng)
    call(answer, model, loader, optimizer, shape=())
    return all(model.modes) or "its batch norm used running statistics while it trained"


@one_epoch.property("a step follows the gradient of its own batch, not of all batches so far")
def _(answer, rng):
    model, law = _twins(answer, rng)
    one, alone = _twins(answer, rng, sizes=(6,))
    if not torch.allclose(one.head.weight, alone.head.weight, atol=1e-5):
        return "after a single batch the weights are not where one step leads"
    return torch.allclose(model.head.weight, law.head.weight, atol=1e-5) or (
        "after one batch the weights are right, after three they are not: what is left over from the batch before?")


@one_epoch.property("the number is the mean over clips, whatever the size of the last batch")
def _(answer, rng):
    model, loader, optimizer = _lesson(rng)
    got = call(answer, model, loader, optimizer, shape=()).item()
    # the losses of the scores that this very model gave, right or wrong: another fault is not told here again
    losses = np.array([nn.functional.cross_entropy(scores, y).item()
                       for scores, (_, y) in zip(model.scores, loader, strict=True)])
    clips = np.array([len(y) for _, y in loader])
    if abs(got - (losses * clips).sum() / clips.sum()) < 1e-5:
        return True
    even = abs(got - losses.mean()) < 1e-5
    slip = ": a clip of the small batch counts more than others" if even else ", which is not the mean loss"
    return f"with batches of 6, 6 and 3 clips it returned {digits(got)}{slip}"


@one_epoch.property("the number drags no graph along")
def _(answer, rng):
    model, loader, optimizer = _lesson(rng)
    got = answer(model, loader, optimizer)
    return not (isinstance(got, torch.Tensor) and got.requires_grad) or (
        "a tensor with its whole history came back: every batch of the epoch stays in memory")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "momentum": dict(
        question="The loss is <i>w</i><sup>2</sup>/2, so the gradient is <i>w</i> itself. Momentum 1/2, learning rate 1/2. After "
                 "two steps the weight stands at <b>0</b>, the very bottom, and its velocity is <b>8</b>. Where does the "
                 "<b>third</b> step lead?",
        answer=-2, label="w after three steps",
        slips={0: "The gradient is 0 there, but the velocity is not: half of 8 is still going.",
               -4: "One of the halves is missing: momentum halves the velocity, the learning rate halves the step.",
               -8: "Both halves are missing: momentum halves the velocity, the learning rate halves the step.",
               2: "The step is taken off the weight: it goes on to the other side.",
               1: "That is plain gradient descent, 8, 4, 2, 1. With momentum the second step already reached 0."},
        hints=("First the velocity: half of what it was, plus the gradient at 0.",
               "The gradient at 0 is 0, so the velocity becomes half of 8.",
               "Then the weight: 0 minus half of that velocity."),
        right="The velocity becomes 4, the step half of it. Momentum runs past the bottom, and the next gradient, &minus;2, "
              "calls it back."),
    "entropy": dict(
        question="Softmax gave the three classes <b>1/2, 1/4, 1/4</b>. The truth is the <b>second</b>. The loss is "
                 "&minus;log(1/4). What is the gradient of the loss with respect to the three <b>scores</b>?",
        answer=[0.5, -0.75, 0.25], rows=("class 1", "class 2", "class 3"), label="gradient",
        slips=[([0.5, 0.25, 0.25], "These are the probabilities. From one of them 1 is taken off."),
               ([-0.5, 0.75, -0.25], "The signs are turned round: the score of the truth should rise, so its gradient is "
                                    "negative."),
               ([0, -4, 0], "That is the gradient with respect to the probabilities. A score moves all three of them."),
               ([0, -0.75, 0], "The other two have a gradient as well: they should fall."),
               ([-0.5, 0.25, 0.25], "1 is taken off at the true class, not at the largest probability.")],
        hints=("With respect to a score the gradient is simply p, with 1 taken off somewhere.",
               "1 is taken off at the true class.", "1/2 and 1/4 stay; the second becomes 1/4 &minus; 1."),
        right="The three add up to 0: what the truth gains, the others lose, the likeliest most."),
    "error": dict(
        question="Of <b>100</b> test clips <b>90</b> are right. If the clips had been others of the same kind, by how much would "
                 "the score move? The standard error of a share is &radic;(p(1 &minus; p)/n). Give it in <b>percentage points</b>.",
        answer=3, label="points",
        slips={0.03: "That is the share. In percentage points it is a hundred times as much.",
               0.09: "That is p(1 &minus; p), before it is divided by n and the root is drawn.",
               9: "That is p(1 &minus; p) in per cent: it has not been divided by n, and no root drawn.",
               30: "Divide by n before you draw the root.",
               9.486833: "The root of p/n: 1 &minus; p is missing.",
               6: "That is two standard errors, about the half width of a 95 % interval. One was asked for.",
               0.0009: "The root is still to be drawn, and then it becomes per cent."},
        hints=("p(1 &minus; p) is 0.9 times 0.1.", "Divide by 100, then draw the root.", "The root of 0.0009, in per cent."),
        right="Twice that to each side is about the 95 % interval: two methods that are four points apart on 100 clips may be "
              "equally good."),
    "perclass": dict(
        question="A confusion matrix, rows are the truth: <b>wave</b> 18, 1, 1; <b>clap</b> 1, 8, 1; <b>bow</b> 3, 3, 4. What is "
                 "the <b>accuracy</b> over all clips, and what the <b>mean over classes</b> of the right share, in per cent?",
        answer=[75, 70], rows=("accuracy, %", "mean over classes, %"), label="two ways",
        slips=[([70, 75], "The two have changed places: wave has twice as many clips, and it is the one that goes well."),
               ([75, 75], "The second weighs every class alike, however many clips it has: 90, 80 and 40 %."),
               ([75, 66.67], "That divides by columns: 18 of 22, 8 of 12, 4 of 6 would be what a guess is worth. The truth is "
                             "in the rows."),
               ([75, 71.72], "That divides by columns. The truth is in the rows: 18 of 20, 8 of 10, 4 of 10."),
               ([0.75, 0.7], "In per cent, please: a hundred times as much.")],
        hints=("How many clips are there in all, and how many on the diagonal?",
               "40 and 30. Now each row: its diagonal over its sum.",
               "The rows have 90, 80 and 40 %. Their mean, please."),
        right="Wave has half of the clips and the best share, so accuracy flatters. Say both when classes differ in size.",
        tolerance=0.05),
}

QUIZZES = {
    "report": dict(
        question="You tried twenty settings on the validation people and kept the best, at 91 %. On the test people it reaches "
                 "84 %, and setting number 7, which came second in validation, reaches 88 % there. What do you report?",
        choices=[
            ("91 %, the score of the chosen setting on people it was not trained on.", False,
             "It was chosen for that very score. The largest of twenty numbers with luck in them is a lucky one."),
            ("88 %: setting 7 is plainly the better one.", False,
             "Then the test people have chosen, and are no test any more. You know it is better because you looked."),
            ("84 %, with its interval.", True,
             "The choice was made without the test people, and they were asked once. That 7 does better there may be luck; a new "
             "set would have to say."),
            ("The mean of 84 and 88 %.", False, "A mean of an honest number and a chosen one is half chosen."),
        ]),
    "curves": dict(
        question="The training loss goes on falling to nearly zero. From epoch 20 on the validation <b>loss</b> rises, while the "
                 "validation <b>accuracy</b> still creeps up. What happens?",
        choices=[
            ("That cannot be: a larger loss means more errors.", False,
             "The loss looks at how sure an answer is, accuracy only at which class wins."),
            ("The network names a little more rightly, and is far too sure where it is wrong.", True,
             "One wrong answer given with certainty costs more than many right ones save. A temperature above 1 mends the sureness "
             "and changes no answer."),
            ("The learning rate is too large.", False, "Then the training loss would not fall so smoothly."),
            ("Test people have leaked into training.", False, "A leak would make both validation numbers look better."),
        ]),
}

PREDICTIONS = {
    "split": dict(
        key="ch06-split",
        question="A network is to say whether a shoulder exercise was done right. Ten people, each twenty times. It trains on half "
                 "of the clips and is tested on others. Once the clips are dealt <b>at random</b>, once by <b>people</b>: nobody "
                 "in the test was ever seen in training. Same network, same number of clips. How far apart are the two scores?",
        choices=("Within 3 points", "5 to 10 points", "More than 15 points"),
        truth=2,
        reply="Dealt at random, every test clip has sisters in training: the same shoulders, the same camera, the same way of "
              "doing it wrong. The network learns <i>whose</i> arm this is and how that person does it. With new people only the "
              "exercise is left to go by, and that it has hardly learned. The first score answers a question that nobody asked.",
        later="It is measured as soon as we have a loop."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
