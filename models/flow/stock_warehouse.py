from odoo import models
from odoo.exceptions import UserError


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    def _oms_get_route_to(self, target):
        """Return Odoo's route by which a warehouse resupplies another, making it if need be.

        :param target: ``stock.warehouse``
        :rtype: stock.route
        :raises UserError: there is nothing to make it of
        """
        self.ensure_one()
        # sudo: whoever may move goods may do so on a route that is not there yet
        Route = self.env["stock.route"].sudo().with_context(active_test=False)
        ends = [("supplier_wh_id", "=", self.id), ("supplied_wh_id", "=", target.id)]
        route = Route.search(ends, limit=1)
        if not route:
            if not self.company_id.internal_transit_location_id:
                raise UserError(
                    self.env._(
                        "%s has no transit location: give it one in the settings of the company.",
                        self.company_id.name,
                    )
                )
            target.sudo().resupply_wh_ids |= self.sudo()
            route = Route.search(ends, limit=1)
        elif not route.active:
            route.active = True
            route.rule_ids.active = True
        if not route:
            raise UserError(
                self.env._(
                    "There is no route from %(origin)s to %(site)s: add %(origin)s to the "
                    "warehouses that resupply %(site)s.",
                    origin=self.name,
                    site=target.name,
                )
            )
        return route
