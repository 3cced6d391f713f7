from dataclasses import replace
from typing import NamedTuple

from odoo import models

from ...engine.batch import BatchOrder, BatchProblem, ChainOrder, solve_chain
from .oms_sourcing_wave import Together
from .wave_limits import get_joined


class PreparedChain(NamedTuple):
    """What a wave is about whose strategy goes through stages or by rules, in plain data.

    :param tuple orders: ``ChainOrder`` of each order, by id, in the order in which rules serve them
    :param BatchProblem shared: what they share; its orders do not matter
    :param float before: cost of leaving open what has no plan
    """

    orders: tuple
    shared: BatchProblem
    before: float

    def solve(self, time_limit):
        """Plan the orders stage by stage; no database is needed for that.

        :param time_limit: seconds, or None
        :rtype: Together
        """
        chain = solve_chain(
            self.orders,
            self.shared.stock,
            capacities=self.shared.capacities,
            quotas=self.shared.quotas,
            time_limit=time_limit,
        )
        # Stages do not tell what a further unit would save.
        return Together(chain.plans, set(), {}, self.before, chain, chain.tried)


class OmsSourcing(models.AbstractModel):
    """Strategies that do not go by costs alone are gone through stage by stage for all orders."""

    _inherit = "oms.sourcing"

    def _prepare_chain(self, gathered):
        """Put orders and the stages of their strategies into the engine's words.

        Plans in force are left alone: whether a stage would do better cannot be told in money.

        :param Gathered gathered: what is there
        :rtype: PreparedChain
        """
        joined = get_joined(gathered.candidates.rooms)
        orders, before = [], 0.0
        for order in gathered.demands:
            outcome, stages = self._look_at_stages(gathered, order)
            before += outcome.plan.cost
            if stages:
                orders.append(
                    ChainOrder(
                        order.id,
                        outcome.problem,
                        tuple(stages),
                        channel=order.oms_channel_id.id,
                        joined=joined.get(order.id, frozenset()),
                    )
                )
        problems = self._count_alike([order.problem for order in orders])
        orders = [
            replace(order, problem=problem) for order, problem in zip(orders, problems, strict=True)
        ]
        # Plans in force are no part of it, so sites need no room for them beyond what is left.
        sharing = [
            BatchOrder(each.key, each.problem, channel=each.channel, joined=each.joined)
            for each in orders
        ]
        return PreparedChain(tuple(orders), self._prepare_batch(gathered, sharing), before)

    def _look_at_stages(self, gathered, order):
        """Return what an order looks like, and its stages."""
        stages = []

        def propose(strategy, problem, case):
            if problem.sites:
                stages[:] = self._prepare_stages(strategy, problem, case)
            limited, plan, note = self._leave_open(strategy, problem, case)
            # Each stage has limits of its own.
            return limited and problem, plan, note

        return self._solve_next(gathered, order, propose), stages
