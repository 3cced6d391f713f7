from odoo import models


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    def write(self, vals):
        res = super().write(vals)
        if "quantity" in vals and not vals["quantity"]:
            # Nothing is left to be offered: cancelled, given back or planned anew.
            empty = self.fulfillment_id.filtered(
                lambda fulfillment: (
                    fulfillment.offer_state == "open"
                    and not any(fulfillment.line_ids.mapped("quantity"))
                )
            )
            # sudo: who cancels an order need not have rights on offers
            empty.sudo()._withdraw_offers()
        return res
