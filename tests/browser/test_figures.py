"""What the figures of the chapters do when a reader touches them."""

import pytest

from . import site

CHAPTERS = site.pages(only_chapters=True)
PLAYER = "article figure.gim-player"


@pytest.fixture(scope="module", params=[1280, 390], ids=["wide", "phone"])
def width(request):
    return request.param


def with_figure(kind):
    """The chapters that hold a figure of this kind; at least one must."""
    found = [name for name in CHAPTERS if f'data-gim="{kind}"' in (site.HTML / name).read_text(encoding="utf-8")] \
        if site.HTML.exists() else CHAPTERS
    assert found or not site.HTML.exists(), f"no chapter holds a {kind}"
    return found


@pytest.mark.parametrize("name", with_figure("player"))
def test_play_moves_the_picture_and_pause_stops_it(running, address, name, width):
    with site.Visit(running, address + name, width=width) as visit:
        figure = visit.page.locator(PLAYER).first
        figure.scroll_into_view_if_needed()
        figure.get_by_role("button", name="Play", exact=True).click()
        before = figure.get_attribute("data-frame"), figure.locator("canvas").first.evaluate("c => c.toDataURL()")
        visit.page.wait_for_function("([node, frame]) => node.dataset.frame !== frame", arg=[figure.element_handle(), before[0]])
        visit.page.wait_for_timeout(300)
        assert figure.locator("canvas").first.evaluate("c => c.toDataURL()") != before[1]
        figure.get_by_role("button", name="Pause", exact=True).click()
        stopped = figure.get_attribute("data-frame")
        visit.page.wait_for_timeout(300)
        assert figure.get_attribute("data-frame") == stopped
        assert visit.complaints == []


def test_figures_whose_script_comes_late_are_drawn_too(running, address):
    context = running.new_context()
    try:
        page = context.new_page()

        def late(route):
            page.wait_for_timeout(400)
            route.continue_()

        page.route("**/gim-quiz.js*", late)
        page.goto(address + CHAPTERS[0], wait_until="load")
        assert page.locator("figure[data-gim=quiz]").count() and page.locator("figure[data-gim]:not([data-gim-ready])").count() == 0
    finally:
        context.close()


@pytest.mark.parametrize("name", with_figure("player"))
def test_player_answers_keys_and_drag(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(PLAYER).first
        stage = figure.locator(".gim-views")
        stage.focus()
        visit.page.keyboard.press("Home")
        assert figure.get_attribute("data-frame") == "0"
        visit.page.keyboard.press("ArrowRight")
        assert figure.get_attribute("data-frame") != "0"
        visit.page.keyboard.press("Space")
        assert figure.get_attribute("data-playing") == "true"
        visit.page.keyboard.press("Space")
        assert figure.get_attribute("data-playing") == "false"
        view = figure.get_attribute("data-view")
        visit.page.keyboard.press("Shift+ArrowRight")
        turned = figure.get_attribute("data-view")
        if "Drag to turn" not in figure.inner_text():  # flat bodies, as chapter 7 shows without recorded data, cannot turn
            assert turned == view
            return
        assert turned != view
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        visit.page.mouse.move(box["x"] + 60, box["y"] + 100)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + 160, box["y"] + 110, steps=4)
        visit.page.mouse.up()
        assert figure.get_attribute("data-view") != turned


def test_nothing_plays_by_itself_for_readers_who_ask_for_less_motion(running, address):
    for reduced, playing in ((False, "true"), (True, "false")):
        with site.Visit(running, address + "book/index.html", reduced_motion=reduced) as visit:
            figure = visit.page.locator("figure.gim-player").first
            figure.scroll_into_view_if_needed()
            visit.page.wait_for_timeout(400)
            assert figure.get_attribute("data-playing") == playing
            if reduced:  # pressing Play still works
                figure.get_by_role("button", name="Play", exact=True).click()
                assert figure.get_attribute("data-playing") == "true"


LINKED = "article figure.gim-linked"


@pytest.mark.parametrize("name", with_figure("linked"))
def test_a_click_in_one_of_three_views_changes_the_other_two(running, address, name, width):
    with site.Visit(running, address + name, width=width) as visit:
        figure = visit.page.locator(LINKED).first
        lit = lambda: figure.locator(".cell.lit").count()  # noqa: E731
        rows = lambda: figure.locator("tr.sender").count()  # noqa: E731
        nodes = figure.locator(".node").count()
        assert lit() == rows() == 0
        # a node of the drawing: its row of the matrix, its senders among the numbers
        figure.locator(".node .disc").nth(1).click()
        assert figure.get_attribute("data-receiver") == "1"
        assert lit() == nodes and rows() > 0
        # a cell of the matrix: one message, drawn as one arrow, one row of numbers
        values = figure.locator(".cell").evaluate_all("cells => cells.map(cell => +cell.dataset.value)")
        edge = next(i for i, value in enumerate(values) if value and i // nodes != i % nodes)
        figure.locator(".cell").nth(edge).click()
        assert [figure.get_attribute(f"data-{end}") for end in ("receiver", "sender")] == [str(edge // nodes), str(edge % nodes)]
        assert lit() == 1 and rows() == 1 and figure.locator(".arrows .head").count() == 1
        # a row of numbers: a sender, its column, the nodes that hear it
        figure.locator("table.numbers tr").nth(0).click()
        assert (figure.get_attribute("data-receiver"), figure.get_attribute("data-sender")) == ("", "0")
        assert lit() == nodes and figure.locator(".node.receiver").count() > 0
        assert visit.complaints == []


@pytest.mark.parametrize("name", with_figure("linked"))
def test_linked_views_by_keyboard_alone(running, address, name):
    with site.Visit(running, address + name) as visit:
        figure = visit.page.locator(LINKED).first
        figure.locator(".node").first.focus()
        visit.page.keyboard.press("ArrowRight")
        assert figure.get_attribute("data-receiver") == "1"
        figure.locator(".cell").first.focus()
        visit.page.keyboard.press("ArrowDown")
        visit.page.keyboard.press("ArrowRight")
        assert (figure.get_attribute("data-receiver"), figure.get_attribute("data-sender")) == ("1", "1")


@pytest.mark.parametrize("kind", ["none", "row", "symmetric"])
@pytest.mark.parametrize("loops", [False, True])
def test_the_page_divides_as_python_does(running, tmp_path, kind, loops):
    import torch

    from stgcn_lib.graphs import normalize_adjacency
    from stgcn_lib.viz import adjacency_view

    A = (torch.rand(6, 6, generator=torch.Generator().manual_seed(1)) > 0.6).float().fill_diagonal_(0)
    A[4] = A[:, 4] = 0  # an isolated node
    adjacency_view(A, positions=torch.rand(6, 2), normalize=True, alt="a").save(tmp_path / "page.html")
    wanted = normalize_adjacency(A, kind, self_loops=loops) if kind != "none" else A + loops * torch.eye(6)
    with site.Visit(running, (tmp_path / "page.html").as_uri()) as visit:
        if loops:
            visit.page.get_by_role("button", name="Self-loops").click()
        visit.page.locator("select").select_option(kind)
        shown = visit.page.eval_on_selector_all(".cell", "cells => cells.map(cell => +cell.dataset.value)")
    torch.testing.assert_close(torch.tensor(shown, dtype=torch.float32).reshape(6, 6), wanted)


def specifications(kind):
    """(chapter page, specification) of every box or quiz of the chapters."""
    from importlib import import_module

    modules = {page: import_module(f"stgcn_lib.exercises.ch{page.rsplit('/', 1)[1][:2]}") for page in CHAPTERS}
    return [pytest.param(page, spec, id=name) for page, module in modules.items() for name, spec in getattr(module, kind).items()]


def with_question(visit, kind, question):
    """The figure that asks a question; it must be on the page."""
    figures = visit.page.locator(f"article figure.gim-{kind}")
    found = [i for i in range(figures.count()) if visit.page.evaluate(
        "([node, text]) => { const p = document.createElement('p'); p.innerHTML = text;"
        " return node.querySelector('.gim-question')?.textContent === p.textContent && !node.querySelector('.gim-said') }",
        [figures.nth(i).element_handle(), question])]
    assert found, "this question is not on the page"
    return figures.nth(found[0])


@pytest.mark.parametrize(("page", "spec"), specifications("BOXES"))
def test_a_box_names_the_slip_hints_and_accepts_the_answer(running, address, page, spec):
    import numpy as np

    def enter(figure, values):
        fields = figure.locator("input")
        for i, value in enumerate(np.ravel(values)):
            fields.nth(i).fill(repr(float(value)))
        fields.last.press("Enter")

    with site.Visit(running, address + page) as visit:
        figure = with_question(visit, "box", spec["question"])
        verdict = figure.locator(".gim-verdict")
        slips = spec["slips"].items() if isinstance(spec["slips"], dict) else spec["slips"]
        for wrong, _ in slips:
            enter(figure, wrong)
            assert figure.get_attribute("data-state") == "slip", (wrong, verdict.inner_text())
        enter(figure, np.asarray(spec["answer"], dtype=float) + 1234.5)
        assert figure.get_attribute("data-state") == "wrong"
        figure.locator("input").first.fill("many")
        figure.locator("input").first.press("Enter")
        assert figure.get_attribute("data-state") == "unclear"
        for level in (1, 2, 3):
            figure.locator(".gim-buttons button").nth(1).click()
            assert figure.locator(".gim-hints li").count() == level
        enter(figure, spec["answer"])
        assert figure.get_attribute("data-state") == "right"
        assert visit.complaints == []


def test_a_box_reads_numbers_as_people_write_them(running, tmp_path):
    from stgcn_lib.exercises import boxes

    question = boxes.box("What is 1/&radic;10?", 10 ** -0.5, hints=("a", "b", "c"), slips={0.2: "The root of 25."})
    question.save(tmp_path / "page.html")
    with site.Visit(running, (tmp_path / "page.html").as_uri()) as visit:
        figure = visit.page.locator("figure.gim-box")

        def state(typed):
            figure.locator("input").fill(typed)
            figure.locator("input").press("Enter")
            return figure.get_attribute("data-state")

        for typed in ("0.316", "0,316", " .316", "1/\u221a10", "1/sqrt(10)", "1 / \u221a(2 \u00b7 5)", "1/sqrt(2*5)", "sqrt(10)/10",
                      "\u221210/(-10 * \u221a10)", "(1 + 2 - 2)/\u221a10"):
            assert state(typed) == "right", typed
        assert state("1/5") == state("1/sqrt(25)") == "slip"
        assert state("0.3") == "unclear" and "rounded" in figure.locator(".gim-verdict").inner_text()
        assert state("\u221a2") == state("1/3") == "wrong"
        for typed in ("", "many", "1/0", "1 1/2", "1/\u221a(10", "1/", "1e3", "0.3.1", "0.316 m"):
            assert state(typed) == "unclear", typed
        assert visit.complaints == []


@pytest.mark.parametrize(("page", "spec"), specifications("QUIZZES"))
def test_a_quiz_has_a_reason_for_every_choice(running, address, page, spec):
    with site.Visit(running, address + page) as visit:
        figure = with_question(visit, "quiz", spec["question"])
        for i, (_, right, _) in enumerate(spec["choices"]):
            figure.locator("input").nth(i).check()
            figure.get_by_role("button", name="Check").click()
            assert figure.locator(".gim-reason").nth(i).is_visible()
            if not spec.get("several"):
                assert figure.get_attribute("data-state") == ("right" if right else "wrong")


@pytest.mark.parametrize(("page", "spec"), specifications("PREDICTIONS"))
def test_a_prediction_comes_back_in_the_reply(running, address, page, spec):
    with site.Visit(running, address + page) as visit:
        figure = with_question(visit, "quiz", spec["question"])
        said = visit.page.locator("article .gim-said")
        assert not said.first.is_visible()
        figure.locator("input").nth(spec["truth"]).check()
        figure.get_by_role("button", name="Commit").click()
        assert said.first.is_visible()
        visit.page.reload()
        assert visit.page.locator("article .gim-said").first.is_visible(), "the page forgot the prediction"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_plotly_is_drawn_from_the_site_itself_in_the_colours_of_the_page(running, address, dark, monkeypatch):
    from plotly.graph_objects import Figure, Heatmap

    from stgcn_lib.viz import plots, theme

    monkeypatch.setenv("STGCN_BOOK", "1")
    chart = plots.plotly_figure(Figure(Heatmap(z=[[0, 1], [2, 3]])), alt="four cells")
    with site.Visit(running, address + CHAPTERS[0], dark=dark) as visit:
        assert not any("plotly" in url for url in visit.sizes), "plotly was loaded before any chart needed it"
        visit.page.add_script_tag(url=f"{address}_static/gim-plotly.js")  # a page brings only the scripts of its own figures
        visit.page.evaluate("html => { document.querySelector('article').insertAdjacentHTML('afterbegin', html); gim.mountAll(); }",
                            chart._repr_html_())
        visit.page.locator("figure.gim-plotly .main-svg").first.wait_for()
        paper = visit.page.eval_on_selector("figure.gim-plotly .main-svg", "node => node.style.background")
        red, green, blue = (int(theme.color("surface", dark)[i:i + 2], 16) for i in (1, 3, 5))
        assert paper == f"rgb({red}, {green}, {blue})"
        assert visit.outside == [] and visit.complaints == []
