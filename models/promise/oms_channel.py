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

    promise_early_days = fields.Integer(
        string="Days Not Yet Too Early",
        default=2,
        tracking=True,
        help="What comes by more days before the earliest day that was told counts as too early.",
        groups="base.group_user",
    )

    promise_risk = fields.Float(
        string="Promises at Risk From",
        digits=(3, 2),
        default=0.30,
        tracking=True,
        help="The chance to miss its date above which a promise is told to be at risk.",
        groups="base.group_user",
    )

    _promise_risk_check = models.Constraint(
        "CHECK (promise_risk IS NULL OR promise_risk BETWEEN 0 AND 1)",
        "A chance lies between 0 % and 100 %.",
    )
    _promise_early_days_check = models.Constraint(
        "CHECK (promise_early_days IS NULL OR promise_early_days >= 0)",
        "Goods cannot be too early by fewer than no days.",
    )
    _promise_confidence_check = models.Constraint(
        "CHECK (promise_confidence BETWEEN 0.5 AND 0.99)",
        "Promises can be made with a confidence of 50 % to 99 %.",
    )
