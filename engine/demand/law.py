"""The law of a demand of which mean and variance are known: chances, quantiles, expected misses.

Whole units follow the Poisson law where the variance equals the mean, the negative binomial above
and the binomial below it (its number of trials rounded up to a whole one: the mean stays exact, the
variance is the smallest such a law can have from the one asked for); decimal quantities follow the
gamma law. The three laws of counts are one family (Panjer 1981), ``p(k+1) = p(k) (a + b/(k+1))``,
summed up for small counts, and an incomplete gamma or beta function elsewhere.

Everything takes arrays that are broadcast against each other and gives an array of their shape.
Means and variances are those of the demand in the whole time asked for (lead time, review period):
quantities in the product's unit of measure. Units that are asked about need not be whole.

:raises ValueError: a mean, variance or number of units is not finite, a mean or variance is
    negative, or a probability is not from zero to below one
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .special import beta_cdf, beta_weight, gamma_cdf, log_gamma, normal_quantile, poisson_density

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SAME = 1e-6
"""A variance that differs by less than this share of the mean is that of a Poisson law."""
SUMMED = 96.0
"""Up to this count probabilities are summed one by one."""
LOWEST_LOG = -600.0
"""A probability of nothing whose logarithm is below this is no start for a sum."""
NOTHING = 1e-12
"""A smaller mean is none."""


def cdf(
    units: ArrayLike, mean: ArrayLike, variance: ArrayLike, decimal: ArrayLike = False
) -> Array:
    """Probability that no more than so many units are wanted."""
    shape, x, law = _read(units, mean, variance, decimal)
    result = np.zeros(x.shape)
    counts = ~law.decimal
    result[counts] = law.take(counts).cdf(np.floor(x[counts]))
    rest = law.decimal
    result[rest] = _Gamma.of(law.take(rest)).cdf(x[rest])
    return result.reshape(shape)


def quantile(
    chance: ArrayLike, mean: ArrayLike, variance: ArrayLike, decimal: ArrayLike = False
) -> Array:
    """Smallest number of units that is enough with at least this probability."""
    shape, p, law = _read(chance, mean, variance, decimal)
    if not ((p >= 0.0) & (p < 1.0)).all():
        raise ValueError("A probability must be from zero to below one.")
    result = np.zeros(p.shape)
    counts = ~law.decimal
    result[counts] = law.take(counts).quantile(p[counts])
    rest = law.decimal
    result[rest] = _Gamma.of(law.take(rest)).quantile(p[rest])
    return result.reshape(shape)


def loss(
    units: ArrayLike, mean: ArrayLike, variance: ArrayLike, decimal: ArrayLike = False
) -> Array:
    """Units that are missed on average by who has so many: ``E[(D - s)+]``."""
    shape, s, law = _read(units, mean, variance, decimal)
    result = law.mean - s
    counts = ~law.decimal & (s >= 0.0)
    whole = np.floor(s[counts])
    some = law.take(counts)
    missed, reached = some.loss(whole)
    # Between whole numbers each further part of a unit is wanted as often as the whole one.
    result[counts] = missed - (s[counts] - whole) * (1.0 - reached)
    rest = law.decimal & (s >= 0.0)
    result[rest] = _Gamma.of(law.take(rest)).loss(s[rest])
    return np.maximum(result, 0.0).reshape(shape)


def sample(
    random: np.random.Generator, mean: ArrayLike, variance: ArrayLike, decimal: ArrayLike = False
) -> Array:
    """Draw a demand for each row."""
    shape, _, law = _read(0.0, mean, variance, decimal)
    result = np.zeros(law.mean.shape)
    some = law.mean > NOTHING
    poisson = some & ~law.decimal & law.poisson
    result[poisson] = random.poisson(law.mean[poisson])
    above = some & ~law.decimal & law.above
    result[above] = random.negative_binomial(law.size[above], law.share[above])
    below = some & ~law.decimal & law.below
    result[below] = random.binomial(law.size[below].astype(np.int64), law.share[below])
    rest = law.decimal
    gamma = _Gamma.of(law.take(rest))
    result[rest] = np.where(
        gamma.fixed, gamma.mean, random.standard_gamma(gamma.shape) * gamma.scale
    )
    return result.reshape(shape)


def _read(
    asked: ArrayLike, mean: ArrayLike, variance: ArrayLike, decimal: ArrayLike
) -> tuple[tuple[int, ...], Array, _Law]:
    x, m, v, d = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (asked, mean, variance)),
        np.asarray(decimal, dtype=bool),
    )
    for name, values in (("mean", m), ("variance", v)):
        if not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise ValueError(f"The {name} of a demand must be a finite number from zero.")
    if not np.isfinite(x).all():
        raise ValueError("What is asked about a demand must be a finite number.")
    return x.shape, x.ravel(), _Law.of(m.ravel(), v.ravel(), d.ravel())


@dataclass(frozen=True, slots=True)
class _Law:
    """Laws of counts, one for each row.

    :param size: number of successes of the negative binomial, number of trials of the binomial
    :param share: probability of a success
    :param rest: one minus that, with its own digits
    """

    mean: Array
    variance: Array
    decimal: Flags
    poisson: Flags
    above: Flags
    below: Flags
    size: Array
    share: Array
    rest: Array

    @classmethod
    def of(cls, mean: Array, variance: Array, decimal: Flags) -> _Law:
        apart = variance - mean
        none = mean <= NOTHING
        poisson = none | (np.abs(apart) <= SAME * mean)
        above, below = ~poisson & (apart > 0.0), ~poisson & (apart < 0.0)
        size, share, rest = np.ones_like(mean), np.ones_like(mean), np.zeros_like(mean)
        size[above] = mean[above] * (mean[above] / apart[above])
        share[above] = mean[above] / variance[above]
        rest[above] = apart[above] / variance[above]
        trials = np.ceil(mean[below] * (mean[below] / -apart[below]) * (1.0 - 1e-12))
        size[below] = np.maximum(trials, np.ceil(mean[below]))
        share[below] = mean[below] / size[below]
        rest[below] = (size[below] - mean[below]) / size[below]
        return cls(mean, variance, decimal, poisson, above, below, size, share, rest)

    def take(self, rows: NDArray[np.generic]) -> _Law:
        return _Law(*(getattr(self, name)[rows] for name in self.__slots__))

    def panjer(self) -> tuple[Array, Array, Array]:
        """Logarithm of the probability of nothing, and a and b of the recursion."""
        log, a, b = -self.mean, np.zeros_like(self.mean), self.mean.copy()
        above, below = self.above, self.below
        log[above] = -self.size[above] * np.log(self.variance[above] / self.mean[above])
        a[above] = self.rest[above]
        b[above] = (self.size[above] - 1.0) * self.rest[above]
        with np.errstate(divide="ignore"):
            log[below] = self.size[below] * np.log(self.rest[below])
        odds = self.share[below] / np.maximum(self.rest[below], 1e-300)
        a[below], b[below] = -odds, (self.size[below] + 1.0) * odds
        return log, a, b

    def cdf(self, counts: Array) -> Array:
        result = np.zeros(counts.shape)
        log, a, b = self.panjer()
        some = (counts >= 0.0) & (counts <= SUMMED) & (log > LOWEST_LOG)
        rows = np.flatnonzero(some)
        term, until = np.exp(log[rows]), counts[rows]
        a, b, total = a[rows], b[rows], np.exp(log[rows])
        for count in range(1, int(SUMMED) + 2):
            done = until < count
            if done.any():
                result[rows[done]] = total[done]
                rows, term, until, a, b, total = (
                    each[~done] for each in (rows, term, until, a, b, total)
                )
            if not rows.size:
                break
            term = np.maximum(term * (a + b / count), 0.0)
            total = total + term
        rest = (counts >= 0.0) & ~some
        result[rest] = self.take(rest).function(counts[rest])
        return np.minimum(result, 1.0)

    def function(self, counts: Array) -> Array:
        """Probability of at most these counts, from zero, by incomplete gamma and beta."""
        result = np.ones(counts.shape)
        some = self.poisson & (self.mean > NOTHING)
        if some.any():
            result[some] = 1.0 - gamma_cdf(counts[some] + 1.0, self.mean[some])
        some = self.above
        if some.any():
            result[some] = beta_cdf(
                self.size[some], counts[some] + 1.0, self.share[some], self.rest[some]
            )
        some = self.below & (counts < self.size) & (self.rest > 0.0)
        if some.any():
            result[some] = beta_cdf(
                self.size[some] - counts[some],
                counts[some] + 1.0,
                self.rest[some],
                self.share[some],
            )
        result[self.below & (counts < self.size) & (self.rest <= 0.0)] = 0.0
        return result

    def density(self, counts: Array) -> Array:
        """Probability of exactly these counts, above zero."""
        result = np.zeros(counts.shape)
        some = self.poisson & (self.mean > NOTHING)
        result[some] = poisson_density(counts[some], self.mean[some])
        some = self.above
        r, k = self.size[some], counts[some]
        result[some] = beta_weight(r, k, self.share[some], self.rest[some]) / k
        some = self.below & (counts < self.size) & (self.rest > 0.0)
        n, k = self.size[some], counts[some]
        weight = beta_weight(n - k, k, self.rest[some], self.share[some])
        result[some] = weight * n / (k * (n - k))
        return result

    def quantile(self, chance: Array) -> Array:
        result = np.zeros(chance.shape)
        log, a, b = self.panjer()
        rows = np.flatnonzero((self.mean > NOTHING) & (log > LOWEST_LOG))
        waiting = (self.mean > NOTHING) & (log <= LOWEST_LOG)
        term, wanted = np.exp(log[rows]), chance[rows]
        a, b, total = a[rows], b[rows], np.exp(log[rows])
        for count in range(int(SUMMED) + 1):
            if count:
                term = np.maximum(term * (a + b / count), 0.0)
                total = total + term
            done = total >= wanted
            if done.any():
                result[rows[done]] = count
                rows, term, wanted, a, b, total = (
                    each[~done] for each in (rows, term, wanted, a, b, total)
                )
            if not rows.size:
                break
        waiting[rows] = True
        result[waiting] = self.take(waiting).search(chance[waiting])
        return result

    def search(self, chance: Array) -> Array:
        """Quantiles by Newton's method inside a bracket that only narrows."""
        deviation = np.sqrt(self.variance)
        z = normal_quantile(np.clip(chance, 1e-300, 1.0 - 1e-16))
        skew = (2.0 * self.variance / np.maximum(self.mean, NOTHING) - 1.0) / np.maximum(
            deviation, NOTHING
        )
        guess = self.mean + deviation * (z + skew * (z * z - 1.0) / 6.0)
        guess = np.maximum(np.floor(guess), 1.0)
        low, high = np.full(chance.shape, -1.0), np.full(chance.shape, np.inf)
        result, rows, law = np.zeros(chance.shape), np.arange(chance.size), self
        for _ in range(400):
            if not rows.size:
                break
            at = guess[rows]
            reached = law.function(at)
            enough = reached >= chance[rows]
            high[rows] = np.where(enough, at, high[rows])
            low[rows] = np.where(enough, low[rows], at)
            slope = np.maximum(law.density(np.maximum(at, 1.0)), 1e-300)
            newton = at + np.clip((chance[rows] - reached) / slope, -1e18, 1e18)
            # A step beyond the target narrows the other side, too.
            newton = np.where(enough, np.floor(newton), np.ceil(newton))
            bottom, top = low[rows], high[rows]
            halved = np.floor((bottom + np.where(np.isfinite(top), top, bottom)) / 2.0)
            far = ~np.isfinite(top) & (newton > 4.0 * bottom + 16.0)
            step = np.where(far, 4.0 * bottom + 16.0, newton)
            inside = (step > bottom) & (step < top)
            guess[rows] = np.where(inside, step, np.maximum(halved, bottom + 1.0))
            done = top - bottom <= 1.0
            result[rows[done]] = top[done]
            rows = rows[~done]
            law = law.take(~done)
        result[rows] = high[rows]
        return result

    def loss(self, counts: Array) -> tuple[Array, Array]:
        """Units missed on average, and the probability that none is, at counts from zero."""
        missed, reached = np.zeros(counts.shape), np.zeros(counts.shape)
        log, a, b = self.panjer()
        some = (counts <= SUMMED) & (log > LOWEST_LOG)
        rows = np.flatnonzero(some)
        term, until = np.exp(log[rows]), counts[rows]
        a, b, total, mass = a[rows], b[rows], np.exp(log[rows]), np.zeros(rows.size)
        for count in range(1, int(SUMMED) + 2):
            done = until < count
            if done.any():
                at = rows[done]
                missed[at] = self.mean[at] - counts[at] + mass[done]
                reached[at] = total[done]
                rows, term, until, a, b, total, mass = (
                    each[~done] for each in (rows, term, until, a, b, total, mass)
                )
            if not rows.size:
                break
            mass = mass + total
            term = np.maximum(term * (a + b / count), 0.0)
            total = total + term
        rest = ~some
        law, s = self.take(rest), counts[rest]
        reached[rest] = law.function(s)
        missed[rest] = law.mean * law.share_above(s) - s * (1.0 - reached[rest])
        return missed, np.minimum(reached, 1.0)

    def share_above(self, counts: Array) -> Array:
        """Share of all units that comes in demands of more than these counts."""
        # E[D, D > s] = m P(D' >= s), D' of the same law with one success more or one trial less.
        other = replace(self, size=self.size + self.above - 1.0 * self.below)
        below = np.where(counts >= 1.0, other.function(np.maximum(counts - 1.0, 0.0)), 0.0)
        return 1.0 - below


@dataclass(frozen=True, slots=True)
class _Gamma:
    """Laws of decimal quantities, one for each row; without variance it is always the mean."""

    mean: Array
    shape: Array
    scale: Array
    fixed: Flags

    @classmethod
    def of(cls, law: _Law) -> _Gamma:
        mean, variance = law.mean, law.variance
        fixed = (mean <= NOTHING) | (variance <= 1e-14 * mean * mean)
        shape, scale = np.ones_like(mean), np.ones_like(mean)
        some = ~fixed
        shape[some] = mean[some] * (mean[some] / variance[some])
        scale[some] = variance[some] / mean[some]
        return cls(mean, shape, scale, fixed)

    def cdf(self, units: Array) -> Array:
        if not units.size:
            return np.zeros(0)
        reached = gamma_cdf(self.shape, np.maximum(units, 0.0) / self.scale)
        return np.where(self.fixed, 1.0 * (units >= self.mean), reached)

    def loss(self, units: Array) -> Array:
        if not units.size:
            return np.zeros(0)
        at = units / self.scale
        above = 1.0 - gamma_cdf(self.shape + 1.0, at)
        missed = self.mean * above - units * (1.0 - gamma_cdf(self.shape, at))
        return np.where(self.fixed, self.mean - units, missed)

    def quantile(self, chance: Array) -> Array:
        """Quantiles by Newton's method in the logarithm, inside a bracket that only narrows."""
        p = np.clip(chance, 1e-300, None)
        shape = self.shape
        ninth = 1.0 / (9.0 * shape)
        cube = 1.0 - ninth + normal_quantile(np.minimum(p, 1.0 - 1e-16)) * np.sqrt(ninth)
        small = (np.log(p) + log_gamma(shape + 1.0)) / shape
        middle = (shape > 1.0) & (cube > 0.1)
        log = np.where(middle, np.log(shape) + 3.0 * np.log(np.maximum(cube, 0.1)), small)
        low, high = np.full(p.shape, -700.0), np.log(shape + 1.0) + 50.0
        log = np.clip(log, low, high)
        rows = np.arange(p.size)
        for _ in range(200):
            if not rows.size:
                break
            now, some = log[rows], shape[rows]
            at = np.exp(now)
            away = gamma_cdf(some, at) - p[rows]
            bottom = low[rows] = np.where(away < 0.0, now, low[rows])
            top = high[rows] = np.where(away < 0.0, high[rows], now)
            slope = np.maximum(some * poisson_density(some, at), 1e-300)
            step = now - np.clip(away / slope, -1e3, 1e3)
            step = np.where((step > bottom) & (step < top), step, (bottom + top) / 2.0)
            log[rows] = step
            rows = rows[np.abs(step - now) > 1e-13]
        units = np.where(chance > 0.0, np.exp(log), 0.0) * self.scale
        return np.where(self.fixed, self.mean, units)
