"""Emissions by the arithmetic of ISO 14083, against numbers worked out by hand."""

import numpy as np
import pytest

from engine.carbon import TransportFactor, hub_kg, price, transport_kg


def test_chain_of_transport_and_hub():
    """A chain as the standard cuts it: road, hub, road.

    18 kg go 120 km by truck of 0.11 kg/t·km, through a hub of 1.2 kg/t, then 35 km by van of
    0.65 kg/t·km: 0.018 t x (120 x 0.11 + 1.2 + 35 x 0.65) = 0.018 x 37.15 = 0.6687 kg.
    """
    total = (
        transport_kg(18.0, 120.0, TransportFactor(0.11))
        + hub_kg(18.0, 1.2)
        + transport_kg(18.0, 35.0, TransportFactor(0.65))
    )
    assert float(total) == pytest.approx(0.6687, abs=1e-12)


def test_flight_is_the_great_circle_and_95_kilometers():
    """2 t over 405 km and 95 km more at 1.1 kg/t·km: 2 x 500 x 1.1 = 1,100 kg."""
    factor = TransportFactor(1.1, extra_km=95.0)
    assert float(transport_kg(2000.0, 405.0, factor)) == pytest.approx(1100.0)


def test_detour_lengthens_the_way():
    """1 t over 100 km of air line, 125 km by road, at 0.1 kg/t·km: 12.5 kg."""
    assert float(transport_kg(1000.0, 100.0, TransportFactor(0.1, 1.25))) == pytest.approx(12.5)


def test_lines_by_sites():
    mass = np.array([[1.0], [10.0]])
    kilometers = np.array([0.0, 1000.0, 2000.0])
    kg = transport_kg(mass, kilometers, TransportFactor(0.5))
    np.testing.assert_allclose(kg, [[0.0, 0.5, 1.0], [0.0, 5.0, 10.0]])


def test_price_per_tonne():
    assert float(price(250.0, 80.0)) == pytest.approx(20.0)


@pytest.mark.parametrize("wrong", [{"intensity": -0.1}, {"intensity": float("nan")}])
def test_wrong_intensity_is_refused(wrong):
    with pytest.raises(ValueError, match="intensity must be"):
        TransportFactor(**wrong)


def test_detour_below_one_is_refused():
    with pytest.raises(ValueError, match="great circle"):
        TransportFactor(0.1, detour=0.9)
