import numpy as np
import pytest
import torch

from stgcn_lib.graphs import LAYOUTS, skeleton
from stgcn_lib.viz import adjacency_view
from stgcn_lib.viz.poses import pose

PLACES = [[0, 0], [0, 1], [1, 1]]
PATH = [[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]


def test_the_data_keeps_rows_as_receivers():
    A = np.array([[0, 2.0, 0], [0, 0, 0], [3.0, 0, 0]])
    data = adjacency_view(A, positions=PLACES, tensor=torch.tensor([[1.0], [2.0], [3.0]]), alt="a").data
    assert data["matrix"][0][1] == 2 and data["matrix"][1][0] == 0
    assert data["tensor"] == [[1.0], [2.0], [3.0]]


def test_places_fit_the_picture_and_point_down():
    places = np.array(adjacency_view(PATH, positions=PLACES, alt="a").data["places"])
    assert places.min() == 0 and places.max() == 1
    assert places[0, 1] > places[1, 1]  # what is lower in the data is farther down on the screen


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_has_a_standing_pose(layout):
    graph, places = skeleton(layout), pose(layout)
    assert places.shape == (graph.num_joints, 2)
    for left, right in graph.symmetric_pairs:
        np.testing.assert_allclose(places[left], places[right] * (-1, 1))
    for a, b in graph.edges:
        # bones of length 0 are in the data of cmu-38 itself; everywhere else two joints never share a place
        assert layout == "cmu-38" or np.linalg.norm(places[a] - places[b]) > 0.1
    adjacency_view(graph.adjacency(), layout=layout, alt="a")


@pytest.mark.parametrize(("arguments", "words"), [
    (dict(matrix=[[1, 0]], positions=PLACES), "matrix has shape"),
    (dict(matrix=PATH), "positions is missing"),
    (dict(matrix=PATH, positions=PLACES[:2]), "3 nodes"),
    (dict(matrix=PATH, positions=PLACES, joints=["a"]), "1 names"),
    (dict(matrix=PATH, positions=PLACES, tensor=[[1.0]]), "tensor has shape"),
    (dict(matrix=[[np.nan] * 3] * 3, positions=PLACES), "not finite"),
    (dict(matrix=-np.ones((3, 3)), positions=PLACES, normalize=True), "negative"),
])
def test_bad_input_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        adjacency_view(alt="a", **arguments)
