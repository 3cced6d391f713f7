from itertools import count

from odoo.exceptions import UserError
from odoo.tests import tagged

from .collect_case import CollectCase


@tagged("post_install", "-at_install")
class TestSiteWork(CollectCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work = cls.env["oms.site.work"].with_user(cls.clerk)
        cls.numbers = count(1)

    def do(self, fulfillment, kind, **more):
        [answer] = self.work.apply(
            [
                {
                    "uuid": f"device-{next(self.numbers):04}",
                    "fulfillment_id": fulfillment.id,
                    "kind": kind,
                    "at": "2024-03-04T09:00:00Z",
                    **more,
                }
            ]
        )
        return answer

    def test_scan_the_code_and_hand_over(self):
        fulfillment = self.make_ready()
        code = fulfillment.pickup_code
        [card] = self.work.find(self.store.id, code.lower())
        self.assertEqual((card["id"], card["customer"]), (fulfillment.id, "Ada"))
        self.assertEqual(card["pickup"]["state"], "ready")
        self.assertTrue(self.work.get_detail(fulfillment.id)["actions"]["collect"])
        answer = self.do(fulfillment, "collect", code=code)
        self.assertEqual((answer["outcome"], answer["sound"]), ("ok", "ok"))
        self.assertEqual(fulfillment.state, "delivered")
        with self.assertRaisesRegex(UserError, "handed over already"):
            self.work.find(self.store.id, code)
        self.assertEqual(self.do(fulfillment, "collect", code=code)["outcome"], "refused")

    def test_find_the_customer(self):
        fulfillment = self.make_ready()
        self.assertEqual(
            [card["id"] for card in self.work.find(self.store.id, fulfillment.order_id.name)],
            fulfillment.ids,
        )
        self.channel.pickup_identity = "no_code"
        answer = self.do(fulfillment, "hand_over")
        self.assertEqual(answer["outcome"], "refused")
        self.assertIn("Check the identity", answer["message"])
        answer = self.do(fulfillment, "hand_over", identity_checked=True)
        self.assertEqual((answer["outcome"], fulfillment.state), ("ok", "delivered"))

    def test_who_stands_there_does_not_wait(self):
        """Picked goods are handed over at once, and nobody is told that they are ready."""
        fulfillment = self.collect_order().oms_fulfillment_ids
        self.assertFalse(self.work.get_detail(fulfillment.id)["actions"]["collect"])
        self.assertEqual(self.do(fulfillment, "collect")["outcome"], "refused")
        fulfillment._pick()
        self.assertTrue(self.work.get_detail(fulfillment.id)["actions"]["collect"])
        answer = self.do(fulfillment, "collect")
        self.assertEqual((answer["outcome"], fulfillment.state), ("ok", "delivered"))
        self.assertFalse(self.mails(fulfillment))

    def test_taken_back(self):
        fulfillment = self.make_ready()
        self.do(fulfillment, "collect", uuid="device-collect")
        self.assertEqual(fulfillment.pickup_state, "collected")
        for outcome in ("ok", "refused"):
            answer = self.do(fulfillment, "undo", target="device-collect")
            self.assertEqual(answer["outcome"], outcome)
            self.assertEqual((fulfillment.pickup_state, self.on_hand(self.apple)), ("ready", 10))

    def test_part(self):
        fulfillment = self.make_ready((self.apple, 3))
        lines = [{"line_id": fulfillment.line_ids.id, "quantity": 1}]
        answer = self.do(fulfillment, "collect", lines=lines)
        self.assertEqual(answer["outcome"], "warning")
        self.assertIn("stays here", answer["message"])
        for wrong in ([{"line_id": 0, "quantity": 1}], [{"line_id": lines[0]["line_id"]}]):
            self.assertEqual(self.do(fulfillment, "collect", lines=wrong)["outcome"], "refused")

    def test_reservation(self):
        fulfillment = self.reserve((self.apple, 3))
        [card] = self.work.get_work(self.store.id, {"service": "reserve"})["cards"]
        self.assertEqual((card["id"], card["work_state"]), (fulfillment.id, "accepted"))
        detail = self.work.get_detail(fulfillment.id)
        [line] = detail["lines"]
        self.assertEqual((line["demand"], line["picked"]), (3, 0))
        self.assertEqual(
            {key for key, value in detail["actions"].items() if value},
            {"ready", "sell", "release", "reject"},
        )
        [row] = detail["pickup"]["lines"]
        self.assertEqual((row["id"], row["demand"]), (fulfillment.line_ids.id, 3))
        answer = self.do(fulfillment, "ready", storage="R1")
        self.assertEqual((answer["outcome"], fulfillment.storage_place), ("ok", "R1"))
        [card] = self.work.find(self.store.id, fulfillment.pickup_code)
        self.assertTrue(card["pickup"]["reserved"])
        lines = [{"line_id": fulfillment.line_ids.id, "quantity": 2}]
        answer = self.do(fulfillment, "sell", lines=lines)
        self.assertEqual(
            (answer["outcome"], answer["message"]), ("ok", "Sold and handed over. Ada")
        )
        self.assertEqual(fulfillment.order_id.order_line.qty_delivered, 2)

    def test_release(self):
        fulfillment = self.reserve((self.apple, 3))
        answer = self.do(fulfillment, "release", note="Too small")
        self.assertEqual((answer["outcome"], fulfillment.order_id.state), ("ok", "cancel"))

    def test_lots(self):
        watch = self.make_product("Watch", tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": watch.id} for name in ("W1", "W2")]
        )
        for lot in lots:
            self.stock(watch, (self.store, 1), lot_id=lot)
        fulfillment = self.reserve((watch, 1))
        line = {"line_id": fulfillment.line_ids.id, "quantity": 1}
        self.assertEqual(self.do(fulfillment, "sell")["outcome"], "refused")
        answer = self.do(fulfillment, "sell", lines=[line | {"lot_name": "W9"}])
        self.assertIn("no lot or serial number W9", answer["message"])
        answer = self.do(fulfillment, "sell", lines=[line | {"lot_name": "W2"}])
        self.assertEqual(answer["outcome"], "ok", answer["message"])
        self.assertEqual(fulfillment.line_ids.move_ids.lot_ids, lots[1])

    def test_several_lots_of_one_line(self):
        flour = self.make_product("Flour", tracking="lot")
        old, new, other = self.env["stock.lot"].create(
            [{"name": name, "product_id": flour.id} for name in ("OLD", "NEW", "OTHER")]
        )
        for lot in (old, new, other):
            self.stock(flour, (self.store, 5), lot_id=lot)
        fulfillment = self.reserve((flour, 6))
        line = {"line_id": fulfillment.line_ids.id}
        named = [
            line | {"quantity": 4, "lot_name": "OLD"},
            line | {"quantity": 1, "lot_name": "NEW"},
        ]
        answer = self.do(fulfillment, "sell", lines=[*named, line | {"quantity": 1}])
        self.assertIn("Say of all 6 ", answer["message"])
        answer = self.do(fulfillment, "sell", lines=named)
        self.assertEqual(answer["outcome"], "ok", answer["message"])
        moved = fulfillment.line_ids.move_ids.move_line_ids
        self.assertEqual(
            {part.lot_id: part.quantity for part in moved if part.quantity}, {old: 4, new: 1}
        )
        self.assertEqual(fulfillment.order_id.order_line.qty_delivered, 5)

    def test_several_serial_numbers_in_the_dialog_of_the_office(self):
        watch = self.make_product("Watch", tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": watch.id} for name in ("W1", "W2", "W3")]
        )
        for lot in lots:
            self.stock(watch, (self.store, 1), lot_id=lot)
        fulfillment = self.reserve((watch, 2))
        wizard = self.env["oms.pickup.collect"].create({"fulfillment_id": fulfillment.id})
        wizard.line_ids.lot_id = lots[0]
        wizard.line_ids.action_another_lot()
        self.assertEqual(wizard.line_ids.mapped("quantity"), [1, 1])
        wizard.line_ids.filtered(lambda line: not line.lot_id).lot_id = lots[2]
        wizard.action_confirm()
        self.assertEqual(fulfillment.line_ids.move_ids.lot_ids, lots[0] + lots[2])
