"""How fast the traffic networks are: against PyTorch Geometric Temporal, and from 200 to 20,000 sensors, each in one run.

    python benchmarks/traffic.py [--repeats 7] [--scale] [--json FILE]

First the block of PyTorch Geometric Temporal, `STConv`, whose graph convolution is called once for every window and every step,
against `SandwichBlock` with the same widths on (32, 12, 228); and our own block with that very loop inside and the same weights,
so that the answers can be compared. Without that package the second comparison stands alone. They take turns, and medians count.

With --scale, seconds and memory of a training step for growing road networks, dense and sparse, each in a process of its own;
what would need more than 2 GiB, or 5 minutes to be made and run five times, is left out and said so. Memory is what torch
allocates: what the network holds, its graph included, and the peak of a step above that.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import scipy.sparse
import torch
from scipy.spatial import KDTree
from skeleton import peak_mib
from torch import nn
from torch_geometric.nn import ChebConv as GeometricConv

from stgcn_lib.graphs import scaled_laplacian
from stgcn_lib.layers import SandwichBlock, cheb
from stgcn_lib.models import TrafficConvSTGCN, traffic
from stgcn_lib.recipes.results import provenance

SIZES = (200, 500, 1000, 2000, 5000, 10000, 20000)
WINDOWS, STEPS = 2, 12  # of the scale table


def roads(nodes, neighbours=3, seed=0):
    """A sparse symmetric road network: points in a plane, each joined to its nearest; about four edges a node."""
    points = np.random.default_rng(seed).random((nodes, 2))
    near = KDTree(points).query(points, neighbours + 1)[1]
    row, column = np.repeat(np.arange(nodes), neighbours), near[:, 1:].ravel()
    W = scipy.sparse.coo_array((np.ones(len(row), np.float32), (row, column)), shape=(nodes, nodes)).tocsr()
    return W.maximum(W.T)


class Loop(nn.Module):
    """Our sandwich with PyTorch Geometric's convolution, called for each window and step by itself; the same weights."""

    def __init__(self, block, edges, weight):
        super().__init__()
        self.block, self.edges, self.weight = block, edges, weight
        ours = block.spatial
        self.conv = GeometricConv(*ours.weight.shape[1:], len(ours.weight), normalization="sym")
        with torch.no_grad():
            for line, W in zip(self.conv.lins, ours.weight, strict=True):
                line.weight.copy_(W.T)
            self.conv.bias.copy_(ours.bias)

    def forward(self, x):
        block = self.block
        h = block.before(x)
        steps = [[self.conv(frame.T, self.edges, self.weight, lambda_max=torch.tensor(2.0)).T for frame in window.unbind(1)]
                 for window in h.unbind(0)]
        space = torch.stack([torch.stack(window, 1) for window in steps])
        y = block.after(torch.relu(space + block.residual(h)))
        return block.norm(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def published_block():
    """`STConv` from its file, because the package around it asks for compiled extensions that it does not need; None without it."""
    found = importlib.util.find_spec("torch_geometric_temporal")
    if found is None:
        return None
    spec = importlib.util.spec_from_file_location("stconv", Path(found.origin).parent / "nn/attention/stgcn.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.STConv


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def against_geometric(repeats, shape=(32, 12, 228), width=16):
    """Rows of the comparison on one block from 1 to `width` channels."""
    torch.manual_seed(0)
    N, T, V = shape
    W = roads(V)
    pairs = W.tocoo()
    edges, weight = torch.from_numpy(np.stack([pairs.col, pairs.row])).long(), torch.from_numpy(pairs.data)
    block = SandwichBlock(1, (width, width, width), scaled_laplacian(W, lambda_max=2.0))
    x = torch.randn(N, 1, T, V)
    networks = {"loop of PyTorch Geometric": Loop(block, edges, weight), "SandwichBlock": block}
    STConv = published_block()
    if STConv is not None:
        networks = {"STConv": STConv(V, 1, width, width, 3, 3), **networks}

    def forward(name):
        return networks[name](x.permute(0, 2, 3, 1), edges, weight) if name == "STConv" else networks[name](x)

    def step(name):
        networks[name].zero_grad()
        forward(name).square().mean().backward()

    def look(name):
        with torch.no_grad():
            return forward(name)

    gap = float((look("loop of PyTorch Geometric") - look("SandwichBlock")).abs().max())
    rows = []
    for title, work in (("forward", look), ("training step", step)):
        times = {name: [] for name in networks}
        for name in networks:
            work(name)  # warm up
        for _ in range(repeats):
            for name in networks:
                times[name].append(seconds(lambda work=work, name=name: work(name)))
        middle = {name: statistics.median(values) for name, values in times.items()}
        rows += [{"what": title, "network": name, "seconds": value, "ratio": value / middle["SandwichBlock"]}
                 for name, value in middle.items()]
    return rows, gap


def one_size(nodes, form):
    """Seconds and MiB of a training step, printed as JSON; runs in a process of its own."""
    cheb.CROSSOVER = 0 if form == "sparse" else 10**9
    W = roads(nodes)
    if form == "dense":  # all eigenvalues of a large dense matrix take minutes, and are no part of a step
        traffic.scaled_laplacian = lambda W: scaled_laplacian(W).to_dense()
    model = TrafficConvSTGCN(W, channels=((32, 16, 32), (32, 16, 32)))
    x, y = torch.randn(WINDOWS, STEPS, nodes, 1), torch.randn(WINDOWS, 12, nodes)

    def step():
        model.zero_grad()
        (model(x) - y).square().mean().backward()

    step()  # warm up
    held = sum(t.nbytes for t in (*model.parameters(), *model.buffers())) / 2**20
    above = peak_mib(step, torch.device("cpu"))
    print(json.dumps({"seconds": statistics.median(seconds(step) for _ in range(3)), "peak_mib": held + above, "step_mib": above,
                      "edges": int(W.nnz), "parameters": sum(p.numel() for p in model.parameters())}))


def scale():
    """A row for each size and form."""
    rows = []
    for nodes in SIZES:
        for form in ("dense", "sparse"):
            row = {"nodes": nodes, "form": form}
            if form == "dense" and 3 * 4 * 2 * nodes**2 > 2 * 2**30:  # two polynomials in each block, and their making
                row["left_out"] = "more than 2 GiB for the matrices alone"
            else:
                try:
                    done = subprocess.run([sys.executable, __file__, "--one", str(nodes), form], capture_output=True, text=True,
                                          timeout=300, check=True)
                    row |= json.loads(done.stdout)
                except subprocess.TimeoutExpired:
                    row["left_out"] = "more than 5 minutes for the whole process"
            rows.append(row)
            print(row, flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--scale", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        return one_size(int(chosen.one[0]), chosen.one[1])
    print(f"torch {torch.__version__}, CPU, {torch.get_num_threads()} threads, {chosen.repeats} rounds, medians")
    rows, gap = against_geometric(chosen.repeats)
    for row in rows:
        print(f"{row['what']:15}{row['network']:28}{1e3 * row['seconds']:10.1f} ms{row['ratio']:8.2f} times ours")
    print(f"largest difference between the loop and our block: {gap:.1e}")
    growth = scale() if chosen.scale else []
    if chosen.json:
        made = provenance("cpu")
        chosen.json.write_text(json.dumps({"name": "traffic_speed", "what": __doc__.split("\n")[0], "difference": gap,
                                           "runs": [row | {"made": made} for row in rows],
                                           "scale": growth, "windows": WINDOWS, "steps": STEPS}, indent=1) + "\n")


if __name__ == "__main__":
    main()
