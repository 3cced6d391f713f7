"""Strategies in a chain: the first that fills the order, or each what the one before left over."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import Array
from .limits import Limits
from .plan import SourcingPlan, build_plan, plan_steps
from .presets import PRESETS, Facts
from .presets.desk import simple_bound
from .problem import MISSING, CostPart, MissingCost, SourcingProblem
from .remainder import keeps_limits, open_rows, remainder, with_stock

FULL, ANY, PART = "full", "any", "part"
"""When a stage is accepted: if it fills the whole order; if it fills anything; or what it fills is
kept, and the rest goes to the next stage."""

FILLED, FILLED_PARTLY, FILLED_NOTHING = "filled", "partly", "nothing"
NO_STOCK, LIMITED = "no_stock", "limited"
"""What became of a stage: also that its sites have nothing of the order at all, or that what it
found would break its limits together with what earlier stages filled."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One strategy of a chain.

    :param name: unique within the chain
    :param sites: shape (S,): the sites it may use; None is all
    :param stock: shape (L, S): how many units of the problem's stock it may use; None is all
    :param limits: what its plan must keep to, in place of the problem's limits; None keeps those
    :param weights: by which factor the problem's cost parts count; 1 for those not named
    :param accept: 'full', 'any' or 'part', see above
    :param preset: key of the strategy that makes its plan
    :param options: the strategy's options, if it has any
    :param facts: what its strategy looks at, in place of the facts of the chain
    :raises ValueError: a weight is negative or no number, all are zero, or a word is unknown
    """

    name: str
    sites: NDArray[np.bool_] | Sequence[bool] | None = None
    limits: Limits | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    accept: str = FULL
    preset: str = "balanced"
    options: object = None
    stock: Array | None = None
    facts: Facts | None = None

    def __post_init__(self) -> None:
        if self.accept not in (FULL, ANY, PART):
            raise ValueError(
                f"Stage {self.name!r} must accept 'full', 'any' or 'part', not {self.accept!r}."
            )
        if self.preset not in PRESETS:
            raise ValueError(f"Stage {self.name!r} names no known strategy: {self.preset!r}.")
        for part, weight in self.weights.items():
            if not 0.0 <= weight < np.inf:
                raise ValueError(
                    f"Stage {self.name!r}: the weight of {part!r} must not be negative, nor"
                    f" {weight}."
                )


@dataclass(frozen=True, slots=True)
class StagedPlan:
    """The outcome of a chain.

    :param plan: costs by the problem's own parts. Its bound holds for the stage it comes from;
        for what several stages filled together, it is a bound of the problem's
    :param stage: the last stage that gave something to the plan; None if no stage was accepted
    :param tried: each stage that was tried and what became of it: 'filled', 'partly', 'nothing',
        'no_stock' or 'limited'
    """

    plan: SourcingPlan
    stage: str | None
    tried: tuple[tuple[str, str], ...]


def solve_stages(
    problem: SourcingProblem,
    stages: Sequence[Stage],
    facts: Facts | None = None,
    *,
    time_limit: float | None = None,
) -> StagedPlan:
    """Try stages in order until one is accepted.

    A stage that accepts 'part' keeps what it fills and hands on the rest, with the stock, the
    capacity and the budgets that are left; sites that serve already cost no parcel again. If no
    stage is accepted, the plan fills nothing.

    :param time_limit: seconds for all stages together, after which each settles for what it has
    :raises ValueError: there is no stage, two have the same name, or one does not fit the problem
    """
    _check(problem, stages)
    facts = facts or Facts()
    deadline = None if time_limit is None else time.perf_counter() + time_limit
    steps = np.zeros(problem.stock.shape)
    tried: list[tuple[str, str]] = []
    last: str | None = None
    for stage in stages:
        # Limits hold for the order, so they are those of the stage before the rest is cut out.
        asked = asked_by(stage, problem)
        rest = remainder(asked, steps) if steps.any() else asked
        if rest is None:
            break
        rows = open_rows(problem, steps) if steps.any() else np.arange(len(problem.lines))
        left = None if deadline is None else max(deadline - time.perf_counter(), 0.0)
        preset = PRESETS[stage.preset]
        seen = (stage.facts or facts).for_lines(rows)
        plan = preset(rest, seen, stage.options, time_limit=left)
        given = plan_steps(rest, plan)
        together = steps.copy()
        together[rows] += given
        is_full = not len(open_rows(problem, together))
        is_kept = not steps.any() or keeps_limits(asked, together)
        tried.append((stage.name, verdict(rest, given) if is_kept else LIMITED))
        if not is_kept or not (given.any() or is_full) or (stage.accept == FULL and not is_full):
            continue
        is_first, steps, last = not steps.any(), together, stage.name
        if is_first and (stage.accept != PART or is_full):
            return StagedPlan(_at_own_costs(problem, stage, plan), last, tuple(tried))
        if stage.accept != PART:
            break
    plan = build_plan(problem, steps, lower_bound=simple_bound(problem))
    return StagedPlan(plan, last, tuple(tried))


def solve_two_passes(
    problem: SourcingProblem,
    hard: Limits,
    all: Limits,  # noqa: A002
    *,
    time_limit: float | None = None,
) -> StagedPlan:
    """Source under all limits; then what is left under those that are hard.

    Rules that are soft are thus kept to as far as that fills the order.

    :param hard: limits that always hold
    :param all: the same and the soft ones
    """
    return solve_stages(
        problem,
        [
            Stage("all", limits=all, accept=PART),
            Stage("hard", limits=hard, accept=ANY),
        ],
        time_limit=time_limit,
    )


def widening(kilometers: ArrayLike, radii: Iterable[float | None], **options) -> tuple[Stage, ...]:
    """Stages with ever farther sites: within the first radius, else within the second …

    :param kilometers: shape (S,): from the sites to the customer; NaN is farther than any radius
    :param radii: kilometers, growing; None is any distance
    :param options: what else the stages have, such as weights
    :raises ValueError: the radii do not grow
    """
    return _within("km", kilometers, radii, options)


def tolerating(days_late: ArrayLike, days: Iterable[float | None], **options) -> tuple[Stage, ...]:
    """Stages with ever later sites: those in time, else those at most so many days late …

    :param days_late: shape (S,): by how many days a parcel of the site misses the promise
    :param days: days of lateness that are tolerated, growing; None is any
    :param options: what else the stages have, such as weights
    :raises ValueError: the days do not grow
    """
    return _within("days late", days_late, days, options)


def _within(
    what: str, values: ArrayLike, limits: Iterable[float | None], options: dict
) -> tuple[Stage, ...]:
    amounts = np.asarray(values, dtype=float)
    most = [np.inf if limit is None else float(limit) for limit in limits]
    if not most or any(later <= earlier for earlier, later in itertools.pairwise(most)):
        raise ValueError(f"The numbers of {what} of a chain must grow from stage to stage.")
    return tuple(
        Stage(
            f"any {what}" if np.isinf(limit) else f"{limit:g} {what}",
            sites=np.ones(amounts.shape, dtype=bool) if np.isinf(limit) else amounts <= limit,
            **options,
        )
        for limit in most
    )


def check_alternates(alternates: Mapping[str, str | None], start: str | None = None) -> None:
    """Refuse strategies that refer to each other as alternates in a circle.

    :param alternates: for each strategy the one that is tried when it fails, if any
    :param start: look from this one only; None looks from all
    :raises ValueError: naming the circle
    """
    for first in alternates if start is None else (start,):
        path = [first]
        while (following := alternates.get(path[-1])) is not None:
            if following in path:
                circle = " → ".join([*path[path.index(following) :], following])
                raise ValueError(f"Strategies refer to each other in a circle: {circle}.")
            path.append(following)


def _check(problem: SourcingProblem, stages: Sequence[Stage]) -> None:
    if not stages:
        raise ValueError("A chain needs at least one stage.")
    names = [stage.name for stage in stages]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Two stages of the chain are called {name!r}.")
    parts = {part.name for part in problem.parts}
    for stage in stages:
        shape = None if stage.sites is None else np.shape(stage.sites)
        if shape not in (None, (len(problem.sites),)):
            raise ValueError(
                f"Stage {stage.name!r} tells of {shape} sites, but the problem has"
                f" {len(problem.sites)}."
            )
        shape = None if stage.stock is None else np.shape(stage.stock)
        if shape not in (None, problem.stock.shape):
            raise ValueError(
                f"Stage {stage.name!r} tells of stock in the shape {shape}, expected"
                f" {problem.stock.shape}."
            )
        unknown = sorted(set(stage.weights) - parts - {MISSING})
        if unknown:
            raise ValueError(
                f"Stage {stage.name!r} weighs a cost that the problem does not have:"
                f" {unknown[0]!r}."
            )
        if parts and all(stage.weights.get(name, 1.0) == 0.0 for name in parts):
            raise ValueError(f"Stage {stage.name!r} weighs every cost with zero.")


def asked_by(stage: Stage, problem: SourcingProblem) -> SourcingProblem:
    """The problem as a stage sees it."""
    asked = problem
    if stage.sites is not None:
        asked = with_stock(asked, np.asarray(stage.sites, dtype=bool))
    if stage.stock is not None:
        asked = dataclasses.replace(asked, stock=np.minimum(asked.stock, stage.stock))
    if stage.limits is not None:
        asked = dataclasses.replace(asked, limits=stage.limits)
    if not _reweighs(stage):
        return asked
    missing, more = problem.missing, stage.weights.get(MISSING, 1.0)
    return dataclasses.replace(
        asked,
        parts=tuple(_weighed(part, stage.weights.get(part.name, 1.0)) for part in problem.parts),
        missing=MissingCost(missing.per_order * more, missing.per_unit * more),
    )


def _weighed(part: CostPart, weight: float) -> CostPart:
    return dataclasses.replace(
        part, per_parcel=part.per_parcel * weight, per_unit=part.per_unit * weight
    )


def _reweighs(stage: Stage) -> bool:
    return any(weight != 1.0 for weight in stage.weights.values())


def _at_own_costs(problem: SourcingProblem, stage: Stage, plan: SourcingPlan) -> SourcingPlan:
    """A stage's plan at the problem's own costs."""
    if not _reweighs(stage):
        return plan
    # No plan costs less by the weights, so none costs less than this share of it without.
    bound = plan.lower_bound / max(1.0, *stage.weights.values())
    return build_plan(problem, plan_steps(problem, plan), lower_bound=bound)


def verdict(problem: SourcingProblem, given: Array) -> str:
    """What became of a stage.

    :param problem: what it was asked for
    :param given: shape (L, S): steps
    """
    if not len(open_rows(problem, given)):
        return FILLED
    if given.any():
        return FILLED_PARTLY
    return FILLED_NOTHING if problem.stock_steps.any() else NO_STOCK
