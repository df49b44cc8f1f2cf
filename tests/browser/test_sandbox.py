"""The traffic sandbox: its road, forecasts and scores are Python's, and everything can be done by keyboard alone."""

import re

import numpy as np
import pytest

from stgcn_lib.recipes import ring
from stgcn_lib.viz import traffic_sandbox

from . import site

FIGURE = "figure.gim-sandbox"
PLAY = """([hour, events, records, filled]) => {
    const data = JSON.parse(document.querySelector("script.gim-data").textContent), run = gim.sandbox.session(data, hour);
    run.filled = filled;
    const steps = (n) => { for (let i = 0; i < n; i++) run.step(); };
    let now = 0;
    for (const [step, what, cell, value] of events) {
        steps(step - now);
        now = step;
        if (what === "sensor") run.off[cell] = value;
        else if (what === "lane") run.road.closeLane(cell, value);
        else run.road.accident(cell, value);
    }
    const ahead = run.ahead();
    steps(10 * records - now);
    const { records: all } = run, names = data.forecasters.map((one) => one.name);
    const none = Array(6).fill(Array(data.road.cells).fill(null));
    return { ahead, ...Object.fromEntries(["speed", "flow", "density", "recorded"].map((key) => [key, all.map((one) => one[key])])),
        forecasts: Object.fromEntries(names.map((name) => [name, all.map((one) => one.forecasts ? one.forecasts[name] : none)])),
        scores: Object.fromEntries(names.map((name) => [name, run.scores(name)])),
        error: Object.fromEntries(names.map((name) => [name, run.error(name, 3)])) };
}"""


def events_by_chance(seed, count, steps):
    chance = np.random.default_rng(seed)
    made = []
    for step in sorted(int(s) for s in chance.integers(0, steps, count)):
        what = ("accident", "lane", "sensor")[chance.integers(3)]
        value = float(chance.integers(0, 61)) if what == "accident" else bool(chance.integers(2))
        made.append((step, what, int(chance.integers(40)), value))
    return made


SCRIPTS = {
    "a quiet night": (3, [], 6, False),
    "an accident at noon": (12, [(0, "accident", 20, 30.0)], 36, False),
    "an accident in the peak that is cleared early": (6.5, [(35, "accident", 17, 60.0), (71, "accident", 17, 0.0)], 48, False),
    "a lane that stays closed": (15.5, [(4, "lane", 30, True), (200, "lane", 30, False)], 30, False),
    "dead sensors in a jam": (12, [(0, "accident", 9, 30.0), (15, "sensor", 5, True), (15, "sensor", 8, True),
                                   (120, "sensor", 5, False)], 24, False),
    "dead sensors whose last speed is handed on": (12, [(0, "accident", 9, 30.0), (15, "sensor", 5, True),
                                                        (15, "sensor", 8, True)], 24, True),
    "everything at once": (7.25, events_by_chance(0, 60, 400), 42, False),
    "everything at once, filled": (16, events_by_chance(1, 90, 600), 62, True),
    "past midnight": (22, [(30, "accident", 0, 45.0), (31, "accident", 39, 45.0)], 40, False),
}


@pytest.fixture(scope="module")
def bare(running, tmp_path_factory):
    """One page with the sandbox and all forecasters, for the tests that only compute."""
    file = tmp_path_factory.mktemp("sandbox") / "page.html"
    traffic_sandbox(forecasters=[one["name"] for one in ring.load()["forecasters"]]).save(file)
    with site.Visit(running, file.as_uri()) as visit:
        yield visit.page
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_page_drives_forecasts_and_scores_as_python_does(bare, name):
    hour, events, records, filled = SCRIPTS[name]
    page, python = bare.evaluate(PLAY, [hour, events, records, filled]), ring.play(events, records, hour, filled)
    for key in ("speed", "flow", "density", "recorded"):
        assert np.shape(page[key]) == python[key].shape == (24 + records, 40)
        assert np.allclose(page[key], python[key], rtol=0, atol=1e-6), key
    for model, made in python["forecasts"].items():
        assert np.allclose(np.array(page["forecasts"][model], dtype=float), made, rtol=0, atol=1e-6, equal_nan=True), model
        assert np.allclose(page["scores"][model], python["scores"][model], rtol=0, atol=1e-6), model
        error = np.abs(made[-4, 2] - python["speed"][-1])
        assert np.allclose(page["error"][model], error, rtol=0, atol=1e-6), model
    # what is drawn as "if nothing else happens" is what happened after the last event, where that fell on a full record
    last = events[-1][0] if events else 0
    first = 24 + last // 10
    coming = python["speed"][first:first + 6]
    assert np.allclose(page["ahead"][:len(coming)], coming, rtol=0, atol=1e-6)
    if events and hour < 20:  # at night an accident holds nobody up
        assert np.ptp(python["speed"][24:]) > 30


def test_a_kind_that_the_page_does_not_know_is_an_error_and_a_new_one_can_join(bare):
    tried = """(known) => {
        const data = JSON.parse(document.querySelector("script.gim-data").textContent);
        data.forecasters.push({ name: "crystal ball", kind: "oracle" });
        if (known) gim.sandbox.kinds.oracle = (model, table, history) => Array(6).fill(history.at(-1).map((x) => x + 1));
        try { return gim.sandbox.session(data, 12).scores("crystal ball")[0][0]; } catch (error) { return error.message; }
        finally { delete gim.sandbox.kinds.oracle; }
    }"""
    assert "oracle" in bare.evaluate(tried, False)
    assert bare.evaluate(tried, True) == pytest.approx(1, abs=0.01)


# ---- what is on the page ----------------------------------------------------------------------------------------------------

def opened(running, tmp_path, *, width=1280, dark=False, reduced_motion=False, **arguments):
    traffic_sandbox(**arguments).save(tmp_path / "page.html")
    return site.Visit(running, (tmp_path / "page.html").as_uri(), width=width, dark=dark, reduced_motion=reduced_motion)


def shown_scores(figure):
    return [[float(text) for text in row.locator("td").all_inner_texts()] for row in figure.locator("table.scores tbody tr").all()]


def test_an_accident_placed_by_hand_is_the_accident_that_python_computes(running, tmp_path):
    with opened(running, tmp_path) as visit:
        figure = visit.page.locator(FIGURE)
        figure.locator(".cell").nth(20).click()
        assert figure.locator(".crash").count() == 1 and "until 12:30" in figure.locator(".remark").inner_text()
        for _ in range(5):
            figure.get_by_role("button", name="5 minutes").click()
        figure.get_by_role("button", name="Sensor", exact=True).click()
        figure.locator(".cell").nth(17).click()
        for _ in range(4):
            figure.get_by_role("button", name="5 minutes").click()
        wanted = ring.play([(0, "accident", 20, 30), (50, "sensor", 17, True)], records=9)
        labels = figure.locator(".cell").evaluate_all("cells => cells.map(cell => cell.getAttribute('aria-label'))")
        speeds = [int(re.search(r": (\d+) km/h", label)[1]) for label in labels]
        assert np.abs(speeds - wanted["speed"][-1]).max() <= 0.5 + 1e-9
        assert "sensor off" in labels[17] and "accident" not in labels[20]  # it has been cleared
        names = ["last value", "historical mean", "linear on the graph"]
        for row, name in zip(shown_scores(figure), names, strict=True):
            assert row == pytest.approx(wanted["scores"][name][:, [0, 2, 5]].ravel().tolist(), abs=0.05 + 1e-9)
        assert figure.get_attribute("data-time") == "12:45" and figure.get_attribute("data-records") == "9"
        assert figure.locator(".zero").count() == 4 and figure.locator(".strip .event").count() == 2  # in both pictures
        figure.get_by_role("button", name="Start again").click()
        assert figure.get_attribute("data-time") == "12:00" and figure.locator(".off, .crash, .zero").count() == 0
        assert visit.complaints == [] and visit.outside == []


def test_masked_and_unmasked_scores_part_when_sensors_die(running, tmp_path):
    with opened(running, tmp_path, hour=3) as visit:
        figure = visit.page.locator(FIGURE)
        figure.get_by_role("button", name="Sensor", exact=True).click()
        for cell in range(4):
            figure.locator(".cell").nth(cell).click()
        for _ in range(18):
            figure.get_by_role("button", name="5 minutes").click()
        last, usual, linear = shown_scores(figure)
        assert last == [0] * 6 and usual[0] < 2 < 9 < usual[3]
        assert linear[1] > 1
        figure.get_by_role("button", name="its last speed").click()
        for _ in range(18):
            figure.get_by_role("button", name="5 minutes").click()
        last, _, linear = shown_scores(figure)
        assert linear[1] < 1 and last[:3] == [0] * 3 and last[3] == pytest.approx(10, abs=0.1)  # 100 km/h where 0 was written down
        assert visit.complaints == []


def test_play_moves_the_road_and_pause_holds_it(running, tmp_path):
    with opened(running, tmp_path) as visit:
        page, figure = visit.page, visit.page.locator(FIGURE)
        place = lambda: figure.locator(".car").first.get_attribute("cx")  # noqa: E731
        clock, before = figure.locator(".clock"), place()
        figure.locator("select[aria-label=Speed]").select_option("4")
        figure.get_by_role("button", name="Play").click()
        page.wait_for_function("document.querySelector('figure.gim-sandbox').dataset.records >= 2")
        assert place() != before
        cars = figure.locator(".car").evaluate_all("all => all.map(a => Math.hypot(a.getAttribute('cx'), a.getAttribute('cy')))")
        assert len(cars) == 44 and min(cars) > 125 and max(cars) < 165  # on the road, all of them
        figure.get_by_role("button", name="Pause").click()
        held = clock.text_content()
        page.wait_for_timeout(300)
        assert clock.text_content() == held > "12:09"
        # an event between two records: the rest of the record that has begun counts for what is to come
        figure.locator(".cell").nth(20).click()
        assert figure.locator(".crash").count() == 1
        assert visit.complaints == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True), (390, False)])
def test_by_keyboard_alone_and_with_nothing_for_axe(running, tmp_path, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with opened(running, tmp_path, width=width, dark=dark) as visit:
        page, figure = visit.page, visit.page.locator(FIGURE)
        press = page.keyboard.press
        for _ in range(40):
            press("Tab")
            if page.evaluate("document.activeElement.matches('.cell')"):
                break
        chosen = lambda: int(figure.get_attribute("data-cell"))  # noqa: E731
        focus = lambda: page.evaluate("document.activeElement.getAttribute('aria-label') || ''")  # noqa: E731
        assert chosen() == 20 and focus().startswith("cell 20:")
        press("ArrowRight")
        press("ArrowUp")
        press("PageDown")
        assert chosen() == 25 and focus().startswith("cell 25:")
        press("End")
        press("ArrowRight")
        assert chosen() == 0
        press("ArrowLeft")
        assert chosen() == 39
        press("Enter")  # the accident that is chosen in the toolbar
        assert figure.locator(".crash").count() == 1 and "accident until" in focus()
        press("l")
        press("s")
        assert "a lane is closed" in focus() and "sensor off" in focus()
        press("n")
        press("n")
        assert figure.get_attribute("data-records") == "2" and page.evaluate("document.activeElement.matches('.cell')")
        press("a")
        assert figure.locator(".crash").count() == 0  # cleared
        press("p")
        page.wait_for_function("document.querySelector('figure.gim-sandbox').dataset.playing === 'true'")
        press("p")
        assert figure.get_attribute("data-playing") == "false"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [f"{rule['id']}: {node['html'][:160]}" for rule in Axe().run(page).response["violations"] for node in rule["nodes"]
                if rule["id"] not in ("landmark-one-main", "page-has-heading-one", "region")] == []  # those ask for a whole page
        assert visit.complaints == [] and visit.outside == []


def test_cars_drive_only_for_readers_who_like_motion(running, tmp_path):
    for reduced in (False, True):
        with opened(running, tmp_path, reduced_motion=reduced) as visit:
            assert visit.page.locator(".cars").is_visible() != reduced
            visit.page.locator(FIGURE).get_by_role("button", name="5 minutes").click()
            assert visit.complaints == []


def test_a_forecaster_can_be_hidden_and_another_be_judged(running, tmp_path):
    with opened(running, tmp_path) as visit:
        figure = visit.page.locator(FIGURE)
        assert figure.locator(".fan .forecast").count() == 3
        figure.get_by_role("button", name="last value").click()
        assert figure.locator(".fan .forecast").count() == 2
        figure.locator(".cell").nth(10).click()
        figure.get_by_role("button", name="5 minutes").click()
        bar = lambda: figure.locator(".bar").evaluate_all("bars => bars.map(bar => bar.getAttribute('d'))")  # noqa: E731
        before = bar()
        figure.locator("label", has_text="Bars and errors of").locator("select").select_option("historical mean")
        assert bar() != before and "historical mean" in figure.locator(".strips .title").nth(1).inner_text()
        figure.get_by_role("button", name="30", exact=True).click()
        assert "30 minutes" in figure.locator(".strips .title").nth(1).inner_text()
        assert visit.complaints == []
