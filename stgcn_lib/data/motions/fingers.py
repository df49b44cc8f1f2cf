"""A human hand: bones of drawn lengths, joints that turn within limits, a thumb that can meet a finger.

A pose is a dict of channels, each an array (T,) over the frames, in degrees and metres. `kinematics.forward` walks down the tree
from the wrist, so bones never stretch.

Everything here is a right hand. At zero angles its fingers point up (+y), its palm faces the viewer (+z) and its thumb is at +x.
"""

import numpy as np

from .. import kinematics

FINGERS = ("index", "middle", "ring", "little")
_CHAIN = ("thumb", *FINGERS)
# The joints of hand-21. For `touch` the tree has two more, the pulps of thumb and index finger; `positions` leaves them out.
JOINTS = ("wrist", *(f"{finger} {n}" for finger in _CHAIN for n in (1, 2, 3, 4)))
PARENTS = np.array([-1] + [0 if n == 1 else 4 * f + n - 1 for f in range(5) for n in (1, 2, 3, 4)] + [4, 8])

# What a joint allows, in degrees: ranges of healthy adults, rounded outwards (American Academy of Orthopaedic Surgeons).
LIMITS = {
    "flex": (-70, 80), "dev": (-35, 25),  # the wrist: towards the palm (back), towards the thumb (the little finger)
    "mcp": (-25, 92), "abd": (-20, 20), "pip": (0, 112),  # a finger: knuckle, spread towards the thumb, middle joint
    "radial": (-25, 72), "palmar": (0, 65), "mp": (-10, 60), "ip": (-20, 80),  # the thumb: out, forward, its two hinges
}
_DIP = 2 / 3  # the last joint of a finger follows the middle one (Rijpkema & Girard, 1991)

# A relaxed hand. The forearm: x, y, z of the wrist, then how it leans (towards +x), turns and pitches (forwards), and its roll,
# by which the palm of a raised hand turns to +x. These five have no limits here, the whole arm takes part in them.
REST = dict(x=0, y=0, z=0, lean=0, yaw=5, pitch=30, roll=20, flex=-8, dev=0,
            thumb_radial=32, thumb_palmar=28, thumb_mp=12, thumb_ip=15)
REST |= {f"{finger}_{channel}": value for finger, values in zip(FINGERS, (
    (24, 3, 28), (28, 0, 32), (31, -4, 34), (33, -9, 33)), strict=True)
    for channel, value in zip(("mcp", "abd", "pip"), values, strict=True)}

# Millimetres, for a hand 185 long: the knuckles seen from the wrist, and the phalanges (the last one up to the skin). Lengths
# roughly as measured on X-ray images by Buryanov & Kotiuk (2010), the carpus added; the arch of the palm is drawn by eye.
_KNUCKLE = {"thumb": (21, 24, 8), "index": (24, 90, 1), "middle": (3, 93, -3), "ring": (-16, 86, -1), "little": (-33, 77, 4)}
_PHALANGES = {"thumb": (46, 32, 27), "index": (40, 22, 20), "middle": (45, 26, 21), "ring": (41, 26, 21), "little": (33, 18, 20)}
_PULP = (0, -4, 6)  # from the tip of a thumb or finger to the skin that touches


def draw(rng):
    """The bones of one hand: 16 to 21 cm from the wrist to the tip of the middle finger, in varied proportions.

    Args:
        rng: `numpy.random.Generator`.

    Returns:
        dict: "length" in metres, "offsets" (23, 3) in metres, each joint seen from its parent.
    """
    length = rng.uniform(0.16, 0.21)
    mm = length / 185
    wide, thumb, fingers, *each = 1 + np.clip(0.045 * rng.standard_normal(8), -0.09, 0.09)
    offsets = [np.zeros(3)]
    for finger, own in zip(_CHAIN, each, strict=True):
        share = (thumb if finger == "thumb" else fingers) * (1 + (own - 1) / 2)
        offsets.append(np.array(_KNUCKLE[finger]) * (wide, 1, 1))
        offsets += [np.array([0, share * phalanx, 0]) for phalanx in _PHALANGES[finger]]
    return dict(length=length, offsets=mm * np.array([*offsets, _PULP, _PULP], dtype=np.float64))


def positions(hand, pose):
    """Joint positions of a pose over time.

    Args:
        hand: what `draw` returns.
        pose: dict of channels (T,), as `REST` names them: metres for x, y, z, degrees otherwise.

    Returns:
        (T, 21, 3) float64, metres, the joints of the layout hand-21.
    """
    return _forward(hand, pose)[:, :len(JOINTS)]


def touch(hand, pose):
    """The angles with which the thumb and the index finger meet, skin on skin, near those of a pose.

    The gap ``r`` of the two pulps (3,) has no more than six hinges ``q`` to close it. Each step is one of damped least squares,
    ``q <- q - J^T (J J^T + d I)^-1 r``, with the Jacobian ``J = dr/dq`` by finite differences; a limit that is hit stays hit.

    Args:
        hand: what `draw` returns.
        pose: dict of channels, one number each.

    Returns:
        dict of the channels of `_HINGES`, one number each.
    """
    q = np.array([float(pose[channel]) for channel in _HINGES])
    low, high = np.array([LIMITS[channel.split("_")[1]] for channel in _HINGES]).T
    for _ in range(40):
        q = np.clip(q, low, high)
        trial = q + np.vstack([np.zeros(6), np.eye(6)])  # (7, 6): as it is, and each hinge one degree further
        ends = _forward(hand, pose | dict(zip(_HINGES, trial.T, strict=True)))
        gap = ends[:, -2] - ends[:, -1]  # (7, 3)
        J = (gap[1:] - gap[0]).T  # (3, 6)
        q = q - J.T @ np.linalg.solve(J @ J.T + 1e-8 * np.eye(3), gap[0])
    return dict(zip(_HINGES, np.clip(q, low, high), strict=True))


_HINGES = ("index_mcp", "index_pip", "thumb_radial", "thumb_palmar", "thumb_mp", "thumb_ip")


def _forward(hand, pose):
    """Positions (T, 23, 3) of the joints and the two pulps."""
    pose = {channel: np.clip(value, *LIMITS.get(channel.split("_")[-1], (-np.inf, np.inf))) for channel, value in pose.items()}
    T = max(np.size(value) for value in pose.values())
    R = np.tile(np.eye(3), (T, len(PARENTS), 1, 1))
    R[:, 0] = _turn("ZYXY", -pose["lean"], pose["yaw"], pose["pitch"], pose["roll"]) @ _turn("XZ", pose["flex"], -pose["dev"])
    # The further the thumb comes forward, the more it turns its pulp to the fingers.
    R[:, 1] = _turn("ZXY", -pose["thumb_radial"], pose["thumb_palmar"], -60 - 1.1 * pose["thumb_palmar"])
    R[:, 2], R[:, 3] = _turn("X", pose["thumb_mp"]), _turn("X", pose["thumb_ip"])
    for f, finger in enumerate(FINGERS):
        mcp, abd, pip = (pose[f"{finger}_{channel}"] for channel in ("mcp", "abd", "pip"))
        R[:, 4 * f + 5] = _turn("ZX", -abd, mcp)
        R[:, 4 * f + 6], R[:, 4 * f + 7] = _turn("X", pip), _turn("X", _DIP * pip)
    return kinematics.forward(PARENTS, hand["offsets"], R, np.stack(np.broadcast_arrays(
        pose["x"], pose["y"], pose["z"]), axis=-1))


def _turn(order, *degrees):
    return kinematics.euler(np.radians(np.stack(np.broadcast_arrays(*degrees), axis=-1)), order)
