import math
import unittest
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.oms.engine import highs
from odoo.addons.oms.models.orchestration import oms_strategy_prices

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestStockPrice(OmsCase):
    """Scarce stock is kept for whom only it can serve well, where the strategy says so."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock(cls.apple, (cls.near, 4), (cls.far, 500))
        cls.stock(cls.berry, (cls.near, 500), (cls.far, 500))
        for _number in range(12):
            cls.make_order((cls.apple, 3))
        cls.stock(cls.apple, (cls.near, 4))
        cls.strategy.write(
            {"scarcity_factor": 1.0, "scarcity_source": "cover", "sales_weeks": 1, "price_weeks": 1}
        )

    def prices(self):
        return {
            (price.site_id, price.product_id): price.price
            for price in self.env["oms.stock.price"].search(
                [("strategy_id", "=", self.strategy.id)]
            )
        }

    def test_from_cover_by_hand(self):
        """36 apples a week are wanted where there are few: each is missed for certain."""
        left = self.near._get_available(self.apple)[self.near.id, self.apple.id]
        self.strategy._refresh_prices()
        prices = self.prices()
        partner = self.env["sale.order"].search([], limit=1).partner_shipping_id
        self.assertTrue(partner)
        orders = self.env["sale.order"].search([("oms_channel_id", "=", self.channel.id)])
        kilometers, _note = self.env["oms.sourcing"]._get_kilometers(
            orders[:1],
            self.near | self.far,
            orders[:1].partner_shipping_id._oms_locate(),
        )
        more = self.strategy.unit_km_cost * (max(kilometers) - min(kilometers))
        below = sum(
            math.exp(count * math.log(36) - 36 - math.lgamma(count + 1))
            for count in range(int(left))
        )
        self.assertAlmostEqual(prices[self.near, self.apple], more * (1 - below), places=6)
        self.assertNotIn((self.near, self.berry), prices, "there is plenty of it")

    def test_prices_move_the_choice(self):
        """A pair that another site has as well leaves the scarce unit to others."""
        self.strategy.unit_km_cost = 0.0
        self.env["oms.stock.price"]._replace(
            self.strategy, {(self.near.id, self.apple.id): 5.0}, "batch"
        )
        order = self.make_order((self.apple, 1))
        self.assertEqual(order.oms_fulfillment_ids.site_id, self.far)
        costs = dict(order.oms_decision_ids.costs)
        self.assertEqual(costs["scarcity"], 0.0)
        self.strategy.scarcity_factor = 0.0
        self.assertEqual(self.make_order((self.apple, 1)).oms_fulfillment_ids.site_id, self.near)

    def test_replaced_as_a_whole(self):
        Price = self.env["oms.stock.price"]
        Price._replace(
            self.strategy,
            {(self.near.id, self.apple.id): 5.0, (self.far.id, self.apple.id): 1.0},
            "batch",
        )
        Price._replace(
            self.strategy,
            {(self.near.id, self.apple.id): 2.0, (self.far.id, self.berry.id): 0.0},
            "cover",
        )
        self.assertEqual(self.prices(), {(self.near, self.apple): 2.0})
        Price._replace(self.strategy, {}, "cover")
        self.assertFalse(self.prices())

    def test_from_expected_demand(self):
        if not highs.available():
            raise unittest.SkipTest("highspy is not installed")
        self.strategy.scarcity_source = "fluid"
        self.strategy._refresh_prices()
        prices = self.prices()
        self.assertGreater(prices[self.near, self.apple], 0.0)
        self.assertNotIn((self.far, self.apple), prices, "there is plenty of it")

    def test_without_the_solver(self):
        self.strategy.scarcity_source = "fluid"
        missing = highs.SolverMissing("no solver")
        with (
            patch.object(oms_strategy_prices, "FluidModel", side_effect=missing),
            self.assertRaisesRegex(UserError, "pip install highspy"),
        ):
            self.strategy.action_refresh_prices()

    def test_nothing_ordered_nothing_priced(self):
        unused = self.strategy.copy({"name": "Unused"})
        unused._refresh_prices()
        self.assertFalse(unused.price_count)

    def test_button(self):
        action = self.strategy.action_refresh_prices()
        self.assertIn(str(self.strategy.price_count), action["params"]["message"])
        found = self.env["oms.stock.price"].search(self.strategy.action_view_prices()["domain"])
        self.assertEqual(len(found), self.strategy.price_count)
        self.strategy.scarcity_source = "batch"
        with self.assertRaisesRegex(UserError, "next wave"):
            self.strategy.action_refresh_prices()

    def test_roles(self):
        self.strategy._refresh_prices()
        price = self.env["oms.stock.price"].search([], limit=1)
        operator = new_test_user(self.env, "reads prices", groups="oms.group_order_operator")
        self.assertTrue(price.with_user(operator).display_name)
        with self.assertRaises(AccessError):
            price.with_user(operator).price = 3.0
        with self.assertRaises(AccessError):
            self.strategy.with_user(operator).action_refresh_prices()
        worker = new_test_user(self.env, "packs prices", groups="oms.group_site_operator")
        with self.assertRaises(AccessError):
            price.with_user(worker).check_access("read")
