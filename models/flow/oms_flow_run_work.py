import json
import logging
import time
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from .oms_flow_note import STAGE_SELECTION

_logger = logging.getLogger(__name__)

STAGES = tuple(key for key, _name in STAGE_SELECTION)
OPEN_STATES = ("waiting", "running")
#: Notes of one kind that are written one by one; of more the rest is one note with a number.
MOST_NOTES = 20
#: So often a stage is begun that never ends: then the run goes on without it.
MOST_ATTEMPTS = 3


class OmsFlowRun(models.Model):
    """Runs are worked out stage by stage.

    What a stage finds is committed before it is written down that the stage is over: whoever
    presses stop waits for nobody, and a stage that is done twice proposes nothing twice, which the
    database sees to. A stage ``x`` is the method ``_stage_x``.
    """

    _inherit = "oms.flow.run"

    @api.model
    def _cron_run(self):
        """Go on with the runs that wait or were broken off, oldest first."""
        runs = self.search([("state", "in", OPEN_STATES)], order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=runs._count_remaining())
        for run in runs:
            try:
                ended = run._work(lambda done, runs=runs: runs._checkpoint(done))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
                self.env.cr.rollback()
                _logger.info("Flow run %s goes on in the next job: %s", run.id, error)
                ended = False
            if not ended:
                break

    def _count_remaining(self):
        """Return how many stages the runs have still to do."""
        return sum(len(STAGES) - run._get_place() for run in self if run.state in OPEN_STATES)

    def _checkpoint(self, done):
        """Commit; return whether there is time for another stage."""
        left = self.env["ir.cron"]._commit_progress(done, remaining=self._count_remaining())
        # A long run must not fill the memory.
        self.env.invalidate_all()
        return bool(left)

    def _get_place(self):
        self.ensure_one()
        return STAGES.index(self.stage) if self.stage else 0

    def _work(self, checkpoint):
        """Do one stage of a run after the other.

        :param checkpoint: called with the number of stages done; returns whether to go on
        :return: whether the run is over
        :rtype: bool
        """
        self.ensure_one()
        if self.state == "waiting":
            self._begin()
            checkpoint(0)
        while self.state in OPEN_STATES:
            if self.is_stopping:
                self._end("stopped")
                break
            began, stage = time.monotonic(), self.stage
            # Written down before: a stage that takes the server with it is not begun for ever.
            self.attempts += 1
            checkpoint(0)
            if self.attempts > MOST_ATTEMPTS:
                self._give_up(stage)
            else:
                self._do_stage(stage)
            self.env.flush_all()
            going_on = checkpoint(0)
            self._advance(stage, time.monotonic() - began)
            if not (checkpoint(1) and going_on) and self.state in OPEN_STATES:
                return False
        checkpoint(0)
        return True

    def _begin(self):
        self.write({"state": "running", "stage": STAGES[0], "started_at": fields.Datetime.now()})

    def _advance(self, stage, seconds):
        """Write down that a stage is over."""
        place = STAGES.index(stage) + 1
        self.seconds += seconds
        self.attempts = 0
        _logger.info(
            "Flow run %s of the plan %s: stage %s took %.2f s; so far %s goods at %s sites, "
            "%s proposals, %s notes",
            self.id,
            self.plan_id.id,
            stage,
            seconds,
            self.product_count,
            self.site_count,
            self.proposal_count,
            self.note_count,
        )
        self.progress = 100.0 * place / len(STAGES)
        if place < len(STAGES):
            self.stage = STAGES[place]
        else:
            failed = self.note_ids.filtered(lambda note: note.severity == "3_error")
            self.error = "\n".join(dict.fromkeys(failed.mapped("message"))) or False
            self._end("failed" if failed else "done")

    def _give_up(self, stage):
        """Tell that a stage is left out which was broken off again and again."""
        self._note(
            stage,
            self.env._(
                "The stage was broken off %s times, by the server or by other users at the same "
                "goods: the run goes on without it. Run the plan again when less is going on.",
                MOST_ATTEMPTS,
            ),
            severity="3_error",
        )

    def _end(self, state):
        self.write({"state": state, "ended_at": fields.Datetime.now(), "is_stopping": False})

    def _do_stage(self, stage):
        """Do one stage; what it cannot do is noted, and the others go on."""
        method = getattr(self, f"_stage_{stage}", None)
        if method is None:
            return
        # Those of a stage that was broken off after all was committed are told again.
        self.note_ids.filtered(lambda note: note.stage == stage).unlink()
        try:
            with self.env.cr.savepoint():
                method()
        except (UserError, ValueError) as error:
            self._note(stage, str(error), severity="3_error")
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.exception("Stage %s of the flow run %s failed", stage, self.id)
            self._note(
                stage,
                self.env._("An unexpected error; the log has the details."),
                severity="3_error",
            )

    # === NOTES === #

    def _note(self, stage, message, severity="2_warning", **vals):
        """Write a note of something that was left out.

        :param vals: ``product_id``, ``site_id`` or ``count``
        """
        self.ensure_one()
        self.env["oms.flow.note"].create(
            {
                "run_id": self.id,
                "stage": stage,
                "severity": severity,
                "message": message,
                **vals,
            }
        )

    def _note_all(self, stage, found, severity="2_warning"):
        """Write notes of many rows: the first of each kind by themselves, the rest as a number.

        :param found: (kind, message, product id or None, site id or None) tuples; the message of
            the first of a kind stands for the rest. Of many messages few are read: one may be a
            function that makes it
        """
        by_kind = defaultdict(list)
        for kind, *rest in found:
            by_kind[kind].append(rest)
        vals_list = []
        for rows in by_kind.values():
            told = [
                (message() if callable(message) else message, *about)
                for message, *about in rows[: MOST_NOTES + 1]
            ]
            vals_list += [(*each, 1) for each in told[:MOST_NOTES]]
            if len(rows) > MOST_NOTES:
                message = self.env._("The same of others: %(message)s", message=told[-1][0])
                vals_list.append((message, None, None, len(rows) - MOST_NOTES))
        self.env["oms.flow.note"].create(
            [
                {
                    "run_id": self.id,
                    "stage": stage,
                    "severity": severity,
                    "message": message,
                    "product_id": product_id,
                    "site_id": site_id,
                    "count": count,
                }
                for message, product_id, site_id, count in vals_list
            ]
        )

    # === PROPOSALS === #

    def _propose(self, rows):
        """Write proposals in one statement, those that are open already left out.

        :param list rows: values by column, see :meth:`_get_columns`; what forbids them has been
            looked at, what gains most comes first
        :return: the proposals that are new
        :rtype: oms.proposal
        """
        self.ensure_one()
        Proposal = self.env["oms.proposal"]
        most = self.plan_id.most_proposals
        self._note_beyond(len(rows) - most)
        rows = rows[:most]
        if not rows:
            return Proposal
        Proposal.flush_model()
        columns = self._get_columns()
        names = SQL(", ").join(map(SQL.identifier, columns))
        own = {
            "company_id": self.company_id.id,
            "plan_id": self.plan_id.id,
            "network_id": self.network_id.id,
            "run_id": self.id,
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "state": "proposed",
            "is_edited": False,
        }
        records = []
        for row in rows:
            level = Proposal._get_risk_level(row.get("risk"), row.get("risk_there"))
            quantity = row.get("quantity_proposed") or 0.0
            records.append({**row, **own, "risk_level": level, "quantity": quantity})
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_proposal (%(names)s, categ_id, create_date, write_date)
                SELECT %(qualified)s, template.categ_id, %(now)s, %(now)s
                  FROM jsonb_to_recordset(%(records)s::jsonb) AS asked (%(types)s)
             LEFT JOIN product_product variant ON variant.id = asked.product_id
             LEFT JOIN product_template template ON template.id = variant.product_tmpl_id
                 WHERE NOT %(forbidden)s
                ON CONFLICT DO NOTHING
             RETURNING id
                """,
                names=names,
                qualified=SQL(", ").join(SQL.identifier("asked", name) for name in columns),
                now=fields.Datetime.now(),
                records=json.dumps(records, default=str),
                types=SQL(", ").join(
                    SQL("%s %s", SQL.identifier(name), SQL(kind)) for name, kind in columns.items()
                ),
                forbidden=self.env["oms.flow.constraint"]._get_forbidding_sql(
                    self.plan_id, fields.Date.today()
                ),
            )
        )
        found = Proposal.browse(row[0] for row in self.env.cr.fetchall())
        Proposal.invalidate_model()
        self.invalidate_recordset(["proposal_ids"])
        return found

    def _note_beyond(self, count):
        """Tell how many proposals are not written because there are too many."""
        if count > 0:
            self._note(
                self.stage,
                self.env._(
                    "%(count)s more are worth proposing than %(plan)s may: those that gain least "
                    "are left out. They come when others are decided on; the plan says how many "
                    "there may be.",
                    count=count,
                    plan=self.plan_id.name,
                ),
                severity="1_info",
                count=count,
            )

    def _add_lines(self, vals_list):
        """Write lines of proposals in one statement: thousands of proposals of levels have some.

        :param list vals_list: values of ``oms.proposal.line``
        """
        Line = self.env["oms.proposal.line"]
        if not vals_list:
            return
        columns = {name: Line._fields[name].column_type[0] for name in set().union(*vals_list)}
        names = SQL(", ").join(map(SQL.identifier, columns))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_proposal_line (
                    %(names)s, company_id, create_uid, write_uid, create_date, write_date
                )
                SELECT %(names)s, %(company)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM jsonb_to_recordset(%(records)s::jsonb) AS asked (%(types)s)
                """,
                names=names,
                company=self.company_id.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                records=json.dumps(
                    [
                        {name: None if value is False else value for name, value in vals.items()}
                        for vals in vals_list
                    ],
                    default=str,
                ),
                types=SQL(", ").join(
                    SQL("%s %s", SQL.identifier(name), SQL(kind)) for name, kind in columns.items()
                ),
            )
        )
        Line.invalidate_model()
        self.env["oms.proposal"].invalidate_model(["line_ids"])

    @api.model
    def _get_columns(self):
        """Return the columns that :meth:`_propose` writes, with their types in the database.

        :rtype: dict[str, str]
        """
        integers = (
            "company_id", "plan_id", "network_id", "run_id", "origin_id", "site_id", "lane_id",
            "supplier_id", "supplierinfo_id", "product_id", "create_uid", "write_uid",
        )  # fmt: skip
        numbers = (
            "quantity_proposed", "quantity", "gain", "unit_gain", "cost", "carbon_kg", "weight",
            "risk", "risk_there", "origin_before", "origin_after", "site_before", "site_after",
            "origin_rate", "site_rate",
        )  # fmt: skip
        return {
            **dict.fromkeys(("kind", "state", "subject", "note", "risk_level"), "varchar"),
            **dict.fromkeys(integers, "int4"),
            **dict.fromkeys(numbers, "numeric"),
            **dict.fromkeys(("leaves_at", "arrives_at"), "timestamp"),
            "is_edited": "bool",
            "explanation": "jsonb",
        }
