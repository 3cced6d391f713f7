from contextlib import contextmanager

from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        with self._oms_watch_given_back():
            return super()._action_done(cancel_backorder=cancel_backorder)

    def _action_cancel(self):
        with self._oms_watch_given_back():
            return super()._action_cancel()

    @contextmanager
    def _oms_watch_given_back(self):
        """Raise an event for orders of which more is open after the block than before.

        The steps run later, in the scheduled job: whoever ships or cancels at a site neither waits
        for what becomes of the rest nor fails with it.
        """
        # sudo: who works at a site need not read the whole order
        with self.sudo().oms_fulfillment_line_id._watch_given_back():
            yield


class OmsFulfillmentLine(models.Model):
    _inherit = "oms.fulfillment.line"

    @contextmanager
    def _watch_given_back(self):
        """Raise an event for orders of which more is open after the block than before."""
        lines = self.filtered(lambda line: line.sale_line_id.state == "sale")
        if not lines or self.env.context.get("oms_launch") in ("cancel", "stop"):
            yield
            return
        orders = lines.sale_line_id.order_id
        before, expected = orders._oms_get_open_units(), lines._get_expected()
        yield
        after = orders._oms_get_open_units()
        given_back = orders.filtered(lambda order: after[order] > before[order] + 1e-9)
        if lines._record_given_back(expected, given_back):
            given_back._oms_raise("fulfillment.rejected")._run_later()
