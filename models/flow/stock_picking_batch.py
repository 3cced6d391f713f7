from odoo import fields, models


class StockPickingBatch(models.Model):
    _inherit = "stock.picking.batch"

    oms_proposal_id = fields.Many2one(
        "oms.proposal",
        string="Flow Proposal",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The proposal from which the wave was made.",
    )
