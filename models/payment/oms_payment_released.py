from odoo import models
from odoo.exceptions import UserError

from ...engine import settlement

BEGUN = ("released", "shipped", "delivered")


class OmsPaymentPlan(models.Model):
    """Money that is taken when a site begins, so that nothing is shipped that is not paid."""

    _inherit = "oms.payment.plan"

    def _is_captured_early(self):
        self.ensure_one()
        return self.policy_id.capture_at == "released" and self.method in (
            "multi",
            "single",
            "full",
        )

    def _get_begun_amount(self, fulfillments=None):
        """Return what the goods come to that left, or that sites work on.

        With their taxes, and shipping and discounts in the measure of their value.

        :param fulfillments: ``oms.fulfillment`` that sites work on; None for all
        :return: in the currency of the order
        :rtype: float
        """
        self.ensure_one()
        order = self.order_id
        amounts = order._oms_get_amounts()[order]
        quantities = amounts.left()
        if fulfillments is None:
            fulfillments = order.oms_fulfillment_ids.filtered(lambda each: each.state in BEGUN)
        for line in fulfillments.line_ids & order.order_line.oms_fulfillment_line_ids:
            key = line.sale_line_id.id
            ahead = settlement.exact(max(line.quantity - line.quantity_done, 0.0))
            quantities[key] = quantities.get(key, settlement.exact(0)) + ahead
        return amounts.step.amount(settlement.due_of(amounts.lines, quantities))

    def _capture_begun(self):
        """Capture what sites work on, as far as it is authorized."""
        for plan in self.filtered(lambda each: each._is_captured_early()):
            order = plan.order_id
            order._oms_hold_payment()
            paid = plan.captured + plan.set_off + order._oms_get_paid_elsewhere()
            wanted = plan._get_begun_amount() - paid - plan.capturing
            plan._capture_shares({self.env["oms.fulfillment"]: wanted})

    def _check_paid_before(self, fulfillments):
        """Refuse to ship what is not paid, where the policy says so.

        :param fulfillments: ``oms.fulfillment`` that are about to leave
        :raises UserError: some of it is not
        """
        for plan in self.filtered(lambda each: each._is_captured_early()):
            paid = plan.captured + plan.set_off + plan.order_id._oms_get_paid_elsewhere()
            missing = plan._get_begun_amount(fulfillments) - paid
            if plan.currency_id.compare_amounts(missing, 0.0) > 0:
                raise UserError(
                    self.env._(
                        "%(order)s is not paid yet: %(missing)s of what is to leave is not "
                        "captured. Wait for the bank, or have the payment looked after.",
                        order=plan.order_id.name,
                        missing=plan.currency_id.format(missing),
                    )
                )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_release(self):
        res = super()._oms_release()
        # sudo: how an order is paid does not depend on who begins
        self.sudo().order_id.oms_payment_plan_ids._capture_begun()
        return res
