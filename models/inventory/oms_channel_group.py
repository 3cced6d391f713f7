from odoo import api, fields, models
from odoo.exceptions import ValidationError


class OmsChannelGroup(models.Model):
    """Channels, or groups of them, that have a share of the stock together."""

    _name = "oms.channel.group"
    _description = "Channel Group"
    _order = "complete_name, id"
    _rec_name = "complete_name"
    _rec_names_search = ["complete_name"]
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, store=True, string="Group"
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    parent_id = fields.Many2one(
        "oms.channel.group",
        string="Part of",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="A share of the group above is for all groups and channels below it together.",
    )
    child_ids = fields.One2many("oms.channel.group", "parent_id", string="Groups")
    channel_ids = fields.One2many("oms.channel", "group_id", string="Channels")
    allocation_ids = fields.One2many("oms.allocation", "group_id", string="Shares")
    allocation_count = fields.Integer(string="Share Count", compute="_compute_allocation_count")

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for group in self:
            above = group.parent_id.complete_name
            group.complete_name = f"{above} / {group.name}" if above else group.name

    @api.depends("allocation_ids")
    def _compute_allocation_count(self):
        for group in self:
            group.allocation_count = len(group.allocation_ids)

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A group of channels cannot be a part of itself."))
        self.allocation_ids._check_percentages()

    def action_view_allocations(self):
        """Open the shares of the groups.

        :return: a window action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_allocation")
        action["domain"] = [("group_id", "in", self.ids)]
        action["context"] = {"default_group_id": self.id if len(self) == 1 else False}
        return action
