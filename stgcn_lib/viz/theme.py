"""One visual language for light and dark: the colour and the shape of a thing never change from chapter to chapter.

Every colour has a name that says what it means, never how it looks. Colour never speaks alone: `DASH` and `MARK` give each
meaning a second sign for readers who cannot tell the colours apart, for grey prints and for screen readers.
"""

# name: (on light, on dark). Contrast against the surface is at least 4.5 to 1 for all but
# `surface`, `raised`, `line`, `soft`, `shadow`, the earlier half of `time` and the faster half of `speed`.
COLORS = {
    "surface": ("#ffffff", "#14181e"),
    "raised": ("#f6f7f9", "#1d232b"),
    "ink": ("#1c2430", "#e6ebf1"),
    "muted": ("#56606e", "#a7b1be"),
    "line": ("#c9d0d9", "#3a4450"),
    "soft": ("#e7ebf0", "#2a323c"),
    "accent": ("#6a3fb5", "#c3a5ff"),
    "good": ("#1b7a3d", "#6fd695"),
    "bad": ("#b3261e", "#ff9a8f"),
    # the body
    "left": ("#0069a8", "#62bdf2"),
    "right": ("#b84a00", "#ff9d57"),
    "trunk": ("#56606e", "#a7b1be"),
    # messages
    "receiver": ("#9a2b7b", "#f09bd2"),
    "sender": ("#00734f", "#4fd3a5"),
    # partition subsets
    "root": ("#7d6200", "#ecd05a"),
    "centripetal": ("#4a3db3", "#aba2ff"),
    "centrifugal": ("#b3123c", "#ff8aa2"),
    # truth and forecast, given and learned
    "truth": ("#1c2430", "#e6ebf1"),
    "forecast": ("#6a3fb5", "#c3a5ff"),
    # what a forecast is compared with: another network, the value of now, the mean at this time of day, a linear model
    "forecast-2": ("#9a2b7b", "#f09bd2"),
    "last-value": ("#6b6b6b", "#8f959e"),
    "daily": ("#1b7a3d", "#6fd695"),
    "linear": ("#7d6200", "#ecd05a"),
    "given": ("#56606e", "#a7b1be"),
    "learned": ("#a3430d", "#ffb27a"),
    # the fill of a matrix cell: its strength is mixed over the surface
    "cell": ("#2b6cb0", "#5aa9f5"),
    "cell-negative": ("#b3472a", "#ff9069"),
    # time, from earlier to later: cividis, cut and turned so that later always stands out more from the surface
    "time-0": ("#e0cb5a", "#2b3f6b"),
    "time-1": ("#bcae6c", "#5a6270"),
    "time-2": ("#948e77", "#8a8779"),
    "time-3": ("#565c6d", "#bcae6c"),
    "time-4": ("#00224e", "#fee838"),
    # speed on a road, from standing to free: the slower, the more it stands out from the surface, in colour as in grey
    "speed-0": ("#3d0c45", "#fff1b0"),
    "speed-1": ("#8f1d4d", "#ffb454"),
    "speed-2": ("#c9523a", "#ee6f56"),
    "speed-3": ("#e0a055", "#a8467a"),
    "speed-4": ("#d9d3aa", "#574685"),
    "shadow": ("#1c2430", "#000000"),
}
DASH = {"left": "", "right": "7 3", "trunk": "", "root": "", "centripetal": "8 3", "centrifugal": "2 3",
        "truth": "", "forecast": "6 3", "forecast-2": "3 2", "last-value": "1 3", "daily": "9 3 2 3", "linear": "12 4",
        "given": "", "learned": "2 3"}
MARK = {"left": "circle", "right": "square", "trunk": "diamond", "receiver": "ring", "sender": "dot",
        "root": "square", "centripetal": "triangle-in", "centrifugal": "triangle-out",
        "forecast": "diamond", "forecast-2": "circle", "last-value": "square", "daily": "triangle-out", "linear": "triangle-in"}
TIME_RAMP = "cividis"  # matplotlib's name; readable by the colour-blind and in grey

# Where each host says "dark": the book, JupyterLab and Notebook 7, Colab. Paper is white, and `gim-light` asks for light.
_DARK = ('html[data-theme="dark"] ', 'body[data-jp-theme-light="false"] ', 'html[theme="dark"] ')
_FIGURE = ".gim:not(.gim-light)"


def css_variables():
    """The palette as CSS custom properties (`--gim-left`, ...) for `.gim` elements, light first, dark where the host says so."""
    light, dark = ("".join(f"--gim-{name}:{pair[i]};" for name, pair in COLORS.items()) for i in (0, 1))
    unknown_host = f"html:not([data-theme]):not([theme]) body:not([data-jp-theme-light]) {_FIGURE}"
    known = ",".join(host + _FIGURE for host in _DARK)
    return (f".gim{{{light}color-scheme:light}}\n@media screen{{{known}{{{dark}color-scheme:dark}}}}\n"
            f"@media screen and (prefers-color-scheme:dark){{{unknown_host}{{{dark}color-scheme:dark}}}}\n")


def color(name, dark=False):
    """The colour of a meaning as `#rrggbb`, for matplotlib and plotly."""
    return COLORS[name][dark]
