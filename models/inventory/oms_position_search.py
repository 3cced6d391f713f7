from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: Relations among which PostgreSQL looks for the best order of joins: those of the view, of a
#: filter by the name of products and of one more; usually it is content with eight.
MOST_RELATIONS = 10


class OmsPosition(models.Model):
    """Positions are found by what is said of their sites.

    Such conditions become lists of sites first: PostgreSQL then reads positions by their keys,
    whatever their number.
    """

    _inherit = "oms.position"

    network_ids = fields.Many2many(
        "oms.network",
        string="Networks",
        compute="_compute_network_ids",
        search="_search_network_ids",
        help="Networks of the site.",
    )
    channel_ids = fields.Many2many(
        "oms.channel",
        string="Channels",
        compute="_compute_channel_ids",
        search="_search_channel_ids",
        help="Channels that the site may serve.",
    )

    def _compute_network_ids(self):
        for position in self:
            position.network_ids = position.site_id.network_ids

    def _compute_channel_ids(self):
        channels = self.env["oms.channel"].search(
            [("company_id", "in", self.site_id.company_id.ids)]
        )
        for position in self:
            position.channel_ids = channels.filtered(
                lambda channel, site=position.site_id: site in channel.site_ids
            )

    @api.model
    def _search(self, domain, *args, **kwargs):
        query = super()._search(domain, *args, **kwargs)
        if not query.is_empty():
            # Else a filter is only applied when all positions have been put together.
            raised = SQL(", ").join(
                SQL(
                    "set_config(%(name)s, GREATEST(current_setting(%(name)s)::integer, %(most)s)"
                    "::text, TRUE)",
                    name=name,
                    most=MOST_RELATIONS,
                )
                for name in ("join_collapse_limit", "from_collapse_limit")
            )
            self.env.cr.execute(SQL("SELECT %s", raised))
        return query

    @api.model
    def _search_network_ids(self, operator, value):
        return self._search_sites(Domain("network_ids", operator, value))

    @api.model
    def _search_channel_ids(self, operator, value):
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        Channel = self.env["oms.channel"]
        domain = Domain(value) if operator != "in" else Domain("id", "in", value)
        return [("site_id", "in", Channel.search(domain).site_ids.ids)]

    @api.model
    def _search_sites(self, domain):
        sites = self.env["oms.site"].with_context(active_test=False).search(domain)
        return [("site_id", "in", sites.ids)]
