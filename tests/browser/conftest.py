import os

import pytest

from . import site


def _missing(reason):
    # a continuous-integration run without a browser proves nothing about the pages: that is a failure, not a skip
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="session")
def running():
    try:
        found = site.chromium()
    except ImportError:
        _missing("the browser tests did NOT run: Playwright is not installed (pip install -r requirements.txt)")
    if found is None:
        _missing("the browser tests did NOT run: no Chromium here (install one, or: python -m playwright install chromium)")
    with site.browser() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def address():
    if not (site.HTML / "book" / "index.html").exists():
        _missing("the browser tests did NOT run: there is no built book (make book)")
    with site.serve() as where:
        yield where
