from odoo import api, fields, models

from .oms_return import DEAD_STATES, OUTCOME_SELECTION

STATE_SELECTION = [
    ("expected", "Expected"),
    ("partial", "Partly Received"),
    ("received", "Received"),
    ("accepted", "Accepted"),
    ("refused", "Not Accepted"),
    ("missing", "Did Not Come"),
    ("cancelled", "Cancelled"),
]


class OmsReturnLine(models.Model):
    """What of one order line, and of one delivery of it, comes back."""

    _name = "oms.return.line"
    _description = "Return Line"
    _order = "return_id, id"
    _rec_name = "product_id"

    return_id = fields.Many2one(
        "oms.return", required=True, readonly=True, ondelete="cascade", index=True
    )
    order_id = fields.Many2one(related="return_id.order_id", store=True, precompute=True)
    channel_id = fields.Many2one(related="return_id.channel_id", store=True, precompute=True)
    company_id = fields.Many2one(related="return_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="return_id.currency_id")
    return_state = fields.Selection(related="return_id.state", string="State of the Return")
    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order Line", readonly=True, ondelete="restrict", index=True
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    origin_move_id = fields.Many2one(
        "stock.move",
        string="Delivered By",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_user",
        help="The stock move by which the customer got the goods.",
    )
    fulfillment_line_id = fields.Many2one(
        "oms.fulfillment.line",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_user",
    )
    quantity = fields.Float(
        string="Announced",
        digits="Product Unit",
        readonly=True,
        help="What the customer said would come back, in the unit of the product.",
    )
    quantity_received = fields.Float(
        string="Received", digits="Product Unit", compute="_compute_quantities", store=True
    )
    quantity_accepted = fields.Float(
        string="Accepted",
        digits="Product Unit",
        compute="_compute_quantities",
        store=True,
        help="What was received and is paid back or exchanged.",
    )
    lot_ids = fields.Many2many(
        "stock.lot",
        "oms_return_line_lot_rel",
        "line_id",
        "lot_id",
        string="Lots/Serials",
        readonly=True,
        groups="base.group_user",
        help="What the customer says to send back; what was delivered is known to the delivery.",
    )
    reason_id = fields.Many2one("oms.return.reason", ondelete="restrict", index="btree_not_null")
    note = fields.Text(string="Customer's Words")
    photo_ids = fields.Many2many(
        "ir.attachment",
        "oms_return_line_photo_rel",
        "line_id",
        "attachment_id",
        string="Photos",
        groups="base.group_user",
    )
    outcome = fields.Selection(OUTCOME_SELECTION, help="Empty: as the return says.")
    exchange_product_id = fields.Many2one(
        "product.product",
        string="Exchanged For",
        ondelete="restrict",
        help="Empty: for the same product.",
    )
    objection = fields.Text(
        readonly=True,
        help="Why the policy gives nothing for goods that nobody had announced. Somebody decides.",
    )
    price = fields.Float(
        string="Unit Price",
        digits=(16, 6),
        readonly=True,
        help="What the customer paid for one unit of the product, with taxes and discounts.",
    )
    fee = fields.Monetary(help="What is kept back of the price of the line.")
    amount = fields.Monetary(string="Value", compute="_compute_amounts", store=True)
    amount_accepted = fields.Monetary(
        string="Accepted Value", compute="_compute_amounts", store=True
    )
    amount_due = fields.Monetary(string="To Be Given Back", compute="_compute_amounts", store=True)
    settled = fields.Float(
        digits="Product Unit",
        readonly=True,
        copy=False,
        help="For how much the customer got money, an exchange or store credit.",
    )
    state = fields.Selection(STATE_SELECTION, compute="_compute_state", store=True, index=True)
    item_ids = fields.One2many("oms.return.item", "line_id", string="What Came")
    move_ids = fields.One2many(
        "stock.move",
        "oms_return_line_id",
        string="Moves",
        readonly=True,
        groups="base.group_user",
    )

    _quantity_check = models.Constraint(
        "CHECK (quantity >= 0)", "A return cannot announce a negative quantity."
    )
    _fee_check = models.Constraint("CHECK (COALESCE(fee, 0) >= 0)", "A fee cannot be negative.")
    _received_check = models.Constraint(
        "CHECK (COALESCE(quantity_accepted, 0) <= COALESCE(quantity_received, 0))",
        "No more can be accepted than was received.",
    )

    # === COMPUTE METHODS === #

    @api.depends("item_ids.quantity", "item_ids.accepted", "return_id.way", "return_id.state")
    def _compute_quantities(self):
        for line in self:
            if line.return_id.way == "keep":
                # The customer keeps the goods: what is authorized counts as back and accepted.
                waiting = line.return_id.state in ("requested", *DEAD_STATES)
                received = accepted = 0.0 if waiting else line.quantity
            else:
                received = sum(line.item_ids.mapped("quantity"))
                accepted = sum(line.item_ids.filtered("accepted").mapped("quantity"))
            line.quantity_received = received
            line.quantity_accepted = accepted

    @api.depends("quantity", "quantity_accepted", "price", "fee")
    def _compute_amounts(self):
        for line in self:
            currency = line.currency_id or line.company_id.currency_id
            line.amount = currency.round(line.price * line.quantity)
            line.amount_accepted = currency.round(line.price * line.quantity_accepted)
            line.amount_due = max(line.amount_accepted - line.fee, 0.0)

    @api.depends(
        "quantity", "quantity_received", "quantity_accepted", "return_id.state", "item_ids.state"
    )
    def _compute_state(self):
        for line in self:
            line.state = line._get_state()

    def _get_state(self):
        """Return where the line stands, from what came of it.

        :return: a key of the state selection
        :rtype: str
        """
        self.ensure_one()
        state = self.return_id.state
        compare = self.uom_id.compare
        if state == "expired":
            return "missing"
        if state in DEAD_STATES:
            return "cancelled"
        if not self.quantity_received or compare(self.quantity_received, 0.0) <= 0:
            return "missing" if state in ("received", "inspected", "closed") else "expected"
        if state in ("inspected", "closed") or all(
            item.state == "inspected" for item in self.item_ids
        ):
            return "accepted" if compare(self.quantity_accepted, 0.0) > 0 else "refused"
        ended = state not in ("authorized", "in_transit")
        if ended or compare(self.quantity_received, self.quantity) >= 0:
            return "received"
        return "partial"
