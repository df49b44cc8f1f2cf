"""Downloads over a real socket from a server that does everything wrong, by processes that are killed, onto disks that are full.

What the reader is told stands in one place, the tables of the book's data page (`SAID`): each fault must be told word for word so.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

from stgcn_lib.data import DataNotFound, DownloadError, available, data_root, fetch, load, manifest, sources, transfer
from stgcn_lib.data.cache import missing
from stgcn_lib.data.download import _digest
from stgcn_lib.data.manifest.write import BY_ADDRESS, SPEEDS, write

from . import faulty_server as web
from .conftest import missing as reason
from .faulty_server import FILES, NAME

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "book" / "reference" / "data.md").read_text(encoding="utf-8").partition("## When a download goes wrong")[2]
SAID = dict(re.findall(r"^\| ([^|`]+?) \| `([^|]+)` \|$", PAGE.partition("\n## ")[0], flags=re.M))
FIRST = next(iter(FILES))  # the first file of the set, and of the archive


@pytest.fixture
def server(tmp_path):
    """A good server, and the library told to download from it."""
    server = web.Server()
    (tmp_path / "lists").mkdir()
    web.write_manifest(tmp_path / "lists")
    with web.downloads_from(server.port, tmp_path / "lists"):
        yield server
    server.close()


@pytest.fixture
def single(server, tmp_path):
    """The same, for a set whose files have no common archive and come one by one."""
    with web.downloads_from(server.port, tmp_path / "lists", whole_archive=False):
        yield server


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


def in_docs(text, server, root):
    """What was said, with the true address, time and folder in it, and one size for all."""
    one = server.asked and server.asked[-1][0].startswith(f"/{web.REPOSITORY}/")
    home = "raw.githubusercontent.com" if one else "codeload.github.com"
    text = text.replace(f"http://127.0.0.1:{server.port}", f"https://{home}").replace("127.0.0.1", home)
    text = text.replace(f" --root {root}", "").replace(str(root), "~/.cache/stgcn_lib")
    text = text.replace("sent nothing for 1 second", "sent nothing for 30 seconds")  # tests wait for less long
    return re.sub(r"[\d.]+ [kMG]B", "12.3 MB", text)


def fails(server, root, title):
    """Download, and expect the sentence of the docs; nothing is there then, and a good server mends all."""
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    assert in_docs(str(error.value), server, root) == SAID[title]
    nothing_broken(root)
    server.faults.clear()
    comes_whole(root)


def says(server, root, title):
    """Download, and expect the line of the docs among those that are said; it succeeds."""
    lines = comes_whole(root)
    assert SAID[title] in [in_docs(line, server, root) for line in lines]
    return lines


def nothing_broken(root):
    assert not available(NAME, root) and not (root / NAME).exists()
    assert [path for path in (root / ".download" / NAME / "files").rglob("*") if path.is_file()
            and path.read_bytes() != FILES[path.relative_to(root / ".download" / NAME / "files").as_posix()]] == []


def comes_whole(root):
    """A download succeeds, and leaves the set and a lock file; the lines it said."""
    lines = []
    assert fetch(NAME, root, say=lines.append) == root / NAME
    assert {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / NAME).rglob("*") if path.is_file()} == FILES
    assert available(NAME, root) and [path.name for path in (root / ".download").iterdir()] == [f"{NAME}.lock"]
    assert lines[-1] == f"{NAME} is complete: 8 files, each checked, in {root / NAME}"
    return lines


# ---- it works


def test_a_set_comes_as_one_archive_and_only_its_own_files_are_taken(server, root):
    lines = comes_whole(root)
    assert [path for path, _ in server.asked] == [server.archive]
    assert lines[0] == f"{NAME}: {sources.SOURCES[NAME].what}. Terms: {sources.SOURCES[NAME].terms}"
    assert lines[1] == (f"Downloading 430 kB as one archive, from which 320 kB are unpacked, about 1 second at 10 Mbit/s, "
                        f"into {root}")
    assert fetch(NAME, root, say=lines.append) == root / NAME and len(server.asked) == 1
    assert lines[-1] == f"{NAME} is here already: 8 files, each checked, in {root / NAME}"


def test_the_archive_is_left_when_all_files_are_out_of_it(server, root, tmp_path):
    server.contents[server.archive] = web.archive()[:-60_000]  # the rest of it is of no interest, so nobody misses it
    comes_whole(root)
    assert len(server.asked) == 1


def test_files_without_a_common_archive_come_one_by_one(single, root):
    lines = comes_whole(root)
    assert len(single.asked) == 8 and single.archive not in dict(single.asked)
    assert lines[1] == f"Downloading 320 kB as 8 single files, about 1 second at 10 Mbit/s, into {root}"


def test_a_redirect_is_followed(server, root):
    server.contents["/elsewhere"] = server.contents[server.archive]
    server.faults = [web.redirect("/elsewhere")]
    comes_whole(root)
    assert [path for path, _ in server.asked] == [server.archive, "/elsewhere"]


def test_a_new_set_appears_at_once(server, root, monkeypatch):
    moved, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: moved.append(Path(new)) or replace(old, new))
    comes_whole(root)
    assert [path for path in moved if root / ".download" not in path.parents] == [root / NAME]


def test_only_what_is_damaged_or_missing_is_fetched_again(server, root):
    comes_whole(root)
    paths = sorted(FILES)
    (root / paths[2]).write_bytes(b"?" * len(FILES[paths[2]]))
    (root / paths[5]).unlink()
    (root / NAME / "notes of the reader.txt").write_text("mine")
    server.asked.clear()
    lines = []
    fetch(NAME, root, say=lines.append)
    assert [path for path, _ in server.asked] == [f"/{web.REPOSITORY}/{web.source(path)}" for path in (paths[2], paths[5])]
    assert lines[1] == "Here already: 6 of 8 files."
    assert all((root / path).read_bytes() == data for path, data in FILES.items())
    assert (root / NAME / "notes of the reader.txt").read_text() == "mine"


def test_an_unknown_name_is_told_the_known_ones(root):
    with pytest.raises(ValueError, match="name is 'mocap', expected one of animated_drawings_bvh, cmu_expmap, "):
        fetch("mocap", root)


# ---- it mends itself


def test_a_cut_connection_goes_on_where_it_was(server, root):
    server.faults = [web.drop(150_000)]
    says(server, root, "the connection is cut")
    assert [asked for _, asked in server.asked] == [None, "bytes=131072-"]


def test_going_on_is_said(server, root):
    server.faults = [web.drop(150_000)]
    says(server, root, "the server can go on in the middle")


def test_a_single_file_goes_on_where_it_was(single, root, monkeypatch):
    monkeypatch.setattr(transfer, "PIECE", 10_000)
    single.faults = [web.good, web.good, web.drop(20_000)]
    comes_whole(root)
    assert [asked for _, asked in single.asked] == [None, None, None, "bytes=20000-", None, None, None, None, None]


def test_a_server_that_says_it_can_go_on_but_cannot(server, root):
    server.faults = [web.drop(150_000), web.whole_although_a_part_was_asked_for]
    says(server, root, "it cannot, although it said so")


def test_it_is_not_asked_a_second_time(server, root):
    server.faults = [web.drop(150_000), web.drop(150_000)]  # the second ignores the range
    comes_whole(root)
    assert [asked for _, asked in server.asked] == [None, "bytes=131072-", None]


def test_a_server_that_cannot_go_on_is_not_asked_to(server, root):
    server.ranges = False
    server.faults = [web.drop(200_000)]
    lines = comes_whole(root)
    assert [asked for _, asked in server.asked] == [None, None] and not any(line.startswith("Going on") for line in lines)


def test_few_files_that_an_archive_did_not_bring_come_one_by_one(server, root):
    server.ranges, server.tags = False, False
    server.faults = [web.drop(320_000)]  # two are not whole, and two more requests are quicker than the whole archive
    comes_whole(root)
    last_two = [f"/{web.REPOSITORY}/{web.source(path)}" for path in sorted(FILES)[-2:]]
    assert [path for path, _ in server.asked] == [server.archive, *last_two]


def test_a_file_that_has_changed_on_the_server_starts_again(server, root):
    server.faults = [web.drop(150_000)]
    old = server.contents[server.archive]

    def change(handler, content):
        server.contents[server.archive] = web.archive(level=1)
        assert server.contents[server.archive] != old
        web.good(handler, server.contents[server.archive])
    server.faults.append(change)
    says(server, root, "the file has changed on the server")
    assert server.asked[-1][1] == "bytes=131072-"


def test_a_part_is_continued_only_with_its_own_address(tmp_path):
    part, note = tmp_path / "a.part", tmp_path / "a.part.note"
    part.write_bytes(b"some")
    assert transfer.entity_tag(part) is None
    note.write_text('{"url": "https://a", "etag": "\\"1\\""}')
    assert transfer.entity_tag(part) == transfer.entity_tag(part, "https://a") == '"1"'
    assert transfer.entity_tag(part, "https://b") is None
    note.write_text('{"url": "https:')  # torn
    assert transfer.entity_tag(part) is None


def test_another_part_than_was_asked_for_is_not_taken(server, root):
    server.faults = [web.drop(150_000), web.another_part_than_asked_for]
    says(server, root, "the server sends another part")


def test_a_stalled_server_is_asked_again(server, root, monkeypatch):
    monkeypatch.setattr(transfer, "TIMEOUT", 0.3)
    server.faults = [web.stall(150_000)]
    says(server, root, "the server falls silent")


def test_an_answer_that_ends_early_is_asked_for_again(server, root):
    server.faults = [web.truncate(150_000)]
    comes_whole(root)
    assert len(server.asked) == 2


def test_a_short_file_is_asked_for_again(single, root):
    single.faults = [web.truncate(1000)]
    comes_whole(root)
    assert len(single.asked) == 9


def test_a_busy_server_is_asked_again(server, root):
    server.faults = [web.status(500)]
    says(server, root, "the server is out of order")


def test_a_server_that_asks_for_time_gets_it(server, root, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", lambda seconds, sleep=time.sleep: slept.append(seconds) or sleep(0.001))
    server.faults = [web.status(429, Retry_After="17")]
    says(server, root, "the server asks for a little time")
    assert 17 in slept


def test_a_try_that_brings_something_starts_the_count_again(single, root):
    single.faults = [web.status(503), web.status(503), web.status(503), web.good] * 6
    comes_whole(root)


# ---- it stops, with one sentence, and nothing broken stays


def test_no_network(server, root):
    server.http.socket.close()  # nobody listens on the port
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    assert in_docs(str(error.value), server, root) == SAID["there is no network"]
    nothing_broken(root)


Row = namedtuple("Row", "title faults")
STOPS = [
    Row("the network goes away", [web.drop(150_000)] + [web.drop(0)] * 4),
    Row("the server stays silent", [web.stall(0)] * 4),
    Row("the file is gone", [web.status(404)]),
    Row("the server refuses", [web.status(403)]),
    Row("the server stays out of order", [web.drop(150_000)] + [web.status(503)] * 4),
    Row("the server asks for much time", [web.drop(150_000), web.status(429, Retry_After="600")]),
    Row("an address leads in circles", [web.redirect("/round")] * 6),
    Row("an address leads to one without encryption", [web.redirect("http://example.com/set.tar.gz")]),
    Row("a network's log-in page comes instead", [web.send(b"<html>Please log in</html>" * 90)]),
]


@pytest.mark.parametrize("title, faults", STOPS, ids=[row.title for row in STOPS])
def test_it_stops_with_one_sentence(title, faults, server, root, monkeypatch):
    if "silent" in title:
        monkeypatch.setattr(transfer, "TIMEOUT", 0.3)
    server.faults = list(faults)
    fails(server, root, title)


@pytest.mark.parametrize("address", ["ftp://example.com/a", "file:///etc/hostname", "https:///nowhere"])
def test_no_redirect_away_from_https_is_followed(address, server, root):
    server.faults = [web.redirect(address)]
    fails(server, root, "an address leads to one without encryption")


def test_one_wrong_byte(server, root):
    content = bytearray(web.archive())
    content[bytes(content).index(FILES[FIRST][:100]) + 50] ^= 1
    server.faults = [web.send(bytes(content))]
    with pytest.raises(DownloadError, match=r"m01.txt.gz is not the file that was published: its SHA-256 digest is \w{12}\.\.\. "):
        fetch(NAME, root, say=lambda line: None)
    nothing_broken(root)
    assert not (root / ".download" / NAME / "archive.part").exists()
    comes_whole(root)


def test_another_file_under_the_right_name(server, root):
    contents = {web.source(path): data for path, data in FILES.items()} | {web.source(FIRST): bytes(len(FILES[FIRST]))}
    server.faults = [web.send(web.archive(contents))]
    fails(server, root, "a file is not the published one")


def test_another_single_file_under_the_right_name(single, root):
    single.faults = [web.good, web.good, web.send(b"!" * len(sorted(FILES.items())[2][1]))]
    with pytest.raises(DownloadError, match="m03.txt.gz is not the file that was published: .*; 80 kB are kept, and the next try"):
        fetch(NAME, root, say=lambda line: None)
    nothing_broken(root)
    comes_whole(root)
    assert len(single.asked) == 9  # two are not fetched twice


def test_a_file_that_is_too_long(server, root):
    contents = {web.source(path): data for path, data in FILES.items()} | {web.source(FIRST): FILES[FIRST] + b"!"}
    server.faults = [web.send(web.archive(contents))]
    fails(server, root, "a file is longer than the published one")


def link(name, target="../../outside"):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member, None


def entry(name, kind=tarfile.REGTYPE, data=b"evil"):
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, len(data) if kind == tarfile.REGTYPE else 0
    return member, data if kind == tarfile.REGTYPE else None


FOLDER = "UI-PRMD-Analysis-2c5bf13/"
HOSTILE = [entry("../../outside"), entry(FOLDER + "../../../outside"), entry("/etc/outside"), entry(FOLDER + "data/new.txt"),
           link(FOLDER + "data/Segmented Movements", "/"), link(FOLDER + web.source(FIRST), "/etc/passwd"),
           entry(FOLDER + web.source(FIRST), tarfile.CHRTYPE), entry(FOLDER + web.source(FIRST), tarfile.FIFOTYPE),
           entry(FOLDER + web.source(FIRST), tarfile.DIRTYPE), entry("." + web.source(FIRST)), entry("")]


def test_a_hostile_archive_writes_nothing_that_is_not_on_the_list(server, root, tmp_path):
    """Names that lead out, links, devices, folders in place of files: passed over, and the true files still come."""
    server.faults = [web.send(web.archive(extra=HOSTILE))]
    comes_whole(root)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "lists"]


def test_a_link_in_place_of_a_file(server, root):
    contents = {web.source(path): data for path, data in FILES.items() if path != FIRST}
    server.faults = [web.send(web.archive(contents, extra=[link(FOLDER + web.source(FIRST), "/etc/passwd")]))]
    fails(server, root, "the archive lacks a file")


def test_an_archive_that_unpacks_without_end(server, root):
    bomb = web.archive({"data/Vicon/zeros.bin": bytes(50_000_000)}, level=9)
    assert len(bomb) < 100_000
    server.faults = [web.send(bomb)]
    fails(server, root, "an archive unpacks to far too much")


def test_a_server_that_never_stops(server, root):
    server.contents["/zeros"] = web.archive({"data/Vicon/noise.bin": os.urandom(2_000_000)})
    server.faults = [web.redirect("/zeros"), web.endless]
    fails(server, root, "the server never stops")


def test_a_server_that_never_stops_with_a_single_file(single, root):
    single.faults = [web.endless]
    with pytest.raises(DownloadError, match="m01.txt.gz sends more than the 40 kB that it may; nothing is kept"):
        fetch(NAME, root, say=lambda line: None)
    comes_whole(root)


# ---- files of which only git's digest is known, and neither their size nor their SHA-256


@pytest.fixture
def blobs(server, tmp_path):
    """A set that holds one such file, the fourth; all come one by one."""
    web.write_manifest(tmp_path / "lists", blob=BLOB)
    with web.downloads_from(server.port, tmp_path / "lists", whole_archive=False):
        yield server


BLOB = sorted(FILES)[3]
BEFORE = [web.good] * 3


def test_git_names_content_as_git_does(tmp_path):
    """`git hash-object` of nothing and of a line of text."""
    for content, name in ((b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
                          (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")):
        (tmp_path / "file").write_bytes(content)
        assert _digest(tmp_path / "file", manifest.File("", 100, "file", "", name)) == name == git(content).hexdigest()


def test_a_file_known_by_git_alone_comes_and_is_checked(blobs, root):
    lines = comes_whole(root)
    assert lines[1].startswith("Downloading at most 380 kB as 8 single files, ")
    blobs.asked.clear()
    (root / BLOB).write_bytes(FILES[BLOB][:-1] + b"?")  # as long as before, and shorter
    fetch(NAME, root, say=lambda line: None)
    (root / BLOB).write_bytes(FILES[BLOB][:-7])
    fetch(NAME, root, say=lambda line: None)
    assert [path for path, _ in blobs.asked] == [f"/{web.REPOSITORY}/{web.source(BLOB)}"] * 2
    assert (root / BLOB).read_bytes() == FILES[BLOB]


def test_a_file_known_by_git_alone_is_there_if_it_may_be(blobs, root):
    comes_whole(root)
    for size, there in ((0, False), (1, True), (100_000, True), (100_001, False)):
        (root / BLOB).write_bytes(bytes(size))
        assert available(NAME, root) == there


@pytest.mark.parametrize("fault, says", [
    (web.send(bytes([FILES[BLOB][0] ^ 1]) + FILES[BLOB][1:]), "m04.txt.gz is not the file that was published: its git digest is "),
    (web.send(FILES[BLOB] + b"!"), "its git digest is "), (web.send(FILES[BLOB][:-1]), "its git digest is "),
    (web.send(b""), "0 bytes instead of at most 100,000"), (web.truncate(20_000), "its git digest is "),
    (web.endless, "sends more than the 100 kB that it may"), (web.status(404), "answered 404")])
def test_another_file_is_not_taken_for_one_known_by_git_alone(fault, says, blobs, root):
    blobs.faults = [*BEFORE, fault]
    with pytest.raises(DownloadError, match=f"{says}.*; 120 kB are kept"):
        fetch(NAME, root, say=lambda line: None)
    nothing_broken(root)
    comes_whole(root)


def test_a_file_known_by_git_alone_goes_on_where_it_was(blobs, root, monkeypatch):
    monkeypatch.setattr(transfer, "PIECE", 10_000)
    blobs.faults = [*BEFORE, web.drop(20_000)]
    comes_whole(root)
    assert [asked for _, asked in blobs.asked[:5]] == [None, None, None, None, "bytes=20000-"]


# ---- the computer is to blame


def test_too_little_space_is_seen_before_anything_comes(server, root, monkeypatch):
    Usage = namedtuple("Usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(700_000))
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    assert in_docs(str(error.value), server, root) == SAID["the disk has too little space"] and server.asked == []
    assert "it needs 750 kB, and" in str(error.value) and "has 700 kB of free space" in str(error.value)
    nothing_broken(root)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")
@pytest.mark.parametrize("full", ["archive.part", "member.part"])
def test_a_full_disk(full, server, root):
    """A real "No space left on device": what is being written is the device that is always full."""
    work = root / ".download" / NAME
    work.mkdir(parents=True)
    (work / full).symlink_to("/dev/full")
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    assert in_docs(str(error.value), server, root) == SAID["the disk fills up" if full == "member.part" else "the disk is full"]
    nothing_broken(root)
    (work / full).unlink()
    comes_whole(root)


def test_a_limit_on_the_size_of_files(server, root):
    """The system stops a file from growing, as a quota does; what came before is kept."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(DownloadError, match=f"there is no space left in {root}; .* are kept, and the next try goes on"):
            fetch(NAME, root, say=lambda line: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    nothing_broken(root)
    comes_whole(root)
    assert server.asked[-1][1] == "bytes=100000-"


def test_a_folder_that_cannot_be_written_to(server, tmp_path):
    if os.geteuid():
        root = tmp_path / "locked"
        root.mkdir(mode=0o555)
    else:
        root = Path("/sys/stgcn_lib")  # modes do not bind the administrator, this file system does
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    sentence = re.sub(r"\((Operation not permitted|Read-only file system)\)", "(Permission denied)", str(error.value))
    assert in_docs(sentence, server, root) == SAID["the folder cannot be written to"] and server.asked == []


def test_a_file_in_place_of_the_folder(server, root):
    root.write_text("mine")
    with pytest.raises(DownloadError, match=f"ui_prmd was not downloaded: {root} cannot be written to .Not a directory.; "):
        fetch(NAME, root, say=lambda line: None)
    assert root.read_text() == "mine"


def test_a_folder_without_locks(server, root, monkeypatch):
    def refuse(*_, **__):
        raise NotImplementedError("FileSystem does not appear to support flock")
    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with pytest.raises(DownloadError) as error:
        fetch(NAME, root, say=lambda line: None)
    assert in_docs(str(error.value), server, root) == SAID["the folder cannot be locked"]


# ---- other processes


CHILD = """
import signal
import sys
from stgcn_lib import __main__
from tests import faulty_server as web
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background hands down that it is ignored
with web.downloads_from(int(sys.argv[1]), sys.argv[2]):
    try:
        sys.exit(__main__.main(["download", "ui_prmd", "--root", sys.argv[3]]))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.fixture
def child(server, root, tmp_path):
    """A function: `python -m stgcn_lib download` as a process of its own, from the local server."""
    started = []

    def start():
        command = [sys.executable, "-c", CHILD, str(server.port), str(tmp_path / "lists"), str(root)]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]
    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_killed_in_the_middle_it_goes_on(child, server, root):
    server.faults = [web.stall(150_000)]
    process, part = child(), root / ".download" / NAME / "archive.part"
    until(lambda: part.exists() and part.stat().st_size >= 131_072)
    process.send_signal(signal.SIGKILL)
    process.wait()
    nothing_broken(root)
    says(server, root, "the server can go on in the middle")
    assert server.asked[-1][1] == "bytes=131072-"


def test_stopped_by_the_keyboard_it_says_what_is_kept(child, server, root):
    server.faults = [web.stall(150_000)]
    process, part = child(), root / ".download" / NAME / "archive.part"
    until(lambda: part.exists() and part.stat().st_size >= 131_072)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in err
    assert in_docs(out.splitlines()[-1], server, root) == SAID["you press Ctrl+C"]
    nothing_broken(root)
    comes_whole(root)


def test_two_at_once(child, server, root):
    server.faults = [web.stall(150_000)]
    first, lines = child(), []
    until(lambda: server.asked)
    second = threading.Thread(target=fetch, args=(NAME, root, lines.append))
    second.start()
    until(lambda: lines)
    assert in_docs(lines[0], server, root) == SAID["another download of the same set is running"]
    server.release.set()
    out, _ = first.communicate(timeout=30)
    second.join(30)
    assert first.returncode == 0 and out.splitlines()[-1].startswith(f"{NAME} is complete: 8 files")
    assert {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / NAME).rglob("*") if path.is_file()} == FILES
    assert [asked for _, asked in server.asked] == [None, "bytes=131072-"]  # the second asked the network for nothing


# ---- reading what is there, or not


def test_load_downloads_what_is_missing_unless_told_not_to(monkeypatch, root):
    asked = []
    monkeypatch.setattr("stgcn_lib.data.fetch", lambda *arguments: asked.append(arguments))
    monkeypatch.delenv("STGCN_OFFLINE")
    for name in ("cmu_expmap", "ui_prmd", "animated_drawings_bvh"):
        with pytest.raises(DataNotFound, match=f"{name}.*get it with python -m stgcn_lib download {name} --root"):
            load(name, root=root)  # this fetch brings nothing
    assert asked == [(name, root) for name in ("cmu_expmap", "ui_prmd", "animated_drawings_bvh")]
    with pytest.raises(DataNotFound):
        load("ui_prmd", root=root, download=False)
    with pytest.raises(ValueError, match="split is 'none'"):
        load("ui_prmd", "none", root=root)
    monkeypatch.setenv("STGCN_OFFLINE", "1")
    with pytest.raises(DataNotFound):
        load("ui_prmd", root=root)
    assert len(asked) == 3


def test_tests_and_pages_never_download():
    assert os.environ["STGCN_OFFLINE"] == "1"
    assert 'os.environ["STGCN_OFFLINE"] = "1"' in (ROOT / "book" / "_ext" / "stgcn_book.py").read_text(encoding="utf-8")


def test_a_failed_download_is_a_missing_set(server, root, monkeypatch):
    monkeypatch.delenv("STGCN_OFFLINE")
    server.faults = [web.status(404)]
    with pytest.raises(DataNotFound, match=r"404 \(Not Found\); nothing is kept"):
        load(NAME, root=root)


# ---- the lists of files


DIGESTS = {  # as published with the sets, sha256 over the lines "sha256  path"
    "animated_drawings_bvh": "0d532247c1d1de580304b5429fed2e8853f2b439bafd2d171fc1f03fcbd49d8d",
    "cmu_expmap": "99772de514a816844e45ed072027949ced8c587f00f599dfcdb795949fbc550d",
    "los_loop": "d76d4fdac7f9782d1a552d4576502f8a8a1a516cec85b798baa909eeacc964be",
    "msr_action3d": "80d13351fc4e4c1a7e2fdfe25c7301d4933295b67c829e3a94347a3a855e2568",
    "pemsd7m": "a135ab56df73e9f8a17df6aaae6df8bdb9850cc2a762c1126c73a658127eec2e",
    "shrec17": "c1b08458b5c94e972230ba0ad5ebe7a1bf2e0159d6d9355fb52784a61882de2d",
    "spl_freethrow": "a6e14d4fe5583c6a5391877cdcb275d14e114a35431a87117e110f63bff44e88",
    "ui_prmd": "5700bade2f7abaeb3a103417985ee0833618bcaaf578c316f41fc830d23d2ba7",
    "utkinect": "1b9162be166280d2a85c2e439228a06da86b8e1749dc51bfcee5b6ed20e5faa4",
}


def test_the_lists_are_those_that_were_published():
    assert {name: manifest.digest(name) for name in DIGESTS} == DIGESTS
    assert set(manifest.NAMES) == {*DIGESTS, *BY_ADDRESS} == set(sources.SOURCES)
    assert sum(path.stat().st_size for path in manifest.FOLDER.glob("*.xz")) < 400_000


@pytest.mark.parametrize("name", [*DIGESTS, *BY_ADDRESS])
def test_a_list_is_sane(name):
    files = manifest.files(name)
    assert [file.path for file in files] == sorted({file.path for file in files})
    for file in files:
        assert re.fullmatch("[0-9a-f]{40}", file.blob) if not file.sha256 else re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0 and not file.path.startswith("/") and file.path.split("/")[0] == name.removesuffix("_speeds")
        assert not {"..", "", ".download"} & set(file.path.split("/"))
        assert re.fullmatch(r"[\w.-]+/[\w.-]+/[0-9a-f]{40}/.+", file.source)
    if sources.SOURCES[name].archive:
        assert len({tuple(file.source.split("/")[:3]) for file in files}) == 1, "one archive holds one repository"


def git(content):
    return hashlib.sha1(b"blob " + str(len(content)).encode() + b"\0" + content)


def test_every_set_that_is_here_is_the_published_one():
    """Sizes of all files, digests of some hundred of each set."""
    why = reason("cmu_expmap")
    if why:
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    here = [name for name in manifest.NAMES if (data_root() / name).exists()]
    assert here
    for name in here:
        assert missing(name) == []
        for file in manifest.files(name)[::1 + len(manifest.files(name)) // 100]:
            kind, expected = (git, file.blob) if file.blob else (hashlib.sha256, file.sha256)
            assert kind((data_root() / file.path).read_bytes()).hexdigest() == expected, file.path


def test_lists_are_written_alike_from_the_same_table(tmp_path):
    table, raw = tmp_path / "table.tsv", "https://raw.githubusercontent.com/"
    rows = [f"{file.sha256}\t{file.bytes}\t{file.path}\t{raw}{file.source.replace(' ', '%20')}"
            for name in ("utkinect", "pemsd7m", "los_loop") for file in manifest.files(name)]
    table.write_text("\n".join(["sha256\tbytes\tpath\turl", *reversed(rows)]))
    assert write(table, tmp_path) == ["los_loop", "metr_la", "pems_bay", "pemsd7m", "pemsd7m_speeds", "utkinect"]
    for path in tmp_path.glob("*.xz"):
        assert path.read_bytes() == (manifest.FOLDER / path.name).read_bytes()
    table.write_text("\n".join(["heading", rows[0].replace(raw, "http://example.com/")]))
    with pytest.raises(ValueError, match="utkinect.* comes from http://example.com/.*, expected an address that starts with https"):
        write(table, tmp_path)
    assert manifest.files("pemsd7m_speeds")[0][:3] == (SPEEDS[0], int(SPEEDS[1]), SPEEDS[2])


# ---- the docs


def test_every_sentence_of_the_docs_is_tested():
    here = Path(__file__).read_text(encoding="utf-8")
    assert len(SAID) > 20 and [title for title in SAID if f'"{title}"' not in here] == []


def test_words():
    assert [transfer.size_words(n) for n in (1, 999, 40_000, 16_200_000, 2e9)] == [
        "1 byte", "999 bytes", "40 kB", "16.2 MB", "2 GB"]
    assert [transfer.duration(n) for n in (0, 1, 59, 60, 200)] == ["1 second", "1 second", "59 seconds", "1 minute", "3 minutes"]
