"""Forecasts of what was counted, and what others and screens read of them."""

import math
from datetime import date, datetime, timedelta

import numpy as np

from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...models.flow import binary_copy
from ..common import OmsCase

TODAY = date(2024, 6, 3)
NOW = datetime(2024, 6, 3, 1, 0)


class TestForecast(OmsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sites.tz = "Europe/Paris"
        cls.company.partner_id.tz = "Europe/Paris"
        cls.forecasts = cls.env["oms.forecast"]
        # Older than the orders: not new.
        cls.env.cr.execute("UPDATE product_product SET create_date = '2020-01-01'")

    def want(self, product, site, weeks, each, skip=()):
        """Have it be so that something was wanted on each day of the weeks before."""
        rows = [
            (product.id, site.id, self.company.id, TODAY - timedelta(days=day), each, 0.0)
            for day in range(1, 7 * weeks + 1)
            if day not in skip
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand (product_id, site_id, company_id, day, quantity, lost,
                                        source, key)
                SELECT *, 'orders', '' FROM unnest(%s, %s, %s, %s::date[], %s, %s)
                """,
                *map(list, zip(*rows, strict=True)),
            )
        )

    def forecast(self):
        count = self.forecasts._forecast(self.company, NOW)
        self.forecasts.invalidate_model()
        return count

    def of(self, product, site):
        return self.forecasts.search([("product_id", "=", product.id), ("site_id", "=", site.id)])

    def test_what_is_steady_goes_on(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.want(self.berry, self.far, 30, 5.0)
        self.assertEqual(self.forecast(), 2)
        row = self.of(self.apple, self.near)
        self.assertAlmostEqual(row.rate, 2.0, delta=0.1)
        self.assertAlmostEqual(row.mean, 56.0, delta=2.8)
        self.assertTrue(row.low <= row.mean <= row.high)
        self.assertEqual(row.kind, "smooth")
        self.assertAlmostEqual(sum(row.ahead[:4]), row.mean, places=2)
        self.assertTrue(row.scored and row.foreseen)
        self.assertEqual(row.came, 56.0)
        self.assertAlmostEqual(row.miss, row.past_mean - 56.0, places=4)
        self.assertFalse(row.is_new)
        self.assertAlmostEqual(row.seen_days, 210.0, delta=0.1)

    def test_what_came_otherwise_is_badly_forecast(self):
        self.want(self.apple, self.near, 30, 2.0, skip=range(1, 29))
        self.want(self.berry, self.near, 30, 2.0)
        self.forecast()
        row = self.of(self.apple, self.near)
        self.assertTrue(row.scored)
        self.assertFalse(row.foreseen)
        self.assertEqual(row.came, 0.0)
        low = 0.1 * (0 - row.past_low), -0.9 * (0 - row.past_low)
        high = 0.9 * (0 - row.past_high), -0.1 * (0 - row.past_high)
        self.assertAlmostEqual(row.pinball, max(low) + max(high), places=3)
        self.assertIn("0 came", row.explanation)
        badly = self.forecasts.search([("scored", "=", True), ("foreseen", "=", False)])
        self.assertEqual(badly, row)

    def test_days_without_stock_are_not_days_without_demand(self):
        """Stock ran out halfway: what came before goes on, not half of it."""
        self.want(self.apple, self.near, 20, 2.0, skip=range(1, 71))
        self.want(self.berry, self.near, 20, 3.0)
        self.stock(self.apple, (self.near, 100.0))
        stock = self.near.warehouse_id.lot_stock_id
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move_line SET date = '2023-06-01' WHERE product_id = %s",
                self.apple.id,
            )
        )
        move = self.env["stock.move"].create(
            {
                "product_id": self.apple.id,
                "product_uom_qty": 100.0,
                "location_id": stock.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        move._action_confirm()
        move._action_assign()
        move.picked = True
        move._action_done()
        gone = TODAY - timedelta(days=70)
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE stock_move_line SET date = %s WHERE move_id = %s", gone, move.id)
        )
        self.forecast()
        row = self.of(self.apple, self.near)
        self.assertAlmostEqual(row.seen_days, 70.0, delta=1.5)
        self.assertAlmostEqual(row.rate, 2.0, delta=0.4)

    def test_orders_older_than_the_stock_in_odoo_were_not_made_without_stock(self):
        """Orders of years are imported, stock is counted on the day when it begins."""
        self.want(self.apple, self.near, 30, 2.0)
        self.want(self.apple, self.far, 30, 1.0)
        self.want(self.berry, self.near, 30, 3.0)
        self.stock(self.apple, (self.near, 50.0), (self.far, 20.0))
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE stock_move_line SET date = %s WHERE product_id = %s",
                TODAY - timedelta(days=7),
                self.apple.id,
            )
        )
        self.forecast()
        for site, rate in ((self.near, 2.0), (self.far, 1.0)):
            row = self.of(self.apple, site)
            self.assertAlmostEqual(row.seen_days, 210.0, delta=1.0)
            self.assertAlmostEqual(row.rate, rate, delta=0.1 * rate)

    def test_promotions_that_planners_tell(self):
        for product, site in ((self.apple, self.near), (self.berry, self.near)):
            self.want(product, site, 30, 2.0)
        self.forecast()
        plain = self.of(self.apple, self.near).mean
        promotion = self.env["oms.promotion"].create(
            {
                "name": "Sale",
                "date_from": TODAY,
                "date_to": TODAY + timedelta(days=27),
                "product_ids": self.apple.ids,
                "factor": 3.0,
            }
        )
        self.forecast()
        self.assertAlmostEqual(self.of(self.apple, self.near).mean, 3.0 * plain, delta=0.1)
        self.assertAlmostEqual(self.of(self.berry, self.near).mean, plain, delta=3.0)
        promotion.site_ids = self.far
        self.forecast()
        self.assertAlmostEqual(self.of(self.apple, self.near).mean, plain, delta=0.1)

    def test_what_others_read(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.want(self.berry, self.far, 30, 0.5)
        self.forecast()
        products, sites = self.berry + self.apple, self.far + self.middle + self.near
        self.env.flush_all()
        with self.assertQueryCount(2):
            table = self.forecasts._get_forecasts(products, sites)
        self.assertEqual(table.rate.shape, (2, 3))
        self.assertEqual(table.known.tolist(), [[True, False, False], [False, False, True]])
        self.assertAlmostEqual(table.rate[1, 2], self.of(self.apple, self.near).rate, places=4)
        self.assertEqual(table.decimal.tolist(), [[True] * 3, [False] * 3])
        mean, variance = table.mean(14.0)[1, 2], table.variance(14.0)[1, 2]
        self.assertAlmostEqual(mean, 28.0, delta=1.5)
        enough = table.quantile(0.95, 14.0)
        self.assertEqual(enough[1, 2], math.floor(enough[1, 2]))
        self.assertTrue(mean < enough[1, 2] < mean + 3.0 * math.sqrt(variance) + 1.0)
        self.assertEqual(enough[0, 1], 0.0)

    def test_made_anew_in_place(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.forecast()
        first = self.of(self.apple, self.near)
        self.want(self.berry, self.near, 30, 2.0)
        self.forecast()
        self.assertEqual(self.of(self.apple, self.near), first)
        self.env["oms.demand"].search([("product_id", "=", self.apple.id)])
        self.env.cr.execute(SQL("DELETE FROM oms_demand WHERE product_id = %s", self.apple.id))
        self.forecast()
        self.assertFalse(self.of(self.apple, self.near))
        self.assertTrue(self.of(self.berry, self.near))

    def test_what_is_kept_but_was_never_wanted_has_a_forecast(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.stock(self.berry, (self.far, 5.0))
        self.forecast()
        row = self.of(self.berry, self.far)
        self.assertEqual((row.kind, row.mean < 10.0), ("none", True))

    def test_too_little_to_forecast_from(self):
        self.assertEqual(self.forecast(), 0)
        self.want(self.apple, self.near, 3, 1.0)
        self.assertEqual(self.forecast(), 0)
        planner = self.make_user("planner", "oms.group_flow_planner")
        with self.assertRaisesRegex(UserError, "four weeks"):
            self.forecasts.with_user(planner).action_forecast()

    def test_as_many_queries_for_many_series_as_for_few(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.forecast()
        counts = []
        for more in ((), [self.make_product(f"P{number}") for number in range(12)]):
            for product in more:
                for site in self.sites:
                    self.want(product, site, 20, 1.0)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.forecast()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(self.forecasts.search_count([("company_id", "=", self.company.id)]), 37)

    def test_the_chart(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.forecast()
        chart = self.of(self.apple, self.near).chart
        self.assertEqual(chart["came"], [14.0] * 26)
        self.assertEqual(len(chart["days"]), 34)
        self.assertEqual(chart["days"][26], TODAY.isoformat())
        self.assertEqual(len(chart["expected"]), 8)
        self.assertEqual([value is None for value in chart["before"]], [True] * 22 + [False] * 4)

    # === FORECASTS THAT WERE MADE === #

    def forecast_on(self, day):
        """Make the forecasts as on a day, from what was known then."""
        count = self.forecasts._forecast(self.company, datetime.combine(day, NOW.time()))
        self.forecasts.invalidate_model()
        return count

    def past(self):
        return self.env["oms.forecast.past"].search([("company_id", "=", self.company.id)])

    def later(self, days):
        """Return a day before today, of which all that came later is hidden until today."""
        return TODAY - timedelta(days=days)

    def test_what_was_forecast_is_kept_and_scored_by_what_came(self):
        self.want(self.apple, self.near, 40, 2.0)
        self.forecast_on(self.later(28))
        then = self.of(self.apple, self.near)
        told = then.mean, then.low, then.high
        self.assertFalse(self.past().scored)
        # What came is another thing than what the past would have told.
        self.env.cr.execute(
            SQL(
                "UPDATE oms_demand SET quantity = 5 WHERE product_id = %s AND day >= %s",
                self.apple.id,
                self.later(28),
            )
        )
        self.forecast()
        kept = self.past().filtered("scored")
        self.assertEqual(kept.made_on, self.later(28))
        for value, before in zip((kept.mean, kept.low, kept.high), told, strict=True):
            self.assertAlmostEqual(value, before, 2)
        self.assertEqual((kept.came, kept.foreseen), (140.0, False))
        self.assertAlmostEqual(kept.miss, kept.mean - 140.0, 2)
        pinball = 0.1 * (140.0 - kept.low) + 0.9 * (140.0 - kept.high)
        self.assertAlmostEqual(kept.pinball, pinball, 2)
        row = self.of(self.apple, self.near)
        self.assertEqual((row.past_made_on, row.came), (self.later(28), 140.0))
        self.assertAlmostEqual(row.past_mean, told[0], 2)
        self.assertFalse(row.foreseen)

    def test_once_a_week_and_for_a_while(self):
        self.want(self.apple, self.near, 40, 2.0)
        for days in (140, 29, 28, 23, 22, 21, 2):
            self.forecast_on(self.later(days))
        self.assertEqual([(TODAY - day).days for day in self.past().mapped("made_on")], [2, 22, 29])
        self.forecast()
        row = self.of(self.apple, self.near)
        self.assertEqual(row.past_made_on, self.later(29))
        self.assertEqual(row.came, 56.0)

    def test_what_was_not_known_then_is_not_scored(self):
        self.want(self.apple, self.near, 40, 2.0)
        self.forecast_on(self.later(28))
        self.want(self.berry, self.near, 2, 2.0)
        self.forecast()
        self.assertTrue(self.of(self.apple, self.near).scored)
        self.assertFalse(self.of(self.berry, self.near).scored)

    def test_the_chart_shows_what_was_forecast(self):
        self.want(self.apple, self.near, 40, 2.0)
        for days in (70, 63, 56, 49, 42, 35, 28, 21, 14, 7):
            self.forecast_on(self.later(days))
        self.forecast()
        row = self.of(self.apple, self.near)
        chart = row.chart
        self.assertTrue(chart["made"])
        self.assertEqual([value is None for value in chart["before"]], [True] * 16 + [False] * 10)
        made = {(TODAY - each.made_on).days: each.mean / 4 for each in self.past()}
        # Of each week the forecast that was made three weeks before its beginning.
        self.assertAlmostEqual(chart["before"][-1], made[28], 2)
        self.assertAlmostEqual(chart["before"][-3], made[42], 2)
        self.assertAlmostEqual(chart["before"][-10], made[70], 2)

    def test_archived_goods_and_sites_teach_but_are_not_forecast(self):
        self.want(self.apple, self.near, 40, 2.0)
        self.want(self.berry, self.near, 40, 2.0)
        self.want(self.apple, self.far, 40, 2.0)
        self.forecast()
        self.assertEqual(self.forecasts.search_count([]), 3)
        self.berry.active = False
        self.far.active = False
        self.forecast()
        left = self.forecasts.with_context(active_test=False).search([])
        self.assertEqual((left.product_id, left.site_id), (self.apple, self.near))

    def test_days_to_come_are_not_the_past(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand (product_id, site_id, company_id, day, quantity, lost,
                                        source, key)
                VALUES (%s, %s, %s, %s, 900, 0, 'orders', '')
                """,
                self.apple.id,
                self.near.id,
                self.company.id,
                TODAY + timedelta(days=3),
            )
        )
        self.forecast()
        self.assertAlmostEqual(self.of(self.apple, self.near).rate, 2.0, delta=0.1)

    def test_a_single_day_far_above_all_is_lowered(self):
        self.want(self.apple, self.near, 40, 2.0, skip=(30,))
        self.want(self.berry, self.near, 40, 2.0)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_demand (product_id, site_id, company_id, day, quantity, lost,
                                        source, key)
                VALUES (%s, %s, %s, %s, 5000, 0, 'orders', '')
                """,
                self.apple.id,
                self.near.id,
                self.company.id,
                TODAY - timedelta(days=30),
            )
        )
        self.forecast()
        row = self.of(self.apple, self.near)
        self.assertTrue(row.has_outlier)
        self.assertAlmostEqual(row.rate, 2.0, delta=0.4)

    def test_who_sees_what_was_forecast(self):
        self.want(self.apple, self.near, 40, 2.0)
        self.want(self.apple, self.far, 40, 2.0)
        self.forecast()
        clerk = self.make_user("clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        past = self.env["oms.forecast.past"]
        self.assertEqual(past.with_user(clerk).search([]).site_id, self.near)
        operator = self.make_user("operator", "oms.group_order_operator")
        rows = past.with_user(operator).search([])
        self.assertEqual(len(rows), 2)
        with self.assertRaises(AccessError):
            rows[0].came = 5.0

    def test_who_sees_what(self):
        self.want(self.apple, self.near, 30, 2.0)
        self.want(self.apple, self.far, 30, 2.0)
        self.forecast()
        clerk = self.make_user("clerk", "oms.group_site_operator")
        self.near.user_ids = clerk
        mine = self.forecasts.with_user(clerk).search([])
        self.assertEqual(mine.site_id, self.near)
        self.assertTrue(mine.chart["expected"] and mine.explanation)
        for login, group in (("operator", "order_operator"), ("planner", "flow_planner")):
            user = self.make_user(login, f"oms.group_{group}")
            rows = self.forecasts.with_user(user).search([])
            self.assertEqual(len(rows), 2)
            with self.assertRaises(AccessError):
                rows[0].rate = 5.0
        operator = self.env["res.users"].search([("login", "=", "operator")])
        with self.assertRaises(UserError):
            self.forecasts.with_user(operator).action_forecast()
        with self.assertRaises(AccessError):
            self.env["oms.promotion"].with_user(operator).create(
                {"name": "P", "date_from": TODAY, "date_to": TODAY}
            )
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger",
            "oms.group_flow_planner",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.forecasts.with_user(stranger).search([]))

    def test_tables_there_and_back(self):
        cr = self.env.cr
        cr.execute("CREATE TEMPORARY TABLE there (one int4, two float4, three bool, four int2)")
        one, two = np.array([1, -7, 2**31 - 1]), np.array([0.5, np.nan, -1e30])
        three, four = np.array([True, False, True]), np.array([3, -4, 0])
        names, kinds = ("one", "two", "three", "four"), ("i4", "f4", "b1", "i2")
        binary_copy.write(cr, "there", names, kinds, (one, two, three, four))
        cr.execute("SELECT one, two::text, three, four FROM there ORDER BY four")
        self.assertEqual(
            cr.fetchall(),
            [(-7, "NaN", False, -4), (2**31 - 1, "-1e+30", True, 0), (1, "0.5", True, 3)],
        )
        back = binary_copy.read(cr, SQL("SELECT one, two FROM there ORDER BY four"), ("i4", "f4"))
        self.assertEqual(back[0].tolist(), [-7, 2**31 - 1, 1])
        empty = binary_copy.read(cr, SQL("SELECT one FROM there WHERE one = %s", 5), ("i4",))
        self.assertEqual(empty[0].size, 0)
