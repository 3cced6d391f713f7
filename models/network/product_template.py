from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    oms_ability_ids = fields.Many2many(
        "oms.ability",
        "oms_ability_product_rel",
        "product_tmpl_id",
        "ability_id",
        string="Needs from Its Site",
        help="Only sites with all of these abilities, and with those that the category needs, are "
        "asked to handle the product.",
        groups="base.group_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        if any(vals.get("oms_ability_ids") for vals in vals_list):
            self.env["oms.ability"]._forget_needed()
        return templates

    def write(self, vals):
        res = super().write(vals)
        if "oms_ability_ids" in vals:
            self.env["oms.ability"]._forget_needed()
        return res
