"""Several kernels in time, and attention: loops, limits, shapes of gates, and who can hear whom."""

import pytest
import torch
from torch import nn

from stgcn_lib.layers import MSTCN, MultiScaleTemporalConv, SpatialTemporalAttention, TemporalConv

BRANCHES = [(3, 5, 7), MSTCN, (5, "max"), ((3, 2), "point")]
FORMS = ("spatial", "temporal", "channel", "joint", "sequential")
V = 6


@pytest.fixture(autouse=True)
def doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def shaken(layer):
    """The layer with every parameter and running mean away from its start."""
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
        for norm in layer.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_mean.normal_()
                norm.running_var.uniform_(0.5, 2)
    return layer.eval()


def by_loops(layer, x, branches, stride, causal):
    """Every branch frame by frame."""
    T, parts = x.shape[2], []
    for kind, branch in zip(branches, layer.branches, strict=True):
        mix, norm, _, time = branch
        y = torch.einsum("oc,nctv->notv", mix.weight[:, :, 0, 0], x) + mix.bias[:, None, None]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        y = torch.relu((y - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None])
        kernel, dilation = {"max": (3, 1), "point": (1, 1)}.get(kind) or (kind if isinstance(kind, tuple) else (kind, 1))
        frames = []
        for t in range(0, T, stride):
            back = (kernel - 1) if causal else (kernel - 1) // 2
            heard = [t + (i - back) * dilation for i in range(kernel)]
            if kind == "max":
                frames.append(torch.stack([y[:, :, s] for s in heard if 0 <= s < T]).amax(0))
            else:
                frames.append(sum(torch.einsum("oc,ncv->nov", time.conv.weight[:, :, i, 0], y[:, :, s])
                                  for i, s in enumerate(heard) if 0 <= s < T) + time.conv.bias[:, None])
        parts.append(torch.stack(frames, dim=2))
    y = torch.cat(parts, dim=1)
    if isinstance(layer.fusion, nn.Conv2d):
        y = torch.einsum("oc,nctv->notv", layer.fusion.weight[:, :, 0, 0], y) + layer.fusion.bias[:, None, None]
    return y


@pytest.mark.parametrize("branches", BRANCHES, ids=str)
@pytest.mark.parametrize(("stride", "fusion", "causal"), [(1, True, False), (2, False, False), (1, False, True), (2, True, True)])
def test_branches_equal_the_loops(branches, stride, fusion, causal):
    layer, x = shaken(MultiScaleTemporalConv(4, 13, branches, stride, fusion, causal)), torch.randn(2, 4, 9, V)
    with torch.no_grad():
        y = layer(x)
        assert y.shape == (2, 13, 9 if stride == 1 else 5, V)
        torch.testing.assert_close(y, by_loops(layer, x, branches, stride, causal))


def test_one_kernel_is_a_temporal_convolution():
    one, plain = MultiScaleTemporalConv(4, 6, (5,), 2, fusion=False), TemporalConv(4, 6, 5, 2)
    one.branches[0][0].load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 9, V)
    assert torch.equal(one(x), plain(x)) and (one.span, one.stride) == (5, 2)
    assert sum(p.numel() for p in one.parameters()) == sum(p.numel() for p in plain.parameters())
    assert MultiScaleTemporalConv(4, 6, MSTCN).span == 9 and MultiScaleTemporalConv(4, 6, ((3, 3), "max")).span == 7


@pytest.mark.parametrize("branches", [(5,), (3, 5, 7), MSTCN, ("max",)], ids=str)
def test_a_causal_layer_never_hears_the_future_and_a_centred_one_does(branches):
    x = torch.randn(1, 4, 14, V)
    later = x.clone()
    later[:, :, 10:] += 3
    with torch.no_grad():
        for causal in (True, False):
            layer = shaken(MultiScaleTemporalConv(4, 13, branches, causal=causal))
            moved = (layer(x) - layer(later)).abs().amax((0, 1, 3)) > 1e-9
            first = 10 if causal else 10 - layer.span // 2
            assert moved.nonzero()[0].item() == first


@pytest.mark.parametrize("branches", BRANCHES, ids=str)
def test_joints_never_meet_in_time(branches):
    layer, x, order = shaken(MultiScaleTemporalConv(4, 13, branches)), torch.randn(2, 4, 9, V), torch.randperm(V)
    with torch.no_grad():
        torch.testing.assert_close(layer(x[..., order]), layer(x)[..., order])
        changed = x.clone()
        changed[..., 2] += 1
        assert ((layer(x) - layer(changed)).abs().amax((0, 1, 2)) > 1e-9).tolist() == [v == 2 for v in range(V)]


@pytest.mark.parametrize("fusion", [True, False])
def test_the_largest_of_three_alone_still_mixes_channels(fusion):
    layer, x = shaken(MultiScaleTemporalConv(4, 13, ("max",), fusion=fusion)), torch.randn(2, 4, 9, V)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), by_loops(layer, x, ("max",), 1, False))  # no zero from the padding wins


def test_channels_are_shared_out_and_the_first_branches_take_the_rest():
    layer = MultiScaleTemporalConv(4, 13, (3, 5, 7))
    assert [branch[0].out_channels for branch in layer.branches] == [5, 4, 4]


@pytest.mark.parametrize("make", [lambda: MultiScaleTemporalConv(3, 4, (3, "max"), 2, causal=True),
                                  lambda: SpatialTemporalAttention(3, "sequential", 3, num_joints=V),
                                  lambda: SpatialTemporalAttention(3, "joint")], ids=["time", "sequential", "joint"])
def test_gradients_are_those_of_the_numbers(make):
    layer = shaken(make())
    names, values = zip(*layer.named_parameters(), strict=True)
    values = [value.detach().clone().requires_grad_() for value in values]
    x = torch.randn(2, 3, 5, V, requires_grad=True)
    function = lambda x, *values: torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)  # noqa: E731
    assert torch.autograd.gradcheck(function, (x, *values))


# ---- attention --------------------------------------------------------------------------------------------------------------

def gates_by_loops(layer, x):
    """Each gate from the formula of its part, on what the one before left."""
    found = {}
    N, C, T, V = x.shape
    for part, gate in layer.parts.items():
        sigmoid = lambda value: 1 / (1 + torch.exp(-value))  # noqa: E731
        if part in ("spatial", "temporal"):
            mean = x.mean(2 if part == "spatial" else 3)  # (N, C, L)
            size, L = gate.kernel_size[0], mean.shape[2]
            value = torch.zeros(N, L)
            for at in range(L):
                for i in range(size):
                    if 0 <= (s := at + i - size // 2) < L:
                        value[:, at] += mean[:, :, s] @ gate.weight[0, :, i]
            value = sigmoid(value + gate.bias)
            found[part] = value[:, None, None] if part == "spatial" else value[:, None, :, None]
        else:
            source = x.mean((2, 3))[..., None, None] if part == "channel" else x
            first, last = gate[0], gate[-1]
            W1, W2 = first.weight.flatten(1), last.weight.flatten(1)
            hidden = torch.relu(torch.einsum("hc,nctv->nhtv", W1, source) + first.bias[:, None, None])
            found[part] = sigmoid(torch.einsum("oh,nhtv->notv", W2, hidden) + last.bias[:, None, None])
        x = x * (1 + found[part])
    return found, x


@pytest.mark.parametrize("form", FORMS)
def test_gates_are_those_of_the_formula(form):
    layer, x = shaken(SpatialTemporalAttention(8, form, 3, num_joints=V)), torch.randn(2, 8, 5, V)
    with torch.no_grad():
        expected, y = gates_by_loops(layer, x)
        gates = layer.gates(x)
        assert list(gates) == (["spatial", "temporal", "channel"] if form == "sequential" else [form])
        shapes = {"spatial": (2, 1, 1, V), "temporal": (2, 1, 5, 1), "channel": (2, 8, 1, 1), "joint": (2, 1, 5, V)}
        for part, gate in gates.items():
            assert gate.shape == shapes[part] and 0 < gate.min() < gate.max() < 1
            torch.testing.assert_close(gate, expected[part])
        torch.testing.assert_close(layer(x), y)


@pytest.mark.parametrize("form", FORMS)
def test_gates_start_alike_and_can_be_turned_off(form):
    layer, x = SpatialTemporalAttention(8, form, num_joints=V), torch.randn(2, 8, 5, V)
    for gate in layer.gates(x).values():
        assert (gate == 0.5).all()
    shaken(layer).strength.zero_()
    assert torch.equal(layer(x), x)
    layer.strength.fill_(1)
    assert (layer(x) - x).abs().max() > 0.1


def test_the_spatial_gate_is_as_long_as_the_body_and_odd():
    sizes = [SpatialTemporalAttention(8, "spatial", num_joints=joints).parts["spatial"].kernel_size[0] for joints in (1, 2, 7, 22)]
    assert sizes == [1, 1, 7, 21]


@pytest.mark.parametrize("joints", [1, 2, 7])
def test_the_spatial_gate_is_that_of_the_formula_for_any_number_of_joints(joints):
    layer, x = shaken(SpatialTemporalAttention(8, "sequential", 3, num_joints=joints)), torch.randn(2, 8, 5, joints)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), gates_by_loops(layer, x)[1])


@pytest.mark.parametrize(("form", "axis"), [("spatial", 3), ("temporal", 2), ("channel", 1), ("joint", 2), ("joint", 3)])
def test_a_gate_is_not_turned_off_along_its_axis(form, axis):
    """A softmax over an axis of size one would be 1 everywhere: a gate has to differ along the axis that it weighs."""
    layer, x = shaken(SpatialTemporalAttention(8, form, 3, num_joints=V)), torch.randn(2, 8, 5, V)
    with torch.no_grad():
        gate = layer.gates(x)[form]
        assert gate.shape[axis] == x.shape[axis] and (gate.amax(axis) - gate.amin(axis)).min() > 0.01


def test_each_gate_is_blind_to_the_axis_that_it_pools_over():
    x = torch.randn(2, 8, 12, V)
    order, joints = torch.randperm(12), torch.randperm(V)
    layers = {form: shaken(SpatialTemporalAttention(8, form, 3, num_joints=V)) for form in FORMS[:4]}
    with torch.no_grad():
        g = {form: layer.gates(x)[form] for form, layer in layers.items()}
        shuffled = {form: layer.gates(x[:, :, order])[form] for form, layer in layers.items()}
        renamed = {form: layer.gates(x[..., joints])[form] for form, layer in layers.items()}
        torch.testing.assert_close(shuffled["spatial"], g["spatial"])  # no frame comes before another
        torch.testing.assert_close(renamed["temporal"], g["temporal"])  # a joint is a joint
        torch.testing.assert_close(shuffled["channel"], g["channel"])
        torch.testing.assert_close(renamed["channel"], g["channel"])
        torch.testing.assert_close(shuffled["joint"], g["joint"][:, :, order])  # each moment by itself
        torch.testing.assert_close(renamed["joint"], g["joint"][..., joints])
        assert (shuffled["temporal"] - g["temporal"][:, :, order]).abs().max() > 0.01  # it hears what comes before and after
        moved = layers["temporal"].gates(torch.roll(x, 3, 2))["temporal"]
        torch.testing.assert_close(moved[:, :, 4:-1], g["temporal"][:, :, 1:-4])  # later movement, later gate


@pytest.mark.parametrize(("make", "words"), [
    (lambda: MultiScaleTemporalConv(4, 6, ()), "branches has 0 entries, expected 1 to 6"),
    (lambda: MultiScaleTemporalConv(4, 2, (3, 5, 7)), "branches has 3 entries, expected 1 to 2"),
    (lambda: MultiScaleTemporalConv(4, 6, (3, "mean")), "branches holds 'mean', expected a kernel size"),
    (lambda: MultiScaleTemporalConv(4, 6, (3, 4)), "kernel_size is 4, expected an odd number"),
    (lambda: MultiScaleTemporalConv(4, 6)(torch.zeros(2, 5, 4, V)), r"x has shape \(2, 5, 4, 6\), expected .* C = 4"),
    (lambda: SpatialTemporalAttention(8, "time"), "form is 'time', expected one of 'spatial'"),
    (lambda: SpatialTemporalAttention(8, "sequential"), "num_joints is missing"),
    (lambda: SpatialTemporalAttention(8, "spatial", num_joints=0), "num_joints is 0, expected a whole number"),
    (lambda: SpatialTemporalAttention(8, "spatial", num_joints="6"), "num_joints is '6', expected a whole number"),
    (lambda: SpatialTemporalAttention(8, "temporal", 4), "kernel_size is 4, expected an odd number"),
    (lambda: SpatialTemporalAttention(8, "sequential", num_joints=V)(torch.zeros(2, 8, V, 5)),
     "with time and joints in each other's place"),
    (lambda: SpatialTemporalAttention(8, "joint")(torch.zeros(2, 7, 5, V)), r"x has shape \(2, 7, 5, 6\), expected .* C = 8 and V"),
])
def test_what_does_not_fit_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_attention_moves_and_casts_like_any_module():
    layer = SpatialTemporalAttention(8, "sequential", num_joints=V).float().to("cpu").to(memory_format=torch.channels_last)
    assert layer.strength.dtype == torch.float32 and layer(torch.zeros(1, 8, 4, V, dtype=torch.float32)).dtype == torch.float32
