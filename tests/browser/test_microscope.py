"""The receptive-field microscope: its numbers are those of the library, and it works by mouse, by keyboard and on a phone."""

import itertools

import pytest
import torch

from stgcn_lib.graphs import skeleton
from stgcn_lib.layers import TemporalConv
from stgcn_lib.models import REFERENCE, SMALL, STGCN
from stgcn_lib.viz import microscope

from . import site

STRIDES = {"released": [stride for _, stride in REFERENCE], "small": [stride for _, stride in SMALL], "one": [1],
           "wide steps": [3, 1, 2]}


@pytest.fixture(scope="module")
def page(running, tmp_path_factory):
    """A page that holds one microscope, opened from the disk."""
    path = tmp_path_factory.mktemp("microscope") / "page.html"
    microscope(see="see").save(path)
    return path.as_uri()


def layers(strides, kernel, dilation):
    return [{"kernel": kernel, "stride": stride, "dilation": dilation} for stride in strides]


def supports(strides, kernel, dilation, causal, frames):
    """For each output, the input frames on which it truly depends: where the gradient through positive weights is not zero."""
    stack = torch.nn.Sequential(*(TemporalConv(1, 1, kernel, stride, dilation, causal, bias=False) for stride in strides)).double()
    for parameter in stack.parameters():
        torch.nn.init.constant_(parameter, 1 / kernel)
    x = torch.ones(1, 1, frames, 1, dtype=torch.double, requires_grad=True)
    out = stack(x).flatten()
    return [torch.autograd.grad(one, x, retain_graph=True)[0].flatten().nonzero().flatten().tolist() for one in out]


@pytest.mark.parametrize("causal", [False, True], ids=["centred", "causal"])
@pytest.mark.parametrize("name", STRIDES)
def test_the_cone_is_where_the_gradient_is(running, page, name, causal):
    cases = list(itertools.product((1, 3, 9), (1, 2), (20, 64, 150, 300)))
    with site.Visit(running, page) as visit:
        for kernel, dilation, frames in cases:
            wanted = supports(STRIDES[name], kernel, dilation, causal, frames)
            got = visit.page.evaluate(
                "([layers, frames, causal]) => { const n = gim.microscope.lengths(layers, frames).at(-1);"
                "return [...Array(n).keys()].map((t) => gim.microscope.cone(layers, frames, t, causal)[0].heard); }",
                [layers(STRIDES[name], kernel, dilation), frames, causal])
            assert got == wanted, (kernel, dilation, frames)


@pytest.mark.parametrize("causal", [False, True], ids=["centred", "causal"])
@pytest.mark.parametrize(("plan", "kernel"), [(REFERENCE, 9), (SMALL, 9), (SMALL, 3), (((4, 2), (4, 3)), 5)])
def test_the_field_is_that_of_the_model_and_zeros_are_what_the_clip_lacks(running, page, plan, kernel, causal):
    model = STGCN("coco-17", 2, plan=[(2, stride) for _, stride in plan], kernel_size=kernel, causal=causal)
    stack = layers([stride for _, stride in plan], kernel, 1)
    with site.Visit(running, page) as visit:
        assert visit.page.evaluate("(layers) => gim.microscope.field(layers)", stack) == model.receptive_field
        frames = 3 * model.receptive_field  # in the middle of a clip this long nothing is outside
        count = "([layers, frames, t, causal]) => gim.microscope.outside(layers, frames, t, causal)"
        steps = visit.page.evaluate("(layers) => gim.microscope.steps(layers).at(-1)", stack)
        middle = frames // 2 // steps
        assert visit.page.evaluate(count, [stack, frames, middle, causal]) == 0
        assert len(supports([stride for _, stride in plan], kernel, 1, causal, frames)[middle]) == model.receptive_field
        side = (model.receptive_field - 1) // (1 if causal else 2)
        assert visit.page.evaluate(count, [stack, frames, 0, causal]) == side


def test_the_joints_are_those_that_a_change_can_reach(running, page):
    graph = skeleton("openpose-18")
    plan = ((2, 1), (2, 1))
    torch.manual_seed(0)
    with site.Visit(running, page) as visit:
        for max_hop in (1, 2):
            model = STGCN(graph, 2, plan=plan, kernel_size=3, strategy=graph.partition("spatial", max_hop=max_hop)).double().eval()
            for block in model.blocks:  # all positive: nothing cancels, no ReLU is silent
                for parameter in block.parameters():
                    parameter.data.abs_()
            x = torch.ones(1, 3, 6, 18, 1, dtype=torch.double, requires_grad=True)
            for v in range(18):
                (reached,) = torch.autograd.grad(model.features(x)[0, :, 3, v].sum(), x)
                wanted = reached.abs().amax(dim=(0, 1, 2, 4)).nonzero().flatten().tolist()
                assert visit.page.evaluate("([hop, v, reach]) => gim.microscope.joints(hop, v, reach)",
                                           [graph.hop_distance().tolist(), v, max_hop * len(plan)]) == wanted


def facts(visit):
    return visit.page.locator(".facts b").all_text_contents()


def test_choices_change_what_is_said(running, page):
    with site.Visit(running, page) as visit:
        assert facts(visit) == ["153 frames, 5.1 s", "58 %", "64 frames", "76 frames"]
        visit.page.get_by_role("button", name="20", exact=True).click()
        figure = visit.page.locator("figure")
        assert figure.get_attribute("data-outside") == "133" and facts(visit)[1:3] == ["87 %", "20 frames"]
        visit.page.get_by_role("button", name="300", exact=True).click()
        assert figure.get_attribute("data-outside") == "0" and facts(visit)[2] == "153 frames"
        visit.page.get_by_role("button", name="back only").click()
        assert facts(visit)[3] == "0 frames"
        visit.page.get_by_role("combobox", name="Network").select_option("five blocks, small")
        visit.page.get_by_role("combobox", name="Kernel", exact=True).select_option("3")
        assert facts(visit)[0].startswith("15 frames")  # 1 + 2 (1 + 1 + 1 + 2 + 2)
        assert visit.complaints == []


def test_step_follows_the_cone_down(running, page):
    with site.Visit(running, page, reduced_motion=True) as visit:
        figure, lit = visit.page.locator("figure"), visit.page.locator("svg.cone .count")
        visit.page.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        assert figure.get_attribute("data-step") == "0" and lit.all_text_contents() == ["1"]
        assert figure.get_attribute("data-inside") == "1"
        visit.page.get_by_role("button", name="Step", exact=True).click()
        assert sorted(map(int, lit.all_text_contents())) == [1, 9]
        assert visit.page.locator(".says").inner_text().startswith("1 block down")
        assert visit.page.locator(".joint.pale").count() == 0  # dark digits are for pale discs; those here are dark
        inside = int(figure.get_attribute("data-inside"))
        assert inside == (skeleton("openpose-18").hop_distance()[int(figure.get_attribute("data-joint"))] <= 1).sum()
        visit.page.get_by_role("button", name="Play", exact=True).click()
        visit.page.wait_for_function("document.querySelector('figure').dataset.step >= 3")
        visit.page.get_by_role("button", name="Pause", exact=True).click()
        # a network with fewer blocks has fewer steps
        visit.page.get_by_role("combobox", name="Network").select_option("one layer")
        assert visit.page.locator("input[type=range]").get_attribute("max") == "1"
        visit.page.get_by_role("button", name="Step", exact=True).click()
        assert figure.get_attribute("data-step") == "1"
        assert visit.complaints == []


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_by_keyboard_and_by_touch(running, page, width):
    with site.Visit(running, page, width=width) as visit:
        figure, cone = visit.page.locator("figure"), visit.page.locator("svg.cone")
        cone.focus()
        for key, frame in (("ArrowLeft", "7"), ("End", "15"), ("ArrowRight", "15"), ("Home", "0"), ("PageUp", "2")):
            visit.page.keyboard.press(key)
            assert figure.get_attribute("data-output") == frame == cone.get_attribute("aria-valuenow")
        visit.page.keyboard.press("ArrowUp")
        assert figure.get_attribute("data-step") == "9"
        box = cone.bounding_box()
        visit.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 60)
        visit.page.mouse.down()
        before = int(figure.get_attribute("data-output"))
        visit.page.mouse.move(box["x"] + 0.54 * box["width"], box["y"] + 60, steps=4)
        visit.page.mouse.up()
        assert int(figure.get_attribute("data-output")) > before > 2
        joint = visit.page.locator(".joint").nth(4)
        joint.click()
        assert figure.get_attribute("data-joint") == "4"
        visit.page.keyboard.press("PageDown")
        assert figure.get_attribute("data-joint") == "5"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_accessible(running, page, dark):
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, page, dark=dark) as visit:
        found = Axe().run(visit.page).response["violations"]
        # a saved page is a bare figure: it has no landmarks and no heading, and needs none
        found = [rule for rule in found if rule["id"] not in ("landmark-one-main", "region", "page-has-heading-one")]
    assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []
