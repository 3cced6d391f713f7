"""What the next unit at a place will still earn there: the marginal value of stock.

Demand comes as a Poisson stream, one unit at a time, so the unit that has ``n - 1`` before it is
sold at the ``n``-th arrival, an Erlang distributed moment. The expectation of a price that falls
over time at that moment has a closed form by the Poisson distribution (exponential tilting: an
Erlang density of rate ``a`` times ``exp(-d t)`` is one of rate ``a + d`` times ``(a/(a+d))**n``).
Without decline, interest, holding costs and salvage it is the newsvendor's marginal value
``price * P(demand >= n)``, by which scarce stock is priced too: see :mod:`.cover`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .cover import MOST_EXACT, poisson_tails, reached

Array = NDArray[np.float64]

NOBODY = 1e-9
"""Who expects fewer units to be wanted in all the time expects none."""


@dataclass(frozen=True, slots=True)
class Market:
    """How goods of a kind sell at a place.

    :param price: what a unit earns when it is sold today, money
    :param rate: units wanted per day
    :param stock: units that are there already, or come, and are sold before the next one
    :param horizon: days in which they can be sold
    :param decline: share by which the price falls per day, continuously (markdown over time)
    :param interest: share per day that money later is worth less
    :param holding: money per unit and day until it is sold
    :param salvage: what a unit that is left at the end brings then
    :param rates: where the rate is not known for sure, probabilities and what it may be; the mean
        of it is the rate
    :raises ValueError: a number is negative or not finite, or nothing is left of time
    """

    price: float
    rate: float
    stock: float = 0.0
    horizon: float = 365.0
    decline: float = 0.0
    interest: float = 0.0
    holding: float = 0.0
    salvage: float = 0.0
    rates: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if name == "rates":
                continue
            if not (0.0 <= value < float("inf")):
                raise ValueError(f"The {name} must be a finite number from zero, not {value}.")
        if self.horizon <= 0.0:
            raise ValueError("Goods that cannot be sold any more have no market.")

    def known(self) -> tuple[tuple[float, Market], ...]:
        """Return probabilities, and the same with a rate that is known for sure."""
        if not self.rates:
            return ((1.0, self),)
        return tuple((chance, replace(self, rate=rate, rates=())) for chance, rate in self.rates)

    @property
    def leftover(self) -> float:
        """What a unit that is left at the end is worth today, its holding costs not taken off.

        Whoever can get more for it than the price at the end sells it at that price before.
        """
        last = self.price * np.exp(-self.decline * self.horizon)
        return float(min(self.salvage, last) * np.exp(-self.interest * self.horizon))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a unit.

    :param chance: probability that it is sold in time
    :param days: days until it is sold, on average over the cases in which it is; none if never
    """

    chance: float
    days: float | None


def unit_values(market: Market, count: int) -> Array:
    """Say what each of the next units will earn, the stock that is there before them.

    :param market: the place
    :param count: how many units
    :return: shape (count,), never rising: each unit is worth no more than the one before it
    """
    if market.rates:
        found = [chance * unit_values(each, count) for chance, each in market.known()]
        return np.sum(found, axis=0)
    before = int(market.stock)
    places = before + np.arange(1.0, count + 1.0)
    fade = market.decline + market.interest
    if market.rate * market.horizon < NOBODY:
        return np.full(count, market.leftover - market.holding * market.horizon)
    mean = market.rate * market.horizon
    faded = (market.rate / (market.rate + fade)) ** places
    sold = market.price * faded * _tails(before, count, mean + fade * market.horizon)
    # The time on the shelf is an Erlang time cut at the horizon.
    chance, later = np.lib.stride_tricks.sliding_window_view(_tails(before, count + 1, mean), count)
    days = places / market.rate * later + market.horizon * (1.0 - chance)
    return sold + market.leftover * (1.0 - chance) - market.holding * days


def _tails(before: int, count: int, mean: float) -> Array:
    """Probability that demand is at least before + 1, and so on, for so many numbers."""
    if before + count < MOST_EXACT and mean <= MOST_EXACT:
        return poisson_tails(before + count, mean)[before + 1 :]
    return reached(before + np.arange(1.0, count + 1.0), np.full(count, mean))


def outlook(market: Market, place: int = 1) -> Outlook:
    """Say how surely and when one of the next units is sold.

    :param market: the place
    :param place: 1 for the next unit, 2 for the one after it
    """
    if market.rates:
        found = [(weight, outlook(each, place)) for weight, each in market.known()]
        chance = sum(weight * each.chance for weight, each in found)
        days = sum(weight * each.chance * (each.days or 0.0) for weight, each in found)
        return Outlook(chance, days / chance if chance > 0.0 else None)
    if market.rate * market.horizon < NOBODY:
        return Outlook(0.0, None)
    number = np.array([np.floor(market.stock) + place])
    mean = np.array([market.rate * market.horizon])
    chance = float(reached(number, mean)[0])
    if chance <= 0.0:
        return Outlook(0.0, None)
    days = float(number[0] / market.rate * reached(number + 1.0, mean)[0]) / chance
    return Outlook(chance, days)
