from odoo import fields, models

STATE_SELECTION = [("received", "Received"), ("inspected", "Inspected")]


class OmsReturnItem(models.Model):
    """What really came back: goods of one kind and state, at one site, in one go."""

    _name = "oms.return.item"
    _description = "Returned Item"
    _order = "return_id, id"
    _rec_name = "product_id"

    return_id = fields.Many2one(
        "oms.return", required=True, readonly=True, ondelete="cascade", index=True
    )
    line_id = fields.Many2one(
        "oms.return.line",
        string="Return Line",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="Empty: nobody announced it, and it is of no order line that could be returned.",
    )
    company_id = fields.Many2one(related="return_id.company_id", store=True, precompute=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        groups="base.group_user",
    )
    quantity = fields.Float(
        required=True, readonly=True, digits="Product Unit", help="In the unit of the product."
    )
    state = fields.Selection(STATE_SELECTION, required=True, readonly=True, default="received")
    accepted = fields.Boolean(
        default=True,
        readonly=True,
        help="Whether the customer gets money, an exchange or store credit for it.",
    )
    grade_id = fields.Many2one(
        "oms.grade", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    checks = fields.Json(
        readonly=True, help="What was answered to the questions of the check list."
    )
    note = fields.Text()
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="restrict", index=True
    )
    received_at = fields.Datetime(
        string="Received", required=True, readonly=True, default=fields.Datetime.now
    )
    user_id = fields.Many2one(
        "res.users", string="Received By", readonly=True, default=lambda self: self.env.user
    )
    inspected_at = fields.Datetime(string="Inspected", readonly=True)
    inspector_id = fields.Many2one("res.users", string="Inspected By", readonly=True)
    photo_ids = fields.Many2many(
        "ir.attachment",
        "oms_return_item_photo_rel",
        "item_id",
        "attachment_id",
        string="Photos",
        groups="base.group_user",
    )
    move_ids = fields.Many2many(
        "stock.move",
        "oms_return_item_move_rel",
        "item_id",
        "move_id",
        string="Moves",
        readonly=True,
        groups="base.group_user",
        help="The move by which it came in, and those of its disposition.",
    )

    _quantity_check = models.Constraint("CHECK (quantity > 0)", "What came is above zero.")
