import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from .lead_time_units import GIVE_UP_DAYS
from .outcome import to_local_date

_logger = logging.getLogger(__name__)

#: Orders that are promised at once.
PROMISE_BATCH = 200
#: Fulfillments under way of which nobody was told when they come.
UNPROMISED = [("state", "in", ("planned", "released", "shipped")), ("promise_ids", "=", False)]


class OmsPromise(models.Model):
    """Promises as time goes by: what is missing, and what is late."""

    _inherit = "oms.promise"

    @api.model
    def _cron_follow(self):
        """Promise what is missing, count as late what is over, and see what will be."""
        self._promise_missing()
        self.env["ir.cron"]._commit_progress()
        self._score_overdue()
        self.env["ir.cron"]._commit_progress()
        self._cron_watch()

    @api.model
    def _promise_missing(self):
        """Promise a date for what was sourced after its order was placed.

        Only for orders of channels whose workflow promises.

        :return: the promises made
        """
        steps = self.env["oms.workflow.step"].search([("action_id.state", "=", "oms_promise")])
        orders = self.env["sale.order"].search(
            [
                ("state", "=", "sale"),
                ("oms_channel_id.workflow_id", "in", steps.workflow_id.ids),
                ("oms_fulfillment_ids", "any", UNPROMISED),
            ]
        )
        return self.union(
            *(
                self._promise_apart(orders[start : start + PROMISE_BATCH])
                for start in range(0, len(orders), PROMISE_BATCH)
            )
        )

    @api.model
    def _promise_apart(self, orders):
        """Promise dates of orders; one of which that cannot be done keeps no other waiting.

        :return: the promises made
        """
        try:
            with self.env.cr.savepoint():
                return orders._oms_promise()
        except OperationalError:
            raise
        except Exception:  # whatever is wrong with one order
            if len(orders) == 1:
                _logger.exception("No date can be promised of order %s", orders.id)
                return self.browse()
        return self.union(*(self._promise_apart(order) for order in orders))

    @api.model
    def _score_overdue(self):
        """Count promises as late whose day is over and whose goods have not come."""
        now = fields.Datetime.now()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, promised_date, tz, state, deviation_days
                  FROM oms_promise
                 WHERE state IN ('open', 'late') AND arrived_at IS NULL
                   AND promised_date < %s AND (state = 'open' OR promised_date > %s)
                """,
                # A day is over at most half a day before UTC says so.
                now.date() + timedelta(days=1),
                # Nobody waits any more: it stays as late as it is.
                now.date() - timedelta(days=GIVE_UP_DAYS),
            )
        )
        waiting = self.browse(
            promise_id
            for promise_id, day, zone, state, days in rows
            if (over := (to_local_date(now, zone) - day).days) > 0
            and (state == "open" or over != days)
        )
        waiting._compute_outcome()
        return waiting
