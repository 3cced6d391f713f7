from odoo import fields, models


class OmsStrategy(models.Model):
    """By which prices and limits the best sites of an order are found."""

    _name = "oms.strategy"
    _description = "Sourcing Strategy"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    description = fields.Text(
        translate=True, help="What the strategy does, for those who choose among strategies."
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty to share the strategy among companies."
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="The currency of all prices here. Only their ratios decide; the decision shows the "
        "amounts in this currency.",
    )
    channel_ids = fields.One2many("oms.channel", "strategy_id", string="Channels")
