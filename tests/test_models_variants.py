"""ST-GCN made of other parts: learned graphs, several kernels in time, attention, and the presets."""

import pytest
import torch

from stgcn_lib.graphs import skeleton
from stgcn_lib.layers import STGCNBlock
from stgcn_lib.models import PRESETS, STGCN, preset

PLAN = ((8, 1), (16, 2))
PARTS = [dict(spatial="sum"), dict(spatial="mix"), dict(spatial="directed"), dict(spatial="residual"), dict(spatial="sample"),
         dict(spatial="channelwise"), dict(temporal="multi"), dict(temporal="dilated"), dict(attention="sequential"),
         dict(attention="joint"), dict(spatial="channelwise", temporal="dilated", attention="temporal")]
NAMES = ["-".join(parts.values()) for parts in PARTS]


def network(**parts):
    torch.manual_seed(0)
    model = STGCN("coco-17", 5, plan=PLAN, kernel_size=3, **parts)
    with torch.no_grad():  # away from the starts at zero, where every form is the plain network
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    for norm in model.modules():
        if isinstance(norm, torch.nn.modules.batchnorm._BatchNorm):
            norm.running_mean.normal_(0, 0.1)
            norm.running_var.uniform_(0.5, 1.5)
    return model.eval()


@pytest.mark.parametrize("parts", PARTS, ids=NAMES)
def test_every_part_fits_into_the_network_and_is_used(parts):
    model, x = network(**parts), torch.randn(3, 3, 11, 17, 2)
    logits = model(x)
    assert logits.shape == (3, 5) and torch.isfinite(logits).all()
    torch.testing.assert_close(model.fuse()(x), logits, rtol=1e-4, atol=1e-5)
    model.train()(x).logsumexp(1).sum().backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # the bias of a convolution right before a batch norm, and R and S where the ReLU is shut, may be without effect
    assert all("bias" in name for name in idle), idle


@pytest.mark.parametrize("parts", PARTS, ids=NAMES)
def test_an_empty_place_changes_nothing(parts):
    model, x = network(**parts), torch.randn(2, 3, 11, 17, 1)
    torch.testing.assert_close(model(torch.cat([x, torch.zeros_like(x)], dim=4)), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("parts", [dict(spatial="residual"), dict(temporal="multi"), dict(temporal="dilated"),
                                   dict(attention="joint")],
                         ids=["residual", "multi", "dilated", "joint"])
def test_a_causal_network_never_hears_the_future(parts):
    model, x = network(causal=True, **parts), torch.randn(2, 3, 12, 17, 1)
    later = x.clone()
    later[:, :, 7:] += 1
    before, after = model.features(x), model.features(later)  # stride 2: frame t of the features is frame 2 t
    torch.testing.assert_close(after[:, :, :4], before[:, :, :4])
    assert (after[:, :, 4:] - before[:, :, 4:]).abs().amax(dim=(0, 1, 3, 4)).min() > 1e-4


@pytest.mark.parametrize(("temporal", "span"), [("single", 3), ("multi", 7), ("dilated", 9)])
def test_the_receptive_field_is_that_of_the_widest_branch(temporal, span):
    model = STGCN("coco-17", 5, plan=((8, 1), (8, 1)), kernel_size=3, temporal=temporal).double().eval()
    assert model.receptive_field == 1 + 2 * (span - 1)
    x = torch.randn(1, 3, 41, 17, 1, dtype=torch.float64, requires_grad=True)
    model.features(x)[0, :, 20].sum().backward()
    heard = x.grad.abs().sum(dim=(0, 1, 3, 4)).nonzero().flatten()
    assert heard.min() >= 20 - (span - 1) and heard.max() <= 20 + (span - 1)
    assert heard.max() - heard.min() > span  # and farther than one block reaches


def test_training_starts_at_the_plain_network():
    """With the same weights the forms that start at the physical graph give the plain network's numbers."""
    x = torch.randn(2, 3, 11, 17, 1)
    plain = STGCN("coco-17", 5, plan=PLAN, edge_importance=False).eval()
    for form in ("residual", "directed", "sample", "channelwise"):
        other = STGCN("coco-17", 5, plan=PLAN, spatial=form).eval()
        weights = other.state_dict()
        for name, value in plain.state_dict().items():
            if name in weights:  # the further subset of "directed" keeps its zeros
                weights[name] = torch.cat([value, weights[name][len(value):]]) if value.dim() else value
        other.load_state_dict(weights)
        torch.testing.assert_close(other(x), plain(x), rtol=1e-4, atol=1e-5)


def test_presets_are_of_the_size_that_their_papers_state():
    """Millions of parameters on NTU-60: 3.1 (ST-GCN), 1.4 (CTR-GCN, ST-GCN++), to 15 %; plans of the same parts, not copies."""
    size = {name: sum(p.numel() for p in preset(name, "ntu-25", 60).parameters()) / 1e6 for name in PRESETS}
    assert size["ST-GCN"] == pytest.approx(3.1, rel=0.05), size
    assert size["2s-AGCN"] == pytest.approx(3.45, rel=0.15), size
    assert size["CTR-GCN"] == pytest.approx(1.46, rel=0.15), size
    assert size["ST-GCN++"] == pytest.approx(1.39, rel=0.15), size
    assert preset("CTR-GCN", "hand-22", 14, plan=PLAN)(torch.randn(1, 3, 8, 22, 1)).shape == (1, 14)


def test_wrong_names_are_named():
    A = skeleton("coco-17").partition()
    for arguments, words in ((dict(spatial="learned"), "form is 'learned', expected one of 'sum'"),
                             (dict(temporal="wide"), "temporal is 'wide', expected 'single', 'multi' or 'dilated'"),
                             (dict(attention="both"), "form is 'both', expected one of 'spatial'")):
        with pytest.raises(ValueError, match=words):
            STGCNBlock(3, 8, A, **arguments)
    for part in (dict(spatial="sample"), dict(spatial="channelwise"), dict(attention="temporal"), dict(attention="sequential")):
        with pytest.raises(ValueError, match="causal is True and .* looks at later frames too"):
            STGCNBlock(3, 8, A, causal=True, **part)
    with pytest.raises(ValueError, match="name is 'MS-G3D', expected one of ST-GCN, 2s-AGCN, CTR-GCN, ST-GCN\\+\\+"):
        preset("MS-G3D", "ntu-25", 60)
