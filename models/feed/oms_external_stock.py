from odoo import models


class OmsExternalStock(models.Model):
    _inherit = "oms.external.stock"

    # What goes out of date since the last look is looked for again and again.
    _moment_idx = models.Index("(site_id, updated_at)")
