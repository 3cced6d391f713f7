from odoo import fields, models

#: Fields that say on which weekdays a carrier delivers, Monday first.
WEEKDAY_FIELDS = (
    "oms_delivers_monday",
    "oms_delivers_tuesday",
    "oms_delivers_wednesday",
    "oms_delivers_thursday",
    "oms_delivers_friday",
    "oms_delivers_saturday",
    "oms_delivers_sunday",
)
#: Where no carrier is known, nothing is delivered on Sundays.
USUAL_WEEKDAYS = (0, 1, 2, 3, 4, 5)


class DeliveryCarrier(models.Model):
    """How long a carrier takes, and on which days it delivers."""

    _inherit = "delivery.carrier"

    oms_transit_days = fields.Float(
        string="Days Under Way",
        help="From the moment at which the carrier fetches a parcel until it is delivered, in days "
        "on which it delivers. 0: as the transit times by distance say. Counts until enough "
        "deliveries have shown what is true.",
    )
    oms_delivers_monday = fields.Boolean(string="Delivers on Mondays", default=True)
    oms_delivers_tuesday = fields.Boolean(string="Delivers on Tuesdays", default=True)
    oms_delivers_wednesday = fields.Boolean(string="Delivers on Wednesdays", default=True)
    oms_delivers_thursday = fields.Boolean(string="Delivers on Thursdays", default=True)
    oms_delivers_friday = fields.Boolean(string="Delivers on Fridays", default=True)
    oms_delivers_saturday = fields.Boolean(string="Delivers on Saturdays", default=True)
    oms_delivers_sunday = fields.Boolean(string="Delivers on Sundays")
    oms_delivers_holidays = fields.Boolean(
        string="Delivers on Public Holidays", help="Those of the destination, see Public Holidays."
    )

    _oms_transit_check = models.Constraint(
        "CHECK (COALESCE(oms_transit_days, 0) BETWEEN 0 AND 200)",
        "A parcel is under way for no less than 0 and no more than 200 days.",
    )
    _oms_weekdays_check = models.Constraint(
        f"CHECK ({' OR '.join(WEEKDAY_FIELDS)})", "A carrier delivers on some day of the week."
    )

    def _oms_get_weekdays(self):
        """Return the weekdays on which the carrier delivers, Monday is 0.

        :rtype: tuple[int, ...]
        """
        if not self:
            return USUAL_WEEKDAYS
        self.ensure_one()
        return tuple(day for day, name in enumerate(WEEKDAY_FIELDS) if self[name])
