from odoo import models


class IrActionsServer(models.Model):
    """Lost parcels as steps of workflows."""

    _inherit = "ir.actions.server"

    def _run_oms_lose_parcels(self, orders, events=None):
        """Write off what carriers lost of the orders, so that it is sourced again."""
        texts = {}
        for order in orders:
            lost = order._oms_lose_parcels()
            numbers = ", ".join(lost.mapped("display_name"))
            texts[order.id] = self.env._("Written off: %s.", numbers) if lost else ""
        return texts

    def _run_action_oms_lose_parcels_multi(self, eval_context=None):
        return self._oms_run_from_screen(eval_context)
