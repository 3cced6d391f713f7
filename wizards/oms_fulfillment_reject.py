from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsFulfillmentReject(models.TransientModel):
    """Asks why a site gives goods back, or what was lost on its way, and how much."""

    _name = "oms.fulfillment.reject"
    _description = "Give Goods Back"

    fulfillment_ids = fields.Many2many("oms.fulfillment", required=True, readonly=True)
    lost = fields.Boolean(readonly=True, help="Shipped and lost, instead of given back.")
    reason_id = fields.Many2one("oms.reject.reason", domain="[('offered', '=', True)]")
    stock_effect = fields.Selection(related="reason_id.stock_effect")
    note = fields.Text(help="What the people who follow the order should know.")
    line_ids = fields.One2many(
        "oms.fulfillment.reject.line",
        "wizard_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("fulfillment_ids", "lost")
    def _compute_line_ids(self):
        for wizard in self:
            commands = [fields.Command.clear()]
            # sudo: who works at a site sees how much of its work is open
            for line in wizard.fulfillment_ids._origin.sudo().line_ids:
                quantity = (
                    line._get_quantity_arriving() if wizard.lost else line._get_quantity_open()
                )
                if line.uom_id.compare(quantity, 0.0) > 0:
                    commands.append(
                        fields.Command.create(
                            {
                                "fulfillment_line_id": line.id,
                                "quantity_open": quantity,
                                "quantity": quantity,
                            }
                        )
                    )
            wizard.line_ids = commands

    def action_confirm(self):
        """Give the quantities back, or write them off as lost.

        :return: True
        :raise UserError: see ``oms.fulfillment._reject`` and ``_lose``
        """
        self.ensure_one()
        quantities = {
            line.fulfillment_line_id: line.quantity
            for line in self.line_ids
            if line.uom_id.compare(line.quantity, 0.0) != 0
        }
        if self.lost:
            self.fulfillment_ids._lose(quantities, self.note)
            return True
        if not self.reason_id:
            raise UserError(self.env._("Choose a reason first."))
        self.fulfillment_ids._reject(self.reason_id, quantities, self.note)
        return True


class OmsFulfillmentRejectLine(models.TransientModel):
    _name = "oms.fulfillment.reject.line"
    _description = "Goods to Give Back"

    wizard_id = fields.Many2one("oms.fulfillment.reject", required=True, ondelete="cascade")
    fulfillment_line_id = fields.Many2one("oms.fulfillment.line", required=True, ondelete="cascade")
    product_id = fields.Many2one(related="fulfillment_line_id.product_id")
    uom_id = fields.Many2one(related="product_id.uom_id")
    quantity_open = fields.Float(string="Open", digits="Product Unit", readonly=True)
    quantity = fields.Float(
        digits="Product Unit", help="How much it concerns; zero leaves the goods as they are."
    )
