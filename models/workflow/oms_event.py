import logging
import time
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..transaction import retrying

_logger = logging.getLogger(__name__)

EVENT_SELECTION = [
    ("order.placed", "Order placed"),
    ("order.changed", "Order changed"),
    ("order.cancelled", "Order cancelled"),
    ("order.sourced", "Order fully sourced"),
    ("order.waiting", "Order waits for stock"),
    ("fulfillment.rejected", "Site gave goods back"),
    ("site.offline", "Work taken back from a site"),
    ("fulfillment.shipped", "Goods left the site"),
    ("fulfillment.delivered", "Goods delivered"),
    ("fulfillment.ready", "Goods ready to be collected"),
    ("fulfillment.expired", "Goods not collected in time"),
    ("promise.at_risk", "Promise at risk"),
    ("parcel.lost", "Parcel lost"),
    ("parcel.returned", "Parcel returned to sender"),
    ("parcel.failed", "Parcel could not be delivered"),
    ("parcel.late", "Parcel late"),
    ("parcel.available", "Parcel can be collected"),
    ("parcel.delivered", "Parcel delivered"),
    ("return.requested", "Return asked for"),
    ("return.authorized", "Return authorized"),
    ("return.refused", "Return refused"),
    ("return.cancelled", "Return cancelled"),
    ("return.expired", "Return never came"),
    ("return.shipped", "Return on its way"),
    ("return.received", "Return received"),
    ("return.inspected", "Return inspected"),
    ("return.refunded", "Return settled"),
    ("return.closed", "Return closed"),
    ("receipt.late", "Receipt late or cancelled"),
    ("address.changed", "Delivery address changed"),
    ("date.changed", "Promised for an earlier date"),
    ("payment.authorized", "Payment authorized"),
    ("payment.failed", "Payment failed"),
    ("payment.captured", "Payment captured"),
    ("payment.capture_refused", "Capture refused"),
    ("payment.expiring", "Authorization expires soon"),
    ("payment.refunded", "Payment refunded"),
    ("order.exception", "Somebody has to decide"),
]
STATE_SELECTION = [
    ("pending", "Running"),
    ("held", "On Hold"),
    ("done", "Done"),
    ("parked", "Parked"),
    ("discarded", "Discarded"),
]
#: Events that may follow from each other before the chain is taken for a circle.
MOST_CHAINED = 10
#: Times the scheduled job tries a parked event again, and minutes until the first of them; the
#: wait doubles with each.
MOST_ATTEMPTS = 5
FIRST_WAIT = 5


class OmsEvent(models.Model):
    """Something that happened to an order, and what its channel's workflow made of it.

    An event is never lost: what one of its steps could not do parks it with the reason, and it
    goes on from that step when it is tried again.
    """

    _name = "oms.event"
    _description = "Order Event"
    _order = "id desc"
    _rec_name = "event"

    event = fields.Selection(EVENT_SELECTION, required=True, readonly=True, index=True)
    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    channel_id = fields.Many2one(
        related="order_id.oms_channel_id", store=True, precompute=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    workflow_id = fields.Many2one("oms.workflow", readonly=True, ondelete="set null")
    parent_id = fields.Many2one(
        "oms.event", string="Follows From", readonly=True, ondelete="set null"
    )
    depth = fields.Integer(readonly=True, help="How many events it follows from.")
    state = fields.Selection(
        STATE_SELECTION, required=True, readonly=True, default="pending", index=True
    )
    log = fields.Json(
        string="Steps", readonly=True, help="What each step did, in the order in which they ran."
    )
    error = fields.Text(readonly=True, help="Why the event is parked.")
    attempts = fields.Integer(readonly=True, help="How often the failed step was tried.")
    next_try = fields.Datetime(
        readonly=True, help="When the scheduled job tries the failed step again."
    )

    _open_idx = models.Index("(next_try) WHERE state IN ('pending', 'parked')")

    @api.depends("event", "order_id.name")
    def _compute_display_name(self):
        names = dict(self._fields["event"]._description_selection(self.env))
        for event in self:
            event.display_name = f"{event.order_id.name}: {names.get(event.event, event.event)}"

    # === RUNNING === #

    def _run(self):
        """Run what is left of the events, those of the same kind together, step by step.

        :raise psycopg2.OperationalError: another transaction was faster; the caller is run again
        """
        pending = self.filtered(lambda event: event.state == "pending")
        for (workflow, code), events in pending.grouped(
            lambda event: (event.workflow_id, event.event)
        ).items():
            for step in workflow._get_steps(code, self.env.lang):
                events.filtered(lambda event, step=step: event._is_due(step))._run_step(step)
            events._finish()

    def _is_due(self, step):
        self.ensure_one()
        return self.state == "pending" and step.id not in {
            entry["step_id"] for entry in self.log or () if entry["outcome"] != "failed"
        }

    def _finish(self):
        """End the events whose steps have all run."""
        done = self.filtered(lambda event: event.state == "pending")
        done.write({"state": "done", "error": False, "next_try": False})

    def _run_step(self, step):
        """Run one step for the events, together and, if that fails, each by itself.

        :param Step step: what the step is
        """
        chosen = self.filtered(lambda event: event.order_id.filtered_domain(step.domain))
        for event in self - chosen:
            event._note(step, "skipped")
        if not chosen:
            return
        start = time.perf_counter()
        try:
            with self.env.cr.savepoint():
                results = self.env["oms.workflow.step"]._execute(step, chosen)
        except OperationalError:
            raise
        except Exception as error:  # whatever it is, the event must not be lost
            if len(chosen) > 1:
                for event in chosen:
                    event._run_step(step)
            else:
                chosen._fail(step, error)
            return
        seconds = (time.perf_counter() - start) / len(chosen)
        for event in chosen:
            event._note(step, "done", results.get(event.order_id.id), seconds)
        chosen.filtered("order_id.oms_held").state = "held"

    def _note(self, step, outcome, text=None, seconds=0.0):
        """Write down what a step did.

        :param str outcome: ``done``, ``skipped`` or ``failed``
        :param str text: what came of it, for people
        :param float seconds: how long it took
        """
        self.ensure_one()
        entry = {
            "step_id": step.id,
            "step": step.name,
            "outcome": outcome,
            "text": text or "",
            "at": fields.Datetime.to_string(fields.Datetime.now()),
            "milliseconds": round(seconds * 1000, 1),
        }
        self.log = [*(self.log or []), entry]

    def _fail(self, step, error):
        """Park the event, unless the step may fail; the job tries it again a few times."""
        expected = isinstance(error, UserError)
        sentence = str(error) or type(error).__name__
        self._note(step, "failed", sentence)
        _logger.log(
            logging.INFO if expected else logging.WARNING,
            "Step %s of %s failed: %s",
            step.name,
            self.display_name,
            sentence,
            exc_info=not expected,
        )
        if step.on_failure == "continue":
            self._note(step, "skipped", self.env._("Went on without it."))
            return
        attempts = self.attempts + 1
        wait = timedelta(minutes=FIRST_WAIT * 2 ** (attempts - 1))
        self.write(
            {
                "state": "parked",
                "error": sentence,
                "attempts": attempts,
                "next_try": attempts < MOST_ATTEMPTS and fields.Datetime.now() + wait,
            }
        )

    # === LIFE === #

    def _run_later(self):
        """Have the scheduled job run the events at once, in a transaction of its own."""
        job = self and self.env.ref("oms.cron_run_events", raise_if_not_found=False)
        if job:
            # sudo: whoever causes an event need not have rights on scheduled jobs
            job.sudo()._trigger()

    def _resume(self):
        """Go on with parked or held events where they stand."""
        self.write({"state": "pending", "error": False, "next_try": False})
        self._run()

    def _discard(self):
        self.filtered(lambda event: event.state in ("pending", "held", "parked")).write(
            {"state": "discarded", "next_try": False}
        )

    @api.model
    def _cron_run(self):
        """Run events left for later, and parked ones whose time has come, each by itself."""
        now = fields.Datetime.now()
        events = self.search(
            [
                "|",
                ("state", "=", "pending"),
                "&",
                ("state", "=", "parked"),
                ("next_try", "<=", now),
            ],
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(events))
        for event in events:
            try:
                retrying(self.env, lambda env, event=event: event.with_env(env)._resume())
            except OperationalError as error:
                _logger.info("Event %s is tried later: %s", event.id, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # === ACTION METHODS === #

    def _check_can_change(self):
        """Whoever may change the order may decide on its events."""
        self.order_id.check_access("write")
        # sudo: events are written by the workflow only, on behalf of whoever may change the order
        return self.sudo()

    def action_retry(self):
        """Go on with parked events at the step that failed.

        :raise UserError: none of them is parked
        """
        events = self._check_can_change().filtered(lambda event: event.state == "parked")
        if not events:
            raise UserError(self.env._("Only parked events can be tried again."))
        events.attempts = 0
        events._resume()

    def action_skip(self):
        """Go on with parked events after the step that failed.

        :raise UserError: none of them is parked
        """
        events = self._check_can_change().filtered(lambda event: event.state == "parked")
        if not events:
            raise UserError(self.env._("Only the failed step of a parked event can be left out."))
        for event in events:
            failed = self.env["oms.workflow.step"].browse(event.log[-1]["step_id"])
            name = self.env.user.display_name
            event._note(failed, "skipped", self.env._("Left out by %s.", name))
        events._resume()

    def action_discard(self):
        """Give parked or held events up.

        :raise UserError: none of them is parked or on hold
        """
        events = self._check_can_change().filtered(lambda event: event.state in ("parked", "held"))
        if not events:
            raise UserError(self.env._("Only parked events and those on hold can be given up."))
        events._discard()
