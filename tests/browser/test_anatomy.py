"""The anatomy of a network, stepped through by mouse, by keys and on a phone."""

import pytest

from . import site
from .test_figures import with_figure

ANATOMY = "article figure.gim-anatomy"


@pytest.fixture(params=with_figure("anatomy"))
def name(request):
    return request.param


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_step_tells_shape_and_frames_and_widens_the_band(running, address, name, width):
    with site.Visit(running, address + name, width=width) as visit:
        figure = visit.page.locator(ANATOMY).first
        figure.scroll_into_view_if_needed()
        band = lambda: float(figure.locator(".band").get_attribute("width"))  # noqa: E731
        assert figure.locator(".stage").count() == 12 and figure.locator(".facts dd").first.inner_text() == "3 \u00d7 150 \u00d7 18"
        before = band()
        figure.get_by_role("button", name="Step", exact=True).click()
        assert figure.locator(".facts dd").nth(1).inner_text() == "9 frames" and band() > before
        figure.locator("input[type=range]").focus()
        visit.page.keyboard.press("End")
        visit.page.keyboard.press("ArrowLeft")
        assert figure.locator(".facts dd").all_inner_texts()[:3] == ["256 \u00d7 38 \u00d7 18", "153 frames", "789,452"]
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []


def test_a_touched_box_is_chosen(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(ANATOMY).first
        figure.scroll_into_view_if_needed()
        figure.locator(".stage .face").nth(5).click()
        assert figure.locator(".head").inner_text() == "Block 5" and figure.get_attribute("data-frame") == "5"
        assert "150 frames become 75" in figure.locator(".told").inner_text()
        assert figure.locator(".stage.chosen").count() == 1


def test_boxes_keep_their_area_where_stride_and_channels_balance(running, address, name):
    """Half as high and twice as wide: the drawn boxes say what the numbers say."""
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(ANATOMY).first
        figure.scroll_into_view_if_needed()
        sizes = figure.locator(".stage .face").evaluate_all(
            "nodes => nodes.map((n) => [+n.getAttribute('width'), +n.getAttribute('height')])")
        areas = [w * h for w, h in sizes[1:11]]
        assert max(areas) / min(areas) < 1.03
        assert sizes[5][0] / sizes[4][0] == pytest.approx(2, rel=0.01) and sizes[5][1] / sizes[4][1] == pytest.approx(0.5, rel=0.01)


def test_it_is_drawn_anew_when_the_page_gets_narrow(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(ANATOMY).first
        figure.scroll_into_view_if_needed()
        figure.get_by_role("button", name="Step", exact=True).click()
        wide = figure.locator(".gim-stage > svg").get_attribute("viewBox")
        visit.page.set_viewport_size({"width": 390, "height": 800})
        visit.page.wait_for_function("([node, old]) => node.querySelector('.gim-stage > svg').getAttribute('viewBox') !== old",
                                     arg=[figure.element_handle(), wide])
        assert figure.locator(".head").inner_text() == "Block 1"
