from odoo import api, fields, models
from odoo.exceptions import ValidationError

STOCK_GROUPS = "stock.group_stock_user,sales_team.group_sale_salesman"
CLAIM_GROUPS = "sales_team.group_sale_salesman,oms.group_site_operator"


class ProductTemplate(models.Model):
    _inherit = "product.template"

    oms_available_qty = fields.Float(
        string="Available to Promise",
        digits="Product Unit",
        compute="_compute_oms_available_qty",
        groups=STOCK_GROUPS,
        help="What can be promised at all sites together, all variants summed.",
    )
    oms_claim_count = fields.Integer(
        string="Open Claims", compute="_compute_oms_claim_count", groups=CLAIM_GROUPS
    )

    oms_has_stock = fields.Boolean(
        compute="_compute_oms_has_stock",
        help="There can be too little of it: its stock is tracked, or it is a kit.",
    )

    @api.depends_context("company")
    @api.depends("is_storable")
    def _compute_oms_has_stock(self):
        for template in self:
            template.oms_has_stock = template.is_storable or any(
                product._oms_is_kit(self.env.company) for product in template.product_variant_ids
            )

    @api.depends_context("allowed_company_ids")
    @api.depends("product_variant_ids")
    def _compute_oms_available_qty(self):
        for template in self:
            template.oms_available_qty = sum(
                template.product_variant_ids.mapped("oms_available_qty")
            )

    @api.depends_context("allowed_company_ids")
    @api.depends("product_variant_ids")
    def _compute_oms_claim_count(self):
        for template in self:
            template.oms_claim_count = sum(template.product_variant_ids.mapped("oms_claim_count"))

    @api.readonly
    def get_stock_overview(self, product_id=None, site_id=None, horizon_days=30):
        """Return what the page of a product shows of its stock, its variants summed.

        :param int product_id: this variant alone; all of them when empty
        :param int site_id: see ``product.product.get_stock_overview``
        :param int horizon_days: see there
        :return: what is returned there, and ``products``: ``id`` and ``name`` of the variants
            among which one can be chosen, ``product_id``: the one that was
        :rtype: dict
        :raises ValidationError: the variant is none of this product's; and what is raised there
        :raises AccessError: the user may not read the product or its stock
        """
        self.ensure_one()
        variants = self.product_variant_ids
        chosen = variants.filtered(lambda variant: variant.id == product_id)
        if product_id and not chosen:
            raise ValidationError(self.env._("%s names no variant of this product.", product_id))
        overview = (chosen or variants).get_stock_overview(site_id, horizon_days)
        overview["product_id"] = chosen.id
        overview["products"] = [
            {"id": variant.id, "name": variant.display_name} for variant in variants
        ]
        return overview

    def action_view_oms_stock(self, site_id=None, what="positions"):
        """Open the stock of the variants by site; see ``product.product``.

        :return: a window action
        :rtype: dict
        """
        return self.product_variant_ids.action_view_oms_stock(site_id, what)

    def action_view_oms_claims(self):
        """Open the active claims on the variants.

        :return: a window action
        :rtype: dict
        """
        return self.product_variant_ids.action_view_oms_claims()

    def action_view_oms_sellable(self):
        """Explain what each channel can sell of the product, or of its first variant.

        :return: a window action
        :rtype: dict
        """
        return self.product_variant_id.action_view_oms_sellable()
