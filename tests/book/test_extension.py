"""What the book's Sphinx extension decides: when notebooks run again, which scripts a page loads, which markup is mended."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
import stgcn_book  # noqa: E402


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    (root / "stgcn_lib" / "viz").mkdir(parents=True)
    (root / "stgcn_lib" / "__pycache__").mkdir()
    (root / "stgcn_lib" / "layers.py").write_text("x = 1\n")
    (root / "stgcn_lib" / "viz" / "core.js").write_text("let x;\n")
    (root / "requirements.txt").write_text("torch==2.13.0\n")
    (tmp_path / "data" / "ui_prmd").mkdir(parents=True)
    (tmp_path / "data" / "ui_prmd" / "a.txt").write_text("1\n")
    return root


def test_fingerprint_changes_with_what_outputs_depend_on(checkout, tmp_path):
    data = tmp_path / "data"
    seen = [stgcn_book.fingerprint(checkout, data)]

    def changed():
        seen.append(stgcn_book.fingerprint(checkout, data))
        return len(set(seen)) == len(seen)

    (checkout / "stgcn_lib" / "layers.py").write_text("x = 2\n")
    assert changed()
    (checkout / "stgcn_lib" / "viz" / "core.js").rename(checkout / "stgcn_lib" / "viz" / "other.js")
    assert changed()
    (checkout / "requirements.txt").write_text("torch==2.14.0\n")
    assert changed()
    (data / "ui_prmd" / "b.txt").write_text("2\n")
    assert changed()
    (data / "cmu_expmap").mkdir()
    assert changed()


def test_fingerprint_ignores_what_outputs_do_not_depend_on(checkout, tmp_path):
    before = stgcn_book.fingerprint(checkout, tmp_path / "data")
    (checkout / "stgcn_lib" / "__pycache__" / "layers.cpython-311.pyc").write_bytes(b"1")
    (checkout / "README.md").write_text("# Title\n")
    assert stgcn_book.fingerprint(checkout, tmp_path / "data") == before
    assert stgcn_book.fingerprint(checkout, tmp_path / "nowhere") != before


def test_cache_is_dropped_exactly_when_the_fingerprint_changes(tmp_path):
    cache = tmp_path / ".jupyter_cache"
    assert not stgcn_book.drop_stale_cache(cache, "one")  # there is none yet
    cache.mkdir()
    (cache / "global.db").write_text("outputs")
    assert not stgcn_book.drop_stale_cache(cache, "one") and (cache / "global.db").exists()
    assert stgcn_book.drop_stale_cache(cache, "two") and not cache.exists()
    cache.mkdir()
    assert not stgcn_book.drop_stale_cache(cache, "two") and cache.exists()


def test_a_cache_of_unknown_origin_is_dropped(tmp_path):
    (tmp_path / ".jupyter_cache").mkdir()
    assert stgcn_book.drop_stale_cache(tmp_path / ".jupyter_cache", "one")


def scripts(body):
    names = ("doctools", *(f"gim-{part}" for part in ("core", "save", "skeleton", "player", "quiz")), "clipboard.min", "thebe")
    files = [SimpleNamespace(filename=f"{name}.js", attributes={}) for name in names]
    files += [SimpleNamespace(filename=None, attributes={"body": "const THEBE_JS_URL = 1"})] * 2
    context = {"body": body, "script_files": files, "css_files": [], "page_source_suffix": ".md", "header_buttons": []}
    stgcn_book._lean_page(None, "page", "page.html", context, None)
    return [file.filename for file in context["script_files"]], context["body"]


def test_a_page_loads_only_what_it_uses():
    assert scripts("<p>words</p>")[0] == ["doctools.js"]
    assert scripts('<figure data-gim="player"></figure>')[0] == [
        "doctools.js", "gim-core.js", "gim-save.js", "gim-skeleton.js", "gim-player.js"]
    assert scripts('<figure data-gim="quiz"></figure>')[0] == ["doctools.js", "gim-core.js", "gim-save.js", "gim-quiz.js"]
    assert scripts('<div class="highlight-python">')[0] == ["doctools.js", "clipboard.min.js"]


def foot(title):
    context = {"title": title, "metatags": "<meta>"}
    stgcn_book._name_paper(SimpleNamespace(config=SimpleNamespace(html_title="The book")), "page", "page.html", context, None)
    return context["metatags"]


def test_paper_bears_the_title_of_the_page():
    assert foot("1. One") == '<meta><style>html{--book-page:"1. One \u00b7 The book"}</style>'
    assert foot("The book") == '<meta><style>html{--book-page:"The book"}</style>'
    assert '"A \\"b\\" \\3c /style> & c' in foot('<span>A</span> "b" &lt;/style&gt; &amp; c') and foot("a</style>").count("<") == 3


def test_empty_heading_rows_are_taken_out_and_others_stay():
    empty = '<thead>\n<tr class="row-odd"><th class="head"><p></p></th>\n<th class="head"><p></p></th>\n</tr>\n</thead>'
    assert scripts(f"<table>{empty}<tbody></tbody></table>")[1] == "<table><tbody></tbody></table>"
    half = empty.replace("<p></p>", "<p>symbol</p>", 1)
    assert re.findall("<t[hd]", scripts(half)[1]) == ["<th", "<th", "<td"]
