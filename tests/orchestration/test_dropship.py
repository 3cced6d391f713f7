from datetime import timedelta

import numpy as np

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..inventory.external import ExternalCase


class DropShipCase(ExternalCase):
    """A mill that has apples and sells them to us; the sites have none unless told otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network.site_ids |= cls.supplier
        cls.seller = cls.env["product.supplierinfo"].create(
            {
                "partner_id": cls.mill.id,
                "product_tmpl_id": cls.apple.product_tmpl_id.id,
                "price": 3.0,
                "delay": 4,
            }
        )
        cls.route = cls.env.ref("stock_dropshipping.route_drop_shipping")

    def source_from_mill(self, ordered=4, there=10):
        self.feed(self.supplier, ("APPLE", there, 2))
        return self.make_order((self.apple, ordered))


@tagged("post_install", "-at_install")
class TestDropShip(DropShipCase):
    """What is sourced from a supplier is bought of him, and he sends it to the customer."""

    def test_bought_of_the_supplier_and_sent_to_the_customer(self):
        order = self.source_from_mill()
        fulfillment = order.oms_fulfillment_ids
        self.assertEqual(fulfillment.site_id, self.supplier)
        self.assertEqual(fulfillment.state, "released")
        purchase = fulfillment.purchase_ids
        self.assertEqual(purchase.partner_id, self.mill)
        self.assertEqual(purchase.state, "draft")
        self.assertEqual(purchase.dest_address_id, self.customer)
        self.assertRecordValues(
            purchase.order_line,
            [
                {
                    "product_id": self.apple.id,
                    "product_qty": 4.0,
                    "price_unit": 3.0,
                    "sale_line_id": order.order_line.id,
                }
            ],
        )
        self.assertEqual(order.order_line.oms_qty_open, 0.0)
        self.assertFalse(order.picking_ids)
        purchase.button_confirm()
        picking = order.picking_ids
        self.assertTrue(picking.is_dropship)
        self.assertEqual(picking.location_id.usage, "supplier")
        self.assertEqual(picking.location_dest_id.usage, "customer")
        self.assertEqual(picking.oms_fulfillment_id, fulfillment)
        self.assertEqual((order.order_line.oms_qty_open, fulfillment.state), (0.0, "released"))
        picking.move_ids.quantity = 4.0
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertEqual(fulfillment.state, "shipped")
        self.assertEqual(order.order_line.qty_delivered, 4.0)
        self.assertEqual(fulfillment.line_ids.quantity_done, 4.0)

    def test_nothing_is_bought_or_sourced_twice(self):
        order = self.source_from_mill()
        order.order_line._oms_source_and_release("manual")
        order.oms_fulfillment_ids.purchase_ids.button_confirm()
        order.order_line._oms_source_and_release("manual")
        self.assertEqual(order.oms_fulfillment_ids.purchase_ids.order_line.product_qty, 4.0)
        self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 4.0)

    def test_what_was_ordered_counts_no_more_until_the_next_feed(self):
        order = self.source_from_mill(ordered=4, there=10)
        self.assertEqual(self.available(self.supplier, self.apple), 6.0)
        order.oms_fulfillment_ids.purchase_ids.button_confirm()
        self.assertEqual(self.available(self.supplier, self.apple), 6.0)
        other = self.make_order((self.apple, 7))
        self.assertEqual(other.order_line.oms_qty_open, 1.0)
        self.assertEqual(self.available(self.supplier, self.apple), 0.0)

    def test_a_part_from_a_warehouse_and_the_rest_from_the_supplier(self):
        self.stock(self.apple, (self.near, 3))
        self.feed(self.supplier, ("APPLE", 5, 2))
        order = self.make_order((self.apple, 6))
        shares = {each.site_id: each.unit_count for each in order.oms_fulfillment_ids}
        self.assertEqual(shares, {self.near: 3.0, self.supplier: 3.0})
        self.assertEqual(order.order_line.oms_qty_open, 0.0)
        self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 3.0)
        self.assertEqual(order.oms_fulfillment_ids.purchase_ids.order_line.product_qty, 3.0)
        order.order_line._oms_source_and_release("manual")
        self.assertEqual(sum(order.picking_ids.move_ids.mapped("product_uom_qty")), 3.0)

    def test_a_part_below_the_least_quantity_is_bought_of_the_same_supplier(self):
        orchard = self.make_partner("Orchard")
        self.seller.copy({"partner_id": orchard.id, "sequence": 0, "price": 9.0})
        self.seller.min_qty = 5.0
        self.stock(self.apple, (self.near, 3))
        self.feed(self.supplier, ("APPLE", 5, 2))
        order = self.make_order((self.apple, 6))
        purchase = order.oms_fulfillment_ids.purchase_ids
        self.assertEqual(purchase.order_line.product_qty, 3.0)
        self.assertEqual(purchase.partner_id, self.mill)

    def test_two_orders_go_to_two_addresses(self):
        first = self.source_from_mill(ordered=2)
        partner = self.make_partner("Another customer", (48.0, 2.0))
        second = self.make_order((self.apple, 3), partner_id=partner.id)
        purchases = [each.oms_fulfillment_ids.purchase_ids for each in (first, second)]
        self.assertNotEqual(*purchases)
        self.assertEqual([each.dest_address_id for each in purchases], [self.customer, partner])

    def test_requests_for_two_orders_are_not_merged(self):
        """Their lines would be one, and the goods of one order bought twice."""
        first, second = self.source_from_mill(ordered=2), self.make_order((self.apple, 3))
        purchases = (first + second).oms_fulfillment_ids.purchase_ids
        self.assertEqual(len(purchases), 2)
        with self.assertRaises(UserError):
            purchases.action_merge()
        self.assertEqual(sorted(purchases.order_line.mapped("product_qty")), [2.0, 3.0])

    def test_a_cancelled_request_gives_the_order_back(self):
        order = self.source_from_mill()
        self.stock(self.apple, (self.far, 9))
        purchase = order.oms_fulfillment_ids.purchase_ids
        purchase.button_cancel()
        self.assertEqual(order.order_line.oms_qty_open, 4.0)
        event = order.oms_event_ids.filtered(lambda e: e.event == "fulfillment.rejected")
        self.assertTrue(event)
        event._run_later()
        self.run_cron()
        self.assertEqual(order.order_line.oms_qty_open, 0.0)
        self.assertIn(self.far, order.oms_fulfillment_ids.site_id)

    def test_a_cancelled_purchase_gives_the_order_back(self):
        order = self.source_from_mill()
        purchase = order.oms_fulfillment_ids.purchase_ids
        purchase.button_confirm()
        purchase.button_cancel()
        self.assertEqual(order.order_line.oms_qty_open, 4.0)
        self.assertTrue(order.oms_event_ids.filtered(lambda e: e.event == "fulfillment.rejected"))

    def test_a_lowered_order_lowers_the_request(self):
        order = self.source_from_mill()
        order.order_line.product_uom_qty = 1.0
        line = order.oms_fulfillment_ids.purchase_ids.order_line
        self.assertEqual(line.product_qty, 1.0)
        self.assertEqual(order.oms_fulfillment_ids.line_ids.quantity, 1.0)
        self.assertEqual(order.order_line.oms_qty_open, 0.0)

    def test_a_raised_order_asks_for_more(self):
        order = self.source_from_mill()
        order.order_line.product_uom_qty = 6.0
        self.assertEqual(order.oms_fulfillment_ids.purchase_ids.order_line.product_qty, 6.0)
        self.assertEqual(order.order_line.oms_qty_open, 0.0)

    def test_the_unit_of_the_price_list(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.seller.product_uom_id = dozen
        order = self.source_from_mill(ordered=24, there=30)
        line = order.oms_fulfillment_ids.purchase_ids.order_line
        self.assertEqual((line.product_qty, line.product_uom_id), (2.0, dozen))
        self.assertEqual(order.order_line.oms_qty_open, 0.0)
        line.order_id.button_confirm()
        self.assertEqual(order.picking_ids.move_ids.product_qty, 24.0)
        self.assertEqual(order.order_line.oms_qty_open, 0.0)


@tagged("post_install", "-at_install")
class TestWhoMayDropShip(DropShipCase):
    """Whom goods cannot be bought of is left out, with the reason in words."""

    def get_barred(self, order):
        problem = order.oms_decision_ids[:1].problem
        return {site_id: (reason, detail) for site_id, _name, reason, detail in problem["barred"]}

    def test_the_strategy_allows_no_drop_shipping(self):
        self.strategy.allow_drop_ship = False
        order = self.source_from_mill()
        self.assertEqual(self.get_barred(order)[self.supplier.id][0], "drop_ship")
        self.assertEqual(order.order_line.oms_qty_open, 4.0)

    def test_the_route_is_archived(self):
        self.route.active = False
        order = self.source_from_mill()
        reason, detail = self.get_barred(order)[self.supplier.id]
        self.assertEqual(reason, "drop_ship")
        self.assertIn("route is archived", detail)
        self.assertIn("route is archived", order.oms_decision_ids[:1].note)

    def test_a_distributor_without_address(self):
        self.network.site_ids |= self.distributor
        order = self.source_from_mill()
        self.assertEqual(
            self.get_barred(order)[self.distributor.id],
            ("drop_ship", "has no address of whom to buy"),
        )

    def test_goods_without_a_price_list_are_not_bought(self):
        self.feed(self.supplier, ("BERRY", 9, 1))
        order = self.make_order((self.berry, 2))
        self.assertEqual(order.order_line.oms_qty_open, 2.0)
        self.assertFalse(order.oms_fulfillment_ids)

    def test_a_stale_feed_counts_for_nothing(self):
        self.feed(self.supplier, ("APPLE", 9, 1), updated_at=f"{self.ago(48).isoformat()}Z")
        order = self.make_order((self.apple, 2))
        self.assertEqual(order.order_line.oms_qty_open, 2.0)

    def test_the_lead_time_of_the_supplier_is_late(self):
        self.strategy.late_day_cost = 10.0
        self.stock(self.apple, (self.far, 9))
        self.strategy.write({"handling_days": 0.0, "transit_km_per_day": 10_000.0})
        self.supplier.write({"latitude": 48.8566, "longitude": 2.3522})
        self.feed(self.supplier, ("APPLE", 9, 5))
        due = fields.Datetime.now() + timedelta(days=2)
        late = self.make_order((self.apple, 2), commitment_date=due)
        self.assertEqual(late.oms_fulfillment_ids.site_id, self.far)
        due = fields.Datetime.now() + timedelta(days=9)
        soon = self.make_order((self.apple, 2), commitment_date=due)
        self.assertEqual(soon.oms_fulfillment_ids.site_id, self.supplier)
        problem = late.oms_decision_ids.problem
        column = [site[0] for site in problem["sites"]].index(self.supplier.id)
        part = next(part for part in problem["parts"] if part["name"] == "lateness")
        self.assertAlmostEqual(part["per_parcel"][column], 30.0, 0)


@tagged("post_install", "-at_install")
class TestWorkload(DropShipCase):
    """How much work a site has before it goes by what it can do."""

    def days(self, **vals):
        self.near.write(vals)
        sourcing = self.env["oms.sourcing"]
        self.strategy.workload_cost = 1.0
        order = self.make_order((self.berry, 1))
        facts = sourcing._gather_facts(
            self.strategy,
            order,
            {order: []},
            sourcing._leave_out_barred(order, {order: self.sites}, "manual"),
        )
        return self.strategy._get_workload_days(self.near, facts)

    def test_by_the_capacity_of_the_site(self):
        self.stock(self.apple, (self.near, 30))
        self.make_order((self.apple, 30))
        self.assertAlmostEqual(self.days(), 30 / 200)
        self.assertAlmostEqual(self.days(capacity_units=60.0), 0.5)

    def test_by_the_share_of_the_day_that_is_taken(self):
        self.near.capacity_orders = 4
        self.stock(self.apple, (self.near, 30))
        self.make_order((self.apple, 1))
        self.make_order((self.apple, 1))
        self.assertAlmostEqual(self.days(), 0.5)
        self.assertTrue(np.isfinite(self.days(capacity_open=10)))
