from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsFulfillment(models.Model):
    """A hand-over that went wrong: the goods are back, and wait for their customer again."""

    _inherit = "oms.fulfillment"

    def _undo_collect(self, note=None):
        """Take back that goods were handed over, for it was the wrong customer.

        They come back to the shelf of the site as a return, and new transfers of the same
        fulfillment take them on at once; what is delivered and may be invoiced is right again.

        :param str note: what happened
        :raise AccessError: the user does not work at the site
        :raise UserError: nothing was handed over
        """
        self.ensure_one()
        self._check_may_hand_over()
        self._lock_work()
        # sudo: who works at a site takes back what he did there
        fulfillment = self.sudo()
        lines = fulfillment.line_ids
        back = lines._keep_positive({line: line._get_quantity_arriving() for line in lines})
        if not fulfillment._is_handed_over() or not back:
            raise UserError(self.env._("Nothing of %s was handed over.", self.name))
        if fulfillment.order_id.state != "sale":
            raise UserError(self.env._("%s was cancelled.", fulfillment.order_id.name))
        for line, quantity in back.items():
            line._bring_back(quantity)
        fulfillment._unset_delivered()
        fulfillment._release_again(back)
        fulfillment.write({"pickup_handed_by_id": False, "pickup_identity_checked": False})
        fulfillment._accept()
        fulfillment._pick()
        fulfillment._make_ready(fulfillment.storage_place or None)
        text = self.env._("The hand-over was taken back. %s", note or "").strip()
        fulfillment.message_post(body=text)
        fulfillment.order_id._oms_note(f"{fulfillment.name}: {text}")

    def _release_again(self, quantities):
        """Have Odoo make transfers again of what came back.

        :param dict quantities: in the product's unit by ``oms.fulfillment.line``
        """
        self.env.flush_all()
        self.env["oms.claim"].create(
            [
                {
                    "product_id": line.product_id.id,
                    "site_id": line.site_id.id,
                    "quantity": quantity,
                    "sale_line_id": line.sale_line_id.id,
                    "fulfillment_line_id": line.id,
                }
                for line, quantity in quantities.items()
            ]
        )
        with self.order_id._oms_unlocked():
            self.line_ids.sale_line_id._oms_release()

    def action_undo_collect(self):
        """Take back that the goods were handed over.

        :return: True
        """
        for fulfillment in self:
            fulfillment._undo_collect()
        return True


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    quantity_undone = fields.Float(
        string="Taken Back",
        digits="Product Unit",
        readonly=True,
        help="What was handed over by mistake and came back at once, in the unit of the product.",
    )

    @api.depends("quantity_undone")
    def _compute_quantity_done(self):
        res = super()._compute_quantity_done()
        for line in self:
            line.quantity_done -= line.quantity_undone
        return res

    def _bring_back(self, quantity):
        """Return what was handed over to the shelf, lot by lot.

        :param float quantity: in the product's unit
        """
        self.ensure_one()
        shelf = self.site_id.warehouse_id.lot_stock_id
        left, again = quantity, self.quantity_undone
        lines = self.move_ids._oms_filter_left().move_line_ids.sorted("id")
        for line in lines:
            # What was taken back before is not there to be taken back once more.
            before = min(line.quantity_product_uom, again)
            again = self.uom_id.round(again - before)
            part = min(line.quantity_product_uom - before, left)
            if self.uom_id.compare(part, 0.0) <= 0:
                continue
            left = self.uom_id.round(left - part)
            inside = line.location_id.parent_path.startswith(shelf.parent_path)
            place = line.location_id if inside else shelf
            values = self._prepare_lost_move(line, part, line.location_dest_id, place)
            values |= self._prepare_undone(line.move_id)
            self.env["stock.move"].create(values)._action_done()
        self.quantity_undone += quantity


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("oms_fulfillment_line_ids.quantity_undone")
    def _compute_oms_qty_open(self):
        return super()._compute_oms_qty_open()

    def _oms_get_qty_open(self):
        """Ask again for what was handed over by mistake and came back."""
        open_quantity = super()._oms_get_qty_open()
        # sudo: a salesperson need not have rights on fulfillments
        undone = sum(self.sudo().oms_fulfillment_line_ids.mapped("quantity_undone"))
        return self.product_id.uom_id.round(open_quantity + undone) if undone else open_quantity
