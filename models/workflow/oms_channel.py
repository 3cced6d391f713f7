from odoo import fields, models


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    workflow_id = fields.Many2one(
        "oms.workflow",
        check_company=True,
        tracking=True,
        default=lambda self: self.env.ref("oms.workflow_standard", raise_if_not_found=False),
        help="What is done when something happens to an order of the channel. Empty: orders are "
        "sourced at once.",
        groups="base.group_user",
    )
    max_attempts = fields.Integer(
        string="Most Attempts",
        default=5,
        help="How often an order is sourced elsewhere by itself after sites gave it back. Then "
        "somebody has to decide.",
        groups="base.group_user",
    )

    _max_attempts_check = models.Constraint(
        "CHECK (max_attempts >= 0)", "An order cannot be sourced fewer than zero times."
    )
