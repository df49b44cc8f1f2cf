"""From a pose file to actions: whose frames, which windows, which probabilities, and what is refused."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib import recipes
from stgcn_lib.__main__ import main
from stgcn_lib.data import load, motions
from stgcn_lib.data.pose_files import IMAGE, SPACE, Poses, coco_to_openpose
from stgcn_lib.data.transforms import drop_joints, interpolate_missing
from stgcn_lib.graphs import skeleton
from stgcn_lib.recipes import Setup, experiment
from stgcn_lib.recipes.checkpoints import save_checkpoint

from .graph_examples import properties

CLASSES = ("wave", "squat", "bow")


def stub(folder, layout="openpose-18", channels=IMAGE, seed=0):
    """A checkpoint whose weights nobody trained."""
    setup = Setup(frames=8, plan=((8, 1),), kernel_size=3, scale=True)
    torch.manual_seed(seed)
    model = experiment.build(setup, skeleton(layout), len(CLASSES))
    for parameter in model.parameters():  # far enough from zero for clips to differ
        parameter.data += 0.3 * torch.randn(parameter.shape)
    save_checkpoint(model, folder / f"{layout}.safetensors", {
        "what": "A stub.", "layout": layout, "classes": CLASSES, "channels": channels, "frames": 8, "scale": True,
        "setup": {"plan": setup.plan, "dropout": 0.1, "kernel_size": 3, "edge_importance": True, "pooling": setup.pooling}})
    return folder / f"{layout}.safetensors"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return stub(tmp_path_factory.mktemp("checkpoint"))


def filmed(actions=CLASSES, layout="openpose-18", frames=64, dropout=0.0):
    """One person after the other, each seen by a camera."""
    return motions.generate(actions, 1, 1, frames, layout, camera={"dropout": dropout}).clips


def poses(*people, layout="openpose-18", channels=IMAGE, fps=30.0):
    return Poses([np.asarray(person, np.float32) for person in people], layout, channels, fps)


def judged(clip, checkpoint):
    """The oracle: probabilities (classes,) of one stretch."""
    model, card = recipes.load_checkpoint(checkpoint)
    with torch.no_grad():
        return model(recipes.prepare(clip, card)).softmax(1)[0].numpy()


def test_it_is_the_softmax_of_the_network(checkpoint):
    people = filmed()
    found = recipes.predict(poses(*people), checkpoint)
    assert [one["person"] for one in found] == [0, 1, 2]
    for one, clip in zip(found, people, strict=True):
        expected = judged(clip, checkpoint)
        assert one["frames"] == [0, 63] and len(one["windows"]) == 1
        assert one["action"] == CLASSES[expected.argmax()] and one["probability"] == pytest.approx(expected.max(), abs=1e-6)
        assert [name for name, _ in one["ranking"]] == [CLASSES[i] for i in np.argsort(-expected)]
        np.testing.assert_allclose([p for _, p in one["ranking"]], sorted(expected)[::-1], atol=1e-6)
        assert {key: value for key, value in one.items() if key not in ("person", "windows")} == one["windows"][0]
    assert np.ptp([one["probability"] for one in found]) > 1e-3, "the three people get the same answer, so this test is blind"
    short = recipes.predict(poses(*people), checkpoint, top=2)
    assert [one["ranking"] for one in short] == [one["ranking"][:2] for one in found]


@pytest.mark.parametrize("frames, fps, edges", [
    (64, 30, [0, 64]), (95, 30, [0, 95]), (97, 30, [0, 48, 97]), (128, 30, [0, 64, 128]), (200, 30, [0, 67, 133, 200]),
    (128, 60, [0, 128]), (64, 15, [0, 32, 64]), (8, 30, [0, 8]), (7, 1, [0, 7]), (17, 1, [0, 4, 8, 13, 17]),
    (16, 0.001, [0, 4, 8, 12, 16])])
def test_long_recordings_are_judged_in_windows(checkpoint, frames, fps, edges):
    clip = np.concatenate(filmed() * 3)[:frames]
    one, = recipes.predict(poses(clip, fps=fps), checkpoint)
    assert [row["frames"] for row in one["windows"]] == [[a, b - 1] for a, b in zip(edges, edges[1:], strict=False)]
    expected = np.array([judged(clip[a:b], checkpoint) for a, b in zip(edges, edges[1:], strict=False)])
    for row, p in zip(one["windows"], expected, strict=True):
        np.testing.assert_allclose(dict(row["ranking"])[row["action"]], p.max(), atol=1e-6)
        np.testing.assert_allclose([dict(row["ranking"])[name] for name in CLASSES], p, atol=1e-6)
    np.testing.assert_allclose([dict(one["ranking"])[name] for name in CLASSES], expected.mean(0), atol=1e-6)


def test_only_the_frames_of_a_person_count_and_gaps_are_filled(checkpoint):
    whole = filmed(dropout=0.1, frames=60)[0]
    recording = np.zeros((100, 18, 3), np.float32)
    recording[20:80] = whole
    recording[40] = 0  # not seen in between
    recording[90, :3] = 0.5  # three joints of eighteen are no person
    one, = recipes.predict(poses(recording), checkpoint)
    assert one["frames"] == one["windows"][0]["frames"] == [20, 79]
    whole[20] = 0
    filled = interpolate_missing(whole, coordinates=2, layout="openpose-18")
    np.testing.assert_allclose([dict(one["ranking"])[name] for name in CLASSES], judged(filled, checkpoint), atol=1e-6)
    assert np.abs(judged(filled, checkpoint) - judged(whole, checkpoint)).max() > 1e-3  # it matters


def test_windows_without_the_person_are_left_out(checkpoint):
    recording = np.zeros((64 * 4, 18, 3), np.float32)
    recording[:64], recording[-64:] = filmed()[:2]
    one, = recipes.predict(poses(recording), checkpoint)
    assert one["frames"] == [0, 255] and [row["frames"] for row in one["windows"]] == [[0, 63], [192, 255]]
    sparse = np.zeros((800, 18, 3), np.float32)
    sparse[::100] = filmed()[0][:8]  # eight frames, never two in one window
    one, = recipes.predict(poses(sparse), checkpoint)
    assert [row["frames"] for row in one["windows"]] == [[0, 700]]


def test_people_seen_for_a_moment_are_left_out(checkpoint):
    people = filmed()
    people[0][3:] = 0
    assert [one["person"] for one in recipes.predict(poses(*people), checkpoint)] == [1, 2]


def test_half_a_body_is_enough(checkpoint):
    """A desk hides the legs: they lie where the nearest joint lies that was seen, not in the corner of the image."""
    clip = filmed()[0]
    clip[:, 8:14] = 0
    one, = recipes.predict(poses(clip), checkpoint)
    clip[:, 8:11, :2], clip[:, 11:14, :2] = clip[:, [2], :2], clip[:, [5], :2]  # at the shoulders
    np.testing.assert_allclose([dict(one["ranking"])[name] for name in CLASSES], judged(clip, checkpoint), atol=1e-6)


def test_coco_is_converted(checkpoint):
    clip = filmed(layout="coco-17")[1]
    found = recipes.predict(poses(clip, layout="coco-17"), checkpoint)
    assert found == recipes.predict(poses(coco_to_openpose(clip)), checkpoint)


def test_places_in_space_have_their_networks_too(tmp_path):
    checkpoint = stub(tmp_path, "ntu-25", SPACE)
    clip = motions.clip("bow", layout="ntu-25")
    one, = recipes.predict(poses(clip, layout="ntu-25", channels=SPACE), checkpoint)
    np.testing.assert_allclose(one["probability"], judged(clip, checkpoint).max(), atol=1e-6)


def test_a_file_gives_what_its_poses_give(checkpoint, tmp_path):
    clip = filmed()[0]
    path = tmp_path / "wave.json"
    path.write_text(json.dumps({"layout": "openpose-18", "frames": clip.astype(float).tolist()}))
    assert recipes.predict(path, checkpoint) == recipes.predict(str(path), checkpoint) == recipes.predict(poses(clip), checkpoint)


@given(st.integers(0, 2**31), st.floats(0, 1), st.integers(4, 40))
@properties
def test_whatever_is_missed_the_answer_is_a_distribution_or_a_clear_refusal(checkpoint, seed, share, frames):
    clip = drop_joints(filmed(("wave",), frames=frames)[0], share, np.random.default_rng(seed))
    try:
        found = recipes.predict(poses(clip), checkpoint)
    except ValueError as error:
        assert "nobody is seen for long enough" in str(error) and share > 0.3
        return
    for p in (p for one in found for _, p in one["ranking"]):
        assert 0 <= p <= 1
    assert sum(p for _, p in found[0]["ranking"]) == pytest.approx(1, abs=1e-5)


def test_what_does_not_fit_is_told_what_would(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes.checkpoints, "FOLDER", tmp_path)
    ntu = poses(motions.clip("bow", layout="ntu-25"), layout="ntu-25", channels=SPACE)
    with pytest.raises(ValueError, match=r"the poses are ntu-25 \(x, y, z\), checkpoint '.*openpose-18.safetensors' is for "
                       r"openpose-18 \(x, y, confidence\); there are: none; coco-17 goes with openpose-18 too"):
        recipes.predict(ntu, checkpoint)
    stub(tmp_path, "ntu-25", SPACE)
    stub(tmp_path)
    with pytest.raises(ValueError, match=r"there are: ntu-25 for ntu-25 \(x, y, z\); openpose-18 for openpose-18 \(x, y, conf"):
        recipes.predict(ntu, "openpose-18")
    with pytest.raises(ValueError, match=r"the poses are openpose-18 \(x, y, z\), checkpoint 'openpose-18' is for openpose-18"):
        recipes.predict(poses(filmed()[0], channels=SPACE), "openpose-18")
    with pytest.raises(ValueError, match=r"the poses are coco-17 \(x, y, z\)"):  # a neck cannot be made of these
        recipes.predict(poses(filmed(layout="coco-17")[0], layout="coco-17", channels=SPACE), "openpose-18")
    with pytest.raises(ValueError, match="checkpoint is 'openpose', expected one of ntu-25, openpose-18"):
        recipes.predict(ntu, "openpose")
    assert recipes.predict(ntu, "ntu-25")


@pytest.mark.parametrize("frames", [1, 3])
def test_one_pose_is_no_action(checkpoint, frames):
    with pytest.raises(ValueError, match=f"in {frames} frames at most, expected 4 frames or more, because one pose"):
        recipes.predict(poses(filmed()[0][:frames]), checkpoint)
    with pytest.raises(ValueError, match="top is 0, expected 1 or more"):
        recipes.predict(poses(filmed()[0]), checkpoint, top=0)


def test_the_command_prints_a_table(checkpoint, tmp_path, capsys):
    clip = np.concatenate(filmed()[:2])
    path = tmp_path / "clip.json"
    path.write_text(json.dumps({"layout": "openpose-18", "frames": clip.astype(float).tolist()}))
    assert main(["predict", str(path), "--checkpoint", str(checkpoint), "--top", "2"]) == 0
    one, = recipes.predict(path, checkpoint, 2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:5]] == [
        ["person", "frames", "action", "probability"],
        ["0", "0-127", one["action"], f"{one['probability']:.2f}"],
        [one["ranking"][1][0], f"{one['ranking'][1][1]:.2f}"],
        *([f"{row['frames'][0]}-{row['frames'][1]}", row["action"], f"{row['probability']:.2f}"] for row in one["windows"])]
    assert lines[5:] == ["", "The network knows 3 actions and always names one of them."]


def test_the_command_says_that_it_converted_and_prints_json(checkpoint, tmp_path, capsys):
    clip = filmed(layout="coco-17")[0].astype(float)
    path = tmp_path / "results.json"
    path.write_text(json.dumps([{"image_id": t, "category_id": 1, "keypoints": frame.ravel().tolist()}
                                for t, frame in enumerate(clip)]))
    assert main(["predict", str(path), "--checkpoint", str(checkpoint)]) == 0
    assert "The poses are coco-17; they were converted to openpose-18, with a neck halfway" in capsys.readouterr().out
    assert main(["predict", str(path), "--checkpoint", str(checkpoint), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    found, = recipes.predict(path, checkpoint)
    assert printed["people"] == json.loads(json.dumps([found])) and printed["layout"] == "coco-17" and printed["fps"] == 30
    assert len(printed["notes"]) == 2 and printed["file"] == str(path)


@pytest.mark.parametrize("content, says", [
    (None, "does not exist"), ("{", "cannot be read as JSON"), ('{"layout": "ntu-25", "frames": []}', "shows nobody"),
    (json.dumps({"layout": "ntu-25", "frames": [[[0.1, 0.2, 0.3]] * 25] * 9}), "the poses are ntu-25")])
def test_the_command_fails_in_one_sentence(checkpoint, tmp_path, capsys, content, says):
    path = tmp_path / "clip.json"
    if content is not None:
        path.write_text(content)
    assert main(["predict", str(path), "--checkpoint", str(checkpoint)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and says in err and err.count("\n") == 1


def test_recorded_people_are_told_as_well_as_when_the_network_was_tested(real_data):
    """Fourteen of the clips are long enough for windows, and some have five frames."""
    clips = load("utkinect", root=real_data("utkinect"))
    clips = clips.select(clips.subjects % 2 == 0)
    found = [recipes.predict(Poses([clip], clips.layout, SPACE, clips.fps), "utkinect")[0] for clip in clips.clips]
    right = np.mean([one["action"] == clips.classes[label] for one, label in zip(found, clips.labels, strict=True)])
    assert sum(len(one["windows"]) > 1 for one in found) == 14 and min(map(len, clips.clips)) == 5
    assert right == pytest.approx(recipes.load_checkpoint("utkinect")[1]["accuracy"], abs=0.021)  # two clips on the fence


@pytest.mark.skipif("motions_openpose" not in recipes.checkpoint_names(), reason="the checkpoint is not trained yet")
@pytest.mark.parametrize("dropout", [0.0, 0.05])
def test_the_stored_network_knows_what_people_it_never_saw_do(dropout):
    """Bodies of another seed than those of the recipe."""
    actions = motions.ACTIONS
    people = motions.generate(actions, 2, 1, layout="openpose-18", seed=77, camera={"dropout": dropout})
    found = recipes.predict(poses(*people.clips))
    right = [one["action"] == people.classes[label] for one, label in zip(found, people.labels, strict=True)]
    assert np.mean(right) >= 0.8
