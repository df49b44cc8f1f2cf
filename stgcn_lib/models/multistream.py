"""Several networks that each see the same clip in their own way, and decide together."""

import torch
from torch import nn

from ..graphs.streams import STREAMS, stream


class MultiStream(nn.Module):
    """Late fusion: one network for each stream, and the weighted mean of their probabilities.

    ``p(class) = sum_s w_s softmax(model_s(stream_s(x)))(class)``, with weights that sum to 1. The networks may be trained apart,
    each on its `data.streams.stream`.

    Args:
        models: name -> module from (N, C, T, V, M) to logits (N, classes); the names are from `graphs.streams.STREAMS`.
        graph: a `SkeletonGraph` or the name of a layout.
        weights: name -> weight, 0 or more and not all 0; divided by their sum. All equal unless given.
        coordinates: how many of the first channels are coordinates, all of them unless given.

    Attributes:
        models: the networks by name, an `nn.ModuleDict`.
        weights: (S,) buffer in the order of the names; it is part of the state dict.

    Raises:
        ValueError: naming the argument that is wrong.

    Paper: Shi, Zhang, Cheng and Lu, Two-stream adaptive graph convolutional networks for skeleton-based action recognition,
    CVPR 2019.
    """

    def __init__(self, models, graph, weights=None, coordinates=None):
        super().__init__()
        unknown = [name for name in models if name not in STREAMS]
        if not models or unknown:
            raise ValueError(f"models has the names {list(models)}, expected one or more of {', '.join(map(repr, STREAMS))}")
        self.models = nn.ModuleDict(models)
        self.graph, self.coordinates = graph, coordinates
        given = dict.fromkeys(models, 1.0) if weights is None else weights
        if set(given) != set(models):
            raise ValueError(f"weights has the names {list(given)}, expected those of the models, {list(models)}")
        values = torch.tensor([float(given[name]) for name in models])
        if not (torch.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
            raise ValueError(f"weights is {given}, expected finite numbers, 0 or more and not all 0")
        self.register_buffer("weights", values / values.sum())

    def forward(self, x):
        """The logarithm of the fused probability of each class.

        Args:
            x: (N, C, T, V, M) tensor, the joints as they are; the streams are made here.

        Returns:
            (N, classes) tensor of log-probabilities.

        Raises:
            ValueError: `x` does not fit the graph or a network.
        """
        return fuse_streams([model(stream(x, self.graph, name, self.coordinates)) for name, model in self.models.items()],
                            self.weights)

    def choose_weights(self, logits, labels, steps=10):
        """Set the weights that get most right, out of a grid of all weights in steps of ``1 / steps`` that sum to 1.

        Only data that neither trained the networks nor tests them may choose: pass the logits of the validation set. Equal weights
        stay unless others get more right. Of those that get as many right, the smallest cross-entropy decides.

        Args:
            logits: name -> (n, classes) tensor, what each network says of its stream of the validation set.
            labels: (n,) integer tensor.
            steps: how fine the grid is.

        Returns:
            name -> weight.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        if set(logits) != set(self.models):
            raise ValueError(f"logits has the names {list(logits)}, expected those of the models, {list(self.models)}")
        parts = [logits[name] for name in self.models]
        shapes = {tuple(part.shape) for part in parts}
        if len(shapes) > 1 or parts[0].dim() != 2 or labels.shape != parts[0].shape[:1] or not len(labels):
            raise ValueError(f"logits has the shapes {sorted(shapes)} and labels {tuple(labels.shape)}, expected one (n, classes) "
                             "and (n,), n above 0")
        if labels.is_floating_point() or labels.min() < 0 or labels.max() >= parts[0].shape[1]:
            raise ValueError(f"labels holds {labels.dtype} from {labels.min()} to {labels.max()}, expected whole numbers, 0 to "
                             f"{parts[0].shape[1] - 1}")
        if not isinstance(steps, int) or steps < 1:
            raise ValueError(f"steps is {steps!r}, expected a whole number, 1 or more")

        def score(weights):
            fused = fuse_streams(parts, weights.to(parts[0]))
            return (fused.argmax(1) == labels).sum().item(), -nn.functional.nll_loss(fused, labels).item()

        best = torch.full((len(parts),), 1 / len(parts))
        equal = best_score = score(best)
        for counts in _splits(steps, len(parts)):
            weights = torch.tensor(counts) / steps
            found = score(weights)
            if found[0] > equal[0] and found > best_score:
                best, best_score = weights, found
        self.weights.copy_(best)
        return dict(zip(self.models, best.tolist(), strict=True))


def fuse_streams(logits, weights):
    """The logarithm of the weighted mean of probabilities, without leaving logarithms.

    Args:
        logits: list of S tensors (N, classes).
        weights: (S,) tensor that sums to 1.

    Returns:
        (N, classes) tensor of log-probabilities.

    Raises:
        ValueError: if the networks disagree on the number of classes.
    """
    if len({tuple(part.shape) for part in logits}) > 1:
        raise ValueError(f"the networks give shapes {[tuple(part.shape) for part in logits]}, expected one (N, classes): were they "
                         "trained on the same labels?")
    each = torch.stack(logits).log_softmax(-1)  # (S, N, classes)
    heard = weights > 0  # a weight of 0 would be an infinite logarithm
    return (each[heard] + weights[heard].log()[:, None, None]).logsumexp(0)


def _splits(total, parts):
    """All ways to write `total` as a sum of `parts` whole numbers, in order."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in _splits(total - first, parts - 1))
