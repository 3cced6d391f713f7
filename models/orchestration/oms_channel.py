from odoo import fields, models

from ..network.oms_site_barred import Barring, bar


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    cool_down_hours = fields.Float(
        string="Cool-Down",
        tracking=True,
        help="For how many hours a site that gave an order back is not asked for it again. 0: not "
        "until somebody sources the order again by hand.",
    )
    max_rejects = fields.Integer(
        string="Most Rejections by a Site",
        tracking=True,
        help="After so many times that a site gave an order back it is not asked for it again "
        "until somebody sources the order by hand, whatever time has passed. 0 is no limit.",
    )

    _rejects_check = models.Constraint(
        "CHECK (COALESCE(cool_down_hours, 0) >= 0 AND COALESCE(max_rejects, 0) >= 0)",
        "Neither a cool-down nor a number of rejections can be negative.",
    )

    def _find_outside_sites(self, reasons):
        """Return the sites that the channel does not name, as far as these reasons alone bar them.

        :param frozenset[str] reasons: that keep no site out for sure
        :return: :class:`Barring` by site
        :rtype: dict
        """
        self.ensure_one()
        found = {}
        if reasons.isdisjoint(("network", "service")):
            return found
        own = self._get_sourcing_sites()
        networks = self.network_ids
        for site in self.env["oms.site"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("warehouse_id", "!=", False),
                ("id", "not in", own.ids),
            ]
        ):
            if not site.ships:
                bar(found, site, Barring("service", self.env._("ships no parcels")))
            if networks and not site.network_ids & networks:
                bar(
                    found,
                    site,
                    Barring("network", self.env._("not in the networks of %s", self.name)),
                )
        return {
            site: barring for site, barring in found.items() if reasons.issuperset(barring.reasons)
        }
