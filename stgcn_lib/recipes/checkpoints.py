"""Trained networks in one small file each: weights as safetensors, and a card that says what they are."""

import json
import os
import re
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from ..data import transforms
from ..graphs import skeleton
from ..models import STGCN, TrafficConvSTGCN

FOLDER = Path(__file__).parents[1] / "checkpoints"
NEEDED = ("what", "layout", "classes", "channels", "frames", "scale", "setup")


def checkpoint_names():
    """Names of the networks for actions that come with the library; `forecaster_names` has those for traffic."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors") if "scaler" not in _read(path)[0])


def forecaster_names():
    """Names of the networks for traffic that come with the library."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors") if "scaler" in _read(path)[0])


def save_checkpoint(model, path, card):
    """Write an `STGCN` and its card: ``path`` for the weights, with the card inside, and the card beside it as a page to read.

    Args:
        model: an `STGCN`.
        path: where; ends in ".safetensors".
        card: dict with at least "what", "layout", "classes", "channels", "frames", "scale" and "setup".

    Raises:
        ValueError: the card lacks something, or does not fit the network.
    """
    path = Path(path)
    missing = [key for key in NEEDED if key not in card]
    if missing:
        raise ValueError(f"card has no {', '.join(missing)}: expected {', '.join(NEEDED)}")
    if len(card["classes"]) != model.head.out_features:
        raise ValueError(f"card names {len(card['classes'])} classes, the network has {model.head.out_features}")
    _write(model, path, card, _page(card))


def load_checkpoint(name, classes=None):
    """A trained network and what is known of it.

    Args:
        name: one of `checkpoint_names()`, or the path of a .safetensors file.
        classes: how many classes your data has, if you rely on it: then a checkpoint with another number is refused.

    Returns:
        (an `STGCN` in evaluation mode, its card as a dict: "what", "layout", "classes", "channels", "frames", "scale", "data" with
        its licence, "accuracy", "seed", "made" and more)

    Raises:
        ValueError: no such checkpoint, a damaged file, or another number of classes.
    """
    path = _find(name, checkpoint_names)
    card, weights = _read(path)
    if "classes" not in card:
        raise ValueError(f"checkpoint {path.stem!r} forecasts traffic, expected a network for actions: load_forecaster reads it")
    if classes is not None and classes != len(card["classes"]):
        raise ValueError(f"checkpoint {path.stem!r} tells {len(card['classes'])} classes apart, expected {classes}: "
                         f"load it without classes=, then model.with_head({classes}) gives it a new head to train")
    setup = card["setup"]
    adjacency = next(value for key, value in weights.items() if re.fullmatch(r"blocks\.0\.spatial\.(graph\.)?adjacency", key))
    graph = skeleton(card["layout"])
    if adjacency.shape[-1] != graph.num_joints:
        raise ValueError(f"checkpoint {path} has weights for {adjacency.shape[-1]} joints, its layout {card['layout']!r} has "
                         f"{graph.num_joints}: was the card written for another network?")
    model = STGCN(graph, len(card["classes"]), len(card["channels"]), adjacency, plan=setup["plan"], dropout=setup["dropout"],
                  kernel_size=setup["kernel_size"], edge_importance=setup["edge_importance"], pooling=setup["pooling"],
                  spatial=setup.get("spatial", "fixed"), temporal=setup.get("temporal", "single"),
                  attention=setup.get("attention") or None)
    return _filled(model, weights, path), card


def prepare(clip, card):
    """A clip as the network of a checkpoint was trained to see it.

    Args:
        clip: (T, V, C) array in the layout and with the channels of the card.
        card: what `load_checkpoint` gave.

    Returns:
        (1, C, frames, V, 1) float32 tensor.

    Raises:
        ValueError: the clip does not fit the card.
    """
    clip = np.asarray(clip, dtype=np.float32)
    graph, channels = skeleton(card["layout"]), card["channels"]
    if clip.ndim != 3 or clip.shape[1:] != (graph.num_joints, len(channels)):
        raise ValueError(f"clip has shape {clip.shape}, the checkpoint expects (T, {graph.num_joints}, {len(channels)}): the "
                         f"joints of {card['layout']!r} with {', '.join(channels)}")
    coordinates = sum(channel in ("x", "y", "z") for channel in channels)
    clip = transforms.center_and_scale(clip, graph, card["scale"], coordinates)
    clip = transforms.resample(clip, card["frames"])
    return torch.from_numpy(clip).permute(2, 0, 1)[None, ..., None].contiguous()  # (T, V, C) -> (1, C, T, V, 1)


def save_forecaster(model, path, card):
    """Write a `TrafficConvSTGCN` and its card, like `save_checkpoint`.

    Args:
        model: a `TrafficConvSTGCN`.
        path: where; ends in ".safetensors".
        card: dict with at least "name", "what", "data", "windows", "setup", "scaler", "sensors", "seed", "step" and "made".
    """
    rmse, step, data, made = card["step"]["rmse"], card["step_minutes"], card["data"], card["made"]
    scores = ", ".join(f"{rmse[i]:.2f} after {(i + 1) * step} minutes" for i in range(2, len(rmse), 3))
    page = [f"# {card['name']}", "", card["what"], "",
            f"- Input: {card['windows'][0]} steps of {step} minutes at {len(card['sensors'])} sensors, the features "
            f"{', '.join(card['setup']['features'])}. Output: {card['windows'][1]} steps, in {card['units']} once scaled back.",
            f"- Trained on {data['name']} (licence: {data['licence']}). {card['split']}",
            f"- RMSE on the test windows: {scores}. This is seed {card['seed']}, the first one, not the "
            "best one; the results of the same name have the others.",
            f"- Made {made['date']} by `python -m stgcn_lib reproduce {card['name']}`, library {made['library']}, commit "
            f"{made['commit']}, torch {made['torch']}, {made['device']}.",
            "- Not for: steering traffic, or other roads than those it was trained on.", ""]
    _write(model, Path(path), card, "\n".join(page))


def load_forecaster(name):
    """A trained network for traffic and what is known of it.

    Args:
        name: one of `forecaster_names()`, or the path of a .safetensors file.

    Returns:
        (a `TrafficConvSTGCN` in evaluation mode, which takes and gives scaled numbers, and its card as a dict: "what", "windows",
        "setup" with the features, "scaler" with mean and std, "sensors", "data" with its licence, "step" with the scores, "made")

    Raises:
        ValueError: no such checkpoint, a damaged file, or a network for something else.
    """
    path = _find(name, forecaster_names)
    card, weights = _read(path)
    if "scaler" not in card:
        raise ValueError(f"checkpoint {path.stem!r} tells actions apart, expected a network for traffic: load_checkpoint reads it")
    setup, (inputs, outputs) = card["setup"], card["windows"]
    V = len(card["sensors"])
    graph = None if setup["graph"] == "none" else torch.eye(V).roll(1, 0) + torch.eye(V).roll(-1, 0)  # the weights bring their own
    model = TrafficConvSTGCN(graph, outputs, inputs, len(setup["features"]), setup["channels"], adaptive=setup["adaptive"],
                             dropout=setup["dropout"], num_nodes=V, from_last=not setup["beyond_linear"])
    return _filled(model, weights, path), card


def _find(name, names):
    """The path of a checkpoint."""
    path = Path(name) if Path(name).suffix == ".safetensors" else FOLDER / f"{name}.safetensors"
    if not path.exists():
        raise ValueError(f"checkpoint is {str(name)!r}, expected one of {', '.join(names())}, or the path of a .safetensors file")
    return path


def _read(path):
    """Card and weights of a file."""
    try:
        with safe_open(path, "pt") as file:
            return json.loads((file.metadata() or {})["card"]), {key: file.get_tensor(key) for key in file.keys()}
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"checkpoint {path} cannot be read ({type(error).__name__}): expected a file that save_checkpoint wrote; "
                         "fetch it again") from None


def _filled(model, weights, path):
    """The network with its weights, in evaluation mode."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"checkpoint {path} does not fit its own card: {error}") from None
    return model.eval()


def _write(model, path, card, page):
    """Weights with the card inside, and the page beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(save({name: value.contiguous() for name, value in model.state_dict().items()}, {"card": json.dumps(card)}))
    os.replace(part, path)
    path.with_suffix(".md").write_text(page, encoding="utf-8")


def _page(card):
    """The card for human eyes."""
    data, made = card.get("data", {}), card.get("made", {})
    lines = [f"# {card.get('name', 'A trained ST-GCN')}", "", card["what"], "",
             f"- Input: layout {card['layout']}, channels {', '.join(card['channels'])}, resampled to {card['frames']} frames.",
             f"- Classes: {', '.join(card['classes'])}."]
    if data:
        lines += [f"- Trained on {data['name']} (licence: {data['licence'] or 'none stated'}); split: {card['split']}."]
        if "none stated" in data["licence"] or not data["licence"]:
            lines += ["- **Research use.** The licence of this project's code does not cover these weights, because the terms of "
                      "the data are not stated."]
    if "accuracy" in card:
        lines += [f"- Accuracy on the {card['clips']} test clips: {100 * card['accuracy']:.1f} %. This is seed {card['seed']}, "
                  "the first one, not the best one; the results of the same name have the others."]
    if made:
        lines += [f"- Made {made['date']} by `python -m stgcn_lib reproduce {card['name']}`, library {made['library']}, commit "
                  f"{made['commit']}, torch {made['torch']}, {made['device']}."]
    lines += ["- Not for: telling people apart, judging health, watching anyone without their consent.", ""]
    return "\n".join(lines)
