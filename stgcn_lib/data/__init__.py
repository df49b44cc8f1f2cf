"""Motion and traffic as arrays: recorded sets, synthetic people and roads, and the steps from there to a network.

``load(name)`` reads a recorded set into a `Dataset`, or a `traffic.TrafficSeries` if it is one of a road network, and downloads it
first if it is not on this computer; ``motions.generate()`` makes a set without any file.
"""

import os

from . import (
    augment,
    bvh,
    camera,
    cmu,
    corruptions,
    kinematics,
    motions,
    msr_action3d,
    pose_files,
    shrec17,
    streams,
    traffic,
    transforms,
    ui_prmd,
    utkinect,
)
from .cache import DataNotFound, available, data_root
from .dataset import Dataset
from .download import DownloadError, fetch

__all__ = ["DataNotFound", "Dataset", "DownloadError", "READERS", "augment", "available", "bvh", "camera", "cmu", "corruptions",
           "data_root", "fetch", "kinematics", "load", "motions", "msr_action3d", "pose_files", "shrec17", "streams", "traffic",
           "transforms", "ui_prmd", "utkinect"]

READERS = {"cmu_expmap": cmu.load, "ui_prmd": ui_prmd.load, "animated_drawings_bvh": bvh.load, "utkinect": utkinect.load,
           "msr_action3d": msr_action3d.load, "shrec17": shrec17.load, "los_loop": traffic.los_loop, "pemsd7m": traffic.pemsd7m,
           "pemsd7m_speeds": traffic.pemsd7m, "metr_la": traffic.metr_la, "pems_bay": traffic.pems_bay}
PARTS = {"pemsd7m": ("pemsd7m", "pemsd7m_speeds"), "pemsd7m_speeds": ("pemsd7m", "pemsd7m_speeds")}  # come one by one


def load(name, split="all", root=None, download=True, **only):
    """Read a recorded data set.

    If it is not on this computer it is downloaded, after a line that says how large it is and on which terms it comes. Ask
    `available` first where a download would be a surprise. With the environment variable ``STGCN_OFFLINE`` set to anything, `load`
    never downloads.

    Args:
        name: "cmu_expmap", "ui_prmd", "animated_drawings_bvh", "utkinect", "msr_action3d" or "shrec17"; `cmu.load`,
            `ui_prmd.load`, `bvh.load`, `utkinect.load`, `msr_action3d.load` and `shrec17.load` say what is in them and what
            their splits mean. Or, for a series of speeds, "los_loop", "pemsd7m" (also under the name of its speeds,
            "pemsd7m_speeds"), "metr_la" or "pems_bay": `traffic.los_loop`, `traffic.pemsd7m`, `traffic.metr_la`,
            `traffic.pems_bay`.
        split: "all", "train" or "test"; "all" for a series, whose `starts` divides it.
        root: the folder of the data sets, `data_root` unless given.
        download: False to read only what is there.
        only: what the reader can choose by, such as ``load("ui_prmd", exercises=("m01",), correct=True)``.

    Returns:
        a `Dataset`, or a `traffic.TrafficSeries`.

    Raises:
        ValueError: for an unknown name, split or choice, or a damaged file.
        DataNotFound: if the set or one of its files is not on this computer; `DownloadError` is one of these, and says why.
    """
    if name not in READERS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(READERS)}; for synthetic people use motions.generate()")
    try:  # first, so that a wrong argument is found before a long download
        return READERS[name](split, root, **only)
    except DataNotFound:
        if not download or os.environ.get("STGCN_OFFLINE"):
            raise
    for part in PARTS.get(name, (name,)):
        fetch(part, root)
    return READERS[name](split, root, **only)
