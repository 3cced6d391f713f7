"""What stock is worth where it lies, and what more of it is worth where it could go.

All stands on :mod:`..prices`: a unit is worth what the next unit of its kind will still earn at
a place until the horizon. Three things are added. Where demand varies more than a Poisson
stream, its rate is unknown: it is one of three, which have the moments of a gamma distribution
(Gauss's quadrature, so that demand is negative binomial but for moments beyond the fifth).
A unit that arrives later finds the stock that is left then: what is wanted on the way is served
from what is there, and what that cannot serve is lost. And customers that wait for goods are
served first, at full price.

Where other sites may serve a customer, too, a unit at the nearest does not earn its price, but
spares what serving from elsewhere costs. And where sites are replenished anyway, what leaves a site
below its order point is bought anew, long before it would have been, and what comes to one below
it spares that: moves cannot make stock, and must not lead to more of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..prices import Markets, totals
from ..prices.many import grouped, tails
from .problem import Array, Booleans, Integers, Settings
from .tidy import Items, Rows

NODES = 3

MOST_SUMMED = 32
"""So many possible sales on the way are told apart; beyond it their mean stands in."""

CERTAIN = 1.0 + 1e-6
"""Demand with less variance than so many times its mean is Poisson."""

MOST_COVER = 365.0
"""Days at most for which a unit is held that is bought too early."""


@dataclass(frozen=True, slots=True)
class Positions:
    """What rows have, want and can give, in units; columns of shape (rows,).

    :param here: on hand and not promised; below zero if more is promised
    :param held: that and what is on its way there
    :param need: what a donor keeps that has something
    :param giveable: what a donor can give, a multiple of its pack
    :param room: what fits on the shelf, a multiple of its pack
    :param pack: units of a pack
    """

    here: Array
    held: Array
    need: Array
    giveable: Array
    room: Array
    pack: Array


class Values:
    """Values of stock of many rows.

    :param rows: the stock
    :param items: the products
    :param settings: horizon and costs
    :param like: values of the same rows with other stock, not to think of their demand again
    """

    def __init__(
        self, rows: Rows, items: Items, settings: Settings, like: Values | None = None
    ) -> None:
        self.rows, self._items, self._settings = rows, items, settings
        self._horizon = items.horizon[rows.product]
        self._price = _prices(rows, items)
        self._early = _early(rows, items, settings.interest)
        if like is None:
            self._weights, self._rates = scenarios(rows.rate, rows.variance, self._horizon)
        else:
            self._weights, self._rates = like._weights, like._rates

    def markets(self, chosen: Integers, node: int, days: Array | None = None) -> Markets:
        """How goods sell at some rows.

        :param node: which of the possible rates
        :param days: when they arrive; now if not given
        """
        items, product = self._items, self.rows.product[chosen]
        price, horizon = self._price[chosen], self._horizon[chosen]
        if days is not None:
            price = price * np.exp(-items.markdown[product] * days)
            horizon = np.maximum(horizon - days, 1e-9)
        interest = np.full(len(chosen), self._settings.interest)
        return Markets(
            price,
            self._rates[chosen, node],
            horizon,
            items.markdown[product],
            interest,
            items.holding[product],
            items.salvage[product],
        )

    def stay(self, chosen: Integers, points: Array) -> Array:
        """What stock will earn where it is.

        :param chosen: rows
        :param points: units, shape (chosen, points)
        :return: money, same shape
        """
        result = np.zeros(points.shape)
        for node, some in self._nodes(chosen):
            earned = totals(self.markets(chosen[some], node), points[some])
            result[some] += self._weights[chosen[some], node][:, None] * earned
        return result

    def arrive(self, chosen: Integers, days: Array, amounts: Array, here: Array) -> Array:
        """What units will earn that arrive at rows.

        :param chosen: rows
        :param days: when they arrive, shape (chosen,)
        :param amounts: units, shape (chosen, points)
        :param here: units on hand there now, shape (chosen,)
        :return: money, shape of the amounts; meaningless unless :meth:`in_time`
        """
        result = np.zeros(amounts.shape)
        for node, some in self._nodes(chosen):
            rows = chosen[some]
            mean = self._rates[rows, node] * days[some]
            stock = here[some]
            told = np.minimum(np.ceil(np.maximum(stock, 0.0)), _surely(mean))
            many = told > MOST_SUMMED
            stock = np.where(many, np.maximum(stock - mean, 0.0), stock)
            told, mean = np.where(many, 0.0, told), np.where(many, 0.0, mean)
            for group, _size in grouped(told + 1.0, amounts.shape[1]):
                most = int(told[group].max())
                part = some[group]
                earned = self._arrived(
                    *(chosen[part], node, days[part], amounts[part]),
                    *(stock[group], mean[group], most),
                )
                result[part] += self._weights[chosen[part], node][:, None] * earned
        return result

    def most_earned(self, chosen: Integers, days: Array) -> Array:
        """More than any unit earns that comes to rows where nobody waits, without computing it.

        It is sold at most as often as one is wanted, and else lies until the horizon.
        """
        faded = np.exp(-self._settings.interest * days)
        left = self.markets(chosen, 0, days).last * faded
        sold = np.minimum(self.rows.rate[chosen] * self._horizon[chosen], 1.0)
        return left + sold * np.maximum(self._price[chosen] * faded - left, 0.0)

    def bought(self, chosen: Integers, before: Array, after: Array) -> Array:
        """What it costs that sites are replenished for what goes, or not for what comes.

        :param chosen: rows
        :param before: units held, those on their way included, shape (chosen, points) or one that
            broadcasts with it
        :param after: the same after a move
        :return: money, below zero if less is bought
        """
        point = self.rows.order_point[chosen][:, None]
        more = np.maximum(point - after, 0.0) - np.maximum(point - before, 0.0)
        return self._early[self.rows.product[chosen]][:, None] * more

    def in_time(self, days: Array, chosen: Integers | None = None) -> Booleans:
        """Whether what arrives in so many days can still be sold; at all rows if none are given."""
        horizon = self._horizon if chosen is None else self._horizon[chosen]
        return days < horizon

    def _arrived(
        self,
        rows: Integers,
        node: int,
        days: Array,
        amounts: Array,
        stock: Array,
        mean: Array,
        most: int,
    ) -> Array:
        """Average over how many units are sold on the way, from none to so many and more."""
        reached = tails(mean, most + 1) if most else np.zeros((len(rows), 0))
        chance = np.ones((len(rows), most + 1))
        chance[:, 1:] = reached[:, :most]
        weights = chance.copy()
        weights[:, :-1] -= chance[:, 1:]
        left = np.maximum(stock[:, None] - np.arange(most + 1.0), np.minimum(stock, 0.0)[:, None])
        left = left + self.rows.incoming[rows][:, None]
        points = (
            left[:, :, None]
            + np.concatenate((np.zeros((len(rows), 1)), amounts), axis=1)[:, None, :]
        )
        markets = self.markets(rows, node, days)
        earned = totals(markets, points.reshape(len(rows), -1)).reshape(points.shape)
        earned = earned[:, :, 1:] - earned[:, :, :1]
        faded = np.exp(-self._settings.interest * days)
        return faded[:, None] * (weights[:, :, None] * earned).sum(axis=1)

    def quantile(self, chosen: Integers, level: float, days: Array) -> Array:
        """How many units are wanted at most in so many days, with a probability.

        :param chosen: rows
        :param days: shape (chosen,)
        :return: same shape
        """
        result = np.zeros(len(chosen))
        rates, weights = self._rates[chosen], self._weights[chosen]
        most = _surely((rates * days[:, None]).max(axis=1, initial=0.0))
        for group, size in grouped(most):
            chance = np.zeros((len(group), size))
            for node in range(NODES):
                weight = weights[group, node]
                some = np.flatnonzero(weight > 0.0)
                mean = rates[group[some], node] * days[group[some]]
                chance[some] += weight[some, None] * tails(mean, size)
            result[group] = (chance > 1.0 - level).sum(axis=1)
        return result

    def most_wanted(self, chosen: Integers) -> Array:
        """More units than ever are wanted at rows until the horizon."""
        rates = self._rates[chosen].max(axis=1, initial=0.0)
        return _surely(rates * self._horizon[chosen])

    def chance(self, chosen: Integers, units: Array, days: Array) -> Array:
        """Probability that so many units are wanted at rows in so many days."""
        result = np.zeros(len(chosen))
        for group, size in grouped(np.minimum(np.maximum(units, 1.0), 2_000.0)):
            at = np.clip(np.ceil(units[group]), 1, size).astype(np.int64) - 1
            for node in range(NODES):
                mean = self._rates[chosen[group], node] * np.maximum(days[group], 0.0)
                reached = tails(mean, size)[np.arange(len(group)), at]
                result[group] += self._weights[chosen[group], node] * reached
        return np.where(units <= 0.0, 1.0, result)

    def positions(self) -> Positions:
        """What rows have and can give."""
        rows, settings = self.rows, self._settings
        here = rows.stock - rows.reserved
        held = here + rows.incoming
        pack = self._items.pack[rows.product]
        # What those need who have nothing nobody asks.
        givers = np.flatnonzero(rows.donor_ok & (here > 0.0))
        days = np.minimum(settings.need_days, self._horizon[givers])
        need = np.zeros(len(here))
        need[givers] = self.quantile(givers, settings.need_level, days)
        if settings.keep_minimum:
            need = np.maximum(need, rows.minimum)
        giveable = here - need
        giveable = np.where(rows.donor_ok, _packs(giveable, pack), 0.0)
        shelf = rows.capacity - rows.stock - rows.incoming
        room = np.where(rows.receiver_ok, _packs(np.minimum(shelf, 1e9), pack), 0.0)
        return Positions(here, held, need, giveable, room, pack)

    def excess(self, positions: Positions) -> Array:
        """What is beyond a high quantile of the demand until the horizon, a multiple of packs."""
        every = np.arange(len(positions.here))
        kept = self.quantile(every, self._settings.excess_level, self._horizon)
        return _packs(np.minimum(positions.here, positions.held - kept), positions.pack)

    def _nodes(self, chosen: Integers) -> list[tuple[int, Integers]]:
        """Possible rates, and positions among rows of those that have them."""
        found = [(node, np.flatnonzero(self._weights[chosen, node] > 0)) for node in range(NODES)]
        return [(node, some) for node, some in found if len(some)]


def _prices(rows: Rows, items: Items) -> Array:
    """What a sale at each row earns by being served from there, money, shape (rows,)."""
    price = items.price[rows.product]
    # A unit that is sold elsewhere in its place is still there.
    near = np.minimum(price, (items.salvage + items.elsewhere)[rows.product])
    return rows.local * price + (1.0 - rows.local) * near


def _early(rows: Rows, items: Items, interest: float) -> Array:
    """What it costs to buy a unit of each product before it is wanted, money, shape (products,).

    It lies, somewhere, until all that is there before it is sold.
    """
    count = len(items.price)
    held = np.bincount(rows.product, rows.stock - rows.reserved + rows.incoming, count)
    rate = np.bincount(rows.product, rows.rate, count)
    cover = np.where(rate > 0.0, np.maximum(held, 0.0) / np.where(rate > 0.0, rate, 1.0), np.inf)
    cover = np.minimum(cover, MOST_COVER)
    return cover * items.holding + items.cost * -np.expm1(-interest * cover)


def _packs(units: Array, pack: Array) -> Array:
    return np.maximum(np.floor(units / pack + 1e-9), 0.0) * pack


def _surely(mean: Array) -> Array:
    return np.ceil(mean + 8.0 * np.sqrt(mean) + 8.0)


def scenarios(rate: Array, variance: Array, horizon: Array) -> tuple[Array, Array]:
    """Say at which rates customers may come.

    The days of the horizon are independent of each other, so that demand in it has so many times
    a day's variance; what that exceeds the mean by is the variance of a gamma distributed rate.

    :param rate: mean number of units per day, shape (rows,)
    :param variance: of the units per day
    :param horizon: days
    :return: probabilities and rates, both of shape (rows, 3)
    """
    weights, rates = np.zeros((len(rate), NODES)), np.zeros((len(rate), NODES))
    weights[:, 0], rates[:, 0] = 1.0, rate
    some = np.flatnonzero((variance > CERTAIN * rate) & (rate > 0.0))
    if not len(some):
        return weights, rates
    shape = rate[some] ** 2 * horizon[some] / (variance[some] - rate[some])
    shape = np.maximum(shape, 0.02)
    # Golub and Welsch 1969: nodes are eigenvalues of the recursion of Laguerre's polynomials.
    matrix = np.zeros((len(some), NODES, NODES))
    for place in range(NODES):
        matrix[:, place, place] = 2.0 * place + shape
        if place:
            beside = np.sqrt(place * (place + shape - 1.0))
            matrix[:, place, place - 1] = matrix[:, place - 1, place] = beside
    nodes, vectors = np.linalg.eigh(matrix)
    weights[some] = vectors[:, 0, :] ** 2
    rates[some] = nodes * (rate[some] / shape)[:, None]
    return weights, np.maximum(rates, 0.0)
