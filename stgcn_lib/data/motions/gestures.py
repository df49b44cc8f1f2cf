"""The named gestures: how the channels of a hand's pose move in time.

Every gesture is a function `gesture(actor, time, span, ...)` that changes the actor's pose in place. `time` (T,) is in seconds, the
gesture lasts from 0 to `span`; before and after it the hand is held up, idle. A gesture has the phases that people's gestures
have: preparation, stroke, sometimes a hold, and retraction (Kendon, 1980; McNeill, 1992). The stroke carries the meaning, the way
there and the way back are slower.

Gestures are written for the right hand. Left, right and clockwise are those of the viewer who faces the palm: x to the right, y up.
"""

import numpy as np

from . import fingers as human
from .actor import Actor

ANGLES = human.LIMITS | dict.fromkeys(("lean", "yaw", "pitch", "roll"))


class Hand(Actor):
    """An actor with fingers."""

    def fingers(self, weight, names=human.FINGERS, **values):
        """`aim` for the same channels of several fingers; they keep together, but no two do exactly the same."""
        for channel, value in values.items():
            value = value + 0.7 * self.loose * self.rng.standard_normal()
            for name in names:
                self.aim(weight, **{f"{name}_{channel}": value})

    def fist(self, weight, names=human.FINGERS):
        self.fingers(weight, names, mcp=76, pip=98)
        self.aim(weight, **{f"{name}_abd": 0 for name in names})

    def flat(self, weight, names=human.FINGERS):
        """Stretched fingers, close together or spread."""
        spread = self.uniform(-0.3, 1.5)
        self.fingers(weight, names, mcp=self.uniform(-2, 18), pip=self.uniform(4, 20))
        self.aim(weight, **{f"{name}_abd": spread * out for name, out in zip(human.FINGERS, (7, 1, -5, -12), strict=True)
                            if name in names})

    def point(self, weight):
        """A stretched index finger, the others more or less closed, the thumb beside or over them."""
        curl = self.uniform(0.6, 1)
        self.fingers(weight, ("index",), mcp=self.uniform(2, 22), pip=self.uniform(5, 18))
        self.fingers(weight, human.FINGERS[1:], mcp=68 * curl, pip=92 * curl)
        if self.chance(0.5):
            self.aim(weight, thumb_radial=8, thumb_palmar=42, thumb_mp=28, thumb_ip=30)
        else:
            self.aim(weight, thumb_radial=30, thumb_palmar=20, thumb_mp=12, thumb_ip=12)


def swipe(actor, time, span, x, y):
    """A stroke to (x, y), a unit vector in the picture: back a little first, quickly through, and home again."""
    u, reach = time / span, actor.uniform(0.12, 0.32)
    start = actor.uniform(0.22, 0.32)
    end = start + actor.uniform(0.18, 0.23) + 0.25 * reach
    home = actor.uniform(end + 0.02, 0.66)
    before, stays = actor.uniform(0.3, 0.55), actor.uniform(0.5, 1) if actor.chance(0.3) else 0
    there, through, back = actor.ease(u / start), actor.ease((u - start) / (end - start)), actor.ease((u - home) / (1 - home))
    path = reach * (through - before * there - (1 - before) * (1 - stays) * back)
    bow = reach * (actor.ease(u / start) * (1 - back)) * 4 * through * (1 - through)  # the hand goes round its elbow
    side = actor.uniform(-0.18, 0.18)
    actor.add(x=x * path + y * side * bow, y=y * path + abs(x) * side * bow, z=actor.uniform(-0.05, 0.25) * bow)
    open_ = actor.pulse(u, 0, start, home, 1)
    actor.flat(open_)
    actor.aim(open_, thumb_radial=36, thumb_palmar=18, thumb_mp=8, thumb_ip=8)
    # The wrist is cocked on the way back and flicks through with the stroke; some people keep it stiff, some trail it.
    flick = actor.uniform(-0.3, 1) * actor.uniform(6, 26) * (2 * through - there - (1 - stays) * back)
    if x:
        roll = actor.uniform(-15, 75)  # from the palm to the viewer to the palm to the side
        actor.aim(open_, pitch=actor.uniform(10, 40), roll=roll)
        turned = np.radians(roll)
        actor.add(lean=x * np.cos(turned) * (0.7 * flick + 40 * path), dev=0.5 * x * np.cos(turned) * flick,
                  flex=x * np.sin(turned) * flick, yaw=40 * x * np.sin(turned) * path)
    else:
        actor.aim(open_, pitch=actor.uniform(20, 65), roll=actor.uniform(-15, 50))
        actor.add(flex=-y * flick, pitch=-60 * y * path)


def circle(actor, time, span, way):
    """Turns in the picture; `way` 1 is counter-clockwise, -1 clockwise."""
    u, size = time / span, actor.uniform(0.045, 0.12)
    start, end = actor.uniform(0.14, 0.2), actor.uniform(0.8, 0.88)
    turns = max(1.0, actor.rng.choice([1.0, 1.25, 1.5, 2.0]) if span > 1.4 else 1.0)
    at = np.radians(actor.uniform(20, 160))  # it begins somewhere on top
    angle = at + way * 2 * np.pi * turns * actor.ease((u - start) / (end - start))
    out = actor.pulse(u, 0, start, end, 1)
    wide, tilt = actor.uniform(0.8, 1.25), actor.uniform(-0.3, 0.3)
    dx, dy = size * wide * out * np.cos(angle), size / wide * out * np.sin(angle)
    lead = actor.uniform(-20, 90)  # degrees a metre: how much the fingers lead the wrist
    actor.add(x=dx, y=dy, z=tilt * dy + 0.03 * out)
    if actor.chance(0.7):
        actor.point(out)
        actor.aim(out, pitch=actor.uniform(35, 75), roll=actor.uniform(-15, 35))
    else:
        actor.flat(out)
        actor.aim(out, pitch=actor.uniform(20, 55), roll=actor.uniform(-15, 45))
    actor.add(yaw=lead * dx, pitch=-lead * dy, lean=lead * dx)


def thumb(actor, time, span, way):
    """A fist with the thumb out, shown and held: up with `way` 1, down with -1."""
    u = time / span
    shown, done = actor.uniform(0.3, 0.42), actor.uniform(0.78, 0.88)
    lowers = actor.chance(0.45)
    up = actor.pulse(u, 0, shown, done, 1) if lowers else actor.ease(u / shown)
    closed = actor.pulse(u, 0, 0.85 * shown, done, 1) if lowers else actor.ease(u / (0.85 * shown))
    actor.fist(closed)
    actor.loose = 4  # the thumb is meant to point up
    actor.aim(up, thumb_radial=64, thumb_palmar=6, thumb_mp=0, thumb_ip=-8, flex=0, dev=9)
    actor.aim(up, yaw=actor.uniform(5, 75), pitch=90, roll=88 * way, lean=0)
    nod = actor.uniform(0, 0.02) * actor.pulse(u, shown, shown + 0.12, shown + 0.14, shown + 0.32)  # for emphasis
    actor.add(x=actor.uniform(-0.04, 0.04) * up, y=way * nod + actor.uniform(*((0.03, 0.12) if way > 0 else (-0.06, 0.06))) * up,
              z=actor.uniform(-0.02, 0.06) * up)


def grab(actor, time, span):
    """The hand opens and reaches out, all fingers close, and it comes back with what it holds."""
    u = time / span
    far, near = actor.uniform(0.02, 0.16), actor.uniform(0, 0.1)
    aside, low = actor.uniform(-0.06, 0.06), actor.uniform(-0.06, 0.04)
    opens, shuts, end = actor.uniform(0.22, 0.32), actor.uniform(0.34, 0.4), actor.uniform(0.55, 0.66)
    releases = actor.chance(0.35)
    out = actor.pulse(u, 0, opens + 0.06, shuts, 0.92)
    home = actor.pulse(u, shuts + 0.06, 0.8, 1.0, 1.25) if releases else actor.ease((u - shuts - 0.06) / 0.5)
    actor.add(x=aside * out, y=low * out, z=far * out - near * home)
    open_ = actor.pulse(u, 0, opens, 1.5, 2)
    actor.flat(open_)
    actor.fingers(open_, mcp=14, pip=24)
    actor.aim(open_, pitch=actor.uniform(25, 75), roll=actor.uniform(-10, 45), thumb_radial=48, thumb_palmar=38, thumb_mp=4,
              thumb_ip=8)
    lags = np.sort(actor.rng.uniform(0, 0.06, 4))[::actor.rng.choice([-1, 1])]  # from the index to the little finger, or back
    for finger, lag in zip(human.FINGERS, lags, strict=True):
        closed = actor.ease((u - shuts - lag) / (end - shuts))
        if releases:
            closed = closed - actor.ease((u - 0.84 - lag / 2) / 0.16)
        actor.fist(closed, (finger,))
    closed = actor.ease((u - shuts - 0.06) / (end - shuts)) - releases * actor.ease((u - 0.82) / 0.16)
    actor.aim(closed, thumb_radial=12, thumb_palmar=48, thumb_mp=32, thumb_ip=38)


def pinch(actor, time, span):
    """Thumb and index finger open, then meet with their tips."""
    u = time / span
    opens, shuts, end = actor.uniform(0.2, 0.3), actor.uniform(0.32, 0.38), actor.uniform(0.52, 0.64)
    others = actor.uniform(0, 1)
    ready = actor.pulse(u, 0, opens, 1.5, 2)
    actor.fingers(ready, human.FINGERS[1:], mcp=8 + 45 * others, pip=14 + 62 * others)  # stretched to curled
    actor.fingers(ready, ("index",), mcp=22, pip=24)
    actor.aim(ready, index_abd=2, thumb_radial=38, thumb_palmar=42, thumb_mp=6, thumb_ip=10,
              pitch=actor.uniform(20, 70), roll=actor.uniform(-10, 70))
    closed = actor.ease((u - shuts) / (end - shuts))
    if actor.chance(0.4):
        closed = closed - actor.ease((u - 0.84) / 0.16)
    key = dict(index_mcp=actor.uniform(40, 58), index_pip=actor.uniform(42, 62), index_abd=2, thumb_radial=actor.uniform(6, 24),
               thumb_palmar=actor.uniform(44, 58), thumb_mp=actor.uniform(8, 25), thumb_ip=actor.uniform(10, 35))
    meet = dict(index_abd=2) | human.touch(actor.body, human.REST | key)
    for channel, value in meet.items():  # exactly, not as loosely as other key poses
        actor.pose[channel] = actor.pose[channel] + closed * (value - actor.pose[channel])
    actor.add(z=actor.uniform(-0.02, 0.05) * ready, y=actor.uniform(-0.02, 0.02) * ready)


def tap(actor, time, span):
    """The index finger lifts and dips, forwards and down; the hand goes with it."""
    ready = actor.pulse(time / span, 0, 0.3, 0.8, 1)
    if actor.chance(0.75):
        actor.point(ready)
    else:
        actor.fingers(ready, mcp=actor.uniform(15, 35), pip=actor.uniform(20, 40))
    actor.aim(ready, pitch=actor.uniform(58, 85), roll=actor.uniform(-15, 30))
    count = 2 if span > 1.1 and actor.chance(0.3) else 1
    down, far = actor.uniform(0.015, 0.06), actor.uniform(0.01, 0.06)
    finger, wrist = actor.uniform(18, 40), actor.uniform(0, 22)
    each = 0.62 * span / count
    for i in range(count):
        t = np.clip((time - 0.24 * span - i * each) / each, 0, 1)
        lift, dip = actor.pulse(t, 0, 0.28, 0.3, 0.58), actor.pulse(t, 0.3, 0.58, 0.64, 1)
        actor.add(index_mcp=finger * (dip - 0.45 * lift), index_pip=0.2 * finger * dip, flex=wrist * (dip - 0.5 * lift),
                  y=-down * (dip - 0.4 * lift), z=far * (dip - 0.3 * lift))


# name: function, its keywords, the shortest and longest time that it takes, in seconds
GESTURES = {
    "swipe left": (swipe, dict(x=-1, y=0), 1.1, 1.7), "swipe right": (swipe, dict(x=1, y=0), 1.1, 1.7),
    "swipe up": (swipe, dict(x=0, y=1), 1.1, 1.7), "swipe down": (swipe, dict(x=0, y=-1), 1.1, 1.7),
    "circle clockwise": (circle, dict(way=-1), 1.3, 1.95), "circle counter-clockwise": (circle, dict(way=1), 1.3, 1.95),
    "thumbs up": (thumb, dict(way=1), 1.3, 1.95), "thumbs down": (thumb, dict(way=-1), 1.3, 1.95),
    "grab": (grab, {}, 1.0, 1.8), "pinch": (pinch, {}, 1.0, 1.8), "tap": (tap, {}, 0.8, 1.5),
}
# What a gesture is called in the mirror, where that is another one.
MIRRORED = {"swipe left": "swipe right", "swipe right": "swipe left",
            "circle clockwise": "circle counter-clockwise", "circle counter-clockwise": "circle clockwise"}
