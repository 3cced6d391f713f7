from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .audit import AuditCase


@tagged("post_install", "-at_install")
class TestAuditPromises(AuditCase):
    """Nothing is promised twice; where it is, the audit says what took it."""

    def setUp(self):
        super().setUp()
        self.place = self.near.warehouse_id.lot_stock_id
        self.user = self.make_user("audit_manager", "oms.group_order_manager")

    def repair(self, lines):
        lines.with_user(self.user).action_repair()
        self.env.invalidate_all()

    def native_order(self, product, quantity):
        return self.make_order(
            (product, quantity), oms_channel_id=False, warehouse_id=self.near.warehouse_id.id
        )

    def assertNames(self, line, *records):
        """Check that records are named by the finding, and that links lead to them."""
        for record in records:
            self.assertIn((record._name, record.id), line._get_documents())
            self.assertIn(f"/odoo/{record._name}/{record.id}", line.documents)

    # === MORE PROMISED THAN THERE IS === #

    def sell_all(self):
        """Sell what there is through the gate."""
        self.stock(self.apple, (self.near, 5))
        return self.make_order((self.apple, 5))

    def test_native_order_takes_more(self):
        self.sell_all()
        native = self.native_order(self.apple, 2)
        line = self.find("oversold")
        self.assertEqual(
            (line.product_id, line.site_id, line.kept, line.recorded, line.difference, line.cause),
            (self.apple, self.near, 7, 5, -2, "native"),
        )
        self.assertNames(line, native.picking_ids.move_ids)
        self.assertFalse(line.can_repair)
        self.assertEqual(line._get_competing_orders()[0], native)
        self.cancel(native)
        self.assertClean()
        self.assertEqual(line.state, "gone")

    def test_counted_down(self):
        order = self.sell_all()
        quant = self.env["stock.quant"]._gather(self.apple, self.place)
        quant.with_context(inventory_mode=True).inventory_quantity = 3
        quant.action_apply_inventory()
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-2, "counted_down"))
        counted = self.env["stock.move"].search(
            [("product_id", "=", self.apple.id), ("is_inventory", "=", True)], limit=1
        )
        self.assertNames(line, counted, order.picking_ids.move_ids)

    def test_scrapped(self):
        self.sell_all()
        scrap = self.env["stock.scrap"].create(
            {"product_id": self.apple.id, "scrap_qty": 1, "location_id": self.place.id}
        )
        scrap.do_scrap()
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-1, "scrapped"))
        self.assertNames(line, scrap.move_ids)

    def test_moved_out(self):
        """Goods carried to another site by hand."""
        self.sell_all()
        move = self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 3,
                "location_id": self.place.id,
                "location_dest_id": self.far.warehouse_id.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move.quantity = 3
        move.picked = True
        move._action_done()
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-3, "moved_out"))
        self.assertNames(line, move)

    def test_location_not_for_sale(self):
        self.stock(self.apple, (self.near, 3))
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.place.id})
        self.env["stock.quant"]._update_available_quantity(self.apple, shelf, 2)
        self.make_order((self.apple, 5))
        shelf.oms_not_for_sale = True
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-2, "not_for_sale"))
        self.assertNames(line, self.env["stock.quant"]._gather(self.apple, shelf))

    def test_owner_changed(self):
        self.sell_all().picking_ids.do_unreserve()
        self.env["stock.quant"]._gather(self.apple, self.place).owner_id = self.customer
        line = self.find("oversold")
        self.assertEqual(line.cause, "owned_by_others")

    def test_supplier_has_less(self):
        """What a supplier had is promised, and then he has less, or says nothing any more."""
        supplier = self.env["oms.site"].create(
            {
                "name": "Supplier",
                "code": "SUP",
                "kind": "supplier",
                "partner_id": self.customer.id,
                "feed_max_age_hours": 24,
            }
        )
        stock = self.env["oms.external.stock"].create(
            {"product_id": self.apple.id, "site_id": supplier.id, "quantity": 3}
        )
        self.env["oms.claim"].create(
            {"product_id": self.apple.id, "site_id": supplier.id, "quantity": 3}
        )
        self.assertClean()
        stock.quantity = 2
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-1, "external_less"))
        self.assertNames(line, stock)
        stock.quantity = 3
        self.assertClean()
        self.sql("UPDATE oms_external_stock SET updated_at = '2024-03-04 10:00:00'")
        line = self.find("oversold")
        self.assertEqual((line.difference, line.cause), (-3, "external_stale"))

    def test_goods_on_their_way_for_one_move(self):
        """What is made to order waits for its own supply and takes nothing from the stock."""
        out = self.near.warehouse_id.out_type_id
        move = self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 3,
                "picking_type_id": out.id,
                "location_id": self.place.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "procure_method": "make_to_order",
            }
        )
        move.state = "waiting"
        self.assertClean()

    def test_expired_cart_counts_no_more(self):
        self.stock(self.apple, (self.near, 2))
        claim = self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "quantity": 2,
                "origin": "cart",
                "expires_at": fields.Datetime.now() - timedelta(minutes=5),
            }
        )
        self.env["oms.claim"].create(
            {"product_id": self.apple.id, "site_id": self.near.id, "quantity": 2}
        )
        self.assertEqual(claim.state, "active")
        self.assertClean()

    def test_expired_claims_that_nobody_ended(self):
        self.stock(self.apple, (self.near, 2))
        claim = self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "quantity": 2,
                "origin": "cart",
                "expires_at": fields.Datetime.now() - timedelta(hours=3),
            }
        )
        line = self.find("claim_late")
        self.assertEqual((line.site_id, line.kept, line.cause), (self.near, 1, "expired"))
        self.assertNames(line, claim)
        self.repair(line)
        self.assertEqual((claim.state, line.state), ("expired", "repaired"))
        self.assertClean()

    # === CLAIMS AND ORDERS === #

    def claim_for(self, order, quantity):
        """Claim for an order past its sourcing."""
        part = order.oms_fulfillment_ids.line_ids
        return self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "quantity": quantity,
                "sale_line_id": order.order_line.id,
                "fulfillment_line_id": part.id,
            }
        )

    def test_claim_of_cancelled_order(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        claim = self.claim_for(order, 2)
        self.sql("UPDATE sale_order SET state = 'cancel' WHERE id = %s", order.id)
        line = self.find("claim_ended")
        self.assertEqual((line.kept, line.recorded, line.cause), (2, 0, "order_cancelled"))
        self.assertNames(line, claim, order)
        self.repair(line)
        self.assertEqual((claim.state, line.state), ("released", "repaired"))
        self.assertClean()

    def test_claim_of_shipped_fulfillment(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        self.ship(order.picking_ids)
        claim = self.claim_for(order, 1)
        line = self.find("claim_ended")
        self.assertEqual(line.cause, "fulfillment_ended")
        claim._release()
        self.repair(line)
        self.assertEqual((claim.state, line.state), ("released", "gone"))

    def test_claim_of_delivered_order(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        self.ship(order.picking_ids)
        claim = self.claim_for(order, 1)
        claim.fulfillment_line_id = False
        self.assertEqual(self.find("claim_ended").cause, "order_delivered")

    def test_claimed_beyond_order(self):
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        claim = self.claim_for(order, 3)
        line = self.find("order_excess")
        self.assertEqual((line.kept, line.recorded, line.cause), (5, 2, "claimed_twice"))
        self.assertNames(line, claim, order)
        self.repair(line)
        self.assertEqual((claim.state, line.state), ("released", "repaired"))
        self.assertClean()

    def test_transfer_raised(self):
        """What a person asked for is shown, and left to people."""
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        order.picking_ids.move_ids.product_uom_qty = 4
        line = self.find("order_excess")
        self.assertEqual((line.difference, line.cause), (-2, "transfer_raised"))
        self.assertFalse(line.can_repair)
        self.assertNames(line, order.picking_ids.move_ids)

    def test_steps_of_a_delivery_count_once(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 4))
        self.ship(order.picking_ids[0])
        self.assertClean()
        pack = order.picking_ids.filtered(lambda picking: picking.state == "assigned")
        self.ship(pack)
        self.assertClean()

    def test_other_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.stock(self.apple, (self.near, 24))
        order = self.make_order((self.apple, 1, {"product_uom_id": dozen.id}))
        self.assertClean()
        self.claim_for(order, 1)
        line = self.find("order_excess")
        self.assertEqual((line.kept, line.recorded), (13, 12))

    def test_consumed_by_the_same_transfers(self):
        """Two claims that ended together have transfers for one of them only."""
        self.stock(self.apple, (self.near, 5))
        order = self.make_order((self.apple, 2))
        second = self.claim_for(order, 3)
        order.order_line.with_context(skip_procurement=True).product_uom_qty = 5
        claims = order.order_line.oms_claim_ids
        second.state = "consumed"
        self.sql(
            "UPDATE oms_claim SET write_date = '2024-03-04 10:00:00' WHERE id = ANY(%s)",
            claims.ids,
        )
        self.assertEqual(order.order_line.oms_qty_open, 3)
        line = self.find("consumed")
        self.assertEqual((line.kept, line.recorded, line.cause), (5, 2, "consumed_twice"))
        self.assertNames(line, *claims, order)
        line.with_user(self.user).action_source_again()
        self.assertEqual(order.order_line.oms_qty_open, 0)
        self.assertClean()

    # === RESERVATIONS AND STOCK RECORDS === #

    def test_reservation_that_no_transfer_has(self):
        self.stock(self.apple, (self.near, 5))
        self.make_order((self.apple, 1))
        self.sql(
            "UPDATE stock_quant SET reserved_quantity = 4 WHERE product_id = %s AND quantity > 0",
            self.apple.id,
        )
        line = self.find("reservation")
        self.assertEqual((line.kept, line.recorded, line.cause), (4, 1, "unknown"))
        self.assertIn("not known", line.sentence)
        self.repair(line)
        quant = self.env["stock.quant"]._gather(self.apple, self.place)
        self.assertEqual((quant.reserved_quantity, line.state), (1, "repaired"))
        self.assertClean()

    def test_two_transfers_reserve_the_last_unit(self):
        """Two transfers that reserve at once leave two stock records at one place."""
        self.stock(self.apple, (self.near, 1))
        orders = [self.native_order(self.apple, 1) for _number in range(2)]
        moves = [order.picking_ids.move_ids for order in orders]
        self.assertEqual([move.state for move in moves], ["assigned", "confirmed"])
        moves[1].move_line_ids = [
            fields.Command.create(
                {
                    "product_id": self.apple.id,
                    "location_id": self.place.id,
                    "location_dest_id": moves[1].location_dest_id.id,
                }
            )
        ]
        self.sql(
            "UPDATE stock_move_line SET quantity = 1, quantity_product_uom = 1 WHERE move_id = %s",
            moves[1].id,
        )
        self.sql("UPDATE stock_move SET state = 'assigned' WHERE id = %s", moves[1].id)
        self.sql("UPDATE stock_move_line SET state = 'assigned' WHERE move_id = %s", moves[1].id)
        self.sql(
            "INSERT INTO stock_quant (product_id, location_id, company_id, quantity, "
            "reserved_quantity, in_date) VALUES (%s, %s, %s, 0, 1, now())",
            self.apple.id,
            self.place.id,
            self.company.id,
        )
        audit = self.audit()
        self.assertEqual(set(audit.line_ids.mapped("kind")), {"over_reserved", "oversold"})
        line = audit.line_ids.filtered(lambda line: line.kind == "over_reserved")
        self.assertEqual((line.kept, line.recorded, line.cause), (2, 1, "reserved_twice"))
        self.assertNames(line, *moves)
        self.assertEqual(line._get_competing_orders(), orders[1] + orders[0])
        moves[1]._do_unreserve()
        self.cancel(orders[1])
        self.assertClean()

    def test_negative_stock(self):
        order = self.native_order(self.apple, 2)
        picking = order.picking_ids
        picking.move_ids.quantity = 2
        picking.move_ids.picked = True
        picking.button_validate()
        audit = self.audit()
        line = audit.line_ids.filtered(lambda line: line.kind == "negative")
        self.assertEqual((line.kept, line.cause), (-2, "shipped_unseen"))
        self.assertNames(line, picking.move_ids)
        self.stock(self.apple, (self.near, 2))
        self.assertClean()
