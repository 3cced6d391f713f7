import numpy as np

from odoo import models
from odoo.tools import SQL

from ...engine import levels

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
        sources = self._get_sources(facts)
        found = self._find_levels(facts, wanted, sources, self._get_offers(facts))
        rows, lines = self._prepare_levels(facts, wanted, found, sources)
        new = self._propose(rows)
        self._add_lines(
            [
                {**line, "proposal_id": proposal.id}
                for proposal in new
                for line in lines[proposal.product_id.id, proposal.site_id.id]
            ]
        )

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

    def _prepare_levels(self, facts, wanted, found, sources):
        """Return the values of proposals, what gains most first, and of their lines by goods."""
        low, high, held = (each.ravel()[found.cells] for each in self._read_kept(facts, wanted))
        own = found.levels
        is_held = self._get_holding_sites(facts)[found.cells % len(facts.sites)]
        safety = np.ceil(own.safety / found.step - 1e-9) * found.step
        after = own.minimum, own.maximum, np.where(is_held, safety, held)
        saved, holding = self._get_gains(facts, wanted, found, np.nan_to_num(high))
        gain, least = saved - holding, self.plan_id.minimum_gain
        # What rules and the end of sale ask for is proposed whatever it gains.
        bound = (own.for_presentation > 0.0) & (own.minimum > np.nan_to_num(low))
        bound |= (own.off_capacity + own.off_life > 0.0) & (own.maximum < np.nan_to_num(high))
        told = bound | (gain >= least) | (least <= 0.0)
        rows = np.flatnonzero(self._is_changed(found, (low, high, held), after) & told)
        most = self.plan_id.most_proposals
        self._note_beyond(len(rows) - most)
        rows = rows[np.argsort(-gain[rows], kind="stable")][:most]
        values, lines = [], {}
        for row in rows.tolist():
            before = np.nan_to_num([low[row], high[row], held[row]]).tolist()
            new = [float(each[row]) for each in after]
            vals = self._prepare_level(facts, wanted, found, sources, row)
            vals["explanation"]["facts"]["level"]["set"] = [
                *new[:2],
                new[2] if is_held[row] else None,
            ]
            parts = [["saved", float(saved[row])], ["holding", -float(holding[row])]]
            vals["explanation"]["parts"] = parts
            values.append({**vals, "gain": float(gain[row]), "site_before": before[1]})
            lines[vals["product_id"], vals["site_id"]] = self._prepare_level_lines(before, new)
        return values, lines

    def _get_holding_sites(self, facts):
        """Return at which sites safety stock is held back, shape (sites,)."""
        held = self.plan_id.level_held
        return np.array(
            [
                held == "all" or (held == "store" and site.kind != "warehouse")
                for site in facts.sites
            ]
        )

    def _is_changed(self, found, before, after):
        """Return which levels differ from those that are kept by more than it is worth to write.

        :param before: minimum, maximum (nan where there is no rule) and safety stock
        :param after: likewise
        """
        low, high, held = before
        least = np.where(found.series.decimal, np.maximum(found.step, 0.05 * after[1]), found.step)
        least = np.nan_to_num(least)
        is_new = np.isnan(low)
        old_low, old_high = np.nan_to_num(low), np.nan_to_num(high)
        return (
            np.where(is_new, after[1] > 0.0, np.abs(after[0] - old_low) >= least - 1e-9)
            | (~is_new & (np.abs(after[1] - old_high) >= np.maximum(least, 0.1 * old_high) - 1e-9))
            | (np.abs(after[2] - held) >= least - 1e-9)
        )

    def _prepare_level(self, facts, wanted, found, sources, row):
        """Return the values of a proposal of one level."""
        product, place = divmod(int(found.cells[row]), len(facts.sites))
        site, most = facts.sites[place], float(found.levels.maximum[row])
        level = self._explain_level(wanted, found, row, product, sources.get(site))
        return {
            "kind": "level",
            "product_id": wanted.products[product].id,
            "site_id": site.id,
            "quantity_proposed": most,
            "site_after": most,
            "site_rate": float(found.rate[row]),
            "explanation": {"facts": {"level": level}},
        }

    def _get_gains(self, facts, wanted, found, high):
        """Return what levels earn by misses spared, and cost by stock, over the days looked ahead.

        They are compared with the reordering rule that is kept; without one nothing would come.
        """
        days, series = float(self.plan_id.horizon_days), found.series
        product = found.cells // len(facts.sites)
        cost = np.nan_to_num(facts.cost)[product]
        margin = np.maximum(facts.price[product] - cost, 0.0)
        positions = np.stack([high, found.levels.maximum]) / found.step
        missed = levels.missed_share(series, positions)
        spared = (missed[0] - missed[1]) * found.rate
        shared = wanted.shared[product]
        if shared.any():
            spared[shared] = self._get_spared(wanted, found, high)[shared]
        saved = spared * margin * days
        stock = levels.mean_stock(series, positions) * found.step
        holding = (stock[1] - stock[0]) * cost * self._get_holding_cost() * days
        return saved, holding

    def _explain_level(self, wanted, found, row, product, lane):
        """Return what made a level, to be told in words."""
        series, cut = found.series, float(found.off_worth[row])
        return {
            "class": levels.ABC[wanted.abc[product]] + levels.XYZ[wanted.xyz[product]],
            "service": round(float(wanted.service[product]) * 100.0, 2),
            "measure": "cycle" if wanted.is_cycle[product] else "fill",
            "lead": round(float(series.lead[row]), 1),
            "late": round(float(np.sqrt(series.lead_variance[row])), 1),
            "review": round(float(series.review[row]), 1),
            "own": round(float(found.own[row]), 4),
            "origin": lane.origin_id.name if lane else "",
            "pooled": bool(wanted.shared[product])
            and ("rare" if wanted.xyz[product] == 2 else "all"),
            "local": round(float(wanted.local.ravel()[found.cells[row]]) * 100.0),
            "for_service": round(float(found.levels.for_service[row]) + cut, 2),
            "off_worth": round(cut, 2),
            **{
                name: round(float(getattr(found.levels, name)[row]), 2)
                for name in (
                    "for_demand",
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
