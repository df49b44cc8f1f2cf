"""What each variant of the hand gestures costs beside the plain ST-GCN: parameters, products and time, in one run.

    python benchmarks/variants.py [--repeats 15] [--clips 16] [--json FILE]

Every variant of the recipes on SHREC'17 is built as it is trained. They take turns with the plain network on one thread, seconds of
the CPU are counted, and medians of the ratios, so that a busy computer troubles both alike. A variant of several networks, or of
several views of a clip, pays for all.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from stgcn_lib.graphs import skeleton
from stgcn_lib.recipes import RECIPES
from stgcn_lib.recipes.experiment import build, networks
from stgcn_lib.recipes.results import provenance

PARTS = ("shrec17", "shrec17_graphs", "shrec17_time", "shrec17_attention")
PLAIN = "ST-GCN"


def variants():
    """{(recipe, variant): (networks, views)}, those that have a network."""
    hand = skeleton("hand-22")
    return {(part, name): ([build(one, hand, 28).eval() for one in networks(setup)], setup.views)
            for part in PARTS for name, setup in RECIPES[part].variants.items() if setup.model == "stgcn"}


def seconds(models, x, train):
    """CPU seconds of a forward pass, or of a training step without the optimizer, through all networks."""
    start = time.process_time()
    for model in models:
        model.train(train)
        with torch.set_grad_enabled(train):
            answer = model(x)
            if train:
                model.zero_grad()
                answer.logsumexp(1).mean().backward()
    return time.process_time() - start


def measure(repeats, clips):
    """A row for each variant."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    made, x = variants(), torch.randn(clips, 3, 32, 22, 1)
    plain = made["shrec17", PLAIN][0]
    rows = []
    for (part, name), (models, views) in made.items():
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            for model in models:
                model.eval()(x[:1])
        row = {"recipe": part, "variant": name, "parameters": sum(p.numel() for model in models for p in model.parameters()),
               "products": views * counter.get_total_flops() // 2}
        for title, train in (("forward", False), ("training", True)):
            pairs = [(seconds(models, x, train), seconds(plain, x, train)) for _ in range(repeats + 1)][1:]  # the first warms up
            row[title] = (1 if train else views) * statistics.median(ours / theirs for ours, theirs in pairs)
            row["ms_a_clip" if not train else "ms_a_step"] = 1e3 * statistics.median(ours for ours, _ in pairs) * (
                1 if train else views / clips)
        rows.append(row)
        print(f"{part:18}{name:30}{row['parameters']:9,} parameters {row['products'] / 1e6:7.1f} M products "
              f"forward × {row['forward']:.2f} training × {row['training']:.2f}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    rows, made = measure(chosen.repeats, chosen.clips), provenance("cpu")
    if chosen.json:
        chosen.json.write_text(json.dumps({"name": "shrec17_cost", "what": __doc__.split("\n")[0], "clips": chosen.clips,
                                           "runs": [row | {"made": made} for row in rows]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
