"""What each recorded set consists of: one list of files a set, each with its size, its SHA-256 digest and where it comes from.

The lists are compressed text, written by ``write.py``. They hold addresses and digests, nothing of the data itself.
"""

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.name.removesuffix(".tsv.xz") for path in FOLDER.glob("*.tsv.xz")))


class File(NamedTuple):
    """One file of a set."""

    sha256: str
    bytes: int
    path: str  # below the folder of all data sets: "ui_prmd/Segmented Movements/..."
    source: str  # on GitHub: OWNER/REPOSITORY/COMMIT/PATH


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
    return tuple(File(sha256, int(size), path, source) for sha256, size, path, source in rows)


def digest(name):
    """One SHA-256 for the whole set: that of its lines ``sha256  path``, sorted by path, as ``sha256sum`` would print them."""
    return hashlib.sha256("".join(f"{file.sha256}  {file.path}\n" for file in files(name)).encode()).hexdigest()
