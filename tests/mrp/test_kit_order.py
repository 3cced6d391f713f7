from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitOrder(KitCase):
    """Orders of kits are Odoo's; what they take of the parts counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kit = cls.make_kit("Set", (cls.bolt, 2), (cls.nut, 1))
        cls.stock(cls.bolt, (cls.near, 20), (cls.far, 20))
        cls.stock(cls.nut, (cls.near, 20), (cls.far, 20))

    def position(self, product, site):
        [position] = self.env["oms.position"]._get_positions(site.ids, product.ids)
        return position

    def test_an_order_takes_the_parts(self):
        order = self.make_order((self.kit, 3), warehouse_id=self.near.warehouse_id.id)
        self.assertFalse(order.oms_fulfillment_ids, "kits are left to Odoo")
        self.assertEqual(
            {move.product_id: move.product_qty for move in order.order_line.move_ids},
            {self.bolt: 6, self.nut: 3},
        )
        self.assertEqual(self.position(self.bolt, self.near).demand, 6)
        self.assertEqual(self.position(self.nut, self.near).demand, 3)
        self.assertEqual(self.at_sites(self.kit), {"NEAR": 7, "FAR": 10})
        self.ship(order.picking_ids)
        self.assertEqual(order.order_line.qty_delivered, 3)
        self.assertEqual(self.position(self.bolt, self.near).demand, 0)
        self.assertEqual(self.at_sites(self.kit), {"NEAR": 7, "FAR": 10})

    def test_a_cancelled_order_gives_the_parts_back(self):
        order = self.make_order((self.kit, 3), warehouse_id=self.near.warehouse_id.id)
        self.assertEqual(self.at_sites(self.kit)["NEAR"], 7)
        order.order_line.product_uom_qty = 5
        self.assertEqual(self.at_sites(self.kit)["NEAR"], 5)
        self.cancel(order)
        self.assertEqual(self.at_sites(self.kit)["NEAR"], 10)

    def test_beside_lines_that_are_sourced(self):
        """Each in its own transfers; neither takes what the other needs."""
        self.stock(self.apple, (self.far, 5))
        order = self.make_order(
            (self.kit, 2), (self.apple, 1), (self.bolt, 4), warehouse_id=self.near.warehouse_id.id
        )
        kit_line, apple_line, bolt_line = order.order_line
        self.assertFalse(kit_line.oms_fulfillment_line_ids)
        self.assertFalse(kit_line.oms_qty_open)
        self.assertEqual(apple_line.oms_fulfillment_line_ids.site_id, self.far)
        self.assertTrue(bolt_line.oms_fulfillment_line_ids)
        self.assertBalanced(order)
        total = self.ask(self.bolt)["available"]
        self.assertEqual(total, 40 - 2 * 2 - 4)

    def test_the_audit_finds_nothing(self):
        order = self.make_order((self.kit, 3), warehouse_id=self.near.warehouse_id.id)
        self.hold((self.kit, self.far, 2))
        self.ship(order.picking_ids, backorder=True)
        self.assertEqual(self.env["oms.position"]._rebuild(), 0)


@tagged("post_install", "-at_install")
class TestKitHold(KitCase):
    """A kit is held by its parts, all of them or none."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kit = cls.make_kit("Set", (cls.bolt, 2), (cls.nut, 1))
        cls.stock(cls.bolt, (cls.near, 20), (cls.far, 7))
        cls.stock(cls.nut, (cls.near, 20), (cls.far, 20))

    def available(self, product, site):
        return {each["site"]: each for each in self.ask(product, detail=True)["sites"]}[site.code][
            "available"
        ]

    def test_the_parts_are_held(self):
        claims = self.hold((self.kit, self.far, 3), reference="CART-1")
        self.assertEqual(
            {claim.product_id: claim.quantity for claim in claims}, {self.bolt: 6, self.nut: 3}
        )
        self.assertEqual(set(claims.mapped("reference")), {"CART-1"})
        self.assertEqual(self.available(self.kit, self.far), 0)
        self.assertEqual(self.available(self.bolt, self.far), 1)

    def test_all_or_nothing(self):
        with self.assertRaisesRegex(UserError, r"Of .*Bolt.* 7 are available at Far, not 8"):
            self.hold((self.kit, self.far, 4))
        self.assertFalse(self.env["oms.claim"].search([("product_id", "=", self.nut.id)]))
        self.assertEqual(self.available(self.kit, self.far), 3)

    def test_kits_and_parts_together(self):
        """Seven bolts are two kits and three bolts, not three kits and two bolts."""
        with self.assertRaisesRegex(UserError, "Bolt"):
            self.hold((self.kit, self.far, 3), (self.bolt, self.far, 2))
        claims = self.hold((self.bolt, self.far, 3), (self.kit, self.far, 2))
        self.assertEqual(len(claims), 3)
        self.assertEqual(claims[0].product_id, self.bolt)
        self.assertEqual(self.available(self.bolt, self.far), 0)

    def test_bad_holds(self):
        with self.assertRaisesRegex(ValidationError, "kits are only held whole"):
            self.hold((self.kit, self.far, 1.5))
        with self.assertRaisesRegex(ValidationError, "above zero"):
            self.hold((self.kit, self.far, -1))
        card = self.make_product("Card", is_storable=False)
        with self.assertRaisesRegex(ValidationError, "without parts whose stock is tracked"):
            self.hold((self.make_kit("Paper", (card, 1)), self.far, 1))
        self.assertFalse(self.env["oms.claim"].search([("product_id", "in", (self.bolt.id,))]))

    def test_nested_parts_are_held_once(self):
        outer = self.make_kit("Outer", (self.kit, 2), (self.bolt, 1))
        claims = self.hold((outer, self.near, 2))
        self.assertEqual(
            {claim.product_id: claim.quantity for claim in claims}, {self.bolt: 10, self.nut: 4}
        )

    def test_a_hold_becomes_an_order(self):
        """It ships from where it was held, and its parts are never promised twice."""
        claims = self.hold((self.kit, self.far, 3), channel=self.channel)
        order = self.make_order(
            (self.kit, 3), confirm=False, warehouse_id=self.near.warehouse_id.id
        )
        order._oms_confirm_held(claims)
        self.assertEqual(set(claims.mapped("state")), {"released"})
        self.assertEqual(order.order_line.move_ids.location_id.warehouse_id, self.far.warehouse_id)
        self.assertEqual(self.available(self.bolt, self.far), 1)
        self.assertEqual(self.available(self.bolt, self.near), 20)

    def test_more_is_ordered_than_was_held(self):
        claims = self.hold((self.kit, self.far, 2))
        order = self.make_order((self.kit, 4), confirm=False)
        with self.assertRaisesRegex(UserError, "Of .*Bolt.* 7 are available at Far, not 8"):
            order._oms_confirm_held(claims)

    def test_a_hold_is_given_for_another_one(self):
        claims = self.hold((self.kit, self.far, 3))
        with self.enter_registry_test_mode():
            ids = claims._transfer([(self.kit.id, self.near.id, 10)])
        self.assertEqual(len(ids), 2)
        self.assertEqual(self.available(self.kit, self.far), 3)
        self.assertEqual(self.available(self.kit, self.near), 0)
