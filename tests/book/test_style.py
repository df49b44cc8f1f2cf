"""Style and spelling of everything in the repository, notebooks included."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "Makefile", "_config.yml", "_toc.yml", "pyproject.toml",
         "requirements.txt", ".ci", ".github", ".devcontainer", "book", "stgcn_lib", "tests", "benchmarks"]
# The minus in each is there so that this file does not hold what it forbids.
FORBIDDEN = [word.replace("-", "") for word in (
    r"TO-DO\b", r"FIX-ME\b", r"place-holder", r"com-ing\s+soon", r"(?<![\w.])/wo-rk/", r"/tm-p/gim", r"(?<![\w.])/ro-ot/",
    r"py-pi\.org", r"python-hosted", r"npm-js\.", r"un-pkg", r"js-delivr", r"cdn\.plo-t")]


def run(tool, *arguments):
    """Run a command of this environment; its output if it fails, else an empty text."""
    program = shutil.which(tool, path=str(Path(sys.executable).parent)) or shutil.which(tool)
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def ours():
    """Every text file that we wrote: no vendored code, no pictures, nothing built."""
    for name in TEXTS:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            skipped = {"vendor", "__pycache__", ".ipynb_checkpoints"} & set(file.relative_to(ROOT).parts)
            if file.is_file() and not skipped and file.suffix not in {".png", ".ico", ".pyc", ".safetensors", ".xz"}:
                yield file


def test_ruff_finds_nothing():
    assert run("ruff", "check", ".") == ""


def test_codespell_finds_nothing():
    assert run("codespell", *(name for name in TEXTS if name != ".ci")) == ""


def test_notebooks_are_stripped(chapter):
    said = run("nbstripout", "--verify", "--keep-id", "--extra-keys", "metadata.language_info.version", str(chapter))
    assert said == "", "strip it: CONTRIBUTING.md, Edit a chapter"


def test_first_cells_are_equal(chapter, notebook):
    import first_cell

    assert not first_cell.apply(notebook, chapter.relative_to(ROOT)), "run: python book/_ext/first_cell.py"


def test_first_cell_names_the_address_of_the_configuration(tmp_path):
    import first_cell

    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    (tmp_path / "_config.yml").write_text(config.replace("graphs-in-motion/graphs-in-motion\n", "someone/fork\n"), encoding="utf-8")
    assert "git+https://github.com/someone/fork@main" in first_cell.setup_source(tmp_path)
    strip = first_cell.launch_source("book/part1-graphs/01-x.ipynb", {"read": 7}, tmp_path)
    assert "colab.research.google.com/github/someone/fork/blob/main/book/part1-graphs/01-x.ipynb" in strip
    assert "7 minutes to read, 45 to run" in strip
    assert len(first_cell.setup_source(tmp_path).splitlines()) <= 6


def test_no_forbidden_word():
    found = []
    for file in ours():
        text = file.read_text(encoding="utf-8")
        found += [f"{file.relative_to(ROOT)}: {match.group()}" for word in FORBIDDEN for match in re.finditer(word, text, re.I)]
    assert found == []


@pytest.mark.parametrize("word", ["a TO-DO here", "see /wo-rk/main", "com-ing soon", "https://py-pi.org/simple"])
def test_forbidden_words_are_seen(word):
    assert any(re.search(pattern, word.replace("-", ""), re.I) for pattern in FORBIDDEN)
