from dataclasses import replace

import numpy as np

from odoo import fields, models

from ...engine import balancing
from ...engine.demand import law
from .oms_lane_room import Load

#: Kinds of sites that supply the others.
SUPPLYING_KINDS = ("warehouse",)
#: How surely what is sent to a site lasts for the days that a plan looks ahead.
COVER = 0.95
#: Of its cost that a unit counts as losing for each year for which it has been lying, where old
#: goods are to go first; else a tenth of it.
AGEING = 0.5


class OmsFlowRun(models.Model):
    """Transfers between sites: what the engine decides, written down as proposals."""

    _inherit = "oms.flow.run"

    def _stage_balance(self):
        """Propose transfers and pulls, over all goods at once."""
        plan = self.plan_id
        if not plan._get_kinds() & {"transfer", "pull"}:
            return
        facts = self._gather()
        lanes = self._get_lanes(facts.sites)
        if not lanes:
            self._note("balance", self._get_laneless_sentence(facts.sites))
            return
        departures = {lane: lane._get_departure(fields.Datetime.now()) for lane in lanes}
        self._note_departures(departures)
        problem = self._prepare_balance(facts, lanes, departures)
        cover = self._get_cover(facts, problem.stocks)
        shelf = problem.stocks.capacity
        capped = replace(problem.stocks, capacity=np.minimum(shelf, cover))
        problem = replace(problem, stocks=capped)
        found = balancing.balance(problem)
        self._note_balance(facts, lanes, found)
        self.figures = {
            **(self.figures or {}),
            "value_before": found.value_before,
            "value_after": found.value_after,
            "bound": found.bound,
        }
        rows = self._prepare_moves(facts, lanes, departures, problem, shelf, found)
        self._propose(sorted(rows, key=lambda row: -row["gain"]))

    def _get_laneless_sentence(self, sites):
        """Say why nothing can be moved."""
        if len(sites) < 2:
            return self.env._(
                "%s keeps stock at one site only: there is nowhere to move goods to. Add sites to "
                "the network, or leave transfers out of the plan.",
                self.network_id.name,
            )
        return self.env._(
            "No lane leads between sites of %s: nothing is moved. Make lanes in the network.",
            self.network_id.name,
        )

    # === INTO THE ENGINE'S WORDS === #

    def _prepare_balance(self, facts, lanes, departures):
        """Return the problem of the engine.

        :param Facts facts: what there is
        :param lanes: ``oms.lane``
        :param dict departures: when goods leave by lane; False if never
        :rtype: balancing.Problem
        """
        plan, policy = self.plan_id, self.plan_id._get_policy()
        place_of = {site: place for place, site in enumerate(facts.sites)}
        terms = policy._get_terms()
        settings = balancing.Settings(
            horizon_days=terms.horizon,
            interest=terms.interest,
            ageing=AGEING if plan.preset == "drain" else AGEING / 10.0,
            excess_days=float(plan.horizon_days),
            risk_days=float(plan.horizon_days),
            carbon_price=policy.carbon_price / 1000.0,
            least_gain=plan.minimum_gain,
        ).with_preset(plan.preset)
        loads = lanes._get_loads(departures)
        network = balancing.Network(
            tuple(
                balancing.Site(site.name, "warehouse" if site.kind in SUPPLYING_KINDS else "store")
                for site in facts.sites
            ),
            tuple(
                self._prepare_engine_lane(lane, place_of, departures[lane], loads.get(lane, Load()))
                for lane in lanes
            ),
        )
        limits = self._get_shelf_limits(facts)
        return balancing.Problem(
            network,
            self._prepare_goods(facts, policy, terms),
            self._prepare_stocks(facts, terms, limits),
            settings,
            self._prepare_banned(facts, lanes),
        )

    def _prepare_engine_lane(self, lane, place_of, leaves, load):
        """Return a lane in the words of the engine.

        :param Load load: what goes with the next departure already
        """
        # Room that is taken is not there, and who goes with others need not fill a shipment.
        kilograms = lane.capacity_kg - load.kilograms if lane.capacity_kg else float("inf")
        units = lane.capacity_units - load.units if lane.capacity_units else float("inf")
        has_room = kilograms > 0 and units > 0
        wait = (leaves - fields.Datetime.now()).total_seconds() / 86400.0 if leaves else 0.0
        kinds = self.plan_id._get_kinds()
        return balancing.Lane(
            place_of[lane.origin_id],
            place_of[lane.site_id],
            days=lane.days + max(wait, 0.0),
            fixed=lane.shipment_cost,
            per_kg=lane.kg_cost,
            per_unit=lane.unit_cost,
            carbon_kg_per_kg=lane.kg_carbon,
            minimum_units=max(lane.minimum_units - load.units, 0.0),
            capacity_kg=kilograms if has_room else float("inf"),
            capacity_units=units if has_room else float("inf"),
            allowed=bool(leaves) and has_room and self._get_moving_kind(lane) in kinds,
        )

    def _get_moving_kind(self, lane):
        """Tell whether a lane is one on which a warehouse supplies others."""
        supplies = lane.origin_id.kind in SUPPLYING_KINDS
        return "pull" if supplies and lane.site_id.kind not in SUPPLYING_KINDS else "transfer"

    def _get_shelf_limits(self, facts):
        """Return what stock rules say of the goods, by product and site.

        Packs are how goods come from suppliers: between sites they are broken.

        :return: shelf minimum, capacity and days until the end, each of shape (products, sites)
        :rtype: tuple
        """
        products = self.env["product.product"].browse(facts.product_ids.tolist())
        limits = self.env["oms.stock.rule"]._get_limits(self.company_id, products, facts.sites)
        shape = len(products), len(facts.sites)
        columns = limits.presentation, limits.capacity, limits.life
        return tuple(column.reshape(shape) for column in columns)

    def _prepare_goods(self, facts, policy, terms):
        """Return the products in the words of the engine.

        What a day on the shelf costs and what is left over brings follow from the price, as they do
        for returns and for sourcing.
        """
        weights = np.where(np.isnan(facts.weight), policy.default_weight, facts.weight)
        return tuple(
            balancing.Goods(
                name,
                float(price),
                cost=None if np.isnan(cost) else float(cost),
                weight=float(weight),
                salvage=float(max(price, 0.0)) * terms.salvage,
                markdown=terms.decline,
                holding=float(max(price, 0.0)) * terms.holding,
            )
            for name, price, cost, weight in zip(
                facts.names, facts.price, facts.cost, weights, strict=True
            )
        )

    def _get_cover(self, facts, stocks):
        """Return how many units there are to be at most where goods are sent, shape (rows,).

        Enough for the days that the plan looks ahead; more can go when the plan runs again. At the
        end of a season nothing is kept back for later.
        """
        if self.plan_id.preset == "consolidate":
            return np.full(len(facts.rate), np.inf)
        days, wanted = float(self.plan_id.horizon_days), np.flatnonzero(facts.rate > 0.0)

        def lasting(time):
            units, rate = np.zeros(len(facts.rate)), facts.rate[wanted]
            spread = np.maximum(facts.variance[wanted], rate)
            units[wanted] = law.quantile(COVER, rate * time[wanted], spread * time[wanted])
            return units

        cover = np.maximum(lasting(np.full(len(facts.rate), days)), stocks.minimum)
        if stocks.order_point is not None:
            # What a rule fills anyway needs to last until that comes only.
            short = lasting(np.minimum(stocks.lead_days, days))
            ruled = np.maximum(np.nan_to_num(stocks.order_point), short)
            cover = np.where(np.isnan(stocks.order_point), cover, np.minimum(cover, ruled))
        # What is promised there needs its place, too.
        return cover + facts.demand + facts.claimed

    def _prepare_stocks(self, facts, terms, limits):
        """Return the stock at sites in the words of the engine.

        :param Terms terms: which say how old goods can be
        :param limits: see :meth:`_get_shelf_limits`
        """
        shelf, capacity, life = limits
        offline = np.array([site.is_offline for site in facts.sites], dtype=bool)[facts.site]
        return balancing.Stocks(
            product=facts.product,
            site=facts.site,
            stock=facts.on_hand,
            rate=facts.rate,
            incoming=facts.incoming,
            reserved=facts.demand + facts.claimed,
            variance=facts.variance,
            age_days=facts.age,
            minimum=np.maximum(facts.safety, shelf[facts.product, facts.site]),
            capacity=capacity[facts.product, facts.site],
            donor_ok=~offline,
            receiver_ok=~offline,
            life=life[facts.product, facts.site],
            days_left=terms.days_left(facts.age),
        )

    def _prepare_banned(self, facts, lanes):
        """Return the pairs of products and lanes that constraints forbid.

        :return: positions, shape (pairs, 2)
        """
        constraints = self.env["oms.flow.constraint"]._get_current(self.plan_id)
        pairs = []
        for each in constraints:
            ways = [
                place
                for place, lane in enumerate(lanes)
                if each.kind in (False, self._get_moving_kind(lane))
                and each.origin_id in (each.origin_id.browse(), lane.origin_id)
                and each.site_id in (each.site_id.browse(), lane.site_id)
                and not each.supplier_id
            ]
            goods = each._get_product_places(facts.product_ids)
            pairs += [(int(product), way) for way in ways for product in goods]
        return np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2)

    # === NOTES === #

    def _note_departures(self, departures):
        found = [
            (
                "calendar",
                self.env._(
                    "%s goes on no day of the next two months: look at its calendar. Nothing is "
                    "sent on it.",
                    lane.display_name,
                ),
                None,
                lane.origin_id.id,
            )
            for lane, leaves in departures.items()
            if not leaves
        ]
        self._note_all("balance", found)

    def _note_balance(self, facts, lanes, found):
        """Tell what the engine had to leave out; what the gathering told is not told again."""
        words = self._get_balance_words()
        rows = []
        for note in found.notes:
            if note.code not in words:
                continue
            product = note.product is not None and facts.names[note.product]
            site = note.site is not None and facts.sites[note.site]
            lane = note.lane is not None and lanes[note.lane]
            about = ", ".join(
                filter(None, (product, site and site.name, lane and lane.display_name))
            )
            rows.append(
                (
                    note.code,
                    f"{about}: {words[note.code] % {'number': f'{note.number:g}'}}",
                    int(facts.product_ids[note.product]) if product else None,
                    site.id if site else lane.origin_id.id if lane else None,
                )
            )
        self._note_all("balance", rows)

    def _get_balance_words(self):
        """Return what the notes of the engine mean that are not known before it is asked."""
        return {
            "goods_without_price": self.env._("it has no sales price and is not moved."),
            "goods_nonsense": self.env._("a number of it is negative: it is not moved."),
            "row_nonsense": self.env._("a number there is negative: it is left out."),
            "lane_nonsense": self.env._("a number of the lane is negative: it is not used."),
            "minimum_missed": self.env._(
                "less is worth sending than the smallest shipment; units: %(number)s."
            ),
        }
