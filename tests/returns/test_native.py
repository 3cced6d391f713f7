"""Returns that people make in Odoo's own wizard are seen, and bound like all others."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestNative(ReturnCase):
    def wizard(self, picking, quantity, to_refund=True):
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_ids=picking.ids, active_model=picking._name)
            .create({})
        )
        wizard.product_return_moves.quantity = quantity
        wizard.product_return_moves.to_refund = to_refund
        return wizard

    def test_becomes_a_return(self):
        order = self.deliver((self.apple, 3))
        picking = self.wizard(order.picking_ids, 2)._create_return()
        record = order.oms_return_ids
        self.assertEqual((record.picking_ids, record.state), (picking, "authorized"))
        self.assertEqual(record.site_id, self.near)
        self.assertEqual(record.line_ids.quantity, 2)
        self.assertEqual(self.returnable(order, self.apple)[0], 1)
        self.ship(picking)
        self.assertEqual((record.state, record.item_ids.quantity), ("received", 2))
        self.assertEqual(record.item_ids.line_id, record.line_ids)
        record.action_accept_all()
        self.assertEqual((record.state, record.amount_settled), ("closed", 20))

    def test_is_looked_at_before_it_is_sold(self):
        """Odoo has goods come back onto the shelf; ours wait where nobody sells them."""
        order = self.deliver((self.apple, 3))
        shelf = self.near.warehouse_id.lot_stock_id
        free = self.at(self.apple, shelf)
        user = self.make_user("native-returner", "stock.group_stock_user")
        wizard = self.wizard(order.picking_ids, 2)
        picking = wizard.with_user(user)._create_return().with_user(self.env.user)
        place = self.near._get_return_location()
        self.assertEqual(
            (picking.location_dest_id, picking.move_ids.location_dest_id), (place,) * 2
        )
        self.assertEqual(picking.picking_type_id, self.near._get_return_type())
        self.assertEqual(picking.move_ids.location_final_id, shelf, "it counts as coming")
        self.ship(picking)
        self.assertEqual((self.at(self.apple, shelf), self.at(self.apple, place)), (free, 2))
        self.assertEqual(order.oms_return_ids.state, "received")
        order.oms_return_ids.action_accept_all()
        self.assertEqual(order.oms_return_ids.item_ids.state, "inspected")

    def test_all_of_a_delivery_and_its_exchange(self):
        """Odoo's other two buttons: they bring goods back to the same place."""
        order = self.deliver((self.apple, 3))
        action = self.wizard(order.picking_ids, 0).action_create_returns_all()
        back = self.env["stock.picking"].browse(action["res_id"])
        self.assertEqual(back.move_ids.product_uom_qty, 3)
        self.assertEqual(back.location_dest_id, self.near._get_return_location())
        other = self.deliver((self.berry, 2))
        action = self.wizard(other.picking_ids, 1).action_create_exchanges()
        back = self.env["stock.picking"].browse(action["res_id"])
        self.assertEqual(back.location_dest_id, self.near._get_return_location())
        self.assertEqual(other.oms_return_ids.picking_ids, back)

    def test_without_a_channel_it_is_odoos(self):
        order = self.make_order(
            (self.apple, 2), oms_channel_id=False, warehouse_id=self.near.warehouse_id.id
        )
        self.ship(order.picking_ids)
        picking = self.wizard(order.picking_ids, 1)._create_return()
        self.assertFalse(picking.oms_return_id)
        self.assertNotEqual(picking.location_dest_id, self.near._get_return_location())

    def test_nothing_is_given_for_what_does_not_count(self):
        order = self.deliver((self.apple, 3))
        receipt = self.take_back(order.picking_ids, 2, to_refund=False)
        record = receipt.oms_return_id
        self.assertFalse(record.item_ids.accepted)
        record.action_accept_all()
        self.assertEqual((record.state, record.amount_settled), ("closed", 0))

    def test_partly(self):
        order = self.deliver((self.apple, 3))
        picking = self.wizard(order.picking_ids, 3)._create_return()
        self.ship(picking, 1, backorder=True)
        record = order.oms_return_ids
        self.assertEqual((record.state, record.line_ids.state), ("authorized", "partial"))
        rest = record.picking_ids - picking
        self.assertEqual(rest.move_ids.oms_return_line_id, record.line_ids)
        self.ship(rest)
        self.assertEqual(record.state, "received")

    def test_more_than_the_customer_has(self):
        order = self.deliver((self.apple, 3))
        delivery = order.picking_ids
        with self.assertRaisesRegex(UserError, "no more than 3"):
            self.wizard(delivery, 99)._create_return()
        self.ask(order, (self.apple, 2))
        with self.assertRaisesRegex(UserError, "no more than 1"):
            self.wizard(delivery, 2)._create_return()

    def test_more_in_the_transfer(self):
        order = self.deliver((self.apple, 3))
        picking = self.wizard(order.picking_ids, 2)._create_return()
        with self.assertRaisesRegex(UserError, "more would be back than were delivered"):
            self.ship(picking, 4)

    def test_cancelled_by_hand(self):
        order = self.deliver((self.apple, 3))
        picking = self.wizard(order.picking_ids, 2)._create_return()
        picking.action_cancel()
        self.assertEqual(order.oms_return_ids.state, "cancelled")
        self.assertEqual(self.returnable(order, self.apple)[0], 3)

    def test_transfer_of_a_return_validated_by_hand(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        self.ship(record.picking_ids)
        self.assertEqual((record.state, record.item_ids.quantity), ("received", 2))
        self.assertEqual(record.item_ids.site_id, self.near)

    def test_goods_sent_back_to_the_customer(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record._receive([{"product_id": self.apple.id, "quantity": 2}])
        out = self.wizard(record.picking_ids, 2)._create_return()
        self.assertEqual(len(order.oms_return_ids), 1)
        self.ship(out)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self.returnable(order, self.apple)[0], 3)

    def test_receipts_of_purchases_are_left_alone(self):
        move = self.make_open_move(self.apple, self.near, 5)
        self.ship(move.picking_id)
        returned = self.wizard(move.picking_id, 5)._create_return()
        self.assertFalse(returned.oms_return_id)


@tagged("post_install", "-at_install")
class TestMatch(ReturnCase):
    def blind(self, *items):
        record = self.env["oms.return"].create(
            {"origin": "blind", "way": "dropoff", "state": "authorized", "site_id": self.far.id}
        )
        record._receive(list(items))
        return record

    def test_matched_with_its_order(self):
        order = self.deliver((self.apple, 3))
        record = self.blind({"product_id": self.apple.id, "quantity": 2})
        self.assertFalse(record.item_ids.line_id)
        record._inspect([{"item_id": record.item_ids.id}])
        self.assertEqual(record.state, "inspected")
        record._match_order(order)
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(record.line_ids.quantity_received, 2)
        self.assertEqual((record.state, record.amount_settled), ("closed", 20))
        self.assertEqual(record.item_ids.move_ids.sale_line_id, order.order_line)
        self.assertEqual(self.returnable(order, self.apple)[0], 1)
        with self.assertRaisesRegex(UserError, "cannot be matched"):
            record._match_order(order)

    def test_another_order(self):
        order = self.deliver((self.berry, 1))
        record = self.blind({"product_id": self.apple.id, "quantity": 2})
        with self.assertRaisesRegex(UserError, "Nothing of what came was delivered"):
            record._match_order(order)

    def test_less_was_delivered(self):
        order = self.deliver((self.apple, 1))
        record = self.blind({"product_id": self.apple.id, "quantity": 2})
        with self.assertRaisesRegex(UserError, "Only 1 of 2"):
            record._match_order(order)
        self.assertEqual(order.order_line.qty_delivered, 1)

    def test_quotation(self):
        order = self.make_order((self.apple, 1), confirm=False)
        record = self.blind({"product_id": self.apple.id, "quantity": 1})
        with self.assertRaisesRegex(UserError, "no confirmed order"):
            record._match_order(order)
