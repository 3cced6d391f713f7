from fractions import Fraction

from odoo import models
from odoo.fields import Command
from odoo.tools import SQL

from ...engine import settlement
from .account_tax import TaxedAmounts


class SaleOrder(models.Model):
    """Invoices of what has left: for each shipment, or one when the order is shipped.

    An invoice is for what is due up to now less what was invoiced before, line by line and tax by
    tax, so that it comes to what is captured for the same shipment, and all invoices of an order
    to its total, to the last cent.
    """

    _inherit = "sale.order"

    def _oms_get_invoicing(self):
        """Return when the order is invoiced by itself: ``shipment``, ``order`` or ``none``."""
        self.ensure_one()
        # sudo: how a channel is paid matters to all its orders
        order = self.sudo()
        policy = order.oms_payment_plan_id.policy_id or order.oms_channel_id.payment_policy_id
        return (policy or self.env["oms.payment.policy"].sudo()._get_default()).invoicing or "none"

    def _oms_invoice(self):
        """Invoice what has left and is not invoiced yet, as the orders' payment policies say.

        Done twice it does nothing more.

        :return: the invoices, posted
        """
        due = self.filtered(
            lambda order: (
                order._oms_get_invoicing() == "shipment"
                or (order._oms_get_invoicing() == "order" and order._oms_is_shipped())
            )
        )
        return due._oms_invoice_shipped()

    def _oms_is_shipped(self):
        """Tell whether nothing of the order's goods is still to leave.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: what an order waits for is asked by whoever ships
        order = self.sudo()
        if any(move.state not in ("done", "cancel") for move in order.order_line.move_ids):
            return False
        amounts = order._oms_get_amounts()[order]
        shares = amounts.shares()
        return all(shares[line.key] == 1 or amounts.ended for line in amounts.lines)

    def _oms_invoice_shipped(self):
        """Invoice what has left of the orders and is not invoiced yet, whatever their policy.

        :return: the invoices, posted
        """
        # sudo: invoices follow from what leaves, whoever ships it
        orders = self.sudo()
        orders._oms_hold_lines()
        amounts = orders._oms_get_amounts()
        vals_list = []
        for order in orders:
            order = order.with_company(order.company_id)
            lang = order.partner_invoice_id.lang
            order = order.with_context(lang=lang) if lang else order
            vals = order._oms_prepare_invoice(amounts[order])
            if vals:
                vals_list.append(vals)
        if not vals_list:
            return self.env["account.move"]
        invoices = orders._create_account_invoices(vals_list, final=False)
        for invoice in invoices:
            invoice.message_post_with_source(
                "mail.message_origin_link",
                render_values={
                    "self": invoice,
                    "origin": invoice.line_ids.sale_line_ids.order_id,
                },
                subtype_xmlid="mail.mt_note",
            )
        invoices.action_post()
        invoices.line_ids.sale_line_ids.order_id._oms_reconcile_payments()
        return invoices

    def _oms_hold_lines(self):
        """Hold the lines of the orders to the end of the transaction.

        Who invoices or credits writes them: of two at once the second is run again, and sees what
        the first did.
        """
        ids = sorted(self.order_line.ids)
        if ids:
            self.order_line.flush_recordset()
            self.env.cr.execute(
                SQL("SELECT id FROM sale_order_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE", ids)
            )
            self.env.cr.execute(
                SQL("UPDATE sale_order_line SET write_date = write_date WHERE id = ANY(%s)", ids)
            )

    def _oms_prepare_invoice(self, amounts):
        """Return the values of an invoice for what has left and is not invoiced.

        :param OrderAmounts amounts: of the order
        :return: None when there is nothing to invoice
        """
        self.ensure_one()
        invoiced = self._oms_get_invoiced_amounts(amounts.step)
        shares = amounts.shares()
        commands, total = [], 0
        for line in amounts.lines:
            record = self.env["sale.order.line"].browse(line.key)
            if not line.key or not shares[line.key]:
                continue
            due = TaxedAmounts(
                line.total, amounts.taxes[line.key], line.taxes, amounts.bases[line.key]
            ).until(shares[line.key])
            now = due.less(invoiced.get(line.key, []))
            quantity = record._oms_get_quantity_due(line, shares[line.key])
            if not quantity and now.total * line.total <= 0:
                # Nothing, or less than before: what was invoiced too much is credited by hand.
                continue
            total += now.total
            vals = record._prepare_invoice_line(quantity=quantity or record._oms_get_least())
            vals["sequence"] = len(commands)
            vals["extra_tax_data"] = self.env["account.tax"]._oms_prepare_exact(
                vals, self.currency_id, now, amounts.step
            )
            commands.append(Command.create(vals))
        if not commands or total < 0:
            return None
        vals = self._prepare_invoice()
        commands += self._oms_prepare_down_payments(shares, len(commands))
        return vals | {
            "invoice_line_ids": vals["invoice_line_ids"] + commands,
            "oms_fulfillment_ids": [Command.set(self._oms_get_not_invoiced(amounts).ids)],
        }

    def _oms_get_invoiced_amounts(self, step):
        """Return what was invoiced of the lines of the order, credited returns not taken off.

        :param step: :class:`settlement.Step` of the currency
        :return: list of :class:`TaxedAmounts` by id of order line
        :rtype: dict
        """
        self.ensure_one()
        lines = self.order_line.invoice_lines.filtered(
            lambda line: line.move_id.state != "cancel" and not line.move_id.oms_credit
        )
        known = {}
        for line, amounts in lines.move_id._oms_get_line_amounts(step).items():
            if line in lines and line.currency_id == self.currency_id:
                if line.move_id.move_type == "out_refund":
                    amounts = amounts.negated()
                for sale_line in line.sale_line_ids:
                    known.setdefault(sale_line.id, []).append(amounts)
        return known

    def _oms_prepare_down_payments(self, shares, sequence):
        """Return commands that take the order's down payments off its last invoice.

        :param dict shares: which share of each line is due
        :param int sequence: of the first of them
        :rtype: list
        """
        self.ensure_one()
        if any(share != 1 for share in shares.values()):
            return []
        paid = self.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type and line.qty_to_invoice < 0
        )
        if not paid:
            return []
        taxes = self.env["account.tax"]
        section = self._prepare_down_payment_section_line(sequence=sequence)
        return [Command.create(section)] + [
            Command.create(
                line._prepare_invoice_line(
                    sequence=sequence + number,
                    quantity=-1.0,
                    extra_tax_data=taxes._reverse_quantity_base_line_extra_tax_data(
                        line.extra_tax_data
                    ),
                )
            )
            for number, line in enumerate(paid, 1)
        ]

    def _oms_get_not_invoiced(self, amounts):
        """Return the fulfillments by which something left and that no invoice names."""
        left = self.env["oms.fulfillment"].sudo().browse(amounts.shipped)
        named = self.invoice_ids.filtered(lambda move: move.state != "cancel").oms_fulfillment_ids
        return (left - named) or left


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _oms_get_quantity_due(self, line, share):
        """Return how much of the line is to be invoiced for a share of it.

        :param settlement.Line line: of the order
        :param Fraction share: of the line that is due
        :return: in the unit of the line, less what was invoiced
        :rtype: float
        """
        self.ensure_one()
        unit = self.product_uom_id
        if line.spread:
            due = float(share * settlement.exact(self.product_uom_qty))
        else:
            due = self._oms_from_product_unit(share * line.ordered)
        if share == Fraction(1):
            due = self.product_uom_qty
        left = (unit.round(due) if unit else due) - self._oms_get_qty_invoiced()
        return max(unit.round(left) if unit else left, 0.0) if due >= 0 else left

    def _oms_get_least(self):
        """Return the smallest quantity of the line, for an amount that needs one."""
        self.ensure_one()
        return self.product_uom_id.rounding or 0.01
