"""What training gave, and how far to trust it. Numbers come in, figures go out."""

import html
from math import isfinite

import numpy as np

from .html import Component
from .inside import _looks
from .player import _array, _base64

_MARKS = ("circle", "square", "diamond", "triangle-in", "triangle-out")

# ---- confusion --------------------------------------------------------------------------------------------------------------

def confusion(matrix, classes, *, seeds=None, alt, see=""):
    """Confusion matrix to touch: each cell says in words what was taken for what, and how often.

    Rows are the truth, columns what the network said. Right answers are squares, mistakes are discs, each as strong as its
    share of the row. On the right stands the recall of each class (the share of its clips that was found), below the
    precision (the share of right answers where the network said so). A button puts classes side by side that are taken for
    each other.

    Args:
        matrix: (classes, classes) counts, or several of them, (runs, classes, classes), which are added.
        classes: one name for each class.
        seeds: how many runs `matrix` is the sum of, so that the page can say that every clip counts that often. Left out: as many
            as came.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "confusion".

    Raises:
        ValueError: the matrix is not square, does not fit the names, or holds something other than counts.
    """
    counts, classes = _array(matrix), [str(name) for name in classes]
    if counts.ndim not in (2, 3) or counts.shape[-1] != counts.shape[-2]:
        raise ValueError(f"matrix has shape {counts.shape}, expected (classes, classes) or (runs, classes, classes)")
    if not len(classes) or counts.shape[-1] != len(classes):
        raise ValueError(f"matrix is for {counts.shape[-1]} classes, classes has {len(classes)} names: "
                         "give one for each, at least one")
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.round(counts)).all()):
        raise ValueError("matrix holds a value that is no count, expected whole numbers from 0: give it before it is normalized")
    if seeds is None:
        seeds = len(counts) if counts.ndim == 3 else 1
    elif seeds < 1 or (counts.ndim == 3 and seeds != len(counts)):
        raise ValueError(f"seeds is {seeds!r}, expected " + (f"{len(counts)}, as many as there are matrices" if counts.ndim == 3
                                                            else "1 or more"))
    counts = (counts.sum(0) if counts.ndim == 3 else counts).astype(int)
    if not counts.any():
        raise ValueError("matrix holds no clip at all, expected at least one count above 0")
    data = {"classes": classes, "counts": counts.tolist(), "order": _together(counts), "seeds": int(seeds)}
    rows = [[name, *map(str, row)] for name, row in zip(classes, counts.tolist(), strict=True)]
    return Component("confusion", data, alt=alt, see=see, still=_table(["truth \\ said", *classes], rows))


def _together(counts):
    """Classes in an order that puts what is confused side by side: spectral ordering, as of a graph whose weights are mistakes.

    The Fiedler vector (eigenvector of the second smallest eigenvalue of the Laplacian ``D - W``) minimizes
    ``sum W[a, b] (x[a] - x[b])^2`` among vectors of one length and mean 0, so strongly tied classes get near places. Parts that
    are not tied at all are laid one after the other. Paper: Atkins, Boman and Hendrickson, SIAM Journal on Computing 1998.
    """
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    W = share + share.T
    np.fill_diagonal(W, 0)
    left, order = list(range(len(W))), []
    while left:
        part, edge = {left[0]}, [left[0]]
        while edge:
            near = set(np.flatnonzero(W[edge.pop()]).tolist()) - part
            part |= near
            edge += near
        part = sorted(part)
        inner = W[np.ix_(part, part)]
        place = np.linalg.eigh(np.diag(inner.sum(1)) - inner)[1][:, min(1, len(part) - 1)]
        ranked = [part[i] for i in np.argsort(place, kind="stable")]
        order += ranked if ranked[0] <= ranked[-1] else ranked[::-1]  # the sign of an eigenvector is free
        left = [c for c in left if c not in part]
    return order


# ---- learning curves --------------------------------------------------------------------------------------------------------

_MEASURES = {"loss": "training loss", "validation_loss": "validation loss", "validation_accuracy": "validation accuracy"}


def learning_curves(histories, *, alt, see=""):
    """Loss and accuracy over the epochs: mean of the runs as a line, the lowest to the highest run as a band.

    A cursor reads all values at one epoch. Where runs stop at different epochs, mean and band are of those that still ran, and the
    page says how many those are. The epoch with the smallest mean validation loss is marked.

    Args:
        histories: dict from a name to its runs; a run is what `training.fit` returned, or a list of losses, one an epoch. A single
            run needs no list around it.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "curves".

    Raises:
        ValueError: there is nothing to draw, a value is missing or not finite, or names have different measures.
    """
    if not histories:
        raise ValueError("histories is empty, expected a dict from a name to a list of runs")
    series = [{"name": str(name), "runs": len(runs), "epochs": max(len(run["loss"]) for run in runs),
               "measures": {key: _band([run[key] for run in runs]) for key in runs[0]}}
              for name, runs in ((name, _runs(name, runs)) for name, runs in histories.items())]
    for one in series:
        if one["measures"].keys() != series[0]["measures"].keys():
            raise ValueError(f"histories has {', '.join(series[0]['measures'])} for {series[0]['name']!r} and "
                             f"{', '.join(one['measures'])} for {one['name']!r}: give the same measures for all names")
    for c, (one, (_, color)) in enumerate(zip(series, _looks(len(series)), strict=True)):
        one["look"] = [_MARKS[c % len(_MARKS)], color]
    data = {"series": series, "measures": {key: name for key, name in _MEASURES.items() if key in series[0]["measures"]}}
    rows = [[one["name"], str(one["epochs"]), *(f"{one['measures'][key]['mean'][-1]:.3g}" for key in data["measures"])]
            for one in series]
    still = _table(["", "epochs", *(f"last {name}" for name in data["measures"].values())], rows)
    return Component("curves", data, alt=alt, see=see, still=still)


def _runs(name, runs):
    """The runs of one name as dicts from a measure to its values."""
    runs = list(runs) if runs is not None else []
    if runs and (isinstance(runs[0], dict) or np.ndim(runs[0]) == 0):
        runs = [runs]  # a single run
    if not runs or not all(len(run) for run in runs):
        raise ValueError(f"histories[{name!r}] has no run or a run without epochs: expected a list of what fit returned")
    found = []
    for run in runs:
        if isinstance(run[0], dict):
            if "loss" not in run[0]:
                raise ValueError(f"histories[{name!r}] has epochs with {', '.join(map(str, run[0]))}, expected 'loss' among them")
            keys = [key for key in _MEASURES if key in run[0]]
            if any(key not in epoch for epoch in run for key in keys):
                raise ValueError(f"histories[{name!r}] lacks {' or '.join(keys)} in some epoch: expected it in all of them")
            found.append({key: [float(epoch[key]) for epoch in run] for key in keys})
        else:
            found.append({"loss": [float(value) for value in run]})
    if any(run.keys() != found[0].keys() for run in found):
        raise ValueError(f"histories[{name!r}] has runs with and without validation: give them under two names")
    if not all(isfinite(value) for run in found for values in run.values() for value in values):
        raise ValueError(f"histories[{name!r}] has a value that is not finite: expected finite numbers")
    return found


def _band(runs):
    """Mean, lowest, highest and how many at each epoch, over the runs that got so far."""
    steps = [[run[t] for run in runs if t < len(run)] for t in range(max(map(len, runs)))]
    short = {"mean": np.mean, "low": np.min, "high": np.max}
    band = {key: [float(f"{of(step):.4g}") for step in steps] for key, of in short.items()} if len(runs) > 1 else {
        "mean": [float(f"{step[0]:.4g}") for step in steps]}
    return band | ({} if len(set(map(len, runs))) == 1 else {"runs": [len(step) for step in steps]})


# ---- calibration ------------------------------------------------------------------------------------------------------------

_STEP = 0.002  # of log-probabilities on the page; 16 bits then reach down to exp(-65)


def calibration_error(probabilities, labels, bins=10):
    """Expected calibration error: how far confidence lies from accuracy, bin by bin.

    ``ECE = sum_b n_b / n |acc(b) - conf(b)|``, where bin b holds the n_b clips whose highest probability lies in
    ``((b - 1) / bins, b / bins]``, acc(b) is the share of them that is right and conf(b) their mean highest probability.

    Args:
        probabilities: (n, classes), rows sum to 1. labels: (n,) true classes. bins: how many.

    Returns:
        float from 0 (accuracy is what the confidence says) to 1.

    Raises:
        ValueError: as `calibration`.

    Paper: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    return _calibrated(*_checked(probabilities, labels, bins), bins)[0]


def _calibrated(p, labels, bins):
    """Error, and for each bin that is not empty (from, to, clips, right, mean confidence)."""
    sure, right = p.max(1), p.argmax(1) == labels
    where = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    rows = [(b / bins, (b + 1) / bins, int(own.sum()), int(right[own].sum()), float(sure[own].mean()))
            for b in range(bins) if (own := where == b).any()]
    return sum(abs(hits - n * mean) for _, _, n, hits, mean in rows) / len(p), rows


def _checked(probabilities, labels, bins):
    p, labels = _array(probabilities), _array(labels)
    if p.ndim != 2 or p.shape[1] < 2 or not len(p) or labels.shape != (len(p),):
        raise ValueError(f"probabilities has shape {p.shape}, labels {labels.shape}: expected (n, classes) with at least "
                         "two classes, and (n,)")
    if not np.isfinite(p).all() or (p < 0).any() or np.abs(p.sum(1) - 1).max() > 1e-3:
        raise ValueError("probabilities has rows that are no probabilities, expected numbers from 0 that sum to 1: for logits give "
                         "logits.softmax(1)")
    if not np.isin(labels, np.arange(p.shape[1])).all():
        raise ValueError(f"labels holds a value that is no class, expected whole numbers 0 to {p.shape[1] - 1}")
    if not (isinstance(bins, int) and 2 <= bins <= 50):
        raise ValueError(f"bins is {bins!r}, expected a whole number from 2 to 50")
    return p, labels.astype(int)


def calibration(probabilities, labels, *, bins=10, alt, see=""):
    """Is a network right as often as it is sure? Reliability diagram, with a temperature to turn.

    Above, the share of right answers in each bin of confidence, with Wilson's 95 % interval for so few clips; below, every clip at
    its confidence. The slider divides the logits by a temperature T: ``softmax(z / T)``. As ``z`` and ``log(softmax(z))`` differ
    only by a number the same for all classes, probabilities are enough. No temperature changes which class wins, so accuracy
    stays while confidence moves.

    Args:
        probabilities: (n, classes) as softmax gave them, rows sum to 1.
        labels: (n,) true classes.
        bins: how many bins of confidence.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "calibration".

    Raises:
        ValueError: shapes do not fit, rows do not sum to 1, or a label is no class.

    Paper: Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    p, labels = _checked(probabilities, labels, bins)
    winner, rows = p.argmax(1), np.arange(len(p))
    gap = -np.log(np.maximum(p / p.max(1, keepdims=True), 1e-28))  # (n, classes), 0 for the winner, how far behind the others are
    gap = np.minimum(np.round(gap / _STEP), 32767)
    rest = np.arange(p.shape[1]) != winner[:, None]
    data = {"n": len(p), "classes": p.shape[1], "bins": bins, "step": _STEP, "gaps": _base64(gap[rest].astype("<i2")),
            "truth": gap[rows, labels].astype(int).tolist(),  # 0 where the answer is right
            "right": "".join("01"[hit] for hit in (winner == labels).tolist())}
    error, filled = _calibrated(p, labels, bins)
    table = [[f"{100 * low:.0f} to {100 * high:.0f} %", str(n), str(hits), f"{100 * hits / n:.0f} %", f"{100 * mean:.0f} %"]
             for low, high, n, hits, mean in filled]
    still = _table(["confidence", "clips", "right", "share right", "mean confidence"], table)
    return Component("calibration", data, alt=alt, see=see, still=still + f"<p>Expected calibration error {error:.3f}.</p>")


# ---- intervals --------------------------------------------------------------------------------------------------------------

def intervals(table, *, baseline=None, goal=None, alt, see=""):
    """Accuracies of several variants with both doubts: a dot for each seed, and the interval for so few test clips.

    Args:
        table: what `recipes.summary` returned: {variant: {"mean", "std", "seeds", "clips", "interval": [low, high], and if known
            "accuracies": one a seed}}, shares of 1. Rows stand in the order given.
        baseline: the variant that the others are compared with: the page says whether their seeds overlap with its seeds.
        goal: an accuracy to reach, drawn as a line: a share of 1, or a pair (share, name).
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".

    Returns:
        Component of kind "intervals".

    Raises:
        ValueError: there is no variant, a number is missing or no share of 1, or the baseline is not among the variants.

    Paper: Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    if not table:
        raise ValueError("table is empty, expected {variant: {'mean', 'std', 'seeds', 'clips', 'interval'}}, as summary returns it")
    if baseline is not None and baseline not in table:
        raise ValueError(f"baseline is {baseline!r}, expected one of {', '.join(map(repr, table))}")
    rows = []
    for name, row in table.items():
        missing = [key for key in ("mean", "std", "seeds", "clips", "interval") if key not in row]
        if missing:
            raise ValueError(f"table[{name!r}] lacks {', '.join(missing)}: expected what recipes.summary returns")
        seeds = [float(x) for x in row.get("accuracies", ())]
        shares = [float(row["mean"]), *map(float, row["interval"]), *seeds]
        if not all(isfinite(x) and -1e-9 <= x <= 1 + 1e-9 for x in shares) or not 0 <= row["std"] <= 1 or len(row["interval"]) != 2:
            raise ValueError(f"table[{name!r}] has mean {row['mean']}, std {row['std']}, interval {row['interval']}, "
                             f"accuracies {seeds}: expected shares from 0 to 1 (are these percent? divide by 100)")
        low, high = (min(seeds), max(seeds)) if seeds else (row["mean"] - row["std"], row["mean"] + row["std"])
        rows.append({"name": str(name), "seeds": int(row["seeds"]), "clips": int(row["clips"]), "mean": _short(row["mean"]),
                     "std": _short(row["std"]), "spread": [_short(low), _short(high)], "dots": [_short(x) for x in seeds],
                     "interval": [_short(x) for x in row["interval"]]})
    share, word = goal if isinstance(goal, (tuple, list)) else (goal, "goal")
    if share is not None and not 0 <= share <= 1:
        raise ValueError(f"goal is {share!r}, expected a share from 0 to 1 (is it percent? divide by 100)")
    data = {"rows": rows, "baseline": list(table).index(baseline) if baseline is not None else None,
            "goal": None if share is None else [_short(share), str(word)]}
    still = [[row["name"], f"{100 * row['mean']:.1f} %", f"{100 * row['std']:.1f}", str(row["seeds"]),
              "{:.1f} to {:.1f} %".format(*(100 * x for x in row["interval"])), str(row["clips"])] for row in rows]
    return Component("intervals", data, alt=alt, see=see,
                     still=_table(["", "mean", "spread (points)", "seeds", "95 % interval", "test clips"], still))


def _short(x):
    return round(float(x), 5)


def _table(head, rows):
    """A table for where no script runs; the first column names the rows."""
    top = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
    body = "".join(f'<tr><th scope="row">{html.escape(first)}</th>'
                   + "".join(f"<td>{html.escape(text)}</td>" for text in rest) + "</tr>"
                   for first, *rest in rows)
    return f'<div class="gim-table"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
