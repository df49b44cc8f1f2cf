"""Synthetic hands: named gestures of seeded kinematic hands, no recording and no download.

>>> clip("pinch", seed=3).shape
(64, 21, 3)

The hands have human proportions, joints turn within human limits, the last joint of a finger follows the middle one, bones keep
their length. What varies from clip to clip: the hand, left or right, tempo, amplitude, when in the clip the gesture starts, how
curled and how turned the hand is at rest, the style of each key pose, how the wrist takes part, drift, tremor, and the side from
which it is seen. It looks like the gesture; it is no measurement of how people move.

Axes: metres, right-handed, y up, the wrist is over the whole clip at the origin on average. The palm of a raised hand faces +z,
turned by up to 35 degrees to either side. **Left, right and clockwise are those of the viewer who faces the palm**, as the picture
shows them: a swipe to the right goes to +x, whichever hand does it, and a clockwise circle goes round as the hands of a clock
would in that picture. (To the person whose hand it is, it goes the other way.)
"""

import numpy as np

from ..camera import project
from ..dataset import Dataset
from . import fingers as _human
from . import gestures as _gestures

__all__ = ["FPS", "GESTURES", "clip", "generate"]

GESTURES = tuple(_gestures.GESTURES)
FPS = 30.0


def clip(gesture, seed=0, frames=64, side=None):
    """One hand doing one thing.

    A clip has 30 frames a second. The gesture takes its natural time somewhere within it, between moments in which the hand is
    held up, idle; in a clip that is shorter than that it is done faster. One seed is one hand: clips of several gestures with the
    same seed show the same bones.

    Args:
        gesture: one of `GESTURES`.
        seed: whole number, 0 or more; the same seed gives the same clip.
        frames: T, at least 2.
        side: "left" or "right", the hand that does it; None lets the seed choose. The two are mirror images, in which a swipe to
            the left and one to the right, and the two circles, change places.

    Returns:
        (T, 21, 3) float32, metres, axes as above, joints of the layout "hand-21". All edges keep their length.

    Raises:
        ValueError: if the gesture is unknown, or seed, frames or side make no sense.
    """
    _check([gesture], frames, seed, side)
    return _animate(gesture, seed, 0, 0, frames, side)[0].astype(np.float32)


def generate(gestures=GESTURES, hands=20, repeats=2, frames=64, seed=0, side=None, camera=None, noise=0.0):
    """A data set of synthetic hands: every hand does every gesture `repeats` times.

    A clip depends on `seed`, its gesture, its hand and its repeat only: asking for more hands or fewer gestures changes no clip.
    The first hand's first repeat is what `clip` gives.

    Args:
        gestures: names out of `GESTURES`; they become the classes, in this order.
        hands: number of different hands; their numbers are the `subjects`. Each is used as a left and as a right one.
        repeats: clips of each gesture by each hand.
        frames, seed, side: as in `clip`.
        camera: None for 3-D clips in metres, or a dict for 2-D clips with confidences as a pose estimator would give them: keywords
            of `camera.project`. What it does not name of azimuth (-40 to 40 degrees), elevation (-10 to 20 degrees) and distance is
            drawn for each clip, so ``{}`` films everyone from somewhere else.
        noise: standard deviation of the noise on each coordinate of 3-D clips, metres (a good depth sensor has about 0.005 here).

    Returns:
        Dataset, synthetic, layout "hand-21", of ``hands * len(gestures) * repeats`` clips, hand by hand.

    Raises:
        ValueError: as in `clip`, or if a number is out of range.
    """
    gestures = (gestures,) if isinstance(gestures, str) else tuple(gestures)
    _check(gestures, frames, seed, side)
    for name, value in (("hands", hands), ("repeats", repeats)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} is {value!r}, expected a whole number, at least 1")
    if not 0 <= noise <= 1 or (noise and camera is not None):
        raise ValueError(f"noise is {noise}, expected 0 to 1 metres; with a camera, give camera={{'noise': ...}} instead")
    clips, labels, subjects = [], [], []
    for person in range(hands):
        for label, gesture in enumerate(gestures):
            for repeat in range(repeats):
                x, rng = _animate(gesture, seed, person, repeat, frames, side)
                if camera is not None:
                    view = dict(azimuth=rng.uniform(-40, 40), elevation=rng.uniform(-10, 20),
                                distance=rng.uniform(0.9, 1.3) * (0.3 + 1.6 * float(np.ptp(x, axis=(0, 1)).max())))
                    x = project(x, **(view | {"layout": "hand-21", "limb": 0.008, "rng": rng} | camera))
                clips.append(x + noise * rng.standard_normal(x.shape) if noise else x)
                labels.append(label)
                subjects.append(person)
    flat = camera is not None
    return Dataset(
        name="synthetic hands", layout="hand-21", classes=gestures, clips=clips, labels=np.array(labels),
        subjects=np.array(subjects), fps=FPS, units="image heights" if flat else "metres",
        channels=("x", "y", "confidence") if flat else ("x", "y", "z"), licence="BSD-3-Clause, as this library", synthetic=True,
        source=f"Made by stgcn_lib.data.motions.hand (seed {seed}): a kinematic model moves, no person was recorded.")


def _animate(gesture, seed, person, repeat, frames, side=None):
    """Joint positions (T, 21, 3) of one clip and the generator that drew it."""
    rng = np.random.default_rng([seed, 2, person])
    bones, tempo = _human.draw(rng), rng.uniform(0.8, 1.25)
    mirrored = _gestures.MIRRORED.get(gesture, gesture)
    stream = min(GESTURES.index(gesture), GESTURES.index(mirrored))  # so that the mirror image of a clip is a clip
    rng = np.random.default_rng([seed, 3, person, stream, repeat])
    left = rng.uniform() < 0.5  # drawn in any case, so that `side` changes nothing else
    left = left if side is None else side == "left"
    function, keywords, low, high = _gestures.GESTURES[mirrored if left else gesture]
    length = (frames - 1) / FPS
    span = min(rng.uniform(low, high) / tempo, 0.95 * length)
    time = np.arange(frames) / FPS - rng.uniform(0, length - span)
    pose, sway = _idle(rng, frames)
    actor = _gestures.Hand(bones, pose, rng, angles=_gestures.ANGLES)
    function(actor, time, span, **keywords)
    actor.add(**sway)  # last, as no arm is ever quite still; fingers that hold or touch something are
    points = _human.positions(bones, actor.pose)
    yaw = np.radians(rng.uniform(-35, 35))
    points = points @ np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    points = points * np.array([-1 if left else 1, 1, 1])
    return points - points[:, 0].mean(axis=0), rng


def _idle(rng, frames):
    """A hand held up at ease, its fingers drifting slowly; and the sway and the tremor of the arm that holds it up."""
    t = np.arange(frames) / FPS
    posture = {"lean": 6, "yaw": 9, "pitch": 12, "roll": 15, "flex": 8, "dev": 5, "abd": 2, "radial": 6, "palmar": 6, "mp": 5,
               "ip": 6}
    drift = {"x": 0.006, "y": 0.006, "z": 0.006, "lean": 1, "yaw": 1.5, "pitch": 1.5, "roll": 2, "flex": 1.5, "dev": 1, "mcp": 2,
             "abd": 0.5, "pip": 2, "radial": 1, "palmar": 1, "mp": 1, "ip": 1.5}
    tremor = {"x": 0.0003, "y": 0.0003, "z": 0.0003, "lean": 0.08, "pitch": 0.08, "flex": 0.08}  # at 8 to 12 Hz
    curl, shakes, pose, sway = 9 * rng.standard_normal(), rng.uniform(0, 1.5), {}, {}
    for channel, value in _human.REST.items():
        kind = channel.split("_")[-1]
        if kind in ("mcp", "pip"):  # the fingers of a hand are curled alike
            value = value + curl + 4 * rng.standard_normal()
        slow, quick = (size * np.sin(2 * np.pi * rate * t + rng.uniform(0, 2 * np.pi)) for rate, size in
                       ((rng.uniform(0.15, 0.7), drift[kind] * rng.standard_normal()),
                        (rng.uniform(8, 12), tremor.get(kind, 0) * shakes)))
        own, of_finger = value + posture.get(kind, 0) * rng.standard_normal(), "_" in channel
        pose[channel] = own + (slow if of_finger else np.zeros(frames))
        if not of_finger:
            sway[channel] = slow + quick
    return pose, sway


def _check(gestures, frames, seed, side):
    for gesture in gestures:
        if gesture not in GESTURES:
            raise ValueError(f"gesture is {gesture!r}, expected one of {', '.join(GESTURES)}")
    if not gestures or len(set(gestures)) < len(gestures):
        raise ValueError(f"gestures is {gestures!r}, expected different names out of GESTURES, at least one")
    if not isinstance(frames, int | np.integer) or frames < 2:
        raise ValueError(f"frames is {frames!r}, expected a whole number, at least 2")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}, expected a whole number, 0 or more")
    if side not in (None, "left", "right"):
        raise ValueError(f"side is {side!r}, expected 'left', 'right' or None")
