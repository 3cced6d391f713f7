"""What a carrier asks for all that a site ships together: no sum over units, but a set function."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cards import Brackets, Card, card_from_dict
from .checks import Array, amounts
from .encoding import numbers

N_MEASURES = 4
"""Weight (kg), volume, units and value of what is shipped together; then weight times volume."""


@dataclass(frozen=True, eq=False)
class Tariff:
    """The price of a site's shipment by its cards, on top of the cost parts of the problem.

    Of a site with several cards the cheapest counts for each shipment, so that goods may go by
    one carrier if light and by another if heavy. A later choice counts only for what nobody of
    the earlier ones takes. What no card takes, the site cannot ship; a site without any
    choice ships at no extra price.

    :param name: under which the plan's costs list it; no cost part may bear it
    :param cards: the cards, each of which several sites may go by
    :param choices: for each site, choices in order, each the positions of some cards
    :param weight: shape (L,): kg of a unit of each line
    :param volume: shape (L,): of a unit, in the unit of volume of the cards
    :param value: shape (L,): of a unit, in the currency of the cards
    :param shipped: shape (S, 4): weight, volume, units and value that a site ships anyway: only
        what goes on top is charged, never less than nothing; None is nothing anywhere
    """

    name: str
    cards: tuple[Card, ...]
    choices: tuple[tuple[tuple[int, ...], ...], ...]
    weight: Array
    volume: Array
    value: Array
    shipped: Array | None = None

    def checked(self, n_lines: int, n_sites: int) -> Tariff:
        """The same as read-only arrays.

        :raises ValueError: it does not fit the problem, or makes no sense
        """
        choices = tuple(tuple(tuple(map(int, cards)) for cards in each) for each in self.choices)
        if len(choices) != n_sites:
            raise ValueError(f"The tariff tells of {len(choices)} sites, the problem of {n_sites}.")
        for cards in (cards for of_site in choices for cards in of_site):
            if not cards or not all(0 <= card < len(self.cards) for card in cards):
                raise ValueError(f"A site of the tariff has unknown cards: {cards!r}.")
        shipped = self.shipped
        if shipped is not None:
            shipped = amounts("what sites ship anyway", shipped, (n_sites, N_MEASURES))
            shipped = shipped if shipped.any() else None
        return Tariff(
            self.name,
            tuple(self.cards),
            choices,
            amounts("weight of units", self.weight, (n_lines,)),
            amounts("volume of units", self.volume, (n_lines,)),
            amounts("value of units", self.value, (n_lines,)),
            shipped,
        )

    @cached_property
    def _kinds(self) -> tuple[NDArray[np.intp], tuple[int, ...]]:
        """Which sites have the same price for everything: kind of each site, a site of each."""
        first: dict[Any, int] = {}
        kinds, examples = [], []
        for site, choices in enumerate(self.choices):
            there = () if self.shipped is None else tuple(self.shipped[site].tolist())
            key = choices, there
            if key not in first:
                first[key] = len(examples)
                examples.append(site)
            kinds.append(first[key])
        return np.array(kinds, dtype=np.intp), tuple(examples)

    def kinds_of(self, sites: NDArray[np.intp]) -> NDArray[np.intp]:
        """For some sites, which of the columns of :meth:`prices` is theirs."""
        return self._kinds[0][sites]

    def prices(self, units: Array) -> Array:
        """What shipments cost, for each kind of site; ``inf`` what it cannot ship.

        :param units: shape (N, L): units of each line in N shipments
        :return: shape (N, kinds)
        """
        measures = self._measures(units)
        examples = self._kinds[1]
        result = np.zeros((len(units), len(examples)))
        for column, site in enumerate(examples):
            result[:, column] = self._added(site, measures)[0]
        return result

    def of_plan(self, units: Array) -> tuple[Array, Array]:
        """Price, and number of parcels, of what each site ships in a plan.

        :param units: shape (L, S)
        :return: shapes (S,)
        """
        measures = self._measures(units.T)
        price, parcels = np.zeros((2, units.shape[1]))
        for site in np.flatnonzero(units.any(axis=0)).tolist():
            cost, count = self._added(site, measures[site : site + 1])
            price[site], parcels[site] = cost[0], count[0]
        return price, parcels

    def _measures(self, units: Array) -> Array:
        """Weight, volume, units, value and weight times volume of shipments, shape (N, 5)."""
        each = np.stack(
            [
                self.weight,
                self.volume,
                np.ones(len(self.weight)),
                self.value,
                self.weight * self.volume,
            ],
            axis=1,
        )
        return units @ each

    def _added(self, site: int, measures: Array) -> tuple[Array, Array]:
        """Price and parcels of shipments on top of what a site ships anyway, shapes (N,)."""
        price, parcels = self._charged(site, measures)
        if self.shipped is not None and self.shipped[site].any():
            before = np.append(self.shipped[site], self.shipped[site][:2].prod())
            there, packed = self._charged(site, before[None, :])
            price, parcels = self._charged(site, measures + before)
            # Where all that is there could not have been shipped so, it is charged as if new.
            price = np.maximum(price - (there[0] if np.isfinite(there[0]) else 0.0), 0.0)
            parcels = np.maximum(parcels - packed[0], 0.0)
        empty = measures[:, 2] <= 0.0
        price[empty] = parcels[empty] = 0.0
        return price, parcels

    def _charged(self, site: int, measures: Array) -> tuple[Array, Array]:
        choices = self.choices[site]
        price = np.full(len(measures), np.inf if choices else 0.0)
        parcels = np.ones(len(measures))
        for cards in choices:
            best, count = np.full(len(measures), np.inf), np.ones(len(measures))
            for card in cards:
                cost, packed = self.cards[card].charge(measures)
                cheaper = cost < best
                best[cheaper], count[cheaper] = cost[cheaper], packed[cheaper]
            unserved = np.isinf(price)
            price[unserved], parcels[unserved] = best[unserved], count[unserved]
        return price, parcels

    # Bounds.

    def most(self, units: Array) -> float:
        """No site charges more for some of these units together.

        :param units: shape (L,)
        """
        used = {card for choices in self.choices for cards in choices for card in cards}
        there = np.zeros(N_MEASURES + 1)
        if self.shipped is not None:
            there[:N_MEASURES] = self.shipped.max(axis=0)
            there[N_MEASURES] = there[0] * there[1]
        [total] = self._measures(units[None, :]) + there
        return max((self.cards[card].most(total) for card in used), default=0.0)

    def line_below(self, weights: Array, at: float) -> tuple[Array, Array]:
        """A straight line below the price of every shipment, by its weight, for each kind.

        :param weights: weights of shipments, ascending: the lightest there can be, up to the
            heaviest
        :param at: the weight near which the line is to be close
        :return: price from nothing, and per kg, shapes (kinds,), neither below zero
        """
        examples = self._kinds[1]
        start, slope = np.zeros((2, len(examples)))
        for column, site in enumerate(examples):
            if self.shipped is not None and self.shipped[site].any():
                continue
            cards = [self.cards[card] for cards in self.choices[site] for card in cards]
            if not cards:
                continue
            brackets = [card for card in cards if isinstance(card, Brackets)]
            if len(brackets) < len(cards):
                start[column] = min(card.least for card in cards)
                continue
            start[column], slope[column] = _line_below(brackets, weights, at)
        return start, slope

    # What is left of it.

    def for_rows(self, rows: NDArray[np.intp], taken: Array) -> Tariff:
        """The tariff of what is left, over some lines.

        :param rows: positions of the lines
        :param taken: shape (L, S): units that have been decided
        """
        shipped = self._measures(taken.T)[:, :N_MEASURES]
        return Tariff(
            self.name,
            self.cards,
            self.choices,
            self.weight[rows],
            self.volume[rows],
            self.value[rows],
            shipped if self.shipped is None else shipped + self.shipped,
        )

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON."""
        distinct = list(dict.fromkeys(self.choices))
        data: dict[str, Any] = {
            "name": self.name,
            "cards": [card.to_dict() for card in self.cards],
            "choices": [[list(cards) for cards in choices] for choices in distinct],
            "sites": [distinct.index(choices) for choices in self.choices],
            "weight": numbers(self.weight),
            "volume": numbers(self.volume),
            "value": numbers(self.value),
        }
        if self.shipped is not None:
            rows = np.flatnonzero(self.shipped.any(axis=1))
            data["shipped"] = [[int(row), *numbers(self.shipped[row])] for row in rows.tolist()]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tariff:
        """Rebuild a tariff from :meth:`to_dict`."""
        choices = [tuple(tuple(cards) for cards in each) for each in data["choices"]]
        shipped = np.zeros((len(data["sites"]), N_MEASURES))
        for row, *there in data.get("shipped", ()):
            shipped[row] = there
        return cls(
            data["name"],
            tuple(card_from_dict(card) for card in data["cards"]),
            tuple(choices[place] for place in data["sites"]),
            *(np.array(data[name], dtype=float) for name in ("weight", "volume", "value")),
            shipped if shipped.any() else None,
        )


def _line_below(cards: Sequence[Brackets], weights: Array, at: float) -> tuple[float, float]:
    """See :meth:`Tariff.line_below`: the lower hull of the price steps, at a weight."""
    lightest, heaviest = float(weights[0]), float(weights[-1])
    steps = [card.steps(heaviest, 1) for card in cards]
    ends = np.concatenate([limits for limits, _prices, _counts in steps])
    points = np.unique(np.clip(np.append(ends, [lightest, heaviest]), lightest, heaviest))
    measures = np.zeros((len(points), 5))
    measures[:, 0] = points
    # However many units and how much volume there are, no parcel more is opened for them.
    loose = [Brackets(card.parcels, per_kg=card.per_kg) for card in cards]
    price = np.min([card.charge(measures)[0] for card in loose], axis=0)
    hull: list[tuple[float, float]] = []
    for point in zip(points.tolist(), price.tolist(), strict=True):
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    for (left, low), (right, high) in itertools.pairwise(hull):
        if right >= at or (right, high) == hull[-1]:
            slope = max((high - low) / (right - left), 0.0)
            start = low - slope * left
            if start >= 0.0:
                return start * (1.0 - 1e-12), slope
            # From nothing at no price: as steep as all steps allow.
            return 0.0, min(cost / weight for weight, cost in hull if weight > 0.0)
    return float(price.min()), 0.0


def _turns_down(
    first: tuple[float, float], second: tuple[float, float], third: tuple[float, float]
) -> bool:
    rise = (second[1] - first[1]) * (third[0] - second[0])
    return rise >= (third[1] - second[1]) * (second[0] - first[0])
