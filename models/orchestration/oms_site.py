from odoo import fields, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    emission_factor_id = fields.Many2one(
        "oms.emission.factor",
        string="Transport Emissions",
        domain="[('mode', '!=', 'hub')]",
        check_company=True,
        ondelete="restrict",
        help="How parcels from here travel; as the strategy says when empty.",
    )
    hub_factor_id = fields.Many2one(
        "oms.emission.factor",
        string="Handling Emissions",
        domain="[('mode', '=', 'hub')]",
        check_company=True,
        ondelete="restrict",
        help="What handling goods here emits; as the strategy says when empty.",
    )
