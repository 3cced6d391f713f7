import logging
from math import ceil, inf, isfinite
from zoneinfo import ZoneInfo

import numpy as np

from odoo import api, fields, models

from ...engine.promise import CASES, CHANCES, after, choose_days, from_dict, shares_by_day
from .lead_time_units import instant, local_days, to_date, to_posix, to_utc
from .oms_lead_lane import get_basis
from .oms_lead_model import STEPS, lane_of

_logger = logging.getLogger(__name__)

#: Moments at which work begins are told apart by so many seconds: what was learned is no finer.
PART = 900.0
#: Before the earliest date so few arrive.
EARLY = 0.1
#: Days that are looked ahead at most, and at least.
MOST_DAYS, LEAST_DAYS = 220, 14
#: So many are there in the end that nobody waits for more.
ALMOST_ALL = 0.995
#: Seconds for which the load of sites is taken to stay as it is.
LOAD_SECONDS = 600.0


class OmsLeadTime(models.AbstractModel):
    """Dates by what was learned."""

    _inherit = "oms.lead.time"

    # === WHAT WAS LEARNED === #

    @api.model
    def _get_learner(self, book, company_id, step):
        """Return what was learned of a step, or None where promises cannot rest on it yet.

        :param int company_id: id of the company
        :param str step: "handling", "transit" or "total"
        :rtype: Learner | None
        """

        def work_out():
            # sudo: what was learned is kept for all users
            model = (
                self.env["oms.lead.model"]
                .sudo()
                .search([("company_id", "=", company_id), ("step", "=", step)])
            )
            if not model.state:
                return None
            try:
                learner = from_dict(model.state)
            except ValueError as error:
                _logger.warning("Lead times of %s are not used: %s", step, error)
                return None
            return learner if model._knows(learner) else None

        return book.find(("learner", company_id, step), work_out)

    @api.model
    def _get_load(self, book, site_id, company_id):
        """Tell how much more there is to do at a site than usual, as a factor.

        :rtype: float
        """
        now = to_posix(fields.Datetime.now())

        def work_out():
            # sudo: numbers only
            model = (
                self.env["oms.lead.model"]
                .sudo()
                .search([("company_id", "=", company_id), ("step", "=", "handling")])
            )
            usual = model.usual_open or {}
            if not usual:
                return {}
            counts = (
                self.env["oms.fulfillment"]
                .sudo()
                ._read_group(
                    [("company_id", "=", company_id), ("state", "=", "released")],
                    ["site_id"],
                    ["__count"],
                )
            )
            return {
                site.id: round(min(max((count + 1) / usual[str(site.id)], 0.25), 4.0), 1)
                for site, count in counts
                if usual.get(str(site.id), 0.0) >= 1.0
            }

        loads = book.find(("loads", company_id, now // LOAD_SECONDS), work_out)
        return loads.get(site_id, 1.0)

    @api.model
    def _get_asked(self, book, channel, confidence):
        """Return the confidence to ask of what was learned so that as many promises are kept.

        :param channel: ``oms.channel`` record
        :param float confidence: that is meant
        """
        asked = book.find(
            ("asked", channel.id),
            # sudo: kept for all users
            lambda: (channel.sudo().promise_confidence, channel.sudo().promise_asked),
        )
        return asked[1] if asked[1] and abs(asked[0] - confidence) < 1e-6 else confidence

    # === DATES === #

    @api.model
    def _improve(self, book, configured, works, channel):
        found = super()._improve(book, configured, works, channel)
        ways = {}
        for key, dates in found.items():
            way, ready, _confidence, _channel_id, units = key
            if dates is None:
                continue
            company_id = self._get_facts(book, way.site_id).company_id
            learners = {step: self._get_learner(book, company_id, step) for step in STEPS}
            if not any(learners.values()):
                continue
            begins, done, _cutoff = works[way.site_id, ready, units]
            ways[key] = self._get_cases(book, way, ready, begins, done, learners, company_id)
        shares = self._get_shares(book, {key: case for key, case in ways.items() if case})
        for key, (first, row, basis, leaves, known) in shares.items():
            way, ready, confidence, *_more = key
            asked = self._get_asked(book, channel, confidence)
            chosen = book.find(
                ("chosen", known, asked), lambda row=row, asked=asked: _choose(row, asked)
            )
            days = self._get_delivery_days(book, way, ready)
            dates = [
                day if way.handed_over else days.on_or_after(day)
                for day in (first + chosen[0], first + chosen[1])
            ]
            if None in dates:
                found[key] = None
                continue
            found[key] = found[key]._replace(
                leaves=to_utc(leaves),
                earliest=to_date(min(dates)),
                promised=to_date(dates[1]),
                basis=basis,
            )
        return found

    @api.model
    def _get_cases(self, book, way, ready, begins, done, learners, company_id):
        """Tell when goods may leave, and what is known of their way from then on.

        :param float begins: when the site works on the order, POSIX seconds
        :param float done: when it is prepared as configured, POSIX seconds
        :return: learner of the way or None, its step, basis, moments at which goods leave on the
            clocks of the destination, their chances, and when they most likely leave (POSIX
            seconds); None where only what is configured is known
        """
        step = "transit" if learners["transit"] else "total"
        onward = None if way.handed_over else learners[step]
        handling = learners["handling"]
        begins = ceil(begins / PART) * PART
        zone = ZoneInfo(way.zone)
        if onward is not None and step == "total":
            basis = self._get_basis(book, way, ready, step, onward)
            configured = self._get_leave(book, way, ready, done)
            return onward, step, basis, (local_days(begins, zone),), (1.0,), configured
        if handling is None:
            if onward is None:
                return None
            leaves = self._get_leave(book, way, ready, done)
            start = local_days(ceil(leaves / PART) * PART, zone)
            return onward, step, "group", (start,), (1.0,), leaves
        load = self._get_load(book, way.site_id, company_id)
        key = ("cases", way.site_id, way.carrier_id, way.handed_over, way.zone, begins, load)
        leaves, starts = book.find(
            key, lambda: self._work_out_cases(book, way, ready, begins, handling, load, zone)
        )
        middle = leaves[int(np.searchsorted(np.cumsum(CHANCES), 0.5))]
        if not isfinite(middle):
            middle = self._get_leave(book, way, ready, done)
        basis = self._get_basis(book, way, ready, "handling", handling)
        if onward is not None:
            own = self._get_basis(book, way, ready, step, onward)
            basis = own if basis == "lane" else "group"
        elif not way.handed_over:
            basis = "configured"
        return onward, step, basis, starts, tuple(CHANCES.tolist()), middle

    @api.model
    def _get_basis(self, book, way, ready, step, learner):
        """Return what dates of a step on a way rest on; see ``get_basis``."""
        lane = self._get_lane(book, way, ready, step, None)
        return book.find(("basis", step, lane), lambda: get_basis(learner, lane, step))

    @api.model
    def _get_lane(self, book, way, ready, step, start):
        """Return the lane of a way in the words of the engine.

        :param float start: when the step begins, days since 1970-01-01 by the clocks that count;
            None where the season does not matter
        """
        company_id = self._get_facts(book, way.site_id).company_id
        season = "" if start is None else self._get_season(book, company_id, start)

        def work_out():
            # sudo: kept for all users
            site = self.env["oms.site"].sudo().browse(way.site_id)
            usual = site._get_usual_handling(self._get_hours(book, way.site_id, ready))
            if step == "transit":
                usual = way.days
            elif step == "total":
                usual = usual + way.days if usual and way.days else 0.0
            return lane_of(step, way.site_id, way.carrier_id, way.region, season, usual)

        return book.find(("lane", way, step, season), work_out)

    @api.model
    def _work_out_cases(self, book, way, ready, begins, handling, load, zone):
        """Return when goods leave in each case: POSIX seconds, and days at the destination."""
        key = ("done", way.site_id, begins, load)
        done = book.find(key, lambda: self._work_out_done(book, way, ready, begins, handling, load))
        leaves = tuple(self._get_leave(book, way, ready, seconds) for seconds in done)
        shown = {each: local_days(each, zone) if isfinite(each) else inf for each in set(leaves)}
        return leaves, tuple(shown[each] for each in leaves)

    @api.model
    def _work_out_done(self, book, way, ready, begins, handling, load):
        """Return when goods are prepared in each case, and their site is open: POSIX seconds."""
        there = ZoneInfo(self._get_facts(book, way.site_id).tz)
        begun = local_days(begins, there)
        lane = self._get_lane(book, way, ready, "handling", begun)
        days = book.find(
            ("handled", lane, load),
            lambda: handling.quantiles([lane], CASES.tolist(), load)[0],
        )
        hours = self._get_hours(book, way.site_id, ready)
        closes, opens = hours.ends, hours.starts
        done = []
        for end in after(handling.clock(), begun, days).tolist():
            seconds = instant(end, there)
            place = int(closes.searchsorted(seconds))
            done.append(max(seconds, float(opens[place])) if place < len(opens) else inf)
        return tuple(done)

    @api.model
    def _get_shares(self, book, cases):
        """Return which share is there by the end of each day.

        :param dict cases: as :meth:`_get_cases` returns them, by key
        :return: first day, shares of shape (D,), basis, when goods most likely leave, and by what
            the shares are known, by key
        :rtype: dict
        """
        found, missing = {}, {}
        for key, (onward, step, basis, starts, chances, leaves) in cases.items():
            way, ready = key[0], key[1]
            first = int(min(starts) // 1.0)
            if onward is None:
                known = ("counts", way, starts, int(ready // 86_400.0))
                row = book.find(
                    known,
                    lambda way=way, ready=ready, starts=starts, chances=chances, first=first: (
                        self._count_arrivals(book, way, ready, starts, chances, first)
                    ),
                )
                found[key] = (first, row, basis, leaves, known)
                continue
            known = ("shares", way, step, starts)
            row = book.find(known, lambda: None)
            if row is None:
                missing.setdefault((id(onward), step), (onward, []))[1].append(
                    (key, known, first, starts, chances)
                )
            found[key] = (first, row, basis, leaves, known)
        for (_id, step), (onward, rows) in missing.items():
            for (key, known, first, *_more), row in zip(
                rows, self._work_out_shares(book, onward, step, rows), strict=True
            ):
                book.replace(known, row)
                found[key] = (first, row, *found[key][2:])
        return found

    @api.model
    def _work_out_shares(self, book, onward, step, rows):
        """Add up all cases of some ways, shape (rows, D)."""
        lanes = [
            self._get_lane(book, way, ready, step, self._get_usual_start(starts))
            for (way, ready, *_more), _known, _first, starts, _chances in rows
        ]
        most = max(len(row[3]) for row in rows)
        starts = np.full((len(rows), most), np.inf)
        chances = np.zeros((len(rows), most))
        for place, row in enumerate(rows):
            starts[place, : len(row[3])] = row[3]
            chances[place, : len(row[4])] = row[4]
        first = np.array([row[2] for row in rows], dtype=float)
        span = starts.max(where=np.isfinite(starts), axis=1, initial=0.0) - first
        scale, shares, longest = self._get_profiles(book, onward, step, lanes)
        count = int(min(max(np.max(span + 1.5 * longest) + 4.0, LEAST_DAYS), MOST_DAYS))
        return shares_by_day(onward, lanes, starts, chances, first, count, (scale, shares))

    @api.model
    def _get_profiles(self, book, onward, step, lanes):
        """Return how what begins on lanes arrives; see ``Learner.profiles``.

        :return: scales of shape (L,), shares of shape (L, B + 1), and the days within which all
            but a few are there, shape (L,)
        """
        known = {lane: book.find(("profile", step, lane), lambda: None) for lane in set(lanes)}
        missing = [lane for lane, profile in known.items() if profile is None]
        if missing:
            scale, shares, _ever = onward.profiles(missing)
            longest = onward.quantiles(missing, [ALMOST_ALL])[:, 0]
            for lane, *profile in zip(missing, scale, shares, longest, strict=True):
                known[lane] = profile
                book.replace(("profile", step, lane), profile)
        return tuple(np.array(each) for each in zip(*(known[lane] for lane in lanes), strict=True))

    @api.model
    def _get_usual_start(self, starts):
        """Return the moment at which goods most likely leave, of those in each case."""
        return starts[len(starts) // 2] if isfinite(starts[len(starts) // 2]) else min(starts)

    @api.model
    def _count_arrivals(self, book, way, ready, starts, chances, first):
        """Return which share is there by the end of each day where the way is as configured."""
        days = self._get_delivery_days(book, way, ready)
        row = np.zeros(MOST_DAYS)
        for start, chance in zip(starts, chances, strict=True):
            if not isfinite(start):
                continue
            arrives = int(start // 1.0) if way.handed_over else days.arrive(start, way.days)
            if arrives is not None and arrives - first < MOST_DAYS:
                row[arrives - first :] += chance
        return row


def _choose(row, asked):
    """Return the places of the earliest and of the promised day.

    :param row: share that is there by the end of each day, shape (D,)
    :param float asked: confidence
    """
    [early] = choose_days(row[None, :], EARLY)
    [place] = choose_days(row[None, :], asked, nearest=True)
    return int(early), int(place)


class OmsSite(models.Model):
    _inherit = "oms.site"

    def _get_usual_handling(self, hours):
        """Return the days that preparing is configured to take, 0 for nothing.

        :param hours: ``WorkingTime`` of the site
        :rtype: float
        """
        self.ensure_one()
        worked = float((hours.ends - hours.starts).sum()) / 3600.0
        a_day = worked / len(hours.days) if hours.days else 24.0
        # Rounded: lanes of one site are alike, over however many days its hours were looked at.
        a_day = min(max(round(a_day), 1), 24)
        if self.handling_unit == "days":
            return self.handling_time + a_day / 48.0
        return self.handling_time / a_day


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    promise_asked = fields.Float(
        readonly=True,
        digits=(6, 4),
        help="Confidence that is asked of what was learned, so that as many promises are kept as "
        "were meant to be.",
    )
