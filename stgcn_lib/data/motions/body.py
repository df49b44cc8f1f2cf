"""A human body: bones of drawn lengths, joints that turn within limits, feet that stay where they stand.

A pose is a dict of channels, each an array (T,) over the frames, in degrees and metres. Turning the channels into joint
positions takes two steps: the limbs that must reach a point (a foot on the floor, hands that meet) get the angles that reach
it, by the law of cosines; then `kinematics.forward` walks down the tree. Bones therefore never stretch.

Axes: y up, the person faces +z, the person's left is +x, the floor is y = 0.
"""

import numpy as np

from .. import kinematics

_LIMB = ("shoulder", "elbow", "wrist", "hand", "hand tip", "thumb", "hip", "knee", "ankle", "heel", "foot", "eye", "ear")
_PARENT = {"pelvis": None, "waist": "pelvis", "spine": "waist", "chest": "spine", "neck": "chest", "head": "neck", "nose": "head"}
for _side in ("left", "right"):
    _PARENT |= {f"{_side} {child}": parent if parent in _PARENT else f"{_side} {parent}" for child, parent in (
        ("shoulder", "chest"), ("elbow", "shoulder"), ("wrist", "elbow"), ("hand", "wrist"), ("hand tip", "wrist"),
        ("thumb", "wrist"), ("hip", "pelvis"), ("knee", "hip"), ("ankle", "knee"), ("heel", "ankle"), ("foot", "ankle"),
        ("eye", "head"), ("ear", "head"))}
JOINTS = tuple(_PARENT)
PARENTS = np.array([-1 if _PARENT[j] is None else JOINTS.index(_PARENT[j]) for j in JOINTS])
SIDES = (("left", "l", 1), ("right", "r", -1))  # name, prefix of its channels, sign of x

# What a joint allows, in degrees. Shoulder and hip: how far the limb swings, forward (back), out (in), and turns inwards
# (outwards) about its own length. Ranges of healthy adults, rounded outwards (American Academy of Orthopaedic Surgeons).
LIMITS = {
    "bend": (-30, 95), "lean": (-40, 40), "twist": (-55, 55), "nod": (-45, 50), "tilt": (-40, 40), "turn": (-75, 75),
    "flex": (-55, 175), "abd": (-45, 175), "rot": (-95, 90), "elbow": (2, 148), "pron": (-85, 85), "wrist": (-65, 75),
    "hip": (-30, 120), "hipabd": (-30, 60), "knee": (2, 145), "ankle": (-35, 50), "toe": (-35, 80),
}

# Standing at ease. The channels of the right side begin with r_, those of the left with l_.
_TRUNK = dict(x=0, y=0, z=0, yaw=0, pitch=0, roll=0, bend=3, lean=0, twist=0, nod=4, tilt=0, turn=0)
_SIDE = dict(flex=2, abd=7, rot=10, elbow=15, pron=10, wrist=5, reach=0, hip=0, hipabd=3, knee=8, free=0, out=9, toe=0, fx=0, fy=0,
             fz=0)
REST = _TRUNK | {f"{s}_{key}": value for s in "lr" for key, value in _SIDE.items()}


def draw(rng):
    """The bones of one person: offsets of the joints from their parents, from body height and drawn proportions.

    Lengths are fractions of body height (Drillis & Contini, 1966; Winter, 2009, table 4.1), each varied by a few per cent.

    Args:
        rng: `numpy.random.Generator`.

    Returns:
        dict: "height" in metres, "offsets" (V, 3) in metres, and the lengths "thigh", "shank", "arm", "forearm", "ankle" (its
        height over the floor), "heel" and "foot" (behind and in front of the ankle).
    """
    H = rng.uniform(1.5, 2.0)
    ratio = dict(zip(("leg", "arm", "trunk", "shoulders", "hips", "head", "shank", "forearm"),
                     1 + np.clip(0.045 * rng.standard_normal(8), -0.09, 0.09), strict=True))
    thigh, shank = 0.243 * H * ratio["leg"], 0.243 * H * ratio["leg"] * ratio["shank"]
    arm, forearm = 0.180 * H * ratio["arm"], 0.148 * H * ratio["arm"] * ratio["forearm"]
    hand, trunk, head, foot, ankle = 0.05 * H * ratio["arm"], 0.285 * H * ratio["trunk"], H * ratio["head"], 0.095 * H, 0.04 * H
    offset = {
        "pelvis": (0, 0, 0), "waist": (0, 0, 0), "spine": (0, 0.47 * trunk, 0), "chest": (0, 0.53 * trunk, -0.01 * H),
        "neck": (0, 0.032 * H, 0.004 * H), "head": (0, 0.075 * head, 0.012 * head), "nose": (0, -0.008 * head, 0.055 * head)}
    for side, _, s in SIDES:
        offset |= {f"{side} {joint}": np.multiply((s, 1, 1), o) for joint, o in {
            "shoulder": (0.103 * H * ratio["shoulders"], -0.01 * H, 0.004 * H), "elbow": (0, -arm, 0), "wrist": (0, -forearm, 0),
            "hand": (0, -hand, 0), "hand tip": (0, -2 * hand, 0), "thumb": (0, -1.1 * hand, 0.8 * hand),
            "hip": (0.052 * H * ratio["hips"], -0.02 * H, 0), "knee": (0, -thigh, 0), "ankle": (0, -shank, 0),
            "heel": (0, -ankle, -0.035 * H), "foot": (0, -ankle, foot),
            "eye": (0.018 * head, 0.012 * head, 0.042 * head), "ear": (0.041 * head, 0, -0.006 * head)}.items()}
    return dict(height=H, offsets=np.array([offset[j] for j in JOINTS], dtype=np.float64), thigh=thigh, shank=shank, arm=arm,
                forearm=forearm, ankle=ankle, heel=0.035 * H, foot=foot)


def standing_height(body):
    """Height of the pelvis over the floor when standing at ease, with the knees a little bent, in metres."""
    return body["ankle"] + 0.995 * (body["thigh"] + body["shank"]) - _offset(body, "left hip")[1]


def positions(body, pose):
    """Joint positions of a pose over time.

    Args:
        body: what `draw` returns.
        pose: dict of channels (T,), as `REST` names them: metres for x, y, z (the pelvis, from standing at ease) and fx, fy, fz
            (a foot, from its place under the hip), weights for `reach` and `free`, degrees otherwise. A hand with `reach` 1 goes
            to `l_target` or `r_target` (T, 3), metres, in the frame of the chest, or to `l_floor` or `r_floor`, in the frame of
            the room. A foot stands where fx, fy, fz say; with `free` 1 its leg follows `hip`, `hipabd` and `knee` instead.

    Returns:
        (T, V, 3) float64, metres, V = len(JOINTS).
    """
    pose = {channel: _limited(channel, value) for channel, value in pose.items()}
    T = len(pose["x"])
    R = np.tile(np.eye(3), (T, len(JOINTS), 1, 1))
    at = JOINTS.index
    R[:, at("pelvis")] = _turn(pose["pitch"], pose["yaw"], pose["roll"])
    for joint in ("waist", "spine"):  # the back bends in two places, half in each
        R[:, at(joint)] = _turn(pose["bend"] / 2, pose["twist"] / 2, pose["lean"] / 2)
    R[:, at("neck")] = _turn(pose["nod"], pose["turn"], pose["tilt"])
    ankles, pitches = zip(*(_foot(body, pose, side) for side in SIDES), strict=True)
    root = _pelvis(body, pose, R[:, at("pelvis")], ankles)
    trunk = R[:, at("pelvis")] @ R[:, at("waist")] @ R[:, at("spine")]  # how the chest is turned in the room
    spine = root + _apply(R[:, at("pelvis")] @ R[:, at("waist")], _offset(body, "spine"))
    chest = spine + _apply(trunk, _offset(body, "chest"))
    for side, s, sign in SIDES:
        swing = _swing(pose[f"{s}_flex"], sign * pose[f"{s}_abd"]) @ _turn(0, -sign * pose[f"{s}_rot"], 0)
        shoulder = chest + _apply(trunk, _offset(body, f"{side} shoulder"))
        target = pose.get(f"{s}_floor")
        if target is None:
            target = chest + _apply(trunk, pose.get(f"{s}_target", np.zeros((T, 3))))
        swing, elbow = _reach(trunk, shoulder, swing, -pose[f"{s}_elbow"], body["arm"], body["forearm"], target, pose[f"{s}_reach"])
        R[:, at(f"{side} shoulder")] = swing
        R[:, at(f"{side} elbow")] = _turn(elbow, 0, 0) @ _turn(0, -sign * pose[f"{s}_pron"], 0)
        R[:, at(f"{side} wrist")] = _turn(0, 0, -sign * pose[f"{s}_wrist"])
    for (side, s, sign), ankle, pitch in zip(SIDES, ankles, pitches, strict=True):
        pelvis, upright = R[:, at("pelvis")], _turn(0, pose["yaw"] / 2 + sign * pose[f"{s}_out"], 0)
        hip = root + _apply(pelvis, _offset(body, f"{side} hip"))
        swing = _swing(pose[f"{s}_hip"], sign * pose[f"{s}_hipabd"])
        free = hip + _apply(upright, _leg(body, swing, pose[f"{s}_knee"]))
        ankle = free + (1 - pose[f"{s}_free"])[:, None] * (ankle - free)
        ankle[:, 1] = np.maximum(ankle[:, 1], _sole(body, pitch))  # a swinging foot may brush the floor, not cut it
        swing, knee = _reach(upright, hip, swing, pose[f"{s}_knee"], body["thigh"], body["shank"], ankle, np.ones(T))
        R[:, at(f"{side} hip")] = np.swapaxes(pelvis, 1, 2) @ upright @ swing
        R[:, at(f"{side} knee")] = _turn(knee, 0, 0)
        shank = swing @ R[:, at(f"{side} knee")]
        pitch = _follow(body, ankle, pitch, np.degrees(np.arctan2(shank[:, 2, 1], shank[:, 1, 1])))
        R[:, at(f"{side} ankle")] = np.swapaxes(upright @ shank, 1, 2) @ _turn(pitch, sign * pose[f"{s}_out"], 0)
    return kinematics.forward(PARENTS, body["offsets"], R, root)


def _limited(channel, value):
    limits = LIMITS.get(channel.split("_")[-1])
    return value if limits is None else np.clip(value, *limits)


def _pelvis(body, pose, turned, ankles):
    """Where the pelvis is: as high as the pose asks, but no higher than both standing legs reach."""
    root = np.stack([pose["x"], standing_height(body) + pose["y"], pose["z"]], axis=1)
    heights, reach = [root[:, 1]], 0.9995 * (body["thigh"] + body["shank"])
    for (side, s, _), ankle in zip(SIDES, ankles, strict=True):
        hip = _apply(turned, _offset(body, f"{side} hip"))
        level = ((root + hip - ankle)[:, [0, 2]] ** 2).sum(axis=1)
        limit = ankle[:, 1] + np.sqrt(np.maximum(reach**2 - level, 0.01)) - hip[:, 1]
        heights.append(limit + 2 * pose[f"{s}_free"])  # a leg in the air holds nothing down
    heights = np.stack(heights)
    # a soft minimum: the pelvis of a walker does not jerk when the longer reach changes sides
    root[:, 1] = heights.min(axis=0) - 0.004 * np.log(np.exp((heights.min(axis=0) - heights) / 0.004).sum(axis=0))
    return root


def _foot(body, pose, side):
    """Where the ankle of a standing foot is (T, 3), and the pitch (T,) of its sole, toes down positive."""
    name, s, sign = side
    free, pitch = pose[f"{s}_free"], pose[f"{s}_toe"]
    rolled = np.where(pitch > 0, body["foot"], -body["heel"])  # a raised heel turns about the toes, raised toes about the heel
    angle = np.radians(pitch)
    shift = rolled * (1 - np.cos(angle)) + body["ankle"] * np.sin(angle)
    turn = np.radians(sign * pose[f"{s}_out"])
    x = _offset(body, f"{name} hip")[0] * 1.15 + pose[f"{s}_fx"] + shift * np.sin(turn)
    z = pose[f"{s}_fz"] - 0.02 * body["height"] + shift * np.cos(turn)
    ankle = np.stack([x, pose[f"{s}_fy"] + _sole(body, pitch), z], axis=1)
    return ankle, pitch + free * (pose[f"{s}_knee"] - pose[f"{s}_hip"])


def _follow(body, ankle, pitch, shank):
    """The pitch (T,) of a sole, which on the floor is as the pose asks, and in the air stays within what the ankle allows."""
    air = np.clip((ankle[:, 1] - _sole(body, pitch)) / 0.05, 0, 1)
    return pitch + air * (np.clip(pitch, shank + LIMITS["ankle"][0], shank + LIMITS["ankle"][1]) - pitch)


def _sole(body, pitch):
    """Height of the ankle (T,) that puts the lowest point of a sole with this pitch on the floor."""
    angle = np.radians(pitch)
    return body["ankle"] * np.cos(angle) + np.maximum(body["foot"] * np.sin(angle), -body["heel"] * np.sin(angle))


def _leg(body, swing, knee):
    return _apply(swing, np.array([0, -body["thigh"], 0])) + _apply(swing @ _turn(knee, 0, 0), np.array([0, -body["shank"], 0]))


def _reach(frame, root, swing, hinge, upper, lower, target, weight):
    """Turns a limb of two bones towards a target: first the hinge, for the distance, then the root, for the direction.

    Args:
        frame, swing: (T, 3, 3), the parent's rotation in the room and the limb's own; hinge: (T,) degrees, its sign is the side it
            bends to. root, target: (T, 3). upper, lower: bone lengths. weight: (T,), 0 leaves the limb as it is.

    Returns:
        swing (T, 3, 3) and hinge (T,) that reach the target, or as near as the limits of the hinge let it come.
    """
    bones = np.array([0, -upper, 0]), np.array([0, -lower, 0])
    end = root + _apply(frame @ swing, bones[0] + _apply(_turn(hinge, 0, 0), bones[1]))
    aim = (end - root) + weight[:, None] * (target - end)
    distance = np.linalg.norm(aim, axis=1)
    low, high = np.radians(LIMITS["knee" if hinge[0] > 0 else "elbow"])
    cosine = (upper**2 + lower**2 - distance**2) / (2 * upper * lower)
    bent = np.degrees(np.clip(np.pi - np.arccos(np.clip(cosine, -1, 1)), low, high)) * np.sign(hinge)
    now = _apply(frame @ swing, bones[0] + _apply(_turn(bent, 0, 0), bones[1]))
    axis = np.cross(now, aim)
    sine = np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.arctan2(sine, (now * aim).sum(axis=1, keepdims=True))
    turn = kinematics.exponential_map(axis * angle / np.maximum(sine, 1e-12))
    return np.swapaxes(frame, 1, 2) @ turn @ frame @ swing, bent


def _turn(x, y, z):
    """Rotations (T, 3, 3) from degrees about x (forwards), y (to the left) and z (to the right), y first."""
    x, y, z = np.broadcast_arrays(x, y, z)
    return kinematics.euler(np.radians(np.stack([y, x, z], axis=-1)), "YXZ")


def _swing(forwards, left):
    """Rotations (T, 3, 3) that swing a hanging limb forwards and to the left, in degrees, without turning it about its length."""
    return kinematics.exponential_map(np.radians(np.stack([-forwards, np.zeros_like(left), left], axis=-1)))


def _apply(R, vector):
    return (R @ vector[..., None])[..., 0]


def _offset(body, joint):
    return body["offsets"][JOINTS.index(joint)]
