from odoo import api, models

OPEN_STATES = ("waiting", "confirmed", "partially_available", "assigned")


class OmsPosition(models.Model):
    _inherit = "oms.position"

    # === ACTION METHODS === #

    def action_view_quants(self):
        """Open the stock records behind the positions.

        :return: a window action
        :rtype: dict
        """
        return self._get_quants_action(self.product_id, self.site_id)

    def action_view_external_stock(self):
        """Open what suppliers and others said to have at the sites.

        :return: a window action
        :rtype: dict
        """
        return self._get_external_action(self.product_id, self.site_id)

    def action_view_moves(self):
        """Open the open moves that leave or reach the sites.

        :return: a window action
        :rtype: dict
        """
        return self._get_moves_action(self.product_id, self.site_id)

    def action_view_claims(self):
        """Open the active claims on the positions.

        :return: a window action
        :rtype: dict
        """
        return self._get_claims_action(self.product_id, self.site_id)

    # === WHAT LIES BEHIND === #

    @api.model
    def _get_locations(self, sites):
        return self.env["stock.location"].search([("oms_position_site_id", "in", sites.ids)])

    @api.model
    def _get_action(self, xmlid, domain, context=None):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {**action, "domain": domain, "context": context or {}}

    @api.model
    def _get_quants_action(self, products, sites):
        locations = self._get_locations(sites)
        action = self._get_action(
            "stock.stock_quant_action",
            [("product_id", "in", products.ids), ("location_id", "in", locations.ids)],
        )
        # The list for counting, which is Odoo's default, hides the quantity from most users.
        stock_list = self.env.ref("stock.view_stock_quant_tree")
        return {
            **action,
            "name": self.env._("Stock Records"),
            "views": [(stock_list.id, "list"), (False, "form")],
        }

    @api.model
    def _get_external_action(self, products, sites):
        return self._get_action(
            "oms.action_external_stock",
            [("product_id", "in", products.ids), ("site_id", "in", sites.ids)],
        )

    @api.model
    def _get_moves_action(self, products, sites):
        locations = self._get_locations(sites).ids
        return self._get_action(
            "stock.stock_move_action",
            [
                ("product_id", "in", products.ids),
                ("state", "in", OPEN_STATES),
                "|",
                "|",
                ("location_id", "in", locations),
                ("location_dest_id", "in", locations),
                ("location_final_id", "in", locations),
            ],
        )

    @api.model
    def _get_claims_action(self, products, sites):
        return self._get_action(
            "oms.action_claim",
            [("product_id", "in", products.ids), ("site_id", "in", sites.ids)],
            {"search_default_active": 1},
        )
