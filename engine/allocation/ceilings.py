"""What one channel may take, as sums over sites that must not be exceeded.

What a sale leaves to others is a nest of sums and maxima (see :mod:`.areas`). Multiplied out, it
is a list of ordinary inequalities, fit for a program that plans many orders at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from .areas import Area, Rule
from .sale import rules_of
from .settlement import Settlement, tidy
from .shares import NOISE

MOST_PIECES = 64
"""Terms of a maximum that are kept, the largest; those beyond are left to :func:`refused`."""


@dataclass(frozen=True)
class Ceiling:
    """What a channel may take at some sites together.

    :param sites: where.
    :param quantity: in the product's unit, never below zero.
    """

    sites: frozenset[int]
    quantity: float


@dataclass(frozen=True)
class _Piece:
    """One term of a maximum: an amount less what the channel takes in an area."""

    amount: float
    area: Area


def ceilings(settlement: Settlement, channel: Hashable | None) -> tuple[Ceiling, ...]:
    """Say what a channel may take of a product besides the stock of each site.

    Whatever keeps to all of them and to the stock is not refused, as long as the areas in which
    something is set aside are disjoint or one in the other (``settlement.exact``) and shares are
    no more than a handful. Where not, they are a little too generous, never too strict.

    :param channel: None for sales that belong to no channel.
    """
    chain = frozenset(settlement.allocation.chain(channel))
    stock = settlement.allocation.stock
    lowest: dict[frozenset[int], float] = {}
    for rule in rules_of(settlement, channel):
        for piece in _Unfolded(settlement, rule, chain).of(rule.holder, rule.area):
            sites = settlement.sites(rule.area & ~piece.area)
            quantity = tidy(max(0.0, rule.room - piece.amount))
            if sum(stock[site] for site in sites) > quantity + NOISE:
                lowest[sites] = min(quantity, lowest.get(sites, quantity))
    found = sorted(lowest.items(), key=lambda item: (len(item[0]), sorted(item[0])))
    return tuple(
        Ceiling(sites, quantity)
        for sites, quantity in found
        # What holds at more sites holds at some of them.
        if not any(sites < more and least <= quantity for more, least in found)
    )


class _Unfolded:
    """What has to stay in an area, as terms of which the largest counts."""

    def __init__(self, settlement: Settlement, rule: Rule, chain: frozenset[Hashable]) -> None:
        self._tree, self._held, self._chain = settlement.tree, settlement.held, chain
        self._parts: Mapping[Area, tuple[Area, ...]] = rule.parts

    def of(self, holder: Hashable | None, area: Area) -> list[_Piece]:
        inside = [each for each in self._tree.areas.get(holder, ()) if not each & ~area]
        if not inside:
            return [_Piece(0.0, 0)]
        own = self._held.get((holder, area), 0.0)
        pieces = [_Piece(own, area if own and holder in self._chain else 0)]
        pieces += self._sum(self.of(member, area) for member in self._tree.members.get(holder, ()))
        if inside != [area]:
            pieces += self._sum(self.of(holder, part) for part in self._parts.get(area, ()))
        return _pruned(pieces)

    def _sum(self, terms: Iterable[list[_Piece]]) -> list[_Piece]:
        total = [_Piece(0.0, 0)]
        for pieces in terms:
            total = _pruned(
                [
                    _Piece(one.amount + other.amount, one.area | other.area)
                    for one in total
                    for other in pieces
                    # Sold goods cannot serve two set-asides: areas that overlap are left out.
                    if not one.area & other.area
                ]
            )
        return total


def _pruned(pieces: list[_Piece]) -> list[_Piece]:
    """Those that can be the largest, largest amounts first."""
    kept: list[_Piece] = []
    for piece in sorted(set(pieces), key=lambda piece: (-piece.amount, piece.area)):
        if not any(not other.area & ~piece.area for other in kept):
            kept.append(piece)
    return kept[:MOST_PIECES]
