"""Chapter 14, ST-GCN for traffic: what the page and the notebook check."""

import torch

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

gated = Check("gated", asks="a function of x (T, C), W (k, C, 2 C) and b (2 C,): (T - k + 1, C)", hints=(
    "One convolution makes two signals. Which half of its channels is the signal, and which the gate?",
    "For the output of frame t add b and x[t - k + 1 + i] @ W[i] over i; then the residual is frame t itself.",
    "(both[:, :C] + x[k - 1:]) * torch.sigmoid(both[:, C:])"))


def _given(rng, T=9, C=2, k=3):
    numbers = lambda *shape: torch.from_numpy(rng.normal(0, 1, shape)).float()  # noqa: E731
    return numbers(T, C), numbers(k, C, 2 * C), numbers(2 * C)


def _gated(answer, x, W, b):
    return call(answer, x, W, b, shape=(len(x) - len(W) + 1, x.shape[1]))


def _convolved(x, W, b):
    """What the convolution gives, (T - k + 1, 2 C)."""
    k = len(W)
    return torch.stack([b + sum(x[t + i] @ W[i] for i in range(k)) for t in range(len(x) - k + 1)])


@gated.property("gives T - k + 1 frames: none is invented before the first")
def _(answer, rng):
    for T, C, k in ((9, 2, 3), (5, 1, 2), (4, 3, 1)):
        _gated(answer, *_given(rng, T, C, k))
    return True


@gated.property("a shut gate lets nothing pass")
def _(answer, rng):
    x, W, b = _given(rng)
    W[..., 2:], b[2:] = 0, -60
    got = _gated(answer, x, W, b)
    if close(got, torch.zeros_like(got), 1e-4):
        return True
    W, b = W.roll(2, 2), b.roll(2)
    why = ": shutting the first half of the channels did it instead, but they are the signal" if close(
        _gated(answer, x, W, b), torch.zeros_like(got), 1e-4) else ""
    return f"all gates were made from Q = -60, and up to {digits(got.abs().max())} passed{why}"


@gated.property("an open gate passes the frame itself and the signal, both whole")
def _(answer, rng):
    x, W, b = _given(rng)
    W[..., 2:], b[2:] = 0, 60
    got, signal, frame = _gated(answer, x, W, b), _convolved(x, W, b)[:, :2], x[2:]
    if close(got, signal + frame, 1e-4):
        return True
    for words, other in (("only the signal passed: the residual is missing", signal), ("only the frame passed", frame),
                         ("the residual is the first frame of the window, not the last", signal + x[:-2]),
                         ("the signal went through a sigmoid of its own", torch.sigmoid(signal) + frame),
                         ("the signal went through tanh", torch.tanh(signal) + frame),
                         ("the sigmoid is taken of the sum", torch.sigmoid(signal + frame)),
                         ("a ReLU came after the gate: a gate turns no sign and needs none", torch.relu(signal + frame)),
                         ("b was added for every frame of the kernel, not once", signal + 2 * b[:2] + frame),
                         ("the kernel runs backwards: W[0] belongs to the oldest frame",
                          _convolved(x, W.flip(0), b)[:, :2] + frame)):
        if close(got, other, 1e-4):
            return f"all gates are open, and {words}"
    return f"all gates are open, and instead of signal and frame {digits(got[0])} came out first"


@gated.property("half open, half passes, of the frame as well")
def _(answer, rng):
    x, W, b = _given(rng)
    W[..., 2:], b[2:] = 0, 0
    got, whole = _gated(answer, x, W, b), _convolved(x, W, b)[:, :2] + x[2:]
    if close(got, whole / 2, 1e-4):
        return True
    late = close(got, _convolved(x, W, b)[:, :2] / 2 + x[2:], 1e-4)
    return "Q is 0 everywhere, so half should pass" + (
        ": the frame is added behind the gate and passes whole" if late else f", and the first frame gave {digits(got[0])}")


@gated.property("no output hears a frame that comes after its own")
def _(answer, rng):
    x, W, b = _given(rng)
    changed = x.clone()
    changed[6] += 1
    moved = (_gated(answer, x, W, b) - _gated(answer, changed, W, b)).abs().amax(1) > 1e-6
    heard = moved.nonzero().flatten().tolist()
    early = [t for t in heard if t < 4]  # output 4 is the one of frame 6
    return not early or f"frame 6 changed, and the outputs {heard} moved; with k = 3 only 4, 5, 6 may, those of the frames 6, 7, 8"


@gated.property("the gate is made of the second half of the channels, over all frames of the window")
def _(answer, rng):
    x, W, b = _given(rng)
    both = _convolved(x, W, b)
    got = _gated(answer, x, W, b)
    return close(got, (both[:, :2] + x[2:]) * torch.sigmoid(both[:, 2:]), 1e-4) or (
        f"the gates differ from frame to frame; the first output is {digits(got[0])}, which no sigmoid of the second half gives")


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

chebyshev = Check("chebyshev", asks="a function of L (V, V), x (V,) and order: (order, V)", hints=(
    "Two terms are known before any loop: the signal, and L times the signal.",
    "Each further term needs the two before it. Which of them is doubled?",
    "terms.append(2 * L @ terms[-1] - terms[-2]), until there are `order` of them; and mind order 1."))


def _signal(rng, V=5):
    """A matrix that is not symmetric, so that receiver and sender can be told apart, and a signal."""
    return torch.from_numpy(rng.normal(0, 0.5, (V, V))).float(), torch.from_numpy(rng.normal(0, 1, V)).float()


def _terms(answer, L, x, order):
    return call(answer, L, x, order, shape=(order, len(x)))


@chebyshev.property("gives as many terms as were asked for, one number for each node")
def _(answer, rng):
    for order in (3, 5):
        _terms(answer, *_signal(rng), order)
    return True


@chebyshev.property("the first term is the signal itself, also if it is the only one")
def _(answer, rng):
    L, x = _signal(rng)
    got = _terms(answer, L, x, 3)[0]
    if not close(got, x):
        return f"T_0 x is {digits(got)}, the signal was {digits(x)}"
    return close(_terms(answer, L, x, 1)[0], x) or "with order 1 something else than the signal came back"


@chebyshev.property("the second term is L times the signal: row v of L says what v hears")
def _(answer, rng):
    L, x = _signal(rng)
    got = _terms(answer, L, x, 3)[1]
    if close(got, L @ x):
        return True
    for words, other in (("L is transposed", L.T @ x), ("it is doubled already", 2 * L @ x), ("twice L x less x is the third term",
                         2 * L @ (L @ x) - x), ("that is the signal again", x), ("x is taken off already", L @ x - x)):
        if close(got, other):
            return f"T_1 x is {digits(got)}: {words}"
    return f"T_1 x is {digits(got)}, which is not L x"


@chebyshev.property("the third term is twice L times the second, less the first")
def _(answer, rng):
    L, x = _signal(rng)
    got, one = _terms(answer, L, x, 3)[2], L @ x
    if close(got, 2 * L @ one - x):
        return True
    for words, other in (("that is a power of L, without recurrence", L @ one), ("the 2 is missing", L @ one - x),
                         ("nothing was taken off", 2 * L @ one), ("the first term was added, not taken off", 2 * L @ one + x),
                         ("the second term was taken off, not the first", 2 * L @ one - one), ("L is squared entry by entry",
                         2 * (L * L) @ x - x), ("L is transposed", 2 * L.T @ (L.T @ x) - x)):
        if close(got, other):
            return f"T_2 x is {digits(got)}: {words}"
    return f"T_2 x is {digits(got)}, which is not twice L T_1 x less T_0 x"


@chebyshev.property("T_k of cos(a) is cos(k a), however many terms there are")
def _(answer, rng):
    angle = torch.from_numpy(rng.uniform(0.2, 2.9, 4)).float()
    got = _terms(answer, torch.diag(torch.cos(angle)), torch.ones(4), 7)
    law = torch.cos(torch.arange(7.0)[:, None] * angle).to(got.dtype)
    wrong = (~torch.isclose(got, law, atol=1e-3)).any(1).nonzero().flatten().tolist()
    return not wrong or f"with cosines on the diagonal of L, T_{wrong[0]} is not the cosine of {wrong[0]} times the angles"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

forecast_error = Check("forecast_error", asks="a function of head, features (C, T, V) and target (V,): one number", hints=(
    "Print the shape of each line. Which of them is not what its comment says?",
    "Does row v of z hold the numbers of sensor v? And what is (V, 1) minus (V,)?",
    "features.permute(2, 0, 1).flatten(1), then the head, then [:, 0] before anything is subtracted."))


def _window(rng, C=2, T=3, V=5):
    """Features, a target, and a head that weighs every channel and step differently."""
    torch.manual_seed(int(rng.integers(1000)))
    return torch.nn.Linear(C * T, 1), torch.from_numpy(rng.normal(0, 1, (C, T, V))).float()


def _says(head, features):
    """What the head says of each sensor."""
    return head(features.permute(2, 0, 1).flatten(1))[:, 0].detach()


def _error(answer, head, features, target):
    return call(answer, head, features, target, shape=()).item()


@forecast_error.property("gives one number")
def _(answer, rng):
    head, features = _window(rng)
    _error(answer, head, features, torch.zeros(5))
    return True


@forecast_error.property("a forecast that is the same for all sensors is missed by what each sensor is away from it")
def _(answer, rng):
    head, _ = _window(rng)
    features, target = torch.ones(2, 3, 5), torch.from_numpy(rng.normal(0, 2, 5)).float()
    forecast = _says(head, features)
    got, law = _error(answer, head, features, target), (forecast - target).square().mean().item()
    if abs(got - law) < 1e-4:
        return True
    for words, other in (("absolute errors are asked to be squared", (forecast - target).abs().mean()),
                         ("that is the sum", (forecast - target).square().sum()), ("a root was taken", law**0.5)):
        if abs(got - float(other)) < 1e-4:
            return f"every forecast was {digits(forecast[0])}, and the error came out as {digits(got)}: {words}"
    return f"every forecast was {digits(forecast[0])}, the targets {digits(target)}, and the error came out as {digits(got)}"


@forecast_error.property("each forecast meets the target of its own sensor only")
def _(answer, rng):
    head, features = _window(rng, C=1, T=1)  # with one number for each sensor nothing can be cut wrongly
    target = _says(head, features)
    got = _error(answer, head, features, target)
    mean = (target[:, None] - target).square().mean().item()
    why = ": every forecast was compared with every target, V times V of them" if abs(got - mean) < 1e-4 else ""
    return abs(got) < 1e-6 or f"all forecasts were right, and the error is {digits(got)}{why}"


@forecast_error.property("the head is given one sensor's own channels and steps, in their order")
def _(answer, rng):
    head, features = _window(rng)
    target = _says(head, features)
    changed = features.clone()
    changed[:, :, 3] += 1
    got, after = (_error(answer, head, f, target) for f in (features, changed))
    law = ((_says(head, changed) - target).square().mean()).item()
    if abs(got) < 1e-6 and abs(after - law) < 1e-4:
        return True
    cut, turned, right = (head(z).detach() for z in (features.reshape(5, -1), features.permute(2, 1, 0).flatten(1),
                                                     features.permute(2, 0, 1).flatten(1)))  # each (V, 1)
    why = ""
    for words, says in (("a row of `reshape` holds pieces of several sensors", cut[:, 0] - target),
                        ("a row of `reshape` holds pieces of several sensors, and (V, 1) minus (V,) is (V, V)", cut - target),
                        ("steps come before channels, the head wants all steps of channel 0 first", turned[:, 0] - target),
                        ("the rows are right now, but (V, 1) minus (V,) is (V, V)", right - target)):
        if abs(got - says.square().mean().item()) < 1e-4:
            why = f": {words}"
    return f"the forecasts were right for all five sensors, and the error is {digits(got)}{why}"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "mean": dict(
        question="A head sees only the <b>mean</b> of the three steps. What mean does it see in both windows? It has to say one "
                 "number for both; what is the smallest mean <b>absolute error</b> it can reach when 70 and 30 come?",
        answer=[50, 20], rows=("mean", "error"), label="two numbers",
        slips=[([50, 0], "It cannot be right twice: it says the same both times."),
               ([50, 40], "40 is the gap between 70 and 30. Any number between them misses one by as much less as the other by "
                          "more; on average by half of the gap."),
               ([150, 20], "150 is the sum. The mean divides it by three."),
               ([60, 20], "60 is the last step of one window. The head sees only the mean."),
               ([50, 30], "What would it have to say to miss by 30 on average? Try 50.")],
        hints=("Add three steps and divide by three, for each window.", "Say 50: by how much does it miss 70, and 30?",
               "The mean is 50 in both; whatever is said from 30 to 70, both misses together are 40."),
        right="To the mean the two windows are one. The last value (60 and 40) would have missed by 10, and going on along the "
              "line by nothing."),
    "gate": dict(
        question="A frame holds <i>x</i> = <b>4</b>, the convolution gives <i>P</i> = <b>2</b> and <i>Q</i> = <b>ln 3</b>. The "
                 "sigmoid of ln 3 is 3/4. What passes? And what, if <i>Q</i> is 0?",
        answer=[4.5, 3], rows=("Q = ln 3", "Q = 0"), label="passes",
        slips=[([1.5, 1], "Only the signal went through the gate. The residual, the frame itself, is added first."),
               ([5.5, 5], "The residual is added before the gate, so it is scaled as well."),
               ([4.5, 0], "The sigmoid of 0 is a half, not 0."),
               ([4.5, 6], "The sigmoid of 0 is a half: the gate is half open."),
               ([6, 3], "At Q = ln 3 the gate is not quite open: three quarters pass.")],
        hints=("First P + x, then times the gate.", "6 times three quarters.", "The sigmoid of 0 is 1/2."),
        right="(2 + 4) &times; 3/4, and (2 + 4) &times; 1/2. Only far below 0 does a gate shut."),
    "hops": dict(
        question="Four crossings in a ring hold <b>8, 0, 0, 0</b>. <i>T</i><sub>1</sub><i>x</i> is minus the mean of the two "
                 "neighbours: 0, &minus;4, 0, &minus;4. What is <i>T</i><sub>2</sub><i>x</i> = 2 <i>L</i> "
                 "<i>T</i><sub>1</sub><i>x</i> &minus; <i>T</i><sub>0</sub><i>x</i>?",
        answer=[0, 0, 8, 0], rows=("crossing 0", "crossing 1", "crossing 2", "crossing 3"), label="T\u2082x",
        slips=[([8, 0, 8, 0], "That is 2 L T\u2081x. The first term, 8 at crossing 0, has still to be taken off."),
               ([-4, 0, 4, 0], "The 2 is missing: L T\u2081x is 4, 0, 4, 0."),
               ([4, 0, 4, 0], "That is L T\u2081x. It is doubled, and the first term taken off."),
               ([-16, 0, -8, 0], "L is minus the mean, and of two negative numbers that is positive."),
               ([16, 0, 8, 0], "The first term is taken off, not added."),
               ([8, 4, 8, 4], "The first term is taken off, not the second.")],
        hints=("The neighbours of crossing 0 hold \u22124 and \u22124. What is minus their mean?",
               "L T\u2081x is 4, 0, 4, 0. Double it.", "From 8, 0, 8, 0 take off 8, 0, 0, 0."),
        right="The 8 has moved to the opposite crossing, two hops away, and nothing of it is left in between. On this ring each "
              "polynomial sees one distance; on other roads it may hear nearer ones as well, never a farther one."),
    "left": dict(
        question="Twelve steps go in. Each of <b>two</b> blocks has <b>two</b> gated convolutions with a kernel of <b>4</b> "
                 "frames. How many steps are left for the last one?",
        answer=0, label="steps",
        slips={4: "That is with a kernel of 3: a kernel of 4 eats three steps.", 6: "Each block has two gated convolutions.",
               9: "That is after one convolution. There are four.", -4: "A kernel of 4 eats three steps, not four.",
               12: "Nothing is padded: a kernel of 4 eats three steps."},
        hints=("How many outputs has a kernel of 4 frames on 12 frames, without padding?", "It loses three, every time.",
               "12 minus four times three."),
        right="None, and the library says so: <i>inputs is 12, expected more than 12</i>. Give more steps, or a shorter kernel."),
    "feed": dict(
        question="The truth falls by <b>10</b> each step: 60, then 50, 40, 30. A network that says one step at a time always "
                 "says <b>0.8 times what it saw last</b>. From 60, it is fed its own forecasts. By how much does it miss the third "
                 "step?",
        answer=0.72, label="miss", tolerance=0.006,
        slips={2.0: "That is the miss at the first step: 48 instead of 50.", 1.6: "That is the miss at the second step.",
               6: "It is fed its own forecast, not the true 40.", 30.72: "That is the forecast. The truth is 30.",
               2.72: "The forecast is 30.72, the truth 30."},
        hints=("First 0.8 times 60.", "48, then 38.4. And once more.", "0.8 times 38.4, less 30."),
        right="60, 48, 38.4, 30.72. Here the misses shrink by luck: a wrong rule fed on itself can come near. It can run away as "
              "well, and only a test over all steps tells."),
}

QUIZZES = {
    "order": dict(
        question="A colleague's head averages time, and their network forecasts well. Which of these could be the reason? Choose "
                 "all that apply.",
        choices=[
            ("Temporal kernels before the mean wrote 'rising' and 'falling' into channels.", True,
             "A mean over such a channel still says how much rising there was in the hour."),
            ("A table of other days is among the inputs, and says most of it.", True,
             "What comes from the clock needs no order in the hour that is seen."),
            ("A mean over time keeps the order if there are many channels.", False,
             "With kernels of one frame it forgets it in each of them, however many there are."),
            ("The test days were calm.", True, "Where nothing turns, the mean is nearly the last value."),
        ], several=True),
    "weights": dict(
        question="You have trained a network on 207 sensors with channel norm and a road graph. What do you need to run it on 325 "
                 "sensors of another city?",
        choices=[
            ("Another road graph; the weights stay.", True,
             "No weight knows how many sensors there are. Whether what was learned is true of the other city is another matter."),
            ("A new first layer for 325 inputs.", False,
             "The layers see each sensor by itself and its neighbours, never all at once."),
            ("Nothing at all.", False, "The Laplacian is of the old roads, and has 207 rows."),
            ("A new head: it has 207 outputs.", False, "The head says twelve numbers for a sensor, and is the same for all."),
        ]),
}

PREDICTIONS = {
    "average": dict(
        key="ch14-average",
        question="Two networks with the same blocks, trained alike on a real week. One head <b>averages the hour</b>, the other "
                 "sees <b>all twelve steps</b>. How much larger is the error of the first, an hour ahead?",
        choices=("About twice as large", "A few per cent larger", "Not larger at all"),
        truth=1,
        reply="A few per cent; at half an hour the seeds of the two just touch. Much less than the law suggests: the blocks save "
              "some of the order before it is averaged away, and a table of other days says the rest. So nobody notices "
              "who does not look at the first step, and that is what is bad about it.",
        later="The last part of the chapter has it measured."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
