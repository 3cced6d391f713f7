"""What is promised of kits, which sourcing leaves to Odoo."""

from odoo.tests import tagged

from ..promise.common import PromiseCase
from .common import KitCase


@tagged("post_install", "-at_install")
class TestKitPromise(PromiseCase, KitCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kit = cls.make_kit("Set", (cls.bolt, 2), (cls.nut, 1))
        cls.stock(cls.apple, (cls.far, 5))

    def assertUndated(self, option, line, product, quantity):
        self.assertTrue(option["when_unknown"])
        self.assertFalse(option["promised"])
        [gap] = option["unknown"]
        self.assertEqual((gap["line"], gap["product"], gap["quantity"]), (line, product, quantity))
        self.assertIn("kit", gap["reason"])

    def test_no_date_from_stock_that_is_not_there(self):
        """Neither from parts that nobody has, nor from what lies around of the product itself."""
        old = self.make_product("Old")
        self.stock(old, (self.near, 50))
        self.assertTrue(self.options((old, 3))["home", "standard"]["promised"])
        self.make_bill(old, (self.bolt, 1))
        # Each call is a transaction of its own: Odoo keeps what is a kit within one.
        self.env.invalidate_all()
        for kit in (self.kit, old):
            options = self.options((kit, 3))
            self.assertIn(("home", "standard"), options)
            self.assertIn(("collect", "NEAR"), options)
            for option in options.values():
                self.assertUndated(option, 0, kit.default_code, 3)
                self.assertEqual((option["stock"], option["parts"]), ("none", []))

    def test_what_is_sourced_beside_it_is_planned(self):
        self.stock(self.bolt, (self.near, 20))
        self.stock(self.nut, (self.near, 20))
        option = self.options((self.kit, 2), (self.apple, 1))["home", "standard"]
        self.assertUndated(option, 0, "Set", 2)
        self.assertEqual(option["stock"], "part")
        self.assertEqual(self.plan_of(option), {("FAR", "Apple"): 1})
        [line] = option["parts"][0]["lines"]
        self.assertEqual(line["line"], 1)
        self.assertTrue(option["parts"][0]["promised"])

    def test_its_parts_are_promised_by_themselves(self):
        self.stock(self.bolt, (self.near, 20))
        option = self.options((self.bolt, 2))["home", "standard"]
        self.assertTrue(option["promised"])
        self.assertEqual(self.plan_of(option), {("NEAR", "Bolt"): 2})
