"""Column generation: prices from the linear program over the plans known, plans from the prices.

The linear program chooses fractions of plans; its dual values price stock and capacity; at these
prices every order is asked for better plans, until the bound that the prices prove meets the
cost of the program (Dantzig and Wolfe 1960; smoothed as in Wentges 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..sourcing.problem import Array
from .board import Board, Ints
from .clock import Clock
from .columns import Pool, Sparse
from .lagrange import prove
from .pricing import Pricer
from .program import Program, relax

INTERIOR_FROM = 150
"""From so many sites the interior point method beats the simplex method."""

SMOOTHED = (0.8, 0.5, 0.2, 0.0)
"""Shares of the best prices known in those at which plans are sought, round by round."""

ENOUGH = 1e-4
"""The relative gap between program and bound at which another round is not worth its time."""

MOST_ROUNDS = 12

FIRST_SHARE = 0.85
"""Share of the time limit after which the first program is given up."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What column generation comes to.

    :param bound: proven
    :param prices: shape (R + 1,): that prove it
    :param values: shape (N,): what each order pays at least at these prices, them included
    :param shares: shape (K,): fractions of the columns that were there in the last program
    :param program_cost: cost of the last program; nothing if there was none
    """

    bound: float
    prices: Array
    values: Array
    shares: Array
    program_cost: float | None


def generate(
    board: Board, pricer: Pricer, pool: Pool, prices: Array, clock: Clock, share: float
) -> Relaxed:
    """Raise the bound and gather plans.

    The pool must hold plans that keep to all limits.

    :param prices: shape (R + 1,): to begin with
    :param share: of the time limit that may be spent when this ends
    """
    bound, values = prove(board, pricer, pool, prices, many=3)
    best, shares, cost = (bound, prices, values), np.zeros(0), None
    for turn in range(MOST_ROUNDS):
        if clock.over(share):
            break
        program, rows = everything(board, pool)
        answer = relax(
            program,
            interior=board.n_sites >= INTERIOR_FROM,
            vertex=False,
            # Without a first program all is guesswork: it may take longer.
            seconds=(share if turn else FIRST_SHARE) * clock.limit - clock.spent,
        )
        if answer is None:
            clock.cut = True
            break
        shares, cost = answer.values, float(answer.values @ program.costs)
        # What is not in the program yet is best priced as before.
        found = best[1].copy()
        found[rows] = answer.prices
        size = pool.size
        for part in SMOOTHED:
            tried = part * best[1] + (1.0 - part) * found
            bound, values = prove(board, pricer, pool, tried, many=3)
            if bound > best[0]:
                best = bound, tried, values
        if cost - best[0] <= ENOUGH * abs(cost) or pool.size == size:
            break
    return Relaxed(best[0], best[1], best[2], shares, cost)


def everything(board: Board, pool: Pool) -> tuple[Program, Ints]:
    """The program over all columns, and the resources that it has rows for."""
    return program_over(pool, np.arange(pool.size), board.limits, len(board.orders))


def program_over(
    pool: Pool, columns: Ints, limits: Array, n_orders: int, numbers: Ints | None = None
) -> tuple[Program, Ints]:
    """The program over some columns, with the resources only that they could overdraw.

    :param limits: shape (R + 1,): what there is for them
    :param numbers: shape (N,): number of each order in the program; None: as they are
    """
    uses = pool.uses.take(columns)
    orders = pool.orders[columns]
    rows = np.flatnonzero(_most_used(orders, uses, len(limits)) > limits + 1e-9)
    number = np.full(len(limits), -1)
    number[rows] = np.arange(len(rows))
    index = number[uses.index]
    kept = index >= 0
    starts = np.concatenate([[0], kept.cumsum()])[uses.starts]
    program = Program(
        costs=pool.costs[columns],
        orders=orders if numbers is None else numbers[orders],
        uses=Sparse(starts, index[kept], uses.value[kept]),
        limits=limits[rows],
        n_orders=n_orders,
    )
    return program, rows


def _most_used(orders: Ints, uses: Sparse, size: int) -> Array:
    """How much of each resource is used if every order takes the column that uses most of it."""
    key = np.repeat(orders, np.diff(uses.starts)) * size + uses.index
    order = np.lexsort((-uses.value, key))
    key, value = key[order], uses.value[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    return np.bincount(key[first] % size, value[first], size)
