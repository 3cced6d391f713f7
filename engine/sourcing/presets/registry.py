"""Strategies as they are called: by one signature, within limits and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..plan import SourcingPlan, build_plan, plan_steps
from ..problem import SourcingProblem
from ..remainder import keeps_limits
from .desk import simple_bound
from .facts import Facts
from .preferences import WISHES
from .within import fill_within


@dataclass(frozen=True)
class Preset:
    """A strategy of the field.

    :param make: makes its plan
    :param options: the class of its options; None if it has none
    :param searches: it searches, and takes a time limit
    :param is_limited: it keeps a problem's limits in its own way; of others the plan is looked
        at, and what they prefer is sought within the limits if it breaks one
    """

    make: Callable[..., SourcingPlan]
    options: type | None = None
    searches: bool = False
    is_limited: bool = False

    @property
    def key(self) -> str:
        """Name of the strategy."""
        return self.make.__name__

    def __call__(
        self,
        problem: SourcingProblem,
        facts: Facts,
        options: object = None,
        *,
        time_limit: float | None = None,
    ) -> SourcingPlan:
        """Make a plan.

        :param options: of the strategy; None is its defaults
        :param time_limit: seconds after which a search settles for the best it found
        :raises ValueError: the facts do not fit the problem, or the options not the strategy
        """
        if options is not None and not (self.options and isinstance(options, self.options)):
            wanted = f"{self.options.__name__} as options" if self.options else "no options"
            raise ValueError(f"The strategy {self.key!r} takes {wanted}, not {options!r}.")
        given = (options,) if self.options else ()
        within = {"time_limit": time_limit} if self.searches else {}
        plan = self.make(problem, facts, *given, **within)
        if self.is_limited or keeps_limits(problem, plan_steps(problem, plan)):
            return plan
        wish = WISHES[self.key](problem, facts.for_problem(problem), *given)
        steps = fill_within(*wish, time_limit)
        return build_plan(problem, steps, lower_bound=simple_bound(problem))
