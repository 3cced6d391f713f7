from datetime import timedelta

from odoo import api, models

from ...engine import delivery_days
from .delivery_carrier import USUAL_WEEKDAYS
from .lead_time_units import EPOCH, to_date

#: Days after the goods are ready beyond which no date is promised.
FARTHEST_DAYS = 430


class OmsLeadTime(models.AbstractModel):
    """On which days goods are delivered: by method, channel and destination."""

    _inherit = "oms.lead.time"

    @api.model
    def _get_weekdays(self, book, channel_id, carrier_id):
        """Return the weekdays on which a method delivers for a channel, Monday is 0.

        :rtype: tuple[int, ...]
        """

        def work_out():
            # sudo: kept for all users
            channel = self.env["oms.channel"].sudo().browse(channel_id or ())
            carrier = self.env["delivery.carrier"].sudo().browse(carrier_id or ())
            own = channel.delivery_day_ids.filtered(lambda days: days.carrier_id == carrier)
            days = own or channel.delivery_day_ids.filtered(lambda days: not days.carrier_id)
            if days:
                return days[0]._get_weekdays()
            return carrier._oms_get_weekdays() if carrier else USUAL_WEEKDAYS

        return book.find(("weekdays", channel_id, carrier_id), work_out)

    @api.model
    def _get_delivery_days(self, book, way, ready):
        """Return the ``DeliveryDays`` of a way from the day of a moment on."""
        first = int(ready // 86_400.0) - 1

        def work_out():
            # sudo: kept for all users
            carrier = self.env["delivery.carrier"].sudo().browse(way.carrier_id or ())
            begin = to_date(first)
            holidays = self.env["oms.public.holiday"].sudo()
            if not carrier.oms_delivers_holidays:
                holidays = holidays.search(
                    [
                        ("date", ">=", begin),
                        ("date", "<=", begin + timedelta(days=FARTHEST_DAYS)),
                        ("country_id", "in", (False, way.country_id)),
                        ("state_id", "in", (False, way.state_id)),
                    ]
                )
            closed = [each.toordinal() - EPOCH for each in holidays.mapped("date")]
            weekdays = way.weekdays or USUAL_WEEKDAYS
            return delivery_days.build(first, FARTHEST_DAYS, weekdays, closed)

        where = (way.country_id, way.state_id)
        return book.find(("delivers", way.carrier_id, where, way.weekdays, first), work_out)
