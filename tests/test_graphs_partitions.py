import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib.graphs import LAYOUTS, SkeletonGraph, skeleton

from .graph_examples import distances_from, properties, relabel, skeletons

STRATEGIES = ("uniform", "distance", "spatial")
REACHES = [(0, 1), (1, 1), (1, 2), (2, 1), (3, 1), (4, 2)]  # max_hop, dilation
options = st.fixed_dictionaries({
    "strategy": st.sampled_from(STRATEGIES), "max_hop": st.integers(0, 4), "dilation": st.integers(1, 3),
    "normalization": st.sampled_from(["row", "symmetric", None])})


def partition_by_loops(graph, strategy, max_hop, dilation, normalization):
    """The oracle: one pair of joints after the other, straight from the description."""
    count = graph.num_joints
    hops = [distances_from(graph, v) for v in range(count)]
    to_center = hops[graph.center]
    counted = list(range(0, max_hop + 1, dilation))
    senders = {v: [u for u in range(count) if hops[v][u] in counted] for v in range(count)}
    A = np.zeros(({"uniform": 1, "distance": len(counted), "spatial": 3}[strategy], count, count))
    for v in range(count):
        for u in senders[v]:
            if strategy == "uniform":
                k = 0
            elif strategy == "distance":
                k = counted.index(hops[v][u])
            elif to_center[u] == to_center[v]:
                k = 0  # root
            else:
                k = 1 if to_center[u] < to_center[v] else 2  # centripetal, centrifugal
            degrees = {"row": len(senders[v]), "symmetric": (len(senders[v]) * len(senders[u])) ** 0.5, None: 1}
            A[k, v, u] = 1 / degrees[normalization]
    return A


def released_by_loops(graph, strategy, max_hop, dilation):
    """What the released ST-GCN computes, sender first as it stores it, from its description: distances known up to
    max_hop, a column divided by its sum, and for each hop the pairs whose sender is nearer apart from the others."""
    count, unknown = graph.num_joints, float("inf")
    hops = [[hop if hop <= max_hop else unknown for hop in distances_from(graph, v)] for v in range(count)]
    to_center = hops[graph.center]
    counted = list(range(0, max_hop + 1, dilation))
    subsets = []
    for hop in counted:
        others, nearer = np.zeros((count, count)), np.zeros((count, count))
        for sender in range(count):
            for receiver in range(count):
                if hops[sender][receiver] == hop:
                    weight = 1 / sum(hops[other][receiver] in counted for other in range(count))
                    (nearer if to_center[sender] < to_center[receiver] else others)[sender, receiver] = weight
        subsets += [others, nearer] if hop else [others]
    if strategy == "distance":
        return np.stack([subsets[0]] + [a + b for a, b in zip(subsets[1::2], subsets[2::2], strict=True)])
    return np.stack(subsets) if strategy == "spatial" else sum(subsets)[None]


# every strategy on every skeleton: left to draw them together, Hypothesis seldom meets a long limb with a low max_hop
@pytest.mark.parametrize(("max_hop", "dilation"), REACHES)
@given(skeletons(), st.sampled_from(["row", "symmetric", None]))
@properties
def test_partition_equals_the_loops(max_hop, dilation, graph, normalization):
    for strategy in STRATEGIES:
        A = graph.partition(strategy, max_hop, dilation, normalization)
        assert A.dtype == torch.float32
        expected = partition_by_loops(graph, strategy, max_hop, dilation, normalization)
        assert A.shape == expected.shape
        assert np.allclose(A.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize(("max_hop", "dilation"), REACHES)
@given(skeletons())
@properties
def test_reference_is_the_transpose_of_the_released_matrices(max_hop, dilation, graph):
    for strategy in STRATEGIES:
        A = graph.partition(strategy, max_hop, dilation, reference=True).numpy()
        released = released_by_loops(graph, strategy, max_hop, dilation)
        assert A.shape == released.shape
        assert np.allclose(A, released.transpose(0, 2, 1), atol=1e-6)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize(("max_hop", "dilation"), [(1, 1), (3, 2)])
def test_layouts_equal_the_loops(name, max_hop, dilation):
    graph = skeleton(name)
    A = graph.partition(max_hop=max_hop, dilation=dilation).numpy()
    assert np.allclose(A, partition_by_loops(graph, "spatial", max_hop, dilation, "row"), atol=1e-6)
    reference = graph.partition(max_hop=max_hop, dilation=dilation, reference=True).numpy()
    assert np.allclose(reference, released_by_loops(graph, "spatial", max_hop, dilation).transpose(0, 2, 1), atol=1e-6)


@given(skeletons(), options)
@properties
def test_subsets_are_disjoint_and_sum_to_the_union(graph, options):
    A = graph.partition(**options)
    assert ((A != 0).sum(dim=0) <= 1).all()
    union = graph.partition(**(options | {"strategy": "uniform"}))[0]
    assert torch.equal(A.sum(dim=0), union)


@given(skeletons(), options, st.booleans())
@properties
def test_the_weights_of_a_receiver_sum_to_one(graph, options, reference):
    A = graph.partition(**(options | {"normalization": "row"}), reference=reference)
    assert torch.allclose(A.sum(dim=(0, 2)), torch.ones(graph.num_joints))


@given(skeletons(), options)
@properties
def test_the_union_is_symmetric_under_symmetric_normalization(graph, options):
    union = graph.partition(**(options | {"normalization": "symmetric"})).sum(dim=0)
    assert torch.equal(union, union.T)


@given(skeletons(), options, st.booleans(), st.data())
@properties
def test_renaming_the_joints_renames_the_partition(graph, options, reference, data):
    options = options | ({"normalization": "row"} if reference else {})
    order = data.draw(st.permutations(range(graph.num_joints)))
    A = graph.partition(**options, reference=reference)
    assert torch.equal(relabel(graph, order).partition(**options, reference=reference), A[:, order][:, :, order])


@given(skeletons(), st.integers(1, 4))
@properties
def test_centripetal_and_centrifugal_are_each_others_reverse(graph, max_hop):
    root, centripetal, centrifugal = graph.partition(max_hop=max_hop, normalization=None)
    assert torch.equal(centripetal, centrifugal.T)
    assert torch.equal(root, root.T)


def test_the_three_subsets_on_a_path_of_three():
    """hand - elbow - shoulder, the shoulder as the centre."""
    graph = SkeletonGraph.from_edges([(0, 1), (1, 2)], ["hand", "elbow", "shoulder"], "shoulder")
    root, centripetal, centrifugal = graph.partition(normalization=None)
    assert root.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert centripetal.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]  # the hand hears the elbow, the elbow the shoulder
    assert centrifugal.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]  # the elbow hears the hand, the shoulder the elbow
    assert torch.allclose(graph.partition()[1], torch.tensor([[0, 1 / 2, 0], [0, 0, 1 / 3], [0, 0, 0]]))


def test_equal_distance_is_root_on_a_cycle():
    triangle = SkeletonGraph.from_edges([(0, 1), (1, 2), (2, 0)], center=0)
    assert triangle.partition(normalization=None)[0].tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 1]]


@pytest.mark.parametrize(("name", "misplaced", "placed"), [("openpose-18", 25, 9), ("ntu-25", 40, 8)])
def test_capped_distances_misplace_edges(name, misplaced, placed):
    """Each bone carries one message towards the centre and one away. The released code knows only some apart."""
    graph = skeleton(name)
    reference = graph.partition(reference=True)
    assert [int((a > 0).sum()) for a in reference] == [graph.num_joints, misplaced, placed]
    correct = graph.partition()
    assert [int((a > 0).sum()) for a in correct] == [graph.num_joints, len(graph.edges), len(graph.edges)]
    assert torch.equal(reference.sum(dim=0), correct.sum(dim=0))  # the same edges and weights, in other subsets


def test_three_hops_still_misplace_eight_bones_of_ntu():
    graph = skeleton("ntu-25")
    nearer_over_one_hop = graph.partition(max_hop=3, reference=True)[2]
    assert int((nearer_over_one_hop > 0).sum()) == len(graph.edges) - 8


def test_reference_counts_its_subsets():
    graph = skeleton("coco-17")
    assert [len(graph.partition(max_hop=hop, reference=True)) for hop in (0, 1, 2, 3)] == [1, 3, 5, 7]
    assert [len(graph.partition(max_hop=hop)) for hop in (0, 1, 2, 3)] == [3, 3, 3, 3]
    assert [len(graph.partition("distance", max_hop=hop, dilation=2)) for hop in (1, 2, 3, 4)] == [1, 2, 2, 3]


@pytest.mark.parametrize(("change", "parts"), [
    ({"strategy": "spacial"}, ["strategy", "'spacial'", "'spatial'"]),
    ({"strategy": "spacial", "reference": True}, ["strategy", "'spacial'"]),
    ({"max_hop": -1}, ["max_hop is -1", "0 or more"]),
    ({"max_hop": 1.5}, ["max_hop is 1.5", "whole number"]),
    ({"dilation": 0}, ["dilation is 0", "1 or more"]),
    ({"normalization": "rows"}, ["normalization is 'rows'", "'row'", "None"]),
    ({"normalization": "symmetric", "reference": True}, ["normalization is 'symmetric'", "reference=True", "'row'"]),
    ({"normalization": None, "reference": True}, ["normalization is None", "reference=True"]),
])
def test_bad_arguments_are_named(change, parts):
    with pytest.raises(ValueError) as caught:
        skeleton("coco-17").partition(**change)
    for part in parts:
        assert part in str(caught.value)
