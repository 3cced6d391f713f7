"""What suppliers offer, in the words of the replenishment engine."""

from collections import defaultdict

from ...engine import replenishment


class Offers:
    """Suppliers and what they sell, gathered from price lists.

    :param facts: what the plan sees, see :mod:`.flow_facts`
    :param sellers: ``product.supplierinfo`` that hold now
    :param company: ``res.company``
    :param today: a date, for currencies
    :param dict lateness: by id of supplier by how many days his goods came later than agreed on
        average, and the standard deviation of that; who is not in it is taken at his word
    """

    def __init__(self, facts, sellers, company, today, lateness):
        self.partners, self._lateness = sellers.partner_id, lateness
        self._facts, self._company, self._today = facts, company, today
        self._units, self._rates = {}, {}
        #: For each offer of the engine the place of its row.
        self.row_of = []
        places = {partner: place for place, partner in enumerate(self.partners)}
        of_template = defaultdict(list)
        env = sellers.env
        ids = [int(each) for each in facts.product_ids]
        for place, product in enumerate(env["product.product"].browse(ids)):
            of_template[product.product_tmpl_id.id].append((place, product))
        breaks = defaultdict(list)
        for seller in sellers:
            for place, product in of_template[seller.product_tmpl_id.id]:
                if seller.product_id in (product, product.browse()):
                    breaks[place, places[seller.partner_id]].append(
                        (*self._get_break(seller, product), seller)
                    )
        self.suppliers = tuple(replenishment.Supplier(each.name) for each in self.partners)
        self.rows = [
            (product, supplier, sorted(found, key=lambda each: each[0]))
            for (product, supplier), found in sorted(breaks.items())
        ]

    def _get_break(self, seller, product):
        """Return from which quantity a price holds, and the price, in the product's unit."""
        units = seller.product_uom_id or product.uom_id, product.uom_id
        if units not in self._units:
            self._units[units] = units[0]._compute_quantity(1.0, units[1], round=False) or 1.0
        currency = seller.currency_id
        if currency not in self._rates:
            self._rates[currency] = currency._convert(
                1.0, self._company.currency_id, self._company, self._today, round=False
            )
        factor = self._units[units]
        # Zero is what a price list says before anybody has written a price.
        price = (seller.price or float("nan")) * (1.0 - (seller.discount or 0.0) / 100.0)
        return seller.min_qty * factor, price * self._rates[currency] / factor

    def get_lead_days(self):
        """Return the shortest lead time of each product that somebody sells, by its position."""
        days = {}
        for product, supplier, found in self.rows:
            lead, _spread = self._get_lead(supplier, found)
            days[product] = min(days.get(product, float("inf")), lead)
        return days

    def _get_lead(self, supplier, found):
        """Return after how many days goods come, and the standard deviation of that.

        :param supplier: his position
        :param found: his prices, see :attr:`rows`
        """
        late, deviation = self._lateness.get(self.partners[supplier].id, (0.0, 0.0))
        return max(float(min(each[2].delay for each in found)) + late, 0.0), deviation

    def _get_pack(self, place, found):
        """Return in multiples of what a supplier sells: whole dozens, say, where that is his unit.

        :param place: position of the product
        :param found: his prices, see :attr:`rows`
        """
        product_id = int(self._facts.product_ids[place])
        unit = found[0][2].env["product.product"].browse(product_id).uom_id
        return max(1.0, *(self._units[each[2].product_uom_id or unit, unit] for each in found))

    def prepare(self, sites=None):
        """Return the offers of the engine.

        :param sites: positions of the sites that buy; all of them when None
        """
        offers, self.row_of = [], []
        for number, (product, supplier, found) in enumerate(self.rows):
            least = found[0][0]
            breaks = tuple(
                replenishment.Break(quantity, price) for quantity, price, _seller in found
            )
            lead, deviation = self._get_lead(supplier, found)
            pack = self._get_pack(product, found)
            for site in [None] if sites is None else sites:
                self.row_of.append(number)
                offers.append(
                    replenishment.Offer(
                        product,
                        supplier,
                        breaks,
                        site=site,
                        lead_days=lead,
                        lead_deviation=deviation,
                        minimum=least if least > 1.0 else 0.0,
                        pack=pack,
                    )
                )
        return tuple(offers)
