"""The graph over rounds of messages, touched by mouse and by keyboard."""

import re

import pytest

from . import site
from .test_figures import with_figure

ROUNDS = "article figure.gim-rounds"


@pytest.mark.parametrize("name", with_figure("rounds"))
def test_step_and_scrub_change_the_picture(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(ROUNDS).first
        figure.scroll_into_view_if_needed()
        told, signs = figure.locator(".told"), figure.locator(".sign")
        before = told.inner_text(), signs.all_text_contents()
        figure.get_by_role("button", name="Step", exact=True).click()
        assert told.inner_text() != before[0] and signs.all_text_contents() != before[1]
        figure.get_by_role("button", name="Back", exact=True).click()
        assert (told.inner_text(), signs.all_text_contents()) == before
        figure.locator("input[type=range]").focus()
        visit.page.keyboard.press("End")
        last = figure.locator("input[type=range]").get_attribute("max")
        assert figure.get_attribute("data-frame") == last
        assert visit.complaints == []


@pytest.mark.parametrize("name", with_figure("rounds"))
def test_a_node_tells_its_number_and_its_senders(running, address, name):
    with site.Visit(running, address + name, width=390) as visit:
        figure = visit.page.locator(ROUNDS).first
        figure.locator(".node .body").nth(8).click()
        detail = figure.locator(".detail")
        assert re.fullmatch(r"Node 8 .*now has .* It hears [\d, ]+\.", detail.inner_text())
        assert figure.locator(".friend").count() == figure.locator(".near").count() > 0
        visit.page.keyboard.press("ArrowRight")  # from node to node
        assert detail.inner_text().startswith("Node 9 ")
        assert visit.complaints == []
