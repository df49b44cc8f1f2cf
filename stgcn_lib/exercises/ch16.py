"""Chapter 16, adaptive graphs: what the page and the notebook check."""

import torch

from . import boxes
from .checker import Check, call, close, digits

# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

directed = Check("directed", asks="a function of R (V, d) and S (V, d): the (V, V) graph, row v what receiver v hears", hints=(
    "Which joint does row v belong to? Its vector comes from one of the two matrices, those of the senders from the other.",
    "Products of R's rows with S's rows, negative ones cut to zero, and then a softmax. Along which axis must it sum to 1?",
    "torch.softmax(torch.relu(R @ S.T), dim=1)"))


def _vectors(rng, V=5, d=3):
    return (torch.from_numpy(rng.normal(0, 1.5, (V, d))).float() for _ in range(2))


def _graph(answer, R, S):
    return call(answer, R, S, shape=(len(R), len(R)))


@directed.property("gives one number for each receiver and each sender")
def _(answer, rng):
    for V, d in ((5, 3), (4, 1), (3, 8)):
        _graph(answer, *_vectors(rng, V, d))
    return True


@directed.property("no weight is negative, and every row sums to 1")
def _(answer, rng):
    got = _graph(answer, *_vectors(rng))
    rows, columns = got.sum(1), got.sum(0)
    if got.min() >= 0 and close(rows, torch.ones_like(rows)):
        return True
    why = ": the columns do, so the softmax ran along the wrong axis" if close(columns, torch.ones_like(columns)) else ""
    if abs(got.sum().item() - 1) < 1e-4:
        why = ": all numbers together sum to 1, so the softmax ran over the whole matrix"
    return f"the rows sum to {digits(rows)}{why}"


@directed.property("without a difference between senders, all are heard equally")
def _(answer, rng):
    R, S = _vectors(rng, 4)
    got = _graph(answer, R, S[:1].expand(4, -1))
    if close(got, torch.full((4, 4), 0.25)):
        return True
    return f"all rows of S were equal, and row 0 came out as {digits(got[0])}: do weights depend on S at all, or on the diagonal?"


@directed.property("changing what one joint sends changes its column, changing what it receives changes its row")
def _(answer, rng):
    R, S = torch.from_numpy(rng.uniform(0.5, 2, (4, 2))).float(), torch.ones(4, 2)
    before = _graph(answer, R, S)
    S[2] = 3.0
    sends = _graph(answer, R, S)
    raised = sends[:, 2] > before[:, 2] + 1e-4
    if not raised.all():
        why = "only row 2 changed: R and S are exchanged" if not close(sends[2], before[2]) else "nothing changed there: is S used?"
        return f"joint 2 was made a louder sender, and {why}"
    return True


@directed.property("the numbers are softmax(ReLU(R S^T)): products, cut at zero, then weighed")
def _(answer, rng):
    R, S = _vectors(rng)
    R[0] = -S.sign().sum(0) - 1  # some products are surely negative
    got, law = _graph(answer, R, S), torch.softmax(torch.relu(R @ S.T), dim=1)
    if close(got, law, 1e-4):
        return True
    P = R @ S.T
    for words, other in (("negative products were not cut", torch.softmax(P, 1)),
                         ("the ReLU came after the softmax, where nothing is negative any more", torch.relu(torch.softmax(P, 1))),
                         ("the products were divided by the root of d, as in attention; Graph WaveNet does not",
                          torch.softmax(torch.relu(P) / R.shape[1] ** 0.5, 1)),
                         ("sizes were taken: a negative product became a strong edge", torch.softmax(P.abs(), 1)),
                         ("the diagonal was taken out", torch.softmax(torch.relu(P).fill_diagonal_(-torch.inf), 1)),
                         ("rows were divided by their sum, without exponentials",
                          torch.relu(P) / torch.relu(P).sum(1, keepdim=True).clamp(min=1e-9)),
                         ("that is R times itself", torch.softmax(torch.relu(R @ R.T), 1)),
                         ("that is S times itself", torch.softmax(torch.relu(S @ S.T), 1)),
                         ("the ReLU was taken of the vectors, not of their products",
                          torch.softmax(torch.relu(R) @ torch.relu(S).T, 1))):
        if close(got, other, 1e-4):
            return f"row 0 came out as {digits(got[0])}: {words}"
    return f"row 0 came out as {digits(got[0])}, expected {digits(law[0])} from the formula"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

new_edge = Check("new_edge", asks="a function of weights (V, V) and bones (pairs): (receiver, sender)", hints=(
    "A bone joins its two ends in both directions, and no joint is joined to itself. Which cells of the matrix are left?",
    "Set what is not asked for to zero in a copy of the sizes. Then where is the largest?",
    "size[v, v] = size[a, b] = size[b, a] = 0 for every joint v and bone (a, b); divmod(int(size.argmax()), V)"))
BONES = ((0, 1), (1, 2), (3, 1))


def _edge(answer, weights, bones=BONES):
    return tuple(call(answer, weights, bones, shape=(2,)).int().tolist())


def _weights(rng):
    return torch.from_numpy(rng.uniform(-0.1, 0.1, (5, 5))).float()


@new_edge.property("gives a receiver and a sender, in this order")
def _(answer, rng):
    weights = _weights(rng)
    weights[0, 4] = 0.9
    got = _edge(answer, weights)
    why = ": receiver and sender are exchanged" if got == (4, 0) else ""
    return got == (0, 4) or f"the strongest was weights[0, 4], and {got} came back{why}"


@new_edge.property("a joint that hears itself is no edge")
def _(answer, rng):
    weights = _weights(rng)
    weights[3, 3], weights[2, 4] = 0.9, 0.5
    got = _edge(answer, weights)
    return got == (2, 4) or f"{got} came back; joint 3 heard itself with 0.9, joint 2 heard joint 4 with 0.5"


@new_edge.property("a bone is a bone in both directions")
def _(answer, rng):
    for a, b in ((0, 1), (1, 0)):
        weights = _weights(rng)
        weights[a, b], weights[0, 4] = 0.9, 0.5
        got = _edge(answer, weights)
        if got != (0, 4):
            return f"{got} came back; the bone (0, 1) had 0.9 in weights[{a}, {b}], and joint 0 heard joint 4 with 0.5"
    return True


@new_edge.property("a strong negative weight is a strong edge")
def _(answer, rng):
    weights = _weights(rng)
    weights[4, 2], weights[0, 2] = -0.9, 0.5
    got = _edge(answer, weights)
    return got == (4, 2) or f"{got} came back; weights[4, 2] was -0.9 and weights[0, 2] was 0.5: compare sizes"


@new_edge.property("both halves of the matrix count, each direction by itself")
def _(answer, rng):
    for v, u in ((3, 0), (0, 3)):
        weights = _weights(rng)
        weights[v, u] = 0.9
        if _edge(answer, weights) != (v, u):
            return f"the strongest was weights[{v}, {u}], and {_edge(answer, weights)} came back: a learned graph has directions"
    weights = _weights(rng) / 10
    weights[4, 0], weights[0, 4], weights[3, 0] = 0.4, 0.4, 0.6
    got = _edge(answer, weights)
    return got == (3, 0) or f"{got} came back: were the two directions of a pair added? weights[3, 0] was the largest"


@new_edge.property("other bones, other answer; the weights stay as they were")
def _(answer, rng):
    weights = _weights(rng)
    weights[0, 1], weights[2, 4] = 0.9, 0.5
    if _edge(answer, weights, ((2, 4),)) != (0, 1):
        return f"with the one bone (2, 4) the edge is (0, 1), and {_edge(answer, weights, ((2, 4),))} came back"
    kept = weights.clone()
    call(lambda _, bones: answer(kept, bones), weights, BONES, shape=(2,))
    return torch.equal(kept, weights) or "the given weights were changed: work on a copy"


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

sample_graph = Check("sample_graph", asks="a function of A (V, V), theta (r, T, V), phi (r, T, V), alpha: (V, V)", hints=(
    "What should come back when alpha is 0? And what do the rows of the softmax sum to?",
    "Three places: how the clip's own part joins A, the axis of the softmax, and what the products are divided by.",
    "The physical graph is added, not multiplied; rows are receivers; the sum runs over r channels and T frames, divide by r T."))


def _parts(rng, V=4, R=3, T=5):
    numbers = lambda *shape: torch.from_numpy(rng.normal(0, 1, shape)).float()  # noqa: E731
    A = torch.softmax(numbers(V, V), 1)
    return A, numbers(R, T, V) + 1, numbers(R, T, V) + 1


def _own(answer, A, theta, phi, alpha):
    return call(answer, A, theta, phi, alpha, shape=tuple(A.shape))


def _law(theta, phi, dim=1, by=None):
    R, T, _ = theta.shape
    return torch.softmax(torch.einsum("rtv,rtu->vu", theta, phi) / (R * T if by is None else by), dim)


@sample_graph.property("with alpha 0 the physical graph comes back")
def _(answer, rng):
    A, theta, phi = _parts(rng)
    got = _own(answer, A, theta, phi, 0.0)
    if close(got, A):
        return True
    zero = close(got, torch.zeros_like(A))
    return "alpha was 0, and " + ("nothing was left of the physical graph: it is to be added to, not multiplied" if zero else
                                  f"row 0 came out as {digits(got[0])} instead of {digits(A[0])}")


@sample_graph.property("the clip's own part adds alpha to the sum of every row")
def _(answer, rng):
    A, theta, phi = _parts(rng)
    added = _own(answer, A, theta, phi, 0.5) - A
    if close(added.sum(1), torch.full((4,), 0.5)):
        return True
    why = ": it adds alpha to every column, so the softmax runs over receivers" if close(
        added.sum(0), torch.full((4,), 0.5)) else ""
    return f"alpha was 0.5, and the rows grew by {digits(added.sum(1))}{why}"


@sample_graph.property("a long clip is not surer than a short one: the same frames twice give the same graph")
def _(answer, rng):
    A, theta, phi = _parts(rng)
    once = _own(answer, A, theta, phi, 1.0)
    twice = _own(answer, A, theta.repeat(1, 2, 1), phi.repeat(1, 2, 1), 1.0)
    if close(once, twice, 1e-4):
        return True
    return f"row 0 was {digits(once[0])}, and with all frames twice {digits(twice[0])}: divide the sum by r T before the softmax"


@sample_graph.property("theta asks for receivers, phi answers for senders, over channels and frames")
def _(answer, rng):
    A, theta, phi = _parts(rng)
    got, law = _own(answer, A, theta, phi, 1.0) - A, _law(theta, phi)
    if close(got, law, 1e-4):
        return True
    R, T, _ = theta.shape
    for words, other in (("theta and phi are exchanged", _law(phi, theta)), ("phi is not used", _law(theta, theta)),
                         ("divided by the root of r T; the paper divides by r T", _law(theta, phi, by=(R * T) ** 0.5)),
                         ("divided by T alone", _law(theta, phi, by=T)), ("divided by r alone", _law(theta, phi, by=R)),
                         ("means over time were multiplied, so the order of frames is lost",
                          torch.softmax(theta.mean(1).T @ phi.mean(1) / R, 1))):
        if close(got, other, 1e-4):
            return f"the clip's own row 0 is {digits(got[0])}: {words}"
    return f"the clip's own row 0 is {digits(got[0])}, expected {digits(law[0])}"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "sum": dict(
        question="Joint <i>a</i> holds <b>42</b>, <i>b</i> and <i>c</i> hold 0. What do the three hold after one step over "
                 "<b>both</b> graphs, <i>A</i> + <i>L</i>?",
        answer=[45, 28, 6], rows=("a", "b", "c"), label="new numbers",
        slips=[([24, 14, 6], "That is L alone. The recipe adds the physical graph."),
               ([21, 14, 0], "That is A alone. What does L add?"),
               ([22.5, 14, 3], "That is the mean of the two graphs. The recipe adds them; the mean is a later mend."),
               ([45, 26, 6], "b hears through row b: 1/3 over the bones and 1/3 over L. The 2/7 in column b is what b sends to a."),
               ([45, 0, 0], "That is a row, as if a were the receiver of everything. Every joint has a row of its own.")],
        hints=("Only a holds something, so only the first column of each matrix matters.",
               "From A: half, a third and nothing of 42. From L: 4/7, 1/3, 1/7 of it.",
               "Joint a takes 21 and 24. Now b and c in the same way."),
        right="c has heard a, to which no bone leads. And 42 was shared out as 79: something else has gone wrong."),
    "ten": dict(
        question="Every joint holds <b>1</b>. A layer is one step over <i>A</i> + <i>L</i>, and nothing else. What does every "
                 "joint hold after <b>ten</b> layers?",
        answer=1024, label="each joint",
        slips={20: "Each layer multiplies by 2, it does not add 2.", 2: "That is after one layer.", 1: "That would be with rows "
               "that sum to 1. Rows of A + L sum to 1 + 1.", 512: "That is after nine layers.", 100: "Two to the tenth, not ten "
               "to the second.", 11: "Each layer doubles; it does not add one."},
        hints=("What does a row of A sum to? A row of L? A row of the sum?", "So one layer makes 2 of every 1. And the next?",
               "2, 4, 8, 16, 32, ... ten of them."),
        right="Two to the tenth. Nothing was learned, and nothing in the clip says 1024."),
    "heavy": dict(
        question="Nine joints. For one of them <i>E</i><sub>v</sub> &middot; <i>E</i><sub>v</sub> = <b>ln 16</b>, and its product "
                 "with each of the <b>eight others</b> is 0. What share of what it hears through <i>L</i> is its own number?",
        answer=0.667, label="share", tolerance=0.006,
        slips={16: "That is the exponential before it is divided by the sum of its row.",
               0.941: "There are eight others, each with e to the 0 = 1, not one.",
               0.111: "That is an equal share of nine. The product with itself is larger.", 0.64: "The row has nine entries: "
               "itself and eight others, not nine others.", 0.257: "ln 16 is about 2.77, but softmax takes exponentials: 16.",
               1: "A product of 0 still gets e to the 0 = 1: nobody is ever quite silent."},
        hints=("e to the ln 16 is 16, and e to the 0 is 1.", "The row sums to 16 + 8 before it is divided.", "16 of 24."),
        right="Two thirds, with a product of only 2.8. Ten random numbers with spread 1 give a product of 10 with themselves."),
    "subsets": dict(
        question="The spatial partition has <b>three</b> subsets, whose rows together sum to 1. The recipe adds a softmax "
                 "to <b>each</b>. By what does one layer with all <i>W<sub>k</sub></i> = 1 multiply a constant?",
        answer=4, label="factor",
        slips={2: "That is with one subset. There are three softmaxes, and each row of each sums to 1.", 3: "The physical rows, "
               "which sum to 1 over the subsets, are there as well.", 6: "The physical rows sum to 1 over all three subsets, not "
               "to 1 in each.", 1: "Three softmaxes were added.", 8: "Sums add up over subsets; they multiply only over layers."},
        hints=("What do the three physical subsets give, together?", "And each softmax adds a row that sums to 1.",
               "1 + 3 times 1."),
        right="1 + 3. After five such layers a constant is 1024 already."),
}

QUIZZES = {
    "forms": dict(
        question="Somebody needs the right hand to hear the left foot, while the left foot goes on <b>without</b> the right hand. "
                 "Which forms can learn that exactly or nearly? Choose all that apply.",
        choices=[
            ("softmax(<i>E E</i><sup>T</sup>), added", False,
             "The product of hand and foot is one number for both directions. After the softmax the two weights may differ by what "
             "else is in the row, but not one large and one near zero unless another joint drowns it."),
            ("softmax(ReLU(<i>R S</i><sup>T</sup>)), a further subset", True,
             "What the hand receives and what the hand sends are two vectors, and the foot has its own two."),
            ("A free matrix <i>B</i>", True, "Each of the V times V numbers is trained by itself."),
            ("Edge importance, a factor on each bone", False,
             "It multiplies what is there. Where no bone is, zero times anything stays zero."),
        ], several=True),
    "proof": dict(
        question="After training, the heaviest learned edge of your network leads from the thumb to the index finger. What do you "
                 "know?",
        choices=[
            ("The gestures need it.", False,
             "A weight is large because it once lowered the loss of training clips. Cut it and ask the test."),
            ("That this run grew it. What it is worth shows when it is cut, and other seeds are asked.", True,
             "The network with shuffled labels also grew heavy edges. Cutting, and cutting others as control, asks what is used."),
            ("Thumb and index move together in the clips.", False,
             "Perhaps. It may also compare them because they do not."),
            ("Nothing, weights are random.", False,
             "They start at zero here, so training put them there. Only the reason is open."),
        ]),
}

PREDICTIONS = {
    "reach": dict(
        key="ch16-reach",
        question="Right hand and left foot swing <b>together</b> or <b>against</b> each other; the two other limbs keep a beat of "
                 "their own. A network of <b>two blocks</b> over the bones learns to tell which. How many new clips does it get "
                 "right?",
        choices=("About half: a coin", "About three quarters", "Nearly all"),
        truth=0,
        reply="A coin: after two steps along bones no joint has heard both limbs, and the mean over joints adds up opinions of "
              "which each knows one limb only. Five blocks do reach, and still learned nothing in this time.",
        later="The third part of the chapter trains it."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
