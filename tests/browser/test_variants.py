"""Figures of the variants: they move, answer to mouse and keyboard, fit on a phone, and are saved as they are seen."""

import numpy as np
import pytest

from stgcn_lib.data import motions
from stgcn_lib.graphs import skeleton
from stgcn_lib.viz import four_streams, growing_edges, sliding_kernels

from . import site
from .test_download import check_alone, check_picture, save

GRAPH = skeleton("ntu-25")
HAND, FOOT = GRAPH.joints.index("left hand"), GRAPH.joints.index("right foot")
CLIP = motions.clip("throw", frames=30)


def growth():
    weights = np.zeros((25, 25))
    weights[HAND, FOOT], weights[3, 12] = 0.5, -0.2
    steps = [(f"epoch {n}", n / 5 * weights) for n in range(6)]
    return growing_edges(CLIP[0, :, :2], GRAPH.edges, steps, joints=GRAPH.joints, alt="hand and foot find each other", see="see")


def streams():
    return four_streams(CLIP, "ntu-25", alt="a throw in four streams", see="see")


def kernels():
    t = np.arange(60)
    return sliding_kernels({"quick": np.exp(-((t - 30) / 2) ** 2), "slow": t / 60}, alt="a quick and a slow move", see="see")


MAKE = {"growth": growth, "streams": streams, "kernels": kernels}


@pytest.fixture(scope="module")
def pages(running, tmp_path_factory):
    folder = tmp_path_factory.mktemp("variants")
    for name, make in MAKE.items():
        make().save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in MAKE}


def test_an_edge_grows(running, pages):
    with site.Visit(running, pages["growth"]) as visit:
        figure = visit.page.locator("figure")
        assert "left hand hears right foot, weight 0.5" in figure.locator(".says").inner_text()
        width = lambda: float(figure.locator(".body .arc .shaft").last.get_attribute("stroke-width"))  # noqa: E731
        full = width()
        figure.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        assert figure.locator(".body .arc").count() == 0 and figure.locator(".when").inner_text() == "epoch 0"
        visit.page.keyboard.press("ArrowRight")
        assert 0 < width() < full
        visit.page.keyboard.press("End")
        figure.locator(".touch").nth(HAND).hover()
        assert figure.get_attribute("data-joint") == str(HAND) and figure.locator(".body .arc.hears").count() == 1


def test_numbers_of_a_joint_in_all_four_streams(running, pages):
    with site.Visit(running, pages["streams"]) as visit:
        figure = visit.page.locator("figure")
        figure.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        for _ in range(HAND + 1):
            visit.page.keyboard.press("j")
        shown = [[float(cell.replace("\u2212", "-")) for cell in row.locator("td").all_inner_texts()]
                 for row in figure.locator("tbody tr").all()]
        parent = GRAPH.parents[HAND]
        bones = CLIP[:2, HAND] - CLIP[:2, parent]
        wanted = [CLIP[0, HAND], bones[0], CLIP[1, HAND] - CLIP[0, HAND], bones[1] - bones[0]]
        np.testing.assert_allclose(shown, wanted, atol=2e-3)
        visit.page.keyboard.press("End")
        assert figure.locator(".move").count() == 0  # motion in the last frame is zero


def test_kernels_answer_where_their_window_fits(running, pages):
    with site.Visit(running, pages["kernels"]) as visit:
        figure = visit.page.locator("figure")
        assert figure.locator(".window").count() == 6 and figure.locator(".window.out").count() == 0
        told = figure.locator(".says b").nth(1).inner_text().replace(",", "").split()
        assert told[2::3] == ["0.033", "0.05", "0.067"]  # (h + 1) / 60
        figure.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        assert figure.locator(".window.out").count() == 6
        figure.get_by_role("button", name="5 frames").click()
        assert figure.locator(".window").count() == 4
        box = figure.locator("svg.slide").first.bounding_box()
        visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
        assert 28 <= int(figure.get_attribute("data-frame")) <= 31


@pytest.mark.parametrize("name", MAKE)
def test_saved_as_seen_on_a_phone_and_in_the_dark(running, pages, name):
    with site.Visit(running, pages[name]) as visit:
        visit.page.wait_for_timeout(200)
        figure = visit.page.locator("figure")
        _, text = save(visit, figure)
        check_alone(text, figure)
        check_picture(visit, text, figure)
        assert visit.complaints == []
    with site.Visit(running, pages[name], dark=True, width=390) as visit:
        visit.page.get_by_role("button", name="Play", exact=True).click()
        visit.page.wait_for_timeout(600)
        assert visit.page.locator("figure").get_attribute("data-playing") == "true"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert visit.complaints == [] and visit.outside == []
