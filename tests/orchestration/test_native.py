"""What the addon leaves alone behaves exactly as Odoo without it."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from odoo.addons.oms.models.orchestration.sale_order_line import SaleOrderLine
from odoo.addons.stock.models.stock_rule import StockRule

from ..common import DATE_ORDER, OmsCase

#: What differs between two equal orders by nature.
NAMES = ("origin", "name", "display_name", "reference", "reference_ids", "sale_line_id")
KINDS_APART = ("one2many", "binary", "properties")
VOLATILE = ("id", "create_date", "write_date", "date", "reservation_date")


class NativeCase(OmsCase):
    @contextmanager
    def without_addon(self):
        """Bypass the addon's overrides of the order line."""

        def bypassed(name):
            def method(line, *args, **kwargs):
                return getattr(super(SaleOrderLine, line), name)(*args, **kwargs)

            return method

        names = (
            "_action_launch_stock_rule",
            "_prepare_procurement_values",
            "_create_procurements",
        )
        patches = [patch.object(SaleOrderLine, name, bypassed(name)) for name in names]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()

    @contextmanager
    def procurements(self):
        """Collect the procurements that run."""
        seen = []
        original = StockRule.run

        def run(rule, procurements, raise_user_error=True):
            seen.extend(procurements)
            return original(rule, procurements, raise_user_error=raise_user_error)

        with patch.object(StockRule, "run", run):
            yield seen

    def describe(self, order, procurements):
        """Tell everything about what an order set off, but the names and numbers of records."""

        def plain(record, skipped):
            values = {}
            for name, field in record._fields.items():
                if name in skipped or not field.store or field.type in KINDS_APART:
                    continue
                value = record[name]
                if field.type == "many2one":
                    # Documents of the order itself are compared in their own right.
                    own = field.comodel_name in (
                        "stock.picking",
                        "stock.picking.batch",
                        "sale.order",
                        "stock.move",
                    )
                    value = bool(value) if own else value.id
                elif field.type == "many2many":
                    own = field.comodel_name in (
                        "stock.move",
                        "stock.reference",
                        "sale.order",
                        "purchase.order.line",
                    )
                    value = len(value) if own else value.ids
                values[name] = value
            return values

        skipped = {*NAMES, *VOLATILE}
        pickings = order.picking_ids.sorted("id")
        moves = order.order_line.move_ids.sorted(lambda m: (m.sale_line_id.sequence, m.id))
        references = order.stock_reference_ids
        return {
            "pickings": [plain(p, skipped | {"access_token"}) for p in pickings],
            "moves": [plain(move, skipped | {"sequence"}) for move in moves],
            "moves by picking": [
                pickings.ids.index(m.picking_id.id) for m in moves if m.picking_id
            ],
            "references": [name.replace(order.name, "ORDER") for name in references.mapped("name")],
            "picking references": [
                [name.replace(order.name, "ORDER") for name in p.reference_ids.mapped("name")]
                for p in pickings
            ],
            "picking of order": pickings.sale_id == order if pickings else None,
            "purchase lines": [
                (line.product_id.id, line.product_qty, line.order_id.dest_address_id.id)
                for line in self.env["purchase.order.line"].search(
                    [("sale_line_id", "in", order.order_line.ids)]
                )
            ],
            "delivered": order.order_line.mapped("qty_delivered"),
            "procurements": [
                {
                    **procurement._asdict(),
                    "origin": procurement.origin.replace(order.name, "ORDER"),
                    "values": {
                        key: len(value) if key == "reference_ids" else value
                        for key, value in procurement.values.items()
                        if key not in ("sale_line_id", "origin", "move_dest_ids")
                    },
                }
                for procurement in procurements
            ],
        }

    def assertAsNative(self, *lines, change=None, **vals):
        """Check that an order with the addon does what an equal one does without it."""
        self.maxDiff = None
        self.startPatcher(freeze_time(DATE_ORDER))
        described = []
        for bypass in (True, False):
            order = self.make_order(*lines, confirm=False, **vals)
            with self.procurements() as seen:
                if bypass:
                    with self.without_addon():
                        order.action_confirm()
                        if change:
                            change(order)
                else:
                    order.action_confirm()
                    if change:
                        change(order)
            described.append(self.describe(order, seen))
            self.assertFalse(order.oms_fulfillment_ids)
            self.assertFalse(order.oms_decision_ids)
            last = order
            # The next order must find the same stock.
            if bypass:
                self.cancel(order)
        native, ours = described
        for key, value in native.items():
            self.assertEqual(ours[key], value, key)
        return last


@tagged("post_install", "-at_install")
class TestAsNative(NativeCase):
    """Orders without channel, of a channel that is not orchestrated, or of what Odoo supplies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 5))
        cls.warehouse = cls.near.warehouse_id

    def make_to_order_routes(self):
        """Let the product be bought for each order."""
        vendor = self.make_partner("Vendor")
        self.apple.seller_ids = [(0, 0, {"partner_id": vendor.id, "price": 5})]
        make_to_order = self.env.ref("stock.route_warehouse0_mto")
        make_to_order.active = True
        return make_to_order + self.env.ref("purchase_stock.route_warehouse0_buy")

    def test_no_channel(self):
        order = self.assertAsNative(
            (self.apple, 3), (self.berry, 2), oms_channel_id=False, warehouse_id=self.warehouse.id
        )
        self.assertFalse(order.oms_state)
        self.assertEqual(len(order.picking_ids), 1)

    def test_channel_not_orchestrated(self):
        self.channel.orchestrated = False
        order = self.assertAsNative((self.apple, 3), (self.berry, 2))
        self.assertFalse(order.oms_state)

    def test_channel_orchestrated_later_leaves_old_orders_alone(self):
        self.channel.orchestrated = False
        vals = {"warehouse_id": self.warehouse.id}
        cancelled = self.make_order((self.apple, 2), **vals)
        cancelled.picking_ids.action_cancel()
        shorted = self.make_order((self.apple, 3), **vals)
        self.ship(shorted.picking_ids, 1)
        self.channel.orchestrated = True
        self.env.flush_all()
        for order in cancelled + shorted:
            self.assertFalse(order.oms_state)
            self.assertFalse(order.order_line.oms_qty_open)
        self.run_cron()
        self.assertFalse((cancelled + shorted).oms_fulfillment_ids)
        shorted.order_line.product_uom_qty = 4
        self.assertEqual(self.open_moves(shorted).warehouse_id, self.warehouse)
        self.assertFalse(shorted.oms_fulfillment_ids)

    def test_raised_and_lowered(self):
        def change(order):
            order.order_line[0].product_uom_qty = 5
            order.order_line[1].product_uom_qty = 1

        self.assertAsNative((self.apple, 3), (self.berry, 2), oms_channel_id=False, change=change)

    def test_lowered_to_zero(self):
        def change(order):
            order.order_line.product_uom_qty = 0

        self.assertAsNative((self.apple, 3), oms_channel_id=False, change=change)

    def test_service(self):
        service = self.make_product("Advice", type="service", is_storable=False)
        order = self.assertAsNative((service, 1))
        self.assertFalse(order.oms_state)
        self.assertFalse(order.picking_ids)

    def test_negative_quantity(self):
        """Odoo receives what a negative line returns."""
        self.assertAsNative((self.apple, -2))

    def test_make_to_order(self):
        self.apple.route_ids = self.make_to_order_routes()
        order = self.assertAsNative((self.apple, 2), warehouse_id=self.warehouse.id)
        self.assertFalse(order.oms_state)
        self.assertEqual(order.picking_ids.move_ids.procure_method, "make_to_order")

    def test_dropship(self):
        vendor = self.make_partner("Vendor")
        self.apple.write(
            {
                "route_ids": [(4, self.env.ref("stock_dropshipping.route_drop_shipping").id)],
                "seller_ids": [(0, 0, {"partner_id": vendor.id, "price": 5})],
            }
        )
        order = self.assertAsNative((self.apple, 2))
        self.assertFalse(order.oms_state)
        self.assertFalse(order.picking_ids)
        self.assertTrue(order._get_purchase_orders())

    def test_route_of_the_category(self):
        self.apple.categ_id = self.env["product.category"].create(
            {"name": "Made to order", "route_ids": [(6, 0, self.make_to_order_routes().ids)]}
        )
        order = self.assertAsNative((self.apple, 2), warehouse_id=self.warehouse.id)
        self.assertFalse(order.oms_state)

    def test_route_on_the_line(self):
        route = self.warehouse.delivery_route_id
        route.sale_selectable = True
        order = self.assertAsNative(
            (self.apple, 2, {"route_ids": [(6, 0, route.ids)]}), warehouse_id=self.warehouse.id
        )
        self.assertFalse(order.oms_state)

    def test_multi_step_delivery(self):
        self.warehouse.delivery_steps = "pick_pack_ship"
        self.assertAsNative((self.apple, 2), oms_channel_id=False, warehouse_id=self.warehouse.id)


@tagged("post_install", "-at_install")
class TestMixedOrders(NativeCase):
    """Lines that Odoo delivers beside lines that the addon sources."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 5), (cls.far, 5))
        cls.stock(cls.berry, (cls.near, 5), (cls.far, 5))
        cls.route = cls.near.warehouse_id.delivery_route_id
        cls.route.sale_selectable = True
        cls.native = {"route_ids": [(6, 0, cls.route.ids)]}
        cls.vals = {"warehouse_id": cls.near.warehouse_id.id}

    def test_separate_transfers(self):
        order = self.make_order((self.apple, 2, self.native), (self.berry, 2), **self.vals)
        self.assertEqual(len(order.picking_ids), 2)
        ours = order.oms_fulfillment_ids.picking_ids
        native = order.picking_ids - ours
        self.assertEqual(ours.move_ids.product_id, self.berry)
        self.assertEqual(native.move_ids.product_id, self.apple)
        self.assertEqual(native.reference_ids.mapped("name"), [order.name])
        self.assertEqual(ours.reference_ids, order.oms_fulfillment_ids.reference_id)
        self.assertEqual(native.sale_id, order)
        self.assertEqual(order.oms_state, "sourced")

    def test_native_line_added_later(self):
        order = self.make_order((self.berry, 2), **self.vals)
        order.order_line = [
            (0, 0, {"product_id": self.apple.id, "product_uom_qty": 2, **self.native})
        ]
        native = order.picking_ids - order.oms_fulfillment_ids.picking_ids
        self.assertEqual(native.move_ids.product_id, self.apple)
        self.assertEqual(native.reference_ids.mapped("name"), [order.name])
        self.assertEqual(native.sale_id, order)
        self.assertEqual(order.oms_fulfillment_ids.picking_ids.move_ids.product_id, self.berry)

    def test_orchestrated_line_added_later(self):
        order = self.make_order((self.apple, 2, self.native), **self.vals)
        order.order_line = [(0, 0, {"product_id": self.berry.id, "product_uom_qty": 2})]
        ours = order.oms_fulfillment_ids.picking_ids
        self.assertEqual(ours.move_ids.product_id, self.berry)
        self.assertEqual((order.picking_ids - ours).move_ids.product_id, self.apple)
        self.assertBalanced(order)

    def test_native_line_raised_later(self):
        order = self.make_order((self.apple, 2, self.native), (self.berry, 2), **self.vals)
        order.order_line[0].product_uom_qty = 4
        native = order.picking_ids - order.oms_fulfillment_ids.picking_ids
        self.assertEqual(len(native), 1)
        self.assertEqual(native.move_ids.product_uom_qty, 4)

    def test_service_section_and_down_payment_do_not_matter(self):
        service = self.make_product("Advice", type="service", is_storable=False)
        order = self.make_order((self.berry, 2), (service, 1), confirm=False)
        order.order_line = [
            (0, 0, {"display_type": "line_section", "name": "Section"}),
            (0, 0, {"display_type": "line_note", "name": "Note"}),
        ]
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [(6, 0, order.ids)],
                "advance_payment_method": "percentage",
                "amount": 10,
            }
        )
        order.action_confirm()
        wizard.create_invoices()
        self.assertTrue(order.order_line.filtered("is_downpayment"))
        self.assertEqual(order.oms_state, "sourced")
        self.assertEqual(self.plan(order), {("NEAR", "Berry"): 2})
        self.assertBalanced(order)


@tagged("post_install", "-at_install")
class TestUntrackedGoods(OmsCase):
    """Goods whose stock Odoo does not track travel with the rest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leaflet = cls.make_product("Leaflet", is_storable=False)

    def test_alone_from_the_nearest_site(self):
        order = self.make_order((self.leaflet, 7))
        self.assertEqual(self.plan(order), {("NEAR", "Leaflet"): 7})
        self.assertEqual(order.oms_state, "sourced")

    def test_with_the_rest(self):
        self.stock(self.apple, (self.far, 5))
        order = self.make_order((self.apple, 1), (self.leaflet, 7))
        self.assertEqual(self.plan(order), {("FAR", "Apple"): 1, ("FAR", "Leaflet"): 7})
        self.assertEqual(len(order.picking_ids), 1)

    def test_on_two_lines_of_different_quantity(self):
        order = self.make_order((self.leaflet, 2), (self.leaflet, 5))
        self.assertEqual(self.plan(order), {("NEAR", "Leaflet"): 7})
        self.assertEqual(order.oms_state, "sourced")
