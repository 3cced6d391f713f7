import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from ..transaction import retrying

_logger = logging.getLogger(__name__)
KIND_SELECTION = [
    ("conflict", "Conflicting Change"),
    ("attempts", "Given Back Too Often"),
    ("parked", "Step Failed"),
    ("unsourceable", "No Site Found"),
    ("payment", "Payment in Trouble"),
    ("parcel", "Parcel in Trouble"),
    ("late", "Late"),
    ("at_risk", "Promise at Risk"),
]
#: After so many waves an order that was collected for one should have been sourced.
MOST_WAVES_MISSED = 3
#: Orders for which the job raises events between two commits.
RAISE_BATCH = 100

_QUERY = """
    WITH parked AS (
        SELECT order_id, MIN(create_date) AS since FROM oms_event
         WHERE state = 'parked' GROUP BY order_id
    ), overdue AS (
        SELECT fulfillment.order_id, MIN(move.date_deadline) AS since
          FROM oms_fulfillment fulfillment
          JOIN oms_fulfillment_line line ON line.fulfillment_id = fulfillment.id
          JOIN stock_move move ON move.oms_fulfillment_line_id = line.id
         WHERE fulfillment.state = 'released' AND move.state NOT IN ('done', 'cancel')
           AND move.date_deadline < %(today)s
      GROUP BY fulfillment.order_id
    ), risky AS (
        SELECT order_id, MIN(risk_since) AS since FROM oms_promise
         WHERE current AND risk_stage IS NOT NULL AND state IN ('open', 'late')
           AND arrived_at IS NULL
      GROUP BY order_id
    ), troubled AS (
        SELECT order_id, MIN(problem_since) AS since FROM oms_parcel
         WHERE problem IS NOT NULL GROUP BY order_id
    ), unpaid AS (
        SELECT order_id, problem_since AS since FROM oms_payment_plan
         WHERE problem_since IS NOT NULL
    ), found AS (
        SELECT sale.id, sale.oms_channel_id, sale.company_id, sale.partner_shipping_id,
               sale.user_id, sale.date_order, sale.currency_id, sale.amount_total,
               sale.oms_attempts, sale.commitment_date, sale.oms_conflict_at,
               CASE WHEN sale.oms_conflict IS NOT NULL THEN 'conflict'
                    WHEN waits.it AND parked.since IS NOT NULL
                         AND COALESCE(sale.oms_attempts, 0) >= channel.max_attempts THEN 'attempts'
                    WHEN parked.since IS NOT NULL THEN 'parked'
                    WHEN waits.it AND NOT (
                             COALESCE(sale.oms_backorder, FALSE)
                             AND (sale.oms_backorder_until IS NULL
                                  OR sale.oms_backorder_until >= %(today)s::date)
                         ) AND NOT collected.it THEN 'unsourceable'
                    WHEN unpaid.since IS NOT NULL THEN 'payment'
                    WHEN troubled.since IS NOT NULL THEN 'parcel'
                    WHEN overdue.since IS NOT NULL
                         OR waits.it AND sale.commitment_date < %(today)s THEN 'late'
                    WHEN risky.since IS NOT NULL THEN 'at_risk'
               END AS kind,
               parked.since AS parked_since, risky.since AS risky_since,
               troubled.since AS troubled_since, unpaid.since AS unpaid_since,
               COALESCE(overdue.since, CASE WHEN waits.it THEN sale.commitment_date END)
                   AS late_since
          FROM sale_order sale
          JOIN oms_channel channel ON channel.id = sale.oms_channel_id AND channel.orchestrated
     LEFT JOIN parked ON parked.order_id = sale.id
     LEFT JOIN overdue ON overdue.order_id = sale.id
 LEFT JOIN risky ON risky.order_id = sale.id
 LEFT JOIN troubled ON troubled.order_id = sale.id
 LEFT JOIN unpaid ON unpaid.order_id = sale.id
CROSS JOIN LATERAL (SELECT sale.oms_state IN ('waiting', 'partial') AS it) AS waits
-- The next wave takes up what is new; what several waves have left lying has a problem.
CROSS JOIN LATERAL (
        SELECT waits.it AND COALESCE(channel.wave_minutes, 0) > 0
               AND NOT EXISTS (SELECT FROM oms_decision WHERE order_id = sale.id)
               AND EXISTS (
                    SELECT FROM oms_event
                     WHERE order_id = sale.id
                       AND create_date > %(now)s
                           - channel.wave_minutes * %(waves)s * interval '1 minute'
               ) AS it
     ) AS collected
         WHERE sale.state = 'sale'
           AND (waits.it OR sale.oms_conflict IS NOT NULL OR parked.since IS NOT NULL
                OR overdue.since IS NOT NULL OR risky.since IS NOT NULL
                OR troubled.since IS NOT NULL OR unpaid.since IS NOT NULL)
    )
    SELECT found.id, found.id AS order_id, found.late_since,
           -- Somebody works on what is in conflict; what is only late is worked on as it should.
           -- Of what is at risk the customer can still be told before it is late.
           CASE found.kind WHEN 'conflict' THEN 0 WHEN 'attempts' THEN 2 WHEN 'parked' THEN 4
                           WHEN 'unsourceable' THEN 6 WHEN 'payment' THEN 6 WHEN 'parcel' THEN 6
                           WHEN 'at_risk' THEN 8 ELSE 10 END
           - (found.late_since IS NOT NULL)::int AS urgency,
           found.oms_channel_id AS channel_id, found.company_id,
           found.partner_shipping_id AS partner_id, found.user_id, found.date_order,
           found.currency_id, found.amount_total, COALESCE(found.oms_attempts, 0) AS attempts,
           found.commitment_date, found.kind, moment.since,
           ROUND((EXTRACT(epoch FROM %(now)s - moment.since) / 86400)::numeric, 2)::float8 AS age,
           COALESCE(gave_back.site_id, serves.site_id) AS site_id,
           tried.decisions
      FROM found
CROSS JOIN LATERAL (
        SELECT COUNT(*) AS decisions, MAX(id) FILTER (WHERE outcome = 'full') AS full_id
          FROM oms_decision WHERE order_id = found.id
     ) AS tried
 LEFT JOIN LATERAL (
        SELECT site_id, rejected_at FROM oms_rejection
         WHERE order_id = found.id AND state = 'valid' ORDER BY id DESC LIMIT 1
     ) AS gave_back ON TRUE
-- What waits has waited since it was first tried in vain: to try again makes it no younger.
CROSS JOIN LATERAL (
        SELECT COALESCE(
            (SELECT MIN(create_date) FROM oms_decision
              WHERE order_id = found.id AND id > COALESCE(tried.full_id, 0)),
            gave_back.rejected_at, found.date_order
        ) AS since
     ) AS waits
CROSS JOIN LATERAL (
        SELECT CASE found.kind WHEN 'late' THEN found.late_since
                               WHEN 'at_risk' THEN found.risky_since
                               WHEN 'payment' THEN found.unpaid_since
                               WHEN 'parcel' THEN found.troubled_since
                               WHEN 'conflict' THEN COALESCE(found.oms_conflict_at, waits.since)
                               WHEN 'unsourceable' THEN waits.since
                               ELSE COALESCE(found.parked_since, waits.since)
               END AS since
     ) AS moment
 LEFT JOIN LATERAL (
        SELECT site_id FROM oms_fulfillment
         WHERE order_id = found.id AND state IN ('planned', 'released', 'shipped')
      ORDER BY state = 'shipped', id LIMIT 1
     ) AS serves ON TRUE
     WHERE found.kind IS NOT NULL
"""


class OmsException(models.Model):
    """An order that needs a person, with why, since when, and what was tried.

    Nothing is stored: an order is here as long as its reason lasts. The id is that of the order.
    """

    _name = "oms.exception"
    _description = "Order That Needs a Person"
    _auto = False
    _order = "urgency, since, id"
    _rec_name = "order_id"
    _depends = {
        "sale.order": [
            "state",
            "oms_state",
            "oms_channel_id",
            "oms_attempts",
            "oms_conflict",
            "oms_conflict_at",
            "oms_backorder",
            "oms_backorder_until",
            "commitment_date",
            "amount_total",
            "partner_shipping_id",
            "user_id",
            "date_order",
        ],
        "oms.channel": ["orchestrated", "max_attempts", "wave_minutes"],
        "oms.event": ["state", "order_id"],
        "oms.fulfillment": ["state", "order_id", "site_id"],
        "oms.fulfillment.line": ["fulfillment_id"],
        "oms.decision": ["order_id", "outcome"],
        "oms.promise": ["order_id", "current", "state", "arrived_at", "risk_stage", "risk_since"],
        "oms.parcel": ["order_id", "problem", "problem_since"],
        "oms.payment.plan": ["order_id", "problem_since"],
        "oms.rejection": ["state", "order_id", "site_id", "rejected_at"],
        "stock.move": ["state", "date_deadline", "oms_fulfillment_line_id"],
    }

    order_id = fields.Many2one("sale.order", readonly=True)
    channel_id = fields.Many2one("oms.channel", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Delivered To", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    date_order = fields.Datetime(string="Order Date", readonly=True)
    commitment_date = fields.Datetime(string="Promised For", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_total = fields.Monetary(string="Value", readonly=True, aggregator="sum")
    kind = fields.Selection(KIND_SELECTION, readonly=True)
    urgency = fields.Integer(
        readonly=True,
        aggregator=False,
        help="The lower, the sooner somebody should look: conflicts first, what is only late last.",
    )
    since = fields.Datetime(readonly=True, help="Since when the order needs a person.")
    late_since = fields.Datetime(
        readonly=True, help="When the order should have been shipped, if that day is over."
    )
    age = fields.Float(string="Age (Days)", digits=(16, 1), readonly=True, aggregator="max")
    attempts = fields.Integer(string="Sourced Elsewhere", readonly=True, aggregator="avg")
    decisions = fields.Integer(readonly=True, aggregator="sum")
    site_id = fields.Many2one(
        "oms.site",
        readonly=True,
        help="The site that gave goods back last or, if none did, that serves the order.",
    )
    reason = fields.Text(compute="_compute_texts", help="Why the order needs a person.")
    tried = fields.Text(compute="_compute_texts", help="What was tried so far.")

    @property
    def _table_query(self):
        now = SQL("timezone('UTC', statement_timestamp())")
        # What is due today is not late before tomorrow.
        return SQL(
            _QUERY, now=now, today=SQL("date_trunc('day', %s)", now), waves=MOST_WAVES_MISSED
        )

    def _compute_texts(self):
        # sudo: the reason is for everybody who sees the exception
        reasons = self.order_id.sudo()._oms_get_exception_reasons()
        for record in self:
            record.reason = "\n".join(reasons[record.order_id])
            record.tried = "\n".join(record.order_id.sudo()._oms_get_tried())

    # === COUNTS === #

    @api.model
    def get_counts(self):
        """Return how many orders of the user's companies need a person, by kind.

        :rtype: dict[str, int]
        """
        groups = self._read_group([], ["kind"], ["__count"])
        return dict(groups)

    @api.model
    def _cron_raise(self):
        """Raise an event for each order that came to need a person since the last run.

        Each batch is a transaction of its own, run again when another one was faster.
        """
        found = dict(
            self.search_fetch([], ["kind"]).mapped(lambda each: (each.order_id, each.kind))
        )
        Order = self.env["sale.order"]
        known = Order.search([("oms_exception_kind", "!=", False)])
        over = known.filtered(lambda order: order not in found)
        if over:
            retrying(self.env, lambda env: over.with_env(env).write({"oms_exception_kind": False}))
        new = [order for order, kind in found.items() if order.oms_exception_kind != kind]
        self.env["ir.cron"]._commit_progress(remaining=len(new))
        for start in range(0, len(new), RAISE_BATCH):
            batch = Order.union(*new[start : start + RAISE_BATCH])
            kinds = {order.id: found[order] for order in batch}
            try:
                retrying(self.env, lambda env, kinds=kinds: self.with_env(env)._raise(kinds))
            except OperationalError as error:
                _logger.info("Exceptions are told in the next run: %s", error)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                break

    def _raise(self, kinds):
        """Raise the event of orders that came to need a person.

        :param dict kinds: kind of exception by order id
        """
        orders = self.env["sale.order"].browse(kinds)
        for order in orders:
            order.oms_exception_kind = kinds[order.id]
        orders._oms_raise("order.exception")._run()

    # === ACTION METHODS === #

    def action_retry(self):
        """Try again what failed, and source again what is open.

        :return: a notification that tells what became of it
        :rtype: dict
        """
        orders = self.order_id
        orders.check_access("write")
        orders._oms_retry()
        return self._notify_left()

    def action_resolved(self):
        """Tell that somebody looked after what was changed while a site worked on it.

        :return: a notification that tells what became of it
        :rtype: dict
        :raise UserError: nothing was
        """
        settled = self.order_id._oms_settle_conflicts()
        return self._notify(len(settled))

    def action_decide(self):
        """Ask for a decision of the kind named in the context, see ``oms.exception.decide``.

        :return: a window action
        :rtype: dict
        """
        return self.order_id.action_oms_decide()

    def action_view_order(self):
        """Open the order.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "view_mode": "form",
        }

    def _notify_left(self):
        """Tell how many of the orders need a person still."""
        left = self.search_count([("id", "in", self.ids)])
        return self._notify(len(self) - left)

    def _notify(self, done):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if done else "warning",
                "message": self.env._(
                    "Orders that need nobody any more: %(done)s of %(all)s.",
                    done=done,
                    all=len(self),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
