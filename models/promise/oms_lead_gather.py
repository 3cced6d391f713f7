from bisect import bisect_left
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from odoo import models
from odoo.tools import SQL

from ...engine.promise import season_of
from .lead_places import find_zone
from .lead_time_units import GIVE_UP_DAYS, local_days, to_posix, to_utc

#: Who tells Odoo that a parcel left may do so when the carrier is gone: seconds.
PICKUP_TOLERANCE = 3600.0
#: Place of the moment of the beginning in what is described of an observation.
BEGUN = 11


class Seen(NamedTuple):
    """What Odoo knows of a fulfillment. Moments are UTC without time zone."""

    id: int
    site_id: int
    carrier_id: int | None
    code: str
    zip: str
    latitude: float | None
    longitude: float | None
    kilometers: float
    released_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    state: str
    changed_at: datetime


class SiteClock(NamedTuple):
    """When a site worked: its ``WorkingTime`` over all the days looked at, and its zone."""

    hours: object
    zone: ZoneInfo
    usual: float

    def begin(self, seconds):
        """Return when the site began to work on what came at a moment, POSIX seconds."""
        [day] = self.hours.first_day([seconds])
        return max(seconds, float(self.hours.opens[day])) if day < len(self.hours.days) else seconds


class OmsLeadModel(models.Model):
    """Writes down how long things took."""

    _inherit = "oms.lead.model"

    def _gather(self, company, now):
        """Write down what fulfillments show of all steps, as it is known now.

        What was learned from before is not looked at again.

        :param company: ``res.company`` record
        :param datetime.datetime now: UTC, naive
        :return: names of the time zones whose clocks count
        :rtype: set[str]
        """
        sites = self.env["oms.site"].with_context(active_test=False)
        zones = set(sites.search([("company_id", "=", company.id)]).mapped("tz")) or {"UTC"}
        seen = self._read_fulfillments(company, now)
        if not seen:
            return zones
        clocks = self._get_site_clocks(seen, now)
        loads = self._get_loads(company, seen)
        handed_over = set(
            self.env["oms.fulfillment"]
            .browse([each.id for each in seen])
            .filtered(lambda fulfillment: fulfillment._is_handed_over())
            .ids
        )
        book, pickups, rows = self.env["oms.lead.time"]._get_book(), {}, []
        seasons = self.env["oms.season"]._get_seasons(company.id)
        for each in seen:
            clock = clocks[each.site_id]
            zone = clock.zone.key
            if each.id not in handed_over:
                zone = find_zone(each.code, each.latitude, each.longitude, zone)
            zones.add(zone)
            rows += self._describe(
                book, each, clock, ZoneInfo(zone), pickups, now, each.id in handed_over, loads
            )
        company_id = company.id
        self.env["oms.lead.observation"]._store(
            [
                (row[0], row[1], company_id, *row[2:5], season_of(seasons, row[BEGUN]), *row[5:])
                for row in rows
            ]
        )
        return zones

    def _read_fulfillments(self, company, now):
        """Return what is known of the fulfillments that were not learned from in full.

        What was given up is not looked at again after a week, nor what is under way and was not
        written since the last time: of many parcels no carrier ever tells.

        :rtype: list[Seen]
        """
        self.env.flush_all()
        last = self.search([("company_id", "=", company.id)]).mapped("learned_at")
        # What was written by a transaction that took long seems older than it is.
        last = min(filter(None, last), default=now) - timedelta(days=1)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fulfillment.id, fulfillment.site_id,
                       COALESCE(parcel.carrier_id, orders.carrier_id), country.code, partner.zip,
                       partner.partner_latitude, partner.partner_longitude,
                       fulfillment.kilometers, fulfillment.released_at,
                       -- What is collected is done when it is ready: the customer takes his time.
                       CASE WHEN COALESCE(pickup_ready_at, shipped_at) <= %(now)s
                            THEN COALESCE(pickup_ready_at, shipped_at) END,
                       CASE WHEN COALESCE(pickup_ready_at, delivered_at) <= %(now)s
                            THEN COALESCE(pickup_ready_at, delivered_at) END,
                       fulfillment.state, fulfillment.write_date
                  FROM oms_fulfillment fulfillment
                  JOIN sale_order orders ON orders.id = fulfillment.order_id
             LEFT JOIN res_partner partner ON partner.id = fulfillment.partner_id
             LEFT JOIN res_country country ON country.id = partner.country_id
             LEFT JOIN LATERAL (
                           SELECT carrier_id FROM stock_picking
                            WHERE oms_fulfillment_id = fulfillment.id AND carrier_id IS NOT NULL
                         ORDER BY id DESC LIMIT 1
                       ) parcel ON TRUE
                 WHERE fulfillment.company_id = %(company)s AND fulfillment.released_at < %(now)s
                   AND NOT EXISTS (
                           SELECT FROM oms_lead_observation seen
                            WHERE seen.fulfillment_id = fulfillment.id AND seen.step = 'total'
                              AND (seen.counted
                                   OR (seen.state = 'dropped'
                                       AND seen.ended < %(now)s - INTERVAL '7 days')
                                   OR (seen.state = 'open' AND fulfillment.write_date < %(last)s
                                       AND fulfillment.released_at > %(now)s - %(wait)s))
                       )
              ORDER BY fulfillment.id
                """,
                company=company.id,
                now=now,
                last=last,
                wait=timedelta(days=GIVE_UP_DAYS),
            )
        )
        return [
            Seen(*row[:3], row[3] or "", row[4] or "", row[5], row[6], row[7] or 0.0, *row[8:])
            for row in rows
        ]

    def _get_site_clocks(self, seen, now):
        """Return when the sites worked since the first of what was seen.

        :rtype: dict[int, SiteClock]
        """
        first = min(each.released_at for each in seen)
        days = (now - first).days + 64
        sites = self.env["oms.site"].browse({each.site_id for each in seen})
        found = {}
        groups = sites.grouped(
            lambda site: (site.resource_calendar_id, site.tz, site.cutoff_hour, site.company_id)
        )
        for (calendar, tz, cutoff, company), members in groups.items():
            since = (first - timedelta(days=1)).date()
            hours = sites._prepare_hours(calendar, tz, cutoff, company, since, days + 2)
            for site in members:
                found[site.id] = SiteClock(hours, ZoneInfo(tz), site._get_usual_handling(hours))
        return found

    def _get_loads(self, company, seen):
        """Tell how much more there was to do than usual when each was released.

        What was open at the site then, over what was open on average when others were released in
        the four weeks before.

        :rtype: dict[int, float]
        """
        since = min(each.released_at for each in seen) - timedelta(days=28)
        rows = self.env.execute_query(
            SQL(
                "SELECT site_id, id, EXTRACT(EPOCH FROM released_at)::float, "
                "EXTRACT(EPOCH FROM COALESCE(pickup_ready_at, shipped_at, "
                "CASE WHEN state IN ('rejected', 'cancelled', 'lost') THEN write_date END))::float "
                "FROM oms_fulfillment "
                "WHERE company_id = %s AND released_at IS NOT NULL "
                "AND (released_at >= %s OR shipped_at >= %s) ORDER BY site_id, released_at, id",
                company.id,
                since,
                since,
            )
        )
        by_site = {}
        for site_id, *row in rows:
            by_site.setdefault(site_id, []).append(row)
        found = {}
        for of_site in by_site.values():
            begun = np.array([row[1] for row in of_site], dtype=float)
            left = np.array([np.inf if row[2] is None else row[2] for row in of_site], dtype=float)
            found.update(zip([row[0] for row in of_site], get_loads(begun, left), strict=True))
        return found

    def _describe(self, book, each, clock, zone, pickups, now, handed_over, loads):
        """Return the observations that a fulfillment gives, as rows without company and season.

        :param zone: ``ZoneInfo`` of the destination
        """
        region = self.env["oms.lead.time"]._get_region(book, each.code, each.zip)
        released = clock.begin(to_posix(each.released_at))
        shipped = to_posix(each.shipped_at) if each.shipped_at else None
        delivered = to_posix(each.delivered_at) if each.delivered_at else None
        gone = each.state in ("rejected", "cancelled", "lost") and to_posix(each.changed_at)
        usual = clock.usual
        transit = self._get_usual_transit(book, each)
        load = loads.get(each.id, 1.0)
        carrier = each.carrier_id or None
        args = (to_posix(now), gone)
        prepared = self._get_span(released, shipped, clock.zone, *args)
        rows = [(each.id, "handling", each.site_id, None, "", usual, load, *prepared)]
        if shipped and not handed_over:
            fetched = self._get_fetched(pickups, clock, each, shipped)
            if delivered is not None:
                fetched = min(fetched, max(delivered, shipped))
            carried = self._get_span(fetched, delivered, zone, *args)
            way = (each.site_id, carrier, region)
            rows.append((each.id, "transit", *way, transit, 1.0, *carried))
        both = usual + transit if usual and transit else 0.0
        # Of what was handed over at the site nobody learns how long parcels take.
        whole = self._get_span(released, delivered, zone, *args, skipped=handed_over and shipped)
        rows.append((each.id, "total", each.site_id, carrier, region, both, 1.0, *whole))
        return rows

    def _get_span(self, started, ended, zone, now, gone, skipped=None):
        """Return moments, days and state of an observation, and whether nobody learns from it."""
        state = "open"
        if skipped:
            state, ended = "dropped", max(skipped, started)
        elif ended is not None:
            state, ended = "done", max(ended, started)
        elif gone:
            state, ended = "dropped", max(gone, started)
        elif now - started > GIVE_UP_DAYS * 86_400.0:
            state, ended = "dropped", started + GIVE_UP_DAYS * 86_400.0
        begun = local_days(started, zone)
        left = None if ended is None else max(local_days(ended, zone), begun)
        days = ((now if ended is None else ended) - started) / 86_400.0
        return (
            to_utc(started),
            None if ended is None else to_utc(ended),
            max(days, 0.0),
            state,
            begun,
            left,
            bool(skipped),
        )

    def _get_usual_transit(self, book, each):
        """Return the days that a parcel is configured to be under way, 0 for nothing."""
        Lead = self.env["oms.lead.time"]
        company_id = Lead._get_facts(book, each.site_id).company_id
        return Lead._get_transit(book, company_id, each.carrier_id, each.kilometers)

    def _get_fetched(self, pickups, clock, each, shipped):
        """Return when the carrier fetched what left a site at a moment, POSIX seconds."""
        key = (each.site_id, each.carrier_id)
        if key not in pickups:
            site = self.env["oms.site"].browse(each.site_id)
            found = site._get_pickups(self.env["delivery.carrier"].browse(each.carrier_id or ()))
            pickups[key] = found._get_moments(clock.hours, clock.zone)
        moments = pickups[key]
        place = bisect_left(moments, shipped - PICKUP_TOLERANCE)
        return max(moments[place], shipped) if place < len(moments) else shipped


def get_loads(begun, left, window=28 * 86_400.0):
    """Tell how much more there was to do than usual when each piece of work began.

    :param begun: POSIX seconds, ascending, shape (N,)
    :param left: when each was done, infinity while it is not, shape (N,)
    :param window: seconds over which the usual is taken
    :return: factors between a quarter and four, 1 where nothing is known, list of N
    """
    number = np.arange(len(begun))
    open_now = number + 1 - np.searchsorted(np.sort(left), begun, side="right")
    total = np.concatenate([[0.0], np.cumsum(open_now)])
    first = np.searchsorted(begun, begun - window, side="left")
    count = number - first
    usual = (total[number] - total[first]) / np.maximum(count, 1)
    known = (count >= 10) & (usual > 0)
    return np.where(known, np.clip(open_now / np.maximum(usual, 1e-9), 0.25, 4.0), 1.0).tolist()
