from odoo import fields, models


class OmsScan(models.Model):
    _inherit = "oms.scan"

    return_id = fields.Many2one(
        "oms.return", readonly=True, ondelete="cascade", index="btree_not_null"
    )
