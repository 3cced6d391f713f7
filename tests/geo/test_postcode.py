import time

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.oms.engine.geography import great_circle_km

from ..common import OmsCase

#: Where cities are, as atlases have it, and a postcode of their middle; not from the addon's data.
CITIES = """
FR 75001      48.857    2.352 Paris
FR 13001      43.297    5.370 Marseille
FR 69001      45.764    4.836 Lyon
FR 31000      43.605    1.444 Toulouse
FR 06000      43.710    7.262 Nice
FR 59000      50.629    3.057 Lille
FR 67000      48.573    7.752 Strasbourg
FR 29200      48.390   -4.486 Brest
FR 20000      41.919    8.739 Ajaccio
FR 97400     -20.882   55.451 Saint-Denis
DE 10115      52.520   13.405 Berlin
DE 80331      48.137   11.576 München
DE 20095      53.551    9.994 Hamburg
DE 50667      50.938    6.960 Köln
DE 01067      51.050   13.738 Dresden
ES 28001      40.417   -3.704 Madrid
ES 08001      41.385    2.173 Barcelona
ES 41001      37.389   -5.985 Sevilla
ES 15010      43.362   -8.412 Coruña
ES 35001      28.124  -15.436 Palmas
IT 00184      41.903   12.496 Roma
IT 20121      45.464    9.190 Milano
IT 80121      40.852   14.268 Napoli
IT 90133      38.116   13.362 Palermo
NL 1012LG     52.368    4.904 Amsterdam
NL 9712       53.219    6.567 Groningen
BE 1000       50.850    4.352 Bruxelles
BE 4000       50.633    5.580 Liège
GB SW1A.1AA   51.507   -0.128 London
GB EH1        55.953   -3.188 Edinburgh
GB M1.1AE     53.481   -2.243 Manchester
GB BT1        54.597   -5.930 Belfast
PT 1000-001   38.722   -9.139 Lisboa
PT 4000-123   41.158   -8.629 Porto
PT 9000-001   32.667  -16.924 Funchal
CH 8001       47.377    8.542 Zürich
CH 1201       46.204    6.143 Genève
AT 1010       48.208   16.374 Wien
AT 5020       47.810   13.055 Salzburg
BR 01310-100 -23.551  -46.633 Paulo
BR 01037     -23.551  -46.633 Paulo
BR 20040-020 -22.907  -43.173 Rio
BR 69005-010  -3.119  -60.022 Manaus
BR 90010-000 -30.035  -51.218 Alegre
CA M5V.2T6    43.653  -79.383 Toronto
CA V6B        49.283 -123.121 Vancouver
CA H2Y.1C6    45.502  -73.567 Montréal
US 10001      40.713  -74.006 York
US 90012-1234 34.052 -118.244 Angeles
US 60601      41.878  -87.630 Chicago
US 99501      61.218 -149.900 Anchorage
US 96813      21.307 -157.858 Honolulu
US 2108       42.360  -71.059 Boston
DK 1050       55.676   12.568 København
"""


@tagged("post_install", "-at_install")
class TestPostcode(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Postcode = cls.env["oms.geo.postcode"]
        cls.country = cls.env["res.country"].create({"name": "Testland", "code": "QX"})

    @classmethod
    def make(cls, code, latitude, longitude, **vals):
        return cls.Postcode.create(
            {
                "country_id": cls.country.id,
                "zip": code,
                "latitude": latitude,
                "longitude": longitude,
                **vals,
            }
        )

    def find(self, country, code, city=""):
        """Find one address both ways: alone, and with others."""
        [alone] = self.Postcode._find_places([(country, code, city)])
        both = self.Postcode._find_places([(country, code, city), ("FR", "75001", "")])
        self.assertEqual(both[0], alone)
        return alone

    # === THE SHIPPED POSTCODES === #

    def test_known_cities(self):
        """The shipped postcodes of cities are where atlases have the cities."""
        cities = [line.split() for line in CITIES.split("\n") if line]
        asked = [(country, code.replace(".", " "), "") for country, code, *_rest in cities]
        places = self.Postcode._find_places(asked)
        for (country, code, latitude, longitude, name), place in zip(cities, places, strict=True):
            with self.subTest(name, zip=code):
                away = great_circle_km(
                    place.latitude, place.longitude, float(latitude), float(longitude)
                )
                self.assertLess(away, 10.0)
                self.assertIn(place.precision, ("zip", "district", "city"))
                if country in ("GB", "NL", "PT", "CA"):
                    self.assertEqual(place.precision, "district")

    def test_unused_postcode_of_a_city(self):
        """People write what is no postcode: Paris all the same."""
        for city, precision in (("", "prefix"), ("Paris", "city"), ("PARIS 12", "city")):
            place = self.find("FR", "75099", city)
            self.assertEqual(place.precision, precision)
            self.assertLess(great_circle_km(place.latitude, place.longitude, 48.857, 2.352), 8.0)

    def test_city_alone(self):
        place = self.find("DE", "", "münchen")
        self.assertEqual(place.precision, "city")
        self.assertLess(great_circle_km(place.latitude, place.longitude, 48.137, 11.576), 10.0)

    def test_namesakes_are_not_guessed_between(self):
        """There are Springfields in half of the states."""
        self.assertEqual(self.find("US", "", "Springfield").precision, "country")
        place = self.find("US", "62799", "Springfield")
        self.assertLess(great_circle_km(place.latitude, place.longitude, 39.80, -89.65), 15.0)

    def test_country_alone(self):
        place = self.find("FR", "", "")
        self.assertEqual(place.precision, "country")
        self.assertLess(great_circle_km(place.latitude, place.longitude, 46.6, 2.4), 250.0)

    def test_loaded_once(self):
        """An update leaves postcodes alone, and a new file those that somebody made their own."""
        paris = self.Postcode.search([("country_id.code", "=", "FR"), ("zip", "=", "75001")])
        self.assertEqual(paris.source, "shipped")
        paris.latitude = 48.0
        self.assertEqual(paris.source, "manual")
        self.Postcode._load_shipped()
        self.env["ir.config_parameter"].set_param("oms.postcodes_loaded", "another")
        count = self.Postcode.search_count([])
        self.Postcode._load_shipped()
        self.assertEqual(paris.exists().latitude, 48.0)
        self.assertEqual(self.Postcode.search_count([]), count)
        self.assertFalse(
            self.Postcode.search([("country_id.code", "=", "DE"), ("source", "=", "manual")])
        )

    # === LOOKING UP === #

    def test_longest_beginning(self):
        self.make("AB12", 10.0, 20.0)
        self.make("AB34", 11.0, 21.0)
        self.make("AB56", 15.0, 25.0)
        self.make("CD", 50.0, 60.0)
        self.Postcode._derive([self.country.id])
        self.assertEqual(self.find("QX", "ab-12"), (10.0, 20.0, "zip"))
        self.assertEqual(self.find("QX", "AB99"), (11.0, 21.0, "prefix"))
        # A longer postcode than is known.
        self.assertEqual(self.find("QX", "CD9"), (50.0, 60.0, "prefix"))
        self.assertEqual(self.find("QX", "ZZ"), (13.0, 23.0, "country"))

    def test_city_among_those_that_begin_alike(self):
        self.make("100", 10.0, 20.0, place="Saint-Étienne")
        self.make("101", 10.2, 20.0, place="St. Etienne")
        self.make("120", 12.0, 22.0, place="Elsewhere")
        self.make("900", 50.0, 60.0, place="Saint Etienne")
        self.Postcode._derive([self.country.id])
        self.assertEqual(self.find("QX", "109", "SAINT ETIENNE"), (10.1, 20.0, "city"))
        self.assertEqual(self.find("QX", "999", "Saint-Etienne"), (50.0, 60.0, "city"))
        self.assertEqual(self.find("QX", "120", "Saint-Etienne"), (12.0, 22.0, "zip"))
        # Two of the three are one city.
        place = self.find("QX", "", "Saint-Etienne")
        self.assertEqual(place.precision, "city")
        self.assertAlmostEqual(place.latitude, 10.1)

    def test_bad_input(self):
        for country, code, city in (
            ("", "75001", "Paris"),
            (None, None, None),
            (False, False, False),
            ("XX", "75001", "Paris"),
            ("Fr@nce", "1", "x"),
            ("QX", "'; DROP TABLE oms_geo_postcode; --", '{}"\\'),
        ):
            with self.subTest(country=country):
                self.assertIsNone(self.find(country, code, city))
        for code in (
            "N/A",
            "?",
            "{,}",
            '"',
            "9" * 5000,
            "\0",
            "７５００１",
            "75001 CEDEX 08",
            75001,
        ):
            with self.subTest(code=code):
                self.assertEqual(
                    self.find("fr", code).precision in ("zip", "prefix", "country"), True
                )
        self.assertEqual(self.find("fr", "７５００１").precision, "zip")
        self.assertEqual(self.Postcode._find_places([]), [])

    def test_one_query_for_many(self):
        """A thousand addresses are one query and take less than a tenth of a second."""
        postcodes = self.Postcode.search(
            [("country_id.code", "in", ("FR", "US")), ("precision", "=", "zip")], limit=900
        )
        asked = [(each.country_id.code, each.zip, each.place) for each in postcodes]
        asked += [("FR", f"{number}99", "Lyon") for number in range(100, 200)]
        self.Postcode._find_places(asked)
        with self.assertQueryCount(1):
            found = self.Postcode._find_places(asked)
        self.assertEqual(len(found), 1000)
        self.assertTrue(all(found))
        times = []
        for _ in range(5):
            start = time.perf_counter()
            self.Postcode._find_places(asked)
            times.append(time.perf_counter() - start)
        # The goal is 0.1 seconds; what else runs here takes its share.
        self.assertLess(min(times), 0.3)

    def test_one_alone_is_cached(self):
        self.find("FR", "69001")
        with self.assertQueryCount(0):
            self.Postcode._find_places([("FR", "69001", "")])
        self.make("1", 1.0, 2.0)
        with self.assertQueryCount(1):
            self.Postcode._find_places([("FR", "69001", "")])

    def test_change_is_seen(self):
        made = self.make("1", 1.0, 2.0)
        self.assertEqual(self.find("QX", "1"), (1.0, 2.0, "zip"))
        made.latitude = 3.0
        self.assertEqual(self.find("QX", "1"), (3.0, 2.0, "zip"))
        made.zip = "2"
        self.assertIsNone(self.find("QX", "1"))
        made.unlink()
        self.assertIsNone(self.find("QX", "2"))

    def test_entered_by_hand(self):
        france = self.env.ref("base.fr")
        made = self.make(" 974-99 ", 1.0, 2.0, country_id=france.id)
        self.assertEqual((made.country_id.code, made.zip), ("RE", "97499"))
        with self.assertRaisesRegex(ValidationError, "no letter or digit"):
            self.make("---", 1.0, 2.0)

    def test_coordinates_are_not_added_up(self):
        """A list by country shows no sum of its latitudes."""
        shown = self.Postcode.fields_get(["latitude", "longitude"], ["aggregator"])
        self.assertFalse(any(field.get("aggregator") for field in shown.values()))

    # === REGIONS === #

    def test_regions(self):
        for country, code, region in (
            ("FR", "75001", "FR-75"),
            ("FR", "1000", "FR-01"),
            ("FR", "97400", "RE-97"),
            ("US", "94103-1234", "US-9"),
            ("BR", "01310-100", "BR-01"),
            ("BR", "1310", "BR-01"),
            ("GB", "sw1a 1aa", "GB-SW"),
            ("GB", "E1 6AN", "GB-E"),
            ("CA", "k1a 0b1", "CA-K"),
            ("NL", "1012 LG", "NL-10"),
            ("DE", "D-01067", "DE-01"),
            ("QX", "a b", "QX-AB"),
            ("DE", "", "DE"),
            ("DE", None, "DE"),
            ("", "75001", ""),
            (False, False, ""),
        ):
            with self.subTest(country=country, code=code):
                self.assertEqual(self.Postcode._get_region(country, code), region)

    def test_ten_to_a_hundred_regions(self):
        for code in ("FR", "US", "BR", "GB", "DE", "ES", "IT", "CA", "NL", "CH", "AT", "BE", "PT"):
            postcodes = self.Postcode.search(
                [("country_id.code", "=", code), ("source", "=", "shipped")]
            )
            regions = {self.Postcode._get_region(code, each.zip) for each in postcodes}
            with self.subTest(code, regions=len(regions)):
                self.assertGreaterEqual(len(regions), 9)
                self.assertLessEqual(len(regions), 130)
