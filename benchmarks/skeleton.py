"""How fast `STGCN` is against the plain formulation of the same function, in one run.

    python benchmarks/skeleton.py [--shape 8 3 150 25 2] [--repeats 7] [--device auto]

The plain one keeps (N, C, T, V) memory, mixes channels with a 1x1 convolution and gathers with an einsum, as published code
does. Both hold the same weights. They take turns, and medians are compared, so that a busy computer troubles both alike.
Printed are milliseconds, the ratio, the largest difference of the answers and the peak of memory above the weights.
"""

import argparse
import copy
import statistics
import time

import torch
import torch.nn.functional as F

from stgcn_lib.models import STGCN


class Plain(torch.nn.Module):
    """The same network with the same weights, written down as the formulas stand."""

    def __init__(self, model):
        super().__init__()
        self.model = copy.deepcopy(model)

    def forward(self, x):
        m, (N, C, T, V, M) = self.model, x.shape
        x = x.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T)
        x = m.input_norm(x).reshape(N * M, V, C, T).permute(0, 2, 3, 1).contiguous()
        for block in m.blocks:
            spatial = block.spatial
            y = spatial.conv(x).unflatten(1, (len(spatial.adjacency), -1))  # (N M, K, C', T, V)
            y = torch.einsum("kvu,nkctu->nctv", spatial.adjacency * spatial.edge_importance, y).contiguous()
            y = block.temporal_norm(block.temporal(torch.relu(block.spatial_norm(y))))
            x = torch.relu(y if block.residual is None else y + block.residual(x))
        return m.head(F.avg_pool2d(x, x.shape[2:]).view(N, M, -1).mean(1))


def seconds(work, device):
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def peak_mib(work, device):
    """Memory that `work` needs above what is held before, in MiB: exact on a GPU; on a CPU, torch's own allocations."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    held = peak = 0
    events = (event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]")
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shape", nargs=5, type=int, default=(8, 3, 150, 25, 2), help="N C T V M")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if arguments.device == "auto" else arguments.device)
    torch.manual_seed(0)
    layout = {17: "coco-17", 18: "openpose-18", 20: "kinect-20", 25: "ntu-25"}[arguments.shape[3]]
    model = STGCN(layout, 60, arguments.shape[1], people="all").to(device)
    x = torch.randn(*arguments.shape, device=device)
    with torch.no_grad():
        for _ in range(3):  # batch norms learn the spread of the activations, else they are tiny
            model(x)
    plain, fused = Plain(model), model.fuse()
    y = torch.randint(60, (len(x),), device=device)

    def step(network):
        network.zero_grad()
        F.cross_entropy(network(x), y).backward()

    def forward(network):
        with torch.no_grad():
            network(x)

    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"torch {torch.__version__}, {where}, input {tuple(arguments.shape)}, {arguments.repeats} rounds, medians")
    print("the largest difference is that of the answers, in training that of the gradients")
    print(f"{'':32}{'ms':>9}{'ratio':>8}{'largest difference':>21}{'peak MiB':>10}")
    for title, work, networks in (
            ("forward", forward, {"plain": plain, "STGCN": model, "STGCN.fuse()": fused}),
            ("training step", step, {"plain": plain, "STGCN": model})):
        for network in networks.values():
            network.train(title != "forward")
            work(network)  # warm up
        times = {name: [] for name in networks}
        for _ in range(arguments.repeats):
            for name, network in networks.items():
                times[name].append(seconds(lambda work=work, network=network: work(network), device))
        for name, network in networks.items():
            if title == "forward":
                with torch.no_grad():
                    gap = (network(x) - plain(x)).abs().max().item()
            else:
                pairs = [(p.grad, q.grad) for p, q in zip(network.parameters(), plain.parameters(), strict=True)]
                gap = max((p - q).abs().max().item() for p, q in pairs)
            ratio = statistics.median(times["plain"]) / statistics.median(times[name])
            print(f"{title + ', ' + name:32}{1e3 * statistics.median(times[name]):9.1f}{ratio:8.2f}{gap:21.1e}"
                  f"{peak_mib(lambda work=work, network=network: work(network), device):10.0f}", flush=True)


if __name__ == "__main__":
    main()
