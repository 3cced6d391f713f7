from odoo.tests import tagged

from ..common import PARIS, OmsCase


@tagged("post_install", "-at_install")
class TestSourcing(OmsCase):
    """Which sites serve an order when it is confirmed."""

    def test_nearest_single_site(self):
        self.stock(self.apple, (self.near, 5), (self.middle, 5), (self.far, 5))
        order = self.make_order((self.apple, 3))
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3})
        self.assertEqual(order.picking_ids.picking_type_id.warehouse_id, self.near.warehouse_id)
        self.assertEqual(order.picking_ids.state, "assigned")
        self.assertBalanced(order)

    def test_one_parcel_from_farther_away_beats_two(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.stock(self.berry, (self.far, 5))
        order = self.make_order((self.apple, 2), (self.berry, 2))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2, ("FAR", "Berry"): 2})
        self.assertEqual(len(order.picking_ids), 1)
        self.assertBalanced(order)

    def test_split_when_it_is_needed(self):
        self.stock(self.apple, (self.near, 5))
        self.stock(self.berry, (self.far, 5))
        order = self.make_order((self.apple, 2), (self.berry, 2))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Berry"): 2})
        self.assertEqual(len(order.picking_ids), 2)
        self.assertTrue(order.oms_decision_ids.split)
        self.assertEqual(order.oms_decision_ids.parcel_count, 2)
        self.assertBalanced(order)

    def test_split_when_it_pays(self):
        """50 units over 660 km cost more than a second parcel."""
        self.stock(self.apple, (self.near, 50), (self.far, 50))
        self.stock(self.berry, (self.far, 1))
        order = self.make_order((self.apple, 50), (self.berry, 1))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 50, ("FAR", "Berry"): 1})
        self.assertBalanced(order)

    def test_one_line_over_two_sites(self):
        self.stock(self.apple, (self.near, 2), (self.far, 2))
        order = self.make_order((self.apple, 3))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2, ("FAR", "Apple"): 1})
        self.assertEqual(order.order_line.oms_site_names, "NEAR: 2, FAR: 1")
        for picking in order.picking_ids:
            self.ship(picking)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(order.delivery_status, "full")
        self.assertBalanced(order)

    def test_same_product_on_two_lines(self):
        self.stock(self.apple, (self.near, 3), (self.far, 4))
        order = self.make_order((self.apple, 2), (self.apple, 4))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 3, ("FAR", "Apple"): 3})
        self.assertEqual(order.oms_state, "sourced")
        self.assertBalanced(order)

    def test_tie_goes_to_priority(self):
        twin = self.make_site("Twin", "TWIN", PARIS)
        self.network.site_ids += twin
        self.stock(self.apple, (self.near, 5), (twin, 5))
        self.near.sequence, twin.sequence = 20, 10
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("TWIN", "Apple"): 1})
        self.near.sequence, twin.sequence = 10, 20
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("NEAR", "Apple"): 1})

    def test_extra_costs_of_a_site_move_the_choice(self):
        self.stock(self.apple, (self.near, 5), (self.middle, 5))
        self.near.parcel_cost = 3.0
        self.assertEqual(self.plan(self.make_order((self.apple, 1))), {("MID", "Apple"): 1})

    def test_part_waits(self):
        self.stock(self.apple, (self.near, 2))
        order = self.make_order((self.apple, 5))
        self.assertEqual(order.oms_state, "partial")
        self.assertEqual(order.order_line.oms_qty_open, 3)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertIn("3 Units of", order.oms_waiting_reason)
        self.assertBalanced(order)

    def test_line_of_zero(self):
        self.stock(self.apple, (self.near, 2))
        order = self.make_order((self.apple, 0), (self.apple, 1))
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1})
        nothing = self.make_order((self.apple, 0))
        self.assertEqual(nothing.oms_state, "sourced")
        self.assertFalse(nothing.picking_ids + nothing.oms_fulfillment_ids.picking_ids)

    def test_line_added_after_confirmation(self):
        self.stock(self.apple, (self.near, 5))
        self.stock(self.berry, (self.near, 5), (self.far, 5))
        order = self.make_order((self.apple, 1))
        order.order_line = [(0, 0, {"product_id": self.berry.id, "product_uom_qty": 2})]
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 1, ("NEAR", "Berry"): 2})
        self.assertEqual(len(order.oms_fulfillment_ids), 1, "joins the parcel that is packed")
        self.assertEqual(len(order.picking_ids), 1)
        self.assertBalanced(order)

    def test_second_confirmation_of_the_same_lines_changes_nothing(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        order.order_line._action_launch_stock_rule()
        self.assertEqual(len(order.oms_decision_ids), 1)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})
        self.assertBalanced(order)


@tagged("post_install", "-at_install")
class TestUnits(OmsCase):
    """Quantities in other units of measure, and in fractions."""

    def test_dozens_sold_units_stocked(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.near, 18), (self.far, 10))
        order = self.make_order((self.apple, 2, {"product_uom_id": dozen.id}))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 18, ("FAR", "Apple"): 6})
        self.assertBalanced(order)
        for picking in order.picking_ids:
            self.ship(picking)
        self.assertEqual(order.order_line.qty_delivered, 2)
        order.order_line.product_uom_qty = 3
        self.assertEqual(order.order_line.oms_qty_open, 8)
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 18, ("FAR", "Apple"): 10})
        self.assertBalanced(order)

    def test_dozens_lowered(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.near, 18), (self.far, 10))
        order = self.make_order((self.apple, 2, {"product_uom_id": dozen.id}))
        order.order_line.product_uom_qty = 1
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 12})
        self.assertBalanced(order)

    def test_kilograms_with_decimals(self):
        kilogram = self.env.ref("uom.product_uom_kgm")
        flour = self.make_product("Flour", uom_id=kilogram.id)
        self.stock(flour, (self.near, 0.1), (self.middle, 0.2), (self.far, 9.99))
        order = self.make_order((flour, 0.3))
        self.assertEqual(self.plan(order), {("FAR", "Flour"): 0.3})
        order.order_line.product_uom_qty = 10.25
        self.assertEqual(order.oms_state, "sourced")
        self.assertAlmostEqual(sum(self.plan(order).values()), 10.25)
        self.assertBalanced(order)
        order.order_line.product_uom_qty = 10.3
        self.assertAlmostEqual(order.order_line.oms_qty_open, 0.01)
        self.assertBalanced(order)

    def test_grams_sold_kilograms_stocked(self):
        kilogram, gram = self.env.ref("uom.product_uom_kgm"), self.env.ref("uom.product_uom_gram")
        flour = self.make_product("Flour", uom_id=kilogram.id)
        self.stock(flour, (self.near, 1.5))
        order = self.make_order((flour, 1250, {"product_uom_id": gram.id}))
        self.assertEqual(self.plan(order), {("NEAR", "Flour"): 1.25})
        self.assertEqual(order.oms_state, "sourced")
        order.order_line.product_uom_qty = 500
        self.assertEqual(self.plan(order), {("NEAR", "Flour"): 0.5})
        self.assertBalanced(order)


@tagged("post_install", "-at_install")
class TestPlaces(OmsCase):
    """Addresses and sites that are not on the map."""

    def test_customer_without_coordinates(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        self.far.sequence = 1
        lost = self.make_partner("Somewhere")
        order = self.make_order((self.apple, 1), partner_id=lost.id)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1}, "by priority alone")
        decision = order.oms_decision_ids
        self.assertIn("no coordinates", decision.note)
        self.assertEqual(decision.kilometers, 0)

    def test_delivery_address_counts_not_the_customer(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        branch = self.make_partner(
            "Branch", (43.3, 5.37), parent_id=self.customer.id, type="delivery"
        )
        order = self.make_order((self.apple, 1), partner_shipping_id=branch.id)
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1})
        self.assertEqual(order.oms_fulfillment_ids.partner_id, branch)

    def test_site_without_coordinates_counts_as_farthest(self):
        blind = self.make_site("Blind", "BLIND")
        self.network.site_ids += blind
        self.stock(self.apple, (self.middle, 1), (blind, 1))
        self.stock(self.berry, (self.near, 1), (blind, 1))
        order = self.make_order((self.apple, 1))
        self.assertEqual(self.plan(order), {("MID", "Apple"): 1})
        self.assertIn("Blind", order.oms_decision_ids.note)
        second = self.make_order((self.apple, 1))
        self.assertEqual(self.plan(second), {("BLIND", "Apple"): 1})
        self.assertAlmostEqual(second.oms_decision_ids.kilometers, 661, delta=2)

    def test_channel_without_sites(self):
        self.sites.ships = False
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 1))
        self.assertEqual(order.oms_state, "waiting")
        self.assertIn("No site may serve the channel Web", order.oms_waiting_reason)
        self.assertEqual(order.oms_decision_ids.outcome, "none")
        self.assertTrue(order.oms_decision_ids.considered)
        self.assertFalse(order.picking_ids)


@tagged("post_install", "-at_install")
class TestStockThatCounts(OmsCase):
    """What of the stock can be promised."""

    def test_goods_of_others_do_not(self):
        owner = self.make_partner("Consignor")
        self.stock(self.apple, (self.near, 5), owner_id=owner)
        self.stock(self.apple, (self.far, 5))
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2})
        self.assertEqual(self.make_order((self.apple, 4)).oms_state, "partial")

    def test_goods_owned_by_the_company_itself_do(self):
        self.stock(self.apple, (self.near, 5), owner_id=self.company.partner_id)
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 2})

    def test_negative_quants_do_not(self):
        self.stock(self.apple, (self.near, -3), (self.far, 2))
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2})
        self.assertBalanced(order)

    def test_unreserved_demand_takes_away(self):
        self.stock(self.apple, (self.near, 5), (self.far, 5))
        native = self.make_order(
            (self.apple, 4), oms_channel_id=False, warehouse_id=self.near.warehouse_id.id
        )
        native.picking_ids.do_unreserve()
        order = self.make_order((self.apple, 2))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 2})

    def test_goods_in_other_places_of_the_site_count(self):
        shelf = self.env["stock.location"].create(
            {"name": "Shelf", "location_id": self.near.warehouse_id.lot_stock_id.id}
        )
        self.env["stock.quant"]._update_available_quantity(self.apple, shelf, 3)
        self.stock(self.apple, (self.near, 1))
        order = self.make_order((self.apple, 4))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 4})
        self.assertEqual(order.picking_ids.state, "assigned")

    def test_lots(self):
        cheese = self.make_product("Cheese", tracking="lot")
        for site, name, quantity in (
            (self.near, "L1", 2),
            (self.near, "L2", 1),
            (self.far, "L1", 9),
        ):
            lot = self.env["stock.lot"].search(
                [("name", "=", name), ("product_id", "=", cheese.id)]
            ) or self.env["stock.lot"].create({"name": name, "product_id": cheese.id})
            self.stock(cheese, (site, quantity), lot_id=lot)
        order = self.make_order((cheese, 3))
        self.assertEqual(self.plan(order), {("NEAR", "Cheese"): 3})
        self.assertEqual(set(order.picking_ids.move_line_ids.lot_id.mapped("name")), {"L1", "L2"})
        self.assertBalanced(order)

    def test_serial_numbers(self):
        phone = self.make_product("Phone", tracking="serial")
        for number, site in enumerate((self.near, self.near, self.far)):
            lot = self.env["stock.lot"].create({"name": f"S{number}", "product_id": phone.id})
            self.stock(phone, (site, 1), lot_id=lot)
        order = self.make_order((phone, 3))
        self.assertEqual(self.plan(order), {("NEAR", "Phone"): 2, ("FAR", "Phone"): 1})
        for picking in order.picking_ids:
            self.ship(picking)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertBalanced(order)

    def test_variants_are_apart(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": "S"}), (0, 0, {"name": "L"})]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Shirt",
                "is_storable": True,
                "attribute_line_ids": [
                    (
                        0,
                        0,
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [(6, 0, attribute.value_ids.ids)],
                        },
                    )
                ],
            }
        )
        small, large = template.product_variant_ids
        self.stock(small, (self.near, 5))
        self.stock(large, (self.far, 5))
        order = self.make_order((small, 1), (large, 1))
        self.assertEqual(self.plan(order), {("NEAR", "Shirt"): 1, ("FAR", "Shirt"): 1})
