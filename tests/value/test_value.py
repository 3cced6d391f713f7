import math
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..disposition.common import DispositionCase


def reached(number, mean):
    """Probability that a Poisson demand is at least so many units."""
    return 1.0 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(number))


@tagged("-at_install", "post_install")
class TestValue(DispositionCase):
    """What stock is worth at sites: one figure for sourcing, disposition and whoever looks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.empty(cls.apple, cls.near)
        cls.make_sold_singly(cls.apple, cls.near, 2)
        cls.make_sold_singly(cls.apple, cls.far, 10)
        cls.stock(cls.apple, (cls.near, 3))
        cls.company_sites = cls.near + cls.far
        cls.values = cls.env["oms.value"]

    def row(self, site, product=None):
        return self.values.search(
            [("product_id", "=", (product or self.apple).id), ("site_id", "=", site.id)]
        )

    def refresh(self):
        return self.values._refresh(self.apple + self.berry, self.company_sites)

    def test_newsvendor(self):
        """In a hundred days some 2.86 are wanted near, 14.3 far; three are near, none is far."""
        found = self.values._get_values(self.apple, self.company_sites)
        near, far = 100 * 2 / 70, 100 * 10 / 70
        self.assertAlmostEqual(found.stock[0, 0], 3.0)
        following, last = found.next_unit(), found.last_unit()
        self.assertAlmostEqual(following.value[0, 0], 10.0 * reached(4, near), 6)
        self.assertAlmostEqual(last.value[0, 0], 10.0 * reached(3, near), 6)
        self.assertAlmostEqual(following.value[0, 1], 10.0 * reached(1, far), 6)
        self.assertAlmostEqual(
            found.all_units()[0, 0], 10.0 * sum(reached(n, near) for n in (1, 2, 3)), 6
        )

    def test_disposition_and_sourcing_see_the_same(self):
        """What a proposal says a unit brings, what sourcing charges, and the screen's figure."""
        item = self.bring_back(self.apple, 1, self.grade_a)
        option = item.disposition_ids.option_ids.filtered(
            lambda each: each.kind == "send" and each.site_id == self.far
        )
        self.refresh()
        self.assertAlmostEqual(option.earning, self.row(self.far).next_value, 2)
        self.strategy.stock_value_factor = 1.0
        charged = self.env["oms.sourcing"]._get_earnings(
            self.company_sites, self.apple, self.strategy
        )["earnings"]
        self.assertAlmostEqual(
            charged[self.near.id, self.apple.id], self.row(self.near).last_value, 2
        )

    def test_rows_are_those_with_stock_or_sales(self):
        self.refresh()
        self.assertTrue(self.row(self.near) and self.row(self.far))
        self.assertFalse(self.row(self.far, self.berry))
        row = self.row(self.near)
        parts = row.sale - row.markdown - row.interest - row.holding + row.salvage
        self.assertAlmostEqual(row.next_value, parts, 2)
        self.empty(self.apple, self.near)
        self.env["stock.move"].search(
            [("product_id", "=", self.apple.id), ("state", "=", "done")]
        ).date = fields.Datetime.subtract(fields.Datetime.now(), weeks=30)
        self.refresh()
        self.assertFalse(self.row(self.near))

    def test_all_parts(self):
        """A price that falls, interest, storage, and what is left over: by drawing no numbers."""
        self.terms.write(
            {
                "decline_percent": 2,
                "interest_percent": 8,
                "holding_percent": 20,
                "salvage_percent": 15,
            }
        )
        self.refresh()
        row = self.row(self.near)
        rate, days = 2 / 70, 100.0
        fall, interest = -math.log(0.98) / 7, 0.08 / 365
        step, value, sold, shelf = days / 20_000, 0.0, 0.0, 0.0
        for number in range(20_000):
            moment = (number + 0.5) * step
            density = rate**4 * moment**3 * math.exp(-rate * moment) / 6 * step
            sold += density
            shelf += density * moment
            value += density * 10.0 * math.exp(-(fall + interest) * moment)
        left = 1.0 - sold
        end = min(1.5, 10.0 * math.exp(-fall * days)) * math.exp(-interest * days)
        value += left * end - 10.0 * 0.2 / 365 * (shelf + left * days)
        self.assertAlmostEqual(row.next_value, value, 2)
        self.assertAlmostEqual(row.chance, sold, 3)

    def test_old_stock_is_worth_less(self):
        self.terms.outdated_days = 120
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.apple.id),
                ("location_id", "=", self.near.warehouse_id.lot_stock_id.id),
            ]
        )
        quants.in_date = fields.Datetime.subtract(fields.Datetime.now(), days=50)
        found = self.values._get_values(self.apple, self.near)
        self.assertAlmostEqual(found.age[0, 0], 50, 1)
        self.assertAlmostEqual(found.last_unit().value[0, 0], 10.0 * reached(3, 70 * 2 / 70), 3)
        self.assertAlmostEqual(found.next_unit().value[0, 0], 10.0 * reached(4, 100 * 2 / 70), 6)

    def test_curve_and_words(self):
        self.refresh()
        row = self.row(self.near)
        self.assertEqual([unit[4] for unit in row.curve[:4]], [True, True, True, False])
        self.assertAlmostEqual(row.curve[2][1], row.last_value, 2)
        self.assertAlmostEqual(row.curve[3][1], row.next_value, 2)
        self.assertIn("One more is sold with", row.why)
        self.stock(self.berry, (self.near, 2))
        self.refresh()
        self.assertIn("Nobody is expected", self.row(self.near, self.berry).why)

    def test_without_a_policy_nothing_is_worth_anything(self):
        self.refresh()
        self.env["oms.disposition.policy"].search([]).active = False
        found = self.values._get_values(self.apple, self.company_sites)
        self.assertFalse(found.known.any())
        self.assertFalse(found.next_unit().value.any())
        self.assertFalse(self.row(self.near).curve)
        self.assertEqual(self.refresh(), 0)

    def test_nothing_asked(self):
        none = self.values._get_values(self.apple.browse(), self.company_sites)
        self.assertEqual(none.next_unit().value.shape, (0, 2))
        self.assertEqual(self.values._refresh(self.apple, self.near.browse()), 0)

    def test_forecasts_count_where_there_are_some(self):
        """Far half a unit is forecast a day; near only shipped what was wanted far."""
        self.env["oms.forecast"].create(
            {
                "product_id": self.apple.id,
                "site_id": self.far.id,
                "company_id": self.company.id,
                "computed_at": fields.Datetime.now(),
                "kind": "smooth",
                "rate": 0.5,
                "dispersion": 1.0,
                "doubt": 0.0,
                "seen_days": 100.0,
            }
        )
        found = self.values._get_values(self.apple, self.company_sites)
        self.assertAlmostEqual(found.rate[0, 1], 0.5)
        self.assertEqual(found.rate[0, 0], 0.0)
        self.assertEqual(self.values._get_values(self.apple, self.near).rate[0, 0], 0.0)
        self.assertAlmostEqual(found.next_unit().value[0, 1], 10.0 * reached(1, 50.0), 6)
        self.env["oms.forecast"].search([]).computed_at -= timedelta(days=30)
        found = self.values._get_values(self.apple, self.company_sites)
        self.assertAlmostEqual(found.rate[0, 0], 2 / 70)

    def test_another_currency(self):
        """A company in a currency of which two make one of that of the price."""
        other = self.env["res.currency"].create({"name": "TSV", "symbol": "V"})
        abroad = self.env["res.company"].create({"name": "Abroad", "currency_id": other.id})
        self.env["res.currency.rate"].create(
            [
                {"currency_id": other.id, "rate": 2.0, "company_id": abroad.id},
                {"currency_id": self.apple.currency_id.id, "rate": 1.0, "company_id": abroad.id},
            ]
        )
        self.apple.with_company(abroad).standard_price = 7.0
        prices, costs = self.values._get_prices(abroad, self.apple)
        self.assertAlmostEqual(prices[0], 20.0)
        self.assertAlmostEqual(costs[0], 7.0)

    def test_many_ask_as_often_as_one(self):
        products = self.apple + self.berry
        sites = self.company_sites + self.middle
        self.values._get_values(products, sites)
        self.env.invalidate_all()
        with self.assertQueryCount(__system__=30):
            self.values._get_values(products, sites)

    def test_roles(self):
        self.refresh()
        clerk = self.make_user("value clerk", "oms.group_site_operator")
        self.far.user_ids = clerk
        seen = self.values.with_user(clerk).search([("product_id", "=", self.apple.id)])
        self.assertEqual(seen.site_id, self.far)
        self.assertNotIn("cost", seen.fields_get())
        seen.action_refresh()
        with self.assertRaises(AccessError):
            seen.rate = 5
        with self.assertRaises(AccessError):
            self.row(self.near).with_user(clerk).action_refresh()
        seller = self.make_user("value seller", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.values.with_user(seller).search([])
        operator = self.make_user("value operator", "oms.group_order_operator")
        self.assertIn("cost", self.values.with_user(operator).fields_get())

    def test_ways_there(self):
        position = self.env["oms.position"].search(
            [("product_id", "=", self.apple.id), ("site_id", "=", self.near.id)]
        )
        self.refresh()
        for action in (
            position.action_view_values(),
            self.apple.action_oms_view_values(),
            self.apple.product_tmpl_id.action_oms_view_values(),
        ):
            self.assertIn(self.row(self.near), self.values.search(action["domain"]))
