from odoo import models


class IrActionsServer(models.Model):
    """Dispositions as steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_dispose(self, orders, events=None):
        """Do what is proposed with goods of the orders that came back."""
        proposals = self.env["oms.disposition"].search(
            [("return_id.order_id", "in", orders.ids), ("state", "=", "proposed")]
        )
        proposals._carry_out_each()
        texts = {}
        for order in orders:
            done = proposals.filtered(
                lambda each, order=order: each.order_id == order and each.state != "proposed"
            )
            names = ", ".join(done.mapped("display_name"))
            texts[order.id] = self.env._("Done: %s.", names) if names else ""
        return texts

    def _run_action_oms_dispose_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
