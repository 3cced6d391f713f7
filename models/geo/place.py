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
