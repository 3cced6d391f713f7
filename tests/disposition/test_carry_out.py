from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DispositionCase


@tagged("-at_install", "post_install")
class TestCarryOut(DispositionCase):
    """What is decided becomes native moves, and stock counts where it is."""

    def decide(self, disposition, kind, site=None):
        wizard = self.env["oms.disposition.override"].create(
            {
                "disposition_ids": [(6, 0, disposition.ids)],
                "kind": kind,
                "site_id": site and site.id,
                "reason": "Asked for",
            }
        )
        wizard.action_confirm()
        return disposition

    def test_sold_here(self):
        before = self.promised(self.apple, self.near)
        found = self.bring_back(self.apple, 2, self.grade_a).disposition_ids
        # Two were delivered, and are not stock yet.
        self.assertEqual(self.promised(self.apple, self.near), before - 2)
        self.decide(found, "sell")
        self.assertEqual(found.state, "done")
        self.assertEqual(self.promised(self.apple, self.near), before)
        self.assertEqual(self.at(self.apple, self.near.return_location_id), 0)
        self.assertEqual(found.move_ids, found.item_id.move_ids & found.move_ids)

    def test_opened_goods_count_by_grade(self):
        before = self.promised(self.apple, self.near)
        found = self.bring_back(self.apple, 2, self.grade_b).disposition_ids
        self.decide(found, "sell")
        self.assertEqual(self.promised(self.apple, self.near), before - 2)
        self.assertEqual(self.at(self.apple, self.grade_b._get_location(self.near)), 2)

    def test_sent_to_another_site(self):
        found = self.bring_back(self.apple, 2, self.grade_a).disposition_ids
        self.decide(found, "send", self.far)
        self.assertEqual(found.state, "under_way")
        self.assertEqual(self.incoming(self.apple, self.far), 2)
        out, into = found.move_ids.sorted("id")
        self.assertEqual((out.state, into.state), ("assigned", "waiting"))
        self.assertEqual(out.location_dest_id, self.company.internal_transit_location_id)
        self.assertEqual(into.location_dest_id, self.far.warehouse_id.lot_stock_id)
        self.ship(out.picking_id)
        self.ship(into.picking_id)
        self.assertEqual(found.state, "done")
        self.assertEqual(self.promised(self.apple, self.far), 2)

    def test_many_go_in_one_transfer(self):
        found = (
            self.bring_back(self.apple, 2, self.grade_a)
            + self.bring_back(self.berry, 1, self.grade_b)
        ).disposition_ids
        self.decide(found, "send", self.far)
        self.assertEqual(len(found.picking_ids), 2)
        self.assertEqual(
            found.move_ids.location_dest_id,
            self.company.internal_transit_location_id
            + self.far.warehouse_id.lot_stock_id
            + self.grade_b._get_location(self.far),
        )

    def test_a_cancelled_transfer_leaves_the_goods(self):
        item = self.bring_back(self.apple, 2, self.grade_a)
        found = self.decide(item.disposition_ids, "send", self.far)
        found.picking_ids.action_cancel()
        self.assertEqual(found.state, "cancelled")
        item._propose_dispositions()
        self.assertEqual(sorted(item.disposition_ids.mapped("state")), ["cancelled", "proposed"])

    def test_goods_that_were_stopped_on_the_way_are_not_there(self):
        """Somebody cancels the second leg after the goods left: they lie in transit."""
        item = self.bring_back(self.apple, 2, self.grade_a)
        found = self.decide(item.disposition_ids, "send", self.far)
        out, into = found.move_ids.sorted("id")
        self.ship(out.picking_id)
        self.assertEqual(found.state, "under_way")
        with self.assertRaisesRegex(UserError, "cannot be sent on"):
            found.action_resume()
        into.picking_id.action_cancel()
        self.assertEqual(found.state, "stopped")
        item._propose_dispositions()
        self.assertEqual(item.disposition_ids, found, "what is in transit is decided on already")
        found.action_resume()
        self.assertEqual(found.state, "under_way")
        self.assertEqual(self.incoming(self.apple, self.far), 2)
        again = found.move_ids.sorted("id")[-1]
        self.assertEqual(
            (again.location_id, again.location_dest_id, again.state),
            (out.location_dest_id, self.far.warehouse_id.lot_stock_id, "assigned"),
        )
        self.ship(again.picking_id)
        self.assertEqual(found.state, "done")
        self.assertEqual(self.promised(self.apple, self.far), 2)
        self.assertEqual(self.at(self.apple, out.location_dest_id), 0)

    def test_the_very_lot_that_was_stopped_goes_on(self):
        watch = self.make_product("Watch", tracking="lot")
        one, two = self.env["stock.lot"].create(
            [{"name": name, "product_id": watch.id} for name in ("W-1", "W-2")]
        )
        stock, transit = (
            self.near.warehouse_id.lot_stock_id,
            self.company.internal_transit_location_id,
        )
        self.env["stock.quant"]._update_available_quantity(watch, stock, 1, lot_id=one)
        # Another one has been in transit for longer.
        self.env["stock.quant"]._update_available_quantity(watch, transit, 1, lot_id=two)
        order = self.deliver((watch, 1))
        lot = order.order_line.move_ids.move_line_ids.lot_id
        record = self.ask(order, (watch, 1))
        items = record._receive([{"product_id": watch.id, "quantity": 1, "lot_id": lot.id}])
        record._inspect([{"item_id": items.id, "grade_id": self.grade_a.id}])
        found = self.decide(items.disposition_ids, "send", self.far)
        out, into = found.move_ids.sorted("id")
        self.ship(out.picking_id)
        into.picking_id.action_cancel()
        found.action_resume()
        again = found.move_ids.sorted("id")[-1]
        self.assertEqual((lot, again.move_line_ids.lot_id), (one, one))

    def test_refurbished_here(self):
        self.near.refurbishes = True
        before = self.promised(self.apple, self.near)
        found = self.bring_back(self.apple, 1, self.grade_b).disposition_ids
        self.decide(found, "refurbish")
        self.assertEqual(found.state, "under_way")
        self.assertEqual(self.at(self.apple, self.near.refurbish_location_id), 1)
        found.action_refurbished()
        self.assertEqual(found.state, "done")
        self.assertEqual(self.promised(self.apple, self.near), before)
        with self.assertRaisesRegex(UserError, "not being refurbished"):
            found.action_refurbished()

    def test_refurbished_elsewhere(self):
        found = self.bring_back(self.apple, 2, self.grade_b).disposition_ids
        self.decide(found, "refurbish", self.far)
        with self.assertRaisesRegex(UserError, "not being refurbished"):
            found.action_refurbished()
        for picking in found.picking_ids.sorted("id"):
            self.ship(picking)
        self.assertEqual(found.state, "under_way")
        self.assertEqual(self.at(self.apple, self.far.refurbish_location_id), 2)
        found.action_refurbish_failed()
        self.assertEqual(found.state, "done")
        self.assertEqual(found.scrap_id.scrap_qty, 2)
        self.assertEqual(self.at(self.apple, self.far.refurbish_location_id), 0)

    def test_returned_to_the_supplier(self):
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        with self.assertRaisesRegex(UserError, "No supplier takes"):
            self.decide(found, "supplier")
        grower = self.make_partner("Grower")
        self.env["product.supplierinfo"].create(
            {
                "partner_id": grower.id,
                "product_tmpl_id": self.apple.product_tmpl_id.id,
                "price": 6.0,
                "oms_return_percent": 50,
            }
        )
        self.decide(found, "supplier")
        self.assertEqual(found.picking_ids.partner_id, grower)
        self.assertEqual(found.move_ids.location_dest_id.usage, "supplier")
        self.assertEqual(found.move_ids.state, "assigned")

    def test_donated_and_scrapped(self):
        donated = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        self.decide(donated, "donate")
        self.assertEqual(donated.move_ids.location_dest_id.usage, "inventory")
        again = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        self.decide(again, "donate")
        self.assertEqual(again.move_ids.location_dest_id, donated.move_ids.location_dest_id)
        scrapped = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        scrapped.action_accept()
        self.assertEqual((scrapped.scrap_id.state, scrapped.state), ("done", "done"))

    def test_serial_numbers(self):
        self.apple.tracking = "serial"
        self.empty(self.apple, self.near)
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": self.apple.id} for name in ("S1", "S2")]
        )
        for lot in lots:
            self.stock(self.apple, (self.near, 1), lot_id=lot)
        order = self.deliver((self.apple, 2))
        record = self.ask(order, (self.apple, 2))
        items = record._receive(
            [{"product_id": self.apple.id, "quantity": 1, "lot_id": lot.id} for lot in lots[::-1]]
        )
        record._inspect([{"item_id": i.id, "grade_id": self.grade_a.id} for i in items])
        first = items.filtered(lambda item: item.lot_id == lots[1]).disposition_ids
        self.decide(first, "send", self.far)
        self.assertEqual(first.move_ids.move_line_ids.lot_id, lots[1])
        second = items.filtered(lambda item: item.lot_id == lots[0]).disposition_ids
        self.decide(second, "sell")
        self.assertEqual(second.move_ids.move_line_ids.lot_id, lots[0])

    def test_overriding_is_told(self):
        found = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        self.decide(found, "sell")
        self.assertTrue(found.overridden)
        self.assertEqual(found.override_reason, "Asked for")
        self.assertEqual(found.proposed_kind, "scrap")
        same = self.bring_back(self.apple, 1, self.grade_d).disposition_ids
        self.decide(same, "scrap")
        self.assertFalse(same.overridden)

    def test_what_cannot_be(self):
        found = self.bring_back(self.apple, 1, self.grade_a).disposition_ids
        for kind, site, message in (
            ("send", None, "Choose a site"),
            ("send", self.near, "are at Near already"),
            ("refurbish", None, "are not refurbished"),
        ):
            with self.assertRaisesRegex(UserError, message):
                self.decide(found, kind, site)
            self.assertEqual(found.state, "proposed")
            self.assertFalse(found.move_ids)
        with self.assertRaisesRegex(UserError, "Say why"):
            found._choose("sell", self.env["oms.site"], " ")
        self.decide(found, "sell")
        with self.assertRaisesRegex(UserError, "cannot be accepted: it is done"):
            found.action_accept()

    def test_goods_that_somebody_moved(self):
        found = self.bring_back(self.apple, 2, self.grade_d).disposition_ids
        self.env["stock.quant"]._update_available_quantity(self.apple, found.location_id, -1)
        with self.assertRaisesRegex(UserError, "only 1 Units are left"):
            found.action_accept()
        self.assertEqual(found.state, "proposed")

    def test_many_are_accepted_at_once(self):
        found = (
            self.bring_back(self.apple, 2, self.grade_d)
            + self.bring_back(self.berry, 1, self.grade_d)
        ).disposition_ids
        found.action_accept()
        self.assertEqual(set(found.mapped("state")), {"done"})

    def test_as_a_step_of_a_workflow(self):
        """What can be done is done, what cannot waits and says why."""
        item = self.bring_back(self.apple, 1, self.grade_d)
        other = self.bring_back(self.berry, 1, self.grade_d)
        gone = self.bring_back(self.berry, 1, self.grade_d)
        self.env["stock.quant"]._update_available_quantity(
            self.berry, gone.disposition_ids.location_id, -2
        )
        orders = (item + gone).return_id.order_id
        self.env.ref("oms.action_dispose").with_context(
            active_model="sale.order", active_ids=orders.ids
        ).run()
        self.assertEqual(item.disposition_ids.state, "done")
        self.assertEqual(other.disposition_ids.state, "proposed")
        self.assertEqual(gone.disposition_ids.state, "proposed")
        self.assertIn("are left in", str(gone.disposition_ids.message_ids.mapped("body")))
