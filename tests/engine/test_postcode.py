"""Postcodes as people write them, against what the postal services say of their form."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import postcode
from engine.postcode import choose_place, get_beginnings, get_place_key, get_region
from engine.postcode import normalize_postcode as normalize


def test_examples():
    assert doctest.testmod(postcode).failed == 0


@pytest.mark.parametrize(
    ("country", "text", "expected"),
    [
        ("FR", "75001", ("FR", "75001")),
        ("FR", " 75 001 ", ("FR", "75001")),
        ("FR", "F-75001", ("FR", "75001")),
        ("FR", "1000", ("FR", "01000")),
        ("FR", "75008 CEDEX 08", ("FR", "75008")),
        ("FR", "98000", ("MC", "98000")),
        ("FR", "97110", ("GP", "97110")),
        ("US", "94103-1234", ("US", "94103")),
        ("US", "941031234", ("US", "94103")),
        ("US", "US-94103", ("US", "94103")),
        ("US", "501", ("US", "00501")),
        ("US", "00901", ("PR", "00901")),
        ("PR", "901", ("PR", "00901")),
        ("GB", "SW1A 1AA", ("GB", "SW1A")),
        ("GB", "sw1a1aa", ("GB", "SW1A")),
        ("GB", "E1 6AN", ("GB", "E1")),
        ("GB", "E16 1AN", ("GB", "E16")),
        ("GB", "M1 1AE", ("GB", "M1")),
        ("GB", "SW1A", ("GB", "SW1A")),
        ("GB", "GY1 1AA", ("GG", "GY1")),
        ("GB", "JE2 3AB", ("JE", "JE2")),
        ("NL", "1012 LG", ("NL", "1012")),
        ("NL", "1012lg", ("NL", "1012")),
        ("PT", "1000-001", ("PT", "1000")),
        ("BR", "01310-100", ("BR", "01310100")),
        ("BR", "1310100", ("BR", "01310100")),
        ("BR", "01037", ("BR", "01037")),
        ("BR", "1037", ("BR", "01037")),
        ("CA", "k1a 0b1", ("CA", "K1A")),
        ("IE", "D02 AF30", ("IE", "D02")),
        ("LU", "L-1111", ("LU", "1111")),
        ("CH", "CH-8001", ("CH", "8001")),
        ("SE", "100 04", ("SE", "10004")),
        ("PL", "00-002", ("PL", "00002")),
        ("DE", "１０１１５", ("DE", "10115")),
        ("de", "10115", ("DE", "10115")),
        ("AD", "AD100", ("AD", "AD100")),
        ("FR", "", ("FR", "")),
        ("FR", "N/A", ("FR", "")),
        ("FR", None, ("FR", "")),
        ("FR", 75001, ("FR", "")),
        ("", "75001", ("", "75001")),
        (None, None, ("", "")),
    ],
)
def test_normalize(country, text, expected):
    assert normalize(country, text) == expected


@given(st.sampled_from(["FR", "US", "GB", "BR", "NL", "CA", "IE", "QX", ""]), st.text(max_size=40))
def test_whatever_is_written(country, text):
    """It never fails, gives what can stand in a list of the database, and does so again."""
    own, code = normalize(country, text)
    assert code == "" or (code.isascii() and code.isalnum() and code == code.upper())
    assert normalize(own, code) == (own, code) or own in ("GB", "GG", "IM", "JE")
    beginnings = get_beginnings(own, code)
    assert beginnings[0] == code
    assert beginnings[-1] == ""
    assert all(code.startswith(each) for each in beginnings)
    assert get_region(country, text).startswith(own)
    assert get_place_key(text) == get_place_key(text.upper()) or not text.isascii()


def test_outward_codes_do_not_run_into_each_other():
    """E16 is no part of E1, and S is Sheffield, not all that begins with S."""
    assert get_beginnings("GB", "E16") == ["E16", "E", ""]
    assert get_beginnings("GB", "SW1A") == ["SW1A", "SW", ""]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Saint-Étienne", "ST ETIENNE"),
        ("München", "MUNCHEN"),
        ("Straßburg", "strassburg"),
        ("København", "Kobenhavn"),
        ("Łódź", "Lodz"),
        ("Paris 12", "Paris"),
        ("Lyon 3e arrondissement", "Lyon"),
        ("Calgary (City Centre / Calgary Tower)", "calgary"),
    ],
)
def test_same_place(one, other):
    assert get_place_key(one) == get_place_key(other)


def test_point_of_several_places():
    assert choose_place([(1.0, 2.0, "A")]) == (1.0, 2.0, "A")
    assert choose_place([(1.0, 2.0, "A"), (3.0, 4.0, "B")])[:2] == (2.0, 3.0)
    near = [(48.0, 2.0, "A"), (48.1, 2.0, "B"), (48.2, 2.0, "C"), (10.0, 80.0, "D")]
    assert choose_place(near) == (48.1, 2.0, "B")
    assert choose_place([*near, (48.0, 2.01, "A")])[2] == "A"
