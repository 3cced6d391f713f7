"""Comparing a plan with what could have been chosen instead."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .explanation import (
    BARRED,
    CHOSEN,
    CODES,
    COSTLIER,
    DOMINATED,
    LIMITED,
    NO_STOCK,
    TIE,
    Explanation,
    RunnerUp,
    Verdict,
)
from .plan import SourcingPlan, build_plan
from .problem import Array, SourcingProblem
from .reduction import line_steps, reduce
from .search import Result, Search


class Comparison:
    """One plan of a problem beside the alternatives; arrays over the n sites with stock."""

    def __init__(self, problem: SourcingProblem, plan: SourcingPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.core = core = reduce(problem)
        n = core.n_sites
        self.fixed = problem.per_parcel[core.sites]
        self.missing_fixed = problem.missing.per_order if core.fixed[n] > 0.0 else 0.0
        self.unit, self.supply = core.unit[:, :n], core.supply[:, :n]
        self.given = self._given()
        self.chosen = self.given.any(axis=0)
        self.tolerance = core.hairs + 1e-9 * abs(plan.cost)
        # What costs of the search are compared with: they charge the first parcel like any other.
        self.charged = plan.cost + problem.waived

    def explanation(self, limit: int, prove: int) -> Explanation:
        """Compare everything.

        :param limit: how many sites that were not chosen get a verdict of their own
        :param prove: for how many of these the extra cost is proven
        """
        core = self.core
        extra = self._quick_extra()
        order = np.lexsort((np.arange(len(extra)), extra))
        rest = [site for site in order.tolist() if not self.chosen[site]]
        shown, hidden = rest[:limit], rest[limit:]
        proven = self._look_closer(shown, extra, max(prove, 0))
        shown.sort(key=lambda site: (extra[site], site))
        chosen = np.flatnonzero(self.chosen).tolist()
        codes, dominators = self._codes(extra, [*chosen, *shown])
        alone, coverage = self._alone(), self._coverage()
        served = self._units(self.given)
        verdicts = [
            Verdict(
                site=self.problem.sites[core.sites[site]].key,
                code=codes[site],
                quantity=_decimal(served[site]),
                coverage=_decimal(coverage[site]),
                costs=self._shares(site) if self.chosen[site] else (),
                alone_cost=float(alone[site]),
                extra_cost=self._shown_extra(codes[site], extra[site]),
                extra_is_bound=not self.chosen[site] and site not in proven,
                dominated_by=dominators.get(site),
                reason=self._limit_of(site) if codes[site] == LIMITED else "",
            )
            for site in [*chosen, *shown]
        ]
        counts = dict.fromkeys(CODES, 0)
        counts[NO_STOCK] = len(self.problem.sites) - core.n_sites
        for site in hidden:
            counts[codes[site]] += 1
        barred = self.problem.barred
        verdicts += [
            Verdict(b.site, BARRED, 0.0, 0.0, (), None, None, False, None, b.reason, b.detail)
            for b in barred[:limit]
        ]
        counts[BARRED] = len(barred[limit:])
        others = tuple((code, count) for code, count in counts.items() if count)
        return Explanation(tuple(verdicts), others, self._runner_up())

    def _look_closer(self, shown: list[int], extra: Array, prove: int) -> set[int]:
        """Prove the extra cost of the first sites in a list.

        :param extra: shape (n,): what was found quickly; becomes what is proven
        :return: the sites of which the extra cost is proven
        """
        for site in shown[:prove]:
            extra[site] = self._proven_extra(site, extra[site])
        return set(shown[:prove])

    def _shown_extra(self, code: str, extra: float) -> float | None:
        if code in (CHOSEN, TIE):
            return 0.0
        return float(extra) if np.isfinite(extra) else None

    def _limit_of(self, site: int) -> str:
        """The limit that keeps a site out."""
        return ""

    def _given(self) -> Array:
        """What the plan takes, in steps, shape (I, n)."""
        problem, core = self.problem, self.core
        column = {problem.sites[site].key: n for n, site in enumerate(core.sites.tolist())}
        item_of = {row: item for item, rows in enumerate(core.items) for row in rows}
        row_of = {line.key: row for row, line in enumerate(problem.lines)}
        given = np.zeros(self.supply.shape)
        for assignment in self.plan.assignments:
            row = row_of[assignment.line]
            steps = round(assignment.quantity / problem.rounding[row])
            given[item_of[row], column[assignment.site]] += steps
        return given

    def _units(self, steps: Array) -> Array:
        """Turn steps of items per site into units of the order, shape (n,)."""
        rounding = self.problem.rounding[[rows[0] for rows in self.core.items]]
        return rounding @ steps

    def _coverage(self) -> Array:
        return self._units(self.supply)

    def _shares(self, site: int) -> tuple[tuple[str, float], ...]:
        """The cost by part that a chosen site is responsible for."""
        position = self.core.sites[site]
        key = self.problem.sites[position].key
        row_of = {line.key: row for row, line in enumerate(self.problem.lines)}
        taken = [(row_of[a.line], a.quantity) for a in self.plan.assignments if a.site == key]
        is_first = key == self.plan.sites[0]
        return tuple(
            (
                part.name,
                float(part.per_parcel[position])
                - (part.waived if is_first else 0.0)
                + sum(float(part.per_unit[row, position]) * units for row, units in taken),
            )
            for part in self.problem.parts
        )

    def _alone(self) -> Array:
        """Cost of the order if a site gives all it can and the rest is missing, shape (n,)."""
        core = self.core
        left = core.demand[:, None] - self.supply
        cost = self.fixed + (self.supply * self.unit).sum(axis=0) + core.sunk
        cost -= self.problem.waived
        cost += np.where(left.any(axis=0), self.missing_fixed, 0.0)
        for tier in range(core.n_sites, core.unit.shape[1]):
            part = np.minimum(left, core.supply[:, tier : tier + 1])
            cost += (part * core.unit[:, tier : tier + 1]).sum(axis=0)
            left = left - part
        return cost

    # What it would cost to use a site after all.

    def _quick_extra(self) -> Array:
        """Extra cost of the plan with a site added, or in place of a chosen one, shape (n,)."""
        variants = [self._inserted(np.flatnonzero(self.chosen))]
        for site in np.flatnonzero(self.chosen).tolist():
            kept = self.chosen.copy()
            kept[site] = False
            variants.append(self._inserted(np.flatnonzero(kept)))
        extra = np.min(variants, axis=0) - self.charged
        extra[self.chosen] = 0.0
        return extra

    def _inserted(self, opened: NDArray[np.intp]) -> Array:
        """Cost of the best plan that opens these sites and one more, for each, shape (n,).

        The site takes over whatever is dearer than its own cost, and at least one step.
        """
        core = self.core
        n = core.n_sites
        columns = np.concatenate([opened, np.arange(n, core.unit.shape[1])])
        total = self.fixed + self.fixed[opened].sum() + core.sunk
        took = np.zeros(n, dtype=bool)
        misses = np.zeros(n, dtype=bool)
        smallest = np.full(n, np.inf)
        with_missing = bool(self.plan.missing) or self.missing_fixed == 0.0
        for item, demand in enumerate(core.demand.tolist()):
            unit, supply = core.unit[item, columns], core.supply[item, columns]
            order = np.argsort(unit, kind="stable")
            if not with_missing:
                # What the plan fills stays filled: missing comes last, whatever it costs.
                order = np.concatenate([order[order < len(opened)], order[order >= len(opened)]])
            unit, supply = unit[order], supply[order]
            used = np.clip(demand - (supply.cumsum() - supply), 0.0, supply)
            # From the dearest step down: amounts, and what they cost together.
            amount = np.concatenate([[0.0], used[::-1].cumsum()])
            cost = np.concatenate([[0.0], (used * unit)[::-1].cumsum()])
            missing = float(used[order >= len(opened)].sum())
            offer, ask = self.supply[item], self.unit[item]
            replaced = np.zeros(n)
            for index in np.flatnonzero(used).tolist():
                better = unit[index] > ask
                if not with_missing and order[index] >= len(opened):
                    better = np.ones(n, dtype=bool)
                replaced += np.where(better, used[index], 0.0)
            replaced = np.minimum(replaced, offer)
            total = total + cost[-1] - np.interp(replaced, amount, cost) + replaced * ask
            took |= replaced > 0.0
            misses |= replaced < missing
            dearest = np.interp(1.0, amount, cost)
            smallest = np.minimum(smallest, np.where(offer > 0.0, ask - dearest, np.inf))
        total = total + np.where(misses, self.missing_fixed, 0.0)
        return np.where(took, total, total + smallest)

    def _proven_extra(self, site: int, known: float) -> float:
        """Extra cost of the best plan of all that takes at least one step from a site.

        One step of each item in turn is taken from the site; the site is free for the rest.

        :param known: extra cost of a plan that does so
        """
        core, best = self.core, float(known)
        for item in np.flatnonzero(self.supply[:, site]).tolist():
            first = self.fixed[site] + self.unit[item, site] + core.sunk - self.charged
            demand = core.demand.copy()
            demand[item] -= 1.0
            supply = np.minimum(core.supply, demand[:, None])
            supply[item, site] = min(core.supply[item, site] - 1.0, demand[item])
            fixed = core.fixed.copy()
            fixed[site] = 0.0
            kept = demand > 0.0
            if not kept.any():
                best = min(best, first)
                continue
            rest = dataclasses.replace(
                core,
                items=tuple(rows for rows, keep in zip(core.items, kept, strict=True) if keep),
                demand=demand[kept],
                supply=supply[kept],
                unit=core.unit[kept],
                fixed=fixed,
            )
            result = Search(rest, cutoff=best - first + 2.0 * core.hairs).run(opened=[site])
            if result is not None:
                given = (result.given * rest.unit).sum()
                sites = [s for s in result.facilities if s < core.n_sites and s != site]
                penalty = self.missing_fixed if core.n_sites in result.facilities else 0.0
                best = min(best, float(first + given + self.fixed[sites].sum() + penalty))
        return best

    def _runner_up(self) -> RunnerUp | None:
        """The best plan that does without one of the chosen sites."""
        best: Result | None = None
        for site in np.flatnonzero(self.chosen).tolist():
            cutoff = np.inf if best is None else best.cost
            best = Search(self.core, cutoff=cutoff).run(closed=[site]) or best
        if best is None:
            return None
        steps = line_steps(self.problem, self.core, best.given)
        plan = build_plan(self.problem, steps, lower_bound=None)
        # It is proven the best of its kind only; the plan of the order bounds it.
        bound = min(self.plan.lower_bound, plan.cost)
        plan = dataclasses.replace(plan, lower_bound=bound, proven=False)
        return RunnerUp(plan, plan.cost - self.plan.cost)

    # Names for why sites lost.

    def _codes(self, extra: Array, rivals: list[int]) -> tuple[list[str], dict[int, int | str]]:
        """Why each site was or was not chosen, and the site that dominates it, if one does."""
        dominators: dict[int, int | str] = {}
        codes = []
        by_rival = [(rival, self._dominated(rival)) for rival in rivals]
        for site in range(self.core.n_sites):
            if self.chosen[site]:
                codes.append(CHOSEN)
                continue
            rival = next((rival for rival, weaker in by_rival if weaker[site]), None)
            if rival is not None:
                dominators[site] = self.problem.sites[self.core.sites[rival]].key
            if abs(extra[site]) <= self.tolerance:
                codes.append(TIE)
            else:
                codes.append(COSTLIER if rival is None else DOMINATED)
        return codes, dominators

    def _dominated(self, rival: int) -> NDArray[np.bool_]:
        """The sites that a rival is at least as good as for this order, shape (n,)."""
        column = slice(rival, rival + 1)
        held = self.supply > 0.0
        weaker = (self.unit >= self.unit[:, column]) & (self.supply <= self.supply[:, column])
        weaker = (weaker | ~held).all(axis=0) & (self.fixed >= self.fixed[rival])
        # Of equals, the one that the tie rule prefers dominates the other.
        rule = self.core.fixed[:-1]
        weaker &= (rule > rule[rival]) | ((rule == rule[rival]) & (np.arange(len(rule)) > rival))
        return weaker


def _decimal(quantity: float) -> float:
    return float(f"{quantity:.12g}")
