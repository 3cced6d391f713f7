from collections import Counter

from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    oms_site_ids = fields.One2many(
        "oms.site", "partner_id", string="Fulfillment Sites", groups="base.group_user"
    )

    def action_oms_supplier_site(self):
        """Open the supplier site of the company for this partner, made at first use.

        :return: a window action on the site's form
        :rtype: dict
        """
        self.ensure_one()
        site = self._oms_ensure_supplier_site(self.env.company)
        return {
            "type": "ir.actions.act_window",
            "res_model": "oms.site",
            "res_id": site.id,
            "view_mode": "form",
        }

    def _oms_ensure_supplier_site(self, company):
        """Return the supplier sites of these partners in a company, making the missing ones.

        :param res.company company: company that buys from the supplier
        :return: one ``oms.site`` per commercial partner
        """
        suppliers = self.commercial_partner_id
        Site = self.env["oms.site"].with_context(active_test=False)
        sites = Site.search(
            [
                ("kind", "=", "supplier"),
                ("company_id", "=", company.id),
                ("partner_id", "in", suppliers.ids),
            ]
        )
        missing = suppliers - sites.partner_id
        references = Counter(missing.mapped("ref"))
        references.update(
            code.removeprefix("SUP-")
            for code in Site.search(
                [
                    ("company_id", "=", company.id),
                    ("code", "in", [f"SUP-{supplier.ref}" for supplier in missing]),
                ]
            ).mapped("code")
        )
        return sites + Site.create(
            [
                {
                    "name": supplier.name,
                    # Odoo lets several partners bear the same reference.
                    "code": f"SUP-{supplier.ref}"
                    if supplier.ref and references[supplier.ref] == 1
                    else f"SUP-{supplier.id}",
                    "kind": "supplier",
                    "company_id": company.id,
                    "partner_id": supplier.id,
                    "sequence": 50,
                }
                for supplier in missing
            ]
        )
