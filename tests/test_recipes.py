"""Experiments: run by run, resumable, with their provenance; and the files that come with the library."""

import dataclasses
import json
import re

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from torch.utils.data import TensorDataset

from stgcn_lib import recipes
from stgcn_lib.__main__ import main
from stgcn_lib.data import cache, corruptions, manifest, motions
from stgcn_lib.graphs.streams import streams
from stgcn_lib.models import STGCN
from stgcn_lib.recipes import RECIPES, Recipe, Setup, checkpoints, experiment, setups
from stgcn_lib.training import evaluate

TINY = Setup(frames=8, plan=((16, 1), (16, 2)), kernel_size=3, epochs=3)
SMALL = Recipe("Do wave and squat look different?", "motions", "bodies 0 and 1 train, 2 tests and 3 tests",
               lambda clips: [(clips.subjects < 2, clips.subjects == person) for person in (2, 3)],
               {"ST-GCN": TINY, "three views": dataclasses.replace(TINY, views=3),
                "dense": dataclasses.replace(TINY, model="dense"),
                "frames": dataclasses.replace(TINY, model="frames"), "logistic": Setup("logistic")},
               {"actions": ("wave", "squat"), "bodies": 4, "repeats": 2, "frames": 16, "layout": "coco-17", "seed": 3}, "ST-GCN")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setitem(RECIPES, "small", SMALL)
    torch.set_num_threads(1)


def timeless(path):
    """The results without what differs from one run to the next."""
    results = recipes.load_results(path)
    for row in results["runs"]:
        del row["seconds"], row["made"]
    return results


def test_a_recipe_writes_every_run(small, tmp_path):
    path = recipes.reproduce("small", 2, "cpu", tmp_path, progress=False)
    results = recipes.load_results(path)
    keys = [(row["variant"], row["seed"], row["fold"]) for row in results["runs"]]
    assert keys == [(variant, seed, fold) for variant in SMALL.variants for seed in range(1 if variant == "logistic" else 2)
                    for fold in range(2)]
    for row in results["runs"]:
        confusion = np.array(row["confusion"])
        assert confusion.sum() == row["clips"] == 4 and confusion.sum(1).tolist() == [2, 2]
        assert confusion.trace() / 4 == row["accuracy"]
        assert row["made"]["torch"] == torch.__version__
        if row["variant"] != "logistic":
            assert len(row["training_loss"]) == 3 and row["top5"] == 1
    sizes = {row["variant"]: row["parameters"] for row in results["runs"] if "parameters" in row}
    assert all(0.4 * sizes["ST-GCN"] < size <= sizes["ST-GCN"] for size in sizes.values())  # widths go in steps of 8
    assert results["setups"]["ST-GCN"]["plan"] == [[16, 1], [16, 2]]
    assert all(len(line) < 4000 for line in path.read_text().splitlines())


def test_views_are_of_the_network_that_is_there_already(small, tmp_path, monkeypatch):
    trained = []
    real = experiment._train
    monkeypatch.setattr(experiment, "_train", lambda setup, *args: trained.append(setup) or real(setup, *args))
    runs = recipes.load_results(recipes.reproduce("small", 2, "cpu", tmp_path, progress=False))["runs"]
    assert [setup.views for setup in trained if setup.model == "stgcn"] == [1] * 4  # two seeds, two folds
    pairs = {variant: [row for row in runs if row["variant"] == variant] for variant in ("ST-GCN", "three views")}
    for one, three in zip(*pairs.values(), strict=True):
        assert one["training_loss"] == three["training_loss"]
    assert [row["loss"] for row in pairs["ST-GCN"]] != [row["loss"] for row in pairs["three views"]]

    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    setup = dataclasses.replace(TINY, turn=0.0, size=0.0, stretch=1.0)  # views that change nothing
    a, b = (experiment.run(dataclasses.replace(setup, views=n), clips, train, test, 0) for n in (1, 4))
    assert a["loss"] == b["loss"]
    network = {}
    c, d = (experiment.run(dataclasses.replace(TINY, views=5), clips, train, test, 0, trained=network) for _ in range(2))
    assert len(network) == 1
    assert c["loss"] == d["loss"] != a["loss"]  # the views follow from the seed


def test_streams_in_one_network_and_apart():
    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    names = ("joint", "bone motion")
    setup = dataclasses.replace(TINY, streams=names, spatial="residual", temporal="multi", attention="temporal", tilt=5.0)
    trained = {}
    apart = experiment.run(dataclasses.replace(setup, apart=True), clips, train, test, 0, trained=trained)
    assert [one.streams for one in trained] == [("joint",), ("bone motion",)] and not any(one.apart for one in trained)
    x, y = experiment.prepare(clips, setup)
    each = [evaluate(network, TensorDataset(x[test], y[test]))["logits"].softmax(1) for network, _ in trained.values()]
    chances = (each[0] + each[1]) / 2
    assert apart["accuracy"] == (chances.argmax(1) == y[test]).float().mean()
    assert apart["loss"] == pytest.approx(torch.nn.functional.nll_loss(chances.log(), y[test]).item(), abs=1e-4)
    assert apart["parameters"] == sum(p.numel() for network, _ in trained.values() for p in network.parameters())
    alone = experiment.run(dataclasses.replace(setup, streams=("bone motion",)), clips, train, test, 0)
    assert alone["training_loss"] == [round(row["loss"], 4) for row in list(trained.values())[1][1]]  # trained as by itself
    together = experiment.run(setup, clips, train, test, 0, trained=trained)
    assert len(trained) == 3 and alone["parameters"] < together["parameters"] < apart["parameters"]
    network = list(trained.values())[2][0].eval()
    assert network.network.in_channels == 6
    torch.testing.assert_close(network(x), network.network(streams(x, clips.graph, names)))


def test_the_ladder_leads_to_the_recipe_of_hands_one_change_at_a_time():
    *steps, last = setups.LADDER.values()
    assert dataclasses.replace(last, pooling=setups.HAND.pooling) == setups.HAND
    assert dataclasses.replace(recipes.RECIPES["shrec17"].variants["ST-GCN"], look=False) == setups.HAND
    changed = [{key for key, value in dataclasses.asdict(after).items() if value != getattr(before, key)}
               for before, after in zip(steps, [*steps[1:], last], strict=True)]
    assert all(changed) and sum(map(len, changed)) == len(set().union(*changed))  # nothing is changed twice


def test_the_training_of_2018():
    clips = setups.dataset(SMALL)
    shift = np.array([0.3, -2.0, 5.0], np.float32)
    clips = clips.map(lambda clip: clip + shift)
    cut = dataclasses.replace(clips, clips=[clip[:9 + i % 5] for i, clip in enumerate(clips.clips)])
    setup = dataclasses.replace(TINY, frames=13, sampling="pad", center=False)
    x, _ = experiment.prepare(cut, setup)  # the longest has 13 frames: nothing is between two frames
    for i, clip in enumerate(cut.clips[:5]):
        assert np.array_equal(x[i, :, :len(clip), :, 0].permute(1, 2, 0), clip) and not x[i, :, len(clip):].any()
    centred, _ = experiment.prepare(cut, dataclasses.replace(setup, center=True))
    assert not centred[:, :, 0, clips.graph.center].any()
    long = dataclasses.replace(setup, epochs=80, learning_rate=0.1)
    old, new = (experiment._optimizer(torch.nn.Linear(2, 2), dataclasses.replace(long, optimizer=name))
                for name in ("sgd", "adamw"))
    assert old[0].defaults["nesterov"] and old[0].defaults["momentum"] == 0.9 and isinstance(new[0], torch.optim.AdamW)
    rates = []
    for _ in range(80):
        rates.append(old[0].param_groups[0]["lr"])
        old[0].step(), old[1].step()
    assert rates == pytest.approx([0.1] * 10 + [0.01] * 40 + [0.001] * 30)  # as released: steps at epochs 10 and 50


def test_a_look_after_every_epoch_changes_nothing():
    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    blind, seen = (experiment.run(dataclasses.replace(TINY, look=look), clips, train, test, 0) for look in (False, True))
    assert blind["training_loss"] == seen["training_loss"] and blind["loss"] == seen["loss"]
    assert len(seen["looks"]) == 3 and seen["looks"][-1] == seen["accuracy"] and "looks" not in blind


def test_damage_is_the_same_for_every_network_and_grows():
    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    trained, rows = {}, {}
    for fill in ("zero", "interpolate"):
        setup = dataclasses.replace(TINY, fill=fill, epochs=12)
        rows[fill] = experiment.run(setup, clips, train, test, 0, trained=trained, corrupted=True)
    assert len(trained) == 1  # without holes in training the filling is a matter of the test alone
    for row in rows.values():
        assert {kind: len(levels) for kind, levels in row["corrupted"].items()} == {
            kind: len(levels) for kind, (_, levels) in corruptions.CORRUPTIONS.items()}
        assert all(levels[0] == row["accuracy"] for levels in row["corrupted"].values())  # level 0 is the clip as it is
    holes = dataclasses.replace(TINY, hidden=0.6, fill="interpolate")
    assert experiment.networks(holes) == [holes] and experiment.networks(dataclasses.replace(holes, fill="zero")) != [holes]
    change = experiment._changes(dataclasses.replace(holes, turn=0.0, size=0.0, stretch=1.0, fill="zero"), clips)
    x, _ = experiment.prepare(clips, holes)
    torch.manual_seed(0)
    lost = (change(x.repeat(50, 1, 1, 1, 1)) == 0).all(1).float().mean(dim=(1, 2, 3))
    assert 0.25 < lost.mean() < 0.4 and lost.max() < 0.75 and lost.min() < 0.1  # up to 0.6, each clip its own share


def test_pairs_of_28_gestures_are_14(monkeypatch):
    clips = dataclasses.replace(setups.dataset(SMALL), name="shrec17")
    clips = dataclasses.replace(clips, classes=[str(i) for i in range(28)], labels=clips.labels * 3)  # 0 and 3
    train, test = SMALL.folds(clips)[0]
    monkeypatch.setattr(experiment, "evaluate", lambda model, data: {"logits": 20 * torch.eye(28)[torch.tensor(
        [{0: 1, 3: 2}[int(y)] for _, y in data])]})  # always the other half of the pair
    row = experiment.run(TINY, clips, train, test, 0)
    assert row["accuracy"] == 0 and row["accuracy_14"] == 1


def test_an_interrupted_recipe_goes_on_and_ends_the_same(small, tmp_path, monkeypatch):
    whole = recipes.reproduce("small", 2, "cpu", tmp_path / "whole", progress=False)
    real, count = experiment.run, iter(range(100))

    def interrupted(*args):
        if next(count) in (3, 4, 9):
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(experiment, "run", interrupted)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            recipes.reproduce("small", 2, "cpu", tmp_path / "parts", progress=False)
    path = recipes.reproduce("small", 2, "cpu", tmp_path / "parts", progress=False)
    assert timeless(path) == timeless(whole)
    assert not list(tmp_path.rglob("*.part"))


def test_more_seeds_are_added_and_another_setup_is_refused(small, tmp_path, monkeypatch):
    path = recipes.reproduce("small", 1, "cpu", tmp_path, progress=False)
    first = recipes.load_results(path)["runs"]
    assert recipes.load_results(recipes.reproduce("small", 2, "cpu", tmp_path, progress=False))["runs"][:len(first)] == first
    other = dataclasses.replace(SMALL, variants={"ST-GCN": dataclasses.replace(TINY, epochs=4)})
    monkeypatch.setitem(RECIPES, "small", other)
    with pytest.raises(ValueError, match="another setup"):
        recipes.reproduce("small", 1, "cpu", tmp_path, progress=False)


def test_a_recipe_may_gain_a_variant(small, tmp_path, monkeypatch):
    path = recipes.reproduce("small", 1, "cpu", tmp_path, progress=False)
    first = recipes.load_results(path)["runs"]
    more = dataclasses.replace(SMALL, variants=SMALL.variants | {"four epochs": dataclasses.replace(TINY, epochs=4)})
    monkeypatch.setitem(RECIPES, "small", more)
    results = recipes.load_results(recipes.reproduce("small", 1, "cpu", tmp_path, progress=False))
    assert results["runs"][:-2] == first and {row["variant"] for row in results["runs"][-2:]} == {"four epochs"}
    assert results["setups"]["four epochs"]["epochs"] == 4


def test_the_checkpoint_is_the_network_that_was_scored(small, tmp_path):
    results = recipes.load_results(recipes.reproduce("small", 1, "cpu", tmp_path, progress=False))
    model, card = recipes.load_checkpoint(tmp_path / "checkpoints" / "small.safetensors", classes=2)
    assert not model.training and card["layout"] == "coco-17" and card["classes"] == ["wave", "squat"]
    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    x, y = experiment.prepare(clips.select(test), TINY)
    assert evaluate(model, TensorDataset(x, y))["accuracy"] == results["runs"][0]["accuracy"] == card["accuracy"]
    one = recipes.prepare(clips.select(test).clips[0], card)
    assert torch.equal(one[0], x[0])
    page = (tmp_path / "checkpoints" / "small.md").read_text()
    assert "wave, squat" in page and "coco-17" in page and "Research use" not in page
    assert (tmp_path / "checkpoints" / "small.safetensors").stat().st_mode & 0o044  # others may read it


def test_one_seed_gives_the_same_numbers_twice(small):
    clips = setups.dataset(SMALL)
    train, test = SMALL.folds(clips)[0]
    a, b, c = (experiment.run(TINY, clips, train, test, seed)["training_loss"] for seed in (0, 0, 1))
    assert a == b != c


def test_the_interval_is_wilsons():
    rows = [{"variant": "a", "seed": seed, "fold": fold, "accuracy": right / 20, "clips": 20}
            for seed, rights in enumerate([(18, 20), (17, 19), (19, 19)]) for fold, right in enumerate(rights)]
    row = recipes.summary({"runs": rows})["a"]
    assert row["accuracies"] == pytest.approx([38 / 40, 36 / 40, 38 / 40]) and row["clips"] == 40
    assert row["std"] == pytest.approx(np.std([38 / 40, 36 / 40, 38 / 40], ddof=1))
    whole = recipes.summary({"runs": rows[:2]})["a"]
    expected = binomtest(38, 40).proportion_ci(0.95, "wilson")
    assert whole["interval"] == pytest.approx([expected.low, expected.high], abs=1e-4) and whole["std"] == 0


@pytest.mark.parametrize(("change", "words"), [
    (lambda b: b[:len(b) // 2], "cannot be read"), (lambda b: b"", "cannot be read"), (lambda b: b"{}" * 40, "cannot be read")])
def test_a_damaged_checkpoint_is_named(small, tmp_path, change, words):
    path = tmp_path / "net.safetensors"
    model = STGCN("coco-17", 2, plan=TINY.plan, kernel_size=3, pooling="mean+max")
    checkpoints.save_checkpoint(model, path, card(["a", "b"]))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=words) as caught:
        recipes.load_checkpoint(path)
    assert "net.safetensors" in str(caught.value)


def card(classes, **changes):
    return {"what": "A test.", "layout": "coco-17", "classes": classes, "channels": ["x", "y", "z"], "frames": 8, "scale": False,
            "setup": dataclasses.asdict(TINY)} | changes


def test_a_checkpoint_of_something_else_says_so(tmp_path):
    path = tmp_path / "net.safetensors"
    model = STGCN("coco-17", 2, plan=TINY.plan, kernel_size=3, pooling="mean+max")
    checkpoints.save_checkpoint(model, path, card(["a", "b"]))
    with pytest.raises(ValueError, match=r"2 classes apart, expected 5.*with_head\(5\)"):
        recipes.load_checkpoint(path, classes=5)
    _, its = recipes.load_checkpoint(path)
    for clip, words in ((np.zeros((9, 18, 3)), "(9, 18, 3)"), (np.zeros((9, 17, 2)), "x, y, z"), (np.zeros((17, 3)), "(17, 3)")):
        with pytest.raises(ValueError, match="coco-17") as caught:
            recipes.prepare(clip, its)
        assert words in str(caught.value)
    checkpoints.save_checkpoint(model, path, card(["a", "b"], layout="ntu-25"))
    with pytest.raises(ValueError, match="17 joints.*'ntu-25' has 25"):
        recipes.load_checkpoint(path)
    checkpoints.save_checkpoint(model, path, card(["a", "b"], setup=dataclasses.asdict(dataclasses.replace(TINY, kernel_size=5))))
    with pytest.raises(ValueError, match="does not fit its own card"):
        recipes.load_checkpoint(path)
    with pytest.raises(ValueError, match="3 classes, the network has 2"):
        checkpoints.save_checkpoint(model, path, card(["a", "b", "c"]))
    with pytest.raises(ValueError, match="card has no layout"):
        checkpoints.save_checkpoint(model, path, {k: v for k, v in card(["a", "b"]).items() if k != "layout"})


def test_unknown_names_list_what_there_is(tmp_path):
    with pytest.raises(ValueError, match="utkinect"):
        recipes.load_results("nothing")
    with pytest.raises(ValueError, match="'nothing', expected one of"):
        recipes.load_checkpoint("nothing")
    with pytest.raises(ValueError, match="'nothing', expected one of utkinect"):
        recipes.reproduce("nothing")
    with pytest.raises(ValueError, match="seeds is 0"):
        recipes.reproduce("utkinect", 0)
    with pytest.raises(ValueError, match="device is 'gpu', expected 'auto' or one of"):
        recipes.reproduce("utkinect", device="gpu")
    (tmp_path / "half.json").write_text('{"runs": [')
    with pytest.raises(ValueError, match="cut off"):
        recipes.load_results(tmp_path / "half.json")


def test_the_command_line(small, tmp_path, capsys):
    assert main(["reproduce"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in RECIPES)
    assert main(["reproduce", "small", "--seeds", "1", "--device", "cpu", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "ST-GCN" in out and "95 % interval" in out and str(tmp_path) in out
    assert main(["reproduce", "nothing"]) == 2
    assert "expected one of" in capsys.readouterr().err


# ---- the files that come with the library ---------------------------------------------------------------------------

def test_every_result_is_whole_and_made_by_the_recipe_of_its_name():
    assert {"utkinect", "utkinect_leave_one_out", "msr_action3d", "ablation"} <= set(recipes.result_names())
    for name in set(recipes.result_names()) & set(RECIPES):  # forecasts have tests of their own
        results, recipe = recipes.load_results(name), RECIPES[name]
        assert results["name"] == name and results["what"] == recipe.what and results["split"] == recipe.split
        assert results["setups"] == json.loads(json.dumps({v: dataclasses.asdict(s) for v, s in recipe.variants.items()})), name
        if recipe.data in manifest.NAMES:
            assert results["data"]["digest"] == manifest.digest(recipe.data)
        folds = {row["fold"] for row in results["runs"]}
        assert folds == set(range(len(folds)))
        for variant, setup in recipe.variants.items():
            seeds = {row["seed"] for row in results["runs"] if row["variant"] == variant}
            assert len(seeds) >= (1 if setup.model == "logistic" else 3), (name, variant)
            rows = [(row["seed"], row["fold"]) for row in results["runs"] if row["variant"] == variant]
            assert sorted(rows) == sorted((seed, fold) for seed in seeds for fold in folds), (name, variant)
        for row in results["runs"]:
            confusion = np.array(row["confusion"])
            assert confusion.sum() == row["clips"] and abs(confusion.trace() / row["clips"] - row["accuracy"]) < 1e-9
            assert re.fullmatch(r"[0-9a-f]{12}", row["made"]["commit"]), "made from files that were not committed"


def test_every_checkpoint_loads_and_belongs_to_a_result():
    total = 0
    for name in recipes.checkpoint_names():
        model, its = recipes.load_checkpoint(name)
        recipe = RECIPES[name]
        row = next(row for row in recipes.load_results(name)["runs"]
                   if (row["variant"], row["seed"], row["fold"]) == (recipe.checkpoint, 0, 0))
        assert its["accuracy"] == row["accuracy"] and its["seed"] == 0
        assert sum(p.numel() for p in model.parameters()) == row["parameters"]
        page = (checkpoints.FOLDER / f"{name}.md").read_text()
        assert ("Research use" in page) == ("none stated" in its["data"]["licence"])
        total += (checkpoints.FOLDER / f"{name}.safetensors").stat().st_size
    assert total < 10e6
    assert {name for name, recipe in RECIPES.items() if recipe.checkpoint} == set(recipes.checkpoint_names())


@pytest.mark.parametrize("name", ["utkinect", "msr_action3d", "motions_openpose"])
def test_a_stored_checkpoint_gives_its_stored_accuracy(name):
    recipe = RECIPES[name]
    if recipe.data in manifest.NAMES and cache.missing(recipe.data):
        pytest.skip(f"{recipe.data} is not on this computer")
    model, its = recipes.load_checkpoint(name)
    clips = setups.dataset(recipe)
    _, test = recipe.folds(clips)[0]
    x, y = experiment.prepare(clips.select(test), Setup(**its["setup"]))
    accuracy = evaluate(model, TensorDataset(x, y))["accuracy"]
    assert accuracy == pytest.approx(its["accuracy"], abs=1.01 / its["clips"])  # one clip may lie on the fence on another machine


@pytest.mark.parametrize("name", ["utkinect", "msr_action3d"])
def test_the_baseline_repeats(name):
    if cache.missing(name):
        pytest.skip(f"{name} is not on this computer")
    stored = recipes.summary(recipes.load_results(name))["logistic regression"]["mean"]
    clips = setups.dataset(RECIPES[name])
    train, test = RECIPES[name].folds(clips)[0]
    again = experiment.run(RECIPES[name].variants["logistic regression"], clips, train, test, 0)
    assert again["accuracy"] == pytest.approx(stored, abs=1.01 / again["clips"])


def test_synthetic_clips_have_a_digest_of_their_numbers():
    a, b = (motions.generate(("wave",), 1, 1, 8, seed=seed) for seed in (0, 1))
    assert experiment._digest(a) == experiment._digest(a) != experiment._digest(b)
