from odoo import models


class SaleOrderLine(models.Model):
    """What is offered is not released before a site accepts it."""

    _inherit = "sale.order.line"

    def _oms_release(self):
        # sudo: whoever confirms an order has sites asked for it
        claims = self.sudo().oms_claim_ids.filtered(lambda claim: claim.state == "active")
        for fulfillment in claims.fulfillment_line_id.fulfillment_id.sorted("id"):
            if fulfillment._is_offerable():
                fulfillment._offer()
        return super()._oms_release()

    def _oms_get_claims_to_release(self):
        claims = super()._oms_get_claims_to_release()
        return claims.filtered(
            lambda claim: claim.fulfillment_line_id.fulfillment_id.offer_state != "open"
        )
