from odoo import fields, models
from odoo.exceptions import UserError

from ..words import write_quantity


class StockReturnPicking(models.TransientModel):
    """Transfers of returns are made as Odoo makes its own, and its own become returns."""

    _inherit = "stock.return.picking"

    oms_return_id = fields.Many2one("oms.return", groups="base.group_user")
    oms_site_id = fields.Many2one("oms.site", groups="base.group_user")

    def _prepare_picking_default_values_based_on(self, picking):
        vals = super()._prepare_picking_default_values_based_on(picking)
        if self.oms_site_id and picking == self.picking_id:
            vals |= {
                "picking_type_id": self.oms_site_id._get_return_type().id,
                "location_dest_id": self.oms_site_id._get_return_location().id,
            }
        if self.oms_return_id:
            vals |= {
                "oms_return_id": self.oms_return_id.id,
                "scheduled_date": self.oms_return_id.expected_at or fields.Datetime.now(),
            }
        return vals

    def _create_return(self):
        if not self.oms_return_id:
            self._oms_check_native()
            # What customers bring is looked at before it is sold, whoever makes the transfer.
            self.oms_site_id = self._oms_get_native_site()
        picking = super()._create_return()
        if not self.oms_return_id:
            self.env["oms.return"]._adopt(picking)
        return picking

    def _oms_get_native_site(self):
        """Return the site to which goods of a channel's customer come back by Odoo's own wizard.

        :return: that of the warehouse which Odoo has them come to; empty for other transfers
        :rtype: oms.site
        """
        # sudo: who returns a transfer need not have rights on orders, nor on sites
        delivery = self.sudo().picking_id
        if not delivery.move_ids._oms_filter_at_customer():
            return self.env["oms.site"]
        back = delivery.picking_type_id.return_picking_type_id or delivery.picking_type_id
        return back.warehouse_id.oms_site_ids[:1].sudo(False)

    def _oms_check_native(self):
        """Make sure that what is returned by hand is with the customer, and not announced.

        :raise UserError: more is returned
        """
        # sudo: who returns a transfer need not have rights on the order
        parts = self.sudo().product_return_moves.filtered(
            lambda part: part.quantity and part.move_id in part.move_id._oms_filter_at_customer()
        )
        lines = parts.move_id.sale_line_id
        lines._oms_lock_returns()
        facts = lines._oms_get_return_facts()
        for line in lines.filtered(lambda each: not each.product_id._oms_is_kit(each.company_id)):
            unit = line.product_id.uom_id
            asked = sum(
                part.uom_id._compute_quantity(part.quantity, unit)
                for part in parts
                if part.move_id.sale_line_id == line
            )
            room = line._oms_get_quantity_with_customer() - facts.get_taken(line)
            if unit.compare(asked, room) > 0:
                raise UserError(
                    self.env._(
                        "Of %(product)s no more than %(room)s can come back: the rest is "
                        "back, or being returned (%(returns)s).",
                        product=line.product_id.display_name,
                        room=write_quantity(self.env, max(room, 0.0), unit),
                        returns=", ".join(sorted(facts.returns[line])) or "–",
                    )
                )


class StockReturnPickingLine(models.TransientModel):
    _inherit = "stock.return.picking.line"

    oms_return_line_id = fields.Many2one("oms.return.line", groups="base.group_user")

    def _prepare_move_default_values(self, new_picking):
        vals = super()._prepare_move_default_values(new_picking)
        wizard = self.wizard_id
        # A return of a return belongs to none.
        vals["oms_return_line_id"] = self.oms_return_line_id.id
        # sudo: who returns a transfer need not have rights on the site
        warehouse = wizard.sudo().oms_site_id.warehouse_id
        if warehouse:
            vals |= {
                "warehouse_id": warehouse.id,
                # What is looked at first is to be sold again: it counts as coming to the site.
                "location_final_id": warehouse.lot_stock_id.id,
                # sudo: as above
                "date": wizard.sudo().oms_return_id.expected_at or fields.Datetime.now(),
            }
        return vals


class StockMove(models.Model):
    _inherit = "stock.move"

    def _oms_filter_at_customer(self):
        """Keep the moves by which goods of a channel's orders came to customers."""
        return self.filtered(
            lambda move: (
                move.state == "done"
                and move.sale_line_id.order_id.oms_channel_id
                and move.location_dest_id._is_outgoing()
                and not move.location_id._is_outgoing()
            )
        )


class OmsReturn(models.Model):
    _inherit = "oms.return"

    def _adopt(self, picking):
        """Make a return of a transfer that somebody made in Odoo's own way.

        :param picking: ``stock.picking`` that brings goods back
        :return: the return; none for goods that do not come from a channel's customer, and for
            parts of kits
        :rtype: oms.return
        """
        # sudo: who returns a transfer need not have rights on the order
        moves = picking.sudo().move_ids._oms_filter_coming_back()
        moves = moves.filtered(lambda move: move.product_id == move.sale_line_id.product_id)
        order = moves.sale_line_id.order_id[:1]
        if not moves:
            return self.browse()
        site = picking.picking_type_id.warehouse_id.oms_site_ids[:1]
        policy = self.env["oms.return.policy"].sudo()
        record = self.sudo().create(
            {
                "order_id": order.id,
                "partner_id": order.partner_id.id,
                "channel_id": order.oms_channel_id.id,
                "company_id": order.company_id.id,
                "policy_id": policy._find_for(order.oms_channel_id, order.company_id).id,
                "way": "dropoff",
                "site_id": site.id,
                "state": "authorized",
                "authorized_at": fields.Datetime.now(),
            }
        )
        for move in moves:
            origin = move.origin_returned_move_id
            move.oms_return_line_id = (
                self.env["oms.return.line"]
                .sudo()
                .create(
                    {
                        "return_id": record.id,
                        "sale_line_id": move.sale_line_id.id,
                        "product_id": move.product_id.id,
                        "quantity": move.product_qty,
                        "price": move.sale_line_id._oms_get_return_price(),
                        "origin_move_id": origin.id,
                        "fulfillment_line_id": origin.oms_fulfillment_line_id.id,
                    }
                )
            )
        picking.sudo().oms_return_id = record
        record._raise_event("return.authorized")
        return record
