from datetime import timedelta

import numpy as np

from odoo import fields, models

from ...engine import balancing
from .oms_lane_room import Load

#: Kinds of sites that supply the others.
SUPPLYING_KINDS = ("warehouse",)


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
        found = balancing.balance(self._prepare_balance(facts, lanes, departures))
        self._note_balance(facts, lanes, found)
        self.figures = {
            **(self.figures or {}),
            "value_before": found.value_before,
            "value_after": found.value_after,
            "bound": found.bound,
        }
        rows = self._prepare_moves(facts, lanes, departures, found)
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
            horizon_days=float(plan.horizon_days),
            interest=terms.interest,
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
            self._prepare_goods(facts, policy, terms, limits),
            self._prepare_stocks(facts, limits),
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

    def _prepare_goods(self, facts, policy, terms, limits):
        """Return the products in the words of the engine.

        :param limits: see :meth:`_get_shelf_limits`; goods are sold until no site sells them
        """
        weights = np.where(np.isnan(facts.weight), policy.default_weight, facts.weight)
        _shelf, _capacity, life = limits
        ends = life.max(axis=1, initial=0.0)
        return tuple(
            balancing.Goods(
                name,
                float(price),
                cost=None if np.isnan(cost) else float(cost),
                weight=float(weight),
                end_of_life_days=float(end) if np.isfinite(end) else None,
                markdown=terms.decline,
                # What a day on the shelf costs follows from the price, as it does for returns.
                holding=float(max(price, 0.0)) * terms.holding,
            )
            for name, price, cost, weight, end in zip(
                facts.names, facts.price, facts.cost, weights, ends, strict=True
            )
        )

    def _prepare_stocks(self, facts, limits):
        """Return the stock at sites in the words of the engine.

        :param limits: see :meth:`_get_shelf_limits`
        """
        shelf, capacity, _life = limits
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

    # === OUT OF THE ENGINE'S WORDS === #

    def _prepare_moves(self, facts, lanes, departures, found):
        """Return the values of the proposals that a plan of the engine means.

        :rtype: list[dict]
        """
        spread = {}
        for move in found.moves:
            spread[move.lane] = spread.get(move.lane, 0) + 1
        rates = dict(
            zip(
                zip(facts.product.tolist(), facts.site.tolist(), strict=True),
                zip(facts.rate.tolist(), facts.age.tolist(), strict=True),
                strict=True,
            )
        )
        weights = np.nan_to_num(facts.weight, nan=self.plan_id._get_policy().default_weight)
        return [
            self._prepare_row(
                facts, lanes[move.lane], departures, move, spread[move.lane], rates, weights
            )
            for move in found.moves
            if move.gain > 0 and move.gain >= self.plan_id.minimum_gain
        ]

    def _prepare_row(self, facts, lane, departures, move, spread, rates, weights):
        """Return the values of one proposal."""
        kilograms = float(weights[move.product]) * move.quantity
        origin_rate, age = rates.get((move.product, move.origin), (0.0, 0.0))
        site_rate, _age = rates.get((move.product, move.destination), (0.0, 0.0))
        ways = ("fixed", "weight", "unit", "handling")
        leaves = departures[lane]
        return {
            "kind": self._get_moving_kind(lane),
            "product_id": int(facts.product_ids[move.product]),
            "origin_id": lane.origin_id.id,
            "site_id": lane.site_id.id,
            "lane_id": lane.id,
            "quantity_proposed": move.quantity,
            "gain": move.gain,
            "unit_gain": move.gain / move.quantity,
            "cost": -sum(part.amount for part in move.parts if part.name in ways),
            "carbon_kg": kilograms * lane.kg_carbon,
            "weight": kilograms,
            "risk": min(max(move.chance_here, 0.0), 1.0),
            "origin_before": move.origin_before,
            "origin_after": move.origin_after,
            "site_before": move.destination_before,
            "site_after": move.destination_after,
            "origin_rate": origin_rate,
            "site_rate": site_rate,
            "leaves_at": leaves.replace(microsecond=0),
            "arrives_at": (leaves + timedelta(days=lane.days)).replace(microsecond=0),
            "explanation": {
                "parts": [[part.name, part.amount] for part in move.parts],
                "facts": {
                    "age_days": age if origin_rate <= 0 or age > 60 else 0,
                    "spread": spread if spread > 1 and lane.shipment_cost else 0,
                    "limit": move.limit,
                    "need": move.need,
                    "chance": move.chance_there,
                },
            },
        }

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
                "all that is worth sending are %(number)s units, fewer than the smallest shipment."
            ),
        }
