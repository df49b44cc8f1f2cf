"""Four streams of one clip: what goes to the page, and what is refused."""

import numpy as np
import pytest

from stgcn_lib.data import motions
from stgcn_lib.graphs import skeleton
from stgcn_lib.viz import four_streams
from stgcn_lib.viz.player import decode

CLIP = motions.clip("kick", frames=40)


def show(clip=CLIP, layout="ntu-25", **changes):
    return four_streams(clip, layout, alt="test", **changes)


def test_the_clip_comes_back_and_its_parents_are_those_of_the_graph():
    data = show().data
    np.testing.assert_allclose(decode(data["clip"], 25), CLIP, atol=data["clip"]["unit"])
    assert data["parents"] == skeleton("ntu-25").parents.tolist() and data["longer"] >= 1
    steps = np.linalg.norm(np.diff(CLIP, axis=0), axis=2).sum(1)
    assert data["start"] == steps.argmax()


def test_many_frames_are_thinned_to_the_budget():
    figure = show(motions.clip("walk", frames=400), fps=30)
    stride = figure.data["stride"]
    assert stride == 4 and figure.data["clip"]["frames"] == 100 and figure.data["fps"] == 7.5
    assert len(figure.to_html(standalone=False)) < 30_000 and show(fps=60).data["stride"] == 2


def test_flat_clips_and_bodies_at_rest():
    assert show(CLIP[..., :2]).data["clip"]["axes"] == 2
    figure = show(np.repeat(CLIP[:1], 5, axis=0))
    assert figure.data["longer"] == 1 and figure.still.startswith("<svg") and "nan" not in figure.still
    assert show(CLIP[:1]).data["start"] == 0


@pytest.mark.parametrize(("changes", "word"), [
    ({"clip": CLIP[0]}, "shape"), ({"clip": np.full_like(CLIP, np.nan)}, "finite"), ({"layout": "coco-17"}, "17"),
    ({"fps": 0}, "fps"),
    ({"view": "below"}, "view")])
def test_what_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        show(**changes)
