from odoo import fields, models


class OmsNetwork(models.Model):
    """A group of sites that serve orders together, e.g. "Stores of the north"."""

    _name = "oms.network"
    _description = "Fulfillment Network"
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    site_ids = fields.Many2many(
        "oms.site",
        "oms_network_site_rel",
        "network_id",
        "site_id",
        string="Sites",
        check_company=True,
    )
    channel_ids = fields.Many2many(
        "oms.channel",
        "oms_channel_network_rel",
        "network_id",
        "channel_id",
        string="Channels",
        check_company=True,
    )
    site_count = fields.Integer(compute="_compute_site_count")

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name)", "A network of this name exists in the company already."
    )

    def _compute_site_count(self):
        for network in self:
            network.site_count = len(network.site_ids)

    def action_view_sites(self):
        """Open the sites of the network.

        :return: a window action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_site")
        action["domain"] = [("network_ids", "in", self.ids)]
        action["context"] = {"default_network_ids": self.ids}
        return action
