"""Figures of roads: speeds move over a map that is true to scale, any cell and any forecast can be read, by every hand and eye."""

import json
import re

import numpy as np
import pytest

from stgcn_lib.viz import error_profile, forecast_fan, road_map, space_time

from ..test_viz_roads import unpack
from . import site
from .test_download import check_alone, check_picture, save

NAN = np.nan
T, V = 24, 30
TIMES = np.datetime64("2012-03-06T06:00") + 5 * np.arange(T).astype("timedelta64[m]")
NAMES = [str(700_000 + v) for v in range(V)]


def speeds():
    """Free at 60, but for a jam at 20 that starts at step 6 at sensor 20 and goes upstream, one sensor a step."""
    values = np.full((T, V), 60.0) + np.arange(V) / 10
    for t in range(6, 18):
        values[t, 20 - (t - 6):20 - (t - 6) + 5] = 20
    values[3:9, 29] = NAN
    return values


def map_figure():
    angle = np.linspace(0, 5, V)
    places = np.column_stack([-118.3 + 0.1 * np.cos(angle), 34.1 + 0.1 * np.sin(angle)])
    edges = [(v, v + 1) for v in range(V - 1)]
    return road_map(places, speeds(), edges, NAMES, TIMES, alt="map of 30 sensors", see="see", start=0)


def crossings_figure():
    places = [(0, 1), (1, 1), (1, 0), (0, 0), (0.5, 0.5)]
    return road_map(places, edges=[(0, 1), (1, 0), (3, 4)], sensors="ABCDE", coordinates="plane", alt="five crossings", see="see")


def heat_figure():
    return space_time(speeds(), TIMES, kilometres=0.5 * np.arange(V), alt="a jam that moves upstream", see="see")


def fan_parts():
    truth = np.column_stack([60 - 20 * np.sin(np.arange(T) / 4), np.linspace(30, 50, T)])
    truth[20, 1] = NAN
    starts, H = np.arange(6, 18), 4
    last = np.repeat(truth[starts - 1][:, None], H, axis=1)
    network = np.stack([truth[s:s + H] for s in starts]) + np.array([0.5, 1, 1.5, 2])[None, :, None]
    return truth, {"network": network, "last value": last}, starts


def fan_figure():
    truth, forecasts, starts = fan_parts()
    spread = {"network": (forecasts["network"] - 3, forecasts["network"] + 3)}
    return forecast_fan(truth, forecasts, starts, TIMES, spread, names=["sine", "line"], start=0, alt="two models and the truth",
                        see="see")


PROFILES = {"network": [[2, 3, 4, 6], [3, 4, 5, 5]], "last value": [3, 5, 7, NAN]}


def lines_figure():
    return error_profile(PROFILES, (5, 15, 30, 60), along="minutes ahead", alt="errors by horizon", see="see")


def bars_figure():
    return error_profile(PROFILES, ("A", "B", "C", "D"), along="sensor", form="bars", alt="errors by sensor", see="see")


FIGURES = {"map": map_figure, "crossings": crossings_figure, "heat": heat_figure, "fan": fan_figure, "lines": lines_figure,
           "bars": bars_figure}


@pytest.fixture(scope="module")
def pages(running, tmp_path_factory):
    """Pages that hold one figure each, opened from the disk."""
    folder = tmp_path_factory.mktemp("roads")
    for name, make in FIGURES.items():
        make().save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in FIGURES}


def test_the_page_reads_what_python_packed(running, pages):
    for name, rows in (("map", V), ("heat", V), ("fan", 2)):
        with site.Visit(running, pages[name]) as visit:
            data = json.loads(visit.page.locator("script.gim-data").text_content())
            packed = data["truth" if name == "fan" else "values"]
            read = visit.page.evaluate("([packed, rows]) => gim.roads.unpack(packed, rows).map((row) => [...row].map(String))",
                                       [packed, rows])
            np.testing.assert_allclose(np.array(read, dtype=float), unpack(packed, rows), rtol=1e-12)


# ---- the map ----------------------------------------------------------------------------------------------------------------

def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_map_is_true_to_scale(running, pages):
    with site.Visit(running, pages["map"]) as visit:
        at = np.array([middle(visit.page.locator(".sensor .dot").nth(v)) for v in range(V)])
        angle = np.linspace(0, 5, V)
        km = np.column_stack([0.1 * np.cos(angle) * 111.32 * np.cos(np.deg2rad(34.1)), -0.1 * np.sin(angle) * 110.57])
        pixels = np.linalg.norm(at - at[0], axis=1)[1:] / np.linalg.norm(km - km[0], axis=1)[1:]  # in each direction alike
        np.testing.assert_allclose(pixels, pixels[0], rtol=0.02)
        bar = visit.page.locator(".scale path").evaluate("path => path.getBBox().width * path.getScreenCTM().a")
        said = float(re.match(r"([\d.]+) km", visit.page.locator(".scale text").text_content())[1])
        assert bar / said == pytest.approx(pixels[0], rel=0.02)
        assert visit.complaints == [] and visit.outside == []


def test_play_moves_the_jam(running, pages):
    with site.Visit(running, pages["map"]) as visit:
        figure = visit.page.locator("figure")
        assert visit.page.locator(".when").inner_text() == "Tuesday 6 March 2012, 06:00"
        assert visit.page.locator(".facts").inner_text().startswith("0 of 30 sensors below 35 mph; mean 61")
        visit.page.get_by_role("button", name="Play").click()
        visit.page.wait_for_function("document.querySelector('.facts').textContent.startsWith('5 of 30')")
        assert figure.get_attribute("data-playing") == "true"
        visit.page.get_by_role("button", name="Pause").click()
        visit.page.locator("figure input[type=range]").fill("6")
        assert figure.get_attribute("data-frame") == "06:30" and visit.page.locator(".when").inner_text().endswith("06:30")
        assert "5 of 30 sensors below 35 mph, 1 without a reading" in visit.page.locator(".facts").inner_text()
        boxes = [visit.page.locator(".sensor .dot").nth(v).bounding_box()["width"] for v in range(V)]
        d = [visit.page.locator(".sensor .dot").nth(v).get_attribute("d") for v in range(V)]
        slow = range(20, 25)
        assert min(boxes[v] for v in slow) > 1.3 * max(boxes[v] for v in range(29) if v not in slow)  # larger
        assert all("a" not in d[v] for v in slow) and all("a" in d[v] for v in range(29) if v not in slow)  # and a diamond
        assert visit.page.locator(".sensor.missing").count() == 1
        fills = visit.page.locator(".sensor .dot").evaluate_all("all => all.map((one) => getComputedStyle(one).fill)")
        assert len({fills[v] for v in slow}) == 1 and fills[20] != fills[0] and fills[29] == "none"


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_touch_on_a_sensor_shows_its_curve(running, pages, width):
    with site.Visit(running, pages["map"], width=width) as visit:
        figure, sensor = visit.page.locator("figure"), visit.page.locator(".sensor .dot").nth(20)
        curve = visit.page.locator(".curve.own").get_attribute("d")
        visit.page.mouse.click(*middle(sensor))
        assert figure.get_attribute("data-sensor") == "20"
        visit.page.mouse.move(*middle(visit.page.locator(".sensor .dot").nth(3)))
        assert figure.get_attribute("data-sensor") == "20"  # kept
        assert visit.page.locator(".side .title").inner_text() == "Sensor 700020"
        assert visit.page.locator(".curve.own").get_attribute("d") != curve and visit.page.locator(".curve.mean").count() == 1
        visit.page.locator("figure input[type=range]").fill("7")
        assert visit.page.locator(".detail").inner_text() == "Now 20 mph. Takes from 1 sensor, gives to 1."
        assert visit.page.locator(".sensor.sender").count() == 1
        plot = visit.page.locator(".curve-plot").bounding_box()
        visit.page.mouse.click(plot["x"] + plot["width"] - 11, plot["y"] + 40)  # the curve is a scrubber
        assert figure.get_attribute("data-frame") == "07:55"
        visit.page.mouse.click(*middle(sensor))
        visit.page.mouse.move(5, 5)
        assert figure.get_attribute("data-sensor") == ""
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []


def test_the_map_by_keyboard(running, pages):
    with site.Visit(running, pages["map"]) as visit:
        figure = visit.page.locator("figure")
        visit.page.locator(".sensor[tabindex='0']").focus()
        assert figure.get_attribute("data-sensor") == "0"
        visit.page.keyboard.press("ArrowUp")  # counter-clockwise from the east
        chosen = int(figure.get_attribute("data-sensor"))
        assert 0 < chosen < 4 and figure.get_attribute("data-frame") == "06:00"  # arrows on the map do not move the clock
        assert visit.page.evaluate("document.activeElement.getAttribute('aria-label')") == f"sensor {NAMES[chosen]}"
        visit.page.keyboard.press("End")
        assert figure.get_attribute("data-frame") == "07:55"
        visit.page.keyboard.press("Escape")
        assert figure.get_attribute("data-sensor") == ""
        visit.page.get_by_role("combobox", name="Sensor").select_option("12")
        assert figure.get_attribute("data-sensor") == "12"
        visit.page.locator("figure input[type=range]").focus()
        visit.page.keyboard.press("ArrowLeft")
        assert figure.get_attribute("data-frame") == "07:50"


def test_a_network_without_values(running, pages):
    with site.Visit(running, pages["crossings"]) as visit:
        assert visit.page.locator(".words text").all_text_contents() == list("ABCDE")
        assert visit.page.locator(".gim-play").count() == 0 and visit.page.locator(".scale *").count() == 0
        assert "3 edges" in visit.page.locator(".detail").inner_text()
        visit.page.mouse.click(*middle(visit.page.locator(".sensor .dot").nth(4)))
        assert visit.page.locator(".detail").inner_text() == "Takes from 1 sensor, gives to 0."


# ---- time and road ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_the_heat_map_is_one_picture_and_says_what_is_where(running, pages, width):
    with site.Visit(running, pages["heat"], width=width) as visit:
        figure, sheet = visit.page.locator("figure"), visit.page.locator(".heat-map .sheet").bounding_box()
        assert visit.page.locator(".heat-map image").count() == 1 and visit.page.locator(".heat-map *").count() < 60

        def at(t, v):
            return sheet["x"] + sheet["width"] * (t + 0.5) / T, sheet["y"] + sheet["height"] * (1 - (v + 0.5) / V)

        for t, v, said in ((0, 0, "60 mph"), (10, 18, "20 mph"), (10, 14, "61.5 mph"), (5, 29, "no reading"), (23, 29, "63 mph")):
            visit.page.mouse.move(*at(t, v))
            assert (figure.get_attribute("data-time"), figure.get_attribute("data-sensor")) == (str(t), str(v))
            assert visit.page.locator("p.now").inner_text().endswith(f"sensor {v}, km {v / 2:g}: {said}")
        visit.page.mouse.click(*at(10, 18))
        visit.page.mouse.move(*at(2, 3))
        assert figure.get_attribute("data-time") == "10"  # kept
        visit.page.mouse.click(*at(10, 18))
        visit.page.mouse.move(*at(2, 3))
        assert figure.get_attribute("data-time") == "2"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width and visit.complaints == []


def test_the_cells_have_the_colours_of_their_speeds(running, pages):
    """Slow cells stand out most: dark on light, bright on dark; the gap is not painted over."""
    for dark in (False, True):
        with site.Visit(running, pages["heat"], dark=dark) as visit:
            cells = visit.page.evaluate("""async () => {
                const image = new Image(), canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
                image.src = document.querySelector(".heat-map image").getAttribute("href");
                await image.decode();
                Object.assign(canvas, { width: image.width, height: image.height });
                pen.drawImage(image, 0, 0);
                return [image.width, image.height, ...pen.getImageData(0, 0, image.width, image.height).data]; }""")
            width, height = cells[:2]
            pixels = np.array(cells[2:]).reshape(height, width, 4)[::-1]  # the first sensor below
            assert width == T
            rows = ((np.arange(V) + 0.5) * height / V).astype(int)
            values, light = speeds().T, pixels[rows, :, :3].mean(2)
            assert ((pixels[rows, :, 3] == 0) == np.isnan(values)).all()
            slow, free = light[values == 20], light[values >= 60]
            assert slow.min() > free.max() + 20 if dark else slow.max() < free.min() - 20


def test_the_heat_map_by_keyboard(running, pages):
    with site.Visit(running, pages["heat"]) as visit:
        figure, heat = visit.page.locator("figure"), visit.page.locator(".heat-map")
        heat.focus()
        assert (figure.get_attribute("data-time"), figure.get_attribute("data-sensor")) == ("17", "9")  # the slowest first
        for key, t, v in (("Home", 0, 9), ("ArrowRight", 1, 9), ("ArrowUp", 1, 10), ("ArrowDown", 1, 9),
                          ("Shift+ArrowRight", 13, 9), ("PageUp", 13, 19), ("End", 23, 19), ("ArrowRight", 23, 19),
                          ("Shift+ArrowUp", 23, 29), ("ArrowLeft", 22, 29)):
            visit.page.keyboard.press(key)
            assert (figure.get_attribute("data-time"), figure.get_attribute("data-sensor")) == (str(t), str(v)), key
        assert heat.get_attribute("aria-valuetext") == "Tuesday 6 March 2012, 07:50, sensor 29, km 14.5: 63 mph"


def test_a_finger_reads_the_heat_map(running, pages):
    context = running.new_context(viewport={"width": 390, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(pages["heat"])
    sheet = page.locator(".heat-map .sheet").bounding_box()
    page.touchscreen.tap(sheet["x"] + sheet["width"] * 10.5 / T, sheet["y"] + sheet["height"] * (1 - 18.5 / V))
    assert page.locator("p.now").inner_text().endswith("06:50, sensor 18, km 9: 20 mph")
    page.goto(pages["map"])
    page.touchscreen.tap(*middle(page.locator(".sensor .dot").nth(15)))
    assert page.locator("figure").get_attribute("data-sensor") == "15"
    context.close()


# ---- forecasts ----------------------------------------------------------------------------------------------------------------

def table(visit):
    """{model: [(this moment, mean) for each horizon]}"""
    rows = visit.page.locator(".readings tbody tr")
    return {row.locator("th").inner_text().strip(): [tuple(cell.inner_text().split()) for cell in row.locator("td").all()]
            for row in rows.all()}


def test_the_table_holds_the_errors_of_this_moment_and_their_means(running, pages):
    truth, forecasts, starts = fan_parts()
    target = np.stack([truth[s:s + 4] for s in starts])
    with site.Visit(running, pages["fan"]) as visit:
        slider = visit.page.locator("figure input[type=range]")
        for sensor in (0, 1):
            visit.page.get_by_role("combobox", name="Sensor").select_option(str(sensor))
            for n in (0, 11):
                slider.fill(str(n))
                rows = table(visit)
                for model, ahead in forecasts.items():
                    error = np.abs(ahead - target)[..., sensor]
                    for h, (now, mean) in enumerate(rows[model]):
                        wanted = error[n, h]
                        assert now == "\u2013" if np.isnan(wanted) else abs(float(now) - wanted) <= 0.06, (sensor, n, h)
                        assert abs(float(mean) - np.nanmean(error[:, h])) <= 0.06, (sensor, n, h)
        assert visit.page.locator(".when").inner_text() == "Forecast at Tuesday 6 March 2012, 07:20, line"
        assert visit.complaints == [] and visit.outside == []


def test_the_fan_starts_at_the_last_known_value_and_ends_at_its_forecast(running, pages):
    truth, forecasts, starts = fan_parts()
    with site.Visit(running, pages["fan"]) as visit:
        visit.page.locator("figure input[type=range]").fill("5")

        def ends(selector):
            d = visit.page.locator(selector).first.get_attribute("d")
            return [[float(x) for x in pair.split()] for pair in re.findall(r"[ML]([\d.-]+ [\d.-]+)", d)]

        past, came, network = ends(".fan .truth:not(.came)"), ends(".fan .truth.came"), ends(".fan .forecast")
        assert past[-1] == came[0] == network[0] and len(network) == len(came) == 5
        scale = (came[-1][1] - came[0][1]) / (truth[starts[5] + 3, 0] - truth[starts[5] - 1, 0])  # pixels a mile an hour
        assert network[-1][1] - came[-1][1] == pytest.approx(2 * scale, abs=0.3)
        assert visit.page.locator(".fan .band").count() == 1
        dashes = visit.page.locator(".fan .forecast").evaluate_all("all => all.map((one) => getComputedStyle(one).strokeDasharray)")
        colors = visit.page.locator(".fan .forecast").evaluate_all("all => all.map((one) => getComputedStyle(one).stroke)")
        assert len(set(dashes)) == len(set(colors)) == 2


def test_play_horizons_and_models_of_the_fan(running, pages):
    with site.Visit(running, pages["fan"]) as visit:
        figure = visit.page.locator("figure")
        visit.page.get_by_role("button", name="Play").click()
        visit.page.wait_for_function("+document.querySelector('figure').dataset.forecast > 2")
        visit.page.get_by_role("button", name="Pause").click()
        long = visit.page.locator(".whole .forecast").first.get_attribute("d")
        visit.page.get_by_role("combobox", name="How far ahead").select_option("1")
        assert figure.get_attribute("data-horizon") == "2" and visit.page.locator("th.lit").inner_text().split() == ["10", "min"]
        assert visit.page.locator(".whole .forecast").first.get_attribute("d") != long
        visit.page.get_by_role("button", name="network").click()
        assert visit.page.locator(".fan .forecast").count() == 1 and visit.page.locator("tr.off").count() == 1
        fan, line = visit.page.locator(".fan").bounding_box(), visit.page.locator(".now-line").bounding_box()
        visit.page.mouse.move(fan["x"] + fan["width"] - 14, fan["y"] + 60)
        assert figure.get_attribute("data-horizon") == "4"
        visit.page.mouse.move(line["x"] + 4, fan["y"] + 60)
        assert figure.get_attribute("data-horizon") == "1"
        whole = visit.page.locator(".whole svg").bounding_box()
        visit.page.mouse.click(whole["x"] + whole["width"] - 12, whole["y"] + 30)
        assert figure.get_attribute("data-forecast") == "11"


# ---- errors -------------------------------------------------------------------------------------------------------------------

def test_lines_and_their_seeds(running, pages):
    with site.Visit(running, pages["lines"]) as visit:
        scrub = visit.page.get_by_role("slider")
        scrub.focus()
        for key, cells in (("Home", ["2.50 mph 2.00 to 3.00 over 2 seeds", "3.00 mph"]),
                           ("End", ["5.50 mph 5.00 to 6.00 over 2 seeds", "\u2013 mph"])):
            visit.page.keyboard.press(key)
            rows = visit.page.locator(".readings").first.locator("tbody tr").all()
            assert [" ".join(row.locator("td").all_inner_texts()).strip() for row in rows] == cells
        assert scrub.get_attribute("aria-valuetext") == "60 minutes ahead: network 5.50, last value \u2013"
        assert visit.page.locator(".profile .band").count() == 1 and visit.page.locator(".profile .curve").count() == 2
        visit.page.get_by_text("All numbers").click()
        second = visit.page.locator(".numbers-all tbody tr").nth(1).inner_text()
        assert second.split() == ["15", "3.50", "3.00", "to", "4.00", "5.00"]
        assert visit.complaints == []


def test_bars_can_be_sorted(running, pages):
    with site.Visit(running, pages["bars"]) as visit:
        labels = visit.page.locator(".profile .tick")
        assert visit.page.locator(".profile .bar").count() == 7 and visit.page.locator(".profile .bracket").count() == 4
        visit.page.get_by_role("combobox").select_option("0")
        assert [text for text in labels.all_text_contents() if text in "ABCD"] == list("DCBA")
        assert visit.page.locator("figure").get_attribute("data-label") == "D"
        visit.page.get_by_role("button", name="last value").click()
        assert visit.page.locator(".profile .bar").count() == 4
        heights = [bar.bounding_box()["height"] for bar in visit.page.locator(".profile .bar").all()]
        np.testing.assert_allclose(np.array(heights) / heights[0], np.array([5.5, 4.5, 3.5, 2.5]) / 5.5, rtol=0.02)


# ---- all of them --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_accessible(running, pages, name, dark):
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, pages[name], dark=dark, width=390) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        if name in ("map", "crossings"):
            visit.page.locator(".sensor").first.focus()
        for details in visit.page.locator("summary").all():
            details.click()
        found = Axe().run(visit.page).response["violations"]
        # a saved page is a bare figure: it has no landmarks and no heading, and needs none
        found = [rule for rule in found if rule["id"] not in ("landmark-one-main", "region", "page-has-heading-one")]
    assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []


@pytest.mark.parametrize("name", FIGURES)
def test_saved_it_is_what_was_seen(running, pages, name):
    files = []
    for dark in (False, True):
        with site.Visit(running, pages[name], dark=dark) as visit:
            figure = visit.page.locator("figure")
            look = "document.querySelector('.heat-map image').getAttribute('href')" if name == "heat" else "0"
            before = visit.page.evaluate(look)
            file, text = save(visit, figure)
            check_alone(text, figure)
            if not dark:
                check_picture(visit, text, figure)
            assert visit.page.evaluate(look) == before and visit.complaints == []
            files.append((file, text))
    assert files[0] == files[1] and re.fullmatch(r"graphs-in-motion-figure-1(-t\d+)?\.svg", files[0][0])
