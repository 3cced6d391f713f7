"""Comparing a plan with what could have been chosen instead, where shipments have a price."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .comparison import Comparison
from .explanation import LIMITED, RunnerUp
from .plan import SourcingPlan, cost_parts, plan_steps
from .problem import Array, SourcingProblem
from .rules import Rules
from .tariff_grid import tariff_prices
from .tariff_search import TariffSearch, is_there

MOST_CLOSED = 4
"""Of so few chosen sites, each is done without to find the runner-up."""


class TariffComparison(Comparison):
    """The same questions, answered by shipments; sites are those with stock."""

    def __init__(self, problem: SourcingProblem, plan: SourcingPlan) -> None:
        super().__init__(problem, plan)
        self.rules = Rules.of(problem)
        self.steps = self.rules.of_steps(plan_steps(problem, plan))
        prices = self._whole_prices()
        self._useless = np.isinf(prices)

    def _whole_prices(self) -> Array:
        """What the tariff charges if a site ships all that it can, shape (n,)."""
        able = np.minimum(self.rules.supply, self.rules.demand[:, None])
        charged = tariff_prices(self.problem, self.rules, able.T)
        return charged[np.arange(len(charged)), np.arange(len(charged))]

    def _cost(self, given: Array) -> float:
        steps = self.rules.steps(self.problem, given)
        return float(sum(amount for _name, amount in cost_parts(self.problem, steps)))

    def _alone(self) -> Array:
        return super()._alone() + self._whole_prices()

    def _shares(self, site: int) -> tuple[tuple[str, float], ...]:
        tariff = self.problem.tariff
        assert tariff is not None
        units = np.zeros(self.problem.stock.shape)
        column = self.core.sites[site]
        units[self.rules.lines, column] = self.steps[:, site] * self.rules.step
        return (*super()._shares(site), (tariff.name, float(tariff.of_plan(units)[0][column])))

    def _quick_extra(self) -> Array:
        """Extra cost of the best plan that uses a site, or a bound or guess of it, shape (n,)."""
        search = TariffSearch(self.problem, self.rules)
        self._through = search.look_through()
        self._slack = search.slack
        if self._through is not None:
            hairs = self.core.hairs
            extra = self._through.bounds() + self.core.sunk - hairs - self.charged
            extra = np.where(np.abs(extra) <= hairs, 0.0, extra)
        else:
            extra = np.array(
                [
                    min(self._judged(given) for given in self._swapped(site)) - self.plan.cost
                    for site in range(self.core.n_sites)
                ]
            )
        extra[self.chosen] = 0.0
        return extra

    def _look_closer(self, shown: list[int], extra: Array, prove: int) -> set[int]:
        proven = set()
        for site in shown:
            found, bound = np.inf, np.inf
            if self._through is not None:
                given, bound = self._through.plan_with(site)
                found = self._judged(given)
                is_best = np.isfinite(found) and self._true_cost(given) <= bound + self._slack
                if is_best or np.isinf(bound):
                    proven.add(site)
            if site not in proven:
                found = min(found, *(self._judged(given) for given in self._swapped(site)))
            extra[site] = found - self.plan.cost
        return proven

    def _true_cost(self, given: Array) -> float:
        return TariffSearch(self.problem, self.rules).true_cost(given)

    def _judged(self, given: Array) -> float:
        """Cost of a plan; ``inf`` if it cannot be, or breaks a limit."""
        if not is_there(self.rules, given) or self.rules.broken(given) is not None:
            return np.inf
        return self._cost(given)

    def _swapped(self, site: int) -> list[Array]:
        """The plan with all that a site can take over, of one of the others or of all."""
        plans = []
        for other in [*np.flatnonzero(self.chosen).tolist(), None]:
            given = self.steps.copy()
            taken = given.sum(axis=1) if other is None else given[:, other]
            moved = np.minimum(self.rules.supply[:, site], taken)
            if other is None:
                given -= np.minimum(given, moved[:, None] * (given / np.maximum(taken, 1)[:, None]))
                given = np.floor(given + 1e-9)
                moved = np.minimum(moved, self.rules.demand - given.sum(axis=1))
            else:
                given[:, other] -= moved
            given[:, site] += moved
            if moved.any():
                plans.append(given)
        return plans or [np.full(self.steps.shape, np.inf)]

    def _codes(self, extra: Array, rivals: list[int]) -> tuple[list[str], dict[int, int | str]]:
        codes, dominators = super()._codes(extra, rivals)
        for site in np.flatnonzero(~self.chosen & np.isinf(extra)).tolist():
            codes[site] = LIMITED
            dominators.pop(site, None)
        return codes, dominators

    def _limit_of(self, site: int) -> str:
        if self._useless[site]:
            return "carrier"
        alone = np.zeros(self.rules.supply.shape)
        alone[:, site] = self.rules.supply[:, site]
        return self.rules.broken(alone) or ""

    def _dominated(self, rival: int) -> NDArray[np.bool_]:
        tariff = self.problem.tariff
        assert tariff is not None
        kinds = tariff.kinds_of(self.core.sites)
        weaker = super()._dominated(rival) & (kinds == kinds[rival])
        return weaker & (self.rules.capacity <= self.rules.capacity[rival])

    def _runner_up(self) -> RunnerUp | None:
        from .solver import solve  # It comes here for problems with a tariff.

        chosen = np.flatnonzero(self.chosen).tolist()
        plans = []
        for site in chosen[:MOST_CLOSED]:
            stock = self.problem.stock.copy()
            stock[:, self.core.sites[site]] = 0.0
            plans.append(solve(dataclasses.replace(self.problem, stock=stock), time_limit=0.5))
        best = min(plans, key=lambda plan: plan.cost, default=None)
        if best is None:
            return None
        bound = min(self.plan.lower_bound, best.cost)
        best = dataclasses.replace(best, lower_bound=bound, proven=False)
        return RunnerUp(best, best.cost - self.plan.cost)
