"""A skeleton loses its joints, and what each ingredient added: by mouse, keyboard and finger, on a phone, and saved as seen."""

import numpy as np
import pytest

from stgcn_lib.data import motions
from stgcn_lib.viz import losing_joints

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


MAKE = {"losing": losing}


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
