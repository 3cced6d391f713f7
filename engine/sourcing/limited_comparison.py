"""Comparing a plan under limits with what could have been chosen instead."""

from __future__ import annotations

import dataclasses
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .comparison import Comparison
from .explanation import CHOSEN, LIMITED, TIE, RunnerUp
from .fitting import Fit
from .limited import LimitedSearch
from .plan import SourcingPlan, build_plan
from .problem import Array, SourcingProblem
from .reduction import line_steps
from .rules import Rules
from .search import Search

MOST_REGIONS = 24
"""How long one alternative is looked for; what is then not proven is a bound."""

MOST_SWAPPED = 4
"""Of so few chosen sites, each is tried to be replaced."""

MOST_NODES = 200
"""How long the quantities of one set of sites are looked for."""


class LimitedComparison(Comparison):
    """The same questions, answered by plans that keep the limits."""

    def __init__(self, problem: SourcingProblem, plan: SourcingPlan) -> None:
        super().__init__(problem, plan)
        self.rules = Rules.of(problem)

    @cached_property
    def _free(self) -> Array:
        """The best plan if there were no limits, shape (L, n)."""
        steps = line_steps(
            self.problem, self.core, Search(self.core, most_regions=MOST_REGIONS).run().given
        )
        return self.rules.of_steps(steps)

    def _cost(self, given: Array) -> float:
        """Cost of a plan straight from the problem."""
        steps = self.rules.steps(self.problem, given)
        return build_plan(self.problem, steps, lower_bound=None).cost

    def _look_closer(self, shown: list[int], extra: Array, prove: int) -> set[int]:
        limitless = extra.copy()
        proven = set()
        for number, site in enumerate(shown):
            found, is_proven = self._best_with(site, search=number < prove)
            extra[site] = found - self.plan.cost
            if is_proven:
                proven.add(site)
        # Sites that nobody looks at keep what they would cost without limits.
        extra[self.chosen] = limitless[self.chosen]
        return proven

    def _best_with(self, site: int, *, search: bool) -> tuple[float, bool]:
        """Cost of the best plan that takes at least one step from a site.

        :param search: look for it beyond the chosen sites
        :return: the cost, ``inf`` if there is none; whether that is proven
        """
        rules = self.rules
        chosen = np.flatnonzero(self.chosen).tolist()
        swapped = chosen if len(chosen) <= MOST_SWAPPED else []
        sets = [sorted({*chosen, site} - {other}) for other in swapped]
        sets += [sorted({*chosen, site}), [site]]
        best, plan = np.inf, None
        for sites in sets:
            if len(sites) > rules.most_sites:
                continue
            for missing in (False, True):
                fit = Fit(rules, sites, missing=missing, needed=site, most_nodes=MOST_NODES)
                found = fit.solve(best)
                if found is not None and found[0] < best:
                    best, plan = found
        if not search and plan is not None:
            return self._cost(plan), False
        looked = LimitedSearch(
            rules,
            cutoff=best + rules.core.hairs,
            needed=site,
            most_regions=MOST_REGIONS,
            most_nodes=MOST_NODES,
        )
        result = looked.run()
        if result is not None:
            plan = result.given
        proven = looked.complete
        return (np.inf if plan is None else self._cost(plan)), proven

    def _limit_of(self, site: int) -> str:
        if self._free[:, site].any():
            return self.rules.broken(self._free) or ""
        alone = np.zeros(self.rules.supply.shape)
        stock = self.problem.stock_steps[self.rules.lines, self.core.sites[site]]
        alone[:, site] = np.minimum(stock, self.rules.demand)
        return self.rules.broken(alone) or ""

    def _codes(self, extra: Array, rivals: list[int]) -> tuple[list[str], dict[int, int | str]]:
        codes, dominators = super()._codes(extra, rivals)
        for site in range(len(codes)):
            wanted = self._free[:, site].any() or np.isinf(extra[site])
            if wanted and codes[site] not in (CHOSEN, TIE):
                codes[site] = LIMITED
                dominators.pop(site, None)
        return codes, dominators

    def _dominated(self, rival: int) -> NDArray[np.bool_]:
        rules = self.rules
        weaker = super()._dominated(rival) & (rules.capacity <= rules.capacity[rival])
        for cap in rules.caps:
            weaker &= cap.per_parcel >= cap.per_parcel[rival]
            weaker &= (cap.per_step >= cap.per_step[:, rival : rival + 1]).all(axis=0)
        return weaker

    def _runner_up(self) -> RunnerUp | None:
        best: Array | None = None
        cost = np.inf
        chosen = np.flatnonzero(self.chosen).tolist()
        regions = max(3 * MOST_REGIONS // max(len(chosen), 1), 3)
        for site in chosen:
            search = LimitedSearch(
                self.rules, cutoff=cost, most_regions=regions, most_nodes=MOST_NODES
            )
            result = search.run(closed=[site])
            if result is not None:
                best, cost = result.given, result.cost
        if best is None:
            return None
        steps = self.rules.steps(self.problem, best)
        plan = build_plan(self.problem, steps, lower_bound=None)
        bound = min(self.plan.lower_bound, plan.cost)
        plan = dataclasses.replace(plan, lower_bound=bound, proven=False)
        return RunnerUp(plan, plan.cost - self.plan.cost)
