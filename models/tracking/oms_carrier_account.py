import secrets

from odoo import api, fields, models

from ...connectors.carrier import Capability

#: Path under which carriers reach us, before the part that nobody can guess.
PATH = "/oms/webhook/carrier/"


class OmsCarrierAccount(models.Model):
    """Where a carrier tells by itself where parcels are."""

    _inherit = "oms.carrier.account"

    webhook_token = fields.Char(
        copy=False, readonly=True, groups="base.group_system", index="btree_not_null"
    )
    can_tell = fields.Boolean(compute="_compute_webhook", compute_sudo=True)
    webhook_url = fields.Char(
        string="Address of Webhooks",
        compute="_compute_webhook",
        compute_sudo=True,
        groups="oms.group_order_manager",
        help="Enter it at the carrier, which then tells by itself where parcels are. Messages that "
        "are not signed with the secret are refused.",
    )
    webhook_event_count = fields.Integer(compute="_compute_webhook_event_count")

    _webhook_token_uniq = models.UniqueIndex(
        "(webhook_token) WHERE webhook_token IS NOT NULL",
        "Another account has this address of webhooks.",
    )

    @api.depends("adapter", "webhook_token")
    def _compute_webhook(self):
        for account in self:
            account.can_tell = account._can(Capability.WEBHOOK)
            token = account.webhook_token
            account.webhook_url = token and f"{account.get_base_url()}{PATH}{token}"

    def _compute_webhook_event_count(self):
        counts = dict(
            self.env["oms.webhook.event"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for account in self:
            account.webhook_event_count = counts.get(account.id, 0)

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts._give_webhook_token()
        return accounts

    def _give_webhook_token(self):
        for account in self:
            # sudo: whoever may make accounts gives them an address, which is made here
            account.sudo().webhook_token = secrets.token_urlsafe(32)

    # === ACTION METHODS === #

    def action_new_webhook_token(self):
        """Give the accounts new addresses; what is sent to the old ones is refused."""
        self.check_access("write")
        self._give_webhook_token()

    def action_view_webhook_events(self):
        """Open what the carrier told by itself.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_webhook_event")
        action["domain"] = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        action["context"] = {}
        return action
