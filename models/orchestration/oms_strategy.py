from odoo import api, fields, models
from odoo.exceptions import UserError


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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        """Keep what channels go by, and what decisions say they were made by."""
        # sudo: a strategy stays whoever's channel or decision names it
        for model, what in (
            ("oms.channel", self.env._("a channel goes by it")),
            ("oms.decision", self.env._("decisions were made by it")),
        ):
            found = self.env[model].sudo().with_context(active_test=False)
            used = found.search([("strategy_id", "in", self.ids)], limit=1).strategy_id
            if used:
                raise UserError(
                    self.env._(
                        "The strategy %(name)s cannot be deleted: %(what)s. Archive it instead.",
                        name=used.display_name,
                        what=what,
                    )
                )
