"""Drawings that follow the page's theme, and plotly charts."""

import json
import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest

from stgcn_lib.graphs import skeleton
from stgcn_lib.viz import plots, theme

matplotlib.use("agg")
plt = pytest.importorskip("matplotlib.pyplot")
go = pytest.importorskip("plotly.graph_objects")


@pytest.fixture(autouse=True)
def fresh():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def drawing():
    fig, ax = plots.subplots(figsize=(5, 3))
    plots.curves(ax, {"truth": np.arange(5.0), "forecast": np.arange(10.0).reshape(2, 5)}, xlabel="$t$ <&>", ylabel="speed")
    return fig


def test_picture_is_well_formed_and_speaks_the_palette():
    picture = plots.show(drawing(), alt="two curves", see="They part.")
    root = ElementTree.fromstring(picture.still)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("aria-hidden") == "true"
    assert "var(--gim-forecast)" in picture.still or "var(--gim-accent)" in picture.still
    assert set(re.findall(r"var\(--gim-([\w-]+)\)", picture.still)) <= set(theme.COLORS)
    left = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", picture.still))
    assert left == set(), "a colour that does not follow the theme"
    assert picture.kind == "picture" and picture.data is None and not plt.get_fignums()
    assert "truth" in picture.still and "speed" in picture.still  # words stay words


def test_picture_does_not_touch_the_page_around_it():
    still = plots.show(drawing(), alt="x").still
    assert "<style" not in still and "DejaVu" not in still and "<metadata" not in still


def test_ids_differ_between_figures_and_all_references_hold():
    texts = []
    for k in (1, 2):
        fig, ax = plots.subplots()
        ax.plot(np.arange(5) * k, "o-")
        texts.append(plots.show(fig, alt="x").still)
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    assert ids[0] and not ids[0] & ids[1]
    for text, own in zip(texts, ids, strict=True):
        used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert used == own and len(re.findall(r' id="', text)) == len(own)


def test_old_matplotlib_text_style_is_understood():
    old = '<svg viewBox="0 0 9 9"><text style="font: bold 10px \'DejaVu Sans\', sans-serif; text-anchor: middle">a</text></svg>'
    text = plots._clean_svg(old, 100)
    assert "font-size: 10px" in text and "font-weight: bold" in text and "text-anchor: middle" in text and "DejaVu" not in text


def test_skeleton_in_two_and_three_dimensions():
    graph = skeleton("ntu-25")
    pose = np.random.default_rng(0).normal(size=(25, 3))
    for one, labels in ((pose, "names"), (pose[:, :2], True)):
        fig, ax = plots.subplots()
        plots.skeleton_ax(ax, one, graph, labels=labels, view=(10, 20), values=np.arange(25))
        assert len(ax.lines) == len(graph.edges) and [len(c.get_offsets()) for c in ax.collections] == [5, 10, 10]
        assert ("left knee" if labels == "names" else "13") in [text.get_text() for text in ax.texts]
    with pytest.raises(ValueError, match=r"pose has shape \(4, 25, 3\), the graph 'ntu-25'"):
        plots.skeleton_ax(ax, np.zeros((4, 25, 3)), graph)


def test_matrix_shows_receivers_as_rows():
    fig, ax = plots.subplots()
    matrix = np.array([[0.5, 0.5, 0], [0, 1, 0], [0, -0.25, 1]])
    plots.matrix_ax(ax, matrix, joints=("a", "b", "c"))
    words = {text.get_position(): text.get_text() for text in ax.texts}
    assert words[(1, 0)] == "0.5" and words[(0, 1)] == "0" and words[(1, 2)] == "\u22120.25"  # (column, row)
    cells = {tuple(np.round(patch.get_xy(), 1)) for patch in ax.patches}
    assert cells == {(u - 0.5, v - 0.5) for v, u in np.argwhere(matrix)}
    assert ax.get_ylim() == (2.5, -0.5) and "receiver" in ax.get_ylabel() and "sender" in ax.get_xlabel()
    with pytest.raises(ValueError, match="choose one subset"):
        plots.matrix_ax(ax, np.zeros((3, 2, 2)))


def test_curves_of_several_runs_draw_mean_and_range():
    fig, ax = plots.subplots()
    runs = np.array([[0.0, 1, 2], [2, 3, 4]])
    plots.curves(ax, {"truth": runs}, x=[1, 2, 3])
    assert ax.lines[0].get_ydata().tolist() == [1, 2, 3] and len(ax.collections) == 1
    assert ax.texts[0].get_text() == "truth" and ax.lines[0].get_color() == theme.color("truth")


# ---- plotly -----------------------------------------------------------------------------------------------------------------

def chart():
    line = go.Scatter(x=[0, 1], y=np.array([1.5, 2.5]), name="forecast", line={"color": theme.color("left").upper()})
    return go.Figure([line], layout={"title": "a </script> b", "width": 700, "template": "plotly_white"})


def test_plotly_in_the_book_is_data_and_asks_nobody(monkeypatch):
    monkeypatch.setenv("STGCN_BOOK", "1")
    text = plots.plotly_figure(chart(), alt="a line")._repr_html_()
    assert len(text) < 2000 and "http" not in text and text.count("</script") == 1
    spec = json.loads(re.search(r'class="gim-data">(.*?)</script>', text)[1])
    assert spec["data"][0]["line"]["color"] == "--gim-left" and spec["layout"]["title"]["text"] == "a </script> b"
    assert {"template", "width", "updatemenus"} & set(spec["layout"]) == set() and spec["layout"]["height"] == 360


def test_plotly_elsewhere_shows_itself(monkeypatch):
    monkeypatch.delenv("STGCN_BOOK", raising=False)
    shown = []
    figure = chart()
    monkeypatch.setattr(type(figure), "show", lambda self: shown.append(self))
    plots.plotly_figure(figure, alt="a line")._ipython_display_()
    assert shown == [figure]
    assert "Plotly.newPlot" in plots.plotly_figure(figure, alt="a line").to_html(standalone=True)
