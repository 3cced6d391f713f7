import numpy as np
import pytest

from engine.geography import EARTH_RADIUS_KM, MILE_KM, check_coordinates, great_circle_km

PARIS, LYON, NEW_YORK = (48.8566, 2.3522), (45.7640, 4.8357), (40.7128, -74.0060)


@pytest.mark.parametrize(
    ("start", "end", "km"),
    [
        (PARIS, LYON, 391.5),
        (PARIS, NEW_YORK, 5837.4),
        (PARIS, PARIS, 0.0),
        # Across the date line, one degree of the equator.
        ((0.0, 179.5), (0.0, -179.5), EARTH_RADIUS_KM * np.pi / 180.0),
        # Pole to pole is half a circle, and so is any other pair of antipodes.
        ((90.0, 0.0), (-90.0, 17.0), EARTH_RADIUS_KM * np.pi),
        ((12.3, 45.6), (-12.3, -134.4), EARTH_RADIUS_KM * np.pi),
    ],
)
def test_known_distances(start, end, km):
    assert great_circle_km(*start, *end) == pytest.approx(km, rel=1e-3, abs=1e-9)
    assert great_circle_km(*end, *start) == pytest.approx(great_circle_km(*start, *end))


def test_radius_is_that_of_the_literature():
    assert pytest.approx(3958.8 * MILE_KM) == EARTH_RADIUS_KM


def test_one_point_against_many():
    lat, lng = np.array([PARIS, LYON, NEW_YORK]).T
    km = great_circle_km(lat[:, None], lng[:, None], lat[None, :], lng[None, :])
    assert km.shape == (3, 3)
    np.testing.assert_allclose(km, km.T)
    np.testing.assert_allclose(np.diag(km), 0.0, atol=1e-9)


def test_coordinates_on_the_globe_pass():
    check_coordinates(90, -180)
    check_coordinates(np.array([-90.0, 12.5]), np.array([180.0, 0.0]))


@pytest.mark.parametrize(
    ("lat", "lng", "message"),
    [
        (90.1, 0, "latitude 90.1 is not between"),
        (0, -180.5, "longitude -180.5 is not between"),
        (float("nan"), 0, "latitude nan"),
        (0, float("inf"), "longitude inf"),
        ("north", 0, "latitude must be a number"),
        ([0.0, 91.0], [0.0, 0.0], "latitude 91"),
    ],
)
def test_other_coordinates_are_refused(lat, lng, message):
    with pytest.raises(ValueError, match=message):
        check_coordinates(lat, lng)
