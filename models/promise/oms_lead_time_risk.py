from bisect import bisect_right
from datetime import datetime
from math import inf, isfinite
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from odoo import api, models

from ...engine.promise import (
    CASES,
    CHANCES,
    Clock,
    after,
    fixed,
    kept_chances,
    learned,
    milestones,
    shares_by_day,
)
from .lead_dates import LeadAsk
from .lead_time_units import EPOCH, instant, local_days, to_posix, to_utc


class Milestones(NamedTuple):
    """Until when each step has to begin so that a date is kept; UTC without time zone.

    :param release: until when the site has to begin
    :param handover: until when the carrier has to have the goods; None where the customer fetches
        them
    """

    release: datetime
    handover: datetime | None


class Course(NamedTuple):
    """A fulfillment, and what is known of the steps that it takes.

    :param part: ``oms.fulfillment`` record
    :param way: :class:`.lead_book.Way` that it goes
    :param due: the day by whose end it is to arrive, days since 1970-01-01
    :param learners: learner or None by step
    """

    part: models.BaseModel
    way: tuple
    due: int
    learners: dict


class OmsLeadTime(models.AbstractModel):
    """How likely goods come too late, and until when each step has to begin."""

    _inherit = "oms.lead.time"

    # === ASKING === #

    @api.model
    def _get_courses(self, book, due):
        """Return the courses of fulfillments.

        :param dict due: date by ``oms.fulfillment`` record
        :rtype: list[Course]
        """
        places, found = {}, []
        parts = self.env["oms.fulfillment"].union(*due)
        carriers = parts._get_lead_carriers()
        for part, day in due.items():
            partner = part.partner_id
            ask = LeadAsk(
                part.site_id,
                carriers[part],
                part.kilometers,
                partner.country_id,
                partner.zip or "",
                partner.partner_latitude or None,
                partner.partner_longitude or None,
                part.released_at or part.create_date,
                part.unit_count,
                part._is_handed_over(),
                partner.state_id,
            )
            way, _is_limited = self._find_way(book, ask, part.channel_id, places)
            company_id = self._get_facts(book, way.site_id).company_id
            learners = {
                step: self._get_learner(book, company_id, step) for step in ("handling", "transit")
            }
            found.append(Course(part, way, day.toordinal() - EPOCH, learners))
        return found

    # === CHANCES === #

    @api.model
    def _get_miss_chances(self, due, moment):
        """Tell how likely goods come after a day, as things stand.

        :param dict due: the day by ``oms.fulfillment`` record, by the calendar of the destination
        :param datetime.datetime moment: UTC without time zone
        :return: chance by fulfillment, 0 to 1; that of goods that came is 0 or 1
        :rtype: dict
        """
        book, now = self._get_book(), to_posix(moment)
        return {
            course.part: round(self._get_miss_chance(book, course, now), 4)
            for course in self._get_courses(book, due)
        }

    @api.model
    def _get_miss_chance(self, book, course, now):
        part, way = course.part, course.way
        zone = ZoneInfo(way.zone)
        today = local_days(now, zone)
        # What is collected was promised to be ready.
        arrived = part.pickup_ready_at or part.delivered_at
        if arrived:
            return float(local_days(to_posix(arrived), zone) >= course.due + 1)
        if today >= course.due + 1:
            return 1.0
        if part.shipped_at:
            if way.handed_over:
                return 0.0
            return self._get_late_chance(book, course, to_posix(part.shipped_at), now)
        starts, chances = self._get_remaining_starts(book, course, now)
        onward = None if way.handed_over else course.learners["transit"]
        first = int(today)
        if onward is None:
            row = self._count_arrivals(book, way, now, starts, chances, first)
            place = min(course.due - first, len(row) - 1)
            return 1.0 - float(row[place])
        lane = self._get_lane(book, way, now, "transit", self._get_usual_start(starts))
        row = shares_by_day(onward, [lane], [starts], [chances], [course.due], 1)
        return 1.0 - float(row[0, 0])

    @api.model
    def _get_late_chance(self, book, course, shipped, now):
        """Tell how likely a parcel under way comes too late."""
        way, onward = course.way, course.learners["transit"]
        zone = ZoneInfo(way.zone)
        start = local_days(shipped, zone)
        if onward is None:
            days = self._get_delivery_days(book, way, shipped)
            arrives = days.arrive(start, way.days)
            return float(arrives is None or arrives > course.due)
        lane = self._get_lane(book, way, now, "transit", start)
        chances, _ever = kept_chances(onward, [lane], [start], [course.due], local_days(now, zone))
        return 1.0 - float(chances[0])

    @api.model
    def _get_remaining_starts(self, book, course, now):
        """Tell when what is at the site will leave, given that it has not left yet.

        :return: days on the clocks of the destination, and the chance of each
        :rtype: tuple[list[float], list[float]]
        """
        way, handling = course.way, course.learners["handling"]
        released = course.part.released_at
        placed = to_posix(released) if released else now
        hours = self._get_hours(book, way.site_id, placed)
        [day] = hours.first_day([placed])
        if day >= len(hours.days):
            return [inf], [1.0]
        begins = max(placed, float(hours.opens[day]))
        zone = ZoneInfo(way.zone)
        if handling is None:
            site = self.env["oms.site"].sudo().browse(way.site_id)  # sudo: as for promises
            done = float(site._get_leaving(to_utc(placed))[0])
            leaves = self._get_leave(book, way, max(placed, now), max(done, now))
            return [local_days(leaves, zone) if isfinite(leaves) else inf], [1.0]
        there = ZoneInfo(self._get_facts(book, way.site_id).tz)
        clock, begun = handling.clock(), local_days(begins, there)
        lane = self._get_lane(book, way, placed, "handling", begun)
        spent = max(float(clock.at(local_days(now, there)) - clock.at(begun)), 0.0)
        share, _ever = handling.arrived([lane], [[spent]])
        # What remains of the distribution: it has not been done until now.
        gone = min(float(share[0, 0]), 0.999)
        days = handling.quantiles([lane], (gone + (1.0 - gone) * CASES).tolist())[0]
        starts = []
        for end in after(clock, begun, days).tolist():
            seconds = self._open(book, way, now, max(instant(end, there), now))
            leaves = self._get_leave(book, way, now, seconds) if isfinite(seconds) else inf
            starts.append(local_days(leaves, zone) if isfinite(leaves) else inf)
        return starts, CHANCES.tolist()

    @api.model
    def _open(self, book, way, now, seconds):
        """Return the first moment from some other on at which a site is open."""
        hours = self._get_hours(book, way.site_id, now)
        place = int(np.searchsorted(hours.ends, seconds))
        return max(seconds, float(hours.starts[place])) if place < len(hours.ends) else inf

    # === MILESTONES === #

    @api.model
    def _get_milestones(self, due, confidence=None):
        """Tell until when each step has to begin so that days are kept.

        :param dict due: the day by ``oms.fulfillment`` record, by the calendar of the destination
        :param float confidence: with which; that of each channel when None
        :return: :class:`Milestones` by fulfillment
        :rtype: dict
        """
        book = self._get_book()
        return {
            course.part: self._get_backwards(
                book, course, confidence or course.part.channel_id.promise_confidence or 0.9
            )
            for course in self._get_courses(book, due)
        }

    @api.model
    def _get_backwards(self, book, course, confidence):
        way = course.way
        zone = ZoneInfo(way.zone)
        site_zone = ZoneInfo(self._get_facts(book, way.site_id).tz)
        end = course.due + 1.0
        noon = instant(course.due + 0.5, zone)
        prepare, prepare_clock = self._get_step(book, course, "handling", noon)
        if way.handed_over:
            [days] = milestones([prepare], confidence)
            began = prepare_clock.before(local_days(instant(end, zone), site_zone), days)
            return Milestones(to_utc(instant(float(began), site_zone)), None)
        carry, carry_clock = self._get_step(book, course, "transit", noon)
        both, onward = milestones([prepare, carry], confidence)
        handover = instant(float(carry_clock.before(end, onward)), zone)
        handover = self._get_pickup_before(book, way, handover)
        # Not everything goes badly at once: preparing has what carrying does not need.
        ready = local_days(handover, site_zone)
        release = instant(float(prepare_clock.before(ready, max(both - onward, 0.0))), site_zone)
        return Milestones(to_utc(release), to_utc(handover))

    @api.model
    def _get_step(self, book, course, step, moment):
        """Return how long a step takes in the words of the engine, and its clock."""
        way, learner = course.way, course.learners[step]
        # What arrives on a day set off before it.
        lane = self._get_lane(book, way, moment, step, course.due - way.days)
        if learner is not None:
            known = book.find(("step", lane, step), lambda: learned(step, learner, lane))
            return known, learner.clock()
        if step == "handling":
            return fixed(step, lane.usual), Clock(np.ones(7))
        days = self._get_delivery_days(book, way, moment - 60 * 86_400.0)
        return fixed(step, lane.usual), Clock(np.ones(7), days.closed)

    @api.model
    def _get_pickup_before(self, book, way, seconds):
        """Return the last pickup until a moment, POSIX seconds; the moment where there is none."""
        moments = self._get_pickup_moments(book, way, seconds - 20 * 86_400.0)
        if not moments:
            return seconds
        place = bisect_right(moments, seconds) - 1
        return moments[place] if place >= 0 else seconds


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    def _get_lead_carriers(self):
        """Return who carries the goods of each: who has the parcel, or else who was ordered.

        :return: ``delivery.carrier`` record, perhaps empty, by fulfillment
        :rtype: dict
        """
        # sudo: whoever may see a fulfillment may know who carries it
        parcels = self.sudo().picking_ids.filtered("carrier_id").sorted("id")
        of_parcels = {parcel.oms_fulfillment_id: parcel.carrier_id for parcel in parcels}
        return {
            part: of_parcels.get(part, part.sudo().order_id.carrier_id).with_env(self.env)
            for part in self
        }
