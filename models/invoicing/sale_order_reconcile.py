from odoo import models


class SaleOrder(models.Model):
    """Payments and refunds of orders are matched with their invoices and credit notes."""

    _inherit = "sale.order"

    def _oms_reconcile_payments(self):
        """Match what was paid and given back with what was invoiced and credited.

        First what a shipment was paid by with its own invoice, and refunds with credit notes;
        then payments with whatever invoice is open. A credit note is matched with an open invoice
        only where nothing was paid, nor is about to be, for else the money goes back to the
        customer.
        """
        # sudo: who ships or takes back need not see the books
        for order in self.sudo():
            payments = order._oms_get_payments()
            invoices = order.invoice_ids.filtered(lambda move: move.state == "posted")
            bills = invoices.filtered(lambda move: move.move_type == "out_invoice")
            notes = invoices.filtered(lambda move: move.move_type == "out_refund")
            taken = payments.filtered(lambda payment: payment.payment_type == "inbound")
            given = payments - taken
            for bill in bills:
                own = taken.filtered(
                    lambda payment, bill=bill: (
                        payment.payment_transaction_id.oms_fulfillment_id & bill.oms_fulfillment_ids
                    )
                )
                self._oms_match(own, bill)
            self._oms_match(given, notes)
            self._oms_match(taken, bills)
            plan = order.oms_payment_plan_id
            if not payments and order.currency_id.is_zero(plan.available + plan.capturing):
                self._oms_match(payments, bills | notes)
            elif order.invoice_status == "invoiced" and not invoices._oms_get_open_items():
                # Given back of what was taken beyond the invoices.
                self._oms_match(payments, invoices[:0])

    def _oms_get_payments(self):
        """Return the payments of the order that are in the books: ``account.payment``."""
        self.ensure_one()
        transactions = self.oms_payment_plan_id.transaction_ids | self.transaction_ids
        return (transactions | transactions.child_transaction_ids).payment_id.filtered(
            lambda payment: payment.state not in ("draft", "canceled", "rejected")
        )

    def _oms_match(self, payments, invoices):
        """Match open items of payments and invoices with each other, account by account."""
        items = payments.move_id._oms_get_open_items() | invoices._oms_get_open_items()
        for of_account in items.grouped(lambda item: (item.account_id, item.currency_id)).values():
            if len(set(of_account.mapped(lambda item: item.balance > 0))) > 1:
                of_account.reconcile()


class AccountMove(models.Model):
    _inherit = "account.move"

    def _oms_get_open_items(self):
        """Return what is not matched yet of what customers owe and are owed."""
        return self.line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and item.parent_state == "posted"
                and not item.reconciled
            )
        )
