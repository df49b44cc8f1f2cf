"""Rotations against SciPy, and forward kinematics against a walk from each joint to the root."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from stgcn_lib.data.kinematics import euler, exponential_map, forward

properties = settings(derandomize=True, deadline=None, max_examples=40)
seeds = st.integers(0, 2**31)


@pytest.mark.parametrize("angle", [0, 1e-300, 1e-160, 1e-12, 1e-8, 1e-4, 0.1, 1, 3, np.pi - 1e-8, np.pi, np.pi + 1e-8, 6, 20])
def test_exponential_map_is_scipys(angle):
    axes = np.random.default_rng(0).standard_normal((50, 3))
    e = angle * axes / np.linalg.norm(axes, axis=1, keepdims=True)
    R = exponential_map(e)
    np.testing.assert_allclose(R, Rotation.from_rotvec(e).as_matrix(), atol=1e-13)
    np.testing.assert_allclose(R @ np.swapaxes(R, 1, 2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-13)


def test_exponential_map_by_hand():
    quarter = exponential_map([0, 0, np.pi / 2])  # counter-clockwise about z: x goes to y
    np.testing.assert_allclose(quarter @ [1, 0, 0], [0, 1, 0], atol=1e-15)
    np.testing.assert_array_equal(exponential_map(np.zeros((2, 4, 3))), np.broadcast_to(np.eye(3), (2, 4, 3, 3)))
    tiny = exponential_map([0, 0, 1e-9])  # the angle itself must survive, not be rounded off to no turn
    assert tiny[1, 0] == 1e-9


@pytest.mark.parametrize("order", ["XYZ", "ZXY", "ZYX", "YXZ", "ZXZ", "YX", "Z"])
def test_euler_is_scipys_intrinsic(order):
    angles = np.random.default_rng(1).uniform(-4, 4, (30, len(order)))
    np.testing.assert_allclose(euler(angles, order), Rotation.from_euler(order, angles).as_matrix(), atol=1e-13)
    assert euler(angles.reshape(5, 6, -1), order).shape == (5, 6, 3, 3)


def test_euler_turns_in_the_order_of_the_letters():
    R = euler(np.radians([90, 90]), "ZX")  # the point is turned about x first, then about z
    np.testing.assert_allclose(R @ [0, 1, 0], [0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(R @ [0, 0, 1], [1, 0, 0], atol=1e-15)


def random_tree(rng, joints):
    """Parents of a random tree whose joints come in a random order, so a child may come before its parent."""
    label = rng.permutation(joints)
    parents = np.full(joints, -1)
    for i in range(1, joints):
        parents[label[i]] = label[rng.integers(max(0, i - 2), i)]
    return parents


def rotations(rng, *shape):
    return Rotation.random(int(np.prod(shape)), random_state=rng.integers(2**31)).as_matrix().reshape(*shape, 3, 3)


def by_loops(parents, offsets, R, root):
    """Each joint by its own walk to the root: carry a point outwards in, one frame of reference at a time."""
    out = np.empty_like(offsets)
    for t in range(len(offsets)):
        for j in range(len(parents)):
            point, joint = offsets[t, j], parents[j]
            while joint != -1:
                point = offsets[t, joint] + R[t, joint] @ point
                joint = parents[joint]
            out[t, j] = root[t] + point
    return out


@given(seeds, st.integers(1, 12))
@properties
def test_forward_is_the_walk_to_the_root(seed, joints):
    rng = np.random.default_rng(seed)
    parents, R = random_tree(rng, joints), rotations(rng, 3, joints)
    offsets, root = rng.standard_normal((3, joints, 3)), rng.standard_normal((3, 3))
    np.testing.assert_allclose(forward(parents, offsets, R, root), by_loops(parents, offsets, R, root), atol=1e-12)
    # offsets that never change, and no root: the same as both written out
    np.testing.assert_allclose(forward(parents, offsets[0], R),
                               by_loops(parents, np.repeat(offsets[:1], 3, axis=0), R, np.zeros((3, 3))), atol=1e-12)


@given(seeds, st.integers(2, 12))
@properties
def test_rotations_never_change_the_length_of_a_bone(seed, joints):
    rng = np.random.default_rng(seed)
    parents, offsets = random_tree(rng, joints), rng.standard_normal((joints, 3))
    X = forward(parents, offsets, rotations(rng, 5, joints), rng.standard_normal((5, 3)))
    for j in np.flatnonzero(parents >= 0):
        length = np.linalg.norm(X[:, j] - X[:, parents[j]], axis=-1)
        np.testing.assert_allclose(length, np.linalg.norm(offsets[j]), atol=1e-12)


def test_an_arm_by_hand():
    # shoulder, elbow, wrist in a row along x; the elbow bends a quarter turn about z: only the wrist moves
    parents, offsets = [-1, 0, 1], [[0, 0, 0], [3, 0, 0], [2, 0, 0]]
    R = exponential_map([[0, 0, 0], [0, 0, np.pi / 2], [1, 2, 3]])
    np.testing.assert_allclose(forward(parents, offsets, R), [[0, 0, 0], [3, 0, 0], [3, 2, 0]], atol=1e-15)


@pytest.mark.parametrize("parents, says", [
    ([-1, 2, 1], r"not a tree: joints \[1, 2\] never reach the root"),
    ([-1, 0, 2], r"not a tree: joints \[2\] never reach the root"),
    ([-1, -1, 0], "2 roots"), ([1, 2, 0], "0 roots"), ([-1, 0, 3], "-1 to 3, expected -1 to 2"), ([-1, 0, -2], "-2 to 0")])
def test_parents_that_are_no_tree(parents, says):
    with pytest.raises(ValueError, match=says):
        forward(parents, np.zeros((3, 3)), np.zeros((3, 3, 3)))


@pytest.mark.parametrize("call, says", [
    (lambda: forward([-1, 0], np.zeros((3, 3)), np.zeros((2, 3, 3))), r"offsets has shape \(3, 3\), expected \(..., 2, 3\)"),
    (lambda: forward([-1, 0], np.zeros((2, 3)), np.zeros((2, 3))), r"rotations has shape \(2, 3\), expected \(..., 2, 3, 3\)"),
    (lambda: exponential_map(np.zeros((4, 2))), r"vectors has shape \(4, 2\), expected \(..., 3\)"),
    (lambda: exponential_map(1.0), r"vectors has shape \(\)"),
    (lambda: euler([0, 0, 0], "xyz"), "order is 'xyz', expected letters out of 'XYZ' in capitals"),
    (lambda: euler([0, 0], "XYZ"), r"angles has shape \(2,\), expected \(..., 3\)")])
def test_shapes_that_do_not_fit(call, says):
    with pytest.raises(ValueError, match=says):
        call()
