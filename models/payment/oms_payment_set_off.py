from odoo import fields, models

from .oms_payment_plan import LEDGER_ONLY


class OmsPaymentPlan(models.Model):
    """What customers are credited pays first what they still owe; only the rest goes back."""

    _inherit = "oms.payment.plan"

    set_off = fields.Monetary(
        readonly=True,
        help="What the customer was credited for returns, and paid with it what was still owed.",
    )

    def _set_off(self, most):
        """Set what the customer is credited off against what is still owed for the order.

        What was authorized for it and is not needed any more is let go.

        :param float most: what the customer is credited, in the currency of the order
        :return: how much of it paid what was owed
        :rtype: float
        """
        self.ensure_one()
        currency = self.currency_id
        part = currency.round(min(most, self._get_owed()))
        if currency.compare_amounts(part, 0.0) <= 0:
            return 0.0
        self.set_off += part
        self._refresh_receivable()
        if self.method not in LEDGER_ONLY:
            self._void_rest()
        return part

    def _get_owed(self):
        """Return what the customer owes for what has left, in the currency of the order.

        Neither taken by a provider nor about to be, nor paid past them by the books. Where
        providers take nothing the books alone know, so nothing is owed before it is invoiced.
        """
        self.ensure_one()
        order = self.order_id
        if self.method in LEDGER_ONLY:
            return order._oms_get_owed_in_books() or 0.0
        return order._oms_get_due_amount()
