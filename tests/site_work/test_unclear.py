import json

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import WorkCase


@tagged("post_install", "-at_install")
class TestUnclear(WorkCase):
    """What no screen sends: it is answered with a no, and keeps nothing else waiting."""

    def apply(self, *operations):
        return self.env["oms.site.work"].with_user(self.clerk).apply(list(operations))

    def test_what_is_no_operation_keeps_no_other_waiting(self):
        work = self.make_work()
        good = {"fulfillment_id": work.id, "kind": "scan", "barcode": self.apple.barcode}
        bad = [
            None,
            "scan",
            7,
            [],
            {},
            {**good, "uuid": ["12345678"]},
            {**good, "uuid": "1234\x005678"},
            {**good, "uuid": "1234\ud8005678"},
            {**good, "uuid": "unclear-id-true", "fulfillment_id": True},
            {**good, "uuid": "unclear-id-large", "fulfillment_id": 2**40},
            {**good, "uuid": "unclear-id-list", "fulfillment_id": [work.id]},
            {**good, "uuid": "unclear-id-none", "fulfillment_id": None},
            {**good, "uuid": "unclear-kind", "kind": ["scan"]},
            {**good, "uuid": "unclear-zero", "barcode": "40\x00"},
            {**good, "uuid": "unclear-half", "barcode": "\udfff"},
            {**good, "uuid": "unclear-note", "kind": "reject", "note": "\x00", "reason_id": 1},
            {**good, "uuid": "unclear-deep", "lines": [[[[[["x"]]]]]]},
            {**good, "uuid": "unclear-nan", "quantity": float("nan")},
            {**good, "uuid": "unclear-infinite", "quantity": float("inf")},
            {**good, "uuid": "unclear-huge", "quantity": 10**400},
            {**good, "uuid": "unclear-large", "quantity": 1e300},
        ]
        clear = {**good, "uuid": "clear-operation"}
        answers = self.apply(*bad, clear)
        self.assertEqual(len(answers), len(bad) + 1)
        for operation, answer in zip(bad, answers, strict=False):
            with self.subTest(operation=operation):
                self.assertEqual(answer["outcome"], "refused")
                self.assertTrue(answer["message"])
        self.assertEqual(answers[-1]["outcome"], "ok", answers[-1]["message"])
        self.assertEqual(self.rows(work), [("Apple", 2, 1, 0)])
        kept = self.env["oms.scan"].search([("fulfillment_id", "=", work.id)])
        self.assertIn("unclear-huge", kept.mapped("uuid"))
        # A browser reads neither NaN nor Infinity.
        json.dumps(kept.read(["quantity"]), allow_nan=False, default=str)

    def test_moments_that_no_clock_shows(self):
        work = self.make_work()
        for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 5, ["x"], "never"):
            with self.subTest(at=at):
                self.do(work, "leave", at=at)

    def test_a_list_is_wanted_and_not_too_long_a_one(self):
        screen = self.env["oms.site.work"].with_user(self.clerk)
        for operations in (None, "scan", {"kind": "scan"}, 5, [{}] * 501):
            with self.assertRaisesRegex(UserError, "at most 500"):
                screen.apply(operations)

    def test_no_more_of_a_lot_is_picked_than_is_wanted(self):
        lemon = self.make_product("Lemon", tracking="lot")
        first, second = self.env["stock.lot"].create(
            [{"name": name, "product_id": lemon.id} for name in ("L1", "L2")]
        )
        place = self.near.warehouse_id.lot_stock_id
        for lot, quantity in ((first, 2), (second, 20)):
            self.env["stock.quant"]._update_available_quantity(lemon, place, quantity, lot_id=lot)
        work = self.make_work((lemon, 5))
        line = work.line_ids
        for name in ("L1", "L2"):
            answer = self.do(
                work, "set_picked", line_id=line.id, lot_name=name, quantity=9, expect="refused"
            )
            self.assertIn("only 5", answer["message"])
        self.do(work, "set_picked", line_id=line.id, lot_name="L2", quantity=4)
        self.do(work, "set_picked", line_id=line.id, lot_name="L2", quantity=2, expect="refused")
        self.do(work, "set_picked", line_id=line.id, lot_name="L1", quantity=1)
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 5)
