from odoo import api, fields, models
from odoo.fields import Command

KIND_SELECTION = [
    ("channel", "Channel"),
    ("stock", "Stock"),
    ("available", "Available"),
    ("held", "Set Aside for Others"),
    ("left", "Left"),
    ("limit", "Limit"),
    ("own", "Set Aside for the Channel"),
    ("sellable", "Sellable"),
]


class OmsSellable(models.TransientModel):
    """Shows what each channel can sell of a product, and why; changes nothing."""

    _name = "oms.sellable"
    _description = "Sellable by Channel"

    product_id = fields.Many2one(
        "product.product", required=True, domain="[('is_storable', '=', True)]"
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    channel_id = fields.Many2one("oms.channel", help="Empty for all channels.")
    line_ids = fields.One2many(
        "oms.sellable.line", "sellable_id", string="Terms", compute="_compute_line_ids"
    )

    @api.depends("product_id", "channel_id")
    def _compute_line_ids(self):
        channels = self.env["oms.channel"].search([("company_id", "in", self.env.companies.ids)])
        for sellable in self:
            rows = []
            if sellable.product_id:
                chosen = sellable.channel_id or channels
                rows = chosen._explain_sellable(sellable.product_id._origin)
            results = {row["channel_id"]: row for row in rows if row["kind"] == "sellable"}
            lines, last = [Command.clear()], None
            for row in rows:
                if row["channel_id"] != last:
                    last = row["channel_id"]
                    name = channels.browse(last).display_name
                    lines.append(
                        Command.create({**results[last], "kind": "channel", "label": name})
                    )
                lines.append(Command.create(row))
            sellable.line_ids = lines


class OmsSellableLine(models.TransientModel):
    """A term of what a channel can sell."""

    _name = "oms.sellable.line"
    _description = "Term of What a Channel Can Sell"

    sellable_id = fields.Many2one("oms.sellable", required=True, ondelete="cascade")
    channel_id = fields.Many2one("oms.channel")
    kind = fields.Selection(KIND_SELECTION)
    label = fields.Char(string="Term")
    quantity = fields.Float(digits="Product Unit", help="In the product's unit.")
