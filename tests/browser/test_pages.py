"""Every page of the book in a real browser: quiet console, no outside request, no sideways scroll, accessible, light and dark."""

import pytest

from . import site

PAGES = site.pages()
CHAPTERS = site.pages(only_chapters=True)
# Budget of a chapter page over the wire, scrolled to its end, before any click (DESIGN: 1.25 MB in all, our own 250 KB).
TOTAL_BYTES, OWN_BYTES = 1_250_000, 250_000


def too_heavy(visit):
    """What the budgets of a chapter's page do not allow, largest first."""
    sizes = visit.sizes
    own = {url: size for url, size in sizes.items() if not any(part in url for part in site.NOT_OURS)}
    return [sorted(found.items(), key=lambda item: -item[1])[:8]
            for found, most in ((sizes, TOTAL_BYTES), (own, OWN_BYTES)) if sum(found.values()) > most]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page(running, address, name, dark, width):
    """One visit, every check: to load and scroll a chapter costs more than to look at it."""
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, address + name, dark=dark, width=width) as visit:
        visit.scroll_through()
        assert visit.complaints == []
        assert visit.outside == []
        assert visit.page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"the page is {wide} px wide on a screen of {width} px"
        broken = visit.page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth && i.src).map(i => i.src)")
        assert broken == []
        if name in CHAPTERS:
            assert visit.sizes and too_heavy(visit) == []
            bare = visit.page.evaluate("""[...document.querySelectorAll("article figure.gim, article img, article [role=img]")]
                .filter(node => !(node.getAttribute("aria-label") || node.getAttribute("alt") || "").trim())
                .map(node => node.outerHTML.slice(0, 120))""")
            assert bare == []
        if width == 1280:
            found = Axe().run(visit.page).response["violations"]
            assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_keyboard_reaches_every_control(running, address, name):
    with site.Visit(running, address + name) as visit:
        visit.scroll_through()
        wanted = visit.page.evaluate("""() => {
            const nodes = [...document.querySelectorAll("article figure.gim :is(button, input, select, summary, [tabindex='0'])")]
                .filter(node => node.tabIndex >= 0 && !node.disabled && node.checkVisibility());
            // of a group of radio buttons the Tab key reaches one; arrows reach the rest
            const groups = new Set();
            const list = nodes.filter(node => node.type !== "radio" || (!groups.has(node.name) && groups.add(node.name)));
            list.forEach((node, i) => node.dataset.wanted = i);
            window.seen = new Set();
            document.addEventListener("focusin", event => {
                const hit = event.target.dataset.wanted ?? document.querySelector(
                    event.target.type === "radio" ? `[name="${event.target.name}"][data-wanted]` : "#nothing")?.dataset.wanted;
                if (hit !== undefined) window.seen.add(+hit);
            });
            window.scrollTo(0, 0);
            return list.length;
        }""")
        assert wanted > 0
        presses = 0
        while presses < 1500 and visit.page.evaluate("window.seen.size") < wanted:
            for _ in range(25):
                visit.page.keyboard.press("Tab")
            presses += 25
        unreached = visit.page.evaluate("""[...document.querySelectorAll("[data-wanted]")]
            .filter(node => !window.seen.has(+node.dataset.wanted)).map(node => node.outerHTML.slice(0, 120))""")
    assert unreached == []
