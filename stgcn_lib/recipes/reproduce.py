"""Carry out an experiment, run by run, and write down what came out."""

import json
from pathlib import Path

import torch

from . import experiment, forecasting, ring
from .results import LIBRARY, earlier, provenance, write
from .roads import FORECASTS
from .setups import RECIPES


def reproduce(name, seeds=3, device="auto", folder=None, progress=True):
    """Carry out a recipe, or go on with it, and write what came out.

    Every run is written when it ends, so an interrupted experiment goes on where it stopped.

    Args:
        name: one of `RECIPES` or `FORECASTS`, or "ring", the forecasts of the traffic sandbox.
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
    if name not in (*RECIPES, *FORECASTS, "ring"):
        raise ValueError(f"name is {name!r}, expected one of {', '.join([*RECIPES, *FORECASTS, 'ring'])}")
    if not isinstance(seeds, int) or seeds < 1:
        raise ValueError(f"seeds is {seeds!r}, expected a whole number, 1 or more")
    device = pick_device(device)
    folder = Path(folder) if folder else LIBRARY if (LIBRARY.parent / "book").is_dir() else Path()
    if name == "ring":  # the traffic sandbox: a minute, with seeds of its own
        return ring.reproduce(folder)
    path = folder / "results" / f"{name}.json"
    if name in RECIPES:
        head, tasks = experiment.plan(RECIPES[name], name, seeds, device, folder, progress)
    else:
        head, tasks = forecasting.plan(FORECASTS[name], name, seeds, device, folder, progress)
    head = json.loads(json.dumps(head))  # tuples become lists, as they are in a file
    runs = earlier(path, head)
    done = [{key: row[key] for key in tasks[0][0]} for row in runs]
    for which, work in tasks:
        if which not in done:
            row, words = work(provenance(device))
            runs.append(row)
            write(path, head, runs)
            print(", ".join(f"{key} {value}" if key != "variant" else value for key, value in which.items()) + f": {words}",
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
