from dataclasses import replace

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from .oms_flow_run_level_share import KILOMETER_COST

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
        if self.plan_id.level_scope == "site" or len(facts.sites) < 2:
            return goods
        apart = ~np.eye(len(facts.sites), dtype=bool)
        elsewhere = KILOMETER_COST * float(np.median(self._get_distances(facts)[apart]))
        shared = self._get_wanted(facts).shared
        return tuple(
            replace(each, elsewhere=elsewhere) if is_shared else each
            for each, is_shared in zip(goods, shared.tolist(), strict=True)
        )

    def _prepare_stocks(self, facts, *terms):
        """Say what only a site itself can serve, and when it is replenished anyway, how soon."""
        stocks = super()._prepare_stocks(facts, *terms)
        return replace(
            stocks,
            local=facts.local,
            order_point=self._read_rules(facts)[0],
            lead_days=self._get_waits(facts),
        )

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
