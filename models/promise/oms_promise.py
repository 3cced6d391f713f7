from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .outcome import judge, to_moment
from .promise_case import SERVICE_SELECTION

STATE_SELECTION = [
    ("open", "Under Way"),
    ("kept", "Kept"),
    ("early", "Too Early"),
    ("late", "Late"),
    ("dropped", "Dropped"),
]
BASIS_SELECTION = [
    ("lane", "What was seen on this way"),
    ("group", "What was seen on ways like it"),
    ("configured", "Configured times"),
    ("given", "Date given with the order"),
    ("agreed", "Agreed with the customer"),
]
#: States of fulfillments whose goods come by another one, if they come.
ENDED = ("rejected", "cancelled", "lost")
#: What a promise is scored by, in the selects of groups: only what is decided counts.
_MEASURES = {
    "kept_share": "CASE WHEN %(table)s.state IN ('kept', 'early') THEN 1.0 "
    "WHEN %(table)s.state = 'late' THEN 0.0 END",
    "deviation_days": "CASE WHEN %(table)s.state IN ('kept', 'early', 'late') "
    "THEN %(table)s.deviation_days END",
}


class OmsPromise(models.Model):
    """A date that a customer was promised, and what became of it.

    Nothing changes what was promised: another date is another promise, which supersedes the one
    before. Each is scored when the goods arrive.
    """

    _name = "oms.promise"
    _description = "Promise"
    _order = "id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one(
        "sale.order", required=True, readonly=True, ondelete="cascade", index=True
    )
    fulfillment_id = fields.Many2one(
        "oms.fulfillment",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="What carries the goods; empty until the order is sourced.",
    )
    channel_id = fields.Many2one(
        related="order_id.oms_channel_id", store=True, precompute=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, precompute=True, index=True
    )
    partner_id = fields.Many2one(
        related="order_id.partner_shipping_id", string="Delivered To", store=True, precompute=True
    )
    site_id = fields.Many2one(
        "oms.site", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    carrier_id = fields.Many2one(
        "delivery.carrier", readonly=True, ondelete="set null", index="btree_not_null"
    )
    service = fields.Selection(SERVICE_SELECTION, readonly=True, required=True, default="home")
    made_at = fields.Datetime(
        string="Made", required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    promised_date = fields.Date(
        string="Promised",
        required=True,
        readonly=True,
        index=True,
        help="The day by whose end the customer was to have the goods, by the calendar of the "
        "destination.",
    )
    earliest_date = fields.Date(
        string="Earliest",
        readonly=True,
        help="The day before which the customer was not to expect the goods.",
    )
    confidence = fields.Float(
        digits=(3, 2),
        readonly=True,
        aggregator="avg",
        help="How often such a date was meant to be kept; 0 where a person or the channel named "
        "the date.",
    )
    basis = fields.Selection(
        BASIS_SELECTION,
        string="Rests On",
        required=True,
        readonly=True,
        default="configured",
        help="Where the date came from.",
    )
    tz = fields.Char(
        string="Time Zone", required=True, readonly=True, help="Whose calendar the dates are of."
    )
    current = fields.Boolean(
        readonly=True, default=True, index=True, help="Not replaced by another promise."
    )
    superseded_by_id = fields.Many2one(
        "oms.promise", string="Replaced By", readonly=True, ondelete="set null"
    )
    carried_from_id = fields.Many2one(
        "oms.promise",
        string="Taken Over From",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The goods were sourced elsewhere; what the customer was promised stayed.",
    )
    state = fields.Selection(
        STATE_SELECTION, compute="_compute_outcome", store=True, index=True, readonly=True
    )
    arrived_at = fields.Datetime(string="Arrived", compute="_compute_outcome", store=True)
    deviation_days = fields.Integer(
        string="Days Off",
        compute="_compute_outcome",
        store=True,
        aggregator="avg",
        help="Days by which the goods came after the date, negative if before. While they have not "
        "come, days by which the date is over.",
    )
    kept_share = fields.Float(
        string="Share Kept",
        compute="_compute_outcome",
        store=True,
        digits=(5, 4),
        aggregator="avg",
        help="1 if the goods came on or before the date, 0 if not; what is still open counts for "
        "neither.",
    )

    _current_uniq = models.UniqueIndex(
        "(fulfillment_id) WHERE current AND fulfillment_id IS NOT NULL",
        "Another date was promised for the fulfillment at the same moment: try again.",
    )
    _open_idx = models.Index(
        "(promised_date) WHERE state IN ('open', 'late') AND arrived_at IS NULL"
    )
    _dates_check = models.Constraint(
        "CHECK (earliest_date <= promised_date)",
        "Nothing is promised for a day before the earliest one.",
    )
    _confidence_check = models.Constraint(
        "CHECK (confidence BETWEEN 0 AND 1)", "A confidence lies between 0 and 1."
    )

    # === COMPUTE METHODS === #

    @api.depends("order_id.name", "promised_date")
    def _compute_display_name(self):
        for promise in self:
            day = promise.promised_date and format_date(self.env, promise.promised_date)
            promise.display_name = f"{promise.order_id.name}: {day}"

    @api.depends(
        "promised_date",
        "earliest_date",
        "tz",
        "superseded_by_id",
        "current",
        "order_id.state",
        "order_id.oms_state",
        "fulfillment_id.state",
        "fulfillment_id.delivered_at",
        "channel_id.promise_early_days",
    )
    def _compute_outcome(self):
        now = fields.Datetime.now()
        for promise in self:
            arrived = promise._get_arrived_at()
            outcome = judge(
                promise.promised_date,
                promise.earliest_date or None,
                arrived or None,
                now,
                promise.tz,
                promise.channel_id.promise_early_days,
            )
            state = "dropped" if promise._is_dropped() else outcome.state
            promise.state = state
            promise.arrived_at = arrived
            promise.deviation_days = 0 if state == "dropped" else outcome.days
            promise.kept_share = float(state in ("kept", "early"))

    def _get_arrived_at(self):
        """Return when the goods came, if they have."""
        self.ensure_one()
        fulfillment = self.fulfillment_id
        return fulfillment.state == "delivered" and fulfillment.delivered_at

    def _is_dropped(self):
        """Tell whether nobody waits for these goods by this promise any more.

        A promise that another date replaced is scored all the same: a date is not kept by naming a
        later one. One whose goods others took over counts there.
        """
        self.ensure_one()
        if self.fulfillment_id.state == "delivered":
            return False
        if self.order_id.state == "cancel":
            return True
        if self.current:
            return self.fulfillment_id.state in ("cancelled", "rejected") and not (
                self._is_waited_for()
            )
        return not self.fulfillment_id or self.fulfillment_id.state in ("cancelled", "rejected")

    def _is_passed_on(self):
        """Tell whether the goods, if they still come, come by another fulfillment."""
        self.ensure_one()
        return not self.fulfillment_id or self.fulfillment_id.state in ENDED

    def _prepare_carried(self, fulfillment):
        """Return the values of the promise for a fulfillment that took over its goods."""
        self.ensure_one()
        return {
            "order_id": self.order_id.id,
            "fulfillment_id": fulfillment.id,
            "site_id": fulfillment.site_id.id,
            "carrier_id": self.carrier_id.id,
            "service": self.service,
            "made_at": self.made_at,
            "promised_date": self.promised_date,
            "earliest_date": self.earliest_date,
            "confidence": self.confidence,
            "basis": self.basis,
            "tz": self.tz,
            "carried_from_id": self.id,
        }

    def _is_waited_for(self):
        """Tell whether goods of the order wait for a site."""
        return self.order_id.oms_state in ("waiting", "partial", "held")

    # === GROUPS === #

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if function == "avg" and name in _MEASURES:
            table = SQL.identifier(self._table)
            return SQL("AVG(%s)", SQL(_MEASURES[name], table=table))
        return super()._read_group_select(aggregate_spec, query)

    # === TIME === #

    def _get_moment(self):
        """Return the promised day as a moment, UTC without time zone."""
        self.ensure_one()
        return to_moment(self.promised_date, self.tz)

    # === ACTION METHODS === #

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
