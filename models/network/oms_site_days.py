from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date

#: For how many days a site shows what it has taken on.
DAYS_SHOWN = 14
#: From which share of a day on it is nearly full, in percent.
NEARLY_FULL = 80.0


class OmsSite(models.Model):
    """What a site with a capacity has taken on in the coming days, free and closed ones too."""

    _inherit = "oms.site"

    coming_days = fields.Html(
        string="Coming Two Weeks",
        compute="_compute_coming_days",
        sanitize=False,
        help="What the site has taken on, day by day.",
    )

    def _compute_coming_days(self):
        now = fields.Datetime.now()
        rooms = self._origin._open_rooms(now).rooms
        for site in self:
            room = rooms.get(site._origin)
            site.coming_days = site._render_days(room, now) if room else False

    def _render_days(self, room, now):
        """Render the coming days of the site as a table.

        :param Room room: what it has taken on
        :param datetime.datetime now: UTC, naive
        :rtype: Markup
        """
        today = fields.Datetime.context_timestamp(self.with_context(tz=self.tz or "UTC"), now)
        place_of = {day: place for place, day in enumerate(room.days)}
        rows = Markup()
        for number in range(DAYS_SHOWN):
            day = today.date() + timedelta(days=number)
            name = format_date(self.env, day, date_format="EEE d MMM")
            place = place_of.get(day)
            if place is None:
                words = self.env._("nothing more today") if not number else self.env._("closed")
                rows += Markup('<tr class="text-muted"><td>%s</td><td colspan="3">%s</td></tr>') % (
                    name,
                    words,
                )
                continue
            rows += self._render_day(room, place, name)
        return Markup(
            '<table class="table table-sm mb-0"><thead><tr><th>%s</th><th class="text-end">%s</th>'
            '<th class="text-end">%s</th><th class="w-50">%s</th></tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (
            self.env._("Day"),
            self.env._("Orders"),
            self.env._("Units"),
            self.env._("Taken"),
            rows,
        )

    def _render_day(self, room, place, name):
        orders, units = float(room.orders[place]), float(room.units[place])
        taken = round(100.0 * max(orders / room.most_orders, units / room.most_units), 1)
        kind = "danger" if taken >= 100.0 else "warning" if taken >= NEARLY_FULL else "success"
        return Markup(
            '<tr><td>%s</td><td class="text-end">%s</td><td class="text-end">%s</td>'
            '<td><div class="d-flex align-items-center gap-2"><div class="progress flex-grow-1">'
            '<div class="progress-bar bg-%s" style="width: %s%%"></div></div>'
            "<span>%s %%</span></div></td></tr>"
        ) % (
            name,
            self._get_share_text(orders, self.capacity_orders),
            self._get_share_text(units, self.capacity_units),
            kind,
            min(taken, 100.0),
            f"{taken:g}",
        )

    def _get_share_text(self, amount, most):
        return f"{amount:g} / {most:g}" if most else f"{amount:g}"
