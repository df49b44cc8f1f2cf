"""Chapter 15, Forecasting for real: what the page and the notebook check."""

import warnings

import numpy as np

from . import boxes
from .checker import Check, Wrong, call, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

rmse = Check("rmse", asks="a function of forecast and target (N, H, V), a step and how: one number", hints=(
    "Work out the hand example with it: errors of 1, 5 and 7 at three steps.",
    "Cut the steps that count first: step h, counted from 1, is index h - 1. Which axis holds the steps?",
    "squares[:, step - 1] for the step; squares[:, :step].mean() ** 0.5 for the pool; for the average, a mean over axes 0 and 2, "
    "then the root, then the mean."))

HOW = ("step", "cumulative", "average")


def _forecasts(rng, shape=(5, 6, 4)):
    """A forecast and a target whose errors grow with the step."""
    target = rng.uniform(20, 70, shape)
    return target + rng.normal(0, 1, shape) * np.arange(1, shape[1] + 1)[:, None], target


def _law(forecast, target, step, how):
    """Root mean squared error, step by step."""
    means = np.array([np.mean((forecast[:, k] - target[:, k]) ** 2) for k in range(step)])
    return means[-1] ** 0.5 if how == "step" else means.mean() ** 0.5 if how == "cumulative" else np.sqrt(means).mean()


def _up_to_4(answer, rng, how):
    """True, or what came instead and what it is."""
    forecast, target = _forecasts(rng)
    got, error = _rmse(answer, forecast, target, 4, how), (forecast - target)[:, :4]
    law = {other: _law(forecast, target, 4, other) for other in HOW}
    if abs(got - law[how]) < 1e-6:
        return True
    named = {"that is step 4 alone": law["step"], "that is the pool of the steps": law["cumulative"],
             "that is the mean of the roots of the steps": law["average"],
             "that is a root for each window and sensor, and their mean": ((error**2).mean(axis=1) ** 0.5).mean()}
    why = next((f": {text}" for text, value in named.items() if abs(got - value) < 1e-6), "")
    return f"up to step 4 it gave {digits(got)}{why}"


def _rmse(answer, forecast, target, step, how):
    return call(answer, forecast, target, step, how, shape=()).item()


@rmse.property("gives one number for each of the three conventions")
def _(answer, rng):
    for how in HOW:
        _rmse(answer, *_forecasts(rng), 3, how)
    return True


@rmse.property("steps are counted from 1, along the second axis: an error that one step alone has shows there alone")
def _(answer, rng):
    target = rng.uniform(20, 70, (5, 6, 4))
    for at in (1, 4, 6):
        forecast = target.copy()
        forecast[:, at - 1] += 8
        for step in (1, 4, 6):
            got, law = _rmse(answer, forecast, target, step, "step"), 8.0 * (step == at)
            if abs(got - law) > 1e-6:
                return f"only step {at} of 6 is missed, by 8 everywhere, and at step {step} it gave {digits(got)}"
    return True


@rmse.property("it is a root of a mean of squares")
def _(answer, rng):
    forecast, target = _forecasts(rng)
    for step in (1, 5):
        got, law = _rmse(answer, forecast, target, step, "step"), _law(forecast, target, step, "step")
        if abs(got - law) > 1e-6:
            error = forecast[:, step - 1] - target[:, step - 1]
            named = {"that is the mean absolute error": np.abs(error).mean(), "the root is missing": law**2,
                     "errors above and below cancel": abs(error.mean()), "that is the spread: a bias does not show": error.std(),
                     "the root was taken of a sum": (error**2).sum() ** 0.5}
            why = next((f": {text}" for text, value in named.items() if abs(abs(got) - value) < 1e-6), "")
            return f"at step {step} it gave {digits(got)}{why}"
    return True


@rmse.property("cumulative and average know nothing of later steps")
def _(answer, rng):
    forecast, target = _forecasts(rng)
    other = forecast.copy()
    other[:, 3:] += 50
    for how in HOW[1:]:
        one, two = (_rmse(answer, f, target, 3, how) for f in (forecast, other))
        if abs(one - two) > 1e-6:
            return f"with other forecasts for steps 4 to 6, the {how} score up to step 3 went from {digits(one)} to {digits(two)}"
    return True


@rmse.property("cumulative puts all steps up to it into one pool")
def _(answer, rng):
    return _up_to_4(answer, rng, "cumulative")


@rmse.property("average takes each step's own root first")
def _(answer, rng):
    return _up_to_4(answer, rng, "average")


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

honest = Check("honest", asks="a function of validation and test (epochs,): an epoch and an error", hints=(
    "Cover the test column with your hand. Which epoch do you take? Now look once.",
    "The smallest number of `validation` decides; the number at the same place of `test` is reported. NaN is no small number.",
    "best = int(np.nanargmin(validation)); an array counts from 0 and epochs from 1."))


def _curves(rng, epochs=30):
    """Errors after each epoch; the best of the two columns are in different places, neither first nor last."""
    slope = 3 * np.exp(-np.arange(epochs) / 5)
    validation, test = 5 + slope + rng.normal(0, 0.2, epochs), 6 + slope + rng.normal(0, 0.2, epochs)
    a, b = rng.choice(np.arange(3, epochs - 3), 2, replace=False)
    validation[a], test[b] = 4.1, 4.8
    return validation, test


def _chosen(answer, validation, test):
    got = call(answer, validation, test, shape=(2,)).numpy()
    if got[0] != round(got[0]):
        raise Wrong(f"returned {digits(got)}, expected the epoch first, a whole number, and then the error")
    return int(got[0]), float(got[1])


@honest.property("gives an epoch, a whole number, and an error")
def _(answer, rng):
    _chosen(answer, *_curves(rng))
    return True


@honest.property("the test has no say in the choice")
def _(answer, rng):
    validation, test = _curves(rng)
    first, _ = _chosen(answer, validation, test)
    second, _ = _chosen(answer, validation, rng.permutation(test))
    return first == second or f"with the test column mixed up, the choice went from epoch {first} to epoch {second}"


@honest.property("the validation days choose: the epoch where they were missed by least, counted from 1")
def _(answer, rng):
    validation, test = _curves(rng)
    epoch, _ = _chosen(answer, validation, test)
    best = int(validation.argmin())
    if epoch == best + 1:
        return True
    why = {int(test.argmin()) + 1: ", where the test was missed by least",
           best: ": epochs are counted from 1, arrays from 0", len(validation): ", the last one",
           int(validation.argmax()) + 1: ", where they were missed by most"}.get(epoch, "")
    return f"of {len(validation)} epochs it chose epoch {epoch}{why}"


@honest.property("the error is the test's, at that epoch")
def _(answer, rng):
    validation, test = _curves(rng)
    epoch, error = _chosen(answer, validation, test)
    if not 1 <= epoch <= len(test) or abs(error - test[epoch - 1]) < 1e-9:
        return True
    why = {"the smallest of the test, a best look": test.min(), "the validation error, which was minimised": validation[epoch - 1],
           "the mean of the test over all epochs": test.mean(), "the last epoch's": test[-1],
           "one epoch later": test[min(epoch, len(test) - 1)]}
    named = next((f": that is {text}" for text, value in why.items() if abs(error - value) < 1e-9), "")
    return f"it chose epoch {epoch} and reported {digits(error)}{named}"


@honest.property("an epoch without a number is never chosen")
def _(answer, rng):
    validation, test = _curves(rng)
    first, _ = _chosen(answer, validation, test)
    holes = rng.choice([k for k in range(len(test)) if k not in (validation.argmin(), first - 1)], 4, replace=False)
    validation[holes] = np.nan
    got = call(answer, validation, test, shape=(2,), finite=False).numpy()
    return got[0] == first or f"with four of the validation errors NaN, the choice went from epoch {first} to epoch {got[0]:g}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

error_at = Check("error_at", asks="a function of speeds, starts, forecasts, inputs and step: one number", hints=(
    "Feed it forecasts that are cut out of the speeds themselves. What must come out?",
    "Rows: a window that starts at s sees s to s + inputs - 1. Which row is step 1? How many windows does starts[:-1] have?",
    "Take all targets at once, speeds[starts + inputs + step - 1], and one mean over those that are above 0."))


def _series(rng, dead=0.0, N=9, V=5, H=6, inputs=4):
    """Speeds, first rows, forecasts that are right, inputs."""
    speeds = rng.uniform(20, 70, (60, V))
    speeds[rng.random(speeds.shape) < dead] = 0
    starts = np.sort(rng.choice(60 - inputs - H, N, replace=False))
    return speeds, starts, speeds[starts[:, None] + inputs + np.arange(H)], inputs


def _error(answer, speeds, starts, forecasts, inputs, step, finite=True):
    with warnings.catch_warnings():  # an empty mean is told as what it is, NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        return call(answer, speeds, starts, forecasts, inputs, step, shape=(), finite=finite).item()


@error_at.property("gives one number")
def _(answer, rng):
    speeds, starts, right, inputs = _series(rng)
    for step in (1, 5):
        _error(answer, speeds, starts, right, inputs, step)
    return True


@error_at.property("forecasts that are cut out of the speeds have an error of 0, at every step")
def _(answer, rng):
    speeds, starts, right, inputs = _series(rng)
    for step in (1, 3, 6):
        got = _error(answer, speeds, starts, right, inputs, step)
        if got > 1e-9:
            return f"every forecast is exactly what came, and at step {step} it gave {digits(got)}: which rows are compared?"
    return True


@error_at.property("every window counts, the first and the last too")
def _(answer, rng):
    speeds, starts, right, inputs = _series(rng)
    target = speeds[starts + inputs + 1]
    for which, n in (("first", 0), ("last", -1)):
        off = right.copy()
        off[n] += 90
        got, without = (_error(answer, speeds, starts, f, inputs, 2) for f in (off, right))
        if abs(got - without) < 1e-6:
            return f"the {which} of {len(target)} windows was made wrong by 90 at every sensor, and the error did not move"
    return True


@error_at.property("it is the mean of absolute errors")
def _(answer, rng):
    speeds, starts, right, inputs = _series(rng)
    off = right.copy()
    off[:, :, 0] += 6
    off[:, :, 1] -= 12
    more = [_error(answer, speeds, starts, f, inputs, 3) for f in (right, off)]
    moved = more[1] - more[0]
    if more[0] > 1e-9 or abs(moved - 18 / 5) < 1e-6:  # a wrong row is told above
        return True
    why = (": errors above and below cancel" if abs(moved + 6 / 5) < 1e-6 or abs(moved - 6 / 5) < 1e-6 else
           ": that is the root of the mean square" if abs(moved - (180 / 5) ** 0.5) < 1e-6 else "")
    return f"of five sensors one is missed by 6 and one by 12, the others not at all, and it gave {digits(moved)}{why}"


@error_at.property("a target that is missing leaves the sum and the count")
def _(answer, rng):
    speeds, starts, _, inputs = _series(rng)
    speeds[:] = 50  # then it does not matter here which row is compared
    speeds[np.arange(60), rng.integers(0, 5, 60)] = 0
    got = _error(answer, speeds, starts, np.full((len(starts), 6, 5), 55.0), inputs, 3)
    if abs(abs(got) - 5) < 1e-6:
        return True
    why = ": the missing are still counted" if abs(got) < 5 else ": zeros are compared with forecasts"
    return f"everything known is missed by exactly 5, one sensor in five is missing, and it gave {digits(got)}{why}"


@error_at.property("each known target weighs the same, however many sensors are dead in its window; a dead moment does no harm")
def _(answer, rng):
    speeds, starts, right, inputs = _series(rng)
    guess = right + 2 * np.arange(len(right))[:, None, None]  # another error in each window
    speeds[starts[0] + inputs + np.arange(3)] = 0  # whichever of them is compared at step 2
    speeds[starts[-2] + inputs + np.arange(3), 1:] = 0
    got = _error(answer, speeds, starts, guess, inputs, 2, finite=False)
    if np.isnan(got):
        return "in one window all sensors are dead, and the whole error became NaN"
    means = []
    for late in (-1, 0, 1):  # a wrong row, a lost window or a sign is told above, not here again
        target = speeds[starts + inputs + 1 + late]
        for part in (slice(None), slice(-1), slice(1, None)):
            miss, known = (guess[:, 1] - target)[part], (target > 0)[part]
            if min(abs(got - m[k].mean()) for m in (miss, abs(miss)) for k in (known, known | True)) < 1e-6:
                return True
            means.append(np.mean([abs(m[k]).mean() for m, k in zip(miss, known, strict=True) if k.any()]))
    why = ": that is a mean over windows, in which a window with one living sensor weighs as much as one with five"
    return f"with some sensors dead it gave {digits(got)}" + why * bool(np.abs(got - np.array(means)).min() < 1e-6)


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "horizon": dict(
        question="One sensor, one window. The forecast misses by <b>1, 5</b> and <b>7</b> at steps 1, 2, 3. What is the "
                 "root mean squared "
                 "error up to step 3: <b>at the step</b>, <b>cumulative</b>, <b>average</b>?",
        answer=[7, 5, 13 / 3], rows=("at the step", "cumulative", "average"), label="RMSE",
        slips=[([7, 13 / 3, 5], "Cumulative and average have changed places: the pool takes squares first, the average "
                                "takes roots first."),
               ([7, 5, 5], "Average takes the root of each step alone: the roots are 1, 5 and 7."),
               ([7, 13 / 3, 13 / 3], "Cumulative squares first: 1 + 25 + 49, then the mean, then one root."),
               ([7, 25, 13 / 3], "25 is the mean of the squares. The root is still to be taken."),
               ([49, 25, 25], "These are means of squares. The roots are missing."),
               ([7, 75**0.5, 13 / 3], "That is the root of the sum. A mean divides the 75 by three first."),
               ([7, 5, 13], "13 is the sum of the three roots; the average divides it by three.")],
        hints=("At step 3 there is one error: its square, the mean of one, the root.",
               "The squares are 1, 25 and 49: cumulative takes their mean, then one root.",
               "75 over 3 has a whole root; and the average is (1 + 5 + 7) over 3."),
        right="One forecast: 7, or 5, or 4.33. The order is no accident where errors grow with the horizon.", tolerance=0.01),
    "memory": dict(
        question="<b>20,000</b> sensors, each with <b>7</b> neighbours. Dense, every weight takes <b>4</b> bytes. Sparse, "
                 "every weight that is "
                 "not 0 takes 4 bytes and another <b>8</b> for its column. How many megabytes (10<sup>6</sup> bytes) are "
                 "the two?",
        answer=[1600, 1.68], rows=("dense", "sparse"), label="megabytes",
        slips=[([1600, 0.56], "The columns are missing: whoever leaves the zeros out has to say where each weight belongs."),
               ([400, 1.68], "Four bytes for each of the 400 million weights."),
               ([400, 0.14], "These are millions of numbers. How many bytes has each?"),
               ([0.08, 1.68], "Dense keeps a weight for every <i>pair</i>: 20,000 times 20,000."),
               ([1600, 0.24], "Every sensor has seven of them."),
               ([4800, 1.68], "Dense needs no columns: the place says which pair it is."),
               ([1.68, 1600], "The two have changed places.")],
        hints=("Dense: how many pairs, zeros and all?", "Sparse: 140,000 weights, each with its column.",
               "400 million times 4; 140,000 times 12; then in millions."),
        right="A thousandfold, for one matrix. Dense, a block of chapter 14 with K = 3 keeps two.", tolerance=0.02),
    "epoch": dict(
        question="After epochs 1 to 5 the error is on validation days <b>5.4, 5.0, 4.7, 4.8, 4.9</b> and on the test "
                 "<b>5.6, 5.3, 5.5, 5.1, "
                 "5.2</b>. Which error may be <b>reported</b>, and by <b>how much</b> would a best look be lower?",
        answer=[5.5, 0.4], rows=("reported", "lower by"), label="two numbers",
        slips=[([5.1, 0.4], "5.1 is the best look itself. Nobody could have known that epoch 4 would be the one."),
               ([5.1, 0], "5.1 is the best look itself. Nobody could have known that epoch 4 would be the one."),
               ([4.7, 0.4], "The validation days chose, so their own smallest number is a best look, too. The test of that "
                            "epoch is."),
               ([5.2, 0.1], "The last epoch is honest if it was fixed before. Here the validation days were to choose."),
               ([5.5, 0.8], "Between test and validation lies another difference: those are other days. Compare test with test."),
               ([5.5, -0.4], "The amount is right. Lower by: a positive number.")],
        hints=("Cover the test column. Which epoch do the validation days choose?", "The third. What does the test say there?",
               "And the smallest of the test column: the difference is the second number."),
        right="5.5, and 0.4 is what peeking would have been worth. The better test of epoch 4 is luck, or skill that we "
              "cannot tell from luck.",
        tolerance=0.01),
}

QUIZZES = {
    "tables": dict(
        question="Paper A: RMSE <b>5.13</b> on Los-loop after 15 minutes. Paper B: RMSE <b>5.44</b> on Los-loop after 15 "
                 "minutes. Is A's "
                 "network better? Which of these would you have to know first? Choose all that apply.",
        choices=[
            ("Whether the steps up to 15 minutes were pooled.", True,
             "Pooled, B's network of this chapter has about 4.8. The two numbers have different meanings."),
            ("How the epoch was chosen.", True, "A best look at the test is lower for free; with thousands of looks, lower "
                                                "still."),
            ("Which rows the windows may touch.", True, "Other windows, other moments: the last value alone moved from 6.40 "
                                                        "to 6.47."),
            ("Whether both were written in PyTorch.", False, "A score asks who is right, not in which language."),
            ("How many parameters A has.", False,
             "Good to know for the cost. It does not change what the two errors mean."),
        ], several=True),
    "graph": dict(
        question="With the road graph and with a shuffled one, the networks of this chapter score alike an hour ahead. What "
                 "follows?",
        choices=[
            ("Graphs are useless for traffic.", False,
             "With no graph at all it is worse, and at 15 minutes the roads beat the shuffle. The finding is narrower than "
             "that."),
            ("On these two days, with this table and these seeds, we could not show that it matters <i>which</i> graph, an "
             "hour ahead.", True,
             "That is all that was measured. Not showing a difference is not showing that there is none."),
            ("The shuffled graph is equally right, so shuffled edges are roads, too.", False,
             "It needs no roads to say how bad the evening is on the whole, and that may be all that is needed."),
            ("The network with the road graph was badly trained.", False,
             "At 15 minutes no other graph scores better, and its seeds agree to a hundredth."),
        ]),
}

PREDICTIONS = {
    "shuffled": dict(
        key="ch15-shuffled",
        question="The network passes messages along the roads of Los Angeles. Now its road graph is replaced by a "
                 "<b>shuffled</b> one: as many "
                 "edges, as heavy, between sensors drawn at random, and the network is trained anew. Its error was 7.3 "
                 "miles an hour "
                 "(RMSE) <b>an hour ahead</b>. By how much does it rise?",
        choices=("By about 1 mile an hour", "By 0.2 or 0.3", "Not by more than the luck of the seeds"),
        truth=2,
        reply="By no more than the seeds differ among themselves. A quarter of an hour ahead the roads are better, by a "
              "little and in all seeds; "
              "an hour ahead a random neighbour does as well. <i>No</i> neighbour does not: without any graph the error "
              "rises by about 0.2. "
              "One reading fits: an hour is long, and what a sensor needs for it is how bad this evening is <i>on the "
              "whole</i>, which any "
              "sample of the city tells; where a jam stands matters for the next minutes. Two test days cannot prove that "
              "reading.",
        later="It is measured in this chapter, with three seeds."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
