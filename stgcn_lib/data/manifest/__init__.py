"""What each recorded set consists of: one list of files a set, each with its size, its SHA-256 digest and where it comes from.

Of a few files nobody has stated these. There git's own name for the content is the digest, and the size is the most it may have.

The lists are compressed text, written by ``write.py``. They hold addresses and digests, nothing of the data itself.
"""

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
BLOB = "git:"  # before a digest that is git's
NAMES = tuple(sorted(path.name.removesuffix(".tsv.xz") for path in FOLDER.glob("*.tsv.xz")))


class File(NamedTuple):
    """One file of a set."""

    sha256: str  # empty if it is not known
    bytes: int  # the most it may have if sha256 is not known
    path: str  # below the folder of all data sets: "ui_prmd/Segmented Movements/..."
    source: str  # on GitHub: OWNER/REPOSITORY/COMMIT/PATH
    blob: str = ""  # SHA-1 of b"blob SIZE\0" and the content, as git names it: only if sha256 is not known

    def fits(self, size):
        """True if a file of so many bytes can be this one."""
        return 0 < size <= self.bytes if self.blob else size == self.bytes


@functools.cache
def files(name):
    """The files of the set `name`, sorted by path.

    Returns:
        a tuple of `File`.

    Raises:
        ValueError: for an unknown set.
    """
    import lzma  # a Python built without it can still use everything else

    if name not in NAMES:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(NAMES)}")
    with lzma.open(FOLDER / f"{name}.tsv.xz", "rt", encoding="utf-8", newline="\n") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return tuple(File("" if BLOB in digest else digest, int(size), path, source, digest.partition(BLOB)[2])
                 for digest, size, path, source in rows)


def digest(name):
    """One SHA-256 for the whole set: that of its lines ``sha256  path``, sorted by path, as ``sha256sum`` would print them."""
    return hashlib.sha256("".join(f"{file.sha256 or BLOB + file.blob}  {file.path}\n" for file in files(name)).encode()).hexdigest()
