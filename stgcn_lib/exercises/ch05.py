"""Chapter 5, The ST-GCN model: what the page and the notebook check."""

import torch
from torch import nn

from . import boxes
from .checker import Check, Wrong, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

block = Check("block", asks="a function of x and the five parts spatial, norm1, temporal, norm2, skip", hints=(
    "Write the formula of the block from the inside out: what is done to x first?",
    "There are two ReLUs: one between space and time, one at the very end. Which of the two comes after the sum?",
    "y = norm1(spatial(x)), ReLU; then y = norm2(temporal(y)); then add skip(x); then ReLU."))


def _parts(**changed):
    """The five parts, each doing nothing, but for those that are given."""
    parts = dict.fromkeys(("spatial", "norm1", "temporal", "norm2"), nn.Identity()) | {"skip": torch.zeros_like} | changed
    return list(parts.values())


def _x(rng, sign=1.0):
    """(N, C, T, V) tensor whose entries all have one sign."""
    return sign * torch.from_numpy(rng.uniform(1, 2, (2, 3, 4, 5))).float()


def _ran(answer, x, parts):
    used = []
    got = call(answer, x, *parts[:-1], lambda z: used.append(z) or parts[-1](z), shape=x.shape)
    if not used:
        raise Wrong("skip was never used: what is added is skip(x), and x itself has the right shape only where nothing changes it")
    return got


@block.property("returns (N, C', T', V), here with the shape of x")
def _(answer, rng):
    shapes = (2, 3, 4, 5), (1, 2, 6, 3)
    return all(len(call(answer, torch.from_numpy(rng.uniform(1, 2, n)).float(), *_parts(), shape=n)) for n in shapes)


@block.property("space comes before time, and each has its own norm right behind it")
def _(answer, rng):
    x, seen = _x(rng), []

    def part(name, factor, add):
        def run(z):
            seen.append(name)
            return factor * z + add
        return run

    made = {"spatial": (1.0, 2.0), "norm1": (3.0, 0.0), "temporal": (1.0, 5.0), "norm2": (7.0, 0.0)}
    got = _ran(answer, x, _parts(**{name: part(name, *how) for name, how in made.items()}))  # all positive: no ReLU plays a part
    if close(got, 7 * (3 * (x.double() + 2) + 5)):
        return True
    return ("one of the parts was not given what the one before it had made" if seen == list(made) else
            f"the parts were used in the order {', '.join(seen) or 'none'}; that gives other numbers")


@block.property("between norm1 and temporal, what is negative becomes zero")
def _(answer, rng):
    x = _x(rng, -1.0)
    got = _ran(answer, x, _parts(temporal=torch.neg))
    if not close(got, torch.zeros_like(got)):
        return f"x is negative everywhere, temporal turns signs round; {digits(got.flatten()[0])} came out: no ReLU between?"
    got = _ran(answer, x, _parts(norm1=lambda z: z + 5))
    return close(got, x.double() + 5) or (
        f"norm1 adds 5 to a negative x; {digits(x.flatten()[0])} became {digits(got.flatten()[0])}: was ReLU before norm1?")


@block.property("the residual is skip of the block's own input, added once")
def _(answer, rng):
    x = _x(rng)
    got = _ran(answer, x, _parts(norm1=lambda z: 0 * z, skip=lambda z: 10 * z))
    if not close(got, 10 * x.double()):
        return (f"the branch gives 0 and skip gives ten times what it is given; where x is {digits(x.flatten()[0])}, "
                f"{digits(got.flatten()[0])} came out")
    got = _ran(answer, x, _parts(skip=lambda z: 10 * z, norm2=lambda z: 3 * z - 1, temporal=lambda z: 2 * z))
    if close(got, 36 * x.double() - 1):
        return "norm2 was given the sum: it belongs to the branch, and skip(x) is added behind it"
    return close(got, 16 * x.double() - 1) or "the branch gives 6 x - 1 and skip gives 10 x; their sum is not what came out"


@block.property("the last ReLU comes after the sum")
def _(answer, rng):
    x = _x(rng)
    got = _ran(answer, x, _parts(norm2=lambda z: -z, skip=lambda z: 3 * z))
    if not close(got, 2 * x.double()):
        why = ": the branch was cut at zero on its own" if close(got, 3 * x.double()) else ", not their sum"
        return (f"where x is {digits(x.flatten()[0])} the branch gives minus that and skip three times that; "
                f"{digits(got.flatten()[0])} came out{why}")
    got = _ran(answer, x, _parts(norm2=lambda z: -3 * z, skip=nn.Identity()))
    return bool((got >= 0).all()) or "branch and skip add up to a negative number, and a negative number left the block"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

scores = Check("scores", asks="a function of x (N, C, T, V, M), norm, body and head", hints=(
    "Bring M next to N before you reshape: a reshape never moves a number, only permute does.",
    "norm wants (N M, V C, T) with joints outermost, body wants (N M, C, T, V). One permute and reshape there, one back.",
    "A place is empty if all its C T V numbers are zero. Its weight is 0, the others have 1 / (how many there are). Mind 1 / 0."))


class _Network:
    """Parts of a network that remember what they were given: a norm with a bias, a body that widens, a linear head."""

    def __init__(self, rng, C=2, V=3, D=4, classes=3):
        draw = lambda *shape: torch.from_numpy(rng.normal(size=shape)).float()  # noqa: E731
        self.scale, self.shift = 1 + 0.1 * draw(V * C, 1).abs(), 0.5 + draw(V * C, 1).abs()
        self.W, self.b, self.H, self.h = draw(D, C), draw(D, 1, 1), draw(classes, D), draw(classes)
        self.C, self.V, self.normed, self.bodies, self.parts = C, V, None, None, (self.norm, self.body, self.head)

    def norm(self, z):
        if z.dim() != 3 or z.shape[1] != self.V * self.C:
            raise Wrong(f"norm was given shape {tuple(z.shape)}, expected (people, {self.V * self.C}, frames): V C rows")
        self.normed = z
        return self.scale * z + self.shift

    def body(self, z):
        if z.dim() != 4 or z.shape[1] != self.C or z.shape[3] != self.V:
            raise Wrong(f"body was given shape {tuple(z.shape)}, expected (people, {self.C}, frames, {self.V})")
        self.bodies = z
        return (torch.einsum("dc,nctv->ndtv", self.W, z) + self.b).relu()

    def head(self, z):
        return z @ self.H.T + self.h

    def alone(self, x):
        """One person as body should get her, x (C, T, V) -> (C, T, V)."""
        C, T, V = x.shape
        return (self.scale * x.permute(2, 0, 1).reshape(V * C, T) + self.shift).reshape(V, C, T).permute(1, 2, 0)

    def person(self, x):
        """Features of one person, x (C, T, V) -> (D): the law, step by step."""
        return (torch.einsum("dc,ctv->dtv", self.W, self.alone(x)) + self.b).relu().mean((1, 2))


def _asked_for_scores(answer, rng, N=2, M=2):
    """A network, clips (N, C, T, V, M), and what the answer makes of them."""
    net, x = _Network(rng), torch.from_numpy(rng.normal(size=(N, 2, 5, 3, M))).float()
    return net, x, call(answer, x, *net.parts, shape=(N, 3))


def _among(rows, one):
    return rows.shape[1:] == one.shape and bool((rows - one).flatten(1).abs().amax(1).lt(1e-5).any())


@scores.property("returns one row of scores for each clip, (N, classes)")
def _(answer, rng):
    return all(_asked_for_scores(answer, rng, N, M) for N, M in ((2, 2), (3, 1)))


@scores.property("norm gets one person at a time, joints outermost: row v C + c is joint v, channel c")
def _(answer, rng):
    net, x, _ = _asked_for_scores(answer, rng)
    if net.normed is None:
        return "norm was never used"
    by_joint, by_channel = (_among(net.normed, x[1, ..., 1].permute(order).reshape(6, 5)) for order in ((2, 0, 1), (0, 2, 1)))
    return by_joint or "the second person of clip 1 did not arrive at norm in that order: " + (
        "the channels are outermost" if by_channel else "numbers of other people, frames or joints are among hers")


@scores.property("body gets the normed clip of each person as (C, T, V)")
def _(answer, rng):
    net, x, _ = _asked_for_scores(answer, rng)
    if net.bodies is None:
        return "body was never used"
    return _among(net.bodies, net.alone(x[1, ..., 1])) or (
        "the second person of clip 1 did not arrive at body as norm left her, axes in the order C, T, V")


@scores.property("the score is head of the mean over frames and joints")
def _(answer, rng):
    net, x, got = _asked_for_scores(answer, rng, M=1)
    law = net.head(torch.stack([net.person(clip) for clip in x[..., 0]]))
    return close(got, law) or f"one person a clip; clip 0 got {digits(got[0])}, which is not head(mean of her features)"


@scores.property("people of one clip are averaged, and clips do not mix")
def _(answer, rng):
    net, x, got = _asked_for_scores(answer, rng, N=3)
    features = torch.stack([torch.stack([net.person(clip[..., m]) for m in range(2)]) for clip in x])  # (N, M, D)
    crossed = "mixed with those of other clips: fold N before M, and unfold in the same order"
    for how, other in (("added up", features.sum(1)), ("compared, and the largest taken", features.amax(1)),
                       ("left out but for the first", features[:, 0]),
                       (crossed, features.swapaxes(0, 1).reshape(3, 2, -1).mean(1)),
                       (crossed, features.reshape(2, 3, -1).mean(0))):
        if close(got, net.head(other)):
            return f"two people in every clip: they were {how}"
    return close(got, net.head(features.mean(1))) or (
        f"two people in every clip; clip 0 got {digits(got[0])}, which is not head of the mean of the two")


@scores.property("an empty place, all zeros, changes nothing, and a clip of nobody stays finite")
def _(answer, rng):
    net, x, alone = _asked_for_scores(answer, rng, M=1)
    padded = call(answer, torch.cat([x, torch.zeros_like(x)], -1), *net.parts, shape=(2, 3))
    if not close(padded, alone):
        person = torch.stack([net.person(clip) for clip in x[..., 0]])
        nobody = net.person(torch.zeros_like(x[0, ..., 0]))
        why = ""
        if close(padded, net.head((person + nobody) / 2)):
            why = ": it was averaged in (look for zeros in x, behind norm there are none)"
        elif close(padded, net.head(person / 2)):
            why = ": it is left out of the sum, but still counted in what the sum is divided by"
        return f"clip 0 has {digits(alone[0])} on its own and {digits(padded[0])} with an empty place beside it{why}"
    call(answer, torch.zeros_like(x), *net.parts, shape=(2, 3))
    return True


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

probabilities = Check("probabilities", asks="a function of a model and a batch x", hints=(
    "Give it the same clip twice: once alone, once together with another one. Then look at which axis adds up to 1.",
    "In training mode a batch norm uses the mean of this very batch, dropout draws, and running statistics move. Which call "
    "switches all of that off, and how do you leave the model as you found it?",
    "was = model.training; model.eval(); the forward pass under torch.no_grad(); model.train(was); softmax over the classes, "
    "axis 1."))


class _Probe(nn.Module):
    """A tiny classifier with a batch norm and dropout that remembers whether gradients were recorded."""

    def __init__(self, rng):
        super().__init__()
        self.norm, self.drop, self.head = nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 4)
        self.norm.running_mean = torch.from_numpy(rng.normal(size=3)).float()
        self.norm.running_var = torch.from_numpy(rng.uniform(1, 2, 3)).float()
        self.recorded = None

    def forward(self, x):
        self.recorded = torch.is_grad_enabled()
        return self.head(self.drop(self.norm(x.mean((2, 3, 4)))))


def _asked(answer, rng, training=True):
    model = _Probe(rng).train(training)
    x = torch.from_numpy(2 * rng.normal(size=(6, 3, 4, 2, 1))).float()
    return model, x, (lambda z: call(answer, model, z, shape=(len(z), 4)))


@probabilities.property("returns one row a clip and one column a class")
def _(answer, rng):
    _, x, ask = _asked(answer, rng)
    return len(ask(x)) == len(x)


@probabilities.property("the numbers of one clip are 0 or more and add up to 1")
def _(answer, rng):
    _, x, ask = _asked(answer, rng)
    got = ask(x)
    if (got < 0).any():
        return f"a probability is {digits(got.min())}"
    if close(got.sum(0), torch.ones(4)):
        return "every class adds up to 1 over the clips: that is the other axis"
    return close(got.sum(1), torch.ones(6)) or f"those of clip 0 add up to {digits(got[0].sum())}"


@probabilities.property("a clip gets the same numbers alone and in company")
def _(answer, rng):
    _, x, ask = _asked(answer, rng)
    together, pair = ask(x)[:2], ask(x[:2])
    return close(together, pair) or (
        f"clip 0 has {digits(together[0])} in a batch of six and {digits(pair[0])} in a batch of two")


@probabilities.property("they are the softmax of the logits in evaluation mode")
def _(answer, rng):
    model, x, ask = _asked(answer, rng)
    got = ask(x)
    with torch.no_grad():
        law = model.eval()(x).softmax(1)
    return close(got, law) or f"clip 0 got {digits(got[0])}, which is not the softmax of its logits in evaluation mode"


@probabilities.property("the model is left as it was found: its mode and its running statistics")
def _(answer, rng):
    for training in (True, False):
        model, x, ask = _asked(answer, rng, training)
        before = model.norm.running_mean.clone()
        ask(x)
        if not torch.equal(before, model.norm.running_mean):
            return "the running mean of the batch norm moved, by asking a question"
        if any(module.training != training for module in model.modules()):
            return f"the model came in {'training' if training else 'evaluation'} mode and was left in the other"
    return True


@probabilities.property("no gradient is recorded on the way")
def _(answer, rng):
    model, x, ask = _asked(answer, rng)
    ask(x)
    return not model.recorded or "gradients were enabled while the model ran: for a large clip that is most of the memory"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "block": dict(
        question="The <b>chest</b> in the <b>middle</b> frame. After the spatial layer it has 6, 8, 10 in the three frames. "
                 "Norm: take off 8, divide by 2. ReLU. Temporal kernel (&minus;1, 2, 3), first weight for the frame before. "
                 "Norm: take off 9, divide by 2. Add the chest's own height, 4. ReLU. What comes out?",
        answer=1, label="chest, middle frame",
        slips={4: "That cuts the branch to zero and then adds 4. The sum comes first, then the ReLU.",
               0: "That is the branch alone, or the kernel turned round. The frame before gets &minus;1, and then 4 is added.",
               -3: "That is the branch. What the chest had at the beginning is still to be added.",
               1.5: "The first ReLU is missing: &minus;1 becomes 0 before time comes.",
               5: "The residual is what came into the block, 4, not what the spatial layer made of it, 8.",
               7: "The second norm is missing: 3 &minus; 9, divided by 2.",
               0.5: "That is the last frame. In the middle frame the kernel has a neighbour on both sides."},
        hints=("Behind the first norm the chest has a number below zero, a zero, and a number above. Which survive the ReLU?",
               "Only the frame after still has something. Which weight of the kernel meets it?",
               "The kernel gives 3. Norm it, add 4, and only then cut at zero."),
        right="3 becomes &minus;3, and &minus;3 + 4 = 1. The branch said \"less\", and the residual let it say so."),
    "fold": dict(
        question="A convolution has one weight, 3, and bias 2. Behind it a batch norm in evaluation mode: running mean 5, "
                 "spread 2 (the root of its variance), <i>&gamma;</i> = 4, <i>&beta;</i> = 1. Which weight and which bias does "
                 "a <b>single</b> convolution need to give the same numbers?",
        answer=[6, -5], rows=("weight", "bias"), label="folded",
        slips=[([6, 1], "The mean and the old bias are missing: 4 (2 &minus; 5) / 2 is added to <i>&beta;</i>."),
               ([6, 5], "The old bias goes through the norm as well, and the mean is taken off: (2 &minus; 5), not (2 + 0)."),
               ([12, -11], "The spread divides, it is not left out: the factor is 4 / 2."),
               ([1.5, -0.5], "<i>&gamma;</i> is missing: the factor is 4 / 2, not 1 / 2."),
               ([6, -9], "The old bias 2 takes part: 2 &minus; 5 and not &minus;5."),
               ([3, -5], "The weight is scaled too: whatever multiplies the output multiplies the weight.")],
        hints=("Write it down for one input: 4 ((3 x + 2) &minus; 5) / 2 + 1.",
               "What stands before x in the end? What is left when x is 0?",
               "The factor is 4 / 2. It multiplies 3, and it multiplies 2 &minus; 5."),
        right="6 x &minus; 5: for x = 1 both ways give 1. <code>fuse()</code> does this 22 times over in the ten blocks."),
    "ratio": dict(
        question="A block inside the network, 128 channels in and out, three subsets, kernel of 9 frames. For one joint in one "
                 "frame: how many times as many multiplications does the <b>temporal</b> convolution take as the channel "
                 "<b>mixing</b> of the spatial one (all <i>W<sub>k</sub></i> together)?",
        answer=3, label="times as many",
        slips={9: "The spatial layer has three matrices, not one.",
               27: "Nine frames against three matrices: divide, do not multiply.",
               0.3333: "The other way round: time has nine matrices of 128 by 128.",
               128: "Both mix 128 channels into 128: that factor is on both sides."},
        hints=("A kernel of 9 frames is nine matrices, one for each frame. How large is each?",
               "The spatial layer has one matrix of the same size for each subset.",
               "Nine matrices for the frames. How many for the subsets? Divide."),
        right="9 &middot; 128 &middot; 128 against 3 &middot; 128 &middot; 128. Gathering along the bones "
              "comes on top: little where there are many channels."),
    "frames": dict(
        question="A clip of <b>50</b> frames goes through <code>plan=((32, 1), (64, 2), (64, 1), (128, 2))</code> with kernel 9 "
                 "and padding 4. How many frames does each block hand on?",
        answer=[50, 25, 25, 13], rows=("block 1", "block 2", "block 3", "block 4"), label="frames",
        slips=[([50, 25, 25, 12], "25 frames with stride 2: outputs sit at 0, 2, ... 24. Count them: it is rounded up."),
               ([42, 17, 9, 1], "Padding 4 on both sides makes up for the kernel of 9: only the stride shortens."),
               ([50, 50, 25, 25], "The stride belongs to the block itself: block 2 already hands on half."),
               ([50, 25, 13, 7], "Only blocks 2 and 4 have stride 2.")],
        hints=("With kernel 9 and padding 4, a stride of 1 keeps the length.",
               "Stride 2 keeps every second frame, beginning with the first.",
               "25 frames: 0, 2, 4, ..., 24. How many are these?"),
        right="Half, rounded up. The mean at the end takes whatever is left, so one network serves clips of any length."),
}

QUIZZES = {
    "bias": dict(
        question="Every temporal convolution has a bias, and a batch norm stands right behind it. You set all these biases to 100. "
                 "What happens to the output in <b>training</b> mode?",
        choices=[("Nothing.", True, "The norm takes off the mean of the batch, and the 100 with it. The gradient of such a bias is "
                                    "zero. It costs a few numbers and stays because the released weights have it."),
                 ("Everything is cut off.", False, "ReLU comes after the norm, and the norm takes the 100 off first."),
                 ("All logits rise.", False, "They would without the norm. It takes the mean of the batch off, whatever that is."),
                 ("The same as in evaluation mode.", False, "There the running mean is taken off, which knows nothing of the "
                                                            "100 yet. The network breaks.")]),
    "head": dict(
        question="You have weights for 60 classes and want your own 5. Loading says <code>size mismatch for fcn.weight</code>. "
                 "What do you do?",
        choices=[("Load with <code>strict=False</code>.", False, "It forgives missing names, not other shapes: the error stays."),
                 ("Load into a network of 60 classes, then <code>model.with_head(5)</code>, then train the new head.", True,
                  "The blocks keep what they learned, and only the last layer is new. It knows nothing before it is trained."),
                 ("Keep the first 5 of the 60 rows.", False, "It would run, and name your classes after five of somebody else's."),
                 ("Train from the beginning.", False, "Sometimes that is best, but only the head has another shape.")]),
}

PREDICTIONS = {
    "empty": dict(
        key="ch05-empty",
        question="A file has room for two people. In your clips there is one, and the second place is <b>all zeros</b>. The "
                 "network was fitted to one person a clip. As in the released code, both places go through all blocks, and "
                 "their features are averaged. What does the empty place do?",
        choices=("Nothing: zeros go in, zeros come out",
                 "It halves all scores, so the order of the classes stays",
                 "It votes for a class of its own, and many clips change sides"),
        truth=2,
        reply="Zeros do not stay zeros. The input norm takes off the mean pose, and whoever has no pose is then far away from "
              "it; every norm adds its bias on the way. What comes out is a firm opinion, the same for every clip, and it has "
              "half of the votes.",
        later="It is measured near the end, on recorded people."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
