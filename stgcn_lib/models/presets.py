"""Named networks from the literature, built from the same parts."""

from .skeleton import REFERENCE, STGCN

# What each one changes in `STGCN`. The plan of channels and strides is that of ST-GCN in all of them, as in their papers.
PRESETS = {
    "ST-GCN": dict(plan=REFERENCE),
    "2s-AGCN": dict(plan=REFERENCE, spatial="sample"),
    "CTR-GCN": dict(plan=REFERENCE, spatial="channelwise", temporal="dilated"),
    "ST-GCN++": dict(plan=REFERENCE, spatial="residual", temporal="dilated"),
}


def preset(name, graph, num_classes, in_channels=3, **changes):
    """The network of a paper, as far as the parts of this library go.

    ========  =============================================  ==========================
    name      in space                                       in time
    ========  =============================================  ==========================
    ST-GCN    fixed subsets, edge importance                 one kernel of 9
    2s-AGCN   subsets + free residual + a graph of the clip  one kernel of 9
    CTR-GCN   a graph for each channel                       dilated branches, `MSTCN`
    ST-GCN++  subsets + free residual                        dilated branches, `MSTCN`
    ========  =============================================  ==========================

    These are plans, not copies: each paper also has a residual path inside its graph convolution, its own initialisation and
    its own recipe of training, and CTR-GCN has fewer branches in time. 2s-AGCN has two streams: train one network on joints and
    one on bones, and average their probabilities.

    Args:
        name: one of `PRESETS`.
        graph, num_classes, in_channels: see `STGCN`.
        changes: anything else that `STGCN` takes, such as a smaller ``plan``.

    Returns:
        an `STGCN`.

    Raises:
        ValueError: for an unknown name, or what `STGCN` finds wrong.

    Papers: Yan, Xiong and Lin, AAAI 2018 (ST-GCN). Shi, Zhang, Cheng and Lu, Two-stream adaptive graph convolutional networks for
    skeleton-based action recognition, CVPR 2019. Chen, Zhang, Yuan, Li, Deng and Hu, Channel-wise topology refinement graph
    convolution for skeleton-based action recognition, ICCV 2021. Duan, Wang, Chen and Lin, PYSKL: towards good practices for
    skeleton action recognition, ACM Multimedia 2022 (ST-GCN++).
    """
    if name not in PRESETS:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(PRESETS)}")
    return STGCN(graph, num_classes, in_channels, **{**PRESETS[name], **changes})
