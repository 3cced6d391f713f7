from markupsafe import Markup

from odoo import models
from odoo.exceptions import UserError

OPEN_STATES = ("waiting", "confirmed", "partially_available", "assigned")


class OmsAuditLine(models.Model):
    """Ways to what a click cannot repair: somebody has to decide who gets the goods."""

    _inherit = "oms.audit.line"

    def _get_locations(self):
        return self.env["stock.location"].search([("oms_position_site_id", "=", self.site_id.id)])

    def _get_competing_domain(self):
        """Return the domain of the open moves that take the goods."""
        self.ensure_one()
        locations = self._get_locations().ids
        return [
            ("product_id", "=", self.product_id.id),
            ("state", "in", OPEN_STATES),
            ("location_id", "in", locations),
            "!",
            "|",
            "&",
            ("location_final_id", "!=", False),
            ("location_final_id", "in", locations),
            "&",
            ("location_final_id", "=", False),
            ("location_dest_id", "in", locations),
        ]

    def _get_competing_orders(self):
        """Return the orders that the goods are promised to, newest first."""
        moves = self.env["stock.move"].search(self._get_competing_domain())
        # sudo: the orders are shown with the rights of their reader
        claims = (
            self.env["oms.claim"]
            .sudo()
            .search(
                [
                    ("product_id", "=", self.product_id.id),
                    ("site_id", "=", self.site_id.id),
                    ("state", "=", "active"),
                ]
            )
        )
        orders = moves.sudo().sale_line_id.order_id | claims.order_id
        return self.env["sale.order"].search([("id", "in", orders.ids)])

    def action_view_competing_moves(self):
        """Open the transfers that take the goods, newest first.

        :return: a window action
        :rtype: dict
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Competing Transfers"),
            "res_model": "stock.move",
            "views": [(self.env.ref("oms.view_audit_move_list").id, "list"), (False, "form")],
            "domain": self._get_competing_domain(),
            "help": Markup('<p class="o_view_nocontent_smiling_face">%s</p>')
            % self.env._("No open transfer takes these goods"),
        }

    def action_view_competing_orders(self):
        """Open the orders that the goods are promised to, newest first.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_order")
        action["domain"] = [("id", "in", self._get_competing_orders().ids)]
        action["context"] = {}
        return action

    def action_view_claims(self):
        """Open the active claims on the goods, newest first.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_claim")
        action["domain"] = [
            ("product_id", "=", self.product_id.id),
            ("site_id", "=", self.site_id.id),
        ]
        action["context"] = {"search_default_active": 1}
        return action

    def action_view_quants(self):
        """Open the stock records of the goods.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("stock.stock_quant_action")
        action["domain"] = [
            ("product_id", "=", self.product_id.id),
            ("location_id.warehouse_id", "=", self.site_id.warehouse_id.id),
        ]
        action["context"] = {}
        return action

    def action_source_again(self):
        """Source what is open of the orders that the goods are promised to.

        An order of which a site gave goods back, by cancelling a transfer, is served by others.

        :return: a notification that tells what became of the orders
        :rtype: dict
        :raises UserError: none of these orders waits for a site
        """
        self.env["oms.audit"]._check_manager()
        orders = self._get_competing_orders() | self._get_records("sale.order")
        waiting = orders.filtered(lambda order: order.oms_state in ("waiting", "partial"))
        if not waiting:
            raise UserError(
                self.env._(
                    "None of these orders waits for a site. Cancel the transfer of one of them: "
                    "its goods are then sourced from other sites."
                )
            )
        res = waiting.action_oms_source()
        self.sudo()._log(self.env._("Orders sourced again by %s:", self.env.user.name))
        return res
