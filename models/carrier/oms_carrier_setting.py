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
            # Whoever asks what a form would show may claim to be at another setting.
            is_secret = line.is_secret or line._origin.is_secret
            line.shown = DOTS if is_secret and line.value else line.value

    def _inverse_shown(self):
        written = self.filtered(lambda line: line.shown != DOTS)
        # Where keys go comes first: those that are filled in along with it may go there.
        for line in written.sorted(lambda line: line._get_place() != "url"):
            # sudo: whoever may change accounts may write secrets, but not read them
            kept = line.sudo()
            if line._get_place() == "url":
                line.account_id._check_keys_stay(line.shown, kept.value)
            kept.value = line.shown
        self.account_id._check_base_url()

    # === CRUD METHODS === #

    def write(self, vals):
        """Forget what is kept when the setting becomes another one, or that of another account."""
        moved = self.filtered(
            lambda line: (
                line.name != vals.get("name", line.name)
                or line.account_id.id != vals.get("account_id", line.account_id.id)
            )
        )
        # sudo: whoever may change accounts may empty secrets, but not read them
        moved.sudo().value = False
        return super().write(vals)
