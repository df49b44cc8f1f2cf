"""Someone about to move: bones, a pose as channels over time, and the curves that take one key pose into the next.

Between key poses the channels follow the minimum-jerk curve of human reaching (Flash & Hogan, 1985).
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Actor:
    """A body or a hand about to move: bones, the pose that the movement changes, and how freely key poses vary."""

    body: dict
    pose: dict
    rng: np.random.Generator
    loose: float = 7.0  # standard deviation of the angles of key poses, degrees
    angles: dict = field(default_factory=dict)  # the last word of every channel that is an angle

    def aim(self, weight, **values):
        """Moves channels towards key values, by `weight` (T,) in [0, 1]; angles vary from clip to clip."""
        for channel, value in values.items():
            if channel.split("_")[-1] in self.angles:
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

    @staticmethod
    def ease(x):
        """The minimum-jerk curve from 0 to 1: `10 x^3 - 15 x^4 + 6 x^5`, flat outside [0, 1]."""
        x = np.clip(x, 0, 1)
        return x**3 * (10 - 15 * x + 6 * x * x)

    def pulse(self, x, rise, top, fall, end):
        """0 before `rise`, 1 from `top` to `fall`, 0 after `end`, eased between."""
        return self.ease((x - rise) / (top - rise)) - self.ease((x - fall) / (end - fall))

    def repeats(self, time, span, seconds):
        """For each repetition that fits in `span`: the share of it that is over (T,), and how many seconds it takes."""
        count = 1 if span < 1.6 * seconds else int(self.rng.integers(1, int(span / (0.8 * seconds)) + 1))
        for i in range(count):
            yield np.clip((time - i * span / count) * count / span, 0, 1), span / count
