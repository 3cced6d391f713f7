from odoo import models


class IrActionsServer(models.Model):
    """Invoices as steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_invoice(self, orders, events=None):
        """Invoice what has left of the orders, as their payment policies say."""
        texts = {}
        for order in orders:
            if not order._oms_keeps_books():
                texts[order.id] = self.env._(
                    "Not invoiced: %s has no journal of sales.", order.company_id.name
                )
                continue
            invoices = order._oms_invoice()
            names = ", ".join(invoices.mapped("name"))
            texts[order.id] = self.env._("Invoiced: %s.", names) if names else ""
        return texts

    def _run_action_oms_invoice_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
