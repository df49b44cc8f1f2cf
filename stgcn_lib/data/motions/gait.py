"""Walking and running: feet that stand still on the floor while the body passes over them."""

import numpy as np


def walk(actor, time, span):
    uniform = actor.uniform
    _gait(actor, time, span, rate=uniform(0.75, 1.1), stride=uniform(0.55, 0.88), duty=0.62, lift=0.05, sink=(0.0, 0.012),
          heel=18, push=30, arms=uniform(8, 30), elbow=uniform(10, 35), pump=uniform(4, 14), pitch=uniform(0, 7), width=0.03)


def run(actor, time, span):
    uniform = actor.uniform
    _gait(actor, time, span, rate=uniform(1.25, 1.6), stride=uniform(1.3, 2.2), duty=0.36, lift=uniform(0.16, 0.38),
          sink=(0.03, -0.045), heel=8, push=38, arms=uniform(22, 50), elbow=uniform(70, 108), pump=uniform(5, 20),
          pitch=uniform(5, 16), width=0.045)


def _gait(actor, time, span, rate, stride, duty, lift, sink, heel, push, arms, elbow, pump, pitch, width):
    """Each foot stands for `duty` of a stride, then swings to its next place; the pelvis follows its path at an even speed.

    The place of a foot on the floor is where the pelvis will be in the middle of that stand. So the speed, the length of the
    steps and the swing of the legs always agree, also while starting and stopping, when the steps grow and shrink.

    Args:
        rate: strides (two steps) a second. stride: its length, in leg lengths. lift: how high a swinging foot rises, likewise.
        sink: how much lower the pelvis is than standing, and how much it rises over the standing foot (a walker vaults over the
            leg, a runner sinks into it), in leg lengths.
        heel, push: pitch of the sole when it lands on the heel and leaves from the toes, degrees.
        arms, elbow, pump: swing of the arms, bend of the elbows, and how much that changes, degrees.
        pitch: how far the trunk leans forward, degrees. width: how much nearer the middle than standing each foot lands, metres.
    """
    leg = actor.leg
    speed = rate * stride * leg
    start = actor.uniform(0, 1)
    rise = min(0.5 / rate, span / 3)
    always = actor.chance(0.4) or span < 1.2  # on the way before the clip starts, and after it ends
    active = np.ones_like(time) if always else actor.pulse(time, 0, rise, span - rise, span)
    clock = np.arange(time[0] - 2, time[-1] + 2, 0.01)
    path = np.cumsum(np.ones_like(clock) if always else actor.pulse(clock, 0, rise, span - rise, span)) * 0.01 * speed

    def place(t):
        return np.interp(t, clock, path)  # of the pelvis at time t

    left = rate * time + start  # in strides; the left foot lands when this is a whole number, the right foot half a stride later
    for s, ahead in (("l", start), ("r", start + 0.5)):
        phase = rate * time + ahead
        count, u = np.floor(phase), phase % 1
        w = np.clip((u - duty) / (1 - duty), 0, 1)  # share of the swing
        here, there = (place((n + duty / 2 - ahead) / rate) for n in (count, count + 1))
        step = np.clip((there - here) / (stride * leg), 0, 1)
        actor.add(**{f"{s}_fz": here + w * w * (3 - 2 * w) * (there - here),
                     f"{s}_fy": step * leg * lift * np.sin(np.pi * w**0.75) ** 2})
        leaving = actor.ease((u - 0.55 * duty) / (0.45 * duty)) * (1 - actor.ease((w - 0.1) / 0.75))
        landing = actor.ease((w - 0.55) / 0.4) + (u < duty) * (1 - actor.ease(u / (0.25 * duty)))
        actor.add(**{f"{s}_toe": step * (push * leaving - heel * landing)})
        forwards = -np.cos(2 * np.pi * (phase + 0.03))  # the arm is back while the foot of its side is in front
        actor.aim(active, **{f"{s}_flex": 0.12 * elbow, f"{s}_abd": 8 + elbow / 16, f"{s}_rot": 8 + elbow / 5, f"{s}_elbow": elbow,
                             f"{s}_out": 6, f"{s}_reach": 0.0})
        actor.add(**{f"{s}_flex": active * arms * forwards, f"{s}_elbow": active * pump * forwards,
                     f"{s}_fx": active * (-width if s == "l" else width)})
    reach = np.cos(2 * np.pi * left)  # 1 when the left foot is in front, -1 when the right one is
    over = np.sin(2 * np.pi * (left - duty / 2 + 0.25))  # 1 when the pelvis is over the left foot
    twist = actor.uniform(3, 7) * (1 + elbow / 200)
    actor.add(z=place(time), x=actor.uniform(0.005, 0.025) * over * active,
              y=leg * active * (sink[1] * np.cos(4 * np.pi * (left - duty / 2)) - sink[0]),
              yaw=-twist * reach * active, twist=2 * twist * reach * active,  # the shoulders turn against the hips
              roll=actor.uniform(1, 4) * over * active, lean=-actor.uniform(1, 3) * over * active,
              pitch=0.4 * pitch * active, bend=0.6 * pitch * active, nod=-0.5 * pitch * active)
