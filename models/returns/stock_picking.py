from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    oms_return_id = fields.Many2one(
        "oms.return",
        string="Customer Return",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )


class StockMove(models.Model):
    _inherit = "stock.move"

    # Copied on purpose: what is still to come back stays in the return.
    oms_return_line_id = fields.Many2one(
        "oms.return.line",
        string="Return Line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )
