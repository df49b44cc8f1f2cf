"""Poses from a file: the format of this library, the output of OpenPose, and key points in COCO's results format.

``read_poses("wave.json").people[0]`` is a clip (T, V, 3). The library's own format is one JSON object::

    {"layout": "openpose-18",
     "fps": 30,
     "frames": [[[0.50, 0.21, 0.93], [0.50, 0.30, 0.95], ...],
                [[0.51, 0.21, 0.92], null, ...],
                ...]}

* ``layout``: one of `stgcn_lib.graphs.LAYOUTS`. It says which joints there are, and in which order.
* ``frames``: one entry for each frame, in the order of time. A frame is a list of joints; or, where there may be several
  people, a list of people, each a list of joints; or ``[]``, where nobody is seen.
* A joint is ``[x, y, confidence]`` or ``[x, y, z]``, as ``channels`` says. ``[x, y]`` has confidence 1. ``null`` was not seen,
  and neither was a joint with confidence 0 or with nothing but zeros.
* ``channels``, optional: ``["x", "y", "confidence"]``, a place in an image (in any unit) with **y down**, and a confidence from 0
  to 1; or ``["x", "y", "z"]``, a place in space with **y up**, best in metres. Left out, it is the first for ``openpose-18``,
  ``coco-17`` and ``hand-21``, which come from images, and the second for the other layouts.
* ``fps``, optional: frames a second, 30 unless given.
* ``joints``, optional: the names of the layout's joints in the order of this file, if that is another one.

Other keys are ignored.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..graphs import LAYOUTS, skeleton

IMAGE, SPACE = ("x", "y", "confidence"), ("x", "y", "z")
FPS = 30.0  # where a file does not say
_BODY_25 = [*range(8), *range(9, 19)]  # without the middle of the hips (8) and the feet (19 to 24) it is openpose-18


@dataclass(frozen=True, eq=False)
class Poses:
    """The people of one recording.

    Attributes:
        people: list of float32 arrays (T, V, 3), one for each person, all of the length of the recording; who was seen in most
            frames comes first. A joint that was not seen is all zeros, and so is a person in a frame without them.
        layout: name of the layout.
        channels: ``("x", "y", "confidence")``, y down as `camera.project` has it, or ``("x", "y", "z")``, y up.
        fps: frames a second.
    """

    people: list
    layout: str
    channels: tuple
    fps: float


def read_poses(path):
    """Read the people of a recording from a file or folder.

    What it knows, told apart by what is inside:

    * the library's own format, described above;
    * OpenPose: the folder that ``--write_json`` filled, one ``..._keypoints.json`` for each frame, or one such file. Bodies with 18
      key points (COCO) are ``openpose-18``; of 25 (BODY_25) the middle of the hips and the feet are left out, which gives the same;
    * COCO's results for key points: a list of ``{"image_id": ..., "category_id": 1, "keypoints": [51 numbers], "score": ...}``. It
      becomes ``coco-17``, a frame for each image, in the order of ``image_id`` (numbers inside names count as numbers). Images
      without a person are not in such a file, so they are no frames either.

    Confidences above 1, which some estimators write, become 1 in the last two. They do not say how fast the frames came: 30 a
    second is assumed.

    None of the files says who is who. People are followed from frame to frame: the one whose joints lie nearest, in the mean, to
    where a person was last is that person, if the way is no longer than the larger side of the boxes around them; anyone else is
    new. The shortest way is taken first. Where people cross they may be mixed up.

    Args:
        path: the file or folder.

    Returns:
        `Poses`

    Raises:
        ValueError: the file is damaged, is none of these, or shows nobody; the message says where.
        FileNotFoundError: there is nothing at that path.
    """
    path = Path(path)
    if path.is_dir():
        return _openpose(path, [(file, _json(file)) for file in _frame_files(path)])
    content = _json(path)
    if isinstance(content, dict) and "frames" in content:
        return _own(path, content)
    if isinstance(content, dict) and "people" in content:
        return _openpose(path, [(path, content)])
    if isinstance(content, list):
        return _coco(path, content)
    raise ValueError(f"{path} is JSON, but no pose file: expected an object with \"layout\" and \"frames\", a frame of OpenPose "
                     "with \"people\", or a list of COCO results")


def coco_to_openpose(clip):
    """The joints of ``coco-17`` in the order of ``openpose-18``, with a neck halfway between the shoulders.

    The neck's confidence is the smaller one of the shoulders'; where one of them was not seen, neither is the neck.

    Args:
        clip: (T, 17, 3), x, y and confidence.

    Returns:
        (T, 18, 3), of the clip's own dtype.

    Raises:
        ValueError: if the clip has another shape.
    """
    clip = np.asarray(clip)
    coco, openpose = skeleton("coco-17").joints, skeleton("openpose-18").joints
    if clip.ndim != 3 or clip.shape[1:] != (len(coco), 3):
        raise ValueError(f"clip has shape {clip.shape}, expected (T, {len(coco)}, 3): the joints of 'coco-17' with x, y and "
                         "confidence")
    shoulders = clip[:, [coco.index("left shoulder"), coco.index("right shoulder")]]  # (T, 2, 3)
    neck = np.concatenate([shoulders[..., :2].mean(axis=1), shoulders[..., 2:].min(axis=1)], axis=-1)  # (T, 3)
    neck[neck[:, 2] == 0] = 0
    return np.stack([neck if joint == "neck" else clip[:, coco.index(joint)] for joint in openpose], axis=1)  # (T, 18, 3)


def _json(path):
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist: expected a pose file, or a folder that OpenPose filled") from None
    except (ValueError, RecursionError) as error:  # not text, not JSON, or brackets in brackets without end
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"{path} cannot be read as JSON{where}: is it another kind of file, or was it cut off?") from None


def _frame_files(folder):
    """OpenPose's files of a folder in the order of time."""
    files = sorted(folder.glob("*_keypoints.json"), key=lambda file: _natural(file.name))
    if not files:
        raise ValueError(f"{folder} holds no ..._keypoints.json: expected the folder that OpenPose filled with --write_json")
    recordings = sorted({re.sub(r"_?\d+_keypoints\.json$", "", file.name) for file in files})
    if len(recordings) > 1:
        raise ValueError(f"{folder} holds frames of {len(recordings)} recordings ({', '.join(recordings[:3])}): expected one, so "
                         "give each a folder of its own")
    return files


def _natural(name):
    """A key to sort by, in which frame 10 comes after frame 9."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", name))]


def _own(path, content):
    layout, fps, frames = content.get("layout"), content.get("fps", FPS), content["frames"]
    if layout not in LAYOUTS:
        raise ValueError(f"{path}: layout is {_short(layout)}, expected one of {', '.join(LAYOUTS)}")
    if not _is_number(fps) or not 0 < fps < 1e6:
        raise ValueError(f"{path}: fps is {_short(fps)}, expected a positive number of frames a second")
    channels = content.get("channels", list(IMAGE if layout in ("openpose-18", "coco-17", "hand-21") else SPACE))
    if channels not in (list(IMAGE), list(SPACE)):
        raise ValueError(f"{path}: channels is {_short(channels)}, expected {list(IMAGE)} or {list(SPACE)}")
    names = list(skeleton(layout).joints)
    joints = content.get("joints", names)
    if not isinstance(joints, list) or sorted(map(str, joints)) != sorted(names):
        raise ValueError(f"{path}: joints is {_short(joints)}, expected the {len(names)} joints of {layout!r} in any order: "
                         f"{', '.join(names)}")
    if not isinstance(frames, list) or not all(isinstance(frame, list) for frame in frames):
        raise ValueError(f"{path}: frames is {_short(frames)}, expected a list that holds, for each frame, a list of joints or of "
                         "people")
    order, found = [joints.index(name) for name in names], []
    for t, frame in enumerate(frames):
        # A joint is a list of numbers, a person a list of joints: a frame with several people is one list deeper.
        several = all(isinstance(one, list) and all(isinstance(joint, list | None) for joint in one) for one in frame)
        found.append([])
        for i, person in enumerate(frame if several else [frame]):
            where = f"{path}: frame {t}" + (f", person {i}" if several else "")
            if len(person) != len(names):
                raise ValueError(f"{where} has {len(person)} joints, expected the {len(names)} of {layout!r}: is the layout the "
                                 "right one?")
            found[-1].append(_own_person(where, person, channels)[order])
    return _follow(path, found, layout, tuple(channels), float(fps))


def _own_person(where, person, channels):
    """(V, 3) float32, in the order of the file."""
    image, values = channels == list(IMAGE), []
    for v, joint in enumerate(person):
        joint = [0, 0, 0] if joint is None else joint
        if image and isinstance(joint, list) and len(joint) == 2:
            joint = [*joint, 1]
        if not isinstance(joint, list) or len(joint) != 3:
            raise ValueError(f"{where}, joint {v} is {_short(joint)}, expected [{', '.join(channels)}], or null if it was not seen")
        values += joint
    points = _numbers(where, values)
    if image and points[:, 2].max() > 1:
        raise ValueError(f"{where} has a confidence of {points[:, 2].max():g}, expected 0 to 1; for places in space add "
                         "\"channels\": [\"x\", \"y\", \"z\"]")
    return points


def _openpose(path, frames):
    found = []
    for file, frame in frames:
        people = frame.get("people") if isinstance(frame, dict) else None
        if not isinstance(people, list):
            raise ValueError(f"{file} is no frame of OpenPose: expected an object with a list of \"people\"")
        found.append([])
        for i, person in enumerate(people):
            values = person.get("pose_keypoints_2d") if isinstance(person, dict) else None
            if not isinstance(values, list) or len(values) not in (54, 75):
                count = f"holds {len(values)} numbers" if isinstance(values, list) else "is missing"
                raise ValueError(f"{file}, person {i}: pose_keypoints_2d {count}, expected 54 (18 key points, COCO) or 75 (25 key "
                                 "points, BODY_25), x, y and confidence of each")
            points = _numbers(f"{file}, person {i}", values)
            found[-1].append(points[_BODY_25] if len(points) == 25 else points)  # (18, 3)
    return _follow(path, found, "openpose-18", IMAGE, FPS)


def _coco(path, results):
    images = {}
    for i, result in enumerate(results):
        where = f"{path}: result {i}"
        if not isinstance(result, dict) or not isinstance(result.get("image_id"), int | str):
            raise ValueError(f"{where} has no image_id, expected an object with \"image_id\" (a whole number or a name) and "
                             "\"keypoints\"")
        if result.get("category_id", 1) != 1:
            raise ValueError(f"{where}: category_id is {_short(result['category_id'])}, expected 1, a person")
        values = result.get("keypoints")
        if not isinstance(values, list) or len(values) != 51:
            count = f"holds {len(values)} numbers" if isinstance(values, list) else "is missing"
            raise ValueError(f"{where}: keypoints {count}, expected 51: x, y and confidence of the 17 joints of 'coco-17'")
        images.setdefault(str(result["image_id"]), []).append(_numbers(where, values))
    return _follow(path, [images[image] for image in sorted(images, key=_natural)], "coco-17", IMAGE, FPS)


def _numbers(where, values):
    """(V, 3) float32 from a flat list."""
    for i, value in enumerate(values):
        if not _is_number(value) or not abs(value) < 1e9:  # neither NaN nor what overflows when it is squared
            raise ValueError(f"{where}, joint {i // 3} holds {_short(value)}, expected a finite number below 1e9")
    return np.array(values, dtype=np.float32).reshape(-1, 3)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value):
    """A value as a message can show it."""
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _follow(path, found, layout, channels, fps):
    """`Poses` from the people (V, 3) found in each frame: each goes on as the nearest one before."""
    count = 2 if channels == IMAGE else 3
    tracks, places, sizes = [], np.empty((0, count)), np.empty(0)  # of each person: {frame: points}, last place and last size
    for t, people in enumerate(found):
        people = [points for points in (_seen(path, t, points, channels) for points in people) if points.any()]
        seen = [points[points.any(axis=1), :count].astype(np.float64) for points in people]
        place = np.array([points.mean(axis=0) for points in seen]).reshape(-1, count)
        size = np.array([np.ptp(points, axis=0).max() for points in seen])
        way = np.linalg.norm(place[:, None] - places, axis=-1)  # (people, tracks)
        way[way > np.maximum(size[:, None], sizes)] = np.inf
        track_of = {}
        for _ in range(min(way.shape)):
            j, i = np.unravel_index(way.argmin(), way.shape)  # the shortest way first
            if way[j, i] == np.inf:
                break
            track_of[j] = i
            way[j], way[:, i] = np.inf, np.inf
        for j, points in enumerate(people):
            if j not in track_of:
                track_of[j] = len(tracks)
                tracks.append({})
                places, sizes = np.concatenate([places, place[j:j + 1]]), np.append(sizes, size[j])
            i = track_of[j]
            tracks[i][t], places[i], sizes[i] = points, place[j], size[j]
    if not tracks:
        raise ValueError(f"{path} shows nobody: no joint was seen in its {len(found)} frames")
    people = []
    for track in sorted(tracks, key=len, reverse=True):
        people.append(np.zeros((len(found), skeleton(layout).num_joints, 3), dtype=np.float32))
        people[-1][list(track)] = np.stack(list(track.values()))
    return Poses(people, layout, channels, fps)


def _seen(path, t, points, channels):
    """The points of a person with confidences up to 1, all zeros where a joint was not seen."""
    if channels == IMAGE:
        if points[:, 2].min() < 0:
            raise ValueError(f"{path}: frame {t} has a confidence of {points[:, 2].min():g}, expected 0 to 1")
        points[:, 2] = np.minimum(points[:, 2], 1)
        points[points[:, 2] == 0] = 0
    return points
