from odoo import fields, models
from odoo.fields import Domain

from .oms_return import OPEN_STATES


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

    def _oms_is_open_at(self, site):
        """Tell whether the transfer is still to bring goods to a site.

        :param site: ``oms.site``
        :rtype: bool
        """
        self.ensure_one()
        return (
            self.state not in ("draft", "done", "cancel")
            and self.picking_type_id.warehouse_id == site.warehouse_id
            and self.location_dest_id == site._get_return_location()
        )

    def _find_auto_batch(self):
        """Returns are taken in one by one."""
        # sudo: who makes a transfer need not see what it is for
        return False if self.sudo().oms_return_id else super()._find_auto_batch()

    def _get_possible_pickings_domain(self):
        return super()._get_possible_pickings_domain() & Domain("oms_return_id", "=", False)

    def action_cancel(self):
        """Of a return whose transfers are all cancelled nothing more comes."""
        res = super().action_cancel()
        # sudo: who cancels a transfer need not have rights on returns
        for record in self.sudo().oms_return_id.filtered(lambda each: each.state in OPEN_STATES):
            if all(picking.state in ("cancel", "done") for picking in record.picking_ids):
                if record.item_ids:
                    record._finish_receipt()
                else:
                    record._cancel()
        return res
