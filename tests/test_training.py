import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from stgcn_lib.training import evaluate, fit, forecast, save_atomically

from .training_run import data, network, run

ROOT = Path(__file__).parents[1]


def losses(history):
    return [row["loss"] for row in history]


def same_weights(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def script(*arguments, launcher=()):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run([sys.executable, "-m", *launcher, "tests.training_run", *map(str, arguments)], cwd=ROOT, text=True,
                          capture_output=True, env=environment, timeout=300)


def test_one_step_is_the_step_of_plain_torch():
    model, twin = network(dropout=0), network(dropout=0)
    history = fit(model, data(12), torch.optim.SGD(model.parameters(), 0.1, momentum=0.9), 3, batch_size=12, progress=False)
    optimizer, (x, y), expected = torch.optim.SGD(twin.parameters(), 0.1, momentum=0.9), data(12).tensors, []
    for _ in range(3):
        value = nn.functional.cross_entropy(twin(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        expected.append(value.item())
    assert losses(history) == pytest.approx(expected, rel=1e-4)
    assert all(torch.allclose(p, q, atol=1e-4) for p, q in zip(model.parameters(), twin.parameters(), strict=True))


def test_it_learns_and_says_so():
    model, history = run(epochs=25)
    assert losses(history)[-1] < 0.5 * losses(history)[0]
    assert evaluate(model, data())["accuracy"] > 0.9
    assert [row["epoch"] for row in history] == list(range(1, 26))
    assert history[0]["learning_rate"] == pytest.approx(1e-2) and history[-1]["learning_rate"] < 1e-3


def test_everything_random_follows_from_the_seed():
    (a, first), (b, second), (c, third) = run(seed=3), run(seed=3), run(seed=4)
    assert losses(first) == losses(second) and same_weights(a, b)
    assert losses(first) != losses(third) and not same_weights(a, c)


@pytest.mark.parametrize("epochs_before", [1, 4, 6])
def test_resuming_reaches_the_same_numbers(tmp_path, epochs_before):
    whole, expected = run()
    file = tmp_path / "run.pt"

    class Stop(Exception):
        pass

    batches = [0]

    def augment(x):
        batches[0] += 1
        if batches[0] > 3 * epochs_before + 1:  # in the middle of the next epoch
            raise Stop
        return x + 0.1 * torch.randn_like(x)

    if epochs_before < 6:
        with pytest.raises(Stop):
            run(checkpoint=file, augment=augment)
    else:
        run(checkpoint=file)
    torch.manual_seed(99)  # nothing may depend on what was drawn before
    model, history = run(checkpoint=file)
    assert losses(history) == losses(expected) and same_weights(model, whole)


def test_a_killed_process_resumes_to_the_same_numbers(tmp_path):
    done = script(tmp_path / "whole.pt")
    assert done.returncode == 0, done.stderr
    for die in (2, 8, 5):  # batches since each start: before any checkpoint, in the third epoch, in the fourth
        killed = script(tmp_path / "cut.pt", "--checkpoint", tmp_path / "run.pt", "--die", die)
        assert killed.returncode == -9
        assert not (tmp_path / "cut.pt").exists()
    resumed = script(tmp_path / "cut.pt", "--checkpoint", tmp_path / "run.pt")
    assert resumed.returncode == 0, resumed.stderr
    assert json.loads(resumed.stdout) == json.loads(done.stdout)
    whole, cut = (torch.load(tmp_path / name, weights_only=True) for name in ("whole.pt", "cut.pt"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_two_processes_agree_with_one(tmp_path):
    one = script(tmp_path / "one.pt", "--plain")
    launcher = ("torch.distributed.run", "--nproc-per-node=2", "--master-port=29517", "-m")
    two = script(tmp_path / "two.pt", "--plain", launcher=launcher)
    assert one.returncode == two.returncode == 0, one.stderr + two.stderr
    assert json.loads(two.stdout) == pytest.approx(json.loads(one.stdout), rel=1e-4)
    a, b = (torch.load(tmp_path / name, weights_only=True) for name in ("one.pt", "two.pt"))
    assert all(torch.allclose(a[name], b[name], atol=1e-4) for name in a)


def test_patience_goes_back_to_the_best_epoch():
    x, y = data().tensors
    noise = TensorDataset(x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))])
    model, history = run(epochs=60, validation=noise, patience=4)
    scores = [row["validation_loss"] for row in history]
    best = scores.index(min(scores))
    assert len(history) == best + 1 + 4 < 60
    assert evaluate(model, noise)["loss"] == pytest.approx(scores[best], rel=1e-5)


def test_evaluate_counts_right():
    logits = torch.tensor([[3.0, 1, 0, 0, 0, 0], [0, 2, 3, 1, 0, 0], [5, 4, 3, 2, 1, 0], [0, 0, 0, 0, 1, 0]])
    labels = torch.tensor([0, 1, 5, 4])
    scores = evaluate(nn.Linear(6, 6), TensorDataset(logits, labels)) | evaluate(Identity(), TensorDataset(logits, labels))
    assert scores["accuracy"] == 0.5 and scores["top5"] == 0.75
    assert scores["confusion"].sum() == 4 and scores["confusion"][1, 2] == 1 and scores["confusion"][5, 0] == 1
    assert scores["per_class"][[0, 1, 4, 5]].tolist() == [1, 0, 1, 0] and scores["per_class"][2:4].isnan().all()
    assert scores["loss"] == pytest.approx(nn.functional.cross_entropy(logits, labels).item())
    assert torch.equal(scores["logits"], logits) and torch.equal(scores["labels"], labels)


class Identity(nn.Module):
    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + self.nothing


def test_evaluate_changes_nothing():
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    evaluate(model, data())
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_forecast_keeps_the_order_and_the_mode():
    x = torch.arange(10.0).reshape(5, 2)
    model = Identity().train()
    found = forecast(model, TensorDataset(x, x + 1), batch_size=2)
    assert torch.equal(found["forecasts"], x) and torch.equal(found["targets"], x + 1) and model.training
    assert found["loss"] == 1.0 and forecast(model, TensorDataset(x, x + 2), loss=nn.MSELoss())["loss"] == 4.0


def test_forecast_refuses_what_a_loss_would_broadcast():
    x = torch.zeros(4, 3)
    with pytest.raises(ValueError, match=r"shape \(4, 3\), the targets have \(4, 1\)"):
        forecast(Identity(), TensorDataset(x, x[:, :1]))
    with pytest.raises(ValueError, match="data is empty"):
        forecast(Identity(), TensorDataset(x[:0], x[:0]))


def test_fit_is_judged_by_what_it_is_given():
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))
    model, pairs = nn.Linear(3, 3), TensorDataset(x, 2 * x)
    history = fit(model, pairs, torch.optim.Adam(model.parameters(), 0.05), 4, loss=nn.MSELoss(), judge=forecast, validation=pairs,
                  progress=False)
    assert history[-1]["validation_loss"] == pytest.approx(forecast(model, pairs, loss=nn.MSELoss())["loss"])
    assert history[-1]["validation_loss"] < history[0]["validation_loss"] and "validation_accuracy" not in history[0]


def test_clipping_bounds_the_step():
    model = network(dropout=0)
    before = [p.detach().clone() for p in model.parameters()]
    fit(model, data(12), torch.optim.SGD(model.parameters(), 1.0), 1, batch_size=12, clip_norm=1e-3, progress=False)
    moved = torch.cat([(p - q).flatten() for p, q in zip(model.parameters(), before, strict=True)]).norm()
    assert 0 < moved <= 1.001e-3


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "weights.pt"
    save_atomically({"a": torch.ones(1)}, file)

    def full(state, stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError):
        save_atomically({"a": torch.zeros(1)}, file)
    assert torch.load(file, weights_only=True)["a"] == 1 and list(tmp_path.iterdir()) == [file]


def test_what_is_wrong_is_named(tmp_path):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="data is empty"):
        fit(model, TensorDataset(torch.zeros(0, 2), torch.zeros(0)), optimizer, 1)
    with pytest.raises(ValueError, match="patience needs a validation set"):
        fit(model, data(), optimizer, 1, patience=2)
    x, y = data().tensors
    with pytest.raises(ValueError, match=r"label 3, expected 0 to 2.*with_head"):
        evaluate(model, TensorDataset(x, y + 1))
    with pytest.raises(ValueError, match="loss of epoch 1 is nan"):
        fit(model, data(), optimizer, 1, loss=lambda logits, y: logits.sum() * float("nan"), progress=False)

    file = tmp_path / "run.pt"
    run(epochs=1, checkpoint=file)
    with pytest.raises(ValueError, match="belongs to the run.*'seed': 3.*this one is.*'seed': 5"):
        run(checkpoint=file, seed=5)
    with pytest.raises(ValueError, match="another network"):
        run(checkpoint=file, model=nn.Sequential(nn.Flatten(), nn.Linear(2 * 6 * 17, 3)))
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(ValueError, match="cannot be read.*delete it"):
        run(checkpoint=file)
