"""The best plans so far: one column of each order, and what they take."""

from __future__ import annotations

import numpy as np

from ..sourcing.problem import Array
from .board import Board, Ints
from .clock import Clock
from .columns import Pool
from .pricing import Pricer

BLOCK = 250
"""Orders whose plans are looked for at once."""


class Incumbent:
    """A choice of one column of each order within all limits.

    :ivar columns: shape (N,)
    :ivar used: shape (R + 1,): what they take of each resource
    """

    def __init__(self, board: Board, pool: Pool, columns: Ints) -> None:
        self.board, self.pool = board, pool
        self.columns = columns.copy()
        self.used = pool.uses.totals(board.n_rows + 1, columns)

    @property
    def cost(self) -> float:
        """Cost of all the plans and changes."""
        return float(self.pool.costs[self.columns].sum())

    @property
    def left(self) -> Array:
        """What is left of each resource, shape (R + 1,)."""
        return self.board.limits - self.used

    def put(self, orders: Ints, columns: Ints) -> None:
        """Replace the columns of some orders; the caller has seen to the limits."""
        size = self.board.n_rows + 1
        uses = self.pool.uses
        self.used = self.used - uses.totals(size, self.columns[orders])
        self.used = self.used + uses.totals(size, columns)
        self.columns[orders] = columns


def one_by_one(pricer: Pricer, pool: Pool, *, prices: Array | None = None) -> Ints:
    """Plan the orders one after the other, each exactly, with what the earlier ones left.

    What is best for an order of a block at the block's beginning is so for as long as it still
    fits, so that only few orders have to be looked at by themselves. Orders whose current plan
    still fits and is as good keep it.

    :param prices: shape (R + 1,): what a plan pays for resources; None: nothing
    :return: a column of each order
    """
    board = pricer.board
    left = board.limits.copy()
    columns = np.full(len(board.orders), -1, dtype=np.intp)
    paid = np.zeros(board.n_rows + 1) if prices is None else prices
    for start in range(0, len(columns), BLOCK):
        stop = min(start + BLOCK, len(columns))
        for offers in pricer.best(paid, left=left, span=(start, stop))[1]:
            found = pricer.columns(offers)
            columns[found[0]] = pool.add_many(*found)
        for number in range(start, stop):
            column = int(columns[number])
            if column < 0 or board.orders[number].divisible or not fits(pool, column, left):
                column = best_left(board, pool, number, left, prices)
            else:
                column = _kept(pool, number, column, left, prices)
            columns[number] = column
            take(pool, column, left)
    return columns


def in_turn(board: Board, pool: Pool, numbers: Ints, prices: Array) -> Ints:
    """Plan all orders one after the other in another order than their own.

    :param numbers: shape (N,): the orders, first come first served
    :param prices: shape (R + 1,)
    :return: a column of each order
    """
    left = board.limits.copy()
    columns = np.empty(len(numbers), dtype=np.intp)
    for number in numbers.tolist():
        columns[number] = column = best_left(board, pool, number, left, prices)
        take(pool, column, left)
    return columns


def best_left(
    board: Board, pool: Pool, number: int, left: Array, prices: Array | None = None
) -> int:
    """The best column of an order within what is left; a new one if need be."""
    _bound, steps = board.solve(number, left=left, prices=prices)
    return _kept(pool, number, pool.add(number, steps), left, prices)


def _kept(pool: Pool, number: int, column: int, left: Array, prices: Array | None) -> int:
    """A column of an order, or that of its current plan if it is as good and fits."""
    current = int(pool.current[number])
    if current < 0 or current == column or not fits(pool, current, left):
        return column
    worth = []
    for each in (column, current):
        rows, amounts = pool.use(each)
        paid = 0.0 if prices is None else float(amounts @ prices[rows])
        worth.append(pool.cost(each) + paid)
    return current if worth[1] <= worth[0] + 1e-9 else column


def fits(pool: Pool, column: int, left: Array) -> bool:
    """Whether there is enough left for a column."""
    rows, amounts = pool.use(column)
    return bool((amounts <= left[rows] + 1e-9).all())


def take(pool: Pool, column: int, left: Array) -> None:
    """Subtract what a column uses."""
    rows, amounts = pool.use(column)
    left[rows] -= amounts


def keep_current(board: Board, pool: Pool) -> Ints:
    """Keep the current plans that fit together, and plan the other orders one by one.

    :return: a column of each order
    """
    left = board.limits.copy()
    columns = np.full(len(board.orders), -1, dtype=np.intp)
    for number in np.flatnonzero(pool.current >= 0).tolist():
        current = int(pool.current[number])
        if fits(pool, current, left):
            columns[number] = current
            take(pool, current, left)
    for number in np.flatnonzero(columns < 0).tolist():
        columns[number] = column = best_left(board, pool, number, left)
        take(pool, column, left)
    return columns


def polish(board: Board, pool: Pool, incumbent: Incumbent, clock: Clock, numbers: Ints) -> None:
    """Plan orders anew, one at a time, with what all others leave, until nothing gets better.

    :param numbers: the orders to look at
    """
    left = incumbent.left
    better = True
    while better:
        better = False
        for number in numbers.tolist():
            if clock.over():
                break
            old = int(incumbent.columns[number])
            rows, amounts = pool.use(old)
            left[rows] += amounts
            new = best_left(board, pool, number, left)
            if pool.cost(new) < pool.cost(old) - 1e-9:
                incumbent.columns[number] = new
                better = True
            take(pool, int(incumbent.columns[number]), left)
    incumbent.used = pool.uses.totals(board.n_rows + 1, incumbent.columns)
