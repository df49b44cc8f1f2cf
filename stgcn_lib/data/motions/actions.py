"""The named actions: how the channels of a pose move in time.

Every action is a function `action(actor, time, span)` that changes the actor's pose in place. `time` (T,) is in seconds, the
action lasts from 0 to `span`; before and after it the person stands (or sits) idle. Actions are written for the right hand or
foot; `motions.clip` mirrors half of them. Movements between key poses follow the minimum-jerk curve (Flash & Hogan, 1985).
"""

from dataclasses import dataclass

import numpy as np

from . import body as human


@dataclass
class Actor:
    """A person about to move: bones, the pose that the action changes, and how freely key poses vary."""

    body: dict
    pose: dict
    rng: np.random.Generator
    loose: float  # degrees

    def aim(self, weight, **values):
        """Moves channels towards key values, by `weight` (T,) in [0, 1]; angles vary from clip to clip."""
        for channel, value in values.items():
            if channel.split("_")[-1] in human.LIMITS:
                value = value + self.loose * self.rng.standard_normal()
            self.pose[channel] = self.pose[channel] + weight * (value - self.pose[channel])

    def add(self, **values):
        """Adds to channels."""
        for channel, value in values.items():
            self.pose[channel] = self.pose[channel] + value

    def uniform(self, low, high):
        return self.rng.uniform(low, high)

    def chance(self, probability):
        return self.rng.uniform() < probability


def ease(x):
    """The minimum-jerk curve from 0 to 1: `10 x^3 - 15 x^4 + 6 x^5`, flat outside [0, 1]."""
    x = np.clip(x, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x * x)


def pulse(x, rise, top, fall, end):
    """0 before `rise`, 1 from `top` to `fall`, 0 after `end`, eased between."""
    return ease((x - rise) / (top - rise)) - ease((x - fall) / (end - fall))


def wave(actor, time, span):
    rise = min(0.45, span / 4)
    up = pulse(time, 0, rise, span - rise, span)
    rate = max(actor.uniform(1.5, 2.8), 2.2 / (span - rise))
    swing = np.sin(2 * np.pi * (rate * (time - rise) + actor.uniform(0, 1))) * up
    both = actor.chance(0.15)
    high = actor.chance(0.35)
    for s in "rl" if both else "r":
        if high:  # the whole arm swings over the head
            actor.aim(up, **{f"{s}_flex": 25, f"{s}_abd": actor.uniform(135, 155), f"{s}_rot": -30, f"{s}_elbow": 28})
            actor.add(**{f"{s}_abd": actor.uniform(12, 22) * swing, f"{s}_elbow": actor.uniform(5, 18) * swing})
        else:  # the forearm swings beside the head
            out = actor.uniform(55, 105)
            actor.aim(up, **{f"{s}_flex": actor.uniform(0, 30), f"{s}_abd": out, f"{s}_rot": -80, f"{s}_elbow": 178 - out})
            actor.add(**{f"{s}_elbow": actor.uniform(16, 32) * swing, f"{s}_abd": actor.uniform(0, 8) * swing})
        actor.aim(up, **{f"{s}_pron": 50})
        actor.add(**{f"{s}_wrist": actor.uniform(5, 20) * swing})
    actor.add(lean=actor.uniform(-4, 6) * up + actor.uniform(-2, 2) * swing)
    if not both:
        other_hand(actor, up)


def other_hand(actor, weight):
    """What the idle hand does meanwhile: mostly nothing, sometimes it rests on the hip or is half raised."""
    kind = actor.uniform(0, 1)
    if kind < 0.2:
        actor.aim(weight, l_abd=42, l_flex=-18, l_rot=62, l_elbow=95)
    elif kind < 0.4:
        actor.aim(weight, l_flex=25, l_abd=12, l_rot=35, l_elbow=75)


def clap(actor, time, span):
    rise = min(0.4, span / 4)
    up = pulse(time, 0, rise, span - rise, span)
    rate = max(actor.uniform(1.6, 3.4), 2.2 / (span - rise))
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * (rate * (time - rise) + actor.uniform(0, 1)))
    arm = actor.body["arm"] + actor.body["forearm"]
    if actor.chance(0.2):  # over the head
        height, front = actor.uniform(0.65, 0.85) * arm, actor.uniform(0.1, 0.35) * arm
        actor.aim(up, r_flex=120, l_flex=120, r_abd=30, l_abd=30, r_rot=0, l_rot=0, r_elbow=40, l_elbow=40)
    else:
        height, front = actor.uniform(-0.5, 0.1) * arm, actor.uniform(0.45, 0.75) * arm
        actor.aim(up, r_flex=35, l_flex=35, r_abd=22, l_abd=22, r_rot=30, l_rot=30, r_elbow=85, l_elbow=85)
    wide, middle, share = actor.uniform(0.22, 0.6) * arm, actor.uniform(-0.12, 0.12) * arm, actor.uniform(0.3, 0.7)
    for s, sign, part in (("l", 1, share), ("r", -1, 1 - share)):  # one hand may do more of the way than the other
        x = middle + sign * (0.04 + 2 * part * wide * beat)
        actor.pose[f"{s}_target"] = np.stack([x, height - 0.04 * sign * (share - 0.5) * beat, np.full_like(x, front)], axis=1)
        actor.aim(up, **{f"{s}_reach": 1.0, f"{s}_wrist": -25, f"{s}_pron": 15})
    actor.add(nod=actor.uniform(-3, 8) * up, bend=actor.uniform(-3, 8) * up)


def walk(actor, time, span):
    _gait(actor, time, span, rate=actor.uniform(0.8, 1.08), stride=actor.uniform(0.62, 0.9), duty=0.62, lift=0.05, bob=0.018,
          heel=18, push=32, arms=actor.uniform(10, 30), elbow=actor.uniform(12, 35), pump=actor.uniform(4, 14), pitch=actor.uniform(0, 6))


def run(actor, time, span):
    _gait(actor, time, span, rate=actor.uniform(1.25, 1.6), stride=actor.uniform(1.0, 1.75), duty=0.36, lift=actor.uniform(0.2, 0.38),
          bob=-0.045, heel=8, push=38, arms=actor.uniform(25, 50), elbow=actor.uniform(75, 105), pump=actor.uniform(5, 20),
          pitch=actor.uniform(6, 15))


def _gait(actor, time, span, rate, stride, duty, lift, bob, heel, push, arms, elbow, pump, pitch):
    """Walking and running: each foot stands for `duty` of a stride, then swings to its next place; the pelvis follows the path.

    Args:
        rate: strides a second. stride: length, in heights of the hip. lift: how high a swinging ankle rises, likewise. bob: rise
            of the pelvis over the standing foot (a walker vaults over it, a runner sinks on it), likewise. heel, push: pitch of the
            sole at landing and at leaving, degrees. arms, elbow, pump: swing of the arms, bend of the elbows and its swing, degrees.
    """
    leg = actor.body["thigh"] + actor.body["shank"]
    start = actor.uniform(0, 1)
    rise = min(0.5 / rate, span / 3)
    whole = actor.chance(0.4)  # already on the way when the clip starts, and still when it ends
    going = (lambda t: np.ones_like(t)) if whole else (lambda t: pulse(t, 0, rise, span - rise, span))
    fine = np.arange(time[0] - 2, time[-1] + 2, 0.01)
    path = np.cumsum(going(fine)) * 0.01 * rate * stride * leg
    place = lambda t: np.interp(t, fine, path)  # noqa: E731  where the pelvis is at time t
    active = going(time)
    left = rate * time + start
    for s, phase in (("l", left), ("r", left + 0.5)):
        count, u = np.floor(phase), phase % 1
        stands = lambda n, ahead=phase - rate * time: place((n + duty / 2 - ahead) / rate)  # noqa: E731  pelvis over the foot
        w = np.clip((u - duty) / (1 - duty), 0, 1)
        here, there = stands(count), stands(count + 1)
        step = np.clip((there - here) / (rate * stride * leg) * rate, 0, 1)  # smaller while starting and stopping
        actor.add(**{f"{s}_fz": here + ease(0.5 * w + 0.5 * w * w * (3 - 2 * w)) * (there - here),
                     f"{s}_fy": step * leg * lift * np.sin(np.pi * w**0.75) ** 2})
        off = ease((u - 0.55 * duty) / (0.45 * duty)) * (1 - ease(w / 0.75))
        land = ease((w - 0.55) / 0.4) + (u < duty) * (1 - ease(u / (0.25 * duty))) - (u < 1e-9)
        actor.add(**{f"{s}_toe": step * (push * off - heel * np.clip(land, 0, 1))})
        other = -np.cos(2 * np.pi * (phase + 0.03))  # the arm is back while its foot is in front
        actor.aim(active, **{f"{s}_flex": 4, f"{s}_elbow": elbow})
        actor.add(**{f"{s}_flex": active * arms * other, f"{s}_elbow": active * pump * other})
        if elbow > 60:
            actor.aim(active, **{f"{s}_rot": 28, f"{s}_flex": 0.0 + arms * 0.15 + arms * other, f"{s}_abd": 14})
    turn = np.cos(2 * np.pi * left)  # the left foot lands at 1
    above = np.sin(2 * np.pi * (left - duty / 2 + 0.25))  # 1 when the pelvis is over the left foot
    twist = actor.uniform(3, 8) * (1.4 if elbow > 60 else 1)
    actor.add(z=place(time), yaw=-twist * turn * active, twist=2 * twist * turn * active, roll=actor.uniform(1, 4) * above * active,
              lean=-actor.uniform(1, 3) * above * active, x=actor.uniform(0.005, 0.025) * above * active,
              y=leg * active * (bob * np.cos(4 * np.pi * (left - duty / 2)) - (0.004 if elbow < 60 else 0.03)))
    actor.add(pitch=0.4 * pitch * active, bend=0.6 * pitch * active, nod=-0.5 * pitch * active)
    for s in "lr":
        actor.aim(active, **{f"{s}_fx": (-0.03 if s == "l" else 0.03) * (1 if elbow < 60 else 1.5), f"{s}_out": 6})
    actor.aim(active, turn=0)


def jump(actor, time, span):
    leg = actor.body["thigh"] + actor.body["shank"]
    reps = _repeat(actor, time, span, 1.25)
    style, far = actor.uniform(0, 1), actor.uniform(-0.05, 0.45) * actor.chance(0.5)
    for t, last in reps:
        amount = actor.uniform(0.8, 1.2)
        crouch, height = actor.uniform(0.12, 0.26) * leg * amount, actor.uniform(0.2, 0.42) * leg * amount
        flight = np.sqrt(8 * height / 9.81) / last  # as a share of the repetition
        leave, down = 0.42 - flight * 0.15, 0.42 + flight * 0.85
        air = np.clip((t - leave) / (down - leave), 0, 1)
        fly = 4 * height * air * (1 - air)
        low = pulse(t, 0, leave - 0.16, leave - 0.14, leave)
        soft = pulse(t, down - 0.02, down + 0.1, down + 0.14, 1)
        tuck = actor.uniform(0, 0.25) * leg * pulse(air, 0.05, 0.5, 0.5, 0.95)
        toes = pulse(t, leave - 0.1, leave, leave + 0.08, down)
        actor.add(y=fly - crouch * low - actor.uniform(0.5, 0.9) * crouch * soft + 0.09 * leg * toes, l_fy=fly + tuck, r_fy=fly + tuck)
        actor.add(l_toe=40 * toes, r_toe=40 * toes)
        jumped = far * leg * ease(air)
        actor.add(z=jumped - 0.1 * leg * low - 0.06 * leg * soft, l_fz=jumped, r_fz=jumped)
        actor.add(pitch=22 * low + 15 * soft, bend=16 * low + 12 * soft, nod=-15 * low - 8 * soft)
        back, up = low, pulse(t, leave - 0.1, leave + 0.5 * (down - leave), down - 0.3 * (down - leave), down + 0.15)
        if style < 0.7:  # the arms swing back, then up
            reach = actor.uniform(70, 165)
            for s in "lr":
                actor.aim(back, **{f"{s}_flex": -25, f"{s}_elbow": 20})
                actor.aim(up, **{f"{s}_flex": reach, f"{s}_abd": 25, f"{s}_elbow": 25})
        else:
            for s in "lr":
                actor.aim(np.maximum(back, 0.7 * up), **{f"{s}_flex": 10, f"{s}_abd": actor.uniform(15, 55), f"{s}_rot": 30, f"{s}_elbow": 70})


def squat(actor, time, span):
    leg = actor.body["thigh"] + actor.body["shank"]
    style = actor.uniform(0, 1)
    deep = actor.uniform(0.3, 0.6)
    whole = pulse(time, 0, 0.2 * span, 0.85 * span, span)
    actor.aim(whole, l_fx=0.04, r_fx=-0.04, l_out=22, r_out=22, l_hipabd=14, r_hipabd=14)
    for t, _ in _repeat(actor, time, span, 1.7):
        down = pulse(t, 0, 0.42, 0.52, 1)
        depth = np.clip(deep * actor.uniform(0.88, 1.12), 0, 0.62)
        actor.add(y=-depth * leg * down, z=-0.36 * depth * leg * down)
        actor.add(pitch=depth * actor.uniform(40, 70) * down, bend=depth * actor.uniform(0, 30) * down, nod=-depth * 35 * down)
        hands = down if style < 0.8 else 0.3 * down
        for s in "lr":
            if style < 0.45:  # stretched out in front for balance
                actor.aim(hands, **{f"{s}_flex": 92, f"{s}_abd": 8, f"{s}_elbow": 12, f"{s}_pron": 60})
            elif style < 0.65:  # clasped before the chest
                actor.aim(np.maximum(hands, 0.8 * whole), **{f"{s}_flex": 38, f"{s}_abd": 12, f"{s}_rot": 50, f"{s}_elbow": 118})
            elif style < 0.8:  # on the hips
                actor.aim(whole, **{f"{s}_abd": 42, f"{s}_flex": -18, f"{s}_rot": 62, f"{s}_elbow": 95})
            else:
                actor.aim(down, **{f"{s}_flex": 35, f"{s}_elbow": 30})


def bow(actor, time, span):
    style = actor.uniform(0, 1)
    deep, hips = actor.uniform(32, 80), actor.uniform(0.4, 0.65)
    for t, _ in _repeat(actor, time, span, 1.8):
        down = pulse(t, 0, actor.uniform(0.32, 0.42), actor.uniform(0.5, 0.62), 1)
        amount = deep * actor.uniform(0.9, 1.1)
        actor.add(pitch=hips * amount * down, bend=(1 - hips) * amount * down, nod=actor.uniform(0, 22) * down,
                  z=-0.0016 * amount * down, y=-0.0003 * amount * down)
        for s in "lr":
            if style < 0.6:  # the hands slide down the thighs
                actor.aim(down, **{f"{s}_flex": actor.uniform(0.3, 0.75) * amount, f"{s}_abd": 5, f"{s}_elbow": 14})
            elif style < 0.8 or s == "r":  # hands, or one hand, before the belly
                actor.aim(down, **{f"{s}_flex": 25, f"{s}_abd": 12, f"{s}_rot": 65, f"{s}_elbow": 85})
            else:
                actor.aim(down, l_flex=-20, l_abd=25, l_rot=60, l_elbow=70)


def sit_down(actor, time, span):
    _sit(actor, ease_in=time / span)


def stand_up(actor, time, span):
    _sit(actor, ease_in=1 - time / span)


def _sit(actor, ease_in):
    """Sitting down as `ease_in` goes from 0 to 1; standing up is the same way back, with more lean and more push."""
    body, p = actor.body, np.clip(ease_in, 0, 1)
    rising = ease_in[-1] < ease_in[0]
    down = ease((p - 0.08) / 0.87)
    seat = body["ankle"] + body["shank"] + actor.uniform(-0.09, 0.06) * body["height"]  # where the hip joints come to rest
    drop = human.standing_height(body) - seat - 0.02 * body["height"]
    back = actor.uniform(0.78, 0.95) * body["thigh"]
    sitting = -back + actor.pose["z"].mean()  # where the pelvis is then
    actor.add(y=-drop * down, z=-back * ease((p - 0.02) / 0.9))
    over = pulse(p, 0, actor.uniform(0.42, 0.55), actor.uniform(0.55, 0.65), 1)
    actor.add(pitch=actor.uniform(20, 38) * over * (1.15 if rising else 1) - actor.uniform(0, 12) * down,
              bend=actor.uniform(5, 22) * over + actor.uniform(-3, 10) * down, nod=-actor.uniform(0, 15) * over)
    wide = actor.uniform(0, 0.06)
    actor.aim(down, l_hipabd=8, r_hipabd=8)
    actor.add(l_fx=wide * down, r_fx=-wide * down, l_fz=actor.uniform(-0.05, 0.05) * down, r_fz=actor.uniform(-0.05, 0.05) * down)
    style, hands = actor.uniform(0, 1), actor.uniform(0, 1)
    along, inside = actor.uniform(0.4, 0.85) * body["thigh"], actor.uniform(0.02, 0.07) * body["height"]
    for s, sign in (("l", 1), ("r", -1)):
        swing = pulse(p, 0.05, 0.45, 0.55, 0.95)
        if style < 0.35:
            actor.aim(swing, **{f"{s}_flex": 55, f"{s}_elbow": 30})  # forwards, for balance
        elif style < 0.7:
            actor.aim(swing, **{f"{s}_flex": -25, f"{s}_abd": 18, f"{s}_elbow": 35})  # back, feeling for the seat
        rest = ease((p - 0.4) / 0.55)
        actor.aim(rest, **{f"{s}_flex": 20, f"{s}_abd": 10, f"{s}_rot": 15, f"{s}_elbow": 45, f"{s}_pron": 60, f"{s}_wrist": 0})
        if hands < 0.8:  # on the thighs, near the knees or in the lap; else the arms stay where they are
            actor.pose[f"{s}_floor"] = np.stack([sign * inside + 0 * p, seat + 0.05 * body["height"] + 0 * p, sitting + along + 0 * p], axis=1)
            actor.aim(rest, **{f"{s}_reach": 1.0})


def kick(actor, time, span):
    leg = actor.body["thigh"] + actor.body["shank"]
    for t, _ in _repeat(actor, time, span, 1.15):
        high = actor.uniform(48, 92)
        back, out, home = pulse(t, 0.02, 0.26, 0.26, 0.42), pulse(t, 0.26, 0.47, 0.53, 0.8), pulse(t, 0.55, 0.72, 0.72, 0.98)
        free = pulse(t, 0.02, 0.2, 0.75, 0.98)
        actor.aim(free, r_free=1.0, r_hipabd=4)
        actor.aim(back, r_hip=-18, r_knee=62, r_toe=25)
        actor.aim(home, r_hip=22, r_knee=52, r_toe=15)
        actor.aim(out, r_hip=high, r_knee=10, r_toe=actor.uniform(0, 35))
        actor.pose["r_knee"] = actor.pose["r_knee"] + 25 * pulse(t, 0.26, 0.36, 0.36, 0.47)  # folds before it snaps out
        actor.add(x=0.05 * leg * free, y=-0.03 * leg * free, z=0.04 * leg * out - 0.05 * leg * back)
        actor.add(pitch=-actor.uniform(3, 16) * out + 6 * back, bend=10 * out, nod=6 * out, yaw=14 * out - 8 * back, roll=-3 * free)
        guard = actor.chance(0.4)
        for s in "lr":
            if guard:
                actor.aim(free, **{f"{s}_flex": 35, f"{s}_abd": 22, f"{s}_rot": 30, f"{s}_elbow": 110})
            else:
                actor.aim(out, **{f"{s}_flex": 35 if s == "l" else -28, f"{s}_abd": actor.uniform(15, 50), f"{s}_elbow": 35})
                actor.aim(back, **{f"{s}_flex": -20 if s == "l" else 25, f"{s}_abd": 25, f"{s}_elbow": 35})


def punch(actor, time, span):
    leg = actor.body["thigh"] + actor.body["shank"]
    ready = pulse(time, 0, 0.22 * span, 0.82 * span, span)
    guard = actor.uniform(0.6, 1) * ready
    stance = actor.uniform(0.05, 0.2) * leg
    actor.add(l_fz=stance * ready, r_fz=-stance * ready, l_fy=0.03 * leg * pulse(time, 0, 0.11 * span, 0.11 * span, 0.22 * span),
              y=-0.05 * leg * ready, yaw=-15 * ready, turn=12 * ready)
    for s in "lr":
        actor.aim(guard, **{f"{s}_flex": 32, f"{s}_abd": 14, f"{s}_rot": 20, f"{s}_elbow": 125})
    start = 0.2 * span
    count = max(1, int(actor.rng.integers(1, 4) * min(1, span / 1.3)))
    each = 0.62 * span / count
    alternate = actor.chance(0.5)
    height = actor.uniform(80, 100)
    for i in range(count):
        s = "l" if alternate and i % 2 else "r"
        t = (time - start - i * each) / min(each, 0.75)
        wind, hit = pulse(t, 0, 0.22, 0.25, 0.45), pulse(t, 0.22, 0.47, 0.54, 0.95)
        actor.aim(wind, **{f"{s}_flex": -12, f"{s}_abd": 18, f"{s}_elbow": 118})
        actor.aim(hit, **{f"{s}_flex": height, f"{s}_abd": 20, f"{s}_rot": 10, f"{s}_elbow": 8, f"{s}_pron": 75, f"{s}_wrist": 0})
        way = 1 if s == "r" else -1
        actor.add(twist=way * (actor.uniform(16, 30) * hit - 12 * wind), yaw=way * 14 * hit, z=0.06 * leg * hit, bend=6 * hit,
                  r_toe=22 * hit * (s == "r"), turn=-way * 20 * hit)


def throw(actor, time, span):
    leg = actor.body["thigh"] + actor.body["shank"]
    p = time / span
    wind, hit, follow = pulse(p, 0.02, 0.38, 0.4, 0.55), pulse(p, 0.4, 0.56, 0.57, 0.7), pulse(p, 0.56, 0.72, 0.78, 1)
    step = pulse(p, 0.2, 0.48, 0.78, 1)
    lift = pulse(p, 0.2, 0.34, 0.34, 0.48) + pulse(p, 0.78, 0.89, 0.89, 1)
    far = actor.uniform(0.15, 0.5) * leg
    actor.add(l_fz=far * step, l_fy=0.07 * leg * lift, z=0.55 * far * step - 0.07 * leg * wind, y=-0.12 * far * step,
              r_toe=35 * pulse(p, 0.45, 0.6, 0.78, 1) * min(1, far / 0.2))
    high, twist = actor.uniform(65, 105), actor.uniform(25, 45)
    actor.aim(wind, r_abd=high, r_flex=-5, r_rot=-82, r_elbow=98, l_flex=actor.uniform(20, 75), l_abd=20, l_elbow=40)
    actor.aim(hit, r_abd=0.75 * high, r_flex=95, r_rot=-25, r_elbow=25, l_flex=10, l_elbow=60)
    actor.aim(follow, r_abd=-18, r_flex=48, r_rot=25, r_elbow=28, r_wrist=30)
    actor.add(twist=twist * (0.8 * follow + 0.45 * hit - wind), yaw=0.4 * twist * (follow - wind), turn=twist * (wind - 0.7 * follow),
              bend=24 * follow + 10 * hit - 8 * wind, lean=7 * wind - 6 * hit, pitch=8 * follow - 4 * wind)


def pick_up(actor, time, span):
    body = actor.body
    leg, p = body["thigh"] + body["shank"], time / span
    down = pulse(p, 0, actor.uniform(0.36, 0.44), 0.54, actor.uniform(0.82, 0.95))
    deep = actor.uniform(0, 1)  # 0 bends the back, 1 bends the knees
    both = actor.chance(0.3)
    side = 0.0 if both else actor.uniform(-0.05, 0.16)
    actor.add(y=-(0.2 + 0.36 * deep) * leg * down, z=-(0.16 - 0.02 * deep) * leg * down, pitch=(62 - 22 * deep) * down,
              bend=(46 - 8 * deep) * down, nod=actor.uniform(-25, 5) * down, lean=0 if both else 8 * down, twist=0 if both else 14 * down)
    split = actor.uniform(0, 0.16) * leg
    actor.add(l_fz=split * down, r_fz=-split * down, r_toe=(12 + 25 * deep) * down * (split > 0.08), l_fy=0.02 * down * (1 - down) * 4)
    spot = np.array([-side, actor.uniform(0.105, 0.14) * body["height"], actor.uniform(0.2, 0.3) * body["height"]])
    grasp = pulse(p, 0.08, 0.42, 0.52, 0.72)
    for s, sign in (("r", -1), ("l", 1)) if both else (("r", -1),):
        actor.pose[f"{s}_floor"] = np.tile(spot + ((sign * 0.1, 0, 0) if both else (0, 0, 0)), (len(time), 1))
        actor.aim(down, **{f"{s}_flex": 75, f"{s}_elbow": 12, f"{s}_abd": 8})
        actor.aim(grasp, **{f"{s}_reach": 1.0})
        held = ease((p - 0.55) / 0.4) - (ease((p - 1) / 0.4) if actor.chance(0.3) else 0)  # what was picked up is held, or let down
        actor.aim(held, **{f"{s}_flex": 18, f"{s}_elbow": actor.uniform(25, 95), f"{s}_rot": 15})
    if not both:
        actor.aim(down, l_flex=actor.uniform(10, 60), l_elbow=actor.uniform(15, 65), l_abd=12)


def _repeat(actor, time, span, seconds):
    """Yields, for each repetition that fits in `span`, the time as a share of it (T,) and how many seconds it takes."""
    count = 1 if span < 1.6 * seconds else int(actor.rng.integers(1, int(span / (0.8 * seconds)) + 1))
    for i in range(count):
        yield np.clip((time - i * span / count) * count / span, 0, 1), span / count


# The function of each action, the shortest and the longest time it takes in seconds, and whether it may go on as long as the clip.
ACTIONS = {
    "wave": (wave, 1.2, 2.2, True), "clap": (clap, 1.0, 2.2, True), "walk": (walk, 1.5, 2.5, True), "run": (run, 1.3, 2.3, True),
    "jump": (jump, 1.0, 1.5, True), "sit down": (sit_down, 0.9, 1.7, False), "stand up": (stand_up, 0.9, 1.7, False),
    "squat": (squat, 1.2, 2.0, True), "bow": (bow, 1.2, 2.0, False), "kick": (kick, 0.85, 1.4, True),
    "punch": (punch, 0.9, 1.6, True), "throw": (throw, 1.0, 1.6, False), "pick up": (pick_up, 1.3, 2.0, False),
}
