"""Plans take their pace from forecasts, and from what was sold where there are none."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from .flow_case import FlowCase


class TestForecastInPlans(FlowCase):
    """Plans go by what is wanted, not by which site shipped."""

    def test_pace(self):
        self.make_sold(self.apple, self.near, 28.0)
        self.make_sold(self.berry, self.near, 14.0)
        sold = self.pace()
        self.assertEqual(set(sold), {(self.apple.id, self.near.id), (self.berry.id, self.near.id)})
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO oms_forecast (product_id, site_id, company_id, computed_at, rate,
                                          dispersion, doubt)
                VALUES (%(product)s, %(far)s, %(company)s, %(now)s, 2.0, 1.5, 0.1),
                       (%(other)s, %(far)s, %(company)s, %(old)s, 9.0, 1.0, 0.0)
                """,
                product=self.apple.id,
                other=self.berry.id,
                far=self.far.id,
                company=self.company.id,
                now=fields.Datetime.now(),
                old=fields.Datetime.now() - timedelta(days=30),
            )
        )
        pace = self.pace()
        berry = (self.berry.id, self.near.id)
        self.assertEqual(set(pace), {(self.apple.id, self.far.id), berry})
        self.assertEqual(pace[self.apple.id, self.far.id], (2.0, 1.5 * 2.0 + 14 * 0.1))
        self.assertEqual(pace[berry], sold[berry])

    def pace(self):
        self.env.flush_all()
        columns = [column.tolist() for column in self.run_record._gather_pace()]
        return {(int(row[0]), int(row[1])): row[2:] for row in zip(*columns, strict=True)}
