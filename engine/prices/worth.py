"""What units at many places are worth at once, and the parts of it: one value for all who ask.

The numbers are those of :func:`.earning.unit_values`, for arrays of products and sites instead of
one place, and of any unit instead of the next ones: sourcing asks what the last unit at each site
would still earn there, the screen what the next one would and why. Whoever needs the values of all
units of a stock one by one takes :mod:`.many`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..demand.special import gamma_cdf
from .cover import MOST_EXACT, reached
from .earning import NOBODY, Market
from .scenarios import scenarios

Array = NDArray[np.float64]

SHORTEST = 1e-9
"""Days for which goods are sold at least, where they are not sold any more."""

LITTLE = 1e-5
"""Whoever loses less than this share of the price in all the time loses it evenly."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a company reckons with, whatever the product and the place.

    :param horizon: days in which goods can be sold
    :param decline: share by which prices fall per day, continuously
    :param interest: share per day that money later is worth less
    :param holding: share of the price that keeping a unit for a day costs
    :param salvage: share of the price that a unit brings that is left at the end
    :param outdated: age in days at which goods count as left over; zero if age does not matter
    :raises ValueError: a number is negative or not finite, or nothing is left of time
    """

    horizon: float
    decline: float = 0.0
    interest: float = 0.0
    holding: float = 0.0
    salvage: float = 0.0
    outdated: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0.0 <= value < float("inf"):
                raise ValueError(f"The {each.name} must be a finite number from zero, not {value}.")
        if self.horizon <= 0.0:
            raise ValueError("Goods that cannot be sold any more have no market.")

    def market(
        self,
        price: float,
        rate: float,
        stock: float = 0.0,
        variance: float = 0.0,
        life: float = float("inf"),
    ) -> Market:
        """Return how goods of a price sell at a place.

        :param price: what a unit earns when it is sold today, money
        :param rate: units wanted per day
        :param stock: units that are sold before the next one
        :param variance: of the units wanted per day; not above the rate it is that of a Poisson law
        :param life: days until they are not sold there any more
        """
        chances, rates = self.rates(np.array([rate]), np.array([variance]))
        known = chances[0] > 0.0
        return Market(
            price=price,
            rate=rate,
            stock=stock,
            rates=tuple(zip(chances[0, known].tolist(), rates[0, known].tolist(), strict=True))
            if known.sum() > 1
            else (),
            horizon=max(min(self.horizon, life), SHORTEST),
            decline=self.decline,
            interest=self.interest,
            holding=price * self.holding,
            salvage=price * self.salvage,
        )

    def days_left(self, age: ArrayLike, life: ArrayLike = np.inf) -> Array:
        """Return in how many days goods of an age can still be sold, same shape.

        :param age: days for which they have been there
        :param life: days until goods like them are not sold there any more
        """
        ages, lives = np.broadcast_arrays(np.asarray(age, float), np.asarray(life, float))
        most = np.clip(lives, 0.0, self.horizon)
        if not self.outdated:
            return most
        return np.clip(self.outdated - ages, 0.0, most)

    def rates(self, rate: Array, variance: Array) -> tuple[Array, Array]:
        """Return with which probabilities customers come at which rates.

        :param rate: mean number of units per day, shape (places,)
        :param variance: of the units per day, same shape
        :return: probabilities and rates, both of shape (places, 3)
        """
        return scenarios(rate, variance, np.full(len(rate), self.horizon))


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What units are worth, and why; all arrays of the same shape, money per unit.

    ``value = sale - markdown - interest - holding + salvage``.

    :param sale: today's price times the chance of a sale
    :param markdown: of that, what is lost because the price falls until then
    :param interest: and because the money comes later
    :param holding: what keeping the unit costs until it is sold or left over
    :param salvage: what it brings if it is left over, times the chance of that, as of today
    :param chance: probability that it is sold in time
    :param days: until it is sold, on average over the cases in which it is; NaN if never
    """

    sale: Array
    markdown: Array
    interest: Array
    holding: Array
    salvage: Array
    chance: Array
    days: Array

    @property
    def value(self) -> Array:
        """What the units are worth."""
        return self.sale - self.markdown - self.interest - self.holding + self.salvage


def worth(
    terms: Terms,
    price: ArrayLike,
    rate: ArrayLike,
    place: ArrayLike,
    age: ArrayLike = 0.0,
    *,
    variance: ArrayLike = 0.0,
    life: ArrayLike = np.inf,
) -> Worth:
    """Say what units are worth by their place in the row of those that are sold one by one.

    :param terms: what is reckoned with
    :param price: what a unit earns when it is sold today, any shape
    :param rate: units wanted per day where it is, same shape
    :param place: 1 for the unit that is sold first there, and so on, same shape
    :param age: days for which it has been there, same shape
    :param variance: of the units wanted per day, same shape; not above the rate it is that of a
        Poisson law
    :param life: days until goods like it are not sold there any more, same shape
    :return: arrays of that shape
    :raises ValueError: a number is negative or not finite, or a place is below 1
    """
    shape, columns = _columns(price, rate, place, age, variance, life)
    price, rate, place, age, variance, life = columns
    for name, numbers in (("price", price), ("rate", rate), ("age", age), ("place", place - 1.0)):
        if not (np.isfinite(numbers).all() and numbers.min(initial=0.0) >= 0.0):
            raise ValueError(f"The {name} holds a number that is too low or not finite.")
    days = terms.days_left(age, life)
    parts = {each.name: np.zeros(len(price)) for each in fields(Worth)}
    for chance, some, rates in _possible(terms, rate, variance):
        found = _worth(terms, price[some], rates, place[some], days[some])
        found["days"] = np.nan_to_num(found["days"]) * found["chance"]
        for name, part in found.items():
            parts[name][some] += chance * part
    with np.errstate(invalid="ignore", divide="ignore"):
        parts["days"] = np.where(parts["chance"] > 0.0, parts["days"] / parts["chance"], np.nan)
    return Worth(**{name: part.reshape(shape) for name, part in parts.items()})


def _columns(*columns: ArrayLike) -> tuple[tuple[int, ...], list[Array]]:
    """Return the common shape of some numbers, and all of them one after the other."""
    found = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in columns))
    return found[0].shape, [each.ravel() for each in found]


def _possible(
    terms: Terms, rate: Array, variance: Array
) -> Iterator[tuple[Array, NDArray[np.int64], Array]]:
    """Probabilities of rates, at which places they are possible, and the rates."""
    chances, rates = terms.rates(rate, variance)
    for node in range(chances.shape[1]):
        some = np.flatnonzero(chances[:, node] > 0.0)
        if len(some):
            yield chances[some, node], some, rates[some, node]


def _worth(terms: Terms, price: Array, rate: Array, place: Array, days: Array) -> dict[str, Array]:
    """Return the parts of a worth at rates that are known for sure."""
    mean = rate * days
    wanted = mean >= NOBODY
    some = np.where(wanted, rate, 1.0)
    chance = np.where(wanted, tails(place, mean), 0.0)
    # An Erlang time cut off at the horizon, in days, over all cases in which it is before it.
    sold_days = np.where(wanted, place / some * tails(place + 1.0, mean), 0.0)

    def faded(fade: float) -> Array:
        if not fade:
            return price * chance
        by = (some / (some + fade)) ** place
        return np.where(wanted, price * by * tails(place, mean + fade * days), 0.0)

    sale, marked_down = price * chance, faded(terms.decline)
    last = price * np.exp(-terms.decline * days)
    left = np.minimum(terms.salvage * price, last) * np.exp(-terms.interest * days)
    with np.errstate(invalid="ignore", divide="ignore"):
        until = np.where(chance > 0.0, sold_days / chance, np.nan)
    return {
        "sale": sale,
        "markdown": sale - marked_down,
        "interest": marked_down - faded(terms.decline + terms.interest),
        "holding": terms.holding * price * (sold_days + days * (1.0 - chance)),
        "salvage": left * (1.0 - chance),
        "chance": chance,
        "days": until,
    }


def worth_together(
    terms: Terms,
    price: ArrayLike,
    rate: ArrayLike,
    units: ArrayLike,
    age: ArrayLike = 0.0,
    *,
    variance: ArrayLike = 0.0,
    life: ArrayLike = np.inf,
) -> Array:
    """Say what all units of a stock are worth together, the sum of :func:`worth` over its places.

    Sums of Poisson tails have closed forms, so that a stock of thousands takes no longer than one
    of two: with ``N`` units wanted in the time left, ``min(N, m)`` of ``m`` are sold.

    :param units: how many there are, whole numbers from zero, any shape
    :return: money, same shape
    """
    shape, columns = _columns(price, rate, units, age, variance, life)
    price, rate, units, age, variance, life = columns
    days = terms.days_left(age, life)
    result = np.zeros(len(price))
    for chance, some, rates in _possible(terms, rate, variance):
        result[some] += chance * _together(terms, price[some], rates, units[some], days[some])
    return result.reshape(shape)


def _together(terms: Terms, price: Array, rate: Array, units: Array, days: Array) -> Array:
    """Return what stocks are worth at rates that are known for sure."""
    mean = np.where(rate * days >= NOBODY, rate * days, 0.0)
    some = np.where(mean > 0.0, rate, 1.0)
    sold = _expected_sold(units, mean)

    # min(N - 1, m) (min(N - 1, m) + 1) / 2 on average: days until the sales, times the rate.
    pairs = 0.5 * mean**2 * (1.0 - tails(units - 1.0, mean))
    pairs = pairs + 0.5 * units * (units + 1.0) * tails(units + 1.0, mean)
    until = np.where(mean > 0.0, pairs / some, 0.0)

    def faded(fade: float) -> Array:
        if fade * terms.horizon < LITTLE:
            return sold - fade * until
        # What min(N, m) units of the quicker stream fade to: a sum of powers.
        left = np.exp(-fade * days) * (1.0 - tails(units, mean))
        left = left + (some / (some + fade)) ** units * tails(units, mean + fade * days)
        return np.where(mean > 0.0, some / fade * (1.0 - left), 0.0)

    shelf = until + days * (units - sold)
    last = price * np.exp(-terms.decline * days)
    left_over = np.minimum(terms.salvage * price, last) * np.exp(-terms.interest * days)
    return (
        price * faded(terms.decline + terms.interest)
        + left_over * (units - sold)
        - terms.holding * price * shelf
    )


def _expected_sold(units: Array, mean: Array) -> Array:
    """How many of some units are sold on average, at a Poisson demand."""
    return mean * (1.0 - tails(units - 1.0, mean)) + units * tails(units, mean)


def tails(number: ArrayLike, mean: ArrayLike) -> Array:
    """Probability that a Poisson demand is at least so many units, for arrays.

    :param number: units, whole numbers from zero, any shape
    :param mean: of the demand, from zero, same shape
    """
    number, mean = np.broadcast_arrays(np.asarray(number, float), np.asarray(mean, float))
    result = np.where(number <= 0.0, 1.0, 0.0).ravel()
    units, means = number.ravel(), mean.ravel()
    inside = (units > 0.0) & (means > 0.0)
    large = inside & (means > MOST_EXACT)
    if large.any():
        result[large] = reached(units[large], means[large])
    small = inside & ~large
    # A Poisson demand reaches n when a gamma variable of shape n has come by then.
    result[small] = gamma_cdf(units[small], means[small])
    return np.clip(result, 0.0, 1.0).reshape(number.shape)
