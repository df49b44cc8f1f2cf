"""A graph over rounds: what goes to the page, and what is refused."""

import numpy as np
import pytest

from stgcn_lib.viz.rounds import rounds

PATH = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
PLACES = [[0, 0], [1, 0], [1, 2]]


def path(**changes):
    return rounds(**{"matrix": PATH, "values": [[1, 0, -1], [0.5, 0, -0.5]], "positions": PLACES, "alt": "three nodes"} | changes)


def test_each_edge_once_and_no_self_loops():
    assert path(matrix=PATH + np.eye(3)).data["edges"] == [[0, 1], [1, 2]]
    directed = np.zeros((3, 3))
    directed[2, 1] = directed[0, 1] = 1
    assert path(matrix=directed).data["edges"] == [[0, 1], [1, 2]]


def test_y_goes_up_in_the_data_and_down_on_the_screen():
    assert path().data["places"] == [[0, 1], [1, 1], [1, 0]]
    assert path(positions=[[3, 3]] * 3).data["places"] == [[0, 1]] * 3  # all in one place: no division by zero


def test_numbers_keep_three_significant_digits():
    assert path(values=[[0.0012345, 1, -12.345]]).data["values"] == [[0.00123, 1.0, -12.3]]


def test_groups_marks_and_captions_arrive():
    data = path(groups=[True, False, False], group_names=("round", "square"), marked={2: "end"}, captions=["a", "b"]).data
    assert data["groups"] == [1, 0, 0] and data["groupNames"] == ["round", "square"]
    assert data["marked"] == {"2": "end"} and data["captions"] == ["a", "b"]
    assert path().data["groupNames"] == [] and path().data["captions"] == ["", ""]


def test_without_a_script_the_graph_is_still_drawn():
    still = path(groups=[0, 0, 1]).still
    assert still.count("<line") == 2 and still.count("<circle") == 2 and still.count("<rect") == 1


@pytest.mark.parametrize("changes, word", [
    ({"matrix": np.eye(4)}, "matrix"), ({"values": [[1, 2]]}, "values"), ({"values": [1, 2, 3]}, "values"),
    ({"captions": ["only one"]}, "captions")])
def test_shapes_that_do_not_fit_are_named(changes, word):
    with pytest.raises(ValueError, match=word):
        path(**changes)
