from datetime import datetime

from odoo import Command
from odoo.tests import tagged

from odoo.addons.oms.models.api.error import get_code

from ..common import MARSEILLE, ORLEANS, PARIS
from ..network.network_case import NetworkCase
from .common import ApiCase

#: A Tuesday in Paris, 10:00 local time; summer time begins on the Sunday after, the 29th.
NOW = datetime(2026, 3, 24, 9, 0)


@tagged("post_install", "-at_install")
class TestPickup(NetworkCase, ApiCase):
    """Stores near a place: where they are, when they are open, what they have."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near.collects = True
        cls.far.write({"collects": True, "reserves": True})
        cls.middle.reserves = True
        cls.other = cls.make_site("Other", "OTHER", ORLEANS)
        cls.network.site_ids += cls.other
        cls.near.partner_id.write(
            {
                "street": "1 rue de Rivoli",
                "zip": "75001",
                "city": "Paris",
                "country_id": cls.env.ref("base.fr").id,
            }
        )

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())
        self.enterContext(self.at(NOW))

    def ask(self, **arguments):
        return self.api.pickup_sites(**arguments)

    def codes(self, **arguments):
        return [site["site"] for site in self.ask(**arguments)["sites"]]

    def one(self, code, **arguments):
        return next(site for site in self.ask(**arguments)["sites"] if site["site"] == code)

    def assertRefused(self, code, field, **arguments):
        with self.assertRaises(Exception) as caught:
            self.ask(**arguments)
        self.assertEqual(get_code(caught.exception), code, caught.exception)
        self.assertEqual(caught.exception.field, field)

    # === WHERE === #

    def test_nearest_first(self):
        paris = {"latitude": PARIS[0], "longitude": PARIS[1]}
        self.assertEqual(self.codes(near=paris), ["NEAR", "MID", "FAR"])
        self.assertEqual(self.codes(near={"country": "FR", "zip": "13001"}), ["FAR", "MID", "NEAR"])
        self.assertEqual(self.codes(), ["FAR", "MID", "NEAR"])
        answer = self.ask(near={"country": "France", "zip": "13001"})
        self.assertEqual(answer["place"]["precision"], "zip")
        self.assertLess(answer["sites"][0]["kilometers"], 8.0)
        # From Orléans to Marseille.
        self.assertAlmostEqual(answer["sites"][1]["kilometers"], 578, delta=15)
        self.assertIsNone(self.ask()["place"])
        self.assertIsNone(self.ask()["sites"][0]["kilometers"])

    def test_by_city_and_by_beginning(self):
        answer = self.ask(near={"country": "FR", "city": "Marseille"})
        self.assertEqual(answer["place"]["precision"], "city")
        self.assertEqual(answer["sites"][0]["site"], "FAR")
        answer = self.ask(near={"country": "FR", "zip": "75999"})
        self.assertEqual(answer["place"]["precision"], "prefix")
        self.assertEqual(answer["sites"][0]["site"], "NEAR")

    def test_distance_limit_and_number(self):
        paris = {"latitude": PARIS[0], "longitude": PARIS[1]}
        self.assertEqual(self.codes(near=paris, max_kilometers=200.0), ["NEAR", "MID"])
        answer = self.ask(near=paris, limit=1)
        self.assertEqual([site["site"] for site in answer["sites"]], ["NEAR"])
        self.assertTrue(answer["more"])
        self.assertFalse(self.ask(near=paris, limit=3)["more"])
        lost = self.make_site("Lost", "LOST")
        lost.collects = True
        self.network.site_ids += lost
        self.assertEqual(self.codes(near=paris)[-1], "LOST")
        self.assertNotIn("LOST", self.codes(near=paris, max_kilometers=20_000.0))

    def test_services(self):
        self.assertEqual(self.one("FAR")["services"], ["collect", "reserve"])
        self.assertEqual(self.codes(services=["collect"]), ["FAR", "NEAR"])
        self.assertEqual(self.codes(services=["reserve"]), ["FAR", "MID"])
        self.assertEqual(self.one("FAR", services=["reserve"])["services"], ["reserve"])

    def test_offline_and_other_networks(self):
        self.env["oms.site.offline"].create(
            {
                "site_id": self.far.id,
                "date_from": datetime(2026, 3, 24, 8),
                "date_to": datetime(2026, 3, 25),
                "reason": "Flood",
            }
        )
        stranger = self.make_site("Stranger", "STRANGE", PARIS)
        stranger.collects = True
        self.assertEqual(self.codes(), ["MID", "NEAR"])

    def test_address(self):
        site = self.one("NEAR")
        partner = self.near.partner_id
        self.assertEqual(
            [site[name] for name in ("name", "street", "zip", "city", "country")],
            ["Near", partner.street or None, partner.zip or None, partner.city or None,
             partner.country_id.code or None],
        )  # fmt: skip
        self.assertAlmostEqual(site["latitude"], PARIS[0], 4)

    # === WHEN === #

    def test_hours(self):
        """Lunch break, a closure, Sunday, and the night in which the clocks change."""
        calendar = self.make_calendar(
            *(
                (weekday, since, until)
                for weekday in range(6)
                for since, until in ((9, 12.5), (14, 19))
            )
        )
        # Thursday from noon on, Friday whole, in Paris.
        self.close(calendar, datetime(2026, 3, 26, 11, 0), datetime(2026, 3, 27, 23, 0))
        self.near.resource_calendar_id = calendar
        site = self.one("NEAR")
        self.assertEqual(site["time_zone"], "Europe/Paris")
        self.assertEqual(
            (site["open"], site["opens_at"], site["closes_at"]),
            (True, None, "2026-03-24T11:30:00Z"),
        )
        told = {
            day["date"]: [(each["opens"], each["closes"]) for each in day["periods"]]
            for day in site["hours"]
        }
        usual = [("09:00", "12:30"), ("14:00", "19:00")]
        self.assertEqual(
            told,
            {
                "2026-03-24": usual,
                "2026-03-25": usual,
                "2026-03-26": [("09:00", "12:00")],
                "2026-03-27": [],
                "2026-03-28": usual,
                "2026-03-29": [],
                "2026-03-30": usual,
            },
        )
        for now, opens, closes in (
            (datetime(2026, 3, 24, 12, 0), "2026-03-24T13:00:00Z", None),
            (datetime(2026, 3, 26, 11, 0), "2026-03-28T08:00:00Z", None),
            # From Saturday evening to Monday morning, which is summer time.
            (datetime(2026, 3, 28, 18, 0), "2026-03-30T07:00:00Z", None),
            (datetime(2026, 3, 30, 7, 0), None, "2026-03-30T10:30:00Z"),
        ):
            with self.subTest(now=now), self.at(now):
                site = self.one("NEAR")
                self.assertEqual((site["opens_at"], site["closes_at"]), (opens, closes))
                self.assertEqual(site["open"], opens is None)

    def test_always_open_and_never(self):
        site = self.one("NEAR")
        self.assertEqual((site["open"], site["hours"], site["opens_at"]), (True, None, None))
        self.far.resource_calendar_id = self.make_calendar()
        site = self.one("FAR")
        self.assertEqual((site["open"], site["opens_at"]), (False, None))
        self.assertFalse(any(day["periods"] for day in site["hours"]))

    def test_night_shift(self):
        """What goes on over midnight is told of both days."""
        self.near.resource_calendar_id = self.make_calendar((1, 20, 24), (2, 0, 2))
        site = self.one("NEAR")
        self.assertEqual(
            [[(each["opens"], each["closes"]) for each in day["periods"]] for day in site["hours"]][
                :3
            ],
            [[("20:00", "24:00")], [("00:00", "02:00")], []],
        )
        with self.at(datetime(2026, 3, 24, 22, 0)):
            # Eleven in the evening, until two.
            self.assertEqual(self.one("NEAR")["closes_at"], "2026-03-25T01:00:00Z")

    # === WHAT === #

    def test_basket(self):
        self.stock(self.berry, (self.near, 2))
        answer = self.ask(
            lines=[{"product": "Apple", "quantity": 3}, {"product": "Berry", "quantity": 1.0}]
        )
        sites = {site["site"]: site for site in answer["sites"]}
        there = self.api.availability(products=["Apple", "Berry"], by_site=True)["products"]
        for product, line in ((0, "Apple"), (1, "Berry")):
            known = {each["site"]: each["available"] for each in there[product]["sites"]}
            for code, site in sites.items():
                self.assertEqual(site["lines"][product]["product"], line)
                self.assertEqual(site["lines"][product]["available"], known.get(code, 0.0))
        self.assertTrue(sites["NEAR"]["complete"])
        self.assertFalse(sites["FAR"]["complete"])
        self.assertEqual([line["enough"] for line in sites["FAR"]["lines"]], [True, False])
        self.assertIsNone(self.ask()["sites"][0]["complete"])

    def test_same_product_twice_shares_the_stock(self):
        self.stock(self.berry, (self.near, 3))
        line = {"product": "Berry", "quantity": 2}
        site = self.one("NEAR", lines=[line, line])
        self.assertEqual([each["available"] for each in site["lines"]], [3, 1])
        self.assertEqual([each["enough"] for each in site["lines"]], [True, False])
        self.assertFalse(site["complete"])

    def test_wrong_lines(self):
        """What is wrong is told by itself, and the rest answered."""
        self.berry.sale_ok = False
        answer = self.ask(
            lines=[
                {"product": "Nothing", "quantity": 1},
                {"product": "Apple", "quantity": 0},
                {"product": "Apple", "quantity": 1},
                {"product": "Berry", "quantity": 1},
                {"product": "Apple", "quantity": 1e12},
            ]
        )
        errors = [line["error"] and line["error"]["code"] for line in answer["lines"]]
        self.assertEqual(errors, ["not_found", "invalid", None, "not_sellable", "invalid"])
        self.assertTrue(answer["lines"][0]["error"]["field"].startswith("lines.0"))
        for site in answer["sites"]:
            self.assertEqual([line["line"] for line in site["lines"]], [2])
            self.assertFalse(site["complete"])

    # === BAD INPUT === #

    def test_bad_input(self):
        for code, field, near in (
            ("not_found", "near.country", {"country": "Atlantis", "zip": "1"}),
            ("not_found", "near.zip", {"country": "AQ", "zip": "99999"}),
            ("not_found", "near.city", {"country": "FR", "city": "Nowhere-les-Bains"}),
            ("invalid", "near", {"latitude": 48.0}),
            ("invalid", "near", {"country": "FR"}),
            ("invalid", "near", {}),
            ("invalid", "near.latitude", {"latitude": 91.0, "longitude": 0.0}),
            ("invalid", "near.longitude", {"latitude": 1.0, "longitude": float("nan")}),
            ("invalid", "near.zip", {"country": "FR", "zip": "9" * 99}),
        ):
            with self.subTest(near=near):
                self.assertRefused(code, field, near=near)
        for field, arguments in (
            ("max_kilometers", {"max_kilometers": 10.0}),
            ("limit", {"limit": 0}),
            ("limit", {"limit": 101}),
            ("services.0", {"services": ["home"]}),
            ("services", {"services": []}),
            ("lines", {"lines": []}),
        ):
            with self.subTest(arguments=arguments):
                self.assertRefused("invalid", field, **arguments)

    def test_no_site(self):
        (self.near + self.middle + self.far).write({"collects": False, "reserves": False})
        answer = self.ask(near={"country": "FR", "zip": "75001"})
        self.assertEqual((answer["sites"], answer["more"]), ([], False))

    def test_queries_do_not_grow_with_sites(self):
        def count(number):
            sites = [
                self.make_site(f"S {number}-{index}", f"S{number}{index}", PARIS)
                for index in range(number)
            ]
            for site in sites:
                site.collects = True
            self.network.site_ids = [Command.link(site.id) for site in sites]
            self.env.flush_all()
            asked = {
                "near": {"country": "FR", "zip": "75001"},
                "lines": [{"product": "Apple", "quantity": 1}],
                "limit": 100,
            }
            self.ask(**asked)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.ask(**asked)
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(1), count(8))

    def test_marseille(self):
        """The distance to a store is the great circle's."""
        site = self.one("FAR", near={"latitude": PARIS[0], "longitude": PARIS[1]})
        self.assertAlmostEqual(site["kilometers"], 660.5, delta=3)
        self.assertAlmostEqual(site["latitude"], MARSEILLE[0], 4)
