from odoo import models
from odoo.exceptions import UserError

from .oms_payment_plan import LEDGER_ONLY


class OmsPaymentPlan(models.Model):
    """Taking what is due for what has left, and letting go of what never will."""

    _inherit = "oms.payment.plan"

    def _capture_due(self):
        """Capture what is due for what has left, a capture for each fulfillment.

        What is not authorized becomes a receivable: goods that left do not come back for it.

        :return: what came of it, for people
        :rtype: str
        """
        self.ensure_one()
        order = self.order_id
        order._oms_hold_payment()
        if self.method in LEDGER_ONLY:
            return self.env._("Nothing is captured: %s.", self._get_method_name())
        shares = order.oms_fulfillment_ids._oms_get_capture_amounts()
        made = self.env["payment.transaction"]
        for fulfillment, amount in shares.items():
            made |= self._capture_share(fulfillment, amount)
        self._refresh_receivable()
        if self.receivable and not made:
            self._tell_missing()
        format_money = self.currency_id.format
        texts = []
        if made:
            total = format_money(sum(made.mapped("amount")))
            texts.append(self.env._("Capture of %s asked for.", total))
        if self.receivable:
            texts.append(self.env._("Not authorized: %s.", format_money(self.receivable)))
        return " ".join(texts)

    def _capture_share(self, fulfillment, amount):
        """Capture a shipment's share of the order, as far as it is authorized."""
        everything = sum(root._oms_get_capturable() for root in self._get_open_roots())
        wanted = everything if self.method == "full" and amount else amount
        amount = self.currency_id.round(min(wanted, everything))
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return self.env["payment.transaction"]
        return self.order_id._oms_request_capture(amount, fulfillment)

    def _tell_missing(self):
        order = self.order_id
        order._oms_raise_payment("payment.capture_refused")
        self._alert(
            self.env._(
                "%(amount)s of what has left of %(order)s is not authorized, so it cannot be "
                "captured. Send the customer a payment link, or have it authorized by a saved "
                "payment method.",
                amount=self.currency_id.format(self.receivable),
                order=order.name,
            )
        )

    def _void_rest(self):
        """Let go of what is authorized once nothing more will leave.

        :return: what came of it, for people
        :rtype: str
        """
        self.ensure_one()
        order = self.order_id
        if self.currency_id.compare_amounts(order._oms_get_open_amount(), 0.0) > 0:
            return self.env._("Nothing is let go: goods are still to leave.")
        order._oms_hold_payment()
        left = sum(root._oms_get_capturable() for root in self._get_open_roots())
        due = order._oms_get_due_amount()
        amount = self.currency_id.round(left - due)
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return ""
        order._oms_request_void(amount)
        return self.env._("Let go of %s.", self.currency_id.format(amount))

    def _refund_surplus(self):
        """Give back what was captured beyond what the order comes to in the end.

        That is what a cancelled order was paid with, and what was captured with the first shipment
        for goods that never left. What comes back is refunded by its return.

        :return: what came of it, for people
        :rtype: str
        """
        self.ensure_one()
        order = self.order_id
        if self.currency_id.compare_amounts(order._oms_get_open_amount(), 0.0) > 0:
            return ""
        order._oms_hold_payment()
        amounts = order._oms_get_amounts()[order]
        due = amounts.step.amount(amounts.due())
        surplus = self.captured - self._get_refunded_surplus() - due
        amount = self.currency_id.round(min(surplus, self.refundable))
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return ""
        order._oms_request_refund(amount)
        return self.env._("Refund of %s asked for.", self.currency_id.format(amount))

    def _get_refunded_surplus(self):
        """Return what was given back, or is about to be, for no return."""
        refunds = self.transaction_ids.filtered(
            lambda each: (
                each.oms_operation == "refund"
                and each.state not in ("error", "cancel")
                and not each._oms_is_for_return()
            )
        )
        return sum(abs(refund.amount) for refund in refunds)

    def _authorize_open(self):
        """Have what is open of the order, and not authorized, authorized by the saved method.

        :return: what came of it, for people
        :rtype: str
        :raises UserError: there is no saved payment method
        """
        self.ensure_one()
        order = self.order_id
        order._oms_hold_payment()
        wanted = order._oms_get_open_amount() + order._oms_get_due_amount()
        under_way = self._get_roots().filtered(
            lambda root: root._oms_is_under_way() and root.oms_task_id
        )
        amount = self.currency_id.round(wanted - self.available - sum(under_way.mapped("amount")))
        if self.currency_id.compare_amounts(amount, 0.0) <= 0:
            return ""
        token = self._get_token()
        if not token:
            raise UserError(
                self.env._(
                    "%s has no saved payment method: send the customer a payment link.", order.name
                )
            )
        order._oms_request_authorization(amount, token)
        return self.env._("Authorization of %s asked for.", self.currency_id.format(amount))

    def _get_token(self):
        """Return the payment method that the customer saved with the order's last payment."""
        tokens = self._get_roots().sorted("id", reverse=True).token_id
        return tokens.filtered("active")[:1]

    def _get_method_name(self):
        self.ensure_one()
        return dict(self._fields["method"]._description_selection(self.env))[self.method]
