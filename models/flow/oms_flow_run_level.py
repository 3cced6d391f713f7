from dataclasses import dataclass

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from ...engine import levels
from ...engine.geography import great_circle_km

#: Days until goods are there of which nobody says it.
DEFAULT_LEAD_DAYS = 7.0
#: Lead times vary by so much of their mean.
LEAD_SPREAD = 0.2
#: What is ordered is to last so many days, if demand is such that it does.
LOT_DAYS = 7.0
#: At most so many sites share the stock of a slow seller.
MOST_SITES = 12
#: Money per unit and kilometer of serving customers from farther away, where stock is pooled; and
#: of a parcel more.
KILOMETER_COST, PARCEL_COST = 0.0004, 5.0

_LEADS = """
    SELECT variant.id, MIN(line.delay)
      FROM product_product variant
      JOIN product_supplierinfo line ON line.product_tmpl_id = variant.product_tmpl_id
           AND (line.product_id IS NULL OR line.product_id = variant.id)
     WHERE variant.id = ANY(%(products)s)
       AND (line.company_id IS NULL OR line.company_id = %(company)s)
       AND (line.date_end IS NULL OR line.date_end >= %(today)s)
  GROUP BY variant.id
"""

_KEPT = """
    SELECT point.product_id, site.id, point.product_min_qty, point.product_max_qty
      FROM stock_warehouse_orderpoint point
      JOIN stock_warehouse warehouse ON warehouse.lot_stock_id = point.location_id
      JOIN oms_site site ON site.warehouse_id = warehouse.id
     WHERE point.active AND point.product_id = ANY(%(products)s) AND site.id = ANY(%(sites)s)
"""

_HELD = """
    SELECT DISTINCT ON (product_id, site_id) product_id, site_id, quantity
      FROM oms_safety_stock
     WHERE active AND operator = 'subtract' AND date_from IS NULL AND date_to IS NULL
       AND product_id = ANY(%(products)s) AND site_id = ANY(%(sites)s)
  ORDER BY product_id, site_id, sequence, id
"""


@dataclass(frozen=True)
class _Wanted:
    """Demand of products (rows) at sites (columns), classes and service by product."""

    products: object
    rate: np.ndarray
    variance: np.ndarray
    abc: np.ndarray
    xyz: np.ndarray
    service: np.ndarray
    is_cycle: np.ndarray


class OmsFlowRun(models.Model):
    """Order points, order-up-to levels and safety stock: what the engine says of goods at sites."""

    _inherit = "oms.flow.run"

    def _stage_level(self):
        """Propose levels where they differ from those that are kept."""
        plan = self.plan_id
        if "level" not in plan._get_kinds():
            return
        facts = self._gather()
        if not len(facts.product_ids):
            return
        wanted = self._get_wanted(facts)
        limits = self.env["oms.stock.rule"]._get_limits(
            plan.company_id, wanted.products, facts.sites
        )
        series, lanes = self._get_series(facts, wanted)
        points = self._get_points(facts, wanted, series)
        found = levels.limited(series, points, limits)
        rows, lines = self._prepare_levels(facts, wanted, series, found, limits, lanes)
        new = self._propose(rows)
        self._add_lines(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.product_id.id, proposal.site_id.id]
            ]
        )

    # === INTO THE ENGINE'S WORDS === #

    def _get_wanted(self, facts):
        """Return demand as the plan sees it, by product and site, and service classes.

        :rtype: _Wanted
        """
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        rate, variance = np.zeros((2, len(products), len(facts.sites)))
        rate[facts.product, facts.site] = facts.rate
        variance[facts.product, facts.site] = facts.variance
        margin = np.maximum(facts.price - np.nan_to_num(facts.cost), 0.0)
        whole = rate.sum(axis=1)
        abc = levels.better_of(levels.abc(margin * whole), levels.abc(whole))
        xyz = levels.xyz(whole, variance.sum(axis=1))
        services = self.env["oms.service.class"]._get_table(self.company_id)
        share, cycle = np.zeros((3, 3)), np.zeros((3, 3), dtype=bool)
        for row, letter in enumerate(levels.ABC):
            for column, other in enumerate(levels.XYZ):
                share[row, column], measure = services[letter, other]
                cycle[row, column] = measure == "cycle"
        return _Wanted(products, rate, variance, abc, xyz, share[abc, xyz], cycle[abc, xyz])

    def _get_series(self, facts, wanted):
        """Return the series of the engine, products at sites in a row, and lanes that supply sites.

        :rtype: tuple[levels.Series, dict]
        """
        lanes = {}
        for lane in self._get_lanes(facts.sites).sorted(lambda lane: (lane.days, lane.id)):
            if lane.origin_id.kind == "warehouse" and lane.site_id.kind != "warehouse":
                lanes.setdefault(lane.site_id, lane)
        self.env.cr.execute(
            SQL(
                _LEADS,
                products=wanted.products.ids,
                company=self.company_id.id,
                today=fields.Date.context_today(self),
            )
        )
        delays = dict(self.env.cr.fetchall())
        bought = np.array(
            [float(delays.get(product_id, DEFAULT_LEAD_DAYS)) for product_id in wanted.products.ids]
        )
        lead = np.repeat(bought[:, None], len(facts.sites), axis=1)
        for column, site in enumerate(facts.sites):
            if site in lanes:
                lead[:, column] = max(lanes[site].days, 0.0)
        review = max(self.plan_id.interval_days, 1.0)
        lot = np.maximum(np.round(wanted.rate * LOT_DAYS), 1.0)
        series = levels.Series.of(
            wanted.rate.ravel(),
            np.maximum(wanted.variance, 0.0).ravel(),
            lead.ravel(),
            (LEAD_SPREAD * lead.ravel()) ** 2,
            review,
            lot.ravel(),
        )
        return series, lanes

    def _get_points(self, facts, wanted, series):
        """Return the order points that service asks for, a number for each row of the series."""
        service = np.repeat(wanted.service, len(facts.sites))
        is_cycle = np.repeat(wanted.is_cycle, len(facts.sites))
        points = np.zeros(len(series))
        for measure, rows in (("fill", ~is_cycle), ("cycle", is_cycle)):
            rows = np.flatnonzero(rows & (series.rate > 0.0))
            if rows.size:
                points[rows] = levels.order_points(series.take(rows), service[rows], measure)
        if self.plan_id.level_scope == "network":
            points = self._get_pooled(facts, wanted, series, points)
        return points

    def _get_pooled(self, facts, wanted, series, points):
        """Return order points of goods of class Z that all sites of the network share.

        What hardly ever is wanted at a site lies at few sites, from which all can be served.
        """
        rare = np.flatnonzero((wanted.xyz == 2) & (wanted.rate.sum(axis=1) > 0.0))
        if not rare.size:
            return points
        sites = facts.sites
        shape = wanted.rate.shape
        rate, variance = wanted.rate[rare].sum(axis=1), wanted.variance[rare].sum(axis=1)
        lead = series.lead.reshape(shape)[rare].max(axis=1)
        whole = levels.Series.of(
            rate, variance, lead, (LEAD_SPREAD * lead) ** 2, float(series.review[0])
        )
        service = np.minimum(wanted.service[rare], 0.9999)
        total = levels.order_points(whole, service)
        lat = np.array([site.latitude for site in sites])
        lng = np.array([site.longitude for site in sites])
        serve = KILOMETER_COST * great_circle_km(lat[:, None], lng[:, None], lat, lng)
        # A store gets it from a warehouse first: that is a way more.
        inward = np.array([0.0 if site.kind == "warehouse" else 0.5 for site in sites])
        opened = levels.open_sites(wanted.rate[rare].sum(axis=0), serve, inward, MOST_SITES)
        shares = wanted.rate[rare] / rate[:, None]
        farther = float(np.median(serve)) if len(sites) > 1 else 0.0
        placed = levels.place(total, whole, shares, opened, PARCEL_COST, farther)
        table = points.reshape(shape).copy()
        table[rare] = placed.units
        return table.ravel()

    # === OUT OF THE ENGINE'S WORDS === #

    def _read_kept(self, facts, wanted):
        """Return what is kept today, shape (products, sites): minimum, maximum and safety stock.

        Where there is no reordering rule minimum and maximum are no numbers.
        """
        shape = wanted.rate.shape
        kept = np.full((2, *shape), np.nan)
        held = np.zeros(shape)
        row_of = {product_id: row for row, product_id in enumerate(wanted.products.ids)}
        column_of = {site_id: column for column, site_id in enumerate(facts.sites.ids)}
        given = {"products": wanted.products.ids, "sites": facts.sites.ids}
        self.env["stock.warehouse.orderpoint"].flush_model()
        self.env["oms.safety.stock"].flush_model()
        self.env.cr.execute(SQL(_KEPT, **given))
        for product_id, site_id, low, high in self.env.cr.fetchall():
            kept[:, row_of[product_id], column_of[site_id]] = float(low), float(high)
        self.env.cr.execute(SQL(_HELD, **given))
        for product_id, site_id, quantity in self.env.cr.fetchall():
            held[row_of[product_id], column_of[site_id]] = float(quantity or 0.0)
        return kept[0], kept[1], held

    def _prepare_levels(self, facts, wanted, series, found, limits, lanes):
        """Return the values of proposals, what gains most first, and of their lines by goods."""
        low, high, held = (each.ravel() for each in self._read_kept(facts, wanted))
        safety = np.ceil(found.safety - 1e-9)
        if self.plan_id.level_held == "none":
            safety = held
        elif self.plan_id.level_held == "store":
            stores = np.array([site.kind != "warehouse" for site in facts.sites])
            safety = np.where(np.tile(stores, len(wanted.products)), safety, held)
        is_new = np.isnan(low)
        about = (series.rate > 0.0) | (limits.presentation > 0.0) | np.isfinite(limits.life)
        changed = (
            np.where(is_new, found.maximum > 0.0, np.abs(found.minimum - low) >= 1.0)
            | (~is_new & (np.abs(found.maximum - high) >= np.maximum(1.0, 0.1 * high)))
            | (np.abs(safety - held) >= 1.0)
        )
        saved, holding = self._get_gains(facts, series, found, np.nan_to_num(high))
        gain = saved - holding
        least = self.plan_id.minimum_gain
        rows = np.flatnonzero(about & changed & ((gain >= least) | (least <= 0.0)))
        rows = rows[np.argsort(-gain[rows], kind="stable")][: self.plan_id.most_proposals]
        sites = len(facts.sites)
        values, lines = [], {}
        for row in rows.tolist():
            product, site = wanted.products[row // sites], facts.sites[row % sites]
            before = [0.0 if np.isnan(each) else float(each) for each in (low[row], high[row])]
            before.append(float(held[row]))
            after = [float(found.minimum[row]), float(found.maximum[row]), float(safety[row])]
            facts_told = self._explain_level(wanted, series, found, row, sites, lanes.get(site))
            values.append(
                {
                    "kind": "level",
                    "product_id": product.id,
                    "site_id": site.id,
                    "quantity_proposed": after[1],
                    "gain": float(gain[row]),
                    "site_before": before[1],
                    "site_after": after[1],
                    "site_rate": float(series.rate[row]),
                    "explanation": {
                        "facts": {"level": {**facts_told, "set": after}},
                        "parts": [["saved", float(saved[row])], ["holding", -float(holding[row])]],
                    },
                }
            )
            lines[product.id, site.id] = self._prepare_level_lines(before, after)
        return values, lines

    def _get_gains(self, facts, series, found, high):
        """Return what levels earn by misses spared, and cost by stock, over the days looked ahead.

        They are compared with the reordering rule that is kept; without one nothing would come.
        """
        days = float(self.plan_id.horizon_days)
        terms = self.plan_id._get_policy()._get_terms()
        sites = len(facts.sites)
        cost = np.repeat(np.nan_to_num(facts.cost), sites)
        margin = np.repeat(np.maximum(facts.price - np.nan_to_num(facts.cost), 0.0), sites)
        missed = levels.missed_share(series, np.stack([high, found.maximum]))
        saved = (missed[0] - missed[1]) * series.rate * margin * days
        stock = levels.mean_stock(series, np.stack([high, found.maximum]))
        holding = (stock[1] - stock[0]) * cost * (terms.holding + terms.interest) * days
        return saved, holding

    def _explain_level(self, wanted, series, found, row, sites, lane):
        """Return what made a level, to be told in words."""
        product = row // sites
        return {
            "class": levels.ABC[wanted.abc[product]] + levels.XYZ[wanted.xyz[product]],
            "service": round(float(wanted.service[product]) * 100.0, 2),
            "measure": "cycle" if wanted.is_cycle[product] else "fill",
            "lead": round(float(series.lead[row]), 1),
            "review": round(float(series.review[row]), 1),
            "origin": lane.origin_id.name if lane else "",
            "pooled": bool(self.plan_id.level_scope == "network" and wanted.xyz[product] == 2),
            **{
                name: round(float(getattr(found, name)[row]), 2)
                for name in (
                    "for_demand",
                    "for_service",
                    "for_presentation",
                    "for_lot",
                    "off_capacity",
                    "off_life",
                )
            },
        }

    def _prepare_level_lines(self, before, after):
        """Return the values of the lines of a proposal: each number that changes or stays."""
        names = (
            self.env._("Order below"),
            self.env._("Order up to"),
            self.env._("Safety stock, not promised"),
        )
        return [
            {
                "sequence": place,
                "name": name,
                "verb": "raise" if new > old else "lower" if new < old else False,
                "before": old,
                "after": new,
            }
            for place, (name, old, new) in enumerate(zip(names, before, after, strict=True))
        ]
