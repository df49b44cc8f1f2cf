"""What the figures of the chapters do when a reader touches them."""

import pytest

from . import site

CHAPTERS = site.pages(only_chapters=True)
PLAYER = "article figure.gim-player"


@pytest.fixture(scope="module", params=[1280, 390], ids=["wide", "phone"])
def width(request):
    return request.param


def with_figure(kind):
    """The chapters that hold a figure of this kind; at least one must."""
    found = [name for name in CHAPTERS if f'data-gim="{kind}"' in (site.HTML / name).read_text(encoding="utf-8")] \
        if site.HTML.exists() else CHAPTERS
    assert found or not site.HTML.exists(), f"no chapter holds a {kind}"
    return found


@pytest.mark.parametrize("name", with_figure("player"))
def test_play_moves_the_picture_and_pause_stops_it(running, address, name, width):
    with site.Visit(running, address + name, width=width) as visit:
        figure = visit.page.locator(PLAYER).first
        figure.scroll_into_view_if_needed()
        figure.get_by_role("button", name="Play", exact=True).click()
        before = figure.get_attribute("data-frame"), figure.locator("canvas").first.evaluate("c => c.toDataURL()")
        visit.page.wait_for_function("([node, frame]) => node.dataset.frame !== frame", arg=[figure.element_handle(), before[0]])
        visit.page.wait_for_timeout(300)
        assert figure.locator("canvas").first.evaluate("c => c.toDataURL()") != before[1]
        figure.get_by_role("button", name="Pause", exact=True).click()
        stopped = figure.get_attribute("data-frame")
        visit.page.wait_for_timeout(300)
        assert figure.get_attribute("data-frame") == stopped
        assert visit.complaints == []


@pytest.mark.parametrize("name", with_figure("player"))
def test_player_answers_keys_and_drag(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(PLAYER).first
        stage = figure.locator(".gim-views")
        stage.focus()
        visit.page.keyboard.press("Home")
        assert figure.get_attribute("data-frame") == "0"
        visit.page.keyboard.press("ArrowRight")
        assert figure.get_attribute("data-frame") != "0"
        visit.page.keyboard.press("Space")
        assert figure.get_attribute("data-playing") == "true"
        visit.page.keyboard.press("Space")
        assert figure.get_attribute("data-playing") == "false"
        view = figure.get_attribute("data-view")
        visit.page.keyboard.press("Shift+ArrowRight")
        turned = figure.get_attribute("data-view")
        assert turned != view
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        visit.page.mouse.move(box["x"] + 60, box["y"] + 100)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + 160, box["y"] + 110, steps=4)
        visit.page.mouse.up()
        assert figure.get_attribute("data-view") != turned


def test_nothing_plays_by_itself_for_readers_who_ask_for_less_motion(running, address):
    for reduced, playing in ((False, "true"), (True, "false")):
        with site.Visit(running, address + "book/index.html", reduced_motion=reduced) as visit:
            figure = visit.page.locator("figure.gim-player").first
            figure.scroll_into_view_if_needed()
            visit.page.wait_for_timeout(400)
            assert figure.get_attribute("data-playing") == playing
            if reduced:  # pressing Play still works
                figure.get_by_role("button", name="Play", exact=True).click()
                assert figure.get_attribute("data-playing") == "true"
