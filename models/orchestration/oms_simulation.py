import dataclasses

import numpy as np

from odoo import models

from ...engine.sourcing import plan_costs
from ...engine.sourcing.problem import MISSING
from .oms_sourcing import Demand
from .oms_sourcing_network import Admission


class OmsSourcing(models.AbstractModel):
    """Sourcing that writes nothing: what strategies would make of an order, side by side."""

    _inherit = "oms.sourcing"

    def _simulate(
        self,
        order,
        demands,
        sites,
        strategies,
        reference,
        available=None,
        freed=None,
        joined=None,
        admission=None,
    ):
        """Source an order under several strategies and change nothing.

        :param order: ``sale.order``, real or new, with its channel and delivery address
        :param list[Demand] demands: what is asked, with real or new order lines
        :param sites: ``oms.site`` candidates in order of priority
        :param strategies: ``oms.strategy`` recordset
        :param reference: ``oms.strategy`` at whose prices the plans are compared
        :param dict available: what the sites have by (site id, product id); when None, what is
            available now, shares of channels included
        :param dict freed: what to add to that, by (site id, product id)
        :param joined: ``oms.site`` that pack a parcel for the order anyway; told by the
            fulfillments of the order when None
        :param Admission admission: what sites could take on when ``available`` was seen
        :return: an outcome for each strategy, and the problem at the prices of the reference
        :rtype: tuple[list[Outcome], SourcingProblem]
        """
        # sudo: as for real orders, who sells need not see other sites' stock
        self, order = self.sudo(), order.sudo()
        lines = self.env["sale.order.line"].union(*(demand.line for demand in demands))
        products = lines.product_id.filtered("is_storable")
        governed, admission = products.browse(), admission or Admission(sites, None, {}, {})
        if available is None:
            # As of now counts also what the sites can do now.
            admission = self._admit(order, demands, sites, strategies)
            sites = admission.sites
            available, governed = dict(sites._get_available(products)), products
        for key, quantity in (freed or {}).items():
            available[key] = available.get(key, 0.0) + quantity
        book = self.env["oms.allocation"]._open_book(governed, order.oms_channel_id.company_id)
        facts = self._gather_facts(strategies | reference, order, {order: demands}, {order: sites})
        facts = dataclasses.replace(facts, joined=joined)
        outcomes = [
            self._solve_order(order, strategy, demands, admission, available, book, facts)
            for strategy in strategies
        ]
        return outcomes, self._price(order, reference, demands, admission, available, facts)

    def _price(self, order, strategy, demands, admission, available, facts):
        """Put an order before all sites at the prices of a strategy, whatever it would ask.

        :rtype: SourcingProblem
        """
        kilometers, _note = self._get_kilometers(order, admission.sites, facts.places)
        case = self._prepare_case(order, demands, admission.sites, kilometers, facts)
        problem = self._prepare_problem(strategy, demands, admission, available, case)
        # Other strategies may keep back other stock, and so give in finer steps.
        steps = np.array([line.product_id.uom_id.rounding for line, _quantity in demands])
        return dataclasses.replace(problem, rounding=steps)

    def _admit(self, order, demands, sites, strategies):
        """Leave out the sites that could not be asked for an order now by any of some strategies.

        :rtype: Admission
        """
        sites, outside = self._add_outside_sites(order.oms_channel_id, sites, strategies)
        candidates = self._leave_out_barred(
            order, {order: sites}, "manual", strategies, {order: outside}
        )
        return candidates.admit(order, sum(quantity for _line, quantity in demands))

    def _prepare_demands(self, order, quantities):
        """Make demands of an order that does not exist.

        :param order: new ``sale.order``
        :param quantities: (product, quantity in its unit) pairs
        :rtype: list[Demand]
        """
        # sudo: see _simulate
        Line = self.env["sale.order.line"].sudo()
        return [
            Demand(Line.new({"order_id": order.id, "product_id": product.id}), quantity)
            for product, quantity in quantities
        ]

    # === FOR THE SCREEN === #

    def _prepare_comparison(self, outcomes, reference, problem):
        """Lay plans side by side, all at the prices of one strategy.

        :param list[Outcome] outcomes: what the strategies made of the same order
        :param reference: ``oms.strategy`` whose prices count
        :param SourcingProblem problem: the order at its prices
        :return: ``currency_id``, ``parts`` (label by key) and a row for each plan
        :rtype: dict
        """
        rows = [self._prepare_comparison_row(outcome, reference, problem) for outcome in outcomes]
        cheapest = min((row["total"] for row in rows), default=0.0)
        for row in rows:
            row["difference"] = row["total"] - cheapest
            row["best"] = row["difference"] < 0.005
        return {
            "currency_id": reference.currency_id.id,
            "reference": reference.name,
            "rows": rows,
        }

    def _prepare_comparison_row(self, outcome, reference, problem):
        labels = self.env["oms.decision"]._get_cost_labels()
        costs = plan_costs(problem, outcome.plan)
        names = dict(zip(outcome.sites.ids, outcome.sites.mapped("name"), strict=True))
        far = dict(zip(outcome.sites.ids, outcome.kilometers.tolist(), strict=True))
        used = {}
        for given in outcome.plan.assignments:
            used[given.site] = used.get(given.site, 0.0) + given.quantity
        return {
            "key": outcome.strategy.id,
            "title": outcome.strategy.name,
            "reference": outcome.strategy == reference,
            "sites": [
                {"id": site_id, "name": names[site_id], "quantity": quantity}
                for site_id, quantity in used.items()
            ],
            "parcels": len(used),
            "kilometers": sum(far[site_id] for site_id in used),
            "unfilled": sum(shortage.quantity for shortage in outcome.plan.missing),
            "costs": [(labels.get(key, key), amount) for key, amount in costs],
            "total": sum(amount for _key, amount in costs),
            "cost": sum(amount for key, amount in costs if key != MISSING),
            "gap": outcome.plan.gap,
            "milliseconds": outcome.duration_ms,
            "note": outcome.note,
        }
