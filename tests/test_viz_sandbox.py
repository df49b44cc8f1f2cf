"""The traffic sandbox as a component: what it carries and what it refuses. The page itself is tested in tests/browser."""

import copy
import json

import pytest

from stgcn_lib.recipes import ring
from stgcn_lib.viz import theme, traffic_sandbox


def test_it_carries_the_stored_run_and_little_else():
    figure = traffic_sandbox(see="Look.")
    run = ring.load()
    assert figure.kind == "sandbox" and figure.data["road"] == run["road"] and figure.data["table"] == run["table"]
    assert [one["name"] for one in figure.data["forecasters"]] == ["last value", "historical mean", "linear on the graph"]
    linear = next(one for one in run["forecasters"] if one["name"] == "linear on the graph")
    assert figure.data["forecasters"][2]["weights"] == linear["weights"]
    assert len(json.dumps(figure.data)) < 60_000
    page = figure.to_html(standalone=True)
    assert "gim.sandbox = gim.sandbox ||" in page and 'gim.define("sandbox"' in page and "Look." in page
    assert figure.to_html(standalone=False).count("<path") == 40  # the still ring


def test_every_forecaster_has_a_look_of_its_own_and_a_network_can_join():
    run = copy.deepcopy(ring.load())
    run["forecasters"].append({"name": "a network", "kind": "linear", "hops": [0], "bias": [0] * 6, "mean": [0] * 6,
                               "weights": [[[1], [0], [0]]] * 6})
    names = [one["name"] for one in run["forecasters"]]
    looks = [tuple(one["look"]) for one in traffic_sandbox(run, forecasters=names).data["forecasters"]]
    assert len(set(looks)) == len(names) == 5
    assert all(look[0] in theme.COLORS and look[1] == theme.MARK[look[0]] and look[2] == theme.DASH[look[0]] for look in looks)


def test_it_opens_when_asked():
    openings = lambda hour: dict(traffic_sandbox(hour=hour).data["openings"])  # noqa: E731
    assert openings(12) == openings(6.5) and openings(17.25)[17.25] == "17:15" and len(openings(17.25)) == len(openings(12)) + 1


@pytest.mark.parametrize("wrong", [dict(forecasters=()), dict(forecasters=("crystal ball",)), dict(hour=1), dict(hour=23),
                                   dict(cell=40), dict(cell=-1), dict(cell=2.5)])
def test_no_sandbox(wrong):
    with pytest.raises(ValueError, match="expected"):
        traffic_sandbox(**wrong)
