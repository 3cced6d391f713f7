import random
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.oms.models.api.oms_order_changing import ChangeRefused, Problem

from ..common import MARSEILLE
from .common import ApiCase


class ChangeCase(ApiCase):
    """Orders that the channel placed, and then changes."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.enter_registry_test_mode())

    def given(self, reference="W-1", **more):
        order = {
            "reference": reference,
            "customer": {"id": "17", "name": "Ada", "email": "ada@example.com"},
            "ship_to": {
                "name": "Ada",
                "street": "1 rue de Rivoli",
                "zip": "75001",
                "city": "Paris",
                "country": "FR",
                "latitude": 48.8566,
                "longitude": 2.3522,
            },
            "lines": [
                {"id": "a", "product": "Apple", "quantity": 3, "unit_price": 9.5},
                {"id": "b", "product": "Berry", "quantity": 2, "unit_price": 4.0},
            ],
        }
        return order | more

    def place(self, *orders):
        self.env.flush_all()
        return self.api.place_orders(orders=list(orders))["orders"]

    def change(self, change="1", reference="W-1", **more):
        """Send one change; return the answer."""
        self.env.flush_all()
        given = {"reference": reference, "change": change, **more}
        [answer] = self.api.change_order(changes=[given])["orders"]
        self.env.invalidate_all()
        return answer

    def find(self, reference="W-1"):
        return self.env["sale.order"].search(
            [("oms_channel_id", "=", self.channel.id), ("oms_external_ref", "=", reference)]
        )

    def parked(self, reference="W-1"):
        return self.env["oms.incoming.order"].search([("reference", "=", reference)])

    def revision(self, reference="W-1"):
        self.env.flush_all()
        return self.api.order_status(references=[reference])["orders"][0]["revision"]

    def line(self, number, reference="W-1"):
        return self.find(reference).order_line.filtered(
            lambda line: line.oms_external_ref == number
        )


@tagged("post_install", "-at_install")
class TestChangeOrder(ChangeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 10), (cls.far, 10))
        cls.stock(cls.berry, (cls.near, 10), (cls.far, 10))

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

    # === THE WAY TO THE CUSTOMER === #

    def test_collected_instead(self):
        """What no site has begun comes from the store where the customer collects."""
        self.far.collects = True
        self.place(self.given())
        order = self.find()
        self.assertEqual(set(self.plan(order)), {("NEAR", "Apple"), ("NEAR", "Berry")})
        answer = self.change(collect_at="FAR", lines=[{"id": "a", "quantity": 4}])
        self.assertEqual((answer["status"], answer["error"]), ("changed", None))
        self.assertEqual((order.oms_service, order.oms_collect_site_id), ("collect", self.far))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 4, ("FAR", "Berry"): 2})
        self.assertBalanced(order)
        self.assertFalse(order.oms_conflict)
        self.assertEqual(self.change("2", service="home")["status"], "changed")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4, ("NEAR", "Berry"): 2})
        order.picking_ids.filtered(lambda p: p.state != "cancel").printed = True
        self.assertEqual(self.change("3", collect_at="FAR")["status"], "changed")
        self.assertTrue(order.oms_conflict)
        self.assertBalanced(order)

    def test_ways_that_are_not_there(self):
        self.place(self.given())
        for more, code, field in (
            ({"method": "Pigeon"}, "unknown_method", "method"),
            ({"collect_at": "NEAR"}, "unknown_store", "collect_at"),
            ({"service": "collect"}, "invalid", "service"),
        ):
            answer = self.change(**more)
            self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", code))
            self.assertEqual(answer["error"]["field"], f"changes.0.{field}")

    def test_another_way_is_another_revision(self):
        self.near.collects = True
        self.place(self.given())
        before = self.revision()
        answer = self.change(collect_at="NEAR")
        self.assertEqual(answer["status"], "changed", answer)
        self.assertNotEqual(self.revision(), before)
        self.assertEqual(self.revision(), answer["revision"])
        answer = self.change("2", service="home", if_revision=before)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("conflict", "conflict"))
        self.assertEqual(self.find().oms_collect_site_id, self.near)

    def test_what_waits_goes_another_way(self):
        self.near.collects = True
        self.place(self.given(lines=[{"id": "a", "product": "SKU-9", "quantity": 2}]))
        self.change(collect_at="NEAR", lines=[{"id": "a", "product": "Apple"}])
        self.assertEqual(self.find().oms_collect_site_id, self.near)

    # === MONEY === #

    def test_prices(self):
        tax = self.env["account.tax"].create(
            {
                "name": "20 %",
                "amount": 20.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
            }
        )
        self.apple.taxes_id = tax
        line = {"id": "a", "product": "Apple", "quantity": 3, "unit_price": 9.99}
        self.place(self.given(lines=[line], prices_include_tax=True, total=29.97))
        self.assertEqual(self.find().amount_total, 29.97)
        answer = self.change(lines=[{"id": "a", "quantity": 7}], total=69.93)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 69.93))
        answer = self.change(
            "2",
            lines=[
                {"id": "a", "unit_price": 8.88, "discount": 10.0},
                {"id": "n", "product": "Apple", "quantity": 1, "unit_price": 1.01},
            ],
            shipping={"price": 4.99},
            total=61.94,
        )
        self.assertEqual((answer["status"], answer["total"]), ("changed", 61.94))
        answer = self.change("3", shipping={"price": 0.0}, total=56.95)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 56.95))
        answer = self.change("4", lines=[{"id": "a", "tax_rate": 3.21}])
        self.assertEqual(
            (answer["error"]["code"], answer["error"]["field"]),
            ("unknown_tax", "changes.0.lines.0.tax_rate"),
        )

    def test_prices_that_were_sent_without_tax_stay_without(self):
        """A later change sends prices with tax, and says nothing of the other line's."""
        tax = self.env["account.tax"].create(
            {
                "name": "20 %",
                "amount": 20.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
            }
        )
        (self.apple | self.berry).taxes_id = tax
        self.place(self.given())
        self.change("1", prices_include_tax=True, lines=[{"id": "a", "unit_price": 12.0}])
        answer = self.change("2", lines=[{"id": "b", "quantity": 3}])
        self.assertEqual(answer["status"], "changed")
        self.assertEqual((self.line("a").price_unit, self.line("b").price_unit), (10.0, 4.0))
        self.assertAlmostEqual(answer["total"], 3 * 12.0 + 3 * 4.0 * 1.2)

    def test_another_total(self):
        self.place(self.given(total=36.5))
        more = {"lines": [{"id": "a", "quantity": 4}]}
        answer = self.change(**more, total=45.0)
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "other_total"))
        self.assertEqual(self.line("a").product_uom_qty, 3)
        self.channel.total_policy = "adjust"
        for number, total in enumerate((45.0, 45.5, 46.0)):
            answer = self.change(str(number), **more, total=total)
            self.assertEqual((answer["status"], answer["total"]), ("changed", total))
        self.channel.total_policy = "accept"
        answer = self.change("9", lines=[{"id": "a", "quantity": 3}], total=1.0)
        self.assertEqual((answer["status"], answer["total"]), ("changed", 36.5))

    # === WHAT WAITS === #

    def test_a_change_mends_what_waits(self):
        first = self.given(lines=[{"id": "a", "product": "SKU-9", "quantity": 2}])
        self.place(first)
        answer = self.change(lines=[{"id": "a", "quantity": 3}], note="Ring twice")
        self.assertEqual((answer["status"], answer["order"]), ("parked", None))
        self.assertEqual(answer["revision"], self.revision())
        self.assertEqual(self.parked().units, 3)
        [again] = self.place(first)
        self.assertEqual(again["status"], "parked")
        self.assertEqual(self.parked().units, 3, "sent again as at first, the change stays")
        self.assertEqual(self.change("x", lines=[{"id": "q"}])["error"]["code"], "not_found")
        answer = self.change("2", if_revision=answer["revision"], lines=[
            {"id": "a", "product": "Apple"}, {"id": "b", "product": "Berry", "quantity": 1},
        ])  # fmt: skip
        self.assertEqual((answer["status"], answer["order"]), ("changed", self.find().name))
        self.assertEqual(self.find().order_line.mapped("product_uom_qty"), [3, 1])
        self.assertIn("Ring twice", self.find().note)
        [again] = self.place(first)
        self.assertEqual(again["status"], "unchanged")
        again = self.change(lines=[{"id": "a", "quantity": 3}], note="Ring twice")
        self.assertEqual(again["status"], "unchanged")

    def test_what_waits_and_is_sent_anew(self):
        """Another content under the same reference is the channel's newest word."""
        self.place(self.given(lines=[{"id": "a", "product": "SKU-9", "quantity": 2}]))
        self.change(note="Ring twice")
        self.place(self.given(lines=[{"id": "a", "product": "SKU-8", "quantity": 1}]))
        self.assertEqual(self.parked().units, 1)
        self.assertFalse(self.parked().is_changed or self.parked().payload["note"])
        self.parked().code_ids.product_id = self.apple
        self.change("2", lines=[{"id": "a", "quantity": 2}])
        self.assertEqual(self.find().order_line.product_uom_qty, 2)

    def test_what_was_given_up(self):
        self.place(self.given(lines=[{"id": "a", "product": "SKU-9", "quantity": 2}]))
        self.parked().action_drop()
        self.assertEqual(self.change(note="x")["error"]["code"], "dropped")

    # === LINES CANCELLED === #

    def cancel_lines(self, *codes, reference="W-1"):
        self.env.flush_all()
        lines = [{"reference": reference, "lines": list(codes)}]
        [answer] = self.api.cancel(lines=lines)["orders"]
        self.env.invalidate_all()
        return answer

    def test_what_is_wrong_with_an_order_as_a_whole_names_no_field_of_it(self):
        self.place(self.given())
        Api = type(self.env["oms.api"])
        refusal = ChangeRefused([Problem("conflict", "No."), Problem("invalid", "No.", "lines")])
        with patch.object(Api, "_give_up_lines", side_effect=refusal):
            answer = self.cancel_lines("a")
        fields_ = [error["field"] for error in answer["errors"]]
        self.assertEqual(fields_, ["lines.0", "lines.0.lines"])

    def test_lines_are_cancelled(self):
        self.place(self.given())
        order = self.find()
        answer = self.cancel_lines("a", "z")
        self.assertEqual((answer["status"], answer["error"]["code"]), ("refused", "not_found"))
        self.assertEqual(answer["error"]["field"], "lines.0.lines.1")
        self.assertEqual(self.line("a").product_uom_qty, 3)
        self.assertEqual(self.cancel_lines("a")["status"], "cancelled")
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2})
        self.assertEqual(order.amount_total, 8.0)
        self.assertBalanced(order)
        self.assertEqual(self.cancel_lines("a")["status"], "unchanged")
        self.assertEqual(self.cancel_lines("Berry")["status"], "cancelled")
        self.assertEqual(order.state, "cancel", "nothing is left of it")
        self.assertEqual(self.cancel_lines("a")["status"], "unchanged")
        self.assertEqual(self.cancel_lines("a", reference="W-9")["error"]["code"], "not_found")

    def test_lines_of_which_something_was_shipped(self):
        self.place(self.given())
        order = self.find()
        self.ship(order.picking_ids, quantity=1, backorder=True)
        self.assertEqual(self.cancel_lines("a", "b")["status"], "cancelled")
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 1])
        self.assertFalse(self.open_moves(order))
        self.assertBalanced(order)
        self.assertEqual(order.state, "sale")

    def test_lines_of_what_waits(self):
        bad = {"id": "z", "product": "SKU-9", "quantity": 2}
        self.place(self.given(lines=[*self.given()["lines"], bad]))
        self.assertEqual(self.cancel_lines("a")["status"], "cancelled")
        self.assertEqual(len(self.parked().payload["lines"]), 2)
        self.assertEqual(self.cancel_lines("Berry", "z")["status"], "cancelled")
        self.assertEqual(self.parked().state, "dropped")

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
