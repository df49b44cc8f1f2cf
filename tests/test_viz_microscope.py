"""The receptive-field microscope: what goes to the page, and what is refused. Its numbers are compared in tests/browser."""

import re

import pytest

from stgcn_lib.graphs import SkeletonGraph, skeleton
from stgcn_lib.models import REFERENCE, SMALL, STGCN
from stgcn_lib.viz import microscope as make
from stgcn_lib.viz.microscope import NETWORKS, _reach

STICK = SkeletonGraph.from_edges([(1, 0), (2, 1), (3, 1), (4, 1)], center=0, name="stick-5")


def test_the_networks_of_the_page_are_those_of_the_library():
    assert NETWORKS["ten blocks, as released"] == tuple(stride for _, stride in REFERENCE)
    assert NETWORKS["five blocks, small"] == tuple(stride for _, stride in SMALL)


@pytest.mark.parametrize(("plan", "kernel", "causal"), [
    (REFERENCE, 9, False), (SMALL, 9, True), (SMALL, 5, False), (((8, 3),), 4, True)])
def test_the_field_in_words_is_that_of_the_model(plan, kernel, causal):
    model = STGCN(STICK, 2, plan=[(2, stride) for _, stride in plan], kernel_size=kernel, causal=causal)
    figure = make(plan, STICK, kernel_size=kernel, causal=causal)
    for text in (figure.alt, figure.still):
        assert str(model.receptive_field) in re.findall(r"\d+", text)
    past, future = _reach([stride for _, stride in plan], kernel, 1, causal)
    assert past + future + 1 == model.receptive_field and (future == 0) == causal


def test_the_reader_starts_where_the_arguments_say():
    figure = make(SMALL, "ntu-25", kernel_size=5, dilation=2, causal=True, frames=100, frame=3, joint="left hand", max_hop=2,
                  step=1)
    assert figure.data["state"] == {
        "network": "five blocks, small", "kernel": 5, "dilation": 2, "causal": True, "frames": 100, "frame": 3,
        "joint": skeleton("ntu-25").joints.index("left hand"), "hops": 2, "step": 1}
    assert 100 in figure.data["choices"]["frames"] and figure.data["choices"]["frames"] == sorted(figure.data["choices"]["frames"])
    plain = make().data["state"]
    assert (plain["network"], plain["frame"], plain["step"]) == ("ten blocks, as released", 8, 10)  # 64 / 4 = 16 outputs
    assert make(frames=1).data["state"]["frame"] == 0


def test_a_network_and_a_skeleton_of_ones_own():
    data = make([(4, 3), (4, 1)], STICK).data
    assert data["networks"]["own network"] == [3, 1] and data["state"]["network"] == "own network"
    assert data["graph"]["places"] == [] and data["graph"]["names"].count(",") == 4


def test_it_carries_its_scripts():
    page = make().to_html(standalone=True)
    assert "gim.microscope = " in page and 'gim.define("microscope"' in page and "gim.partitionBody = " in page
    assert "<svg" in make().still


@pytest.mark.parametrize(("changes", "word"), [
    ({"plan": (1, 2)}, "plan"), ({"plan": ()}, "plan"), ({"plan": ((4, 0),)}, "plan"), ({"plan": "small"}, "plan"),
    ({"kernel_size": 4}, "odd"), ({"kernel_size": 0}, "kernel_size"), ({"kernel_size": 2.0}, "kernel_size"),
    ({"dilation": 9}, "dilation"), ({"frames": 0}, "frames"), ({"frames": 10_000}, "frames"), ({"frame": 16}, "frame"),
    ({"frame": -1}, "frame"), ({"step": 11}, "step"), ({"joint": "tail"}, "joint"), ({"joint": 18}, "joint"),
    ({"layout": "dog"}, "dog"), ({"fps": 0}, "fps"), ({"max_hop": 0}, "max_hop")])
def test_what_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        make(**changes)
