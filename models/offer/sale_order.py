from odoo import fields, models

from ..network.oms_site_barred import Barring


class SaleOrder(models.Model):
    """Sites that declined an order do not get it by themselves later."""

    _inherit = "sale.order"

    oms_offer_ids = fields.One2many(
        "oms.offer", "order_id", string="Offers", groups="base.group_user"
    )

    def _oms_find_given_back(self, moment):
        found = super()._oms_find_given_back(moment)
        # sudo: a plan is made with all answers in sight, whoever asks for it
        for offer in self.sudo().oms_offer_ids:
            if offer.state == "declined" and offer.site_id not in found:
                found[offer.site_id] = Barring(
                    "rejected", self.env._("declined the order when it was offered")
                )
        return found

    def _action_cancel(self):
        # sudo: the salesperson who cancels an order need not have rights on offers
        self.sudo().oms_fulfillment_ids._withdraw_offers()
        return super()._action_cancel()
