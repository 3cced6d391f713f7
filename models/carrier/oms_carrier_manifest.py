from odoo import api, fields, models
from odoo.exceptions import UserError

from ...connectors.carrier import Capability
from ...connectors.outcome import Ok
from .oms_carrier_task import read_label, write_label


class OmsCarrierManifest(models.Model):
    """The end of a day at a carrier: what it was told to fetch."""

    _name = "oms.carrier.manifest"
    _description = "Carrier Manifest"
    _inherit = ["mail.thread"]
    _order = "day desc, id desc"
    # Nobody writes manifests, and all who see them may talk about them.
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name", store=True)
    account_id = fields.Many2one(
        "oms.carrier.account", required=True, readonly=True, ondelete="restrict", index=True
    )
    account_name = fields.Char(
        string="Carrier Account", related="account_id.name", related_sudo=True
    )
    site_id = fields.Many2one("oms.site", readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, precompute=True, index=True
    )
    day = fields.Date(required=True, readonly=True, default=fields.Date.context_today)
    state = fields.Selection(
        [("asked", "Being Closed"), ("closed", "Closed"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="asked",
        tracking=True,
        index=True,
    )
    reference = fields.Char(readonly=True, help="The carrier's word for it.")
    error = fields.Char(readonly=True)
    parcel_ids = fields.One2many("oms.parcel", "manifest_id", string="Parcels", readonly=True)
    parcel_count = fields.Integer(string="Number of Parcels", readonly=True)
    weight = fields.Float(digits="Stock Weight", readonly=True)
    document_ids = fields.Many2many("ir.attachment", string="Documents", readonly=True)

    @api.depends("account_id", "site_id", "day")
    def _compute_name(self):
        for manifest in self:
            # sudo: whoever sees the manifest may see by whom the parcels went
            names = (manifest.sudo().account_id.name, manifest.site_id.name, str(manifest.day))
            manifest.name = " – ".join(filter(None, names))

    # === CLOSING === #

    @api.model
    def _get_open_domain(self, site=None):
        """Return which parcels wait for the carrier: labelled, wanted, and on no manifest yet."""
        domain = [
            ("state", "=", "created"),
            ("unwanted", "=", False),
            ("manifest_id", "=", False),
            ("account_id", "!=", False),
        ]
        return [*domain, ("site_id", "=", site.id)] if site else domain

    @api.model
    def _close(self, parcels):
        """Close the day for parcels: one manifest for each account and site.

        :param parcels: ``oms.parcel`` that wait for their carriers
        :return: the manifests
        """
        manifests = self.browse()
        for (account, site), of_site in parcels.grouped(
            lambda parcel: (parcel.account_id, parcel.site_id)
        ).items():
            manifest = self.create(
                {
                    "account_id": account.id,
                    "site_id": site.id,
                    "day": self._get_day(site),
                    "parcel_count": len(of_site),
                    "weight": sum(of_site.mapped("weight")),
                }
            )
            of_site.manifest_id = manifest
            manifests |= manifest
        manifests._ask()
        return manifests

    @api.model
    def _get_day(self, site):
        """Return which day it is where the carrier comes, whoever closes it.

        :param site: ``oms.site``, may be empty
        :rtype: datetime.date
        """
        zone = site.tz or self.env.user.tz or "UTC"
        return fields.Datetime.context_timestamp(
            self.with_context(tz=zone), fields.Datetime.now()
        ).date()

    def _ask(self):
        """Have the carriers told; what closes the day by itself is closed."""
        told = self.filtered(lambda each: each.account_id._can(Capability.MANIFEST))
        (self - told).write({"state": "closed", "error": False})
        attempts = dict(
            self.env["oms.task"]._read_group(
                [("kind", "=", "carrier.manifest"), ("res_id", "in", told.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        self.env["oms.task"]._enqueue(
            [
                {
                    "kind": "carrier.manifest",
                    "key": f"{manifest.id}-{attempts.get(manifest.id, 0) + 1}",
                    "name": self.env._("Close the day: %s", manifest.name),
                    "company_id": manifest.company_id.id,
                    "res_model": self._name,
                    "res_id": manifest.id,
                    "arguments": {
                        "account_id": manifest.account_id.id,
                        "day": manifest.day.isoformat(),
                    },
                }
                for manifest in told
            ]
        )

    def action_ask(self):
        """Tell the carriers again what they refused.

        :raises UserError: none of them was refused
        """
        self.check_access("read")
        # sudo: nobody writes manifests, they follow what carriers say
        refused = self.sudo().filtered(lambda manifest: manifest.state == "refused")
        if not refused:
            raise UserError(self.env._("Nothing was refused."))
        refused.write({"state": "asked", "error": False})
        refused._ask()

    @api.model
    def _cron_close(self):
        """Close the day at all carriers, where that is scheduled."""
        self._close(self.env["oms.parcel"].search(self._get_open_domain()))


class OmsParcel(models.Model):
    _inherit = "oms.parcel"

    manifest_id = fields.Many2one(
        "oms.carrier.manifest", readonly=True, ondelete="set null", index="btree_not_null"
    )


class OmsCarrierClose(models.AbstractModel):
    """Telling a carrier what it has to fetch."""

    _name = "oms.carrier.close"
    _description = "Close the Day"
    _inherit = "oms.carrier.task"

    def _get_title(self):
        return self.env._("Close the day")

    def _get_manifest(self, task):
        manifest = self.env["oms.carrier.manifest"].browse(task.res_id).exists()
        if not manifest:
            raise UserError(self.env._("The manifest is not there any more."))
        return manifest

    def _prepare_call(self, task):
        account = self._get_account(task)
        adapter, asked = account._get_adapter(), account._prepare_account()
        day = fields.Date.to_date(task.arguments["day"])

        def call():
            outcome = adapter.manifest(asked, day)
            if isinstance(outcome, Ok):
                return Ok([self._write_manifest(each) for each in outcome.value], outcome.warnings)
            return outcome

        return call

    def _prepare_look(self, task):
        # What is closed already is closed: to say so twice does no harm.
        return self._prepare_call(task)

    @staticmethod
    def _write_manifest(manifest):
        return {"reference": manifest.reference, **write_label(manifest.document)}

    def _apply(self, task, result):
        manifest = self._get_manifest(task)
        documents = self.env["ir.attachment"]
        for place, told in enumerate(result):
            if label := read_label(told):
                name = f"Manifest-{manifest.day}-{manifest.id}-{place + 1}"
                documents |= self._make_attachment(manifest, name, label)
        manifest.write(
            {
                "state": "closed",
                "error": False,
                "reference": ", ".join(each["reference"] for each in result) or False,
                "document_ids": [fields.Command.set(documents.ids)],
            }
        )
        manifest.message_post(
            body=self.env._("Parcels that are closed: %s", manifest.parcel_count),
            attachment_ids=documents.ids,
        )

    def _on_rejected(self, task):
        self._get_manifest(task).write({"state": "refused", "error": task.error})
