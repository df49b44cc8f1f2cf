import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import shortest_path

from stgcn_lib.graphs import LAYOUTS, SkeletonGraph, skeleton

from .graph_examples import distances_from, properties, relabel, skeletons

# The bones as the authors of each layout list them.
BONES = {
    "openpose-18": [(4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1),
                    (0, 1), (15, 0), (14, 0), (17, 15), (16, 14)],
    "ntu-25": [(0, 1), (1, 20), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (8, 20), (9, 8), (10, 9), (11, 10),
               (12, 0), (13, 12), (14, 13), (15, 14), (16, 0), (17, 16), (18, 17), (19, 18), (21, 22), (22, 7),
               (23, 24), (24, 11)],
    "coco-17": [(15, 13), (13, 11), (16, 14), (14, 12), (11, 5), (12, 6), (9, 7), (7, 5), (10, 8), (8, 6), (5, 0),
                (6, 0), (1, 0), (3, 1), (2, 0), (4, 2)],
    "hand-21": [(1, 0), (2, 1), (3, 2), (4, 3), (5, 0), (6, 5), (7, 6), (8, 7), (9, 0), (10, 9), (11, 10), (12, 11),
                (13, 0), (14, 13), (15, 14), (16, 15), (17, 0), (18, 17), (19, 18), (20, 19)],
    "hand-22": [(0, 1), (0, 2), (2, 3), (3, 4), (4, 5), (1, 6), (6, 7), (7, 8), (8, 9), (1, 10), (10, 11), (11, 12),
                (12, 13), (1, 14), (14, 15), (15, 16), (16, 17), (1, 18), (18, 19), (19, 20), (20, 21)],
    "msr-20": [(6, 3), (3, 2), (2, 19), (2, 0), (2, 1), (0, 7), (1, 8), (7, 9), (8, 10), (9, 11), (10, 12), (6, 4),
               (6, 5), (4, 13), (5, 14), (13, 15), (14, 16), (15, 17), (16, 18)],
}
PARENTS = {
    "rehab-22": [-1, 0, 1, 2, 3, 4, 2, 6, 7, 8, 2, 10, 11, 12, 0, 14, 15, 16, 0, 18, 19, 20],
    "cmu-38": [-1, 0, 1, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11, 0, 13, 14, 15, 16, 17, 18, 15, 20, 21, 22, 23, 24, 25, 23, 27,
               15, 29, 30, 31, 32, 33, 34, 32, 36],
}
BONES |= {name: [(v, u) for v, u in enumerate(parents) if u >= 0] for name, parents in PARENTS.items()}
SHAPE = {"openpose-18": ("neck", 8), "coco-17": ("nose", 8), "ntu-25": ("spine shoulder", 10),
         "kinect-20": ("shoulder center", 8), "msr-20": ("shoulder center", 8), "hand-21": ("wrist", 0),
         "hand-22": ("palm", 0), "rehab-22": ("chest", 8), "freethrow-27": ("nose", 13), "cmu-38": ("Spine1", 15)}
FREE_THROW_FILES = ("R_EYE L_EYE NOSE R_EAR L_EAR R_SHOULDER L_SHOULDER R_ELBOW L_ELBOW R_WRIST L_WRIST R_HIP L_HIP "
                    "R_KNEE L_KNEE R_ANKLE L_ANKLE R_1STFINGER R_5THFINGER L_1STFINGER L_5THFINGER R_1STTOE R_5THTOE "
                    "L_1STTOE L_5THTOE R_CALC L_CALC")


def bones(graph):
    return {frozenset(edge) for edge in graph.edges}


def named_bones(name):
    graph = skeleton(name)
    return {frozenset(graph.joints[v] for v in edge) for edge in graph.edges}


def test_the_ten_layouts():
    assert set(LAYOUTS) == set(SHAPE)
    for name in LAYOUTS:
        graph = skeleton(name)
        assert graph.name == name
        assert f"{graph.num_joints}" == name.split("-")[1]
        assert (graph.joints[graph.center], len(graph.symmetric_pairs)) == SHAPE[name]
        assert len(graph.edges) == graph.num_joints - 1  # connected and so many edges: a tree


@pytest.mark.parametrize("name", BONES)
def test_bones_are_those_of_the_source(name):
    assert bones(skeleton(name)) == {frozenset(bone) for bone in BONES[name]}


def test_layouts_of_the_same_body_have_the_same_bones():
    assert named_bones("kinect-20") == named_bones("msr-20")
    assert named_bones("coco-17") < named_bones("freethrow-27")
    hand, fingers = named_bones("hand-21"), ("index 1", "middle 1", "ring 1", "little 1")
    assert (hand - {frozenset(("wrist", finger)) for finger in fingers}
            | {frozenset(("palm", joint)) for joint in ("wrist", *fingers)}) == named_bones("hand-22")


def test_free_throw_joints_are_in_the_order_of_the_files():
    names = FREE_THROW_FILES.split()
    for short, word in {"R_": "right ", "L_": "left ", "1ST": "first ", "5TH": "fifth ", "CALC": "heel"}.items():
        names = [name.replace(short, word) for name in names]
    assert skeleton("freethrow-27").joints == tuple(name.lower() for name in names)


@pytest.mark.parametrize("name", LAYOUTS)
def test_edges_point_to_the_center_and_give_the_parents(name):
    graph = skeleton(name)
    to_center = distances_from(graph, graph.center)
    assert all(to_center[inner] == to_center[outer] - 1 for outer, inner in graph.edges)
    assert {(v, int(u)) for v, u in enumerate(graph.parents) if u >= 0} == set(graph.edges)


@pytest.mark.parametrize("name", LAYOUTS)
def test_mirrored_bodies_keep_their_bones(name):
    graph = skeleton(name)
    mirror = dict(graph.symmetric_pairs) | {right: left for left, right in graph.symmetric_pairs}
    assert {frozenset(mirror.get(v, v) for v in bone) for bone in bones(graph)} == bones(graph)
    for left, right in graph.symmetric_pairs:
        assert graph.joints[left][0].lower() + graph.joints[right][0].lower() == "lr"
    sided = [v for v, joint in enumerate(graph.joints) if joint.lower().startswith(("left ", "right "))]
    assert all(v in mirror for v in sided)  # none forgotten


def test_sides_of_a_known_body():
    graph = skeleton("openpose-18")
    side = dict(zip(graph.joints, graph.sides, strict=True))
    assert side["left wrist"] == side["left eye"] == "left"
    assert side["right knee"] == "right"
    assert side["nose"] == side["neck"] == "trunk"


def test_hop_distance_counted_by_hand():
    graph = skeleton("openpose-18")
    hops = graph.hop_distance()
    nose, neck, wrist, ankle = (graph.joints.index(joint) for joint in ("nose", "neck", "right wrist", "left ankle"))
    assert hops[neck, nose] == 1
    assert hops[neck, wrist] == 3
    assert hops[wrist, ankle] == 7  # wrist, elbow, shoulder, neck, shoulder, hip, knee, ankle
    assert hops.dtype == np.int64


def test_adjacency():
    graph = SkeletonGraph.from_edges([(0, 1), (2, 1)], center=1)
    A = graph.adjacency(self_loops=False)
    assert A.dtype == torch.float32
    assert A.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert torch.equal(graph.adjacency(), A + torch.eye(3))


def test_joints_by_name_and_by_index_make_the_same_skeleton():
    joints = ["hand", "elbow", "shoulder"]
    named = SkeletonGraph.from_edges([("hand", "elbow"), ("elbow", "shoulder")], joints, "shoulder",
                                     [("hand", "elbow")])
    assert named == SkeletonGraph.from_edges(np.array([[0, 1], [1, 2]]), joints, np.int64(2), [(0, 1)])
    assert SkeletonGraph.from_edges([(0, 1)], center=0).joints == ("joint 0", "joint 1")
    assert SkeletonGraph.from_edges([], ["point"], 0).parents.tolist() == [-1]


def test_a_skeleton_cannot_be_changed_and_can_be_a_key():
    graph = skeleton("ntu-25")
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.center = 0
    assert {graph: "ntu"}[skeleton("ntu-25")] == "ntu"
    assert repr(graph) == "SkeletonGraph('ntu-25', 25 joints, 24 edges, center 20 'spine shoulder')"


def test_parents_take_the_lowest_index_where_a_cycle_leaves_a_choice():
    ring = SkeletonGraph.from_edges([(0, 1), (1, 3), (3, 2), (2, 0)], center=3)
    assert ring.parents.tolist() == [1, 3, 3, -1]
    assert ring.parents.dtype == np.int64


def test_many_joints_many_paths():
    count = 150  # (A + I)^h counts paths; unguarded, their number leaves float32 long before the far end is reached
    graph = SkeletonGraph.from_edges([(i, i + 1) for i in range(count - 1)], center=0)
    assert np.array_equal(graph.hop_distance(), abs(np.subtract.outer(np.arange(count), np.arange(count))))


@given(skeletons())
@properties
def test_hop_distance_equals_scipy(graph):
    assert np.array_equal(graph.hop_distance(), shortest_path(graph.adjacency().numpy(), unweighted=True))


@given(skeletons())
@properties
def test_parents_are_one_hop_nearer(graph):
    to_center = distances_from(graph, graph.center)
    for v, parent in enumerate(graph.parents):
        if v == graph.center:
            assert parent == -1
        else:
            assert frozenset((v, int(parent))) in bones(graph)
            assert to_center[parent] == to_center[v] - 1


@given(skeletons())
@properties
def test_sides_follow_the_pairs(graph):
    assert {v for v, side in enumerate(graph.sides) if side == "left"} == {left for left, _ in graph.symmetric_pairs}
    assert {v for v, side in enumerate(graph.sides) if side == "right"} == {right for _, right in graph.symmetric_pairs}
    assert len(graph.sides) == graph.num_joints


@given(skeletons(), st.data())
@properties
def test_renaming_the_joints_renames_the_distances(graph, data):
    order = data.draw(st.permutations(range(graph.num_joints)))
    assert np.array_equal(relabel(graph, order).hop_distance(), graph.hop_distance()[np.ix_(order, order)])


ARM = {"edges": [(0, 1), (1, 2)], "joints": ["hand", "elbow", "shoulder"], "center": 2}


@pytest.mark.parametrize(("change", "parts"), [
    ({"edges": [(0, 1), (1, 3)]}, ["edges[1]", "joint 3", "0 to 2", "count from 1"]),
    ({"edges": [(0, 1), (-1, 2)]}, ["edges[1]", "joint -1", "0 to 2"]),
    ({"edges": [(0, 1), (1, 1), (1, 2)]}, ["edges[1]", "'elbow'", "itself", "leave it out"]),
    ({"edges": [(0, 1), (1, 2), (0, 1)]}, ["edges[2]", "(0, 1)", "edges[0]", "once"]),
    ({"edges": [(0, 1), (1, 2), (2, 1)]}, ["edges[2]", "(2, 1)", "edges[1]", "both ways"]),
    ({"edges": [(1, 2)]}, ["edges", "joint 0 ('hand')", "'shoulder'", "add the missing bone"]),
    ({"edges": [(1, 2), (2, 3)], "joints": None}, ["joint 0 ('joint 0')", "subtract 1"]),
    ({"edges": [(0, 1, 2)]}, ["edges[0]", "(0, 1, 2)", "pair"]),
    ({"edges": [0, 1, 1, 2]}, ["edges is [0, 1, 1, 2]", "list of pairs"]),
    ({"edges": 3}, ["edges is 3", "list of pairs"]),
    ({"edges": [(0, 1), (1, 2.0)]}, ["edges[1]", "2.0", "whole number"]),
    ({"edges": [(0, 1.5)], "joints": None}, ["edges[0]", "1.5", "whole number"]),
    ({"edges": [(False, True), (1, 2)]}, ["edges[0]", "False"]),
    ({"edges": [("hand", "elbow"), ("elbow", "sholder")]}, ["edges[1]", "'sholder'", "shoulder"]),
    ({"edges": [], "joints": None}, ["edges", "joints", "at least one"]),
    ({"joints": ["hand", "elbow"]}, ["edges[1]", "joint 2", "0 to 1", "missing from joints"]),
    ({"joints": ["hand", "elbow", "shoulder", "head"]}, ["joint 3 ('head')", "path"]),
    ({"joints": ["hand", "elbow", "hand"]}, ["joints[2]", "'hand'", "joints[0]"]),
    ({"joints": 3}, ["joints is 3", "list"]),
    ({"joints": "hes"}, ["joints is 'hes'", "list"]),
    ({"center": None}, ["center is missing", "index or name"]),
    ({"center": 3}, ["center", "joint 3", "0 to 2"]),
    ({"center": "wrist"}, ["center", "'wrist'", "hand, elbow, shoulder"]),
    ({"symmetric_pairs": [(0, 5)]}, ["symmetric_pairs[0]", "joint 5", "0 to 2"]),
    ({"symmetric_pairs": [(0, 1), (2, 0)]}, ["symmetric_pairs", "joint 0 ('hand')", "twice"]),
    ({"symmetric_pairs": [(1, 1)]}, ["symmetric_pairs", "'elbow'", "twice"]),
    ({"symmetric_pairs": [(0, 1, 2)]}, ["symmetric_pairs[0]", "pair"]),
])
def test_bad_skeletons_are_named(change, parts):
    with pytest.raises(ValueError) as caught:
        SkeletonGraph.from_edges(**(ARM | change))
    for part in parts:
        assert part in str(caught.value)


def test_unknown_layout_lists_the_known_ones():
    with pytest.raises(ValueError, match="'ntu25'.*ntu-25.*from_edges"):
        skeleton("ntu25")
