from odoo import fields, models


class OmsOfferDecline(models.TransientModel):
    """Why a site does not take what it is offered."""

    _name = "oms.offer.decline"
    _description = "Decline Offers"

    offer_ids = fields.Many2many("oms.offer", required=True)
    reason_id = fields.Many2one(
        "oms.reject.reason",
        domain=[("offered", "=", True)],
        help="Kept in the history of the site; it changes no stock.",
    )
    note = fields.Char()

    def action_decline(self):
        """Decline the offers.

        :return: an action that closes the dialog
        :rtype: dict
        """
        self.ensure_one()
        self.offer_ids._decline(self.reason_id, self.note)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
