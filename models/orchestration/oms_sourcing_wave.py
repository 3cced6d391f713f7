from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from odoo import models

from ...engine.batch import (
    BatchOrder,
    BatchProblem,
    ChainPlan,
    joined_lines,
    keep_given,
    solve_batch,
)
from ...engine.sourcing import Assignment
from ...engine.sourcing.plan import build_plan
from .wave_limits import (
    get_capacities,
    get_joined,
    get_quotas,
    with_common_steps,
    without_idle_room,
)

#: The part of the costs that prices themselves make: a wave that makes prices leaves it out.
SCARCITY = "scarcity"
#: Units of goods whose stock Odoo does not track.
MUCH = 1e6


class Prepared(NamedTuple):
    """What a wave is about, in plain data.

    :param BatchProblem problem: the orders, by id
    :param float before: cost of the plans in force, and of leaving open what has none
    :param set storable: ids of the products whose stock Odoo tracks
    :param dict whole: problem by order id, where lines were looked at in two parts
    """

    problem: BatchProblem
    before: float
    storable: set
    whole: dict

    def solve(self, time_limit):
        """Plan the orders together; no database is needed for that.

        :param time_limit: seconds, or None
        :rtype: Together
        """
        batch = solve_batch(self.problem, time_limit=time_limit)
        prices = {
            (site, product): 0.0 for product, site in self.problem.stock if product in self.storable
        }
        prices.update(
            {
                (each.site, each.product): each.price
                for each in batch.prices
                if each.product in self.storable
            }
        )
        plans = {
            key: joined_lines(self.whole[key], plan) if key in self.whole else plan
            for key, plan in batch.plans.items()
        }
        return Together(plans, set(batch.changed), prices, self.before, batch)


class Together(NamedTuple):
    """What the engine made of many orders together, in plain data.

    :param dict plans: ``SourcingPlan`` by order id
    :param set changed: ids of the orders whose plan in force is replaced
    :param dict prices: price of a unit by (site id, product id), zero for stock that is not scarce
    :param float before: cost of the plans in force, and of leaving open what has none
    :param batch: the engine's ``BatchPlan``, or ``ChainPlan`` where orders went through stages
    :param dict tried: by order id, what became of the stages of its strategy
    """

    plans: dict
    changed: set
    prices: dict
    before: float
    batch: object
    tried: dict = {}

    @property
    def is_staged(self):
        """Whether the orders went through stages."""
        return isinstance(self.batch, ChainPlan)


class Proposal:
    """Proposes the plan of a wave for an order, as long as it can still be had.

    :param sourcing: ``oms.sourcing``
    :param SourcingPlan plan: what the wave planned
    :param tried: what became of the stages of the strategy, if it has any
    """

    def __init__(self, sourcing, plan, tried=()):
        self._sourcing, self._plan, self._tried = sourcing, plan, tried
        self.accepted = False

    def __call__(self, strategy, problem, case):
        """Give the plan in terms of what there is now, or have one found; see ``_find_plan``."""
        # Asked a second time, the plan was refused.
        plan, self._plan = self._plan, None
        # Each stage has limits of its own.
        limited = problem if self._tried else self._sourcing._limit(strategy, problem, case)
        steps = plan and get_steps(limited, plan)
        self.accepted = steps is not None
        if self.accepted:
            built = build_plan(limited, steps, lower_bound=plan.lower_bound)
            # Where another quantity was ordered meanwhile, the plan is one for something else.
            self.accepted = {s.line: s.quantity for s in built.missing} == {
                s.line: s.quantity for s in plan.missing
            }
        if self.accepted:
            note = self._sourcing._describe_stages(strategy, limited, case, built, self._tried)
            return limited, built, note
        return self._sourcing._find_plan(strategy, problem, case)


def get_steps(problem, plan):
    """Return the steps that each site gives to each line by a plan.

    :return: shape (L, S); None if a site or line is not there or has not so much
    """
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    steps = np.zeros(problem.stock.shape)
    for given in plan.assignments:
        if given.line not in rows or given.site not in columns:
            return None
        row = rows[given.line]
        steps[row, columns[given.site]] += round(given.quantity / problem.rounding[row])
    for group in problem.lines_by_product:
        group = list(group)
        if (steps[group].sum(axis=0) > problem.stock_steps[group[0]]).any():
            return None
    room = problem.limits.unit_capacity
    if room is not None and (problem.rounding @ steps > room + 1e-6).any():
        return None
    return None if (steps.sum(axis=1) > problem.demand_steps).any() else steps


def get_planned_steps(problem, planned):
    """Return the steps that each site is to give to each line.

    :param dict planned: quantity in the product's unit by (order line id, site id)
    :return: shape (L, S); None if a site is no candidate any more, or a line is not open
    """
    rows = {line.key: row for row, line in enumerate(problem.lines)}
    columns = {site.key: column for column, site in enumerate(problem.sites)}
    steps = np.zeros(problem.stock.shape)
    for (line_id, site_id), quantity in planned.items():
        if line_id not in rows or site_id not in columns:
            return None
        row = rows[line_id]
        steps[row, columns[site_id]] += round(quantity / problem.rounding[row])
    return steps


class OmsSourcing(models.AbstractModel):
    """Many orders sourced together: gathered and written as any others, planned at once."""

    _inherit = "oms.sourcing"

    def _prepare_together(self, lines, planned, least_gain):
        """Put what is open of some order lines into the engine's words; nothing is written.

        :param lines: ``sale.order.line`` recordset; what is planned and may be changed is open
        :param dict planned: quantities in force by (order line id, site id), by order id
        :param float least_gain: what replacing a plan in force must gain at least, per order
        :return: None if nothing is open
        :rtype: Prepared | PreparedChain | None
        """
        self = self.sudo()
        gathered = self._gather(lines, "wave")
        if not gathered.demands:
            return None
        if not lines.order_id.oms_channel_id.strategy_id._can_plan_together():
            return self._prepare_chain(gathered)
        orders, before, whole = [], 0.0, {}
        joined = get_joined(gathered.candidates.rooms)
        for order in gathered.demands:
            outcome = self._solve_next(gathered, order, self._leave_open)
            problem = self._without_prices(order, outcome.problem)
            steps = self._get_steps_in_force(problem, planned.get(order.id))
            kept = None if steps is None else keep_given(problem, steps)
            if planned.get(order.id) and not kept:
                # What cannot be weighed against another plan stays as it is.
                self._take(gathered, self._as_planned(outcome, planned[order.id]))
                continue
            before += (kept[1] if kept else outcome.plan).cost
            if kept and kept[0].lines != problem.lines:
                whole[order.id] = problem
            orders.append(
                BatchOrder(
                    order.id,
                    without_idle_room(kept[0] if kept else problem),
                    kept and kept[1],
                    least_gain if kept else 0.0,
                    channel=order.oms_channel_id.id,
                    joined=joined.get(order.id, frozenset()),
                )
            )
        problems = self._count_alike([order.problem for order in orders] + [*whole.values()])
        whole = dict(zip(whole, problems[len(orders) :], strict=True))
        orders = [
            replace(order, problem=problem)
            for order, problem in zip(orders, problems[: len(orders)], strict=True)
        ]
        problem = self._prepare_batch(gathered, orders)
        return Prepared(problem, before, self._get_storable(gathered), whole)

    def _count_alike(self, problems):
        """Count each product in the same steps in all orders, as they share its stock.

        :param list[SourcingProblem] problems: the orders by themselves
        :rtype: list[SourcingProblem]
        """
        keys = {line.product for problem in problems for line in problem.lines}
        products = self.env["product.product"].browse(sorted(keys))
        return with_common_steps(problems, {each.id: each.uom_id.rounding for each in products})

    def _get_storable(self, gathered):
        """Return the ids of the products whose stock Odoo tracks."""
        return {
            demand.line.product_id.id
            for demands in gathered.demands.values()
            for demand in demands
            if demand.line.product_id.is_storable
        }

    def _prepare_batch(self, gathered, orders):
        """Put together what some orders share: stock, what sites can do, and channels' shares.

        :param Gathered gathered: what is there
        :param list[BatchOrder] orders: the orders by themselves
        :rtype: BatchProblem
        """
        storable = self._get_storable(gathered)
        seen = BatchProblem(tuple(orders)).stock
        # What no order can have for itself alone is there for all of them together.
        stock = {
            (product, site): min(quantity, gathered.available.get((site, product), 0.0))
            if product in storable
            else MUCH
            for (product, site), quantity in seen.items()
        }
        channels = self.env["sale.order"].union(*gathered.demands).oms_channel_id
        capacities = ()
        # Where full days are not hard, who must be kept to them first finds them full when the
        # plans are written, and is sourced by himself then.
        if not gathered.candidates.may_be_full:
            capacities = get_capacities(gathered.candidates.rooms, orders)
        return BatchProblem(
            tuple(orders),
            stock,
            capacities,
            get_quotas(gathered.book, channels, storable),
        )

    def _as_planned(self, outcome, planned):
        """Return an outcome that gives what sites are to give already.

        :param dict planned: quantity by (order line id, site id)
        """
        assignments = tuple(
            Assignment(line_id, site_id, quantity)
            for (line_id, site_id), quantity in planned.items()
        )
        return outcome._replace(plan=SimpleNamespace(assignments=assignments))

    def _leave_open(self, strategy, problem, case):
        """Make the plan that gives nothing; see ``_find_plan``."""
        problem = self._limit(strategy, problem, case)
        return problem, build_plan(problem, np.zeros(problem.stock.shape), lower_bound=0.0), ""

    def _without_prices(self, order, problem):
        """Leave out the price of scarce stock where the wave itself makes it."""
        strategy = order.oms_channel_id.strategy_id
        if strategy.scarcity_source != "batch":
            return problem
        parts = tuple(part for part in problem.parts if part.name != SCARCITY)
        return replace(problem, parts=parts)

    def _get_steps_in_force(self, problem, planned):
        """Return the steps that sites are to give; None without, or if one may not give it now.

        :param dict planned: quantity by (order line id, site id)
        :return: shape (L, S)
        """
        steps = get_planned_steps(problem, planned) if planned else None
        if steps is None or (steps.sum(axis=1) > problem.demand_steps + 0.5).any():
            return None
        return steps

    def _source_planned(self, lines, together, wave):
        """Source order lines by the plans of a wave; where these cannot be had any more, anew.

        :param lines: ``sale.order.line`` recordset
        :param Together together: what the engine said
        :param wave: ``oms.wave`` record
        :return: the decisions
        """
        self = self.sudo()
        gathered = self._gather(lines, "wave")
        if not gathered.demands:
            return self.env["oms.decision"]
        outcomes = {}
        late = []
        for order in gathered.demands:
            plan = together.plans.get(order.id)
            proposal = plan and Proposal(self, plan, together.tried.get(order.id, ()))
            outcome = proposal and self._solve_next(gathered, order, proposal)
            if outcome and proposal.accepted:
                self._take(gathered, outcome)
                outcomes[order] = outcome
            else:
                late.append(order)
        # Those whose plan is gone do not take the goods of others that have theirs.
        for order in late:
            outcomes[order] = outcome = self._solve_next(gathered, order)
            self._take(gathered, outcome)
        outcomes = [
            outcomes[order]
            for order in gathered.demands
            # A wave asks again and again; that an order still waits is recorded once.
            if outcomes[order].plan.assignments or not order.oms_decision_ids
        ]
        decisions = self._write_outcomes(outcomes, "wave")
        decisions.wave_id = wave
        return decisions


class OmsStrategy(models.Model):
    _inherit = "oms.strategy"

    def _can_plan_together(self):
        """Tell whether the strategy goes by costs alone, so that orders can be weighed."""
        return self.method == "balanced" and not self.has_stages and not self._has_soft_limits()
