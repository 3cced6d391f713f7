"""Distances on the globe."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MILE_KM = 1.609344
"""Kilometers in one international mile."""

EARTH_RADIUS_KM = 3958.8 * MILE_KM
"""Mean radius of the earth in kilometers, as the fulfillment literature uses it."""


def check_coordinates(lat: ArrayLike, lng: ArrayLike) -> None:
    """Refuse what is not a place on the globe.

    :param lat: latitudes in degrees, any shape
    :param lng: longitudes in degrees, a shape that broadcasts with ``lat``
    :raises ValueError: a coordinate is not a finite number, a latitude is outside -90…90 or a
        longitude outside -180…180
    """
    for name, values, limit in (("latitude", lat, 90.0), ("longitude", lng, 180.0)):
        try:
            numbers = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"The {name} must be a number, not {values!r}.") from None
        inside = np.abs(numbers) <= limit
        if not inside.all():
            wrong = numbers[~inside].flat[0]
            raise ValueError(f"The {name} {wrong:g} is not between -{limit:g} and {limit:g}.")


def great_circle_km(
    lat1: ArrayLike, lng1: ArrayLike, lat2: ArrayLike, lng2: ArrayLike
) -> NDArray[np.float64]:
    """Distance along the earth's surface, by the haversine formula.

    The arguments broadcast against each other as numpy arrays do, so one point against many
    sites is one call.

    :param lat1: latitude of the first points, degrees
    :param lng1: longitude of the first points, degrees
    :param lat2: latitude of the second points, degrees
    :param lng2: longitude of the second points, degrees
    :return: kilometers, in the broadcast shape
    """
    phi1, lam1, phi2, lam2 = (
        np.radians(np.asarray(angle, dtype=float)) for angle in (lat1, lng1, lat2, lng2)
    )
    chord = (
        np.sin((phi2 - phi1) / 2.0) ** 2
        + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2.0) ** 2
    )
    # Rounding can lift the chord of two antipodes a hair above 1.
    return 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
