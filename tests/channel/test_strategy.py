import numpy as np
from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.oms.models.orchestration.sourcing_case import Case

from ..common import OmsCase


@tagged("post_install", "-at_install")
class TestStrategy(OmsCase):
    """Prices of a strategy, and what they come to."""

    def assertRefused(self, **vals):
        with self.subTest(vals=vals):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.strategy.write(vals)
                self.strategy.flush_recordset()
            self.strategy.invalidate_recordset()

    def test_prices_are_not_negative(self):
        for field in ("parcel_cost", "unit_cost", "unit_km_cost"):
            self.assertRefused(**{field: -0.01})

    def test_something_must_cost(self):
        nothing = {"parcel_cost": 0, "unit_cost": 0, "unit_km_cost": 0}
        with self.assertRaisesRegex(ValidationError, "cannot tell one site from another"):
            self.strategy.write(nothing)
        self.strategy.write({**nothing, "rate_ids": [(0, 0, {"name": "All", "kg_price": 1.0})]})

    def test_missing_goods_must_cost_more_than_shipped_ones(self):
        self.assertRefused(missing_factor=1.0)
        self.assertRefused(missing_factor=0.0, shortage_policy="price")
        self.strategy.write({"missing_factor": 0.5, "shortage_policy": "price"})
        self.strategy.flush_recordset()

    def case(self, sites, kilometers, *products, open_sites=None):
        return Case(
            sites=sites,
            products=products,
            kilometers=np.array(kilometers),
            quantities=np.ones(len(products)),
            open_sites=open_sites or self.env["oms.site"],
            partner=self.customer,
        )

    def test_costs_of_an_order(self):
        self.far.write({"parcel_cost": 2.0, "unit_cost": 0.1})
        case = self.case(self.sites, [0.0, 100.0, 1000.0], self.apple, self.berry)
        parts, missing = self.strategy._prepare_costs(case, np.array([3.0, 5.0]))
        by_name = {part.name: part for part in parts}
        self.assertEqual(by_name["parcel"].per_parcel.tolist(), [8.0, 8.0, 10.0])
        self.assertEqual(by_name["handling"].per_unit.tolist(), [[0.4, 0.4, 0.5]] * 2)
        np.testing.assert_allclose(by_name["distance"].per_unit, [[0.0, 0.035, 0.35]] * 2)
        dearest = 10.0 + 0.5 + 0.35
        np.testing.assert_allclose(missing.per_unit, [2 * dearest] * 2)
        self.assertEqual(missing.per_order, 0.0)

    def test_open_parcel_costs_nothing_again(self):
        case = self.case(self.sites, [0.0] * 3, self.apple, open_sites=self.middle)
        parts, _missing = self.strategy._prepare_costs(case, np.ones(1))
        self.assertEqual(parts[0].per_parcel.tolist(), [8.0, 0.0, 8.0])

    def test_without_sites(self):
        none = self.env["oms.site"]
        case = self.case(none, [], self.apple, self.berry)
        parts, missing = self.strategy._prepare_costs(case, np.ones(2))
        self.assertEqual([part.per_unit.shape for part in parts], [(2, 0)] * 3)
        self.assertEqual(missing.per_unit.shape, (2,))

    def test_used_strategies_are_kept(self):
        with self.assertRaisesRegex(UserError, "a channel goes by it. Give the channel another"):
            self.strategy.unlink()
        other = self.strategy.copy({"name": "Other"})
        self.stock(self.apple, (self.near, 1))
        self.make_order((self.apple, 1))
        self.channel.strategy_id = other
        with self.assertRaisesRegex(UserError, "decisions were made by it"):
            self.strategy.unlink()
        self.channel.strategy_id = self.strategy
        other.unlink()
        self.assertFalse(other.exists())

    def test_used_strategies_are_not_archived(self):
        with self.assertRaisesRegex(UserError, "orders of Web are sourced by it"):
            self.strategy.action_archive()
        self.strategy.active = True
        other = self.strategy.copy({"name": "Other"})
        self.strategy.stage_ids = [(0, 0, {"name": "Other", "substrategy_id": other.id})]
        with self.assertRaisesRegex(UserError, "stages of Test strategy go by it"):
            other.action_archive()
        self.strategy.stage_ids.unlink()
        other.action_archive()
        self.assertFalse(other.active)
        self.channel.active = False
        self.strategy.action_archive()
        self.assertFalse(self.strategy.active, "an archived channel sources nothing")
