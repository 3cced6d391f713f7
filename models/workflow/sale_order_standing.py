from contextlib import contextmanager

from odoo import models

#: Events that tell where an order stands after it was sourced.
STANDINGS = ("order.sourced", "order.waiting")
WAITING = ("waiting", "partial")


class SaleOrder(models.Model):
    """Sourcing is followed by an event when an order has all it needs, or comes to wait."""

    _inherit = "sale.order"

    @contextmanager
    def _oms_watch_standing(self):
        """Raise an event for the orders that sourcing, in the block, left otherwise than before.

        Nothing is read or written for orders whose workflow does nothing about it: no event is
        as frequent. The steps run later, in the scheduled job: whatever sources many orders
        neither waits for what becomes of each nor fails with it.
        """
        # sudo: the workflow of a channel is nobody's secret, and acts whoever sources
        watched = self.sudo().filtered(
            lambda order: order.oms_channel_id.workflow_id._has_steps(STANDINGS)
        )
        before = {order: order.oms_state for order in watched}
        yield
        if watched:
            watched._oms_tell_standing(before)

    def _oms_tell_standing(self, before):
        """Raise an event for orders that have all they need now, or came to wait, once each.

        :param dict before: ``oms_state`` before sourcing, by order
        """
        told = self._oms_get_told_standing()
        sourced = self.filtered(
            # Goods that were held for it are the order's before it is sourced.
            lambda order: (
                order.oms_state == "sourced"
                and (before[order] != "sourced" or told.get(order) != "order.sourced")
            )
        )
        waiting = self.filtered(
            lambda order: order.oms_state in WAITING and told.get(order) != "order.waiting"
        )
        events = sourced._oms_raise("order.sourced") | waiting._oms_raise("order.waiting")
        events._run_later()

    def _oms_get_told_standing(self):
        """Return by which event was told last where each order stands, or that it has ended.

        :rtype: dict
        """
        events = self.env["oms.event"].search_fetch(
            [("order_id", "in", self.ids), ("event", "in", (*STANDINGS, "order.cancelled"))],
            ["order_id", "event"],
            order="id",
        )
        return {event.order_id: event.event for event in events}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_source_and_release(self, trigger, strategy=None):
        with self.order_id._oms_watch_standing():
            return super()._oms_source_and_release(trigger, strategy)


class OmsWave(models.Model):
    _inherit = "oms.wave"

    def _write_plans(self, orders, together):
        with orders.exists()._oms_watch_standing():
            return super()._write_plans(orders, together)
