from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.oms.models.api.oms_order_changing import ChangeRefused, Problem

from .change_case import ChangeCase


@tagged("post_install", "-at_install")
class TestChangeWaiting(ChangeCase):
    """What waits is changed, and lines are cancelled."""

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
