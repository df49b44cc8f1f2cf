"""Chapter 3, Partition strategies: what the page and the notebook check."""

import numpy as np
import torch

from . import boxes
from .checker import Check, Wrong, call, close, digits

SUBSETS = ("root", "centripetal", "centrifugal")


def hop_distances(rng, joints, extra=0):
    """(V, V) int64 hop distances of a random tree with `extra` more edges, and a centre.

    Two joints of the first three-cycle are equally far from the centre and share an edge, when `extra` is 1 or more.
    """
    A = np.zeros((joints, joints), dtype=bool)
    order = rng.permutation(joints)
    for i in range(1, joints):
        parent = order[i - 1] if i in (3, 4) else order[rng.integers(i)] if i > 2 else order[0]  # one arm is three bones long
        A[order[i], parent] = A[parent, order[i]] = True
    if extra:
        A[order[1], order[2]] = A[order[2], order[1]] = True
    d = np.where(np.eye(joints, dtype=bool), 0, np.where(A, 1, joints))
    for middle in range(joints):
        d = np.minimum(d, d[:, [middle]] + d[[middle]])
    return torch.from_numpy(d), int(order[0])


def _where(mask):
    """The first True of a (V, V) tensor, as two numbers."""
    return tuple(mask.nonzero()[0].tolist())


# ---- exercise 5 ---------------------------------------------------------------------------------------------------------------

spatial_subsets = Check("spatial_subsets", asks="a function of d (V, V), the hop distances, and the centre", hints=(
    "Start with who speaks to whom at all: itself and everybody one hop away. Then compare two distances to the centre, the "
    "receiver's and the sender's.",
    "to = d[center] is how far each joint is from the centre. Rows are receivers: to[:, None] belongs to the receiver, to[None, :] "
    "to the sender.",
    "Three masks: equal, sender < receiver, sender > receiver, each AND the neighbourhood. Stack them, then divide every row by "
    "the size of the whole neighbourhood."))


def _spatial(answer, rng, joints=7, extra=1):
    d, center = hop_distances(rng, joints, extra)
    return d, d[center], call(answer, d, center, shape=(3, joints, joints))


@spatial_subsets.property("returns (3, V, V)")
def _(answer, rng):
    for joints in (5, 8):
        _spatial(answer, rng, joints)
    return True


@spatial_subsets.property("every joint hears itself and its direct neighbours, each in one subset, and nobody else")
def _(answer, rng):
    d, _, got = _spatial(answer, rng)
    count = (got != 0).sum(0)
    if (count.diagonal() == 0).any():
        return f"joint {int((count.diagonal() == 0).nonzero()[0])} does not hear itself in any subset"
    if ((count > 0) & (d > 1)).any():
        v, u = _where((count > 0) & (d > 1))
        return f"joint {v} hears joint {u}, which is {int(d[v, u])} hops away"
    if ((count == 0) & (d <= 1)).any():
        v, u = _where((count == 0) & (d <= 1))
        return f"joint {v} and joint {u} share a bone, yet the message from {u} to {v} is in no subset"
    return bool((count <= 1).all()) or f"the message from {_where(count > 1)[1]} to {_where(count > 1)[0]} is in two subsets"


@spatial_subsets.property("root: the joint itself, and neighbours as far from the centre as it is")
def _(answer, rng):
    d, to, got = _spatial(answer, rng)
    if (got[0].diagonal() == 0).any():
        return "a joint's message to itself is not in subset 0"
    equal = (d == 1) & (to[:, None] == to[None, :])
    v, u = _where(equal)
    return bool((got[0][equal] != 0).all()) or (
        f"joints {v} and {u} share a bone and are both {int(to[v])} from the centre; their messages are not in subset 0")


@spatial_subsets.property("centripetal: the sender is nearer the centre than the receiver, which is the row")
def _(answer, rng):
    d, to, got = _spatial(answer, rng)
    nearer = (d == 1) & (to[None, :] < to[:, None])
    wrong = nearer & (got[1] == 0)
    if wrong.any():
        v, u = _where(wrong)
        k = int((got[:, v, u] != 0).nonzero()[0]) if (got[:, v, u] != 0).any() else None
        return (f"joint {v} is {int(to[v])} from the centre, joint {u} is {int(to[u])}; what {v} hears from {u} is in "
                f"{'no subset' if k is None else f'subset {k} ({SUBSETS[k]})'}")
    return True


@spatial_subsets.property("centrifugal: the sender is farther from the centre than the receiver")
def _(answer, rng):
    d, to, got = _spatial(answer, rng)
    wrong = (d == 1) & (to[None, :] > to[:, None]) & (got[2] == 0)
    if wrong.any():
        v, u = _where(wrong)
        heard = got[:, v, u].nonzero().flatten().tolist()
        return (f"joint {u} is farther out than joint {v}; what joint {v} hears from joint {u} is in "
                f"{f'subset {heard[0]} ({SUBSETS[heard[0]]})' if heard else 'no subset'}, not in subset 2 ({SUBSETS[2]})")
    return True


@spatial_subsets.property("ones in, ones out: over all subsets a receiver's weights add up to 1, and they are equal")
def _(answer, rng):
    _, _, got = _spatial(answer, rng)
    total = got.sum((0, 2))
    if not close(total, torch.ones(len(total))):
        v = int((total - 1).abs().argmax())
        return (f"the weights of joint {v} add up to {digits(total[v])}; subset by subset they are "
                f"{digits(got[:, v].sum(-1))}")
    spread = torch.stack([row[row != 0].max() - row[row != 0].min() for row in got.sum(0)])
    v = int(spread.argmax())
    return bool(spread.max() < 1e-5) or f"joint {v} should hear all its senders equally; it hears {digits(got.sum(0)[v])}"


# ---- exercise 6 ---------------------------------------------------------------------------------------------------------------

conv = Check("conv", asks="a function of A and M (K, V, V), x (V, C) and W (K, C, C')", hints=(
    "Do one subset first: weigh its edges, gather, mix the channels. Then add up what the subsets give.",
    "M has a number for every entry of A, and each belongs to that entry alone. Which product is that, * or @?",
    "For each k: (A[k] * M[k]) @ x @ W[k]. Add them up. No transpose, no division."))


def _layer(rng, K=3, V=5, C=2, D=4):
    """Random inputs of a layer with sparse directed subsets, M far from ones."""
    A = torch.from_numpy(rng.random((K, V, V)) * (rng.random((K, V, V)) < 0.4)).float()
    A[:, 0, 1], A[:, 1, 0] = 1, 0  # 0 hears 1 in every subset, 1 never hears 0
    M = torch.from_numpy(rng.uniform(0.5, 2, (K, V, V))).float()
    return A, M, torch.from_numpy(rng.normal(size=(V, C))).float(), torch.from_numpy(rng.normal(size=(K, C, D))).float()


def _one_message(A, M, W, x, v, u, k):
    """The same inputs with only one edge left, v hears u in subset k."""
    only = torch.zeros_like(A)
    only[k, v, u] = A[k, v, u] if A[k, v, u] else 1.0
    return only, M, x, W


@conv.property("returns one row a joint and one column an output channel, (V, C')")
def _(answer, rng):
    for K, V, C, D in ((3, 5, 2, 4), (1, 4, 3, 2)):
        call(answer, *_layer(rng, K, V, C, D), shape=(V, D))
    return True


@conv.property("rows receive, columns send")
def _(answer, rng):
    A, M, x, W = _layer(rng)
    got = call(answer, *_one_message(A, M, W, x, 0, 1, 0), shape=(5, 4))
    if (got[0] == 0).all():
        return "joint 0 hears joint 1 and nobody else hears anybody; nothing arrived at joint 0" + (
            ", but something at joint 1" if (got[1] != 0).any() else "")
    heard = (got != 0).any(1).nonzero().flatten().tolist()
    return heard == [0] or f"only joint 0 hears anybody, yet joint {heard[-1]} received something"


@conv.property("a message of subset k goes through W[k]")
def _(answer, rng):
    A, M, x, W = _layer(rng)
    for k in range(3):
        got = call(answer, *_one_message(A, torch.ones_like(M), W, x, 0, 1, k), shape=(5, 4))[0]
        if not close(got, x[1].double() @ W[k].double()):
            used = [f"W[{j}]" for j in range(3) if close(got, x[1].double() @ W[j].double())]
            used += ["W.sum(0), the sum of all matrices"] if close(got, x[1].double() @ W.double().sum(0)) else []
            return f"joint 0 hears joint 1 in subset {k}, the edge weighs 1 and M is all ones; " + (
                f"the message went through {used[0]}" if used else
                f"expected x[1] @ W[{k}] = {digits(x[1].double() @ W[k].double())}, and {digits(got)} arrived")
    return True


@conv.property("an edge is multiplied by its own M[k, v, u], and by no other")
def _(answer, rng):
    A, M, x, W = _layer(rng)
    k = int(rng.integers(3))
    plain = call(answer, *_one_message(A, torch.ones_like(M), W, x, 0, 1, k), shape=(5, 4))[0]
    louder = torch.ones_like(M)
    louder[k, 0, 1] = 2
    got = call(answer, *_one_message(A, louder, W, x, 0, 1, k), shape=(5, 4))[0]
    if not close(got, 2 * plain):
        return f"M[{k}, 0, 1] went from 1 to 2, the message along that edge " + (
            f"did not change, it is {digits(got)}" if close(got, plain) else f"went from {digits(plain)} to {digits(got)}")
    other = torch.ones_like(M)
    other[k] = 3
    other[k, 0, 1] = 1
    got = call(answer, *_one_message(A, other, W, x, 0, 1, k), shape=(5, 4))[0]
    return close(got, plain) or f"every M but that of the one edge changed, and the message changed too, to {digits(got)}"


@conv.property("the subsets add up")
def _(answer, rng):
    A, M, x, W = _layer(rng)
    alone = []
    for k in range(3):
        own = torch.zeros_like(A)
        own[k] = A[k]
        alone.append(call(answer, own, M, x, W, shape=(5, 4)))
    got = call(answer, A, M, x, W, shape=(5, 4))
    return close(got, sum(alone)) or (
        f"joint 0 gets {digits(alone[0][0])}, {digits(alone[1][0])} and {digits(alone[2][0])} from the subsets one by one, and "
        f"{digits(got[0])} from all together")


# ---- exercise 7 ---------------------------------------------------------------------------------------------------------------

distance_subsets = Check("distance_subsets", asks="a function of d (V, V), max_hop and dilation", hints=(
    "Call it with dilation 1 and with dilation 2 and compare. Then send ones through it.",
    "Which hops does range(0, max_hop + 1, dilation) give? And over which axes do the weights of one receiver lie, when there are "
    "several subsets?",
    "Three faults: dilation is read nowhere, the sum runs over receivers instead of senders, and each subset is divided by its own "
    "size instead of the size of all subsets together."))


def _distance(answer, d, max_hop, dilation, finite=True):
    hops = range(0, max_hop + 1, dilation)
    got = call(answer, d, max_hop, dilation, finite=finite)
    if got.shape != (len(hops), *d.shape):
        raise Wrong(f"returned shape {tuple(got.shape)} for d of shape {tuple(d.shape)}, max_hop={max_hop}, dilation={dilation}; "
                    f"expected {(len(hops), *d.shape)}, one subset for each of the hops {', '.join(map(str, hops))}")
    return hops, got


@distance_subsets.property("one subset for each hop that counts: 0, dilation, 2 dilation, ... up to max_hop")
def _(answer, rng):
    d, _ = hop_distances(rng, 7)
    for max_hop, dilation in ((1, 1), (2, 1), (2, 2), (3, 2)):
        _distance(answer, d, max_hop, dilation, finite=False)  # NaN has a property of its own
    return True


@distance_subsets.property("subset i holds exactly the pairs at the i-th of these distances")
def _(answer, rng):
    d, _ = hop_distances(rng, 7)
    for max_hop, dilation in ((1, 1), (2, 1), (2, 2), (3, 1)):
        hops, got = _distance(answer, d, max_hop, dilation, finite=False)
        got = got.nan_to_num()  # an empty row divided by 0: the pairs may still be right
        for i, hop in enumerate(hops):
            wrong = (got[i] != 0) != (d == hop)
            if wrong.any():
                v, u = _where(wrong)
                return (f"max_hop={max_hop}, dilation={dilation}: joints {v} and {u} are {int(d[v, u])} hops apart, and the "
                        f"message is {'' if got[i, v, u] else 'not '}in subset {i}, which is for {hop} hops")
    return True


@distance_subsets.property("ones in, ones out: over all subsets a receiver's weights add up to 1, and they are equal")
def _(answer, rng):
    d, _ = hop_distances(rng, 7)
    for max_hop, dilation in ((1, 1), (2, 1), (2, 2)):
        _, got = _distance(answer, d, max_hop, dilation)
        total = got.sum((0, 2))
        if not close(total, torch.ones(7)):
            v = int((total - 1).abs().argmax())
            return (f"max_hop={max_hop}, dilation={dilation}: the weights of joint {v} add up to {digits(total[v])}; subset by "
                    f"subset they are {digits(got[:, v].sum(-1))}")
        for v, row in enumerate(got.sum(0)):
            if row[row != 0].max() - row[row != 0].min() > 1e-5:
                return f"joint {v} should hear all its senders equally; it hears {digits(row)}"
    return True


@distance_subsets.property("a joint with nobody at some distance gets zeros there, not NaN")
def _(answer, rng):
    d = torch.tensor([[0, 1, 1], [1, 0, 2], [1, 2, 0]])  # nobody is two hops from joint 0
    got = call(answer, d, 2, 1, shape=(3, 3, 3), finite=False)
    return bool(torch.isfinite(got).all()) or "joint 0 has nobody two hops away, and its row in the last subset is not a number"


# ---- by hand ------------------------------------------------------------------------------------------------------------------

BOXES = {
    "chest": dict(
        question="Heights: hip 0, chest 4, head 6, both hands 4. <i>W</i><sub>root</sub> = 3, <i>W</i><sub>centripetal</sub> = "
                 "&minus;1, <i>W</i><sub>centrifugal</sub> = 2, the centre is the hip, divide by all five. What is the new number "
                 "of the <b>chest</b>?",
        answer=8, label="new chest",
        slips={40: "40 is the sum of the five messages. Divide it by their number.",
               -0.4: "Nearer and farther are swapped: the hip is the centre, so it is the hip that speaks through "
                     "<i>W</i><sub>centripetal</sub>.",
               10: "Five messages, not four: the chest counts as one of its own senders.",
               7: "That divides the four neighbours by four. The chest's own 3 &middot; 4 is missing.",
               5.6: "The chest's own message is missing from the sum: 3 &middot; 4.",
               21.3333: "That divides every subset by its own size, which is the paper's <i>Z</i>. Here all are divided by five.",
               10.8: "That sends everybody through <i>W</i><sub>root</sub>: it is the answer of a layer with one matrix."},
        hints=("Who is nearer the hip than the chest is? Who is farther? Nobody else is as far as the chest.",
               "Root: the chest itself. Centripetal: the hip. Centrifugal: the head and both hands, added up.",
               "3 &middot; 4, then &minus;1 &middot; 0, then 2 &middot; (6 + 4 + 4). Add them and divide by five."),
        right="(12 + 0 + 28) / 5. With hip and head exchanged it would be (12 &minus; 6 + 16) / 5 = 4.4: the layer notices."),
    "two_layers": dict(
        question="Everybody says 1, all three weights are 1, and every subset is divided by <b>its own</b> size. What does the "
                 "<b>chest</b> say after <b>two</b> layers?",
        answer=7, label="chest after two layers",
        slips={1: "1 is what stays when everybody divides by the size of the whole neighbourhood.",
               3: "3 is the chest after one layer: one mean for each of its three subsets.",
               9: "Not everybody grows by 3: the hip and the ends have two subsets, not three.",
               11: "The head and the hands share one subset: their mean counts, not their sum.",
               6: "That is two times three. Start the second layer from the new numbers: 2 at the hip, 3 at the chest, 2 outside."},
        hints=("The mean of ones is 1. How many subsets that hold anybody does each joint have?",
               "After one layer: the chest 3, everybody else 2.",
               "Second layer at the chest: its own number, plus the hip's, plus the mean of head and hands."),
        right="3 + 2 + 2. After ten layers the chest says many thousands."),
    "shoulder": dict(
        question="<code>openpose-18</code>, <code>max_hop=1</code>, divided by the whole neighbourhood. What do the weights in the "
                 "<b>centrifugal</b> row of the <b>right shoulder</b> add up to?",
        answer=0.5, label="sum of the row",
        slips={1: "1 is the sum over all three subsets, or over one that is divided by its own size.",
               2: "2 is how many senders there are in it. Each has a weight of 1 over the size of the whole neighbourhood.",
               0.25: "One sender, the elbow? In this layout a second joint hangs from the shoulder.",
               0.66667: "The shoulder is one of its own senders too: the neighbourhood has four, not three.",
               0.33333: "Count the neighbourhood again: the neck, the elbow, one more, and the shoulder itself."},
        hints=("Find the right shoulder in the explorer, or in the drawing of chapter 2. Who shares a bone with it?",
               "The neck is nearer the centre. The elbow is farther, and so is the hip that hangs from the shoulder.",
               "Four senders with the shoulder itself, so each weighs 1/4. Two of them are farther out."),
        right="Elbow and hip, 1/4 each. The row of the centripetal subset holds the other neighbour's 1/4, root the last one."),
    "dilated": dict(
        question="The stick figure, centre at the hip, <code>max_hop=2</code> and <code>dilation=2</code>. How many senders does "
                 "the <b>left hand</b> have in each subset of the spatial partition?",
        answer=[3, 1, 0], rows=("root", "centripetal", "centrifugal"), label="senders",
        slips=[([2, 1, 0], "The hand hears itself too, at distance 0."),
               ([1, 1, 2], "Head and right hand are as far from the hip as the left hand is: equal distance means root."),
               ([1, 1, 0], "Two hops from the left hand there is more than the hip."),
               ([3, 2, 0], "The chest is one hop away. With dilation 2 the hops that count are 0 and 2."),
               ([1, 0, 3], "All three are two hops from the hand. What counts for the subset is their distance to the hip.")],
        hints=("First: who is 0 or 2 hops from the left hand? The chest is not.",
               "Hip, head, right hand, and itself. How far is each of them from the hip?",
               "The left hand is 2 from the hip. Who else is 2 from the hip, and who is nearer?"),
        right="Itself, the head and the right hand are two from the hip; the hip is nearer. Nobody is farther out."),
}

QUIZZES = {
    "cannot": dict(
        question="One layer, spatial partition, edge importance still all ones, centre in the trunk. Which two can it <b>not</b> "
                 "tell apart?",
        choices=[
            ("An elbow's shoulder and its wrist.", False,
             "One is nearer the centre, the other farther: they speak through different matrices. A partition is for that."),
            ("What the neck hears from the left shoulder and what it hears from the right.", True,
             "Both are one hop out, so they share a matrix and a weight. Exchange their numbers, and the neck computes the same."),
            ("A joint and its only neighbour.", False,
             "The joint itself is in the root subset, the neighbour is not."),
            ("A joint with two neighbours and a joint with three.", False,
             "They have the same matrices, but other neighbours and another divisor."),
        ]),
    "same_numbers": dict(
        question="Your class takes <code>strategy='uniform' | 'distance' | 'spatial'</code>. You train all three with the same "
                 "seed, and the accuracies agree to the last digit. What do you look at first?",
        choices=[
            ("The learning rate: it is too small to see a difference.", False,
             "Different numbers of weights from one seed never agree to the last digit, whatever the learning rate."),
            ("Nothing: the partition does not matter for this data.", False,
             "Then the accuracies would be near each other. Equal digits mean equal networks."),
            ("The shape of the adjacency, for each strategy.", True,
             "If it is (1, V, V) or (V, V) for all three, the argument is stored and never read. A listing on the web does just "
             "that. The test: <code>assert A.shape[0] == 3</code>."),
            ("The seed: it must differ from run to run.", False,
             "Then you would see other digits, and the same mistake with more noise on top."),
        ]),
}

PREDICTIONS = {
    "bones": dict(
        key="ch03-bones",
        question="Two layers are to say, for every joint, how its bone points: the vector from its parent. One has "
                 "<b>one matrix</b> for all neighbours, the other has <b>three</b>, one for each subset. Their weights are the "
                 "best there are for some people's recordings; others test them. Against them plays somebody who <b>never "
                 "looks</b> and always answers with each joint's mean bone of those first people. Who comes nearest?",
        choices=("Three matrices best, then one matrix for all neighbours, then the one who never looks",
                 "Three matrices best, then the one who never looks, then one matrix for all neighbours",
                 "One matrix and three matrices about equal, and both far better than not looking"),
        truth=1,
        reply="With one matrix the layer adds up parent and children and cannot take one from the other: for bones, that is worse "
              "than not looking at all. (It is also asked for more: one rule for all joints, where the other has an answer for "
              "each.)",
        later="The answer is measured near the end, on people."),
}

box = boxes.by_name(boxes.box, BOXES)
quiz = boxes.by_name(boxes.quiz, QUIZZES)
predict = boxes.by_name(boxes.predict, PREDICTIONS)
predict_reply = boxes.by_name(boxes.predict_reply, PREDICTIONS)
