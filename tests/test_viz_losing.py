"""A skeleton that loses its joints: what goes to the page, and what is refused."""

import base64
import json
import re

import numpy as np
import pytest
import torch

from stgcn_lib.data import motions
from stgcn_lib.data.corruptions import CORRUPTIONS, corrupt
from stgcn_lib.viz import losing_joints
from stgcn_lib.viz.losing import name_of
from stgcn_lib.viz.player import decode

CLIP = motions.clip("throw", frames=40)
LEVELS = CORRUPTIONS["joints"][1]


def seen(clip=CLIP, levels=LEVELS):
    x = torch.tensor(clip).permute(2, 0, 1)[None, ..., None]  # (1, C, T, V, 1)
    return {level: corrupt(x, "joints", level, "ntu-25", seed=0)[1][0, :, :, 0] for level in levels}


SEEN = seen()
CURVES = {"plain": (LEVELS, [0.9, 0.8, 0.6, 0.4, 0.2], [0.01] * 5), "trained": (LEVELS, [0.9, 0.9, 0.88, 0.85, 0.7], None)}


def show(clip=CLIP, holes=SEEN, curves=CURVES, layout="ntu-25", **changes):
    return losing_joints(clip, holes, curves, layout=layout, alt="test", **changes)


def test_clip_and_holes_come_back():
    data = show().data
    np.testing.assert_allclose(decode(data["clips"][0], 25), CLIP, atol=data["clips"][0]["unit"])
    bits = np.unpackbits(np.frombuffer(base64.b64decode(data["missing"]), "u1"))[:5 * 40 * 25].reshape(5, 40, 25)
    assert data["levels"] == list(LEVELS)
    for level, own in zip(LEVELS, bits, strict=True):
        np.testing.assert_array_equal(own == 0, SEEN[level].numpy())


def test_levels_rise_whatever_their_order():
    data = show(holes=dict(reversed(SEEN.items())), curves={"a": (LEVELS[::-1], [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0, 0, 0, 0])}).data
    assert data == show(curves={"a": (LEVELS, [0.5, 0.4, 0.3, 0.2, 0.1], [0, 0, 0, 0, 0.1])}).data


def test_curves_may_have_levels_of_their_own_and_no_band():
    holes = {0: SEEN[0.0], 0.5: SEEN[0.5].numpy()}
    data = show(holes=holes).data
    assert data["levels"] == [0, 0.5] and data["curves"][0]["levels"] == list(LEVELS) and data["curves"][1]["std"] is None
    assert data["curves"][0]["look"][0] != data["curves"][1]["look"][0]


@pytest.mark.parametrize(("frames", "stride"), [(64, 1), (300, 4)])
def test_the_page_stays_small(frames, stride):
    clip = motions.clip("walk", frames=frames)
    figure = show(clip, seen(clip))
    assert figure.data["stride"] == stride and figure.data["fps"] == pytest.approx(30 / stride, abs=1e-3)
    assert len(json.dumps(figure.data, separators=(",", ":"))) < 25_000


def test_levels_in_words():
    assert [name_of(x, "%") for x in (0, 0.125, 0.3)] == ["0 %", "12.5 %", "30 %"]
    assert name_of(2, "limbs") == "2 limbs" and name_of(0.02, "") == "0.02"


def test_without_scripts_poses_and_accuracies_stay():
    still = show(unit="m", layout="ntu-25").still
    missing = sum(int((~SEEN[level][show().data["start"]]).sum()) for level in LEVELS)
    assert still.count("<circle") == 5 * 25 and still.count('fill="#ffffff"') == missing > 0
    assert "0.3 m" in still and "<td>85.0 %</td>" in still and "nan" not in still


@pytest.mark.parametrize(("changes", "words"), [
    ({"clip": CLIP[0]}, "shape"), ({"layout": "coco-17"}, "17"), ({"fps": 0}, "fps"), ({"view": "below"}, "view"),
    ({"holes": {0.0: SEEN[0.0]}}, "two or more"), ({"holes": {**SEEN, 0.9: SEEN[0.5][:3]}}, "(3, 25)"),
    ({"holes": {**SEEN, 0.3: SEEN[0.3].float()}}, "booleans"), ({"holes": {**SEEN, 0.9: SEEN[0.5]}}, "0.9 is missing"),
    ({"curves": {}}, "one to 5"), ({"curves": {str(n): CURVES["plain"] for n in range(6)}}, "6 entries"),
    ({"curves": {"a": (LEVELS, [90, 80, 60, 40, 20], None)}}, "divide by 100"),
    ({"curves": {"a": (LEVELS, [0.9, np.nan, 0.6, 0.4, 0.2], None)}}, "outside 0 to 1"),
    ({"curves": {"a": (LEVELS, [0.9, 0.8], None)}}, "one mean"),
    ({"curves": {"a": ([0, 0, 0.1, 0.2, 0.3], [0.5] * 5, None)}}, "different"),
    ({"curves": {"a": (LEVELS, [0.5] * 5, [0.1])}}, "one std")])
def test_what_makes_no_sense_is_named(changes, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        show(**changes)
