"""Save as SVG: the file that a reader gets is the figure that the reader saw, and it needs nothing else."""

import io
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from stgcn_lib.viz import theme

from . import site
from .test_figures import with_figure

PAGES = ["book/index.html", *site.pages(only_chapters=True)]
SVG = "{http://www.w3.org/2000/svg}"
FIGURE = "article figure[data-gim]:not(.gim-box, .gim-quiz)"


def save(visit, figure):
    """Press the button of a figure by keyboard; (file name, text of the file)."""
    with visit.page.expect_download() as waiting:
        figure.locator(".gim-save").focus()
        visit.page.keyboard.press("Enter")
    with open(waiting.value.path(), encoding="utf-8") as file:
        return waiting.value.suggested_filename, file.read()


def pause(visit):
    """No figure moves on its own while two pictures of it are compared."""
    for button in visit.page.get_by_role("button", name="Pause", exact=True).all():
        button.click()


def check_alone(text, figure):
    """The rules for every file; returns its root."""
    assert text.startswith("<?xml") and "var(--" not in text and "NaN" not in text and "Infinity" not in text
    root = ElementTree.fromstring(text)
    assert root.tag == SVG + "svg"
    width, height = float(root.get("width")), float(root.get("height"))
    assert [float(n) for n in root.get("viewBox").split()][2:] == [width, height] and min(width, height) > 40
    alt = figure.get_attribute("aria-label")
    assert root.find(SVG + "title").text and alt.startswith(root.find(SVG + "title").text.strip())
    assert root.find(SVG + "desc").text.startswith(alt)
    assert "Graphs in Motion, CC BY 4.0" in root.find(SVG + "metadata").text
    assert "127.0.0.1" not in text and "file:" not in text
    for node in root.iter():
        assert node.tag.startswith(SVG) and node.tag.removeprefix(SVG) not in ("script", "style", "foreignObject"), node.tag
        for name, value in node.attrib.items():
            assert not name.startswith("on") and name not in ("class", "style", "tabindex"), (node.tag, name)
            if name.endswith("href"):
                assert value.startswith(("#", "data:image/")), value
            for found in re.findall(r"url\(([^)]*)\)", value):
                assert found.strip("\"'").startswith("#"), value
        assert re.fullmatch(r"none|#[0-9a-f]{6}|url\(#.*\)|", node.get("fill", "")), node.attrib
        assert re.fullmatch(r"none|#[0-9a-f]{6}|", node.get("stroke", "")), node.attrib
    referred = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", text))
    assert {one or other for one, other in referred} <= {node.get("id") for node in root.iter()}
    return root


def count(root, tag, **attributes):
    return sum(all(part in (node.get(name) or "") for name, part in attributes.items()) for node in root.iter(SVG + tag))


def words(root):
    return " ".join("".join(node.itertext()) for node in root.iter(SVG + "text"))


def check_content(kind, root, figure):
    """As many joints, nodes, cells and words as the figure shows."""
    data = figure.locator("script.gim-data")
    data = json.loads(data.inner_text(timeout=1000)) if data.count() else None
    if kind == "player":
        joints = sum(len(data["layouts"][clip["layout"]]["joints"]) for clip in data["clips"])
        bones = sum(len(data["layouts"][clip["layout"]]["edges"]) for clip in data["clips"])
        assert count(root, "path", transform=" scale(") == joints
        # a bone is one line in its colour, on a wider one in the colour of the page, and some have dashes on top; bones of
        # length 0, such as the fingers of CMU, lie on each other, so equal lines count each for itself
        lines = [node for node in root.iter(SVG + "path") if re.fullmatch(r"M[-\d. ]+L[-\d. ]+", node.get("d"))]
        plain = [node for node in lines if node.get("stroke") != theme.COLORS["surface"][0] and not node.get("stroke-dasharray")]
        assert len(plain) >= bones
        assert all(clip["title"] in words(root) for clip in data["clips"] if clip.get("title"))
    if kind == "linked":
        nodes = len(data["names"])
        assert count(root, "circle") == nodes and count(root, "rect") == nodes ** 2
        assert all(name in words(root) for name in data["names"])
    if kind == "rounds":
        shapes = count(root, "circle") + count(root, "rect")
        assert shapes == 2 * len(data["places"]) + len(data["marked"]) and count(root, "line") >= len(data["edges"])
    if kind == "partition":
        chosen = figure.locator(".matrices svg").count()
        assert chosen and count(root, "text") > chosen and count(root, "path") > 40
    if kind == "picture":
        for tag in ("text", "use", "image"):
            assert count(root, tag) == figure.locator(f".gim-stage {tag}").count()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)


def coarse(array):
    """Means over 8 by 8 pixels, as darkness 0 (paper) to 1: a font that differs a little changes little."""
    rows, columns = array.shape[0] // 8 * 8, array.shape[1] // 8 * 8
    return 1 - array[:rows, :columns].mean(2).reshape(rows // 8, 8, columns // 8, 8).mean((1, 3)) / 255


def check_picture(visit, text, figure):
    """The file as <img> on white beside the figure without its controls."""
    box = [float(n) for n in re.search(r'viewBox="([^"]+)"', text)[1].split()]
    style = visit.page.add_style_tag(content=""".skip-link, .bd-header-article, figure.gim :is(button:not(.gim-shown),
        .gim-controls, .gim-tools, .gim-keys, .gim-settings, .gim-hint) { visibility: hidden !important }
        .gim-view canvas, .gim-stage * { background: none !important; box-shadow: none !important }
        .gim-stage * { border-color: transparent !important }""")  # frames and rules around words are the page's
    figure.scroll_into_view_if_needed()
    stage = figure.locator(".gim-stage").bounding_box()
    clip = {"x": stage["x"] + box[0], "y": stage["y"] + box[1], "width": box[2], "height": box[3]}
    shown = pixels(visit.page.screenshot(clip=clip))
    style.evaluate("node => node.remove()")
    sheet = visit.context.new_page()
    sheet.set_viewport_size({"width": int(box[2]), "height": int(box[3])})
    sheet.set_content('<body style="margin:0;background:#fff"><img style="display:block">')
    sheet.evaluate("""text => new Promise((done, fail) => {
        const image = document.querySelector("img"); image.onload = done; image.onerror = fail;
        image.src = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"})) })""", text)
    saved = pixels(sheet.screenshot())
    sheet.close()
    rows, columns = (min(a, b) for a, b in zip(saved.shape[:2], shown.shape[:2], strict=True))
    saved, shown = saved[:rows, :columns], shown[:rows, :columns]
    # the frame of the figure may run through the margin that the file has
    one, other = coarse(saved)[1:-1, 1:-1], coarse(shown)[1:-1, 1:-1]
    assert one.max() > 0.1, "the file is blank"
    # small words of the page sit half a pixel elsewhere in the file, and the microscope is full of them
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > (0.95 if figure.get_attribute("data-gim") == "microscope" else 0.97)
    assert 0.95 < one.sum() / other.sum() < 1.05

    def vivid(array):  # colours that are neither paper, ink nor grey, in steps of 32
        strong = array[np.ptp(array, axis=2) > 60]
        bins, often = np.unique(strong.astype(int) // 64, axis=0, return_counts=True)
        return {tuple(one) for one in bins[often > 0.05 * len(strong)]} if len(strong) > 200 else set()

    assert vivid(shown) <= {tuple(one) for one in np.unique(saved.reshape(-1, 3).astype(int) // 64, axis=0)}


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_can_be_saved_and_is_what_was_seen(running, address, name):
    with site.Visit(running, address + name) as visit:
        visit.scroll_through()
        visit.page.set_viewport_size({"width": 1280, "height": 1700})  # every figure fits
        pause(visit)
        figures = visit.page.locator(FIGURE)
        assert figures.count() > 0
        names = []
        for figure in figures.all():
            file, text = save(visit, figure)
            names.append(file)
            root = check_alone(text, figure)
            check_content(figure.get_attribute("data-gim"), root, figure)
            check_picture(visit, text, figure)
        slug = "graphs-in-motion" if name.endswith("index.html") else name.rsplit("/", 1)[1].removesuffix(".html")
        for number, file in enumerate(names, 1):
            assert re.fullmatch(rf"{slug}-figure-{number}(-t\d+)?\.svg", file), file
        assert visit.complaints == [] and visit.outside == []


@pytest.mark.parametrize("name", PAGES)
def test_the_button_moves_nothing_and_covers_nothing(running, address, name):
    with site.Visit(running, address + name, width=390) as visit:
        visit.scroll_through()
        report = visit.page.evaluate("""selector => [...document.querySelectorAll(selector)].map(figure => {
            const button = figure.querySelector(".gim-save"), inner = figure.querySelector("figcaption, .gim-stage:last-of-type");
            const tall = figure.getBoundingClientRect().height;
            const gap = button.getBoundingClientRect().top - inner.getBoundingClientRect().bottom;
            button.style.display = "none";
            const same = figure.getBoundingClientRect().height === tall;
            button.style.display = "";
            return [figure.querySelectorAll(".gim-save").length, same, gap >= 0, button.getBoundingClientRect().height >= 24];
        })""", FIGURE)
        assert report and all(one == [1, True, True, True] for one in report), report
        assert visit.page.locator(".gim-box .gim-save, .gim-quiz .gim-save").count() == 0


def test_a_dark_page_saves_the_same_file_and_stays_dark(running, address):
    name = with_figure("player")[0]
    files = []
    for dark in (False, True):
        with site.Visit(running, address + name, dark=dark) as visit:
            visit.page.wait_for_timeout(500)
            look = "document.querySelector('article figure.gim-player canvas').toDataURL()"
            before = visit.page.evaluate(look)
            files.append([save(visit, figure) for figure in visit.page.locator(FIGURE).all()])
            visit.page.wait_for_timeout(300)
            assert visit.page.evaluate(look) == before
            assert visit.page.locator(".gim-light, .gim-swap").count() == 0
    assert files[0] == files[1]


@pytest.mark.parametrize(("kind", "act"), [
    ("player", lambda figure: figure.get_by_role("button", name="Step", exact=True).click()),
    ("player", lambda figure: figure.get_by_role("button", name="Trails", exact=True).click()),
    ("rounds", lambda figure: figure.get_by_role("button", name="Step", exact=True).click()),
    ("linked", lambda figure: figure.locator(".node .disc").nth(1).click()),
])
def test_the_file_shows_this_moment(running, address, kind, act):
    with site.Visit(running, address + with_figure(kind)[0]) as visit:
        pause(visit)
        figure = visit.page.locator(f"article figure.gim-{kind}").first
        figure.scroll_into_view_if_needed()
        before, same = save(visit, figure), save(visit, figure)
        assert before == same
        act(figure)
        visit.page.wait_for_timeout(200)
        after = save(visit, figure)
        assert after[1] != before[1]
        if figure.get_attribute("data-frame") is not None:
            assert after[0].endswith(f"-t{figure.get_attribute('data-frame')}.svg")


def special():
    """Figures that no chapter may hold: colours by value, trails, names, a pose that is half missing; many nodes."""
    from stgcn_lib.data import camera, motions
    from stgcn_lib.viz import adjacency_view, player

    clip = motions.clip("wave")
    yield "player", player(clip, "ntu-25", trails=(7, 11), labels=True, colors=np.linspace(-1, 1, 25), alt='A "wave" & <more>: x.')
    seen = camera.project(motions.clip("walk", layout="openpose-18"), layout="openpose-18", dropout=0.2)
    yield "projected", player(seen, "openpose-18", alt="Seen by a camera.")
    matrix = np.random.default_rng(0).random((25, 25)) < 0.1
    yield "many", adjacency_view(matrix, layout="ntu-25", alt="Twenty-five nodes.")


@pytest.mark.parametrize(("name", "figure"), [pytest.param(name, figure, id=name) for name, figure in special()])
def test_from_the_disk(running, tmp_path, name, figure):
    figure.save(tmp_path / "page.html")
    with site.Visit(running, (tmp_path / "page.html").as_uri()) as visit:
        visit.page.wait_for_timeout(300)
        shown = visit.page.locator("figure")
        file, text = save(visit, shown)
        assert file.startswith("graphs-in-motion-figure-1")
        root = check_alone(text, shown)
        if name == "player":
            assert {"head", "left knee"} <= {node.text for node in root.iter(SVG + "text")}
            assert count(root, "rect") == 16  # the scale of the colours
        check_picture(visit, text, shown)
        assert visit.complaints == []


def test_plotly_can_be_saved_too(running, address, monkeypatch):
    from plotly.graph_objects import Figure, Heatmap, Scatter

    from stgcn_lib.viz import plots, theme

    monkeypatch.setenv("STGCN_BOOK", "1")
    charts = [plots.plotly_figure(Figure(Heatmap(z=[[0, 1], [2, 3]])), alt="four cells"),
              plots.plotly_figure(Figure(Scatter(y=[1, 3, 2], line_color=theme.color("left"))), alt="a line")]
    with site.Visit(running, address + PAGES[1], dark=True) as visit:
        visit.page.add_script_tag(url=f"{address}_static/gim-plotly.js")  # a page brings only the scripts of its own figures
        for chart in charts:
            visit.page.evaluate("""html => {
                document.querySelector("article").insertAdjacentHTML("afterbegin", html); gim.mountAll(); }""", chart._repr_html_())
            figure = visit.page.locator("figure.gim-plotly").first
            figure.locator(".main-svg").first.wait_for()
            visit.page.wait_for_timeout(300)
            _, text = save(visit, figure)
            check_alone(text, figure)
        assert theme.color("left") in text and theme.color("left", dark=True) not in text
        assert visit.complaints == []
