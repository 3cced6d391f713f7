from dataclasses import replace

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from ...engine.geography import great_circle_km
from .flow_facts import spread

#: Money per unit and kilometer of serving a customer from farther away, in the company's currency.
FARTHER_COST = 0.0004

_POINTS = """
    SELECT point.product_id, place.oms_position_site_id, MAX(point.product_min_qty)
      FROM stock_warehouse_orderpoint point
      JOIN stock_location place ON place.id = point.location_id
     WHERE point.active AND point.company_id = %(company)s
       AND place.oms_position_site_id = ANY(%(sites)s) AND point.product_id = ANY(%(products)s)
  GROUP BY point.product_id, place.oms_position_site_id
"""

_DELAYS = """
    SELECT variant.id, MIN(line.delay)
      FROM product_product variant
      JOIN product_supplierinfo line ON line.product_tmpl_id = variant.product_tmpl_id
           AND (line.product_id IS NULL OR line.product_id = variant.id)
     WHERE variant.id = ANY(%(products)s)
       AND (line.company_id IS NULL OR line.company_id = %(company)s)
       AND (line.date_end IS NULL OR line.date_end >= %(today)s)
  GROUP BY variant.id
"""


class OmsFlowRun(models.Model):
    """What others can send, and what comes anyway, counts when goods are moved between sites.

    Without it a unit that is carried to the customer's site would earn its whole price there,
    though another site could have sent it; and what leaves a site below its reordering rule would
    be bought anew at once.
    """

    _inherit = "oms.flow.run"

    def _prepare_goods(self, facts, *terms):
        """Say what it costs to serve customers from elsewhere, where the plan's sites serve all."""
        goods = super()._prepare_goods(facts, *terms)
        if self.plan_id.level_scope != "network" or len(facts.sites) < 2:
            return goods
        lat = np.array([site.latitude for site in facts.sites])
        lng = np.array([site.longitude for site in facts.sites])
        far = great_circle_km(lat[:, None], lng[:, None], lat, lng)
        elsewhere = FARTHER_COST * float(np.median(far[~np.eye(len(lat), dtype=bool)]))
        return tuple(replace(each, elsewhere=elsewhere) for each in goods)

    def _prepare_stocks(self, facts, *terms):
        """Say below which stock sites are replenished anyway, and how soon."""
        stocks = super()._prepare_stocks(facts, *terms)
        return replace(
            stocks,
            order_point=self._get_order_points(facts),
            lead_days=self._get_waits(facts),
        )

    def _get_order_points(self, facts):
        """Return the minimum of reordering rules, nan where there are none, shape (rows,)."""
        self.env["stock.warehouse.orderpoint"].flush_model()
        self.env.cr.execute(
            SQL(
                _POINTS,
                company=self.company_id.id,
                sites=facts.sites.ids,
                products=facts.product_ids.tolist(),
            )
        )
        found = self.env.cr.fetchall()
        if not found:
            return np.full(len(facts.product), np.nan)
        columns = [np.array(column) for column in zip(*found, strict=True)]
        columns[2] = columns[2].astype(float)
        site_ids = np.array(facts.sites.ids)[facts.site]
        return spread(facts.product_ids[facts.product], site_ids, columns, np.nan)[0]

    def _get_waits(self, facts):
        """Return after how many days what is ordered is there, infinite if nobody says it."""
        self.env["product.supplierinfo"].flush_model()
        self.env.cr.execute(
            SQL(
                _DELAYS,
                company=self.company_id.id,
                products=facts.product_ids.tolist(),
                today=fields.Date.context_today(self),
            )
        )
        delays = dict(self.env.cr.fetchall())
        bought = np.array([float(delays.get(each, np.inf)) for each in facts.product_ids.tolist()])
        place_of = {site: place for place, site in enumerate(facts.sites)}
        fed = np.full(len(facts.sites), np.inf)
        for lane in self._get_lanes(facts.sites):
            if self._get_moving_kind(lane) == "pull":
                fed[place_of[lane.site_id]] = min(fed[place_of[lane.site_id]], lane.days)
        wait = np.where(np.isinf(fed)[facts.site], bought[facts.product], fed[facts.site])
        return wait + max(self.plan_id.interval_days, 1.0)
