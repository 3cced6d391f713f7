from datetime import timezone

import numpy as np

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ...engine.capacity import Room
from .rooms import Rooms

CAPACITY_FIELDS = ("capacity_orders", "capacity_units", "capacity_open")


class OmsSite(models.Model):
    """How much a site can do."""

    _inherit = "oms.site"

    capacity_orders = fields.Integer(
        string="Most Orders per Day", tracking=True, help="0 is no limit."
    )
    capacity_units = fields.Float(
        string="Most Units per Day",
        digits="Product Unit",
        tracking=True,
        help="In the units of the products; 0 is no limit.",
    )
    capacity_open = fields.Integer(
        string="Most Open Orders",
        tracking=True,
        help="Orders that the site has not shipped yet; 0 is no limit.",
    )
    capacity_policy = fields.Selection(
        [("later", "Is asked for a later day"), ("barred", "Is not asked")],
        string="When Full",
        required=True,
        default="later",
        tracking=True,
        help="What becomes of a site whose day is full: orders go to its next open day with room, "
        "which counts as later; or the site is left out.",
    )
    capacity_days = fields.Integer(
        string="Look Ahead (Days)",
        default=7,
        help="How many days later than its day for orders of now a full site is asked for.",
    )
    slot_ids = fields.One2many("oms.site.slot", "site_id", string="Days")
    coming_slot_ids = fields.One2many(
        "oms.site.slot", string="Coming Days", compute="_compute_coming_slot_ids"
    )
    is_full_today = fields.Boolean(
        string="Full Today",
        compute="_compute_capacity_today",
        search="_search_is_full_today",
        help="Its day for orders of now has no room for another one.",
    )
    capacity_used = fields.Float(
        compute="_compute_capacity_today",
        help="Of its day for orders of now, in percent: of the orders or units, whichever is more.",
    )
    workload = fields.Float(
        compute="_compute_workload",
        help="Open units in days of full capacity; without a capacity in units the open units.",
    )

    _capacity_check = models.Constraint(
        "CHECK (COALESCE(capacity_orders, 0) >= 0 AND COALESCE(capacity_units, 0) >= 0 "
        "AND COALESCE(capacity_open, 0) >= 0)",
        "A capacity cannot be negative.",
    )
    _capacity_days_check = models.Constraint(
        "CHECK (COALESCE(capacity_days, 0) BETWEEN 0 AND 60)",
        "A full site is asked for at most 60 days ahead.",
    )

    # === COMPUTE METHODS === #

    @api.depends(*CAPACITY_FIELDS, "capacity_policy", "capacity_days")
    def _compute_capacity_today(self):
        rooms = self._origin._open_rooms(fields.Datetime.now()).rooms
        for site in self:
            room = rooms.get(site._origin)
            site.is_full_today = bool(room) and self._is_full(room)
            site.capacity_used = self._get_percent(room) if room else 0.0

    def _compute_coming_slot_ids(self):
        today = fields.Date.context_today(self)
        slots = self.env["oms.site.slot"].search(
            [("site_id", "in", self._origin.ids), ("day", ">=", today)]
        )
        for site in self:
            site.coming_slot_ids = slots.filtered(
                lambda slot, site=site: slot.site_id == site._origin
            )

    def _is_full(self, room):
        """Tell whether the first day of a site has no room for another order."""
        return (
            not room.days
            or room.open_left < 1
            or room.orders[0] + 1 > room.most_orders
            or room.left(0) <= 1e-6
        )

    def _get_percent(self, room):
        """Return how much of a site's first day is taken."""
        if not room.days:
            return 100.0
        shares = [room.orders[0] / room.most_orders, room.units[0] / room.most_units]
        return round(100.0 * max(shares), 1)

    @api.model
    def _search_is_full_today(self, operator, value):
        if operator != "in":
            return NotImplemented
        limited = self.search(Domain.OR(Domain(name, ">", 0) for name in CAPACITY_FIELDS))
        rooms = limited._open_rooms(fields.Datetime.now()).rooms
        full = [site.id for site, room in rooms.items() if self._is_full(room)]
        chosen = Domain.FALSE
        if True in value:
            chosen |= Domain("id", "in", full)
        if False in value:
            chosen |= Domain("id", "not in", full)
        return chosen

    def _compute_workload(self):
        open_units = self._get_open_units()
        for site in self:
            units = open_units.get(site._origin.id, 0.0)
            site.workload = units / site.capacity_units if site.capacity_units else units

    def _get_open_units(self):
        """Return the units of the sites' open fulfillments.

        :return: units by site id
        :rtype: dict[int, float]
        """
        groups = self.env["oms.fulfillment"]._read_group(
            [("site_id", "in", self._origin.ids), ("state", "in", ("planned", "released"))],
            ["site_id"],
            ["unit_count:sum"],
        )
        return {site.id: units for site, units in groups}

    # === ROOM === #

    def _is_limited(self):
        self.ensure_one()
        return bool(self.capacity_orders or self.capacity_units or self.capacity_open)

    def _open_rooms(self, moment, orders=None):
        """Read how much room the sites have from a moment on.

        Nothing is read when none of them has a capacity.

        :param datetime.datetime moment: UTC, naive
        :param orders: ``sale.order`` recordset, some of which the sites may work on already
        :rtype: Rooms
        """
        limited = self.filtered(lambda site: site._is_limited())
        if not limited:
            return Rooms()
        times = limited._get_working_times(moment)
        now = moment.replace(tzinfo=timezone.utc).timestamp()
        taken = self.env["oms.site.slot"]._read_taken(limited, moment)
        open_counts = limited._count_open_orders()
        rooms = {}
        for site in limited:
            hours = times[site]
            [first] = hours.first_day([now])
            days = hours.days[first:]
            slots = [taken.get((site.id, day), (0.0, 0.0)) for day in days]
            rooms[site] = Room(
                days,
                site._get_reach(days),
                np.array([count for count, _units in slots], dtype=float),
                np.array([units for _count, units in slots], dtype=float),
                site.capacity_orders or np.inf,
                site.capacity_units or np.inf,
                max(site.capacity_open - open_counts.get(site.id, 0), 0)
                if site.capacity_open
                else np.inf,
            )
        return Rooms(rooms, times, limited._get_held(orders, rooms) if orders else {})

    def _get_reach(self, days):
        """Tell for how many of its open days the site may be asked, by what it does when full."""
        most = self.capacity_days if self.capacity_policy == "later" else 0
        return sum((day - days[0]).days <= most for day in days)

    def _count_open_orders(self):
        """Count the open fulfillments of those of the sites that limit them.

        :rtype: dict[int, int]
        """
        limited = self.filtered("capacity_open")
        if not limited:
            return {}
        groups = self.env["oms.fulfillment"]._read_group(
            [("site_id", "in", limited.ids), ("state", "in", ("planned", "released"))],
            ["site_id"],
            ["__count"],
        )
        return {site.id: count for site, count in groups}

    def _get_held(self, orders, rooms):
        """Return what the sites hold for some orders; see :class:`Rooms`."""
        held = {}
        for order in orders:
            for fulfillment in order._oms_get_open_fulfillments():
                room = rooms.get(fulfillment.site_id)
                if room:
                    day = fulfillment.slot_day
                    place = room.days.index(day) if day in room.days else None
                    held[order.id, fulfillment.site_id.id] = (place, fulfillment.unit_count)
        return held

    def _find_full(self, orders, rooms):
        """Return which sites have no room for an order.

        :param Rooms rooms: what the sites have taken on
        :return: a sentence by site, by order
        :rtype: dict
        """
        found = {}
        limited = [site for site in self if site in rooms.rooms]
        if not limited:
            return found
        for order in orders:
            units = sum(order.order_line.mapped("oms_qty_open"))
            found[order] = {
                site: site._get_full_sentence(rooms.rooms[site])
                for site in limited
                if rooms.find(order, site, units) is None
            }
        return found

    def _get_full_sentence(self, room):
        """Say why a site has no room.

        :rtype: str
        """
        self.ensure_one()
        if not room.days:
            return self.env._("does not open soon")
        if room.open_left < 1:
            return self.env._("has %s open orders, the most it can have", self.capacity_open)
        if room.reach == 1:
            return self.env._("is full on %s", format_date(self.env, room.days[0]))
        return self.env._(
            "is full from %(first)s to %(last)s",
            first=format_date(self.env, room.days[0]),
            last=format_date(self.env, room.days[room.reach - 1]),
        )

    # === TAKING === #

    def _take_guards(self):
        """Make sure that nobody else has an order opened at the sites until this one is through.

        Counting open orders is then the truth: who counted before another one was committed is
        run again.

        :raises psycopg2.errors.SerializationFailure: another transaction was faster
        """
        if self:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO oms_site_guard AS held (site_id) SELECT unnest(%s) ORDER BY 1 "
                    "ON CONFLICT (site_id) DO UPDATE SET version = (held.version + 1) %% 32767",
                    sorted(self.ids),
                ),
                # Losing against another transaction is no fault: the caller is run again.
                log_exceptions=False,
            )

    def action_view_slots(self):
        """Open what the sites have taken on, day by day.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_site_slot")
        action["domain"] = [("site_id", "in", self.ids)]
        action["context"] = {"search_default_coming": 1}
        return action
