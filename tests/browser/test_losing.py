"""A skeleton loses its joints, and what each ingredient added: by mouse, keyboard and finger, on a phone, and saved as seen."""

import numpy as np
import pytest

from stgcn_lib.data import motions
from stgcn_lib.viz import losing_joints, waterfall

from . import site
from .test_download import check_alone, check_picture, save

T, HAND = 20, 7
LEVELS = [0.0, 0.1, 0.3, 0.5]


def losing():
    """The left hand (joint 7) is missing in half of the frames at level 0.3, always at 0.5."""
    seen = {level: np.ones((T, 25), bool) for level in LEVELS}
    seen[0.3][:T // 2, HAND] = False
    seen[0.5][:, HAND] = False
    curves = {"plain": (LEVELS, [0.9, 0.8, 0.5, 0.2], [0.01, 0.02, 0.03, 0.04]),
              "trained with holes": (LEVELS, [0.89, 0.88, 0.8, 0.7], [0.01] * 4)}
    return losing_joints(motions.clip("throw", frames=T), seen, curves, layout="ntu-25", alt="a thrower loses a hand", see="see")


def recipe():
    """A start, a sure gain, a doubtful one, a sure loss."""
    return waterfall([("plain", [0.80, 0.81, 0.82], "266 k parameters"), ("sampling", [0.85, 0.86, 0.87]),
                      ("schedule", [0.86, 0.87, 0.88], "no cost"), ("too much", [0.82, 0.83, 0.84])],
                     goal=(0.9, "paper"), alt="what each ingredient added", see="see")


MAKE = {"losing": losing, "waterfall": recipe}


@pytest.fixture(scope="module")
def pages(running, tmp_path_factory):
    folder = tmp_path_factory.mktemp("losing")
    for name, make in MAKE.items():
        make().save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in MAKE}


# ---- losing -----------------------------------------------------------------------------------------------------------------

def ends(visit):
    """Right end of each drawn curve."""
    return [float(one.get_attribute("d").split("L")[-1].split()[0]) for one in visit.page.locator(".chart .curve").all()]


def test_the_curves_are_drawn_up_to_the_level(running, pages):
    with site.Visit(running, pages["losing"]) as visit:
        figure, says = visit.page.locator("figure"), visit.page.locator(".says")
        assert figure.get_attribute("data-level") == "0.5"
        assert says.inner_text() == ("At 50 %, plain has lost 70.0 points; trained with holes stands 50.0 points above it, "
                                     "71 % of what was lost.")
        far = ends(visit)
        visit.page.locator("input[type=range]").focus()
        visit.page.keyboard.press("ArrowLeft")
        visit.page.wait_for_function("document.querySelector('figure').dataset.level === '0.3'")
        near = ends(visit)
        left = float(visit.page.locator(".chart .stop").first.get_attribute("d")[1:].split()[0])
        np.testing.assert_allclose((np.array(near) - left) / (np.array(far) - left), 0.3 / 0.5, atol=2e-3)
        assert visit.page.locator("tbody td").all_inner_texts() == ["50.0 \u00b1 3.0", "\u221240.0", "80.0 \u00b1 1.0", "\u22129.0"]
        visit.page.keyboard.press("Home")
        visit.page.wait_for_function("document.querySelector('figure').dataset.level === '0'")
        assert ends(visit) == [] and visit.page.locator(".chart .now").count() == 2
        assert says.inner_text() == "At 0 %, where the curves begin: plain 90.0 %, trained with holes 89.0 %."
        assert visit.complaints == [] and visit.outside == []


def test_a_joint_says_how_often_it_was_seen(running, pages):
    with site.Visit(running, pages["losing"]) as visit:
        figure, note, canvas = visit.page.locator("figure"), visit.page.locator(".gim-note"), visit.page.locator("canvas")
        visit.page.locator("input[type=range]").focus()
        for _ in range(HAND + 1):
            visit.page.keyboard.press("j")
        for key, level, count in (("End", "0.5", 0), ("ArrowLeft", "0.3", 10), ("ArrowLeft", "0.1", 20)):
            visit.page.keyboard.press(key)
            visit.page.wait_for_function(f"document.querySelector('figure').dataset.level === '{level}'")
            assert note.inner_text() == f"left hand: seen in {count} of {T} frames"
        whole = canvas.evaluate("c => c.toDataURL()")
        visit.page.keyboard.press("End")
        visit.page.wait_for_function("document.querySelector('figure').dataset.level === '0.5'")
        assert canvas.evaluate("c => c.toDataURL()") != whole
        visit.page.keyboard.press("Escape")
        visit.page.wait_for_function("document.querySelector('figure').dataset.joint === ''")
        box = canvas.bounding_box()
        for y in range(10, int(box["height"]), 6):
            visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + y)
            visit.page.wait_for_timeout(20)
            if figure.get_attribute("data-joint"):
                break
        assert "seen in" in note.inner_text()


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_touch_on_the_chart_goes_to_its_level(running, pages, width):
    with site.Visit(running, pages["losing"], width=width) as visit:
        chart = visit.page.locator(".chart")
        chart.scroll_into_view_if_needed()
        stop = visit.page.locator(".chart .stop").nth(1).bounding_box()
        visit.page.mouse.click(stop["x"] + 3, stop["y"] - 60)
        visit.page.wait_for_function("document.querySelector('figure').dataset.level === '0.1'")
        assert visit.page.locator(".title").inner_text() == "joints missing: 10 %"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


# ---- waterfall --------------------------------------------------------------------------------------------------------------

def test_bars_reach_from_the_last_level_to_the_new_one(running, pages):
    with site.Visit(running, pages["waterfall"]) as visit:
        bars = visit.page.locator(".falls .bar")
        edge = [(float(one.get_attribute("x")), float(one.get_attribute("width"))) for one in bars.all()]
        (x0, w0), (x1, w1), (x2, w2), (x3, w3) = edge
        np.testing.assert_allclose([x1, x2, x3 + w3, w2 / w1, w3 / w1], [x0 + w0, x1 + w1, x2 + w2, 1 / 5, 4 / 5], atol=0.2)
        assert [one.get_attribute("class").split()[1:] for one in bars.all()] == [["start"], ["up"], ["up", "within"], ["down"]]
        assert "url(" in bars.nth(2).evaluate("b => getComputedStyle(b).fill")
        assert "url(" not in bars.nth(1).evaluate("b => getComputedStyle(b).fill")
        assert visit.page.locator(".falls .gain").all_text_contents() == ["81.0 %", "+5.0", "+1.0", "\u22124.0"]
        assert visit.page.locator(".says").inner_text() == (
            "All together: from 81.0 % to 83.0 %, +2.0 points. 2 of 3 steps change it by more than the spread over seeds. "
            "The paper, 90.0 %, is missed.")
        assert visit.page.locator(".falls .seed").count() == 12 and visit.page.locator(".falls .whisker").count() == 4
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_row_says_its_numbers_and_its_cost(running, pages, width):
    with site.Visit(running, pages["waterfall"], width=width) as visit:
        figure, says, touch = visit.page.locator("figure"), visit.page.locator(".says"), visit.page.locator(".falls .touch")
        touch.nth(2).click(position={"x": 30, "y": 20})
        assert figure.get_attribute("data-row") == "2"
        assert says.inner_text() == ("schedule: +1.0 points, to 87.0 % (3 seeds from 86.0 to 88.0); within the spread: the seeds "
                                     "before and after overlap. Cost: no cost.")
        touch.nth(1).hover(position={"x": 30, "y": 20})
        assert figure.get_attribute("data-row") == "2"  # it is kept
        touch.nth(2).click(position={"x": 30, "y": 20})
        touch.nth(1).hover(position={"x": 30, "y": 20})
        assert "outside the spread: no seed before reaches one after" in says.inner_text()
        visit.page.locator(".falls .step[tabindex='0']").focus()
        visit.page.keyboard.press("ArrowUp")
        assert says.inner_text() == "plain, the start: 81.0 % (3 seeds from 80.0 to 82.0). Cost: 266 k parameters."
        visit.page.keyboard.press("Escape")
        assert figure.get_attribute("data-row") == "" and says.inner_text().startswith("All together")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_steps_are_added_in_turn(running, pages):
    with site.Visit(running, pages["waterfall"]) as visit:
        visit.page.locator("input[type=range]").focus()
        visit.page.keyboard.press("Home")
        for shown, words in ((1, "plain, the start"), (2, "sampling: +5.0 points"), (3, "schedule: +1.0"), (4, "All together")):
            assert visit.page.locator(".falls .bar").count() == shown and visit.page.locator(".says").inner_text().startswith(words)
            assert visit.page.locator(".falls .later").count() == 4 - shown
            visit.page.keyboard.press("ArrowRight")


def test_nothing_sticks_out_on_a_phone(running, pages):
    with site.Visit(running, pages["waterfall"], width=390) as visit:
        sheet = visit.page.locator(".falls").bounding_box()
        for words in visit.page.locator(".falls text").all():
            box = words.bounding_box()
            assert box["x"] >= sheet["x"] - 1 and box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1, words.text_content()


# ---- all of them ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", MAKE)
def test_space_plays_from_the_start_to_the_end(running, pages, name):
    with site.Visit(running, pages[name]) as visit:
        figure = visit.page.locator("figure")
        last = figure.get_attribute("data-frame")
        visit.page.locator("input[type=range]").focus()
        visit.page.keyboard.press("Space")
        visit.page.wait_for_function(f"document.querySelector('figure').dataset.frame !== '{last}'")
        seen = set()
        for _ in range(80):
            seen.add(figure.get_attribute("data-frame"))
            visit.page.wait_for_timeout(60)
            if len(seen) > 2:
                break
        visit.page.keyboard.press("Space")
        assert len(seen) > 2 and figure.get_attribute("data-playing") == "false"
        assert visit.complaints == []


@pytest.mark.parametrize("name", MAKE)
def test_without_motion_play_goes_in_whole_steps(running, pages, name):
    with site.Visit(running, pages[name], reduced_motion=True) as visit:
        assert visit.page.locator("figure").get_attribute("data-playing") == "false"
        visit.page.get_by_role("button", name="Play", exact=True).click()
        look = "document.querySelector('.gim-stage svg:is(.chart, .falls)').innerHTML"
        seen = set()
        for _ in range(12):
            seen.add((visit.page.locator("figure").get_attribute("data-frame"), visit.page.evaluate(look)))
            visit.page.wait_for_timeout(60)
        assert len(seen) <= len({frame for frame, _ in seen}) + 1  # two readings may fall on both sides of a step
        assert visit.complaints == []


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
@pytest.mark.parametrize("name", MAKE)
def test_saved_it_is_what_is_seen(running, pages, name, width):
    with site.Visit(running, pages[name], width=width) as visit:
        visit.page.set_viewport_size({"width": width, "height": 1500})
        visit.page.wait_for_timeout(300)
        figure = visit.page.locator("figure")
        for key in ("End", "ArrowLeft"):
            visit.page.locator("input[type=range]").focus()
            visit.page.keyboard.press(key)
            visit.page.wait_for_timeout(150)
            _, text = save(visit, figure)
            check_alone(text, figure)
            check_picture(visit, text, figure)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", MAKE)
def test_accessible(running, pages, name, dark):
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, pages[name], dark=dark) as visit:
        found = Axe().run(visit.page).response["violations"]
        # a saved page is a bare figure: it has no landmarks and no heading, and needs none
        found = [rule for rule in found if rule["id"] not in ("landmark-one-main", "region", "page-has-heading-one")]
    assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []
