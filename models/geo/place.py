"""Where something is, and how exactly that is known."""

from typing import NamedTuple

#: How exactly a place is known, from best to worst, and how far off it may be.
PRECISION_SELECTION = [
    ("zip", "Postcode"),
    ("district", "Postcode District"),
    ("city", "City"),
    ("prefix", "Beginning of the Postcode"),
    ("country", "Country"),
]
#: Precisions that are good enough to be kept as the coordinates of an address: a few kilometers,
#: in large cities a few more.
GOOD = ("zip", "district", "city")
#: Likewise, for what is too far to be delivered to.
CERTAIN = ("exact", *GOOD)
#: How exactly each tells, 0 being the best.
RANKS = {
    name: rank
    for rank, name in enumerate(("exact", "zip", "district", "city", "prefix", "region", "country"))
}


class Place(NamedTuple):
    """Where an address is.

    :param latitude: degrees
    :param longitude: degrees
    :param precision: 'exact', or by what it was found: 'zip', 'district' (the part of the postcode
        that does not name a street), 'city', 'prefix' (others whose postcode begins alike),
        'region' (others of the state), 'country'
    """

    latitude: float
    longitude: float
    precision: str

    def as_partner_vals(self):
        """Return the place as values of a ``res.partner``."""
        return {
            "partner_latitude": self.latitude,
            "partner_longitude": self.longitude,
            "oms_place_precision": self.precision,
        }


def notify_placed(message, hints):
    """Return a notification of what was placed, and what is to be mended.

    :param str message: what was done
    :param list hints: a sentence for each that could not be placed
    :rtype: dict
    """
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": "warning" if hints else "success",
            "message": "\n".join([message, *hints]),
            "sticky": bool(hints),
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }
