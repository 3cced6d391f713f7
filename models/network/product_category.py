from odoo import api, fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    oms_ability_ids = fields.Many2many(
        "oms.ability",
        "oms_ability_category_rel",
        "categ_id",
        "ability_id",
        string="Needs from Its Site",
        help="Only sites with all of these abilities are asked to handle products of the category "
        "and of those below it.",
        groups="base.group_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        categories = super().create(vals_list)
        if any(vals.get("oms_ability_ids") for vals in vals_list):
            self.env["oms.ability"]._forget_needed()
        return categories

    def write(self, vals):
        res = super().write(vals)
        if "oms_ability_ids" in vals:
            self.env["oms.ability"]._forget_needed()
        return res
