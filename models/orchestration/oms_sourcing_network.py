from collections import defaultdict
from typing import NamedTuple

import numpy as np

from odoo import fields, models
from odoo.exceptions import UserError

from ..network.oms_site_barred import Barring
from ..network.oms_site_calendar import LOOKAHEAD_DAYS
from ..network.rooms import Rooms
from .oms_sourcing import AUTOMATIC_TRIGGERS

#: Names of sites in a sentence, before the others are only counted.
MOST_NAMES = 5


class Admission(NamedTuple):
    """The sites that one order may be sourced from.

    :param sites: ``oms.site`` recordset of S candidates
    :param room: the most units that each can take on, shape (S,), or None
    :param dict barred: :class:`Barring` by site of the channel that may not be asked
    """

    sites: models.BaseModel
    room: np.ndarray | None
    barred: dict


class Candidates(dict):
    """The sites that may serve each order, with what keeps others out.

    :param dict barred: :class:`Barring` by site, by order
    :param Rooms rooms: what the sites have taken on, kept up to date while orders are sourced
    """

    def __init__(self, sites_by_order, barred=None, rooms=None):
        super().__init__(sites_by_order)
        self.barred = barred or {order: {} for order in sites_by_order}
        self.rooms = rooms or Rooms()

    def admit(self, order, units):
        """Return the sites with room for an order after those before it.

        :param float units: of the order
        :rtype: Admission
        """
        sites, barred = self[order], self.barred[order]
        room = self.rooms.get_units(order, sites, units)
        if room is None:
            return Admission(sites, None, barred)
        full = room <= 0.0
        for site, is_full in zip(sites, full, strict=True):
            if is_full:
                sentence = site._get_full_sentence(self.rooms.rooms[site])
                barred.setdefault(site, Barring("capacity", sentence))
        free = sites.browse(np.array(sites.ids)[~full].tolist())
        room = room[~full]
        return Admission(free, None if np.isinf(room).all() else room, barred)

    def take(self, order, plan):
        """Let the orders after this one find less room."""
        if not self.rooms.rooms:
            return
        units = defaultdict(float)
        for assignment in plan.assignments:
            units[assignment.site] += assignment.quantity
        for site in self[order]:
            if site.id in units and site in self.rooms.rooms:
                self.rooms.take(order, site, units[site.id])


class OmsSourcing(models.AbstractModel):
    """Sourcing asks no more of a site than it can do, and says why it leaves one out."""

    _inherit = "oms.sourcing"

    # === WHO IS ASKED === #

    def _leave_out_barred(self, orders, sites_by_order, trigger):
        """Leave out the sites that may not be asked.

        :param dict sites_by_order: ``oms.site`` recordset by order
        :param str trigger: key of the decision's trigger; sourcing that a user asked for goes back
            to sites that gave the order back
        :rtype: Candidates
        """
        moment = fields.Datetime.now()
        sites = self.env["oms.site"].union(*sites_by_order.values())
        rooms = sites._open_rooms(moment, orders)
        barred = sites._get_barred(orders, moment, rooms)
        if trigger in AUTOMATIC_TRIGGERS:
            for order in orders:
                for site, barring in order._oms_find_given_back(moment).items():
                    barred[order].setdefault(site, barring)
        left = {}
        for order, candidates in sites_by_order.items():
            # Of other channels' sites nobody needs to be told.
            known = barred[order]
            barred[order] = {site: known[site] for site in candidates if site in known}
            left[order] = candidates - candidates.browse(site.id for site in barred[order])
        return Candidates(left, barred, rooms)

    def _limit_stock(self, demands, sites, stock):
        """Take from the stock what sites cannot handle.

        :param stock: shape (L, S)
        :return: shape (L, S)
        """
        able = sites._get_able([line.product_id for line, _quantity in demands])
        return stock if able is None else np.where(able, stock, 0.0)

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
