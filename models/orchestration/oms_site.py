from odoo import fields, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    carrier_ids = fields.Many2many(
        "delivery.carrier",
        "oms_site_carrier_rel",
        "site_id",
        "carrier_id",
        string="Carriers",
        help="Carriers that fetch parcels here; all when empty. Looked at by strategies that ask "
        "the carriers' rates.",
    )
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
