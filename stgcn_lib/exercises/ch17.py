"""Chapter 17, Multi-scale time: what the page and the notebook check."""

import numpy as np
import torch

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

merge = Check("merge", asks="a function of kernels, each (c_i, C, k_i), and F (C', c_1 + c_2 + ...): (C', C, longest)", hints=(
    "First make all kernels equally long. What can stand where a short kernel has no weight?",
    "Zeros, as many before as after: kernels are laid over a frame by their middle. Then the branches stand below each "
    "other, as "
    "their answers do.",
    "Pad each by (longest - k_i) // 2 on both sides, torch.cat along axis 0, then a matrix product with F over that axis."))


def _block(rng, lengths=(3, 5, 7), widths=(2, 1, 3), channels=2, outputs=4):
    """Kernels (c_i, C, k_i) and a fusion (C', sum of c_i), all of them random."""
    kernels = [torch.from_numpy(rng.normal(size=(c, channels, k))) for k, c in zip(lengths, widths, strict=True)]
    return kernels, torch.from_numpy(rng.normal(size=(outputs, sum(widths))))


def _long(kernels, before=lambda gap: gap // 2):
    """All kernels as long as the longest, below each other; `before` says how much of the gap comes first."""
    longest = max(k.shape[2] for k in kernels)
    padded = []
    for k in kernels:
        gap = longest - k.shape[2]
        padded.append(torch.nn.functional.pad(k, (before(gap), gap - before(gap))))
    return torch.cat(padded)


def _merged(answer, kernels, F):
    longest = max(k.shape[2] for k in kernels)
    return call(answer, kernels, F, shape=(F.shape[0], kernels[0].shape[1], longest))


def _through(F, stacked):
    return torch.einsum("oj,jck->ock", F, stacked)


@merge.property("gives one kernel, as long as the longest, for each channel in and out")
def _(answer, rng):
    for setting in ({}, dict(lengths=(5, 3), widths=(1, 2), channels=3, outputs=2)):
        _merged(answer, *_block(rng, **setting))
    return True


@merge.property("a short kernel lies in the middle of the long one")
def _(answer, rng):
    kernels = [torch.tensor([[[2.0, 5.0, 3.0]]], dtype=torch.float64), torch.zeros(1, 1, 7, dtype=torch.float64)]
    got = _merged(answer, kernels, torch.tensor([[1.0, 0.0]], dtype=torch.float64))[0, 0]
    if close(got, torch.tensor([0.0, 0, 2, 5, 3, 0, 0])):
        return True
    said = f"the weights 2, 5, 3 beside an empty kernel of 7 came out as {digits(got)}"
    if close(got[:3], torch.tensor([2.0, 5, 3])):
        return f"{said}: laid on its first frame, it hears three frames too early"
    if close(got[4:], torch.tensor([2.0, 5, 3])):
        return f"{said}: laid on its last frame, it hears the future instead of now"
    if close(got.flip(0), torch.tensor([0.0, 0, 2, 5, 3, 0, 0])):
        return f"{said}: turned round in time"
    return said


@merge.property("F weighs the branches, in their order")
def _(answer, rng):
    kernels, _ = _block(rng, lengths=(5, 5, 5), widths=(1, 1, 1), outputs=1)
    F = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64)
    got, stacked = _merged(answer, kernels, F), torch.cat(kernels)
    if close(got, _through(F, stacked)):
        return True
    if close(got, stacked.sum(0, keepdim=True)) or close(got, stacked.mean(0, keepdim=True)):
        return "with F = (2, 0, -1) every branch counts alike: F was not asked"
    if close(got, _through(F.flip(1), stacked)):
        return "F = (2, 0, -1) reached the branches in the reverse order"
    if close(got, _through(F.abs(), stacked)):
        return "the minus sign of F is gone"
    if close(got, _through(F, stacked).flip(2)):
        return "the kernels are turned round in time"
    return "with F = (2, 0, -1) the answer is not twice the first kernel minus the third"


@merge.property("one convolution with it answers as all branches and the fusion do")
def _(answer, rng):
    for setting in ({}, dict(lengths=(7, 3, 5), widths=(1, 3, 2), channels=3, outputs=2)):
        kernels, F = _block(rng, **setting)
        got, law = _merged(answer, kernels, F), _through(F, _long(kernels))
        if close(got, law):
            continue
        if close(got, law.flip(2)):
            return "every kernel is turned round in time"
        x = torch.from_numpy(rng.normal(size=(1, law.shape[1], 9)))
        a, b = (torch.conv1d(x, w, padding=w.shape[2] // 2)[0, 0, 4] for w in (got, law))
        return (f"kernels of {', '.join(str(k.shape[2]) for k in kernels)}: on a random film the branches and F answer "
                f"{digits(b)} in "
                f"the middle frame, the one kernel {digits(a)}")
    return True


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

cost = Check("cost", asks="a function of branches, pairs (kernel, dilation), and C: two whole numbers, span and "
                          "weights", hints=(
    "Draw one branch: which frames does it hear? Then count its two layers of weights, one after the other.",
    "A kernel of k with dilation d spans (k - 1) d + 1 frames. With B branches each works on w = C / B channels.",
    "Each branch: C w for the reduction, k w w for the kernel. The fusion: C C. The span is that of the longest branch."))


def _counted(branches, C):
    w = C // len(branches)
    return max((k - 1) * d + 1 for k, d in branches), sum(C * w + k * w * w for k, d in branches) + C * C


def _branches(rng, count=3):
    """Branches of which the second spans most and the third has most weights, and C; no slip gives the number of another."""
    kernels, dilations = rng.choice([3, 5], count), rng.integers(2, 4, count)
    kernels[1:3], dilations[1] = (7, 11), 6
    return [(int(k), int(d)) for k, d in zip(kernels, dilations, strict=True)], count * int(rng.integers(4, 9))


def _pair(answer, branches, C):
    return call(answer, branches, C, shape=(2,))


@cost.property("gives two numbers")
def _(answer, rng):
    for count in (3, 4):
        _pair(answer, *_branches(rng, count))
    return True


@cost.property("the span is that of the branch that reaches furthest")
def _(answer, rng):
    branches, C = _branches(rng)
    got, (law, _) = int(_pair(answer, branches, C)[0]), _counted(branches, C)
    if got == law:
        return True
    said = f"for {branches} it came out as {got}"
    if got == max(k * d for k, d in branches):
        return f"{said}: between k weights there are k - 1 gaps, not k"
    if got == max((k - 1) * d for k, d in branches):
        return f"{said}: the gaps were counted; from the first to the last frame it is one frame more"
    if got == max(k for k, d in branches):
        return f"{said}: dilation lays the weights apart"
    if got in (sum((k - 1) * d for k, d in branches) + 1, sum((k - 1) * d + 1 for k, d in branches)):
        return f"{said}: branches stand side by side, not on top of each other, so their reaches do not add"
    if got == (branches[0][0] - 1) * branches[0][1] + 1:
        return f"{said}: that is the first branch"
    return said


@cost.property("dilation costs no weight")
def _(answer, rng):
    branches, C = _branches(rng)
    wide = [(k, 2 * d) for k, d in branches]
    a, b = (int(_pair(answer, one, C)[1]) for one in (branches, wide))
    return a == b or f"with every dilation doubled the weights went from {a} to {b}"


@cost.property("each branch has a reduction and a kernel on its own channels, and one fusion comes last")
def _(answer, rng):
    branches, C = _branches(rng)
    got, (_, law) = int(_pair(answer, branches, C)[1]), _counted(branches, C)
    if got == law:
        return True
    w, said = C // len(branches), f"for {branches} and {C} channels it came out as {got}"
    parts = [(law - C * C, "C C weights are missing: either all the reductions, which are as many together, or the fusion"),
             (law - C * C + w * C, "the fusion mixes all channels with all channels"),
             (sum(k * w * w for k, d in branches), "only the kernels were counted"),
             (sum(k * C * C for k, d in branches) + len(branches) * C * C,
              "every branch was given all channels, as in the article; here each has its share"),
             (sum(C * C + k * C * C for k, d in branches) + C * C, "every branch was given all channels; here each has "
                                                                   "its share"),
             (sum(C * w + k * C * w for k, d in branches) + C * C,
              "behind the reduction a kernel sees the channels of its branch, not all of them"),
             (sum(C * w + k * w for k, d in branches) + C * C,
              "a weight of the kernel leads from every channel of its branch to every channel of it"),
             (law // len(branches), "one branch was counted, not all"),
             (law + 3 * C, "biases were counted too; leave them out"),
             (sum(C * w + ((k - 1) * d + 1) * w * w for k, d in branches) + C * C,
              "the holes between the weights were counted; dilation adds none")]
    return next((f"{said}: {why}" for number, why in parts if number == got), said)


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

live = Check("live", asks="a function of x (T,), kernels, each (k_i,), and dilations: (n + 1, T)", hints=(
    "Give it a film that is 0 until frame 10 and 1 from there on. In which rows does something happen before frame 10? "
    "And what is "
    "the last row of a film that is -1 throughout?",
    "Everything that is padded must be padded before the first frame. And a zero is larger than -1.",
    "A kernel needs (k - 1) d frames of zeros, all of them in front; the largest of three needs two frames of minus infinity."))


def _film(rng, T=15):
    """Whole numbers below zero, kernels that are no palindromes, dilations."""
    x = torch.from_numpy(rng.integers(-30, -5, T).astype(float))
    kernels = [torch.from_numpy(np.sort(rng.choice(np.arange(1, 20), size=k, replace=False)).astype(float)) for k in (3, 5, 3)]
    return x, kernels, [1, 2, 3]


def _rows(answer, x, kernels, dilations):
    return call(answer, x, kernels, dilations, shape=(len(kernels) + 1, len(x)))


def _live(x, kernels, dilations):
    """By the definition, frame by frame."""
    rows = [[sum(w * x[t - (len(W) - 1 - i) * d] for i, w in enumerate(W) if t - (len(W) - 1 - i) * d >= 0) for t in range(len(x))]
            for W, d in zip(kernels, dilations, strict=True)]
    return torch.tensor([*rows, [max(x[max(0, t - 2):t + 1]) for t in range(len(x))]], dtype=torch.float64)


def _first_change(answer, x, kernels, dilations, at):
    """For each row the first frame that changes when the film changes from frame `at` on."""
    later = x.clone()
    later[at:] += torch.arange(len(x) - at) + 40.0
    moved = (_rows(answer, later, kernels, dilations) - _rows(answer, x, kernels, dilations)).abs() > 1e-9
    return [int(row.nonzero()[0]) if row.any() else len(x) for row in moved]


@live.property("gives a row for each kernel and one for the largest, as long as the film")
def _(answer, rng):
    x, kernels, dilations = _film(rng)
    _rows(answer, x, kernels, dilations)
    _rows(answer, x[:4], kernels[:1], dilations[:1])
    return True


@live.property("no kernel hears a frame that has not come yet")
def _(answer, rng):
    x, kernels, dilations = _film(rng)
    for n, first in enumerate(_first_change(answer, x, kernels, dilations, 9)[:-1]):
        if first < 9:
            return (f"the film was changed from frame 9 on, and the kernel of {len(kernels[n])} with dilation "
                    f"{dilations[n]} answered "
                    f"otherwise from frame {first} on")
    return True


@live.property("the largest of three frames does not hear the future either")
def _(answer, rng):
    x, kernels, dilations = _film(rng)
    first = _first_change(answer, x, kernels, dilations, 9)[-1]
    return first >= 9 or f"the film was changed from frame 9 on, and the last row answered otherwise from frame {first} on"


@live.property("W[0] meets the earliest frame, the last weight meets now, and dilation lies between them")
def _(answer, rng):
    x, kernels, dilations = _film(rng)
    got, law = _rows(answer, x, kernels, dilations)[:-1, 12:], _live(x, kernels, dilations)[:-1, 12:]
    if close(got, law):
        return True
    if close(got, _live(x, [k.flip(0) for k in kernels], dilations)[:-1, 12:]):
        return "the kernels are turned round: the last weight meets the earliest frame"
    if close(got, _live(x, kernels, [1] * len(kernels))[:-1, 12:]):
        return "dilation was forgotten: the weights lie on neighbouring frames"
    n = next(n for n in range(len(law)) if not close(got[n], law[n]))
    return (f"the kernel {digits(kernels[n])} with dilation {dilations[n]} answered {digits(got[n, 0])} in frame 12 of "
            "the film "
            f"{digits(x)}")


@live.property("before the film there are zeros for a kernel, and nothing at all for the largest")
def _(answer, rng):
    x, kernels, dilations = _film(rng)
    got, law = _rows(answer, x, kernels, dilations), _live(x, kernels, dilations)
    if close(got, law):
        return True
    if close(got[:-1], law[:-1]):
        t = int((got[-1] - law[-1]).abs().argmax())
        if got[-1, t] == 0:
            return f"the largest of frames that are all below zero came out as 0 in frame {t}: a zero from the padding won"
        three = digits(x[max(0, t - 2):t + 1])
        return f"the last row holds {digits(got[-1, t])} in frame {t}; the film up to that frame ends with {three}"
    n = next(n for n in range(len(law)) if not close(got[n], law[n]))
    t = int((got[n] - law[n]).abs().argmax())
    return f"frame {t} of the kernel of {len(kernels[n])} with dilation {dilations[n]} came out as {digits(got[n, t])}"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "three": dict(
        question="Heights in seven frames: <b>4, 4, 4, 5, 7, 8, 8</b>. Stand in the middle, at the 5. The kernel of 3 "
                 "frames is "
                 "<b>&minus;1, 0, 1</b>, that of 5 is <b>&minus;1, &minus;1, 0, 1, 1</b>, that of 7 has three of each. "
                 "What do the "
                 "three answer? And what comes out if the fusion takes <b>2</b> times the first, <b>&minus;1</b> times "
                 "the second and "
                 "<b>1</b> times the third?",
        answer=[3, 7, 11, 10], rows=("3 frames", "5 frames", "7 frames", "fused"), label="the answers",
        slips=[([-3, -7, -11, -10], "The kernels are turned round: the minus signs stand before, the plus signs after."),
               ([3, 7, 11, 21], "The three answers were added. The fusion has weights of its own."),
               ([3, 7, 11, 24], "The weight of the second is &minus;1, not 1."),
               ([3, 4, 4, 6], "You took the outermost frames only. All frames of the window count."),
               ([3, 3.5, 3.67, 6.17], "These are means. The kernels here add.")],
        hints=("The kernel of 3 takes the frame after minus the frame before.",
               "The kernel of 5: (7 + 8) &minus; (4 + 4).",
               "Fused: twice the first answer, minus the second, plus the third."),
        right="Three windows over one film, then one number out of three. That is all there is to the block of the article."),
    "merged": dict(
        question="The same three kernels, <b>&minus;1, 0, 1</b> and <b>&minus;1, &minus;1, 0, 1, 1</b> and <b>&minus;1, "
                 "&minus;1, &minus;1, "
                 "0, 1, 1, 1</b>, and the fusion <b>2, &minus;1, 1</b>. Which single kernel of 7 frames gives the same "
                 "answer on every "
                 "film?",
        answer=[-1, 0, -2, 0, 2, 0, 1], rows=("t − 3", "t − 2", "t − 1", "t", "t + 1", "t + 2", "t + 3"),
        label="its weights",
        slips=[([-1, -2, -3, 0, 3, 2, 1], "That is the sum of the three. The fusion weighs them: 2, &minus;1, 1."),
               ([-1, -2, -4, 0, 4, 2, 1], "The second kernel counts <i>minus</i> once."),
               ([-2, 0, 1, -1, 0, 1, 1], "You laid all three on their first frame. They meet in the middle, at t."),
               ([1, 0, 2, 0, -2, 0, -1], "All signs are turned round."),
               ([0, 1, -1, 0, 1, -1, 0], "The kernel of 7 is missing."),
               ([-1, 0, 0, 0, 0, 0, 1], "The first kernel was counted once with the wrong weight. It counts twice.")],
        hints=("Write the three kernels below each other so that their middles meet.",
               "At t + 3 only the long one has a weight; it counts once.",
               "At t + 1: twice 1, minus 1, plus 1."),
        right="On the film 4, 4, 4, 5, 7, 8, 8 it gives 10, as before. Three kernels and a fusion are one kernel, "
              "written in a long way."),
    "reach": dict(
        question="A branch has <b>7</b> weights and dilation <b>8</b>. How many frames is it from the first to the last "
                 "that it hears, "
                 "both counted? How many of these does it hear? And how far do <b>two</b> such layers on top of each "
                 "other see?",
        answer=[49, 7, 97], rows=("from first to last", "heard", "two layers"), label="frames",
        slips=[([56, 7, 111], "Seven weights have six gaps between them, not seven."),
               ([48, 7, 96], "The gaps are 48 frames. From the first frame to the last, both counted, it is one more."),
               ([49, 49, 97], "Only every eighth frame has a weight."),
               ([49, 7, 98], "The second layer adds its reach, 48, not another 49: the frame in the middle is counted once."),
               ([57, 7, 113], "Seven weights have six gaps between them, of 8 frames each.")],
        hints=("How many gaps are there between seven weights?", "Six gaps of 8 frames, and one frame more.",
               "The second layer adds 48."),
        right="It reaches as far as a kernel of 49 with a seventh of its weights, and does not hear 42 of the 49 frames."),
    "count": dict(
        question="60 channels in, 60 out. Three branches share them: each reduces 60 channels to <b>20</b> and then has "
                 "a kernel of "
                 "<b>5</b>, with dilations 1, 4 and 12. A fusion from 60 to 60 comes last. How many weights, without the "
                 "added numbers "
                 "of norms and biases?",
        answer=[3600, 6000, 3600], rows=("the reductions", "the kernels", "the fusion"), label="weights",
        slips=[([1200, 2000, 3600], "That is one branch. There are three."),
               ([3600, 34000, 3600], "Dilation lays weights apart. It adds none."),
               ([3600, 300, 3600], "A weight leads from each of 20 channels to each of 20."),
               ([3600, 18000, 3600], "Behind the reduction a kernel sees 20 channels, not 60."),
               ([10800, 54000, 10800], "Every branch was given all 60 channels. They share them."),
               ([3600, 6000, 400], "The fusion mixes all 60 channels.")],
        hints=("One reduction: from 60 channels to 20.", "One kernel: five matrices of 20 times 20.",
               "Three of each; then 60 times 60 for the fusion."),
        right="13,200 in all. One kernel of 49 on 60 channels has 176,400."),
}

QUIZZES = {
    "linear": dict(
        question="Kernels of 3, 5 and 7 side by side and a 1&times;1 fusion are one kernel of 7. Which change makes them "
                 "more than that?",
        choices=[
            ("Twice as many channels in each branch.", False,
             "The fusion adds them up again. However many there are, adding weighted frames is one kernel of 7."),
            ("A second 1&times;1 convolution behind the fusion.", False, "Two matrices in a row are one matrix."),
            ("A ReLU between the branches and the fusion.", True,
             "Now a branch can be silent in one frame and speak in the next. No fixed weights on seven frames do that. "
             "The released "
             "code of ST-GCN++ has it there."),
            ("A batch norm behind each branch.", False,
             "In use, a batch norm multiplies a channel by a number and adds one: that goes into the weights. In "
             "training it differs."),
        ]),
    "resample": dict(
        question="Clips of ten seconds, 300 frames, hold a long stir and a tap of 9 frames. To let one kernel of 7 see "
                 "more, somebody "
                 "resamples every clip to 30 frames. What becomes of the tap?",
        choices=[
            ("Nothing: the order of frames is kept.", False, "The order is, but of ten frames one is left."),
            ("It becomes slower.", False, "In frames it becomes shorter: that is what resampling did for the stir."),
            ("It lasts about one frame, or none.", True,
             "One kernel of 7 now fits the stir, and nothing fits the tap any more. The choice between the two tempos "
             "was not avoided, "
             "only moved out of the network."),
            ("The network finds it with a smaller learning rate.", False, "What is not in the input cannot be found by "
                                                                          "training."),
        ]),
}

PREDICTIONS = {
    "near": dict(
        key="ch17-near",
        question="Many texts put kernels of 3, 5 and 7 frames side by side, so that a network hears quick and slow "
                 "movements. Six "
                 "movements are to be told apart; the slow ones last 54 frames, and the tracker is noisy. How many of "
                 "the slow ones "
                 "does a network of one such layer name?",
        choices=("Nearly all", "About half", "One in six, as by guessing"),
        truth=1,
        reply="It hears that something moves, and along which axis: that leaves two of the six. Which way came first it "
              "does not hear, "
              "just as a single kernel of 7 does not. Three scales that lie so close together are one scale.",
        later="It is measured in this chapter."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
