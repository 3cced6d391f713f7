"""What sites ship, as points of a grid: every amount of every line, or as many as can be had."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .problem import Array, SourcingProblem
from .rules import Rules

MOST_POINTS = 8_192
"""A finer grid than this takes too long."""

MOST_PAIRS = 6_000_000
"""So many additions fill a grid in a fraction of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Shipments whose amounts are so many times a size, along A axes.

    :param lines: shape (A,): the line of each axis
    :param sizes: shape (A,): steps of the line that a place on the axis stands for
    :param counts: shape (A,): how many places there are beyond nothing
    :param is_exact: any amount of any line is a point
    """

    lines: NDArray[np.intp]
    sizes: Array
    counts: NDArray[np.int64]
    is_exact: bool

    @classmethod
    def of(cls, demand: Array) -> Grid | None:
        """The finest grid over some lines that is not too fine; None if there is none.

        :param demand: shape (L,): whole steps
        """
        levels = int(demand.max(initial=1.0))
        while True:
            grid = cls._with_levels(demand, levels)
            if grid.points <= MOST_POINTS and grid.pairs <= MOST_PAIRS:
                return grid
            if levels == 1:
                return None
            levels = max(levels * 2 // 3, 1)

    @classmethod
    def _with_levels(cls, demand: Array, levels: int) -> Grid:
        """A grid with at most so many places to each line, and one for what does not divide."""
        axes: list[tuple[int, float, int]] = []
        for line, steps in enumerate(demand.astype(int).tolist()):
            size = math.ceil(steps / levels)
            axes.append((line, float(size), steps // size))
            if steps % size:
                axes.append((line, float(steps % size), 1))
        lines, sizes, counts = zip(*axes, strict=True)
        is_exact = bool(demand.max(initial=1.0) <= levels)
        return cls(np.array(lines), np.array(sizes), np.array(counts), is_exact)

    @property
    def points(self) -> int:
        """How many shipments there are, with nothing."""
        return math.prod((self.counts + 1).tolist())

    @property
    def pairs(self) -> int:
        """How many pairs of a shipment and a smaller one there are."""
        return math.prod(((self.counts + 1) * (self.counts + 2) // 2).tolist())

    @property
    def shape(self) -> tuple[int, ...]:
        """The grid's axes."""
        return tuple((self.counts + 1).tolist())

    def places(self) -> NDArray[np.int64]:
        """Place of each shipment on each axis, nothing first, everything last, shape (P, A)."""
        axes = np.indices(self.shape)
        return axes.reshape(len(self.counts), -1).T

    def steps(self, places: NDArray[np.int64], n_lines: int) -> Array:
        """Steps of each line in each shipment, shape (P, L)."""
        steps = np.zeros((len(places), n_lines))
        for axis, line in enumerate(self.lines.tolist()):
            steps[:, line] += places[:, axis] * self.sizes[axis]
        return steps


class Board:
    """What every shipment of a grid costs from every site, and to leave open what is left.

    :param problem: with a tariff
    :param rules: the same, reduced; limits that look at one site or line alone are kept here
    :param grid: the shipments
    """

    table: Array
    """Cost by shipment and site, with the hairs of the tie rule; ``inf`` if impossible, (P, n)."""
    missed: Array
    """Cost of leaving so much open, shape (P,)."""

    def __init__(self, problem: SourcingProblem, rules: Rules, grid: Grid) -> None:
        self.problem, self.rules, self.grid = problem, rules, grid
        self.places = grid.places()
        self.steps = grid.steps(self.places, len(rules.demand))
        strides = np.cumprod([1, *grid.shape[:0:-1]])[::-1]
        self.strides = strides.astype(np.int64)
        self.table = self._table()
        self.missed = self._missed()

    def _table(self) -> Array:
        rules, steps = self.rules, self.steps
        core = rules.core
        table = steps @ rules.unit + core.fixed[:-1]
        table += tariff_prices(self.problem, rules, steps)
        impossible = np.zeros(table.shape, dtype=bool)
        for line, supply in enumerate(rules.supply):
            impossible |= steps[:, line, None] > supply
        for lines, supply in zip(rules.shared, rules.shared_stock, strict=True):
            impossible |= steps[:, list(lines)].sum(axis=1)[:, None] > supply
        if not np.isinf(rules.capacity).all():
            impossible |= (steps @ rules.step)[:, None] > rules.capacity
        if rules.min_value > 0.0:
            poor = steps @ rules.worth < rules.least
            poor[-1] = False  # One site that fills everything may give little.
            impossible[poor] = True
        impossible[0] = True
        table[impossible] = np.inf
        return table

    def _missed(self) -> Array:
        rules, steps = self.rules, self.steps
        cost = steps @ rules.penalty
        cost[1:] += rules.core.fixed[-1]
        part = (steps > 0.0) & (steps < rules.demand)
        barred = (part & rules.whole).any(axis=1)
        if rules.whole_order:
            barred[1:-1] = True
        if rules.min_value > 0.0:
            barred |= steps @ rules.worth < rules.least
        barred[[0, -1]] = False
        cost[barred] = np.inf
        return cost

    def below(self, point: int) -> NDArray[np.intp]:
        """The shipments that are a part of one, but not nothing."""
        within = (self.places <= self.places[point]).all(axis=1)
        within[0] = False
        return np.flatnonzero(within)

    def add(self, costs: Array, parts: Array, *, again: bool) -> Array:
        """The least cost of what there was, with up to one shipment more on top.

        :param costs: shape (P,): least cost of each total so far
        :param parts: shape (P,): cost of a shipment
        :param again: shipments may be added on top of each other, each as often as it fits
        :return: shape (P,)
        """
        shape = self.grid.shape
        old = costs.reshape(shape)
        new = old.copy()
        base = new if again else old
        useful = np.flatnonzero(parts < np.inf)
        counts = self.grid.counts
        for point in useful.tolist():
            place = self.places[point]
            upper = tuple(map(slice, place.tolist(), shape))
            lower = tuple(map(slice, (counts + 1 - place).tolist()))
            cost = parts[point]
            if again and cost > new[tuple(place)]:
                continue  # Whatever ships this and more does it better in another way.
            times = int((counts[place > 0] // place[place > 0]).min()) if again else 1
            for _time in range(times):
                np.minimum(new[upper], base[lower] + cost, out=new[upper])
        return new.ravel()


def tariff_prices(problem: SourcingProblem, rules: Rules, steps: Array) -> Array:
    """What the tariff charges for shipments, shape (N, n).

    :param steps: shape (N, L), over the lines of the rules
    """
    tariff = problem.tariff
    assert tariff is not None
    units = np.zeros((len(steps), len(problem.lines)))
    units[:, rules.lines] = steps * rules.step
    return tariff.prices(units)[:, tariff.kinds_of(rules.core.sites)]
