"""Distribution functions that numpy lacks, for whole arrays: gamma, beta and normal.

Densities in Loader's saddle-point form, which keeps its digits where differences of log-gammas
lose them (Loader, "Fast and accurate computation of binomial probabilities", 2000); distribution
functions by series, continued fraction, and Gauss-Legendre quadrature where those would take long
(Press et al., "Numerical Recipes", 3rd ed., 6.2 and 6.4); the normal quantile after Wichura, AS241.
Absolute error of all of them: below 1e-11.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TINY = 1e-300
PRECISE = 1e-15
MOST_STEPS = 20_000
LARGE_SHAPE = 200.0
"""From this shape on a gamma distribution is integrated rather than expanded."""
LARGE_SHAPES = 3000.0
"""From these two shapes on a beta distribution is integrated rather than expanded."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
HALF_LOG_TAU = 0.5 * np.log(2.0 * np.pi)
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)

_A = (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3)
_A += (1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4)
_A += (3.3430575583588128105e4, 2.5090809287301226727e3)
_B = (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3)
_B += (2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4)
_B += (5.2264952788528545610e3,)
_C = (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0)
_C += (3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1)
_C += (2.27238449892691845833e-2, 7.74545014278341407640e-4)
_D = (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1)
_D += (1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4)
_D += (1.05075007164441684324e-9,)
_E = (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0)
_E += (2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3)
_E += (2.71155556874348757815e-5, 2.01033439929228813265e-7)
_F = (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2)
_F += (7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7)
_F += (2.04426310338993978564e-15,)


def log_gamma(values: Array) -> Array:
    """Logarithm of the gamma function of numbers above zero."""
    values = np.asarray(values, dtype=float)
    shift, low = np.zeros_like(values), values.copy()
    for _ in range(10):
        small = low < 10.0
        if not small.any():
            break
        shift -= np.where(small, np.log(np.where(small, low, 1.0)), 0.0)
        low = np.where(small, low + 1.0, low)
    return shift + (low - 0.5) * np.log(low) - low + HALF_LOG_TAU + _stirling(low)


def _stirling(values: Array) -> Array:
    inverse = 1.0 / values
    square = inverse * inverse
    total = np.zeros_like(values)
    for each in reversed(STIRLING):
        total = total * square + each
    return total * inverse


def stirling_error(values: Array) -> Array:
    """How far ln(x!) is above Stirling's first formula, for numbers above zero."""
    result = np.empty_like(values)
    small = values < 10.0
    result[~small] = _stirling(values[~small])
    low = values[small]
    result[small] = log_gamma(low + 1.0) - (low + 0.5) * np.log(low) + low - HALF_LOG_TAU
    return result


def deviance(values: Array, means: Array) -> Array:
    """Compute ``x ln(x/m) + m - x`` without losing digits where the two are close."""
    away = (values - means) / means
    near = np.abs(away) < 0.1
    result = np.empty_like(away)
    part = away[near]
    total = np.zeros_like(part)
    for power in range(17, 1, -1):
        total = total * part + (1.0 if power % 2 == 0 else -1.0) / (power * (power - 1))
    result[near] = means[near] * total * part * part
    far = ~near
    up, mean = values[far], means[far]
    result[far] = up * np.log(np.maximum(up, TINY) / mean) + mean - up
    return result


def poisson_density(counts: Array, means: Array) -> Array:
    """Compute ``m**x exp(-m) / x!``, for counts and means above zero, whole or not."""
    low = counts < 1.0
    result = np.empty_like(means)
    some, mean = counts[low], means[low]
    result[low] = np.exp(some * np.log(mean) - mean - log_gamma(some + 1.0))
    some, mean = counts[~low], means[~low]
    result[~low] = np.exp(-stirling_error(some) - deviance(some, mean)) / np.sqrt(
        2.0 * np.pi * some
    )
    return result


def beta_weight(first: Array, second: Array, share: Array, rest: Array) -> Array:
    """Compute ``x**a (1-x)**b / B(a, b)``.

    :param rest: one minus the share, given because the difference would lose digits
    """
    both = first + second
    log = stirling_error(both) - stirling_error(first) - stirling_error(second)
    log -= deviance(first, both * share) + deviance(second, both * rest)
    return np.exp(log) * np.sqrt(first * second / both / (2.0 * np.pi))


def gamma_cdf(shape: Array, values: Array) -> Array:
    """Probability that a gamma variable of this shape and scale 1 is at most so much.

    :param shape: above zero
    :param values: not negative, same shape
    """
    result = np.zeros_like(values)
    some = values > 0.0
    large = some & (shape >= LARGE_SHAPE)
    low = some & ~large & (values < shape + 1.0)
    high = some & ~large & ~low
    result[low] = _gamma_series(shape[low], values[low])
    result[high] = 1.0 - _gamma_fraction(shape[high], values[high])
    result[large] = _gamma_integral(shape[large], values[large])
    return np.clip(result, 0.0, 1.0)


def _gamma_series(shape: Array, values: Array) -> Array:
    result = np.ones_like(values)
    rows, a, x = np.arange(values.size), shape, values
    total, term = np.ones_like(values), np.ones_like(values)
    for step in range(1, MOST_STEPS):
        term = term * x / (a + step)
        total = total + term
        if step % 6 == 0:
            going = term > PRECISE * total
            result[rows[~going]] = total[~going]
            rows, a, x, total, term = (each[going] for each in (rows, a, x, total, term))
            if not rows.size:
                break
    result[rows] = total
    return poisson_density(shape, values) * result


def _gamma_fraction(shape: Array, values: Array) -> Array:
    """Upper tail, by Lentz's method."""
    result = np.ones_like(values)
    rows, shapes = np.arange(values.size), shape
    b = values + 1.0 - shape
    c = np.full_like(values, 1.0 / TINY)
    d = _inverse(b)
    h = d.copy()
    for step in range(1, MOST_STEPS):
        a = -step * (step - shapes)
        b = b + 2.0
        d = _inverse(a * d + b)
        c = _away(b + a / c)
        factor = d * c
        h = h * factor
        if step % 6 == 0:
            going = np.abs(factor - 1.0) > PRECISE
            result[rows[~going]] = h[~going]
            rows, shapes, b, c, d, h = (each[going] for each in (rows, shapes, b, c, d, h))
            if not rows.size:
                break
    result[rows] = h
    return poisson_density(shape, values) * shape * result


def _gamma_integral(shape: Array, values: Array) -> Array:
    top, wide = shape - 1.0, np.sqrt(shape - 1.0)
    above = values > top
    end = np.where(
        above,
        np.maximum(top + 11.5 * wide, values + 6.0 * wide),
        np.maximum(0.0, np.minimum(top - 9.0 * wide, values - 6.0 * wide)),
    )
    area = _integral(values, end, lambda spot: poisson_density(top, np.maximum(spot, TINY)))
    return np.where(above, 1.0 - area, -area)


def _integral(start: Array, end: Array, density: Callable[[Array], Array]) -> Array:
    half, middle = (end - start) / 2.0, (end + start) / 2.0
    total = np.zeros_like(start)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        total += weight * density(middle + half * node)
    return total * half


def beta_cdf(first: Array, second: Array, share: Array, rest: Array) -> Array:
    """Probability that a beta variable of these shapes is at most ``share``.

    :param first: above zero
    :param second: above zero
    :param share: above zero and below one
    :param rest: one minus the share
    """
    result = np.empty_like(share)
    large = (first > LARGE_SHAPES) & (second > LARGE_SHAPES)
    result[large] = _beta_integral(first[large], second[large], share[large], rest[large])
    some = ~large
    swap = share[some] > (first[some] + 1.0) / (first[some] + second[some] + 2.0)
    a, b = np.where(swap, second[some], first[some]), np.where(swap, first[some], second[some])
    x, y = np.where(swap, rest[some], share[some]), np.where(swap, share[some], rest[some])
    tail = beta_weight(a, b, x, y) / a * _beta_fraction(a, b, x)
    result[some] = np.where(swap, 1.0 - tail, tail)
    return np.clip(result, 0.0, 1.0)


def _beta_fraction(first: Array, second: Array, share: Array) -> Array:
    result = np.ones_like(share)
    at = np.arange(share.size)
    a, b, x = first, second, share
    c = np.ones_like(x)
    d = _inverse(1.0 - (a + b) * x / (a + 1.0))
    h = d.copy()
    for step in range(1, MOST_STEPS):
        if not at.size:
            break
        two = 2.0 * step
        even = step * (b - step) * x / ((a + two - 1.0) * (a + two))
        d = _inverse(1.0 + even * d)
        c = _away(1.0 + even / c)
        h = h * d * c
        odd = -(a + step) * (a + b + step) * x / ((a + two) * (a + two + 1.0))
        d = _inverse(1.0 + odd * d)
        c = _away(1.0 + odd / c)
        factor = d * c
        h = h * factor
        going = np.abs(factor - 1.0) > PRECISE
        if step % 8 == 0 or not going.any():
            result[at] = h
            at, a, b, x, c, d, h = (each[going] for each in (at, a, b, x, c, d, h))
    result[at] = h
    return result


def _away(values: Array) -> Array:
    return np.where(np.abs(values) < TINY, TINY, values)


def _inverse(values: Array) -> Array:
    return 1.0 / _away(values)


def _beta_integral(first: Array, second: Array, share: Array, rest: Array) -> Array:
    both = first + second
    middle = first / both
    wide = np.sqrt(first * second / (both * both * (both + 1.0)))
    # Measured from the share given, so that shares next to zero or one keep their digits.
    away = share - middle
    above = away > 0.0
    step = np.where(
        above,
        np.minimum(rest, np.maximum(10.0 * wide - away, 5.0 * wide)),
        -np.minimum(share, np.maximum(10.0 * wide + away, 5.0 * wide)),
    )

    def density(moved: Array) -> Array:
        one = np.maximum(share + moved, TINY)
        other = np.maximum(rest - moved, TINY)
        return beta_weight(first, second, one, other) / (one * other)

    area = _integral(np.zeros_like(share), step, density)
    return np.where(above, 1.0 - area, -area)


def normal_quantile(chance: Array) -> Array:
    """Say below which value a standard normal variable stays with this probability, in (0, 1)."""
    chance = np.asarray(chance, dtype=float)
    middle = chance - 0.5
    square = 0.180625 - middle * middle
    inner = middle * _ratio(_A, _B, square)
    root = np.sqrt(-np.log(np.minimum(chance, 1.0 - chance)))
    outer = np.where(root <= 5.0, _ratio(_C, _D, root - 1.6), _ratio(_E, _F, root - 5.0))
    return np.where(np.abs(middle) <= 0.425, inner, np.sign(middle) * outer)


def _ratio(above: tuple[float, ...], below: tuple[float, ...], value: Array) -> Array:
    return np.polyval(above[::-1], value) / np.polyval(below[::-1], value)
