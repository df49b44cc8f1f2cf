"""What each ingredient added: what goes to the page, and what is refused."""

import json
import re

import numpy as np
import pytest
import torch

from stgcn_lib.viz import waterfall
from stgcn_lib.viz.waterfall import within_spread

STEPS = [("plain", [0.80, 0.81, 0.82], "266 k parameters"), ("sampling", torch.tensor([0.85, 0.86, 0.87])),
         ("schedule", np.array([0.86, 0.87, 0.88]), "no cost"), ("too much", [0.82, 0.83, 0.84])]


def test_means_costs_and_what_is_within_the_spread():
    data = waterfall(STEPS, goal=(0.9, "paper"), alt="a").data
    assert [row["mean"] for row in data["rows"]] == [0.81, 0.86, 0.87, 0.83]
    assert [row["within"] for row in data["rows"]] == [False, False, True, False]
    assert [row["cost"] for row in data["rows"]] == ["266 k parameters", "", "no cost", ""]
    assert data["goal"] == [0.9, "paper"] and waterfall(STEPS, goal=0.9, alt="a").data["goal"] == [0.9, "goal"]
    assert len(json.dumps(data)) < 1000


@pytest.mark.parametrize(("before", "after", "within"), [
    ([1, 2], [3, 4], False), ([3, 4], [1, 2], False), ([1, 3], [2, 4], True), ([1, 4], [2, 3], True), ([2, 3], [1, 4], True),
    ([1, 2], [2, 3], True), ([1], [2, 3], True), ([1, 2], [9], True)])
def test_within_the_spread_means_that_the_seeds_overlap(before, after, within):
    assert within_spread(np.array(before), np.array(after)) is within


def test_any_unit_takes_numbers_as_they_are():
    data = waterfall([("a", [41.0, 43.0]), ("b", [12.0])], unit="ms", alt="a").data
    assert [row["mean"] for row in data["rows"]] == [42, 12] and data["unit"] == "ms"
    assert [row["within"] for row in data["rows"]] == [False, True]


def test_without_scripts_a_table_stays():
    still = waterfall(STEPS, alt="a").still
    assert "<td>87 %</td><td>86 to 88 %</td><td>+1, within the spread</td><td>no cost</td>" in still
    assert "<td>\u22124</td>" in still and still.count("<tr>") == 5
    assert "cost" not in waterfall([(name, values) for name, values, *_ in STEPS], alt="a").still


@pytest.mark.parametrize(("steps", "changes", "words"), [
    (STEPS[:1], {}, "1 entries"), ([STEPS[0], ("b", [])], {}, "steps[1] ('b')"), ([STEPS[0], ("b", [[0.5]])], {}, "(1, 1)"),
    ([STEPS[0], ("b", [0.5, np.nan])], {}, "finite"), ([STEPS[0], ("b", [86.0])], {}, "divide by 100"),
    ([STEPS[0], ("b", [0.5], 3)], {}, "expected one text"), (STEPS, {"goal": 96.5}, "goal is 96.5")])
def test_what_makes_no_sense_is_named(steps, changes, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        waterfall(steps, alt="a", **changes)
