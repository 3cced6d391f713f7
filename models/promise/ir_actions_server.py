from odoo import models


class IrActionsServer(models.Model):
    """Promises as steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_promise(self, orders, events=None):
        """Promise a date for what was sourced and has none yet."""
        orders._oms_promise()
        return {order.id: order._oms_describe_promise() for order in orders}

    def _run_oms_promise_anew(self, orders, events=None):
        """Promise the orders at risk for another date, and tell the customers."""
        template = self.oms_template_id or self.env.ref(
            "oms.mail_promise_anew", raise_if_not_found=False
        )
        return orders._oms_promise_again_if_needed(template)

    def _run_action_oms_promise_anew_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_promise_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
