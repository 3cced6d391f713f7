"""Worlds whose demand is known: rates, seasons, stock-outs and what comes afterwards."""

from dataclasses import dataclass

import numpy as np

from engine.demand import History


@dataclass(frozen=True)
class World:
    """A history and the truth behind it.

    :param rate: true units per day of each series after the history, on average over a year
    :param season: true factor of each day of the history and after it, (groups, days + ahead)
    :param draw: draws the demand of some days of all series, (n,)
    """

    history: History
    rate: np.ndarray
    season: np.ndarray
    ahead: int
    future: np.ndarray


def world(
    products=200,
    sites=10,
    weeks=78,
    seed=1,
    *,
    groups=4,
    busy=0.4,
    spread=1.0,
    uneven=0.0,
    swing=0.0,
    drift=0.0,
    out=0.0,
    size=1,
    ahead=28,
):
    """Draw a world.

    :param busy: median units per day of a series
    :param spread: standard deviation of the logarithm of the rates of products
    :param uneven: shape parameter's inverse of the negative binomial per day; zero for Poisson
    :param swing: amplitude of the yearly season
    :param drift: growth of the logarithm of the rates over the history
    :param out: share of the days without stock
    :param size: units of a demand
    """
    random = np.random.default_rng(seed)
    count, days = products * sites, weeks * 7
    product, site = np.repeat(np.arange(products), sites), np.tile(np.arange(sites), products)
    group = np.arange(products) % groups
    base = busy * np.exp(spread * random.standard_normal(products))
    share = np.exp(0.6 * random.standard_normal(sites))
    own = random.gamma(8.0, 1.0 / 8.0, count)
    rate = base[product] * share[site] / share.mean() * own
    time = np.arange(days + ahead)
    phase = 2.0 * np.pi * random.random(groups)
    season = np.exp(swing * np.cos(2.0 * np.pi * time[None] / 365.25 + phase[:, None]))
    season /= season[:, :365].mean(1, keepdims=True)
    grown = np.exp(drift * np.minimum(time / days, 1.0))
    week = np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.6, 0.6])
    mean = rate / size
    events, future = [], np.zeros(count)
    begun = random.integers(0, days, count)
    long_ = (out * days * 2 * random.random(count)).astype(int)
    for day in range(days + ahead):
        now = mean * season[group[product], day] * grown[day] * week[day % 7]
        if uneven:
            now = now * random.gamma(1.0 / uneven, uneven, count)
        came = random.poisson(now) * size
        if day >= days:
            future += came
            continue
        away = (begun <= day) & (day < begun + long_)
        some = np.flatnonzero((came > 0) & ~away)
        events.append((some, np.full(some.size, day), came[some]))
    series, day, quantity = (np.concatenate(each) for each in zip(*events, strict=True))
    gone = np.flatnonzero(long_)
    history = History(
        days,
        product,
        site,
        group,
        series,
        day,
        quantity.astype(float),
        gone,
        begun[gone].astype(float),
        np.minimum(begun[gone] + long_[gone], days).astype(float),
        likeness=np.log(base),
    )
    return World(history, rate * grown[-1], season, ahead, future)
