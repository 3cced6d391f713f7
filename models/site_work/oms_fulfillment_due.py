from datetime import UTC, datetime, timedelta
from math import isinf
from zoneinfo import ZoneInfo

from odoo import api, fields, models


class OmsFulfillment(models.Model):
    """When the goods have to leave the site."""

    _inherit = "oms.fulfillment"

    due_at = fields.Datetime(
        string="Due",
        compute="_compute_due_at",
        store=True,
        index="btree_not_null",
        help="When the goods have to be ready to leave the site.",
    )
    is_late = fields.Boolean(
        string="Late",
        compute="_compute_is_late",
        search="_search_is_late",
        help="The goods should have left the site by now.",
    )

    @api.depends(
        "released_at",
        "line_ids.move_ids.date",
        "promise_ids.current",
        "promise_ids.promised_date",
        "promise_ids.fulfillment_id",
    )
    def _compute_due_at(self):
        # What is done or taken back keeps what it had.
        waiting = self.filtered(lambda part: part.released_at and part.state == "released")
        moments = waiting._get_leaving_moments()
        for fulfillment in self:
            fulfillment.due_at = moments.get(fulfillment, fulfillment.due_at)

    def _get_leaving_moments(self):
        """Tell until when goods have to leave their sites.

        For a promised day, the last moment that the site has for it: the pickup by the carrier
        that what was learned says, or when work of a later day would leave that still arrives in
        time. Without a promise, when the site is done by its opening hours, cut-off and handling
        time; where it has none, what Odoo planned.

        :return: moment in UTC by fulfillment
        :rtype: dict
        """
        found = {}
        # sudo: what was promised is for all who see the fulfillment
        promised = {
            part: promises[:1].promised_date
            for part in self
            for promises in [part.sudo().promise_ids.filtered("current")]
            if promises
        }
        asked = self.browse().union(*promised)
        # Where the customer takes the goods, what was learned tells when to begin, not when to be
        # done.
        learned = asked.filtered(
            lambda part: part._is_lead_learned() and not part._is_handed_over()
        )
        if learned:
            days = {part: promised[part] for part in learned}
            for part, until in self.env["oms.lead.time"]._get_milestones(days).items():
                found[part] = until.handover or until.release
        for released_at, parts in (asked - learned).grouped("released_at").items():
            found.update(parts._get_leaving_in_time(released_at, promised))
        rest = self.filtered(lambda part: part not in found)
        for released_at, parts in rest.grouped("released_at").items():
            found.update(parts._get_leaving_by_hours(released_at))
        return found

    def _get_leaving_in_time(self, moment, promised):
        """Tell when the goods leave if work begins as late as promised days allow.

        :param datetime moment: when it can begin, UTC without time zone
        :param dict promised: the day by fulfillment
        :return: moment by fulfillment; those that are late anyway leave as soon as they can
        :rtype: dict
        """
        first = self._get_lead_dates(moment)
        found = {part: dates.leaves for part, dates in first.items()}
        slack = {part: promised[part] - dates.promised for part, dates in first.items()}
        waits = self.filtered(lambda part: slack.get(part, timedelta()) > timedelta())
        later = {part: moment + slack[part] for part in waits}
        for part, dates in waits._get_lead_dates(moment, later=later).items():
            if dates.promised <= promised[part]:
                found[part] = max(dates.leaves, found[part])
        # Promises count in days: without hours and cut-offs any moment of the day will do.
        return {
            part: leaves if part.site_id._uses_time() else part._get_end_of_day(leaves)
            for part, leaves in found.items()
        }

    def _get_end_of_day(self, moment):
        """Return the last minute of a day at the site.

        :param datetime moment: of the day, UTC without time zone
        :rtype: datetime
        """
        self.ensure_one()
        there = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.site_id.tz or "UTC"))
        return there.replace(hour=23, minute=59, second=0).astimezone(UTC).replace(tzinfo=None)

    def _get_leaving_by_hours(self, moment):
        """Tell when sites are done with what was released at a moment.

        :param datetime moment: UTC without time zone
        :rtype: dict
        """
        found = {}
        sites = self.site_id.filtered(lambda site: site._uses_time())
        leaves = dict(zip(sites, sites._get_leaving(moment), strict=True)) if sites else {}
        for part in self:
            seconds = leaves.get(part.site_id)
            if seconds is not None and not isinf(seconds):
                leaving = datetime.fromtimestamp(float(seconds), UTC)
                found[part] = leaving.replace(tzinfo=None, microsecond=0)
                continue
            work = part._get_work()
            planned = list(filter(None, (work.first + work.later).mapped("date")))
            if planned:
                found[part] = max(planned)
        return found

    # It changes with the clock, too: it is not stored.
    @api.depends("due_at", "work_state")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for fulfillment in self:
            fulfillment.is_late = bool(
                fulfillment.work_state and fulfillment.due_at and fulfillment.due_at < now
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = [("work_state", "!=", False), ("due_at", "<", fields.Datetime.now())]
        if True in value:
            return [(1, "=", 1)] if False in value else late
        return ["!", "&", *late]
