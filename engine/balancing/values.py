"""What stock is worth where it lies, and what more of it is worth where it could go.

All stands on :mod:`..prices`: a unit is worth what the next unit of its kind will still earn at
a place until the horizon. Three things are added. Where demand varies more than a Poisson
stream, its rate is unknown: it is one of three, which have the moments of a gamma distribution
(Gauss's quadrature, so that demand is negative binomial but for moments beyond the fifth).
A unit that arrives later finds the stock that is left then: what is wanted on the way is served
from what is there, and what that cannot serve is lost. And customers that wait for goods are
served first, at full price.

Where other sites may serve a customer, too, a unit at the nearest does not earn its price, but
spares the longer way. And where sites are replenished anyway, a unit that comes spares misses only
until that arrives: from then on it spares a purchase if the site is below its order point. What is
above it lies until it is wanted, longer than any horizon: so goods go from where there is too much
to where others would be bought, and not to where they only pile up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..prices import Markets, totals
from ..prices.many import grouped, tails
from ..prices.scenarios import NODES, scenarios
from .problem import Array, Booleans, Integers, Settings
from .tidy import Items, Rows

MOST_SUMMED = 32
"""So many possible sales on the way are told apart; beyond it their mean stands in."""


__all__ = ["Positions", "Values", "scenarios"]

MOST_COVER = 365.0
"""Days at most for which a unit is thought to lie."""


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

    ``end`` has the days in which goods can be sold at each row, and ``horizon`` those for which
    they are valued: where a site is replenished, until that comes.
    """

    def __init__(
        self, rows: Rows, items: Items, settings: Settings, like: Values | None = None
    ) -> None:
        self.rows, self._items, self._settings = rows, items, settings
        self.end = np.minimum(items.horizon[rows.product], rows.life)
        is_replenished = ~np.isnan(rows.order_point)
        self.horizon = np.where(is_replenished, np.minimum(self.end, rows.lead_days), self.end)
        self._is_replenished = is_replenished
        self._price = _prices(rows, items)
        # What a site keeps anyway costs the same whether this unit is sold or the next.
        is_kept = is_replenished | np.isfinite(items.elsewhere)[rows.product]
        self._interest = np.where(is_kept, 0.0, settings.interest)
        self._holding = np.where(is_kept, 0.0, items.holding[rows.product])
        self._surplus = _surplus_days(rows, items)
        self._daily = np.where(
            is_replenished, (items.holding + settings.interest * items.cost)[rows.product], 0.0
        )
        if like is None:
            # How sure a pace is does not depend on how long goods are sold.
            every = np.where(is_replenished, self.horizon, settings.horizon_days)
            self._weights, self._rates = scenarios(rows.rate, rows.variance, every)
        else:
            self._weights, self._rates = like._weights, like._rates

    def before(self, positions: Positions) -> Array:
        """Units before whose last one a donor values what it gives: what comes counts, too.

        Where a site is valued until it is replenished, what comes later does not make up for what
        goes now.
        """
        return np.where(self._is_replenished, positions.here, positions.held)

    def markets(
        self, chosen: Integers, node: int, days: Array | None = None, left: Array | None = None
    ) -> Markets:
        """How goods sell at some rows.

        :param node: which of the possible rates
        :param days: when they arrive; if not given, those that are there
        :param left: days in which what arrives can still be sold, if it is old
        """
        items, product = self._items, self.rows.product[chosen]
        price, horizon = self._price[chosen], self.horizon[chosen]
        if days is None:
            horizon = np.minimum(horizon, self.rows.days_left[chosen])
        else:
            price = price * np.exp(-items.markdown[product] * days)
            horizon = horizon if left is None else np.minimum(horizon, left)
            horizon = np.maximum(horizon - days, 1e-9)
        interest, holding = self._interest[chosen], self._holding[chosen]
        return Markets(
            price,
            self._rates[chosen, node],
            horizon,
            items.markdown[product],
            interest,
            holding,
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

    def arrive(
        self,
        chosen: Integers,
        days: Array,
        amounts: Array,
        here: Array,
        left: Array | None = None,
    ) -> Array:
        """What units will earn that arrive at rows.

        :param chosen: rows
        :param days: when they arrive, shape (chosen,)
        :param amounts: units, shape (chosen, points)
        :param here: units on hand there now, shape (chosen,)
        :param left: days in which what arrives can still be sold, if it is old, shape (chosen,)
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
                    None if left is None else left[part],
                )
                result[part] += self._weights[chosen[part], node][:, None] * earned
        return result

    def most_earned(self, chosen: Integers, days: Array) -> Array:
        """More than any unit earns that comes to rows where nobody waits, without computing it.

        It is sold at most as often as one is wanted, and else lies until the horizon.
        """
        faded = np.exp(-self._interest[chosen] * days)
        left = self.markets(chosen, 0, days).last * faded
        sold = np.minimum(self.rows.rate[chosen] * self.horizon[chosen], 1.0)
        return left + sold * np.maximum(self._price[chosen] * faded - left, 0.0)

    def carried(self, chosen: Integers, before: Array, after: Array) -> Array:
        """What it costs that units above the order point lie until they are wanted.

        Where others may serve, all that is too much in the network serves the customers of all.

        :param chosen: rows
        :param before: units held, those on their way included, shape (chosen, points) or one that
            broadcasts with it
        :param after: the same after a move
        :return: money, below zero if less lies
        """
        point = np.nan_to_num(self.rows.order_point[chosen])[:, None]
        days = self._lying(chosen, np.maximum(after - point, 0.0))
        days = days - self._lying(chosen, np.maximum(before - point, 0.0))
        return self._daily[chosen][:, None] * days

    def _lying(self, chosen: Integers, units: Array) -> Array:
        """Days for which units lie together, one sold after the other."""
        surplus = self._surplus[chosen][:, None]
        queued = _queued(self.rows.drawn[chosen][:, None], units, MOST_COVER)
        return np.where(np.isnan(surplus), queued, units * np.nan_to_num(surplus))

    def in_time(self, days: Array, chosen: Integers | None = None) -> Booleans:
        """Whether what arrives in so many days can still be sold; at all rows if none are given."""
        end = self.end if chosen is None else self.end[chosen]
        return days < end

    def _arrived(
        self,
        rows: Integers,
        node: int,
        days: Array,
        amounts: Array,
        stock: Array,
        mean: Array,
        most: int,
        old: Array | None,
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
        markets = self.markets(rows, node, days, old)
        earned = totals(markets, points.reshape(len(rows), -1)).reshape(points.shape)
        earned = earned[:, :, 1:] - earned[:, :, :1]
        faded = np.exp(-self._interest[rows] * days)
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
        """More units than ever are wanted at rows until the horizon, or to be replenished."""
        rates = self._rates[chosen].max(axis=1, initial=0.0)
        point = np.ceil(np.nan_to_num(self.rows.order_point[chosen]))
        return np.maximum(_surely(rates * self.horizon[chosen]), point)

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
        # What is on its way counts in what a unit is worth, but may come too late for next sales.
        late = (rows.incoming[givers] > 0.0) & (settings.need_days > 0.0)
        longer = max(settings.need_days, settings.risk_days or 0.0)
        days = np.minimum(np.where(late, longer, settings.need_days), self.horizon[givers])
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
        days = np.minimum(self.end, self._settings.excess_days or float("inf"))
        kept = self.quantile(every, self._settings.excess_level, days)
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


def _surplus_days(rows: Rows, items: Items) -> Array:
    """Days for which what is too much lasts where others may serve, else NaN, shape (rows,)."""
    count = len(items.price)
    held = rows.stock - rows.reserved + rows.incoming
    surplus = np.bincount(rows.product, held - np.nan_to_num(rows.order_point), count)
    rate = np.bincount(rows.product, rows.rate, count)
    days = np.where(rate > 0.0, np.maximum(surplus, 0.0) / np.where(rate > 0.0, rate, 1.0), np.inf)
    return np.where(np.isfinite(items.elsewhere), np.minimum(days, MOST_COVER), np.nan)[
        rows.product
    ]


def _queued(rate: Array, units: Array, most: Array | float) -> Array:
    """Days for which units lie together if one after the other is sold, each at most so long."""
    within = np.minimum(units, np.floor(rate * most))
    waited = within * (within + 1.0) / (2.0 * np.where(rate > 0.0, rate, 1.0))
    return waited + (units - within) * most


def _packs(units: Array, pack: Array) -> Array:
    return np.maximum(np.floor(units / pack + 1e-9), 0.0) * pack


def _surely(mean: Array) -> Array:
    return np.ceil(mean + 8.0 * np.sqrt(mean) + 8.0)
