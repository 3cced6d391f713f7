"""What a plan must keep to beyond stock and demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import Array, Key, amounts, check_unique
from .encoding import decode_matrix, encode_matrix, numbers


@dataclass(frozen=True, eq=False)
class Budget:
    """A linear cap on a plan, such as its carbon.

    :param name: unique within the limits
    :param per_parcel: shape (S,): what using a site takes from the budget
    :param per_unit: shape (L, S): what each unit of a line from a site takes
    :param limit: how much there is
    """

    name: str
    per_parcel: Array
    per_unit: Array
    limit: float


@dataclass(frozen=True, slots=True)
class Barred:
    """A site that never became a candidate; no plan looks at it, only the explanation does.

    :param site: key of the site, none of the problem's sites
    :param name: for people
    :param reason: a word that says why, such as 'offline'
    :param detail: a sentence that says it in full
    """

    site: Key
    name: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, eq=False)
class Limits:
    """What a plan must keep to; without any value nothing is limited.

    Limits look at whole steps of a line's rounding. What of a demand is less than a step nobody
    can ship: it breaks no limit, and does not count as a remainder.

    A plan that gives nothing keeps every limit. So does, as far as ``min_value`` goes, a plan that
    fills the order from one single site: it has neither fragments nor a remainder, however little
    the order is worth.

    :param max_sites: most sites that may serve the order
    :param max_sites_per_line: shape (L,): most sites that may serve each line; 1 makes it
        indivisible, 0 is any
    :param whole_lines: shape (L,): which lines are filled wholly or not at all
    :param whole_order: the order is filled wholly or not at all
    :param together: groups of keys of lines; what is served of a group comes from one single site
    :param values: shape (L,): what a unit of each line is worth, for ``min_value``
    :param min_value: what each site gives, and what stays missing if anything does, is worth at
        least this
    :param unit_capacity: shape (S,): most units that each site may give to the order, all lines
        together; ``inf`` is any
    :param budgets: linear caps
    """

    max_sites: int | None = None
    max_sites_per_line: NDArray[np.int64] | Sequence[int] | None = None
    whole_lines: NDArray[np.bool_] | Sequence[bool] | None = None
    whole_order: bool = False
    together: tuple[tuple[Key, ...], ...] = ()
    values: Array | Sequence[float] | None = None
    min_value: float = 0.0
    unit_capacity: Array | Sequence[float] | None = None
    budgets: tuple[Budget, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no plan whatsoever breaks these limits."""
        return (
            self.max_sites is None
            and (self.max_sites_per_line is None or not np.any(self.max_sites_per_line))
            and (self.whole_lines is None or not np.any(self.whole_lines))
            and not self.whole_order
            and not self.together
            and self.min_value <= 0.0
            and (self.unit_capacity is None or bool(np.all(np.isinf(self.unit_capacity))))
            and not self.budgets
        )

    def checked(self, lines: Sequence[Key], n_sites: int) -> Limits:
        """The same limits as read-only arrays.

        :param lines: keys of the problem's lines
        :raises ValueError: the limits do not fit the problem, or make no sense
        """
        shape = (len(lines),)
        values = None if self.values is None else amounts("limit's values", self.values, shape)
        min_value = float(amounts("least value", self.min_value, ()))
        if min_value > 0.0 and values is None:
            raise ValueError("A least value needs the values of the lines.")
        capacity = self.unit_capacity
        if capacity is not None:
            capacity = amounts("unit capacity", capacity, (n_sites,), endless=True)
        budgets = tuple(_checked_budget(b, len(lines), n_sites) for b in self.budgets)
        check_unique("budget", [budget.name for budget in budgets])
        return Limits(
            max_sites=_checked_most(self.max_sites),
            max_sites_per_line=_checked_counts(self.max_sites_per_line, shape),
            whole_lines=_checked_flags(self.whole_lines, shape),
            whole_order=bool(self.whole_order),
            together=tuple(_checked_group(group, lines) for group in self.together),
            values=values,
            min_value=min_value,
            unit_capacity=capacity,
            budgets=budgets,
        )

    def to_dict(self, held: NDArray[np.bool_]) -> dict[str, Any]:
        """Compact form fit for JSON; what is not limited is left out.

        :param held: shape (S,): sites with stock; of the others no unit can take from a budget
        """
        data: dict[str, Any] = {}
        if self.max_sites is not None:
            data["max_sites"] = self.max_sites
        for name in ("max_sites_per_line", "whole_lines"):
            if getattr(self, name) is not None:
                data[name] = getattr(self, name).tolist()
        if self.whole_order:
            data["whole_order"] = True
        if self.together:
            data["together"] = [list(group) for group in self.together]
        if self.values is not None:
            data["values"] = numbers(self.values)
        if self.min_value:
            data["min_value"] = self.min_value
        if self.unit_capacity is not None:
            # JSON knows no infinity.
            most = self.unit_capacity.tolist()
            data["unit_capacity"] = [None if np.isinf(units) else units for units in most]
        if self.budgets:
            data["budgets"] = [
                {
                    "name": budget.name,
                    "per_parcel": numbers(budget.per_parcel),
                    "per_unit": encode_matrix(budget.per_unit, held),
                    "limit": budget.limit,
                }
                for budget in self.budgets
            ]
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any], shape: tuple[int, int]) -> Limits:
        """Rebuild limits from :meth:`to_dict`.

        :param shape: how many lines and sites the problem has
        """
        values = dict(data)
        values["together"] = tuple(tuple(group) for group in data.get("together", ()))
        if "unit_capacity" in data:
            most = data["unit_capacity"]
            values["unit_capacity"] = [np.inf if units is None else units for units in most]
        values["budgets"] = tuple(
            Budget(
                budget["name"],
                np.array(budget["per_parcel"], dtype=float),
                decode_matrix(budget["per_unit"], shape),
                budget["limit"],
            )
            for budget in data.get("budgets", ())
        )
        return cls(**values)


def _checked_most(most: Any) -> int | None:
    if most is None:
        return None
    whole = isinstance(most, (int, float, np.number)) and not isinstance(most, bool)
    if not whole or not most >= 1 or most % 1:
        raise ValueError(f"The most sites of an order must be a whole number from 1, not {most!r}.")
    return int(most)


def _checked_counts(counts: Any, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    if counts is None:
        return None
    numbers_ = amounts("most sites per line", counts, shape)
    whole = numbers_.astype(np.int64)
    if (whole != numbers_).any():
        raise ValueError("The most sites per line must be whole numbers.")
    whole.flags.writeable = False
    return whole


def _checked_flags(flags: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    if flags is None:
        return None
    array = amounts("whole lines", flags, shape).astype(bool)
    array.flags.writeable = False
    return array


def _checked_group(group: Sequence[Key], lines: Sequence[Key]) -> tuple[Key, ...]:
    if isinstance(group, str) or not len(group):
        raise ValueError("A group of lines that ship together must list keys of lines.")
    for key in group:
        if key not in lines:
            raise ValueError(f"The line {key!r} that is to ship together with others is unknown.")
    check_unique("line of a group that ships together", group)
    return tuple(group)


def _checked_budget(budget: Budget, n_lines: int, n_sites: int) -> Budget:
    what = f"budget {budget.name!r}"
    return Budget(
        budget.name,
        amounts(f"{what} per parcel", budget.per_parcel, (n_sites,)),
        amounts(f"{what} per unit", budget.per_unit, (n_lines, n_sites)),
        float(amounts(f"limit of the {what}", budget.limit, ())),
    )
