"""What is promised is what is then sourced."""

import random
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.api.error import get_code

from ..common import LYON, MARSEILLE, ORLEANS, PARIS
from .common import PromiseCase


@tagged("post_install", "-at_install")
class TestPromisedOrders(PromiseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lyons = cls.make_site("Lyons", "LYON", LYON)
        cls.lyons.collects = True
        cls.network.site_ids += cls.lyons
        cls.sites += cls.lyons
        cls.cherry = cls.make_product("Cherry")
        cls.products = cls.apple + cls.berry + cls.cherry

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def test_each_company_has_codes_of_its_own(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        for company in self.env.company + sister:
            self.make_method("Courier", "courier", 5.0, company_id=company.id)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.make_method("Courier", "courier", 5.0, company_id=sister.id)

    def go_to(self, place):
        return self.destination | {"latitude": place[0], "longitude": place[1]}

    # === THE SAME AS SOURCED === #

    def test_random_baskets(self):
        rnd = random.Random(7)
        for product in self.products:
            self.stock(product, *((site, rnd.randint(1, 12)) for site in self.sites))
        strategies = self.strategy + self.strategy.copy(
            {"name": "Few parcels", "parcel_cost": 40.0, "unit_km_cost": 0.004}
        )
        for number in range(24):
            self.channel.strategy_id = strategies[number % 2]
            lines = [
                (product, rnd.randint(1, 5))
                for product in rnd.sample(list(self.products), rnd.randint(1, 3))
            ]
            place = rnd.choice([PARIS, LYON, ORLEANS, MARSEILLE])
            self.env.flush_all()
            found = self.options(*lines, ship_to=self.go_to(place))
            keys = sorted(key for key, option in found.items() if option["stock"] != "none")
            if not keys:
                continue
            key = rnd.choice(keys)
            option, reference = found[key], f"R-{number}"
            more = {"method": key[1]} if key[0] == "home" else {"collect_at": key[1]}
            if key[0] == "reserve":
                more["service"] = "reserve"
            if rnd.random() < 0.5:
                more = {"promise": option["token"]}
            [answer] = self.place(self.given(reference, lines, place, **more))
            self.assertPlaced(answer)
            order = self.find(reference)
            if key[0] == "reserve":
                self.assertEqual(self.kept(order), self.plan_of(option), f"{number}: {lines}")
                order.action_confirm()
            self.assertEqual(self.plan(order), self.plan_of(option), f"{number}: {key} {lines}")
            self.assertEqual(order.oms_service, key[0])
            if key[0] == "home":
                self.assertEqual(order.carrier_id.oms_code, key[1])
            self.assertBalanced(order)

    def kept(self, order):
        """Return what a store keeps for a quotation, as of :meth:`plan`."""
        quantities = {}
        for claim in order.order_line.oms_claim_ids:
            key = claim.site_id.code, claim.product_id.name
            quantities[key] = quantities.get(key, 0.0) + claim.quantity
        return quantities

    def test_a_promise_is_kept_though_a_better_plan_turns_up(self):
        self.stock(self.apple, (self.far, 5))
        option = self.options((self.apple, 5))["home", "standard"]
        self.stock(self.apple, (self.near, 50))
        more = {"promise": option["token"]}
        [answer] = self.place(self.given("K-1", [(self.apple, 5)], **more))
        self.assertPlaced(answer)
        order = self.find("K-1")
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 5})
        self.assertEqual(order.commitment_date.date().isoformat(), option["promised"])
        self.assertIn("promised", order.oms_decision_ids.note)
        self.assertGreater(order.oms_decision_ids.gap, 0)

    def test_what_is_gone_is_looked_for_elsewhere(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        option = self.options((self.apple, 5))["home", "standard"]
        self.make_order((self.apple, 3))
        [answer] = self.place(self.given("G-1", [(self.apple, 5)], promise=option["token"]))
        self.assertPlaced(answer)
        self.assertEqual(self.plan(self.find("G-1")), {("FAR", "Apple"): 5})

    # === HOLDS === #

    def test_held_against_strangers(self):
        self.stock(self.apple, (self.near, 3), (self.middle, 4), (self.far, 5))
        option = self.options((self.apple, 6))["home", "express"]
        self.env.flush_all()
        held = self.api.hold(promise=option["token"], minutes=20)
        self.assertEqual(
            {(hold["site"], hold["product"]): hold["quantity"] for hold in held["holds"]},
            self.plan_of(option),
        )
        # A stranger buys all that is left.
        self.make_order((self.apple, 6))
        [answer] = self.place(self.given("H-1", [(self.apple, 6)], promise=option["token"]))
        self.assertPlaced(answer)
        order = self.find("H-1")
        self.assertEqual(self.plan(order), self.plan_of(option))
        self.assertEqual((order.oms_state, order.carrier_id), ("sourced", self.express))

    def test_holds_that_are_refused(self):
        self.stock(self.apple, (self.near, 3))
        option = self.options((self.apple, 3))["home", "standard"]
        other = self.make_channel("Other", "TOTHER", user_ids=self.system.ids)
        for code, arguments in (
            ("invalid", {}),
            ("promise_other", {"promise": "x" * 40}),
            ("promise_other", {"promise": option["token"][:-8] + "AAAAAAAA"}),
            ("promise_other", {"promise": option["token"], "channel": other.code}),
        ):
            with self.assertRaises(Exception) as caught:
                self.api.hold(**{"channel": "TWEB", **arguments})
            self.assertEqual(get_code(caught.exception), code, arguments)

    # === ORDERS THAT ARE REFUSED OR PARKED === #

    def test_tokens_of_something_else(self):
        self.stock(self.apple, (self.near, 30))
        token = self.options((self.apple, 3))["home", "standard"]["token"]
        other = self.make_channel("Other", "TOTHER", user_ids=self.system.ids)
        theirs = self.ask((self.apple, 3), channel=other.code)["options"][0]["token"]
        lines = [(self.apple, 3)]
        elsewhere = self.given("T-4", lines, promise=token)
        elsewhere["ship_to"]["zip"] = "69001"
        self.env.flush_all()
        answers = self.api.place_orders(
            channel="TWEB",
            orders=[
                self.given("T-1", [(self.apple, 4)], promise=token),
                self.given("T-2", lines, promise=theirs),
                self.given("T-3", lines, promise=token, method="express"),
                elsewhere,
                self.given("T-5", lines, promise=token[:-6] + "AAAAAA"),
                self.given("T-6", lines, promise=token),
            ],
        )["orders"]
        self.assertEqual(
            [(answer["status"], answer["error"] and answer["error"]["code"]) for answer in answers],
            [("refused", "promise_other")] * 5 + [("placed", None)],
        )
        self.assertFalse(self.find("T-1"))

    def test_a_promise_that_has_ended(self):
        self.stock(self.apple, (self.near, 30))
        token = self.options((self.apple, 3))["home", "standard"]["token"]
        later = fields.Datetime.now() + timedelta(days=31)
        self.patch(fields.Datetime, "now", lambda *args: later)
        [answer] = self.place(self.given("E-1", [(self.apple, 3)], promise=token))
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "promise_ended"))
        with self.assertRaises(Exception) as caught:
            self.api.hold(promise=token)
        self.assertEqual(get_code(caught.exception), "promise_ended")

    def test_other_goods_in_hand_do_not_prolong_a_promise(self):
        self.stock(self.apple, (self.near, 30))
        self.stock(self.berry, (self.far, 5))
        token = self.options((self.apple, 3))["home", "standard"]["token"]
        self.env.flush_all()
        self.api.hold(promise=token, minutes=60)
        line = {"product": "Berry", "site": "FAR", "quantity": 1.0}
        [other] = self.api.hold(lines=[line], minutes=60)["holds"]
        later = fields.Datetime.now() + timedelta(days=31)
        self.patch(fields.Datetime, "now", lambda *args: later)
        given = self.given("O-1", [(self.apple, 3)], promise=token)
        [answer] = self.place({**given, "holds": [other["id"]]})
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "promise_ended"))
        [answer] = self.place(given)
        self.assertPlaced(answer)

    def test_sent_again_with_another_promise(self):
        self.stock(self.apple, (self.near, 30))
        token = self.options((self.apple, 3))["home", "standard"]["token"]
        [first] = self.place(self.given("A-1", [(self.apple, 3)], promise=token))
        [again] = self.place(self.given("A-1", [(self.apple, 3)]))
        self.assertEqual((first["status"], again["status"]), ("placed", "unchanged"))

    def test_unknown_methods_and_stores_wait(self):
        lines = [(self.apple, 1)]
        answers = self.place(
            self.given("U-1", lines, method="pigeon"),
            self.given("U-2", lines, collect_at="FAR"),
            self.given("U-3", lines, service="reserve", collect_at="MID"),
            self.given("U-4", lines, service="collect"),
            self.given("U-5", lines, service="relay", method="express"),
            self.given("U-6", lines, service="home", collect_at="NEAR"),
        )
        self.assertEqual(
            [(answer["status"], answer["error"]["code"]) for answer in answers],
            [
                ("parked", "unknown_method"),
                ("parked", "unknown_store"),
                ("parked", "unknown_store"),
                ("refused", "invalid"),
                ("refused", "invalid"),
                ("refused", "invalid"),
            ],
        )
        self.far.collects = True
        parked = self.env["oms.incoming.order"].search([("reference", "=", "U-2")])
        parked.action_retry()
        order = self.find("U-2")
        self.assertEqual((order.oms_service, order.oms_collect_site_id), ("collect", self.far))

    # === WHAT IS COLLECTED === #

    def test_collected_orders_ask_their_store_only(self):
        self.stock(self.apple, (self.near, 5), (self.far, 50))
        self.near.write({"ships": False, "max_kilometers": 1.0})
        lyon = self.given("C-1", [(self.apple, 9)], LYON, collect_at="NEAR")
        self.assertPlaced(self.place(lyon)[0])
        order = self.find("C-1")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5})
        self.assertEqual(order.oms_state, "partial")
        self.assertEqual(order.oms_fulfillment_ids.kilometers, 0)
        self.stock(self.apple, (self.near, 10))
        order._oms_take_up("stock")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 9})

    def test_orders_from_suppliers_ask_no_other(self):
        self.stock(self.apple, (self.near, 50))
        order = self.make_order((self.apple, 2), oms_service="drop_ship")
        self.assertEqual((order.oms_state, self.plan(order)), ("waiting", {}))
