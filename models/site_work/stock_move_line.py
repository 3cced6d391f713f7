from odoo import models


class StockMoveLine(models.Model):
    """What somebody has picked: Odoo's own mark, on a line of its own where it is only a part."""

    _inherit = "stock.move.line"

    def _synchronize_quant(self, quantity, location, action="available", in_date=False, **values):
        if action == "reserved" and self.env.context.get("oms_same_spot"):
            # What moves from one line to another of the same goods stays reserved as it is.
            return 0, False
        return super()._synchronize_quant(
            quantity, location, action=action, in_date=in_date, **values
        )

    def _oms_get_spot(self):
        """Return what tells goods of a move apart: place, lot, package and owner.

        :rtype: tuple
        """
        self.ensure_one()
        return (self.location_id, self.lot_id, self.lot_name, self.package_id, self.owner_id)

    def _oms_speak_product_unit(self):
        """Count the line in the product's unit, so that a part of a dozen is a whole number."""
        for line in self:
            unit = line.product_id.uom_id
            if line.product_uom_id != unit:
                line.with_context(oms_same_spot=True).write(
                    {"quantity": line.quantity_product_uom, "product_uom_id": unit.id}
                )

    def _oms_give(self, quantity, picked):
        """Mark a part of an open line as picked, or as not picked any more.

        :param float quantity: in the product's unit, at most that of the line
        :param bool picked: what becomes of the part; the line is the opposite
        :return: the line that holds the part
        """
        self.ensure_one()
        self._oms_speak_product_unit()
        unit = self.product_id.uom_id
        if unit.compare(quantity, self.quantity) >= 0:
            self.picked = picked
            return self
        spot = self._oms_get_spot()
        twin = self.move_id.move_line_ids.filtered(
            lambda line: (
                line.picked == picked
                and not line.result_package_id
                and line._oms_get_spot() == spot
                and line.product_uom_id == unit
            )
        )[:1]
        # The same goods on two lines: what is reserved of the stock does not change.
        line = self.with_context(oms_same_spot=True)
        line.quantity = unit.round(line.quantity - quantity)
        if twin:
            twin.with_context(oms_same_spot=True).quantity = unit.round(twin.quantity + quantity)
            return twin
        return line._oms_split(quantity, picked)

    def _oms_split(self, quantity, picked):
        """Make a line for a part that was taken off this one.

        :param float quantity: in the unit of the line
        :rtype: ``stock.move.line``
        """
        self.ensure_one()
        # A line without quantity reserves nothing, and then takes over what is reserved already.
        [vals] = self.copy_data({"quantity": 0.0, "picked": picked, "result_package_id": False})
        twin = self.create({**vals, "move_id": self.move_id.id})
        twin.quantity = quantity
        return twin.with_context(oms_same_spot=False)

    def _oms_drop(self, quantity):
        """Take goods off an open line, and give back what is reserved for them.

        :param float quantity: in the product's unit, at most that of the line
        """
        self.ensure_one()
        self._oms_speak_product_unit()
        if self.product_id.uom_id.compare(quantity, self.quantity) >= 0:
            self.unlink()
        else:
            self.quantity = self.product_id.uom_id.round(self.quantity - quantity)

    def _oms_take_part(self, quantity):
        """Put a part of an open line on a line of its own.

        :param float quantity: in the product's unit
        :return: the line with the part
        """
        self.ensure_one()
        self._oms_speak_product_unit()
        unit = self.product_id.uom_id
        if unit.compare(quantity, self.quantity) >= 0:
            return self
        line = self.with_context(oms_same_spot=True)
        line.quantity = unit.round(line.quantity - quantity)
        return line._oms_split(quantity, self.picked)
