import random
from collections import defaultdict

from odoo.tests import tagged

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestAvailability(OmsCase):
    """What can be promised, by SQL and by a slow count of its own."""

    def count_slowly(self, sites, products):
        """Count by the records one by one: stock, less open demand, less claims."""
        available = defaultdict(float)
        for site in sites:
            warehouse = site.warehouse_id
            owners = (self.env["res.partner"], site.company_id.partner_id)
            for product in products:
                key = site.id, product.id
                for quant in self.env["stock.quant"].search([("product_id", "=", product.id)]):
                    location = quant.location_id
                    here = location.usage == "internal" and location.warehouse_id == warehouse
                    if here and quant.owner_id in owners:
                        available[key] += quant.quantity
                for move in self.env["stock.move"].search([("product_id", "=", product.id)]):
                    if move.state in ("draft", "done", "cancel"):
                        continue
                    source = move.location_id
                    target = move.location_final_id or move.location_dest_id
                    stays = target.usage == "internal" and target.warehouse_id == warehouse
                    if source.usage == "internal" and source.warehouse_id == warehouse:
                        available[key] -= 0 if stays else move.product_qty
                claims = self.env["oms.claim"].search([("product_id", "=", product.id)])
                for claim in claims:
                    if claim.site_id == site and claim.state == "active":
                        available[key] -= claim.quantity
        return {key: round(quantity, 6) for key, quantity in available.items() if quantity > 1e-9}

    def assertCounted(self, sites, products):
        counted = sites._get_available(products)
        self.assertEqual(
            {key: round(quantity, 6) for key, quantity in counted.items()},
            self.count_slowly(sites, products),
        )
        return counted

    def make_move(self, product, quantity, source, target, state, **vals):
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "location_id": source.id,
                "location_dest_id": target.id,
                **vals,
            }
        )
        if state != "draft":
            move._action_confirm(merge=False)
        if state == "assigned":
            move._action_assign()
        if state == "done":
            move.write({"quantity": quantity, "picked": True})
            move._action_done()
        if state == "cancel":
            move._action_cancel()
        return move

    def test_random_scenario(self):
        chance = random.Random(19)
        products = self.apple + self.berry + self.make_product("Cherry")
        self.near.warehouse_id.delivery_steps = "pick_ship"
        customers = self.env.ref("stock.stock_location_customers")
        suppliers = self.env.ref("stock.stock_location_suppliers")
        places = self.env["stock.location"].search(
            [("warehouse_id", "in", self.sites.warehouse_id.ids), ("usage", "=", "internal")]
        )
        owners = [None, None, self.company.partner_id, self.customer]
        for _ in range(60):
            self.env["stock.quant"]._update_available_quantity(
                chance.choice(products),
                chance.choice(places),
                chance.choice([-2, 0.5, 1, 3, 8]),
                owner_id=chance.choice(owners),
            )
        shelves = self.sites.warehouse_id.lot_stock_id
        states = ["draft", "confirmed", "assigned", "done", "cancel"]
        for _ in range(60):
            self.make_move(
                chance.choice(products),
                chance.choice([0.25, 1, 2, 5]),
                chance.choice([*shelves, suppliers]),
                chance.choice([*places, customers, customers, customers]),
                chance.choice(states),
            )
        for _ in range(10):
            order = self.make_order(
                *((chance.choice(products), chance.choice([1, 2, 4])) for _ in range(2))
            )
            for picking in order.picking_ids:
                if chance.random() < 0.4:
                    self.ship(picking, backorder=True)
        line = order.order_line[0]
        self.env["oms.claim"].create(
            [
                {
                    "product_id": line.product_id.id,
                    "site_id": chance.choice(self.sites).id,
                    "sale_line_id": line.id,
                    "quantity": 0.5,
                    "state": state,
                }
                for state in ("active", "active", "consumed", "released")
            ]
        )
        counted = self.assertCounted(self.sites, products)
        self.assertTrue(counted)

    def test_step_by_step_delivery_is_counted_once(self):
        self.near.warehouse_id.delivery_steps = "pick_pack_ship"
        self.stock(self.apple, (self.near, 10))
        order = self.make_order((self.apple, 4))
        for _step in range(3):
            self.assertEqual(
                self.sites._get_available(self.apple), {(self.near.id, self.apple.id): 6}
            )
            self.ship(order.picking_ids.sorted("id")[-1])
        self.assertEqual(self.assertCounted(self.sites, self.apple).popitem()[1], 6)

    def test_replenishment_between_sites(self):
        self.stock(self.apple, (self.near, 10))
        self.far.warehouse_id.resupply_wh_ids = self.near.warehouse_id
        self.env["stock.rule"].run(
            [
                self.env["stock.rule"].Procurement(
                    self.apple,
                    3,
                    self.apple.uom_id,
                    self.far.warehouse_id.lot_stock_id,
                    "resupply",
                    "resupply",
                    self.company,
                    {
                        "route_ids": self.far.warehouse_id.resupply_route_ids,
                        "warehouse_id": self.far.warehouse_id,
                    },
                )
            ]
        )
        self.assertEqual(
            self.assertCounted(self.sites, self.apple), {(self.near.id, self.apple.id): 7}
        )

    def test_nothing_asked(self):
        self.assertEqual(self.sites._get_available(self.env["product.product"]), {})
        self.assertEqual(self.env["oms.site"]._get_available(self.apple), {})

    def test_sees_what_is_not_flushed_yet(self):
        quant = self.env["stock.quant"].create(
            {
                "product_id": self.apple.id,
                "location_id": self.near.warehouse_id.lot_stock_id.id,
                "quantity": 3,
            }
        )
        key = self.near.id, self.apple.id
        self.assertEqual(self.sites._get_available(self.apple), {key: 3})
        quant.quantity = 5
        self.assertEqual(self.sites._get_available(self.apple), {key: 5})

    def test_one_query_whatever_the_number_of_sites_and_products(self):
        # Asked once for all: a process remembers whether there are safety stock rules.
        self.env["oms.safety.stock"]._is_any()
        self.stock(self.apple, (self.near, 1), (self.far, 1))
        products = self.apple + self.berry
        sites = self.env["oms.site"].search([])
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.near._get_available(self.apple)
        with self.assertQueryCount(1):
            sites._get_available(products)


@tagged("post_install", "-at_install")
class TestClaim(OmsCase):
    """A claim ends in one way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 9))
        cls.line = cls.make_order((cls.apple, 1), confirm=False).order_line

    def claim(self, quantity):
        return self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.near.id,
                "sale_line_id": self.line.id,
                "quantity": quantity,
            }
        )

    def available(self):
        return self.near._get_available(self.apple).get((self.near.id, self.apple.id), 0.0)

    def test_takes_and_gives_back(self):
        claim = self.claim(4)
        self.assertEqual(self.available(), 5)
        claim._release()
        self.assertEqual((claim.state, self.available()), ("released", 9))
        claim._end("consumed")
        self.assertEqual(claim.state, "released", "an ended claim stays as it ended")

    def test_consumed(self):
        claim = self.claim(4)
        claim._end("consumed")
        claim._release()
        self.assertEqual((claim.state, self.available()), ("consumed", 9))

    def test_part_given_back(self):
        claim = self.claim(4)
        claim._release(1.5)
        self.assertEqual((claim.state, claim.quantity), ("active", 2.5))
        self.assertEqual(self.available(), 6.5)
        given_back = self.line.oms_claim_ids - claim
        self.assertRecordValues(given_back, [{"state": "released", "quantity": 1.5}])

    def test_more_than_all_given_back(self):
        claim = self.claim(4)
        claim._release(4)
        self.assertEqual((claim.state, claim.quantity), ("released", 4))
