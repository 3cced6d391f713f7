import numpy as np

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...engine.geography import great_circle_km


class OmsSite(models.Model):
    """Where goods that come back are put until somebody has looked at them."""

    _inherit = "oms.site"

    return_location_id = fields.Many2one(
        "stock.location",
        string="Returns Location",
        ondelete="restrict",
        domain="[('usage', '=', 'internal'), ('warehouse_id', '=', warehouse_id)]",
        groups="base.group_user",
        help="Where returned goods are until they are inspected. Made with the first return when "
        "empty; what is in it is not for sale.",
    )

    @api.constrains("return_location_id", "warehouse_id")
    def _check_return_location(self):
        # sudo: who sets a site up need not have rights on its locations
        for site in self.sudo():
            place, stock = site.return_location_id, site.warehouse_id.lot_stock_id
            within = stock and (place.parent_path or "").startswith(stock.parent_path)
            if place and (within or not place.oms_not_for_sale):
                raise ValidationError(
                    self.env._(
                        "Goods that come back to %(place)s would be sold before anybody has looked "
                        "at them: choose a location that is not for sale and lies outside of "
                        "%(stock)s, or leave it empty to have one made.",
                        place=place.display_name,
                        stock=stock.display_name,
                    )
                )

    def _get_return_location(self):
        """Return where returned goods are put, and make it where there is none.

        :rtype: stock.location
        """
        self.ensure_one()
        # sudo: who takes goods back need not be allowed to set up the site
        site = self.sudo()
        if not site.return_location_id:
            # Two who take back the first goods of a site at once must not make two places.
            self.env["oms.grade"]._lock_sites(site)
            site.return_location_id = site.env["stock.location"].create(
                {
                    "name": self.env._("Returns"),
                    "location_id": site.warehouse_id.view_location_id.id,
                    "usage": "internal",
                    "company_id": site.company_id.id,
                    "oms_not_for_sale": True,
                }
            )
        return site.return_location_id

    def _get_return_type(self):
        """Return the type of operation by which goods come back.

        :rtype: stock.picking.type
        """
        self.ensure_one()
        # sudo: who takes goods back need not have rights on warehouses
        warehouse = self.sudo().warehouse_id
        back = warehouse.out_type_id.return_picking_type_id
        return back if back.code == "incoming" else warehouse.in_type_id

    def _get_kilometers_to_partner(self, partner):
        """Return how far sites are from a customer, as far as both are on the map.

        :param partner: ``res.partner``
        :return: great-circle distance by site
        :rtype: dict
        """
        place = partner and partner._oms_locate().get(partner.id)
        placed = self.filtered(lambda site: site.latitude or site.longitude)
        if not place or not placed:
            return {}
        latitudes, longitudes = (
            np.array(placed.mapped(name)) for name in ("latitude", "longitude")
        )
        kilometers = great_circle_km(latitudes, longitudes, place.latitude, place.longitude)
        return dict(zip(placed, kilometers.tolist(), strict=True))
