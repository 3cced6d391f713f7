from collections import Counter

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import ExceptionCase


@tagged("post_install", "-at_install")
class TestBetweenSteps(ExceptionCase):
    """Goods that left the shelf and not the site, given back by hand or seen in transfers."""

    def order_after(self, steps, done, quantity=4, product=None):
        """An order of which so many steps of the delivery are done."""
        self.near.warehouse_id.delivery_steps = steps
        order = self.make_order((product or self.apple, quantity))
        for _step in range(done):
            self.ship(self.last_step(order))
        return order

    def last_step(self, order):
        """The open transfers on the way to the customer."""
        return order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")).sorted("id")[
            -1:
        ]

    def at(self, product, location):
        return self.env["stock.quant"]._get_available_quantity(product, location)

    def carry_back(self, site, quantity, product=None):
        """Work off what brings goods back to the shelf of a site."""
        shelf = site.warehouse_id.lot_stock_id
        moves = self.env["stock.move"].search(
            [
                ("product_id", "=", (product or self.apple).id),
                ("location_dest_id", "=", shelf.id),
                ("state", "not in", ("done", "cancel")),
            ]
        )
        self.assertEqual(sum(moves.mapped("product_uom_qty")), quantity)
        self.assertEqual(set(moves.mapped("state")), {"assigned"} if quantity else set())
        for picking in moves.picking_id:
            self.ship(picking)

    def assertServed(self, order, near, middle, written_off=False):
        """The customer gets what he ordered, so much of it from each of the two sites."""
        self.run_events()
        self.assertEqual((order.oms_state, order.order_line.oms_qty_open), ("sourced", 0))
        if not written_off:
            self.assertBalanced(order)
        for _step in range(4):
            for picking in order.picking_ids.filtered(lambda p: p.state == "assigned"):
                self.ship(picking)
        self.assertFalse(self.open_moves(order))
        self.assertEqual(order.order_line.qty_delivered, order.order_line.product_uom_qty)
        shipped = Counter()
        for line in order.oms_fulfillment_ids.line_ids:
            shipped[line.site_id] += line.quantity_done
        self.assertEqual((shipped[self.near], shipped[self.middle]), (near, middle))
        if not written_off:
            self.assertBalanced(order)

    def test_given_back_by_hand(self):
        """All or a part is given back between any two steps, and comes back to the shelf."""
        for steps, done in (("pick_ship", 1), ("pick_pack_ship", 1), ("pick_pack_ship", 2)):
            for back in (4, 1):
                with self.subTest(steps=steps, done=done, back=back):
                    product = self.make_product(f"{steps} {done} {back}")
                    self.stock(product, (self.near, 10), (self.middle, 10))
                    order = self.order_after(steps, done, product=product)
                    fulfillment = order.oms_fulfillment_ids
                    line = fulfillment.line_ids
                    self.assertEqual(line._get_quantity_open(), 4)
                    with self.assertRaisesRegex(ValidationError, "4 are open"):
                        fulfillment._reject(self.reason("CAPACITY"), {line: 5})
                    rejection = fulfillment._reject(self.reason("CAPACITY"), {line: back})
                    self.assertEqual((rejection.quantity, line.quantity), (back, 4 - back))
                    self.assertEqual(order.order_line.oms_qty_open, back)
                    self.assertEqual(fulfillment.state, "released" if back < 4 else "rejected")
                    self.assertEqual(self.sellable(product, self.near), 10 - (4 - back))
                    self.carry_back(self.near, back, product)
                    self.assertEqual(
                        self.at(product, self.near.warehouse_id.lot_stock_id), 6 + back
                    )
                    self.assertServed(order, 4 - back, back)
                    self.assertEqual(fulfillment.rejection_ids, rejection, "told once")

    def test_stock_effects(self):
        """What each reason leaves on the shelf, of 10 of which 4 are picked and given back."""
        for code, on_hand, sellable, back in (
            ("CAPACITY", 10, 10, 4),
            ("NOT_IN_STOCK", 0, 0, 0),
            ("MISMATCH", 6, 6, 0),
            ("DAMAGE", 10, 6, 0),
            ("UNFINDABLE", 10, 0, 4),
        ):
            with self.subTest(reason=code):
                product = self.make_product(f"Product {code}")
                self.stock(product, (self.near, 10), (self.middle, 10))
                order = self.order_after("pick_ship", 1, product=product)
                rejection = order.oms_fulfillment_ids._reject(self.reason(code))
                self.assertEqual(self.on_hand(product, self.near), on_hand)
                self.assertEqual(self.sellable(product, self.near), sellable)
                output = self.near.warehouse_id.wh_output_stock_loc_id
                self.assertEqual(product.with_context(location=output.id).qty_available, back)
                self.carry_back(self.near, back, product)
                self.assertServed(
                    order, 0, 4, written_off=code in ("NOT_IN_STOCK", "MISMATCH", "DAMAGE")
                )
                rejection.action_undo()
                self.assertEqual(self.on_hand(product, self.near), 10)
                self.assertEqual(self.sellable(product, self.near), 10)
                self.carry_back(self.near, 4 - back, product)
                self.assertEqual(self.at(product, self.near.warehouse_id.lot_stock_id), 10)

    def test_nothing_there_spares_what_others_picked(self):
        first, second = (self.order_after("pick_ship", 1, 2) for _each in range(2))
        first.oms_fulfillment_ids._reject(self.reason("NOT_IN_STOCK"))
        self.assertEqual(self.on_hand(self.apple, self.near), 2)
        self.assertServed(second, 2, 0)
        self.assertServed(first, 0, 2, written_off=True)

    def test_short_at_any_step(self):
        """What a step passes on too little of is sourced elsewhere, and goes back to the shelf."""
        for steps, done in (
            ("pick_ship", 0),
            ("pick_ship", 1),
            ("pick_pack_ship", 0),
            ("pick_pack_ship", 1),
            ("pick_pack_ship", 2),
        ):
            with self.subTest(steps=steps, done=done):
                product = self.make_product(f"{steps} {done}")
                self.stock(product, (self.near, 10), (self.middle, 10))
                order = self.order_after(steps, done, product=product)
                self.ship(self.last_step(order), 3)
                rejection = order.oms_rejection_ids
                self.assertEqual((rejection.quantity, rejection.reason_id.code), (1, "SHORT"))
                self.assertEqual(order.order_line.oms_qty_open, 1)
                self.carry_back(self.near, 1 if done else 0, product)
                self.assertServed(order, 3, 1)
                self.assertEqual(order.oms_rejection_ids, rejection)

    def test_cancelled_at_a_later_step(self):
        for steps, done in (("pick_ship", 1), ("pick_pack_ship", 1), ("pick_pack_ship", 2)):
            with self.subTest(steps=steps, done=done):
                product = self.make_product(f"{steps} {done}")
                self.stock(product, (self.near, 10), (self.middle, 10))
                order = self.order_after(steps, done, product=product)
                self.last_step(order).action_cancel()
                self.assertEqual(order.oms_rejection_ids.quantity, 4)
                self.assertEqual(order.oms_fulfillment_ids.state, "rejected")
                self.carry_back(self.near, 4, product)
                self.assertServed(order, 0, 4)

    def test_a_backorder_is_no_rejection(self):
        order = self.order_after("pick_ship", 1)
        self.ship(self.last_step(order), 3, backorder=True)
        self.assertFalse(order.oms_rejection_ids)
        self.carry_back(self.near, 0)
        self.assertServed(order, 4, 0)

    def test_picked_in_part(self):
        """What is on the shelf still is given back before what was picked."""
        order = self.order_after("pick_ship", 0)
        self.ship(order.picking_ids, 2, backorder=True)
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(fulfillment.line_ids._get_quantity_open(), 4)
        fulfillment._reject(self.reason("CAPACITY"), {fulfillment.line_ids: 3})
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        self.carry_back(self.near, 1)
        self.assertServed(order, 1, 3)

    def test_given_back_to_the_same_site(self):
        """A site that has time again ships what it gave back before, from the shelf."""
        order = self.order_after("pick_ship", 1)
        order.oms_fulfillment_ids._reject(self.reason("CAPACITY"))
        self.carry_back(self.near, 4)
        order.action_oms_source()
        self.assertServed(order, 4, 0)

    def test_lowered_and_raised_again(self):
        """What went back to the shelf is asked for again when the customer wants it after all."""
        order = self.order_after("pick_ship", 1)
        order.order_line.product_uom_qty = 1
        self.carry_back(self.near, 3)
        self.assertBalanced(order)
        order.order_line.product_uom_qty = 4
        self.assertServed(order, 4, 0)

    def test_taken_back_from_a_site_that_is_offline(self):
        """Somebody works on what is between two steps: it is shipped all the same."""
        order = self.order_after("pick_ship", 1)
        self.assertFalse(order.oms_fulfillment_ids._oms_take_back("Offline."))
        self.assertServed(order, 4, 0)
