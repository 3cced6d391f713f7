"""From fractions of plans to plans."""

from __future__ import annotations

import numpy as np

from ..sourcing.problem import Array
from .board import Board, Ints
from .columns import Pool
from .incumbent import best_left, fits, take


def round_up(board: Board, pool: Pool, shares: Array, prices: Array) -> Ints:
    """Choose a plan of each order: the largest fraction that fits, surest orders first.

    An order of whose plans none fits is planned anew with what is left, at the prices.

    :param shares: shape (K,): fractions, of the first columns of the pool
    :param prices: shape (R + 1,)
    """
    n_orders = len(board.orders)
    held = np.flatnonzero(shares > 0.02)
    owners = pool.orders[held]
    ranked = held[np.lexsort((-shares[held], owners))]
    owners = pool.orders[ranked]
    starts = np.searchsorted(owners, np.arange(n_orders + 1)).tolist()
    surest = np.zeros(n_orders)
    np.maximum.at(surest, owners, shares[ranked])
    left = board.limits.copy()
    columns = np.full(n_orders, -1, dtype=np.intp)
    open_orders = []
    for number in np.argsort(-surest, kind="stable").tolist():
        for column in ranked[starts[number] : starts[number + 1]].tolist():
            if fits(pool, column, left):
                columns[number] = column
                take(pool, column, left)
                break
        else:
            open_orders.append(number)
    for number in open_orders:
        columns[number] = column = best_left(board, pool, number, left, prices)
        take(pool, column, left)
    return columns
