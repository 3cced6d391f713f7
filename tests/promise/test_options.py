"""The ways to get a basket, told by the API."""

from datetime import timedelta
from math import acos, cos, radians, sin

from odoo import fields
from odoo.tests import tagged

from odoo.addons.oms.models.api.error import ApiError, get_code

from ..common import ORLEANS, PARIS
from .common import PromiseCase


def kilometers(one, other):
    """The spherical law of cosines."""
    (a, b), (c, d) = (map(radians, place) for place in (one, other))
    return 6371.0088 * acos(sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d))


@tagged("post_install", "-at_install")
class TestOptions(PromiseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.middle, 5), (cls.far, 50))
        cls.stock(cls.berry, (cls.far, 50))

    def assertRefused(self, code, field, **arguments):
        with self.assertRaises(Exception) as caught:
            self.ask((self.apple, 1), **arguments)
        self.assertEqual(get_code(caught.exception), code, caught.exception)
        self.assertEqual(caught.exception.field, field)

    # === WAYS === #

    def test_every_way(self):
        answer = self.ask((self.apple, 2))
        self.assertEqual(answer["currency"], self.company.currency_id.name)
        self.assertEqual(
            answer["lines"], [{"product": "Apple", "quantity": 2, "unit": "Units", "error": None}]
        )
        found = self.options((self.apple, 2))
        self.assertEqual(
            set(found),
            {
                ("home", "standard"),
                ("home", "express"),
                ("collect", "NEAR"),
                ("collect", "MID"),
                ("reserve", "NEAR"),
            },
        )
        home = found["home", "standard"]
        self.assertEqual(self.plan_of(home), {("NEAR", "Apple"): 2.0})
        self.assertEqual((home["price"], home["stock"], home["parcels"]), (4.9, "all", 1))
        self.assertTrue(home["token"] and home["promised"] and home["valid_until"])
        self.assertGreaterEqual(home["promised"], home["earliest"])
        self.assertEqual(found["home", "express"]["price"], 9.9)
        collect = found["collect", "MID"]
        self.assertEqual(self.plan_of(collect), {("MID", "Apple"): 2.0})
        self.assertAlmostEqual(collect["kilometers"], kilometers(PARIS, ORLEANS), 0)
        self.assertEqual((collect["price"], collect["parts"][0]["kilometers"]), (0.0, 0.0))

    def test_split(self):
        self.stock(self.berry, (self.middle, 1))
        option = self.options((self.apple, 3), (self.berry, 30))["home", "standard"]
        self.assertEqual(option["stock"], "all")
        plan = self.plan_of(option)
        self.assertEqual(sum(units for (_s, name), units in plan.items() if name == "Berry"), 30)
        self.assertEqual(option["parcels"], len({site for site, _name in plan}))
        # A store gives what it has, and the rest is not known.
        near = self.options((self.apple, 3), (self.berry, 30))["collect", "NEAR"]
        self.assertEqual((near["stock"], near["when_unknown"]), ("part", True))
        self.assertIsNone(near["promised"])
        [unknown] = near["unknown"]
        self.assertEqual((unknown["line"], unknown["quantity"]), (1, 30))
        self.assertIn("Berry", unknown["reason"])

    def test_methods_of_a_state(self):
        state = self.env["res.country.state"].create(
            {"name": "Testland", "code": "TLD", "country_id": self.france.id}
        )
        self.express.write({"country_ids": self.france.ids, "state_ids": state.ids})
        self.assertNotIn(("home", "express"), self.options((self.apple, 1)))
        for word in ("TLD", "testland"):
            found = self.options((self.apple, 1), ship_to=self.destination | {"state": word})
            self.assertIn(("home", "express"), found)

    def test_settings_are_read_again_when_they_change(self):
        group = self.env["res.country.group"].create({"name": "Of fiscal positions"})
        currency = self.channel.company_id.currency_id
        rate = self.env["res.currency.rate"].create(
            {"currency_id": self.env.ref("base.JPY").id, "name": "2020-02-02", "rate": 2.0}
        )

        def read():
            return self.env["oms.promising"]._get_settings(self.channel.id, self.env.lang)

        for record, vals in (
            (group, {"country_ids": self.france.ids}),
            (currency, {"rounding": 0.05}),
            (rate, {"rate": 3.0}),
        ):
            before = read()
            self.assertIs(read(), before)
            record.write(vals)
            self.assertIsNot(read(), before)

    def test_filters(self):
        self.assertEqual(
            set(self.options((self.apple, 1), services=["home"], methods=["express"])),
            {("home", "express")},
        )
        self.assertEqual(
            set(self.options((self.apple, 1), services=["collect"], sites=["MID"])),
            {("collect", "MID")},
        )
        self.assertEqual(
            set(self.options((self.apple, 1), services=["collect"], stores=1)),
            {("collect", "NEAR")},
        )
        self.assertEqual(len(self.ask((self.apple, 1), most_options=2)["options"]), 2)

    def test_relay_points(self):
        self.express.oms_has_points = True
        found = self.options((self.apple, 1))
        self.assertIn(("relay", "express"), found)
        self.assertNotIn(("home", "express"), found)

    def test_methods_of_the_channel_and_of_the_address(self):
        self.express.country_ids = self.env.ref("base.de")
        self.assertNotIn(("home", "express"), self.options((self.apple, 1)))
        self.express.country_ids = False
        self.channel.carrier_ids = self.express
        found = self.options((self.apple, 1))
        self.assertIn(("home", "express"), found)
        self.assertNotIn(("home", "standard"), found)

    def test_a_method_that_a_site_lacks(self):
        self.near.carrier_ids = self.standard
        found = self.options((self.apple, 2))
        self.assertEqual(self.plan_of(found["home", "standard"]), {("NEAR", "Apple"): 2.0})
        self.assertEqual(self.plan_of(found["home", "express"]), {("MID", "Apple"): 2.0})

    # === PRICES, EMISSIONS === #

    def test_prices_follow_rules_and_thresholds(self):
        self.standard.write(
            {
                "delivery_type": "base_on_rule",
                "price_rule_ids": [
                    (0, 0, {"variable": "quantity", "operator": "<=", "max_value": 2,
                            "list_base_price": 3.0}),
                    (0, 0, {"variable": "price", "operator": ">", "max_value": 100,
                            "list_base_price": 1.0}),
                ],
            }
        )  # fmt: skip
        self.express.write({"free_over": True, "amount": 50.0})
        prices = {
            units: {key[1]: option["price"] for key, option in self.options(
                (self.apple, units), services=["home"]).items()}
            for units in (2, 4, 11)
        }  # fmt: skip
        self.assertEqual(prices[2], {"standard": 3.0, "express": 9.9})
        # No rule fits: the method is not there.
        self.assertEqual(prices[4], {"express": 9.9})
        self.assertEqual(prices[11], {"standard": 1.0, "express": 0.0})
        # The channel sells at prices of its own.
        found = self.options((self.apple, 2, {"unit_price": 30.0}), services=["home"])
        self.assertEqual(found["home", "express"]["price"], 0.0)

    def test_emissions(self):
        self.apple.weight = 2.0
        factor = self.env["oms.emission.factor"].create(
            {"name": "Van", "mode": "road", "wtt": 0.1, "ttw": 0.4, "source": "test"}
        )
        hub = self.env["oms.emission.factor"].create(
            {"name": "Hub", "mode": "hub", "ttw": 5.0, "source": "test"}
        )
        self.strategy.write({"emission_factor_id": factor.id, "hub_factor_id": hub.id})
        self.near.ships = False
        found = self.options((self.apple, 3))
        # 6 kg over the way at 0.5 kg per tonne-kilometer, and through the hub.
        way = kilometers(PARIS, ORLEANS)
        self.assertAlmostEqual(found["home", "standard"]["kg_co2e"], 0.006 * (way * 0.5 + 5.0), 2)
        self.assertAlmostEqual(found["collect", "NEAR"]["kg_co2e"], 0.006 * 5.0, 3)

    # === WHAT COMES LATER === #

    def test_dated_supply(self):
        day = fields.Datetime.now().replace(microsecond=0) + timedelta(days=10)
        self.make_open_move(self.berry, self.near, 100, day)
        found = self.options((self.berry, 60))
        home = found["home", "standard"]
        self.assertEqual((home["stock"], home["when_unknown"]), ("part", False))
        there, comes = home["parts"]
        self.assertEqual((there["site"], there["ready_at"]), ("FAR", None))
        self.assertEqual(comes["site"], "NEAR")
        self.assertEqual(comes["lines"][0]["quantity"], 10)
        self.assertEqual(comes["ready_at"], day.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertGreaterEqual(home["promised"], day.date().isoformat())
        self.assertEqual(home["parcels"], 2)
        self.assertLess(there["promised"], comes["promised"])
        # In the store all of it comes.
        near = found["collect", "NEAR"]
        self.assertEqual((near["stock"], near["when_unknown"]), ("none", False))
        self.assertEqual(near["parts"][0]["lines"][0]["quantity"], 60)

    def test_others_wait_for_supply(self):
        day = fields.Datetime.now() + timedelta(days=10)
        cherry = self.make_product("Cherry")
        self.make_order((cherry, 8))
        self.make_open_move(cherry, self.near, 10, day)
        found = self.options((cherry, 2), services=["home"])["home", "standard"]
        self.assertFalse(found["when_unknown"])
        found = self.options((cherry, 3), services=["home"])["home", "standard"]
        self.assertTrue(found["when_unknown"])
        self.assertIn("others wait", found["unknown"][0]["reason"])

    def test_at_a_moment_to_come(self):
        day = fields.Datetime.now() + timedelta(days=10)
        cherry = self.make_product("Cherry")
        self.make_open_move(cherry, self.near, 10, day)
        later = (day + timedelta(days=1)).isoformat(timespec="seconds") + "Z"
        option = self.options((cherry, 3), services=["home"], at=later)["home", "standard"]
        self.assertEqual(option["stock"], "all")
        self.assertGreater(option["promised"], day.date().isoformat())

    def test_what_is_bought_for_each_order_has_no_date(self):
        """Odoo delivers it by its route, whatever sites have of it."""
        route = self.env.ref("stock.route_warehouse0_mto")
        route.active = True
        own = self.make_product("Cherry")
        own.route_ids = route
        self.stock(own, (self.near, 50))
        self.assertFalse(self.make_order((own, 2), confirm=False).order_line._oms_is_orchestrated())
        for option in self.options((own, 2)).values():
            self.assertTrue(option["when_unknown"])
            self.assertEqual((option["parts"], option["promised"]), ([], None))
        answer = self.ask(("No such", 1), (self.berry, 1), (own, 2), services=["home"])
        for option in answer["options"]:
            self.assertEqual(self.plan_of(option), {("FAR", "Berry"): 1})
            # Lines are told by where they stand in the call, those that are wrong among them.
            self.assertEqual(option["parts"][0]["lines"][0]["line"], 1)
            [gap] = option["unknown"]
            self.assertEqual((gap["line"], gap["product"], gap["quantity"]), (2, "Cherry", 2))
            self.assertIn("bought or made", gap["reason"])
            self.assertTrue(option["token"])

    def test_at_a_moment_far_ahead(self):
        """Orders are promised for up to 90 days ahead, and stock is looked at for 180 days."""
        now = fields.Datetime.now()
        cherry = self.make_product("Cherry")
        self.make_open_move(cherry, self.near, 10, now + timedelta(days=10))
        self.make_open_move(cherry, self.near, 10, now + timedelta(days=120))
        self.make_open_move(cherry, self.near, 10, now + timedelta(days=200))
        later = (now + timedelta(days=80)).isoformat(timespec="seconds") + "Z"
        for units, stock, is_unknown in ((10, "all", False), (20, "part", False), (30, None, True)):
            found = self.options((cherry, units), services=["home"], at=later)
            option = found["home", "standard"]
            self.assertEqual(option["when_unknown"], is_unknown, units)
            self.assertIn(option["stock"], (stock, "part"))

    # === WHAT IS WRONG === #

    def test_lines_that_cannot_be(self):
        self.berry.sale_ok = False
        answer = self.ask(
            (self.apple, 1), ("No such", 1), (self.berry, 1), (self.apple, 0),
            (self.apple, 1e9), (self.apple, 0.001),
        )  # fmt: skip
        self.assertEqual(
            [line["error"] and (line["error"]["code"], line["error"]["field"])
             for line in answer["lines"]],
            [
                None,
                ("not_found", "lines.1.product"),
                ("not_sellable", "lines.2.product"),
                ("invalid", "lines.3.quantity"),
                ("invalid", "lines.4.quantity"),
                ("invalid", "lines.5.quantity"),
            ],
        )  # fmt: skip
        self.assertTrue(answer["options"])
        self.assertEqual(self.ask((self.apple, 0))["options"], [])

    def test_calls_that_cannot_be(self):
        past = (fields.Datetime.now() - timedelta(days=1)).isoformat(timespec="seconds")
        far = (fields.Datetime.now() + timedelta(days=400)).isoformat(timespec="seconds")
        self.assertRefused("invalid", "at", at=past)
        self.assertRefused("invalid", "at", at=far)
        self.assertRefused("invalid", "confidence", confidence=1.0)
        self.assertRefused("invalid", "services.0", services=["teleport"])
        with self.assertRaises(Exception) as caught:
            self.api.promise(lines=[], ship_to=self.destination)
        self.assertEqual((get_code(caught.exception), caught.exception.field), ("invalid", "lines"))

    def test_an_unknown_country(self):
        answer = self.ask((self.apple, 1), ship_to={"country": "Atlantis", "zip": "1"})
        wrong = {option["service"]: option["error"] for option in answer["options"]}
        self.assertEqual(wrong["home"]["code"], "unknown_country")
        self.assertEqual(wrong["home"]["field"], "ship_to.country")
        # Whoever comes to the store needs no address.
        self.assertIsNone(wrong["collect"])

    def test_an_unknown_postcode(self):
        iceland = self.env.ref("base.is")
        self.env["oms.geo.postcode"].create(
            {
                "country_id": iceland.id,
                "zip": "101",
                "latitude": 64.14,
                "longitude": -21.93,
            }
        )
        wrong = {"country": "IS", "zip": "999"}
        answer = self.ask((self.apple, 1), ship_to=wrong)
        errors = {option["service"]: option["error"] for option in answer["options"]}
        self.assertEqual(
            (errors["home"]["code"], errors["home"]["field"]), ("unknown_zip", "ship_to.zip")
        )
        self.assertIsNone(errors["collect"])
        # Where it is says enough; a postcode that is there says where it is.
        for right in (
            wrong | {"latitude": 64.1, "longitude": -21.9},
            {"country": "IS", "zip": "101"},
        ):
            found = self.options((self.apple, 1), ship_to=right)
            [part] = found["home", "standard"]["parts"]
            self.assertGreater(part["kilometers"], 2000)

    def test_settings_that_change_are_seen_at_once(self):
        self.assertEqual(self.options((self.apple, 1))["home", "standard"]["price"], 4.9)
        self.standard.fixed_price = 5.5
        self.near.ships = False
        self.middle.collects = False
        found = self.options((self.apple, 1))
        self.assertEqual(found["home", "standard"]["price"], 5.5)
        self.assertEqual(found["home", "standard"]["parts"][0]["site"], "MID")
        self.assertNotIn(("collect", "MID"), found)
        self.network.site_ids -= self.middle
        found = self.options((self.apple, 1))
        self.assertEqual(found["home", "standard"]["parts"][0]["site"], "FAR")

    def test_methods_and_stores_that_are_not_there(self):
        answer = self.ask(
            (self.apple, 1), methods=["standard", "pigeon"], sites=["MID", "FAR", "MOON"]
        )
        wrong = [
            (option["service"], option["method"] or option["site"], option["error"]["code"],
             option["error"]["field"])
            for option in answer["options"]
            if option["error"]
        ]  # fmt: skip
        self.assertEqual(
            wrong,
            [
                ("home", "pigeon", "not_found", "methods.1"),
                ("collect", "FAR", "not_found", "sites.1"),
                ("collect", "MOON", "not_found", "sites.2"),
            ],
        )
        right = {o["method"] or o["site"] for o in answer["options"] if not o["error"]}
        self.assertEqual(right, {"standard", "MID"})

    def test_only_sites_of_the_channel(self):
        elsewhere = self.make_site("Elsewhere", "ELSE", PARIS)
        elsewhere.collects = True
        self.stock(self.berry, (elsewhere, 500))
        answer = self.ask((self.berry, 60))
        self.assertNotIn("ELSE", str(answer))
        self.assertEqual(
            self.ask((self.berry, 1), sites=["ELSE"])["options"][0]["error"]["code"], "not_found"
        )

    def test_coordinates_go_together(self):
        for name in ("latitude", "longitude"):
            place = {"country": "FR", name: 2.0}
            with self.assertRaises(ApiError) as caught:
                self.ask((self.apple, 1), ship_to=place)
            self.assertEqual(
                (caught.exception.code, caught.exception.field), ("invalid", "ship_to")
            )
            self.assertIn("go together", str(caught.exception))
            given = self.given("H-1", [(self.apple, 1)])
            [answer] = self.place(given | {"ship_to": place})
            self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))
            self.assertEqual(answer["error"]["field"], "orders.0.ship_to")
            # Nothing is what many a client sends for what it does not know.
            self.assertTrue(self.ask((self.apple, 1), ship_to={"country": "FR", name: None}))
