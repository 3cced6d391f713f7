from odoo import api, fields, models

from ...connectors.carrier import ADAPTERS

#: What is shown of a secret.
DOTS = "••••••••"


class OmsCarrierSetting(models.Model):
    """Something that a carrier's adapter is told of an account."""

    _name = "oms.carrier.setting"
    _description = "Setting of a Carrier Account"
    _order = "id"

    account_id = fields.Many2one(
        "oms.carrier.account", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(required=True, readonly=True)
    label = fields.Char(string="Setting", compute="_compute_label")
    is_required = fields.Boolean(compute="_compute_label")
    is_secret = fields.Boolean(compute="_compute_label")
    value = fields.Char(string="Kept Value", groups="base.group_system")
    shown = fields.Char(
        string="Value",
        compute="_compute_shown",
        inverse="_inverse_shown",
        compute_sudo=True,
        help="Secrets can be written, and are never shown.",
    )

    _name_uniq = models.UniqueIndex("(account_id, name)", "Each setting is there once.")

    def _get_setting(self):
        self.ensure_one()
        adapter = ADAPTERS.get(self.account_id.adapter)
        return next((each for each in adapter.settings if each.name == self.name), None)

    def _get_place(self):
        """Return where the setting goes: ``url``, ``credential`` or ``option``."""
        setting = self._get_setting()
        return setting.place.value if setting else ""

    @api.depends("name", "account_id.adapter")
    def _compute_label(self):
        for line in self:
            setting = line._get_setting() if line.account_id.adapter else None
            line.label = setting.label if setting else line.name
            line.is_required = bool(setting and setting.required)
            line.is_secret = bool(setting and setting.secret)

    @api.depends("value", "is_secret")
    def _compute_shown(self):
        for line in self:
            line.shown = DOTS if line.is_secret and line.value else line.value

    def _inverse_shown(self):
        for line in self:
            if line.shown != DOTS:
                # sudo: whoever may change accounts may write secrets, but not read them
                line.sudo().value = line.shown
        self.account_id._check_base_url()
