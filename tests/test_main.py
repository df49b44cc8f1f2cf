"""The command line, as a reader types it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from stgcn_lib import __main__ as program
from stgcn_lib.data import DownloadError, cache, manifest

ROOT = Path(__file__).parents[1]


def run(*arguments, **environment):
    return subprocess.run([sys.executable, "-m", "stgcn_lib", *arguments], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, **environment})


def test_alone_it_prints_help():
    done = run()
    assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith("usage: python -m stgcn_lib [-h] COMMAND ...")
    assert re.findall(r"^    (\w+)", done.stdout, flags=re.M) == ["list", "download", "reproduce", "predict", "doctor"]


def test_it_says_when_a_package_is_missing(tmp_path):
    (tmp_path / "requests.py").write_text("raise ModuleNotFoundError('No module named requests', name='requests')")
    done = run("doctor", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "The package requests is missing. Install it with: python -m pip install requests\n"


@pytest.fixture
def three_states(tmp_path):
    """A data folder with one set whole, one in part and the others not there; files of the right size, of nothing but zeros."""
    for name, count in (("los_loop", 4), ("utkinect", 23)):
        for file in manifest.files(name)[:count]:
            path = tmp_path / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as stream:
                stream.truncate(file.bytes)
    return tmp_path


def test_list_says_what_is_here(three_states, capsys):
    assert program.main(["list", "--root", str(three_states)]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: re.split(r"\s{2,}", line) for line in lines[:-2]}
    assert rows["name"] == ["name", "size", "licence", "here", "load()", "what"] and set(rows) == {"name", *manifest.NAMES}
    assert rows["los_loop"][1:5] == ["3.52 MB", "MIT", "yes", "yes"] and rows["spl_freethrow"][4] == "not yet"
    assert rows["utkinect"][3] == "in part" and rows["ui_prmd"][1:5] == ["50.9 MB", "public domain", "no", "yes"]
    assert str(three_states) in lines[-1] and max(map(len, lines[:-1])) <= 100


def test_doctor_says_what_is_here_and_how_to_get_the_rest(three_states, capsys):
    status = program.main(["doctor", "--root", str(three_states)])
    out = capsys.readouterr().out
    rows = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in out.splitlines()[:-2])
    assert rows["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert re.match(r"(cpu, \d+ thread|cuda, |mps, )", rows["device"])
    assert re.fullmatch(rf"{three_states}: [\d.]+ [MG]B free, can be written to", rows["data folder"])
    assert rows["los_loop"] == "here" and "torch" in rows and "numpy" in rows
    assert rows["utkinect"] == f"3 files of 26 missing: python -m stgcn_lib download utkinect --root {three_states}"
    assert rows["cmu_expmap"] == f"not here: python -m stgcn_lib download cmu_expmap --root {three_states}"
    assert status == 0 and out.endswith("\nAll that the library needs is here.\n"), "data may be missing, and so may a browser"
    assert sorted(path.name for path in three_states.iterdir()) == ["los_loop", "utkinect"], "it leaves nothing behind"


def test_doctor_finds_what_is_wrong(tmp_path, monkeypatch, capsys):
    asked = [program.Requirement("torch>=99"), program.Requirement("no-such-package>=1"), program.Requirement("numpy>=1.26")]
    monkeypatch.setattr(program, "requirements", lambda: asked)
    (tmp_path / "file").write_text("")
    assert program.main(["doctor", "--root", str(tmp_path / "file")]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^torch +\S+: install it with  pip install 'torch>=99'$", out, flags=re.M)
    assert re.search(r"^no-such-package +missing: install it with  pip install 'no-such-package>=1'$", out, flags=re.M)
    assert f"{tmp_path / 'file'}: cannot be written to (Not a directory), name another with STGCN_DATA" in out
    assert out.endswith("\nTo be mended: torch, no-such-package, data folder.\n")


def test_requirements_are_those_of_the_installed_library(monkeypatch):
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["torch>=2.5", "pytest>=8; extra == 'dev'"])
    assert [str(one) for one in program.requirements()] == ["torch>=2.5"]

    def missing(name):
        raise program.importlib.metadata.PackageNotFoundError(name)
    monkeypatch.setattr("importlib.metadata.requires", missing)
    assert program.requirements() == []


@pytest.mark.parametrize("cuda, mps, says", [
    (True, False, "cuda, Card, 80 GB"), (False, True, "mps, the graphics processor of this Mac"), (False, False, "cpu, 1 thread")])
def test_the_device_has_a_name(cuda, mps, says):
    """A pretended torch: few computers have all three devices."""
    card = SimpleNamespace(is_available=lambda: cuda, get_device_name=lambda: "Card",
                           get_device_properties=lambda index: SimpleNamespace(total_memory=80_000_000_000))
    mac = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps))
    assert program.device(SimpleNamespace(cuda=card, backends=mac, get_num_threads=lambda: 1)) == says


def test_download_takes_several_names_and_goes_on_after_a_failure(monkeypatch, capsys):
    asked = []

    def fetch(name, root):
        asked.append((name, root))
        if name == "ui_prmd":
            raise DownloadError("ui_prmd was not downloaded: for a reason")
    monkeypatch.setattr("stgcn_lib.data.fetch", fetch)
    assert program.main(["download", "ui_prmd", "los_loop", "--root", "here"]) == 1
    assert asked == [("ui_prmd", "here"), ("los_loop", "here")]
    assert capsys.readouterr().err == "ui_prmd was not downloaded: for a reason\n"
    assert program.main(["download", "los_loop"]) == 0 and asked[-1] == ("los_loop", None)


def test_an_unknown_set_is_told_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        program.main(["download", "mocap"])
    assert stop.value.code == 2
    assert re.search("invalid choice: 'mocap' .choose from '?animated_drawings_bvh'?, ", capsys.readouterr().err)


def test_a_command_can_be_pasted_into_a_shell():
    assert cache.command("ui_prmd", "my data") == "python -m stgcn_lib download ui_prmd --root 'my data'"
