from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Weeks of which orders are looked at.
FILL_WEEKS = 4

_STOCK = """
    SELECT COALESCE(SUM(position.on_hand), 0),
           COALESCE(SUM(position.on_hand
               * COALESCE((variant.standard_price ->> %(company)s)::float8, 0)), 0)
      FROM oms_position position
      JOIN product_product variant ON variant.id = position.product_id
     WHERE position.site_id = ANY(%(sites)s) AND position.on_hand > 0
"""

_AGE = """
    SELECT SUM(quant.quantity * GREATEST(EXTRACT(EPOCH FROM %(now)s - quant.in_date), 0) / 86400)
           / NULLIF(SUM(quant.quantity), 0)
      FROM stock_quant quant
      JOIN stock_location place ON place.id = quant.location_id
     WHERE place.oms_position_site_id = ANY(%(sites)s) AND quant.quantity > 0
"""

_SOLD = """
    SELECT COALESCE(SUM(move.product_qty), 0)
      FROM stock_move move
      JOIN stock_location source ON source.id = move.location_id
      JOIN stock_location target ON target.id = move.location_dest_id
     WHERE move.state = 'done' AND move.date >= %(since)s AND target.usage = 'customer'
       AND source.oms_position_site_id = ANY(%(sites)s)
"""

# What is under way counts as filled: it was there when it was asked for. What is open is counted
# in the unit of the product, what was ordered in that of the order.
_FILL = """
    SELECT SUM(GREATEST(line.product_uom_qty * ordered.factor / own.factor
                        - COALESCE(line.oms_qty_open, 0), 0))
           / NULLIF(SUM(line.product_uom_qty * ordered.factor / own.factor), 0)
      FROM sale_order_line line
      JOIN sale_order sale ON sale.id = line.order_id
      JOIN product_product variant ON variant.id = line.product_id
      JOIN product_template template ON template.id = variant.product_tmpl_id
      JOIN uom_uom ordered ON ordered.id = line.product_uom_id
      JOIN uom_uom own ON own.id = template.uom_id
     WHERE sale.date_order >= %(since)s AND sale.company_id = %(company_id)s
       AND sale.state IN ('sale', 'done') AND template.is_storable AND line.product_uom_qty > 0
"""


class OmsFlowKpi(models.Model):
    """Figures are kept once a day, and again after each run."""

    _inherit = "oms.flow.kpi"

    @api.model
    def _cron_measure(self):
        """Keep the figures of all plans, and forget constraints that have run out."""
        self.env["oms.flow.constraint"]._forget_outdated()
        self._measure(self.env["oms.flow.plan"].search([("active", "=", True)]))

    @api.model
    def _measure(self, plans):
        """Keep the figures of plans as they are now, one row for each a day.

        :param plans: ``oms.flow.plan``
        :rtype: oms.flow.kpi
        """
        today, found = fields.Date.today(), self.browse()
        kept = {
            row.plan_id: row
            for row in self.search([("plan_id", "in", plans.ids), ("day", "=", today)])
        }
        self.env.flush_all()
        for plan in plans:
            vals = {**self._read_stock(plan), **self._read_flows(plan, today)}
            if plan in kept:
                kept[plan].write(vals)
                found |= kept[plan]
            else:
                found |= self.create({"plan_id": plan.id, "day": today, **vals})
        return found

    @api.model
    def _read_stock(self, plan):
        """Return how the sites of a plan stand."""
        now = fields.Datetime.now()
        parameters = {
            "sites": plan._get_sites().ids,
            "company": str(plan.company_id.id),
            "company_id": plan.company_id.id,
            "now": now,
            "since": now - timedelta(weeks=FILL_WEEKS),
        }

        def read(query):
            self.env.cr.execute(SQL(query, **parameters))
            return self.env.cr.fetchone()

        units, value = read(_STOCK)
        [age], [sold], [filled] = read(_AGE), read(_SOLD), read(_FILL)
        pace = float(sold) / (FILL_WEEKS * 7.0)
        return {
            "stock_units": units,
            "stock_value": value,
            "age_days": age or 0.0,
            "cover_days": float(units) / pace if pace else 0.0,
            "fill_rate": 100.0 * float(filled) if filled is not None else 100.0,
        }

    @api.model
    def _read_flows(self, plan, today):
        """Return what became of a plan's proposals today, and what is open."""
        Proposal = self.env["oms.proposal"]
        own = [("plan_id", "=", plan.id)]
        [(count, gain)] = Proposal._read_group(
            [*own, ("state", "=", "proposed")], aggregates=["__count", "gain:sum"]
        )
        accepted = [
            *own,
            ("state", "in", ("accepted", "done")),
            ("decided_at", ">=", fields.Datetime.to_datetime(today)),
        ]
        vals = {
            "open_proposals": count, "open_gain": gain, "transfers": 0, "transfer_units": 0.0,
            "purchases": 0, "gain": 0.0, "carbon_kg": 0.0,
        }  # fmt: skip
        for kind, number, units, earned, carbon in Proposal._read_group(
            accepted, ["kind"], ["__count", "quantity:sum", "gain:sum", "carbon_kg:sum"]
        ):
            vals["gain"] += earned
            if kind in ("transfer", "pull"):
                vals["transfers"] += number
                vals["transfer_units"] += units
                vals["carbon_kg"] += carbon
            elif kind == "purchase":
                vals["purchases"] += number
        return vals


class OmsFlowRun(models.Model):
    _inherit = "oms.flow.run"

    def _stage_measure(self):
        """Keep the figures of the plan after the run."""
        self.env["oms.flow.kpi"]._measure(self.plan_id)
