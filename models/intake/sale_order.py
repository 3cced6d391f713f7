from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    oms_import_id = fields.Many2one(
        "oms.import",
        string="Import",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
    )

    def action_confirm(self):
        # What channels sent keeps its date, and is confirmed apart from what takes now.
        imported = self.filtered("oms_content_hash")
        if imported and imported != self:
            return (
                super(SaleOrder, imported).action_confirm()
                and super(SaleOrder, self - imported).action_confirm()
            )
        return super().action_confirm()

    def _prepare_confirmation_values(self):
        """Keep the date at which an order was placed that a channel or a file brought."""
        values = super()._prepare_confirmation_values()
        if self and all(order.oms_content_hash for order in self):
            values.pop("date_order", None)
        return values
