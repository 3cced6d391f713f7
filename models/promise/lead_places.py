"""Whose clocks count where goods arrive."""

from functools import cache
from math import cos, hypot, radians

import pytz


@cache
def _read_places():
    """Return the time zones of each country with a place of each, as the tz database has them.

    :return: (zone, latitude, longitude) tuples by code of country
    :rtype: dict[str, list[tuple[str, float, float]]]
    """
    found = {}
    with pytz.open_resource("zone.tab") as lines:
        for line in lines.read().decode().splitlines():
            if line and not line.startswith("#"):
                code, place, zone = line.split("\t")[:3]
                cut = max(place.rfind("+"), place.rfind("-"))
                found.setdefault(code, []).append(
                    (zone, _degrees(place[:cut], 2), _degrees(place[cut:], 3))
                )
    return found


def _degrees(text, digits):
    """Read degrees, minutes and perhaps seconds as ISO 6709 writes them."""
    sign = -1.0 if text[0] == "-" else 1.0
    rest = text[1 + digits :]
    minutes, seconds = rest[:2], rest[2:] or "0"
    return sign * (int(text[1 : 1 + digits]) + int(minutes) / 60.0 + int(seconds) / 3600.0)


@cache
def _get_nearest(code, latitude, longitude):
    places = _read_places()[code]
    wide = cos(radians(latitude))
    return min(places, key=lambda each: hypot(each[1] - latitude, (each[2] - longitude) * wide))[0]


def find_zone(code, latitude, longitude, default):
    """Return the time zone of a place.

    :param str code: of its country, or an empty string
    :param latitude: None if it is not known
    :param longitude: None if it is not known
    :param str default: zone that is taken where the country has it and nothing better is known
    :return: name of a time zone
    :rtype: str
    """
    zones = [zone for zone, *_place in _read_places().get(code, ())]
    if len(zones) == 1:
        return zones[0]
    if not zones:
        return default
    if latitude is not None and longitude is not None and (latitude or longitude):
        # So many places are alike that few are kept in mind.
        return _get_nearest(code, round(latitude), round(longitude))
    return default if default in zones else zones[0]
