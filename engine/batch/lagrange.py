"""Prices by subgradients: whoever asks for more than there is pays more the next time.

Any prices of resources, none below zero, bound what the orders cost together: each order pays for
its cheapest plan at these prices, less what all the stock and capacity are worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..sourcing.problem import Array
from .board import Board
from .clock import Clock
from .columns import Pool
from .pricing import Pricer

ALONE_EVERY = 15
"""How many rounds the plans of orders that are priced one by one are held."""

SAFETY = 1e-9
"""Share by which a bound is lowered, for the noise of sums."""


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of resources, shape (R + 1,), and the bound that they prove, if any."""

    values: Array
    bound: float


def warm_start(
    board: Board, pricer: Pricer, pool: Pool, upper: float, clock: Clock, *, rounds: int, keep: int
) -> Array:
    """Find prices to begin with, and gather the plans that they make attractive.

    :param upper: cost of known plans
    :param rounds: how often to change prices
    :param keep: plans of so many of the last rounds go into the pool
    :return: shape (R + 1,)
    """
    prices = best_prices = np.zeros(board.n_rows + 1)
    limits = board.limits[:-1]
    best, eager, stuck = -np.inf, 1.0, 0
    change = np.zeros(board.n_rows)
    alone = _Alone(board, pricer, pool)
    for turn in range(rounds):
        if clock.over(0.3):
            break
        values, offers = pricer.best(prices)
        written = [pricer.columns(offer) for offer in offers]
        if turn >= rounds - keep:
            for columns in written:
                pool.add_many(*columns)
        if turn % ALONE_EVERY == 0:
            alone.update(prices)
        used = alone.used + sum(
            (columns[2].totals(board.n_rows + 1) for columns in written),
            np.zeros(board.n_rows + 1),
        )
        bound = alone.value(prices) + float(np.nansum(values)) - float(prices[:-1] @ limits)
        if bound > best:
            best, best_prices, stuck = bound, prices, 0
        else:
            stuck += 1
            if stuck == 4:
                eager, stuck = eager * 0.6, 0
        slope = used[:-1] - limits
        slope[(prices[:-1] <= 0.0) & (slope < 0.0)] = 0.0
        change = slope + 0.6 * change
        steepness = float(change @ change)
        if steepness <= 0.0:
            break
        stride = eager * max(1.02 * upper - bound, 1e-4 * abs(upper)) / steepness
        prices = np.append(np.maximum(prices[:-1] + stride * change, 0.0), 0.0)
    return best_prices


class _Alone:
    """Plans of the orders that are priced one by one; they are made anew from time to time."""

    def __init__(self, board: Board, pricer: Pricer, pool: Pool) -> None:
        self._board, self._numbers, self._pool = board, pricer.alone, pool
        self.used = np.zeros(board.n_rows + 1)
        self._cost = 0.0

    def update(self, prices: Array) -> None:
        self.used = np.zeros(self._board.n_rows + 1)
        self._cost = 0.0
        for number in self._numbers:
            _bound, steps = self._board.solve(number, prices=prices)
            rows, amounts = self._board.usage(number, steps)
            self.used[rows] += amounts
            self._cost += self._board.cost_of(number, steps)
            self._pool.add(number, steps)

    def value(self, prices: Array) -> float:
        return self._cost + float(prices @ self.used)


def prove(
    board: Board, pricer: Pricer, pool: Pool, prices: Array, *, many: int
) -> tuple[float, Array]:
    """Prove a bound, and gather the plans that prove it and others about as good.

    Lines may be split: an order for which that might pay is looked at one by one.

    :param many: how many plans to gather of each order
    :return: the bound, and what each order pays at least, shape (N,), changes and prices included
    """
    values, offers = pricer.best(prices, many)
    for offer in offers:
        pool.add_many(*pricer.columns(offer))
    loose = pricer.loose_values(prices)
    slack = 1e-9 * (1.0 + np.abs(np.nan_to_num(values)))
    doubtful = np.flatnonzero(~(loose >= values - slack)).tolist()
    for number in doubtful:
        bound, steps = board.solve(number, prices=prices)
        values[number] = bound
        pool.add(number, steps)
    values += pool.change_costs
    kept = np.flatnonzero(pool.current >= 0)
    if len(kept):
        now = pool.costs[pool.current[kept]] + pool.uses.take(pool.current[kept]).sums(prices)
        values[kept] = np.minimum(values[kept], now)
    bound = float(values.sum()) - float(prices[:-1] @ board.limits[:-1])
    return bound - SAFETY * (abs(bound) + float(np.abs(values).sum())), values
