from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class OmsPreparationWizard(models.TransientModel):
    """Waves by hand: how they are made, and what each would hold."""

    _name = "oms.preparation.wizard"
    _description = "Make Waves"
    _inherit = ["oms.preparation.option"]

    fulfillment_ids = fields.Many2many("oms.fulfillment", readonly=True)
    user_ids = fields.Many2many(
        "res.users",
        string="Pickers",
        domain=[("share", "=", False)],
        help="Get the waves in turn, who has the fewest open ones first. Empty: whoever takes one.",
    )
    wave_ids = fields.One2many(
        "oms.preparation.wizard.wave", "wizard_id", compute="_compute_preview", string="Waves"
    )
    left_ids = fields.One2many(
        "oms.preparation.wizard.left", "wizard_id", compute="_compute_preview", string="Left Out"
    )

    @api.depends(
        "fulfillment_ids",
        "group_cutoff",
        "group_carrier",
        "group_zone",
        "group_size",
        "most_orders",
        "most_lines",
        "most_units",
        "most_weight",
        "most_waves",
        "only_reserved",
    )
    def _compute_preview(self):
        for wizard in self:
            waves, left = wizard._plan()
            wizard.wave_ids = [Command.clear()] + [
                Command.create(self._prepare_preview(wave)) for wave in waves
            ]
            wizard.left_ids = [Command.clear()] + [
                Command.create(
                    {
                        "fulfillment_id": each.picking.oms_fulfillment_id.id,
                        "detail": each.detail,
                    }
                )
                for each in left
            ]

    def _plan(self):
        self.ensure_one()
        for name in ("most_orders", "most_lines", "most_units", "most_weight", "most_waves"):
            if self[name] < 0:
                raise UserError(self.env._("What a wave may hold cannot be negative."))
        pickings = self.fulfillment_ids._origin._get_open_pickings()
        return self.env["oms.preparation"]._plan(pickings, self)

    @api.model
    def _prepare_preview(self, wave):
        lines = wave.pickings.move_line_ids.filtered("quantity")
        return {
            "description": wave.description,
            "order_count": len(wave.pickings),
            "line_count": len(lines),
            "unit_count": sum(lines.mapped("quantity_product_uom")),
            "weight": sum(line.quantity_product_uom * line.product_id.weight for line in lines),
            "orders": ", ".join(wave.pickings.oms_fulfillment_id.mapped("name")),
        }

    def action_make(self):
        """Make the waves.

        :return: an action that opens them
        :rtype: dict
        :raise UserError: nothing can be put into a wave
        """
        self.ensure_one()
        self.fulfillment_ids._check_may_prepare()
        waves, left = self._plan()
        if not waves:
            reasons = "\n".join(
                f"{each.picking.oms_fulfillment_id.name}: {each.detail}" for each in left
            )
            raise UserError(
                self.env._("Nothing of this can be put into a wave.\n%s", reasons).strip()
            )
        run = self.env["oms.preparation.run"]._record(waves, left)
        return self.env["oms.preparation"]._make(waves, run, self.user_ids)._oms_open()


class OmsPreparationWizardWave(models.TransientModel):
    """What a wave would hold."""

    _name = "oms.preparation.wizard.wave"
    _description = "Preview of a Wave"

    wizard_id = fields.Many2one("oms.preparation.wizard", ondelete="cascade")
    description = fields.Char(string="Wave", readonly=True)
    order_count = fields.Integer(string="Orders", readonly=True)
    line_count = fields.Integer(string="Lines", readonly=True)
    unit_count = fields.Float(string="Units", digits="Product Unit", readonly=True)
    weight = fields.Float(digits="Stock Weight", readonly=True)
    orders = fields.Char(string="Holds", readonly=True)


class OmsPreparationWizardLeft(models.TransientModel):
    """What would be in no wave, and why."""

    _name = "oms.preparation.wizard.left"
    _description = "Left Out of the Preview"

    wizard_id = fields.Many2one("oms.preparation.wizard", ondelete="cascade")
    fulfillment_id = fields.Many2one("oms.fulfillment", readonly=True)
    detail = fields.Char(string="Why", readonly=True)
