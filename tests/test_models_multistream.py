"""Late fusion: closed forms, a loop over a grid, and what may choose."""

import pytest
import torch
from torch import nn

from stgcn_lib.data.streams import STREAMS, stream
from stgcn_lib.models import STGCN, MultiStream
from stgcn_lib.models.multistream import fuse_streams

PLAN = ((4, 1), (8, 2))


def net(seed=0, classes=5):
    torch.manual_seed(seed)
    return STGCN("hand-22", classes, plan=PLAN).eval()


def batch(n=3):
    return torch.randn(n, 3, 12, 22, 1, generator=torch.Generator().manual_seed(0))


def votes(n=60, classes=4, names=STREAMS, seed=0):
    """Labels, and logits of networks of which each knows something."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (n,), generator=generator)
    truth = nn.functional.one_hot(labels, classes).float()
    return {name: (0.4 + i / 2) * truth + torch.randn(n, classes, generator=generator) for i, name in enumerate(names)}, labels


def accuracy(logits, weights, labels):
    fused = sum(weights[name] * logits[name].softmax(1) for name in logits)
    return (fused.argmax(1) == labels).sum().item()


def test_probabilities_are_averaged_over_streams():
    nets = {name: net(i).requires_grad_(False) for i, name in enumerate(STREAMS)}
    weights = dict(zip(STREAMS, (1, 2, 3, 4), strict=True))
    x = batch()
    expected = sum(weights[name] / 10 * nets[name](stream(x, "hand-22", name)).softmax(1) for name in STREAMS)
    got = MultiStream(nets, "hand-22", weights)(x)
    torch.testing.assert_close(got.exp(), expected)
    torch.testing.assert_close(got.exp().sum(1), torch.ones(3))
    torch.testing.assert_close(MultiStream({"bone": nets["bone"]}, "hand-22")(x),
                               nets["bone"](stream(x, "hand-22", "bone")).log_softmax(1))


def test_equal_networks_are_one_network():
    class Same(nn.Module):
        def forward(self, x):
            return torch.arange(5.0) * torch.ones(len(x), 1)

    fused = MultiStream({name: Same() for name in STREAMS}, "hand-22", dict(zip(STREAMS, (3, 0, 1, 5), strict=True)))
    torch.testing.assert_close(fused(batch()), Same()(batch()).log_softmax(1))


def test_far_logits_stay_finite_and_a_weight_of_zero_is_not_heard():
    logits = [torch.tensor([[0.0, 300.0, -300.0]], requires_grad=True), torch.tensor([[0.0, -300.0, 300.0]], requires_grad=True)]
    fused = fuse_streams(logits, torch.tensor([0.5, 0.5]))
    fused.sum().backward()
    assert torch.isfinite(fused).all() and torch.isfinite(logits[0].grad).all()
    assert torch.equal(fuse_streams(logits, torch.tensor([1.0, 0.0])), logits[0].log_softmax(1))


@pytest.mark.parametrize("names", [STREAMS[:2], STREAMS[:3]])
def test_the_best_of_the_grid_by_loops(names):
    found = set()
    for seed in range(6):
        logits, labels = votes(names=names, seed=seed)
        fused = MultiStream({name: nn.Identity() for name in names}, "hand-22")
        chosen = fused.choose_weights(logits, labels, steps=5)
        grid = [dict(zip(names, counts, strict=True)) for counts in torch.cartesian_prod(*[torch.arange(6)] * len(names)).tolist()
                if sum(counts) == 5]
        equal = accuracy(logits, dict.fromkeys(names, 1), labels)
        best = max(equal, *(accuracy(logits, weights, labels) for weights in grid))
        assert accuracy(logits, chosen, labels) == best >= equal
        if best == equal:
            assert list(chosen.values()) == pytest.approx([1 / len(names)] * len(names))
        assert sum(chosen.values()) == pytest.approx(1) and fused.weights.tolist() == list(chosen.values())
        assert fused.choose_weights(logits, labels, steps=5) == chosen  # the same again
        found.add(best > equal)
    assert True in found


def test_equal_weights_stay_unless_others_are_better():
    logits, labels = votes()
    perfect = {name: 50 * nn.functional.one_hot(labels, 4).float() for name in logits}
    fused = MultiStream({name: nn.Identity() for name in STREAMS}, "hand-22", dict(zip(STREAMS, (1, 0, 0, 0), strict=True)))
    assert list(fused.choose_weights(perfect, labels).values()) == [0.25] * 4  # whatever stood there before
    wrong = dict.fromkeys(STREAMS, -perfect["joint"]) | {"bone": 0.1 * perfect["bone"]}
    assert fused.choose_weights(wrong, labels)["bone"] > 0.25


def test_weights_come_from_the_logits_given_alone():
    logits, labels = votes()

    class Deaf(nn.Module):
        def forward(self, x):
            raise AssertionError("a network was asked")

    shuffled = dict(reversed(list(logits.items())))
    first = MultiStream({name: Deaf() for name in STREAMS}, "hand-22").choose_weights(logits, labels)
    assert MultiStream({name: Deaf() for name in STREAMS}, "hand-22").choose_weights(shuffled, labels) == first


def test_parameters_are_those_of_the_networks_and_the_weights_are_saved():
    count = lambda model: sum(p.numel() for p in model.parameters())  # noqa: E731
    fused = MultiStream({name: net(i) for i, name in enumerate(STREAMS)}, "hand-22", dict(zip(STREAMS, (4, 3, 2, 1), strict=True)))
    assert count(fused) == 4 * count(net()) and "weights" not in dict(fused.named_parameters())
    other = MultiStream({name: net(9) for name in STREAMS}, "hand-22").eval()
    other.load_state_dict(fused.state_dict())
    assert other.weights.tolist() == pytest.approx([0.4, 0.3, 0.2, 0.1])
    torch.testing.assert_close(other(batch()), fused.eval()(batch()))


def test_a_confidence_reaches_every_network():
    class Third(nn.Module):
        def forward(self, x):
            assert torch.equal(x[:, 2], batch()[:, 2])
            return x[:, 2, 0, :4, 0]

    MultiStream({name: Third() for name in STREAMS}, "hand-22", coordinates=2)(batch())


def test_what_is_wrong_is_named():
    one = {"joint": net(), "bone": net(1)}
    for arguments, message in ((({},), "models has the names"), (({"bones": net()},), "bones"),
                               ((one, {"joint": 1}), "weights has the names"), ((one, {"joint": -1, "bone": 1}), "0 or more"),
                               ((one, {"joint": 0, "bone": 0}), "not all 0"),
                               ((one, {"joint": float("nan"), "bone": 1}), "finite")):
        with pytest.raises(ValueError, match=message):
            MultiStream(arguments[0], "hand-22", *arguments[1:])
    fused = MultiStream(one, "hand-22")
    logits, labels = votes(names=("joint", "bone"))
    for given, truth, message in (({"joint": logits["joint"]}, labels, "logits has the names"), (logits, labels[:3], "shapes"),
                                  (logits | {"bone": logits["bone"][:, :2]}, labels, "shapes"),
                                  (logits, labels + 4, "labels holds"), (logits, labels.float(), "labels holds"),
                                  ({name: part[:0] for name, part in logits.items()}, labels[:0], "shapes")):
        with pytest.raises(ValueError, match=message):
            fused.choose_weights(given, truth)
    with pytest.raises(ValueError, match="steps is 0"):
        fused.choose_weights(logits, labels, steps=0)
    with pytest.raises(ValueError, match="same labels"):
        MultiStream({"joint": net(), "bone": net(1, classes=6)}, "hand-22")(batch())
    with pytest.raises(ValueError, match="21 joints"):
        fused(batch()[:, :, :, :21])
