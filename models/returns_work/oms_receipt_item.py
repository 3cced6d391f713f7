from odoo import fields, models


class OmsReceiptItem(models.Model):
    """Goods of a return that somebody has in hand and did not book yet.

    What is scanned, counted and graded at the screen of a site is kept here, so that it can be
    taken back step by step; when the receipt is done it becomes returned items, all at once.
    """

    _name = "oms.receipt.item"
    _description = "Goods Being Received"
    _order = "return_id, id"
    _rec_name = "product_id"

    return_id = fields.Many2one(
        "oms.return", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="return_id.company_id", store=True, precompute=True)
    line_id = fields.Many2one(
        "oms.return.line", string="Return Line", readonly=True, ondelete="cascade"
    )
    sale_line_id = fields.Many2one(
        "sale.order.line", string="Order Line", readonly=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        readonly=True,
        ondelete="restrict",
        help="Empty: nobody knows what it is; the note says what it looks like.",
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial",
        readonly=True,
        ondelete="restrict",
        groups="base.group_user",
    )
    lot_name = fields.Char(
        string="Unknown Lot/Serial",
        readonly=True,
        help="On goods that are not of the order: a number that nobody knows here yet.",
    )
    is_other = fields.Boolean(
        string="Not of the Order", readonly=True, help="Nothing is paid back for it."
    )
    quantity = fields.Float(
        required=True, readonly=True, digits="Product Unit", help="In the unit of the product."
    )
    barcode = fields.Char(readonly=True, help="What was scanned, if nobody knows it.")
    grade_id = fields.Many2one("oms.grade", readonly=True, ondelete="restrict")
    answers = fields.Json(
        readonly=True, help="What was answered to the questions of the check list."
    )
    accepted = fields.Boolean(
        default=True, readonly=True, help="Whether the customer gets something for it."
    )
    disposition = fields.Char(
        readonly=True, help="What is to become of it, if not what is proposed."
    )
    note = fields.Text(readonly=True)
    photo_ids = fields.Many2many(
        "ir.attachment",
        "oms_receipt_item_photo_rel",
        "item_id",
        "attachment_id",
        string="Photos",
        readonly=True,
        groups="base.group_user",
    )
    site_id = fields.Many2one(
        "oms.site", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Received By",
        required=True,
        readonly=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
    )
    received_at = fields.Datetime(
        string="Received", required=True, readonly=True, default=fields.Datetime.now
    )

    _quantity_check = models.Constraint("CHECK (quantity > 0)", "What came is above zero.")

    def _get_answers(self):
        """Return what was answered to the questions.

        :return: "yes" or "no" by id of ``oms.grade.check``, as text
        :rtype: dict[str, str]
        """
        self.ensure_one()
        return {str(each["id"]): each["answer"] for each in self.answers or ()}

    def _prepare_item(self):
        """Return goods as ``oms.return._receive`` takes them.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "quantity": self.quantity,
            "lot_id": self._get_lot().id,
            "unexpected": self.is_other,
            "note": self.note,
            "photo_ids": self.photo_ids.ids,
            "grade_id": self.grade_id.id,
            "checks": self.answers or False,
            "accepted": self.accepted,
            "disposition": self.disposition,
        }

    def _prepare_copy(self):
        """Return the values that make goods as these anew, without their quantity.

        :rtype: dict
        """
        self.ensure_one()
        values = {
            name: self[name].id
            for name in ("return_id", "sale_line_id", "product_id", "lot_id", "grade_id", "site_id")
        }
        for name in ("lot_name", "is_other", "barcode", "answers", "accepted", "disposition"):
            values[name] = self[name]
        return values | {"note": self.note, "photo_ids": [[6, 0, self.photo_ids.ids]]}

    def _lower(self, quantity):
        """Take goods off; the last of them takes the row with it."""
        self.ensure_one()
        left = self.quantity - quantity
        if left > max((self.product_id.uom_id.rounding or 0.01) / 2, 1e-9):
            self.quantity = left
        else:
            self.unlink()

    def _split(self, quantity):
        """Return just so many of the goods, apart from the rest.

        :param float quantity: in the product's unit
        :rtype: oms.receipt.item
        """
        self.ensure_one()
        unit = self.product_id.uom_id
        if unit.compare(quantity, self.quantity) >= 0:
            return self
        self.quantity = unit.round(self.quantity - quantity)
        return self.create({**self._prepare_copy(), "quantity": quantity})

    def _merge(self):
        """Put goods to others of the same kind that nobody graded."""
        self.ensure_one()
        alike = self.return_id.receipt_item_ids.filtered(
            lambda each: (
                each != self
                and not each.grade_id
                and not each.note
                and all(
                    each[name] == self[name]
                    for name in (
                        "sale_line_id",
                        "product_id",
                        "lot_id",
                        "lot_name",
                        "is_other",
                        "site_id",
                    )
                )
            )
        )[:1]
        if alike and not self.note and not self.grade_id:
            alike.quantity += self.quantity
            self.unlink()

    def _get_lot(self):
        """Return the lot, made anew for goods of others whose number nobody knew.

        :rtype: stock.lot
        """
        self.ensure_one()
        if self.lot_id or not self.lot_name:
            return self.lot_id
        vals = {"name": self.lot_name, "product_id": self.product_id.id}
        return self.env["stock.lot"].create(vals)
