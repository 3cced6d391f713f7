"""Columns: plans of orders, as many of each as the search has come across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..sourcing.problem import Array
from .board import Board, Ints


@dataclass(frozen=True, eq=False)
class Sparse:
    """Rows of different length, one behind the other.

    :param starts: shape (K + 1,)
    :param index: shape (N,)
    :param value: shape (N,)
    """

    starts: Ints
    index: Ints
    value: Array

    def take(self, rows: Ints) -> Sparse:
        """Some of the rows, in the given order."""
        lengths = np.diff(self.starts)[rows]
        starts = np.concatenate([[0], lengths.cumsum()])
        places = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Sparse(starts, self.index[places], self.value[places])

    def sums(self, weights: Array) -> Array:
        """For each row the sum of values times the weights of their index, shape (K,)."""
        products = self.value * weights[self.index]
        running = np.concatenate([[0.0], products.cumsum()])
        return running[self.starts[1:]] - running[self.starts[:-1]]

    def totals(self, size: int, chosen: Ints | None = None) -> Array:
        """Values added up by index, shape (size,), of all rows or some."""
        part = self if chosen is None else self.take(chosen)
        return np.bincount(part.index, part.value, size)


class Pool:
    """Plans of orders, each once, numbered as they came.

    Costs contain the cost of a change from the current plan. What a plan gives is kept as
    (line × width + column) with steps, in the numbers of its order's view.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._known: dict[tuple[int, bytes], int] = {}
        none, nothing = np.empty(0, dtype=np.intp), np.empty(0)
        self._orders: list[Ints] = [none]
        self._costs: list[Array] = [nothing]
        self._uses: list[tuple[Ints, Ints, Array]] = [(none, none, nothing)]
        self._gives: list[tuple[Ints, Ints, Array]] = [(none, none, nothing)]
        empty = Sparse(np.zeros(1, dtype=np.intp), none, nothing)
        self._sparse: tuple[Sparse, ...] = (empty, empty)
        self._recent: dict[int, tuple[float, Ints, Array, Array]] = {}
        self._merged = 0
        self.size = 0
        self.change_costs = np.array(
            [
                view.order.change_cost if view.order.current is not None else 0.0
                for view in board.orders
            ]
        )
        self.current = np.full(len(board.orders), -1, dtype=np.intp)
        for number, view in enumerate(board.orders):
            if view.order.current is not None:
                steps = board.steps_of(number, view.order.current)
                self.current[number] = self.add(number, steps)

    # === Adding === #

    def add(self, number: int, steps: Array) -> int:
        """Keep the plan of one order.

        :param steps: shape (L, W)
        :return: the number of the column
        """
        lines, columns = np.nonzero(steps)
        gives, amounts = lines * steps.shape[1] + columns, steps[lines, columns]
        key = number, _signature(gives, amounts)
        known = self._known.get(key)
        if known is not None:
            return known
        board = self.board
        cost = board.cost_of(number, steps)
        if self.current[number] >= 0:
            cost += self.change_costs[number]
        rows, used = board.usage(number, steps)
        self._known[key] = self.size
        self._recent[self.size] = cost, rows, used, steps
        self._append(
            np.array([number]),
            np.array([cost]),
            (np.array([len(rows)]), rows, used),
            (np.array([len(gives)]), gives, amounts),
        )
        return self.size - 1

    def add_many(
        self,
        orders: Ints,
        costs: Array,
        uses: Sparse,
        gives: Sparse,
    ) -> Ints:
        """Keep plans of several orders; those that are known are left out.

        :param orders: shape (M,)
        :param costs: shape (M,): without the cost of a change
        :param uses: M rows over resources
        :param gives: M rows of what they give
        :return: the numbers of the columns, shape (M,)
        """
        fresh, found = [], []
        starts = gives.starts.tolist()
        for row, number in enumerate(orders.tolist()):
            here = slice(starts[row], starts[row + 1])
            key = number, _signature(gives.index[here], gives.value[here])
            column = self._known.get(key)
            if column is None:
                self._known[key] = column = self.size + len(fresh)
                fresh.append(row)
            found.append(column)
        if not fresh:
            return np.array(found, dtype=np.intp)
        rows = np.array(fresh, dtype=np.intp)
        orders, uses, gives = orders[rows], uses.take(rows), gives.take(rows)
        self._append(
            orders,
            costs[rows] + self.change_costs[orders],
            (np.diff(uses.starts), uses.index, uses.value),
            (np.diff(gives.starts), gives.index, gives.value),
        )
        return np.array(found, dtype=np.intp)

    def _append(
        self,
        orders: Ints,
        costs: Array,
        uses: tuple[Ints, Ints, Array],
        gives: tuple[Ints, Ints, Array],
    ) -> None:
        self._orders.append(orders)
        self._costs.append(costs)
        self._uses.append(uses)
        self._gives.append(gives)
        self.size += len(orders)

    # === Reading === #

    def _merge(self) -> None:
        """Put what came since the last time into single arrays."""
        if self._merged == self.size:
            return
        self._orders = [np.concatenate(self._orders)]
        self._costs = [np.concatenate(self._costs)]
        for pieces in (self._uses, self._gives):
            lengths, index, value = zip(*pieces, strict=True)
            pieces[:] = [(np.concatenate(lengths), np.concatenate(index), np.concatenate(value))]
        self._merged = self.size
        self._recent.clear()
        self._sparse = tuple(
            Sparse(np.concatenate([[0], lengths.cumsum()]), index, value)
            for ((lengths, index, value),) in (self._uses, self._gives)
        )

    @property
    def orders(self) -> Ints:
        """Order of each column, shape (K,)."""
        self._merge()
        return self._orders[0]

    @property
    def costs(self) -> Array:
        """Cost of each column, shape (K,)."""
        self._merge()
        return self._costs[0]

    @property
    def uses(self) -> Sparse:
        """Resources of each column."""
        self._merge()
        return self._sparse[0]

    @property
    def gives(self) -> Sparse:
        """What each column gives: line × width + column of its order's view, and steps."""
        self._merge()
        return self._sparse[1]

    def cost(self, column: int) -> float:
        """Cost of a column."""
        recent = self._recent.get(column)
        if recent:
            return recent[0]
        if column >= self._merged:
            self._merge()
        return float(self._costs[0][column])

    def use(self, column: int) -> tuple[Ints, Array]:
        """Resources that a column takes, and how much of each."""
        recent = self._recent.get(column)
        if recent:
            return recent[1], recent[2]
        if column >= self._merged:
            self._merge()
        uses = self._sparse[0]
        here = slice(uses.starts[column], uses.starts[column + 1])
        return uses.index[here], uses.value[here]

    def steps(self, column: int) -> Array:
        """What a column gives, shape (L, W)."""
        recent = self._recent.get(column)
        if recent:
            return recent[3]
        shape = self.board.orders[int(self.orders[column])].supply.shape
        steps = np.zeros(shape[0] * shape[1])
        gives = self.gives
        here = slice(gives.starts[column], gives.starts[column + 1])
        steps[gives.index[here]] = gives.value[here]
        return steps.reshape(shape)


def _signature(gives: Ints, amounts: Array) -> bytes:
    return gives.astype(np.int32).tobytes() + amounts.astype(np.float32).tobytes()
