"""Figures that look inside a network: their views are linked, and they work by mouse, by keyboard, by finger and on a phone."""

import re

import numpy as np
import pytest

from stgcn_lib.data import motions
from stgcn_lib.graphs import skeleton
from stgcn_lib.viz import edge_importance, embedding_map, heat_player

from . import site

GRAPH = skeleton("ntu-25")
HAND, T = GRAPH.joints.index("right hand"), 20


def heat_figure(**words):
    """Two clips, three maps: all heat on one hand in frames 5 to 9; heat for and against; all heat on one hand in frame 3."""
    hand, signed, moment = (np.zeros((T, 25)) for _ in range(3))
    hand[5:10, HAND] = 2
    signed[:, 3], signed[:, 7] = 1, -0.5
    moment[3, HAND] = 1
    clips = [motions.clip("wave", frames=T), motions.clip("kick", frames=T)]
    maps = {"saliency": hand, "shares": signed, "moment": moment}
    return heat_player(clips, [maps, maps], "ntu-25", ["wave", "kick"], alt="heat of a wave", see="see", **words)


def gates_figure():
    return heat_figure(signs=("wider open", "narrower"))  # the same figure with another key


def edges_figure():
    importance = 1 + 0.1 * np.random.default_rng(0).normal(size=(3, 3, 25, 25))
    importance[1, 2, HAND - 1, HAND] = 1.9  # block 2, centrifugal: the wrist hears the hand
    importance[1, 1, HAND - 1, HAND] = 2.5  # and where the adjacency is 0 it has no effect
    return edge_importance(importance, "ntu-25", block=1, see="see")


def map_figure():
    actions = motions.ACTIONS[:4]
    clips = [motions.clip(actions[i % 4], seed=i, frames=30) for i in range(16)]
    places = [(i % 4, i // 4) for i in range(16)]  # a grid: columns are classes
    predicted = [3 if i == 4 else i % 4 for i in range(16)]
    return embedding_map(places, np.arange(16) % 4, actions, clips, "ntu-25", predicted=predicted, alt="map of 16 clips", see="see")


FIGURES = {"heat": heat_figure, "edges": edges_figure, "embedding": map_figure}


@pytest.fixture(scope="module")
def pages(running, tmp_path_factory):
    """Pages that hold one figure each, opened from the disk."""
    folder = tmp_path_factory.mktemp("inside")
    makers = FIGURES | {"gates": gates_figure}
    for name, make in makers.items():
        make().save(folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in makers}


# ---- heat -------------------------------------------------------------------------------------------------------------------

def test_heat_says_where_it_lies(running, pages):
    with site.Visit(running, pages["heat"]) as visit:
        total = visit.page.locator(".sum")
        assert total.inner_text().startswith("Most heat: right hand (100 %)")
        assert re.search(r"Half of it lies in frames (5 to 7|6 to 8|7 to 9)\. Largest value: 2\.", total.inner_text())
        assert visit.page.locator("figure").get_attribute("data-frame") == "5"  # the first frame with most heat
        visit.page.get_by_role("button", name="shares").click()
        assert total.inner_text().startswith("Most heat: head (66 %), left hand (34 %). ")  # of 8-bit numbers
        assert visit.page.locator(".against").is_visible() and visit.page.locator(".bar.negative").count() == 1
        visit.page.get_by_role("button", name="saliency").click()
        assert visit.page.locator(".against").is_hidden()
        visit.page.get_by_role("button", name="moment").click()
        assert "Half of it lies in frame 3. Largest value: 1." in total.inner_text()
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize(("name", "above", "below"), [("heat", "speaks for the class", "speaks against it"),
                                                      ("gates", "wider open", "narrower")])
def test_the_key_says_what_the_signs_mean(running, pages, name, above, below):
    with site.Visit(running, pages[name]) as visit:
        key = visit.page.locator(".gim-legend")
        assert key.inner_text().split() == "the larger, the more heat".split()
        visit.page.get_by_role("button", name="shares").click()
        assert key.inner_text().split() == f"{above} {below}".split()


@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_touch_on_the_strip_goes_to_its_frame_and_joint_and_back(running, pages, width):
    with site.Visit(running, pages["heat"], width=width) as visit:
        figure, strip = visit.page.locator("figure"), visit.page.locator("svg.strip")
        sheet, row = visit.page.locator(".sheet").bounding_box(), visit.page.locator("svg.strip .name").nth(HAND).bounding_box()
        visit.page.mouse.click(sheet["x"] + sheet["width"] * 7.5 / T, row["y"] + row["height"] / 2)
        assert (figure.get_attribute("data-frame"), figure.get_attribute("data-joint")) == ("7", str(HAND))
        visit.page.locator(".note", has_text="right hand, frame 7: 100 % of the largest value").wait_for()  # with the next frame
        assert strip.get_attribute("aria-valuenow") == "7" and "right hand: 100 %" in strip.get_attribute("aria-valuetext")
        cursor = visit.page.locator(".cursor").bounding_box()
        assert abs(cursor["x"] + cursor["width"] / 2 - (sheet["x"] + sheet["width"] * 7.5 / T)) < 2
        visit.page.mouse.move(*(sheet[k] + 5 for k in "xy"))
        visit.page.mouse.down()  # drawn along time, the strip is a scrubber
        visit.page.mouse.move(sheet["x"] + sheet["width"] * 12.5 / T, sheet["y"] + 5, steps=5)
        visit.page.mouse.up()
        assert (figure.get_attribute("data-frame"), figure.get_attribute("data-joint")) == ("12", "0")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == []


def test_a_touch_on_a_joint_lights_its_row(running, pages):
    with site.Visit(running, pages["heat"]) as visit:
        figure, canvas = visit.page.locator("figure"), visit.page.locator("canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        for y in range(10, int(box["height"]), 6):  # from the top down there must be a joint somewhere in the middle
            visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + y)
            if figure.get_attribute("data-joint"):
                break
        joint = int(figure.get_attribute("data-joint"))
        assert visit.page.locator("svg.strip .name.lit").text_content() == GRAPH.joints[joint]
        band, name = visit.page.locator(".band").bounding_box(), visit.page.locator("svg.strip .name").nth(joint).bounding_box()
        assert band["y"] < name["y"] + name["height"] / 2 < band["y"] + band["height"]
        view = canvas.evaluate("c => c.toDataURL()")
        visit.page.mouse.move(box["x"] + 40, box["y"] + 200)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + 120, box["y"] + 200, steps=4)
        visit.page.mouse.up()
        visit.page.wait_for_timeout(100)
        assert canvas.evaluate("c => c.toDataURL()") != view


def test_heat_by_keyboard(running, pages):
    with site.Visit(running, pages["heat"]) as visit:
        figure, strip = visit.page.locator("figure"), visit.page.locator("svg.strip")
        strip.focus()
        for key, frame, joint in (("Home", "0", ""), ("ArrowRight", "1", ""), ("ArrowDown", "1", "0"), ("ArrowUp", "1", "24"),
                                  ("End", "19", "24"), ("j", "19", "0")):
            visit.page.keyboard.press(key)
            assert (figure.get_attribute("data-frame"), figure.get_attribute("data-joint") or "") == (frame, joint), key
        visit.page.keyboard.press("Home")
        visit.page.keyboard.press("Space")
        visit.page.wait_for_function("document.querySelector('figure').dataset.frame > 3")
        visit.page.keyboard.press("Space")
        assert figure.get_attribute("data-playing") == "false"


def test_glow_of_a_frame_and_of_the_whole_clip(running, pages):
    with site.Visit(running, pages["heat"]) as visit:
        canvas = visit.page.locator("canvas")
        visit.page.locator("svg.strip").focus()
        visit.page.keyboard.press("Home")  # no heat in frame 0
        visit.page.wait_for_timeout(100)
        cold = canvas.evaluate("c => c.toDataURL()")
        visit.page.get_by_role("button", name="the whole clip").click()
        visit.page.wait_for_timeout(100)
        assert canvas.evaluate("c => c.toDataURL()") != cold
        visit.page.get_by_role("button", name="this frame").click()
        visit.page.wait_for_timeout(100)
        assert canvas.evaluate("c => c.toDataURL()") == cold


# ---- edges ------------------------------------------------------------------------------------------------------------------

def test_the_message_that_grew_most_is_found_everywhere(running, pages):
    with site.Visit(running, pages["edges"]) as visit:
        figure = visit.page.locator("figure")
        first = visit.page.locator(".lists button").first
        assert first.inner_text() == "1.90 right wrist \u2190 right hand"
        first.click()
        assert figure.get_attribute("data-message") == f"2 {HAND - 1} {HAND}"
        assert visit.page.locator(".arrow.lit").get_attribute("data-u") == str(HAND)
        assert "right wrist from right hand: importance 1.90" in visit.page.locator(".cell.lit").get_attribute("aria-label")
        assert "right wrist hears right hand (centrifugal) with importance 1.90" in visit.page.locator(".says").inner_text()
        assert visit.page.evaluate("document.activeElement.textContent").startswith("1.90")  # the focus stays
        widths = visit.page.locator(".body .shaft").evaluate_all("all => all.map((one) => parseFloat(one.style.strokeWidth))")
        assert max(widths) == widths[visit.page.locator(".arrow").evaluate_all("all => all.findIndex((a) => a.matches('.lit'))")]
        assert visit.complaints == [] and visit.outside == []


def test_before_training_all_messages_are_alike(running, pages):
    with site.Visit(running, pages["edges"]) as visit:
        visit.page.get_by_role("button", name="before").click()
        widths = visit.page.locator(".body .shaft").evaluate_all("all => all.map((one) => one.style.strokeWidth)")
        assert len(set(widths)) == 1 and visit.page.locator(".arrow:not(.same)").count() == 1 + 1  # those of the legend
        visit.page.get_by_role("button", name="after").click()
        assert visit.page.locator(".body .arrow.shrank").count() > 10 < visit.page.locator(".body .arrow.grew").count()


def test_blocks_and_subsets_can_be_chosen(running, pages):
    with site.Visit(running, pages["edges"]) as visit:
        figure = visit.page.locator("figure")
        assert figure.get_attribute("data-block") == "1"
        visit.page.get_by_role("button", name="Step", exact=True).click()
        assert figure.get_attribute("data-block") == "2"
        visit.page.locator(".overview .hit").first.click()
        assert figure.get_attribute("data-block") == "0"
        counts = []
        for name in ("root", "centripetal", "centrifugal", "all"):
            visit.page.get_by_role("button", name=name, exact=True).click()
            counts.append(sum(one.is_visible() for one in visit.page.locator(".body .arrow").all()))
        assert counts == [25, 24, 24, 73]


def test_the_matrix_by_keyboard(running, pages):
    with site.Visit(running, pages["edges"]) as visit:
        figure = visit.page.locator("figure")
        visit.page.locator(".cell[tabindex='0']").focus()
        assert figure.get_attribute("data-message") == "0 0 0"
        A = GRAPH.partition().numpy().sum(0) > 0
        visit.page.keyboard.press("ArrowRight")
        assert figure.get_attribute("data-message").split()[1:] == ["0", str(np.flatnonzero(A[0])[1])]
        visit.page.keyboard.press("ArrowDown")
        v, u = map(int, figure.get_attribute("data-message").split()[1:])
        assert v == 1 and A[v, u]


# ---- the map ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("width", [1280, 390], ids=["wide", "phone"])
def test_a_point_shows_its_clip_and_its_neighbours(running, pages, width):
    with site.Visit(running, pages["embedding"], width=width) as visit:
        figure = visit.page.locator("figure")
        assert figure.get_attribute("data-chosen") == "4" and "wave" in visit.page.locator(".verdict").inner_text()  # the mistake
        assert visit.page.locator(".spot.wrong .ring").count() == 1
        spot = visit.page.locator(".spot").nth(9)
        before = visit.page.locator("canvas.chosen").evaluate("c => c.toDataURL()")
        spot.scroll_into_view_if_needed()
        box = spot.bounding_box()
        visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        visit.page.mouse.down()
        visit.page.mouse.up()
        assert figure.get_attribute("data-chosen") == "9" and figure.get_attribute("data-kept") == "true"
        assert visit.page.locator(".head b").all_inner_texts()[0] == "clap"
        assert figure.get_attribute("data-playing") == "true"
        visit.page.get_by_role("button", name="Pause", exact=True).click()
        assert visit.page.locator("canvas.chosen").evaluate("c => c.toDataURL()") != before
        buttons = visit.page.locator(".near button")
        assert [int(text.split()[-1]) for text in buttons.all_inner_texts()] == [5, 8, 10]  # all at distance 1
        buttons.nth(1).click()
        assert figure.get_attribute("data-chosen") == "8"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.complaints == [] and visit.outside == []


def test_what_is_kept_is_not_lost_on_the_way(running, pages):
    with site.Visit(running, pages["embedding"], reduced_motion=True) as visit:
        figure = visit.page.locator("figure")
        places = [visit.page.locator(".spot").nth(i).bounding_box() for i in range(16)]
        middle = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in places]
        visit.page.mouse.move(*middle[2])
        assert figure.get_attribute("data-chosen") == "2" and figure.get_attribute("data-playing") != "true"  # nobody moves unasked
        visit.page.mouse.click(*middle[2])
        visit.page.mouse.move(*middle[10])
        assert figure.get_attribute("data-chosen") == "2"
        visit.page.mouse.click(*middle[2])
        visit.page.mouse.move(*middle[10])
        assert figure.get_attribute("data-chosen") == "10"


def test_the_map_by_keyboard(running, pages):
    with site.Visit(running, pages["embedding"]) as visit:
        figure = visit.page.locator("figure")
        visit.page.locator(".spot[tabindex='0']").first.focus()
        for key, chosen in (("ArrowRight", "5"), ("ArrowUp", "9"), ("ArrowLeft", "8"), ("ArrowLeft", "8"), ("ArrowDown", "4")):
            visit.page.keyboard.press(key)  # a grid of four columns, the first row below
            assert figure.get_attribute("data-chosen") == chosen, key
            assert "clip " + chosen in visit.page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_one_class_and_the_mistakes(running, pages):
    with site.Visit(running, pages["embedding"]) as visit:
        visit.page.get_by_role("button", name="run", exact=True).click()
        # the four runs and the wave that was taken for one
        assert visit.page.locator(".spot:not(.faint):not(.light)").count() == 5
        assert visit.page.locator(".class-note").inner_text() == "run: 4 clips, 0 of them missed; 1 others taken for it."
        visit.page.get_by_role("button", name="run", exact=True).click()
        visit.page.get_by_role("button", name="Mistakes only").click()
        assert visit.page.locator(".spot:not(.faint):not(.light)").count() == 1


# ---- all of them ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_accessible(running, pages, name, dark):
    from axe_playwright_python.sync_playwright import Axe

    with site.Visit(running, pages[name], dark=dark) as visit:
        if name == "edges":
            visit.page.locator(".lists button").first.click()
        found = Axe().run(visit.page).response["violations"]
        # a saved page is a bare figure: it has no landmarks and no heading, and needs none
        found = [rule for rule in found if rule["id"] not in ("landmark-one-main", "region", "page-has-heading-one")]
    assert [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]] == []


@pytest.mark.parametrize("name", FIGURES)
def test_saved_as_svg_it_holds_what_is_shown(running, pages, name, tmp_path):
    with site.Visit(running, pages[name], dark=True) as visit:
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Save as SVG").click()
        text = download.value.path().read_text(encoding="utf-8")
        words = {"heat": "right hand", "edges": "block 2", "embedding": "The network says"}[name]
        assert words in text and "NaN" not in text and "var(" not in text and "undefined" not in text
        assert visit.complaints == []
