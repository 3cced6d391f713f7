from bisect import bisect_left
from collections import defaultdict
from math import ceil, inf, isinf
from zoneinfo import ZoneInfo

from odoo import api, fields, models, tools

from .lead_book import Book, SiteFacts, Way
from .lead_dates import LeadDates
from .lead_places import find_zone
from .lead_time_units import instant, local_days, to_date, to_posix, to_utc

MINUTE = 60.0
MISSING = object()


class OmsLeadTime(models.AbstractModel):
    """When goods arrive: working times, pickups, transit and what was learned of them."""

    _name = "oms.lead.time"
    _description = "Lead Times"

    # === WHAT IS KEPT === #

    @api.model
    @tools.ormcache()
    def _get_book(self):
        """Return what was worked out already. All processes forget it when a setting changes.

        :rtype: Book
        """
        return Book()

    # === DATES === #

    @api.model
    def _get_dates(self, asks, channel, moment=None, confidence=None):
        """Tell when goods arrive on each way.

        :param asks: list of :class:`.lead_dates.LeadAsk`
        :param channel: ``oms.channel`` record whose confidence counts
        :param datetime.datetime moment: at which the order is placed, UTC without time zone; now
            when left out
        :param float confidence: with which to promise, between 0.5 and 0.99; the channel's when
            left out
        :return: dates of each way; None where the site sends nothing within the days looked at
        :rtype: list[LeadDates | None]
        """
        moment = moment or fields.Datetime.now()
        confidence = confidence or channel.promise_confidence
        book = self._get_book()
        keys, answers, missing = [], [], {}
        readies, places = {}, {}
        for ask in asks:
            ready = readies.get(ask.ready)
            if ready is None:
                ready = readies[ask.ready] = self._get_minute(max(ask.ready, moment))
            way, is_limited = self._find_way(book, ask, channel, places)
            key = (way, ready, confidence, channel.id, ask.units if is_limited else None)
            answer = MISSING if is_limited else book.answers.get(key, MISSING)
            if answer is MISSING:
                missing[key] = None
            keys.append(key)
            answers.append(answer)
        if missing:
            worked_out = self._work_out(book, list(missing), channel)
            answers = [
                worked_out[key] if answer is MISSING else answer
                for key, answer in zip(keys, answers, strict=True)
            ]
        return answers

    @api.model
    def _get_minute(self, moment):
        """Return a moment in POSIX seconds, a minute that has begun counting as over.

        Answers of the same minute are the same, so they need working out once.
        """
        return ceil(to_posix(moment) / MINUTE) * MINUTE

    # === WAYS === #

    @api.model
    def _find_way(self, book, ask, channel, places):
        """Return the way of an ask as far as dates depend on it, and whether its site is limited.

        :param channel: ``oms.channel`` record
        :param dict places: of what was asked in the same call, by their raw values
        """
        site, country = ask.site, ask.country
        facts = self._get_facts(book, site.id)
        if ask.handed_over:
            return Way(site.id, False, 0.0, False, "", facts.tz, True), facts.is_limited
        place = (country.id, ask.zip, ask.latitude, ask.longitude, facts.tz)
        if place not in places:
            code = country.code or ""
            places[place] = (
                self._get_region(book, code, ask.zip or ""),
                find_zone(code, ask.latitude, ask.longitude, facts.tz),
            )
        carrier_id = ask.carrier.id
        days = self._get_transit(book, facts.company_id, carrier_id, ask.kilometers)
        weekdays = self._get_weekdays(book, channel.id, carrier_id)
        way = Way(
            site.id, carrier_id, days, country.id, *places[place], False, ask.state.id, weekdays
        )
        return way, facts.is_limited

    @api.model
    def _get_transit(self, book, company_id, carrier_id, kilometers):
        """Return the days that a parcel is configured to be under way, 0 for nothing."""
        days = carrier_id and book.find(
            ("carrier", carrier_id),
            # sudo: how long a carrier takes is no secret of anybody
            lambda: self.env["delivery.carrier"].sudo().browse(carrier_id).oms_transit_days,
        )
        if days:
            return days
        limits, band_days = book.find(
            ("bands", company_id), lambda: self.env["oms.transit.band"]._get_bands(company_id)
        )
        band = min(bisect_left(limits, kilometers), len(limits) - 1)
        return band_days[band] if limits else 0.0

    @api.model
    def _get_facts(self, book, site_id):
        """Return the :class:`.lead_book.SiteFacts` of a site."""

        def work_out():
            # sudo: kept for all users
            site = self.env["oms.site"].sudo().browse(site_id)
            return SiteFacts(
                site.company_id.id,
                site.tz,
                site.handling_unit == "days",
                site.handling_time,
                site._is_limited(),
            )

        return book.find(("site", site_id), work_out)

    @api.model
    def _get_region(self, book, code, zip_code):
        """Return the region of a destination, by which lanes are told apart.

        :param str code: of the country
        :param str zip_code: postcode
        """
        return book.find(("region", code, zip_code), lambda: self._work_out_region(code, zip_code))

    @api.model
    def _work_out_region(self, code, zip_code):
        if "oms.geo.postcode" in self.env:
            return self.env["oms.geo.postcode"]._get_region(code, zip_code)
        start = "".join(zip_code.split()).upper()[:2]
        return f"{code}-{start}" if code and start else code

    # === WORKING OUT === #

    @api.model
    def _work_out(self, book, keys, channel):
        """Work out dates that are not known yet, and keep those of sites without a capacity.

        :param keys: list of (way, ready, confidence, channel id, units or None where the site has
            no capacity)
        :return: dates by key
        :rtype: dict
        """
        groups = defaultdict(set)
        for way, ready, _confidence, _channel, units in keys:
            groups[ready, units].add(way.site_id)
        works = {}
        for (ready, units), site_ids in groups.items():
            # sudo: kept for all users
            sites = self.env["oms.site"].sudo().browse(sorted(site_ids))
            work = sites._get_work(to_utc(ready), 1.0 if units is None else units)
            for site, *moments in zip(sites, *(each.tolist() for each in work), strict=True):
                works[site.id, ready, units] = moments
        configured = {
            key: self._get_configured(
                book, key[0], key[1], key[2], *works[key[0].site_id, key[1], key[4]]
            )
            for key in keys
        }
        found = self._improve(book, configured, works, channel)
        for key, dates in found.items():
            if key[4] is None:
                book.keep(key, dates)
        return found

    @api.model
    def _improve(self, book, configured, works, channel):
        """Put what was learned in the place of what is configured.

        :param dict configured: :class:`.lead_dates.LeadDates` or None by key, see `_work_out`
        :param dict works: when each site begins, is done and until when orders have to come, POSIX
            seconds, by site id, ready and units
        :param channel: ``oms.channel`` record
        :return: dates by key
        :rtype: dict
        """
        return configured

    @api.model
    def _get_configured(self, book, way, ready, confidence, begins, done, cutoff):
        """Return the dates that follow from what is configured.

        :param float begins: when the site works on the order, POSIX seconds
        :param float done: when it is prepared, POSIX seconds
        :param float cutoff: until when an order is worked on that day, POSIX seconds
        :rtype: LeadDates | None
        """
        leaves = self._get_leave(book, way, ready, done)
        if isinf(leaves):
            return None
        zone = ZoneInfo(way.zone)
        days = self._get_delivery_days(book, way, ready)
        start = local_days(leaves, zone)
        arrives = int(start // 1.0) if way.handed_over else days.arrive(start, way.days)
        if arrives is None:
            return None
        latest = self._get_latest(book, way, ready, leaves, start, zone)
        # Until the end of its day in any case, and longer where the next one is soon enough, too.
        # What is full then cannot be known.
        facts = self._get_facts(book, way.site_id)
        cutoff = min(cutoff, latest) if facts.in_days or facts.is_limited else latest
        cutoff = max(cutoff, ready)
        promised = to_date(arrives)
        return LeadDates(
            to_utc(leaves), to_utc(cutoff), promised, promised, confidence, "configured"
        )

    @api.model
    def _get_hours(self, book, site_id, ready):
        """Return the ``WorkingTime`` of a site from the day of a moment on."""
        site = self.env["oms.site"].sudo().browse(site_id)  # sudo: kept for all users
        day = int(local_days(ready, ZoneInfo(self._get_facts(book, site_id).tz)))
        return book.find(
            ("hours", site_id, day), lambda: site._get_working_times(to_utc(ready))[site]
        )

    @api.model
    def _get_pickup_moments(self, book, way, ready):
        """Return when the carrier of a way fetches parcels, POSIX seconds; None for at any time."""
        if way.handed_over:
            return None
        hours = self._get_hours(book, way.site_id, ready)

        def work_out():
            # sudo: kept for all users
            site = self.env["oms.site"].sudo().browse(way.site_id)
            carrier = self.env["delivery.carrier"].sudo().browse(way.carrier_id or ())
            pickups = site._get_pickups(carrier)
            return pickups._get_moments(hours, ZoneInfo(site.tz)) if pickups else None

        first = hours.days[0] if hours.days else None
        return book.find(("pickups", way.site_id, way.carrier_id, first), work_out)

    @api.model
    def _get_leave(self, book, way, ready, done):
        """Return when a parcel that is prepared leaves with its carrier, POSIX seconds."""
        moments = None if isinf(done) else self._get_pickup_moments(book, way, ready)
        if moments is None:
            return done
        place = bisect_left(moments, done)
        return moments[place] if place < len(moments) else inf

    @api.model
    def _get_latest(self, book, way, ready, leaves, start, zone):
        """Return until when an order has to come for the same dates, POSIX seconds.

        :param float start: what the clocks at the destination show when the parcel leaves, days
        """
        facts = self._get_facts(book, way.site_id)
        if facts.in_days:
            return inf
        if self._get_pickup_moments(book, way, ready) is not None:
            deadline = leaves
        elif way.days:
            part = way.days % 1.0
            deadline = instant(ceil(start + part - 1e-9) - part, zone)
        else:
            deadline = instant(start // 1.0 + 1.0, zone) - MINUTE
        hours = self._get_hours(book, way.site_id, ready)
        return book.find(
            ("latest", way.site_id, ready // 86_400.0, deadline),
            lambda: hours.latest_order(deadline, facts.handling),
        )
