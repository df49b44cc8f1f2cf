"""Figures that look inside a network: what goes to the page, and what is refused. What they do is seen in tests/browser."""

import base64
import zlib
from itertools import combinations

import numpy as np
import pytest
import torch

from stgcn_lib.data import motions
from stgcn_lib.graphs import SkeletonGraph, skeleton
from stgcn_lib.models import STGCN
from stgcn_lib.viz import edge_importance, embedding_map, heat_player, theme
from stgcn_lib.viz.inside import _looks

from .test_viz_html import contrast

V, T = 25, 20
ARM = SkeletonGraph.from_edges([(1, 0), (2, 1)], center=0, name="arm-3")


def body(frames=T, seed=0, action="wave"):
    return motions.clip(action, seed=seed, frames=frames)


def show_heat(clips=None, heats=None, layout="ntu-25", **arguments):
    clips = body() if clips is None else clips
    return heat_player(clips, np.ones((T, V)) if heats is None else heats, layout, alt="test", **arguments)


def values(one, frames, joints=V):
    """The heat (T, V) that a page reads."""
    return np.frombuffer(base64.b64decode(one["values"]), "i1").reshape(frames, joints) / 127 * one["peak"]


# ---- heat -------------------------------------------------------------------------------------------------------------------

def test_heat_comes_back_within_half_a_step():
    rng = np.random.default_rng(0)
    maps = {"plus": rng.uniform(0, 3, (T, V)), "signed": rng.normal(0, 1e-5, (T, V)), "nothing": np.zeros((T, V))}
    data = show_heat(heats={name: torch.tensor(one) for name, one in maps.items()}).data
    assert data["maps"] == list(maps) and data["start"] == maps["plus"].sum(1).argmax()
    for one, (name, wanted) in zip(data["clips"][0]["heats"], maps.items(), strict=True):
        assert one["signed"] == (name == "signed")
        np.testing.assert_allclose(values(one, T), wanted, atol=0.01 * (np.abs(wanted).max() or 1))


def test_frames_that_are_left_out_count_in_the_mean():
    heat = np.arange(T)[:, None] * np.ones(V)
    data = show_heat(heats=heat, fps=75).data  # 75 / 30: every third frame
    assert data["stride"] == 3 and data["fps"] == 25 and data["clips"][0]["frames"] == 7
    wanted = [heat[t:t + 3].mean() for t in range(0, T, 3)]
    np.testing.assert_allclose(values(data["clips"][0]["heats"][0], 7)[:, 0], wanted, atol=0.1)


def test_several_clips_of_different_lengths_with_the_same_maps():
    clips = [body(20), body(33, action="kick")]
    heats = [{"a": np.ones((len(clip), V)), "b": np.ones((len(clip), V))} for clip in clips]
    data = show_heat(clips, heats, titles=["x", "y"]).data
    assert [clip["frames"] for clip in data["clips"]] == [20, 33] and [clip["title"] for clip in data["clips"]] == ["x", "y"]
    with pytest.raises(ValueError, match="same names"):
        show_heat(clips, [{"a": np.ones((20, V))}, {"b": np.ones((33, V))}])


def test_what_the_two_signs_mean_goes_to_the_page():
    assert show_heat().data["signs"] == ["speaks for the class", "speaks against it"]
    assert show_heat(signs=("wider open", "narrower")).data["signs"] == ["wider open", "narrower"]


@pytest.mark.parametrize(("changes", "word"), [
    ({"heats": np.ones((V, T))}, r"is this \(V, T\)\? transpose"), ({"heats": np.ones((3, V))}, "spread"),
    ({"heats": {}}, "empty dict"), ({"heats": np.full((T, V), np.nan)}, "not finite"),
    ({"clips": [body()], "heats": []}, "heats has 0"), ({"clips": [], "heats": []}, "at least"),
    ({"titles": ["a", "b"]}, "titles"), ({"fps": 0}, "fps"), ({"layout": "coco-17"}, "17"), ({"start": 20}, "start"),
    ({"signs": ("wider",)}, "expected two texts"), ({"signs": "up"}, "expected two texts")])
def test_heat_that_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        show_heat(**changes)


# ---- edges ------------------------------------------------------------------------------------------------------------------

def test_edges_are_the_messages_of_the_adjacency():
    graph, rng = skeleton("ntu-25"), np.random.default_rng(0)
    A, M = graph.partition().numpy(), 1 + 0.2 * rng.normal(size=(4, 3, V, V))
    figure = edge_importance(M, graph, block=2)
    messages = np.reshape(figure.data["messages"], (-1, 3))
    assert {tuple(m) for m in messages.tolist()} == {tuple(m) for m in np.argwhere(A).tolist()}
    for (k, v, u), given, *learned in zip(messages, figure.data["given"], *figure.data["learned"], strict=True):
        assert given == pytest.approx(A[k, v, u], abs=1e-4) and learned == pytest.approx(M[:, k, v, u], abs=1e-3)
    b, k, v, u = np.unravel_index(np.where(A != 0, np.abs(M - 1), -1).argmax(), M.shape)  # what has no effect is no news
    assert f"{M[b, k, v, u]:.2f}, is the message from {graph.joints[u]} to {graph.joints[v]} in block {b + 1}" in figure.alt


def test_edges_of_a_model_and_of_a_skeleton_of_ones_own():
    model = STGCN("ntu-25", 3, plan=((4, 1), (4, 1)))
    data = edge_importance([block.spatial.edge_importance for block in model.blocks], "ntu-25").data
    assert set(np.ravel(data["learned"])) == {1.0} and data["subsets"] == ["root", "centripetal", "centrifugal"]
    A = ARM.partition("uniform")
    data = edge_importance(np.ones((1, 1, 3, 3)), ARM, A, positions=[(0, 0), (1, 0), (2, 1)]).data
    assert data["subsets"] == ["subset 0"] and len(data["given"]) == 7
    with pytest.raises(ValueError, match="positions is missing"):
        edge_importance(np.ones((1, 1, 3, 3)), ARM, A)


@pytest.mark.parametrize(("importance", "changes", "word"), [
    (np.ones((3, V, V)), {}, "importance has shape"), (np.ones((2, 2, V, V)), {}, "importance has shape"),
    (np.full((2, 3, V, V), np.inf), {}, "not finite"), (np.ones((2, 3, V, V)), {"block": 2}, "block is 2"),
    (np.ones((2, 3, V, V)), {"subsets": ["one"]}, "subsets has 1"),
    (np.ones((2, 3, V, V)), {"adjacency": np.ones((V, V))}, "adjacency"),
    (np.ones((2, 3, V, V)), {"graph": 7}, "graph")])
def test_edges_that_make_no_sense_are_named(importance, changes, word):
    with pytest.raises(ValueError, match=word):
        edge_importance(importance, **{"graph": "ntu-25"} | changes)


# ---- the map ----------------------------------------------------------------------------------------------------------------

def some_clips(count=12):
    return [body(30 + i, seed=i, action=motions.ACTIONS[i % 3]) for i in range(count)]


def show_map(count=12, **changes):
    rng = np.random.default_rng(0)
    arguments = {"points": rng.normal(size=(count, 2)), "labels": np.arange(count) % 3, "classes": motions.ACTIONS[:3],
                 "clips": some_clips(count), "layout": "ntu-25"} | changes
    return embedding_map(**arguments, alt="test")


def read(data, i, joints=V):
    """Clip i (frames, V, C) as the page reads it."""
    folded = np.array([ord(letter) - 65 for letter in data["clips"][i]]).reshape(joints, data["axes"], data["frames"])
    steps = np.where(folded % 2, (folded + 1) // 2, -folded // 2)
    return ((np.cumsum(steps, axis=2) + np.reshape(data["mean"], (joints, -1, 1))) * data["unit"]).transpose(2, 0, 1)


def test_small_clips_come_back_within_a_step():
    clips = some_clips()
    data = show_map(frames=16).data
    for i, clip in enumerate(clips):
        at = np.linspace(0, len(clip) - 1, 16)
        between = [[np.interp(at, np.arange(len(clip)), clip[:, v, c]) for c in range(3)] for v in range(V)]
        wanted = np.array(between).transpose(2, 0, 1)  # (V, 3, 16) -> (16, V, 3)
        wanted[..., [0, 2]] -= wanted[..., [0, 2]].mean((0, 1))  # it stands in the middle
        assert np.abs(read(data, i) - wanted).max() < 0.81 * data["unit"] and data["unit"] < 0.02


def test_a_body_that_travels_stays_in_place():
    clip = body() + np.linspace(0, 5, T)[:, None, None] * [1, 0, 0]
    data = show_map(clips=[clip] + some_clips()[1:]).data
    assert np.abs(read(data, 0)[..., [0, 2]].mean(1)).max() < data["unit"]
    np.testing.assert_allclose(np.ptp(read(data, 0)[..., 1]), np.ptp(clip[..., 1]), atol=2 * data["unit"])


def test_a_hundred_clips_fit_in_the_budget_of_a_page():
    clips = [body(60, seed=i, action=action) for i in range(8) for action in motions.ACTIONS][:100]
    figure = embedding_map(np.random.default_rng(0).normal(size=(100, 2)), [0] * 100, ["all"], clips, "ntu-25", alt="test")
    assert len(zlib.compress(figure.to_html(standalone=False).encode(), 6)) < 60_000


def test_points_keep_their_distances_and_neighbours_are_the_nearest():
    points = np.random.default_rng(1).normal(size=(12, 2)) * [9, 1]
    data = show_map(points=points).data
    drawn = np.reshape(data["points"], (-1, 2))
    for (a, b), (c, d) in ((pair, other) for pair in combinations(range(4), 2) for other in combinations(range(6, 10), 2)):
        far = np.linalg.norm(points[a] - points[b]) / np.linalg.norm(points[c] - points[d])
        assert np.linalg.norm(drawn[a] - drawn[b]) / np.linalg.norm(drawn[c] - drawn[d]) == pytest.approx(far, rel=0.05)
    for i in range(12):
        order = sorted((j for j in range(12) if j != i), key=lambda j: np.linalg.norm(points[i] - points[j]))
        assert data["neighbours"][i] == order[:3]
    assert show_map(neighbours=[[(i + 5) % 12] for i in range(12)]).data["neighbours"][9] == [2]


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 12, 13, 14, 20, 21, 28])
def test_classes_stay_apart(count):
    looks = list(_looks(count))
    assert len(looks) == len(set(looks)) == count
    for _, color in looks:
        for dark in (False, True):
            assert all(contrast(color, theme.color(name, dark)) > 3 for name in ("surface", "raised"))
    hue = {c: np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) for c, (_, color) in enumerate(looks)}
    for a, b in combinations(range(count), 2):  # one shape twice: then the colours are far apart
        if looks[a][0] == looks[b][0]:
            assert np.abs(hue[a] - hue[b]).max() > 40


@pytest.mark.parametrize(("changes", "word"), [
    ({"points": np.zeros((12, 3))}, "points"), ({"points": np.full((12, 2), np.nan)}, "points"), ({"labels": [0, 1]}, "labels"),
    ({"labels": np.full(12, 3)}, "labels"), ({"labels": None}, "labels"), ({"predicted": np.full(12, -1)}, "predicted"),
    ({"neighbours": [[0]]}, "neighbours"),
    ({"neighbours": np.full((12, 2), 12)}, "neighbours"), ({"clips": some_clips(11)}, "points"), ({"layout": "coco-17"}, "17"),
    ({"clips": some_clips(11) + [some_clips(1)[0][..., :2]]}, "flat and solid")])
def test_a_map_that_makes_no_sense_is_named(changes, word):
    with pytest.raises(ValueError, match=word):
        show_map(**changes)


def test_too_many_clips_for_a_page():
    with pytest.raises(ValueError, match="2 to 200"):
        show_map(201, clips=[some_clips(1)[0]] * 201)


# ---- all of them ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [show_heat, show_map, lambda: edge_importance(np.full((2, 3, V, V), 0.9), "ntu-25")],
                         ids=["heat", "map", "edges"])
def test_they_carry_their_scripts_and_a_still_picture(make):
    figure = make()
    page = figure.to_html(standalone=True)
    assert f'gim.define("{figure.kind}"' in page
    assert figure.kind == "edges" or "gim.skeleton = " in page
    assert figure.still.startswith("<svg") and "NaN" not in figure.still and "nan" not in figure.still
