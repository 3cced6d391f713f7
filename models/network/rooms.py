"""What sites have taken on, while a batch of orders is sourced."""

import numpy as np


class Rooms:
    """The room of the sites that have a capacity; all others have room without end.

    :param dict rooms: ``Room`` by site
    :param dict times: ``WorkingTime`` by site, as far as they are known already
    :param dict held: what fulfillments of an order hold by (order id, site id): index of their
        day among the room's, and units
    """

    def __init__(self, rooms=None, times=None, held=None):
        self.rooms = rooms or {}
        self.times = times or {}
        self.held = held or {}

    def find(self, order, site, units):
        """Return the index of the day on which a site has room for (more of) an order.

        :param order: ``sale.order`` record
        :param float units: that it may be asked for
        :return: index among the room's days; None without room
        """
        room = self.rooms[site]
        held = self.held.get((order.id, site.id))
        if held is None:
            return room.find(units)
        place, units_held = held
        if place is None:
            # Its day has passed: what it has not done counts as new work.
            return room.find(units + units_held, opens=0)
        if room.left(place) > 1e-6:
            return place
        return None

    def find_day(self, site, units, hours, now):
        """Return the index among the open days on which a site works on an order of now.

        :param hours: ``WorkingTime`` of the site
        :param float now: POSIX seconds
        :return: None when there is no such day
        """
        [first] = hours.first_day([now])
        if site in self.rooms:
            place = self.rooms[site].find(units)
            return None if place is None else int(first) + place
        return int(first) if first < len(hours.days) else None

    def get_units(self, order, sites, units):
        """Return how many units each site may be asked for.

        :param float units: of the order
        :return: array of shape (S,), or None where nothing is limited
        """
        if not any(site in self.rooms for site in sites):
            return None
        limits = np.full(len(sites), np.inf)
        for index, site in enumerate(sites):
            room = self.rooms.get(site)
            if room:
                place = self.find(order, site, units)
                limits[index] = room.left(place) if place is not None else 0.0
        return limits

    def get_late_units(self, order, sites, units):
        """Return how many units each site may be asked for if it may be as late as it takes.

        :param float units: of the order
        :return: array of shape (S,), or None where nothing is limited
        """
        limits = self.get_units(order, sites, units)
        if limits is None:
            return None
        for index, site in enumerate(sites):
            if site in self.rooms and limits[index] <= 0.0:
                room = self.rooms[site]
                held = self.held.get((order.id, site.id), (None, 0.0))[1]
                place = room.find_late(units + held)
                limits[index] = 0.0 if place is None else max(room.left(place) - held, 0.0)
        return limits

    def take(self, order, site, units, *, late=False):
        """Let the orders after this one find less room.

        :param float units: that the site is to give
        :param bool late: whether the site is to do it in any case, however late
        :return: the orders and units that the day gets more, and the day; None without room
        """
        room = self.rooms[site]
        known = (order.id, site.id) in self.held
        held_place, held_units = self.held.get((order.id, site.id), (None, 0.0))
        place = self.find(order, site, units)
        if place is None and late:
            held_place, place = None, room.find_late(units + held_units)
        if place is None:
            return None
        # New, or it moves to this day with all that it has not done.
        taken = (1.0, units + held_units) if held_place is None else (0.0, units)
        room.take(place, taken[1], orders=taken[0], opens=0.0 if known else 1.0)
        self.held[order.id, site.id] = (place, held_units + units)
        return (*taken, room.days[place])
