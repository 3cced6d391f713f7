from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class OmsFulfillment(models.Model):
    """Shipped goods that never reach the customer."""

    _inherit = "oms.fulfillment"

    state = fields.Selection(selection_add=[("lost", "Lost")], ondelete={"lost": "cascade"})
    can_lose = fields.Boolean(compute="_compute_can_lose", groups="base.group_user")

    @api.depends("line_ids.quantity_lost")
    def _compute_state(self):
        return super()._compute_state()

    def _get_state(self):
        state = super()._get_state()
        lines = self.line_ids.filtered("quantity_done")
        lost = all(
            line.uom_id.compare(line.quantity_lost, line.quantity_done) >= 0 for line in lines
        )
        return "lost" if state in ("shipped", "delivered") and lines and lost else state

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_lose(self):
        allowed = self.env.user.has_group("oms.group_order_operator")
        for fulfillment in self:
            fulfillment.can_lose = allowed and any(
                line.uom_id.compare(line._get_quantity_arriving(), 0.0) > 0
                for line in fulfillment.sudo().line_ids
            )

    def _lose(self, quantities=None, note=None):
        """Write shipped goods off as lost on their way; as much is sourced again.

        As Odoo does it by hand: the goods come back to the site, where nothing is sold, and leave
        its stock as a loss. So what is delivered and what may be invoiced is right again.

        :param dict quantities: quantity in the product's unit by ``oms.fulfillment.line``; all
            that was shipped and did not come back when None
        :param str note: what else there is to say
        :raise AccessError: somebody tries who is no order operator
        :raise UserError: nothing was shipped
        :raise ValidationError: a quantity is not above zero, or more than was shipped
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_order_operator"):
            raise AccessError(self.env._("Only order operators tell that parcels are lost."))
        # sudo: who follows orders need not have rights on all stock moves
        fulfillments = self.sudo()
        if quantities is None:
            lines = fulfillments.line_ids
            arriving = {line: line._get_quantity_arriving() for line in lines}
            quantities = lines._keep_positive(arriving)
        else:
            quantities = {line.sudo(): quantity for line, quantity in quantities.items()}
        if not quantities:
            raise UserError(self.env._("Nothing of this was shipped that could be lost."))
        for line, quantity in quantities.items():
            line._check_can_lose(quantity, fulfillments)
        for line, quantity in quantities.items():
            line._lose(quantity)
        fulfillments._note_lost(quantities, note)
        fulfillments.order_id._oms_raise("parcel.lost")._run_later()

    def _note_lost(self, quantities, note):
        for fulfillment in self:
            what = ", ".join(
                f"{quantity:g} {line.product_id.display_name}"
                for line, quantity in quantities.items()
                if line.fulfillment_id == fulfillment
            )
            text = self.env._(
                "Lost on the way from %(site)s: %(what)s. %(note)s",
                site=fulfillment.site_id.name,
                what=what,
                note=note or "",
            ).strip()
            fulfillment.message_post(body=text)
            fulfillment.order_id._oms_note(text)

    def action_lose(self):
        """Ask what was lost.

        :return: a window action
        :rtype: dict
        :raise UserError: nothing was shipped
        """
        if not any(self.mapped("can_lose")):
            raise UserError(self.env._("Nothing of this was shipped that could be lost."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Lost on the Way"),
            "res_model": "oms.fulfillment.reject",
            "view_mode": "form",
            "target": "new",
            "context": {"default_fulfillment_ids": self.ids, "default_lost": True},
        }


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    quantity_lost = fields.Float(
        string="Lost",
        digits="Product Unit",
        readonly=True,
        help="What was shipped and never reached the customer, in the unit of the product.",
    )

    def _get_quantity_arriving(self):
        """Return what was shipped and neither came back nor was lost.

        :return: quantity in the product's unit
        :rtype: float
        """
        self.ensure_one()
        line = self.sale_line_id
        delivered = line.product_uom_id._compute_quantity(line.qty_delivered, self.uom_id)
        return max(min(self.quantity_done - self.quantity_lost, delivered), 0.0)

    def _check_can_lose(self, quantity, fulfillments):
        there = self._get_quantity_arriving()
        if not self._is_part(quantity, there, fulfillments):
            raise ValidationError(
                self.env._(
                    "%(quantity)s of %(product)s cannot be lost: %(there)s were shipped and did "
                    "not come back.",
                    quantity=f"{quantity:g}",
                    product=self.product_id.display_name,
                    there=f"{there:g}",
                )
            )

    def _lose(self, quantity):
        """Write off what was shipped; see ``oms.fulfillment._lose``."""
        self.ensure_one()
        place = self.site_id._get_not_for_sale_location()
        loss = self.product_id.with_company(self.company_id).property_stock_inventory
        left = quantity
        shipped = self.move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id._is_outgoing()
        )
        for line in shipped.move_line_ids.sorted("id", reverse=True):
            part = min(line.quantity_product_uom, left)
            if self.uom_id.compare(part, 0.0) <= 0:
                break
            left = self.uom_id.round(left - part)
            back = self._prepare_lost_move(line, part, line.location_dest_id, place)
            back |= self._prepare_undone(line.move_id)
            away = self._prepare_lost_move(line, part, place, loss)
            away |= {"is_inventory": True, "inventory_name": self.env._("Lost on the way")}
            for values in (back, away):
                self.env["stock.move"].create(values)._action_done()
        self.quantity_lost += quantity

    def _is_part(self, quantity, most, fulfillments):
        """Tell whether a quantity of the line, of one of the fulfillments, is above zero and there.

        :param float most: how much is there, in the unit of the product
        """
        return (
            self.fulfillment_id in fulfillments
            and self.uom_id.compare(quantity, 0.0) > 0
            and self.uom_id.compare(quantity, most) <= 0
        )

    def _prepare_undone(self, move):
        """Return the values of a move by which another one of the order counts no more."""
        return {
            "origin_returned_move_id": move.id,
            "sale_line_id": self.sale_line_id.id,
            "to_refund": True,
        }

    def _prepare_lost_move(self, line, quantity, source, target):
        values = {
            "product_id": self.product_id.id,
            "location_id": source.id,
            "location_dest_id": target.id,
            "company_id": self.company_id.id,
        }
        return {
            **values,
            # Odoo takes the rule of the first move of each warehouse for the one that delivers.
            "warehouse_id": self.site_id.warehouse_id.id,
            "product_uom": self.uom_id.id,
            "product_uom_qty": quantity,
            "origin": self.fulfillment_id.name,
            "state": "confirmed",
            "picked": True,
            "move_line_ids": [
                fields.Command.create(
                    {
                        **values,
                        "product_uom_id": self.uom_id.id,
                        "quantity": quantity,
                        "lot_id": line.lot_id.id,
                    }
                )
            ],
        }
