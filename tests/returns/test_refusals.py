"""What must not come back, each with the sentence that says why; nothing is changed by asking."""

import math

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestRefusals(ReturnCase):
    def assertRefused(self, sentence, order, *lines, **vals):
        before = self.env["oms.return"].search_count([])
        transfers = self.env["stock.picking"].search_count([])
        with self.assertRaisesRegex(UserError, sentence):
            self.ask(order, *lines, **vals)
        self.assertEqual(self.env["oms.return"].search_count([]), before)
        self.assertEqual(self.env["stock.picking"].search_count([]), transfers)

    def test_another_ones_order(self):
        order = self.deliver((self.apple, 1))
        stranger = self.make_partner("Stranger")
        self.assertRefused(
            f"{order.name} is not one of Stranger",
            order,
            (self.apple, 1),
            partner_id=stranger.id,
        )
        contact = self.make_partner("Contact", parent_id=self.customer.id)
        record = self.ask(order, (self.apple, 1), partner_id=contact.id)
        self.assertEqual(record.partner_id, contact)

    def test_refused_whoever_asks(self):
        """Customers, channels, stores and the office come through the same gate."""
        service = self.make_product("Gift wrap", type="service", is_storable=False)
        stranger = self.make_partner("Stranger")
        for origin in ("portal", "api", "store", "office"):
            with self.subTest(origin=origin):
                asked = {"origin": origin}
                order, other, late, refunded = (
                    self.deliver((self.apple, 2), (service, 1)),
                    self.deliver((self.apple, 1)),
                    self.deliver((self.apple, 1)),
                    self.deliver((self.apple, 1)),
                )
                apple = (self.apple, 1)
                self.assertRefused(
                    "is not one of Stranger", order, apple, partner_id=stranger.id, **asked
                )
                line = {"sale_line_id": other.order_line.id}
                self.assertRefused("no line of the order", order, (*apple, line), **asked)
                self.assertRefused("Gift wrap is a service", order, (service, 1), **asked)
                self.assertRefused("can be returned: 2", order, (self.apple, 3), **asked)
                # In two lines it is as much.
                self.assertRefused("can be returned: 2", order, (self.apple, 2), apple, **asked)
                self.ask(order, (self.apple, 2), **asked)
                self.assertRefused("is being returned already", order, apple, **asked)
                self.shipped_ago(late, 31)
                self.assertRefused("could be returned until", late, apple, **asked)
                refunded._oms_invoice_shipped()
                refunded._oms_credit({refunded.order_line: 1})
                self.assertRefused("was refunded already", refunded, apple, **asked)

    def test_refused_in_the_dialog_of_the_office(self):
        """What cannot be returned is not offered; what is too much is refused by its number."""
        order = self.deliver((self.apple, 2), (self.berry, 1))
        self.ask(order, (self.berry, 1))
        wizard = (
            self.env["oms.return.new"]
            .with_context(active_model="sale.order", active_id=order.id)
            .create({})
        )
        self.assertEqual(wizard.line_ids.product_id, self.apple)
        self.assertIn("is being returned already", wizard.kept)
        with self.assertRaisesRegex(UserError, "Choose what comes back"):
            wizard.action_request()
        wizard.line_ids.quantity = 3
        with self.assertRaisesRegex(UserError, "can be returned: 2"):
            wizard.action_request()
        self.assertEqual(len(order.oms_return_ids), 1)
        wizard.write({"outcome": "exchange"})
        wizard.line_ids.write({"quantity": 1, "exchange_product_id": self.berry.id})
        action = wizard.action_request()
        made = self.env["oms.return"].browse(action["res_id"])
        self.assertEqual(made.line_ids.exchange_product_id, self.berry)

    def test_line_of_another_order(self):
        order, other = self.deliver((self.apple, 1)), self.deliver((self.apple, 1))
        line = {"sale_line_id": other.order_line.id}
        self.assertRefused("no line of the order", order, (self.apple, 1, line))

    def test_product_of_no_line(self):
        order = self.deliver((self.apple, 1))
        line = {"sale_line_id": False, "product_id": self.berry.id}
        self.assertRefused("Berry is not in the order", order, (self.apple, 1, line))

    def test_after_the_period(self):
        order = self.deliver((self.apple, 2))
        self.shipped_ago(order, 31)
        self.assertRefused("could be returned until", order, (self.apple, 1))
        # From when the customer had it, where that is known.
        order.picking_ids._oms_set_delivered()
        self.assertEqual(self.returnable(order, self.apple), (2, ""))

    def test_one_delivery_after_the_period(self):
        order = self.make_order((self.apple, 5))
        self.ship(order.picking_ids, 2, backorder=True)
        self.shipped_ago(order, 40)
        rest = order.picking_ids.filtered(lambda p: p.state == "assigned")
        self.ship(rest)
        self.assertEqual(self.returnable(order, self.apple), (3, ""))
        record = self.ask(order, (self.apple, 3))
        self.assertEqual(record.line_ids.origin_move_id, rest.move_ids)

    def test_without_end(self):
        self.policy.days = 0
        order = self.deliver((self.apple, 2))
        self.shipped_ago(order, 4000)
        known = order._oms_get_returnable()[order.order_line]
        self.assertEqual((known["quantity"], known["until"]), (2, False))

    def test_service(self):
        service = self.make_product("Gift wrap", type="service", is_storable=False)
        order = self.deliver((self.apple, 1), (service, 1))
        self.assertRefused("Gift wrap is a service", order, (service, 1))

    def test_excluded(self):
        self.policy.rule_ids = [
            (0, 0, {"product_id": self.apple.id, "returnable": False, "reason": "Worn is worn."})
        ]
        order = self.deliver((self.apple, 1))
        self.assertRefused("Worn is worn", order, (self.apple, 1))

    def test_quotation(self):
        order = self.make_order((self.apple, 1), confirm=False)
        self.assertRefused("is not confirmed", order, (self.apple, 1))

    def test_quantities(self):
        order = self.deliver((self.apple, 2))
        for quantity in (0, -1, math.nan, math.inf, 0.001, None, "2", True):
            with self.subTest(quantity=quantity):
                self.assertRefused("and above zero", order, (self.apple, quantity))

    def test_nothing(self):
        order = self.deliver((self.apple, 2))
        self.assertRefused("Choose what comes back", order)
        with self.assertRaisesRegex(UserError, "Choose the order"):
            self.env["oms.return"]._request({"lines": []})

    def test_after_it_came_back(self):
        order = self.deliver((self.apple, 2))
        record = self.ask(order, (self.apple, 2))
        record._receive([{"product_id": self.apple.id, "quantity": 2}])
        self.assertRefused("was returned already", order, (self.apple, 1))

    def test_after_a_full_refund(self):
        order = self.deliver((self.apple, 2))
        order._oms_invoice_shipped()
        order._oms_credit({order.order_line: 2})
        self.assertRefused("was refunded already", order, (self.apple, 1))

    def test_after_a_refund_of_a_part(self):
        order = self.deliver((self.apple, 3))
        order._oms_invoice_shipped()
        order._oms_credit({order.order_line: 1})
        self.assertEqual(self.returnable(order, self.apple), (2, ""))

    def test_choices_of_customers(self):
        order = self.deliver((self.apple, 2))
        self.policy.write({"allow_exchange": False, "allow_dropoff": False})
        self.assertRefused(
            "Exchange is not offered", order, (self.apple, 1), origin="portal", outcome="exchange"
        )
        self.assertRefused(
            "Brought to a Site is not offered", order, (self.apple, 1), origin="api", way="dropoff"
        )
        self.assertRefused("ends with one of", order, (self.apple, 1), outcome="gold")
        self.assertRefused("ends with one of", order, (self.apple, 1), origin="portal", way="keep")
        # People at work may agree on it.
        self.assertTrue(self.ask(order, (self.apple, 1), outcome="exchange", way="dropoff"))

    def test_reasons(self):
        order = self.deliver((self.apple, 2))
        damaged = self.env.ref("oms.return_reason_damaged")
        other = self.env.ref("oms.return_reason_other")
        hidden = self.env.ref("oms.return_reason_undeliverable")
        for reason, sentence in (
            (self.env["oms.return.reason"], "Choose why .*Apple comes back"),
            (hidden, "Choose why .*Apple comes back"),
            (damaged, "Add a photo of .*Apple"),
            (other, "Say more about .*Apple"),
        ):
            with self.subTest(reason=reason.name):
                line = {"reason_id": reason.id}
                self.assertRefused(sentence, order, (self.apple, 1, line), origin="portal")

    def test_site_that_takes_none(self):
        order = self.deliver((self.apple, 2))
        self.far.takes_returns = False
        self.assertRefused("Far takes no returns", order, (self.apple, 1), site_id=self.far.id)
        self.sites.takes_returns = False
        self.assertRefused("No site takes returns", order, (self.apple, 1))

    def test_decided_twice(self):
        order = self.deliver((self.apple, 2))
        record = self.ask(order, (self.apple, 1))
        with self.assertRaisesRegex(UserError, "cannot be authorized"):
            record._authorize()
        with self.assertRaisesRegex(UserError, "cannot be refused"):
            record._refuse("Too late")
        record._cancel()
        with self.assertRaisesRegex(UserError, "cannot be cancelled"):
            record._cancel()
        with self.assertRaisesRegex(UserError, "cannot be received"):
            record._receive([{"product_id": self.apple.id, "quantity": 1}])
