"""Recorded data for the tests that read it."""

import os

import pytest

from stgcn_lib.data import available, data_root

os.environ["STGCN_OFFLINE"] = "1"  # no test fetches recordings, on its own or through a notebook


def missing(name, environment=os.environ):
    """Why the recorded set `name` cannot be tested here, or None if it can."""
    if not environment.get("STGCN_DATA"):
        return f"the tests on recorded {name} did NOT run: set STGCN_DATA to a folder that holds {name}/..."
    if not available(name, environment["STGCN_DATA"]):
        return f"the tests on recorded {name} did NOT run: it is not in {environment['STGCN_DATA']} (STGCN_DATA)"
    return None


@pytest.fixture(scope="session")
def real_data():
    """A function: the folder of all recorded sets, once the set of that name is known to be there."""
    def root(name):
        reason = missing(name)
        if reason:
            # a continuous-integration run without the recordings proves nothing about them: a failure, not a skip
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        return data_root()
    return root
