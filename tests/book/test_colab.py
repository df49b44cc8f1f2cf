"""The run of a chapter as Colab would run it, and the date that its page shows afterwards."""

import importlib.util
import json
import os
import shutil
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from .conftest import CHAPTERS, ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import colab  # noqa: E402

NAME = "book/part1-a/01-a"
ENTRY = {"date": "2026-11-02", "python": "3.13.1", "torch": "2.11.0", "seconds": 41, "image": "colab@sha256:1", "code": "0"}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A book of one chapter and a library of one line, in an environment where that library is not installed."""
    (tmp_path / "stgcn_lib").mkdir()
    (tmp_path / "stgcn_lib" / "layers.py").write_text("x = 1\n")
    shutil.copyfile(ROOT / "_config.yml", tmp_path / "_config.yml")
    (tmp_path / "book" / "part1-a").mkdir(parents=True)
    write(tmp_path, "assert 1 + 1 == 2")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "stgcn_lib" else find(name, *more))
    return tmp_path


def write(root, code, setup="print('installed')"):
    notebook = new_notebook(cells=[
        new_markdown_cell("# A title", id="title"), new_markdown_cell("[Run in Colab](x)\n\n*7 minutes to read*", id="launch"),
        new_code_cell(setup, id="setup"), new_code_cell(code, id="a")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    nbformat.write(notebook, root / f"{NAME}.ipynb")


def test_a_chapter_runs_in_an_empty_folder_and_outside_the_book(tree, monkeypatch):
    monkeypatch.setenv("STGCN_BOOK", "1")
    monkeypatch.setenv("STGCN_DATA", "/somewhere")
    write(tree, "import os\nassert os.listdir() == [] and not {'STGCN_BOOK', 'STGCN_DATA'} & set(os.environ)")
    entry = colab.run(f"{NAME}.ipynb", "colab@sha256:1", tree)
    assert list(entry) == list(ENTRY) and entry["image"] == "colab@sha256:1"
    assert entry["python"] == ".".join(map(str, sys.version_info[:3])) and entry["code"] == colab.digest(f"{NAME}.ipynb", tree)


def test_the_first_cell_installs_what_is_published(tree, monkeypatch):
    monkeypatch.setenv("STGCN_REPOSITORY", "ada/course")
    monkeypatch.setenv("STGCN_REF", "v2.0")
    slug = colab.default(tree).slug
    write(tree, "assert package == 'git+' + 'https://github.com/ada/course' + '@v2.0', package",
          setup=f"package = 'git+https://github.com/{slug}@main'")
    colab.run(f"{NAME}.ipynb", root=tree)


def test_a_chapter_that_fails_leaves_no_date(tree, monkeypatch, capsys):
    write(tree, "raise KeyError('wrist')")
    monkeypatch.setattr(colab, "ROOT", tree)
    monkeypatch.setattr(colab.run, "__defaults__", ("", tree))
    assert colab.main(["run", str(tree / f"{NAME}.ipynb"), "--out", str(tree / "out.json")]) == 1
    said = capsys.readouterr().out
    assert said.startswith(f"FAILED {NAME}.ipynb") and "KeyError: 'wrist'" in said and "\x1b" not in said
    assert not (tree / "out.json").exists()


def test_where_the_library_is_installed_there_is_nothing_to_verify():
    with pytest.raises(RuntimeError, match="stgcn_lib is installed"):
        colab.run(CHAPTERS[0].relative_to(ROOT))


def test_dates_are_kept_for_each_chapter_and_written_whole(tmp_path):
    file = tmp_path / "verified.json"
    colab.remember(file, "book/part2-b/02-b.ipynb", ENTRY)
    colab.remember(file, f"{NAME}.ipynb", ENTRY)
    colab.remember(file, f"{NAME}.ipynb", ENTRY | {"seconds": 1})
    assert json.loads(file.read_text()) == {NAME: ENTRY | {"seconds": 1}, "book/part2-b/02-b": ENTRY}
    assert os.listdir(tmp_path) == ["verified.json"] and file.stat().st_mode & 0o777 == 0o644


def test_a_date_holds_for_the_code_that_ran_and_for_no_other(tree):
    file, path = tree / "book" / "verified.json", f"{NAME}.ipynb"
    assert colab.verified(tree) == {}
    entry = ENTRY | {"code": colab.digest(path, tree)}
    colab.remember(file, path, entry)
    colab.remember(file, "book/part1-a/02-gone.ipynb", entry)
    assert colab.verified(tree) == {NAME: entry}
    text = (tree / path).read_text()
    (tree / path).write_text(text.replace("7 minutes", "8 minutes").replace("'installed'", "'installed v2'"))
    (tree / "stgcn_lib" / "__pycache__").mkdir()
    (tree / "stgcn_lib" / "__pycache__" / "layers.pyc").write_bytes(b"1")
    assert colab.verified(tree) == {NAME: entry}, "prose and the first cell, which names addresses, may change"
    (tree / path).write_text(text.replace("1 + 1 == 2", "1 + 2 == 3"))
    assert colab.verified(tree) == {}
    (tree / path).write_text(text)
    assert colab.verified(tree) == {NAME: entry}
    (tree / "stgcn_lib" / "layers.py").write_text("x = 2\n")
    assert colab.verified(tree) == {}


def test_the_launch_strip_of_a_page_says_when_the_chapter_last_ran(tree):
    before = nbformat.read(tree / f"{NAME}.ipynb", as_version=4)
    after = nbformat.reads(colab.with_sentence((tree / f"{NAME}.ipynb").read_text(), ENTRY), as_version=4)
    nbformat.validate(after)
    assert after.cells[1].source == before.cells[1].source + (
        "\\\n*Last verified on Colab's image on 2 November 2026: Python 3.13, torch 2.11, 41 seconds in all*")
    assert [cell for cell in after.cells if cell.id != "launch"] == [cell for cell in before.cells if cell.id != "launch"]


def test_every_committed_date_is_complete():
    """The file is written by the weekly run and by nobody else; until it has run there is none."""
    file = ROOT / "book" / "verified.json"
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    assert all(list(entry) == list(ENTRY) for entry in entries.values())
    assert all((ROOT / f"{name}.ipynb").exists() for name in colab.verified())
