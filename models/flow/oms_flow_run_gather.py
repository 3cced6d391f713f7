from datetime import timedelta

import numpy as np

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from . import flow_facts
from .flow_facts import Facts

#: So many goods at sites are planned together, and so many goods times sites: it is what fits into
#: two gigabytes. Of more the goods are left out that are worth least.
MOST_ROWS, MOST_CELLS = 2_000_000, 16_000_000
#: Stages that look at each product at each site, wanted there or not, with a good half of a
#: kilobyte, or a fifth of one, for each.
STAGE_CELLS = {"level": 2_500_000, "replenish": 6_000_000}

_POSITIONS = """
    SELECT position.product_id, position.site_id, position.on_hand, position.demand,
           position.claimed, position.incoming + position.external,
           COALESCE(position.safety, 0)
      FROM oms_position position
     WHERE position.site_id = ANY(%(sites)s) AND %(goods)s
"""

# What is open counts as if it were done: it is not proposed a second time. What suppliers are asked
# for, by proposal, by Odoo or by hand, is in no transfer before they have the order.
_OPEN = """
    SELECT product_id, site_id, SUM(comes), SUM(goes)
      FROM (SELECT product_id, site_id, quantity AS comes, 0 AS goes
              FROM oms_proposal
             WHERE kind IN ('transfer', 'pull', 'purchase') AND site_id = ANY(%(sites)s)
               AND state = 'proposed'
             UNION ALL
            SELECT line.product_id, site.id, line.product_uom_qty, 0
              FROM purchase_order_line line
              JOIN purchase_order purchase ON purchase.id = line.order_id
              JOIN stock_picking_type type
                ON type.id = purchase.picking_type_id AND type.code = 'incoming'
              JOIN oms_site site ON site.warehouse_id = type.warehouse_id
             WHERE purchase.state IN ('draft', 'sent', 'to approve')
               AND line.product_id IS NOT NULL AND site.id = ANY(%(sites)s)
             UNION ALL
            SELECT product_id, origin_id, 0, quantity
              FROM oms_proposal
             WHERE kind IN ('transfer', 'pull') AND origin_id = ANY(%(sites)s)
               AND state = 'proposed') AS position
     WHERE %(goods)s
  GROUP BY product_id, site_id
"""


class OmsFlowRun(models.Model):
    """What a run looks at is gathered in a few statements, however many goods there are."""

    _inherit = "oms.flow.run"

    # === STAGE === #

    def _stage_gather(self):
        """Take back what is out of date, and see what there is to look at and what is missing."""
        self._supersede()
        whole = self._gather_all()
        facts = self._limit(whole)
        self._note_left_out(len(whole.product_ids) - len(facts.product_ids))
        for stage, most in STAGE_CELLS.items():
            self._note_without(stage, len(facts.product_ids) - most // max(len(facts.sites), 1))
        self.write({"product_count": len(facts.product_ids), "site_count": len(facts.sites)})
        self._note_sites(facts)
        self._note_goods(facts)
        self._note_spikes(facts)

    def _supersede(self):
        """Take back open proposals that are too old, that cannot be done by now, or must not be."""
        self.env["oms.proposal"].flush_model()
        for name in ("oms.lane", "oms.allocation", "oms.proposal.line", "product.product"):
            self.env[name].flush_model()
        self.env["oms.position"]._flush_facts()
        until = fields.Datetime.now() - timedelta(days=self.plan_id.keep_days)
        self.env.cr.execute(
            SQL(
                """
                UPDATE oms_proposal asked
                   SET state = 'superseded', write_date = %(now)s, write_uid = %(uid)s
                 WHERE plan_id = %(plan)s AND state = 'proposed'
                   AND (run_id IS DISTINCT FROM %(run)s) AND (
                       create_date < %(until)s
                    OR kind IN ('transfer', 'pull') AND quantity > 1e-9 + COALESCE((
                       SELECT position.available FROM oms_position position
                        WHERE position.product_id = asked.product_id
                          AND position.site_id = asked.origin_id), 0)
                    OR kind = 'preparation'
                    OR kind = 'share' AND 2 > (
                       SELECT COUNT(*) FROM oms_proposal_line part
                         JOIN oms_allocation share ON share.id = part.allocation_id
                        WHERE part.proposal_id = asked.id AND share.active
                          AND ABS(share.amount - COALESCE(part.share_amount, part.before)) < 1e-4)
                    OR kind IN ('transfer', 'pull') AND EXISTS (
                       SELECT FROM oms_lane lane
                        WHERE lane.id = asked.lane_id AND NOT (lane.active AND lane.allowed))
                    OR asked.site_id <> ALL(%(sites)s) OR asked.origin_id <> ALL(%(sites)s)
                    OR EXISTS (
                       SELECT FROM product_product goods
                        WHERE goods.id = asked.product_id AND NOT goods.active)
                    OR %(forbidden)s)
                """,
                now=fields.Datetime.now(),
                uid=self.env.uid,
                plan=self.plan_id.id,
                run=self.id,
                until=until,
                sites=self.plan_id._get_sites().ids,
                forbidden=self.env["oms.flow.constraint"]._get_forbidding_sql(
                    self.plan_id, fields.Date.today()
                ),
            )
        )
        self.env["oms.proposal"].invalidate_model()

    # === GATHERING === #

    def _get_goods_sql(self):
        """Return a condition on ``position.product_id``: the goods that the plan is about.

        :rtype: SQL
        """
        self.ensure_one()
        plan = self.plan_id
        categories = self.env["product.category"].search([("id", "child_of", plan.categ_ids.ids)])
        self.env["product.product"].flush_model()
        self.env["product.template"].flush_model()
        return SQL(
            """
            position.product_id IN (
                SELECT own.id FROM product_product own
                  JOIN product_template kept ON kept.id = own.product_tmpl_id
                 WHERE own.active AND kept.is_storable
                   AND (kept.company_id IS NULL OR kept.company_id = %s) AND %s)
            """,
            plan.company_id.id,
            SQL("kept.categ_id = ANY(%s)", categories.ids) if plan.categ_ids else SQL("TRUE"),
        )

    def _read(self, query, count, **parameters):
        """Return the columns of a select about goods at the plan's sites, as floats."""
        return self.env["oms.value"]._read_columns(
            query, count, self.plan_id._get_sites(), self._get_goods_sql(), **parameters
        )

    def _gather(self):
        """Return what is planned: what there is, of as many goods as can be planned together.

        :rtype: Facts
        :raises UserError: the network has no sites with stock
        """
        return self._limit(self._gather_all())

    def _limit(self, facts):
        """Return the facts of the goods that are worth most, if there are too many for one run."""
        most_cells = min(MOST_CELLS, STAGE_CELLS.get(self.stage, MOST_CELLS))
        cells = len(facts.product_ids) * len(facts.sites)
        if len(facts.product) <= MOST_ROWS and cells <= most_cells:
            return facts
        days = float(self.plan_id.horizon_days)
        return facts.take(facts.find_weightiest(days, MOST_ROWS, most_cells))

    def _gather_all(self):
        """Return what there is at the sites of the plan, open proposals taken into account.

        :rtype: Facts
        :raises UserError: the network has no sites with stock
        """
        self.ensure_one()
        plan = self.plan_id
        sites = plan._get_sites()
        if not sites:
            raise UserError(
                self.env._(
                    "No site of %s keeps stock in a warehouse: add sites to the network.",
                    plan.network_id.name,
                )
            )
        self.env.flush_all()
        stock = self._read(_POSITIONS, 7)
        pace = self._gather_pace()
        opened = self._read(_OPEN, 4)
        ids = flow_facts.join_keys(stock[:2], pace[:2], opened[:2])
        on_hand, demand, claimed, incoming, safety = flow_facts.spread(*ids, stock)
        rate, variance = flow_facts.spread(*ids, pace)
        ages = self.env["oms.value"]._read_ages(sites, self._get_goods_sql())
        [age] = flow_facts.spread(*ids, ages)
        comes, goes = flow_facts.spread(*ids, opened)
        product_ids, product = np.unique(ids[0], return_inverse=True)
        names, price, cost, weight = self._gather_goods(product_ids)
        return Facts(
            sites=sites,
            product_ids=product_ids,
            names=names,
            price=price,
            cost=cost,
            weight=weight,
            product=product.astype(np.int64).reshape(-1),
            site=np.searchsorted(sites.ids, ids[1]),
            on_hand=on_hand,
            demand=demand + goes,
            claimed=claimed,
            incoming=incoming + comes,
            safety=safety,
            rate=rate,
            variance=variance,
            age=age,
            local=self._gather_local(*ids),
        )

    def _gather_goods(self, product_ids):
        """Return names, prices, costs and weights of products in the order of their ids."""
        names, price, cost, weight = self.env["oms.value"]._read_goods(self.company_id, product_ids)
        return names, price, cost, weight * self.env["oms.sourcing"]._get_unit_kg()

    def _gather_pace(self):
        """Return how goods are wanted: columns of product id, site id, rate a day and variance."""
        plan = self.plan_id
        return self.env["oms.value"]._read_pace(
            plan._get_policy(), plan._get_sites(), self._get_goods_sql()
        )

    def _read_sold(self):
        """Return how goods sold lately: see the method of the same name of ``oms.value``."""
        plan = self.plan_id
        return self.env["oms.value"]._read_sold(
            plan._get_policy(), plan._get_sites(), self._get_goods_sql()
        )

    def _get_lanes(self, sites):
        """Return the lanes between sites that may be used.

        :rtype: oms.lane
        """
        return self.env["oms.lane"].search(
            [("origin_id", "in", sites.ids), ("site_id", "in", sites.ids), ("allowed", "=", True)],
            order="id",
        )
