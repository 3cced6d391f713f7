from datetime import datetime, timedelta

from odoo.tests import tagged

from .common import WorkCase


@tagged("post_install", "-at_install")
class TestChanges(WorkCase):
    """Orders that change or end while somebody picks them, and what happens in Odoo's screens."""

    def notes(self, work):
        return " ".join(work.message_ids.mapped("body"))

    def test_fewer_are_ordered_while_picked(self):
        work = self.make_work((self.apple, 5))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        work.order_id.order_line.product_uom_qty = 4
        self.assertEqual(self.rows(work), [("Apple", 4, 3, 0)])
        work.order_id.order_line.product_uom_qty = 2
        self.env.invalidate_all()
        self.assertEqual(self.rows(work), [("Apple", 2, 2, 0)])
        self.assertIn("put them back", self.notes(work))
        self.do(work, "hand_over")
        self.assertEqual(work.order_id.order_line.qty_delivered, 2)
        self.assertBalanced(work.order_id)

    def test_more_are_ordered_while_ready(self):
        work = self.make_work((self.apple, 2))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        self.do(work, "ready")
        order = work.order_id
        order.order_line.product_uom_qty = 3
        self.env.invalidate_all()
        works = order.oms_fulfillment_ids
        self.assertEqual(sum(works.mapped("unit_count")) + order.order_line.oms_qty_open, 3)
        self.assertEqual(sum(row[2] for row in self.rows(work)), 2, "nothing picked is lost")

    def test_order_is_cancelled_while_picked(self):
        work = self.make_work((self.apple, 5))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        self.cancel(work.order_id)
        self.assertFalse(work.work_state)
        self.assertIn("3 Units", self.notes(work))
        answer = self.do(work, "scan", barcode=self.apple.barcode, expect="refused")
        self.assertIn("put its goods back", answer["message"])
        self.assertFalse(answer["detail"]["actions"]["pick"])
        self.assertEqual(self.sellable(self.apple, self.near), 10)

    def test_rejected_whole_while_picked(self):
        work = self.make_work((self.apple, 5))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        reason = self.env["oms.reject.reason"].search(
            [("stock_effect", "=", "none"), ("offered", "=", True)], limit=1
        )
        self.do(work, "reject", reason_id=reason.id, note="No time")
        self.assertEqual((work.state, work.work_state), ("rejected", False))
        self.run_events()
        [other] = work.order_id.oms_fulfillment_ids - work
        self.assertEqual((other.site_id, other.unit_count), (self.middle, 5))
        self.assertBalanced(work.order_id)

    def test_part_is_rejected(self):
        work = self.make_work((self.apple, 5))
        reason = self.env["oms.reject.reason"].search(
            [("stock_effect", "=", "none"), ("offered", "=", True)], limit=1
        )
        line = work.line_ids
        self.do(
            work,
            "reject",
            reason_id=reason.id,
            lines=[{"line_id": line.id, "quantity": 9}],
            expect="refused",
        )
        self.do(work, "reject", reason_id=reason.id, lines=[{"line_id": line.id, "quantity": 2}])
        self.assertEqual(self.rows(work)[0], ("Apple", 3, 0, 0))
        self.do(work, "reject", reason_id=0, expect="refused")

    def test_accepted_by_somebody_is_not_taken_back(self):
        self.near.auto_accept = False
        taken, kept = self.make_work((self.apple, 2)), self.make_work((self.apple, 3))
        self.do(kept, "accept")
        (taken + kept)._oms_take_back("The site is closed.")
        self.assertFalse(taken.work_state)
        self.assertEqual((kept.state, kept.work_state), ("released", "accepted"))

    def test_what_is_marked_in_odoo_counts(self):
        work = self.make_work((self.apple, 2), (self.berry, 1))
        work.move_ids.picked = True
        self.assertEqual(work.work_state, "picked")
        work.picking_ids.action_put_in_pack()
        self.assertEqual(work.work_state, "packed")
        work.move_ids[0].picked = False
        self.assertEqual(work.work_state, "accepted")
        work.move_ids.picked = True
        work.picking_ids.button_validate()
        self.assertEqual((work.state, work.work_state), ("shipped", False))
        self.assertTrue(work.picked_at and work.packed_at)

    def test_odoo_ships_what_is_picked_and_keeps_the_rest(self):
        work = self.make_work((self.apple, 5))
        self.do(work, "scan", barcode=self.apple.barcode, quantity=3)
        work.picking_ids.with_context(skip_backorder=True).button_validate()
        self.assertEqual((work.state, work.work_state), ("released", "accepted"))
        self.assertEqual(work.order_id.order_line.qty_delivered, 3)
        self.assertEqual(sum(row[1] - row[2] for row in self.rows(work)), 2)
        self.do(work, "scan", barcode=self.apple.barcode, quantity=2)
        self.do(work, "hand_over")
        self.assertEqual(work.state, "shipped")

    def test_what_is_promised_for_a_day_is_due_by_the_end_of_the_last_that_will_do(self):
        """Without hours nothing tells moments of a day apart: nothing is late at once."""
        work = self.make_work()
        self.near.tz = "Europe/Paris"
        moment = datetime(2024, 3, 4, 10, 0)
        first = work._get_lead_dates(moment)[work].promised
        for days, end in ((0, "2024-03-04 22:59:00"), (2, "2024-03-06 22:59:00")):
            with self.subTest(days=days):
                wanted = {work: first + timedelta(days=days)}
                found = work._get_leaving_in_time(moment, wanted)
                self.assertEqual(str(found[work]), end)

    def test_due_follows_hours_and_cut_off(self):
        self.near.write({"handling_time": 5.0, "handling_unit": "hours"})
        work = self.make_work()
        self.assertAlmostEqual((work.due_at - work.released_at).total_seconds(), 5 * 3600, delta=1)
        self.assertFalse(work.is_late)
        self.assertNotIn(work, self.env["oms.fulfillment"].search([("is_late", "=", True)]))
        work.due_at = "2020-01-01 00:00:00"
        self.assertTrue(work.is_late)
        self.assertIn(work, self.env["oms.fulfillment"].search([("is_late", "=", True)]))
        self.assertNotIn(work, self.env["oms.fulfillment"].search([("is_late", "=", False)]))
        counts = self.env["oms.site.work"].get_work(self.near.id, {"late": True})
        self.assertEqual((counts["total"], counts["counts"]["late"]), (1, 1))

    def test_goods_that_another_site_sends_first_are_not_here_yet(self):
        """A store that gets what a customer collects from elsewhere cannot pick it before."""
        cherry = self.make_product("Cherry")
        self.stock(cherry, (self.near, 2))
        work = self.make_work((cherry, 2))
        work.picking_ids.do_unreserve()
        leg = self.make_open_move(cherry, self.near, 2)
        work.move_ids.move_orig_ids = leg
        self.env["stock.quant"]._update_available_quantity(
            cherry, self.near.warehouse_id.lot_stock_id, -2
        )
        line = work.line_ids
        answer = self.do(work, "set_picked", line_id=line.id, quantity=2, expect="refused")
        self.assertIn(leg.picking_id.name, answer["message"])
        leg.picked = True
        leg.quantity = 2
        leg.picking_id.button_validate()
        self.do(work, "set_picked", line_id=line.id, quantity=2)
        self.do(work, "hand_over")
        self.assertEqual(work.state, "shipped")

    def test_old_scans_are_forgotten(self):
        work = self.make_work((self.apple, 2))
        self.do(work, "scan", barcode=self.apple.barcode)
        self.do(work, "scan", barcode=self.apple.barcode)
        old, new = self.env["oms.scan"].search([("fulfillment_id", "=", work.id)], order="id")
        old.received_at = "2020-01-01 00:00:00"
        self.env["oms.scan"]._gc_scans()
        self.assertFalse(old.exists())
        self.assertTrue(new.exists())
