"""What shipments of an order cost, of its lines, its shipping, its discounts and its taxes.

Each line is known by its total with taxes and what of it each tax is. Goods are due as they leave,
by quantity. Shipping, discounts and whatever else leaves with no parcel is due in the measure in
which the goods are, by value. An amount is always the rounded sum up to now less what was taken
before: nothing drifts, and the last shipment takes the remainder.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .money import divide


@dataclass(frozen=True)
class Line:
    """A line of an order.

    :param key: what it is known by
    :param total: with taxes, in steps of the currency; below zero for a discount
    :param ordered: quantity, in any unit; of goods above zero
    :param taxes: what each tax of it comes to, in steps; a line may have none
    :param spread: due in the measure of the goods, not by a quantity of its own
    """

    key: Hashable
    total: int
    ordered: Fraction
    taxes: tuple[int, ...] = ()
    spread: bool = False

    def __post_init__(self) -> None:
        if not self.spread and self.ordered <= 0:
            raise ValueError("Goods are ordered in a quantity above zero.")

    def until(self, share: Fraction) -> tuple[int, ...]:
        """Return what is due of a share of the line: without taxes, then each tax.

        The total is rounded, and each tax; what is left is the amount without taxes.

        :param share: between 0 and 1
        :return: in steps; they add up to the rounded share of the total
        """
        taxes = tuple(divide(share * tax) for tax in self.taxes)
        return (divide(share * self.total) - sum(taxes), *taxes)


@dataclass(frozen=True)
class Shipment:
    """Goods that leave together.

    :param key: what it is known by
    :param quantities: by key of line, in the unit of the line
    :param captured: what was taken for it already, in steps
    """

    key: Hashable
    quantities: Mapping[Hashable, Fraction]
    captured: int = 0


def shares_of(
    lines: Sequence[Line], shipped: Mapping[Hashable, Fraction]
) -> dict[Hashable, Fraction]:
    """Return which share of each line is due when so much has left.

    More than was ordered counts as what was ordered. Where the goods are worth nothing, they
    count by quantity; an order without goods is due at once.

    :param shipped: quantity by key of line, all that ever left; what came back counts still
    :return: between 0 and 1, by key of line
    """
    shares: dict[Hashable, Fraction] = {}
    goods = [line for line in lines if not line.spread]
    for line in goods:
        left = max(shipped.get(line.key, Fraction(0)), Fraction(0))
        shares[line.key] = min(left / line.ordered, Fraction(1))
    value = {line.key: Fraction(max(line.total, 0)) for line in goods}
    if not any(value.values()):
        value = {line.key: line.ordered for line in goods}
    whole = sum(value.values(), Fraction(0))
    reached = sum((shares[key] * weight for key, weight in value.items()), Fraction(0))
    if goods and all(shares[line.key] == 1 for line in goods):
        common = Fraction(1)
    else:
        common = reached / whole if whole else Fraction(1)
    shares.update((line.key, common) for line in lines if line.spread)
    return shares


def cumulate(
    lines: Sequence[Line], shipped: Mapping[Hashable, Fraction]
) -> dict[Hashable, tuple[int, ...]]:
    """Return what is due of each line when so much has left: without taxes, then each tax.

    :param shipped: as in :func:`shares_of`
    :return: in steps, by key of line
    """
    shares = shares_of(lines, shipped)
    return {line.key: line.until(shares[line.key]) for line in lines}


def due_of(lines: Sequence[Line], shipped: Mapping[Hashable, Fraction]) -> int:
    """Return what is due in all when so much has left, in steps, never below zero."""
    return max(sum(sum(parts) for parts in cumulate(lines, shipped).values()), 0)


def due_of_rest(lines: Sequence[Line], kept: Mapping[Hashable, Fraction]) -> int:
    """Return what an order comes to of which only a part of the goods is kept, in steps.

    What leaves with no parcel stays on it as a whole.

    :param kept: quantity by key of line; more than was ordered counts as what was ordered
    """
    total = 0
    for line in lines:
        share = Fraction(1)
        if not line.spread:
            share = min(max(kept.get(line.key, Fraction(0)), Fraction(0)) / line.ordered, share)
        total += sum(line.until(share))
    return max(total, 0)


def amounts_of_shipments(
    lines: Sequence[Line],
    shipments: Sequence[Shipment],
    *,
    others: Mapping[Hashable, Fraction] | None = None,
    paid: int = 0,
) -> dict[Hashable, int]:
    """Return what is still to be taken for each shipment.

    What is taken in all is what is due of all that left, less what was taken. Those that come
    first get what they came to at their time, so that an order that was changed since, or paid in
    part before, is made up by the last one.

    :param shipments: in the order in which they left, those that were captured first
    :param others: what left with none of them, quantity by key of line
    :param paid: what was taken with no shipment named, in steps
    :return: in steps, at or above zero, by key of shipment
    """
    shipped: dict[Hashable, Fraction] = dict(others or {})
    open_now = paid + sum(shipment.captured for shipment in shipments)
    for shipment in shipments:
        _add(shipped, shipment.quantities)
    rest = max(due_of(lines, shipped) - open_now, 0)
    amounts: dict[Hashable, int] = {}
    running = dict(others or {})
    before = due_of(lines, running)
    # What left by itself, and what was paid beforehand, is settled with the first shipments.
    owed = before - paid
    for shipment in shipments:
        _add(running, shipment.quantities)
        now = due_of(lines, running)
        owed += now - before - shipment.captured
        before = now
        # What rounding alone left of a shipment that was captured goes on to the next.
        settled = shipment.captured and owed <= len(lines)
        amounts[shipment.key] = 0 if settled else min(max(owed, 0), rest)
        rest -= amounts[shipment.key]
        owed -= amounts[shipment.key]
    if rest and amounts:
        amounts[shipments[-1].key] += rest
    return amounts


def _add(total: dict[Hashable, Fraction], more: Mapping[Hashable, Fraction]) -> None:
    for key, quantity in more.items():
        total[key] = total.get(key, Fraction(0)) + quantity
