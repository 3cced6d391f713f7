from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

#: What sourcing asks of each site.
SOURCING_FIELDS = (
    "name",
    "code",
    "sequence",
    "active",
    "company_id",
    "kind",
    "partner_id",
    "warehouse_id",
    "latitude",
    "longitude",
    "parcel_cost",
    "unit_cost",
    # What could keep a site from being asked, or make it later: see the files of the network.
    "offline_until",
    "max_kilometers",
    "has_area",
    "resource_calendar_id",
    "tz",
    "cutoff_hour",
    "handling_time",
    "handling_unit",
    "capacity_orders",
    "capacity_units",
    "capacity_open",
    "capacity_policy",
    "capacity_days",
)


class OmsChannel(models.Model):
    """Where orders come from: a web shop, a marketplace, stores, the telephone."""

    _name = "oms.channel"
    _description = "Sales Channel"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, help="Short name that import files and connectors use for the channel."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    orchestrated = fields.Boolean(
        default=True,
        tracking=True,
        help="Orders of the channel are sourced over the sites of its networks. Without it they "
        "are delivered as in Odoo alone, from the warehouse of the order.",
    )
    is_default = fields.Boolean(
        string="Default for Manual Orders",
        help="New quotations of the company start on this channel.",
    )
    strategy_id = fields.Many2one(
        "oms.strategy",
        string="Sourcing Strategy",
        check_company=True,
        tracking=True,
        default=lambda self: self.env.ref("oms.strategy_balanced", raise_if_not_found=False),
        help="Costs by which the best sites of an order are chosen.",
        groups="base.group_user",
    )
    network_ids = fields.Many2many(
        "oms.network",
        "oms_channel_network_rel",
        "channel_id",
        "network_id",
        string="Networks",
        check_company=True,
        help="The sites of these networks may serve the channel; all sites of the company when "
        "none is named.",
        groups="base.group_user",
    )
    site_ids = fields.Many2many(
        "oms.site", string="Sites", compute="_compute_site_ids", groups="base.group_user"
    )
    site_count = fields.Integer(compute="_compute_site_ids", groups="base.group_user")
    user_ids = fields.Many2many(
        "res.users",
        "oms_channel_user_rel",
        "channel_id",
        "user_id",
        string="API Users",
        help="Technical users through which the channel's own systems connect. They see this "
        "channel's data only.",
        groups="base.group_user",
    )
    order_count = fields.Integer(compute="_compute_order_counts")
    waiting_count = fields.Integer(string="Waiting Orders", compute="_compute_order_counts")
    # What mail leaves open to users who are not internal, but cannot be read by them.
    message_ids = fields.One2many(groups="base.group_user")
    website_message_ids = fields.One2many(groups="base.group_user")

    _code_company_uniq = models.UniqueIndex(
        "(company_id, code)", "A channel with this code exists in the company already."
    )
    _default_uniq = models.UniqueIndex(
        "(company_id) WHERE is_default AND active",
        "Another channel is the default of the company already.",
    )

    @api.depends("network_ids.site_ids", "network_ids.active", "company_id")
    def _compute_site_ids(self):
        all_sites = self.env["oms.site"].search([("company_id", "in", self.company_id.ids)])
        for channel in self:
            # An archived network is named all the same: it must not let in all other sites.
            networks = channel.with_context(active_test=False).network_ids
            sites = networks.filtered("active").site_ids if networks else all_sites
            channel.site_ids = sites.with_env(self.env).filtered(
                lambda site, company=channel.company_id: site.active and site.company_id == company
            )
            channel.site_count = len(channel.site_ids)

    def _get_site_ids(self):
        """Return the ids of the channel's sites by their priority, whatever the user may read.

        The same as ``site_ids``, in one query: for calls that need no more of the sites.

        :rtype: list[int]
        """
        self.ensure_one()
        self.flush_model(["company_id", "network_ids"])
        self.env["oms.network"].flush_model(["active", "site_ids"])
        self.env["oms.site"].flush_model(["active", "company_id", "sequence", "name"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT site.id
                  FROM oms_site site
                 WHERE site.active AND site.company_id = %(company)s
                   AND (NOT EXISTS (SELECT FROM oms_channel_network_rel
                                     WHERE channel_id = %(channel)s)
                        OR site.id IN (SELECT member.site_id
                                         FROM oms_channel_network_rel named
                                         JOIN oms_network network
                                           ON network.id = named.network_id AND network.active
                                         JOIN oms_network_site_rel member
                                           ON member.network_id = network.id
                                        WHERE named.channel_id = %(channel)s))
              ORDER BY site.sequence, site.name, site.id
                """,
                channel=self.id,
                company=self.company_id.id,
            )
        )
        return [site_id for [site_id] in rows]

    def _compute_order_counts(self):
        orders = self.env["sale.order"]
        if not orders.has_access("read"):
            # sudo: the channel's own system may know how many of its orders wait
            orders = orders.sudo()
        counts = {
            (channel.id, state): count
            for channel, state, count in orders._read_group(
                [("oms_channel_id", "in", self.ids), ("state", "=", "sale")],
                ["oms_channel_id", "oms_state"],
                ["__count"],
            )
        }
        for channel in self:
            by_state = {state: n for (key, state), n in counts.items() if key == channel.id}
            channel.order_count = sum(by_state.values())
            channel.waiting_count = by_state.get("waiting", 0) + by_state.get("partial", 0)

    @api.constrains("orchestrated", "strategy_id")
    def _check_strategy(self):
        for channel in self:
            if channel.orchestrated and not channel.strategy_id:
                raise ValidationError(
                    self.env._(
                        "The orchestrated channel %s needs a sourcing strategy.", channel.name
                    )
                )

    def _get_sourcing_sites(self):
        """Return the sites from which orders of the channel may ship, in order of priority.

        Of sites without a warehouse those of suppliers and distributors: what is sourced there
        is bought of them and goes to the customer.

        :return: ``oms.site`` recordset
        """
        self.ensure_one()
        domain = [
            ("company_id", "=", self.company_id.id),
            ("ships", "=", True),
            "|",
            ("warehouse_id", "!=", False),
            ("kind", "in", ("supplier", "distributor")),
        ]
        # An archived network is named all the same: it must not let in all other sites.
        networks = self.with_context(active_test=False).network_ids
        if networks:
            active = [("id", "in", networks.ids), ("active", "=", True)]
            domain.append(("network_ids", "any", active))
        return self.env["oms.site"].search_fetch(domain, SOURCING_FIELDS, order="sequence, id")

    def _action_view_orders(self, domain, context):
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_order")
        action["domain"] = [("oms_channel_id", "in", self.ids), *domain]
        action["context"] = context
        return action

    def action_view_orders(self):
        """Open the confirmed orders of the channel.

        :return: a window action
        :rtype: dict
        """
        return self._action_view_orders([("state", "=", "sale")], {})

    def action_view_waiting(self):
        """Open the orders of the channel that wait for stock.

        :return: a window action
        :rtype: dict
        """
        return self._action_view_orders([("oms_state", "in", ("waiting", "partial"))], {})
