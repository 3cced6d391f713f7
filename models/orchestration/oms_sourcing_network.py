from collections import defaultdict
from typing import NamedTuple

import numpy as np

from odoo import fields, models
from odoo.exceptions import UserError

from ..network.oms_site_barred import Barring, bar
from ..network.oms_site_calendar import LOOKAHEAD_DAYS
from ..network.rooms import Rooms
from .oms_sourcing import AUTOMATIC_TRIGGERS

#: Triggers by which a user asks all sites, whatever they gave back.
BY_HAND = ("manual", "forced")
#: Names of sites in a sentence, before the others are only counted.
MOST_NAMES = 5


class Admission(NamedTuple):
    """The sites that one order may be sourced from.

    :param sites: ``oms.site`` recordset of S candidates
    :param room: the most units that each can take on, shape (S,), or None
    :param dict barred: :class:`Barring` by site of the channel that may not be asked
    :param dict lenient: :class:`Barring` by those candidates that are asked only where the strategy
        does not take what keeps them out as hard
    :param late_room: the same as ``room`` where full days do not matter
    :param cooling: ids of sites and of products that they are not asked for, having given them
        back a short time ago
    """

    sites: models.BaseModel
    room: np.ndarray | None
    barred: dict
    lenient: dict
    late_room: np.ndarray | None = None
    cooling: frozenset = frozenset()

    def keep(self, places):
        """Return the admission of some of the candidates only.

        :param list[int] places: their positions
        """
        sites = self.sites.browse([self.sites.ids[place] for place in places])
        return self._replace(
            sites=sites,
            room=None if self.room is None else self.room[places],
            late_room=None if self.late_room is None else self.late_room[places],
            lenient={site: self.lenient[site] for site in sites if site in self.lenient},
        )


class Candidates(dict):
    """The sites that may serve each order, with what keeps others out.

    :param dict barred: :class:`Barring` by site, by order
    :param Rooms rooms: what the sites have taken on, kept up to date while orders are sourced
    :param dict lenient: :class:`Barring` by candidate, by order: what keeps it out, but is not hard
    :param set may_be_full: the orders for which full days are not hard
    :param frozenset cooling: see :class:`Admission`
    """

    def __init__(
        self,
        sites_by_order,
        barred=None,
        rooms=None,
        lenient=None,
        may_be_full=(),
        cooling=frozenset(),
    ):
        super().__init__(sites_by_order)
        self.barred = barred or {order: {} for order in sites_by_order}
        self.rooms = rooms or Rooms()
        self.lenient = lenient or {}
        self.may_be_full = may_be_full
        self.cooling = cooling

    def admit(self, order, units):
        """Return the sites with room for an order after those before it.

        :param float units: of the order
        :rtype: Admission
        """
        sites, barred = self[order], self.barred[order]
        lenient = dict(self.lenient.get(order, {}))
        room = self.rooms.get_units(order, sites, units)
        if room is None:
            return Admission(sites, None, barred, lenient, cooling=self.cooling)
        late_room = room
        if order in self.may_be_full:
            late_room = self.rooms.get_late_units(order, sites, units)
        left = []
        for place, site in enumerate(sites):
            if room[place] > 0.0:
                left.append(place)
                continue
            full = Barring("capacity", site._get_full_sentence(self.rooms.rooms[site]))
            if late_room[place] > 0.0:
                left.append(place)
                if "capacity" not in getattr(lenient.get(site), "reasons", ()):
                    bar(lenient, site, full)
            else:
                barred.setdefault(site, full)
        admission = Admission(sites, room, barred, lenient, late_room, self.cooling).keep(left)
        if np.isinf(admission.room).all():
            admission = admission._replace(room=None, late_room=None)
        return admission

    def take(self, order, plan):
        """Let the orders after this one find less room."""
        if not self.rooms.rooms:
            return
        units = defaultdict(float)
        for assignment in plan.assignments:
            units[assignment.site] += assignment.quantity
        # Where full days are not hard, what is given beyond them takes up a later day.
        late = order in self.may_be_full
        for site in self[order]:
            if site.id in units and site in self.rooms.rooms:
                self.rooms.take(order, site, units[site.id], late=late)


class OmsSourcing(models.AbstractModel):
    """Sourcing asks no more of a site than it can do, and says why it leaves one out."""

    _inherit = "oms.sourcing"

    # === WHO IS ASKED === #

    def _leave_out_barred(self, orders, sites_by_order, trigger, strategies=None, outside=None):
        """Leave out the sites that may not be asked.

        :param dict sites_by_order: ``oms.site`` recordset by order
        :param str trigger: key of the decision's trigger; sourcing that a user asked for goes back
            to sites that gave the order back
        :param strategies: ``oms.strategy`` that say which reasons are hard; when None, that of
            each order's channel
        :param dict outside: :class:`Barring` by site that the channel does not name, by order
        :rtype: Candidates
        """
        moment = fields.Datetime.now()
        sites = self.env["oms.site"].union(*sites_by_order.values())
        rooms = sites._open_rooms(moment, orders)
        barred = sites._get_barred(orders, moment, rooms)
        if trigger in AUTOMATIC_TRIGGERS:
            for order in orders:
                for site, barring in order._oms_find_given_back(moment).items():
                    bar(barred[order], site, barring)
        cooling = frozenset()
        if trigger not in BY_HAND:
            cooling = self._find_cooling(sites, orders, moment, barred)
        for order, sites_outside in (outside or {}).items():
            for site, barring in sites_outside.items():
                for each in (barring, *barring.further):
                    bar(barred[order], site, each._replace(further=()))
        left, lenient, may_be_full = {}, {}, set()
        for order, candidates in sites_by_order.items():
            goes_by = strategies or order.oms_channel_id.strategy_id
            not_hard = goes_by._get_all_used()._get_lenient_reasons()
            # Of other channels' sites nobody needs to be told.
            known = {site: barred[order][site] for site in candidates if site in barred[order]}
            lenient[order] = {
                site: barring
                for site, barring in known.items()
                if not_hard.issuperset(barring.reasons)
            }
            barred[order] = {site: known[site] for site in known if site not in lenient[order]}
            left[order] = candidates - candidates.browse(site.id for site in barred[order])
            if "capacity" in not_hard:
                may_be_full.add(order)
        return Candidates(left, barred, rooms, lenient, may_be_full, cooling)

    def _find_cooling(self, sites, orders, moment, barred):
        """Find what sites gave back a short time ago and are not asked for, whatever the order.

        :param dict barred: :class:`Barring` by site, by order, completed here
        :return: ids of sites and of products that they are not asked for
        :rtype: frozenset[tuple[int, int]]
        """
        common, cooling = sites._find_cooling(orders.order_line.product_id, moment)
        for order in orders:
            for site, barring in common.items():
                if "cool_down" not in getattr(barred[order].get(site), "reasons", ()):
                    bar(barred[order], site, barring)
        return cooling

    # === WHAT IS WRITTEN === #

    def _plan_parts(self, parts):
        days = self._take_days(parts)
        lines = super()._plan_parts(parts)
        for part in parts:
            day = days.get((part.line.order_id, part.site))
            fulfillment = lines[part.line, part.site].fulfillment_id
            if day and fulfillment.slot_day != day:
                fulfillment.slot_day = day
        return lines

    def _take_days(self, parts):
        """Take the days on which sites with a capacity work on what is about to be planned.

        :param list[Part] parts: what is about to be planned
        :return: day by (order, site)
        :rtype: dict
        :raises UserError: a site has no room for what it is to give
        :raises psycopg2.errors.SerializationFailure: another transaction was faster: run again
        """
        sites = self.env["oms.site"].union(*(part.site for part in parts))
        limited = sites.filtered(lambda site: site._is_limited())
        if not limited:
            return {}
        units = defaultdict(float)
        for part in parts:
            if part.site in limited:
                units[part.line.order_id, part.site] += part.quantity
        limited.filtered("capacity_open")._take_guards()
        orders = self.env["sale.order"].union(*(order for order, _site in units))
        rooms = limited._open_rooms(fields.Datetime.now(), orders)
        days, asked = {}, defaultdict(lambda: (0.0, 0.0))
        for (order, site), quantity in units.items():
            taken = rooms.take(order, site, quantity, late=True)
            if not taken:
                raise UserError(
                    self.env._(
                        "%(site)s has no room for %(order)s in the next %(days)s days.",
                        site=site.name,
                        order=order.name,
                        days=LOOKAHEAD_DAYS,
                    )
                )
            count, more, day = taken
            days[order, site] = day
            asked[site, day] = (asked[site, day][0] + count, asked[site, day][1] + more)
        self.env["oms.site.slot"]._take(asked)
        return days

    def _describe_barred(self, barred):
        """Say which sites were left out and why, a sentence for each reason.

        :param dict barred: :class:`Barring` by site
        :rtype: list[str]
        """
        by_detail = defaultdict(list)
        for site, barring in barred.items():
            by_detail[barring.detail].append(site.name)
        sentences = []
        for detail, names in by_detail.items():
            text = ", ".join(names[:MOST_NAMES])
            if len(names) > MOST_NAMES:
                text = self.env._(
                    "%(names)s and %(count)s more", names=text, count=len(names) - MOST_NAMES
                )
            sentences.append(
                self.env._("Not asked: %(sites)s – %(detail)s.", sites=text, detail=detail)
            )
        return sentences
