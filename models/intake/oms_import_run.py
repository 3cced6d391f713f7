import base64
import csv
import io
import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from .tabular import TableError
from .work import Issue, Outcome

_logger = logging.getLogger(__name__)

#: A file that is estimated to take longer than this is imported in the background.
INLINE_SECONDS = 15
#: Report lines that are in memory at once when the file of bad rows is written.
REPORT_BATCH = 5000


class OmsImport(models.Model):
    _inherit = "oms.import"

    # === STARTING === #

    def _launch(self, todo):
        """Check or import the file: at once when it is small, else in the background.

        :param str todo: ``check`` or ``import``
        """
        self.ensure_one()
        self._get_handler()._check_access(self)
        # Two people may press the button at once.
        self.lock_for_update(allow_referencing=True)
        self._begin(todo)
        if self._estimate_seconds(todo) <= INLINE_SECONDS:
            self._work(lambda _done: True)
        else:
            self._trigger()

    def _estimate_seconds(self, todo):
        try:
            table = self._open_reading().table
            rows = sum(1 for _row in table.rows())
        except TableError:
            # Told at once what is wrong with the file.
            return 0
        # Looking alone takes no more than a fraction of a millisecond per row.
        return rows * (0.001 if todo == "check" else self._get_handler()._seconds_per_row)

    def _trigger(self):
        # sudo: whoever may import may have the background job look at it
        self.env.ref("oms.cron_import").sudo()._trigger()

    @api.model
    def _cron_run(self):
        """Go on with the imports that are running, oldest first, one chunk per commit."""
        jobs = self.search([("state", "=", "running")], order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=jobs._count_remaining())
        for job in jobs:
            # Nobody else works on it as long as this transaction lasts; after each commit the
            # position tells whether somebody did.
            if not job.try_lock_for_update(allow_referencing=True) or job.state != "running":
                continue
            try:
                ended = job._work(job._checkpoint)
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
                # Another transaction was faster: the next run, at once, goes on where this chunk
                # began.
                self.env.cr.rollback()
                _logger.info("Import %s goes on in the next run: %s", job.id, error)
                ended = False
            except psycopg2.OperationalError:
                raise
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Import %s failed", job.id)
                job._end("failed", self.env._("An unexpected error; the log has the details."))
                ended = True
            left = cron._commit_progress(remaining=jobs._count_remaining())
            if not ended or not left:
                break

    def _count_remaining(self):
        """Return how much the running ones among these imports have still to do.

        :return: number of units; at least one for each import that is not over
        :rtype: int
        """
        running = self.filtered(lambda job: job.state == "running")
        # One that is not begun has not counted its units, and one at its last step is not over.
        return sum(max(job.unit_count - job.position, 1) for job in running)

    def _checkpoint(self, done):
        """Commit a chunk in the background job.

        :param int done: units of the chunk
        :return: whether there is time for another one
        :rtype: bool
        """
        position = self.position
        jobs = self.search([("state", "=", "running")])
        left = self.env["ir.cron"]._commit_progress(done, remaining=jobs._count_remaining())
        # A long import must not fill the memory.
        self.env.invalidate_all()
        locked = self.try_lock_for_update(allow_referencing=True)
        return bool(left and locked and self.position == position and self.state == "running")

    # === RUNNING === #

    def _as_owner(self):
        """Return the job with the rights, language and company of who started it."""
        self.ensure_one()
        # sudo: the background job looks up on whose behalf it works
        job = self.sudo()
        return job.with_user(job.user_id).with_context(
            lang=job.user_id.lang, tz=job.user_id.tz, allowed_company_ids=job.company_id.ids
        )

    def _begin(self, todo):
        """Forget an earlier run and make ready for a new one.

        :param str todo: ``check`` or ``import``
        """
        # sudo: users cannot write the traces of an import themselves
        job = self.sudo()
        job.line_ids.unlink()
        job.write(
            {
                "state": "running",
                "todo": todo,
                "user_id": self.env.uid,
                "position": 0,
                "unit_count": 0,
                "row_count": 0,
                "bad_count": 0,
                "created_count": 0,
                "updated_count": 0,
                "unchanged_count": 0,
                "zeroed_count": 0,
                "confirmed_count": 0,
                "confirm_seconds": 0.0,
                "started": fields.Datetime.now(),
                "ended": False,
                "error": False,
                "report_file": False,
                "report_file_name": False,
            }
        )

    def _work(self, checkpoint):
        """Go on with the job from its position to its end.

        :param checkpoint: called after each chunk with the number of units done in it, or of
            stocks emptied; it may commit, and returns False to ask the job to stop and be called
            again
        :return: whether the job ended, well or not
        :rtype: bool
        """
        self.ensure_one()
        job = self._as_owner()
        try:
            ended = job._work_through(checkpoint)
        except (TableError, UserError) as error:
            job._end("failed", str(error))
            return True
        if ended:
            job._end("checked" if job.todo == "check" else "done")
        return ended

    def _work_through(self, checkpoint):
        handler = self._get_handler()
        handler._check_access(self)
        reading = self._open_reading()
        handler._prepare(self, reading)
        dry = self.todo == "check"
        if not self.unit_count:
            # sudo: see _begin
            self.sudo().unit_count = handler._count_units(self, reading)
        for chunk in handler._iter_chunks(self, reading, self.position):
            outcome = self._process_safely(handler, reading, chunk.units, dry)
            done = chunk.position - self.position
            self._note(outcome, chunk)
            if not checkpoint(done):
                return False
        return handler._finish(self, reading, dry, checkpoint)

    def _process_safely(self, handler, reading, units, dry):
        """Process units together; if Odoo refuses, halve them until the bad ones stand alone."""
        try:
            with self.env.cr.savepoint():
                return handler._process(self, reading, units, dry)
        except (UserError, psycopg2.IntegrityError, psycopg2.DataError) as error:
            if len(units) > 1:
                middle = len(units) // 2
                outcome = self._process_safely(handler, reading, units[:middle], dry)
                return outcome.add(self._process_safely(handler, reading, units[middle:], dry))
            outcome = Outcome()
            reference = handler._get_reference(reading, units[0][0])
            outcome.refuse(units[0], {}, reference, str(error).strip())
            return outcome

    def _note(self, outcome, chunk):
        """Write down what became of a chunk and how far the job is."""
        errors = [issue for issue in outcome.issues if issue.severity == "error"]
        # sudo: see _begin
        job = self.sudo()
        job.env["oms.import.line"].create([job._prepare_line_vals(i) for i in outcome.issues])
        job.write(
            {
                "position": chunk.position,
                "row_count": job.row_count + sum(len(unit) for unit in chunk.units),
                "bad_count": job.bad_count + len(errors),
                "created_count": job.created_count + outcome.created,
                "updated_count": job.updated_count + outcome.updated,
                "unchanged_count": job.unchanged_count + outcome.unchanged,
            }
        )

    def _prepare_line_vals(self, issue: Issue):
        return {
            "import_id": self.id,
            "line_number": issue.record.line,
            "reference": issue.reference,
            "severity": issue.severity,
            "message": issue.message,
            "cells": list(issue.record.cells),
        }

    def _end(self, state, error=False):
        """Close the run.

        :param str state: the state that it leaves the job in
        :param str error: why it failed
        """
        # sudo: see _begin
        job = self.sudo()
        job.write({"state": state, "todo": False, "error": error, "ended": fields.Datetime.now()})
        if state != "failed":
            job._write_report()
        if error:
            job.message_post(body=error)

    def _write_report(self):
        """Make the file of bad rows, in the columns of the original."""
        lines = self.env["oms.import.line"].search(
            [("import_id", "=", self.id), ("severity", "=", "error")], order="line_number, id"
        )
        if not lines:
            return
        table = self._open_table(self._get_attachment().raw, self.encoding)
        headers = [h for h in table.headers if h.lower() != "error"]
        keep = [i for i, h in enumerate(table.headers) if h.lower() != "error"]
        stream = io.StringIO(newline="")
        writer = csv.writer(stream)
        writer.writerow([*headers, "error"])
        for start in range(0, len(lines), REPORT_BATCH):
            batch = lines[start : start + REPORT_BATCH]
            for line in batch:
                cells = list(line.cells) + [""] * len(table.headers)
                writer.writerow([*(cells[i] for i in keep), line.message.replace("\n", " ")])
            # All rows of a large file may be bad: they need not be in memory at once.
            batch.invalidate_recordset()
        stem = (self.file_name or "import").split(".")[0]
        self.report_file_name = f"{stem}_bad_rows.csv"
        # The byte order mark has spreadsheets read the file as what it is.
        self.report_file = base64.b64encode(stream.getvalue().encode("utf-8-sig"))
