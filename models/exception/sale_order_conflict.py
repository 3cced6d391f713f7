from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class SaleOrder(models.Model):
    """What was changed that somebody works on already, or that nobody can keep any more."""

    _inherit = "sale.order"

    oms_conflict = fields.Text(
        string="Conflict",
        copy=False,
        readonly=True,
        help="What was changed while a site worked on the order, or cannot be kept any more.",
        groups="base.group_user",
    )
    oms_conflict_at = fields.Datetime(
        string="Conflict Since", copy=False, readonly=True, groups="base.group_user"
    )

    def _oms_mark_conflict(self, text):
        """Have somebody look after a conflict; the sites that work on the order hear of it too.

        :param str text: a sentence on what was changed
        """
        self.ensure_one()
        # sudo: a mark of the addon, whoever changed the order
        order = self.sudo()
        known = (order.oms_conflict or "").splitlines()
        if text in known:
            return
        order.write(
            {
                "oms_conflict": "\n".join([*known, text]),
                "oms_conflict_at": order.oms_conflict_at or fields.Datetime.now(),
            }
        )
        order._oms_note(text)
        for fulfillment in order._oms_get_open_fulfillments():
            fulfillment.message_post(body=text)

    def _oms_settle_conflicts(self, note=None):
        """Tell that somebody looked after the conflicts of the orders.

        :param str note: what else there is to say
        :return: the orders that had one
        :raise UserError: none had
        """
        settled = self.filtered("oms_conflict")
        if not settled:
            raise UserError(self.env._("None of these orders was changed while worked on."))
        settled.check_access("write")
        for order in settled:
            text = self.env._("Looked after: %s", order.oms_conflict)
            order._oms_note(f"{text} {note or ''}".strip())
        # sudo: a mark of the addon, cleared by whoever may change the order
        settled.sudo().write({"oms_conflict": False, "oms_conflict_at": False})
        return settled

    def _oms_promise_anew(self, moment, note=None):
        """Promise orders for another date, which the customers agreed to.

        :param datetime.datetime moment: UTC, naive
        :param str note: what else there is to say
        :raise ValidationError: the date has passed
        """
        self.check_access("write")
        if moment < fields.Datetime.now():
            raise ValidationError(self.env._("Choose a day to come."))
        self.commitment_date = moment
        day = format_date(self.env, fields.Datetime.context_timestamp(self, moment).date())
        for order in self:
            text = self.env._("Promised for %s now.", day)
            order._oms_note(f"{text} {note or ''}".strip())

    # === PROMISED DATES === #

    def _oms_tell_unreachable(self):
        """Mark orders whose promised date the sites that serve them cannot keep any more."""
        # sudo: a date is kept or not whatever the user may see of the sites
        for order in self.sudo().filtered("commitment_date"):
            late = order._oms_find_too_late()
            if not late:
                continue
            day = fields.Datetime.context_timestamp(order, order.commitment_date).date()
            order._oms_mark_conflict(
                self.env._(
                    "Promised for %(day)s, which these sites cannot keep: %(sites)s.",
                    day=format_date(self.env, day),
                    sites=", ".join(late),
                )
            )

    def _oms_find_too_late(self):
        """Return which sites deliver after the promised day, with the day on which they do.

        :return: texts like 'Near (03/09/2024)'
        :rtype: list[str]
        """
        self.ensure_one()
        fulfillments = self._oms_get_open_fulfillments()
        strategy = self.oms_channel_id.strategy_id
        now = fields.Datetime.now()
        found = []
        for fulfillment in fulfillments:
            [days] = fulfillment.site_id._get_ready_days(
                now,
                [fulfillment.kilometers],
                fulfillment.unit_count,
                handling_days=strategy.handling_days,
                kilometers_per_day=strategy.transit_km_per_day,
            )
            arrival = fields.Datetime.add(now, seconds=int(days * 86400))
            if arrival.date() > self.commitment_date.date():
                name = fulfillment.site_id.name
                found.append(f"{name} ({format_date(self.env, arrival.date())})")
        return found
