"""What comes out: forecasts of many series, with their law over any time ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import law
from .history import WEEK, Flags, History, Whole

Array = NDArray[np.float64]
Small = NDArray[np.float32]

METHODS = ("pooled", "local", "slow", "fast", "trend", "sba", "tsb")


@dataclass(slots=True)
class Forecast:
    """Forecasts, one for each series of a history. Rates are in units per day.

    :param history: what they are of
    :param season: factor of each week ahead, (groups, weeks)
    :param damping: share of a trend that is left after a week
    :param rate: units per day, promotion and season left out, (n,)
    :param trend: change of the rate per week, (n,)
    :param dispersion: variance of the demand of some days by its mean, the rate being known, (n,)
    :param doubt: variance of the rate itself, (n,)
    :param kind: see :data:`.classes.CLASSES`
    :param method: see :data:`METHODS`
    :param seen: days on which it could be wanted, (n,)
    :param bias: mean of forecast less demand, in units per day, of rolling forecasts of a week
    :param mase: mean absolute error by that of repeating the week before; NaN without demand
    :param outlier: a week was lowered
    :param promoted: a promotion was told or detected
    :param new: forecast by analogy
    :param weekday: factor of each day from the first one ahead on, (sites, 7)
    :param factors: factors of the promotions, given or learned
    :param odd: rows of demand that were left out
    """

    history: History
    season: Array
    damping: float
    rate: Small
    trend: Small
    dispersion: Small
    doubt: Small
    kind: NDArray[np.int8]
    method: NDArray[np.int8]
    seen: Small
    bias: Small
    mase: Small
    own_dispersion: Small
    scored: Small
    expected: Small
    outlier: Flags
    promoted: Flags
    new: Flags
    weekday: Array
    factors: Array
    odd: int

    @classmethod
    def empty(cls, history: History, season: Array, damping: float) -> Forecast:
        count = history.product.size
        small = [np.zeros(count, dtype=np.float32) for _ in range(10)]
        tiny = [np.zeros(count, dtype=np.int8) for _ in range(2)]
        flags = [np.zeros(count, dtype=bool) for _ in range(3)]
        return cls(
            history,
            season,
            damping,
            *small[:4],
            *tiny,
            *small[4:10],
            *flags,
            np.ones((1, 7)),
            np.zeros(0),
            0,
        )

    @property
    def decimal(self) -> Flags:
        """Series of products that are sold in parts of units."""
        if not self.history.decimal.size:
            return np.zeros(self.rate.size, dtype=bool)
        return self.history.decimal[self.history.product]

    def mean(self, days: ArrayLike, rows: Whole | slice = slice(None)) -> Array:
        """Units that will be wanted in so many days from today on.

        :param days: from zero, not more than the season is told for; one for all or one per row
        :param rows: which series, all if not told
        :raises ValueError: the time is negative or too long
        """
        product, site = self.history.product[rows], self.history.site[rows]
        group = self.history.group[product]
        days = np.broadcast_to(np.asarray(days, dtype=float), product.shape)
        if days.size and not ((days >= 0.0).all() and days.max() <= self.season.shape[1] * WEEK):
            raise ValueError(f"Demand is told for up to {self.season.shape[1] * WEEK} days ahead.")
        damped = np.cumsum(self.damping ** np.arange(1.0, self.season.shape[1] + 1.0)) - 1.0
        level = self._until(self.season, days, group, site)
        drift = self._until(self.season * damped, days, group, site)
        rate = self.rate[rows].astype(float)
        result = np.maximum(rate * level + self.trend[rows] * drift, 0.05 * rate * level)
        return result * self._lift(days, product, site)

    def _until(self, weekly: Array, days: Array, group: Whole, site: Whole) -> Array:
        """Sum of the weekly factors over days, the days of a week weighted."""
        sums = np.concatenate((np.zeros((len(weekly), 1)), np.cumsum(weekly, 1) * WEEK), axis=1)
        week = np.minimum((days // WEEK).astype(int), weekly.shape[1] - 1)
        rest = days - week * WEEK
        whole = np.minimum(rest.astype(int), WEEK - 1)
        passed = np.concatenate((np.zeros((len(self.weekday), 1)), np.cumsum(self.weekday, 1)), 1)
        part = passed[site, whole] + (rest - whole) * self.weekday[site, whole]
        return sums[group, week] + weekly[group, week] * part

    def _lift(self, days: Array, product: Whole, site: Whole) -> Array:
        lift = np.ones_like(days)
        for promotion, factor in zip(self.history.promotions, self.factors, strict=True):
            begin, end = promotion.first - self.history.days, promotion.last + 1 - self.history.days
            if end <= 0:
                continue
            mine = np.isin(product, promotion.products)
            if promotion.sites is not None:
                mine &= np.isin(site, promotion.sites)
            covered = np.clip(np.minimum(days, end) - max(begin, 0), 0.0, None)
            lift += np.where(mine, (factor - 1.0) * covered / np.maximum(days, 1e-9), 0.0)
        return lift

    def variance(self, days: ArrayLike, rows: Whole | slice = slice(None)) -> Array:
        """Variance of the units that will be wanted: of their law, and of what is not known."""
        mean = self.mean(days, rows)
        rate = np.maximum(self.rate[rows].astype(float), 1e-12)
        doubt = np.minimum(self.doubt[rows] / (rate * rate), 100.0)
        return self.dispersion[rows] * mean + doubt * mean * mean

    def quantile(
        self, chance: ArrayLike, days: ArrayLike, rows: Whole | slice = slice(None)
    ) -> Array:
        """Units that are enough for so many days with this probability."""
        return law.quantile(
            chance, self.mean(days, rows), self.variance(days, rows), self.decimal[rows]
        )
