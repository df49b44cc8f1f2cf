"""Chapter 4, Time as a dimension: what the page and the notebook check."""

import torch

from . import boxes
from .checker import Check, call, close, digits


def normal(rng, *shape):
    return torch.from_numpy(rng.normal(size=shape)).float()


def at_frame(t, frames=9, joints=4, channels=1, joint=1):
    """(C, T, V) zeros with a single 1, at frame t of one joint."""
    x = torch.zeros(channels, frames, joints)
    x[0, t, joint] = 1
    return x


# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

temporal = Check("temporal", asks="a function of x (C, T, V), W (C', C, k), stride, dilation and causal", hints=(
    "For one output frame, list the k frames that it reads. Where does the list start if the kernel looks both ways? Where if it "
    "only looks back?",
    "Put all the zeros that are needed before and after the clip first; then output t reads the padded frames t s, t s + d, "
    "t s + 2 d, ... and nobody has to ask where the clip ends.",
    "Padding in frames: (k - 1) d before if causal, (k - 1) d / 2 on both sides if not. Weight i meets padded frame t s + i "
    "d. There are T / s outputs, rounded up."))


def _temporal(answer, x, W, stride=1, dilation=1, causal=False):
    return call(answer, x, W, stride, dilation, causal, shape=(len(W), -(-x.shape[1] // stride), x.shape[2]))


@temporal.property("returns (C', T', V), with T' = T / stride rounded up")
def _(answer, rng):
    for frames, k, stride, dilation, causal in ((9, 3, 1, 1, False), (10, 5, 1, 2, True), (9, 3, 2, 1, False), (7, 1, 3, 1, True)):
        x, W, shape = normal(rng, 2, frames, 4), normal(rng, 3, 2, k), (3, -(-frames // stride), 4)
        got = tuple(call(answer, x, W, stride, dilation, causal).shape)
        if got != shape:
            return (f"x {tuple(x.shape)}, W {tuple(W.shape)}, stride {stride}, dilation {dilation}, causal={causal}: you "
                    f"return {got}, expected {shape}")
    return True


@temporal.property("a joint hears itself at other times, and no other joint")
def _(answer, rng):
    heard = _temporal(answer, at_frame(4), torch.ones(1, 1, 3))[0] != 0
    if heard.any(0).tolist() != [False, True, False, False]:
        return f"a 1 at frame 4 of joint 1, and these joints answered: {heard.any(0).nonzero().flatten().tolist()}"
    return bool(heard[:, 1].sum() == 3) or (
        f"a kernel of three ones, and the 1 of frame 4 was heard at {heard[:, 1].nonzero().flatten().tolist()}")


@temporal.property("centred: the middle weight is for now")
def _(answer, rng):
    for k in (3, 5):
        W = torch.zeros(1, 1, k)
        W[0, 0, k // 2] = 1
        got = _temporal(answer, at_frame(4), W)[0, :, 1]
        if not close(got, at_frame(4)[0, :, 1]):
            where = got.nonzero().flatten().tolist()
            return f"a kernel of {k} with a 1 in the middle should change nothing; the 1 of frame 4 came out at {where}"
    return True


@temporal.property("W[..., 0] is for the earliest frame, as in PyTorch")
def _(answer, rng):
    for causal in (False, True):
        got = _temporal(answer, at_frame(4), torch.tensor([[[1.0, 0, 0]]]), causal=causal)[0, :, 1]
        where, later = got.nonzero().flatten().tolist(), 6 if causal else 5
        if where != [later]:
            heard = "nowhere" if not where else f"at frame {', '.join(map(str, where))}"
            return (f"kernel (1, 0, 0), causal={causal}: the only weight is for the earliest frame, so the 1 of frame 4 should "
                    f"come out {later - 4} later; it came out {heard}" + ("" if where != [3] else ": the kernel is read backwards"))
    return True


@temporal.property("what lies beyond the ends counts as zero")
def _(answer, rng):
    got = _temporal(answer, torch.ones(1, 6, 2), torch.ones(1, 1, 3))[0, :, 0]
    if not close(got[1:-1], 3 * torch.ones(4)):
        return f"ones and a kernel of three ones: inside the clip you have {digits(got[1:-1])}"
    return close(got, torch.tensor([2.0, 3, 3, 3, 3, 2])) or (
        f"ones and a kernel of three ones: the first and the last output are {digits(got[0])} and {digits(got[-1])}; one of "
        f"their "
        "three frames is not there")


@temporal.property("channels are mixed by W[c', c], and everything adds up")
def _(answer, rng):
    x, W = normal(rng, 2, 8, 3), normal(rng, 4, 2, 3)
    W = W + W.flip(2)  # the same read backwards: which weight meets which frame was asked above
    got = _temporal(answer, x, W)
    alone = [sum(W[o, c, 1] * x[c, 4, 2] + W[o, c, 0] * x[c, 3, 2] + W[o, c, 2] * x[c, 5, 2] for c in range(2)) for o in range(4)]
    return close(got[:, 4, 2], torch.stack(alone), 1e-4) or (
        "output channel c' at (t, v) is not the sum, over c and i, of W[c', c, i] times channel c at the frame of weight i")


@temporal.property("dilation: d frames lie from one weight to the next")
def _(answer, rng):
    for dilation in (2, 3):
        heard = _temporal(answer, at_frame(6, frames=13), torch.ones(1, 1, 3), dilation=dilation)[0, :, 1]
        heard = heard.nonzero().flatten().tolist()
        if heard != [6 - dilation, 6, 6 + dilation]:
            return f"dilation {dilation}, kernel of three ones: the 1 of frame 6 was heard at {heard}"
    return True


@temporal.property("stride: every s-th frame of what stride 1 gives")
def _(answer, rng):
    x, W = normal(rng, 2, 11, 3), normal(rng, 2, 2, 3)
    for causal in (False, True):
        full = _temporal(answer, x, W, causal=causal)
        for stride in (2, 3):
            if not close(_temporal(answer, x, W, stride, causal=causal), full[:, ::stride]):
                return (
                    f"stride {stride}, causal={causal}: your outputs are not frames 0, {stride}, {2 * stride}, ... of your "
                    f"own with stride 1")
    return True


@temporal.property("causal: a change is heard now and later, never before, and the last weight is for now")
def _(answer, rng):
    for dilation in (1, 2):
        heard = _temporal(answer, at_frame(4, frames=12), torch.ones(1, 1, 3), dilation=dilation, causal=True)[0, :, 1]
        where = heard.nonzero().flatten().tolist()
        if any(t < 4 for t in where):
            return f"dilation {dilation}: a change in frame 4 was heard at {where}: somebody knows the future"
        if where != [4, 4 + dilation, 4 + 2 * dilation]:
            return f"dilation {dilation}: a change in frame 4 was heard at {where}, expected to begin at 4"
    return True


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

receptive_field = Check("receptive_field", asks="a function of three lists: kernels, strides, dilations, from input to "
                                                "output", hints=(
    "One layer: how many frames from the first that it reads to the last? Then think of two layers, from the output down.",
    "A layer adds (k - 1) d of ITS input frames. How many frames of the clip is one of those worth?",
    "Keep two numbers in a loop, frames = 1 and step = 1: add (k - 1) d step, and only then multiply step by the stride."))


def _field(answer, kernels, strides, dilations=None):
    got = call(answer, list(kernels), list(strides), list(dilations or [1] * len(kernels)), shape=()).item()
    return int(got) if got == int(got) else got  # 13, not 13.0, in what is said


WALK = "draw one output, below it what it reads, below that what those read, and count the frames at the bottom"


def _reach(kernels, strides, dilations):
    """The field by walking down from one output: how far apart its first and its last frame are."""
    low = high = 0
    for k, s, d in list(zip(kernels, strides, dilations, strict=True))[::-1]:
        low, high = low * s, high * s + (k - 1) * d
    return high - low + 1


@receptive_field.property("returns one number; a kernel of one frame sees one frame, however often")
def _(answer, rng):
    got = [_field(answer, [1] * n, [1] * n) for n in (1, 2, 5)]
    return got == [1, 1, 1] or f"one, two and five layers with kernels of 1 see {got[0]}, {got[1]} and {got[2]} frames"


@receptive_field.property("one layer sees from its first to its last frame")
def _(answer, rng):
    for k, d in ((3, 1), (9, 1), (3, 4), (4, 2)):
        seen = len(range(0, (k - 1) * d + 1))
        if _field(answer, [k], [1], [d]) != seen:
            return (
                f"kernel {k}, dilation {d}: you say {_field(answer, [k], [1], [d])}; count the frames from the first that it reads "
                f"to the last, gaps included")
    return True


@receptive_field.property("layers without a stride: each adds its own reach")
def _(answer, rng):
    k, d = rng.integers(2, 6, 3).tolist(), rng.integers(1, 4, 3).tolist()
    got = _field(answer, k, [1, 1, 1], d)
    return got == _reach(k, [1, 1, 1], d) or (
        f"kernels {k}, dilations {d}, no stride: you say {got}; {WALK}")


@receptive_field.property("a stride counts for the layers behind it, not for its own")
def _(answer, rng):
    last = _field(answer, [3, 3], [1, 5])
    if last != _field(answer, [3, 3], [1, 1]):
        return (f"kernels 3 and 3: a stride of 5 in the last layer changed the field from {_field(answer, [3, 3], [1, 1])} to "
                f"{last}, but one output reads as many frames as before")
    got = _field(answer, [3, 3], [4, 1])
    return got == _reach([3, 3], [4, 1], [1, 1]) or (
        f"kernels 3 and 3, strides 4 and 1: you say {got}; {WALK}")


@receptive_field.property("strides multiply")
def _(answer, rng):
    k, s = [3, 3, 3, 3], [3, 2, 2, 1]
    got = _field(answer, k, s)
    return got == _reach(k, s, [1] * 4) or f"four kernels of 3, strides {s}: you say {got}; {WALK}"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

velocity = Check("velocity", asks="a function of a clip (T, V, C)", hints=(
    "Feed it a body that stands still, then one in which a single joint moves. Who has a speed?",
    "Which axis does the kernel (3, 1) run along, after your permute? Which of its three weights meets the frame before? And "
    "what stands before the first frame?",
    "Three faults: joints and frames have changed places; the kernel is written backwards, since PyTorch does not turn it; "
    "zeros at the ends are a place in the room, so pad with the end frames themselves (mode=\"replicate\")."))


def _steady(rng, frames=8, joints=5, mover=2):
    """A clip in which one joint moves by the same step each frame, far from the origin, and the others stand still."""
    clip = 3 + normal(rng, 1, joints, 3).repeat(frames, 1, 1)
    step = 0.5 + torch.rand(3)
    clip[:, mover] += torch.arange(frames)[:, None] * step
    return clip, step, mover


@velocity.property("returns (T, V, C)")
def _(answer, rng):
    for shape in ((8, 5, 3), (6, 6, 2)):
        call(answer, normal(rng, *shape), shape=shape)
    return True


@velocity.property("who stands still has no speed, whoever else moves")
def _(answer, rng):
    clip, _, mover = _steady(rng)
    got = call(answer, clip, shape=clip.shape)[1:-1]
    others = [v for v in range(5) if v != mover]
    return close(got[:, others], torch.zeros(6, 4, 3)) or (
        f"only joint {mover} moves, and inside the clip joint {others[int(got[:, others].abs().amax((0, 2)).argmax())]} has a "
        f"speed of {digits(got[:, others].abs().max())}")


@velocity.property("a joint that goes up by h a frame has the speed h: the frame after minus the frame before, halved")
def _(answer, rng):
    clip, step, mover = _steady(rng)
    got = call(answer, clip, shape=clip.shape)[3, mover]
    if not close(got, step, 1e-4):
        return f"it moves by {digits(step)} a frame, and your velocity is {digits(got)}"
    squares = (torch.arange(8.0) ** 2)[:, None, None].repeat(1, 5, 3)  # a steady speed looks the same from one side
    got = call(answer, squares, shape=squares.shape)[3]
    return close(got, torch.full((5, 3), 6.0), 1e-4) or (
        f"heights 0, 1, 4, 9, 16, ...: at frame 3 your velocity is {digits(got[0, 0])}; which two frames did you compare?")


@velocity.property("at the ends too: the frame before the first counts as the first again, the one after the last as the last")
def _(answer, rng):
    still = call(answer, 3 + normal(rng, 1, 5, 3).repeat(8, 1, 1), shape=(8, 5, 3))
    if not close(still, torch.zeros(8, 5, 3)):
        t = int(still.abs().amax((1, 2)).argmax())
        return f"nobody moves, and at frame {t} of 8 somebody has a speed of {digits(still.abs().max())}"
    clip, step, mover = _steady(rng)
    got = call(answer, clip, shape=clip.shape)[[0, -1], mover]
    return close(got, torch.stack([step, step]) / 2, 1e-4) or (
        f"a joint moves by {digits(step)} a frame; at the two ends you have {digits(got)}")


# ---- by hand ------------------------------------------------------------------------------------------------------------------

HEIGHTS = (4, 4, 5, 7, 8, 8)  # of the left hand, in squares of the paper

BOXES = {
    "speed": dict(
        question="The left hand is at heights 4, 4, 5, 7, 8, 8 in frames 0 to 5. The kernel is &minus;1 for the frame before, "
                 "0 for now, 1 for the frame after. What comes out at frame <b>3</b>?",
        answer=3, label="output at frame 3",
        slips={-3: "That is the frame before minus the frame after: the kernel is read backwards.",
               2: "2 is the step from frame 2 to frame 3. This kernel jumps over the frame in the middle.",
               1: "1 is the step from frame 3 to frame 4, or the output of another frame. Count frames from 0.",
               10: "The weight of now is 0: the 7 does not count.",
               13: "The frame before has the weight &minus;1: subtract it."},
        hints=("Which frame comes just before the one in question, and which just after? Frames are counted from 0.",
               "Before: frame 2, height 5. After: frame 4.", "&minus;1 &middot; 5 + 0 &middot; 7 + 1 &middot; 8."),
        right="8 &minus; 5: three squares in two frames, so 1.5 squares a frame. The hand is fastest about here."),
    "ends": dict(
        question="Frame 6 does not exist: its place counts as <b>0</b>. The hand rests at height 8. What does the same kernel "
                 "say at frame <b>5</b>?",
        answer=-8, label="output at frame 5",
        slips={0: "0 is the truth: the hand rests. But the missing frame counts as 0, not as 8.",
               8: "The frame before has the weight &minus;1.",
               -4: "The kernel does not halve."},
        hints=("Before: frame 4. After: a zero.", "The frame before has height 8.", "&minus;1 &middot; 8 + 0 &middot; 8 + 1 "
                                                                                    "&middot; 0."),
        right="0 &minus; 8. A resting hand, and the layer reports the fastest move of the whole clip: a fall to the floor."),
    "zeros": dict(
        question="A clip of <b>20</b> frames goes through the ten blocks. One output stands above frame 8; it is built to "
                 "hear 76 frames to each side of it. How many of these places hold <b>no frame</b> of the clip?",
        answer=133, label="places without a frame",
        slips={153: "153 is all of them. The clip covers some.",
               132: "Frames 0 to 19 are 20 frames, and 153 minus 20 is not that.",
               68: "That is the past alone: 76 minus 8. The future has missing frames too.",
               65: "That is the future alone: 84 minus 19. The past has missing frames too.",
               20: "20 frames are what is there, not what is missing."},
        hints=("How many places are there in all: 76 before, 76 after, and its own.", "All 20 frames of the clip lie within "
                                                                                      "them.",
               "153 minus 20."),
        right="133 of 153. Set the clip to 20 frames in the microscope and look."),
    "field": dict(
        question="Five blocks, kernels of <b>5</b> frames, strides 1, 1, 2, 1, 2 from input to output, no dilation. What is the "
                 "receptive field, in frames?",
        answer=29, label="frames",
        slips={41: "A stride counts for the layers behind it: the step is 1, 1, 1, 2, 2, not 1, 1, 2, 2, 4.",
               21: "That is without strides: behind a stride of 2, a frame is worth two.",
               28: "The output's own frame is missing: start from 1.",
               36: "Each layer adds k &minus; 1, not k.",
               33: "The stride of block 3 counts from block 4 on, not for block 3 itself."},
        hints=("Write the step below each block: how many input frames one of its input frames is worth.", "1, 1, 1, 2, 2.",
               "1 + 4 &middot; (1 + 1 + 1 + 2 + 2)."),
        right="1 + 4 &middot; 7, nearly one second at 30 frames a second."),
    "causal": dict(
        question="The hand again: 4, 4, 5, 7, 8, 8. The kernel (&minus;1, 0, 1) is now <b>causal</b>: its last weight is for "
                 "now, its first for two frames ago. Zeros before the clip. What comes out?",
        answer=[4, 4, 1, 3, 3, 1], rows=("0", "1", "2", "3", "4", "5"), label="outputs",
        slips=[([4, 1, 3, 3, 1, -8], "That is the centred answer: each of these comes one frame later."),
               ([-4, -4, -1, -3, -3, -1], "Now minus two frames ago, not the other way round."),
               ([4, 0, 1, 2, 1, 0], "That takes the frame before. The first weight is for two frames ago."),
               ([0, 0, 1, 3, 3, 1], "Before the clip there are zeros: the first two outputs are not 0.")],
        hints=("Output t is height t minus height t &minus; 2.", "Frames &minus;2 and &minus;1 count as 0.",
               "4 &minus; 0, 4 &minus; 0, 5 &minus; 4, then go on."),
        right="The centred answer, one frame late: the delay is the price for not knowing the future. The end is clean now, "
              "and the beginning pays for it."),
}

QUIZZES = {
    "leak": dict(
        question="Somebody tells sitting down from standing up with the layer of chapter 3 alone, frame by frame, and a mean "
                 "over frames: "
                 "100 % on held-out people. The clips were centred by <code>center_and_scale</code>, which moves the whole clip "
                 "so that the centre joint of its <b>first</b> frame is the origin. What happened?",
        choices=[
            ("Nothing odd: people bend forward when they stand up, and a single pose shows that.", False,
             "People bend both ways; from poses alone, this chapter measured little more than half. A hundred needs more."),
            ("Each frame says how high the body is above its start.", True,
             "That is a number about two frames. Below the start: going down. The preparation knew the order, so the network "
             "did not have to. Centre on the mean of the clip, and it is gone."),
            ("The mean over frames keeps the order.", False, "A mean does not: shuffle the frames and it is the same number."),
            ("The people in the test were also in the training.", False,
             "They were held out; and knowing the person says nothing about the direction."),
        ]),
    "no_relu": dict(
        question="One TemporalConv, no ReLU, then directly the mean over all frames, on clips much longer than the kernel. "
                 "What can the result say about the <b>order</b> of the frames?",
        choices=[
            ("All: the kernel has different weights for past and future.", False,
             "Each inner frame meets every weight once, whatever its place; in the mean they only add up to (sum of the "
             "weights) times the mean frame."),
            ("Nearly nothing: only the few frames at the ends count differently.", True,
             "The mean of a convolution is the sum of its weights times the mean of the frames, but for the ends. With "
             "(&minus;1, 0, 1) even that sum is 0. A ReLU in between is what makes fast rises count and falls not."),
            ("Nothing at all, not even at the ends.", False,
             "Nearly. A frame at the end meets fewer weights than the others, so it can be told apart."),
            ("It depends on the number of output channels.", False, "Each channel is blind in the same way; more of them stay "
                                                                    "blind."),
        ]),
}

PREDICTIONS = {
    "order": dict(
        key="ch04-order",
        question="Ten people sit down and stand up again; each recording is cut in two at the lowest point. A network with "
                 "the layer of "
                 "chapter 3 sees <b>every frame by itself</b>, then takes the mean over frames. It learns on eight people. "
                 "How often does it name the right half for the other two?",
        choices=("About 95 %: people hold themselves differently on the way down and on the way up",
                 "About 75 %: a hint is in the poses", "About 50 %: a coin would do as well"),
        truth=2,
        reply="Near a coin: down and up go through nearly the same poses. What differs is what comes next.",
        later="The answer is measured near the end, on people."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
