from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from odoo import fields, models

from ...engine import replenishment
from .flow_facts import number, spread
from .flow_offers import DEFAULT_LEAD_DAYS

# Reordering rules of one place and of places in it are about the same stock: the widest one counts.
# Those of places beside each other add up.
_RULES = """
    SELECT position.product_id, place.oms_position_site_id, SUM(position.product_min_qty),
           SUM(GREATEST(position.product_max_qty, position.product_min_qty))
      FROM stock_warehouse_orderpoint position
      JOIN stock_location place ON place.id = position.location_id
     WHERE position.active AND place.oms_position_site_id = ANY(%(sites)s) AND %(goods)s
       AND position.company_id = %(company)s
       AND NOT EXISTS (
           SELECT FROM stock_warehouse_orderpoint wider
             JOIN stock_location around ON around.id = wider.location_id
            WHERE wider.active AND wider.product_id = position.product_id
              AND wider.company_id = position.company_id
              AND around.oms_position_site_id = place.oms_position_site_id
              AND around.id != place.id
              AND place.parent_path LIKE around.parent_path || '%%')
  GROUP BY position.product_id, place.oms_position_site_id
"""


@dataclass(frozen=True)
class _RowLevels:
    """Levels of the rows of what a plan sees.

    :param low: below it a row is replenished, nan for never, shape (rows,)
    :param high: up to it, likewise
    :param step: units that go is multiples of, shape (rows,)
    """

    low: np.ndarray
    high: np.ndarray
    step: np.ndarray

    @property
    def point(self):
        """At or below it a row is replenished: one below the minimum, as reordering rules say."""
        return self.low - self.step


class OmsFlowRun(models.Model):
    """What is bought, and what sites still pull once all transfers are taken into account."""

    _inherit = "oms.flow.run"

    def _stage_replenish(self):
        """Propose purchases, and pulls of what is below its order point."""
        plan = self.plan_id
        kinds = plan._get_kinds()
        if not kinds & {"purchase", "pull"}:
            return
        facts = self._gather()
        lanes = self._get_lanes(facts.sites).filtered(
            lambda lane: self._get_moving_kind(lane) == "pull"
        )
        if "pull" not in kinds:
            lanes = lanes.browse()
        departures = {lane: lane._get_departure(fields.Datetime.now()) for lane in lanes}
        offers = self._get_offers(facts)
        levels = self._get_levels(facts, lanes, offers)
        found = replenishment.replenish(
            self._prepare_replenishment(facts, lanes, departures, offers, levels)
        )
        self._note_replenishment(facts, offers, found)
        if "pull" in kinds:
            self._propose(self._prepare_pulls(facts, lanes, departures, levels, found))
        if "purchase" in kinds:
            rows = self._prepare_purchases(facts, offers, levels, found)
            self._propose(sorted(rows, key=lambda row: -row["gain"]))

    # === INTO THE ENGINE'S WORDS === #

    def _get_levels(self, facts, lanes, offers):
        """Return below which stock a row is replenished, and up to which.

        By Odoo's reordering rules where there are any; else by the service of its class, as levels
        are proposed. Never more than fits, or than is sold before the goods' end.

        :rtype: _RowLevels
        """
        ruled_low, ruled_high = self._read_rules(facts)
        is_ruled = ~np.isnan(ruled_low)
        wanted = self._get_wanted(facts)
        sources = {}
        for lane in lanes.sorted(lambda lane: (lane.days, lane.id)):
            sources.setdefault(lane.site_id, lane)
        cells = facts.product * len(facts.sites) + facts.site
        is_carried = np.zeros(wanted.rate.shape, dtype=bool)
        is_carried[facts.product, facts.site] = True
        found = self._find_levels(facts, wanted, sources, offers, cells, ~is_ruled, is_carried)
        shelf, capacity, life = (
            each[facts.product, facts.site] for each in self._get_shelf_limits(facts)
        )
        low = np.where(is_ruled, np.maximum(ruled_low, shelf), found.levels.minimum)
        high = np.where(is_ruled, np.maximum(ruled_high, low), found.levels.maximum)
        # Where there is no end in sight there is no most either, whatever is wanted.
        sold = np.where(np.isinf(life), np.inf, np.ceil(found.rate * np.minimum(life, 1e6)))
        most = np.minimum(capacity, sold)
        low, high = np.minimum(low, most), np.minimum(high, most)
        # What comes after the end of sale comes too late.
        over = (life <= found.series.lead) | ~(is_ruled | (high > 0.0))
        low, high = np.where(over, np.nan, low), np.where(over, np.nan, high)
        return _RowLevels(low, high, found.step)

    def _read_rules(self, facts):
        """Return minimum and maximum of Odoo's reordering rules, nan where there are none.

        :return: two arrays of shape (rows,)
        """
        self.env["stock.warehouse.orderpoint"].flush_model()
        rules = self._read(_RULES, 4, company=self.company_id.id)
        if not len(rules[0]):
            return np.full((2, len(facts.product)), np.nan)
        site_ids = np.array(facts.sites.ids)[facts.site]
        return spread(facts.product_ids[facts.product], site_ids, rules, np.nan)

    def _prepare_replenishment(self, facts, lanes, departures, offers, levels):
        """Return the problem of the engine.

        :rtype: replenishment.Problem
        """
        plan, policy = self.plan_id, self.plan_id._get_policy()
        terms = policy._get_terms()
        balancing = self._prepare_balance(facts, lanes, departures)
        buying = [
            place for place, site in enumerate(facts.sites) if site.warehouse_id.buy_to_resupply
        ]
        smallest = np.ones(len(facts.product_ids))
        smallest[facts.product] = levels.step
        packs = self._get_packs(facts, smallest)
        return replenishment.Problem(
            balancing.network,
            tuple(
                replace(goods, pack=float(step))
                for goods, step in zip(balancing.goods, smallest, strict=True)
            ),
            balancing.stocks,
            levels.point,
            levels.high,
            offers.suppliers,
            offers.prepare(packs, buying),
            replenishment.Settings(
                horizon_days=float(plan.horizon_days),
                holding=terms.holding,
                interest=terms.interest,
                carbon_price=policy.carbon_price / 1000.0,
                default_lead_days=DEFAULT_LEAD_DAYS,
            ),
        )

    def _get_packs(self, facts, smallest):
        """Return in which packs goods come from suppliers, shape (products, sites)."""
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        rules = self.env["oms.stock.rule"]
        limits = rules._get_limits(self.company_id, products, facts.sites, smallest)
        return limits.pack.reshape(len(products), len(facts.sites))

    # === OUT OF THE ENGINE'S WORDS === #

    def _prepare_pulls(self, facts, lanes, departures, levels, found):
        """Return the values of the proposals to pull from warehouses."""
        weights = np.nan_to_num(facts.weight, nan=self.plan_id._get_policy().default_weight)
        rows, available = [], facts.available
        for pull, giver, getter in zip(found.pulls, *_find_ends(facts, found.pulls), strict=True):
            lane, leaves = lanes[pull.lane], departures[lanes[pull.lane]]
            product_id = int(facts.product_ids[pull.product])
            kilograms = float(weights[pull.product]) * pull.quantity
            before = float(available[giver])
            shortage = pull.wanted - pull.quantity if pull.is_short else 0.0
            rows.append(
                {
                    "kind": "pull",
                    "product_id": product_id,
                    "origin_id": lane.origin_id.id,
                    "site_id": lane.site_id.id,
                    "lane_id": lane.id,
                    "quantity_proposed": pull.quantity,
                    "gain": pull.value - pull.cost,
                    "unit_gain": (pull.value - pull.cost) / pull.quantity,
                    "cost": pull.cost,
                    "carbon_kg": kilograms * lane.kg_carbon,
                    "weight": kilograms,
                    "origin_before": before,
                    "origin_after": before - pull.quantity,
                    "site_before": pull.held,
                    "site_after": pull.held + pull.quantity,
                    "origin_rate": float(facts.rate[giver]),
                    "site_rate": float(facts.rate[getter]),
                    "leaves_at": leaves.replace(microsecond=0),
                    "arrives_at": (leaves + timedelta(days=lane.days)).replace(microsecond=0),
                    "explanation": {
                        "parts": [["value_there", pull.value], ["way", -pull.cost]],
                        "facts": {
                            "order_point": number(levels.low[getter]),
                            "shortage": shortage,
                        },
                    },
                }
            )
        return sorted(rows, key=lambda row: -row["gain"])

    # === NOTES === #

    def _note_replenishment(self, facts, offers, found):
        """Tell what nobody sells, or not as it is wanted."""
        words = {
            "offer_without_price": self.env._("%(supplier)s says no price: it is not asked."),
            "offer_nonsense": self.env._("a number in the price list of %(supplier)s is negative."),
            "no_supplier": self.env._("nobody sells them; units wanted: %(number)s."),
            "short": self.env._("no warehouse has it; units wanted: %(number)s."),
            "waits": self.env._(
                "the order from %(supplier)s is below its minimum: it waits for %(number)s days."
            ),
            "long_cover": self.env._("the least that %(supplier)s sells lasts %(number)s days."),
        }
        rows = []
        for note in found.notes:
            if note.code not in words:
                continue
            number = getattr(note, "supplier", None)
            if number is None and getattr(note, "offer", None) is not None:
                number = offers.rows[offers.row_of[note.offer]][1]
            product = note.product is not None and facts.names[note.product]
            site = note.site is not None and facts.sites[note.site]
            message = words[note.code] % {
                "supplier": offers.partners[number].name if number is not None else "",
                "number": f"{note.number:.0f}",
            }
            about = ", ".join(filter(None, (product, site and site.name)))
            rows.append(
                (
                    note.code,
                    f"{about}: {message}" if about else message,
                    int(facts.product_ids[note.product]) if product else None,
                    site.id if site else None,
                )
            )
        # What is wanted of a site by others and by itself is told once.
        self._note_all("replenish", dict.fromkeys(rows))


def _find_ends(facts, pulls):
    """Return the rows of facts at which pulls begin and end, two arrays of shape (pulls,)."""
    site_ids = np.array(facts.sites.ids, dtype=np.int64)
    goods, origins, destinations = (
        np.array([[pull.product, pull.origin, pull.destination] for pull in pulls], dtype=np.int64)
        .reshape(-1, 3)
        .T
    )
    ids = facts.product_ids[goods]
    return facts.get_rows(ids, site_ids[origins]), facts.get_rows(ids, site_ids[destinations])
