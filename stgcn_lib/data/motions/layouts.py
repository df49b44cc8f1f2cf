"""From the joints of the synthetic body to the joints of a layout, each where it lies on a human body."""

import numpy as np

from .body import JOINTS

_L = [f"left {j}" for j in ("shoulder", "elbow", "wrist", "hand")], [f"left {j}" for j in ("hip", "knee", "ankle", "foot")]
_R = [[joint.replace("left", "right") for joint in limb] for limb in _L]
_NECK = ("left shoulder", "right shoulder")  # OpenPose calls the middle of the shoulders "neck"
_TABLES = {
    "openpose-18": ["nose", _NECK, *_R[0][:3], *_L[0][:3], *_R[1][:3], *_L[1][:3], "right eye", "left eye", "right ear",
                    "left ear"],
    "coco-17": ["nose"] + [f"{side} {j}" for j in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
                           for side in ("left", "right")],
    "ntu-25": ["pelvis", "spine", "neck", "head", *_L[0], *_R[0], *_L[1], *_R[1], "chest", "left hand tip", "left thumb",
               "right hand tip", "right thumb"],
    "kinect-20": ["pelvis", "spine", "chest", "head", *_L[0], *_R[0], *_L[1], *_R[1]],
}
LAYOUTS = tuple(_TABLES)

# Edges (child, parent) of these layouts that are no bone: the body bends between their ends, so their length changes.
NOT_RIGID = {
    "openpose-18": ((11, 5), (8, 2), (0, 1)),  # shoulder to hip across the bending back; middle of the shoulders to nose
    "coco-17": ((11, 5), (12, 6), (5, 0), (6, 0)),  # the same, and shoulder to nose
    "ntu-25": (),
    "kinect-20": ((3, 2),),  # between the shoulders to head: the head nods on a neck that does not
}


def from_body(points, layout):
    """Picks the joints of a layout out of the body's (T, V, 3), as float32."""
    pick = lambda joint: points[:, JOINTS.index(joint)]  # noqa: E731
    joints = [pick(j) if isinstance(j, str) else (pick(j[0]) + pick(j[1])) / 2 for j in _TABLES[layout]]
    return np.stack(joints, axis=1).astype(np.float32)  # (T, V, 3)
