from odoo import fields, models


class OmsFulfillment(models.Model):
    _inherit = "oms.fulfillment"

    slot_day = fields.Date(
        string="Worked On",
        readonly=True,
        copy=False,
        help="The day of the site that the fulfillment takes up, for sites with a capacity. It is "
        "given back when the fulfillment is given back or cancelled.",
    )

    _slot_idx = models.Index("(site_id, slot_day) WHERE slot_day IS NOT NULL")
