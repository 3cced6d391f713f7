import logging
import time
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from . import audit_evidence_sql, audit_sql

_logger = logging.getLogger(__name__)

#: Products that are looked at in one transaction.
SLICE = 2000
#: Above all ids of products.
LAST = 2**31 - 1
#: Findings of one run that are written down. More tell nobody more.
MOST_FINDINGS = 10_000
#: Positions in the ledger that are noted at the beginning of a run.
MOST_PENDING = 5000
#: The scheduled job starts no run so soon after another one.
PAUSE = timedelta(hours=1)
#: For how long runs are kept, and how many are forgotten in one go.
KEPT = timedelta(days=366)
MOST_RUNS = 100
#: What an audit tells of a finding by itself, and what changes when it is seen again.
FIGURES = ("kept", "recorded", "difference")


class Slice(NamedTuple):
    """Products that are looked at together: all ids above ``low`` up to ``high``, or some."""

    low: int
    high: int | None
    ids: list | None
    count: int

    @property
    def condition(self):
        """Return the condition for the selects of the audit."""
        if self.ids is not None:
            return audit_sql.any_of(self.ids)
        return audit_sql.bounds(self.low, self.high)

    @property
    def domain(self):
        """Return the domain of the findings about these products."""
        if self.ids is not None:
            return [("product_key", "in", self.ids)]
        upper = [("product_key", "<=", self.high)] if self.high is not None else []
        return [("product_key", ">", self.low), *upper]


class OmsAudit(models.Model):
    """How a run goes through the products, and what becomes of what it finds."""

    _inherit = "oms.audit"

    # === STARTING === #

    @api.model
    def _get_running(self):
        return self.search([("state", "=", "running")], limit=1)

    @api.model
    def _start_run(self, origin, products=None):
        """Start a run; a run by hand over a small stock is at its end when this returns.

        :param str origin: ``job`` or ``user``
        :param products: ``product.product`` recordset; all when None
        :return: the run
        """
        if products is None:
            count = self.env["product.product"].with_context(active_test=False).search_count([])
        else:
            count = len(products)
        audit = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True).create(
            {
                "origin": origin,
                "scope": "all" if products is None else "products",
                "product_ids": [Command.set(products.ids)] if products else False,
                "product_count": count,
                "user_id": self.env.uid,
            }
        )
        if origin == "user" and count <= SLICE:
            audit._work(lambda _done: True)
        elif origin == "user":
            audit._trigger()
        return audit

    def _trigger(self):
        # sudo: whoever may run audits may have the background job look at it
        self.env.ref("oms.cron_audit").sudo()._trigger()

    @api.model
    def _cron_run(self):
        """Go on with the run that is going on, or start one, slice by slice."""
        audit = self._get_running()
        if not audit and self._is_due():
            audit = self._start_run("job")
        self.env["ir.cron"]._commit_progress(remaining=audit._count_slices())
        if not audit:
            return
        try:
            audit._work(audit._checkpoint)
        except psycopg2.OperationalError as error:
            # Somebody stopped the run, say, at this moment: the job is called again.
            _logger.info("The audit goes on later: %s", error)
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("Audit %s failed", audit.id)
            audit._stop(self.env._("An unexpected error; the log has the details."))
        if audit.state != "running":
            audit._notify()
            self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _is_due(self):
        """Tell whether a run is to be started: the job is also called to go on with one."""
        since = fields.Datetime.now() - PAUSE
        return not self.search_count([("scope", "=", "all"), ("started", ">", since)], limit=1)

    def _checkpoint(self, done):
        """Commit a slice in the background job.

        :param int done: slices looked at
        :return: whether there is time for another one
        :rtype: bool
        """
        left = self.env["ir.cron"]._commit_progress(done, remaining=self._count_slices())
        # Many slices must not fill the memory; and somebody may have stopped the run.
        self.env.invalidate_all()
        return bool(left)

    @api.autovacuum
    def _gc_runs(self):
        """Forget runs of long ago, with what was settled of their findings.

        :return: how many runs were forgotten
        """
        before = fields.Datetime.now() - KEPT
        runs = self.search([("started", "<", before), ("state", "!=", "running")], limit=MOST_RUNS)
        lines = runs.line_ids.filtered(lambda line: line.state in ("repaired", "gone"))
        lines.filtered(lambda line: line.audit_ids <= runs).unlink()
        runs.unlink()
        return len(runs)

    def _count_slices(self):
        """Return how many slices are left, at least one for a run that is not at its end."""
        if not self or self.state != "running":
            return 0
        return max(-(-(self.product_count - self.product_done) // SLICE), 1)

    # === RUNNING === #

    def _work(self, checkpoint):
        """Look at slice after slice.

        What one transaction reads is of one moment (its isolation is REPEATABLE READ): nothing
        that others do at the same time looks like a difference.

        :param checkpoint: called after each slice with 1; it may commit, and returns False to
            have the run go on at another time
        """
        self.ensure_one()
        while self.state == "running":
            start = time.monotonic()
            self.env.flush_all()
            if not self.snapshot:
                self._begin()
            part = self._get_slice()
            self._note(self._check_slice(part), part.domain)
            self._advance(part, time.monotonic() - start)
            if not checkpoint(1):
                break

    def _begin(self):
        """Prove the machinery, and take down what the next run compares with."""
        [[database, low, high, ledger]] = self.env.execute_query(audit_evidence_sql.snapshot())
        pending = self.env.execute_query(audit_evidence_sql.pending(MOST_PENDING + 1))
        self._note(self._check_machinery(), [("product_key", "=", 0)])
        self.snapshot = {
            "database": database,
            "low": low,
            "high": high,
            "ledger": ledger,
            # What is folded after this looks as if it was written after this.
            "pending": pending if len(pending) <= MOST_PENDING else None,
        }

    def _get_slice(self):
        """Return the products that come next."""
        low = self.cursor_product_id
        if self.scope == "products":
            ids = [each for each in sorted(self.product_ids.ids) if each > low][:SLICE]
            return Slice(low, ids[-1] if len(ids) == SLICE else None, ids, len(ids))
        rows = self.env.execute_query(
            SQL("SELECT id FROM product_product WHERE id > %s ORDER BY id LIMIT %s", low, SLICE)
        )
        # What is kept of products that were deleted is looked at with their neighbors.
        return Slice(low, rows[-1][0] if len(rows) == SLICE else None, None, len(rows))

    def _advance(self, part, seconds):
        [[count]] = self.env.execute_query(audit_sql.count_positions(part.condition))
        self.write(
            {
                "cursor_product_id": LAST if part.high is None else part.high,
                "product_done": self.product_done + part.count,
                "position_count": self.position_count + count,
                "seconds": self.seconds + seconds,
            }
        )
        if part.high is None:
            self._finish()

    def _finish(self):
        self.write({"state": "clean", "ended": fields.Datetime.now()})
        self._refresh_state()

    def _stop(self, error):
        """End the run before its end.

        :param str error: why
        """
        self.write({"state": "stopped", "error": error, "ended": fields.Datetime.now()})

    # === WHAT BECOMES OF FINDINGS === #

    def _note(self, findings, domain):
        """Match what was found with what is known: new, seen again, or gone.

        A finding that is open or accepted stays the same line as long as it is found. Accepted
        ones open again when they get worse.

        :param list findings: :class:`.audit_finding.Finding`
        :param domain: of the findings that would have been found again if they were still there
        """
        now = fields.Datetime.now()
        known = self.env["oms.audit.line"].search(
            [*domain, ("state", "in", ("open", "accepted"))], order="id"
        )
        by_key = {line.key: line for line in known}
        new = [finding for finding in findings if finding.key not in by_key]
        room = max(MOST_FINDINGS - len(self.line_ids), 0)
        if len(new) > room:
            self.unlisted_count += len(new) - room
            new = new[:room]
        self._find_causes(new)
        created = self.env["oms.audit.line"].create(
            self._prepare_line_vals_list(new, {"last_seen": now, "first_seen": now})
        )
        seen = self._note_again(
            [(by_key[finding.key], finding) for finding in findings if finding.key in by_key], now
        )
        self.line_ids = [Command.link(line.id) for line in created + seen]
        gone = known - seen
        gone._close("gone")

    def _note_again(self, pairs, now):
        """Write down that lines were seen again, with what changed.

        :param pairs: (line, finding) pairs
        :return: the lines
        """
        lines = self.env["oms.audit.line"].union(*(line for line, _finding in pairs))
        lines.last_seen = now
        for line, finding in pairs:
            figures = self._prepare_figures(finding)
            if all(abs(line[name] - figures[name]) < 1e-6 for name in FIGURES):
                continue
            if line.state == "open":
                line.write(figures)
            elif abs(figures["difference"]) > abs(line.difference) + 1e-6:
                line.write({**figures, "state": "open", "notified": False})
        return lines

    @api.model
    def _prepare_figures(self, finding):
        return {
            "kept": finding.kept,
            "recorded": finding.recorded,
            "difference": finding.recorded - finding.kept,
        }

    def _prepare_line_vals_list(self, findings, common):
        """Return the values of lines for findings."""
        # What is found may be kept of records that were deleted.
        products, sites = self._get_existing(findings)
        return [
            {
                **common,
                **self._prepare_figures(finding),
                "kind": finding.kind,
                "key": finding.key,
                "product_key": finding.product_id,
                "site_key": finding.site_id,
                "product_id": finding.product_id if finding.product_id in products else False,
                "site_id": finding.site_id if finding.site_id in sites else False,
                "measure": finding.measure,
                "cause": finding.cause,
                "evidence": {
                    "subject": finding.subject,
                    "values": finding.values,
                    "documents": finding.documents,
                },
            }
            for finding in findings
        ]

    # === TELLING PEOPLE === #

    def _notify(self):
        """Raise one activity for what nobody was told of yet, and take back what is settled."""
        Line = self.env["oms.audit.line"]
        lines = Line.search([("state", "=", "open"), ("notified", "=", False)])
        earlier = self.search([("activity_ids.activity_type_id", "=", self._get_activity().id)])
        if lines or not Line.search_count([("state", "=", "open")], limit=1):
            earlier.activity_unlink(["oms.mail_activity_audit"])
        if not lines:
            return
        counts = Counter()
        for company, of_company in lines.grouped("company_id").items():
            counts[self._get_responsible(company)] += len(of_company)
        for user, count in counts.items():
            audit = self.with_context(lang=user.lang)
            if user:
                audit.activity_schedule(
                    "oms.mail_activity_audit",
                    user_id=user.id,
                    summary=audit.env._("%s new findings in the stock audit", count),
                )
        lines.notified = True

    @api.model
    def _get_responsible(self, company):
        """Return the user who is told of findings: the first order manager of their company.

        :param company: ``res.company``, none for what belongs to no company
        :rtype: res.users
        """
        managers = self.env.ref("oms.group_order_manager").all_user_ids.filtered(
            lambda user: user.active and not user.share and not user._is_superuser()
        )
        if company:
            managers = managers.filtered(lambda user: company in user.company_ids)
        return managers.sorted("id")[:1]

    @api.model
    def _get_activity(self):
        return self.env.ref("oms.mail_activity_audit")
