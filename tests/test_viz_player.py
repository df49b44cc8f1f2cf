"""The skeleton player: what it encodes, what it refuses, what it shows without a script."""

import base64
import json
import xml.etree.ElementTree as ElementTree
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stgcn_lib.graphs import SkeletonGraph
from stgcn_lib.viz import live, player
from stgcn_lib.viz.player import decode

ARM = SkeletonGraph.from_edges([("left hand", "neck"), ("right hand", "neck"), ("head", "neck")],
                               joints=("neck", "left hand", "right hand", "head"), center="neck",
                               symmetric_pairs=[("left hand", "right hand")], name="arms")


def wave(frames=64, joints=25, seed=0):
    """Smooth motion of a body of about two metres, in metres."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None] / 30
    return rng.normal(0, 0.5, (1, joints, 3)) + 0.2 * np.sin(2 * np.pi * t * rng.uniform(0.3, 1.5, (1, joints, 3)))


def show(clips, layout="ntu-25", **arguments):
    return player(clips, layout, alt="test", **arguments)


# ---- encoding ---------------------------------------------------------------------------------------------------------------

@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.just(4), st.sampled_from([2, 3])),
                  elements=st.floats(-1e4, 1e4, allow_subnormal=False)))
def test_positions_come_back_within_half_a_step(clip):
    encoded = show(clip, ARM).data["clips"][0]
    size = max((clip.max((0, 1)) - clip.min((0, 1))).max(), 1e-6)
    assert encoded["unit"] <= size / 4000
    # a step and the offset are rounded to six digits: allow for that beside the half step
    assert np.abs(decode(encoded, 4) - clip).max() <= 0.51 * encoded["unit"] + 1e-5 * np.abs(clip).max()


def test_steps_fit_16_bits_in_the_worst_case():
    clip = np.zeros((4, 4, 3))
    clip[1::2, 0, 0] = 1.0  # jumps from end to end
    assert np.allclose(decode(show(clip, ARM).data["clips"][0], 4), clip, atol=3e-4)


def test_bytes_of_a_clip_stay_within_budget():
    component = show(wave())
    assert len(component.data["clips"][0]["xyz"]) == 4 * 64 * 25 * 3 * 2 // 3  # base64 of 16-bit numbers
    assert len(component.to_html(standalone=False)) < 25_000
    assert len(zlib.compress(component.to_html(standalone=False).encode(), 6)) < 13_000


def test_fast_recordings_are_thinned_and_keep_their_frame_numbers():
    clip = wave(frames=120)
    data = show(clip, fps=120, start=80).data
    assert (data["fps"], data["stride"], data["start"]) == (30, 4, 20)
    assert np.allclose(decode(data["clips"][0], 25), clip[::4], atol=1e-3)
    assert show(clip, fps=30).data["stride"] == 1 and show(clip, fps=50).data["fps"] == 25


def test_tensors_and_arrays_and_single_clips_agree():
    clip = wave(8).astype(np.float32)
    data = show(clip).data
    assert data == show([clip]).data == show(torch.tensor(clip, requires_grad=True)).data


def test_confidence_and_missing_joints():
    clip = np.concatenate([wave(5, 4)[..., :2], np.ones((5, 4, 1))], axis=2)
    clip[:, 2] = (50, 50, 0)   # never seen: its place must not count
    clip[2, 1] = (0, 0, 0)     # missed once
    clip[3, 0, 2] = 0.001      # hardly seen is still seen
    encoded = show(clip, ARM, channels=("x", "y", "confidence")).data["clips"][0]
    sure = np.frombuffer(base64.b64decode(encoded["sure"]), np.uint8).reshape(5, 4)
    assert (sure == 0).tolist() == (clip[..., 2] == 0).tolist() and sure[0, 0] == 255 and sure[3, 0] == 1
    back = decode(encoded, 4)
    assert back.max() < 5 and encoded["axes"] == 2
    assert np.allclose(back[2, 1], (clip[1, 1, :2] + clip[3, 1, :2]) / 2, atol=encoded["unit"] * 2)


def test_colors_by_side_by_name_and_by_value():
    clip = wave(4, 4)
    assert list(show(clip, ARM).data["marks"]) == ["left", "right", "trunk"]
    assert show(clip, ARM).data["marks"]["right"] == ["square", "7 3"]
    names = show(clip, ARM, colors=("root", "sender", "sender", "receiver")).data
    assert set(names["marks"]) == {"root", "sender", "receiver"} and names["clips"][0]["colors"]["names"][0] == "root"
    values = show(clip, ARM, colors=np.array([0, 1, 2, -4.0])).data
    assert values["heat"] == {"low": -4, "high": 4} and values["marks"] == {}
    stored = np.frombuffer(base64.b64decode(values["clips"][0]["colors"]["values"]), np.int8)
    assert stored.tolist() == [0, 32, 64, -127]
    frames = show([clip, clip], ARM, colors=[None, np.ones((4, 4))]).data
    assert "colors" not in frames["clips"][0] and len(base64.b64decode(frames["clips"][1]["colors"]["values"])) == 16


def test_several_layouts_side_by_side():
    data = show([wave(4), wave(4, 4), wave(4)], ["ntu-25", ARM, "ntu-25"], titles=["a", "b", "c"]).data
    assert [clip["layout"] for clip in data["clips"]] == [0, 1, 0]
    assert [one["name"] for one in data["layouts"]] == ["ntu-25", "arms"]
    assert data["layouts"][0]["ground"] and not data["layouts"][1]["ground"]


def test_it_starts_paused_on_a_frame_that_shows_something():
    clip = np.tile(wave(1, 4), (20, 1, 1))
    clip[13, 1] += 1  # the only frame that differs
    data = show(clip, ARM).data
    assert data["start"] == 13 and data["autoplay"] is False


def test_data_is_json():
    data = show([wave(), wave(30)], trails=["left wrist", 11], view=(20, 5), labels=True).data
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["trails"] == [6, 11] and data["view"] == [20, 5]


# ---- refusals ---------------------------------------------------------------------------------------------------------------

def with_value(value):
    clip = wave(6)
    clip[4, 7, 1] = value
    return clip


@pytest.mark.parametrize(("make", "says"), [
    (lambda: show(wave(5, 17)), r"clips has 17 joints, the graph 'ntu-25' has 25: is this coco-17\? use layout='coco-17'"),
    (lambda: show([wave(5), wave(25, 9).copy()]), r"clips\[1\] has 9 joints.*swapped"),
    (lambda: show(with_value(np.nan)), r"nan at frame 4, joint 7 \(left hand\), channel y"),
    (lambda: show(with_value(np.inf)), r"inf at frame 4, joint 7"),
    (lambda: show(np.zeros((0, 25, 3))), r"clips is empty \(0 frames\)"),
    (lambda: show([]), "clips is an empty list"),
    (lambda: show(wave(5), "ntu-26"), "ntu-26.*ntu-25"),
    (lambda: show(wave(5)[0]), r"shape \(25, 3\), expected \(frames, joints, channels\)"),
    (lambda: show(torch.zeros(3, 64, 25, 1)), r"shape \(3, 64, 25, 1\).*permute"),
    (lambda: show(np.zeros((5, 25, 5))), "5 channels"),
    (lambda: show(wave(5), channels=("x", "y", "depth")), "depth"),
    (lambda: show([wave(5)], titles=["a", "b"]), "titles has 2 entries, clips has 1"),
    (lambda: show([wave(5)], ["ntu-25", "ntu-25"]), "layout is a list of 2, clips has 1"),
    (lambda: show(wave(5), fps=0), "fps is 0"),
    (lambda: show(wave(5), view="back"), "view is 'back': expected one of front"),
    (lambda: show(wave(5), trails=["left paw"]), "trails has 'left paw'.*spine base"),
    (lambda: show(wave(5), trails=[25]), "0 to 24"),
    (lambda: show(wave(5), start=5), "start is 5.*0 to 4"),
    (lambda: show(wave(5), colors=["blue"] * 25), "colors has 'blue'"),
    (lambda: show(wave(5), colors=["root"] * 24), "24 names.*25 joints"),
    (lambda: show(wave(5), colors=np.zeros(24)), r"colors has shape \(24,\)"),
    (lambda: show(wave(5), colors=np.full(25, np.nan)), "not finite"),
])
def test_bad_input_is_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# ---- without a script -------------------------------------------------------------------------------------------------------

def test_still_picture_is_well_formed_and_inside_its_frame():
    component = show([wave(64), wave(20)], titles=["a & b", "<c>"])
    svg = ElementTree.fromstring(component.still)
    assert svg.get("viewBox") == "0 0 720 380" and svg.get("aria-hidden") == "true"
    words = [node.text for node in svg.iter() if node.tag.endswith("text")]
    assert "a & b" in words and "<c>" in words and "t = 63" in words and "t = 19" in words
    numbers = [int(n) for node in svg.iter("path") for pair in node.get("d").replace("L", "M").split("M")[1:]
               for n in [pair.replace("h0", "").split()[1]]]
    assert min(numbers) >= 0 and max(numbers) <= 380


def test_still_picture_leaves_out_missing_joints_and_shows_sides():
    clip = np.concatenate([wave(3, 4)[..., :2], np.ones((3, 4, 1))], axis=2)
    whole = show(clip, ARM, channels=("x", "y", "confidence")).still
    clip[:, 1, 2] = 0  # the left hand
    part = show(clip, ARM, channels=("x", "y", "confidence")).still
    count = lambda svg: ElementTree.fromstring(svg).findall(".//path[@d]")  # noqa: E731
    assert sum(node.get("d").count("h0") for node in count(whole)) - sum(node.get("d").count("h0") for node in count(part)) == 3
    assert 'class="gim-is-right"' in whole and "stroke-dasharray" in whole


# ---- live -------------------------------------------------------------------------------------------------------------------

def test_in_the_book_the_first_values_are_shown_and_no_slider(monkeypatch):
    monkeypatch.setenv("STGCN_BOOK", "1")
    made = live.explore(lambda **chosen: chosen, action=["wave", "clap"], seed=(3, 9), speed=(0.5, 2.0, 0.5), trail=True,
                        clip={"one": 1, "two": 2}, word="hi", n=4)
    assert made == {"action": "wave", "seed": 3, "speed": 0.5, "trail": True, "clip": 1, "word": "hi", "n": 4}
    shown = live.player({"first": wave(4, 4), "second": wave(5, 4)}, ARM, alt="x")
    assert shown.kind == "player" and shown.data["clips"][0]["title"] == "first"


def test_in_a_notebook_every_control_becomes_a_widget(monkeypatch):
    monkeypatch.delenv("STGCN_BOOK", raising=False)
    ipywidgets = pytest.importorskip("ipywidgets")
    made = []
    box = live.explore(lambda **chosen: made.append(chosen), action=["wave", "clap"], seed=(3, 9), speed=(0.5, 2.0), trail=True)
    sliders = box.children[0].children
    assert [type(w) for w in sliders] == [ipywidgets.Dropdown, ipywidgets.IntSlider, ipywidgets.FloatSlider, ipywidgets.Checkbox]
    assert made[-1] == {"action": "wave", "seed": 3, "speed": 0.5, "trail": True}
    sliders[0].value = "clap"
    assert made[-1]["action"] == "clap"
    with pytest.raises(ValueError, match="seed is"):
        live.explore(lambda **chosen: None, seed=object())
