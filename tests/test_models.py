import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stgcn_lib.graphs import skeleton
from stgcn_lib.models import REFERENCE, SMALL, STGCN

from . import reference_stgcn
from .graph_examples import properties, skeletons

PLAN = ((6, 1), (8, 2), (8, 1))


def clips(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def network(graph="openpose-18", classes=4, channels=3, seed=0, **options):
    """An STGCN without an initial 0 or 1 to lean on, in evaluation mode and double precision."""
    torch.manual_seed(seed)
    model = STGCN(graph, classes, channels, **{"plan": PLAN, "kernel_size": 5} | options).double().eval()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if "running_var" in name or "edge_importance" in name or (name.endswith("norm.weight")):
                value.copy_(0.7 + 0.6 * torch.rand(value.shape))
            elif "running_mean" in name or name.endswith("norm.bias"):
                value.copy_(0.3 * torch.randn(value.shape))
    return model


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("options", [
    {}, {"importance": False}, {"layout": "ntu-25", "channels": 2, "kernel": 9}, {"strategy": "uniform"}, {"strategy": "distance"},
    {"plan": ((6, 1),), "classes": 1}, {"layout": "coco-17", "plan": ((4, 1), (4, 2), (8, 2))},
])
def test_released_weights_give_the_released_numbers(options, training):
    weights = {name: value.double() if value.is_floating_point() else value
               for name, value in reference_stgcn.random_weights(**options).items()}
    layout = options.get("layout", "openpose-18")
    model = STGCN.from_reference(weights, layout).double().train(training)
    x = clips(3, options.get("channels", 3), 11, skeleton(layout).num_joints, 2).double()
    x[1, ..., 1] = 0  # an empty place, which speaks through the biases
    expected = reference_stgcn.run(weights, x, training)
    assert torch.allclose(model(x), expected, rtol=0, atol=1e-10)
    if not training:
        assert torch.allclose(model.fuse()(x), expected, rtol=0, atol=1e-10)


def test_released_weights_in_float_precision():
    weights = reference_stgcn.random_weights(plan=REFERENCE, kernel=9, classes=60)
    model = STGCN.from_reference({f"module.{name}": value for name, value in weights.items()}, "openpose-18").eval()
    x = clips(2, 3, 40, 18, 2)
    expected = reference_stgcn.run(weights, x)
    for network in (model, model.fuse()):
        assert (network(x) - expected).abs().max() < 1e-4 * expected.abs().max()
    assert model.receptive_field == 153


@pytest.mark.parametrize(("change", "graph", "parts"), [
    (lambda w: w.pop("A"), "openpose-18", ["'A'", "another network"]),
    (lambda w: w.pop("fcn.weight"), "openpose-18", ["'fcn.weight'"]),
    (lambda w: w.pop("st_gcn_networks.1.tcn.3.running_var"), "openpose-18", ["blocks.1.temporal_norm.running_var"]),
    (lambda w: w.update({"fc.weight": torch.ones(1)}), "openpose-18", ["'fc.weight'"]),
    (lambda w: w.update({"edge_importance.1": torch.ones(3, 17, 17)}), "openpose-18", ["blocks.1.spatial.edge_importance", "17"]),
    (lambda w: None, "ntu-25", ["(3, 18, 18)", "'ntu-25'", "25 joints"]),
])
def test_weights_of_another_kind_are_refused(change, graph, parts):
    weights = reference_stgcn.random_weights()
    change(weights)
    with pytest.raises(ValueError, match="state_dict") as caught:
        STGCN.from_reference(weights, graph)
    for part in parts:
        assert part in str(caught.value)


@given(skeletons(max_joints=6), st.data())
@properties
def test_permuting_the_joints_permutes_the_features_and_leaves_the_logits(graph, data):
    order = list(data.draw(st.permutations(range(graph.num_joints))))
    model = network(graph, channels=2)
    twin = network(graph, channels=2, strategy=graph.partition()[:, order][:, :, order])
    weights = model.state_dict() | {name: value for name, value in twin.state_dict().items() if "adjacency" in name}
    for name in weights:
        if "edge_importance" in name:
            weights[name] = weights[name][:, order][:, :, order]
        if "input_norm" in name and weights[name].dim():
            weights[name] = weights[name].unflatten(0, (-1, 2))[order].flatten()
    twin.load_state_dict(weights)
    x = clips(2, 2, 7, graph.num_joints, 2).double()
    assert torch.allclose(twin.features(x[:, :, :, order]), model.features(x)[:, :, :, order])
    assert torch.allclose(twin(x[:, :, :, order]), model(x))


def test_a_causal_network_never_sees_the_future():
    model = network(causal=True)
    x = clips(1, 3, 20, 18, 1).double()
    later = x.clone()
    later[:, :, 12:] += 1
    same = (model.features(x) - model.features(later)).abs().amax(dim=(0, 1, 3, 4)) == 0
    assert same.tolist() == [True] * 6 + [False] * 4  # output frame t is frame 2 t of the clip
    centred = network(causal=False)
    assert (centred.features(x) != centred.features(later)).any(dim=1)[:, :6].any()


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("plan", "kernel"), [(((4, 1),), 3), (PLAN, 5), (((4, 2), (4, 2), (4, 1)), 3), (SMALL, 9)])
def test_the_receptive_field_is_what_a_change_can_reach(plan, kernel, causal):
    model = network("coco-17", plan=plan, kernel_size=kernel, causal=causal, channels=1)
    frames = model.receptive_field + 40
    x = clips(8, 1, frames, 17, 1).double().requires_grad_()
    middle = model.features(x)
    middle = middle[:, :, middle.shape[2] // 2 + (6 if causal else 0)].pow(2).sum()
    (reached,) = torch.autograd.grad(middle, x)
    heard = reached.abs().amax(dim=(0, 1, 3, 4)).nonzero().squeeze()
    assert heard.max() - heard.min() + 1 == model.receptive_field


def test_shifting_a_clip_shifts_its_features_away_from_the_ends():
    model = network(plan=((6, 1), (6, 1)))
    x = clips(1, 3, 40, 18, 1).double()
    a, b = model.features(x), model.features(x.roll(3, 2))
    assert torch.allclose(a[:, :, 10:30], b[:, :, 13:33])


@pytest.mark.parametrize("training", [False, True])
def test_an_empty_place_changes_nothing(training):
    model = network().train(training)
    twin = copy.deepcopy(model)
    x = clips(3, 3, 9, 18, 2).double()
    x[2, ..., 1] = 0
    padded = torch.cat([torch.zeros_like(x[..., :1]), x, torch.zeros_like(x)], -1)
    assert torch.allclose(model(x), twin(padded))
    assert torch.allclose(model.input_norm.running_mean, twin.input_norm.running_mean)
    alone = model.eval()(x[2:, ..., :1])
    assert torch.allclose(model(x)[2:], alone)


def test_an_empty_place_moves_the_released_network():
    model = network(people="all")
    x = clips(2, 3, 9, 18, 1).double()
    assert (model(x) - model(torch.cat([x, torch.zeros_like(x)], -1))).abs().max() > 1e-3


def test_a_clip_of_nobody_is_like_one_empty_person():
    model = network()
    assert torch.allclose(model(torch.zeros(2, 3, 9, 18, 3).double()), model(torch.zeros(2, 3, 9, 18, 1).double()))


def test_people_can_change_places():
    model = network()
    x = clips(2, 3, 9, 18, 3).double()
    assert torch.allclose(model(x), model(x[..., [2, 0, 1]]))


@pytest.mark.parametrize("pooling", ["mean", "mean+max"])
def test_the_head_sees_the_pooled_features(pooling):
    model = network(pooling=pooling)
    x = clips(2, 3, 9, 18, 3).double()
    x[0, ..., 1:] = 0
    features = model.features(x)  # (N, C', T', V, M)
    assert features.shape == (2, 8, 5, 18, 3) and (features[0, ..., 1:] == 0).all()
    pooled = []
    for clip, people in ((0, 1), (1, 3)):  # the mean over those who are there
        each = [features[clip, ..., m].flatten(1) for m in range(people)]  # (C', T' V)
        ways = [torch.cat([f.mean(1), f.max(1).values]) if pooling == "mean+max" else f.mean(1) for f in each]
        pooled.append(torch.stack(ways).mean(0))
    assert torch.allclose(model.embed(x), torch.stack(pooled))
    assert torch.allclose(model(x), model.head(torch.stack(pooled)))


@pytest.mark.parametrize("options", [{}, {"edge_importance": False}, {"causal": True}, {"strategy": "uniform"}, {"dropout": 0.5},
                                     {"pooling": "mean+max"}])
def test_fusing_changes_no_number(options):
    model = network(**options)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = clips(2, 3, 12, 18, 2).double()
    fused = model.fuse()
    assert torch.allclose(fused(x), model(x), rtol=0, atol=1e-12)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in fused.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_gradients_of_the_whole_network():
    model = network("coco-17", plan=((3, 1), (4, 2)), kernel_size=3, channels=2, classes=2).train()
    x = clips(2, 2, 4, 17, 1).double().requires_grad_()
    assert torch.autograd.gradcheck(model, (x,), fast_mode=True)


def test_with_another_head_the_blocks_stay():
    model = network()
    other = model.with_head(9)
    x = clips(1, 3, 5, 18, 1).double()
    assert other(x).shape == (1, 9) and model(x).shape == (1, 4)
    assert torch.equal(other.features(x), model.features(x))
    assert other.head.weight.dtype == torch.float64


def test_sizes_are_those_of_the_released_network():
    assert sum(p.numel() for p in STGCN("ntu-25", 60).parameters()) == 3_098_832  # FACTS: 3.099 million
    assert sum(p.numel() for p in STGCN("openpose-18", 60).parameters()) == 3_089_760


def test_everything_moves_and_is_saved():
    model = STGCN("coco-17", 3, plan=PLAN)
    twin = STGCN("coco-17", 3, plan=PLAN)
    twin.load_state_dict(model.state_dict())
    x = clips(1, 3, 5, 17, 1)
    assert torch.equal(model.eval()(x), twin.eval()(x))
    assert all(value.device.type == "meta" for value in model.to("meta").state_dict().values())


@pytest.mark.parametrize(("shape", "parts"), [
    ((3, 5, 18, 1), ["(3, 5, 18, 1)", "(N, C, T, V, M)", "x[None]"]),
    ((1, 2, 5, 18, 1), ["2 channels", "expected 3"]),
    ((1, 3, 5, 17, 1), ["17 joints", "'openpose-18' has 18", "is this coco-17?"]),
    ((1, 3, 5, 19, 1), ["19 joints", "'openpose-18' has 18"]),
    ((1, 3, 0, 18, 1), ["(1, 3, 0, 18, 1)", "at least one"]),
    ((1, 3, 5, 18, 0), ["(1, 3, 5, 18, 0)", "at least one"]),
])
def test_the_network_names_what_is_wrong_with_x(shape, parts):
    with pytest.raises(ValueError) as caught:
        STGCN("openpose-18", 4, plan=PLAN)(torch.zeros(shape))
    for part in ["x has", *parts]:
        assert part in str(caught.value)


def test_one_frame_is_enough_and_nan_is_refused():
    model = STGCN("openpose-18", 4, plan=PLAN).eval()
    assert model(torch.ones(1, 3, 1, 18, 1)).isfinite().all()
    with pytest.raises(ValueError, match="NaN"):
        model(torch.full((1, 3, 5, 18, 1), float("nan")))


@pytest.mark.parametrize(("arguments", "options", "parts"), [
    (("openpose-19", 4), {}, ["openpose-19"]),
    ((18, 4), {}, ["graph is 18", "SkeletonGraph"]),
    (("coco-17", 0), {}, ["num_classes is 0"]),
    (("coco-17", 4, 0), {}, ["in_channels is 0"]),
    (("coco-17", 4), {"people": "some"}, ["people is 'some'"]),
    (("coco-17", 4), {"pooling": "max"}, ["pooling is 'max'", "'mean+max'"]),
    (("coco-17", 4), {"strategy": "spacial"}, ["strategy is 'spacial'"]),
    (("coco-17", 4), {"strategy": skeleton("ntu-25").partition()}, ["strategy has shape (3, 25, 25)", "(K, 17, 17)"]),
    (("coco-17", 4), {"kernel_size": 8}, ["kernel_size is 8", "odd"]),
])
def test_the_network_names_what_is_wrong_with_its_arguments(arguments, options, parts):
    with pytest.raises(ValueError) as caught:
        STGCN(*arguments, **options)
    for part in parts:
        assert part in str(caught.value)
