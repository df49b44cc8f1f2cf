"""The named actions: how the channels of a pose move in time.

Every action is a function `action(actor, time, span)` that changes the actor's pose in place. `time` (T,) is in seconds, the
action lasts from 0 to `span`; before and after it the person stands (or sits) idle. Actions are written for the right hand or
foot; `motions.clip` mirrors half of them.
"""

import numpy as np

from . import body as human
from .actor import Actor
from .gait import run, walk


class Person(Actor):
    """An actor with arms and legs."""

    @property
    def leg(self):
        """Thigh and shank, metres."""
        return self.body["thigh"] + self.body["shank"]

    def arms(self, weight, sides="lr", **values):
        """`aim` for channels of the left ("l") and the right ("r") arm."""
        for s in sides:
            self.aim(weight, **{f"{s}_{channel}": value for channel, value in values.items()})


ON_HIP = dict(flex=-18, abd=42, rot=62, elbow=95)
BEHIND = dict(flex=-28, abd=12, rot=60, elbow=48)
CLASPED = dict(flex=22, abd=8, rot=42, elbow=50)
CROSSED = dict(flex=30, abd=12, rot=75, elbow=105)


def at_ease(actor):
    """How the person stands before anything happens: mostly with hanging arms."""
    always = np.ones_like(actor.pose["x"])
    habit = int(actor.rng.integers(0, 16))
    if habit < 4:
        actor.arms(always, **(ON_HIP, BEHIND, CLASPED, CROSSED)[habit])
    elif habit < 6:
        actor.arms(always, "r" if habit == 4 else "l", **ON_HIP)
    elif habit < 8:  # a hand that holds something
        actor.arms(always, "r" if habit == 6 else "l", flex=12, abd=8, rot=25, elbow=80)


def wave(actor, time, span):
    rise = min(actor.uniform(0.3, 0.5), span / 4)
    up = actor.pulse(time, 0, rise, span - rise, span)
    if actor.chance(0.2):
        seated(actor, np.ones_like(time))
    rate = max(actor.uniform(1.4, 2.8), 2.2 / (span - rise))
    swing = np.sin(2 * np.pi * (rate * (time - rise) + actor.uniform(0, 1))) * up
    hands = "rl" if actor.chance(0.15) else "r"
    over_head = actor.chance(0.35)
    for s in hands:
        if over_head:  # the whole arm swings
            actor.arms(up, s, flex=actor.uniform(0, 40), abd=actor.uniform(130, 155), rot=-30, elbow=28)
            actor.add(**{f"{s}_abd": actor.uniform(12, 22) * swing, f"{s}_elbow": actor.uniform(5, 18) * swing})
        else:  # the forearm swings beside the head
            out = actor.uniform(58, 105)
            actor.arms(up, s, flex=actor.uniform(-5, 30), abd=out, rot=-80, elbow=176 - out)
            actor.add(**{f"{s}_elbow": actor.uniform(16, 32) * swing, f"{s}_abd": actor.uniform(0, 8) * swing})
        actor.arms(up, s, pron=50)
        actor.add(**{f"{s}_wrist": actor.uniform(5, 20) * swing})
    actor.add(lean=actor.uniform(-4, 6) * up + actor.uniform(-2, 2) * swing)
    if hands == "r" and actor.chance(0.3):  # the other hand stirs a little too
        actor.arms(up, "l", **(ON_HIP if actor.chance(0.5) else dict(flex=25, abd=12, rot=35, elbow=75)))


def clap(actor, time, span):
    rise = min(actor.uniform(0.3, 0.5), span / 4)
    up = actor.pulse(time, 0, rise, span - rise, span)
    if actor.chance(0.2):
        seated(actor, np.ones_like(time))
    rate = max(actor.uniform(1.5, 3.4), 2.2 / (span - rise))
    apart = 0.5 + 0.5 * np.cos(2 * np.pi * (rate * (time - rise) + actor.uniform(0, 1)))
    arm = actor.body["arm"] + actor.body["forearm"]
    if actor.chance(0.25):  # over the head
        height, front = actor.uniform(0.6, 0.85) * arm, actor.uniform(0.1, 0.4) * arm
        actor.arms(up, flex=120, abd=30, rot=0, elbow=40)
    else:
        height, front = actor.uniform(-0.55, 0.15) * arm, actor.uniform(0.45, 0.75) * arm
        actor.arms(up, flex=35, abd=22, rot=30, elbow=85)
    wide, middle = actor.uniform(0.2, 0.5) * arm, actor.uniform(-0.15, 0.15) * arm
    share = actor.uniform(0.25, 0.75)  # one hand may go more of the way than the other
    for s, sign, part in (("l", 1, share), ("r", -1, 1 - share)):
        x = middle + sign * (0.04 + 2 * part * wide * apart)
        actor.pose[f"{s}_target"] = np.stack([x, np.full_like(x, height), np.full_like(x, front)], axis=1)
    actor.arms(up, reach=1.0, wrist=-25, pron=15)
    actor.add(nod=actor.uniform(-3, 8) * up, bend=actor.uniform(-3, 10) * up)


def jump(actor, time, span):
    leg, swings = actor.leg, actor.chance(0.7)
    far = actor.uniform(-0.05, 0.45) * leg * actor.chance(0.5)
    for t, seconds in actor.repeats(time, span, 1.25):
        amount = actor.uniform(0.8, 1.2)
        crouch, height = actor.uniform(0.1, 0.27) * leg * amount, actor.uniform(0.18, 0.42) * leg * amount
        flight = min(np.sqrt(8 * height / 9.81) / seconds, 0.6)  # up and down again under gravity, as a share of the repetition
        leave = 0.42 - flight * 0.15
        land = leave + flight
        air = np.clip((t - leave) / flight, 0, 1)
        fly = 4 * height * air * (1 - air)
        low = actor.pulse(t, 0, leave - 0.16, leave - 0.14, leave)
        soft = actor.pulse(t, land - 0.02, land + 0.1, land + 0.12, 1.05) * actor.uniform(0.5, 0.9)
        toes = actor.pulse(t, leave - 0.1, leave, leave + 0.08, land)
        tuck = fly + actor.uniform(0, 0.22) * leg * actor.pulse(air, 0.05, 0.5, 0.5, 0.95)
        gone = far * actor.ease(air)
        actor.add(y=fly - crouch * (low + soft) + 0.09 * leg * toes, z=gone - 0.13 * leg * low - 0.11 * leg * soft,
                  l_fy=tuck, r_fy=tuck, l_fz=gone, r_fz=gone, l_toe=40 * toes, r_toe=40 * toes,
                  pitch=22 * low + 18 * soft, bend=16 * low + 15 * soft, nod=-15 * low - 10 * soft)
        up = actor.pulse(t, leave - 0.15, leave + 0.5 * flight, land - 0.3 * flight, land + 0.15)
        if swings:  # the arms go back, then up
            actor.arms(low, flex=-25, rot=10, elbow=20)
            actor.arms(up, flex=actor.uniform(60, 165), abd=25, rot=10, elbow=25)
        else:
            actor.arms(np.maximum(low, 0.7 * up), flex=10, abd=actor.uniform(15, 55), rot=30, elbow=70)


def squat(actor, time, span):
    style, deep = actor.uniform(0, 1), actor.uniform(0.25, 0.6)
    whole = actor.pulse(time, 0, 0.2 * span, 0.85 * span, span)
    actor.add(l_fx=0.03 * whole, r_fx=-0.03 * whole)
    actor.aim(whole, l_out=20, r_out=20, l_hipabd=14, r_hipabd=14)
    for t, _ in actor.repeats(time, span, 1.6):
        down = actor.pulse(t, 0, actor.uniform(0.34, 0.44), actor.uniform(0.5, 0.6), 1)
        depth = min(deep * actor.uniform(0.88, 1.12), 0.62)
        actor.add(y=-depth * actor.leg * down, z=-0.48 * depth * actor.leg * down, nod=-depth * 35 * down,
                  pitch=depth * actor.uniform(40, 70) * down, bend=depth * actor.uniform(0, 30) * down)
        if style < 0.45:  # the arms go forward for balance
            actor.arms(down, flex=92, abd=8, rot=10, elbow=12, pron=60)
        elif style < 0.6:
            actor.arms(np.maximum(down, 0.8 * whole), flex=38, abd=12, rot=50, elbow=118)  # hands before the chest
        elif style < 0.75:
            actor.arms(whole, **ON_HIP)
        else:
            actor.arms(down, flex=35, elbow=30)


def bow(actor, time, span):
    style, deep, hips = actor.uniform(0, 1), actor.uniform(30, 80), actor.uniform(0.4, 0.65)
    for t, _ in actor.repeats(time, span, 1.8):
        down = actor.pulse(t, 0, actor.uniform(0.3, 0.42), actor.uniform(0.5, 0.65), 1)
        amount = deep * actor.uniform(0.9, 1.1)
        actor.add(pitch=hips * amount * down, bend=(1 - hips) * amount * down, nod=actor.uniform(0, 22) * down,
                  z=-0.0016 * amount * down, y=-0.0003 * amount * down)
        if style < 0.5:  # the hands slide down the thighs
            actor.arms(down, flex=actor.uniform(0.3, 0.75) * amount, abd=5, rot=10, elbow=14)
        elif style < 0.65:
            actor.arms(down, **CLASPED)
        elif style < 0.8:  # one hand on the belly, the other behind the back
            actor.arms(down, "r", flex=25, abd=12, rot=65, elbow=85)
            actor.arms(down, "l", **BEHIND)


def seated(actor, down):
    """Moves the pelvis to a seat behind the feet as `down` (T,) goes from 0 to 1. Returns the height and the place of the seat."""
    body = actor.body
    height = body["ankle"] + body["shank"] + actor.uniform(-0.08, 0.06) * body["height"]  # of the hip joints
    back = -actor.uniform(0.78, 0.95) * body["thigh"]
    wide = actor.uniform(0, 0.05)
    actor.add(y=(height + 0.02 * body["height"] - human.standing_height(body)) * down, z=back * down,
              l_fx=wide * down, r_fx=-wide * down,
              l_fz=actor.uniform(-0.05, 0.06) * down, r_fz=actor.uniform(-0.05, 0.06) * down,
              pitch=-actor.uniform(0, 12) * down, bend=actor.uniform(-3, 10) * down)
    actor.aim(down, l_hipabd=8, r_hipabd=8)
    return height, back


def sit_down(actor, time, span):
    _sit(actor, np.clip(time / span, 0, 1), push=1.0)


def stand_up(actor, time, span):
    _sit(actor, 1 - np.clip(time / span, 0, 1), push=1.15)


def _sit(actor, p, push):
    """Sitting down as `p` goes from 0 to 1; standing up is the way back, with more lean (`push`)."""
    body = actor.body
    height, back = seated(actor, actor.ease((p - 0.05) / 0.88))
    over = push * actor.pulse(p, 0, actor.uniform(0.42, 0.55), actor.uniform(0.58, 0.66), 1)  # the trunk stays over the feet
    actor.add(pitch=actor.uniform(22, 38) * over, bend=actor.uniform(5, 22) * over, nod=-actor.uniform(0, 15) * over)
    swing, rest = actor.pulse(p, 0.05, 0.45, 0.55, 0.95), actor.ease((p - 0.4) / 0.55)
    style, lap = actor.uniform(0, 1), actor.chance(0.75)
    along, inside = actor.uniform(0.4, 0.85) * body["thigh"], actor.uniform(0.02, 0.07) * body["height"]
    if style < 0.35:
        actor.arms(swing, flex=55, elbow=30)  # forward, for balance
    elif style < 0.7:
        actor.arms(swing, flex=-25, abd=18, elbow=35)  # back, feeling for the seat
    actor.arms(rest, flex=20, abd=10, rot=15, elbow=45, pron=60, wrist=0)
    if lap:  # hands on the thighs
        for s, sign in (("l", 1), ("r", -1)):
            spot = np.array([sign * inside, height + 0.05 * body["height"], back + along])
            actor.pose[f"{s}_floor"] = np.tile(spot, (len(p), 1))
        actor.arms(rest, reach=1.0)


def kick(actor, time, span):
    leg, guard = actor.leg, actor.chance(0.35)
    for t, _ in actor.repeats(time, span, 1.15):
        free = actor.pulse(t, 0.02, 0.2, 0.75, 0.98)  # the foot is off the floor
        back, home = actor.pulse(t, 0.02, 0.26, 0.26, 0.42), actor.pulse(t, 0.55, 0.72, 0.72, 0.98)
        out = actor.pulse(t, 0.26, 0.47, 0.53, 0.8)
        actor.aim(free, r_free=1.0, r_hipabd=4)
        actor.aim(back, r_hip=-18, r_knee=62, r_toe=25)
        actor.aim(home, r_hip=22, r_knee=52, r_toe=15)
        actor.aim(out, r_hip=actor.uniform(45, 92), r_knee=10, r_toe=actor.uniform(0, 35))
        actor.add(r_knee=25 * actor.pulse(t, 0.26, 0.36, 0.36, 0.47))  # folds before it snaps out
        actor.add(x=0.05 * leg * free, y=-0.02 * leg * free, z=0.04 * leg * out - 0.05 * leg * back, yaw=14 * out - 8 * back,
                  pitch=-actor.uniform(3, 16) * out + 6 * back, roll=-3 * free, bend=10 * out, nod=6 * out)
        if guard:
            actor.arms(free, flex=35, abd=22, rot=30, elbow=110)
        else:  # the arms swing against the legs
            wide = actor.uniform(10, 50)
            for s, sign in (("l", 1), ("r", -1)):
                actor.arms(out, s, flex=4 + 32 * sign, abd=wide, rot=10, elbow=35)
                actor.arms(back, s, flex=3 - 22 * sign, abd=wide / 2 + 8, rot=10, elbow=35)


def punch(actor, time, span):
    leg, high = actor.leg, actor.uniform(78, 100)
    ready = actor.pulse(time, 0, 0.22 * span, 0.82 * span, span)
    stance, guard = actor.uniform(0.03, 0.2) * leg, actor.uniform(0.3, 1) if actor.chance(0.5) else 1.0
    step = actor.pulse(time, 0, 0.11 * span, 0.11 * span, 0.22 * span)
    actor.add(l_fz=stance * ready, r_fz=-stance * ready, l_fy=0.15 * stance * step, y=-0.05 * leg * ready, yaw=-15 * ready,
              turn=12 * ready)
    actor.arms(guard * ready, flex=32, abd=14, rot=22, elbow=130)
    count, alternate = int(np.clip(actor.rng.integers(1, 4), 1, max(1, 0.62 * span / 0.4))), actor.chance(0.5)
    each = 0.62 * span / count
    for i in range(count):
        s, way = ("l", -1) if alternate and i % 2 else ("r", 1)
        t = (time - 0.2 * span - i * each) / min(each, 0.75)
        wind, hit = actor.pulse(t, 0, 0.2, 0.22, 0.52), actor.pulse(t, 0.2, 0.55, 0.62, 1)
        actor.arms(wind, s, flex=-12, abd=18, elbow=118)
        actor.arms(hit, s, flex=high, abd=20, rot=10, elbow=8, pron=75, wrist=0)
        actor.add(twist=way * (actor.uniform(16, 30) * hit - 12 * wind), yaw=way * 14 * hit, turn=-way * 20 * hit, bend=6 * hit,
                  z=0.06 * leg * hit, r_toe=(22 if s == "r" else 0) * hit)


def throw(actor, time, span):
    leg, p = actor.leg, time / span
    wind, hit = actor.pulse(p, 0.02, 0.36, 0.38, 0.6), actor.pulse(p, 0.38, 0.6, 0.61, 0.76)
    follow, step = actor.pulse(p, 0.6, 0.78, 0.8, 1), actor.pulse(p, 0.2, 0.48, 0.78, 1)
    far, high, twist = actor.uniform(0.05, 0.5) * leg, actor.uniform(60, 108), actor.uniform(22, 45)
    lift = 0.15 * far * (actor.pulse(p, 0.2, 0.34, 0.34, 0.48) + actor.pulse(p, 0.78, 0.89, 0.89, 1))
    actor.add(l_fz=far * step, l_fy=lift, z=0.55 * far * step - 0.07 * leg * wind, y=-0.12 * far * step,
              r_toe=35 * min(1, far / 0.2) * actor.pulse(p, 0.45, 0.6, 0.78, 1))
    actor.arms(wind, "l", abd=20, flex=actor.uniform(10, 75), rot=10, elbow=40)
    actor.arms(hit, "l", flex=10, elbow=60)
    if actor.chance(0.3):  # from below, as a ball is bowled
        twist, over = 0.5 * twist, 0.5
        actor.arms(wind, "r", flex=-50, abd=15, rot=0, elbow=12)
        actor.arms(hit, "r", flex=actor.uniform(55, 80), abd=5, rot=0, elbow=12)
        actor.arms(follow, "r", flex=actor.uniform(95, 130), abd=8, rot=0, elbow=30)
        actor.add(bend=18 * wind + 10 * hit, pitch=12 * wind + 8 * hit, y=-0.06 * leg * (wind + hit))
    else:
        over = 1.0
        actor.arms(wind, "r", abd=high, flex=-5, rot=-82, elbow=98)
        actor.arms(hit, "r", abd=0.75 * high, flex=95, rot=-25, elbow=25)
        actor.arms(follow, "r", abd=-18, flex=48, rot=25, elbow=28, wrist=30)
        actor.add(bend=24 * follow + 10 * hit - 8 * wind, lean=7 * wind - 6 * hit, pitch=8 * follow - 4 * wind)
    actor.add(twist=twist * (0.8 * over * follow + 0.45 * hit - wind), yaw=0.4 * twist * (over * follow - wind),
              turn=twist * (wind - 0.7 * over * follow))


def pick_up(actor, time, span):
    H, leg, p = actor.body["height"], actor.leg, time / span
    down = actor.pulse(p, 0, actor.uniform(0.36, 0.44), 0.54, actor.uniform(0.82, 0.95))
    knees = actor.uniform(0, 1)  # 0 bends the back, 1 the knees
    both = actor.chance(0.3)
    turned = 0 if both else down
    actor.add(y=-(0.2 + 0.31 * knees) * leg * down, z=-(0.15 + 0.11 * knees) * leg * down, pitch=(62 - 26 * knees) * down,
              bend=(48 - 12 * knees) * down, nod=actor.uniform(-25, 5) * down, lean=8 * turned, twist=14 * turned)
    split = actor.uniform(0, 0.16) * leg
    actor.add(l_fz=split * down, r_fz=-split * down, l_toe=14 * knees * down,
              r_toe=(14 * knees + 15 * (split > 0.08)) * down)
    aside = -0.11 if both else actor.uniform(-0.16, 0.05)
    spot = np.array([aside, actor.uniform(0.112, 0.14) * H, actor.uniform(0.2, 0.3) * H])  # the wrist; the hand hangs below
    hands = "rl" if both else "r"
    for s, sign in zip(hands, (1, -1), strict=False):
        actor.pose[f"{s}_floor"] = np.tile(spot * (sign, 1, 1), (len(time), 1))
    actor.arms(down, hands, flex=75, abd=8, rot=10, elbow=12)
    actor.arms(actor.pulse(p, 0.08, 0.42, 0.52, 0.72), hands, reach=1.0)
    held = actor.ease((p - 0.55) / 0.4)  # what was picked up is held before the body, or hangs from the hand
    actor.arms(held, hands, flex=18, abd=8, rot=15, elbow=actor.uniform(20, 95))
    if not both:
        actor.arms(down, "l", flex=actor.uniform(10, 60), abd=12, elbow=actor.uniform(15, 65))


# Of each action: its function, the shortest and the longest time it takes in seconds, and whether it goes on while there is time.
ACTIONS = {
    "wave": (wave, 1.2, 2.2, True), "clap": (clap, 1.0, 2.2, True), "walk": (walk, 1.5, 2.5, True), "run": (run, 1.3, 2.3, True),
    "jump": (jump, 1.0, 1.5, True), "sit down": (sit_down, 0.8, 1.8, False), "stand up": (stand_up, 0.8, 1.8, False),
    "squat": (squat, 1.0, 2.0, True), "bow": (bow, 1.0, 2.0, False), "kick": (kick, 0.95, 1.5, True),
    "punch": (punch, 0.9, 1.6, True), "throw": (throw, 1.2, 1.8, False), "pick up": (pick_up, 1.2, 2.0, False),
}
