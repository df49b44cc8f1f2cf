"""A set of skeleton clips with everything one must know to use them."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch

from ..graphs import skeleton
from . import transforms


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(torch.utils.data.Dataset):
    """Skeleton clips with labels, people, units and where they came from.

    ``len(d)`` is the number of clips. ``d[i]`` is a pair: a tensor (C, T, V, 1), channels, frames, joints and one person,
    and the label as an int. Clips may differ in length, so a `DataLoader` needs them resampled first:
    ``d.map(lambda clip: transforms.resample(clip, 64))``, or `tensors` for all of them at once.

    Args:
        name: the name that `load` knows, or one of your own.
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`.
        classes: the names of the labels.
        clips: one float array (T, V, C) for each clip; kept as float32.
        labels: (n,) integers, indices into `classes`.
        subjects: (n,) integers, who moved; -1 where the source does not say.
        fps: frames a second.
        units: the unit of the coordinates.
        channels: what the C numbers of a joint are.
        licence: the terms as the source states them.
        source: one sentence on where the clips come from.
        synthetic: True if no person ever made these movements.
        tags: further arrays of length n by name, such as ``{"correct": ...}``; `select` keeps them in step.

    Raises:
        ValueError: if lengths disagree, if a clip is empty, has the wrong number of joints or channels, or holds a value
            that is not finite (the message names the clip and its first bad frame), or if a label has no class.
    """

    name: str
    layout: object
    classes: tuple
    clips: list
    labels: np.ndarray
    subjects: np.ndarray
    fps: float
    units: str = "metres"
    channels: tuple = ("x", "y", "z")
    licence: str = ""
    source: str = ""
    synthetic: bool = False
    tags: dict = field(default_factory=dict)

    def __post_init__(self):
        store = lambda key, value: object.__setattr__(self, key, value)  # noqa: E731  the class is frozen
        store("classes", tuple(self.classes))
        store("channels", tuple(self.channels))
        n = len(self.clips)
        store("labels", _integers(self.labels, "labels", n))
        store("subjects", _integers(self.subjects, "subjects", n))
        store("tags", {key: _per_clip(value, f"tags[{key!r}]", n) for key, value in self.tags.items()})
        store("clips", [self._checked(i, clip) for i, clip in enumerate(self.clips)])
        if not self.fps > 0:
            raise ValueError(f"fps is {self.fps}, expected a positive number of frames a second")
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= len(self.classes)))
        if len(wrong):
            i = wrong[0]
            raise ValueError(f"labels[{i}] is {self.labels[i]}, expected 0 to {len(self.classes) - 1}: "
                             f"there are {len(self.classes)} classes")

    def _checked(self, i, clip):
        """Clip i as float32, or a ValueError that names it."""
        what = f"clip {i}" + (f" ({self.tags['file'][i]})" if "file" in self.tags else "")
        clip = np.asarray(clip)
        V, C = self.graph.num_joints, len(self.channels)
        if clip.ndim != 3 or not np.issubdtype(clip.dtype, np.number) or np.iscomplexobj(clip):
            raise ValueError(f"{what} is a {clip.dtype} array of shape {clip.shape}, expected real numbers (T, {V}, {C})")
        if clip.shape[0] == 0:
            raise ValueError(f"{what} is empty: it has no frames")
        if clip.shape[1] != V:
            raise ValueError(f"{what} has {clip.shape[1]} joints, the layout {self.graph.name!r} has {V}: "
                             "is the layout the right one?")
        if clip.shape[2] != C:
            raise ValueError(f"{what} has {clip.shape[2]} channels, expected {C}: {', '.join(self.channels)}")
        clip = clip.astype(np.float32)  # before the check: a large float64 can become infinite here
        bad = np.argwhere(~np.isfinite(clip))
        if len(bad):
            t, v, c = bad[0]
            raise ValueError(f"{what} holds {clip[t, v, c]} at frame {t}, joint {v} ({self.graph.joints[v]}), "
                             f"channel {self.channels[c]!r}: expected finite numbers only")
        return clip

    @cached_property
    def graph(self):
        """The `SkeletonGraph` of the layout."""
        return skeleton(self.layout) if isinstance(self.layout, str) else self.layout

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, i):
        tensor = torch.from_numpy(self.clips[i]).permute(2, 0, 1).unsqueeze(-1)  # (T, V, C) -> (C, T, V, 1)
        return tensor.contiguous(), int(self.labels[i])

    def select(self, which):
        """The clips that a boolean mask (n,), a list of indices or a slice picks, with everything that belongs to them.

        Raises:
            ValueError: if a mask has another length than the set.
            IndexError: if an index is out of range.
        """
        which = which if isinstance(which, slice) else np.asarray(which)
        if not isinstance(which, slice) and which.dtype == bool and which.shape != (len(self),):
            raise ValueError(f"the mask has shape {which.shape}, expected ({len(self)},): one value for each clip")
        index = np.arange(len(self))[which if isinstance(which, slice) or which.size else []]
        return replace(self, clips=[self.clips[i] for i in index], labels=self.labels[index],
                       subjects=self.subjects[index], tags={key: value[index] for key, value in self.tags.items()})

    def map(self, function):
        """The same set with `function` applied to every clip: (T, V, C) in, (T', V, C) out."""
        return replace(self, clips=[function(clip) for clip in self.clips])

    def tensors(self, frames):
        """All clips at one length, ready for a network.

        Args:
            frames: the number of frames that every clip is resampled to, linearly in time.

        Returns:
            a float32 tensor (N, C, frames, V, 1) and an int64 tensor of labels (N,).
        """
        V, C = self.graph.num_joints, len(self.channels)
        clips = [transforms.resample(clip, frames) for clip in self.clips]
        x = torch.from_numpy(np.stack(clips)) if clips else torch.zeros(0, frames, V, C)
        return x.permute(0, 3, 1, 2).unsqueeze(-1).contiguous(), torch.from_numpy(self.labels.copy())  # (N, C, T, V, 1)

    def __repr__(self):
        kind = "synthetic" if self.synthetic else "recorded"
        return (f"Dataset({self.name!r}, {kind}: {len(self)} clips, {len(self.classes)} classes, "
                f"{self.graph.num_joints} joints ({self.graph.name}), {self.fps:g} fps, {self.units}; "
                f"licence: {self.licence or 'not stated'})")


def _per_clip(values, name, n):
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"{name} has shape {array.shape}, expected ({n},): one value for each clip")
    return array


def _integers(values, name, n):
    array = _per_clip(values if len(values) else np.zeros(0, np.int64), name, n)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} is a {array.dtype} array, expected integers")
    return array.astype(np.int64)
