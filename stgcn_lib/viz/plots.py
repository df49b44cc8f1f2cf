"""Still figures in the book's colours: matplotlib drawings that follow light and dark, and plotly charts that load when seen.

    from stgcn_lib.viz import plots
    fig, axes = plots.subplots(1, 2)
    plots.skeleton_ax(axes[0], pose, "ntu-25")
    plots.show(fig, alt="...", see="...")
"""

import hashlib
import html
import io
import json
import re

import numpy as np

from . import theme
from .html import Component, in_book
from .player import VIEWS, _array, _graph, _project

_SERIES = ("accent", "sender", "right", "left", "receiver", "root")  # colours for lines that have no meaning of their own
# The light colours of the palette. In the picture each is replaced by its name, so that the page decides between light and dark.
_NAMES = {light: name for name, (light, _) in reversed(theme.COLORS.items()) if name != "shadow"}


def style():
    """Set matplotlib to the book's colours for this session; `subplots` calls it."""
    import matplotlib.pyplot as plt
    from cycler import cycler
    ink, muted, line = (theme.color(name) for name in ("ink", "muted", "line"))
    dashes = ["-", (0, (6, 2)), (0, (2, 2)), "-.", "-", (0, (6, 2))]
    lines = cycler(color=[theme.color(name) for name in _SERIES], linestyle=dashes)
    plt.rcParams.update({
        "figure.figsize": (7, 3), "figure.constrained_layout.use": True, "figure.facecolor": theme.color("surface"),
        "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold",
        "text.color": ink, "axes.titlecolor": ink, "axes.labelcolor": ink, "xtick.labelcolor": ink, "ytick.labelcolor": ink,
        "axes.edgecolor": muted, "xtick.color": muted, "ytick.color": muted,
        "axes.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True,
        "grid.color": line, "grid.linewidth": 0.6, "axes.prop_cycle": lines, "lines.linewidth": 1.8, "legend.frameon": False,
        "image.cmap": theme.TIME_RAMP, "svg.fonttype": "none",
    })


def subplots(*args, **kwargs):
    """`matplotlib.pyplot.subplots` in the book's style."""
    import matplotlib.pyplot as plt
    style()
    return plt.subplots(*args, **kwargs)


def show(fig, *, alt, see=""):
    """A matplotlib figure as a component: an SVG whose palette colours switch with the page between light and dark.

    Args:
        fig: figure drawn with colours of `theme.color(name)`. It is closed, so that a notebook does not show it twice.
        alt: text alternative. see: one sentence under the figure.

    Returns:
        a `Component` without a script.
    """
    import matplotlib.pyplot as plt
    text = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none"}):
        fig.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    width = fig.get_size_inches()[0] * 96
    plt.close(fig)
    return Component("picture", None, alt=alt, see=see, still=_clean_svg(text.getvalue(), width))


def _clean_svg(svg, width):
    """Matplotlib's SVG made fit for a page: no global style, ids of its own, the reader's font, colours by name, fewer bytes."""
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.S)
    svg = re.sub(r"#[0-9a-f]{6}\b", lambda m: f"var(--gim-{_NAMES[m[0]]})" if m[0] in _NAMES else m[0], svg)
    # The reader's font, set once on the root. Newer matplotlib writes font-size and font-family, older the short form "font".
    svg = re.sub(r" ?font-family:[^;\"]*;?|(?<=px) 'DejaVu Sans'[^;\"]*(?=[;\"])", "", svg)
    svg = re.sub(r"\bfont: (\w+ )?(\d[\d.]*px);?", lambda m: f"font-size: {m[2]};font-weight: {m[1] or 'normal'};", svg)
    svg = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", svg)
    svg = svg.replace("xlink:href", "href")
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
    used = {one or other for one, other in used}
    own = "m" + hashlib.sha1(svg.encode()).hexdigest()[:6]  # figures of one page must not share ids
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{own}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{own}-", svg)
    look = (f"width:100%;max-width:{width:.0f}px;margin:0 auto;font-family:system-ui,sans-serif;"
            "stroke-linejoin:round;stroke-linecap:butt")
    svg = re.sub(r'<svg[^>]*viewBox="([^"]*)"[^>]*>',
                 rf'<svg viewBox="\1" xmlns="http://www.w3.org/2000/svg" aria-hidden="true" style="{look}">', svg, count=1)
    svg = re.sub(r"(\d+\.\d\d)\d+", r"\1", svg)
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", svg)).strip()


# ---- drawings ---------------------------------------------------------------------------------------------------------------

def skeleton_ax(ax, pose, layout, view="corner", labels=False, values=None):
    """Draw one pose as a stick figure: left solid with circles, right dashed with squares, trunk with diamonds.

    Args:
        ax: matplotlib axes. pose: (V, 2) or (V, 3), y up. layout: name or `SkeletonGraph`.
        view: for 3-D poses "corner", "front", "side", "top" or (turn, tilt) in degrees.
        labels: True writes the joint indices, "names" the names. values: (V,) numbers shown by the size of the joints.
    """
    graph, pose = _graph(layout), _array(pose)
    if pose.shape not in ((graph.num_joints, 2), (graph.num_joints, 3)):
        raise ValueError(f"pose has shape {pose.shape}, the graph '{graph.name}' needs ({graph.num_joints}, 2 or 3): "
                         "choose one frame, as in clip[12]")
    turn, tilt = np.deg2rad(VIEWS[view] if isinstance(view, str) else view)
    x, y = _project(pose[None], turn, tilt)[0].T
    size = np.full(graph.num_joints, 28.0) if values is None else 10 + 120 * np.abs(values) / (np.abs(values).max() or 1)
    for a, b in graph.edges:
        side = graph.sides[a] if graph.sides[a] != "trunk" else graph.sides[b]
        ax.plot(x[[a, b]], y[[a, b]], color=theme.color(side), linestyle=(0, (3, 1)) if side == "right" else "-", linewidth=2.6,
                solid_capstyle="round", zorder=1)
    for side, marker in (("trunk", "D"), ("right", "s"), ("left", "o")):
        its = [v for v, one in enumerate(graph.sides) if one == side]
        ax.scatter(x[its], y[its], s=size[its] * (0.7 if marker == "D" else 1), marker=marker, color=theme.color(side), zorder=2,
                   edgecolors=theme.color("surface"), linewidths=0.8)
    if labels:
        for v in range(graph.num_joints):
            ax.annotate(graph.joints[v] if labels == "names" else str(v), (x[v], y[v]), xytext=(5, 3),
                        textcoords="offset points", fontsize=8)
    ax.set_aspect("equal")
    ax.axis("off")


def matrix_ax(ax, matrix, joints=None, digits=None):
    """Draw a matrix with its numbers: rows are receivers v, columns are senders u; a cell is as strong as its value.

    Args:
        ax: matplotlib axes. matrix: (V, U). joints: names for rows and columns.
        digits: decimal places of the numbers; None writes them if there is room (12 columns or fewer).
    """
    from matplotlib.patches import Rectangle
    matrix = _array(matrix)
    if matrix.ndim != 2:
        raise ValueError(f"matrix has shape {matrix.shape}, expected (receivers, senders): choose one subset, as in A[0]")
    rows, columns = matrix.shape
    top = np.abs(matrix).max() or 1
    for v, u in np.argwhere(matrix != 0):
        value = matrix[v, u]
        ax.add_patch(Rectangle((u - 0.5, v - 0.5), 1, 1, facecolor=theme.color("cell" if value > 0 else "cell-negative"),
                               alpha=0.15 + 0.5 * abs(value) / top, linewidth=0))
    if digits is not None or columns <= 12:
        for v in range(rows):
            for u in range(columns):
                text = f"{matrix[v, u]:.{2 if digits is None else digits}f}".rstrip("0").rstrip(".") if matrix[v, u] else "0"
                ax.text(u, v, text.replace("-", "\u2212"), ha="center", va="center", fontsize=9,
                        color=theme.color("ink" if matrix[v, u] else "muted"))
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
    ax.set_xlabel("sender $u$", color=theme.color("sender"))
    ax.set_ylabel("receiver $v$", color=theme.color("receiver"))
    ax.xaxis.tick_top()
    ax.xaxis.set_label_position("top")
    for axis, count in ((ax.xaxis, columns), (ax.yaxis, rows)):
        axis.set_ticks(range(count), joints if joints is not None else range(count), fontsize=8 if count > 12 else 9)
        axis.set_ticks(np.arange(-0.5, count), minor=True)
        axis.set_tick_params(which="both", length=0)
    if joints is not None:
        ax.tick_params(axis="x", labelrotation=90)
    ax.grid(False)
    ax.grid(True, which="minor")


def curves(ax, series, x=None, xlabel="", ylabel=""):
    """Draw lines with their names at their ends, no legend; a name of the palette brings its colour and dash.

    Args:
        ax: matplotlib axes.
        series: name to (T,) values, or (runs, T): then the mean is drawn and a band from the lowest to the highest run.
        x: (T,) places, otherwise 0 ... T-1.
    """
    for name, values in series.items():
        values = np.atleast_2d(_array(values))
        places = np.arange(values.shape[1]) if x is None else np.asarray(x)
        look = {}
        if name in theme.COLORS:
            dash = [float(n) / 2 for n in theme.DASH.get(name, "").split()]
            look = {"color": theme.color(name), "linestyle": (0, tuple(dash)) if dash else "-"}
        line, = ax.plot(places, values.mean(0), **look)
        if len(values) > 1:
            ax.fill_between(places, values.min(0), values.max(0), color=line.get_color(), alpha=0.18, linewidth=0)
        ax.annotate(name, (places[-1], values[:, -1].mean()), xytext=(5, 0), textcoords="offset points", va="center",
                    color=line.get_color(), annotation_clip=False)
    ax.set(xlabel=xlabel, ylabel=ylabel)


# ---- plotly -----------------------------------------------------------------------------------------------------------------

def plotly_figure(fig, *, alt, see=""):
    """A plotly figure as a component: in the book it loads plotly from the site's own files when the reader comes near, follows
    light and dark, and its frames get the book's own controls; in a notebook plotly shows it.

    Args:
        fig: `plotly.graph_objects.Figure` of cartesian traces (scatter, bar, heatmap, histogram, box). Colours of
            `theme.color(name)` switch with the page.
        alt: text alternative. see: one sentence under the figure.
    """
    return PlotlyFigure(fig, alt, see)


class PlotlyFigure(Component):
    """See `plotly_figure`."""

    def __init__(self, fig, alt, see):
        self.fig = fig
        spec = fig.to_json()
        spec = json.loads(re.sub(r'"(#[0-9a-fA-F]{6})"', lambda m: json.dumps(f"--gim-{_NAMES[m[1].lower()]}")
                                 if m[1].lower() in _NAMES else m[0], spec))
        for unused in ("template", "updatemenus", "sliders", "width"):  # the page brings its own look, controls and width
            spec["layout"].pop(unused, None)
        spec["layout"].setdefault("height", 360)
        super().__init__("plotly", spec, alt=alt, see=see,
                         still=f'<p style="min-height:{spec["layout"]["height"]}px">{html.escape(alt)}</p>')

    def to_html(self, standalone):
        if not standalone:
            return super().to_html(False)
        chart = self.fig.to_html(full_html=False, include_plotlyjs=True)
        return Component("picture", None, alt=self.alt, see=self.see, still=chart).to_html(True)

    def _ipython_display_(self):
        if in_book():
            from IPython.display import HTML, display
            display(HTML(self.to_html(False)))
        else:
            self.fig.show()
