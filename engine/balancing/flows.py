"""The best flow of each product between those who have and those who want, many products at once.

A donor's units cost more the more it gives, a receiver's are worth less the more it gets: both
curves are steps, so that successive shortest paths find the best flow (Ahuja, Magnanti and Orlin
1993, chapters 9.7 and 14). A path leads from a donor over lanes, and back over lanes that are
used, to a receiver; the shortest ones of all products of a batch are found together by Bellman
and Ford's method on matrices donors × receivers. No path leads through a donor's or a receiver's
curve backwards: shortest augmenting paths never do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

EPSILON = 1e-9
"""Gains below it are rounding."""

LARGEST = 1e4
"""Values are reckoned in a unit of money in which none is larger."""

MOST_CELLS = 60_000
"""A batch has so many numbers in a matrix, to stay in the processor's cache."""

FEW = 100
"""So few products are planned in matrices of one size."""

WIDEST = 100_000
"""More rows or columns no matrix has."""

SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
"""Matrices have so many rows or columns, or a multiple of the last number."""


@dataclass(frozen=True, slots=True)
class Curves:
    """Steps of many donors or receivers, one after the other.

    :param start: first step of each, shape (curves + 1,)
    :param value: money per unit of each step; rising for donors, falling for receivers
    :param width: units of each step
    """

    start: Integers
    value: Array
    width: Array

    def __len__(self) -> int:
        return len(self.start) - 1

    def scaled(self, unit: float) -> Curves:
        """The same in another unit of money."""
        return self if unit == 1.0 else Curves(self.start, self.value / unit, self.width)


@dataclass(frozen=True, slots=True)
class Arcs:
    """Ways on which products can go, sorted by product.

    :param product: number of the product of each, counted without gaps
    :param donor: curve of the donor
    :param receiver: curve of the receiver
    """

    product: Integers
    donor: Integers
    receiver: Integers

    def __len__(self) -> int:
        return len(self.product)


@dataclass(frozen=True, slots=True)
class Batch:
    """Products whose matrices have the same sides.

    :param products: their numbers, shape (b,)
    :param donors: curves, shape (b, d); minus one where there is none
    :param receivers: curves, shape (b, r)
    :param arcs: those of each product, one after the other, and for each its cell in the matrices
    :param cells: flat position in (b, d, r) of each of the arcs
    """

    products: Integers
    donors: Integers
    receivers: Integers
    arcs: Integers
    cells: Integers

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the matrices."""
        return (len(self.products), self.donors.shape[1], self.receivers.shape[1])


class Flows:
    """Finds the best flow of each product for given costs.

    :param donors: curves of those who give
    :param receivers: curves of those who get
    :param arcs: ways between them
    :param n_products: how many products there are
    """

    def __init__(self, donors: Curves, receivers: Curves, arcs: Arcs, n_products: int) -> None:
        # Whatever the currency, what is smaller than EPSILON is rounding.
        most = max(float(np.abs(each.value).max(initial=0.0)) for each in (donors, receivers))
        self._unit = max(most / LARGEST, 1e-300) if most > LARGEST else 1.0
        self.donors, self.receivers = donors.scaled(self._unit), receivers.scaled(self._unit)
        self.arcs = arcs
        self.n_products = n_products
        self._first = np.searchsorted(arcs.product, np.arange(n_products + 1))
        self._donor_at, n_donors = _places(arcs.product, arcs.donor, n_products)
        self._receiver_at, n_receivers = _places(arcs.product, arcs.receiver, n_products)
        self._sides = np.where(n_donors > 0, _rounded(n_donors) * WIDEST + _rounded(n_receivers), 0)
        self._batches = list(self._made_batches(np.arange(n_products)))

    def solve(
        self, costs: Array, rooms: Array | None = None, products: Integers | None = None
    ) -> tuple[Array, Array]:
        """Find the best flows.

        :param costs: money per unit on each arc; infinite where it is closed
        :param rooms: units that each arc can take; no limit if not given
        :param products: numbers of those to plan; all if not given
        :return: units on each arc, and what each product gains, zero for those not planned
        """
        amounts, gains = np.zeros(len(self.arcs)), np.zeros(self.n_products)
        batches = self._batches if products is None else self._made_batches(products)
        for batch in batches:
            found = self._solve(batch, costs / self._unit, rooms)
            amounts[batch.arcs], gains[batch.products] = found
        return amounts, gains * self._unit

    def arcs_of(self, products: Integers) -> Integers:
        """Return the arcs of some products, one product after the other."""
        counts = self._first[products + 1] - self._first[products]
        before = np.concatenate(([0], counts.cumsum()))[:-1]
        return np.arange(counts.sum()) + np.repeat(self._first[products] - before, counts)

    # --- batches ---

    def _made_batches(self, products: Integers) -> Iterator[Batch]:
        sides = self._sides[products]
        if len(products) < FEW:  # one batch is faster than small matrices
            largest = sides.max(initial=0) // WIDEST, (sides % WIDEST).max(initial=0)
            sides = np.where(sides > 0, largest[0] * WIDEST + largest[1], 0)
        for key in np.unique(sides[sides > 0]).tolist():
            n_rows, n_columns = divmod(key, WIDEST)
            members = products[sides == key]
            step = max(MOST_CELLS // (n_rows * n_columns), 1)
            for begin in range(0, len(members), step):
                yield self._batch(members[begin : begin + step], n_rows, n_columns)

    def _batch(self, products: Integers, n_rows: int, n_columns: int) -> Batch:
        own = self.arcs_of(products)
        counts = self._first[products + 1] - self._first[products]
        row = np.repeat(np.arange(len(products)), counts)
        donors = np.full((len(products), n_rows), -1)
        receivers = np.full((len(products), n_columns), -1)
        donor_at, receiver_at = self._donor_at[own], self._receiver_at[own]
        donors[row, donor_at] = self.arcs.donor[own]
        receivers[row, receiver_at] = self.arcs.receiver[own]
        cells = (row * n_rows + donor_at) * n_columns + receiver_at
        return Batch(products, donors, receivers, own, cells)

    # --- one batch ---

    def _solve(self, batch: Batch, costs: Array, rooms: Array | None) -> tuple[Array, Array]:
        """Return units on the arcs of a batch, and gains of its products."""
        shape = batch.shape
        order = np.argsort(-costs[batch.arcs], kind="stable")  # of parallel lanes the cheapest
        matrix = np.full(shape, np.inf)
        matrix.ravel()[batch.cells[order]] = costs[batch.arcs[order]]
        winner = np.full(matrix.size, -1)
        winner[batch.cells[order]] = order
        room = np.full(shape, np.inf)
        if rooms is not None:
            room.ravel()[batch.cells[order]] = rooms[batch.arcs[order]]
            matrix[room <= 0.0] = np.inf
        state = _State(self.donors, self.receivers, batch, matrix, room, rooms is not None)
        while len(state.alive):
            state.augment()
        found = np.zeros(len(batch.arcs))
        used = np.flatnonzero(winner >= 0)
        found[winner[used]] = state.amounts.ravel()[used]
        return found, state.gains


@dataclass(frozen=True, slots=True)
class _Path:
    """Paths of many products.

    :param steps: positions among the products that are on a step of theirs yet, the donors and
        receivers between which it is, and whether units go there or are taken back
    :param first: donor at the beginning of each
    :param amount: units that can be sent along each
    """

    steps: list[tuple[Integers, Integers, Integers, float]]
    first: Integers
    amount: Array


class _State:
    """Flows of the products of a batch while they grow; finished ones are put aside."""

    def __init__(
        self,
        donors: Curves,
        receivers: Curves,
        batch: Batch,
        matrix: Array,
        room: Array,
        is_limited: bool,
    ) -> None:
        self.amounts = np.zeros(batch.shape)
        self.gains = np.zeros(len(batch.products))
        self.alive = np.arange(len(batch.products))
        self._is_limited = is_limited
        self._matrix, self._room = matrix, room
        self._flow = np.zeros(batch.shape)
        self._gain = np.zeros(len(batch.products))
        self._has_detours = min(batch.shape[1:]) > 1
        self._value_out, self._width_out = donors.value, donors.width
        self._value_in, self._width_in = receivers.value, receivers.width
        self._at_out, self._end_out, self._left_out = _begun(donors, batch.donors)
        self._at_in, self._end_in, self._left_in = _begun(receivers, batch.receivers)

    def keep(self, rows: Integers) -> None:
        """Go on with some of the products; the others are finished."""
        self.amounts[self.alive] = self._flow
        self.gains[self.alive] = self._gain
        self.alive = self.alive[rows]
        for name in (
            *("_matrix", "_room", "_flow", "_gain", "_at_out", "_end_out", "_left_out"),
            *("_at_in", "_end_in", "_left_in"),
        ):
            setattr(self, name, getattr(self, name)[rows])

    def augment(self) -> None:
        """Send units of each product along its best path."""
        here = np.where(self._at_out < self._end_out, _at(self._value_out, self._at_out), np.inf)
        there = np.where(self._at_in < self._end_in, _at(self._value_in, self._at_in), -np.inf)
        forward = self._matrix
        if self._is_limited:
            forward = np.where(self._flow < self._room - EPSILON, forward, np.inf)
        cost, by_donor, by_receiver = self._shortest(here, forward)
        rows = np.arange(len(self.alive))
        best = np.argmax(there - cost, axis=1)
        gained = there[rows, best] - cost[rows, best]
        going = gained > EPSILON
        if not going.any():
            self.keep(np.zeros(0, dtype=np.int64))
            return
        if going.mean() < 0.75:
            chosen = np.flatnonzero(going)
            self.keep(chosen)
            best, gained = best[chosen], gained[chosen]
            by_donor, by_receiver = by_donor[chosen], by_receiver[chosen]
            going = np.ones(len(chosen), dtype=bool)
        path = self._path(best, np.flatnonzero(going), by_donor, by_receiver)
        if path is None:
            self._finish_circles(best, going, by_donor, by_receiver)
            path = self._path(best, np.flatnonzero(going), by_donor, by_receiver)
        if path is not None:
            self._send(best, gained, np.flatnonzero(going), path)

    def _finish_circles(
        self, best: Integers, going: NDArray[np.bool_], by_donor: Integers, by_receiver: Integers
    ) -> None:
        """Go no further with products whose paths are circles: all they could gain is rounding."""
        for row in np.flatnonzero(going).tolist():
            if self._path(best, np.array([row]), by_donor, by_receiver) is None:
                going[row] = False
                self._end_in[row] = self._at_in[row]

    def _shortest(self, here: Array, forward: Array) -> tuple[Array, Integers, Integers]:
        """Find shortest paths.

        :return: for each receiver what the path costs and the donor before it; for each donor
            the receiver before it, minus one where the path begins with it
        """
        cost_out = here
        by_receiver = np.full(here.shape, -1)
        paths = cost_out[:, :, None] + forward
        by_donor, cost_in = paths.argmin(axis=1), paths.min(axis=1)
        used = self._flow > EPSILON
        if not self._has_detours or not used.any():
            return cost_in, by_donor, by_receiver
        back = np.where(used, self._matrix, -np.inf)
        for _sweep in range(2 * here.shape[1]):
            detours = cost_in[:, None, :] - back
            cost = detours.min(axis=2)
            better = cost < cost_out - EPSILON
            if not better.any():
                break
            cost_out = np.where(better, cost, cost_out)
            by_receiver = np.where(better, detours.argmin(axis=2), by_receiver)
            paths = cost_out[:, :, None] + forward
            nearest, cost = paths.argmin(axis=1), paths.min(axis=1)
            # Only what is truly shorter: the way back over a lane and forth again is a circle.
            better = cost < cost_in - EPSILON
            cost_in = np.where(better, cost, cost_in)
            by_donor = np.where(better, nearest, by_donor)
        return cost_in, by_donor, by_receiver

    def _path(
        self, best: Integers, rows: Integers, by_donor: Integers, by_receiver: Integers
    ) -> _Path | None:
        """Follow the paths of some products back from their best receivers.

        :return: the paths; none if one leads in a circle, as rounding could make it
        """
        amount = self._left_in[rows, best[rows]]
        steps = []
        at = best[rows]
        on = np.arange(len(rows))
        first = np.zeros(len(rows), dtype=np.int64)
        while len(on):
            donor = by_donor[rows[on], at]
            steps.append((on, donor, at, 1.0))
            if self._is_limited:
                left = self._room[rows[on], donor, at] - self._flow[rows[on], donor, at]
                amount[on] = np.minimum(amount[on], left)
            first[on] = donor
            before = by_receiver[rows[on], donor]
            further = before >= 0
            on, donor, at = on[further], donor[further], before[further]
            if len(on):
                steps.append((on, donor, at, -1.0))
                amount[on] = np.minimum(amount[on], self._flow[rows[on], donor, at])
            if len(steps) > 4 * self._flow.shape[1] + 4:
                return None
        return _Path(steps, first, np.minimum(amount, self._left_out[rows, first]))

    def _send(self, best: Integers, gained: Array, rows: Integers, path: _Path) -> None:
        """Send what fits along paths."""
        for on, donor, at, sign in path.steps:
            self._flow[rows[on], donor, at] += sign * path.amount[on]
        self._gain[rows] += gained[rows] * path.amount
        self._take(rows, path.first, path.amount, "_out")
        self._take(rows, best[rows], path.amount, "_in")

    def _take(self, rows: Integers, curve: Integers, amount: Array, side: str) -> None:
        """Go along curves."""
        at, end = getattr(self, "_at" + side), getattr(self, "_end" + side)
        left, width = getattr(self, "_left" + side), getattr(self, "_width" + side)
        rest = left[rows, curve] - amount
        done = rest <= EPSILON
        at[rows, curve] += done
        following = np.where(at[rows, curve] < end[rows, curve], _at(width, at[rows, curve]), 0.0)
        left[rows, curve] = np.where(done, following, rest)


def _begun(curves: Curves, chosen: Integers) -> tuple[Integers, Integers, Array]:
    """Return for curves their first step, the one after the last, and the width of the first."""
    there = chosen >= 0
    begin = np.where(there, curves.start[np.maximum(chosen, 0)], 0)
    end = np.where(there, curves.start[np.maximum(chosen, 0) + 1], 0)
    return begin, end, np.where(begin < end, _at(curves.width, begin), 0.0)


def _at(values: Array, places: Integers) -> Array:
    """Return values at places, of which some may be just behind the last."""
    return values[np.minimum(places, len(values) - 1)]


def _places(product: Integers, curve: Integers, n_products: int) -> tuple[Integers, Integers]:
    """Number the curves of each product.

    :return: for each arc the number of its curve, and for each product how many there are
    """
    base = int(curve.max(initial=0)) + 1
    keys, inverse = np.unique(product * base + curve, return_inverse=True)
    owner = keys // base
    counts = np.bincount(owner, minlength=n_products)
    first = np.concatenate(([0], counts.cumsum()))[:-1]
    return (np.arange(len(keys)) - first[owner])[inverse], counts


def _rounded(numbers: Integers) -> Integers:
    sides = np.array(SIDES)
    place = np.searchsorted(sides, numbers)
    multiple = -(-numbers // sides[-1]) * sides[-1]
    return np.where(place < len(sides), sides[np.minimum(place, len(sides) - 1)], multiple)
