"""Checks of chapter 1, Graphs and messages."""

import torch

from . import boxes
from .checker import Check, call, close, digits, random_adjacency

PREDICTIONS = {
    "forty_rounds": dict(
        key="ch01-forty-rounds",
        question="Step to round 3 and no further. What will the signs show after <b>forty</b> rounds?",
        choices=("The same two camps, cleaner than now.",
                 "One camp: everybody has the same sign.",
                 "The camps swap their signs back and forth.",
                 "No pattern: a mixture of plus and minus."),
        truth=1,
        later="Now press Play. Why it ends like that is measured in <i>Too many rounds</i>.",
        reply="Averaging makes differences smaller, every round, until one number is left. Its sign is decided by the crowds: the "
              "president knows one person more than the instructor."),
}

BOXES = {
    "chest": dict(
        question="Speeds: hip &minus;5, chest 3, head 5. <i>W</i> = 2, the mean over all senders, then ReLU. "
                 "What is the new number of the <b>chest</b>?",
        answer=2,
        label="new chest",
        slips={0: "0 is what you get from hip and head alone. The chest is one of its own senders.",
               6: "6 is the sum of the three messages. Step 3 divides it by the number of senders.",
               1: "1 is the mean of the speeds. Each of them is multiplied by <i>W</i> first.",
               3: "3 comes from dividing by the two neighbours. There are three senders: the chest counts too.",
               8: "8 leaves out the hip. The chest has three senders.",
               8.66667: "The minus sign of the hip got lost on the way."},
        hints=("Who are the senders of the chest? There are three.",
               "Their messages are 2 times the hip, 2 times the chest, 2 times the head. Mind the sign of the hip.",
               "Add the three messages and divide by three. ReLU then leaves a positive number alone."),
        right="(&minus;10 + 6 + 10) / 3, and ReLU leaves it alone."),
    "hand": dict(
        question="The five-joint figure with self-loops, the symmetric choice "
                 "<i>c</i> = &radic;(<i>d</i><sub>v</sub> <i>d</i><sub>u</sub>), <i>W</i> = 1. Only the <b>chest</b> says 1, "
                 "all others say 0. What arrives at a <b>hand</b>?",
        answer=10 ** -0.5,
        label="the hand's number",
        slips={0.5: "1/2 divides by the hand's two senders only. The symmetric choice looks at the sender's crowd too.",
               0.2: "1/5 divides by the chest's five only. The receiver's own two belong under the root as well.",
               0.1: "1/10 has the right product, but not its square root.",
               0.35355: "&radic;8 would be right if the chest heard four. With its self-loop it hears five.",
               1: "1 is the message before it is divided.",
               0.81623: "That is what a hand gets when everybody says 1. Here only the chest speaks."},
        hints=("Only one message is not 0: the one from the chest. So the answer is 1 divided by one <i>c</i>.",
               "Count senders, self included: how many for the hand, how many for the chest?",
               "2 for the hand, 5 for the chest. Multiply, take the root, divide 1 by it."),
        right="1/&radic;(2 &middot; 5). You may type it just like that."),
    "two_rounds": dict(
        question="The spine again: hip 12, chest 0, head 0, <i>W</i> = 1, the mean with self-loops. What is the number of the "
                 "<b>head</b> after <b>two</b> rounds?",
        answer=2,
        label="head after two rounds",
        slips={0: "0 is right after one round. In the second round the chest has something to tell.",
               4: "4 is what the chest has after one round. The head does not copy it, it averages.",
               6: "6 would be the hip's own number after one round. The head never hears the hip directly.",
               3: "The chest divides by three, not by two: it has three senders.",
               1.33333: "That divides by three twice. The head has only two senders: itself and the chest."},
        hints=("Do the whole first round before you start the second.",
               "After the first round the hip has 6. What do the chest and the head have?",
               "Then the head averages its own number and the new number of the chest."),
        right="The chest gets 12/3 = 4, then the head gets (0 + 4)/2. Two hops take two rounds."),
}

QUIZZES = {
    "transpose": dict(
        question="By accident a colleague writes <code>A.T @ x</code>. The graph is undirected and the normalisation is symmetric. "
                 "What does the network do?",
        choices=[
            ("Exactly what it did before.", True,
             "<i>A</i> is its own transpose, so nothing changes. The bug sleeps until somebody uses a directed graph or the mean."),
            ("It raises an error: the shapes no longer fit.", False,
             "<i>A</i> is square, and so is its transpose. No shape will ever warn you about a direction."),
            ("It trains, but gets worse.", False,
             "It would with the mean or a directed graph. Here the two matrices are equal, number for number."),
            ("It learns the transpose of <i>W</i> to make up for it.", False,
             "<i>W</i> mixes channels, <i>A</i> mixes nodes: neither can stand in for the other. Besides, nothing has changed."),
        ]),
    "pooled": dict(
        question="You list the joints of a skeleton in another order and rename the matrix along with them. Which of these stays "
                 "<b>exactly</b> as it was?",
        choices=[
            ("The output of a <code>GraphConv</code>.", False,
             "Its rows come in the new order: the layer is equivariant. Reordered is not unchanged."),
            ("The mean over joints of that output.", True,
             "A mean does not care in which order it adds. This is the invariant part."),
            ("The first row of that output.", False,
             "The first row now belongs to another joint."),
            ("A dense layer applied to all joints in one long row.", False,
             "It has a weight for every place in the row. Move the joints and it sees another input."),
        ]),
}

predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)


def untouched(answer, *inputs):
    """True if the answer leaves the tensors it is given as they are, else a message."""
    kept = [x.clone() if isinstance(x, torch.Tensor) else x for x in inputs]
    call(lambda: answer(*inputs))
    for before, after in zip(kept, inputs, strict=True):
        if isinstance(before, torch.Tensor) and not torch.equal(before, after):
            return "after the call the caller's own A has other numbers in it: the next call starts from a changed graph"
    return True


def undirected(rng, nodes=6):
    return random_adjacency(rng, nodes, directed=False)


# ---- exercise 5 ----------------------------------------------------------------------------------------------------

normalize = Check("normalize", asks="a function of A (V, V), undirected, 0 and 1, without self-loops", hints=(
    "Three steps in this order: add the self-loops, count each row, divide.",
    "Each weight is divided twice: by the root of its receiver's count and by the root of its sender's.",
    "With d = (A + I).sum(1), row v is divided by the root of d[v] and column u by the root of d[u]: d[:, None] and d[None, :]."))


@normalize.property("gives one row and one column per node")
def _(answer, rng):
    for nodes in (2, 5):
        call(answer, undirected(rng, nodes), shape=(nodes, nodes))
    return True


@normalize.property("a node without edges keeps its own number")
def _(answer, rng):
    A = torch.zeros(4, 4)
    A[1, 2] = A[2, 1] = 1
    got = call(answer, A, shape=(4, 4))
    return close(got[0, 0], 1) or f"node 0 has no edges; its weight for itself is {digits(got[0, 0])}: does it hear itself?"


@normalize.property("what v takes from u, u takes from v")
def _(answer, rng):
    got = call(answer, undirected(rng))
    v, u = divmod(int((got - got.T).abs().argmax()), len(got))
    return close(got, got.T) or (f"node {v} takes {digits(got[v, u])} from node {u}, which takes {digits(got[u, v])} back: "
                                 "is one side of the edge forgotten?")


@normalize.property("leaves the signal sqrt(d) as it is, d the number of senders with the node itself")
def _(answer, rng):
    A = undirected(rng)
    d = (A.sum(1) + 1).double()
    got = call(answer, A) @ d.sqrt()
    v = int((got - d.sqrt()).abs().argmax())
    return close(got, d.sqrt()) or (f"node {v} has {int(d[v])} senders; the root of that went in and {digits(got[v])} came out: "
                                    "are the degrees those of the graph with self-loops, and is it the root that divides?")


@normalize.property("leaves the caller's A alone")
def _(answer, rng):
    return untouched(answer, undirected(rng))


# ---- exercise 6 ----------------------------------------------------------------------------------------------------

hears = Check("hears", asks="a function of A (V, V) and a number of rounds", hints=(
    "What can a node know after no round at all? Start there, then add one round.",
    "One round: v now knows what any of its senders knew before, itself included. That is a matrix product.",
    "Start from the identity, multiply by A + I from the left once per round, and ask where the result is above 0."))


def within(A, rounds):
    """Oracle by breadth-first search: [v, u] is 1 if a message from u can reach v in so many rounds."""
    known = [{v} for v in range(len(A))]
    for _ in range(rounds):
        known = [set.union(known[v], *(known[u] for u in range(len(A)) if A[v, u])) for v in range(len(A))]
    return torch.tensor([[float(u in known[v]) for u in range(len(A))] for v in range(len(A))])


def chain(nodes):
    """Directed path: node 0 tells node 1, node 1 tells node 2, and so on."""
    return torch.diag(torch.ones(nodes - 1), -1)


@hears.property("gives one row and one column per node, True or False")
def _(answer, rng):
    got = call(answer, random_adjacency(rng, 5), 2, shape=(5, 5))
    odd = got[(got != 0) & (got != 1)]
    return len(odd) == 0 or f"there is a {digits(odd[0])} in it: say whether, not how often"


@hears.property("after no round, a node knows only itself")
def _(answer, rng):
    got = call(answer, random_adjacency(rng, 5), 0, shape=(5, 5))
    return close(got, torch.eye(5)) or f"after 0 rounds node 0 claims to know {got[0].nonzero().flatten().tolist()}"


@hears.property("messages go from sender to receiver")
def _(answer, rng):
    got = call(answer, chain(4), 1, shape=(4, 4))
    if got[0, 1]:
        return "node 0 tells node 1 and hears nobody, yet its row says that it knows node 1"
    return bool(got[1, 0]) or "node 0 tells node 1, yet the row of node 1 does not have it after one round"


@hears.property("each round reaches one hop further, no more and no less")
def _(answer, rng):
    for rounds in (1, 2, 3):
        got = call(answer, chain(6), rounds, shape=(6, 6))
        far = max((v - u for v, u in got.nonzero().tolist()), default=0)
        if far != rounds:
            return f"on a chain, {rounds} round{'s' * (rounds > 1)} carried a message {far} hop{'s' * (far != 1)} far"
    return True


@hears.property("what is known stays known")
def _(answer, rng):
    A = random_adjacency(rng, 7)
    for rounds in (1, 2, 3):
        got, law = call(answer, A, rounds, shape=(7, 7)), within(A, rounds)
        lost = ((law == 1) & (got == 0)).nonzero().tolist()
        if lost:
            return f"after {rounds} round{'s' * (rounds > 1)} node {lost[0][0]} should know of node {lost[0][1]} and does not"
        if not close(got, law):
            v, u = ((law == 0) & (got == 1)).nonzero().tolist()[0]
            return f"after {rounds} round{'s' * (rounds > 1)} node {v} cannot know of node {u} yet"
    return True


@hears.property("leaves the caller's A alone")
def _(answer, rng):
    return untouched(answer, random_adjacency(rng, 5), 2)


# ---- exercise 7 ----------------------------------------------------------------------------------------------------

mean_layer = Check("mean_layer", asks="a function of A (V, V), x (V, C) and W (C, C')", hints=(
    "Send ones through it, with W = 1. A mean of ones is 1: what do you see?",
    "A / crowd with a (V,) vector divides column by column. The count belongs to the receiver, and the receiver is the row.",
    "Three lines, three faults: a name that ends in +=, a sum over the wrong axis, a vector that wants to be a column."))


def ask(answer, A, x, W, **expect):
    """Call the layer on numbers, the expected shape by default."""
    return call(answer, A, x, W, shape=(len(x), W.shape[1]), **expect)


@mean_layer.property("gives one row per node and one column per output channel")
def _(answer, rng):
    ask(answer, random_adjacency(rng, 5), torch.rand(5, 3), torch.rand(3, 2))
    return True


@mean_layer.property("ones in, ones out: it is a mean")
def _(answer, rng):
    got = ask(answer, random_adjacency(rng, 6), torch.ones(6, 1), torch.eye(1))
    v = int((got - 1).abs().argmax())
    return close(got, 1 + 0 * got) or f"everybody says 1, and node {v} hears {digits(got[v, 0])} on average"


@mean_layer.property("a node takes from its senders and from itself")
def _(answer, rng):
    A = torch.zeros(3, 3)
    A[1, 0] = A[2, 1] = 1  # 0 tells 1, 1 tells 2
    x = torch.tensor([[8.0], [0.0], [0.0]])
    got = ask(answer, A, x, torch.eye(1))[:, 0]
    if got[0] <= 0:
        return "node 0 hears nobody but itself and has 8, yet nothing was left of it"
    return bool(got[1] > 0 and got[2] == 0) or (f"node 0 has 8 and tells node 1 only; out came {digits(got)}: do rows listen?")


@mean_layer.property("the node itself has the same say as any sender")
def _(answer, rng):
    A = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    got = ask(answer, A, torch.tensor([[6.0], [0.0]]), torch.eye(1))[:, 0]
    return close(got[0], got[1]) or f"two nodes that hear each other and themselves should agree, they have {digits(got)}"


@mean_layer.property("nothing negative comes out, everything positive passes")
def _(answer, rng):
    A = torch.zeros(2, 2)
    got = ask(answer, A, torch.tensor([[-3.0], [2.0]]), torch.eye(1))[:, 0]
    if got[0] < 0:
        return f"-3 went in alone and {digits(got[0])} came out: where is the ReLU?"
    return close(got[1], 2) or f"2 went in alone and {digits(got[1])} came out"


@mean_layer.property("asked twice, it answers the same, and the caller's A stays as it was")
def _(answer, rng):
    A, x, W = random_adjacency(rng, 5), torch.rand(5, 2), torch.rand(2, 2)
    return untouched(answer, A, x, W)
