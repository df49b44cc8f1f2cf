"""Kernels of several lengths slide over a quick and a slow movement; what each answers is drawn below."""

import html

import numpy as np

from . import theme
from .html import Component
from .player import _array

LOOKS = ("forecast", "linear", "forecast-2", "daily", "last-value")  # a colour and a dash for each kernel
MOST_FRAMES = 2_000  # over all signals


def sliding_kernels(signals, kernels=(3, 5, 7), *, alt, see="", fps=30):
    """Slide kernels of several lengths over signals; drag, or press Play.

    A kernel of k frames answers ``y[t] = mean(x[t + 1 .. t + h]) - mean(x[t - h .. t - 1])``, h = (k - 1) / 2: how much the signal
    changed from the first to the last half of its window. It answers only where its whole window fits. (A trained network chooses
    its own taps; this is the simplest kernel that asks about movement.)

    Args:
        signals: {name: (T,) one number of one joint, frame by frame}; up to four, on one scale, each around its own middle.
        kernels: odd lengths from 3 on, up to five.
        alt: text alternative: what a reader who cannot see the figure should know.
        see: one sentence under the figure, "what to see".
        fps: frames a second; the figure moves at a quarter of it, so that a window can be followed.

    Returns:
        Component of kind "kernels".

    Raises:
        ValueError: an empty, infinite or too short signal, an even kernel, or too many of either.
    """
    found = {str(name): _array(one) for name, one in signals.items()}
    kernels = [int(k) for k in kernels]
    if not 1 <= len(found) <= 4:
        raise ValueError(f"signals has {len(found)} entries, expected one to four")
    if not 1 <= len(kernels) <= len(LOOKS) or any(k < 3 or k % 2 == 0 for k in kernels) or len({*kernels}) < len(kernels):
        raise ValueError(f"kernels is {tuple(kernels)}, expected one to {len(LOOKS)} different odd lengths from 3 on")
    for name, one in found.items():
        if one.ndim != 1 or len(one) < max(kernels) or not np.isfinite(one).all():
            raise ValueError(f"signals[{name!r}] has shape {one.shape}, expected (T,) finite numbers, at least {max(kernels)}: "
                             "choose one joint and one axis")
    if sum(map(len, found.values())) > MOST_FRAMES:
        raise ValueError(f"signals has {sum(map(len, found.values()))} numbers, expected at most {MOST_FRAMES}: cut the clips")
    if not fps > 0:
        raise ValueError(f"fps is {fps!r}: expected a positive number of frames a second")
    data = {"names": list(found), "signals": [np.round(one, 4).tolist() for one in found.values()], "kernels": kernels,
            "looks": [[name, theme.DASH[name]] for name in LOOKS[:len(kernels)]], "fps": round(fps / 4, 3)}
    return Component("kernels", data, alt=alt, see=see, still=_still(found, kernels))


def answers(signal, k):
    """(T,) answers of the kernel of k frames; NaN where its window does not fit."""
    h, out = (k - 1) // 2, np.full(len(signal), np.nan)
    for t in range(h, len(signal) - h):
        out[t] = signal[t + 1:t + 1 + h].mean() - signal[t - h:t].mean()
    return out


def _still(signals, kernels):
    """Each signal, and below it the answer of each kernel."""
    out, width = [], 700 / len(signals)
    span = max(map(np.ptp, signals.values())) or 1.0
    most = max(np.nanmax(np.abs(answers(one, k))) for one in signals.values() for k in kernels) or 1.0
    for n, (name, one) in enumerate(signals.items()):
        x = n * width + 10 + np.arange(len(one)) / max(1, len(one) - 1) * (width - 30)
        out.append(f'<text x="{n * width + 10:.0f}" y="16">{html.escape(name)}</text>')
        every = -(-len(one) // 120)
        rows = [("truth", 75 - (one - (one.min() + one.max()) / 2) / span * 90)]
        rows += [(LOOKS[i], 200 - answers(one, k) / most * 60) for i, k in enumerate(kernels)]
        for color, y in rows:
            points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(x[::every], y[::every], strict=True) if np.isfinite(b))
            dash = f' stroke-dasharray="{theme.DASH[color]}"' if theme.DASH[color] else ""
            out.append(f'<polyline points="{points}" stroke="{theme.color(color)}" stroke-width="2"{dash}/>')
    return f'<svg class="gim-still" viewBox="0 0 700 270" aria-hidden="true" fill="none" font-size="13">{"".join(out)}</svg>'
