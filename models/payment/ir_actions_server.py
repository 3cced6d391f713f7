from odoo import models


class IrActionsServer(models.Model):
    """Payments as steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_source(self, orders, events=None):
        if self.env.context.get("oms_lowered"):
            return {}
        return super()._run_oms_source(orders, events)

    def _run_oms_capture(self, orders, events=None):
        """Capture what is due for what has left of the orders."""
        return {
            plan.order_id.id: plan._capture_due() for plan in orders._oms_ensure_payment_plans()
        }

    def _run_oms_void(self, orders, events=None):
        """Let go of what is authorized for orders of which nothing more will leave."""
        return {plan.order_id.id: plan._void_rest() for plan in orders._oms_ensure_payment_plans()}

    def _run_oms_refund(self, orders, events=None):
        """Give back what was captured beyond what the orders come to in the end."""
        return {
            plan.order_id.id: plan._refund_surplus() for plan in orders._oms_ensure_payment_plans()
        }

    def _run_oms_authorize(self, orders, events=None):
        """Have what is open of the orders authorized by the saved payment method."""
        return {
            plan.order_id.id: plan._authorize_open() for plan in orders._oms_ensure_payment_plans()
        }

    def _run_action_oms_capture_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_void_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_refund_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)

    def _run_action_oms_authorize_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
