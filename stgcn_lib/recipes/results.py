"""What the experiments gave: the files that `reproduce` wrote, and their summary."""

import json
import math
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "results"


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
        "parameters", "top5", "loss" and "training_loss", one number an epoch.

    Raises:
        ValueError: for a name that is not there, or a file that is no result.
    """
    path = Path(name) if Path(name).suffix == ".json" else FOLDER / f"{name}.json"
    if not path.exists():
        raise ValueError(f"name is {str(name)!r}, expected one of {', '.join(result_names())}, or the path of a .json file")
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        results["runs"][0]["accuracy"]
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


def _spread(counts):
    shares = [right / clips for right, clips in counts]
    p, n, z = float(np.mean(shares)), counts[0][1], 1.96
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return {"mean": p, "std": float(np.std(shares, ddof=1)) if len(shares) > 1 else 0.0, "seeds": len(shares), "clips": n,
            "accuracies": shares, "interval": [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]}
