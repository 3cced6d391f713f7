import logging
from datetime import datetime, timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..transaction import retrying

_logger = logging.getLogger(__name__)

#: Stands for "until somebody says otherwise".
NO_END = datetime(9999, 12, 31)


class OmsSiteOffline(models.Model):
    """A time in which a site is asked for nothing: stocktaking, a flood, a holiday."""

    _name = "oms.site.offline"
    _description = "Offline Period"
    _order = "date_from desc, id desc"
    _rec_name = "reason"

    site_id = fields.Many2one("oms.site", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="site_id.company_id", store=True, precompute=True)
    date_from = fields.Datetime(
        string="From", required=True, default=fields.Datetime.now, help="When it goes offline."
    )
    date_to = fields.Datetime(
        string="Until", help="When it is back; empty: when somebody takes it back online."
    )
    reason = fields.Char(required=True, help="Shown wherever the site is left out for it.")
    resource_work = fields.Boolean(
        string="Source Its Work Elsewhere",
        default=True,
        help="When the time comes, what the site was to ship and has not begun to pick is taken "
        "from it and sourced elsewhere.",
    )
    begun = fields.Boolean(
        readonly=True, copy=False, help="The site's open work was looked at when the time came."
    )
    state = fields.Selection(
        [("planned", "Planned"), ("now", "Offline Now"), ("past", "Past")],
        compute="_compute_state",
    )

    _order_check = models.Constraint(
        "CHECK (date_to IS NULL OR date_to > date_from)",
        "An offline period must end after it begins.",
    )
    _begin_idx = models.Index("(date_from) WHERE begun IS NOT TRUE")

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        now = fields.Datetime.now()
        for period in self:
            if period.date_from and period.date_from > now:
                period.state = "planned"
            else:
                period.state = "past" if period.date_to and period.date_to <= now else "now"

    @api.model
    def _get_domain(self, moment):
        """Return the domain of the periods in which a moment lies.

        :param datetime.datetime moment: UTC
        :rtype: odoo.fields.Domain
        """
        return Domain("date_from", "<=", moment) & (
            Domain("date_to", "=", False) | Domain("date_to", ">", moment)
        )

    def _get_sentence(self):
        """Say until when and why the site is offline.

        :rtype: str
        """
        self.ensure_one()
        if not self.date_to:
            return self.env._("offline: %s", self.reason)
        return self.env._(
            "offline until %(until)s: %(reason)s",
            until=format_datetime(self.env, self.date_to, tz=self.site_id.tz),
            reason=self.reason,
        )

    # === BEGIN === #

    def _begin(self):
        """Take from the sites what they have not begun, for the periods that ask for it."""
        self.begun = True
        sites = self.filtered("resource_work").site_id
        if sites:
            sites._give_back_unbegun(self.env._("The site went offline."))

    @api.model
    def _cron_begin(self):
        """Begin the planned periods whose time has come.

        Each is a transaction of its own, run again when another one was faster.
        """
        now = fields.Datetime.now()
        periods = self.search(Domain("begun", "=", False) & self._get_domain(now))
        self.env["ir.cron"]._commit_progress(remaining=len(periods))
        for period in periods:
            try:
                retrying(
                    self.env, lambda env, period=period: period.with_env(env).exists()._begin()
                )
            except OperationalError as error:
                _logger.info("Offline period %s begins in the next run: %s", period.id, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break


class OmsSite(models.Model):
    _inherit = "oms.site"

    offline_ids = fields.One2many("oms.site.offline", "site_id", string="Offline Periods")
    # What sourcing looks at first: most sites are never offline.
    offline_until = fields.Datetime(compute="_compute_offline_until", store=True)
    is_offline = fields.Boolean(
        string="Offline Now", compute="_compute_is_offline", search="_search_is_offline"
    )
    offline_text = fields.Char(compute="_compute_is_offline")

    @api.depends("offline_ids.date_to")
    def _compute_offline_until(self):
        for site in self:
            ends = [period.date_to or NO_END for period in site.offline_ids]
            site.offline_until = max(ends, default=False)

    @api.depends("offline_ids.date_from", "offline_ids.date_to", "offline_ids.reason")
    def _compute_is_offline(self):
        periods = self._get_offline(fields.Datetime.now())
        for site in self:
            period = periods.get(site._origin)
            site.is_offline = bool(period)
            site.offline_text = period and period._get_sentence()

    @api.model
    def _search_is_offline(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = self.env["oms.site.offline"]._get_domain(fields.Datetime.now())
        offline = Domain("offline_ids", "any", now)
        chosen = Domain.FALSE
        if True in value:
            chosen |= offline
        if False in value:
            chosen |= ~offline
        return chosen

    def _get_offline(self, moment):
        """Return the offline period in which a moment lies, for each site that has one.

        :param datetime.datetime moment: UTC
        :return: ``oms.site.offline`` by site, the one that lasts longest
        :rtype: dict
        """
        suspects = self._origin.filtered(
            lambda site: site.offline_until and site.offline_until > moment
        )
        if not suspects:
            return {}
        periods = self.env["oms.site.offline"].search(
            Domain("site_id", "in", suspects.ids) & self.env["oms.site.offline"]._get_domain(moment)
        )
        return {
            period.site_id: period
            for period in periods.sorted(lambda period: period.date_to or NO_END)
        }

    # === ACTION METHODS === #

    def _check_can_switch(self):
        """Only who works at the sites, or manages orders, takes them off and on.

        :raises AccessError: somebody else tries
        """
        self.check_access("read")
        if self.env.user.has_group("oms.group_order_manager") or self.env.su:
            return
        foreign = self.filtered(lambda site: self.env.user not in site.user_ids)
        if foreign or not self.env.user.has_group("oms.group_site_operator"):
            raise AccessError(
                self.env._(
                    "Only the operators of a site and order managers can take it offline or back."
                )
            )

    def action_take_offline(self):
        """Ask why and for how long the sites go offline.

        :return: a window action
        :rtype: dict
        """
        self._check_can_switch()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take Offline"),
            "res_model": "oms.site.offline.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_site_ids": self.ids},
        }

    def action_back_online(self):
        """End what keeps the sites offline now.

        :return: a notification that says how many are back
        :rtype: dict
        :raise UserError: none of them is offline
        """
        self._check_can_switch()
        now = fields.Datetime.now()
        # sudo: who works at a site may switch it, and nothing else of it
        offline = self.env["oms.site"].sudo().union(*self.sudo()._get_offline(now))
        if not offline:
            raise UserError(self.env._("None of these sites is offline now."))
        periods = (
            self.env["oms.site.offline"]
            .sudo()
            .search(
                Domain("site_id", "in", offline.ids) & self.env["oms.site.offline"]._get_domain(now)
            )
        )
        # A period that began this second has no length to keep.
        brief = periods.filtered(lambda period: period.date_from >= now)
        (periods - brief).date_to = now
        brief.unlink()
        name = self.env.user.display_name
        for site in offline:
            site.message_post(body=self.env._("Back online, by %s.", name))
        offline._wake_waiting_orders()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Sites back online: %s.", len(offline)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _take_offline(self, reason, date_to=False, date_from=False, resource_work=True):
        """Put the sites offline from a moment on.

        :param str reason: shown wherever they are left out for it
        :param datetime.datetime date_to: when they are back; by hand when empty, UTC
        :param datetime.datetime date_from: now when empty, UTC
        :param bool resource_work: whether their work not begun is sourced elsewhere
        :return: the ``oms.site.offline`` periods
        """
        now = fields.Datetime.now()
        # sudo: who works at a site may switch it, and nothing else of it
        periods = (
            self.env["oms.site.offline"]
            .sudo()
            .create(
                [
                    {
                        "site_id": site.id,
                        "date_from": date_from or now,
                        "date_to": date_to,
                        "reason": reason,
                        "resource_work": resource_work,
                    }
                    for site in self
                ]
            )
        )
        for period in periods:
            period.site_id.message_post(
                body=self.env._(
                    "Goes offline at %(start)s, said %(user)s: %(reason)s",
                    start=format_datetime(self.env, period.date_from, tz=period.site_id.tz),
                    user=self.env.user.display_name,
                    reason=period.reason,
                )
            )
        periods.filtered(lambda period: period.date_from <= now + timedelta(minutes=1))._begin()
        return periods

    # === CONSEQUENCES === #

    def _get_unbegun_moves(self):
        """Return the open moves of the sites' fulfillments of which nothing was picked yet.

        :return: ``stock.move`` recordset
        """
        fulfillments = self.env["oms.fulfillment"].search(
            [("site_id", "in", self.ids), ("state", "=", "released")]
        )
        unbegun = fulfillments.filtered(
            lambda fulfillment: (
                not any(
                    move.state == "done" or move.picked for move in fulfillment.line_ids.move_ids
                )
            )
        )
        return unbegun.line_ids.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))

    def _give_back_unbegun(self, reason):
        """Take back what the sites have not begun; the workflow sources it elsewhere.

        It is not held against the sites.

        :param str reason: noted on each fulfillment
        :return: the ``oms.fulfillment`` recordset that was given back
        """
        # sudo: whoever takes a site offline need not see all that depends on it
        sites = self.sudo()
        planned = self.env["oms.fulfillment"].sudo()
        planned = planned.search([("site_id", "in", self.ids), ("state", "=", "planned")])
        unbegun = sites._get_unbegun_moves().oms_fulfillment_line_id.fulfillment_id
        return (unbegun | planned)._oms_take_back(reason)

    def _wake_waiting_orders(self):
        """Have the scheduled job source orders for which the sites can do something again."""
        job = self.env.ref("oms.cron_source_waiting", raise_if_not_found=False)
        if self and job:
            # sudo: whoever takes a site back online need not have rights on scheduled jobs
            job.sudo()._trigger()
