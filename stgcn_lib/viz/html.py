"""One component, two skins: the same object in the static book, in Jupyter and in Colab.

A `Component` is a figure with its data as JSON and a drawing by a small script in `assets/KIND.js`. In the book the page loads
the scripts of its kinds once from the site's own files; in a notebook the object carries them along. Without scripts (GitHub,
paper) the static picture inside stays.
"""

import html
import json
import os
from functools import cache
from pathlib import Path

from . import theme

ASSETS = Path(__file__).parent / "assets"
ALWAYS = ("core", "save")
# scripts that a component's own script builds on
NEEDS = {"player": ("skeleton",), "partition": tuple(f"partition-{part}" for part in ("math", "body", "matrix", "state")),
         "heat": ("skeleton",), "embedding": ("skeleton",),
         "confusion": ("scores",), "curves": ("scores",), "calibration": ("scores",), "intervals": ("scores",),
         **{kind: ("scores", "roads") for kind in ("road-map", "space-time", "forecast-fan", "error-profile")},
         "growth": ("scores",), "kernels": ("scores",), "losing": ("skeleton", "scores"), "waterfall": ("scores",),
         "sandbox": ("scores", "roads", "sandbox-math"),
         "microscope": ("partition-math", "partition-body", "microscope-math")}


@cache
def stylesheet():
    """The palette and the style of every component, as one text."""
    return theme.css_variables() + (ASSETS / "gim.css").read_text(encoding="utf-8")


def parts(*kinds):
    """Names of the scripts in `assets/` that figures of these kinds need, in the order in which they must run."""
    return list(dict.fromkeys((*ALWAYS, *(name for kind in kinds for name in (*NEEDS.get(kind, ()), kind)))))


@cache
def script(*kinds):
    """The scripts of `parts(*kinds)` as one text."""
    return "\n".join((ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in parts(*kinds))


def kinds():
    """Every kind of figure that has a script."""
    helpers = {*ALWAYS, *(name for names in NEEDS.values() for name in names)}
    return sorted(path.stem for path in ASSETS.glob("*.js") if path.stem not in helpers)


def in_book():
    """True while the book is built: pages then load styles and scripts from the site's own files."""
    return os.environ.get("STGCN_BOOK") == "1"


class Component:
    """A figure that moves, with its text alternative.

    Args:
        kind: name of the script in `assets/` that draws it, such as ``"player"``.
        data: JSON-ready description (numbers rounded by the caller; pages have a byte budget). None: a still picture, no
            script.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        still: static HTML or SVG shown until the script has drawn, and where no script runs.
    """

    def __init__(self, kind, data, *, alt, see="", still=""):
        self.kind, self.data, self.alt, self.see, self.still = kind, data, alt, see, still

    def to_html(self, standalone):
        """The figure as HTML; `standalone` carries style and script along."""
        data = ""
        if self.data is not None:
            # "</script" and "<!--" mean something inside a script element; "\u003c" is the same character to a JSON reader
            text = json.dumps(self.data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
            data = f'<script type="application/json" class="gim-data">{text}</script>'
        caption = f"<figcaption>{html.escape(self.see)}</figcaption>" if self.see else ""
        figure = (f'<figure class="gim gim-{self.kind}" data-gim="{self.kind}" role="group" '
                  f'aria-label="{html.escape(self.alt, quote=True)}">{data}'
                  f'<div class="gim-stage">{self.still}</div>{caption}</figure>')
        if standalone:
            figure += f"<style>{stylesheet()}</style>"
            figure += f"<script>{script(self.kind)}\ngim.mountAll();</script>" if data else ""
        return figure

    def _repr_html_(self):
        return self.to_html(standalone=not in_book())

    def save(self, path):
        """Write a page that holds only this figure and opens anywhere, without a network."""
        look = "html{color-scheme:light dark}body{font-family:system-ui,sans-serif;max-width:56rem;margin:1rem auto;padding:0 8px}"
        page = ('<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
                f"<title>{html.escape(self.alt)}</title><style>{look}</style><body>{self.to_html(standalone=True)}</body></html>")
        Path(path).write_text(page, encoding="utf-8")
