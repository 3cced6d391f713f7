from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine import working_time

#: How long a rule that was due is made up for, when no job ran in time.
CATCH_UP = timedelta(hours=6)


class OmsPreparationRule(models.Model):
    """When and how the released work of a site becomes waves by itself."""

    _name = "oms.preparation.rule"
    _description = "Rule of Preparation Waves"
    _inherit = ["mail.thread", "oms.preparation.option"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(
        string="Priority",
        default=10,
        help="Where several rules of a site are due, the lowest number takes first.",
    )
    active = fields.Boolean(default=True, tracking=True)
    site_id = fields.Many2one(
        "oms.site",
        required=True,
        ondelete="cascade",
        index=True,
        tracking=True,
        check_company=True,
        domain=[("warehouse_id", "!=", False)],
    )
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    when = fields.Selection(
        [("times", "At fixed times"), ("cutoff", "Before each cut-off")],
        required=True,
        default="times",
        tracking=True,
        help="Cut-offs are the pickups of carriers and, where none are known, the closing times or "
        "cut-off of the site. Nothing is made on days on which the site is closed.",
    )
    time_ids = fields.One2many("oms.preparation.time", "rule_id", string="Times", copy=True)
    minutes = fields.Integer(
        string="Minutes Before", default=120, help="So long before each cut-off."
    )
    tz = fields.Selection(related="site_id.tz", string="Time Zone")
    user_ids = fields.Many2many(
        "res.users",
        "oms_preparation_rule_user_rel",
        "rule_id",
        "user_id",
        string="Pickers",
        domain=[("share", "=", False)],
        help="Get the waves in turn, who has the fewest open ones first. Empty: whoever takes one.",
    )
    carrier_ids = fields.Many2many(
        "delivery.carrier",
        string="Only Carriers",
        check_company=True,
        help="Only what goes with these delivery methods; empty: everything.",
    )
    due_hours = fields.Float(
        string="Only Due Within (Hours)",
        help="Only what has to leave within so many hours; 0: everything that is released.",
    )
    last_slot_at = fields.Datetime(
        string="Up To",
        readonly=True,
        copy=False,
        default=fields.Datetime.now,
        help="The rule has run for all its times until then.",
    )
    next_slot_at = fields.Datetime(string="Next Run", compute="_compute_next_slot_at")
    run_ids = fields.One2many("oms.preparation.run", "rule_id", string="Runs", readonly=True)
    run_count = fields.Integer(compute="_compute_run_count")

    _minutes_check = models.Constraint(
        "CHECK (COALESCE(minutes, 0) BETWEEN 0 AND 1440)",
        "A wave is made at most a day before its cut-off.",
    )
    _due_hours_check = models.Constraint(
        "CHECK (COALESCE(due_hours, 0) BETWEEN 0 AND 8760)",
        "What is prepared has to leave within 0 to 8760 hours.",
    )

    # === COMPUTE METHODS === #

    # No @api.depends on the clock.
    @api.depends("when", "time_ids.hour", "minutes", "site_id", "active")
    def _compute_next_slot_at(self):
        now = fields.Datetime.now()
        for rule in self:
            coming = [slot for slot in rule._get_slots(now) if slot > now] if rule.site_id else []
            rule.next_slot_at = coming[0] if coming and rule.active else False

    def _compute_run_count(self):
        counts = dict(
            self.env["oms.preparation.run"]._read_group(
                [("rule_id", "in", self.ids)], ["rule_id"], ["__count"]
            )
        )
        for rule in self:
            rule.run_count = counts.get(rule._origin, 0)

    # === CONSTRAINTS === #

    @api.constrains("when", "time_ids")
    def _check_times(self):
        for rule in self:
            if rule.when == "times" and not rule.time_ids:
                raise ValidationError(
                    self.env._("Say at which times the rule %s makes waves.", rule.name)
                )

    # === CRUD METHODS === #

    def write(self, vals):
        # Times that were set today for this morning are for tomorrow.
        if {"when", "time_ids", "minutes", "site_id", "active"} & set(vals):
            vals = {**vals, "last_slot_at": fields.Datetime.now()}
        return super().write(vals)

    # === TIMES === #

    def _get_slots(self, moment):
        """Return when the rule is due around a moment.

        By the calendar of the site, in its time zone: an hour that summer time skips is the next
        one that there is, and one that comes twice counts once.

        :param datetime.datetime moment: UTC, naive
        :return: from the day before on, UTC, naive, ascending
        :rtype: list[datetime.datetime]
        """
        self.ensure_one()
        site = self.site_id
        since = moment - timedelta(days=1)
        hours = site._get_working_times(since)[site]
        zone = ZoneInfo(site.tz)
        if self.when == "times":
            found = {
                working_time.local_instant(day, hour, zone)
                for day in hours.days
                for hour in self.time_ids.mapped("hour")
            }
        else:
            cutoffs = site.pickup_ids._get_moments(hours, zone)
            if not cutoffs:
                cutoffs = [float(each) for each in hours.cutoffs if np.isfinite(each)]
            found = {cutoff - self.minutes * 60.0 for cutoff in cutoffs}
        return [
            datetime.fromtimestamp(round(each), UTC).replace(tzinfo=None) for each in sorted(found)
        ]

    def _find_due_slot(self, moment):
        """Return for which of its times the rule is to run now.

        Of several that were missed only the last one: what the others would have taken, it takes.

        :param datetime.datetime moment: UTC, naive
        :return: UTC, naive; None if it is not due
        """
        self.ensure_one()
        since = max(self.last_slot_at or moment - CATCH_UP, moment - CATCH_UP)
        due = [slot for slot in self._get_slots(moment) if since < slot <= moment]
        return due[-1] if due else None


class OmsPreparationTime(models.Model):
    """A time of day at which a rule makes waves."""

    _name = "oms.preparation.time"
    _description = "Time of a Preparation Rule"
    _order = "rule_id, hour"
    _rec_name = "hour"

    rule_id = fields.Many2one("oms.preparation.rule", required=True, ondelete="cascade", index=True)
    hour = fields.Float(
        string="Time", required=True, default=9.0, help="By the clocks of the site."
    )

    _hour_check = models.Constraint(
        "CHECK (hour >= 0 AND hour < 24)", "The time must be between 0:00 and 23:59."
    )
    _hour_uniq = models.UniqueIndex("(rule_id, hour)", "The rule has this time already.")

    @api.depends("hour")
    def _compute_display_name(self):
        for each in self:
            hours, minutes = divmod(round((each.hour or 0.0) * 60), 60)
            each.display_name = f"{hours}:{minutes:02}"
