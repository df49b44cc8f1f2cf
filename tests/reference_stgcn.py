"""The released ST-GCN recomputed from its weights alone, with plain functions: an oracle for `STGCN.from_reference`."""

import torch
import torch.nn.functional as F

from stgcn_lib.graphs import skeleton


def random_weights(layout="openpose-18", strategy="spatial", plan=((8, 1), (8, 1), (12, 2)), classes=5, channels=3, kernel=5,
                   importance=True, seed=0):
    """A state dict in the released format, every number random; adjacency and importance with the sender first."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return 0.4 * torch.randn(*shape, generator=generator)

    def norm(name, width):
        return {f"{name}.weight": 1 + draw(width), f"{name}.bias": draw(width), f"{name}.running_mean": draw(width),
                f"{name}.running_var": 1 + torch.rand(width, generator=generator), f"{name}.num_batches_tracked": torch.tensor(7)}

    A = skeleton(layout).partition(strategy, reference=True).mT.contiguous()
    A = A * (0.5 + torch.rand(A.shape, generator=generator))  # no symmetry to hide behind
    K, V = A.shape[:2]
    weights = {"A": A} | norm("data_bn", V * channels)
    before = channels
    for i, (width, stride) in enumerate(plan):
        name = f"st_gcn_networks.{i}"
        weights |= {f"{name}.gcn.conv.weight": draw(K * width, before, 1, 1), f"{name}.gcn.conv.bias": draw(K * width)}
        weights |= norm(f"{name}.tcn.0", width)
        weights |= {f"{name}.tcn.2.weight": draw(width, width, kernel, 1), f"{name}.tcn.2.bias": draw(width)}
        weights |= norm(f"{name}.tcn.3", width)
        if i and (before != width or stride != 1):
            weights |= {f"{name}.residual.0.weight": draw(width, before, 1, 1), f"{name}.residual.0.bias": draw(width)}
            weights |= norm(f"{name}.residual.1", width)
        if importance:
            weights[f"edge_importance.{i}"] = 1 + draw(K, V, V)
        before = width
    return weights | {"fcn.weight": draw(classes, before, 1, 1), "fcn.bias": draw(classes)}


def run(weights, x, training=False):
    """Logits of the released network: x (N, C, T, V, M) -> (N, classes); no dropout."""
    def norm(name, x):
        mean, var = weights[f"{name}.running_mean"].clone(), weights[f"{name}.running_var"].clone()
        return F.batch_norm(x, mean, var, weights[f"{name}.weight"], weights[f"{name}.bias"], training)

    N, C, T, V, M = x.shape
    x = x.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T)
    x = norm("data_bn", x).reshape(N * M, V, C, T).permute(0, 2, 3, 1)
    A, i = weights["A"], 0
    while f"st_gcn_networks.{i}.gcn.conv.weight" in weights:
        name = f"st_gcn_networks.{i}"
        stride = 2 if f"{name}.residual.0.weight" in weights else 1
        y = F.conv2d(x, weights[f"{name}.gcn.conv.weight"], weights[f"{name}.gcn.conv.bias"])
        y = y.reshape(N * M, len(A), -1, *y.shape[2:])
        y = torch.einsum("nkctv,kvw->nctw", y, A * weights.get(f"edge_importance.{i}", torch.ones(())))
        y = torch.relu(norm(f"{name}.tcn.0", y))
        kernel = weights[f"{name}.tcn.2.weight"]
        y = F.conv2d(y, kernel, weights[f"{name}.tcn.2.bias"], (stride, 1), ((kernel.shape[2] - 1) // 2, 0))
        y = norm(f"{name}.tcn.3", y)
        if stride == 2:
            y = y + norm(f"{name}.residual.1", F.conv2d(x, weights[f"{name}.residual.0.weight"],
                                                        weights[f"{name}.residual.0.bias"], (stride, 1)))
        elif i:
            y = y + x
        x, i = torch.relu(y), i + 1
    x = x.mean(dim=(2, 3)).reshape(N, M, -1).mean(1)
    return F.linear(x, weights["fcn.weight"].flatten(1), weights["fcn.bias"])
