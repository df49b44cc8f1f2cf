"""The palette, the component and its two skins."""

import json
import re
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pytest

from stgcn_lib.viz import Component, theme
from stgcn_lib.viz import html as viz_html

ASSETS = sorted(viz_html.ASSETS.glob("*.*"))
FAMILIES = [("left", "right", "trunk"), ("root", "centripetal", "centrifugal"), ("receiver", "sender"),
            ("truth", "forecast", "forecast-2", "last-value", "daily", "linear"), ("given", "learned")]


class Page(HTMLParser):
    """Collects the scripts, the attributes of the figure and the text outside scripts."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.figure, self.tags, self.words = [], {}, [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "figure":
            self.figure = dict(attrs)
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_data(self, data):
        if self.tags[-1:] == ["script"] and self.cdata_elem == "script":
            self.scripts[-1][1] += data
        else:
            self.words += data


# ---- palette ----------------------------------------------------------------------------------------------------------------

def linear(color):
    """Linear red, green, blue of #rrggbb (the sRGB transfer function)."""
    value = np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2 contrast ratio."""
    high, low = sorted((linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def lab(rgb):
    """CIE L*a*b* (D65) of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    f = np.where(xyz / [0.9505, 1, 1.089] > 0.008856, f, 7.787 * xyz / [0.9505, 1, 1.089] + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_contrast_formula_on_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("surface", ["surface", "raised"])
def test_every_colour_that_carries_words_or_marks_is_readable(dark, surface):
    exempt = {"surface", "raised", "line", "soft", "shadow", "time-0", "time-1", "time-2", "time-3",
              "speed-2", "speed-3", "speed-4"}
    for name in theme.COLORS.keys() - exempt:
        assert contrast(theme.color(name, dark), theme.color(surface, dark)) >= 4.5, name


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("family", FAMILIES, ids=" ".join)
def test_colours_of_a_family_stay_apart(dark, vision, family):
    for one, other in combinations(family, 2):
        difference = lab(VISION[vision] @ linear(theme.color(one, dark))) - lab(VISION[vision] @ linear(theme.color(other, dark)))
        assert np.linalg.norm(difference) > 10, (one, other)


@pytest.mark.parametrize("family", FAMILIES, ids=" ".join)
def test_colour_never_speaks_alone(family):
    for one, other in combinations(family, 2):
        signs = [(theme.DASH.get(name, ""), theme.MARK.get(name, "")) for name in (one, other)]
        assert signs[0] != signs[1], (one, other)


@pytest.mark.parametrize("dark", [False, True])
def test_time_stands_out_more_the_later_it_is(dark):
    steps = [contrast(theme.color(f"time-{i}", dark), theme.color("surface", dark)) for i in range(5)]
    assert steps == sorted(steps) and steps[4] > 2 * steps[0]


@pytest.mark.parametrize("dark", [False, True])
def test_speed_stands_out_more_the_slower_it_is(dark):
    steps = [contrast(theme.color(f"speed-{i}", dark), theme.color("surface", dark)) for i in range(5)]
    assert all(slower > 1.4 * faster for slower, faster in zip(steps, steps[1:], strict=False)) and steps[4] > 1.3


def test_one_light_colour_has_one_dark_colour():
    """Pictures replace a light colour by its name; two names may share a light colour only if they share the dark one."""
    pairs = {}
    for name, (light, dark) in theme.COLORS.items():
        if name != "shadow":
            assert pairs.setdefault(light, dark) == dark, name


def test_stylesheet_and_scripts_use_only_colours_that_exist():
    own = {"clips"}  # set by a script, not by the palette
    for path in ASSETS:
        for name in re.findall(r"--gim-([\w-]+)", path.read_text(encoding="utf-8")):
            assert name in theme.COLORS or name in own or name == "NAME" or name.endswith("-"), (path.name, name)


def test_assets_ask_nobody_else():
    for path in ASSETS:
        links = re.findall(r"https?://[^\s\"')]+", path.read_text(encoding="utf-8"))
        assert all(link.startswith("http://www.w3.org/") for link in links), path.name


# ---- component --------------------------------------------------------------------------------------------------------------

NASTY = {"text": "</script><script>alert(1)</script><!-- <b>&amp;", "n": [1, 2.5, None, True]}


def test_data_survives_html():
    page = Page(Component("player", NASTY, alt='a "quoted" & <b>', see="x < y").to_html(standalone=False))
    (attributes, text), = page.scripts
    assert attributes["type"] == "application/json" and json.loads(text) == NASTY
    assert page.figure["aria-label"] == 'a "quoted" & <b>' and page.figure["role"] == "group"
    assert "x < y" in page.words and "b" not in page.tags


def test_data_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError):
        Component("player", {"x": float("nan")}, alt="x").to_html(standalone=False)


def test_one_object_two_skins(monkeypatch):
    component = Component("player", {}, alt="x")
    monkeypatch.setenv("STGCN_BOOK", "1")
    in_book = component._repr_html_()
    assert viz_html.in_book() and "<style>" not in in_book and len(Page(in_book).scripts) == 1
    monkeypatch.setenv("STGCN_BOOK", "")
    elsewhere = component._repr_html_()
    assert elsewhere.startswith(in_book) and "--gim-left:" in elsewhere
    assert "gim.define(\"player\"" in Page(elsewhere).scripts[1][1]


def test_a_script_carries_what_it_needs_and_nothing_else():
    text = viz_html.script("player")
    assert text.index("window.gim") < text.index("gim.skeleton = ") < text.index('gim.define("player"')
    assert 'gim.define("plotly"' not in text
    everything = viz_html.script(*viz_html.kinds())
    for path in viz_html.ASSETS.glob("*.js"):
        assert path.read_text(encoding="utf-8") in everything


def test_every_script_can_save_what_it_draws():
    for kinds in ((), ("player",), ("linked",)):
        text = viz_html.script(*kinds)
        assert text.index("window.gim") < text.index("gim.save = ") and text.count("gim.save = ") == 1


def test_dark_is_for_screens_and_for_figures_that_did_not_ask_for_light():
    text = theme.css_variables()
    screen = text[text.index("@media"):]
    assert theme.color("left", dark=True) not in text[:text.index("@media")]
    assert re.findall(r"@media [^{]*", screen) == ["@media screen", "@media screen and (prefers-color-scheme:dark)"]
    assert all(one.endswith(":not(.gim-light)") for one in re.findall(r"\.gim[^,{]*", screen) if not one.startswith(".gim-light"))


def test_scripts_hold_no_text_that_would_end_them():
    assert "</script" not in viz_html.script(*viz_html.kinds()).lower() and "</style" not in viz_html.stylesheet().lower()


def test_picture_without_data_has_no_script():
    page = Page(Component("picture", None, alt="x", still="<svg></svg>").to_html(standalone=True))
    assert page.scripts == [] and "svg" in page.tags


def test_save_writes_a_page_that_stands_alone(tmp_path):
    Component("player", {}, alt="A <figure>").save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "<title>A &lt;figure&gt;</title>" in text
    assert re.findall(r'(?:src|href)="', text) == []
