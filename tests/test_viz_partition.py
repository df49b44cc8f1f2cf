"""The partition explorer as Python makes it; what the page does with it is in tests/browser/test_partition.py."""

import gzip
import json

import numpy as np
import pytest

from stgcn_lib.graphs import LAYOUTS, SkeletonGraph, skeleton
from stgcn_lib.viz import partition, partition_explorer


def test_the_page_is_given_the_layouts_of_the_library():
    data = partition_explorer("ntu-25", joint="left knee", strategy="distance", max_hop=2, normalization=None).data
    assert data["state"] == {"layout": "ntu-25", "joint": 13, "strategy": "distance", "max_hop": 2, "dilation": 1,
                             "normalization": None, "reference": False, "whole": False}
    assert tuple(data["layouts"]) == LAYOUTS
    for name, layout in data["layouts"].items():
        graph = skeleton(name)
        assert tuple(layout["names"].split(",")) == graph.joints
        assert np.array_equal(np.reshape(layout["edges"], (-1, 2)), graph.edges)
        assert layout["center"] == graph.center
        assert len(layout["places"]) == 2 * graph.num_joints


def test_the_data_is_small():
    data = json.dumps(partition_explorer().data, separators=(",", ":"))
    assert len(gzip.compress(data.encode())) < 12_000


@pytest.mark.parametrize("name", LAYOUTS)
def test_joints_have_room_and_stay_mirrored(name):
    places, graph = partition._roomy(name), skeleton(name)
    assert places.min() == 0 and places.max() == 1
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 9 * np.eye(len(places))
    assert apart.min() > 0.05
    middle = (places[:, 0].max() + places[:, 0].min()) / 2
    for left, right in graph.symmetric_pairs:
        assert places[left, 0] - middle == pytest.approx(middle - places[right, 0], abs=1e-6)
        assert places[left, 1] == pytest.approx(places[right, 1], abs=1e-6)


def test_a_joint_in_the_middle_of_a_limb_is_chosen_at_first():
    assert partition_explorer("openpose-18").data["state"]["joint"] == 3  # right elbow
    two = SkeletonGraph.from_edges([(0, 1)], center=1)
    assert partition_explorer(two).data["state"]["joint"] == 1  # nothing lies two hops out: the centre


def test_a_skeleton_of_your_own():
    graph = SkeletonGraph.from_edges([(0, 1), (1, 2)], ["hand", "elbow", "shoulder"], "shoulder")
    data = partition_explorer(graph, joint="elbow").data
    assert data["own"] == {"edges": "0-1 1-2", "center": 2, "names": ("hand", "elbow", "shoulder"), "places": None}
    placed = partition_explorer(graph, positions=[[0, 0], [2, 0], [2, 4]])
    assert placed.data["own"]["places"] == [[0, 1], [0.5, 1], [0.5, 0]]  # y up in the data, down on the screen
    assert data["state"]["layout"] == "own" and data["state"]["joint"] == 1


@pytest.mark.parametrize(("arguments", "words"), [
    ({"layout": "openpose"}, "name is 'openpose'"),
    ({"joint": "tail"}, "joint is 'tail', expected 0 to 17 or a name of 'openpose-18': nose, neck"),
    ({"joint": 18}, "joint is 18"),
    ({"joint": -1}, "joint is -1"),
    ({"strategy": "best"}, "strategy is 'best'"),
    ({"max_hop": -1}, "max_hop is -1"),
    ({"max_hop": 5}, "max_hop is 5, expected 4 at most"),
    ({"dilation": 0}, "dilation is 0"),
    ({"dilation": 5}, "dilation is 5, expected 4 at most"),
    ({"normalization": "column"}, "normalization is 'column'"),
    ({"layout": SkeletonGraph.from_edges([], ["alone"], 0)}, "1 joints and 0 edges"),
    ({"layout": SkeletonGraph.from_edges([(0, i) for i in range(1, 61)], center=0)}, "61 joints"),
    ({"positions": [[0, 0]] * 18}, "SkeletonGraph of your own only"),
    ({"layout": SkeletonGraph.from_edges([(0, 1)], center=0), "positions": [[0, 0]]}, r"shape \(1, 2\), expected \(2, 2\)"),
    ({"layout": SkeletonGraph.from_edges([(0, 1)], center=0), "positions": [[0, 0], [0, float("nan")]]}, "finite"),
    ({"reference": True, "normalization": None}, "reference=True"),
])
def test_what_cannot_be_drawn_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        partition_explorer(**arguments)


@pytest.mark.parametrize("strategy", ["uniform", "distance", "spatial"])
@pytest.mark.parametrize("reference", [False, True])
def test_without_a_script_the_senders_of_one_joint_stand_still(strategy, reference):
    figure = partition_explorer("ntu-25", joint="left knee", strategy=strategy, max_hop=2, reference=reference)
    A = skeleton("ntu-25").partition(strategy, 2, reference=reference)
    assert figure.still.count("<text") == int((A[:, 13] > 0).sum()) - 1  # a label for each sender but itself
    assert "left knee" not in figure.alt and "ntu-25" in figure.alt
    assert partition_explorer(alt="words", see="look").alt == "words"


def test_the_notebook_carries_all_scripts():
    page = partition_explorer().to_html(standalone=True)
    names = [f"gim.{part} = " for part in ("partition", "partitionBody", "partitionMatrix", "partitionState")]
    for part in (*names, 'gim.define("partition"'):
        assert page.count(part) == 1
