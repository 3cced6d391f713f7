"""What strategies look at besides the problem: priorities, distances, kinds, limits of sites."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problem import Array, SourcingProblem

Flags = NDArray[np.bool_]

CARBON = "carbon"
"""The cost part whose unit costs stand in for carbon where no amounts are given."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts about the S sites and L lines of a problem, each of them optional.

    Whatever is not given is neutral: no site is preferred, near or far, closed or full. Arrays
    (or anything numpy makes one of) have the shapes told below.

    :param priority: shape (S,): 1 is best; 0 or NaN says that the site has none
    :param kilometers: shape (S,): from the site to the customer; NaN where one of them has no
        known place
    :param is_store: shape (S,): the site is a store
    :param is_preferred: shape (S,): the customer or the seller asked for this site
    :param is_default: shape (S,): the site is what the channel falls back on
    :param days: shape (S,): until the customer has a parcel of the site; NaN if unknown
    :param carbon_per_unit: shape (L, S): kg CO2e to bring one unit of the line from the site;
        by default the unit costs of the problem's part ``carbon``, if it has one
    :param weeks_of_supply: shape (L, S): how long the stock lasts there; NaN if unknown
    :param on_hand: shape (L, S): what gates compare, in units; by default the problem's stock
    :param min_stock: shape (L, S): units that a gate or a ring-fence keeps at the site
    :param open_orders: shape (S,): orders the site has not shipped yet
    :param max_orders: shape (S,): as many open orders as the site may have; infinite if unlimited
    :param remaining_units: shape (S,): units the site may still give; infinite if unlimited
    :param remaining_lines: shape (S,): order lines the site may still take today
    :param offline: shape (S,): the site takes no orders now
    :param past_cut_off: shape (S,): what is sent to the site now waits for the next day
    :param rejected: shape (S,): the site rejected this order a short time ago
    :param rejects: shape (L,): how often the line has been rejected
    :param values: shape (L,): worth of one unit of the line, in the problem's currency
    :param no_split: shape (L,): an order with this line must not be split
    :param kits: shape (L,): lines with the same number, other than 0, belong to one kit
    """

    priority: Any = None
    kilometers: Any = None
    is_store: Any = None
    is_preferred: Any = None
    is_default: Any = None
    days: Any = None
    carbon_per_unit: Any = None
    weeks_of_supply: Any = None
    on_hand: Any = None
    min_stock: Any = None
    open_orders: Any = None
    max_orders: Any = None
    remaining_units: Any = None
    remaining_lines: Any = None
    offline: Any = None
    past_cut_off: Any = None
    rejected: Any = None
    rejects: Any = None
    values: Any = None
    no_split: Any = None
    kits: Any = None

    def for_problem(self, problem: SourcingProblem) -> Known:
        """Check the facts against a problem and fill in what is not given.

        :raises ValueError: a fact is out of shape, no number, or negative where it must not be
        """
        n_lines, n_sites = problem.stock.shape
        shapes = {"S": (n_sites,), "L": (n_lines,), "LS": (n_lines, n_sites)}
        values = {
            name: _checked(name, getattr(self, name), shapes[rule.shape], rule)
            for name, rule in _RULES.items()
        }
        if self.on_hand is None:
            values["on_hand"] = problem.stock
        if self.carbon_per_unit is None:
            parts = [part.per_unit for part in problem.parts if part.name == CARBON]
            values["carbon_per_unit"] = parts[0] if parts else values["carbon_per_unit"]
        for name, rule in _RULES.items():
            if rule.per_product:
                _check_shared(problem, name, values[name])
        return Known(**values, has_priority=self.priority is not None)

    def for_lines(self, rows: Sequence[int]) -> Facts:
        """The facts about some lines only.

        :param rows: positions of the lines
        """
        chosen = {}
        for name, rule in _RULES.items():
            value = getattr(self, name)
            if value is not None and rule.shape.startswith("L"):
                chosen[name] = np.asarray(value)[rows]
        return dataclasses.replace(self, **chosen)


@dataclass(frozen=True, eq=False)
class Known:
    """:class:`Facts` that fit a problem, none missing; the fields are the same.

    :param has_priority: priorities were given at all
    """

    priority: Array
    kilometers: Array
    is_store: Flags
    is_preferred: Flags
    is_default: Flags
    days: Array
    carbon_per_unit: Array
    weeks_of_supply: Array
    on_hand: Array
    min_stock: Array
    open_orders: Array
    max_orders: Array
    remaining_units: Array
    remaining_lines: Array
    offline: Flags
    past_cut_off: Flags
    rejected: Flags
    rejects: Array
    values: Array
    no_split: Flags
    kits: Array
    has_priority: bool

    @property
    def away(self) -> Array:
        """Kilometers to each site, infinite where unknown, shape (S,)."""
        return np.where(np.isnan(self.kilometers), np.inf, self.kilometers)

    @property
    def is_full(self) -> Flags:
        """Sites that have as many open orders as they may have, shape (S,)."""
        return self.open_orders >= self.max_orders

    @property
    def passes_gate(self) -> Flags:
        """Where a line has at least the stock that a gate asks for, shape (L, S)."""
        return self.on_hand >= self.min_stock


@dataclass(frozen=True, slots=True)
class _Rule:
    shape: str
    default: float | bool
    may_lack: bool = False
    per_product: bool = False


_RULES = {
    "priority": _Rule("S", 1.0, may_lack=True),
    "kilometers": _Rule("S", 0.0, may_lack=True),
    "is_store": _Rule("S", False),
    "is_preferred": _Rule("S", False),
    "is_default": _Rule("S", False),
    "days": _Rule("S", 0.0, may_lack=True),
    "carbon_per_unit": _Rule("LS", 0.0, per_product=True),
    "weeks_of_supply": _Rule("LS", np.nan, may_lack=True, per_product=True),
    "on_hand": _Rule("LS", 0.0, per_product=True),
    "min_stock": _Rule("LS", 0.0, per_product=True),
    "open_orders": _Rule("S", 0.0),
    "max_orders": _Rule("S", np.inf),
    "remaining_units": _Rule("S", np.inf),
    "remaining_lines": _Rule("S", np.inf),
    "offline": _Rule("S", False),
    "past_cut_off": _Rule("S", False),
    "rejected": _Rule("S", False),
    "rejects": _Rule("L", 0.0),
    "values": _Rule("L", 0.0),
    "no_split": _Rule("L", False),
    "kits": _Rule("L", 0.0),
}
assert {field.name for field in dataclasses.fields(Facts)} == set(_RULES)


def _checked(name: str, given: Any, shape: tuple[int, ...], rule: _Rule) -> NDArray[Any]:
    kind: type = bool if isinstance(rule.default, bool) else float
    if given is None:
        return np.full(shape, rule.default, dtype=kind)
    title = name.replace("_", " ")
    try:
        array = np.array(given, dtype=kind)
    except (TypeError, ValueError):
        raise ValueError(f"The fact {title!r} must be an array of numbers.") from None
    if array.shape != shape:
        raise ValueError(f"The fact {title!r} has the shape {array.shape}, expected {shape}.")
    if kind is float:
        if not rule.may_lack and np.isnan(array).any():
            raise ValueError(f"The fact {title!r} holds something that is not a number.")
        if (array < 0.0).any():
            raise ValueError(f"The fact {title!r} holds a negative number.")
    return array


def _check_shared(problem: SourcingProblem, name: str, values: Array) -> None:
    for rows in problem.lines_by_product:
        for row in rows[1:]:
            if not np.array_equal(values[rows[0]], values[row], equal_nan=True):
                first, other = problem.lines[rows[0]].key, problem.lines[row].key
                raise ValueError(
                    f"Lines {first!r} and {other!r} ask for the same product, so the fact"
                    f" {name.replace('_', ' ')!r} must be equal for them."
                )


def check_names(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that nobody knows.

    :raises ValueError: one of the names is not among the known ones
    """
    for name in names:
        if name not in known:
            raise ValueError(f"There is no {what} {name!r}; known are {', '.join(known)}.")
