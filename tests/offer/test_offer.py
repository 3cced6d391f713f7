from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OfferCase


@tagged("post_install", "-at_install")
class TestOffer(OfferCase):
    # === ASKING === #

    def test_the_best_stores_are_asked_and_nothing_is_released(self):
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
        self.assertEqual(order.oms_offer_ids.sorted("rank").site_id, self.near + self.middle)
        self.assertFalse(order.picking_ids)
        self.assertEqual(order.oms_state, "sourced")
        # Held once, at the best of them.
        self.assertEqual(self.available(self.near), 8.0)
        self.assertEqual(self.available(self.middle), 10.0)
        # Two units go further, at 0.00035 per unit and kilometer.
        first, second = order.oms_offer_ids.sorted("rank")
        self.assertEqual(first.cost_more, 0.0)
        kilometers = self.env["oms.sourcing"]._get_kilometers(order, self.middle)[0][0]
        self.assertAlmostEqual(second.cost_more, 2 * 0.00035 * kilometers, places=2)

    def test_the_planned_store_accepts(self):
        order = self.make_order((self.apple, 2))
        result = self.offer(order, self.near)._accept()
        self.assertEqual(result, order.oms_fulfillment_ids)
        self.assertEqual(result.state, "released")
        self.assertEqual(self.states(order), {"Near": "accepted", "Middle": "lost"})
        self.assertEqual(self.works_at(order), self.near)
        self.assertEqual(self.available(self.near), 8.0)

    def test_another_store_accepts(self):
        order = self.make_order((self.apple, 2))
        offer = self.offer(order, self.middle)
        result = offer._accept()
        self.assertEqual((result.site_id, result.state), (self.middle, "released"))
        self.assertEqual(offer.result_id, result)
        self.assertEqual(self.works_at(order), self.middle)
        self.assertEqual(order.picking_ids.picking_type_id, self.middle.warehouse_id.out_type_id)
        self.assertEqual(self.available(self.near), 10.0)
        self.assertEqual(self.available(self.middle), 8.0)
        self.assertEqual(order.order_line.oms_qty_open, 0.0)
        before = order.oms_fulfillment_ids - result
        self.assertEqual(before.state, "cancelled")
        # The other one is not blamed for what it was not given.
        self.assertFalse(order.oms_rejection_ids)
        with self.assertRaisesRegex(UserError, "Middle was faster"):
            order.oms_offer_ids.filtered(lambda each: each.site_id == self.near)._accept()
        self.ship(order.picking_ids)
        self.assertEqual(result.state, "shipped")

    def test_several_lines_go_together(self):
        self.stock(self.berry, (self.near, 5), (self.far, 5))
        order = self.make_order((self.apple, 1), (self.berry, 1))
        # Middle has no berries.
        self.assertEqual(self.states(order), {"Near": "open", "Far": "open"})
        self.offer(order, self.far)._accept()
        self.assertEqual(self.works_at(order), self.far)
        self.assertEqual(self.available(self.far, self.berry), 4.0)
        self.assertEqual(self.available(self.near, self.berry), 5.0)

    def test_a_store_that_sold_its_goods_meanwhile(self):
        order = self.make_order((self.apple, 2))
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.middle.warehouse_id.lot_stock_id, -9
        )
        with self.assertRaisesRegex(UserError, "Middle cannot take"), self.env.cr.savepoint():
            self.offer(order, self.middle)._accept()
        self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
        self.assertEqual(self.available(self.near), 8.0)
        self.offer(order, self.near)._accept()
        self.assertEqual(self.works_at(order), self.near)

    def test_who_is_not_asked(self):
        self.middle.takes_offers = False
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.states(order), {"Near": "open", "Far": "open"})
        # A warehouse just gets its orders.
        self.near.kind = "warehouse"
        self.assertFalse(self.near.takes_offers)
        order = self.make_order((self.apple, 1))
        self.assertFalse(order.oms_offer_ids)
        self.assertEqual(self.works_at(order), self.near)

    def test_nobody_else_to_ask(self):
        self.stock(self.berry, (self.near, 5))
        order = self.make_order((self.berry, 1))
        self.assertFalse(order.oms_offer_ids)
        self.assertEqual(self.works_at(order), self.near)

    def test_stores_with_enough_offers_are_not_asked(self):
        self.middle.offer_most = 1
        first, second = self.make_order((self.apple, 1)), self.make_order((self.apple, 1))
        self.assertIn("Middle", self.states(first))
        self.assertEqual(self.states(second), {"Near": "open", "Far": "open"})

    def test_full_stores_are_not_asked(self):
        self.middle.write({"capacity_open": 1})
        self.channel.offer_count = 0
        self.stock(self.berry, (self.middle, 5))
        self.make_order((self.berry, 1))
        self.channel.offer_count = 2
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.states(order), {"Near": "open", "Far": "open"})

    def test_stores_that_seldom_accept_are_not_asked(self):
        self.channel.offer_count = 0
        order = self.make_order((self.apple, 1))
        self.channel.offer_count = 2
        fulfillment = order.oms_fulfillment_ids
        values = {
            "fulfillment_id": fulfillment.id,
            "order_id": order.id,
            "site_id": self.middle.id,
        }
        now = self.env.cr.now().replace(microsecond=0)
        self.env["oms.offer"].create(
            [{**values, "state": "declined", "answered_at": now} for _index in range(9)]
            + [{**values, "state": "lost", "answered_at": now} for _index in range(9)]
        )
        self.channel.offer_least_rate = 0.2
        # Nine answers say nothing yet.
        self.assertIn("Middle", self.states(self.make_order((self.apple, 1))))
        self.env["oms.offer"].create({**values, "state": "expired", "answered_at": now})
        self.assertEqual(
            self.states(self.make_order((self.apple, 1))), {"Near": "open", "Far": "open"}
        )
        self.assertEqual((self.middle.offer_rate, self.middle.offer_answer_count), (0.0, 10))

    # === DECLINING === #

    def test_a_decline_moves_it_on(self):
        order = self.make_order((self.apple, 2))
        reason = self.env["oms.reject.reason"].create({"name": "Too busy", "code": "TBUSY"})
        self.offer(order, self.near)._decline(reason, "Sale today")
        self.assertEqual(self.states(order), {"Near": "declined", "Middle": "open"})
        self.offer(order, self.middle)._decline()
        self.assertEqual(
            self.states(order), {"Near": "declined", "Middle": "declined", "Far": "open"}
        )
        last = self.offer(order, self.far)
        self.assertEqual((last.round, last.rank), (2, 3))
        kilometers = self.env["oms.sourcing"]._get_kilometers(order, self.far)[0][0]
        self.assertAlmostEqual(last.cost_more, 2 * 0.00035 * kilometers, places=2)
        last._accept()
        self.assertEqual(self.works_at(order), self.far)
        declined = order.oms_offer_ids.filtered(lambda each: each.site_id == self.near)
        self.assertEqual((declined.reason_id, declined.note), (reason, "Sale today"))
        self.assertEqual(self.near.offer_rate, 0.0)
        self.assertEqual(self.far.offer_rate, 1.0)

    def test_after_the_last_it_is_sourced_without_who_declined(self):
        self.channel.offer_rounds = 1
        order = self.make_order((self.apple, 2))
        self.offer(order, self.near)._decline()
        self.offer(order, self.middle)._decline()
        self.assertEqual(self.works_at(order), self.far)
        self.assertFalse(order.oms_offer_ids.filtered(lambda each: each.state == "open"))
        self.assertEqual(order.oms_decision_ids.sorted("id")[-1:].trigger, "offer")
        self.assertEqual(self.available(self.near), 10.0)

    def test_when_all_declined_it_waits(self):
        order = self.make_order((self.apple, 2))
        for site in (self.near, self.middle, self.far):
            self.offer(order, site)._decline()
        self.assertEqual(order.oms_state, "waiting")
        self.assertFalse(self.works_at(order))
        self.assertIn("Near", order.oms_waiting_reason)
        # A user who asks again is not bound by that.
        self.channel.offer_count = 0
        order.action_oms_source()
        self.assertEqual(self.works_at(order), self.near)

    # === CHANGES OF MIND === #

    def test_a_cancelled_order_is_withdrawn(self):
        order = self.make_order((self.apple, 2))
        offer = self.offer(order, self.middle)
        self.cancel(order)
        self.assertEqual(set(self.states(order).values()), {"withdrawn"})
        self.assertEqual(self.available(self.near), 10.0)
        with self.assertRaisesRegex(UserError, "not offered any more"):
            offer._accept()

    def test_a_lowered_order_is_offered_on(self):
        order = self.make_order((self.apple, 4))
        order.order_line.product_uom_qty = 1
        self.assertEqual(self.states(order), {"Near": "open", "Middle": "open"})
        result = self.offer(order, self.middle)._accept()
        self.assertEqual(result.unit_count, 1.0)
        self.assertEqual(self.available(self.middle), 9.0)

    def test_sites_chosen_by_a_user_are_not_asked(self):
        order = self.make_order((self.apple, 2))
        order.oms_fulfillment_ids._oms_take_back("chosen anew")
        self.assertEqual(set(self.states(order).values()), {"withdrawn"})
        order._oms_assign([(order.order_line, self.far, 2.0)])
        self.assertEqual(self.works_at(order), self.far)

    def test_split_orders_are_offered_part_by_part(self):
        cake = self.make_product("Cake")
        self.stock(cake, (self.far, 5), (self.middle, 5))
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.middle.warehouse_id.lot_stock_id, -10
        )
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.far.warehouse_id.lot_stock_id, -10
        )
        self.stock(self.apple, (self.far, 1))
        order = self.make_order((self.apple, 4), (cake, 1))
        # Only Near has the apples: it has them to do. Of the cake two are asked.
        self.assertEqual(self.works_at(order), self.near)
        self.assertEqual(self.states(order), {"Middle": "open", "Far": "open"})
        self.offer(order, self.far)._accept()
        self.assertEqual(self.works_at(order), self.near + self.far)
        self.assertEqual(order.oms_state, "sourced")
