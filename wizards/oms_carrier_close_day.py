from odoo import api, fields, models
from odoo.exceptions import UserError


class OmsCarrierCloseDay(models.TransientModel):
    """The end of the day: which parcels the carriers are told to fetch."""

    _name = "oms.carrier.close.day"
    _description = "Close the Day"

    site_id = fields.Many2one("oms.site", help="All sites that you may see when empty.")
    summary = fields.Text(compute="_compute_summary")
    parcel_count = fields.Integer(string="Parcels", compute="_compute_summary")

    def _find_parcels(self):
        """Return the parcels that wait for their carriers, of the sites that the user may see."""
        manifests = self.env["oms.carrier.manifest"]
        return self.env["oms.parcel"].search(manifests._get_open_domain(self.site_id))

    @api.depends("site_id")
    def _compute_summary(self):
        for wizard in self:
            parcels = wizard._find_parcels()
            wizard.parcel_count = len(parcels)
            # sudo: who hands parcels over need not have rights on accounts
            groups = parcels.sudo().grouped(lambda each: (each.site_id, each.account_id))
            wizard.summary = "\n".join(
                self.env._(
                    "%(account)s, %(site)s: %(count)s",
                    account=account.name,
                    site=site.name or self.env._("without a site"),
                    count=len(of_site),
                )
                for (site, account), of_site in groups.items()
            )

    def action_close(self):
        """Tell the carriers.

        :return: a window action with the manifests
        :rtype: dict
        :raises UserError: no parcel waits
        """
        self.ensure_one()
        parcels = self._find_parcels()
        if not parcels:
            raise UserError(self.env._("No parcel waits for its carrier."))
        # sudo: manifests are made by the system, of parcels that the user may see
        manifests = self.env["oms.carrier.manifest"].sudo()._close(parcels.sudo())
        action = self.env["ir.actions.act_window"]._for_xml_id("oms.action_carrier_manifest")
        action["domain"] = [("id", "in", manifests.ids)]
        return action
