"""Improving plans by regions: orders that compete for the same goods are planned anew together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..sourcing.problem import Array
from .board import Board, Ints
from .clock import Clock
from .columns import Pool
from .incumbent import Incumbent
from .master import program_over
from .program import choose

NEAR = 14
"""How many plans of an order come into question, those with least reduced cost."""

REGION = 250
"""Orders of a region at first; regions grow when they yield nothing more."""

MOST_IN_REGION = 1000

WORTHWHILE = 5e-4
"""Regions stay as large as they are while going over all of them gains this share."""

MOST_NODES = 60
"""How far a region is searched."""

REGION_GAP = 2e-4


class Regions:
    """The search for better plans in one region after the other.

    :param prices: shape (R + 1,): those of the best bound
    :param values: shape (N,): what each order pays at least at these prices
    """

    def __init__(
        self,
        board: Board,
        pool: Pool,
        incumbent: Incumbent,
        prices: Array,
        values: Array,
        clock: Clock,
    ) -> None:
        self.board, self.pool, self.incumbent = board, pool, incumbent
        self.prices, self.values, self.clock = prices, values, clock
        self.regions = 0
        self._look_around()

    def _look_around(self) -> None:
        """Find the plans that come into question, and who competes with whom."""
        pool = self.pool
        self.reduced = pool.costs + pool.uses.sums(self.prices) - self.values[pool.orders]
        order = np.lexsort((self.reduced, pool.orders))
        owners = pool.orders[order]
        first = np.searchsorted(owners, owners)
        near = order[np.arange(len(order)) - first < NEAR]
        self.near = np.sort(near)
        self._by_order = _Lists(pool.orders[self.near], self.near, len(self.board.orders))
        uses = pool.uses.take(self.near)
        owner = np.repeat(pool.orders[self.near], np.diff(uses.starts))
        # Capacity that everybody shares tells nothing about who is near whom.
        scarce = (self.prices[uses.index] > 1e-9) & (uses.index < len(self.board.stock_rows))
        pairs = np.unique(owner[scarce] * (self.board.n_rows + 1) + uses.index[scarce])
        owner, row = np.divmod(pairs, self.board.n_rows + 1)
        self._rows_of = _Lists(owner, row, len(self.board.orders))
        self._orders_of = _Lists(row, owner, self.board.n_rows + 1)

    def losses(self) -> Array:
        """What each order is to blame for in the gap between plans and bound, shape (N,)."""
        losses = np.maximum(self.reduced[self.incumbent.columns], 0.0)
        left = self.incumbent.left[:-1]
        idle = np.append(np.where(self.prices[:-1] > 0.0, self.prices[:-1] * left, 0.0), 0.0)
        competitors = np.maximum(self._orders_of.lengths, 1)
        return losses + self._rows_of.sums(idle / competitors)

    def run(self, target: float) -> None:
        """Improve until nothing is found any more, the target is met or time is over.

        :param target: cost that is good enough
        """
        size = min(REGION, len(self.board.orders))
        while self.incumbent.cost > target:
            before = self.incumbent.cost
            if not self._sweep(size, target):
                return
            if before - self.incumbent.cost > WORTHWHILE * abs(before):
                continue
            if size >= min(len(self.board.orders), MOST_IN_REGION):
                return
            size = min(2 * size, len(self.board.orders), MOST_IN_REGION)

    def _sweep(self, size: int, target: float) -> bool:
        """Go once over all orders.

        :return: there was time enough
        """
        losses = self.losses()
        todo = losses > 1e-9
        while todo.any():
            if self.clock.over():
                return False
            if self.incumbent.cost <= target:
                return True
            seed = int(np.argmax(np.where(todo, losses, -1.0)))
            region = self._grow(seed, size, todo)
            todo[region] = False
            self.improve(region)
        return True

    def _grow(self, seed: int, size: int, todo: NDArray[np.bool_]) -> Ints:
        """The orders nearest to one by what they compete for; ascending."""
        region, seen_rows, place = {seed: True}, set(), 0
        queue = [seed]
        while place < len(queue) and len(queue) < size:
            for row in self._rows_of[queue[place]].tolist():
                if row in seen_rows:
                    continue
                seen_rows.add(row)
                for order in self._orders_of[row].tolist():
                    if order not in region:
                        region[order] = True
                        queue.append(order)
            place += 1
        if len(queue) < size:
            # A small world of its own: the region takes in others that are yet to come.
            others = [order for order in np.flatnonzero(todo).tolist() if order not in region]
            queue += others[: size - len(queue)]
        return np.sort(np.array(queue[:size], dtype=np.intp))

    def improve(self, region: Ints) -> bool:
        """Plan a region anew, the others staying as they are.

        :param region: orders, ascending
        :return: something got better
        """
        self.regions += 1
        incumbent, pool = self.incumbent, self.pool
        own = incumbent.columns[region]
        columns = np.unique(np.concatenate([own, *(self._by_order[o] for o in region.tolist())]))
        limits = incumbent.left + pool.uses.totals(self.board.n_rows + 1, own)
        columns = columns[self._possible(columns, limits) | np.isin(columns, own)]
        numbers = np.full(len(self.board.orders), -1)
        numbers[region] = np.arange(len(region))
        program, _rows = program_over(pool, columns, limits, len(region), numbers)
        answer = choose(
            program,
            np.searchsorted(columns, own),
            gap=REGION_GAP,
            nodes=MOST_NODES,
            seconds=self.clock.left,
        )
        if answer is None:
            return False
        chosen, in_time = answer
        self.clock.cut = self.clock.cut or not in_time
        chosen = columns[chosen]
        if pool.costs[chosen].sum() >= pool.costs[own].sum() - 1e-9:
            return False
        incumbent.put(region, chosen)
        return True

    def _possible(self, columns: Ints, limits: Array) -> NDArray[np.bool_]:
        """Which columns fit by themselves."""
        uses = self.pool.uses.take(columns)
        beyond = np.append(np.where(uses.value > limits[uses.index] + 1e-9, 1.0, 0.0), 0.0)
        running = np.concatenate([[0.0], beyond.cumsum()])
        return running[uses.starts[1:]] == running[uses.starts[:-1]]


class _Lists:
    """Values by owner."""

    def __init__(self, owners: Ints, values: Ints, size: int) -> None:
        order = np.lexsort((values, owners))
        self._values = values[order]
        self.lengths = np.bincount(owners, minlength=size)
        self._starts = np.concatenate([[0], self.lengths.cumsum()])

    def __getitem__(self, owner: int) -> Ints:
        return self._values[self._starts[owner] : self._starts[owner + 1]]

    def sums(self, weights: Array) -> Array:
        """The sum of the weights of each owner's values."""
        running = np.concatenate([[0.0], weights[self._values].cumsum()])
        return running[self._starts[1:]] - running[self._starts[:-1]]
