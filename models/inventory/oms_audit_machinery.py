import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from . import audit_sql
from .audit_finding import Finding

#: A scheduled job that should have run before so much time does not run.
LATE = timedelta(hours=1)
#: Entries of the ledger above which reading positions becomes slow.
LONG_LEDGER = 500_000

_TRIGGER = re.compile(r'CREATE OR REPLACE TRIGGER\s+"?(\w+)"?\s+AFTER\s+\w+\s+ON\s+"?(\w+)"?')
_FUNCTION = re.compile(
    r'CREATE OR REPLACE FUNCTION\s+"?(\w+)"?\s*\(.*?\$body\$(.*?)\$body\$', re.DOTALL
)


class OmsAudit(models.Model):
    """Whether what keeps positions true is whole: triggers, functions, compactor, jobs."""

    _inherit = "oms.audit"

    def _check_machinery(self):
        """Look for what is missing, switched off, changed or not running.

        :rtype: list[Finding]
        """
        return [
            *self._check_triggers(),
            *self._check_functions(),
            *self._check_ledger(),
            *self._check_jobs(),
            *self._check_late_claims(),
        ]

    @api.model
    def _get_machinery(self):
        """Return what the addon installs besides tables.

        :return: statements, with the triggers (name and table) and the functions (name and body)
            that each makes
        :rtype: list[tuple[SQL, dict[str, str], dict[str, str]]]
        """
        machinery = []
        for statement in self.env["oms.position"]._get_machinery_sql():
            text = self.env.cr.mogrify(statement).decode()
            triggers, functions = dict(_TRIGGER.findall(text)), dict(_FUNCTION.findall(text))
            machinery.append((statement, triggers, functions))
        return machinery

    @api.model
    def _get_broken_triggers(self):
        """Return the triggers that do not fire.

        :return: by name: the table, and why it does not
        :rtype: dict[str, tuple[str, str]]
        """
        expected = {}
        for _statement, triggers, _functions in self._get_machinery():
            expected.update(triggers)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT made.tgname, made.tgenabled
                  FROM pg_trigger made
                  JOIN pg_class relation ON relation.oid = made.tgrelid
                  JOIN pg_proc function ON function.oid = made.tgfoid
                 WHERE made.tgname = ANY(%s) AND function.proname = made.tgname
                   AND relation.relnamespace = current_schema()::regnamespace
                """,
                list(expected),
            )
        )
        enabled = dict(rows)
        return {
            name: (table, "trigger_off" if name in enabled else "trigger_missing")
            for name, table in expected.items()
            if enabled.get(name) not in ("O", "A")
        }

    def _check_triggers(self):
        findings = []
        for name, (table, cause) in self._get_broken_triggers().items():
            finding = Finding("trigger", subject=name)
            finding.explain(cause, trigger=name, table=table)
            findings.append(finding)
        [[role]] = self.env.execute_query(SQL("SHOW session_replication_role"))
        if role != "origin":
            finding = Finding("trigger", subject="session_replication_role")
            finding.explain("replica", role=role)
            findings.append(finding)
        return findings

    def _check_functions(self):
        expected = {}
        for _statement, _triggers, functions in self._get_machinery():
            expected.update(functions)
        rows = self.env.execute_query(
            SQL(
                "SELECT proname, array_agg(prosrc) FROM pg_proc WHERE proname = ANY(%s) "
                "AND pronamespace = current_schema()::regnamespace GROUP BY proname",
                list(expected),
            )
        )
        present = dict(rows)
        findings = []
        for name, body in expected.items():
            if body not in present.get(name, ()):
                finding = Finding("function", subject=name)
                cause = "function_changed" if name in present else "function_missing"
                finding.explain(cause, function=name)
                findings.append(finding)
        return findings

    def _check_ledger(self):
        """Look whether the ledger is folded into the rows in time."""
        previous = self.search(
            [("id", "<", self.id), ("started", "<=", self.started - LATE)], limit=1
        )
        [[length, oldest]] = self.env.execute_query(
            SQL(
                "SELECT COUNT(*), (SELECT MIN(id) FROM oms_position_delta) "
                "FROM (SELECT FROM oms_position_delta LIMIT %s) AS part",
                LONG_LEDGER + 1,
            )
        )
        waited = bool(oldest and previous and oldest <= (previous.snapshot or {}).get("ledger", 0))
        if length <= LONG_LEDGER and not waited:
            return []
        finding = Finding("ledger", kept=float(length), subject="length")
        job = self.env.ref("oms.cron_compact_positions", raise_if_not_found=False)
        documents = [("ir.cron", job.id)] if job else []
        if waited:
            since = fields.Datetime.to_string(previous.started)
            finding.explain("ledger_waits", documents, since=since)
        else:
            finding.explain("ledger_long", documents)
        return [finding]

    def _check_jobs(self):
        """Look whether the addon's scheduled jobs run."""
        jobs = self._get_jobs()
        now = fields.Datetime.now()
        findings = []
        for job in jobs:
            late = job.nextcall <= now - LATE and job.id != self.env.context.get("cron_id")
            if job.active and not job.failure_count and not late:
                continue
            finding = Finding("job", subject=str(job.id))
            if not job.active:
                cause = "job_off"
            else:
                cause = "job_failing" if job.failure_count else "job_late"
            finding.explain(
                cause, [("ir.cron", job.id)], since=fields.Datetime.to_string(job.nextcall)
            )
            findings.append(finding)
        return findings

    @api.model
    def _get_jobs(self):
        """Return the scheduled jobs of the addon, active or not."""
        data = self.env["ir.model.data"].search([("module", "=", "oms"), ("model", "=", "ir.cron")])
        jobs = self.env["ir.cron"].with_context(active_test=False)
        return jobs.browse(data.mapped("res_id")).exists()

    def _check_late_claims(self):
        """Look for expired claims that nobody ended. They do not count, but fill the table."""
        before = SQL("%s::timestamp", fields.Datetime.now() - LATE)
        findings = []
        for site_id, count, first, ids in self.env.execute_query(audit_sql.late_claims(before)):
            finding = Finding("claim_late", 0, site_id, kept=float(count))
            job = self.env.ref("oms.cron_expire_claims", raise_if_not_found=False)
            documents = [("oms.claim", claim_id) for claim_id in ids[:3]]
            if job:
                documents.insert(0, ("ir.cron", job.id))
            finding.explain("expired", documents, since=fields.Datetime.to_string(first))
            findings.append(finding)
        return findings
