from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...engine import availability as engine
from . import position_sql


class ProductProduct(models.Model):
    """What the stock of products will be day by day, and what of it can be promised."""

    _inherit = "product.product"

    def _oms_get_days(self, now, horizon):
        """Return the moments at which the future is told: now, and the end of each day.

        The days are those of the user's time zone.

        :return: moments in UTC by date; by None for now
        :rtype: dict[datetime.date | None, datetime.datetime]
        """
        zone = self.env.tz
        first = now.replace(tzinfo=UTC).astimezone(zone).date()
        days, number = {None: now}, 1
        while max(days.values()) < horizon:
            morning = zone.localize(datetime.combine(first + timedelta(days=number), time.min))
            end = morning.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)
            days[first + timedelta(days=number - 1)] = min(end, horizon)
            number += 1
        return days

    def _oms_get_start(self, sites, positions):
        """Return what is there now for nobody, open transfers aside, by product and site."""
        start = defaultdict(float)
        for position in positions:
            if position.site_id in sites._ids:
                start[position.product_id, position.site_id] = (
                    position.on_hand + position.external - position.claimed
                )
        return start

    def _oms_prepare_days(self, days, start, events):
        """Tell of each day what there will be, what can be promised, what comes and goes."""
        moments = list(days.values())
        flows = defaultdict(list)
        supply, demand = [0.0] * len(moments), [0.0] * len(moments)
        for event in events:
            flows[event.product_id, event.site_id].append(engine.Flow(event.at, event.quantity))
            if event.at <= moments[-1]:
                side = supply if event.quantity > 0 else demand
                side[bisect_left(moments, event.at)] += event.quantity
        outlooks = {
            key: engine.outlook(start.get(key, 0.0), flows.get(key, ()), moments, moments[-1])
            for key in {*start, *flows}
        }
        projected = [
            sum(outlook.projected[place] for outlook in outlooks.values())
            for place in range(len(moments))
        ]
        promisable = self._oms_sum_promisable(outlooks, moments)
        return [
            {
                "date": fields.Date.to_string(date) or False,
                "projected": self._oms_round(stock),
                "promisable": self._oms_round(free),
                "supply": self._oms_round(came),
                "demand": self._oms_round(-went),
            }
            for date, stock, free, came, went in zip(
                days, projected, promisable, supply, demand, strict=True
            )
        ]

    # === SAFETY STOCK === #

    def _oms_sum_promisable(self, outlooks, moments):
        """Return what can be promised at each moment, less safety stock, over all positions.

        A position where more is promised than there is takes nothing from the others.

        :param dict outlooks: ``Outlook`` by (product id, site id)
        :rtype: list[float]
        """
        days = self._oms_get_safety_days(moments)
        of_moment = [days[bisect_right(days, moment.date()) - 1] for moment in moments]
        asked = {
            key: [
                (*key, day, quantity)
                for day, quantity in zip(of_moment, outlook.promisable, strict=True)
            ]
            for key, outlook in outlooks.items()
        }
        left = self._oms_less_safety({each for row in asked.values() for each in row})
        return [
            sum(left.get(row[place], 0.0) for row in asked.values())
            for place in range(len(moments))
        ]

    @api.model
    def _oms_get_safety_days(self, moments):
        """Return the days from which other rules of safety stock count, the first one included.

        :rtype: list[datetime.date]
        """
        first, last = moments[0].date(), moments[-1].date()
        # sudo: rules of all companies count at their sites, whoever reads
        dated = (
            self.env["oms.safety.stock"]
            .sudo()
            .search_fetch(
                ["|", ("date_from", ">", first), ("date_to", ">=", first)],
                ["date_from", "date_to"],
            )
        )
        begins = dated.filtered("date_from").mapped("date_from")
        ends = [day + timedelta(days=1) for day in dated.filtered("date_to").mapped("date_to")]
        return sorted({first, *(day for day in (*begins, *ends) if first < day <= last)})

    @api.model
    def _oms_less_safety(self, asked):
        """Return what safety stock leaves of quantities.

        :param set asked: (product id, site id, day, quantity that would be available)
        :return: quantity by what was asked; what leaves nothing may be absent
        :rtype: dict[tuple, float]
        """
        asked = [each for each in asked if each[-1] > 0]
        if not asked:
            return {}
        # As if so much were on hand, and nothing else known.
        measures = SQL(", ").join(
            SQL(
                "%s AS %s",
                SQL("quantity" if name == "on_hand" else "0::float8"),
                SQL.identifier(name),
            )
            for name in (*position_sql.MEASURES, "external")
        )
        positions = SQL(
            "SELECT product_id, site_id, %s, quantity AS available FROM asked "
            "WHERE asked.day = rules.day",
            measures,
        )
        rows = self.env.execute_query(
            SQL(
                """
                WITH asked AS MATERIALIZED (
                    SELECT * FROM unnest(%s::integer[], %s::integer[], %s::date[], %s::float8[])
                        AS asked (product_id, site_id, day, quantity)
                )
                SELECT product_id, site_id, day, on_hand, available
                  FROM (SELECT DISTINCT day FROM asked) AS rules
            CROSS JOIN LATERAL (%s) AS held
                """,
                *([list(column) for column in zip(*asked, strict=True)]),
                self.env["oms.safety.stock"]._apply(
                    positions,
                    SQL("rules.day"),
                    {product_id for product_id, *_rest in asked},
                    {site_id for _product_id, site_id, *_rest in asked},
                ),
            )
        )
        return {tuple(key): available for *key, available in rows}
