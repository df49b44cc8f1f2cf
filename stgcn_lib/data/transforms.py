"""Small steps that a clip goes through before a network sees it.

One convention: every function takes one clip as a NumPy array (T, V, C), frames, joints, channels, and returns a new
array; the clip that came in is never changed. `Dataset.map` applies one to a whole set, and tensors come after.

Where only the coordinates are meant, ``coordinates=2`` says that the first two channels are x and y and that what follows, a
confidence, stays as it is.
"""

import numpy as np

from ..graphs import skeleton


def resample(clip, frames):
    """Change the number of frames by linear interpolation in time; the first and the last frame stay.

    New frame i lies at time ``i (T - 1) / (frames - 1)`` of the old clip.

    Args:
        clip: (T, V, C).
        frames: the number of frames wanted, 1 or more (1 takes the first).

    Returns:
        (frames, V, C), of the clip's own dtype.

    Raises:
        ValueError: if the clip is not (T, V, C) with at least one frame, or if `frames` is below 1.
    """
    clip = _clip(clip)
    if frames < 1:
        raise ValueError(f"frames is {frames}, expected 1 or more")
    times = np.linspace(0, len(clip) - 1, frames)  # (frames,)
    before = np.floor(times).astype(np.int64)
    after = np.minimum(before + 1, len(clip) - 1)
    weight = (times - before).astype(clip.dtype)[:, None, None]  # (frames, 1, 1)
    return (1 - weight) * clip[before] + weight * clip[after]


def center_and_scale(clip, layout, scale=True, coordinates=None):
    """Take out where the person stands and how large the person is; keep how the person moves.

    The centre joint's place in the first frame becomes the origin, so a walk still goes somewhere. Then the mean length of the
    bones, over all bones and frames, becomes 1.

    Args:
        clip: (T, V, C).
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`.
        scale: whether to divide by the mean bone length.
        coordinates: how many of the channels are coordinates, all of them unless given.

    Returns:
        (T, V, C), of the clip's own dtype; coordinates in mean bone lengths.

    Raises:
        ValueError: if the clip does not fit the layout, or if `scale` is asked for and all joints lie in one point.
    """
    clip, graph, count = _on(clip, layout, coordinates)
    place = clip[..., :count] - clip[0, graph.center, :count]
    if scale:
        outer = np.flatnonzero(graph.parents >= 0)
        length = np.linalg.norm(place[:, outer] - place[:, graph.parents[outer]], axis=-1)  # (T, number of bones)
        if not length.any():  # also where the skeleton is one joint without a bone
            raise ValueError("clip has all joints in one point, so it has no bone length to divide by: drop empty clips first, "
                             "or use scale=False")
        place = place / length.mean()
    return np.concatenate([place, clip[..., count:]], axis=-1)  # (T, V, C)


def bones(clip, layout, coordinates=None):
    """Bone vectors: each joint minus its neighbour nearer the centre, ``B_v = X_v - X_parent(v)``; zero at the centre.

    Args:
        clip: (T, V, C).
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`.
        coordinates: how many of the channels are coordinates, all of them unless given.

    Returns:
        (T, V, C), of the clip's own dtype and unit.

    Raises:
        ValueError: if the clip does not fit the layout.

    Paper: Shi, Zhang, Cheng and Lu, Two-stream adaptive graph convolutional networks for skeleton-based action recognition,
    CVPR 2019.
    """
    clip, graph, count = _on(clip, layout, coordinates)
    parents = np.where(graph.parents >= 0, graph.parents, np.arange(graph.num_joints))  # the centre minus itself is zero
    out = clip.copy()
    out[..., :count] = clip[..., :count] - clip[:, parents, :count]
    return out


def motion(clip, coordinates=None):
    """Change since the frame before, ``M_t = X_t - X_(t-1)``; zero in the first frame.

    Args:
        clip: (T, V, C).
        coordinates: how many of the channels are coordinates, all of them unless given.

    Returns:
        (T, V, C), of the clip's own dtype; the unit of the clip a frame.

    Raises:
        ValueError: if the clip is not (T, V, C) with at least one frame.
    """
    clip = _clip(clip)
    count = _count(clip, coordinates)
    out = clip.copy()
    out[0, :, :count] = 0
    out[1:, :, :count] = clip[1:, :, :count] - clip[:-1, :, :count]
    return out


def add_noise(clip, std, rng, coordinates=None):
    """Add an independent normal error to every coordinate.

    Args:
        clip: (T, V, C).
        std: standard deviation of the error, in the unit of the clip.
        rng: a `numpy.random.Generator`, such as ``numpy.random.default_rng(0)``.
        coordinates: how many of the channels are coordinates, all of them unless given.

    Returns:
        (T, V, C), of the clip's own dtype.

    Raises:
        ValueError: if `std` is negative or not finite, or the clip is not (T, V, C).
    """
    clip = _clip(clip)
    count = _count(clip, coordinates)
    if not 0 <= std < np.inf:
        raise ValueError(f"std is {std}, expected a finite number, 0 or more, in the unit of the clip")
    out = clip.copy()
    out[..., :count] += (std * rng.standard_normal(out[..., :count].shape)).astype(clip.dtype)
    return out


def drop_joints(clip, share, rng):
    """Lose joints: every joint of every frame, independently, becomes all zeros with probability `share`.

    Zeros, the confidence included, are how a pose estimator writes a joint that it missed.

    Args:
        clip: (T, V, C).
        share: probability from 0 to 1.
        rng: a `numpy.random.Generator`.

    Returns:
        (T, V, C), of the clip's own dtype.

    Raises:
        ValueError: if `share` is not a probability, or the clip is not (T, V, C).
    """
    clip = _clip(clip)
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected a probability from 0 to 1")
    kept = rng.random(clip.shape[:2]) >= share  # (T, V)
    return clip * kept[..., None].astype(clip.dtype)


def _clip(clip):
    clip = np.asarray(clip)
    if clip.ndim != 3 or clip.shape[0] == 0:
        raise ValueError(f"clip has shape {clip.shape}, expected (T, V, C) with at least one frame")
    return clip if np.issubdtype(clip.dtype, np.floating) else clip.astype(np.float32)


def _count(clip, coordinates):
    """How many leading channels are coordinates."""
    count = clip.shape[2] if coordinates is None else coordinates
    if not 1 <= count <= clip.shape[2]:
        raise ValueError(f"coordinates is {coordinates}, the clip has {clip.shape[2]} channels: expected 1 to {clip.shape[2]}")
    return count


def _on(clip, layout, coordinates):
    """The clip, its graph and its number of coordinates, once they are known to fit."""
    clip, graph = _clip(clip), skeleton(layout) if isinstance(layout, str) else layout
    if clip.shape[1] != graph.num_joints:
        raise ValueError(f"clip has {clip.shape[1]} joints, the layout {graph.name!r} has {graph.num_joints}: "
                         "is the layout the right one?")
    return clip, graph, _count(clip, coordinates)
