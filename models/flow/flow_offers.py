"""What suppliers offer, in the words of the replenishment engine."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ...engine import replenishment

#: Days until goods come of which nobody says it.
DEFAULT_LEAD_DAYS = 7.0
#: The standard deviation of lead times of which too few have been seen, as a share of them.
LEAD_SPREAD = 0.2


@dataclass(frozen=True)
class Usual:
    """Where goods usually come from when they are bought: of whom they are cheapest, all in all.

    :param supplier: position of the supplier, -1 where nobody sells them, shape (products,)
    :param days: days until they come, shape (products,)
    :param deviation: standard deviation of these days, shape (products,)
    :param price: of a unit, money of the company, nan where nobody says it, shape (products,)
    """

    supplier: np.ndarray
    days: np.ndarray
    deviation: np.ndarray
    price: np.ndarray


class Offers:
    """Suppliers and what they sell, gathered from price lists.

    A supplier whose prices come with different lead times makes an offer for each of these.

    :param facts: what the plan sees, see :mod:`.flow_facts`
    :param sellers: ``product.supplierinfo`` that hold now
    :param company: ``res.company``
    :param today: a date, for currencies
    :param dict lateness: by id of supplier by how many days his goods came later than agreed on
        average, and the standard deviation of that; of all others :data:`LEAD_SPREAD` is assumed
    :param dict terms: by id of supplier what an order costs and the least value of one, money of
        the company
    :param smallest: in multiples of what a product can be had at all, shape (products,)
    """

    def __init__(self, facts, sellers, company, today, lateness, terms, smallest):
        self.partners, self._lateness = sellers.partner_id, lateness
        self._company, self._today, self._smallest = company, today, smallest
        self._rates = {}
        #: For each offer of the engine the place of its row, and in multiples of what it is asked.
        self.row_of, self.packs = [], []
        places = {partner: place for place, partner in enumerate(self.partners)}
        of_template = defaultdict(list)
        ids = [int(each) for each in facts.product_ids]
        for place, product in enumerate(sellers.env["product.product"].browse(ids)):
            of_template[product.product_tmpl_id.id].append((place, product))
        breaks, packs = defaultdict(list), defaultdict(float)
        for seller in sellers:
            for place, product in of_template[seller.product_tmpl_id.id]:
                if seller.product_id in (product, product.browse()):
                    key = place, places[seller.partner_id], float(seller.delay)
                    factor = self._get_factor(seller, product)
                    breaks[key].append(self._get_break(seller, factor))
                    packs[key] = max(packs[key], factor)
        self.suppliers = tuple(
            replenishment.Supplier(each.name, *terms.get(each.id, (0.0, 0.0)))
            for each in self.partners
        )
        #: Of each offer position of the product, of the supplier, agreed days, prices by quantity,
        #: and the supplier's unit in that of the product.
        self.rows = [(*key, _cheapest(found), packs[key]) for key, found in sorted(breaks.items())]

    @staticmethod
    def _get_factor(seller, product):
        """Return how many units of a product one of the supplier's is."""
        unit = seller.product_uom_id or product.uom_id
        if unit == product.uom_id:
            return 1.0
        return unit._compute_quantity(1.0, product.uom_id, round=False) or 1.0

    def _get_break(self, seller, factor):
        """Return from which quantity a price holds, and the price, in the product's unit."""
        currency = seller.currency_id
        if currency not in self._rates:
            self._rates[currency] = currency._convert(
                1.0, self._company.currency_id, self._company, self._today, round=False
            )
        # Zero is what a price list says before anybody has written a price.
        price = (seller.price or float("nan")) * (1.0 - (seller.discount or 0.0) / 100.0)
        return seller.min_qty * factor, price * self._rates[currency] / factor

    def _get_lead(self, supplier, delay):
        """Return after how many days goods come, and the standard deviation of that.

        :param supplier: his position
        :param delay: agreed days
        """
        seen = self._lateness.get(self.partners[supplier].id)
        if not seen:
            return delay, LEAD_SPREAD * delay
        return max(delay + seen[0], 0.0), seen[1]

    def get_usual(self, most, holding):
        """Return where goods usually come from.

        :param most: units that are bought at once at the most, shape (products,): a price for more
            does not count where there is another one
        :param holding: share of its price that a unit costs a day; a longer way takes more stock
        :rtype: Usual
        """
        products = len(most)
        usual = Usual(
            np.full(products, -1, dtype=np.int64),
            np.full(products, DEFAULT_LEAD_DAYS),
            np.full(products, LEAD_SPREAD * DEFAULT_LEAD_DAYS),
            np.full(products, np.nan),
        )
        ranks = [(True, True, np.inf)] * products
        for product, supplier, delay, breaks, _factor in self.rows:
            least, price = breaks[0]
            days, deviation = self._get_lead(supplier, delay)
            cost = np.inf if np.isnan(price) else price * (1.0 + holding * (days + 2.0 * deviation))
            rank = (bool(np.isnan(price)), bool(least > most[product]), cost)
            if usual.supplier[product] < 0 or rank < ranks[product]:
                ranks[product] = rank
                usual.supplier[product], usual.price[product] = supplier, price
                usual.days[product], usual.deviation[product] = days, deviation
        return usual

    def _get_pack(self, product, factor, pack):
        """Return in multiples of what a supplier is asked: whole dozens, say, and whole boxes."""
        smallest = float(self._smallest[product])
        unit = factor if factor > 1.0 else smallest
        if pack <= smallest:
            return unit
        # Where boxes hardly ever are whole dozens the larger of both counts.
        both = math.lcm(round(pack * 1e6), round(unit * 1e6)) / 1e6
        return both if both <= 12.0 * max(pack, unit) else max(pack, unit)

    def prepare(self, packs, sites):
        """Return the offers of the engine.

        :param packs: in multiples of what goods are to come, shape (products, sites)
        :param sites: positions of the sites that buy
        """
        offers, self.row_of, self.packs = [], [], []
        is_everywhere = len(sites) == packs.shape[1]
        for number, (product, supplier, delay, breaks, factor) in enumerate(self.rows):
            lead, deviation = self._get_lead(supplier, delay)
            own = packs[product, sites]
            # One offer for all sites, unless goods come in other packs at some.
            is_same = is_everywhere and len(own) and bool((own == own[0]).all())
            for site in [None] if is_same else sites:
                self.row_of.append(number)
                pack = float(packs[product, sites[0] if site is None else site])
                self.packs.append(self._get_pack(product, factor, pack))
                offers.append(
                    replenishment.Offer(
                        product,
                        supplier,
                        tuple(replenishment.Break(*each) for each in breaks),
                        site=site,
                        lead_days=lead,
                        lead_deviation=deviation,
                        minimum=breaks[0][0],
                        pack=self.packs[-1],
                    )
                )
        return tuple(offers)


def _cheapest(breaks):
    """Return prices by quantity as Odoo takes them: of all that hold the lowest.

    :param breaks: quantities and prices, nan for none, any order
    :return: quantities that rise, with prices that fall; the first one without a price if none has
    """
    found = []
    for quantity, price in sorted(breaks, key=lambda each: (each[0], math.isnan(each[1]), each[1])):
        if math.isnan(price) or (found and price >= found[-1][1]):
            continue
        found.append((quantity, price))
    return found or [min(breaks)]
