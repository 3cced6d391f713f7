import logging
from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np
import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...engine.demand import CLASSES, METHODS, History, Promotion
from ...engine.demand import forecast as forecast_all
from . import binary_copy, demand_sql
from .oms_forecast import AHEAD_WEEKS, HIGH, HORIZON, LOW

_logger = logging.getLogger(__name__)

#: Weeks of the past that forecasts are made from: two years.
MOST_WEEKS = 104
LEAST_WEEKS = 4
#: The forecast of four weeks ago needs as many before.
LEAST_SCORED_WEEKS = 12

_COLUMNS = {
    "product_id": "i4", "site_id": "i4", "kind": "i2", "method": "i2", "rate": "f4",
    "dispersion": "f4", "doubt": "f4", "mean": "f4", "low": "f4", "high": "f4", "seen_days": "f4",
    "past_mean": "f4", "past_low": "f4", "past_high": "f4", "came": "f4", "mase": "f4",
    "is_new": "b1", "is_promoted": "b1", "has_outlier": "b1", "scored": "b1",
    **{f"week{number}": "f4" for number in range(AHEAD_WEEKS)},
}  # fmt: skip
_TYPES = {"i4": "int4", "i2": "int2", "f4": "float4", "b1": "bool"}


class OmsForecast(models.Model):
    """Forecasts are made for a whole company at once, and replace the ones before."""

    _inherit = "oms.forecast"

    @api.model
    def _cron_forecast(self, now=None):
        """Make the forecasts of all companies; what fails in one keeps no other from its own."""
        now = now or fields.Datetime.now()
        companies = self.env["res.company"].search([("active", "=", True)])
        for place, company in enumerate(companies):
            try:
                with self.env.cr.savepoint():
                    self._forecast(company, now)
            except ValueError:
                _logger.exception("The demand of company %s could not be forecast", company.id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(companies) - place - 1)

    def action_forecast(self):
        """Count what was wanted and forecast it now, for the user's company.

        :return: a notification
        :rtype: dict
        :raises UserError: there is not enough demand yet
        """
        self.check_access("read")
        if not self.env.user.has_group("oms.group_flow_planner"):
            raise UserError(self.env._("Planners have demand forecast anew."))
        company, now = self.env.company, fields.Datetime.now()
        # sudo: demand is counted from the orders of all channels
        demand, forecasts = self.env["oms.demand"].sudo(), self.sudo()
        demand._count(company, demand._find_changed_days(company, now))
        demand._remember_counted_by(company)
        count = forecasts._forecast(company, now)
        if not count:
            raise UserError(
                self.env._("There are no four weeks of orders yet that could be forecast from.")
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%d forecasts were made.", count),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _forecast(self, company, now):
        """Make the forecasts of a company.

        :param company: ``res.company``
        :param datetime.datetime now: UTC, naive; forecasts begin with its day
        :return: how many there are
        :rtype: int
        """
        self.env.flush_all()
        zone = pytz.timezone(company.partner_id.tz or self.env.user.tz or "UTC")
        today = pytz.utc.localize(now).astimezone(zone).date()
        start = self._find_start(company, today)
        if start is None:
            return 0
        read = self._read(company, start, today, now)
        if read is None:
            return 0
        products, sites, history, promotions = read
        result = forecast_all(history)
        if not history.product.size:
            return 0
        columns = self._get_columns(result, products, sites)
        past = self.env["oms.forecast.past"]
        made_on = past._find_last_over(company, today)
        columns.update(
            self._get_kept_scores(company, made_on, start, products, sites, history)
            if made_on and made_on >= start
            else self._get_scores(history)
        )
        self._store(company, columns, now, made_on)
        past._keep(company, today)
        for promotion, factor in zip(promotions, result.factors, strict=True):
            if promotion.date_from < today:
                promotion.learned_factor = factor
        return history.product.size

    # === READING === #

    @api.model
    def _find_start(self, company, today):
        """Return the first day to learn from, or None if there are not four weeks."""
        [[first]] = self.env.execute_query(
            SQL("SELECT MIN(day) FROM oms_demand WHERE company_id = %s", company.id)
        )
        if not first or (today - first).days < 7 * LEAST_WEEKS:
            return None
        weeks = min((today - first).days // 7, MOST_WEEKS)
        return today - timedelta(weeks=weeks)

    @api.model
    def _read(self, company, start, today, now):
        """Return what is known of the demand of a company.

        :return: ids of the products and of the sites, the history, and its promotions; None if
            there is nothing to forecast
        """
        cr, begin = self.env.cr, datetime.combine(start, time.min)
        parameters = {"company": company.id, "start": begin, "end": today, "now": now}
        product, site, day, quantity = binary_copy.read(
            cr, SQL(demand_sql.READ, **parameters), ("i4", "i4", "i4", "f4")
        )
        kept = binary_copy.read(cr, SQL(demand_sql.KEPT, **parameters), ("i4", "i4"))
        products = np.unique(np.concatenate((product, kept[0])))
        sites = np.unique(np.concatenate((site, kept[1])))
        if not products.size:
            return None
        key = _key(products, sites, product, site)
        series = np.unique(np.concatenate((key, _key(products, sites, *kept))))
        of_series = np.searchsorted(series, key).astype(np.int32)
        _ids, category, price, made = binary_copy.read(
            cr,
            SQL(demand_sql.PRODUCTS, products=products.tolist(), **parameters),
            ("i4", "i4", "f4", "i4"),
        )
        outs = binary_copy.read(cr, SQL(demand_sql.OUTS, **parameters), ("i4", "i4", "f4", "f4"))
        out_series, known = self._find_series(products, sites, series, *outs[:2])
        decimal = np.zeros(products.size, dtype=bool)
        decimal[np.searchsorted(products, product[np.abs(quantity - np.rint(quantity)) > 1e-5])] = 1
        days = (today - start).days
        row, column = (series // sites.size).astype(np.int32), series % sites.size
        promotions = self.env["oms.promotion"]._find(
            company, start, today + timedelta(days=7 * AHEAD_WEEKS)
        )
        history = History(
            days,
            row,
            column.astype(np.int32),
            np.unique(category, return_inverse=True)[1].astype(np.int32),
            of_series,
            day,
            quantity,
            out_series[known],
            outs[2][known],
            outs[3][known],
            self._find_first(days, products.size, row, made, of_series, day),
            price,
            decimal,
            tuple(
                self._get_promotion(promotion, products, sites, start) for promotion in promotions
            ),
        )
        return products, sites, history, promotions

    @staticmethod
    def _find_series(products, sites, series, product, site):
        """Return the series of products at sites, and which of them there are."""
        if not product.size:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        inside = np.isin(product, products) & np.isin(site, sites)
        key = np.where(inside, _key(products, sites, product, site), -1)
        place = np.minimum(np.searchsorted(series, key), series.size - 1)
        return place, inside & (series[place] == key)

    @staticmethod
    def _find_first(days, count, row, made, series, day):
        """Return from which day on each series was offered: made, or wanted even before."""
        first = np.clip(made, 0, days).astype(float)
        earliest = np.full(count, float(days))
        np.minimum.at(earliest, row[series], day)
        return np.minimum(first, earliest)[row]

    @api.model
    def _get_promotion(self, promotion, products, sites, start):
        asked = np.isin(products, promotion._get_products().ids)
        return Promotion(
            np.flatnonzero(asked),
            (promotion.date_from - start).days,
            (promotion.date_to - start).days,
            promotion.factor or None,
            np.flatnonzero(np.isin(sites, promotion.site_ids.ids)) if promotion.site_ids else None,
        )

    # === WRITING === #

    @api.model
    def _get_columns(self, result, products, sites):
        """Return the columns of forecasts, see ``_COLUMNS``."""
        mean = result.mean(HORIZON)
        low, high = result.quantile(LOW, HORIZON), result.quantile(HIGH, HORIZON)
        until = [result.mean(7.0 * week) for week in range(AHEAD_WEEKS + 1)]
        rate = mean / HORIZON
        usual = np.maximum(result.rate.astype(float), 1e-12)
        return {
            "product_id": products[result.history.product],
            "site_id": sites[result.history.site],
            "kind": result.kind,
            "method": result.method,
            "rate": rate,
            "dispersion": result.dispersion,
            # The doubt about the rate grows and falls with the season, like the rate.
            "doubt": np.minimum(result.doubt / usual**2, 100.0) * rate**2,
            "mean": mean,
            "low": low,
            "high": high,
            "seen_days": result.seen,
            "mase": result.mase,
            "is_new": result.new,
            "is_promoted": result.promoted,
            "has_outlier": result.outlier,
            **{f"week{week}": until[week + 1] - until[week] for week in range(AHEAD_WEEKS)},
        }

    @api.model
    def _get_scores(self, history):
        """Return what would have been forecast four weeks ago, and what came."""
        nothing = np.zeros(history.product.size)
        if history.weeks < LEAST_SCORED_WEEKS:
            names = ("past_mean", "past_low", "past_high", "came", "scored")
            return dict.fromkeys(names, nothing)
        then = history.days - HORIZON
        before, since = history.day < then, history.day >= then
        inside = history.out_from < then
        past = forecast_all(
            replace(
                history,
                days=then,
                series=history.series[before],
                day=history.day[before],
                quantity=history.quantity[before],
                out_series=history.out_series[inside],
                out_from=history.out_from[inside],
                out_to=np.minimum(history.out_to[inside], then),
                first=np.minimum(history.first, then),
            )
        )
        came = np.bincount(history.series[since], history.quantity[since], nothing.size)
        return {
            "past_mean": past.mean(HORIZON),
            "past_low": past.quantile(LOW, HORIZON),
            "past_high": past.quantile(HIGH, HORIZON),
            "came": came,
            # Who was not offered then had no forecast.
            "scored": history.first < then,
        }

    @api.model
    def _store(self, company, columns, now, made_on=None):
        """Replace the forecasts of a company by new ones; those that go on keep their ids.

        Of products and sites that are archived the past teaches others, but nothing is forecast.

        :param dict columns: arrays, see ``_COLUMNS``
        :param made_on: day of the forecasts that were scored, None if they were not really made
        """
        cr = self.env.cr
        kinds = tuple(_COLUMNS.values())
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE oms_forecast_new (%s) ON COMMIT DROP",
                SQL(", ").join(
                    SQL("%s %s", SQL.identifier(name), SQL(_TYPES[kind]))
                    for name, kind in _COLUMNS.items()
                ),
            )
        )
        values = [columns[name] for name in _COLUMNS]
        binary_copy.write(cr, "oms_forecast_new", _COLUMNS, kinds, values)
        cr.execute(
            """
            DELETE FROM oms_forecast_new fresh
                  USING product_product variant, oms_site site
                  WHERE variant.id = fresh.product_id AND site.id = fresh.site_id
                    AND NOT (variant.active AND site.active)
            """
        )
        cr.execute(SQL(_STORE, **self._get_store_parameters(company, now, made_on)))
        cr.execute(
            SQL(
                """
                DELETE FROM oms_forecast forecast
                 WHERE company_id = %s AND NOT EXISTS (
                           SELECT FROM oms_forecast_new fresh
                            WHERE fresh.product_id = forecast.product_id
                              AND fresh.site_id = forecast.site_id
                       )
                """,
                company.id,
            )
        )
        cr.execute("DROP TABLE oms_forecast_new")
        self.invalidate_model()

    @api.model
    def _get_store_parameters(self, company, now, made_on):
        weeks = [SQL.identifier(f"week{number}") for number in range(AHEAD_WEEKS)]
        return {
            "company": company.id,
            "now": now,
            "made_on": made_on or None,
            "kinds": list(CLASSES),
            "methods": list(METHODS),
            "low": LOW,
            "high": HIGH,
            "weeks": SQL(", ").join(weeks),
        }


def _key(products, sites, product, site):
    """Return one number for each pair of product and site."""
    place = np.searchsorted(products, product).astype(np.int64)
    return place * sites.size + np.searchsorted(sites, site)


_STORE = """
    INSERT INTO oms_forecast (
               product_id, site_id, company_id, categ_id, computed_at, kind, method, rate,
               dispersion, doubt, mean, low, high, seen_days, past_mean, past_low, past_high, came,
               miss, pinball, scored, foreseen, foreseen_share, mase, is_new, is_promoted,
               has_outlier, ahead, past_made_on
           )
    SELECT fresh.product_id, fresh.site_id, %(company)s, template.categ_id, %(now)s,
           (%(kinds)s::varchar[])[fresh.kind + 1], (%(methods)s::varchar[])[fresh.method + 1],
           rate, dispersion, doubt, mean, low, high, seen_days,
           CASE WHEN scored THEN past_mean END, CASE WHEN scored THEN past_low END,
           CASE WHEN scored THEN past_high END, came,
           CASE WHEN scored THEN past_mean - came END,
           CASE WHEN scored THEN
               GREATEST(%(low)s * (came - past_low), (%(low)s - 1) * (came - past_low))
               + GREATEST(%(high)s * (came - past_high), (%(high)s - 1) * (came - past_high))
           END,
           scored, scored AND came BETWEEN past_low AND past_high,
           CASE WHEN scored THEN (came BETWEEN past_low AND past_high)::int END,
           NULLIF(mase, 'NaN'), is_new, is_promoted, has_outlier,
           to_jsonb(ARRAY[%(weeks)s]), CASE WHEN scored THEN %(made_on)s::date END
      FROM oms_forecast_new fresh
      JOIN product_product variant ON variant.id = fresh.product_id
      JOIN product_template template ON template.id = variant.product_tmpl_id
  ORDER BY fresh.product_id, fresh.site_id
    ON CONFLICT (product_id, site_id) DO UPDATE
       SET company_id = EXCLUDED.company_id, categ_id = EXCLUDED.categ_id,
           computed_at = EXCLUDED.computed_at, kind = EXCLUDED.kind, method = EXCLUDED.method,
           rate = EXCLUDED.rate, dispersion = EXCLUDED.dispersion, doubt = EXCLUDED.doubt,
           mean = EXCLUDED.mean, low = EXCLUDED.low, high = EXCLUDED.high,
           seen_days = EXCLUDED.seen_days, past_mean = EXCLUDED.past_mean,
           past_low = EXCLUDED.past_low, past_high = EXCLUDED.past_high, came = EXCLUDED.came,
           miss = EXCLUDED.miss, pinball = EXCLUDED.pinball, scored = EXCLUDED.scored,
           foreseen = EXCLUDED.foreseen, foreseen_share = EXCLUDED.foreseen_share,
           mase = EXCLUDED.mase, is_new = EXCLUDED.is_new, is_promoted = EXCLUDED.is_promoted,
           has_outlier = EXCLUDED.has_outlier, ahead = EXCLUDED.ahead,
           past_made_on = EXCLUDED.past_made_on
"""
