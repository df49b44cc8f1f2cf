"""Recorded data sets, fetched once from where they are published, and never a broken file among them.

A file counts when its size and its SHA-256 digest, or git's digest where only that is known, are those of the library's own list
(`manifest`), not before. Until then all lies in the hidden folder ``.download`` beside the data sets. A whole set then moves into
place by renaming.
"""

# Why not pooch: it starts a broken download from the beginning, and unpacks an archive without asking what is in it. requests
# brings redirects, proxies and certificates, and filelock (which torch installs too) locks on every system. The rest is here.

import contextlib
import errno
import hashlib
import io
import os
import shutil
import tarfile
import time
import zlib
from urllib.parse import quote

import filelock
from tqdm.auto import tqdm

from . import cache, manifest, transfer
from .sources import SOURCES
from .transfer import PIECE, Damaged, Final, Passing, count, duration, entity_tag, forget, size_words

ARCHIVE = "https://codeload.github.com/{owner}/{repository}/tar.gz/{commit}"
FILE = "https://raw.githubusercontent.com/{path}"
TRIES = 3  # further tries after one that brought nothing new
WAIT = 1  # seconds before the first of them, doubled for each one after
SPEED = 10e6 / 8  # bytes a second, for the minutes that are said: 10 Mbit/s
REQUEST = 0.1  # seconds that asking for one more file costs


class DownloadError(cache.DataNotFound):
    """A download failed. The message says why, what was kept, and how to try again."""


def fetch(name, root=None, say=tqdm.write):
    """Bring the recorded set `name` onto this computer, or go on where an earlier download was cut off.

    A set that is there is checked, and only files that are missing or damaged are fetched. The repository comes as one archive,
    from which only the set's own files are taken; where few files are missing, they come one by one.

    Args:
        name: one of `manifest.NAMES`.
        root: the folder of the data sets, `cache.data_root` unless given.
        say: what is called with each line that the reader should see.

    Returns:
        the folder of the set.

    Raises:
        ValueError: for an unknown name.
        DownloadError: if the set is not there whole afterwards. What arrived whole is kept for the next try.
    """
    files, where = manifest.files(name), cache.data_root(root).absolute()
    folder, work = where / files[0].path.split("/")[0], where / ".download" / name
    try:
        if all(_is_whole(where / file.path, file) for file in files):
            say(f"{name} is here already: {count(len(files), 'file')}, each checked, in {folder}")
            return folder
        work.mkdir(parents=True, exist_ok=True)
        with _alone(work.with_suffix(".lock"), f"Another download of {name} into {where} is under way: waiting for it.", say):
            _complete(name, files, where, work, say)
    except KeyboardInterrupt:
        say(f"Stopped: {_kept(work)}.")
        raise
    except (Final, Passing, OSError, NotImplementedError) as fault:
        reason = _system_fault(fault, where) if isinstance(fault, (OSError, NotImplementedError)) else fault
        raise DownloadError(f"{name} was not downloaded: {reason}; {_kept(work)}. Try again: "
                            f"{cache.command(name, root)}") from fault
    say(f"{name} is complete: {count(len(files), 'file')}, each checked, in {folder}")
    return folder


@contextlib.contextmanager
def _alone(path, waiting, say):
    """Holds the lock file `path`; says so if another process has it, and waits."""
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(waiting)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _complete(name, files, where, work, say):
    """Fetch what is missing of a set, then move it into place."""
    work.mkdir(parents=True, exist_ok=True)  # another process may just have finished, and tidied up
    staged = work / "files"
    missing = [file for file in files if not _is_whole(where / file.path, file)]
    left = [file for file in missing if not _is_whole(staged / file.path, file)]
    if left:
        _announce(name, files, left, where, work, say)
        _fetch_all(name, left, staged, work, say)
    _install(staged, where)
    shutil.rmtree(work)


def _announce(name, files, left, where, work, say):
    """Say what comes, on which terms, how large it is and how long it takes; make sure that it fits."""
    source, size = SOURCES[name], sum(file.bytes for file in left)
    archive = _archive_cost(name, left, work)
    coming, how = (archive, "as one archive") if archive else (size, f"as {count(len(left), 'single file')}")
    seconds = coming / SPEED + (0 if archive else len(left) * REQUEST)
    say(f"{name}: {source.what}. Terms: {source.terms}")
    if len(left) < len(files):
        say(f"Here already: {len(files) - len(left):,} of {count(len(files), 'file')}.")
    if archive:
        how += f", from which {size_words(size)} are unpacked"
    most = "at most " * any(file.blob for file in left)
    say(f"Downloading {most}{size_words(coming)} {how}, about {duration(seconds)} at 10 Mbit/s, into {where}")
    space, needed = shutil.disk_usage(where).free, size + (coming if archive else 0)
    if space < needed:
        raise Final(f"it needs {size_words(needed)}, and {where} has {size_words(space)} of free space")


def _fetch_all(name, left, staged, work, say):
    """Fetch the files `left` into `staged`; after a passing fault go on with what is still missing."""
    tries = 0
    with transfer.session() as session:
        while left:
            before = _bytes_kept(work)
            try:
                if _archive_cost(name, left, work):
                    _from_archive(session, name, left, staged, work, say)
                else:
                    _one_by_one(session, name, left, staged, work, say)
            except Passing as fault:
                tries = 1 if _bytes_kept(work) > before else tries + 1  # a try that brought something starts the count again
                if tries > TRIES:
                    raise Passing(f"{fault}, {tries} times in a row") from fault
                wait = WAIT * 2 ** (tries - 1) if fault.wait is None else fault.wait
                say(f"{fault}: trying again in {duration(wait)} ({tries} of {TRIES})")
                time.sleep(wait)
            left = [file for file in left if not (staged / file.path).exists()]


def _archive_cost(name, left, work):
    """Bytes still to come if the archive is the quicker way to the files `left`, else 0."""
    if not SOURCES[name].archive:
        return 0
    part = work / "archive.part"
    coming = max(SOURCES[name].archive[0] - (part.stat().st_size if entity_tag(part) else 0), 1)
    return coming if coming / SPEED < sum(file.bytes / SPEED + REQUEST for file in left) else 0


def _from_archive(session, name, left, staged, work, say):
    """Take the files `left` out of the archive of their repository while it comes, and stop when all are there."""
    owner, repository, commit, _ = left[0].source.split("/", 3)
    url = ARCHIVE.format(owner=owner, repository=repository, commit=commit)
    wanted = {file.source.split("/", 3)[3]: file for file in left}
    part, (packed, unpacked) = work / "archive.part", SOURCES[name].archive
    with tqdm(total=packed, unit="B", unit_scale=True, desc=name) as bar, \
            contextlib.closing(transfer.pieces(session, url, part, 3 * packed, bar, say)) as pieces:
        try:
            stream = io.BufferedReader(_Stream(_unzipped(pieces, 3 * unpacked, url)))
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    archive.members.clear()  # tarfile remembers each one, and nobody knows how many come
                    # Links, devices and all other names are passed over: only names on our list are ever written.
                    file = wanted.pop(member.name.partition("/")[2], None) if member.isreg() else None  # GitHub adds a folder
                    if file:
                        _stage(archive.extractfile(member), file, staged, work / "member.part")
                    if not wanted:
                        return
            raise Damaged(f"{url} lacks {count(len(wanted), 'file')} of the set, the first is {min(wanted)}")
        except tarfile.TarError as fault:
            forget(part)
            raise Damaged(f"what {url} sent is damaged or no archive") from fault
        except Damaged:
            forget(part)
            raise


def _one_by_one(session, name, left, staged, work, say):
    """Fetch each of the files `left` by its own address."""
    part = work / "file.part"
    with tqdm(total=sum(file.bytes for file in left), unit="B", unit_scale=True, desc=name) as bar:
        for file in left:
            address, size = FILE.format(path=quote(file.source)), 0
            try:
                with contextlib.closing(transfer.pieces(session, address, part, file.bytes, bar, say)) as pieces:
                    for piece in pieces:
                        size += len(piece)
                if size < file.bytes and not file.blob:
                    raise Passing("the connection broke off")
                _accept(part, file, size, staged)
            except Damaged:
                forget(part)
                raise
            forget(part)  # its note


def _stage(stream, file, staged, part):
    """Write one member of an archive."""
    size = 0
    with open(part, "wb") as out:
        while size <= file.bytes and (piece := stream.read(PIECE)):
            out.write(piece)
            size += len(piece)
    _accept(part, file, size, staged)


def _accept(part, file, size, staged):
    """Give the written file its name, if it is the published one."""
    if not file.fits(size):
        raise Damaged(f"{file.path} is not the file that was published: {'more than ' * (size > file.bytes)}"
                      f"{count(min(size, file.bytes), 'byte')} instead of {'at most ' * bool(file.blob)}{file.bytes:,}")
    digest, kind, expected = _digest(part, file), "git" if file.blob else "SHA-256", file.blob or file.sha256
    if digest != expected:
        raise Damaged(f"{file.path} is not the file that was published: its {kind} digest is {digest[:12]}... "
                      f"instead of {expected[:12]}...")
    target = staged / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, target)


def _is_whole(path, file):
    """True if `path` holds exactly the published file."""
    return path.is_file() and file.fits(path.stat().st_size) and _digest(path, file) == (file.blob or file.sha256)


def _digest(path, file):
    """The digest of what `path` holds, of the kind by which the published file is known."""
    def git():  # SHA-1 is no guard against a forger, as SHA-256 is, but against every fault of a network or a disk
        return hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, git if file.blob else "sha256").hexdigest()


def _install(staged, where):
    """Move all files of the set to their place: a new folder at once, files of a folder that is there one by one."""
    for folder in staged.iterdir() if staged.exists() else ():
        target = where / folder.name
        if not target.exists():
            os.replace(folder, target)
            continue
        for path in list(folder.rglob("*")):
            if path.is_file():
                place = target / path.relative_to(folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, place)


def _system_fault(fault, where):
    """What the operating system complains of, in words."""
    if isinstance(fault, NotImplementedError):  # filelock, on a file system without locks
        return f"{where} cannot be locked against a second download, as a folder on a disk of this computer can"
    code = fault.errno
    if code in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"there is no space left in {where}"
    return f"{where} cannot be written to ({os.strerror(code) if code else fault})"


class _Stream(io.RawIOBase):
    """A file to read from, made of pieces that come one after the other."""

    def __init__(self, pieces):
        self.pieces, self.rest = pieces, memoryview(b"")

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = memoryview(piece)
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


def _unzipped(pieces, limit, url):
    """The pieces of a gzip file, unpacked; never more than `limit` bytes of them."""
    unzip, size = zlib.decompressobj(wbits=31), 0
    for piece in pieces:
        try:
            data = unzip.decompress(piece)
        except zlib.error as fault:
            raise Damaged(f"what {url} sent is damaged or no archive") from fault
        size += len(data)
        if size > limit:
            raise Damaged(f"what {url} sent unpacks to more than the {size_words(limit)} that it may")
        yield data
    if not unzip.eof:
        raise Passing("the connection broke off")


def _bytes_kept(work):
    """Bytes with which another try can go on: files that arrived whole, and parts that the server can continue."""
    whole = [path for path in (work / "files").rglob("*") if path.is_file()]
    parts = [part for part in (work / "archive.part", work / "file.part") if entity_tag(part)]
    return sum(path.stat().st_size for path in whole + parts)


def _kept(work):
    """What another try can build on, in words."""
    size = _bytes_kept(work)
    return f"{size_words(size)} are kept, and the next try goes on from there" if size else "nothing is kept"
