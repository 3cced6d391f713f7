import base64
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...connectors.payment import Bad, Operation
from ...connectors.payment.matching import Booked, match
from ...connectors.payment.settlement import read

#: Hours after which an operation that is still under way is looked at by somebody.
WAIT_HOURS = 24
#: Lines of one file that may differ; with more it is the wrong file.
MOST_DIFFERENCES = 5000


class OmsPaymentReconciliation(models.Model):
    """What a payment provider did, held against what is known here: daily, or by a file of it."""

    _name = "oms.payment.reconciliation"
    _description = "Payment Reconciliation"
    _inherit = "mail.thread"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    provider_id = fields.Many2one(
        "payment.provider",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('code', '!=', 'none')]",
        help="Whose list is held against what is known here.",
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True, index=True)
    date_from = fields.Date(
        string="From",
        help="First day of which the list tells all. Empty: the first day in it.",
    )
    date_to = fields.Date(
        string="To", help="Last day of which the list tells all. Empty: the last day in it."
    )
    file = fields.Binary(
        string="Settlement File",
        attachment=True,
        copy=False,
        help="Adyen's settlement detail report or payments accounting report, or a table (CSV) "
        "with the columns reference, kind, amount, currency, date, operation and "
        "merchant_reference.",
    )
    file_name = fields.Char(copy=False)
    compared_at = fields.Datetime(string="Compared", readonly=True, copy=False)
    listed_count = fields.Integer(
        string="In the List", readonly=True, copy=False, help="What the provider did with payments."
    )
    agreed_count = fields.Integer(
        string="Agree", readonly=True, copy=False, help="Operations known here as in the list."
    )
    line_ids = fields.One2many("oms.payment.reconciliation.line", "reconciliation_id")
    difference_count = fields.Integer(string="Differences", compute="_compute_counts", store=True)
    open_count = fields.Integer(string="Open", compute="_compute_counts", store=True)
    state = fields.Selection(
        [("draft", "To Compare"), ("open", "Differences"), ("done", "Agrees")],
        compute="_compute_counts",
        store=True,
        index=True,
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_written(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_written(vals)
        if not self.env.su and "provider_id" in vals and self.filtered("compared_at"):
            raise UserError(
                self.env._("What was compared stays with its provider: make another one.")
            )
        return super().write(vals)

    @api.model
    def _check_written(self, vals):
        """Make sure that nobody writes by hand what comparing finds.

        :raises AccessError: somebody does
        """
        if not self.env.su and (
            others := {"compared_at", "listed_count", "agreed_count"} & set(vals)
        ):
            raise AccessError(
                self.env._("Nobody writes this of a reconciliation: %s.", ", ".join(sorted(others)))
            )

    @api.depends("provider_id", "date_from", "date_to", "compared_at")
    def _compute_name(self):
        for record in self:
            day = record.date_to or record.date_from or record.compared_at or fields.Date.today()
            record.name = f"{record.provider_id.name or ''} {fields.Date.to_date(day)}".strip()

    @api.depends("line_ids.state", "compared_at")
    def _compute_counts(self):
        for record in self:
            lines = record.line_ids
            record.difference_count = len(lines)
            record.open_count = len(lines.filtered(lambda line: line.state == "open"))
            compared = "open" if record.open_count else "done"
            record.state = compared if record.compared_at else "draft"

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for record in self:
            if record.date_from and record.date_to and record.date_from > record.date_to:
                raise ValidationError(self.env._("The first day is after the last one."))

    # === ACTION METHODS === #

    def action_compare(self):
        """Read the files, and hold them against what is known here. What was mended stays so.

        :raises UserError: there is no file, or it cannot be read; nothing is changed
        """
        self.check_access("write")
        for record in self:
            if not record.file:
                raise UserError(
                    self.env._("Choose the settlement file of %s first.", record.provider_id.name)
                )
            try:
                settled = read(base64.b64decode(record.with_context(bin_size=False).file))
            except Bad as error:
                raise UserError(str(error)) from error
            # sudo: differences are made by comparing only, and of all payments of the provider
            record.sudo()._compare(settled)

    def action_view_lines(self):
        """Open the differences.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "oms.action_payment_reconciliation_line"
        )
        action["domain"] = [("reconciliation_id", "in", self.ids)]
        action["context"] = {}
        return action

    # === COMPARING === #

    def _get_period(self, settled):
        """Return the moments between which the list tells all, None where nobody knows.

        Days are those of the company's time zone.

        :rtype: tuple
        """
        self.ensure_one()
        told = [line.moment for line in settled if line.moment]
        if not (told or (self.date_from and self.date_to)):
            return None, None
        zone = ZoneInfo(self.company_id.partner_id.tz or "UTC")
        first = self.date_from or min(told).astimezone(zone).date()
        last = self.date_to or max(told).astimezone(zone).date()
        since = datetime.combine(first, time(), zone)
        return since, datetime.combine(last + timedelta(days=1), time(), zone)

    def _compare(self, settled):
        """Hold a list against what is known here, and keep what does not agree.

        :param settled: ``connectors.payment.Settled``
        :raises UserError: hardly anything agrees
        """
        self.ensure_one()
        since, until = self._get_period(settled)
        transactions = self._find_transactions(settled, since, until)
        matched = match(settled, transactions._oms_get_booked(), since, until)
        if len(matched.differences) > MOST_DIFFERENCES:
            raise UserError(
                self.env._(
                    "More than %(most)s lines do not agree: is it the file of %(provider)s?",
                    most=MOST_DIFFERENCES,
                    provider=self.provider_id.name,
                )
            )
        self.line_ids.filtered(lambda line: line.state == "open").unlink()
        known = {line._get_key() for line in self.line_ids}
        lines = self.env["oms.payment.reconciliation.line"]
        vals = [lines._prepare(self, found) for found in matched.differences]
        lines.create([each for each in vals if lines._make_key(each) not in known])
        self.write(
            {
                "compared_at": fields.Datetime.now(),
                "listed_count": len(settled),
                "agreed_count": len(matched.agreed),
            }
        )
        lines._close_told(self.provider_id, matched.agreed)

    def _find_transactions(self, settled, since, until):
        """Return all that is known here of the payments in a list, and all done in its period.

        :rtype: recordset of ``payment.transaction``
        """
        self.ensure_one()
        transactions = self.env["payment.transaction"]
        own = [("provider_id", "=", self.provider_id.id)]
        names = {
            name
            for line in settled
            for name in (
                line.reference,
                line.merchant_reference,
                line.operation_reference,
                line.operation_merchant_reference,
            )
            if name
        }
        found = transactions.search(
            [*own, "|", ("provider_reference", "in", names), ("reference", "in", names)]
        )
        if since and until:
            found |= transactions.search(
                [
                    *own,
                    ("state", "in", ("done", "cancel")),
                    ("last_state_change", ">=", since.astimezone(UTC).replace(tzinfo=None)),
                    ("last_state_change", "<", until.astimezone(UTC).replace(tzinfo=None)),
                ]
            )
        while sources := found.source_transaction_id - found:
            found |= sources
        while parts := found.child_transaction_ids - found:
            found |= parts
        return found

    # === DAILY === #

    @api.model
    def _cron_reconcile(self):
        """Compare yesterday with the lists of providers that have one, and look what waits."""
        # sudo: the job is the system's
        providers = self.env["payment.provider"].sudo().search([("state", "!=", "disabled")])
        self.env["ir.cron"]._commit_progress(remaining=len(providers))
        for provider in providers:
            self._reconcile_day(provider)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _reconcile_day(self, provider):
        """Compare a provider's yesterday.

        :return: the reconciliation, nothing where there is nothing to look at
        """
        zone = ZoneInfo(provider.company_id.partner_id.tz or "UTC")
        day = datetime.now(zone).date() - timedelta(days=1)
        since = datetime.combine(day, time(), zone)
        try:
            settled = provider._oms_list_settled(since, since + timedelta(days=1))
        except ValidationError as error:
            # Tomorrow's run does not ask again: somebody should know.
            record = self.create({"provider_id": provider.id, "date_from": day, "date_to": day})
            record.message_post(body=str(error))
            return record
        waiting = self._find_waiting(provider)
        if settled is None and not waiting:
            return self.browse()
        record = self.create({"provider_id": provider.id, "date_from": day, "date_to": day})
        if settled is None:
            record.compared_at = fields.Datetime.now()
        else:
            try:
                record._compare(settled)
            except UserError as error:
                # The other providers are compared all the same.
                record.message_post(body=str(error))
        lines = self.env["oms.payment.reconciliation.line"]
        lines.create([lines._prepare_waiting(record, each) for each in waiting])
        return record

    @api.model
    def _find_waiting(self, provider):
        """Return what a provider was asked for long ago, and of which nobody knows anything."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), hours=WAIT_HOURS)
        waiting = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", provider.id),
                ("state", "in", ("draft", "pending")),
                ("source_transaction_id", "!=", False),
                ("create_date", "<", limit),
            ]
        )
        known = self.env["oms.payment.reconciliation.line"].search(
            [("transaction_id", "in", waiting.ids), ("state", "=", "open")]
        )
        return waiting - known.transaction_id


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _oms_get_booked(self):
        """Return what is known here of the operations, as they are compared.

        :rtype: list[connectors.payment.matching.Booked]
        """
        booked = []
        for each in self.filtered(lambda one: one.operation != "validation"):
            root = each._oms_get_root()
            operation = each.oms_operation
            if each == root and each._oms_is_taken_at_once():
                operation = "capture"
            if not operation:
                continue
            ends = {"void": ("cancel",), "authorize": ("authorized", "done")}
            done = each.state in ends.get(operation, ("done",))
            moment = each.last_state_change
            digits = each.currency_id.decimal_places
            booked.append(
                Booked(
                    each.id,
                    Operation(operation),
                    root.provider_reference or "",
                    root.reference,
                    each.provider_reference or "",
                    each.reference,
                    Decimal(f"{abs(each.amount):.{digits}f}"),
                    each.currency_id.name,
                    done,
                    moment.replace(tzinfo=UTC) if done and moment else None,
                )
            )
        return booked
