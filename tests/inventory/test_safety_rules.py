import contextlib
from ast import literal_eval

from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_safety import SafetyCase


@tagged("post_install", "-at_install")
class TestSafetyRules(SafetyCase):
    """What rules can be, who makes them and who sees them."""

    @contextlib.contextmanager
    def refused(self, words, error=ValidationError):
        """Check that the block is refused with these words, and leaves nothing behind."""
        before = self.env["oms.safety.stock"].search([]).read(load=False)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(error, words),
            self.env.cr.savepoint(),
        ):
            yield
        self.env.invalidate_all()
        self.assertEqual(self.env["oms.safety.stock"].search([]).read(load=False), before)

    def test_no_quantities(self):
        rule = self.rule(2, self.apple)
        for quantity in (-1, float("nan"), float("inf"), float("-inf"), "many"):
            with self.subTest(quantity=quantity):
                with self.refused("zero or above"):
                    self.rule(quantity, self.apple)
                with self.refused("zero or above"):
                    rule.write({"quantity": quantity})

    def test_finer_than_units(self):
        """Nothing is rounded behind somebody's back."""
        for quantity in (0.001, 2.999):
            with self.refused("at most 2 decimals"):
                self.rule(quantity, self.apple)
        self.assertEqual(self.rule(2.25, self.apple).quantity, 2.25)

    def test_two_scopes(self):
        with self.refused("oms_safety_stock_product_scope_check", IntegrityError):
            self.rule(1, self.apple, self.fruit)
        with self.refused("oms_safety_stock_site_scope_check", IntegrityError):
            self.rule(1, self.near, self.north)

    def test_dates_the_wrong_way_round(self):
        with self.refused("oms_safety_stock_dates_check", IntegrityError):
            self.rule(1, date_from="2024-03-05", date_to="2024-03-04")
        self.rule(1, date_from="2024-03-04", date_to="2024-03-04")

    def test_archived(self):
        """Nothing new is said of what is archived; what was said before may stay."""
        rule = self.rule(1, self.apple, self.near)
        self.apple.active = False
        with self.refused("Apple.* is archived"):
            self.rule(1, self.apple)
        self.north.active = False
        with self.refused("North is archived"):
            self.rule(1, self.north)
        self.near.active = False
        with self.refused(r"Near \(NEAR\) is archived"):
            self.rule(1, self.near)
        rule.quantity = 3

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids += other
        foreign = self.make_site("Foreign", "FOR", company=other)
        network = self.env["oms.network"].create({"name": "There", "company_id": other.id})
        product = self.make_product("Theirs", company_id=other.id)
        for record in (foreign, network, product):
            with self.refused("company", UserError):
                self.rule(1, record)
        rule = self.rule(1, foreign, company_id=other.id)
        user = self.make_user("safety_manager", "oms.group_order_manager")
        self.assertFalse(rule.with_user(user).search([("id", "=", rule.id)]))
        with self.assertRaises(AccessError):
            rule.with_user(user).read(["quantity"])

    def test_roles(self):
        rule = self.rule(2, self.apple)
        manager = self.make_user("safety_manager", "oms.group_order_manager")
        own = rule.with_user(manager)
        own.quantity = 3
        own.create({"quantity": 1, "site_id": self.near.id}).unlink()
        for groups in (
            "oms.group_order_operator",
            "oms.group_site_operator",
            "stock.group_stock_user",
            "sales_team.group_sale_salesman",
        ):
            with self.subTest(groups=groups):
                seen = rule.with_user(self.make_user(f"safety {groups}", groups))
                self.assertEqual(seen.quantity, 3)
                with self.assertRaises(AccessError):
                    seen.quantity = 4
                with self.assertRaises(AccessError):
                    seen.create({"quantity": 1})
                with self.assertRaises(AccessError):
                    seen.unlink()
        channel = self.make_user("safety_api", "oms.group_channel_user")
        with self.assertRaises(AccessError):
            rule.with_user(channel).read(["quantity"])

    def test_site_operators_see_what_is_about_their_sites(self):
        rules = [self.rule(1, *about) for about in ((self.near,), (self.far,), (self.north,), ())]
        clerk = self.make_user("safety_clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        seen = self.env["oms.safety.stock"].with_user(clerk).search([])
        self.assertEqual(seen, rules[0] + rules[2] + rules[3])

    def test_whoever_reads_positions_has_rules_applied(self):
        """Also who may not see a rule is told no more than it leaves."""
        self.rule(2, self.apple)
        api = self.make_user("safety_api", "oms.group_channel_user")
        self.assertTrue(self.env["oms.safety.stock"].with_user(api)._is_any())

    def test_form(self):
        """Choosing a product shows its unit, and closes the choice of a category."""
        with Form(self.env["oms.safety.stock"]) as form:
            form.product_id = self.apple
            form.site_id = self.near
            form.quantity = 3
        rule = form.record
        self.assertEqual((rule.operator, rule.uom_id), ("subtract", self.apple.uom_id))
        self.assertEqual(rule.company_id, self.company)
        self.assertEqual(rule.display_name, "[Apple] Apple, Near (NEAR)")
        self.assertEqual(self.rule(1).display_name, "All products, all sites")

    def test_filters(self):
        """Each filter of the list finds what its name says."""
        self.env["oms.safety.stock"].with_context(active_test=False).search([]).unlink()
        ring = self.rule(1, self.apple, self.near)
        gate = self.rule(1, self.fruit, self.north, operator="below", date_from="2900-01-01")
        over = self.rule(1, date_to="2000-01-01")
        gone = self.rule(1, active=False)
        found = {
            name: self.env["oms.safety.stock"].search(domain)
            for name, domain in self.get_filters().items()
        }
        self.assertEqual(
            found,
            {
                "kept_back": ring + over,
                "closing": gate,
                "current": ring,
                "future": gate,
                "past": over,
                "for_product": ring,
                "for_category": gate,
                "for_site": ring,
                "for_network": gate,
                "archived": gone,
            },
        )

    def get_filters(self):
        """Return the domains of the list's filters by name."""
        view = self.env.ref("oms.view_safety_stock_search")
        arch = self.env["oms.safety.stock"].get_view(view.id, "search")["arch"]
        return {
            node.get("name"): literal_eval(node.get("domain"))
            for node in etree.fromstring(arch).iter("filter")
            if node.get("domain")
        }

    def test_products_deleted_with_their_rules(self):
        rule = self.rule(1, self.make_product("Short-lived"))
        rule.product_id.unlink()
        self.assertFalse(rule.exists())

    def test_company_created_later(self):
        """A rule says nothing of the sites of another company."""
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.make_site("Foreign", "FOR", company=other)
        self.rule(2)
        self.assertEqual(self.held(self.apple, self.near, 5.0), 2.0)
        self.assertEqual(self.held(self.apple, foreign, 5.0), 0.0)
        self.env.user.company_ids = [Command.link(other.id)]
        self.rule(3, company_id=other.id)
        self.assertEqual(self.held(self.apple, foreign, 5.0), 3.0)
