"""Where the recorded data sets lie on this computer."""

import os
import sys
from pathlib import Path


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


def available(name, root=None):
    """True if the folder of the data set `name` is there and holds something."""
    folder = data_root(root) / name
    return folder.is_dir() and any(folder.iterdir())


def folder(name, root=None):
    """The folder of the data set `name`.

    Raises:
        DataNotFound: if it is not there or is empty.
    """
    if not available(name, root):
        raise DataNotFound(f"The data set {name!r} is not in {data_root(root)}: set STGCN_DATA to a folder that holds "
                           f"{name}/..., see the data page of the book.")
    return data_root(root) / name


def file(path, name):
    """`path` itself, a file of the data set `name`.

    Raises:
        DataNotFound: if it is not there.
    """
    if not path.is_file():
        raise DataNotFound(f"The data set {name!r} is incomplete: {path} is missing; set STGCN_DATA to a folder that holds "
                           "the whole set, see the data page of the book.")
    return path
