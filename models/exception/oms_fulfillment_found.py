from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class OmsFulfillment(models.Model):
    """Goods that were told to be lost, and reached the customer after all."""

    _inherit = "oms.fulfillment"

    can_find = fields.Boolean(compute="_compute_can_find", groups="base.group_user")

    @api.depends("line_ids.quantity_lost")
    @api.depends_context("uid")
    def _compute_can_find(self):
        allowed = self.env.user.has_group("oms.group_order_operator")
        for fulfillment in self:
            fulfillment.can_find = allowed and any(fulfillment.line_ids.mapped("quantity_lost"))

    def _find_again(self, quantities=None, note=None):
        """Take back that goods were lost: the customer has them.

        They count as delivered again. What was to replace them is stopped where no site has
        shipped it yet; where one has, the order becomes a conflict.

        :param dict quantities: quantity in the product's unit by ``oms.fulfillment.line``; all
            that was lost when None
        :param str note: what else there is to say
        :raise AccessError: somebody tries who is no order operator
        :raise UserError: nothing was lost
        :raise ValidationError: a quantity is not above zero, or more than was lost
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_order_operator"):
            raise AccessError(self.env._("Only order operators tell that parcels were found."))
        # sudo: who follows orders need not have rights on all stock moves
        fulfillments = self.sudo()
        lines = fulfillments.line_ids
        if quantities is None:
            quantities = lines._keep_positive({line: line.quantity_lost for line in lines})
        else:
            quantities = {line.sudo(): quantity for line, quantity in quantities.items()}
        if not quantities:
            raise UserError(self.env._("Nothing of this was lost."))
        for line, quantity in quantities.items():
            line._check_can_find(quantity, fulfillments)
        for line, quantity in quantities.items():
            line._find_again(quantity)
        fulfillments._note_found(quantities, note)
        union = self.env["oms.fulfillment.line"].sudo().union(*quantities)
        union.sale_line_id._oms_stop_replacement()

    def _note_found(self, quantities, note):
        for fulfillment in self:
            what = ", ".join(
                f"{quantity:g} {line.product_id.display_name}"
                for line, quantity in quantities.items()
                if line.fulfillment_id == fulfillment
            )
            text = self.env._(
                "Found again, and with the customer: %(what)s from %(site)s. %(note)s",
                what=what,
                site=fulfillment.site_id.name,
                note=note or "",
            ).strip()
            fulfillment.message_post(body=text)
            fulfillment.order_id._oms_note(text)

    def action_find_again(self):
        """Take back that all of this was lost.

        :return: True
        :raise UserError: nothing was lost
        """
        self._find_again()
        return True


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    def _check_can_find(self, quantity, fulfillments):
        if not self._is_part(quantity, self.quantity_lost, fulfillments):
            raise ValidationError(
                self.env._(
                    "%(quantity)s of %(product)s cannot be found again: %(lost)s were lost.",
                    quantity=f"{quantity:g}",
                    product=self.product_id.display_name,
                    lost=f"{self.quantity_lost:g}",
                )
            )

    def _find_again(self, quantity):
        """Bring back what was written off, and hand it to the customer."""
        self.ensure_one()
        place = self.site_id._get_not_for_sale_location()
        loss = self.product_id.with_company(self.company_id).property_stock_inventory
        left = quantity
        lost = self.move_ids.returned_move_ids.filtered(
            lambda move: move.state == "done" and move.location_dest_id == place
        )
        for back in lost.sorted("id", reverse=True):
            found = sum(back.returned_move_ids.mapped("quantity"))
            for line in back.move_line_ids:
                part = min(line.quantity_product_uom - found, left)
                found = max(found - line.quantity_product_uom, 0.0)
                if self.uom_id.compare(part, 0.0) <= 0:
                    continue
                left = self.uom_id.round(left - part)
                here = self._prepare_lost_move(line, part, loss, place)
                here |= {"is_inventory": True, "inventory_name": self.env._("Found again")}
                away = self._prepare_lost_move(line, part, place, back.location_id)
                away |= self._prepare_undone(back)
                for values in (here, away):
                    self.env["stock.move"].create(values)._action_done()
        self.quantity_lost = self.uom_id.round(self.quantity_lost - quantity)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_stop_replacement(self):
        """Stop what is under way beyond what is ordered, as far as no site has shipped it."""
        self._oms_reduce_excess()
        for line in self:
            excess = -line._oms_get_qty_open()
            if line.product_id.uom_id.compare(excess, 0.0) > 0:
                line.order_id._oms_mark_conflict(
                    self.env._(
                        "Found again after it was replaced: the customer gets %(quantity)s "
                        "%(product)s too much.",
                        quantity=f"{excess:g}",
                        product=line.product_id.display_name,
                    )
                )
