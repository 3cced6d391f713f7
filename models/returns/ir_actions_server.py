from odoo import models


class IrActionsServer(models.Model):
    """Returns in the steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_authorize_returns(self, orders, events=None):
        """Let the customers send or bring what waits for somebody's look."""
        waiting = orders.oms_return_ids.filtered(lambda record: record.state == "requested")
        waiting._authorize()
        return waiting._tell_by_order(self.env._("Authorized: %s."))

    def _run_oms_settle_returns(self, orders, events=None):
        """Give the customers what they want for what was inspected."""
        open_ones = orders.oms_return_ids.filtered(
            lambda record: record.state == "inspected" and record._get_unsettled()
        )
        open_ones._settle()
        return open_ones._tell_by_order(self.env._("Settled: %s."))

    def _run_oms_dispose(self, orders, events=None):
        """Do what is proposed for goods that came back, where nobody decided otherwise."""
        # Searched for: what an order knows of its returns may be copies that a form is still about.
        waiting = self.env["oms.disposition"].search(
            [("return_id.order_id", "in", orders.ids), ("state", "=", "proposed")]
        )
        waiting._carry_out_each()
        done = waiting.filtered(lambda each: each.state != "proposed")
        return done.return_id._tell_by_order(self.env._("Put away: %s."))

    def _run_action_oms_authorize_returns_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_settle_returns_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_dispose_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)


class OmsReturn(models.Model):
    _inherit = "oms.return"

    def _tell_by_order(self, sentence):
        """Return a sentence about returns for each of their orders.

        :param str sentence: with room for the numbers of the returns
        :rtype: dict[int, str]
        """
        return {
            order.id: sentence % ", ".join(records.mapped("name"))
            for order, records in self.grouped("order_id").items()
        }
