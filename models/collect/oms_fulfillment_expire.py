from odoo import fields, models
from odoo.exceptions import UserError


class OmsFulfillment(models.Model):
    """What nobody came for goes back on the shelf, and is ordered no more."""

    _inherit = "oms.fulfillment"

    def _check_any_waits(self):
        if not self:
            raise UserError(self.env._("Nothing of this waits for a customer."))

    def _expire_pickup(self):
        """Give up what customers did not collect: it is put back, and not sourced again.

        The open transfers are cancelled, what lies between two steps of a delivery gets a transfer
        back to its shelf, and the order wants so much less. An order of which nothing was
        delivered or invoiced, and of which nothing else is on its way, is cancelled.
        """
        self._lock_work()
        # sudo: what the time does is nobody's
        waiting = self.sudo().filtered(lambda each: each.pickup_state in ("preparing", "ready"))
        waiting._check_any_waits()
        waiting.pickup_expired_at = fields.Datetime.now()
        reserved = waiting.filtered(lambda each: each._is_reservation())
        orders = waiting.order_id
        reserved._end_reservation()
        for fulfillment in waiting - reserved:
            fulfillment._give_up_open()
        for fulfillment in waiting:
            text = self.env._("Not collected in time: the goods go back on the shelf.")
            fulfillment.message_post(body=text)
            fulfillment.order_id._oms_note(f"{fulfillment.name}: {text}")
        waiting._tell_customer("expired")
        orders._oms_raise("fulfillment.expired")._run_later()

    def _give_up_open(self, quantities=None):
        """Have the order want no more what the site has not handed over; cancel it if that is all.

        :param dict quantities: quantity in the product's unit by ``oms.fulfillment.line``; all
            that is open when None
        """
        self.ensure_one()
        order, lines = self.order_id, self.line_ids
        if quantities is None:
            quantities = {line: line._get_quantity_open() for line in lines}
        quantities = lines._keep_positive(quantities)
        for line, quantity in quantities.items():
            line._stop(quantity)
        stopped = {line.sale_line_id: quantity for line, quantity in quantities.items()}
        if order._oms_is_wanted_no_more(stopped):
            order.with_context(disable_cancel_warning=True)._action_cancel()
        else:
            with order._oms_unlocked():
                for line, quantity in quantities.items():
                    line.sale_line_id._oms_lower_by(quantity)
        # After the order, which would take these transfers with it.
        lines._carry_back()

    def action_expire_pickup(self):
        """Give up now what nobody came for.

        :return: True
        :raise UserError: nothing waits
        """
        self._check_may_hand_over()
        self._expire_pickup()
        return True


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _oms_is_wanted_no_more(self, stopped):
        """Tell whether nothing of an order was delivered or invoiced, and nothing else is to come.

        :param dict stopped: what was just stopped and is not to be sourced again, in the product's
            unit by order line
        :rtype: bool
        """
        self.ensure_one()
        lines = self.order_line
        if any(line.qty_delivered or line.qty_invoiced for line in lines):
            return False
        waiting = lines.filtered(
            lambda line: (
                line._oms_is_orchestrated()
                and line.product_id.uom_id.compare(line._oms_get_qty_open(), stopped.get(line, 0.0))
                > 0
            )
        )
        under_way = lines.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and not move.origin_returned_move_id
        )
        claimed = lines.oms_claim_ids.filtered(lambda claim: claim.state == "active")
        return not (waiting or under_way or claimed)
