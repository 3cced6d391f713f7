"""The cheapest plans of all orders at given prices, by dynamic programming over sets of lines.

The recursion is that of :mod:`engine.sourcing.subsets` with lines served as a whole, for thousands
of orders at once: orders with equally many lines and about equally many sites share their tables.
Leaving a line out is one more site. A line that might be split over sites makes the whole-line
plan a guess only; :meth:`Pricer.loose_values` says what any plan must cost at least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from ..sourcing.problem import Array
from ..sourcing.subsets import partitions
from .board import Board, Ints, missing_whole
from .columns import Sparse

MOST_CELLS = 4_000_000
"""Cells of a table of costs that are worked on at once."""


@dataclass(frozen=True, eq=False)
class Group:
    """O orders of n lines each over W columns, of which the last means missing.

    :param orders: shape (O,)
    :param widths: shape (O,): columns that each order has in truth
    :param fixed: shape (O, W): cost of a parcel
    :param order_rows: shape (O, W): resource that a parcel takes
    :param unit_rows: shape (O, W): resource that units take
    :param base: shape (O, n, W): cost of the line, ``inf`` where it cannot be had as a whole
    :param loose: shape (O, n, W): the same where any of it can be had; None if that is the same
    :param rows: shape (O, K, n, W): resources that the line takes, the stock first
    :param need: shape (O, n): steps
    :param units: shape (O, n): the same in units
    """

    orders: Ints
    widths: Ints
    fixed: Array
    order_rows: Ints
    unit_rows: Ints
    base: Array
    loose: Array | None
    rows: Ints
    need: Array
    units: Array

    def priced(self, prices: Array, base: Array) -> tuple[Array, Array]:
        """Costs with what resources cost, of parcels (O, W) and of lines (O, n, W)."""
        paid = prices[self.rows[:, 0]]
        for layer in range(1, self.rows.shape[1]):
            paid += prices[self.rows[:, layer]]
        lines = base + self.need[:, :, None] * paid
        lines += self.units[:, :, None] * prices[self.unit_rows][:, None, :]
        return self.fixed + prices[self.order_rows], lines

    def within(self, left: Array) -> Array:
        """Costs of lines where enough is left for them, else ``inf``, shape (O, n, W).

        :param left: shape (R + 1,)
        """
        enough = left[self.rows[:, 0]] >= self.need[:, :, None]
        for layer in range(1, self.rows.shape[1]):
            enough &= left[self.rows[:, layer]] >= self.need[:, :, None]
        enough &= (left[self.order_rows] >= 1.0)[:, None, :]
        enough &= left[self.unit_rows][:, None, :] >= self.units[:, :, None]
        return np.where(enough, self.base, np.inf)

    def part(self, start: int, stop: int) -> Group:
        """Some of the orders."""
        here = {item.name: getattr(self, item.name) for item in fields(self)}
        return Group(
            **{name: None if value is None else value[start:stop] for name, value in here.items()}
        )


@dataclass(frozen=True, eq=False)
class Offers:
    """Plans of orders in whole lines.

    :param group: where the orders are described
    :param rows: shape (M,): which order of the group
    :param places: shape (M, n): the column that serves each line
    """

    group: Group
    rows: Ints
    places: Ints


class Pricer:
    """The tables of the orders of a board that can be priced together."""

    def __init__(self, board: Board) -> None:
        self.board = board
        by_shape: dict[tuple[bool, int, int], list[int]] = defaultdict(list)
        for number, view in enumerate(board.orders):
            if view.whole:
                width = 1 << max(len(view.sites), 1).bit_length()
                by_shape[view.may_split, len(view.need), width].append(number)
        self.groups = [
            self._group(numbers, n_lines, loose)
            for (loose, n_lines, _width), numbers in sorted(by_shape.items())
        ]
        self.alone = [number for number, view in enumerate(board.orders) if not view.whole]

    def _group(self, numbers: list[int], n_lines: int, loose: bool) -> Group:
        board = self.board
        views = [board.orders[number] for number in numbers]
        width = 1 + max(len(view.sites) for view in views)
        shape = len(views), n_lines, width
        fixed = np.zeros((len(views), width))
        sites = np.full((len(views), width), board.n_sites)
        base, loosely = np.full(shape, np.inf), np.full(shape, np.inf)
        layers = len(views[0].rows)
        rows = np.full((len(views), layers, n_lines, width), board.n_rows)
        order_rows = np.full((len(views), width), board.n_rows)
        for place, view in enumerate(views):
            here = slice(0, len(view.sites))
            sites[place, here] = view.sites
            fixed[place, here] = view.fixed
            fixed[place, -1] = view.problem.missing.per_order
            whole = view.unit * view.need[:, None]
            base[place, :, here] = np.where(view.supply >= view.need[:, None], whole, np.inf)
            loosely[place, :, here] = np.where(view.supply > 0.0, whole, np.inf)
            base[place, :, -1] = loosely[place, :, -1] = missing_whole(view)
            rows[place, :, :, here] = view.rows
            order_rows[place, here] = view.order_rows
        return Group(
            orders=np.array(numbers),
            widths=np.array([len(view.sites) for view in views]),
            fixed=fixed,
            order_rows=order_rows,
            unit_rows=board.unit_rows[sites],
            base=base,
            loose=loosely if loose else None,
            rows=rows,
            need=np.array([view.need for view in views]),
            units=np.array([view.units for view in views]),
        )

    def best(
        self,
        prices: Array,
        many: int = 1,
        *,
        left: Array | None = None,
        span: tuple[int, int] | None = None,
    ) -> tuple[Array, list[Offers]]:
        """Find the cheapest whole-line plans at some prices.

        :param prices: shape (R + 1,)
        :param many: how many plans of each order are wanted, good ones besides the best
        :param left: shape (R + 1,): what there is of each resource for a line; None: all
        :param span: the first order that is wanted, and the one behind the last; None: all
        :return: cost of the best plan of each order, prices included, shape (N,), ``nan`` for
            those that are priced alone; and the plans
        """
        values = np.full(len(self.board.orders), np.nan)
        offers = []
        for group in self.groups:
            if span is not None:
                group = group.part(*np.searchsorted(group.orders, span).tolist())
            base = group.base if left is None else group.within(left)
            fixed, lines = group.priced(prices, base)
            for here in _chunks(lines.shape):
                rows = np.arange(here.start, here.stop)
                costs, places, of = _cheapest(fixed[here], lines[here], many)
                values[group.orders[here]] = costs
                offers.append(Offers(group, rows[of], places))
        return values, offers

    def loose_values(self, prices: Array) -> Array:
        """What a plan of each order costs at least, even if it splits lines, shape (N,).

        Of the sites that serve a line take the one with the lowest cost of a unit: the line costs
        at least as much as if that site had enough of it. So the tables bound every plan, once
        they count a site that has any of a line as one that has it all. ``inf`` where lines
        cannot be split.
        """
        values = np.full(len(self.board.orders), np.inf)
        for group in self.groups:
            if group.loose is not None:
                fixed, lines = group.priced(prices, group.loose)
                for here in _chunks(lines.shape):
                    values[group.orders[here]] = _cheapest(fixed[here], lines[here], 0)[0]
        return values

    def columns(self, offers: Offers) -> tuple[Ints, Array, Sparse, Sparse]:
        """Write plans as columns.

        :return: orders (M,), costs (M,), resources used, and what is given
        """
        group, rows, places = offers.group, offers.rows, offers.places
        n_rows, missing = self.board.n_rows, group.base.shape[2] - 1
        n_lines = places.shape[1]
        at = rows[:, None]
        lines = np.arange(n_lines)
        costs = group.base[at, lines, places].sum(axis=1)
        first = np.ones(places.shape, dtype=bool)
        parcel_units = group.units[rows].copy()
        for line in range(1, n_lines):
            same = places[:, :line] == places[:, line : line + 1]
            first[:, line] = ~same.any(axis=1)
            again = np.flatnonzero(~first[:, line])
            parcel_units[again, same[again].argmax(axis=1)] += group.units[rows[again], line]
        costs += np.where(first, group.fixed[at, places], 0.0).sum(axis=1)
        none = np.full(places.shape, n_rows)
        layers = range(group.rows.shape[1])
        resources = np.concatenate(
            [
                *(group.rows[at, layer, lines, places] for layer in layers),
                np.where(first, group.order_rows[at, places], none),
                np.where(first, group.unit_rows[at, places], none),
            ],
            axis=1,
        )
        need = [group.need[rows]] * len(layers)
        amounts = np.concatenate([*need, np.ones(places.shape), parcel_units], axis=1)
        uses = _sparse(resources, amounts, resources < n_rows)
        given = lines * group.widths[rows][:, None] + places
        gives = _sparse(given, group.need[rows], places < missing)
        return group.orders[rows], costs, uses, gives


def _sparse(index: Ints, value: Array, kept: np.ndarray) -> Sparse:
    starts = np.concatenate([[0], kept.sum(axis=1).cumsum()])
    return Sparse(starts, index[kept], value[kept])


def _chunks(shape: tuple[int, ...]) -> Iterator[slice]:
    orders, n_lines, width = shape
    each = max(width << n_lines, 3**n_lines)
    size = max(1, MOST_CELLS // each)
    for start in range(0, orders, size):
        yield slice(start, min(start + size, orders))


def _cheapest(fixed: Array, lines: Array, many: int) -> tuple[Array, Ints, Ints]:
    """The cheapest plans of orders in whole lines.

    :param fixed: shape (o, W)
    :param lines: shape (o, n, W)
    :param many: how many plans to find of each
    :return: costs of the best (o,), columns that serve the lines (M, n), and whose they are (M,)
    """
    count, n_lines, width = lines.shape
    table = np.empty((count, 1 << n_lines, width))
    table[:, 0] = fixed
    for line in range(n_lines):
        size = 1 << line
        np.add(table[:, :size], lines[:, line, None], out=table[:, size : 2 * size])
    best = table.min(axis=2)
    cheapest = np.zeros(best.shape)
    choice = np.zeros(best.shape, dtype=np.int16)
    for sets, parts, rests in partitions(n_lines):
        costs = best[:, parts] + cheapest[:, rests]
        found = costs.argmin(axis=2)
        cheapest[:, sets] = np.take_along_axis(costs, found[:, :, None], axis=2)[:, :, 0]
        choice[:, sets] = parts[np.arange(len(sets)), found]
    values = cheapest[:, -1]
    if not many:
        return values, np.empty((0, n_lines), dtype=np.intp), np.empty(0, dtype=np.intp)
    return values, *_trace(table, cheapest, choice, many)


def _trace(table: Array, cheapest: Array, choice: np.ndarray, many: int) -> tuple[Ints, Ints]:
    """Write down good plans of each order: by first part and its site, the rest at its best."""
    count, sets, width = table.shape
    n_lines = sets.bit_length() - 1
    parts = np.arange(1, sets, 2)
    through = table[:, parts] + cheapest[:, sets - 1 - parts][:, :, None]
    through = through.reshape(count, -1)
    many = min(many, through.shape[1])
    if many == 1:
        picked = through.argmin(axis=1)[:, None]
    else:
        picked = np.argpartition(through, many - 1, axis=1)[:, :many]
        picked.sort(axis=1)
    of = np.repeat(np.arange(count), many)
    picked = picked.ravel()
    possible = np.isfinite(through[of, picked])
    of, picked = of[possible], picked[possible]
    places = np.empty((len(of), n_lines), dtype=np.intp)
    part, place = parts[picked // width], picked % width
    left = np.full(len(of), sets - 1)
    while True:
        for line in range(n_lines):
            served = (part >> line & 1).astype(bool)
            places[served, line] = place[served]
        left = left ^ part
        if not left.any():
            return places, of
        part = choice[of, left].astype(np.intp)
        place = table[of, part].argmin(axis=1)
        place[part == 0] = -1
