"""Where the recorded data sets lie on this computer."""

import gzip
import os
import shlex
import sys
import zlib
from pathlib import Path

import numpy as np

from . import manifest


class DataNotFound(FileNotFoundError):
    """A data set, or a file of one, is not on this computer."""


def data_root(root=None):
    """The folder that holds one folder for each data set.

    Args:
        root: the folder, if you want to name it; else the environment variable ``STGCN_DATA``; else ``stgcn_lib`` in the
            folder where this system keeps caches.

    Returns:
        a `pathlib.Path`; it need not exist.
    """
    named = root or os.environ.get("STGCN_DATA")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        caches = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        caches = "~/Library/Caches"
    else:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "stgcn_lib"


def missing(name, root=None):
    """The files of the data set `name` that are not there in their full size; `download.fetch` also checks what they hold.

    Returns:
        a list of `manifest.File`.

    Raises:
        ValueError: for an unknown name.
    """
    where = data_root(root)

    def there(file):
        try:
            return file.fits(os.stat(where / file.path).st_size)
        except OSError:
            return False
    return [file for file in manifest.files(name) if not there(file)]


def available(name, root=None):
    """True if every file of the data set `name` is there. Looks at names and sizes, reads nothing and sends nothing."""
    return not missing(name, root)


def command(name, root=None):
    """What to type to get the data set `name`."""
    return f"python -m stgcn_lib download {name}" + (f" --root {shlex.quote(str(root))}" if root else "")


def folder(name, root=None):
    """The folder of the data set `name`.

    Raises:
        DataNotFound: if it is not there or is empty.
    """
    path = data_root(root) / name
    if not path.is_dir() or not any(path.iterdir()):
        raise DataNotFound(f"The data set {name!r} is not in {data_root(root)}: get it with {command(name, root)}, or set "
                           f"STGCN_DATA to a folder that holds {name}/...")
    return path


def file(path, name, root=None):
    """`path` itself, a file of the data set `name`.

    Raises:
        DataNotFound: if it is not there.
    """
    if not path.is_file():
        raise DataNotFound(f"The data set {name!r} is incomplete: {path} is missing; get it with {command(name, root)}")
    return path


def read_numbers(path, columns, separator=","):
    """A file of separated numbers, plain or gzip-compressed, as an array (rows, columns).

    Args:
        path: the file; a name ending in ``.gz`` is decompressed.
        columns: how many numbers each line must hold.
        separator: what stands between two numbers; None for blanks.

    Raises:
        ValueError: naming the file, and the line where one is to blame, if it is damaged, empty, of another width, or
            holds something that is not a finite number.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="ascii") as stream:
            lines = [line for line in stream.read().splitlines() if line.strip()]
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}): fetch it again") from error
    if not lines:
        raise ValueError(f"{path} is empty, expected lines of {columns} numbers")
    rows = [line.split(separator) for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != columns:
            raise ValueError(f"{path}, line {number}: {len(row)} numbers, expected {columns}")
    try:
        table = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{path}: {error}, expected numbers only") from error
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        raise ValueError(f"{path}, line {bad[0, 0] + 1}: {table[tuple(bad[0])]}, expected finite numbers only")
    return table


def chosen(asked, known, name):
    """The values asked for, in the order of `known`; all of them if none is asked for."""
    if asked is None:
        return list(known)
    asked = (asked,) if isinstance(asked, (str, int)) else tuple(asked)  # one code or number alone is meant as a list of one
    wrong = [value for value in asked if value not in known]
    if wrong:
        raise ValueError(f"{name} holds {wrong[0]!r}, expected some of {', '.join(map(str, known))}")
    return [value for value in known if value in asked]


def people(split, asked, known):
    """The numbers of the people in `split`, "all", "train" (odd) or "test" (even), that are asked for.

    Raises:
        ValueError: for an unknown split or person.
    """
    if split not in ("all", "train", "test"):
        raise ValueError(f"split is {split!r}, expected 'all', 'train' or 'test'")
    return [s for s in chosen(asked, known, "subjects") if split == "all" or s % 2 == (split == "train")]
