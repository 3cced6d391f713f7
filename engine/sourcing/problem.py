"""What a sourcing decision is about: an order's lines, the sites, and what each choice costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import Array, Key, amounts, check_unique
from .encoding import decode_matrix, encode_matrix, numbers
from .limits import Barred, Limits
from .tariff import Tariff

PROBLEM_VERSION = 2
READABLE_VERSIONS = (1, PROBLEM_VERSION)
MISSING = "missing"
"""Name under which a plan's costs list the penalty; no cost part may bear it."""

STEP_TOLERANCE = 1e-6
"""How far, in steps, a quantity may fall short of a whole step and still count as that step."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A demand for one product.

    Two lines may ask for the same product; they then share its stock.

    :param key: what the caller calls the line; unique within the problem
    :param product: what the caller calls the product
    :param quantity: demand in the product's unit, more than zero
    """

    key: Key
    product: Key
    quantity: float


@dataclass(frozen=True, slots=True)
class Site:
    """A place that may serve the order.

    :param key: what the caller calls the site; unique within the problem
    :param name: for people
    :param rank: among plans of equal cost and equally many sites, the lower sum of ranks wins
    """

    key: Key
    name: str
    rank: int = 0


@dataclass(frozen=True, eq=False)
class CostPart:
    """One component of the objective, such as parcel, handling or distance.

    :param name: unique within the problem
    :param per_parcel: shape (S,): charged once for each site that serves anything
    :param per_unit: shape (L, S): charged for each unit of a line from a site
    :param unit: what the amounts are measured in, such as 'kg CO2e'; '' if there are none
    :param amount_per_parcel: shape (S,): the part in its own unit for each site that serves
        anything, only to be shown; None is nothing
    :param amount_per_unit: shape (L, S): the same for each unit of a line from a site
    :param first_free: the first parcel of a plan is free of this part, as a split is what comes
        after it; a parcel must then cost the same whichever site sends it
    """

    name: str
    per_parcel: Array
    per_unit: Array
    unit: str = ""
    amount_per_parcel: Array | None = None
    amount_per_unit: Array | None = None
    first_free: bool = False

    @property
    def waived(self) -> float:
        """What is taken off the part once, of any plan that ships something."""
        return float(self.per_parcel.max(initial=0.0)) if self.first_free else 0.0

    @property
    def amount_waived(self) -> float:
        """The same in the part's own unit."""
        own = self.amount_per_parcel
        return 0.0 if own is None or not self.first_free else float(own.max(initial=0.0))

    @property
    def has_amounts(self) -> bool:
        """Whether the part is known in its own unit."""
        return self.amount_per_parcel is not None or self.amount_per_unit is not None


@dataclass(frozen=True, eq=False)
class MissingCost:
    """What it costs to leave something unfilled.

    :param per_order: charged once when anything of the order is missing
    :param per_unit: shape (L,): charged for each missing unit of a line
    """

    per_order: float
    per_unit: Array


@dataclass(frozen=True, eq=False)
class SourcingProblem:
    """One order to be sourced, L lines over S sites. All arrays are copied and made read-only.

    :param lines: the demand
    :param sites: the candidates, in the order that decides the last ties
    :param stock: shape (L, S): what the site can give of the line's product, in the product's
        unit; rows of lines with the same product must be equal, since they mean the same stock
    :param parts: the components of the objective
    :param missing: the penalty for what is not filled
    :param rounding: shape (L,): the smallest step of each line's quantities (default 1). What a
        site gives to a line is a multiple of it: stock is floored to it first, and of a demand
        that is no multiple the rest stays missing
    :param limits: what a plan must keep to beyond stock and demand
    :param barred: sites that never became candidates, for the explanation
    :param tariff: what carriers ask for all that a site ships together, if that is no sum over
        units; None if the parts are all there is
    :raises ValueError: anything is out of shape, not finite, negative, duplicated or contradictory
    """

    lines: tuple[OrderLine, ...]
    sites: tuple[Site, ...]
    stock: Array
    parts: tuple[CostPart, ...]
    missing: MissingCost
    rounding: Array | Sequence[float] | None = None
    limits: Limits = field(default_factory=Limits)
    barred: tuple[Barred, ...] = ()
    tariff: Tariff | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "lines", tuple(self.lines))
        put(self, "sites", tuple(self.sites))
        put(self, "parts", tuple(self.parts))
        n_lines, n_sites = len(self.lines), len(self.sites)
        self._check_keys()
        put(self, "stock", amounts("stock", self.stock, (n_lines, n_sites)))
        rounding = np.ones(n_lines) if self.rounding is None else self.rounding
        put(self, "rounding", amounts("rounding", rounding, (n_lines,), positive=True))
        put(self, "parts", tuple(_checked_part(p, n_lines, n_sites) for p in self.parts))
        put(self, "missing", _checked_missing(self.missing, n_lines))
        if self.tariff is not None:
            check_unique("cost part", [part.name for part in self.parts] + [self.tariff.name])
            put(self, "tariff", self.tariff.checked(n_lines, n_sites))
        self._check_shared_products()
        line_keys = [line.key for line in self.lines]
        put(self, "limits", self.limits.checked(line_keys, n_sites))
        put(self, "barred", tuple(self.barred))
        site_keys = [site.key for site in self.sites]
        check_unique("candidate or barred site", site_keys + [gone.site for gone in self.barred])

    def _check_keys(self) -> None:
        if not self.lines:
            raise ValueError("A sourcing problem needs at least one line.")
        check_unique("line", [line.key for line in self.lines])
        check_unique("site", [site.key for site in self.sites])
        names = [part.name for part in self.parts]
        check_unique("cost part", names)
        if MISSING in names:
            raise ValueError(f"No cost part may be named {MISSING!r}: it names the penalty.")
        for line in self.lines:
            if not (0 < line.quantity < float("inf")):
                raise ValueError(
                    f"Line {line.key!r}: the quantity must be more than zero, not {line.quantity}."
                )

    def _check_shared_products(self) -> None:
        for rows in self.lines_by_product:
            for row in rows[1:]:
                first, other = self.lines[rows[0]].key, self.lines[row].key
                same = (
                    ("stock", self.stock),
                    ("rounding", self.rounding),
                    *((f"cost {part.name!r}", part.per_unit) for part in self.parts),
                    *(() if self.tariff is None else (("weight", self.tariff.weight),)),
                )
                for what, values in same:
                    if not np.array_equal(values[rows[0]], values[row]):
                        raise ValueError(
                            f"Lines {first!r} and {other!r} ask for the same product,"
                            f" so their {what} must be equal."
                        )

    @cached_property
    def lines_by_product(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the lines of each product, products in order of first appearance."""
        rows: dict[Key, list[int]] = {}
        for position, line in enumerate(self.lines):
            rows.setdefault(line.product, []).append(position)
        return tuple(tuple(group) for group in rows.values())

    @cached_property
    def quantities(self) -> Array:
        """Demand of each line in its product's unit, shape (L,)."""
        return np.array([line.quantity for line in self.lines], dtype=float)

    @cached_property
    def per_parcel(self) -> Array:
        """Cost of using a site at all, all parts together, shape (S,).

        What is waived of the first parcel is in it: all plans that ship anything pay it alike.
        """
        return sum((part.per_parcel for part in self.parts), np.zeros(len(self.sites)))

    @cached_property
    def waived(self) -> float:
        """What a plan that ships anything costs less than its parcels and units say."""
        return sum(part.waived for part in self.parts)

    def charging_all(self) -> SourcingProblem:
        """The same problem, in which the first parcel costs what any other does."""
        if not self.waived:
            return self
        parts = tuple(replace(part, first_free=False) for part in self.parts)
        return replace(self, parts=parts)

    @cached_property
    def per_unit(self) -> Array:
        """Cost of a unit of a line from a site, all parts together, shape (L, S)."""
        if not self.parts:
            return np.zeros(self.stock.shape)
        return sum((part.per_unit for part in self.parts[1:]), self.parts[0].per_unit)

    @cached_property
    def demand_steps(self) -> Array:
        """What of each line can be served at all, in whole steps of its rounding, shape (L,)."""
        return np.floor(self.quantities / self.rounding + STEP_TOLERANCE)

    @cached_property
    def stock_steps(self) -> Array:
        """Stock in whole steps of each line's rounding, shape (L, S)."""
        if (self.rounding == 1.0).all():
            return np.floor(self.stock + STEP_TOLERANCE)
        return np.floor(self.stock / self.rounding[:, None] + STEP_TOLERANCE)

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON, from which the same decision can be replayed.

        Unit costs are kept where there is stock only: elsewhere no plan can use them, and they
        come back as zero.
        """
        held = self.stock.any(axis=0)
        data = {
            "version": PROBLEM_VERSION,
            "lines": [[line.key, line.product, line.quantity] for line in self.lines],
            "sites": [[site.key, site.name, site.rank] for site in self.sites],
            "stock": encode_matrix(self.stock, held),
            "parts": [_encode_part(part, held) for part in self.parts],
            "missing": [float(self.missing.per_order), numbers(self.missing.per_unit)],
            "rounding": numbers(self.rounding),
            "limits": self.limits.to_dict(held),
            "barred": [[gone.site, gone.name, gone.reason, gone.detail] for gone in self.barred],
        }
        if self.tariff is not None:
            data["tariff"] = self.tariff.to_dict()
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SourcingProblem:
        """Rebuild a problem from :meth:`to_dict`.

        :raises ValueError: the data are of another version or do not make a valid problem
        """
        if data.get("version") not in READABLE_VERSIONS:
            raise ValueError(f"Unknown version of a stored problem: {data.get('version')!r}.")
        shape = len(data["lines"]), len(data["sites"])
        per_order, per_unit = data["missing"]
        return cls(
            lines=tuple(OrderLine(*line) for line in data["lines"]),
            sites=tuple(Site(*site) for site in data["sites"]),
            stock=decode_matrix(data["stock"], shape),
            parts=tuple(_decode_part(part, shape) for part in data["parts"]),
            missing=MissingCost(per_order, np.array(per_unit, dtype=float)),
            rounding=np.array(data["rounding"], dtype=float),
            # Problems of version 1 know neither.
            limits=Limits.from_dict(data.get("limits", {}), shape),
            barred=tuple(Barred(*gone) for gone in data.get("barred", ())),
            tariff=Tariff.from_dict(data["tariff"]) if "tariff" in data else None,
        )


def _checked_part(part: CostPart, n_lines: int, n_sites: int) -> CostPart:
    what = f"cost {part.name!r}"
    own_parcel, own_unit = part.amount_per_parcel, part.amount_per_unit
    if own_parcel is not None:
        own_parcel = amounts(f"amount of {what} per parcel", own_parcel, (n_sites,), signed=True)
    if own_unit is not None:
        shape = n_lines, n_sites
        own_unit = amounts(f"amount of {what} per unit", own_unit, shape, signed=True)
    if (
        part.first_free
        and n_sites
        and (np.ptp(part.per_parcel) or (own_parcel is not None and np.ptp(own_parcel)))
    ):
        raise ValueError(f"The first parcel is free of {what} only if all sites charge the same.")
    return CostPart(
        part.name,
        amounts(f"{what} per parcel", part.per_parcel, (n_sites,)),
        amounts(f"{what} per unit", part.per_unit, (n_lines, n_sites)),
        part.unit,
        own_parcel,
        own_unit,
        bool(part.first_free),
    )


def _checked_missing(missing: MissingCost, n_lines: int) -> MissingCost:
    per_order = amounts("missing cost per order", missing.per_order, ())
    per_unit = amounts("missing cost per unit", missing.per_unit, (n_lines,))
    return MissingCost(float(per_order), per_unit)


def _encode_part(part: CostPart, held: NDArray[np.bool_]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": part.name,
        "per_parcel": numbers(part.per_parcel),
        "per_unit": encode_matrix(part.per_unit, held),
    }
    if part.unit:
        data["unit"] = part.unit
    if part.amount_per_parcel is not None:
        data["amount_per_parcel"] = numbers(part.amount_per_parcel)
    if part.amount_per_unit is not None:
        data["amount_per_unit"] = encode_matrix(part.amount_per_unit, held)
    if part.first_free:
        data["first_free"] = True
    return data


def _decode_part(data: dict[str, Any], shape: tuple[int, int]) -> CostPart:
    own_parcel, own_unit = data.get("amount_per_parcel"), data.get("amount_per_unit")
    return CostPart(
        data["name"],
        np.array(data["per_parcel"], dtype=float),
        decode_matrix(data["per_unit"], shape),
        data.get("unit", ""),
        None if own_parcel is None else np.array(own_parcel, dtype=float),
        None if own_unit is None else decode_matrix(own_unit, shape),
        data.get("first_free", False),
    )
