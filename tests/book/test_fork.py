"""Another repository builds the book: every address in what it publishes is its own, and the origin is named once a page."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml

from .conftest import CHAPTERS, ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import addresses  # noqa: E402
import colab  # noqa: E402

FORK = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "ada/motion-course", "STGCN_REF": "v2.0"}
OWN = ("https://github.com/ada/motion-course", "git+https://github.com/ada/motion-course@v2.0",
       "https://ada.github.io/motion-course", "https://colab.research.google.com/github/ada/motion-course/blob/notebooks/")
# What else they may link to there: archives of the recorded sets, and code that the text compares with.
ELSEWHERE = ("https://codeload.github.com/", "https://raw.githubusercontent.com/", "https://github.com/yysijie/st-gcn")
# The one place that may name the origin: CC BY asks for it.
FOOTER = 'Adapted from <a href="https://github.com/graphs-in-motion/graphs-in-motion">Graphs in Motion</a> ' \
         "(The Graphs in Motion authors, CC BY 4.0)."
ORIGIN = re.compile(r"graphs-in-motion/graphs-in-motion|graphs-in-motion\.github\.io|graphs-in-motion@", re.I)
ADDRESS = re.compile(r"(?:git\+)?https?://[^\s\"'`<>()\\]*(?:github|colab)[^\s\"'`<>()\\]*", re.I)


NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "_build", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "build")


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """A fork's tree whose site is built as its workflow builds it, but for the execution of the notebooks."""
    root = shutil.copytree(ROOT, tmp_path_factory.mktemp("fork") / "tree", ignore=NOT_COPIED)
    config = (root / "_config.yml").read_text(encoding="utf-8")
    (root / "_config.yml").write_text(config.replace("execute_notebooks: cache", 'execute_notebooks: "off"'), encoding="utf-8")
    program = Path(sys.executable).parent / "jupyter-book"
    done = subprocess.run([program, "build", "."], cwd=root, env=os.environ | FORK, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root


def published(root):
    """Every text of the site, those in archives too, as (name, text); not code that is not ours."""
    site = root / "_build" / "html"
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                yield from ((f"{name}:{inner}", packed.read(inner).decode()) for inner in packed.namelist())
        elif path.suffix in {".html", ".md", ".ipynb", ".js", ".css", ".txt", ".json", ".xml", ".svg"}:
            ours = not name.startswith("_static/") or re.match(r"_static/(gim[\w-]*|book)\.(js|css)$", name)
            if ours:
                yield name, path.read_text(encoding="utf-8")


def foreign(text):
    """Addresses at GitHub, at Colab and of Pages that are neither the fork's own nor those of others."""
    found = {unquote(url).rstrip(".,;") for url in ADDRESS.findall(text)}
    return sorted(url for url in found if not any(re.match(re.escape(known) + r"(?![\w-]|\.\w)", url, re.I) or
                                                  (known.endswith("/") and url.startswith(known)) for known in OWN + ELSEWHERE))


def test_every_address_in_the_site_of_a_fork_is_its_own(fork):
    texts = {name: text.replace(FOOTER, "") for name, text in published(fork)}
    assert len([name for name in texts if name.endswith(".html")]) > 10
    assert {"searchindex.js", "_sources/book/part1-graphs/01-graphs-and-messages.ipynb"} <= set(texts)
    assert {name: foreign(text) for name, text in texts.items() if foreign(text)} == {}
    assert {name: ORIGIN.findall(text) for name, text in texts.items() if ORIGIN.search(text)} == {}


def test_a_page_of_a_fork_names_the_origin_once_and_itself_as_canonical(fork):
    for path in (fork / "_build" / "html" / "book").rglob("*.html"):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(fork / "_build" / "html").as_posix()
        assert text.count(FOOTER) == 1, name
        assert f'rel="canonical" href="https://ada.github.io/motion-course/{name}"' in text


@pytest.mark.parametrize("path", [path.relative_to(ROOT) for path in CHAPTERS], ids=[path.stem for path in CHAPTERS])
def test_a_chapter_of_a_fork_opens_its_own_notebook_and_installs_its_own_library(fork, path):
    page = (fork / "_build" / "html" / path).with_suffix(".html").read_text(encoding="utf-8")
    here = f"https://colab.research.google.com/github/ada/motion-course/blob/notebooks/{path.as_posix()}"
    assert page.count(f'href="{here}"') == 2, "the launch strip and the button above it"
    assert "git+https://github.com/ada/motion-course@v2.0" in page
    assert f"https://github.com/ada/motion-course/edit/main/{path.as_posix()}" in page


def test_the_branch_that_colab_opens(fork, tmp_path, monkeypatch):
    for name, value in FORK.items():
        monkeypatch.setenv(name, value)
    paths = colab.collect(tmp_path / "notebooks", fork)
    files = {path.relative_to(tmp_path / "notebooks").as_posix() for path in (tmp_path / "notebooks").rglob("*") if path.is_file()}
    assert files == {path.relative_to(ROOT).as_posix() for path in CHAPTERS} | {"README.md", "published"}
    assert (tmp_path / "notebooks" / "published").read_text() == "v2.0\n"
    for path in paths:
        page = (fork / "_build" / "html" / path).with_suffix(".html").read_text(encoding="utf-8")
        assert f"/blob/notebooks/{path.as_posix()}" in page, "the page opens what lies on the branch"
        notebook = nbformat.read(tmp_path / "notebooks" / path, as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells)
        assert foreign(text) == [] and not ORIGIN.search(text)
        relative = [link for cell in notebook.cells if cell.cell_type == "markdown"
                    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", cell.source))
                    if not link.startswith(("https://", "http://", "#"))]
        assert relative == [], "in Colab there is no page next door"
    readme = (tmp_path / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert foreign(readme.replace(FOOTER, "")) == [] and FOOTER in readme
    with pytest.raises(ValueError, match="not empty"):
        colab.collect(tmp_path / "notebooks", fork)


def test_what_is_foreign_is_seen():
    assert foreign("see https://github.com/ada/motion-course/issues. And https://ada.github.io/motion-course/book/index.html") == []
    for wrong in ("https://github.com/graphs-in-motion/graphs-in-motion", "https://github.com/ada/motion-course-2",
                  "https://colab.research.google.com/github/ada/motion-course/blob/main/book/x.ipynb",
                  "git+https://github.com/ada/motion-course@main", "https://graphs-in-motion.github.io/book"):
        assert foreign(f"[x]({wrong})") == [wrong]


# ---- the addresses alone --------------------------------------------------------------------------------------------

OLD = addresses.Addresses("https://github.com/acme/book", "https://acme.github.io/book", "main", "main", "main")


def of(**environ):
    return addresses.current(ROOT, environ)


def test_the_configuration_is_the_default_whatever_else_the_environment_holds():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    made = of(GITHUB_REPOSITORY="ada/motion-course")  # not in Actions
    assert made == addresses.default(ROOT) == of()
    assert made.repository == config["repository"]["url"] and made.site + "/" == config["html"]["baseurl"]
    assert made.ref == made.notebooks == made.branch == config["repository"]["branch"]
    assert of(GITHUB_ACTIONS="true", GITHUB_REPOSITORY=made.slug) == made


def test_a_fork_has_its_own_addresses():
    made = of(GITHUB_ACTIONS="true", GITHUB_REPOSITORY="Ada-L/Motion.Course")
    assert made.repository == "https://github.com/Ada-L/Motion.Course" and made.site == "https://ada-l.github.io/Motion.Course"
    assert (made.ref, made.notebooks) == ("main", "notebooks")
    assert of(STGCN_REPOSITORY="ada/ada.github.io").site == "https://ada.github.io"
    assert of(STGCN_REPOSITORY="ada/course", STGCN_SITE_URL="https://motion.example.org/").site == "https://motion.example.org"
    assert of(STGCN_REPOSITORY="ada/course", GITHUB_ACTIONS="true", GITHUB_REPOSITORY="eve/course").slug == "ada/course"


def test_what_is_published_is_pinned():
    made = of(STGCN_REF="v1.2")
    assert (made.ref, made.notebooks, made.branch) == ("v1.2", "notebooks", "main")


@pytest.mark.parametrize("variable, value", [
    ("STGCN_REPOSITORY", "https://github.com/ada/course"), ("STGCN_REPOSITORY", "ada"), ("STGCN_REPOSITORY", "ada/course/x"),
    ("STGCN_REF", "-v1"), ("STGCN_REF", 'main" x'), ("STGCN_SITE_URL", "motion.example.org"), ("STGCN_SITE_URL", "https://a b")])
def test_what_cannot_be_an_address_is_refused(variable, value):
    with pytest.raises(ValueError, match=f"{variable} is .*expected"):
        of(**{variable: value})


@pytest.mark.parametrize("text, expected", [
    ("https://github.com/acme/book", "https://github.com/ada/course"),
    ("https://github.com/acme/book.git", "https://github.com/ada/course.git"),
    ("(https://github.com/acme/book).", "(https://github.com/ada/course)."),
    ("end https://github.com/acme/book.", "end https://github.com/ada/course."),
    ("git+https://github.com/acme/book@main\"", "git+https://github.com/ada/course@v3\""),
    ("https://github.com/acme/book/blob/main/book/a.ipynb", "https://github.com/ada/course/blob/v3/book/a.ipynb"),
    ("https://github.com/acme/book/edit/main/a.md", "https://github.com/ada/course/edit/main/a.md"),
    ("https://colab.research.google.com/github/acme/book/blob/main/a.ipynb",
     "https://colab.research.google.com/github/ada/course/blob/notebooks/a.ipynb"),
    ("https://acme.github.io/book/start.html", "https://ada.github.io/course/start.html"),
    ("fork acme/book now", "fork ada/course now"),
    ("https://github.com/acme/book-2027", "https://github.com/acme/book-2027"),
    ("https://github.com/acme/book.js", "https://github.com/acme/book.js"),
    ("https://github.com/big-acme/book", "https://github.com/big-acme/book"),
    ("https://acme.github.io/booklet", "https://acme.github.io/booklet")])
def test_rewriting(text, expected):
    new = addresses.Addresses("https://github.com/ada/course", "https://ada.github.io/course", "main", "v3", "notebooks")
    assert addresses.rewrite(text, OLD, new) == expected
    assert addresses.rewrite(expected, OLD, new) == expected, "once more changes nothing"
    assert addresses.rewrite(text, OLD, OLD) == text


def test_only_a_fork_owes_a_line_to_the_origin(tmp_path):
    assert addresses.attribution(ROOT, addresses.default(ROOT)) == ""
    assert addresses.attribution(ROOT, of(**FORK)) == FOOTER
    # a fork that makes itself the default keeps naming the origin
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    (tmp_path / "_config.yml").write_text(config.replace("graphs-in-motion/graphs-in-motion", "ada/course"), encoding="utf-8")
    shutil.copyfile(ROOT / "CITATION.cff", tmp_path / "CITATION.cff")
    assert "graphs-in-motion/graphs-in-motion" in addresses.attribution(tmp_path, addresses.default(tmp_path))


def test_committed_notebooks_hold_the_default_in_a_fork_too(monkeypatch):
    import first_cell

    for name, value in FORK.items():
        monkeypatch.setenv(name, value)
    assert first_cell.main(["--check"]) == 0


def test_the_library_names_no_address_of_the_book():
    files = [path for path in (ROOT / "stgcn_lib").rglob("*") if path.suffix in {".py", ".js", ".css", ".json"}]
    assert [path.name for path in files if ORIGIN.search(path.read_text(encoding="utf-8"))] == []
