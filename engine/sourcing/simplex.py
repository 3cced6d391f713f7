"""A small dense linear program with bounded variables, solved by the dual simplex method.

Made for the few sites that a plan uses: a dozen lines, a handful of sites. Every variable is
boxed, so that any basis can be made dual feasible by putting each variable at the bound that its
reduced cost asks for (Maros, *Computational Techniques of the Simplex Method*, 2003). Bounds may be
tightened after a solution; the next one then starts from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .checks import Array

FEASIBLE = 1e-9
"""How far a variable may be beyond its bounds."""

PIVOT = 1e-9
"""Smaller numbers in a row are taken for zero."""

MOST_GREEDY = 200
"""After so many steps variables leave and enter by their number, which cannot cycle."""


class Program:
    """Least cost of x with A x = b, the lows ≤ x ≤ the highs, all of them finite or slack.

    :param matrix: shape (R, N): A; the columns of the basis must be those of a unit matrix
        once the first ``lines`` rows have been taken off the later ones
    :param right: shape (R,): b
    :param costs: shape (N,)
    :param low: shape (N,)
    :param high: shape (N,); ``inf`` only where the cost is zero and the variable is basic
    :param basis: shape (R,): one variable for each row
    :param lines: how many of the first rows have a basic variable that later rows contain
    """

    def __init__(
        self,
        matrix: Array,
        right: Array,
        costs: Array,
        low: Array,
        high: Array,
        basis: NDArray[np.intp],
        lines: int,
    ) -> None:
        self.costs, self.low, self.high = costs, low, high
        self.table, self.basis = matrix, basis
        head = matrix[:lines]
        mixed = matrix[lines:, basis[:lines]]
        matrix[lines:] -= mixed @ head
        right = np.concatenate([right[:lines], right[lines:] - mixed @ right[:lines]])
        self.reduced = costs - costs[basis[:lines]] @ head
        self.reduced[basis] = 0.0
        self.x = np.where(self.reduced < 0.0, high, low)
        self.x[basis] = 0.0
        self.x[basis] = right - matrix @ self.x

    def branch(self) -> Program:
        """The same state, free to go another way."""
        other = object.__new__(Program)
        other.costs = self.costs
        for name in ("low", "high", "table", "basis", "reduced", "x"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def tighten(self, variable: int, low: float, high: float) -> None:
        """Narrow the bounds of a variable."""
        self.low[variable], self.high[variable] = low, high
        value = float(self.x[variable])
        moved = min(max(value, low), high)
        if moved != value and variable not in self.basis:
            self.x[variable] = moved
            self.x[self.basis] -= self.table[:, variable] * (moved - value)

    def solve(self, cutoff: float) -> float:
        """Find the least cost.

        :param cutoff: costs above this are of no interest
        :return: the least cost; ``inf`` if nothing is feasible, or nothing below the cutoff
        """
        steps = 0
        while True:
            basic = self.x[self.basis]
            below, above = self.low[self.basis] - basic, basic - self.high[self.basis]
            off = np.maximum(below, above)
            steps += 1
            by_number = steps > MOST_GREEDY
            if by_number:
                wrong = np.flatnonzero(off > FEASIBLE)
                row = int(wrong[np.argmin(self.basis[wrong])]) if len(wrong) else 0
            else:
                row = int(np.argmax(off))
            if not off[row] > FEASIBLE:
                return float(self.costs @ self.x)
            if float(self.costs @ self.x) > cutoff:
                return np.inf
            rises = bool(below[row] > above[row])
            if not self._pivot(row, rises, by_number):
                return np.inf

    def _pivot(self, row: int, rises: bool, by_number: bool) -> bool:
        """Bring one basic variable to its bound.

        :param rises: to its lower bound, from below
        :return: False if nothing can bring it there
        """
        line = self.table[row] if rises else -self.table[row]
        # A variable at its low may only grow, one at its high only shrink.
        grows = (self.x <= self.low) & (line < -PIVOT)
        shrinks = (self.x >= self.high) & (line > PIVOT)
        able = (grows | shrinks) & (self.high > self.low)
        able[self.basis] = False
        columns = np.flatnonzero(able)
        if not len(columns):
            return False
        sizes = np.abs(line[columns])
        ratios = np.abs(self.reduced[columns]) / sizes
        least = ratios.min()
        near = ratios <= least + 1e-12 * (1.0 + least)
        # Among equals the largest number in the row keeps the table accurate.
        column = int(columns[np.argmax(near if by_number else np.where(near, sizes, -1.0))])
        leaving = int(self.basis[row])
        bound = float(self.low[leaving] if rises else self.high[leaving])
        change = (float(self.x[leaving]) - bound) / float(self.table[row, column])
        self.x[self.basis] -= self.table[:, column] * change
        self.x[column] += change
        self.x[leaving] = bound
        pivot_row = self.table[row] / self.table[row, column]
        others = self.table[:, column].copy()
        others[row] = 0.0
        self.table -= others[:, None] * pivot_row
        self.table[row] = pivot_row
        self.reduced -= self.reduced[column] * pivot_row
        self.basis[row] = column
        self.reduced[column] = 0.0
        return True
