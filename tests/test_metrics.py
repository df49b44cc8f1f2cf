import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, root_mean_squared_error

from stgcn_lib.metrics import forecast_table, masked_mae, masked_mape, masked_rmse

from .graph_examples import properties

SCORES = (masked_mae, masked_rmse, masked_mape)
inf, nan = math.inf, math.nan

speeds = st.floats(1, 80, width=32)


@st.composite
def forecasts(draw):
    """Predictions, targets with zeros and NaN among them, and where the target is known; shape (N, V)."""
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    size = shape[0] * shape[1]
    prediction = np.array(draw(st.lists(speeds, min_size=size, max_size=size))).reshape(shape)
    target = np.array(draw(st.lists(st.one_of(st.sampled_from([0.0, nan]), speeds, speeds), min_size=size,
                                    max_size=size))).reshape(shape)
    return prediction, target, ~np.isnan(target) & (target != 0)


def by_loops(prediction, target, null_value):
    """MAE, RMSE, MAPE."""
    pairs = [(p, t) for p, t in zip(prediction.ravel().tolist(), target.ravel().tolist(), strict=True)
             if not math.isnan(t) and t != null_value]
    if not pairs:
        return 0.0, 0.0, 0.0
    slack = 1e-5 if null_value is None else 0
    return (sum(abs(p - t) for p, t in pairs) / len(pairs), math.sqrt(sum((p - t) ** 2 for p, t in pairs) / len(pairs)),
            sum(abs(p - t) / (abs(t) + slack) for p, t in pairs) / len(pairs))


@given(forecasts(), st.sampled_from([0.0, None]), st.booleans())
@properties
def test_equal_the_loops(case, null_value, tensors):
    prediction, target, _ = case
    expected = by_loops(prediction, target, null_value)
    if tensors:
        prediction, target = torch.from_numpy(prediction), torch.from_numpy(target)
    for score, value in zip(SCORES, expected, strict=True):
        result = score(prediction, target, null_value)
        assert result.shape == () and result.dtype == torch.float64
        assert float(result) == pytest.approx(value, rel=1e-12)


@given(forecasts())
@properties
def test_equal_the_code_of_dcrnn(case):
    prediction, target, known = case
    mask = known.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mask = np.nan_to_num(mask / mean if (mean := mask.mean()) else mask)
        losses = np.abs(prediction - target), (prediction - target) ** 2, np.abs(prediction - target) / target
        mae, mse, mape = (np.nan_to_num(loss * mask, posinf=0.0).mean() for loss in losses)
    for score, value in zip(SCORES, (mae, math.sqrt(mse), mape), strict=True):
        assert float(score(prediction, target)) == pytest.approx(value, rel=1e-12)


def test_unmasked_equal_scikit_learn():
    rng = np.random.default_rng(0)
    prediction, target = rng.uniform(20, 70, (2, 150))
    target[0] = 0  # counts
    assert float(masked_mae(prediction, target, None)) == pytest.approx(mean_absolute_error(target, prediction))
    assert float(masked_rmse(prediction, target, None)) == pytest.approx(root_mean_squared_error(target, prediction))
    with_zero, without = (float(masked_mape(prediction[i:], target[i:], None)) for i in (0, 1))
    assert without == pytest.approx(mean_absolute_percentage_error(target[1:], prediction[1:]), rel=1e-5)
    assert with_zero == pytest.approx(np.mean(np.abs(prediction - target) / (target + 1e-5)))  # the STGCN authors' line
    assert with_zero > 1e4 * without


def test_by_hand():
    prediction, target = torch.tensor([50.0, 30.0, 10.0]), torch.tensor([40.0, 40.0, 0.0])
    assert masked_mae(prediction, target) == 10 and masked_rmse(prediction, target) == 10
    assert masked_mape(prediction, target) == 0.25
    assert masked_mae(prediction, target, null_value=None) == 10 and masked_mae(prediction, target, null_value=40) == 10
    assert masked_mae(prediction, torch.tensor([40, 40, -1]), null_value=-1) == 10
    assert masked_mae(prediction.int(), target.int()) == 10 and masked_mae([1, 2], [3, 4]).dtype == torch.float32


@given(forecasts(), st.sampled_from([nan, inf, -1e30, 0.0]), st.sampled_from([0.0, nan]))
@properties
def test_masked_entries_never_change_a_score(case, rubbish, missing):
    prediction, target, known = case
    other = np.where(known, prediction, rubbish)
    for score in SCORES:
        assert float(score(other, np.where(known, target, missing))) == float(score(prediction, target))
        if known.any():
            assert float(score(prediction, target)) == pytest.approx(
                float(score(prediction[known], target[known], None)), rel=2e-5)


@given(st.data())
@properties
def test_order_does_not_matter(data):
    prediction, target, _ = data.draw(forecasts())
    rows, columns = (data.draw(st.permutations(range(n))) for n in target.shape)
    for score in SCORES:
        assert float(score(prediction[rows][:, columns], target[rows][:, columns])) == pytest.approx(
            float(score(prediction, target)))


@pytest.mark.parametrize("score", SCORES)
def test_all_masked_gives_zero_and_a_slope_of_zero(score):
    prediction = torch.tensor([[5.0, nan], [1.0, 2.0]], requires_grad=True)
    result = score(prediction, torch.tensor([[0.0, nan], [0.0, 0.0]]))
    result.backward()
    assert float(result.detach()) == 0 and prediction.grad.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("start", [[30.0, 50.0, nan, 9.0], [40.0, 20.0, nan, 9.0]])  # the second hits every target
def test_slopes_are_finite_and_zero_where_masked(score, start):
    prediction = torch.tensor(start, requires_grad=True)
    result = score(prediction, torch.tensor([40.0, 20.0, nan, 0.0]))
    result.backward()
    assert torch.isfinite(prediction.grad).all() and prediction.grad[2:].tolist() == [0, 0]
    assert prediction.grad[0] < 0 < prediction.grad[1] or float(result.detach()) == 0


def test_slopes_are_those_of_finite_differences():
    generator = torch.Generator().manual_seed(0)
    prediction = (torch.rand(4, 3, generator=generator, dtype=torch.float64) * 60).requires_grad_()
    target = torch.rand(4, 3, generator=generator, dtype=torch.float64) * 60
    for score in SCORES:
        assert torch.autograd.gradcheck(lambda p, s=score: s(p, target, None), prediction)
    target[1] = 0
    for score in SCORES:
        assert torch.autograd.gradcheck(lambda p, s=score: s(p, target), prediction)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("prediction", "target", "null_value", "parts"), [
    ([[1.0, nan]], [[1.0, 2.0]], 0.0, ["prediction is NaN or infinite at 1 of 2 known targets", "(0, 1)", "diverge"]),
    ([[1.0, inf]], [[1.0, 2.0]], 0.0, ["prediction is NaN or infinite"]),
    ([[1.0, nan]], [[1.0, 0.0]], None, ["prediction is NaN or infinite"]),
    ([[1.0, 2.0]], [[1.0, inf]], 0.0, ["target is NaN or infinite"]),
    (np.ones((3, 1)), np.ones(3), 0.0, ["prediction has shape (3, 1), target (3,)", "axis of length 1"]),
    (np.ones((0, 3)), np.ones((0, 3)), 0.0, ["target has shape (0, 3)", "no entry"]),
])
def test_bad_arguments_are_named(score, prediction, target, null_value, parts):
    with pytest.raises(ValueError) as caught:
        score(prediction, target, null_value)
    for part in parts:
        assert part in str(caught.value)


def test_a_known_zero_has_no_percentage():
    with pytest.raises(ValueError, match="target holds 0 at 2 of its entries and null_value is -1.*null_value=0.0"):
        masked_mape([1.0, 2.0, 3.0], [0.0, 0.0, -1.0], null_value=-1)
    assert masked_mape([1.0, 2.0], [2.0, -1.0], null_value=-1) == 0.5


# The table

@pytest.fixture
def week():
    rng = np.random.default_rng(2)
    target = rng.uniform(20, 70, (10, 12, 4)).astype(np.float32)
    target[:, :, 3] = 0
    target[2, 5:9, 1] = nan
    target[:7, 2, 0] = 0
    size = np.arange(1, 13)[None, :, None]
    far = np.nan_to_num(target) - 3 * size * rng.uniform(0, 1, target.shape)
    return target, {"near": np.nan_to_num(target) + size, "far": torch.from_numpy(far)}


@pytest.mark.parametrize("how", ["step", "cumulative", "average"])
@pytest.mark.parametrize("null_value", [0.0, None])
def test_table_equals_the_loops(week, how, null_value):
    target, made = week
    table = forecast_table(made, target, steps=(1, 3, 12), how=how, null_value=null_value, step_minutes=15)
    assert [(row["name"], row["step"], row["minutes"]) for row in table.rows] == [
        (name, step, 15 * step) for name in ("near", "far") for step in (1, 3, 12)]
    for row in table.rows:
        forecast, h = np.asarray(made[row["name"]]), row["step"]
        pools = {"step": [[h - 1]], "cumulative": [range(h)], "average": [[i] for i in range(h)]}[how]
        scores = [by_loops(forecast[:, list(pool)], target[:, list(pool)], null_value) for pool in pools]
        assert [row["mae"], row["rmse"], row["mape"]] == pytest.approx(np.mean(scores, axis=0).tolist(), rel=1e-5)


def test_the_three_conventions_differ_as_the_docstring_says(week):
    target, _ = week
    target = np.where(np.isnan(target) | (target == 0), 50, target)
    made = {"worse and worse": target + np.arange(1, 13)[None, :, None]}
    step, pooled, average = ({row["step"]: row for row in forecast_table(made, target, how=how).rows}
                             for how in ("step", "cumulative", "average"))
    for h in (3, 6, 9, 12):
        assert average[h]["mae"] == pytest.approx(pooled[h]["mae"]) == pytest.approx((h + 1) / 2)
        assert step[h]["mae"] == pytest.approx(h) and average[h]["rmse"] < pooled[h]["rmse"] < step[h]["rmse"]
    assert step[12]["minutes"] == 60


def test_the_first_line_says_what_the_numbers_are(week):
    target, made = week
    text = str(forecast_table(made, target, units="mph"))
    assert text.splitlines()[0] == ("At the step alone; targets that are 0 or NaN left out (27.3% of them); MAE and RMSE in "
                                    "mph, MAPE in per cent.")
    assert "pooled; not masked, but for 0.8% of targets that are NaN; MAE and RMSE in the units of the target" in str(
        forecast_table(made, target, how="cumulative", null_value=None))
    assert str(forecast_table({"a": np.ones((1, 1, 1))}, np.ones((1, 1, 1)), steps=[1], how="average", null_value=None)
               ).startswith("Mean of the scores of all steps up to the one named; not masked; MAE")


def test_text_and_markdown(week):
    target = np.full((2, 6, 3), 40.0)
    table = forecast_table({"last value": target + 4, "a|b": target - 1}, target, steps=(3, 6))
    assert str(table).splitlines()[1:] == [
        "",
        "minutes  step  forecast     MAE  RMSE   MAPE",
        "     15     3  last value  4.00  4.00  10.00",
        "     15     3  a|b         1.00  1.00   2.50",
        "     30     6  last value  4.00  4.00  10.00",
        "     30     6  a|b         1.00  1.00   2.50"]
    assert table.rows[0]["mape"] == pytest.approx(0.1)  # a fraction; only the text speaks in per cent
    assert table._repr_markdown_().splitlines()[2:5] == [
        "| minutes | step | forecast | MAE | RMSE | MAPE |", "|---:|---:|:---|---:|---:|---:|",
        "| 15 | 3 | last value | 4.00 | 4.00 | 10.00 |"]
    assert "a\\|b" in table._repr_markdown_() and table._repr_markdown_().startswith("At the step alone")


ok = np.ones((2, 12, 3))


@pytest.mark.parametrize(("call", "parts"), [
    (lambda: forecast_table({"a": ok}, ok, how="mean"), ["how is 'mean'", "'step', 'cumulative', 'average'"]),
    (lambda: forecast_table(ok, ok), ["forecasts is ndarray", "{name: (N, H, V) forecast}"]),
    (lambda: forecast_table({}, ok), ["forecasts is {}", "at least one"]),
    (lambda: forecast_table({"a": ok[0]}, ok[0]), ["target has shape (12, 3)", "(N, H, V)", "target[None]"]),
    (lambda: forecast_table({"a": ok[:0]}, ok[:0]), ["target has shape (0, 12, 3)"]),
    (lambda: forecast_table({"a": ok, "b": ok[..., :1]}, ok), ["forecasts['b'] has shape (2, 12, 1)", "(2, 12, 3)"]),
    (lambda: forecast_table({"a": ok[:, :9]}, ok[:, :9]), ["steps holds 12", "1 to 9"]),
    (lambda: forecast_table({"a": ok}, ok, steps=(0, 1)), ["steps holds 0", "count from 1"]),
    (lambda: forecast_table({"a": ok}, ok, steps=()), ["steps is []"]),
    (lambda: forecast_table({"a": ok}, ok, steps=(3, 3)), ["steps is [3, 3]", "each once"]),
    (lambda: forecast_table({"a": ok}, ok, steps=3), ["steps is 3", "(3, 6, 9, 12)"]),
    (lambda: forecast_table({"a": ok}, ok, steps=(1.5,)), ["steps is (1.5,)"]),
    (lambda: forecast_table({"a": ok}, ok, step_minutes=0), ["step_minutes is 0"]),
    (lambda: forecast_table({"a": ok * nan}, ok), ["NaN"]),
])
def test_bad_arguments_of_the_table_are_named(call, parts):
    with pytest.raises(ValueError) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
