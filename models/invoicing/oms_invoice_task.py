from odoo import api, models

from ...connectors.outcome import Ok

KIND = "order.invoice"


class OmsInvoiceTask(models.AbstractModel):
    """Invoicing what has left, for orders whose channel has no workflow that says when.

    In a transaction of its own: what keeps an invoice from being made, as a closed period, keeps
    nobody from shipping, and is tried again.
    """

    _name = "oms.invoice.task"
    _description = "Invoice What Has Left"
    _inherit = "oms.task.handler"

    def _get_title(self):
        return self.env._("Invoice what has left")

    def _prepare_call(self, task):
        # There is nobody to be asked outside.
        return lambda: Ok({})

    def _prepare_look(self, task):
        # What is invoiced already is not invoiced again.
        return self._prepare_call(task)

    def _apply(self, task, result):
        # sudo: a task acts for the system
        order = self.env["sale.order"].sudo().browse(task.res_id)
        # Of an order that was deleted meanwhile there is nothing to invoice.
        order.exists()._oms_invoice()

    def _on_unwanted(self, task, result):
        """Do nothing: whoever takes the task back invoices by hand."""


class OmsTask(models.Model):
    _inherit = "oms.task"

    @api.model
    def _get_handlers(self):
        return {**super()._get_handlers(), KIND: "oms.invoice.task"}


class SaleOrder(models.Model):
    """Orders of channels without a workflow are invoiced as their payment policy says."""

    _inherit = "sale.order"

    def _oms_end_plain(self):
        res = super()._oms_end_plain()
        self._oms_filter_plain()._oms_invoice_later()
        return res

    def _oms_invoice_later(self):
        """Have what has left invoiced as soon as it is committed, as the payment policies say.

        Each time that something more has left, or nothing more will, there is a task of its own.

        :return: the tasks, ``oms.task``
        """
        by_itself = self.filtered(
            lambda order: order._oms_get_invoicing() != "none" and order._oms_keeps_books()
        )
        amounts = by_itself._oms_get_amounts()
        return self.env["oms.task"]._enqueue(
            [
                {
                    "kind": KIND,
                    "key": f"{order.id}-{amounts[order].due()}-{amounts[order].still_open()}",
                    "name": self.env._("Invoice what has left of %s", order.name),
                    "company_id": order.company_id.id,
                    "res_model": order._name,
                    "res_id": order.id,
                }
                for order in by_itself
                if any(amounts[order].left().values())
            ]
        )

    def _oms_keeps_books(self):
        """Tell whether the company of the order has a journal of sales.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: whether a company keeps books is nobody's secret
        journals = self.env["account.journal"].sudo()
        domain = journals._check_company_domain(self.company_id)
        return bool(journals.search_count([*domain, ("type", "=", "sale")], limit=1))
