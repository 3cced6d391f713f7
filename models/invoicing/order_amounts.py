"""What an order comes to and what of it has left, as the settlement engine takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ...engine import settlement


@dataclass(frozen=True)
class OrderAmounts:
    """An order in whole steps of its currency, its goods in the units of their products.

    :param step: the smallest step of the currency
    :param lines: of the order, known by the ids of its lines; 0 is what no line accounts for
    :param taxes: ids of the taxes of each line, in the order of their amounts
    :param bases: what each of these taxes is reckoned on, in steps
    :param shipped: what left by the fulfillments, quantity by line, by id of fulfillment
    :param others: what left by none of them, quantity by line
    :param ended: nothing more leaves
    """

    step: settlement.Step
    lines: tuple[settlement.Line, ...]
    taxes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    bases: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    shipped: Mapping[int, Mapping[int, Fraction]] = field(default_factory=dict)
    others: Mapping[int, Fraction] = field(default_factory=dict)
    ended: bool = False

    def left(self) -> dict[int, Fraction]:
        """Return all that ever left, quantity by line."""
        total = dict(self.others)
        for quantities in self.shipped.values():
            for line, quantity in quantities.items():
                total[line] = total.get(line, Fraction(0)) + quantity
        return total

    def due(self) -> int:
        """Return what is due for all that left, in steps."""
        return settlement.due_of(self.lines, self.left())

    def total(self) -> int:
        """Return what the order comes to, in steps."""
        return max(sum(line.total for line in self.lines), 0)

    def still_open(self) -> int:
        """Return what comes due when the rest leaves, in steps; nothing when the order ended."""
        return 0 if self.ended else max(self.total() - self.due(), 0)

    def shares(self) -> dict[int, Fraction]:
        """Return which share of each line is due, between 0 and 1."""
        return settlement.shares_of(self.lines, self.left())
