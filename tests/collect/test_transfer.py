from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .collect_case import TransferCase


@tagged("post_install", "-at_install")
class TestTransfer(TransferCase):
    def test_the_store_s_own_stock_comes_first(self):
        order = self.collect_order((self.apple, 10))
        there, sent = self.parts(order)
        self.assertEqual((there.line_ids.quantity, len(sent)), (10, 0))

    def test_a_site_that_nobody_has_placed_is_not_the_nearest(self):
        """As for deliveries: it counts as far as the farthest one."""
        self.middle.write({"latitude": 0.0, "longitude": 0.0})
        farthest = self.make_site("Farthest", "FTHST", (60.0, 20.0))
        self.network.site_ids += farthest
        self.stock(self.apple, (farthest, 10))
        _there, sent = self.parts(self.collect_order((self.apple, 13)))
        self.assertEqual(sent.site_id, self.far)

    def test_sent_then_ready(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        self.assertEqual((sent.site_id, sent.line_ids.quantity), (self.middle, 3))
        self.assertEqual((sent.transfer_for_id, there.line_ids.quantity), (there, 13))
        self.assertEqual(
            (sent.state, sent.work_state, order.oms_state), ("released", "accepted", "sourced")
        )
        self.assertEqual((sent.pickup_state, there.pickup_state), (False, "preparing"))
        self.assertIn("Comes from Middle", there._get_transfer_sentence())
        self.assertEqual(self.available(self.apple, self.middle), 7)
        self.assertWhole(order)
        self.send(sent)
        self.assertEqual((sent.state, self.on_hand(self.apple, self.middle)), ("shipped", 7))
        self.assertTrue(sent.shipped_at)
        self.assertEqual(self.available(self.apple), 0)
        self.assertWhole(order)
        self.receive(sent)
        self.assertEqual((sent.state, there.state), ("delivered", "released"))
        # What came is the customer's and nobody else's.
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (13, 0))
        self.assertWhole(order)
        there._pick()
        there._make_ready()
        there._collect()
        self.assertEqual((there.state, order.order_line.qty_delivered), ("delivered", 13))
        self.assertEqual(self.on_hand(self.apple), 0)
        self.assertNotIn("fulfillment.rejected", self.events(order))

    def test_the_customer_is_told_when_all_is_here(self):
        there, sent = self.parts(self.collect_order((self.apple, 13)))
        there._pick()
        with self.assertRaisesRegex(UserError, "Not all .* Comes from Middle first"):
            there.with_user(self.clerk)._make_ready()
        self.send(sent)
        with self.assertRaisesRegex(UserError, "Comes from Middle first"):
            there._make_ready()
        self.assertFalse(self.mails(there))
        self.receive(sent)
        there._pick()
        there._make_ready()
        self.assertEqual(len(self.mails(there)), 1)

    def test_who_collects_before_all_is_here_is_told_of_the_rest(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        there._pick()
        there._collect()
        self.assertEqual(order.order_line.qty_delivered, 10)
        self.send(sent)
        self.receive(sent)
        self.assertEqual((there.pickup_state, there.work_state), ("preparing", "accepted"))
        self.assertFalse(self.mails(there))
        there._pick()
        there._make_ready()
        self.assertEqual((there.pickup_state, len(self.mails(there))), ("ready", 1))
        there._collect()
        self.assertEqual((there.state, order.order_line.qty_delivered), ("delivered", 13))

    def test_nothing_of_it_in_the_store(self):
        self.collect_order((self.apple, 10))
        order = self.collect_order((self.apple, 2))
        there, sent = self.parts(order)
        self.assertEqual((there.state, there.work_state), ("planned", False))
        self.send(sent)
        # Nobody else is promised what is on its way to a customer.
        supply = self.env["oms.supply"].search([("product_id", "=", self.apple.id)])
        self.assertFalse(supply.filtered(lambda each: each.site_id == self.store))
        self.receive(sent)
        self.assertEqual((there.state, there.work_state), ("released", "accepted"))
        self.assertWhole(order)

    def test_only_where_the_store_takes_part(self):
        self.store.ship_to_store = False
        order = self.collect_order((self.apple, 13))
        self.assertEqual((order.order_line.oms_qty_open, len(order.oms_fulfillment_ids)), (3, 1))

    def test_the_site_gives_it_back(self):
        """Another one sends it, and that was all that the store hears of it."""
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        sent._reject(self.env.ref("oms.reason_not_in_stock"))
        self.assertEqual(sent.state, "rejected")
        self.assertEqual(order.order_line.oms_qty_open, 3)
        self.assertFalse(self.open_arrivals(sent))
        self.assertWhole(order)
        order.oms_event_ids.filtered(lambda event: event.state == "pending")._run()
        _there, others = self.parts(order)
        self.assertEqual((others - sent).site_id, self.far)
        self.assertEqual((there.line_ids.quantity, order.order_line.oms_qty_open), (13, 0))
        self.assertWhole(order)

    def open_arrivals(self, fulfillment):
        return fulfillment.line_ids.move_ids.filtered(lambda m: m.state not in ("done", "cancel"))

    def test_the_site_cancels_odoo_s_transfer(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        sent.picking_ids.filtered(lambda p: p.picking_type_code == "outgoing").action_cancel()
        self.assertFalse(self.open_arrivals(sent))
        self.assertEqual((order.order_line.oms_qty_open, there.line_ids.quantity), (3, 10))
        self.assertIn("fulfillment.rejected", self.events(order))
        self.assertWhole(order)

    def test_the_customer_cancels(self):
        order = self.collect_order((self.apple, 13))
        _there, sent = self.parts(order)
        self.cancel(order)
        self.assertFalse(self.open_arrivals(sent))
        self.assertEqual(self.available(self.apple, self.middle), 10)
        # What had left already stays with the store.
        order = self.collect_order((self.apple, 13))
        _there, sent = self.parts(order)
        self.send(sent)
        self.cancel(order)
        self.receive(sent)
        self.assertEqual((self.on_hand(self.apple), self.available(self.apple)), (13, 13))

    def test_the_customer_wants_less(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        order.order_line.product_uom_qty = 12
        self.assertEqual((sent.line_ids.quantity, there.line_ids.quantity), (2, 12))
        self.assertEqual(sent.line_ids.quantity_on_way, 2)
        self.assertWhole(order)
        self.send(sent)
        order.order_line.product_uom_qty = 11
        self.receive(sent)
        self.assertWhole(order)
        self.assertEqual(self.available(self.apple), 1)

    def test_less_arrives(self):
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        self.send(sent)
        self.receive(sent, 2)
        self.assertEqual(sum(there.line_ids.move_ids.mapped("product_qty")), 12)
        self.assertEqual((order.order_line.oms_qty_open, there.line_ids.quantity), (1, 12))
        self.assertIn("fulfillment.rejected", self.events(order))
        self.assertWhole(order)

    def test_waiting_orders_are_sent_what_comes_in(self):
        for site, left in ((self.store, 10), (self.middle, 10), (self.far, 10)):
            self.stock(self.apple, (site, -left))
        order = self.collect_order((self.apple, 2))
        self.assertEqual(order.oms_state, "waiting")
        self.stock(self.apple, (self.middle, 5))
        order._oms_take_up_sourceable(self.env)
        _there, sent = self.parts(order)
        self.assertEqual((sent.site_id, order.oms_state), (self.middle, "sourced"))

    def test_promised_with_the_way(self):
        """The date of what is sent first lies after the way there, by the days it takes."""
        order = self.collect_order((self.apple, 13))
        there, sent = self.parts(order)
        now = fields.Datetime.now()
        [way] = self.env["oms.lead.time"]._get_dates(
            [sent._prepare_transfer_ask(now)], self.channel, now, None
        )
        alone = self.collect_order((self.berry, 1)).oms_fulfillment_ids
        dates = (there + alone)._get_lead_dates(now)
        self.assertGreaterEqual(dates[there].promised, way.promised)
        self.assertGreater(dates[there].promised, dates[alone].promised)
        self.assertGreater(way.promised, now.date() - timedelta(days=1))
        promises = order._oms_promise() | order.oms_promise_ids
        self.assertEqual(promises.fulfillment_id, there)
