from odoo import fields, models


class OmsChannel(models.Model):
    _inherit = "oms.channel"

    promise_confidence = fields.Float(
        string="Confidence of Promises",
        required=True,
        default=0.90,
        digits=(3, 2),
        tracking=True,
        help="How often a promised date is to be kept. More confidence means later dates.",
    )

    _promise_confidence_check = models.Constraint(
        "CHECK (promise_confidence BETWEEN 0.5 AND 0.99)",
        "Promises can be made with a confidence of 50 % to 99 %.",
    )
