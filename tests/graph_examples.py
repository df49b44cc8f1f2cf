"""Random skeletons for the property tests, and hop distances found by a plain queue."""

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st

from stgcn_lib.graphs import SkeletonGraph

# derandomize: every run sees the same examples; no deadline: the machine may be busy
properties = settings(derandomize=True, deadline=None, max_examples=60)


@st.composite
def skeletons(draw, max_joints=9):
    """A random tree with up to three more bones that close cycles, its joints shuffled, with a centre and pairs.

    Each joint hangs from one of the two before it, which makes long limbs; bushes would hide what goes wrong far out.
    """
    count = draw(st.integers(1, max_joints))
    label = draw(st.permutations(range(count)))
    bones = {(draw(st.integers(max(0, i - 2), i - 1)), i) for i in range(1, count)}
    absent = [(a, b) for b in range(count) for a in range(b) if (a, b) not in bones]
    if absent:
        bones |= draw(st.sets(st.sampled_from(absent), max_size=3))
    edges = [(label[a], label[b]) if draw(st.booleans()) else (label[b], label[a]) for a, b in sorted(bones)]
    order = draw(st.permutations(range(count)))
    pairs = [(order[2 * i], order[2 * i + 1]) for i in range(draw(st.integers(0, count // 2)))]
    joints = [f"joint {i}" for i in range(count)]
    return SkeletonGraph.from_edges(edges, joints, draw(st.integers(0, count - 1)), pairs)


def relabel(graph, order):
    """The same skeleton with joint ``order[i]`` in place ``i``."""
    place = {joint: i for i, joint in enumerate(order)}
    return SkeletonGraph.from_edges([(place[a], place[b]) for a, b in graph.edges], [graph.joints[v] for v in order],
                                    place[graph.center], [(place[a], place[b]) for a, b in graph.symmetric_pairs])


def distances_from(graph, start):
    """Hop distance of every joint from `start`: the oracle, one joint after the other."""
    distance, queue = {start: 0}, deque([start])
    while queue:
        v = queue.popleft()
        for a, b in graph.edges:
            for u, w in ((a, b), (b, a)):
                if u == v and w not in distance:
                    distance[w] = distance[v] + 1
                    queue.append(w)
    return [distance[v] for v in range(graph.num_joints)]
