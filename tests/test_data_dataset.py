"""What a set of clips checks, and how it is read."""

import numpy as np
import pytest
import torch

from stgcn_lib.data import Dataset, load, transforms
from stgcn_lib.graphs import SkeletonGraph

ARM = SkeletonGraph.from_edges([(0, 1), (1, 2)], ["hand", "elbow", "shoulder"], "shoulder", name="arm")


def clip(frames, first=0):
    return first + np.arange(frames * 9, dtype=np.float64).reshape(frames, 3, 3)


def arms(**changes):
    parts = dict(name="arms", layout=ARM, classes=["up", "down"], clips=[clip(2), clip(3, 100), clip(5, 200)],
                 labels=[0, 1, 0], subjects=[4, 5, 6], fps=30, tags={"correct": [True, False, True]})
    return Dataset(**{**parts, **changes})


def test_a_sample_has_channels_first_and_one_person_last():
    d = arms()
    x, label = d[1]
    assert len(d) == 3 and x.shape == (3, 3, 3, 1) and x.dtype == torch.float32 and label == 1 and type(label) is int
    for t in range(3):
        for v in range(3):
            for c in range(3):
                assert x[c, t, v, 0] == d.clips[1][t, v, c] == 100 + 9 * t + 3 * v + c
    x[...] = -1  # a network may write into its input; the set must not notice
    assert (d.clips[1] >= 100).all()
    assert d.classes == ("up", "down") and d.labels.dtype == d.subjects.dtype == np.int64 and d.clips[0].dtype == np.float32


def test_tensors_resamples_and_stacks():
    d = arms()
    x, y = d.tensors(4)
    assert x.shape == (3, 3, 4, 3, 1) and x.dtype == torch.float32 and x.is_contiguous() and y.tolist() == [0, 1, 0]
    for i in range(3):
        expected = transforms.resample(d.clips[i], 4)
        np.testing.assert_array_equal(x[i, :, :, :, 0].numpy(), expected.transpose(2, 0, 1))
    y[0] = 1  # a copy: the labels of the set stay
    assert d.labels.tolist() == [0, 1, 0]
    empty, none = d.select([]).tensors(4)
    assert empty.shape == (0, 3, 4, 3, 1) and none.shape == (0,)


@pytest.mark.parametrize("which, kept", [
    ([2, 0], [2, 0]), (np.array([True, False, True]), [0, 2]), ([True, False, True], [0, 2]), (slice(1, None), [1, 2]),
    ([], []), ([-1], [2]), (np.array([False] * 3), [])])
def test_select_keeps_what_belongs_together(which, kept):
    d = arms()
    part = d.select(which)
    assert len(part) == len(kept) and part.labels.tolist() == d.labels[kept].tolist()
    assert part.subjects.tolist() == d.subjects[kept].tolist()
    assert part.tags["correct"].tolist() == d.tags["correct"][kept].tolist()
    assert [c[0, 0, 0] for c in part.clips] == [d.clips[i][0, 0, 0] for i in kept]
    assert part.classes == d.classes and part.graph is d.graph and part.labels.dtype == np.int64


def test_select_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"mask has shape \(2,\), expected \(3,\)"):
        arms().select(np.array([True, False]))
    with pytest.raises(IndexError):
        arms().select([3])


def test_map_applies_to_every_clip():
    d = arms().map(lambda c: transforms.resample(c, 4) + 1)
    assert [c.shape for c in d.clips] == [(4, 3, 3)] * 3 and d.clips[2][0, 0, 0] == 201 and d.labels.tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="clip 0 has 2 joints, the layout 'arm' has 3"):
        arms().map(lambda c: c[:, :2])


def test_a_data_loader_makes_batches():
    d = arms().map(lambda c: transforms.resample(c, 4))
    batches = list(torch.utils.data.DataLoader(d, batch_size=2))
    assert [x.shape for x, _ in batches] == [(2, 3, 4, 3, 1), (1, 3, 4, 3, 1)]
    np.testing.assert_array_equal(torch.cat([x for x, _ in batches]), d.tensors(4)[0])
    assert torch.cat([y for _, y in batches]).tolist() == [0, 1, 0]


def test_a_layout_goes_by_name():
    d = arms(layout="kinect-20", clips=[np.zeros((2, 20, 3))] * 3)
    assert d.graph.name == "kinect-20" and d.graph.num_joints == 20


def test_what_a_set_says_about_itself():
    assert repr(arms()) == ("Dataset('arms', recorded: 3 clips, 2 classes, 3 joints (arm), 30 fps, metres; "
                            "licence: not stated)")
    assert "synthetic: 3 clips" in repr(arms(synthetic=True)) and "licence: MIT" in repr(arms(licence="MIT"))


def broken(value, dtype=np.float64):
    bad = clip(5).astype(dtype)
    bad[3, 1, 2] = value
    return [clip(2), clip(3), bad]


@pytest.mark.parametrize("changes, says", [
    (dict(clips=broken(np.nan)), r"clip 2 holds nan at frame 3, joint 1 \(elbow\), channel 'z': expected finite"),
    (dict(clips=broken(-np.inf)), "clip 2 holds -inf at frame 3"),
    (dict(clips=broken(np.nan), tags={"file": ["a", "b", "walk_7"]}), r"clip 2 \(walk_7\) holds nan at frame 3"),
    (dict(clips=[clip(2), clip(0), clip(2)]), "clip 1 is empty: it has no frames"),
    (dict(clips=[clip(2), clip(2), np.zeros((4, 17, 3))]), "clip 2 has 17 joints, the layout 'arm' has 3"),
    (dict(clips=[clip(2)[..., :2], clip(2), clip(2)]), "clip 0 has 2 channels, expected 3: x, y, z"),
    (dict(clips=[clip(2)[0], clip(2), clip(2)]), r"clip 0 is a float64 array of shape \(3, 3\), expected real"),
    (dict(clips=[clip(2).astype(str), clip(2), clip(2)]), "clip 0 is a <U"),
    (dict(clips=[1j * clip(2), clip(2), clip(2)]), "clip 0 is a complex128 array"),
    (dict(labels=[0, 2, 0]), r"labels\[1\] is 2, expected 0 to 1: there are 2 classes"),
    (dict(labels=[0, 0, -1]), r"labels\[2\] is -1, expected 0 to 1"),
    (dict(labels=[0, 1]), r"labels has shape \(2,\), expected \(3,\)"),
    (dict(labels=[0.0, 1.0, 0.5]), "labels is a float64 array, expected integers"),
    (dict(subjects=[1]), r"subjects has shape \(1,\), expected \(3,\)"),
    (dict(tags={"correct": [True]}), r"tags\['correct'\] has shape \(1,\), expected \(3,\)"),
    (dict(fps=0), "fps is 0, expected a positive number"), (dict(fps=float("nan")), "fps is nan")])
def test_what_does_not_fit_is_named(changes, says):
    with pytest.raises(ValueError, match=says):
        arms(**changes)


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_number_too_large_for_float32_is_not_finite():
    with pytest.raises(ValueError, match="clip 2 holds inf at frame 3"):
        arms(clips=broken(1e300))


def test_load_lists_what_there_is():
    with pytest.raises(ValueError, match="name is 'ntu', expected one of cmu_expmap, ui_prmd.*motions.generate"):
        load("ntu")
