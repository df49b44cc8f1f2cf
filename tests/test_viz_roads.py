"""Figures of roads: what goes to the page, and what is refused. What they do is seen in tests/browser."""

import base64
import gzip
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from stgcn_lib.viz import error_profile, forecast_fan, road_map, space_time, theme
from stgcn_lib.viz.html import script
from stgcn_lib.viz.series import LETTERS, clock_of, digits_of, model_looks, pack, thin

NAN = np.nan
DAY = np.datetime64("2012-03-06T00:00") + 5 * np.arange(288).astype("timedelta64[m]")
PLACES = np.array([[-118.40, 34.10], [-118.30, 34.10], [-118.30, 34.20], [-118.35, 34.15]])


def speeds(T=288, V=4, seed=0):
    """Speeds that wander between 5 and 70, as detectors report them."""
    rng = np.random.default_rng(seed)
    return np.clip(60 + np.cumsum(rng.normal(0, 2.5, (T, V)), 0), 5, 70)


def numbers(text, digits=2):
    """Whole numbers from letters, as a page reads them."""
    worth = np.array([LETTERS.index(letter) for letter in text], dtype=int).reshape(-1, digits)
    return worth @ len(LETTERS) ** np.arange(digits)[::-1]


def unpack(packed, rows):
    """(rows, n) numbers, as a page reads them."""
    levels = len(LETTERS) ** packed["digits"]
    level = np.cumsum(numbers(packed["text"], packed["digits"]).reshape(rows, -1), axis=1) % levels
    return np.where(level == levels - 1, NAN, (level + packed["low"]) * packed["unit"])


# ---- packing ----------------------------------------------------------------------------------------------------------------

def holes():
    values = np.random.default_rng(1).uniform(20, 60, (3, 40))
    values[0, :5], values[1, 7], values[2] = NAN, NAN, NAN
    return values


@pytest.mark.parametrize("digits", [1, 2])
@pytest.mark.parametrize("values", [
    np.random.default_rng(0).uniform(0, 70, (5, 100)), np.random.default_rng(0).normal(0, 1e-4, (2, 30)), holes(),
    np.full((2, 3), 55.3), np.zeros((1, 4)), np.full((2, 2), NAN), np.array([[-3.0, 1e5]]), np.array([[60.1, 61.2, 60.5]]),
    np.array([[0.0, 90.0]]), np.array([[0.6, 88.9, 1e4], [0, 8280, 3]])],
    ids=["speeds", "small", "holes", "constant", "zero", "nothing", "wide", "narrow", "one letter full", "two letters full"])
def test_numbers_come_back_within_half_a_unit(values, digits):
    packed = pack(values, digits)
    back = unpack(packed, len(values))
    np.testing.assert_allclose(back, values, atol=packed["unit"] * 0.5001, rtol=0)  # NaN where NaN was, and nowhere else
    assert len(packed["text"]) == digits * values.size and set(packed["text"]) <= set(LETTERS)
    known = values[~np.isnan(values)]
    if known.size and np.ptp(known):  # no coarser than needed: the next unit would be at most 2.5 times as fine
        assert packed["unit"] <= max(2.5 * np.ptp(known) / (len(LETTERS) ** digits - 3), 2e-3 * np.abs(known).max())


def test_speeds_up_to_seventy_are_kept_to_the_mile():
    values = np.array([[0.0, 70.0, 35.0, 12.0]])
    packed = pack(values)
    assert packed["unit"] == 1 and unpack(packed, 1).tolist() == values.tolist()


def test_letters_pass_through_json_and_html_as_they_are():
    assert len(set(LETTERS)) == 91 and len(json.dumps(LETTERS)) == 93 and "<" not in LETTERS


def test_digits():
    assert numbers(digits_of([0, 90, 91, 8280])).tolist() == [0, 90, 91, 8280]
    assert digits_of([0, 1], 1) == "!#" and digits_of(np.zeros((0, 2), int)) == ""


def test_neighbouring_steps_are_averaged_over_what_is_known():
    values = np.array([[1.0, NAN], [3.0, 5.0], [NAN, NAN], [NAN, 8.0], [9.0, NAN]])
    shown, stride = thin(values, 6)
    assert stride == 2
    np.testing.assert_array_equal(shown, [[2, 5], [NAN, 8], [9, NAN]])
    assert thin(values, 10)[1] == 1 and thin(np.zeros((2016, 207)), 40_000)[1] == 12  # a week: hours


def test_a_day_of_a_city_is_small():
    rng = np.random.default_rng(0)
    V, edges = 207, rng.integers(0, 207, (2626, 2))
    names = [str(700_000 + v) for v in range(V)]
    on_map = road_map(rng.uniform(34, 35, (V, 2)), speeds(V=V), edges, names, DAY, alt="a")
    assert on_map.data["times"] == {"start": 22183200, "step": 10, "stride": 2}
    heat = space_time(speeds(V=V), DAY, names, alt="a")
    assert heat.data["times"]["stride"] == 2
    for figure in (on_map, heat):
        text = figure.to_html(standalone=False)
        assert len(text) < 60_000 and len(gzip.compress(text.encode())) < 30_000


# ---- moments and looks ------------------------------------------------------------------------------------------------------

def test_clock():
    assert clock_of(DAY, 288) == {"start": int((DAY[0] - np.datetime64(0, "m")).astype(int)), "step": 5, "stride": 1}
    assert clock_of(None, 288, 3) == {"stride": 3}
    assert clock_of(DAY[[0, 1, 5]], 3)["labels"] == ["2012-03-06 00:00", "2012-03-06 00:05", "2012-03-06 00:25"]
    assert clock_of(["a", "b", "c"], 3, 2) == {"labels": ["a", "c"], "stride": 2}
    assert clock_of(DAY.astype("datetime64[ns]"), 288)["step"] == 5
    assert clock_of(np.array(["2012-03-06T00:00:00", "2012-03-06T00:00:30"], "datetime64[s]"), 2)["labels"][1].endswith("00:00:30")


def test_a_baseline_looks_the_same_in_every_company():
    for models in (["network", "last value", "historical mean", "linear (ridge)"], ["ridge, two hops", "Last value"]):
        looks = dict(zip(models, model_looks(models), strict=True))
        for model, look in looks.items():
            wanted = {"n": "forecast", "l": "linear", "h": "daily", "r": "linear"}[model[0].lower()]
            wanted = "last-value" if model.lower().startswith("last") else wanted
            assert look == [wanted, theme.MARK[wanted], theme.DASH[wanted]], model
    assert model_looks(["mean of two networks", "linear"])[0][0] == "daily"  # a name is all there is to go by


@pytest.mark.parametrize("models", [[f"net {i}" for i in range(20)],
                                    ["linear a", "linear b", "last", "daily", *map(str, range(8))]])
def test_no_two_models_look_the_same(models):
    looks = model_looks(models)
    assert len({tuple(look) for look in looks}) == len(models)
    assert len({look[0] for look in looks[:5]}) == 5
    assert all(look[0] in theme.COLORS for look in looks)


# ---- the map ----------------------------------------------------------------------------------------------------------------

def test_the_map_is_true_to_scale():
    data = road_map(PLACES, alt="a").data
    at = numbers(data["places"]).reshape(-1, 2) * data["span"]  # kilometres
    east = 111.32 * np.cos(np.deg2rad(PLACES[:, 1].mean())) * 0.1
    np.testing.assert_allclose(at, [[0, 0], [east, 0], [east, 11.057], [east / 2, 11.057 / 2]], atol=2 * data["span"])
    assert data["km"] and data["values"] is None
    assert not road_map([[0, 0], [1, 1]], coordinates="plane", alt="a").data["km"]
    plane = road_map([[0, 0], [3, 4]], coordinates="km", alt="a").data
    np.testing.assert_allclose(numbers(plane["places"]), [0, 0, 6143, 8190], atol=1)


def test_edges_keep_their_direction():
    data = road_map(PLACES, edges=[(0, 1), (1, 0), (3, 2), (2, 2), (3, 2)], alt="a").data
    assert numbers(data["both"]).tolist() == [0, 1] and numbers(data["single"]).tolist() == [3, 2]
    assert road_map(PLACES, edges=np.array([[0, 1]]), alt="a").data["single"] == digits_of([0, 1])


def test_values_of_the_map_come_back_and_start_where_most_is_slow():
    values = speeds()
    values[100], values[7, 2] = 6, NAN
    data = road_map(PLACES, torch.tensor(values), times=DAY, sensors="ABCD", alt="a", see="s").data
    np.testing.assert_allclose(unpack(data["values"], 4), values.T, atol=0.5)
    assert data["start"] == 100 and data["limits"] == [0, 70] and data["slow"] == 35 and data["sensors"] == list("ABCD")
    one = road_map(PLACES, values[7], alt="a").data
    assert unpack(one["values"], 4).shape == (4, 1)
    high = road_map(PLACES, values, emphasis="high", limits=(0, 80), slow=60, start=3, alt="a").data
    assert (high["start"], high["limits"], high["slow"], high["emphasis"]) == (3, [0, 80], 60, "high")


def test_still_pictures():
    values = speeds()
    values[0] = [10, 60, NAN, 34]
    paths = re.findall(r' d="([^"]*)"', road_map(PLACES, values[:1], [(0, 1)], slow=35, alt="a").still)
    assert sum(path.count("l") for path in paths) == 2 and sum(path.count("h0") for path in paths) == 1
    heat = space_time(values, alt="a").still
    image = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", heat)[1]))).convert("RGB")
    assert image.size == (96, 4) and "step 0" in heat and "step 287" in heat
    jam = space_time(np.array([[0.0, 100.0]] * 4), alt="a").still
    image = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", jam)[1]))).convert("RGB")
    colors = ["#{:02x}{:02x}{:02x}".format(*image.getpixel((0, y))) for y in (0, 1)]
    assert colors == [theme.color("speed-4"), theme.color("speed-0")]  # the first sensor at the bottom


# ---- time and road, forecasts, errors -----------------------------------------------------------------------------------------

def test_space_time_comes_back():
    values = holes().T
    data = space_time(values, kilometres=[0, 1.5, 4], limits=(0, 100), alt="a").data
    np.testing.assert_allclose(unpack(data["values"], 3), values.T, atol=data["values"]["unit"] / 2)
    assert data["km"] == [0, 1.5, 4] and data["limits"] == [0, 100] and data["times"] == {"stride": 1}
    assert space_time(np.full((3, 2), NAN), alt="a").data["limits"] == [0, 1]


def test_forecasts_come_back_by_sensor_moment_and_horizon():
    truth, starts, H = speeds(60, 2), np.array([4, 10, 40]), 5
    ahead = {"network": np.stack([truth[s:s + H] + 1 for s in starts]), "last value": np.repeat(truth[starts - 1][:, None], H, 1)}
    band = {"network": (ahead["network"] - 2, ahead["network"] + 2)}
    data = forecast_fan(truth, ahead, starts, DAY[:60], band, names=("a", "b"), alt="a").data
    np.testing.assert_allclose(unpack(data["truth"], 2), truth.T, atol=0.01)
    for one, wanted in zip(data["models"], ahead.values(), strict=True):
        got = unpack(one["values"], 6).reshape(2, 3, H)  # sensors, moments, horizons
        np.testing.assert_allclose(got, wanted.transpose(2, 0, 1), atol=0.01)
    low = unpack(data["models"][0]["band"][0], 6).reshape(2, 3, H)
    np.testing.assert_allclose(low, band["network"][0].transpose(2, 0, 1), atol=0.01)
    assert "band" not in data["models"][1] and data["minutes"] == 5 and data["starts"] == [4, 10, 40]
    change = np.abs(truth[starts + H - 1, 0] - truth[starts - 1, 0])
    assert data["start"] == change.argmax()


def test_forecasts_of_one_sensor_and_the_table_behind_them():
    truth, starts = np.arange(20.0), [5, 6, 12]
    figure = forecast_fan(truth, {"last value": [[s - 1.0] * 3 for s in starts]}, starts, alt="a", step_minutes=15)
    assert figure.data["minutes"] == 15 and figure.data["count"] == 1 and figure.data["sensors"] is None
    assert "<td>1.00 mph</td><td>2.00 mph</td><td>3.00 mph</td>" in figure.still
    truth[5] = NAN  # unknown truth counts nowhere
    figure = forecast_fan(truth, {"last value": [[s - 1.0] * 3 for s in starts]}, starts, alt="a")
    assert "<td>1.00 mph</td>" in figure.still and figure.data["minutes"] is None


def test_profiles_have_mean_and_spread_of_the_seeds():
    profiles = {"network": [[1, 2, NAN], [3, 2, NAN], [2, NAN, NAN]], "last value": [4, 5, 6]}
    data = error_profile(profiles, (15, 30, 60), alt="a").data
    net, last = data["rows"]
    assert (net["mean"], net["low"], net["high"], net["seeds"]) == ([2, 2, None], [1, 2, None], [3, 2, None], 3)
    assert last["mean"] == [4, 5, 6] and "low" not in last and data["labels"] == ["15", "30", "60"]


# ---- what is refused ----------------------------------------------------------------------------------------------------------

STARTS, AHEAD, NINE = [4, 5], np.zeros((2, 3)), np.zeros(9)


def fan(forecasts, starts=STARTS, truth=NINE, **arguments):
    return forecast_fan(truth, forecasts, starts, alt="a", **arguments)


@pytest.mark.parametrize(("make", "said"), [
    (lambda: road_map(PLACES[:, ::-1], alt="a"), r"positions reaches .* swap the columns"),
    (lambda: road_map(PLACES[:, :1], alt="a"), r"positions has shape \(4, 1\), expected \(V, 2\)"),
    (lambda: road_map([[0, NAN]], alt="a"), r"positions is \[0.0, nan\] for sensor 0, expected finite"),
    (lambda: road_map(np.zeros((1001, 2)), alt="a"), r"1 to 1000 sensors"),
    (lambda: road_map(PLACES, coordinates="miles", alt="a"), r"coordinates is 'miles', expected one of 'degrees'"),
    (lambda: road_map(PLACES, edges=[(0, 4)], alt="a"), r"edges holds \(0, 4\), positions has 4 sensors.*0 to 3"),
    (lambda: road_map(PLACES, edges=[(0.5, 1)], alt="a"), r"edges holds \(0.5, 1\)"),
    (lambda: road_map(PLACES, speeds().T, alt="a"), r"values has shape \(4, 288\).*transpose it"),
    (lambda: road_map(PLACES, [1, 2, np.inf, 3], alt="a"), r"values is infinite at \(2,\).*NaN where there is no reading"),
    (lambda: road_map(PLACES, speeds(), sensors="ABC", alt="a"), r"sensors has 3 names, there are 4 sensors"),
    (lambda: road_map(PLACES, speeds(), times=DAY[:5], alt="a"), r"times has shape \(5,\), expected \(288,\)"),
    (lambda: road_map(PLACES, speeds(), times=DAY[::-1], alt="a"), r"times does not rise.*sort the rows"),
    (lambda: road_map(PLACES, speeds(), limits=(70, 0), alt="a"), r"limits is \(70, 0\), expected \(low, high\)"),
    (lambda: road_map(PLACES, speeds(), slow=90, alt="a"), r"slow is 90, the limits are 0 and 70"),
    (lambda: road_map(PLACES, speeds(), start=288, alt="a"), r"start is 288, expected 0 to 287"),
    (lambda: road_map(PLACES, speeds(), fps=0, alt="a"), r"fps is 0, expected a number above 0"),
    (lambda: road_map(PLACES, speeds(), emphasis="middle", alt="a"), r"emphasis is 'middle'"),
    (lambda: space_time(np.zeros(5), alt="a"), r"values has shape \(5,\), expected \(T, V\)"),
    (lambda: space_time(np.zeros((5, 3)), kilometres=[0, 2, 1], alt="a"), r"kilometres .* sort the sensors along the road"),
    (lambda: space_time(np.zeros((2, 1001)), alt="a"), r"1001 sensors, expected at most 1000"),
    (lambda: forecast_fan(np.zeros((3, 3, 3)), {"a": AHEAD}, STARTS, alt="a"), r"truth has shape \(3, 3, 3\)"),
    (lambda: fan({}), r"forecasts is an empty dict, expected \{model"),
    (lambda: fan(AHEAD), r"forecasts is ndarray"),
    (lambda: fan({"a": AHEAD, "b": AHEAD[:, :2]}), r"forecasts\['b'\] has shape \(2, 2, 1\)"),
    (lambda: forecast_fan(np.zeros((9, 2)), {"a": AHEAD}, STARTS, alt="a"), r"as many sensors as truth"),
    (lambda: fan({"a": AHEAD}, [6, 7]), r"from 1 to T - H = 6, .*first row of a window plus its inputs"),
    (lambda: fan({"a": AHEAD}, [0, 5]), r"starts has shape \(2,\) and goes from 0 to 5"),
    (lambda: fan({"a": AHEAD}, [5, 4]), r"whole numbers that rise"),
    (lambda: fan({"a": np.zeros((0, 3))}, []), r"starts|forecasts"),
    (lambda: fan({"a": AHEAD}, spread={"b": (AHEAD, AHEAD)}), r"spread is for b, expected a pair"),
    (lambda: fan({"a": AHEAD}, spread={"a": AHEAD[:1]}), r"spread"),
    (lambda: forecast_fan(np.zeros(9999), {"a": np.zeros((5000, 12))}, 1 + np.arange(5000), alt="a"), r"at most 50,000 for a page"),
    (lambda: fan({"a": AHEAD}, start=2), r"start is 2, expected 0 to 1"),
    (lambda: fan({"a": AHEAD}, step_minutes=-5), r"step_minutes is -5"),
    (lambda: error_profile({}, [1], alt="a"), r"profiles is an empty dict"),
    (lambda: error_profile({"a": [1, 2]}, [1], alt="a"), r"profiles\['a'\] has shape \(1, 2\), axis has 1 labels"),
    (lambda: error_profile({"a": [1, -2]}, [1, 2], alt="a"), r"holds -2, expected errors from 0"),
    (lambda: error_profile({"a": [1]}, [1], form="pie", alt="a"), r"form is 'pie'"),
])
def test_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_scripts_come_with_what_they_need():
    for kind in ("road-map", "space-time", "forecast-fan", "error-profile"):
        text = script(kind)
        assert text.index("gim.scores = ") < text.index("gim.roads = ") < text.index(f'gim.define("{kind}"')
