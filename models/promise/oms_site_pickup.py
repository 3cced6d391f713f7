from odoo import api, fields, models
from odoo.tools import float_round

from ...engine import working_time

WEEKDAY_SELECTION = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]


class OmsSitePickup(models.Model):
    """When a carrier fetches parcels at a site."""

    _name = "oms.site.pickup"
    _inherit = ["oms.settings.mixin"]
    _description = "Carrier Pickup"
    _order = "site_id, carrier_id, weekday, hour, id"
    _rec_name = "hour"
    _check_company_auto = True

    site_id = fields.Many2one("oms.site", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="site_id.company_id", store=True, index=True)
    carrier_id = fields.Many2one(
        "delivery.carrier",
        ondelete="cascade",
        check_company=True,
        index="btree_not_null",
        help="Empty: all carriers that have no pickup of their own here.",
    )
    weekday = fields.Selection(
        WEEKDAY_SELECTION,
        help="Empty: each day on which the site is open. Nothing is fetched on other days.",
    )
    hour = fields.Float(
        string="Time",
        required=True,
        default=17.0,
        help="By the clocks of the site. What is ready by then goes along, what is ready later "
        "waits for the next pickup.",
    )

    _hour_check = models.Constraint(
        "CHECK (hour BETWEEN 0 AND 24)", "The pickup must be a time between 0:00 and 24:00."
    )
    _pickup_uniq = models.UniqueIndex(
        "(site_id, COALESCE(carrier_id, 0), COALESCE(weekday, ''), hour)",
        "The carrier comes at this time already.",
    )

    @api.depends("weekday", "hour", "carrier_id")
    def _compute_display_name(self):
        names = dict(self._fields["weekday"]._description_selection(self.env))
        for pickup in self:
            hours, minutes = divmod(round(float_round(pickup.hour * 60, 0)), 60)
            day = names.get(pickup.weekday) or self.env._("Each open day")
            pickup.display_name = f"{day}, {hours}:{minutes:02}"

    def _get_moments(self, hours, zone):
        """Return when parcels are fetched on the open days of a site.

        :param hours: ``WorkingTime`` of the site
        :param zone: ``ZoneInfo`` of the site
        :return: POSIX seconds, ascending
        :rtype: list[float]
        """
        by_day = {}
        for pickup in self:
            by_day.setdefault(pickup.weekday, set()).add(pickup.hour)
        return sorted(
            working_time.local_instant(day, hour, zone)
            for day in hours.days
            for hour in by_day.get(False, set()) | by_day.get(str(day.weekday()), set())
        )


class OmsSite(models.Model):
    _inherit = "oms.site"

    pickup_ids = fields.One2many(
        "oms.site.pickup",
        "site_id",
        string="Carrier Pickups",
        help="When carriers fetch parcels. Empty: parcels leave as soon as they are ready.",
    )

    def _get_pickups(self, carrier):
        """Return the pickups of parcels of a carrier at the site.

        :param carrier: ``delivery.carrier`` record or none
        :return: ``oms.site.pickup`` recordset, empty where parcels leave as soon as they are ready
        """
        self.ensure_one()
        own = self.pickup_ids.filtered(lambda pickup: carrier and pickup.carrier_id == carrier)
        return own or self.pickup_ids.filtered(lambda pickup: not pickup.carrier_id)
