"""Chapter 18, attention: what the page and the notebook check."""

import torch

from . import boxes
from .checker import Check, Wrong, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

temporal_gate = Check("temporal_gate", asks="a function of x (C, T, V), kernel (C, K), bias: the (T,) gate", hints=(
    "The gate has one number for each frame. Which axis must go, and by what? Only then does the kernel slide.",
    "Frame t hears the K frames around it, in their order, from all channels; beyond the ends it hears zeros. Then one squash.",
    "torch.conv1d(x.mean(2)[None], kernel[None], padding=kernel.shape[1] // 2), plus the bias, through torch.sigmoid, [0, 0]"))


def _clip(rng, C=2, T=7, V=3, K=3):
    numbers = lambda *shape: torch.from_numpy(rng.normal(0, 1, shape)).float()  # noqa: E731
    return numbers(C, T, V), numbers(C, K), 0.3


def _gate(answer, x, kernel, bias):
    got, (C, T, V), K = call(answer, x, kernel, bias), x.shape, kernel.shape[1]
    for words, shape in (("that is one number for each joint: time was pooled away", (V,)),
                         ("the ends are missing: half a kernel of zeros stands before the first frame and behind the last",
                          (T - K + 1,)),
                         ("that is x times something; asked for is the gate", (C, T, V)),
                         ("that is one gate for each channel", (C, T))):
        if tuple(got.squeeze().shape) == shape != (T,):
            raise Wrong(f"x has {T} frames and {V} joints, the kernel {K} frames, and shape {tuple(got.shape)} came back: {words}")
    return call(answer, x, kernel, bias, shape=(T,))


def _slide(means, kernel, flip=False, mode="zeros"):
    """Scores (T,) of means (C, T)."""
    K = kernel.shape[1]
    kernel = kernel.flip(1) if flip else kernel
    left = {"causal": K - 1}.get(mode, K // 2)
    how = {"circular": "circular", "edges": "replicate"}.get(mode, "constant")
    wide = torch.nn.functional.pad(means[None], (left, K - 1 - left), mode=how)
    return torch.conv1d(wide, kernel[None])[0, 0]


@temporal_gate.property("gives one number for each frame, whatever the sizes")
def _(answer, rng):
    for C, T, V, K in ((2, 7, 3, 3), (1, 5, 4, 5), (3, 4, 4, 1)):
        _gate(answer, *_clip(rng, C, T, V, K))
    return True


@temporal_gate.property("with a kernel of zeros every frame gets the sigmoid of the bias")
def _(answer, rng):
    x, kernel, _ = _clip(rng)
    got = _gate(answer, x, 0 * kernel, 0.0)
    if not close(got, torch.full((7,), 0.5)):
        why = ": that is a distribution, it sums to 1" if close(got.sum(), torch.tensor(1.0)) else ""
        return f"the kernel was zero and the bias too, and the gate came out as {digits(got)}{why}"
    got = _gate(answer, x, 0 * kernel, 2.0)
    law = torch.full((7,), 2.0).sigmoid()
    return close(got, law) or f"the kernel was zero, the bias 2, and the gate came out as {digits(got)}: is the bias in it?"


@temporal_gate.property("gates are free of each other: what happens at the end does not move the first frame")
def _(answer, rng):
    x, kernel, bias = _clip(rng)
    later = x.clone()
    later[:, -1] += 3
    before, after = _gate(answer, x, kernel, bias), _gate(answer, later, kernel, bias)
    if close(before[0], after[0]):
        return True
    return (f"the last of seven frames was changed, and the gate of the first went from {digits(before[0])} to {digits(after[0])}: "
            "do gates share a sum, or is time a circle?")


@temporal_gate.property("joints are pooled by their mean: their order and their number do not matter")
def _(answer, rng):
    x, kernel, bias = _clip(rng)
    got, turned, twice = (_gate(answer, z, kernel, bias) for z in (x, x.flip(2), x.repeat(1, 1, 2)))
    if not close(got, turned):
        return "the joints were put in another order, and the gate changed: the mean runs over joints"
    return close(got, twice) or ("every joint was given twice, and the gate changed from "
                                 f"{digits(got[:3])} ... to {digits(twice[:3])} ...: a sum is no mean")


@temporal_gate.property("the numbers: mean over joints, kernel in its order, zeros beyond the ends, sigmoid")
def _(answer, rng):
    x, kernel, bias = _clip(rng)
    got, mean = _gate(answer, x, kernel, bias), x.mean(2)
    law = torch.sigmoid(_slide(mean, kernel) + bias)
    if close(got, law, 1e-4):
        return True
    squash = torch.sigmoid
    for words, other in (("the largest joint was taken, not the mean", squash(_slide(x.amax(2), kernel) + bias)),
                         ("the kernel runs backwards", squash(_slide(mean, kernel, flip=True) + bias)),
                         ("frame t hears only the frames before it", squash(_slide(mean, kernel, mode="causal") + bias)),
                         ("beyond the ends the first and last frame were repeated", squash(_slide(mean, kernel,
                         mode="edges") + bias)),
                         ("beyond the end comes the start again", squash(_slide(mean, kernel, mode="circular") + bias)),
                         ("only the first channel was heard", squash(_slide(mean[:1], kernel[:1]) + bias)),
                         ("channels were averaged, not added", squash(_slide(mean, kernel) / len(kernel) + bias)),
                         ("channels were averaged before the kernel, which has weights of its own for each",
                          squash(_slide(mean.mean(0, keepdim=True), kernel.mean(0, keepdim=True)) + bias)),
                         ("that is 1 + gate, what x is multiplied with; asked for is the gate", 1 + law),
                         ("that is the score, before the sigmoid", _slide(mean, kernel) + bias),
                         ("the squash came before the kernel", _slide(squash(mean), kernel) + bias)):
        if close(got, other, 1e-4):
            return f"the gate came out as {digits(got[:3])} ...: {words}"
    return f"the gate came out as {digits(got[:3])} ..., expected {digits(law[:3])} ... from the formula"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

spreads = Check("spreads", asks="a function of gate (N, T): two numbers, the spread within clips and between clips", hints=(
    "Which axis holds the frames of one clip, and which the clips?",
    "Within: how much does a clip's gate vary over its frames? Between: how much does a frame's gate vary over clips?",
    "Standard deviations of all values there are (dividing by their number, not by one less), along one axis; then the mean of "
    "them."))


def _two(answer, gate):
    return call(answer, gate, shape=(2,))


def _std(gate, dim):
    return gate.double().var(dim, correction=0).clamp(min=0).sqrt()


@spreads.property("gives two numbers")
def _(answer, rng):
    for shape in ((4, 6), (3, 9)):
        _two(answer, torch.from_numpy(rng.uniform(0, 1, shape)).float())
    return True


@spreads.property("a constant gate has no spread at all")
def _(answer, rng):
    got = _two(answer, torch.full((4, 6), 0.5))
    return bool(got.abs().max() < 1e-5) or f"every gate was 0.5, and {digits(got)} came back"


@spreads.property("one pattern for all clips: spread within, none between")
def _(answer, rng):
    row = torch.tensor([0.2, 0.8, 0.2, 0.8])
    got = _two(answer, row.expand(5, -1))
    if close(got, torch.tensor([0.3, 0.0]), 1e-4):
        return True
    if close(got, torch.tensor([0.0, 0.3]), 1e-4):
        return f"five clips had the same gate 0.2, 0.8, 0.2, 0.8, and {digits(got)} came back: the two are exchanged"
    why = {0.346: "that divides by one less than the number of frames", 0.09: "that is the square of it",
           0.6: "that is the range, from lowest to highest"}.get(round(got[0].item(), 3), "")
    return f"five clips had the same gate 0.2, 0.8, 0.2, 0.8, and {digits(got)} came back{': ' + why if why else ''}"


@spreads.property("each clip its own constant: none within, spread between")
def _(answer, rng):
    got = _two(answer, torch.tensor([[0.2], [0.8], [0.2], [0.8]]).expand(-1, 5))
    return close(got, torch.tensor([0.0, 0.3]), 1e-4) or (
        f"four clips had constant gates 0.2, 0.8, 0.2 and 0.8, and {digits(got)} came back instead of 0 within and 0.3 between")


@spreads.property("the same set of gates in another order in each clip is a spread between clips")
def _(answer, rng):
    gate = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])
    got, law = _two(answer, gate), _std(gate, 0).mean()
    if abs(got[1] - law) < 1e-4:
        return True
    why = ": means of clips were compared, and each clip has the same mean" if got[1].abs() < 1e-4 else ""
    return f"each of three clips opened at a moment of its own, and the spread between them came out as {digits(got[1])}{why}"


@spreads.property("on any gate: means of standard deviations")
def _(answer, rng):
    gate = torch.from_numpy(rng.uniform(0, 1, (5, 4)) ** 3).float()
    got, law = _two(answer, gate), torch.stack([_std(gate, 1).mean(), _std(gate, 0).mean()])
    if close(got, law, 1e-4):
        return True
    for words, other in (("that is the spread of everything, twice", torch.stack(2 * [_std(gate.flatten(), 0)])),
                         ("the first is the spread of the mean gate, which blurs clips that open at different moments",
                          torch.stack([_std(gate.mean(0), 0), law[1]])),
                         ("the largest was taken, not the mean", torch.stack([_std(gate, 1).max(), _std(gate, 0).max()])),
                         ("variances were averaged before the root", torch.stack(
                             [(_std(gate, 1) ** 2).mean().sqrt(), (_std(gate, 0) ** 2).mean().sqrt()])),
                         ("only the first clip and the first frame were looked at", torch.stack(
                             [_std(gate[0], 0), _std(gate[:, 0], 0)]))):
        if close(got, other, 1e-4):
            return f"{digits(got)} came back: {words}"
    return f"{digits(got)} came back, expected {digits(law)}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

attend = Check("attend", asks="a function of x (N, C, T, V) and w (C,): x with its frames weighted, same shape", hints=(
    "Put in a clip in which one frame is loud. What are the weights of the frames? Which shape has the gate?",
    "Three places: the axis of the mean, the axis of the softmax, and how large the weights are on average.",
    "The gate must be (N, 1, T, 1): pool over joints, softmax over frames, and T weights that sum to 1 are 1 / T on average."))


def _batch(rng, N=2, C=2, T=6, V=4):
    return torch.from_numpy(rng.uniform(0.5, 2, (N, C, T, V))).float(), torch.from_numpy(rng.normal(0, 1.5, C)).float()


def _seen(answer, x, w):
    """What each number was multiplied with, (N, C, T, V)."""
    return call(answer, x, w, shape=tuple(x.shape)) / x.double()


@attend.property("keeps the shape")
def _(answer, rng):
    for sizes in ((2, 2, 6, 4), (1, 3, 5, 5)):
        _seen(answer, *_batch(rng, *sizes))
    return True


@attend.property("all channels and joints of a frame get the same weight, and frames differ")
def _(answer, rng):
    got = _seen(answer, *_batch(rng))
    if close(got, torch.ones_like(got)):
        return "every number came back as it was: all weights are 1, as a softmax over one number gives"
    over_joints, over_time = got.std(3).max(), got.std(2).max()
    if over_joints > 1e-4:
        return ("joints of one frame got different weights" +
                (", and frames the same: time was pooled away" if over_time < 1e-4 else ": the gate has more than one number a "
                "frame"))
    return bool(over_time > 1e-4) or f"all frames got {digits(got[0, 0, 0, 0])}: nothing was chosen"


@attend.property("weights are 1 on average over the frames of every clip")
def _(answer, rng):
    for T in (6, 12):
        got = _seen(answer, *_batch(rng, T=T)).mean((1, 2, 3))
        if not close(got, torch.ones_like(got), 1e-4):
            why = f": they sum to 1 over {T} frames, so a clip of {T} frames is made {T} times smaller" if close(
                got, torch.full_like(got, 1 / T), 1e-4) else ": that is 1 + share" if close(
                got, torch.full_like(got, 1 + 1 / T), 1e-4) else ""
            return f"the weights of the {len(got)} clips are {digits(got)} on average{why}"
    return True


@attend.property("a clip's weights do not depend on the company it is in")
def _(answer, rng):
    x, w = _batch(rng, N=3)
    together, alone = _seen(answer, x, w)[:1], _seen(answer, x[:1], w)
    return close(together, alone, 1e-4) or "the first clip got other weights alone than together with two others"


@attend.property("the louder frame, in the direction of w, gets more, by the softmax of its mean score")
def _(answer, rng):
    x, w = _batch(rng)
    got = _seen(answer, x, w)[:, 0, :, 0]
    score = torch.einsum("nctv,c->ntv", x, w)
    law = 6 * torch.softmax(score.mean(2), 1)
    if close(got, law, 1e-4):
        return True
    for words, other in (("joints were summed, so 25 joints choose more sharply than 4", 6 * torch.softmax(score.sum(2), 1)),
                         ("the loudest joint was taken, not the mean", 6 * torch.softmax(score.amax(2), 1)),
                         ("channels were averaged, not added", 6 * torch.softmax(score.mean(2) / x.shape[1], 1)),
                         ("those are shares: T times too small", torch.softmax(score.mean(2), 1)),
                         ("w is not used", 6 * torch.softmax(x.mean((1, 3)), 1)),
                         ("the sign is turned round", 6 * torch.softmax(-score.mean(2), 1)),
                         ("those are gates, not a distribution", torch.sigmoid(score.mean(2))),
                         ("scores were divided by their sum, without exponentials",
                          6 * score.mean(2) / score.mean(2).sum(1, keepdim=True))):
        if close(got, other, 1e-4):
            return f"frames of clip 0 got {digits(got[0])}: {words}"
    return f"frames of clip 0 got {digits(got[0])}, expected {digits(law[0])}"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "frames": dict(
        question="Pool over the <b>joints</b>, so that each frame keeps one number, its mean. The gate is <i>σ</i>(ln 3 &middot; "
                 "(mean &minus; 1)), so a mean of 0, 1, 2, 3 gives 1/4, 1/2, 3/4, 9/10. What are the gates of the four "
                 "<b>frames</b>?",
        answer=[0.5, 0.25, 0.9, 0.25], rows=("frame 1", "frame 2", "frame 3", "frame 4"), label="gate",
        slips=[([0.9, 0.25, 0.9998, 0.25], "Those are the sums over the joints. A mean divides by three."),
               ([1, 0, 3, 0], "Those are the means. Each goes through the sigmoid."),
               ([0.25, 0, 0.75, 0], "Close the table: a mean of 0 still gives 1/4, and so on."),
               ([0.094, 0.031, 0.844, 0.031], "That is a softmax over the frames: it sums to 1. Gates are free of each other."),
               ([1.5, 1.25, 1.9, 1.25], "That is what the numbers are multiplied with, 1 + gate."),
               ([0.75, 0.25, 0.996, 0.25], "That is the largest of the three joints. Take the mean of the row.")],
        hints=("A row of the table is a frame. Its three numbers become one.", "Frame 1: (0 + 1 + 2) / 3 = 1. Then look up 1.",
               "The means are 1, 0, 3 and 0."),
        right="They sum to 1.9, and nothing is wrong with that: two moments may both be important."),
    "crowd": dict(
        question="A clip of <b>four</b> frames, all with the score ln 3. Each gate is <i>σ</i>(ln 3) = 3/4; the softmax gives "
                 "each 1/4. Now <b>two more</b> frames with the same score come. What are gate and share of the first frame?",
        answer=[0.75, 0.167], rows=("gate", "share"), tolerance=0.006, label="first frame",
        slips=[([0.75, 0.25], "Six frames now share what four shared."),
               ([0.5, 0.167], "A gate does not know how many others there are."),
               ([0.167, 0.75], "Gate and share are exchanged."),
               ([0.167, 0.167], "The gate is computed from the frame's own score alone."),
               ([0.125, 0.125], "Neither: 3/4 divided by six is no softmax."),
               ([0.75, 0.75], "The second is a softmax: six shares sum to 1.")],
        hints=("What does a gate need to know of the other frames?", "Equal scores get equal shares, and the shares sum to 1.",
               "One of six."),
        right="Nothing happened to the frame, and its share fell by a third. A share says “more than others”, a gate says “much”."),
    "quarter": dict(
        question="A listing that is copied a lot has no 1 +: its block gives <i>x</i> &middot; <i>s</i> &middot; <i>t</i>, with "
                 "a spatial and a temporal gate that both start near <b>1/2</b>. <b>Five</b> such blocks follow each other, and "
                 "nothing else. How many times <b>smaller</b> is what comes out?",
        answer=1024, label="times smaller",
        slips={32: "That is one gate a block. There are two.", 20: "Factors of blocks multiply, they do not add up.",
               4: "That is one block, and there are five.",
               10: "There are ten halves, and they multiply.", 256: "That is four blocks, and there are five.",
               57.7: "That is 1.5 to the tenth: how many times <i>larger</i> with 1 + gate. Here the 1 is missing.",
               0.001: "Right, as a factor. Asked is how many times smaller: the inverse."},
        hints=("What does one block make of a 1?", "A quarter. And the next block takes a quarter of that.", "Four to the fifth."),
        right="Two to the tenth again, downwards this time. A norm between the blocks hides it; without one, nothing is left to "
              "learn from."),
    "starts": dict(
        question="In the library all gates start at 1/2, and <i>x</i> is multiplied by 1 + gate. The form “sequential” has "
                 "three of them, one after the other. By what is <i>x</i> multiplied at the start?",
        answer=3.375, label="factor",
        slips={1.5: "That is one gate. There are three, each on what the one before left.",
               4.5: "That is three times 1.5. Factors multiply.",
               2.5: "The gates were added: 1 + 3 halves. Each has its own 1 +.", 0.125: "That is without the 1 + in front of each.",
               8: "That is with all three gates at 1.", 1.125: "1 + a half to the third. Each gate has its own 1 +."},
        hints=("What does one gate of 1/2 multiply with?", "Three such factors follow each other.", "1.5 times 1.5 times 1.5."),
        right="The same for every joint, frame and channel, and a batch norm behind it takes it away again. So the start is the "
              "plain network."),
}

QUIZZES = {
    "square": dict(
        question="Somebody computes a “temporal” gate with <code>x.mean(2)</code>. The clips lie as (<i>N</i>, <i>C</i>, <i>T</i>, "
                 "<i>V</i>), with 25 frames and 25 joints, and the gate is then shaped to (<i>N</i>, 1, 25, 1). What happens?",
        choices=[
            ("PyTorch raises an error.", False, "25 numbers were asked for, and 25 came. Nothing can notice."),
            ("Frame 4 is weighted by what joint 4 did, and so on. No error.", True,
             "Axis 2 is time: it was averaged away, and 25 joints are left. With 26 frames the reshape would have failed."),
            ("Nothing, the mean over all is the same.", False,
             "It would be if both axes were pooled. Here one of two is left, and it is the wrong one."),
            ("All gates are 1.", False, "That is another accident: a softmax over an axis of size 1."),
        ]),
    "glow": dict(
        question="On every test clip, the gate of a trained network glows at the right hand, at the right moment. Which of these "
                 "do you know? Choose all that apply.",
        choices=[
            ("The network looks at the right hand only.", False,
             "Multiplying by 1 + gate silences nobody: where the gate is 0, x passes as it is."),
            ("The gate's input held something by which hand and moment can be told.", True,
             "Otherwise it could not glow there, clip by clip."),
            ("Without the gate the network would fail.", False,
             "In this chapter a joint gate glowed so in three trainings, and none needed it. Take the gate away and ask."),
            ("Nothing about other seeds.", True, "One training, one picture. Train again and compare."),
        ], several=True),
}

PREDICTIONS = {
    "removed": dict(
        key="ch18-removed",
        question="A gate is a number between 0 and 1 that a network computes from the clip; what lies there is multiplied by "
                 "one plus it. A network with a gate on <b>every joint at every frame</b> learns the two classes. In most new "
                 "clips its widest gate, or its narrowest, lies on the right arm during the flick. Now each gate is replaced by "
                 "its <b>average over all clips</b>, so that it no longer knows where the flick is. How many new clips does this "
                 "network still get right?",
        choices=("About half: a coin", "About three quarters", "As many as before"),
        truth=2,
        reply="As many as before, in each of three trainings. The gate had found the right place, and the network did not "
              "need it to.",
        later="The middle of the chapter tries it."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
