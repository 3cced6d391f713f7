from odoo import fields, models


class OmsChannel(models.Model):
    """What customers of the channel may bring back."""

    _inherit = "oms.channel"

    return_policy_id = fields.Many2one(
        "oms.return.policy",
        check_company=True,
        ondelete="restrict",
        tracking=True,
        groups="base.group_user",
        help="What may be returned, until when and for what. Empty: the first policy of the "
        "company.",
    )
