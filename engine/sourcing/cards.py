"""Rate cards: what a carrier charges for a shipment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .checks import Array

NOISE = 1e-9
"""Share by which a weight may exceed a limit: three times 0.1 kg are 0.3 kg."""

MOST_COMBINED = 40
"""Of shipments beyond so many of the largest parcels, the rest goes in the best for its weight."""

MEASURES = ("weight", "volume", "quantity", "price", "wv")
"""What rules look at: the columns of measures, by their names in Odoo's price rules."""

OPERATORS: dict[str, Callable[[Array, float], Any]] = {
    "==": np.equal,
    "<=": np.less_equal,
    "<": np.less,
    ">=": np.greater_equal,
    ">": np.greater,
}


@dataclass(frozen=True, slots=True)
class Brackets:
    """Parcels by weight: a shipment goes in the cheapest set of parcels that holds it.

    A set holds a shipment if the weights, units and volumes of its parcels add up to what is
    shipped; how single goods fit into single parcels is not looked at. So two small parcels
    may be cheaper than a large one.

    :param parcels: most weight (kg, may be ``inf``) and price of each kind of parcel
    :param max_units: most units in a parcel
    :param max_volume: most volume in a parcel
    :param per_kg: price of each kg, however many parcels there are
    :raises ValueError: there is no parcel, a limit is not above zero, or a price is below zero
    """

    parcels: tuple[tuple[float, float], ...]
    max_units: float = math.inf
    max_volume: float = math.inf
    per_kg: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "parcels", tuple((float(kg), float(p)) for kg, p in self.parcels))
        if not self.parcels:
            raise ValueError("A rate card by weight needs at least one parcel.")
        for weight, price in self.parcels:
            if not weight > 0.0:
                raise ValueError(f"The most weight of a parcel must be above zero, not {weight}.")
            if not 0.0 <= price < math.inf:
                raise ValueError(f"The price of a parcel must not be below zero, nor {price}.")
        if not (self.max_units > 0.0 and self.max_volume > 0.0):
            raise ValueError("The most units and volume of a parcel must be above zero.")
        if not 0.0 <= self.per_kg < math.inf:
            raise ValueError(f"The price of a kg must not be below zero, nor {self.per_kg}.")

    @property
    def least(self) -> float:
        """No shipment costs less."""
        return min(price for _weight, price in self.parcels)

    def charge(self, measures: Array) -> tuple[Array, Array]:
        """Price and number of parcels of shipments, shapes (N,).

        :param measures: shape (N, 5), see :data:`MEASURES`
        """
        weight = measures[:, 0]
        count = np.ones(len(weight))
        for amount, most in ((measures[:, 2], self.max_units), (measures[:, 1], self.max_volume)):
            if most < math.inf:
                count = np.maximum(count, np.ceil(amount / most - NOISE))
        price, parcels = np.zeros((2, len(weight)))
        for least in sorted(set(count.tolist())):
            rows = np.flatnonzero(count == least)
            heaviest = float(weight[rows].max())
            limits, prices, counts = self.steps(heaviest, int(least))
            place = np.searchsorted(limits * (1.0 + NOISE), weight[rows])
            price[rows], parcels[rows] = prices[place], counts[place]
        return price + self.per_kg * weight, parcels

    def most(self, total: Array) -> float:
        """No part of a shipment costs more; prices never fall with what is added.

        :param total: shape (5,): measures of all of it
        """
        return float(self.charge(total[None, :])[0][0])

    def steps(self, heaviest: float, least: int) -> tuple[Array, Array, Array]:
        """Price and number of parcels by weight.

        :param heaviest: up to which weight
        :param least: of how many parcels a shipment has to be at least
        :return: limits, ascending, with price and number of parcels up to each
        """
        # A round number, so that most shipments of a day are reckoned once.
        most = 2.0 ** math.ceil(math.log2(heaviest)) if heaviest > 0.0 else 1.0
        return _steps(self.parcels, most, least)

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON, which knows no infinity."""
        return {
            "parcels": [[_finite(weight), price] for weight, price in self.parcels],
            "max_units": _finite(self.max_units),
            "max_volume": _finite(self.max_volume),
            "per_kg": self.per_kg,
        }


@lru_cache(maxsize=1024)
def _steps(
    parcels: tuple[tuple[float, float], ...], most: float, least: int
) -> tuple[Array, Array, Array]:
    """See :meth:`Brackets.steps`."""
    kinds = [(kg, price) for kg, price, _count in _best((kg, price, 1) for kg, price in parcels)]
    largest = kinds[-1][0]
    combined = most if math.isinf(largest) else min(most, MOST_COMBINED * largest)
    # Sets of ever more parcels, until none that is still cheap enough holds too little.
    sets: list[_Set] = [(0.0, 0.0, 0)]
    found: list[_Set] = []
    enough, count = math.inf, 0
    while sets:
        count += 1
        sets = _best(
            (min(w + kg, combined), c + price, count)
            for w, c, _count in sets
            for kg, price in kinds
        )
        if count >= least:
            enough = min([enough, *(c for w, c, _count in sets if w >= combined)])
            found = _best([*found, *sets])
            sets = [each for each in sets if each in found and each[0] < combined]
        sets = [each for each in sets if each[1] < enough]
    weight, price = min(kinds, key=lambda kind: (kind[1] / kind[0], -kind[0]))
    rows, beyond = list(found), most - combined
    for shift in range(1, math.ceil(beyond / weight) + 1 if beyond else 1):
        end = rows[-1][0]
        more = ((w + shift * weight, c + shift * price, n + shift) for w, c, n in found)
        rows += [row for row in more if row[0] > end]
    limits, prices, counts = (
        np.array(column, dtype=float) for column in zip(*_best(rows), strict=True)
    )
    return limits, prices, counts


_Set = tuple[float, float, int]
"""Weight that some parcels hold, what they cost, and how many they are."""


def _best(sets: Iterable[_Set]) -> list[_Set]:
    """Without those that hold no more than another and are no better, lightest first."""
    kept: list[_Set] = []
    for each in sorted(sets, key=lambda each: (-each[0], each[1:])):
        if not kept or each[1:] < kept[-1][1:]:
            kept.append(each)
    return kept[::-1]


@dataclass(frozen=True, slots=True)
class Rule:
    """A price for shipments that meet a condition.

    :param variable: one of :data:`MEASURES`
    :param operator: one of :data:`OPERATORS`
    :param limit: what the variable is compared with
    :param base: the price
    :param factor: what is added for each unit of another measure
    :param factor_variable: that measure
    :raises ValueError: a word is unknown
    """

    variable: str
    operator: str
    limit: float
    base: float
    factor: float = 0.0
    factor_variable: str = "weight"

    def __post_init__(self) -> None:
        if self.variable not in MEASURES or self.factor_variable not in MEASURES:
            raise ValueError(f"A rule looks at {self.variable!r} and {self.factor_variable!r}.")
        if self.operator not in OPERATORS:
            raise ValueError(f"A rule compares by {self.operator!r}.")


@dataclass(frozen=True, slots=True)
class Rules:
    """A carrier's rules: the first that a shipment meets gives its price, never below zero.

    What meets none, or is too heavy or voluminous, the carrier does not take.

    :param rules: in order
    :param free_over: shipments worth at least this cost nothing; None is none
    :param max_weight: kg that the carrier takes
    :param max_volume: volume that the carrier takes
    """

    rules: tuple[Rule, ...]
    free_over: float | None = None
    max_weight: float = math.inf
    max_volume: float = math.inf

    @property
    def least(self) -> float:
        """No shipment costs less."""
        rising = all(rule.factor >= 0.0 for rule in self.rules)
        if self.free_over is not None or not rising:
            return 0.0
        return max(min((rule.base for rule in self.rules), default=0.0), 0.0)

    def most(self, total: Array) -> float:
        """No part of a shipment that the carrier takes costs more; see :meth:`Brackets.most`."""
        return max(
            (
                rule.base
                + max(rule.factor, 0.0) * float(total[MEASURES.index(rule.factor_variable)])
                for rule in self.rules
            ),
            default=0.0,
        )

    def charge(self, measures: Array) -> tuple[Array, Array]:
        """Price and number of parcels of shipments, shapes (N,); see :meth:`Brackets.charge`."""
        price = np.full(len(measures), np.inf)
        for rule in reversed(self.rules):
            measure = measures[:, MEASURES.index(rule.variable)]
            met = OPERATORS[rule.operator](measure, rule.limit)
            added = measures[:, MEASURES.index(rule.factor_variable)]
            price = np.where(met, rule.base + rule.factor * added, price)
        price = np.maximum(price, 0.0)
        if self.free_over is not None:
            price[(measures[:, 3] >= self.free_over) & np.isfinite(price)] = 0.0
        beyond = measures[:, 0] > self.max_weight * (1.0 + NOISE)
        beyond |= measures[:, 1] > self.max_volume * (1.0 + NOISE)
        price[beyond] = np.inf
        return price, np.ones(len(measures))

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON, which knows no infinity."""
        return {
            "rules": [
                [r.variable, r.operator, r.limit, r.base, r.factor, r.factor_variable]
                for r in self.rules
            ],
            "free_over": self.free_over,
            "max_weight": _finite(self.max_weight),
            "max_volume": _finite(self.max_volume),
        }


Card = Brackets | Rules


def card_from_dict(data: dict[str, Any]) -> Card:
    """Rebuild a card from its ``to_dict``."""
    if "parcels" in data:
        return Brackets(
            tuple((_endless(weight), price) for weight, price in data["parcels"]),
            _endless(data["max_units"]),
            _endless(data["max_volume"]),
            data["per_kg"],
        )
    return Rules(
        tuple(Rule(*rule) for rule in data["rules"]),
        data["free_over"],
        _endless(data["max_weight"]),
        _endless(data["max_volume"]),
    )


def _finite(number: float) -> float | None:
    return None if math.isinf(number) else number


def _endless(number: float | None) -> float:
    return math.inf if number is None else number
