"""Live figures in a notebook: `ipywidgets` choose the arguments, the figure is made again.

In the book there is no Python behind the page: there the same call shows the figure with its first values, and no dead slider.
"""

from .html import in_book
from .player import player as _player


def explore(make, **controls):
    """Show ``make(**arguments)`` with one control for each argument.

    Args:
        make: function that returns a figure (a `Component`, or anything a notebook can show).
        controls: name to (low, high), (low, high, step), a list of choices, a bool, a text or a number, as in
            `ipywidgets.interactive`. A dict offers its keys and passes its values.

    Returns:
        in the book the figure of the first values; in a notebook an ipywidgets box.

    Example:
        ``explore(lambda action, seed: viz.player(motions.clip(action, seed=seed), "ntu-25", alt=action),
        action=list(motions.ACTIONS), seed=(0, 20))``
    """
    if in_book():
        return make(**{name: _first(control) for name, control in controls.items()})
    import ipywidgets
    from IPython.display import display
    sliders = {name: _widget(ipywidgets, name, control) for name, control in controls.items()}
    # the figure is made when the hand lets go, not at every step of the slider
    out = ipywidgets.interactive_output(lambda **arguments: display(make(**arguments)), sliders)
    return ipywidgets.VBox([ipywidgets.HBox(list(sliders.values()), layout={"flex_flow": "row wrap"}), out])


def player(clips, layout, **arguments):
    """The skeleton player with a list to choose the clip from. `clips`: name to array (T, V, C); the rest as `viz.player`."""
    return explore(lambda clip: _player(clips[clip], layout, titles=clip, **arguments), clip=list(clips))


def _first(control):
    if isinstance(control, dict):
        return next(iter(control.values()))
    return control[0] if isinstance(control, (tuple, list)) else control


def _widget(ipywidgets, name, control):
    label = {"description": name.replace("_", " ")}
    if isinstance(control, bool):
        return ipywidgets.Checkbox(value=control, **label)
    if isinstance(control, str):
        return ipywidgets.Text(value=control, continuous_update=False, **label)
    if isinstance(control, (list, dict)):
        return ipywidgets.Dropdown(options=list(control.items()) if isinstance(control, dict) else control, **label)
    if isinstance(control, tuple) and len(control) in (2, 3):
        low, high, *step = control
        whole = all(isinstance(n, int) for n in control)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        step = step[0] if step else 1 if whole else (high - low) / 20
        return kind(value=low, min=low, max=high, step=step, continuous_update=False, **label)
    if isinstance(control, (int, float)):
        return (ipywidgets.IntText if isinstance(control, int) else ipywidgets.FloatText)(value=control, **label)
    raise ValueError(f"{name} is {control!r}: expected (low, high), (low, high, step), a list, a dict, a bool, a text or a number")
