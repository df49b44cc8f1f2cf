"""The synthetic person: bones, joints, floor, and for each action the property that makes its name true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stgcn_lib.data import motions
from stgcn_lib.data.motions import body as human
from stgcn_lib.data.transforms import resample
from stgcn_lib.graphs import skeleton

NTU = {name: v for v, name in enumerate(skeleton("ntu-25").joints)}
SEEDS = range(6)
actions = st.sampled_from(motions.ACTIONS)
seeds = st.integers(0, 2**32)
quick = settings(max_examples=25, deadline=None)


def joint(clip, name):
    return clip[:, NTU[name]]


def points(action, seed, frames=64):
    """Positions of all joints of the body itself, by name."""
    x, _ = motions._animate(action, seed, 0, 0, frames)
    return {name: x[:, v] for v, name in enumerate(human.JOINTS)}


def unit(v):
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def bend(a, b, c):
    """Degrees by which the second of two bones a-b-c turns away from the first."""
    return np.degrees(np.arccos(np.clip((unit(b - a) * unit(c - b)).sum(-1), -1, 1)))


def reversals(x, least):
    """How often a signal (T,) turns round, counting only swings of at least `least`."""
    count, direction, extreme = 0, 0, x[0]
    for value in x:
        if direction >= 0 and value < extreme - least or direction <= 0 and value > extreme + least:
            count += direction != 0
            direction, extreme = np.sign(value - extreme), value
        elif (value - extreme) * direction > 0:
            extreme = value
    return count


def facing(clip):
    """Unit vector (3,) in which the person of an NTU clip faces in the first frame, level."""
    left = joint(clip, "left hip")[0] - joint(clip, "right hip")[0]
    return unit(np.cross(left, [0, 1, 0]))


# the body


@quick
@given(actions, seeds, st.sampled_from(motions.LAYOUTS), st.integers(2, 80))
def test_bones_keep_their_length(action, seed, layout, frames):
    clip = motions.clip(action, seed, frames, layout).astype(np.float64)
    assert clip.shape == (frames, skeleton(layout).num_joints, 3) and np.isfinite(clip).all()
    for child, parent in skeleton(layout).edges:
        if (child, parent) not in motions.NOT_RIGID[layout]:
            length = np.linalg.norm(clip[:, child] - clip[:, parent], axis=1)
            assert np.ptp(length) < 2e-6, (child, parent)
            assert length.min() > 0.01


def test_edges_listed_as_not_rigid_are_edges_and_do_change():
    for layout, edges in motions.NOT_RIGID.items():
        clip = motions.clip("throw", 1, layout=layout)
        for child, parent in edges:
            assert (child, parent) in skeleton(layout).edges
            assert np.ptp(np.linalg.norm(clip[:, child] - clip[:, parent], axis=1)) > 1e-4


@quick
@given(actions, seeds)
def test_joints_stay_within_their_limits(action, seed):
    p = points(action, seed)
    across = unit(p["left hip"] - p["right hip"])
    for side in ("left", "right"):
        hip, knee, ankle = (p[f"{side} {j}"] for j in ("hip", "knee", "ankle"))
        assert 1.9 < bend(hip, knee, ankle).min() and bend(hip, knee, ankle).max() < 145.1
        assert (np.cross(unit(knee - hip), unit(ankle - knee)) * across).sum(-1).min() > 0  # a knee bends backwards, never forwards
        elbow = bend(p[f"{side} shoulder"], p[f"{side} elbow"], p[f"{side} wrist"])
        assert 1.9 < elbow.min() and elbow.max() < 148.1
        sole = 90 - (180 - bend(knee, ankle, ankle + p[f"{side} foot"] - p[f"{side} heel"]))  # 0 is a right angle, toes up negative
        assert -56 < sole.min() and sole.max() < 56
        trunk_to_thigh = 180 - bend(p["chest"], p["pelvis"], p["pelvis"] + knee - hip)
        assert trunk_to_thigh.min() > 15


@quick
@given(actions, seeds)
def test_nothing_is_under_the_floor_and_feet_come_down_to_it(action, seed):
    p = points(action, seed)
    feet = np.stack([p[f"{side} {j}"][:, 1] for side in ("left", "right") for j in ("heel", "foot")])
    assert feet.min() > -1e-6
    assert min(x[:, 1].min() for x in p.values()) > -0.06  # a hand may brush the floor
    assert (feet.min(axis=0) < 0.01).mean() > (0.3 if action in ("run", "jump") else 0.999)


@pytest.mark.parametrize("action", ["wave", "clap", "squat", "bow", "pick up"])
def test_standing_feet_do_not_slide(action):
    for seed in SEEDS:
        clip = motions.clip(action, seed)
        for side in ("left", "right"):
            path = joint(clip, f"{side} foot")[:, [0, 2]]
            assert np.linalg.norm(path - path[0], axis=1).max() < (0.03 if action in ("wave", "clap", "bow") else 0.2)


def test_people_have_human_proportions_and_differ():
    heights = []
    for seed in range(40):
        clip = motions.clip("bow", seed)
        heights.append(joint(clip, "head")[:3, 1].mean())
        arm = sum(np.linalg.norm(joint(clip, a)[0] - joint(clip, b)[0]) for a, b in
                  (("left shoulder", "left elbow"), ("left elbow", "left wrist")))
        leg = sum(np.linalg.norm(joint(clip, a)[0] - joint(clip, b)[0]) for a, b in
                  (("left hip", "left knee"), ("left knee", "left ankle")))
        assert 0.5 < arm / leg < 0.85 and 0.25 < leg / heights[-1] < 0.65
    assert 1.3 < min(heights) < 1.5 and 1.7 < max(heights) < 1.95  # the middle of the head, for 1.5 to 2.0 m


# seeds, sides, layouts


@quick
@given(actions, seeds, st.sampled_from(motions.LAYOUTS))
def test_one_seed_one_clip(action, seed, layout):
    first = motions.clip(action, seed, 20, layout)
    assert np.array_equal(first, motions.clip(action, seed, 20, layout))
    assert np.abs(first - motions.clip(action, seed + 1, 20, layout)).max() > 0.01


@quick
@given(actions, seeds, st.sampled_from(motions.LAYOUTS))
def test_the_two_sides_are_mirror_images(action, seed, layout):
    left = motions.clip(action, seed, 30, layout, side="left")
    right = motions.clip(action, seed, 30, layout, side="right")
    swap = np.arange(left.shape[1])
    for a, b in skeleton(layout).symmetric_pairs:
        swap[[a, b]] = b, a
    np.testing.assert_allclose(left, right[:, swap] * [-1, 1, 1], atol=1e-6)
    either = motions.clip(action, seed, 30, layout)
    assert np.array_equal(either, left) or np.array_equal(either, right)


def test_the_person_faces_plus_z_and_the_left_is_plus_x():
    for seed in range(20):
        clip = motions.clip("bow", seed, layout="openpose-18")
        names = skeleton("openpose-18").joints
        first = {name: clip[0, v] for v, name in enumerate(names)}
        assert first["left shoulder"][0] > first["right shoulder"][0]
        assert first["nose"][2] > (first["left ear"][2] + first["right ear"][2]) / 2
        assert first["nose"][1] > first["neck"][1] > first["left hip"][1] > first["left knee"][1] > first["left ankle"][1]
        assert abs(clip[:, [8, 11], 0].mean()) < 0.15  # over the origin


def test_layouts_agree_where_they_share_joints():
    clips = {layout: motions.clip("throw", 4, layout=layout) for layout in motions.LAYOUTS}
    for name in ("left wrist", "right knee", "left shoulder", "right hip", "left elbow", "right ankle"):
        found = [clips[layout][:, skeleton(layout).joints.index(name)] for layout in motions.LAYOUTS]
        for other in found[1:]:
            np.testing.assert_array_equal(found[0], other)
    neck = clips["openpose-18"][:, 1]
    np.testing.assert_allclose(neck, clips["openpose-18"][:, [2, 5]].mean(axis=1), atol=1e-6)


# the actions


@pytest.mark.parametrize("seed", SEEDS)
def test_wave_moves_a_raised_wrist_to_and_fro(seed):
    clip = motions.clip("wave", seed, side="right")
    wrist, shoulder = joint(clip, "right wrist"), joint(clip, "right shoulder")
    raised = wrist[:, 1] > shoulder[:, 1]
    assert raised.sum() > 15
    across = np.cross([0, 1, 0], facing(clip))
    assert reversals(((joint(clip, "right hand tip") - shoulder) @ across)[raised], 0.05) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_clap_brings_the_hands_together_again_and_again(seed):
    clip = motions.clip("clap", seed)
    gap = np.linalg.norm(joint(clip, "left wrist") - joint(clip, "right wrist"), axis=1)
    assert gap.min() < 0.15
    assert reversals(gap[5:-5], 0.08) >= 3


@pytest.mark.parametrize("action, low, high", [("walk", 0.3, 2.2), ("run", 1.2, 5.0)])
@pytest.mark.parametrize("seed", SEEDS)
def test_walk_and_run_travel_forwards_on_feet_that_stand(action, low, high, seed):
    clip = motions.clip(action, seed, frames=90)
    along = facing(clip)
    pelvis = joint(clip, "spine base") @ along
    speed = np.diff(pelvis).max() * motions.FPS
    assert low < speed < high and pelvis[-1] - pelvis[0] > 0.5
    feet = np.stack([joint(clip, f"{side} foot") for side in ("left", "right")])  # (2, T, 3)
    steps = np.linalg.norm(np.diff(feet, axis=1), axis=-1) * motions.FPS
    standing = (feet[:, 1:, 1] < 0.005) & (feet[:, :-1, 1] < 0.005)
    assert np.quantile(steps[standing], 0.7) < 0.25 * speed  # the foot on the floor stays behind
    assert reversals((feet[0] - feet[1]) @ along, 0.15) >= 2
    arms = (joint(clip, "left wrist") - joint(clip, "right wrist")) @ along
    assert np.corrcoef(arms, (feet[0] - feet[1]) @ along)[0, 1] < -0.3  # arms swing against the legs


@pytest.mark.parametrize("action", ["walk", "run"])
def test_the_body_passes_over_the_standing_foot_and_ankles_stay_human(action):
    for seed in range(12):
        p, along = points(action, seed), facing(motions.clip(action, seed))
        for side in ("left", "right"):
            ankle, foot, heel = (p[f"{side} {j}"] for j in ("ankle", "foot", "heel"))
            standing = (foot[:, 1] < 0.005) & (heel[:, 1] < 0.02)
            ahead = ((ankle - p["pelvis"]) @ along)[standing]
            assert ahead.min() < 0.05 and ahead.max() > -0.08 and abs(ahead.mean()) < 0.15
            sole = 90 - bend(p[f"{side} knee"], ankle, ankle + heel - foot)  # toes up positive
            assert -50 < sole.min() and sole.max() < 42


def test_run_has_flight_and_walk_has_none():
    def flight(action, seed):
        feet = np.stack([points(action, seed)[f"{side} {j}"][:, 1] for side in ("left", "right") for j in ("heel", "foot")])
        return (feet.min(axis=0) > 0.005).mean()

    assert all(flight("run", seed) > 0.05 for seed in SEEDS)
    assert all(flight("walk", seed) == 0 for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_jump_leaves_the_ground_after_a_crouch(seed):
    clip = motions.clip("jump", seed)
    feet = np.minimum(joint(clip, "left foot"), joint(clip, "right foot"))[:, 1]
    hips = joint(clip, "spine base")[:, 1]
    top = feet.argmax()
    assert feet.max() > 0.08 and hips[top] > hips[0] + 0.08
    assert hips[:top].min() < hips[0] - 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_sit_down_lowers_and_stand_up_raises_the_hips(seed):
    for action, way in (("sit down", 1), ("stand up", -1)):
        clip = motions.clip(action, seed)[::way]
        hips, knees = joint(clip, "spine base")[:, 1], joint(clip, "left knee")[:, 1]
        assert hips[0] - hips[-1] > 0.25 and hips[0] - knees[0] > 0.3 and abs(hips[-1] - knees[-1]) < 0.22
        assert np.diff(hips).max() < 0.01  # one way only
        behind = (joint(clip, "left knee") - joint(clip, "left hip"))[-1] @ facing(clip)
        assert behind > 0.25  # the thighs lie level, knees in front


@pytest.mark.parametrize("seed", SEEDS)
def test_squat_goes_down_and_comes_up(seed):
    clip = motions.clip("squat", seed)
    hips = joint(clip, "spine base")[:, 1]
    assert hips[0] - hips.min() > 0.15 and abs(hips[0] - hips[-1]) < 0.05
    assert 5 < hips.argmin() < 59


@pytest.mark.parametrize("seed", SEEDS)
def test_bow_lowers_the_head_forwards(seed):
    clip = motions.clip("bow", seed)
    head, hips = joint(clip, "head"), joint(clip, "spine base")
    low = head[:, 1].argmin()
    assert head[0, 1] - head[low, 1] > 0.08 and hips[0, 1] - hips[low, 1] < 0.1
    assert (head[low] - head[0]) @ facing(clip) > 0.2
    assert abs(head[-1, 1] - head[0, 1]) < 0.06


@pytest.mark.parametrize("seed", SEEDS)
def test_kick_swings_one_foot_up_in_front(seed):
    clip = motions.clip("kick", seed, side="right")
    rise = {side: joint(clip, f"{side} ankle")[:, 1] - joint(clip, f"{side} ankle")[0, 1] for side in ("left", "right")}
    top = rise["right"].argmax()
    reach = ((joint(clip, "right ankle") - joint(clip, "right hip")) @ facing(clip)).max()
    assert rise["right"][top] > 0.15 and rise["left"].max() < 0.05 and reach > 0.35 * joint(clip, "right hip")[0, 1]


@pytest.mark.parametrize("seed", SEEDS)
def test_punch_drives_a_fist_forwards_fast(seed):
    clip = motions.clip("punch", seed, side="right")
    reach = (joint(clip, "right wrist") - joint(clip, "right shoulder")) @ facing(clip)
    arm = sum(np.linalg.norm(joint(clip, a)[0] - joint(clip, b)[0]) for a, b in
              (("right shoulder", "right elbow"), ("right elbow", "right wrist")))
    out = reach.argmax()
    assert reach[out] > 0.6 * arm and reach[out] - reach[max(0, out - 15):out + 1].min() > 0.35 * arm
    level = joint(clip, "right wrist")[out, 1] - joint(clip, "right shoulder")[out, 1]
    assert abs(level) < 0.7 * arm


@pytest.mark.parametrize("seed", SEEDS)
def test_throw_swings_the_hand_from_behind_to_the_front(seed):
    clip = motions.clip("throw", seed, side="right")
    hand = (joint(clip, "right wrist") - joint(clip, "spine shoulder")) @ facing(clip)
    speed = np.linalg.norm(np.diff(joint(clip, "right hand"), axis=0), axis=1) * motions.FPS
    fastest = speed.argmax()
    assert hand[:fastest + 1].min() < -0.1 and hand[fastest:fastest + 12].max() > 0.2 and speed.max() > 4
    assert (joint(clip, "right hand") - joint(clip, "left hand"))[fastest, 1] > -0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_pick_up_takes_a_hand_to_the_floor(seed):
    clip = motions.clip("pick up", seed, side="right")
    tip = joint(clip, "right hand tip")[:, 1]
    assert tip.min() < 0.15 and tip[0] > 0.4 and tip[-1] > 0.4


@given(actions, st.integers(0, 1000), st.sampled_from([2, 3, 10, 300]))
@settings(max_examples=20, deadline=None)
def test_movement_is_smooth_however_short_or_long_the_clip(action, seed, frames):
    clip = motions.clip(action, seed, frames)
    assert np.isfinite(clip).all()
    if frames == 300:
        assert np.linalg.norm(np.diff(clip, axis=0), axis=-1).max() < 0.9  # metres a frame: the hand of a hard throw


# data sets


def test_generate_fills_a_data_set():
    d = motions.generate(bodies=3, repeats=2, frames=20, layout="coco-17", seed=7)
    assert len(d) == 13 * 3 * 2 and d.classes == motions.ACTIONS and d.layout == "coco-17" and d.synthetic
    assert d.units == "metres" and d.fps == 30 and d.licence and "no person" in d.source
    assert np.bincount(d.labels).tolist() == [6] * 13 and np.bincount(d.subjects).tolist() == [26] * 3
    x, y = d.tensors(16)
    assert tuple(x.shape) == (78, 3, 16, 17, 1) and len(y) == 78


def test_a_clip_does_not_depend_on_how_much_else_is_made():
    many = motions.generate(bodies=3, repeats=2, frames=20, seed=5)
    few = motions.generate(("jump", "wave"), bodies=2, repeats=1, frames=20, seed=5)
    for i, clip in enumerate(few.clips):
        person, action = divmod(i, 2)
        j = person * 26 + motions.ACTIONS.index(few.classes[action]) * 2
        np.testing.assert_array_equal(clip, many.clips[j])
    np.testing.assert_array_equal(few.clips[0], motions.clip("jump", 5, 20))


def test_one_body_has_the_same_bones_in_all_its_clips():
    d = motions.generate(bodies=2, repeats=1, frames=8, seed=3)
    thigh = np.array([np.linalg.norm(c[0, NTU["left knee"]] - c[0, NTU["left hip"]]) for c in d.clips])
    assert np.ptp(thigh[d.subjects == 0]) < 1e-5 and abs(thigh[0] - thigh[-1]) > 1e-3


def test_noise_and_camera_of_a_data_set():
    clean = motions.generate("walk", bodies=2, repeats=1, frames=30)
    noisy = motions.generate("walk", bodies=2, repeats=1, frames=30, noise=0.02)
    error = np.stack(noisy.clips) - np.stack(clean.clips)
    assert abs(error.std() - 0.02) < 0.001
    flat = motions.generate("walk", bodies=2, repeats=1, frames=30, camera={})
    assert flat.channels == ("x", "y", "confidence") and flat.units == "image heights"
    again = motions.generate("walk", bodies=2, repeats=1, frames=30, camera={})
    np.testing.assert_array_equal(flat.clips[1], again.clips[1])
    still = motions.generate("walk", bodies=1, repeats=1, frames=30, camera=dict(azimuth=0, noise=0, dropout=0))
    assert not np.array_equal(still.clips[0], flat.clips[0])


def test_logistic_regression_stays_below_ninety_per_cent_on_unseen_bodies():
    """The set must leave something to learn: a linear model on resampled coordinates does not solve it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    scores = []
    for seed in (0, 1):
        d = motions.generate(seed=seed)
        x = np.stack([resample(clip - clip[:, :1], 16).ravel() for clip in d.clips])  # (N, 16 * 25 * 3), pelvis at the origin
        train = d.subjects < 12
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)).fit(x[train], d.labels[train])
        scores.append(model.score(x[~train], d.labels[~train]))
    assert 0.6 < min(scores) and max(scores) < 0.9, scores


@pytest.mark.parametrize("call, message", [
    (lambda: motions.clip("dance"), "action is 'dance', expected one of wave"),
    (lambda: motions.clip("wave", layout="hand-21"), "the synthetic body knows openpose-18"),
    (lambda: motions.clip("wave", frames=1), "frames is 1"),
    (lambda: motions.clip("wave", frames=2.5), "frames is 2.5"),
    (lambda: motions.clip("wave", seed=-1), "seed is -1"),
    (lambda: motions.clip("wave", seed=None), "seed is None"),
    (lambda: motions.clip("wave", side="both"), "side is 'both'"),
    (lambda: motions.generate(()), "actions is"),
    (lambda: motions.generate(("wave", "wave")), "different names"),
    (lambda: motions.generate(bodies=0), "bodies is 0"),
    (lambda: motions.generate(repeats=1.5), "repeats is 1.5"),
    (lambda: motions.generate(noise=-1), "noise is -1"),
    (lambda: motions.generate(noise=float("nan")), "noise is nan"),
    (lambda: motions.generate(noise=0.1, camera={}), "camera="),
])
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call()
