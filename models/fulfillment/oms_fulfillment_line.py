from odoo import api, fields, models

from ..words import write_goods


class OmsFulfillmentLine(models.Model):
    """What one site gives to one order line."""

    _name = "oms.fulfillment.line"
    _description = "Fulfillment Line"
    _order = "fulfillment_id, id"

    fulfillment_id = fields.Many2one(
        "oms.fulfillment", required=True, readonly=True, ondelete="cascade", index=True
    )
    sale_line_id = fields.Many2one(
        "sale.order.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="restrict", index=True
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(
        string="Planned",
        digits="Product Unit",
        readonly=True,
        help="What the site is to give, in the unit of the product.",
    )
    quantity_done = fields.Float(
        string="Shipped",
        digits="Product Unit",
        compute="_compute_quantity_done",
        compute_sudo=True,
    )
    goods_text = fields.Char(
        string="Goods",
        compute="_compute_goods_text",
        help="How much of what, as customers read it.",
    )
    move_ids = fields.One2many(
        "stock.move",
        "oms_fulfillment_line_id",
        string="Moves",
        domain=[("origin_returned_move_id", "=", False)],
        groups="base.group_user",
    )
    claim_ids = fields.One2many(
        "oms.claim", "fulfillment_line_id", string="Claims", groups="base.group_user"
    )
    site_id = fields.Many2one(
        related="fulfillment_id.site_id", store=True, precompute=True, index=True
    )
    company_id = fields.Many2one(related="fulfillment_id.company_id", store=True, precompute=True)

    _quantity_check = models.Constraint(
        "CHECK (quantity >= 0)", "A fulfillment cannot plan a negative quantity."
    )
    _line_uniq = models.UniqueIndex(
        "(fulfillment_id, sale_line_id)", "The order line is in this fulfillment already."
    )

    @api.depends("quantity", "product_id")
    @api.depends_context("lang")
    def _compute_goods_text(self):
        for line in self:
            line.goods_text = line.product_id and write_goods(
                self.env, line.quantity, line.product_id
            )

    @api.depends("move_ids.state", "move_ids.quantity")
    def _compute_quantity_done(self):
        for line in self:
            line.quantity_done = sum(
                move.product_uom._compute_quantity(move.quantity, line.uom_id)
                for move in line.move_ids
                if move.state == "done" and move.location_dest_id._is_outgoing()
            )

    @api.model
    def _keep_positive(self, quantities):
        """Keep the lines of which there is something.

        :param dict quantities: quantity in the product's unit by line
        :rtype: dict
        """
        return {
            line: quantity
            for line, quantity in quantities.items()
            if line.uom_id.compare(quantity, 0.0) > 0
        }

    def _lower_planned(self, quantity):
        """Take a quantity off what the sites are to give.

        Transfers may ask for more than was planned, when somebody raised them by hand.

        :param float quantity: how much less, in the product's unit; what exceeds the plan is
            ignored
        """
        for line in self:
            line.quantity = max(line.quantity - quantity, 0.0)

    def _get_quantity_planned_in_moves(self):
        """Return what transfers carry to the customer, or have carried there, of the line.

        That is what the first steps of the delivery took off the shelf or are to take, without
        what went no further.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        outgoing, _incoming = self.sale_line_id._get_outgoing_incoming_moves(strict=False)
        stranded = self.sale_line_id._oms_get_stranded(outgoing).get(self, 0.0)
        return -stranded + sum(
            move.product_uom._compute_quantity(
                move.quantity if move.state == "done" else move.product_uom_qty, self.uom_id
            )
            for move in outgoing
            if move.oms_fulfillment_line_id == self
        )

    def _is_given_back(self):
        """Tell whether the site cancelled, or shipped less than, what was planned for it.

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.move_ids
            and self.uom_id.compare(self._get_quantity_planned_in_moves(), self.quantity) < 0
        )
