import math
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from odoo import fields, models

from ...engine.release import Day, Task, release

#: Hours of work that a parcel takes where the site says nothing.
DEFAULT_HOURS = 2.0
#: Why work is held.
HELD_REASONS = ("consolidate", "full", "wanted")
#: By so many seconds a run may be late: the job runs every hour.
LATE_RUN = 3600.0


class OmsFlowRun(models.Model):
    """What each site had better prepare today, and what it had better hold."""

    _inherit = "oms.flow.run"

    def _stage_preparation(self):
        """Propose the work of today, one proposal for each site that has some."""
        plan = self.plan_id
        if "preparation" not in plan._get_kinds():
            return
        rows, lines, left_out = [], {}, []
        for site in plan._get_sites():
            pickings = self._find_work(site)
            if not pickings:
                continue
            now = fields.Datetime.now()
            hours = site._get_working_times(now)[site]
            day = self._get_day(site, hours, now)
            if day is None or site.is_offline:
                left_out.append(("closed", self._get_closed_sentence(site), None, site.id))
                continue
            due = {picking: self.env["oms.preparation"]._get_due(picking) for picking in pickings}
            found = release(self._prepare_tasks(site, hours, due), day)
            row = self._prepare_day(site, day, found)
            rows.append(row)
            lines[row["site_id"]] = self._prepare_day_lines(site, due, found)
        self._note_all("preparation", left_out)
        new = self._propose(rows)
        self._add_lines(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.site_id.id]
            ]
        )

    def _get_closed_sentence(self, site):
        """Say why a site that has work is proposed none."""
        if site.is_offline:
            return self.env._(
                "%s has work to prepare and is offline: nothing is proposed until it is back.",
                site.name,
            )
        return self.env._(
            "%s has work to prepare and no working hours in the coming days: look at its opening "
            "hours and pickups.",
            site.name,
        )

    # === WHAT THERE IS === #

    def _find_work(self, site):
        """Return what a site can put into waves now and what is in no open proposal.

        :rtype: stock.picking
        """
        # All that there is: what a rule is limited to says how waves are made, not what work is.
        pickings = self.env["oms.preparation.rule"].new({"site_id": site.id})._find_pickings()
        pickings -= (
            self.env["oms.proposal.line"]
            .search(
                [
                    ("picking_id", "in", pickings.ids),
                    ("proposal_id.state", "=", "proposed"),
                    ("proposal_id.kind", "=", "preparation"),
                ]
            )
            .picking_id
        )
        ready = self.env["stock.picking"]
        for option, own in self._split_by_option(site, pickings):
            ready |= self.env["oms.preparation"]._sift(own, option)[0]
        return ready.sorted("id")

    def _split_by_option(self, site, pickings):
        """Return how the waves of some transfers of a site are made.

        By the first of its rules that is for their carrier, else as if made by hand.

        :return: (``oms.preparation.rule``, ``stock.picking``) tuples
        :rtype: list[tuple]
        """
        Rule = self.env["oms.preparation.rule"]
        split, left = [], pickings
        for rule in Rule.search([("site_id", "=", site.id)]):
            own = left.filtered(
                lambda picking, rule=rule: (
                    not rule.carrier_ids or picking.carrier_id in rule.carrier_ids
                )
            )
            split.append((rule, own))
            left -= own
        split.append((Rule.new({"site_id": site.id}), left))
        return [(option, own) for option, own in split if own]

    def _get_day(self, site, hours, now):
        """Return what a site can still do until it closes, today or on its next open day.

        :param WorkingTime hours: of the site
        :param datetime now: UTC without time zone
        :rtype: Day | None
        """
        zone, stamp = ZoneInfo(site.tz), _stamp(now)
        ends = list(site.pickup_ids._get_moments(hours, zone)) or list(hours.cutoffs)
        coming = sorted(float(each) for each in ends if math.isfinite(each) and each > stamp)
        if not coming:
            return None
        first = _get_day_of(coming[0], zone)
        closes = max(each for each in coming if _get_day_of(each, zone) == first)
        # What left before that day took no room of it; the day begins when it does at the site.
        begins = datetime.combine(first, time.min, zone).astimezone(UTC).replace(tzinfo=None)
        units, orders = self._read_begun(site, begins)
        return Day(
            now=stamp,
            closes=closes,
            units=max(site.capacity_units - units, 0.0) if site.capacity_units else math.inf,
            orders=max(site.capacity_orders - orders, 0) if site.capacity_orders else math.inf,
            look=86400.0 * min(self.plan_id.interval_days or 1.0, 1.0) + LATE_RUN,
        )

    def _read_begun(self, site, since):
        """Return the units and orders that are in waves, or left since a moment."""
        groups = self.env["stock.move"]._read_group(
            [
                ("oms_fulfillment_line_id.site_id", "=", site.id),
                ("location_id", "child_of", site.warehouse_id.lot_stock_id.id),
                "|",
                "&",
                ("state", "=", "done"),
                ("date", ">=", since),
                "&",
                ("state", "not in", ("draft", "done", "cancel")),
                ("picking_id.batch_id", "!=", False),
            ],
            ["oms_fulfillment_line_id"],
            ["product_qty:sum"],
        )
        lines = self.env["oms.fulfillment.line"].union(*(line for line, _units in groups))
        return sum(units for _line, units in groups), len(lines.fulfillment_id)

    def _prepare_tasks(self, site, hours, due):
        """Describe work of a site to the engine.

        :param WorkingTime hours: of the site
        :param dict due: when each transfer has to leave, UTC; False where nothing says so
        """
        pickings = self.env["stock.picking"].union(*due)
        complete = self._find_complete(site, pickings)
        wanted = self._find_wanted(pickings)
        return [
            Task(
                picking.id,
                self._get_begin_by(site, hours, moment),
                sum(picking.move_ids.mapped("product_qty")),
                complete.get(picking),
                picking in wanted,
            )
            for picking, moment in due.items()
        ]

    def _get_begin_by(self, site, hours, due):
        """Return until when work has to be begun that is to leave at some moment.

        A site that is closed until then has to begin before it closes.

        :param WorkingTime hours: of the site
        :param due: UTC without time zone; False where nothing says so
        :return: POSIX seconds; minus infinity for what is late
        :rtype: float
        """
        if not due:
            return math.inf
        if site.handling_unit == "days":
            # Leaves at closing time so many open days after it is begun.
            last = int(np.searchsorted(hours.closes, _stamp(due), side="right")) - 1
            last -= round(site.handling_time)
            return float(hours.closes[last]) if last >= 0 else -math.inf
        return hours.latest_begin(_stamp(due), site.handling_time or DEFAULT_HOURS)

    def _find_wanted(self, pickings):
        """Return those of some transfers that customers want on a day, and that can keep it.

        :rtype: stock.picking
        """
        found = pickings.browse()
        # sudo: what customers want, and what they were promised, is for all who plan
        for picking in pickings.sudo():
            part = picking.oms_fulfillment_id
            day = part.order_id._oms_get_wanted_day(part.site_id) if part.order_id else None
            promised = part.promise_ids.filtered("current")[:1].promised_date
            if day and (not promised or promised <= day):
                found |= picking
        return found.sudo(False)

    # === WHAT COMES === #

    def _find_complete(self, site, pickings):
        """Return when the next part for the same customer can go along, for what has one.

        Goods that come go to who is first in line for them, as Odoo reserves them.

        :return: POSIX seconds by picking
        :rtype: dict
        """
        waiting = self.env["stock.move"].search(
            [
                ("oms_fulfillment_line_id.site_id", "=", site.id),
                ("state", "in", ("waiting", "confirmed", "partially_available")),
                # What is in the packing zone waits for nothing but its own first step.
                ("location_id", "child_of", site.warehouse_id.lot_stock_id.id),
                ("picking_id", "not in", pickings.ids),
            ]
        )
        if not waiting:
            return {}
        coming = self._get_coming(site, waiting)
        parcels = defaultdict(list)
        for other, moves in waiting.grouped("picking_id").items():
            moments = [coming[move] for move in moves]
            if all(moments):
                parcels[self._get_parcel_key(other)].append(max(moments))
        return {
            picking: min(parcels[key])
            for picking in pickings
            for key in [self._get_parcel_key(picking)]
            if key in parcels
        }

    def _get_parcel_key(self, picking):
        """Return what transfers have in common that can go as one parcel."""
        # sudo: to whom goods go is known to all who plan
        order = picking.sudo().oms_fulfillment_id.order_id
        return order.partner_shipping_id.id or picking.partner_id.id, order.carrier_id.id

    def _get_coming(self, site, moves):
        """Return when the goods that moves wait for are there; None where nobody knows.

        :return: POSIX seconds by move
        :rtype: dict
        """
        supplies = self.env["oms.supply"].search(
            [
                ("product_id", "in", moves.product_id.ids),
                ("site_id", "=", site.id),
                ("kind", "!=", "external"),
                ("expected_at", "!=", False),
            ]
        )
        arrivals = defaultdict(list)
        for supply in supplies.sorted("expected_at"):
            if supply.quantity > 0:
                arrivals[supply.product_id].append((_stamp(supply.expected_at), supply.quantity))
        found = {}
        for product, own in moves.grouped("product_id").items():
            moments, units = zip(*arrivals[product], strict=True) if arrivals[product] else ((), ())
            ends, taken = np.cumsum(units), 0.0
            for move in own.sorted(lambda each: (-int(each.priority), each.date, each.id)):
                missing = move.product_uom_qty - move.quantity
                taken += move.product_uom._compute_quantity(missing, product.uom_id, round=False)
                place = int(np.searchsorted(ends, taken - 1e-6))
                found[move] = moments[place] if place < len(moments) else None
        return found

    # === WHAT IS PROPOSED === #

    def _prepare_day(self, site, day, found):
        """Return the values of the proposal for a site."""
        zone = ZoneInfo(site.tz)
        closes = datetime.fromtimestamp(day.closes, zone)
        date = str(_get_day_of(day.closes, zone))
        held = [verdict.reason for verdict in found.verdicts if not verdict.now]
        return {
            "kind": "preparation",
            "site_id": site.id,
            "subject": date,
            "quantity_proposed": found.units,
            "gain": 0.0,
            "leaves_at": datetime.fromtimestamp(day.closes, UTC).replace(tzinfo=None),
            "explanation": {
                "facts": {
                    "day": {
                        "date": date,
                        "closes": closes.strftime("%H:%M"),
                        "zone": site.tz,
                        "orders": found.orders,
                        "units": found.units,
                        "room": day.units if math.isfinite(day.units) else None,
                        "room_orders": day.orders if math.isfinite(day.orders) else None,
                        "over": found.over,
                        "over_orders": found.over_orders,
                        **{reason: held.count(reason) for reason in HELD_REASONS},
                    }
                }
            },
        }

    def _prepare_day_lines(self, site, due, found):
        """Return the values of the lines, one for each transfer."""
        words = {
            "urgent": self.env._("It is due, or too late for the next run."),
            "room": self.env._("There is room for it today."),
            "consolidate": self.env._("More for the same customer comes in time: one parcel."),
            "full": self.env._("The day is full, and it is not due yet."),
            "wanted": self.env._("The customer wants it on a later day."),
        }
        pickings = self.env["stock.picking"].union(*due)
        cutoffs = self.env["oms.preparation"]._find_cutoffs(site, pickings)
        return [
            {
                "sequence": place,
                "name": picking.name,
                "picking_id": picking.id,
                "verb": "now" if verdict.now else "hold",
                "due_at": due[picking],
                "cutoff": cutoffs[picking][1],
                "after": sum(picking.move_ids.mapped("product_qty")),
                "why": words[verdict.reason],
            }
            for place, verdict in enumerate(found.verdicts)
            for picking in [pickings.browse(verdict.key)]
        ]


def _stamp(moment):
    """Return a moment in UTC without time zone as POSIX seconds."""
    return moment.replace(tzinfo=UTC).timestamp()


def _get_day_of(seconds, zone):
    """Return the day to which a moment belongs; midnight is the end of a day.

    :param float seconds: POSIX
    """
    return (datetime.fromtimestamp(seconds, zone) - timedelta(seconds=1)).date()
