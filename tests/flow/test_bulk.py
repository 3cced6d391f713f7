"""Many proposals are decided on at once, exactly and in few statements."""

from collections import Counter
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .flow_case import FlowCase

SENTENCE = "Not this one"
#: Statements for each further proposal. Odoo draws a name for each new reordering rule and looks
#: for the stock rules of its place; of a purchase it looks for the rule, taxes and accounts.
MOST_QUERIES = {"purchase": 8, "new level": 6, "level": 4, "undo": 1}


@tagged("post_install", "-at_install")
class TestBulk(FlowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.orchard = cls.make_partner("Orchard")
        cls.Point = cls.env["stock.warehouse.orderpoint"]

    def make_products(self, count):
        return self.env["product.product"].create(
            [
                {
                    "name": f"Fruit {number}",
                    "type": "consu",
                    "is_storable": True,
                    "seller_ids": [(0, 0, {"partner_id": self.orchard.id, "price": 2.0})],
                }
                for number in range(count)
            ]
        )

    def propose_levels(self, products, site=None, low=4.0, high=9.0, safety=3.0):
        return self.run_record._propose(
            [
                {
                    "kind": "level",
                    "product_id": product.id,
                    "site_id": (site or self.middle).id,
                    "quantity_proposed": high,
                    "gain": 1.0,
                    "explanation": {"facts": {"level": {"set": [low, high, safety]}}},
                }
                for product in products
            ]
        )

    def propose_purchases(self, products, quantity=12):
        return self.run_record._propose(
            [
                {
                    "kind": "purchase",
                    "product_id": product.id,
                    "supplier_id": self.orchard.id,
                    "site_id": self.near.id,
                    "quantity_proposed": quantity,
                    "gain": 1.0,
                }
                for product in products
            ]
        )

    def count(self, proposals, method="action_accept"):
        """Count statements by what they begin with."""
        self.env.flush_all()
        self.env.invalidate_all()
        with self.queries() as statements:
            getattr(proposals, method)()
        return Counter(" ".join(each.split())[:90] for each in statements)

    # === HOW MANY STATEMENTS === #

    def check_slope(self, kind, propose, method="action_accept"):
        few, many = propose(self.make_products(10)), propose(self.make_products(40))
        # What is asked for once is known by then.
        propose(self.make_products(3)).action_accept()
        if method != "action_accept":
            few.action_accept()
            many.action_accept()
        more = self.count(many, method)
        more.subtract(self.count(few, method))
        each = {text: number for text, number in more.items() if number >= 30}
        self.assertLess(sum(more.values()) / 30.0, MOST_QUERIES[kind], each)

    def test_levels_are_written_all_at_once(self):
        self.check_slope("new level", self.propose_levels)

    def test_levels_are_changed_all_at_once(self):
        def propose(products):
            self.propose_levels(products).action_accept()
            return self.propose_levels(products, high=19.0, safety=5.0)

        self.check_slope("level", propose)

    def test_levels_are_undone_all_at_once(self):
        self.check_slope("undo", self.propose_levels, "action_undo")

    def test_purchases_are_made_all_at_once(self):
        Rule = type(self.env["stock.rule"])
        run, calls = Rule.run, []

        def watched(records, procurements, raise_user_error=True):
            calls.append(len(procurements))
            return run(records, procurements, raise_user_error=raise_user_error)

        with patch.object(Rule, "run", watched):
            self.propose_purchases(self.make_products(5)).action_accept()
        self.assertEqual(calls, [5])
        self.check_slope("purchase", self.propose_purchases)

    # === ONE THAT FAILS === #

    def reasons(self, action):
        """Why proposals were left as they are, by what planners are told."""
        outcome = self.env[action["res_model"]].browse(action["res_id"])
        return {line.proposal_id: line.reason for line in outcome.line_ids}

    def test_a_level_that_cannot_be_written_does_not_sink_the_others(self):
        products = self.make_products(5)
        proposals = self.propose_levels(products)
        wrong = proposals[2]
        Safety = type(self.env["oms.safety.stock"])
        create = Safety.create

        def fail(records, vals_list):
            if any(vals["product_id"] == wrong.product_id.id for vals in vals_list):
                raise UserError(SENTENCE)
            return create(records, vals_list)

        with patch.object(Safety, "create", fail):
            told = proposals.action_accept()
        self.assertEqual(wrong.state, "proposed")
        self.assertEqual(set((proposals - wrong).mapped("state")), {"done"})
        self.assertEqual(self.reasons(told), {wrong: SENTENCE})
        rules = self.Point.search([("product_id", "in", products.ids)])
        self.assertEqual(rules.product_id, products - wrong.product_id)

    def test_a_purchase_that_cannot_be_made_does_not_sink_the_others(self):
        products = self.make_products(6)
        proposals = self.propose_purchases(products)
        nobody, elsewhere, wrong = proposals[1], proposals[3], proposals[4]
        nobody.product_id.seller_ids.unlink()
        # A route of its own, which makes the goods come from somewhere else.
        elsewhere.product_id.route_ids = self.env["stock.route"].create(
            {
                "name": "From afar",
                "sequence": 0,
                "product_selectable": True,
                "rule_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "From afar",
                            "action": "pull",
                            "location_src_id": self.far.warehouse_id.lot_stock_id.id,
                            "location_dest_id": self.near.warehouse_id.lot_stock_id.id,
                            "picking_type_id": self.near.warehouse_id.int_type_id.id,
                            "procure_method": "make_to_stock",
                        },
                    )
                ],
            }
        )
        Line = type(self.env["purchase.order.line"])
        create = Line.create

        def fail(records, vals_list):
            if any(vals["product_id"] == wrong.product_id.id for vals in vals_list):
                raise UserError(SENTENCE)
            return create(records, vals_list)

        with patch.object(Line, "create", fail):
            told = proposals.action_accept()
        refused = nobody + wrong
        reasons = self.reasons(told)
        self.assertEqual(reasons[wrong], SENTENCE)
        self.assertIn("has no price of Orchard", reasons[nobody])
        if elsewhere.state == "proposed":
            refused += elsewhere
            self.assertFalse(
                self.env["stock.move"].search([("product_id", "=", elsewhere.product_id.id)])
            )
        self.assertEqual(set(refused.mapped("state")), {"proposed"})
        done = proposals - refused
        self.assertEqual(set(done.mapped("state")), {"accepted"})
        self.assertEqual(set(done.purchase_line_ids.mapped("product_qty")), {12})
        self.assertEqual(len(done.purchase_line_ids.order_id), 1, "one request of one supplier")
        self.assertFalse(refused.purchase_line_ids)

    # === UNDO === #

    def test_levels_come_back_as_they_were(self):
        products = self.make_products(3)
        place = self.middle.warehouse_id.lot_stock_id
        kept, archived = self.Point.create(
            [
                {
                    "product_id": product.id,
                    "location_id": place.id,
                    "warehouse_id": self.middle.warehouse_id.id,
                    "product_min_qty": number,
                    "product_max_qty": 50 + number,
                    "trigger": "auto",
                    "active": number == 1,
                }
                for number, product in enumerate(products[:2], 1)
            ]
        )
        proposals = self.propose_levels(products)
        proposals.action_accept()
        self.assertEqual((kept + archived).mapped("product_min_qty"), [4, 4])
        self.assertTrue(archived.active)
        proposals.action_undo()
        self.assertEqual((kept + archived).mapped("product_min_qty"), [1, 2])
        self.assertEqual((kept + archived).mapped("product_max_qty"), [51, 52])
        self.assertEqual((kept + archived).mapped("trigger"), ["auto", "auto"])
        self.assertEqual((kept + archived).mapped("active"), [True, False])
        found = self.Point.with_context(active_test=False).search(
            [("product_id", "in", products.ids)]
        )
        self.assertEqual(found, kept + archived)
        self.assertFalse(self.env["oms.safety.stock"].search([("product_id", "in", products.ids)]))

    def test_levels_that_people_changed_stay(self):
        changes = {
            "archived": lambda rule: rule.write({"active": False}),
            "numbers": lambda rule: rule.write({"product_max_qty": 99}),
            "orders by itself": lambda rule: rule.write({"trigger": "auto"}),
            "deleted": lambda rule: rule.unlink(),
        }
        products = self.make_products(len(changes))
        proposals = self.propose_levels(products)
        proposals.action_accept()
        for proposal, (name, change) in zip(proposals, changes.items(), strict=True):
            change(self.Point.search([("product_id", "=", proposal.product_id.id)]))
            with self.subTest(name), self.assertRaisesRegex(UserError, "meanwhile"):
                proposal.action_undo()
            self.assertEqual(proposal.state, "done")

    def test_safety_stock_that_people_changed_stays(self):
        proposal = self.propose_levels(self.make_products(1))
        proposal.action_accept()
        rule = self.env["oms.safety.stock"].search([("product_id", "=", proposal.product_id.id)])
        rule.active = False
        with self.assertRaisesRegex(UserError, "safety stock"):
            proposal.action_undo()
        self.assertTrue(self.Point.search([("product_id", "=", proposal.product_id.id)]))
        rule.active = True
        proposal.action_undo()
        self.assertFalse(rule.exists())

    def test_safety_stock_that_is_not_held_is_left_alone(self):
        [product] = self.make_products(1)
        proposal = self.propose_levels(product, safety=None)
        rule = self.env["oms.safety.stock"].create(
            {"product_id": product.id, "site_id": self.middle.id, "quantity": 7}
        )
        proposal.action_accept()
        self.assertEqual(rule.quantity, 7)
        proposal.action_undo()
        self.assertEqual(rule.quantity, 7)

    def test_requests_that_the_buyer_changed_or_sent_stay(self):
        first, second, third = self.propose_purchases(self.make_products(3))
        (first + second + third).action_accept()
        order = first.purchase_line_ids.order_id
        self.assertEqual(order, second.purchase_line_ids.order_id)
        first.purchase_line_ids.product_qty = 20
        with self.assertRaisesRegex(UserError, "changed to 20"):
            first.action_undo()
        self.assertEqual(first.state, "accepted")
        second.action_undo()
        self.assertEqual(second.state, "undone")
        self.assertEqual(order.order_line.oms_proposal_id, first + third, "only its own line")
        order.state = "sent"
        with self.assertRaisesRegex(UserError, "Orchard has got"):
            third.action_undo()
        order.state = "draft"
        first.purchase_line_ids.product_qty = 12
        (first + third).action_undo()
        self.assertEqual(order.state, "cancel")
