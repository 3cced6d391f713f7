from datetime import timedelta

import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from . import binary_copy
from .flow_facts import Facts, find_rows
from .oms_forecast import HIGH, HORIZON, KIND_SELECTION, LOW, METHOD_SELECTION

#: Weeks for which forecasts are kept once they were made.
KEPT_WEEKS = 17
#: Days from one forecast that is kept to the next.
KEPT_EVERY = 7

_KEEP = """
    INSERT INTO oms_forecast_past (
               product_id, site_id, company_id, categ_id, made_on, kind, method, mean, low, high,
               scored
           )
    SELECT product_id, site_id, company_id, categ_id, %(today)s, kind, method, mean, low, high,
           FALSE
      FROM oms_forecast
     WHERE company_id = %(company)s
  ORDER BY product_id, site_id
    ON CONFLICT (product_id, site_id, made_on) DO NOTHING
"""

_SCORE = """
    UPDATE oms_forecast_past kept
       SET scored = TRUE, came = found.came, miss = kept.mean - found.came,
           pinball = GREATEST(%(low)s * (found.came - kept.low),
                              (%(low)s - 1) * (found.came - kept.low))
               + GREATEST(%(high)s * (found.came - kept.high),
                          (%(high)s - 1) * (found.came - kept.high)),
           foreseen = found.came BETWEEN kept.low AND kept.high,
           foreseen_share = (found.came BETWEEN kept.low AND kept.high)::int
      FROM (
            SELECT past.id, COALESCE(SUM(demand.quantity), 0) AS came
              FROM oms_forecast_past past
         LEFT JOIN oms_demand demand ON demand.product_id = past.product_id
               AND demand.site_id = past.site_id AND demand.day >= past.made_on
               AND demand.day < past.made_on + %(days)s
             WHERE past.company_id = %(company)s AND NOT past.scored
               AND past.made_on <= %(today)s - %(days)s
          GROUP BY past.id
           ) found
     WHERE kept.id = found.id
"""


class OmsForecastPast(models.Model):
    """What was forecast on a day of the four weeks after it, and what came.

    Once a week the forecasts are kept as they were made, and are scored four weeks later: this is
    how good they really were, not how good they would have been.
    """

    _name = "oms.forecast.past"
    _description = "Forecast of the Past"
    _order = "made_on desc, mean desc, id"
    _rec_name = "product_id"
    _log_access = False

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade"
    )
    categ_id = fields.Many2one(
        "product.category", string="Category", readonly=True, index=True, ondelete="set null"
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    site_id = fields.Many2one(
        "oms.site", string="Wanted at", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    made_on = fields.Date(required=True, readonly=True, help="First of the 28 days it tells of.")
    kind = fields.Selection(KIND_SELECTION, string="Class", readonly=True)
    method = fields.Selection(METHOD_SELECTION, readonly=True)
    mean = fields.Float(string="Forecast", digits="Product Unit", readonly=True)
    low = fields.Float(string="At Least", digits="Product Unit", readonly=True)
    high = fields.Float(string="At Most", digits="Product Unit", readonly=True)
    scored = fields.Boolean(readonly=True, help="The four weeks are over.")
    came = fields.Float(digits="Product Unit", readonly=True)
    miss = fields.Float(
        string="Bias",
        digits="Product Unit",
        readonly=True,
        help="Forecast less what came: above zero it was too much.",
    )
    pinball = fields.Float(
        string="Quantile Loss",
        digits=(16, 3),
        readonly=True,
        help="Pinball loss of the lower and upper end of the forecast: smaller is better.",
    )
    foreseen = fields.Boolean(
        readonly=True, help="What came was not outside of the range that was forecast."
    )
    foreseen_share = fields.Float(
        string="Share Foreseen",
        readonly=True,
        aggregator="avg",
        help="Share whose demand was in the forecast range; eight of ten or more is as it should "
        "be.",
    )

    _series_uniq = models.UniqueIndex(
        "(product_id, site_id, made_on)", "This forecast is kept already."
    )
    _company_idx = models.Index("(company_id, made_on)")

    @api.model
    def _keep(self, company, today):
        """Keep what is forecast now, once a week; score what is over, and forget what is old.

        :param company: ``res.company``
        :param datetime.date today: first day that the forecasts tell of
        """
        parameters = {
            "company": company.id, "today": today, "days": HORIZON, "low": LOW, "high": HIGH,
        }  # fmt: skip
        [[last]] = self.env.execute_query(
            SQL("SELECT MAX(made_on) FROM oms_forecast_past WHERE company_id = %s", company.id)
        )
        if not last or (today - last).days >= KEPT_EVERY:
            self.env.cr.execute(SQL(_KEEP, **parameters))
        self.env.cr.execute(SQL(_SCORE, **parameters))
        self.env.cr.execute(
            SQL(
                "DELETE FROM oms_forecast_past WHERE company_id = %s AND made_on < %s",
                company.id,
                today - timedelta(weeks=KEPT_WEEKS),
            )
        )
        self.invalidate_model()

    @api.model
    def _find_last_over(self, company, today):
        """Return the day of the newest forecasts of which the four weeks are over, if any are kept.

        Older than six weeks they say nothing about today.

        :rtype: datetime.date | None
        """
        [[day]] = self.env.execute_query(
            SQL(
                """
                SELECT MAX(made_on) FROM oms_forecast_past
                 WHERE company_id = %s AND made_on <= %s AND made_on >= %s
                """,
                company.id,
                today - timedelta(days=HORIZON),
                today - timedelta(days=HORIZON + 2 * KEPT_EVERY),
            )
        )
        return day

    @api.model
    def _read_made_on(self, company, day):
        """Return what was forecast on a day.

        :return: columns of product id, site id, mean, low and high
        :rtype: tuple[numpy.ndarray]
        """
        return binary_copy.read(
            self.env.cr,
            SQL(
                """
                SELECT product_id, site_id, mean::float4, low::float4, high::float4
                  FROM oms_forecast_past WHERE company_id = %s AND made_on = %s
                """,
                company.id,
                day,
            ),
            ("i4", "i4", "f4", "f4", "f4"),
        )

    @api.model
    def _get_weeks(self, product, site, begin, weeks):
        """Return what had been forecast of each of some weeks, up to four weeks before.

        :param datetime.date begin: of the first week
        :return: units in each week, None where nothing is kept
        :rtype: list
        """
        kept = self.search(
            [
                ("product_id", "=", product.id),
                ("site_id", "=", site.id),
                ("made_on", ">", begin - timedelta(days=HORIZON)),
            ],
            order="made_on",
        )
        found = []
        for week in range(weeks):
            first = begin + timedelta(weeks=week)
            mean = next(
                (
                    each.mean
                    for each in kept
                    if each.made_on <= first
                    and first + timedelta(days=7) <= each.made_on + timedelta(days=HORIZON)
                ),
                None,
            )
            found.append(None if mean is None else round(mean * 7 / HORIZON, 3))
        return found


class OmsForecast(models.Model):
    """A forecast is compared with what was really forecast before, once that is kept."""

    _inherit = "oms.forecast"

    past_made_on = fields.Date(
        string="Forecast Then Made On",
        readonly=True,
        help="First of the 28 days that the forecast before told of. Empty: none was kept yet, and "
        "it is what would have been forecast four weeks ago, from what was known then.",
    )

    @api.model
    def _get_kept_scores(self, company, day, start, products, sites, history):
        """Return what was forecast on a day, and what came in the four weeks after it.

        :param datetime.date day: on which forecasts were kept
        :param datetime.date start: first day of the history
        :return: columns, see ``_COLUMNS``
        :rtype: dict[str, numpy.ndarray]
        """
        product, site, *values = self.env["oms.forecast.past"]._read_made_on(company, day)
        count, begin = history.product.size, (day - start).days
        row = find_rows(
            Facts.key(product, site),
            Facts.key(products[history.product], sites[history.site]),
        )
        scored = row >= 0
        since = (history.day >= begin) & (history.day < begin + HORIZON)
        scores = {
            name: np.where(scored, column[row] if len(column) else 0.0, 0.0)
            for name, column in zip(("past_mean", "past_low", "past_high"), values, strict=True)
        }
        came = np.bincount(history.series[since], history.quantity[since], count)
        return {**scores, "came": came, "scored": scored}
