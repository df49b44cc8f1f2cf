"""Small steps that a clip goes through before a network sees it.

One convention: every function takes one clip as a NumPy array (T, V, C), frames, joints, channels, and returns a new
array; the clip that came in is never changed. `Dataset.map` applies one to a whole set, and tensors come after.

Where only the coordinates are meant, ``coordinates=2`` says that the first two channels are x and y and that what follows, a
confidence, stays as it is.
"""

import numpy as np
import torch

from ..graphs import skeleton
from .corruptions import fill


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


def interpolate_missing(clip, missing=None, coordinates=None, layout=None):
    """Fill the joints that were not seen: a straight line in time between the frames before and after.

    Before it was first seen and after it was last seen, a joint stays where it was then. A joint that was never seen takes, in
    every frame, the place of the joint fewest bones away that was, if the layout is given; without a layout it becomes zero. A clip
    in which nothing was seen becomes zero throughout. Do this before `center_and_scale`, which moves the zeros.

    Args:
        clip: (T, V, C).
        missing: (T, V) boolean, true where a joint was not seen. Unless given: where one of its channels is NaN, or all are zero.
        coordinates: how many of the channels are coordinates, all of them unless given. The others, a confidence, become 0 in a
            joint that was filled.
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`; for joints that were never seen.

    Returns:
        (T, V, C), of the clip's own dtype, finite.

    Raises:
        ValueError: if the mask or the layout does not fit the clip, or a joint that was seen holds a value that is not finite.
    """
    clip, graph = (_clip(clip), None) if layout is None else _on(clip, layout, coordinates)[:2]
    count = _count(clip, coordinates)
    if missing is None:
        missing = np.isnan(clip).any(axis=-1) | (clip == 0).all(axis=-1)  # (T, V)
    missing = np.asarray(missing)
    if missing.shape != clip.shape[:2] or missing.dtype != bool:
        raise ValueError(f"missing has shape {missing.shape} and holds {missing.dtype}, expected {clip.shape[:2]} and bool: "
                         "true where a joint was not seen")
    if not np.isfinite(clip[~missing]).all():
        raise ValueError("clip holds a value that is not finite in a joint that was seen: name it in missing=")
    x = torch.from_numpy(np.ascontiguousarray(clip)).permute(2, 0, 1)[None, ..., None]  # (1, C, T, V, 1)
    seen = torch.from_numpy(~missing)[None, ..., None]  # (1, T, V, 1)
    return fill(x, seen, "interpolate", count, graph)[0, ..., 0].permute(1, 2, 0).contiguous().numpy()  # (T, V, C)


def align_view(clip, layout):
    """Turn the whole clip about the upright y axis so that the person faces +z in the first frame.

    There the line from the right to the left shoulder then points along +x, seen from above. Where one shoulder is straight above
    the other, the hips decide. All frames turn by the same angle, so a person who turns still turns.

    Args:
        clip: (T, V, C) with x, y (up) and z in the first three channels; further channels stay as they are.
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`.

    Returns:
        (T, V, C), of the clip's own dtype.

    Raises:
        ValueError: if the clip does not fit the layout, has no z, or neither shoulders nor hips point anywhere in the first frame.
    """
    clip, graph, _ = _on(clip, layout, None)
    _space(clip)
    size = np.ptp(clip[0, :, :3], axis=0).max()
    for names in _ACROSS:
        pair = next((pair for pair in graph.symmetric_pairs if graph.joints[pair[0]] in names), None)
        if pair:
            across = clip[0, pair[0], :3] - clip[0, pair[1], :3]  # right to left
            if np.hypot(across[0], across[2]) > 1e-5 * size:
                return clip @ _turn(np.arctan2(across[2], across[0]), "y", clip).T  # (T, V, C)
    raise ValueError(f"clip on {graph.name!r} has no line from right to left in its first frame: the layout has neither shoulders "
                     "nor hips, or they lie in one point; fill missing joints with interpolate_missing first")


def flip(clip, layout):
    """Mirror a person: left and right joints change places, and x is mirrored at the centre joint's place in the first frame.

    Where left and right are different classes, a mirrored clip belongs to the other class.

    Args:
        clip: (T, V, C) with x in the first channel. Fill missing joints first: their zeros would be mirrored too.
        layout: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`; its `symmetric_pairs` change places.

    Returns:
        (T, V, C), of the clip's own dtype.

    Raises:
        ValueError: if the clip does not fit the layout.
    """
    clip, graph, _ = _on(clip, layout, None)
    twin = np.arange(graph.num_joints)
    for left, right in graph.symmetric_pairs:
        twin[left], twin[right] = right, left
    out = clip[:, twin]  # an array of indices copies
    out[..., 0] = clip[0, graph.center, 0] + out[0, graph.center, 0] - out[..., 0]  # a centre with a twin: their middle
    return out


def random_rotation(clip, degrees, rng, axis="y"):
    """Turn the whole clip about an axis by an angle drawn evenly from -degrees to degrees.

    Args:
        clip: (T, V, C) with x, y and z in the first three channels; further channels stay as they are.
        degrees: largest angle, 0 or more.
        rng: a `numpy.random.Generator`.
        axis: "x", "y" (upright) or "z", through the origin.

    Returns:
        (T, V, C), of the clip's own dtype.

    Raises:
        ValueError: if `degrees` is negative or not finite, the axis is unknown, or the clip has no z.
    """
    clip = _clip(clip)
    _space(clip)
    if not 0 <= degrees < np.inf:
        raise ValueError(f"degrees is {degrees}, expected a finite number, 0 or more")
    if axis not in ("x", "y", "z"):
        raise ValueError(f"axis is {axis!r}, expected 'x', 'y' or 'z'")
    return clip @ _turn(np.radians(rng.uniform(-degrees, degrees)), axis, clip).T  # (T, V, C)


def crop(clip, start, frames):
    """A stretch of a clip.

    Args:
        clip: (T, V, C).
        start: its first frame, counted from 0.
        frames: how many, 1 or more.

    Returns:
        (frames, V, C), of the clip's own dtype.

    Raises:
        ValueError: if the stretch leaves the clip.
    """
    clip = _clip(clip)
    if not (frames >= 1 and 0 <= start <= len(clip) - frames):
        raise ValueError(f"start is {start} and frames is {frames}, expected a stretch of 1 or more of the {len(clip)} frames")
    return clip[start:start + frames].copy()


def random_crop(clip, frames, rng):
    """A stretch of a clip that begins anywhere, each place as likely as the others.

    Args:
        clip: (T, V, C).
        frames: how many, 1 to T.
        rng: a `numpy.random.Generator`.

    Returns:
        (frames, V, C), of the clip's own dtype.

    Raises:
        ValueError: if `frames` is not 1 to T.
    """
    clip = _clip(clip)
    if not 1 <= frames <= len(clip):
        raise ValueError(f"frames is {frames}, expected 1 to {len(clip)}, the length of the clip")
    return crop(clip, int(rng.integers(len(clip) - frames + 1)), frames)


def order_people(clips, places=2, by="motion", coordinates=None):
    """Several people of one scene as one array, who matters most first; empty places are zero.

    By ``"motion"`` the variance over time of each coordinate, summed over joints and coordinates, decides: a chair taken for a
    person does not move. By ``"confidence"`` the mean of the last channel does. Of equals the first stays first. Whoever finds no
    place is left out.

    Args:
        clips: list of M clips (T, V, C) of the same shape, or an array (M, T, V, C).
        places: how many people the result holds.
        by: "motion" or "confidence".
        coordinates: how many of the channels are coordinates, all of them unless given.

    Returns:
        (C, T, V, places), of the clips' own dtype.

    Raises:
        ValueError: without people, if their clips differ in shape, or an argument is out of range.
    """
    clips = [_clip(clip) for clip in clips]
    if not clips or len({clip.shape for clip in clips}) > 1:
        raise ValueError(f"clips have the shapes {[clip.shape for clip in clips]}, expected one or more people, all of one shape")
    if places < 1:
        raise ValueError(f"places is {places}, expected 1 or more")
    if by not in ("motion", "confidence"):
        raise ValueError(f"by is {by!r}, expected 'motion' or 'confidence'")
    count = _count(clips[0], coordinates)
    score = [clip[..., :count].var(axis=0).sum() if by == "motion" else clip[..., -1].mean() for clip in clips]
    chosen = [clips[i] for i in np.argsort(-np.array(score), kind="stable")[:places]]
    chosen += [np.zeros_like(clips[0])] * (places - len(chosen))
    return np.stack(chosen, axis=-1).transpose(2, 0, 1, 3)  # (T, V, C, M) -> (C, T, V, M)


# What the layouts call the left joints at the shoulders, and at the hips.
_ACROSS = (("left shoulder", "left upper arm", "LeftArm"), ("left hip", "left upper leg", "LeftUpLeg"))


def _space(clip):
    if clip.shape[2] < 3:
        raise ValueError(f"clip has {clip.shape[2]} channels, expected x, y and z in the first three")


def _turn(angle, axis, clip):
    """The turn by an angle about an axis, (C, C); further channels than three stay."""
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = np.eye(clip.shape[2], dtype=clip.dtype)
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[j, i], turn[i, j] = np.sin(angle), -np.sin(angle)
    return turn


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
