from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column


class StockPicking(models.Model):
    _inherit = "stock.picking"

    oms_fulfillment_id = fields.Many2one(
        "oms.fulfillment",
        string="Fulfillment",
        compute="_compute_oms_fulfillment_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    def _auto_init(self):
        """Create the stored compute empty: transfers from before the addon fulfill nothing."""
        if not column_exists(self.env.cr, self._table, "oms_fulfillment_id"):
            create_column(self.env.cr, self._table, "oms_fulfillment_id", "int4")
        return super()._auto_init()

    @api.depends("move_ids.oms_fulfillment_line_id", "move_ids.origin_returned_move_id")
    def _compute_oms_fulfillment_id(self):
        for picking in self:
            moves = picking.move_ids.filtered(lambda move: not move.origin_returned_move_id)
            picking.oms_fulfillment_id = moves.oms_fulfillment_line_id.fulfillment_id[:1]
