"""A chapter on paper: nothing but the chapter, light, nothing cut off, every figure there."""

import io
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from . import site

CHAPTERS = site.pages(only_chapters=True)
PAGES = ["book/index.html", "book/start/how-to-use.html", *CHAPTERS, "book/reference/data.html", "book/reference/api.html"]
A4 = 794 - 2 * 64  # what the margins of book.css leave of the width of a sheet, in CSS pixels


def on_paper(visit):
    """The page as it is laid out for A4 paper."""
    visit.page.wait_for_timeout(400)
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": A4, "height": 1000})
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")


def check_nothing_is_cut_off(page):
    cut = page.evaluate("""() => {
        const wide = document.documentElement.clientWidth + 1;
        const spill = [...document.querySelectorAll("article *")].filter(node => !node.closest("svg *, mjx-container, .gim-voice")
            && node.checkVisibility() && (node.getBoundingClientRect().right > wide || node.getBoundingClientRect().left < -1));
        const clipped = [...document.querySelectorAll("article :is(pre, table, .output, .cell_input)")]
            .filter(node => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "visible");
        return [...spill, ...clipped].map(node => node.outerHTML.slice(0, 140));
    }""")
    assert cut == []


def check_only_the_chapter(page):
    left = page.evaluate("""() => [...document.querySelectorAll(`nav, aside, footer, button:not(.gim-shown, [aria-pressed="true"]),
            .copybtn, .headerlink, .bd-header-article, .prev-next-footer, .gim-verdict, .gim-reason, .gim-hints, .gim-tools,
            .gim-keys, .gim-hint, input[type=range], #jb-print-docs-body`)]
        .filter(node => node.checkVisibility() && node.getClientRects().length)
        .map(node => node.outerHTML.slice(0, 140))""")
    assert left == []


def check_figures(page):
    """(kind, what is there) of every figure; canvases have given their place to lines."""
    found = page.evaluate("""() => [...document.querySelectorAll("article figure.gim")].filter(one => one.checkVisibility())
        .map(figure => {
        const box = figure.getBoundingClientRect(), seen = node => node.getClientRects().length > 0;
        return {kind: figure.dataset.gim, height: box.height, canvases: [...figure.querySelectorAll("canvas")].filter(seen).length,
            marks: [...figure.querySelectorAll("svg *")].filter(seen).length, papers: figure.querySelectorAll(".gim-paper").length,
            joints: [...figure.querySelectorAll(".gim-paper path[transform]")].filter(seen).length,
            inside: getComputedStyle(figure).breakInside, question: figure.querySelector(".gim-question")?.innerText,
            choices: [...figure.querySelectorAll(".gim-choice label")].filter(seen).length,
            fields: [...figure.querySelectorAll("input[type=text]")].filter(seen).length};
    })""")
    for figure in found:
        assert figure["inside"] == "avoid" and 40 < figure["height"] < 1000, figure
        if figure["kind"] == "box":
            assert figure["question"] and figure["fields"] > 0, figure
        elif figure["kind"] == "quiz":
            assert figure["question"] and figure["height"] > 60, figure
        else:
            assert figure["marks"] > 8 and figure["canvases"] == 0, figure
        if figure["kind"] == "player":
            assert figure["papers"] > 0 and figure["joints"] >= 15 * figure["papers"], figure
    assert any(figure["choices"] > 1 for figure in found) or not any(figure["kind"] == "quiz" for figure in found)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_on_paper(running, address, name):
    with site.Visit(running, address + name) as visit:
        on_paper(visit)
        check_nothing_is_cut_off(visit.page)
        check_only_the_chapter(visit.page)
        found = check_figures(visit.page)
        assert found or name not in CHAPTERS
        size = visit.page.evaluate("parseFloat(getComputedStyle(document.querySelector('article section > p')).fontSize) * 0.75")
        assert 10 <= size <= 11.5 or name == "book/index.html"  # points
        assert visit.page.evaluate("""[...document.querySelectorAll("article details:not([class], [open])")]
            .every(node => [...node.children].slice(1).every(inner => !inner.checkVisibility({contentVisibilityAuto: true})))""")
        foot = visit.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--book-page')")
        assert "Graphs in Motion" in foot
        if name in CHAPTERS:  # the launch strip leaves the address of the page
            strip = "article section > p:has(> a[href*='colab.research.google.com']) > a"
            shown = visit.page.eval_on_selector_all(strip, "links => links.map(a => getComputedStyle(a).display)")
            assert shown == ["inline", "none", "none", "none"]
            said = visit.page.eval_on_selector(strip, "a => getComputedStyle(a, '::after').content")
            assert visit.page.eval_on_selector(strip, "a => a.getAttribute('href')") in said
        visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert visit.page.locator(".gim-paper, .gim-light").count() == 0
        assert visit.complaints == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_dark_screen_prints_on_white_paper(running, address, name):
    shots = []
    for dark in (False, True):
        with site.Visit(running, address + name, dark=dark) as visit:
            on_paper(visit)
            shots.append(np.asarray(Image.open(io.BytesIO(visit.page.screenshot(full_page=True))).convert("L"), dtype=float))
    light, dark = shots
    assert light.shape == dark.shape
    assert (light > 240).mean() > 0.7
    assert (abs(light - dark) > 40).mean() < 2e-4


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_pdf(running, address, name, tmp_path):
    with site.Visit(running, address + name, dark=True) as visit:
        visit.page.wait_for_timeout(400)
        data = visit.page.pdf(format="A4", prefer_css_page_size=False)
        assert visit.page.locator(".gim-paper, .gim-light").count() == 0  # the screen is as it was
    sheets = len(re.findall(rb"/Type\s*/Page\b", data))
    assert data.startswith(b"%PDF") and 8 <= sheets <= 30
    assert len(data) < 3_000_000
    if shutil.which("pdftotext"):
        (tmp_path / "chapter.pdf").write_bytes(data)
        command = ["pdftotext", "-layout", str(tmp_path / "chapter.pdf"), "-"]
        pages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\f")[:-1]
        assert len(pages) == sheets
        for number, text in enumerate(pages, 1):
            assert re.search(rf"\b{number} / {sheets}\b", text) and "Graphs in Motion" in text
            assert len(text.split()) > 25, f"page {number} is nearly empty"
        assert "Save as SVG" not in " ".join(pages) and "Run in Colab" not in " ".join(pages)
        assert "folded on the page" in " ".join(pages)
