from datetime import timedelta

import numpy as np

from odoo import fields, models
from odoo.tools import SQL

from ...engine import replenishment
from ...engine.demand import law
from .flow_facts import spread
from .flow_offers import Offers

#: How surely stock lasts until the next delivery where nothing else is said.
SERVICE = 0.95
#: Days between two orders of the same goods where nothing else is said.
CYCLE_DAYS = 7.0
#: Days until goods come where nobody says it.
DEFAULT_LEAD_DAYS = 7.0

_RULES = """
    SELECT position.product_id, place.oms_position_site_id, MAX(position.product_min_qty),
           MAX(GREATEST(position.product_max_qty, position.product_min_qty))
      FROM stock_warehouse_orderpoint position
      JOIN stock_location place ON place.id = position.location_id
     WHERE position.active AND place.oms_position_site_id = ANY(%(sites)s) AND %(goods)s
  GROUP BY position.product_id, place.oms_position_site_id
"""


#: Days in which receipts tell how reliable a supplier is, and how many of them it takes.
LATENESS_DAYS = 365
FEWEST_RECEIPTS = 5

_LATENESS = """
    SELECT purchase.partner_id,
           AVG(EXTRACT(EPOCH FROM move.date - line.date_planned) / 86400.0)::float8,
           STDDEV_SAMP(EXTRACT(EPOCH FROM move.date - line.date_planned) / 86400.0)::float8
      FROM purchase_order purchase
      JOIN purchase_order_line line ON line.order_id = purchase.id
      JOIN stock_move move ON move.purchase_line_id = line.id
      JOIN stock_location source ON source.id = move.location_id
     WHERE purchase.company_id = %(company)s AND purchase.partner_id = ANY(%(partners)s)
       AND move.state = 'done' AND move.date >= %(since)s AND line.date_planned IS NOT NULL
       AND source.usage = 'supplier'
  GROUP BY purchase.partner_id
    HAVING COUNT(*) >= %(fewest)s
"""


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
        sellers = self._find_sellers(facts)
        lateness = self._get_lateness(sellers.partner_id)
        offers = Offers(facts, sellers, plan.company_id, fields.Date.today(), lateness)
        point, up_to = self._get_levels(facts, lanes, offers)
        found = replenishment.replenish(
            self._prepare_replenishment(facts, lanes, departures, offers, point, up_to)
        )
        self._note_replenishment(facts, offers, found)
        if "pull" in kinds:
            self._propose(self._prepare_pulls(facts, lanes, departures, found))
        if "purchase" in kinds:
            rows = self._prepare_purchases(facts, offers, point, up_to, found)
            self._propose(sorted(rows, key=lambda row: -row["gain"]))

    # === INTO THE ENGINE'S WORDS === #

    def _find_sellers(self, facts):
        """Return the price lists that hold today for the goods of the plan.

        :rtype: product.supplierinfo
        """
        ids = [int(each) for each in facts.product_ids]
        templates = self.env["product.product"].browse(ids).product_tmpl_id
        today = fields.Date.today()
        return self.env["product.supplierinfo"].search(
            [
                ("product_tmpl_id", "in", templates.filtered("purchase_ok").ids),
                ("company_id", "in", (self.company_id.id, False)),
                ("partner_id.active", "=", True),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", today),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", today),
            ],
            order="sequence, id",
        )

    def _get_lateness(self, partners):
        """Return how much later than agreed the goods of suppliers came.

        :param partners: ``res.partner``
        :return: days on average and their standard deviation by id, of those of whom enough came
        :rtype: dict[int, tuple[float, float]]
        """
        self.env["purchase.order.line"].flush_model()
        self.env["stock.move"].flush_model(["date", "state", "purchase_line_id"])
        self.env.cr.execute(
            SQL(
                _LATENESS,
                company=self.company_id.id,
                partners=partners.ids,
                since=fields.Datetime.subtract(fields.Datetime.now(), days=LATENESS_DAYS),
                fewest=FEWEST_RECEIPTS,
            )
        )
        return {partner: (late, wide) for partner, late, wide in self.env.cr.fetchall()}

    def _get_levels(self, facts, lanes, offers):
        """Return at which stock a row is replenished, and up to which.

        By Odoo's reordering rules where there are any; else so that the stock surely lasts until
        the next delivery but one. Never more than fits, or than is sold before the goods' end.

        :return: two arrays of shape (rows,); nan for goods that are not wanted
        :rtype: tuple
        """
        lead = self._get_lead_days(facts, lanes, offers)
        point, up_to = self._get_wished_levels(facts, lead)
        shelf, capacity, life = (
            each[facts.product, facts.site] for each in self._get_shelf_limits(facts)
        )
        point = np.maximum(point, shelf)
        # Where there is no end in sight there is no most either, whatever is wanted.
        sold = np.where(np.isinf(life), np.inf, np.ceil(facts.rate * np.minimum(life, 1e6)))
        most = np.minimum(capacity, sold)
        up_to = np.minimum(np.maximum(up_to, point), most)
        point = np.minimum(point, most)
        over = life <= lead
        return np.where(over, np.nan, point), np.where(over, np.nan, up_to)

    def _get_wished_levels(self, facts, lead):
        """Return the levels by rules or by what is wanted, whatever limits there are.

        :param lead: days until a row can have more, shape (rows,)
        """
        days = lead + max(self.plan_id.interval_days, 1.0)
        point = law.quantile(SERVICE, facts.rate * days, facts.variance * days)
        up_to = np.ceil(point + facts.rate * CYCLE_DAYS)
        wanted = facts.rate > 0.0
        point, up_to = np.where(wanted, point, np.nan), np.where(wanted, up_to, np.nan)
        self.env["stock.warehouse.orderpoint"].flush_model()
        rules = self._read(_RULES, 4)
        if not len(rules[0]):
            return point, up_to
        site_ids = np.array(facts.sites.ids)[facts.site]
        least, most = spread(facts.product_ids[facts.product], site_ids, rules, np.nan)
        ruled = ~np.isnan(least)
        return np.where(ruled, least, point), np.where(ruled, most, up_to)

    def _get_lead_days(self, facts, lanes, offers):
        """Return after how many days a row can have more, shape (rows,)."""
        place_of = {site: place for place, site in enumerate(facts.sites)}
        by_lane = np.full(len(facts.sites), np.inf)
        for lane in lanes:
            place = place_of[lane.site_id]
            by_lane[place] = min(by_lane[place], lane.days)
        bought = np.full(len(facts.product_ids), DEFAULT_LEAD_DAYS)
        for product, days in offers.get_lead_days().items():
            bought[product] = days
        days = by_lane[facts.site]
        return np.where(np.isinf(days), bought[facts.product], days)

    def _prepare_replenishment(self, facts, lanes, departures, offers, point, up_to):
        """Return the problem of the engine.

        :rtype: replenishment.Problem
        """
        plan, policy = self.plan_id, self.plan_id._get_policy()
        terms = policy._get_terms()
        balancing = self._prepare_balance(facts, lanes, departures)
        buying = [
            place for place, site in enumerate(facts.sites) if site.warehouse_id.buy_to_resupply
        ]
        sites = None if len(buying) == len(facts.sites) else buying
        return replenishment.Problem(
            balancing.network,
            balancing.goods,
            balancing.stocks,
            point,
            up_to,
            offers.suppliers,
            offers.prepare(sites),
            replenishment.Settings(
                horizon_days=float(plan.horizon_days),
                holding=terms.holding,
                interest=terms.interest,
                carbon_price=policy.carbon_price / 1000.0,
                default_lead_days=DEFAULT_LEAD_DAYS,
            ),
        )

    # === OUT OF THE ENGINE'S WORDS === #

    def _prepare_pulls(self, facts, lanes, departures, found):
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
                        "facts": {"order_point": pull.order_point, "shortage": shortage},
                    },
                }
            )
        return sorted(rows, key=lambda row: -row["gain"])

    def _prepare_purchases(self, facts, offers, point, up_to, found):
        """Return the values of the proposals to buy."""
        lines = [
            (order, line)
            for order in found.orders
            if order.outcome != "waits"
            for line in order.lines
            if line.quantity > 0
        ]
        if not lines:
            return []
        site_ids = facts.sites.ids
        places = facts.get_rows(
            [int(facts.product_ids[line.product]) for _order, line in lines],
            [site_ids[line.site] for _order, line in lines],
        )
        lead = np.array([line.alternatives[0].lead_days for _order, line in lines])
        held = np.array([line.held for _order, line in lines])
        units = np.array([line.quantity for _order, line in lines])
        rate, variance = facts.rate[places], facts.variance[places]
        days = lead + self.plan_id.horizon_days
        # Without it whatever is wanted beyond what is held is missed; with it less is.
        missed = law.loss(np.maximum(held, 0.0), rate * days, variance * days) - law.loss(
            np.maximum(held + units, 0.0), rate * days, variance * days
        )
        left = law.cdf(np.maximum(held + units - 1.0, 0.0), 2 * rate * days, 2 * variance * days)
        now = fields.Datetime.now().replace(microsecond=0)
        rows = []
        for number, (order, line) in enumerate(lines):
            margin = max(float(facts.price[line.product]) - line.price, 0.0)
            gain, row = margin * float(missed[number]), int(places[number])
            rows.append(
                {
                    "kind": "purchase",
                    "product_id": int(facts.product_ids[line.product]),
                    "site_id": site_ids[line.site],
                    "supplier_id": offers.partners[order.supplier].id,
                    "quantity_proposed": line.quantity,
                    "gain": gain,
                    "unit_gain": gain / line.quantity,
                    "cost": line.value,
                    "risk": float(left[number]),
                    "site_before": line.held,
                    "site_after": line.held + line.quantity,
                    "site_rate": float(rate[number]),
                    "leaves_at": now,
                    "arrives_at": now + timedelta(days=float(lead[number])),
                    "explanation": {
                        "parts": [["saved", gain]],
                        "facts": {
                            "unit_price": line.price,
                            "lead_days": float(lead[number]),
                            "order_point": _number(point[row]),
                            "order_up_to": _number(up_to[row]),
                            "reason": line.reason,
                            "outcome": order.outcome,
                            "chance_short": line.chance_short,
                            "rivals": [
                                [offers.partners[each.supplier].name, each.price, each.lead_days]
                                for each in line.alternatives[1:3]
                                if each.verdict == "dearer"
                            ],
                        },
                    },
                }
            )
        return rows

    # === NOTES === #

    def _note_replenishment(self, facts, offers, found):
        """Tell what nobody sells, or not as it is wanted."""
        words = {
            "offer_without_price": self.env._("%(supplier)s says no price: it is not asked."),
            "offer_nonsense": self.env._("a number in the price list of %(supplier)s is negative."),
            "no_supplier": self.env._("%(number)s units are wanted, and nobody sells them."),
            "short": self.env._("%(number)s units are wanted that no warehouse has."),
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


def _number(value):
    """Return a number of an array as JSON can hold it."""
    return None if np.isnan(value) else float(value)
