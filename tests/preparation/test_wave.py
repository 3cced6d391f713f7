from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import PreparationCase


@tagged("post_install", "-at_install")
class TestWave(PreparationCase):
    # === WHAT GOES TOGETHER === #

    def test_zones_are_kept_apart(self):
        first = self.make_order((self.apple, 2))
        other = self.make_order((self.berry, 2))
        both = self.make_order((self.apple, 1), (self.berry, 1))
        second = self.make_order((self.apple, 3))
        waves, left = self.plan(first + other + both + second, group_zone=True)
        self.assertFalse(left)
        self.assertEqual(
            {frozenset(orders.ids) for orders in self.orders_of(waves)},
            {frozenset((first + second).ids), frozenset(other.ids), frozenset(both.ids)},
        )
        self.assertIn("Zone A", waves[0].description)

    def test_sizes_are_kept_apart(self):
        unit, line = self.make_order((self.apple, 1)), self.make_order((self.apple, 2))
        multi = self.make_order((self.apple, 1), (self.berry, 1))
        waves, _left = self.plan(unit + line + multi, group_size=True)
        self.assertEqual(len(waves), 3)
        waves, _left = self.plan(unit + line + multi)
        self.assertEqual(len(waves), 1)

    def test_carriers_are_kept_apart(self):
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 1))
        product = self.env["product.product"].create({"name": "Delivery", "type": "service"})
        carrier = self.env["delivery.carrier"].create(
            {"name": "Bike", "product_id": product.id, "delivery_type": "fixed"}
        )
        orders[1].picking_ids.carrier_id = carrier
        waves, _left = self.plan(orders, group_carrier=True)
        self.assertEqual(sorted(map(len, self.orders_of(waves))), [1, 1])

    def test_days_of_the_site_are_kept_apart(self):
        """In Tokyo the two moments, half an hour apart, are of two days."""
        self.near.tz = "Asia/Tokyo"
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 1))
        for order, moment in zip(
            orders, ("2099-05-01 14:45:00", "2099-05-01 15:15:00"), strict=True
        ):
            self.set_due(order, moment)
        waves, _left = self.plan(orders, group_cutoff=True)
        self.assertEqual(len(waves), 2)
        self.near.tz = "UTC"
        waves, _left = self.plan(orders, group_cutoff=True)
        self.assertEqual(len(waves), 1)

    def test_limits_and_priority(self):
        orders = self.env["sale.order"].union(
            *(self.make_order((self.apple, 2)) for _index in range(5))
        )
        for order, day in zip(orders, (5, 3, 4, 1, 2), strict=True):
            self.set_due(order, f"2024-03-0{day} 10:00:00")
        waves, left = self.plan(orders, most_orders=2, most_waves=2)
        self.assertEqual(
            [each.ids for each in self.orders_of(waves)],
            [[orders[3].id, orders[4].id], [orders[1].id, orders[2].id]],
        )
        self.assertEqual([each.reason for each in left], ["pickers"])
        self.assertEqual(left[0].picking, orders[0].picking_ids)
        waves, _left = self.plan(orders, most_units=4)
        self.assertEqual([len(each) for each in self.orders_of(waves)], [2, 2, 1])
        waves, _left = self.plan(orders, most_weight=1.0)
        self.assertEqual([len(each) for each in self.orders_of(waves)], [1] * 5)

    def test_open_waves_take_their_pickers(self):
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 1))
        self.make_waves(orders[0])
        _waves, left = self.plan(orders[1], most_waves=1)
        self.assertEqual([each.reason for each in left], ["pickers"])

    def test_odoo_makes_no_batch_of_each_customer(self):
        self.assertTrue(self.near.warehouse_id.out_type_id.auto_batch)
        order = self.make_order((self.apple, 1))
        self.assertFalse(order.picking_ids.batch_id)
        # Deliveries that nobody orchestrates are batched as ever, and apart from ours.
        moves = self.make_open_move(self.apple, self.near, -1)
        moves += self.make_open_move(self.apple, self.near, -1)
        moves._action_assign()
        batches = moves.picking_id.batch_id
        self.assertTrue(batches)
        self.assertNotIn(order.picking_ids, batches.picking_ids)

    # === WHAT IS LEFT OUT === #

    def test_only_reserved_work(self):
        orders = self.make_order((self.apple, 1)) + self.make_order((self.berry, 1))
        orders[0].picking_ids.do_unreserve()
        waves, left = self.plan(orders)
        self.assertEqual(self.orders_of(waves), [orders[1]])
        self.assertEqual([each.reason for each in left], ["unreserved"])

    def test_partly_reserved_work(self):
        order = self.make_order((self.apple, 1), (self.berry, 1))
        order.picking_ids.move_ids[0]._do_unreserve()
        _waves, left = self.plan(order)
        self.assertEqual([each.reason for each in left], ["partly_reserved"])
        waves, _left = self.plan(order, only_reserved=False)
        self.assertEqual(self.orders_of(waves), [order])

    def test_work_is_in_one_wave(self):
        order = self.make_order((self.apple, 1))
        wave = self.make_waves(order)
        _waves, left = self.plan(order)
        self.assertEqual([each.reason for each in left], ["in_wave"])
        self.assertIn(wave.name, left[0].detail)
        with self.assertRaisesRegex(UserError, wave.name):
            self.make_waves(order)

    def test_work_that_was_begun_is_left(self):
        order = self.make_order((self.apple, 1))
        order.picking_ids.move_ids.picked = True
        _waves, left = self.plan(order)
        self.assertEqual([each.reason for each in left], ["begun"])

    def test_work_that_a_site_has_not_accepted_is_left(self):
        self.near.auto_accept = False
        order = self.make_order((self.apple, 1))
        _waves, left = self.plan(order)
        self.assertEqual([each.reason for each in left], ["not_accepted"])
        order.oms_fulfillment_ids._accept()
        waves, _left = self.plan(order)
        self.assertEqual(self.orders_of(waves), [order])
        order.oms_fulfillment_ids._start()
        _waves, left = self.plan(order)
        self.assertEqual([each.reason for each in left], ["begun"])

    def test_the_screen_of_the_site_shows_waves(self):
        first, other = self.make_order((self.apple, 1)), self.make_order((self.apple, 1))
        wave = self.make_waves(first)
        screen = self.env["oms.site.work"]
        cards = {card["order"]: card for card in screen.get_work(self.near.id)["cards"]}
        self.assertEqual(cards[first.name]["wave"], {"id": wave.id, "name": wave.name, "bin": 1})
        self.assertIsNone(cards[other.name]["wave"])
        found = screen.get_work(self.near.id, {"wave_id": wave.id})["cards"]
        self.assertEqual([card["order"] for card in found], [first.name])

    def test_the_screen_shows_what_was_picked_in_a_wave(self):
        """What goes on to the next step has left the batch, and was picked in it all the same."""
        self.near.warehouse_id.delivery_steps = "pick_ship"
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        self.ship(
            wave.picking_ids.filtered(lambda each: each.oms_fulfillment_id.order_id == orders[0])
        )
        self.assertNotIn(wave, orders[0].picking_ids.batch_id)
        screen = self.env["oms.site.work"]
        found = screen.get_work(self.near.id, {"wave_id": wave.id})["cards"]
        self.assertEqual({card["order"] for card in found}, set(orders.mapped("name")))
        self.assertEqual({card["wave"]["id"] for card in found}, {wave.id})

    def test_of_several_steps_the_first_is_picked(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        order = self.make_order((self.apple, 1))
        wave = self.make_waves(order)
        self.assertEqual(wave.picking_type_id, self.near.warehouse_id.pick_type_id)
        self.ship(order.picking_ids)
        self.assertEqual(wave.state, "done")
        out = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
        self.assertEqual(out.picking_type_id, self.near.warehouse_id.out_type_id)
        _waves, left = self.env["oms.preparation"]._plan(out, self.make_option())
        self.assertEqual([each.reason for each in left], ["later_step"])

    # === THE WAVE === #

    def test_preview_tells_what_will_be_made(self):
        orders = self.make_order((self.apple, 2)) + self.make_order((self.berry, 3))
        orders += self.make_order((self.apple, 1))
        orders[2].picking_ids.do_unreserve()
        action = orders.oms_fulfillment_ids.action_make_waves()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.group_zone = True
        self.assertEqual(len(form.wave_ids), 2)
        self.assertEqual(len(form.left_ids), 1)
        form.group_zone = False
        form.group_cutoff = False
        self.assertEqual(len(form.wave_ids), 1)
        wizard = form.save()
        self.assertEqual(wizard.wave_ids.unit_count, 5.0)
        opened = wizard.action_make()
        wave = self.env["stock.picking.batch"].browse(opened["res_id"])
        self.assertEqual(wave.picking_ids, orders[:2].picking_ids)
        self.assertEqual(wave.state, "in_progress")
        self.assertEqual(wave.oms_run_id.left_ids.fulfillment_id, orders[2].oms_fulfillment_ids)
        self.assertTrue(wave.oms_run_id.left_ids.detail)

    def test_each_order_has_a_bin(self):
        orders = self.make_order((self.apple, 1)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        self.assertEqual(sorted(wave.picking_ids.mapped("oms_bin")), [1, 2])
        self.assertEqual(orders[0].oms_fulfillment_ids.wave_id, wave)
        first = wave.picking_ids.filtered(lambda picking: picking.oms_bin == 1)
        first.batch_id = False
        self.assertEqual(first.oms_bin, 0)
        self.assertFalse(first.oms_fulfillment_id.wave_id)
        third = self.make_order((self.apple, 1)).picking_ids
        third.batch_id = wave
        self.assertEqual(third.oms_bin, 1)

    def test_pickers_get_waves_in_turn(self):
        orders = self.env["sale.order"].union(
            *(self.make_order((self.apple, 1)) for _index in range(4))
        )
        pickers = self.make_user("p1", "stock.group_stock_user") + self.make_user(
            "p2", "stock.group_stock_user"
        )
        waves = self.make_waves(orders, most_orders=1, user_ids=[(6, 0, pickers.ids)])
        self.assertEqual(
            [len(waves.filtered(lambda w, u=u: w.user_id == u)) for u in pickers], [2, 2]
        )

    def test_a_wave_is_taken_once(self):
        wave = self.make_waves(self.make_order((self.apple, 1)))
        anna = self.make_user("anna", "stock.group_stock_user", name="Anna")
        ben = self.make_user("ben", "stock.group_stock_user")
        wave.with_user(anna).action_oms_take()
        self.assertEqual(wave.user_id, anna)
        self.assertTrue(wave.picking_ids.printed)
        with self.assertRaisesRegex(UserError, "taken already by Anna"):
            wave.with_user(ben).action_oms_take()
        with self.assertRaisesRegex(UserError, "not yours"):
            wave.with_user(ben).action_oms_give_back()
        wave.with_user(anna).action_oms_give_back()
        self.assertFalse(wave.user_id)
        self.assertFalse(wave.picking_ids.printed)
        wave.with_user(ben).action_oms_take()
        self.assertEqual(wave.user_id, ben)

    def test_progress(self):
        orders = self.make_order((self.apple, 3)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        self.assertEqual((wave.oms_unit_count, wave.oms_progress), (4.0, 0.0))
        orders[0].picking_ids.move_ids.picked = True
        self.assertEqual((wave.oms_picked_count, wave.oms_progress), (3.0, 75.0))
        self.ship(orders[0].picking_ids)
        # Odoo takes it out of the batch; it was picked in the wave all the same.
        self.assertEqual((wave.oms_picked_count, wave.oms_progress), (3.0, 75.0))
        self.assertEqual(orders[0].oms_fulfillment_ids.wave_id, wave)
        self.assertEqual(wave.state, "in_progress")
        self.ship(orders[1].picking_ids)
        self.assertEqual((wave.state, wave.oms_progress), ("done", 100.0))

    def test_cancelled_work_leaves(self):
        orders = self.make_order((self.apple, 3)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        self.cancel(orders[0])
        self.assertEqual(wave.picking_ids, orders[1].picking_ids)
        self.assertFalse(orders[0].oms_fulfillment_ids.wave_id)
        self.assertEqual(wave.oms_unit_count, 1.0)
        self.cancel(orders[1])
        self.assertEqual(wave.state, "cancel")

    def test_rejected_work_leaves(self):
        orders = self.make_order((self.apple, 3)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        reason = self.env["oms.reject.reason"].create({"name": "Too busy", "code": "TBUSY"})
        orders[0].oms_fulfillment_ids._reject(reason)
        self.assertEqual(wave.picking_ids, orders[1].picking_ids)
        self.assertEqual(wave.oms_picking_ids, orders[1].picking_ids)

    def test_a_fulfillment_is_taken_out_by_hand(self):
        orders = self.make_order((self.apple, 3)) + self.make_order((self.apple, 1))
        wave = self.make_waves(orders)
        orders[0].oms_fulfillment_ids.action_leave_wave()
        self.assertEqual(wave.picking_ids, orders[1].picking_ids)
        self.assertEqual(wave.state, "in_progress")
        with self.assertRaisesRegex(UserError, "in an open wave"):
            orders[0].oms_fulfillment_ids.action_leave_wave()
        orders[1].oms_fulfillment_ids.action_leave_wave()
        self.assertEqual(wave.state, "cancel")
        # What left may go into another wave.
        waves, _left = self.plan(orders)
        self.assertEqual(len(waves), 1)

    def test_begun_waves_are_not_taken_back(self):
        order = self.make_order((self.apple, 1))
        wave = self.make_waves(order)
        self.assertTrue(order._oms_get_idle_quantities())
        wave.action_oms_take()
        self.assertFalse(order._oms_get_idle_quantities())
