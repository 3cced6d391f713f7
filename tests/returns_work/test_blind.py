from odoo.exceptions import UserError
from odoo.tests import tagged

from .case import ReceiptCase


@tagged("post_install", "-at_install")
class TestBlind(ReceiptCase):
    """Goods that come without a word."""

    def setUp(self):
        super().setUp()
        self.order = self.deliver((self.apple, 3), (self.berry, 1))
        self.place = self.near._get_return_location()

    def give_back(self, order, quantity=1):
        """Take goods of an order in at the screen that nobody announced, graded as new."""
        blind = self.begin(f"give-back-{order.id}", order=order)
        self.scan(blind, self.apple, quantity)
        self.grade(blind, self.apple, "A")
        answer = self.do(blind, "done", expect="warning")
        return blind, answer["message"]

    def test_what_could_not_have_been_announced_waits_for_somebody(self):
        """Goods that are there are taken in; what the customer gets for them a person decides."""
        late, excluded, refunded = (self.deliver((self.apple, 2)) for _number in range(3))
        self.shipped_ago(late, 31)
        blind, message = self.give_back(late)
        self.assertIn("could be returned until", message)
        self.assertEqual((blind.state, blind.amount_settled), ("inspected", 0))
        self.assertIn("could be returned until", blind.settle_error)
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_settle_returns").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((blind.state, blind.amount_settled), ("inspected", 0), "no job decides")
        blind.action_settle()
        self.assertEqual((blind.state, blind.amount_settled), ("closed", 10))

        refunded._oms_invoice_shipped()
        refunded._oms_credit({refunded.order_line: 2})
        blind, message = self.give_back(refunded)
        self.assertIn("was refunded already", message)
        self.assertFalse(blind.amount_settled)

        self.policy.rule_ids = [
            (0, 0, {"product_id": self.apple.id, "returnable": False, "reason": "Worn is worn."})
        ]
        blind, message = self.give_back(excluded)
        self.assertIn("Worn is worn.", message)
        self.assertEqual(excluded.order_line.qty_delivered, 1, "nothing is lost")
        blind.action_give_nothing()
        self.assertEqual((blind.state, blind.amount_settled), ("closed", 0))
        self.assertFalse(blind.item_ids.accepted)
        with self.assertRaisesRegex(UserError, "Nothing of this waits"):
            blind.action_give_nothing()

    def test_matched_after_the_period(self):
        order = self.deliver((self.apple, 2))
        self.shipped_ago(order, 31)
        blind = self.begin()
        self.do(blind, "item", barcode=self.apple.barcode)
        self.do(blind, "done", expect="ok")
        blind._match_order(order)
        blind.action_accept_all()
        self.assertEqual((blind.state, blind.amount_settled), ("inspected", 0))
        self.assertIn("could be returned until", blind.settle_error)

    def test_of_an_order_that_is_known(self):
        back = self.begin(order=self.order)
        self.assertEqual(
            (back.origin, back.state, back.partner_id, back.site_id, back.policy_id),
            ("blind", "authorized", self.customer, self.near, self.policy),
        )
        self.assertEqual(self.rows(back), {"Apple": (0, 0, 3), "Berry": (0, 0, 1)})
        self.scan(back, self.apple, 2)
        self.scan(back, self.berry)
        self.scan(back, self.berry, expect="refused")
        self.scan(back, self.cheese, expect="refused")
        self.do(back, "done")
        self.assertEqual(self.came(back), [("Apple", 2, "", True), ("Berry", 1, "", True)])
        self.assertEqual(back.state, "received")
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [1, 0])
        again = self.begin("another-key", order=self.order)
        self.assertEqual(self.rows(again)["Apple"], (0, 0, 1))
        self.scan(again, self.apple, 2, expect="refused")

    def test_all_without_a_connection(self):
        """The device names the return itself; all of it arrives in one go, and once."""
        line = self.line_of(self.order, self.apple)
        key = "made-by-the-device"
        goods = {"sale_line_id": line.id, "product_id": self.apple.id}
        told = [
            self.operation(key, "receive", order_id=self.order.id),
            self.operation(key, "item", quantity=2, **goods),
            self.operation(key, "grade", quantity=2, grade_id=self.grades["A"].id, **goods),
            self.operation(key, "done"),
        ]
        answers = self.work().apply(told)
        self.assertEqual([answer["outcome"] for answer in answers], ["ok"] * 4)
        self.assertEqual([bool(answer["detail"]) for answer in answers], [False] * 3 + [True])
        self.assertEqual(answers[3]["detail"]["key"], key)
        back = self.env["oms.return"].search([("receipt_key", "=", key)])
        self.assertEqual(self.came(back), [("Apple", 2, "A", True)])
        answers = self.work().apply(told)
        self.assertEqual([answer["outcome"] for answer in answers], ["repeated"] * 4)
        self.assertEqual(len(self.env["oms.return"].search([("order_id", "=", self.order.id)])), 1)
        self.assertEqual(self.detail(key)["id"], back.id)

    def test_begun_again_under_its_key_is_the_same(self):
        back = self.begin(order=self.order)
        self.do(back.receipt_key, "receive", order_id=self.order.id)
        self.assertEqual(self.order.oms_return_ids, back)

    def test_matched_when_somebody_knows_more(self):
        """Goods without an order are counted; then the order is found, and takes what is its."""
        grace = self.make_partner("Grace Hopper")
        other = self.deliver((self.apple, 9), partner_id=grace.id)
        back = self.begin()
        self.assertFalse(back.order_id)
        self.scan(back, self.apple, 4)
        self.scan(back, self.berry)
        self.scan(back, self.cheese)
        found = self.work().find_orders(self.near.id, back.id, "lovelace")
        self.assertEqual([each["order"] for each in found["orders"]], [self.order.name])
        orders = [e["order"] for e in self.work().find_orders(self.near.id, back.id)["orders"]]
        self.assertCountEqual(orders, [self.order.name, other.name])
        answer = self.do(back, "match", order_id=self.order.id, expect="warning")
        self.assertIn("Not of this order", answer["message"])
        self.assertIn("Cheese", answer["message"])
        rows = [
            (row["product"]["code"], row["received"], row["is_other"])
            for row in answer["detail"]["lines"]
        ]
        self.assertCountEqual(
            rows,
            [("Apple", 3, False), ("Berry", 1, False), ("Apple", 1, True), ("Cheese", 1, True)],
        )
        self.assertEqual((back.partner_id, back.channel_id), (self.customer, self.channel))
        self.do(back, "done", expect="warning")
        self.assertEqual(
            self.came(back),
            [
                ("Apple", 1, "", False),
                ("Apple", 3, "", True),
                ("Berry", 1, "", True),
                ("Cheese", 1, "", False),
            ],
        )
        self.assertEqual(self.at(self.apple, self.place), 4)
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [0, 0])

    def test_matched_by_a_serial_number(self):
        watch = self.make_product("Watch", tracking="serial")
        mine, other = self.make_serials(watch, "W-1", "W-2")
        order = self.deliver_lots(watch, mine)
        self.deliver_lots(watch, other)
        back = self.begin()
        self.do(back, "item", barcode="W-1")
        [candidate] = self.work().find_orders(self.near.id, back.id)["orders"]
        self.assertEqual(candidate["order"], order.name)
        self.assertTrue(candidate["is_certain"])
        self.do(back, "match", order_id=order.id)
        self.do(back, "done")
        self.assertEqual(back.item_ids.lot_id, mine)
        self.assertTrue(back.item_ids.accepted)

    def test_of_nobody_is_kept_and_nothing_is_paid(self):
        back = self.begin()
        self.scan(back, self.apple)
        answer = self.do(back, "done")
        self.assertIn("looks for the order", answer["message"])
        self.assertEqual(self.came(back), [("Apple", 1, "", False)])
        self.assertEqual(self.at(self.apple, self.place), 1)
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [3, 1])

    def test_matched_when_it_lies_in_stock_already(self):
        """Goods of nobody are booked and graded; days later the order is found, and they end."""
        back = self.begin()
        self.scan(back, self.apple, 2)
        self.scan(back, self.cheese)
        self.grade(back, self.apple, "A")
        self.grade(back, self.cheese, "D")
        self.do(back, "done")
        self.assertEqual(back.state, "inspected")
        work = self.work().get_returns(self.near.id, {"state": "unmatched"})
        self.assertEqual([card["id"] for card in work["cards"]], [back.id])
        self.assertEqual(self.work().get_sites()[0]["counts"]["returns"], 1)
        self.assertTrue(self.detail(back)["actions"]["match"])
        found = self.work().find_orders(self.near.id, back.id)
        self.assertIn(self.order.name, [each["order"] for each in found["orders"]])
        answer = self.do(back, "match", order_id=self.order.id, expect="warning")
        self.assertIn("Cheese", answer["message"])
        self.assertEqual(self.came(back), [("Apple", 2, "A", True), ("Cheese", 1, "D", False)])
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [1, 1])
        self.assertEqual(back.line_ids.quantity_accepted, 2)
        self.assertEqual(self.work().get_sites()[0]["counts"]["returns"], 0)

    def test_more_in_stock_than_the_order_had(self):
        back = self.begin()
        self.scan(back, self.apple, 4)
        self.do(back, "done")
        self.do(back, "match", order_id=self.order.id, expect="refused")
        self.assertEqual(self.came(back), [("Apple", 4, "", False)])
        self.assertEqual(self.order.order_line.mapped("qty_delivered"), [3, 1])

    def test_matched_to_what_it_cannot_be(self):
        back = self.begin()
        self.scan(back, self.apple)
        draft = self.make_order((self.apple, 1), confirm=False)
        company = self.env["res.company"].create({"name": "Other company"})
        site = self.make_site("Other", "OTH", company=company)
        foreign = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": company.id,
                "warehouse_id": site.warehouse_id.id,
            }
        )
        for order_id in (draft.id, foreign.id, None, "x", 2**31 - 1):
            self.do(back, "match", order_id=order_id, expect="refused")
        known = self.begin("another-key", order=self.order)
        other = self.deliver((self.apple, 1))
        self.do(known, "match", order_id=other.id, expect="refused")
        self.do(known, "match", order_id=self.order.id)

    def test_the_piece_whose_number_nobody_knows(self):
        """Goods of others get the number that stands on them."""
        watch = self.make_product("Watch", tracking="serial", barcode="2000000000077")
        back = self.begin()
        self.do(back, "item", barcode=watch.barcode, expect="refused")
        self.do(back, "item", barcode=watch.barcode, lot_name="X-9")
        self.do(back, "done")
        self.assertEqual(back.item_ids.lot_id.name, "X-9")
        self.assertEqual(back.item_ids.lot_id.product_id, watch)
