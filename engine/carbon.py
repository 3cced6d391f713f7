"""Greenhouse gas emissions of shipments, by the arithmetic of ISO 14083:2023.

A transport chain is cut into elements. An element that moves goods emits its transport activity,
mass times transport activity distance (tonne-kilometers), times the emission intensity of its
kind of transport; an element that handles goods in a hub emits the mass times the intensity of
the hub. Intensities are well-to-wheel, in CO2 equivalents. Masses are kilograms here, so the
factor a thousand between them and the tonnes of the standard is applied here too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

KG_PER_TONNE = 1000.0


@dataclass(frozen=True, slots=True)
class TransportFactor:
    """What a kind of transport emits.

    :param intensity: kg CO2e per tonne-kilometer, well-to-wheel
    :param detour: transport activity distance as a multiple of the great circle distance
    :param extra_km: kilometers added to each distance, such as the 95 km of flights
    :raises ValueError: a number is negative or not finite, or the detour is below one
    """

    intensity: float
    detour: float = 1.0
    extra_km: float = 0.0

    def __post_init__(self) -> None:
        for name in ("intensity", "detour", "extra_km"):
            value = getattr(self, name)
            if not (0.0 <= value < float("inf")):
                raise ValueError(f"The {name} must be a finite number from zero, not {value}.")
        if self.detour < 1.0:
            raise ValueError(f"No way is shorter than the great circle: detour {self.detour}.")


def transport_kg(
    mass_kg: ArrayLike, great_circle_km: ArrayLike, factor: TransportFactor
) -> NDArray[np.float64]:
    """Emissions of moving goods, in kg CO2e.

    :param mass_kg: mass of the goods in kilograms, any shape
    :param great_circle_km: length of the way in kilometers, a shape that broadcasts with the mass
    :param factor: what the transport emits
    :return: kg CO2e in the broadcast shape
    """
    tonnes = np.asarray(mass_kg, dtype=float) / KG_PER_TONNE
    distance = np.asarray(great_circle_km, dtype=float) * factor.detour + factor.extra_km
    return tonnes * distance * factor.intensity


def hub_kg(mass_kg: ArrayLike, intensity: ArrayLike) -> NDArray[np.float64]:
    """Emissions of handling goods in a hub, in kg CO2e.

    :param mass_kg: mass of the goods in kilograms, any shape
    :param intensity: kg CO2e per tonne that leaves the hub, a shape that broadcasts with the mass
    :return: kg CO2e in the broadcast shape
    """
    return np.asarray(mass_kg, dtype=float) / KG_PER_TONNE * np.asarray(intensity, dtype=float)


def price(kg: ArrayLike, price_per_tonne: float) -> NDArray[np.float64]:
    """What emissions cost.

    :param kg: kg CO2e, any shape
    :param price_per_tonne: price of a metric tonne CO2e
    """
    return np.asarray(kg, dtype=float) / KG_PER_TONNE * price_per_tonne
