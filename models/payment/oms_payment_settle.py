from odoo import models
from odoo.exceptions import UserError

from ...engine import settlement
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
        made = self._capture_shares(order.oms_fulfillment_ids._oms_get_capture_amounts())
        self._refresh_receivable()
        if self.receivable and not (made or self._get_roots_in_capture()):
            self._tell_missing()
        format_money = self.currency_id.format
        texts = []
        if made:
            total = format_money(sum(made.mapped("amount")))
            texts.append(self.env._("Capture of %s asked for.", total))
        if self.receivable:
            texts.append(self.env._("Not authorized: %s.", format_money(self.receivable)))
        return " ".join(texts)

    def _capture_shares(self, shares):
        """Capture what is due for each fulfillment, as far as it is authorized.

        :param dict shares: amount by ``oms.fulfillment``, empty for none, in the order in which
            they left
        :return: the captures, ``payment.transaction``
        """
        self.ensure_one()
        step = settlement.Step.of(self.currency_id.rounding)
        parts = settlement.schedule_captures(
            self._get_engine_method(),
            step.count(self._get_capturable()),
            {fulfillment: step.count(amount) for fulfillment, amount in shares.items()},
        )
        made = self.env["payment.transaction"]
        for part in parts:
            made |= self.order_id._oms_request_capture(step.amount(part.amount), part.key)
        return made

    # === HOW THE MONEY STANDS === #

    def _get_engine_method(self):
        """Return what can be done with authorizations, as the settlement engine takes it."""
        self.ensure_one()
        # What somebody authorized of an order on account is treated as any bank does.
        return settlement.Method("multi" if self.method in LEDGER_ONLY else self.method)

    def _get_roots_in_capture(self):
        """Return authorizations that allow one capture, which is under way."""
        if self._get_engine_method() is settlement.Method.MULTI:
            return self.env["payment.transaction"]
        return self.transaction_ids.filtered(
            lambda each: each.oms_operation == "capture" and each._oms_is_under_way()
        ).source_transaction_id

    def _get_capturable_roots(self):
        """Return the authorizations of which something can be captured or let go.

        What expires first comes first.
        """
        roots = self._get_open_roots() - self._get_roots_in_capture()
        return roots.filtered(lambda root: root.currency_id == self.currency_id)

    def _get_capturable(self):
        """Return what can be captured or let go, in the currency of the order."""
        return sum(root._oms_get_capturable() for root in self._get_capturable_roots())

    def _get_authorizing(self):
        """Return what is to be authorized beyond what it takes the place of."""
        asked = self._get_roots().filtered(
            lambda root: (
                root._oms_is_under_way()
                and root.oms_task_id
                and not (root.oms_renews_id and root.oms_renews_id._oms_get_capturable())
            )
        )
        return sum(asked.mapped("amount"))

    def _get_standing(self, amounts=None):
        """Return how the order's money stands, as the settlement engine takes it.

        :param OrderAmounts amounts: of the order, where they are known
        """
        self.ensure_one()
        order = self.order_id
        amounts = amounts or order._oms_get_amounts()[order]
        count = amounts.step.count
        return settlement.Standing(
            capturable=count(self._get_capturable()),
            authorizing=count(self._get_authorizing()),
            captured=count(self.captured),
            capturing=count(self.capturing),
            refunded=count(self._get_refunded_surplus()),
            refundable=count(self.refundable),
            elsewhere=count(order._oms_get_paid_elsewhere()),
            due=max(amounts.due() - count(self.set_off), 0),
            still_open=amounts.still_open(),
        )

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
        amounts = order._oms_get_amounts()[order]
        if amounts.still_open():
            return self.env._("Nothing is let go: goods are still to leave.")
        order._oms_hold_payment()
        rest = settlement.rest_to_void(self._get_engine_method(), self._get_standing(amounts))
        if not rest:
            return ""
        amount = amounts.step.amount(rest)
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
        amounts = order._oms_get_amounts()[order]
        if amounts.still_open():  # payments are held only for a reason
            return ""
        order._oms_hold_payment()
        surplus = settlement.surplus_to_refund(self._get_standing(amounts))
        if not surplus:
            return ""
        amount = amounts.step.amount(surplus)
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
        step = settlement.Step.of(self.currency_id.rounding)
        amount = step.amount(settlement.rest_to_authorize(self._get_standing()))
        if not amount:
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
