from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ReturnCase


@tagged("post_install", "-at_install")
class TestReceive(ReturnCase):
    def came(self, product, quantity, **more):
        return {"product_id": product.id, "quantity": quantity, **more}

    def test_as_announced(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        items = record._receive([self.came(self.apple, 2)])
        self.assertEqual(record.state, "received")
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(self.at(self.apple, self.near.return_location_id), 2)
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(self.returnable(order, self.apple)[0], 1)
        record._inspect([{"item_id": items.id}])
        self.assertEqual(record.state, "closed")
        self.assertEqual((record.amount_accepted, record.amount_settled), (20, 20))

    def test_is_not_for_sale_until_it_is_inspected(self):
        before = self.near._get_available(self.apple)[self.near.id, self.apple.id]
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record._receive([self.came(self.apple, 2)])
        self.env.flush_all()
        after = self.near._get_available(self.apple)[self.near.id, self.apple.id]
        self.assertEqual(after, before - 3)
        self.assertFalse(
            self.env["oms.supply"].search([("picking_id", "in", record.picking_ids.ids)])
        )

    def test_into_another_site(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record._receive([self.came(self.apple, 1)], self.far)
        self.assertEqual(record.state, "authorized")
        self.assertEqual(record.line_ids.state, "partial")
        self.assertEqual(record.received_site_ids, self.far)
        self.assertEqual(self.at(self.apple, self.far.return_location_id), 1)
        self.assertEqual(order.order_line.qty_delivered, 2)
        open_moves = record.picking_ids.move_ids.filtered(lambda m: m.state == "assigned")
        self.assertEqual(open_moves.product_uom_qty, 1)
        self.assertEqual(open_moves.picking_id.picking_type_id.warehouse_id, self.near.warehouse_id)

    def test_fewer(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 3))
        items = record._receive([self.came(self.apple, 1)])
        record._inspect([{"item_id": items.id}])
        self.assertEqual((record.state, items.state), ("authorized", "inspected"))
        record.action_finish_receipt()
        self.assertEqual(record.state, "closed", "all that came was inspected")
        self.assertFalse(record.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")))
        self.assertEqual(record.amount_settled, 10)
        self.assertEqual(self.returnable(order, self.apple)[0], 2)

    def test_nothing(self):
        record = self.ask(self.deliver((self.apple, 3)), (self.apple, 3))
        with self.assertRaisesRegex(UserError, "cancel it instead"):
            record._finish_receipt()

    def test_more_than_announced(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([self.came(self.apple, 3)])
        self.assertEqual(sum(items.mapped("quantity")), 3)
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(record.line_ids.quantity_received, 3)
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_more_than_delivered(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        with self.assertRaisesRegex(UserError, "more than the customer can have: 3"):
            record._receive([self.came(self.apple, 4, line_id=record.line_ids.id)])
        items = record._receive([self.came(self.apple, 4)])
        strange = items.filtered(lambda item: not item.line_id)
        self.assertEqual((strange.quantity, strange.accepted), (1, False))
        self.assertEqual(order.order_line.qty_delivered, 0)
        self.assertEqual(self.at(self.apple, self.near.return_location_id), 4)
        record._inspect([{"item_id": item.id} for item in items])
        self.assertEqual(record.amount_settled, 30)

    def test_more_than_delivered_in_several_items(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([self.came(self.apple, 1) for _piece in range(4)])
        strange = items.filtered(lambda item: not item.line_id)
        self.assertEqual(sum(items.mapped("quantity")), 4)
        self.assertEqual(strange.mapped("quantity"), [1])
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_a_lot_of_no_order_leaves_no_empty_line(self):
        lotted = self.make_product("Lotted", tracking="lot")
        lot, other = (
            self.env["stock.lot"].create({"name": name, "product_id": lotted.id})
            for name in ("SOLD", "STRANGE")
        )
        stock = self.near.warehouse_id.lot_stock_id
        self.env["stock.quant"]._update_available_quantity(lotted, stock, 5, lot_id=lot)
        order = self.deliver((self.apple, 1), (lotted, 2))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([self.came(lotted, 1, lot_id=other.id)])
        self.assertFalse(items.line_id)
        self.assertEqual(record.line_ids.product_id, self.apple)

    def test_no_more_of_a_lot_than_was_delivered(self):
        lotted = self.make_product("Lotted", tracking="lot")
        one, two = (
            self.env["stock.lot"].create({"name": name, "product_id": lotted.id})
            for name in ("ONE", "TWO")
        )
        stock = self.near.warehouse_id.lot_stock_id
        for lot, quantity in ((one, 1), (two, 2)):
            self.env["stock.quant"]._update_available_quantity(lotted, stock, quantity, lot_id=lot)
        order = self.deliver((lotted, 3))
        record = self.ask(order, (lotted, 3))
        with self.assertRaisesRegex(UserError, "more than the customer can have of it: 1"):
            record._receive([self.came(lotted, 1, lot_id=one.id) for _time in range(2)])
        record._receive([self.came(lotted, 1, lot_id=one.id), self.came(lotted, 2, lot_id=two.id)])
        self.assertEqual(record.state, "received")

    def test_place_of_returns_is_not_for_sale(self):
        stock = self.near.warehouse_id.lot_stock_id
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": stock.id})
        for place in (stock, shelf):
            with self.assertRaisesRegex(UserError, "before anybody has looked at them"):
                self.near.return_location_id = place
        beside = self.env["stock.location"].create(
            {
                "name": "Beside",
                "location_id": self.near.warehouse_id.view_location_id.id,
                "oms_not_for_sale": True,
            }
        )
        self.near.return_location_id = beside
        record = self.ask(self.deliver((self.apple, 1)), (self.apple, 1))
        record._receive([self.came(self.apple, 1)])
        self.assertEqual(self.at(self.apple, beside), 1)

    def test_what_another_return_announced_is_its_own(self):
        order = self.deliver((self.apple, 3))
        first, second = self.ask(order, (self.apple, 2)), self.ask(order, (self.apple, 1))
        items = second._receive([self.came(self.apple, 3)])
        strange = items.filtered(lambda item: not item.line_id)
        self.assertEqual(strange.quantity, 2)
        first._receive([self.came(self.apple, 2)])
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_other_goods_of_the_order(self):
        order = self.deliver((self.apple, 3), (self.berry, 2))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([self.came(self.berry, 1)])
        self.assertEqual(items.line_id.sale_line_id.product_id, self.berry)
        self.assertEqual((items.line_id.quantity, items.line_id.quantity_received), (0, 1))
        self.assertEqual(record.state, "authorized", "the apple is still expected")
        self.assertEqual(self.line_of(order, self.berry).qty_delivered, 1)

    def test_goods_of_no_order(self):
        pear = self.make_product("Pear")
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1))
        items = record._receive([self.came(pear, 2), self.came(self.apple, 1, unexpected=True)])
        self.assertFalse(items.line_id)
        self.assertEqual(self.at(pear, self.near.return_location_id), 2)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(len(order.order_line), 1, "Odoo adds no line for what is no order's")
        self.assertEqual(record.state, "authorized")

    def test_twice(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 3))
        record._receive([self.came(self.apple, 3)])
        items = record._receive([self.came(self.apple, 1)])
        self.assertFalse(items.line_id, "the customer has none any more")

    def test_asked_for_and_brought_at_once(self):
        self.policy.review = "reviewed"
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 1), origin="portal")
        record._receive([self.came(self.apple, 1)], self.middle)
        self.assertEqual((record.state, record.site_id), ("received", self.middle))

    def test_refused_goods(self):
        order = self.deliver((self.apple, 3))
        record = self.ask(order, (self.apple, 2))
        record._receive([self.came(self.apple, 1), self.came(self.apple, 1)])
        good, bad = record.item_ids
        record._inspect([{"item_id": bad.id, "accepted": False, "note": "Bitten into"}])
        self.assertEqual(record.state, "received")
        record._inspect([{"item_id": good.id}])
        self.assertEqual(record.state, "closed")
        self.assertEqual((record.amount_accepted, record.amount_settled), (10, 10))
        with self.assertRaisesRegex(UserError, "cannot be inspected"):
            record._inspect([{"item_id": bad.id}])

    def test_two_step_delivery(self):
        self.near.warehouse_id.delivery_steps = "pick_ship"
        order = self.make_order((self.apple, 3))
        for _step in range(2):
            self.ship(order.picking_ids.filtered(lambda p: p.state == "assigned"))
        record = self.ask(order, (self.apple, 2))
        record._receive([self.came(self.apple, 2)], self.far)
        self.assertEqual(order.order_line.qty_delivered, 1)
        self.assertEqual(self.at(self.apple, self.far.return_location_id), 2)

    def test_other_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.deliver((self.apple, 2, {"product_uom_id": dozen.id, "price_unit": 60}))
        self.assertEqual(self.returnable(order, self.apple), (24, ""))
        record = self.ask(order, (self.apple, 6))
        self.assertEqual(record.amount_announced, 30)
        items = record._receive([self.came(self.apple, 6)])
        self.assertEqual(order.order_line.qty_delivered, 1.5)
        record._inspect([{"item_id": items.id}])
        self.assertEqual(record.amount_settled, 30)


@tagged("post_install", "-at_install")
class TestSerials(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.watch = cls.make_product("Watch", tracking="serial")
        cls.lots = cls.env["stock.lot"].create(
            [{"name": f"W{place}", "product_id": cls.watch.id} for place in range(4)]
        )
        for lot in cls.lots:
            cls.stock(cls.watch, (cls.near, 1), lot_id=lot)
        cls.order = cls.deliver((cls.watch, 3))
        cls.delivered = cls.order.picking_ids.move_line_ids.lot_id
        cls.strange = cls.lots - cls.delivered

    def came(self, lot, **more):
        return {"product_id": self.watch.id, "lot_id": lot.id, "quantity": 1, **more}

    def test_comes_back(self):
        lot = self.delivered[1]
        record = self.ask(self.order, (self.watch, 1, {"lot_ids": lot.ids}))
        self.assertEqual(record.line_ids.lot_ids, lot)
        items = record._receive([self.came(lot)])
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(record.picking_ids.move_line_ids.lot_id, lot)
        place = self.near.return_location_id
        quants = self.env["stock.quant"].search([("lot_id", "=", lot.id), ("quantity", ">", 0)])
        self.assertEqual(quants.location_id, place)

    def test_another_one_of_the_order(self):
        record = self.ask(self.order, (self.watch, 1, {"lot_ids": self.delivered[0].ids}))
        items = record._receive([self.came(self.delivered[2])])
        self.assertEqual(items.line_id, record.line_ids)
        self.assertEqual(record.picking_ids.move_line_ids.lot_id, self.delivered[2])

    def test_one_that_was_never_delivered(self):
        with self.assertRaisesRegex(UserError, "was not delivered with the order"):
            self.ask(self.order, (self.watch, 1, {"lot_ids": self.strange.ids}))
        record = self.ask(self.order, (self.watch, 1))
        with self.assertRaisesRegex(UserError, "was not delivered with the order"):
            record._receive([self.came(self.strange, line_id=record.line_ids.id)])

    def test_the_same_one_twice(self):
        record = self.ask(self.order, (self.watch, 2))
        record._receive([self.came(self.delivered[0])])
        with self.assertRaisesRegex(UserError, "came back before"):
            record._receive([self.came(self.delivered[0], line_id=record.line_ids.id)])

    def test_quantities(self):
        record = self.ask(self.order, (self.watch, 2))
        with self.assertRaisesRegex(UserError, "stands for one piece"):
            record._receive([{**self.came(self.delivered[0]), "quantity": 2}])
        with self.assertRaisesRegex(UserError, "no lot of"):
            record._receive([{**self.came(self.delivered[0]), "product_id": self.apple.id}])
        with self.assertRaisesRegex(UserError, "above zero"):
            self.ask(self.order, (self.watch, 0.5))
