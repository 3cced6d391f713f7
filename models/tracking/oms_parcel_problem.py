import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date

from ...connectors.carrier import ADAPTERS, Capability
from ..carrier.oms_parcel import ENDED
from ..transaction import retrying

_logger = logging.getLogger(__name__)

PROBLEM_SELECTION = [
    ("lost", "Lost"),
    ("returned", "On Its Way Back"),
    ("failed", "Could Not Be Delivered"),
    ("late", "Late"),
]
#: What a parcel needs somebody for, and which event is raised, by its state.
PROBLEMS = {"lost": "lost", "returned": "returned", "failed_attempt": "failed"}
EVENTS = {
    "lost": "parcel.lost",
    "returned": "parcel.returned",
    "failed_attempt": "parcel.failed",
    "available_for_pickup": "parcel.available",
    "delivered": "parcel.delivered",
}
#: Parcels that are looked at between two commits.
LATE_BATCH = 200

_LATE = """
    SELECT parcel.id
      FROM oms_parcel parcel
      JOIN oms_carrier_account account ON account.id = parcel.account_id
      JOIN oms_fulfillment fulfillment ON fulfillment.id = parcel.fulfillment_id
 LEFT JOIN oms_promise promise
        ON promise.fulfillment_id = fulfillment.id AND promise.current
CROSS JOIN LATERAL (
        SELECT GREATEST(MAX(moment), fulfillment.shipped_at, parcel.create_date) AS at,
               COUNT(*) > 0 AS told
          FROM oms_tracking_event WHERE parcel_id = parcel.id
     ) AS moved
     WHERE parcel.state NOT IN %(ended)s AND parcel.state != 'available_for_pickup'
       AND parcel.unwanted IS NOT TRUE
       AND fulfillment.state = 'shipped'
       AND COALESCE(parcel.raised, '') NOT LIKE '%%parcel.late%%'
       -- Who never tells of parcels says nothing by silence.
       AND (moved.told OR account.adapter = ANY(%(telling)s))
       AND (account.still_days > 0
            AND moved.at < %(now)s - account.still_days * interval '1 day'
            OR promise.promised_date < timezone(promise.tz, timezone('UTC', %(now)s))::date)
  ORDER BY parcel.id
"""


class OmsParcel(models.Model):
    """What goes wrong with parcels, told once each, and kept until somebody looked after it."""

    _inherit = "oms.parcel"

    problem = fields.Selection(
        PROBLEM_SELECTION,
        readonly=True,
        tracking=True,
        index="btree_not_null",
        help="What somebody has to look after.",
    )
    problem_since = fields.Datetime(readonly=True)
    raised = fields.Char(
        readonly=True, copy=False, help="Events that were raised, so that each is raised once."
    )
    order_id = fields.Many2one(
        related="fulfillment_id.order_id", store=True, precompute=True, index="btree_not_null"
    )

    _problem_idx = models.Index("(order_id) WHERE problem IS NOT NULL")

    def _on_state(self, state):
        res = super()._on_state(state)
        self._set_problem(PROBLEMS.get(state))
        if state in EVENTS:
            self._raise_once(EVENTS[state])
        if state == "returned":
            self._propose_back()
        return res

    def _set_problem(self, problem):
        """Write down what somebody has to look after, or that nobody has to any more."""
        changed = self.filtered(lambda parcel: (parcel.problem or None) != problem)
        if problem is None:
            # That it moves again says nothing of when it comes.
            changed = changed.filtered(
                lambda parcel: parcel.problem != "late" or parcel.state in ENDED
            )
        changed.write({"problem": problem, "problem_since": problem and fields.Datetime.now()})

    def _raise_once(self, event):
        """Raise an event of the orders of parcels of which it was not raised before.

        :param str event: key of the event
        :return: the parcels of which it is raised now
        """
        new = self.filtered(lambda parcel: event not in (parcel.raised or "").split())
        for parcel in new:
            parcel.raised = f"{parcel.raised or ''} {event}".strip()
        new.order_id._oms_raise(event)._run_later()
        return new

    # === LATE === #

    @api.model
    def _cron_find_late(self):
        """Tell once of each parcel that does not move, or does not come when it was promised."""
        late = self._search_late()
        self.env["ir.cron"]._commit_progress(remaining=len(late))
        for start in range(0, len(late), LATE_BATCH):
            batch = late[start : start + LATE_BATCH]
            try:
                retrying(self.env, lambda env, batch=batch: batch.with_env(env)._tell_late())
            except OperationalError as error:
                _logger.info("Late parcels are told of in the next run: %s", error)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                return

    @api.model
    def _search_late(self):
        """Return the parcels under way that are late and of which nobody was told."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                _LATE,
                ended=ENDED,
                telling=[
                    key
                    for key, adapter in ADAPTERS.items()
                    if Capability.TRACK in adapter.capabilities
                ],
                now=fields.Datetime.now(),
            )
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    def _tell_late(self):
        parcels = self.exists()._raise_once("parcel.late")
        parcels.filtered(lambda parcel: not parcel.problem)._set_problem("late")

    # === FOR PEOPLE === #

    def _get_problem_reason(self):
        """Say what somebody has to look after.

        :rtype: str
        """
        self.ensure_one()
        words = dict(self._fields["problem"]._description_selection(self.env))
        day = fields.Datetime.context_timestamp(self, self.problem_since).date()
        return self.env._(
            "Parcel %(number)s since %(day)s: %(problem)s.",
            number=self.display_name,
            day=format_date(self.env, day),
            problem=words[self.problem].lower(),
        )

    def _get_contents(self):
        """Return what is in the parcels, as far as it is with none of the customers.

        :return: quantity in the product's unit by ``oms.fulfillment.line``
        :rtype: dict
        """
        found = {}
        for parcel in self:
            lines = parcel.picking_id.move_line_ids
            others = parcel.picking_id.oms_parcel_ids._filter_wanted() - parcel
            if parcel.package_id:
                lines = lines.filtered(
                    lambda line, parcel=parcel: line.result_package_id == parcel.package_id
                )
            elif others:
                # Nobody knows which part of the transfer is in it.
                continue
            for line in lines:
                part = line.move_id.oms_fulfillment_line_id
                if part and line.state == "done":
                    found[part] = found.get(part, 0.0) + line.quantity_product_uom
        return {
            part: min(quantity, part._get_quantity_arriving())
            for part, quantity in found.items()
            if part.uom_id.compare(part._get_quantity_arriving(), 0.0) > 0
        }

    def action_settle(self):
        """Say that somebody looked after what is wrong with the parcels.

        :raises AccessError: the user is no order operator
        """
        if not self.env.user.has_group("oms.group_order_operator"):
            raise AccessError(self.env._("Only order operators decide about parcels."))
        self.order_id.check_access("write")
        # sudo: nobody writes parcels, they follow what carriers report and people decide
        self.sudo()._set_problem_settled()

    def _set_problem_settled(self):
        self.write({"problem": False, "problem_since": False})


class OmsCarrierAccount(models.Model):
    _inherit = "oms.carrier.account"

    still_days = fields.Integer(
        string="Late After (Days)",
        default=4,
        help="After so many days without news a parcel under way counts as late. Zero: only when "
        "its promised day is over.",
    )

    _still_days_check = models.Constraint(
        "CHECK (still_days >= 0)", "Parcels are late after zero or more days without news."
    )
