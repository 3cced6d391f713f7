from odoo import api, models

KINDS = {
    "payment.authorize": "oms.payment.task.authorize",
    "payment.capture": "oms.payment.task.capture",
    "payment.void": "oms.payment.task.void",
    "payment.refund": "oms.payment.task.refund",
}


class OmsTask(models.Model):
    _inherit = "oms.task"

    @api.model
    def _get_handlers(self):
        return {**super()._get_handlers(), **KINDS}

    def _cancel(self):
        res = super()._cancel()
        taken_back = self.sudo().filtered(
            lambda task: task.kind in KINDS and task.state == "cancelled"
        )
        for task in taken_back:
            transaction = task._get_handler(task.kind)._get_transaction(task)
            if transaction._oms_is_under_way():
                # Odoo counts what is cancelled as let go by the bank, which was never asked.
                transaction._set_error(self.env._("It was taken back before the bank was asked."))
        return res
