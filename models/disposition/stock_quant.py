from odoo import fields, models


class StockQuant(models.Model):
    _inherit = "stock.quant"

    oms_grade_id = fields.Many2one(related="location_id.oms_grade_id", string="Grade")
