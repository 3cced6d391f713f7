from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get

#: Plans run no more often than every hour; 0.04 days is what a field of two decimals can say.
LEAST_INTERVAL = 0.04


class OmsFlowPlan(models.Model):
    """When a plan runs."""

    _inherit = "oms.flow.plan"

    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.company.partner_id.tz or self.env.user.tz or "UTC",
        help="By whose clocks the plan runs: at the same time of the day in summer and winter.",
    )

    @api.constrains("interval_days")
    def _check_interval(self):
        for plan in self:
            if 0.0 < plan.interval_days < LEAST_INTERVAL - 1e-9:
                raise ValidationError(
                    self.env._("%s: a plan runs every hour (0.04 days) at the most.", plan.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        plans._wake_job()
        return plans

    def write(self, vals):
        res = super().write(vals)
        if {"next_run_at", "interval_days", "active"} & set(vals):
            self._wake_job()
        return res

    def _wake_job(self):
        """Have the job run when the plans are due, not only when it does anyway."""
        cron = self.env.ref("oms.cron_flow_run", raise_if_not_found=False)
        moments = {
            plan.next_run_at
            for plan in self
            if plan.active and plan.interval_days > 0 and plan.next_run_at
        }
        if cron and moments:
            cron._trigger(sorted(moments))

    def _get_next_run(self, now):
        """Return when a plan runs after now: so many whole intervals after it was due last.

        Counted in whole days it is the same time of the day by the clocks of the plan's zone.

        :param datetime now: UTC without time zone
        :return: likewise
        :rtype: datetime
        """
        self.ensure_one()
        due = self.next_run_at or now
        interval = timedelta(days=self.interval_days)
        missed = max((now - due) // interval, 0)
        if self.interval_days % 1.0 > 1e-9:
            return due + (missed + 1) * interval
        zone, utc = ZoneInfo(self.tz), ZoneInfo("UTC")
        there = due.replace(tzinfo=utc).astimezone(zone).replace(tzinfo=None)
        for times in (missed, missed + 1, missed + 2):
            moment = (there + times * interval).replace(tzinfo=zone)
            found = moment.astimezone(utc).replace(tzinfo=None)
            if found > now:
                return found
        return now + interval

    @api.model
    def _cron_run(self):
        """Begin the runs of plans that are due, and do all that wait."""
        now = fields.Datetime.now()
        due = self.search([("interval_days", ">", 0), ("next_run_at", "<=", now)])
        due.filtered(lambda plan: plan._get_kinds())._start()
        for plan in due:
            plan.next_run_at = plan._get_next_run(now)
        self.env["oms.flow.run"]._cron_run()
