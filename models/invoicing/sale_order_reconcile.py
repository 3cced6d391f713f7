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

    def _oms_get_owed_in_books(self):
        """Return what the customer still owes for what has left, by invoices and payments.

        Credit notes of returns are no payment: what was set off against the debt is.

        :return: in the currency of the order; None when nothing is invoiced
        :rtype: float
        """
        self.ensure_one()
        # sudo: what is owed decides what goes back, whoever settles it
        order = self.sudo()
        bills = order._oms_get_bills()
        if not bills:
            return None
        amounts = order._oms_get_amounts()[order]
        plan = order.oms_payment_plan_id
        owed, billed = -plan.set_off, 0.0
        for bill in bills:
            share = order._oms_get_share_of(bill)
            owed += share * (bill.amount_residual + bill._oms_get_matched_credit())
            billed += share * bill.amount_total
        owed += max(amounts.step.amount(amounts.due()) - billed, 0.0)
        taken = order._oms_get_payments().filtered(lambda each: each.payment_type == "inbound")
        # What was taken, and is not in the books yet.
        owed -= max(plan.captured + plan.capturing - sum(taken.mapped("amount")), 0.0)
        return order.currency_id.round(max(owed, 0.0))

    def _oms_get_bills(self):
        """Return the posted invoices of the order in its currency, ``account.move``."""
        self.ensure_one()
        return self.invoice_ids.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                and move.currency_id == self.currency_id
            )
        )

    def _oms_get_paid_elsewhere(self):
        """Return what of the order's invoices was paid past its providers, by transfer for one.

        Where what providers took is not in the books by itself, and somebody matched their payout
        with the invoices, it is not counted twice.

        :return: in the currency of the order
        :rtype: float
        """
        self.ensure_one()
        # sudo: what was paid decides what is captured, whoever ships
        order = self.sudo()
        paid = sum(
            order._oms_get_share_of(bill) * bill._oms_get_paid_elsewhere()
            for bill in order._oms_get_bills()
        )
        if not paid:
            return 0.0
        own = order._oms_get_payments().filtered(lambda each: each.payment_type == "inbound")
        unbooked = max(order.oms_payment_plan_id.captured - sum(own.mapped("amount")), 0.0)
        return order.currency_id.round(max(paid - unbooked, 0.0))

    def _oms_get_share_of(self, bill):
        """Return which share of an invoice is of the order: people invoice several at once.

        :param bill: ``account.move``
        :return: between 0 and 1
        :rtype: float
        """
        self.ensure_one()
        lines = bill.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        own = lines.filtered(lambda line: line.sale_line_ids.order_id == self)
        whole = sum(lines.mapped("price_total"))
        if own == lines or not whole:
            return 1.0
        return min(max(sum(own.mapped("price_total")) / whole, 0.0), 1.0)

    def _oms_match_set_off(self, notes):
        """Match credit notes that paid what was owed with the invoices that are open.

        First with the invoice that each credits.

        :param notes: ``account.move``
        """
        # sudo: as in _oms_reconcile_payments
        order = self.sudo()
        open_notes = notes.sudo().filtered(lambda note: note.state == "posted")
        for note in open_notes:
            order._oms_match(order.env["account.payment"], note | note.reversed_entry_id)
        bills = order.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )
        order._oms_match(order.env["account.payment"], open_notes | bills)

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

    def _oms_get_paid_elsewhere(self):
        """Return what of invoices was paid by no transaction of a provider, in their currency."""
        parts = self._oms_get_receivables().matched_credit_ids.filtered(
            lambda part: (
                part.credit_move_id.move_id.move_type != "out_refund"
                and not part.credit_move_id.move_id.origin_payment_id.payment_transaction_id
            )
        )
        return sum(parts.mapped("debit_amount_currency"))

    def _oms_get_matched_credit(self):
        """Return what of invoices is matched with credit notes of returns, in their currency."""
        notes = self._oms_get_receivables().matched_credit_ids.filtered(
            lambda part: part.credit_move_id.move_id.oms_credit
        )
        return sum(notes.mapped("debit_amount_currency"))

    def _oms_get_receivables(self):
        """Return what customers owe and are owed by the moves, ``account.move.line``."""
        return self.line_ids.filtered(
            lambda item: item.account_id.account_type == "asset_receivable"
        )

    def _invoice_paid_hook(self):
        """What was paid past the providers is owed no more."""
        res = super()._invoice_paid_hook()
        # sudo: whoever writes down a payment need not have rights on plans
        plans = self.sudo().line_ids.sale_line_ids.order_id.oms_payment_plan_ids
        plans.filtered("receivable")._refresh_receivable()
        return res

    def _oms_get_open_items(self):
        """Return what is not matched yet of what customers owe and are owed."""
        return self._oms_get_receivables().filtered(
            lambda item: item.parent_state == "posted" and not item.reconciled
        )
