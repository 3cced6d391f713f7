from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    oms_credited_line_id = fields.Many2one(
        "account.move.line",
        string="Credits Line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The line of the invoice that is credited by this one.",
        groups="base.group_user",
    )
    oms_credit_line_ids = fields.One2many(
        "account.move.line",
        "oms_credited_line_id",
        string="Credited By",
        readonly=True,
        groups="base.group_user",
    )
