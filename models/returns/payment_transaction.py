from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    oms_return_id = fields.Many2one(
        "oms.return",
        string="Customer Return",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="The return that the money goes back for.",
    )
