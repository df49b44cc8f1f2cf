"""Figures of scores: what goes to the page, against scikit-learn, torchmetrics, networkx and plain loops. What they do is seen in
tests/browser."""

import base64
import re

import networkx as nx
import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from stgcn_lib.viz import calibration, calibration_error, confusion, intervals, learning_curves
from stgcn_lib.viz.html import script

# ---- confusion --------------------------------------------------------------------------------------------------------------

NAMES = ("walk", "wave hands", "sit down", "clap hands")
COUNTS = np.array([[10, 0, 0, 0], [0, 7, 0, 3], [1, 0, 9, 0], [0, 2, 0, 8]])


def test_confusion_sends_the_counts_and_adds_runs():
    truth, said = np.repeat(range(4), 10), np.random.default_rng(0).integers(0, 4, 40)
    one = confusion_matrix(truth, said)
    data = confusion(torch.tensor(one), NAMES, alt="a").data
    assert data["counts"] == one.tolist() and data["classes"] == list(NAMES) and data["seeds"] == 1
    data = confusion([one, COUNTS], NAMES, alt="a").data
    assert data["counts"] == (one + COUNTS).tolist() and data["seeds"] == 2
    assert confusion(one + COUNTS, NAMES, seeds=2, alt="a").data == data


def test_what_is_confused_stands_side_by_side():
    order = confusion(COUNTS, NAMES, alt="a").data["order"]
    assert sorted(order) == [0, 1, 2, 3]
    assert abs(order.index(1) - order.index(3)) == 1 and abs(order.index(0) - order.index(2)) == 1
    assert confusion(np.diag([3, 4, 5, 6]), NAMES, alt="a").data["order"] == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_is_the_spectral_ordering_of_the_graph_of_mistakes(seed):
    counts = np.random.default_rng(seed).poisson(2.0, (7, 7)) + 8 * np.eye(7, dtype=int)
    share = counts / counts.sum(1, keepdims=True)
    W = share + share.T
    np.fill_diagonal(W, 0)
    wanted = nx.spectral_ordering(nx.from_numpy_array(W), method="lanczos")
    order = confusion(counts, list("abcdefg"), alt="a").data["order"]
    assert order in (wanted, wanted[::-1]) and order[0] < order[-1]


@pytest.mark.parametrize("arguments, words", [
    ((COUNTS[:3], NAMES), "expected (classes, classes)"), ((COUNTS, NAMES[:3]), "3 names"),
    ((np.zeros((0, 0)), ()), "at least one"),
    ((COUNTS / 10, NAMES), "normalized"), ((-COUNTS, NAMES), "no count"), ((COUNTS * np.nan, NAMES), "no count"),
    ((0 * COUNTS, NAMES), "no clip at all")])
def test_confusion_refuses(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        confusion(*arguments, alt="a")


def test_confusion_refuses_seeds_that_do_not_fit():
    for matrix, seeds in ((COUNTS, 0), ([COUNTS, COUNTS], 3)):
        with pytest.raises(ValueError, match="seeds is"):
            confusion(matrix, NAMES, seeds=seeds, alt="a")


# ---- learning curves --------------------------------------------------------------------------------------------------------

def epochs(losses, held=None):
    rows = [{"epoch": t + 1, "loss": x, "learning_rate": 0.1, "seconds": 1.0} for t, x in enumerate(losses)]
    return rows if held is None else [row | {"validation_loss": v, "validation_accuracy": 1 - v}
                                      for row, v in zip(rows, held, strict=True)]


def test_curves_are_mean_lowest_and_highest_of_the_runs_that_got_so_far():
    runs = [[3.0, 2.0, 1.0], [4.0, 1.0], [2.0, 3.0, 2.0]]
    data = learning_curves({"a": runs, "b": [[1.0, 0.5]]}, alt="a").data
    assert data["series"][0]["measures"] == {"loss": {"mean": [3, 2, 1.5], "low": [2, 1, 1], "high": [4, 3, 2], "runs": [3, 3, 2]}}
    assert data["series"][1]["measures"] == {"loss": {"mean": [1, 0.5]}} and data["measures"] == {"loss": "training loss"}
    assert [one["epochs"] for one in data["series"]] == [3, 2]
    assert len({one["look"][0] for one in data["series"]}) == len({one["look"][1] for one in data["series"]}) == 2


def test_curves_take_what_fit_returned():
    run = epochs([2.0, 1.0], [0.5, 0.25])
    data = learning_curves({"a": run}, alt="a").data
    assert data == learning_curves({"a": [run]}, alt="a").data
    assert data["series"][0]["measures"] == {"loss": {"mean": [2, 1]}, "validation_loss": {"mean": [0.5, 0.25]},
                                             "validation_accuracy": {"mean": [0.5, 0.75]}}


@pytest.mark.parametrize("histories, words", [
    ({}, "empty"), ({"a": []}, "no run"), ({"a": [[]]}, "without epochs"), ({"a": [[1.0, float("nan")]]}, "not finite"),
    ({"a": [[{"accuracy": 1.0}]]}, "'loss' among"), ({"a": [epochs([1.0]), epochs([1.0], [1.0])]}, "with and without"),
    ({"a": [epochs([1.0])], "b": [epochs([1.0], [1.0])]}, "the same measures"),
    ({"a": [epochs([1.0], [1.0]) + epochs([1.0])]}, "in some epoch")])
def test_curves_refuse(histories, words):
    with pytest.raises(ValueError, match=words):
        learning_curves(histories, alt="a")


# ---- calibration ------------------------------------------------------------------------------------------------------------

def answers(n=300, classes=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += 1.5
    return torch.tensor(3 * logits), torch.tensor(labels)


@pytest.mark.parametrize("bins", [2, 10, 15])
def test_calibration_error_is_that_of_torchmetrics(bins):
    for seed in range(3):
        logits, labels = answers(seed=seed)
        p = logits.softmax(1)
        wanted = multiclass_calibration_error(p, labels, 6, n_bins=bins, norm="l1").item()
        assert calibration_error(p, labels, bins) == pytest.approx(wanted, abs=1e-6)


def test_calibration_error_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.3, 0.7], [1.0, 0.0]])
    # bins of ten: 0.9, 0.9 (one right, so 0.5): gap 0.4; 0.7, 0.7 (both right): gap 0.3; 1.0 (right): no gap
    assert calibration_error(p, [0, 1, 0, 1, 0]) == pytest.approx((2 * 0.4 + 2 * 0.3) / 5)


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_the_page_can_turn_the_temperature(temperature):
    logits, labels = answers()
    data = calibration(logits.softmax(1), labels, alt="a").data
    gaps = np.frombuffer(base64.b64decode(data["gaps"]), "<i2").reshape(data["n"], data["classes"] - 1) * data["step"]
    mass = 1 + np.exp(-gaps / temperature).sum(1)
    wanted = (logits / temperature).softmax(1)
    np.testing.assert_allclose(1 / mass, wanted.max(1).values, atol=2e-3)
    loss = np.mean(np.log(mass) + np.array(data["truth"]) * data["step"] / temperature)
    assert loss == pytest.approx(log_loss(labels, wanted, labels=range(6)), abs=2e-3)
    assert data["right"] == "".join(str(int(hit)) for hit in (wanted.argmax(1) == labels))


def test_a_network_that_is_altogether_sure_stays_finite():
    data = calibration(np.eye(3), [0, 1, 0], alt="a").data
    gaps = np.frombuffer(base64.b64decode(data["gaps"]), "<i2")
    assert (gaps > 30000).all() and data["truth"][2] == gaps.max()
    assert calibration_error(np.eye(3), [0, 1, 0]) == pytest.approx(1 / 3)


P = np.full((4, 2), 0.5)


@pytest.mark.parametrize("p, labels, bins, words", [
    (P, [0, 1], 10, "(4, 2)"), (P[0], [0, 1], 10, "(2,)"), (P[:0], [], 10, "(0, 2)"), (3 * P, [0] * 4, 10, "softmax(1)"),
    (P - [1, -1], [0] * 4, 10, "softmax(1)"), (P * np.nan, [0] * 4, 10, "softmax(1)"), (P, [0, 1, 2, 0], 10, "0 to 1"),
    (P, [0, 0.5, 1, 0], 10, "no class"), (P, [0] * 4, 1, "bins is 1"), (P, [0] * 4, 10.0, "bins is 10.0")])
def test_calibration_refuses(p, labels, bins, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        calibration(p, labels, bins=bins, alt="a")


# ---- intervals --------------------------------------------------------------------------------------------------------------

def row(mean=0.8, std=0.02, **more):
    return {"mean": mean, "std": std, "seeds": 3, "clips": 100, "interval": [mean - 0.1, mean + 0.1]} | more


def test_intervals_keep_the_order_and_know_the_spread():
    table = {"b": row(accuracies=[0.79, 0.83, 0.78]), "a": row(0.7), "c": row(0.1, 0.0, seeds=1)}
    data = intervals(table, baseline="a", goal=(0.9, "paper"), alt="a").data
    assert [one["name"] for one in data["rows"]] == ["b", "a", "c"] and data["baseline"] == 1 and data["goal"] == [0.9, "paper"]
    assert data["rows"][0]["spread"] == [0.78, 0.83] and data["rows"][0]["dots"] == [0.79, 0.83, 0.78]
    assert data["rows"][1]["spread"] == [0.68, 0.72] and data["rows"][1]["dots"] == []
    assert intervals(table, goal=0.9, alt="a").data["goal"] == [0.9, "goal"] and intervals(table, alt="a").data["goal"] is None


@pytest.mark.parametrize("table, arguments, words", [
    ({}, {}, "empty"), ({"a": {"mean": 0.5}}, {}, "lacks std, seeds, clips, interval"), ({"a": row(85.0)}, {}, "percent"),
    ({"a": row(float("nan"))}, {}, "shares"), ({"a": row(accuracies=[80, 81])}, {}, "percent"),
    ({"a": row()}, {"goal": 90}, "percent"),
    ({"a": row(std=float("nan"))}, {}, "shares"), ({"a": row()}, {"baseline": "b"}, "one of 'a'")])
def test_intervals_refuse(table, arguments, words):
    with pytest.raises(ValueError, match=words):
        intervals(table, alt="a", **arguments)


# ---- all of them ------------------------------------------------------------------------------------------------------------

def test_without_a_script_there_is_a_table_and_names_are_escaped():
    logits, labels = answers()
    figures = [confusion([[3]], ["<b>"], alt="a"), learning_curves({"<b>": [1.0]}, alt="a"), intervals({"<b>": row()}, alt="a"),
               calibration(logits.softmax(1), labels, alt="a")]
    for figure in figures:
        assert figure.still.count("<tr>") >= 2 and "<b>" not in figure.to_html(standalone=False)
        assert "gim.scores" in script(figure.kind) and f'gim.define("{figure.kind}"' in script(figure.kind)
    error = calibration_error(logits.softmax(1), labels)
    assert f"{error:.3f}" in figures[-1].still
