from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine import settlement

OPERATIONS = ("capture", "void", "refund", "authorize")


class OmsPaymentPlan(models.Model):
    """Operations: their amount split over what there is, made, and put into the queue."""

    _inherit = "oms.payment.plan"

    def _hold(self):
        """Hold the plan until the end of the transaction; see ``_oms_lock`` of transactions."""
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute(
            SQL("UPDATE oms_payment_plan SET write_date = write_date WHERE id = %s", self.id)
        )

    def _get_captures(self):
        """Return what took money: captures, and payments that were taken at once."""
        roots = self._get_roots()
        parts = self.transaction_ids.filtered(
            lambda each: each.oms_operation == "capture" and each.source_transaction_id
        )
        return (parts | (roots - parts.source_transaction_id)).filtered(
            lambda each: each.state == "done"
        )

    def _split_open(self, amount, operation):
        """Split a capture or a void over what is authorized.

        What expires first is captured first, and let go last.

        :param float amount: in the currency of the order
        :param str operation: ``capture`` or ``void``
        :return: pairs of an authorization and an amount above zero
        :rtype: list[tuple]
        :raises UserError: less is authorized, and neither captured nor voided
        """
        self.ensure_one()
        step, steps = self._count_amount(amount)
        roots = self._get_capturable_roots()
        most = {
            root: step.count(root._oms_get_capturable())
            for root in (roots[::-1] if operation == "void" else roots)
        }
        if steps > (whole := sum(most.values())):
            self._refuse_amount(operation, amount, step.amount(whole))
        return [(part.key, step.amount(part.amount)) for part in settlement.fill(steps, most)]

    def _count_amount(self, amount):
        """Return the step of the currency, and an amount in whole steps.

        :raises UserError: it is not above zero
        """
        self.ensure_one()
        step = settlement.Step.of(self.currency_id.rounding)
        steps = step.count(amount)
        if steps <= 0:
            raise UserError(self.env._("Give an amount above zero."))
        return step, steps

    def _split_refund(self, amount, return_=None):
        """Split a refund over captures: first those that paid for what comes back, newest first.

        :param float amount: in the currency of the order
        :param return_: ``oms.return`` that is settled by it
        :return: pairs of a capture and an amount above zero
        :rtype: list[tuple]
        :raises UserError: less was captured and not given back
        """
        self.ensure_one()
        step, steps = self._count_amount(amount)
        paid_for = self.env["oms.fulfillment"]
        if return_:
            # sudo: what came back decides, whoever settles it
            paid_for = return_.sudo().line_ids.fulfillment_line_id.fulfillment_id
        captures = [
            settlement.Capture(
                capture,
                capture.id,
                step.count(capture._oms_get_refundable()),
                preferred=bool(capture.oms_fulfillment_id & paid_for),
            )
            for capture in self._get_captures()
            if capture.currency_id == self.currency_id
        ]
        if steps > (whole := sum(capture.left for capture in captures)):
            self._refuse_amount("refund", amount, step.amount(whole))
        parts = settlement.allocate_refund(steps, captures)
        return [(part.key, step.amount(part.amount)) for part in parts]

    def _refuse_amount(self, operation, amount, most):
        texts = {
            "capture": self.env._(
                "%(amount)s cannot be captured for %(order)s: no more than %(most)s is authorized "
                "and not yet captured or voided. Capture less, or have the rest authorized first."
            ),
            "void": self.env._(
                "%(amount)s cannot be voided of %(order)s: no more than %(most)s is authorized and "
                "not yet captured or voided. Void less; what is captured has to be refunded."
            ),
            "refund": self.env._(
                "%(amount)s cannot be refunded for %(order)s: no more than %(most)s is captured "
                "and not yet refunded. Refund less; what is only authorized has to be voided."
            ),
        }
        text = texts[operation] % {
            "amount": self.currency_id.format(amount),
            "order": self.order_id.name,
            "most": self.currency_id.format(most),
        }
        raise UserError(text)

    def _operate(self, operation, parts, **vals):
        """Make the transactions of an operation, and put it into the queue.

        :param str operation: ``capture``, ``void`` or ``refund``
        :param list parts: pairs of a transaction and the amount taken from it
        :param vals: further values of the transactions
        :return: the transactions
        """
        self.ensure_one()
        made = self.env["payment.transaction"].sudo()
        for transaction, amount in parts:
            # sudo: an operation follows from what happens to the order, whoever causes it
            source = transaction.sudo()
            source._ensure_provider_is_not_disabled()
            source._oms_check_bounds(operation, amount)
            made |= source._create_child_transaction(
                amount,
                is_refund=operation == "refund",
                oms_operation=operation,
                **{name: value for name, value in vals.items() if value},
            )
        made._oms_ask_later()
        return made

    def _is_usable(self, token):
        """Tell whether a saved payment method can pay the order.

        It is the customer's, and its provider that of the order's company or of one above it.
        """
        self.ensure_one()
        order = self.order_id
        own = token.partner_id.commercial_partner_id == order.partner_id.commercial_partner_id
        return bool(
            own
            and token.active
            and token.provider_id.state != "disabled"
            and token.company_id in order.company_id.parent_ids
        )

    def _authorize(self, amount, token):
        """Make an authorization by a saved payment method, and put it into the queue."""
        self.ensure_one()
        token = token.sudo()  # sudo: the payment method is the customer's, and used for his order
        order = self.order_id
        currency = self.currency_id
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("Give an amount above zero."))
        if not self._is_usable(token):
            raise UserError(
                self.env._(
                    "The saved payment method cannot be used for %s: choose one of its customer "
                    "whose provider is enabled, or send a payment link.",
                    order.name,
                )
            )
        transactions = self.env["payment.transaction"].sudo()
        made = transactions.create(
            {
                "provider_id": token.provider_id.id,
                "payment_method_id": token.payment_method_id.id,
                "reference": transactions._compute_reference(
                    token.provider_id.code, prefix=order.name
                ),
                "amount": currency.round(amount),
                "currency_id": currency.id,
                "partner_id": order.partner_invoice_id.id,
                "token_id": token.id,
                "operation": "offline",
                "oms_operation": "authorize",
                "sale_order_ids": [(4, order.id)],
            }
        )
        made._oms_ask_later()
        return made
