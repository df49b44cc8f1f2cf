"""A pinhole camera, and what a pose estimator makes of what it sees: image coordinates with confidences."""

import numpy as np

from ..graphs import skeleton

_MISSED = 5  # frames that a missed joint stays missed, on average


def project(clip, azimuth=0.0, elevation=5.0, distance=None, focal=1.3, noise=0.004, dropout=0.01, layout="ntu-25", limb=0.07,
            seed=0, rng=None):
    """A clip in space as a two-dimensional pose estimator would report it.

    The camera looks at the middle of the clip. With (r, u, d) the coordinates of a joint along the camera's right, up and
    viewing directions, its image point is::

        x = 1/2 + focal * r / d          y = 1/2 - focal * u / d

    The image is 1 by 1. **y points down**, as in every image and in the files of OpenPose and COCO: for a plot with y up, draw
    1 - y. Each joint gets a confidence: lower where another limb or the head hides it, and where it moves fast. Errors grow as the
    confidence falls. A missed joint is (0, 0, 0), as OpenPose writes it, and stays missed for some frames.

    Args:
        clip: (T, V, 3), metres, y up, as `motions.clip` makes it.
        azimuth: degrees around the person: 0 looks at the face of someone who faces +z, 90 comes from the person's left.
        elevation: degrees above the horizon.
        distance: metres from the middle of the clip; None takes `standoff`.
        focal: focal length in image heights (1.3 sees 42 degrees).
        noise: standard deviation of the error of a joint in full view, in image heights; 0 for the exact projection.
        dropout: share of joints in full view that are missed; hidden ones are missed six times as often.
        layout: which joints hide which: a name that `stgcn_lib.graphs.skeleton` knows, or a `SkeletonGraph`.
        limb: metres, half the width of a limb that hides a joint behind it; a finger has 0.008.
        seed: of errors and misses. rng: a `numpy.random.Generator` to use instead.

    Returns:
        (T, V, 3) float32: x, y, confidence in [0, 1].

    Raises:
        ValueError: if the clip does not fit the layout or is not finite, a number is out of range, or a joint is behind the camera.
    """
    clip = np.asarray(clip, dtype=np.float64)
    graph = skeleton(layout) if isinstance(layout, str) else layout
    if clip.ndim != 3 or clip.shape[2] != 3 or not len(clip):
        raise ValueError(f"clip has shape {clip.shape}, expected (T, V, 3): frames, joints, metres")
    if clip.shape[1] != graph.num_joints:
        raise ValueError(f"clip has {clip.shape[1]} joints, the layout {graph.name!r} has {graph.num_joints}: give layout=")
    if not np.isfinite(clip).all():
        raise ValueError("clip holds values that are not finite: fill or drop missing joints first")
    distance = standoff(clip) if distance is None else distance
    for name, value, low, high in (("azimuth", azimuth, -360, 360), ("elevation", elevation, -89, 89), ("dropout", dropout, 0, 1),
                                   ("distance", distance, 0.1, 10000), ("focal", focal, 0.01, 100), ("noise", noise, 0, 1),
                                   ("limb", limb, 0, 1)):
        if not low <= value <= high:
            raise ValueError(f"{name} is {value}, expected a number from {low} to {high}")
    rng = np.random.default_rng(seed) if rng is None else rng

    seen = clip - (clip.max(axis=(0, 1)) + clip.min(axis=(0, 1))) / 2
    view = seen @ _directions(azimuth, elevation).T  # (T, V, 3): right, up, away from the camera
    depth = view[..., 2] + distance
    if depth.min() < 0.1:
        raise ValueError(f"distance is {distance} m, but a joint is behind the camera: "
                         f"give at least {distance - depth.min() + 0.1:.1f} m")
    image = np.stack([0.5 + focal * view[..., 0] / depth, 0.5 - focal * view[..., 1] / depth], axis=-1)  # (T, V, 2)

    hidden = _hidden(view, graph, limb)
    speed = np.linalg.norm(np.gradient(image, axis=0), axis=-1) if len(clip) > 1 else np.zeros(hidden.shape)  # heights a frame
    blur = np.clip(speed / 0.05, 0, 1)  # a hand that crosses a twentieth of the image in a frame is a smear
    error = noise * (1 + 2.5 * hidden + 1.5 * blur)[..., None] * rng.standard_normal(image.shape)
    confidence = 0.92 - 0.4 * hidden - 0.3 * blur + 0.04 * rng.standard_normal(hidden.shape)
    out = np.concatenate([image + error, np.clip(confidence, 0.05, 1)[..., None]], axis=-1)
    out[_missed(np.clip(dropout * (1 + 5 * hidden), 0, 1), rng)] = 0
    return out.astype(np.float32)


def standoff(clip):
    """How far, in metres, a camera stands back to have a whole clip (T, V, 3) in view: 2.8 m and 0.6 times the ground it covers."""
    return 2.8 + 0.6 * float(np.linalg.norm(np.ptp(clip[..., [0, 2]], axis=(0, 1))))


def _directions(azimuth, elevation):
    """The camera's right, up and viewing directions as rows of a (3, 3) matrix."""
    a, e = np.radians([azimuth, elevation])
    right = [np.cos(a), 0, -np.sin(a)]
    ahead = [-np.cos(e) * np.sin(a), -np.sin(e), -np.cos(e) * np.cos(a)]
    return np.stack([right, np.cross(right, ahead), ahead])


def _hidden(view, graph, limb):
    """How far each joint (T, V) is hidden, 0 to 1: behind a bone that is nearer to the camera, or on the far side of the head."""
    edges = np.array(graph.edges)
    a, b = view[:, None, edges[:, 0]], view[:, None, edges[:, 1]]  # (T, 1, E, 3)
    p = view[:, :, None]  # (T, V, 1, 3)
    along = b - a
    share = ((p - a) * along)[..., :2].sum(-1) / np.maximum((along[..., :2] ** 2).sum(-1), 1e-9)  # nearest point, in the image
    nearest = a + np.clip(share, 0, 1)[..., None] * along
    aside = np.linalg.norm((p - nearest)[..., :2], axis=-1)
    own = (edges[None] == np.arange(graph.num_joints)[:, None, None]).any(-1)  # (V, E): a bone does not hide its own ends
    covers = (aside < limb) & (p[..., 2] - nearest[..., 2] > 0.86 * limb) & ~own
    hidden = covers.any(-1).astype(np.float64)  # (T, V)
    ears = [v for v, name in enumerate(graph.joints) if "ear" in name.lower().split()[-1:]]
    face = [v for v, name in enumerate(graph.joints) if name.lower().split()[-1] in ("nose", "eye", "ear")]
    if len(ears) == 2 and face:  # the head is a ball between the ears
        outward = view[:, face] - view[:, ears].mean(axis=1, keepdims=True)
        away = outward[..., 2] / np.maximum(np.linalg.norm(outward, axis=-1), 1e-9)  # 1 on the far side
        hidden[:, face] = np.maximum(hidden[:, face], np.clip((away - 0.3) / 0.4, 0, 1))
    return hidden


def _missed(rate, rng):
    """Which joints (T, V) are missed: each for a run of frames, so that the share of missed frames is about `rate`."""
    draws = rng.uniform(size=rate.shape)
    begin = np.where(rate < 1, rate / (_MISSED * np.maximum(1 - rate, 1e-9)), 1)
    missed = np.empty(rate.shape, dtype=bool)
    missed[0] = draws[0] < rate[0]
    for t in range(1, len(rate)):
        missed[t] = np.where(missed[t - 1] & (rate[t] > 0), draws[t] > 1 / _MISSED, draws[t] < begin[t])
    return missed | (rate >= 1)
