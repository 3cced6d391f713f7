import dataclasses

import numpy as np

from odoo import models

from ...engine.sourcing import PRESETS, Stage, solve, solve_stages
from ...engine.sourcing import Facts as MethodFacts
from ..network.oms_site_barred import Barring

#: Seconds after which the engine stops looking for a better plan and states the gap. Orders of up
#: to a dozen lines take milliseconds.
TIME_LIMIT = 2.0


class OmsSourcing(models.AbstractModel):
    """Has the engine find a plan by a strategy's method, limits and stages."""

    _inherit = "oms.sourcing"

    def _leave_out_beyond_limits(self, strategy, case, admission):
        """Leave out the sites that a strategy never asks.

        :param Admission admission: the sites that can serve the order
        :return: the case and the admission with the sites that are left
        :rtype: tuple[Case, Admission]
        """
        hard_only = strategy._has_soft_limits()
        allowed = strategy._get_allowed(case, hard_only)
        if strategy.has_stages or allowed.all():
            return case, admission
        places = np.flatnonzero(allowed).tolist()
        sites = case.sites.browse([case.sites.ids[place] for place in places])
        beyond = {
            site: Barring(*strategy._explain_barred(site, kilometers, hard_only))
            for site, kilometers, kept in zip(
                case.sites, case.kilometers.tolist(), allowed, strict=True
            )
            if not kept
        }
        left = admission._replace(
            sites=sites,
            room=None if admission.room is None else admission.room[places],
            barred={**admission.barred, **beyond},
        )
        case = dataclasses.replace(case, sites=sites, kilometers=case.kilometers[places])
        return case, left

    def _find_plan(self, strategy, problem, case):
        """Find a plan.

        :param SourcingProblem problem: the order at the prices of the strategy
        :param Case case: the order as the strategy looks at it
        :return: the problem with the limits under which it was solved, the plan, and a sentence
            on the stages that were tried or ''
        :rtype: tuple[SourcingProblem, SourcingPlan, str]
        """
        if not problem.sites:
            return problem, solve(problem), ""
        if strategy.has_stages or strategy._has_soft_limits():
            stages = self._prepare_stages(strategy, problem, case)
            facts = self._prepare_method_facts(strategy, case)
            staged = solve_stages(problem, stages, facts, time_limit=TIME_LIMIT)
            return problem, staged.plan, self._describe_stages(strategy, staged.tried)
        problem = self._limit(strategy, problem, case)
        if strategy.method == "balanced":
            return problem, solve(problem, time_limit=TIME_LIMIT), ""
        facts = self._prepare_method_facts(strategy, case)
        plan = PRESETS[strategy.method](problem, facts, time_limit=TIME_LIMIT)
        return problem, plan, ""

    def _limit(self, strategy, problem, case):
        """Return the problem with the limits of its strategy."""
        return dataclasses.replace(
            problem, limits=_joined(problem.limits, strategy._prepare_limits(case))
        )

    def _prepare_stages(self, strategy, problem, case):
        """Put a strategy's stages into the engine's words, its soft limits as stages of their own.

        :rtype: list[Stage]
        """
        days = strategy._get_days(case)
        stages = []
        for name, goes_by, method, mask, accept in self._walk(strategy, case, days):
            soft = goes_by._has_soft_limits()
            # What is soft is kept to as far as that fills.
            passes = [(False, "part" if soft and accept != "full" else accept)]
            if soft:
                passes.append((True, accept))
            for hard_only, take in passes:
                limits = goes_by._prepare_limits(case, hard_only)
                stages.append(
                    Stage(
                        f"{len(stages) + 1}. {name}",
                        sites=mask & goes_by._get_allowed(case, hard_only),
                        limits=_joined(problem.limits, limits),
                        accept=take,
                        preset=method,
                    )
                )
        return stages

    def _walk(self, strategy, case, days, mask=None, accept="any", name=""):
        """Give the stages of a strategy, those of strategies within it in their place.

        :return: iterator over name, strategy of the limits, method, sites of shape (S,) and when
            the plan is taken
        """
        mask = np.ones(len(case.sites), dtype=bool) if mask is None else mask
        if not strategy.has_stages:
            yield name or strategy.name, strategy, strategy.method, mask, accept
            return
        for stage in strategy.stage_ids:
            within = mask & stage._get_sites(case, days)
            title = f"{name} / {stage.name}" if name else stage.name
            if stage.substrategy_id:
                yield from self._walk(stage.substrategy_id, case, days, within, stage.accept, title)
            else:
                yield title, strategy, stage.method or strategy.method, within, stage.accept

    def _prepare_method_facts(self, strategy, case):
        """Gather what methods look at besides costs.

        :rtype: MethodFacts
        """
        emissions = strategy._get_emissions(case) if strategy._weighs_carbon() else None
        default = case.order.warehouse_id
        days = strategy._get_days(case)
        return MethodFacts(
            priority=[max(site.sequence, 1) for site in case.sites],
            kilometers=case.kilometers,
            is_store=[site.kind == "store" for site in case.sites],
            is_default=[bool(default) and site.warehouse_id == default for site in case.sites],
            days=np.where(np.isinf(days), np.nan, days),
            carbon_per_unit=emissions,
            values=strategy._get_values(case),
            no_split=[strategy._must_not_split(case)] * len(case.products),
        )

    def _describe_stages(self, strategy, tried):
        """Say what became of each stage that was tried; nothing of a strategy without any.

        :param tried: (stage, what became of it) pairs
        """
        if not tried or not strategy.has_stages:
            return ""
        words = {
            "filled": self.env._("fills everything"),
            "partly": self.env._("fills a part"),
            "nothing": self.env._("fills nothing"),
            "no_stock": self.env._("its sites have nothing of it"),
            "limited": self.env._("with what is filled already it breaks a limit"),
        }
        tried = "; ".join(f"{name}: {words[verdict]}" for name, verdict in tried)
        return self.env._("Stages tried: %s.", tried)


def _joined(limits, more):
    """Return the limits of a strategy together with those of the sites."""
    return dataclasses.replace(more, unit_capacity=limits.unit_capacity)
