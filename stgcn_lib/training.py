"""One visible training loop for any module: device, mixed precision and several processes by Accelerate, resumable.

Under ``torchrun`` or ``accelerate launch`` the same call trains on all processes; from a notebook use Accelerate's
``notebook_launcher``. A batch is then shared out among the processes, so ``batch_size`` means the same everywhere.
"""

import copy
import os
import time
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics.functional.classification import multiclass_confusion_matrix
from tqdm.auto import tqdm


def fit(model, data, optimizer, epochs, *, schedule=None, validation=None, patience=None, loss=None, judge=None, augment=None,
        batch_size=32, clip_norm=None, precision="no", seed=0, checkpoint=None, progress=True):
    """Train `model` in place.

    Every epoch draws its order, its augmentation and its dropout from a seed of its own. So a run that was killed and called
    again with the same arguments goes on from its `checkpoint` to the very numbers that it would have reached.

    Args:
        model: a module that takes a batch ``x``; it is moved to the device.
        data: a torch dataset of pairs (x, y), such as ``TensorDataset(x, y)``.
        optimizer: a torch optimizer over the model's parameters.
        epochs: how often all of `data` is seen, counted from the very beginning.
        schedule: a torch learning-rate schedule over `optimizer`, advanced after every epoch.
        validation: a dataset of pairs that is never trained on; its loss and accuracy join the history.
        patience: stop after this many epochs without a smaller validation loss, and go back to the weights of the best epoch.
        loss: function of (logits, y), mean over the batch; cross-entropy unless given.
        judge: what scores the validation set, `evaluate` for classes (unless given), `forecast` for numbers to come.
        augment: function x -> x of a training batch, drawing from torch's global generator.
        batch_size: examples for each step of the optimizer, over all processes.
        clip_norm: largest allowed norm of all gradients together.
        precision: "no" (32 bits), "bf16" or "fp16".
        seed: what everything random follows from.
        checkpoint: path of the file that is written after every epoch, and read first if it is there.
        progress: whether to show a bar.

    Returns:
        list with one dict an epoch: "epoch", "loss", "learning_rate", "seconds" and, with `validation`, "validation_loss" and,
        for classes, "validation_accuracy".

    Raises:
        ValueError: for wrong arguments, a loss that is not finite, or a checkpoint of another run.
    """
    if patience is not None and validation is None:
        raise ValueError("patience needs a validation set, expected validation=: without one nothing says when to stop")
    if not len(data):
        raise ValueError("data is empty, expected at least one example")
    loss = loss or nn.CrossEntropyLoss()
    accelerator = Accelerator(mixed_precision=precision, dataloader_config=DataLoaderConfiguration(split_batches=True))
    if batch_size % accelerator.num_processes:
        raise ValueError(f"batch_size is {batch_size}, expected a multiple of the {accelerator.num_processes} processes")
    order = torch.Generator()
    loader = DataLoader(data, batch_size, shuffle=True, generator=order)
    bare = model
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    start, history, best = 0, [], None
    same = {"seed": seed, "batch_size": batch_size, "examples": len(data)}
    if checkpoint is not None and Path(checkpoint).exists():
        start, history, best = _resume(checkpoint, bare, optimizer, schedule, same)

    bar = tqdm(range(start, epochs), initial=start, total=epochs, unit="epoch",
               disable=not progress or not accelerator.is_main_process)
    for epoch in bar:
        if patience is not None and best is not None and epoch - best["epoch"] > patience:
            break
        began, total, seen = time.perf_counter(), 0.0, 0
        order.manual_seed(1_000_003 * seed + epoch)
        torch.manual_seed(1_000_003 * seed + epoch + 500_009 * (accelerator.process_index + 1))
        model.train()
        for x, y in loader:
            x = augment(x) if augment is not None else x
            with accelerator.autocast():
                value = loss(model(x), y)
            optimizer.zero_grad()
            accelerator.backward(value)
            if clip_norm is not None:
                accelerator.clip_grad_norm_(model.parameters(), clip_norm)
            optimizer.step()
            total, seen = total + value.detach() * len(x), seen + len(x)
        total, seen = accelerator.reduce(torch.stack([total, torch.tensor(float(seen), device=total.device)])).tolist()
        if not total < float("inf"):  # NaN too
            raise ValueError(f"the loss of epoch {epoch + 1} is {total / seen}, expected a finite number: try a smaller learning "
                             "rate, clip_norm=1.0, or look for huge values in data")
        row = {"epoch": epoch + 1, "loss": total / seen, "learning_rate": optimizer.param_groups[0]["lr"]}
        if schedule is not None:
            schedule.step()
        if validation is not None:
            scores = (judge or evaluate)(bare, validation, loss=loss, batch_size=batch_size)
            row |= {f"validation_{name}": scores[name] for name in ("loss", "accuracy") if name in scores}
            if patience is not None and (best is None or scores["loss"] < best["loss"]):
                best = {"epoch": epoch, "loss": scores["loss"], "model": copy.deepcopy(bare.state_dict())}
        history.append(row | {"seconds": time.perf_counter() - began})
        bar.set_postfix({name: f"{value:.3g}" for name, value in row.items() if name != "epoch"})
        if checkpoint is not None and accelerator.is_main_process:
            save_atomically({"run": same, "epoch": epoch + 1, "history": history, "best": best, "model": bare.state_dict(),
                             "optimizer": optimizer.state_dict(), "schedule": schedule and schedule.state_dict()}, checkpoint)
        accelerator.wait_for_everyone()
    if best is not None:
        bare.load_state_dict(best["model"])
    return history


def evaluate(model, data, *, loss=None, batch_size=64):
    """What a classifier gets right.

    Args:
        model: a module from a batch ``x`` to logits (N, classes).
        data: a torch dataset of pairs (x, y), y an integer label.
        loss: function of (logits, y); cross-entropy unless given.
        batch_size: examples at a time.

    Returns:
        dict: "loss", "accuracy" (top-1), "top5" (or as many classes as there are), "per_class" (accuracy of each class that
        occurs, else NaN), "confusion" ((classes, classes) counts, rows are the truth), "logits" (n, classes) and "labels"
        (n,), both on the CPU.

    Raises:
        ValueError: `data` is empty, or a label is out of range.
    """
    if not len(data):
        raise ValueError("data is empty, expected at least one example")
    loss = loss or nn.CrossEntropyLoss()
    logits, labels = _outputs(model, data, batch_size)
    classes = logits.shape[1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"data holds the label {int(labels.max() if labels.max() >= classes else labels.min())}, expected 0 to "
                         f"{classes - 1}: the model has {classes} classes; model.with_head(n) gives it another number")
    confusion = multiclass_confusion_matrix(logits, labels, classes)
    ranked = logits.topk(min(5, classes)).indices
    return {"loss": loss(logits, labels).item(), "accuracy": (ranked[:, 0] == labels).float().mean().item(),
            "top5": (ranked == labels[:, None]).any(1).float().mean().item(),
            "per_class": confusion.diagonal() / confusion.sum(1), "confusion": confusion, "logits": logits, "labels": labels}


def forecast(model, data, *, loss=None, batch_size=64):
    """What a network expects of the steps to come.

    Args:
        model: a module from a batch ``x`` to forecasts, such as (N, H, V).
        data: a torch dataset of pairs (x, y), y of the shape of a forecast.
        loss: function of (forecasts, y); the mean absolute error unless given.
        batch_size: examples at a time.

    Returns:
        dict: "loss", "forecasts" (n, H, V) and "targets" (n, H, V), both on the CPU and in the order of `data`.

    Raises:
        ValueError: `data` is empty, or forecasts and targets differ in shape, which a loss would silently broadcast.
    """
    if not len(data):
        raise ValueError("data is empty, expected at least one example")
    forecasts, targets = _outputs(model, data, batch_size)
    if forecasts.shape != targets.shape:
        raise ValueError(f"the model gives forecasts of shape {tuple(forecasts.shape)}, the targets have {tuple(targets.shape)}: "
                         "expected the same, (n, H, V); a loss of the two would be taken over every pair of entries")
    loss = loss or nn.L1Loss()
    return {"loss": loss(forecasts, targets).item(), "forecasts": forecasts, "targets": targets}


def _outputs(model, data, batch_size):
    """What the model in evaluation mode makes of each example, and what it should be: two tensors on the CPU."""
    training, device = model.training, next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        pairs = [(model(x.to(device)).float().cpu(), y) for x, y in DataLoader(data, batch_size)]
    model.train(training)
    outputs, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return outputs, targets


def save_atomically(state, path):
    """Write `state` with torch.save so that `path` holds the old file or the whole new one, whenever the process dies."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _resume(checkpoint, model, optimizer, schedule, same):
    """Put everything back to where the checkpoint was written; returns epochs done, history and best epoch."""
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ValueError(f"checkpoint {checkpoint} cannot be read ({type(error).__name__}): delete it to start anew") from error
    if not isinstance(state, dict) or state.get("run") != same:
        found = state.get("run") if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"checkpoint {checkpoint} belongs to the run {found}, this one is {same}: name another file, or delete it")
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise ValueError(f"checkpoint {checkpoint} is of another network or optimizer: {error}") from None
    if schedule is not None:
        schedule.load_state_dict(state["schedule"])
    return state["epoch"], state["history"], state["best"]
