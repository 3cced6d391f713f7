from odoo import fields, models


class StockMove(models.Model):
    _inherit = "stock.move"

    # Copied on purpose: backorders and the moves that a push rule makes stay in the fulfillment.
    oms_fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line",
        string="Fulfillment Line",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )
