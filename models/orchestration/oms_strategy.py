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
        for model, text in (
            (
                "oms.channel",
                self.env._(
                    "The strategy %s cannot be deleted: a channel goes by it. Give the channel "
                    "another strategy, and archive this one."
                ),
            ),
            (
                "oms.decision",
                self.env._(
                    "The strategy %s cannot be deleted: decisions were made by it. Archive it "
                    "instead."
                ),
            ),
        ):
            found = self.env[model].sudo().with_context(active_test=False)
            used = found.search([("strategy_id", "in", self.ids)], limit=1).strategy_id
            if used:
                raise UserError(text % used.display_name)

    @api.constrains("active")
    def _check_archived(self):
        """Keep what orders are sourced by at present: archived it would go on deciding, unseen."""
        archived = self.filtered(lambda strategy: not strategy.active)
        if not archived:
            return
        # sudo: a strategy is in use whoever's channel or strategy goes by it
        channels = self.env["oms.channel"].sudo().search([("strategy_id", "in", archived.ids)])
        stages = (
            self.env["oms.strategy.stage"]
            .sudo()
            .search([("substrategy_id", "in", archived.ids), ("strategy_id.active", "=", True)])
        )
        if channels:
            raise UserError(
                self.env._(
                    "%(strategies)s cannot be archived: orders of %(channels)s are sourced by it. "
                    "Give these channels another strategy first; see the tab Used By.",
                    strategies=", ".join(channels.strategy_id.mapped("name")),
                    channels=", ".join(channels.mapped("name")),
                )
            )
        if stages:
            raise UserError(
                self.env._(
                    "%(strategies)s cannot be archived: stages of %(users)s go by it. Let these "
                    "stages go by another strategy or a method first; see the tab Used By.",
                    strategies=", ".join(stages.substrategy_id.mapped("name")),
                    users=", ".join(stages.strategy_id.mapped("name")),
                )
            )
