"""Figures of scores: they say in words what they show, by mouse, by keyboard, by finger and on a phone."""

import numpy as np
import pytest

from stgcn_lib.viz import calibration, calibration_error, confusion, intervals, learning_curves

from . import site

CLASSES = ("walk", "wave hands", "sit down", "clap hands")
COUNTS = np.array([[10, 0, 0, 0], [0, 7, 0, 3], [1, 0, 9, 0], [0, 2, 0, 8]])
TWENTY = np.random.default_rng(0).poisson(0.4, (20, 20)) + 9 * np.eye(20, dtype=int)


def sure_answers():
    """Logits that are far too sure: a temperature above 1 mends them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 200)
    logits = rng.normal(size=(200, 5))
    logits[np.arange(200), labels] += 1.2
    return 3 * logits, labels


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def curves_figure():
    runs = [[{"loss": x + s, "validation_loss": v + s, "validation_accuracy": 0.5 + 0.1 * t} for t, (x, v) in
             enumerate(zip((2.0, 1.0, 0.5, 0.25), (2.2, 1.4, 1.2, 1.6), strict=True))] for s in (0, 0.2)]
    return learning_curves({"ST-GCN": runs}, alt="curves", see="see")


def intervals_figure():
    def row(*accuracies):
        mean = float(np.mean(accuracies))
        return {"mean": mean, "std": float(np.std(accuracies, ddof=1)), "seeds": 3, "clips": 100, "accuracies": list(accuracies),
                "interval": [mean - 0.08, mean + 0.06]}

    table = {"spatial": row(0.85, 0.87, 0.89), "distance": row(0.84, 0.85, 0.86), "no graph": row(0.6, 0.61, 0.65)}
    return intervals(table, baseline="spatial", goal=0.9, alt="intervals", see="see")


FIGURES = {
    "confusion": lambda: confusion(COUNTS, CLASSES, alt="confusion of 4 classes", see="see"),
    "twenty": lambda: confusion([TWENTY, TWENTY], [f"an action, number {i}" for i in range(20)], alt="confusion of 20 classes"),
    "curves": curves_figure,
    "many": lambda: learning_curves({f"variant {i}": [[2.0, 1.0 / (i + 1)], [2.5, 1.0]] for i in range(5)}, alt="curves"),
    "calibration": lambda: calibration(softmax(sure_answers()[0]), sure_answers()[1], alt="calibration", see="see"),
    "surest": lambda: calibration(softmax(4 * sure_answers()[0]), sure_answers()[1], alt="calibration of a network far too sure"),
    "intervals": intervals_figure,
}


@pytest.fixture(scope="module")
def pages(running, tmp_path_factory):
    """Pages that hold one figure each, opened from the disk."""
    folder = tmp_path_factory.mktemp("scores")
    for name, make in FIGURES.items():
        make().save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in FIGURES}


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# ---- confusion --------------------------------------------------------------------------------------------------------------

def cell(visit, r, c):
    return visit.page.locator(f"[data-r='{r}'][data-c='{c}']")


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_cell_says_what_was_taken_for_what(running, pages, width):
    with site.Visit(running, pages["confusion"], width=width) as visit:
        says = visit.page.locator(".says")
        assert says.inner_text() == "34 of 40 right (85 %). Most often wave hands is taken for clap hands: 3 of 10."
        visit.page.mouse.click(*middle(cell(visit, 1, 3).locator(".touch")))
        assert says.inner_text() == ("wave hands taken for clap hands: 3 of 10 (30 %). "
                                     "The other way round, clap hands taken for wave hands: 2 of 10.")
        visit.page.mouse.move(*middle(cell(visit, 0, 0).locator(".touch")))
        assert says.inner_text().startswith("wave hands taken")  # it is kept
        visit.page.mouse.click(*middle(cell(visit, 2, -1).locator("text").first))
        assert says.inner_text() == "sit down: 9 of 10 found (recall 90 %). Taken for walk 1."
        visit.page.mouse.click(*middle(cell(visit, -1, 3).locator(".number")))
        assert says.inner_text() == ("The network said clap hands 11 times, 8 of them right (precision 73 %). "
                                     "The others were wave hands 3.")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == [] and visit.outside == []


def test_right_and_wrong_have_different_marks(running, pages):
    with site.Visit(running, pages["confusion"]) as visit:
        assert visit.page.locator(".grid rect.mark").count() == 4 and visit.page.locator(".grid circle.mark").count() == 3


def test_the_confused_move_together_and_the_arrows_follow(running, pages):
    with site.Visit(running, pages["confusion"], reduced_motion=True) as visit:
        figure = visit.page.locator("figure")
        order = FIGURES["confusion"]().data["order"]
        visit.page.get_by_role("button", name="Put side by side").click()
        x = [middle(cell(visit, c, c).locator(".touch"))[0] for c in range(4)]
        assert np.argsort(x).tolist() == order
        cell(visit, 0, 0).focus()
        assert figure.get_attribute("data-cell") == "0 0"
        visit.page.keyboard.press("Home")
        visit.page.keyboard.press("ArrowRight")
        for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("End", 3), ("ArrowRight", 3)):
            visit.page.keyboard.press(key)
            assert figure.get_attribute("data-cell") == f"0 {order[place]}", key
        visit.page.keyboard.press("Home")
        assert figure.get_attribute("data-cell") == "0 -1"
        assert "recall 100 %" in visit.page.evaluate("document.activeElement.getAttribute('aria-label')")
        visit.page.keyboard.press("Escape")
        assert figure.get_attribute("data-cell") == ""


def test_twenty_classes_on_a_phone(running, pages):
    with site.Visit(running, pages["twenty"], width=390) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "Sum of 2 runs: every clip counts twice." in visit.page.locator(".gim-legend").inner_text()
        seen = visit.page.locator("svg.grid").bounding_box()
        for words in visit.page.locator("svg.grid text:visible").all():  # nothing sticks out
            box = words.bounding_box()
            assert box["x"] >= seen["x"] - 1 and box["x"] + box["width"] <= seen["x"] + seen["width"] + 1, words.text_content()
        visit.page.get_by_role("button", name="Next mistake").click()
        assert "an action, number" in visit.page.locator(".says").inner_text()


# ---- curves -----------------------------------------------------------------------------------------------------------------

def test_the_cursor_reads_all_values(running, pages):
    with site.Visit(running, pages["curves"]) as visit:
        figure = visit.page.locator("figure")
        assert figure.get_attribute("data-epoch") == "3"  # the smallest validation loss
        cells = visit.page.locator("tbody td")
        assert [text.split() for text in cells.all_inner_texts()] == [
            ["0.6", "0.5", "to", "0.7"], ["1.3", "1.2", "to", "1.4"], ["70.0", "%", "70.0", "to", "70.0", "%"]]
        visit.page.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        assert figure.get_attribute("data-epoch") == "1" and cells.first.inner_text().startswith("2.1")
        assert "validation loss 2.3" in visit.page.locator("input[type=range]").get_attribute("aria-valuetext")
        visit.page.get_by_role("button", name="epoch 3").click()
        assert figure.get_attribute("data-epoch") == "3"
        box = visit.page.locator(".panel").first.bounding_box()
        visit.page.mouse.move(box["x"] + 2, box["y"] + 60)
        assert figure.get_attribute("data-epoch") == "1"
        assert visit.complaints == [] and visit.outside == []


def test_a_logarithmic_scale_is_one(running, pages):
    def heights(visit):
        path = visit.page.locator(".curve").first.get_attribute("d")
        return [float(step.split()[1]) for step in path[1:].split("L")]

    with site.Visit(running, pages["curves"]) as visit:
        mean = np.array([2.1, 1.1, 0.6, 0.35])
        for name, scale in (("linear", lambda x: x), ("logarithmic", np.log)):
            visit.page.get_by_role("button", name=name).click()
            slope = np.diff(heights(visit)) / np.diff(scale(mean))
            np.testing.assert_allclose(slope, slope[0], rtol=0.02)


def test_names_at_line_ends_do_not_cover_each_other(running, pages):
    with site.Visit(running, pages["many"], width=390) as visit:
        tops = sorted(box["y"] for box in (one.bounding_box() for one in visit.page.locator(".end .name").all()))
        assert len(tops) == 5 and min(np.diff(tops)) > 10
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


# ---- calibration ------------------------------------------------------------------------------------------------------------

def test_temperature_moves_confidence_and_leaves_accuracy(running, pages):
    logits, labels = sure_answers()
    with site.Visit(running, pages["calibration"]) as visit:
        figure, scrub = visit.page.locator("figure"), visit.page.locator("input[type=range]")

        def shown():
            return [float(figure.get_attribute("data-" + name)) for name in ("accuracy", "mean", "error")]

        for power in (0, 1, -2, 2, 5):
            scrub.fill(str(power))
            p = softmax(logits / 2.0 ** power)
            wanted = (p.argmax(1) == labels).mean(), p.max(1).mean(), calibration_error(p, labels)
            np.testing.assert_allclose(shown(), wanted, atol=5e-3)
        visit.page.get_by_role("button", name="Smallest log loss").click()
        temperatures = 2 ** np.linspace(-2, 2, 400)
        loss = [-np.log(softmax(logits / t)[np.arange(200), labels]).mean() for t in temperatures]
        assert float(figure.get_attribute("data-temperature")) == pytest.approx(temperatures[np.argmin(loss)], abs=0.03)
        visit.page.get_by_role("button", name="T = 1").click()
        assert figure.get_attribute("data-temperature") == "1.00"
        assert visit.complaints == [] and visit.outside == []


def test_the_slider_reaches_the_temperature_of_a_network_far_too_sure(running, pages):
    logits, labels = sure_answers()
    temperatures = 2 ** np.linspace(-2, 5, 700)
    loss = [-np.log(softmax(4 * logits / t)[np.arange(200), labels]).mean() for t in temperatures]
    best = temperatures[np.argmin(loss)]
    assert 5 < best < 31
    with site.Visit(running, pages["surest"]) as visit:
        figure, scrub = visit.page.locator("figure"), visit.page.locator("input[type=range]")
        visit.page.get_by_role("button", name="Smallest log loss").click()
        assert float(figure.get_attribute("data-temperature")) == pytest.approx(best, rel=0.02)
        assert float(scrub.input_value()) == pytest.approx(np.log2(best), abs=0.06)
        for printed in (3.6, 27.5):  # chapter 6 prints such numbers
            scrub.fill(str(round(20 * np.log2(printed)) / 20))
            assert float(figure.get_attribute("data-temperature")) == pytest.approx(printed, rel=0.02)


def test_a_bin_says_itself(running, pages):
    logits, labels = sure_answers()
    p = softmax(logits)
    own = p.max(1) > 0.9
    hits, n = int((p.argmax(1) == labels)[own].sum()), int(own.sum())
    with site.Visit(running, pages["calibration"], width=390) as visit:
        visit.page.locator(".bin[tabindex='0']").focus()
        says = visit.page.locator(".says")
        assert says.inner_text().startswith(f"Confidence 90 to 100 %: {n} clips, {hits} right")
        assert "Too sure by" in says.inner_text()
        visit.page.keyboard.press("ArrowLeft")
        assert says.inner_text().startswith("Confidence 80 to 90 %")
        visit.page.mouse.click(*middle(visit.page.locator(".bin .touch").nth(5)))
        assert says.inner_text().startswith("Confidence 50 to 60 %")
        visit.page.keyboard.press("Escape")
        assert says.inner_text().startswith("On the whole it is surer than it is right")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


# ---- intervals --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_rows_are_read_as_text(running, pages, width):
    with site.Visit(running, pages["intervals"], width=width) as visit:
        says, figure = visit.page.locator(".says"), visit.page.locator("figure")
        assert says.inner_text() == "1 of 2 variants lie within the spread of spatial; outside: no graph."
        visit.page.locator(".variant").first.focus()
        assert says.inner_text().startswith("spatial: mean 87.0 % (seeds from 85.0 to 89.0 %, standard deviation 2.0).")
        visit.page.keyboard.press("ArrowDown")
        assert "The mean is 2.0 points below spatial, within the spread: their seeds overlap." in says.inner_text()
        assert "The goal, 90.0 %, is missed by the mean." in says.inner_text()
        visit.page.mouse.click(*middle(visit.page.locator(".variant .touch").nth(2)))
        assert figure.get_attribute("data-row") == "2" and "outside the spread" in says.inner_text()
        assert visit.page.locator(".plot .seed").count() == 9 and visit.page.locator(".plot .interval").count() == 3
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == [] and visit.outside == []


# ---- all of them ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_accessible(running, pages, name, dark):
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, pages[name], dark=dark) as visit:
        found = Axe().run(visit.page).response["violations"]
        # a saved page is a bare figure: it has no landmarks and no heading, and needs none
        found = [rule for rule in found if rule["id"] not in ("landmark-one-main", "region", "page-has-heading-one")]
    assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []


@pytest.mark.parametrize("name", ["confusion", "curves", "calibration", "intervals"])
def test_saved_as_svg_it_holds_what_is_shown(running, pages, name):
    with site.Visit(running, pages[name], dark=True) as visit:
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Save as SVG").click()
        text = download.value.path().read_text(encoding="utf-8")
        words = {"confusion": "wave hands", "curves": "validation accuracy", "calibration": "log loss",
                 "intervals": "no graph"}[name]
        assert words in text and "NaN" not in text and "var(" not in text and "undefined" not in text
        assert visit.complaints == []
