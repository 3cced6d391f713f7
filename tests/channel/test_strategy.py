import numpy as np
from psycopg2 import IntegrityError

from odoo.tests import tagged
from odoo.tools import mute_logger

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
        self.assertRefused(parcel_cost=0, unit_cost=0, unit_km_cost=0)

    def test_missing_goods_must_cost_more_than_shipped_ones(self):
        self.assertRefused(missing_factor=1.0)
        self.assertRefused(missing_factor=0.0, shortage_policy="price")
        self.strategy.write({"missing_factor": 0.5, "shortage_policy": "price"})
        self.strategy.flush_recordset()

    def test_costs_of_an_order(self):
        self.far.write({"parcel_cost": 2.0, "unit_cost": 0.1})
        kilometers = np.array([0.0, 100.0, 1000.0])
        parts, missing = self.strategy._prepare_costs(
            self.sites, kilometers, np.array([3.0, 5.0]), self.env["oms.site"]
        )
        by_name = {part.name: part for part in parts}
        self.assertEqual(by_name["parcel"].per_parcel.tolist(), [8.0, 8.0, 10.0])
        self.assertEqual(by_name["handling"].per_unit.tolist(), [[0.4, 0.4, 0.5]] * 2)
        np.testing.assert_allclose(by_name["distance"].per_unit, [[0.0, 0.035, 0.35]] * 2)
        dearest = 10.0 + 0.5 + 0.35
        np.testing.assert_allclose(missing.per_unit, [2 * dearest] * 2)
        self.assertEqual(missing.per_order, 0.0)

    def test_open_parcel_costs_nothing_again(self):
        parts, _missing = self.strategy._prepare_costs(
            self.sites, np.zeros(3), np.ones(1), self.middle
        )
        self.assertEqual(parts[0].per_parcel.tolist(), [8.0, 0.0, 8.0])

    def test_without_sites(self):
        none = self.env["oms.site"]
        parts, missing = self.strategy._prepare_costs(none, np.zeros(0), np.ones(2), none)
        self.assertEqual([part.per_unit.shape for part in parts], [(2, 0)] * 3)
        self.assertEqual(missing.per_unit.shape, (2,))
