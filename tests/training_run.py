"""A small training run as a script, for the tests that kill it or start it twice: python -m tests.training_run OUT [...]"""

import argparse
import json
import os
import signal

import torch
from torch.utils.data import TensorDataset

from stgcn_lib.models import STGCN
from stgcn_lib.training import fit, save_atomically


def data(n=36):
    generator = torch.Generator().manual_seed(1)
    y = torch.arange(n) % 3
    x = torch.randn(n, 2, 6, 17, 1, generator=generator)
    x[:, 0] += y[:, None, None, None] * torch.linspace(0, 1, 6)[:, None, None]
    return TensorDataset(x, y)


def network(dropout=0.2):
    torch.manual_seed(0)
    return STGCN("coco-17", 3, 2, plan=((8, 1), (8, 2)), kernel_size=3, dropout=dropout)


def run(epochs=6, checkpoint=None, model=None, **options):
    model = network() if model is None else model
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    options = {"batch_size": 12, "augment": lambda x: x + 0.1 * torch.randn_like(x), "progress": False, "seed": 3} | options
    history = fit(model, data(), optimizer, epochs, schedule=schedule, checkpoint=checkpoint, **options)
    return model, history


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--checkpoint")
    parser.add_argument("--die", type=int, help="end without a word after this many training batches")
    parser.add_argument("--plain", action="store_true", help="a network whose batches do not talk to each other")
    arguments = parser.parse_args()
    batches = [0]

    def augment(x):
        batches[0] += 1
        if batches[0] == arguments.die:
            os.kill(os.getpid(), signal.SIGKILL)
        return x if arguments.plain else x + 0.1 * torch.randn_like(x)

    model = None
    if arguments.plain:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * 6 * 17, 3))
    model, history = run(checkpoint=arguments.checkpoint, augment=augment, model=model)
    if int(os.environ.get("RANK", 0)) == 0:
        save_atomically({name: value for name, value in model.state_dict().items()}, arguments.out)
        print(json.dumps([row["loss"] for row in history]))


if __name__ == "__main__":
    main()
