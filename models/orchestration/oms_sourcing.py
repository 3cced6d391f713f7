import time
from collections import defaultdict
from typing import NamedTuple

import numpy as np

from odoo import models

from ...engine.sourcing import Barred, Limits, OrderLine, Site, SourcingProblem
from ...engine.sourcing.problem import MISSING

#: Triggers of sourcing that no user asked for: sites that gave the order back are left out.
AUTOMATIC_TRIGGERS = ("stock", "rejected", "offline", "lost", "receipt", "address", "better")


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
        self, lines = self.sudo(), lines.sudo()
        demands = defaultdict(list)
        for line in lines:
            quantity = line._oms_get_qty_open()
            if line.product_id.uom_id.compare(quantity, 0.0) > 0:
                demands[line.order_id].append(Demand(line, quantity))
        if not demands:
            return self.env["oms.decision"]
        orders = lines.order_id.filtered(lambda order: order in demands)
        sites_by_order = self._get_candidates(orders, trigger)
        sites = self.env["oms.site"].union(*sites_by_order.values())
        products = lines.product_id.filtered("is_storable")
        available = sites._get_available(products)
        book = self.env["oms.allocation"]._open_book(products, orders.oms_channel_id.company_id)
        facts = self._gather_facts(
            strategy or orders.oms_channel_id.strategy_id, orders, demands, sites_by_order
        )
        outcomes = []
        for order in orders.sorted(lambda order: (order.date_order, order.id)):
            units = sum(quantity for _line, quantity in demands[order])
            outcome = self._solve_order(
                order,
                strategy or order.oms_channel_id.strategy_id,
                demands[order],
                sites_by_order.admit(order, units),
                available,
                book,
                facts,
            )
            if trigger == "stock" and not outcome.plan.assignments:
                # The scheduled job asks again and again; what changed nothing is not recorded.
                continue
            for assignment in outcome.plan.assignments:
                line = self.env["sale.order.line"].browse(assignment.line)
                key = (assignment.site, line.product_id.id)
                if key in available:
                    available[key] -= assignment.quantity
            self._take_shares(outcome, book)
            sites_by_order.take(order, outcome.plan)
            outcomes.append(outcome)
        return self._write_outcomes(outcomes, trigger)

    # === GATHER === #

    def _get_candidates(self, orders, trigger):
        """Return the sites that may serve each order, and why others may not.

        :param str trigger: key of the decision's trigger
        :rtype: Candidates
        """
        by_channel = {channel: channel._get_sourcing_sites() for channel in orders.oms_channel_id}
        candidates = {}
        for order in orders:
            sites = by_channel[order.oms_channel_id]
            if order.company_id != order.oms_channel_id.company_id:
                sites = sites.browse()
            candidates[order] = sites
        return self._leave_out_barred(orders, candidates, trigger)

    def _prepare_problem(self, strategy, demands, admission, available, case):
        """Put one order into the engine's words, at the prices of a strategy.

        Goods whose stock Odoo does not track can be taken from any site.

        :param Admission admission: the sites that may be asked, and what they can take on
        """
        sites = admission.sites
        stock = np.zeros((len(demands), len(sites)))
        asked = defaultdict(float)
        for line, quantity in demands:
            asked[line.product_id] += quantity
        for row, (line, _quantity) in enumerate(demands):
            product = line.product_id
            if product.is_storable:
                held = [available.get((site_id, product.id), 0.0) for site_id in sites.ids]
                stock[row] = strategy._keep_back(np.maximum(held, 0.0))
            else:
                stock[row] = asked[product]
        stock = self._limit_stock(demands, sites, stock)
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
            limits=Limits(unit_capacity=admission.room),
            barred=tuple(
                Barred(site.id, site.name, barring.reason, barring.detail)
                for site, barring in admission.barred.items()
            ),
        )

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

    def _solve_order(self, order, strategy, demands, admission, available, book, facts):
        kilometers, note = self._get_kilometers(order, admission.sites, facts.places)
        case = self._prepare_case(order, demands, admission.sites, kilometers, facts)
        case, admission = self._leave_out_beyond_limits(strategy, case, admission)
        sites, kilometers = case.sites, case.kilometers
        notes = [note, *strategy._get_cost_notes(case)]
        sellable = self._get_sellable(order, demands, sites, kilometers, book)
        start = time.perf_counter()
        for offer in self._get_offers(order, sites, available, sellable, book):
            problem = self._prepare_problem(strategy, demands, admission, offer, case)
            problem, plan, stage_note = self._find_plan(strategy, problem, case)
            if not self._find_refusal(order, plan, sellable, book):
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
        )

    # === WRITE === #

    def _write_outcomes(self, outcomes, trigger):
        """Write decisions, then the fulfillments, their lines and the claims, each in one go."""
        decisions = (
            self.env["oms.decision"]
            .sudo()
            .create([self._prepare_decision_vals(outcome, trigger) for outcome in outcomes])
        )
        self._write_fulfillments(list(zip(outcomes, decisions, strict=True)))
        return decisions

    def _prepare_decision_vals(self, outcome, trigger):
        order, strategy, sites, problem, plan = outcome[:5]
        used = list(dict.fromkeys(assignment.site for assignment in plan.assignments))
        position = {site_id: index for index, site_id in enumerate(sites.ids)}
        unfilled = sum(shortage.quantity for shortage in plan.missing)
        serving = order._oms_get_open_fulfillments().site_id.ids
        shown = strategy._waive_first_split(plan, bool(serving))
        costs = dict(shown.costs)
        return {
            "order_id": order.id,
            "channel_id": order.oms_channel_id.id,
            "strategy_id": strategy.id,
            "currency_id": strategy.currency_id.id,
            "trigger": trigger,
            "outcome": "full" if not plan.missing else "partial" if used else "none",
            "split": len(set(used) | set(serving)) > 1,
            "site_ids": [(6, 0, used)],
            "parcel_count": len(used),
            "candidate_count": len(sites),
            "units": sum(line.quantity for line in problem.lines),
            "unfilled_units": unfilled,
            "kilometers": sum(outcome.kilometers[position[site_id]] for site_id in used),
            "cost": shown.cost - costs[MISSING],
            "penalty": costs[MISSING],
            "lower_bound": shown.lower_bound,
            "gap": shown.gap,
            "duration_ms": outcome.duration_ms,
            "note": self._prepare_note(outcome),
            "costs": list(shown.costs),
            "amounts": [list(amount) for amount in shown.amounts],
            "problem": problem.to_dict(),
            "plan": plan.to_dict(),
        }

    def _prepare_note(self, outcome):
        """Say in words what waits and why, one sentence a line."""
        notes = []
        if not outcome.sites:
            notes.append(
                self.env._(
                    "No site may serve the channel %s: give it a network whose sites ship.",
                    outcome.order.oms_channel_id.name,
                )
            )
        stock = {
            line.key: row.sum()
            for line, row in zip(outcome.problem.lines, outcome.problem.stock, strict=True)
        }
        for shortage in outcome.plan.missing if outcome.sites else ():
            line = self.env["sale.order.line"].browse(shortage.line)
            sellable = outcome.sellable.get(line.product_id.id)
            there = sellable.available if sellable else stock[shortage.line]
            sentence = self.env._(
                "%(quantity)s %(unit)s of %(product)s wait: the %(sites)s sites have "
                "%(stock)s available.",
                quantity=f"{shortage.quantity:g}",
                unit=line.product_id.uom_id.name,
                product=line.product_id.display_name,
                sites=len(outcome.sites),
                stock=f"{there:g}",
            )
            held_back = sellable and self._explain_held_back(sellable)
            notes.append(f"{sentence} {held_back}" if held_back else sentence)
        notes += self._describe_barred(outcome.barred)
        return "\n".join(filter(None, [*notes, outcome.note]))

    def _write_fulfillments(self, outcomes):
        """Plan and claim what the engine said.

        :param outcomes: (outcome, decision) pairs
        """
        parts = []
        for outcome, decision in outcomes:
            kilometers = dict(zip(outcome.sites.ids, outcome.kilometers, strict=True))
            parts += [
                Part(
                    self.env["sale.order.line"].browse(assignment.line),
                    self.env["oms.site"].browse(assignment.site),
                    assignment.quantity,
                    kilometers[assignment.site],
                    decision,
                )
                for assignment in outcome.plan.assignments
            ]
        self._claim_parts(parts)

    def _claim_parts(self, parts):
        """Plan what sites are to give, and claim it.

        :param list[Part] parts: what is to be given, each site to each line once
        :raise UserError: a site has not so much
        """
        lines = self._plan_parts(parts)
        self.env["oms.claim"].sudo().create(
            [
                {
                    "product_id": part.line.product_id.id,
                    "site_id": part.site.id,
                    "quantity": part.quantity,
                    "sale_line_id": part.line.id,
                    "fulfillment_line_id": lines[part.line, part.site].id,
                }
                for part in parts
            ]
        )

    def _plan_parts(self, parts):
        """Add what sites are to give to the open fulfillments there, or to new ones.

        :param list[Part] parts: what is to be given, each site to each line once
        :return: ``oms.fulfillment.line`` by (order line, site)
        :rtype: dict
        """
        fulfillments = self._ensure_fulfillments(parts)
        existing = {
            (line.fulfillment_id, line.sale_line_id): line
            for line in self.env["oms.fulfillment"].union(*fulfillments.values()).line_ids
        }
        found, missing = {}, {}
        for part in parts:
            fulfillment = fulfillments[part.line.order_id, part.site]
            line = existing.get((fulfillment, part.line))
            if line:
                line.quantity += part.quantity
                found[part.line, part.site] = line
            else:
                missing[part.line, part.site] = {
                    "fulfillment_id": fulfillment.id,
                    "sale_line_id": part.line.id,
                    "product_id": part.line.product_id.id,
                    "quantity": part.quantity,
                }
        created = self.env["oms.fulfillment.line"].sudo().create(list(missing.values()))
        found.update(zip(missing, created, strict=True))
        return found

    def _ensure_fulfillments(self, parts):
        """Return the fulfillment of each order at each site that gives to it, making missing ones.

        :param list[Part] parts: what is to be given
        :return: ``oms.fulfillment`` by (order, site)
        :rtype: dict
        """
        found, missing = {}, {}
        for order in self.env["sale.order"].union(*(part.line.order_id for part in parts)):
            for fulfillment in order._oms_get_open_fulfillments():
                found.setdefault((order, fulfillment.site_id), fulfillment)
        for part in parts:
            order = part.line.order_id
            if (order, part.site) not in found:
                missing[order, part.site] = {
                    "name": order._oms_get_fulfillment_name(part.site),
                    "order_id": order.id,
                    "site_id": part.site.id,
                    "decision_id": part.decision.id,
                    "kilometers": part.kilometers,
                }
        # The decision tells how a fulfillment came to be; a message for each would only cost time.
        Fulfillment = (
            self.env["oms.fulfillment"]
            .sudo()
            .with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        )
        created = Fulfillment.create(list(missing.values()))
        found.update(zip(missing, created, strict=True))
        return found
