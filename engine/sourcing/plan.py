"""What a sourcing decision comes to: which site gives how much, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .problem import MISSING, Key, SourcingProblem

PLAN_VERSION = 2
READABLE_VERSIONS = (1, PLAN_VERSION)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A quantity of a line that a site gives, in the product's unit."""

    line: Key
    site: Key
    quantity: float


@dataclass(frozen=True, slots=True)
class Shortage:
    """A quantity of a line that nobody gives, in the product's unit."""

    line: Key
    quantity: float


@dataclass(frozen=True, slots=True)
class SourcingPlan:
    """An answer to a :class:`~.problem.SourcingProblem`.

    :param assignments: ordered by the problem's sites, then by its lines
    :param missing: ordered by the problem's lines; lines that are filled are left out
    :param cost: the objective, computed from the assignments
    :param costs: the objective by part, the penalty last under the name ``missing``
    :param lower_bound: no plan can cost less than this
    :param proven: no plan costs less than this one (to a relative tolerance of 1e-9 per site)
    :param amounts: name, amount and unit of the parts that are known in their own unit
    """

    assignments: tuple[Assignment, ...]
    missing: tuple[Shortage, ...]
    cost: float
    costs: tuple[tuple[str, float], ...]
    lower_bound: float
    proven: bool
    amounts: tuple[tuple[str, float, str], ...] = ()

    @property
    def sites(self) -> tuple[Key, ...]:
        """The sites used, in the problem's order."""
        return tuple(dict.fromkeys(assignment.site for assignment in self.assignments))

    @property
    def gap(self) -> float:
        """How far the plan may be from the best, as a share of its cost."""
        if self.cost <= self.lower_bound or self.cost <= 0.0:
            return 0.0
        return (self.cost - self.lower_bound) / self.cost

    def to_dict(self) -> dict[str, Any]:
        """Compact form fit for JSON."""
        return {
            "version": PLAN_VERSION,
            "assignments": [[a.line, a.site, a.quantity] for a in self.assignments],
            "missing": [[s.line, s.quantity] for s in self.missing],
            "cost": self.cost,
            "costs": [list(item) for item in self.costs],
            "lower_bound": self.lower_bound,
            "proven": self.proven,
            "amounts": [list(item) for item in self.amounts],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SourcingPlan:
        """Rebuild a plan from :meth:`to_dict`.

        :raises ValueError: the data are of another version
        """
        if data.get("version") not in READABLE_VERSIONS:
            raise ValueError(f"Unknown version of a stored plan: {data.get('version')!r}.")
        return cls(
            assignments=tuple(Assignment(*item) for item in data["assignments"]),
            missing=tuple(Shortage(*item) for item in data["missing"]),
            cost=data["cost"],
            costs=tuple((name, amount) for name, amount in data["costs"]),
            lower_bound=data["lower_bound"],
            proven=data["proven"],
            # Plans of version 1 have none.
            amounts=tuple((name, amount, unit) for name, amount, unit in data.get("amounts", ())),
        )


def cost_parts(
    problem: SourcingProblem, steps: NDArray[np.float64]
) -> tuple[tuple[str, float], ...]:
    """What a plan costs, by part, straight from the problem's definition.

    :param steps: shape (L, S): how many steps of each line each site gives
    """
    lines, sites = steps.nonzero()
    used = np.flatnonzero(np.bincount(sites, minlength=1))
    given = steps[lines, sites] * problem.rounding[lines]
    costs = [
        (
            part.name,
            float(part.per_parcel[used].sum() + (part.per_unit[lines, sites] * given).sum())
            - (part.waived if len(used) else 0.0),
        )
        for part in problem.parts
    ]
    if problem.tariff is not None:
        charged, _parcels = problem.tariff.of_plan(steps * problem.rounding[:, None])
        costs.append((problem.tariff.name, float(charged.sum())))
    missed = missing_units(problem, steps)
    penalty = float((problem.missing.per_unit * missed).sum())
    if missed.any():
        penalty += problem.missing.per_order
    return (*costs, (MISSING, penalty))


def plan_steps(problem: SourcingProblem, plan: SourcingPlan) -> NDArray[np.float64]:
    """What a plan takes, in steps of a problem with the same lines and sites, shape (L, S).

    :raises ValueError: the plan has a line or a site that the problem does not have
    """
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    steps = np.zeros(problem.stock.shape)
    for given in plan.assignments:
        if given.line not in rows or given.site not in columns:
            raise ValueError(
                f"The plan takes line {given.line!r} from site {given.site!r}, which are not both"
                " in the problem."
            )
        row = rows[given.line]
        steps[row, columns[given.site]] += round(given.quantity / problem.rounding[row])
    return steps


def plan_costs(problem: SourcingProblem, plan: SourcingPlan) -> tuple[tuple[str, float], ...]:
    """What a plan would cost at the prices of another problem with the same lines and sites.

    So plans that were made by different prices can be laid side by side.

    :param plan: a plan whose lines and sites are in the problem, whatever stock there is
    :return: the costs by part, the penalty last
    :raises ValueError: the plan has a line or a site that the problem does not have
    """
    return cost_parts(problem, plan_steps(problem, plan))


def own_amounts(
    problem: SourcingProblem, steps: NDArray[np.float64]
) -> tuple[tuple[str, float, str], ...]:
    """What a plan comes to by part, in the parts' own units.

    :param steps: shape (L, S): how many steps of each line each site gives
    """
    if problem.tariff is None and not any(part.has_amounts for part in problem.parts):
        return ()
    given = steps * problem.rounding[:, None]
    found = []
    for part in problem.parts:
        if not part.has_amounts:
            continue
        amount = 0.0
        if part.amount_per_parcel is not None:
            used = steps.any(axis=0)
            amount += float(part.amount_per_parcel[used].sum())
            amount -= part.amount_waived if used.any() else 0.0
        if part.amount_per_unit is not None:
            amount += float((part.amount_per_unit * given).sum())
        found.append((part.name, amount, part.unit))
    if problem.tariff is not None:
        _charged, parcels = problem.tariff.of_plan(given)
        found.append((problem.tariff.name, float(parcels.sum()), "parcels"))
    return tuple(found)


def missing_units(problem: SourcingProblem, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """What of each line nobody gives, in the product's unit, shape (L,).

    :param steps: shape (L, S): how many steps of each line each site gives
    """
    left = problem.quantities - steps.sum(axis=1) * problem.rounding
    # What is less than a millionth of a step is the noise of decimal fractions, not a demand.
    left[left <= problem.rounding * 2e-6] = 0.0
    return left


def build_plan(
    problem: SourcingProblem,
    steps: NDArray[np.float64],
    *,
    lower_bound: float | None,
) -> SourcingPlan:
    """Write down a plan and compute its cost from the problem, whatever search it came from.

    :param steps: shape (L, S): how many steps of each line each site gives
    :param lower_bound: a proven bound, or None when the plan itself is proven best
    """
    costs = cost_parts(problem, steps)
    cost = sum(amount for _name, amount in costs)
    missed = missing_units(problem, steps)
    line_keys = [line.key for line in problem.lines]
    lines, sites = steps.nonzero()
    amounts = steps[lines, sites] * problem.rounding[lines]
    given = sorted(zip(sites.tolist(), lines.tolist(), amounts.tolist(), strict=True))
    return SourcingPlan(
        assignments=tuple(
            Assignment(line_keys[line], problem.sites[site].key, _decimal(amount))
            for site, line, amount in given
        ),
        missing=tuple(
            Shortage(line_keys[line], _decimal(amount))
            for line, amount in enumerate(missed.tolist())
            if amount
        ),
        cost=cost,
        costs=costs,
        lower_bound=cost if lower_bound is None else min(float(lower_bound), cost),
        proven=lower_bound is None,
        amounts=own_amounts(problem, steps),
    )


def _decimal(quantity: float) -> float:
    # 3 steps of 0.1 are 0.3, not 0.30000000000000004.
    return float(f"{quantity:.12g}")
