"""Chapter 13, Roads as graphs: what the page and the notebook check."""

import numpy as np

from . import boxes
from .checker import Check, Wrong, call, close, digits, tensor

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

kernel = Check("kernel", asks="a function of distances (V, V), sigma and epsilon: the weights (V, V)", hints=(
    "NumPy squares and exponentiates whole arrays: no loop is needed. What is e to the power of minus infinity?",
    "First all weights, then a mask for those below epsilon, then the diagonal.",
    "np.exp(-(distances / sigma) ** 2); then weights[weights < epsilon] = 0; then np.fill_diagonal(weights, 0)."))


def _towns(rng, nodes=5):
    """Distances from each sender to each receiver, other ones back; two roads lead nowhere."""
    distances = rng.uniform(0.3, 4.0, (nodes, nodes))
    np.fill_diagonal(distances, 0)
    distances[0, -1] = distances[1, 0] = np.inf
    return distances


def _kernel(answer, distances, sigma, epsilon):
    return call(answer, distances, sigma, epsilon, shape=distances.shape).numpy()


@kernel.property("gives a finite weight for each pair, also where no road leads")
def _(answer, rng):
    for nodes in (5, 3):
        _kernel(answer, _towns(rng, nodes), 2.0, 0.1)
    return True


@kernel.property("a sensor is not its own neighbour")
def _(answer, rng):
    loops = np.diag(_kernel(answer, _towns(rng), 2.0, 0.1))
    return not loops.any() or f"the diagonal holds {digits(loops)}: here self-loops are left out"


@kernel.property("at the distance sigma the weight is 1/e, at twice sigma 1/e to the fourth")
def _(answer, rng):
    sigma = float(rng.uniform(0.5, 4))
    line = sigma * np.abs(np.arange(3.0)[:, None] - np.arange(3.0))
    got = _kernel(answer, line, sigma, 0.0)
    one, two = got[0, 1], got[0, 2]
    if close([one, two], np.exp([-1, -4]), 1e-6):
        return True
    why = ""
    if close([one, two], np.exp([-0.5, -2]), 1e-6):
        why = ": there is a 2 in the exponent, as statisticians write it; here sigma squared stands alone"
    elif close([one, two], np.exp([-1, -2]), 1e-6):
        why = ": the distance is not squared"
    elif close([one, two], np.exp([-sigma, -4 * sigma]), 1e-6) and abs(sigma - 1) > 0.05:
        why = ": sigma is not squared"
    elif one == 0 and two == 0:
        why = ": with epsilon 0 nothing is cut"
    elif two >= one:
        why = ": the farther, the weaker"
    return f"with sigma {sigma:.2f}, at the distances sigma and 2 sigma, it gave {digits(one)} and {digits(two)}{why}"


@kernel.property("epsilon cuts weights, not distances, and a weight that is kept stays as it is")
def _(answer, rng):
    distances, sigma = _towns(rng), 2.0
    epsilon = float(rng.uniform(0.25, 0.6))
    got, whole = _kernel(answer, distances, sigma, epsilon), _kernel(answer, distances, sigma, 0.0)
    off = ~np.eye(len(distances), dtype=bool)
    if not whole[off].any():
        return "with epsilon 0 every weight was cut, and 0 cuts none: compare epsilon with the weight, not with the distance"
    faint, kept = off & (whole < epsilon), off & (whole >= epsilon)
    if (got[faint] > 0).any():
        v, u = np.argwhere(faint & (got > 0))[0]
        return f"epsilon is {epsilon:.2f}, the weight {digits(whole[v, u])} is below it, and it gave {digits(got[v, u])}"
    if (got[kept] == 0).any():
        v, u = np.argwhere(kept & (got == 0))[0]
        return f"epsilon is {epsilon:.2f}, the weight {digits(whole[v, u])} is not below it, and it was cut"
    return close(got[kept], whole[kept]) or (
        f"a weight that is kept changed from {digits(whole[kept][0])} to {digits(got[kept][0])} when epsilon rose to "
        f"{epsilon:.2f}")


@kernel.property("row v, column u of the weights comes from row v, column u of the distances")
def _(answer, rng):
    distances = _towns(rng)
    got = _kernel(answer, distances, 2.0, 0.0)
    off = ~np.eye(len(distances), dtype=bool)
    joined, road = (got > 0) & off, np.isfinite(distances) & off
    if not joined.any():
        return "with epsilon 0 it joined nobody"
    if np.array_equal(joined, road) and (np.diff(got[road][np.argsort(distances[road])]) <= 0).all():
        return True
    if np.array_equal(joined, road.T):
        return "receiver and sender have changed places: the answer is transposed"
    if np.array_equal(got, got.T):
        return "it made both directions equal, though the roads are not"
    return "of two pairs the farther one weighs more, or a pair without a road is joined"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

starts = Check("starts", asks="a function of first, stop, inputs and outputs: an integer array", hints=(
    "Draw ten rows and a window of two and one. Where does the last window start?",
    "The last row of a window that starts at s is s + inputs + outputs - 1. It may be stop - 1 at the most.",
    "np.arange leaves its end out, so the end is one more than the last start, stop - inputs - outputs."))


def _starts(answer, first, stop, inputs, outputs):
    got = call(answer, first, stop, inputs, outputs).numpy()
    if got.ndim != 1:
        raise Wrong(f"returned shape {got.shape}, expected one number for each window")
    if (got != np.round(got)).any():
        raise Wrong(f"returned {digits(got[:3])}, expected whole numbers of rows")
    return got.astype(int)


def _asked(first, stop, inputs, outputs):
    return f"rows {first} to {stop - 1}, windows of {inputs} and {outputs}"


def _part(rng):
    """A part with room for ten windows and more, which does not begin at row 0: first, stop, inputs, outputs."""
    first, inputs, outputs = (int(n) for n in rng.integers((20, 3, 2), (200, 13, 13)))
    return first, first + inputs + outputs + int(rng.integers(10, 40)), inputs, outputs


@starts.property("gives whole numbers of rows, one for each window")
def _(answer, rng):
    for first, stop in ((0, 30), (100, 161)):
        if not len(_starts(answer, first, stop, 6, 3)):
            return f"{_asked(first, stop, 6, 3)}: no window came back"
    return True


@starts.property("no window begins before the first row")
def _(answer, rng):
    part = _part(rng)
    got = _starts(answer, *part)
    return got.min() >= part[0] or f"{_asked(*part)}: one window starts at row {got.min()}"


@starts.property("no window reaches over the end, into the next part")
def _(answer, rng):
    first, stop, inputs, outputs = part = _part(rng)
    last = _starts(answer, *part).max() + inputs + outputs - 1
    crossing = ": its outputs cross the cut" if last - outputs < stop else ""
    return last < stop or f"{_asked(*part)}: the last window holds row {last}, of the next part{crossing}"


@starts.property("the last window is there: where exactly one window fits, one comes back")
def _(answer, rng):
    first, _, inputs, outputs = _part(rng)
    part = first, first + inputs + outputs, inputs, outputs
    got = _starts(answer, *part)
    return len(got) == 1 or f"{_asked(*part)}: exactly one window fits, {len(got)} came back"


@starts.property("every window is there, in order, each starting one row later")
def _(answer, rng):
    part = _part(rng)
    got = _starts(answer, *part)
    if (np.diff(got) != 1).any():
        return f"{_asked(*part)}: the starts go {', '.join(map(str, got[:4]))}, ... Windows may overlap"
    return got[0] == part[0] or f"{_asked(*part)}: the first window starts at row {got[0]}, not at {part[0]}"


masked = Check("masked", asks="a function of forecast and target, both (N, H, V): one number", hints=(
    "A missing target must leave the sum and the count.",
    "Make a mask of what is known: not NaN and not 0. Look at the target only, never at the forecast.",
    "known = ~np.isnan(target) & (target != 0); choose both arrays by it, then subtract, then take the mean; and think of no "
    "known one."))


def _hour(rng, missing=0.3):
    """A forecast and a target with zeros."""
    target = rng.uniform(20, 70, (4, 3, 5))
    forecast = target + rng.normal(0, 4, target.shape)
    target[rng.random(target.shape) < missing] = 0
    target[0, 0, 0], target[1, 1, 1] = 0, 50
    return forecast, target


def _score(answer, forecast, target):
    return call(answer, forecast, target, shape=()).item()


@masked.property("gives one number")
def _(answer, rng):
    _score(answer, *_hour(rng))
    return True


@masked.property("where nothing is missing it is the mean absolute error")
def _(answer, rng):
    target = rng.uniform(20, 70, (4, 3, 5))
    forecast = target + rng.normal(0, 4, target.shape)
    got, errors = _score(answer, forecast, target), forecast - target
    if abs(got - np.abs(errors).mean()) < 1e-6:
        return True
    why = {"errors above and below cancel: take absolute values": abs(errors.mean()), "that is the root mean squared error":
           np.sqrt((errors**2).mean()), "that is the sum, not the mean": np.abs(errors).sum()}
    named = [text for text, value in why.items() if abs(abs(got) - value) < 1e-6]
    return f"it gave {digits(got)}" + (f": {named[0]}" if named else ", which is not the mean of |forecast - target|")


@masked.property("what is forecast for a missing target does not matter")
def _(answer, rng):
    forecast, target = _hour(rng)
    other = np.where(target == 0, forecast + 100, forecast)
    got, moved = _score(answer, forecast, target), _score(answer, other, target)
    return abs(got - moved) < 1e-6 or (
        f"with other forecasts for the missing targets alone the score went from {digits(got)} to {digits(moved)}")


@masked.property("a missing target leaves the count as well as the sum")
def _(answer, rng):
    forecast, target = _hour(rng)
    forecast = np.where(target == 0, 30.0, target + 3)
    got, share = _score(answer, forecast, target), (target != 0).mean()
    if abs(got - 3) < 1e-6:
        return True
    return f"every known target was missed by exactly 3, and it gave {digits(got)}" + (
        ": the sum was divided by all targets, the missing ones too" if abs(got - 3 * share) < 1e-6 else "")


@masked.property("a forecast of 0 is a forecast: it is the target that can be missing")
def _(answer, rng):
    forecast, target = _hour(rng)
    scores = []
    for guess in (0.0, 0.001):
        forecast[1, 1, 1] = guess
        scores.append(_score(answer, forecast, target))
    return abs(scores[0] - scores[1]) < 0.01 or (
        f"50 was measured; a forecast of 0.001 there scores {digits(scores[1])}, a forecast of 0 {digits(scores[0])}")


@masked.property("NaN is missing too")
def _(answer, rng):
    forecast, target = _hour(rng)
    law = _score(answer, forecast, target)
    got = call(answer, forecast, np.where(target == 0, np.nan, target), shape=(), finite=False).item()
    why = ": NaN minus a number is NaN, and so is NaN times 0" if np.isnan(got) else " and not what zeros give"
    return abs(got - law) < 1e-6 or f"with NaN in place of the zeros it gave {digits(got)}{why}"


@masked.property("nothing known, no error: 0 and not NaN")
def _(answer, rng):
    got = call(answer, np.full((2, 3, 4), 50.0), np.zeros((2, 3, 4)), shape=(), finite=False).item()
    return got == 0 or f"every sensor was dead, and it gave {digits(got)}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

prepare = Check("prepare", asks="a function of speeds (T, V) and cut: scaled speeds (T, V) and a table (288, V)", hints=(
    "Which rows may a mean be made of, if the row `cut` is the first one of the test?",
    "mean, std and table all take `speeds`, all rows of it. And what does a 0 do to a mean?",
    "seen = speeds[:cut] with NaN in place of 0; then nanmean, nanstd, and nanmean over the whole days before cut."))


def _days(rng, days=4, V=3, dead=0.05):
    """Speeds of some days with a daily cycle, some of them 0, and the first test row: not at midnight."""
    clock = 50 + 15 * np.sin(np.linspace(0, 2 * np.pi, 288, endpoint=False))[:, None]
    speeds = np.tile(clock, (days, 1)) + rng.normal(0, 3, (288 * days, V)) + 5 * np.arange(V)
    return _kill(speeds, rng, dead), 288 * (days - 1) + int(rng.integers(20, 200))


def _kill(speeds, rng, share):
    """The same with zeros, but never at one time of day on all days."""
    dead = rng.random(speeds.shape) < share
    dead[:288] = False
    return np.where(dead, 0.0, speeds)


class _Both:
    """The reader's function, whose two arrays are kept for a closer look: `call` wants one thing that holds numbers."""

    def __init__(self, answer):
        self.answer, self.parts, self.__code__ = answer, None, getattr(answer, "__code__", None)

    def __call__(self, *inputs):
        got = self.answer(*inputs)
        if got is None or got is Ellipsis:
            return got
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise Wrong("expected two things to come back, the scaled speeds and the table")
        self.parts = got
        return 0.0


def _prepared(answer, speeds, cut):
    """The reader's two arrays. A dead sensor's speed may be scaled to anything, NaN as well: here it is 0."""
    both = _Both(answer)
    call(both, speeds, cut)
    scaled = tensor(both.parts[0], shape=speeds.shape, finite=False, what="scaled speeds of").numpy()
    return (tensor(np.where(speeds == 0, 0.0, scaled), what="scaled speeds of").numpy(),
            tensor(both.parts[1], shape=(288, speeds.shape[1]), what="a table of").numpy())


def _later(speeds, cut, rng):
    """Other speeds from the row `cut` on."""
    return np.concatenate([speeds[:cut], 20 + 0.3 * speeds[cut:] + rng.normal(0, 2, speeds[cut:].shape)])


@prepare.property("gives scaled speeds (T, V) and a table (288, V)")
def _(answer, rng):
    _prepared(answer, *_days(rng))
    return True


@prepare.property("the scaler has not seen the future: other test rows, the same scaled training rows")
def _(answer, rng):
    speeds, cut = _days(rng, dead=0)
    one, _ = _prepared(answer, speeds, cut)
    other, _ = _prepared(answer, _later(speeds, cut, rng), cut)
    return close(one[:cut], other[:cut], 1e-6) or (
        f"with other speeds from row {cut} on, row 0 is scaled to {digits(other[0, 0])} and not to {digits(one[0, 0])}")


@prepare.property("the table has not seen the future: other test rows, the same table")
def _(answer, rng):
    speeds, cut = _days(rng, dead=0)
    one, other = (_prepared(answer, values, cut)[1] for values in (speeds, _later(speeds, cut, rng)))
    return close(one, other, 1e-6) or (
        f"with other speeds from row {cut} on, the table of sensor 0 moved by up to {digits(np.abs(one - other)[:, 0].max())}")


@prepare.property("all training rows count in the scaler, and each time of day in the table is of that time")
def _(answer, rng):
    speeds, cut = _days(rng, dead=0)
    scaled, table = _prepared(answer, speeds, cut)
    if abs(scaled[:cut].mean()) > 1e-3 or abs(scaled[:cut].std() - 1) > 1e-2:
        return (f"the scaled training rows have mean {digits(scaled[:cut].mean())} and spread {digits(scaled[:cut].std())}, "
                "not 0 and 1")
    days = [speeds[288 * d:288 * (d + 1)] for d in range(cut // 288)]
    every = np.array([speeds[t:cut:288].mean(axis=0) for t in range(288)])  # the day that the cut divides may count as well
    if close(table, np.mean(days, axis=0), 1e-4) or close(table, every, 1e-4):
        return True
    return f"at 06:00 the training days have a mean of {digits(np.mean(days, axis=0)[72])}, the table says {digits(table[72])}"


@prepare.property("a dead sensor's zeros make no mean lower")
def _(answer, rng):
    speeds, cut = _days(rng, dead=0.2)
    scaled, table = _prepared(answer, speeds, cut)
    alive = speeds[:cut] > 0
    if abs(scaled[:cut][alive].mean()) > 0.02 or abs(scaled[:cut][alive].std() - 1) > 0.02:
        return f"the known training speeds are scaled to a mean of {digits(scaled[:cut][alive].mean())}: zeros are in it"
    lowest = speeds[:cut][alive].min()
    return table.min() > lowest - 1e-9 or (
        f"no speed that was measured is below {digits(lowest)}, yet the table says {digits(table.min())}")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "pairs": dict(
        question="Road distances between the five crossings, in km: <b>0\u20131: 1, 0\u20132: 3, 0\u20133: 2, "
                 "0\u20134: 5, 1\u20132: 2, 1\u20133: 3, 1\u20134: 6, 2\u20133: 1, 2\u20134: 4, 3\u20134: 3</b>. "
                 "With &sigma; = 2 km, 1 km weighs 0.78, 2 km 0.37, 3 km 0.11, 4 km 0.02. How many <b>pairs</b> are "
                 "joined if weights of at least <b>0.1</b> stay, how many with <b>0.5</b>?",
        answer=[7, 2], rows=("threshold 0.1", "threshold 0.5"), label="pairs",
        slips=[([5, 2], "5 counts the streets. 0\u20132 and 1\u20133 have no street of their own, but 3 km of road "
                        "is near enough."),
               ([5, 5], "5 counts the streets. Here distance decides, not whether a street joins two crossings."),
               ([14, 4], "These are entries of the matrix, both directions. A pair is two of them."),
               ([12, 7], "Self-loops are counted as well. Here the diagonal is 0."),
               ([4, 2], "4 pairs are at most 2 km apart. At 3 km the weight is 0.11: is that below 0.1?"),
               ([7, 4], "Is 0.37, the weight at 2 km, at least 0.5?"),
               ([2, 7], "The two have changed places: a higher threshold leaves fewer edges.")],
        hints=("The threshold is on the weight. Turn it into a distance: which is the farthest whole number of "
               "kilometres that stays?",
               "0.1 keeps up to 3 km, 0.5 only 1 km.",
               "Go through the ten distances and count those of at most 3 km, then those of 1 km."),
        right="With 0.1 two pairs are joined that no street joins; with 0.5 crossing 4 is alone. Same town, same kernel."),
    "mask": dict(
        question="Targets <b>60, 0, 50, 40, 0</b>; forecasts <b>58, 50, 54, 43, 47</b>. A 0 means that the sensor "
                 "was dead. What is the mean absolute error <b>masked</b>, and what <b>unmasked</b>?",
        answer=[3, 21.2], rows=("masked", "unmasked"), label="two errors",
        slips=[([1.8, 21.2], "The zeros left the sum, and stayed in the count: divide 9 by three."),
               ([9, 106], "These are the sums. Divide each by how many it has."),
               ([21.2, 3], "The two have changed places: masked leaves the zeros out."),
               ([3, 3], "Unmasked counts the two zeros as if nobody moved: errors of 50 and 47 join."),
               ([21.2, 21.2], "Masked leaves the second and the fifth out, in sum and count.")],
        hints=("The five absolute errors are 2, 50, 4, 3, 47. Which of them are about a dead sensor?",
               "Masked: only 2, 4 and 3.", "9 over 3; and all five, 106, over 5."),
        right="Two dead readings of five, and the unmasked error is seven times as large. It speaks of the sensors, "
              "not of the forecast.",
        tolerance=0.05),
    "wave": dict(
        question="A road of <b>30</b> vehicles a km at 100 km/h carries <b>3,000</b> an hour. An accident lets "
                 "<b>2,100</b> pass; behind it <b>255</b> stand on each km. The tail of the jam moves at "
                 "(<i>q</i><sub>arriving</sub> &minus; <i>q</i><sub>passing</sub>) / (<i>k</i><sub>arriving</sub> "
                 "&minus; <i>k</i><sub>jam</sub>). At how many km/h? Drivers go in the positive direction.",
        answer=-4, label="km/h",
        slips={4: "The speed is right, the direction is not: 30 &minus; 255 is negative.",
               -3.53: "The 30 that are there already are missing below: 255 &minus; 30.",
               100: "That is how fast the free vehicles drive. The tail is where they stop.",
               8.24: "That is 2,100 over 255, how fast vehicles creep inside the jam.",
               -20: "That is how fast the front runs back once the road is cleared.",
               -13.33: "3,000 over 225: what passes has to be taken off first."},
        hints=("900 vehicles an hour arrive and cannot pass.", "Each kilometre of jam takes up 255, of which 30 were "
                                                               "there anyway.",
               "900 over 225, and a sign."),
        right="4 km an hour against the traffic. More traffic makes it faster: with 55 vehicles a km it would be 17."),
    "count": dict(
        question="A part has <b>100</b> rows. How many windows of <b>12</b> rows in and <b>12</b> rows out lie "
                 "wholly inside it, if they slide by one row?",
        answer=77, label="windows",
        slips={76: "One is lost: with exactly 24 rows there would be one window, not none.",
               88: "Only the inputs are inside: the outputs must be, too.",
               89: "Only the inputs are inside: the outputs must be, too.",
               4: "That is without overlap. Windows slide by one row.",
               8: "Windows slide by one row, and each takes 24.",
               100: "The last windows would reach over the end."},
        hints=("A window takes 24 rows. In which row does the last one start?", "It starts at row 76, counted from 0.",
               "From row 0 to row 76: count both ends."),
        right="100 &minus; 24 + 1. For the last fifth of our week: 404 &minus; 24 + 1 = 381."),
}

QUIZZES = {
    "alike": dict(
        question="Two sensors lie 30 km apart, on freeways that do not meet. Over six weeks of training rows their "
                 "speeds correlate by 0.9. Your graph gives them a strong edge. Tomorrow there is an accident at one "
                 "of them. What does the edge do?",
        choices=[
            ("It warns the other sensor in time.", False,
             "Of what? No jam travels 30 km over a road that is not there. It will be warned of something that does not come."),
            ("It brings the other sensor news that has nothing to do with it.", True,
             "They moved alike because both have a rush at eight. The edge is right every ordinary day and wrong on "
             "the day that matters."),
            ("Nothing: a correlation of 0.9 means that one causes the other.", False,
             "The clock causes both. Thursday's speeds correlate with Friday's as well."),
            ("It makes the graph symmetric, so the Laplacian exists.", False,
             "Any correlation is symmetric, that is true, and it says nothing about the accident."),
        ]),
    "report": dict(
        question="A paper says: <i>on METR-LA our model has an MAE of 3.0, the last value has 5.1</i>. Which of "
                 "these could make the gap out of nothing? Choose all that apply.",
        choices=[
            ("3.0 is the mean over steps 1 to 12, 5.1 the error at step 12.", True,
             "Errors grow with the horizon. The mean over steps is always the lower of the two."),
            ("3.0 is masked, 5.1 counts the dead sensors' zeros.", True,
             "A zero costs whoever forecasts a moving car 50 or more miles an hour."),
            ("The model's windows were split at random, the last value has nothing to fit.", True,
             "A model that trained on overlapping windows knows the day. The last value cannot cheat."),
            ("The model was run with three seeds.", False,
             "That makes its number more honest. It moves it by the spread of seeds, seldom by two miles an hour."),
        ], several=True),
}

PREDICTIONS = {
    "rush": dict(
        key="ch13-rush",
        question="It is between 17:00 and 18:00 on a working day in Los Angeles. For each of 207 sensors you are to "
                 "say the speed <b>an hour ahead</b>. Which misses by less: the speed that the sensor shows "
                 "<b>now</b>, or its <b>average at that time</b> on the working days before?",
        choices=("The speed of now", "The average of other days", "They come out about even"),
        truth=0,
        reply="The speed of now, on both evenings of the test. At five the rush is on, and at six it still is; how "
              "bad it is <i>this</i> evening shows in what is seen and in no table. An hour later the same rule is "
              "the worst of all, because the rush ends, and the table knows when. So over all hours, an hour ahead, "
              "the average wins; a quarter of an hour ahead the speed of now does. Whoever forecasts needs both, and "
              "a way to tell <i>when</i>. (Two evenings are two evenings.)",
        later="It is measured in this chapter, hour by hour."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
