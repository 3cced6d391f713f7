"""What thin series learn from others: a rate of the product times a share of the site.

The share of a site is that of its group there, towards that of the site. How far a series may
differ from rate times share is a gamma distributed factor of mean 1 whose shape is estimated from
all series of the group (empirical Bayes: the gamma-Poisson model of Clayton and Kaldor 1987, with
moments after Marshall 1991). New products start at what their neighbors in the group did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .history import History, Whole

Array = NDArray[np.float64]

BACKING = 20.0
"""Units by which the share of a group at a site is held to that of the site."""
NEIGHBORS = 8
ESTABLISHED = 13.0
"""Weeks on offer from which on a product shows others the way."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The prior of each series.

    :param share: share of each series in its product, a mean of one over series, (n,)
    :param rate: of each product, units per week and share of one, (P,)
    :param strength: shape of the factor by which series of a group differ, (groups,)
    :param start: rate that neighbors of a product had, (P,)
    :param start_weight: weeks at full exposure that this counts like, (P,)
    """

    share: Array
    rate: Array
    strength: Array
    start: Array
    start_weight: Array


def pool(history: History, came: Array, exposure: Array, dispersion: Array) -> Pool:
    """Estimate rates of products, shares of sites and how much series differ from them.

    :param came: units of each series, (n,)
    :param exposure: weeks in which they could come, season and promotion counted, (n,)
    :param dispersion: variance of a week's demand by its mean, (groups,)
    """
    product, site = history.product, history.site
    of_series = history.group[product]
    groups, sites = dispersion.size, int(site.max(initial=0)) + 1
    cell = of_series * sites + site
    share = np.ones(came.size)
    came_cell = np.bincount(cell, came, groups * sites)
    for _ in range(6):
        rate = _ratio(
            np.bincount(product, came, history.group.size),
            np.bincount(product, share * exposure, history.group.size),
        )
        expected = np.bincount(cell, rate[product] * exposure, groups * sites)
        of_site = _ratio(
            came_cell.reshape(groups, sites).sum(0), expected.reshape(groups, sites).sum(0)
        )
        backed = BACKING * np.tile(of_site, groups)
        share = ((came_cell + backed) / (expected + BACKING))[cell]
        share = np.maximum(share, 1e-6) / max(share.sum() / max(share.size, 1), 1e-9)
    rate = _ratio(
        np.bincount(product, came, history.group.size),
        np.bincount(product, share * exposure, history.group.size),
    )
    strength = _strength(of_series, groups, came, rate[product] * share * exposure, dispersion)
    start, weight = _neighbors(history, rate, exposure, share, dispersion)
    return Pool(share, rate, strength, start, weight)


def _ratio(above: Array, below: Array) -> Array:
    return above / np.maximum(below, 1e-9) * (below > 1e-9)


def _strength(rows: Whole, groups: int, came: Array, expected: Array, dispersion: Array) -> Array:
    """Shape of the factor: its inverse is the variance that dispersion leaves unexplained."""
    fine = expected > 1e-3
    row, e, y = rows[fine], expected[fine], came[fine]
    more = (y - e) ** 2 / e - dispersion[row]
    above, below = np.bincount(row, more, groups), np.bincount(row, e, groups)
    everywhere = max(float(above.sum()), 0.0) / max(float(below.sum()), 1e-9)
    # Groups with few units say little about themselves.
    variance = (above.clip(0.0) + 200.0 * everywhere) / (below + 200.0)
    return np.clip(1.0 / np.maximum(variance, 1e-9), 0.3, 200.0)


def _neighbors(
    history: History, rate: Array, exposure: Array, share: Array, dispersion: Array
) -> tuple[Array, Array]:
    """Mean rate of the established products of the group that are most alike, and its weight."""
    products = history.group.size
    watched = np.zeros(products)
    np.maximum.at(watched, history.product, exposure)
    alike = history.likeness if history.likeness.size else np.zeros(products)
    alike = np.nan_to_num(alike.astype(float), nan=0.0, posinf=0.0, neginf=0.0)
    alike = np.arctan(alike - np.median(alike)) if products else alike
    key = history.group * 4.0 + alike
    shown = np.flatnonzero(watched >= ESTABLISHED)
    if not shown.size:
        return rate.copy(), np.zeros(products)
    shown = shown[np.argsort(key[shown], kind="stable")]
    sums = np.concatenate(([0.0], np.cumsum(rate[shown])))
    squares = np.concatenate(([0.0], np.cumsum(rate[shown] ** 2)))
    first = np.searchsorted(history.group[shown], history.group, side="left")
    last = np.searchsorted(history.group[shown], history.group, side="right")
    place = np.searchsorted(key[shown], key)
    low = np.maximum(np.minimum(place - NEIGHBORS // 2, last - NEIGHBORS), first)
    high = np.minimum(low + NEIGHBORS, last)
    # A group without any established product learns from all.
    alone = high - low < 2
    low, high = np.where(alone, 0, low), np.where(alone, shown.size, high)
    count = high - low
    mean = (sums[high] - sums[low]) / count
    variance = np.maximum((squares[high] - squares[low]) / count - mean * mean, 0.0)
    # Rates of products that are seldom wanted differ by chance, too.
    watching = np.bincount(history.product, share * exposure, products)
    noise = dispersion[history.group[shown]] * rate[shown] / np.maximum(watching[shown], 1e-9)
    noises = np.concatenate(([0.0], np.cumsum(noise)))
    variance -= (noises[high] - noises[low]) / count
    variance = np.maximum(variance, 0.05 * mean * mean)
    # Gamma prior of mean m and variance v counts like m / v weeks.
    return mean, np.where(mean > 0.0, mean / np.maximum(variance, 1e-12), 0.0)
