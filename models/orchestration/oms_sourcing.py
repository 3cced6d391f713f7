import dataclasses
import time
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from odoo import models

from ...engine.sourcing import Barred, Limits, OrderLine, Site, SourcingProblem

#: Triggers of sourcing that no user asked for: sites that gave the order back are left out.
AUTOMATIC_TRIGGERS = (
    "stock",
    "rejected",
    "offline",
    "lost",
    "receipt",
    "address",
    "date",
    "better",
    "wave",
    "offer",
)


class Demand(NamedTuple):
    """What is open to source of one order line, in the unit of the product."""

    line: models.BaseModel
    quantity: float


class Outcome(NamedTuple):
    """What the engine said of one order."""

    order: models.BaseModel
    strategy: models.BaseModel
    sites: models.BaseModel
    problem: SourcingProblem
    plan: object
    kilometers: np.ndarray
    duration_ms: float
    note: str
    sellable: dict
    barred: dict
    circumstances: dict | None = None


class Gathered(NamedTuple):
    """What sourcing some orders has to know; what is taken of it is kept up to date.

    :param dict demands: list of :class:`Demand` by order, in the order in which they are served
    :param Candidates candidates: sites by order, and their room
    :param dict available: quantity by (site id, product id)
    :param Book book: shares of the channels
    :param Facts facts: what strategies look at
    :param strategy: ``oms.strategy`` for all of them, or None for that of each one's channel
    """

    demands: dict
    candidates: dict
    available: dict
    book: object
    facts: object
    strategy: models.BaseModel


class Part(NamedTuple):
    """What one site is to give to one order line, in the unit of the product."""

    line: models.BaseModel
    site: models.BaseModel
    quantity: float
    kilometers: float
    decision: models.BaseModel


class OmsSourcing(models.AbstractModel):
    """Gathers sourcing problems, has the engine solve them, and writes the plans down."""

    _name = "oms.sourcing"
    _description = "Sourcing Service"

    # === ENTRY POINT === #

    def _source_lines(self, lines, trigger, strategy=None):
        """Source what is open of some order lines: decisions, fulfillments and claims.

        Orders are served one after the other in order of date and id, each with what the
        earlier ones left. Lines without open quantity are ignored, so that a second call
        changes nothing.

        :param lines: ``sale.order.line`` recordset of orchestrated, confirmed lines
        :param str trigger: key of the decision's trigger, why sourcing runs
        :param strategy: ``oms.strategy`` to go by this time; that of each order's channel if None
        :return: the decisions, one per order with something open; for the scheduled job one per
            order of which something was sourced
        """
        # sudo: the salesperson who confirms an order need not see other sites' stock and claims
        self = self.sudo()
        gathered = self._gather(lines.sudo(), trigger, strategy)
        if not gathered.demands:
            return self.env["oms.decision"]
        outcomes = []
        for order in gathered.demands:
            outcome = self._solve_next(gathered, order)
            if trigger == "stock" and not outcome.plan.assignments:
                # The scheduled job asks again and again; what changed nothing is not recorded.
                continue
            self._take(gathered, outcome)
            outcomes.append(outcome)
        return self._write_outcomes(outcomes, trigger)

    def _solve_next(self, gathered, order, propose=None):
        """Plan an order with what those before it left.

        :param Gathered gathered: what is there
        :param propose: see :meth:`_solve_order`
        :rtype: Outcome
        """
        demands = gathered.demands[order]
        return self._solve_order(
            order,
            gathered.strategy or order.oms_channel_id.strategy_id,
            demands,
            gathered.candidates.admit(order, sum(quantity for _line, quantity in demands)),
            gathered.available,
            gathered.book,
            gathered.facts,
            propose,
        )

    def _take(self, gathered, outcome):
        """Let the orders after this one find less."""
        for assignment in outcome.plan.assignments:
            line = self.env["sale.order.line"].browse(assignment.line)
            key = (assignment.site, line.product_id.id)
            if key in gathered.available:
                gathered.available[key] -= assignment.quantity
        self._take_shares(outcome, gathered.book)
        gathered.candidates.take(outcome.order, outcome.plan)

    # === GATHER === #

    def _gather(self, lines, trigger, strategy=None):
        """Gather what sourcing some order lines has to know, for all of them at once.

        :param lines: see :meth:`_source_lines`
        :rtype: Gathered
        """
        demands = defaultdict(list)
        for line in lines:
            quantity = line._oms_get_qty_open()
            if line.product_id.uom_id.compare(quantity, 0.0) > 0:
                demands[line.order_id].append(Demand(line, quantity))
        if not demands:
            return Gathered({}, {}, {}, None, None, strategy)
        orders = lines.order_id.filtered(lambda order: order in demands)
        orders = orders.sorted(lambda order: (order.date_order, order.id))
        candidates = self._get_candidates(orders, trigger, strategy)
        products = lines.product_id.filtered("is_storable")
        return Gathered(
            demands={order: demands[order] for order in orders},
            candidates=candidates,
            available=self.env["oms.site"].union(*candidates.values())._get_available(products),
            book=self.env["oms.allocation"]._open_book(products, orders.oms_channel_id.company_id),
            facts=self._gather_facts(
                strategy or orders.oms_channel_id.strategy_id, orders, demands, candidates
            ),
            strategy=strategy,
        )

    def _get_candidates(self, orders, trigger, strategy=None):
        """Return the sites that may serve each order, and why others may not.

        :param str trigger: key of the decision's trigger
        :param strategy: ``oms.strategy`` to go by; that of each order's channel if None
        :rtype: Candidates
        """
        by_channel = {
            channel: self._add_outside_sites(
                channel, channel._get_sourcing_sites(), strategy or channel.strategy_id
            )
            for channel in orders.oms_channel_id
        }
        candidates, outside = {}, {}
        for order in orders:
            channel = order.oms_channel_id
            if order.company_id != channel.company_id:
                candidates[order] = self.env["oms.site"]
            else:
                candidates[order], outside[order] = by_channel[channel]
        return self._leave_out_barred(orders, candidates, trigger, strategy, outside)

    def _add_outside_sites(self, channel, sites, strategies):
        """Add sites that the channel does not name, where some strategies ask these all the same.

        :param sites: ``oms.site`` recordset of the channel
        :return: the sites, and :class:`Barring` by those that were added
        :rtype: tuple[models.BaseModel, dict]
        """
        outside = channel._find_outside_sites(strategies._get_all_used()._get_lenient_reasons())
        if outside:
            sites = sites.union(*outside).sorted(lambda site: (site.sequence, site.id))
        return sites, outside

    def _prepare_problem(self, strategy, demands, admission, available, case):
        """Put one order into the engine's words, at the prices of a strategy.

        Goods whose stock Odoo does not track can be taken from any site.

        :param Admission admission: the sites that may be asked, and what they can take on
        """
        sites = admission.sites
        stock = self._get_stock(demands, sites, available)
        stock = strategy._get_usable_stock(case, stock, strategy._get_hard_limits())
        least = self._get_least_missing(demands, stock)
        parts, missing = strategy._prepare_costs(case, least)
        return SourcingProblem(
            lines=tuple(
                OrderLine(line.id, line.product_id.id, quantity) for line, quantity in demands
            ),
            sites=tuple(Site(site.id, site.name, site.sequence) for site in sites),
            stock=stock,
            parts=parts,
            missing=missing,
            rounding=self._get_steps(demands, least),
            tariff=strategy._prepare_tariff(case),
            limits=Limits(unit_capacity=admission.room),
            barred=tuple(
                Barred(site.id, site.name, barring.reason, barring.detail)
                for site, barring in admission.barred.items()
            ),
        )

    def _get_stock(self, demands, sites, available):
        """Return what sites have of the product of each line, shape (L, S).

        :param dict available: quantity by (site id, product id)
        """
        stock = np.zeros((len(demands), len(sites)))
        asked = defaultdict(float)
        for line, quantity in demands:
            asked[line.product_id] += quantity
        for row, (line, _quantity) in enumerate(demands):
            product = line.product_id
            if product.is_storable:
                held = [available.get((site_id, product.id), 0.0) for site_id in sites.ids]
                stock[row] = np.maximum(held, 0.0)
            else:
                stock[row] = asked[product]
        return stock

    def _get_least_missing(self, demands, stock):
        """Return the least that a plan can leave unfilled of each line, if it leaves anything.

        Whatever is given or missing of a product is a multiple of what divides all its demands
        and stocks: whole units of most goods, and the smallest fraction of some.

        :param stock: quantity of each line's product at each site, shape (L, S)
        :return: quantities in the unit of each line's product, shape (L,)
        """
        steps = {}
        for (line, quantity), row in zip(demands, stock, strict=True):
            unit = line.product_id.uom_id
            amounts = np.rint(np.append(row, quantity) / unit.rounding).astype(np.int64)
            steps[line.product_id] = int(np.gcd.reduce([*amounts, steps.get(line.product_id, 0)]))
        return np.array(
            [
                steps[line.product_id] * line.product_id.uom_id.rounding
                for line, _quantity in demands
            ]
        )

    def _get_steps(self, demands, least_missing):
        """Return the steps in which quantities are given: whole units where all amounts are whole.

        Under limits a fraction of a unit can be worth something, which nobody could ship.

        :param least_missing: see :meth:`_get_least_missing`
        :return: quantities in the unit of each line's product, shape (L,)
        """
        rounding = np.array([line.product_id.uom_id.rounding for line, _quantity in demands])
        amounts = np.rint(least_missing / rounding).astype(np.int64)
        one = np.rint(1.0 / rounding).astype(np.int64)
        return np.maximum(np.gcd(amounts, one), 1) * rounding

    def _solve_order(
        self, order, strategy, demands, admission, available, book, facts, propose=None
    ):
        """Plan an order.

        :param propose: called in place of :meth:`_find_plan`, as often as a plan is refused
        :rtype: Outcome
        """
        kilometers, note = self._get_kilometers(order, admission.sites, facts.places)
        case = self._prepare_case(order, demands, admission.sites, kilometers, facts)
        case = dataclasses.replace(
            case,
            lenient=admission.lenient,
            late_room=admission.late_room,
            cooling=admission.cooling,
        )
        case, admission = self._leave_out_beyond_limits(strategy, case, admission)
        sites, kilometers = case.sites, case.kilometers
        notes = [note, *strategy._get_cost_notes(case), *strategy._get_option_notes()]
        notes += strategy._get_cooling_notes(case)
        sellable = self._get_sellable(order, demands, sites, kilometers, book)
        start = time.perf_counter()
        for offer in self._get_offers(order, sites, available, sellable, book):
            case = dataclasses.replace(case, stock=self._get_stock(demands, sites, offer))
            problem = self._prepare_problem(strategy, demands, admission, offer, case)
            problem, plan, stage_note = (propose or self._find_plan)(strategy, problem, case)
            if not self._find_refusal(order, problem, plan, sellable, book):
                break
        duration_ms = (time.perf_counter() - start) * 1000
        note = "\n".join(filter(None, [*notes, stage_note]))
        return Outcome(
            order,
            strategy,
            sites,
            problem,
            plan,
            kilometers,
            duration_ms,
            note,
            sellable,
            admission.barred,
            self._prepare_circumstances(admission, problem, case.stock),
        )

    def _prepare_circumstances(self, admission, problem, stock):
        """Say what the problem does not, but other strategies would have to know.

        :param Admission admission: the candidates
        :param stock: what they have, whatever the strategy keeps back, shape (L, S)
        :return: JSON data, None if the problem says it all
        :rtype: dict | None
        """
        known = {}
        if admission.lenient:
            known["lenient"] = [
                [site.id, [[each.reason, each.detail] for each in (barring, *barring.further)]]
                for site, barring in admission.lenient.items()
            ]
        if admission.cooling:
            known["cooling"] = sorted(admission.cooling)
        for name, room in (("room", admission.room), ("late_room", admission.late_room)):
            if room is not None:
                # Infinity is no JSON.
                known[name] = [None if np.isinf(units) else units for units in room.tolist()]
        if not np.array_equal(stock, problem.stock):
            known["stock"] = stock.tolist()
        return known or None
