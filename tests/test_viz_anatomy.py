"""The anatomy of a network: what is measured agrees with arithmetic done by hand, and the model is left as it was."""

import json

import pytest
import torch

from stgcn_lib.models import REFERENCE, SMALL, STGCN
from stgcn_lib.viz.anatomy import PARTS, anatomy, measure

PLAN = ((6, 1), (8, 2), (8, 1))


@pytest.fixture(scope="module")
def small():
    return STGCN("coco-17", 4, plan=PLAN, kernel_size=5)


def test_shapes_and_frames_heard(small):
    stages = measure(small, 11)
    assert [stage["shape"] for stage in stages] == [[3, 11, 17], [6, 11, 17], [8, 6, 17], [8, 6, 17], [4, 1, 1]]
    assert [stage["field"] for stage in stages[:-1]] == [1, 5, 9, 17]


@pytest.mark.parametrize("options", [{"plan": SMALL}, {"plan": PLAN, "kernel_size": 3}, {"plan": ((4, 2), (4, 2)), "causal": True}])
def test_the_last_block_hears_the_receptive_field_of_the_model(options):
    model = STGCN("openpose-18", 3, **options)
    assert measure(model, 20)[-2]["field"] == model.receptive_field


def test_flops_are_those_of_the_formulas(small):
    """Two operations for each multiplication with its addition, counted from the shapes."""
    stages, before = measure(small, 11), 3
    for i, (stage, (width, stride)) in enumerate(zip(stages[1:-1], PLAN, strict=True)):
        frames, earlier = stage["shape"][1], stages[i]["shape"][1]
        assert stage["flops"]["temporal"] == 2 * frames * 17 * width * width * 5
        mixing = 2 * earlier * 17 * 3 * before * width
        gathering = 2 * earlier * 17 * 17 * 3 * min(before, width)  # whoever has fewer channels gathers
        assert stage["flops"]["spatial"] == pytest.approx(mixing + gathering, rel=0.02)  # and a little for the biases
        projected = i > 0 and (stride != 1 or before != width)
        assert stage["flops"]["residual"] == (2 * frames * 17 * before * width if projected else 0)
        before = width


def test_nothing_is_counted_twice_and_nothing_left_out(small):
    data = anatomy(small, 11, alt="a network").data
    assert data["parameters"] == sum(stage["parameters"] for stage in data["stages"]) == sum(p.numel() for p in small.parameters())
    assert data["total"] == sum(stage["flops"][part] for stage in data["stages"] for part in PARTS)


def test_two_people_cost_twice(small):
    small.people = "all"
    one, two = measure(small, 11), measure(small, 11, people=2)
    assert [s["shape"] for s in one] == [s["shape"] for s in two]
    assert two[2]["flops"]["temporal"] == 2 * one[2]["flops"]["temporal"]


@pytest.mark.parametrize("training", [False, True])
def test_the_model_is_left_as_it_was(small, training):
    small.train(training)
    before = {name: value.clone() for name, value in small.state_dict().items()}
    measure(small, 11)
    assert small.training == training and not any(module._forward_hooks for module in small.modules())
    assert all(torch.equal(value, before[name]) for name, value in small.state_dict().items())


def test_the_figure_of_the_released_plan():
    figure = anatomy(STGCN("openpose-18", 60), 150, alt="ten blocks", see="twice half as high")
    stages = figure.data["stages"]
    assert [stage["shape"][0] for stage in stages[1:-1]] == [width for width, _ in REFERENCE]
    assert stages[10]["field"] == 153 and stages[10]["shape"] == [256, 38, 18]
    assert sum(stage["flops"]["temporal"] for stage in stages) / figure.data["total"] == pytest.approx(0.73, abs=0.01)
    html = figure.to_html(standalone=True)
    assert 'data-gim="anatomy"' in html and 'gim.define("anatomy"' in html and figure.still.count("<rect") == 11
    assert len(json.dumps(figure.data)) < 4000
