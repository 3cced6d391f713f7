from fractions import Fraction

from odoo import models

from ...engine import settlement
from .order_amounts import OrderAmounts

#: Captures in these states are taken, or about to be.
TAKEN = ("draft", "pending", "done")


class SaleOrder(models.Model):
    """What is due of orders: for what has left, and for what is still to leave."""

    _inherit = "sale.order"

    def _oms_get_amounts(self):
        """Return what the orders come to, line by line, and what of it has left.

        Amounts are those of the order: with taxes, rounded as the company rounds, so that the
        lines add up to its total.

        :return: :class:`OrderAmounts` by order
        :rtype: dict
        """
        # sudo: what an order comes to is asked by the system, whoever ships
        orders = self.sudo()
        orders.order_line.oms_fulfillment_line_ids.fetch(["quantity", "fulfillment_id"])
        return {order.with_env(self.env): order._oms_prepare_amounts() for order in orders}

    def _oms_prepare_amounts(self):
        self.ensure_one()
        step = settlement.Step.of(self.currency_id.rounding)
        priced = self._get_priced_lines().filtered(lambda line: not line.is_downpayment)
        base_lines = self._oms_get_base_lines(priced)
        lines, taxes, bases = [], {}, {}
        for line, base_line in zip(priced, base_lines, strict=True):
            amounts = self.env["account.tax"]._oms_read_base_line(base_line, step)
            taxes[line.id], bases[line.id] = amounts.taxes, amounts.bases
            lines.append(line._oms_prepare_settlement(amounts))
        rest = step.count(self.amount_total) - sum(line.total for line in lines)
        if rest and not self._oms_has_down_payments():
            # Early payment discounts, for one, are amounts of no line.
            lines.append(settlement.Line(0, rest, Fraction(1), spread=True))
        shipped, others = priced._oms_get_shipped()
        return OrderAmounts(
            step=step,
            lines=tuple(lines),
            taxes=taxes,
            bases=bases,
            shipped=shipped,
            others=others,
            ended=self.state == "cancel",
        )

    def _oms_get_base_lines(self, priced):
        """Return the lines as Odoo's tax computation takes them, rounded over the whole order."""
        self.ensure_one()
        taxes = self.env["account.tax"]
        base_lines = [line._prepare_base_line_for_taxes_computation() for line in priced]
        taxes._add_tax_details_in_base_lines(base_lines, self.company_id)
        taxes._round_base_lines_tax_details(base_lines, self.company_id)
        return base_lines

    def _oms_has_down_payments(self):
        self.ensure_one()
        return any(line.is_downpayment and not line.display_type for line in self.order_line)

    def _oms_get_open_amounts(self):
        """Return what comes due when what is still to leave leaves.

        :return: in the currency of each order, with taxes, at or above zero, by order
        :rtype: dict
        """
        return {
            order: amounts.step.amount(amounts.still_open())
            for order, amounts in self._oms_get_amounts().items()
        }

    def _oms_get_open_amount(self):
        """Return what comes due when what is still to leave of the order leaves.

        :return: in the currency of the order, with taxes, at or above zero
        :rtype: float
        """
        self.ensure_one()
        return self._oms_get_open_amounts()[self]

    def _oms_get_due_amount(self):
        """Return what is due for what has left and is neither captured nor about to be.

        :return: in the currency of the order, with taxes, at or above zero
        :rtype: float
        """
        self.ensure_one()
        return self._oms_get_due_amounts()[self]

    def _oms_get_due_amounts(self):
        """Return what is due for what has left and is neither captured nor about to be.

        What customers were credited and owed counts as taken, and so does what they paid past the
        providers.

        :return: in the currency of each order, with taxes, at or above zero, by order
        :rtype: dict
        """
        due = {}
        for order, amounts in self._oms_get_amounts().items():
            # sudo: payments are read by the system, whoever ships
            plan = order.sudo().oms_payment_plan_id
            paid = plan.set_off + order._oms_get_paid_elsewhere()
            taken = amounts.step.count(plan.captured + plan.capturing + paid)
            due[order] = amounts.step.amount(max(amounts.due() - taken, 0))
        return due

    def _oms_get_shipment_amounts(self, amounts):
        """Return what is to be captured for each fulfillment by which something has left.

        :param OrderAmounts amounts: of the order
        :return: in steps, by id of fulfillment
        :rtype: dict[int, int]
        """
        self.ensure_one()
        # sudo: payments are read by the system, whoever ships
        order = self.sudo()
        plan = order.oms_payment_plan_id
        captures = plan.transaction_ids.filtered(
            lambda each: (
                each.oms_operation == "capture" and each.oms_fulfillment_id and each.state in TAKEN
            )
        )
        captured, first = {}, {}
        for capture in captures.sorted("id"):
            key = capture.oms_fulfillment_id.id
            captured[key] = captured.get(key, 0) + amounts.step.count(capture.amount)
            first.setdefault(key, capture.id)
        fulfillments = (
            self.env["oms.fulfillment"]
            .sudo()
            .browse(amounts.shipped)
            .sorted(
                lambda each: (
                    first.get(each.id, float("inf")),
                    each.shipped_at or each.create_date,
                    each.id,
                )
            )
        )
        known = sum(captured.get(each.id, 0) for each in fulfillments)
        paid = plan.captured + plan.capturing + plan.set_off + order._oms_get_paid_elsewhere()
        return settlement.amounts_of_shipments(
            amounts.lines,
            [
                settlement.Shipment(each.id, amounts.shipped[each.id], captured.get(each.id, 0))
                for each in fulfillments
            ],
            others=amounts.others,
            paid=amounts.step.count(paid) - known,
        )


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _oms_get_capture_amounts(self):
        """Return what is to be captured for what has left by the fulfillments.

        Shipped goods with their taxes, and in the measure of their value the shipping and the
        discounts of the order, less what was captured for them. All captures of an order add up
        to its total: the last takes the remainder.

        :return: in the currency of the order, at or above zero, by fulfillment
        :rtype: dict
        """
        result = {}
        for order, amounts in self.order_id._oms_get_amounts().items():
            by_id = order._oms_get_shipment_amounts(amounts)
            for fulfillment in self.filtered(lambda each, order=order: each.order_id == order):
                steps = by_id.get(fulfillment.id, 0)
                result[fulfillment] = amounts.step.amount(steps)
        return result
