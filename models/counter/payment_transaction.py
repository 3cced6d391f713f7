from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PaymentTransaction(models.Model):
    """Counter money in the books."""

    _inherit = "payment.transaction"

    oms_waits_at_counter = fields.Boolean(
        string="To Be Paid Out",
        compute="_compute_oms_waits_at_counter",
        compute_sudo=True,
        help="A refund of what was taken at a counter: somebody gives the money, and tells.",
        groups="base.group_user",
    )

    @api.depends("operation", "state", "provider_id.oms_counter")
    def _compute_oms_waits_at_counter(self):
        for transaction in self:
            transaction.oms_waits_at_counter = bool(
                transaction.provider_id.oms_counter
                and transaction.operation == "refund"
                and transaction.state in ("draft", "pending")
            )

    def _oms_ask_later(self):
        # Nobody is asked: a person gives the money, and tells.
        counter = self.filtered(lambda transaction: transaction.provider_id.oms_counter)
        counter._set_pending()
        return super(PaymentTransaction, self - counter)._oms_ask_later()

    def _oms_book_counter(self):
        """Write counter money into the books, and match it with the order's invoices.

        A company without journals keeps the transaction only.
        """
        for transaction in self:
            provider = transaction.provider_id
            journal = provider._oms_get_counter_journal()
            incoming = transaction.amount > 0
            lines = (
                journal.inbound_payment_method_line_ids
                if incoming
                else journal.outbound_payment_method_line_ids
            )
            if lines:
                payment = self.env["account.payment"].create(
                    {
                        "amount": abs(transaction.amount),
                        "payment_type": "inbound" if incoming else "outbound",
                        "partner_type": "customer",
                        "partner_id": transaction.partner_id.commercial_partner_id.id,
                        "currency_id": transaction.currency_id.id,
                        "company_id": transaction.company_id.id,
                        "journal_id": journal.id,
                        "payment_method_line_id": lines[0].id,
                        "memo": transaction.reference,
                        "payment_transaction_id": transaction.id,
                    }
                )
                payment.action_post()
                transaction.payment_id = payment
            transaction.is_post_processed = True
            transaction.oms_order_id._oms_reconcile_payments()

    def action_oms_paid_out(self):
        """Tell that refunds of counter money were given to the customers.

        :return: True
        :raises AccessError: the user does not keep the books
        :raises UserError: one is no refund that waits at a counter
        """
        self.check_access("read")
        if not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Only who keeps the books tells what was paid out."))
        # sudo: who keeps the books need not have rights on transactions
        refunds = self.sudo()
        for refund in refunds:
            if not refund.oms_waits_at_counter:
                raise UserError(
                    self.env._("%s is no refund that waits to be paid out.", refund.reference)
                )
        refunds._set_done()
        refunds._oms_book_counter()
        return True
