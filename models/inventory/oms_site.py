from odoo import fields, models

from .product_template import CLAIM_GROUPS


class OmsSite(models.Model):
    _inherit = "oms.site"

    claim_count = fields.Integer(
        string="Open Claims", compute="_compute_claim_count", groups=CLAIM_GROUPS
    )

    def _compute_claim_count(self):
        counts = dict(
            self.env["oms.claim"]._read_group(
                [("site_id", "in", self._origin.ids), ("state", "=", "active")],
                ["site_id"],
                ["__count"],
            )
        )
        for site in self:
            site.claim_count = counts.get(site._origin, 0)

    def action_view_positions(self):
        """Open what of each product is at the sites.

        :return: a window action
        :rtype: dict
        """
        return self.env["oms.position"]._get_action(
            "oms.action_position", [("site_id", "in", self.ids)]
        )

    def action_view_claims(self):
        """Open the active claims at the sites.

        :return: a window action
        :rtype: dict
        """
        return self.env["oms.position"]._get_action(
            "oms.action_claim", [("site_id", "in", self.ids)], {"search_default_active": 1}
        )

    def action_view_supply(self):
        """Open what is to come to the sites.

        :return: a window action
        :rtype: dict
        """
        return self.env["oms.position"]._get_action(
            "oms.action_supply", [("site_id", "in", self.ids)], {"search_default_moving": 1}
        )
