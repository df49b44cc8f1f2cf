"""Small steps that a clip goes through before a network sees it.

One convention: every function takes one clip as a NumPy array (T, V, C), frames, joints, channels, and returns a new
array; the clip that came in is never changed. `Dataset.map` applies one to a whole set, and tensors come after.
"""

import numpy as np


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


def _clip(clip):
    clip = np.asarray(clip)
    if clip.ndim != 3 or clip.shape[0] == 0:
        raise ValueError(f"clip has shape {clip.shape}, expected (T, V, C) with at least one frame")
    return clip if np.issubdtype(clip.dtype, np.floating) else clip.astype(np.float32)
