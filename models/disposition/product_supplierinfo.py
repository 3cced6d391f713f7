from odoo import fields, models


class ProductSupplierinfo(models.Model):
    _inherit = "product.supplierinfo"

    oms_return_percent = fields.Float(
        string="Credit for Returns (%)",
        digits=(6, 2),
        groups="base.group_user",
        help="What the supplier gives back for goods that customers returned, in percent of the "
        "price; 0: he does not take them.",
    )

    _oms_return_percent_check = models.Constraint(
        "CHECK (COALESCE(oms_return_percent, 0) BETWEEN 0 AND 100)",
        "A credit runs from 0 to 100 %.",
    )
