from odoo import api, fields, models


class OmsFulfillmentLine(models.Model):
    """What a supplier is asked to send to the customer."""

    _inherit = "oms.fulfillment.line"

    purchase_line_ids = fields.One2many(
        "purchase.order.line",
        "oms_fulfillment_line_id",
        string="Purchase Lines",
        readonly=True,
        groups="purchase.group_purchase_user",
    )

    def _get_quantity_planned_in_moves(self):
        # A request for quotation has no transfer yet, but asks for the goods all the same.
        # sudo: who sells need not see purchases
        return super()._get_quantity_planned_in_moves() + (
            self.sudo().purchase_line_ids._oms_get_quantity()
        )

    def _is_given_back(self):
        given_back = super()._is_given_back()
        # sudo: who sells need not see purchases
        if given_back or not self.sudo().purchase_line_ids:
            return given_back
        return self.uom_id.compare(self._get_quantity_planned_in_moves(), self.quantity) < 0


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    purchase_ids = fields.Many2many(
        "purchase.order",
        string="Purchases",
        compute="_compute_purchase_ids",
        groups="purchase.group_purchase_user",
    )
    purchase_count = fields.Integer(
        compute="_compute_purchase_ids", groups="purchase.group_purchase_user"
    )

    def _compute_purchase_ids(self):
        for fulfillment in self:
            # sudo: how many there are; to open them takes rights of one's own
            purchases = fulfillment.sudo().line_ids.purchase_line_ids.order_id
            fulfillment.purchase_ids = purchases
            fulfillment.purchase_count = len(purchases)

    @api.depends("line_ids.purchase_line_ids.state", "line_ids.purchase_line_ids.product_qty")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        if state not in ("planned", "rejected", "cancelled") or self.order_id.state == "cancel":
            return state
        # sudo: who sells need not see purchases
        lines = self.sudo().line_ids.purchase_line_ids
        if lines._oms_get_quantity():
            return "released"
        return "rejected" if state == "planned" and lines and self._is_refused() else state

    @api.depends("line_ids.purchase_line_ids")
    def _compute_moments(self):
        return super()._compute_moments()

    def _get_released_at(self):
        # sudo: who sells need not see purchases
        asked = self.sudo().line_ids.purchase_line_ids.mapped("create_date")
        return super()._get_released_at() or min(filter(None, asked), default=False)

    def _is_refused(self):
        """Tell whether the supplier was asked, and is to send nothing any more."""
        return not self.line_ids.claim_ids.filtered(lambda claim: claim.state == "active")

    def action_view_purchases(self):
        """Open the purchases by which suppliers are asked to send the goods.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("purchase.purchase_rfq")
        purchases = self.purchase_ids
        action["domain"] = [("id", "in", purchases.ids)]
        action["context"] = {}
        if len(purchases) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = purchases.id
        return action
