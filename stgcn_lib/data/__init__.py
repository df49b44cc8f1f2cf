"""Motion as arrays: recorded sets, synthetic people, and the steps between a clip and a network.

``load(name)`` reads a recorded set from this computer into a `Dataset`; ``motions.generate()`` makes one without any file.
"""

from . import augment, bvh, camera, cmu, kinematics, motions, transforms, ui_prmd
from .cache import DataNotFound, available, data_root
from .dataset import Dataset

__all__ = ["DataNotFound", "Dataset", "augment", "available", "bvh", "camera", "cmu", "data_root", "kinematics", "load",
           "motions", "transforms", "ui_prmd"]

_READERS = {"cmu_expmap": cmu.load, "ui_prmd": ui_prmd.load, "animated_drawings_bvh": bvh.load}


def load(name, split="all", root=None, **only):
    """Read a recorded data set.

    Args:
        name: "cmu_expmap", "ui_prmd" or "animated_drawings_bvh"; `cmu.load`, `ui_prmd.load` and `bvh.load` say what is in
            them and what their splits mean.
        split: "all", "train" or "test".
        root: the folder of the data sets, `data_root` unless given.
        only: what the reader can choose by, such as ``load("ui_prmd", exercises=("m01",), correct=True)``.

    Returns:
        a `Dataset`.

    Raises:
        ValueError: for an unknown name, split or choice, or a damaged file.
        DataNotFound: if the set or one of its files is not on this computer.
    """
    if name not in _READERS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(_READERS)}; for synthetic people use motions.generate()")
    return _READERS[name](split, root, **only)
