import random
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..common import MARSEILLE
from .change_case import ChangeCase


@tagged("post_install", "-at_install")
class TestChangeOrder(ChangeCase):
    """Lines, addresses and dates of orders are changed, each change once."""

    # === LINES === #

    def test_lines(self):
        """Up, down, off and new, at once; what is left alone stays as it is."""
        cherry = self.make_product("Cherry")
        self.stock(cherry, (self.near, 5))
        self.place(self.given())
        answer = self.change(
            lines=[
                {"id": "a", "quantity": 5},
                {"id": "b", "quantity": 1},
                {"id": "c", "product": "Cherry", "quantity": 2, "unit_price": 3.0},
            ],
            total=57.5,
        )
        self.assertEqual((answer["status"], answer["error"]), ("changed", None))
        order = self.find()
        self.assertEqual((answer["order"], answer["total"]), (order.name, 57.5))
        self.assertEqual(
            self.plan(order), {("NEAR", "Apple"): 5, ("NEAR", "Berry"): 1, ("NEAR", "Cherry"): 2}
        )
        self.assertEqual(order.oms_channel_total, 57.5)
        self.assertBalanced(order)
        answer = self.change("2", lines=[{"product": "Berry", "quantity": 0}])
        self.assertEqual(answer["status"], "changed")
        self.assertEqual(self.line("b").product_uom_qty, 0)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5, ("NEAR", "Cherry"): 2})
        self.assertEqual(self.line("a").price_unit, 9.5, "the price that was agreed")
        self.assertFalse(order.oms_channel_total, "nobody said what is paid now")
        self.assertBalanced(order)

    def test_what_comes_and_goes_is_sourced_together(self):
        """Two lines that grow come from where both are, not each from the nearest."""
        self.stock(self.apple, (self.near, -10))
        self.stock(self.berry, (self.near, -10))
        self.place(self.given(lines=[{"id": "a", "product": "Apple", "quantity": 1}]))
        before = len(self.find().oms_decision_ids)
        self.change(
            lines=[{"id": "a", "quantity": 4}, {"id": "b", "product": "Berry", "quantity": 3}]
        )
        self.assertEqual(len(self.find().oms_decision_ids), before + 1)
        self.assertBalanced(self.find())

    def test_what_was_shipped_stays(self):
        self.place(self.given())
        order = self.find()
        self.ship(order.picking_ids)
        self.change("0", lines=[{"id": "a", "quantity": 5}])
        answer = self.change(
            lines=[
                {"id": "a", "quantity": 2},
                {"id": "b", "quantity": 1.0},
                {"id": "z", "quantity": 1},
                {"product": "Nothing", "quantity": 1},
                {"id": "n", "product": "Apple"},
                {"quantity": 1},
            ],
            note="never written",
        )
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "conflict"))
        self.assertEqual(
            [(error["code"], error["field"]) for error in answer["errors"]],
            [
                ("conflict", "changes.0.lines.0.quantity"),
                ("conflict", "changes.0.lines.1.quantity"),
                ("not_found", "changes.0.lines.2.id"),
                ("unknown_product", "changes.0.lines.3.product"),
                ("invalid", "changes.0.lines.4.quantity"),
                ("invalid", "changes.0.lines.5"),
            ],
        )
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [5, 2])
        self.assertFalse(order.note)
        self.assertEqual(self.change(lines=[{"id": "a", "quantity": 3}])["status"], "changed")
        self.assertFalse(self.open_moves(order))
        self.assertBalanced(order)

    def test_a_line_is_one_line(self):
        self.place(
            self.given(
                lines=[
                    {"id": "a", "product": "Apple", "quantity": 1},
                    {"id": "b", "product": "Apple", "quantity": 1},
                ]
            )
        )
        for lines, field in (
            ([{"product": "Apple", "quantity": 2}], "lines.0.product"),
            ([{"id": "a", "quantity": 2}, {"id": "a", "quantity": 3}], "lines.0"),
            ([{"id": "a", "product": "Berry", "quantity": 2}], "lines.0.product"),
            ([{"id": "a", "quantity": 0}, {"id": "b", "quantity": 0}], "lines"),
            ([{"id": "a", "quantity": 1.005}], "lines.0.quantity"),
        ):
            answer = self.change(lines=lines)
            self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))
            self.assertEqual(answer["error"]["field"], f"changes.0.{field}")
        self.assertEqual(self.find().order_line.mapped("product_uom_qty"), [1, 1])

    def test_cancelled_and_unknown_orders(self):
        self.place(self.given())
        self.cancel(self.find())
        answer = self.change(note="x")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "conflict"))
        other = self.make_channel("Other", "TOTHER")
        self.make_order((self.apple, 1), oms_channel_id=other.id, oms_external_ref="X-1")
        answer = self.change(reference="X-1", note="x")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "not_found"))

    def test_the_other_systems_hear_of_it(self):
        self.place(self.given())
        order = self.find()
        for number, more in enumerate(
            (
                {"lines": [{"id": "a", "quantity": 4}]},
                {"lines": [{"id": "a", "quantity": 2}]},
                {"note": "Ring twice"},
            )
        ):
            before = order.oms_event_ids
            self.change(str(number), **more)
            raised = order.oms_event_ids - before
            self.assertEqual(raised.mapped("event"), ["order.changed"])
            self.assertEqual(raised.state, "done")

    # === ONCE === #

    def test_once(self):
        self.place(self.given())
        more = {"lines": [{"id": "a", "quantity": 5}]}
        self.assertEqual(self.change(**more)["status"], "changed")
        again = self.change(**more)
        self.assertEqual((again["status"], again["order"]), ("unchanged", self.find().name))
        answer = self.change(lines=[{"id": "a", "quantity": 6}])
        self.assertEqual((answer["status"], answer["error"]["code"]), ("conflict", "conflict"))
        self.assertEqual(self.line("a").product_uom_qty, 5)
        self.assertEqual(self.find().oms_change_ids.mapped("change"), ["1"])

    def test_one_bad_change_has_no_say_in_the_others(self):
        self.place(self.given(), self.given("W-2"))
        self.env.flush_all()
        answers = self.api.change_order(
            changes=[
                {"reference": "W-1", "change": "1", "lines": [{"id": "z", "quantity": 1}]},
                {"reference": "W-2", "change": "1", "lines": [{"id": "a", "quantity": -1}]},
                {"change": "1"},
                {"reference": "W-2", "change": "2", "note": "Ring twice"},
                {"reference": "W-1", "change": "1", "note": "mended"},
            ]
        )["orders"]
        self.assertEqual(
            [answer["status"] for answer in answers],
            ["refused", "refused", "refused", "changed", "changed"],
        )
        self.assertEqual(answers[1]["error"]["field"], "changes.1.lines.0.quantity")
        self.assertEqual(answers[2]["error"]["field"], "changes.2.reference")

    def test_revision(self):
        """Somebody in Odoo, or another system, was faster."""
        self.place(self.given())
        first = self.revision()
        self.assertEqual(self.revision(), first)
        self.line("a").product_uom_qty = 4
        answer = self.change(if_revision=first, note="x")
        self.assertEqual(
            (answer["status"], answer["error"]["field"]), ("conflict", "changes.0.if_revision")
        )
        self.assertFalse(self.find().note)
        answer = self.change(if_revision=self.revision(), note="x")
        self.assertEqual(answer["status"], "changed")
        self.assertEqual(answer["revision"], self.revision())
        self.assertNotEqual(answer["revision"], first)

    # === ADDRESS, CONTACT, DATE === #

    def test_address(self):
        self.place(self.given())
        order = self.find()
        customer, invoice = order.partner_id, order.partner_invoice_id
        answer = self.change(
            ship_to={
                "name": "Ada",
                "street": "1 La Canebière",
                "zip": "13001",
                "city": "Marseille",
                "country": "FR",
                "latitude": MARSEILLE[0],
                "longitude": MARSEILLE[1],
            },
            note="<b>Ring</b>",
        )
        self.assertEqual(answer["status"], "changed")
        self.assertEqual(order.partner_shipping_id.city, "Marseille")
        self.assertEqual((order.partner_id, order.partner_invoice_id), (customer, invoice))
        self.assertEqual(order.picking_ids.partner_id, order.partner_shipping_id)
        self.assertIn("address.changed", order.oms_event_ids.mapped("event"))
        self.assertNotIn("<b>", order.note)
        self.assertFalse(order.oms_conflict)
        order.picking_ids.printed = True
        self.change("2", ship_to={"country": "FR", "city": "Lyon"})
        self.assertIn(order.picking_ids.name, order.oms_conflict)
        answer = self.change("3", ship_to={"country": "Atlantis"})
        self.assertEqual(answer["error"]["code"], "unknown_country")
        self.ship(order.picking_ids)
        answer = self.change("4", ship_to={"country": "FR", "city": "Nice"})
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "conflict"))

    def test_contact(self):
        """The contact of an order is no news about other orders of the customer."""
        self.place(self.given(), self.given("W-2"))
        customer = self.find().partner_id
        self.change(customer={"phone": "+33 1 23", "email": "home@example.com"})
        here = self.find().partner_shipping_id
        self.assertEqual((here.phone, here.email), ("+33 1 23", "home@example.com"))
        self.assertEqual((here.commercial_partner_id, here.city), (customer, "Paris"))
        self.assertEqual(customer.email, "ada@example.com")
        self.assertEqual(self.find("W-2").partner_shipping_id, customer)
        self.change("2", "W-2", customer={"phone": "+33 1 23", "email": "home@example.com"})
        self.assertEqual(self.find("W-2").partner_shipping_id, here, "an equal one is used again")

    def test_guests_are_invoiced_where_their_goods_go(self):
        self.place(self.given(customer={}))
        self.change(ship_to={"country": "FR", "city": "Lyon", "name": "Grace"})
        order = self.find()
        self.assertEqual(order.partner_shipping_id.name, "Grace")
        self.assertEqual(order.partner_invoice_id, order.partner_shipping_id)

    def test_wanted_date(self):
        wanted = fields.Datetime.now() + timedelta(days=9)
        self.place(self.given(wanted_at=wanted.isoformat()))
        order = self.find()
        self.assertEqual(order.commitment_date, wanted)
        later = wanted + timedelta(days=2)
        self.assertEqual(self.change(wanted_at=later.isoformat())["status"], "changed")
        self.assertEqual(order.commitment_date, later)
        answer = self.change("2", wanted_at="2020-01-01T00:00:00Z")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "invalid"))

    # === WHATEVER HAPPENS === #

    def test_nothing_is_lost_whatever_is_changed(self):
        """Random changes between shipments: ordered = open + claimed + in moves + shipped."""
        for seed in range(4):
            with self.subTest(seed=seed):
                self.run_changes(random.Random(seed), f"R-{seed}")

    def run_changes(self, dice, reference):
        names = ["Apple", "Berry"]
        self.place(self.given(reference))
        order, wanted = self.find(reference), {"a": 3.0, "b": 2.0}
        for step in range(8):
            if dice.random() < 0.35 and self.open_moves(order):
                picking = dice.choice(self.open_moves(order).picking_id)
                picking.action_assign()
                for move in self.open_moves(order) & picking.move_ids:
                    move.write({"quantity": 1, "picked": True})
                picking.with_context(skip_backorder=True).button_validate()
                self.assertBalanced(order)
                continue
            lines = []
            for number in dice.sample(sorted(wanted), dice.randint(1, len(wanted))):
                lines.append({"id": number, "quantity": float(dice.randint(0, 6))})
            if dice.random() < 0.3:
                number = f"n{step}"
                quantity = float(dice.randint(1, 4))
                lines.append({"id": number, "product": dice.choice(names), "quantity": quantity})
            shipped = {
                number: sum(
                    move.quantity
                    for move in self.line(number, reference).move_ids
                    if move.state == "done"
                )
                for number in wanted
            }
            after = wanted | {line["id"]: line["quantity"] for line in lines}
            fits = any(after.values()) and all(
                after[number] >= shipped.get(number, 0) for number in after
            )
            answer = self.change(str(step), reference, lines=lines)
            self.assertEqual(answer["status"], "changed" if fits else "refused", answer["errors"])
            wanted = after if fits else wanted
            ordered = {line.oms_external_ref: line.product_uom_qty for line in order.order_line}
            self.assertEqual(ordered, wanted)
            self.assertBalanced(order)
