import random
from collections import defaultdict

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.oms.models.inventory import position_sql
from odoo.addons.oms.models.inventory.oms_position import Position

from ..common import OmsCase


class Reference:
    """What stock is, in a few lines of plain Python."""

    def __init__(self):
        self.on_hand, self.demand = defaultdict(float), defaultdict(float)
        self.claimed = defaultdict(float)

    def move(self, source, target, key, quantity):
        if source:
            self.on_hand[source, key] -= quantity
        if target:
            self.on_hand[target, key] += quantity

    def available(self, site, key):
        return self.on_hand[site, key] - self.demand[site, key] - self.claimed[site, key]


@tagged("post_install", "-at_install")
class TestPosition(OmsCase):
    """Positions are what quants, moves and claims say, whatever changes these."""

    def assertTrue_to_facts(self):
        self.env.flush_all()
        self.assertFalse(self.env.execute_query(position_sql.differences()))

    def position(self, product, site):
        """Return the measures of one position by name."""
        found = self.env["oms.position"]._get_positions(site.ids, product.ids)
        return found[0]._asdict() if found else dict.fromkeys(Position._fields, 0.0)

    def claim(self, product, site, quantity):
        return self.env["oms.claim"].create(
            {"product_id": product.id, "site_id": site.id, "quantity": quantity}
        )

    def test_random_life(self):
        """Receipts, orders, shipments, cancellations, transfers, claims against the reference."""
        draw = random.Random(19)
        self.reference, self.orders, self.claims = Reference(), [], []
        actions = (self.receive, self.order, self.transfer, self.take, self.give_back, self.finish)
        for _step in range(60):
            draw.choice(actions)(
                draw, draw.choice((self.apple, self.berry)), draw.choice(self.sites)
            )
            self.assertAsReference()
        self.assertTrue_to_facts()

    def assertAsReference(self):
        reference = self.reference
        for product in self.apple + self.berry:
            for site in self.sites:
                kept = self.position(product, site)
                self.assertAlmostEqual(kept["on_hand"], reference.on_hand[site, product])
                self.assertAlmostEqual(kept["demand"], reference.demand[site, product])
                self.assertAlmostEqual(kept["claimed"], reference.claimed[site, product])
                self.assertGreaterEqual(reference.available(site, product), 0.0)

    def receive(self, draw, product, site):
        quantity = float(draw.randint(1, 4))
        self.stock(product, (site, quantity))
        self.reference.move(None, site, product, quantity)

    def order(self, draw, product, _site):
        order = self.make_order((product, float(draw.randint(1, 4))))
        for line in order.oms_fulfillment_ids.line_ids:
            self.reference.demand[line.site_id, product] += line.quantity
        self.orders.append(order)

    def finish(self, draw, _product, _site):
        """Ship or cancel what an order has open."""
        if not self.orders:
            return
        order = self.orders.pop(draw.randrange(len(self.orders)))
        shipped = draw.random() < 0.6
        for line in order.oms_fulfillment_ids.line_ids:
            self.reference.demand[line.site_id, line.product_id] -= line.quantity
            if shipped:
                self.reference.move(line.site_id, None, line.product_id, line.quantity)
        if shipped:
            for picking in order.picking_ids:
                self.ship(picking)
        else:
            self.cancel(order)

    def transfer(self, draw, product, site):
        target = draw.choice(self.sites)
        moved = min(self.reference.available(site, product), float(draw.randint(1, 4)))
        if moved > 0:
            self.stock(product, (site, -moved), (target, moved))
            self.reference.move(site, target, product, moved)

    def take(self, draw, product, site):
        quantity = float(draw.randint(1, 4))
        if self.reference.available(site, product) >= quantity:
            self.claims.append(self.claim(product, site, quantity))
            self.reference.claimed[site, product] += quantity

    def give_back(self, _draw, _product, _site):
        if self.claims:
            claim = self.claims.pop()
            claim._release()
            self.reference.claimed[claim.site_id, claim.product_id] -= claim.quantity

    def test_raw_sql_is_followed(self):
        self.stock(self.apple, (self.near, 5))
        self.env.flush_all()
        location = self.near.warehouse_id.lot_stock_id
        self.env.cr.execute(
            SQL("UPDATE stock_quant SET quantity = 3 WHERE location_id = %s", location.id)
        )
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 3)
        self.env.cr.execute(SQL("DELETE FROM stock_quant WHERE location_id = %s", location.id))
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 0)
        self.assertTrue_to_facts()

    def test_quant_without_quantity(self):
        """Odoo makes quants of reservations only, with no quantity at all."""
        stock = self.near.warehouse_id.lot_stock_id
        self.env.cr.execute(
            SQL(
                "INSERT INTO stock_quant (product_id, location_id, reserved_quantity, in_date) "
                "VALUES (%s, %s, 2, now())",
                self.apple.id,
                stock.id,
            )
        )
        kept = self.position(self.apple, self.near)
        self.assertEqual((kept["on_hand"], kept["reserved"]), (0, 2))
        self.assertTrue_to_facts()
        self.env.cr.execute(SQL("DELETE FROM stock_quant WHERE product_id = %s", self.apple.id))
        self.assertEqual(self.position(self.apple, self.near)["reserved"], 0)

    def test_tables_made_on_an_existing_stock(self):
        """An update that brings the tables finds what is there already."""
        self.stock(self.apple, (self.near, 5))
        self.make_order((self.apple, 2))
        self.env.flush_all()
        self.env["oms.position"]._uninstall_sql()
        self.env["oms.position"]._install_sql()
        kept = self.position(self.apple, self.near)
        self.assertEqual((kept["on_hand"], kept["demand"]), (5, 2))
        self.assertTrue_to_facts()

    def test_not_for_sale(self):
        """Marking a location takes what is in it, and below it, away; unmarking brings it back."""
        self.stock(self.apple, (self.near, 5))
        stock = self.near.warehouse_id.lot_stock_id
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": stock.id})
        self.env["stock.quant"]._update_available_quantity(self.apple, shelf, 2)
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 7)
        stock.oms_not_for_sale = True
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 0)
        self.assertTrue_to_facts()
        self.assertEqual(self.make_order((self.apple, 1)).oms_state, "waiting")
        stock.oms_not_for_sale = False
        shelf.oms_not_for_sale = True
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 5)
        self.assertTrue_to_facts()

    def test_owned_by_others(self):
        owner = self.make_partner("Owner")
        self.stock(self.apple, (self.near, 5), owner_id=owner)
        self.stock(self.apple, (self.near, 2), owner_id=self.company.partner_id)
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 2)

    def test_lots_and_packages(self):
        """Goods count whatever lot or package they are in, but for those of other owners."""
        place, Quant = self.near.warehouse_id.lot_stock_id, self.env["stock.quant"]
        self.apple.tracking = "lot"
        lots = self.env["stock.lot"].create(
            [{"name": name, "product_id": self.apple.id} for name in ("A", "B", "C")]
        )
        package = self.env["stock.package"].create({"name": "Parcel"})
        owner = self.make_partner("Owner")
        for quantity, values in (
            (2, {"lot_id": lots[0]}),
            (3, {"lot_id": lots[1], "package_id": package}),
            (4, {"lot_id": lots[2], "package_id": package, "owner_id": owner}),
        ):
            Quant._update_available_quantity(self.apple, place, quantity, **values)
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 5)
        order = self.make_order((self.apple, 6))
        self.assertEqual(self.plan(order), {("NEAR", "Apple"): 5})
        self.ship(order.picking_ids)
        left = self.position(self.apple, self.near)
        self.assertEqual((left["on_hand"], left["demand"], left["reserved"]), (0, 0, 0))
        self.assertTrue_to_facts()

    def test_incoming(self):
        """A receipt is incoming until it is done, on hand from then."""
        picking_type = self.near.warehouse_id.in_type_id
        receipt = self.env["stock.picking"].create(
            {
                "picking_type_id": picking_type.id,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.near.warehouse_id.lot_stock_id.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "product_id": self.apple.id,
                            "product_uom_qty": 4,
                            "location_id": self.env.ref("stock.stock_location_suppliers").id,
                            "location_dest_id": self.near.warehouse_id.lot_stock_id.id,
                        },
                    )
                ],
            }
        )
        receipt.action_confirm()
        self.assertEqual(self.position(self.apple, self.near)["incoming"], 4)
        self.ship(receipt, 4)
        kept = self.position(self.apple, self.near)
        self.assertEqual((kept["incoming"], kept["on_hand"]), (0, 4))
        self.assertTrue_to_facts()

    def test_compaction_changes_nothing(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        self.make_order((self.apple, 3))
        self.env.flush_all()
        before = self.env["oms.position"]._get_positions(self.sites.ids, self.apple.ids)
        self.env.cr.execute("SELECT oms_position_compact(100000)")
        self.assertGreater(self.env.cr.fetchone()[0], 0)
        after = self.env["oms.position"]._get_positions(self.sites.ids, self.apple.ids)
        self.assertEqual(sorted(before), sorted(after))
        self.env.cr.execute("SELECT COUNT(*) FROM oms_position_delta")
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_ids_are_not_used_up(self):
        """Rows keep their id however often they are touched and folded into."""
        self.stock(self.apple, (self.near, 5))
        self.env.flush_all()
        self.env.cr.execute("SELECT oms_position_compact(100000)")
        shown = self.env["oms.position"].search([("product_id", "=", self.apple.id)])
        self.env.cr.execute("SELECT last_value FROM oms_position_row_id_seq")
        [drawn] = self.env.cr.fetchone()
        for quantity in (1, 2):
            self.stock(self.apple, (self.near, quantity))
            self.env.flush_all()
            self.env["oms.position"]._touch([(self.apple.id, self.near.id)])
            self.env.cr.execute("SELECT oms_position_compact(100000)")
        self.env.cr.execute("SELECT last_value FROM oms_position_row_id_seq")
        self.assertEqual(self.env.cr.fetchone(), (drawn,))
        shown.invalidate_recordset()
        self.assertEqual((shown.product_id, shown.on_hand), (self.apple, 8.0))

    def test_rebuild_repairs(self):
        """A ledger entry corrects what somebody broke by hand, and says how much was wrong."""
        self.stock(self.apple, (self.near, 5))
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO oms_position_delta (product_id, site_id, on_hand) VALUES (%s, %s, 7)",
                self.apple.id,
                self.near.id,
            )
        )
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 12)
        with self.assertLogs("odoo.addons.oms.models.inventory.oms_position", "WARNING"):
            self.assertEqual(self.env["oms.position"]._rebuild(), 1)
        self.assertEqual(self.position(self.apple, self.near)["on_hand"], 5)
        self.assertEqual(self.env["oms.position"]._rebuild(), 0)

    def test_claim_beyond_stock(self):
        self.stock(self.apple, (self.near, 2))
        self.claim(self.apple, self.near, 2)
        with self.assertRaisesRegex(UserError, "0 are available at Near, not 1"):
            self.claim(self.apple, self.near, 1)

    def test_expired_claim_is_free(self):
        """The second at which a claim expires it counts no more, without any job."""
        self.stock(self.apple, (self.near, 2))
        claim = self.claim(self.apple, self.near, 2)
        self.assertFalse(self.near._get_available(self.apple))
        claim.write({"origin": "cart", "expires_at": "2020-01-01 00:00:00"})
        self.assertEqual(self.near._get_available(self.apple), {(self.near.id, self.apple.id): 2.0})
        with self.enter_registry_test_mode():
            self.env.ref("oms.cron_expire_claims").method_direct_trigger()
        self.assertEqual(claim.state, "expired")
        self.assertEqual(self.near._get_available(self.apple), {(self.near.id, self.apple.id): 2.0})
        self.assertTrue_to_facts()

    def test_extended_while_it_lives(self):
        """A hold can be made longer until it has ended; then its goods may be somebody else's."""
        self.stock(self.apple, (self.near, 2))
        claim = self.hold((self.apple, self.near, 2), minutes=600)
        before = claim.expires_at
        with self.enter_registry_test_mode():
            claim._extend(5)
        self.assertLess(claim.expires_at, before)
        claim.expires_at = "2020-01-01 00:00:00"
        with self.enter_registry_test_mode(), self.assertRaisesRegex(UserError, "has ended"):
            claim._extend(5)
        claim._release()
        with self.enter_registry_test_mode(), self.assertRaisesRegex(UserError, "has ended"):
            claim._extend(5)

    def test_totals_are_sums_of_positions(self):
        """Whatever lies in rows, ledger, claims and feeds; sites in debt count as nothing."""
        depot = self.env["oms.site"].create(
            {"name": "Depot", "code": "DEPOT", "kind": "distributor"}
        )
        self.env["oms.external.stock"].create(
            {"product_id": self.apple.id, "site_id": depot.id, "quantity": 3}
        )
        self.stock(self.apple, (self.near, 9))
        self.claim(self.apple, self.near, 2).write(
            {"origin": "cart", "expires_at": "2020-01-01 00:00:00"}
        )
        self.env.flush_all()
        draw, sites = random.Random(5), self.sites + depot
        for step in range(40):
            product, site = draw.choice((self.apple, self.berry)), draw.choice(self.sites)
            self.env.cr.execute(
                SQL(
                    "INSERT INTO oms_position_delta (product_id, site_id, on_hand, demand) "
                    "VALUES (%s, %s, %s, %s)",
                    product.id,
                    site.id,
                    draw.randint(-8, 8),
                    draw.randint(-4, 4),
                )
            )
            if step % 7 == 3:
                self.env.cr.execute("SELECT oms_position_compact(3)")
            products = (self.apple + self.berry).ids
            expected = defaultdict(float)
            for position in self.env["oms.position"]._get_positions(sites.ids, products):
                expected[position.product_id] += max(position.available, 0.0)
            self.assertEqual(
                self.env["oms.position"]._get_totals(sites.ids, products),
                {product_id: total for product_id, total in expected.items() if total},
            )

    def test_screen_shows_what_is_read(self):
        """The view and the read agree on rows, on the ledger alone and on what expired."""
        self.stock(self.apple, (self.near, 5), (self.middle, 2))
        self.env.flush_all()
        self.env.cr.execute("SELECT oms_position_compact(100000)")
        self.stock(self.apple, (self.near, 1), (self.far, 4))
        for expires_at in ("2020-01-01 00:00:00", "2999-01-01 00:00:00"):
            self.claim(self.apple, self.near, 2).write({"origin": "cart", "expires_at": expires_at})
        read = self.env["oms.position"]._get_positions(self.sites.ids, self.apple.ids)
        shown = self.env["oms.position"].search([("product_id", "=", self.apple.id)])
        self.assertEqual(len(shown), len(set(shown.ids)))
        self.assertEqual(
            sorted(read),
            sorted(
                Position(p.product_id.id, p.site_id.id, *(p[name] for name in Position._fields[2:]))
                for p in shown
            ),
        )
        self.assertEqual(
            {p.site_id: p.available for p in shown},
            {self.near: 4, self.middle: 2, self.far: 4},
        )

    def test_screen_by_role(self):
        self.stock(self.apple, (self.near, 2), (self.far, 3))
        self.env.flush_all()
        clerk = self.make_user("position_clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        domain = [("product_id", "=", self.apple.id)]
        seen = self.env["oms.position"].with_user(clerk).search(domain)
        self.assertEqual((seen.site_id, seen.available), (self.near, 2.0))
        api = self.make_user("position_api", "oms.group_channel_user")
        with self.assertRaises(AccessError):
            self.env["oms.position"].with_user(api).search(domain)
        operator = self.make_user("position_operator", "oms.group_order_operator")
        seen = self.env["oms.position"].with_user(operator).search(domain)
        self.assertEqual(sum(seen.mapped("available")), 5.0)
