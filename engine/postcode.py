"""Postcodes as people write them, brought to the one form in which they are looked up.

A postcode narrows down where an address is from left to right: of a postcode that is not known,
others that begin alike tell about where it is. So a look-up takes the longest of its beginnings
that is known (:func:`get_beginnings`).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from .geography import great_circle_km

#: Digits of the postcodes that have nothing but digits. Of Dutch and Portuguese ones this is the
#: part that says the district; what follows names a street.
DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU", "LI", "LU", "LV", "NL"), 4),
    **dict.fromkeys(("NO", "NZ", "PH", "PT", "SI", "TN", "ZA"), 4),
    **dict.fromkeys(("CZ", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IT", "KR", "LT", "MC"), 5),
    **dict.fromkeys(("MA", "ME", "MX", "MY", "PL", "RS", "SE", "SK", "SM", "TH", "TR", "UA"), 5),
    **dict.fromkeys(("US", "VA"), 5),
    **dict.fromkeys(("BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "WF", "YT"), 5),
    **dict.fromkeys(("AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"), 5),
    **dict.fromkeys(("CN", "CO", "IN", "KZ", "RO", "RU", "SG"), 6),
    **dict.fromkeys(("IL", "JP"), 7),
    "BR": 8,
}
#: Countries whose postcodes may be given by their first part only, and its digits.
FIRST_PARTS: Mapping[str, int] = {"BR": 5}
#: Countries of British postcodes: one or two letters say the area, the part before the gap the
#: district.
BRITISH = frozenset(("GB", "GG", "IM", "JE"))
#: Countries that people also write as another one, by the beginnings of their postcodes there.
TERRITORIES: Mapping[str, Mapping[str, str]] = {
    "FR": {
        "971": "GP",
        "972": "MQ",
        "973": "GF",
        "974": "RE",
        "975": "PM",
        "976": "YT",
        "980": "MC",
        "986": "WF",
        "987": "PF",
        "988": "NC",
    },
    "US": {"006": "PR", "007": "PR", "008": "VI", "009": "PR", "969": "GU"},
    "GB": {"GY": "GG", "IM": "IM", "JE": "JE"},
}
#: Characters of a postcode that say the region of a country; two where nothing else is said.
REGION_LENGTHS: Mapping[str, int] = {"CA": 1, "IE": 1, "SG": 2, "US": 1}

_BRITISH_FULL = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)[0-9][A-Z]{2}")
_NO_SIGN = re.compile(r"[^A-Z0-9]")
_NO_DIGIT = re.compile(r"[^0-9]")
_NO_WORD = re.compile(r"[^a-z0-9]+")
#: What follows the name of a place, unless it is all there is.
_REST = re.compile(r"(?<=.)[(,].*", re.DOTALL)
#: What a place is called by besides its name: districts of a city, and where a post office is.
_DISTRICT = re.compile(r" (?:cedex\b.*|\d+(?:er|e|eme)?(?: arrondissement)?)$")
#: Longest text that can be a postcode; the rest of longer ones says nothing.
_MOST_CHARACTERS = 24


def normalize_postcode(country: str, text: object) -> tuple[str, str]:
    """Bring a postcode to the form in which postcodes are looked up.

    >>> normalize_postcode("GB", "sw1a 1aa")
    ('GB', 'SW1A')
    >>> normalize_postcode("NL", "1012 LG")
    ('NL', '1012')
    >>> normalize_postcode("US", "2108-1234")
    ('US', '02108')
    >>> normalize_postcode("BR", "01310-100")
    ('BR', '01310100')
    >>> normalize_postcode("fr", "F-97400")
    ('RE', '97400')

    :param country: code of two letters; of any case
    :param text: as somebody wrote it; anything that is no text is no postcode
    :return: country, which for overseas territories is their own, and the postcode: capital
        letters and digits, the outward part of British ones, '' where there is none
    """
    country = country.strip().upper() if isinstance(country, str) else ""
    if not isinstance(text, str):
        return country, ""
    text = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS]).upper()
    if country in DIGITS:
        code = _read_digits(country, text)
    else:
        code = _NO_SIGN.sub("", text)
        if country in BRITISH:
            full = _BRITISH_FULL.fullmatch(code)
            code = full[1] if full else code[:4]
        elif country in ("CA", "IE"):
            # Beyond, it is a street or a single house.
            code = code[:3]
    for beginning, territory in TERRITORIES.get(country, {}).items():
        if code.startswith(beginning) and (country != "GB" or code[2:3].isdigit()):
            return territory, code
    return country, code


def _read_digits(country: str, text: str) -> str:
    """Return the digits of a postcode that is a number, with the zeros that spreadsheets drop."""
    length = DIGITS[country]
    if country == "US":
        text = text.lstrip("US- ").split("-", 1)[0]
    code = _NO_DIGIT.sub("", text)[:length]
    first = FIRST_PARTS.get(country, length)
    # Two zeros begin the postcodes of New York's and Puerto Rico's only.
    missing = 2 if country in ("US", "PR", "VI") else 1
    for full in (first, length):
        if full - missing <= len(code) < full and len(code) > 2:
            return code.zfill(full)
    return code


def get_beginnings(country: str, code: str) -> list[str]:
    """Return the beginnings of a postcode by which others near it are found.

    >>> get_beginnings("GB", "SW1A")
    ['SW1A', 'SW', '']
    >>> get_beginnings("FR", "75001")
    ['75001', '7500', '750', '75', '7', '']

    :param country: code of the country
    :param code: as :func:`normalize_postcode` returns it
    :return: the longest first; the last one is '' and stands for the whole country
    """
    if country in BRITISH:
        return list(dict.fromkeys((code, _get_letters(code), "")))
    return [code[:length] for length in range(len(code), -1, -1)]


def _get_letters(code: str) -> str:
    """Return the letters with which a postcode begins."""
    return code[: len(code) - len(code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))]


def get_region(country: str, text: object) -> str:
    """Return the region of a country that an address is in, going by its postcode.

    A country has about ten to a hundred regions.

    >>> get_region("FR", "75001"), get_region("US", "94103-1234"), get_region("GB", "sw1a 1aa")
    ('FR-75', 'US-9', 'GB-SW')
    >>> get_region("BR", "01310"), get_region("DE", ""), get_region("", "123")
    ('BR-01', 'DE', '')

    :param country: code of two letters
    :param text: a postcode as somebody wrote it
    :return: country and beginning of the postcode; the country alone without postcode, '' without
        country
    """
    country, code = normalize_postcode(country, text)
    if not country or not code:
        return country
    if country in BRITISH:
        return f"{country}-{_get_letters(code) or code[:2]}"
    return f"{country}-{code[: REGION_LENGTHS.get(country, 2)]}"


def get_place_key(name: object) -> str:
    """Return the form in which names of places are compared, without what tells their districts.

    >>> get_place_key("St. Étienne"), get_place_key("Paris 01"), get_place_key("Lyon CEDEX 03")
    ('saint etienne', 'paris', 'lyon')
    >>> get_place_key("Vancouver (Strathcona / Chinatown)"), get_place_key("Wien, Innere Stadt")
    ('vancouver', 'wien')

    :param name: as somebody wrote it; anything that is no text is no name
    """
    if not isinstance(name, str):
        return ""
    name = _REST.sub("", name[:120].strip())
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    key = " ".join(_NO_WORD.sub(" ", plain.replace("ø", "o").replace("ł", "l")).split())
    key = _DISTRICT.sub("", key)
    words = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"}
    return " ".join(words.get(word, word) for word in key.split())


def choose_place(places: Sequence[tuple[float, float, str]]) -> tuple[float, float, str]:
    """Return where a postcode is that several places have, and what it is called.

    It is the place with the least distance to all others: unlike the mean it is no field in
    between, and unlike the first it is not led astray by one that is wrong. Of two it is the
    middle.

    :param places: latitude and longitude in degrees and name of each, at least one
    """
    points = list(dict.fromkeys(places))
    if len(points) > 2:
        latitudes, longitudes = np.array([point[:2] for point in points]).T
        away = great_circle_km(
            latitudes[:, None], longitudes[:, None], latitudes[None, :], longitudes[None, :]
        )
        latitude, longitude, name = points[int(away.sum(axis=1).argmin())]
    else:
        latitude, longitude = (median(point[axis] for point in points) for axis in (0, 1))
        name = points[0][2]
    common, count = Counter(place[2] for place in places).most_common(1)[0]
    return latitude, longitude, common if count > 1 else name
