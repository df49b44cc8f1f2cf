"""Where recorded sets are looked for, and what a damaged file is told."""

import gzip
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from stgcn_lib.data import DataNotFound, available, data_root, load, manifest
from stgcn_lib.data.cache import file, folder, missing, read_numbers

from .conftest import missing as reason


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home folder, and no environment variable that names another place."""
    for name in ("STGCN_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_folder_named_first_wins(home, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert data_root() == home / ".cache" / "stgcn_lib"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert data_root() == Path("/elsewhere/stgcn_lib")
    monkeypatch.setenv("STGCN_DATA", "~/sets")
    assert data_root() == home / "sets"
    assert data_root("/mine") == data_root(Path("/mine")) == Path("/mine")
    monkeypatch.setenv("STGCN_DATA", "")  # an empty variable names no folder
    assert data_root() == Path("/elsewhere/stgcn_lib")


def test_other_systems_keep_their_caches_elsewhere(home, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_root() == home / "Library" / "Caches" / "stgcn_lib"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert data_root() == Path("/local/stgcn_lib")


def fill(root, name):
    """Files of the names and sizes of the set `name`, empty of sense."""
    for one in manifest.files(name):
        (root / one.path).parent.mkdir(parents=True, exist_ok=True)
        with open(root / one.path, "wb") as stream:
            stream.truncate(one.bytes)


def test_a_set_is_there_if_all_its_files_are(home, monkeypatch):
    monkeypatch.setenv("STGCN_DATA", str(home))
    assert not available("los_loop") and len(missing("los_loop")) == 4
    fill(home, "los_loop")
    assert available("los_loop") and available("los_loop", home) and not available("los_loop", home / "other")
    with open(home / "los_loop" / "los_adj.csv", "ab") as stream:
        stream.write(b"!")
    assert not available("los_loop") and [one.path for one in missing("los_loop")] == ["los_loop/los_adj.csv"]
    (home / "los_loop" / "los_adj.csv").unlink()
    assert not available("los_loop")
    with pytest.raises(ValueError, match="name is 'los', expected one of animated_drawings_bvh, cmu_expmap, los_loop, "):
        available("los")


def test_a_folder_is_read_if_it_holds_something(home):
    with pytest.raises(DataNotFound):
        folder("los_loop", home)
    (home / "los_loop" / "notes").mkdir(parents=True)
    assert folder("los_loop", home) == home / "los_loop"


@pytest.mark.parametrize("name", ["cmu_expmap", "ui_prmd", "animated_drawings_bvh"])
def test_a_missing_set_says_how_to_get_it(name, tmp_path):
    with pytest.raises(DataNotFound) as error:
        load(name, root=tmp_path)
    assert isinstance(error.value, FileNotFoundError)
    assert str(error.value) == (f"The data set '{name}' is not in {tmp_path}: get it with python -m stgcn_lib download {name} "
                                f"--root {tmp_path}, or set STGCN_DATA to a folder that holds {name}/...")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataNotFound) as error:
        file(tmp_path / "one.txt", "ui_prmd")
    assert str(error.value) == (f"The data set 'ui_prmd' is incomplete: {tmp_path / 'one.txt'} is missing; get it with python -m "
                                "stgcn_lib download ui_prmd")
    (tmp_path / "one.txt").touch()
    assert file(tmp_path / "one.txt", "ui_prmd") == tmp_path / "one.txt"


@pytest.mark.parametrize("text", ["1,2.5\n-3e-2,4\n", "1,2.5\r\n-3e-2,4", "1,2.5\n\n-3e-2,4\n\n"])
def test_numbers_are_read_plain_and_compressed(text, tmp_path):
    for path, data in ((tmp_path / "a.txt", text.encode()), (tmp_path / "a.txt.gz", gzip.compress(text.encode()))):
        path.write_bytes(data)
        table = read_numbers(path, 2)
        assert table.tolist() == [[1, 2.5], [-0.03, 4]] and table.dtype == np.float64


WHOLE = gzip.compress(b"1,2\n3,4\n" * 200)
FLIPPED = WHOLE[:10] + b"\xff" + WHOLE[11:]  # no kind of block that exists


@pytest.mark.parametrize("name, data, says", [
    ("a.txt", b"", "a.txt is empty, expected lines of 2 numbers"),
    ("a.txt", b"\n \n", "a.txt is empty"),
    ("a.txt", b"1,2\n3\n", "a.txt, line 2: 1 numbers, expected 2"),
    ("a.txt", b"1,2,3\n", "a.txt, line 1: 3 numbers, expected 2"),
    ("a.txt", b"1,2\n3,x\n", "a.txt: .*'x', expected numbers only"),
    ("a.txt", b"1,2\n3,\n", "a.txt: .*expected numbers only"),
    ("a.txt", b"1,2\n3,inf\n", "a.txt, line 2: inf, expected finite numbers only"),
    ("a.txt", b"nan,2\n", "a.txt, line 1: nan, expected finite"),
    ("a.txt", b"1,1e999\n", "a.txt, line 1: inf, expected finite"),
    ("a.txt", b"1,\xff\n", r"a.txt is damaged \(.*\): fetch it again"),
    ("a.txt.gz", b"1,2\n", "a.txt.gz is damaged"), ("a.txt.gz", WHOLE[:-9], "a.txt.gz is damaged"),
    ("a.txt.gz", WHOLE[:-8] + b"12345678", "a.txt.gz is damaged"), ("a.txt.gz", FLIPPED, "a.txt.gz is damaged"),
    ("a.txt.gz", gzip.compress(b"1\n"), "a.txt.gz, line 1: 1 numbers"), ("a.txt.gz", b"", "a.txt.gz is empty")])
def test_a_damaged_file_is_named(name, data, says, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=re.escape(str(tmp_path)) + ".*" + says):
        read_numbers(tmp_path / name, 2)


def test_tests_on_recordings_say_why_they_did_not_run(tmp_path):
    assert "set STGCN_DATA to a folder that holds ui_prmd/..." in reason("ui_prmd", {})
    assert f"not in {tmp_path}" in reason("ui_prmd", {"STGCN_DATA": str(tmp_path)})
    fill(tmp_path, "ui_prmd")
    assert reason("ui_prmd", {"STGCN_DATA": str(tmp_path)}) is None
