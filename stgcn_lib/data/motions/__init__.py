"""Synthetic people: named actions of seeded kinematic bodies, no recording and no download.

>>> clip("wave", seed=3).shape
(64, 25, 3)

The bodies are drawn from human proportions, joints turn within human limits, feet stand on the floor, bones keep their length.
What varies from clip to clip: the body, tempo, repetitions, amplitude, which hand or foot acts, when in the clip it starts, how
the person stands before, what the other hand does, the style of each key pose, sway. It looks like the action; it is no
measurement of how people move, and speeds and ranges of motion in it are plausible, not typical.

Axes: metres, right-handed, y up, the floor is y = 0, the middle of the path lies over the origin. The person faces +z, turned by
up to 60 degrees to either side, and the person's left is +x (so in a front view it is on the viewer's right).

Hands and their gestures are in `motions.hand`.
"""

import numpy as np

from ..camera import project, standoff
from ..dataset import Dataset
from . import actions as _actions
from . import body as _human
from . import hand
from .layouts import LAYOUTS, NOT_RIGID, from_body

__all__ = ["ACTIONS", "FPS", "LAYOUTS", "NOT_RIGID", "clip", "generate", "hand"]

ACTIONS = tuple(_actions.ACTIONS)
FPS = 30.0


def clip(action, seed=0, frames=64, layout="ntu-25", side=None):
    """One person doing one thing.

    A clip has 30 frames a second. The action takes its natural time somewhere within it, between standing (or sitting) idle; in a
    clip that is shorter than that it is done faster. One seed is one person: clips of several actions with the same seed show the
    same body.

    Args:
        action: one of `ACTIONS`.
        seed: whole number, 0 or more; the same seed gives the same clip, in any layout.
        frames: T, at least 2.
        layout: one of `LAYOUTS`.
        side: "left" or "right" acts, where one side does; None lets the seed choose. The two are mirror images.

    Returns:
        (T, V, 3) float32, metres, axes as above. Edges of the layout keep their length, but for those in `NOT_RIGID`.

    Raises:
        ValueError: if the action or the layout is unknown, or seed, frames or side make no sense.
    """
    _check([action], frames, layout, seed)
    if side not in (None, "left", "right"):
        raise ValueError(f"side is {side!r}, expected 'left', 'right' or None")
    return from_body(_animate(action, seed, 0, 0, frames, side)[0], layout)


def generate(actions=ACTIONS, bodies=20, repeats=2, frames=64, layout="ntu-25", seed=0, camera=None, noise=0.0):
    """A data set of synthetic clips: every body does every action `repeats` times.

    A clip depends on `seed`, its action, its body and its repeat only: asking for more bodies or fewer actions changes no clip.
    The first body's first repeat is what `clip` gives.

    Args:
        actions: names out of `ACTIONS`; they become the classes, in this order.
        bodies: number of people; their numbers are the `subjects`.
        repeats: clips of each action by each body.
        frames, layout, seed: as in `clip`.
        camera: None for 3-D clips in metres, or a dict for 2-D clips with confidences as a pose estimator would give them: keywords
            of `camera.project`. What it does not name of azimuth (-60 to 60 degrees), elevation (0 to 20 degrees) and distance is
            drawn for each clip, so ``{}`` films everyone from somewhere else.
        noise: standard deviation of the noise on each coordinate of 3-D clips, metres (a good depth sensor has about 0.01).

    Returns:
        Dataset, synthetic, of ``bodies * len(actions) * repeats`` clips, body by body.

    Raises:
        ValueError: as in `clip`, or if a number is out of range.
    """
    actions = (actions,) if isinstance(actions, str) else tuple(actions)
    _check(actions, frames, layout, seed)
    for name, value in (("bodies", bodies), ("repeats", repeats)):
        if not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} is {value!r}, expected a whole number, at least 1")
    if not 0 <= noise <= 1 or (noise and camera is not None):
        raise ValueError(f"noise is {noise}, expected 0 to 1 metres; with a camera, give camera={{'noise': ...}} instead")
    clips, labels, subjects = [], [], []
    for person in range(bodies):
        for label, action in enumerate(actions):
            for repeat in range(repeats):
                points, rng = _animate(action, seed, person, repeat, frames)
                x = from_body(points, layout)
                if camera is not None:
                    view = dict(azimuth=rng.uniform(-60, 60), elevation=rng.uniform(0, 20),
                                distance=rng.uniform(0.9, 1.3) * standoff(x))
                    x = project(x, **(view | {"layout": layout, "rng": rng} | camera))
                clips.append(x + noise * rng.standard_normal(x.shape).astype(np.float32) if noise else x)
                labels.append(label)
                subjects.append(person)
    flat = camera is not None
    return Dataset(
        name="synthetic motions", layout=layout, classes=actions, clips=clips, labels=np.array(labels),
        subjects=np.array(subjects), fps=FPS, units="image heights" if flat else "metres",
        channels=("x", "y", "confidence") if flat else ("x", "y", "z"), licence="BSD-3-Clause, as this library", synthetic=True,
        source=f"Made by stgcn_lib.data.motions (seed {seed}): a kinematic model moves, no person was recorded.")


def _animate(action, seed, person, repeat, frames, side=None):
    """Joint positions (T, V, 3) of one clip, in the joints of `body`, and the generator that drew it."""
    rng = np.random.default_rng([seed, 0, person])
    bones, tempo = _human.draw(rng), rng.uniform(0.75, 1.25)
    rng = np.random.default_rng([seed, 1, person, ACTIONS.index(action), repeat])
    function, low, high, goes_on = _actions.ACTIONS[action]
    length = (frames - 1) / FPS
    span = rng.uniform(low, high) / tempo
    if goes_on:
        span = max(span, length * rng.uniform(0.45, 0.95))
    span = min(span, 0.95 * length)
    time = np.arange(frames) / FPS - rng.uniform(0, length - span)
    actor = _actions.Person(bones, _idle(rng, frames), rng, angles=_human.LIMITS)
    if action not in ("walk", "run"):  # people let go of themselves before they go
        _actions.at_ease(actor)
    function(actor, time, span)
    points = _human.positions(bones, actor.pose)
    yaw = np.radians(rng.uniform(-60, 60))
    points = points @ np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    left = rng.uniform() < 0.5  # drawn in any case, so that `side` changes nothing else
    if left if side is None else side == "left":
        points = points[:, _MIRROR] * np.array([-1, 1, 1])
    return points - points[:, 0].mean(axis=0) * (1, 0, 1), rng


_OTHER = {"left": "right", "right": "left"}
_MIRROR = [_human.JOINTS.index(" ".join(_OTHER.get(word, word) for word in name.split())) for name in _human.JOINTS]


def _idle(rng, frames):
    """A person at ease: a posture of one's own, and every joint drifting a little, slowly."""
    t = np.arange(frames) / FPS
    posture = {"bend": 4, "pitch": 2, "lean": 2, "nod": 6, "turn": 15, "tilt": 3, "twist": 4, "flex": 6, "abd": 4, "rot": 10,
               "elbow": 9, "pron": 15, "wrist": 6, "out": 5, "hipabd": 3}
    drift = {"bend": 1.2, "lean": 1, "twist": 1.5, "nod": 2, "tilt": 1.5, "turn": 4, "flex": 2.5, "abd": 2, "rot": 4, "elbow": 4,
             "pron": 5, "wrist": 4, "hip": 3, "knee": 3, "yaw": 1, "pitch": 0.7, "roll": 0.5, "x": 0.008, "z": 0.008}
    pose = {}
    for channel, value in _human.REST.items():
        kind = channel.split("_")[-1]
        rate, phase, size = rng.uniform(0.15, 0.7, 2), rng.uniform(0, 2 * np.pi, 2), rng.standard_normal(2)
        slow = (size[:, None] * np.sin(2 * np.pi * rate[:, None] * t + phase[:, None])).sum(axis=0)
        pose[channel] = value + posture.get(kind, 0) * rng.standard_normal() + drift.get(kind, 0) * slow / np.sqrt(2)
    wide, ahead = rng.uniform(-0.01, 0.08), 0.04 * rng.standard_normal()
    for s, sign in (("l", 1), ("r", -1)):
        pose[f"{s}_fx"] = pose[f"{s}_fx"] + sign * wide
        pose[f"{s}_fz"] = pose[f"{s}_fz"] + sign * ahead
    return pose


def _check(actions, frames, layout, seed):
    for action in actions:
        if action not in ACTIONS:
            raise ValueError(f"action is {action!r}, expected one of {', '.join(ACTIONS)}")
    if not actions or len(set(actions)) < len(actions):
        raise ValueError(f"actions is {actions!r}, expected different names out of ACTIONS, at least one")
    if not isinstance(frames, int | np.integer) or frames < 2:
        raise ValueError(f"frames is {frames!r}, expected a whole number, at least 2")
    if layout not in LAYOUTS:
        raise ValueError(f"layout is {layout!r}, the synthetic body knows {', '.join(LAYOUTS)}; for hands use motions.hand")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}, expected a whole number, 0 or more")
