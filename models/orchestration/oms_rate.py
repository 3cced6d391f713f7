import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsRate(models.Model):
    """A row of a strategy's rate table: what a parcel into a zone costs, fixed and by weight."""

    _name = "oms.rate"
    _description = "Parcel Rate"
    _order = "strategy_id, sequence, id"

    strategy_id = fields.Many2one("oms.strategy", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(related="strategy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="strategy_id.currency_id")
    name = fields.Char(string="Zone", required=True, help="e.g. Zone 1, up to 150 km")
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
    parcel_price = fields.Float(string="Per Parcel", digits=(16, 6))
    kg_price = fields.Float(string="Per kg", digits=(16, 6))

    _prices_check = models.Constraint(
        "CHECK (COALESCE(parcel_price, 0) >= 0 AND COALESCE(kg_price, 0) >= 0 "
        "AND COALESCE(max_kilometers, 0) >= 0)",
        "Rates and distances cannot be negative.",
    )

    @api.constrains("zip_prefixes")
    def _check_zip_prefixes(self):
        for rate in self:
            if rate.zip_prefixes and not rate._get_prefixes():
                raise ValidationError(
                    self.env._("%s: name postcodes, separated by commas.", rate.name)
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

    def _quote(self, sites, kilometers, partner):
        """Price parcels from some sites to an address by the first row that holds each.

        Where no row does, the dearest rate of the table counts.

        :param sites: ``oms.site`` recordset of S sites
        :param kilometers: distance from each, shape (S,)
        :param partner: the delivery address
        :return: price per parcel and per kilogram, and which sites no row holds, shape (S,) each
        :rtype: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
        """
        ids = np.array(sites.ids, dtype=int)
        open_ = np.ones(len(ids), dtype=bool)
        parcel = np.full(len(ids), max(self.mapped("parcel_price"), default=0.0))
        kilogram = np.full(len(ids), max(self.mapped("kg_price"), default=0.0))
        for rate in self:
            if not rate._leads_to(partner):
                continue
            hit = open_.copy()
            if rate.max_kilometers:
                hit &= kilometers <= rate.max_kilometers
            if rate.site_ids:
                hit &= np.isin(ids, rate.site_ids.ids)
            parcel[hit], kilogram[hit] = rate.parcel_price, rate.kg_price
            open_ &= ~hit
        return parcel, kilogram, open_
