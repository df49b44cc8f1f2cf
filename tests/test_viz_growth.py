"""Learned edges that grow: what goes to the page, and what is refused."""

import base64

import numpy as np
import pytest

from stgcn_lib.viz import growing_edges

PLACES, BONES, JOINTS = [(0, 2), (0, 1), (-1, 0), (1, 0)], [(1, 0), (2, 1), (3, 1)], ["head", "hip", "left foot", "right foot"]


def steps(count=3, V=4, seed=0):
    rng = np.random.default_rng(seed)
    return [(f"epoch {n}", 0.1 * n * rng.normal(size=(V, V))) for n in range(count)]


def show(**changes):
    arguments = {"places": PLACES, "bones": BONES, "steps": steps(), "joints": JOINTS} | changes
    return growing_edges(**arguments, alt="test")


def read(data):
    V = len(data["joints"])
    return np.frombuffer(base64.b64decode(data["weights"]), "i1").reshape(-1, V, V) / 127 * data["peak"]


def test_weights_come_back_within_half_a_step_of_the_peak():
    given = steps(5)
    data = show(steps=given).data
    assert data["labels"] == [label for label, _ in given]
    np.testing.assert_allclose(read(data), [one for _, one in given], atol=0.005 * data["peak"])


def test_colour_and_names_follow_the_edges_without_a_bone():
    weights = np.zeros((4, 4))
    weights[0, 0], weights[0, 1], weights[3, 0] = 9, 5, -2  # the joint itself, a bone, and right foot hears head
    data = show(steps=[("end", weights)]).data
    assert data["full"] == 2 and data["peak"] == 9 and data["named"] == [0, 3]
    assert show(names=["hip", 2]).data["named"] == [1, 2]
    assert np.reshape(data["places"], (4, 2)).tolist() == [[500, 0], [500, 500], [0, 1000], [1000, 1000]]  # y down


def test_long_training_stays_small_and_keeps_its_ends():
    joints, rng = [f"joint {v}" for v in range(25)], np.random.default_rng(0)
    figure = show(places=rng.normal(size=(25, 2)), bones=[(v + 1, v) for v in range(24)], joints=joints, steps=steps(300, 25))
    assert figure.data["labels"][0] == "epoch 0" and figure.data["labels"][-1] == "epoch 299"
    assert len(figure.to_html(standalone=False)) < 25_000
    assert figure.still.startswith("<svg") and "nan" not in figure.still


@pytest.mark.parametrize(("changes", "word"), [
    ({"places": np.zeros((4, 3))}, "places"), ({"joints": ["a"]}, "joints has 1"), ({"bones": [(0, 4)]}, "bones"),
    ({"steps": []}, "empty"),
    ({"steps": [("a", np.zeros((2, 4, 4)))]}, r"steps\[0\]"), ({"steps": [("a", np.full((4, 4), np.nan))]}, "finite"),
    ({"names": ["tail"]}, "tail"), ({"bones": [(a, b) for a in range(4) for b in range(a)]}, "without a bone")])
def test_what_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        show(**changes)
