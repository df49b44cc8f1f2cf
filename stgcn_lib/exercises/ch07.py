"""Chapter 7, Looking inside: what the page and the notebook check."""

import torch
from torch import nn

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

saliency = Check("saliency", asks="a function of a model, clips x (N, C, T, V, M) and target (N,)", hints=(
    "Which number do you send backwards? It is one per clip, and it comes out of the network before any softmax.",
    "torch.autograd.grad(score, x) gives the gradient for x alone and leaves the weights in peace. In which mode is the network?",
    "One score is logits[n, target[n]]; clips do not mix in evaluation mode, so their sum will do. Size first, then the sum "
    "over C."))


class _Linear(nn.Module):
    """Logits are a bias and a weighted sum of all numbers of a clip: its gradients are its weights."""

    def __init__(self, rng, shape, classes=3):
        super().__init__()
        self.weight = nn.Parameter(torch.from_numpy(rng.normal(size=(classes, *shape))).float())
        self.bias = nn.Parameter(torch.from_numpy(rng.normal(size=classes)).float())

    def forward(self, x):
        return torch.einsum("kctvm,nctvm->nk", self.weight, x) + self.bias


class _Probe(nn.Module):
    """A small network with what behaves differently in training: a batch norm and dropout."""

    def __init__(self, rng, C=2, V=4, classes=3):
        super().__init__()
        self.norm, self.drop, self.head = nn.BatchNorm1d(C * V), nn.Dropout(0.5), nn.Linear(C * V, classes)
        with torch.no_grad():
            self.norm.running_mean.copy_(torch.from_numpy(rng.normal(size=C * V)))
            self.norm.running_var.copy_(torch.from_numpy(rng.uniform(0.5, 1, C * V)))

    def forward(self, x):
        return self.head(self.drop(self.norm((x * x.abs()).mean((2, 4)).flatten(1))))


def _clips(rng, N=3, C=2, T=5, V=4, M=1):
    return torch.from_numpy(rng.normal(size=(N, C, T, V, M))).float()


def _linear_map(answer, rng, C=2, target=(2, 0, 1)):
    x, target = _clips(rng, len(target), C), torch.tensor(target)
    model = _Linear(rng, x.shape[1:]).eval()
    got = call(answer, model, x, target, shape=(len(x), *x.shape[2:]))
    return model, x, target, got


@saliency.property("returns one number for each clip, frame, joint and person, (N, T, V, M)")
def _(answer, rng):
    for shape in ((3, 2, 5, 4, 1), (2, 3, 6, 5, 2)):
        x = _clips(rng, *shape)
        call(answer, _Linear(rng, shape[1:]).eval(), x, torch.zeros(len(x), dtype=torch.long), shape=(shape[0], *shape[2:]))
    return True


@saliency.property("it is the size of the gradient: with one channel, of a network that only weighs, the size of the weight")
def _(answer, rng):
    model, x, target, got = _linear_map(answer, rng, C=1)
    law = model.weight[target, 0].abs()
    if close(got, law):
        return True
    if (got < 0).any():
        return f"a number is {digits(got.min())}: which way the score moves is another question"
    if close(got * len(x), law):
        return f"of {len(x)} clips each got a part only: was a mean over the clips sent backwards?"
    p = model(x).detach().softmax(1)
    own, others = p.gather(1, target[:, None])[:, :, None, None, None], torch.einsum("nk,kctvm->nctvm", p, model.weight.detach())
    slope = (model.weight[target] - others)[:, 0].detach().abs()
    if close(got, own[:, 0] * slope):
        return "that is how the probability moves, not the logit"
    if close(got, slope):
        return "that is how the loss moves, or the logarithm of the probability, not the logit"
    return (f"clip 0, frame 0, joint 0: the weight of the class is {digits(model.weight[target[0], 0, 0, 0, 0].item())}, "
            f"the input {digits(x[0, 0, 0, 0, 0])}, and {digits(got[0, 0, 0, 0])} came out")


@saliency.property("several channels: the sizes are added up, so that x and y cannot cancel")
def _(answer, rng):
    model, x, target, _ = _linear_map(answer, rng)
    with torch.no_grad():
        model.weight[:, 1] = -model.weight[:, 0]
    got = call(answer, model, x, target, shape=(3, *x.shape[2:]))
    one = model.weight[target, 0].abs()
    if got.abs().max() < 1e-6:
        return "two channels with opposite weights gave 0 everywhere"
    for times, what in ((1, "once, as a mean or the larger of the two would"),
                        (2**0.5, "1.41 times, as the length of the gradient would")):
        if close(got, times * one):
            return f"two channels with opposite weights gave the size of one {what}; added up they give it twice"
    return close(got, 2 * one) or "two channels with opposite weights did not give twice the size of one"


@saliency.property("each clip is asked about its own class")
def _(answer, rng):
    model, x, target, got = _linear_map(answer, rng, C=1)  # how channels are put together is another property
    law = model.weight[target].abs().sum(1)
    if close(got, law):
        return True
    for k in range(3):
        if close(got, model.weight[[k] * 3].abs().sum(1)):
            return f"targets were 2, 0, 1; all three clips were asked about class {k}"
    return "targets were 2, 0, 1; the maps are not those of these classes' logits"


@saliency.property("a clip's map is the same alone and in company, so the network answers in evaluation mode")
def _(answer, rng):
    model, x = _Probe(rng).train(), _clips(rng, 6)
    target = torch.tensor([0, 1, 2, 0, 1, 2])
    together = call(answer, model, x, target, shape=(6, 5, 4, 1))
    model.train()
    pair = call(answer, model, x[:2], target[:2], shape=(2, 5, 4, 1))
    return close(together[:2], pair) or (
        f"joint 0 of clip 0 has {digits(together[0, 0, 0, 0])} in a batch of six and {digits(pair[0, 0, 0, 0])} in a batch "
        f"of two")


@saliency.property("the network is left as it was found: its mode, and its weights with the gradients they had")
def _(answer, rng):
    for training in (True, False):
        model = _Probe(rng).train(training)
        model.head.bias.grad = None if training else torch.ones(3)  # half-way through a training step
        call(answer, model, _clips(rng), torch.tensor([0, 1, 2]), shape=(3, 5, 4, 1))
        if any(module.training != training for module in model.modules()):
            return f"the network came in {'training' if training else 'evaluation'} mode and was left in the other"
        if any(p.grad is not None for p in model.parameters() if p is not model.head.bias or training):
            return "the weights have collected a gradient: the next training step would add it to its own"
        if not training and (model.head.bias.grad is None or not torch.equal(model.head.bias.grad, torch.ones(3))):
            return "a weight came with a gradient of its own, and that has changed: a training step half-way through would be lost"
        if not all(p.requires_grad for p in model.parameters()):
            return "the weights came with requires_grad and were left without: the network could not be trained any more"
    return True


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

occlusion = Check("occlusion", asks="a function of a model, clips x (N, C, T, V, M), target (N,) and a list of groups of joints",
                  hints=(
    "For each group: a fresh copy of the clips, those joints filled in, the probability of the target, and what is lost of it.",
    "The mean place of a joint is a mean over frames: one number for each clip, channel, joint and person. keepdim helps.",
    "still = x.mean(2, keepdim=True); y = x.clone(); y[:, :, :, group] = still[:, :, :, group]; before - after, of softmax(1)."))


def _drops(answer, model, x, target, groups):
    return call(answer, model, x, target, groups, shape=(len(x), len(groups)))


def _p(model, x, target):
    with torch.no_grad():
        return model(x).double().softmax(1).gather(1, target[:, None])[:, 0]


def _law(model, x, target, group, fill):
    y = x.clone()
    y[:, :, :, group] = fill.expand_as(x)[:, :, :, group]
    return _p(model, x, target) - _p(model, y, target)


def _setting(rng):
    x = _clips(rng, 3, 2, 5, 4, 1) + torch.arange(1.0, 5)[:, None]  # each joint has a place of its own
    return _Linear(rng, x.shape[1:]).eval(), x, torch.tensor([2, 0, 1])


@occlusion.property("returns one number for each clip and group")
def _(answer, rng):
    model, x, target = _setting(rng)
    _drops(answer, model, x, target, [[0], [1, 2], [3]])
    _drops(answer, model, x[:2], target[:2], [[0, 1, 2, 3]])
    return True


@occlusion.property("a clip in which nobody moves loses nothing")
def _(answer, rng):
    model, x, target = _setting(rng)
    got = _drops(answer, model, x[:, :, :1].expand_as(x).contiguous(), target, [[0], [1, 2]])
    clip, group = divmod(got.abs().argmax().item(), 2)
    return close(got, torch.zeros(3, 2)) or (
        f"all frames were alike, and group {('[0]', '[1, 2]')[group]} of clip {clip} still lost {digits(got[clip, group], 6)}")


@occlusion.property("a joint in no group is left alone, and joints of a group stay at their own mean place")
def _(answer, rng):
    model, x, target = _setting(rng)
    got, mean = _drops(answer, model, x, target, [[1]])[:, 0], x.mean(2, keepdim=True)
    if close(got.abs(), _law(model, x, target, [1], mean).abs()):
        both = _drops(answer, model, x, target, [[1, 2]])[:, 0].abs()
        shared = mean[:, :, :, [1, 2]].mean(3, keepdim=True)
        if close(both, _law(model, x, target, [1, 2], mean).abs()):
            return True
        return ("joints 1 and 2 in one group went to one place, the mean of both: each has its own"
                if close(both, _law(model, x, target, [1, 2], shared).abs()) else
                "joint 1 alone is right, joints 1 and 2 as one group are not: does each stay at its own mean place?")
    others = {"stood where it was in the first frame": x[:, :, :1], "was moved into the origin": torch.zeros(()),
              "got the mean of all joints": x.mean(3, keepdim=True), "got the mean of all numbers": x.mean(),
              "got the mean of the other clips as well": x.mean((0, 2), keepdim=True)}
    for what, fill in others.items():
        if close(got.abs(), _law(model, x, target, [1], fill).abs()):
            return f"joint 1 {what}"
    y = x.clone()
    y[:, :, 1] = x.mean(2)
    if close(got.abs(), (_p(model, x, target) - _p(model, y, target)).abs()):
        return "frame 1 was filled for all joints, instead of joint 1 for all frames"
    if close(got.abs(), _law(model, x, target, [0, 2, 3], mean).abs()):
        return "joint 1 moved on, and all the others were held still"
    before, after = model(x).gather(1, target[:, None])[:, 0], x.clone()
    after[:, :, :, 1] = mean[:, :, :, 1]
    if close(got.abs(), (before - model(after).gather(1, target[:, None])[:, 0]).detach().abs(), 1e-4):
        return "the right joint was held still, but that is what the logit loses, not the probability"
    if close(got.abs(), (_law(model, x, target, [1], mean) / _p(model, x, target)).abs(), 1e-4):
        return "the right joint was held still, but that is the share that the probability loses: take the plain difference"
    return f"joint 1 alone: clip 0 lost {digits(got[0])}, which is not what standing still at its mean place costs"


@occlusion.property("it is what the probability loses: above 0 where the class needs the joints")
def _(answer, rng):
    model, x, target = _setting(rng)
    got, law = _drops(answer, model, x, target, [[0]])[:, 0], _law(model, x, target, [0], x.mean(2, keepdim=True))
    if close(got, law):
        return True
    return f"clip 0 got {digits(got[0])}" + (": before and after are exchanged" if close(got, -law) else
                                             ", which is not what its probability loses")


@occlusion.property("every group starts from the whole clip again, and x itself is not written to")
def _(answer, rng):
    model, x, target = _setting(rng)
    groups, kept = [[0], [1, 2], [3]], x.clone()
    got = call(lambda: answer(model, x, target, groups), shape=(3, 3))
    if not torch.equal(x, kept):
        return "the clips that you were given have changed"
    backwards = _drops(answer, model, x, target, groups[::-1]).flip(1)
    return close(got, backwards) or (
        f"group 0 of clip 0 loses {digits(got[0, 0])} if it comes first and {digits(backwards[0, 0])} if it comes last")


@occlusion.property("a clip's number is the same alone and in company, and the mode of the network is put back")
def _(answer, rng):
    model, x, target = _Probe(rng).train(), _clips(rng, 6), torch.tensor([0, 1, 2, 0, 1, 2])
    together = _drops(answer, model, x, target, [[0], [1]])[:2]
    if any(not module.training for module in model.modules()):
        return "the network came in training mode and was left in evaluation mode"
    pair = _drops(answer, model, x[:2], target[:2], [[0], [1]])
    return close(together, pair) or (
        f"group 0 of clip 0 loses {digits(together[0, 0])} in a batch of six and {digits(pair[0, 0])} in a batch of two")


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

rank_correlation = Check("rank_correlation", asks="a function of two maps a and b, (N, V) each", hints=(
    "Print argsort of [30, 10, 20]. Is that the place of each number, or the numbers in order of their places?",
    "Ranks are given within a clip, so along which axis? And over how many numbers does each mean go?",
    "argsort twice along axis 1 gives places. Take off each row's mean; then sum of products over the root of the sums of "
    "squares."))


def _maps(rng, N=4, V=7):
    return [torch.from_numpy(rng.normal(size=(N, V))).float() for _ in range(2)]


def _ranked(answer, a, b):
    return call(answer, a, b, shape=(len(a),))


@rank_correlation.property("returns one number for each clip")
def _(answer, rng):
    for N, V in ((4, 7), (5, 9)):
        _ranked(answer, *_maps(rng, N, V))
    return True


@rank_correlation.property("a map agrees with itself: exactly 1")
def _(answer, rng):
    a, _ = _maps(rng)
    got = _ranked(answer, a, a)
    return close(got, torch.ones(4)) or f"clip 0 agrees with itself to {digits(got[0])}"


@rank_correlation.property("turned upside down it is -1")
def _(answer, rng):
    a, _ = _maps(rng)
    got = _ranked(answer, a, -a)
    return close(got, -torch.ones(4)) or f"clip 0 and its negative: {digits(got[0])}"


@rank_correlation.property("only the order counts: cubing a map, or making it louder, changes nothing")
def _(answer, rng):
    a, b = _maps(rng)
    before, after = _ranked(answer, a, b), _ranked(answer, 5 * a**3 + 1, b)
    return close(before, after) or f"clip 0 had {digits(before[0])}, and {digits(after[0])} when the first map was cubed"


@rank_correlation.property("a clip's number does not depend on the other clips")
def _(answer, rng):
    a, b = _maps(rng)
    together, alone = _ranked(answer, a, b)[:1], _ranked(answer, a[:1], b[:1])
    return close(together, alone) or f"clip 0 has {digits(together[0])} among four clips and {digits(alone[0])} alone"


@rank_correlation.property("renaming the joints, in both maps alike, changes nothing, and it is Spearman's number")
def _(answer, rng):
    a, b = _maps(rng)
    order = torch.from_numpy(rng.permutation(a.shape[1]))
    got, renamed = _ranked(answer, a, b), _ranked(answer, a[:, order], b[:, order])
    if not close(got, renamed):
        return f"clip 0 has {digits(got[0])}, and {digits(renamed[0])} with the joints in another order"
    d, V = a.argsort(1).argsort(1) - b.argsort(1).argsort(1), a.shape[1]
    return close(got, 1 - 6 * (d**2).sum(1) / (V * (V**2 - 1))) or f"clip 0 got {digits(got[0])}, which is not Spearman's number"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "toy": dict(
        question="Shoulder at &minus;4, elbow at 3, wrist at 2. Before ReLU the shoulder has &minus;6, the elbow 17, the wrist "
                 "3; the score is the sum after ReLU. What is the <b>saliency</b> of the three joints: how much does the score "
                 "move, up or down, for each square that a joint moves?",
        answer=[1, 2, 5], rows=("shoulder", "elbow", "wrist"), label="saliency",
        slips=[([-1, 2, 5], "That is the gradient, with its direction. Saliency is its size."),
               ([2, 4, 5], "The shoulder's own sum is &minus;6, so its ReLU is shut: its row hears nothing and passes nothing "
                           "back."),
               ([1, 4, 5], "The elbow still gets 2 from the shoulder's row, and that row is shut."),
               ([2, 2, 5], "The shoulder's own 3 goes through its own ReLU, and that is shut: what is left is what the elbow "
                           "hears."),
               ([4, 6, 10], "That is gradient times height: a share of the score, not how it reacts."),
               ([0, 17, 3], "That is what comes out at each joint. The question is how the sum reacts to what goes in."),
               ([3, 3, 3], "Those are the root weights. A joint's height also goes to its neighbours.")],
        hints=("Which of the three ReLUs let anything through? Strike out the row of the one that does not.",
               "Wrist: its height enters its own sum with 3 and the elbow's sum with 2. Both are open.",
               "The same for the others: add a joint's column over the open rows, then drop the sign."),
        right="Columns, where the forward pass read rows: a gradient runs along the edges backwards."),
    "far": dict(
        question="The same arm. The gradient at the shoulder is &minus;1: one square up, one point less. Now lift the shoulder "
                 "by <b>three</b> squares, from &minus;4 to &minus;1, and work out the score anew. What is it?",
        answer=20, label="score",
        slips={17: "That is what the gradient promises: 20 &minus; 3. But on the way the shoulder's own ReLU opens.",
               23: "The elbow hears the shoulder with &minus;1, so its sum falls. And the shoulder's own ReLU opens.",
               14: "That is the elbow alone. The wrist has 3 as before; and look at the shoulder's own sum.",
               26: "The elbow falls from 17 to 14: the shoulder is its parent, and counts with &minus;1."},
        hints=("The elbow hears its parent with &minus;1: what becomes of its 17?",
               "The shoulder's own sum is 3 times its height plus 2 times the elbow's. Is it still below zero?",
               "Three sums: the shoulder's is now 3, the elbow's 14, the wrist's as before."),
        right="3 + 14 + 3. Three points down, three points up: the gradient saw only the first half, because the ReLU was shut "
              "where it looked."),
    "rank": dict(
        question="Two maps of the same five joints: (9, 1, 4, 6, 2) and (6, 4, 1, 30, 3). Give each joint its <b>rank</b> in "
                 "both, 1 for the smallest. With <i>d</i> for the difference of the two ranks of a joint, Spearman's "
                 "correlation is 1 &minus; 6 &Sigma;<i>d</i>&sup2; / (<i>n</i> (<i>n</i>&sup2; &minus; 1)), <i>n</i> = 5. What "
                 "is it?",
        answer=0.5, label="rank correlation",
        slips={0.9167: "6 &Sigma;<i>d</i>&sup2; / 120: was the 6 forgotten?",
               0.7: "The differences are squared before they are added.",
               0.35: "That is the correlation of the numbers themselves. The 30 counts as rank 5, no more.",
               0.52: "<i>n</i> (<i>n</i>&sup2; &minus; 1) is 5 &middot; 24, not 125."},
        hints=("The first map's ranks are 5, 1, 3, 4, 2. Do the same with the second.",
               "The second map's ranks are 4, 3, 1, 5, 2.",
               "The differences are 1, &minus;2, 2, &minus;1, 0. Square them, add them up, multiply by 6, divide by 5 &middot; "
               "24."),
        right="&Sigma;<i>d</i>&sup2; is 10, and 60 / 120 is a half. That the fourth joint has 30 and not 6 makes no difference: "
              "only order counts."),
}

QUIZZES = {
    "importance": dict(
        question="In a trained network, block 3, the entry \"left hand hears left forearm\" of the edge importance is 1.9, and "
                 "the mean of all is 1. What do you know?",
        choices=[
            ("The network decides mostly by the left hand.", False,
             "What the hand hears may be multiplied by a weight near 0 right afterwards, or shut off by a ReLU."),
            ("The left hand matters more than the right one, whose entry is 0.9.", False,
             "Left and right share their weights here, so this is the best guess of all. But batch norms, later blocks and the "
             "head may undo it: look at what a change of the hand does to the score."),
            ("In this block the hand's sum takes the forearm 1.9 times as strongly as the adjacency alone would.", True,
             "Exactly that, and no more. It is a factor inside the network, not a share of the decision."),
            ("The edge is 1.9 times as important as it was before training.", False,
             "It has another factor than before. The weights behind it have changed as well, and the two can trade a factor of "
             "2 without changing any answer."),
        ]),
    "same_map": dict(
        question="You draw a map for \"squat\", then for the same clip and \"lunge\", then with a network whose last block and "
                 "head are random. All three glow at the same joints. What is the most careful conclusion?",
        choices=[
            ("These joints decide between squat and lunge.", False,
             "A map that does not change with the class cannot say what tells two classes apart."),
            ("The network has learned to look at these joints.", False,
             "With random weights above it has learned little there, and the map is the same."),
            ("The map shows something of the clip or the architecture; why this class won cannot be read from it.", True,
             "Perhaps these joints simply move most, or have most neighbours. Ask something else: freeze them and look at the "
             "probability."),
            ("The code is wrong.", False, "It may be right. It answers a question that says little about the decision."),
        ]),
}

PREDICTIONS = {
    "squat": dict(
        key="ch07-squat",
        question="A network of chapter 6 tells a <b>deep squat</b> from <b>sit to stand</b> on nearly every clip. In both the "
                 "hips go down and come up again. Which part of the body, standing still, costs the squat most of its "
                 "probability?",
        choices=("The legs: hips, knees and feet carry the movement",
                 "The arms: people hold them differently",
                 "The trunk and the head: in a squat the back leans",
                 "None alone: enough is left in the rest"),
        truth=1,
        reply="On the recordings: the arms. Standing still they cost the squat most, and the legs cost it next to nothing. "
              "Another network, or another set of exercises, may say otherwise: ask it.",
        later="It is measured near the end."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
