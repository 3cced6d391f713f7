"""Figures of flows: against what was put there by hand."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from .flow_case import FlowCase


@tagged("post_install", "-at_install")
class TestKpi(FlowCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kpi = cls.env["oms.flow.kpi"]
        cls.kpi.search([]).unlink()
        cls.today = cls.kpi._get_day(cls.plan_record)[0]
        cls.env.cr.execute("DELETE FROM oms_demand")

    def want(self, product, site, days_ago, quantity, lost=0.0):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand (product_id, site_id, company_id, day, quantity, lost,
                                        source, key)
                VALUES (%s, %s, %s, %s, %s, %s, 'orders', '')
                """,
                product.id,
                site.id,
                site.company_id.id,
                self.today - timedelta(days=days_ago),
                quantity,
                lost,
            )
        )

    def move(self, product, site, quantity, days_ago):
        """Have goods come to a site some days ago."""
        move = self.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": quantity,
                "location_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": site.warehouse_id.lot_stock_id.id,
            }
        )
        move._action_confirm()
        move.quantity = quantity
        move.picked = True
        move._action_done()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move_line SET date = date - %s * INTERVAL '1 day' WHERE move_id = %s",
                days_ago,
                move.id,
            )
        )
        self.env.invalidate_all()

    def rows(self):
        found = self.kpi.search([("plan_id", "=", self.plan_record.id), ("day", "=", self.today)])
        return {row.site_id: row for row in found}

    def test_of_the_network_and_of_its_sites(self):
        self.stock(self.apple, (self.near, 30), (self.far, 10))
        self.want(self.apple, self.near, 28, 50)
        self.want(self.apple, self.near, 1, 6)
        self.want(self.apple, self.far, 3, 10, lost=5)
        # Too long ago, and of today, which is not over.
        self.want(self.berry, self.near, 29, 99, lost=99)
        self.want(self.berry, self.near, 0, 99, lost=99)
        whole = self.kpi._measure(self.plan_record)
        self.assertFalse(whole.site_id)
        rows = self.rows()
        self.assertEqual(set(rows), {self.env["oms.site"], *self.sites})
        self.assertEqual((whole.wanted_units, whole.missing_units), (66, 5))
        self.assertAlmostEqual(whole.fill_rate, 100 * 61 / 66)
        near, far = rows[self.near], rows[self.far]
        self.assertEqual((near.fill_rate, far.fill_rate), (100.0, 50.0))
        self.assertEqual((near.stock_units, near.stock_value), (30, 120.0))
        self.assertEqual((whole.stock_units, whole.stock_value), (40, 160.0))
        self.assertAlmostEqual(near.cover_days, 30 / (56 / 28))
        self.assertAlmostEqual(whole.cover_days, 40 / (66 / 28))

    def test_what_is_wanted_of_other_networks_does_not_count(self):
        other = self.make_site("Elsewhere", "TELS")
        self.want(self.apple, self.near, 1, 10)
        self.want(self.apple, other, 1, 90, lost=90)
        self.assertEqual(self.kpi._measure(self.plan_record).fill_rate, 100.0)

    def test_only_goods_of_the_plan(self):
        category = self.env["product.category"].create({"name": "Fruit"})
        self.apple.categ_id = category
        self.plan_record.categ_ids = category
        self.stock(self.apple, (self.near, 3))
        self.stock(self.berry, (self.near, 70))
        self.want(self.apple, self.near, 1, 10, lost=1)
        self.want(self.berry, self.near, 1, 90, lost=90)
        whole = self.kpi._measure(self.plan_record)
        self.assertEqual((whole.stock_units, whole.fill_rate), (3, 90.0))

    def test_nothing_was_wanted(self):
        self.stock(self.apple, (self.near, 30))
        whole = self.kpi._measure(self.plan_record)
        self.assertEqual((whole.wanted_units, whole.cover_days), (0, 0))
        [[value]] = self.env.execute_query(
            SQL("SELECT fill_rate FROM oms_flow_kpi WHERE id = %s", whole.id)
        )
        self.assertIsNone(value, "nothing was missing, and nothing was filled")

    def test_few_days_of_orders_are_not_four_weeks(self):
        self.stock(self.apple, (self.near, 30))
        self.want(self.apple, self.near, 4, 8)
        self.assertAlmostEqual(self.kpi._measure(self.plan_record).cover_days, 30 / (8 / 4))

    def test_a_day_is_one_row(self):
        self.want(self.apple, self.near, 1, 10)
        first = self.kpi._measure(self.plan_record)
        self.want(self.berry, self.near, 1, 30, lost=20)
        second = self.kpi._measure(self.plan_record)
        self.assertEqual(first, second)
        self.assertEqual(second.fill_rate, 50.0)
        self.assertEqual(len(self.rows()), 1 + len(self.sites))

    def test_rates_of_many_are_those_of_their_sums(self):
        self.want(self.apple, self.near, 1, 90)
        self.want(self.apple, self.far, 1, 10, lost=10)
        self.stock(self.apple, (self.near, 100))
        self.kpi._measure(self.plan_record)
        domain = [("plan_id", "=", self.plan_record.id), ("site_id", "!=", False)]
        [(_plan, filled, cover)] = self.kpi._read_group(
            domain, ["plan_id"], ["fill_rate:avg", "cover_days:avg"]
        )
        self.assertAlmostEqual(filled, 90.0)
        # Orders are known for one day.
        self.assertAlmostEqual(float(cover), 1.0)

    def test_the_weeks_before_are_reckoned_back(self):
        for days in range(1, 70):
            self.want(self.apple, self.far, days, 2, lost=1)
        self.move(self.apple, self.far, 40, 30)
        self.move(self.apple, self.far, 5, 3)
        self.kpi._measure(self.plan_record)
        past = self.kpi.search(
            [("plan_id", "=", self.plan_record.id), ("site_id", "=", self.far.id)], order="day"
        )
        # Orders of 69 days tell of 41, and stock was first seen 30 days ago.
        self.assertEqual([(self.today - row.day).days for row in past], [28, 21, 14, 7, 0])
        self.assertEqual(past.mapped("stock_units"), [40, 40, 40, 40, 45])
        self.assertEqual(past.mapped("stock_value"), [160, 160, 160, 160, 180])
        self.assertEqual(past.mapped("fill_rate"), [50.0] * 5)
        self.assertEqual(past.mapped("is_backfilled"), [True] * 4 + [False])
        self.assertAlmostEqual(past[0].cover_days, 20.0)
        again = self.kpi._measure(self.plan_record)
        self.assertEqual(self.kpi.search_count([("plan_id", "=", again.plan_id.id)]), 4 * 5)

    def test_before_and_after(self):
        for days in range(1, 50):
            self.want(self.apple, self.far, days, 2)
        self.stock(self.apple, (self.near, 9))
        self.kpi._measure(self.plan_record)
        mine = [("plan_id", "=", self.plan_record.id), ("site_id", "=", False)]
        self.assertEqual(set(self.kpi.search(mine).mapped("phase")), {"1_before"})
        self.propose(self.apple, self.near, self.far, 4, carbon_kg=1.5).action_accept()
        whole = self.kpi._measure(self.plan_record)
        self.assertEqual(whole.phase, "2_after")
        self.assertEqual((whole.transfers, whole.transfer_units, whole.gain), (1, 4, 10.0))
        self.assertAlmostEqual(whole.carbon_kg, 1.5)
        rows = self.rows()
        self.assertEqual((rows[self.far].transfers, rows[self.near].transfers), (1, 0))
        phases = self.kpi._read_group(mine, ["phase"], ["__count"])
        self.assertEqual(phases, [("1_before", 3), ("2_after", 1)])

    def test_the_day_is_that_of_the_company(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        day, begin = self.kpi._get_day(self.plan_record)
        now = fields.Datetime.now() + timedelta(hours=14)
        self.assertEqual(day, now.date())
        self.assertEqual(begin, datetime.combine(day, datetime.min.time()) - timedelta(hours=14))

    def test_in_the_currency_of_the_company(self):
        euro, dollar = self.env.ref("base.EUR"), self.env.ref("base.USD")
        (euro + dollar).active = True
        other = self.env["res.company"].create(
            {"name": "Other", "currency_id": (euro + dollar - self.company.currency_id)[:1].id}
        )
        site = self.make_site("Abroad", "TABR", company=other)
        network = self.env["oms.network"].create(
            {"name": "Abroad", "company_id": other.id, "site_ids": [(6, 0, site.ids)]}
        )
        plan = self.env["oms.flow.plan"].create({"name": "Abroad", "network_id": network.id})
        self.apple.company_id = False
        self.apple.with_company(other).standard_price = 9.0
        self.stock(self.apple, (site, 2), (self.near, 5))
        found = self.kpi._measure(plan + self.plan_record)
        values = {row.plan_id: (row.stock_value, row.currency_id) for row in found}
        self.assertEqual(values[plan], (18.0, other.currency_id))
        self.assertEqual(values[self.plan_record], (20.0, self.company.currency_id))

    def test_who_sees_what(self):
        self.kpi._measure(self.plan_record)
        operator = self.make_user("operator", "oms.group_order_operator")
        self.assertTrue(self.kpi.with_user(operator).search([]).mapped("fill_rate"))
        clerk = self.make_user("clerk", "oms.group_site_operator")
        with self.assertRaises(AccessError):
            self.kpi.with_user(clerk).search([])
