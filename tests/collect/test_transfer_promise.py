from odoo import fields
from odoo.tests import tagged

from ..promise.common import PromiseCase


@tagged("post_install", "-at_install")
class TestTransferPromise(PromiseCase):
    """The store has 5 apples, the site in the middle 5, the far one 50 and all of the berries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.near
        cls.store.ship_to_store = True
        cls.stock(cls.apple, (cls.near, 5), (cls.middle, 5), (cls.far, 50))
        cls.stock(cls.berry, (cls.far, 50))
        cls.here = {"latitude": cls.near.latitude, "longitude": cls.near.longitude}

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def collect(self, *lines, **arguments):
        return self.options(*lines, services=["collect"], **arguments)["collect", "NEAR"]

    def sent_from(self, option):
        return [part["sent_from"] for part in option["parts"]]

    # === PROMISED === #

    def test_what_the_store_has_is_not_sent(self):
        option = self.collect((self.apple, 5))
        self.assertEqual((option["stock"], self.sent_from(option)), ("all", [[]]))

    def test_the_rest_is_sent_there_first(self):
        option = self.collect((self.apple, 8))
        self.assertEqual((option["stock"], option["when_unknown"]), ("part", False))
        self.assertEqual(self.sent_from(option), [[], ["MID"]])
        own, sent = option["parts"]
        self.assertEqual((own["site"], own["lines"][0]["quantity"]), ("NEAR", 5))
        self.assertEqual((sent["site"], sent["lines"][0]["quantity"]), ("NEAR", 3))
        self.assertFalse(own["ready_at"])
        self.assertGreater(sent["ready_at"][:10], str(fields.Date.today()))
        self.assertEqual(option["promised"], sent["promised"])
        self.assertGreater(sent["promised"], own["promised"])

    def test_all_of_it_is_sent(self):
        option = self.collect((self.berry, 2))
        self.assertEqual((option["stock"], self.sent_from(option)), ("none", [["FAR"]]))
        self.assertTrue(option["promised"])

    def test_from_several_sites(self):
        self.stock(self.apple, (self.far, -48))
        option = self.collect((self.apple, 12))
        self.assertEqual(self.sent_from(option), [[], ["MID", "FAR"]])
        self.assertFalse(option["unknown"])

    def test_more_than_there_is(self):
        option = self.collect((self.apple, 100))
        self.assertTrue(option["when_unknown"])
        self.assertEqual(option["unknown"][0]["quantity"], 40)

    def test_only_where_the_store_gets_goods_and_only_to_collect(self):
        found = self.options((self.apple, 8), services=["collect", "reserve"])
        self.assertFalse(found["collect", "NEAR"]["when_unknown"])
        self.assertTrue(found["collect", "MID"]["when_unknown"])
        self.assertTrue(found["reserve", "NEAR"]["when_unknown"])
        self.store.ship_to_store = False
        self.assertTrue(self.collect((self.apple, 8))["when_unknown"])

    def test_not_to_a_store_that_is_closed(self):
        self.env["oms.site.offline"].create({"site_id": self.store.id, "reason": "Flooded"})
        found = self.options((self.apple, 8), services=["collect"])
        self.assertNotIn(("collect", "NEAR"), found)

    def test_shares_bind_both(self):
        """Of the channel's seven the store gives five itself."""
        self.env["oms.allocation"].create(
            {
                "channel_id": self.channel.id,
                "kind": "capped",
                "product_id": self.apple.id,
                "amount": 7,
            }
        )
        self.env.flush_all()
        found = self.options((self.apple, 8))
        self.assertEqual(sum(e["quantity"] for e in found["home", "standard"]["unknown"]), 1)
        self.assertEqual(sum(e["quantity"] for e in found["collect", "NEAR"]["unknown"]), 1)

    # === PLACED === #

    def parts(self, order):
        there = order.oms_fulfillment_ids.filtered(lambda f: f.site_id == self.store)
        return there, order.oms_fulfillment_ids - there

    def test_what_was_promised_is_placed(self):
        """From the sites that were promised, though another would be chosen by now."""
        option = self.collect((self.apple, 8))
        self.stock(self.apple, (self.middle, 20))
        nearer = self.make_site("Nearer", "NEARER", (48.85, 2.36))
        self.network.site_ids += nearer
        self.stock(self.apple, (nearer, 50))
        [answer] = self.place(self.given("A", [(self.apple, 8)], promise=option["token"]))
        self.assertPlaced(answer)
        there, sent = self.parts(self.find("A"))
        self.assertEqual((sent.site_id, sent.line_ids.quantity), (self.middle, 3))
        self.assertEqual(there.line_ids.quantity, 8)
        promise = self.find("A").oms_promise_ids
        self.assertEqual(str(promise.promised_date), option["promised"])

    def test_told_and_placed_alike(self):
        """An order without a token comes to the same day."""
        option = self.collect((self.apple, 8))
        given = self.given("B", [(self.apple, 8)], service="collect", collect_at="NEAR")
        [answer] = self.place(given)
        self.assertPlaced(answer)
        order = self.find("B")
        there, sent = self.parts(order)
        dates = there._get_lead_dates(fields.Datetime.now())
        self.assertEqual(sent.site_id, self.middle)
        self.assertEqual(str(dates[there].promised), option["promised"])

    def test_what_was_held_is_sent(self):
        option = self.collect((self.apple, 8))
        held = self.api.hold(promise=option["token"])["holds"]
        self.assertEqual(
            {(hold["site"], hold["quantity"]) for hold in held}, {("NEAR", 5.0), ("MID", 3.0)}
        )
        self.env.invalidate_all()
        [answer] = self.place(self.given("C", [(self.apple, 8)], promise=option["token"]))
        self.assertPlaced(answer)
        there, sent = self.parts(self.find("C"))
        self.assertEqual((sent.transfer_for_id, sent.site_id), (there, self.middle))
        self.assertAlmostEqual(sent.kilometers, 111, delta=10)

    # === STORES NEAR A PLACE === #

    def site(self, *lines):
        given = [{"product": p.default_code, "quantity": float(q)} for p, q in lines]
        answer = self.api.pickup_sites(near=self.here, lines=given)
        return next(site for site in answer["sites"] if site["site"] == "NEAR")

    def test_told_near_a_place(self):
        site = self.site((self.apple, 8), (self.apple, 4), (self.berry, 1))
        self.assertEqual([line["available"] for line in site["lines"]], [5, 0, 0])
        self.assertEqual([line["can_be_sent"] for line in site["lines"]], [3, 4, 1])
        self.assertEqual((site["complete"], site["complete_later"]), (False, True))
        site = self.site((self.apple, 61))
        self.assertEqual(site["lines"][0]["can_be_sent"], 55)
        self.assertEqual((site["complete"], site["complete_later"]), (False, False))
        self.store.ship_to_store = False
        site = self.site((self.apple, 8))
        self.assertEqual(site["lines"][0]["can_be_sent"], 0)
        self.assertFalse(site["complete_later"])
