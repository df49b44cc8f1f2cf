"""Motion as arrays: recorded sets, synthetic people, and the steps between a clip and a network.

``load(name)`` reads a recorded set from this computer into a `Dataset`.
"""

from . import kinematics, transforms
from .cache import DataNotFound, data_root
from .dataset import Dataset

__all__ = ["DataNotFound", "Dataset", "data_root", "kinematics", "transforms"]
