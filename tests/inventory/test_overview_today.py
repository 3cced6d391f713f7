from odoo import fields
from odoo.tests import tagged

from ..common import OmsCase
from .overview_case import OverviewCase


@tagged("post_install", "-at_install")
class TestOverviewOfToday(OverviewCase):
    """What counts by the clock of the database is told as it counts."""

    def test_safety_stock(self):
        self.stock(self.apple, (self.near, 5))
        self.env["oms.safety.stock"].create({"product_id": self.apple.id, "quantity": 2})
        overview = self.overview()
        row = self.row(overview, self.near)
        self.assertEqual((row["safety"], row["available"], overview["total"]), (2, 3, 3))
        self.assertEqual(overview["days"][0]["promisable"], 3)

    def test_external_stock(self):
        """What a supplier said counts as long as it is fresh, and is told when it is not."""
        supplier = self.make_partner("Supplier")._oms_ensure_supplier_site(self.company)
        self.env["oms.external.stock"].create(
            {"product_id": self.apple.id, "site_id": supplier.id, "quantity": 7}
        )
        row = self.row(self.overview(), supplier)
        self.assertEqual((row["external"], row["available"], row["stale"]), (7, 7, 0))
        behind = self.apple.action_view_oms_stock(supplier.id, "external")
        said = self.env[behind["res_model"]].search(behind["domain"])
        self.assertEqual((said._name, said.quantity), ("oms.external.stock", 7))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE oms_external_stock SET updated_at = updated_at - interval '30 hours' "
            "WHERE product_id = %s RETURNING updated_at + interval '24 hours'",
            [self.apple.id],
        )
        [since] = self.env.cr.fetchone()
        self.env.invalidate_all()
        row = self.row(self.overview(), supplier)
        self.assertEqual((row["external"], row["available"], row["stale"]), (0, 0, 7))
        self.assertEqual(row["stale_since"], fields.Datetime.to_string(since))
        self.assertTrue(row["some"])


@tagged("post_install", "-at_install")
class TestButtons(OmsCase):
    """The buttons that lead to the stock of a product, a site or an order."""

    def test_product(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        self.env["oms.claim"].create(
            {"product_id": self.apple.id, "site_id": self.far.id, "quantity": 1}
        )
        template = self.apple.product_tmpl_id
        for record in (self.apple, template):
            self.assertEqual((record.oms_available_qty, record.oms_claim_count), (6, 1))
            positions = self.search(record.action_view_oms_stock())
            self.assertEqual(positions.site_id, self.near + self.far)
            self.assertEqual(self.search(record.action_view_oms_claims()).quantity, 1)

    def search(self, action):
        return self.env[action["res_model"]].search(action["domain"])

    def test_what_lies_behind_a_site(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        order = self.make_order((self.apple, 6))
        site = self.near.id
        template = self.apple.product_tmpl_id
        quants = self.search(template.action_view_oms_stock(site, "quants"))
        self.assertEqual(quants.quantity, 5)
        moves = self.search(self.apple.action_view_oms_stock(site, "moves"))
        self.assertEqual(moves, order.order_line.move_ids & moves)
        self.assertEqual(moves.location_id.warehouse_id, self.near.warehouse_id)
        claims = self.search(self.apple.action_view_oms_stock(site, "claims"))
        self.assertEqual(claims, order.order_line.oms_claim_ids & claims)
        self.assertEqual(claims.site_id, self.near)
        positions = self.search(self.apple.action_view_oms_stock(site))
        self.assertEqual(positions.site_id, self.near)

    def test_site(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        claims = self.env["oms.claim"].create(
            [
                {"product_id": self.apple.id, "site_id": site.id, "quantity": 1}
                for site in (self.near, self.near, self.far)
            ]
        )
        claims[0]._release()
        self.assertEqual((self.near + self.middle + self.far).mapped("claim_count"), [1, 0, 1])
        action = self.near.action_view_claims()
        self.assertEqual(self.search(action), claims[:2])
        self.assertEqual(self.search(self.near.action_view_positions()).product_id, self.apple)
        self.make_open_move(self.apple, self.near, 4)
        self.env.flush_all()
        self.assertEqual(self.search(self.near.action_view_supply()).quantity, 4)

    def test_order(self):
        self.stock(self.apple, (self.near, 5), (self.far, 2))
        self.stock(self.berry, (self.far, 2))
        order = self.make_order((self.apple, 1))
        claim = self.env["oms.claim"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.far.id,
                "quantity": 1,
                "sale_line_id": order.order_line.id,
            }
        )
        self.assertEqual(order.oms_claim_count, 1)
        self.assertIn(claim, self.search(order.action_view_oms_claims()))
        positions = self.search(order.action_view_oms_stock())
        self.assertEqual(positions.product_id, self.apple)
        self.assertEqual(positions.site_id, self.near + self.far)

    def test_who_sees_them(self):
        """Who may not write products sees the buttons all the same; employees see none."""
        for login, group, names in (
            ("button-stock", "stock.group_stock_user", {"action_view_oms_stock"}),
            (
                "button-clerk",
                "oms.group_site_operator",
                {"action_view_oms_stock", "action_view_oms_claims"},
            ),
            ("button-employee", "base.group_user", set()),
        ):
            user = self.make_user(login, group)
            for model in ("product.template", "product.product"):
                arch = self.env[model].with_user(user).get_view(view_type="form")["arch"]
                found = {
                    name
                    for name in ("action_view_oms_stock", "action_view_oms_claims")
                    if f'name="{name}"' in arch
                }
                self.assertEqual(found, names, f"{login}, {model}")
                self.assertEqual("oms_stock_overview" in arch, bool(names))
        stock = self.env["res.users"].search([("login", "=", "button-stock")])
        self.assertFalse(self.apple.with_user(stock).has_access("write"))
        self.assertEqual(self.apple.with_user(stock).oms_available_qty, 0)
