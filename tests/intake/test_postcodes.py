import gzip
import io
import zipfile

from odoo.tests import new_test_user

from .common import IntakeCase, make_csv, make_xlsx

HEADERS = "country,zip,lat,lng,place"


def make_geonames(*rows):
    """Write a file as GeoNames gives it away: (country, postcode, name, latitude, longitude)."""
    return "".join(
        f"{country}\t{code}\t{name}\tState\t01\tCounty\t001\tTown\t{code}\t{lat}\t{lng}\t4\n"
        for country, code, name, lat, lng in rows
    ).encode()


class TestImportPostcodes(IntakeCase):
    """Files of postcodes of countries that the addon knows nothing of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iceland = cls.env.ref("base.is")
        cls.Postcode = cls.env["oms.geo.postcode"]

    def read_postcodes(self, *sources):
        rows = self.Postcode.search(
            [("country_id", "=", self.iceland.id), ("source", "in", sources or ("import",))]
        )
        return {row.zip: (row.latitude, row.longitude, row.place) for row in rows}

    def find(self, code, city="", country="IS"):
        [place] = self.Postcode._find_places([(country, code, city)])
        return place

    def test_file_of_geonames(self):
        """As it is, packed by GeoNames, or with gzip."""
        plain = make_geonames(
            ("IS", "101", "Reykjavík", 64.1446, -21.9423),
            ("IS", "600", 'Akureyri "Nord"', 65.6839, -18.1105),
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("readme.txt", "Read me")
            packed.writestr("IS.txt", plain)
        for content in (plain, archive.getvalue(), gzip.compress(plain)):
            with self.subTest(content[:2]):
                self.Postcode._remove_countries(self.iceland.ids)
                job = self.run_job("postcodes", content)
                self.assertEqual((job.state, job.created_count, job.bad_count), ("done", 2, 0))
                self.assertEqual(
                    self.read_postcodes(),
                    {
                        "101": (64.1446, -21.9423, "Reykjavík"),
                        "600": (65.6839, -18.1105, "Akureyri 'Nord'"),
                    },
                )
        self.assertEqual(self.find("101").precision, "zip")
        self.assertEqual(self.find("199"), (64.1446, -21.9423, "prefix"))
        self.assertEqual(self.find("", "akureyri").precision, "country")

    def test_any_table(self):
        rows = [("IS", "101", 64.1, -21.9, "Reykjavík"), ("is", "600", 65.7, -18.1, "Akureyri")]
        for content in (
            make_csv(HEADERS, *(",".join(map(str, row)) for row in rows)),
            make_xlsx(HEADERS, *rows),
            make_csv(
                "country_code,postal_code,latitude,longitude,city",
                *(",".join(map(str, row)) for row in rows),
            ),
        ):
            self.Postcode._remove_countries(self.iceland.ids)
            job = self.run_job("postcodes", content)
            self.assertEqual((job.created_count, job.bad_count), (2, 0))
            self.assertEqual(self.read_postcodes()["600"], (65.7, -18.1, "Akureyri"))

    def test_again_and_changed(self):
        rows = [("IS", "101", "Reykjavík", 64.1, -21.9), ("IS", "600", "Akureyri", 65.7, -18.1)]
        self.run_job("postcodes", make_geonames(*rows))
        job = self.run_job("postcodes", make_geonames(*rows))
        counts = job.created_count, job.updated_count, job.unchanged_count
        self.assertEqual(counts, (0, 0, 2))
        self.assertEqual(self.find("101")[:2], (64.1, -21.9))
        rows[0] = ("IS", "101", "Reykjavík", 64.2, -21.9)
        job = self.run_job("postcodes", make_geonames(*rows))
        counts = job.created_count, job.updated_count, job.unchanged_count
        self.assertEqual(counts, (0, 1, 1))
        self.assertEqual(self.find("101")[:2], (64.2, -21.9))
        self.assertEqual(self.find("19")[:2], (64.2, -21.9))

    def test_places_of_one_postcode(self):
        """It is where most of them are, wherever they stand in the file."""
        job = self.run_job(
            "postcodes",
            make_geonames(
                ("IS", "101", "Wrong", 10.0, 10.0),
                ("IS", "600", "Akureyri", 65.7, -18.1),
                ("IS", "101", "Reykjavík", 64.10, -21.9),
                ("IS", "101", "Reykjavík", 64.12, -21.9),
            ),
        )
        self.assertEqual((job.created_count, job.row_count), (2, 4))
        latitude, longitude, name = self.read_postcodes()["101"]
        self.assertIn(latitude, (64.10, 64.12))
        self.assertEqual((longitude, name), (-21.9, "Reykjavík"))

    def test_bad_rows_are_told(self):
        job = self.run_job(
            "postcodes",
            make_csv(
                HEADERS,
                "IS,101,64.1,-21.9,Reykjavík",
                "XX,1,1,1,Nowhere",
                "IS,,64,-21,No postcode",
                "IS,???,64,-21,No letter",
                "IS,102,91,-21,Too far north",
                "IS,103,0,0,Null Island",
                "IS,104,north,-21,No number",
            ),
        )
        self.assertEqual((job.state, job.created_count, job.bad_count), ("done", 1, 6))
        told = {line.line_number: line.message for line in job.line_ids}
        for line, words in (
            (3, "no country with the code “XX”"),
            (4, "zip is empty"),
            (5, "no letter or digit"),
            (6, "not between -90 and 90"),
            (7, "no place: 0, 0"),
            (8, "not a number"),
        ):
            self.assertIn(words, told[line])
        self.assertEqual(set(self.read_postcodes()), {"101"})

    def test_lines_of_a_file_without_headers(self):
        job = self.run_job(
            "postcodes",
            make_geonames(("IS", "101", "Reykjavík", 64.1, -21.9), ("IS", "102", "Bad", 99, -21)),
        )
        self.assertEqual(job.line_ids.mapped("line_number"), [2])

    def test_check_changes_nothing(self):
        content = make_geonames(("IS", "101", "Reykjavík", 64.1, -21.9))
        job = self.make_job("postcodes", content)
        job.action_check()
        self.assertEqual((job.state, job.created_count), ("checked", 1))
        self.assertFalse(self.read_postcodes("import", "derived"))

    def test_shipped_country(self):
        """An import adds to what is shipped, and an update of the addon leaves that alone."""
        france = self.env.ref("base.fr")
        count = self.Postcode.search_count(
            [("country_id", "=", france.id), ("source", "=", "shipped")]
        )
        job = self.run_job("postcodes", make_geonames(("FR", "75199", "Paris 99", 48.9, 2.3)))
        self.assertEqual(job.created_count, 1)
        self.assertEqual(self.find("75199", country="FR"), (48.9, 2.3, "zip"))
        self.env["ir.config_parameter"].set_param("oms.postcodes_loaded", "another")
        self.Postcode._load_shipped()
        self.assertEqual(self.find("75199", country="FR"), (48.9, 2.3, "zip"))
        self.assertEqual(
            self.Postcode.search_count(
                [("country_id", "=", france.id), ("source", "=", "shipped")]
            ),
            count,
        )

    def test_removed_by_country(self):
        self.run_job("postcodes", make_geonames(("IS", "101", "Reykjavík", 64.1, -21.9)))
        self.Postcode.search([("country_id", "=", self.iceland.id)])[:1].action_remove_countries()
        self.assertFalse(self.read_postcodes("import", "derived"))
        self.assertIsNone(self.find("101"))
        self.assertTrue(self.find("75001", country="FR"))

    def test_only_managers(self):
        operator = new_test_user(self.env, "zip_operator", groups="oms.group_order_operator")
        content = make_geonames(("IS", "101", "Reykjavík", 64.1, -21.9))
        job = self.make_job("postcodes", content)
        self.assertFalse(job.with_user(operator).may_import)
        self.assertTrue(job.may_import)
