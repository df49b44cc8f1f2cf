"""Whole networks, from a clip to its classes."""

import copy

import torch
from torch import nn

from ..graphs import SkeletonGraph, skeleton
from ..layers import STGCNBlock

# A plan is a pair (channels, stride in time) for each block.
REFERENCE = ((64, 1), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1))
SMALL = ((32, 1), (32, 1), (64, 2), (64, 1), (128, 2))


class STGCN(nn.Module):
    """Spatial-temporal graph convolutional network: a clip goes in, a score for each class comes out.

    The input is batch-normalised for each joint and channel. Blocks of graph and temporal convolution follow, then the mean
    over joints, frames and people (or what `pooling` says), and a linear head.

    Args:
        graph: a `SkeletonGraph` or the name of a layout.
        num_classes: how many classes there are.
        in_channels: C, such as 3 for (x, y, z) or (x, y, confidence).
        strategy: name of a partition strategy, or the (K, V, V) adjacency itself, such as
            ``graph.partition("spatial", max_hop=2)``.
        people: "present" leaves people whose numbers are all zero out of the network and out of the mean, so that an empty
            place changes nothing; "all" treats them like everybody else, as the released code does. In a clip without
            anybody, the first place counts as present.
        plan: (channels, stride in time) for each block: `REFERENCE`, the ten blocks of the released code, `SMALL`, five
            for teaching, or your own.
        kernel_size: frames in each temporal kernel.
        causal: whether no frame may hear the future.
        dropout: probability in each block.
        edge_importance: whether each block learns how much each edge counts.
        pooling: what the head sees of a person: "mean", the mean of each channel over joints and frames, as in the paper, or
            "mean+max", beside it the largest value. A short movement of one hand is lost in a mean over all joints and frames.
        spatial, temporal, attention: what the blocks are made of, see `STGCNBlock`.

    Attributes:
        input_norm: batch norm with a mean and a spread for each joint and channel, joints outermost.
        blocks: the blocks, each an `STGCNBlock`.
        head: linear layer from the channels of the last block to the classes.

    Raises:
        ValueError: naming the argument that is wrong.

    Paper: Yan, Xiong and Lin, Spatial temporal graph convolutional networks for skeleton-based action recognition,
    AAAI 2018.
    """

    def __init__(self, graph, num_classes, in_channels=3, strategy="spatial", people="present", *, plan=REFERENCE,
                 kernel_size=9, causal=False, dropout=0.0, edge_importance=True, pooling="mean", spatial="fixed", temporal="single",
                 attention=None):
        super().__init__()
        graph = skeleton(graph) if isinstance(graph, str) else graph
        if not isinstance(graph, SkeletonGraph):
            raise ValueError(f"graph is {graph!r}, expected a SkeletonGraph or the name of a layout, such as 'ntu-25'")
        adjacency = graph.partition(strategy) if isinstance(strategy, str) else torch.as_tensor(strategy)
        if adjacency.dim() != 3 or adjacency.shape[1:] != (graph.num_joints, graph.num_joints):
            raise ValueError(f"strategy has shape {tuple(adjacency.shape)}, expected (K, {graph.num_joints}, {graph.num_joints}), "
                             f"the subsets of {graph.name!r}, or the name of a partition strategy")
        for name, value in (("num_classes", num_classes), ("in_channels", in_channels)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}, expected a whole number, 1 or more")
        for name, value, known in (("people", people, ("present", "all")), ("pooling", pooling, ("mean", "mean+max"))):
            if value not in known:
                raise ValueError(f"{name} is {value!r}, expected {known[0]!r} or {known[1]!r}")
        self.layout, self.num_joints, self.in_channels = graph.name, graph.num_joints, in_channels
        self.people, self.pooling = people, pooling
        self.input_norm = nn.BatchNorm1d(graph.num_joints * in_channels)
        widths = [in_channels, *(channels for channels, _ in plan)]
        self.blocks = nn.Sequential(*(
            STGCNBlock(widths[i], channels, adjacency, kernel_size, stride, causal=causal, residual=i > 0, dropout=dropout,
                       edge_importance=edge_importance, spatial=spatial, temporal=temporal, attention=attention)
            for i, (channels, stride) in enumerate(plan)))
        self.head = nn.Linear(widths[-1] * (1 if pooling == "mean" else 2), num_classes)

    def forward(self, x):
        """Score the classes of a batch of clips.

        Args:
            x: (N, C, T, V, M) tensor.

        Returns:
            (N, num_classes) tensor of logits.

        Raises:
            ValueError: `x` does not fit the network.
        """
        return self.head(self.embed(x))

    def embed(self, x):
        """What the head sees of each clip.

        Args:
            x: (N, C, T, V, M) tensor.

        Returns:
            (N, F) tensor, F the channels of the last block, or twice as many with ``pooling="mean+max"``; ``model.head`` of it is
            ``model(x)``.

        Raises:
            ValueError: `x` does not fit the network.
        """
        N, M = x.shape[0], x.shape[-1]
        x, place = self._fold(x)  # (P, C, T, V), P people in all
        x = self._blocks(x)  # (P, C', T', V)
        mean = x.mean(dim=(2, 3))  # (P, C')
        x = mean if self.pooling == "mean" else torch.cat([mean, x.amax(dim=(2, 3))], dim=1)  # (P, F)
        if M > 1:  # the mean over the people of a clip
            clip = place // M
            total = x.new_zeros(N, x.shape[1]).index_add(0, clip, x)
            x = total / torch.bincount(clip, minlength=N)[:, None].to(x.dtype)  # (N, F)
        return x

    def features(self, x):
        """What the last block says of each joint at each time.

        Args:
            x: (N, C, T, V, M) tensor.

        Returns:
            (N, C', T', V, M) tensor; zero for the people who are left out.

        Raises:
            ValueError: `x` does not fit the network.
        """
        N, M = x.shape[0], x.shape[-1]
        x, place = self._fold(x)
        x = self._blocks(x)  # (P, C', T', V)
        x = x.new_zeros(N * M, *x.shape[1:]).index_copy(0, place, x)  # (N M, C', T', V)
        return x.unflatten(0, (N, M)).permute(0, 2, 3, 4, 1)  # (N, C', T', V, M)

    @property
    def receptive_field(self):
        """How many frames of the input a number of the last block depends on, in its own time and beyond the ends."""
        frames, step = 1, 1
        for block in self.blocks:
            frames += (block.temporal.span - 1) * step
            step *= block.temporal.stride
        return frames

    def with_head(self, num_classes):
        """A copy for another number of classes: the same blocks with the same weights, and a new head to be trained."""
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(f"num_classes is {num_classes!r}, expected a whole number, 1 or more")
        model = copy.deepcopy(self)
        model.head = nn.Linear(self.head.in_features, num_classes).to(self.head.weight)
        return model

    def fuse(self):
        """A copy for inference that gives the same numbers faster: batch norms and edge importance are multiplied in."""
        fused = copy.deepcopy(self).eval()
        fused.blocks = nn.Sequential(*(block.fuse() for block in self.blocks))
        return fused

    @classmethod
    def from_reference(cls, state_dict, graph):
        """A network with weights in the authors' released format, which gives their numbers.

        Widths, subsets, kernels, adjacency and edge importance are read from the weights; there, adjacency and importance
        are stored with the sender first. All people count (``people="all"``), as they do there.

        Args:
            state_dict: name -> tensor, as in the released ``.pt`` files: ``A``, ``data_bn.*``, ``st_gcn_networks.{i}.gcn.conv.*``,
                ``st_gcn_networks.{i}.tcn.{0,2,3}.*``, ``st_gcn_networks.{i}.residual.{0,1}.*``, ``edge_importance.{i}``, ``fcn.*``.
            graph: the `SkeletonGraph`, or the name of its layout, that the weights were trained on.

        Returns:
            an `STGCN`, in training mode like every new module.

        Raises:
            ValueError: a weight is missing, left over, or of another shape.
        """
        graph = skeleton(graph) if isinstance(graph, str) else graph
        given = {name.removeprefix("module."): value for name, value in state_dict.items()}
        for name in ("A", "data_bn.weight", "fcn.weight", "st_gcn_networks.0.tcn.2.weight"):
            if name not in given:
                raise ValueError(f"state_dict has no {name!r}, expected the released format of ST-GCN: is this another network?")
        A = given.pop("A")
        if A.dim() != 3 or A.shape[-1] != graph.num_joints:
            raise ValueError(f"state_dict has an adjacency of shape {tuple(A.shape)}, the graph {graph.name!r} has "
                             f"{graph.num_joints} joints: name the layout that the weights were trained on")
        depth = sum(name.endswith(".gcn.conv.weight") for name in given)
        names = [f"st_gcn_networks.{i}" for i in range(depth)]
        learned = "edge_importance.0" in given
        plan = [(given[f"{name}.tcn.2.weight"].shape[0], 2 if f"{name}.residual.0.weight" in given else 1) for name in names]
        model = cls(graph, len(given["fcn.weight"]), len(given["data_bn.weight"]) // graph.num_joints, A.mT, "all", plan=plan,
                    kernel_size=given["st_gcn_networks.0.tcn.2.weight"].shape[2], edge_importance=learned)

        ours = {"data_bn": "input_norm", "fcn": "head"}
        for i, name in enumerate(names):
            block = f"blocks.{i}"
            ours |= {f"{name}.gcn.conv": f"{block}.spatial.conv", f"{name}.tcn.0": f"{block}.spatial_norm",
                     f"{name}.tcn.2": f"{block}.temporal.conv", f"{name}.tcn.3": f"{block}.temporal_norm",
                     f"{name}.residual.0": f"{block}.residual.0", f"{name}.residual.1": f"{block}.residual.1"}
        weights = {f"blocks.{i}.spatial.adjacency": A.mT for i in range(depth)}
        for name, value in given.items():
            module, _, kind = name.rpartition(".")
            if module == "edge_importance":
                weights[f"blocks.{kind}.spatial.edge_importance"] = value.mT
            elif module in ours:
                weights[f"{ours[module]}.{kind}"] = value.flatten(1) if name == "fcn.weight" else value
            else:
                raise ValueError(f"state_dict holds {name!r}, which the released format of ST-GCN does not know")
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(f"state_dict does not fit the released format: {error}") from None
        return model

    def _fold(self, x):
        """(N, C, T, V, M) -> the people who count as a batch, (P, C, T, V), and their places ``n M + m``, (P,)."""
        if x.dim() != 5 or 0 in x.shape:
            raise ValueError(f"x has shape {tuple(x.shape)}, expected (N, C, T, V, M) with at least one of each: give a single "
                             "clip its axes with x[None], and a single person with x[..., None]")
        if x.shape[1] != self.in_channels:
            raise ValueError(f"x has {x.shape[1]} channels in shape {tuple(x.shape)}, expected {self.in_channels} in "
                             "(N, C, T, V, M): are the axes in this order, and is in_channels that of the data?")
        if x.shape[3] != self.num_joints:
            hint = next((f": is this {name}? use skeleton('{name}')" for name in ("coco-17", "openpose-18", "kinect-20", "hand-21",
                        "hand-22", "ntu-25") if skeleton(name).num_joints == x.shape[3]), "")
            raise ValueError(f"x has {x.shape[3]} joints, the graph {self.layout!r} has {self.num_joints}{hint}")
        if not torch.compiler.is_compiling() and not torch.isfinite(x).all():
            raise ValueError("x holds a NaN or an infinite number, expected finite ones: fill missing joints before, for example "
                             "with transforms.interpolate_missing")
        N, M = x.shape[0], x.shape[-1]
        people = x.permute(0, 4, 1, 2, 3).flatten(0, 1)  # (N M, C, T, V)
        if self.people == "all" or M == 1:
            return people, torch.arange(N * M, device=x.device)
        present = (people != 0).flatten(1).any(1).unflatten(0, (N, M))
        present[:, 0] |= ~present.any(1)
        place = present.flatten().nonzero().squeeze(1)
        return people[place], place

    def _blocks(self, x):
        """(P, C, T, V) -> (P, C', T', V): normalise the input, then all blocks."""
        P, C, T, V = x.shape
        x = x.permute(0, 3, 1, 2).reshape(P, V * C, T)  # (P, V C, T)
        x = self.input_norm(x).reshape(P, V, C, T)
        # channels-last in memory, which the products of the graph convolution and the temporal convolution both like
        x = x.permute(0, 2, 3, 1).contiguous(memory_format=torch.channels_last)  # (P, C, T, V)
        return self.blocks(x)
