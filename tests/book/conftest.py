import os
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
CHAPTERS = sorted((ROOT / "book").glob("part*/*.ipynb"))


def pytest_generate_tests(metafunc):
    if "chapter" in metafunc.fixturenames:
        metafunc.parametrize("chapter", CHAPTERS, ids=[path.stem for path in CHAPTERS])


@pytest.fixture
def notebook(chapter):
    return nbformat.read(chapter, as_version=4)


@pytest.fixture(scope="session")
def site():
    """The built book; without one these tests say that they did not run, and continuous integration counts that as failure."""
    if not (SITE / "index.html").exists():
        reason = "the tests of the built pages did NOT run: there is no built book (make book)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return SITE
