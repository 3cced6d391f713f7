from odoo import fields, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    preparation_rule_ids = fields.One2many(
        "oms.preparation.rule", "site_id", string="Rules of Waves"
    )
    open_wave_count = fields.Integer(compute="_compute_open_wave_count", string="Open Waves")

    def _compute_open_wave_count(self):
        for site in self:
            site.open_wave_count = site._origin._count_open_waves()

    def _count_open_waves(self):
        """Count the waves that somebody picks, or is to pick, at the site.

        :rtype: int
        """
        self.ensure_one()
        # sudo: how many there are is no secret
        return (
            self.env["stock.picking.batch"]
            .sudo()
            .search_count(
                [("oms_site_id", "=", self.id), ("state", "in", ("draft", "in_progress"))]
            )
        )

    def action_view_waves(self):
        """Open the waves of the sites.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_preparation_wave")
        action["domain"] = [("oms_site_id", "in", self.ids)]
        action["context"] = {"search_default_open": 1}
        return action


class ResUsers(models.Model):
    _inherit = "res.users"

    def _oms_count_waves(self):
        """Count the open waves of the users.

        :return: number by user
        :rtype: dict
        """
        # sudo: see oms.site
        counts = dict(
            self.env["stock.picking.batch"]
            .sudo()
            ._read_group(
                [("user_id", "in", self.ids), ("state", "in", ("draft", "in_progress"))],
                ["user_id"],
                ["__count"],
            )
        )
        by_id = {user.id: count for user, count in counts.items()}
        return {user: by_id.get(user.id, 0) for user in self}
