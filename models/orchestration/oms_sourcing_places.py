import numpy as np

from odoo import api, models

from ...engine.geography import great_circle_km


class OmsSourcing(models.AbstractModel):
    """Finds out how far addresses are from the sites."""

    _inherit = "oms.sourcing"

    def _get_kilometers(self, order, sites, places=None):
        """Return the distance from each site to the order's delivery address.

        If nothing is known of where the customer is, all sites are equally near; a site without
        coordinates counts as far as the farthest one.

        :param dict places: what ``_oms_locate`` found for a batch of orders, if it was asked
        :return: kilometers of shape (S,), and a sentence on what was missing or ''
        :rtype: tuple[numpy.ndarray, str]
        """
        partner = order.partner_shipping_id
        place = (partner._oms_locate() if places is None else places).get(partner.id)
        if not place:
            note = self.env._(
                "The delivery address has no coordinates: distances were left out of the costs."
            )
            return np.zeros(len(sites)), note
        kilometers, note = self._measure(sites, place)
        return kilometers, "\n".join(filter(None, (self._get_place_note(partner, place), note)))

    @api.model
    def _measure(self, sites, place):
        """Return the distance from each site to a place; see :meth:`_get_kilometers`.

        :param place: what has a ``latitude`` and a ``longitude``
        :return: kilometers of shape (S,), and a sentence on the sites without coordinates or ''
        :rtype: tuple[numpy.ndarray, str]
        """
        latitudes = np.array(sites.mapped("latitude"), dtype=float)
        longitudes = np.array(sites.mapped("longitude"), dtype=float)
        placed = (latitudes != 0) | (longitudes != 0)
        kilometers = great_circle_km(latitudes, longitudes, place.latitude, place.longitude)
        if placed.all():
            return kilometers, ""
        kilometers[~placed] = kilometers[placed].max(initial=0.0)
        blind = [site.name for site, known in zip(sites, placed, strict=True) if not known]
        return kilometers, self.env._(
            "Without coordinates, counted as far as the farthest site: %s.", ", ".join(blind)
        )

    def _get_place_note(self, partner, place):
        """Say how an address without exact coordinates was placed."""
        if place.precision == "exact":
            return ""
        if place.precision in ("zip", "district"):
            return self.env._(
                "The delivery address counts as where its postcode %s is.", partner.zip
            )
        if place.precision == "city":
            return self.env._("The delivery address counts as in the middle of its city.")
        if place.precision == "prefix":
            return self.env._(
                "The postcode %s is not known: the delivery address counts as where those are that "
                "begin alike.",
                partner.zip,
            )
        area = partner.state_id if place.precision == "region" else partner.country_id
        return self.env._(
            "The delivery address has no coordinates and no postcode that is known: it counts as "
            "the middle of %s.",
            area.name,
        )
