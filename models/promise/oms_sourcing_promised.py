import numpy as np

from odoo import models

from ...engine.sourcing.plan import build_plan
from ..network.oms_site_barred import Barring, bar
from ..orchestration.oms_sourcing_outside import Outside
from .promise_case import PICKED_UP


class OmsSourcing(models.AbstractModel):
    """Sourcing keeps to the service and the method of an order, and to what was promised of it."""

    _inherit = "oms.sourcing"

    # === WHO IS ASKED === #

    def _leave_out_barred(
        self, orders, sites_by_order, trigger, strategies=None, outside=None, **kwargs
    ):
        """Ask only sites that can do what the order's service and delivery method need."""
        special = orders.filtered(
            lambda order: (
                order.oms_service in PICKED_UP
                or order.oms_service == "drop_ship"
                or order.carrier_id
            )
        )
        if not special:
            return super()._leave_out_barred(
                orders, sites_by_order, trigger, strategies, outside, **kwargs
            )
        asked, outside = dict(sites_by_order), dict(outside or {})
        for order in special:
            asked[order] = self._get_service_sites(order, asked[order])
            if order.oms_service in PICKED_UP:
                outside.pop(order, None)
        candidates = super()._leave_out_barred(
            orders, asked, trigger, strategies, outside, **kwargs
        )
        for order in special:
            self._bar_other_services(order, sites_by_order[order], asked[order], candidates)
        return candidates

    def _get_service_sites(self, order, sites):
        """Return those sites that an order's service allows.

        :param sites: ``oms.site`` recordset from which orders of the channel ship
        """
        if order.oms_service in PICKED_UP:
            chosen = order.oms_collect_site_id
            if not chosen:
                # A basket is looked for in all of those that were given.
                return sites.browse() if order._origin else sites
            there = order.oms_channel_id._get_pickup_sites()
            return (there & chosen).filtered(lambda site: site._offers(order.oms_service))
        if order.oms_service == "drop_ship":
            return sites.filtered(lambda site: not site.warehouse_id)
        return sites

    def _bar_other_services(self, order, sites, asked, candidates):
        """Say why sites are not asked that the service or the method of an order leaves out."""
        barred = candidates.barred[order]
        if asked != sites:
            # What others say of sites outside of the channel's networks is not why these are out.
            for site in [each for each, why in barred.items() if isinstance(why, Outside)]:
                del barred[site]
            sentence = (
                self.env._("is no supplier, from whom the order is to come")
                if order.oms_service == "drop_ship"
                else self.env._("is not where the customer comes for the order")
            )
            for site in sites - asked:
                bar(barred, site, Outside("service", sentence))
        carrier = order.carrier_id
        if carrier and order.oms_service not in PICKED_UP:
            for site in candidates[order].filtered("carrier_ids"):
                # sudo: delivery methods are configuration
                if carrier not in site.sudo().carrier_ids:
                    sentence = self.env._("%s fetches no parcels there", carrier.name)
                    bar(barred, site, Barring("method", sentence))
                    candidates[order] -= site

    def _get_kilometers(self, order, sites, places=None):
        if order.oms_service in PICKED_UP:
            # Nothing travels: the customer does.
            return np.zeros(len(sites)), ""
        return super()._get_kilometers(order, sites, places)

    # === WHAT WAS PROMISED === #

    def _find_plan(self, strategy, problem, case):
        problem, plan, note = super()._find_plan(strategy, problem, case)
        rows = self._get_promised_rows(case.order) if case.order else None
        if not rows or not problem.sites:
            return problem, plan, note
        steps = self._fit_promised(problem, rows)
        if steps is None:
            sentence = self.env._("The sites that were promised have not all of it any more.")
        else:
            plan = build_plan(problem, steps, lower_bound=plan.lower_bound)
            sentence = self.env._("From where it was promised.")
        return problem, plan, "\n".join(filter(None, [note, sentence]))

    def _get_promised_rows(self, order):
        """Return from where goods of an order were promised that is sourced now.

        :return: (product id, site id, quantity) rows, or nothing
        """
        # Promised was the whole order; what is sourced again later is another matter.
        return order.oms_promised_plan if not order.sudo().oms_fulfillment_ids else None

    def _fit_promised(self, problem, rows):
        """Return the promised plan in steps of the problem; None if it is not possible any more.

        :param rows: (product id, site id, quantity)
        :return: shape (L, S)
        """
        columns = {site.key: column for column, site in enumerate(problem.sites)}
        steps = np.zeros(problem.stock.shape)
        open_ = np.rint(problem.quantities / problem.rounding)
        for product_id, site_id, quantity in rows:
            if site_id not in columns:
                return None
            left = quantity
            for row, line in enumerate(problem.lines):
                if line.product != product_id or left <= 0:
                    continue
                given = min(open_[row], round(left / problem.rounding[row]))
                steps[row, columns[site_id]] += given
                open_[row] -= given
                left -= given * problem.rounding[row]
            if left > 1e-6:
                return None
        taken = steps * problem.rounding[:, None]
        products = [line.product for line in problem.lines]
        for product_id in set(products):
            same = [row for row, each in enumerate(products) if each == product_id]
            if (taken[same].sum(axis=0) > problem.stock[same[0]] + 1e-6).any():
                return None
        capacity = problem.limits.unit_capacity
        if capacity is not None and (taken.sum(axis=0) > capacity + 1e-6).any():
            return None
        return steps
