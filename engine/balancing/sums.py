"""What flows earn and cost on their curves, counted from the amounts."""

from __future__ import annotations

import numpy as np

from .flows import EPSILON, Curves
from .problem import Array, Integers
from .ways import Ways


class Sums:
    """Totals along the steps of curves.

    :param curves: of donors or receivers
    """

    def __init__(self, curves: Curves) -> None:
        self._curves = curves
        self._widths = np.concatenate(([0.0], curves.width.cumsum()))
        self._totals = np.concatenate(([0.0], (curves.value * curves.width).cumsum()))

    def step(self, chosen: Integers, amounts: Array) -> Integers:
        """Return the step on which the next unit is, after so many."""
        at = self._widths[self._curves.start[chosen]] + amounts + EPSILON
        return np.searchsorted(self._widths, at, side="right") - 1

    def total(self, chosen: Integers, amounts: Array) -> Array:
        """Return what the first units of curves are worth together."""
        begin = self._curves.start[chosen]
        if not len(self._curves.value):
            return np.zeros(len(chosen))
        step = np.minimum(self.step(chosen, amounts), len(self._curves.value) - 1)
        step = np.maximum(step, begin)
        rest = self._widths[begin] + amounts - self._widths[step]
        value = self._curves.value[np.minimum(step, len(self._curves.value) - 1)]
        return self._totals[step] - self._totals[begin] + rest * value


class Ledger:
    """Counts what flows on ways are worth.

    :param ways: on which they go
    """

    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        self._out, self._in = Sums(ways.donors), Sums(ways.receivers)
        self._product_of_donor = _owners(ways.arcs.donor, ways.arcs.product, len(ways.donors))
        self._product_of_receiver = _owners(
            ways.arcs.receiver, ways.arcs.product, len(ways.receivers)
        )

    def sent(self, amounts: Array) -> tuple[Array, Array]:
        """Return units of each donor and each receiver."""
        arcs = self._ways.arcs
        return (
            np.bincount(arcs.donor, amounts, len(self._ways.donors)),
            np.bincount(arcs.receiver, amounts, len(self._ways.receivers)),
        )

    def worth(self, amounts: Array) -> tuple[Array, Array]:
        """Return what all units of each donor cost, and what those of each receiver earn."""
        out, into = self.sent(amounts)
        donors, receivers = np.arange(len(out)), np.arange(len(into))
        return self._out.total(donors, out), self._in.total(receivers, into)

    def gains(self, amounts: Array) -> Array:
        """Return what each product gains, shipments not paid."""
        n_products = len(self._ways.products)
        lost, earned = self.worth(amounts)
        found = np.bincount(self._product_of_receiver, earned, n_products)
        found -= np.bincount(self._product_of_donor, lost, n_products)
        return found - np.bincount(self._ways.arcs.product, amounts * self._ways.cost, n_products)

    def losses(self, amounts: Array) -> Array:
        """Return for each arc what is lost if what goes on it stays, and all else is as it is."""
        arcs = self._ways.arcs
        out, into = self.sent(amounts)
        some = np.flatnonzero(amounts > EPSILON)
        donor, receiver, units = arcs.donor[some], arcs.receiver[some], amounts[some]
        result = np.zeros(len(amounts))
        result[some] = (
            self._in.total(receiver, into[receiver])
            - self._in.total(receiver, into[receiver] - units)
            - self._out.total(donor, out[donor])
            + self._out.total(donor, out[donor] - units)
            - units * self._ways.cost[some]
        )
        return result

    def additions(self, amounts: Array, chosen: Integers) -> Array:
        """Return for some arcs what is gained if more goes on each, and all else is as it is."""
        ways, arcs = self._ways, self._ways.arcs
        out, into = self.sent(amounts)
        donor, receiver = arcs.donor[chosen], arcs.receiver[chosen]
        at_out, at_in = self._out.step(donor, out[donor]), self._in.step(receiver, into[receiver])
        end_out, end_in = ways.donors.start[donor + 1], ways.receivers.start[receiver + 1]
        cost, result = ways.cost[chosen], np.zeros(len(chosen))
        active = np.arange(len(chosen))
        while len(active):
            active = active[(at_out[active] < end_out[active]) & (at_in[active] < end_in[active])]
            here, there = at_out[active], at_in[active]
            rise = ways.receivers.value[there] - ways.donors.value[here] - cost[active]
            pays = rise > EPSILON
            width = np.minimum(ways.donors.width[here], ways.receivers.width[there])
            active = active[pays]
            result[active] += (rise * width)[pays]
            at_out[active] += 1
            at_in[active] += 1
        return result


def _owners(curve: Integers, product: Integers, count: int) -> Integers:
    owner = np.zeros(count, dtype=np.int64)
    owner[curve] = product
    return owner
