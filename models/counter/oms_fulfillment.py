from fractions import Fraction

from odoo import models
from odoo.exceptions import UserError

from ...engine import settlement
from .payment_provider import COUNTER_SELECTION, METHODS

MEANS = dict(COUNTER_SELECTION)


class OmsFulfillment(models.Model):
    """Orders that are paid when they are collected."""

    _inherit = "oms.fulfillment"

    def _is_paid_at_counter(self):
        """Tell whether the customer pays when the goods are handed over.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: how an order is paid is known to whoever hands it over
        fulfillment = self.sudo()
        plan = fulfillment.order_id._oms_ensure_payment_plans()
        return plan.method == "collection"

    def _get_counter_due(self, quantities=None):
        """Return what the customer still owes once the goods are taken.

        :param dict quantities: what is taken, in the unit of the product by
            ``oms.fulfillment.line``; all that is here when None
        :return: in the currency of the order, at or above zero
        :rtype: float
        """
        self.ensure_one()
        # sudo: what is due is told to whoever hands over
        fulfillment = self.sudo()
        order = fulfillment.order_id
        amounts = order._oms_get_amounts()[order]
        if quantities is None:
            quantities = {line: line._get_quantity_open() for line in fulfillment.line_ids}
        left = amounts.left()
        for line, quantity in quantities.items():
            key = line.sale_line_id.id
            left[key] = left.get(key, Fraction(0)) + settlement.exact(max(quantity, 0.0))
        plan = order.oms_payment_plan_id
        paid = amounts.step.count(plan.captured + plan.capturing + plan.set_off)
        if fulfillment._is_reservation():
            # Only what is taken is sold: shipping and discounts are due as a whole.
            due = settlement.due_of_rest(amounts.lines, left)
        else:
            due = settlement.due_of(amounts.lines, left)
        return amounts.step.amount(max(due - paid, 0))

    def _check_counter_paid(self, quantities=None):
        """Make sure that what the customer takes is paid.

        :param dict quantities: see :meth:`_get_counter_due`
        :raise UserError: something is still due
        """
        self.ensure_one()
        if not self._is_paid_at_counter():
            return
        due = self._get_counter_due(quantities)
        currency = self.sudo().order_id.currency_id
        if not currency.is_zero(due):
            raise UserError(
                self.env._(
                    "%(amount)s are still to be paid for %(order)s: take the money first.",
                    amount=currency.format(due),
                    order=self.sudo().order_id.name,
                )
            )

    def _take_money(self, means, amount, given=None, reference=None):
        """Take money of the customer who collects the goods.

        :param str means: ``cash`` or ``card``
        :param float amount: what is paid, in the currency of the order
        :param float given: the cash that the customer handed over; as much as is paid when None
        :param str reference: what the card terminal printed
        :return: the payment, and the change that the customer gets back
        :rtype: tuple[payment.transaction, float]
        :raise AccessError: the user does not work at the site
        :raise UserError: the order is paid otherwise, or less is due, or too little cash was given
        """
        self.ensure_one()
        self._check_may_hand_over()
        # sudo: clerks take money, and need not have rights on payments
        fulfillment = self.sudo()
        order = fulfillment.order_id
        currency = order.currency_id
        if means not in MEANS:
            raise UserError(self.env._("Say whether it is paid in cash or by card."))
        if not self._is_paid_at_counter():
            raise UserError(self.env._("%s is not paid at the counter.", order.name))
        order._oms_hold_payment()
        amount = currency.round(amount)
        fulfillment._check_money(amount, given)
        change = currency.round(given - amount) if means == "cash" and given else 0.0
        provider = self.env["payment.provider"]._oms_get_counter(order.company_id, means)
        transactions = self.env["payment.transaction"].sudo()
        payment = transactions.create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env.ref(METHODS[means]).id,
                "reference": transactions._compute_reference("none", prefix=order.name),
                "provider_reference": (reference or "")[:100] or False,
                "amount": amount,
                "currency_id": currency.id,
                "partner_id": order.partner_invoice_id.id,
                "operation": "offline",
                "oms_operation": "capture",
                "oms_fulfillment_id": fulfillment.id,
                "sale_order_ids": [(4, order.id)],
            }
        )
        payment._set_done()
        payment._oms_book_counter()
        fulfillment.message_post(
            body=self.env._(
                "%(amount)s taken, %(means)s.",
                amount=currency.format(amount),
                means=dict(provider._fields["oms_counter"]._description_selection(self.env))[means],
            )
        )
        return payment, change

    def _check_money(self, amount, given):
        order = self.order_id
        currency = order.currency_id
        due = self._get_counter_due()
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("Say how much is paid: above zero."))
        if currency.compare_amounts(amount, due) > 0:
            raise UserError(
                self.env._(
                    "Only %(due)s are due for %(order)s: %(amount)s would be too much.",
                    due=currency.format(due),
                    order=order.name,
                    amount=currency.format(amount),
                )
            )
        if given is not None and currency.compare_amounts(given, amount) < 0:
            raise UserError(
                self.env._(
                    "%(given)s is less than the %(amount)s that are paid.",
                    given=currency.format(given),
                    amount=currency.format(amount),
                )
            )

    def _collect(self, code=None, identity_checked=False, quantities=None, rest="keep"):
        self._check_may_hand_over()
        self._check_counter_paid(quantities)
        return super()._collect(
            code=code, identity_checked=identity_checked, quantities=quantities, rest=rest
        )

    def _sell(self, quantities=None, lots=None):
        self._check_may_hand_over()
        self._check_counter_paid(quantities)
        return super()._sell(quantities, lots)

    def _give_back_money(self, payment):
        """Take back a payment that was taken at the counter by mistake.

        :param payment: ``payment.transaction``
        :raise UserError: something was given back of it, or the goods have left
        """
        self.ensure_one()
        # sudo: see _take_money
        payment = payment.sudo()
        self.sudo().order_id._oms_hold_payment()
        if payment.state != "done" or payment.child_transaction_ids:
            raise UserError(self.env._("The payment is not as it was any more: refund it."))
        if self.state not in ("planned", "released"):
            raise UserError(self.env._("The goods have left: refund the payment instead."))
        order = payment.oms_order_id
        amounts = order._oms_get_amounts()[order]
        plan = order.oms_payment_plan_id
        left = plan.captured + plan.capturing + plan.set_off - payment.amount
        if amounts.step.count(left) < amounts.due():
            raise UserError(
                self.env._("A part of the goods that it paid for has left: refund it instead.")
            )
        if payment.payment_id:
            payment.payment_id.action_draft()
            payment.payment_id.action_cancel()
        payment._set_canceled(extra_allowed_states=("done",))
        payment.is_post_processed = True
