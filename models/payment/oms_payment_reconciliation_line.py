from datetime import UTC
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...connectors.payment import Bad, Kind, Notification
from ...connectors.payment.amounts import to_money
from ...connectors.payment.matching import Difference

DIFFERENCE_SELECTION = [
    ("unknown", "Not Known Here"),
    ("unasked", "Not Asked For Here"),
    ("unnoticed", "Done There, Not Here"),
    ("untold", "Done Here, Not There"),
    ("amount", "Other Amount"),
    ("failed", "Failed Afterwards"),
    ("twice", "Done Twice"),
    ("chargeback", "Taken Back by the Bank"),
    ("waiting", "Nobody Knows"),
]
KIND_SELECTION = [
    ("authorized", "Authorized"),
    ("captured", "Captured"),
    ("capture_failed", "Capture Failed"),
    ("voided", "Voided"),
    ("expired", "Expired"),
    ("refunded", "Refunded"),
    ("refund_failed", "Refund Failed"),
    ("chargeback", "Chargeback"),
    ("chargeback_reversed", "Chargeback Reversed"),
]
#: Differences that are mended by doing here what the provider did.
MENDABLE = ("unasked", "unnoticed", "failed", "twice", "unknown", "chargeback")
#: What people write; all else follows from comparing and from the buttons.
WRITTEN = {"note"}


class OmsPaymentReconciliationLine(models.Model):
    """One thing in which a provider's list and what is known here do not agree."""

    _name = "oms.payment.reconciliation.line"
    _description = "Payment Difference"
    _order = "state desc, id"
    _rec_name = "reference"
    _check_company_auto = True

    reconciliation_id = fields.Many2one(
        "oms.payment.reconciliation", required=True, readonly=True, ondelete="cascade", index=True
    )
    provider_id = fields.Many2one(related="reconciliation_id.provider_id", store=True, index=True)
    company_id = fields.Many2one(related="reconciliation_id.company_id", store=True, index=True)
    difference = fields.Selection(
        DIFFERENCE_SELECTION,
        required=True,
        readonly=True,
        index=True,
        help="Not Known Here: the payment itself is unknown. Not Asked For Here: somebody did it "
        "at the provider. Done There, Not Here: nobody noticed its answer. Done Here, Not There: "
        "the list does not tell of it. Nobody Knows: asked for long ago, and not answered.",
    )
    kind = fields.Selection(KIND_SELECTION, string="What Was Done", readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    order_id = fields.Many2one(
        related="transaction_id.oms_order_id", groups="base.group_user", string="Order"
    )
    reference = fields.Char(string="Payment at the Provider", readonly=True)
    operation_reference = fields.Char(string="Operation at the Provider", readonly=True)
    merchant_reference = fields.Char(string="Our Reference", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    told_amount = fields.Monetary(string="Told", readonly=True)
    own_amount = fields.Monetary(string="Known Here", readonly=True)
    moment = fields.Datetime(string="When", readonly=True)
    file_line = fields.Integer(string="Line of the File", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("mended", "Mended"), ("accepted", "Accepted")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    note = fields.Char(help="Why it is accepted as it is, or what was done about it.")

    # === MAKING === #

    @api.model
    def _prepare(self, reconciliation, found):
        """Return the values of a difference.

        :param reconciliation: ``oms.payment.reconciliation``
        :param found: ``connectors.payment.matching.Found``
        :rtype: dict
        """
        told = found.settled
        transaction = self.env["payment.transaction"].browse(found.key or [])
        currency = transaction.currency_id or reconciliation.company_id.currency_id
        if told and told.currency != currency.name:
            named = self.env["res.currency"].with_context(active_test=False)
            currency = named.search([("name", "=", told.currency)], limit=1) or currency
        vals = {
            "reconciliation_id": reconciliation.id,
            "difference": found.difference.value,
            "transaction_id": transaction.id,
            "currency_id": currency.id,
            "own_amount": abs(transaction.amount),
            "merchant_reference": transaction.reference,
            "reference": transaction._oms_get_root().provider_reference if transaction else False,
            "operation_reference": transaction.provider_reference,
            "moment": transaction.last_state_change,
        }
        if told:
            moment = told.moment and told.moment.astimezone(UTC).replace(tzinfo=None)
            vals |= {
                "kind": told.kind.value,
                "reference": told.reference,
                "operation_reference": told.operation_reference,
                "merchant_reference": told.operation_merchant_reference
                or told.merchant_reference
                or transaction.reference,
                "told_amount": float(told.amount),
                "moment": moment or transaction.last_state_change,
                "file_line": told.line,
            }
        elif found.difference is Difference.UNTOLD:
            vals["kind"] = {"capture": "captured", "void": "voided", "refund": "refunded"}.get(
                transaction.oms_operation, "captured"
            )
        return vals

    @api.model
    def _prepare_waiting(self, reconciliation, transaction):
        return {
            "reconciliation_id": reconciliation.id,
            "difference": "waiting",
            "transaction_id": transaction.id,
            "currency_id": transaction.currency_id.id,
            "own_amount": abs(transaction.amount),
            "merchant_reference": transaction.reference,
            "reference": transaction._oms_get_root().provider_reference,
            "operation_reference": transaction.provider_reference,
            "moment": transaction.create_date,
        }

    @api.model
    def _make_key(self, vals):
        """Return what names a difference however often the same file is compared."""
        names = ("difference", "kind", "reference", "operation_reference", "told_amount")
        return (*(vals.get(name) or False for name in names), vals.get("transaction_id") or False)

    def _get_key(self):
        self.ensure_one()
        names = ("difference", "kind", "reference", "operation_reference", "told_amount")
        vals = {name: self[name] for name in names}
        return self._make_key({**vals, "transaction_id": self.transaction_id.id})

    @api.model
    def _close_told(self, provider, keys):
        """Close what an earlier list did not tell, and a later one does."""
        if keys:
            told = self.search(
                [
                    ("provider_id", "=", provider.id),
                    ("transaction_id", "in", keys),
                    ("state", "=", "open"),
                    ("difference", "in", ("untold", "waiting", "unnoticed")),
                ]
            )
            told.write({"state": "mended", "note": self.env._("A later list agrees.")})

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Differences are found by comparing a list."))
        return super().create(vals_list)

    def write(self, vals):
        # What the bank did, and what became of it here, is not written by hand.
        if not self.env.su and (others := set(vals) - WRITTEN):
            raise AccessError(
                self.env._(
                    "Nobody writes this of a difference: %s. Use its buttons.",
                    ", ".join(sorted(others)),
                )
            )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_apply(self):
        """Do here what the provider did.

        :raises UserError: a difference is of another kind, or nobody can make anything of it
        """
        lines = self._check_may_mend().filtered(lambda line: line.state == "open")
        for line in lines:
            if line.difference not in MENDABLE:
                raise UserError(
                    self.env._(
                        "%(reference)s: what is done cannot be done once more here. Look at the "
                        "provider, and accept it with a note.",
                        reference=line.merchant_reference or line.reference,
                    )
                )
            line._apply()
        lines.state = "mended"

    def action_accept(self):
        """Accept the differences as they are; a note says why.

        :raises UserError: a note is missing
        """
        lines = self._check_may_mend().filtered(lambda line: line.state == "open")
        if lines.filtered(lambda line: not line.note):
            raise UserError(self.env._("Write into the note why it is right as it is."))
        lines.state = "accepted"

    def action_retry(self):
        """Try what nobody knows of once more: the message of the provider, or the task.

        :raises UserError: there is nothing to try
        """
        tasks = self._check_may_mend().transaction_id.oms_task_id
        tasks = tasks.filtered(lambda task: task.state in ("unknown", "rejected", "stuck"))
        if not tasks:
            raise UserError(self.env._("Nothing of it can be tried again: look at the provider."))
        tasks.action_retry()

    def action_reopen(self):
        """Look at what was accepted again."""
        self._check_may_mend().filtered(lambda line: line.state == "accepted").state = "open"

    def _check_may_mend(self):
        """Return the differences with the rights of the system, for whoever may mend them.

        :raises AccessError: the user may not
        """
        self.check_access("write")
        # sudo: what becomes of a difference is written by the buttons only
        return self.sudo()

    def _apply(self):
        """Write down what the provider did with one payment.

        :raises UserError: nobody can make anything of it
        """
        self.ensure_one()
        # sudo: whoever reconciles writes down what the bank did, as its message would
        transactions = self.env["payment.transaction"].sudo()
        own = self.transaction_id.sudo()
        if self.kind == "chargeback" and own._oms_get_root()._oms_knows_dispute(self.told_amount):
            # The provider told it already, under the number of the dispute.
            return
        if self.difference == "twice" and self.operation_reference == own.provider_reference:
            raise UserError(
                self.env._(
                    "The list tells of %s twice, under one number: the bank did it once. Accept "
                    "it with a note.",
                    self.operation_reference,
                )
            )
        told = self._make_notification()
        applied = transactions._oms_take(self.provider_id, told)
        if applied.missing:
            raise UserError(applied.missing)

    def _make_notification(self):
        """Return what the provider did, as it would have told it.

        :rtype: connectors.payment.Notification
        """
        self.ensure_one()
        try:
            value = f"{self.told_amount:.{self.currency_id.decimal_places}f}"
            money = to_money(Decimal(value), self.currency_id.name)
        except Bad as error:
            raise UserError(str(error)) from error
        return Notification(
            kind=Kind(self.kind),
            code=self.env._("List of the provider"),
            success=True,
            reference=self.operation_reference or self.reference,
            original=self.reference,
            # What was done twice is not what was asked for once.
            merchant_reference=""
            if self.difference == "twice"
            else self.transaction_id.reference or "",
            account="",
            money=money,
        )
