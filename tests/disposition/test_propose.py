import math

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DispositionCase


def reached(number, mean):
    """Probability that a Poisson demand is at least so many units."""
    return 1.0 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(number))


@tagged("-at_install", "post_install")
class TestPropose(DispositionCase):
    """What is proposed is best by the numbers, and says why."""

    def test_goods_go_where_they_are_worth_most(self):
        """Far sells ten in ten weeks and has none; near sells one and has forty-nine."""
        self.make_sold_singly(self.apple, self.far, 10)
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        self.assertEqual((found.kind, found.target_site_id), ("send", self.far))
        self.assertEqual(found.state, "proposed")
        # The newsvendor's value of the first unit: demand of 100 days at 10 in 70 days.
        chance = reached(1, 100 * 10 / 70)
        costs = 0.5 + 0.5 + 1.0
        self.assertAlmostEqual(found.unit_value, 10.0 * chance - costs, 2)
        options = found.option_ids.grouped("kind")
        self.assertAlmostEqual(options["sell"].earning, 0.0, 2)
        self.assertAlmostEqual(options["scrap"].value, -0.25, 2)
        self.assertEqual(options["send"].verdict, "chosen")
        self.assertIn("Send to Far", found.why)
        self.assertAlmostEqual(found.gain, found.unit_value + 0.25, 2)

    def test_goods_stay_where_they_sell(self):
        self.empty(self.apple, self.near)
        self.stock(self.apple, (self.near, 1))
        self.make_sold(self.apple, self.near, 10)
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        self.assertEqual(found.kind, "sell")
        self.assertFalse(found.target_site_id)

    def test_the_second_unit_is_worth_less(self):
        """Two sites that sell a few share what comes, though each unit alone would go to one."""
        self.make_sold(self.apple, self.far, 2)
        self.make_sold(self.apple, self.middle, 2)
        found = self.bring_back(self.apple, 4, self.grade_a).disposition_ids
        self.assertEqual(
            {each.target_site_id: each.quantity for each in found}, {self.far: 2, self.middle: 2}
        )
        self.assertEqual(sum(found.mapped("quantity")), 4)

    def test_opened_goods_are_sold_by_stores_only(self):
        self.make_sold_singly(self.apple, self.far, 10)
        self.make_sold_singly(self.apple, self.middle, 10)
        self.middle.sells_marked_down = True
        found = self.bring_back(self.apple, 1, self.grade_b).disposition_ids
        self.assertEqual((found.kind, found.target_site_id), ("send", self.middle))
        self.assertNotIn(self.far, found.option_ids.site_id)
        option = found.option_ids.filtered(lambda each: each.kind == "send")
        # 15 % off, at four fifths of the pace.
        self.assertAlmostEqual(option.earning, 8.5 * reached(1, 0.8 * 100 * 10 / 70), 2)

    def test_refurbishing(self):
        self.make_sold(self.apple, self.far, 10)
        self.far.refurbishes = True
        found = self.bring_back(self.apple, 1, self.grade_b).disposition_ids
        self.assertEqual((found.kind, found.target_site_id), ("refurbish", self.far))
        self.assertEqual(found.result_grade_id, self.grade_a)
        costs = dict(found.option_ids.filtered(lambda each: each.kind == "refurbish").costs)
        self.assertAlmostEqual(costs["refurbish"], 0.5)
        self.assertAlmostEqual(costs["failure"], 0.5)

    def test_suppliers_and_donations(self):
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.make_partner("Grower").id,
                "product_tmpl_id": self.apple.product_tmpl_id.id,
                "price": 6.0,
                "oms_return_percent": 50,
            }
        )
        self.terms.write({"donates": True, "donation_percent": 50})
        self.apple.standard_price = 2.0
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        values = {option.kind: option.value for option in found.option_ids}
        self.assertAlmostEqual(values["supplier"], 3.0 - 0.5 - 1.0)
        self.assertAlmostEqual(values["donate"], 1.0 - 0.5)
        self.assertEqual(found.kind, "supplier")

    def test_broken_goods_are_scrapped(self):
        found = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        self.assertEqual(found.kind, "scrap")

    def test_what_is_on_its_way_counts(self):
        """Goods that were sent there before are sold before."""
        self.make_sold_singly(self.apple, self.far, 2)
        first = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        first.action_accept()
        second = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        option = second.option_ids.filtered(lambda each: each.site_id == self.far)
        self.assertAlmostEqual(option.earning, 10.0 * reached(2, 100 * 2 / 70), 2)

    def test_rules(self):
        self.make_sold(self.apple, self.far, 10)
        Rule = self.env["oms.disposition.rule"]
        Rule.create({"name": "Stay", "effect": "never", "kind": "send"})
        item = self.bring_back(self.apple, 1, self.grade_a)
        self.assertNotEqual(item.disposition_ids.kind, "send")
        Rule.create(
            {
                "name": "Only broken ones",
                "effect": "always",
                "kind": "scrap",
                "grade_ids": [(6, 0, self.grade_d.ids)],
            }
        )
        always = Rule.create({"name": "Here", "effect": "always", "kind": "sell"})
        always.price_below = 5
        item._propose_dispositions()
        self.assertEqual(item.disposition_ids.kind, "scrap")
        always.price_below = 20
        item._propose_dispositions()
        self.assertEqual(item.disposition_ids.kind, "sell")
        self.assertEqual(item.disposition_ids.option_ids.mapped("kind"), ["sell"])

    def test_rules_that_need_no_person(self):
        rule = self.env["oms.disposition.rule"].create(
            {"name": "By itself", "effect": "accept", "kind": "scrap"}
        )
        self.assertEqual(self.bring_back(self.apple, 1, self.grade_d).disposition_ids.state, "done")
        rule.site_ids = self.far
        found = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        self.assertEqual(found.state, "proposed")

    def test_what_cannot_be_done_by_itself_waits_for_a_person(self):
        self.env["oms.disposition.rule"].create({"name": "By itself", "effect": "accept"})
        item = self.bring_back(self.apple, 1, self.grade_d)
        self.assertEqual(item.disposition_ids.state, "done")
        order = self.deliver((self.apple, 1))
        record = self.ask(order, (self.apple, 1))
        item = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        self.env["stock.quant"]._update_available_quantity(self.apple, item._get_location(), -1)
        record._inspect([{"item_id": item.id, "grade_id": self.grade_d.id}])
        self.assertEqual(item.disposition_ids.state, "proposed")
        self.assertIn("are left in", str(item.disposition_ids.message_ids.mapped("body")))

    def test_room(self):
        self.make_sold(self.apple, self.far, 10)
        self.far.return_room = 1
        found = self.bring_back(self.apple, 3, self.grade_a).disposition_ids
        sent = found.filtered(lambda each: each.kind == "send")
        self.assertEqual(sent.quantity, 1)
        kept = found - sent
        verdicts = {(o.kind, o.site_id): o.verdict for o in kept.option_ids}
        self.assertEqual(verdicts["send", self.far], "other")

    def test_a_lane_says_what_the_way_costs(self):
        self.make_sold(self.apple, self.far, 10)
        lane = self.env["oms.lane"].create(
            {
                "origin_id": self.near.id,
                "site_id": self.far.id,
                "days": 2,
                "shipment_cost": 1.5,
                "kg_cost": 0.25,
                "unit_cost": 0.1,
            }
        )
        item = self.bring_back(self.apple, 1, self.grade_a)
        option = item.disposition_ids.option_ids.filtered(lambda each: each.kind == "send")
        self.assertAlmostEqual(option.cost, 1.5 + 0.25 + 0.1)
        lane.allowed = False
        item._propose_dispositions()
        self.assertNotIn("send", item.disposition_ids.option_ids.mapped("kind"))

    def test_nothing_is_proposed_without_a_grade(self):
        order = self.deliver((self.apple, 1))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        self.assertFalse(items.disposition_ids)

    def test_without_a_policy(self):
        self.env["oms.disposition.policy"].search([]).active = False
        item = self.bring_back(self.apple, 1, self.grade_a)
        self.assertEqual((item.state, item.return_id.state), ("inspected", "closed"))
        self.assertFalse(item.disposition_ids)
        self.assertIn("make a policy", str(item.return_id.message_ids.mapped("body")))
        with self.assertRaisesRegex(UserError, "make a policy"):
            item._propose_dispositions()

    def test_roles(self):
        clerk = self.make_user("dispo clerk", "oms.group_site_operator")
        found = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        with self.assertRaises(AccessError):
            found.with_user(clerk).action_accept()
        self.near.user_ids = clerk
        mine = found.with_user(clerk)
        self.assertEqual(mine.option_ids.filtered(lambda o: o.verdict == "chosen").kind, "scrap")
        with self.assertRaises(AccessError):
            mine.kind = "sell"
        mine.action_accept()
        self.assertEqual((found.state, found.decided_by_id), ("done", clerk))
        outsider = self.make_user("dispo outsider", "base.group_user")
        with self.assertRaises(AccessError):
            found.with_user(outsider).read(["kind"])

    def test_only_who_works_where_the_goods_lie_decides(self):
        self.make_sold(self.apple, self.far, 20)
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        self.assertEqual((found.site_id, found.target_site_id), (self.near, self.far))
        clerk = self.make_user("dispo far clerk", "oms.group_site_operator")
        self.far.user_ids = clerk
        theirs = found.with_user(clerk)
        self.assertEqual(theirs.kind, "send", "what is to come is seen")
        for name in ("action_accept", "action_override", "action_propose"):
            with self.subTest(name=name), self.assertRaisesRegex(AccessError, "work there"):
                getattr(theirs, name)()
        self.near.user_ids = clerk
        theirs.action_accept()
        self.assertEqual(found.state, "under_way")

    def test_goods_that_were_not_accepted_wait_for_a_person(self):
        self.env["oms.disposition.rule"].create({"name": "By itself", "effect": "accept"})
        record = self.ask(self.deliver((self.apple, 2)), (self.apple, 2))
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}] * 2)
        record._inspect(
            [
                {"item_id": item.id, "grade_id": self.grade_d.id, "accepted": accepted}
                for item, accepted in zip(items, (True, False), strict=True)
            ]
        )
        self.assertEqual(items.disposition_ids.mapped("state"), ["done", "proposed"])
