import math

import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.sourcing import Brackets


class OmsRate(models.Model):
    """A row of a strategy's rate table: what a parcel into a zone costs, fixed and by weight.

    Rows of the same zone and carrier are brackets: of parcels up to a weight each.
    """

    _name = "oms.rate"
    _description = "Parcel Rate"
    _order = "strategy_id, sequence, id"

    strategy_id = fields.Many2one("oms.strategy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(related="strategy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="strategy_id.currency_id")
    name = fields.Char(
        string="Zone",
        required=True,
        help="e.g. Zone 1, up to 150 km. Rows of one zone and carrier are its weight brackets.",
    )
    carrier_id = fields.Many2one(
        "delivery.carrier",
        ondelete="restrict",
        index="btree_not_null",
        help="Where several carriers take a parcel, the cheapest counts, for each site and "
        "whatever it ships.",
    )
    site_ids = fields.Many2many(
        "oms.site",
        "oms_rate_site_rel",
        "rate_id",
        "site_id",
        string="From Sites",
        help="The row counts for parcels from these sites; from any site when empty.",
    )
    country_ids = fields.Many2many(
        "res.country",
        "oms_rate_country_rel",
        "rate_id",
        "country_id",
        string="To Countries",
        help="The row counts for addresses in these countries; in any country when empty.",
    )
    zip_prefixes = fields.Char(
        string="To Postcodes",
        help="Beginnings of postcodes, separated by commas, e.g. 75, 92, 93; any postcode when "
        "empty.",
    )
    max_kilometers = fields.Float(
        string="Up to (km)",
        digits=(16, 1),
        help="The row counts for sites at most so far from the address; at any distance when zero.",
    )
    max_weight = fields.Float(
        string="Parcels up to (kg)",
        digits="Stock Weight",
        help="The price per parcel is that of parcels up to this weight. What is heavier goes in a "
        "heavier bracket of the zone, or in several parcels, whichever is cheapest. Any weight "
        "when zero.",
    )
    max_units = fields.Float(
        string="Most Units in a Parcel",
        digits="Product Unit",
        help="More units than these need a further parcel; any number when zero.",
    )
    max_volume = fields.Float(
        string="Most Volume of a Parcel",
        digits="Volume",
        help="What is larger together needs a further parcel; any volume when zero. In the unit of "
        "volume of products.",
    )
    parcel_price = fields.Float(string="Per Parcel", digits=(16, 6))
    kg_price = fields.Float(string="Per kg", digits=(16, 6))

    _prices_check = models.Constraint(
        "CHECK (COALESCE(parcel_price, 0) >= 0 AND COALESCE(kg_price, 0) >= 0 "
        "AND COALESCE(max_kilometers, 0) >= 0 AND COALESCE(max_weight, 0) >= 0 "
        "AND COALESCE(max_units, 0) >= 0 AND COALESCE(max_volume, 0) >= 0)",
        "Rates, distances, weights and maxima cannot be negative.",
    )

    @api.constrains("zip_prefixes")
    def _check_zip_prefixes(self):
        for rate in self:
            if rate.zip_prefixes and not rate._get_prefixes():
                raise ValidationError(
                    self.env._("%s: name postcodes, separated by commas.", rate.name)
                )

    @api.constrains("strategy_id", "name", "carrier_id", "kg_price", "max_units", "max_volume")
    def _check_brackets(self):
        for rate in self:
            # What a kg costs cannot depend on the parcel that it is put into.
            others = rate.strategy_id.rate_ids.filtered(lambda other, rate=rate: other._joins(rate))
            for field in ("kg_price", "max_units", "max_volume"):
                if len(set(others.mapped(field))) > 1:
                    raise ValidationError(
                        self.env._(
                            "The weight brackets of the zone %(zone)s differ in “%(field)s”: say "
                            "the same in each, or give them zones of their own.",
                            zone=rate.name,
                            field=self._fields[field]._description_string(self.env),
                        )
                    )

    def _joins(self, rate):
        """Tell whether a row is a weight bracket of the same zone and carrier."""
        return self.name == rate.name and self.carrier_id == rate.carrier_id

    def _has_brackets(self):
        """Tell whether what is charged depends on how goods are put into parcels or on carriers."""
        return bool(
            self.carrier_id or any(r.max_weight or r.max_units or r.max_volume for r in self)
        )

    def _get_prefixes(self):
        """Return the beginnings of postcodes, without blanks and in upper case."""
        parts = (self.zip_prefixes or "").upper().replace(" ", "").split(",")
        return tuple(part for part in parts if part)

    def _leads_to(self, partner):
        """Tell whether the zone holds an address, whatever the distance."""
        if self.country_ids and partner.country_id not in self.country_ids:
            return False
        prefixes = self._get_prefixes()
        zipcode = (partner.zip or "").upper().replace(" ", "")
        return not prefixes or zipcode.startswith(prefixes)

    def _holds(self, sites, kilometers):
        """Tell for which sites the row counts, shape (S,)."""
        self.ensure_one()
        hit = np.ones(len(sites), dtype=bool)
        if self.max_kilometers:
            hit &= kilometers <= self.max_kilometers
        if self.site_ids:
            hit &= np.isin(sites.ids, self.site_ids.ids)
        return hit

    def _get_card(self):
        """Return the rate card that rows of one zone and carrier make.

        :rtype: Brackets
        """
        first = self[:1]
        return Brackets(
            tuple((rate.max_weight or math.inf, rate.parcel_price) for rate in self),
            first.max_units or math.inf,
            first.max_volume or math.inf,
            first.kg_price,
        )

    def _get_cards(self, sites, kilometers, partner):
        """Return the rate cards of parcels from some sites to an address.

        Of each carrier the first row that holds counts, with all rows of its zone that hold, too.

        :param sites: ``oms.site`` recordset of S sites
        :param kilometers: distance from each, shape (S,)
        :param partner: the delivery address
        :return: the cards of each site; none where no row holds
        :rtype: list[tuple[Brackets, ...]]
        """
        found = [{} for _site in sites]
        for rate in self:
            if not rate._leads_to(partner):
                continue
            for place in np.flatnonzero(rate._holds(sites, kilometers)).tolist():
                of_carrier = found[place].setdefault(rate.carrier_id.id, rate)
                if of_carrier[0]._joins(rate):
                    found[place][rate.carrier_id.id] = of_carrier | rate
        cards = {}
        return [
            tuple(
                cards.get(rates) or cards.setdefault(rates, rates._get_card())
                for rates in of_site.values()
            )
            for of_site in found
        ]

    def _get_dearest_card(self):
        """Return the card of ways that no row holds."""
        return Brackets(
            ((math.inf, max(self.mapped("parcel_price"), default=0.0)),),
            per_kg=max(self.mapped("kg_price"), default=0.0),
        )

    def _quote(self, sites, kilometers, partner):
        """Price parcels from some sites to an address by the first row that holds each.

        Where no row does, the dearest rate of the table counts.

        :param sites: ``oms.site`` recordset of S sites
        :param kilometers: distance from each, shape (S,)
        :param partner: the delivery address
        :return: price per parcel and per kilogram, and which sites no row holds, shape (S,) each
        :rtype: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
        """
        open_ = np.ones(len(sites), dtype=bool)
        parcel = np.full(len(sites), max(self.mapped("parcel_price"), default=0.0))
        kilogram = np.full(len(sites), max(self.mapped("kg_price"), default=0.0))
        for rate in self:
            if not rate._leads_to(partner):
                continue
            hit = open_ & rate._holds(sites, kilometers)
            parcel[hit], kilogram[hit] = rate.parcel_price, rate.kg_price
            open_ &= ~hit
        return parcel, kilogram, open_
