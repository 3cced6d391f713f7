from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DispositionCase


@tagged("-at_install", "post_install")
class TestMismatch(DispositionCase):
    """What does not fit together of a return is shown, and mended or left."""

    def found(self, record):
        """What is wrong with a return, by kind."""
        self.env.flush_all()
        self.env.invalidate_all()
        mismatches = self.env["oms.return.mismatch"].search([("return_id", "=", record.id)])
        return {each.kind: each for each in mismatches}

    def receive(self, announced, came, site=None):
        order = self.deliver((self.apple, 5))
        record = self.ask(order, (self.apple, announced))
        items = record._receive([{"product_id": self.apple.id, "quantity": came}], site)
        if record.state != "received":
            record._finish_receipt()
        return record, items

    def leave(self, mismatch, reason="It is all right"):
        wizard = (
            self.env["oms.return.mismatch.leave"]
            .with_context(oms_mismatch_ids=mismatch.ids)
            .create({"reason": reason})
        )
        wizard.action_confirm()

    def test_nothing_wrong(self):
        record, items = self.receive(2, 2)
        record._inspect([{"item_id": items.id}])
        self.assertEqual(record.state, "closed")
        self.assertEqual(self.found(record), {})

    def test_another_quantity(self):
        record, _items = self.receive(3, 2)
        wrong = self.found(record)
        self.assertEqual(list(wrong), ["quantity"])
        self.assertEqual(wrong["quantity"].quantity, -1)
        self.leave(wrong["quantity"])
        self.assertEqual(self.found(record), {})
        # It comes again when it is another difference.
        record.line_ids.quantity = 5
        self.assertEqual(self.found(record)["quantity"].quantity, -3)

    def test_another_site(self):
        self.stock(self.apple, (self.far, 1))
        record, items = self.receive(1, 1, self.far)
        self.assertEqual(list(self.found(record)), ["site"])
        with self.assertRaisesRegex(UserError, "not inspected yet"):
            self.found(record)["site"].action_mend()
        record._inspect([{"item_id": items.id, "grade_id": self.grade_a.id}])
        self.found(record)["site"].action_mend()
        sent = items.disposition_ids
        self.assertEqual((sent.kind, sent.target_site_id), ("send", self.near))

    def test_received_and_not_settled(self):
        record, items = self.receive(2, 2)
        record._inspect([{"item_id": items.id}])
        # As if the settlement had been lost.
        record.line_ids.settled = 0
        record.write({"amount_settled": 0, "state": "inspected"})
        wrong = self.found(record)["unpaid"]
        self.assertEqual((wrong.quantity, wrong.amount), (-2, -20))
        wrong.action_mend()
        self.assertEqual(record.line_ids.settled, 2)
        self.assertNotIn("unpaid", self.found(record))

    def test_settled_and_not_received(self):
        record, _items = self.receive(3, 1)
        record.line_ids.settled = 3
        wrong = self.found(record)
        self.assertEqual(wrong["not_received"].quantity, 2)
        self.assertEqual(wrong["not_received"].amount, 20)

    def test_nobody_announced_it(self):
        order = self.deliver((self.apple, 1))
        record = self.ask(order, (self.apple, 1))
        record._receive([{"product_id": self.berry.id, "quantity": 1}])
        wrong = self.found(record)
        self.assertEqual(wrong["unexpected"].product_id, self.berry)

    def test_credit_notes(self):
        order = self.deliver((self.apple, 5))
        order._create_invoices().action_post()
        record = self.ask(order, (self.apple, 2))
        items = record._receive([{"product_id": self.apple.id, "quantity": 2}])
        record._inspect([{"item_id": items.id}])
        self.assertEqual(record.credit_move_ids.mapped("amount_total"), [20])
        self.assertNotIn("credit", self.found(record))
        note = record.credit_move_ids
        record.credit_move_ids = False
        wrong = self.found(record)["credit"]
        self.assertEqual(wrong.amount, -20)
        self.assertTrue(wrong.can_mend)
        record.credit_move_ids = note
        record.amount_settled = 18
        wrong = self.found(record)["credit"]
        self.assertEqual(wrong.amount, 2)
        wrong.action_mend()
        self.assertEqual(record.amount_settled, 20, "the credit note counts")
        self.assertNotIn("credit", self.found(record))

    def test_credit_note_of_what_was_invoiced_after_its_settlement(self):
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "By hand", "invoicing": "none"}
        )
        order = self.deliver((self.apple, 5))
        record = self.ask(order, (self.apple, 2))
        items = record._receive([{"product_id": self.apple.id, "quantity": 2}])
        record._inspect([{"item_id": items.id}])
        self.assertEqual((record.amount_settled, record.credit_move_ids.ids), (20, []))
        # All that was delivered is invoiced, what is back among it.
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 5
        invoice.action_post()
        self.found(record)["credit"].action_mend()
        self.assertEqual(record.credit_move_ids.mapped("amount_total"), [20])
        self.assertEqual((record.line_ids.settled, record.amount_settled), (2, 20))
        self.assertEqual(self.found(record), {})

    def test_a_part_that_was_not_invoiced_is_no_difference(self):
        """It has no credit note until it is invoiced; then it is mended, and it alone."""
        self.channel.payment_policy_id = self.env["oms.payment.policy"].create(
            {"name": "By hand", "invoicing": "none"}
        )
        self.stock(self.berry, (self.near, 5))
        order = self.deliver((self.apple, 2), (self.berry, 1))
        first = order._create_invoices()
        first.invoice_line_ids.filtered(lambda line: line.product_id == self.berry).unlink()
        first.action_post()
        record = self.ask(order, (self.apple, 1), (self.berry, 1))
        items = record._receive(
            [{"product_id": product.id, "quantity": 1} for product in (self.apple, self.berry)]
        )
        record._inspect([{"item_id": item.id} for item in items])
        note = record.credit_move_ids
        self.assertEqual((record.amount_settled, note.amount_total), (20, 10))
        self.assertEqual(self.found(record), {})
        late = order._create_invoices()
        late.invoice_line_ids.quantity = 1
        late.action_post()
        wrong = self.found(record)["credit"]
        self.assertEqual((wrong.amount, wrong.can_mend), (-10, True))
        wrong.action_mend()
        self.assertEqual(record.credit_move_ids.mapped("amount_total"), [10, 10])
        self.assertEqual((record.amount_settled, record.line_ids.mapped("settled")), (20, [1, 1]))

    def test_the_announcement_is_made_to_say_what_came(self):
        record, items = self.receive(3, 2)
        self.found(record)["quantity"].action_mend()
        self.assertEqual(record.line_ids.quantity, 2)
        self.assertEqual(self.found(record), {})
        record._inspect([{"item_id": items.id}])
        self.assertEqual((record.line_ids.settled, record.amount_settled), (2, 20))
        self.assertEqual(self.found(record), {})
        # What did not come can be announced again: five were delivered, two are back.
        self.assertEqual(self.returnable(record.order_id, self.apple)[0], 3)

    def test_more_came_than_announced(self):
        record, items = self.receive(2, 4)
        self.assertEqual(self.found(record)["quantity"].quantity, 2)
        self.found(record)["quantity"].action_mend()
        self.assertEqual(record.line_ids.quantity, 4)
        record._inspect([{"item_id": item.id} for item in items])
        self.assertEqual(record.amount_settled, 40)
        self.assertEqual(self.found(record), {})

    def strange(self, product, quantity=1):
        """A return with which something came that nobody announced, kept as of no order."""
        order = self.deliver((self.apple, 1), (self.berry, 2))
        record = self.ask(order, (self.apple, 1))
        items = record._receive(
            [
                {"product_id": self.apple.id, "quantity": 1},
                {"product_id": product.id, "quantity": quantity, "unexpected": True},
            ]
        )
        return order, record, items.filtered(lambda item: item.product_id == product)

    def test_unexpected_goods_are_of_the_order_after_all(self):
        order, record, item = self.strange(self.berry)
        record._inspect([{"item_id": each.id} for each in record.item_ids])
        before = record.amount_settled
        self.found(record)["unexpected"].action_mend()
        self.assertEqual(item.line_id.sale_line_id, self.line_of(order, self.berry))
        self.assertEqual(self.line_of(order, self.berry).qty_delivered, 1)
        price = self.line_of(order, self.berry).price_total / 2
        self.assertAlmostEqual(record.amount_settled, before + price)
        self.assertEqual(self.found(record), {})

    def test_unexpected_goods_of_another_order_of_the_customer(self):
        cheese = self.make_product("Cheese", list_price=7.0)
        self.stock(cheese, (self.near, 5))
        other = self.deliver((cheese, 2))
        order, record, item = self.strange(cheese)
        self.assertEqual(other.partner_id, order.partner_id)
        self.found(record)["unexpected"].action_mend()
        self.assertEqual(item.return_id.order_id, other)
        self.assertNotEqual(item.return_id, record)
        self.assertEqual(self.line_of(other, cheese).qty_delivered, 1)
        self.assertNotIn("unexpected", self.found(record))
        item.return_id._inspect([{"item_id": item.id}])
        self.assertEqual(item.return_id.state, "closed")
        self.assertEqual(self.found(item.return_id), {})
        self.assertAlmostEqual(
            item.return_id.amount_settled, self.line_of(other, cheese).price_total / 2
        )

    def test_unexpected_goods_of_nobodys_order(self):
        _order, record, item = self.strange(self.make_product("Cheese"))
        with self.assertRaisesRegex(UserError, "No order of .* delivered .*Cheese"):
            self.found(record)["unexpected"].action_mend()
        self.assertEqual((item.return_id, item.line_id.id), (record, False))

    def credited(self, quantity=2):
        order = self.deliver((self.apple, 5))
        order._create_invoices().action_post()
        record = self.ask(order, (self.apple, quantity))
        items = record._receive([{"product_id": self.apple.id, "quantity": quantity}])
        record._inspect([{"item_id": items.id}])
        return order, record

    def test_a_credit_note_in_another_currency(self):
        order, record = self.credited()
        other = self.env["res.currency"].create({"name": "TSM", "symbol": "M"})
        wrong = record.credit_move_ids
        wrong.button_draft()
        wrong.currency_id = other
        wrong.action_post()
        self.assertEqual(list(self.found(record)), ["currency"])
        self.found(record)["currency"].action_mend()
        self.assertEqual(wrong.state, "cancel")
        note = record.credit_move_ids
        self.assertEqual(
            (note.currency_id, note.state, note.amount_total), (order.currency_id, "posted", 20)
        )
        self.assertEqual(
            note.reversed_entry_id,
            order.invoice_ids.filtered(lambda move: move.move_type == "out_invoice"),
        )
        self.assertEqual((record.line_ids.settled, record.amount_settled), (2, 20))
        self.assertEqual(self.found(record), {})

    def test_another_site_is_mended_once(self):
        self.stock(self.apple, (self.far, 1))
        record, items = self.receive(1, 1, self.far)
        record._inspect([{"item_id": items.id, "grade_id": self.grade_a.id}])
        self.found(record)["site"].action_mend()
        self.assertEqual(self.found(record), {})

    def test_exchanged_goods_are_not_paid_back(self):
        order = self.deliver((self.apple, 2))
        record = self.ask(order, (self.apple, 1, {"outcome": "exchange"}))
        items = record._receive([{"product_id": self.apple.id, "quantity": 1}])
        record._inspect([{"item_id": items.id}])
        self.assertTrue(record.exchange_order_id)
        order.oms_payment_plan_id.refundable = 20
        self.assertEqual(self.found(record), {})

    def test_roles(self):
        record, _items = self.receive(3, 2)
        wrong = self.found(record)["quantity"]
        clerk = self.make_user("mismatch clerk", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            wrong.with_user(clerk).read(["kind"])
        manager = self.make_user("mismatch stock manager", "stock.group_stock_manager")
        with self.assertRaises(AccessError):
            wrong.with_user(manager).action_leave()
        operator = self.make_user("mismatch operator", "oms.group_order_operator")
        self.assertEqual(wrong.with_user(operator).kind, "quantity")
        wizard = (
            self.env["oms.return.mismatch.leave"]
            .with_user(operator)
            .with_context(oms_mismatch_ids=wrong.ids)
            .create({"reason": "Fine"})
        )
        wizard.action_confirm()
        self.assertEqual(self.found(record), {})


@tagged("-at_install", "post_install")
class TestReport(DispositionCase):
    """Rates are those of sums, by product, channel and site."""

    def test_rates(self):
        self.stock(self.berry, (self.far, 10))
        order = self.deliver((self.apple, 8), (self.berry, 2))
        record = self.ask(order, (self.apple, 2), (self.berry, 1))
        record._receive(
            [
                {"product_id": self.apple.id, "quantity": 2},
                {"product_id": self.berry.id, "quantity": 1},
            ]
        )
        self.deliver((self.apple, 2))
        cancelled = self.ask(self.deliver((self.apple, 10)), (self.apple, 10))
        cancelled._cancel()
        self.env.flush_all()
        Report = self.env["oms.return.report"]
        domain = [("product_id", "in", (self.apple + self.berry).ids)]
        by_product = {
            product: (delivered, back, rate)
            for product, delivered, back, rate in Report._read_group(
                domain, ["product_id"], ["delivered:sum", "returned:sum", "rate:avg"]
            )
        }
        self.assertEqual(by_product[self.apple], (20, 2, 10))
        self.assertEqual(by_product[self.berry], (2, 1, 50))
        ((site, rate),) = Report._read_group(domain, ["site_id"], ["rate:avg"])
        self.assertEqual(site, self.near)
        self.assertAlmostEqual(rate, 100 * 3 / 22)
        by_reason = dict(
            Report._read_group([*domain, ("announced", ">", 0)], ["reason_id"], ["returned:sum"])
        )
        self.assertEqual(by_reason, {self.reason: 3})
