import numpy as np

from odoo import models

from ..network.oms_site_barred import Barring


class OmsSourcing(models.AbstractModel):
    """Suppliers are sourced from as far as goods can be bought of them for the customer."""

    _inherit = "oms.sourcing"

    def _leave_out_barred(self, orders, sites_by_order, trigger, *args, **kwargs):
        suppliers = self.env["oms.site"].union(*sites_by_order.values())
        suppliers = suppliers.filtered(lambda site: not site.warehouse_id)
        candidates = super()._leave_out_barred(orders, sites_by_order, trigger, *args, **kwargs)
        if not suppliers:
            return candidates
        route = suppliers._get_drop_ship_route()
        for order in candidates:
            for site in candidates[order] & suppliers:
                sentence = self._get_drop_ship_fault(site, route)
                if sentence:
                    candidates.barred[order][site] = Barring("drop_ship", sentence)
                    candidates[order] -= site
        return candidates

    def _get_drop_ship_fault(self, site, route):
        """Say why nothing can be drop-shipped from a site, or ''."""
        if not route:
            return self.env._("Odoo's drop-ship route is archived or missing")
        if site.kind == "third_party":
            return self.env._("keeps goods for others, so nothing can be bought there")
        if not site.partner_id:
            return self.env._("has no address of whom to buy")
        return ""

    def _get_stock(self, demands, sites, available):
        stock = super()._get_stock(demands, sites, available)
        outside = np.array([not site.warehouse_id for site in sites], dtype=bool)
        if not outside.any():
            return stock
        for row, (line, quantity) in enumerate(demands):
            product = line.product_id
            for column in np.flatnonzero(outside & (stock[row] > 0.0)).tolist():
                # Of goods that nobody tracks, a supplier says nothing.
                wanted = min(quantity, float(stock[row, column]))
                if not (product.is_storable and sites[column]._find_seller(product, wanted)):
                    stock[row, column] = 0.0
        return stock

    def _gather_facts(self, strategies, orders, demands, sites_by_order):
        facts = super()._gather_facts(strategies, orders, demands, sites_by_order)
        sites = self.env["oms.site"].union(*sites_by_order.values())
        outside = sites.filtered(lambda site: not site.warehouse_id)
        if outside:
            products = self.env["product.product"].union(
                *(demand.line.product_id for order in orders for demand in demands[order])
            )
            facts.lead_days.update(
                {
                    (stock.site_id.id, stock.product_id.id): stock.lead_days
                    for stock in self.env["oms.external.stock"].search_fetch(
                        [("site_id", "in", outside.ids), ("product_id", "in", products.ids)],
                        ["site_id", "product_id", "lead_days"],
                    )
                }
            )
        return facts


class OmsStrategy(models.Model):
    _inherit = "oms.strategy"

    def _get_days(self, case):
        """Count the lead time of suppliers: the longest of what they have of the order."""
        days = super()._get_days(case)
        if not case.facts.lead_days:
            return days
        days = np.array(days, dtype=float)
        for column, site in enumerate(case.sites):
            leads = [case.facts.lead_days.get((site.id, product.id)) for product in case.products]
            leads = [lead for lead in leads if lead is not None]
            if leads and not site.warehouse_id:
                days[column] += max(leads)
        return days
