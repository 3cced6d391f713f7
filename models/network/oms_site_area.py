import numpy as np

from odoo import api, fields, models

from ...engine.geography import great_circle_km
from ..geo.place import CERTAIN


class OmsSite(models.Model):
    """What a site does, and for whom."""

    _inherit = "oms.site"

    collects = fields.Boolean(
        string="Click & Collect",
        tracking=True,
        help="Customers can collect orders here.",
    )
    takes_returns = fields.Boolean(
        default=True, tracking=True, help="Customers can bring or send goods back here."
    )
    ability_ids = fields.Many2many(
        "oms.ability",
        "oms_site_ability_rel",
        "site_id",
        "ability_id",
        string="Abilities",
        help="Goods that need an ability are only sourced from sites that have it.",
    )
    max_kilometers = fields.Float(
        string="Delivers Up To (km)",
        digits=(16, 1),
        tracking=True,
        help="Orders to be delivered farther away are not sourced here; 0 is no limit. Addresses "
        "that are known by no more than their region are not kept out.",
    )
    country_ids = fields.Many2many(
        "res.country",
        "oms_site_country_rel",
        "site_id",
        "country_id",
        string="Delivers To Countries",
        help="Empty: all countries.",
    )
    zip_prefix_ids = fields.Many2many(
        "delivery.zip.prefix",
        "oms_site_zip_prefix_rel",
        "site_id",
        "zip_prefix_id",
        string="Delivers To Postcodes",
        help="Prefixes of postcodes to which the site delivers. Empty: all postcodes.",
    )
    has_area = fields.Boolean(compute="_compute_has_area", store=True)

    _max_kilometers_check = models.Constraint(
        "CHECK (COALESCE(max_kilometers, 0) >= 0)", "A distance cannot be negative."
    )

    @api.depends("country_ids", "zip_prefix_ids")
    def _compute_has_area(self):
        for site in self:
            site.has_area = bool(site.country_ids or site.zip_prefix_ids)

    # === WHO IS LEFT OUT === #

    @api.model
    def _get_sent(self, orders):
        """Return those of some orders whose goods go to where the customer is."""
        return orders

    def _find_too_far(self, orders):
        """Return which sites do not deliver as far as an order goes.

        :return: a sentence by site, by order
        :rtype: dict
        """
        limited = self.filtered("max_kilometers")
        found = {}
        if not limited:
            return found
        latitudes, longitudes, most = (
            np.array(limited.mapped(name)) for name in ("latitude", "longitude", "max_kilometers")
        )
        placed = (latitudes != 0) | (longitudes != 0)
        # Who only asks for a promise has no coordinates yet, and is to be told the same.
        orders = self._get_sent(orders)
        places = orders.partner_shipping_id._oms_locate()
        for order in orders:
            place = places.get(order.partner_shipping_id.id)
            if not place or place.precision not in CERTAIN:
                continue
            kilometers = great_circle_km(latitudes, longitudes, place.latitude, place.longitude)
            found[order] = {
                limited[place]: self.env._(
                    "delivers up to %(most)s km, the customer is %(away)s km away",
                    most=f"{most[place]:g}",
                    away=f"{kilometers[place]:.0f}",
                )
                for place in np.flatnonzero(placed & (kilometers > most))
            }
        return found

    def _find_outside(self, orders):
        """Return which sites do not deliver to the country or postcode of an order.

        :return: a sentence by site, by order
        :rtype: dict
        """
        limited = self.filtered("has_area")
        found = {order: {} for order in self._get_sent(orders)} if limited else {}
        for order in found:
            partner = order.partner_shipping_id
            code = (partner.zip or "").upper()
            for site in limited:
                countries, prefixes = site.country_ids, site.zip_prefix_ids
                if countries and partner.country_id not in countries:
                    found[order][site] = self.env._(
                        "does not deliver to %s",
                        partner.country_id.name or self.env._("addresses without country"),
                    )
                elif prefixes and not code.startswith(
                    tuple(prefix.upper() for prefix in prefixes.mapped("name"))
                ):
                    found[order][site] = self.env._(
                        "does not deliver to the postcode %s", partner.zip or "–"
                    )
        return found

    def _find_unable(self, orders):
        """Return which sites can handle nothing of what is open of an order.

        :return: a sentence by site, by order
        :rtype: dict
        """
        found = {}
        if not self.env["oms.ability"]._is_needed():
            return found
        for order in orders:
            lines = order.order_line.filtered(lambda line: line.oms_qty_open > 0)
            needs = [line.product_id.oms_need_ids for line in lines]
            if needs and all(needs):
                found[order] = {
                    site: self.env._(
                        "cannot handle %s",
                        ", ".join((needs[0].union(*needs) - site.ability_ids).mapped("name")),
                    )
                    for site in self
                    if all(need - site.ability_ids for need in needs)
                }
        return found

    def _get_able(self, products):
        """Tell which sites can handle which products.

        :param products: ``product.product`` of L order lines, repetitions allowed
        :return: array of shape (L, S), or None where all sites can handle all of them
        """
        if not self.env["oms.ability"]._is_needed():
            return None
        needs = [set(product.oms_need_ids.ids) for product in products]
        if not any(needs):
            return None
        abilities = [set(site.ability_ids.ids) for site in self]
        return np.array([[need <= ability for ability in abilities] for need in needs])
