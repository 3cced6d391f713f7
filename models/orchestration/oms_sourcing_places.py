import numpy as np

from odoo import models
from odoo.tools import SQL

from ...engine.geography import great_circle_km
from .sourcing_case import Place

#: So many known addresses say well enough where a postcode, a region or a country is.
SAMPLE = 500


def _is_on_the_map(partner):
    """Tell whether an address has coordinates; others' code marks what it cannot find by 1000."""
    latitude, longitude = partner.partner_latitude, partner.partner_longitude
    return bool(latitude or longitude) and abs(latitude) <= 90 and abs(longitude) <= 180


class ResPartner(models.Model):
    _inherit = "res.partner"

    # By it an address without coordinates is put where others of its postcode are.
    _oms_place_idx = models.Index("(country_id, zip) WHERE partner_latitude <> 0")


class OmsSourcing(models.AbstractModel):
    """Finds out where addresses are, and how far from the sites.

    Nothing is asked of the outside world: an address without coordinates is where other known
    addresses of its postcode, else of its region, else of its country are on average.
    """

    _inherit = "oms.sourcing"

    def _locate(self, partners):
        """Find out where some addresses are, in one query for all that have no coordinates.

        :param partners: ``res.partner`` recordset
        :return: place by partner id; an address of which nothing is known is absent
        :rtype: dict[int, Place]
        """
        places = {
            partner.id: Place(partner.partner_latitude, partner.partner_longitude, "exact")
            for partner in partners
            if _is_on_the_map(partner)
        }
        lost = partners.filtered(lambda p: p.id not in places and p.country_id)
        if lost:
            places.update(self._locate_among_others(lost))
        return places

    def _locate_among_others(self, partners):
        """Place addresses among those of the same postcode, region or country.

        :param partners: ``res.partner`` recordset with a country each
        :rtype: dict[int, Place]
        """
        self.env["res.partner"].flush_model(
            ["partner_latitude", "partner_longitude", "zip", "state_id", "country_id"]
        )
        # sudo: only the mean of coordinates is used, of whatever addresses
        self.env.cr.execute(
            SQL(
                """
                SELECT lost.place, found.precision, found.latitude, found.longitude
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::varchar[])
                       AS lost (place, country_id, state_id, zip)
            CROSS JOIN LATERAL (%s UNION ALL %s UNION ALL %s) AS found
                 WHERE found.latitude IS NOT NULL
              ORDER BY lost.place, found.rank DESC
                """,
                list(range(len(partners))),
                [partner.country_id.id for partner in partners],
                [partner.state_id.id or None for partner in partners],
                [partner.zip or None for partner in partners],
                self._get_mean(1, "zip", SQL("known.zip = lost.zip")),
                self._get_mean(2, "region", SQL("known.state_id = lost.state_id")),
                self._get_mean(3, "country", SQL("TRUE")),
            )
        )
        # The most precise comes last and so stays.
        return {
            partners[index].id: Place(latitude, longitude, precision)
            for index, precision, latitude, longitude in self.env.cr.fetchall()
        }

    def _get_mean(self, rank, precision, same):
        """Return the select of where known addresses are that have something in common with one.

        Longitudes are averaged around the first one, so that countries across the date line stay
        whole.
        """
        return SQL(
            """
            SELECT %(rank)s AS rank, %(precision)s AS precision, avg(latitude) AS latitude,
                   min(origin) + avg(mod((longitude - origin + 540)::numeric, 360) - 180)::float8
                       AS longitude
              FROM (SELECT known.partner_latitude::float8 AS latitude,
                           known.partner_longitude::float8 AS longitude,
                           first_value(known.partner_longitude::float8)
                               OVER (ORDER BY known.id) AS origin
                      FROM res_partner known
                     WHERE known.country_id = lost.country_id AND %(same)s
                       AND known.partner_latitude <> 0
                       AND known.partner_latitude BETWEEN -90 AND 90
                       AND known.partner_longitude BETWEEN -180 AND 180
                  ORDER BY known.id
                     LIMIT %(sample)s) AS sample
            """,
            rank=rank,
            precision=precision,
            same=same,
            sample=SAMPLE,
        )

    def _get_kilometers(self, order, sites, places=None):
        """Return the distance from each site to the order's delivery address.

        If nothing is known of where the customer is, all sites are equally near; a site without
        coordinates counts as far as the farthest one.

        :param dict places: what ``_locate`` found for a batch of orders, if it was asked
        :return: kilometers of shape (S,), and a sentence on what was missing or ''
        :rtype: tuple[numpy.ndarray, str]
        """
        partner = order.partner_shipping_id
        place = (self._locate(partner) if places is None else places).get(partner.id)
        if not place:
            note = self.env._(
                "The delivery address has no coordinates: distances were left out of the costs."
            )
            return np.zeros(len(sites)), note
        latitudes = np.array(sites.mapped("latitude"), dtype=float)
        longitudes = np.array(sites.mapped("longitude"), dtype=float)
        placed = (latitudes != 0) | (longitudes != 0)
        kilometers = great_circle_km(latitudes, longitudes, place.latitude, place.longitude)
        notes = [self._get_place_note(partner, place)]
        if not placed.all():
            kilometers[~placed] = kilometers[placed].max(initial=0.0)
            blind = [site.name for site, known in zip(sites, placed, strict=True) if not known]
            notes.append(
                self.env._(
                    "Without coordinates, counted as far as the farthest site: %s.",
                    ", ".join(blind),
                )
            )
        return kilometers, "\n".join(filter(None, notes))

    def _get_place_note(self, partner, place):
        """Say how an address without coordinates was placed."""
        if place.precision == "zip":
            return self.env._(
                "The delivery address has no coordinates: it counts as where others of the "
                "postcode %s are.",
                partner.zip,
            )
        if place.precision == "region":
            return self.env._(
                "The delivery address has no coordinates: it counts as the middle of %s, by the "
                "addresses known there.",
                partner.state_id.name,
            )
        if place.precision == "country":
            return self.env._(
                "The delivery address has no coordinates: it counts as the middle of %s, by the "
                "addresses known there.",
                partner.country_id.name,
            )
        return ""
