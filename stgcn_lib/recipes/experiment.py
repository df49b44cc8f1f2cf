"""Experiments on clips: train one variant, score it on the clips of other people."""

import dataclasses
import hashlib
import time
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

from ..data import augment, corruptions, manifest, transforms
from ..graphs.streams import streams
from ..models import STGCN
from ..training import evaluate, fit
from .checkpoints import save_checkpoint
from .setups import dataset


def build(setup, graph, classes, in_channels=3):
    """The network of a `Setup`; a baseline gets about as many parameters as the ST-GCN of the same setup has."""
    strategy = graph.partition("spatial", reference=True) if setup.strategy == "released" else setup.strategy
    network = STGCN(graph, classes, in_channels * len(setup.streams), strategy, plan=setup.plan, kernel_size=setup.kernel_size,
                    dropout=setup.dropout, edge_importance=setup.edge_importance, pooling=setup.pooling, spatial=setup.spatial,
                    temporal=setup.temporal, attention=setup.attention or None)
    if setup.streams != ("joint",):
        return Streamed(network, graph, setup.streams)
    if setup.model == "stgcn":
        return network
    numbers = in_channels * graph.num_joints  # of a frame
    make = {"frames": lambda width: Frames(numbers, classes, width),
            "dense": lambda width: dense(setup.frames * numbers, classes, width)}[setup.model]
    budget, width = sum(p.numel() for p in network.parameters()), 8
    while sum(p.numel() for p in make(width + 8).parameters()) <= budget:
        width += 8
    return make(width)


class Streamed(nn.Module):
    """A network that is given joints and sees streams of them, side by side as channels."""

    def __init__(self, network, graph, names):
        super().__init__()
        self.network, self.graph, self.names = network, graph, names

    def forward(self, x):
        return self.network(streams(x, self.graph, self.names))


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
    if setup.center:
        clips = clips.map(lambda clip: transforms.center_and_scale(clip, clips.graph, setup.scale, coordinates))
    if setup.sampling == "pad":
        longest = max(map(len, clips.clips))
        clips = clips.map(lambda clip: np.pad(clip, ((0, longest - len(clip)), (0, 0), (0, 0))))
    return clips.tensors(setup.frames)


def run(setup, clips, train, test, seed, device="cpu", progress=False, trained=None, corrupted=False):
    """Train one variant on some clips and score it, as it is after the last epoch, on others.

    Args:
        setup: a `Setup`.
        clips: a `Dataset`.
        train, test: (n,) boolean masks of the clips.
        seed: whole number; the same seed gives the same numbers on the same machine.
        device: where to compute.
        progress: whether to show a bar.
        trained: dict, what was trained in earlier runs with this seed on these clips; whatever can be used again is not trained
            again, and what this run trains joins it: setup of a single network -> (network on the CPU, history).
        corrupted: whether to score it on damaged test clips too.

    Returns:
        dict as in the "runs" of `load_results`
    """
    trained = {} if trained is None else trained
    began = time.perf_counter()
    classes = len(clips.classes)
    more = {}
    if setup.model == "logistic":
        guesses, labels = _logistic(*prepare(clips, dataclasses.replace(setup, frames=16)), train, test)
    else:
        x, y = prepare(clips, setup)
        change = _changes(setup, clips)
        pairs, tested = TensorDataset(x[train], y[train]), TensorDataset(x[test], y[test])
        parts = networks(setup)
        for part in parts:
            if part not in trained:
                model, history = _train(part, clips, pairs, change, seed, device, progress, tested if part.look else None)
                trained[part] = model.cpu(), history
        models = [trained[part][0].to(device) for part in parts]
        torch.manual_seed(seed)
        views = [tested, *(TensorDataset(change(x[test]), y[test]) for _ in range(setup.views - 1))]  # the clip as it is among them
        chances = torch.stack([evaluate(model, view)["logits"].softmax(dim=1) for model in models for view in views])
        chances, labels = chances.mean(dim=0), y[test].numpy()  # (n, classes)
        guesses = chances.argmax(1).numpy()
        ranked = chances.topk(min(5, classes)).indices.numpy()
        histories = [trained[part][1] for part in parts]
        more = {"parameters": sum(p.numel() for model in models for p in model.parameters()),
                "top5": round(float((ranked == labels[:, None]).any(1).mean()), 4),
                "loss": round(float(nn.functional.nll_loss(chances.clamp_min(1e-9).log(), y[test])), 4),
                "training_loss": [round(sum(row["loss"] for row in rows) / len(rows), 4) for rows in zip(*histories, strict=True)]}
        if setup.look and len(parts) == 1:
            more["looks"] = [round(row["validation_accuracy"], 4) for row in histories[0]]
        if clips.name == "shrec17" and classes == 28:  # a gesture with one finger and with the hand, taken as one
            more["accuracy_14"] = float((chances.unflatten(1, (14, 2)).sum(2).argmax(1).numpy() == labels // 2).mean())
        if corrupted:
            more["corrupted"] = _corrupted(models[0], x[test], y[test], setup, clips.graph)
        for model in models:
            model.cpu()
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, guesses), 1)
    return {"accuracy": float((guesses == labels).mean()), "clips": len(labels), **more, "confusion": confusion.tolist(),
            "seconds": round(time.perf_counter() - began, 1)}


def networks(setup):
    """The setups of the single networks that a variant is made of."""
    single = dataclasses.replace(setup, views=1, apart=False, fill=setup.fill if setup.hidden else "zero")
    return [dataclasses.replace(single, streams=(name,)) for name in setup.streams] if setup.apart else [single]


def _changes(setup, clips):
    """The random changes to a batch of training clips, and of the views of a test clip."""
    coordinates = sum(channel in ("x", "y", "z") for channel in clips.channels)

    def change(batch):
        for axis, degrees in (("y", setup.turn), ("x", setup.tilt), ("z", setup.tilt)):
            batch = augment.rotate(batch, degrees, axis) if degrees else batch
        batch = augment.crop_in_time(augment.rescale(batch, setup.size, coordinates), setup.stretch)
        if setup.hidden:
            share = setup.hidden * torch.rand(len(batch))
            batch = corruptions.drop_joints_in_training(batch, share, how=setup.fill, coordinates=coordinates, graph=clips.graph)
        return batch

    return change


def _corrupted(model, x, y, setup, graph):
    """{kind: [accuracy at each of its levels]}; every network meets the same damage."""
    found = {}
    for kind, (_, levels) in corruptions.CORRUPTIONS.items():
        found[kind] = []
        for level in levels:
            damaged, seen = corruptions.corrupt(x, kind, level, graph, seed=0)
            damaged = corruptions.fill(damaged, seen, setup.fill, graph=None if setup.fill == "zero" else graph)
            found[kind].append(round(evaluate(model, TensorDataset(damaged, y))["accuracy"], 4))
    return found


def _train(setup, clips, pairs, change, seed, device, progress, tested=None):
    """The network after its last epoch, and the history of its training, with the accuracy on `tested` after every epoch."""
    torch.manual_seed(seed)
    model = build(setup, clips.graph, len(clips.classes), len(clips.channels)).to(device)
    optimizer, schedule = _optimizer(model, setup)
    loss = nn.CrossEntropyLoss(label_smoothing=setup.label_smoothing)
    history = fit(model, pairs, optimizer, setup.epochs, schedule=schedule, augment=change, loss=loss,
                  batch_size=setup.batch_size, precision=setup.precision, seed=seed, progress=progress, validation=tested)
    return model, history


def _optimizer(model, setup):
    """What follows the gradient, and how far it steps in which epoch."""
    if setup.optimizer == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), setup.learning_rate, 0.9, weight_decay=setup.weight_decay, nesterov=True)
        steps = [round(setup.epochs * share) for share in (1 / 8, 5 / 8)]  # 10 and 50 of 80 epochs, in the released settings
        return optimizer, torch.optim.lr_scheduler.MultiStepLR(optimizer, steps)
    optimizer = torch.optim.AdamW(model.parameters(), setup.learning_rate, weight_decay=setup.weight_decay)
    warm = min(5, setup.epochs - 1)
    return optimizer, torch.optim.lr_scheduler.SequentialLR(optimizer, [
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=warm),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setup.epochs - warm)], [warm])


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


def plan(recipe, name, seeds, device, folder, progress):
    """What `reproduce` needs to know of an experiment on clips.

    Returns:
        (head of the results, list of pairs: what tells a run from the others, and a function that carries it out. Given where it is
        made, the function returns the run's row of the results and a sentence about it.)
    """
    clips = dataset(recipe)
    head = {"name": name, "what": recipe.what, "split": recipe.split, "classes": list(clips.classes),
            "data": {"name": recipe.data, "part": recipe.only, "digest": _digest(clips), "licence": clips.licence},
            "setups": {variant: dataclasses.asdict(setup) for variant, setup in recipe.variants.items()}}
    trained = {}  # variants may share networks: other views of the clips, or other ways to put streams together

    def work(made, setup, train, test, which):
        here = trained.setdefault((which["seed"], which["fold"]), {})
        result = run(setup, clips, train, test, which["seed"], device, progress, here, recipe.corrupted)
        result = {**which, **result, "made": made}
        if which == {"variant": recipe.checkpoint, "seed": 0, "fold": 0}:
            _keep(here[networks(setup)[0]][0], folder / "checkpoints" / f"{name}.safetensors", head, setup, clips, result)
        return result, f"{100 * result['accuracy']:.1f} % of {result['clips']} clips"

    tasks = []
    for variant, setup in recipe.variants.items():
        for seed in range(1 if setup.model == "logistic" else seeds):  # logistic regression draws nothing
            for fold, (train, test) in enumerate(recipe.folds(clips)):
                which = {"variant": variant, "seed": seed, "fold": fold}
                tasks.append((which, partial(work, setup=setup, train=train, test=test, which=which)))
    return head, tasks


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
