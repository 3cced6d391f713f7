from typing import NamedTuple

import numpy as np

from odoo import models

from ...engine.geography import great_circle_km
from ..network.oms_site_barred import Barring

#: So many sites of each reason are named, the nearest; the others are counted.
MOST_NAMED = 5


class Outside(Barring):
    """Why a site was no candidate to begin with: notes need not tell that of every order."""


class Further(NamedTuple):
    """Sites that are only counted, in the place of a site.

    :param id: a key that no site has
    :param name: for people
    """

    id: str
    name: str


class OmsSourcing(models.AbstractModel):
    """Decisions list the sites of the company that never were candidates, and why."""

    _inherit = "oms.sourcing"

    def _leave_out_barred(self, orders, sites_by_order, trigger, *args, **kwargs):
        candidates = super()._leave_out_barred(orders, sites_by_order, trigger, *args, **kwargs)
        outside = {}
        for order, sites in sites_by_order.items():
            if not order._origin:
                # Of an order that is not kept there is no decision to explain.
                continue
            key = order.company_id, sites
            if key not in outside:
                outside[key] = self._find_outside(order.company_id, sites)
            for reason, sentence, others in outside[key]:
                barring = Outside(reason, sentence)
                barred = candidates.barred[order]
                for site in self._get_nearest(others, order.partner_shipping_id):
                    barred.setdefault(site, barring)
                more = len(others) - MOST_NAMED
                if more > 0:
                    name = self.env._("%s further sites", more)
                    barred[Further(f"further:{reason}", name)] = barring
        return candidates

    def _find_outside(self, company, sites):
        """Return the sites of a company that are no candidates, by reason.

        :param sites: ``oms.site`` recordset of the candidates
        :return: reason, the rest of a sentence that begins with the name of the site, and sites
        :rtype: list[tuple]
        """
        fnames = ["name", "ships", "kind", "warehouse_id", "latitude", "longitude"]
        others = self.env["oms.site"].search_fetch(
            [("company_id", "=", company.id), ("id", "not in", sites.ids)],
            fnames,
            order="sequence, id",
        )
        silent = others.filtered(lambda site: not site.ships)
        keepers = others.filtered(lambda site: site.ships and not site.warehouse_id)
        keepers = keepers.filtered(lambda site: site.kind not in ("supplier", "distributor"))
        found = [
            ("service", self.env._("ships no parcels"), silent),
            (
                "drop_ship",
                self.env._("keeps goods for others, so nothing can be bought there"),
                keepers,
            ),
            (
                "network",
                self.env._("is in no network of the channel"),
                others - silent - keepers,
            ),
        ]
        return [each for each in found if each[2]]

    def _get_nearest(self, sites, partner):
        """Return the few nearest of some sites; the first ones if nobody knows where that is."""
        if len(sites) <= MOST_NAMED:
            return sites
        latitude, longitude = partner.partner_latitude, partner.partner_longitude
        if not (latitude or longitude):
            return sites[:MOST_NAMED]
        latitudes = np.array(sites.mapped("latitude"), dtype=float)
        longitudes = np.array(sites.mapped("longitude"), dtype=float)
        kilometers = great_circle_km(latitudes, longitudes, latitude, longitude)
        kilometers[(latitudes == 0) & (longitudes == 0)] = np.inf
        places = np.argsort(kilometers, kind="stable")[:MOST_NAMED].tolist()
        return sites.browse([sites.ids[place] for place in places])

    def _describe_barred(self, barred):
        told = {site: why for site, why in barred.items() if not isinstance(why, Outside)}
        return super()._describe_barred(told)
