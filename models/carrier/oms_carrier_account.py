from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...connectors.carrier import ADAPTERS, Account, Capability, LabelFormat
from ...connectors.carrier.transport import find_problem

#: Adapters that need nobody outside.
INSIDE = ("simulator",)


class OmsCarrierAccount(models.Model):
    """A contract with a carrier: where its service is, and how one is known there."""

    _name = "oms.carrier.account"
    _description = "Carrier Account"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    adapter = fields.Selection(
        selection=lambda self: [(key, adapter.name) for key, adapter in ADAPTERS.items()],
        string="Carrier",
        required=True,
        tracking=True,
    )
    base_url = fields.Char(
        string="Address of the Service",
        compute="_compute_base_url",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Of the carrier's production or test service.",
    )
    allow_local = fields.Boolean(
        string="In the Own Network",
        tracking=True,
        groups="base.group_system",
        help="Lets the service be on this machine or in its network, unencrypted: for simulators "
        "only. Only administrators can change it.",
    )
    setting_ids = fields.One2many(
        "oms.carrier.setting",
        "account_id",
        groups="oms.group_order_manager",
    )
    site_ids = fields.Many2many(
        "oms.site",
        "oms_carrier_account_site_rel",
        "account_id",
        "site_id",
        string="Sites",
        check_company=True,
        help="Sites whose parcels go by this account; all sites when empty.",
    )
    label_format = fields.Selection(
        [("pdf", "PDF"), ("zpl", "ZPL (label printers)")],
        string="Labels as",
        required=True,
        default="pdf",
    )
    connect_timeout = fields.Float(string="Seconds to Connect", default=5.0)
    read_timeout = fields.Float(string="Seconds to Answer", default=30.0)
    capability_text = fields.Char(string="Can Be Asked for", compute="_compute_capability_text")
    missing_text = fields.Char(
        string="Missing",
        compute="_compute_missing_text",
        compute_sudo=True,
        help="What has to be filled in before the carrier can be asked.",
    )
    parcel_count = fields.Integer(compute="_compute_parcel_count")

    _timeout_check = models.Constraint(
        "CHECK (connect_timeout > 0 AND connect_timeout <= 60 AND read_timeout > 0 "
        "AND read_timeout <= 120)",
        "A carrier is given more than 0 and no more than 60 seconds to connect, and 120 to answer.",
    )

    # === COMPUTE METHODS === #

    @api.depends("adapter")
    def _compute_base_url(self):
        for account in self:
            adapter = ADAPTERS.get(account.adapter)
            account.base_url = adapter.base_url if adapter else False

    @api.onchange("adapter")
    def _onchange_adapter(self):
        self.setting_ids = self._prepare_settings()

    def _prepare_settings(self):
        """Offer what the adapter wants to be told; what was filled in for it is kept.

        :return: commands
        :rtype: list
        """
        self.ensure_one()
        adapter = ADAPTERS.get(self.adapter)
        wanted = {setting.name: setting for setting in adapter.settings} if adapter else {}
        # sudo: whoever may change accounts may have settings offered
        lines = self.sudo().setting_ids
        known = lines.filtered(lambda line: line.name in wanted)
        return [
            *[fields.Command.delete(line.id) for line in lines - known],
            *[
                fields.Command.create({"name": name, "value": each.default})
                for name, each in wanted.items()
                if name not in known.mapped("name")
            ],
        ]

    @api.depends("adapter")
    def _compute_capability_text(self):
        words = {
            Capability.RATES: self.env._("rates"),
            Capability.BUY: self.env._("labels"),
            Capability.TRACK: self.env._("tracking"),
            Capability.CANCEL: self.env._("cancellation"),
            Capability.RETURN_LABEL: self.env._("return labels"),
            Capability.PICKUP_POINTS: self.env._("relay points"),
            Capability.MANIFEST: self.env._("closing the day"),
        }
        for account in self:
            adapter = ADAPTERS.get(account.adapter)
            able = adapter.capabilities if adapter else ()
            account.capability_text = ", ".join(
                word for capability, word in words.items() if capability in able
            )

    @api.depends("adapter", "base_url", "setting_ids.value")
    def _compute_missing_text(self):
        for account in self:
            adapter = ADAPTERS.get(account.adapter)
            filled = {line.name for line in account.setting_ids if line.value}
            missing = [
                setting.label
                for setting in (adapter.settings if adapter else ())
                if setting.required and setting.name not in filled
            ]
            if adapter and account.adapter not in INSIDE and not account.base_url:
                missing.insert(0, self.env._("Address of the Service"))
            account.missing_text = ", ".join(missing)

    def _compute_parcel_count(self):
        counts = dict(
            self.env["oms.parcel"]._read_group(
                [("account_id", "in", self.ids)], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.parcel_count = counts.get(account, 0)

    @api.constrains("base_url", "allow_local")
    def _check_base_url(self):
        for account in self.sudo():
            urls = [account.base_url] if account.base_url else []
            urls += account.setting_ids.filtered(
                lambda line: line.value and line._get_place() == "url"
            ).mapped("value")
            for url in urls:
                if problem := find_problem(url, account.allow_local):
                    told = self.env._("%(url)s: %(problem)s", url=url, problem=problem)
                    raise ValidationError(told)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(vals_list)
        accounts._offer_settings()
        return accounts

    def write(self, vals):
        if "adapter" in vals:
            # sudo: whoever may change accounts may empty secrets, but not read them
            others = self.sudo().filtered(lambda account: account.adapter != vals["adapter"])
            # The keys of one carrier are nothing for another.
            others.setting_ids.filtered("is_secret").value = False
        if "base_url" in vals:
            for account in self:
                account._check_keys_stay(vals["base_url"], account.base_url)
        res = super().write(vals)
        if "adapter" in vals:
            self._offer_settings()
        return res

    def _check_keys_stay(self, url, before):
        """Refuse that somebody who may not read the keys has them sent to an address of his own.

        :param url: where they are to go, or nothing
        :param before: where they went until now, or nothing
        :raises UserError: keys are kept, and the carrier is not known to be there
        """
        self.ensure_one()
        if self.env.su or not url or self.env.user.has_group("base.group_system"):
            return
        # sudo: whether there are keys is no secret
        lines = self.sudo().setting_ids
        if not any(line.is_secret and line.value for line in lines):
            return
        adapter = ADAPTERS.get(self.adapter)
        known = [before, self.base_url]
        if adapter:
            known += [adapter.base_url, *(each.default for each in adapter.settings)]
        if _get_host(url) not in {_get_host(each) for each in known if each}:
            raise UserError(
                self.env._(
                    "The keys of “%s” would be sent to another address. Empty them first, or ask "
                    "an administrator to change it.",
                    self.name,
                )
            )

    def _offer_settings(self):
        for account in self:
            # sudo: defaults of settings are no secrets
            account.sudo().setting_ids = account._prepare_settings()

    # === FOR ADAPTERS === #

    def _get_adapter(self):
        """Return the adapter of the account.

        :raises UserError: it is not there, or something is not filled in
        """
        self.ensure_one()
        if self.missing_text:
            raise UserError(
                self.env._(
                    "The account “%(account)s” is not complete: %(missing)s.",
                    account=self.name,
                    missing=self.missing_text,
                )
            )
        return ADAPTERS[self.adapter]

    def _can(self, capability):
        """Tell whether the carrier can be asked for something.

        :param Capability capability: what
        """
        self.ensure_one()
        adapter = ADAPTERS.get(self.adapter)
        return bool(adapter) and capability in adapter.capabilities

    def _prepare_account(self):
        """Put the account into the adapter's words.

        :rtype: connectors.carrier.Account
        """
        self.ensure_one()
        # sudo: who ships need not see what the company is known by at its carriers
        self = self.sudo()
        by_place = {"url": {}, "credential": {}, "option": {}}
        for line in self.setting_ids.filtered("value"):
            by_place[line._get_place() or "option"][line.name] = line.value
        return Account(
            self.base_url or "",
            by_place["credential"],
            by_place["option"],
            timeout=(self.connect_timeout, self.read_timeout),
            allow_local=self.allow_local,
            urls=by_place["url"],
        )

    def _get_label_format(self):
        self.ensure_one()
        return LabelFormat(self.label_format)

    def _find_all_for(self, site, company=None, *, any_site=False):
        """Return those of the accounts by which a site can send, in their order.

        :param site: ``oms.site`` or none
        :param company: ``res.company`` that sends; that of the site when None
        :param bool any_site: whether the accounts of single sites count, too
        """
        company = company or site.company_id
        return self.filtered(
            lambda account: (
                account.active
                and not account.missing_text
                and (any_site or not account.site_ids or site in account.site_ids)
                and (not company or account.company_id == company)
            )
        )

    # === ACTION METHODS === #

    def action_view_parcels(self):
        """Open the parcels that went by the account.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_parcel")
        action["domain"] = [("account_id", "in", self.ids)]
        action["context"] = {}
        return action


def _get_host(url):
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
