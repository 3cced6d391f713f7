"""How fast somebody sells now, and will: from what was sold day by day.

Sales of weeks are a line: its height is their mean, recent weeks weighing more; its slope counts
as far as it is more than chance (positive-part James and Stein 1961: what is left of it is
``1 - variance / slope²``). Ahead of today the slope fades as that of Gardner's damped trend
(1985), and what is expected stays between half and twice the mean, so that no single week makes a
channel rich.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

WEEK = 7
#: Weight of a week by that of the week after it.
FADING = 0.8
#: Part of a trend that is left after a week.
DAMPING = 0.85
#: Expected is at least one by this, at most this, times the mean.
BOUND = 2.0


@dataclass(frozen=True, slots=True)
class Tempo:
    """What somebody sells a day, in units.

    :param mean: on all days that were looked at
    :param recent: at the end of them, by height and slope
    :param ahead: expected, on average over the days ahead
    """

    mean: float
    recent: float
    ahead: float

    @property
    def change(self) -> float:
        """Times as much as the mean that is expected; 1 where nothing was sold."""
        return self.ahead / self.mean if self.mean > 0 else 1.0


def tempo(daily: ArrayLike, ahead: float) -> Tempo:
    """Say how fast somebody sells.

    :param daily: units sold on each of the days looked at, the last one today; days on which
        nothing could be sold are left out
    :param ahead: days looked ahead, from zero
    :raises ValueError: there are no days, or a number is negative or not finite
    """
    sold = np.asarray(daily, dtype=float)
    if not sold.size or not np.isfinite(sold).all() or (sold < 0).any():
        raise ValueError("What was sold on each day is a number from zero, of a day at least.")
    if not 0.0 <= ahead < np.inf:
        raise ValueError("Days ahead are a finite number from zero.")
    mean = float(sold.mean())
    weeks = sold.size // WEEK
    if weeks < 2 or mean <= 0.0:
        return Tempo(mean, mean, mean)
    rates = sold[-weeks * WEEK :].reshape(weeks, WEEK).mean(1)
    height, slope = _line(rates)
    recent = height + slope * _half(weeks)
    drift = slope * _faded(ahead / WEEK)
    low, high = mean / BOUND, mean * BOUND
    return Tempo(mean, float(np.clip(recent, low, high)), float(np.clip(recent + drift, low, high)))


def _line(rates: Array) -> tuple[float, float]:
    """Weighted mean of weekly rates, and of their slope a week what is more than chance."""
    weeks = rates.size
    place = np.arange(weeks, dtype=float)
    weight = FADING ** (weeks - 1.0 - place)
    weight /= weight.sum()
    height = float(weight @ rates)
    off = place - weight @ place
    square = float(weight @ off**2)
    slope = float(weight @ (off * rates)) / square
    # Of counts the variance is the mean; of quantities that come in lots it is more.
    least = max(height, 1.0 / (weeks * WEEK)) / WEEK
    missed = rates - height - slope * off
    spread = max(least, float(missed @ missed) / (weeks - 2)) if weeks > 2 else least
    variance = spread * float((weight * weight) @ off**2) / square**2
    kept = max(0.0, 1.0 - variance / slope**2) if slope else 0.0
    return height, kept * slope


def _half(weeks: int) -> float:
    """Weeks from the weighted middle of the weeks to the end of the last one."""
    place = np.arange(weeks, dtype=float)
    weight = FADING ** (weeks - 1.0 - place)
    return weeks - 0.5 - float(weight @ place / weight.sum())


def _faded(weeks: float) -> float:
    """How many weeks' worth of slope a fading trend adds, on average over the weeks ahead."""
    if weeks <= 0.0:
        return 0.0
    # Of the trend exp(-r t) a week the sum until t is (1 - exp(-r t)) / r.
    rate = -np.log(DAMPING)
    return float((1.0 - (1.0 - np.exp(-rate * weeks)) / (rate * weeks)) / rate)
