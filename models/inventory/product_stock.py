from odoo import api, fields, models

from .product_template import CLAIM_GROUPS, STOCK_GROUPS


class ProductProduct(models.Model):
    _inherit = "product.product"

    oms_available_qty = fields.Float(
        string="Available to Promise",
        digits="Product Unit",
        compute="_compute_oms_available_qty",
        groups=STOCK_GROUPS,
        help="What can be promised at all sites together. A site where more is promised than "
        "there is takes nothing from the others.",
    )
    oms_claim_count = fields.Integer(
        string="Open Claims", compute="_compute_oms_claim_count", groups=CLAIM_GROUPS
    )

    @api.depends_context("allowed_company_ids")
    def _compute_oms_available_qty(self):
        sites = self.env["oms.site"].search([("company_id", "in", self.env.companies.ids)])
        totals = self.env["oms.position"]._get_available_totals(self._origin, sites)
        for product in self:
            product.oms_available_qty = totals.get(product._origin.id, 0.0)

    @api.depends_context("allowed_company_ids")
    def _compute_oms_claim_count(self):
        counts = dict(
            self.env["oms.claim"]._read_group(
                [("product_id", "in", self._origin.ids), ("state", "=", "active")],
                ["product_id"],
                ["__count"],
            )
        )
        for product in self:
            product.oms_claim_count = counts.get(product._origin, 0)

    def action_view_oms_stock(self, site_id=None, what="positions"):
        """Open the stock of the products by site, or what lies behind it at one site.

        The stock of a kit is that of its parts.

        :param int site_id: this site alone
        :param str what: ``positions``, or the ``quants``, ``external`` stock, ``moves`` or
            ``claims`` of the site
        :return: a window action
        :rtype: dict
        """
        Position = self.env["oms.position"]
        sites = self.env["oms.site"].browse(site_id or [])
        behind = {
            "quants": Position._get_quants_action,
            "external": Position._get_external_action,
            "moves": Position._get_moves_action,
            "claims": Position._get_claims_action,
        }
        if what in behind:
            return behind[what](self, sites)
        domain = [("site_id", "in", sites.ids)] if sites else []
        kits = self._oms_get_kits(self.env.companies).values()
        product_ids = {*self.ids, *(part for kit in kits for part in kit.per_kit)}
        return Position._get_action(
            "oms.action_position", [("product_id", "in", sorted(product_ids)), *domain]
        )

    def action_view_oms_claims(self):
        """Open the active claims on the products.

        :return: a window action
        :rtype: dict
        """
        return self.env["oms.position"]._get_action(
            "oms.action_claim", [("product_id", "in", self.ids)], {"search_default_active": 1}
        )
