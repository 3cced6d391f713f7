import dataclasses

import numpy as np

from odoo import fields, models

from ...engine.sourcing import PRESETS, Stage, solve, solve_stages
from ...engine.sourcing.plan import plan_steps
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
        kept = strategy._get_hard_limits()
        allowed = strategy._get_allowed(case, kept)
        if strategy.has_stages or allowed.all():
            return case, admission
        places = np.flatnonzero(allowed).tolist()
        beyond = {
            site: Barring(*strategy._explain_barred(case, site, kilometers, kept))
            for site, kilometers, is_allowed in zip(
                case.sites, case.kilometers.tolist(), allowed, strict=True
            )
            if not is_allowed
        }
        left = admission.keep(places)._replace(barred={**admission.barred, **beyond})
        case = dataclasses.replace(
            case,
            sites=left.sites,
            kilometers=case.kilometers[places],
            lenient=left.lenient,
            late_room=left.late_room,
        )
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
            staged = solve_stages(problem, stages, time_limit=TIME_LIMIT)
            note = self._describe_stages(strategy, problem, case, staged.plan, staged.tried)
            if case.late_room is not None:
                # What the last pass keeps to.
                limits = dataclasses.replace(problem.limits, unit_capacity=case.late_room)
                problem = dataclasses.replace(problem, limits=limits)
            return problem, staged.plan, note
        problem = self._limit(strategy, problem, case)
        if strategy.method == "balanced":
            return problem, solve(problem, time_limit=TIME_LIMIT), ""
        facts = self._prepare_method_facts(strategy, case, strategy.method)
        options = strategy._prepare_options(strategy.method)
        plan = PRESETS[strategy.method](problem, facts, options, time_limit=TIME_LIMIT)
        return problem, plan, ""

    def _limit(self, strategy, problem, case):
        """Return the problem with the limits of its strategy."""
        room = strategy._get_room(case, problem.limits.unit_capacity)
        limits = dataclasses.replace(strategy._prepare_limits(case), unit_capacity=room)
        return dataclasses.replace(problem, limits=limits)

    def _prepare_stages(self, strategy, problem, case):
        """Put a strategy's stages into the engine's words, its soft limits as stages of their own.

        :rtype: list[Stage]
        """
        days = strategy._get_days(case)
        stages = []
        for name, goes_by, method, mask, accept in self._walk(strategy, case, days):
            soft = goes_by._has_soft_limits()
            # What is soft is kept to as far as that fills.
            passes = [(None, "part" if soft and accept != "full" else accept)]
            if soft:
                passes.append((goes_by._get_hard_limits(), accept))
            facts = self._prepare_method_facts(goes_by, case, method, strategy)
            for kept, take in passes:
                room = goes_by._get_room(case, problem.limits.unit_capacity, kept)
                stages.append(
                    Stage(
                        f"{len(stages) + 1}. {name}",
                        sites=mask & goes_by._get_allowed(case, kept),
                        stock=goes_by._get_usable_stock(case, case.stock, kept),
                        limits=dataclasses.replace(
                            goes_by._prepare_limits(case, kept), unit_capacity=room
                        ),
                        accept=take,
                        preset=method,
                        options=goes_by._prepare_options(method),
                        facts=facts,
                    )
                )
        return stages

    def _walk(self, strategy, case, days, mask=None, accept="any", name=""):
        """Give the stages of a strategy, those of strategies within it in their place.

        :return: iterator over name, strategy of the limits, method, sites of shape (S,) and when
            the plan is taken
        """
        mask = np.ones(len(case.sites), dtype=bool) if mask is None else mask
        stages = strategy.stage_ids if strategy.has_stages else None
        stages = stages and stages._filter_valid(fields.Datetime.now())
        if not stages:
            yield name or strategy.name, strategy, strategy.method, mask, accept
            return
        for stage in stages:
            within = mask & stage._get_sites(case, days)
            title = f"{name} / {stage.name}" if name else stage.name
            if stage.substrategy_id:
                yield from self._walk(stage.substrategy_id, case, days, within, stage.accept, title)
            else:
                yield title, strategy, stage.method or strategy.method, within, stage.accept

    def _describe_stages(self, strategy, problem, case, plan, tried):
        """Say what became of each stage that was tried, and which soft limits were given up.

        :param SourcingPlan plan: what came of the stages
        :param tried: (stage, what became of it) pairs
        """
        notes = []
        if tried and strategy.has_stages:
            notes.append(self._get_stage_note(tried))
        if strategy._get_all_used().filtered(lambda each: each._has_soft_limits()):
            steps = plan_steps(problem, plan)
            gave = {
                name.partition(". ")[2]
                for name, verdict in tried
                if verdict in ("filled", "partly")
            }
            days = strategy._get_days(case)
            used = self.env["oms.strategy"].union(
                *(
                    goes_by
                    for name, goes_by, *_more in self._walk(strategy, case, days)
                    if name in gave
                )
            )
            notes += [
                each._describe_given_up(each._find_given_up(problem, case, steps)) for each in used
            ]
        return "\n".join(filter(None, notes))

    def _get_stage_note(self, tried):
        """Say what became of each stage that was tried."""
        words = {
            "filled": self.env._("fills everything"),
            "partly": self.env._("fills a part"),
            "nothing": self.env._("fills nothing"),
            "no_stock": self.env._("its sites have nothing of it"),
            "limited": self.env._("with what is filled already it breaks a limit"),
        }
        tried = "; ".join(f"{name}: {words[verdict]}" for name, verdict in tried)
        return self.env._("Stages tried: %s.", tried)
