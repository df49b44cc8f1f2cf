"""A neat flat pose for each layout: where its joints are drawn when there is no motion to draw."""

import re

import numpy as np

from ..graphs import skeleton

# Height in metres times six, roughly; left limbs at positive x because the figure faces us. The right side is the mirror.
_TRUNK = {
    "head tip": 10.5, "head": 9.6, "nose": 9.3, "neck": 8.5, "chest": 7.6, "shoulder center": 7.7, "spine shoulder": 7.7,
    "spine mid": 6.4, "spine": 6.4, "waist": 5.2, "spine base": 5.2, "hip center": 5.2,
    "headend": 10.6, "neck1": 9.0, "spine1": 7.5, "lowerback": 5.8, "hips": 5.2,
}
_LEFT = {
    "eye": (0.55, 10.1), "ear": (1.2, 9.7), "collar": (0.8, 7.9), "shoulder": (1.7, 7.6), "elbow": (2.9, 6.2), "wrist": (3.9, 4.9),
    "hand": (4.4, 4.2), "hand tip": (5.0, 3.4), "thumb": (3.6, 3.7), "first finger": (4.1, 3.8), "fifth finger": (4.8, 4.1),
    "hip": (0.9, 4.8), "knee": (1.2, 2.6), "ankle": (1.4, 0.6), "foot": (2.1, 0.0), "heel": (1.0, -0.1), "first toe": (1.9, -0.4),
    "fifth toe": (2.5, 0.1),
    # rehab-22 and cmu-38 call a joint after the part of the body that begins there
    "upper arm": (1.7, 7.6), "forearm": (2.9, 6.2), "upper leg": (0.9, 4.8), "lower leg": (1.2, 2.6), "toes": (2.7, -0.3),
    "hipjoint": (0.45, 5.2), "upleg": (1.0, 4.6), "leg": (1.2, 2.6), "toebase": (2.1, 0.0), "toebaseend": (2.7, -0.4),
    "arm": (1.8, 7.5), "fingerbase": (4.4, 4.3), "handindex1": (4.8, 3.7), "handindex1end": (5.2, 3.0), "thumbend": (3.5, 3.2),
}
# Where a layout uses one of these names for another place than the others do.
_OWN = {
    "rehab-22": {"hand": (3.9, 4.9), "foot": (1.4, 0.6), "toes": (2.1, 0.0)},
    "cmu-38": {"shoulder": (0.7, 7.8), "hand": (3.9, 4.9), "foot": (1.4, 0.6), "thumb": (3.6, 4.1)},
}
_FINGERS = {"thumb": ((-1.3, 1.0), (-0.62, 0.85)), "index": ((-1.1, 3.4), (-0.12, 1.0)), "middle": ((0.0, 3.6), (0.0, 1.1)),
            "ring": ((1.1, 3.4), (0.12, 1.0)), "little": ((2.1, 2.8), (0.3, 0.8))}


def pose(layout):
    """The canonical pose of one of the ten layouts.

    Args:
        layout: name of the layout, such as ``"ntu-25"``.

    Returns:
        (V, 2) array, y up, no unit.

    Raises:
        ValueError: the name is unknown.
    """
    return np.array([_place(layout, joint) for joint in skeleton(layout).joints])


def _place(layout, joint):
    if layout.startswith("hand-"):
        if joint in ("wrist", "palm"):
            return 0.0, 0.0 if joint == "wrist" else 1.7
        finger, number = joint.split()
        (x, y), (dx, dy) = _FINGERS[finger]
        return x + dx * (int(number) - 1), y + dy * (int(number) - 1)
    side, part = re.fullmatch(r"(left |right |Left|Right|L(?=[HT])|R(?=[HT]))?(.*)", joint).groups()
    part = part.lower()
    if not side:
        return 0.0, _TRUNK[part]
    x, y = _OWN.get(layout, {}).get(part) or _LEFT[part]
    return (x, y) if side[0] in "lL" else (-x, y)
