from fractions import Fraction

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...engine import settlement
from .account_tax import TaxedAmounts


class SaleOrder(models.Model):
    """Credit notes for what came back, or need not come back.

    What is credited is the share of what was invoiced, line by line and tax by tax, with the same
    share of the discounts on the invoice. All of an invoice credited, in however many parts, comes
    to the invoice.
    """

    _inherit = "sale.order"

    def _oms_credit(self, lines, fee=0.0):
        """Credit quantities of the order's lines, the youngest invoices first.

        Right under either invoicing policy: of what is credited nothing is invoiced again. What
        has left and is not invoiced yet is invoiced before, unless the order is invoiced by hand.
        Shipping is credited when its line is named.

        :param dict lines: quantity above zero, in the unit of the line, by ``sale.order.line``
        :param float fee: what is kept of it, with taxes, in the currency of the order
        :return: ``account.move``: a posted credit note for each invoice, tied to it; none of what
            was never invoiced
        :raises UserError: more is credited than was invoiced, or a fee above what is credited, or
            an invoice is a draft still; nothing is changed
        """
        self.ensure_one()
        # sudo: credit notes follow from what came back, whoever takes it
        order = self.sudo().with_company(self.company_id)
        order._oms_invoice_before_credit(lines)
        step = settlement.Step.of(order.currency_id.rounding)
        parts = order._oms_allocate_credit(lines)
        vals_list = [
            order._oms_prepare_credit(invoice, quantities, step)
            for invoice, quantities in parts.items()
        ]
        if not vals_list:
            return self.env["account.move"]
        order._oms_take_fee(vals_list, step, step.count(fee))
        notes = self.env["account.move"].sudo().create([vals for vals, _total in vals_list])
        notes.action_post()
        order._oms_reconcile_payments()
        return notes

    def _oms_invoice_before_credit(self, lines):
        """Invoice what has left, unless that is done by hand, and tell what is invoiced.

        :param dict lines: as of ``_oms_credit``
        :return: the lines of which something was invoiced, ``sale.order.line``
        :raises UserError: as of ``_oms_credit``
        """
        self.ensure_one()
        # sudo: as in _oms_credit
        order = self.sudo().with_company(self.company_id)
        order._oms_hold_lines()
        order._oms_check_credit(lines)
        if order._oms_get_invoicing() != "none":
            order._oms_invoice_shipped()
        return self.env["sale.order.line"].union(
            *(line for line in lines if line.sudo()._oms_get_posted_invoice_lines())
        )

    def _oms_check_credit(self, lines):
        for line, quantity in lines.items():
            if line.order_id != self or line.display_type or line.is_downpayment:
                raise UserError(
                    self.env._("Only goods and services of %s can be credited with it.", self.name)
                )
            if line.product_uom_id.compare(quantity, 0.0) <= 0:
                raise UserError(
                    self.env._("Say how much of %s is credited: above zero.", line.name)
                )
        drafts = (
            self.env["sale.order.line"]
            .union(*lines)
            .invoice_lines.move_id.filtered(lambda move: move.state == "draft")
        )
        if drafts:
            raise UserError(
                self.env._(
                    "%(order)s has a draft invoice of the goods: confirm or delete %(invoices)s "
                    "first.",
                    order=self.name,
                    invoices=", ".join(drafts.mapped("display_name")),
                )
            )

    def _oms_allocate_credit(self, lines):
        """Spread quantities over the invoices that they are on, the youngest first.

        :param dict lines: quantity in the unit of the line by ``sale.order.line``
        :return: quantity by ``account.move.line`` by ``account.move``, the youngest first
        :rtype: dict
        :raises UserError: more than was invoiced
        """
        parts = {}
        for sale_line, quantity in lines.items():
            unit = sale_line.product_uom_id
            invoiced = sale_line._oms_get_posted_invoice_lines()
            left = quantity
            for line in invoiced:
                most = unit.round(line.quantity - line._oms_get_qty_credited())
                part = min(left, most)
                if unit.compare(part, 0.0) > 0:
                    parts.setdefault(line.move_id, {})[line] = part
                    left = unit.round(left - part)
            if invoiced and unit.compare(left, 0.0) > 0:
                raise UserError(
                    self.env._(
                        "Of %(product)s no more than %(most)g %(unit)s are invoiced and not "
                        "credited yet: %(quantity)g cannot be credited.",
                        product=sale_line.product_id.display_name or sale_line.name,
                        most=quantity - left,
                        unit=unit.name,
                        quantity=quantity,
                    )
                )
        return dict(sorted(parts.items(), key=lambda item: (item[0].date, item[0].id))[::-1])

    def _oms_prepare_credit(self, invoice, quantities, step):
        """Return the values of a credit note for a part of an invoice.

        :param invoice: ``account.move``
        :param dict quantities: by ``account.move.line`` of the invoice
        :param step: :class:`settlement.Step` of the currency
        :return: values, and what they come to in steps
        :rtype: tuple[dict, int]
        """
        amounts = invoice._oms_get_line_amounts(step)
        shares = {
            line: invoice._oms_get_credit_share(line, line._oms_get_qty_credited() + quantity)
            for line, quantity in quantities.items()
        }
        discounts = invoice._oms_get_discount_lines(amounts)
        common = invoice._oms_get_common_share(amounts, shares, discounts)
        commands, total = [], 0
        for line in invoice.invoice_line_ids:
            if line in quantities:
                share, quantity = shares[line], quantities[line]
            elif line in discounts and common:
                share = common
                quantity = line._oms_get_quantity_until(share) - line._oms_get_qty_credited()
            else:
                continue
            now = amounts[line].until(share).less(line._oms_get_credited_amounts(step))
            if not quantity and not now.total:
                continue
            quantity = quantity or line.product_uom_id.rounding or 0.01
            total += now.total
            commands.append(Command.create(line._oms_prepare_credit_line(quantity, now, step)))
        return self._oms_prepare_credit_note(invoice, commands), total

    def _oms_prepare_credit_note(self, invoice, commands):
        """Return the values of a credit note of an invoice."""
        return {
            "move_type": "out_refund",
            "oms_credit": True,
            "reversed_entry_id": invoice.id,
            "ref": self.env._("Return: %s", invoice.name),
            "invoice_origin": self.name,
            "partner_id": invoice.partner_id.id,
            "partner_shipping_id": invoice.partner_shipping_id.id,
            "currency_id": invoice.currency_id.id,
            "company_id": invoice.company_id.id,
            "journal_id": invoice.journal_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "invoice_user_id": invoice.invoice_user_id.id,
            "team_id": invoice.team_id.id,
            "payment_reference": invoice.payment_reference,
            # Money goes back at once, however long the customer had to pay.
            "invoice_payment_term_id": False,
            "invoice_line_ids": commands,
        }

    def _oms_take_fee(self, vals_list, step, fee):
        """Add lines that keep a fee of what is credited.

        :param list vals_list: values of credit notes and what they come to, changed in place
        :param step: :class:`settlement.Step` of the currency
        :param int fee: with taxes, in steps
        :raises UserError: the fee is below zero, or above what is credited
        """
        credited = sum(total for _vals, total in vals_list)
        lines = sum(len(vals["invoice_line_ids"]) for vals, _total in vals_list)
        if credited < fee <= credited + lines:
            # All of it is kept; whoever reckoned it by the unit rounds otherwise.
            fee = credited
        if fee < 0 or fee > credited:
            raise UserError(
                self.env._(
                    "A fee of %(fee)s cannot be kept of %(credited)s that are credited for "
                    "%(order)s.",
                    fee=self.currency_id.format(step.amount(fee)),
                    credited=self.currency_id.format(step.amount(credited)),
                    order=self.name,
                )
            )
        for vals, total in vals_list:
            part = min(fee, max(total, 0))
            if part:
                vals["invoice_line_ids"].append(self._oms_prepare_fee(vals, step, part))
                fee -= part

    def _oms_prepare_fee(self, vals, step, fee):
        """Return a command for a line that keeps a fee, taxed as the first of the goods is."""
        goods = vals["invoice_line_ids"][0][2]
        tax_ids = goods["tax_ids"][0][2]
        taxes = self.env["account.tax"]
        base_line = taxes._prepare_base_line_for_taxes_computation(
            None,
            tax_ids=taxes.browse(tax_ids),
            price_unit=-step.amount(fee),
            quantity=1.0,
            currency_id=self.currency_id,
            partner_id=self.partner_invoice_id,
            special_mode="total_included",
            rate=1.0,
        )
        taxes._add_tax_details_in_base_line(base_line, self.company_id)
        taxes._round_base_lines_tax_details([base_line], self.company_id)
        read = taxes._oms_read_base_line(base_line, step)
        untaxed = -fee - sum(read.tax_amounts)
        exact = TaxedAmounts(-fee, read.taxes, read.tax_amounts, read.bases)
        included = taxes.browse(tax_ids)[:1].price_include
        line = {
            "name": self.env._("Fee for the return"),
            "quantity": 1.0,
            "price_unit": step.amount(-fee if included else untaxed),
            "tax_ids": [Command.set(tax_ids)],
        }
        line["extra_tax_data"] = taxes._oms_prepare_exact(line, self.currency_id, exact, step)
        return Command.create(line)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _oms_get_credit_share(self, line, quantity):
        """Return which share of a line of the invoice a quantity is, between 0 and 1."""
        if not line.quantity:
            return Fraction(1)
        share = settlement.exact(quantity) / settlement.exact(line.quantity)
        return min(max(share, Fraction(0)), Fraction(1))

    def _oms_get_discount_lines(self, amounts):
        """Return the lines of the invoice that lower what its goods come to."""
        return self.invoice_line_ids.filtered(
            lambda line: line in amounts and amounts[line].total < 0 and not line.is_downpayment
        )

    def _oms_get_common_share(self, amounts, shares, discounts):
        """Return which share of the goods of the invoice is credited, by value.

        :param dict amounts: :class:`TaxedAmounts` by line of the invoice
        :param dict shares: which share of lines is credited now and before
        :param discounts: lines that lower the others
        :rtype: Fraction
        """
        whole, credited = Fraction(0), Fraction(0)
        for line, taxed in amounts.items():
            if line in discounts or line.is_downpayment or line.sale_line_ids._oms_are_delivery():
                continue
            share = shares.get(line)
            if share is None:
                share = self._oms_get_credit_share(line, line._oms_get_qty_credited())
            whole += taxed.total
            credited += share * taxed.total
        return credited / whole if whole else Fraction(0)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_get_posted_invoice_lines(self):
        """Return the lines of posted invoices of an order line, the youngest first."""
        self.ensure_one()
        return self.invoice_lines.filtered(
            lambda line: line.parent_state == "posted" and line.move_type == "out_invoice"
        ).sorted(lambda line: (line.date, line.id), reverse=True)

    def _oms_are_delivery(self):
        """Tell whether the lines are what shipping costs."""
        return bool(self) and all(line.is_delivery for line in self)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _oms_get_credits(self):
        """Return the lines by which a line of an invoice was credited."""
        return self.oms_credit_line_ids.filtered(lambda line: line.parent_state != "cancel")

    def _oms_get_qty_credited(self):
        """Return how much of a line of an invoice was credited, in its unit."""
        self.ensure_one()
        return sum(self._oms_get_credits().mapped("quantity"))

    def _oms_get_credited_amounts(self, step):
        """Return what was credited of a line of an invoice: list of :class:`TaxedAmounts`."""
        notes = self._oms_get_credits()
        read = notes.move_id._oms_get_line_amounts(step)
        return [read[line] for line in notes]

    def _oms_get_quantity_until(self, share):
        """Return which quantity of the line a share of it is, rounded to the unit."""
        self.ensure_one()
        if share == Fraction(1):
            return self.quantity
        quantity = float(share * settlement.exact(self.quantity))
        return self.product_uom_id.round(quantity) if self.product_uom_id else round(quantity, 2)

    def _oms_prepare_credit_line(self, quantity, amounts, step):
        """Return the values of a line that credits a part of this one.

        :param float quantity: in the unit of the line
        :param TaxedAmounts amounts: what it comes to
        :param step: :class:`settlement.Step` of the currency
        :rtype: dict
        """
        self.ensure_one()
        vals = {
            "name": self.name,
            "product_id": self.product_id.id,
            "product_uom_id": self.product_uom_id.id,
            "quantity": quantity,
            "price_unit": self.price_unit,
            "discount": self.discount,
            "tax_ids": [Command.set(self.tax_ids.ids)],
            "account_id": self.account_id.id,
            "analytic_distribution": self.analytic_distribution,
            "sale_line_ids": [Command.set(self.sale_line_ids.ids)],
            "oms_credited_line_id": self.id,
            "extra_tax_data": self.extra_tax_data,
        }
        vals["extra_tax_data"] = self.env["account.tax"]._oms_prepare_exact(
            vals, self.currency_id, amounts, step
        )
        return vals
