from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import models
from odoo.tools import SQL


class Load(NamedTuple):
    """What is planned to go with a departure already.

    :param units: of all goods together
    :param kilograms: likewise
    """

    units: float = 0.0
    kilograms: float = 0.0


class OmsLane(models.Model):
    """How much room a truck has left: what goes with it by older proposals takes some."""

    _inherit = "oms.lane"

    def _get_loads(self, departures):
        """Return what is planned to leave on the days of departures, open proposals included.

        :param dict departures: moment in UTC without time zone by lane; False if it never goes
        :return: ``Load`` by lane, those without any left out
        :rtype: dict[OmsLane, Load]
        """
        limited = self.filtered(
            lambda lane: (
                departures.get(lane)
                and (lane.capacity_units or lane.capacity_kg or lane.minimum_units)
            )
        )
        if not limited:
            return {}
        days = [lane._get_day_of(departures[lane]) for lane in limited]
        self.env["oms.proposal"].flush_model()
        self.env["product.product"].flush_model(["weight"])
        policy = self.env["oms.disposition.policy"]._get_policy(limited.company_id[:1])
        self.env.cr.execute(
            SQL(
                """
                SELECT planned.lane_id, SUM(planned.quantity),
                       SUM(planned.quantity * COALESCE(NULLIF(goods.weight, 0) * %(unit)s, %(kg)s))
                  FROM oms_proposal planned
                  JOIN unnest(%(lanes)s::int[], %(since)s::timestamp[], %(until)s::timestamp[])
                    AS day (lane_id, since, until) ON day.lane_id = planned.lane_id
                  JOIN product_product goods ON goods.id = planned.product_id
                 WHERE planned.kind IN ('transfer', 'pull')
                   AND planned.state IN ('proposed', 'accepted', 'done')
                   AND planned.leaves_at >= day.since AND planned.leaves_at < day.until
              GROUP BY planned.lane_id
                """,
                unit=self.env["oms.sourcing"]._get_unit_kg(),
                kg=policy.default_weight,
                lanes=limited.ids,
                since=[since for since, _until in days],
                until=[until for _since, until in days],
            )
        )
        return {
            self.browse(lane_id): Load(float(units), float(kilograms))
            for lane_id, units, kilograms in self.env.cr.fetchall()
        }

    def _get_day_of(self, moment):
        """Return when the day of a departure begins and ends, by the clocks where it leaves.

        :param datetime moment: UTC without time zone
        :return: two moments likewise
        :rtype: tuple
        """
        self.ensure_one()
        zone = ZoneInfo(self.origin_id.tz or "UTC")
        day = moment.replace(tzinfo=UTC).astimezone(zone).date()
        return tuple(
            datetime.combine(each, time.min, zone).astimezone(UTC).replace(tzinfo=None)
            for each in (day, day + timedelta(days=1))
        )
