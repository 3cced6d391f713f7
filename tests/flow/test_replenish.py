from statistics import mean, stdev

from odoo import fields
from odoo.tests import tagged

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestReplenish(FlowCase):
    """What is bought, of whom, and what the price lists lack."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_record.state = "done"
        cls.plan_record.write({"does_transfer": False, "does_level": False, "does_share": False})
        cls.orchard = cls.make_partner("Orchard")
        cls.grove = cls.make_partner("Grove")
        # The near warehouse sells two a day and has next to nothing left.
        cls.stock(cls.apple, (cls.near, 2))
        for day in range(91):
            cls.make_sold(cls.apple, cls.near, 2, days_ago=day + 0.5)

    def sell_by(self, supplier, price, delay=5, min_qty=0.0, **vals):
        return self.env["product.supplierinfo"].create(
            {
                "partner_id": supplier.id,
                "product_tmpl_id": self.apple.product_tmpl_id.id,
                "price": price,
                "delay": delay,
                "min_qty": min_qty,
                **vals,
            }
        )

    def purchases(self, run):
        return run.proposal_ids.filtered(lambda each: each.kind == "purchase")

    def test_bought_of_the_cheaper_one(self):
        self.sell_by(self.orchard, 3.0)
        self.sell_by(self.grove, 4.5)
        run = self.work()
        proposal = self.purchases(run)
        self.assertEqual(len(proposal), 1, self.texts(run))
        self.assertEqual((proposal.supplier_id, proposal.site_id), (self.orchard, self.near))
        # Six days of two a day are twelve; it lasts at least until the next delivery.
        self.assertGreater(proposal.quantity, 10)
        self.assertLess(proposal.quantity, 200)
        self.assertAlmostEqual(proposal.cost, 3.0 * proposal.quantity, 2)
        self.assertIn("Orchard asks", proposal.why)
        self.assertIn("Grove, with", proposal.why)
        self.assertGreater(proposal.gain, 0)
        self.assertFalse(self.purchases(self.work()), "it is open")
        proposal.action_accept()
        self.assertEqual(proposal.purchase_line_ids.product_qty, proposal.quantity)
        self.assertFalse(self.purchases(self.work()), "the supplier is asked")
        proposal.purchase_line_ids.order_id.button_confirm()
        self.assertFalse(self.purchases(self.work()), "it is on its way")

    def receive(self, supplier, late):
        """Have goods of a supplier come so many days later than agreed, long ago."""
        order = self.env["purchase.order"].create(
            {
                "partner_id": supplier.id,
                "order_line": [(0, 0, {"product_id": self.berry.id, "product_qty": 1})],
            }
        )
        order.button_confirm()
        move = order.picking_ids.move_ids
        move.write({"quantity": 1, "picked": True})
        move._action_done()
        day = fields.Datetime.subtract(fields.Datetime.now(), days=100)
        order.order_line.date_planned = day
        move.date = fields.Datetime.add(day, days=late)

    def test_who_is_late_is_seen_to_be(self):
        lates = (0, 30, 2, 45, 0, 60)
        for late in lates:
            self.receive(self.orchard, late)
        for _time in range(4):
            self.receive(self.grove, 50)
        found = self.run_record._get_lateness(self.orchard + self.grove)
        self.assertEqual(list(found), [self.orchard.id], "four receipts are too few")
        self.assertAlmostEqual(found[self.orchard.id][0], mean(lates), 4)
        self.assertAlmostEqual(found[self.orchard.id][1], stdev(lates), 4)
        self.sell_by(self.orchard, 3.0)
        self.sell_by(self.grove, 3.03)
        self.assertEqual(self.purchases(self.work()).supplier_id, self.grove)

    def test_supplier_without_price(self):
        self.sell_by(self.orchard, 0.0)
        run = self.work()
        self.assertFalse(self.purchases(run))
        self.assertIn("Orchard says no price", self.texts(run))
        self.assertEqual(run.state, "done")

    def test_nobody_sells_it(self):
        run = self.work()
        self.assertFalse(self.purchases(run))
        self.assertIn("nobody sells them", self.texts(run))

    def test_price_breaks_and_foreign_units(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.sell_by(self.orchard, 36.0, product_uom_id=dozen.id)
        proposal = self.purchases(self.work())
        self.assertAlmostEqual(proposal.cost, 3.0 * proposal.quantity, 2)
        self.assertEqual(proposal.quantity % 12, 0, "he sells by the dozen")
        proposal.action_accept()
        line = proposal.purchase_line_ids
        self.assertEqual(line.product_uom_qty, proposal.quantity)
        self.assertEqual(line.product_qty, round(line.product_qty))

    def test_goods_that_are_not_bought(self):
        self.sell_by(self.orchard, 3.0)
        self.apple.purchase_ok = False
        self.assertFalse(self.purchases(self.work()))

    def test_reordering_rules_count(self):
        self.sell_by(self.orchard, 3.0)
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.apple.id,
                "warehouse_id": self.near.warehouse_id.id,
                "location_id": self.near.warehouse_id.lot_stock_id.id,
                "product_min_qty": 1,
                "product_max_qty": 500,
                "trigger": "manual",
            }
        )
        self.assertFalse(self.purchases(self.work()), "two are above the least")
        self.env["stock.quant"]._update_available_quantity(
            self.apple, self.near.warehouse_id.lot_stock_id, -2
        )
        self.assertGreaterEqual(self.purchases(self.work()).quantity, 500)

    def test_site_that_does_not_buy(self):
        self.sell_by(self.orchard, 3.0)
        self.near.warehouse_id.buy_to_resupply = False
        self.assertFalse(self.purchases(self.work()).filtered(lambda p: p.site_id == self.near))
