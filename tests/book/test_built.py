"""The built pages as files: every page is there, nothing comes from outside, every local link leads somewhere."""

import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from .conftest import ROOT

# elements that make a browser fetch something by themselves
FETCH = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src",
         "object": "data"}
FETCHING_LINKS = {"stylesheet", "preload", "prefetch", "preconnect", "dns-prefetch", "icon", "shortcut icon",
                  "apple-touch-icon", "manifest"}


class Page(HTMLParser):
    """Ids, links and fetched resources of one page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.add(attributes.get("id"))
        if tag == "a":
            self.ids.add(attributes.get("name"))
            self.links.append(attributes.get("href") or "")
        if tag in FETCH and (tag != "link" or attributes.get("rel") in FETCHING_LINKS):
            self.fetched.append(attributes.get(FETCH[tag]) or "")


@cache
def page(path):
    return Page(path.read_text(encoding="utf-8"))


def listed():
    """Names in `_toc.yml`, without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [entry["file"] for part in toc["parts"] for entry in part["chapters"]]


PAGES = [name.removesuffix(".ipynb").removesuffix(".md") for name in listed()]


@pytest.mark.parametrize("name", PAGES)
def test_page_is_built(site, name):
    assert (site / f"{name}.html").stat().st_size > 2000


@pytest.mark.parametrize("name", [name for name in PAGES if re.search(r"/\d+-[^/]+$", name)])
def test_a_chapter_bears_the_number_of_its_file(site, name):
    number = str(int(re.search(r"/(\d+)-[^/]+$", name)[1]))
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    assert re.search(r'<h1><span class="section-number">(\d+)\.', text)[1] == number
    home = (site / "book/index.html").read_text(encoding="utf-8")
    link = re.search(rf'<a class="reference internal" href="[^"]*{re.escape(name.rpartition("/")[2])}\.html">\s*(\d+)\.', home)
    assert link[1] == number


def test_every_chapter_and_page_is_listed():
    inside = {"_static", "_ext", "_templates", ".ipynb_checkpoints"}
    sources = [path for kind in ("*.md", "*.ipynb") for path in (ROOT / "book").rglob(kind) if not inside & set(path.parts)]
    assert {path.relative_to(ROOT).with_suffix("").as_posix() for path in sources} == set(PAGES)


@pytest.mark.parametrize("name", [*PAGES, "../search"])
def test_nothing_comes_from_outside(site, name):
    file = (site / "book" / f"{name}.html").resolve() if name.startswith("..") else site / f"{name}.html"
    outside = [url for url in page(file).fetched if urlsplit(url).scheme not in ("", "data") or url.startswith("//")]
    assert outside == []


def test_style_sheets_fetch_nothing_from_outside_nor_what_is_not_there(site):
    wrong = []
    for sheet in site.rglob("*.css"):
        for url in re.findall(r"url\(\s*['\"]?(?!data:|#|%23)([^'\")]+)", sheet.read_text(encoding="utf-8")):
            if urlsplit(url).scheme or url.startswith("//") or not (sheet.parent / unquote(urlsplit(url).path)).exists():
                wrong.append(f"{sheet.relative_to(site)}: {url}")
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_local_links_and_files_lead_somewhere(site, name):
    file, wrong = site / f"{name}.html", []
    for url in page(file).links + page(file).fetched:
        parts = urlsplit(url)
        if parts.scheme or url in ("", "#"):
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        if not target.exists():
            wrong.append(url)
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in page(target).ids:
            wrong.append(url)
    assert wrong == []


def test_addresses_are_relative(site):
    """The site works under any sub-path and from a folder: no address begins at the root of a server."""
    found = [(name, url) for name in PAGES for url in page(site / f"{name}.html").links + page(site / f"{name}.html").fetched
             if url.startswith("/")]
    assert found == []


def test_icons_of_the_theme_are_gone_and_every_icon_used_is_drawn(site):
    assert not list(site.rglob("fontawesome*")) and not list(site.rglob("fa-*.woff2"))
    drawn = set(re.findall(r"^\.(fa-[a-z-]+) \{ --icon", (site / "_static" / "book.css").read_text(encoding="utf-8"), flags=re.M))
    used = {name for path in PAGES for classes in re.findall(r'<(?:i|span) class="([^"]*\bfa[srb]?\b[^"]*|[^"]*fa-solid[^"]*)"',
                                                            (site / f"{path}.html").read_text(encoding="utf-8"))
            for name in classes.split() if name.startswith("fa-")} - {"fa-solid", "fa-brands", "fa-regular", "fa-lg"}
    assert used and used <= drawn
