from odoo import fields, models


class StockReturnPicking(models.TransientModel):
    """Transfers of a return are made as Odoo makes its own, into the site that was chosen."""

    _inherit = "stock.return.picking"

    oms_return_id = fields.Many2one("oms.return", groups="base.group_user")
    oms_site_id = fields.Many2one("oms.site", groups="base.group_user")

    def _prepare_picking_default_values_based_on(self, picking):
        vals = super()._prepare_picking_default_values_based_on(picking)
        if self.oms_return_id:
            vals |= {
                "oms_return_id": self.oms_return_id.id,
                "picking_type_id": self.oms_site_id._get_return_type().id,
                "location_dest_id": self.oms_site_id._get_return_location().id,
                "scheduled_date": self.oms_return_id.expected_at or fields.Datetime.now(),
            }
        return vals


class StockReturnPickingLine(models.TransientModel):
    _inherit = "stock.return.picking.line"

    oms_return_line_id = fields.Many2one("oms.return.line", groups="base.group_user")

    def _prepare_move_default_values(self, new_picking):
        vals = super()._prepare_move_default_values(new_picking)
        wizard = self.wizard_id
        if wizard.oms_return_id:
            warehouse = wizard.oms_site_id.warehouse_id
            vals |= {
                "oms_return_line_id": self.oms_return_line_id.id,
                "warehouse_id": warehouse.id,
                # What is looked at first is to be sold again: it counts as coming to the site.
                "location_final_id": warehouse.lot_stock_id.id,
                "date": wizard.oms_return_id.expected_at or fields.Datetime.now(),
            }
        return vals
