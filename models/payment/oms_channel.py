from odoo import fields, models


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    payment_policy_id = fields.Many2one(
        "oms.payment.policy",
        check_company=True,
        tracking=True,
        default=lambda self: self.env["oms.payment.policy"]._get_default(),
        help="When the money of the channel's orders is taken, and how they are invoiced.",
        groups="base.group_user",
    )
