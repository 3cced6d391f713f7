from odoo import api, fields, models
from odoo.tools import format_datetime


class OmsAuditLine(models.Model):
    """What findings say, in the language of their reader."""

    _inherit = "oms.audit.line"

    @api.depends("kind", "cause", "evidence", "kept", "recorded")
    @api.depends_context("lang", "tz")
    def _compute_sentence(self):
        for line in self:
            values = (line.evidence or {}).get("values", {})
            parts = (line._say_what(values), line._say_why(values), line._say_besides(values))
            line.sentence = " ".join(filter(None, parts))

    def _number(self, quantity):
        return f"{quantity:g}"

    def _moment(self, text):
        """Return a moment of the evidence in the reader's time zone."""
        return format_datetime(self.env, fields.Datetime.to_datetime(text)) if text else ""

    def _say_what(self, values):
        """Say in a sentence what is wrong, but where the cause says it all."""
        kept, recorded = self._number(self.kept), self._number(self.recorded)
        measure = dict(self._fields["measure"]._description_selection(self.env))[self.measure]
        return {
            "position": self.env._(
                "%(measure)s is kept as %(kept)s, the records say %(recorded)s.",
                measure=measure,
                kept=kept,
                recorded=recorded,
            ),
            "oversold": self.env._(
                "%(kept)s are promised and %(recorded)s are there.", kept=kept, recorded=recorded
            ),
            "claim_ended": self.env._("%s are claimed for nobody.", kept),
            "order_excess": self.env._(
                "%(kept)s are claimed, on their way or shipped of %(recorded)s ordered.",
                kept=kept,
                recorded=recorded,
            ),
            "consumed": self.env._(
                "Claims of %(kept)s ended for transfers of %(recorded)s.",
                kept=kept,
                recorded=recorded,
            ),
            "reservation": self.env._(
                "%(kept)s are reserved, and transfers have %(recorded)s of them.",
                kept=kept,
                recorded=recorded,
            ),
            "over_reserved": self.env._(
                "%(kept)s are reserved of %(recorded)s on hand.", kept=kept, recorded=recorded
            ),
            "negative": self.env._("%s are on hand.", kept),
            "claim_late": self.env._("%s expired claims were not ended.", kept),
        }.get(self.kind, "")

    def _say_why(self, values):
        """Say in a sentence how it came, from what was found."""
        say = getattr(self, f"_say_why_{self._get_subject_of_cause()}")
        return say(values).get(self.cause, "")

    def _get_subject_of_cause(self):
        if self.cause == "unknown":
            return "unknown"
        if self.kind == "position":
            return "position"
        if self.kind in ("trigger", "function", "ledger", "job", "claim_late"):
            return "machinery"
        return "promise"

    def _say_why_position(self, values):
        return {
            "trigger_off": self.env._(
                "The trigger %s is off, missing or changed: repair it first.",
                values.get("trigger", ""),
            ),
            "trigger_was_off": self.env._(
                "A trigger did not fire for a time, which is repaired now."
            ),
            "not_followed": self.env._(
                "Records were changed since the last audit, and nothing told the ledger: triggers "
                "were off or skipped, as replication and restoring do."
            ),
            "deleted_unfollowed": self.env._(
                "Neither what is kept nor any record that is left was changed since the last "
                "audit: a record that counted was deleted while triggers were off or skipped."
            ),
            "edited": self.env._(
                "What is kept was changed since the last audit, though no record was: somebody "
                "changed the row or the ledger by hand."
            ),
            "restored": self.env._("The database was restored or copied since the last audit."),
            "deleted": self.env._(
                "The product (%(product)s) or the site (%(site)s) was deleted.",
                product=values.get("product"),
                site=values.get("site"),
            ),
        }

    def _say_why_promise(self, values):
        quantity = self._number(values.get("quantity", 0.0))
        return {
            "native": self.env._(
                "Transfers that serve no fulfillment ask for %s: Odoo takes them without asking "
                "what is promised.",
                quantity,
            ),
            "counted_down": self.env._(
                "An inventory counted the goods down after they were promised."
            ),
            "scrapped": self.env._(
                "%s were scrapped after the first of them was promised.", quantity
            ),
            "moved_out": self.env._(
                "%s were moved out after the first of them was promised.", quantity
            ),
            "not_for_sale": self.env._(
                "%s stand in a location that was marked as not for sale since.", quantity
            ),
            "owned_by_others": self.env._("%s were made over to another owner since.", quantity),
            "external_less": self.env._("Its supplier has less than when it was promised."),
            "external_stale": self.env._(
                "%s that a supplier or another holder said to have count no more: nothing was "
                "heard of them for too long.",
                quantity,
            ),
            "kept_wrong": self.env._("The position itself is wrong: repair that, and look again."),
            "order_cancelled": self.env._("Its order is cancelled."),
            "order_delivered": self.env._("Its order line is delivered in full."),
            "fulfillment_ended": self.env._("Its fulfillment has ended."),
            "claimed_twice": self.env._("The newest claims are too much for the order line."),
            "transfer_raised": self.env._(
                "No claim is too much: transfers of the order were raised."
            ),
            "consumed_twice": self.env._(
                "Claims that ended in the same moment share their transfers, and the order waits "
                "for the rest: source it again."
            ),
            "reserved_twice": self.env._(
                "Several transfers reserved the same goods, which Odoo allows when they do so at "
                "the same moment: unreserve the newest."
            ),
            "reserved_by_hand": self.env._(
                "One transfer has more reserved than there is: its quantity was typed in."
            ),
            "shipped_unseen": self.env._(
                "A transfer was done without the goods being in stock: count them."
            ),
        }

    def _say_why_machinery(self, values):
        since = self._moment(values.get("since"))
        return {
            "trigger_off": self.env._(
                "The trigger %(trigger)s of the table %(table)s is switched off: changes are not "
                "followed.",
                **self._get_trigger(values),
            ),
            "trigger_missing": self.env._(
                "The trigger %(trigger)s of the table %(table)s is missing: changes are not "
                "followed.",
                **self._get_trigger(values),
            ),
            "replica": self.env._(
                "The database skips triggers: its setting session_replication_role is %s. A "
                "database administrator has to reset it to origin.",
                values.get("role", ""),
            ),
            "function_missing": self.env._(
                "The function %s is missing.", values.get("function", "")
            ),
            "function_changed": self.env._(
                "The function %s is not the one of this version of the addon.",
                values.get("function", ""),
            ),
            "ledger_waits": self.env._(
                "%(count)s entries or more are in the ledger, the first one since before "
                "%(since)s.",
                count=self._number(self.kept),
                since=since,
            ),
            "ledger_long": self.env._(
                "More than %s entries are in the ledger: reading stock becomes slow.",
                self._number(self.kept - 1),
            ),
            "job_off": self.env._("The job is switched off."),
            "job_failing": self.env._("The job failed when it ran last; the log has the details."),
            "job_late": self.env._(
                "The job should have run on %s: are workers for scheduled jobs running?", since
            ),
            "expired": self.env._("The first one's time was over on %s.", since),
        }

    @api.model
    def _get_trigger(self, values):
        return {"trigger": values.get("trigger", ""), "table": values.get("table", "")}

    def _say_why_unknown(self, values):
        """Say what was looked at in vain."""
        checked = {
            "first": self.env._(
                "How it came is not known: no earlier audit tells what was changed since. The "
                "triggers that keep it fire."
            ),
            "both": self.env._(
                "How it came is not known: the triggers that keep it fire, the database was not "
                "restored, and both what is kept and records were changed since the last audit."
            ),
            "shortage": self.env._(
                "How it came is not known: since the first of them was promised nothing was "
                "counted down, scrapped, moved out, given to another owner or put into a location "
                "not for sale, and no other transfer takes any."
            ),
            "place": self.env._(
                "How it came is not known: the transfers that reserve here do not explain it."
            ),
        }
        return {"unknown": checked.get(values.get("checked"), "")}

    def _say_besides(self, values):
        """Name what else there was."""
        causes = dict(self._fields["cause"]._description_selection(self.env))
        others = ", ".join(
            f"{causes[cause]} ({self._number(quantity)})"
            for cause, quantity in values.get("others", ())
        )
        return self.env._("Besides: %s.", others) if others else ""

    def _get_document_name(self, record):
        """Name a record that has to do with a finding.

        :rtype: str
        """
        kind = self.env["ir.model"]._get(record._name).sudo().name
        more = ()
        if record._name == "stock.move":
            more = (record.reference, record.origin, self._number(record.product_qty))
            more += (format_datetime(self.env, record.date),)
        elif record._name == "oms.claim":
            more = (record.order_id.name or record.reference, self._number(record.quantity))
            more += (format_datetime(self.env, record.create_date),)
        elif record._name == "stock.quant":
            more = (record.location_id.display_name, record.lot_id.name)
            more += (self._number(record.quantity),)
        return f"{kind}: " + ", ".join(filter(None, more or (record.display_name,)))
