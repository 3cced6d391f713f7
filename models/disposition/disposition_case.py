"""What is asked of the engine about some returned goods, and what its answer means."""

from typing import Any, NamedTuple

from ...engine import carbon
from ...engine.disposition import Cost, Lot, Option, Pool, Problem
from ...engine.geography import great_circle_km

#: How many sites goods may be sent to are looked at, those where they sell fastest.
MOST_SITES = 20
#: What it costs to do what a rule forbids; it is done only if nothing else can be.
FORBIDDEN = 1e6


class Goods(NamedTuple):
    """Goods that are alike, at one site.

    :param product: ``product.product``
    :param grade: ``oms.grade``
    :param site: ``oms.site``
    :param quantity: in the product's unit
    :param rules: ``oms.disposition.rule`` that hold for them
    """

    product: Any
    grade: Any
    site: Any
    quantity: float
    rules: Any


class Way(NamedTuple):
    """What an option of the engine means.

    :param kind: a key of the dispositions
    :param site: ``oms.site`` where the goods end; that where they are if they leave for good
    :param grade: ``oms.grade`` that they have then
    """

    kind: str
    site: Any
    grade: Any


class Facts(NamedTuple):
    """What is known of the goods' products at all sites.

    :param sites: ``oms.site`` that may take goods
    :param prices: of a unit as new by product, in the company's currency
    :param rates: units sold per day by (site id, product id)
    :param variances: of the units sold per day, likewise
    :param lives: days until the product is not sold at the site any more, likewise
    :param ahead: units that are sold before by (site id, product id, grade id)
    :param kilograms: weight of a unit by product
    :param credits: what the supplier gives for a unit by product, where he takes it
    :param worth: cost of a unit by product
    :param lanes: ``oms.lane`` by (id of the site from which, id of the site to which) it leads
    """

    sites: Any
    prices: dict
    rates: dict
    variances: dict
    lives: dict
    ahead: dict
    kilograms: dict
    credits: dict
    worth: dict
    lanes: dict


class Case:
    """The problem that some goods are, in the words of the engine.

    :param policy: ``oms.disposition.policy``
    :param facts: what is known
    :param goods: what is to be decided
    """

    def __init__(self, policy, facts: Facts, goods: list[Goods]) -> None:
        self.policy, self.facts, self.goods = policy, facts, goods
        self.ways: list[list[Way]] = []
        self._pools: dict = {}
        self._markets: list[Pool] = []
        self._lanes: dict = {}
        self._lane_costs: list = []
        self._rooms = {
            site: place
            for place, site in enumerate(site for site in facts.sites if site.return_room)
        }
        self._terms = policy._get_terms()
        lots = tuple(self._make_lot(each) for each in goods)
        self.problem = Problem(
            lots,
            tuple(self._markets),
            tuple(site.return_room for site in self._rooms),
            tuple(self._lane_costs),
        )

    def _make_lot(self, goods: Goods) -> Lot:
        found = [
            *self._sell(goods),
            *self._send(goods),
            *self._refurbish(goods),
            *self._leave(goods),
        ]
        found = self._apply_rules(goods, found)
        self.ways.append([way for way, _option in found])
        return Lot(
            goods.product.display_name, goods.quantity, tuple(option for _way, option in found)
        )

    def _apply_rules(self, goods, found):
        always = goods.rules.filtered(lambda rule: rule.effect == "always")
        never = set(goods.rules.filtered(lambda rule: rule.effect == "never").mapped("kind"))
        for rule in always:
            kept = [each for each in found if each[0].kind == rule.kind]
            if kept:
                break
        else:
            kept = [each for each in found if each[0].kind not in never]
        if not any(option.pool is None for _way, option in kept):
            # There must be a way out when all places are full; nobody is to take it.
            way = Way("scrap", goods.site, goods.grade)
            kept.append((way, Option("scrap", gain=-FORBIDDEN)))
        return kept

    # --- where they sell ---

    def _pool(self, product, grade, site):
        """Return the pool of goods at a site; none if nobody buys them there."""
        if grade.markdown >= 100 or not (grade.sellable or site.sells_marked_down):
            return None
        key = product, grade, site
        if key not in self._pools:
            self._pools[key] = len(self._markets)
            self._markets.append(Pool(self._market(*key), self._rooms.get(site)))
        return self._pools[key]

    def _market(self, product, grade, site):
        place, pace = (site.id, product.id), grade.pace / 100.0
        rate = self.facts.rates.get(place, 0.0)
        # Of customers who come in groups, some take goods of this grade.
        spread = max(self.facts.variances.get(place, 0.0) - rate, 0.0)
        return self._terms.market(
            self.facts.prices[product] * (1.0 - grade.markdown / 100.0),
            rate * pace,
            max(self.facts.ahead.get((*place, grade.id), 0.0), 0.0),
            rate * pace + spread * pace**2,
            self.facts.lives.get(place, float("inf")),
        )

    def _sell(self, goods):
        pool = self._pool(goods.product, goods.grade, goods.site)
        if pool is None:
            return
        costs = (Cost("handling", self.policy.handling_cost),)
        yield (
            Way("sell", goods.site, goods.grade),
            Option("sell", pool, costs=costs, name=goods.site.name),
        )

    def _send(self, goods):
        for site in self._sites_for(goods):
            pool = self._pool(goods.product, goods.grade, site)
            if pool is not None:
                yield (
                    Way("send", site, goods.grade),
                    Option(
                        "send",
                        pool,
                        costs=self._way_costs(goods, site, pool),
                        lane=self._lane(goods.site, site),
                        name=site.name,
                    ),
                )

    def _sites_for(self, goods):
        """Return the other sites where the product sells, the fastest ones first."""
        rates = self.facts.rates
        selling = [
            site
            for site in self.facts.sites
            if site != goods.site
            and self._may_go(goods.site, site)
            and rates.get((site.id, goods.product.id), 0.0) > 0.0
        ]
        selling.sort(key=lambda site: (-rates[site.id, goods.product.id], site.id))
        return selling[:MOST_SITES]

    def _refurbish(self, goods):
        grade = goods.grade
        better = grade.refurbish_grade_id
        if not better:
            return
        for site in self.facts.sites.filtered("refurbishes"):
            pool = self._pool(goods.product, better, site)
            if pool is None:
                continue
            price = self._markets[pool].market.price
            costs = (
                Cost("refurbish", self.facts.prices[goods.product] * grade.refurbish_percent / 100),
                Cost("failure", price * (1.0 - grade.refurbish_chance / 100.0)),
                self._delay(grade.refurbish_days, pool),
            )
            here = site == goods.site
            if not here and not self._may_go(goods.site, site):
                continue
            if here:
                costs = (Cost("handling", self.policy.handling_cost), *costs)
            else:
                costs = (*self._way_costs(goods, site, pool), *costs)
            yield (
                Way("refurbish", site, better),
                Option(
                    "refurbish",
                    pool,
                    costs=costs,
                    lane=None if here else self._lane(goods.site, site),
                    name=site.name,
                ),
            )

    def _delay(self, days, pool):
        """Charge what the price may at most lose in some days."""
        price = self._markets[pool].market.price
        return Cost("delay", price * min((self._terms.decline + self._terms.interest) * days, 1.0))

    # --- the way there ---

    def _may_go(self, origin, site):
        lane = self.facts.lanes.get((origin.id, site.id))
        return not lane or lane.allowed

    def _lane(self, origin, site):
        """Return the number of the way between two sites; none if it costs nothing once."""
        known = self.facts.lanes.get((origin.id, site.id))
        cost = known.shipment_cost if known else self.policy.shipment_cost
        if not cost:
            return None
        if (origin, site) not in self._lanes:
            self._lanes[origin, site] = len(self._lane_costs)
            self._lane_costs.append(cost)
        return self._lanes[origin, site]

    def _way_costs(self, goods, site, pool):
        policy, kilograms = self.policy, self.facts.kilograms[goods.product]
        lane = self.facts.lanes.get((goods.site.id, site.id))
        if lane:
            carbon_cost = float(carbon.price(kilograms * lane.kg_carbon, policy.carbon_price))
            return (
                Cost("handling", lane.unit_cost),
                Cost("transport", kilograms * lane.kg_cost),
                Cost("carbon", carbon_cost),
                self._delay(lane.days, pool),
            )
        kilometers = self._kilometers(goods.site, site)
        factor = goods.site.emission_factor_id or policy.emission_factor_id
        emitted = (
            float(carbon.transport_kg(kilograms, kilometers, factor._get_transport()))
            if factor
            else 0.0
        )
        days = 1.0 + kilometers / policy.kilometers_per_day
        return (
            Cost("handling", policy.handling_cost + policy.dispatch_cost),
            Cost(
                "transport",
                kilograms * (policy.transfer_kg_cost + policy.transfer_kg_km_cost * kilometers),
            ),
            Cost("carbon", float(carbon.price(emitted, policy.carbon_price))),
            self._delay(days, pool),
        )

    @staticmethod
    def _kilometers(origin, site):
        if not (origin.latitude or origin.longitude) or not (site.latitude or site.longitude):
            return 0.0
        return float(
            great_circle_km(origin.latitude, origin.longitude, site.latitude, site.longitude)
        )

    # --- out of the network ---

    def _leave(self, goods):
        policy, facts = self.policy, self.facts
        out = (Cost("handling", policy.dispatch_cost),)
        here = goods.site
        if goods.product in facts.credits:
            transport = Cost("transport", facts.kilograms[goods.product] * policy.transfer_kg_cost)
            yield (
                Way("supplier", here, goods.grade),
                Option("supplier", gain=facts.credits[goods.product], costs=(*out, transport)),
            )
        if policy.donates and goods.grade.markdown < 100:
            gain = facts.worth[goods.product] * policy.donation_percent / 100.0
            yield Way("donate", here, goods.grade), Option("donate", gain=gain, costs=out)
        yield (
            Way("scrap", here, goods.grade),
            Option("scrap", costs=(Cost("scrap", policy.scrap_cost),)),
        )
