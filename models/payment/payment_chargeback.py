from odoo import fields, models
from odoo.exceptions import UserError

from ...connectors.payment import Kind
from ...connectors.payment.amounts import to_decimal


class PaymentTransaction(models.Model):
    """What customers have their banks take back.

    It is no refund: nobody here gave it, and the provider takes it off a payout with a fee of its
    own, where it is booked. But it is not given back a second time, and somebody has to answer.
    """

    _inherit = "payment.transaction"

    oms_charged_back = fields.Monetary(
        string="Taken Back by the Bank",
        readonly=True,
        copy=False,
        help="What the customer had the bank take back, less what the bank gave back again.",
        groups="base.group_user",
    )
    oms_disputes = fields.Json(
        string="Disputes",
        readonly=True,
        copy=False,
        help="What was taken back in each dispute, by its reference at the provider; nothing where "
        "it was given back again.",
        groups="base.group_user",
    )

    def _oms_take_chargeback(self, told):
        """Write down that the bank took a payment back, or gave it back again.

        :param told: ``connectors.payment.Notification``
        :return: what is missing
        :rtype: str | None
        :raises UserError: it is more than was captured, or in another currency
        """
        self.ensure_one()
        if not told.success:
            return None
        amount = float(to_decimal(told.money))
        self._oms_check_told(told, [amount])
        disputes = dict(self.oms_disputes or {})
        taken = disputes.get(told.reference)
        if told.kind is Kind.CHARGEBACK_REVERSED:
            if taken is None:
                return self.env._(
                    "No chargeback %(dispute)s of %(reference)s here yet.",
                    dispute=told.reference,
                    reference=self.reference,
                )
            disputes[told.reference] = 0.0
        else:
            if taken:
                # The same once more.
                return None
            captured = self._oms_get_captured()
            if self.currency_id.is_zero(captured):
                return self.env._("%s is not captured here yet.", self.reference)
            if self.currency_id.compare_amounts(self.oms_charged_back + amount, captured) > 0:
                raise UserError(
                    self.env._(
                        "%(code)s takes %(amount)s of %(reference)s back, of which %(captured)s "
                        "was captured. Nothing was changed: look at it at the provider.",
                        code=told.code,
                        amount=self.currency_id.format(amount),
                        reference=self.reference,
                        captured=self.currency_id.format(captured),
                    )
                )
            disputes[told.reference] = amount
        self.oms_disputes = disputes
        self.oms_charged_back = self.currency_id.round(sum(disputes.values()))
        self.oms_plan_id._on_charged_back(self, told, amount)
        return None

    def _oms_knows_dispute(self, amount):
        """Tell whether a dispute of an amount is known, under whatever reference."""
        self.ensure_one()
        known = (self.oms_disputes or {}).values()
        return any(not self.currency_id.compare_amounts(each, amount) for each in known)


class OmsPaymentPlan(models.Model):
    """Chargebacks are shown on the plan and among the exceptions until somebody answered."""

    _inherit = "oms.payment.plan"

    disputed = fields.Boolean(
        readonly=True,
        help="The customer's bank took money back, and nobody said yet that it was dealt with.",
    )

    def _on_charged_back(self, transaction, told, amount):
        """Have somebody look at what the bank took back, or gave back again.

        :param transaction: the payment
        :param told: ``connectors.payment.Notification``
        :param float amount: in the currency of the payment
        """
        for plan in self:
            values = {
                "amount": transaction.currency_id.format(amount),
                "reference": transaction.reference,
                "dispute": told.reference,
            }
            if told.kind is Kind.CHARGEBACK_REVERSED:
                plan.disputed = plan.disputed and bool(transaction.oms_charged_back)
                plan.message_post(
                    body=self.env._(
                        "The bank gave %(amount)s of %(reference)s back (dispute %(dispute)s).",
                        **values,
                    )
                )
            else:
                plan.disputed = True
                plan._alert(
                    self.env._(
                        "The customer's bank took %(amount)s of %(reference)s back (dispute "
                        "%(dispute)s). Defend it at the provider before its time is over, or "
                        "accept it; then press Dealt With on the payment. Book it with the payout "
                        "that it is taken off.",
                        **values,
                    )
                )
            plan._refresh_receivable()

    def action_dispute_done(self):
        """Tell that what the bank took back was dealt with.

        :raises AccessError: the user is neither order manager nor in accounting
        :raises UserError: nothing was taken back
        """
        plans = self._check_operator()
        for plan in plans:
            if not plan.disputed:
                raise UserError(self.env._("Nothing of %s is disputed.", plan.display_name))
            plan.disputed = False
            plan._refresh_receivable()
            plan.message_post(body=self.env._("The chargeback was dealt with."))
