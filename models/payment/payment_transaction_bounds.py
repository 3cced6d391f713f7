from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .payment_transaction import UNDER_WAY


class PaymentTransaction(models.Model):
    """Bounds that no operation passes, whoever asks for it.

    Captured and voided together never exceed what was authorized, and refunded never what was
    captured; what is under way counts as done. Whoever asks holds the transaction that it is taken
    from, so that of two at once the second sees what the first did.
    """

    _inherit = "payment.transaction"

    def _oms_lock(self):
        """Hold the transactions and their sources until the end of the transaction.

        In the order of their ids. They are written, not only locked: of two at once the second
        fails with a serialization error and is run again, where with a lock alone it would go on
        with what it saw before the first committed.
        """
        sources = (
            self | self.source_transaction_id | self.source_transaction_id.source_transaction_id
        )
        ids = sorted(sources.ids)
        if ids:
            sources.flush_recordset()
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM payment_transaction WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                    ids,
                )
            )
            self.env.cr.execute(
                SQL(
                    "UPDATE payment_transaction SET write_date = write_date WHERE id = ANY(%s)", ids
                )
            )
            (sources | sources.child_transaction_ids).invalidate_recordset()

    def _oms_get_root(self):
        """Return the first payment that the transaction belongs to."""
        self.ensure_one()
        root = self
        while root.source_transaction_id:
            root = root.source_transaction_id
        return root

    def _oms_sum(self, operation, states):
        """Return the sum of the operations on the transactions, in their currency.

        :param str operation: see ``oms_operation``
        :param states: of the operations
        :rtype: float
        """
        children = self.child_transaction_ids.filtered(
            lambda child: child.oms_operation == operation and child.state in states
        )
        return sum(abs(child.amount) for child in children)

    def _oms_get_capturable(self):
        """Return what of an authorization is neither captured nor voided, nor about to be.

        :rtype: float
        """
        self.ensure_one()
        if self.state != "authorized":
            return 0.0
        used = self._oms_sum("capture", (*UNDER_WAY, "authorized", "done"))
        used += self._oms_sum("void", (*UNDER_WAY, "authorized", "cancel"))
        return max(self.currency_id.round(self.amount - used), 0.0)

    def _oms_get_refundable(self):
        """Return what was captured by a transaction and not given back, nor is about to be.

        :rtype: float
        """
        self.ensure_one()
        captured = self._oms_get_captured()
        refunded = self._oms_sum("refund", (*UNDER_WAY, "authorized", "done"))
        # What is given back of a part is given back of the whole.
        parts = self.child_transaction_ids.filtered(lambda part: part.oms_operation == "capture")
        refunded += parts._oms_sum("refund", (*UNDER_WAY, "authorized", "done"))
        # What the bank took back is not given back once more.
        refunded += self.oms_charged_back
        left = max(self.currency_id.round(captured - refunded), 0.0)
        source = self.source_transaction_id
        return min(left, source._oms_get_refundable()) if source else left

    def _oms_get_captured(self):
        """Return what was taken by a transaction: its own amount, or that of its captures.

        :rtype: float
        """
        self.ensure_one()
        if self.oms_operation not in ("authorize", "capture"):
            return 0.0
        parts = self.child_transaction_ids.filtered(
            lambda child: (
                child.oms_operation in ("capture", "void") and child.state in ("done", "cancel")
            )
        )
        if parts or self.state != "done":
            taken = parts.filtered(lambda part: part.oms_operation == "capture")
            return sum(taken.filtered(lambda part: part.state == "done").mapped("amount"))
        return self.amount

    def _oms_check_bounds(self, operation, amount):
        """Check that an operation keeps the bounds; the transaction is held.

        :param str operation: ``capture``, ``void`` or ``refund``
        :param float amount: above zero, in the currency of the transaction
        :raises UserError: it does not
        """
        self.ensure_one()
        currency = self.currency_id
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("Give an amount above zero."))
        if currency.compare_amounts(amount, currency.round(amount)):
            raise UserError(
                self.env._(
                    "%(amount)s has more decimals than %(currency)s: round it.",
                    amount=amount,
                    currency=currency.name,
                )
            )
        most = self._oms_get_refundable() if operation == "refund" else self._oms_get_capturable()
        if currency.compare_amounts(amount, most) > 0:
            raise UserError(self._oms_explain_bounds(operation, amount, most))

    def _oms_explain_bounds(self, operation, amount, most):
        texts = {
            "capture": self.env._(
                "%(amount)s cannot be captured: of %(reference)s no more than %(most)s is "
                "authorized and not yet captured or voided. Capture less, or have the rest "
                "authorized first."
            ),
            "void": self.env._(
                "%(amount)s cannot be voided: of %(reference)s no more than %(most)s is authorized "
                "and not yet captured or voided. Void less; what is captured has to be refunded."
            ),
            "refund": self.env._(
                "%(amount)s cannot be refunded: of %(reference)s no more than %(most)s is captured "
                "and not yet refunded. Refund less; what is only authorized has to be voided."
            ),
        }
        return texts[operation] % {
            "amount": self.currency_id.format(amount),
            "most": self.currency_id.format(most),
            "reference": self.reference,
        }

    # === ODOO'S OWN OPERATIONS === #

    def _oms_begin(self, operation, amount):
        """Hold the transaction for an operation, and check its bounds.

        :param float amount: None for as much as there is
        :return: the amount
        :rtype: float
        :raises UserError: the operation passes the bounds
        """
        self.ensure_one()
        self._oms_lock()
        if not amount:
            refund = operation == "refund"
            amount = self._oms_get_refundable() if refund else self._oms_get_capturable()
            amount = amount or self.amount
        elif operation == "void" and self.env.context.get("payment_backend_action"):
            # Odoo's button lets go of the rest, and does not know of what is under way.
            amount = min(amount, self._oms_get_capturable() or amount)
        self._oms_check_bounds(operation, amount)
        return amount

    def _capture(self, amount_to_capture=None):
        amount = self._oms_begin("capture", amount_to_capture)
        return super(PaymentTransaction, self._oms_marked("capture"))._capture(amount)

    def _void(self, amount_to_void=None):
        amount = self._oms_begin("void", amount_to_void)
        return super(PaymentTransaction, self._oms_marked("void"))._void(amount)

    def _refund(self, amount_to_refund=None):
        amount = self._oms_begin("refund", amount_to_refund)
        return super(PaymentTransaction, self._oms_marked("refund"))._refund(amount)

    def _oms_marked(self, operation):
        """Return the transaction, to make children of it that say what they do."""
        return self.with_context(oms_operation=operation)

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        # Odoo tells captures and voids apart only by how they end.
        operation = "refund" if is_refund else self.env.context.get("oms_operation")
        if operation:
            custom_create_values.setdefault("oms_operation", operation)
        plain = self.with_context(oms_operation=None)
        return super(PaymentTransaction, plain)._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )
