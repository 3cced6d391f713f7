from odoo import fields, models


class OmsSite(models.Model):
    _inherit = "oms.site"

    auto_accept = fields.Boolean(
        string="Accepts by Itself",
        default=True,
        tracking=True,
        help="Released work counts as accepted at once. Without it, somebody at the site accepts "
        "or rejects each piece of work before it is picked.",
    )
