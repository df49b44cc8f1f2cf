"""From a pose file to the names of actions, with a trained network that is already there."""

import numpy as np
import torch

from ..data.pose_files import Poses, coco_to_openpose, read_poses
from ..data.transforms import interpolate_missing
from ..graphs import skeleton
from .checkpoints import checkpoint_names, load_checkpoint, prepare

SECONDS = 64 / 30  # of a window: about as long as the clips that the networks were trained on
SHORTEST = 4  # frames in which someone must be seen: the shortest clip of UTKinect has 5, and its action can be told
SEEN = 1 / 3  # share of the joints that must be there for a person to count as seen in a frame


def predict(poses, checkpoint="motions_openpose", top=5):
    """What the people of a recording do, as a stored network sees it.

    Each person is cut to the frames from the first to the last in which they were seen, and joints that were not seen are filled by
    `transforms.interpolate_missing`. A recording much longer than two seconds is cut into windows of equal length, about two
    seconds each; the network judges each in which the person is seen for 4 frames, and the probabilities of the whole are the means
    over the windows. Poses on ``coco-17`` become ``openpose-18`` by `pose_files.coco_to_openpose` if the network needs these.

    The network knows the actions of its card and always names one of them, also for someone who does something else. It learned
    from clips cut where an action begins and ends: a window that holds the end of one and the beginning of the next gets a guess.

    Args:
        poses: the path of a file or folder that `pose_files.read_poses` reads, or what it gave.
        checkpoint: one of `checkpoint_names()`, or the path of a .safetensors file.
        top: how many actions a ranking holds, at most.

    Returns:
        a list with a dict for each person seen in at least 4 frames: "person" (their index in ``poses.people``), "frames" (the
        first and the last), "action", "probability", "ranking" (pairs of action and probability, the most probable first) and
        "windows" (dicts with "frames", "action", "probability" and "ranking", one for each window)

    Raises:
        ValueError: the file is damaged, its layout is not that of the network, nobody is seen for long enough, or there is no such
            checkpoint.
        FileNotFoundError: there is no such file.
    """
    if top < 1:
        raise ValueError(f"top is {top}, expected 1 or more")
    poses = poses if isinstance(poses, Poses) else read_poses(poses)
    model, card = load_checkpoint(checkpoint)
    graph, coordinates = skeleton(card["layout"]), sum(channel != "confidence" for channel in card["channels"])
    found, most = [], 0
    for person, clip in enumerate(_fitting(poses, checkpoint, card)):
        seen = np.flatnonzero(clip.any(axis=-1).mean(axis=-1) >= SEEN)  # frames
        most = max(most, len(seen))
        if len(seen) < SHORTEST:
            continue
        first, frames = int(seen[0]), int(seen[-1] - seen[0] + 1)
        clip = interpolate_missing(clip[first:first + frames], coordinates=coordinates, layout=graph)
        count = max(1, min(round(frames / (SECONDS * poses.fps)), frames // SHORTEST))
        edges = np.linspace(0, frames, count + 1).round().astype(int).tolist()
        windows = [(start, stop) for start, stop in zip(edges[:-1], edges[1:], strict=True)
                   if ((first + start <= seen) & (seen < first + stop)).sum() >= SHORTEST] or [(0, frames)]
        with torch.no_grad():
            x = torch.cat([prepare(clip[start:stop], card) for start, stop in windows])  # (windows, C, T, V, 1)
            probability = model(x).softmax(dim=1).numpy()  # (windows, classes)
        rows = [_row(first + start, first + stop - 1, p, card["classes"], top) for (start, stop), p in
                zip(windows, probability, strict=True)]
        found.append({"person": person, **_row(first, first + frames - 1, probability.mean(axis=0), card["classes"], top),
                      "windows": rows})
    if not found:
        raise ValueError(f"nobody is seen for long enough: a third of the joints or more in {most} frames at most, expected "
                         f"{SHORTEST} frames or more, because one pose shows no movement")
    return found


def _row(first, last, probability, classes, top):
    order = np.argsort(-probability, kind="stable")[:top]
    ranking = [(classes[i], float(probability[i])) for i in order]
    return {"frames": [first, last], "action": ranking[0][0], "probability": ranking[0][1], "ranking": ranking}


def _fitting(poses, checkpoint, card):
    """The clips on the layout of the network."""
    channels = tuple(card["channels"])
    if (poses.layout, poses.channels) == (card["layout"], channels):
        return poses.people
    if (poses.layout, card["layout"]) == ("coco-17", "openpose-18") and poses.channels == channels:
        return [coco_to_openpose(clip) for clip in poses.people]
    cards = {name: load_checkpoint(name)[1] for name in checkpoint_names()}
    there = "; ".join(f"{name} for {one['layout']} ({', '.join(one['channels'])})" for name, one in cards.items())
    raise ValueError(f"the poses are {poses.layout} ({', '.join(poses.channels)}), checkpoint {str(checkpoint)!r} is for "
                     f"{card['layout']} ({', '.join(channels)}); there are: {there or 'none'}; coco-17 goes with openpose-18 too")
