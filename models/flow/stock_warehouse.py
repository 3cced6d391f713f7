from odoo import models
from odoo.exceptions import UserError


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    def _oms_get_routes_from(self, sources):
        """Return Odoo's routes by which other warehouses resupply this one, making those missing.

        :param sources: ``stock.warehouse``
        :return: the route of each source
        :rtype: dict
        :raises UserError: there is nothing to make one of
        """
        self.ensure_one()
        # sudo: whoever may move goods may do so on a route that is not there yet
        Route = self.env["stock.route"].sudo().with_context(active_test=False)
        ends = [("supplier_wh_id", "in", sources.ids), ("supplied_wh_id", "=", self.id)]

        def find():
            return {route.supplier_wh_id: route for route in Route.search(ends, order="id desc")}

        routes = find()
        missing = sources.filtered(lambda source: source not in routes)
        for company in missing.company_id:
            if not company.internal_transit_location_id:
                raise UserError(
                    self.env._(
                        "%s has no transit location: give it one in the settings of the company.",
                        company.name,
                    )
                )
        if missing:
            self.sudo().resupply_wh_ids |= missing.sudo()
            routes = find()
        for source in sources:
            route = routes.get(source)
            if not route:
                raise UserError(
                    self.env._(
                        "There is no route from %(origin)s to %(site)s: add %(origin)s to the "
                        "warehouses that resupply %(site)s.",
                        origin=source.name,
                        site=self.name,
                    )
                )
            if not route.active:
                route.active = True
                route.rule_ids.active = True
        return routes
