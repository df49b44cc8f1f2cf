"""What the experiments gave: the files that `reproduce` wrote, and their summary."""

import datetime
import json
import math
import os
import platform
import subprocess
from pathlib import Path

import numpy as np
import torch

from .. import __version__

LIBRARY = Path(__file__).parents[1]
FOLDER = LIBRARY / "results"


def result_names():
    """Names of the results that come with the library."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load_results(name):
    """What an experiment gave.

    Args:
        name: one of `result_names()`, or the path of a file that `reproduce` wrote.

    Returns:
        dict: "name", "what", "split", "classes", "data" (name, digest, licence), "setups" (variant -> the fields of its `Setup`)
        and "runs", a list with one dict a run: "variant", "seed", "fold", "accuracy", "clips" (how many were tested), "confusion"
        ((classes, classes) counts, rows are the truth), "seconds", "made" (date, version, commit, device), and for networks
        "parameters", "top5", "loss" and "training_loss", one number an epoch. A run on traffic has no accuracy, fold or confusion,
        but "windows" (how many were forecast), and the scores "step" and "cumulative", each a dict of "mae", "rmse" and "mape" with
        one number for every step ahead; see `forecast_summary`.

    Raises:
        ValueError: for a name that is not there, or a file that is no result.
    """
    path = Path(name) if Path(name).suffix == ".json" else FOLDER / f"{name}.json"
    if not path.exists():
        raise ValueError(f"name is {str(name)!r}, expected one of {', '.join(result_names())}, or the path of a .json file")
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        results["runs"][0]["made"]
    except (ValueError, KeyError, IndexError, TypeError):
        raise ValueError(f"{path} is no file that `reproduce` wrote, or it is cut off: python -m stgcn_lib reproduce NAME writes "
                         "it anew") from None
    return results


def summary(results):
    """The accuracy of each variant, all folds of a seed taken together.

    Two different doubts stand side by side. "std" is the spread over seeds: what luck in training moves. "interval" is Wilson's
    95 % interval for as many test clips as there are, at the mean accuracy: what the choice of the clips alone may move.

    Args:
        results: what `load_results` gave.

    Returns:
        {variant: {"mean", "std", "seeds", "clips", "accuracies" (one a seed), "interval" [low, high]}}, shares of 1. "std" is
        that of a sample, 0 with a single seed.

    Paper: Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    counts = {}
    for row in results["runs"]:
        right, clips = counts.setdefault(row["variant"], {}).get(row["seed"], (0, 0))
        counts[row["variant"]][row["seed"]] = (right + round(row["accuracy"] * row["clips"]), clips + row["clips"])
    return {variant: _spread(list(seeds.values())) for variant, seeds in counts.items()}


def forecast_summary(results, how="step", score="rmse"):
    """The score of each variant of an experiment on traffic at every step ahead.

    Args:
        results: what `load_results` gave.
        how: "step", the step alone, or "cumulative", all steps up to it in one pool.
        score: "rmse" or "mae", in the units of the series, or "mape", a fraction.

    Returns:
        {variant: {"mean" (H,), "std" (H,), "seeds", "windows"}}, numpy; "std" is that of a sample, 0 with a single seed.
    """
    found = {}
    for row in results["runs"]:
        found.setdefault(row["variant"], []).append(row)
    summaries = {}
    for variant, rows in found.items():
        scores = np.array([row[how][score] for row in rows])  # (seeds, H)
        spread = scores.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros(scores.shape[1])
        summaries[variant] = {"mean": scores.mean(axis=0), "std": spread, "seeds": len(rows), "windows": rows[0]["windows"]}
    return summaries


def _spread(counts):
    shares = [right / clips for right, clips in counts]
    p, n, z = float(np.mean(shares)), counts[0][1], 1.96
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return {"mean": p, "std": float(np.std(shares, ddof=1)) if len(shares) > 1 else 0.0, "seeds": len(shares), "clips": n,
            "accuracies": shares, "interval": [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]}


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


def earlier(path, head):
    """The runs that the file holds already, if the same setups made them; the recipe may have gained other variants since."""
    if not path.exists():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    same = all(found.get(key) == value for key, value in head.items() if key != "setups")
    if not same or any(found["setups"][row["variant"]] != head["setups"].get(row["variant"]) for row in found["runs"]):
        raise ValueError(f"{path} was written with another setup or other data: move it away to start anew")
    return found["runs"]


def write(path, head, runs):
    """Everything but the runs a key a line, then a run a line, so that a reader and a diff can follow."""
    lines = [f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items()]
    rows = ",\n".join(f"  {json.dumps(row)}" for row in runs)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text("{\n" + "".join(lines) + f' "runs": [\n{rows}\n ]\n}}\n', encoding="utf-8")
    os.replace(part, path)
