"""Carry out an experiment, run by run, and write down what came out."""

import dataclasses
import datetime
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from .. import __version__
from ..data import augment, manifest, transforms
from ..models import STGCN
from ..training import evaluate, fit
from .checkpoints import save_checkpoint
from .setups import RECIPES, dataset

LIBRARY = Path(__file__).parents[1]


def build(setup, graph, classes, in_channels=3):
    """The network of a `Setup`; a baseline gets about as many parameters as the ST-GCN of the same setup has."""
    strategy = graph.partition("spatial", reference=True) if setup.strategy == "released" else setup.strategy
    network = STGCN(graph, classes, in_channels, strategy, plan=setup.plan, kernel_size=setup.kernel_size, dropout=setup.dropout,
                    edge_importance=setup.edge_importance, pooling=setup.pooling)
    if setup.model == "stgcn":
        return network
    numbers = in_channels * graph.num_joints  # of a frame
    make = {"frames": lambda width: Frames(numbers, classes, width),
            "dense": lambda width: dense(setup.frames * numbers, classes, width)}[setup.model]
    budget, width = sum(p.numel() for p in network.parameters()), 8
    while sum(p.numel() for p in make(width + 8).parameters()) <= budget:
        width += 8
    return make(width)


class Frames(nn.Module):
    """Baseline without a graph and without order: each frame's joints in one list, then the mean over frames."""

    def __init__(self, numbers, classes, width):
        super().__init__()
        self.frame = nn.Sequential(nn.Linear(numbers, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = x.squeeze(-1).permute(0, 2, 1, 3).flatten(2)  # (N, C, T, V, 1) -> (N, T, C V)
        return self.head(self.frame(x).mean(1))


def dense(numbers, classes, width):
    """Baseline without any structure: all numbers of a clip in one list."""
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(numbers), nn.Linear(numbers, width), nn.ReLU(), nn.Dropout(0.5),
                         nn.Linear(width, width), nn.ReLU(), nn.Linear(width, classes))


def prepare(clips, setup):
    """A `Dataset` as two tensors, x (N, C, frames, V, 1) and labels (N,), the way that training wants it."""
    coordinates = sum(channel in ("x", "y", "z") for channel in clips.channels)
    placed = clips.map(lambda clip: transforms.center_and_scale(clip, clips.graph, setup.scale, coordinates))
    return placed.tensors(setup.frames)


def run(setup, clips, train, test, seed, device="cpu", progress=False, trained=None):
    """Train one variant on some clips and score it, as it is after the last epoch, on others.

    Args:
        setup: a `Setup`.
        clips: a `Dataset`.
        train, test: (n,) boolean masks of the clips.
        seed: whole number; the same seed gives the same numbers on the same machine.
        device: where to compute.
        progress: whether to show a bar.
        trained: what an earlier run with another number of views gave back, to score without training again.

    Returns:
        (dict as in the "runs" of `load_results`, the pair of trained network on the CPU and its history; None for logistic
        regression)
    """
    began = time.perf_counter()
    classes = len(clips.classes)
    more = {}
    if setup.model == "logistic":
        guesses, labels = _logistic(*prepare(clips, dataclasses.replace(setup, frames=16)), train, test)
    else:
        x, y = prepare(clips, setup)
        change = _changes(setup, clips)
        model, history = trained or _train(setup, clips, TensorDataset(x[train], y[train]), change, seed, device, progress)
        scores = evaluate(model.to(device), TensorDataset(x[test], y[test]))
        logits, labels = scores["logits"], scores["labels"].numpy()
        if setup.views > 1:  # the mean of the probabilities over the views, the clip as it is among them
            torch.manual_seed(seed)
            views = [evaluate(model, TensorDataset(change(x[test]), y[test]))["logits"] for _ in range(setup.views - 1)]
            logits = torch.stack([logits, *views]).softmax(dim=2).mean(dim=0).log()
        guesses = logits.argmax(1).numpy()
        ranked = logits.topk(min(5, classes)).indices.numpy()
        more = {"parameters": sum(p.numel() for p in model.parameters()),
                "top5": round(float((ranked == labels[:, None]).any(1).mean()), 4),
                "loss": round(float(nn.functional.cross_entropy(logits, torch.from_numpy(labels))), 4),
                "training_loss": [round(row["loss"], 4) for row in history]}
        trained = model.cpu(), history
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, guesses), 1)
    return {"accuracy": float((guesses == labels).mean()), "clips": len(labels), **more, "confusion": confusion.tolist(),
            "seconds": round(time.perf_counter() - began, 1)}, trained


def _changes(setup, clips):
    """The random changes to a batch of training clips, and of the views of a test clip."""
    coordinates = sum(channel in ("x", "y", "z") for channel in clips.channels)

    def change(batch):
        batch = augment.rotate(batch, setup.turn) if setup.turn else batch
        return augment.crop_in_time(augment.rescale(batch, setup.size, coordinates), setup.stretch)

    return change


def _train(setup, clips, pairs, change, seed, device, progress):
    """The network after its last epoch, and the history of its training."""
    torch.manual_seed(seed)
    model = build(setup, clips.graph, len(clips.classes), len(clips.channels)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), setup.learning_rate, weight_decay=setup.weight_decay)
    warm = min(5, setup.epochs - 1)
    schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warm),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setup.epochs - warm)], [warm])
    loss = nn.CrossEntropyLoss(label_smoothing=setup.label_smoothing)
    history = fit(model, pairs, optimizer, setup.epochs, schedule=schedule, augment=change, loss=loss,
                  batch_size=setup.batch_size, seed=seed, progress=progress)
    return model, history


def _logistic(x, y, train, test):
    """Guesses and labels of a logistic regression on all numbers of a clip."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError:
        raise ValueError("the baseline needs scikit-learn: python -m pip install scikit-learn") from None
    x, y = x.flatten(1).numpy(), y.numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=3000)).fit(x[train], y[train])
    return model.predict(x[test]), y[test]


def reproduce(name, seeds=3, device="auto", folder=None, progress=True):
    """Carry out a recipe, or go on with it, and write what came out.

    Every run is written when it ends, so an interrupted experiment goes on where it stopped.

    Args:
        name: one of `RECIPES`.
        seeds: how many seeds, 0, 1, ...; three or more say something about the spread.
        device: "auto", "cpu", "cuda" or "mps".
        folder: where ``results/NAME.json`` and ``checkpoints/NAME.safetensors`` go: into the library in a checkout of the book,
            into the present folder elsewhere.
        progress: whether to show bars.

    Returns:
        the path of the results.

    Raises:
        ValueError: for an unknown name or device, or a file there that another setup wrote.
    """
    if name not in RECIPES:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(RECIPES)}")
    if not isinstance(seeds, int) or seeds < 1:
        raise ValueError(f"seeds is {seeds!r}, expected a whole number, 1 or more")
    recipe, device = RECIPES[name], pick_device(device)
    clips = dataset(recipe)
    folder = Path(folder) if folder else LIBRARY if (LIBRARY.parent / "book").is_dir() else Path()
    path = folder / "results" / f"{name}.json"
    head = {"name": name, "what": recipe.what, "split": recipe.split, "classes": list(clips.classes),
            "data": {"name": recipe.data, "part": recipe.only, "digest": _digest(clips), "licence": clips.licence},
            "setups": {variant: dataclasses.asdict(setup) for variant, setup in recipe.variants.items()}}
    head = json.loads(json.dumps(head))  # tuples become lists, as they are in a file
    runs = _earlier(path, head)
    done = {(row["variant"], row["seed"], row["fold"]) for row in runs}
    trained = {}  # variants that differ in their views alone share a network
    for variant, setup in recipe.variants.items():
        for seed in range(1 if setup.model == "logistic" else seeds):  # logistic regression draws nothing
            for fold, (train, test) in enumerate(recipe.folds(clips)):
                if (variant, seed, fold) in done:
                    continue
                key = dataclasses.replace(setup, views=1), seed, fold
                result, network = run(setup, clips, train, test, seed, device, progress, trained.get(key))
                if any(dataclasses.replace(other, views=1) == key[0] for other in recipe.variants.values() if other != setup):
                    trained[key] = network
                result = {"variant": variant, "seed": seed, "fold": fold, **result, "made": provenance(device)}
                if (variant, seed, fold) == (recipe.checkpoint, 0, 0):
                    _keep(network[0], folder / "checkpoints" / f"{name}.safetensors", head, setup, clips, result)
                runs.append(result)
                _write(path, head, runs)
                print(f"{variant}, seed {seed}, fold {fold}: {100 * result['accuracy']:.1f} % of {result['clips']} clips",
                      flush=True)
    return path


def pick_device(device="auto"):
    """The torch device of that name; "auto" takes the first that is there of cuda, mps and cpu."""
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        device = next(name for name, there in here.items() if there)
    if not here.get(device.split(":")[0]):
        raise ValueError(f"device is {device!r}, expected 'auto' or one of {', '.join(n for n, there in here.items() if there)}")
    return device


def provenance(device):
    """What a number was made with."""
    try:
        git = lambda *words: subprocess.run(["git", *words], cwd=LIBRARY, capture_output=True, text=True, check=True).stdout  # noqa: E731
        commit = git("rev-parse", "--short=12", "HEAD").strip() + ("+" if git("status", "--porcelain", "--", "*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        commit = None
    processor = f"{platform.machine()}, {torch.get_num_threads()} threads"
    return {"date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", "library": __version__, "commit": commit,
            "device": torch.cuda.get_device_name() if device.startswith("cuda") else processor,
            "torch": torch.__version__, "python": platform.python_version()}


def _digest(clips):
    """What a recorded set was checked against; of synthetic clips a digest of the numbers, to a tenth of a millimetre."""
    if clips.name in manifest.NAMES:
        return manifest.digest(clips.name)
    return hashlib.sha256(b"".join(np.round(clip * 1e4).astype(np.int64).tobytes() for clip in clips.clips)).hexdigest()


def _keep(model, path, head, setup, clips, result):
    """Write the network with its card."""
    save_checkpoint(model, path, {
        "name": head["name"], "what": head["what"], "layout": clips.graph.name, "classes": head["classes"],
        "channels": list(clips.channels), "frames": setup.frames, "scale": setup.scale, "data": head["data"],
        "split": head["split"], "setup": dataclasses.asdict(setup), "seed": result["seed"], "accuracy": result["accuracy"],
        "clips": result["clips"], "made": result["made"]})


def _earlier(path, head):
    """The runs that the file holds already, if the same setups made them."""
    if not path.exists():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    if any(found.get(key) != value for key, value in head.items()):
        raise ValueError(f"{path} was written with another setup or other data: move it away to start anew")
    return found["runs"]


def _write(path, head, runs):
    """Everything but the runs a key a line, then a run a line, so that a reader and a diff can follow."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    rows = ",\n".join(f"  {json.dumps(row)}" for row in runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text("{\n" + "".join(lines) + f' "runs": [\n{rows}\n ]\n}}\n', encoding="utf-8")
    os.replace(part, path)
